"""Which generator carries out which procedure, and what it needs of the association."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.model.association import ProposedContext
from engine.model.procedures.base import Procedure
from engine.model.procedures.instance import ReadInstance
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE

from . import read_instance
from .effects import Playing


@dataclass(frozen=True, slots=True)
class Entry:
    """play: the generator, given the procedure and a maker of new UIDs. classes: abstract syntaxes it needs.
    title: what people call it."""

    title: str
    play: Callable[[Any, Callable[[], str]], Playing]
    classes: Callable[[Any], tuple[str, ...]]


CATALOG: dict[type[Procedure], Entry] = {
    ReadInstance: Entry("N-GET", read_instance.play, read_instance.classes),
}


def contexts_of(procedure: Procedure) -> tuple[ProposedContext, ...]:
    """The presentation contexts an association for this procedure proposes, in the uncompressed syntaxes everybody
    takes."""
    wanted = CATALOG[type(procedure)].classes(procedure)
    return tuple(ProposedContext(2 * n + 1, uid, (EXPLICIT_VR_LE, IMPLICIT_VR_LE)) for n, uid in enumerate(wanted))
