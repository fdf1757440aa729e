"""Text that goes out although its character set does not have all of it: what a peer sent broken is told others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.model.dataset import DataElement, DataSet

from .charset import DEFAULT, codecs_of, encode_text
from .data_writer import SPECIFIC_CHARACTER_SET
from .values import BYTES, CHARSET_VRS, FLOATS, INTEGERS

REPLACEMENT = "?"
_NO_TEXT = {*BYTES, *FLOATS, *INTEGERS, "AT"}


def replaced(data_set: DataSet, codecs: Sequence[str] = (DEFAULT,)) -> DataSet:
    """The data set with "?" for each character that its Specific Character Set (PS3.5 6.1) does not have, as U+FFFD,
    which stands for bytes that could not be read, hardly ever has one. codecs: in force where it names none."""
    names = data_set.texts(SPECIFIC_CHARACTER_SET)
    codecs = codecs_of(names) if names else codecs
    return DataSet(tuple(_element(element, codecs) for element in data_set))


def _element(element: DataElement, codecs: Sequence[str]) -> DataElement:
    if element.items:
        return replace(element, value=tuple(replaced(item, codecs) for item in element.items))
    if element.vr in _NO_TEXT or not element.texts:
        return element
    of = codecs if element.vr in CHARSET_VRS else (DEFAULT,)
    return replace(element, value=tuple(_text(text, of) for text in element.texts))


def _text(text: str, codecs: Sequence[str]) -> str:
    if text.isascii() or _fits(text, codecs):
        return text
    return "".join(character if _fits(character, codecs) else REPLACEMENT for character in text)


def _fits(text: str, codecs: Sequence[str]) -> bool:
    try:
        encode_text(text, codecs)
    except UnicodeEncodeError:
        return False
    return True
