"""The bulk of a transfer goes another way than single PDUs: what comes of it is the same, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.conformance.watcher import Verdict, Watcher
from engine.model.association import Negotiated, NegotiatedContext
from engine.model.command_set import CommandSet
from engine.model.notices import Direction, PduNotice
from engine.protocol import primitives as p
from engine.protocol.exchange import Exchange, Ready
from engine.protocol.upper_layer import StateError, UpperLayer
from engine.runtime.outbox import Outbox
from engine.runtime.runs import PduRun
from engine.standard.pdus import PDataTF
from engine.standard.state_table import Evt, Sta
from engine.wire.commands import encode_command
from engine.wire.fragments import DataRun, fragment, fragment_in_runs, whole_fragments
from engine.wire.message_run import MessageRun
from engine.wire.pdus import iter_pdvs

CT_IMAGE, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"
COMMAND = encode_command(
    CommandSet.of(
        AffectedSOPClassUID=CT_IMAGE,
        CommandField=1,
        MessageID=1,
        Priority=0,
        CommandDataSetType=1,
        AffectedSOPInstanceUID="1.2.3",
    )
)


DT_1 = p.Transition(Sta.Sta6, Evt.Evt9, "DT-1", Sta.Sta6)
DT_2 = p.Transition(Sta.Sta6, Evt.Evt10, "DT-2", Sta.Sta6)
SIZES = st.sampled_from([0, 1, 2, 9, 10, 11, 20, 64, 100, 3000, 8000])
MAXIMA = st.sampled_from([0, 8, 16, 17, 70, 200, 1024])


def pdus(parts: list[list[p.Buffer] | DataRun]) -> list[bytes]:
    """Each PDU's bytes."""
    told = []
    for part in parts:
        if isinstance(part, DataRun):
            assert len(part) >= 2
            told += [bytes(part.header) + bytes(f) for f in part.fragments]
            assert {len(t) for t in told[-len(part) :]} == {part.pdu_size}
        else:
            told.append(b"".join(bytes(b) for b in part))
    return told


@given(st.lists(SIZES, max_size=4), MAXIMA)
def test_a_message_is_cut_in_the_same_way(sizes: list[int], maximum: int) -> None:
    chunks = [bytes(n % 251 for n in range(size)) for size in sizes]
    one_by_one = pdus(list(fragment(3, COMMAND, chunks, maximum)))
    assert pdus(list(fragment_in_runs(3, COMMAND, chunks, maximum))) == one_by_one


@pytest.mark.parametrize("maximum", [16, 17, 200, 1024])
def test_data_in_pieces_of_whole_fragments_go_in_runs_but_for_what_may_be_the_last(maximum: int) -> None:
    size = whole_fragments(maximum, 8000)
    assert size <= 8000
    parts = list(fragment_in_runs(3, COMMAND, [bytes(size), bytes(size), bytes(size), b"rest"], maximum))
    command = len(list(fragment(3, COMMAND, None, maximum)))
    assert [isinstance(part, DataRun) for part in parts] == [False] * command + [True] * 3 + [False] * 2


@given(st.integers(0, 300), MAXIMA, st.booleans())
def test_a_command_set_that_fits_is_one_pdu_at_once(size: int, maximum: int, runs: bool) -> None:
    exchange = Exchange(Negotiated(send_maximum=maximum), requestor=True)
    context = NegotiatedContext(id=3, abstract_syntax=CT_IMAGE, proposed=(EXPLICIT,), result=0)
    ready = Ready(context, CommandSet(), bytes(n % 251 for n in range(size)))
    assert pdus(list(exchange.fragments(ready, None, runs=runs))) == pdus(
        list(fragment(3, ready.command_bytes, None, maximum))
    )


def pdus_of(run: MessageRun) -> list[bytes]:
    told = [pdu for n in range(len(run)) for pdu in (run.head, run.data_pdu(n))]
    assert b"".join(told) == run.data
    assert [run.data_set(n) for n in range(len(run))] == [run.data[a:b] for a, b in run.data_sets(0)]
    assert run.largest == max(len(run.data_set(n)) for n in range(len(run)))
    return told


def established(in_runs: bool) -> UpperLayer:
    machine = UpperLayer(requestor=False)
    machine.state = Sta.Sta6
    machine._framer.associated = True
    machine.in_runs = in_runs
    return machine


