"""Sending many files with C-STORE: over the planned associations, each file to an end that is told."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import lru_cache

from engine.model.command_set import CommandSet, tag_of
from engine.model.commands import StoreFiles
from engine.model.notice_words import commented
from engine.model.notices import Outcome
from engine.model.storing import FileResult, FileState, PlannedAssociation, PlannedFile, StorePlan
from engine.services.plan import plan
from engine.services.tally import Tally, cannot_go, passed_over
from engine.standard.status import StatusClass, status_class, status_text

from .context import Context
from .invocation import Ended, Response
from .operations import Operation
from .planning import Negotiation, planned, tell
from .sending_files import SendingFiles
from .store_turns import Stored, moved

_STATES = {StatusClass.SUCCESS: FileState.STORED, StatusClass.WARNING: FileState.WARNING}


_COMMENT = tag_of("ErrorComment")


@lru_cache(maxsize=64)
def _end_by(status: int | None, sop_class_uid: str) -> tuple[FileState, str]:
    """What a status makes of a file, and its meaning."""
    if status is None:
        return FileState.FAILED, "no status"
    return _STATES.get(status_class(status), FileState.FAILED), status_text(status, "C-STORE", sop_class_uid)


def _sentence(response: CommandSet, sop_class_uid: str) -> tuple[FileState, str]:
    """What a response makes of a file, and what it says."""
    state, text = _end_by(response.status, sop_class_uid)
    return state, text + commented(response.text(_COMMENT))


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
        self._latest: tuple[CommandSet | None, str] = None, ""
        """The latest response to files that are told of with other things, and what it says."""

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
            if not self.over:
                await self._round(made)
        self._end()

    async def _round(self, made: StorePlan) -> None:
        """All of the plan once, over as many associations at a time as was wished."""
        self._waiting = {n for a in made.associations for n in a.files}
        queue = deque(made.associations)

        async def work() -> None:
            while queue and not self.over:
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
            await SendingFiles(association, going, self).run()
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

    # -- for those who send

    @property
    def over(self) -> bool:
        """Whether nothing more is to be begun."""
        return bool(self._operation.cancelled or self._ended or self._stopped)

    def header(self, file: FileResult) -> PlannedFile:
        """What is planned for a file."""
        return self._plan.files[file.number]

    def tell_sending(self, file: FileResult, association: int) -> None:
        tell(self._context, self._operation, (moved(file, FileState.SENDING, file.sentence),), association)

    def take_blocked(self, file: FileResult, why: Ended) -> None:
        """It cannot go."""
        self._take([moved(file, FileState.CANNOT_GO, why.sentence)], told=True)

    def take_unknown(self, file: FileResult, why: Ended) -> None:
        """It went out, and no response will come."""
        self._take([moved(file, FileState.UNKNOWN, why.sentence)])

    def take_response(self, file: FileResult, response: Response) -> None:
        """The final response to it came."""
        self._take_status(file, response.command)

    def tell_stored(self, file: FileResult, response: CommandSet) -> None:
        """The same; it was a success."""
        self._take_status(file, response)

    def stored(self, file: FileResult, response: CommandSet) -> Stored:
        """The same; it is told of with other things. response: the one to a file like it."""
        header, tally = self.header(file), self._tally
        if response is not self._latest[0]:
            self._latest = response, _sentence(response, header.sop_class_uid)[1]
        tally.take_stored(header.length)
        self._waiting.discard(file.number)
        text, operation = self._latest[1], self._operation
        warning = tally.counts[FileState.WARNING]
        number, association, total = operation.number, operation.association, operation.total
        return Stored(file, number, association, total, text, tally.done, tally.failed, warning, tally.size)

    # -- inner

    def _take_status(self, file: FileResult, response: CommandSet) -> None:
        header = self.header(file)
        state, text = _sentence(response, header.sop_class_uid)
        self._tally.size += header.length
        self._take([moved(file, state, text, response.status)])

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
