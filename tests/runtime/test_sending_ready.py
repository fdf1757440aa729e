"""C-STORE-RQs made ready before the response to the one before them: whatever comes between, all is told as by the long
way."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.model.command_set import CommandSet
from engine.model.commands import Abort, Cancel, Outgoing, Send, StoreFiles
from engine.model.notices import AnyNotice
from engine.runtime import noting
from engine.runtime.outbox import Outbox
from engine.runtime.sending_at_once import SendingAtOnce
from engine.runtime.storing import Storing
from engine.services.responses import request_of, response_to
from engine.standard.pdus import AbortPdu
from engine.wire.pdus import encode_pdu
from tests.runtime.console import CT, VERIFICATION, Console
from tests.runtime.scripted import Conversation
from tests.runtime.test_sending_at_once import (
    MR,
    apart,
    at,
    file,
    played,
    refuses,
    success,
    the_long_way,
    warns,
    written,
)

Between = Callable[[Console, StoreFiles, int], None]
FOURTH = 4


@pytest.fixture
def ready(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each request that was ready: whether it went."""
    noted: list[bool] = []
    goes_on = SendingAtOnce._goes_on

    def noting_it(self: SendingAtOnce, *args: Any) -> bool:
        noted.append(goes_on(self, *args))
        return noted[-1]

    monkeypatch.setattr(SendingAtOnce, "_goes_on", noting_it)
    return noted


def many(folder: Path, size: int = 100, count: int = 7) -> Path:
    return written(folder, tuple(file(f"1.{n}", size) for n in range(1, count + 1)))


def test_all_but_the_first_two_are_ready_before_their_turn(tmp_path: Path, ready: list[bool]) -> None:
    played(many(tmp_path), success)
    assert ready == [True] * 5


def cancels(console: Console, command: StoreFiles, number: int) -> None:
    if number == FOURTH:
        console.submit(Cancel(operation=command.operation))
        console.taken()


def asks(console: Console, command: StoreFiles, number: int) -> None:
    """For another request on the same association, which comes before the next file."""
    if number == FOURTH:
        sop_class, uid, _, data = file("1.99")
        request = request_of("C-STORE-RQ", AffectedSOPClassUID=sop_class, AffectedSOPInstanceUID=uid)
        message = Outgoing(command=request, data=data)
        console.submit(Send(association=command.association or 0, operation=77_777, message=message))
        console.taken()


@pytest.mark.parametrize("size", [100, 70_000])
@pytest.mark.parametrize("act", [success, refuses, warns], ids=lambda act: act.__name__)
@pytest.mark.parametrize("between", [cancels, asks], ids=lambda between: between.__name__)
def test_what_the_user_asks_for_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ready: list[bool], act: Any, between: Between, size: int
) -> None:
    folder = many(tmp_path, size)
    at_once = apart(played(folder, act, between=between))
    assert False in ready or act is not success
    the_long_way(monkeypatch)
    assert at_once == apart(played(folder, act, between=between))


def test_the_user_aborts_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ready: list[bool]) -> None:
    def aborts(console: Console, command: StoreFiles, number: int) -> None:
        if number == FOURTH:
            console.submit(Abort(association=command.association or 0))
            console.taken()

    @at(FOURTH)
    def silent(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
        """The association is over."""

    folder = many(tmp_path)
    at_once = apart(played(folder, silent, between=aborts))
    assert ready == [True] * 2
    the_long_way(monkeypatch)
    assert at_once == apart(played(folder, silent, between=aborts))


@pytest.mark.parametrize("size", [100, 70_000])
def test_what_the_peer_asks_with_its_response_is_answered_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ready: list[bool], size: int
) -> None:
    """In one read: its request stood before its response."""

    @at(FOURTH)
    def asks_too(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
        echo = request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION).with_values(MessageID=9)
        talk.send(talk.message(context, echo) + talk.message(context, response_to(request, 0)))

    def act(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
        if not request.is_response:
            asks_too(talk, number, context, request)

    folder = many(tmp_path, size)
    at_once = played(folder, act)
    assert False in ready
    the_long_way(monkeypatch)
    assert at_once == played(folder, act)


@pytest.mark.parametrize("status", [0xA700, 0xB000, 0x0110])
def test_the_peer_answers_otherwise_and_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ready: list[bool], status: int
) -> None:
    """In one read: what was ready does not go."""

    @at(FOURTH)
    def ends(talk: Conversation, number: int, context: int, request: CommandSet) -> None:
        talk.send(talk.message(context, response_to(request, status)) + encode_pdu(AbortPdu()))

    folder = many(tmp_path)
    at_once = apart(played(folder, ends))
    assert ready == [True] * 2
    the_long_way(monkeypatch)
    assert at_once == apart(played(folder, ends))


