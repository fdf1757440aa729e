"""Each parameter of the DIMSE services (PS3.7 9.1.x.1, 10.1.x.1), from the side that gives it to the side that gets it.

The table is the Standard's, told a second time: where the engine's own rows differ from it, a test fails.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.conformance.commands import check_command
from engine.model.association import ProposedContext, Role
from engine.model.command_set import CommandSet, Value
from engine.protocol import exchange as dx
from engine.services.responses import request_of, response_to
from engine.standard.messages import MESSAGES, SERVICES
from tests.protocol.conversing import IMPLICIT, Party, associated, content

PRIVATE, INSTANCE = "1.2.826.0.1.3680043.9.7433.5", "1.2.3.4.5"
DATA = b"data set"

# Clause, service, then its parameters in the order of their own clauses: Q or q where the request has them, R or r
# the response; capitals are what must be there. Those in parentheses travel behind the command set.
PARAMETERS = """
9.1.1.1 C-STORE
    MessageID:Q MessageIDBeingRespondedTo:R AffectedSOPClassUID:Qr AffectedSOPInstanceUID:Qr Priority:Q
    MoveOriginatorApplicationEntityTitle:q MoveOriginatorMessageID:q (DataSet):Q Status:R

9.1.2.1 C-FIND
    MessageID:Q MessageIDBeingRespondedTo:R AffectedSOPClassUID:Qr Priority:Q (Identifier):Qr Status:R

9.1.3.1 C-GET
    MessageID:Q MessageIDBeingRespondedTo:R AffectedSOPClassUID:Qr Priority:Q (Identifier):Qr Status:R
    NumberOfRemainingSuboperations:r NumberOfCompletedSuboperations:r NumberOfFailedSuboperations:r
    NumberOfWarningSuboperations:r

9.1.4.1 C-MOVE
    MessageID:Q MessageIDBeingRespondedTo:R AffectedSOPClassUID:Qr Priority:Q MoveDestination:Q (Identifier):Qr
    Status:R NumberOfRemainingSuboperations:r NumberOfCompletedSuboperations:r NumberOfFailedSuboperations:r
    NumberOfWarningSuboperations:r

9.1.5.1 C-ECHO
    MessageID:Q MessageIDBeingRespondedTo:R AffectedSOPClassUID:Qr Status:R

10.1.1.1 N-EVENT-REPORT
    MessageID:Q MessageIDBeingRespondedTo:R AffectedSOPClassUID:Qr AffectedSOPInstanceUID:Qr EventTypeID:Qr
    (EventInformation):q (EventReply):r Status:R

10.1.2.1 N-GET
    MessageID:Q MessageIDBeingRespondedTo:R RequestedSOPClassUID:Q RequestedSOPInstanceUID:Q
    AttributeIdentifierList:q AffectedSOPClassUID:r AffectedSOPInstanceUID:r (AttributeList):r Status:R

10.1.3.1 N-SET
    MessageID:Q MessageIDBeingRespondedTo:R RequestedSOPClassUID:Q RequestedSOPInstanceUID:Q (ModificationList):Q
    (AttributeList):r AffectedSOPClassUID:r AffectedSOPInstanceUID:r Status:R

10.1.4.1 N-ACTION
    MessageID:Q MessageIDBeingRespondedTo:R RequestedSOPClassUID:Q RequestedSOPInstanceUID:Q ActionTypeID:Qr
    (ActionInformation):q AffectedSOPClassUID:r AffectedSOPInstanceUID:r (ActionReply):r Status:R

10.1.5.1 N-CREATE
    MessageID:Q MessageIDBeingRespondedTo:R AffectedSOPClassUID:Qr AffectedSOPInstanceUID:qr (AttributeList):qr
    Status:R

10.1.6.1 N-DELETE
    MessageID:Q MessageIDBeingRespondedTo:R RequestedSOPClassUID:Q RequestedSOPInstanceUID:Q AffectedSOPClassUID:r
    AffectedSOPInstanceUID:r Status:R
"""
VALUES: dict[str, Value] = {
    "MessageID": 4711,
    "MessageIDBeingRespondedTo": 4711,
    "AffectedSOPClassUID": PRIVATE,
    "RequestedSOPClassUID": PRIVATE,
    "AffectedSOPInstanceUID": INSTANCE,
    "RequestedSOPInstanceUID": INSTANCE,
    "Priority": 2,
    "MoveOriginatorApplicationEntityTitle": "ORIGINATOR",
    "MoveOriginatorMessageID": 65535,
    "MoveDestination": "DESTINATION",
    "EventTypeID": 3,
    "ActionTypeID": 4,
    "AttributeIdentifierList": (0x00100010, 0x00100020),
    "NumberOfRemainingSuboperations": 1,
    "NumberOfCompletedSuboperations": 2,
    "NumberOfFailedSuboperations": 3,
    "NumberOfWarningSuboperations": 4,
}
RESPONSE_STATUS = {"C-FIND": 0xFF00, "C-GET": 0xFF00, "C-MOVE": 0xFF00}
OURS_OF_EVERY_MESSAGE = {"CommandGroupLength", "CommandField", "CommandDataSetType"}


def _rows() -> Iterator[tuple[str, str, str, str]]:
    """(clause of the parameter, service, its name, Q, q, R, r)."""
    for block in PARAMETERS.strip().split("\n\n"):
        clause, service, *entries = block.split()
        for number, entry in enumerate(entries, 1):
            name, use = entry.split(":")
            yield f"{clause}.{number}", service, name, use


ROWS = tuple(_rows())


def _given(service: str, letter: str) -> dict[str, Value]:
    """All elements of a service's request ("q") or response ("r")."""
    values = {**VALUES, "Status": RESPONSE_STATUS.get(service, 0)}
    return {name: values[name] for _, s, name, use in ROWS if s == service and name in values and letter in use.lower()}


