"""The command dictionary and the message rows."""

from __future__ import annotations

import pytest

from engine.standard.elements import BY_KEYWORD, ELEMENTS
from engine.standard.messages import (
    CANCEL,
    MESSAGES,
    NO_DATA_SET,
    PRIORITIES,
    RESPONSE_BIT,
    SERVICES,
    STATUS_ELEMENTS,
    MessageRow,
    When,
    message_for,
    message_name,
)

# The mandatory fields besides group length, Command Field and Command Data Set Type, told a second time by keyword.
MANDATORY = {
    "C-STORE-RQ": "AffectedSOPClassUID MessageID Priority AffectedSOPInstanceUID",
    "C-FIND-RQ": "AffectedSOPClassUID MessageID Priority",
    "C-GET-RQ": "AffectedSOPClassUID MessageID Priority",
    "C-MOVE-RQ": "AffectedSOPClassUID MessageID Priority MoveDestination",
    "C-ECHO-RQ": "AffectedSOPClassUID MessageID",
    "N-EVENT-REPORT-RQ": "AffectedSOPClassUID MessageID AffectedSOPInstanceUID EventTypeID",
    "N-GET-RQ": "RequestedSOPClassUID MessageID RequestedSOPInstanceUID",
    "N-SET-RQ": "RequestedSOPClassUID MessageID RequestedSOPInstanceUID",
    "N-ACTION-RQ": "RequestedSOPClassUID MessageID RequestedSOPInstanceUID ActionTypeID",
    "N-CREATE-RQ": "AffectedSOPClassUID MessageID",
    "N-DELETE-RQ": "RequestedSOPClassUID MessageID RequestedSOPInstanceUID",
}
ALWAYS_WITH_DATA = {"C-STORE-RQ", "C-FIND-RQ", "C-GET-RQ", "C-MOVE-RQ", "N-SET-RQ"}
NEVER_WITH_DATA = {
    "C-STORE-RSP", "C-ECHO-RQ", "C-ECHO-RSP", "N-GET-RQ", "N-DELETE-RQ", "N-DELETE-RSP", "C-CANCEL-FIND-RQ",
    "C-CANCEL-GET-RQ", "C-CANCEL-MOVE-RQ",
}  # fmt: skip


def test_counts() -> None:
    assert sum(not e.retired for e in ELEMENTS.values()) == 24
    assert sum(e.retired for e in ELEMENTS.values()) == 22
    assert len({m.command_field for m in MESSAGES.values()}) == 23
    assert len(MESSAGES) == 25
    assert len(SERVICES) == 11
    assert sum(len(m.fields) for m in MESSAGES.values()) == 167


def test_elements_are_of_group_0000_and_found_by_keyword() -> None:
    for tag, element in ELEMENTS.items():
        assert tag >> 16 == 0
        assert element.tag == tag
        assert BY_KEYWORD[element.keyword] is element
        assert element.clause in ("PS3.7 E.1", "PS3.7 E.2")


@pytest.mark.parametrize(
    ("tag", "keyword", "vr", "vm"),
    [
        (0x00000000, "CommandGroupLength", "UL", "1"),
        (0x00000901, "OffendingElement", "AT", "1-n"),
        (0x00001020, "NumberOfRemainingSuboperations", "US", "1"),
        (0x00001030, "MoveOriginatorApplicationEntityTitle", "AE", "1"),
        (0x00005140, "NormalReverse", "CS", "1"),
        (0x000051B0, "Overlays", "US", "1-n"),
    ],
)
def test_elements_by_sample(tag: int, keyword: str, vr: str, vm: str) -> None:
    element = ELEMENTS[tag]
    assert (element.keyword, element.vr, element.vm) == (keyword, vr, vm)


def test_keywords_are_those_of_pydicom() -> None:
    from pydicom.datadict import dictionary_keyword, dictionary_VR

    for tag, element in ELEMENTS.items():
        assert dictionary_keyword(tag) == element.keyword
        assert dictionary_VR(tag) == element.vr


