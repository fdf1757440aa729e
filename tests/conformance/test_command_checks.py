"""Command sets: every message row, every usage, and what the checks leave alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.conformance.commands import check_command
from engine.conformance.data import check_data
from engine.model.command_set import CommandSet, Element, Value
from engine.model.dataset import DataElement, DataSet
from engine.standard.elements import ELEMENTS
from engine.standard.messages import MESSAGES, NO_DATA_SET, FieldRow, MessageRow
from engine.standard.sop_classes import sop_classes
from engine.wire.commands import CommandError, encode_command
from tests.conformance.checking import check_command_bytes

PRIVATE = "1.2.3.4.5"
UPS_PUSH, UPS_PULL = "1.2.840.10008.5.1.4.34.6.1", "1.2.840.10008.5.1.4.34.6.3"
GRAYSCALE_PRINT, FILM_BOX = "1.2.840.10008.5.1.1.9", "1.2.840.10008.5.1.1.2"
STUDY_GET = "1.2.840.10008.5.1.4.1.2.2.3"
MPPS = "1.2.840.10008.3.1.2.3.3"

_BY_VR: dict[str, Value] = {"UI": "1.2.3", "AE": "SOMEBODY", "US": 1, "UL": 0, "AT": (0x00100010,)}


def filled(row: MessageRow, *, optional: bool = False) -> CommandSet:
    """The message with its mandatory fields, or all of them."""

    def value(field: FieldRow) -> Value:
        keyword = field.element.keyword
        special: dict[str, Value] = {
            "CommandGroupLength": None,
            "CommandField": row.command_field,
            "CommandDataSetType": NO_DATA_SET if row.data_set.presence not in ("always", "conditional") else 0,
            "Status": 0xFF00 if row.service in ("C-FIND", "C-GET", "C-MOVE") else 0,
            "AffectedSOPClassUID": PRIVATE,
            "RequestedSOPClassUID": PRIVATE,
        }
        if row.service in ("C-GET", "C-MOVE") and row.kind == "response":
            special["CommandDataSetType"] = NO_DATA_SET
        return special[keyword] if keyword in special else _BY_VR[field.element.vr]

    fields = (f for f in row.fields if optional or f.required or (f.when and f.when.name == "PENDING"))
    return CommandSet.of(**{f.element.keyword: value(f) for f in fields})


def rules(command: CommandSet, *args: object, **more: object) -> set[str]:
    return {f.rule for f in check_command(command, *args, **more)}  # type: ignore[arg-type]


@pytest.mark.parametrize("row", MESSAGES.values(), ids=MESSAGES)
def test_every_message_in_its_shortest_and_longest_form_passes(row: MessageRow) -> None:
    for optional in (False, True):
        command = filled(row, optional=optional)
        assert check_command(command, has_data=command.has_data_set) == []
        assert check_command_bytes(encode_command(command)) == []


@pytest.mark.parametrize("row", MESSAGES.values(), ids=MESSAGES)
def test_every_mandatory_field_is_missed(row: MessageRow) -> None:
    whole = filled(row)
    for field in row.fields:
        if not field.required:
            continue
        findings = check_command(whole.without([field.tag]))
        expected = {
            0x00000000: "command.group-length-first",
            0x00000100: "command.command-field",
        }.get(field.tag, "command.missing-mandatory")
        (finding,) = [f for f in findings if f.tag == field.tag]
        assert finding.rule == expected
        assert finding.index is None


@pytest.mark.parametrize("row", MESSAGES.values(), ids=MESSAGES)
def test_every_foreign_field_is_noticed(row: MessageRow) -> None:
    whole = filled(row, optional=True)
    for element in ELEMENTS.values():
        if element.retired or row.field(element.tag) is not None:
            continue
        value = _BY_VR.get(element.vr, "text")
        found = rules(whole.with_values(**{element.keyword: value}))
        assert found & {"command.undefined-field", "command.message-id-in-response"}, element.keyword


@pytest.mark.parametrize(
    ("name", "keyword", "value"),
    [
        ("N-ACTION-RSP", "ErrorComment", "no"),
        ("N-ACTION-RSP", "ErrorID", 3),
        ("N-GET-RSP", "ErrorComment", "no"),
    ],
)
def test_what_processing_failure_may_carry(name: str, keyword: str, value: Value) -> None:
    failed = filled(MESSAGES[name]).with_values(Status=0x0110, CommandDataSetType=NO_DATA_SET)
    assert check_command(failed.with_values(**{keyword: value})) == []


def test_a_failure_of_the_service_class_may_say_where_and_why() -> None:
    failed = filled(MESSAGES["C-STORE-RSP"]).with_values(
        Status=0xC001, OffendingElement=(0x00100010, 0x00100020), ErrorComment="cannot understand"
    )
    assert check_command(failed) == []
    assert "command.undefined-field" in rules(failed.with_values(Status=0))


def test_what_the_engine_fills_in_is_right() -> None:
    draft = CommandSet.of(
        AffectedSOPClassUID="1.2.840.10008.1.1", CommandField=0x30, MessageID=None, CommandDataSetType=None
    )
    assert check_command(draft, has_data=False) == []


def test_an_empty_value_is_not_a_value() -> None:
    for empty in (None, "", (), b""):
        draft = filled(MESSAGES["C-STORE-RQ"]).with_values(AffectedSOPInstanceUID=empty)
        assert "command.empty-mandatory" in rules(draft)


def test_findings_say_which_bytes_they_are_about() -> None:
    data = encode_command(filled(MESSAGES["C-STORE-RQ"]).with_values(Priority=7))
    (finding,) = check_command_bytes(data)
    assert finding.rule == "command.allowed-value"
    assert finding.evidence.start is not None
    assert data[finding.evidence.start : finding.evidence.end] == b"\0\0\0\x07\x02\0\0\0\x07\0"
    assert finding.evidence.text == "Priority"


def test_repeated_elements_are_told_one_by_one() -> None:
    echo = filled(MESSAGES["C-ECHO-RQ"])
    twice = CommandSet((*echo.elements, Element(0x00000800, NO_DATA_SET), Element(0x00000110, 1)))
    found = check_command(twice)
    assert [f.rule for f in found] == ["command.repeated", "command.repeated"]
    assert [f.index for f in found] == [5, 6]


def test_raw_bytes_are_what_counts() -> None:
    echo = filled(MESSAGES["C-ECHO-RQ"])
    elements = tuple(Element(e.tag, e.value, b"\x05\0") if e.keyword == "MessageID" else e for e in echo)
    assert check_command(CommandSet(elements)) == []


@pytest.mark.parametrize("data", [b"1.2.3\0", b"1.2 ", b"1.23\0\0", b"1.2.3.\0"])
def test_uid_padding(data: bytes) -> None:
    store = filled(MESSAGES["C-STORE-RQ"])
    elements = tuple(Element(e.tag, None, data) if e.keyword == "AffectedSOPInstanceUID" else e for e in store)
    found = rules(CommandSet(elements))
    assert bool(found & {"command.padding", "command.uid"}) is (data != b"1.2.3\0")


def test_a_dimse_n_response_repeats_the_requested_uids() -> None:
    request = filled(MESSAGES["N-GET-RQ"])
    response = filled(MESSAGES["N-GET-RSP"], optional=True)
    assert check_command(response, request) == []
    wrong = response.with_values(AffectedSOPInstanceUID="1.9")
    assert rules(wrong, request) == {"command.equal-to-request"}


def test_an_assigned_uid_is_returned() -> None:
    request = filled(MESSAGES["N-CREATE-RQ"])
    assert rules(filled(MESSAGES["N-CREATE-RSP"]), request) == {"command.missing-conditional"}
    assert check_command(filled(MESSAGES["N-CREATE-RSP"], optional=True), request) == []
    named = request.with_values(AffectedSOPInstanceUID="1.2.3")
    assert check_command(filled(MESSAGES["N-CREATE-RSP"]), named) == []


def test_a_reply_names_its_action_type() -> None:
    reply = filled(MESSAGES["N-ACTION-RSP"]).with_values(CommandDataSetType=0)
    assert rules(reply) == {"command.missing-conditional"}
    assert check_command(reply.with_values(ActionTypeID=1)) == []


@pytest.mark.parametrize(("status", "wrong"), [(0, True), (0xB000, True), (0xC000, True), (0xFE00, False)])
def test_remaining_sub_operations_by_status(status: int, wrong: bool) -> None:
    response = filled(MESSAGES["C-GET-RSP"]).with_values(
        Status=status,
        NumberOfCompletedSuboperations=0,
        NumberOfFailedSuboperations=0,
        NumberOfWarningSuboperations=0,
        AffectedSOPClassUID=STUDY_GET,
    )
    assert ("command.forbidden-field" in rules(response)) is wrong


def test_the_identifier_of_a_find_follows_the_status() -> None:
    pending = filled(MESSAGES["C-FIND-RSP"])
    assert check_command(pending, has_data=True) == []
    assert rules(pending.with_values(CommandDataSetType=NO_DATA_SET)) == {"command.data-set-with-status"}
    done = pending.with_values(Status=0)
    assert rules(done) == {"command.data-set-with-status"}


def test_a_cancel_belongs_to_its_request() -> None:
    request = filled(MESSAGES["C-MOVE-RQ"])
    cancel = filled(MESSAGES["C-CANCEL-MOVE-RQ"])
    assert check_command(cancel, request) == []
    assert rules(cancel.with_values(MessageIDBeingRespondedTo=9), request) == {"command.equal-to-request"}


def test_ups_messages_carry_the_push_class() -> None:
    get = filled(MESSAGES["N-GET-RQ"]).with_values(RequestedSOPClassUID=UPS_PUSH)
    assert check_command(get, abstract_syntax=UPS_PULL) == []
    wrong = get.with_values(RequestedSOPClassUID=UPS_PULL)
    assert rules(wrong, abstract_syntax=UPS_PUSH) == {"command.sop-class-of-context"}
    set_ = filled(MESSAGES["N-SET-RQ"]).with_values(RequestedSOPClassUID=UPS_PUSH)
    assert check_command(set_, abstract_syntax=UPS_PULL) == []
    action = filled(MESSAGES["N-ACTION-RQ"]).with_values(RequestedSOPClassUID=UPS_PUSH, ActionTypeID=1)
    assert check_command(action, abstract_syntax=UPS_PULL) == []


def test_members_of_a_meta_sop_class_fit_its_context() -> None:
    create = filled(MESSAGES["N-CREATE-RQ"]).with_values(AffectedSOPClassUID=FILM_BOX)
    assert check_command(create, abstract_syntax=GRAYSCALE_PRINT) == []
    assert rules(create.with_values(AffectedSOPClassUID=MPPS), abstract_syntax=GRAYSCALE_PRINT) == {
        "command.sop-class-of-context"
    }


def test_private_sop_classes_are_free() -> None:
    action = filled(MESSAGES["N-ACTION-RQ"]).with_values(ActionTypeID=4711)
    assert check_command(action, abstract_syntax="1.2.3") == []
    answer = filled(MESSAGES["N-ACTION-RSP"], optional=True).with_values(Status=0xB999)
    assert check_command(answer) == []


@pytest.mark.parametrize("sop", [s for s in sop_classes().values() if s.kind], ids=lambda s: s.keyword)
def test_no_sop_class_objects_to_its_own_services(sop: object) -> None:
    from engine.standard.sop_classes import SopClass

    assert isinstance(sop, SopClass)
    uid = sop.message_sop_class or sop.uid
    for service in (*sop.scu_invokes, *sop.scp_invokes):
        row = MESSAGES[f"{service}-RQ"]
        key = "RequestedSOPClassUID" if row.field(3) else "AffectedSOPClassUID"
        values: dict[str, Value] = {key: sop.uid if service == "C-FIND" else uid}
        if service == "N-ACTION":
            values["ActionTypeID"] = min(sop.action_types)
        if service == "N-EVENT-REPORT":
            values["EventTypeID"] = min(sop.event_types)
        if sop.well_known_instance:
            values["RequestedSOPInstanceUID" if row.field(0x1001) else "AffectedSOPInstanceUID"] = (
                sop.well_known_instance
            )
        command = filled(row).with_values(**values)
        if row.field(0x1000) is None:
            command = command.without(["AffectedSOPInstanceUID"])
        assert check_command(command, abstract_syntax=sop.uid if service != "C-STORE" else uid) == []


VALUES: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.integers(),
    st.text(max_size=80),
    st.binary(max_size=80),
    st.lists(st.integers(), max_size=3).map(tuple),
    st.lists(st.text(max_size=8), max_size=3).map(tuple),
)
TAGS = st.one_of(st.sampled_from(list(ELEMENTS)), st.integers(0, 0xFFFFFFFF), st.integers())
ANY_ELEMENT = st.builds(Element, TAGS, VALUES, st.none() | st.binary(max_size=70), st.none() | st.integers(-1, 1 << 33))
SOME_FIELDS = st.sampled_from(sorted({m.command_field for m in MESSAGES.values()}))


@st.composite
def any_command(draw: st.DrawFn) -> CommandSet:
    """A command set of anything, often with a real Command Field and status."""
    elements = draw(st.lists(ANY_ELEMENT, max_size=12))
    if draw(st.booleans()):
        elements.append(Element(0x00000100, draw(SOME_FIELDS)))
        elements.append(Element(0x00000900, draw(st.integers(0, 0xFFFF))))
        elements.append(Element(0x00000002, draw(st.sampled_from(list(sop_classes())))))
    return CommandSet(tuple(elements))


@settings(deadline=None, max_examples=300)
@given(any_command(), st.none() | any_command(), st.none() | st.booleans(), st.sampled_from(["", "1.2", UPS_PULL]))
def test_no_command_set_makes_it_raise(
    command: CommandSet, request: CommandSet | None, has_data: bool | None, syntax: str
) -> None:
    for finding in check_command(command, request, has_data, abstract_syntax=syntax):
        assert finding.sentence
    try:
        data = encode_command(command)
    except CommandError:
        return
    check_command_bytes(data, request, has_data)


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    for finding in check_command_bytes(data):
        if finding.evidence.start is not None and finding.evidence.end is not None:
            assert 0 <= finding.evidence.start <= finding.evidence.end <= len(data)


@settings(deadline=None)
@given(
    any_command(),
    st.lists(st.builds(DataElement, TAGS, st.sampled_from(["UI", "CS", "OB"]), st.just(("x",)) | st.binary())),
)
def test_no_data_set_makes_it_raise(command: CommandSet, elements: list[DataElement]) -> None:
    for finding in check_data(command, DataSet(tuple(elements))):
        assert finding.sentence
