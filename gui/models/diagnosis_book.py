"""The diagnoses of the session, by association."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from itertools import groupby

from PySide6.QtCore import QObject, Signal

from engine.model.notices import Notice
from engine.trace.diagnosis.diagnoser import Diagnoser
from engine.trace.diagnosis.model import Diagnosis

KEPT = 1_000
"""Associations whose diagnoses are kept: as many as the trace keeps associations."""
SHOWN = 20
"""Diagnoses of one association, the newest: more than anybody leafs through."""

SLACK = 0.002
"""Seconds between the times of a PDU, of the message in it and of what it ended."""


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
            ends = [tuple(of_one) for _operation, of_one in groupby(new, key=lambda d: d.operation)]
            newest = [diagnosis for of_one in reversed(ends) for diagnosis in of_one]  # however many came at once
            self._by_association[association] = [*newest, *self._by_association.get(association, ())][:SHOWN]
        changed = frozenset(fresh)
        while len(self._by_association) > KEPT:
            self._by_association.popitem(last=False)
        if changed:
            self.changed.emit(changed)

    def of(self, association: int | None) -> tuple[Diagnosis, ...]:
        """The diagnoses of an association, those of what ended last first, of each the likeliest cause first."""
        found = self._by_association.get(association, []) if association is not None else []
        return tuple(found)

    def explaining(self, association: int, time: float, duration: float) -> Diagnosis | None:
        """The one with a proof within `duration` seconds of a time (seconds since the epoch)."""
        for diagnosis in self.of(association):
            if any(p.time is not None and abs(p.time - time) <= duration + SLACK for p in diagnosis.proofs):
                return diagnosis
        return None

    def only(self, association: int) -> Diagnosis | None:
        """The diagnosis of an association that has one alone."""
        found = self.of(association)
        return found[0] if len(found) == 1 else None
