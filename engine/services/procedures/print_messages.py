"""The messages of printing (PS3.4 H.4), each made of what was asked."""

from __future__ import annotations

from engine.model.commands import Outgoing
from engine.model.dataset import DataElement, DataSet
from engine.model.picture import Picture
from engine.model.procedures.printing import PrintFilms
from engine.services.print_rules import (
    ANNOTATION_BOX,
    ANNOTATION_POSITION,
    COLOR_IMAGE_BOX,
    COLOR_META,
    FILM_BOX,
    FILM_SESSION,
    GRAYSCALE_IMAGE_BOX,
    GRAYSCALE_META,
    IMAGE_POSITION,
    LUT_SHAPE,
    PIXELS,
    PRESENTATION_LUT,
    PRINT_JOB,
    PRINTER,
    PRINTER_CONFIGURATION,
    PRINTER_CONFIGURATION_INSTANCE,
    PRINTER_INSTANCE,
    PRINTER_STATUS,
    PRINTER_STATUS_INFO,
    REFERENCED_FILM_SESSION,
)
from engine.services.responses import request_of
from engine.services.rules import reference, sequence
from engine.standard.lean import dataclass
from engine.standard.print_attributes import LUT_AMBIENT_LIGHT, LUT_ILLUMINATION

PRINTER_NAME = 0x21100030
PRINTER_ATTRIBUTES = (PRINTER_STATUS, PRINTER_STATUS_INFO)
"""The two every printer has (PS3.4 H.4.6): asked for another, some refuse the whole N-GET."""
JOB_ATTRIBUTES = (0x21000020, 0x21000030)
"""Execution Status and Execution Status Info."""
REFERENCED_LUT = 0x20500500
ILLUMINATION, AMBIENT_LIGHT = 0x2010015E, 0x20100160
TEXT_STRING = 0x20300020


@dataclass(frozen=True, slots=True)
class Management:
    """Which Print Management the peer accepted. context: by SOP class, the abstract syntax it goes through."""

    color: bool
    context: dict[str, str]

    @property
    def image_box(self) -> str:
        return COLOR_IMAGE_BOX if self.color else GRAYSCALE_IMAGE_BOX


def management(color: bool, single: bool) -> Management:
    """Through a meta SOP class, or each class by itself."""
    box = COLOR_IMAGE_BOX if color else GRAYSCALE_IMAGE_BOX
    members = (FILM_SESSION, FILM_BOX, box, PRINTER)
    meta = COLOR_META if color else GRAYSCALE_META
    return Management(color, {uid: uid if single else meta for uid in members})


def get(class_uid: str, instance_uid: str, attributes: tuple[int, ...]) -> Outgoing:
    """An N-GET-RQ for these attributes; none: for all."""
    return Outgoing(
        command=request_of(
            "N-GET-RQ",
            RequestedSOPClassUID=class_uid,
            RequestedSOPInstanceUID=instance_uid,
            AttributeIdentifierList=attributes or None,
        )
    )


def get_printer(*, everything: bool = False) -> Outgoing:
    return get(PRINTER, PRINTER_INSTANCE, () if everything else PRINTER_ATTRIBUTES)


def get_configuration() -> Outgoing:
    return get(PRINTER_CONFIGURATION, PRINTER_CONFIGURATION_INSTANCE, ())


def get_job(uid: str) -> Outgoing:
    return get(PRINT_JOB, uid, JOB_ATTRIBUTES)


def _create(class_uid: str, instance_uid: str, data: DataSet) -> Outgoing:
    command = request_of("N-CREATE-RQ", AffectedSOPClassUID=class_uid, AffectedSOPInstanceUID=instance_uid or None)
    return Outgoing(command=command, data=data if len(data) else None)


def create_lut(asked: PrintFilms, uid: str) -> Outgoing:
    return _create(PRESENTATION_LUT, uid, DataSet().put(LUT_SHAPE, "CS", asked.lut_shape))


def create_session(asked: PrintFilms, uid: str) -> Outgoing:
    return _create(FILM_SESSION, uid, asked.session)


def create_film(asked: PrintFilms, uid: str, session: str, lut: str) -> Outgoing:
    """lut: UID of the presentation LUT, "" for none."""
    data = asked.film.merged(sequence(REFERENCED_FILM_SESSION, reference(FILM_SESSION, session)))
    if lut:
        data = data.merged(sequence(REFERENCED_LUT, reference(PRESENTATION_LUT, lut)))
        for tag, usual in ((ILLUMINATION, LUT_ILLUMINATION), (AMBIENT_LIGHT, LUT_AMBIENT_LIGHT)):
            if not data.text(tag):
                data = data.put(tag, "US", usual)
    return _create(FILM_BOX, uid, data)


def set_image(asked: PrintFilms, box: str, uid: str, position: int, picture: Picture) -> Outgoing:
    """box: SOP class of the image box."""
    data = asked.image.put(IMAGE_POSITION, "US", str(position)).merged(sequence(PIXELS[box], _pixels(picture)))
    command = request_of("N-SET-RQ", RequestedSOPClassUID=box, RequestedSOPInstanceUID=uid)
    return Outgoing(command=command, data=data)


def _pixels(picture: Picture) -> DataSet:
    """Image Pixel attributes as PS3.4 H.4.3 limits them."""
    wide = picture.bits > 8
    pixels = picture.pixels
    gray = "MONOCHROME1" if picture.monochrome1 else "MONOCHROME2"
    if picture.samples == 3:
        pixels = b"".join(pixels[place::3] for place in range(3))
    numbers = (
        (0x00280002, picture.samples),
        (0x00280010, picture.rows),
        (0x00280011, picture.columns),
        (0x00280100, 16 if wide else 8),
        (0x00280101, picture.bits),
        (0x00280102, picture.bits - 1),
        (0x00280103, 0),
        *(((0x00280006, 1),) if picture.samples == 3 else ()),
    )
    data = DataSet(tuple(DataElement(tag, "US", (str(n),)) for tag, n in sorted(numbers)))
    data = data.put(0x00280004, "CS", "RGB" if picture.samples == 3 else gray)
    data = data.put(0x00280034, "IS", *(str(n) for n in picture.aspect))
    return data.merged(DataSet((DataElement(0x7FE00010, "OW" if wide else "OB", pixels),)))


def set_annotation(uid: str, position: int, text: str) -> Outgoing:
    data = DataSet().put(ANNOTATION_POSITION, "US", str(position)).put(TEXT_STRING, "LO", text)
    command = request_of("N-SET-RQ", RequestedSOPClassUID=ANNOTATION_BOX, RequestedSOPInstanceUID=uid)
    return Outgoing(command=command, data=data)


def print_it(class_uid: str, uid: str) -> Outgoing:
    command = request_of("N-ACTION-RQ", RequestedSOPClassUID=class_uid, RequestedSOPInstanceUID=uid, ActionTypeID=1)
    return Outgoing(command=command)


def delete(class_uid: str, uid: str) -> Outgoing:
    return Outgoing(command=request_of("N-DELETE-RQ", RequestedSOPClassUID=class_uid, RequestedSOPInstanceUID=uid))
