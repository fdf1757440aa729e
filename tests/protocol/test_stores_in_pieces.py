"""A C-STORE like one before it that comes in pieces: one event once its rest is there, single PDUs where that is not
waited for; no byte is lost or told twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.protocol import primitives as p
from engine.protocol.straight_pdus import MOST_WAITED, PASSED_OVER
from engine.protocol.upper_layer import AT_ONCE, UpperLayer
from engine.services.responses import request_of, response_to
from engine.standard.state_table import Sta
from engine.wire import framer
from engine.wire.commands import encode_command
from engine.wire.fragments import fragment
from engine.wire.framer import MOST_FRAGMENTS
from engine.wire.store_form import store_form

CT = "1.2.840.10008.5.1.4.1.1.2"


def store(number: int, size: int, maximum: int = 1000) -> list[bytes]:
    command = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID=f"1.{number}")
    encoded = encode_command(command.with_values(MessageID=number, CommandDataSetType=1))
    return [b"".join(pdu) for pdu in fragment(3, encoded, (bytes(size),), maximum)]  # type: ignore[arg-type]


def in_tiny_fragments(count: int) -> list[bytes]:
    """So many of two bytes each."""
    fragments = [b"\4\0\0\0\0\x08\0\0\0\4\3" + bytes((2 * (n == count), 0, 0)) for n in range(1, count + 1)]
    return [store(1, 2)[0], *fragments]


def machine() -> UpperLayer:
    """On an established association, where one was stored."""
    made = UpperLayer(requestor=False)
    made.state, made.in_runs, made.straight.patient = Sta.Sta6, True, True
    command = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID="1.2")
    asked = command.with_values(MessageID=1, CommandDataSetType=1)
    form = store_form(3, encode_command(asked), encode_command(response_to(asked, 0)), 0)
    assert form is not None
    made.straight.store_forms[3] = form
    return made


def told(made: UpperLayer) -> list[list[bytes]]:
    """The P-DATA-TFs of each event."""
    events = []
    while (event := made.next_event()) is not None:
        if isinstance(event, p.StoreReceived):
            events.append([event.command, *map(bytes, event.pdus)])
        elif isinstance(event, p.RunReceived):
            events.append([event.run.header + bytes(f) for f in event.run.fragments])
        else:
            assert isinstance(event, p.DataReceived), event
            events.append([event.data])
    return events


@given(
    st.lists(st.integers(1, 1500).map(lambda half: 2 * half), min_size=1, max_size=4),
    st.lists(st.integers(1, 3000), max_size=20),
)
def test_however_it_is_cut_it_is_one_event(sizes: list[int], cuts: list[int]) -> None:
    stores = [store(number, size) for number, size in enumerate(sizes, 1)]
    stream = b"".join(pdu for one in stores for pdu in one)
    made, events = machine(), []
    for count in (*cuts, len(stream)):
        made.receive_data(stream[:count], 0.0)
        stream = stream[count:]
        events += told(made)
        assert made.straight.waiting <= bool(made.pending)
    assert events == stores
    assert not made.pending


@given(
    st.integers(1, 1500).map(lambda half: 2 * half),
    st.lists(st.tuples(st.integers(1, 2000), st.booleans()), max_size=20),
)
def test_where_the_rest_is_waited_for_no_more_every_pdu_is_told_once(size: int, cuts: list[tuple[int, bool]]) -> None:
    pdus = [*store(1, size), *store(2, 2000)]
    stream = b"".join(pdus)
    made, events = machine(), []
    for count, patient in (*cuts, (len(stream), True)):
        made.straight.patient = patient
        made.receive_data(stream[:count], 0.0)
        stream = stream[count:]
        if not patient:
            assert not made.straight.waiting
        events += told(made)
    made.straight.patient = False
    made.received(0, 0.0)
    events += told(made)
    assert [pdu for event in events for pdu in event] == pdus


def test_no_more_is_held_than_a_buffer_has_room_for() -> None:
    pdus = store(1, MOST_WAITED + 100_000, 65536)
    made = machine()
    held = 0
    for pdu in pdus[:-1]:
        made.receive_data(pdu, 0.0)
        held = max(held, made.pending)
    assert held <= MOST_WAITED + len(pdus[0])
    assert not made.straight.waiting
    assert [pdu for event in told(made) for pdu in event] == pdus[:-1]


def test_those_after_one_that_was_too_long_are_told_while_they_come_for_a_while() -> None:
    made = machine()
    waited = []
    for number in range(PASSED_OVER + 2):
        pdus = store(number + 1, MOST_WAITED + 100_000 if number == 0 else 300_000, 65536)
        events = []
        for pdu in pdus:
            made.receive_data(pdu, 0.0)
            events += told(made)
        assert [pdu for event in events for pdu in event] == pdus
        waited.append(len(events) == 1)
    assert waited == [False] * (PASSED_OVER + 1) + [True]


def test_a_data_set_in_very_many_fragments_is_not_waited_for() -> None:
    pdus = in_tiny_fragments(4 * MOST_FRAGMENTS)
    made, looked = machine(), [0]
    data_set = made.straight._framer.data_set

    def noted(context_id: int) -> list[memoryview] | None:
        looked[0] += 1
        return data_set(context_id)

    made.straight._framer.data_set = noted  # type: ignore[method-assign]
    events = []
    stream, few = b"".join(pdus), 14 * 64
    for at in range(0, len(stream), few):
        made.receive_data(stream[at : at + few], 0.0)
        assert made.pending <= (MOST_FRAGMENTS + 1) * 14 + few + len(pdus[0])
        events += told(made)
    assert [pdu for event in events for pdu in event] == pdus
    assert looked[0] <= MOST_FRAGMENTS // 64 + 2


def test_what_has_come_is_looked_at_once_however_often_more_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    pdus, one_pdv = store(1, 4_000_000, 16384), framer._ONE_PDV
    made, looked = machine(), [0]

    def noted(data: bytes, at: int) -> tuple[Any, ...]:
        looked[0] += 1
        return one_pdv(data, at)

    monkeypatch.setattr(framer, "_ONE_PDV", noted)
    stream, few = b"".join(pdus), 3000
    for at in range(0, len(stream), few):
        made.receive_data(stream[at : at + few], 0.0)
    assert told(made) == [pdus]
    assert looked[0] <= len(pdus) + len(stream) // few + 2


def test_a_long_one_enlarges_the_buffer_a_few_times_and_gives_it_back_at_rest() -> None:
    pdus = store(1, 7_000_000, 131072)
    made, sizes = machine(), []
    stream, few = b"".join(pdus), 50_000
    for at in range(0, len(stream), few):
        made.receive_data(stream[at : at + few], 0.0)
        sizes.append(len(made.straight._framer._data))
    assert told(made) == [pdus]
    assert len(set(sizes)) <= 12
    made.rest()
    assert len(made.receive_buffer()) < 100_000
    made.receive_data(b"".join(pdus), 0.0)
    assert told(made) == [pdus]


def test_one_that_is_there_as_a_whole_is_one_event_in_however_many_fragments() -> None:
    pdus = in_tiny_fragments(4 * MOST_FRAGMENTS)
    made = machine()
    made.receive_data(b"".join(pdus), 0.0)
    assert told(made) == [pdus]


@given(
    st.lists(st.integers(1, 2000), min_size=1, max_size=10), st.sampled_from([p.AAbortRequest(), p.AReleaseRequest()])
)
def test_a_request_of_ours_comes_behind_what_has_come(cuts: list[int], primitive: p.Primitive) -> None:
    pdus = store(1, 6000)
    stream = b"".join(pdus)[:-1]
    made, events = machine(), []
    for count in cuts:
        made.receive_data(stream[:count], 0.0)
        stream = stream[count:]
    came = min(sum(cuts), sum(map(len, pdus)) - 1)
    whole = [pdu for at, pdu in enumerate(pdus) if sum(map(len, pdus[: at + 1])) <= came]
    made.request(primitive, 0.0)
    assert not made.straight.waiting
    while (event := made.next_event()) is not None:
        events.append(event)
    *before, sent = events
    assert isinstance(sent, p.PduSent)
    made.tell_next(*before)
    assert [pdu for event in told(made) for pdu in event] == whole


@pytest.mark.parametrize("primitive", [p.AAbortRequest(), p.AReleaseRequest()])
def test_a_request_of_ours_comes_behind_fragments_of_all_sizes(primitive: p.Primitive) -> None:
    """None of which is told together with the one before it."""
    bodies = [bytes(2 + 2 * (n % 2)) for n in range(3 * AT_ONCE)]
    pdus = [store(1, 2)[0], *(b"".join((b"\4\0", *_lengths(body), b"\3\0", body)) for body in bodies)]
    made, events = machine(), []
    made.receive_data(b"".join(pdus), 0.0)
    assert made.straight.waiting
    made.request(primitive, 0.0)
    assert not made.pending
    while (event := made.next_event()) is not None:
        events.append(event)
    *before, sent = events
    assert isinstance(sent, p.PduSent)
    made.tell_next(*before)
    assert [pdu for event in told(made) for pdu in event] == pdus


def _lengths(body: bytes) -> tuple[bytes, bytes]:
    """Of a P-DATA-TF with one PDV of this, and of that."""
    return (len(body) + 6).to_bytes(4, "big"), (len(body) + 2).to_bytes(4, "big")


def test_pdus_that_wait_for_their_turn_are_no_part_of_one_that_is_not_whole() -> None:
    """The peer was said to have stopped in the middle of a PDU of which all of them had arrived."""
    made = machine()
    pdus = [b"".join(store(number, 2)) for number in range(1, 101)]
    stream = b"".join(pdus)[:-3]
    made.receive_buffer(len(stream))[: len(stream)] = stream
    made.straight.store_forms.clear()
    made.received(len(stream), 0.0)
    assert made.behind and made.pending == 0
    told(made)
    while made.behind:
        made.received(0, 0.0)
        told(made)
    assert 0 < made.pending < len(pdus[-1])
