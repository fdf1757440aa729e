"""A C-ECHO sent again and again: as by the long way, which takes over wherever something is out of the ordinary."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from engine.model.association import AsyncWindow
from engine.model.command_set import CommandSet, Element
from engine.model.commands import Cancel, OneShot, Outgoing
from engine.model.notices import (
    AnyNotice,
    AssociationNotice,
    Direction,
    ErrorNotice,
    FindingNotice,
    MessageNotice,
    Outcome,
    PduNotice,
    ProgressNotice,
    StatusNotice,
)
from engine.protocol import primitives as p
from engine.runtime import echoing, machine_events, messages
from engine.runtime.association import Association
from engine.runtime.echo_records import EchoRecords
from engine.services.responses import request_of
from engine.standard.pdus import AbortPdu, ReleaseRP, ReleaseRQ
from engine.wire.pdus import encode_pdu
from tests.runtime.console import CT, VERIFICATION, Console, policy, proposal
from tests.runtime.scripted import Conversation, scripted

PORT = re.compile(r"(?<=:)[0-9]+")
COMPARED = (AssociationNotice, ErrorNotice, FindingNotice, MessageNotice, PduNotice, ProgressNotice, StatusNotice)
OWN = {"time", "clock", "duration", "peer", "proposal", "negotiated", "association"}
"""What differs from one run to the next."""


def echo(**more: Any) -> Outgoing:
    return Outgoing(command=request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION, **more))


def echoed(number: int, **more: Any) -> CommandSet:
    values = {"AffectedSOPClassUID": VERIFICATION, "CommandField": 0x8030, "MessageIDBeingRespondedTo": number}
    return CommandSet.of(**{**values, "CommandDataSetType": 0x0101, "Status": 0, **more})


Reply = Callable[[Conversation, int, int], bytes]
"""Of a conversation, the context and the Message ID asked with: what is sent back, in one write."""


def well(talk: Conversation, context_id: int, number: int) -> bytes:
    return talk.message(context_id, echoed(number))


def failed(talk: Conversation, context_id: int, number: int) -> bytes:
    return talk.message(context_id, echoed(number, Status=0x0122))


def odd(talk: Conversation, context_id: int, number: int) -> bytes:
    return talk.message(context_id, echoed(number, ErrorComment="a comment", Status=0x0211))


def wrong(talk: Conversation, context_id: int, number: int) -> bytes:
    return talk.message(context_id, echoed(number, AffectedSOPClassUID="1.02"))


def other_number(talk: Conversation, context_id: int, number: int) -> bytes:
    return talk.message(context_id, echoed(number + 77)) + well(talk, context_id, number)


def twice(talk: Conversation, context_id: int, number: int) -> bytes:
    return well(talk, context_id, number) * 2


def other_context(talk: Conversation, context_id: int, number: int) -> bytes:
    return talk.message(context_id + 2, echoed(number))


def no_context(talk: Conversation, context_id: int, number: int) -> bytes:
    return talk.message(99, echoed(number))


def store_answer(talk: Conversation, context_id: int, number: int) -> bytes:
    return talk.message(context_id, echoed(number, CommandField=0x8001))


def two_pieces(talk: Conversation, context_id: int, number: int) -> bytes:
    whole = well(talk, context_id, number)
    command = whole[12:]
    pdvs = b"".join(
        (len(part) + 2).to_bytes(4, "big") + bytes((context_id, control)) + part
        for part, control in ((command[:20], 1), (command[20:], 3))
    )
    return b"\4\0" + len(pdvs).to_bytes(4, "big") + pdvs


def reserved(talk: Conversation, context_id: int, number: int) -> bytes:
    whole = well(talk, context_id, number)
    return whole[:1] + b"\1" + whole[2:]


def unended(talk: Conversation, context_id: int, number: int) -> bytes:
    whole = well(talk, context_id, number)
    return whole[:11] + b"\1" + whole[12:] + whole


def asks_back(talk: Conversation, context_id: int, number: int) -> bytes:
    return talk.message(context_id, dataclasses.replace(echo().command.with_values(MessageID=number))) + well(
        talk, context_id, number
    )


def aborted(talk: Conversation, context_id: int, number: int) -> bytes:
    return well(talk, context_id, number) + encode_pdu(AbortPdu(source=2))


def released(talk: Conversation, context_id: int, number: int) -> bytes:
    return encode_pdu(ReleaseRQ()) + well(talk, context_id, number)


def garbage(talk: Conversation, context_id: int, number: int) -> bytes:
    return b"HTTP/1.1 400 Bad Request\r\n\r\n"


ONE, OTHER = echo(), echo()
NUMBERED, UNSORTED = echo(MessageID=9), Outgoing(command=CommandSet(tuple(reversed(ONE.command.elements))))
LONG = Outgoing(command=CommandSet((*ONE.command.elements, Element(0x00000903, None, b"\0\1", 6))))
RAW = Outgoing(command=CommandSet((*ONE.command.elements[:-1], Element(0x00000800, None, b"\1\1"))))
ODD_CLASS = Outgoing(command=ONE.command, context_id=3)
NO_CLASS = Outgoing(command=request_of("C-ECHO-RQ", AffectedSOPClassUID="1.2.3"), context_id=1)
USUAL = (ONE,) * 9
CASES: dict[str, tuple[tuple[Outgoing, ...], tuple[Reply, ...]]] = {
    "usual": (USUAL, (well,)),
    "all fail": (USUAL, (failed,)),
    "two that take turns": ((ONE, OTHER) * 4, (well,)),
    "two, one after the other": ((*(ONE,) * 4, *(OTHER,) * 4, *(ONE,) * 4), (well,)),
    "numbered by the user": ((*(ONE,) * 4, NUMBERED, NUMBERED, NUMBERED, *(ONE,) * 3), (well,)),
    "in another order": ((UNSORTED,) * 6, (well,)),
    "a length that is not true": ((LONG,) * 6, (well,)),
    "bytes of the user's": ((RAW,) * 6, (well,)),
    "through a context named": ((*(ONE,) * 4, ODD_CLASS, ODD_CLASS, *(ONE,) * 4), (well,)),
    "of a class without a context": ((NO_CLASS,) * 5, (well,)),
    "with findings": (USUAL, (wrong,)),
    "answers that take turns": (USUAL, (well, failed, odd)),
    **{
        f"then {reply.__name__}".replace("_", " "): (USUAL, (well, well, well, well, reply, well))
        for reply in (
            failed, odd, wrong, other_number, twice, other_context, no_context, store_answer, two_pieces, reserved,
            unended, asks_back, aborted, released, garbage,
        )
    },
}  # fmt: skip


def peer_of(replies: tuple[Reply, ...]) -> Callable[[Conversation], None]:
    def script(talk: Conversation) -> None:
        talk.accept()
        count = 0
        while True:
            try:
                context_id, command = talk.read_command()
            except AssertionError:  # it releases, or we did
                if talk.latest == ReleaseRQ.TYPE:
                    talk.send(encode_pdu(ReleaseRP()))
                return
            if command.is_response:
                continue
            talk.send(replies[count % len(replies)](talk, context_id, command.message_id or 0))
            count += 1

    return script


def played(messages: tuple[Outgoing, ...], replies: tuple[Reply, ...]) -> list[dict[str, Any]]:
    """All that was told."""
    console = Console()
    try:
        with scripted(peer_of(replies)) as peer:
            console.one_shot(proposal(peer, VERIFICATION, CT), *messages)
        assert not peer.errors
    finally:
        console.close()
    return told_in(console)


def told_in(console: Console, association: int | None = None) -> list[dict[str, Any]]:
    operations: dict[int | None, int] = {None: -1}
    told = []
    for notice in console.notices:
        if isinstance(notice, COMPARED) and (association is None or notice.association == association):
            told.append(plain(notice, operations))
    return told


def plain(notice: AnyNotice, operations: dict[int | None, int]) -> dict[str, Any]:
    fields = {f.name: getattr(notice, f.name) for f in dataclasses.fields(notice) if f.name not in OWN}
    if "operation" in fields:
        fields["operation"] = operations.setdefault(fields["operation"], len(operations))
    if "sentence" in fields:
        fields["sentence"] = PORT.sub("", fields["sentence"])
    return {"kind": type(notice).__name__, **fields}


def long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "learn", lambda association, came, known: known)


@pytest.fixture
def straight(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each response that was like one before went the straight way."""
    taken: list[bool] = []

    def counted(association: Association, event: p.EchoAnswered) -> bool:
        taken.append(echoing.answered(association, event))
        return taken[-1]

    class Counting:
        answered = staticmethod(counted)

    monkeypatch.setattr(machine_events, "echoing", Counting)
    return taken


