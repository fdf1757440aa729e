"""What the engine tells: frozen, in order, strings made only when looked at.

`kind` is the word of the JSON lines (docs: README "JSON lines"). `time` is seconds since the epoch, `clock` a monotonic
stamp in seconds for differences.
"""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import ClassVar

from engine.standard.lean import dataclass

from .association import Negotiated, Peer, Proposal
from .command_set import CommandSet
from .dataset import DataSet, EncodedData, FileData
from .faults import Phase
from .limits import USUAL, Limits
from .notice_words import FINAL_PHASES, AssociationPhase, Cause, Direction, Outcome, StepState
from .objects import HeldObject
from .references import Found
from .storing import FileResult, StorePlan
from .tls import TlsVerdict

__all__ = [
    "FINAL_PHASES",
    "AnyNotice",
    "AssociationNotice",
    "AssociationPhase",
    "Cause",
    "Direction",
    "EngineNotice",
    "ErrorNotice",
    "Evidence",
    "FindingNotice",
    "ListenerNotice",
    "MessageNotice",
    "Notice",
    "ObjectsNotice",
    "Outcome",
    "PduNotice",
    "ProgressNotice",
    "ReferencesNotice",
    "ScriptNotice",
    "StatusNotice",
    "StepNotice",
    "StepState",
    "StorePlanNotice",
    "StoredNotice",
]