def vanish(path: Path) -> None:
    path.unlink(missing_ok=True)


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8] + bytes(range(8)))
    os.utime(path, (1_000_000_000, 1_000_000_000))


@pytest.mark.parametrize("spoil", [vanish, change])
@pytest.mark.parametrize("act", [success, refuses], ids=lambda act: act.__name__)
def test_files_that_are_gone_or_others_when_their_turn_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ready: list[bool], act: Any, spoil: Callable[[Path], None]
) -> None:
    """The next one has been read and goes as it was planned; the one after it does not."""

    def between(console: Console, command: StoreFiles, number: int) -> None:
        if number == FOURTH:
            for path in sorted(command.paths[0].iterdir())[FOURTH : FOURTH + 2]:
                spoil(path)

    at_once = played(many(tmp_path), act, between=between)
    assert ready.count(True) == (3 if act is success else 2)
    assert sum("FileState.CANNOT_GO" in str(told.get("results")) for told in at_once) == 1
    for path in tmp_path.iterdir():
        path.unlink()
    the_long_way(monkeypatch)
    assert at_once == played(many(tmp_path), act, between=between)


@pytest.mark.parametrize("kept", [0, 1_000, 75_000, 200_000])
@pytest.mark.parametrize("length", [16384, 131072])
def test_as_much_is_kept_of_their_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ready: list[bool], kept: int, length: int
) -> None:
    monkeypatch.setattr(noting, "KEPT_PDU_BYTES", kept)
    folder = many(tmp_path, 70_000)
    at_once = played(folder, success, length)
    assert all(ready)
    the_long_way(monkeypatch)
    assert at_once == played(folder, success, length)


def test_notices_are_fetched_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = many(tmp_path, 70_000)
    told = played(folder, success)
    drain = Outbox.drain

    def few(self: Outbox, limit: int) -> list[AnyNotice]:
        return drain(self, min(limit, 3))

    monkeypatch.setattr(Outbox, "drain", few)
    assert told == played(folder, success)


def test_two_classes_in_turn_are_told_each_by_its_own(tmp_path: Path, ready: list[bool]) -> None:
    files = (file(f"1.{n}", sop_class=MR if n % 3 else "1.2.840.10008.5.1.4.1.1.2") for n in range(1, 11))
    played(written(tmp_path, tuple(files)), success)
    assert ready.count(True) > 5


def test_a_defect_of_ours_ends_the_operation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ready: list[bool]
) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Storing, "stored", fails)
    told = played(many(tmp_path), success)
    assert any("An unexpected error ended it" in str(notice.get("sentence")) for notice in told)


@pytest.mark.parametrize("field", [b"1.5", CT.encode()])
def test_a_data_set_with_another_uid_is_found_among_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ready: list[bool], field: bytes
) -> None:
    """What is like the one before is not read again, but for that. Its file was changed behind our back, so that
    nothing else tells."""

    def between(console: Console, command: StoreFiles, number: int) -> None:
        path = command.paths[0] / "04.dcm"
        head, found, rest = path.read_bytes().rpartition(field)
        if number == 2 and found:
            time = path.stat().st_mtime_ns
            path.write_bytes(head + field[:-1] + b"9" + rest)
            os.utime(path, ns=(time, time))

    at_once = played(many(tmp_path, 70_000), success, between=between)
    assert ready == [True] * 5
    rules = [told["rule"] for told in at_once if told["kind"] == "FindingNotice"]
    assert rules[0] == ("data.sop-instance" if field == b"1.5" else "data.sop-class")
    the_long_way(monkeypatch)
    assert at_once == played(many(tmp_path, 70_000), success, between=between)
