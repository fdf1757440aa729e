"""Unified procedure steps as rows: what a list shows of a step, a claim, an event; what can be done with a step now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from engine.model.dataset import DataSet
from engine.model.notices import Direction, MessageNotice
from engine.model.ups import UpsEvent, code_text, progress_text, ups_event
from engine.standard.lean import dataclass
from engine.standard.messages import EVENT_REPORT
from engine.standard.ups import CANCELED, COMPLETED, FINAL_STATES, IN_PROGRESS, SCHEDULED, STEP_LABEL, STEP_STATE
from engine.trace.explain import PreviewError, data_set_of
from engine.workspace.ups_claims import Claim

from .lists import Entry

SOP_INSTANCE = 0x00080018
_PATIENT_NAME, _PATIENT_ID = 0x00100010, 0x00100020
_START, _STATION, _PRIORITY, _WORKLIST = 0x00404005, 0x00404025, 0x00741200, 0x00741202
_SIGNS = {
    SCHEDULED: ("never", "muted"),
    IN_PROGRESS: ("play", "accent"),
    COMPLETED: ("ok", "ok"),
    CANCELED: ("remove", "warning"),
}
_STATE_ROLES = {SCHEDULED: "text", IN_PROGRESS: "accent", COMPLETED: "ok", CANCELED: "warning"}
LEARNT = {0xC302: IN_PROGRESS, 0xC310: SCHEDULED, 0xC311: COMPLETED, 0xB304: CANCELED, 0xB306: COMPLETED}
"""The state a status tells of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """A step as far as it is known; "" for what is not. ours: claimed here."""

    uid: str
    state: str = ""
    label: str = ""
    details: tuple[str, ...] = ()
    ours: bool = False

    @property
    def title(self) -> str:
        return self.label or self.uid

    def with_state(self, state: str) -> StepRow:
        return replace(self, state=state or self.state)


def step_row(data: DataSet, uid: str = "") -> StepRow:
    """Of a match or an N-GET; uid: where the data does not tell."""
    name, number = data.text(_PATIENT_NAME), data.text(_PATIENT_ID)
    priority = data.text(_PRIORITY)
    details = (
        progress_text(data),
        name.replace("^", " ").strip() or number,
        when(data.text(_START)),
        ", ".join(filter(None, map(code_text, data.items(_STATION)))),
        data.text(_WORKLIST),
        f"{priority.lower()} priority" if priority and priority != "MEDIUM" else "",
    )
    return StepRow(
        uid=data.text(SOP_INSTANCE) or uid,
        state=data.text(STEP_STATE),
        label=data.text(STEP_LABEL),
        details=tuple(filter(None, details)),
    )


def describe_row(row: StepRow) -> Entry:
    """Label and state; below it patient, start, station and how far it is."""
    state = row.state or "state not told"
    return Entry(
        title=row.title,
        note=f"{state} · ours" if row.ours else state,
        note_role=_STATE_ROLES.get(row.state, "muted"),
        detail=" · ".join(row.details) or row.uid,
        icon=("key", "accent") if row.ours and row.state == IN_PROGRESS else _SIGNS.get(row.state, ("help", "muted")),
        tooltip=f"{row.title}\n{row.uid}",
        copy=row.uid,
    )


