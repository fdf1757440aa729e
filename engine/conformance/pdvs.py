"""The PDVs of a P-DATA-TF where they lie, in one buffer or several, without copying their fragments."""

from __future__ import annotations

import struct
from collections.abc import Container, Sequence
from dataclasses import field
from itertools import pairwise

from engine.model.notices import Evidence
from engine.standard.lean import dataclass
from engine.wire.message_run import HEADERS
from engine.wire.pdus import MOST_PDVS, PDU_HEADER, PDV_HEADER, Buffer

from .findings import Finding, found

_LAST, _COMMAND, _DEFINED = 2, 1, 3
_LENGTH, _LENGTHS = struct.Struct(">I").unpack_from, struct.Struct(">II").unpack_from


@dataclass(slots=True)
class PdvSeen:
    """One PDV. start: offset in the PDU. length: of its fragment; pieces: the fragment, one buffer or more."""

    context_id: int
    control: int
    start: int
    length: int
    pieces: list[Buffer] = field(default_factory=list)

    def is_plain(self, maximum: int) -> bool:
        """Whether nothing is wrong with it, alone in its PDU; its context not looked at."""
        fits = not maximum or self.length + PDV_HEADER <= maximum
        return fits and self.length > 0 and not self.length % 2 and self.control <= _DEFINED

    @property
    def is_command(self) -> bool:
        return bool(self.control & _COMMAND)

    @property
    def is_last(self) -> bool:
        return bool(self.control & _LAST)

    def head(self, count: int) -> bytes:
        """A copy of the first bytes of the fragment."""
        if len(self.pieces) == 1:
            return bytes(self.pieces[0][:count])
        out = bytearray()
        for piece in self.pieces:
            if len(out) >= count:
                break
            out += piece[: count - len(out)]
        return bytes(out)


class _Rope:
    """Several buffers read one after the other."""

    def __init__(self, buffers: Sequence[Buffer]) -> None:
        self._views = [memoryview(b) for b in buffers]
        self._index = 0

    def take(self, count: int) -> list[Buffer]:
        """The next `count` bytes, fewer at the end."""
        if self._index < len(self._views) and len(self._views[self._index]) == count:
            self._index += 1
            return [self._views[self._index - 1]]
        taken: list[Buffer] = []
        while count and self._index < len(self._views):
            view = self._views[self._index]
            part = view[:count]
            taken.append(part)
            count -= len(part)
            if len(part) == len(view):
                self._index += 1
            else:
                self._views[self._index] = view[len(part) :]
        return taken

    def bytes(self, count: int) -> bytes:
        return b"".join(self.take(count))


def see_pdvs(buffers: Sequence[Buffer], most: int = MOST_PDVS) -> tuple[list[PdvSeen], str]:
    """The PDVs of a whole P-DATA-TF, `most` of them, and why the rest is none ("" when nothing is left)."""
    rope = _Rope(buffers)
    head = rope.bytes(PDU_HEADER)
    end = sum(map(len, buffers))
    if len(head) < PDU_HEADER or int.from_bytes(head[2:], "big") != end - PDU_HEADER:
        return [], "PDU-length is not the length of the PDU"
    seen: list[PdvSeen] = []
    start = PDU_HEADER
    while start < end:
        head = rope.bytes(PDV_HEADER)
        stop = start + 4 + int.from_bytes(head[:4], "big")
        if len(seen) == most:
            return seen, f"it has more than {most} PDVs"
        if len(head) < PDV_HEADER or stop > end or stop < start + PDV_HEADER:
            return seen, f"the PDV at byte {start} does not fit in the PDU"
        length = stop - start - PDV_HEADER
        seen.append(PdvSeen(head[4], head[5], start, length, rope.take(length)))
        start = stop
    return seen, ""


def only_pdv(buffers: Sequence[Buffer]) -> PdvSeen | None:
    """The PDV of a PDU that holds exactly one, as most do, in one buffer or cut at the ends of its headers."""
    head = item = buffers[0]
    at, length = PDU_HEADER, len(head) - PDU_HEADER
    pieces: list[Buffer]
    if len(buffers) == 1:
        if length < PDV_HEADER:
            return None
        pieces = [memoryview(head)[PDU_HEADER + PDV_HEADER :]]
    else:
        item, at = buffers[1], 0
        if length or len(item) != PDV_HEADER:
            return None
        pieces = list(buffers[2:])
        length = PDV_HEADER + sum(map(len, pieces))
    if int.from_bytes(head[2:6], "big") != length or int.from_bytes(item[at : at + 4], "big") != length - 4:
        return None
    return PdvSeen(item[at + 4], item[at + 5], PDU_HEADER, length - PDV_HEADER, pieces)


