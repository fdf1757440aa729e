"""An acceptor that judges user identities, seen over real sockets by clients that do not wait for it."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from engine.model.association import Policy, UserIdentity
from engine.model.identity import KnownIdentity, SecretHash
from engine.model.notices import AssociationNotice, AssociationPhase, ErrorNotice, Outcome
from engine.protocol.acceptance import answer
from engine.protocol.negotiation import propose
from engine.runtime import listener as listener_module
from engine.wire.pdus import encode_pdu
from tests.runtime.console import HOST, Console, echo_rq, proposal
from tests.runtime.scripted import Conversation, calling

ABORT = b"\x07\0\0\0\0\4\0\0\0\0"
PASSCODE = UserIdentity(2, b"ann", b"swordfish", positive_response_requested=True)
POLICY = Policy(
    identities=(KnownIdentity(type=2, name="ann", secret=SecretHash.of(b"swordfish")),), require_identity=True
)


def test_many_users_at_once_are_each_let_in_or_turned_away(console: Console) -> None:
    listener = console.listen(policy=POLICY)
    wrong = UserIdentity(2, b"ann", b"guess")
    ends = [console.echo(listener, user_identity=PASSCODE if n % 2 else wrong).outcome for n in range(6)]
    assert ends == [Outcome.REJECTED, Outcome.SUCCESS] * 3
    (told, *_) = console.of(AssociationNotice, lambda n: n.phase is AssociationPhase.REJECTED and not n.requestor)
    assert told.rejection == (1, 2, 1)
    assert "The passcode of user 'ann' is wrong." in told.sentence
    assert "guess" not in repr(console.of(AssociationNotice))


def test_a_client_that_aborts_while_its_identity_is_judged(console: Console) -> None:
    listener = console.listen(policy=POLICY)
    with socket.create_connection((HOST, listener.port), timeout=10) as sock:
        sock.sendall(encode_pdu(propose(proposal(listener, user_identity=PASSCODE))) + ABORT)
        Conversation(sock, threading.Event()).wait_closed()
    end = console.wait(AssociationNotice, lambda n: n.outcome is not None)
    assert end.phase is AssociationPhase.ABORTED
    assert console.echo(listener, user_identity=PASSCODE).outcome is Outcome.SUCCESS
    assert not console.of(ErrorNotice)


def test_a_client_that_closes_while_its_identity_is_judged(console: Console) -> None:
    listener = console.listen(policy=POLICY)
    with socket.create_connection((HOST, listener.port), timeout=10) as sock:
        sock.sendall(encode_pdu(propose(proposal(listener, user_identity=PASSCODE))))
    assert console.wait(AssociationNotice, lambda n: n.outcome is not None).phase is AssociationPhase.FAILED
    assert console.echo(listener, user_identity=PASSCODE).outcome is Outcome.SUCCESS
    assert not console.of(ErrorNotice)


def test_a_listener_that_stops_while_an_identity_is_judged(console: Console) -> None:
    listener = console.listen(policy=POLICY)
    with socket.create_connection((HOST, listener.port), timeout=10) as sock:
        sock.sendall(encode_pdu(propose(proposal(listener, user_identity=PASSCODE))))
        console.wait(AssociationNotice, lambda n: n.phase is AssociationPhase.NEGOTIATING)
        console.engine.stop()
        Conversation(sock, threading.Event()).wait_closed()
    assert not console.of(ErrorNotice)


def test_the_answer_is_empty_for_a_passcode(console: Console) -> None:
    number = console.open(proposal(console.listen(policy=POLICY), user_identity=PASSCODE))
    told = console.wait(AssociationNotice, lambda n: n.association == number and n.negotiated is not None)
    assert told.negotiated is not None
    assert told.negotiated.user_identity_response == b""
    assert console.send(number, echo_rq()).outcome is Outcome.SUCCESS
    console.release(number)


def test_guesses_of_users_who_are_gone_are_not_judged(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes a processor for a twentieth of a second: thousands of them would hold up all that is done beside."""
    judged, go = 0, threading.Event()

    def slowly(*args: Any, **others: Any) -> Any:
        nonlocal judged
        judged += 1
        go.wait(20)
        return answer(*args, **others)

    monkeypatch.setattr(listener_module, "answer", slowly)
    listener = console.listen(policy=POLICY)
    asked = encode_pdu(propose(proposal(listener, user_identity=UserIdentity(2, b"ann", b"guess"))))
    for _ in range(20):
        with calling(listener.port) as talk:
            talk.send(asked)
            console.wait(AssociationNotice, lambda n: n.phase is AssociationPhase.NEGOTIATING)
            talk.reset()
        ended = console.wait(AssociationNotice, lambda n: n.outcome is not None)
        console.notices.clear()
        assert ended.outcome is not Outcome.SUCCESS
    go.set()
    assert console.echo(listener, user_identity=PASSCODE).outcome is Outcome.SUCCESS
    assert judged <= listener_module.JUDGED_AT_ONCE + 1
