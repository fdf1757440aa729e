"""The files of one association of a store of many: a C-STORE operation each, and the next one read meanwhile."""

from __future__ import annotations

import asyncio
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from engine.model.command_set import CommandSet, Element, tag_of
from engine.model.commands import Outgoing
from engine.model.notices import Outcome
from engine.model.quick import quick
from engine.model.storing import FileResult, PlannedFile
from engine.services.responses import request_of
from engine.wire.datasets import read_file_into

from .association import Association
from .invocation import Ended, Response
from .writer import BATCH

if TYPE_CHECKING:
    from .storing import Storing

UNLIMITED = 64
"""Stores outstanding at once when the window has no limit: more would gain nothing and delay a Cancel."""


class SendingFiles:
    """Sends files in turn, without waiting for the responses to those before as far as the asynchronous operations
    window allows (PS3.7 D.3.3.3).

    A file goes out in the very turn of the loop in which the response that makes room for it came, and the next is read
    while the peer takes it in. What has to be waited for (a peer that does not read, a large file, a script) is done by
    a task instead, and until that is over all that follows too, so that the order stays.
    """

    def __init__(self, association: Association, files: list[FileResult], storing: Storing) -> None:
        assert association.negotiated is not None
        self._association, self._files, self._storing = association, files, storing
        self._limit = association.negotiated.window.invoked or UNLIMITED
        self._begun = 0
        self._outstanding: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._read_ahead = ReadAhead(association)
        self._ended: asyncio.Future[None] = association.context.loop.create_future()

    async def run(self) -> None:
        """Send all, or until the storing is over. Raises Ended when the association ends before the last response."""
        try:
            self._go_on()
            await self._ended
        except Ended:
            if self._tasks:  # each tells what became of its file; with the association over they do not wait any more
                await asyncio.wait(self._tasks)
            raise
        finally:
            for task in self._tasks:
                task.cancel()

    def _go_on(self) -> None:
        """Begin what there is room for; end when nothing is left to wait for."""
        while not self._ended.done() and self._begun < len(self._files) and not self._storing.over:
            if len(self._outstanding) + len(self._tasks) >= self._limit:
                return
            self._begun += 1
            self._begin(self._files[self._begun - 1])
        if not self._outstanding and not self._tasks and not self._ended.done():
            self._ended.set_result(None)

    def _begin(self, file: FileResult) -> None:
        association, storing = self._association, self._storing
        header = storing.header(file)
        message = Outgoing(command=_request(header), data=header.data, context_id=file.context_id)
        storing.tell_sending(file, association.number)
        number = association.context.new_id()
        if not self._tasks:
            loaded = self._read_ahead.take(file, header)
            self._outstanding.add(number)
            try:
                if loaded is not None and association.messages.start(
                    message, number, partial(self._take, file, header, number), loaded
                ):
                    association.context.loop.call_soon(self._look_ahead)
                    return
            except Ended as ended:
                self._outstanding.discard(number)
                self._not_begun(file, number, ended)
                return
            except Exception as error:  # noqa: BLE001 - a defect of ours ends the operation, not the connection
                self._fail(error)
                return
            self._outstanding.discard(number)
        task = association.context.loop.create_task(self._send(message, number, file, header))
        self._tasks.add(task)
        task.add_done_callback(self._sent)

    def _look_ahead(self) -> None:
        """Read the next file while the peer takes in this one."""
        if self._begun < len(self._files) and self._outstanding and not self._storing.over:
            file = self._files[self._begun]
            self._read_ahead.read(file, self._storing.header(file))

    def _take(self, file: FileResult, header: PlannedFile, number: int, item: Response | Ended) -> None:
        """What came of a file that was sent at once."""
        if number not in self._outstanding:
            return  # told already
        try:
            if isinstance(item, Ended):
                self._outstanding.discard(number)
                self._storing.take_unknown(file, item)
                self._fail(item)
            elif item.final:
                self._outstanding.discard(number)
                self._storing.take_response(file, item, header)
                self._go_on()
        except Exception as error:  # noqa: BLE001 - as in `_begin`
            self._fail(error)

    async def _send(self, message: Outgoing, number: int, file: FileResult, header: PlannedFile) -> None:
        """One file to its response, with all the waiting it takes; only the association's end is raised."""
        messages = self._association.messages
        try:
            invocation = await messages.invoke(message, number)
        except Ended as ended:
            self._not_begun(file, number, ended)
            return
        try:
            response = await invocation.final()
        except Ended as ended:
            self._storing.take_unknown(file, ended)
            raise
        finally:
            messages.close_invocation(number)
        self._storing.take_response(file, response, header)

    def _not_begun(self, file: FileResult, number: int, ended: Ended) -> None:
        """A file that cannot go is counted; when the association ended, a file of which nothing went out is among those
        not sent."""
        if ended.outcome is Outcome.NOT_SENT:
            self._storing.take_blocked(file, ended)
        elif self._association.messages.begun == number:  # ended in the middle of it: not to be tried again unasked
            self._storing.take_unknown(file, ended)
        if self._association.end is not None:
            self._fail(ended)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._fail(error)
        else:
            self._go_on()

    def _fail(self, error: BaseException) -> None:
        if not self._ended.done():
            self._ended.set_exception(error)


class ReadAhead:
    """The data set of the file that is sent next, in memory. Small files only; with the others reading is not what
    takes the time."""

    def __init__(self, association: Association) -> None:
        self._association = association
        self._room = bytearray()
        self._number = -1
        self._loaded: memoryview | None = None

    def read(self, file: FileResult, header: PlannedFile) -> None:
        """Read it, unless it is read already. What cannot be read as it was planned is left to those who tell why."""
        if self._number == file.number and self._loaded is not None:
            return
        self._number, self._loaded = file.number, None
        size = header.length
        if not 0 < size < BATCH or file.transfer_syntax != header.transfer_syntax:
            return
        if len(self._room) < size or self._association.link.unsent:  # what was sent last may be needed still
            self._room = bytearray(size)
        room = memoryview(self._room)[:size]
        if read_file_into(header.path, header.offset, room):
            self._loaded = room

    def take(self, file: FileResult, header: PlannedFile) -> memoryview | None:
        """The bytes of the data set, valid until the next one is read; None when they are to be got otherwise."""
        self.read(file, header)
        loaded, self._loaded, self._number = self._loaded, None, -1
        return loaded


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
