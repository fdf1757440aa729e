"""A passcode is not shown, however broken the PDU is that carries it: in no tree, dump, line or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from engine.model.association import Proposal, ProposedContext, UserIdentity
from engine.protocol.negotiation import propose
from engine.trace.explain import Node, explain_pdu
from engine.trace.json_pdu import pdu_json
from engine.trace.pdu_text import hex_dump, pdu_text
from engine.wire.pdus import encode_pdu
from gui.models.trace_secrets import without_secrets
from tests.planted import PASSCODE, found

CONTEXT = ProposedContext(1, "1.2.840.10008.1.1", ("1.2.840.10008.1.2",))
RQ = encode_pdu(propose(Proposal(contexts=(CONTEXT,), user_identity=UserIdentity(2, b"ann", PASSCODE.encode(), True))))
IDENTITY, INFORMATION = RQ.index(b"\x58\x00"), RQ.index(b"\x50\x00\x00")


def with_byte(place: int, value: int) -> bytes:
    return RQ[:place] + bytes([value]) + RQ[place + 1 :]


def broken() -> Iterator[tuple[str, bytes]]:
    for offset in range(2, 12):
        was = RQ[IDENTITY + offset]
        for value in {0, 1, 0x7F, 0xFF, was + 1 & 255, was - 1 & 255}:
            yield f"byte {offset} of the item is {value}", with_byte(IDENTITY + offset, value)
    for offset in (2, 3):
        for value in (0, 5, 0xFF):
            yield f"byte {offset} of the user information is {value}", with_byte(INFORMATION + offset, value)
    for end in range(IDENTITY + 4, len(RQ)):
        yield f"cut after {end - IDENTITY} bytes of the item", RQ[:end]
        yield f"PDU-length ends after {end - IDENTITY} bytes of the item", RQ[:2] + (end - 6).to_bytes(4) + RQ[6:end]


def words(node: Node) -> Iterator[str]:
    yield f"{node.label}: {node.value} {node.detail} {node.issue}"
    for child in node.children:
        yield from words(child)


def covers(node: Node) -> bool:
    """Whether children follow each other without gaps."""
    ends = [node.start, *(child.end for child in node.children)]
    whole = not node.children or ends[-1] == node.end
    return whole and all(c.start == e and covers(c) for c, e in zip(node.children, ends, strict=False))


def test_a_whole_one_shows_all_but_the_secret() -> None:
    shown = "\n".join(words(explain_pdu(RQ)))
    assert "Secondary-field: 26 bytes, not shown" in shown and "Secondary-field-length: 26" in shown
    assert b"ann" not in without_secrets(RQ, explain_pdu(RQ))[0]


@pytest.mark.parametrize("data", [pytest.param(data, id=how) for how, data in broken()])
def test_a_broken_one_does_not_show_it_either(data: bytes) -> None:
    tree = explain_pdu(data)
    dump = list(hex_dump(data, tree))
    shown = {
        "the tree": "\n".join(words(tree)),
        "the line": pdu_text(data),
        "the dump": "\n".join(dump),
        "JSON": json.dumps(pdu_json(data, data[0])),
        "the window's bytes": without_secrets(data, tree)[0],
    }
    assert not [told for where, content in shown.items() for told in found(where, content, (PASSCODE,))]
    assert not any("Zwiebel" in row or "elfisch" in row for row in dump)
    assert covers(tree)
    assert without_secrets(data, tree)[0].startswith(RQ[:2])
