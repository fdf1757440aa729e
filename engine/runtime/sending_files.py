"""The files of one association of a store of many: a C-STORE operation each, and the next ones read meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from engine.model.command_set import CommandSet, Element, tag_of
from engine.model.commands import Outgoing
from engine.model.notices import Outcome
from engine.model.quick import quick
from engine.model.storing import FileResult, PlannedFile
from engine.services.responses import SUCCESS, request_of

from .association import Association
from .in_turn import InTurn
from .invocation import Ended, Response
from .reading_ahead import ReadAhead

if TYPE_CHECKING:
    from .storing import Storing


class SendingFiles(InTurn[FileResult]):
    """Sends files in turn, and has the next ones read while the peer takes one in."""

    def __init__(self, association: Association, files: list[FileResult], storing: Storing) -> None:
        super().__init__(association, files)
        self._storing = storing
        self._messages = association.messages  # the association lets go of them at its end
        self._read_ahead = ReadAhead(association.link, files, storing.header)

    async def run(self) -> None:
        """Send all, or until the storing is over. Raises Ended when the association ends before the last response."""
        try:
            await super().run()
        finally:
            self._read_ahead.close()

    @property
    def _over(self) -> bool:
        return self._storing.over

    def _message(self, item: FileResult) -> Outgoing:
        header = self._storing.header(item)
        self._storing.tell_sending(item, self._association.number)
        return Outgoing(command=_request(header), data=header.data, context_id=item.context_id)

    def _starts(self, item: FileResult, message: Outgoing, number: int) -> bool:
        loaded = self._read_ahead.take(self._begun - 1)
        messages = self._association.messages
        if loaded is None or not messages.start(message, number, partial(self._take, item, number), loaded):
            return False
        self.look_ahead()
        return True

    def look_ahead(self) -> None:
        """Read the next file while the peer takes this one in, and make its request ready where it can be."""
        index = self._begun
        if index >= len(self._items) or self._storing.over:
            return
        self._read_ahead.go_on(index)
        if self._limit == 1 and (loaded := self._read_ahead.ready(index)) is not None:
            file, before = self._items[index], self._items[index - 1]
            at_once = self._association.messages.at_once
            at_once.prepare(file, self._storing.header(file), loaded, before, self)

    @property
    def teller(self) -> Storing:
        """Who tells what becomes of them."""
        return self._storing

    # -- what was made ready goes in the moment in which the file before it is answered

    def moves_on(self, file: FileResult) -> int | None:
        """The file under way has been answered: the operation of this one, the next, which begins; None where it has to
        wait."""
        if self._storing.over or self._tasks or len(self._outstanding) != 1 or self._ended.done():
            return None
        if self._items[self._begun] is not file or self._read_ahead.take(self._begun) is None:
            return None
        self._begun += 1
        self._outstanding.clear()
        number = self._number()
        self._outstanding.add(number)
        return number

    def sent(self, file: FileResult, operation: int) -> Callable[[Response | Ended], None]:
        """It has gone: who takes what comes of it."""
        return partial(self._take, file, operation)

    def fail(self, error: Exception) -> None:
        """A defect of ours ends all."""
        self._fail(error)

    def _answered(self, item: FileResult, response: Response) -> None:
        if response.command.status == SUCCESS:  # nothing depends on it: the next one need not wait for it
            self._association.context.record(partial(self._storing.take_response, item, response))
        else:
            self._storing.take_response(item, response)

    def _unanswered(self, item: FileResult, ended: Ended) -> None:
        self._storing.take_unknown(item, ended)

    def _not_begun(self, item: FileResult, number: int, ended: Ended) -> None:
        """A file that cannot go is counted; when the association ended, a file of which nothing went out is among those
        not sent."""
        if ended.outcome is Outcome.NOT_SENT:
            self._storing.take_blocked(item, ended)
        elif self._messages.begun == number:  # ended in the middle of it: not to be tried again unasked
            self._storing.take_unknown(item, ended)

    async def _cut_off(self) -> None:
        """Each task tells what became of its file; with the association over they do not wait any more."""
        if self._tasks:
            await asyncio.wait(self._tasks)


def _request(header: PlannedFile) -> CommandSet:
    """Its C-STORE-RQ."""
    before, after = _around(header.sop_class_uid)
    return _command_set((*before, _element(_INSTANCE, header.sop_instance_uid), *after))


@lru_cache(maxsize=64)
def _around(sop_class_uid: str) -> tuple[tuple[Element, ...], tuple[Element, ...]]:
    """The elements before and after the SOP Instance UID: alike for all files of a SOP class."""
    made = request_of("C-STORE-RQ", AffectedSOPClassUID=sop_class_uid, AffectedSOPInstanceUID="").elements
    place = next(n for n, element in enumerate(made) if element.tag == _INSTANCE)
    return made[:place], made[place + 1 :]


_INSTANCE = tag_of("AffectedSOPInstanceUID")
_command_set, _element = quick(CommandSet), quick(Element)
