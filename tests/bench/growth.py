"""Cost against size: a row at 1x, 10x and 100x the work. Time grows no quicker than the work, memory does not grow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .measure import median
from .rows import OURS, ROWS, Bench

PARTS = (0.01, 0.1, 1.0)
FIXED = ("cli", "window", "growth-echo", "growth-store")
"""Rows whose work has no size, or that compare sizes themselves."""
KEPT = ("window-log",)
"""Rows whose work is to keep things."""
TOLERANCE = 1.25
"""Times as long as the work alone would make it: noise of the machine."""
MEMORY = 12.0
"""MB more at 100x: buffers that fill once."""


@dataclass(frozen=True, slots=True)
class Size:
    """work: amount of the row, or part of it. rss: largest resident size, MB."""

    work: float
    seconds: float
    cpu: float
    rss: float


@dataclass(frozen=True, slots=True)
class Growth:
    name: str
    sizes: tuple[Size, ...]
    kept: bool = False

    @property
    def linear(self) -> bool:
        """Against each smaller size: the largest costs no more for a unit of work."""
        last = self.sizes[-1]
        return all(last.seconds / last.work <= TOLERANCE * s.seconds / s.work for s in self.sizes[:-1])

    @property
    def level(self) -> bool:
        """Whether memory stays, where nothing is to be kept."""
        return self.kept or self.sizes[-1].rss <= self.sizes[0].rss + MEMORY

    def told(self) -> str:
        first = self.sizes[0]
        times = ", ".join(f"{s.work / first.work:,.0f}x {s.seconds:,.3g} s" for s in self.sizes)
        costs = ", ".join(f"{1e6 * s.seconds / s.work:,.3g}" for s in self.sizes)
        memory = ", ".join(f"{s.rss:.0f}" for s in self.sizes) + (" MB, kept" if self.kept else " MB")
        return (
            f"{self.name}\n"
            f"    {'ok   ' if self.linear else 'SHORT'} {times}: {costs} us a unit\n"
            f"    {'ok   ' if self.level else 'SHORT'} resident {memory}"
        )


def grown(name: str, bench: Bench, runs: int) -> Growth:
    """Ours alone, at the three sizes."""
    sizes: list[Size] = []
    amounts: list[float] = []
    title = name
    for part in PARTS:
        with ROWS[name](replace(bench, scale=bench.scale * part)) as row:
            made = median([row.contenders[OURS]() for _ in range(runs)])
            memory = row.memory() if row.memory else made.rss
        amounts.append(row.amount)
        title = row.name
        sizes.append(Size(row.amount, made.seconds, made.cpu, memory))
    if len(set(amounts)) == 1:  # what it counts is done with more work each
        sizes = [replace(s, work=part * row.amount) for s, part in zip(sizes, PARTS, strict=True)]
    return Growth(title, tuple(sizes), name in KEPT)


def sized(names: Sequence[str]) -> list[str]:
    return [n for n in names if n not in FIXED]
