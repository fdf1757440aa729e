"""The built-in peer's answers to C- requests, played without a socket."""

from __future__ import annotations

import pytest

from tests.services.playing import Stage, elements, hold

STUDY_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
STUDY_GET = "1.2.840.10008.5.1.4.1.2.2.3"
LEVEL, STUDY, SERIES, PATIENT = 0x00080052, 0x0020000D, 0x0020000E, 0x00100020


def study_stage(abstract_syntax: str, **options: object) -> Stage:
    stage = Stage(abstract_syntax, **options)  # type: ignore[arg-type]
    hold(
        stage.peer,
        ("P1", "1.1", "1.1.1", "1.1.1.1", "CT"),
        ("P1", "1.1", "1.1.1", "1.1.1.2", "CT"),
        ("P1", "1.1", "1.1.2", "1.1.2.1", "SR"),
        ("P2", "2.1", "2.1.1", "2.1.1.1", "MR"),
    )
    return stage


@pytest.mark.parametrize(
    "sop_class", [STUDY_FIND, "1.2.840.10008.5.1.4.31", "1.2.840.10008.5.1.4.37.1", "1.2.840.10008.5.1.4.38.2"]
)
def test_a_query_without_an_identifier_is_no_query_for_everything(sop_class: str) -> None:
    """PS3.7 Table 9.1-2: a C-FIND-RQ has one."""
    stage = study_stage(sop_class)
    stage.send("C-FIND-RQ", None, AffectedSOPClassUID=sop_class)
    assert [r.command.status for r in stage.replies] == [0xA900]
    assert stage.final.text("ErrorComment") == "no Identifier"


def test_echo_succeeds_and_names_the_sop_class() -> None:
    stage = Stage("1.2.840.10008.1.1")
    stage.send("C-ECHO-RQ", AffectedSOPClassUID="1.2.840.10008.1.1")
    assert stage.status == 0
    assert stage.final.text("AffectedSOPClassUID") == "1.2.840.10008.1.1"
    assert stage.final.responded_to == 7


class TestFind:
    def test_studies_with_their_counts(self) -> None:
        stage = study_stage(STUDY_FIND)
        query = elements((LEVEL, "CS", "STUDY"), (STUDY, "UI", ()), (0x00201208, "IS", ()), (0x00080061, "CS", ()))
        stage.send("C-FIND-RQ", query, AffectedSOPClassUID=STUDY_FIND)
        assert [r.command.status for r in stage.replies] == [0xFF00, 0xFF00, 0]
        first = stage.replies[0].data
        assert first is not None
        assert first.text(STUDY) == "1.1"
        assert first.text(0x00201208) == "3"
        assert first.texts(0x00080061) == ("CT", "SR")
        assert first.text(LEVEL) == "STUDY"

    def test_only_what_was_asked_for_comes_back(self) -> None:
        stage = study_stage(STUDY_FIND)
        stage.send("C-FIND-RQ", elements((LEVEL, "CS", "STUDY"), (PATIENT, "LO", "P2")), AffectedSOPClassUID=STUDY_FIND)
        assert len(stage.replies) == 2
        first = stage.replies[0].data
        assert first is not None
        assert first.find(0x00100010) is None

    def test_a_wrong_level_is_an_identifier_error_with_a_comment(self) -> None:
        stage = study_stage(STUDY_FIND)
        stage.send("C-FIND-RQ", elements((LEVEL, "CS", "PATIENT")), AffectedSOPClassUID=STUDY_FIND)
        assert stage.status == 0xA900
        assert "PATIENT" in stage.final.text("ErrorComment")

    @pytest.mark.parametrize(
        ("options", "keys", "status"),
        [
            ((), (), 0xA900),
            ((), ((STUDY, "UI", "1.1"),), 0),
            ((), ((STUDY, "UI", ("1.1", "2.1")),), 0xA900),
            (("relational",), (), 0),
        ],
    )
    def test_keys_above_the_level_are_demanded_unless_relational(self, options, keys, status) -> None:
        stage = study_stage(STUDY_FIND, options=options)
        query = elements((LEVEL, "CS", "SERIES"), (0x00080060, "CS", "CT"), *keys)
        stage.send("C-FIND-RQ", query, AffectedSOPClassUID=STUDY_FIND)
        assert stage.status == status
        assert len(stage.replies) == (1 if status else 2)
        if status:
            assert "level SERIES needs one Study Instance UID" in stage.final.text("ErrorComment")

    def test_names_are_matched_fuzzily_when_agreed_on(self) -> None:
        query = elements((LEVEL, "CS", "STUDY"), (0x00100010, "PN", "p1 name"))
        for options, found in (((), 0), (("fuzzy",), 1)):
            stage = study_stage(STUDY_FIND, options=options)
            stage.send("C-FIND-RQ", query, AffectedSOPClassUID=STUDY_FIND)
            assert len(stage.replies) == found + 1

    def test_cancel_ends_with_fe00(self) -> None:
        stage = study_stage(STUDY_FIND, cancel_after=1)
        stage.send("C-FIND-RQ", elements((LEVEL, "CS", "STUDY")), AffectedSOPClassUID=STUDY_FIND)
        assert [r.command.status for r in stage.replies] == [0xFF00, 0xFE00]

    def test_worklist_by_modality_in_the_sequence(self) -> None:
        stage = Stage("1.2.840.10008.5.1.4.31")
        step = elements((0x00080060, "CS", "MR"), (0x00400002, "DA", ()))
        query = elements((0x00100010, "PN", ()), (0x00400100, "SQ", (step,)))
        stage.send("C-FIND-RQ", query, AffectedSOPClassUID="1.2.840.10008.5.1.4.31")
        assert len(stage.replies) == 2
        found = stage.replies[0].data
        assert found is not None
        assert found.text(0x00100010) == "CONSOLE^BRAVO"
        assert found.items(0x00400100)[0].text(0x00080060) == "MR"


