"""What the Standard asks of two sides that talk, requirement by requirement: the rules that judge it, or why none does.

The list is independent of the table of rules: it was drawn up from PS3.7, PS3.8, PS3.4, PS3.5 and PS3.15 before it.
"""

from __future__ import annotations

import pytest

from engine.conformance.rules import RULES

_ACTIVE = "only a test that provokes it can show it; nothing in what passed says it should have been otherwise"
_OTHER = "seen over two associations, of which each is judged by itself; the operation's result names the originator"

REQUIREMENTS: dict[str, tuple[str, ...] | str] = {
    # PS3.8: PDUs and states
    "PDU-type is known (9.3.1)": ("pdu.unreadable",),
    "PDU-length is that of the content (9.3.2 to 9.3.8)": ("association.length", "pdu.unreadable"),
    "PDU-length of RJ, RELEASE and ABORT is 4 (9.3.4 to 9.3.8)": ("association.length", "pdu.unreadable"),
    "Reserved bytes are zero (9.3)": ("association.reserved", "pdata.reserved"),
    "A-ASSOCIATE-RQ is first (9.2.3)": ("pdu.first",),
    "No second A-ASSOCIATE-RQ, -AC or -RJ (9.2.3)": ("pdu.second-request", "pdu.answer-unasked"),
    "P-DATA-TF needs an association (9.2.3)": ("pdu.unestablished", "pdu.after-end"),
    "No P-DATA-TF after one's own A-RELEASE-RQ (7.2.2)": ("pdu.data-after-release",),
    "Nothing after A-RELEASE-RP (7.2.2)": ("pdu.after-end",),
    "Order of a release collision (7.2.2.7)": ("pdu.release-collision",),
    "The requestor releases (PS3.7 A.5)": ("pdu.release-by-acceptor",),
    "No release with requests outstanding (PS3.7 A.5)": ("pdu.release-outstanding",),
    "The connection is closed after A-ABORT (9.2.2)": ("pdu.not-closed",),
    "No close without release, reject, abort (9.1.4)": ("pdu.closed", "pdu.closed-within"),
    "An acceptor closes an idle connection (9.1.2)": _ACTIVE,
    "Who ends an association closes in the end (9.2.3)": ("pdu.not-closed",),
    "What is unexpected is answered by A-ABORT (9.2.3)": ("pdu.abort-missing", "pdu.abort-source-provider"),
    "Requests for association and release are answered (7.1, 7.2)": (
        "pdu.request-unanswered", "pdu.release-unanswered", "pdu.release-unasked", "pdu.second-release"
    ),
    "Each side plays its part (7.1)": ("pdu.wrong-side", "pdu.unexpected"),
    "Source of A-ABORT (9.3.8)": ("association.abort-source",),
    "Reason of a user's A-ABORT (9.3.8)": ("association.abort-user-reason",),
    "Reason of a provider's A-ABORT (9.3.8)": ("association.abort-reason",),
    "Parity of PDU-length (9.3)": "no rule of the Standard; odd fragments have one",
    # PS3.8, PS3.7 D: A-ASSOCIATE-RQ
    "Bit 0 of the protocol version (9.3.2)": ("association.protocol-version",),
    "Other bits of the protocol version (9.3.2)": ("association.protocol-version-bits",),
    "AE titles are not blank (9.3.2)": ("association.ae-title-blank",),
    "Characters of AE titles (PS3.5 6.2)": ("association.ae-title",),
    "One application context (9.3.2)": ("association.application-context",),
    "The application context's name (PS3.7 A.2.1)": ("association.application-context-name",),
    "At least one presentation context (9.3.2)": ("association.no-context",),
    "Presentation-context-IDs are odd (9.3.2.2)": ("association.context-id",),
    "Presentation-context-IDs are unique (7.1.1.13)": ("association.context-id-repeated",),
    "One abstract syntax in a context (9.3.2.2)": ("association.abstract-syntax",),
    "Transfer syntaxes in a context (9.3.2.2)": ("association.transfer-syntax",),
    "The abstract syntax is first in its context (9.3.1)": ("association.item-order",),
    "Items ascend (9.3.1)": ("association.item-order",),
    "Implicit VR Little Endian is offered (PS3.5 10.1)": ("association.default-transfer-syntax",),
    "Lossless JPEG and its default (PS3.5 10.2)": ("association.jpeg-lossless-default",),
    "Lossy JPEG and its default (PS3.5 10.3)": ("association.jpeg-lossy-default",),
    "RLE with the default transfer syntax (PS3.5 10.4)": ("association.default-transfer-syntax",),
    "Near-lossless JPEG-LS with lossless (PS3.5 10.5)": ("association.jpeg-ls-lossless",),
    "Nothing retired is proposed (PS3.6 A)": ("association.retired-uid",),
    "DICOM's UIDs are registered (PS3.6 A)": ("association.unknown-uid",),
    "One User Information item (9.3.2)": ("association.user-information",),
    "One Maximum Length (D.1)": ("association.maximum-length", "association.maximum-length-small"),
    "One Implementation Class UID (PS3.7 D.3.3.2)": ("association.implementation-class",),
    "Implementation Version Name (PS3.7 D.3.3.2.3)": ("association.version-name", "association.once"),
    "One asynchronous operations window (PS3.7 D.3.3.3.1)": ("association.once", "association.malformed-item"),
    "One role selection for a SOP class (PS3.7 D.3.3.4.1)": ("association.role-repeated",),
    "Roles are of proposed abstract syntaxes (PS3.7 D.3.3.4.1)": ("association.role-not-proposed",),
    "Values of roles (PS3.7 D.3.3.4)": ("association.role-value",),
    "One extended negotiation for a SOP class (PS3.7 D.3.3.5)": ("association.extended-repeated",),
    "Content of extended negotiation (PS3.4)": ("association.extended-content",),
    "Extended negotiation where none is defined (PS3.4)": ("association.extended-unused",),
    "Common extended negotiation (PS3.7 D.3.3.6)": (
        "association.common-extended-answer", "association.common-extended-repeated",
        "association.common-extended-version",
    ),
    "Related General SOP Classes (PS3.4 Table B.3-3)": ("association.related-general",),
    "Inner lengths of sub-items (PS3.7 D.3.3.4 to D.3.3.7)": ("association.malformed-item", "association.length"),
    "User identity: type, flag, once (PS3.7 D.3.3.7.1)": ("association.user-identity", "association.once"),
    "A passcode with type 2 only (PS3.7 D.3.3.7.1)": ("association.passcode",),
    "UIDs of items (F; PS3.5 9.1)": ("association.uid",),
    "Unknown items are ignored (9.3.1, D.2)": ("association.unknown-item",),
    # A-ASSOCIATE-AC and -RJ
    "AE titles of the answer (9.3.3)": ("association.ae-title-copy",),
    "One result for each context (7.1.1.14)": ("association.context-unanswered", "association.context-unproposed"),
    "Values of results (9.3.3.2)": ("association.context-result",),
    "One transfer syntax in an answer (9.3.3.2)": ("association.answer-transfer-syntax",),
    "The transfer syntax was proposed (7.1.1.14)": ("association.unproposed-syntax",),
    "The default transfer syntax is not refused (PS3.5 10.1)": ("association.default-syntax-refused",),
    "Something is accepted": ("association.nothing-accepted",),
    "Answer to the window (PS3.7 D.3.3.3)": ("association.window",),
    "Answer to roles (PS3.7 D.3.3.4)": ("association.role-answer",),
    "Answer to extended negotiation (PS3.7 D.3.3.5)": ("association.extended-answer",),
    "Options answered (PS3.4 C.5.1.1, C.5.2.1)": ("association.extended-answer-content",),
    "Answer to a user identity (PS3.7 D.3.3.7)": (
        "association.user-identity-answer", "association.user-identity-response",
    ),
    "A requested answer to a user identity (PS3.7 D.3.3.7)": ("association.user-identity-silent",),
    "Result, source, reason of a rejection (9.3.4)": ("association.reject-code",),
    "Unknown called AE titles are rejected (C.2)": _ACTIVE,
    "Codes of a refused identity (PS3.7 D.3.3.7.3)": "an A-ASSOCIATE-RJ does not say that the identity was the reason",
    # P-DATA-TF
    "At least one PDV, lengths that add up (9.3.5)": ("pdata.no-pdv", "pdu.unreadable"),
    "The receiver's maximum length (D.1)": ("pdata.maximum-length",),
    "Accepted presentation contexts (7.6.1)": ("pdata.context",),
    "Fragments are even (E.1)": ("pdata.odd-fragment",),
    "Fragments are not empty (E.1)": ("pdata.empty-fragment",),
    "One message in a PDU (E.1)": ("pdata.one-message",),
    "Messages are not interleaved (E.1)": ("pdata.interleaved",),
    "Command before data (E.1)": ("pdata.data-first",),
    "The command set's last fragment is marked (E.2)": ("pdata.command-unended",),
    "A data set exactly when announced (PS3.7 6.3)": ("command.data-set-present", "pdata.data-first"),
    "Bits 2 to 7 of the message control header (E.2)": ("pdata.control-bits",),
    "No two PDVs of one kind (E.1)": ("pdata.split",),
    "Messages end whole (PS3.7 9.3, 10.3)": ("data.unreadable", "pdata.unfinished"),
    # PS3.7 6.3, 9.3, 10.3, E: command sets
    "Command Group Length (E.1)": ("command.group-length", "command.group-length-first"),
    "Ascending, each once (6.3.1)": ("command.ascending", "command.repeated"),
    "Group 0000 only (6.3.1)": ("command.group", "command.trailing-bytes"),
    "Implicit VR Little Endian (6.3.1)": ("command.encoding",),
    "Element lengths (6.3.1)": ("command.length", "command.odd-length"),
    "Value lengths (E.1; PS3.5 6.2)": ("command.value-length", "command.value", "command.values"),
    "Padding (PS3.5 6.2, 9.1)": ("command.padding",),
    "UIDs of the command set (PS3.5 9.1)": ("command.uid", "command.ae-title"),
    "Command Field (E.1)": ("command.command-field", "command.unknown-command-field"),
    "Mandatory fields (9.3, 10.3)": ("command.missing-mandatory", "command.empty-mandatory"),
    "Fields of other messages (9.3, 10.3)": ("command.undefined-field", "command.unknown-element"),
    "Retired elements (E.2)": ("command.retired-element",),
    "Priority (E.1)": ("command.allowed-value",),
    "Command Data Set Type (9.3, 10.3)": ("command.data-set-announced",),
    "Error Comment (C; PS3.5 6.2)": ("command.characters", "command.value-length"),
    "Message ID in a response (9.1)": ("command.message-id-in-response",),
    # Sequence
    "Message IDs of outstanding requests (9.1, 10.1)": ("exchange.message-id-reused",),
    "Message IDs of an association (9.1.1.1.1)": ("exchange.message-id-again",),
    "Responses answer requests (9.1, 10.1)": ("exchange.unsolicited",),
    "Responses are of their requests' service (9.3, 10.3)": ("command.response-to-request",),
    "Responses are on their requests' context (7.5.3)": ("exchange.response-context",),
    "SOP class and context of DIMSE-C (PS3.4)": ("command.sop-class-of-context",),
    "SOP class and context of DIMSE-N (10.1)": ("command.sop-class-of-context",),
    "Responses repeat UIDs (9.1, 10.1)": ("command.equal-to-request",),
    "An assigned SOP Instance UID is told (10.1.5.1.4)": ("command.missing-conditional",),
    "A failed N-CREATE assigns none (10.1.5.1.4)": ("command.failed-create",),
    "Type IDs in responses (10.1.1.1.5, 10.1.4.1.5)": ("command.missing-conditional", "command.equal-to-request"),
    "Event and Action Type IDs (PS3.4)": ("command.event-type", "command.action-type"),
    "One response (7.5)": ("command.single-response", "exchange.after-final"),
    "One final response (9.3)": ("exchange.after-final", "pdu.release-outstanding"),
    "The window is kept (D.3.3.3)": ("exchange.window",),
    "No success before the request is whole (9.1, 10.1)": ("exchange.early-success",),
    "What a C-CANCEL-RQ is for (9.3.2.3)": ("exchange.cancel-unknown", "exchange.cancel-late"),
    "What follows a C-CANCEL-RQ (9.1.2.2)": ("exchange.cancel-status", "exchange.cancel-unasked"),
    "Roles allow requests (D.3.3.4)": ("exchange.role",),
    "Services of SOP classes (PS3.4)": ("command.service-of-sop-class",),
    # Statuses and services
    "Ranges of statuses (C)": ("command.status-undefined",),
    "Statuses of a service (9.1, 10.1)": ("command.status-unlisted",),
    "Identifiers of C-FIND-RSP (9.1.2.1.5)": ("command.data-set-with-status",),
    "Matches add nothing (PS3.4 C.4.1.1.3.2)": ("query.extra-attribute", "query.level-changed"),
    "Matches name a source (PS3.4 C.4.1.1.3.2)": ("query.retrieve-source",),
    "Query/Retrieve Level (PS3.4 C.6, JJ.3.2)": ("data.query-level", "data.inventory-level"),
    "Keys of a hierarchical query (PS3.4 C.4.1.2.1)": ("query.higher-key", "query.higher-attribute"),
    "Keys of a retrieval (PS3.4 C.4.2.2.1)": ("query.retrieve-key", "query.level-key"),
    "Query/Retrieve View (PS3.4 C.4.1.1.3.1)": ("query.view",),
    "Counts in pending responses (PS3.4 C.4.2.1.6)": ("command.missing-conditional",),
    "Remaining sub-operations in final responses (PS3.4 C.4.2.1.6)": ("command.forbidden-field",),
    "Counts over responses (PS3.4 C.4.2.1)": (
        "retrieve.remaining-increases", "retrieve.counts-decrease", "retrieve.total-changes", "retrieve.final-total",
        "retrieve.get-counts", "retrieve.final-early",
    ),
    "Counts and final status (PS3.4 C.4.2.3.1)": ("command.sub-operation-counts",),
    "Failed SOP Instance UID List (PS3.4 C.4.2.1.4.2)": (
        "retrieve.failed-list", "retrieve.failed-list-unfounded", "retrieve.failed-list-count",
        "retrieve.failed-list-only",
    ),
    "Unknown Move Destination (PS3.4 C.4.2.1.5)": _ACTIVE,
    "Role for the C-STORE of a C-GET (PS3.4 C.5.3)": ("exchange.role",),
    "Move Originator of a C-MOVE (9.1.1.1.6)": _OTHER,
    "Move Originator elsewhere (9.1.1.1.6)": ("retrieve.get-originator", "retrieve.originator-pair"),
    "Priority of sub-operations (9.1.3.1.4)": ("retrieve.priority",),
    "The instance is the command's (9.1.1.1)": ("data.sop-class", "data.sop-instance"),
    "Coercion is reported (PS3.4 B.4.1.3)": "the instance as it was stored is not seen on the association",
    "Status of C-ECHO (9.3.5.2)": ("command.echo-status",),
    "Well-known instances (PS3.4)": ("command.well-known-instance",),
    "Reports of storage commitment (PS3.4 J.3.3.1.2)": (
        "workflow.commitment-event", "workflow.commitment-transaction", "workflow.commitment-instances",
    ),
    "Transactions are not used again (PS3.4 J.3.2.1.2)": ("workflow.commitment-reused",),
    "States of a performed procedure step (PS3.4 F.7.2)": (
        "workflow.mpps-created", "workflow.mpps-created-accepted", "workflow.mpps-final",
        "workflow.mpps-final-accepted",
    ),
    "States of a unified procedure step (PS3.4 CC.2)": (
        "workflow.ups-created", "workflow.ups-set-state", "workflow.ups-transaction",
    ),
    "UPS messages carry the Push class (PS3.4 CC.3.1.1)": ("command.sop-class-of-context",),
    "Print hierarchy (PS3.4 H.4.1, H.4.2)": (
        "workflow.print-order", "workflow.print-session", "workflow.print-film-box",
    ),
    "Answer to a print action (PS3.4 H.4.1.2.4)": ("workflow.print-job",),
    "Media creation without warnings (PS3.4 S.3.2.1.3)": ("workflow.media-creation",),
    "Attribute lists of N-GET (PS3.4 F.8.2.1.2, CC.2.7.2)": ("workflow.ups-get-transaction",),
    "Data sets are in their transfer syntax (7.6.1)": ("data.unreadable",),
    "Groups of data sets (PS3.5 7.1)": ("data.group",),
    "What of data sets is not judged": ("data.unjudged",),
    # PS3.15 B: TLS
    "TLS 1.2 or newer (B.12)": ("tls.version",),
    "No NULL encryption (B.12)": ("tls.suite-forbidden", "tls.suite"),
    "TLS 1.3 is preferred (B.12)": (
        "our library prefers it in both roles; a server that has it and falls back is refused by the handshake itself "
        "(RFC 8446 4.1.3)"
    ),
    "Suites of the modified profile (B.13)": ("tls.modified-suite",),
    "Keys and hashes (B.13)": ("tls.key-size", "tls.signature-hash"),
    "Certificates and who shows them (B.12)": (
        "tls.certificate-validity", "tls.self-signed", "tls.verified", "tls.host-name", "tls.mutual",
        "tls.client-certificate",
    ),
}  # fmt: skip


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_each_requirement_has_rules_or_a_reason(requirement: str) -> None:
    judged = REQUIREMENTS[requirement]
    if isinstance(judged, str):
        assert len(judged) > 30
    else:
        assert judged
        assert [rule for rule in judged if rule not in RULES] == []


def test_every_rule_is_required_by_something() -> None:
    """A rule nobody asked for would be an opinion."""
    named = {rule for judged in REQUIREMENTS.values() if not isinstance(judged, str) for rule in judged}
    assert set(RULES) - named == set()
