"""Command sets against their message's row (PS3.7 6.3, 9.3, 10.3, Annex E)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from engine.model.command_set import COMMAND_FIELD, DATA_SET_TYPE, GROUP_LENGTH, MESSAGE_ID, CommandSet, Element
from engine.standard.elements import ELEMENTS, tag_text
from engine.standard.messages import FieldRow, MessageRow, When, message_name
from engine.standard.status import StatusClass
from engine.wire.commands import CommandError, encode_value

from .findings import Finding, found
from .responses import RESPONSE_CHECKS, allowed_with_status
from .services import SERVICE_CHECKS
from .subject import Subject
from .values import value_faults

Check = Callable[[Subject], Iterable[Finding]]
_EXPLICIT_FOUR = int.from_bytes(b"UL\x04\x00", "little")
_BIG_ENDIAN_FOUR = int.from_bytes(b"\x00\x00\x00\x04", "little")
"""The length of Command Group Length, written otherwise than in Implicit VR Little Endian."""
_HEADER = 8
"""Bytes of tag and length in front of each value."""


def check_command(
    command: CommandSet,
    request: CommandSet | None = None,
    has_data: bool | None = None,
    *,
    spans: Sequence[tuple[int, int]] = (),
    size: int | None = None,
    abstract_syntax: str = "",
) -> list[Finding]:
    """Everything that departs from the Standard; never raises.

    request: of a response or a cancel, the request it belongs to. has_data: whether a Data Set follows (or is to be
    sent); None when not known. spans: byte range of each element in the encoded command set of `size` bytes, for the
    evidence. abstract_syntax: of the presentation context the message travels on.

    Elements without value that the engine fills in (group length, Message ID, Command Data Set Type) are right.
    """
    subject = Subject(command, request, has_data, tuple(spans), size, abstract_syntax)
    # Of what was read in another encoding than it was written in nothing else means anything.
    return [*_encoding(subject)] or [finding for check in _CHECKS for finding in check(subject)]


# The command set as such


def _encoding(s: Subject) -> Iterator[Finding]:
    """A command set that begins with (0000,0000) as other transfer syntaxes would write it."""
    first = s.elements[0] if s.elements else None
    if first is None or first.tag != GROUP_LENGTH or first.length is None:
        return
    looks = {_BIG_ENDIAN_FOUR: "Big Endian", _EXPLICIT_FOUR: "Explicit VR"}.get(first.length)
    if looks is not None:
        yield s.at(
            "command.encoding", 0, f"The command set is encoded in {looks}; it must be Implicit VR Little Endian."
        )


def _group_length(s: Subject) -> Iterator[Finding]:
    if not s.elements or s.elements[0].tag != GROUP_LENGTH:
        sentence = "The command set does not begin with Command Group Length (0000,0000)."
        yield s.about("command.group-length-first", GROUP_LENGTH, sentence)
        return
    told, true = s.plain.number(GROUP_LENGTH), _bytes_after_first(s)
    if told is not None and true is not None and told != true:
        yield s.at("command.group-length", 0, f"Command Group Length is {told}, but {true} bytes follow it.")


def _bytes_after_first(s: Subject) -> int | None:
    """What the group length counts; None when an element cannot be encoded."""
    if s.spans:
        return max(s.size or 0, s.spans[-1][1]) - s.spans[0][1]
    sizes = [_value_size(e) for e in s.command.elements[1:]]
    return None if None in sizes else sum(_HEADER + size for size in sizes if size is not None)


def _value_size(element: Element) -> int | None:
    if element.tag in (MESSAGE_ID, DATA_SET_TYPE) and element.value is None and element.raw is None:
        return 2
    try:
        return len(encode_value(element))
    except CommandError:
        return None


def _order(s: Subject) -> Iterator[Finding]:
    seen: set[int] = set()
    highest = -1
    for index, element in enumerate(s.elements):
        name = _name(element.tag)
        if element.tag in seen:
            yield s.at("command.repeated", index, f"{name} is there more than once.")
        elif element.tag < highest:
            yield s.at("command.ascending", index, f"{name} comes after {_name(highest)}.")
        seen.add(element.tag)
        highest = max(highest, element.tag)


def _lengths(s: Subject) -> Iterator[Finding]:
    for index, element in enumerate(s.elements):
        size = _value_size(element)
        told = element.length if element.length is not None else size
        if told is None:
            continue
        name = _name(element.tag)
        if size is not None and told != size:
            yield s.at("command.length", index, f"{name} has a length of {told}, but {size} bytes.")
        if told % 2:
            yield s.at("command.odd-length", index, f"{name} has an odd length, {told}.")
    if s.spans and s.size is not None and s.size > s.spans[-1][1]:
        rest = s.size - s.spans[-1][1]
        yield found("command.trailing-bytes", f"{rest} bytes after the last element are no element.")


def _elements(s: Subject) -> Iterator[Finding]:
    for index, element in s.present():
        row = ELEMENTS.get(element.tag)
        name = _name(element.tag)
        if element.tag >> 16:
            yield s.at("command.group", index, f"{name} is not of group 0000.")
        elif row is None:
            yield s.at("command.unknown-element", index, f"{name} is not in the command dictionary.")
        elif row.retired:
            yield s.at("command.retired-element", index, f"{name} is retired.")


def _values(s: Subject) -> Iterator[Finding]:
    for index, element in s.present():
        row = ELEMENTS.get(element.tag)
        if row is not None and element.value is not None:
            for rule, sentence in value_faults(element, row):
                yield s.at(rule, index, sentence)


# The command set as a message


def _message(s: Subject) -> Iterator[Finding]:
    if s.position(COMMAND_FIELD) is None:
        yield s.about("command.command-field", COMMAND_FIELD, "There is no Command Field (0000,0100).")
    elif s.field is None:
        yield s.about("command.command-field", COMMAND_FIELD, "The Command Field (0000,0100) has no number in it.")
    elif s.row is None:
        sentence = f"{s.field:04X}H is not a Command Field of the Standard."
        yield s.about("command.unknown-command-field", COMMAND_FIELD, sentence)


def _required(s: Subject) -> Iterator[Finding]:
    if s.row is None:
        return
    for field in s.row.fields:
        if field.tag == GROUP_LENGTH or not _is_required(s, field):
            continue
        name = _name(field.tag)
        element = s.plain.find(field.tag)
        clause = field.condition_clause or s.row.clause
        if element is None:
            rule, why = "command.missing-mandatory", f"{_message_name(s)} must have it"
            if field.required is None and field.when is not None:
                rule, why = "command.missing-conditional", f"it is required when {field.when.value}"
            yield s.about(rule, field.tag, f"{name} is missing; {why}.", clause=clause)
        elif element.value is None and not s.is_filled_in(element):
            yield s.about("command.empty-mandatory", field.tag, f"{name} is empty.", clause=clause)


def _is_required(s: Subject, field: FieldRow) -> bool:
    if field.required is not None:
        return field.required
    return field.when is not None and _WHEN[field.when](s)


def _is_pending(s: Subject) -> bool:
    return s.status_class is StatusClass.PENDING


def _has_data_set(s: Subject) -> bool:
    return bool(s.with_data)


def _uid_was_assigned(s: Subject) -> bool:
    return s.status == 0 and s.request is not None and not s.request.text("AffectedSOPInstanceUID")


_WHEN: dict[When, Callable[[Subject], bool]] = {
    When.PENDING: _is_pending,
    When.DATA_SET: _has_data_set,
    When.UID_ASSIGNED: _uid_was_assigned,
}


def _forbidden(s: Subject) -> Iterator[Finding]:
    if s.row is None or s.status_class is None:
        return
    for field in s.row.fields:
        if s.status_class in field.not_with and s.position(field.tag) is not None:
            sentence = f"{_name(field.tag)} is not allowed with the status {s.status_class.value}."
            yield s.about("command.forbidden-field", field.tag, sentence, clause=field.condition_clause)


def _undefined(s: Subject) -> Iterator[Finding]:
    if s.row is None:
        return
    for index, element in s.present():
        row = ELEMENTS.get(element.tag)
        if row is None or row.retired or s.row.field(element.tag) is not None:
            continue
        if element.tag == MESSAGE_ID:
            sentence = f"{_message_name(s)} carries a Message ID, a use that is retired and means nothing."
            yield s.at("command.message-id-in-response", index, sentence)
        elif not allowed_with_status(s, element.tag):
            with_status = f" with the status {s.status:04X}H" if s.status is not None else ""
            sentence = f"{_name(element.tag)} is not a field of {_message_name(s)}{with_status}."
            yield s.at("command.undefined-field", index, sentence, clause=s.row.clause)


def _allowed(s: Subject) -> Iterator[Finding]:
    for field in s.row.fields if s.row else ():
        value = s.plain.number(field.tag)
        if field.allowed and value is not None and value not in field.allowed:
            choice = ", ".join(map(str, field.allowed))
            sentence = f"{_name(field.tag)} is {value}; it can be {choice}."
            yield s.about("command.allowed-value", field.tag, sentence)


def _data_set(s: Subject) -> Iterator[Finding]:
    if s.row is None:
        return
    rule = s.row.data_set
    if s.announced is not None and rule.presence in ("always", "never"):
        yield from _announced(s, s.row)
    if s.announced is not None and s.has_data is not None and s.announced is not s.has_data:
        sentence = (
            "Command Data Set Type announces a Data Set, but none follows."
            if s.announced
            else "A Data Set follows, but Command Data Set Type (0101H) says none does."
        )
        yield s.about("command.data-set-present", DATA_SET_TYPE, sentence)
    if s.with_data is None or s.status_class is None:
        return
    word = s.status_class.value
    if s.with_data and s.status_class in rule.not_with:
        sentence = f"{rule.name} is sent with the status {word}, which excludes it."
        yield s.about("command.data-set-with-status", DATA_SET_TYPE, sentence, clause=rule.condition_clause)
    elif not s.with_data and s.status_class in rule.must_with:
        sentence = f"{rule.name} is missing; the status {word} requires it."
        yield s.about("command.data-set-with-status", DATA_SET_TYPE, sentence, clause=rule.condition_clause)


def _announced(s: Subject, row: MessageRow) -> Iterator[Finding]:
    if s.announced and row.data_set.presence == "never":
        sentence = f"{row.name} has no Data Set; Command Data Set Type must be 0101H."
    elif not s.announced and row.data_set.presence == "always":
        sentence = f"{row.name} always has a Data Set ({row.data_set.name}); Command Data Set Type must not be 0101H."
    else:
        return
    yield s.about("command.data-set-announced", DATA_SET_TYPE, sentence, clause=row.clause)


def _message_name(s: Subject) -> str:
    return message_name(s.field)


def _name(tag: int) -> str:
    row = ELEMENTS.get(tag)
    return f"{row.name} {tag_text(tag)}" if row else f"Element {tag_text(tag)}"


_CHECKS: tuple[Check, ...] = (
    _group_length,
    _order,
    _lengths,
    _elements,
    _values,
    _message,
    _required,
    _forbidden,
    _undefined,
    _allowed,
    _data_set,
    *RESPONSE_CHECKS,
    *SERVICE_CHECKS,
)
