"""Storing many: the plan made before anything is sent, what a user may choose about it, what became of each file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from enum import Enum
from functools import cached_property
from pathlib import Path

from engine.standard.lean import dataclass

from .association import ProposedContext
from .dataset import FileData


class FileState(Enum):
    """Where a file of a plan is on its way."""

    PLANNED = "planned"
    CANNOT_GO = "cannot go"
    """It will not be sent, for the reason told: no instance, or no accepted presentation context."""
    PASSED_OVER = "passed over"
    """Nothing to store, and no mistake: another kind of file in a folder, the same instance found twice."""
    SENDING = "sending"
    STORED = "stored"
    WARNING = "warning"
    """Stored, with a warning status."""
    FAILED = "failed"
    """The peer answered with a failure status."""
    NOT_SENT = "not sent"
    UNKNOWN = "no response"
    """The association ended while it was sent or before its response: the peer may have it or not."""

    __hash__ = object.__hash__  # as good as that of its name, and no step of Python's

    @property
    def unfinished(self) -> bool:
        """Whether it is worth another try."""
        return self in _UNFINISHED


_UNFINISHED = frozenset(
    {FileState.PLANNED, FileState.SENDING, FileState.FAILED, FileState.NOT_SENT, FileState.UNKNOWN, FileState.CANNOT_GO}
)


class ProposalStyle(Enum):
    """How presentation contexts are made of what the files need (PS3.8 9.3.2.2, PS3.7 9.1.1)."""

    SEPARATE = "separate"
    """One context for each SOP class and stored transfer syntax, and a second with the uncompressed syntaxes it can be
    converted to."""
    EXACT = "exact"
    """One context for each SOP class and stored transfer syntax and nothing else: files travel as they are or not."""
    TOGETHER = "together"
    """One context for each SOP class with all its transfer syntaxes: the acceptor chooses one of them for all files."""


class Order(Enum):
    """In which order files are sent on an association."""

    FOUND = "found"
    GROUPED = "grouped"
    """By SOP class and transfer syntax, so that one presentation context is used after the other."""
    SMALLEST = "smallest"
    """Smallest first."""
    SHUFFLED = "shuffled"
    """Mixed, the same way at each run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """How to store many."""

    style: ProposalStyle = ProposalStyle.SEPARATE
    order: Order = Order.FOUND
    parallel: int = 1
    """Associations at once."""
    files_per_association: int = 0
    """At most so many C-STORE operations on one association; 0: no limit."""
    stop_at_failure: bool = False
    """Begin nothing more after the first file that fails."""
    resume: bool = False
    """When the peer ends an association too early, go on with the rest on another; what was outstanding is not sent
    again."""
    repeat: int = 1
    """How often all of it is sent."""
    duplicates: bool = False
    """Send also files whose SOP Instance UID another file of the set has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFile:
    """One file found, and what is to become of it: PLANNED, CANNOT_GO or PASSED_OVER."""

    number: int
    """Its place in the plan, from 0."""
    path: Path
    state: FileState = FileState.PLANNED
    why: str = ""
    """Why it cannot go or is passed over."""
    note: str = ""
    """What is worth knowing of a file that is sent all the same."""
    cut: bool = False
    """Whether its data set ends before its elements do; the note tells how."""
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    transfer_syntax: str = ""
    """In which its data set is stored."""
    offset: int = 0
    length: int = 0
    """Bytes of its data set, and where in the file they begin."""
    modified: int = 0
    """When the file was changed last, in ns since the epoch; 0: not known. One changed since is not what is planned."""
    association: int = 0
    """The planned association it goes on, from 1; 0: none."""
    contexts: tuple[int, ...] = ()
    """Presentation context IDs it can go on, as they are preferred."""

    @property
    def data(self) -> FileData:
        """The data set in the file."""
        return FileData(self.path, self.offset, self.length, self.transfer_syntax, modified=self.modified)


@dataclass(frozen=True, slots=True)
class PlannedAssociation:
    """What one association proposes and the files it sends, by their number and in their order."""

    contexts: tuple[ProposedContext, ...]
    files: tuple[int, ...]


@dataclass(frozen=True)
class StorePlan:
    """What would be sent, over which associations, and what cannot go and why."""

    files: tuple[PlannedFile, ...] = ()
    associations: tuple[PlannedAssociation, ...] = ()
    options: StoreOptions = field(default_factory=StoreOptions)

    def of(self, state: FileState) -> Iterator[PlannedFile]:
        return (f for f in self.files if f.state is state)

    @cached_property
    def counts(self) -> dict[FileState, int]:
        """Files by state; what there is none of is left out."""
        result: dict[FileState, int] = {}
        for file in self.files:
            result[file.state] = result.get(file.state, 0) + 1
        return result

    @property
    def sending(self) -> int:
        """Files that go out in one round."""
        return sum(len(a.files) for a in self.associations)

    @cached_property
    def kinds(self) -> int:
        """Different presentation contexts over all associations."""
        return len({(c.abstract_syntax, c.transfer_syntaxes) for a in self.associations for c in a.contexts})

    @cached_property
    def size(self) -> int:
        """Bytes of the data sets that go out in one round."""
        return sum(self.files[n].length for a in self.associations for n in a.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """What became of one file of a plan."""

    number: int
    path: Path
    state: FileState
    sentence: str = ""
    """The status in words, or why it was not sent."""
    status: int | None = None
    association: int | None = None
    """The association's own number, not its place in the plan."""
    context_id: int | None = None
    transfer_syntax: str = ""
    """In which it travels; "" when none was agreed on."""
