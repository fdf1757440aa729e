"""C-STOREs sent at once: told and judged as by the long way, which takes over wherever something is out of the
ordinary."""

from __future__ import annotations

import dataclasses
import random
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.model.association import Timeouts
from engine.model.command_set import CommandSet
from engine.model.commands import StoreFiles
from engine.model.dataset import EncodedData
from engine.model.notices import (
    AnyNotice,
    AssociationNotice,
    ErrorNotice,
    FindingNotice,
    MessageNotice,
    PduNotice,
    ProgressNotice,
    StatusNotice,
    StoredNotice,
)
from engine.model.storing import StoreOptions
from engine.runtime.sending_at_once import SendingAtOnce
from engine.services.responses import request_of, response_to
from engine.standard.pdus import AbortPdu, ReleaseRQ
from engine.wire import datasets
from engine.wire.pdus import encode_pdu
from tests.runtime.console import CT, EXPLICIT, IMPLICIT, Console, proposal
from tests.runtime.scripted import Conversation, scripted
from tests.runtime.test_storing_at_once import CUT_PIXELS, OUTSIDE, SEQUENCE, data_set

MR = "1.2.840.10008.5.1.4.1.1.4"
PORT = re.compile(r"(?<=:)[0-9]+")
COMPARED = (
    AssociationNotice,
    ErrorNotice,
    FindingNotice,
    MessageNotice,
    PduNotice,
    ProgressNotice,
    StatusNotice,
    StoredNotice,
)
OWN = {"time", "clock", "duration", "peer", "proposal", "negotiated"}
"""What differs from one run to the next."""
File = tuple[str, str, str, EncodedData]
"""SOP class and instance as it is told, its transfer syntax and data set."""


def file(uid: str, size: int = 100, sop_class: str = CT, syntax: str = EXPLICIT, **more: Any) -> File:
    return sop_class, uid, syntax, data_set(uid, size, syntax, sop_class, **more)


FILES: dict[str, tuple[File, ...]] = {
    "usual": tuple(file(f"1.{n}") for n in range(1, 8)),
    "of all sizes": tuple(file(f"1.{size}", size) for size in (10, 100, 1_000, 10_000, 100_000, 300_000, 32_738)),
    "two classes": tuple(file(f"1.{n}", sop_class=CT if n % 2 else MR) for n in range(1, 9)),
    "two syntaxes": tuple(file(f"1.{n}", syntax=EXPLICIT if n % 2 else IMPLICIT) for n in range(1, 9)),
    "odd and long UIDs": tuple(file(uid) for uid in ("1.1", "1.2", "1.23", "1.2." + "3" * 60, "1.0.4", "1.5")),
    "leading zeros": tuple(file(uid) for uid in ("1.1", "1.02", "1.3", "1.04", "1.5", "1.6")),
    "something before the UIDs": tuple(file(f"1.{n}", more=OUTSIDE) for n in range(1, 6)),
    "pixel data cut": (*(file(f"1.{n}") for n in range(1, 4)), (CT, "1.13", EXPLICIT, CUT_PIXELS), file("1.5")),
    "nested": tuple(file(f"1.{n}", more=SEQUENCE) for n in range(1, 6)),
    "as large as a message may be at once": (file("1.1"), file("1.2", 1_048_000), file("1.3", 1_049_000), file("1.4")),
}


def written(folder: Path, files: tuple[File, ...]) -> Path:
    for number, (sop_class, uid, syntax, data) in enumerate(files):
        datasets.write_file(folder / f"{number:02}.dcm", data.data, syntax, sop_class, uid)
    return folder


Talk = Callable[[Conversation, int, int, CommandSet], None]
"""What a peer does about a C-STORE-RQ: of which number, on which context."""


