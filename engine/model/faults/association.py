"""Faults of A-ASSOCIATE-RQ, -AC and -RJ."""

from __future__ import annotations

from .base import Fault, Kind, Parameter, Phase, Seam

_AT = (Phase.ASSOCIATION,)


def _row(name: str, sentence: str, clause: str, expected: str, *parameters: Parameter) -> Fault:
    return Fault(name, Seam.PDU, _AT, sentence, clause, expected, parameters)


ROWS: tuple[Fault, ...] = (
    Fault(
        "reject",
        Seam.DECISION,
        _AT,
        "Answers with A-ASSOCIATE-RJ; any values, undefined ones too.",
        "PS3.8 9.3.4",
        "shows result, source and reason; values it does not know as numbers",
        (
            Parameter("result", Kind.NUMBER, 1, "1 permanent, 2 transient", 255),
            Parameter("source", Kind.NUMBER, 1, "1 user, 2 ACSE, 3 presentation", 255),
            Parameter("reason", Kind.NUMBER, 1, "by source", 255),
        ),
    ),
    _row(
        "padded-uids",
        "Pads every UID of the PDU with a trailing NUL.",
        "PS3.8 F.1",
        "takes the UIDs without the padding, and says so",
        Parameter("with", Kind.NUMBER, 0, "the byte: 0 NUL, 32 space", 255),
    ),
    _row(
        "refused-without-syntax",
        "Leaves the Transfer Syntax sub-item out of contexts that are not accepted.",
        "PS3.8 9.3.3.2",
        "does not test the sub-item of a context that was not accepted",
    ),
    _row(
        "refused-empty-syntax",
        "Writes an empty Transfer Syntax into contexts that are not accepted.",
        "PS3.8 9.3.3.2",
        "does not test the sub-item of a context that was not accepted",
    ),
    _row(
        "refuse-contexts",
        "Refuses every presentation context with this result.",
        "PS3.8 9.3.3.2",
        "does not send on any of them, says why each was refused, and releases",
        Parameter("result", Kind.NUMBER, 4, "1 to 4; others are undefined", 255, 1),
    ),
    _row(
        "missing-context",
        "Leaves the last presentation context out of the answer.",
        "PS3.8 9.3.3.2",
        "takes the context for not accepted",
    ),
    _row(
        "unproposed-context",
        "Accepts a presentation context nobody proposed.",
        "PS3.8 9.3.3.2",
        "ignores it, or aborts with reason 6",
    ),
    _row(
        "unproposed-syntax",
        "Accepts contexts in a transfer syntax nobody proposed.",
        "PS3.8 9.3.3.2",
        "does not use the context",
        Parameter("syntax", Kind.UID, "1.2.840.10008.1.2.4.94", "the transfer syntax"),
    ),
    _row("context-twice", "Answers the first presentation context twice.", "PS3.8 9.3.3.2", "counts the first one"),
    _row(
        "two-syntaxes",
        "Accepts contexts with two Transfer Syntax sub-items.",
        "PS3.8 9.3.3.2",
        "uses the first or refuses the context",
    ),
    _row(
        "titles-not-echoed",
        "Fills the fields that copy the AE titles with others.",
        "PS3.8 9.3.3",
        "does not test them",
    ),
    _row("nul-titles", "Pads AE titles with NULs instead of spaces.", "PS3.8 9.3.2", "takes them, and says so"),
    _row("no-version", "Leaves the Implementation Version Name out.", "PS3.7 D.3.3.2.4", "goes on: it is optional"),
    _row("no-class-uid", "Leaves the Implementation Class UID out.", "PS3.7 D.3.3.2.2", "goes on, and says so"),
    _row(
        "no-user-information",
        "Leaves the User Information item out.",
        "PS3.8 9.3.3.3",
        "aborts, or goes on without a limit",
    ),
    _row(
        "user-items-unsorted",
        "Sends the sub-items of User Information in descending order.",
        "PS3.8 9.3.2.3",
        "takes them in any order",
    ),
    _row(
        "maximum-length",
        "Announces this Maximum Length, whatever is really taken.",
        "PS3.8 D.1",
        "never sends a larger P-DATA-TF; 0 is no limit",
        Parameter("bytes", Kind.NUMBER, 0, "Maximum-length-received", 0xFFFFFFFF),
    ),
    _row("no-maximum-length", "Leaves the Maximum Length sub-item out.", "PS3.8 D.1", "goes on without a limit"),
    _row(
        "unknown-items",
        "Adds an item and a User Information sub-item of unknown types.",
        "PS3.8 9.3.1",
        "ignores them",
        Parameter("type", Kind.NUMBER, 0x99, "Item-type", 255),
    ),
    _row(
        "item-too-long",
        "Writes an Item-length larger than the item.",
        "PS3.8 9.3.1",
        "aborts with reason 6, and no read past the PDU's end",
        Parameter("by", Kind.NUMBER, 64, "bytes too many", 0xFFFF, 1),
    ),
    _row(
        "protocol-version",
        "Writes this Protocol-version.",
        "PS3.8 9.3.3",
        "tests bit 0 only",
        Parameter("version", Kind.NUMBER, 2, "bits", 0xFFFF),
    ),
    _row(
        "other-application-context",
        "Names another Application Context.",
        "PS3.7 A.2.1",
        "does not test an acceptor's; rejects a requestor's with 1/1/2",
        Parameter("name", Kind.UID, "1.2.840.10008.3.1.1.99", "its UID"),
    ),
    _row(
        "window",
        "Answers the asynchronous operations window with these values, asked for or not.",
        "PS3.7 D.3.3.3",
        "takes no more than it proposed; 0 is unlimited, not none",
        Parameter("invoked", Kind.NUMBER, 0, "operations invoked"),
        Parameter("performed", Kind.NUMBER, 0, "operations performed"),
    ),
    _row(
        "no-window",
        "Leaves the answer to the asynchronous operations window out.",
        "PS3.7 D.3.3.3",
        "works one operation after the other",
    ),
    _row(
        "roles-swapped",
        "Answers role selection with the two roles exchanged.",
        "PS3.7 D.3.3.4",
        "takes no role it did not ask for",
    ),
    _row("roles-unasked", "Answers role selection for a class nobody asked it for.", "PS3.7 D.3.3.4", "ignores it"),
    _row("no-roles", "Leaves the answer to role selection out.", "PS3.7 D.3.3.4", "falls back to the default roles"),
    _row(
        "no-identity-response",
        "Leaves the answer to the user identity out, asked for or not.",
        "PS3.7 D.3.3.7",
        "decides by its own policy whether to go on, and says that the answer is missing",
    ),
)
