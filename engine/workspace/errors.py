"""What is wrong with a file of the workspace, said so that the user finds the place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class WorkspaceError(Exception):
    """A file that cannot be read or written as what it should be.

    file: the file concerned. line: 1-based line, None when not known. key: dotted path of the key, "" for the
    whole file. reason: what is wrong, without the place.
    """

    def __init__(self, file: Path, reason: str, line: int | None = None, key: str = "") -> None:
        super().__init__(file, reason, line, key)
        self.file = file
        self.reason = reason
        self.line = line
        self.key = key

    def __str__(self) -> str:
        place = str(self.file) + (f", line {self.line}" if self.line else "")
        return f"{place}: {_shortened(f'{self.key}: ' if self.key else '', KEY)}{_shortened(self.reason, REASON)}"


KEY, REASON = 500, 2000
"""Characters of a key and of a reason that are told: either may quote what somebody wrote, without measure."""


def _shortened(text: str, most: int) -> str:
    half = most // 2
    return text if len(text) <= most else f"{text[:half]} ... {text[-half:]}"


class ValueProblem(ValueError):
    """A value that does not fit its key; becomes a `WorkspaceError` where the file is known.

    path: the keys and list indexes that lead to the value.
    """

    def __init__(self, reason: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path

    def under(self, *keys: str | int) -> ValueProblem:
        """The same problem seen from further out."""
        return ValueProblem(self.reason, (*keys, *self.path))


@contextmanager
def noted(problems: list[ValueProblem] | None) -> Iterator[None]:
    """A problem raised inside is put into the list, where there is one."""
    try:
        yield
    except ValueProblem as problem:
        if problems is None:
            raise
        problems.append(problem)


@contextmanager
def under(*keys: str | int) -> Iterator[None]:
    """Problems raised inside are about a value below these keys."""
    try:
        yield
    except ValueProblem as problem:
        raise problem.under(*keys) from None
