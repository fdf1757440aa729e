"""One operation we invoked: its responses as they come, and how it ended."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import field
from functools import lru_cache

from engine.model.command_set import CommandSet
from engine.model.dataset import EncodedData, FileData
from engine.model.notice_words import OUTCOMES, commented
from engine.model.notices import Outcome, StatusNotice
from engine.model.quick import quick
from engine.standard.command_fields import RESPONSE_BIT
from engine.standard.dictionary import uid_text
from engine.standard.lean import dataclass
from engine.standard.messages import message_for, message_name
from engine.standard.status import status_class, status_text
from engine.wire.message_run import MessageRun


class Ended(Exception):
    """An operation or association cannot go on; `sentence` says why."""

    def __init__(self, outcome: Outcome, sentence: str) -> None:
        super().__init__(sentence)
        self.outcome = outcome
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Response:
    """One response to an invocation."""

    command: CommandSet
    data: EncodedData | FileData | None
    final: bool


response = quick(Response)


@dataclass(slots=True)
class Responses:
    """Pending responses that came one after the other and differ in their data sets only: messages `first` to before
    `end` of the run, made when they are read."""

    run: MessageRun
    first: int
    end: int
    command: CommandSet
    transfer_syntax: str

    @property
    def left(self) -> int:
        return self.end - self.first

    def next(self) -> Response:
        data = EncodedData(self.run.data_set(self.first), self.transfer_syntax)
        self.first += 1
        return response(self.command, data, False)


@dataclass(slots=True)
class Invocation:
    """The invoking side of one operation; the association feeds it, a procedure reads it.

    take: gets all of it at once instead, in the turn of the loop in which it came.
    """

    operation: int
    request: CommandSet
    context_id: int
    started: float
    take: Callable[[Response | Ended], None] | None = None
    responses: int = 0
    latest: float = 0.0
    """When the latest response arrived, in monotonic seconds; 0 before any did."""
    cancelled: bool = False
    """Its C-CANCEL-RQ was sent."""
    _came: deque[Response | Responses | Ended] = field(default_factory=deque)
    _reader: asyncio.Future[None] | None = None

    @property
    def service(self) -> str:
        return service_name(self.request)

    @property
    def refused(self) -> bool:
        """Whether its final response has come, and tells a failure."""
        finals = (i for i in self._came if isinstance(i, Response) and i.final)
        return any(outcome_of(i.command.status) is Outcome.FAILURE for i in finals)

    def came(self, item: Response | Responses | Ended) -> None:
        """A response, several, or why there will be none."""
        self._came.append(item)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def next(self) -> Response:
        """The next response. Raises Ended when there will be none."""
        while not self._came:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        item = self._came[0]
        if type(item) is Responses:
            made = item.next()
            self._drop_empty(item)
            return made
        self._came.popleft()
        if isinstance(item, Ended):
            raise item
        assert isinstance(item, Response)
        return item

    def pass_by(self, latest: Response, most: int | None = None) -> int:
        """Responses that have come already and differ from the latest in their data set only are taken unread, `most`
        at most: how many."""
        item = self._came[0] if self._came else None
        if type(item) is not Responses or item.command is not latest.command:
            return 0
        count = item.left if most is None else min(most, item.left)
        item.first += count
        self._drop_empty(item)
        return count

    def _drop_empty(self, item: Responses) -> None:
        if not item.left:
            self._came.popleft()

    async def final(self) -> Response:
        """The final response; pending ones are counted and passed over."""
        while True:
            response = await self.next()
            if response.final:
                return response
            self.responses += 1


def service_name(command: CommandSet) -> str:
    """ "C-FIND" for a C-FIND-RQ."""
    return _service_of(command.command_field)


@lru_cache(maxsize=256)
def _service_of(command_field: int | None) -> str:
    return message_name(command_field).removesuffix("-RQ").removesuffix("-RSP")


def answers(response: CommandSet, request: CommandSet) -> bool:
    """Whether a response is of the service of the request whose Message ID it names: its Command Field is that of the
    request with the highest bit set (PS3.7 Annex E). To a request that is none of the Standard's, any is."""
    asked = message_for(request.command_field or 0)
    return asked is None or asked.kind != "request" or response.command_field == asked.command_field | RESPONSE_BIT


@lru_cache(maxsize=256)
def outcome_of(status: int | None) -> Outcome:
    """How an operation with this final status ended; a missing one counts as a failure."""
    if status is None:
        return Outcome.FAILURE
    return OUTCOMES.get(status_class(status), Outcome.FAILURE)


def status_notice(
    invocation: Invocation, response: CommandSet, *, association: int, time: float, clock: float
) -> StatusNotice:
    """The end of an invocation, from its final response."""
    status = response.status
    sop_class = invocation.request.sop_class_uid
    text = "no status in the response" if status is None else status_text(status, invocation.service, sop_class)
    comment = response.text("ErrorComment")
    offending = response.get("OffendingElement")
    tags = (offending,) if isinstance(offending, int) else offending if isinstance(offending, tuple) else ()
    name = uid_text(sop_class)
    sentence = f"{invocation.service} {name}: {text}{commented(comment)}"
    return StatusNotice(
        operation=invocation.operation,
        association=association,
        time=time,
        clock=clock,
        outcome=outcome_of(status),
        service=invocation.service,
        sop_class_uid=sop_class,
        message_id=invocation.request.message_id,
        status=status,
        sentence=sentence,
        error_comment=comment,
        offending_elements=tuple(t for t in tags if isinstance(t, int)),
        error_id=response.number("ErrorID"),
        duration=max(0.0, (invocation.latest or clock) - invocation.started),
        remaining=response.number("NumberOfRemainingSuboperations"),
        completed=response.number("NumberOfCompletedSuboperations"),
        failed=response.number("NumberOfFailedSuboperations"),
        warning=response.number("NumberOfWarningSuboperations"),
        responses=invocation.responses,
    )
