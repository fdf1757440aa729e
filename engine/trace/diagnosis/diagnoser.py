"""Notices in, diagnoses out, when an association or an operation has ended badly, or well in a way that misleads."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator

from engine.model.notices import AssociationNotice, Notice, Outcome, StatusNotice

from . import behaviour, connection, negotiation, operations, retrieval, tls
from .model import Diagnosis
from .rule import RULES, Case
from .story import OperationStory, Stories

__all__ = ["RULES", "Diagnoser"]
MODULES = (connection, tls, negotiation, operations, retrieval, behaviour)
"""Importing them fills RULES; in this order they are asked."""
_ENDS = (AssociationNotice, StatusNotice)
"""What may tell of an end."""


class Diagnoser:
    """One for a session; it may also be fed a capture's notices."""

    def __init__(self) -> None:
        self._stories = Stories()

    def take(self, notices: Iterable[Notice]) -> tuple[Diagnosis, ...]:
        """What can be said of what ended with these notices, the likeliest cause of each first."""
        found: list[Diagnosis] = []
        take = self._stories.take
        for notice in notices:
            take(notice)
            if not isinstance(notice, _ENDS):
                continue
            if isinstance(notice, AssociationNotice):
                if notice.outcome is not None:
                    found += self._diagnose(Case(self._stories, self._stories.association(notice.association)))
            else:
                operation = self._stories.ended(notice)
                association = self._stories.association(notice.association)
                found += self._diagnose(Case(self._stories, association, notice, operation))
                if notice.status is None and operation.refused and notice.outcome is not Outcome.SUCCESS:
                    found += self._refusals(notice, operation)
        return tuple(found)

    def _refusals(self, whole: StatusNotice, operation: OperationStory) -> Iterator[Diagnosis]:
        """What the statuses say with which single messages of an operation of many were answered."""
        for request, response in operation.refused.values():
            exchange = OperationStory(operation.number, deque(m for m in (request, response) if m is not None))
            association = self._stories.association(response.association)
            status = operations.told_by(whole, request, response)
            yield from self._diagnose(Case(self._stories, association, status, exchange), operations.STATUS_RULES)

    @staticmethod
    def _diagnose(case: Case, only: Collection[str] = RULES) -> Iterator[Diagnosis]:
        about = "association" if case.status is None else "operation"
        for row in RULES.values():
            made = row.look(case) if row.about == about and row.name in only else None
            if made is not None:
                yield Diagnosis(
                    rule=row.name,
                    title=row.title,
                    happened=made.happened,
                    cause=made.cause,
                    change=made.change,
                    clause=row.clause,
                    proofs=made.proofs,
                    mends=made.mends,
                    association=case.association.number,
                    operation=case.status.operation if case.status is not None else None,
                    peer=case.association.product,
                )
