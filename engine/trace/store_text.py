"""A store of many in words: its plan, and what became of its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.model.storing import FileResult, FileState, PlannedFile, StorePlan
from engine.model.whole_numbers import counted
from engine.standard.dictionary import uid_text

Row = tuple[str, ...]
PLAN_HEADERS = ("File", "SOP class", "Transfer syntax", "Size", "Association", "Contexts", "Remarks")
RESULT_HEADERS = ("File", "State", "Reason")
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def size_text(count: int) -> str:
    """Bytes in the unit that suits them: "812 bytes", "12.3 MB"."""
    size, unit = float(count), 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{count} bytes" if unit == 0 else f"{size:.1f} {_UNITS[unit]}"


def plan_summary(plan: StorePlan) -> str:
    """ "500 files (12.3 MB) on 3 associations with 260 presentation contexts; 4 cannot go." """
    contexts = sum(len(a.contexts) for a in plan.associations)
    parts = ["No file to send."]
    if plan.sending:
        where = f"{counted(len(plan.associations), 'association')} with {counted(contexts, 'presentation context')}"
        parts = [f"{counted(plan.sending, 'file')} ({size_text(plan.size)}) on {where}."]
    rounds = plan.options.repeat
    if plan.sending and rounds > 1:
        parts.append(f"All of it {rounds:,} times.")
    if blocked := plan.counts.get(FileState.CANNOT_GO, 0):
        parts.append(f"{counted(blocked, 'file')} cannot go.")
    if passed := plan.counts.get(FileState.PASSED_OVER, 0):
        parts.append(f"{passed:,} passed over.")
    return " ".join(parts)


def plan_rows(plan: StorePlan) -> Iterator[Row]:
    """A row of `PLAN_HEADERS` for each file."""
    return (_plan_row(file) for file in plan.files)


def _plan_row(file: PlannedFile) -> Row:
    remarks = f"{file.state.value}: {file.why}" if file.why else file.note
    return (
        str(file.path),
        uid_text(file.sop_class_uid),
        uid_text(file.transfer_syntax),
        size_text(file.length) if file.sop_class_uid else "",
        str(file.association or ""),
        ", ".join(map(str, file.contexts)),
        remarks,
    )


def result_rows(results: Iterable[FileResult]) -> Iterator[Row]:
    """A row of `RESULT_HEADERS` for each file."""
    return ((str(r.path), r.state.value, r.sentence) for r in results)
