"""The benchmarks: all rows, or `python -m tests.bench echo store16k --runs 3`; `--quick`, `--json FILE`.

Our engine, its peers, the limit of the machine (a small C program) and, where files are sent or received, the least a
Python program can do ("bare") at the same work in the same run, in turn; what is shown are medians. A rate of ours
divided by a peer's says more than either: machines differ, and other work disturbs both.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import tests.installed  # noqa: F401 - first

from .files import LeftOutError
from .growth import grown, sized
from .limit import compiled, compiled_loop
from .measure import Result, median
from .rows import OURS, ROWS, Bench, Row

HUGE = ("store5g", "receive5g")
"""Only where asked for by name or --huge: gigabytes of disk."""


def main() -> int:
    args = _arguments()
    base = args.folder or (Path("/dev/shm") if Path("/dev/shm").is_dir() else None)
    with tempfile.TemporaryDirectory(prefix="dimse-bench-", dir=base) as folder:
        scale = 0.005 if args.quick else args.scale
        bench = Bench(Path(folder), compiled(Path(folder)), compiled_loop(Path(folder)), scale)
        print(_machine(bench))
        names = args.rows or [n for n in ROWS if args.huge or n not in HUGE]
        runs = 1 if args.quick else args.runs
        if args.growth:
            told = [_sized(name, bench, runs) for name in sized(names)]
        else:
            told = [_measure(name, bench, runs) for name in names]
    if bench.missing:
        print(f"Not there, so not compared with: {', '.join(sorted(bench.missing))}.")
    if args.json:
        args.json.write_text(json.dumps({"machine": _machine(bench), "rows": told}, indent=1) + "\n")
    return 0


def _sized(name: str, bench: Bench, runs: int) -> dict[str, object]:
    """Cost against size."""
    try:
        growth = grown(name, bench, runs)
    except LeftOutError as error:
        return _left_out(name, error)
    print(growth.told(), flush=True)
    return {
        "row": name,
        "name": growth.name,
        "sizes": [asdict(size) for size in growth.sizes],
        "linear": growth.linear,
        "level": growth.level,
    }


def _left_out(name: str, error: LeftOutError) -> dict[str, object]:
    print(f"{name}\n    not measured: {error}", flush=True)
    return {"row": name, "left_out": str(error)}


def _measure(name: str, bench: Bench, runs: int) -> dict[str, object]:
    try:
        return _compared(name, bench, runs)
    except LeftOutError as error:
        return _left_out(name, error)


def _compared(name: str, bench: Bench, runs: int) -> dict[str, object]:
    with ROWS[name](bench) as row:
        results: dict[str, list[Result]] = {who: [] for who in row.contenders}
        for _ in range(runs):
            for who, go in row.contenders.items():  # in turn, so that what disturbs disturbs all
                results[who].append(go())
        medians = {who: median(r) for who, r in results.items()}
        memory = row.memory() if row.memory else medians[OURS].rss
    print(_told(row, medians, memory), flush=True)
    return {
        "row": name,
        "name": row.name,
        "unit": row.unit,
        "rates": {who: round(row.amount / r.seconds, 2) for who, r in medians.items()},
        "seconds": {who: [round(r.seconds, 4) for r in rs] for who, rs in results.items()},
        "cpu_us_each": {who: round(1e6 * r.cpu / row.amount, 1) for who, r in medians.items()},
        "memory_mb": round(memory),
        "goals": [{"who": g.who, "must": g.must, "aim": g.aim} for g in row.goals],
    }


def _told(row: Row, medians: dict[str, Result], memory: float) -> str:
    """The row as some lines of text: rates, then what is to be reached and is."""
    rates = {who: row.amount / r.seconds for who, r in medians.items()}
    shown = "  ".join(f"{who} {rate:,.{0 if rate >= 20 else 2}f}" for who, rate in rates.items())
    costs = "  ".join(f"{who} {1e6 * r.cpu / row.amount:,.0f}" for who, r in medians.items())
    lines = [f"{row.name}\n    {row.unit}: {shown}", f"    processor time {row.spender}, us a unit: {costs}"]
    for goal in row.goals:
        if goal.who in rates:
            ratio = rates[OURS] / rates[goal.who]
            spent = medians[OURS].cpu / max(1e-9, medians[goal.who].cpu)
            wanted = [f"{word} {x:g}" for word, x in (("must", goal.must), ("aim", goal.aim)) if x]
            mark = "ok   " if ratio >= (goal.must or goal.aim) else "SHORT"
            told = f"{ratio:6.2f} x {goal.who:<11} {mark} ({', '.join(wanted)}); processor time {spent:.2f} x theirs"
            lines.append(f"    {told}")
    if memory:
        over = f" of {row.largest:g} allowed" if row.largest else ""
        lines.append(f"    resident at most {memory:.0f} MB{over}")
    note = row.note if isinstance(row.note, str) else row.note()
    if note:
        lines.append(f"    ({note})")
    return "\n".join(lines)


def _machine(bench: Bench) -> str:
    limit = "limit: peer.c" if bench.program else "no C compiler: no limit measured, the sink is our own"
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, CPython {platform.python_version()}; "
        f"{limit}; files in {bench.folder.parent}; load {os.getloadavg()[0]:.1f}"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--runs", type=int, default=5, help="how often each; medians are shown (5)")
    parser.add_argument("--scale", type=float, default=1.0, help="times the work of each row (1)")
    parser.add_argument("--quick", action="store_true", help="see that every row runs: once, with next to no work")
    parser.add_argument("--growth", action="store_true", help="cost against size instead: ours at 1x, 10x and 100x")
    parser.add_argument("--huge", action="store_true", help="the files of 5 GB too")
    parser.add_argument("--folder", type=Path, help="where files are made and received (memory, where there is such)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    args = parser.parse_args()
    unknown = [r for r in args.rows if r not in ROWS]
    if unknown:
        parser.error(f"no such row: {', '.join(unknown)}; there are {', '.join(ROWS)}")
    return args


if __name__ == "__main__":
    sys.exit(main())
