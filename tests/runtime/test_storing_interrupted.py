"""While the rest of a C-STORE is waited for something else happens: an end of ours, a time-out, a defect. What has come
is told before it, and the association ends as if nothing had been waited for."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.model.association import Timeouts
from engine.model.commands import Abort, Release, StopListening
from engine.model.notices import (
    AssociationNotice,
    AssociationPhase,
    Direction,
    ErrorNotice,
    ListenerNotice,
    Outcome,
    PduNotice,
)
from engine.runtime import link, sentences
from engine.runtime.alarms import Alarms
from engine.runtime.link import Link
from engine.runtime.recorder import Recorder
from engine.standard.pdus import AbortPdu, PDataTF, ReleaseRP, ReleaseRQ
from engine.wire.pdus import encode_pdu
from tests.runtime.console import CT, EXPLICIT, HOST, SECONDS, VERIFICATION, Console, policy
from tests.runtime.scripted import Conversation, calling
from tests.runtime.test_storing_at_once import COMPARED, plain
from tests.runtime.test_storing_in_pieces import ECHO, LONG, by_the_long_way, cut, quick_disk, store
from tests.runtime.test_tls_damaged import DAMAGED
from tests.runtime.tls_files import Files

__all__ = ["quick_disk"]
BEGUN = 4
"""PDUs of the third C-STORE that come: its command set and three fragments."""


def begin(talk: Conversation) -> None:
    """Two C-STOREs, from which their form is learned, and the beginning of a third."""
    for number in (1, 2):
        talk.send(b"".join(store(number)))
        assert talk.next_request() is not None
    talk.send(b"".join(store(3)[:BEGUN]))


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when the engine has the beginning of the third C-STORE, in whatever way it deals with it."""
    event, came = threading.Event(), [0]
    take, all_of_it = Link._take, sum(sizes())

    def noted(self: Link, nbytes: int) -> None:
        before = self.machine.state
        take(self, nbytes)
        came[0] = came[0] + nbytes if before is self.machine.state else 0  # of the messages alone
        if came[0] >= all_of_it:
            event.set()

    monkeypatch.setattr(Link, "_take", noted)
    return event


def number_of(console: Console) -> int:
    return console.wait(AssociationNotice, lambda n: n.listener is not None).association


def received(console: Console, number: int) -> list[int]:
    """Sizes of the P-DATA-TFs that were told."""
    told = console.of(PduNotice, lambda n: n.association == number and n.type == PDataTF.TYPE)
    return [n.size for n in told if n.direction is Direction.RECEIVED]


def sizes() -> list[int]:
    """Of those that were sent."""
    return [len(pdu) for pdus in (store(1), store(2), store(3)[:BEGUN]) for pdu in pdus]


def told_all(console: Console, number: int) -> None:
    """Wait until all that were sent are told."""
    told: list[int] = []

    def last(n: PduNotice) -> bool:
        if n.association == number and n.type == PDataTF.TYPE and n.direction is Direction.RECEIVED:
            told.append(n.size)
        return len(told) == len(sizes())

    console.wait(PduNotice, last)
    assert told == sizes()


def test_what_is_waited_for_in_vain_is_told_as_of_when_it_came(
    tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch, begun: threading.Event
) -> None:
    monkeypatch.setattr(link, "REST_WITHIN", LONG)
    here, context = console.listen(tmp_path), console.engine._context
    with calling(here.port, (CT, EXPLICIT), VERIFICATION) as talk:
        begin(talk)
        assert begun.wait(SECONDS)
        number, until = number_of(console), context.now()
        context.loop.call_soon_threadsafe(context.associations[number].link.take_pieces)
        told_all(console, number)
    clocks = [n.clock for n in console.of(PduNotice, lambda n: n.association == number and n.type == PDataTF.TYPE)]
    assert clocks == sorted(clocks)
    assert clocks[-1] <= until


# -- an end of ours


def _abort(console: Console, _: ListenerNotice, number: int, talk: Conversation) -> None:
    console.submit(Abort(association=number))
    while (pdu := talk.read_pdu()) and pdu[0] != AbortPdu.TYPE:
        pass
    talk.sock.close()


