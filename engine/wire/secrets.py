"""Passwords, tickets and assertions of user identity (PS3.7 D.3.3.7) in the tree of a PDU: counted, never shown.

Where the item is broken its fields cannot be told apart, and with a wrong length of it or of the user information the
rest is taken for other items: then nothing from there on is shown, to the end of the PDU. Where another length is wrong
it may be anywhere, in a name or an unknown item: `without_strays` finds it by its form, also in bytes that are sent as
another PDU and are none. Behind an A-ASSOCIATE PDU whose length is too short its rest may begin anywhere:
`behind_associate`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from engine.standard.pdus import (
    PDUS,
    AssociateAC,
    AssociateRQ,
    PDataTF,
    UserIdentityAC,
    UserIdentityRQ,
    UserInformation,
)

from .nodes import Node
from .pdus import PDU_HEADER, PduError, iter_pdvs

SECRET_ITEMS = (UserIdentityRQ, UserIdentityAC)
_NAMES = frozenset(item.NAME for item in SECRET_ITEMS)
_TYPES = frozenset(item.TYPE for item in SECRET_ITEMS)
_KEPT_BACK = "bytes, not shown"
_HEADER = 4
_MASK = b"*"
_LEAST = _HEADER + 7
"""Bytes of an item of a user identity that has any."""
_VARIABLE = 74
"""Where the items of an A-ASSOCIATE-RQ or -AC begin (PS3.8 9.3.2)."""
_FIXED = 10
"""Bytes of every PDU but these and P-DATA-TF (PS3.8 9.3.4, 9.3.6 to 9.3.8)."""
_FORMS = {
    AssociateRQ.TYPE: re.compile(rb"\x58[\s\S]{3}[\x01-\x05][\x00\x01]"),
    AssociateAC.TYPE: re.compile(rb"\x59[\s\S]{3}"),
}
"""How a user identity, and the answer to one, begins (PS3.7 Tables D.3-14, D.3-15)."""
_OTHER = re.compile(rb"[^\x00\x58]\x00[\s\S]{2}[\x01-\x05][\x00\x01]")
"""An item of another type that begins as a user identity does."""


def not_shown(count: int) -> str:
    """The value of a node whose bytes are kept back."""
    return f"{count} {_KEPT_BACK}"


def without_strays(data: bytes) -> bytes:
    """The bytes of a PDU, with those of a user identity that no item of the user information holds as asterisks, to the
    end of the PDU. Whatever shows or tells of an A-ASSOCIATE-RQ or -AC begins with these."""
    form = _FORMS.get(data[0]) if data else None
    if form is None:
        return data if not data or _may_be_right(data) else _without_displaced(data)
    first = form.search(data, _VARIABLE)
    other = data[0] == AssociateRQ.TYPE and _OTHER.search(data, data.find(UserInformation.TYPE, _VARIABLE))
    if not first and not other:
        return data
    items = list(_places(data))
    disguised = next(_disguised(data, items), None) if other else None
    if disguised is not None:
        return _masked(data, disguised + _HEADER)
    if not first:
        return data
    places = {start for start, _ in items}
    own = [range(start, end) for start, end in items if data[start] in _TYPES and _agrees(data, start, end)]
    for found in form.finditer(data, first.start()):
        if any(found.start() in held for held in own):
            continue  # bytes of an identity that is where it belongs, and kept back there
        if found.start() not in places and _plausible(data, found.start()):
            return _masked(data, found.start() + _HEADER)
    return data


def breaks_off(data: bytes) -> bool:
    """Whether the last item of an A-ASSOCIATE PDU says to be longer than the PDU is."""
    at = _VARIABLE
    while at + _HEADER <= len(data):
        at += _HEADER + int.from_bytes(data[at + 2 : at + _HEADER], "big")
    return at != len(data)


def behind_associate(data: bytes) -> bytes:
    """Bytes that begin no PDU, directly behind an A-ASSOCIATE PDU that breaks off: they may be its rest, from within a
    passcode on."""
    return _masked(data, 1)


def _masked(data: bytes, start: int) -> bytes:
    return data[:start] + _MASK * (len(data) - start)


def _may_be_right(data: bytes) -> bool:
    """Whether the bytes are a PDU of their type, or the beginning of one that is longer."""
    kind, length = data[0], int.from_bytes(data[2:PDU_HEADER], "big")
    if kind != PDataTF.TYPE:
        return kind in PDUS and len(data) <= _FIXED
    if len(data) < PDU_HEADER + length:
        return True
    try:
        iter_pdvs(data)
    except PduError:
        return False
    return True


def _without_displaced(data: bytes) -> bytes:
    for kind, form in _FORMS.items():
        for found in form.finditer(data, PDU_HEADER):
            if _plausible(data, found.start(), kind):
                return _masked(data, found.start() + _HEADER)
    return data


def _places(data: bytes) -> Iterator[tuple[int, int]]:
    """Where the items of the user information begin and end."""
    for start, end in _split(data, _VARIABLE, len(data)):
        if data[start] == UserInformation.TYPE:
            yield from _split(data, start + _HEADER, end)


def _split(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start + _HEADER <= end:
        stop = min(start + _HEADER + int.from_bytes(data[start + 2 : start + _HEADER], "big"), end)
        yield start, stop
        start = stop


def _agrees(data: bytes, start: int, end: int) -> bool:
    """Whether the item at its place is whole by its own lengths."""
    return end - start == _HEADER + int.from_bytes(data[start + 2 : start + _HEADER], "big") and _plausible(data, start)


def _disguised(data: bytes, items: list[tuple[int, int]]) -> Iterator[int]:
    """Where items of another type begin that hold an identity all the same: none of the Standard's may begin so."""
    for start, end in items:
        if end - start >= _LEAST and _OTHER.match(data, start) and _agrees(data, start, end):
            yield start