class Notice:
    """Base of all notices."""

    __slots__ = ()
    kind: ClassVar[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationNotice(Notice):
    """A phase of an association's life begins.

    `sentence` says in plain words what happened, where, and (on failure) what to try.
    """

    kind: ClassVar[str] = "association"
    association: int
    time: float
    clock: float
    phase: AssociationPhase
    requestor: bool
    """True when we opened it."""
    peer: Peer
    sentence: str = ""
    proposal: Proposal | None = None
    negotiated: Negotiated | None = None
    rejection: tuple[int, int, int] | None = None
    abort: tuple[int, int] | None = None
    outcome: Outcome | None = None
    """Set in the final phases."""
    duration: float | None = None
    """Seconds since CONNECTING."""
    listener: int | None = None
    """The built-in peer that accepted it, or opened it: for a C-MOVE it serves, for an event report."""
    tls: TlsVerdict | None = None
    """What the TLS handshake came to; None before it, and without TLS."""
    cause: Cause = Cause.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class PduNotice(Notice):
    """One PDU on the wire, whole, and the state transition it made (PS3.8 Table 9-10)."""

    kind: ClassVar[str] = "pdu"
    association: int
    time: float
    clock: float
    direction: Direction
    type: int
    """PDU-type byte."""
    data: bytes = field(repr=False)
    """The PDU's bytes, header included; a P-DATA-TF's may be cut (see `size`)."""
    size: int
    """Bytes on the wire, header included."""
    state_before: str = ""
    event: str = ""
    action: str = ""
    state_after: str = ""

    @property
    def whole(self) -> bool:
        """Whether all of its bytes are here: as many as there were, or, of one made to be told, as its header says."""
        count = len(self.data)
        return count >= self.size or (count > 5 and int.from_bytes(self.data[2:6]) == count - 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageNotice(Notice):
    """One DIMSE message, sent or received, whole."""

    kind: ClassVar[str] = "message"
    association: int
    operation: int | None
    time: float
    clock: float
    direction: Direction
    context_id: int
    abstract_syntax: str
    transfer_syntax: str
    command: CommandSet
    command_bytes: bytes = field(repr=False, default=b"")
    data: DataSet | EncodedData | FileData | None = field(repr=False, default=None)
    data_length: int = 0
    """Bytes of the data set on the wire."""
    duration: float | None = None
    """Of a response: seconds since its request."""
    unsolicited: bool = False
    """A response nobody asked for."""
    within: int | None = None
    """Of a C-STORE that arrived here: the operation (C-GET, C-MOVE) whose sub-operation it is."""
    limits: Limits = field(repr=False, default=USUAL)
    """Under which it was taken: whoever reads its data set is bounded by them too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusNotice(Notice):
    """An operation ended (one per `operation` id given with a command).

    `sentence` says it in words. `associations` are those it used.
    """

    kind: ClassVar[str] = "status"
    operation: int
    association: int
    time: float
    clock: float
    outcome: Outcome
    service: str
    """"C-ECHO", ...; "" for a whole procedure of several services."""
    sop_class_uid: str = ""
    message_id: int | None = None
    status: int | None = None
    sentence: str = ""
    error_comment: str = ""
    offending_elements: tuple[int, ...] = ()
    error_id: int | None = None
    duration: float = 0.0
    remaining: int | None = None
    completed: int | None = None
    failed: int | None = None
    warning: int | None = None
    responses: int = 0
    """Pending responses before the final one."""
    unfinished: tuple[Path, ...] = field(default=(), repr=False)
    """Of many files to be stored, those that are not: failed, not sent, or without a response."""
    verdict: str = ""
    """What it came to beyond its status: what the peer tells against what was seen."""
    received: int | None = None
    """Of a C-GET or a C-MOVE to ourselves: instances that arrived here and were stored."""
    failed_instances: tuple[str, ...] = field(default=(), repr=False)
    """Failed SOP Instance UID List of the final response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressNotice(Notice):
    """A long operation moved on."""

    kind: ClassVar[str] = "progress"
    operation: int
    association: int
    time: float
    done: int
    total: int | None
    failed: int = 0
    warning: int = 0
    bytes: int = 0
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepNotice(Notice):
    """A step of a procedure is planned, begins or has ended."""

    kind: ClassVar[str] = "step"
    operation: int
    association: int
    time: float
    step: int
    """From 0, in the order of the procedure."""
    name: str
    """What it does, in words."""
    state: StepState
    sentence: str = ""
    """What came of it."""
    service: str = ""
    """"N-CREATE", ...; "" for a step that waits."""
    message_id: int | None = None
    status: int | None = None
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    duration: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePlanNotice(Notice):
    """What a store of many files is going to send, before anything is sent."""

    kind: ClassVar[str] = "plan"
    operation: int
    time: float
    plan: StorePlan = field(repr=False)
    only: frozenset[int] | None = field(default=None, repr=False)
    """The plan's files this operation is about; None: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencesNotice(Notice):
    """Which instances the files of a `ReadReferences` hold."""

    kind: ClassVar[str] = "references"
    operation: int
    time: float
    found: Found = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNotice(Notice):
    """Files of a plan moved on: negotiated, on their way, stored, or not."""

    kind: ClassVar[str] = "stored"
    operation: int
    association: int | None
    time: float
    results: tuple[FileResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where a finding is seen: a byte range of a PDU, a command set or a data set."""

    text: str = ""
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingNotice(Notice):
    """Something sent or received departs from the Standard."""

    kind: ClassVar[str] = "finding"
    association: int
    time: float
    direction: Direction
    rule: str
    severity: str
    """"error", "warning" or "info"."""
    sentence: str
    clause: str
    evidence: Evidence = field(default_factory=Evidence)
    operation: int | None = None
    waived: str = ""
    """Why somebody lives with it; "" when nobody has said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerNotice(Notice):
    """The built-in peer started, stopped or could not start."""

    kind: ClassVar[str] = "listener"
    listener: int
    time: float
    listening: bool
    host: str
    port: int
    ae_title: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectsNotice(Notice):
    """What the built-in peer holds: all of it, or what has just changed. Only who has asked is told."""

    kind: ClassVar[str] = "objects"
    listener: int
    time: float
    whole: bool
    held: tuple[HeldObject, ...] = ()
    gone: tuple[tuple[str, str], ...] = ()
    """(shelf, key) of what was taken away."""
    on: frozenset[str] = frozenset()
    """The emulators that are switched on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptNotice(Notice):
    """A rule of a script applies: what follows departs from the Standard on purpose."""

    kind: ClassVar[str] = "script"
    association: int
    time: float
    rule: int
    """From 0, in the order of the script."""
    title: str
    phase: Phase
    faults: tuple[str, ...]
    service: str = ""
    """"C-FIND", ... of the message concerned."""
    script: str = ""
    """The script's title."""

    @property
    def sentence(self) -> str:
        what = f"{self.service} {self.phase.value}" if self.service else self.phase.value
        named = "" if self.title in (", ".join(self.faults), "nothing") else f" ({', '.join(self.faults)})"
        return f"Script rule {self.rule + 1} applies to the {what}: {self.title}{named}."


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineNotice(Notice):
    """The engine's loop is held up by something in the program itself, or answers again. Told by a watch of its own."""

    kind: ClassVar[str] = "engine"
    time: float
    answers: bool
    """It does again; else it does not."""
    seconds: float
    """Since when it was asked."""
    sentence: str
    report: str = ""
    """Where its thread is, without a value; of one that answers again none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorNotice(Notice):
    """Something went wrong on our side that no other notice says. Never a traceback."""

    kind: ClassVar[str] = "error"
    time: float
    sentence: str
    association: int | None = None
    operation: int | None = None
    report: str = ""
    """Of a defect of ours: what and where in the program, without a value; it can be sent to the developers."""


AnyNotice = (
    AssociationNotice
    | PduNotice
    | MessageNotice
    | StatusNotice
    | ProgressNotice
    | StepNotice
    | StorePlanNotice
    | ReferencesNotice
    | StoredNotice
    | FindingNotice
    | ListenerNotice
    | ObjectsNotice
    | ScriptNotice
    | EngineNotice
    | ErrorNotice
)
