"""How the rows of the message tables are written (`messages`): a line a field, its usage by the maker's name."""

from __future__ import annotations

from dataclasses import replace

from .command_fields import CANCEL, NO_DATA_SET, PRIORITIES
from .elements import BY_KEYWORD
from .message_rows import DataSetRule, FieldRow, MessageRow, When
from .status import StatusClass

_PART = "PS3.7 "


def tag(keyword: str) -> int:
    """The number of a command element."""
    return BY_KEYWORD[keyword].tag


def mandatory(keyword: str) -> FieldRow:
    """A field that is mandatory, "M"."""
    allowed = tuple(PRIORITIES) if keyword == "Priority" else ()
    repeats = tag("MessageID") if keyword == "MessageIDBeingRespondedTo" else None
    return FieldRow(tag(keyword), "M", True, allowed=allowed, request_tag=repeats)


def option(keyword: str, condition: str = "", clause: str = "") -> FieldRow:
    """A field that is a user option, "U"; condition: when it is sent."""
    return FieldRow(tag(keyword), "U", False, condition, clause and _PART + clause)


def same(keyword: str, clause: str) -> FieldRow:
    """User option, equal to the same field of the request."""
    condition = "If present, equal to the value in the request."
    return FieldRow(tag(keyword), "U(=)", False, condition, _PART + clause, request_tag=tag(keyword))


def affected(keyword: str, clause: str) -> FieldRow:
    """User option; when present, the Affected UID of a DIMSE-N response is the Requested UID of its request."""
    requested = keyword.replace("Affected", "Requested")
    condition = f"If present, equal to {BY_KEYWORD[requested].name} of the request."
    return FieldRow(tag(keyword), "U", False, condition, _PART + clause, request_tag=tag(requested))


def type_id(keyword: str, reply: str, failures: str, clause: str) -> FieldRow:
    """Event Type ID and Action Type ID of a response."""
    condition = (
        f"Allowed in the success response, required when an {reply} is sent, equal to the value in the request; "
        f"Annex C also allows it with {failures}."
    )
    return FieldRow(tag(keyword), "C(=)", None, condition, _PART + clause, request_tag=tag(keyword), when=When.DATA_SET)


def counts(remaining: str, completed: str, failed: str, warning: str) -> tuple[FieldRow, ...]:
    """The four numbers of sub-operations; each argument is its clause."""
    any_status = "Required with Pending, allowed with any other status."
    only_open = "Required with Pending, allowed with Cancel; PS3.4 forbids it with Success, Warning and Failure."

    def row(kind: str, condition: str, clause: str, *not_with: StatusClass) -> FieldRow:
        counted = tag(f"NumberOf{kind}Suboperations")
        return FieldRow(counted, "C", None, condition, _PART + clause, when=When.PENDING, not_with=not_with)

    return (
        row("Remaining", only_open, remaining, StatusClass.SUCCESS, StatusClass.WARNING, StatusClass.FAILURE),
        row("Completed", any_status, completed),
        row("Failed", any_status, failed),
        row("Warning", any_status, warning),
    )


NO_DATA = DataSetRule("never")
"""No Data Set follows."""


def always(name: str) -> DataSetRule:
    """A Data Set always follows; name: what the service calls it."""
    return DataSetRule("always", name)


def may_have(name: str, condition: str, clause: str) -> DataSetRule:
    """A Data Set may follow."""
    return DataSetRule("optional", name, condition, _PART + clause)


def failed_list(clause: str) -> DataSetRule:
    """The Identifier of C-GET-RSP and C-MOVE-RSP."""
    return DataSetRule(
        "conditional",
        "Identifier",
        "Holds Failed SOP Instance UID List (0008,0058) with Cancel, Warning or Failure when a sub-operation failed; "
        "never with Pending or Success.",
        _PART + clause,
        not_with=(StatusClass.PENDING, StatusClass.SUCCESS),
    )


def message(
    name: str, command_field: int, clause: str, service_clause: str, data: DataSetRule, *fields: FieldRow, of: str = ""
) -> MessageRow:
    """A message, with the fields all have. clause: where its fields stand in PS3.7, service_clause: where its service's
    parameters do. of: the service a C-CANCEL-RQ belongs to."""
    service, _, kind = name.rpartition("-")
    never = data.presence == "never"
    rows = (
        mandatory("CommandGroupLength"),
        replace(mandatory("CommandField"), fixed=command_field),
        replace(mandatory("CommandDataSetType"), fixed=NO_DATA_SET if never else None),
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


def cancel(of: str, clause: str, service_clause: str) -> MessageRow:
    """The C-CANCEL-RQ of a service."""
    name = f"C-CANCEL-{of.removeprefix('C-')}-RQ"
    return message(name, CANCEL, clause, service_clause, NO_DATA, mandatory("MessageIDBeingRespondedTo"), of=of)
