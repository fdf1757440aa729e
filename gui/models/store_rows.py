"""The files of a store as rows: what was planned, where each is now."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from engine.model.storing import FileResult, FileState, PlannedFile, StorePlan
from engine.standard.dictionary import uid_text
from engine.standard.lean import dataclass
from engine.trace.store_text import size_text

from .rows import Column, RowTableModel

if TYPE_CHECKING:
    from engine.trace.redaction.redaction import Redaction

_SIGNS: dict[FileState, tuple[str, str]] = {
    FileState.CANNOT_GO: ("never", "failure"),
    FileState.PASSED_OVER: ("remove", "muted"),
    FileState.SENDING: ("sent", "accent"),
    FileState.STORED: ("ok", "ok"),
    FileState.WARNING: ("warning", "warning"),
    FileState.FAILED: ("failure", "failure"),
    FileState.NOT_SENT: ("stop", "warning"),
    FileState.UNKNOWN: ("help", "warning"),
}


@dataclass(slots=True)
class StoreRow:
    """A file of the plan and the last that was told of it."""

    file: PlannedFile
    result: FileResult | None = None

    @property
    def state(self) -> FileState:
        return self.result.state if self.result is not None else self.file.state

    @property
    def remark(self) -> str:
        """Why it does not go, what was answered, what is odd about it."""
        said = self.result.sentence if self.result is not None else self.file.why
        return said or self.file.note

    @property
    def association(self) -> str:
        """The planned one by its place; once there is one, its own number."""
        if self.result is not None and self.result.association is not None:
            return f"#{self.result.association}"
        return str(self.file.association or "")

    @property
    def contexts(self) -> str:
        if self.result is not None and self.result.context_id is not None:
            return str(self.result.context_id)
        return ", ".join(map(str, self.file.contexts))


def _syntax(row: StoreRow) -> str:
    """In which it is stored, and in which it travels when that is another."""
    stored = uid_text(row.file.transfer_syntax)
    travels = row.result.transfer_syntax if row.result is not None else ""
    return f"{stored} → {uid_text(travels)}" if travels and travels != row.file.transfer_syntax else stored


def _tooltip(row: StoreRow) -> str:
    lines = [str(row.file.path), uid_text(row.file.sop_class_uid), row.file.sop_instance_uid, _syntax(row), row.remark]
    if row.file.note and row.file.note != row.remark:
        lines.append(row.file.note)
    return "\n".join(filter(None, lines))


def _color(row: StoreRow) -> str:
    return _SIGNS.get(row.state, ("", "muted"))[1]


COLUMNS: tuple[Column[StoreRow], ...] = (
    Column(
        "State", lambda r: r.state.value, tooltip=_tooltip, color=_color, icon=lambda r: _SIGNS.get(r.state),
        sample="passed over",
    ),
    Column(
        "File", lambda r: r.file.path.name, tooltip=_tooltip, copy=lambda r: str(r.file.path), sample="IMG0001.dcm",
        weight=2, middle=True,
    ),
    Column(
        "SOP class", lambda r: uid_text(r.file.sop_class_uid), tooltip=_tooltip, copy=lambda r: r.file.sop_class_uid,
        sample="CT Image Storage", weight=2, priority=2,
    ),
    Column(
        "Transfer syntax", _syntax, tooltip=_tooltip, copy=lambda r: r.file.transfer_syntax,
        sample="Explicit VR Little", weight=2, priority=3,
    ),
    Column(
        "Size", lambda r: size_text(r.file.length) if r.file.length else "", sample="999 bytes", align_right=True,
        priority=5,
    ),
    Column(
        "Assoc.", lambda r: r.association, sample="#1234", priority=4,
        title_tooltip="The association it goes on, by its place in the plan; with #, the number of the real one",
    ),
    Column(
        "Context", lambda r: r.contexts, sample="255, 253", priority=6,
        title_tooltip="Presentation contexts it can go on; once negotiated, the one it goes on",
    ),
    Column("Remark", lambda r: r.remark, tooltip=_tooltip, sample="Why it cannot", weight=4, priority=1),
)  # fmt: skip


def redacted_row(row: StoreRow, redaction: Redaction) -> StoreRow:
    """What may leave the program."""
    result = redaction.file_result(row.result) if row.result is not None else None
    return StoreRow(redaction.planned_file(row.file), result)


class StoreModel(RowTableModel[StoreRow]):
    """The rows of a plan by the number of its files."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(COLUMNS, parent, redact=redacted_row)

    def set_plan(self, plan: StorePlan, only: Collection[int] | None = None) -> None:
        """Show a plan. only: what is sent again; the other rows keep what became of them."""
        if only is None or len(plan.files) != len(self._records):
            self.set_records(StoreRow(file) for file in plan.files)
            return
        for number in only:
            self._records[number] = StoreRow(plan.files[number])
        self._changed(only)

    def take(self, results: Iterable[FileResult]) -> None:
        """What became of files."""
        numbers = []
        for result in results:
            if result.number < len(self._records):
                self._records[result.number].result = result
                numbers.append(result.number)
        self._changed(numbers)

    def _changed(self, numbers: Collection[int]) -> None:
        """Tell the view once, of the rows between the first and the last."""
        first, last = min(numbers, default=0), max(numbers, default=-1)
        if self._shown is not None:
            first, last = bisect_left(self._shown, first), bisect_right(self._shown, last) - 1
        if first <= last:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))

    def unfinished(self) -> frozenset[int]:
        """Numbers of the files that can be sent and are not stored."""
        planned = FileState.PLANNED
        return frozenset(r.file.number for r in self._records if r.file.state is planned and r.state.unfinished)


SHOWN: tuple[tuple[str, Callable[[FileState], bool]], ...] = (
    ("All files", lambda _state: True),
    ("Not stored", lambda state: state.unfinished),
    ("Cannot go", lambda state: state is FileState.CANNOT_GO),
    ("Stored", lambda state: state in (FileState.STORED, FileState.WARNING)),
    ("Passed over", lambda state: state is FileState.PASSED_OVER),
)
"""What the table can be narrowed to."""


def matcher(words: str, wanted: Callable[[FileState], bool]) -> Callable[[StoreRow], bool]:
    """Whether a row has all the words in its path, its names or its remark, and a state that is wanted."""
    asked = words.casefold().split()

    def keeps(row: StoreRow) -> bool:
        if not wanted(row.state):
            return False
        if not asked:
            return True
        file = row.file
        text = (
            f"{file.path} {uid_text(file.sop_class_uid)} {_syntax(row)} {file.sop_instance_uid} {row.remark}".casefold()
        )
        return all(word in text for word in asked)

    return keeps