def _released(talk: Conversation) -> None:
    while (pdu := talk.read_pdu()) and pdu[0] != ReleaseRQ.TYPE:
        pass
    talk.send(encode_pdu(ReleaseRP()))
    talk.wait_closed()


def _release(console: Console, _: ListenerNotice, number: int, talk: Conversation) -> None:
    console.submit(Release(association=number))
    _released(talk)


def _stop_listening(console: Console, here: ListenerNotice, _: int, talk: Conversation) -> None:
    console.submit(StopListening(listener=here.listener))
    _released(talk)


def _close(console: Console, _: ListenerNotice, __: int, talk: Conversation) -> None:
    closing = threading.Thread(target=console.close)
    closing.start()
    _released(talk)
    closing.join()


def _cut_all(console: Console, _: ListenerNotice, __: int, talk: Conversation) -> None:
    context = console.engine._context

    def kill() -> None:
        for connection in list(context.links):
            connection.kill()

    context.loop.call_soon_threadsafe(kill)
    talk.wait_closed()


ENDS = (_abort, _release, _stop_listening, _close, _cut_all)


@pytest.mark.parametrize("end", ENDS, ids=[end.__name__ for end in ENDS])
def test_what_has_come_is_told_though_we_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: threading.Event, end: Callable[..., None]
) -> None:
    def told_of(folder: Path) -> list[dict[str, Any]]:
        begun.clear()
        console = Console()
        try:
            here = console.listen(folder)
            with calling(here.port, (CT, EXPLICIT), VERIFICATION) as talk:
                begin(talk)
                number = number_of(console)
                assert begun.wait(SECONDS)
                end(console, here, number, talk)
                console.ended(number)
        finally:
            console.close()
        assert received(console, number) == sizes()
        of_it = (None, number)
        return [plain(n) for n in console.notices if isinstance(n, COMPARED) and n.association in of_it]

    monkeypatch.setattr(link, "REST_WITHIN", LONG)
    waiting = told_of(tmp_path / "waiting")
    by_the_long_way(monkeypatch)
    assert waiting == told_of(tmp_path / "long")


def test_what_has_come_is_told_before_a_tls_session_breaks(
    tmp_path: Path, files: Files, monkeypatch: pytest.MonkeyPatch, console: Console
) -> None:
    monkeypatch.setattr(link, "REST_WITHIN", LONG)
    here = console.listen(tmp_path / "kept", tls=files.acceptor())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((HOST, here.port), timeout=SECONDS) as sock:
        secured = context.wrap_socket(sock, do_handshake_on_connect=True)
        talk = Conversation(secured, threading.Event())
        talk.ask((CT, EXPLICIT), VERIFICATION)
        begin(talk)
        with socket.socket(fileno=secured.detach()) as bare:
            bare.sendall(DAMAGED)
            Conversation(bare, threading.Event()).wait_closed()
    number = console.wait(AssociationNotice, lambda n: n.phase is AssociationPhase.ESTABLISHED).association
    ended = console.ended(number)
    assert "TLS" in ended.sentence
    assert received(console, number) == sizes()
    told = console.of(PduNotice, lambda n: n.association == number)
    assert all(console.notices.index(n) < console.notices.index(ended) for n in told)


# -- time


