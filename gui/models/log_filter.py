"""The log's filter line: words and `field:value` terms, all of which must hold.

`status:A8` (start of a code), `service:C-MOVE`, `assoc:12`, `message:7`, `class:failure`, `direction:sent`, `sop:CT`;
several values with commas, a minus in front turns a term round. What is no known field is a word.

Each term is answered once for every distinct shape of rows; rows are then compared by numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from engine.standard.lean import dataclass

from .log_store import LogStore, Shape
from .log_text import DIRECTIONS, meaning_text, sop_class_name

_TERM = re.compile(r'(-?)(?:(\w+):)?(?:"([^"]*)"?|(\S+))')
SLICE = 100_000
"""Rows looked at in one go: about 30 ms."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition; `values` in lower case, any of them suffices. `field` "" is a word."""

    field: str
    values: tuple[str, ...]
    negated: bool = False


def parse(text: str) -> tuple[Term, ...]:
    """The terms of a filter line; a term still being typed ("status:") asks for nothing."""
    terms = []
    for minus, field, quoted, bare in _TERM.findall(text):
        name = _ALIASES.get(field.lower(), "")
        value = quoted or bare
        if field and not name:
            name, value = "", f"{field}:{value}"
        values = tuple(v for v in (value.lower().split(",") if name else (value.lower(),)) if v)
        if values and not (bare.endswith(":") and bare[:-1].lower() in _ALIASES):
            terms.append(Term(name, values, bool(minus)))
    return tuple(terms)


def _codes(shape: Shape) -> list[str]:
    return [f"{code:04x}" for code in (shape.status, shape.pending) if code >= 0] + [shape.word]


def _code(value: str) -> str:
    """A status as people write it: A801, 0xA801, a801h, A7xx."""
    plain = value.removeprefix("0x").rstrip("x")
    return plain[:-1] if re.fullmatch(r"[0-9a-f]{4}h", plain) else plain


def _status(shape: Shape, value: str) -> bool:
    return any(code.startswith(_code(value)) for code in _codes(shape))


def _service(shape: Shape, value: str) -> bool:
    return shape.service.lower().startswith(value.removesuffix("-rq").removesuffix("-rsp"))


def _class(shape: Shape, value: str) -> bool:
    return shape.klass.value.startswith(value)


def _direction(shape: Shape, value: str) -> bool:
    return bool(value) and DIRECTIONS[shape.sent].startswith(value)


def _sop(shape: Shape, value: str) -> bool:
    return value in shape.sop_class_uid or value in sop_class_name(shape.sop_class_uid).lower()


def _word(shape: Shape, value: str) -> bool:
    texts = (shape.service, shape.klass.value, DIRECTIONS[shape.sent], meaning_text(shape), *_codes(shape))
    return any(value in text.lower() for text in texts) or _sop(shape, value) or _status(shape, value)


_SHAPE_FIELDS: dict[str, Callable[[Shape, str], bool]] = {
    "": _word,
    "status": _status,
    "service": _service,
    "class": _class,
    "direction": _direction,
    "sop": _sop,
}
_ALIASES = {
    "status": "status",
    "service": "service",
    "class": "class",
    "direction": "direction",
    "dir": "direction",
    "sop": "sop",
    "association": "association",
    "assoc": "association",
    "message": "message",
    "id": "message",
}
FIELDS = tuple(dict.fromkeys(_ALIASES.values()))


class Filter:
    """Which rows of a store a filter line keeps. `peer`: an association's peer in words, for the words."""

    def __init__(self, terms: Iterable[Term], store: LogStore, peer: Callable[[int], str]) -> None:
        self._store = store
        self._tests = [_Test(term, store, peer) for term in terms]

    def keeps(self, number: int) -> bool:
        """Whether one row is shown."""
        return bool(self.select(number, number + 1))

    def select(self, start: int, end: int) -> list[int]:
        """The numbers of the rows from start to end (not included) that are shown."""
        numbers: Iterable[int] = range(max(start, self._store.first), min(end, self._store.end))
        for test in self._tests:
            numbers = test.narrow(numbers)
        return list(numbers)


class _Test:
    """One term against rows; remembers what it found out about shapes and associations."""

    def __init__(self, term: Term, store: LogStore, peer: Callable[[int], str]) -> None:
        self._term, self._store, self._peer = term, store, peer
        self._hits = bytearray()
        self._associations: dict[int, bool] = {0: False}
        self._numbers = frozenset(int(v.lstrip("#")) for v in term.values if v.lstrip("#").isdecimal())

    def narrow(self, numbers: Iterable[int]) -> list[int]:
        field, negated = self._term.field, self._term.negated
        first = self._store.first
        shapes, associations, messages, details, instances = self._store.columns()
        if field in ("association", "message"):
            column, wanted = associations if field == "association" else messages, self._numbers
            return [n for n in numbers if (column[n - first] in wanted) is not negated]
        self._judge_shapes()
        hits = self._hits
        if field:
            return [n for n in numbers if bool(hits[shapes[n - first]]) is not negated]
        word = self._term.values[0]
        ours, numbered = self._associations, self._numbers

        def holds(i: int) -> bool:
            association = associations[i]
            if association not in ours:
                ours[association] = self._is_about(association)
            return bool(
                hits[shapes[i]]
                or ours[association]
                or (details[i] and word in details[i].lower())
                or word in instances[i]
                or messages[i] in numbered
            )

        return [n for n in numbers if holds(n - first) is not negated]

    def _is_about(self, association: int) -> bool:
        """Whether a word is in the peer's name, title or address, or is the association as its column writes it."""
        word = self._term.values[0]
        return word == f"#{association}" or word in self._peer(association).lower()

    def _judge_shapes(self) -> None:
        matches = _SHAPE_FIELDS[self._term.field]
        for shape in self._store.shapes[len(self._hits) :]:
            self._hits.append(any(matches(shape, value) for value in self._term.values))
