"""User information of both sides beside each other (PS3.7 Annex D), as it was on the wire.

Values are read from the decoded A-ASSOCIATE-RQ and -AC; before they are there, from the proposal. Secrets are never
among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.model.association import APPLICATION_CONTEXT, Negotiated, Proposal
from engine.model.whole_numbers import whole_number
from engine.standard.codes import explain_code
from engine.standard.dictionary import uid_words
from engine.standard.lean import dataclass
from engine.standard.pdus import (
    ApplicationContext,
    AsyncOperationsWindow,
    ImplementationClassUID,
    ImplementationVersionName,
    MaximumLength,
    RoleSelection,
    SopClassCommonExtendedNegotiation,
    SopClassExtendedNegotiation,
    UserIdentityAC,
    UserIdentityRQ,
)
from engine.trace.explain import Node, explain_pdu
from engine.trace.negotiation_text import extended_summary
from engine.trace.tls_text import tls_lines

from .rows import Column
from .trace_store import TraceAssociation
from .trace_tls import tls_answer
from .trace_words import bits_word, short_name

TLS = "TLS"
CALLING, CALLED, CONTEXT = "Calling AE title", "Called AE title", "Application context"
LENGTH, CLASS, VERSION, WINDOW = "Maximum length", "Implementation", "Version name", "Operations window"
IDENTITY, ROLES, EXTENDED, COMMON = "User identity", "Roles", "Extended", "Common extended"

ABSENT = "—"
DIFFERENT_SIGN = "≠"
MISSING_SIGN = "✕"

_NOT_COMPARED = frozenset({CLASS, VERSION, IDENTITY})
"""Of course different from one implementation to the next."""
_MISSED = {
    WINDOW: "not answered, so 1 / 1",
    IDENTITY: "not answered",
    EXTENDED: "not answered",
    ROLES: "not answered, so default",
}
"""What it means when the answer leaves out what was asked (PS3.7 D.3.3)."""
_ASKED_ONLY = frozenset({CALLING, CALLED, COMMON})
"""No answer is foreseen; the titles in an A-ASSOCIATE-AC are copies nobody tests (PS3.8 9.3.3)."""
_MEANINGS = {
    TLS: "Secure transport below the upper layer (PS3.15 Annex B).",
    LENGTH: "Bytes of a P-DATA-TF's variable field each side takes (PS3.8 D.1).",
    CLASS: "Implementation class UID (PS3.7 D.3.3.2).",
    VERSION: "Implementation version name (PS3.7 D.3.3.2).",
    WINDOW: "Operations invoked / performed at a time by the requestor (PS3.7 D.3.3.3).",
    IDENTITY: "User identity (PS3.7 D.3.3.7); its secrets are never shown.",
    ROLES: "SCP/SCU role selection (PS3.7 D.3.3.4).",
    EXTENDED: "SOP class extended negotiation (PS3.7 D.3.3.5).",
    COMMON: "SOP class common extended negotiation (PS3.7 D.3.3.6); there is no answer to it.",
}

_NO_ANSWER_WANTED = "no answer requested"
"""Then the acceptor says nothing (PS3.7 D.3.3.7.2)."""

Side = dict[str, str]
"""Values by label; labels of items for one SOP class end in its name."""


@dataclass(frozen=True, slots=True)
class InformationRow:
    """One line. `mark`: "" equal, "different" or "missing"."""

    label: str
    proposed: str
    answered: str
    mark: str = ""
    more: tuple[str, ...] = ()
    """Facts that have no room in the columns."""

    @property
    def meaning(self) -> str:
        """What it is, with its clause."""
        return _MEANINGS[TLS] if self.label == TLS else _MEANINGS.get(_kind(self.label), "")


def information_rows(record: TraceAssociation) -> tuple[InformationRow, ...]:
    """All lines, in the order of the labels above."""
    proposed = _from_pdu(record.request.data) if record.request else _from_proposal(record.proposal)
    answered = _from_pdu(record.answer.data) if record.answer else {}
    if record.requestor and record.negotiated is not None:
        answered = {**_from_negotiated(record.negotiated), **answered}
    if proposed.get(CONTEXT, _DICOM) == answered.get(CONTEXT, _DICOM) == _DICOM:
        # There is one application context name; it is worth a line only when it is another.
        proposed.pop(CONTEXT, None)
        answered.pop(CONTEXT, None)
    labels = dict.fromkeys((*proposed, *answered))
    ordered = sorted(labels, key=lambda label: _ORDER.index(_kind(label)))
    waiting = record.answer is None and record.negotiated is None
    rows = (_row(label, proposed.get(label, ""), answered.get(label, ""), waiting) for label in ordered)
    return (*_tls_rows(record), *rows)


def _tls_rows(record: TraceAssociation) -> tuple[InformationRow, ...]:
    """What is below the upper layer; nothing for plain TCP."""
    asked = record.proposal.tls if record.proposal is not None else None
    if record.tls is None and asked is None:
        return ()
    proposed = asked.profile.title if asked is not None else ABSENT
    if record.tls is None:
        return (InformationRow(TLS, proposed, ABSENT),)
    mark = "unverified" if record.tls.verified is False or not record.tls.version else ""
    return (InformationRow(TLS, proposed, tls_answer(record.tls), mark, tls_lines(record.tls)),)


_DICOM = APPLICATION_CONTEXT
_ORDER = (CALLING, CALLED, CONTEXT, LENGTH, CLASS, VERSION, WINDOW, IDENTITY, ROLES, EXTENDED, COMMON)


def _kind(label: str) -> str:
    return next((kind for kind in reversed(_ORDER) if label.startswith(kind)), CALLING)


def _row(label: str, proposed: str, answered: str, waiting: bool) -> InformationRow:
    kind = _kind(label)
    if waiting or (kind in _ASKED_ONLY and not answered):
        return InformationRow(label, proposed or ABSENT, answered or ABSENT)
    if kind == IDENTITY and _NO_ANSWER_WANTED in proposed and not answered:
        return InformationRow(label, proposed, "not asked for")
    if proposed and not answered:
        text = _MISSED.get(kind, "not answered")
        return InformationRow(label, proposed, text, "missing" if kind in _MISSED else "")
    different = proposed != answered and kind not in _NOT_COMPARED
    return InformationRow(label, proposed or ABSENT, answered, "different" if different else "")


# -- where the values come from ----------------------------------------------------------------------------------


def _from_proposal(p: Proposal | None) -> Side:
    if p is None:
        return {}
    side = {
        CALLING: p.local.ae_title,
        CALLED: p.peer.ae_title,
        CONTEXT: p.application_context,
        LENGTH: _length(p.local.maximum_length),
        CLASS: p.local.implementation_class_uid,
        VERSION: p.local.implementation_version_name,
    }
    if p.async_window is not None:
        side[WINDOW] = _window(p.async_window.invoked, p.async_window.performed)
    if p.user_identity is not None:
        wants = "answer requested" if p.user_identity.positive_response_requested else _NO_ANSWER_WANTED
        side[IDENTITY] = f"{p.user_identity.type} {explain_code('user_identity_type', p.user_identity.type)}, {wants}"
    for item in p.extended:
        side[f"{EXTENDED}: {short_name(item.sop_class_uid)}"] = extended_summary(item.sop_class_uid, item.information)
    for common in p.common_extended:
        side[f"{COMMON}: {short_name(common.sop_class_uid)}"] = short_name(common.service_class_uid)
    return {label: value for label, value in side.items() if value}


def _from_negotiated(n: Negotiated) -> Side:
    """What we know of the answer where its PDU was not seen."""
    side = {LENGTH: _length(n.send_maximum), CLASS: n.peer_implementation_class_uid}
    return {k: v for k, v in {**side, VERSION: n.peer_implementation_version_name}.items() if v}


def _from_pdu(data: bytes) -> Side:
    """Values of an A-ASSOCIATE-RQ or -AC."""
    side: Side = {}
    root = explain_pdu(data)
    for node in root.children:
        if node.label in _TITLES:
            side[_TITLES[node.label]] = node.value
    for node in _walk(root):
        read = _ITEMS.get(node.label)
        if read is not None:
            side |= read(_fields(node))
        elif node.label == SopClassExtendedNegotiation.NAME:
            side |= _extended_item(node, data)
    return side


_TITLES = {
    "Calling-AE-title": CALLING,
    "Called-AE-title": CALLED,
}


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _fields(node: Node) -> dict[str, str]:
    return {child.label: child.value for child in node.children}


def _first(text: str) -> str:
    """The UID or number in front of its name."""
    return text.split(" ", maxsplit=1)[0]


def _number(fields: dict[str, str], name: str) -> int:
    return whole_number(_first(fields.get(name, ""))) or 0


def _role_item(f: dict[str, str]) -> Side:
    bits = (_number(f, "SCU-role") == 1, _number(f, "SCP-role") == 1)
    return {f"{ROLES}: {short_name(_first(f.get('SOP-class-uid', '')))}": bits_word(bits)}


def _extended_item(node: Node, data: bytes) -> Side:
    uid = _first(_fields(node).get("SOP-class-uid", ""))
    information = next((c for c in node.children if c.label == "Service-class-application-information"), None)
    said = data[information.start : information.end] if information else b""
    return {f"{EXTENDED}: {short_name(uid)}": extended_summary(uid, said)}


def _common_item(f: dict[str, str]) -> Side:
    label = f"{COMMON}: {short_name(_first(f.get('SOP-class-uid', '')))}"
    return {label: short_name(_first(f.get("Service-class-uid", "")))}


def _identity_item(f: dict[str, str]) -> Side:
    wants = "answer requested" if _number(f, "Positive-response-requested") else _NO_ANSWER_WANTED
    return {IDENTITY: f"{f.get('User-Identity-Type', '')}, {wants}"}


_ITEMS: dict[str, Callable[[dict[str, str]], Side]] = {
    ApplicationContext.NAME: lambda f: {CONTEXT: _first(f.get("Application-context-name", ""))},
    MaximumLength.NAME: lambda f: {LENGTH: _length(_number(f, "Maximum-length-received"))},
    ImplementationClassUID.NAME: lambda f: {CLASS: _first(f.get("Implementation-class-uid", ""))},
    ImplementationVersionName.NAME: lambda f: {VERSION: f.get("Implementation-version-name", "")},
    AsyncOperationsWindow.NAME: lambda f: {
        WINDOW: _window(
            _number(f, "Maximum-number-operations-invoked"), _number(f, "Maximum-number-operations-performed")
        )
    },
    RoleSelection.NAME: _role_item,
    SopClassCommonExtendedNegotiation.NAME: _common_item,
    UserIdentityRQ.NAME: lambda f: _identity_item(f) if "User-Identity-Type" in f else {IDENTITY: "accepted"},
    UserIdentityAC.NAME: lambda f: _identity_item(f) if "User-Identity-Type" in f else {IDENTITY: "accepted"},
}


def _length(length: int) -> str:
    return f"{length:,}" if length else "0, unlimited"


def _window(invoked: int, performed: int) -> str:
    return f"{invoked or 'unlimited'} / {performed or 'unlimited'}"


# -- how they are shown -------------------------------------------------------------------------------------------

_SIGNS = {"different": DIFFERENT_SIGN, "missing": MISSING_SIGN, "unverified": MISSING_SIGN}
_COLORS = {"different": "changed", "missing": "warning", "unverified": "warning"}
_MARK_TIPS = {
    "different": "not what was proposed",
    "missing": "left out of the answer",
}


def _answered(row: InformationRow) -> str:
    sign = _SIGNS.get(row.mark)
    return f"{sign} {row.answered}" if sign else row.answered


def details(row: InformationRow) -> tuple[tuple[str, str], ...]:
    """(label, text) lines that say everything about one row."""
    remark = _MARK_TIPS.get(row.mark, "")
    answered = f"{row.answered} ({remark})" if remark else row.answered
    lines = (("Proposed", _full(row.proposed)), ("Answered", _full(answered)))
    facts = (("Handshake", "\n".join(row.more)),) if row.more else ()
    return (("What", row.meaning or row.label), *(facts or lines))


COLUMNS: tuple[Column[InformationRow], ...] = (
    Column("Item", lambda r: r.label, lambda r: r.meaning, sample="Operations window", middle=True),
    Column("Proposed", lambda r: r.proposed, lambda r: _full(r.proposed), middle=True, sample="DIMSECONSOLE", weight=1),
    Column(
        "Answered",
        _answered,
        lambda r: "\n".join(t for t in (_full(r.answered), _MARK_TIPS.get(r.mark, "")) if t),
        lambda r: _COLORS.get(r.mark, ""),
        middle=True,
        copy=lambda r: r.answered,
        sample="DIMSECONSOLE",
        weight=1,
    ),
)


def _full(value: str) -> str:
    return uid_words(value) if value[:1].isdigit() and "." in value else value
