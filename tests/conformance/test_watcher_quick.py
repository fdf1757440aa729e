"""Messages alike are judged once, and most PDUs on a short way: what is found is what judging each afresh finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.conformance.message import Message
from engine.conformance.sequence import Sequence
from engine.conformance.templates import read
from engine.conformance.watcher import Verdict, Watcher
from engine.model.association import AsyncWindow, Negotiated, NegotiatedContext
from engine.model.command_set import CommandSet
from engine.model.dataset import DataElement, DataSet
from engine.model.notices import Direction
from engine.standard.pdus import AssociateAC, AssociateRQ, ReleaseRQ
from engine.wire.commands import encode_command
from engine.wire.datasets import encode_dataset
from engine.wire.fragments import fragment
from engine.wire.framer import Framer
from engine.wire.message_run import may_repeat
from engine.wire.pdus import encode_pdu

VERIFICATION, CT_IMAGE = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
Pdu = tuple[Direction, tuple[bytes, ...]]
COURSE = [(1, True), (2, False), (4, True), (4, False), (5, True), (6, False)]
"""PDU-types of a usual association, and whether the requestor sends them."""


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
        for assembly in self._talk.assemblies.values():
            assembly._templates._known.clear()
            assembly._templates._latest = (b"", read(b""), {})
        for operations in self._talk.exchanges._open.values():
            for operation in operations:
                operation.clean.clear()
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


FIND = "1.2.840.10008.5.1.4.1.2.2.1"
IMPLICIT, BIG_ENDIAN = "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"
KEYS = (0x00080005, 0x00080020, 0x00080052, 0x00080054, 0x00080061, 0x00100010, 0x0020000D, 0x00880130)
VALUES = st.sampled_from(["", "STUDY", "SERIES", "PACS", "1.2.3", "ISO_IR 100"])
ELEMENTS = st.lists(st.tuples(st.sampled_from([*KEYS, 0x00081110, 0x00091010, 0x00020010]), VALUES), max_size=9)
MATCHES = st.lists(
    st.tuples(ELEMENTS, st.booleans(), st.integers(0, 200), st.binary(min_size=1, max_size=2), st.booleans()),
    min_size=1,
    max_size=8,
)
_VRS = {0x00080005: "CS", 0x00080020: "DA", 0x00080052: "CS", 0x00080054: "AE", 0x00080061: "CS", 0x00100010: "PN",
        0x0020000D: "UI", 0x00081110: "SQ", 0x00091010: "LO", 0x00020010: "UI", 0x00880130: "SH"}  # fmt: skip


def data_set(elements: list[tuple[int, str]], syntax: str) -> bytes:
    made = [DataElement(tag, _VRS[tag], (value,) if value and tag != 0x00081110 else ()) for tag, value in elements]
    return encode_dataset(DataSet(tuple(made)), syntax)


def asking(syntax: str) -> tuple[Watcher, list[Pdu]]:
    """A watcher that has seen a C-FIND-RQ at the study level."""
    context = NegotiatedContext(
        id=1, abstract_syntax=FIND, proposed=(syntax,), result=0, transfer_syntax=syntax, requestor_scu=True
    )
    watcher = watching(0)
    watcher.established(Negotiated(contexts=(context,)))
    values = {"AffectedSOPClassUID": FIND, "CommandField": 0x0020, "MessageID": 1, "Priority": 0}
    command = encode_command(CommandSet.of(**{**values, "CommandDataSetType": 1}))
    asked = data_set([(tag, "STUDY" if tag == 0x00080052 else "") for tag in KEYS], syntax)
    return watcher, [(Direction.SENT, tuple(map(bytes, pdu))) for pdu in fragment(1, command, [asked], 0)]


@given(MATCHES, st.sampled_from([IMPLICIT, EXPLICIT, BIG_ENDIAN]))
def test_matches_alike_are_found_what_each_is_found_by_itself(
    matches: list[tuple[list[tuple[int, str]], bool, int, bytes, bool]], syntax: str
) -> None:
    """Right ones, wrong ones, ones with bytes changed; some cut into two fragments."""
    (quick, pdus), (plain, _) = asking(syntax), asking(syntax)
    plain.__class__ = Plain
    assert isinstance(plain, Plain)
    values = {"AffectedSOPClassUID": FIND, "CommandField": 0x8020, "MessageIDBeingRespondedTo": 1}
    for elements, pending, at, wrong, cut in matches:
        status = 0xFF00 if pending else 0
        command = encode_command(CommandSet.of(**{**values, "CommandDataSetType": 1, "Status": status}))
        data = data_set(elements, syntax)
        data = data[:at] + wrong + data[at + len(wrong) :] if at < len(data) else data
        maximum = 12 + len(data) // 4 * 2 if cut else 0
        pdus += [(Direction.RECEIVED, tuple(map(bytes, pdu))) for pdu in fragment(1, command, [data], maximum)]
    for direction, buffers in pdus:
        assert quick.pdu(direction, buffers) == plain.plain(direction, buffers)


def in_run(watcher: Watcher, pdus: list[bytes]) -> list[Verdict]:
    """What is found in PDUs received at once, with as many messages told together as can be."""
    verdicts: list[Verdict] = []
    framer, command = Framer(), b""
    for view in framer.feed(b"".join(pdus)):
        pdu = bytes(view)
        run = framer.repeats(pdu) if pdu == command else None
        if may_repeat(pdu):
            command = pdu
        if run is None:
            verdicts += watcher.data(Direction.RECEIVED, (pdu,))
            continue
        first = 0
        while first < len(run):
            count = watcher.matches(Direction.RECEIVED, run, first)
            for one in () if count else (run.head, run.data_pdu(first)):
                verdicts += watcher.data(Direction.RECEIVED, (one,))
            first += count or 1
    return verdicts


@given(MATCHES, st.sampled_from([IMPLICIT, EXPLICIT, BIG_ENDIAN]), st.sampled_from([0, 0, 200]), st.booleans())
def test_matches_told_together_are_found_what_each_is_found_by_itself(
    matches: list[tuple[list[tuple[int, str]], bool, int, bytes, bool]], syntax: str, maximum: int, cancelled: bool
) -> None:
    """Each kind comes twice, so that some are like one before; some are final, or wrong, or cut."""
    (quick, asked), (plain, _) = asking(syntax), asking(syntax)
    plain.__class__ = Plain
    assert isinstance(plain, Plain)
    if cancelled:
        values: dict[str, int | str] = {"CommandField": 0x0FFF, "MessageIDBeingRespondedTo": 1}
        cancel = encode_command(CommandSet.of(**{**values, "CommandDataSetType": 0x0101}))
        asked += [(Direction.SENT, tuple(map(bytes, pdu))) for pdu in fragment(1, cancel, None, 0)]
    for direction, buffers in asked:
        assert quick.pdu(direction, buffers) == plain.plain(direction, buffers)
    quick._talk.maximum[False] = plain._talk.maximum[False] = maximum
    values = {"AffectedSOPClassUID": FIND, "CommandField": 0x8020, "MessageIDBeingRespondedTo": 1}
    pdus: list[bytes] = []
    for elements, pending, at, wrong, cut in [m for m in matches for _ in range(2)]:
        command = CommandSet.of(**{**values, "CommandDataSetType": 1, "Status": 0xFF00 if pending else 0})
        data = data_set(elements, syntax)
        data = data[:at] + wrong + data[at + len(wrong) :] if at < len(data) else data
        length = 12 + len(data) // 4 * 2 if cut else 0
        pdus += [b"".join(pdu) for pdu in fragment(1, encode_command(command), [data], length)]
    one_by_one = [verdict for pdu in pdus for verdict in plain.plain(Direction.RECEIVED, (pdu,))]
    assert in_run(quick, pdus) == one_by_one
    release = (encode_pdu(ReleaseRQ()),)
    assert quick.pdu(Direction.SENT, release) == plain.plain(Direction.SENT, release)


def test_matches_alike_pass_together_and_stop_at_the_one_that_is_not() -> None:
    watcher, pdus = asking(EXPLICIT)
    for direction, buffers in pdus:
        watcher.pdu(direction, buffers)
    values = {"AffectedSOPClassUID": FIND, "CommandField": 0x8020, "MessageIDBeingRespondedTo": 1}
    command = encode_command(CommandSet.of(**{**values, "CommandDataSetType": 1, "Status": 0xFF00}))
    received = []
    for level, name in [("STUDY", "1.2.3"), ("STUDY", "1.2"), ("STUDY", "1.2.44.5"), ("SERIES", "1.2")]:
        data = data_set([(0x00080052, level), (0x00080054, "PACS"), (0x0020000D, name)], EXPLICIT)
        received += [b"".join(pdu) for pdu in fragment(1, command, [data], 0)]
    framer = Framer()
    run = next(framer.repeats(bytes(pdu)) for pdu in framer.feed(b"".join(received)))
    assert run is not None
    assert len(run) == 4
    assert watcher.matches(Direction.RECEIVED, run, 0) == 0  # the first of its kind has to be read
    for pdu in (run.head, run.data_pdu(0)):
        assert watcher.data(Direction.RECEIVED, (pdu,)) == []
    assert watcher.matches(Direction.RECEIVED, run, 1) == 2
    assert watcher.matches(Direction.RECEIVED, run, 3) == 0
    found = [v.finding.rule for pdu in (run.head, run.data_pdu(3)) for v in watcher.data(Direction.RECEIVED, (pdu,))]
    assert found == ["query.level-changed"]


def test_a_match_like_the_others_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    watcher, pdus = asking(IMPLICIT)
    values = {"AffectedSOPClassUID": FIND, "CommandField": 0x8020, "MessageIDBeingRespondedTo": 1}
    command = encode_command(CommandSet.of(**{**values, "CommandDataSetType": 1, "Status": 0xFF00}))
    for name in ("1.2.3", "1.2.4", "1.2.55"):
        data = data_set([(0x00080052, "STUDY"), (0x00080054, "PACS"), (0x0020000D, name)], IMPLICIT)
        pdus += [(Direction.RECEIVED, tuple(map(bytes, pdu))) for pdu in fragment(1, command, [data], 0)]
    read: list[int] = []
    whole = Message._read

    def noted(message: Message) -> object:
        read.append(message.body_length)
        return whole(message)

    monkeypatch.setattr(Message, "_read", noted)
    assert [v for direction, buffers in pdus for v in watcher.pdu(direction, buffers)] == []
    assert len(set(read)) == 2  # the Identifier and the first match


@given(
    st.integers(0, 5),
    st.lists(st.tuples(st.sampled_from([1, 2, 3, 4, 5, 6, 7, 0]), st.booleans()), max_size=6),
    st.booleans(),
)
def test_the_usual_course_is_judged_in_one_step(begun: int, more: list[tuple[int, bool]], waits: bool) -> None:
    """kind 0: bytes that are no PDU. waits: the requestor has a request that is not answered."""
    quick, plain = (Sequence(lambda requestor: ["a response"] if waits and requestor else []) for _ in range(2))
    plain._step = -1
    for kind, from_requestor in [*COURSE[:begun], *more]:
        if kind:
            assert quick.pdu(kind, from_requestor) == plain.pdu(kind, from_requestor)
        else:
            assert quick.unreadable("No PDU.", from_requestor) == plain.unreadable("No PDU.", from_requestor)
        assert quick.sides == plain.sides
        for side in (True, False):
            assert quick.takes_data(side) == plain.takes_data(side)
            assert quick.closed(side, 0) == plain.closed(side, 0)