def _plausible(data: bytes, start: int, kind: int = 0) -> bool:
    """A request's, and an answer's, lengths agree with each other: a name that ends in X before another item's header
    is none, nor are the bytes of a ticket."""
    length, inner = (int.from_bytes(data[at : at + 2], "big") for at in (start + 2, start + _HEADER))
    if (kind or data[0]) != AssociateRQ.TYPE:
        return inner > 0 and length == inner + 2
    primary = int.from_bytes(data[start + 6 : start + 8], "big")
    at = start + 8 + primary
    if at + 2 > len(data):  # cut behind the primary field
        return length >= 6 + primary
    return length == 6 + primary + int.from_bytes(data[at : at + 2], "big")


def kept_back(node: Node) -> Iterator[Node]:
    """The nodes of a tree whose bytes are not to be shown."""
    if node.value.endswith(_KEPT_BACK):
        yield node
    for child in node.children:
        yield from kept_back(child)


def without_spilt(tree: Node) -> Node:
    """The tree, with what is behind the header of a broken user identity kept back."""
    broken, spilt = _broken(tree), _spilt(tree)
    starts = [broken.start + _HEADER] if broken is not None else []
    starts += [spilt.start] if spilt is not None else []
    return _cut(tree, min(starts)) if starts else tree


def _broken(node: Node) -> Node | None:
    if node.label in _NAMES:
        return node if any(_issues(node)) else None
    return next((found for child in node.children if (found := _broken(child))), None)


def _spilt(tree: Node) -> Node | None:
    """The first thing behind the user information that is no item of the Standard."""
    after = False
    for node in tree.children:
        if after and node.issue:
            return node
        after = after or node.label == UserInformation.NAME
    return None


def _issues(node: Node) -> Iterator[str]:
    if node.issue:
        yield node.issue
    for child in node.children:
        yield from _issues(child)


def _cut(node: Node, start: int) -> Node:
    if node.end <= start:
        return node
    if node.start >= start:
        return Node("Kept back", not_shown(node.end - node.start), node.start, node.end)
    whole = [child for child in node.children if child.start < start]
    kept = [_cut(child, start) for child in whole]
    if len(whole) < len(node.children):
        kept.append(
            Node("Kept back", not_shown(node.end - max(start, kept[-1].end)), max(start, kept[-1].end), node.end)
        )
    return replace(node, children=tuple(kept))
