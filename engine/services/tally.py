"""What became of the files of a store of many, counted and put into words; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import field

from engine.model.notices import Outcome
from engine.model.storing import FileResult, FileState, PlannedFile, StorePlan
from engine.standard.lean import dataclass

NAMED = 3
"""Files named in a sentence that counts more."""
_WORDS = (
    (FileState.WARNING, "with a warning"),
    (FileState.FAILED, "failed"),
    (FileState.CANNOT_GO, "cannot go"),
    (FileState.UNKNOWN, "sent without a response"),
    (FileState.NOT_SENT, "not sent"),
)
_FAILED = (FileState.FAILED, FileState.CANNOT_GO)
_DONE = (FileState.STORED, FileState.WARNING, FileState.FAILED, FileState.CANNOT_GO)


@dataclass(slots=True)
class Tally:
    """Counts the ends of files. `total`: so many are to come, over all rounds."""

    total: int = 0
    size: int = 0
    """Bytes of data sets answered."""
    counts: Counter[FileState] = field(default_factory=Counter)
    unfinished: dict[int, None] = field(default_factory=dict)
    """Numbers of the files worth another try, in the order they ended."""
    problem: str = ""
    """The first thing that went wrong."""
    done: int = 0
    """Files that came to an end of their own."""
    failed: int = 0

    def take(self, result: FileResult) -> None:
        """A file came to its end."""
        self.counts[result.state] += 1
        if result.state is FileState.STORED:
            self.done += 1
            return  # the many
        self.done += result.state in _DONE
        self.failed += result.state in _FAILED
        if result.state.unfinished:
            self.unfinished[result.number] = None
        if result.state in (FileState.WARNING, *_FAILED) and not self.problem:
            self.problem = f"{result.path.name}: {result.sentence}"

    def take_stored(self, size: int) -> None:
        """A file of so many bytes was stored."""
        self.counts[FileState.STORED] += 1
        self.done += 1
        self.size += size

    def outcome(self, *, cancelled: bool) -> Outcome:
        """How the whole ended, when no association's end decided it."""
        left = self.total - self.done
        if cancelled and left:
            return Outcome.CANCELLED
        if not self.counts[FileState.STORED] and not self.counts[FileState.WARNING]:
            return Outcome.FAILURE if self.counts[FileState.FAILED] else Outcome.NOT_SENT
        if self.failed or left:
            return Outcome.FAILURE
        return Outcome.WARNING if self.counts[FileState.WARNING] else Outcome.SUCCESS

    def sentence(self) -> str:
        """ "7 of 9 files stored, 1 failed, 1 not sent. First problem: ...". A sentence may follow."""
        words = f"{self.counts[FileState.STORED]} of {self.total} files stored"
        words += "".join(f", {self.counts[state]} {what}" for state, what in _WORDS if self.counts[state])
        return f"{words}." + (f" First problem: {self.problem.rstrip('.')}." if self.problem else "")


def passed_over(plan: StorePlan) -> str:
    """What was found and is nothing to store, in a sentence: nothing is left out without a word."""
    files = list(plan.of(FileState.PASSED_OVER))
    if not files:
        return ""
    what = "1 file" if len(files) == 1 else f"{len(files)} files"
    return f"Passed over: {what} without a further instance to store ({_names(files)})."


def cannot_go(results: Iterable[FileResult]) -> str:
    """Which files cannot go and why the first of them cannot."""
    files = list(results)
    if len(files) == 1:
        return f"{files[0].path}: {files[0].sentence}"
    return f"{len(files)} files cannot go ({_names(files)}). The first: {files[0].sentence}"


def _names(files: list[PlannedFile] | list[FileResult]) -> str:
    return ", ".join(f.path.name for f in files[:NAMED]) + (", ..." if len(files) > NAMED else "")
