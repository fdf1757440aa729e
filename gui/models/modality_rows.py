"""Performed steps, transactions and their instances as rows."""

from __future__ import annotations

from datetime import datetime

from engine.model.commitment import Fate, InstanceFate
from engine.standard.dictionary import uid_text
from engine.standard.performed_steps import COMPLETED, DISCONTINUED
from engine.workspace.modality_records import StepRecord, Transaction
from engine.workspace.worklist import WorklistItem

from .lists import Entry
from .rows import Column

_STATE_SIGNS = {COMPLETED: ("ok", "ok"), DISCONTINUED: ("stop", "warning")}
_FATE_SIGNS = {
    Fate.WAITING: ("never", "muted"),
    Fate.COMMITTED: ("ok", "ok"),
    Fate.FAILED: ("failure", "failure"),
    Fate.MISSING: ("help", "warning"),
    Fate.CONTRADICTED: ("warning", "warning"),
    Fate.UNASKED: ("info", "warning"),
}


def when_text(seconds: float) -> str:
    """The time of today, else the day with it."""
    when = datetime.fromtimestamp(seconds).astimezone()
    today = datetime.now().astimezone().date()
    return f"{when:%H:%M}" if when.date() == today else f"{when:%Y-%m-%d %H:%M}"


def describe_item(item: WorklistItem) -> Entry:
    """A worklist item: who and when, what, where."""
    detail = " · ".join(filter(None, (item.description, item.station, item.patient_id, item.accession)))
    return Entry(
        lead=item.modality,
        title=item.patient or item.patient_id or "(no patient)",
        detail=detail,
        note=item.begins,
        tooltip=f"{item.patient}\n{detail}",
    )


def describe_performed(step: StepRecord) -> Entry:
    """A step: patient and state, what it is and where."""
    sign = ("help", "warning") if step.doubt else _STATE_SIGNS.get(step.state, ("play", "accent"))
    detail = f"{step.description} · {step.peer.name or step.peer.ae_title}"
    return Entry(
        title=step.patient,
        detail=f"{step.doubt} {detail}" if step.doubt else detail,
        note=f"{step.state}{' ?' if step.doubt else ''} · {when_text(step.changed)}",
        icon=sign,
        tooltip="\n".join(filter(None, (step.uid, step.doubt))),
        copy=step.uid,
    )


def describe_transaction(transaction: Transaction) -> Entry:
    """A transaction: what came of it, whom it was asked of."""
    sign = ("never", "muted")
    if transaction.reported:
        sign = ("ok", "ok") if transaction.committed else ("failure", "failure")
    elif transaction.doubt:
        sign = ("warning", "warning")
    peer = transaction.peer.name or transaction.peer.ae_title
    return Entry(
        title=transaction.short,
        detail=f"{peer} · {transaction.uid}",
        note=when_text(transaction.changed),
        icon=sign,
        tooltip=f"{transaction.sentence}\n{transaction.uid}",
        copy=transaction.uid,
    )


def _class(row: InstanceFate) -> str:
    return uid_text(row.sop_class_uid)


FATE_COLUMNS: tuple[Column[InstanceFate], ...] = (
    Column(
        "Result",
        lambda r: r.sentence,
        tooltip=lambda r: r.sentence,
        color=lambda r: _FATE_SIGNS[r.fate][1],
        icon=lambda r: _FATE_SIGNS[r.fate],
        sample="0112H No such object inst",
        weight=3,
    ),
    Column(
        "SOP Instance UID", lambda r: r.sop_instance_uid, tooltip=lambda r: r.sop_instance_uid, middle=True, weight=2,
        sample="1.2.840.113619.2",
    ),
    Column("SOP class", _class, tooltip=_class, sample="CT Image", weight=1, priority=1),
)  # fmt: skip
