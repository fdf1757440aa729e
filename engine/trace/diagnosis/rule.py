"""A diagnosis rule as a row, and what it gets to look at."""

from __future__ import annotations

from collections.abc import Callable

from engine.model.notices import StatusNotice
from engine.standard.lean import dataclass

from .model import Mend, Proof
from .story import AssociationStory, OperationStory, Stories


@dataclass(frozen=True, slots=True)
class Case:
    """What has just ended: an association, or an operation on one. status and operation are None for the first."""

    stories: Stories
    association: AssociationStory
    status: StatusNotice | None = None
    operation: OperationStory | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a rule found: the sentences that depend on the case."""

    happened: str
    cause: str
    change: str
    proofs: tuple[Proof, ...] = ()
    mends: tuple[Mend, ...] = ()


Look = Callable[[Case], Found | None]


@dataclass(frozen=True, slots=True)
class DiagnosisRule:
    """name: "family.cause". about: "association" or "operation": when it is asked."""

    name: str
    about: str
    title: str
    clause: str
    look: Look


RULES: dict[str, DiagnosisRule] = {}
"""Every rule by name; the modules of rules add theirs. In the order added: of several that match, the first is the
likeliest cause."""


def rule(name: str, title: str, clause: str, about: str = "association") -> Callable[[Look], Look]:
    """Add the function below as a rule. ValueError where there is one of this name."""
    if name in RULES:
        raise ValueError(f"{name} is a rule already")

    def add(look: Look) -> Look:
        RULES[name] = DiagnosisRule(name, about, title, clause, look)
        return look

    return add
