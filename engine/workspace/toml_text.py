"""TOML in and out: reading with the line of every problem, writing the way a person would.

Writing keeps the order given, puts small tables on one line and status codes in hexadecimal, and replaces the file in
one step so that a crash never leaves half a file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.model.reading import hindrance, is_handed_over, read_text_whole

from .errors import ValueProblem, WorkspaceError

Table = dict[str, Any]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")
_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_HEADER = re.compile(r"\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(#.*)?\Z")
_KEY = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)\s*[=.]""")
_PART = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)\s*(?:\.|\Z)""")
KEY_PARTS = 100
"""Parts of a dotted key: for one of thousands tomllib takes minutes. Ours have five."""
_PART_OF_KEY = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(
    rf"""(?:^|[\[{{,])[ \t]*+{_PART_OF_KEY}(?:[ \t]*+\.[ \t]*+{_PART_OF_KEY}){{{KEY_PARTS}}}""", re.MULTILINE
)
"""One where a key can stand: at the beginning of a line, of a table, or after another one."""
MAXIMUM_BYTES = 64 * 1024 * 1024
"""A text file larger than this was not written by a person; it is refused rather than read into memory."""


class Inline(dict[str, Any]):
    """A table to be written on one line."""


class Whole(dict[str, Any]):
    """A table that replaces what stood in its place, keys nobody knows included."""


class Hex(int):
    """An integer to be written in hexadecimal, four digits or more."""


def read_text(path: Path) -> str:
    """The file's text. Raises `WorkspaceError` when it cannot be read or is not UTF-8."""
    try:
        return read_text_whole(path, MAXIMUM_BYTES, pipes=is_handed_over(path))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise WorkspaceError(path, "the text is not UTF-8", line) from None
    except OSError as error:
        raise WorkspaceError(path, f"cannot be read: {error.strerror or error}") from None


def parse(text: str, path: Path) -> Table:
    """The tables of a TOML text. Raises `WorkspaceError` with the line."""
    import tomllib

    if long := _LONG_KEY.search(text):
        reason = f"not valid TOML: a key of more than {KEY_PARTS} parts"
        raise WorkspaceError(path, reason, text.count("\n", 0, long.start()) + 1)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        match = _LINE.search(message)
        line = int(match[1]) if match else (text.count("\n") + 1 if "end of document" in message else None)
        reason = re.sub(r"\s*\(at .*\)\s*$", "", message)
        raise WorkspaceError(path, f"not valid TOML: {reason[:1].lower()}{reason[1:]}", line) from None
    except (RecursionError, ValueError) as error:
        raise WorkspaceError(path, f"not valid TOML: {str(error) or 'nested too deeply'}") from None


def placed(problem: ValueProblem, text: str, path: Path) -> WorkspaceError:
    """The problem with its file, line and key."""
    key = ""
    for part in problem.path:
        key += f"[{part + 1}]" if isinstance(part, int) else ("." if key else "") + part
    return WorkspaceError(path, problem.reason, line_of(text, problem.path), key)


def line_of(text: str, path: tuple[str | int, ...]) -> int | None:
    """Line where the value at `path` starts, or the nearest enclosing one that can be seen in the text."""
    best: tuple[int, int] | None = None
    prefix: tuple[str | int, ...] = ()
    counts: dict[tuple[str | int, ...], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header:
            names = _parts(header[2])
            prefix = _resolve(names, counts)
            if header[1] == "[[":
                index = counts.get(prefix, 0)
                counts[prefix] = index + 1
                prefix = (*prefix, index)
            found = prefix if path != prefix[:-1] else path  # an array as a whole is where its first item is
        else:
            match = _KEY.match(line)
            if not match:
                continue
            found = (*prefix, *_parts(line.split("=", 1)[0]))
        if found == path[: len(found)] and (best is None or len(found) > best[0]):
            best = (len(found), number)
    return best[1] if best else None


def _parts(text: str) -> list[str]:
    return [m[1][1:-1] if m[1][0] in "\"'" else m[1] for m in _PART.finditer(text)]


def _resolve(names: list[str], counts: dict[tuple[str | int, ...], int]) -> tuple[str | int, ...]:
    """Header names with the index of the current table of each array on the way."""
    path: tuple[str | int, ...] = ()
    for position, name in enumerate(names):
        path = (*path, name)
        if path in counts and position < len(names) - 1:
            path = (*path, counts[path] - 1)
    return path


def dumps(table: Mapping[str, Any]) -> str:
    """TOML text of the table. None values are left out."""
    lines: list[str] = []
    _write_table(table, (), lines)
    return "\n".join(lines).strip("\n") + "\n"


def _write_table(table: Mapping[str, Any], path: tuple[str, ...], lines: list[str]) -> None:
    later: list[tuple[str, Any]] = []
    for key, value in table.items():
        if value is None:
            continue
        if _is_block(value):
            later.append((key, value))
        else:
            lines.append(f"{_key(key)} = {literal(value)}")
    for key, value in later:
        inner = (*path, key)
        name = ".".join(_key(k) for k in inner)
        if isinstance(value, Mapping):
            lines += ["", f"[{name}]"]
            _write_table(value, inner, lines)
        else:
            for item in value:
                lines += ["", f"[[{name}]]"]
                _write_table(item, inner, lines)


def _is_block(value: Any) -> bool:
    if isinstance(value, Mapping):
        return not isinstance(value, Inline)
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) and _is_block(v) for v in value)


def _key(key: str) -> str:
    return key if _BARE_KEY.match(key) else literal(key)


def literal(value: Any) -> str:
    """One value as TOML on one line."""
    if isinstance(value, Hex):
        return f"0x{value:04X}"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(k)} = {literal(v)}" for k, v in value.items() if v is not None)
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(literal(v) for v in value) + "]"
    import tomli_w

    return tomli_w.dumps({"v": value})[4:].rstrip("\n")


def write_atomically(path: Path, text: str, *, private: bool = False) -> None:
    """Replace the file in one step. Raises `WorkspaceError` when the folder or the disk refuses.

    private: only the user may read the file, and list the folder where it is made here.
    """
    from tempfile import mkstemp

    temporary: str | None = None
    try:
        path.parent.mkdir(mode=0o700 if private else 0o777, parents=True, exist_ok=True)
        handle, temporary = mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if not private:  # as mkstemp has made it
            Path(temporary).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        Path(temporary).replace(path)
    except (OSError, UnicodeEncodeError) as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise WorkspaceError(path, f"cannot be written: {hindrance(error)}") from None
