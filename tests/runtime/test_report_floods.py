"""A peer that asks for thousands of event reports, to a destination that takes none: bounded, and told."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from engine.model.commands import MoveDestination, StopListening
from engine.model.emulation import CommitmentOptions, Emulation, ReportOn
from engine.model.notices import AssociationNotice, AssociationPhase, ErrorNotice
from engine.runtime import reporting
from engine.runtime.reporting import MOST_CALLS
from engine.services.responses import request_of
from engine.wire.datasets import encode_dataset

from .console import CT, EXPLICIT, HOST, Console, keys
from .hostile import nothing_leaks
from .scripted import Conversation, calling, scripted

COMMITMENT = "1.2.840.10008.1.20.1"
WELL_KNOWN = "1.2.840.10008.1.20.1.1"
MANY = 60
EMULATION = Emulation(commitment=CommitmentOptions(report=ReportOn.NEW, retries=0))


def asks(talk: Conversation, count: int) -> None:
    reference = keys(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID="1.2.4")
    data = encode_dataset(keys(TransactionUID="1.2.3", ReferencedSOPSequence=[reference]), EXPLICIT)
    command = request_of("N-ACTION-RQ", RequestedSOPClassUID=COMMITMENT, RequestedSOPInstanceUID=WELL_KNOWN)
    for number in range(1, count + 1):
        talk.send(talk.message(1, command.with_values(MessageID=number, CommandDataSetType=1, ActionTypeID=1), data))
        assert talk.read_command()[1].status == 0


@pytest.fixture
def answers() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_few_associations_are_opened_at_a_time(console: Console, answers: threading.Event) -> None:
    took = 0

    def script(talk: Conversation) -> None:
        nonlocal took
        talk.read_pdu()
        answers.wait(30)
        took += 1
        talk.reset()

    with scripted(script, backlog=128) as peer:
        destination = MoveDestination(ae_title="CONSOLE", host=HOST, port=peer.port)
        listener = console.listen(emulation=EMULATION, destinations=(destination,))
        with nothing_leaks(console), calling(listener.port, (COMMITMENT, EXPLICIT)) as talk:
            asks(talk, MANY)
            for _ in range(50):
                console.taken()
            assert sum(a.requestor for a in console.engine._context.associations.values()) == MOST_CALLS
            answers.set()
            console.wait(ErrorNotice, lambda _: len(undelivered(console)) == MANY)
            assert took == MANY
            ends = console.of(AssociationNotice, lambda n: n.requestor and n.outcome is not None)
            assert len(ends) == MANY and all(n.phase is AssociationPhase.FAILED for n in ends)


@pytest.mark.parametrize("limit", ["MOST_WAITING", "MOST_HELD"])
def test_no_more_wait_than_are_taken(
    limit: str, console: Console, answers: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither reports nor bytes of them."""
    monkeypatch.setattr(reporting, "weight", lambda _: 100)
    monkeypatch.setattr(reporting, limit, 20 if limit == "MOST_WAITING" else 2000)

    def script(talk: Conversation) -> None:
        talk.read_pdu()
        answers.wait(30)

    with scripted(script, backlog=128) as peer:
        destination = MoveDestination(ae_title="CONSOLE", host=HOST, port=peer.port)
        listener = console.listen(emulation=EMULATION, destinations=(destination,))
        with calling(listener.port, (COMMITMENT, EXPLICIT)) as talk:
            asks(talk, MANY)
            console.wait(ErrorNotice, lambda _: len(undelivered(console)) == MANY - 20)
            assert all("20 others wait" in n.sentence for n in undelivered(console))
            answers.set()
            console.wait(ErrorNotice, lambda _: len(undelivered(console)) == MANY)


def undelivered(console: Console) -> list[ErrorNotice]:
    return [n for n in console.notices if isinstance(n, ErrorNotice) and "could not be delivered" in n.sentence]


def test_those_that_wait_end_with_the_built_in_peer(console: Console, answers: threading.Event) -> None:
    took = 0

    def script(talk: Conversation) -> None:
        nonlocal took
        took += 1
        talk.read_pdu()
        talk.wait_closed()

    with scripted(script, backlog=128) as peer:
        destination = MoveDestination(ae_title="CONSOLE", host=HOST, port=peer.port)
        listener = console.listen(emulation=EMULATION, destinations=(destination,))
        with nothing_leaks(console), calling(listener.port, (COMMITMENT, EXPLICIT)) as talk:
            asks(talk, MANY)
            console.submit(StopListening(listener=listener.listener))
            console.wait(ErrorNotice, lambda _: len(undelivered(console)) == MANY)
            assert took <= MOST_CALLS
