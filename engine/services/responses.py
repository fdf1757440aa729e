"""Responses built from the message rows: every element the response's table lists that follows from the request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from engine.model.command_set import CommandSet, Element, Value, tag_of
from engine.model.limits import unnamed
from engine.model.quick import quick
from engine.standard.messages import ECHO, FIND, MESSAGES, NO_DATA_SET, RESPONSE_BIT, STORE, message_for
from engine.standard.status import StatusClass, StatusRow, lookup

SUCCESS = 0x0000
CANCEL = 0xFE00
PENDING = 0xFF00
ERROR_COMMENT_LENGTH = 64
"""Error Comment is LO (PS3.7 E.1)."""
_NOT_LO = re.compile(r"[^ -~]|\\")
"""What one value of the default repertoire does not hold (PS3.5 6.2): a comment may tell what a peer has sent."""
_SERVICE_CLASS_CODES = 0xA000
"""From here on codes are the service classes'; Annex C lets each of their warnings and failures say why."""
_CREATE = "N-CREATE"
_FORMED = frozenset({STORE, FIND, ECHO})
"""Answered by the thousand, with nothing of their own but who is answered."""
_RESPONDED_TO, _INSTANCE = tag_of("MessageIDBeingRespondedTo"), tag_of("AffectedSOPInstanceUID")
_element, _command_set = quick(Element), quick(CommandSet)


def response_to(
    request: CommandSet,
    status: int,
    *,
    comment: str = "",
    has_data: bool = False,
    extra: Mapping[str, Value] | None = None,
) -> CommandSet:
    """The response's command set (PS3.7 9.3, 10.3): its UIDs copied from the request, a status, optional elements.

    comment: Error Comment (0000,0902), cut to 64 characters of the default repertoire; left out where Annex C gives
        the status none.
    extra: further elements by keyword; None leaves an element out.
    """
    field = request.command_field or 0
    if field in _FORMED and not comment and not extra:
        uid = request.sop_instance_uid
        elements, answered, named = _form(field, status, request.sop_class_uid, has_data, bool(uid))
        filled = list(elements)
        filled[answered] = _element(_RESPONDED_TO, request.message_id or 0)
        if named >= 0:
            filled[named] = _element(_INSTANCE, uid)
        return _command_set(tuple(filled))
    return _made(request, status, unnamed(comment), has_data, extra)


@lru_cache(256)
def _form(
    field: int, status: int, sop_class_uid: str, has_data: bool, named: bool
) -> tuple[tuple[Element, ...], int, int]:
    """The elements of a response in which Message ID Being Responded To and Affected SOP Instance UID differ from one
    to the next, and where those two stand; -1 for one that is not there."""
    values: dict[str, Value] = {"CommandField": field, "MessageID": 1, "AffectedSOPClassUID": sop_class_uid}
    if named:
        values["AffectedSOPInstanceUID"] = "1"
    elements = _made(CommandSet.of(**values), status, "", has_data, None).elements
    tags = [element.tag for element in elements]
    return elements, tags.index(_RESPONDED_TO), tags.index(_INSTANCE) if _INSTANCE in tags else -1


def _made(
    request: CommandSet, status: int, comment: str, has_data: bool, extra: Mapping[str, Value] | None
) -> CommandSet:
    """As `response_to`, from the rows."""
    field = request.command_field or 0
    row = message_for(field | RESPONSE_BIT)
    service = row.service if row else ""
    wanted = {f.element.keyword for f in row.fields} if row else set()
    status_row = lookup(status, service, request.sop_class_uid)
    failed = status_row.klass is StatusClass.FAILURE
    if service == _CREATE and failed and tag_of("AffectedSOPInstanceUID") not in status_row.related:
        wanted.discard("AffectedSOPInstanceUID")  # nothing was created (PS3.7 10.1.5.1.4)
    values: dict[str, Value] = {
        "CommandField": field | RESPONSE_BIT,
        "MessageIDBeingRespondedTo": request.message_id or 0,
        "CommandDataSetType": 0x0001 if has_data else NO_DATA_SET,
        "Status": status,
    }
    copied: dict[str, Value] = {
        "AffectedSOPClassUID": request.sop_class_uid,
        "AffectedSOPInstanceUID": request.get("AffectedSOPInstanceUID") or request.get("RequestedSOPInstanceUID"),
        "EventTypeID": request.number("EventTypeID"),
        "ActionTypeID": request.number("ActionTypeID"),
    }
    values.update({k: v for k, v in copied.items() if k in wanted and v not in ("", None)})
    if comment and (row is None or _takes_comment(status_row, status)):
        values["ErrorComment"] = _NOT_LO.sub("?", comment)[:ERROR_COMMENT_LENGTH]
    values.update({k: v for k, v in (extra or {}).items() if v is not None})
    return CommandSet.of(**values)


def _takes_comment(row: StatusRow, status: int) -> bool:
    """Whether an Error Comment goes with a status: by PS3.7 Annex C, or because a service class may have its own."""
    explains = row.klass in (StatusClass.FAILURE, StatusClass.WARNING)
    return tag_of("ErrorComment") in row.related or (explains and status >= _SERVICE_CLASS_CODES)


def request_of(message: str, **values: Value) -> CommandSet:
    """A request's command set by message name, e.g. ``request_of("C-ECHO-RQ", AffectedSOPClassUID=...)``.

    Message ID and Command Data Set Type are left to be filled in when it is sent.
    """
    given = tuple(k for k, v in values.items() if v is not None)
    elements = (_element(tag_of(e), values[e]) if isinstance(e, str) else e for e in _layout(message, given))
    return CommandSet(tuple(elements))


@lru_cache(maxsize=256)
def _layout(message: str, given: tuple[str, ...]) -> tuple[Element | str, ...]:
    """The elements of a request in order, those that are given by their keyword."""
    row = MESSAGES[message]
    listed = {f.element.keyword for f in row.fields}
    own: dict[str, Value] = {"CommandField": row.command_field, "CommandDataSetType": None}
    own |= {k: v for k, v in (("MessageID", None), ("Priority", 0)) if k in listed}
    empty = CommandSet.of(**own, **{k: None for k in given if k not in own})
    return tuple(e.keyword if e.keyword in given else e for e in empty)