class TestRetrieve:
    @pytest.mark.parametrize(("options", "status"), [((), 0xA900), (("relational",), 0)])
    def test_keys_above_the_level_are_demanded_unless_relational(self, options, status) -> None:
        stage = study_stage(STUDY_GET, options=options)
        query = elements((LEVEL, "CS", "SERIES"), (SERIES, "UI", ("1.1.1", "2.1.1")))
        stage.send("C-GET-RQ", query, AffectedSOPClassUID=STUDY_GET)
        assert stage.status == status
        assert len(stage.stores) == (0 if status else 3)

    def test_get_counts_down_and_up(self) -> None:
        stage = study_stage(STUDY_GET)
        stage.send("C-GET-RQ", elements((LEVEL, "CS", "STUDY"), (STUDY, "UI", "1.1")), AffectedSOPClassUID=STUDY_GET)
        assert len(stage.stores) == 3
        counts = [r.command.number("NumberOfRemainingSuboperations") for r in stage.replies]
        assert counts == [2, 1, None], "Number of Remaining is not in the final Success (PS3.4 C.4.3.1.5)"
        assert stage.final.number("NumberOfCompletedSuboperations") == 3
        assert stage.status == 0

    def test_all_failed_is_a_failure_with_the_list(self) -> None:
        stage = study_stage(STUDY_GET, store_status=None)
        stage.send("C-GET-RQ", elements((LEVEL, "CS", "STUDY"), (STUDY, "UI", "2.1")), AffectedSOPClassUID=STUDY_GET)
        assert stage.status == 0xA702
        data = stage.replies[-1].data
        assert data is not None
        assert data.texts(0x00080058) == ("2.1.1.1",)

    def test_warnings_make_a_warning(self) -> None:
        stage = study_stage(STUDY_GET, store_status=0xB000)
        stage.send("C-GET-RQ", elements((LEVEL, "CS", "STUDY"), (STUDY, "UI", "1.1")), AffectedSOPClassUID=STUDY_GET)
        assert stage.status == 0xB000
        assert stage.final.number("NumberOfWarningSuboperations") == 3

    @pytest.mark.parametrize(
        ("destination", "comment"), [("NOWHERE", "Move Destination NOWHERE unknown"), ("", "no Move Destination")]
    )
    def test_move_to_an_unknown_destination(self, destination: str, comment: str) -> None:
        stage = study_stage(STUDY_MOVE, destinations=("THERE",))
        query = elements((LEVEL, "CS", "STUDY"), (STUDY, "UI", "1.1"))
        stage.send("C-MOVE-RQ", query, AffectedSOPClassUID=STUDY_MOVE, MoveDestination=destination)
        assert stage.status == 0xA801
        assert stage.final.text("ErrorComment") == comment
        assert not stage.stores

    def test_move_names_its_originator(self) -> None:
        stage = study_stage(STUDY_MOVE, destinations=("THERE",))
        query = elements((LEVEL, "CS", "SERIES"), (STUDY, "UI", "1.1"), (SERIES, "UI", "1.1.2"))
        stage.send("C-MOVE-RQ", query, AffectedSOPClassUID=STUDY_MOVE, MoveDestination="THERE")
        (sub,) = stage.stores
        assert (sub.destination, sub.originator_ae_title, sub.originator_message_id) == ("THERE", "USER", 7)

    def test_move_of_nothing_succeeds_with_zero_counters(self) -> None:
        stage = study_stage(STUDY_MOVE, destinations=("THERE",))
        query = elements((LEVEL, "CS", "STUDY"), (STUDY, "UI", "9.9"))
        stage.send("C-MOVE-RQ", query, AffectedSOPClassUID=STUDY_MOVE, MoveDestination="THERE")
        assert stage.status == 0
        assert stage.final.number("NumberOfCompletedSuboperations") == 0


RELEVANT_PATIENT = "1.2.840.10008.5.1.4.37.1"


class TestRelevantPatient:
    def find(self, patient: str) -> Stage:
        stage = study_stage(RELEVANT_PATIENT)
        keys = elements((0x00100010, "PN", ()), (PATIENT, "LO", patient))
        stage.send("C-FIND-RQ", keys, AffectedSOPClassUID=RELEVANT_PATIENT)
        return stage

    def test_one_patient_of_many_instances_is_one_match(self) -> None:
        stage = self.find("P1")
        assert [r.command.status for r in stage.replies] == [0xFF00, 0]
        assert stage.replies[0].data is not None
        assert stage.replies[0].data.text(0x00100010) == "NAME^P1"

    def test_nobody_and_too_many(self) -> None:
        assert self.find("P9").status == 0
        stage = self.find("P*")
        assert (len(stage.replies), stage.status) == (1, 0xC100)
        assert stage.final.text("ErrorComment")


def test_requests_that_do_not_fit_their_context() -> None:
    ct, mr, verification = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.1.1"
    seen = []
    for context, uid, message in (
        (ct, mr, "C-STORE"),
        (ct, ct, "C-FIND"),
        (STUDY_FIND, STUDY_MOVE, "C-FIND"),
        (STUDY_FIND, STUDY_FIND, "C-MOVE"),
        (ct, verification, "C-ECHO"),
    ):
        stage = Stage(context)
        stage.send(f"{message}-RQ", elements((LEVEL, "CS", "STUDY")), AffectedSOPClassUID=uid)
        seen.append(stage.status)
    assert seen == [0x0122, 0x0211, 0x0122, 0x0211, 0], "who asks whether we are there is told"
