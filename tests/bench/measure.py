"""Running one contender and saying how long it took, with how much processor time and memory."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 900.0
"""Seconds one run may take."""
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
WARM = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""What a program runs with: bytecode is kept, as it is for whoever installed them, ours like pynetdicom's."""


@dataclass(frozen=True, slots=True)
class Result:
    """seconds: of the work, or of the whole process. cpu: user and system seconds. rss: largest resident size, MB."""

    seconds: float
    cpu: float
    rss: float


Run = Callable[[], Result]


def largest_resident(pid: int) -> float:
    """MB a process has had at most; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)


def spent_in(session: int) -> float:
    """Processor seconds the processes of a session and those they waited for have used; 0 where the system does not
    tell."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            fields = path.read_text().rpartition(")")[2].split()  # from the third on (proc_pid_stat(5))
            if int(fields[3]) == session:
                ticks += sum(map(int, fields[11:15]))
    return ticks / TICKS if ticks else 0.0


def charged(go: Run, session: int) -> Run:
    """The same with the processor time of the provider that it works with in place of its own."""

    def made() -> Result:
        before = spent_in(session)
        result = go()
        return replace(result, cpu=spent_in(session) - before)

    return made


def median(results: Sequence[Result]) -> Result:
    return Result(*(statistics.median(getattr(r, name) for r in results) for name in Result.__slots__))


def run(*command: object, env: dict[str, str] | None = None) -> tuple[Result, str]:
    """A program to its end. AssertionError with its output when it fails."""
    begun, used = time.perf_counter(), _children()
    done = subprocess.run(
        [str(c) for c in command],
        capture_output=True,
        text=True,
        env={**WARM, **(env or {})},
        cwd=ROOT,
        timeout=PATIENCE,
        check=False,
    )
    seconds = time.perf_counter() - begun
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return Result(seconds, _children() - used, 0.0), done.stdout


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def whole(*command: object, env: dict[str, str] | None = None) -> Run:
    """The whole process is what is measured."""
    return lambda: run(*command, env=env)[0]


def alone(many: Run, one: Run) -> Run:
    """The work alone: what it took less what next to nothing takes (starting, connecting, a handshake)."""
    start: list[Result] = []

    def go() -> Result:
        if not start:
            start.append(median([one() for _ in range(3)]))
        made = many()
        return replace(made, seconds=max(1e-6, made.seconds - start[0].seconds), cpu=max(1e-6, made.cpu - start[0].cpu))

    return go


def timed(*command: object, env: dict[str, str] | None = None) -> Run:
    """A program that prints the seconds of its work, alone or as JSON with the rest."""

    def go() -> Result:
        result, text = run(*command, env=env)
        told = json.loads(text.strip().splitlines()[-1])
        if isinstance(told, dict):
            return Result(told["seconds"], told["cpu"], told["rss"])
        return Result(float(told), result.cpu, 0.0)

    return go


def told_by(*command: object) -> dict[str, float]:
    """The JSON object a program prints in its last line."""
    told: dict[str, float] = json.loads(run(*command)[1].strip().splitlines()[-1])
    return told


def ours(*arguments: object) -> Run:
    return timed(sys.executable, "-m", "tests.bench.ours", *arguments)


def pynetdicom(*arguments: object) -> Run:
    return timed(sys.executable, "-m", "tests.bench.pynet", *arguments)


def bare(*arguments: object) -> Run:
    return timed(sys.executable, "-m", "tests.bench.bare", *arguments)


@dataclass(slots=True)
class Server:
    """A provider in a process of its own that prints its port first."""

    port: int
    process: subprocess.Popen[str] = field(repr=False)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def rss(self) -> float:
        return largest_resident(self.pid)


@contextmanager
def serving(module: str, *arguments: object) -> Iterator[Server]:
    command = [sys.executable, "-m", f"tests.bench.{module}", "serve", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True)
    assert process.stdout is not None
    try:
        yield Server(int(process.stdout.readline()), process)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
