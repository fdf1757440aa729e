"""The small code tables of PS3.8 9.3, E.2 and PS3.7 D.3.3.7, and the sentences made of them."""

from __future__ import annotations

CODES: dict[str, dict[int, str]] = {
    # PS3.8 9.3.3.2
    "context_result": {
        0: "acceptance",
        1: "user-rejection",
        2: "no-reason (provider rejection)",
        3: "abstract-syntax-not-supported (provider rejection)",
        4: "transfer-syntaxes-not-supported (provider rejection)",
    },
    # PS3.8 9.3.4
    "reject_result": {1: "rejected-permanent", 2: "rejected-transient"},
    "reject_source": {
        1: "DICOM UL service-user",
        2: "DICOM UL service-provider (ACSE related function)",
        3: "DICOM UL service-provider (Presentation related function)",
    },
    # PS3.8 9.3.8
    "abort_source": {0: "DICOM UL service-user", 1: "reserved", 2: "DICOM UL service-provider"},
    "abort_reason": {
        0: "reason-not-specified",
        1: "unrecognized-PDU",
        2: "unexpected-PDU",
        3: "reserved",
        4: "unrecognized-PDU parameter",
        5: "unexpected-PDU parameter",
        6: "invalid-PDU-parameter value",
    },
    # PS3.7 D.3.3.7.1
    "user_identity_type": {
        1: "username",
        2: "username and passcode",
        3: "Kerberos Service ticket",
        4: "SAML Assertion",
        5: "JSON Web Token",
    },
    # PS3.8 E.2; the other six bits are not tested
    "message_control_header": {
        0: "Data Set, not the last fragment",
        1: "Command, not the last fragment",
        2: "Data Set, last fragment",
        3: "Command, last fragment",
    },
}
"""Names by table and value."""

REJECT_REASONS: dict[int, dict[int, str]] = {
    1: {
        1: "no-reason-given",
        2: "application-context-name-not-supported",
        3: "calling-AE-title-not-recognized",
        7: "called-AE-title-not-recognized",
        **dict.fromkeys((4, 5, 6, 8, 9, 10), "reserved"),
    },
    2: {1: "no-reason-given", 2: "protocol-version-not-supported"},
    3: {1: "temporary-congestion", 2: "local-limit-exceeded", **dict.fromkeys((0, 3, 4, 5, 6, 7), "reserved")},
}
"""A-ASSOCIATE-RJ Reason/Diag. by source (PS3.8 9.3.4)."""

_REJECT_HINTS: dict[tuple[int, int], str] = {
    (1, 2): "the acceptor does not support the application context name",
    (1, 3): "the acceptor does not let this calling AE title in",
    (1, 7): "the acceptor does not answer to this called AE title",
    (2, 1): "no reason given; a refused user identity looks like this too",
    (2, 2): "the acceptor does not support this protocol version",
    (3, 1): "the acceptor is congested at the moment",
    (3, 2): "a limit of the acceptor is exceeded, mostly that of associations",
}


def explain_code(table: str, value: int) -> str:
    """The name of a value: "reserved (3)", "unknown (12)" where the Standard has none. Never raises."""
    if table == "message_control_header":
        value &= 3
    return _named(CODES.get(table, {}), value)


def reject_reason(source: int, reason: int) -> str:
    """The name of an A-ASSOCIATE-RJ reason, which depends on its source (PS3.8 9.3.4)."""
    return _named(REJECT_REASONS.get(source, {}), reason)


def _named(names: dict[int, str], value: int) -> str:
    name = names.get(value, "unknown")
    return f"{name} ({value})" if name in ("unknown", "reserved") else name


def rejection_text(result: int, source: int, reason: int) -> str:
    """An A-ASSOCIATE-RJ in words, codes included."""
    hint = _REJECT_HINTS.get((source, reason))
    words = f"{explain_code('reject_result', result)}, {reject_reason(source, reason)}"
    says = f" - {hint}" if hint else ""
    return f"{words} (result {result}, source {source}: {explain_code('reject_source', source)}, reason {reason}){says}"


def abort_text(source: int, reason: int) -> str:
    """An A-ABORT in words; the reason only counts when the provider is the source (PS3.8 9.3.8)."""
    who = explain_code("abort_source", source)
    if source == 2:
        return f"aborted by {who}: {explain_code('abort_reason', reason)} (source {source}, reason {reason})"
    return f"aborted by {who} (source {source}, reason {reason})"
