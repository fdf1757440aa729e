"""Where in an association PDU a finding is seen: byte ranges of items, worked out only when something was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from engine.standard.pdus import (
    AssociateAC,
    AssociateRQ,
    Item,
    Layout,
    Pdu,
    PresentationContextAC,
    PresentationContextRQ,
    UserInformation,
)
from engine.wire.pdus import ITEM_HEADER

from .findings import Finding

Span = tuple[int, int]
_FIRST_ITEM = 74
"""Offset of the variable items of A-ASSOCIATE-RQ and -AC (PS3.8 9.3.2, 9.3.3)."""
_FIXED = {PresentationContextRQ: 4, PresentationContextAC: 4, UserInformation: 0}
"""Bytes between the header of an item and its sub-items."""


def located(findings: list[Finding], pdu: Pdu, data: bytes) -> list[Finding]:
    """The findings about a decoded PDU, with the byte ranges of the items they are about."""
    if not findings or all(f.item is None for f in findings):
        return findings
    spans = {id(item): span for item, span in _spans(pdu, data)}
    return [_placed(finding, spans) for finding in findings]


def _placed(finding: Finding, spans: dict[int, Span]) -> Finding:
    span = spans.get(id(finding.item)) if finding.item is not None else None
    if span is None:
        return finding
    return replace(finding, evidence=replace(finding.evidence, start=span[0], end=span[1]))


def _spans(pdu: Pdu, data: bytes) -> Iterator[tuple[Layout, Span]]:
    yield pdu, (0, len(data))
    if isinstance(pdu, AssociateRQ | AssociateAC):
        yield from _items(pdu.items, data, _FIRST_ITEM, len(data))


def _items(items: Iterable[Item], data: bytes, start: int, end: int) -> Iterator[tuple[Layout, Span]]:
    for item in items:
        stop = min(end, start + ITEM_HEADER + int.from_bytes(data[start + 2 : start + 4], "big"))
        yield item, (start, stop)
        if isinstance(item, PresentationContextRQ | PresentationContextAC | UserInformation):
            yield from _items(item.items, data, start + ITEM_HEADER + _FIXED[type(item)], stop)
        start = stop
