"""Messages alike are judged once, and most PDUs on a short way: what is found is what judging each afresh finds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.conformance.watcher import Verdict, Watcher
from engine.model.association import AsyncWindow, Negotiated, NegotiatedContext
from engine.model.command_set import CommandSet
from engine.model.notices import Direction
from engine.standard.pdus import AssociateAC, AssociateRQ
from engine.wire.commands import encode_command
from engine.wire.fragments import fragment
from engine.wire.pdus import encode_pdu

VERIFICATION, CT_IMAGE = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
Pdu = tuple[Direction, tuple[bytes, ...]]


def echo(number: int, **more: int | str) -> CommandSet:
    values = {"AffectedSOPClassUID": VERIFICATION, "CommandField": 0x0030, "MessageID": number}
    return CommandSet.of(**{**values, "CommandDataSetType": 0x0101, **more})


def echoed(number: int, **more: int | str) -> CommandSet:
    values = {"AffectedSOPClassUID": VERIFICATION, "CommandField": 0x8030, "MessageIDBeingRespondedTo": number}
    return CommandSet.of(**{**values, "CommandDataSetType": 0x0101, "Status": 0, **more})


def store(number: int, **more: int | str) -> CommandSet:
    values = {"AffectedSOPClassUID": CT_IMAGE, "CommandField": 0x0001, "MessageID": number, "Priority": 0}
    return CommandSet.of(**{**values, "CommandDataSetType": 1, "AffectedSOPInstanceUID": f"1.2.{number}", **more})


def stored(number: int, **more: int | str) -> CommandSet:
    values = {"AffectedSOPClassUID": CT_IMAGE, "CommandField": 0x8001, "MessageIDBeingRespondedTo": number}
    uid = f"1.2.{number}"
    return CommandSet.of(**{**values, "CommandDataSetType": 0x0101, "Status": 0, "AffectedSOPInstanceUID": uid, **more})


ODDITIES = st.sampled_from(
    [
        {},
        {},
        {},
        {"Status": 0x0110},
        {"MessageID": 1},
        {"AffectedSOPClassUID": "1.02"},
        {"Priority": 7},
        {"Status": 0xFE00},
    ]
)
MAKERS = {echo: Direction.SENT, echoed: Direction.RECEIVED, store: Direction.SENT, stored: Direction.RECEIVED}
MESSAGES = st.tuples(st.sampled_from(list(MAKERS)), st.integers(1, 3), ODDITIES, st.sampled_from([1, 3, 5]))


@st.composite
def conversations(draw: st.DrawFn) -> list[Pdu]:
    """PDUs of right and wrong messages, a byte of some changed, whole or in the three buffers they are sent in."""
    pdus: list[Pdu] = []
    for make, number, odd, context in draw(st.lists(MESSAGES, max_size=12)):
        data = [bytes(draw(st.sampled_from([0, 40, 41])))] if make is store else None
        for parts in fragment(context, encode_command(make(number, **odd)), data, draw(st.sampled_from([0, 0, 70]))):
            whole = b"".join(parts)
            if draw(st.integers(0, 5)) == 0:
                at = draw(st.integers(1, len(whole) - 1))
                whole = whole[:at] + draw(st.binary(min_size=1, max_size=1)) + whole[at + 1 :]
            cut = (whole[:6], whole[6:12], whole[12:]) if draw(st.booleans()) else (whole,)
            pdus.append((MAKERS[make], cut))
    return pdus


def watching(maximum: int) -> Watcher:
    watcher = Watcher(requestor=True)
    contexts = tuple(
        NegotiatedContext(
            id=n, abstract_syntax=uid, proposed=(EXPLICIT,), result=0, transfer_syntax=EXPLICIT, requestor_scu=True
        )
        for n, uid in ((1, VERIFICATION), (3, CT_IMAGE))
    )
    watcher.pdu(Direction.SENT, (encode_pdu(AssociateRQ()),))
    watcher.pdu(Direction.RECEIVED, (encode_pdu(AssociateAC()),))
    watcher.established(Negotiated(contexts=contexts, send_maximum=maximum, window=AsyncWindow(2, 2)))
    return watcher


class Plain(Watcher):
    """Every message is read and checked by itself: nothing is remembered, and no PDU takes the short way."""

    def plain(self, direction: Direction, buffers: tuple[bytes, ...]) -> list[Verdict]:
        for assembly in self._assemblies.values():
            assembly._templates._known.clear()
        whole = b"".join(buffers)
        return self.pdu(direction, (whole[:3], whole[3:]))


@given(conversations(), st.sampled_from([0, 0, 90]))
def test_what_is_found_is_the_same(pdus: list[Pdu], maximum: int) -> None:
    quick, plain = watching(maximum), watching(maximum)
    plain.__class__ = Plain
    assert isinstance(plain, Plain)
    for direction, buffers in pdus:
        assert quick.pdu(direction, buffers) == plain.plain(direction, buffers)


def test_messages_alike_are_found_right_each_time_and_the_wrong_one_among_them_is_not() -> None:
    watcher = watching(0)
    for number in range(1, 6):
        for direction, command in ((Direction.SENT, echo(number)), (Direction.RECEIVED, echoed(number))):
            [pdu] = fragment(1, encode_command(command), None, 0)
            assert watcher.pdu(direction, pdu) == []
    [pdu] = fragment(1, encode_command(echoed(9)), None, 0)
    assert [v.finding.rule for v in watcher.pdu(Direction.RECEIVED, pdu)] == ["exchange.unsolicited"]
