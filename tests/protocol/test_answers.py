"""Responses given again and again: the quick way against the plain one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.model.association import NegotiatedContext
from engine.model.command_set import CommandSet, Element, tag_of
from engine.protocol.forms import AnswerForm, answer_form_of, make_ready
from engine.services.responses import response_to
from engine.wire.commands import CommandError
from tests.protocol.conversing import EXPLICIT, associated, message
from tests.protocol.exchanging import CONTEXTS, told

CT = "1.2.840.10008.5.1.4.1.1.2"
CONTEXT = NegotiatedContext(id=3, abstract_syntax=CT, proposed=(EXPLICIT,), result=0, transfer_syntax=EXPLICIT)
UID = st.one_of(st.text("0123456789.", max_size=70), st.sampled_from(["1.2.3", "1.2.34", "", "1.2 ", "ä", "€", "1\\2"]))
NUMBER = st.one_of(st.integers(0, 0xFFFF), st.sampled_from([None, 0x10000, -1]))


def answer(number: int | None, uid: str, status: int = 0) -> CommandSet:
    return message(
        "C-STORE-RSP",
        AffectedSOPClassUID=CT,
        MessageIDBeingRespondedTo=number,
        CommandDataSetType=0x0101,
        Status=status,
        AffectedSOPInstanceUID=uid,
    )


def form(command: CommandSet) -> AnswerForm:
    made = answer_form_of(make_ready(CONTEXT, command, None), pending=False)
    assert made is not None
    return made


@given(NUMBER, UID)
def test_an_answer_by_its_form_is_what_the_encoder_makes(number: int | None, uid: str) -> None:
    known, command = form(answer(1, "1.2.3")), answer(number, uid)
    quick = known.filled(command, CONTEXT) if known.alike(command) else None
    if quick is None:
        return
    assert quick == make_ready(CONTEXT, command, None)


def test_usual_answers_are_made_by_their_form() -> None:
    known = form(answer(1, "1.2.3"))
    for number, uid in ((0, "1"), (7, "1.2.840.10008.1"), (0xFFFF, "1." * 31 + "10")):
        command = answer(number, uid)
        assert known.alike(command)
        assert known.filled(command, CONTEXT) == make_ready(CONTEXT, command, None)


def test_other_answers_are_not() -> None:
    known = form(answer(1, "1.2.3"))
    others = [
        answer(1, "1.2.3", status=0xA700),
        message("C-ECHO-RSP", MessageIDBeingRespondedTo=1, CommandDataSetType=0x0101, Status=0),
        CommandSet((*answer(1, "1.2.3").elements, Element(0x00010001, b"x"))),
    ]
    assert not any(known.alike(command) for command in others)
    deliberate = Element(tag_of("MessageIDBeingRespondedTo"), 1, b"\1\0\2\0")
    odd = CommandSet(tuple(deliberate if e.tag == deliberate.tag else e for e in answer(1, "1.2.3")))
    assert known.alike(odd)
    assert known.filled(odd, CONTEXT) is None


def test_what_is_deliberately_wrong_has_no_form() -> None:
    twice = CommandSet((*answer(1, "1.2.3").elements, Element(tag_of("AffectedSOPInstanceUID"), "1.2")))
    open_ended = message("C-STORE-RSP", MessageIDBeingRespondedTo=1, CommandDataSetType=None, Status=0)
    for command in (twice, open_ended):
        assert answer_form_of(make_ready(CONTEXT, command, None), pending=False) is None


def test_an_exchange_answers_the_hundredth_request_like_the_first() -> None:
    user, provider = associated(CONTEXTS)
    for number in range(1, 100):
        uid = "1.2." + "3" * (number % 7 + 1)
        asked = message("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID=uid, MessageID=number)
        ready = user.exchange.request(asked, number, CONTEXT, False, 0.0)
        for pdu in user.exchange.fragments(ready, None):
            provider.exchange.receive([(3, 3, memoryview(b"".join(pdu)[12:]))], 0.0)
        (event,) = told(provider.exchange)
        status = 0xB000 if number % 10 == 0 else 0
        given_ = provider.exchange.respond(
            response_to(event.message.command, status),  # type: ignore[union-attr]
            CONTEXT,
            False,
            event.key,  # type: ignore[union-attr]
        )
        fresh = make_ready(CONTEXT, response_to(event.message.command, status), None)  # type: ignore[union-attr]
        assert given_ == fresh
        assert provider.exchange.serving == 0
        user.exchange.receive([(3, 3, memoryview(given_.command_bytes))], 0.0)
        assert len(told(user.exchange)) == 1


def test_a_number_that_does_not_fit_is_refused_after_many_that_did() -> None:
    _, provider = associated(CONTEXTS)
    for number in (1, 2, 3):
        provider.exchange.respond(answer(number, "1.2.3"), CONTEXT, False)
    try:
        provider.exchange.respond(answer(0x10000, "1.2.3"), CONTEXT, False)
    except CommandError as error:
        assert "65536" in str(error)
    else:
        raise AssertionError("taken")
