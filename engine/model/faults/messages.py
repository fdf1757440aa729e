"""Faults of messages: which are sent, their command sets, their data sets."""

from __future__ import annotations

from engine.standard.command_fields import N_ACTION, RESPONSE_BIT

from .base import MESSAGES, Fault, Kind, Parameter, Phase, Seam

_ANSWER = (Phase.RESPONSE,)
_ABORT = (
    Parameter("source", Kind.NUMBER, 0, "0 service-user, 2 service-provider", 255),
    Parameter("reason", Kind.NUMBER, 0, "reason of the service-provider", 255),
)


def _command(name: str, sentence: str, clause: str, expected: str, *parameters: Parameter) -> Fault:
    return Fault(name, Seam.COMMAND, MESSAGES, sentence, clause, expected, parameters)


def _answer(name: str, sentence: str, clause: str, expected: str, *parameters: Parameter) -> Fault:
    return Fault(name, Seam.COMMAND, _ANSWER, sentence, clause, expected, parameters)


def _data(name: str, sentence: str, clause: str, expected: str, *parameters: Parameter) -> Fault:
    return Fault(name, Seam.DATA, MESSAGES, sentence, clause, expected, parameters)


ROWS: tuple[Fault, ...] = (
    Fault(
        "drop",
        Seam.SEQUENCE,
        MESSAGES,
        "Does not send it; what follows is sent.",
        "PS3.7 7.5, 9, 10",
        "waits until its timer for responses ends, then aborts",
    ),
    Fault(
        "duplicate",
        Seam.SEQUENCE,
        MESSAGES,
        "Sends it twice.",
        "PS3.7 7.5",
        "takes the first; the second answers nothing any more",
    ),
    Fault(
        "pending-first",
        Seam.SEQUENCE,
        _ANSWER,
        "Sends responses with a Pending status first.",
        "PS3.7 C.3",
        "waits for the last one; where the service knows no Pending it says so",
        (
            Parameter("count", Kind.NUMBER, 1, "how many", 1000, 1),
            Parameter("status", Kind.NUMBER, 0xFF00, "their status"),
        ),
    ),
    Fault(
        "unsolicited-first",
        Seam.SEQUENCE,
        _ANSWER,
        "Sends a response to a request nobody made first.",
        "PS3.7 7.5",
        "does not take it for the answer to its own request",
        (Parameter("id", Kind.NUMBER, 4711, "Message ID Being Responded To"),),
    ),
    Fault(
        "abort-after",
        Seam.SEQUENCE,
        MESSAGES,
        "Sends an A-ABORT right after it.",
        "PS3.8 7.3",
        "keeps what the message said, ends the association and shows source and reason",
        _ABORT,
    ),
    Fault(
        "close-after",
        Seam.SEQUENCE,
        MESSAGES,
        "Closes the connection right after it, without a release.",
        "PS3.8 7.2",
        "keeps what the message said, and says that no release was asked for",
    ),
    Fault(
        "reset-after",
        Seam.SEQUENCE,
        MESSAGES,
        "Resets the connection right after it.",
        "PS3.8 9.2",
        "keeps what the message said where it has been read",
    ),
    Fault(
        "release-early",
        Seam.SEQUENCE,
        _ANSWER,
        "Sends an A-RELEASE-RQ instead of the response.",
        "PS3.8 7.2",
        "answers the release and says that its request was never answered",
    ),
    _answer(
        "status",
        "Answers with this status and its related elements.",
        "PS3.7 C",
        "shows the code with its meaning for the service, and the related elements",
        Parameter("status", Kind.NUMBER, 0x0110, "the code"),
        Parameter("comment", Kind.TEXT, "", "Error Comment (0000,0902)"),
        Parameter("error_id", Kind.NUMBER, -1, "Error ID (0000,0903)", 0xFFFF, -1),
        Parameter("offending", Kind.ATTRIBUTE, "", "Offending Element (0000,0901)"),
    ),
    _answer("no-status", "Leaves the Status out.", "PS3.7 9.3, 10.3", "takes the operation for failed"),
    _answer(
        "wrong-message-id",
        "Answers another Message ID than the request's.",
        "PS3.7 7.5",
        "does not take it for its answer, and ends with its timer",
        Parameter("by", Kind.NUMBER, 1, "added to the right one", 0xFFFF, 1),
    ),
    _answer(
        "no-message-id",
        "Leaves the Message ID Being Responded To out.",
        "PS3.7 9.3, 10.3",
        "does not guess, or guesses and says so",
    ),
    _answer(
        "wrong-response",
        "Answers with the Command Field of another service.",
        "PS3.7 E.1",
        "says that this is no answer to its request",
        Parameter("field", Kind.NUMBER, N_ACTION | RESPONSE_BIT, "Command Field (0000,0100)"),
    ),
    _command(
        "wrong-sop-class",
        "Names another SOP class than the presentation context's.",
        "PS3.7 9.3, 10.3",
        "says so, or fails with 0118H or 0122H",
        Parameter("uid", Kind.UID, "1.2.840.10008.5.1.4.1.1.66", "the SOP class"),
    ),
    _command(
        "wrong-sop-instance",
        "Names another SOP instance.",
        "PS3.7 9.3, 10.3",
        "says that it was not asked for",
        Parameter("uid", Kind.UID, "1.2.3.4.5", "the SOP Instance UID"),
    ),
    _command(
        "missing-element",
        "Leaves this element out.",
        "PS3.7 9.3, 10.3",
        "goes on where it can, and says so",
        Parameter("element", Kind.ELEMENT, "AffectedSOPClassUID", "which one"),
    ),
    _command(
        "extra-element",
        "Adds this element, which the message does not have.",
        "PS3.7 9.3, 10.3",
        "ignores it, and may say so",
        Parameter("element", Kind.ELEMENT, "MoveOriginatorMessageID", "which one"),
        Parameter("value", Kind.TEXT, "1", "its value"),
    ),
    _command("private-element", "Adds an element no dictionary has, (0000,1999).", "PS3.7 E.1", "ignores it"),
    _command(
        "group-length-off",
        "Writes a Command Group Length that is not the length.",
        "PS3.7 6.3.1",
        "says so, or aborts",
        Parameter("by", Kind.NUMBER, 2, "added to it", 0xFFFF, -0xFFFF),
    ),
    _command("no-group-length", "Leaves the Command Group Length out.", "PS3.7 6.3.1", "says so, or aborts"),
    _command(
        "explicit-command",
        "Encodes the command set in Explicit VR.",
        "PS3.7 6.3.1",
        "says that command sets are Implicit VR Little Endian, or aborts",
    ),
    _command("unsorted-command", "Sends the elements in descending order.", "PS3.7 6.3.1", "says so, or aborts"),
    _command(
        "padded-command-uids",
        "Pads UIDs of the command set with spaces.",
        "PS3.5 6.2, 9.1",
        "takes them without the padding, and says so",
    ),
    _command("odd-command-uids", "Does not pad UIDs of odd length.", "PS3.5 7.1.1", "says so, or aborts"),
    _answer(
        "counters-missing",
        "Leaves the numbers of sub-operations out.",
        "PS3.7 9.1.3, 9.1.4",
        "does not take them for zero",
    ),
    _answer(
        "counters-wrong",
        "Writes these numbers of sub-operations.",
        "PS3.7 9.1.3, 9.1.4",
        "shows what it received itself beside them",
        Parameter("completed", Kind.NUMBER, 9, "Number of Completed Sub-operations"),
        Parameter("failed", Kind.NUMBER, 9, "Number of Failed Sub-operations"),
        Parameter("warning", Kind.NUMBER, 9, "Number of Warning Sub-operations"),
    ),
    _data(
        "data-announced",
        "Announces a data set that is not sent.",
        "PS3.7 E.1, PS3.8 E.1",
        "waits for it until its timer ends, or says with the next message that it is missing",
    ),
    _data(
        "data-unannounced",
        "Says that no data set follows, and sends one.",
        "PS3.7 E.1, PS3.8 E.1",
        "aborts: a data fragment without its command set",
    ),
    _data(
        "data-odd",
        "Cuts the last byte of the data set off, so that its length is odd.",
        "PS3.5 7.1.1",
        "fails with a status, or says that the data set is cut",
    ),
    _data(
        "data-cut",
        "Cuts the end of the data set off.",
        "PS3.5 7.1",
        "fails with a status, or says that it is cut",
        Parameter("bytes", Kind.NUMBER, 7, "how many", 0xFFFFFF, 1),
    ),
    _data("data-empty", "Sends a data set of no bytes.", "PS3.7 9.3, PS3.8 E.2", "takes it for an empty one"),
    _data(
        "data-swapped",
        "Encodes the data set in the other of Implicit and Explicit VR Little Endian than agreed.",
        "PS3.8 9.3.3.2",
        "fails, or tells the encoding that was really used",
    ),
    _data("data-random", "Sends bytes that are no data set.", "PS3.5 7.1", "fails with a status, and does not crash"),
    Fault(
        "data-added",
        Seam.DATA,
        MESSAGES,
        "Sends a data set with a message that has none.",
        "PS3.7 9.3, 10.3",
        "reads and ignores it",
    ),
    Fault(
        "data-missing",
        Seam.DATA,
        MESSAGES,
        "Sends the message without its data set, and says so.",
        "PS3.7 9.3, 10.3",
        "says that the data set is missing, and goes on",
    ),
    _data(
        "without-attribute",
        "Leaves this attribute out of the data set.",
        "PS3.4",
        "goes on without it",
        Parameter("attribute", Kind.ATTRIBUTE, "SpecificCharacterSet", "which one"),
    ),
    _data(
        "with-attribute",
        "Puts this attribute into the data set, with this value.",
        "PS3.4",
        "goes on, and shows what came",
        Parameter("attribute", Kind.ATTRIBUTE, "SpecificCharacterSet", "which one"),
        Parameter("value", Kind.TEXT, "ISO_IR 192", "its value"),
    ),
    Fault(
        "skip",
        Seam.DECISION,
        (Phase.SUB_OPERATION,),
        "Does not perform the sub-operation, and counts it with this status.",
        "PS3.4 C.4.2.3, C.4.3.3",
        "notices that fewer instances arrived than were counted",
        (Parameter("status", Kind.NUMBER, 0, "0 counts it as completed"),),
    ),
    Fault(
        "ignore-cancel",
        Seam.DECISION,
        (Phase.CANCEL,),
        "Goes on as if no C-CANCEL-RQ had come.",
        "PS3.7 9.3.2.3",
        "takes what comes until the final response",
    ),
)
