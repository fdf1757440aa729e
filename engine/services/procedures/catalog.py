"""Which generator carries out which procedure, and what it needs of the association."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.model.association import ProposedContext
from engine.model.procedures import ups as p
from engine.model.procedures.base import Procedure
from engine.model.procedures.instance import ReadInstance
from engine.model.procedures.modality import (
    AwaitCommitment,
    ChangePerformedStep,
    CreatePerformedStep,
    NotifyAvailability,
    RequestCommitment,
)
from engine.model.procedures.printing import PrintFilms, ReadPrinter
from engine.standard.lean import dataclass
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE

from . import availability, mpps, printer, printing, read_instance, storage_commitment, ups, ups_watch
from .effects import Playing


@dataclass(frozen=True, slots=True)
class Entry:
    """play: the generator, given the procedure and a maker of new UIDs. classes: abstract syntaxes it needs.
    title: what people call it. tidies: it has `closing` steps, so that a program that ends gives it a moment."""

    title: str
    play: Callable[[Any, Callable[[], str]], Playing]
    classes: Callable[[Any], tuple[str, ...]]
    tidies: bool = False


CATALOG: dict[type[Procedure], Entry] = {
    ReadInstance: Entry("N-GET", read_instance.play, read_instance.classes),
    p.CreateStep: Entry("UPS create", ups.create, ups.pushes),
    p.ClaimStep: Entry("UPS claim", ups.claim, ups.pulls),
    p.SetStep: Entry("UPS set", ups.change, ups.pulls),
    p.FinishStep: Entry("UPS finish", ups.finish, ups.pulls),
    p.RequestCancel: Entry("UPS request cancel", ups.request_cancel, ups.cancels),
    p.ReadStep: Entry("UPS read", ups.read, ups.reads),
    p.ChangeSubscription: Entry("UPS subscription", ups_watch.change, ups_watch.classes),
    p.WatchSteps: Entry("UPS watch", ups_watch.watch_steps, ups_watch.classes, tidies=True),
    PrintFilms: Entry("Print", printing.play, printing.classes, tidies=True),
    ReadPrinter: Entry("Printer status", printer.play, printer.classes),
    CreatePerformedStep: Entry("MPPS N-CREATE", mpps.create, mpps.classes),
    ChangePerformedStep: Entry("MPPS N-SET", mpps.change, mpps.classes),
    RequestCommitment: Entry("Storage commitment", storage_commitment.request, storage_commitment.classes),
    AwaitCommitment: Entry("Storage commitment report", storage_commitment.await_later, storage_commitment.classes),
    NotifyAvailability: Entry("Instance availability", availability.play, availability.classes),
}


def contexts_of(procedure: Procedure) -> tuple[ProposedContext, ...]:
    """The presentation contexts an association for this procedure proposes, in the uncompressed syntaxes everybody
    takes."""
    wanted = CATALOG[type(procedure)].classes(procedure)
    return tuple(ProposedContext(2 * n + 1, uid, (EXPLICIT_VR_LE, IMPLICIT_VR_LE)) for n, uid in enumerate(wanted))
