"""We as SCU of Print Management: against DCMTK's provider, and one by pynetdicom that reports its print jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydicom.dataset import Dataset

from engine.model.notices import Outcome
from tests.interop.normalized_peers import (
    FILM_BOX,
    FILM_SESSION,
    GRAYSCALE_META,
    IMAGE_BOX,
    PRESENTATION_LUT,
    PRINT_JOB,
    PRINTER,
    PRINTER_INSTANCE,
    made,
    reference,
)
from tests.interop.normalized_providers import BOX, JOB, Printer
from tests.interop.operating import Held, Operator, data_of

pytestmark = pytest.mark.interop

Start = Callable[..., Any]
N_EVENT_REPORT_RQ = 0x0100
SESSION = "1.2.826.0.1.3680043.9.7433.5.1"


def film_session() -> Dataset:
    return made(NumberOfCopies=1, PrintPriority="MED", MediumType="PAPER", FilmDestination="PROCESSOR")


def film_box(display: str = "STANDARD\\1,1") -> Dataset:
    box = made(FilmOrientation="PORTRAIT", FilmSizeID="8INX10IN", MagnificationType="REPLICATE")
    box.add_new("ImageDisplayFormat", "ST", display)
    box.ReferencedFilmSessionSequence = [reference(FILM_SESSION, SESSION)]
    return box


def image(position: int = 1, side: int = 16) -> Dataset:
    pixels = made(
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        Rows=side,
        Columns=side,
        PixelAspectRatio=[1, 1],
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelRepresentation=0,
    )
    pixels.add_new("PixelData", "OB", bytes(range(side)) * side)
    return made(ImageBoxPosition=position, Polarity="NORMAL", BasicGrayscaleImageSequence=[pixels])


def print_one(held: Held, film_uid: str = BOX) -> Held:
    """Film session, film box and its image: what comes before N-ACTION."""
    created = held.send("N-CREATE-RQ", film_session(), AffectedSOPClassUID=FILM_SESSION, AffectedSOPInstanceUID=SESSION)
    assert created.code == 0x0000
    box = held.send("N-CREATE-RQ", film_box(), AffectedSOPClassUID=FILM_BOX, AffectedSOPInstanceUID=film_uid)
    assert box.code == 0x0000
    (slot,) = box.data.ReferencedImageBoxSequence
    filled = held.send(
        "N-SET-RQ",
        image(),
        RequestedSOPClassUID=slot.ReferencedSOPClassUID,
        RequestedSOPInstanceUID=slot.ReferencedSOPInstanceUID,
    )
    assert filled.code == 0x0000
    return held


class TestDcmtk:
    def test_a_film_is_printed(self, operator: Operator, dcmprscp: Start) -> None:
        peer = dcmprscp()
        held = operator.open(peer, GRAYSCALE_META)
        printer = held.send(
            "N-GET-RQ",
            RequestedSOPClassUID=PRINTER,
            RequestedSOPInstanceUID=PRINTER_INSTANCE,
            AttributeIdentifierList=(0x21100010, 0x21100020),
        )
        assert (printer.code, printer.data.PrinterStatus) == (0x0000, "NORMAL")
        print_one(held)
        printed = held.send("N-ACTION-RQ", RequestedSOPClassUID=FILM_BOX, RequestedSOPInstanceUID=BOX, ActionTypeID=1)
        assert (printed.code, printed.status.outcome) == (0x0000, Outcome.SUCCESS)
        for uid, instance in ((FILM_BOX, BOX), (FILM_SESSION, SESSION)):
            gone = held.send("N-DELETE-RQ", RequestedSOPClassUID=uid, RequestedSOPInstanceUID=instance)
            assert gone.code == 0x0000
        held.release()
        assert list(peer.folder.parent.glob("database/SP_*")), "the stored print is in its database"

    def test_an_empty_film_is_warned_of(self, operator: Operator, dcmprscp: Start) -> None:
        held = operator.open(dcmprscp(), GRAYSCALE_META)
        held.send("N-CREATE-RQ", film_session(), AffectedSOPClassUID=FILM_SESSION, AffectedSOPInstanceUID=SESSION)
        held.send("N-CREATE-RQ", film_box(), AffectedSOPClassUID=FILM_BOX, AffectedSOPInstanceUID=BOX)
        empty = held.send("N-ACTION-RQ", RequestedSOPClassUID=FILM_BOX, RequestedSOPInstanceUID=BOX, ActionTypeID=1)
        assert (empty.code, empty.status.outcome) == (0xB603, Outcome.WARNING)
        assert "B603H" in empty.status.sentence

    def test_a_film_box_without_session_is_refused(self, operator: Operator, dcmprscp: Start) -> None:
        held = operator.open(dcmprscp(), GRAYSCALE_META)
        box = held.send("N-CREATE-RQ", film_box(), AffectedSOPClassUID=FILM_BOX, AffectedSOPInstanceUID=BOX)
        assert box.status.outcome is Outcome.FAILURE

    def test_a_presentation_lut(self, operator: Operator, dcmprscp: Start) -> None:
        held = operator.open(dcmprscp(), GRAYSCALE_META, PRESENTATION_LUT)
        lut = held.send(
            "N-CREATE-RQ",
            made(PresentationLUTShape="IDENTITY"),
            AffectedSOPClassUID=PRESENTATION_LUT,
            AffectedSOPInstanceUID=BOX + ".1",
        )
        assert lut.code == 0x0000
        gone = held.send("N-DELETE-RQ", RequestedSOPClassUID=PRESENTATION_LUT, RequestedSOPInstanceUID=BOX + ".1")
        assert gone.code == 0x0000


class TestPynetdicom:
    @pytest.fixture
    def printer(self) -> Printer:
        return Printer()

    @pytest.fixture
    def held(self, operator: Operator, pynetdicom_scp: Start, printer: Printer) -> Held:
        peer = pynetdicom_scp([GRAYSCALE_META, PRINT_JOB], printer.handlers)
        return operator.open(peer, GRAYSCALE_META, PRINT_JOB)

    def test_command_sets_of_a_film_and_reports_of_its_job(self, held: Held, printer: Printer) -> None:
        held.send("N-CREATE-RQ", film_session(), AffectedSOPClassUID=FILM_SESSION, AffectedSOPInstanceUID=SESSION)
        box = held.send("N-CREATE-RQ", film_box(), AffectedSOPClassUID=FILM_BOX)
        assert box.code == 0x0000
        assert printer.seen.last(0x0140) == {
            "CommandField": 0x0140,
            "CommandDataSetType": 1,
            "AffectedSOPClassUID": FILM_BOX,
        }, "without an instance UID the performer is to assign it"
        assert box.command.text("AffectedSOPInstanceUID") == BOX
        (slot,) = box.data.ReferencedImageBoxSequence
        filled = held.send(
            "N-SET-RQ",
            image(),
            RequestedSOPClassUID=IMAGE_BOX,
            RequestedSOPInstanceUID=slot.ReferencedSOPInstanceUID,
        )
        assert (filled.code, filled.status.outcome) == (0xB604, Outcome.WARNING)
        assert printer.image is not None
        assert printer.image.BasicGrayscaleImageSequence[0].PixelData == bytes(range(16)) * 16

        printed = held.send(
            "N-ACTION-RQ", RequestedSOPClassUID=FILM_SESSION, RequestedSOPInstanceUID=SESSION, ActionTypeID=1
        )
        assert printer.seen.last(0x0130) == {
            "CommandField": 0x0130,
            "CommandDataSetType": 0x0101,
            "RequestedSOPClassUID": FILM_SESSION,
            "RequestedSOPInstanceUID": SESSION,
            "ActionTypeID": 1,
        }
        assert printed.data[0x21000500].value[0].ReferencedSOPInstanceUID == JOB
        reports = held.received(N_EVENT_REPORT_RQ, 2)
        assert [r.command.number("EventTypeID") for r in reports] == [2, 3]
        assert {r.abstract_syntax for r in reports} == {PRINT_JOB}
        assert data_of(reports[1]).ExecutionStatusInfo == "NORMAL"
        assert printer.later.wait() == [[0x0000, 0x0000]]

        job = held.send("N-GET-RQ", RequestedSOPClassUID=PRINT_JOB, RequestedSOPInstanceUID=JOB)
        assert (job.code, job.data.ExecutionStatus) == (0x0000, "DONE")
        gone = held.send("N-DELETE-RQ", RequestedSOPClassUID=FILM_SESSION, RequestedSOPInstanceUID=SESSION)
        assert gone.code == 0x0000
        assert printer.seen.last(0x0150) == {
            "CommandField": 0x0150,
            "CommandDataSetType": 0x0101,
            "RequestedSOPClassUID": FILM_SESSION,
            "RequestedSOPInstanceUID": SESSION,
        }

    def test_a_printer_that_wants_something(self, held: Held) -> None:
        got = held.send("N-GET-RQ", RequestedSOPClassUID=PRINTER, RequestedSOPInstanceUID=PRINTER_INSTANCE)
        assert (got.code, got.status.outcome) == (0x0107, Outcome.WARNING)
        assert got.data.PrinterStatusInfo == "SUPPLY LOW"

    def test_a_missing_attribute_is_a_failure(self, held: Held) -> None:
        asked = film_box()
        del asked.FilmSizeID
        box = held.send("N-CREATE-RQ", asked, AffectedSOPClassUID=FILM_BOX, AffectedSOPInstanceUID=BOX)
        assert (box.code, box.status.outcome) == (0x0120, Outcome.FAILURE)
        assert "Missing Attribute" in box.status.sentence
