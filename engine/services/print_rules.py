"""Print Management as provider (PS3.4 Annex H): film session, film box, image boxes, printer, print job."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from engine.model.dataset import DataElement, DataSet
from engine.standard.sop_classes import sop_class

from .effects import Notify, Request
from .normalized import INVALID_ATTRIBUTE_VALUE, MISSING_ATTRIBUTE, NormalizedStore, Record, Refusal, Result, Rules

FILM_SESSION = "1.2.840.10008.5.1.1.1"
FILM_BOX = "1.2.840.10008.5.1.1.2"
GRAYSCALE_IMAGE_BOX = "1.2.840.10008.5.1.1.4"
COLOR_IMAGE_BOX = "1.2.840.10008.5.1.1.4.1"
COLOR_META = "1.2.840.10008.5.1.1.18"
PRINT_JOB = "1.2.840.10008.5.1.1.14"
PRINTER = "1.2.840.10008.5.1.1.16"
PRINTER_CONFIGURATION = "1.2.840.10008.5.1.1.16.376"
PRESENTATION_LUT = "1.2.840.10008.5.1.1.23"
ANNOTATION_BOX = "1.2.840.10008.5.1.1.15"
PRINTER_INSTANCE = "1.2.840.10008.5.1.1.17"
PRINTER_CONFIGURATION_INSTANCE = "1.2.840.10008.5.1.1.17.376"

IMAGE_DISPLAY_FORMAT = 0x20100010
REFERENCED_FILM_SESSION = 0x20100500
REFERENCED_IMAGE_BOXES = 0x20100510
REFERENCED_FILM_BOXES = 0x20000500
REFERENCED_PRINT_JOB = 0x21000500
IMAGE_POSITION = 0x20200010
EXECUTION_STATUS = 0x21000020
EXECUTION_STATUS_INFO = 0x21000030
PRINTER_STATUS = 0x21100010
PRINTER_STATUS_INFO = 0x21100020
PIXEL_SEQUENCES = {GRAYSCALE_IMAGE_BOX: 0x20200110, COLOR_IMAGE_BOX: 0x20200111}

EMPTY_SESSION = 0xB602
EMPTY_FILM_BOX = 0xB603
NO_FILM_BOXES = 0xC600
MAX_IMAGE_BOXES = 200
"""More boxes than any film has: an absurd display format is refused, not obeyed."""
PRINT_DONE = 3
"""Event Type ID of Print Job "Done" (PS3.4 H.4.5.2)."""


def reference(record: Record) -> DataSet:
    """Referenced SOP Class and Instance UID of one instance."""
    return DataSet(
        (
            DataElement(0x00081150, "UI", (record.sop_class_uid,)),
            DataElement(0x00081155, "UI", (record.sop_instance_uid,)),
        )
    )


def referenced(data: DataSet, sequence: int) -> list[str]:
    return [item.text(0x00081155) for item in data.items(sequence)]


def box_count(display_format: str) -> int:
    """Image boxes of an Image Display Format (PS3.4 H.4.2.2, PS3.3 C.13.3): STANDARD\\c,r, ROW\\.., COL\\.., SLIDE ...

    Raises Refusal when it cannot be understood.
    """
    kind, _, rest = display_format.strip().partition("\\")
    numbers = [int(n) for n in re.findall(r"\d+", rest)]
    if kind == "STANDARD" and len(numbers) == 2:
        count = numbers[0] * numbers[1]
    elif kind in ("ROW", "COL") and numbers:
        count = sum(numbers)
    elif kind in ("SLIDE", "SUPERSLIDE", "CUSTOM"):
        count = 1
    else:
        raise Refusal(INVALID_ATTRIBUTE_VALUE, f"Image Display Format {display_format}"[:64])
    if not 0 < count <= MAX_IMAGE_BOXES:
        raise Refusal(INVALID_ATTRIBUTE_VALUE, f"{count} image boxes")
    return count


def _print(store: NormalizedStore) -> Result:
    """A finished print job, with its event report (PS3.4 H.4.5)."""
    job = Record(
        PRINT_JOB,
        store.new_uid(),
        DataSet(
            (DataElement(EXECUTION_STATUS, "CS", ("DONE",)), DataElement(EXECUTION_STATUS_INFO, "CS", ("NORMAL",)))
        ),
    )
    store.put(job)
    data = DataSet((DataElement(REFERENCED_PRINT_JOB, "SQ", (reference(job),)),))
    event = Notify(
        sop_class_uid=PRINT_JOB,
        sop_instance_uid=job.sop_instance_uid,
        event_type_id=PRINT_DONE,
        data=DataSet((DataElement(EXECUTION_STATUS_INFO, "CS", ("NORMAL",)),)),
    )
    return Result(data=data, notify=(event,))


def _images_of(store: NormalizedStore, box: Record) -> list[Record]:
    uids = referenced(box.attributes, REFERENCED_IMAGE_BOXES)
    return [r for uid in uids if (r := store.held.get(uid)) and r.attributes.find(PIXEL_SEQUENCES[r.sop_class_uid])]


@dataclass(slots=True)
class FilmSessionRules(Rules):
    def delete(self, store: NormalizedStore, record: Record) -> None:
        """Film boxes and their image boxes go with the session (PS3.4 H.4.1.2.3)."""
        for box in _boxes_of(store, record):
            FilmBoxRules().delete(store, box)
        store.held.pop(record.sop_instance_uid, None)

    def act(self, store: NormalizedStore, request: Request, uid: str, action: int, data: DataSet) -> Result:
        boxes = _boxes_of(store, store.require(uid, FILM_SESSION))
        if not boxes:
            raise Refusal(NO_FILM_BOXES, "Film Session has no Film Box")
        result = _print(store)
        return result if any(_images_of(store, b) for b in boxes) else replace(result, status=EMPTY_SESSION)


def _boxes_of(store: NormalizedStore, session: Record) -> list[Record]:
    uid = session.sop_instance_uid
    return [b for b in store.of_class(FILM_BOX) if uid in referenced(b.attributes, REFERENCED_FILM_SESSION)]


@dataclass(slots=True)
class FilmBoxRules(Rules):
    def create(self, store: NormalizedStore, request: Request, record: Record) -> tuple[Record, Result]:
        """The image boxes are made by us and named in the answer (PS3.4 H.4.2.2.1)."""
        display = record.attributes.texts(IMAGE_DISPLAY_FORMAT)
        if not display:
            raise Refusal(MISSING_ATTRIBUTE, "Image Display Format is missing")
        sessions = referenced(record.attributes, REFERENCED_FILM_SESSION)
        if not sessions:
            raise Refusal(MISSING_ATTRIBUTE, "Referenced Film Session Sequence is missing")
        store.require(sessions[0], FILM_SESSION)
        color = request.context.abstract_syntax == COLOR_META
        image_class = COLOR_IMAGE_BOX if color else GRAYSCALE_IMAGE_BOX
        boxes = []
        for position in range(1, box_count("\\".join(display)) + 1):
            attributes = DataSet((DataElement(IMAGE_POSITION, "US", (str(position),)),))
            boxes.append(Record(image_class, store.new_uid(), attributes))
        for box in boxes:
            store.put(box)
        made = DataSet((DataElement(REFERENCED_IMAGE_BOXES, "SQ", tuple(reference(b) for b in boxes)),))
        attributes = record.attributes.merged(made)
        return replace(record, attributes=attributes), Result(data=attributes)

    def delete(self, store: NormalizedStore, record: Record) -> None:
        for uid in referenced(record.attributes, REFERENCED_IMAGE_BOXES):
            store.held.pop(uid, None)
        store.held.pop(record.sop_instance_uid, None)

    def act(self, store: NormalizedStore, request: Request, uid: str, action: int, data: DataSet) -> Result:
        box = store.require(uid, FILM_BOX)
        result = _print(store)
        return result if _images_of(store, box) else replace(result, status=EMPTY_FILM_BOX)


def print_rules() -> dict[str, Rules]:
    return {FILM_SESSION: FilmSessionRules(), FILM_BOX: FilmBoxRules()}


def printer_records() -> list[Record]:
    """The well-known Printer and Printer Configuration instances (PS3.4 H.4.6, H.4.11)."""
    status = DataSet(
        (
            DataElement(PRINTER_STATUS, "CS", ("NORMAL",)),
            DataElement(PRINTER_STATUS_INFO, "CS", ("NORMAL",)),
            DataElement(0x21100030, "LO", ("BUILT-IN PRINTER",)),
            DataElement(0x00080070, "LO", ("DIMSE Console",)),
            DataElement(0x00081090, "LO", ("Built-in peer",)),
        )
    )
    configuration = DataSet((DataElement(0x2000001E, "SQ", (_configuration_item(),)),))
    return [
        Record(PRINTER, PRINTER_INSTANCE, status),
        Record(PRINTER_CONFIGURATION, PRINTER_CONFIGURATION_INSTANCE, configuration),
    ]


def _configuration_item() -> DataSet:
    supported = tuple(
        DataSet((DataElement(0x00080012, "DA", ()), DataElement(0x00081150, "UI", (uid,))))
        for uid in (FILM_SESSION, FILM_BOX, GRAYSCALE_IMAGE_BOX, COLOR_IMAGE_BOX)
        if sop_class(uid)
    )
    return DataSet(
        (
            DataElement(0x00081150, "UI", (PRINTER,)),
            DataElement(0x20000061, "IS", ("0",)),
            DataElement(0x20000062, "CS", ("N",)),
            DataElement(0x20000063, "CS", ("N",)),
            DataElement(0x20100052, "CS", ("STANDARD",)),
            DataElement(0x20100150, "SQ", supported),
        )
    )
