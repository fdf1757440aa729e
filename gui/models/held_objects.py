"""What the built-in peer holds, as the window knows it: by emulator, in words."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from engine.model.commands import ChangeObject, SetEmulators, WatchObjects
from engine.model.dataset import DataSet
from engine.model.emulation import EMULATORS, NAMES, emulator_of
from engine.model.notices import Notice, ObjectsNotice
from engine.model.objects import COMMITMENTS, FILMS, STORED, SUBSCRIPTIONS, WATCHES, WORKLIST_ITEMS, HeldObject
from engine.standard.dictionary import uid_text
from engine.standard.lean import dataclass
from engine.standard.performed_steps import MPPS
from engine.standard.ups import RECEIVING_AE, UPS_PUSH
from gui.session import Session

from .rows import Column

_OF_SHELF = {
    STORED: "storage",
    WORKLIST_ITEMS: "worklist",
    COMMITMENTS: "commitment",
    FILMS: "print",
    SUBSCRIPTIONS: "ups",
    WATCHES: "ups",
}
_PATIENT_NAME, _PATIENT_ID = 0x00100010, 0x00100020
_STEPS = 0x00400100
_REPORTED, _REPORT_FOR = 0x00091002, 0x00091001
_FAILED_SOPS = 0x00081198
_BOXES, _IMAGES = 0x20100510, (0x20200110, 0x20200111)


def emulator_name(held: HeldObject) -> str:
    """The emulator an object belongs to."""
    return _OF_SHELF.get(held.shelf) or emulator_of(held.sop_class_uid).name


def what(held: HeldObject) -> str:
    """What it is, for people."""
    data = held.attributes
    if held.shelf == WORKLIST_ITEMS:
        step = (data.items(_STEPS) or (DataSet(),))[0]
        return _joined(step.text(0x00080060), step.text(0x00400007) or data.text(0x00321060))
    if held.shelf == STORED:
        return _joined(data.text(0x00080060), data.text(0x0008103E) or data.text(0x00081030), data.text(0x00200013))
    if held.shelf == FILMS:
        layout = "\\".join(data.texts(0x20100010))
        return f"Film {layout}"
    if held.shelf in (SUBSCRIPTIONS, WATCHES):
        return "Subscription" if held.shelf == SUBSCRIPTIONS else "Global subscription"
    if held.shelf == COMMITMENTS:
        return "Storage commitment"
    labels = {MPPS: 0x00400254, UPS_PUSH: 0x00741204}
    return data.text(labels.get(held.sop_class_uid, 0)) or uid_text(held.sop_class_uid)


def who(held: HeldObject) -> str:
    """Whose: a patient, an AE."""
    data = held.attributes
    if held.shelf in (SUBSCRIPTIONS, WATCHES):
        return ", ".join(data.texts(RECEIVING_AE))
    if held.shelf == COMMITMENTS:
        return data.text(_REPORT_FOR)
    name = data.text(_PATIENT_NAME).split("=")[0].replace("^", " ").strip()
    return _joined(name, data.text(_PATIENT_ID))


def state(held: HeldObject) -> str:
    """How far it is."""
    data = held.attributes
    if held.shelf == COMMITMENTS:
        failed = len(data.items(_FAILED_SOPS))
        told = "reported" if data.text(_REPORTED) == "YES" else "not reported"
        return f"{told}, {failed} failed" if failed else told
    if held.shelf == WORKLIST_ITEMS:
        step = (data.items(_STEPS) or (DataSet(),))[0]
        return _joined(step.text(0x00400002), step.text(0x00400003)[:4])
    if held.shelf == STORED:
        return data.text(0x00080020)
    if held.shelf == FILMS:
        full = sum(any(box.items(tag) for tag in _IMAGES) for box in data.items(_BOXES))
        return f"{full} image{'s' if full != 1 else ''}"
    return next((t for t in map(data.text, (0x00400252, 0x00741000, 0x21100010, 0x21000020)) if t), "")


def _joined(*texts: str) -> str:
    return " · ".join(t.strip() for t in texts if t.strip())


COLUMNS: tuple[Column[HeldObject], ...] = (
    Column("What", what, sample="CT · Chest, thin · 3", weight=3),
    Column("Who", who, sample="Sample Alpha · SAMPLE-1", weight=3),
    Column("State", state, sample="20260401 · 0830", weight=1),
    Column("Instance", lambda held: held.sop_instance_uid or held.key, middle=True, sample="2.25.314…", weight=2),
)


@dataclass(frozen=True, slots=True)
class EmulatorLine:
    """An emulator with what it holds, in numbers."""

    name: str
    title: str
    summary: str
    on: bool
    count: int


class HeldObjects(QObject):
    """Follows the built-in peer while somebody looks. `changed` after each batch that told something."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._held: dict[tuple[str, str], HeldObject] = {}
        self._watched: int | None = None
        self._looking = False
        self.on = frozenset(NAMES)
        session.notices.connect(self._take)
        session.listener_changed.connect(self._listener_changed)

    @property
    def listening(self) -> bool:
        return self._session.listener.listening

    def look(self, looking: bool) -> None:
        """Begin or end to follow it."""
        self._looking = looking
        self._watch()

    def of(self, emulator: str) -> list[HeldObject]:
        return [held for held in self._held.values() if emulator_name(held) == emulator]

    def get(self, shelf: str, key: str) -> HeldObject | None:
        return self._held.get((shelf, key))

    def lines(self) -> list[EmulatorLine]:
        counts: dict[str, int] = {}
        for held in self._held.values():
            counts[emulator_name(held)] = counts.get(emulator_name(held), 0) + 1
        return [EmulatorLine(e.name, e.title, e.summary, e.name in self.on, counts.get(e.name, 0)) for e in EMULATORS]

    def put(self, shelf: str, key: str, sop_class_uid: str, attributes: DataSet | None) -> None:
        """Make, change or (None) delete an object."""
        if self._watched is not None:
            self._session.submit(
                ChangeObject(
                    listener=self._watched, shelf=shelf, key=key, attributes=attributes, sop_class_uid=sop_class_uid
                )
            )

    def switch(self, emulator: str, on: bool) -> None:
        """Switch an emulator on or off."""
        if self._watched is not None:
            wanted = self.on | {emulator} if on else self.on - {emulator}
            self._session.submit(SetEmulators(listener=self._watched, on=wanted))

    def _listener_changed(self, _state: object) -> None:
        self._watch()

    def _watch(self) -> None:
        state = self._session.listener
        wanted = state.listener if self._looking and state.listening else None
        if wanted == self._watched:
            return
        if self._watched is not None and state.listening and self._watched == state.listener:
            self._session.submit(WatchObjects(listener=self._watched, on=False))
        self._watched = wanted
        self._held.clear()
        if wanted is not None:
            self._session.submit(WatchObjects(listener=wanted))
        self.changed.emit()

    def _take(self, notices: Iterable[Notice]) -> None:
        told = [n for n in notices if isinstance(n, ObjectsNotice) and n.listener == self._watched]
        for notice in told:
            if notice.whole:
                self._held.clear()
            for place in notice.gone:
                self._held.pop(place, None)
            self._held.update({(held.shelf, held.key): held for held in notice.held})
            self.on = notice.on
        if told:
            self.changed.emit()
