"""The built-in peer as print provider, used by DCMTK's print spooler and by pynetdicom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from engine.model.notices import Direction, MessageNotice
from tests.interop import peers, samples
from tests.interop.normalized_peers import (
    ANNOTATION_BOX,
    COLOR_IMAGE_BOX,
    COLOR_META,
    FILM_BOX,
    FILM_SESSION,
    GRAYSCALE_META,
    IMAGE_BOX,
    PRESENTATION_LUT,
    PRINT_JOB,
    PRINTER,
    PRINTER_CONFIGURATION,
    PRINTER_INSTANCE,
    User,
    made,
    reference,
    user,
)
from tests.interop.operating import Operator

pytestmark = pytest.mark.interop

SESSION, BOX = "1.2.826.0.1.3680043.9.7433.31", "1.2.826.0.1.3680043.9.7433.32"
N_ACTION_RQ, N_ACTION_RSP, N_CREATE_RSP, N_GET_RSP = 0x0130, 0x8130, 0x8140, 0x8110


def film(display: str = "STANDARD\\2,1", session: str = SESSION, **more: Any) -> Dataset:
    box = made(FilmOrientation="PORTRAIT", **more)
    box.add_new("ImageDisplayFormat", "ST", display)
    box.ReferencedFilmSessionSequence = [reference(FILM_SESSION, session)]
    return box


def image(position: int) -> Dataset:
    pixels = made(
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        Rows=4,
        Columns=4,
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelRepresentation=0,
    )
    pixels.add_new("PixelData", "OB", bytes(16))
    return made(ImageBoxPosition=position, BasicGrayscaleImageSequence=[pixels])


def prepare(printer: User, meta: str = GRAYSCALE_META, **more: Any) -> Dataset:
    """A film session with one film box, as the box was created."""
    send = printer.assoc.send_n_create
    assert send(made(NumberOfCopies=1), FILM_SESSION, SESSION, meta_uid=meta)[0].Status == 0x0000
    status, box = send(film(**more), FILM_BOX, BOX, meta_uid=meta)
    assert status.Status == 0x0000
    return box  # type: ignore[no-any-return]


def fill(printer: User, slot: Dataset, position: int) -> int:
    status, _ = printer.assoc.send_n_set(
        image(position), IMAGE_BOX, slot.ReferencedSOPInstanceUID, meta_uid=GRAYSCALE_META
    )
    return int(status.Status)


def test_dcmtk_prints(
    operator: Operator, client: Callable[..., Any], archive: list[samples.Sample], tmp_path: Path
) -> None:
    """dcmpsprt renders a CT image, dcmprscu sends the film with a presentation LUT, session and box printed apart."""
    peer = operator.listen()
    configuration = spooler(tmp_path, peer)
    options = ("-c", configuration, "-p", "PRINTER")
    ct = next(s.path for s in archive if s.modality == "CT")
    client("dcmpsprt", *options, "--identity", ct, cwd=tmp_path).succeeded()
    (film,) = (tmp_path / "database").glob("SP_*.dcm")
    client("dcmprscu", *options, film, cwd=tmp_path).succeeded()
    client("dcmprscu", *options, "--session-print", film, cwd=tmp_path).succeeded()
    actions = operator.all(MessageNotice, lambda m: m.command.command_field == N_ACTION_RSP)
    assert [a.command.status for a in actions] == [0x0000, 0x0000]
    asked = operator.all(MessageNotice, lambda m: m.command.command_field == N_ACTION_RQ)
    assert [a.command.sop_class_uid for a in asked] == [FILM_BOX, FILM_SESSION]
    failures = operator.all(
        MessageNotice, lambda m: m.direction is Direction.SENT and (m.command.status or 0) not in (0x0000, 0x0107)
    )
    assert [f.command for f in failures] == []
    assert operator.errors == []
    assert [f for f in operator.findings if f.startswith("sent")] == []


def spooler(folder: Path, peer: peers.Peer) -> Path:
    """DCMTK's configuration with our peer as its printer."""
    for part in ("spool", "database", "lut", "log"):
        (folder / part).mkdir(exist_ok=True)
    path = folder / "printing.cfg"
    path.write_text(
        f"[[GENERAL]]\n[APPLICATION]\nLogDirectory = {folder / 'log'}\nLogFile = general.log\nLogLevel = INFO\n"
        f"[NETWORK]\nAetitle = SPOOLER\n[PRINT]\nDirectory = {folder / 'spool'}\nDetailedLog = false\n"
        f"BinaryLog = false\n[DATABASE]\nDirectory = {folder / 'database'}\n[LUT]\nDirectory = {folder / 'lut'}\n"
        f"[[COMMUNICATION]]\n[PRINTER]\nAetitle = CONSOLE\nDescription = Printer\nHostname = {peer.host}\n"
        f"Port = {peer.port}\nType = PRINTER\nDisableNewVRs = false\nImplicitOnly = false\nMaxPDU = 32768\n"
        "DisplayFormat = 1,1\\2,2\nFilmDestination = MAGAZINE\\PROCESSOR\nFilmSizeID = 8INX10IN\\14INX17IN\n"
        "MagnificationType = REPLICATE\\NONE\nMediumType = PAPER\\BLUE FILM\nResolutionID = STANDARD\n"
        "SmoothingType = NONE\nPresentationLUTMatchRequired = false\nPresentationLUTinFilmSession = false\n"
        "Supports12Bit = true\nSupportsPresentationLUT = true\nSupportsImageSize = true\n"
    )
    return path


