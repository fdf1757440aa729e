"""The DIMSE messages and their fields: Tables 9.3-1 to 9.3-13 and 10.3-1 to 10.3-12 of PS3.7.

Usages (M, U, C) are those of the service tables 9.1-x and 10.1-x.
"""

from __future__ import annotations

from dataclasses import replace

from .elements import BY_KEYWORD
from .lean import dataclass
from .message_rows import DataSetRule, FieldRow, MessageRow, When
from .status import StatusClass

__all__ = [
    "CANCEL",
    "ECHO",
    "EVENT_REPORT",
    "FIND",
    "GET",
    "MESSAGES",
    "MOVE",
    "NO_DATA_SET",
    "PRIORITIES",
    "RESPONSE_BIT",
    "SERVICES",
    "STATUS_ELEMENTS",
    "STORE",
    "DataSetRule",
    "FieldRow",
    "MessageRow",
    "ServiceRow",
    "When",
    "message_for",
    "message_name",
]

RESPONSE_BIT = 0x8000
"""Set in the Command Field of a response (PS3.7 E.1)."""
STORE = 0x0001
"""The Command Field of C-STORE-RQ (PS3.7 9.3.1)."""
GET = 0x0010
"""The Command Field of C-GET-RQ (PS3.7 9.3.3)."""
FIND = 0x0020
"""The Command Field of C-FIND-RQ (PS3.7 9.3.2)."""
MOVE = 0x0021
"""The Command Field of C-MOVE-RQ (PS3.7 9.3.4)."""
ECHO = 0x0030
"""The Command Field of C-ECHO-RQ (PS3.7 9.3.5)."""
EVENT_REPORT = 0x0100
"""The Command Field of N-EVENT-REPORT-RQ (PS3.7 10.3.1)."""
CANCEL = 0x0FFF
"""Command Field of all three C-CANCEL-RQ."""
NO_DATA_SET = 0x0101
"""Command Data Set Type when no Data Set follows (PS3.7 E.1)."""
PRIORITIES: dict[int, str] = {0: "MEDIUM", 1: "HIGH", 2: "LOW"}
"""Values of Priority (0000,0700)."""


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """One DIMSE service (PS3.7 Tables 7.5-1 and 7.5-2).

    request, response, cancel: keys of `MESSAGES`. group: "C" or "N".
    """

    name: str
    type: str
    request: str
    response: str
    cancel: str | None
    multiple_responses: bool
    sub_operations: bool
    group: str
    clause: str


# How the rows below are written

_SUCCESS, _WARNING, _FAILURE = StatusClass.SUCCESS, StatusClass.WARNING, StatusClass.FAILURE
_PENDING, _CANCEL = StatusClass.PENDING, StatusClass.CANCEL
_PART = "PS3.7 "


def _tag(keyword: str) -> int:
    return BY_KEYWORD[keyword].tag


def _m(keyword: str) -> FieldRow:
    """Mandatory."""
    allowed = tuple(PRIORITIES) if keyword == "Priority" else ()
    repeats = _tag("MessageID") if keyword == "MessageIDBeingRespondedTo" else None
    return FieldRow(_tag(keyword), "M", True, allowed=allowed, request_tag=repeats)


def _u(keyword: str, condition: str = "", clause: str = "") -> FieldRow:
    """User option."""
    return FieldRow(_tag(keyword), "U", False, condition, clause and _PART + clause)


def _same(keyword: str, clause: str) -> FieldRow:
    """User option, equal to the same field of the request."""
    condition = "If present, equal to the value in the request."
    return FieldRow(_tag(keyword), "U(=)", False, condition, _PART + clause, request_tag=_tag(keyword))


def _affected(keyword: str, clause: str) -> FieldRow:
    """User option; when present, the Affected UID of a DIMSE-N response is the Requested UID of its request."""
    requested = keyword.replace("Affected", "Requested")
    condition = f"If present, equal to {BY_KEYWORD[requested].name} of the request."
    return FieldRow(_tag(keyword), "U", False, condition, _PART + clause, request_tag=_tag(requested))


def _type_id(keyword: str, reply: str, failures: str, clause: str) -> FieldRow:
    """Event Type ID and Action Type ID of a response."""
    condition = (
        f"Allowed in the success response, required when an {reply} is sent, equal to the value in the request; "
        f"Annex C also allows it with {failures}."
    )
    return FieldRow(
        _tag(keyword), "C(=)", None, condition, _PART + clause, request_tag=_tag(keyword), when=When.DATA_SET
    )


