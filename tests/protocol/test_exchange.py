"""What the exchange sends where it is not plain sailing: Message IDs, what is filled in, which context."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.association import Negotiated, NegotiatedContext
from engine.model.command_set import CommandSet, Element, tag_of
from engine.protocol import exchange as dx
from engine.protocol.contexts import has_role
from engine.protocol.outstanding import LARGEST_ID, Invoked
from engine.wire.commands import CommandError
from tests.protocol.conversing import EXPLICIT, IMPLICIT, message
from tests.protocol.exchanging import CT, ECHO, JPEG, QUERY, STORE, comes, pair, reply

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
