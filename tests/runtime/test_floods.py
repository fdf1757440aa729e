"""A peer that asks and asks and reads no answer: bounded, told, and given up, in both roles."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from engine.model.association import Peer, Timeouts
from engine.model.commands import Abort
from engine.model.limits import Limits
from engine.model.notices import AssociationNotice, Direction, ErrorNotice, MessageNotice, Outcome
from engine.protocol.serving import REQUEST
from engine.runtime import connection, sentences
from engine.runtime.link import Link
from engine.services.responses import request_of
from engine.standard.pdus import ReleaseRQ
from engine.wire.pdus import encode_pdu

from .console import HOST, VERIFICATION, Console, policy, proposal
from .hostile import nothing_leaks
from .scripted import Conversation, calling, scripted
from .tls_files import make_files, tls_calling, tls_peer

WAITING = 50 * REQUEST
LIMITS = Limits(waiting=WAITING)
PATIENT = Timeouts(dimse=3.0, artim=0.5)
"""The flood comes from this process: on a loaded machine it stops for a second in the middle of a PDU."""
ONE_READ = 1 << 20
"""Bytes of requests that may have been read at once before reading stops."""
SMALL = 64 * 1024


@pytest.fixture(autouse=True)
def _small_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system keeps of ours for a peer that does not read is little: the flood needs not be long."""
    attach = Link.attach

    def small(self: Link, transport: Any) -> None:
        attach(self, transport)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)

    monkeypatch.setattr(Link, "attach", small)
    monkeypatch.setattr(connection, "WRITE_HIGH_WATER", SMALL)


def requests(talk: Conversation, first: int = 1) -> Iterator[bytes]:
    """C-ECHO-RQs without end."""
    ask = request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION)
    for number in cycle(range(first, 0xFFFF)):
        yield talk.message(1, ask.with_values(MessageID=number))


def flood(talk: Conversation) -> None:
    """Until nobody takes any more."""
    many = requests(talk)
    talk.sock.settimeout(60.0)  # the engine ends it; a loaded machine may take its time
    with contextlib.suppress(OSError):
        while not talk.over.is_set():
            talk.send(b"".join(next(many) for _ in range(100)))


def most_held(console: Console, association: int, over: Callable[[], bool]) -> int:
    """Bytes its unanswered requests kept at most, looked at again and again until the end."""
    most = 0
    while not over():
        found = console.engine._context.associations.get(association)
        if found is not None and found.exchange is not None:
            most = max(most, found.exchange.held)
        console.notices += console.engine.drain_wait(0.01)
    return most


def assert_given_up(console: Console, association: int) -> None:
    """It is held back, told once, and ended with a sentence; what waited stayed within its bound."""

    def over() -> bool:
        return bool(console.of(AssociationNotice, lambda n: n.association == association and n.outcome is not None))

    most = most_held(console, association, over)
    ended = console.ended(association)
    assert ended.outcome is Outcome.TIMED_OUT
    assert "has taken none of the" in ended.sentence and "requests it sent were not answered" in ended.sentence
    assert most <= WAITING + REQUEST * ONE_READ // 80
    told = console.of(ErrorNotice, lambda n: n.association == association and "nothing more is read" in n.sentence)
    assert len(told) == 1


def test_a_user_that_floods_and_never_reads(console: Console) -> None:
    listener = console.listen(policy=policy(limits=LIMITS, timeouts=PATIENT))
    with nothing_leaks(console), calling(listener.port, VERIFICATION) as talk:
        number = console.wait(AssociationNotice, lambda n: n.listener is not None and n.negotiated).association
        worker = threading.Thread(target=flood, args=(talk,))
        worker.start()
        assert_given_up(console, number)
        worker.join()
    assert console.echo(listener).outcome is Outcome.SUCCESS


def test_a_provider_that_floods_and_never_reads(console: Console) -> None:
    def script(talk: Conversation) -> None:
        talk.accept()
        flood(talk)

    with nothing_leaks(console), scripted(script) as peer:
        asked = proposal(peer, limits=LIMITS, timeouts=PATIENT)
        assert_given_up(console, console.open(asked))


def test_a_user_that_floods_over_tls_and_never_reads(console: Console, tmp_path: Path) -> None:
    files = make_files(tmp_path)
    behaviour = policy(limits=LIMITS, timeouts=PATIENT)
    listener = console.listen(policy=behaviour, tls=files.acceptor())
    with nothing_leaks(console), tls_calling(files, listener.port, VERIFICATION) as talk:
        number = console.wait(AssociationNotice, lambda n: n.listener is not None and n.negotiated).association
        worker = threading.Thread(target=flood, args=(talk,))
        worker.start()
        assert_given_up(console, number)
        worker.join()
    assert console.echo(listener, tls=files.requestor()).outcome is Outcome.SUCCESS


def test_a_provider_that_floods_over_tls_and_never_reads(console: Console, tmp_path: Path) -> None:
    files = make_files(tmp_path)

    def script(talk: Conversation) -> None:
        talk.accept()
        flood(talk)

    with nothing_leaks(console), tls_peer(files, script) as peer:
        asked = proposal(peer, limits=LIMITS, timeouts=PATIENT, tls=files.requestor())
        assert_given_up(console, console.open(asked))


