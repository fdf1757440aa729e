"""C-ECHOs like one before are told by their bytes, and what is told of them is what decoding tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.association import NegotiatedContext
from engine.model.command_set import CommandSet, Element
from engine.standard.messages import NO_DATA_SET
from engine.wire.commands import decode_command, encode_command
from engine.wire.echo_form import EchoForm, echo_form
from engine.wire.fragments import only_fragment

VERIFICATION = "1.2.840.10008.1.1"
CONTEXT = NegotiatedContext(
    id=3, abstract_syntax=VERIFICATION, proposed=("1.2.840.10008.1.2",), result=0, transfer_syntax="1.2.840.10008.1.2"
)


def request(number: int = 7, **more: str | int) -> CommandSet:
    values = {"AffectedSOPClassUID": VERIFICATION, "CommandField": 0x0030, "MessageID": number}
    return CommandSet.of(**{**values, "CommandDataSetType": NO_DATA_SET, **more})


def response(number: int = 7, **more: str | int) -> CommandSet:
    values = {"AffectedSOPClassUID": VERIFICATION, "CommandField": 0x8030, "MessageIDBeingRespondedTo": number}
    return CommandSet.of(**{**values, "CommandDataSetType": NO_DATA_SET, "Status": 0, **more})


def pdu(command: CommandSet, context_id: int = 3) -> bytes:
    buffers = only_fragment(context_id, encode_command(command), 0)
    assert buffers is not None
    return b"".join(buffers)


def formed(asked: CommandSet, answered: CommandSet, maximum: int = 16384) -> EchoForm | None:
    return echo_form(CONTEXT, asked, encode_command(asked), encode_command(answered), maximum)


def usual(**more: str | int) -> EchoForm:
    form = formed(request(), response(**more))
    assert form is not None
    return form


@given(st.integers(0, 0xFFFF), st.sampled_from([{}, {"Status": 0x0122, "ErrorComment": "no"}]))
def test_what_is_alike_is_what_encoding_and_decoding_give(number: int, more: dict[str, str | int]) -> None:
    form = usual(**more)
    assert form.request(number) == (pdu(request(number)), request(number))
    assert form.command(number) == encode_command(request(number))
    answer = response(number, **more)
    assert form.number(pdu(answer)) == number
    assert form.answers(encode_command(answer))
    assert form.response(number) == decode_command(encode_command(answer))
    assert form.response(number).command_field == 0x8030


@given(st.lists(st.tuples(st.integers(0, 89), st.integers(0, 255)), max_size=3), st.integers(0, 3))
def test_whatever_else_is_changed_it_is_not_alike(changes: list[tuple[int, int]], cut: int) -> None:
    form, whole = usual(), bytearray(pdu(response()))
    for at, value in changes:
        whole[at % len(whole)] = value
    changed = bytes(whole[: len(whole) - cut])
    at = pdu(response()).index(encode_command(CommandSet((Element(0x00000120, 7),)))) + 8
    number = int.from_bytes(changed[at : at + 2], "little")
    assert form.number(changed) == (number if changed == pdu(response(number)) else -1)


@pytest.mark.parametrize(
    ("asked", "answered", "maximum"),
    [
        (request(CommandField=0x0001), response(), 0),
        (request(), response(CommandField=0x8001), 0),
        (request(CommandDataSetType=1), response(), 0),
        (request(), response(CommandDataSetType=1), 0),
        (request(), response().without(("MessageIDBeingRespondedTo",)), 0),
        (request(), response(MessageID=7), 0),
        (request().without(("MessageID",)), response(), 0),
        (CommandSet((*request().elements, Element(0x00000110, 7))), response(), 0),
        (CommandSet((*request().elements, Element(0x00000120, None, b"\1"))), response(), 0),
        (request(), CommandSet((*response().elements, Element(0x00000903, 0, None, 9))), 0),
        (request(), response(), 40),
    ],
)
def test_what_is_unusual_has_no_form(asked: CommandSet, answered: CommandSet, maximum: int) -> None:
    assert formed(asked, answered, maximum) is None
