"""C-ECHOs passed by their bytes: what is found then, and in all that follows, is what reading each of them finds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.conformance.echoes import Echo
from engine.conformance.watcher import Verdict, Watcher
from engine.model.command_set import CommandSet
from engine.model.notices import Direction
from engine.standard.pdus import ReleaseRQ
from engine.wire.commands import encode_command
from engine.wire.echo_form import EchoForm, echo_form
from engine.wire.fragments import fragment
from engine.wire.pdus import encode_pdu
from tests.conformance.test_watcher_quick import echo, echoed, store, stored, watching
from tests.wire.test_echo_form import CONTEXT, pdu

SENT, RECEIVED = Direction.SENT, Direction.RECEIVED


def bare(number: int) -> CommandSet:
    """A response that leaves out what it may."""
    return echoed(number).without(("AffectedSOPClassUID",))


def form_of(answered: CommandSet) -> EchoForm:
    asked = echo(1)
    form = echo_form(replace(CONTEXT, id=1), asked, encode_command(asked), encode_command(answered), 0)
    assert form is not None
    return form


FORMS = {"answer": form_of(echoed(1)), "bare answer": form_of(bare(1))}
CANCEL = CommandSet.of(CommandField=0x0FFF, MessageIDBeingRespondedTo=2, CommandDataSetType=0x0101)
OTHERS: dict[str, tuple[Direction, int, CommandSet]] = {
    "an echo that is not alike": (SENT, 1, echo(2, AffectedSOPClassUID="1.02")),
    "an echo of the peer": (RECEIVED, 1, echo(2)),
    "an answer to the peer": (SENT, 1, echoed(2)),
    "an answer that is not alike": (RECEIVED, 1, echoed(2, ErrorComment="why")),
    "an answer on another context": (RECEIVED, 3, echoed(2)),
    "a store": (SENT, 3, store(3)),
    "an answer to a store": (RECEIVED, 3, stored(3)),
    "a cancel": (SENT, 1, CANCEL),
}
STEPS = st.one_of(
    st.tuples(st.just("ask"), st.integers(1, 4)),
    st.tuples(st.just("answer"), st.integers(1, 4)),
    st.tuples(st.just("bare answer"), st.integers(1, 4)),
    st.tuples(st.sampled_from([*OTHERS, "half a PDU", "release"]), st.just(0)),
)


class Both:
    """The same conversation twice: told by forms where that goes, and PDU by PDU."""

    def __init__(self, maximum: int, *, known: bool) -> None:
        self.quick, self.plain = watching(maximum), watching(maximum)
        self.passed = 0
        self.time = 100.0
        if known:
            for form in FORMS.values():
                self.quick.note_clean_echo(form)

    def step(self, what: str, number: int) -> None:
        self.time += 1
        form = FORMS.get(what, FORMS["answer"])
        told: list[Verdict] = []
        if what == "ask":
            whole, direction = form.request(number)[0], SENT
            passes = self.quick.echo(Echo(form, SENT, number, whole, self.time))
        elif what in FORMS:
            whole, direction = pdu(bare(number) if what == "bare answer" else echoed(number), 1), RECEIVED
            assert form.number(whole) == number
            passes = self.quick.echo_answered(RECEIVED, form, number)
        else:
            passes = False
            whole, direction = self.other(what)
        if passes:
            self.passed += 1
        else:
            told = self.quick.pdu(direction, (whole,), None, self.time)
        assert told == self.plain.pdu(direction, (whole,), None, self.time)

    def other(self, what: str) -> tuple[bytes, Direction]:
        if what == "release":
            return encode_pdu(ReleaseRQ()), SENT
        if what == "half a PDU":
            [buffers] = fragment(1, encode_command(echo(2)), None, 0)
            return b"".join(buffers)[:-3], SENT
        direction, context_id, command = OTHERS[what]
        data = [bytes(8)] if command.has_data_set else None
        pdus = fragment(context_id, encode_command(command), data, 0)
        return b"".join(bytes(part) for buffers in pdus for part in buffers), direction

    def end(self) -> None:
        for watcher in (self.quick, self.plain):
            assert isinstance(watcher, Watcher)
        assert self.quick.closed(RECEIVED, 0, self.time) == self.plain.closed(RECEIVED, 0, self.time)


@given(st.lists(STEPS, max_size=14), st.sampled_from([0, 0, 0, 60, 70]), st.booleans())
def test_what_is_found_is_the_same(steps: list[tuple[str, int]], maximum: int, known: bool) -> None:
    both = Both(maximum, known=known)
    for what, number in steps:
        both.step(what, number)
    both.end()


@pytest.mark.parametrize("other", [*OTHERS, "half a PDU", "release"])
def test_what_follows_is_judged_with_what_was_passed(other: str) -> None:
    both = Both(0, known=True)
    for what, number in (("ask", 1), ("answer", 1), ("ask", 2), (other, 0), ("answer", 2), ("ask", 4), ("answer", 4)):
        both.step(what, number)
    assert both.passed >= 3
    both.end()


def test_what_was_read_before_is_answered_by_its_form_later() -> None:
    both = Both(0, known=False)
    both.step("ask", 1)
    both.step("ask", 2)
    both.quick.note_clean_echo(FORMS["answer"])
    for what, number in (("answer", 1), ("ask", 3), ("answer", 2), ("answer", 3), ("answer", 3)):
        both.step(what, number)
    assert both.passed == 4
    both.end()