def success(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
    talk.send(talk.message(context, response_to(request, 0)))


def at(*numbers: int) -> Callable[[Talk], Talk]:
    """Do this about these requests only."""

    def chosen(act: Talk) -> Talk:
        def does(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
            (act if number in numbers else success)(talk, number, context, request)

        return does

    return chosen


@at(3, 5)
def refuses(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
    talk.send(talk.message(context, response_to(request, 0xA700).with_values(ErrorComment="full")))


@at(4)
def warns(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
    talk.send(talk.message(context, response_to(request, 0xB000)))


@at(4)
def answers_another(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
    other = request.with_values(MessageID=(request.message_id or 0) + 7)
    talk.send(talk.message(context, response_to(other, 0)) + talk.message(context, response_to(request, 0)))


@at(4)
def answers_twice(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
    talk.send(talk.message(context, response_to(request, 0)) * 2)


@at(4)
def names_another_instance(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
    talk.send(talk.message(context, response_to(request.with_values(AffectedSOPInstanceUID="9.9"), 0)))


@at(4)
def names_none(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
    elements = tuple(e for e in response_to(request, 0) if e.tag != 0x00001000)
    talk.send(talk.message(context, CommandSet(elements)))


@at(4)
def on_another_context(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
    talk.send(talk.message(context + 2, response_to(request, 0)))


@at(4)
def asks_between(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
    echo = request_of("C-ECHO-RQ", AffectedSOPClassUID="1.2.840.10008.1.1").with_values(
        MessageID=9, CommandDataSetType=0x0101
    )
    talk.send(talk.message(context, echo))
    talk.read_command()
    success(talk, number, context, request)


@at(4)
def aborts(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
    talk.send(encode_pdu(AbortPdu()))


@at(4)
def aborts_behind(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
    talk.send(talk.message(context, response_to(request, 0)) + encode_pdu(AbortPdu()))


@at(4)
def releases_behind(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
    talk.send(talk.message(context, response_to(request, 0)) + encode_pdu(ReleaseRQ()))


@at(4)
def closes(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
    talk.sock.close()


@at(4)
def garbles(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
    talk.send(talk.message(context, response_to(request, 0))[:-3] + b"???" + b"\xff" * 20)


def with_a_fault(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
    talk.send(talk.message(context, response_to(request, 0).with_values(AffectedSOPClassUID=MR)))


PEERS: list[Talk] = [
    success,
    refuses,
    warns,
    answers_another,
    answers_twice,
    names_another_instance,
    names_none,
    on_another_context,
    asks_between,
    aborts,
    aborts_behind,
    releases_behind,
    closes,
    garbles,
    with_a_fault,
]


def nothing(console: Console, command: StoreFiles, number: int) -> None:
    """Between a request and its response."""


def played(
    folder: Path,
    act: Talk,
    length: int = 16384,
    *,
    stop: bool = False,
    timeout: float = 20.0,
    between: Callable[[Console, StoreFiles, int], None] = nothing,
) -> list[dict[str, Any]]:
    """What was told of sending these files to a peer that does this. timeout: for a response. between: what happens
    when a request has come, before anything is done about it."""
    sending: list[StoreFiles] = []

    def script(talk: Conversation) -> None:
        talk.accept()
        number = 0
        while (pdu := talk.next_request()) is not None:
            number += 1
            console.taken()
            between(console, sending[0], number)
            act(talk, number, *pdu)

    console = Console()
    try:
        with scripted(script) as peer:
            wished = proposal(peer, maximum_length=length, timeouts=Timeouts(connect=5.0, acse=10.0, dimse=timeout))
            operation = console.new_id()
            command = StoreFiles(
                operation=operation,
                association=console.new_id(),
                proposal=wished,
                paths=(folder,),
                options=StoreOptions(stop_at_failure=stop),
            )
            sending.append(command)
            console.run(command)
            console.ended(command.association or 0)
    finally:
        console.close()
    return [plain(n) for n in console.notices if isinstance(n, COMPARED) and not looks(n)]


def looks(notice: AnyNotice) -> bool:
    """Whether it tells that files are looked for, as often as there is time."""
    return isinstance(notice, ProgressNotice) and notice.total is None


def plain(notice: AnyNotice) -> dict[str, Any]:
    fields = {f.name: getattr(notice, f.name) for f in dataclasses.fields(notice) if f.name not in OWN}
    for name in {"sentence", "results"} & set(fields):
        fields[name] = PORT.sub("", repr(fields[name]))
    return {"kind": type(notice).__name__, **fields}


def apart(told: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What was told of the association, and of the operation: which of them hears first that the peer has closed is
    chance."""
    return [n for n in told if n.get("operation") is None], [n for n in told if n.get("operation") is not None]


@pytest.fixture
def went(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each file that was loaded went the straight way."""
    noted: list[bool] = []
    sends, goes_on = SendingAtOnce.sends, SendingAtOnce._goes_on

    def noting(self: SendingAtOnce, *args: Any) -> bool:
        noted.append(sends(self, *args))
        return noted[-1]

    def noting_ready(self: SendingAtOnce, *args: Any) -> bool:
        went = goes_on(self, *args)
        if went:
            noted.append(True)
        return went

    monkeypatch.setattr(SendingAtOnce, "sends", noting)
    monkeypatch.setattr(SendingAtOnce, "_goes_on", noting_ready)
    return noted


def the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SendingAtOnce, "sends", lambda *_: False)


@pytest.mark.parametrize("files", FILES.values(), ids=FILES)
@pytest.mark.parametrize("length", [16384, 131072])
def test_both_ways_tell_the_same_of_any_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, went: list[bool], files: tuple[File, ...], length: int
) -> None:
    folder = written(tmp_path, files)
    at_once = played(folder, success, length)
    assert any(went)
    the_long_way(monkeypatch)
    assert at_once == played(folder, success, length)


def test_a_file_that_is_cut_is_found_among_others(tmp_path: Path) -> None:
    told = played(written(tmp_path, FILES["pixel data cut"]), success, 16384)
    (finding,) = [n for n in told if n.get("rule") == "data.unreadable"]
    assert "(7FE0,0010) says it has 5000 bytes, but only 4000 follow" in finding["sentence"]


@pytest.mark.parametrize("act", PEERS, ids=lambda act: getattr(act, "__name__", ""))
@pytest.mark.parametrize("size", [100, 70_000])
def test_both_ways_tell_the_same_of_any_peer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, went: list[bool], act: Talk, size: int
) -> None:
    folder = written(tmp_path, tuple(file(f"1.{n}", size) for n in range(1, 8)))
    at_once = apart(played(folder, act))
    assert any(went)
    the_long_way(monkeypatch)
    assert at_once == apart(played(folder, act))


def damaged(data: bytes, chance: random.Random) -> bytes:
    """A response with bytes that are others, doubled, or cut and begun anew."""
    out = bytearray(data)
    how = chance.randrange(4)
    if how < 2:
        for _ in range(1 + 2 * how):
            out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    elif how == 2:
        out += data
    else:
        out = out[: chance.randrange(len(out))] + data
    return bytes(out)


@pytest.mark.parametrize("seed", range(24))
def test_both_ways_tell_the_same_of_damaged_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    wrong = 2 + seed % 5

    def act(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
        data = talk.message(context, response_to(request, 0))
        if number == wrong:  # nobody is to wait for what may never come, and all of it comes in one read
            talk.send(damaged(data, random.Random(seed)) + encode_pdu(AbortPdu()))
            talk.sock.shutdown(socket.SHUT_WR)
            return
        cut = 5 * number
        talk.send(data[:cut])
        talk.send(data[cut:])

    folder = written(tmp_path, tuple(file(f"1.{n}", 70_000 if n % 3 == 0 else 100) for n in range(1, 7)))
    at_once = apart(played(folder, act))
    the_long_way(monkeypatch)
    assert at_once == apart(played(folder, act))


def test_both_ways_tell_the_same_of_a_peer_that_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, went: list[bool]
) -> None:
    @at(4)
    def silent(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
        """Until it is given up."""

    folder = written(tmp_path, tuple(file(f"1.{n}", 70_000) for n in range(1, 6)))
    at_once = apart(played(folder, silent, timeout=3.0))
    assert any(went)
    the_long_way(monkeypatch)
    assert at_once == apart(played(folder, silent, timeout=3.0))


def test_a_failure_stops_both_ways_where_that_is_wished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, went: list[bool]
) -> None:
    folder = written(tmp_path, tuple(file(f"1.{n}") for n in range(1, 8)))
    at_once = played(folder, refuses, stop=True)
    assert any(went)
    the_long_way(monkeypatch)
    assert at_once == played(folder, refuses, stop=True)


def test_usual_ones_go_the_straight_way_from_the_second_on(tmp_path: Path, went: list[bool]) -> None:
    played(written(tmp_path, FILES["usual"]), success)
    assert went == [False] + [True] * 6
