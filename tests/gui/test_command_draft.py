"""Drafts of command sets: what fills itself in, what a hand changes, for every message of the Standard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.conformance.commands import check_command
from engine.model.command_set import CommandSet, Element
from engine.standard.elements import BY_KEYWORD
from engine.standard.messages import MESSAGES, NO_DATA_SET, SERVICES
from gui.models.command_draft import Draft, Line, Origin, Surroundings, draft_of, lines_of

VERIFICATION = "1.2.840.10008.1.1"
COMMITMENT = "1.2.840.10008.1.20.1"
COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
GRAYSCALE_PRINT_META = "1.2.840.10008.5.1.1.9"
STATUS = BY_KEYWORD["Status"].tag
PRIORITY = BY_KEYWORD["Priority"].tag


def draft(name: str, **around: object) -> Draft:
    message = MESSAGES[name]
    surroundings = Surroundings(new_uid="2.25.7", **around)  # type: ignore[arg-type]
    return Draft(message=message, lines=lines_of(message), around=surroundings)


def row(of: Draft, keyword: str) -> int:
    return next(i for i, line in enumerate(of.lines) if line.tag == BY_KEYWORD[keyword].tag)


@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_starts_with_all_its_mandatory_elements_filled(name: str) -> None:
    new = draft(name, abstract_syntax=CT, calling_ae_title="CONSOLE")
    command = new.preview()
    assert command.command_field == MESSAGES[name].command_field
    for field in MESSAGES[name].fields:
        if field.required:
            assert command.find(field.tag) is not None
            assert field.tag == 0 or command.get(field.tag) is not None, field.element.keyword
    assert command.has_data_set == (MESSAGES[name].data_set.presence == "always" or name == "N-GET-RSP")
    assert [e.tag for e in command] == sorted(e.tag for e in command)


CLASSES = {"C-ECHO": VERIFICATION, "C-STORE": CT, "N-EVENT-REPORT": COMMITMENT, "N-ACTION": COMMITMENT}
STUDY_ROOT = {"C-FIND": "1.2.840.10008.5.1.4.1.2.2.1", "C-MOVE": "1.2.840.10008.5.1.4.1.2.2.2"}
QUERIES = {**STUDY_ROOT, "C-GET": "1.2.840.10008.5.1.4.1.2.2.3"}
MPPS = "1.2.840.10008.3.1.2.3.3"
NORMALIZED = {"N-DELETE": "1.2.840.10008.5.1.1.1", "N-GET": "1.2.840.10008.5.1.1.16"}


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("answering", [False, True])
def test_a_message_filled_in_by_itself_departs_from_nothing(name: str, answering: bool) -> None:
    service = MESSAGES[name].service
    uid = {**CLASSES, **QUERIES, **NORMALIZED}.get(service, MPPS)
    request = draft(SERVICES[service].request, abstract_syntax=uid, calling_ae_title="CONSOLE").preview()
    asked = request if answering and MESSAGES[name].kind != "request" else None
    new = draft(name, abstract_syntax=uid, calling_ae_title="CONSOLE", request=asked)
    found = check_command(new.preview(), asked, new.has_data_set, abstract_syntax=uid)
    assert not [f for f in found if f.severity != "info"]
    assert not [f for f in check_command(new.command(), asked, new.has_data_set, abstract_syntax=uid) if f.tag]


def test_an_automatic_message_id_is_left_to_the_engine_and_shown_as_the_next() -> None:
    new = draft("C-ECHO-RQ", abstract_syntax=VERIFICATION, next_message_id=7)
    assert new.preview().message_id == 7
    assert new.command().find("MessageID") == Element(0x110)
    assert new.origin(new.lines[row(new, "MessageID")]) is Origin.AUTO
    assert new.origin(new.lines[row(new, "CommandField")]) is Origin.FIXED


def test_storage_commitment_fills_in_class_instance_and_action() -> None:
    command = draft("N-ACTION-RQ", abstract_syntax=COMMITMENT).preview()
    assert command.text("RequestedSOPClassUID") == COMMITMENT
    assert command.text("RequestedSOPInstanceUID") == COMMITMENT_INSTANCE
    assert command.number("ActionTypeID") == 1
    assert not command.has_data_set
    assert draft("N-ACTION-RQ", abstract_syntax=COMMITMENT, has_elements=True).preview().has_data_set


def test_of_a_meta_sop_class_the_member_with_the_service_is_meant() -> None:
    command = draft("N-CREATE-RQ", abstract_syntax=GRAYSCALE_PRINT_META).preview()
    assert command.sop_class_uid != GRAYSCALE_PRINT_META and command.sop_class_uid.startswith("1.2.840.10008.5.1.1")


def test_a_store_takes_its_instance_from_the_data_set() -> None:
    command = draft("C-STORE-RQ", abstract_syntax=CT, data_instance_uid="1.2.3").preview()
    assert command.sop_instance_uid == "1.2.3" and command.sop_class_uid == CT


def test_a_response_repeats_the_request_it_answers() -> None:
    request = CommandSet.of(
        AffectedSOPClassUID=COMMITMENT, MessageID=9, AffectedSOPInstanceUID=COMMITMENT_INSTANCE, EventTypeID=2
    )
    command = draft("N-EVENT-REPORT-RSP", request=request).preview()
    assert command.responded_to == 9 and command.status == 0
    assert (command.sop_class_uid, command.sop_instance_uid) == (COMMITMENT, COMMITMENT_INSTANCE)
    with_reply = draft("N-EVENT-REPORT-RSP", request=request, has_elements=True).preview()
    assert with_reply.number("EventTypeID") == 2


def test_a_find_response_with_an_identifier_is_pending() -> None:
    assert draft("C-FIND-RSP", has_elements=True).preview().status == 0xFF00
    assert draft("C-FIND-RSP").preview().status == 0


def test_the_counts_of_a_move_come_with_a_pending_status() -> None:
    new = draft("C-MOVE-RSP")
    assert new.preview().find("NumberOfRemainingSuboperations") is None
    index = row(new, "Status")
    pending = new.with_line(index, replace(new.lines[index], element=Element(STATUS, 0xFF00)))
    assert pending.preview().number("NumberOfRemainingSuboperations") == 0


def test_a_cancel_means_the_last_request() -> None:
    assert draft("C-CANCEL-FIND-RQ", last_request=5).preview().responded_to == 5


def test_rows_are_left_out_repeated_and_moved_in_the_wire_order() -> None:
    new = draft("C-FIND-RQ")
    index = row(new, "Priority")
    without = new.with_line(index, replace(new.lines[index], included=False))
    assert without.preview().find(PRIORITY) is None
    assert without.origin(without.lines[index]) is Origin.LEFT_OUT
    twice = new.with_new(index, Line(PRIORITY, None, None, Element(PRIORITY, 2)))
    assert [e.value for e in twice.preview() if e.tag == PRIORITY] == [2, 0]
    moved, target = new.with_moved(index, 1)
    assert target == index + 1 and [e.tag for e in moved.preview()][-1] == PRIORITY


def test_what_was_set_by_hand_stays_when_the_message_changes() -> None:
    new = draft("C-FIND-RQ")
    index = row(new, "Priority")
    new = new.with_line(index, replace(new.lines[index], element=Element(PRIORITY, 1)))
    new = new.with_new(0, Line(0x00000001, None, None, Element(0x00000001, raw=b"ab")))
    moved = new.with_message(MESSAGES["C-MOVE-RQ"])
    assert moved.preview().number("Priority") == 1
    assert moved.preview().find(0x00000001) == Element(0x00000001, raw=b"ab")
    assert moved.preview().command_field == 0x0021
    assert moved.with_message(MESSAGES["C-ECHO-RQ"]).preview().find(PRIORITY) is None


@pytest.mark.parametrize("name", MESSAGES)
def test_a_draft_made_from_a_command_set_sends_that_command_set(name: str) -> None:
    new = draft(name, abstract_syntax=CT)
    again = draft_of(new.message, new.command(), new.around)
    assert again.command() == new.command()
    assert not any(line.touched for line in again.lines)
    odd = CommandSet((*new.command().elements[1:], Element(PRIORITY, 2), Element(PRIORITY, raw=b"x", length=9)))
    assert draft_of(new.message, odd, new.around).command() == odd


def test_every_service_has_its_messages() -> None:
    assert len(MESSAGES) == 25 and len(SERVICES) == 11
    assert NO_DATA_SET == 0x0101
