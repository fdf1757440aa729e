"""Command sets to bytes and back: every message, every VR, and whatever a peer may send."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.command_set import CommandSet, Element
from engine.standard.elements import ELEMENTS
from engine.standard.messages import MESSAGES
from engine.wire.commands import (
    CommandError,
    decode_command,
    decode_command_spans,
    encode_command,
    encode_value,
    vr_of,
)

SAMPLES: dict[str, Any] = {
    "UL": 0x01020304, "US": 0x0102, "AT": (0x00100010, 0x7FE00010), "UI": "1.2.840.10008.1.1", "AE": "STORESCP",
    "LO": "a comment", "SH": "short", "LT": "long \\ text", "CS": "CODE", "IS": "12", "DS": "1.5", "PN": "A^B",
}  # fmt: skip


def sample(tag: int) -> Any:
    return SAMPLES[vr_of(tag)]


def values_of(command: CommandSet) -> dict[int, Any]:
    return {e.tag: e.value for e in command if e.tag}


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_every_message_whole_and_cut_at_every_byte(name: str) -> None:
    message = MESSAGES[name]
    elements = tuple(
        Element(f.tag, None if f.tag == 0 else f.fixed if f.fixed is not None else sample(f.tag))
        for f in message.fields
    )
    data = encode_command(CommandSet(elements))
    command, spans, issues = decode_command_spans(data)
    assert issues == ()
    assert values_of(command) == {e.tag: e.value for e in elements if e.tag}
    assert command.number("CommandGroupLength") == len(data) - 12
    assert encode_command(command) == data
    assert [s for s, _ in spans] == [0, *[e for _, e in spans[:-1]]]
    assert spans[-1][1] == len(data)
    for end in range(len(data)):
        cut, _, odd = decode_command_spans(data[:end])
        assert data.startswith(encode_command(cut))
        assert odd or not end


def test_every_element_of_the_dictionary_as_pydicom_reads_it() -> None:
    from pydicom.filereader import read_dataset

    for tag in sorted(ELEMENTS):
        if not tag:
            continue
        data = encode_command(CommandSet((Element(tag, sample(tag)),)))
        read = read_dataset(io.BytesIO(data), is_implicit_VR=True, is_little_endian=True)
        value = read[tag].value
        expected = sample(tag)
        got = tuple(value) if isinstance(expected, tuple) else type(expected)(value)
        assert got == expected, ELEMENTS[tag].keyword


def test_a_c_echo_request_byte_by_byte() -> None:
    command = CommandSet.of(
        AffectedSOPClassUID="1.2.840.10008.1.1", CommandField=0x30, MessageID=7, CommandDataSetType=0x101
    )
    assert encode_command(command).hex(" ", 2).replace(" ", "") == (
        "000000000400000038000000"
        "0000020012000000312e322e3834302e31303030382e312e3100"
        "00000001020000003000"
        "00001001020000000700"
        "00000008020000000101"
    )


def test_what_pynetdicom_encodes_is_understood() -> None:
    from pynetdicom.dimse_messages import C_STORE_RQ
    from pynetdicom.dimse_primitives import C_STORE
    from pynetdicom.dsutils import encode

    primitive = C_STORE()
    primitive.MessageID = 9
    primitive.AffectedSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    primitive.AffectedSOPInstanceUID = "1.2.3"
    primitive.Priority = 2
    primitive.DataSet = io.BytesIO(b"\0\0")
    message = C_STORE_RQ()
    message.primitive_to_message(primitive)
    data = encode(message.command_set, True, True)
    command, _, issues = decode_command_spans(data)
    assert issues == ()
    assert (command.message_id, command.sop_instance_uid, command.number("Priority")) == (9, "1.2.3", 2)
    assert command.has_data_set
    assert encode_command(CommandSet(tuple(Element(e.tag, e.value) for e in command))) == data


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=300)
def test_any_bytes_decode_and_encode_back(data: bytes) -> None:
    command, spans, issues = decode_command_spans(data)
    covered = spans[-1][1] if spans else 0
    assert encode_command(command) == data[:covered]
    assert all(0 <= i.start <= i.end <= len(data) and i.text.endswith(".") and i.clause for i in issues)
    if covered < len(data):
        assert issues[-1].start == covered


ELEMENT = st.one_of(
    *[st.builds(Element, st.just(t), st.just(sample(t))) for t in sorted(ELEMENTS)],
    st.builds(Element, st.integers(0, 0xFFFFFFFF), st.none(), st.binary(max_size=9), st.none() | st.integers(0, 99)),
)


@given(st.lists(ELEMENT, max_size=12))
@settings(deadline=None)
def test_any_order_duplicates_and_raw_values_are_written(elements: list[Element]) -> None:
    data = encode_command(CommandSet(tuple(elements)))
    assert len(data) == sum(8 + len(encode_value(e)) for e in elements)
    decode_command(data)


def element(tag: int, value: bytes, length: int | None = None) -> bytes:
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value) if length is None else length) + value


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (element(0, b"\5\0\0\0") + element(0x100, b"\x30\0"), "is 5, but 10 bytes follow"),
        (element(0x902, b"odd"), "odd length of 3"),
        (element(0x902, b"abcd", 0xFFFFFFFF), "undefined length"),
        (element(0x902, b"abcd", 40), "says it has 40 bytes, but only 4 follow"),
        (element(0x00100010, b"A^B "), "not in group 0000"),
        (element(0x100, b"\x30\0\0"), "which VR US cannot have"),
        (element(0x100, b"\x30\0") + b"\0\0\0", "3 bytes at the end are too few"),
        (bytes.fromhex("00000000 554c0400 38000000"), "looks like Explicit VR"),
    ],
)
def test_oddities_are_told(data: bytes, words: str) -> None:
    command, _, issues = decode_command_spans(data)
    assert any(words in i.text for i in issues), issues
    assert data.startswith(encode_command(command))


def test_values_are_unpadded_and_raw_is_kept() -> None:
    data = (
        element(0x600, b"ECHOSCP         ") + element(0x2, b"1.2\0") + element(0x1000, b"1.2 ") + element(0x902, b"  ")
    )
    command = decode_command(data)
    assert [e.value for e in command] == ["ECHOSCP", "1.2", "1.2", ""]
    assert [e.raw for e in command][:2] == [b"ECHOSCP         ", b"1.2\0"]


def test_empty_and_several_values() -> None:
    command = CommandSet(
        (Element(0x900), Element(0x901, 0x00100020), Element(0x1002, (1, 2)), Element(0x902, ("a", "b")))
    )
    data = encode_command(command)
    assert data[:8].hex() == "0000000900000000"
    assert [e.value for e in decode_command(data)] == [None, 0x00100020, (1, 2), ("a", "b")]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (Element(0x110, 70000), r"Message ID \(0000,0110\) is 70000; its VR US holds a number from 0 to 65535"),
        (Element(0x110, "x"), "is 'x'; its VR US"),
        (Element(0x901, -1), "Offending Element"),
        (Element(0x902, "Ж"), "no single byte stands for 'Ж'"),
        (Element(0x2, 5), "VR UI holds text"),
        (Element(0x110, 1, length=1 << 32), "does not fit in 4 bytes"),
        (Element(1 << 32, 1, raw=b""), "not a tag"),
    ],
)
def test_what_cannot_be_encoded_is_refused_in_words(bad: Element, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        encode_command(CommandSet((bad,)))


@given(st.data())
def test_what_is_decoded_by_its_kind_is_what_the_whole_decoder_makes_of_it(data: st.DataObject) -> None:
    """Message ID and SOP Instance UID differ from message to message; bytes are cut, changed and put in anywhere."""
    ids = st.sampled_from([b"\x01\x00", b"\x10\x01", b"\x00\x00"])
    uids = st.sampled_from([b"1.2.3\0", b"1.2.4\0", b"", b"9", b"\x10\x01\x02\x00\x00\x00\x01\x00", b"1.2.3.4.5.6"])
    parts = {
        0x0002: b"1.2.840.10008.1.1\0",
        0x0100: data.draw(st.sampled_from([b"\x01\x00", b"\x01\x80", b"\x30\x00"])),
        data.draw(st.sampled_from([0x0110, 0x0120])): data.draw(ids),
        0x0800: b"\x01\x01",
        0x1000: data.draw(uids),
    }
    order = data.draw(st.permutations(sorted(parts))) if data.draw(st.booleans()) else sorted(parts)
    encoded = b"".join(struct.pack("<HHI", 0, tag, len(parts[tag])) + parts[tag] for tag in order)
    if data.draw(st.booleans()):
        encoded = encoded[: data.draw(st.integers(0, len(encoded)))]
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, max(0, len(encoded) - 1)))
        encoded = encoded[:at] + data.draw(st.binary(max_size=2)) + encoded[at + 1 :]
    quick, whole = decode_command(encoded), decode_command_spans(encoded)[0]
    assert quick == whole
    assert {tag: quick.get(tag) for tag in ELEMENTS} == {tag: whole.get(tag) for tag in ELEMENTS}
