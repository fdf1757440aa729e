"""What a process holds at a moment, and the sentences that name what has grown since another."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import gc
import importlib
import os
import pkgutil
import re
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import engine as engine_package
from engine.protocol import upper_layer
from engine.runtime.freed_memory import give_back
from engine.standard import lean, state_table
from engine.standard.pdus import Layout, rows_of

OBJECTS = 50
"""Objects of one type that may come and go between two looks: what a pool, a queue or the interpreter keeps for later.
Whatever is lost once an association, a message or a fault grows past it in any run worth the name."""
POOLED = {"weakref.ReferenceType": 2_000, "engine.model.dataset.DataElement": 300, "builtins.tuple": 150}
"""sqlite3's connections keep up to 200 dead references to cursors each; there are as many connections as listeners.
Instances that are held share elements that are alike (`known_elements`): those that come after a look share them with
none that came before it, since each look empties the caches. Elements, their items and our own counts of messages are
in tuples."""
BLOCKS = 5_000
"""Pieces of memory that Python has handed out: strings, bytes and numbers too, which no object count sees."""
ALLOCATED = 2.0
"""MB in use of the C library's memory: what is larger than 512 bytes, and what SQLite, OpenSSL and zlib have."""
CACHED = 0.25
"""MB besides, of each thread, which glibc counts as in use: small pieces kept for later (tcache), seven of each of 64
sizes up to 1 KiB, 0.23 MB when all are there, which takes long."""
INTERNED = 200_000
"""Strings interned for nothing, so that the interpreter's table of them has the size that it keeps: it is made anew,
1.9 MB larger, once so many have come and gone."""
MEGABYTES = 12.0
"""Of resident memory. It holds what the allocators keep besides: Python gives a megabyte back only when nothing in it
is in use any more. What is in use is counted more sharply above, so that this is for what no allocator knows of."""

WIDGETS = ("gui.panels.", "gui.forms.", "gui.dialogs.", "gui.palette", "PySide6.")
FILLED = ("_PLAIN",)
"""Caches in capitals."""


@dataclass(frozen=True, slots=True)
class Held:
    """Taken at rest, caches emptied."""

    threads: tuple[str, ...]
    descriptors: Counter[str]
    """By what they are: socket, pipe, file, ..."""
    temporary_files: int
    engine: dict[str, int]
    """What the engine keeps of what is under way."""
    resident: float
    """MB."""
    native_threads: int
    """Those of libraries too."""
    allocated: float
    """MB in use of the C library's memory; 0: not to be judged, or not known."""
    blocks: int
    """0: not to be judged."""
    objects: Counter[str] = field(repr=False)
    """Objects the collector sees, by type."""
    qt: Counter[str] = field(default_factory=Counter, repr=False)
    """QObjects, by class."""

    def grown(self, before: Held) -> list[str]:
        """A sentence for each kind of thing there is more of than before."""
        said = [
            f"{n} threads named {name}" for name, n in _more(Counter(self.threads), Counter(before.threads)).items()
        ]
        said += [f"{n} descriptors: {kind}" for kind, n in _more(self.descriptors, before.descriptors).items()]
        said += [f"{n} {kind} of the engine" for kind, n in _more(Counter(self.engine), Counter(before.engine)).items()]
        if self.temporary_files > before.temporary_files:
            said.append(f"{self.temporary_files - before.temporary_files} temporary files")
        more = _more(self.objects, before.objects)
        said += [f"{n} objects of {kind}" for kind, n in more.items() if n > POOLED.get(kind, OBJECTS)]
        said += [f"{n} QObjects: {kind}" for kind, n in _more(self.qt, before.qt).items()]
        if self.blocks - before.blocks > BLOCKS:
            said.append(f"{self.blocks - before.blocks} pieces of Python's memory")
        if self.allocated - before.allocated > ALLOCATED + CACHED * self.native_threads:
            said.append(f"{self.allocated - before.allocated:.1f} MB in use of the C library's memory")
        if self.resident - before.resident > MEGABYTES:
            said.append(f"{self.resident - before.resident:.1f} MB of resident memory")
        return [f"Grown by {what}." for what in said]

    def row(self) -> dict[str, float]:
        return {
            "threads": len(self.threads),
            "descriptors": self.descriptors.total(),
            "objects": self.objects.total(),
            "blocks": self.blocks,
            "allocated_mb": round(self.allocated, 1),
            "resident_mb": round(self.resident, 1),
            **({"qobjects": self.qt.total()} if self.qt else {}),
        }


def _more(now: Counter[str], before: Counter[str]) -> dict[str, int]:
    """Most first."""
    return dict((now - before).most_common())