def test_a_film_with_its_print_job(operator: Operator) -> None:
    with user(operator.listen(), GRAYSCALE_META, PRINT_JOB) as printer:
        first, second = prepare(printer).ReferencedImageBoxSequence
        assert (first.ReferencedSOPClassUID, fill(printer, first, 1), fill(printer, second, 2)) == (IMAGE_BOX, 0, 0)
        status, reply = printer.assoc.send_n_action(None, 1, FILM_SESSION, SESSION, meta_uid=GRAYSCALE_META)
        assert status.Status == 0x0000
        (job,) = reply[0x21000500].value
        events = printer.wait_events(3)
        assert [kind for kind, *_ in events] == [1, 2, 3], "Pending, Printing, Done"
        assert {(uid, context) for _, uid, context, _ in events} == {(job.ReferencedSOPInstanceUID, PRINT_JOB)}
        assert [told.ExecutionStatusInfo for *_, told in events] == ["NORMAL"] * 3
        uid = job.ReferencedSOPInstanceUID
        assert printer.assoc.send_n_get([], PRINT_JOB, uid)[1].ExecutionStatus == "DONE"
        assert printer.assoc.send_n_delete(FILM_BOX, BOX, meta_uid=GRAYSCALE_META).Status == 0x0000
        assert fill(printer, first, 1) == 0x0112
        assert printer.assoc.send_n_delete(FILM_SESSION, SESSION, meta_uid=GRAYSCALE_META).Status == 0x0000
    assert [f for f in operator.findings if f.startswith("sent")] == []
    assert operator.errors == []


def test_an_empty_film_warns_and_without_the_print_job_class_there_is_no_job(operator: Operator) -> None:
    with user(operator.listen(), GRAYSCALE_META) as printer:
        prepare(printer)
        for uid, instance, warning in ((FILM_BOX, BOX, 0xB603), (FILM_SESSION, SESSION, 0xB602)):
            status, reply = printer.assoc.send_n_action(None, 1, uid, instance, meta_uid=GRAYSCALE_META)
            assert (status.Status, bool(reply)) == (warning, False)
    assert operator.errors == []


def test_color_and_annotations(operator: Operator) -> None:
    with user(operator.listen(), COLOR_META, ANNOTATION_BOX) as printer:
        box = prepare(printer, COLOR_META, AnnotationDisplayFormatID="LABEL")
        assert {i.ReferencedSOPClassUID for i in box.ReferencedImageBoxSequence} == {COLOR_IMAGE_BOX}
        (note,) = box.ReferencedBasicAnnotationBoxSequence
        text = made(AnnotationPosition=1, TextString="Text")
        assert printer.assoc.send_n_set(text, ANNOTATION_BOX, note.ReferencedSOPInstanceUID)[0].Status == 0x0000


def test_sessions_are_one_association_s(operator: Operator) -> None:
    peer = operator.listen()
    for _ in range(2):
        with user(peer, GRAYSCALE_META) as printer:
            prepare(printer)
            again, _ = printer.assoc.send_n_create(None, FILM_SESSION, SESSION + ".1", meta_uid=GRAYSCALE_META)
            assert (again.Status, bool(again.ErrorComment)) == (0x0110, True)


def test_what_is_refused(operator: Operator) -> None:
    with user(operator.listen(), GRAYSCALE_META, PRESENTATION_LUT) as printer:
        first, second = prepare(printer).ReferencedImageBoxSequence
        create = printer.assoc.send_n_create
        for asked, status in (
            (film("SPIRAL\\3"), 0x0106),
            (film(session="1.9"), 0x0106),
            (made(FilmOrientation="PORTRAIT"), 0x0120),
        ):
            assert create(asked, FILM_BOX, BOX + ".1", meta_uid=GRAYSCALE_META)[0].Status == status
        assert printer.answer(N_CREATE_RSP)["AttributeIdentifierList"] == [0x20100010, 0x20100500]
        assert create(film(), FILM_BOX, BOX, meta_uid=GRAYSCALE_META)[0].Status == 0x0111
        assert fill(printer, second, 1) == 0x0106
        assert create(made(PresentationLUTShape="INVERSE"), PRESENTATION_LUT, BOX + ".2")[0].Status == 0x0106
        assert create(made(PresentationLUTShape="IDENTITY"), PRESENTATION_LUT, BOX + ".2")[0].Status == 0x0000
        conflict, _ = printer.assoc.send_n_set(
            image(1), FILM_BOX, first.ReferencedSOPInstanceUID, meta_uid=GRAYSCALE_META
        )
        assert conflict.Status == 0x0119
        other, _ = printer.assoc.send_n_set(
            image(1), COLOR_IMAGE_BOX, first.ReferencedSOPInstanceUID, meta_uid=GRAYSCALE_META
        )
        assert other.Status == 0x0118


def test_the_printer_by_attribute_list(operator: Operator) -> None:
    with user(operator.listen(), GRAYSCALE_META, PRINTER_CONFIGURATION) as printer:
        get = printer.assoc.send_n_get
        whole, data = get([], PRINTER, PRINTER_INSTANCE, meta_uid=GRAYSCALE_META)
        assert (whole.Status, data.PrinterStatus, data.PrinterStatusInfo) == (0x0000, "NORMAL", "NORMAL")
        some, data = get([0x21100010, 0x00100010, 0x00181000], PRINTER, PRINTER_INSTANCE, meta_uid=GRAYSCALE_META)
        assert (some.Status, [e.keyword for e in data]) == (0x0107, ["PrinterStatus"])
        assert printer.answer(N_GET_RSP)["AttributeIdentifierList"] == [0x00100010, 0x00181000]
        assert get([], PRINTER, "1.9", meta_uid=GRAYSCALE_META)[0].Status == 0x0112
        configured, data = get([], PRINTER_CONFIGURATION, "1.2.840.10008.5.1.1.17.376")
        assert configured.Status == 0x0000
        (item,) = data.PrinterConfigurationSequence
        assert GRAYSCALE_META in item.SOPClassesSupported