@pytest.mark.parametrize(("messages", "replies"), CASES.values(), ids=CASES)
def test_both_ways_tell_the_same(
    monkeypatch: pytest.MonkeyPatch, messages: tuple[Outgoing, ...], replies: tuple[Reply, ...]
) -> None:
    at_once = played(messages, replies)
    long_way(monkeypatch)
    assert at_once == played(messages, replies)


def test_it_is_the_straight_way_that_is_taken(straight: list[bool]) -> None:
    told = played(USUAL, (well,))
    assert straight == [True] * (len(USUAL) - 2)  # two show what they have in common
    assert told[-1]["outcome"] is Outcome.SUCCESS


def test_several_outstanding_go_the_same_ways(monkeypatch: pytest.MonkeyPatch, straight: list[bool]) -> None:
    def through_a_window() -> list[dict[str, Any]]:
        console = Console()
        try:
            here = console.listen(policy=policy(async_window=AsyncWindow(4, 4)))
            status = console.one_shot(proposal(here, async_window=AsyncWindow(4, 1)), *(ONE,) * 40)
        finally:
            console.close()
        return [n for n in told_in(console, status.association) if n["kind"] != "AssociationNotice"]

    at_once = through_a_window()
    assert straight.count(True) > 20
    long_way(monkeypatch)
    by_itself = through_a_window()
    # Which response comes while which request goes out is the other side's affair: each kind in its own order.
    for kind in {n["kind"] for n in by_itself}:
        for direction in (None, "sent", "received"):
            assert _of(at_once, kind, direction) == _of(by_itself, kind, direction)


