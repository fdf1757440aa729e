"""What comes to the exchange that should not, or late, or in pieces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.command_set import CommandSet
from engine.model.dataset import FileData
from engine.protocol import exchange as dx
from engine.wire.commands import encode_command
from engine.wire.pdus import Buffer
from engine.wire.reassembly import FragmentError
from tests.protocol.conversing import EXPLICIT, associated, message
from tests.protocol.exchanging import CONTEXTS, ECHO, GET, QUERY, STORE, comes, pair, reply, told

# --- what comes that should not -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (reply(9), r"C-ECHO-RSP came unasked: the Message ID it answers \(9\) is not that of a request of ours"),
        (reply(None), "the Message ID it answers is missing"),
        (message("C-FIND-RSP", MessageIDBeingRespondedTo=9, CommandDataSetType=0x101), "C-FIND-RSP came unasked"),
        (CommandSet.of(MessageID=1), "no Command Field"),
        (CommandSet(), "no Command Field"),
    ],
)
def test_unsolicited(command: CommandSet, said: str) -> None:
    us, _ = pair()
    event = comes(us, command)
    assert isinstance(event, dx.Unsolicited)
    assert re.search(said, event.sentence)


def test_a_second_final_response_and_one_after_the_time_out_are_explained() -> None:
    us, _ = pair()
    us.invokes(ECHO, 1)
    assert isinstance(comes(us, reply(1)), dx.ResponseReceived)
    second = comes(us, reply(1))
    assert isinstance(second, dx.Unsolicited) and "has had its final response" in second.sentence
    us.invokes(ECHO, 2)
    us.exchange.handle_timeout(60.0)
    assert told(us.exchange) == [dx.TimedOut(2)]
    late = comes(us, reply(2))
    assert isinstance(late, dx.Unsolicited) and "had timed out" in late.sentence
    us.invokes(ECHO, 3)
    us.exchange.forget(3)
    assert isinstance(comes(us, reply(3)), dx.Unsolicited)


def test_how_operations_ended_is_not_remembered_for_ever() -> None:
    us, _ = pair()
    for operation in range(1, 1001):
        us.invokes(ECHO, operation)
        comes(us, reply(operation))
    assert len(us.exchange._invoked._ended) == 256


@pytest.mark.parametrize(
    ("status", "final"), [(0, True), (0xFF00, False), (0xFF01, False), (0xC000, True), (None, True)]
)
def test_pending_is_the_only_status_that_is_not_final(status: int | None, final: bool) -> None:
    us, _ = pair()
    us.invokes(QUERY, 1, b"ab")
    event = comes(us, reply(1, status, "C-FIND-RSP"), 5)
    assert isinstance(event, dx.ResponseReceived)
    assert event.final == final
    assert us.exchange.outstanding == (() if final else (1,))


def test_a_response_of_another_service_or_context_still_answers() -> None:
    us, _ = pair()
    us.invokes(ECHO, 1)
    event = comes(us, reply(1, name="C-STORE-RSP"), context_id=3)
    assert isinstance(event, dx.ResponseReceived) and event.operation == 1
    assert [i.text for i in event.message.issues] == ["The response came on context 3, the request went on 1."]


def test_of_one_message_id_used_twice_the_context_tells() -> None:
    us, _ = pair()
    us.invokes(ECHO.with_values(MessageID=5), 1)
    us.invokes(QUERY.with_values(MessageID=5), 2, b"ab")
    event = comes(us, reply(5, name="C-FIND-RSP"), 5)
    assert isinstance(event, dx.ResponseReceived) and event.operation == 2
    assert us.exchange.outstanding == (1,)


def test_a_context_that_was_not_accepted_is_noted() -> None:
    us, _ = pair()
    event = comes(us, ECHO.with_values(MessageID=1, CommandDataSetType=0x101), 99)
    assert isinstance(event, dx.RequestReceived)
    assert (event.message.abstract_syntax, event.message.transfer_syntax) == ("", "")
    assert "99 was not accepted" in event.message.issues[0].text


def test_requests_beyond_the_window_and_with_a_message_id_in_use_are_noted() -> None:
    us, _ = pair(window=None)
    request = ECHO.with_values(MessageID=1, CommandDataSetType=0x101)
    first = comes(us, request)
    second = comes(us, request)
    assert isinstance(first, dx.RequestReceived) and isinstance(second, dx.RequestReceived)
    assert first.message.issues == ()
    window, duplicate = second.message.issues
    assert "the asynchronous operations window is 1" in window.text
    assert "Message ID 1 is that of a request not answered yet" in duplicate.text
    assert first.key != second.key


def test_fragments_of_nothing_are_an_error_after_the_messages_before() -> None:
    us, _ = pair()
    good = encode_command(ECHO.with_values(MessageID=1, CommandDataSetType=0x101))
    with pytest.raises(FragmentError, match="data fragment"):
        us.exchange.receive([(1, 3, memoryview(good)), (1, 2, memoryview(b"ab"))], 0.0)
    (event,) = told(us.exchange)
    assert isinstance(event, dx.RequestReceived)


# --- time ---------------------------------------------------------------------------------------------------------


def test_each_operation_waits_for_its_next_response() -> None:
    us, _ = pair()
    us.invokes(QUERY, 1, b"ab")
    us.now = 10.0
    us.invokes(ECHO, 2)
    assert us.exchange.next_timeout() == 60.0
    comes(us, reply(1, 0xFF00, "C-FIND-RSP"), 5, now=50.0)
    assert us.exchange.next_timeout() == 70.0
    us.exchange.handle_timeout(69.9)
    assert told(us.exchange) == []
    us.exchange.handle_timeout(70.0)
    assert told(us.exchange) == [dx.TimedOut(2)]
    assert us.exchange.outstanding == (1,)
    assert us.exchange.next_timeout() == 110.0


def test_no_time_out_when_it_is_off() -> None:
    us, _ = pair(timeout=0.0)
    us.invokes(ECHO, 1)
    assert us.exchange.next_timeout() is None
    us.exchange.handle_timeout(1e9)
    assert told(us.exchange) == []


def test_a_message_still_being_sent_is_not_waited_for() -> None:
    us, _ = pair()
    us.invokes(STORE, 1, b"ab")
    us.exchange.progress_made(1, 55.0)
    us.exchange.progress_made(99, 55.0)
    assert us.exchange.next_timeout() == 115.0


def test_a_response_whose_data_set_is_arriving_is_waited_for() -> None:
    us, _ = pair()
    us.invokes(QUERY, 1, b"ab")
    us.invokes(ECHO, 2)
    command = encode_command(reply(1, 0xFF00, "C-FIND-RSP").with_values(CommandDataSetType=1))
    us.exchange.receive([(5, 3, memoryview(command))], 30.0)
    for now in (40.0, 50.0, 59.0):
        us.exchange.receive([(5, 0, memoryview(b"abcd"))], now)
    us.exchange.handle_timeout(60.0)
    assert told(us.exchange) == [dx.TimedOut(2)]
    us.exchange.receive([(5, 2, memoryview(b"abcd"))], 118.0)
    (event,) = told(us.exchange)
    assert isinstance(event, dx.ResponseReceived) and event.duration == 118.0


def test_sub_operations_show_that_a_get_goes_on() -> None:
    us, _ = pair()
    us.invokes(message("C-GET-RQ", AffectedSOPClassUID=GET), 1, b"ab")
    us.invokes(ECHO, 2)
    store = encode_command(STORE.with_values(MessageID=1, CommandDataSetType=1))
    us.exchange.receive([(3, 3, memoryview(store))], 30.0)
    us.exchange.receive([(3, 0, memoryview(b"ab"))], 50.0)
    assert us.exchange.next_timeout() == 60.0
    us.exchange.handle_timeout(60.0)
    assert told(us.exchange) == [dx.TimedOut(2)]
    assert us.exchange.next_timeout() == 110.0
    us.exchange.receive([(3, 2, memoryview(b"ab"))], 100.0)
    assert us.exchange.next_timeout() == 160.0


# --- large data sets ----------------------------------------------------------------------------------------------


class Spool:
    """A sink that makes a file of what it gets."""

    def __init__(self) -> None:
        self.got = b""
        self.discarded = False

    def write(self, data: memoryview) -> None:
        self.got += bytes(data)

    def write_all(self, pieces: Sequence[Buffer]) -> None:
        self.got += b"".join(pieces)

    def close(self) -> FileData:
        return FileData(Path("spooled"), 0, len(self.got), EXPLICIT)

    def discard(self) -> None:
        self.discarded = True


def test_a_sink_takes_the_data_set() -> None:
    spool = Spool()
    us, them = associated(CONTEXTS, sink=spool)
    them.invokes(STORE, 1, bytes(100_000))
    event = us.hears_request(them)
    assert isinstance(event.message.data, FileData)
    assert (event.message.data_length, len(spool.got)) == (100_000, 100_000)


def test_the_end_of_the_association_discards_half_a_message() -> None:
    spool = Spool()
    us, _ = associated(CONTEXTS, sink=spool)
    store = encode_command(STORE.with_values(MessageID=1, CommandDataSetType=1))
    us.exchange.receive([(3, 3, memoryview(store)), (3, 0, memoryview(b"ab"))], 0.0)
    us.exchange.abandon()
    assert spool.discarded


# --- any fragments ------------------------------------------------------------------------------------------------

COMMANDS: list[bytes] = [
    encode_command(c)
    for c in (
        ECHO.with_values(MessageID=1, CommandDataSetType=0x101),
        STORE.with_values(MessageID=1, CommandDataSetType=1),
        reply(1),
        reply(1, 0xFF00, "C-FIND-RSP"),
        CommandSet.of(CommandField=0x0FFF, MessageIDBeingRespondedTo=1, CommandDataSetType=0x101),
    )
]
PDVS = st.tuples(
    st.sampled_from([1, 3, 5, 9]),
    st.integers(0, 255),
    st.one_of(st.binary(max_size=60), st.sampled_from(COMMANDS)).map(memoryview),
)


@given(st.lists(st.lists(PDVS, max_size=4), max_size=8))
def test_no_fragments_are_too_odd(pdus: Iterable[list[tuple[int, int, memoryview]]]) -> None:
    us, _ = pair()
    us.invokes(ECHO, 1)
    us.invokes(QUERY, 2, b"ab")
    try:
        for pdvs in pdus:
            us.exchange.receive(pdvs, 1.0)
    except FragmentError as error:
        assert error.reason.endswith(".")
    answered = [e.operation for e in told(us.exchange) if isinstance(e, dx.ResponseReceived) and e.final]
    assert sorted((*answered, *us.exchange.outstanding)) == [1, 2]
    us.exchange.abandon()
