"""A-ASSOCIATE-RQ, -AC, -RJ and A-ABORT (PS3.8 7.1, 9.3, PS3.7 Annex D, PS3.5 10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from engine.model.association import APPLICATION_CONTEXT
from engine.model.notices import Evidence
from engine.standard.codes import REJECT_REASONS, explain_code, reject_reason
from engine.standard.pdus import (
    AbortPdu,
    AbstractSyntax,
    ApplicationContext,
    AssociateAC,
    AssociateRJ,
    AssociateRQ,
    Pdu,
    PresentationContextRQ,
    TransferSyntax,
)
from engine.standard.transfer_syntaxes import IMPLICIT_VR_LE, transfer_syntax

from .answers import ANSWER_CHECKS
from .findings import Finding, found
from .items import about, header_findings, item_findings, items_of, named, order_findings, twice
from .names import check_ae_title
from .user_information import REQUEST_ONLY, SHARED

_DICOM_ROOT = "1.2.840.10008."
_JPEG = "1.2.840.10008.1.2.4."
_LOSSLESS_JPEG, _LOSSLESS_DEFAULT = (f"{_JPEG}57",), f"{_JPEG}70"
_LOSSY_JPEG = (f"{_JPEG}50", f"{_JPEG}51")
_OTHER_LOSSY_JPEG = tuple(f"{_JPEG}{n}" for n in (52, 53, 54, 55, 56, 59, 60, 61, 62, 63, 64))
_BY_USER, _BY_PROVIDER = 0, 2
_NEAR_LOSSLESS, _JPEG_LS = f"{_JPEG}81", f"{_JPEG}80"


def check_request(rq: AssociateRQ) -> list[Finding]:
    """What of an A-ASSOCIATE-RQ departs from the Standard; never raises."""
    findings = [*item_findings(rq, rq.items, proposed=True), *order_findings(rq.items)]
    for check in _REQUEST_CHECKS:
        findings += check(rq)
    for item_check in (*SHARED, *REQUEST_ONLY):
        findings += item_check(rq.items)
    return findings


def check_accept(rq: AssociateRQ, ac: AssociateAC) -> list[Finding]:
    """What of an A-ASSOCIATE-AC departs from the Standard or from its request; never raises."""
    findings = [*item_findings(ac, ac.items, proposed=False), *order_findings(ac.items), *_version(ac)]
    for item_check in SHARED:
        findings += item_check(ac.items)
    for check in ANSWER_CHECKS:
        findings += check(rq, ac)
    return findings


def check_reject(rj: AssociateRJ) -> list[Finding]:
    """What of an A-ASSOCIATE-RJ departs from the Standard; never raises."""
    findings = [*header_findings(rj)]
    if rj.result not in (1, 2):
        sentence = f"The result of the rejection is {rj.result}; it is 1 or 2."
        findings.append(found("association.reject-code", sentence, evidence=_at("Result", 7, 8)))
    reasons = REJECT_REASONS.get(rj.source)
    if reasons is None:
        sentence = f"The source of the rejection is {rj.source}; it is 1, 2 or 3."
        findings.append(found("association.reject-code", sentence, evidence=_at("Source", 8, 9)))
    elif reasons.get(rj.reason, "reserved") == "reserved":
        sentence = f"The reason of the rejection is {reject_reason(rj.source, rj.reason)} for source {rj.source}."
        findings.append(found("association.reject-code", sentence, evidence=_at("Reason/Diag.", 9, 10)))
    return findings


def check_abort(abort: AbortPdu) -> list[Finding]:
    """What of an A-ABORT departs from the Standard; never raises."""
    findings = [*header_findings(abort)]
    words = explain_code("abort_reason", abort.reason)
    if abort.source not in (_BY_USER, _BY_PROVIDER):
        sentence = f"The source of the abort is {abort.source}; it is 0 or 2."
        findings.append(found("association.abort-source", sentence, evidence=_at("Source", 8, 9)))
    elif abort.source == _BY_USER and abort.reason:
        sentence = f"A user's abort has reason {abort.reason}; it means nothing and should be 0."
        findings.append(found("association.abort-user-reason", sentence, evidence=_at("Reason/Diag.", 9, 10)))
    elif abort.source == _BY_PROVIDER and words.startswith(("reserved", "unknown")):
        sentence = f"The reason of the abort is {words}."
        findings.append(found("association.abort-reason", sentence, evidence=_at("Reason/Diag.", 9, 10)))
    return findings


def check_short(pdu: Pdu) -> list[Finding]:
    """What of an A-RELEASE-RQ or -RP departs from the Standard; never raises."""
    return [*header_findings(pdu)]


# A-ASSOCIATE-RQ


def _at(field: str, start: int, end: int) -> Evidence:
    return Evidence(text=field, start=start, end=end)


_VERSION = _at("Protocol-version", 6, 8)


def _version(pdu: AssociateRQ | AssociateAC) -> Iterator[Finding]:
    if not pdu.protocol_version & 1:
        sentence = f"The protocol version is {pdu.protocol_version:04X}H; bit 0 must be set."
        yield found("association.protocol-version", sentence, evidence=_VERSION)
    elif pdu.protocol_version != 1:
        sentence = f"The protocol version is {pdu.protocol_version:04X}H; only bit 0 has a meaning."
        yield found("association.protocol-version-bits", sentence, evidence=_VERSION)


def _ae_titles(rq: AssociateRQ) -> Iterator[Finding]:
    for name, title, start in (("Called", rq.called_ae_title, 10), ("Calling", rq.calling_ae_title, 26)):
        evidence = _at(f"{name}-AE-title", start, start + 16)
        if not title.strip(" "):
            yield found("association.ae-title-blank", f"The {name} AE Title is blank.", evidence=evidence)
        elif (wrong := check_ae_title(title)) is not None:
            yield found("association.ae-title", f"{name} AE Title: {wrong}", evidence=evidence)


def _application_context(rq: AssociateRQ) -> Iterator[Finding]:
    contexts = items_of(rq.items, ApplicationContext)
    if len(contexts) != 1:
        sentence = f"There are {len(contexts)} application contexts; there must be one."
        yield found("association.application-context", sentence)
    for item in contexts:
        if item.name != APPLICATION_CONTEXT:
            severity = "" if item.name.startswith(_DICOM_ROOT) else "warning"
            sentence = f"The application context is {named(item.name)}, not DICOM's ({APPLICATION_CONTEXT})."
            yield about("association.application-context-name", item, sentence, severity=severity)


def _contexts(rq: AssociateRQ) -> Iterator[Finding]:
    contexts = items_of(rq.items, PresentationContextRQ)
    if not contexts:
        yield found("association.no-context", "No presentation context is proposed.")
    for context in twice(contexts, lambda c: c.id):
        sentence = f"Presentation context ID {context.id} is used more than once."
        yield about("association.context-id-repeated", context, sentence)
    for context in contexts:
        if context.id % 2 == 0:
            yield about("association.context-id", context, f"Presentation context ID {context.id} is even.")
        abstract = len(items_of(context.items, AbstractSyntax))
        if abstract != 1:
            sentence = f"Presentation context {context.id} has {abstract} abstract syntaxes; it must have one."
            yield about("association.abstract-syntax", context, sentence)
        if not items_of(context.items, TransferSyntax):
            sentence = f"Presentation context {context.id} proposes no transfer syntax."
            yield about("association.transfer-syntax", context, sentence)
        yield from order_findings(context.items)


def _syntaxes_by_class(rq: AssociateRQ) -> dict[str, set[str]]:
    """Transfer syntaxes offered for each abstract syntax, over all its contexts."""
    offered: dict[str, set[str]] = {}
    for context in items_of(rq.items, PresentationContextRQ):
        syntaxes = {t.name for t in items_of(context.items, TransferSyntax)}
        for abstract in items_of(context.items, AbstractSyntax):
            offered.setdefault(abstract.name, set()).update(syntaxes)
    return offered


def _default_syntax(rq: AssociateRQ) -> Iterator[Finding]:
    for abstract, syntaxes in _syntaxes_by_class(rq).items():
        if not syntaxes or IMPLICIT_VR_LE in syntaxes:
            continue
        # Data that exists only compressed with loss, or too long for it, is excused (PS3.5 10.1); we cannot know.
        rows = [transfer_syntax(s) for s in syntaxes]
        compressed = all(row is not None and (row.encapsulated or row.pixel_data == "reference") for row in rows)
        sentence = f"Implicit VR Little Endian is not offered for {named(abstract)}."
        if compressed:
            sentence += " That is allowed only when the data exists in no other way."
        yield found("association.default-transfer-syntax", sentence, severity="warning" if compressed else "")


def _jpeg(rq: AssociateRQ) -> Iterator[Finding]:
    for abstract, syntaxes in _syntaxes_by_class(rq).items():
        name = named(abstract)
        if syntaxes.intersection(_LOSSLESS_JPEG) and _LOSSLESS_DEFAULT not in syntaxes:
            sentence = f"For {name}, lossless JPEG is offered without its default, {named(_LOSSLESS_DEFAULT)}."
            yield found("association.jpeg-lossless-default", sentence)
        if syntaxes.intersection(_OTHER_LOSSY_JPEG) and not syntaxes.intersection(_LOSSY_JPEG):
            sentence = f"For {name}, lossy JPEG is offered without a default, {named(_LOSSY_JPEG[0])}."
            yield found("association.jpeg-lossy-default", sentence)
        if _NEAR_LOSSLESS in syntaxes and _JPEG_LS not in syntaxes:
            sentence = f"For {name}, near-lossless JPEG-LS is offered without lossless JPEG-LS."
            yield found("association.jpeg-ls-lossless", sentence)


_REQUEST_CHECKS: tuple[Callable[[AssociateRQ], Iterable[Finding]], ...] = (
    _version,
    _ae_titles,
    _application_context,
    _contexts,
    _default_syntax,
    _jpeg,
)
