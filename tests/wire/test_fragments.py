"""Messages cut into P-DATA-TF PDUs and put together again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.command_set import CommandSet
from engine.wire.commands import encode_command
from engine.wire.fragments import COMMAND, LARGEST_FRAGMENT, LAST, DataRun, fragment, fragment_size
from engine.wire.pdus import Buffer, decode_pdu, iter_pdvs
from engine.wire.reassembly import Assembled, FragmentError, Reassembler


def command(data: bool = True) -> bytes:
    return encode_command(CommandSet.of(CommandField=1, MessageID=5, CommandDataSetType=1 if data else 0x101))


def pdus(data: list[bytes] | None, maximum: int = 0, pack: bool = False) -> list[bytes]:
    return [b"".join(buffers) for buffers in fragment(3, command(data is not None), data, maximum, pack)]


def assemble(pdu_list: list[bytes], reassembler: Reassembler | None = None) -> list[Assembled]:
    reassembler = reassembler or Reassembler()
    return [message for pdu in pdu_list for message in reassembler.feed(iter_pdvs(pdu))]


@given(
    st.none() | st.lists(st.binary(max_size=60), max_size=6),
    st.integers(0, 120),
    st.booleans(),
)
@settings(deadline=None, max_examples=300)
def test_what_is_cut_is_put_together_again(data: list[bytes] | None, maximum: int, pack: bool) -> None:
    parts = pdus(data, maximum, pack)
    whole = assemble(parts)
    assert len(whole) == 1
    assert (whole[0].context_id, whole[0].command_bytes) == (3, command(data is not None))
    assert whole[0].data == (None if data is None else b"".join(data))
    lasts = [p for part in parts for p in iter_pdvs(part) if p[1] & LAST]
    assert len(lasts) == (1 if data is None else 2)
    for index, part in enumerate(parts):
        assert decode_pdu(part).length is None
        if maximum >= 8:
            assert len(part) - 6 <= maximum
        if index < len(parts) - 1:
            assert all(len(p) % 2 == 0 for _, _, p in iter_pdvs(part))


def test_each_maximum_gives_the_largest_even_fragment() -> None:
    assert [fragment_size(m) for m in (1, 7, 8, 9, 10, 16384, 16385)] == [2, 2, 2, 2, 4, 16378, 16378]
    assert fragment_size(0) == fragment_size(1 << 32) == LARGEST_FRAGMENT


def test_packing_puts_command_and_data_in_one_pdu() -> None:
    parts = pdus([b"ab", b"cd"], 16384, pack=True)
    assert len(parts) == 1
    assert [control for _, control, _ in iter_pdvs(parts[0])] == [COMMAND | LAST, LAST]
    assert len(pdus([b"ab"], 16384, pack=False)) == 2
    assert len(pdus([b"ab"], 6 + len(command()), pack=True)) == 2


def test_data_is_taken_as_needed_and_never_copied() -> None:
    taken = []

    def chunks() -> Iterator[bytes]:
        for number in range(4):
            taken.append(number)
            yield bytes([number]) * 1000

    stream = fragment(1, command(), chunks(), 206)
    next(stream)
    assert taken == []
    buffers = next(stream)
    assert taken == [0]
    assert isinstance(buffers[-1], memoryview)
    assert len(buffers[-1]) == 200
    assert sum(1 for _ in stream) == 19


def test_a_large_message_goes_in_mebibytes_when_unlimited() -> None:
    sizes = [sum(map(len, buffers)) for buffers in fragment(1, command(), [bytes(5 << 19)], 0)]
    assert sizes[1:] == [LARGEST_FRAGMENT + 12, LARGEST_FRAGMENT + 12, (1 << 19) + 12]


class Collector:
    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.discarded = False

    def write(self, data: memoryview, /) -> None:
        self.parts.append(bytes(data))

    def write_all(self, pieces: Sequence[Buffer], /) -> None:
        self.parts.extend(map(bytes, pieces))

    def close(self) -> list[bytes]:
        return self.parts

    def discard(self) -> None:
        self.discarded = True


def test_a_sink_gets_the_data_as_it_comes() -> None:
    sink, asked = Collector(), []

    def sink_for(context_id: int, command_bytes: bytes) -> Collector:
        asked.append((context_id, command_bytes))
        return sink

    reassembler = Reassembler(sink_for)
    parts = pdus([b"abcdef"], 10)
    assert assemble(parts[:-1], reassembler) == []
    assert asked == [(3, command())]
    assert reassembler.pending == ((3, len(command()), 4),)
    [message] = assemble(parts[-1:], reassembler)
    assert message.sunk == [b"abcd", b"ef"]
    assert message.data is None
    assert message.data_length == 6
    assert reassembler.pending == ()
    assemble(parts[:-1], reassembler)
    reassembler.discard()
    assert sink.discarded
    assert reassembler.pending == ()


def pdv(flags: int, data: bytes, context: int = 1) -> tuple[int, int, Buffer]:
    return context, flags, data


def issues(*pdu_list: list[tuple[int, int, Buffer]]) -> list[str]:
    reassembler = Reassembler()
    return [i.text for p in pdu_list for m in reassembler.feed(p) for i in m.issues]


def test_violations_that_can_be_lived_with_are_told() -> None:
    whole, bare = command(), command(False)
    start, rest = whole[:10], whole[10:]
    assert issues([pdv(3, bare)]) == []
    assert "nothing but" in issues([pdv(1, b""), pdv(3, bare)])[0]
    assert "odd number" in issues([pdv(3, whole), pdv(2, b"abc")])[0]
    assert "did not come" in issues([pdv(3, whole)], [pdv(3, bare)])[0]
    assert "marked as the last" in issues([pdv(1, whole)], [pdv(2, b"ab")])[0]
    assert "another message" in issues([pdv(3, bare), pdv(3, bare)])[0]
    mixed = issues([pdv(1, start)], [pdv(3, bare, 5)], [pdv(3, rest)], [pdv(2, b"ab")])
    assert mixed == ["Its fragments are mixed with those of a message on context 1."]


def test_there_is_an_end_to_what_is_noted_of_a_message() -> None:
    """Its fragments may be millions, with something wrong in each."""
    assert len(issues([pdv(3, command())], *[[pdv(0, b"a")]] * 10_000, [pdv(2, b"ab")])) < 100


@pytest.mark.parametrize(
    ("fragments", "words", "reason"),
    [
        ([pdv(2, b"ab")], "no command set came before it", 5),
        ([pdv(3, command(False)), pdv(2, b"ab")], "announces none", 5),
        ([pdv(3, command()), pdv(2, b"ab"), pdv(2, b"ab")], "had ended", 5),
        ([pdv(3, command()), pdv(0, b"ab"), pdv(3, command())], "before the data set of the last message ended", 5),
        ([pdv(1, command()[:12]), pdv(0, b"ab")], "before the command set ended", 5),
        ([pdv(3, command(), context) for context in range(1, 11, 2)], "on contexts 1, 3, 5, 7 have not ended", 5),
        ([pdv(1, bytes(200))], "longer than 100 bytes", 6),
        ([pdv(3, command()), pdv(0, bytes(60)), pdv(0, bytes(60))], "longer than 100 bytes", 6),
    ],
)
def test_violations_that_cannot_be_lived_with_abort(
    fragments: list[tuple[int, int, Buffer]], words: str, reason: int
) -> None:
    with pytest.raises(FragmentError, match=words) as caught:
        Reassembler(command_limit=100, message_limit=100).feed(fragments)
    assert caught.value.abort_reason == reason


def test_messages_whole_before_the_violation_are_not_lost() -> None:
    with pytest.raises(FragmentError) as caught:
        Reassembler().feed([pdv(3, command(False)), pdv(2, b"ab")])
    assert [m.command.message_id for m in caught.value.completed] == [5]


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 255), st.sampled_from([b"", b"a", command(), command(False)])))
)
@settings(deadline=None)
def test_any_fragments_give_messages_or_one_error(fragments: list[tuple[int, int, Buffer]]) -> None:
    reassembler = Reassembler()
    for one in fragments:
        try:
            reassembler.feed([one])
        except FragmentError as error:
            reason = error.reason
            assert reason.endswith(".")
            return


@given(
    st.sampled_from([2, 3, 6, 100]),
    st.integers(1, 5),
    st.sampled_from(["middle", "first", "no command", "other context", "too long", "mixed"]),
)
def test_a_run_is_taken_as_its_fragments_are(size: int, count: int, where: str) -> None:
    made: list[Reassembler] = [Reassembler(message_limit=20 if where == "too long" else 1000) for _ in range(2)]
    context = 3 if where == "other context" else 1
    for one in made:
        if where != "no command":
            one.feed([pdv(3, command())])
        if where == "middle":
            one.feed([pdv(0, b"ab")])
        if where == "mixed":
            one.feed([pdv(3, command(), 5)])
    header = bytes([4, 0, *(size + 6).to_bytes(4, "big"), *(size + 2).to_bytes(4, "big"), context, 0])
    pieces: list[Buffer] = [memoryview(bytes([n]) * size) for n in range(count)]
    buffers: list[Buffer] = [header] * (2 * count)
    buffers[1::2] = pieces
    run = DataRun(header, buffers)
    outcomes: list[object] = []
    for one, whole in zip(made, (True, False), strict=True):
        try:
            if not whole or not one.takes_run(run):
                for piece in pieces:
                    one.feed([(context, 0, piece)])
            outcomes.append([one.pending, [repr(m) for m in one.feed([pdv(2, b"yz", context)])]])
        except FragmentError as error:
            outcomes.append(error.reason)
    assert outcomes[0] == outcomes[1]
