"""Words of the trace: phases, syntaxes, roles, states."""

from __future__ import annotations

from functools import lru_cache

from engine.model.association import Role
from engine.model.notices import AssociationPhase, PduNotice
from engine.standard.codes import abort_text, explain_code, rejection_text
from engine.standard.dictionary import uid_name
from engine.standard.pdus import PDUS
from engine.standard.transfer_syntaxes import transfer_syntax

from .trace_store import TraceAssociation

_P = AssociationPhase
PHASE_LOOKS: dict[AssociationPhase, tuple[str, str]] = {
    _P.CONNECTING: ("never", "muted"),
    _P.NEGOTIATING: ("never", "muted"),
    _P.ESTABLISHED: ("ok", "ok"),
    _P.RELEASING: ("never", "muted"),
    _P.RELEASED: ("check", "muted"),
    _P.REJECTED: ("failure", "failure"),
    _P.ABORTED: ("failure", "failure"),
    _P.FAILED: ("failure", "failure"),
}
"""(icon, theme role) of a phase."""

_ROLE_WORDS = {Role.DEFAULT: "default", Role.SCU: "SCU", Role.SCP: "SCP", Role.BOTH: "SCU/SCP"}
_BIT_WORDS = {(True, False): "SCU", (False, True): "SCP", (True, True): "SCU/SCP", (False, False): "none"}


@lru_cache(maxsize=1024)
def short_name(uid: str) -> str:
    """The registered name without its explanation after a colon; the UID itself where there is none."""
    return uid_name(uid).split(":")[0].strip() or uid


_BRIEF = {" VR ": " ", "Little Endian": "LE", "Big Endian": "BE", "Deflated Explicit": "Deflated"}


@lru_cache(maxsize=256)
def brief_syntax(uid: str) -> str:
    """As few letters as name a transfer syntax: "Explicit LE", "JPEG2000Lossless" (its keyword)."""
    row = transfer_syntax(uid)
    if row is None:
        return short_name(uid)
    if row.encapsulated and row.keyword:
        return row.keyword
    name = short_name(uid)
    for long, brief in _BRIEF.items():
        name = name.replace(long, brief)
    return name


def result_word(result: int) -> str:
    """The Standard's word for a context's result (PS3.8 9.3.3.2), without who said it."""
    return "not answered" if result < 0 else explain_code("context_result", result).split(" (")[0]


def role_word(role: Role) -> str:
    """What was proposed."""
    return _ROLE_WORDS[role]


def bits_word(bits: tuple[bool, bool] | None) -> str:
    """What was answered: (SCU-role, SCP-role)."""
    return "not answered" if bits is None else _BIT_WORDS[bits]


@lru_cache(maxsize=256)
def pdu_name(pdu_type: int) -> str:
    """ "P-DATA-TF"; "PDU 4FH" for a type the Standard does not have."""
    row = PDUS.get(pdu_type)
    return row.NAME if row is not None else f"PDU {pdu_type:02X}H"


def transition_text(pdu: PduNotice) -> str:
    """ "Sta5 → Sta6 · AE-3"; one state when it stays."""
    if not pdu.state_before:
        return ""
    same = pdu.state_before == pdu.state_after
    states = pdu.state_before if same else f"{pdu.state_before} → {pdu.state_after}"
    return f"{states} · {pdu.action}" if pdu.action else states


def brief_transition(pdu: PduNotice) -> str:
    """ "5→6 · AE-3": the states' numbers alone, for a column that says “State” above."""
    return transition_text(pdu).replace("Sta", "").replace(" → ", "→")


def ended_badly(record: TraceAssociation | None) -> tuple[str, str, str]:
    """(title, sentence, theme role) of what went wrong with an association; an empty title when nothing did."""
    if record is None:
        return "", "", "failure"
    if record.rejection is not None:
        return "Association rejected", _with(rejection_text(*record.rejection), record.sentence), "failure"
    if record.abort is not None:
        return "Association aborted", _with(abort_text(*record.abort), record.sentence), "failure"
    if record.phase is _P.FAILED:
        return "Association failed", record.sentence, "failure"
    if record.negotiated is not None and not any(c.accepted for c in record.negotiated.contexts):
        return "Accepted without any presentation context", record.sentence, "warning"
    return "", "", "failure"


def _with(codes: str, sentence: str) -> str:
    """The codes in words and the sentence, unless it says them itself."""
    return sentence if codes in sentence else f"{codes[:1].upper()}{codes[1:]}. {sentence}".strip()
