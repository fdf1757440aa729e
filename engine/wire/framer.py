"""Whole PDUs out of a stream of bytes (PS3.8 9.3.1), without a byte touched twice that need not be."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise

from engine.model.limits import USUAL, named
from engine.standard.pdus import PDUS, PDataTF

from .message_run import HEADERS, LARGEST_MATCH, MessageRun
from .pdus import PDU_HEADER, PDV_HEADER, UNRECOGNIZED_PDU, UNSPECIFIED, Buffer, PduError
from .recognise import unrecognized

PDU_LIMIT = USUAL.pdu_length
OTHER_LIMIT = 1 << 20
"""Bytes of PDU-length of what is no P-DATA-TF. An A-ASSOCIATE-RQ with 128 presentation contexts, every transfer syntax
there is in each, and 64 KiB of user identity has half of that."""
_FIRST = 1 << 14
_LARGEST = 1 << 21
"""Size of the receive buffer: starts small, grows to what one read can fill. Only a larger PDU enlarges it further.
What is done a read finds nothing in the processor's cache when so much has been copied before: with half of this
receiving a gigabyte takes 8 % more processor time, with twice or four times of it no less that counts."""
_KEPT = 4 * _LARGEST
"""Size up to which a buffer that was enlarged stays as it is until `rest`: who sends messages of so many bytes sends
more of them, and memory that is new costs as much as copying into it."""
_LEAST = 1 << 14
"""Room for one read at least."""
RESERVE = 4
"""This part of what PDUs under way may hold is there, beyond it, for those of which no more than 2 MiB have come: a few
long ones that never end would have all others aborted, and real ones have 16 KiB to a MiB."""
MOST_FRAGMENTS = 1 << 10
"""P-DATA-TFs of a data set that are waited for together: from more on it has no large ones."""
_HEAD = struct.Struct(">BxI").unpack_from
_ONE_PDV = struct.Struct(">HIIBB").unpack_from
_DATA, _LAST = PDataTF.TYPE << 8, 2


class Unfinished:
    """Bytes that what is under way on several connections holds: PDUs, where one has more than a connection's first
    buffer (hundreds of connections with a MiB each are a lot too), or data sets."""

    def __init__(self) -> None:
        self.size = 0


class Framer:
    """Cuts a received stream into PDUs.

    Made for asyncio's BufferedProtocol: `buffer()` gives the room to receive into, `filled(n)` says how much came and
    yields the PDUs completed by it. `feed(data)` does both for bytes already there. What is yielded are views into the
    receive buffer, valid until the next call of `buffer` or `feed`; PDUs not fetched from the iterator stay queued.

    PduError is raised by the iterator, after the PDUs before it, where the stream stops being DICOM: a PDU-type that
    does not exist or a PDU-length above `limit` (`OTHER_LIMIT` for what is no P-DATA-TF), or a PDU with which the
    `unfinished` ones of this connection and others have more than `most` bytes. Nothing can be read after that; each
    further call raises it again.
    """

    def __init__(
        self, limit: int = PDU_LIMIT, unfinished: Unfinished | None = None, most: int = USUAL.unfinished
    ) -> None:
        self.limit = limit
        self._unfinished = unfinished or Unfinished()
        self._most = most
        self._counted = 0
        """What of `unfinished` is ours."""
        self.associated = True
        """An association stands, so that a P-DATA-TF may come; until then it is taken as any other PDU is, so that who
        has not even been let in fills no memory."""
        self._data = bytearray(_FIRST)
        self._view = memoryview(self._data)
        self._start = 0
        self._end = 0
        self._filled_up = False
        self._waits = 0
        """Bytes of the PDU yielded last, where it is to be yielded again with what comes behind it."""
        self._seen: list[int] = []
        """Where each P-DATA-TF of the data set that is waited for ends, behind that PDU."""
        self._seen_at = -1
        """Where that is, as long as it is being looked at anew."""

    @property
    def pending(self) -> int:
        """Bytes held that have not been yielded yet: the beginning of an incomplete PDU."""
        return self._end - self._start

    @property
    def wanted(self) -> int:
        """Bytes of the PDU under way, header included; 0 while its header is incomplete."""
        return self._wanted() if self.pending >= PDU_HEADER else 0

    def peek(self, count: int = 16) -> bytes:
        """A copy of the first pending bytes."""
        return bytes(self._view[self._start : min(self._end, self._start + count)])

    def buffer(self, sizehint: int = -1) -> memoryview:
        """Room for received bytes, never empty: at least 16 KiB, or `sizehint` bytes up to 2 MiB."""
        if self._start == self._end and sizehint < _LEAST and not self._filled_up and len(self._data) <= _KEPT:
            self._start = self._end = 0  # between two PDUs, as nearly always while messages are small
            return self._view
        self._make_room(max(_LEAST, min(sizehint, _LARGEST)))
        return self._view[self._end :]

    def filled(self, count: int) -> Iterator[memoryview]:
        """`count` bytes were put into `buffer()`: the PDUs that are whole now, header included."""
        self._end += count
        self._filled_up = self._end == len(self._data)
        self._seen_at = self._start + self._waits if self._waits else -1
        self._waits = 0
        return self._pdus()

    def feed(self, data: Buffer) -> Iterator[memoryview]:
        """Take these bytes: the PDUs that are whole now, header included."""
        count = len(data)
        self._make_room(count)
        self._view[self._end : self._end + count] = data
        return self.filled(count)

    def _wanted(self) -> int:
        return PDU_HEADER + int.from_bytes(self._view[self._start + 2 : self._start + PDU_HEADER], "big")

    def rest(self) -> bool:
        """Nothing may come for long: a buffer that was enlarged is given back, but for what is pending. False where it
        was not, or most of it is in use."""
        size = max(_FIRST, 2 * self.pending)
        if len(self._data) <= max(_LARGEST, size):
            return False
        self._move_to(size)
        return True

    def close(self) -> None:
        """Nothing is read any more: what was held is free for others."""
        if self._counted:
            self._count(0)
        self._start = self._end = 0
        self._filled_up = False
        if len(self._data) > _FIRST:
            self._data = bytearray(_FIRST)
            self._view = memoryview(self._data)

    def _count(self, size: int) -> None:
        self._unfinished.size += size - self._counted
        self._counted = size

    def _pdus(self) -> Iterator[memoryview]:
        if self._counted:
            self._count(0)
        while (left := self._end - self._start) >= PDU_HEADER:
            kind, length = _HEAD(self._data, self._start)
            if kind not in PDUS or length > self._limit_of(kind):
                raise self._refused(kind, length)
            if PDU_HEADER + length > left:
                if left > _FIRST:
                    self._count(left)
                    if self._unfinished.size > self._most + (self._most // RESERVE if left <= _LARGEST else 0):
                        raise self._too_many(length)
                break
            start = self._start
            self._start = stop = start + PDU_HEADER + length
            yield self._view[start:stop]
            if self._waits:
                return
        if len(self._data) > _KEPT and left <= _LARGEST:  # a long one has ended: who sent it may rest for hours
            self._move_to(_LARGEST)

    def _limit_of(self, kind: int) -> int:
        if kind != PDataTF.TYPE:
            return OTHER_LIMIT
        return self.limit if self.associated else min(self.limit, OTHER_LIMIT)

    def more(self, head: bytes, size: int) -> list[memoryview]:
        """The whole PDUs of this size that come next and begin with these bytes, as the one before them did."""
        data, start, end = self._data, self._start, self._end
        found = []
        while end - start >= size and data.startswith(head, start):
            found.append(self._view[start : start + size])
            start += size
        self._start = start
        return found

    def wait(self, size: int) -> None:
        """The PDU yielded last, of `size` bytes, is yielded again when more has come; nothing is until then."""
        self._start -= size
        self._waits = size

    def data_set(self, context_id: int) -> list[memoryview] | None:
        """The P-DATA-TFs behind the one yielded last, up to the one that ends a data set on this context: each with one
        fragment of it, none odd or empty. Empty where they are not all there yet; None where they are anything else, or
        not all there and too many to be waited for."""
        data, begin, end, most = self._data, self._start, self._end, self.limit
        ends = self._seen if begin == self._seen_at else []
        at = begin + ends[-1] if ends else begin
        self._seen = []
        while end - at >= HEADERS:
            kind, length, of_item, number, control = _ONE_PDV(data, at)
            stop = at + PDU_HEADER + length
            if kind != _DATA or control & ~_LAST or number != context_id or of_item != length - 4:
                return None
            if length & 1 or not PDV_HEADER < length <= most:
                return None
            if stop > end:
                break
            ends.append(stop - begin)
            at = stop
            if control:
                self._start = at
                view = self._view
                return [view[begin + one : begin + other] for one, other in pairwise((0, *ends))]
        self._seen = ends
        return [] if len(ends) <= MOST_FRAGMENTS else None

    def repeats(self, head: bytes) -> MessageRun | None:
        """The messages that begin with this P-DATA-TF, the one yielded last: it with the data set behind it, and those
        that follow and are alike. None where no whole data set is there yet."""
        data, begin, at, end = self._data, self._start - len(head), self._start, self._end
        most, context_id = min(self.limit, LARGEST_MATCH + PDV_HEADER), head[HEADERS - 2]
        ends, longest = [0], 0
        while end - at >= HEADERS:
            kind, length, of_item, number, control = _ONE_PDV(data, at)
            at += PDU_HEADER + length
            if kind != _DATA or control != _LAST or number != context_id or of_item != length - 4 or at > end:
                break
            if length & 1 or not PDV_HEADER < length <= most:
                break
            ends.append(at - begin)
            longest = max(longest, length)
            if not data.startswith(head, at, end):
                break
            at += len(head)
        if len(ends) == 1:
            return None
        self._start = begin + ends[-1]
        return MessageRun(head, bytes(self._view[begin : self._start]), ends, longest - PDV_HEADER)

    def _refused(self, kind: int, length: int) -> PduError:
        if kind not in PDUS:
            return PduError(unrecognized(self.peek()), UNRECOGNIZED_PDU)
        if kind != PDataTF.TYPE:
            name = PDUS[kind].NAME
            return PduError(f"PDU-length is {length} bytes; the limit is {OTHER_LIMIT} for {name}.", offset=2)
        if length <= self.limit:
            return PduError(f"PDU-length is {length} bytes, of a P-DATA-TF before the association stands.", offset=2)
        name = named("pdu_length", self.limit)
        return PduError(f"PDU-length is {length} bytes; the limit is {self.limit}{name}.", offset=2)

    def _too_many(self, length: int) -> PduError:
        come = f"PDU-length is {length} bytes, of which {self._counted} have come"
        beyond = f"with others under way that is more than {self._most} bytes{named('unfinished', self._most)}"
        return PduError(f"{come}; {beyond}.", UNSPECIFIED, offset=2)

    def _make_room(self, count: int) -> None:
        """At least `count` free bytes behind the pending ones, and room for the end of the PDU under way.

        A PDU is moved to the front at most once, and the buffer doubles, so that copying stays linear; the length a
        peer merely claims is never allocated ahead of its bytes.
        """
        pending, size = self.pending, len(self._data)
        need = pending + count
        if pending >= PDU_HEADER:
            need = max(need, min(self._wanted(), 2 * pending))
        if self._filled_up and size < _LARGEST:
            need = max(need, 2 * size)
        if not pending:
            self._start = self._end = 0
            size = min(size, max(need, _KEPT))
        if self._start + need > size or size < len(self._data):
            self._move_to(max(size, need) if need <= size else max(need, min(2 * size, _KEPT)))

    def _move_to(self, size: int) -> None:
        old = self._view[self._start : self._end]
        if size != len(self._data):
            self._data = bytearray(size)
            self._view = memoryview(self._data)
        self._start, self._end = 0, len(old)
        self._view[: self._end] = old
        self._filled_up = False
