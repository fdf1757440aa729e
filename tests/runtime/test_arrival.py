"""How long a response took is told by when it had arrived, whatever held us up until we read it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from time import perf_counter
from typing import Any
from unittest.mock import Mock

import pytest

from engine.model.association import Timeouts
from engine.model.faults import Phase
from engine.model.notices import AssociationNotice, AssociationPhase, Direction, MessageNotice, Outcome, PduNotice
from engine.protocol.upper_layer import UpperLayer
from engine.runtime.context import Context
from engine.runtime.link import Link
from engine.runtime.outbox import Outbox
from engine.runtime.recorder import Recorder
from engine.runtime.writer import Writer

from .console import Console
from .deviating import script

HELD_UP = 0.3
"""Seconds."""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when bytes arrived")


@pytest.fixture
def sides() -> Iterator[tuple[Console, Console]]:
    """The user's and the provider's, each with an engine of its own."""
    ours, theirs = Console(), Console()
    try:
        yield ours, theirs
    finally:
        ours.close()
        theirs.close()


def test_what_holds_us_up_is_not_told_as_the_peer_s_time(
    sides: tuple[Console, Console], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = sides
    told, spans = Recorder.told_message, list[float]()

    def held_up(self: Recorder, direction: Direction, ready: Any, *rest: Any) -> None:
        told(self, direction, ready, *rest)
        if ready.command.is_response:
            return
        begun = perf_counter()
        while not any(isinstance(n, MessageNotice) and n.direction is Direction.SENT for n in theirs.drain()):
            pass
        spans.append(perf_counter() - begun)
        while perf_counter() < begun + spans[0] + HELD_UP:
            pass

    listener = theirs.listen()
    monkeypatch.setattr(Recorder, "told_message", held_up)
    status = ours.echo(listener)
    response = next(n for n in ours.notices if isinstance(n, MessageNotice) and n.command.is_response)
    most = spans[0] + HELD_UP / 2
    assert response.duration is not None
    assert response.duration < most
    assert status.duration is not None
    assert status.duration < most
    pdus = [n for n in ours.notices if isinstance(n, PduNotice) and n.type == 4]
    assert pdus[1].direction is Direction.RECEIVED
    assert pdus[1].clock - pdus[0].clock < most, "a capture tells when it arrived"
    assert pdus[1].time - pdus[0].time < most


def test_what_a_script_holds_back_is_waited_for_from_when_it_was_to_go(
    sides: tuple[Console, Console], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long nothing has been written on the association."""
    ours, theirs = sides
    put = Writer._put

    def long_after(self: Writer, *args: Any) -> None:
        self._association.link.last_activity -= 3600
        put(self, *args)

    monkeypatch.setattr(Writer, "_put", long_after)
    timeouts = Timeouts(connect=20.0, acse=20.0, dimse=HELD_UP, artim=1.0)
    status = ours.echo(theirs.listen(), script=script("silence", phase=Phase.REQUEST), timeouts=timeouts)
    assert status.outcome is Outcome.TIMED_OUT
    assert status.duration is not None
    assert HELD_UP <= status.duration < 600


def test_what_is_told_as_sent_while_a_connection_closes_is_not_told_as_of_what_went_before() -> None:
    """Of whatever connection."""
    context = Context(Outbox())
    transport = Mock(spec=asyncio.Transport)
    transport.is_closing.return_value = True
    link = Link(context, UpperLayer(requestor=True), lambda event: None)
    link._transport = transport
    context.went = context.now() - 3600
    link._write([b"anything"])
    assert context.departure()[1] > context.now() - 600


def test_an_acceptor_s_time_is_until_it_has_answered(sides: tuple[Console, Console]) -> None:
    ours, theirs = sides
    ours.echo(theirs.listen())
    stands = theirs.wait(AssociationNotice, lambda n: n.phase is AssociationPhase.ESTABLISHED)
    assert stands.duration is not None
    assert stands.duration > 0, "the request had arrived before the association was made"


def test_no_message_is_told_as_earlier_than_its_pdu(sides: tuple[Console, Console]) -> None:
    ours, theirs = sides
    listener = theirs.listen()
    for _ in range(50):
        ours.echo(listener)
    for side in sides:
        last: dict[tuple[int, Direction], float] = {}
        messages = 0
        for notice in side.drain():
            if isinstance(notice, PduNotice):
                last[notice.association, notice.direction] = notice.time
            elif isinstance(notice, MessageNotice):
                messages += 1
                assert notice.time >= last[notice.association, notice.direction]
        assert messages == 100
