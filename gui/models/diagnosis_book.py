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
"""Diagnoses of one association, the newest: more than anybody leafs through."""


class DiagnosisBook(QObject):
    """Fed with every batch; `changed` carries the numbers of the associations with new diagnoses."""

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._diagnoser = Diagnoser()
        self._by_association: OrderedDict[int, list[Diagnosis]] = OrderedDict()

    def take(self, notices: Iterable[Notice]) -> None:
        fresh: dict[int, list[Diagnosis]] = {}
        for diagnosis in self._diagnoser.take(notices):
            fresh.setdefault(diagnosis.association, []).append(diagnosis)
        for association, new in fresh.items():
            self._by_association[association] = [*new, *self._by_association.get(association, ())][:SHOWN]
        changed = frozenset(fresh)
        while len(self._by_association) > KEPT:
            self._by_association.popitem(last=False)
        if changed:
            self.changed.emit(changed)

    def of(self, association: int | None) -> tuple[Diagnosis, ...]:
        """The diagnoses of an association, those of what ended last first, of each the likeliest cause first."""
        found = self._by_association.get(association, []) if association is not None else []
        return tuple(found)
