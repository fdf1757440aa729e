"""Requests that are alike are made from the one before them: what goes out is what filling in each afresh gives."""

from hypothesis import example, given
from hypothesis import strategies as st

from engine.model.association import AsyncWindow, Negotiated, NegotiatedContext
from engine.model.command_set import CommandSet, Element, tag_of
from engine.protocol.exchange import Exchange
from engine.protocol.forms import Ready, fill, make_ready
from engine.services.responses import request_of
from engine.wire.commands import CommandError, decode_command

CT_IMAGE, MR_IMAGE = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
CONTEXT = NegotiatedContext(id=1, abstract_syntax=CT_IMAGE, proposed=("1.2.840.10008.1.2",), result=0)
INSTANCE, GROUP_LENGTH, MESSAGE_ID = map(tag_of, ("AffectedSOPInstanceUID", "CommandGroupLength", "MessageID"))
KINDS = {
    uid: request_of("C-STORE-RQ", AffectedSOPClassUID=uid, AffectedSOPInstanceUID="").elements
    for uid in (CT_IMAGE, MR_IMAGE)
}
INSTANCES = st.one_of(
    st.builds(Element, st.just(INSTANCE), st.sampled_from(["1.2.3", "1.2.34", "", "1\\2", "1.é", "1.日", 7, None])),
    st.builds(
        Element, st.just(INSTANCE), st.just("1.2"), st.sampled_from([None, b"1.5\0"]), st.sampled_from([None, 9])
    ),
)
ODD = st.sampled_from(
    [None, None, None, None, Element(GROUP_LENGTH, 5), Element(MESSAGE_ID, 9), Element(0x00001030, "X")]
)


@st.composite
def requests(draw: st.DrawFn) -> CommandSet:
    """C-STORE-RQs as those who send many make them: all but the SOP Instance UID are the same elements."""
    elements = list(KINDS[draw(st.sampled_from([CT_IMAGE, CT_IMAGE, CT_IMAGE, MR_IMAGE]))])
    own = draw(INSTANCES)
    elements = [own if e.tag == INSTANCE else e for e in elements]
    odd = draw(ODD)
    if odd is not None:
        elements = [odd if e.tag == odd.tag else e for e in elements]
        elements += [odd] if odd not in elements else []
    return CommandSet(tuple(elements))


def afresh(command: CommandSet, has_data: bool, number: int) -> Ready | None:
    try:
        return make_ready(CONTEXT, fill(command, has_data, lambda: number), None)
    except CommandError:
        return None


def request(instance: str) -> CommandSet:
    elements = KINDS[CT_IMAGE]
    return CommandSet(tuple(Element(INSTANCE, instance) if e.tag == INSTANCE else e for e in elements))


@given(st.lists(st.tuples(requests(), st.booleans()), max_size=8), st.integers(1, 3))
@example([(request("1.2.3"), True)] * 2 + [(request("1.2.34"), True)] * 2 + [(request("1.2.345"), True)], 1)
@example([(request("1.2"), True), (request("1.3"), True), (request("1.444"), True), (request("1.5"), False)], 2)
def test_a_request_is_what_filling_in_afresh_gives(sent: list[tuple[CommandSet, bool]], repeated: int) -> None:
    exchange = Exchange(Negotiated(contexts=(CONTEXT,), window=AsyncWindow(0, 0)), requestor=True)
    for operation, (command, has_data) in enumerate(s for s in sent for _ in range(repeated)):
        try:
            ready = exchange.request(command, operation, CONTEXT, has_data, 0.0)
        except CommandError:
            assert afresh(command, has_data, 1) is None
            continue
        number = decode_command(ready.command_bytes).message_id
        assert number is not None
        expected = afresh(command, has_data, number)
        assert expected is not None
        assert (ready.command, ready.command_bytes) == (expected.command, expected.command_bytes)
        assert [ready.command.get(e.tag) for e in expected.command] == [
            expected.command.get(e.tag) for e in expected.command
        ]


def test_the_message_ids_go_on_whichever_way_a_request_is_made() -> None:
    exchange = Exchange(Negotiated(contexts=(CONTEXT,), window=AsyncWindow(0, 0)), requestor=True)
    numbers = [exchange.request(request(f"1.2.{n}"), n, CONTEXT, True, 0.0).command.message_id for n in range(5)]
    assert numbers == [1, 2, 3, 4, 5]
    assert exchange._composing.form is not None, "all but the first two are made the quick way"
