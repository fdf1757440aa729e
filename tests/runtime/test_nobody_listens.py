"""A face that does not fetch what the engine tells, as a command whose output nobody reads: what waits has an end."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

import pytest

from engine.model.association import Timeouts
from engine.model.command_set import CommandSet
from engine.model.commands import Abort, Send
from engine.model.notices import Direction, ErrorNotice, MessageNotice, Outcome
from engine.runtime import outbox
from engine.services.responses import response_to
from engine.standard.messages import CANCEL, NO_DATA_SET

from .console import STUDY_FIND, VERIFICATION, Console, find_rq, keys, policy, proposal
from .scripted import Conversation, calling, scripted

MOST = 300
FLOOD = 4_000
ONE_READ = 3_000
"""Records of what one read may bring."""
CANCEL_RQ = CommandSet.of(CommandField=CANCEL, MessageIDBeingRespondedTo=7, CommandDataSetType=NO_DATA_SET)


@pytest.fixture(autouse=True)
def _little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST", MOST)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def flood(talk: Conversation) -> threading.Thread:
    """Requests that are told and not answered, in a thread of their own."""

    def send() -> None:
        with contextlib.suppress(OSError):  # some are aborted
            talk.send(talk.message(1, CANCEL_RQ) * FLOOD)

    worker = threading.Thread(target=send)
    worker.start()
    return worker


def test_a_user_waits_until_what_it_sent_is_fetched(console: Console) -> None:
    listener = console.listen(policy=policy(timeouts=Timeouts(dimse=0.2, artim=5.0)))
    items = console.engine._outbox._items
    with calling(listener.port, VERIFICATION) as talk:
        ((number, association),) = console.engine._context.associations.items()
        worker = flood(talk)
        until(lambda: association.link.held_back)
        # more than the time-outs of its own: an association later than it begins and ends
        with calling(listener.port) as other:
            other.send(b"\xff" * 20)
            assert other.read_pdu()[0] == 7
        assert association.link.held_back and len(items) < MOST + ONE_READ
        told = 0
        while told < FLOOD:
            told = len(console.of(MessageNotice, lambda n: n.association == number))
        worker.join()
        until(lambda: not association.link.held_back)
        assert any("nothing more is received" in n.sentence for n in console.of(ErrorNotice))
    assert console.ended(number).outcome is not None


def test_a_user_is_not_idle_while_what_it_sends_is_not_read(console: Console) -> None:
    listener = console.listen(policy=policy(timeouts=Timeouts(dimse=0, idle=1.0, artim=5.0)))
    with calling(listener.port, VERIFICATION) as talk:
        ((number, association),) = console.engine._context.associations.items()
        worker = flood(talk)
        until(lambda: association.link.held_back)
        since = time.monotonic()
        until(lambda: time.monotonic() - since > 2.0)
        assert association.end is None and association.link.held_back
        told = 0
        while told < FLOOD:
            told = len(console.of(MessageNotice, lambda n: n.association == number))
        worker.join()
    assert console.ended(number).outcome is not None


def test_it_is_told_once_though_one_that_waits_is_aborted(console: Console) -> None:
    listener = console.listen(policy=policy(timeouts=Timeouts(artim=0.2)))
    open_ones = console.engine._context.associations
    with calling(listener.port, VERIFICATION) as first:
        ((number, association),) = open_ones.items()
        workers = [flood(first)]
        until(lambda: association.link.held_back)
        console.submit(Abort(association=number))
        until(lambda: association.link.lost)
        context = console.engine._context
        looked_at: list[bool] = []
        context.loop.call_soon_threadsafe(context.loop.call_later, 0.1, looked_at.append, True)
        until(lambda: looked_at)
        with calling(listener.port, VERIFICATION) as second:
            (later,) = (a for a in open_ones.values() if a is not association)
            workers.append(flood(second))
            until(lambda: later.link.held_back)
            while later.link.held_back:
                console.of(MessageNotice)
            told = console.of(ErrorNotice, lambda n: "nothing more is received" in n.sentence)
            assert len(told) == 1
            second.reset()
        first.reset()
    for worker in workers:
        worker.join()


def test_a_provider_is_not_said_to_answer_nothing_meanwhile(console: Console) -> None:
    """Its response is there, and waits to be read: our request has time until then."""
    go = threading.Event()

    def script(talk: Conversation) -> None:
        talk.accept()
        context, request = talk.read_command()
        worker = flood(talk)
        worker.join()
        talk.send(talk.message(context, response_to(request, 0)))
        go.wait(30)

    with scripted(script) as peer:
        number, operation = console.open(proposal(peer, STUDY_FIND, timeouts=Timeouts(dimse=1.0))), console.new_id()
        association = console.engine._context.associations[number]
        message = find_rq(STUDY_FIND, keys(QueryRetrieveLevel="STUDY"))
        console.submit(Send(association=number, operation=operation, message=message))
        until(lambda: association.link.held_back)
        since = time.monotonic()
        until(lambda: time.monotonic() - since > 2.0)
        assert association.end is None and association.link.held_back
        assert console.status(operation).outcome is Outcome.SUCCESS
        received = console.of(MessageNotice, lambda n: n.direction is Direction.RECEIVED)
        assert len(received) == FLOOD + 1
        go.set()
