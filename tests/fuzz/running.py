"""Runs a target over changed seeds, watches the time of each input and keeps the inputs that break something."""

from __future__ import annotations

import hashlib
import signal
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType

from .mutate import mutated
from .target import Target

_TICK = 0.25


class Hang(BaseException):
    """An input took too long. No `Exception`: nothing in the engine may swallow it."""


@dataclass(slots=True)
class Probe:
    """Calls the target and counts. folder: where inputs that break something are put, None for nowhere."""

    target: Target
    folder: Path | None = None
    executions: int = 0
    slowest: float = 0.0
    faults: dict[str, bytes] = field(default_factory=dict)
    """By where it broke, the shortest input."""

    def __call__(self, data: bytes) -> None:
        self.executions += 1
        began = time.perf_counter()
        try:
            self.target.run(data)
        except (Exception, Hang) as error:  # noqa: BLE001 - every exception is what is looked for
            self._keep(error, data)
        took = time.perf_counter() - began
        if took > self.slowest:
            self.slowest = took

    def _keep(self, error: BaseException, data: bytes) -> None:
        where = place_of(error)
        if where in self.faults and len(self.faults[where]) <= len(data):
            return
        self.faults[where] = data
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            stem = f"{self.target.name}-{hashlib.sha256(where.encode()).hexdigest()[:10]}"
            (self.folder / f"{stem}.bin").write_bytes(data)
            told = "".join(traceback.format_exception(error))
            (self.folder / f"{stem}.txt").write_text(f"{where}\n\n{told}", encoding="utf-8", errors="backslashreplace")

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Inputs that take too long break with `Hang`. Counts processor time: a busy machine is no hang."""

        seen, ticks = -1, 0

        def look(_: int, __: FrameType | None) -> None:
            nonlocal seen, ticks
            ticks = ticks + 1 if seen == self.executions else 0
            seen = self.executions
            if ticks * _TICK >= self.target.seconds:
                ticks = 0
                raise Hang(f"over {self.target.seconds:g} s of processor time")

        before = signal.signal(signal.SIGVTALRM, look)
        signal.setitimer(signal.ITIMER_VIRTUAL, _TICK, _TICK)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, before)


def place_of(error: BaseException) -> str:
    """What broke and where: inputs that break the same place are one fault. Of a hang, only the outermost place."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [f for f in frames if "/engine/" in f.filename] or frames
    frame = inside[0] if isinstance(error, Hang | RecursionError | MemoryError) else inside[-1]
    last = frames[-1]
    beyond = "" if frame is last else f" < {Path(last.filename).name}:{last.name}"
    return f"{type(error).__name__} at {'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno} {frame.name}{beyond}"


def plain_run(probe: Probe, *, runs: int, seconds: float, seed: int, corpus: Path | None = None) -> None:
    """Changes of the seeds, the same ones for the same `seed`, until one of the bounds is reached.

    corpus: what a guided run found worth keeping is changed too.
    """
    target, rng = probe.target, Random(seed)
    seeds = target.seeds()
    if corpus is not None and corpus.is_dir():
        seeds += [path.read_bytes() for path in sorted(corpus.iterdir())]
    end = time.monotonic() + seconds
    with probe.watched():
        for data in seeds[:runs]:
            probe(data)
        while probe.executions < runs and time.monotonic() < end:
            data, other = _short(seeds, rng), rng.choice(seeds)
            probe(mutated(data, rng, other, target.largest, text=target.text))


def _short(seeds: list[bytes], rng: Random) -> bytes:
    """The shortest of three: short inputs are quick, and a change hits something that matters sooner."""
    return min(rng.choice(seeds), rng.choice(seeds), rng.choice(seeds), key=len)
