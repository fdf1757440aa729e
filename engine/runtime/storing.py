"""Sending many files with C-STORE: over the planned associations, each file to an end that is told."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from engine.model.commands import Outgoing, StoreFiles
from engine.model.notices import Outcome
from engine.model.storing import FileResult, FileState, PlannedAssociation, StorePlan
from engine.services.plan import plan
from engine.services.responses import request_of
from engine.services.tally import Tally, cannot_go, passed_over
from engine.standard.status import StatusClass, status_class, status_text

from .association import Association
from .context import Context
from .invocation import Ended, Response
from .operations import Operation
from .planning import Negotiation, planned, tell

UNLIMITED = 64
"""Stores outstanding at once when the window has no limit: more would gain nothing and delay a Cancel."""
_STATES = {StatusClass.SUCCESS: FileState.STORED, StatusClass.WARNING: FileState.WARNING}


class Storing:
    """One StoreFiles command."""

    def __init__(self, context: Context, command: StoreFiles, operation: Operation) -> None:
        self._context = context
        self._command = command
        self._operation = operation
        self._plan = StorePlan()
        self._tally = Tally()
        self._next_association: int | None = command.association
        self._waiting: set[int] = set()
        """Files of this round that have not come to an end, by number."""
        self._ended: Ended | None = None
        self._stopped = ""

    async def run(self) -> None:
        """To the StatusNotice. What an association's end cut off is told file by file before."""
        made = self._plan = await planned(self._context, self._command, self._operation)
        blocked = [
            FileResult(number=f.number, path=f.path, state=FileState.CANNOT_GO, sentence=f.why)
            for f in made.of(FileState.CANNOT_GO)
            if self._command.only is None or f.number in self._command.only
        ]
        rounds = max(1, self._command.options.repeat)
        self._operation.total = self._tally.total = made.sending * rounds + len(blocked)
        self._take(blocked, told=True)
        if not self._tally.total and not self._operation.cancelled:
            self._stopped = "No file was found to send."
        for _ in range(rounds):
            if not self._over:
                await self._round(made)
        self._end()

    @property
    def _over(self) -> bool:
        """Whether nothing more is to be begun."""
        return bool(self._operation.cancelled or self._ended or self._stopped)

    async def _round(self, made: StorePlan) -> None:
        """All of the plan once, over as many associations at a time as was wished."""
        self._waiting = {n for a in made.associations for n in a.files}
        queue = deque(made.associations)

        async def work() -> None:
            while queue and not self._over:
                try:
                    await self._send_association(queue.popleft(), queue)
                except Ended as ended:
                    self._ended = self._ended or ended

        async with asyncio.TaskGroup() as workers:
            for _ in range(max(1, self._command.options.parallel)):
                workers.create_task(work())

    async def _send_association(self, wanted: PlannedAssociation, queue: deque[PlannedAssociation]) -> None:
        """Negotiate, tell what cannot go, send the rest; raises Ended when the association ended before that.

        When a file of ours was what ended it, or the user wishes to go on, the files behind are queued for another one.
        """
        number, self._next_association = self._next_association or self._context.new_id(), None
        negotiation = Negotiation(self._context, self._operation, self._plan, wanted)
        association, results = await negotiation.open(self._command.proposal, number)
        try:
            self._take([r for r in results if r.state is FileState.CANNOT_GO], told=True)
            going = [r for r in results if r.state is FileState.PLANNED]
            self._warn([r for r in going if r.sentence], number)
            await self._send_files(association, going)
        except Ended as ended:
            left = tuple(n for n in wanted.files if n in self._waiting)
            moved_on = len(left) < len(wanted.files)  # or another association would end in the same way
            go_on = self._command.options.resume and not association.aborted_by_user
            if not moved_on or not (go_on or ended.outcome is Outcome.NOT_SENT):
                raise
            queue.extend(plan(self._plan.files, self._plan.options, left).associations if left else ())
        finally:
            await association.release()

    def _warn(self, doubtful: list[FileResult], number: int) -> None:
        """Say before they go what speaks against some files; they are sent all the same, after the others."""
        for sentence in dict.fromkeys(r.sentence for r in doubtful):
            count = sum(r.sentence == sentence for r in doubtful)
            words = f"{sentence} {count} {'file goes' if count == 1 else 'files go'} last on this association."
            self._context.error(words, number, self._operation.number)

    async def _send_files(self, association: Association, files: Iterable[FileResult]) -> None:
        """Each in turn, without waiting for the responses to those before as far as the asynchronous operations window
        allows (PS3.7 D.3.3.3). Raises Ended when the association ends."""
        assert association.negotiated is not None
        if association.negotiated.window.invoked == 1:
            for file in files:
                if self._over:
                    break
                await self._send_file(association, file)
            return
        room = asyncio.Semaphore(association.negotiated.window.invoked or UNLIMITED)
        ends: list[Ended] = []

        async def send(file: FileResult) -> None:
            try:
                await self._send_file(association, file)
            except Ended as ended:
                ends.append(ended)
            finally:
                room.release()

        async with asyncio.TaskGroup() as outstanding:
            for file in files:
                await room.acquire()
                if self._over or ends:
                    break
                outstanding.create_task(send(file))
        if ends:
            raise ends[0]

    async def _send_file(self, association: Association, file: FileResult) -> None:
        """Send one file; only the association's end is raised, a file that cannot go is counted."""
        header = self._plan.files[file.number]
        command = request_of(
            "C-STORE-RQ", AffectedSOPClassUID=header.sop_class_uid, AffectedSOPInstanceUID=header.sop_instance_uid
        )
        outgoing = Outgoing(command=command, data=header.data, context_id=file.context_id)
        tell(self._context, self._operation, (replace(file, state=FileState.SENDING),), association.number)
        messages, number = association.messages, self._context.new_id()
        try:
            invocation = await messages.invoke(outgoing, number)
        except Ended as ended:
            if ended.outcome is Outcome.NOT_SENT:
                self._take([replace(file, state=FileState.CANNOT_GO, sentence=ended.sentence)], told=True)
            elif messages.begun == number:  # the association ended in the middle of it: not to be tried again unasked
                self._take([replace(file, state=FileState.UNKNOWN, sentence=ended.sentence)])
            if association.end is not None:
                raise  # a file of which nothing went out is among those not sent
            return
        try:
            response = await invocation.final()
        except Ended as ended:
            self._take([replace(file, state=FileState.UNKNOWN, sentence=ended.sentence)])
            raise
        finally:
            messages.close_invocation(number)
        self._take_response(file, response, header.sop_class_uid, header.length)

    def _take_response(self, file: FileResult, response: Response, sop_class_uid: str, length: int) -> None:
        status = response.command.status
        text = "no status" if status is None else status_text(status, "C-STORE", sop_class_uid)
        comment = response.command.text("ErrorComment")
        state = FileState.FAILED if status is None else _STATES.get(status_class(status), FileState.FAILED)
        self._tally.size += length
        self._take(
            [replace(file, state=state, status=status, sentence=text + (f" — {comment}" if comment else ""))],
        )

    def _take(self, results: list[FileResult], *, told: bool = False) -> None:
        """Files came to an end. told: nothing on the wire shows it, so it is also told as an error."""
        if not results:
            return
        for result in results:
            self._tally.take(result)
            self._waiting.discard(result.number)
        tell(self._context, self._operation, results, results[0].association)
        if told:
            sentence = cannot_go(results)
            self._context.error(sentence, self._operation.association, self._operation.number)
        last = results[-1]
        if last.state in (FileState.NOT_SENT, FileState.UNKNOWN):
            return
        self._operation.progress(
            self._tally.done,
            failed=self._tally.failed,
            warning=self._tally.counts[FileState.WARNING],
            size=self._tally.size,
            sentence=f"{last.path.name}: {last.sentence}",
        )
        if self._command.options.stop_at_failure and last.state is FileState.FAILED:
            self._stopped = f"Stopped at the first failure, {last.path.name}."

    def _end(self) -> None:
        """Tell what was not sent and why, then the whole."""
        why = self._stopped or ("Cancelled." if self._operation.cancelled else "")
        why = self._ended.sentence if self._ended else why
        left = [
            FileResult(number=n, path=self._plan.files[n].path, state=FileState.NOT_SENT, sentence=why)
            for n in sorted(self._waiting)
        ]
        for result in left:
            self._tally.take(result)
        tell(self._context, self._operation, left)
        tally = self._tally
        stopped = self._ended.sentence if self._ended else self._stopped
        self._operation.end(
            self._ended.outcome if self._ended else tally.outcome(cancelled=self._operation.cancelled),
            " ".join(filter(None, (tally.sentence(), passed_over(self._plan), stopped))),
            service="C-STORE",
            completed=tally.counts[FileState.STORED],
            failed=tally.failed,
            warning=tally.counts[FileState.WARNING],
            remaining=tally.total - tally.done,
            unfinished=tuple(self._plan.files[n].path for n in tally.unfinished),
        )
