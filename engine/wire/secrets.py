"""Passwords, tickets and assertions of user identity (PS3.7 D.3.3.7) in the tree of a PDU: counted, never shown.

Where the item is broken its fields cannot be told apart, and with a wrong length of it or of the user information the
rest is taken for other items: then nothing from there on is shown, to the end of the PDU.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.standard.pdus import UserIdentityAC, UserIdentityRQ, UserInformation

from .nodes import Node

SECRET_ITEMS = (UserIdentityRQ, UserIdentityAC)
_NAMES = frozenset(item.NAME for item in SECRET_ITEMS)
_KEPT_BACK = "bytes, not shown"
_HEADER = 4


def not_shown(count: int) -> str:
    """The value of a node whose bytes are kept back."""
    return f"{count} {_KEPT_BACK}"


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
