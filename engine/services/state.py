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


@dataclass(slots=True)
class Shelf:
    """Records of one kind by key, in the order they came. Every change is noted in the journal."""

    name: str
    journal: list[Change] = field(default_factory=list)
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
            self._held[key] = record

    def remove(self, key: str) -> None:
        """Take it away; nothing happens when it is not there."""
        before = self._held.pop(key, None)
        if before is not None:
            self.journal.append(Change(self.name, key, before, None))

    def restore(self, key: str, record: Record | None) -> None:
        """Put it there, or away, without a note: what was kept before, what is undone."""
        if record is None:
            self._held.pop(key, None)
        else:
            self._held[key] = record


@dataclass(slots=True)
class State:
    """All shelves of one built-in peer, with one journal."""

    journal: list[Change] = field(default_factory=list)
    shelves: dict[str, Shelf] = field(init=False)

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

    def take(self) -> tuple[Change, ...]:
        """The changes noted since the last time."""
        changes = tuple(self.journal)
        self.journal.clear()
        return changes

    def undo(self, changes: Iterable[Change]) -> None:
        """As if these had never been, the last one first."""
        for change in reversed(tuple(changes)):
            self.shelves[change.shelf].restore(change.key, change.before)
