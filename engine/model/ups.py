"""Unified Procedure Steps in words: an event report, and how far a step is (PS3.4 CC.2.4)."""

from __future__ import annotations

from engine.standard.lean import dataclass
from engine.standard.messages import EVENT_REPORT
from engine.standard.sop_classes import sop_class
from engine.standard.ups import (
    ASSIGNED,
    CANCEL_REQUESTED,
    GLOBALS,
    PROGRESS_INFORMATION,
    PROGRESS_REPORT,
    SCP_STATUS_CHANGE,
    STATE_REPORT,
    STEP_STATE,
    UPS_EVENT,
    UPS_PUSH,
)

from .command_set import CommandSet
from .dataset import DataSet

_READINESS = 0x00404041
_REASON, _REASON_CODES = 0x00741238, 0x0074100E
_REQUESTING_AE = 0x00741236
_PROGRESS, _PROGRESS_TEXT, _CONTACTS = 0x00741004, 0x00741006, 0x00741008
_CONTACT_URI, _CONTACT_NAME = 0x0074100A, 0x0074100C
_SCP_STATUS, _SUBSCRIPTIONS, _STEPS = 0x00741242, 0x00741244, 0x00741246
_STATION, _PERFORMER, _ORGANIZATION = 0x00404025, 0x00404009, 0x00404036
_CODE_VALUES = (0x00080100, 0x00080119, 0x00080120)
_CODE_MEANING = 0x00080104


@dataclass(frozen=True, slots=True)
class UpsEvent:
    """An event report of the UPS Event SOP class. kind: Event Type ID. text: what it carries, in words."""

    kind: int
    sop_instance_uid: str
    text: str
    state: str = ""
    """Procedure Step State of a state report."""

    @property
    def name(self) -> str:
        """Of the event type; its number when the Standard has none."""
        row = sop_class(UPS_EVENT)
        return (row.event_types if row else {}).get(self.kind, f"Event type {self.kind}")

    @property
    def sentence(self) -> str:
        return f"{self.name}: {self.text}" if self.text else self.name

    @property
    def of_provider(self) -> bool:
        """Whether it is about the provider and not about one step."""
        return self.kind == SCP_STATUS_CHANGE or self.sop_instance_uid in GLOBALS


def ups_event(command: CommandSet, data: DataSet | None) -> UpsEvent | None:
    """The event an N-EVENT-REPORT-RQ tells of; None for anything that is not of the UPS classes."""
    if command.command_field != EVENT_REPORT or command.sop_class_uid not in (UPS_PUSH, UPS_EVENT):
        return None
    kind = command.number("EventTypeID") or 0
    told = data or DataSet()
    text = _TEXTS[kind](told) if kind in _TEXTS else ""
    if data is None:
        text = "it carries no information that can be read"
    return UpsEvent(kind, command.sop_instance_uid, text, told.text(STEP_STATE) if kind == STATE_REPORT else "")


def progress_text(step: DataSet) -> str:
    """How far a step is, of its Procedure Step Progress Information Sequence; "" when that says nothing."""
    items = step.items(PROGRESS_INFORMATION)
    if not items:
        return ""
    progress = items[0].text(_PROGRESS)
    parts = [f"{progress} %" if progress else "", items[0].text(_PROGRESS_TEXT), _reasons(items[0])]
    parts += [f"contact {_contact(c)}" for c in items[0].items(_CONTACTS)]
    return _joined(parts)


def step_text(step: DataSet) -> str:
    """State and progress of a step, in words."""
    return _joined([step.text(STEP_STATE), progress_text(step)], ", ")


def code_text(item: DataSet) -> str:
    """A code item for people: its meaning, else its value."""
    return item.text(_CODE_MEANING) or next((v for t in _CODE_VALUES if (v := item.text(t))), "")


def _codes(data: DataSet, tag: int) -> str:
    return ", ".join(filter(None, map(code_text, data.items(tag))))


def _reasons(data: DataSet) -> str:
    reason, codes = data.text(_REASON), _codes(data, _REASON_CODES)
    return f"{reason} ({codes})" if reason and codes else reason or codes


def _contact(data: DataSet) -> str:
    name, uri = data.text(_CONTACT_NAME), data.text(_CONTACT_URI)
    return f"{name} <{uri}>" if name and uri else name or uri


def _joined(parts: list[str], by: str = "; ") -> str:
    return by.join(p for p in parts if p)


def _state(data: DataSet) -> str:
    readiness = data.text(_READINESS)
    state = data.text(STEP_STATE) or "without a state"
    return _joined([f"{state}, input {readiness}" if readiness else state, _reasons(data)])


def _cancel(data: DataSet) -> str:
    who, contact = data.text(_REQUESTING_AE).strip(), _contact(data)
    return _joined([f"by {who}" if who else "", _reasons(data), f"contact {contact}" if contact else ""])


def _provider(data: DataSet) -> str:
    lists = (
        ("subscriptions", data.text(_SUBSCRIPTIONS), "lost: subscribe again"),
        ("steps", data.text(_STEPS), "lost"),
    )
    told = [f"{what} {status} ({lost if status == 'COLD START' else 'kept'})" for what, status, lost in lists if status]
    return _joined([data.text(_SCP_STATUS) or "without a status", *told])


def _assigned(data: DataSet) -> str:
    station, performer = _codes(data, _STATION), _codes(data, _PERFORMER)
    organization = data.text(_ORGANIZATION)
    return _joined([station, performer, organization]) or "to nobody"


_TEXTS = {
    STATE_REPORT: _state,
    CANCEL_REQUESTED: _cancel,
    PROGRESS_REPORT: progress_text,
    SCP_STATUS_CHANGE: _provider,
    ASSIGNED: _assigned,
}
