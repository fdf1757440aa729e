"""Responses built from the message rows: every element the response's table lists that follows from the request."""

from __future__ import annotations

from collections.abc import Mapping

from engine.model.command_set import NO_DATA_SET, CommandSet, Value
from engine.standard.messages import MESSAGES, RESPONSE_BIT, message_for

SUCCESS = 0x0000
CANCEL = 0xFE00
PENDING = 0xFF00
ERROR_COMMENT_LENGTH = 64
"""Error Comment is LO (PS3.7 E.1)."""


def response_to(
    request: CommandSet,
    status: int,
    *,
    comment: str = "",
    has_data: bool = False,
    extra: Mapping[str, Value] | None = None,
) -> CommandSet:
    """The response's command set (PS3.7 9.3, 10.3): its UIDs copied from the request, a status, optional elements.

    comment: Error Comment (0000,0902), cut to 64 characters of the default repertoire (PS3.7 Annex C).
    extra: further elements by keyword; None leaves an element out.
    """
    field = request.command_field or 0
    row = message_for(field | RESPONSE_BIT)
    wanted = {f.element.keyword for f in row.fields} if row else set()
    values: dict[str, Value] = {
        "CommandField": field | RESPONSE_BIT,
        "MessageIDBeingRespondedTo": request.message_id or 0,
        "CommandDataSetType": 0x0001 if has_data else NO_DATA_SET,
        "Status": status,
    }
    copied: dict[str, Value] = {
        "AffectedSOPClassUID": request.sop_class_uid,
        "AffectedSOPInstanceUID": request.sop_instance_uid,
        "EventTypeID": request.number("EventTypeID"),
        "ActionTypeID": request.number("ActionTypeID"),
    }
    values.update({k: v for k, v in copied.items() if k in wanted and v not in ("", None)})
    if comment:
        values["ErrorComment"] = comment.encode("ascii", "replace").decode()[:ERROR_COMMENT_LENGTH]
    values.update({k: v for k, v in (extra or {}).items() if v is not None})
    return CommandSet.of(**values)


def request_of(message: str, **values: Value) -> CommandSet:
    """A request's command set by message name, e.g. ``request_of("C-ECHO-RQ", AffectedSOPClassUID=...)``.

    Message ID and Command Data Set Type are left to be filled in when it is sent.
    """
    row = MESSAGES[message]
    given: dict[str, Value] = {"CommandField": row.command_field, "CommandDataSetType": None}
    if any(f.element.keyword == "MessageID" for f in row.fields):
        given["MessageID"] = None
    if any(f.element.keyword == "Priority" for f in row.fields):
        given["Priority"] = 0
    given.update({k: v for k, v in values.items() if v is not None})
    return CommandSet.of(**given)
