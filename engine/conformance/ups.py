"""A unified procedure step against Table CC.2.5-3: before it is created, and before it is COMPLETED or CANCELED."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto

from engine.model.dataset import DataElement, DataSet
from engine.standard.lean import dataclass
from engine.standard.ups import (
    CANCELED,
    COMPLETED,
    PRIORITIES,
    READINESS,
    SCHEDULED,
    SCP_FILLS,
    STEP_STATE,
    UpsAttribute,
    attributes,
)

_VALUES = {0x00741000: (SCHEDULED,), 0x00741200: PRIORITIES, 0x00404041: READINESS}
"""Attributes whose values the Standard enumerates, in an N-CREATE."""
_NEEDED = {COMPLETED: ("R", "P", "P0"), CANCELED: ("R", "X")}
"""Final State Codes that ask for a value before the state (Table CC.2.5-1); RC depends on what only the user knows."""
_CODE_VALUE, _SCHEME, _LONG_CODE, _URN_CODE = 0x00080100, 0x00080102, 0x00080119, 0x00080120
_RETRIEVALS = (0x0040E021, 0x0040E022, 0x0040E023, 0x0040E024, 0x0040E025)
_TYPE_OF_INSTANCES, _STUDY, _SERIES = 0x0040E020, 0x0020000D, 0x0020000E


class Departure(Enum):
    """In which way: the statuses of an N-CREATE tell these apart (PS3.7 10.1.5.1.6)."""

    MISSING = auto()
    EMPTY = auto()
    VALUE = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class UpsProblem:
    """What departs from the table. tag: of the outermost attribute. path: to the one it is about, in keywords.
    about: its tag."""

    tag: int
    path: str
    sentence: str
    departure: Departure = Departure.OTHER
    about: int = 0


def check_create(step: DataSet) -> tuple[UpsProblem, ...]:
    """An N-CREATE's Attribute List (PS3.4 CC.2.5.1)."""
    return tuple(p for row in attributes() for p in _created(row, step, row.tag, ""))


def check_final(step: DataSet, state: str) -> tuple[UpsProblem, ...]:
    """A whole step before it is set to COMPLETED or CANCELED (PS3.4 CC.2.5.1.1). What the SCP fills in is not asked."""
    return tuple(p for row in attributes() for p in _finished(row, step, state, row.tag, ""))


def _created(row: UpsAttribute, data: DataSet, outer: int, before: str) -> Iterator[UpsProblem]:
    element, path = data.find(row.tag), before + row.keyword

    def problem(sentence: str, departure: Departure = Departure.OTHER) -> UpsProblem:
        return UpsProblem(outer, path, sentence, departure, row.tag)

    if element is None:
        if row.create in ("1", "2", "2E"):
            kind = row.create[0]
            more = ", may be empty" if kind == "2" else ""
            yield problem(f"{row.name} is missing: it is type {kind}{more}.", Departure.MISSING)
        return
    if row.create == "-":
        yield problem(f"{row.name} is not allowed before the step is performed.")
    elif row.create == "2E" and not _empty(element):
        yield problem(f"{row.name} must be empty when the step is created.")
    elif row.create in ("1", "1C") and _empty(element):
        yield problem(f"{row.name} needs a value: it is type {row.create}.", Departure.EMPTY)
    allowed = _VALUES.get(row.tag, ())
    if element.texts and allowed and element.texts[0] not in allowed:
        yield problem(f"{row.name} is {element.texts[0]}; it must be {' or '.join(allowed)}.", Departure.VALUE)
    for number, item in enumerate(element.items):
        inner = f"{path}[{number}]."
        yield from (p for below in row.items for p in _created(below, item, outer, inner))
        for tag, sentence in _CONDITIONS.get(row.macro, _nothing)(item):
            yield UpsProblem(outer, inner[:-1], sentence, Departure.MISSING if tag else Departure.OTHER, tag)


def _finished(row: UpsAttribute, data: DataSet, state: str, outer: int, before: str) -> Iterator[UpsProblem]:
    if row.keyword in SCP_FILLS or row.tag == STEP_STATE:
        return
    element, path = data.find(row.tag), before + row.keyword
    if row.final in _NEEDED[state] and (element is None or (row.final != "P0" and _empty(element))):
        yield UpsProblem(outer, path, f"{row.name} is needed before {state}.")
        return
    for number, item in enumerate(element.items if element else ()):
        for below in row.items:
            yield from _finished(below, item, state, outer, f"{path}[{number}].")


def _empty(element: DataElement) -> bool:
    return not (element.items if element.vr == "SQ" else any(element.value))


def _nothing(_item: DataSet) -> Iterator[tuple[int, str]]:
    return iter(())


def _code(item: DataSet) -> Iterator[tuple[int, str]]:
    """The conditions of Table CC.2.5-2a: the attribute that is missing by it, 0 for none, and the sentence."""
    values = [t for t in (_CODE_VALUE, _LONG_CODE, _URN_CODE) if item.text(t)]
    if len(values) != 1:
        yield 0 if values else _CODE_VALUE, "A code has one of Code Value, Long Code Value and URN Code Value."
    elif values[0] != _URN_CODE and not item.text(_SCHEME):
        yield _SCHEME, "A code needs its Coding Scheme Designator."
    if len(item.text(_CODE_VALUE)) > 16:
        yield 0, "A code of more than 16 characters is a Long Code Value."


def _instances(item: DataSet) -> Iterator[tuple[int, str]]:
    """The conditions of Table CC.2.5-2c."""
    if not any(item.items(t) for t in _RETRIEVALS):
        yield (
            _RETRIEVALS[0],
            "Referenced instances need one way to retrieve them, such as the DICOM Retrieval Sequence.",
        )
    if item.text(_TYPE_OF_INSTANCES) == "DICOM" and not (item.text(_STUDY) and item.text(_SERIES)):
        missing = next(t for t in (_STUDY, _SERIES) if not item.text(t))
        yield missing, "Referenced DICOM instances need their Study and Series Instance UID."


_CONDITIONS = {"code": _code, "instances": _instances}
