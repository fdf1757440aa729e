"""Bytes in text files: hexadecimal, base64 or a file beside."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.model.reading import read_whole

from .errors import ValueProblem

MAXIMUM_FILE = 1 << 30
"""Bytes of one binary value read from a file beside a message: larger ones travel as a DICOM file instead."""


def hex_bytes(text: Any, key: str) -> bytes:
    """Bytes of hexadecimal digits; spaces, colons and line ends between them are allowed."""
    if not isinstance(text, str):
        raise ValueProblem(f"{key} must be a text of hexadecimal digits")
    digits = "".join(text.replace(":", " ").split())
    try:
        return bytes.fromhex(digits)
    except ValueError:
        odd = " (an odd number of digits)" if len(digits) % 2 else ""
        raise ValueProblem(f"{key} must be pairs of hexadecimal digits{odd}") from None


def read_binary(form: Mapping[str, Any], folder: Path) -> bytes:
    """Bytes of { hex = }, { base64 = } or { file = } (relative to `folder`)."""
    if "hex" in form:
        return hex_bytes(form["hex"], "hex")
    if "base64" in form:
        try:
            return base64.b64decode("".join(str(form["base64"]).split()), validate=True)
        except binascii.Error:
            raise ValueProblem("base64 is not valid") from None
    return read_file(form["file"], folder)


def read_file(name: Any, folder: Path) -> bytes:
    """The bytes of a file named relative to `folder`."""
    path = beside(name, folder)
    try:
        return read_whole(path, MAXIMUM_FILE)
    except OSError as error:
        raise ValueProblem(f"{path} cannot be read: {error.strerror or error}") from None


def beside(name: Any, folder: Path) -> Path:
    """A path written in a file, relative to that file's folder."""
    if not isinstance(name, str) or not name.strip():
        raise ValueProblem("must be the name of a file")
    return folder / named_path(name)


def named_path(text: str) -> Path:
    """The path a text names; "~" is a home folder. `ValueProblem` when no file can have the name."""
    if "\0" in text:
        raise ValueProblem("a name of a file or folder has no NUL in it")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueProblem(f"the home folder that {text.partition('/')[0]} stands for is not known") from None
