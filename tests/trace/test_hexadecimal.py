"""Bytes as people paste them: hexadecimal in any dress."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.standard.pdus import AbortPdu, ReleaseRQ
from engine.trace import hex_text
from engine.trace.capture import from_hex
from engine.trace.capture_files import CaptureError
from engine.wire.pdus import encode_pdu


@pytest.mark.parametrize(
    "text",
    [
        "07000000 00040000\n0200",
        "07 00 00 00 00 04\r\n00 00 02 00",
        "07:00:00:00:00:04:00:00:02:00",
        "0x07 0x00 0x00 0x00 0x00 0x04 0x00,0x00 0x02 0x00  # abort",
        "0000  07 00 00 00 00 04 00 00   ........\n0008  02 00   ..",
        "00000000  07 00 00 00 00 04 00 00  |........|\n00000008  02 00  |..|",
        "00000000: 0700 0000 0004 0000 0200                  ..........",
        "00000000: 0700 0000 0004 0000  ........\n00000008: 0200                 ..",
        "0000000 07 00 00 00 00 04 00 00\n0000010 02 00\n0000012\n",
        "\t0x0000:  0700 0000 0004 0000  abcd1234\n\t0x0008:  0200   ab",
        "{ 0x07, 0x00, 0x0, 0x00, 0x00, 0x04,\n  0x00, 0x00, 0x02, 0x00 };",
        "unsigned char a_pdu[] = {\n  0x07, 0x00, 0x00, 0x00, 0x00, 0x04, /* abort */ 0x00,\n  0x00, 0x02, 0x00\n};\n",
        r"\x07\x00\x00\x00\x00\x04\x00\x00\x02\x00",
        r"data = b'\x07\0\x00\x00\x00\x04\x00\x00\x02\x00'",
        '"\\x07\\x00\\x00\\x00"\n"\\x00\\x04\\x00\\x00\\x02\\x00";',
    ],
)
def test_hexadecimal_is_read_as_people_paste_it(text: str) -> None:
    assert from_hex(text, "-") == encode_pdu(AbortPdu(source=2, reason=0))


def test_a_dump_may_leave_out_lines_that_repeat_and_hold_several_packets() -> None:
    zeros = "00000000  00 01 02 03\n00000004  00 00 00 00  |....|\n*\n00000010  ff\n"
    assert from_hex(zeros, "-") == bytes([0, 1, 2, 3]) + bytes(12) + b"\xff"
    two = "0000  07 00 00 00 00 04 00 00\n0008  02 00\n\n0000  05 00 00 00 00 04 00 00\n0008  00 00\n"
    assert from_hex(two, "-") == encode_pdu(AbortPdu(source=2, reason=0)) + encode_pdu(ReleaseRQ())


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=300))
def test_a_dump_of_any_bytes_is_read_back(data: bytes) -> None:
    text = "".join(chr(b) if 0x20 <= b < 0x7F else "." for b in data)
    rows = range(0, len(data), 16)
    canonical = [f"{i:08x}  {data[i : i + 16].hex(' '):<47}  |{text[i : i + 16]}|" for i in rows]
    assert from_hex("\n".join([*canonical, f"{len(data):08x}"]), "-") == data
    xxd = [f"{i:08x}: {data[i : i + 16].hex(' ', -2):<39}  {text[i : i + 16]}" for i in rows]
    assert from_hex("\n".join(xxd), "-") == data
    wireshark = [f"{i:04x}  {data[i : i + 16].hex(' '):<47}   {text[i : i + 16]}" for i in rows]
    assert from_hex("\n".join(wireshark), "-") == data


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_bytes_or_a_sentence(text: str) -> None:
    with contextlib.suppress(CaptureError):
        from_hex(text, "-")


def test_what_is_not_hexadecimal_is_shown() -> None:
    with pytest.raises(CaptureError, match="hello") as caught:
        from_hex("07 00\nhello\n", "-")
    assert caught.value.offset == 6


def test_comments_that_never_end_take_no_time() -> None:
    begin = time.process_time()
    with pytest.raises(CaptureError):
        from_hex("01 " + "/* 02 " * 100_000, "-")
    assert from_hex("/* a // b */ 07 /* 1\n2 */ 08 // 09 /* 10\n11", "-") == b"\x07\x08\x11"
    assert time.process_time() - begin < 5


def test_repeated_lines_of_many_packets_have_one_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hex_text, "LARGEST", 4096)
    packet = "0000  00 01\n*\n0a00\n"
    assert len(from_hex(packet, "-")) == 0xA00
    with pytest.raises(CaptureError):
        from_hex(packet * 3, "-")
