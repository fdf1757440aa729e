"""Fuzzing: `python -m tests.fuzz TARGET|all --runs N --seconds S`; `--list`, `--plain`, `--again FILE`.

Each target runs in a process of its own, guided by coverage where Atheris is installed (the extra `fuzz`), else by
chance alone. Inputs that break something are saved and the run goes on; the exit code is 1 then. What a target writes
is gone when its process has ended, however that came.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tests.installed  # noqa: F401 - first

from . import guided
from .running import Probe, plain_run
from .targets import NAMES, load

FOLDER = Path.home() / ".cache" / "dimse-console-fuzz"
MEMORY = 3 << 30
"""Bytes of address space: an input that wants more breaks with MemoryError instead of the machine."""


def main() -> int:
    args = _arguments()
    if args.list:
        print("\n".join(NAMES))
        return 0
    chosen = NAMES if "all" in args.target else tuple(dict.fromkeys(args.target))
    if args.again:
        load(chosen[0]).run(args.again.read_bytes())
        return 0
    try:
        args.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sys.exit(f"{error}. Name a folder that can be written with --folder.")
    if args.alone:
        return _one(args, chosen[0])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # folders go then too
    codes = {name: _in_a_process(args, len(chosen), name) for name in chosen}
    failed = [name for name, code in codes.items() if code]
    if len(chosen) > 1:
        print(f"{len(chosen)} targets; faults in: {', '.join(failed) or 'none'}.")
    return bool(failed)


def _in_a_process(args: argparse.Namespace, count: int, name: str) -> int:
    """One target's exit code. Its temporary folder is ours to remove: libFuzzer ends a process without Python's leave.

    In memory where the system has such a place, since it is written to thousands of times."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="dimse-fuzz-", dir=memory if memory.is_dir() else None) as folder:
        places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder)
        return subprocess.run([*_again(args, count), name], env={**os.environ, **places}, check=False).returncode


def _again(args: argparse.Namespace, count: int) -> list[str]:
    """The same command for one of the targets: its share of the time."""
    given = ["--seconds", str(args.seconds / count), "--runs", str(args.runs), "--seed", str(args.seed)]
    given += ["--alone", "--folder", str(args.folder), *(["--plain"] if args.plain else [])]
    return [sys.executable, "-m", "tests.fuzz", *given]


def _one(args: argparse.Namespace, name: str) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    crashes = args.folder / "crashes"
    began = time.monotonic()
    by_coverage = not args.plain and importlib.util.find_spec("atheris") is not None

    def done(probe: Probe) -> None:
        took = time.monotonic() - began
        how = "guided" if by_coverage else "plain"
        row = {"target": name, "how": how, "executions": probe.executions, "seconds": round(took, 1)}
        row |= {"slowest": round(probe.slowest, 2), "faults": sorted(probe.faults)}
        with (args.folder / "runs.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        rate = probe.executions / max(took, 0.001)
        print(
            f"{name:15} {how:6} {probe.executions:>10,} executions {rate:>8,.0f}/s, slowest {probe.slowest:.2f} s",
            flush=True,
        )
        for where in sorted(probe.faults):
            print(f"    {where}: {crashes}", flush=True)

    corpus = args.folder / "corpus" / name
    if by_coverage:
        guided.run(
            lambda: load(name), lambda target: Probe(target, crashes), done,
            corpus=corpus, runs=args.runs, seconds=args.seconds, seed=args.seed,
        )  # fmt: skip
    probe = Probe(load(name), crashes)
    plain_run(probe, runs=args.runs, seconds=args.seconds, seed=args.seed, corpus=corpus)
    done(probe)
    return bool(probe.faults)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("target", nargs="*", default="all", choices=("all", *NAMES), metavar="TARGET")
    parser.add_argument("--runs", type=int, default=1 << 62, help="executions of a target at most")
    parser.add_argument("--seconds", type=float, default=230.0, help="in all, shared by the targets (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the chance; plain, the same inputs again")
    parser.add_argument("--plain", action="store_true", help="without coverage")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="of corpus, crashes, figures (%(default)s)")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)  # the process of one target
    parser.add_argument("--again", type=Path, metavar="FILE", help="run one saved input, with its traceback")
    parser.add_argument("--list", action="store_true", help="the targets")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
