"""What the form fields say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.conformance.names import (
    check_ae_title,
    check_host,
    check_maximum_length,
    check_uid,
    check_version_name,
)


@pytest.mark.parametrize("title", ["A", "STORESCP", "  PADDED  ", "A" * 16, "with space", "a/b:c"])
def test_good_ae_titles(title: str) -> None:
    assert check_ae_title(title) is None


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("", "at least one character"),
        ("    ", "at least one character"),
        ("A" * 17, "has 17"),
        ("A\\B", "“\\”"),
        ("A\tB", "09H"),
        ("A\0", "00H"),
        ("Ä", "“Ä”"),
    ],
)
def test_bad_ae_titles(title: str, words: str) -> None:
    assert words in (check_ae_title(title) or "")


@pytest.mark.parametrize("uid", ["1", "0", "1.2.840.10008.1.1", "2.25.0", "1." + "2" * 62])
def test_good_uids(uid: str) -> None:
    assert check_uid(uid) is None


@pytest.mark.parametrize(
    ("uid", "words"),
    [
        ("", "empty"),
        ("1.2.x", "“x”"),
        ("1.2 ", "a space"),
        ("1.2\0", "00H"),
        ("1..2", "before and after every dot"),
        (".1", "before and after every dot"),
        ("1.", "before and after every dot"),
        ("1.02", "02"),
        ("1." + "2" * 63, "has 65"),
        ("1.²", "“²”"),
    ],
)
def test_bad_uids(uid: str, words: str) -> None:
    assert words in (check_uid(uid) or "")


def test_version_names() -> None:
    assert check_version_name("") is None
    assert check_version_name("DIMSE_CONSOLE_01") is None
    assert "has 17" in (check_version_name("X" * 17) or "")
    assert "“é”" in (check_version_name("é") or "")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "fe80::1%eth0", "pacs.example.org", " spaced "])
def test_good_hosts(host: str) -> None:
    assert check_host(host) is None


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("", "needed"),
        ("a b", "spaces"),
        ("host:104", "port has its own field"),
        ("http://host", "protocol"),
        ("host/path", "“/”"),
    ],
)
def test_bad_hosts(host: str, words: str) -> None:
    assert words in (check_host(host) or "")


def test_maximum_lengths() -> None:
    assert check_maximum_length("0") is None
    assert check_maximum_length(16384) is None
    assert check_maximum_length(0xFFFFFFFF) is None
    assert check_maximum_length(0x100000000) is not None
    assert "no room" in (check_maximum_length("7") or "")
    assert check_maximum_length("many") is not None


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    for check in (check_ae_title, check_uid, check_version_name, check_host, check_maximum_length):
        sentence = check(text)
        assert sentence is None or sentence.endswith(".")