@pytest.mark.parametrize("row", MESSAGES.values(), ids=MESSAGES.keys())
def test_every_message_has_the_protocol_fields_in_tag_order(row: MessageRow) -> None:
    tags = [f.tag for f in row.fields]
    assert tags == sorted(set(tags))
    fields = {f.element.keyword: f for f in row.fields}
    assert fields["CommandField"].fixed == row.command_field
    assert fields["CommandGroupLength"].required is True
    never = row.data_set.presence == "never"
    assert fields["CommandDataSetType"].fixed == (NO_DATA_SET if never else None)
    assert row.clause.startswith(("PS3.7 9.3.", "PS3.7 10.3."))
    assert row.service_clause.startswith(("PS3.7 9.1.", "PS3.7 10.1."))
    for field in row.fields:
        assert field.usage[0] == {True: "M", False: "U", None: "C"}[field.required]
        if field.condition:
            assert field.condition_clause.startswith("PS3.")


@pytest.mark.parametrize("row", MESSAGES.values(), ids=MESSAGES.keys())
def test_the_kind_decides_about_message_id_and_status(row: MessageRow) -> None:
    keywords = {f.element.keyword for f in row.fields}
    assert ("MessageID" in keywords) is (row.kind == "request")
    assert ("MessageIDBeingRespondedTo" in keywords) is (row.kind != "request")
    assert ("Status" in keywords) is (row.kind == "response")
    assert bool(row.command_field & RESPONSE_BIT) is (row.kind == "response")


@pytest.mark.parametrize(("name", "keywords"), MANDATORY.items())
def test_mandatory_fields_of_requests(name: str, keywords: str) -> None:
    common = {"CommandGroupLength", "CommandField", "CommandDataSetType"}
    mandatory = {f.element.keyword for f in MESSAGES[name].fields if f.required}
    assert mandatory - common == set(keywords.split())


def test_data_set_rules() -> None:
    assert {n for n, m in MESSAGES.items() if m.data_set.presence == "always"} == ALWAYS_WITH_DATA
    assert {n for n, m in MESSAGES.items() if m.data_set.presence == "never"} == NEVER_WITH_DATA
    assert {m.data_set.presence for m in MESSAGES.values()} == {"always", "never", "conditional", "optional"}


def test_priority_is_one_of_three() -> None:
    for row in MESSAGES.values():
        priority = row.field(BY_KEYWORD["Priority"].tag)
        if priority is not None:
            assert priority.allowed == tuple(PRIORITIES)


def test_responses_repeat_what_the_request_says() -> None:
    answer = MESSAGES["N-GET-RSP"].field(BY_KEYWORD["AffectedSOPClassUID"].tag)
    assert answer is not None
    assert answer.must_equal_request
    assert answer.request_tag == BY_KEYWORD["RequestedSOPClassUID"].tag
    echoed = MESSAGES["C-ECHO-RSP"].field(BY_KEYWORD["MessageIDBeingRespondedTo"].tag)
    assert echoed is not None
    assert echoed.request_tag == BY_KEYWORD["MessageID"].tag


def test_conditions_a_program_can_judge_are_all_used() -> None:
    assert {f.when for m in MESSAGES.values() for f in m.fields if f.when} == set(When)


@pytest.mark.parametrize("name", SERVICES)
def test_services_name_their_messages(name: str) -> None:
    service = SERVICES[name]
    request, response = MESSAGES[service.request], MESSAGES[service.response]
    assert response.command_field == request.command_field | RESPONSE_BIT
    assert service.group == name[0]
    assert (service.cancel is not None) is service.multiple_responses
    if service.cancel:
        assert MESSAGES[service.cancel].command_field == CANCEL
        assert MESSAGES[service.cancel].service == name
    assert (service.type == "notification") is (name == "N-EVENT-REPORT")


def test_messages_by_command_field() -> None:
    for row in MESSAGES.values():
        found = message_for(row.command_field)
        assert found is not None
        assert found.kind == row.kind
    assert message_for(0x1234) is None


def test_message_names() -> None:
    assert message_name(0x8030) == "C-ECHO-RSP"
    assert message_name(CANCEL) == "C-CANCEL-RQ"
    assert message_name(0x1234) == "command field 1234H"
    assert message_name(None) == "no command field"


def test_status_elements_are_eight() -> None:
    assert len(set(STATUS_ELEMENTS)) == 8
