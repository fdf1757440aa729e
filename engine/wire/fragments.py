"""Messages to P-DATA-TF PDUs (PS3.8 9.3.5 and Annex E); `reassembly` has the way back."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from engine.standard.lean import dataclass
from engine.standard.pdus import PDataTF

from .pdus import PDU_HEADER, PDV_HEADER, Buffer

COMMAND = 1
LAST = 2
"""Bits of the message control header (PS3.8 E.2)."""
LARGEST_FRAGMENT = 1 << 20
"""Bytes of a fragment when the receiver sets no maximum, or a larger one: beyond 1 MiB headers cost nothing any more,
while progress, cancel and other messages would wait."""
RUN_HEADER = PDU_HEADER + PDV_HEADER
LEAST_RUN = 2
"""PDUs worth a `DataRun`."""
LARGEST_RUN = 1 << 20
"""Bytes of a `DataRun`: one write."""
LONGEST_RUN = 1 << 10
"""PDUs of a `DataRun`: receivers may take two bytes in each."""

_PDU = struct.Struct(">BBI")
_PDV = struct.Struct(">IBB")


@dataclass(frozen=True, slots=True)
class DataRun:
    """P-DATA-TFs one after the other that are alike but for what they carry: one data fragment each, all of one size,
    of one message, none of them the last. The bulk of every transfer, told in one piece.

    header: the 12 bytes each begins with. buffers: header and fragment of each in turn.
    """

    header: bytes
    buffers: list[Buffer]

    @property
    def context_id(self) -> int:
        return self.header[PDU_HEADER + 4]

    @property
    def fragments(self) -> list[Buffer]:
        return self.buffers[1::2]

    @property
    def pdu_size(self) -> int:
        """Bytes of each PDU, header included."""
        return RUN_HEADER + len(self.buffers[1])

    def __len__(self) -> int:
        """How many PDUs."""
        return len(self.buffers) // 2


def run_of(pdus: Sequence[memoryview]) -> DataRun:
    """P-DATA-TFs that are alike, as they came."""
    header = bytes(pdus[0][:RUN_HEADER])
    buffers: list[Buffer] = [header] * (2 * len(pdus))
    buffers[1::2] = [pdu[RUN_HEADER:] for pdu in pdus]
    return DataRun(header, buffers)


def fragment_size(maximum_length: int) -> int:
    """Bytes of the largest fragment alone in a PDU under the receiver's maximum length (0: unlimited; PS3.8 D.1).

    Always even, and 2 where the maximum leaves no room at all: such a receiver gets the least that makes progress.
    """
    return _room(_pdu_length(maximum_length))


def whole_fragments(maximum_length: int, most: int) -> int:
    """Bytes of as many of those as `most` bytes hold, and of one at least: data that come in such pieces have no
    fragment of two pieces."""
    size = fragment_size(maximum_length)
    return max(1, most // size) * size


def _pdu_length(maximum_length: int) -> int:
    largest = LARGEST_FRAGMENT + PDV_HEADER
    return max(PDV_HEADER + 2, min(maximum_length, largest)) if maximum_length else largest


def _room(length: int) -> int:
    return (length - PDV_HEADER) & ~1


def fragment(
    context_id: int,
    command: bytes,
    data_chunks: Iterable[Buffer] | None,
    maximum_length: int,
    pack: bool = False,
) -> Iterator[list[Buffer]]:
    """One list of buffers for each P-DATA-TF of a message, to be written one after the other.

    data_chunks: the data set in pieces of any size, taken as they are needed; None: no data set follows. Pieces are
        sliced, not copied: they must not change before what was yielded is written.
    maximum_length: the receiver's, of PDU-length; 0 is unlimited.
    pack: put the end of the command set and the beginning of the data set into one PDU where they fit.
    """
    length = _pdu_length(maximum_length)
    first = size = _room(length)
    front: list[Buffer] = []
    for pieces, count, last in _cut((command,), size, size):
        pdv: list[Buffer] = [_PDV.pack(count + 2, context_id, COMMAND | LAST * last), *pieces]
        if last and pack and data_chunks is not None and _room(length - PDV_HEADER - count) >= 2:
            first = _room(length - PDV_HEADER - count)
            front = pdv
        else:
            yield [_PDU.pack(PDataTF.TYPE, 0, count + PDV_HEADER), *pdv]
    if data_chunks is None:
        return
    for pieces, count, last in _cut(data_chunks, first, size):
        carried = sum(map(len, front))
        header = _PDU.pack(PDataTF.TYPE, 0, carried + count + PDV_HEADER)
        yield [header, *front, _PDV.pack(count + 2, context_id, LAST * last), *pieces]
        front = []


def only_fragment(context_id: int, command: bytes, maximum_length: int) -> list[Buffer] | None:
    """The one P-DATA-TF `fragment` makes of a message without data set whose command set fits into it; None where it
    makes several."""
    size = len(command)
    if size > fragment_size(maximum_length):
        return None
    pdu = _PDU.pack(PDataTF.TYPE, 0, size + PDV_HEADER)
    return [pdu, _PDV.pack(size + 2, context_id, COMMAND | LAST), memoryview(command)]


@dataclass(slots=True, eq=False)
class Cut:
    """How data sets of one size are cut on one context: `size` bytes of each fragment but the last, which is `rest`.

    header: the 12 bytes each but the last begins with, whose fragments are `slices`; last: those of the last. sizes:
    how many P-DATA-TFs have how many bytes. longest: bytes of the largest of them.
    """

    header: bytes
    slices: tuple[slice, ...]
    last: bytes
    rest: slice
    sizes: tuple[tuple[int, int], ...]
    longest: int

    def buffers(self, command: bytes, data: memoryview) -> list[Buffer]:
        """A message of this P-DATA-TF and a data set of that size: header and fragment of each in turn."""
        count = len(self.slices)
        out: list[Buffer] = [self.header] * (2 * count + 3)
        out[0], out[-2], out[-1] = command, self.last, data[self.rest]
        out[2:-2:2] = [data[place] for place in self.slices]
        return out


@lru_cache(maxsize=64)
def cut_of(context_id: int, length: int, maximum_length: int) -> Cut:
    """How `fragment_loaded` cuts a data set of so many bytes."""
    size, _, header = _run_of(context_id, maximum_length)
    count = (length - 1) // size
    last = _last_header(context_id, length - count * size)
    slices = tuple(slice(at, at + size) for at in range(0, count * size, size))
    sizes = [(count, size + RUN_HEADER)] if count else []
    sizes.append((1, length - count * size + RUN_HEADER))
    return Cut(header, slices, last, slice(count * size, length), tuple(sizes), max(pdu for _, pdu in sizes))


def fragment_loaded(context_id: int, data: memoryview, maximum_length: int) -> list[list[Buffer] | DataRun]:
    """The P-DATA-TFs `fragment_in_runs` makes of a data set that is all there, of `LARGEST_RUN` bytes at most."""
    size, _, header = _run_of(context_id, maximum_length)
    count = (len(data) - 1) // size
    pdus: list[list[Buffer] | DataRun] = []
    if count >= LEAST_RUN:
        buffers: list[Buffer] = [header] * (2 * count)
        buffers[1::2] = [data[at : at + size] for at in range(0, count * size, size)]
        pdus.append(DataRun(header, buffers))
    elif count:
        pdus.append([header, data[:size]])
    pdus.append([_last_header(context_id, len(data) - count * size), data[count * size :]])
    return pdus


@lru_cache(maxsize=256)
def _last_header(context_id: int, size: int) -> bytes:
    return _PDU.pack(PDataTF.TYPE, 0, size + PDV_HEADER) + _PDV.pack(size + 2, context_id, LAST)


def fragment_in_runs(
    context_id: int,
    command: bytes,
    data_chunks: Iterable[Buffer],
    maximum_length: int,
) -> Iterator[list[Buffer] | DataRun]:
    """The same PDUs as `fragment` makes, the bulk of them as runs."""
    alone = only_fragment(context_id, command, maximum_length)
    yield from fragment(context_id, command, None, maximum_length) if alone is None else (alone,)
    size, most, header = _run_of(context_id, maximum_length)
    heads = header[:PDU_HEADER], header[PDU_HEADER:]
    held: list[memoryview] = []  # a fragment under way, at most: whole, it may be the last
    have = 0
    for chunk in data_chunks:
        view = memoryview(chunk)
        start, end = 0, len(view)
        while start < end:
            alike: list[memoryview] = []
            if have == size:
                if len(held) == 1:
                    alike = held
                else:
                    yield [*heads, *held]
                held, have = [], 0
            if not have:
                stop = start + min((end - start - 1) // size, most - len(alike)) * size
                alike += [view[at : at + size] for at in range(start, stop, size)]
                if len(alike) >= LEAST_RUN:
                    buffers: list[Buffer] = [header] * (2 * len(alike))
                    buffers[1::2] = alike
                    yield DataRun(header, buffers)
                elif alike:
                    yield [*heads, *alike]
                start = stop
            stop = min(end, start + size - have)
            held.append(view[start:stop])
            have += stop - start
            start = stop
    header = _PDU.pack(PDataTF.TYPE, 0, have + PDV_HEADER)
    yield [header, _PDV.pack(have + 2, context_id, LAST), *held]


@lru_cache(maxsize=256)
def _run_of(context_id: int, maximum_length: int) -> tuple[int, int, bytes]:
    """Of a run: bytes of each fragment, how many of them at most, and the header each has."""
    size = fragment_size(maximum_length)
    header = _PDU.pack(PDataTF.TYPE, 0, size + PDV_HEADER) + _PDV.pack(size + 2, context_id, 0)
    return size, max(1, min(LARGEST_RUN // size, LONGEST_RUN)), header


def _cut(chunks: Iterable[Buffer], first: int, size: int) -> Iterator[tuple[list[memoryview], int, bool]]:
    """(slices, their bytes, last) of each fragment: `first` bytes, then `size`, the last one what is left."""
    pieces: list[memoryview] = []
    have, want = 0, first
    for chunk in chunks:
        view = memoryview(chunk)
        start, end = 0, len(view)
        while start < end:
            if have == want:
                yield pieces, have, False
                pieces, have, want = [], 0, size
            stop = min(end, start + want - have)
            pieces.append(view[start:stop])
            have += stop - start
            start = stop
    yield pieces, have, True
