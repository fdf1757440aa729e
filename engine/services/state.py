"""What the built-in peer holds besides stored instances, on shelves whose changes are noted, pure.

A provider changes its shelves while it serves a request; who runs it takes the changes noted, makes them durable, and
only then lets the response go. Changes that could not be made durable are undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field, replace

from engine.model.dataset import DataSet
from engine.model.objects import COMMITMENTS, FILMS, NORMALIZED, SHELVES, SUBSCRIPTIONS, WATCHES, WORKLIST_ITEMS
from engine.standard.lean import dataclass

NOTHING = DataSet()
_ELEMENT, _VALUE = 150, 60
"""Bytes of memory an element and a text in it take besides what they hold."""


def weight(data: DataSet) -> int:
    """About how many bytes of memory a data set holds."""
    total = 0
    for element in data:
        if isinstance(element.value, bytes):
            total += _ELEMENT + len(element.value)
        else:
            total += _ELEMENT + sum(weight(v) if isinstance(v, DataSet) else _VALUE + len(v) for v in element.value)
    return total


@dataclass(frozen=True, slots=True)
class Record:
    """One object: a normalized instance, a worklist item, a subscription, a commitment transaction, a printed film.

    passing: gone with the association that made it, as print's are (PS3.4 H.3).
    """

    sop_class_uid: str
    sop_instance_uid: str
    attributes: DataSet = NOTHING
    passing: bool = False

    def put(self, tag: int, vr: str, *values: str) -> Record:
        """A copy with this text attribute set."""
        return replace(self, attributes=self.attributes.put(tag, vr, *values))


@dataclass(frozen=True, slots=True)
class Change:
    """A record that came (before is None), was changed, or went (after is None)."""

    shelf: str
    key: str
    before: Record | None
    after: Record | None

    @property
    def growth(self) -> int:
        """About how many bytes more are held."""
        return _size(self.after) - _size(self.before)


@dataclass(slots=True)
class Shelf:
    """Records of one kind by key, in the order they came. Every change is noted in the journal."""

    name: str
    journal: list[Change] = field(default_factory=list)
    size: int = 0
    """About how many bytes of memory the records hold."""
    _held: dict[str, Record] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, key: object) -> bool:
        return key in self._held

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._held))

    def get(self, key: str) -> Record | None:
        return self._held.get(key)

    def values(self) -> tuple[Record, ...]:
        return tuple(self._held.values())

    def items(self) -> tuple[tuple[str, Record], ...]:
        return tuple(self._held.items())

    def put(self, key: str, record: Record) -> None:
        before = self._held.get(key)
        if before != record:
            self.journal.append(Change(self.name, key, before, record))
            self.restore(key, record)

    def remove(self, key: str) -> None:
        """Take it away; nothing happens when it is not there."""
        before = self._held.get(key)
        if before is not None:
            self.journal.append(Change(self.name, key, before, None))
            self.restore(key, None)

    def restore(self, key: str, record: Record | None) -> None:
        """Put it there, or away, without a note: what was kept before, what is undone."""
        before = self._held.get(key)
        self.size += _size(record) - _size(before)
        if record is None:
            self._held.pop(key, None)
        else:
            self._held[key] = record

    def undo(self, changes: Iterable[Change]) -> None:
        """As if these, of this shelf and the last ones, had never been."""
        for change in reversed(tuple(changes)):
            self.restore(change.key, change.before)


@dataclass(slots=True)
class State:
    """All shelves of one built-in peer, with one journal."""

    journal: list[Change] = field(default_factory=list)
    shelves: dict[str, Shelf] = field(init=False)
    _under_way: list[list[Change]] = field(default_factory=list)
    """Changes that were taken and of which it is not known whether they are kept, in the order they were made."""

    def __post_init__(self) -> None:
        self.shelves = {name: Shelf(name, self.journal) for name in SHELVES}

    @property
    def normalized(self) -> Shelf:
        """Normalized instances by SOP Instance UID."""
        return self.shelves[NORMALIZED]

    @property
    def worklist(self) -> Shelf:
        """Modality worklist items."""
        return self.shelves[WORKLIST_ITEMS]

    @property
    def subscriptions(self) -> Shelf:
        """Receiving AE titles by the SOP Instance UID of their step (PS3.4 CC.2.3)."""
        return self.shelves[SUBSCRIPTIONS]

    @property
    def watches(self) -> Shelf:
        """Global subscriptions."""
        return self.shelves[WATCHES]

    @property
    def commitments(self) -> Shelf:
        """Storage commitment transactions by Transaction UID."""
        return self.shelves[COMMITMENTS]

    @property
    def films(self) -> Shelf:
        """Printed films."""
        return self.shelves[FILMS]

    def take_over(self, other: State) -> None:
        """Hold what another held, without a note."""
        for name, shelf in self.shelves.items():
            for key in shelf:
                shelf.restore(key, None)
            for key, record in other.shelves[name].items():
                shelf.restore(key, record)

    @property
    def size(self) -> int:
        """About how many bytes of memory all of it holds."""
        return sum(shelf.size for shelf in self.shelves.values())

    def take(self) -> list[Change]:
        """The changes noted since the last time; `kept` or `undo` is to follow."""
        changes = list(self.journal)
        self.journal.clear()
        if changes:
            self._under_way.append(changes)
        return changes

    def kept(self, changes: list[Change]) -> None:
        """Those taken are safe."""
        self._under_way = [others for others in self._under_way if others is not changes]

    def undo(self, changes: list[Change]) -> None:
        """As if these, which were taken, had never been, the last one first. What was changed further meanwhile stays,
        and is undone to what was there before these."""
        self.kept(changes)
        later = (*self._under_way, self.journal)
        for change in reversed(changes):
            for others in later:
                place = next((n for n, c in enumerate(others) if _follows(c, change)), None)
                if place is not None:
                    others[place] = replace(others[place], before=change.before)
                    break
            else:
                self.shelves[change.shelf].restore(change.key, change.before)

    def undo_from(self, number: int) -> None:
        """Undo what was noted since there were so many in the journal, and note it no more."""
        changes = self.journal[number:]
        del self.journal[number:]
        self.undo(changes)


def _follows(change: Change, other: Change) -> bool:
    """Whether it changes what the other one left."""
    return (change.shelf, change.key) == (other.shelf, other.key) and change.before is other.after


def _size(record: Record | None) -> int:
    return 0 if record is None else _ELEMENT + weight(record.attributes)
