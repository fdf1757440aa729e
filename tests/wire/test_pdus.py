"""PDUs, items and PDVs to bytes and back, by every row, whole and byte by byte."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.limits import USUAL
from engine.protocol.acceptance import beyond
from engine.standard import pdus as rows
from engine.standard.pdus import (
    ITEMS,
    PDUS,
    AssociateRQ,
    Item,
    Kind,
    Layout,
    MalformedItem,
    Pdu,
    Pdv,
    Row,
    UnknownItem,
    UserInformation,
    rows_of,
)
from engine.wire.pdus import (
    INVALID_PARAMETER_VALUE,
    UNRECOGNIZED_PDU,
    PduError,
    all_of,
    decode_item,
    decode_pdu,
    encode_item,
    encode_pdu,
    first,
    iter_pdvs,
    read_header,
    recognise,
    strip,
    user_items,
)

LATIN = st.characters(max_codepoint=255)
BYTE = st.integers(0, 255)


def has_items(cls: type[Layout]) -> bool:
    return any(row.kind is Kind.ITEMS for _, row in rows_of(cls))


def value_for(row: Row, depth: int) -> st.SearchStrategy[Any]:
    return {
        Kind.UINT8: BYTE,
        Kind.UINT16: st.integers(0, 0xFFFF),
        Kind.UINT32: st.integers(0, 0xFFFFFFFF),
        Kind.RESERVED: st.binary(min_size=row.size, max_size=row.size),
        Kind.AE_TITLE: st.text(LATIN, min_size=16, max_size=16),
        Kind.TEXT: st.text(LATIN, max_size=70),
        Kind.BYTES: st.binary(max_size=40),
        Kind.COUNTED_TEXT: st.text(LATIN, max_size=70),
        Kind.COUNTED_BYTES: st.binary(max_size=40),
        Kind.COUNTED_TEXTS: st.lists(st.text(LATIN, max_size=20), max_size=3).map(tuple),
        Kind.ITEMS: st.lists(st.deferred(lambda: item(depth)), max_size=4).map(tuple),
        Kind.PDVS: st.lists(st.deferred(lambda: of(Pdv, 0)), max_size=3).map(tuple),
    }[row.kind]


def of(cls: type[Layout], depth: int) -> st.SearchStrategy[Any]:
    fields = {name: value_for(row, depth) for name, row in rows_of(cls)}
    if cls is not Pdv:
        fields["header_reserved"] = BYTE
    return st.builds(cls, **fields)


def item(depth: int) -> st.SearchStrategy[Item]:
    known = [of(cls, depth + 1) for cls in ITEMS.values() if not (depth and has_items(cls))]
    unknown = st.builds(
        UnknownItem, type=BYTE.filter(lambda t: t not in ITEMS), data=st.binary(max_size=20), header_reserved=BYTE
    )
    return st.one_of(*known, unknown)


ANY_PDU: st.SearchStrategy[Pdu] = st.one_of(*[of(cls, 0) for cls in PDUS.values()])

# What may stand on the wire, damaged in one or more places.
DAMAGED = st.builds(
    lambda data, cuts: _damage(encode_pdu(data), cuts),
    ANY_PDU,
    st.lists(st.tuples(st.integers(0, 400), BYTE), max_size=5),
)


def _damage(data: bytes, cuts: list[tuple[int, int]]) -> bytes:
    out = bytearray(data)
    for place, byte in cuts:
        if place < len(out):
            out[place] = byte
        elif byte & 1:
            out.append(byte)
        else:
            del out[-1 - byte % max(1, len(out)) :]
    return bytes(out)


@given(ANY_PDU)
@settings(deadline=None, max_examples=300)
def test_what_is_encoded_decodes_to_the_same_value(pdu: Pdu) -> None:
    assert decode_pdu(encode_pdu(pdu)) == pdu


@given(
    st.one_of(
        DAMAGED, st.binary(max_size=300), st.binary(max_size=100).map(lambda b: bytes([b[0] % 7 + 1]) + b if b else b)
    )
)
@settings(deadline=None, max_examples=600)
def test_what_is_decoded_encodes_to_the_same_bytes(data: bytes) -> None:
    try:
        pdu = decode_pdu(data)
    except PduError as caught:
        error = caught
    else:
        assert encode_pdu(pdu) == data
        return
    assert error.reason.endswith(".")
    assert error.abort_reason in (UNRECOGNIZED_PDU, INVALID_PARAMETER_VALUE)
    assert 0 <= error.offset <= len(data)


@given(
    st.one_of(of(rows.PDataTF, 0).map(encode_pdu), DAMAGED.filter(lambda d: d[:1] == b"\x04"), st.binary(max_size=60))
)
@settings(deadline=None, max_examples=300)
def test_the_fast_reader_of_p_data_tells_what_the_rows_tell(data: bytes) -> None:
    data = b"\x04" + data[1:]
    try:
        fast = iter_pdvs(memoryview(data))
    except PduError:
        fast = None
    try:
        slow = decode_pdu(data)
    except PduError:
        assert fast is None
        return
    assert isinstance(slow, rows.PDataTF)
    exact = slow.length is None and not slow.trailing and slow.pdvs and all(p.length is None for p in slow.pdvs)
    if exact:
        assert fast == [(p.context_id, p.control, p.fragment) for p in slow.pdvs]
    else:
        assert fast is None


EXAMPLES: list[tuple[str, Item | Pdu, str]] = [
    ("10 application context", rows.ApplicationContext("1.2"), "10 00 00 03 312e32"),
    ("20 presentation context",
     rows.PresentationContextRQ(3, items=(rows.AbstractSyntax("1.2"), rows.TransferSyntax("1.3"))),
     "20 00 0012 03 000000 30 00 0003 312e32 40 00 0003 312e33"),
    ("21 presentation context", rows.PresentationContextAC(3, result=4, items=(rows.TransferSyntax(""),)),
     "21 00 0008 03 00 04 00 40 00 0000"),
    ("30 abstract syntax", rows.AbstractSyntax("1"), "30 00 0001 31"),
    ("40 transfer syntax", rows.TransferSyntax("1"), "40 00 0001 31"),
    ("50 user information", rows.UserInformation((rows.MaximumLength(0x4000),)), "50 00 0008 51 00 0004 00004000"),
    ("51 maximum length", rows.MaximumLength(0), "51 00 0004 00000000"),
    ("52 implementation class", rows.ImplementationClassUID("1.2"), "52 00 0003 312e32"),
    ("53 asynchronous window", rows.AsyncOperationsWindow(2, 3), "53 00 0004 0002 0003"),
    ("54 role selection", rows.RoleSelection("1.2", 0, 1), "54 00 0007 0003 312e32 00 01"),
    ("55 version name", rows.ImplementationVersionName("A"), "55 00 0001 41"),
    ("56 extended negotiation", rows.SopClassExtendedNegotiation("1.2", b"\1\2"), "56 00 0007 0003 312e32 0102"),
    ("57 common extended", rows.SopClassCommonExtendedNegotiation("1.2", "3", ("4", "5.6")),
     "57 00 0012 0003 312e32 0001 33 0008 0001 34 0003 352e36"),
    ("58 identity", rows.UserIdentityRQ(2, 1, b"u", b"pw"), "58 00 0009 02 01 0001 75 0002 7077"),
    ("59 identity answer", rows.UserIdentityAC(b"ok"), "59 00 0004 0002 6f6b"),
    ("01 A-ASSOCIATE-RQ",
     rows.AssociateRQ(called_ae_title="B", calling_ae_title="A", items=(rows.ApplicationContext("1"),)),
     "01 00 00000049 0001 0000 42" + "20" * 15 + "41" + "20" * 15 + "00" * 32 + "10 00 0001 31"),
    ("02 A-ASSOCIATE-AC", rows.AssociateAC(), "02 00 00000044 0001 0000" + "20" * 32 + "00" * 32),
    ("03 A-ASSOCIATE-RJ", rows.AssociateRJ(result=2, source=3, reason=1), "03 00 00000004 00 02 03 01"),
    ("04 P-DATA-TF", rows.PDataTF((Pdv(1, 3, b"\1\2"), Pdv(1, 2, b""))),
     "04 00 0000000e 00000004 01 03 0102 00000002 01 02"),
    ("05 A-RELEASE-RQ", rows.ReleaseRQ(), "05 00 00000004 00000000"),
    ("06 A-RELEASE-RP", rows.ReleaseRP(), "06 00 00000004 00000000"),
    ("07 A-ABORT", rows.AbortPdu(source=2, reason=6), "07 00 00000004 00 00 02 06"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), [e[1:] for e in EXAMPLES], ids=[e[0] for e in EXAMPLES])
def test_each_pdu_and_item_byte_by_byte(value: Item | Pdu, expected: str) -> None:
    encoded = encode_pdu(value) if isinstance(value, Pdu) else encode_item(value)
    assert encoded.hex() == expected.replace(" ", "")


def test_the_examples_leave_no_row_out() -> None:
    shown = {type(value) for _, value, _ in EXAMPLES}
    assert shown == {*PDUS.values(), *ITEMS.values()}


@pytest.mark.parametrize(("value", "expected"), [e[1:] for e in EXAMPLES], ids=[e[0] for e in EXAMPLES])
def test_each_item_and_pdu_cut_anywhere_is_kept_or_refused(value: Item | Pdu, expected: str) -> None:
    data = bytes.fromhex(expected)
    for end in range(len(data)):
        if isinstance(value, Item) and end >= 4:
            cut = decode_item(data, 0, end)
            assert isinstance(cut, MalformedItem)
            assert encode_item(cut) == data[:end]
        elif isinstance(value, Pdu):
            with suppress(PduError):
                assert encode_pdu(decode_pdu(data[:end])) == data[:end]


def test_a_malformed_item_does_not_cost_its_siblings() -> None:
    good, bad = rows.ImplementationClassUID("1.2"), UnknownItem(0x51, b"\0\0")
    pdu = rows.AssociateRQ(called_ae_title="B", calling_ae_title="A", items=(rows.UserInformation((bad, good)),))
    items = user_items(decode_pdu(encode_pdu(pdu)))
    assert isinstance(items[0], MalformedItem)
    assert items[0].type == 0x51
    assert "Maximum-length-received" in items[0].reason
    assert items[1] == good


def test_deliberate_deviations_are_written_as_told() -> None:
    data = encode_item(rows.TransferSyntax("1.2", length=9, header_reserved=7, trailing=b"\0"))
    assert data.hex() == "40070009312e3200"
    assert encode_pdu(rows.AbortPdu(length=5, reserved_1=b"\xff")).hex() == "070000000005ff000000"
    assert encode_pdu(rows.PDataTF((Pdv(1, 0, b"", length=1),))).hex() == "040000000006" + "000000010100"


def test_padding_is_kept_and_can_be_stripped() -> None:
    decoded = decode_item(bytes.fromhex("40000004312e3200"), 0, 8)
    assert decoded == rows.TransferSyntax("1.2\0")
    assert strip(" ECHOSCP  \0") == "ECHOSCP"


@pytest.mark.parametrize(
    ("pdu", "words"),
    [
        (rows.AssociateRQ(called_ae_title="A" * 17), "holds 16"),
        (rows.AssociateRQ(called_ae_title="Ж"), "no byte stands for"),
        (rows.AssociateRQ(protocol_version=70000), "0 to 65535"),
        (rows.AssociateRQ(reserved_1=b"\0"), "2 bytes"),
        (rows.AssociateRQ(items=(rows.TransferSyntax("1" * 65536),)), "Item-length of the Transfer Syntax Sub-Item"),
        (rows.AbortPdu(source=-1), "Source is -1"),
    ],
)
def test_what_does_not_fit_its_width_is_refused_in_words(pdu: Pdu, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        encode_pdu(pdu)


def test_deep_nesting_stays_shallow() -> None:
    inner = b""
    for _ in range(5000):
        inner = b"\x50\x00" + len(inner).to_bytes(2, "big") + inner
    data = encode_pdu(rows.AssociateRQ()) + inner
    pdu = decode_pdu(data)
    assert isinstance(pdu, rows.AssociateRQ)
    assert isinstance(user_items(pdu)[0], UnknownItem)
    assert encode_pdu(pdu) == data


def test_helpers() -> None:
    items = (rows.TransferSyntax("1"), rows.AbstractSyntax("2"), rows.TransferSyntax("3"))
    assert first(items, rows.TransferSyntax) == items[0]
    assert first(items, rows.MaximumLength) is None
    assert all_of(items, rows.TransferSyntax) == (items[0], items[2])
    assert user_items(rows.ReleaseRQ()) == ()
    assert read_header(b"\x01\x00\x00\x00\x00") is None
    assert read_header(b"\x05\x00\x00\x00\x00\x04") == (5, 4)
    assert replace(rows.ReleaseRQ(), length=3).length == 3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x16\x03\x01\x05\xaf\x01", "TLS ClientHello"),
        (b"GET / HTTP/1.1\r\n", "HTTP request"),
        (b"POST /x", "HTTP request"),
        (b"SSH-2.0-OpenSSH_9.6", "SSH banner"),
        (b"\x01\x00\x00\x00\x00\x44", ""),
        (b"", ""),
    ],
)
def test_first_bytes_are_recognised(data: bytes, words: str) -> None:
    assert words in recognise(data)
    assert bool(words) == bool(recognise(data))


def test_a_foreign_protocol_is_named_in_the_error() -> None:
    with pytest.raises(PduError, match="TLS") as caught:
        decode_pdu(b"\x16\x03\x01\x05\xaf\x01")
    assert caught.value.abort_reason == UNRECOGNIZED_PDU


@pytest.mark.parametrize("nested", [False, True])
def test_no_more_items_are_decoded_than_are_taken(nested: bool) -> None:
    """A quarter of a million fit into an A-ASSOCIATE-RQ, and held up everybody for seconds. Nothing of it is lost."""
    many = b"\x99\0\0\0" * 10_000
    items = (b"\x50\0" + len(many).to_bytes(2, "big") + many) * 3 if nested else many * 3
    data = b"\1\0" + (68 + len(items)).to_bytes(4, "big") + b"\0\1\0\0" + b" " * 32 + bytes(32) + items
    pdu = decode_pdu(data)
    assert isinstance(pdu, AssociateRQ)
    inside = sum(len(item.items) for item in pdu.items if isinstance(item, UserInformation))
    assert len(pdu.items) + inside == USUAL.items + 1
    assert beyond(pdu, USUAL)
    assert encode_pdu(pdu) == data