def load_all() -> None:
    """Load every module of the engine, and make what each of its classes makes when it is first used, so that nothing
    that comes late and once counts as growth: `__init__`, the rows of a layout, the transitions of the state table, the
    table of interned strings."""
    for found in pkgutil.walk_packages(engine_package.__path__, "engine."):
        for value in tuple(vars(importlib.import_module(found.name)).values()):
            if isinstance(value, type) and getattr(value.__init__, "__module__", "") == lean.__name__:
                with contextlib.suppress(Exception):  # it gets no arguments: that it was called is enough
                    value.__init__(object.__new__(value))
            if isinstance(value, type) and issubclass(value, Layout):
                rows_of(value)
    for number in range(INTERNED):
        sys.intern(f"interned for nothing {number}")
    for (event, state), name in state_table.TABLE.items():
        for following in state_table.ACTIONS[name].next_states:
            upper_layer._transition(state, event, name, following)


def take(engine: Any = None, qt: Counter[str] | None = None) -> Held:
    """What this process holds. engine: an `Engine` at rest. qt: QObjects by class; a window keeps records of the past,
    bounded but not yet full, so that of Python's objects those of its widgets count only."""
    _empty_caches()
    for _ in range(3):  # finalizers make garbage of their own
        gc.collect()
    _trim(engine)
    threads = tuple(sorted(_plain(t.name) for t in threading.enumerate() if not t.name.startswith("asyncio_")))
    return Held(
        threads=threads,  # the loop's pool for blocking work is bounded and stays
        descriptors=descriptors(),
        temporary_files=len(list(Path(tempfile.gettempdir()).glob("dimse-console-*"))),
        engine=_of_engine(engine) if engine is not None else {},
        resident=resident(),
        native_threads=native_threads(),
        allocated=allocated() if qt is None else 0.0,
        blocks=sys.getallocatedblocks() if qt is None else 0,
        objects=_objects() if qt is None else Counter({k: n for k, n in _objects().items() if k.startswith(WIDGETS)}),
        qt=qt or Counter(),
    )


def _plain(name: str) -> str:
    return re.sub(r"[-_]?\d+.*", "", name)


def _objects() -> Counter[str]:
    return Counter(f"{type(o).__module__}.{type(o).__qualname__}" for o in gc.get_objects())


def _empty_caches() -> None:
    """Bounded, but what they hold is no leak and would hide one: those of functools, and dictionaries of modules, which
    are named in small letters where they are filled at work."""
    for module in [m for name, m in sys.modules.items() if name.startswith("engine.")]:
        for name, value in vars(module).items():
            if type(value) is dict and not name.startswith("__") and (name != name.upper() or name in FILLED):
                value.clear()
    for found in gc.get_objects():
        if isinstance(found, functools._lru_cache_wrapper) and found.cache_parameters()["maxsize"] is not None:
            found.cache_clear()


def _trim(engine: Any) -> None:
    """What the engine does by itself when it has been at rest for some seconds: free memory goes back to the system, so
    that resident memory says what is in use."""
    if engine is None:
        give_back()
        return
    done = threading.Event()

    def act() -> None:
        give_back()
        done.set()

    assert engine._life._call(act)  # not told otherwise
    assert done.wait(30.0)


def _of_engine(engine: Any) -> dict[str, int]:
    context = engine._context  # not told otherwise
    return {
        "associations": len(context.associations),
        "links": len(context.links),
        "listeners": len(context.listeners),
        "tasks": len(context._tasks),
    }


def at_rest(engine: Any) -> bool:
    """Whether nothing is under way in the engine."""
    context = engine._context
    return not context.associations and not context.links and not context._tasks


def descriptors() -> Counter[str]:
    """Open descriptors of this process by kind; empty where the system does not tell."""
    folder = Path("/proc/self/fd")
    found: Counter[str] = Counter()
    for entry in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(OSError):  # that of the folder itself
            found[re.sub(r":\[\d+\]|\d+", "", str(entry.readlink()))] += 1
    return found


class _MallInfo2(ctypes.Structure):
    """struct mallinfo2 of mallinfo(3)."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def native_threads() -> int:
    """Threads of this process as the system counts them; those of Python where it does not tell."""
    folder = Path("/proc/self/task")
    return len(list(folder.iterdir())) if folder.is_dir() else threading.active_count()


def allocated() -> float:
    """MB that glibc has handed out, in all its areas and in mappings; 0 where there is another C library, or one before
    2.33."""
    try:
        ask = ctypes.CDLL(None).mallinfo2
    except (OSError, AttributeError, TypeError):
        return 0.0
    ask.restype = _MallInfo2
    told = ask()
    return float(told.uordblks + told.hblkhd) / 2**20


def resident() -> float:
    """MB; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
