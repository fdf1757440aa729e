"""Texts that are values of their VR, and those that are not (PS3.5 Table 6.2-1)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.wire.data_reader import LONG_VRS, SHORT_VRS
from engine.wire.datasets import value_error

GOOD = {
    "AE": ["A", "STORE SCP", "X" * 16],
    "AS": ["045Y", "001D"],
    "AT": ["00100010", "(0010,0010)"],
    "CS": ["A_B 1", "X" * 16],
    "DA": ["20240229"],
    "DS": ["1", "-1.5", "+.5", "1.", "1e-5", " 3 "],
    "DT": ["2024", "20240229101112.123456+0100", "202402"],
    "FD": ["1e300", "nan"],
    "FL": ["0.5"],
    "IS": ["-12", "2147483647"],
    "LO": ["x" * 64, "山田"],
    "LT": ["a\r\nb\\c", "x" * 10240],
    "PN": ["A^B^C^D^E=山^田=やま", "x" * 64],
    "SH": ["x" * 16],
    "SL": ["-2147483648"],
    "SS": ["-32768"],
    "ST": ["x" * 1024],
    "SV": ["-9223372036854775808"],
    "TM": ["10", "1011", "101112.5", "235960"],
    "UC": ["x" * 5000],
    "UI": ["1.2.840", "0.0", "2.25." + "1" * 59],
    "UL": ["4294967295"],
    "UR": ["http://a/b?c"],
    "US": ["0", "65535"],
    "UT": ["x\\y\n"],
    "UV": ["18446744073709551615"],
}
BAD = {
    "AE": ["   ", "A\\B", "X" * 17, "Ä", "A\n"],
    "AS": ["45Y", "045X"],
    "AT": ["0010001", "PatientName"],
    "CS": ["lower", "X" * 17, "A-B"],
    "DA": ["20230229", "2024-01-01", "20241301", "00000101", "20240101-20240201"],
    "DS": ["x", "1,5", "1" * 17, "٣"],
    "DT": ["20241301", "2024+9900", "x", "2024022925"],
    "FD": ["x"],
    "FL": [""[:0] + "1.2.3"],
    "IS": ["1.5", "2147483648", "x"],
    "LO": ["x" * 65, "a\\b", "a\tb"],
    "LT": ["x" * 10241, "\x01"],
    "PN": ["a=b=c=d", "a^b^c^d^e^f", "x" * 65, "a\\b"],
    "SH": ["x" * 17],
    "SL": ["2147483648"],
    "SS": ["32768", "1_0"],
    "ST": ["x" * 1025],
    "SV": ["9223372036854775808"],
    "TM": ["25", "1", "10:11", "101161"],
    "UC": ["a\\b"],
    "UI": ["1..2", "1.02", "a", ".1", "1" * 65],
    "UL": ["-1"],
    "UR": [" http://x"],
    "US": ["65536", "-1"],
    "UT": ["\x02"],
    "UV": ["-1"],
}


def test_every_text_and_number_vr_is_judged() -> None:
    assert set(GOOD) == set(BAD) == SHORT_VRS | LONG_VRS - {"SQ", "UN", "OB", "OW", "OL", "OV", "OF", "OD"}


@pytest.mark.parametrize("vr", sorted(GOOD))
def test_values_of_each_vr(vr: str) -> None:
    for text in GOOD[vr]:
        assert value_error(vr, text) is None, text
    for text in BAD[vr]:
        sentence = value_error(vr, text)
        assert sentence, text
        assert sentence.endswith(".")
    assert value_error(vr, "") is None


def test_queries_may_hold_ranges_and_wildcards() -> None:
    for vr, text in [
        ("DA", "20240101-20240201"), ("DA", "-20240201"), ("TM", "10-"), ("DT", "2024-2025"),
        ("DT", "2024-0500-2025-0500"), ("CS", "C*"), ("CS", "?"), ("DA", "20240101"), ("DT", "2024-0500"),
    ]:  # fmt: skip
        assert value_error(vr, text, query=True) is None, text
    for vr, text in [("DA", "-"), ("DA", "2024-x"), ("CS", "c*"), ("TM", "25-26"), ("DT", "x-2024")]:
        assert value_error(vr, text, query=True), text


@given(st.sampled_from(sorted(SHORT_VRS | LONG_VRS | {"ZZ"})), st.text(max_size=20), st.booleans())
@settings(deadline=None)
def test_any_text_is_judged(vr: str, text: str, query: bool) -> None:
    sentence = value_error(vr, text, query)
    assert sentence is None or sentence.endswith(".")
