"""Matches that come together are told and handed on as if each had come alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.association import LocalAE, Negotiated, NegotiatedContext, Peer, Proposal, ProposedContext, Timeouts
from engine.model.command_set import CommandSet
from engine.model.commands import Outgoing, Retrieve
from engine.model.dataset import DataElement, DataSet, EncodedData
from engine.model.limits import Limits
from engine.model.notices import (
    AnyNotice,
    AssociationNotice,
    Direction,
    FindingNotice,
    MessageNotice,
    PduNotice,
    ProgressNotice,
)
from engine.runtime import noting
from engine.runtime.association import Association
from engine.runtime.context import Context
from engine.runtime.invocation import Ended, Invocation, Response, Responses
from engine.runtime.operations import Operation
from engine.runtime.outbox import Outbox
from engine.runtime.own_side import own_side
from engine.runtime.retrieving import Retrieving
from engine.runtime.runs import ProgressRun, ResponseRun
from engine.services.responses import request_of
from engine.standard.pdus import AssociateAC, AssociateRQ
from engine.standard.state_table import Sta
from engine.wire.commands import encode_command
from engine.wire.datasets import encode_dataset
from engine.wire.fragments import fragment
from engine.wire.framer import Framer
from engine.wire.message_run import MessageRun
from engine.wire.pdus import encode_pdu

FIND, IMPLICIT = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.1.2"
LEVEL, SOURCE, STUDY = (0x00080052, "CS"), (0x00080054, "AE"), (0x0020000D, "UI")
CONTEXT = NegotiatedContext(
    id=1, abstract_syntax=FIND, proposed=(IMPLICIT,), result=0, transfer_syntax=IMPLICIT, requestor_scu=True
)
PEER = Peer(host="127.0.0.1", port=104)
PROPOSAL = Proposal(peer=PEER, local=LocalAE(), contexts=(ProposedContext(1, FIND, (IMPLICIT,)),))


def identifier(level: str, study: str, source: str = "PACS") -> DataSet:
    return DataSet(
        tuple(DataElement(*what, (v,) if v else ()) for what, v in ((LEVEL, level), (SOURCE, source), (STUDY, study)))
    )


def response(status: int, data: bytes | None, number: int = 1, **more: int) -> bytes:
    """The P-DATA-TFs of a C-FIND-RSP."""
    values = {"AffectedSOPClassUID": FIND, "CommandField": 0x8020, "MessageIDBeingRespondedTo": number}
    kind = 0x0101 if data is None else 1
    command = CommandSet.of(**{**values, "CommandDataSetType": kind, "Status": status, **more})
    return b"".join(b"".join(p) for p in fragment(1, encode_command(command), None if data is None else [data], 0))


def match(study: str = "1.2.3", level: str = "STUDY", status: int = 0xFF00, number: int = 1) -> bytes:
    return response(status, encode_dataset(identifier(level, study), IMPLICIT), number)


class Stage:
    """An association of ours that stands and has asked once, its peer played by bytes."""

    def __init__(self, in_runs: bool, limits: Limits | None = None) -> None:
        self.context = Context(Outbox())
        self.context.loop = self.context.alarms.loop = asyncio.new_event_loop()
        self.association = Association(
            self.context,
            1,
            requestor=True,
            peer=PEER,
            timeouts=Timeouts(dimse=0, idle=0),
            proposal=PROPOSAL,
            limits=limits,
        )
        own_side(self.context, self.association)
        self.association.machine.state = Sta.Sta6
        self.association.machine._framer.associated = True
        self.association.machine.in_runs = in_runs
        for direction, pdu in ((Direction.SENT, AssociateRQ()), (Direction.RECEIVED, AssociateAC())):
            self.association.recorder._watcher.pdu(direction, (encode_pdu(pdu),))
        self.association.established(Negotiated(contexts=(CONTEXT,)))
        self.responses: list[Response | Ended] = []
        command = request_of("C-FIND-RQ", AffectedSOPClassUID=FIND)
        asking = Outgoing(command=command, data=identifier("STUDY", "", ""))
        assert self.association.messages.start(asking, 7, self.responses.append)
        self.context.outbox.drain(100)

    def hears(self, data: bytes, portions: Sequence[int] = ()) -> list[AnyNotice]:
        at = 0
        for portion in (*portions, len(data)):
            part = data[at : at + portion]
            at += portion
            if part:
                room = self.association.link.get_buffer(-1)
                room[: len(part)] = part
                self.association.link.buffer_updated(len(part))
        return self.context.outbox.drain(10_000)

    def end(self) -> None:
        loop = self.context.loop
        self.association.link.kill()
        tasks = asyncio.all_tasks(loop)  # of requests the peer makes
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.wait(tasks) if tasks else asyncio.sleep(0))
        loop.close()


def timeless(notices: Sequence[AnyNotice]) -> list[AnyNotice]:
    told = []
    for notice in notices:
        one = replace(notice, time=0.0)
        if not isinstance(one, FindingNotice | ProgressNotice):
            one = replace(one, clock=0.0)  # type: ignore[call-arg]
        if isinstance(one, MessageNotice | AssociationNotice):
            assert one.duration is None or one.duration >= 0
            one = replace(one, duration=None)
        told.append(one)
    return told


def heard(
    stream: bytes, portions: Sequence[int] = (), limits: Limits | None = None
) -> list[tuple[list[AnyNotice], list[Response | str], Sta, bool]]:
    """What comes of these bytes told together, and PDU by PDU."""
    told = []
    for in_runs in (True, False):
        stage = Stage(in_runs, limits)
        try:
            notices = timeless(stage.hears(stream, portions))
            responses = [str(r) if isinstance(r, Ended) else r for r in stage.responses]
            told.append((notices, responses, stage.association.machine.state, stage.association.over))
        finally:
            stage.end()
    return told


MESSAGES = st.one_of(
    st.builds(match, st.sampled_from(["1.2.3", "1.2", "1.2.33.4"])),
    st.builds(match, st.sampled_from(["1.2.3", "1.02"]), st.sampled_from(["STUDY", "SERIES"])),
    st.builds(match, status=st.sampled_from([0xFF00, 0xFF01])),
    st.builds(match, number=st.sampled_from([1, 2])),
    st.sampled_from([response(0, None), response(0xFF00, b""), response(0xFF00, b"odd"), response(0xFF00, bytes(20))]),
)


@given(
    st.lists(MESSAGES.flatmap(lambda m: st.integers(1, 4).map(lambda n: m * n)), min_size=1, max_size=5).map(b"".join),
    st.lists(st.integers(0, 600), max_size=4),
    st.integers(0, 5000),
    st.one_of(st.just(b""), st.binary(min_size=1, max_size=1)),
)
def test_what_is_told_and_handed_on_is_the_same(stream: bytes, portions: list[int], at: int, wrong: bytes) -> None:
    """Right ones, wrong ones, unasked ones, after the final one, with a byte changed, in any portions."""
    at %= len(stream)
    together, one_by_one = heard(stream[:at] + wrong + stream[at + len(wrong) :], portions)
    assert together == one_by_one


def test_most_travel_as_one_record_and_are_fetched_as_notices() -> None:
    stage = Stage(in_runs=True)
    try:
        stage.hears(match())
        studies = [f"1.2.{n}" for n in (5, 66, 777, 88)]
        put: list[object] = []
        box = stage.context.outbox
        whole = box.put
        box.put = lambda notice: (put.append(notice), whole(notice))[1]  # type: ignore[method-assign]
        room = stage.association.link.get_buffer(-1)
        data = b"".join(match(study) for study in studies)
        room[: len(data)] = data
        stage.association.link.buffer_updated(len(data))
        assert [type(n) for n in put] == [ResponseRun]
        notices = [notice for _ in range(7) for notice in box.drain(2)]
        assert [type(n) for n in notices] == [PduNotice, PduNotice, MessageNotice] * 4
        assert b"".join(n.data for n in notices if isinstance(n, PduNotice)) == data
        found = [n.data for n in notices if isinstance(n, MessageNotice)]
        assert found == [EncodedData(encode_dataset(identifier("STUDY", s), IMPLICIT), IMPLICIT) for s in studies]
        assert box.drain(2) == []
        assert box._put_bytes == box._taken_bytes
    finally:
        stage.end()


@pytest.mark.parametrize("limits", [Limits(memory=0), Limits(data_set=40)])
def test_limits_hold_for_matches_that_come_together(limits: Limits) -> None:
    """No memory: each goes to a file. Too long: the association ends."""
    results = heard(b"".join(match(study) for study in ["1.2", "1.3", "1.4"]), limits=limits)
    kinds = [
        ([type(n) for n in told], [r if isinstance(r, str) else type(r.data) for r in responses], *rest)
        for told, responses, *rest in results
    ]
    assert kinds[0] == kinds[1]


def test_no_more_is_kept_of_matches_that_come_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noting, "KEPT_PDU_BYTES", 1500)
    monkeypatch.setattr(noting, "HEAD", 20)
    together, one_by_one = heard(match() * 12)
    assert together == one_by_one
    sizes = {len(n.data) for n in together[0] if isinstance(n, PduNotice)}
    assert 20 in sizes
    assert max(sizes) > 20


# -- who reads them


def run_of(*messages: bytes) -> MessageRun:
    framer = Framer()
    run = next(framer.repeats(bytes(pdu)) for pdu in framer.feed(b"".join(messages)))
    assert run is not None
    return run


def test_responses_are_read_one_by_one_or_passed_by() -> None:
    asyncio.run(read_and_passed_by())


async def read_and_passed_by() -> None:
    command = CommandSet.of(CommandField=0x8020, Status=0xFF00)
    invocation = Invocation(7, CommandSet(), 1, 0.0)
    run = run_of(*(match(f"1.2.{n}") for n in range(6)))
    invocation.came(Responses(run, 0, 5, command, IMPLICIT))
    other = Response(CommandSet.of(CommandField=0x8020, Status=0xFF01), None, final=False)
    invocation.came(other)
    first = await invocation.next()
    assert first == Response(command, EncodedData(run.data_set(0), IMPLICIT), final=False)
    assert invocation.pass_by(first, 2) == 2
    assert (await invocation.next()).data == EncodedData(run.data_set(3), IMPLICIT)
    assert invocation.pass_by(other) == 0
    assert invocation.pass_by(first) == 1
    assert invocation.pass_by(first) == 0
    assert await invocation.next() is other


@pytest.mark.parametrize(("limit", "expected"), [(None, None), (1, 1), (3, 3), (6, 6), (7, None)])
def test_progress_is_told_of_each_and_the_cancel_comes_after_so_many(limit: int | None, expected: int | None) -> None:
    asyncio.run(progress_told(limit, expected))


async def progress_told(limit: int | None, expected: int | None) -> None:
    context = Context(Outbox())
    context.loop = asyncio.get_running_loop()
    retrieve = Retrieve(
        operation=7,
        association=1,
        proposal=PROPOSAL,
        service="C-FIND",
        sop_class_uid=FIND,
        cancel_after=limit,
        identifier=DataSet(),
    )
    operation = Operation(context, 7, 1, 0.0)
    retrieving = Retrieving(context, retrieve, operation)
    command = CommandSet.of(CommandField=0x8020, Status=0xFF00)
    invocation = Invocation(7, CommandSet(), 1, 0.0)
    cancelled: list[int] = []

    class Peered:
        class messages:  # noqa: N801 - stands for the association's
            @staticmethod
            async def cancel(operation: int) -> bool:
                cancelled.append(len(context.outbox.drain(100)))
                return True

            @staticmethod
            def close_invocation(operation: int) -> None:
                pass

    invocation.came(Response(command, None, final=False))
    invocation.came(Responses(run_of(*[match()] * 5), 0, 5, command, IMPLICIT))
    invocation.came(Response(CommandSet.of(CommandField=0x8020, Status=0), None, final=True))
    last = await retrieving._read(Peered(), invocation)  # type: ignore[arg-type]
    assert last.final
    assert invocation.responses == 6
    assert retrieving._statuses[0xFF00] == 6
    assert cancelled == ([] if expected is None else [expected])
    rest = [n.done for n in context.outbox.drain(100) if isinstance(n, ProgressNotice)]
    assert rest == list(range((expected or 0) + 1, 7))


def test_progress_in_a_run_is_a_notice_each() -> None:
    run = ProgressRun(next=3, end=6, operation=7, association=1, time=5.0, total=None)
    box = Outbox()
    box.put(run)
    fetched = [*box.drain(2), *box.drain(2)]
    assert fetched == [ProgressNotice(operation=7, association=1, time=5.0, done=n, total=None) for n in (3, 4, 5)]
