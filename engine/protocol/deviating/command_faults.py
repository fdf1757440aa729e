"""Faults of command sets: one becomes another. "Compose anything" lets the encoder write all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.model.command_set import GROUP_LENGTH, CommandSet, Element
from engine.model.scripting import Deviation
from engine.standard.elements import ELEMENTS
from engine.wire.commands import NUMBER_SIZES, encode_command, encode_value, vr_of

Change = Callable[[CommandSet, Deviation], CommandSet]
UNKNOWN_ELEMENT = 0x00001999
_COUNTERS = (
    "NumberOfRemainingSuboperations",
    "NumberOfCompletedSuboperations",
    "NumberOfFailedSuboperations",
    "NumberOfWarningSuboperations",
)
_LONG_VRS = frozenset({"OB", "OW", "SQ", "UN", "UT"})


def _status(command: CommandSet, d: Deviation) -> CommandSet:
    changed = command.with_values(Status=d.number("status"))
    if comment := d.text("comment"):
        changed = changed.with_values(ErrorComment=comment)
    if d.number("error_id") >= 0:
        changed = changed.with_values(ErrorID=d.number("error_id"))
    if d.text("offending"):
        changed = changed.with_values(OffendingElement=d.tag("offending"))
    return changed


def _with_id(command: CommandSet, number: int) -> CommandSet:
    return command.with_values(MessageIDBeingRespondedTo=number & 0xFFFF)


def _uid_element(command: CommandSet, kind: str, uid: str) -> CommandSet:
    """The Affected or Requested SOP class or instance, whichever the message has."""
    requested = f"Requested{kind}"
    key = requested if command.find(requested) else f"Affected{kind}"
    return command.with_values(**{key: uid})


def _extra(command: CommandSet, d: Deviation) -> CommandSet:
    tag, text = d.tag("element"), d.text("value")
    row = ELEMENTS.get(tag)
    if row is None:
        return CommandSet((*command, Element(tag, text.encode("latin-1", "replace"))))
    return command.with_values(**{row.keyword: int(text, 0) if row.vr in NUMBER_SIZES else text})


def _off(command: CommandSet, d: Deviation) -> CommandSet:
    true = len(encode_command(command.without((GROUP_LENGTH,))))
    return command.with_values(CommandGroupLength=max(0, true + d.number("by")))


def _explicit(command: CommandSet, _d: Deviation) -> CommandSet:
    """VR and a length of 2 bytes stand where an implicit element has its length of 4."""
    return _fixed_length(CommandSet(tuple(map(_explicit_element, command))))


def _explicit_element(element: Element) -> Element:
    if element.tag == GROUP_LENGTH:
        return replace(element, raw=bytes(4), length=int.from_bytes(b"UL\x04\x00", "little"))
    raw, vr = encode_value(element), vr_of(element.tag)
    if vr in _LONG_VRS:
        return replace(
            element, raw=len(raw).to_bytes(4, "little") + raw, length=int.from_bytes(f"{vr}\0\0".encode(), "little")
        )
    return replace(element, raw=raw, length=int.from_bytes(vr.encode() + len(raw).to_bytes(2, "little"), "little"))


def _fixed_length(command: CommandSet) -> CommandSet:
    """With the true group length as raw value, which an encoder would otherwise not write here."""
    true = len(encode_command(command.without((GROUP_LENGTH,))))
    return CommandSet(
        tuple(replace(e, raw=true.to_bytes(4, "little")) if e.tag == GROUP_LENGTH else e for e in command)
    )


def _uids(change: Callable[[bytes], bytes]) -> Change:
    def apply(command: CommandSet, _d: Deviation) -> CommandSet:
        return CommandSet(
            tuple(replace(e, raw=change(encode_value(e))) if vr_of(e.tag) == "UI" else e for e in command)
        )

    return apply


def _space_padded(value: bytes) -> bytes:
    bare = value.rstrip(b"\0")
    return bare + b" " * (2 - len(bare) % 2)


def _unsorted(command: CommandSet, _d: Deviation) -> CommandSet:
    length = command.find(GROUP_LENGTH)
    rest = tuple(reversed([e for e in command if e.tag != GROUP_LENGTH]))
    return CommandSet(((length,) if length else ()) + rest)


def _unknown(command: CommandSet, value: bytes) -> CommandSet:
    return CommandSet((*command, Element(UNKNOWN_ELEMENT, value)))


def filled(command: CommandSet, count: int) -> CommandSet:
    """The command set with an unknown element of so many bytes at its end."""
    return _unknown(command, b" " * (count + count % 2))


def pending(command: CommandSet, status: int) -> CommandSet:
    return command.with_values(Status=status)


def answering(command: CommandSet, number: int) -> CommandSet:
    return _with_id(command, number)


CHANGES: dict[str, Change] = {
    "status": _status,
    "no-status": lambda command, _: command.without(("Status",)),
    "wrong-message-id": lambda command, d: _with_id(command, (command.responded_to or 0) + d.number("by")),
    "no-message-id": lambda command, _: command.without(("MessageIDBeingRespondedTo",)),
    "wrong-response": lambda command, d: command.with_values(CommandField=d.number("field")),
    "wrong-sop-class": lambda command, d: _uid_element(command, "SOPClassUID", d.text("uid")),
    "wrong-sop-instance": lambda command, d: _uid_element(command, "SOPInstanceUID", d.text("uid")),
    "missing-element": lambda command, d: command.without((d.tag("element"),)),
    "extra-element": _extra,
    "private-element": lambda command, _: _unknown(command, b"private "),
    "group-length-off": _off,
    "no-group-length": lambda command, _: command.without((GROUP_LENGTH,)),
    "explicit-command": _explicit,
    "unsorted-command": _unsorted,
    "padded-command-uids": _uids(_space_padded),
    "odd-command-uids": _uids(lambda value: value.rstrip(b"\0")),
    "counters-missing": lambda command, _: command.without(_COUNTERS),
    "counters-wrong": lambda command, d: command.with_values(
        NumberOfCompletedSuboperations=d.number("completed"),
        NumberOfFailedSuboperations=d.number("failed"),
        NumberOfWarningSuboperations=d.number("warning"),
    ),
}
