"""Whole films printed by us: DCMTK's print provider, and printers by pynetdicom that fail at each step."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydicom.dataset import Dataset
from pynetdicom import evt

from engine.model import commands as c
from engine.model.dataset import DataSet
from engine.model.notices import Outcome, StatusNotice, StepNotice, StepState
from engine.model.procedures.base import Procedure
from engine.model.procedures.instance import ReadInstance
from engine.model.procedures.printing import PrintFilms, PrintImage, ReadPrinter
from engine.model.tls import TlsSettings
from engine.standard.print_attributes import FILM, IMAGE, PRINT_ATTRIBUTES, SESSION
from engine.workspace.print_settings import print_data_set
from tests.interop import samples
from tests.interop.normalized_peers import (
    COLOR_IMAGE_BOX,
    COLOR_META,
    FILM_BOX,
    FILM_SESSION,
    GRAYSCALE_META,
    IMAGE_BOX,
    PRINT_JOB,
    PRINTER,
    PRINTER_INSTANCE,
    Later,
    made,
    reference,
)
from tests.interop.operating import Operator
from tests.runtime.tls_files import make_files

pytestmark = pytest.mark.interop

Start = Callable[..., Any]
ANNOTATION_BOX = "1.2.840.10008.5.1.1.15"


def job(*images: PrintImage, **values: Any) -> PrintFilms:
    """With the settings a user begins with, but for `settings` by keyword."""
    given = {row.keyword: row.default for row in PRINT_ATTRIBUTES} | values.pop("settings", {})
    levels = {SESSION: "session", FILM: "film", IMAGE: "image"}
    return PrintFilms(images=images, **{name: print_data_set(level, given) for level, name in levels.items()}, **values)


class Done:
    """A procedure that has ended."""

    def __init__(self, operator: Operator, peer: Any, procedure: Procedure, tls: TlsSettings | None = None) -> None:
        asked = operator.proposal(peer, ())
        asked = replace(asked, tls=tls)
        operation = operator.engine.new_id()
        operator.engine.submit(
            c.RunProcedure(
                operation=operation, association=operator.engine.new_id(), proposal=asked, procedure=procedure
            )
        )
        self.status = operator.wait(StatusNotice, lambda n: n.operation == operation, 60.0)
        told = operator.all(StepNotice, lambda n: n.operation == operation)
        self.steps = {n.name: n.state for n in told}

    @property
    def done(self) -> list[str]:
        return [name for name, state in self.steps.items() if state in (StepState.DONE, StepState.WARNING)]


def written(tmp_path: Path, count: int) -> tuple[PrintImage, ...]:
    made_files = [
        samples.write(tmp_path / f"{n}.dcm", samples.dataset("CT", instance=n, size=32)) for n in range(count)
    ]
    return tuple(PrintImage(path=Path(getattr(f, "path", f))) for f in made_files)


class TestDcmtk:
    def test_films_are_printed_with_a_lut_and_stored_by_the_printer(
        self, operator: Operator, dcmprscp: Start, tmp_path: Path
    ) -> None:
        peer = dcmprscp()
        settings = {"ImageDisplayFormat": "STANDARD\\2,2", "FilmSizeID": "14INX17IN", "MediumType": "PAPER"}
        ended = Done(operator, peer, job(*written(tmp_path, 5), settings=settings, lut_shape="IDENTITY", bits=12))
        assert ended.status.outcome is Outcome.SUCCESS, ended.status.sentence
        assert "2 films with 5 images" in ended.status.sentence
        assert "did not accept the Print Job class" in ended.status.sentence
        assert "Delete presentation LUT" in ended.done
        stored = list(peer.folder.parent.glob("database/SP_*"))
        assert len(stored) == 2, "a stored print for each film"

    def test_color_is_printed_in_grayscale_and_told(self, operator: Operator, dcmprscp: Start) -> None:
        ended = Done(operator, dcmprscp(), job(PrintImage(), color=True))
        assert ended.status.outcome is Outcome.WARNING
        assert "printed in grayscale" in ended.status.sentence

    def test_an_empty_film_is_warned_of(self, operator: Operator, dcmprscp: Start) -> None:
        ended = Done(operator, dcmprscp(), job())
        assert ended.status.outcome is Outcome.WARNING
        assert "B603H" in ended.status.sentence

    def test_a_setting_the_printer_refuses_names_the_step(self, operator: Operator, dcmprscp: Start) -> None:
        ended = Done(operator, dcmprscp(), job(PrintImage(), settings={"FilmSizeID": "A7"}))
        assert ended.status.outcome is Outcome.FAILURE
        assert "“Film box” failed" in ended.status.sentence
        assert ended.steps["Delete film session"] is StepState.DONE
        assert ended.steps["Print film"] is StepState.SKIPPED

    def test_printer_status(self, operator: Operator, dcmprscp: Start) -> None:
        ended = Done(operator, dcmprscp(), ReadPrinter())
        assert "NORMAL" in ended.status.sentence

    def test_the_printer_is_read_through_the_meta_class_it_belongs_to(
        self, operator: Operator, dcmprscp: Start
    ) -> None:
        asked = ReadInstance(sop_class_uid=PRINTER, sop_instance_uid=PRINTER_INSTANCE, attributes=(0x21100010,))
        ended = Done(operator, dcmprscp(), asked)
        assert ended.status.outcome is Outcome.SUCCESS, ended.status.sentence
        assert "1 attribute read" in ended.status.sentence


class Printer:
    """A printer by pynetdicom that assigns UIDs itself; `failing` maps (service, SOP class) to the status it gives."""

    def __init__(self, status: str = "NORMAL", info: str = "NORMAL", boxes: int = 2) -> None:
        self.failing: dict[tuple[str, str], int] = {}
        self.status, self.info, self.boxes = status, info, boxes
        self.events: tuple[tuple[int, str], ...] = ((1, "NORMAL"), (2, "NORMAL"), (3, "NORMAL"))
        self.color = False
        self.images: list[Dataset] = []
        self.texts: list[str] = []
        self.deleted: list[str] = []
        self.job = ""
        self.later = Later()
        self._count = 0

    @property
    def handlers(self) -> list[tuple[Any, ...]]:
        return [
            (evt.EVT_N_GET, self.get),
            (evt.EVT_N_CREATE, self.create),
            (evt.EVT_N_SET, self.change),
            (evt.EVT_N_ACTION, self.action),
            (evt.EVT_N_DELETE, self.delete),
        ]

    def new_uid(self) -> str:
        self._count += 1
        return f"1.2.826.0.1.3680043.9.7433.77.{self._count}"

    def get(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        if event.request.RequestedSOPClassUID == PRINTER:
            failed = self.failing.get(("N-GET", PRINTER))
            return (
                (failed, None)
                if failed
                else (0x0000, made(PrinterStatus=self.status, PrinterStatusInfo=self.info, PrinterName="PY"))
            )
        return 0x0000, made(ExecutionStatus=self.job or "PRINTING", ExecutionStatusInfo="NORMAL")

    def create(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        class_uid = event.request.AffectedSOPClassUID
        if failed := self.failing.get(("N-CREATE", class_uid)):
            return made(Status=failed, ErrorComment="Told to"), None
        asked = event.attribute_list
        if class_uid == FILM_BOX:
            kind = COLOR_IMAGE_BOX if self.color else IMAGE_BOX
            asked.ReferencedImageBoxSequence = [reference(kind, self.new_uid()) for _ in range(self.boxes)]
            if "AnnotationDisplayFormatID" in asked:
                asked.ReferencedBasicAnnotationBoxSequence = [reference(ANNOTATION_BOX, self.new_uid())]
        if event.request.AffectedSOPInstanceUID is None:
            asked.AffectedSOPInstanceUID = self.new_uid()
        return 0x0000, asked

    def change(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        class_uid = event.request.RequestedSOPClassUID
        if failed := self.failing.get(("N-SET", class_uid)):
            return failed, None
        if class_uid == ANNOTATION_BOX:
            self.texts.append(event.modification_list.TextString)
        else:
            self.images.append(event.modification_list)
        return 0x0000, None

    def action(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        if failed := self.failing.get(("N-ACTION", event.request.RequestedSOPClassUID)):
            return failed, None
        uid = self.new_uid()
        if PRINT_JOB not in [x.abstract_syntax for x in event.assoc.accepted_contexts]:
            return 0x0000, None
        assoc = event.assoc
        self.later.do(lambda: self.report(assoc, uid))
        answer = Dataset()
        answer.add_new(0x21000500, "SQ", [reference(PRINT_JOB, uid)])
        return 0x0000, answer

    def report(self, assoc: Any, uid: str) -> None:
        for number, info in self.events:
            assoc.send_n_event_report(made(ExecutionStatusInfo=info), number, PRINT_JOB, uid)

    def delete(self, event: evt.Event) -> int:
        failed = self.failing.get(("N-DELETE", event.request.RequestedSOPClassUID))
        if failed:
            return failed
        self.deleted.append(event.request.RequestedSOPInstanceUID)
        return 0x0000


BASIC = [GRAYSCALE_META, PRINT_JOB]


class TestPynetdicom:
    @pytest.fixture
    def printer(self) -> Printer:
        return Printer()

    def test_uids_of_the_printer_are_used_and_the_job_followed_by_its_reports(
        self, operator: Operator, pynetdicom_scp: Start, printer: Printer, tmp_path: Path
    ) -> None:
        peer = pynetdicom_scp(BASIC, printer.handlers)
        ended = Done(operator, peer, job(*written(tmp_path, 3), peer_uids=True))
        assert ended.status.outcome is Outcome.SUCCESS, ended.status.sentence
        assert "2 films with 3 images" in ended.status.sentence
        assert "Print job: DONE." in ended.status.sentence
        assert [i.ImageBoxPosition for i in printer.images] == [1, 2, 1]
        assert len(printer.images[0].BasicGrayscaleImageSequence[0].PixelData) == 32 * 32
        assert len(printer.deleted) == 3

    def test_what_a_ct_holds_comes_out_in_twelve_bits(
        self, operator: Operator, pynetdicom_scp: Start, printer: Printer, tmp_path: Path
    ) -> None:
        peer = pynetdicom_scp([GRAYSCALE_META], printer.handlers)
        Done(operator, peer, job(*written(tmp_path, 1), bits=12))
        pixels = printer.images[0].BasicGrayscaleImageSequence[0]
        assert (pixels.BitsAllocated, pixels.BitsStored, pixels.HighBit) == (16, 12, 11)
        assert len(pixels.PixelData) == 2 * 32 * 32

    def test_color(self, operator: Operator, pynetdicom_scp: Start, printer: Printer) -> None:
        printer.color = True
        ended = Done(operator, pynetdicom_scp([COLOR_META], printer.handlers), job(PrintImage(), color=True))
        assert ended.status.outcome is Outcome.SUCCESS, ended.status.sentence
        pixels = printer.images[0].BasicColorImageSequence[0]
        assert (pixels.PhotometricInterpretation, pixels.PlanarConfiguration) == ("RGB", 1)

    def test_single_classes(self, operator: Operator, pynetdicom_scp: Start, printer: Printer) -> None:
        peer = pynetdicom_scp([FILM_SESSION, FILM_BOX, IMAGE_BOX, PRINTER], printer.handlers)
        ended = Done(operator, peer, job(PrintImage(), single_classes=True))
        assert ended.status.outcome is Outcome.SUCCESS, ended.status.sentence

    def test_annotations_go_into_their_boxes(self, operator: Operator, pynetdicom_scp: Start, printer: Printer) -> None:
        peer = pynetdicom_scp([*BASIC, ANNOTATION_BOX], printer.handlers)
        settings = {"AnnotationDisplayFormatID": "LABEL"}
        ended = Done(operator, peer, job(PrintImage(), settings=settings, annotations=("Below",)))
        assert ended.status.outcome is Outcome.SUCCESS, ended.status.sentence
        assert printer.texts == ["Below"]

    @pytest.mark.parametrize(
        ("service", "class_uid", "status", "step", "deletes"),
        [
            ("N-CREATE", FILM_SESSION, 0x0213, "Film session", 0),
            ("N-CREATE", FILM_BOX, 0xC616, "Film box", 1),
            ("N-SET", IMAGE_BOX, 0xC603, "Image 1: test pattern", 2),
            ("N-ACTION", FILM_BOX, 0xC602, "Print film", 2),
        ],
    )
    def test_each_step_that_fails_is_named_and_what_was_made_is_deleted(
        self,
        operator: Operator,
        pynetdicom_scp: Start,
        printer: Printer,
        service: str,
        class_uid: str,
        status: int,
        step: str,
        deletes: int,
    ) -> None:
        printer.failing[service, class_uid] = status
        ended = Done(operator, pynetdicom_scp(BASIC, printer.handlers), job(PrintImage()))
        assert ended.status.outcome is Outcome.FAILURE
        assert f"“{step}” failed" in ended.status.sentence
        assert f"{status:04X}H" in ended.status.sentence
        assert ended.steps[step] is StepState.FAILED
        assert len(printer.deleted) == deletes
        assert ended.steps["Print job"] is StepState.SKIPPED

    def test_what_cannot_be_deleted_is_told(self, operator: Operator, pynetdicom_scp: Start, printer: Printer) -> None:
        printer.failing["N-DELETE", FILM_SESSION] = 0x0110
        ended = Done(operator, pynetdicom_scp(BASIC, printer.handlers), job(PrintImage()))
        assert ended.status.outcome is Outcome.WARNING
        assert "Not deleted at the peer: film session" in ended.status.sentence

    @pytest.mark.parametrize(("status", "outcome"), [("WARNING", Outcome.WARNING), ("FAILURE", Outcome.FAILURE)])
    def test_the_printers_own_status_counts(
        self, operator: Operator, pynetdicom_scp: Start, status: str, outcome: Outcome
    ) -> None:
        printer = Printer(status, "SUPPLY EMPTY")
        peer = pynetdicom_scp(BASIC, printer.handlers)
        ended = Done(operator, peer, job(PrintImage()))
        assert ended.status.outcome is outcome
        assert f"{status}: SUPPLY EMPTY" in ended.status.sentence
        assert bool(printer.images) is (status == "WARNING")
        assert Done(operator, peer, ReadPrinter()).status.outcome is outcome

    def test_a_job_that_fails(self, operator: Operator, pynetdicom_scp: Start, printer: Printer) -> None:
        printer.events = ((2, "NORMAL"), (4, "FILM JAM"))
        ended = Done(operator, pynetdicom_scp(BASIC, printer.handlers), job(PrintImage()))
        assert ended.status.outcome is Outcome.FAILURE
        assert "FAILURE (FILM JAM)" in ended.status.sentence
        assert len(printer.deleted) == 2

    def test_a_job_without_reports_is_asked_for(
        self, operator: Operator, pynetdicom_scp: Start, printer: Printer
    ) -> None:
        printer.events, printer.job = (), "DONE"
        ended = Done(operator, pynetdicom_scp(BASIC, printer.handlers), job(PrintImage()))
        assert ended.status.outcome is Outcome.SUCCESS
        assert "Print job: DONE." in ended.status.sentence

    def test_cancel_while_the_job_is_followed_deletes_everything(
        self, operator: Operator, pynetdicom_scp: Start, printer: Printer
    ) -> None:
        printer.events = ()
        peer = pynetdicom_scp(BASIC, printer.handlers)
        operation = operator.engine.new_id()
        operator.engine.submit(
            c.RunProcedure(
                operation=operation,
                association=operator.engine.new_id(),
                proposal=operator.proposal(peer, ()),
                procedure=job(PrintImage()),
            )
        )
        operator.wait(StepNotice, lambda n: n.name == "Print job" and n.state is StepState.RUNNING)
        operator.engine.submit(c.Cancel(operation=operation))
        status = operator.wait(StatusNotice, lambda n: n.operation == operation)
        assert status.outcome is Outcome.CANCELLED
        assert len(printer.deleted) == 2

    def test_a_peer_that_aborts_in_between(self, operator: Operator, pynetdicom_scp: Start, printer: Printer) -> None:
        gone = threading.Event()

        def abort(event: evt.Event) -> tuple[Any, Dataset | None]:
            gone.set()
            event.assoc.abort()
            return 0x0000, None

        handlers = [h for h in printer.handlers if h[0] is not evt.EVT_N_SET] + [(evt.EVT_N_SET, abort)]
        ended = Done(operator, pynetdicom_scp(BASIC, handlers), job(PrintImage()))
        assert gone.is_set()
        assert ended.status.outcome is Outcome.ABORTED
        assert "Done: Check the images, Printer status, Film session, Film box." in ended.status.sentence
        assert "Not done: Image 1: test pattern, Print film" in ended.status.sentence

    def test_settings_arrive_as_they_were_given(
        self, operator: Operator, pynetdicom_scp: Start, printer: Printer
    ) -> None:
        seen: list[Dataset] = []

        def create(event: evt.Event) -> tuple[Any, Dataset | None]:
            seen.append(event.attribute_list)
            return printer.create(event)

        handlers = [h for h in printer.handlers if h[0] is not evt.EVT_N_CREATE] + [(evt.EVT_N_CREATE, create)]
        settings = {
            "NumberOfCopies": "2", "OwnerID": "ME", "ImageDisplayFormat": "ROW\\1,1", "Trim": "yes",
            "ConfigurationInformation": "LUT=2", "MaxDensity": "300",
        }  # fmt: skip
        Done(operator, pynetdicom_scp(BASIC, handlers), job(PrintImage(), settings=settings))
        session, film = seen
        assert (session.NumberOfCopies, session.PrintPriority, session.OwnerID) == (2, "MED", "ME")
        assert (film.ImageDisplayFormat, film.Trim, film.MaxDensity) == ("ROW\\1,1", "YES", 300)
        assert film.ConfigurationInformation == "LUT=2"
        assert film.ReferencedFilmSessionSequence[0].ReferencedSOPClassUID == FILM_SESSION


def test_a_printer_over_tls(operator: Operator, pynetdicom_scp: Start, tmp_path: Path) -> None:
    printer, files = Printer(), make_files(tmp_path / "tls")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(files.ca))
    context.load_cert_chain(*map(str, files.apart("printer", key_type=trustme.KeyType.RSA)))
    peer = pynetdicom_scp(BASIC, printer.handlers, tls=context)
    ended = Done(operator, peer, job(PrintImage()), files.requestor())
    assert ended.status.outcome is Outcome.SUCCESS, ended.status.sentence
    assert "Print job: DONE." in ended.status.sentence


def test_the_built_in_peer_prints_in_color_with_annotations(operator: Operator) -> None:
    settings = {"AnnotationDisplayFormatID": "LABEL", "ImageDisplayFormat": "STANDARD\\2,1"}
    asked = job(*(PrintImage(),) * 3, color=True, settings=settings, annotations=("Text",), whole_session=True)
    ended = Done(operator, operator.listen(), asked)
    assert ended.status.outcome is Outcome.SUCCESS, ended.status.sentence
    assert isinstance(asked.session, DataSet)
    assert [s for s, state in ended.steps.items() if state is StepState.SKIPPED] == []
