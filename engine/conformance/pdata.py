"""P-DATA-TF PDUs, one at a time (PS3.8 9.3.5, D.1, Annex E)."""

from __future__ import annotations

from collections.abc import Container

from engine.standard.pdus import PDataTF
from engine.wire.pdus import PDU_HEADER, PDV_HEADER

from .findings import Finding
from .pdvs import PdvSeen, judge_pdvs


def check_pdata(pdu: PDataTF, *, maximum: int = 0, contexts: Container[int] | None = None) -> list[Finding]:
    """What departs from the Standard; never raises.

    maximum: Maximum Length its receiver announced, bytes, 0 for no limit. contexts: IDs accepted; None when not known.
    """
    seen: list[PdvSeen] = []
    start = PDU_HEADER
    for pdv in pdu.pdvs:
        seen.append(PdvSeen(pdv.context_id, pdv.control, start, len(pdv.fragment)))
        start += PDV_HEADER + len(pdv.fragment)
    return judge_pdvs(seen, maximum, contexts, reserved=pdu.header_reserved)
