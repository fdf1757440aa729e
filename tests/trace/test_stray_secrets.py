"""A user identity in an A-ASSOCIATE PDU whose lengths are wrong elsewhere: it lands in names and unknown items."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.protocol.primitives import AAssociateRequest, PduReceived
from engine.protocol.upper_layer import UpperLayer
from engine.trace.capture import decode_stream
from engine.trace.explain import Node, explain_pdu
from engine.trace.json_lines import json_line
from engine.trace.json_pdu import pdu_json
from engine.trace.pdu_text import hex_dump, pdu_text
from engine.wire.pdus import decode_pdu
from engine.wire.secrets import without_strays
from gui.models.trace_secrets import without_secrets
from tests.planted import PASSCODE, found

SECRET = PASSCODE.encode()
PARTS = (PASSCODE, PASSCODE[4:16], PASSCODE[-9:])
REQUEST, ACCEPT = 1, 2
WINDOW = b"\x53\0\0\4\0\1\0\1"


def item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(body)) + body


def identity(kind: int) -> bytes:
    if kind == ACCEPT:
        return item(0x59, struct.pack(">H", len(SECRET)) + SECRET)
    return item(0x58, bytes([2, 0]) + b"\0\3ann" + struct.pack(">H", len(SECRET)) + SECRET)


def associate(kind: int) -> bytes:
    syntaxes = item(0x40, b"1.2.840.10008.1.2")
    if kind == REQUEST:
        syntaxes = item(0x30, b"1.2.840.10008.1.1") + syntaxes
    context = item(0x20 if kind == REQUEST else 0x21, bytes([1, 0, 0, 0]) + syntaxes)
    user = item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3") + identity(kind) + item(0x55, b"X1")
    body = struct.pack(">HH", 1, 0) + b"A".ljust(16) + b"B".ljust(16) + bytes(32)
    body += item(0x10, b"1.2.840.10008.3.1.1.1") + context + item(0x50, user)
    return bytes([kind, 0]) + struct.pack(">I", len(body)) + body


def mended(data: bytes) -> bytes:
    """With the lengths of the PDU and of the user information made right again."""
    changed = bytearray(data)
    place = changed.index(b"\x51\0\0\4") - 4
    struct.pack_into(">H", changed, place + 2, len(changed) - place - 4)
    struct.pack_into(">I", changed, 2, len(changed) - 6)
    return bytes(changed)


def longer(kind: int, number: int, by: int) -> bytes:
    """The PDU, with the length of the first item of a type off by so much."""
    data = bytearray(associate(kind))
    place = data.index(bytes([number, 0, 0]), 74) + 2
    struct.pack_into(">H", data, place, max(0, struct.unpack_from(">H", data, place)[0] + by))
    return bytes(data)


def nodes(node: Node) -> list[Node]:
    return [node, *(n for child in node.children for n in nodes(child))]


CASES = [
    (kind, number, by)
    for kind in (REQUEST, ACCEPT)
    for number in (0x10, 0x20 if kind == REQUEST else 0x21, 0x40, 0x50, 0x51, 0x52)
    for by in (-10, -3, -1, 1, 3, 10, 14, 40, 60, 100, 140, 200, 20000)
]


@pytest.mark.parametrize(("kind", "number", "by"), CASES)
def test_nothing_that_tells_of_it_shows_the_secret(kind: int, number: int, by: int) -> None:
    data = longer(kind, number, by)
    assert SECRET in data
    tree = explain_pdu(data)
    told = [text for n in nodes(tree) for text in (n.label, n.value, n.detail, n.issue)]
    told += ["\n".join(hex_dump(data, tree)), pdu_text(data)]
    notices = list(decode_stream(data, "bytes"))
    told += [json_line(notice) for notice in notices] + [repr(notice) for notice in notices]
    shown, hidden = without_secrets(data, tree)
    assert hidden and not found("the window's bytes", shown, PARTS)
    assert not [where for text in told for where in found(text, text, PARTS)]


def test_an_identity_in_another_item() -> None:
    data = associate(REQUEST).replace(identity(REQUEST), item(0x57, identity(REQUEST)))
    assert not [n for n in nodes(explain_pdu(data)) if found("", n.value, PARTS)]


@pytest.mark.parametrize("kind", [0x3C, 0x52, 0x55, 0x59, 0xF8])
def test_an_identity_in_an_item_of_another_type(kind: int) -> None:
    own = identity(REQUEST)
    data = associate(REQUEST).replace(own, bytes([kind]) + own[1:])
    tree = explain_pdu(data)
    told = [text for n in nodes(tree) for text in (n.label, n.value, n.detail, n.issue)]
    notices = list(decode_stream(data, "bytes"))
    told += ["\n".join(hex_dump(data, tree)), pdu_text(data), *map(json_line, notices), *map(repr, notices)]
    assert not [where for text in told for where in found(text, text, PARTS)]


@pytest.mark.parametrize("kind", [REQUEST, ACCEPT])
def test_where_it_belongs_it_stays_and_the_rest_is_shown(kind: int) -> None:
    data = associate(kind)
    assert without_strays(data) is data
    assert any(n.value == "X1" for n in nodes(explain_pdu(data)))
    lines = [json.loads(json_line(notice)) for notice in decode_stream(data, "bytes")]
    assert any("1.2.840.10008.1.2" in str(line.get("pdu")) for line in lines)


@pytest.mark.parametrize("name", [b"MEDIC", b"MEDIX", b"MEDIY"])
@pytest.mark.parametrize("kind", [REQUEST, ACCEPT])
def test_a_name_that_ends_as_an_identity_begins_is_a_name(kind: int, name: bytes) -> None:
    """The item behind it is as it came: here an Asynchronous Operations Window (PS3.7 D.3.3.3)."""
    data = associate(kind).replace(identity(kind), b"").replace(item(0x55, b"X1"), item(0x55, name) + WINDOW)
    assert without_strays(mended(data)) == mended(data)


@given(st.binary(max_size=400), st.binary(max_size=40))
@example(b"X\0\0\x08\3\0\0\1", b"")
def test_a_ticket_is_as_it_came_whatever_its_bytes(ticket: bytes, name: bytes) -> None:
    own = item(0x58, bytes([3, 0]) + struct.pack(">H", len(ticket)) + ticket + b"\0\0")
    data = mended(associate(REQUEST).replace(identity(REQUEST), own + item(0x55, name.translate(None, b"X\0"))))
    assert without_strays(data) == data


def test_a_ticket_that_holds_a_whole_identity_is_as_it_came() -> None:
    ticket = identity(REQUEST)
    own = item(0x58, bytes([3, 0]) + struct.pack(">H", len(ticket)) + ticket + b"\0\0")
    data = mended(associate(REQUEST).replace(identity(REQUEST), own))
    assert without_strays(data) == data


def test_a_title_with_the_numbers_of_an_identity_is_shown() -> None:
    """Only the variable items are looked at, and only what has the form of one."""
    data = bytearray(associate(REQUEST))
    data[10:26] = b"X\0\0\0\1\0XXXXXXXXXX"
    assert without_strays(bytes(data)) == bytes(data)


@pytest.mark.parametrize("kind", [3, 4, 5, 6, 7, 8])
@pytest.mark.parametrize("content", [REQUEST, ACCEPT])
def test_an_associate_pdu_sent_as_another(kind: int, content: int) -> None:
    data = bytes([kind]) + associate(content)[1:]
    tree = explain_pdu(data)
    told = [text for n in nodes(tree) for text in (n.label, n.value, n.detail, n.issue)]
    told += ["\n".join(hex_dump(data, tree)), pdu_text(data), json.dumps(pdu_json(data, kind))]
    shown, hidden = without_secrets(data, tree)
    assert hidden and not found("the window's bytes", shown, PARTS)
    assert not [where for text in told for where in found(text, text, PARTS)]


def test_data_that_hold_what_looks_like_an_identity_are_as_they_came() -> None:
    """In a P-DATA-TF that is right, and in the beginning of a long one."""
    body = struct.pack(">IBB", len(SECRET) + 60, 1, 2) + identity(REQUEST).ljust(len(SECRET) + 58, b"\0")
    data = b"\4\0" + struct.pack(">I", len(body)) + body
    assert without_strays(data) == data
    longer = b"\4\0" + struct.pack(">I", 131072) + body
    assert without_strays(longer) == longer
    broken = b"\4\0" + struct.pack(">I", len(body) - 1) + body[:-1]
    assert without_strays(broken) != broken


@pytest.mark.parametrize("kind", [REQUEST, ACCEPT])
def test_the_rest_of_an_associate_pdu_with_too_short_a_length(kind: int) -> None:
    """It may begin within the passcode: nothing of it is told but the first byte, for its PDU-type."""
    data = associate(kind)
    for end in range(74, len(data)):
        machine = UpperLayer(requestor=kind == ACCEPT)
        if machine.requestor:
            machine.request(AAssociateRequest(decode_pdu(associate(REQUEST))), 0.0)  # type: ignore[arg-type]
        machine.transport_connected(0.0)
        machine.receive_data(data[:2] + struct.pack(">I", end - 6) + data[6:], 0.0)
        behind = [e for e in iter(machine.next_event, None) if isinstance(e, PduReceived)][1:]
        told = [without_strays(bytes(e.data)) for e in behind]
        assert not [where for text in told for where in found(str(end), text, PARTS)], end


def test_what_is_no_pdu_is_shown_elsewhere() -> None:
    machine = UpperLayer(requestor=False)
    machine.transport_connected(0.0)
    machine.receive_data(b"GET / HTTP/1.1\r\n\r\n", 0.0)
    (event,) = (e for e in iter(machine.next_event, None) if isinstance(e, PduReceived))
    assert bytes(event.data).startswith(b"GET / HTTP/1.1")