def _counts(remaining: str, completed: str, failed: str, warning: str) -> tuple[FieldRow, ...]:
    """The four numbers of sub-operations; each argument is its clause."""
    any_status = "Required with Pending, allowed with any other status."
    only_open = "Required with Pending, allowed with Cancel; PS3.4 forbids it with Success, Warning and Failure."

    def row(kind: str, condition: str, clause: str, *not_with: StatusClass) -> FieldRow:
        tag = _tag(f"NumberOf{kind}Suboperations")
        return FieldRow(tag, "C", None, condition, _PART + clause, when=When.PENDING, not_with=not_with)

    return (
        row("Remaining", only_open, remaining, _SUCCESS, _WARNING, _FAILURE),
        row("Completed", any_status, completed),
        row("Failed", any_status, failed),
        row("Warning", any_status, warning),
    )


_NO_DATA = DataSetRule("never")


def _always(name: str) -> DataSetRule:
    return DataSetRule("always", name)


def _option(name: str, condition: str, clause: str) -> DataSetRule:
    return DataSetRule("optional", name, condition, _PART + clause)


def _failed_list(clause: str) -> DataSetRule:
    """The Identifier of C-GET-RSP and C-MOVE-RSP."""
    return DataSetRule(
        "conditional",
        "Identifier",
        "Holds Failed SOP Instance UID List (0008,0058) with Cancel, Warning or Failure when a sub-operation failed; "
        "never with Pending or Success.",
        _PART + clause,
        not_with=(_PENDING, _SUCCESS),
    )


def _message(
    name: str, command_field: int, clause: str, service_clause: str, data: DataSetRule, *fields: FieldRow, of: str = ""
) -> MessageRow:
    service, _, kind = name.rpartition("-")
    never = data.presence == "never"
    rows = (
        _m("CommandGroupLength"),
        replace(_m("CommandField"), fixed=command_field),
        replace(_m("CommandDataSetType"), fixed=NO_DATA_SET if never else None),
        *fields,
    )
    return MessageRow(
        name,
        of or service,
        "cancel" if of else {"RQ": "request", "RSP": "response"}[kind],
        command_field,
        _PART + clause,
        _PART + service_clause,
        data,
        tuple(sorted(rows, key=lambda r: r.tag)),
    )


def _cancel(of: str, clause: str, service_clause: str) -> MessageRow:
    name = f"C-CANCEL-{of.removeprefix('C-')}-RQ"
    return _message(name, CANCEL, clause, service_clause, _NO_DATA, _m("MessageIDBeingRespondedTo"), of=of)


# The tables

