"""Mixed traffic in both roles: several jobs at a time, each kind in turn, until the time is over."""

from __future__ import annotations

import random
import threading
import time
import traceback
from collections.abc import Callable

from . import faulty, theirs  # noqa: F401 - their jobs register themselves
from .counting import same_on_both_sides
from .held import descriptors, resident
from .ours import JOBS, store
from .stage import OWN_TITLE, Stage

WORKERS = 4
MANY_ERRORS = 40
"""After so many the rest would say the same."""


def warm(stage: Stage) -> None:
    """Fill the archives, then each kind of job twice."""
    for where in filter(None, (stage.peer, stage.strict, stage.qr)):
        store(stage, where, stage.archive[0].path.parent, "FILLING", "Filling the archive")
        tally = stage.desk.settled("FILLING", own_peer=where is not stage.qr)
        if where is stage.qr:
            stage.enter("dcmqrscp", tally.counts)
    _work(stage, [name for name in JOBS for _ in range(2)])


def traffic(stage: Stage, seconds: float, say: Callable[[str], None]) -> dict[int, int]:
    """Jobs until the time is over, then the end of those under way. Gives resident MB by minutes passed, a dozen."""
    begun = time.monotonic()
    deadline = begun + seconds
    every = max(60.0, seconds / 12)
    seen: dict[int, int] = {}
    names = list(JOBS)
    chance = random.Random(seconds)
    while time.monotonic() < deadline and len(stage.desk.errors) < MANY_ERRORS:
        chance.shuffle(names)
        _work(stage, names, deadline)
        told = f"{stage.jobs.total()} jobs, {stage.desk.total['messages sent']} messages sent"
        say(f"{told}, {resident():.0f} MB resident, {descriptors().total()} descriptors")
        if time.monotonic() - begun >= every * (len(seen) + 1):
            seen[round((time.monotonic() - begun) / 60)] = round(resident())
    return seen


def finish(stage: Stage) -> None:
    """Counts that are whole at the end only."""
    stage.desk.rest()
    same_on_both_sides(stage.desk, OWN_TITLE)  # sub-operations of C-MOVEs
    theirs.compare_logs(stage)


def _work(stage: Stage, names: list[str], deadline: float = float("inf")) -> None:
    waiting = list(reversed(names))
    lock = threading.Lock()

    def worker(number: int) -> None:
        chance = random.Random(number)
        while time.monotonic() < deadline:
            with lock:
                if not waiting:
                    return
                name = waiting.pop()
                stage.jobs[name] += 1
            try:
                JOBS[name](stage, chance)
            except Exception as error:  # noqa: BLE001 - told, and the traffic goes on
                last = traceback.extract_tb(error.__traceback__)[-1]
                stage.wrong(f"{name}: {type(error).__name__}: {error} ({last.filename}:{last.lineno})")

    threads = [threading.Thread(target=worker, args=(n,), name="worker") for n in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
