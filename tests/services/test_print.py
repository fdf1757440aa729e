"""Print Management as provider (PS3.4 H)."""

from __future__ import annotations

import pytest

from engine.model.dataset import DataSet
from engine.services import print_rules as p
from tests.services.playing import Stage, elements

IMAGE = elements(
    (0x00280002, "US", "1"),
    (0x00280004, "CS", "MONOCHROME2"),
    (0x00280010, "US", "1"),
    (0x00280011, "US", "2"),
    (0x00280100, "US", "8"),
    (0x00280101, "US", "8"),
    (0x00280102, "US", "7"),
    (0x00280103, "US", "0"),
    (0x7FE00010, "OB", b"\0\1"),
)


def film(display: str = "STANDARD\\2,2", session: str = "5.1", annotation: str = "") -> DataSet:
    items = (elements((0x00081150, "UI", p.FILM_SESSION), (0x00081155, "UI", session)),)
    made = elements((p.IMAGE_DISPLAY_FORMAT, "ST", display or ()), (p.REFERENCED_FILM_SESSION, "SQ", items))
    return made.put(p.ANNOTATION_DISPLAY_FORMAT, "CS", annotation) if annotation else made


def session(meta: str = p.GRAYSCALE_META, *also: str) -> Stage:
    stage = Stage(meta, also=also)
    stage.send("N-CREATE-RQ", DataSet(), AffectedSOPClassUID=p.FILM_SESSION, AffectedSOPInstanceUID="5.1")
    assert stage.status == 0
    return stage


def with_box(*also: str, meta: str = p.GRAYSCALE_META, annotation: str = "") -> Stage:
    stage = session(meta, *also)
    stage.send("N-CREATE-RQ", film(annotation=annotation), AffectedSOPClassUID=p.FILM_BOX, AffectedSOPInstanceUID="5.2")
    assert stage.status == 0
    return stage


def boxes(stage: Stage, sequence: int = p.REFERENCED_IMAGE_BOXES) -> list[DataSet]:
    data = stage.replies[-1].data
    assert data is not None
    return list(data.items(sequence))


def fill(stage: Stage, box: str, position: str = "1", image: DataSet = IMAGE) -> int | None:
    stage.send(
        "N-SET-RQ",
        elements((p.IMAGE_POSITION, "US", position), (0x20200110, "SQ", (image,) if image else ())),
        RequestedSOPClassUID=p.GRAYSCALE_IMAGE_BOX,
        RequestedSOPInstanceUID=box,
    )
    return stage.status


def go(stage: Stage, class_uid: str, uid: str) -> int | None:
    stage.send("N-ACTION-RQ", RequestedSOPClassUID=class_uid, RequestedSOPInstanceUID=uid, ActionTypeID=1)
    return stage.status


@pytest.mark.parametrize(
    ("meta", "kind"), [(p.GRAYSCALE_META, p.GRAYSCALE_IMAGE_BOX), (p.COLOR_META, p.COLOR_IMAGE_BOX)]
)
def test_a_film_box_brings_its_image_boxes(meta: str, kind: str) -> None:
    made = boxes(with_box(meta=meta))
    assert [b.text(0x00081150) for b in made] == [kind] * 4
    assert len({b.text(0x00081155) for b in made}) == 4


def test_a_film_box_brings_an_annotation_box_to_those_who_negotiated_it() -> None:
    stage = with_box(p.ANNOTATION_BOX, annotation="LABEL")
    (box,) = boxes(stage, p.REFERENCED_ANNOTATION_BOXES)
    stage.abstract_syntax = p.ANNOTATION_BOX
    stage.send(
        "N-SET-RQ",
        elements((p.ANNOTATION_POSITION, "US", "1"), (0x20300020, "LO", "Text")),
        RequestedSOPClassUID=p.ANNOTATION_BOX,
        RequestedSOPInstanceUID=box.text(0x00081155),
    )
    assert stage.status == 0
    assert not boxes(with_box(annotation="LABEL"), p.REFERENCED_ANNOTATION_BOXES)


def test_printing_nothing_warns_and_a_session_without_box_fails() -> None:
    assert go(session(), p.FILM_SESSION, "5.1") == 0xC600
    assert go(with_box(), p.FILM_BOX, "5.2") == 0xB603
    assert go(with_box(), p.FILM_SESSION, "5.1") == 0xB602


def test_printing_an_image_gives_a_print_job_and_its_report() -> None:
    stage = with_box(p.PRINT_JOB)
    assert fill(stage, boxes(stage)[0].text(0x00081155)) == 0
    assert go(stage, p.FILM_SESSION, "5.1") == 0
    (job,) = boxes(stage, p.REFERENCED_PRINT_JOB)
    events = stage.events
    assert {(e.sop_class_uid, e.sop_instance_uid) for e in events} == {(p.PRINT_JOB, job.text(0x00081155))}
    assert [e.event_type_id for e in events] == [p.PRINT_PENDING, p.PRINT_PRINTING, p.PRINT_DONE]
    assert [e.delay for e in events] == sorted(e.delay for e in events)
    stage.abstract_syntax = p.PRINT_JOB
    seen = [execution(stage, job)]
    for event in events:
        assert stage.peer.normalized.due(event, stage.association)
        seen.append(execution(stage, job))
    assert seen == ["PENDING", "PENDING", "PRINTING", "DONE"]


def execution(stage: Stage, job: DataSet) -> str:
    stage.send("N-GET-RQ", RequestedSOPClassUID=p.PRINT_JOB, RequestedSOPInstanceUID=job.text(0x00081155))
    data = stage.replies[-1].data
    assert data is not None
    return data.text(p.EXECUTION_STATUS)


