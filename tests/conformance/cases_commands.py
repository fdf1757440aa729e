"""Command sets and data sets that break a rule, and some that break none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.conformance.commands import check_command
from engine.conformance.data import check_data
from engine.conformance.findings import Finding
from engine.model.command_set import CommandSet, Element
from engine.model.dataset import DataSet
from engine.wire.commands import encode_command
from tests.conformance.checking import check_command_bytes

VERIFICATION = "1.2.840.10008.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
BASIC_TEXT_SR = "1.2.840.10008.5.1.4.1.1.88.11"
STUDY_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
MPPS = "1.2.840.10008.3.1.2.3.3"
PRINTER = "1.2.840.10008.5.1.1.16"
COMMITMENT = "1.2.840.10008.1.20.1"
UPS_PUSH, UPS_PULL = "1.2.840.10008.5.1.4.34.6.1", "1.2.840.10008.5.1.4.34.6.3"
IMPLICIT = "1.2.840.10008.1.2"
JPEG = "1.2.840.10008.1.2.4."
NONE = 0x0101

ECHO = CommandSet.of(AffectedSOPClassUID=VERIFICATION, CommandField=0x0030, MessageID=7, CommandDataSetType=NONE)
ECHOED = CommandSet.of(
    AffectedSOPClassUID=VERIFICATION,
    CommandField=0x8030,
    MessageIDBeingRespondedTo=7,
    CommandDataSetType=NONE,
    Status=0,
)
STORE = CommandSet.of(
    AffectedSOPClassUID=CT,
    CommandField=0x0001,
    MessageID=1,
    Priority=0,
    CommandDataSetType=0,
    AffectedSOPInstanceUID="1.2.3",
)
FIND = CommandSet.of(AffectedSOPClassUID=STUDY_FIND, CommandField=0x20, MessageID=1, Priority=0, CommandDataSetType=0)
FOUND = CommandSet.of(
    AffectedSOPClassUID=STUDY_FIND, CommandField=0x8020, MessageIDBeingRespondedTo=1, CommandDataSetType=NONE, Status=0
)
MOVED = CommandSet.of(
    AffectedSOPClassUID=STUDY_MOVE,
    CommandField=0x8021,
    MessageIDBeingRespondedTo=1,
    CommandDataSetType=NONE,
    Status=0,
    NumberOfCompletedSuboperations=2,
    NumberOfFailedSuboperations=0,
    NumberOfWarningSuboperations=0,
)
CREATE = CommandSet.of(AffectedSOPClassUID=MPPS, CommandField=0x0140, MessageID=1, CommandDataSetType=0)
CREATED = CommandSet.of(
    AffectedSOPClassUID=MPPS,
    CommandField=0x8140,
    MessageIDBeingRespondedTo=1,
    CommandDataSetType=NONE,
    Status=0,
    AffectedSOPInstanceUID="1.2.3",
)
ACTION = CommandSet.of(
    RequestedSOPClassUID=COMMITMENT,
    CommandField=0x0130,
    MessageID=1,
    CommandDataSetType=0,
    RequestedSOPInstanceUID="1.2.840.10008.1.20.1.1",
    ActionTypeID=1,
)
REPORT = CommandSet.of(
    AffectedSOPClassUID=COMMITMENT,
    CommandField=0x0100,
    MessageID=1,
    CommandDataSetType=0,
    AffectedSOPInstanceUID="1.2.840.10008.1.20.1.1",
    EventTypeID=1,
)
GET_PRINTER = CommandSet.of(
    RequestedSOPClassUID=PRINTER,
    CommandField=0x0110,
    MessageID=1,
    CommandDataSetType=NONE,
    RequestedSOPInstanceUID="1.2.840.10008.5.1.1.17",
)
GOOD_COMMANDS = {
    "echo": ECHO,
    "echoed": ECHOED,
    "store": STORE,
    "find": FIND,
    "found": FOUND,
    "moved": MOVED,
    "create": CREATE,
    "created": CREATED,
    "action": ACTION,
    "report": REPORT,
    "get": GET_PRINTER,
}


def raw(command: CommandSet, keyword: str, data: bytes, length: int | None = None) -> CommandSet:
    """A copy with the bytes of one element given."""
    changed = command.with_values(**{keyword: None})
    elements = (replace(e, raw=data, length=length) if e.keyword == keyword else e for e in changed)
    return CommandSet(tuple(elements))


def added(command: CommandSet, *elements: Element) -> CommandSet:
    return CommandSet((*command.elements, *elements))


EXPLICIT_FOUR = int.from_bytes(b"UL\4\0", "little")
INVENTORY_MOVE = CommandSet.of(
    AffectedSOPClassUID="1.2.840.10008.5.1.4.1.1.201.3",
    CommandField=0x0021,
    MessageID=1,
    Priority=0,
    CommandDataSetType=0,
    MoveDestination="CONSOLE",
)

COMMANDS: dict[str, Callable[[], list[Finding]]] = {
    "encoding": lambda: check_command(raw(ECHO, "CommandGroupLength", b"8\0\0\0", EXPLICIT_FOUR)),
    "group-length-first": lambda: check_command(CommandSet(ECHO.elements[1:])),
    "group-length": lambda: check_command(ECHO.with_values(CommandGroupLength=3)),
    "ascending": lambda: check_command(CommandSet((ECHO.elements[0], *reversed(ECHO.elements[1:])))),
    "repeated": lambda: check_command(CommandSet((*ECHO.elements, ECHO.elements[-1]))),
    "group": lambda: check_command(added(ECHO, Element(0x00080016, b"1.2 "))),
    "length": lambda: check_command(raw(ECHO, "MessageID", b"\1\0", 8)),
    "odd-length": lambda: check_command(raw(ECHO, "MessageID", b"\1\0\0")),
    "trailing-bytes": lambda: check_command_bytes(encode_command(ECHO) + b"\0\0\0"),
    "unknown-element": lambda: check_command(added(ECHO, Element(0x00000999, b"??"))),
    "retired-element": lambda: check_command(added(ECHO, Element(0x00005110, "OLD "))),
    "value": lambda: check_command(ECHO.with_values(MessageID=70000)),
    "value-length": lambda: check_command(
        ECHOED.with_values(Status=0x0110, ErrorComment="x" * 65, AffectedSOPClassUID="1.2.3")
    ),
    "values": lambda: check_command(ECHO.with_values(MessageID=(1, 2))),
    "padding": lambda: check_command(raw(STORE, "AffectedSOPInstanceUID", b"1.2.3 ")),
    "uid": lambda: check_command(STORE.with_values(AffectedSOPInstanceUID="1.02")),
    "ae-title": lambda: check_command(STORE.with_values(MoveOriginatorApplicationEntityTitle="A" * 17)),
    "characters": lambda: check_command(ECHOED.with_values(ErrorComment="Ä")),
    "command-field": lambda: check_command(ECHO.without(["CommandField"])),
    "unknown-command-field": lambda: check_command(ECHO.with_values(CommandField=0x1234)),
    "missing-mandatory": lambda: check_command(ECHO.without(["AffectedSOPClassUID"])),
    "empty-mandatory": lambda: check_command(STORE.with_values(Priority=None)),
    "missing-conditional": lambda: check_command(MOVED.with_values(Status=0xFF00)),
    "forbidden-field": lambda: check_command(MOVED.with_values(NumberOfRemainingSuboperations=0)),
    "undefined-field": lambda: check_command(ECHO.with_values(Priority=0)),
    "message-id-in-response": lambda: check_command(ECHOED.with_values(MessageID=7)),
    "allowed-value": lambda: check_command(STORE.with_values(Priority=3)),
    "data-set-announced": lambda: check_command(STORE.with_values(CommandDataSetType=NONE)),
    "data-set-present": lambda: check_command(STORE, has_data=False),
    "data-set-with-status": lambda: check_command(FOUND.with_values(Status=0xFF00)),
    "response-to-request": lambda: check_command(ECHOED, FIND),
    "equal-to-request": lambda: check_command(ECHOED.with_values(MessageIDBeingRespondedTo=8), ECHO),
    "status-undefined": lambda: check_command(ECHOED.with_values(Status=0x1234)),
    "status-unlisted": lambda: check_command(FOUND.with_values(Status=0xB123)),
    "echo-status": lambda: check_command(ECHOED.with_values(Status=0x0122)),
    "sub-operation-counts": lambda: check_command(MOVED.with_values(NumberOfFailedSuboperations=1)),
    "failed-create": lambda: check_command(CREATED.with_values(Status=0x0120)),
    "single-response": lambda: check_command(ECHOED.with_values(Status=0xFF00)),
    "service-of-sop-class": lambda: check_command(STORE.with_values(AffectedSOPClassUID=VERIFICATION)),
    "action-type": lambda: check_command(ACTION.with_values(ActionTypeID=2)),
    "event-type": lambda: check_command(REPORT.with_values(EventTypeID=9)),
    "well-known-instance": lambda: check_command(GET_PRINTER.with_values(RequestedSOPInstanceUID="1.2.3")),
    "sop-class-of-context": lambda: check_command(STORE, abstract_syntax=VERIFICATION),
}

INSTANCE = DataSet().put(0x00080016, "UI", CT).put(0x00080018, "UI", "1.2.3")
QUERY = DataSet().put(0x00080052, "CS", "STUDY")

DATA: dict[str, Callable[[], list[Finding]]] = {
    "sop-class": lambda: check_data(STORE, INSTANCE.put(0x00080016, "UI", "1.2.3")),
    "sop-instance": lambda: check_data(STORE, INSTANCE.put(0x00080018, "UI", "1.2.4")),
    "group": lambda: check_data(STORE, INSTANCE.put(0x00020010, "UI", IMPLICIT)),
    "query-level": lambda: check_data(FIND, QUERY.put(0x00080052, "CS", "PATIENT")),
    "inventory-level": lambda: check_data(INVENTORY_MOVE, QUERY),
}
