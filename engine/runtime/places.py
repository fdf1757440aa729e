"""Which folders are on a disk of this computer: there the loop may read and write itself. A share on the network, a
disc in a drive or a program behind a folder may not answer for minutes, or ever: that is for another thread."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

QUICK_KINDS = frozenset({
    "apfs", "bcachefs", "btrfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs", "hfs", "jfs", "ntfs", "ntfs3",
    "overlay", "ramfs", "reiserfs", "rootfs", "squashfs", "tmpfs", "vfat", "xfs", "zfs",
})  # fmt: skip
"""File systems, as Linux names them, of a disk of this computer or its memory. Those on optical discs are none of them:
a scratch is read for minutes."""
MOST = 1 << 17
"""Folders remembered: as many as there are series in a large plan."""
_FIXED, _RAM = 3, 6
"""Drive types of Windows (GetDriveTypeW)."""
_ELSEWHERE = ("/Volumes/", "/Network/", "/net/")
"""Where macOS has what is not its own disk."""
_MOUNTS = Path("/proc/self/mountinfo")

_known: dict[str, bool] = {}


def is_quick(folder: str | Path) -> bool:
    """Whether a folder is on a disk of this computer; remembered for `known_quick`, until it is asked again: something
    may have been mounted since. Asks the disk: not for the loop."""
    name = str(folder)
    if len(_known) >= MOST:
        forget()
    quick = _known[name] = _is_quick(os.path.realpath(name))
    return quick


def known_quick(folder: str | Path) -> bool | None:
    """The same without a question to the disk; None where nobody asked yet."""
    return _known.get(str(folder))


def quick_or_none(folder: Path | None) -> Path | None:
    """The folder where it is known to be quick; else None, the one for temporary files: what the loop itself writes
    goes to a disk of this computer, and is copied then."""
    return folder if folder is not None and known_quick(folder) else None


def is_quick_file(path: Path) -> bool:
    """The same of what is read when this file is: a link may lead elsewhere. Asks the disk too."""
    return is_quick(path.parent) and (not path.is_symlink() or is_quick(os.path.dirname(os.path.realpath(path))))  # noqa: PTH120


def known_quick_file(path: Path) -> bool:
    """Whether a file is known to be so: its folder is, and it is no link."""
    name = str(path)
    return _known.get(folder_of(name), False) and not os.path.islink(name)  # noqa: PTH114 - costs less


def folder_of(name: str, dirname: Callable[[str], str] = os.path.dirname) -> str:
    """The folder of a file as `str(path.parent)` says it: for those in a drive's root "C:\\", not "C:". dirname: the
    system's own."""
    return dirname(name) or "."


def forget() -> None:
    """All is asked anew."""
    _known.clear()


def _is_quick(path: str) -> bool:
    if sys.platform == "win32":
        return _drive_type(path) in (_FIXED, _RAM)
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return not path.startswith(_ELSEWHERE)
    return kind_of(path, mounts) in QUICK_KINDS


def kind_of(path: str, mounts: str) -> str:
    """The file system a path without links is on, as the text of mountinfo tells (proc(5)); "" where it does not."""
    longest, kind = -1, ""
    for line in mounts.splitlines():
        fields, _, rest = line.partition(" - ")
        parts = fields.split(" ")
        if len(parts) < 5:
            continue
        place = _plain(parts[4])
        below = path == place or path.startswith(place if place.endswith("/") else f"{place}/")
        if below and len(place) >= longest:  # of several at one place the last one is seen
            longest, kind = len(place), rest.partition(" ")[0]
    return kind


def _plain(text: str) -> str:
    """A path as it is: mountinfo has spaces and the like in octal."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text


def _drive_type(path: str) -> int:
    import ctypes

    drive = os.path.splitdrive(path)[0]
    if drive.startswith("\\\\"):  # a share
        return 0
    return int(getattr(ctypes, "windll").kernel32.GetDriveTypeW(f"{drive}\\"))  # noqa: B009 - Windows alone has it
