"""C-STOREs whose bytes come in pieces: whether the rest is waited for or not, what is told and kept is the same as on
the long way, and nothing waits for long."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from engine.model.notices import AssociationNotice, Direction, ErrorNotice, MessageNotice, PduNotice
from engine.protocol import straight_pdus, upper_layer
from engine.runtime import disk_pace, link, serving, transport, watchdog
from engine.runtime.archive import Archive
from engine.services.responses import request_of
from engine.standard.pdus import AbortPdu, AssociateRQ, ReleaseRQ
from engine.wire import datasets
from engine.wire.commands import encode_command
from engine.wire.fragments import fragment
from engine.wire.framer import Framer
from engine.wire.pdus import encode_pdu

from .console import CT, EXPLICIT, VERIFICATION, Console
from .scripted import Conversation, calling
from .test_archive import held
from .test_storing_at_once import COMPARED, data_set, never, plain

AT_ONCE, LONG = 0.0, 60.0
"""Seconds the rest is waited for: not at all, and longer than the test."""
ROOMS = {"bytes": (700, 1), "pieces": (3000, 10, 5000), "whole": (1 << 20,)}
"""Bytes that one read takes, in turn."""
RELEASE = encode_pdu(ReleaseRQ())


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """However loaded the machine is."""
    monkeypatch.setattr(disk_pace, "QUICK", 1e9)


def cut(monkeypatch: pytest.MonkeyPatch, rooms: Iterable[int]) -> None:
    """Let each read take so many bytes at most."""
    monkeypatch.setattr(transport, "AT_A_STRETCH", 1)  # else what a turn brings depends on those before it
    whole, sizes = Framer.buffer, cycle(rooms)

    def buffer(self: Framer, sizehint: int = -1) -> memoryview:
        return whole(self, sizehint)[: next(sizes)]

    monkeypatch.setattr(Framer, "buffer", buffer)


def store(number: int, size: int = 20_000) -> list[bytes]:
    """The PDUs of a C-STORE-RQ."""
    uid = f"1.{number}"
    command = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID=uid)
    encoded = encode_command(command.with_values(MessageID=number, CommandDataSetType=1))
    return [b"".join(pdu) for pdu in fragment(1, encoded, (data_set(uid, size).data,), 4096)]  # type: ignore[arg-type]


def command_pdu(context_id: int, name: str, **values: Any) -> bytes:
    command = request_of(name, **values)
    return b"".join(next(iter(fragment(context_id, encode_command(command), None, 4096))))  # type: ignore[arg-type]


def pdv(data: bytes, control: int = 0) -> bytes:
    """A P-DATA-TF with one PDV on the store's context."""
    item = (len(data) + 2).to_bytes(4, "big") + bytes((1, control)) + data
    return b"\4\0" + len(item).to_bytes(4, "big") + item


ECHO = command_pdu(3, "C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION, MessageID=77)
INTERRUPTIONS = {
    "nothing": b"",
    "garbage": b"\xff" * 40,
    "abort": encode_pdu(AbortPdu(source=0, reason=0)),
    "release": RELEASE,
    "a PDU out of place": encode_pdu(AssociateRQ(called_ae_title="A", calling_ae_title="B")),
    "another context": ECHO,
    "another command": command_pdu(1, "C-ECHO-RQ", AffectedSOPClassUID=CT, MessageID=78),
    "an odd fragment": pdv(b"abc"),
    "an empty fragment": pdv(b""),
    "a length beyond the limit": b"\4\0\xff\xff\xff\xff",
    "a fragment cut": pdv(bytes(300))[:100],
}


def interrupted(talk: Conversation, count: int, interruption: bytes) -> None:
    """Two C-STOREs, and one interrupted behind so many of its fragments; then the rest of it and a fourth, where the
    association is still there."""
    for number in (1, 2):
        talk.send(b"".join(store(number)))
        assert talk.next_request() is not None
    pdus = store(3)
    if interruption is ECHO:
        talk.send(b"".join((*pdus[: 1 + count], ECHO)))
        assert talk.next_request() is not None
        talk.send(b"".join(pdus[1 + count :]))
    else:
        talk.send(b"".join((*pdus[: 1 + count], interruption, *pdus[1 + count :])))
    if talk.next_request() is not None:
        talk.send(b"".join(store(4)))
        assert talk.next_request() is not None
        talk.send(RELEASE)
    talk.sock.shutdown(socket.SHUT_WR)
    talk.wait_closed()


def told_of(folder: Path, *conversation: Any) -> tuple[list[dict[str, Any]], dict[str, bytes], list[str]]:
    """What is told of a conversation with a listener, its files, and what it holds after a restart."""
    console = Console()
    try:
        here = console.listen(folder)
        with calling(here.port, (CT, EXPLICIT), VERIFICATION) as talk:
            interrupted(talk, *conversation)
        incoming = console.wait(AssociationNotice, lambda n: n.listener is not None)
        console.ended(incoming.association)
    finally:
        console.close()
    of_it = (None, incoming.association)
    told = [plain(n) for n in console.notices if isinstance(n, COMPARED) and n.association in of_it]
    assert not list(folder.rglob("*.part"))
    return told, {path.name: path.read_bytes() for path in folder.glob("*.dcm")}, held(folder)


def by_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "stored_at_once", never)
    monkeypatch.setattr(straight_pdus, "MOST_WAITED", -1)


