"""Whole numbers out of text that peers and people give, and how many there are of something in words."""

from __future__ import annotations


def whole_number(text: str, most: int = 0xFFFFFFFF) -> int | None:
    """The number that ASCII digits say; None where there is anything else, or it is above `most`.

    `str.isdigit` alone lets superscripts through, which `int` does not read, and `int` gives up beyond 4,300 digits.
    """
    if not text.isascii() or not text.isdigit():
        return None
    digits = text.lstrip("0") or "0"
    number = int(digits) if len(digits) <= len(str(most)) else None
    return number if number is not None and number <= most else None


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 instance``, ``2,000 instances``; `plural` where it is not the noun and an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
