"""C-STOREs like one before are told by their bytes, and what is told of them is what decoding tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.command_set import CommandSet
from engine.standard.messages import NO_DATA_SET
from engine.wire.commands import decode_command, encode_command
from engine.wire.fragments import fragment, only_fragment
from engine.wire.framer import Framer
from engine.wire.store_form import StoreForm, store_form

CT = "1.2.840.10008.5.1.4.1.1.2"


def request(uid: str, number: int = 7, **more: str | int) -> bytes:
    values = {"Priority": 0, "CommandDataSetType": 1, "AffectedSOPInstanceUID": uid, **more}
    return encode_command(CommandSet.of(AffectedSOPClassUID=CT, CommandField=1, MessageID=number, **values))


def response(uid: str, number: int = 7) -> bytes:
    command = CommandSet.of(
        AffectedSOPClassUID=CT, CommandField=0x8001, MessageIDBeingRespondedTo=number,
        CommandDataSetType=NO_DATA_SET, Status=0, AffectedSOPInstanceUID=uid,
    )  # fmt: skip
    return encode_command(command)


def pdu(command: bytes, context_id: int = 3) -> bytes:
    buffers = only_fragment(context_id, command, 0)
    assert buffers is not None
    return b"".join(buffers)


def formed(**more: str | int) -> StoreForm:
    form = store_form(3, request("1.2.3", **more), response("1.2.3"), 16384)
    assert form is not None
    return form


@given(
    st.integers(0, 0xFFFF),
    st.lists(st.integers(0, 10**9), min_size=1, max_size=5).map(lambda parts: ".".join(map(str, parts))),
    st.sampled_from([{}, {"MoveOriginatorApplicationEntityTitle": "ME", "MoveOriginatorMessageID": 7}]),
)
def test_a_request_that_is_alike_is_answered_as_if_it_had_been_decoded(
    number: int, uid: str, more: dict[str, str | int]
) -> None:
    form = formed(**more)
    own = form.own(pdu(request(uid, number, **more)))
    assert own is not None
    assert (int.from_bytes(own[0], "little"), own[1].rstrip(b"\0").decode()) == (number, uid)
    assert form.answer(*own) == pdu(response(uid, number))
    assert form.covers(request(uid, number, **more))
    assert form.command(*own) == decode_command(request(uid, number, **more))


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=3), st.integers(0, 3))
def test_whatever_else_is_changed_it_is_not_alike(changes: list[tuple[int, int]], cut: int) -> None:
    whole = pdu(request("1.2.34", 9))
    changed = bytearray(whole[: len(whole) - cut])
    for place, byte in changes:
        if place < len(changed):
            changed[place] = byte
    own = formed().own(bytes(changed))
    if own is None:
        assert not cut or bytes(changed) != whole
        return
    uid = own[1].rstrip(b"\0").decode()
    number = int.from_bytes(own[0], "little")
    assert bytes(changed) == pdu(request(uid, number))
    command = decode_command(bytes(changed[12:]))
    assert (command.sop_instance_uid, command.message_id) == (uid, number)


@pytest.mark.parametrize(
    "command",
    [
        request("1.2.3", Priority=2),
        request("1.2.3", MoveOriginatorMessageID=7),
        request("1.02"),
        request("1..2"),
        request("one"),
        request(""),
        request("1." * 32 + "1"),
        encode_command(CommandSet.of(CommandField=0x30, MessageID=7, AffectedSOPClassUID=CT, CommandDataSetType=0x101)),
    ],
)
def test_what_is_not_alike(command: bytes) -> None:
    assert formed().own(pdu(command)) is None
    assert not formed().covers(command)


def test_another_context_is_not_alike() -> None:
    assert formed().own(pdu(request("1.2.3"), context_id=5)) is None


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (request("1.2.3")[:-1], response("1.2.3")),
        (request("1.2.3"), response("1.2.3")[:-2]),
        (request("1.2.3"), response("1.2.4")),
        (request("1.2.3"), response("1.2.3", 8)),
        (request("no UID"), response("no UID")),
        (b"", b""),
        (response("1.2.3"), request("1.2.3")),
    ],
)
def test_of_what_is_unusual_there_is_no_form(asked: bytes, answered: bytes) -> None:
    assert store_form(3, asked, answered, 0) is None


def test_there_is_no_form_where_a_response_might_not_fit_into_one_pdu() -> None:
    longest = len(response("1.2.34")) - len("1.2.34") + 64 + 6
    assert store_form(3, request("1.2.34"), response("1.2.34"), longest) is not None
    assert store_form(3, request("1.2.34"), response("1.2.34"), longest - 1) is None


def framed(*pdus: bytes) -> Framer:
    """A framer that has yielded the first of these."""
    framer = Framer()
    next(framer.feed(b"".join(pdus)))
    return framer


def data_pdus(data: bytes, maximum: int = 1000) -> list[bytes]:
    return [b"".join(buffers) for buffers in fragment(3, b"", (data,), maximum)][1:]


@given(st.integers(1, 3000).map(lambda half: 2 * half), st.integers(10, 3000))
def test_a_data_set_that_is_there_is_found_whole(size: int, maximum: int) -> None:
    pdus = data_pdus(bytes(size), maximum)
    framer = framed(pdu(request("1.2")), *pdus, pdus[0])
    found = framer.data_set(3)
    assert found is not None
    assert [bytes(one) for one in found] == pdus
    assert framer.pending == len(pdus[0])


def test_a_data_set_of_which_anything_is_missing_or_odd_is_left_alone() -> None:
    first, last = data_pdus(bytes(1200), 1000)
    command = pdu(request("1.2"))
    odd = data_pdus(bytes(1201), 1000)[-1]
    other = b"".join(b"".join(b) for b in list(fragment(5, b"", (bytes(10),), 1000))[1:])
    two = first[:2] + (len(first) + len(last) - 12).to_bytes(4, "big") + first[6:] + last[6:]
    reserved = first[:1] + b"\1" + first[2:]
    missing = ((), (first,), (first, last[:-1]), (first, last[:5]))
    for rest in (*missing, (first, odd), (other,), (two,), (reserved, last), (command, last), (first, odd[:12])):
        framer = framed(command, *rest)
        before = framer.pending
        assert framer.data_set(3) == ([] if rest in missing else None)
        assert framer.pending == before


def test_a_pdu_whose_rest_is_waited_for_is_yielded_again_with_what_has_come() -> None:
    command, (first, last) = pdu(request("1.2")), data_pdus(bytes(1200), 1000)
    framer = Framer()
    came = framer.feed(command + first)
    assert bytes(next(came)) == command
    framer.wait(len(command))
    assert next(came, None) is None
    assert framer.pending == len(command + first)
    assert [bytes(one) for one in framer.feed(last)] == [command, first, last]
