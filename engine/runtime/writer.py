"""A message onto the wire: cut into PDUs, written as fast as the peer reads, and told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.model.notices import Cause, Direction, Outcome
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.protocol.deviating.plan import HONEST, Speak
from engine.protocol.upper_layer import StateError
from engine.standard.messages import CANCEL
from engine.wire.datasets import DataSetError
from engine.wire.fragments import LONGEST_RUN, DataRun, fragment_size

from .beside import beside
from .invocation import Ended
from .outgoing import Encoded
from .retrievals import Retrieval

if TYPE_CHECKING:
    from .association import Association

BATCH = 1024 * 1024
"""Bytes gathered into one write: beyond that system calls cost nothing any more."""
PDUS_AT_ONCE = LONGEST_RUN
"""P-DATA-TFs gathered into one write. Each costs 35 us until it is told, and peers may take two bytes in each."""


class Writer:
    """Of one association."""

    def __init__(self, association: Association) -> None:
        self._association = association

    def live(self) -> dx.Exchange:
        """The exchange, while messages can be sent. Raises Ended."""
        association = self._association
        if association.lost is not None:
            raise association.lost
        if association.exchange is None:
            raise Ended(Outcome.NOT_SENT, "The association is not established yet.")
        return association.exchange

    async def send(
        self,
        ready: dx.Ready,
        encoded: Encoded | None,
        operation: int | None,
        step: Speak,
        within: Retrieval | None = None,
    ) -> None:
        """Fragments onto the wire, never more queued than the socket can take soon."""
        if not step.sent:
            return
        script = self._association.script
        if script is not None:
            script.arm(step)
        try:
            await self._put_out(ready, encoded, operation, step.maximum, within)
        finally:
            if encoded is not None:
                encoded.close()
            if script is not None:
                script.arm(HONEST)

    async def _put_out(
        self,
        ready: dx.Ready,
        encoded: Encoded | None,
        operation: int | None,
        maximum: int | None,
        within: Retrieval | None,
    ) -> None:
        link = self._association.link
        if encoded is not None and encoded.far and encoded.size < BATCH:
            try:
                encoded = replace(encoded, chunks=(await beside(b"".join, encoded.chunks),), far=False)
            except DataSetError as error:
                raise self._unreadable(error, ready.command.is_response) from None
        if encoded is None or self.goes_at_once(encoded, maximum):
            self.put_whole(ready, encoded, operation, maximum, within)
            await link.drained()
            return
        pdus: list[list[p.Buffer] | DataRun] = []
        size, count, begun = 0, 0, False
        try:
            cut = self._cut(ready, encoded, maximum)
            while (pdu := await beside(next, cut, None) if encoded.far else next(cut, None)) is not None:
                is_run = isinstance(pdu, DataRun)
                more = len(pdu) if is_run else 1
                if size >= BATCH or count + more > PDUS_AT_ONCE:  # the one before was not the last
                    await self._put_in_turn(pdus, operation)
                    pdus, size, count, begun = [], 0, 0, True
                pdus.append(pdu)
                size += len(pdu) * pdu.pdu_size if isinstance(pdu, DataRun) else sum(map(len, pdu))
                count += more
                if size >= BATCH and is_run:  # never the last: it need not wait for the next
                    await self._put_in_turn(pdus, operation)
                    pdus, size, count, begun = [], 0, 0, True
        except DataSetError as error:
            raise self._unreadable(error, begun or ready.command.is_response) from None
        self._put(pdus, operation)
        self._tell_sent(ready, encoded, operation, within)
        await link.drained()

    async def _put_in_turn(self, pdus: list[list[p.Buffer] | DataRun], operation: int | None) -> None:
        """Part of a message, of which more follows: told as sent with its last PDU, before its response can come."""
        self._put(pdus, operation)
        await self._association.link.drained()
        await asyncio.sleep(0)  # the other associations have their turn

    def goes_at_once(self, encoded: Encoded, maximum: int | None = None) -> bool:
        """Whether a message is so small that it need not be written in turns. maximum: the receiver's maximum length,
        where another one is kept to."""
        length = self.live().negotiated.send_maximum if maximum is None else maximum
        return encoded.size < BATCH and encoded.size <= (PDUS_AT_ONCE - 1) * fragment_size(length)

    def put_whole(
        self,
        ready: dx.Ready,
        encoded: Encoded | None,
        operation: int | None,
        maximum: int | None = None,
        within: Retrieval | None = None,
    ) -> None:
        """A message in one write."""
        try:
            pdus = list(self._cut(ready, encoded, maximum))
        except DataSetError as error:
            raise self._unreadable(error, ready.command.is_response) from None
        cancels = ready.command.command_field == CANCEL
        self._put(pdus, None if cancels else operation)
        self._tell_sent(ready, encoded, operation, within)
        if cancels and operation is not None:  # whose request went before
            self.live().progress_made(operation, self._association.context.now())

    def _cut(self, ready: dx.Ready, encoded: Encoded | None, maximum: int | None) -> Iterator[list[p.Buffer] | DataRun]:
        honest = self._association.script is None
        return self.live().fragments(ready, encoded.chunks if encoded else None, maximum, runs=honest)

    def _unreadable(self, error: Exception, begun: bool) -> Ended:
        """begun: part of the message has gone, or somebody waits for it: the association cannot go on."""
        if not begun:
            return Ended(Outcome.NOT_SENT, f"The data set could not be read, so nothing of it was sent: {error}")
        sentence = f"The data set could not be read to its end, so the association was aborted: {error}"
        self._association.abort(why=(Outcome.NOT_SENT, sentence), cause=Cause.STORAGE)
        return Ended(Outcome.NOT_SENT, sentence)

    def _tell_sent(
        self, ready: dx.Ready, encoded: Encoded | None, operation: int | None, within: Retrieval | None
    ) -> None:
        """Before anything else can happen: its response must not come first."""
        shown, length = (encoded.shown, encoded.size) if encoded else (None, 0)
        part_of = within.operation if within is not None else None
        self._association.recorder.message(Direction.SENT, ready, shown, length, operation, part_of)

    def _put(self, pdus: list[list[p.Buffer] | DataRun], operation: int | None) -> None:
        exchange, begun = self.live(), self._association.context.now()
        try:
            self._association.request(p.PDataRequest(tuple(pdus)))
        except StateError as error:
            raise self._association.lost or Ended(Outcome.NOT_SENT, str(error)) from None
        if operation is not None:
            gone = max(self._association.link.last_activity, begun)  # a script may hold all of it back
            exchange.went(operation, gone)
            self._association.messages.went(operation, gone)
