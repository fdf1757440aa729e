"""Reading a file whole, where somebody names it: nothing is waited for without end, nothing fills the memory."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from pathlib import Path
from typing import IO

from .limits import MIB

SECRET = 8 * MIB
"""Bytes of a file that holds a passcode, ticket, assertion, certificate or key: real ones have some KiB,
all the authorities of a system 1 MiB."""
LIST = 64 * MIB
"""Bytes of a list of paths or references: half a million of them."""
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)


def read_whole(path: Path | None, most: int, *, pipes: bool = False) -> bytes:
    """The bytes of a file (None: of standard input) that has at most so many. OSError, with a reason in words where the
    system has none.

    pipes: whatever gives bytes is read to its end, a pipe or what is typed, for somebody who waits for it and can end
    it; else only a file is.
    """
    if path is None:
        return read_up_to(sys.stdin.buffer, most)
    if pipes:
        with path.open("rb") as file:
            return read_up_to(file, most)
    with open(path, "rb", opener=regular) as file:
        if os.fstat(file.fileno()).st_size > most:
            raise _too_large(most)
        return read_up_to(file, most)


def read_text_whole(
    path: Path | None, most: int, *, pipes: bool = False, encoding: str = "utf-8", errors: str = "strict"
) -> str:
    """As `read_whole`, as text each line ended by a line feed. UnicodeDecodeError too."""
    text = read_whole(path, most, pipes=pipes).decode(encoding, errors)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def hindrance(error: Exception) -> str:
    """What hindered, for people: no number of an error, no name of a codec, and nothing of what could not be read."""
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    if isinstance(error, UnicodeDecodeError):
        return f"it is no {error.encoding.upper()} from byte {error.start + 1} on"
    if isinstance(error, UnicodeEncodeError) and error.encoding != "idna":
        return f"character {error.start + 1} of the text cannot be written"
    if isinstance(error, UnicodeError):  # of a host's name (RFC 1123 2.1); from CPython 3.13 on it says which codec
        return "a part of it, between two dots, is empty, too long or has a character no name has"
    return str(error) or type(error).__name__


def is_file(path: Path) -> bool:
    """Whether a file is there.

    `Path.is_file` raises where the system lets nobody look: at a name that is too long, below a folder that may not be
    entered. Opening it says so.
    """
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: Path) -> bool:
    """Whether a folder is there, as `is_file`."""
    return os.path.isdir(path)  # noqa: PTH112


def may_be_there(path: Path) -> bool:
    """False only where the system says that there is nothing; what else hinders, reading it says."""
    try:
        return path.exists()
    except OSError:
        return True


def is_handed_over(path: Path) -> bool:
    """Whether it is a descriptor that a shell opened for us, as for `<(command)`: somebody writes to it, or has."""
    return re.fullmatch(r"/(?:dev|proc/self)/fd/\d+", str(path), re.ASCII) is not None


def regular(path: str, flags: int) -> int:
    """Opens files alone: a pipe would be waited for, a device may never end. For `open`, which turns down folders."""
    file = os.open(path, flags | _NO_WAIT)
    mode = os.fstat(file).st_mode
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return file
    os.close(file)
    raise OSError(errno.EINVAL, "it is no regular file")


def read_up_to(file: IO[bytes], most: int) -> bytes:
    """All bytes to the end, in pieces. OSError when there are more."""
    pieces, size = list[bytes](), 0
    while piece := file.read(MIB):
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raise _too_large(most)
    return b"".join(pieces)


def _too_large(most: int) -> OSError:
    return OSError(errno.EFBIG, f"it has more than {most:,} bytes, which is not what such a file has")
