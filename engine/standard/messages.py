"""The DIMSE messages and their fields: Tables 9.3-1 to 9.3-13 and 10.3-1 to 10.3-12 of PS3.7.

Usages (M, U, C) are those of the service tables 9.1-x and 10.1-x.
"""

from __future__ import annotations

from .command_fields import (
    CANCEL,
    DATA_SET_FOLLOWS,
    ECHO,
    EVENT_REPORT,
    FIND,
    GET,
    MOVE,
    N_ACTION,
    N_CREATE,
    N_DELETE,
    N_GET,
    N_SET,
    NO_DATA_SET,
    PRIORITIES,
    RESPONSE_BIT,
    STORE,
)
from .lean import dataclass
from .message_making import (
    NO_DATA,
    affected,
    always,
    cancel,
    counts,
    failed_list,
    mandatory,
    may_have,
    message,
    option,
    same,
    tag,
    type_id,
)
from .message_rows import DataSetRule, FieldRow, MessageRow, When
from .status import StatusClass

__all__ = [
    "CANCEL",
    "DATA_SET_FOLLOWS",
    "ECHO",
    "EVENT_REPORT",
    "FIND",
    "GET",
    "MESSAGES",
    "MOVE",
    "NO_DATA_SET",
    "N_ACTION",
    "N_CREATE",
    "N_DELETE",
    "N_GET",
    "N_SET",
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


_SUCCESS, _WARNING, _FAILURE = StatusClass.SUCCESS, StatusClass.WARNING, StatusClass.FAILURE
_PENDING, _CANCEL = StatusClass.PENDING, StatusClass.CANCEL

# The tables

# fmt: off
_ROWS = (
    message(
        "C-STORE-RQ", STORE, "9.3.1.1", "9.1.1.1", always("Data Set"),
        mandatory("AffectedSOPClassUID"),
        mandatory("MessageID"),
        mandatory("Priority"),
        mandatory("AffectedSOPInstanceUID"),
        option("MoveOriginatorApplicationEntityTitle", "Sent when a C-MOVE caused this sub-operation.", "9.1.1.1.6"),
        option("MoveOriginatorMessageID", "Sent when a C-MOVE caused this sub-operation.", "9.1.1.1.7"),
    ),
    message(
        "C-STORE-RSP", STORE | RESPONSE_BIT, "9.3.1.2", "9.1.1.1", NO_DATA,
        same("AffectedSOPClassUID", "9.1.1.1.3"),
        mandatory("MessageIDBeingRespondedTo"),
        mandatory("Status"),
        same("AffectedSOPInstanceUID", "9.1.1.1.4"),
    ),
    message(
        "C-FIND-RQ", FIND, "9.3.2.1", "9.1.2.1", always("Identifier"),
        mandatory("AffectedSOPClassUID"),
        mandatory("MessageID"),
        mandatory("Priority"),
    ),
    message(
        "C-FIND-RSP", FIND | RESPONSE_BIT, "9.3.2.2", "9.1.2.1",
        DataSetRule(
            "conditional", "Identifier", "Present with Pending, absent with any other status.", "PS3.7 9.1.2.1.5",
            must_with=(_PENDING,), not_with=(_SUCCESS, _WARNING, _FAILURE, _CANCEL),
        ),
        same("AffectedSOPClassUID", "9.1.2.1.3"),
        mandatory("MessageIDBeingRespondedTo"),
        mandatory("Status"),
    ),
    cancel("C-FIND", "9.3.2.3", "9.1.2.1"),
    message(
        "C-GET-RQ", GET, "9.3.3.1", "9.1.3.1", always("Identifier"),
        mandatory("AffectedSOPClassUID"),
        mandatory("MessageID"),
        mandatory("Priority"),
    ),
    message(
        "C-GET-RSP", GET | RESPONSE_BIT, "9.3.3.2", "9.1.3.1", failed_list("9.1.3.1.5; PS3.4 C.4.3.1.3.2"),
        same("AffectedSOPClassUID", "9.1.3.1.3"),
        mandatory("MessageIDBeingRespondedTo"),
        mandatory("Status"),
        *counts(
            "9.1.3.1.7; PS3.4 C.4.3.1.5", "9.1.3.1.8; PS3.4 C.4.3.1.6", "9.1.3.1.9; PS3.4 C.4.3.1.7",
            "9.1.3.1.10; PS3.4 C.4.3.1.8",
        ),
    ),
    cancel("C-GET", "9.3.3.3", "9.1.3.1"),
    message(
        "C-MOVE-RQ", MOVE, "9.3.4.1", "9.1.4.1", always("Identifier"),
        mandatory("AffectedSOPClassUID"),
        mandatory("MessageID"),
        mandatory("MoveDestination"),
        mandatory("Priority"),
    ),
    message(
        "C-MOVE-RSP", MOVE | RESPONSE_BIT, "9.3.4.2", "9.1.4.1", failed_list("9.1.4.1.6; PS3.4 C.4.2.1.4.2"),
        same("AffectedSOPClassUID", "9.1.4.1.3"),
        mandatory("MessageIDBeingRespondedTo"),
        mandatory("Status"),
        *counts(
            "9.1.4.1.8; PS3.4 C.4.2.1.6", "9.1.4.1.9; PS3.4 C.4.2.1.7", "9.1.4.1.10; PS3.4 C.4.2.1.8",
            "9.1.4.1.11; PS3.4 C.4.2.1.9",
        ),
    ),
    cancel("C-MOVE", "9.3.4.3", "9.1.4.1"),
    message(
        "C-ECHO-RQ", ECHO, "9.3.5.1", "9.1.5.1", NO_DATA,
        mandatory("AffectedSOPClassUID"),
        mandatory("MessageID"),
    ),
    message(
        "C-ECHO-RSP", ECHO | RESPONSE_BIT, "9.3.5.2", "9.1.5.1", NO_DATA,
        same("AffectedSOPClassUID", "9.1.5.1.3"),
        mandatory("MessageIDBeingRespondedTo"),
        mandatory("Status"),
    ),
    message(
        "N-EVENT-REPORT-RQ", EVENT_REPORT, "10.3.1.1", "10.1.1.1",
        may_have("Event Information", "As the SOP Class asks for.", "10.1.1.1.6"),
        mandatory("AffectedSOPClassUID"),
        mandatory("MessageID"),
        mandatory("AffectedSOPInstanceUID"),
        mandatory("EventTypeID"),
    ),
    message(
        "N-EVENT-REPORT-RSP", EVENT_REPORT | RESPONSE_BIT, "10.3.1.2", "10.1.1.1",
        may_have("Event Reply", "With Success; Annex C also lets 0115H return the Event Information.", "10.1.1.1.7"),
        same("AffectedSOPClassUID", "10.1.1.1.3"),
        mandatory("MessageIDBeingRespondedTo"),
        mandatory("Status"),
        same("AffectedSOPInstanceUID", "10.1.1.1.4"),
        type_id("EventTypeID", "Event Reply", "0113H, 0114H and 0115H", "10.1.1.1.5"),
    ),
    message(
        "N-GET-RQ", N_GET, "10.3.2.1", "10.1.2.1", NO_DATA,
        mandatory("RequestedSOPClassUID"),
        mandatory("MessageID"),
        mandatory("RequestedSOPInstanceUID"),
        option("AttributeIdentifierList", "Absent: all attributes.", "10.1.2.1.5"),
    ),
    message(
        "N-GET-RSP", N_GET | RESPONSE_BIT, "10.3.2.2", "10.1.2.1",
        DataSetRule(
            "conditional", "Attribute List", "Required with Success; with warning 0107H holds what could be read.",
            "PS3.7 10.1.2.1.8", must_with=(_SUCCESS,),
        ),
        affected("AffectedSOPClassUID", "10.1.2.1.6"),
        mandatory("MessageIDBeingRespondedTo"),
        mandatory("Status"),
        affected("AffectedSOPInstanceUID", "10.1.2.1.7"),
    ),
    message(
        "N-SET-RQ", N_SET, "10.3.3.1", "10.1.3.1", always("Modification List"),
        mandatory("RequestedSOPClassUID"),
        mandatory("MessageID"),
        mandatory("RequestedSOPInstanceUID"),
    ),
    message(
        "N-SET-RSP", N_SET | RESPONSE_BIT, "10.3.3.2", "10.1.3.1",
        may_have(
            "Attribute List", "With Success; Annex C also lets 0106H, 0116H and 0121H return the values in question.",
            "10.1.3.1.6",
        ),
        affected("AffectedSOPClassUID", "10.1.3.1.7"),
        mandatory("MessageIDBeingRespondedTo"),
        mandatory("Status"),
        affected("AffectedSOPInstanceUID", "10.1.3.1.8"),
    ),
    message(
        "N-ACTION-RQ", N_ACTION, "10.3.4.1", "10.1.4.1",
        may_have("Action Information", "As the SOP Class asks for.", "10.1.4.1.6"),
        mandatory("RequestedSOPClassUID"),
        mandatory("MessageID"),
        mandatory("RequestedSOPInstanceUID"),
        mandatory("ActionTypeID"),
    ),
    message(
        "N-ACTION-RSP", N_ACTION | RESPONSE_BIT, "10.3.4.2", "10.1.4.1",
        may_have("Action Reply", "With Success; Annex C also lets 0115H return the Action Information.", "10.1.4.1.9"),
        affected("AffectedSOPClassUID", "10.1.4.1.7"),
        mandatory("MessageIDBeingRespondedTo"),
        mandatory("Status"),
        affected("AffectedSOPInstanceUID", "10.1.4.1.8"),
        type_id("ActionTypeID", "Action Reply", "0114H, 0115H and 0123H", "10.1.4.1.5"),
    ),
    message(
        "N-CREATE-RQ", N_CREATE, "10.3.5.1", "10.1.5.1",
        may_have("Attribute List", "As the SOP Class asks for.", "10.1.5.1.5"),
        mandatory("AffectedSOPClassUID"),
        mandatory("MessageID"),
        option("AffectedSOPInstanceUID", "Absent: the performer assigns the UID and returns it.", "10.1.5.1.4"),
    ),
    message(
        "N-CREATE-RSP", N_CREATE | RESPONSE_BIT, "10.3.5.2", "10.1.5.1",
        may_have(
            "Attribute List",
            "With Success, then all attributes assigned; Annex C also lets 0106H, 0116H and 0121H return the values in "
            "question.",
            "10.1.5.1.5",
        ),
        same("AffectedSOPClassUID", "10.1.5.1.3"),
        mandatory("MessageIDBeingRespondedTo"),
        mandatory("Status"),
        FieldRow(
            tag("AffectedSOPInstanceUID"), "C", None,
            "With Success; required when the request did not carry one, else equal to it.", "PS3.7 10.1.5.1.4",
            request_tag=tag("AffectedSOPInstanceUID"), when=When.UID_ASSIGNED,
        ),
    ),
    message(
        "N-DELETE-RQ", N_DELETE, "10.3.6.1", "10.1.6.1", NO_DATA,
        mandatory("RequestedSOPClassUID"),
        mandatory("MessageID"),
        mandatory("RequestedSOPInstanceUID"),
    ),
    message(
        "N-DELETE-RSP", N_DELETE | RESPONSE_BIT, "10.3.6.2", "10.1.6.1", NO_DATA,
        affected("AffectedSOPClassUID", "10.1.6.1.5"),
        mandatory("MessageIDBeingRespondedTo"),
        mandatory("Status"),
        affected("AffectedSOPInstanceUID", "10.1.6.1.6"),
    ),
)
# fmt: on

MESSAGES: dict[str, MessageRow] = {m.name: m for m in _ROWS}
"""All messages by name; the three cancels share their Command Field."""

STATUS_ELEMENTS: tuple[int, ...] = tuple(
    tag(k)
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
