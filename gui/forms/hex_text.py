"""Bytes as text to paste elsewhere: a hex string, a C array, what a terminal would show."""

from __future__ import annotations

from collections.abc import Callable

from gui.models.dataset_values import hex_text
from gui.redacted import WITHOUT

_PRINTABLE = bytes(b if 0x20 <= b < 0x7F else ord(".") for b in range(256))
_HIDE_TEXT = bytes(b if 0x20 <= b < 0x7F else ord(" ") for b in range(256))
_HIDE_DOTS = bytes(ord(" ") if 0x20 <= b < 0x7F else ord(".") for b in range(256))
_PER_LINE = 12


def dump_text(data: bytes) -> str:
    """One character a byte, a dot for what cannot be printed."""
    return data.translate(_PRINTABLE).decode("ascii")


def printable(data: bytes) -> str:
    """The printable characters, spaces for the others."""
    return data.translate(_HIDE_TEXT).decode("ascii")


def dots(data: bytes) -> str:
    """Dots for what cannot be printed, spaces for the rest."""
    return data.translate(_HIDE_DOTS).decode("ascii")


def as_c_array(data: bytes) -> str:
    """A definition that compiles, with the length in its type."""
    lines = (data[i : i + _PER_LINE] for i in range(0, len(data), _PER_LINE))
    body = ",\n".join("    " + ", ".join(f"0x{b:02X}" for b in line) for line in lines)
    return f"static const unsigned char bytes[{len(data)}] = {{\n{body}\n}};\n"


def redacted_hex(data: bytes, size: int) -> str:
    """What stands for `size` bytes: those that may be told, and what was done to them; none where nothing may."""
    if not data:
        return f"{size:,} bytes (left out)\n"
    return f"{size:,} bytes, {WITHOUT}: values are zeros, names and UIDs have stand-ins\n{hex_text(data)}\n"


COPIES: dict[str, Callable[[bytes], str]] = {
    "Copy as &hex": hex_text,
    "Copy as &C array": as_c_array,
    "Copy as &text": dump_text,
}
"""What the view offers, by menu text; the first is what the Copy key does."""
