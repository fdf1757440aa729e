"""Messages to start from: shipped files where a SOP class has something to say, else built from the message's row."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import engine
from engine.model.association import DEFAULT_AE_TITLE
from engine.model.command_set import CommandSet, Element, Value
from engine.model.dataset import DataSet
from engine.standard.messages import MESSAGES, FieldRow, MessageRow
from engine.standard.sop_classes import SopClass, sop_class

from .command_toml import automatic_elements
from .message_files import MessageContext, MessageFile, load_message
from .queries import identifier, levels_of, retrieve_identifier

SHIPPED = Path(engine.__file__).parents[1] / "resources" / "messages"
_INSTANCE = "{uid instance}"


@cache
def shipped_messages() -> tuple[MessageFile, ...]:
    """The messages that come with the program, in the order of their file names; placeholders not filled in."""
    return tuple(load_message(path) for path in sorted(SHIPPED.glob("*.toml")))


def templates(message_name: str, sop_class_uid: str = "") -> tuple[MessageFile, ...]:
    """Every message to start from for this SOP class: shipped ones, one a query level, one an action or event type.

    Placeholders ({uid}, {date}, ...) are left in; `placeholders.Filler` fills them. KeyError for an unknown message.
    """
    row = MESSAGES[message_name]
    shipped = tuple(m for m in shipped_messages() if m.message == row.name and _is_for(m, sop_class_uid))
    return shipped or _generated(row, sop_class_uid)


def template(message_name: str, sop_class_uid: str = "") -> MessageFile:
    """The message to start from."""
    return templates(message_name, sop_class_uid)[0]


def _is_for(message: MessageFile, uid: str) -> bool:
    """Whether the message speaks of the SOP class itself, or travels in a context of it (meta, UPS Pull)."""
    return uid != "" and uid in (message.command.sop_class_uid, message.context.abstract_syntax)


def _generated(row: MessageRow, uid: str) -> tuple[MessageFile, ...]:
    sop = sop_class(uid)
    keyed = {"N-ACTION": "ActionTypeID", "N-EVENT-REPORT": "EventTypeID"}.get(row.service)
    types = (sop.action_types if row.service == "N-ACTION" else sop.event_types) if sop and keyed else {}
    if row.kind == "request" and keyed and types:
        base = _plain(row, uid, sop)
        return tuple(
            replace(base, title=name, command=base.command.with_values(**{keyed: number}))
            for number, name in types.items()
        )
    if row.kind == "request" and row.service in ("C-FIND", "C-GET", "C-MOVE"):
        make = identifier if row.service == "C-FIND" else retrieve_identifier
        levels = levels_of(uid) or ("",)
        ordered = sorted(levels, key=lambda level: level != "STUDY")
        return tuple(
            replace(_plain(row, uid, sop), title=f"{row.service} {level}".strip(), data=make(uid, level))
            for level in ordered
        )
    return (_plain(row, uid, sop),)


def _plain(row: MessageRow, uid: str, sop: SopClass | None) -> MessageFile:
    """Every field its row requires or a response repeats; what is the sender's own option is left out."""
    elements = dict(automatic_elements(row))
    subject = sop.message_sop_class if sop and sop.message_sop_class and row.service.startswith("N-") else uid
    for field in row.fields:
        if field.tag not in elements and (field.required or field.usage.startswith("M") or field.must_equal_request):
            elements[field.tag] = Element(field.tag, _value(field, subject, sop))
    if row.name in ("C-STORE-RQ", "N-CREATE-RQ", "N-EVENT-REPORT-RQ"):
        tag = 0x00001000
        elements.setdefault(tag, Element(tag, _INSTANCE))
    command = CommandSet(tuple(elements[tag] for tag in sorted(elements)))
    data = DataSet() if row.data_set.presence == "always" and row.name != "C-STORE-RQ" else None
    return MessageFile(
        message=row.name, command=command, context=MessageContext(abstract_syntax=uid), data=data, title=row.name
    )


def _value(field: FieldRow, uid: str, sop: SopClass | None) -> Value:
    if field.fixed is not None:
        return field.fixed
    own = sop.well_known_instance if sop and not sop.message_sop_class else ""
    instance = own or _INSTANCE
    values: dict[str, Value] = {
        "AffectedSOPClassUID": uid or None,
        "RequestedSOPClassUID": uid or None,
        "AffectedSOPInstanceUID": instance,
        "RequestedSOPInstanceUID": instance,
        "MessageIDBeingRespondedTo": 1,
        "Priority": 0,
        "Status": 0,
        "MoveDestination": DEFAULT_AE_TITLE,
        "EventTypeID": 1,
        "ActionTypeID": 1,
    }
    return values.get(field.element.keyword, field.allowed[0] if field.allowed else None)