def describe_claim(claim: Claim) -> Entry:
    """A claimed step, its provider and since when."""
    since = datetime.fromtimestamp(claim.claimed).astimezone().strftime("%Y-%m-%d %H:%M") if claim.claimed else ""
    return Entry(
        title=claim.label or claim.sop_instance_uid,
        note=claim.doubt or "claimed",
        note_role="warning" if claim.doubt else "accent",
        detail=" · ".join(filter(None, (claim.peer.name or claim.peer.ae_title, since, claim.sop_instance_uid))),
        icon=("warning", "warning") if claim.doubt else ("key", "accent"),
        tooltip=f"Transaction UID {claim.transaction_uid}",
        copy=f"{claim.sop_instance_uid}\t{claim.transaction_uid}",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event report that arrived. time: seconds since the epoch. label: of the step, where it is known."""

    event: UpsEvent
    time: float
    association: int
    label: str = ""


_EVENT_SIGNS = {1: ("message", "accent"), 2: ("stop", "warning"), 3: ("play", "accent"), 4: ("network", "warning")}


def describe_event(row: EventRow) -> Entry:
    """What happened, and to which step."""
    event = row.event
    icon = _SIGNS.get(event.state) or _EVENT_SIGNS.get(event.kind, ("message", "muted"))
    about = "the provider" if event.of_provider else row.label or event.sop_instance_uid
    stamp = datetime.fromtimestamp(row.time).astimezone().strftime("%H:%M:%S")
    return Entry(
        title=event.text or event.name,
        note=stamp,
        detail=f"{event.name} · {about}",
        icon=icon,
        tooltip=f"{event.sentence}\n{event.sop_instance_uid}\nAssociation #{row.association}",
        copy=f"{stamp}\t{event.sop_instance_uid}\t{event.sentence}",
    )


def received(notice: MessageNotice) -> DataSet | None:
    """The data set of a message that came; None when there is none, or it cannot be read (the findings say why)."""
    if notice.direction is not Direction.RECEIVED or notice.data is None:
        return None
    try:
        return data_set_of(notice.data, notice.transfer_syntax, notice.limits)
    except PreviewError:
        return None


def event_of(notice: MessageNotice) -> UpsEvent | None:
    """The event report a message is; None for everything else. One that cannot be read is an event all the same."""
    if notice.direction is not Direction.RECEIVED or notice.command.command_field != EVENT_REPORT:
        return None
    return ups_event(notice.command, received(notice))


def when(text: str) -> str:
    """A DT for people: 2026-01-31 12:00; anything else as it is."""
    digits = text[:14]
    if not digits.isdigit() or len(digits) < 8:
        return text
    day = f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"
    return f"{day} {digits[8:10]}:{digits[10:12]}" if len(digits) >= 12 else day


# -- what can be done


@dataclass(frozen=True, slots=True)
class StepAction:
    """name: of the slot. text: of the button, with mnemonic. tip: what it does."""

    name: str
    text: str
    tip: str


ACTIONS = (
    StepAction("claim", "&Claim", "Take the step to perform it: IN PROGRESS with a new Transaction UID"),
    StepAction("progress", "Pro&gress…", "Tell how far it is (N-SET)"),
    StepAction("complete", "C&omplete…", "Set what was done, then COMPLETED"),
    StepAction("cancel_step", "Cancel i&t…", "Set why, then CANCELED: a step claimed here"),
    StepAction("read", "&Details", "Read all there is of the step (N-GET)"),
    StepAction("subscribe", "S&ubscribe", "Have events of this step sent, without watching"),
    StepAction("ask_cancel", "As&k to cancel…", "Request its cancellation from whoever performs it"),
    StepAction("watch", "Watch it", "Subscribe and show its events until stopped"),
)
_PERFORMERS = ("progress", "complete", "cancel_step")


def why_not(action: str, row: StepRow | None) -> str:
    """Why an action cannot be done with a step now; "" when it can. What is not known does not stand in the way."""
    if row is None:
        return "Select a step first."
    ended = f"It is {row.state}: nothing changes it any more." if row.state in FINAL_STATES else ""
    if action == "claim":
        return ended or (f"It is {IN_PROGRESS} already." if row.state == IN_PROGRESS else "")
    if action in _PERFORMERS:
        if ended or row.ours:
            return ended
        return (
            "Claim it first." if row.state == SCHEDULED else "It was not claimed here: its Transaction UID is unknown."
        )
    if action == "ask_cancel":
        return ended or ("It is claimed here: cancel it instead." if row.ours and row.state == IN_PROGRESS else "")
    return ""


def standing(row: StepRow | None) -> str:
    """What a step's state means for us, in a line."""
    if row is None:
        return "Select a step to perform it, to read it, or to watch it."
    means = {
        SCHEDULED: "nobody performs it yet: claim it to do so",
        IN_PROGRESS: "claimed here" if row.ours else "somebody else performs it",
        COMPLETED: "done, nothing changes it any more",
        CANCELED: "given up, nothing changes it any more",
    }
    return f"{row.title}: {means.get(row.state, 'its state is not known')}"


def merged(rows: Iterable[StepRow], changed: StepRow) -> list[StepRow]:
    """The rows with one replaced; what it does not tell stays."""

    def newer(row: StepRow) -> StepRow:
        if row.uid != changed.uid:
            return row
        return replace(
            changed,
            state=changed.state or row.state,
            label=changed.label or row.label,
            details=changed.details or row.details,
        )

    return [newer(row) for row in rows]
