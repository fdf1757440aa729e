"""Checks of what stands alone, for cases of single rules: encoded command sets and P-DATA-TFs."""

from __future__ import annotations

from collections.abc import Container

from engine.conformance.commands import check_command
from engine.conformance.findings import Finding
from engine.conformance.pdvs import PdvSeen, judge_pdvs
from engine.model.command_set import CommandSet
from engine.standard.pdus import PDataTF
from engine.wire.commands import decode_command_spans
from engine.wire.pdus import PDU_HEADER, PDV_HEADER


def check_command_bytes(
    data: bytes, request: CommandSet | None = None, has_data: bool | None = None, *, abstract_syntax: str = ""
) -> list[Finding]:
    """`check_command` of an encoded command set, with byte ranges."""
    command, spans, _ = decode_command_spans(data)
    return check_command(command, request, has_data, spans=spans, size=len(data), abstract_syntax=abstract_syntax)


def check_pdata(pdu: PDataTF, *, maximum: int = 0, contexts: Container[int] | None = None) -> list[Finding]:
    """What departs from the Standard in one P-DATA-TF.

    maximum: Maximum Length its receiver announced, bytes, 0 for no limit. contexts: IDs accepted; None when not known.
    """
    seen: list[PdvSeen] = []
    start = PDU_HEADER
    for pdv in pdu.pdvs:
        seen.append(PdvSeen(pdv.context_id, pdv.control, start, len(pdv.fragment)))
        start += PDV_HEADER + len(pdv.fragment)
    return judge_pdvs(seen, maximum, contexts, reserved=pdu.header_reserved)