def test_once_the_association_is_over_only_the_job_s_end_is_told() -> None:
    stage = with_box(p.PRINT_JOB)
    assert fill(stage, boxes(stage)[0].text(0x00081155)) == 0
    go(stage, p.FILM_SESSION, "5.1")
    stage.peer.ended(stage.association)
    assert [stage.peer.normalized.due(e, stage.association) for e in stage.events] == [False, False, True]


def test_who_did_not_negotiate_print_jobs_gets_none() -> None:
    stage = with_box()
    fill(stage, boxes(stage)[0].text(0x00081155))
    assert go(stage, p.FILM_BOX, "5.2") == 0
    assert (stage.replies[-1].data, stage.events) == (None, [])


def test_an_image_box_takes_its_own_position_and_whole_images() -> None:
    stage = with_box()
    first, second = (b.text(0x00081155) for b in boxes(stage)[:2])
    assert fill(stage, first, "2") == 0x0106
    assert fill(stage, second, "2") == 0
    assert fill(stage, first, "1", IMAGE.without(0x00280010)) == 0x0121
    stage.send(
        "N-SET-RQ",
        elements((p.IMAGE_POSITION, "US", "1")),
        RequestedSOPClassUID=p.GRAYSCALE_IMAGE_BOX,
        RequestedSOPInstanceUID=first,
    )
    assert stage.status == 0x0121
    assert fill(stage, second, "2", DataSet()) == 0, "no item empties the box"
    assert go(stage, p.FILM_BOX, "5.2") == 0xB603


def test_deleting_the_session_takes_everything_along() -> None:
    stage = with_box()
    box = boxes(stage)[0].text(0x00081155)
    stage.send("N-DELETE-RQ", RequestedSOPClassUID=p.FILM_SESSION, RequestedSOPInstanceUID="5.1")
    assert stage.status == 0
    assert fill(stage, box) == 0x0112
    stage.send("N-DELETE-RQ", RequestedSOPClassUID=p.FILM_BOX, RequestedSOPInstanceUID="5.2")
    assert stage.status == 0x0112


def test_a_film_session_is_one_association_s_and_one_at_a_time() -> None:
    stage = with_box()
    stage.send("N-CREATE-RQ", DataSet(), AffectedSOPClassUID=p.FILM_SESSION, AffectedSOPInstanceUID="5.9")
    assert stage.status == 0x0110
    assert stage.final.text("ErrorComment")
    stage.association = 2
    stage.send("N-CREATE-RQ", DataSet(), AffectedSOPClassUID=p.FILM_SESSION, AffectedSOPInstanceUID="5.1")
    assert stage.status == 0, "the other association's session is not in the way"
    assert go(stage, p.FILM_BOX, "5.2") == 0x0112
    stage.peer.ended(1)
    stage.association = 1
    assert go(stage, p.FILM_BOX, "5.2") == 0x0112


@pytest.mark.parametrize("bad", ["STANDARD\\0,3", "SPIRAL\\3", "STANDARD\\100,100", "STANDARD\\9999999,1", "ROW"])
def test_a_display_format_that_makes_no_sense_comes_back(bad: str) -> None:
    stage = session()
    stage.send("N-CREATE-RQ", film(bad), AffectedSOPClassUID=p.FILM_BOX)
    data = stage.replies[-1].data
    assert stage.status == 0x0106
    assert data is not None
    assert data.text(p.IMAGE_DISPLAY_FORMAT) == bad


def test_what_a_film_box_needs() -> None:
    stage = session()
    stage.send("N-CREATE-RQ", film(""), AffectedSOPClassUID=p.FILM_BOX)
    assert (stage.status, stage.final.get("AttributeIdentifierList")) == (0x0120, (p.IMAGE_DISPLAY_FORMAT,))
    stage.send("N-CREATE-RQ", film(session="5.8"), AffectedSOPClassUID=p.FILM_BOX)
    assert stage.status == 0x0106


@pytest.mark.parametrize("display", ["ROW\\1,2", "COL\\2,1", "SLIDE", "SUPERSLIDE", "CUSTOM\\1", "STANDARD\\3,1"])
def test_display_formats(display: str) -> None:
    assert p.box_count(display) == (3 if (display[0] in "RC" and "CUSTOM" not in display) or "3,1" in display else 1)


def test_presentation_luts() -> None:
    stage = Stage(p.PRESENTATION_LUT)
    seen = []
    for data in (
        elements((p.LUT_SHAPE, "CS", "IDENTITY")),
        elements((p.LUT_SHAPE, "CS", "INVERSE")),
        elements((p.LUT_SEQUENCE, "SQ", (elements((0x00283006, "US", "1")),))),
        DataSet(),
    ):
        stage.send("N-CREATE-RQ", data, AffectedSOPClassUID=p.PRESENTATION_LUT)
        seen.append(stage.status)
    assert seen == [0, 0x0106, 0, 0x0120]


def test_printer_status_by_attribute_list() -> None:
    stage = Stage(p.GRAYSCALE_META)
    stage.send(
        "N-GET-RQ",
        RequestedSOPClassUID=p.PRINTER,
        RequestedSOPInstanceUID=p.PRINTER_INSTANCE,
        AttributeIdentifierList=(p.PRINTER_STATUS,),
    )
    data = stage.replies[-1].data
    assert data is not None
    assert (len(data), data.text(p.PRINTER_STATUS)) == (1, "NORMAL")
