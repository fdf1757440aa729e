"""A PDU in words for one line, and its bytes as a dump."""

from __future__ import annotations

from collections.abc import Iterator

from engine.model.whole_numbers import counted
from engine.protocol.asked import asked_contexts
from engine.standard.codes import abort_text, rejection_text
from engine.standard.pdus import (
    AbortPdu,
    AssociateAC,
    AssociateRJ,
    AssociateRQ,
    ImplementationClassUID,
    ImplementationVersionName,
    MaximumLength,
    PDataTF,
    Pdv,
    PresentationContextAC,
    UserIdentityRQ,
)
from engine.wire.nodes import Node
from engine.wire.pdus import PduError, all_of, decode_pdu, first, strip, user_items
from engine.wire.secrets import kept_back, without_strays

NAMED_PDVS = 4
"""PDVs of one P-DATA-TF told one by one."""
_ROW = 16
_MASK = "**"


def pdu_text(data: bytes) -> str:
    """The main fields of a PDU in words; "" where it has none (release)."""
    try:
        pdu = decode_pdu(without_strays(data))
    except PduError as error:
        return f"cannot be read: {error.reason}".rstrip(".")
    match pdu:
        case AssociateRQ():
            count = len(asked_contexts(pdu))
            titles = f"{strip(pdu.calling_ae_title)} calls {strip(pdu.called_ae_title)}"
            return f"{titles}, {counted(count, 'presentation context')}, {_side(pdu)}"
        case AssociateAC():
            answers = all_of(pdu.items, PresentationContextAC)
            accepted = sum(not a.result for a in answers)
            return f"{accepted} of {counted(len(answers), 'presentation context')} accepted, {_side(pdu)}"
        case AssociateRJ():
            return rejection_text(pdu.result, pdu.source, pdu.reason)
        case AbortPdu():
            return abort_text(pdu.source, pdu.reason)
        case PDataTF():
            named = [_pdv_text(p) for p in pdu.pdvs[:NAMED_PDVS]]
            more = len(pdu.pdvs) - NAMED_PDVS
            return "; ".join([*named, f"{more} more PDVs"] if more > 0 else named)
    return ""


def _side(pdu: AssociateRQ | AssociateAC) -> str:
    """What a side tells of itself in its user information."""
    items = user_items(pdu)
    length, version = first(items, MaximumLength), first(items, ImplementationVersionName)
    class_uid, identity = first(items, ImplementationClassUID), first(items, UserIdentityRQ)
    name = strip(version.name) if version else strip(class_uid.uid) if class_uid else ""
    maximum = length.maximum_length_received if length else None
    parts = [
        "no maximum length" if maximum is None else f"maximum length {maximum or 'unlimited'}",
        f"implementation {name}" if name else "",
        "with user identity" if identity else "",
    ]
    return ", ".join(filter(None, parts))


def _pdv_text(pdv: Pdv) -> str:
    kind = "command" if pdv.is_command else "data set"
    last = ", last fragment" if pdv.is_last else ""
    return f"context {pdv.context_id}: {len(pdv.fragment)} bytes of {kind}{last}"


def hex_dump(data: bytes, tree: Node) -> Iterator[str]:
    """Lines of offset, sixteen bytes and their characters; bytes the tree keeps back (secrets) as asterisks."""
    data = without_strays(data)
    hidden = {i for node in kept_back(tree) for i in range(node.start, node.end)}
    for start in range(0, len(data), _ROW):
        places = range(start, min(start + _ROW, len(data)))
        digits = " ".join(_MASK if i in hidden else f"{data[i]:02x}" for i in places)
        characters = "".join("*" if i in hidden else _character(data[i]) for i in places)
        yield f"{start:08x}  {digits:<{3 * _ROW - 1}}  |{characters}|"


def _character(byte: int) -> str:
    return chr(byte) if 0x20 <= byte < 0x7F else "."
