"""TCP conversations out of captured packets (RFC 9293): order restored, repeats dropped, holes reported."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import field

from engine.standard.lean import dataclass

from .capture_files import Packet
from .packets import Endpoint, Segment, Segments

LARGEST_WAIT = 4 << 20
"""Bytes kept waiting for a missing segment before it is given up: far beyond any window lost packets leave behind."""
_SEGMENT_COST = 100
"""What a segment is counted besides its bytes, so that empty ones have an end too."""
MOST_CONNECTIONS = 1 << 16
"""Kept at a time, over ones too, some 70 MB: a scan of ports or a flood has millions. Beyond it the one ends of which
nothing came for longest."""
_WRAP = 1 << 32
_HALF = 1 << 31


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of one direction in order. missing: how many bytes are lost in front of `data`."""

    time: float
    from_first: bool
    data: bytes
    missing: int = 0


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A segment's payload. missing: bytes at its end that were not captured."""

    time: float
    payload: bytes
    missing: int

    def cost(self) -> int:
        return len(self.payload) + _SEGMENT_COST


@dataclass(slots=True)
class _Direction:
    """One direction. Places count on beyond 2^32, where sequence numbers begin again.

    expected: the next place, once anything was seen. opened: the sequence number of the SYN.
    waiting: by place; order: a heap of its keys; held: what they cost.
    """

    expected: int = 0
    seen: bool = False
    opened: int | None = None
    waiting: dict[int, _Waiting] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    held: int = 0
    finished: bool = False

    def place(self, sequence: int) -> int:
        """Of a sequence number, which is no further than half of all of them from what is expected."""
        return self.expected + (sequence - self.expected + _HALF) % _WRAP - _HALF

    def keep(self, place: int, new: _Waiting) -> None:
        old = self.waiting.get(place)
        if old is None:
            heapq.heappush(self.order, place)
        elif len(old.payload) >= len(new.payload):
            return
        self.held += new.cost() - (old.cost() if old is not None else 0)
        self.waiting[place] = new

    def first(self) -> tuple[int, _Waiting]:
        """The first that waits, which waits no longer."""
        place = heapq.heappop(self.order)
        taken = self.waiting.pop(place)
        self.held -= taken.cost()
        return place, taken


@dataclass(slots=True)
class Connection:
    """One TCP connection.

    first: who opened it (sent the SYN; the sender of the first packet when the SYN is not in the capture).
    chunks: in the order they became readable. reset: by whom it was reset.
    """

    number: int
    first: Endpoint
    second: Endpoint
    start: float
    chunks: list[Chunk] = field(default_factory=list)
    complete_start: bool = False
    end: float = 0.0
    closed: bool = False
    reset: bool = False
    _sides: tuple[_Direction, _Direction] = field(default_factory=lambda: (_Direction(), _Direction()))

    def add(self, segment: Segment) -> None:
        """Take a segment of either direction."""
        from_first = segment.source == self.first
        side = self._sides[0 if from_first else 1]
        self.end = segment.time
        sequence = segment.sequence
        if segment.syn:
            side.opened = sequence if side.opened is None else side.opened
            sequence = (sequence + 1) % _WRAP
        if not side.seen:
            side.expected, side.seen = sequence, True
        if segment.payload or segment.missing:
            side.keep(side.place(sequence), _Waiting(segment.time, segment.payload, segment.missing))
        self._deliver(side, from_first)
        self.reset = self.reset or segment.rst
        side.finished = side.finished or segment.fin
        self.closed = self.reset or all(s.finished for s in self._sides)

    def follows(self, segment: Segment) -> bool:
        """Whether this segment opens another connection of the same ports; not when it is one of ours once more."""
        opened = self._sides[segment.source != self.first].opened
        if not segment.syn or segment.sequence == opened:
            return False
        return self.closed or (not segment.ack and (opened is not None or bool(self.chunks)))

    def _deliver(self, side: _Direction, from_first: bool) -> None:
        """Everything that follows without a hole; past holes when too much waits behind them."""
        self._flow(side, from_first)
        while side.held > LARGEST_WAIT and side.order:
            self._jump(side, from_first)

    def _flow(self, side: _Direction, from_first: bool) -> None:
        while side.order and side.order[0] <= side.expected:
            place, taken = side.first()
            end = place + len(taken.payload)
            if end > side.expected:
                fresh = taken.payload[side.expected - place :]
                self.chunks.append(Chunk(taken.time, from_first, fresh))
                side.expected = end
            missing = end + taken.missing - side.expected
            if missing > 0:
                self._skip(side, from_first, taken.time, missing)

    def _jump(self, side: _Direction, from_first: bool) -> None:
        """Give the hole in front of the next waiting segment up."""
        place = side.order[0]
        self._skip(side, from_first, side.waiting[place].time, place - side.expected)
        self._flow(side, from_first)

    def _skip(self, side: _Direction, from_first: bool, time: float, missing: int) -> None:
        self.chunks.append(Chunk(time, from_first, b"", missing))
        side.expected += missing

    def finish(self) -> None:
        """No more segments come: what waits behind holes is readable now."""
        for index, side in enumerate(self._sides):
            while side.order:
                self._jump(side, index == 0)


def conversations(packets: Iterable[Packet]) -> Iterator[Connection]:
    """The TCP connections of a capture, each once another takes its place or the capture ends; numbered by their first
    packet."""
    live: dict[frozenset[Endpoint], Connection] = {}  # in the order of their last packets
    count, segments = 0, Segments()
    for packet in packets:
        segment = segments.read(packet)
        if segment is None:
            continue
        key = frozenset((segment.source, segment.destination))
        current = live.pop(key, None)
        if current is not None and current.follows(segment):
            current.finish()
            yield current
            current = None
        if current is None:
            if not (segment.syn or segment.payload):
                continue
            if len(live) >= MOST_CONNECTIONS:
                oldest = live.pop(next(iter(live)))
                oldest.finish()
                yield oldest
            count += 1
            turned = segment.syn and segment.ack
            first, second = segment.source, segment.destination
            if turned:
                first, second = second, first
            current = Connection(count, first, second, segment.time, complete_start=segment.syn)
        live[key] = current
        current.add(segment)
    for conversation in sorted(live.values(), key=lambda c: c.number):
        conversation.finish()
        yield conversation
