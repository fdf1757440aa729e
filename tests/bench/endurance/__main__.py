"""Endurance: `python -m tests.bench.endurance [--associations N] [--at-once N] [--minutes M] [--rounds R]
[--json FILE]`.

Associations in a row, many at once, mixed traffic in both roles with faults, a window that is used: what the process
holds at the end is what it held after warming up, and both sides count the same messages. Exit code 1 with a sentence
for whatever grew or differs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tests.installed  # noqa: F401 - first

from . import many, mixed
from .desk import Desk
from .held import Held, load_all, take
from .stage import staged

WARM = 60
"""Associations before the first look: modules are loaded, pools and caches filled."""


class Report:
    """The parts done, as lines and as values."""

    def __init__(self, *, quiet: bool) -> None:
        self.parts: list[dict[str, Any]] = []
        self.wrong: list[str] = []
        self._quiet = quiet
        self._said = 0.0

    def say(self, text: str) -> None:
        """How far it is; every ten seconds."""
        if not self._quiet and time.monotonic() - self._said > 10.0:
            self._said = time.monotonic()
            print(f"    {time.strftime('%H:%M:%S')} {text}", flush=True)

    def add(self, name: str, seconds: float, before: Held, after: Held, desk: Desk | None, **more: Any) -> None:
        wrong = [*after.grown(before), *(desk.errors if desk else ())]
        self.wrong += [f"{name}: {w}" for w in wrong]
        part = {
            "part": name,
            "seconds": round(seconds, 1),
            "before": before.row(),
            "after": after.row(),
            "total": dict(desk.total) if desk else {},
            "wrong": wrong,
            **more,
        }
        self.parts.append(part)
        print(_told(part), flush=True)


def _told(part: dict[str, Any]) -> str:
    lines = [f"{part['part']} ({part['seconds']:.0f} s)"]
    for what, was in part["before"].items():
        lines.append(f"    {what:<14}{was:>12,} -> {part['after'][what]:>12,}")
    lines += [f"    {n:>12,} {what}" for what, n in sorted(part["total"].items())]
    if part.get("resident"):
        by_minute = ", ".join(f"{megabytes} after {minute}" for minute, megabytes in part["resident"].items())
        lines.append(f"    MB resident under way, by minutes: {by_minute}")
    lines += [f"    WRONG: {w}" for w in part["wrong"]] or ["    ended where it began; both sides count the same"]
    return "\n".join(lines)


def associations(report: Report, count: int, once: int) -> None:
    with Desk() as desk:
        peer = desk.listen()

        def part(name: str, work: Callable[[], None]) -> None:
            desk.rest()
            desk.total.clear()
            before, begun = take(desk.engine), time.perf_counter()
            work()
            desk.rest()
            report.add(name, time.perf_counter() - begun, before, take(desk.engine), desk)
            desk.errors.clear()

        many.in_a_row(desk, peer, WARM)
        if count:
            part(f"{count:,} associations in a row", lambda: many.in_a_row(desk, peer, count, report.say))
        if once:
            many.at_once(desk, peer, once, 2)
            rounds = 10
            part(f"{rounds} x {once} associations at once", lambda: many.at_once(desk, peer, once, rounds, report.say))


def both_roles(report: Report, minutes: float, folder: Path) -> None:
    with Desk() as desk, staged(desk, folder) as stage:
        mixed.warm(stage)
        mixed.traffic(stage, min(20.0, minutes * 6), report.say)  # faults come in turn: some of each kind
        desk.rest()
        desk.total.clear()
        stage.jobs.clear()
        before, begun = take(desk.engine), time.perf_counter()
        passed = mixed.traffic(stage, minutes * 60, report.say)
        seconds = time.perf_counter() - begun
        mixed.finish(stage)
        name = f"{minutes:g} minutes of mixed traffic, with faults"
        report.add(name, seconds, before, take(desk.engine), desk, jobs=dict(stage.jobs), resident=passed)


def window(report: Report, count: int, folder: Path) -> None:
    from . import panes  # Qt is loaded for this part only

    with panes.opened(folder) as shown:
        panes.rounds(shown, 2)  # what is made once is there
        before, begun = take(qt=panes.qobjects()), time.perf_counter()
        panes.rounds(shown, count, report.say)
        seconds = time.perf_counter() - begun
        after = take(qt=panes.qobjects())
    report.add(f"{count} rounds through the window: associations, pages, dialogs", seconds, before, after, None)


def main() -> int:
    args = _arguments()
    report = Report(quiet=args.quiet)
    machine = (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, CPython {platform.python_version()}"
    )
    print(f"{machine}; load {os.getloadavg()[0]:.1f}", flush=True)
    load_all()
    base = args.folder or (Path("/dev/shm") if Path("/dev/shm").is_dir() else None)
    with tempfile.TemporaryDirectory(prefix="endurance-", dir=base) as folder:
        tempfile.tempdir = folder  # what others leave in the system's own is not ours to count
        associations(report, args.associations, args.at_once)
        if args.minutes:
            both_roles(report, args.minutes, Path(folder, "mixed"))
        if args.rounds:
            window(report, args.rounds, Path(folder, "window"))
    if args.json:
        args.json.write_text(json.dumps({"machine": machine, "parts": report.parts}, indent=1) + "\n")
    print("\n".join(report.wrong) or "Everything ended where it began.")
    return 1 if report.wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.endurance", description=__doc__)
    parser.add_argument("--associations", type=int, default=10_000, help="in a row (10000); 0: none")
    parser.add_argument("--at-once", type=int, default=64, help="associations open together (64); 0: none")
    parser.add_argument("--minutes", type=float, default=60.0, help="of mixed traffic (60); 0: none")
    parser.add_argument("--rounds", type=int, default=30, help="through the window (30); 0: none")
    parser.add_argument("--folder", type=Path, help="where files are made and received (memory, where there is such)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--quiet", action="store_true", help="the results only")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