def told(
    machine: UpperLayer, data: bytes, portions: list[int]
) -> tuple[list[bytes], list[tuple[int, int, bytes]], Sta]:
    """The PDUs and PDVs that came of these bytes, received in portions."""
    seen: list[bytes] = []
    pdvs: list[tuple[int, int, bytes]] = []
    at = 0
    for portion in [*portions, len(data)]:
        machine.receive_data(data[at : at + portion], 0.0)
        at += portion
        while (event := machine.next_event()) is not None:
            match event:
                case p.PduReceived():
                    seen.append(event.data)
                case p.PDataIndication():
                    pdvs += [(c, control, bytes(f)) for c, control, f in event.pdvs]
                case p.DataReceived():
                    assert event.transition == DT_2
                    seen.append(event.data)
                    pdvs += [(c, control, bytes(f)) for c, control, f in event.pdvs]
                case p.RunReceived():
                    assert event.transition == DT_2
                    seen += pdus([event.run])
                    pdvs += [(event.run.context_id, 0, bytes(f)) for f in event.run.fragments]
                case p.MessagesReceived():
                    assert event.transition == DT_2
                    for pdu in pdus_of(event.run):
                        seen.append(pdu)
                        pdvs += [(c, control, bytes(f)) for c, control, f in iter_pdvs(pdu)]
    return seen, pdvs, machine.state


@given(
    SIZES, MAXIMA.filter(bool), st.lists(st.integers(0, 4000), max_size=3), st.integers(0, 3000), st.binary(max_size=1)
)
def test_the_machine_indicates_the_same(size: int, maximum: int, portions: list[int], at: int, wrong: bytes) -> None:
    """Also where a byte is changed."""
    data = b"".join(pdus(list(fragment(3, COMMAND, [bytes(size)], maximum))))
    at %= len(data)
    data = data[:at] + wrong + data[at + len(wrong) :]
    assert told(established(True), data, portions) == told(established(False), data, portions)


@given(
    st.lists(st.tuples(st.sampled_from([0, 0, 0, 1]), SIZES, MAXIMA), min_size=1, max_size=6),
    st.lists(st.integers(0, 400), max_size=4),
    st.integers(0, 3000),
    st.binary(max_size=1),
)
def test_the_machine_indicates_messages_alike_the_same(
    messages: list[tuple[int, int, int]], portions: list[int], at: int, wrong: bytes
) -> None:
    """Of two kinds of command set, in one data fragment or several, also where a byte is changed."""
    kinds = (COMMAND, COMMAND[:-2] + b"4\0")
    parts = [part for kind, size, maximum in messages for part in fragment(3, kinds[kind], [bytes(size)], maximum)]
    data = b"".join(pdus(list(parts)))
    at %= len(data)
    data = data[:at] + wrong + data[at + len(wrong) :]
    assert told(established(True), data, portions) == told(established(False), data, portions)


def test_messages_that_came_in_one_read_are_one_event() -> None:
    machine = established(True)
    one = b"".join(pdus(list(fragment(3, COMMAND, [bytes(30)], 0))))
    machine.receive_data(4 * one, 0.0)
    events = list(iter(machine.next_event, None))
    assert [type(e) for e in events] == [p.DataReceived, p.DataReceived, p.MessagesReceived]
    assert isinstance(events[2], p.MessagesReceived)
    assert len(events[2].run) == 3


@given(SIZES, MAXIMA)
def test_the_machine_sends_the_same(size: int, maximum: int) -> None:
    quick, plain = established(True), established(False)
    for machine in (quick, plain):
        machine.request(p.PDataRequest(tuple(fragment_in_runs(3, COMMAND, [bytes(size)], maximum))), 0.0)
    assert b"".join(quick.data_to_send()) == b"".join(plain.data_to_send())
    events = list(iter(quick.next_event, None))
    assert {type(e) for e in events} <= {p.DataSent, p.RunSent}
    assert all(e.transition == DT_1 for e in events if isinstance(e, p.DataSent | p.RunSent))
    alone = [b"".join(e.data) for e in events if isinstance(e, p.DataSent)]
    assert alone == [b"".join(e.data) for e in iter(plain.next_event, None) if isinstance(e, p.PduSent)]


