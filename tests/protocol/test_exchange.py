"""The DIMSE exchange where it is not plain sailing: odd messages, time-outs, deliberate deviations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.association import AsyncWindow, Negotiated, NegotiatedContext, ProposedContext, Role
from engine.model.command_set import CommandSet, Element, tag_of
from engine.model.dataset import FileData
from engine.protocol import exchange as dx
from engine.protocol.contexts import has_role
from engine.protocol.outstanding import LARGEST_ID, Invoked
from engine.wire.commands import CommandError, encode_command
from engine.wire.pdus import Buffer
from engine.wire.reassembly import FragmentError
from tests.protocol.conversing import EXPLICIT, IMPLICIT, Party, associated, message

VERIFICATION, CT = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.2"
FIND, GET = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.3"
JPEG = "1.2.840.10008.1.2.4.50"
ECHO = message("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION)
STORE = message("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID="1.2.3")
QUERY = message("C-FIND-RQ", AffectedSOPClassUID=FIND)
CONTEXTS = (
    ProposedContext(1, VERIFICATION, (IMPLICIT,)),
    ProposedContext(3, CT, (EXPLICIT,), Role.BOTH),
    ProposedContext(5, FIND, (IMPLICIT,)),
    ProposedContext(7, GET, (IMPLICIT,)),
)


def pair(window: AsyncWindow | None = AsyncWindow(0, 0), timeout: float = 60.0) -> tuple[Party, Party]:
    return associated(CONTEXTS, window=window, timeout=timeout)


def told(exchange: dx.Exchange) -> list[dx.Event]:
    return list(iter(exchange.next_event, None))


def comes(
    party: Party, command: CommandSet, context_id: int = 1, data: bytes | None = None, now: float = 0.0
) -> dx.Event:
    """A message as it comes from a peer that may send anything."""
    pdvs = [(context_id, 3, memoryview(encode_command(command)))]
    if data is not None:
        pdvs.append((context_id, 2, memoryview(data)))
    party.exchange.receive(pdvs, now)
    (event,) = told(party.exchange)
    return event


def reply(number: int | None, status: int | None = 0, name: str = "C-ECHO-RSP") -> CommandSet:
    return message(name, MessageIDBeingRespondedTo=number, CommandDataSetType=0x0101, Status=status)


# --- Message IDs and what is filled in ----------------------------------------------------------------------------


def test_message_ids_run_from_1_skip_what_is_outstanding_and_wrap() -> None:
    us, _ = pair()
    assert [us.invokes(ECHO, n).command.message_id for n in (1, 2, 3)] == [1, 2, 3]
    us.exchange._invoked._last_id = 0xFFFF
    assert us.invokes(ECHO, 4).command.message_id == 4


@given(st.lists(st.tuples(st.sampled_from(range(5)), st.booleans()), max_size=8))
def test_a_request_sent_again_is_the_one_filled_in_afresh(sent: list[tuple[int, bool]]) -> None:
    again = (
        ECHO,
        STORE,
        ECHO.with_values(MessageID=9),
        CommandSet((Element(0, raw=b"\1\0\0\0"), *ECHO.without([0]))),
        CommandSet((*ECHO, Element(tag_of("MessageID")))),
    )
    us, _ = pair()
    context = us.exchange.choose_context(ECHO)
    for operation, (which, has_data) in enumerate(sent):
        command = again[which]
        ready = us.exchange.request(command, operation, context, has_data, 0.0)
        afresh, _ = pair()
        afresh.exchange._invoked._last_id = us.exchange._invoked._last_id - (not command.message_id)
        anew = afresh.exchange.request(CommandSet(command.elements), operation, context, has_data, 0.0)
        if which < 4:  # of two Message IDs both are filled in
            assert (ready.command, ready.command_bytes) == (anew.command, anew.command_bytes)
        assert [i.message_id for i in us.exchange._invoked._invoked][-1] == ready.command.message_id
        assert us.exchange._invoked._invoked[-1].command_field == command.command_field


def test_no_message_id_left() -> None:
    us, _ = pair()
    for number in range(1, LARGEST_ID + 1):
        us.exchange._invoked.add(Invoked(number, number, 1, ECHO.command_field, 0.0), 0.0)
    with pytest.raises(dx.WindowFull, match="65535"):
        us.invokes(ECHO, 99)
    us.invokes(ECHO.with_values(MessageID=7), 99)  # one that is outstanding, if the user wants it so


def test_what_the_user_set_or_left_out_stays() -> None:
    us, _ = pair()
    odd = CommandSet(
        (
            Element(tag_of("MessageID"), 500),
            Element(tag_of("CommandField"), 0x30),
            Element(tag_of("CommandDataSetType"), raw=b"\x77\x77"),
            Element(tag_of("MessageID"), raw=b"\x01"),
        )
    )
    ready = us.invokes(odd, 1, context=1)
    assert ready.command == odd
    assert us.exchange.outstanding == (1,)
    event = comes(us, reply(500))
    assert isinstance(event, dx.ResponseReceived) and event.operation == 1


def test_a_message_id_given_as_raw_bytes_is_the_one_that_counts() -> None:
    us, _ = pair()
    us.invokes(CommandSet((*ECHO.without(["MessageID"]), Element(tag_of("MessageID"), raw=b"\x2a\x00"))), 1)
    event = comes(us, reply(42))
    assert isinstance(event, dx.ResponseReceived)


def test_what_cannot_be_encoded_registers_nothing() -> None:
    us, them = pair()
    with pytest.raises(CommandError):
        us.invokes(ECHO.with_values(MessageID=70000), 1)
    assert us.exchange.outstanding == ()
    us.invokes(ECHO, 1)
    key = them.hears_request(us).key
    with pytest.raises(CommandError):
        them.answers(key, message("C-ECHO-RSP", Status=70000))
    assert them.exchange.serving == 1


# --- which context ------------------------------------------------------------------------------------------------


def test_without_an_accepted_context_nothing_is_sent() -> None:
    us, _ = pair()
    with pytest.raises(dx.ExchangeError, match=r"SOP Class 1\.2\.3"):
        us.exchange.choose_context(message("C-STORE-RQ", AffectedSOPClassUID="1.2.3"))
    with pytest.raises(dx.ExchangeError, match="context 9 was not accepted"):
        us.exchange.choose_context(ECHO, 9)


def test_a_command_without_a_sop_class_goes_somewhere() -> None:
    us, _ = pair()
    assert us.exchange.choose_context(CommandSet.of(CommandField=0x30)).id == 1


def test_a_context_that_was_named_wins() -> None:
    us, _ = pair()
    assert us.exchange.choose_context(ECHO, 3).id == 3


def _accepted(*contexts: tuple[int, str, bool, bool]) -> Negotiated:
    return Negotiated(
        contexts=tuple(
            NegotiatedContext(
                id=i, abstract_syntax=CT, proposed=(t,), result=0, transfer_syntax=t, requestor_scu=u, requestor_scp=p
            )
            for i, t, u, p in contexts
        )
    )


def test_the_encoding_there_is_decides_between_contexts_of_one_class() -> None:
    exchange = dx.Exchange(_accepted((1, IMPLICIT, True, False), (3, JPEG, True, False)), True)
    assert exchange.choose_context(STORE).id == 1
    assert exchange.choose_context(STORE, transfer_syntax=JPEG).id == 3
    assert exchange.choose_context(STORE, transfer_syntax=EXPLICIT).id == 1


def test_a_context_without_a_transfer_syntax_is_never_picked() -> None:
    exchange = dx.Exchange(_accepted((1, "", True, False), (3, JPEG, True, False)), True)
    assert exchange.choose_context(STORE).id == 3


def test_the_role_decides_too() -> None:
    negotiated = _accepted((1, IMPLICIT, True, False), (3, IMPLICIT, False, True))
    assert dx.Exchange(negotiated, True).choose_context(STORE).id == 1
    assert dx.Exchange(negotiated, False).choose_context(STORE).id == 3
    assert has_role(negotiated.contexts[0], "N-EVENT-REPORT", requestor=False)
    assert not has_role(negotiated.contexts[0], "N-EVENT-REPORT", requestor=True)


def test_a_response_goes_back_where_its_request_came_from() -> None:
    us, them = pair()
    us.invokes(ECHO, 1, context=5)
    us.invokes(QUERY, 2, b"ab")
    them.hears(us)
    bare = CommandSet.of(CommandField=0x8030, MessageIDBeingRespondedTo=None, Status=0)
    assert them.exchange.choose_context(bare).id == 5
    assert them.answers(None, bare).command.responded_to == 1
    assert them.exchange.serving == 1
    event = us.hears_response(them)
    assert (event.operation, event.message.context_id) == (1, 5)


def test_a_hand_made_cancel_goes_where_the_operation_went_and_ends_nothing() -> None:
    us, them = pair()
    us.invokes(ECHO, 1)
    us.invokes(QUERY, 2, b"ab")
    them.invokes(ECHO, 3)  # the other way, with Message ID 1
    us.hears(them)
    cancel = CommandSet.of(CommandField=0x0FFF, MessageIDBeingRespondedTo=None, CommandDataSetType=None)
    ready = us.answers(None, cancel)
    assert (ready.context.id, ready.command.responded_to, ready.command.has_data_set) == (5, 2, False)
    assert us.exchange.serving == 1
    assert us.exchange.outstanding == (1, 2)


def test_only_find_get_and_move_are_cancelled() -> None:
    us, _ = pair()
    us.invokes(ECHO, 1)
    assert us.exchange.cancel(1) is None
    assert us.exchange.cancel(99) is None
    us.invokes(QUERY, 2, b"ab")
    assert us.exchange.cancel(2) is not None


# --- what comes that should not -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (reply(9), r"C-ECHO-RSP came unasked: the Message ID it answers \(9\) is not that of a request of ours"),
        (reply(None), r"\(None\) is missing"),
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
