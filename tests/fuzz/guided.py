"""The same, guided by coverage: Atheris, a development tool (the extra `fuzz`), says which inputs reach new code."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from .mutate import mutated
from .running import Probe
from .target import Target


def run(
    load: Callable[[], Target],
    probe_of: Callable[[Target], Probe],
    done: Callable[[Probe], None],
    *,
    corpus: Path,
    runs: int,
    seconds: float,
    seed: int,
) -> None:
    """Ends the process: Atheris does not come back. load: imports the target, so that its code is instrumented.

    done: told the figures before the end. corpus: inputs that reached new code are kept there from run to run.
    """
    import atheris

    with atheris.instrument_imports(include=["engine"], enable_loader_override=False):
        target = load()
        seeds = target.seeds()
        for data in seeds[:64]:  # modules imported late must be instrumented too
            target.run(data)
    probe = probe_of(target)
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds):
        (corpus / f"seed-{number:04}").write_bytes(data[: target.largest])
    end, rng = time.monotonic() + seconds, Random(seed)

    def one(data: bytes) -> None:
        probe(data)
        if probe.executions >= runs or (not probe.executions & 31 and time.monotonic() >= end):
            done(probe)
            sys.stdout.flush()
            os._exit(bool(probe.faults))

    def change(data: bytes, largest: int, number: int) -> bytes:
        if number & 1:
            return bytes(atheris.Mutate(data, largest))
        return mutated(data, rng, rng.choice(seeds), largest, text=target.text)

    arguments = [
        "fuzz", str(corpus), f"-max_len={target.largest}", f"-seed={seed or 1}", "-timeout=60", "-rss_limit_mb=2048",
        "-len_control=0", "-print_final_stats=0", "-reload=0", "-verbosity=1",
    ]  # fmt: skip
    with probe.watched():
        atheris.Setup(arguments, one, custom_mutator=change)
        atheris.Fuzz()