def test_one_that_reads_in_the_end_gets_every_answer(console: Console) -> None:
    many = 6000
    listener = console.listen(policy=policy(limits=LIMITS, timeouts=Timeouts(dimse=0, artim=5.0)))
    with calling(listener.port, VERIFICATION) as talk:
        number = console.wait(AssociationNotice, lambda n: n.listener is not None and n.negotiated).association
        asking = requests(talk)

        def ask() -> None:
            talk.send(b"".join(next(asking) for _ in range(many)))

        worker = threading.Thread(target=ask)
        worker.start()
        console.wait(ErrorNotice, lambda n: n.association == number and "nothing more is read" in n.sentence)
        for _ in range(many):
            assert talk.read_command()[1].status == 0
        worker.join()
        talk.send(encode_pdu(ReleaseRQ()))
        assert talk.read_pdu()[0] == 6
    assert console.ended(number).outcome is Outcome.SUCCESS
    received = console.of(MessageNotice, lambda n: n.association == number and n.direction is Direction.RECEIVED)
    assert len(received) == many


def test_requests_answered_by_hand_are_bounded_too(console: Console) -> None:
    def script(talk: Conversation) -> None:
        talk.accept()
        flood(talk)

    with scripted(script) as peer:
        number = console.open(proposal(peer, limits=LIMITS), auto_answer=False)
        console.wait(ErrorNotice, lambda n: n.association == number and "nothing more is read" in n.sentence)
        held = console.engine._context.associations[number].exchange
        assert held is not None and held.held <= WAITING + REQUEST * ONE_READ // 80
        console.submit(Abort(association=number))
        assert console.ended(number).outcome is Outcome.ABORTED


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
def test_connections_that_ask_for_nothing_keep_nobody_out(secure: bool, console: Console, tmp_path: Path) -> None:
    """They are no associations, and of so many the one that waited longest is closed, with a sentence."""
    files = make_files(tmp_path) if secure else None
    behaviour = policy(max_associations=2, timeouts=Timeouts(artim=60.0), limits=Limits(unasked=5))
    listener = console.listen(policy=behaviour, tls=files.acceptor() if files else None)
    asked = files.requestor() if files else None
    assert console.echo(listener, tls=asked).outcome is Outcome.SUCCESS
    with nothing_leaks(console), contextlib.ExitStack() as stack:
        for _ in range(1000):  # those that come in one turn of the loop count from the next one on
            stack.enter_context(socket.create_connection((HOST, listener.port), timeout=30))
            console.taken()
            if len(crowded(console)) >= 3:
                break
        assert console.echo(listener, tls=asked).outcome is Outcome.SUCCESS
        assert len(crowded(console)) >= 3
        for told in crowded(console):
            assert told.peer.host == HOST and told.sentence.startswith(f"{HOST}:{told.peer.port} ")


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
def test_connections_that_are_refused_and_stay_keep_nobody_out(secure: bool, console: Console, tmp_path: Path) -> None:
    """Who does not close after our A-ABORT has the ARTIM time-out for it, but for the last of so many."""
    files = make_files(tmp_path) if secure else None
    behaviour = policy(timeouts=Timeouts(artim=60.0), limits=Limits(unasked=5))
    listener = console.listen(policy=behaviour, tls=files.acceptor() if files else None)
    links = console.engine._context.links
    with nothing_leaks(console), contextlib.ExitStack() as stack:
        for _ in range(40):
            call = tls_calling(files, listener.port) if files else calling(listener.port)
            talk = stack.enter_context(call)
            talk.send(b"\xff" * 100)
            assert talk.read_pdu()[0] == 7
            console.taken()
        for _ in range(5):  # turns of the loop, of which the end of a connection takes some
            console.taken()
        assert 1 <= len(links) <= 6
    assert console.echo(listener, tls=files.requestor() if files else None).outcome is Outcome.SUCCESS


def test_many_that_end_well_close_no_slow_one(console: Console) -> None:
    """Its answer is under way yet, while others have come and gone quickly."""
    listener = console.listen(policy=policy(timeouts=Timeouts(artim=60.0), limits=Limits(unasked=3)))
    with calling(listener.port, VERIFICATION) as slow:
        slow.send(encode_pdu(ReleaseRQ()))
        assert slow.read_pdu()[0] == 6
        for _ in range(10):
            assert console.echo(listener).outcome is Outcome.SUCCESS
        slow.sock.settimeout(0.2)
        with pytest.raises(TimeoutError):  # it is open
            slow.sock.recv(1)


def crowded(console: Console) -> list[AssociationNotice]:
    return console.of(AssociationNotice, lambda n: "while 5 others connected too" in n.sentence)


def test_the_number_of_others_is_told_as_one_says_it() -> None:
    peer = Peer(host=HOST, port=1)
    assert "while 1 other connected too" in sentences.crowded_out(peer, 1)
    assert "while 5 others connected too" in sentences.crowded_out(peer, 5)
