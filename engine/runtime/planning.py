"""Planning a store of many files: find them, spread them over associations, try what the peer accepts of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

from engine.model.association import Proposal
from engine.model.commands import PlanStore, StoreFiles
from engine.model.notices import Outcome, StoredNotice, StorePlanNotice
from engine.model.quick import quick
from engine.model.storing import FileResult, FileState, PlannedAssociation, PlannedFile, StorePlan
from engine.services.plan import judged, plan
from engine.services.tally import passed_over

from .association import Association
from .context import Context
from .finding_files import found_files
from .operations import Operation, opened
from .own_side import own_side

_stored_notice = quick(StoredNotice)


async def planned(context: Context, command: PlanStore | StoreFiles, operation: Operation) -> StorePlan:
    """The plan of a command, told before anything is sent."""
    only = command.only if isinstance(command, StoreFiles) else None
    files: Sequence[PlannedFile]
    if command.plan is not None:
        files = command.plan.files
    else:
        files = await found_files(command, operation)
    made = await asyncio.to_thread(plan, files, command.options, only)
    context.notify(StorePlanNotice(operation=operation.number, time=context.wall(), plan=made, only=only))
    return made


def tell(context: Context, operation: Operation, results: Iterable[FileResult], association: int | None = None) -> None:
    """That files of the plan moved on."""
    found = tuple(results)
    if found:
        context.notify(
            _stored_notice(operation=operation.number, association=association, time=context.wall(), results=found)
        )


class Negotiation:
    """One planned association, open: what it means for its files, told before the first is sent."""

    def __init__(self, context: Context, operation: Operation, made: StorePlan, planned: PlannedAssociation) -> None:
        self._context, self._operation, self._plan, self._planned = context, operation, made, planned

    async def open(self, proposal: Proposal, number: int) -> tuple[Association, list[FileResult]]:
        """The association and, of each of its files, whether it can go. Raises Ended."""
        proposal = replace(proposal, contexts=self._planned.contexts)
        association = Association(
            self._context, number, requestor=True, peer=proposal.peer, timeouts=proposal.timeouts, proposal=proposal
        )
        own_side(self._context, association)
        results = judged(self._plan, self._planned, await opened(association, self._operation), number)
        tell(self._context, self._operation, results, number)
        return association, results


class Planning:
    """One PlanStore command."""

    def __init__(self, context: Context, command: PlanStore, operation: Operation) -> None:
        self._context = context
        self._command = command
        self._operation = operation

    async def run(self) -> None:
        """To the StatusNotice: a success when every instance found can go; `failed` counts those that cannot."""
        made = await planned(self._context, self._command, self._operation)
        refused = 0
        if self._command.proposal is not None:
            refused = await self._negotiate(made, self._command.proposal)
        going = made.sending - refused
        blocked = made.counts.get(FileState.CANNOT_GO, 0) + refused
        outcome = Outcome.CANCELLED if self._operation.cancelled else Outcome.SUCCESS
        if outcome is Outcome.SUCCESS and (blocked or not going):
            outcome = Outcome.WARNING if going else Outcome.NOT_SENT
        words = f"{going} {'file' if going == 1 else 'files'} can go" + (f", {blocked} cannot" if blocked else "")
        sentence = f"Planned: {words}." if going or blocked else "No file was found to send."
        self._operation.end(
            outcome, " ".join(filter(None, (sentence, passed_over(made)))), service="C-STORE", failed=blocked
        )

    async def _negotiate(self, made: StorePlan, proposal: Proposal) -> int:
        """Open and release each planned association; how many files the peer takes in none of the contexts."""
        number: int | None = self._command.association or None
        refused = 0
        self._operation.total = len(made.associations)
        for count, wanted in enumerate(made.associations, start=1):
            if self._operation.cancelled:
                break
            negotiation = Negotiation(self._context, self._operation, made, wanted)
            association, results = await negotiation.open(proposal, number or self._context.new_id())
            number = None
            refused += sum(r.state is FileState.CANNOT_GO for r in results)
            await association.release()
            self._operation.progress(count, sentence=f"Association {count} of {len(made.associations)} negotiated.")
        return refused