def only_whole(buffers: Sequence[Buffer], limit: int) -> tuple[int, int, bytes] | None:
    """Context, message control header and fragment of a PDU that holds a whole command set or the last of a data set in
    a single PDV of at most `limit` bytes, with which nothing is wrong but perhaps its size; None of every other.

    It comes in one buffer, or in three: two headers and the fragment.
    """
    if len(buffers) == 1:
        data = buffers[0]
        size = len(data) - HEADERS
        if size <= 0 or size & 1 or size > limit or not _LAST <= data[11] <= _DEFINED or data[1]:
            return None
        if _LENGTHS(data, 2) != (size + PDV_HEADER, size + 2):
            return None
        return data[10], data[11], bytes(data[HEADERS:])
    if len(buffers) != 3 or len(buffers[0]) != PDU_HEADER or len(buffers[1]) != PDV_HEADER:
        return None
    head, item, fragment = buffers
    size = len(fragment)
    if not size or size & 1 or size > limit or not _LAST <= item[5] <= _DEFINED or head[1]:
        return None
    if _LENGTH(head, 2)[0] != size + PDV_HEADER or _LENGTH(item, 0)[0] != size + 2:
        return None
    return item[4], item[5], bytes(fragment)


def judge_pdvs(
    pdvs: Sequence[PdvSeen], maximum: int, contexts: Container[int] | None, *, reserved: int = 0
) -> list[Finding]:
    """What of one P-DATA-TF departs from the Standard.

    maximum: its receiver's Maximum Length, 0 for no limit. contexts: IDs accepted, None when not known.
    reserved: the reserved byte of its header.
    """
    return [*_size(pdvs, maximum, reserved), *_each(pdvs, contexts), *_sequence(pdvs)]


def _size(pdvs: Sequence[PdvSeen], maximum: int, reserved: int) -> list[Finding]:
    findings = []
    size = sum(p.length + PDV_HEADER for p in pdvs)
    if reserved:
        evidence = Evidence(text="P-DATA-TF", start=1, end=2)
        findings.append(found("pdata.reserved", f"The reserved byte is {reserved:02X}H.", evidence=evidence))
    if not pdvs:
        findings.append(found("pdata.no-pdv", "The P-DATA-TF holds no PDV."))
    if maximum and size > maximum:
        sentence = f"The P-DATA-TF has {size} bytes; its receiver takes {maximum}."
        findings.append(found("pdata.maximum-length", sentence, evidence=Evidence(text="PDU-length", start=2, end=6)))
    return findings


def _each(pdvs: Sequence[PdvSeen], contexts: Container[int] | None) -> list[Finding]:
    findings = []
    for number, pdv in enumerate(pdvs, 1):
        checks = (
            (
                contexts is not None and pdv.context_id not in contexts,
                "pdata.context",
                f"PDV {number} is on context {pdv.context_id}, which was not accepted.",
                (4, 5),
            ),
            (not pdv.length, "pdata.empty-fragment", f"PDV {number} holds no data.", (0, 4)),
            (
                pdv.length % 2,
                "pdata.odd-fragment",
                f"The fragment of PDV {number} has {pdv.length} bytes, odd.",
                (0, 4),
            ),
            (
                pdv.control & ~_DEFINED,
                "pdata.control-bits",
                f"The message control header of PDV {number} is {pdv.control:02X}H.",
                (5, 6),
            ),
        )
        for wrong, rule, sentence, (start, end) in checks:
            if wrong:
                evidence = Evidence(text=f"PDV {number}", start=pdv.start + start, end=pdv.start + end)
                findings.append(found(rule, sentence, evidence=evidence))
    return findings


def _sequence(pdvs: Sequence[PdvSeen]) -> list[Finding]:
    findings = []
    ids = sorted({p.context_id for p in pdvs})
    if len(ids) > 1:
        words = ", ".join(map(str, ids))
        sentence = f"The PDVs of one P-DATA-TF are on several contexts ({words})."
        findings.append(found("pdata.one-message", sentence))
    for number, (one, next_) in enumerate(pairwise(pdvs), 1):
        evidence = Evidence(text=f"PDV {number + 1}", start=next_.start, end=next_.start + PDV_HEADER + next_.length)
        if one.is_last and (next_.is_command or not one.is_command):
            sentence = f"PDV {number} ends a message, yet another PDV follows in the P-DATA-TF."
            findings.append(found("pdata.one-message", sentence, evidence=evidence))
        elif one.is_command is next_.is_command:
            kind = "Command" if one.is_command else "Data Set"
            sentence = f"PDVs {number} and {number + 1} are both {kind} fragments."
            findings.append(found("pdata.split", sentence, evidence=evidence))
    return findings