def test_only_an_established_association_takes_the_quick_way() -> None:
    machine = established(True)
    machine.state = Sta.Sta7
    with pytest.raises(StateError):
        machine.request(p.PDataRequest(tuple(fragment(3, COMMAND, None, 0))), 0.0)
    machine.receive_data(b"".join(pdus(list(fragment(3, COMMAND, None, 0)))), 0.0)
    assert [type(e) for e in iter(machine.next_event, None)] == [p.PduReceived, p.PDataIndication]


RELEASE_RQ, RELEASE_RP, ABORT = (bytes((kind, 0, 0, 0, 0, 4, 0, 0, 0, 0)) for kind in (5, 6, 7))
DOINGS: dict[str, Callable[[UpperLayer], None]] = {
    "data": lambda m: m.receive_data(b"".join(pdus(list(fragment(3, COMMAND, None, 0)))), 0.0),
    "release asked": lambda m: m.receive_data(RELEASE_RQ, 0.0),
    "released": lambda m: m.receive_data(RELEASE_RP, 0.0),
    "aborted": lambda m: m.receive_data(ABORT, 0.0),
    "connected": lambda m: m.transport_connected(0.0),
    "closed": lambda m: m.transport_closed(0.0),
    "late": lambda m: m.handle_timeout(1e9),
    "release": lambda m: m.request(p.AReleaseRequest(), 0.0),
    "answer": lambda m: m.request(p.AReleaseResponse(), 0.0),
    "abort": lambda m: m.request(p.AAbortRequest(), 0.0),
}


@given(st.sampled_from(list(Sta)), st.booleans(), st.lists(st.sampled_from(sorted(DOINGS)), max_size=6))
def test_transitions_are_told_with_their_pdus_alone(state: Sta, requestor: bool, doings: list[str]) -> None:
    quick, plain = UpperLayer(requestor), UpperLayer(requestor)
    quick.in_runs = True
    heard: list[list[p.Event]] = []
    for machine in (quick, plain):
        machine.state = state
        for doing in doings:
            if (doing, machine.state) in (("data", Sta.Sta6), ("connected", Sta.Sta4)):
                continue
            with suppress(StateError):
                DOINGS[doing](machine)
        heard.append(list(iter(machine.next_event, None)))
    kept = [e for e in heard[1] if not isinstance(e, p.Transition) or e.event is Evt.Evt5]
    assert heard[0] == kept
    assert quick.state is plain.state and quick.data_to_send() == plain.data_to_send()


def watched(maximum: int, accepted: int) -> Watcher:
    watcher = Watcher(requestor=True)
    context = NegotiatedContext(
        id=accepted, abstract_syntax=CT_IMAGE, proposed=(EXPLICIT,), result=0, transfer_syntax=EXPLICIT
    )
    watcher.established(Negotiated(contexts=(context,), send_maximum=maximum))
    return watcher


@pytest.mark.parametrize("maximum", [0, 100, 1000])
@pytest.mark.parametrize("accepted", [3, 5])
@pytest.mark.parametrize("size", [20_000, 200_000])
def test_the_watcher_finds_the_same(maximum: int, accepted: int, size: int) -> None:
    parts = list(fragment_in_runs(3, COMMAND, [bytes(size)], 500))
    runs, single = watched(maximum, accepted), watched(maximum, accepted)
    found: list[Verdict] = []
    one_by_one: list[Verdict] = []
    for part in parts:
        if isinstance(part, DataRun):
            found += runs.run(Direction.SENT, part)
        else:
            found += runs.pdu(Direction.SENT, part)
        for pdu in pdus([part]):
            one_by_one += single.pdu(Direction.SENT, (pdu,))
    assert found == one_by_one


def test_a_run_is_fetched_as_notices() -> None:
    box = Outbox()
    data = [bytes([n]) * 20 for n in range(5)]
    run = PduRun(
        data=data,
        association=1,
        when=(1.0, 2.0),
        direction=Direction.SENT,
        size=20,
        states=("Sta6", "Evt9", "DT-1", "Sta6"),
    )
    box.put(run)
    fetched = [*box.drain(2), *box.drain(2), *box.drain(2)]
    assert [n.data for n in fetched if isinstance(n, PduNotice)] == data
    first = fetched[0]
    assert isinstance(first, PduNotice)
    assert (first.type, first.size, first.action) == (PDataTF.TYPE, 20, "DT-1")
    assert box.drain(2) == []
    assert box.has_room
