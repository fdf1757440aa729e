"""P-DATA-TF PDUs, one at a time (PS3.8 9.3.5, D.1, Annex E)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise

from engine.standard.pdus import PDataTF

from .findings import Finding, found

_PDV_HEADER = 6
"""Bytes of Item-length, context ID and message control header."""


def check_pdata(pdu: PDataTF, *, maximum: int = 0, contexts: Collection[int] | None = None) -> list[Finding]:
    """What departs from the Standard; never raises.

    maximum: Maximum Length its receiver announced, bytes, 0 for no limit. contexts: IDs accepted; None when not known.
    """
    return [*_size(pdu, maximum), *_pdvs(pdu, contexts), *_sequence(pdu)]


def _size(pdu: PDataTF, maximum: int) -> Iterator[Finding]:
    size = sum(len(p.fragment) + _PDV_HEADER for p in pdu.pdvs)
    if not pdu.pdvs:
        yield found("pdata.no-pdv", "The P-DATA-TF holds no PDV.")
    if maximum and size > maximum:
        yield found("pdata.maximum-length", f"The P-DATA-TF has {size} bytes; its receiver takes {maximum}.")


def _pdvs(pdu: PDataTF, contexts: Collection[int] | None) -> Iterator[Finding]:
    for number, pdv in enumerate(pdu.pdvs, 1):
        if contexts is not None and pdv.context_id not in contexts:
            yield found("pdata.context", f"PDV {number} is on context {pdv.context_id}, which was not accepted.")
        if not pdv.fragment:
            yield found("pdata.empty-fragment", f"PDV {number} holds no data.")
        elif len(pdv.fragment) % 2:
            yield found("pdata.odd-fragment", f"The fragment of PDV {number} has {len(pdv.fragment)} bytes, odd.")
        if pdv.control & 0xFC:
            yield found("pdata.control-bits", f"The message control header of PDV {number} is {pdv.control:02X}H.")


def _sequence(pdu: PDataTF) -> Iterator[Finding]:
    ids = sorted({p.context_id for p in pdu.pdvs})
    if len(ids) > 1:
        words = ", ".join(map(str, ids))
        yield found("pdata.one-message", f"The PDVs of one P-DATA-TF are on several contexts ({words}).")
    for number, (one, next_) in enumerate(pairwise(pdu.pdvs), 1):
        if one.is_last and not one.is_command:
            yield found("pdata.one-message", f"PDV {number} ends a message, yet another PDV follows in the P-DATA-TF.")
        elif one.is_command is next_.is_command:
            kind = "Command" if one.is_command else "Data Set"
            yield found("pdata.split", f"PDVs {number} and {number + 1} are both {kind} fragments.")
