"""Command sets alike but for what may differ without making one wrong, so that each kind is checked once.

Checking a command set costs more than sending it. A message that differs from one found correct only in its Message ID,
or a C-STORE in its (well-formed) SOP Instance UID, is correct too.
"""

from __future__ import annotations

import re

from engine.standard.elements import BY_KEYWORD

from .message import RESPONDED_TO, Message
from .names import UID_LENGTH
from .subject import MESSAGE_ID

Shape = tuple[object, ...]
LIMIT = 512
"""Shapes remembered; a conversation has a handful."""
_STORE = (0x0001, 0x8001)
_INSTANCE = BY_KEYWORD["AffectedSOPInstanceUID"].tag
_uid = re.compile(rb"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*(\0?)").fullmatch


def shape_of(m: Message) -> Shape | None:
    """What the checks depend on; None when the command set cannot be told apart so."""
    if not m.elements:
        return None
    request = m.operation.request if m.operation is not None and m.kind != "request" else None
    free = {MESSAGE_ID: _number(m, MESSAGE_ID)}
    if request is not None:  # found by this very number
        free[RESPONDED_TO] = _number(m, RESPONDED_TO)
    if m.field in _STORE:
        free[_INSTANCE] = _instance(m.raw(_INSTANCE), request)
    elements = tuple((tag, free.get(tag) or value) for tag, value in m.elements)
    asked = m.operation.shape if request is not None and m.operation is not None else None
    if request is not None and asked is None:
        return None
    return (elements, m.has_data, m.abstract_syntax, asked)


def _number(m: Message, tag: int) -> object:
    raw = m.raw(tag)
    return "number" if raw is not None and len(raw) == 2 else None


def _instance(raw: bytes | None, request: Message | None) -> object:
    """The length of a well-formed UID says all about it, beside whether a response repeats the request's."""
    match = _uid(raw) if raw is not None and len(raw) <= UID_LENGTH else None
    if raw is None or match is None or len(raw) % 2:
        return None
    return (len(raw), request is None or request.raw(_INSTANCE) == raw)


class CleanShapes:
    """Shapes in which nothing was found."""

    def __init__(self) -> None:
        self._shapes: set[Shape] = set()

    def __contains__(self, shape: Shape | None) -> bool:
        return shape in self._shapes

    def add(self, shape: Shape) -> None:
        if len(self._shapes) >= LIMIT:
            self._shapes.clear()
        self._shapes.add(shape)