@pytest.mark.parametrize("within", [AT_ONCE, LONG])
@pytest.mark.parametrize("rooms", ROOMS.values(), ids=ROOMS)
@pytest.mark.parametrize("interruption", INTERRUPTIONS.values(), ids=INTERRUPTIONS)
def test_what_comes_in_the_middle_is_told_as_by_the_long_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interruption: bytes, rooms: tuple[int, ...], within: float
) -> None:
    monkeypatch.setattr(link, "REST_WITHIN", within)
    cut(monkeypatch, rooms)
    at_once = told_of(tmp_path / "at once", 2, interruption)
    by_the_long_way(monkeypatch)
    assert at_once == told_of(tmp_path / "long", 2, interruption)
    assert {"1.1.dcm", "1.2.dcm"} <= set(at_once[1])


@pytest.mark.parametrize("count", [0, 1, 3, 4])
def test_it_does_not_matter_behind_which_fragment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    assert count < len(store(3)) - 1
    monkeypatch.setattr(link, "REST_WITHIN", LONG)
    at_once = told_of(tmp_path / "at once", count, RELEASE)
    by_the_long_way(monkeypatch)
    assert at_once == told_of(tmp_path / "long", count, RELEASE)


@pytest.mark.parametrize("rooms", ROOMS.values(), ids=ROOMS)
def test_a_disk_that_is_full_is_told_in_the_same_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rooms: tuple[int, ...]
) -> None:
    write = Archive._write

    def full(self: Archive, uids: tuple[str, str], *rest: Any) -> Any:
        if uids[1] == "1.3":
            raise OSError(28, "No space left on device")
        return write(self, uids, *rest)

    put = datasets.put_in_place

    def full_too(part: str, path: str, *rest: Any, **more: Any) -> Any:
        if path.endswith("1.3.dcm"):
            raise OSError(28, "No space left on device")
        return put(part, path, *rest, **more)

    monkeypatch.setattr(Archive, "_write", full)
    monkeypatch.setattr(datasets, "put_in_place", full_too)
    cut(monkeypatch, rooms)
    at_once = told_of(tmp_path / "at once", 0, b"")
    by_the_long_way(monkeypatch)
    assert at_once == told_of(tmp_path / "long", 0, b"")
    assert set(at_once[1]) == {"1.1.dcm", "1.2.dcm", "1.4.dcm"}
    errors = [n["sentence"] for n in at_once[0] if n["kind"] == ErrorNotice.__name__]
    assert errors == ["Instance 1.3 was not stored: cannot store: No space left on device."]


def test_one_that_comes_in_pieces_goes_the_straight_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[int] = []
    straight = serving.stored_at_once

    def noted(server: Any, association: Any, event: Any) -> bool:
        went.append(event.size)
        return straight(server, association, event)

    monkeypatch.setattr(serving, "stored_at_once", noted)
    monkeypatch.setattr(link, "REST_WITHIN", LONG)
    cut(monkeypatch, (3000,))
    _, files, _ = told_of(tmp_path, 0, b"")
    assert set(files) == {f"1.{n}.dcm" for n in (1, 2, 3, 4)}
    assert len(went) == 3


