"""PS3.7 Annex C, each status type on the wire: what the invoking side is told, and what the performing side sends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine.conformance.commands import check_command
from engine.model.association import Proposal, Role
from engine.model.command_set import CommandSet, Value
from engine.model.commands import Outgoing
from engine.model.dataset import DataSet
from engine.model.notices import Direction, MessageNotice, Outcome
from engine.services.responses import request_of, response_to
from engine.standard.status import ANNEX_C
from tests.runtime.console import Console, contexts, keys, proposal, store_rq
from tests.runtime.scripted import Conversation, scripted

VERIFICATION, CT = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.2"
FIND, MOVE = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.2"
MPPS, COMMITMENT = "1.2.840.10008.3.1.2.3.3", "1.2.840.10008.1.20.1"
FILM_SESSION, MEDIA = "1.2.840.10008.5.1.1.1", "1.2.840.10008.5.1.1.33"
INSTANCE, COMMITTING = "1.2.3.4.5", "1.2.840.10008.1.20.1.1"
NAME, PATIENT = 0x00100010, 0x00100020
SUCCESS, WARNING, FAILURE = Outcome.SUCCESS, Outcome.WARNING, Outcome.FAILURE
RELEASE_RP = b"\x06\0\0\0\0\4\0\0\0\0"
PATIENTS = keys(PatientName="DOE^JANE", PatientID="P1")
QUERY = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="")

# What is asked, by service: SOP class, the request's own elements, its data set.
ASKED: dict[str, tuple[str, dict[str, Value], DataSet | None]] = {
    "C-ECHO": (VERIFICATION, {"AffectedSOPClassUID": VERIFICATION}, None),
    "C-STORE": (CT, {"AffectedSOPClassUID": CT, "AffectedSOPInstanceUID": INSTANCE}, PATIENTS),
    "C-FIND": (FIND, {"AffectedSOPClassUID": FIND}, QUERY),
    "C-MOVE": (MOVE, {"AffectedSOPClassUID": MOVE, "MoveDestination": "NOWHERE"}, QUERY),
    "N-CREATE": (MPPS, {"AffectedSOPClassUID": MPPS, "AffectedSOPInstanceUID": INSTANCE}, PATIENTS),
    "N-SET": (MPPS, {"RequestedSOPClassUID": MPPS, "RequestedSOPInstanceUID": INSTANCE}, PATIENTS),
    "N-GET": (MEDIA, {"RequestedSOPClassUID": MEDIA, "RequestedSOPInstanceUID": INSTANCE}, None),
    "N-ACTION": (
        COMMITMENT,
        {"RequestedSOPClassUID": COMMITMENT, "RequestedSOPInstanceUID": COMMITTING, "ActionTypeID": 1},
        PATIENTS,
    ),
    "N-DELETE": (FILM_SESSION, {"RequestedSOPClassUID": FILM_SESSION, "RequestedSOPInstanceUID": INSTANCE}, None),
    "N-EVENT-REPORT": (
        COMMITMENT,
        {"AffectedSOPClassUID": COMMITMENT, "AffectedSOPInstanceUID": COMMITTING, "EventTypeID": 1},
        PATIENTS,
    ),
}


@dataclass(frozen=True)
class Status:
    """One status type with a service that has it; `related`: the elements Annex C lets come with it."""

    clause: str
    code: int
    says: str
    service: str
    outcome: Outcome = FAILURE
    related: dict[str, Value] = field(default_factory=dict)
    data: DataSet | None = None


OFFENDING: dict[str, Value] = {"OffendingElement": (NAME, PATIENT), "ErrorComment": "cannot be"}
COMMENT: dict[str, Value] = {"ErrorComment": "cannot be"}
LIST: dict[str, Value] = {"AttributeIdentifierList": (NAME, PATIENT)}
STATUSES = (
    Status("C.1.1", 0x0000, "Success", "C-ECHO", SUCCESS),
    Status("C.2.1", 0xFF00, "Matches are continuing", "C-FIND", SUCCESS, data=PATIENTS),
    Status("C.3.1", 0xFE00, "Cancel", "C-FIND", Outcome.CANCELLED),
    Status("C.4.1", 0xB000, "Coercion of Data Elements", "C-STORE", WARNING, OFFENDING),
    Status("C.4.2", 0x0107, "Attribute List warning", "N-GET", WARNING, LIST, PATIENTS),
    Status("C.4.3", 0x0116, "Attribute Value out of range", "N-SET", WARNING, data=PATIENTS),
    Status("C.5.1", 0xC001, "Cannot understand", "C-STORE", related=OFFENDING),
    Status("C.5.2", 0xA900, "Data Set does not match SOP Class", "C-STORE", related=OFFENDING),
    Status("C.5.3", 0xC002, "Unable to process", "C-FIND", related=OFFENDING),
    Status("C.5.4", 0xA801, "Move Destination unknown", "C-MOVE", related=COMMENT),
    Status("C.5.5", 0xA700, "Out of resources", "C-FIND", related=COMMENT),
    Status("C.5.6", 0x0122, "SOP Class not supported", "C-FIND", related=COMMENT),
    Status("C.5.7", 0x0119, "Class-Instance conflict", "N-GET"),
    Status("C.5.8", 0x0111, "Duplicate SOP Instance", "N-CREATE", related={"AffectedSOPInstanceUID": INSTANCE}),
    Status("C.5.9", 0x0210, "Duplicate invocation", "C-STORE"),
    Status("C.5.10", 0x0115, "Invalid argument value", "N-ACTION", related={"ActionTypeID": 1}, data=PATIENTS),
    Status("C.5.11", 0x0106, "Invalid Attribute Value", "N-CREATE", data=PATIENTS),
    Status("C.5.12", 0x0117, "Invalid SOP Instance", "N-SET", related={"AffectedSOPInstanceUID": INSTANCE}),
    Status("C.5.13", 0x0120, "Missing Attribute", "N-CREATE", related=LIST),
    Status("C.5.14", 0x0121, "Missing Attribute Value", "N-SET", data=PATIENTS),
    Status("C.5.15", 0x0212, "Mistyped argument", "C-STORE"),
    Status("C.5.16", 0x0114, "No such argument", "N-ACTION", related={"ActionTypeID": 1}),
    Status("C.5.17", 0x0105, "No such Attribute", "N-SET", related=LIST),
    Status("C.5.18", 0x0113, "No such Event Type", "N-EVENT-REPORT", related={"EventTypeID": 1}),
    Status("C.5.19", 0x0112, "No such SOP Instance", "N-DELETE", related={"AffectedSOPInstanceUID": INSTANCE}),
    Status("C.5.20", 0x0118, "No such SOP Class", "N-GET", related={"AffectedSOPClassUID": MEDIA}),
    Status("C.5.21", 0x0110, "Processing Failure", "N-SET", related={**COMMENT, "ErrorID": 77}),
    Status("C.5.22", 0x0213, "Resource limitation", "N-CREATE"),
    Status("C.5.23", 0x0211, "Unrecognized operation", "C-STORE"),
    Status("C.5.24", 0x0123, "No such Action Type", "N-ACTION", related={"ActionTypeID": 1}),
    Status("C.5.25", 0x0124, "Not authorized", "C-STORE", related=COMMENT),
)
each_status = pytest.mark.parametrize("status", STATUSES, ids=[s.clause for s in STATUSES])


@pytest.fixture
def console() -> Iterator[Console]:
    made = Console()
    yield made
    made.close()


def _request(status: Status) -> Outgoing:
    _, values, data = ASKED[status.service]
    return Outgoing(command=request_of(f"{status.service}-RQ", **values), data=data)


def _both_roles(peer: Any, status: Status) -> Proposal:
    """Each side may be either, so the one table serves both directions."""
    return proposal(peer, *contexts(ASKED[status.service][0], role=Role.BOTH))


def _responses(request: CommandSet, status: Status) -> list[tuple[CommandSet, DataSet | None]]:
    """With this status, and with Success behind a Pending one."""
    command = response_to(request, status.code, has_data=status.data is not None, extra=status.related)
    pending = status.clause == "C.2.1"
    return [(command, status.data), *([(response_to(request, 0x0000), None)] if pending else [])]


def test_the_codes_of_annex_c_are_all_here() -> None:
    assert {s.code for s in STATUSES} >= set(ANNEX_C)
    assert len({s.clause for s in STATUSES}) == len(STATUSES) == 31


@each_status
def test_the_invoking_side_is_told(console: Console, status: Status) -> None:
    def script(c: Conversation) -> None:
        c.accept()
        context, request = c.read_command()
        for command, data in _responses(request, status):
            c.send(c.message(context, command, b"\x10\0\x20\0\2\0\0\0P1" if data else None))
        c.read_pdu()
        c.send(RELEASE_RP)

    with scripted(script) as peer:
        number = console.open(_both_roles(peer, status))
        told = console.send(number, _request(status))
        console.release(number)
    assert told.outcome is status.outcome
    assert told.responses == (status.clause == "C.2.1")
    got = console.responses(told.operation)[0]
    assert got.command.status == status.code
    if status.clause != "C.2.1":
        assert told.status == status.code
        assert f"{status.code:04X}H" in told.sentence and status.says in told.sentence
    for keyword, value in status.related.items():
        assert got.command.get(keyword) == value
    assert told.error_comment == status.related.get("ErrorComment", "")
    assert told.offending_elements == status.related.get("OffendingElement", ())
    assert (got.data is not None) == (status.data is not None)


@each_status
def test_the_performing_side_sends_it(console: Console, status: Status) -> None:
    asked: list[CommandSet] = []
    got: list[CommandSet] = []

    def script(c: Conversation) -> None:
        c.accept()
        message = _request(status)
        asked.append(message.command.with_values(MessageID=7, CommandDataSetType=0x0001 if message.data else 0x0101))
        c.send(c.message(1, asked[0], b"\x10\0\x20\0\2\0\0\0P1" if message.data else None))
        got.append(c.read_command()[1])
        c.read_pdu()
        if status.clause == "C.2.1":
            c.read_pdu()
        c.send(RELEASE_RP)

    with scripted(script) as peer:
        number = console.open(_both_roles(peer, status), auto_answer=False)
        request = console.wait(MessageNotice, lambda n: n.direction is Direction.RECEIVED)
        for command, data in _responses(request.command, status):
            console.send(number, Outgoing(command=command, data=data, context_id=request.context_id))
        console.release(number)
    assert not peer.errors
    (response,) = got
    assert (response.status, response.responded_to) == (status.code, 7)
    for keyword, value in status.related.items():
        assert response.get(keyword) == value
    assert response.has_data_set == (status.data is not None)
    assert check_command(response, asked[0], response.has_data_set) == []


def test_the_built_in_peer_has_no_room(console: Console, tmp_path: Path) -> None:
    """C.5.5 with its Error Comment."""
    folder = tmp_path / "received"
    listener = console.listen(folder)
    if folder.exists():
        folder.rename(tmp_path / "elsewhere")
    folder.write_bytes(b"a file where the folder should be")
    number = console.open(proposal(listener, CT))
    values = {"SOPClassUID": CT, "SOPInstanceUID": INSTANCE, "PatientID": "P1"}
    told = console.send(number, store_rq(CT, INSTANCE, keys(**values)))
    assert (told.outcome, told.status) == (FAILURE, 0xA700)
    assert told.error_comment
    console.release(number)