# fmt: off
_ROWS = (
    _message(
        "C-STORE-RQ", 0x0001, "9.3.1.1", "9.1.1.1", _always("Data Set"),
        _m("AffectedSOPClassUID"),
        _m("MessageID"),
        _m("Priority"),
        _m("AffectedSOPInstanceUID"),
        _u("MoveOriginatorApplicationEntityTitle", "Sent when a C-MOVE caused this sub-operation.", "9.1.1.1.6"),
        _u("MoveOriginatorMessageID", "Sent when a C-MOVE caused this sub-operation.", "9.1.1.1.7"),
    ),
    _message(
        "C-STORE-RSP", 0x8001, "9.3.1.2", "9.1.1.1", _NO_DATA,
        _same("AffectedSOPClassUID", "9.1.1.1.3"),
        _m("MessageIDBeingRespondedTo"),
        _m("Status"),
        _same("AffectedSOPInstanceUID", "9.1.1.1.4"),
    ),
    _message(
        "C-FIND-RQ", 0x0020, "9.3.2.1", "9.1.2.1", _always("Identifier"),
        _m("AffectedSOPClassUID"),
        _m("MessageID"),
        _m("Priority"),
    ),
    _message(
        "C-FIND-RSP", 0x8020, "9.3.2.2", "9.1.2.1",
        DataSetRule(
            "conditional", "Identifier", "Present with Pending, absent with any other status.", "PS3.7 9.1.2.1.5",
            must_with=(_PENDING,), not_with=(_SUCCESS, _WARNING, _FAILURE, _CANCEL),
        ),
        _same("AffectedSOPClassUID", "9.1.2.1.3"),
        _m("MessageIDBeingRespondedTo"),
        _m("Status"),
    ),
    _cancel("C-FIND", "9.3.2.3", "9.1.2.1"),
    _message(
        "C-GET-RQ", 0x0010, "9.3.3.1", "9.1.3.1", _always("Identifier"),
        _m("AffectedSOPClassUID"),
        _m("MessageID"),
        _m("Priority"),
    ),
    _message(
        "C-GET-RSP", 0x8010, "9.3.3.2", "9.1.3.1", _failed_list("9.1.3.1.5; PS3.4 C.4.3.1.3.2"),
        _same("AffectedSOPClassUID", "9.1.3.1.3"),
        _m("MessageIDBeingRespondedTo"),
        _m("Status"),
        *_counts(
            "9.1.3.1.7; PS3.4 C.4.3.1.5", "9.1.3.1.8; PS3.4 C.4.3.1.6", "9.1.3.1.9; PS3.4 C.4.3.1.7",
            "9.1.3.1.10; PS3.4 C.4.3.1.8",
        ),
    ),
    _cancel("C-GET", "9.3.3.3", "9.1.3.1"),
    _message(
        "C-MOVE-RQ", 0x0021, "9.3.4.1", "9.1.4.1", _always("Identifier"),
        _m("AffectedSOPClassUID"),
        _m("MessageID"),
        _m("MoveDestination"),
        _m("Priority"),
    ),
    _message(
        "C-MOVE-RSP", 0x8021, "9.3.4.2", "9.1.4.1", _failed_list("9.1.4.1.6; PS3.4 C.4.2.1.4.2"),
        _same("AffectedSOPClassUID", "9.1.4.1.3"),
        _m("MessageIDBeingRespondedTo"),
        _m("Status"),
        *_counts(
            "9.1.4.1.8; PS3.4 C.4.2.1.6", "9.1.4.1.9; PS3.4 C.4.2.1.7", "9.1.4.1.10; PS3.4 C.4.2.1.8",
            "9.1.4.1.11; PS3.4 C.4.2.1.9",
        ),
    ),
    _cancel("C-MOVE", "9.3.4.3", "9.1.4.1"),
    _message(
        "C-ECHO-RQ", ECHO, "9.3.5.1", "9.1.5.1", _NO_DATA,
        _m("AffectedSOPClassUID"),
        _m("MessageID"),
    ),
    _message(
        "C-ECHO-RSP", ECHO | RESPONSE_BIT, "9.3.5.2", "9.1.5.1", _NO_DATA,
        _same("AffectedSOPClassUID", "9.1.5.1.3"),
        _m("MessageIDBeingRespondedTo"),
        _m("Status"),
    ),
    _message(
        "N-EVENT-REPORT-RQ", 0x0100, "10.3.1.1", "10.1.1.1",
        _option("Event Information", "As the SOP Class asks for.", "10.1.1.1.6"),
        _m("AffectedSOPClassUID"),
        _m("MessageID"),
        _m("AffectedSOPInstanceUID"),
        _m("EventTypeID"),
    ),
    _message(
        "N-EVENT-REPORT-RSP", 0x8100, "10.3.1.2", "10.1.1.1",
        _option("Event Reply", "With Success; Annex C also lets 0115H return the Event Information.", "10.1.1.1.7"),
        _same("AffectedSOPClassUID", "10.1.1.1.3"),
        _m("MessageIDBeingRespondedTo"),
        _m("Status"),
        _same("AffectedSOPInstanceUID", "10.1.1.1.4"),
        _type_id("EventTypeID", "Event Reply", "0113H, 0114H and 0115H", "10.1.1.1.5"),
    ),
    _message(
        "N-GET-RQ", 0x0110, "10.3.2.1", "10.1.2.1", _NO_DATA,
        _m("RequestedSOPClassUID"),
        _m("MessageID"),
        _m("RequestedSOPInstanceUID"),
        _u("AttributeIdentifierList", "Absent: all attributes.", "10.1.2.1.5"),
    ),
    _message(
        "N-GET-RSP", 0x8110, "10.3.2.2", "10.1.2.1",
        DataSetRule(
            "conditional", "Attribute List", "Required with Success; with warning 0107H holds what could be read.",
            "PS3.7 10.1.2.1.8", must_with=(_SUCCESS,),
        ),
        _affected("AffectedSOPClassUID", "10.1.2.1.6"),
        _m("MessageIDBeingRespondedTo"),
        _m("Status"),
        _affected("AffectedSOPInstanceUID", "10.1.2.1.7"),
    ),
    _message(
        "N-SET-RQ", 0x0120, "10.3.3.1", "10.1.3.1", _always("Modification List"),
        _m("RequestedSOPClassUID"),
        _m("MessageID"),
        _m("RequestedSOPInstanceUID"),
    ),
    _message(
        "N-SET-RSP", 0x8120, "10.3.3.2", "10.1.3.1",
        _option(
            "Attribute List", "With Success; Annex C also lets 0106H, 0116H and 0121H return the values in question.",
            "10.1.3.1.6",
        ),
        _affected("AffectedSOPClassUID", "10.1.3.1.7"),
        _m("MessageIDBeingRespondedTo"),
        _m("Status"),
        _affected("AffectedSOPInstanceUID", "10.1.3.1.8"),
    ),
    _message(
        "N-ACTION-RQ", 0x0130, "10.3.4.1", "10.1.4.1",
        _option("Action Information", "As the SOP Class asks for.", "10.1.4.1.6"),
        _m("RequestedSOPClassUID"),
        _m("MessageID"),
        _m("RequestedSOPInstanceUID"),
        _m("ActionTypeID"),
    ),
    _message(
        "N-ACTION-RSP", 0x8130, "10.3.4.2", "10.1.4.1",
        _option("Action Reply", "With Success; Annex C also lets 0115H return the Action Information.", "10.1.4.1.9"),
        _affected("AffectedSOPClassUID", "10.1.4.1.7"),
        _m("MessageIDBeingRespondedTo"),
        _m("Status"),
        _affected("AffectedSOPInstanceUID", "10.1.4.1.8"),
        _type_id("ActionTypeID", "Action Reply", "0114H, 0115H and 0123H", "10.1.4.1.5"),
    ),
    _message(
        "N-CREATE-RQ", 0x0140, "10.3.5.1", "10.1.5.1",
        _option("Attribute List", "As the SOP Class asks for.", "10.1.5.1.5"),
        _m("AffectedSOPClassUID"),
        _m("MessageID"),
        _u("AffectedSOPInstanceUID", "Absent: the performer assigns the UID and returns it.", "10.1.5.1.4"),
    ),
    _message(
        "N-CREATE-RSP", 0x8140, "10.3.5.2", "10.1.5.1",
        _option(
            "Attribute List",
            "With Success, then all attributes assigned; Annex C also lets 0106H, 0116H and 0121H return the values in "
            "question.",
            "10.1.5.1.5",
        ),
        _same("AffectedSOPClassUID", "10.1.5.1.3"),
        _m("MessageIDBeingRespondedTo"),
        _m("Status"),
        FieldRow(
            _tag("AffectedSOPInstanceUID"), "C", None,
            "With Success; required when the request did not carry one, else equal to it.", "PS3.7 10.1.5.1.4",
            request_tag=_tag("AffectedSOPInstanceUID"), when=When.UID_ASSIGNED,
        ),
    ),
    _message(
        "N-DELETE-RQ", 0x0150, "10.3.6.1", "10.1.6.1", _NO_DATA,
        _m("RequestedSOPClassUID"),
        _m("MessageID"),
        _m("RequestedSOPInstanceUID"),
    ),
    _message(
        "N-DELETE-RSP", 0x8150, "10.3.6.2", "10.1.6.1", _NO_DATA,
        _affected("AffectedSOPClassUID", "10.1.6.1.5"),
        _m("MessageIDBeingRespondedTo"),
        _m("Status"),
        _affected("AffectedSOPInstanceUID", "10.1.6.1.6"),
    ),
)
# fmt: on

