"""How DIMSE services go on, are disrupted and end (PS3.7 7.5.3, 9.1.x.2, 9.2, 9.3, 10.1.x.2, 10.2, 10.3, A.4-A.6)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.model.association import AsyncWindow, ProposedContext, Role
from engine.model.commands import Outgoing, Send
from engine.model.dataset import EncodedData
from engine.model.notices import Direction, FindingNotice, MessageNotice, Outcome, PduNotice
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.protocol.upper_layer import StateError, UpperLayer
from engine.services.responses import request_of, response_to
from engine.standard.messages import MESSAGES, SERVICES
from engine.standard.pdus import AbortPdu
from engine.standard.state_table import Sta
from engine.wire.commands import encode_command
from engine.wire.fragments import fragment
from engine.wire.pdus import decode_pdu
from tests.protocol.conversing import IMPLICIT, Party, associated, message
from tests.runtime.console import CT, VERIFICATION, Console, echo_rq, proposal
from tests.runtime.scripted import Conversation, scripted

PRIVATE, INSTANCE = "1.2.826.0.1.3680043.9.7433.5", "1.2.3.4.5"
DATA = bytes(range(256)) * 20
MANDATORY = {
    "AffectedSOPClassUID": PRIVATE,
    "RequestedSOPClassUID": PRIVATE,
    "AffectedSOPInstanceUID": INSTANCE,
    "RequestedSOPInstanceUID": INSTANCE,
    "Priority": 0,
    "MoveDestination": "THERE",
    "EventTypeID": 1,
    "ActionTypeID": 1,
}
WITH_DATA = [s for s in SERVICES if MESSAGES[f"{s}-RQ"].data_set.presence != "never"]
LAST_DATA_FRAGMENT = 2
RELEASE_RQ, RELEASE_RP = 5, b"\x06\0\0\0\0\4\0\0\0\0"
each_service = pytest.mark.parametrize("service", SERVICES)


@pytest.fixture
def console() -> Iterator[Console]:
    made = Console()
    yield made
    made.close()


def _sides(service: str, maximum: int = 16384) -> tuple[Party, Party]:
    """(invoking, performing) with no limit to what is outstanding."""
    contexts = (ProposedContext(1, PRIVATE, (IMPLICIT,), Role.BOTH), ProposedContext(3, VERIFICATION, (IMPLICIT,)))
    us, them = associated(contexts, window=AsyncWindow(0, 0), maximum=maximum)
    return (them, us) if SERVICES[service].type == "notification" else (us, them)


def _asks(party: Party, service: str, operation: int = 7) -> dx.Ready:
    row = MESSAGES[f"{service}-RQ"]
    values = {f.element.keyword: MANDATORY[f.element.keyword] for f in row.fields if f.element.keyword in MANDATORY}
    return party.invokes(message(row.name, **values), operation, DATA if service in WITH_DATA else None)


def _echoed(asking: Party, answering: Party, operation: int = 99) -> None:
    """The association works: an echo goes there and back."""
    asking.invokes(message("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION), operation, context=3)
    heard = [e for e in answering.hears(asking) if isinstance(e, dx.RequestReceived) and e.message.context_id == 3]
    answering.answers(heard[-1].key, message("C-ECHO-RSP", AffectedSOPClassUID=VERIFICATION, Status=0))
    assert asking.hears_response(answering).operation == operation


# --- 9.2, 10.2: sequencing ----------------------------------------------------------------------------------------


@each_service
def test_only_a_final_response_confirms(service: str) -> None:
    """9.2.1, 10.2.1: it stays outstanding on both sides until its response, and the response ends it on both."""
    invoking, performing = _sides(service)
    _asks(invoking, service)
    request = performing.hears_request(invoking)
    _echoed(invoking, performing)
    assert (invoking.exchange.outstanding, performing.exchange.serving) == ((7,), 1)
    performing.answers(request.key, response_to(request.message.command, 0x0110))
    assert invoking.hears_response(performing).final
    assert (invoking.exchange.outstanding, performing.exchange.serving) == ((), 0)


@each_service
def test_nothing_is_invoked_without_an_association(service: str) -> None:
    """9.2.2, 10.2.2: the invoking side refuses it; what comes all the same is not performed but aborted."""
    ready = _asks(_sides(service)[0], service)
    fragments = tuple(fragment(1, ready.command_bytes, None, 16384))
    invoking = UpperLayer(True)
    with pytest.raises(StateError):
        invoking.request(p.PDataRequest(fragments), 0.0)
    performing = UpperLayer(False)
    performing.transport_connected(0.0)
    performing.receive_data(b"".join(bytes(part) for pdu in fragments for part in pdu), 0.0)
    assert not any(isinstance(e, p.PDataIndication) for e in iter(performing.next_event, None))
    assert isinstance(decode_pdu(b"".join(bytes(b) for b in performing.data_to_send())), AbortPdu)
    assert performing.state is Sta.Sta13


def test_a_message_for_no_association_is_told(console: Console) -> None:
    told = console.run(Send(association=console.new_id(), operation=console.new_id(), message=echo_rq()))
    assert told.outcome is Outcome.NOT_SENT
    assert "is not open" in told.sentence


@each_service
def test_others_go_on_meanwhile(service: str) -> None:
    """9.2.3, 10.2.3: while one is outstanding, others are asked and answered, in both directions and any order."""
    invoking, performing = _sides(service)
    _asks(invoking, service)
    request = performing.hears_request(invoking)
    for other in SERVICES:
        asking, answering = (invoking, performing) if other != service else (performing, invoking)
        _asks(asking, other, 50)
        answering.answers(
            (received := answering.hears_request(asking)).key, response_to(received.message.command, 0x0110)
        )
        assert asking.hears_response(answering).operation == 50, other
    performing.answers(request.key, response_to(request.message.command, 0x0110))
    assert invoking.hears_response(performing).operation == 7
    assert invoking.errors == performing.errors == []


@pytest.mark.parametrize("by", ["invoking", "performing"])
@each_service
def test_an_abort_fails_it_on_both_sides(service: str, by: str) -> None:
    """9.2.4, 10.2.4, A.6: whoever aborts, nothing stays outstanding with either."""
    invoking, performing = _sides(service)
    _asks(invoking, service)
    performing.hears_request(invoking)
    aborting, aborted = (invoking, performing) if by == "invoking" else (performing, invoking)
    aborting.machine.request(p.AAbortRequest(), 0.0)
    aborted.machine.receive_data(b"".join(bytes(b) for b in aborting.machine.data_to_send()), 0.0)
    assert any(isinstance(e, p.AbortIndication) for e in iter(aborted.machine.next_event, None))
    assert invoking.exchange.abandon() == (7,)
    assert performing.exchange.abandon() == ()
    assert performing.exchange.serving == 0
    assert invoking.exchange.outstanding == ()


# --- 9.1.x.2, 9.3.x, 10.1.x.2, 10.3.x: the procedures -------------------------------------------------------------


@each_service
def test_each_message_is_indicated_and_confirmed_once(service: str) -> None:
    """9.3.x, 10.3.x: request, indication, response, confirmation; each message in P-DATA, cut as the receiver asks."""
    invoking, performing = _sides(service, maximum=64)
    ready = _asks(invoking, service)
    request = performing.hears_request(invoking, portion=7)
    assert request.message.command_bytes == ready.command_bytes == encode_command(request.message.command)
    assert request.message.data_length == (len(DATA) if service in WITH_DATA else 0)
    answered = performing.answers(request.key, response_to(request.message.command, 0x0110))
    response = invoking.hears_response(performing, portion=7)
    assert response.message.command_bytes == answered.command_bytes
    assert response.message.context_id == ready.context.id
    sent = [e for m in (invoking.machine, performing.machine) for e in iter(m.next_event, None)]
    pdus = [b"".join(bytes(b) for b in e.data) for e in sent if isinstance(e, p.PduSent)]
    assert pdus
    assert all(data[0] == 4 and len(data) - 6 <= 64 for data in pdus)


@pytest.mark.parametrize("service", WITH_DATA)
def test_an_early_failed_response_ends_the_operation(service: str) -> None:
    """9.1.1.2 and its like: a failure may come before the whole data set; the association stays in step."""
    invoking, performing = _sides(service, maximum=1024)
    row = MESSAGES[f"{service}-RQ"]
    values = {f.element.keyword: MANDATORY[f.element.keyword] for f in row.fields if f.element.keyword in MANDATORY}
    exchange = invoking.exchange
    ready = exchange.request(
        message(row.name, **values), 7, exchange.choose_context(message(row.name, **values)), True, 0
    )
    first, *rest = list(exchange.fragments(ready, [DATA]))
    invoking.machine.request(p.PDataRequest((first, rest[0])), 0.0)
    assert performing.hears(invoking) == []
    assert performing.exchange.arriving
    early = response_to(ready.command, 0x0110 if service.startswith("N") else 0xA700)
    performing.answers(None, early, context=ready.context.id)
    response = invoking.hears_response(performing)
    assert (response.operation, response.final, exchange.outstanding) == (7, True, ())
    invoking.machine.request(p.PDataRequest(tuple(rest[1:])), 0.0)
    performing.hears(invoking)
    assert not performing.exchange.arriving
    _echoed(invoking, performing)


def _rest_of_message(c: Conversation) -> None:
    """Read to the P-DATA-TF whose one fragment is the last of the data set."""
    while c.read_pdu()[11] != LAST_DATA_FRAGMENT:
        pass


def test_a_store_that_is_refused_early_is_told_and_the_next_goes_out(console: Console) -> None:
    def script(c: Conversation) -> None:
        c.accept()
        c.read_pdu()  # the command set, and no more than that
        request = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID=INSTANCE)
        c.send(c.message(1, response_to(request.with_values(MessageID=1), 0xA700, comment="no room")))
        _rest_of_message(c)
        context, echo = c.read_command()
        c.send(c.message(context, response_to(echo, 0)))
        c.read_pdu()
        c.send(RELEASE_RP)

    store = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID=INSTANCE)
    with scripted(script) as peer:
        number = console.open(proposal(peer, CT, VERIFICATION))
        told = console.send(number, Outgoing(command=store, data=EncodedData(bytes(32_000_000), "1.2.840.10008.1.2.1")))
        assert (told.outcome, told.status, told.error_comment) == (Outcome.FAILURE, 0xA700, "no room")
        assert console.send(number, echo_rq()).outcome is Outcome.SUCCESS
        console.release(number)
    assert not peer.errors


def test_an_early_success_is_found(console: Console) -> None:
    """9.1.1.2: success and warning must wait for the whole data set."""

    def script(c: Conversation) -> None:
        c.accept()
        c.read_pdu()
        request = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID=INSTANCE)
        c.send(c.message(1, response_to(request.with_values(MessageID=1), 0)))
        _rest_of_message(c)
        c.read_pdu()
        c.send(RELEASE_RP)

    store = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID=INSTANCE)
    with scripted(script) as peer:
        number = console.open(proposal(peer, CT))
        console.send(number, Outgoing(command=store, data=EncodedData(bytes(32_000_000), "1.2.840.10008.1.2.1")))
        console.release(number)
    assert console.of(FindingNotice, lambda n: n.rule == "exchange.early-success")


# --- A.4, A.5 -----------------------------------------------------------------------------------------------------


def test_the_requestor_releases_when_all_is_confirmed(console: Console) -> None:
    """A.5: no A-RELEASE-RQ before the last response."""
    told = console.one_shot(proposal(console.listen()), echo_rq(), echo_rq(), echo_rq())
    ours = [n for n in console.notices if getattr(n, "association", None) == told.association]
    (release,) = [i for i, n in enumerate(ours) if isinstance(n, PduNotice) and n.type == RELEASE_RQ]
    messages = [(i, n) for i, n in enumerate(ours) if isinstance(n, MessageNotice)]
    assert [n.direction for _, n in messages] == [Direction.SENT, Direction.RECEIVED] * 3
    assert all(i < release for i, _ in messages)


def test_the_acceptor_leaves_the_release_to_the_requestor(console: Console) -> None:
    """A.5: whatever it served, it waits."""
    listener = console.listen()
    number = console.open(proposal(listener))
    console.send(number, echo_rq())
    console.release(number)
    released = console.of(PduNotice, lambda n: n.type == RELEASE_RQ)
    assert {(n.association == number, n.direction) for n in released} == {
        (True, Direction.SENT),
        (False, Direction.RECEIVED),
    }


def test_a_response_never_takes_another_association(console: Console) -> None:
    """A.4, 7.5.3: two associations of one user with one provider; each response comes where its request went."""
    listener = console.listen()
    numbers = [console.open(proposal(listener)) for _ in range(2)]
    operations = {}
    for number in (*numbers, *numbers):
        operation = console.new_id()
        operations[operation] = number
        console.submit(Send(association=number, operation=operation, message=echo_rq()))
    for operation, number in operations.items():
        assert console.status(operation).association == number
        assert {n.association for n in console.responses(operation)} == {number}
    for number in numbers:
        console.release(number)
