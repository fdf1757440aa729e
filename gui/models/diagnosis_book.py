"""The diagnoses of the session, by association."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from engine.model.notices import Notice
from engine.trace.diagnosis.diagnoser import Diagnoser
from engine.trace.diagnosis.model import Diagnosis

KEPT = 1_000
"""Associations whose diagnoses are kept: as many as the trace keeps associations."""
SHOWN = 20
"""Diagnoses of one association: a script that repeats a failing request makes the same one each time."""


class DiagnosisBook(QObject):
    """Fed with every batch; `changed` carries the numbers of the associations with new diagnoses."""

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._diagnoser = Diagnoser()
        self._by_association: OrderedDict[int, list[Diagnosis]] = OrderedDict()

    def take(self, notices: Iterable[Notice]) -> None:
        changed: set[int] = set()
        for diagnosis in self._diagnoser.take(notices):
            known = self._by_association.setdefault(diagnosis.association, [])
            if any((d.rule, d.happened) == (diagnosis.rule, diagnosis.happened) for d in known):
                continue
            known.append(diagnosis)
            del known[SHOWN:]
            changed.add(diagnosis.association)
        while len(self._by_association) > KEPT:
            self._by_association.popitem(last=False)
        if changed:
            self.changed.emit(frozenset(changed))

    def of(self, association: int | None) -> tuple[Diagnosis, ...]:
        """The diagnoses of an association, what ended an operation before what ended the association with it."""
        found = self._by_association.get(association, []) if association is not None else []
        return tuple(found)