def _has_data(service: str, letter: str) -> bool:
    """Whether a data set goes along; with a Pending C-GET-RSP or C-MOVE-RSP none may."""
    if letter == "r" and service in ("C-GET", "C-MOVE"):
        return False
    return any(s == service and name.startswith("(") and letter in use.lower() for _, s, name, use in ROWS)


def _sides(service: str) -> tuple[Party, Party]:
    """(invoking, performing)."""
    us, them = associated((ProposedContext(1, PRIVATE, (IMPLICIT,), Role.BOTH),))
    return (them, us) if SERVICES[service].type == "notification" else (us, them)


def _asked(service: str) -> tuple[Party, Party, dx.RequestReceived]:
    invoking, performing = _sides(service)
    data = DATA if _has_data(service, "q") else None
    invoking.invokes(request_of(f"{service}-RQ", **_given(service, "q")), 7, data)
    return invoking, performing, performing.hears_request(invoking)


def _answered(service: str) -> tuple[CommandSet, dx.ResponseReceived]:
    invoking, performing, request = _asked(service)
    given, asked = _given(service, "r"), request.message.command
    has_data = _has_data(service, "r")
    status = given.pop("Status")
    assert isinstance(status, int)
    performing.answers(
        request.key, response_to(asked, status, has_data=has_data, extra=given), DATA if has_data else None
    )
    return asked, invoking.hears_response(performing)


def _each(letter: str) -> pytest.MarkDecorator:
    """Every parameter of requests ("q") or responses ("r"), by its clause."""
    chosen = [(service, name) for _, service, name, use in ROWS if letter in use.lower()]
    clauses = [clause for clause, _, _, use in ROWS if letter in use.lower()]
    return pytest.mark.parametrize(("service", "name"), chosen, ids=clauses)


def test_the_table_names_what_the_messages_have() -> None:
    for service in SERVICES:
        for kind, letter in (("RQ", "q"), ("RSP", "r")):
            row = MESSAGES[f"{service}-{kind}"]
            names = {f.element.keyword for f in row.fields} - OURS_OF_EVERY_MESSAGE
            assert names == set(_given(service, letter)), row.name
            mandatory = {f.element.keyword for f in row.fields if f.required} - OURS_OF_EVERY_MESSAGE
            wanted = {n for _, s, n, use in ROWS if s == service and letter.upper() in use and not n.startswith("(")}
            assert mandatory == wanted, row.name


@_each("q")
def test_what_is_asked_arrives_as_it_was_given(service: str, name: str) -> None:
    _, _, request = _asked(service)
    message = request.message
    if name.startswith("("):
        assert message.command.has_data_set and content(message) == DATA
    else:
        assert message.command.get(name) == VALUES[name]
    assert check_command(message.command, None, message.data is not None) == []


@_each("r")
def test_what_is_answered_arrives_as_it_was_given(service: str, name: str) -> None:
    asked, response = _answered(service)
    command = response.message.command
    if name.startswith("("):
        assert content(response.message) == (DATA if _has_data(service, "r") else None)
    else:
        assert command.get(name) == _given(service, "r")[name]
    assert check_command(command, asked, response.message.data is not None) == []


@pytest.mark.parametrize("service", ["C-GET", "C-MOVE"])
@pytest.mark.parametrize("status", [0xFE00, 0xB000, 0xA702])
def test_a_retrieve_that_failed_in_part_names_the_instances(service: str, status: int) -> None:
    """The Identifier of a C-GET-RSP or C-MOVE-RSP (PS3.7 9.1.3.1.5, 9.1.4.1.6)."""
    invoking, performing, request = _asked(service)
    counts: dict[str, Value] = {"NumberOfCompletedSuboperations": 2, "NumberOfFailedSuboperations": 1}
    counts["NumberOfWarningSuboperations"] = 0
    answer = response_to(request.message.command, status, has_data=True, extra=counts)
    performing.answers(request.key, answer, DATA)
    response = invoking.hears_response(performing)
    assert response.final
    assert (response.message.command.status, content(response.message)) == (status, DATA)
    assert [response.message.command.get(k) for k in counts] == [2, 1, 0]


@pytest.mark.parametrize("service", [s for s, row in SERVICES.items() if row.cancel])
def test_a_cancel_names_the_message_it_cancels(service: str) -> None:
    """The cancel column of Tables 9.1-2, 9.1-3 and 9.1-4: Message ID Being Responded To and nothing else."""
    invoking, performing, request = _asked(service)
    invoking.cancels(7)
    (event,) = performing.hears(invoking)
    assert isinstance(event, dx.CancelReceived) and event.key == request.key
    command = event.message.command
    assert {e.keyword for e in command} == OURS_OF_EVERY_MESSAGE | {"MessageIDBeingRespondedTo"}
    assert (command.command_field, command.responded_to, command.has_data_set) == (0x0FFF, 4711, False)
    assert check_command(command, request.message.command, False) == []
