"""Printed films are kept whole; the printer fails and warns by choice."""

from __future__ import annotations

import pytest

from engine.model.dataset import DataSet
from engine.model.emulation import Emulation, PrinterOptions
from engine.services import print_rules as p
from engine.services.peer import BuiltInPeer
from engine.services.rules import NormalizedStore, reference, sequence
from engine.services.state import Record
from tests.services.playing import Stage, elements

PIXELS = elements(
    (0x00280002, "US", "1"),
    (0x00280004, "CS", "MONOCHROME2"),
    (0x00280010, "US", "2"),
    (0x00280011, "US", "2"),
    (0x00280100, "US", "8"),
    (0x00280101, "US", "8"),
    (0x00280102, "US", "7"),
    (0x00280103, "US", "0"),
    (0x7FE00010, "OW", b"\0\1\2\3"),
)


def printed(options: PrinterOptions, *also: str) -> Stage:
    """One film of two images, the first one filled, printed."""
    stage = Stage(p.GRAYSCALE_META, also=also)
    stage.peer = BuiltInPeer(stage.peer.new_uid, lambda _title: False, emulation=Emulation(printer=options))
    stage.send("N-CREATE-RQ", elements((0x20000010, "IS", "1")), AffectedSOPClassUID=p.FILM_SESSION)
    session = stage.final.text("AffectedSOPInstanceUID")
    reference = elements((0x00081150, "UI", p.FILM_SESSION), (0x00081155, "UI", session))
    box = elements((p.IMAGE_DISPLAY_FORMAT, "ST", "STANDARD\\2,1"), (p.REFERENCED_FILM_SESSION, "SQ", (reference,)))
    stage.send("N-CREATE-RQ", box, AffectedSOPClassUID=p.FILM_BOX)
    film_box = stage.final.text("AffectedSOPInstanceUID")
    data = stage.replies[-1].data
    assert data is not None
    first = data.items(p.REFERENCED_IMAGE_BOXES)[0].text(0x00081155)
    image = elements((p.IMAGE_POSITION, "US", "1"), (0x20200110, "SQ", (PIXELS,)))
    stage.send("N-SET-RQ", image, RequestedSOPClassUID=p.GRAYSCALE_IMAGE_BOX, RequestedSOPInstanceUID=first)
    assert stage.status == 0
    stage.send("N-ACTION-RQ", RequestedSOPClassUID=p.FILM_BOX, RequestedSOPInstanceUID=film_box, ActionTypeID=1)
    return stage


def test_a_film_is_kept_with_its_session_and_images_when_all_else_is_gone() -> None:
    stage = printed(PrinterOptions())
    stage.peer.ended(stage.association)
    (film,) = stage.peer.state.films.values()
    assert film.attributes.text(p.IMAGE_DISPLAY_FORMAT) == "STANDARD\\2,1"
    assert film.attributes.items(p.REFERENCED_FILM_SESSION)[0].text(0x20000010) == "1"
    full, empty = film.attributes.items(p.REFERENCED_IMAGE_BOXES)
    assert full.items(0x20200110)[0].find(0x7FE00010) == PIXELS.find(0x7FE00010)
    assert not empty.items(0x20200110)


def test_presentation_luts_are_kept_with_the_film() -> None:
    store = NormalizedStore(lambda: "2.25.9")

    def referring(uid: str) -> DataSet:
        return sequence(p.REFERENCED_LUT, reference(p.PRESENTATION_LUT, uid))

    for uid, shape in (("1.1", "LIN OD"), ("1.2", "IDENTITY")):
        store.put(Record(p.PRESENTATION_LUT, uid, elements((p.LUT_SHAPE, "CS", shape)), passing=True))
    store.put(Record(p.GRAYSCALE_IMAGE_BOX, "1.3", referring("1.2"), passing=True))
    boxes = sequence(p.REFERENCED_IMAGE_BOXES, reference(p.GRAYSCALE_IMAGE_BOX, "1.3"))
    p.keep_film(store, Record(p.FILM_BOX, "1.4", referring("1.1").merged(boxes), passing=True))
    (film,) = store.state.films.values()
    assert film.attributes.items(p.REFERENCED_LUT)[0].text(p.LUT_SHAPE) == "LIN OD"
    (box,) = film.attributes.items(p.REFERENCED_IMAGE_BOXES)
    assert box.items(p.REFERENCED_LUT)[0].text(p.LUT_SHAPE) == "IDENTITY"


def test_the_oldest_films_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(p, "MAX_FILMS", 1)
    stage = printed(PrinterOptions())
    (first,) = stage.peer.state.films
    box = next(r for r in stage.peer.normalized.store_of(stage.association).of_class(p.FILM_BOX))
    stage.send(
        "N-ACTION-RQ", RequestedSOPClassUID=p.FILM_BOX, RequestedSOPInstanceUID=box.sop_instance_uid, ActionTypeID=1
    )
    (second,) = stage.peer.state.films
    assert second != first


@pytest.mark.parametrize(("status", "event", "job_event", "kept"), [("WARNING", 2, 3, 1), ("FAILURE", 3, 4, 0)])
def test_what_a_printer_in_trouble_tells(status: str, event: int, job_event: int, kept: int) -> None:
    stage = printed(PrinterOptions(status=status, info="FILM JAM"), p.PRINT_JOB)
    told = [(n.sop_class_uid, n.event_type_id, n.abstract_syntax) for n in stage.events]
    jobs = [(p.PRINT_JOB, number, "") for number in (p.PRINT_PENDING, p.PRINT_PRINTING, job_event)]
    assert told == [(p.PRINTER, event, p.GRAYSCALE_META), *jobs]
    said = [n.data.text(p.PRINTER_STATUS_INFO) or n.data.text(p.EXECUTION_STATUS_INFO) for n in stage.events if n.data]
    assert said == ["FILM JAM", "NORMAL", "NORMAL", "FILM JAM"]
    assert len(stage.peer.state.films) == kept
