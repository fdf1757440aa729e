"""A log row as the JSON object of the command line's JSON lines, so that one reader reads both.

A request and its responses are one row here, so they are written as the `status` line of their operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from json import dumps
from typing import Any

from engine.model.association import Peer
from engine.model.notices import (
    AnyNotice,
    AssociationNotice,
    AssociationPhase,
    Direction,
    ErrorNotice,
    Evidence,
    FindingNotice,
    Outcome,
    StatusNotice,
)
from engine.trace.json_lines import notice_to_json

from .log_store import Class, Kind, LogRow, SubOperations
from .log_text import DIRECTIONS

_OUTCOMES = {
    Class.SUCCESS: Outcome.SUCCESS,
    Class.PENDING: Outcome.SUCCESS,
    Class.WARNING: Outcome.WARNING,
    Class.CANCEL: Outcome.CANCELLED,
    Class.INFO: Outcome.SUCCESS,
}
_WORDS = {o.value: o for o in Outcome}
_PHASES = {p.value: p for p in AssociationPhase}


def row_to_json(row: LogRow, peer: Peer, waived: str = "") -> dict[str, Any]:
    """The object. What only a row knows (direction, SOP instance) stands beside the documented keys.

    waived: why a finding is.
    """
    made = notice_to_json(_notice(row, peer, waived))
    extra: dict[str, Any] = {"direction": DIRECTIONS[row.shape.sent] or None}
    if row.shape.kind in (Kind.MESSAGE, Kind.OPERATION):
        extra |= {"operation": None, "sop_instance": row.instance or None}
    return {**made, **extra}


def json_lines(
    rows: Iterable[LogRow], peer: Callable[[int | None], Peer], waived: Callable[[LogRow], str] = lambda _row: ""
) -> Iterable[str]:
    for row in rows:
        yield dumps(row_to_json(row, peer(row.association), waived(row)), ensure_ascii=False)


def _notice(row: LogRow, peer: Peer, waived: str) -> AnyNotice:
    kind = row.shape.kind
    if kind is Kind.ASSOCIATION:
        return _association(row, peer)
    if kind is Kind.FINDING:
        return _finding(row, waived)
    if kind in (Kind.MESSAGE, Kind.OPERATION):
        return _status(row)
    sentence = " ".join(p for p in (row.shape.service, row.shape.word, row.shape.meaning, row.detail) if p)
    return ErrorNotice(
        time=row.time, sentence=row.detail if kind is Kind.ERROR else sentence, association=row.association
    )


def _association(row: LogRow, peer: Peer) -> AssociationNotice:
    return AssociationNotice(
        association=row.association or 0,
        time=row.time,
        clock=row.time,
        phase=_PHASES[row.shape.word],
        requestor=row.shape.sent is not False,
        peer=peer,
        sentence=row.detail,
        duration=row.duration,
    )


def _finding(row: LogRow, waived: str) -> FindingNotice:
    sentence, _, clause = row.detail.removesuffix(")").rpartition(" (PS3.")
    return FindingNotice(
        association=row.association or 0,
        time=row.time,
        direction=Direction.SENT if row.shape.sent else Direction.RECEIVED,
        rule=row.shape.meaning,
        severity=row.shape.word,
        sentence=sentence or row.detail,
        clause=f"PS3.{clause}" if sentence else "",
        evidence=Evidence(),
        waived=waived,
    )


def _status(row: LogRow) -> StatusNotice:
    shape = row.shape
    counts = row.sub_operations or SubOperations()
    code = shape.status if shape.status >= 0 else shape.pending
    return StatusNotice(
        operation=0,
        association=row.association or 0,
        time=row.time,
        clock=row.time,
        outcome=_WORDS.get(shape.word) or _OUTCOMES.get(shape.klass, Outcome.FAILURE),
        service=shape.service,
        sop_class_uid=shape.sop_class_uid,
        message_id=row.message_id,
        status=code if code >= 0 else None,
        sentence=row.detail,
        duration=row.duration or 0.0,
        remaining=counts.remaining,
        completed=counts.completed,
        failed=counts.failed,
        warning=counts.warning,
        responses=row.repeats,
    )
