"""Text that a peer sent broken is told to others with "?" for what its character set does not have."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.dataset import DataElement, DataSet
from engine.wire import datasets
from engine.wire.data_reader import LONG_VRS
from engine.wire.replaced_text import replaced

EXPLICIT = "1.2.840.10008.1.2.1"
CHARSETS = (
    b"", b"ISO_IR 100", b"ISO_IR 101", b"ISO_IR 109", b"ISO_IR 144", b"ISO_IR 127", b"ISO_IR 13 ", b"ISO_IR 166",
    b"ISO_IR 192", b"GB18030 ", b"GBK ", b"ISO 2022 IR 87", b"\\ISO 2022 IR 87", b"\\ISO 2022 IR 149",
    b"ISO 2022 IR 13\\ISO 2022 IR 87", b"\\ISO 2022 IR 58", b"ISO 2022 IR 6\\ISO 2022 IR 159", b"\xff\xfe",
)  # fmt: skip
VRS = ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT", "UN", "US")
"""Their values come as bytes of any kind."""


def element(group: int, number: int, vr: str, value: bytes) -> bytes:
    value += bytes(len(value) % 2)
    form = "<HH2sxxI" if vr in LONG_VRS else "<HH2sH"
    return struct.pack(form, group, number, vr.encode(), len(value)) + value


@given(st.sampled_from(CHARSETS), st.sampled_from(VRS), st.binary(max_size=30), st.booleans())
def test_whatever_was_read_can_be_told(charset: bytes, vr: str, value: bytes, within: bool) -> None:
    given = element(0x0009, 0x1001, vr, value)
    if within:
        given = struct.pack("<HHI", 0xFFFE, 0xE000, len(given)) + given
        given = element(0x0008, 0x1115, "SQ", given)
    data = datasets.decode_dataset(element(0x0008, 0x0005, "CS", charset) + given, EXPLICIT)
    told = datasets.encode_dataset(replaced(data), EXPLICIT)
    assert replaced(datasets.decode_dataset(told, EXPLICIT)).find(0x00080005) == data.find(0x00080005)


@pytest.mark.parametrize(
    ("charset", "text", "told"),
    [
        ("ISO_IR 100", "Müller^A\ufffd", "Müller^A?"),
        ("ISO_IR 192", "山田^A\ufffd", "山田^A\ufffd"),
        ("ISO_IR 101", "山田^Ł", "??^Ł"),
    ],
)
def test_what_there_is_stays(charset: str, text: str, told: str) -> None:
    data = DataSet((DataElement(0x00080005, "CS", (charset,)), DataElement(0x00100010, "PN", (text, "B"))))
    assert replaced(data).texts(0x00100010) == (told, "B")
    item = data.with_items(0x00081115, DataSet((DataElement(0x00100010, "PN", (text,)),)))
    assert replaced(item).items(0x00081115)[0].text(0x00100010) == told
