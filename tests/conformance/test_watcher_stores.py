"""Received C-STOREs passed by their form: what is found then, and in all that follows, is what reading each finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.conformance.stores import StoreSeen
from engine.conformance.watcher import Verdict, Watcher
from engine.model.association import Negotiated, NegotiatedContext
from engine.model.command_set import CommandSet
from engine.model.dataset import DataElement, DataSet
from engine.model.notices import Direction
from engine.standard.pdus import AssociateAC, AssociateRQ, ReleaseRQ
from engine.wire.commands import encode_command
from engine.wire.datasets import encode_dataset
from engine.wire.fragments import fragment
from engine.wire.pdus import encode_pdu
from engine.wire.store_form import StoreForm, store_form
from tests.conformance.test_watcher_quick import CT_IMAGE, EXPLICIT, VERIFICATION, echo, echoed, store, stored

SENT, RECEIVED = Direction.SENT, Direction.RECEIVED
CONTEXT = 3
FORMS = {"usual": {}, "of high priority": {"Priority": 1}}
OTHERS: dict[str, tuple[Direction, int, CommandSet]] = {
    "an echo": (RECEIVED, 1, echo(2)),
    "an answer to an echo": (SENT, 1, echoed(2)),
    "an echo of ours": (SENT, 1, echo(3)),
    "an answer to that": (RECEIVED, 1, echoed(3)),
    "a store without its data set": (RECEIVED, CONTEXT, store(3)),
    "an answer to a store": (SENT, CONTEXT, stored(3)),
    "an answer nobody asked for": (RECEIVED, CONTEXT, stored(4)),
    "one on the other context": (RECEIVED, 1, store(2)),
    "a cancel": (RECEIVED, CONTEXT, CommandSet.of(CommandField=0x0FFF, MessageIDBeingRespondedTo=2)),
}
STEPS = st.one_of(
    *[st.tuples(st.sampled_from(list(FORMS)), st.integers(1, 5), st.integers(0, 40))] * 3,
    st.tuples(st.sampled_from([*OTHERS, "half a PDU", "release"]), st.just(0), st.just(0)),
)


def parts(context: int, command: CommandSet, data: bytes | None, most: int = 0) -> list[bytes]:
    chunks = None if data is None else [data]
    return [b"".join(pdu) for pdu in fragment(context, encode_command(command), chunks, most)]


def form_of(more: dict[str, int]) -> StoreForm:
    form = store_form(CONTEXT, encode_command(store(1, **more)), encode_command(stored(1)), 0)
    assert form is not None
    return form


def watching(receives: int, sends: int) -> Watcher:
    """As the acceptor."""
    watcher = Watcher(requestor=False)
    contexts = tuple(
        NegotiatedContext(
            id=n, abstract_syntax=uid, proposed=(EXPLICIT,), result=0, transfer_syntax=EXPLICIT, requestor_scu=True
        )
        for n, uid in ((1, VERIFICATION), (CONTEXT, CT_IMAGE))
    )
    watcher.pdu(RECEIVED, (encode_pdu(AssociateRQ()),))
    watcher.pdu(SENT, (encode_pdu(AssociateAC()),))
    watcher.established(Negotiated(contexts=contexts, send_maximum=sends, receive_maximum=receives))
    return watcher


class Both:
    """The same conversation twice: told by forms where that goes, and PDU by PDU."""

    def __init__(self, receives: int, sends: int) -> None:
        self.quick, self.plain = watching(receives, sends), watching(receives, sends)
        self.forms = {name: form_of(more) for name, more in FORMS.items()}
        self.went: list[str] = []
        for form in self.forms.values():
            self.quick.note_clean(form)

    def step(self, what: str, number: int, size: int) -> None:
        if what in FORMS:
            self.store(what, number, 2 * size)
        elif what == "half a PDU":
            self.both([(RECEIVED, parts(1, echo(4), None)[0][:20])])
        elif what == "release":
            self.both([(RECEIVED, encode_pdu(ReleaseRQ()))])
        else:
            direction, context, command = OTHERS[what]
            self.both([(direction, pdu) for pdu in parts(context, command, None)])

    def both(self, pdus: list[tuple[Direction, bytes]]) -> None:
        assert self.told(self.quick, pdus) == self.told(self.plain, pdus)

    @staticmethod
    def told(watcher: Watcher, pdus: list[tuple[Direction, bytes]]) -> list[Verdict]:
        return [verdict for direction, pdu in pdus for verdict in watcher.pdu(direction, (pdu,))]

    def store(self, what: str, number: int, size: int) -> None:
        elements = DataElement(0x00080016, "UI", (CT_IMAGE,)), DataElement(0x00080018, "UI", (f"1.2.{number}",))
        pixels = DataElement(0x7FE00010, "OW", bytes(size))
        data = encode_dataset(DataSet((*elements, pixels)), EXPLICIT)
        request, (answer,) = parts(CONTEXT, store(number, **FORMS[what]), data), parts(CONTEXT, stored(number), None)
        form, longest = self.forms[what], max(map(len, request))
        found = self.told(self.plain, [*((RECEIVED, pdu) for pdu in request), (SENT, answer)])
        if self.quick.goes_on(RECEIVED, form, number, longest, len(answer)):
            way = "went on"
        elif self.quick.passes(RECEIVED, self.seen(form, number, longest, answer), named=True):
            way = "passed"
        else:
            way = "read"
            assert found == self.told(self.quick, [*((RECEIVED, pdu) for pdu in request), (SENT, answer)])
        self.went.append(way)
        assert way == "read" or not found

    @staticmethod
    def seen(form: StoreForm, number: int, longest: int, answer: bytes) -> StoreSeen:
        uid = f"1.2.{number}".encode()
        return StoreSeen(form, number.to_bytes(2, "little"), uid + b"\0" * (len(uid) % 2), b"", longest, len(answer))


@given(steps=st.lists(STEPS, max_size=14), receives=st.sampled_from([0, 150]), sends=st.sampled_from([0, 100, 150]))
def test_what_is_found_is_the_same(steps: list[tuple[str, int, int]], receives: int, sends: int) -> None:
    both = Both(receives, sends)
    for step in steps:
        both.step(*step)


@pytest.mark.parametrize("between", [None, *OTHERS])
def test_one_that_follows_another_goes_on_and_one_behind_anything_else_does_not(between: str | None) -> None:
    both = Both(0, 0)
    for number in (1, 2, 5):
        both.step("usual", number, 10)
    assert both.went == ["passed", "went on", "went on"]
    if between is not None:
        both.step(between, 0, 0)
    both.step("usual", 6, 10)
    both.step("of high priority", 7, 10)
    assert both.went[3:] == ["went on", "passed"] if between is None else "went on" not in both.went[3:]


def test_a_message_id_that_comes_again_is_read() -> None:
    both = Both(0, 0)
    for number in (1, 2, 1, 3):
        both.step("usual", number, 10)
    assert both.went[2] == "read"


def test_what_is_longer_than_the_other_side_takes_is_read() -> None:
    both = Both(200, 0)
    for number, size in ((1, 10), (2, 10), (3, 40)):
        both.step("usual", number, 2 * size)
    assert both.went == ["passed", "went on", "read"]
