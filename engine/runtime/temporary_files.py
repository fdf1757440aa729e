"""Temporary files, with names that tell whose they are: what a killed process left is deleted by the next."""

from __future__ import annotations

import itertools
import os
import platform
import re
import threading
import weakref
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path

from engine.model.dataset import FileData

_made_by = re.compile(r"dimse-console-([0-9]+)-([0-9a-f]{8})-\w+\.part").fullmatch
"""The name of a temporary file: the process that made it, and where that number means it."""
_numbers = itertools.count()


def prefix() -> str:
    """What names of temporary files of this process begin with; they end in ".part"."""
    return f"dimse-console-{os.getpid()}-{processes()}-"


def new_name() -> str:
    """The name of one that is not there yet, if nobody else makes names of this process."""
    return f"{prefix()}{next(_numbers)}.part"


class Owner:
    """Whoever has a received data set refers to it; with the last of them, or the program's end, its file goes."""

    __slots__ = ("__weakref__",)

    def __init__(self, path: Path) -> None:
        weakref.finalize(self, delete, path)


def delete(path: Path) -> None:
    """Delete a file, if it is there and that is allowed: else the next start does it."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def drop_spooled(data: object) -> None:
    """Delete the temporary file behind a received data set, if there is one."""
    if isinstance(data, FileData) and data.path.name.startswith("dimse-console-") and data.path.suffix == ".part":
        delete(data.path)


@cache
def sweep_left(folder: Path) -> None:
    """Have the temporary files of processes that were killed deleted, once: patients' data may be in them. Where the
    system cannot say which processes live (Windows), they stay."""
    if os.name != "nt":
        with suppress(RuntimeError):  # no more threads: the next program does it
            threading.Thread(target=_sweep, args=(folder,), name="dimse-sweeping", daemon=True).start()


def _sweep(folder: Path) -> None:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            made = _made_by(entry.name)
            if made is not None and made[2] == processes() and not _lives(int(made[1])):
                with suppress(OSError):  # somebody else's, or gone
                    Path(entry).unlink()


@cache
def processes() -> str:
    """Where the numbers of processes mean the same ones: this computer since its start, and in this container. Others
    may share the folder."""
    parts = [platform.node()]
    with suppress(OSError):
        parts += [
            Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"),
            str(Path("/proc/self/ns/pid").readlink()),
        ]
    return f"{zlib.crc32(repr(parts).encode()):08x}"


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True
