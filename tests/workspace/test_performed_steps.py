"""From a worklist item to a performed procedure step, and to its end (PS3.4 F.7.2, K.6.1.2)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.model.dataset import DataElement, DataSet
from engine.model.references import Reference
from engine.standard.dictionary import Code, attribute_by_keyword, context_group
from engine.standard.performed_steps import STEP_ATTRIBUTES
from engine.workspace.availability import notifications, without_series
from engine.workspace.errors import ValueProblem
from engine.workspace.performed_steps import Performing, begun, ended, is_image, item_problems, lacking, tag
from engine.workspace.reference_text import parse_references
from engine.workspace.worklist import WorklistItem, worklist_keys

NOW = datetime(2026, 1, 31, 8, 15, 30, tzinfo=UTC)
CT, SR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.11"


def data(**values: object) -> DataSet:
    """A data set by keyword; a list is a sequence."""
    made = DataSet()
    for keyword, value in values.items():
        attribute = attribute_by_keyword(keyword)
        assert attribute is not None
        content = tuple(value) if isinstance(value, list) else (str(value),) if value else ()
        made = made.merged(DataSet((DataElement(attribute.tag, attribute.vr, content),)))  # type: ignore[arg-type]
    return made


CODE = data(CodeValue="T1", CodingSchemeDesignator="99X", CodeMeaning="Thorax")
STEP = data(
    Modality="CT",
    ScheduledStationAETitle="CT1",
    ScheduledStationName="ROOM1",
    ScheduledProcedureStepLocation="EAST",
    ScheduledProcedureStepStartDate="20260131",
    ScheduledProcedureStepStartTime="080000",
    ScheduledProcedureStepDescription="Chest",
    ScheduledProcedureStepID="SPS1",
    ScheduledProtocolCodeSequence=[CODE],
)
ITEM = data(
    AccessionNumber="A1",
    PatientName="Doe^Jane",
    PatientID="P1",
    PatientSex="F",
    IssuerOfPatientID="",
    StudyInstanceUID="1.2.3",
    RequestedProcedureID="RP1",
    RequestedProcedureDescription="Chest CT",
    RequestedProcedureCodeSequence=[CODE],
    ScheduledProcedureStepSequence=[STEP],
)
OWN = Performing(station_ae_title="MODALITY")


def text(made: DataSet, keyword: str) -> str:
    return made.text(tag(keyword))


def test_a_worklist_item_becomes_a_step_in_progress() -> None:
    made = begun(ITEM, OWN, NOW)
    assert {
        k: text(made, k) for k in ("PatientName", "PatientID", "Modality", "StudyID", "PerformedStationAETitle")
    } == {
        "PatientName": "Doe^Jane",
        "PatientID": "P1",
        "Modality": "CT",
        "StudyID": "RP1",
        "PerformedStationAETitle": "MODALITY",
    }
    assert text(made, "PerformedProcedureStepStatus") == "IN PROGRESS"
    assert text(made, "PerformedProcedureStepStartDate") == "20260131"
    assert text(made, "PerformedProcedureStepDescription") == "Chest"
    assert (text(made, "PerformedStationName"), text(made, "PerformedLocation")) == ("ROOM1", "EAST")
    assert made.items(tag("PerformedProtocolCodeSequence")) == (CODE,)
    assert made.items(tag("ProcedureCodeSequence")) == (CODE,)
    (scheduled,) = made.items(tag("ScheduledStepAttributesSequence"))
    assert text(scheduled, "StudyInstanceUID") == "1.2.3"
    assert text(scheduled, "AccessionNumber") == "A1"
    assert text(scheduled, "ScheduledProcedureStepID") == "SPS1"
    assert text(scheduled, "RequestedProcedureDescription") == "Chest CT"
    assert scheduled.items(tag("ScheduledProtocolCodeSequence")) == (CODE,)
    assert made.find(tag("IssuerOfPatientID")) is None, "optional and empty: left out"
    assert made.find(tag("SpecificCharacterSet")) is None


def test_every_attribute_of_type_1_and_2_is_there_and_in_order() -> None:
    for item in (ITEM, None, DataSet()):
        made = begun(item, OWN, NOW)
        tags = [e.tag for e in made]
        assert tags == sorted(tags)
        for row in STEP_ATTRIBUTES:
            if row.create in ("1", "2") and not row.within:
                assert made.find(row.tag) is not None, row.keyword
        assert lacking(made) == ()


def test_a_step_that_was_not_scheduled_has_a_study_of_its_own() -> None:
    own = Performing(station_ae_title="M", patient_name="Müller^Eva", modality="US", description="Quick look")
    made = begun(None, own, NOW, lambda: "2.25.7")
    (scheduled,) = made.items(tag("ScheduledStepAttributesSequence"))
    assert text(scheduled, "StudyInstanceUID") == "2.25.7"
    assert text(scheduled, "AccessionNumber") == ""
    assert (text(made, "Modality"), text(made, "PatientName")) == ("US", "Müller^Eva")
    assert text(made, "SpecificCharacterSet") == "ISO_IR 192"


def test_what_an_item_lacks_is_told() -> None:
    assert item_problems(ITEM) == ()
    assert len(item_problems(data(PatientName="X"))) == 2


def test_the_item_keeps_its_character_set() -> None:
    item = ITEM.merged(data(SpecificCharacterSet="ISO_IR 100", PatientName="Müller"))
    assert text(begun(item, OWN, NOW), "SpecificCharacterSet") == "ISO_IR 100"


def reference(number: int, series: str = "1.2.3.4", cls: str = CT, **more: str) -> Reference:
    return Reference(
        sop_class_uid=cls,
        sop_instance_uid=f"1.9.{number}",
        study_instance_uid="1.2.3",
        series_instance_uid=series,
        **more,
    )


def test_a_completed_step_tells_its_series() -> None:
    found = [reference(1, series_description="Thin"), reference(2), reference(3, "1.2.3.5", SR)]
    made = ended("COMPLETED", NOW, found, retrieve_ae_title="ARCHIVE")
    first, second = made.items(tag("PerformedSeriesSequence"))
    assert text(first, "SeriesInstanceUID") == "1.2.3.4"
    assert text(first, "ProtocolName") == "Thin", "nobody named a protocol"
    assert text(first, "RetrieveAETitle") == "ARCHIVE"
    assert len(first.items(tag("ReferencedImageSequence"))) == 2
    assert first.items(tag("ReferencedNonImageCompositeSOPInstanceSequence")) == ()
    assert len(second.items(tag("ReferencedNonImageCompositeSOPInstanceSequence"))) == 1
    assert lacking(made, "final") == ()
    assert made.find(tag("PerformedProcedureStepDiscontinuationReasonCodeSequence")) is None


def test_a_discontinued_step_tells_why_and_may_have_no_image() -> None:
    made = ended("DISCONTINUED", NOW, (), Code("110504", "DCM", "Patient died"), make_uid=lambda: "2.25.1")
    (reason,) = made.items(tag("PerformedProcedureStepDiscontinuationReasonCodeSequence"))
    assert text(reason, "CodeValue") == "110504"
    (series,) = made.items(tag("PerformedSeriesSequence"))
    assert text(series, "SeriesInstanceUID") == "2.25.1"
    assert lacking(made, "final") == ()


def test_what_lacks_a_value_is_named() -> None:
    assert "PerformedSeriesSequence" in lacking(DataSet(), "final")
    item = data(SeriesInstanceUID="1.2")
    made = data(PerformedSeriesSequence=[item])
    assert "PerformedSeriesSequence.ProtocolName" in lacking(made, "final")


def test_images_are_told_from_other_objects() -> None:
    assert is_image(CT)
    assert is_image("1.2.840.10008.5.1.4.1.1.66.4"), "a segmentation has pixels"
    assert is_image("1.2.3.4"), "nobody knows: an image"
    assert not is_image(SR)
    assert not is_image("1.2.840.10008.5.1.4.1.1.66"), "raw data"


def test_the_reasons_of_cid_9300_begin_with_dicoms_own() -> None:
    group = context_group(9300)
    assert group[0].scheme == "DCM"
    assert Code("110514", "DCM", "Incorrect worklist entry selected") in group


def test_worklist_keys_match_what_is_given_and_ask_for_the_rest() -> None:
    keys = worklist_keys(date="20260131", station="CT1", modality="CT", patient="D*")
    (step,) = keys.items(tag("ScheduledProcedureStepSequence"))
    assert text(step, "ScheduledProcedureStepStartDate") == "20260131"
    assert (text(step, "ScheduledStationAETitle"), text(step, "Modality")) == ("CT1", "CT")
    assert text(keys, "PatientName") == "D*"
    assert text(worklist_keys(), "PatientName") == ""
    assert worklist_keys().find(tag("StudyInstanceUID")) is not None


def test_an_item_is_read_as_people_look_for_it() -> None:
    item = WorklistItem(ITEM)
    assert item.columns == ("2026-01-31 08:00", "CT", "CT1", "Doe^Jane", "P1", "A1", "Chest")
    assert WorklistItem(DataSet()).columns == ("",) * 7


def test_one_notification_for_each_study() -> None:
    other = Reference(sop_class_uid=CT, sop_instance_uid="1.8", study_instance_uid="1.5", series_instance_uid="1.5.1")
    first, second = notifications([reference(1), reference(2, "1.2.3.5"), other], "NEARLINE", "ARCHIVE", "2.25.9")
    assert (text(first, "StudyInstanceUID"), text(second, "StudyInstanceUID")) == ("1.2.3", "1.5")
    assert len(first.items(tag("ReferencedSeriesSequence"))) == 2
    (instance,) = first.items(tag("ReferencedSeriesSequence"))[0].items(tag("ReferencedSOPSequence"))
    assert (text(instance, "InstanceAvailability"), text(instance, "RetrieveAETitle")) == ("NEARLINE", "ARCHIVE")
    (step,) = first.items(tag("ReferencedPerformedProcedureStepSequence"))
    assert text(step, "ReferencedSOPInstanceUID") == "2.25.9"
    assert step.find(tag("PerformedWorkitemCodeSequence")) is not None
    assert without_series([reference(1), Reference(sop_class_uid=CT, sop_instance_uid="1")])[0].sop_instance_uid == "1"


def test_typed_lists_of_instances() -> None:
    typed = "CTImageStorage 1.2.3  # first\n\n1.2.840.10008.5.1.4.1.1.4,1.2.4\nCT Image Storage;1.2.3\n"
    assert [(r.sop_class_uid[-1], r.sop_instance_uid) for r in parse_references(typed)] == [
        ("2", "1.2.3"),
        ("4", "1.2.4"),
    ]
    for wrong in ("CTImageStorage", "CTImageStorage abc", "NoSuchClass 1.2"):
        with pytest.raises(ValueProblem, match="line 1"):
            parse_references(wrong)