@contextmanager
def no_alarm(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The loop is so busy that no alarm ends the waiting."""
    after = Alarms.after

    def never(self: Alarms, seconds: float, act: Callable[[], None]) -> int:
        late = getattr(act, "__func__", None) is Link.take_pieces
        return after(self, LONG if late else seconds, act)

    with monkeypatch.context() as patched:
        patched.setattr(Alarms, "after", never)
        yield


def test_the_waiting_ends_in_time_though_the_loop_has_no_turn_for_alarms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, console: Console, begun: threading.Event
) -> None:
    monkeypatch.setattr(link, "REST_WITHIN", 0.0)
    with no_alarm(monkeypatch):
        here = console.listen(tmp_path, policy=policy(timeouts=Timeouts(dimse=0.0, idle=0.0)))
        with calling(here.port, (CT, EXPLICIT), VERIFICATION) as talk:
            begin(talk)
            assert begun.wait(SECONDS)
            console.taken()  # that turn of the loop is over
            number = number_of(console)
            talk.send(store(3)[BEGUN][:100])
            told_all(console, number)
            talk.send(b"".join(store(3)[BEGUN:])[100:])
            assert talk.next_request() is not None


def test_it_makes_no_association_look_busier_than_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, console: Console, begun: threading.Event
) -> None:
    monkeypatch.setattr(link, "REST_WITHIN", LONG)
    here = console.listen(tmp_path)
    with calling(here.port, (CT, EXPLICIT), VERIFICATION) as talk:
        begin(talk)
        assert begun.wait(SECONDS)
        number = number_of(console)
        connection = console.engine._context.associations[number].link
        before = connection.last_activity
        console.engine._context.loop.call_soon_threadsafe(connection.take_pieces)
        told_all(console, number)
        assert connection.last_activity == before


def test_many_who_stop_in_the_middle_of_one_are_all_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, console: Console
) -> None:
    """And nobody else has to wait for them. The time-out counts, not how long the rest is waited for."""
    monkeypatch.setattr(link, "REST_WITHIN", LONG)
    count = 60
    here = console.listen(tmp_path, policy=policy(timeouts=Timeouts(dimse=20.0, idle=2.0)))
    with ExitStack() as open_ones:
        for _ in range(count):
            begin(open_ones.enter_context(calling(here.port, (CT, EXPLICIT), VERIFICATION)))
        phases = console.of(AssociationNotice, lambda n: n.phase is AssociationPhase.ESTABLISHED)
        assert console.echo(here).outcome is Outcome.SUCCESS
        for number in {n.association for n in phases}:
            ended = console.ended(number)
            assert ended.outcome is Outcome.TIMED_OUT
            assert "in the middle of a message" in ended.sentence
            assert received(console, number) == sizes()
    assert len({n.association for n in phases}) == count


def test_one_who_sends_single_bytes_is_served_as_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, console: Console
) -> None:
    cut(monkeypatch, (1,))
    here = console.listen(tmp_path)
    with calling(here.port, (CT, EXPLICIT), VERIFICATION) as talk:
        for number in (1, 2, 3, 4):
            for byte in b"".join(store(number, 3000)):
                talk.send(bytes((byte,)))
            assert talk.next_request() is not None
    assert {path.name for path in tmp_path.glob("*.dcm")} == {f"1.{n}.dcm" for n in (1, 2, 3, 4)}


# -- a defect


@pytest.mark.parametrize("found", ["in time", "at the end", "when the next bytes come"])
def test_a_defect_met_with_what_has_come_ends_the_association(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, console: Console, begun: threading.Event, found: str
) -> None:
    """Each of the PDUs that are told meets it."""
    monkeypatch.setattr(link, "REST_WITHIN", LONG)
    here = console.listen(tmp_path)
    with calling(here.port, (CT, EXPLICIT), VERIFICATION) as talk:
        begin(talk)
        assert begun.wait(SECONDS)
        number = number_of(console)

        def broken(*_: Any) -> None:
            raise LookupError("a secret")

        monkeypatch.setattr(Recorder, "data", broken)
        context = console.engine._context
        if found == "in time":
            context.loop.call_soon_threadsafe(context.associations[number].link.take_pieces)
            talk.wait_closed()
        elif found == "at the end":
            talk.sock.shutdown(socket.SHUT_WR)
            talk.wait_closed()
        else:
            talk.send(ECHO)
            talk.wait_closed()
        ended = console.ended(number)
    assert ended.outcome is Outcome.ABORTED
    assert ended.sentence.startswith(sentences.defect(ended.peer)[:20])
    error = console.wait(ErrorNotice)
    assert "LookupError" in error.sentence
    assert "secret" not in error.sentence + error.report
    monkeypatch.undo()
    assert console.echo(here).outcome is Outcome.SUCCESS
