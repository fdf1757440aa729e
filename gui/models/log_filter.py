"""The log's filter line: words and `field:value` terms, all of which must hold.

`status:A8` (start of a code), `service:C-MOVE`, `assoc:12`, `message:7`, `class:failure`, `direction:sent`, `sop:CT`;
several values with commas, a minus in front turns a term round. What is no known field is a word.

Each term is answered once for every distinct shape and text of rows; rows are then compared by numbers, whole columns
at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from itertools import compress, repeat
from operator import contains
from typing import Protocol

from engine.model.whole_numbers import whole_number
from engine.standard.lean import dataclass

from .log_masks import both, either, equal, everything, holding, inverted, picked
from .log_store import LogStore, Shape
from .log_text import DIRECTIONS, meaning_text, sop_class_name
from .log_texts import BLOCK, TextColumn

_TERM = re.compile(r'(-?)(?:(\w+):)?(?:"([^"]*)"?|(\S+))')


class PeerTexts(Protocol):
    """The peers of the latest associations, in words."""

    def associations(self) -> AbstractSet[int]: ...

    def text(self, association: int) -> str: ...


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
    """Which rows of a store a filter line keeps. `peers`: the peer of an association in words, for the words."""

    def __init__(self, terms: Iterable[Term], store: LogStore, peers: PeerTexts) -> None:
        self._store = store
        self._tests = [_Test(term, store, peers) for term in terms]

    def keeps(self, number: int) -> bool:
        """Whether one row is shown."""
        return bool(self.select(number, number + 1))

    def select(self, start: int, end: int) -> list[int]:
        """The numbers of the rows from start to end (not included) that are shown."""
        start, end = max(start, self._store.first), min(end, self._store.end)
        found: list[int] = []
        while start < end:
            stop = min(end, (start // BLOCK + 1) * BLOCK)
            mask = everything(stop - start)
            for test in self._tests:
                mask = both(mask, test.mask(start, stop))
            found.extend(compress(range(start, stop), mask))
            start = stop
        return found


class _Test:
    """One term against rows; remembers what it found out about shapes, texts and associations."""

    def __init__(self, term: Term, store: LogStore, peers: PeerTexts) -> None:
        self._term, self._store, self._peers = term, store, peers
        self._hits = bytearray()
        said = (whole_number(v.lstrip("#")) for v in term.values)
        self._numbers = frozenset(n for n in said if n is not None)
        self._judged: set[int] = set()
        self._about: set[int] = set()
        """Associations a word is about: by its peer's name, title or address, or as its column writes it."""
        word = term.values[0]
        if word.startswith("#") and word == f"#{word[1:].lstrip('0')}":
            number = whole_number(word[1:])
            self._about |= {number} if number is not None else set()
        self._details: dict[int, bytearray] = {}
        self._instances: dict[int, bytearray] = {}

    def mask(self, start: int, end: int) -> bytes:
        """For each row from start to end (not included), all of one block, whether the term holds."""
        mask = self._holds(start, end)
        return inverted(mask) if self._term.negated else mask

    def _holds(self, start: int, end: int) -> bytes:
        field = self._term.field
        shapes, associations, messages = self._store.numbers(start, end)
        if field == "association":
            return holding(associations, self._numbers)
        if field == "message":
            return either((equal(messages, n) for n in self._numbers), end - start)
        self._judge_shapes()
        masks = [picked(shapes, self._hits)]
        if not field:
            self._judge_peers()
            if self._about:
                masks.append(holding(associations, self._about))
            masks.extend(equal(messages, n) for n in self._numbers)
            block = start // BLOCK
            details, instances = self._store.details, self._store.instances
            masks.append(picked(details.ids(start, end), self._texts(details, self._details, block, str.lower)))
            masks.append(picked(instances.ids(start, end), self._texts(instances, self._instances, block, str)))
        return either(masks, end - start)

    def _judge_shapes(self) -> None:
        matches = _SHAPE_FIELDS[self._term.field]
        for shape in self._store.shapes[len(self._hits) :]:
            self._hits.append(any(matches(shape, value) for value in self._term.values))

    def _judge_peers(self) -> None:
        word = self._term.values[0]
        for association in self._peers.associations() - self._judged:
            self._judged.add(association)
            if word in self._peers.text(association).lower():
                self._about.add(association)

    def _texts(
        self, column: TextColumn, judged: dict[int, bytearray], block: int, fold: Callable[[str], str]
    ) -> bytearray:
        """Which texts of a block hold the word; those judged before are not looked at again."""
        hits = judged.get(block)
        if hits is None:
            for gone in [b for b in judged if b < self._store.first // BLOCK]:
                del judged[gone]
            hits = judged[block] = bytearray()
        texts, word = column.texts(block), self._term.values[0]
        if len(hits) < len(texts):
            hits.extend(map(contains, map(fold, texts[len(hits) :]), repeat(word)))
        return hits