def test_what_has_come_is_told_though_the_rest_stays_away(tmp_path: Path, console: Console) -> None:
    here = console.listen(tmp_path)
    with calling(here.port, (CT, EXPLICIT), VERIFICATION) as talk:
        for number in (1, 2):
            talk.send(b"".join(store(number)))
            assert talk.next_request() is not None
        begun = b"".join(store(3)[:4])
        talk.send(begun)
        sizes = [len(pdu) for pdu in store(3)[:4]]
        incoming = console.wait(AssociationNotice, lambda n: n.listener is not None).association

        def latest(_: PduNotice) -> bool:
            came = console.of(PduNotice, lambda n: n.direction is Direction.RECEIVED and n.association == incoming)
            return [n.size for n in came[-4:]] == sizes and len(came) == 1 + 2 * len(store(1)) + 4

        console.wait(PduNotice, latest)
        talk.send(b"".join(store(3)[4:]))
        assert talk.next_request() is not None
        talk.send(RELEASE)
        assert talk.read_pdu()[0] == 6
    assert {path.name for path in tmp_path.glob("*.dcm")} == {"1.1.dcm", "1.2.dcm", "1.3.dcm"}


def test_what_has_come_behind_a_flood_is_told_though_the_rest_stays_away(
    tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "LEAST", 3600.0)
    monkeypatch.setattr(watchdog, "MOST", 3600.0)
    here, many, begun = console.listen(tmp_path), upper_layer.AT_ONCE + 9, store(2)[:4]
    with calling(here.port, (CT, EXPLICIT), VERIFICATION) as talk:
        talk.send(b"".join(store(1)))
        assert talk.next_request() is not None
        talk.send(ECHO * many + b"".join(begun))
        for _ in range(many):
            assert talk.next_request() is not None
        incoming = console.wait(AssociationNotice, lambda n: n.listener is not None).association

        def latest(_: PduNotice) -> bool:
            came = console.of(PduNotice, lambda n: n.direction is Direction.RECEIVED and n.association == incoming)
            return len(came) == 1 + len(store(1)) + many + len(begun)

        console.wait(PduNotice, latest, 5.0)


def test_a_connection_that_is_quiet_gives_memory_back_while_others_are_at_work(
    tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "REST_WITHIN", LONG)
    here, engine = console.listen(tmp_path), console.engine
    beat = engine._life.pulse._on_beat
    assert beat is not None
    with calling(here.port, (CT, EXPLICIT), VERIFICATION) as quiet:
        for number, size in ((1, 1000), (2, 5_000_000)):
            quiet.send(b"".join(store(number, size)))
            assert quiet.next_request() is not None
        incoming = [n.association for n in console.of(AssociationNotice, lambda n: n.listener is not None)]
        one = engine._context.associations[min(incoming)].link
        rooms: list[int] = []

        def later() -> None:
            one.last_activity = 0.0
            rooms.append(len(one.machine.receive_buffer()))
            beat()
            rooms.append(len(one.machine.receive_buffer()))

        engine._context.loop.call_soon_threadsafe(later)
        console.taken()
        assert rooms[0] > 2 << 20 > rooms[1]


def test_two_at_once_do_not_hold_each_other_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, console: Console
) -> None:
    cut(monkeypatch, (5000, 1, 3000))
    here = console.listen(tmp_path)

    def stores(numbers: Iterable[int]) -> None:
        with calling(here.port, (CT, EXPLICIT), VERIFICATION) as talk:
            for number in numbers:
                talk.send(b"".join(store(number)))
                assert talk.next_request() is not None
            talk.send(RELEASE)
            assert talk.read_pdu()[0] == 6

    users = [threading.Thread(target=stores, args=(range(first, first + 15),)) for first in (1, 101)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    files = {path.stem: path.read_bytes() for path in tmp_path.glob("*.dcm")}
    assert set(files) == {f"1.{n}" for first in (1, 101) for n in range(first, first + 15)}
    assert all(data.endswith(data_set(uid, 20_000).data) for uid, data in files.items())
    for association in {n.association for n in console.of(AssociationNotice, lambda n: n.listener is not None)}:
        console.ended(association)
    answers = [n for n in console.of(MessageNotice) if n.command.is_response]
    assert [n.command.status for n in answers] == [0] * 30
