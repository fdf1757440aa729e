"""What a modality has under way, kept over sessions: performed steps and storage commitments, a text file for each.

The window and the command line write the same files; one for each, so that neither overwrites what the other knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from engine.model.association import Peer
from engine.model.commitment import Asked, Fate, InstanceFate, all_committed, judge, transaction_of, verdict
from engine.model.dataset import DataSet
from engine.model.file_names import uid_stem
from engine.model.reading import is_file, may_be_there
from engine.standard.lean import dataclass
from engine.standard.performed_steps import FINAL_STATES, IN_PROGRESS

from .dataset_toml import read_dataset, write_dataset
from .errors import ValueProblem, WorkspaceError
from .names import resolve_uid, uid_keyword
from .performed_steps import text
from .reader import Reader
from .settings import SavedPeer, read_peer, write_peer
from .toml_text import Hex, Table, dumps, parse, placed, read_text, write_atomically

R = TypeVar("R", "StepRecord", "Transaction")
KEPT = 500
"""Ended ones kept of a kind, the newest: months of manual work, and a folder that is read in a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """A performed procedure step this side has created.

    state: as far as known. doubt: why it is not sure (a request whose answer never came), "" when the peer has said so.
    """

    uid: str
    peer: Peer
    attributes: DataSet
    """Of the N-CREATE, with what has been set since."""
    changed: float
    """Seconds since the epoch."""
    state: str = IN_PROGRESS
    doubt: str = ""

    @property
    def ended(self) -> bool:
        return self.state in FINAL_STATES

    @property
    def settled(self) -> bool:
        """Nothing more is to be done."""
        return self.ended and not self.doubt

    @property
    def patient(self) -> str:
        return text(self.attributes, "PatientName") or text(self.attributes, "PatientID") or "(no patient)"

    @property
    def description(self) -> str:
        """Description, modality and ID in a line."""
        parts = ("PerformedProcedureStepDescription", "Modality", "PerformedProcedureStepID")
        return " · ".join(filter(None, (text(self.attributes, k) for k in parts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A storage commitment this side has asked for."""

    uid: str
    """Transaction UID."""
    peer: Peer
    instances: tuple[InstanceFate, ...]
    changed: float
    """When it was asked for, or reported; seconds since the epoch."""
    event_type: int | None = None
    """Of the report; None while there is none."""
    sender: str = ""
    """AE title that sent the report."""
    doubt: str = ""
    """Why the request may not have arrived, or was refused."""

    @property
    def asked(self) -> tuple[Asked, ...]:
        return tuple((i.sop_class_uid, i.sop_instance_uid) for i in self.instances if i.fate is not Fate.UNASKED)

    @property
    def reported(self) -> bool:
        return self.event_type is not None

    @property
    def settled(self) -> bool:
        """Nothing more is to be awaited."""
        return self.reported

    @property
    def committed(self) -> bool:
        return self.reported and all_committed(self.instances)

    @property
    def short(self) -> str:
        """Where it is, in a few words."""
        asked = len(self.asked)
        if not self.reported:
            return f"{asked:,} {'instance' if asked == 1 else 'instances'}, no report yet"
        done = sum(i.fate is Fate.COMMITTED for i in self.instances)
        return f"All {asked:,} committed" if self.committed else f"{done:,} of {asked:,} committed"

    @property
    def sentence(self) -> str:
        """Where it is, in words."""
        if self.reported:
            return verdict(self.instances, self.event_type)
        count = len(self.instances)
        said = f"{count} {'instance' if count == 1 else 'instances'}, no report yet"
        return f"{said}; {self.doubt}" if self.doubt else f"{said}."

    def with_report(self, event_type: int, data: DataSet, now: float, sender: str = "") -> Transaction:
        """As it is after a report; a later report replaces an earlier one."""
        fates = judge(self.asked, data)
        return replace(self, instances=fates, event_type=event_type, changed=now, sender=sender, doubt="")


@dataclass(slots=True)
class Records(Generic[R]):
    """The files of one kind in a folder, newest first. A file that cannot be read is in `problems` and stays."""

    folder: Path
    read: Callable[[Any, Path], R]
    write: Callable[[R], Table]
    problems: list[WorkspaceError] = field(default_factory=list)
    _known: dict[Path, tuple[tuple[int, int], R]] = field(default_factory=dict)
    """What was read, by file, with the time and size the file had then."""

    def all(self) -> tuple[R, ...]:
        """Every record, as the files are now: another program may have written."""
        self.problems = []
        found = [self._load(path) for path in sorted(self.folder.glob("*.toml"))]
        return tuple(sorted((r for r in found if r is not None), key=lambda r: r.changed, reverse=True))

    def find(self, uid: str) -> R | None:
        """The record of this UID."""
        path = self._path(uid)
        return self._load(path) if may_be_there(path) else None

    def save(self, record: R) -> None:
        """Write it at once. Raises `WorkspaceError`."""
        new = not is_file(self._path(record.uid))
        write_atomically(self._path(record.uid), dumps(self.write(record)))
        if new:
            self._tidy()

    def forget(self, uid: str) -> None:
        """Remove a record; nothing is said to the peer."""
        self._path(uid).unlink(missing_ok=True)
        self._known.pop(self._path(uid), None)

    def _tidy(self) -> None:
        if sum(1 for _ in self.folder.glob("*.toml")) <= KEPT:
            return
        for record in [r for r in self.all() if r.settled][KEPT:]:
            self.forget(record.uid)

    def _path(self, uid: str) -> Path:
        return self.folder / f"{uid_stem(uid, 'record')}.toml"

    def _load(self, path: Path) -> R | None:
        stamp = _stamp(path)
        known = self._known.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        try:
            content = read_text(path)
            try:
                record = self.read(parse(content, path), path.parent)
            except ValueProblem as problem:
                raise placed(problem, content, path) from None
        except WorkspaceError as error:
            self.problems.append(error)
            return None
        self._known[path] = (stamp, record)
        return record


def _stamp(path: Path) -> tuple[int, int]:
    try:
        told = path.stat()
    except OSError:
        return (0, 0)  # reading it says why
    return (told.st_mtime_ns, told.st_size)


def step_records(workspace_folder: Path) -> Records[StepRecord]:
    """The performed steps of a workspace."""
    return Records(workspace_folder / "performed-steps", _read_step, _write_step)


def transactions(workspace_folder: Path) -> Records[Transaction]:
    """The storage commitments of a workspace."""
    return Records(workspace_folder / "storage-commitments", _read_transaction, _write_transaction)


def take_report(
    records: Records[Transaction], event_type: int, data: DataSet, now: float, sender: str = ""
) -> Transaction | None:
    """Match a report by its Transaction UID and keep what it says; None when nobody here asked for it."""
    uid = transaction_of(data)
    known = records.find(uid) if uid else None
    if known is None:
        return None
    told = known.with_report(event_type, data, now, sender)
    records.save(told)
    return told


def asked_for(references: Iterable[Asked]) -> tuple[InstanceFate, ...]:
    """The instances of a new transaction."""
    return tuple(InstanceFate(cls, uid) for cls, uid in references)


# --- files ------------------------------------------------------------------------------------------------------------


def _write_step(step: StepRecord) -> Table:
    return {
        "sop_instance_uid": step.uid,
        "state": step.state,
        "doubt": step.doubt or None,
        "changed": _when(step.changed),
        "peer": write_peer(SavedPeer(peer=step.peer)),
        "dataset": write_dataset(step.attributes),
    }


def _read_step(value: Any, folder: Path) -> StepRecord:
    reader = Reader(value)
    return StepRecord(
        uid=reader.get("sop_instance_uid", str, "", _not_empty),
        state=reader.get("state", str, IN_PROGRESS),
        doubt=reader.get("doubt", str, ""),
        changed=reader.moment("changed"),
        peer=reader.inner("peer", read_peer, SavedPeer(peer=Peer())).peer,
        attributes=reader.inner("dataset", lambda v: read_dataset(v, folder), DataSet()),
    )


def _write_transaction(transaction: Transaction) -> Table:
    return {
        "transaction_uid": transaction.uid,
        "changed": _when(transaction.changed),
        "event_type": transaction.event_type,
        "sender": transaction.sender or None,
        "doubt": transaction.doubt or None,
        "peer": write_peer(SavedPeer(peer=transaction.peer)),
        "instance": [_write_instance(i) for i in transaction.instances],
    }


def _write_instance(instance: InstanceFate) -> Table:
    return {
        "sop_class": uid_keyword(instance.sop_class_uid),
        "sop_instance_uid": instance.sop_instance_uid,
        "fate": instance.fate.value if instance.fate is not Fate.WAITING else None,
        "reason": Hex(instance.reason) if instance.reason is not None else None,
        "note": instance.note or None,
    }


def _read_transaction(value: Any, _folder: Path) -> Transaction:
    reader = Reader(value)
    return Transaction(
        uid=reader.get("transaction_uid", str, "", _not_empty),
        changed=reader.moment("changed"),
        event_type=reader.get("event_type", int, 0) if "event_type" in reader.table else None,
        sender=reader.get("sender", str, ""),
        doubt=reader.get("doubt", str, ""),
        peer=reader.inner("peer", read_peer, SavedPeer(peer=Peer())).peer,
        instances=reader.each("instance", _read_instance),
    )


def _read_instance(value: Any) -> InstanceFate:
    reader = Reader(value)
    fates = {f.value: f for f in Fate}
    fate = reader.get(
        "fate", str, Fate.WAITING.value, lambda v: None if v in fates else f"must be one of {', '.join(fates)}"
    )
    return InstanceFate(
        sop_class_uid=resolve_uid(reader.get("sop_class", str, "")) if reader.table.get("sop_class") else "",
        sop_instance_uid=reader.get("sop_instance_uid", str, ""),
        fate=fates[fate],
        reason=reader.get("reason", int, 0) if "reason" in reader.table else None,
        note=reader.get("note", str, ""),
    )


def _not_empty(value: str) -> str | None:
    return None if value else "must not be empty"


def _when(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