MESSAGES: dict[str, MessageRow] = {m.name: m for m in _ROWS}
"""All messages by name; the three cancels share their Command Field."""

STATUS_ELEMENTS: tuple[int, ...] = tuple(
    _tag(k)
    for k in (
        "AffectedSOPClassUID", "OffendingElement", "ErrorComment", "ErrorID", "AffectedSOPInstanceUID", "EventTypeID",
        "AttributeIdentifierList", "ActionTypeID",
    )
)  # fmt: skip
"""What any response may carry besides its own fields, as its status allows (PS3.7 Annex C)."""

_MULTIPLE = ("C-FIND", "C-GET", "C-MOVE")
_SUB_OPERATIONS = ("C-GET", "C-MOVE")


def _service(request: MessageRow) -> ServiceRow:
    name = request.service
    return ServiceRow(
        name,
        "notification" if name == "N-EVENT-REPORT" else "operation",
        request.name,
        f"{name}-RSP",
        f"C-CANCEL-{name.removeprefix('C-')}-RQ" if name in _MULTIPLE else None,
        name in _MULTIPLE,
        name in _SUB_OPERATIONS,
        name[0],
        request.service_clause,
    )


SERVICES: dict[str, ServiceRow] = {m.service: _service(m) for m in _ROWS if m.kind == "request"}

_BY_FIELD = {m.command_field: m for m in reversed(_ROWS)}


def message_for(command_field: int) -> MessageRow | None:
    """The message of a Command Field; any of the equal cancel rows for 0FFFH; None when the Standard has none."""
    return _BY_FIELD.get(command_field)


def message_name(command_field: int | None) -> str:
    """The message's name for people: "C-ECHO-RQ", "C-CANCEL-RQ", "command field 1234H"."""
    if command_field is None:
        return "no command field"
    if command_field == CANCEL:
        return "C-CANCEL-RQ"
    row = message_for(command_field)
    return row.name if row else f"command field {command_field:04X}H"
