"""Faults of how a message is cut into P-DATA-TF PDUs: one PDU becomes others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from engine.model.scripting import Deviation
from engine.standard.pdus import PDataTF, Pdv
from engine.wire.pdus import PduError, decode_pdu, encode_pdu

from .pieces import Change, Piece, Put, on_bytes, own

COMMAND, LAST = 1, 2


def _on_pdvs(change: Callable[[Pdv, Deviation], Iterator[Pdv]], *, apart: bool = False) -> Change:
    """Each fragment becomes others; apart: each of them in a PDU of its own."""

    def apply(data: bytes, d: Deviation) -> bytes | list[Piece]:
        try:
            pdu = decode_pdu(data)
        except PduError:
            return data
        if not isinstance(pdu, PDataTF):
            return data
        pdvs = tuple(new for pdv in pdu.pdvs for new in change(pdv, d))
        if not apart:
            return encode_pdu(replace(pdu, pdvs=pdvs))
        return [own(encode_pdu(PDataTF(pdvs=(pdv,)))) for pdv in pdvs]

    return on_bytes(apply)


def _control(change: Callable[[int], int]) -> Change:
    return _on_pdvs(lambda pdv, _: iter((replace(pdv, control=change(pdv.control)),)))


def _halves(pdv: Pdv) -> tuple[Pdv, Pdv]:
    middle = (len(pdv.fragment) // 2) & ~1
    first = replace(pdv, fragment=pdv.fragment[:middle], control=pdv.control & ~LAST)
    return first, replace(pdv, fragment=pdv.fragment[middle:])


def _last_early(pdv: Pdv, _d: Deviation) -> Iterator[Pdv]:
    first, second = _halves(pdv)
    return iter((replace(first, control=first.control | LAST), second))


def _interleaved(pdv: Pdv, _d: Deviation) -> Iterator[Pdv]:
    first, second = _halves(pdv)
    other = Pdv(context_id=(pdv.context_id + 2) & 0xFF, control=COMMAND, fragment=bytes(8))
    return iter((first, other, second))


def _length(sign: int) -> Change:
    def change(pdv: Pdv, d: Deviation) -> Iterator[Pdv]:
        return iter((replace(pdv, length=max(0, len(pdv.fragment) + 2 + sign * d.number("by"))),))

    return _on_pdvs(change)


CHANGES: dict[str, Change] = {
    "wrong-context": _on_pdvs(lambda pdv, d: iter((replace(pdv, context_id=d.number("id")),))),
    "empty-fragment": _on_pdvs(lambda pdv, _: iter((replace(pdv, fragment=b"", control=pdv.control & ~LAST), pdv))),
    "packed-fragments": _on_pdvs(lambda pdv, _: iter(_halves(pdv))),
    "last-missing": _control(lambda control: control & ~LAST),
    "last-early": _on_pdvs(_last_early),
    "marked-as-data": _control(lambda control: control & ~COMMAND),
    "interleaved": _on_pdvs(_interleaved, apart=True),
    "fragment-too-long": _length(1),
    "fragment-too-short": _length(-1),
    "no-fragment": lambda pieces, _: [Put(encode_pdu(PDataTF())), *pieces],
    "control-bits": _control(lambda control: control | 0xFC),
}