def _of(told: list[dict[str, Any]], kind: str, direction: str | None) -> list[dict[str, Any]]:
    """operation: numbered by what goes out first."""
    chosen = [n for n in told if n["kind"] == kind]
    if direction is not None:
        chosen = [n for n in chosen if "direction" in n and n["direction"].value == direction]
    return [{k: v for k, v in n.items() if k != "operation"} for n in chosen] if direction is None else chosen


def test_a_held_association_tells_of_each_as_before(straight: list[bool]) -> None:
    console = Console()
    try:
        number = console.open(proposal(console.listen()))
        outcomes = [console.send(number, ONE).outcome for _ in range(4)]
        console.release(number)
    finally:
        console.close()
    assert outcomes == [Outcome.SUCCESS] * 4
    assert straight == [True, True]


ENDLESS = (well, failed, odd, wrong, other_number, two_pieces, reserved, asks_back)
"""After which the conversation goes on."""


@pytest.mark.parametrize("seed", range(12))
def test_both_ways_tell_the_same_of_whatever_comes(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    chance = Random(seed)
    kinds = (ONE, ONE, ONE, OTHER, NUMBERED, UNSORTED, LONG, RAW)
    asked = tuple(m for m in chance.choices(kinds, k=8) for _ in range(chance.randint(1, 4)))
    replies = tuple(chance.choices(ENDLESS, (16, 2, 1, 1, 1, 1, 1, 1), k=17))
    at_once = played(asked, replies)
    long_way(monkeypatch)
    assert at_once == played(asked, replies)


@pytest.fixture
def in_one_breath(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the next request went in the moment in which the one before was answered."""
    went: list[bool] = []
    goes_on = echoing._goes_on

    def noted(*args: Any) -> bool:
        went.append(goes_on(*args))
        return went[-1]

    monkeypatch.setattr(echoing, "_goes_on", noted)
    return went


def test_the_next_goes_in_the_moment_in_which_the_one_before_is_answered(in_one_breath: list[bool]) -> None:
    played(USUAL, (well,))
    assert in_one_breath == [True] * (len(USUAL) - 3) + [False]  # behind the last none is left


def test_a_cancelled_operation_begins_nothing_more(in_one_breath: list[bool]) -> None:
    console = Console()
    try:
        here = console.listen()
        new_id = console.new_id
        shot = OneShot(association=new_id(), operation=new_id(), proposal=proposal(here), messages=(ONE,) * 1_000_000)
        console.submit(shot)
        console.wait(ProgressNotice, lambda n: n.operation == shot.operation and n.done > 10)
        console.submit(Cancel(operation=shot.operation))
        status = console.status(shot.operation)
        asked = console.of(MessageNotice, lambda n: n.operation == shot.operation and n.direction is Direction.SENT)
        answered = console.of(MessageNotice, lambda n: n.operation == shot.operation and n.duration is not None)
    finally:
        console.close()
    assert any(in_one_breath)
    assert status.outcome is Outcome.CANCELLED
    assert len(asked) == len(answered)
    assert f"{len(asked)} of 1000000 messages sent" in status.sentence


def test_a_defect_of_ours_in_between_ends_the_operation_and_not_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    console = Console()
    try:
        here = console.listen()
        with monkeypatch.context() as broke:
            broke.setattr(EchoRecords, "turned", broken)
            status = console.one_shot(proposal(here), *USUAL)
        assert status.outcome is Outcome.NOT_SENT
        assert console.one_shot(proposal(here), *USUAL).outcome is Outcome.SUCCESS
    finally:
        console.close()
