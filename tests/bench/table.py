"""What a row of the table is: what is done, by whom, and what is to be reached."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import tool_path
from tests.interop import peers

from .files import LeftOutError, make_files
from .limit import sink
from .measure import Result, Run, alone, serving, timed, whole

LIMIT = "C"
OURS = "ours"
BARE = "bare"
"""The least a Python program can do."""
QUICK = {"TCP_NODELAY": "1"}
"""DCMTK's own switch: without it Debian's build stalls 40 ms a small message."""
HALF_MEGABYTE = 512 * 1024
LARGE = 2**28
"""Bytes of a file that is not to be in memory as a whole."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Our rate divided by that of `who`."""

    who: str
    must: float = 0.0
    aim: float = 0.0


@dataclass(slots=True)
class Row:
    """amount / seconds is the rate. contenders: by name, "ours" among them."""

    name: str
    unit: str
    amount: float
    contenders: dict[str, Run]
    goals: tuple[Goal, ...] = ()
    note: str | Callable[[], str] = ""
    memory: Callable[[], float] | None = None
    """MB of our process, where it is not the contender's own."""
    largest: float = 0.0
    """MB that ours may have at most."""
    spender: str = "of the user that asks"
    """Whose processor time is told of each contender."""


@dataclass(slots=True)
class Bench:
    """Where files are, how much work there is, and which peers there are."""

    folder: Path
    program: Path | None
    loop: Path | None = None
    """DCMTK's associations in one process."""
    scale: float = 1.0
    huge: bool = False
    missing: set[str] = field(default_factory=set)

    def count(self, wanted: int) -> int:
        return max(2, round(wanted * self.scale))

    def files(self, count: int, size: int) -> Path:
        return make_files(self.folder, count, size)

    @contextmanager
    def large(self, size: int) -> Iterator[Path]:
        """The folder of one large file, which does not stay."""
        files = self.files(1, size)
        try:
            yield files
        finally:
            shutil.rmtree(files, ignore_errors=True)

    def tool(self, name: str) -> str | None:
        found = tool_path(name)
        if found is None:
            self.missing.add(name)
        return found

    def needed(self, name: str) -> str:
        """Where the program is. Raises LeftOutError: without it there is no row."""
        found = self.tool(name)
        if found is None:
            raise LeftOutError(f"{name} is not installed")
        return found

    @contextmanager
    def sink(self, pdu: int = 131072, matches: int = 0) -> Iterator[int]:
        """The provider all users are measured against."""
        if self.program is not None:
            with sink(self.program, pdu, matches) as port:
                yield port
            return
        with serving("ours", "--pdu", pdu) as server:
            yield server.port

    def scratch(self, name: str) -> Path:
        """An empty folder of that name."""
        made = self.folder / name
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        return made

    def limit(self, *arguments: object) -> dict[str, Run]:
        return {LIMIT: timed(self.program, *arguments)} if self.program else {}

    def dcmtk(
        self, name: str, many: tuple[object, ...], one: tuple[object, ...], env: dict[str, str] | None = None
    ) -> dict[str, Run]:
        """A user of DCMTK: the time of its work is that of the whole process less that of one with next to nothing
        to do."""
        program = self.tool(name)
        if program is None:
            return {}
        return {name: alone(whole(program, *many, env=env), whole(program, *one, env=env))}


Make = Callable[[Bench], "contextlib.AbstractContextManager[Row]"]
ROWS: dict[str, Make] = {}


def row(name: str) -> Callable[[Callable[[Bench], Iterator[Row]]], Make]:
    """Registers the row: a generator that yields it while its servers run."""

    def register(function: Callable[[Bench], Iterator[Row]]) -> Make:
        made = contextmanager(function)
        ROWS[name] = made
        return made

    return register


@contextmanager
def as_shipped() -> Iterator[None]:
    """Peers started inside have Nagle's algorithm on, as they are shipped."""
    kept = dict(peers.ENVIRONMENT)
    peers.ENVIRONMENT.clear()
    try:
        yield
    finally:
        peers.ENVIRONMENT.update(kept)


def part_of(result: Result, times: float) -> Result:
    """As much less, where less work stands for the whole."""
    return Result(result.seconds / times, result.cpu / times, result.rss)
