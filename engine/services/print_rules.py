"""Print Management as provider (PS3.4 Annex H): film session, film box, image boxes, printer, print job.

Everything but the printer ends with its association (H.3): a film session is one user's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace
from typing import ClassVar

from engine.model.dataset import DataElement, DataSet
from engine.model.emulation import PrinterOptions
from engine.standard.defined_terms import PRINT_JOB_STATES, PRINTER_STATES
from engine.standard.display_formats import display_format
from engine.standard.lean import dataclass

from .effects import Notify, Request
from .rules import (
    INVALID_ATTRIBUTE_VALUE,
    MISSING_ATTRIBUTE,
    MISSING_ATTRIBUTE_VALUE,
    PROCESSING_FAILURE,
    NormalizedStore,
    Refusal,
    Result,
    Rules,
    picked,
    reference,
    referenced,
    sequence,
)
from .state import Record

FILM_SESSION = "1.2.840.10008.5.1.1.1"
FILM_BOX = "1.2.840.10008.5.1.1.2"
GRAYSCALE_IMAGE_BOX = "1.2.840.10008.5.1.1.4"
COLOR_IMAGE_BOX = "1.2.840.10008.5.1.1.4.1"
GRAYSCALE_META = "1.2.840.10008.5.1.1.9"
COLOR_META = "1.2.840.10008.5.1.1.18"
ANNOTATION_BOX = "1.2.840.10008.5.1.1.15"
PRINT_JOB = "1.2.840.10008.5.1.1.14"
PRINTER = "1.2.840.10008.5.1.1.16"
PRINTER_INSTANCE = "1.2.840.10008.5.1.1.17"
PRINTER_CONFIGURATION = "1.2.840.10008.5.1.1.16.376"
PRINTER_CONFIGURATION_INSTANCE = "1.2.840.10008.5.1.1.17.376"
PRESENTATION_LUT = "1.2.840.10008.5.1.1.23"

IMAGE_DISPLAY_FORMAT = 0x20100010
ANNOTATION_DISPLAY_FORMAT = 0x20100030
REFERENCED_FILM_SESSION = 0x20100500
REFERENCED_IMAGE_BOXES = 0x20100510
REFERENCED_ANNOTATION_BOXES = 0x20100520
BOXES = (REFERENCED_IMAGE_BOXES, REFERENCED_ANNOTATION_BOXES)
REFERENCED_PRINT_JOB = 0x21000500
IMAGE_POSITION = 0x20200010
ANNOTATION_POSITION = 0x20300010
EXECUTION_STATUS = 0x21000020
EXECUTION_STATUS_INFO = 0x21000030
PRINTER_STATUS = 0x21100010
PRINTER_STATUS_INFO = 0x21100020
LUT_SEQUENCE = 0x20500010
REFERENCED_LUT = 0x20500500
LUT_SHAPE = 0x20500020
LUT_SHAPES = ("IDENTITY", "LIN OD")
PIXELS = {GRAYSCALE_IMAGE_BOX: 0x20200110, COLOR_IMAGE_BOX: 0x20200111}
"""Basic Grayscale and Basic Color Image Sequence by image box."""
PIXEL_ATTRIBUTES = (
    0x00280002, 0x00280004, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103, 0x7FE00010,
)  # fmt: skip
"""What an image cannot be printed without (PS3.4 H.4.3.1.2.1.1)."""

EMPTY_SESSION = 0xB602
EMPTY_FILM_BOX = 0xB603
NO_FILM_BOXES = 0xC600
PRINT_PENDING, PRINT_PRINTING, PRINT_DONE, PRINT_FAILED = 1, 2, 3, 4
"""Event Type IDs of a Print Job (PS3.4 H.4.5.2)."""
EXECUTION = dict(zip((PRINT_PENDING, PRINT_PRINTING, PRINT_DONE, PRINT_FAILED), PRINT_JOB_STATES, strict=True))
"""Execution Status a Print Job has when it reports an event (PS3.3 C.13.8)."""
PRINTING_AFTER, ENDED_AFTER = 0.25, 0.5
"""Seconds after which a job is printed and over: long enough to be asked for meanwhile, short enough to wait for."""
PRINTER_EVENTS = {state: event for event, state in enumerate(PRINTER_STATES, 1)}
"""Event Type IDs of the Printer by its status (PS3.4 H.4.6.2)."""
PRINTER_NAME = "BUILT-IN PRINTER"
MAX_FILMS, MAX_FILM_BYTES = 200, 256 * 1024 * 1024
"""Printed films kept to be looked at, and their pixels: the oldest go first. A large film has some 40 MB."""


def box_count(text: str) -> int:
    """Image boxes of an Image Display Format (PS3.3 C.13.3): STANDARD, ROW, COL, SLIDE ...; 0 when it is absurd."""
    try:
        found = display_format(text)
    except ValueError:
        return 0
    return found.count or 1


class PrintRules(Rules):
    """What all of a film session have in common."""

    passing: ClassVar[bool] = True


@dataclass(slots=True)
class FilmSessionRules(PrintRules):
    """Basic Film Session (PS3.4 H.4.1): one at a time on an association."""

    printer: PrinterOptions = field(default_factory=PrinterOptions)

    def create(self, store: NormalizedStore, request: Request, record: Record) -> tuple[Record, Result]:
        if store.of_class(FILM_SESSION):
            raise Refusal(PROCESSING_FAILURE, "there is a Film Session on this association already")
        return record, Result(data=record.attributes)

    def delete(self, store: NormalizedStore, record: Record) -> None:
        """Film boxes and their image boxes go with the session (PS3.4 H.4.1.2.3)."""
        for box in _boxes_of(store, record):
            _delete_box(store, box)
        store.remove(record.sop_instance_uid)

    def act(self, store: NormalizedStore, request: Request, uid: str, action: int, data: DataSet) -> Result:
        boxes = _boxes_of(store, store.require(uid, FILM_SESSION))
        if not boxes:
            raise Refusal(NO_FILM_BOXES, "Film Session has no Film Box")
        full = [b for b in boxes if _has_images(store, b)]
        return _print(store, request, self.printer, full, 0 if full else EMPTY_SESSION)


@dataclass(slots=True)
class FilmBoxRules(PrintRules):
    """Basic Film Box (PS3.4 H.4.2): a sheet, with an image box for each place of its display format."""

    printer: PrinterOptions = field(default_factory=PrinterOptions)

    def create(self, store: NormalizedStore, request: Request, record: Record) -> tuple[Record, Result]:
        """The image boxes are made by us and named in the answer (PS3.4 H.4.2.2.1)."""
        asked = record.attributes
        missing = tuple(t for t in (IMAGE_DISPLAY_FORMAT, REFERENCED_FILM_SESSION) if not asked.has_value(t))
        if missing:
            raise Refusal(MISSING_ATTRIBUTE, attributes=missing)
        sessions = {r.sop_instance_uid for r in store.of_class(FILM_SESSION)}
        if not sessions.intersection(referenced(asked, REFERENCED_FILM_SESSION)):
            raise Refusal(INVALID_ATTRIBUTE_VALUE, data=picked(asked, REFERENCED_FILM_SESSION))
        count = box_count("\\".join(asked.texts(IMAGE_DISPLAY_FORMAT)))
        if not count:
            raise Refusal(INVALID_ATTRIBUTE_VALUE, data=picked(asked, IMAGE_DISPLAY_FORMAT))
        color = request.context.abstract_syntax == COLOR_META
        boxes = _boxes(store, COLOR_IMAGE_BOX if color else GRAYSCALE_IMAGE_BOX, IMAGE_POSITION, count)
        made = sequence(REFERENCED_IMAGE_BOXES, *boxes)
        if ANNOTATION_BOX in request.accepted and asked.text(ANNOTATION_DISPLAY_FORMAT):
            notes = _boxes(store, ANNOTATION_BOX, ANNOTATION_POSITION, 1)
            made = made.merged(sequence(REFERENCED_ANNOTATION_BOXES, *notes))
        attributes = asked.without(*BOXES).merged(made)
        return replace(record, attributes=attributes), Result(data=attributes)

    def change(self, store: NormalizedStore, request: Request, old: Record, changes: DataSet) -> tuple[Record, Result]:
        """N-SET (PS3.4 H.4.2.2.2): its places and boxes stay as they were made."""
        if fixed := picked(changes, IMAGE_DISPLAY_FORMAT, ANNOTATION_DISPLAY_FORMAT, REFERENCED_FILM_SESSION, *BOXES):
            raise Refusal(INVALID_ATTRIBUTE_VALUE, data=fixed)
        return PrintRules.change(self, store, request, old, changes)

    def delete(self, store: NormalizedStore, record: Record) -> None:
        _delete_box(store, record)

    def act(self, store: NormalizedStore, request: Request, uid: str, action: int, data: DataSet) -> Result:
        box = store.require(uid, FILM_BOX)
        full = [box] if _has_images(store, box) else []
        return _print(store, request, self.printer, full, 0 if full else EMPTY_FILM_BOX)


@dataclass(slots=True)
class ImageBoxRules(PrintRules):
    """PS3.4 H.4.3: the box's own position, and one image that is whole, or none to empty the box."""

    def change(self, store: NormalizedStore, request: Request, old: Record, changes: DataSet) -> tuple[Record, Result]:
        """N-SET: the image of the box, whole, at its own position."""
        pixels = PIXELS[old.sop_class_uid]
        if not changes.text(IMAGE_POSITION) or changes.find(pixels) is None:
            raise Refusal(MISSING_ATTRIBUTE_VALUE)
        whole = all(i.find(tag) is not None for i in changes.items(pixels) for tag in PIXEL_ATTRIBUTES)
        if not whole:
            raise Refusal(MISSING_ATTRIBUTE_VALUE)
        if changes.text(IMAGE_POSITION) != old.attributes.text(IMAGE_POSITION):
            raise Refusal(INVALID_ATTRIBUTE_VALUE, data=picked(changes, IMAGE_POSITION))
        return replace(old, attributes=old.attributes.merged(changes)), Result(data=changes.without(pixels))


@dataclass(slots=True)
class PresentationLutRules(PrintRules):
    """PS3.4 H.4.9: a table, or a shape."""

    def create(self, store: NormalizedStore, request: Request, record: Record) -> tuple[Record, Result]:
        """N-CREATE: a table or a shape that the Standard has."""
        asked = record.attributes
        shape = asked.text(LUT_SHAPE)
        if not shape and not asked.items(LUT_SEQUENCE):
            raise Refusal(MISSING_ATTRIBUTE, attributes=(LUT_SEQUENCE, LUT_SHAPE))
        if shape and shape not in LUT_SHAPES:
            raise Refusal(INVALID_ATTRIBUTE_VALUE, data=picked(asked, LUT_SHAPE))
        return record, Result(data=asked)


class PrintJobRules(PrintRules):
    """PS3.4 H.4.5: PENDING, PRINTING, then DONE or FAILURE, each reported."""

    def due(self, store: NormalizedStore, event: Notify) -> bool:
        """The job comes to the state it reports. Once its association is over, only how it ended is worth telling."""
        job = store.find(event.sop_instance_uid)
        if job is None:
            return event.event_type_id in (PRINT_DONE, PRINT_FAILED)
        now = (event.data or DataSet()).put(EXECUTION_STATUS, "CS", EXECUTION[event.event_type_id])
        store.put(replace(job, attributes=job.attributes.merged(now)))
        return True


def _boxes(store: NormalizedStore, class_uid: str, position: int, count: int) -> list[DataSet]:
    """New boxes at positions 1 to count, as references."""
    made = []
    for number in range(1, count + 1):
        attributes = DataSet((DataElement(position, "US", (str(number),)),))
        box = Record(class_uid, store.new_uid(), attributes, passing=True)
        store.put(box)
        made.append(reference(class_uid, box.sop_instance_uid))
    return made


def _boxes_of(store: NormalizedStore, session: Record) -> list[Record]:
    uid = session.sop_instance_uid
    return [b for b in store.of_class(FILM_BOX) if uid in referenced(b.attributes, REFERENCED_FILM_SESSION)]


def _delete_box(store: NormalizedStore, box: Record) -> None:
    for tag in BOXES:
        for uid in referenced(box.attributes, tag):
            store.passing.remove(uid)
    store.remove(box.sop_instance_uid)


def _has_images(store: NormalizedStore, box: Record) -> bool:
    images = (store.find(uid) for uid in referenced(box.attributes, REFERENCED_IMAGE_BOXES))
    return any(i is not None and i.attributes.items(PIXELS[i.sop_class_uid]) for i in images)


def _print(
    store: NormalizedStore, request: Request, printer: PrinterOptions, boxes: list[Record], status: int
) -> Result:
    """What is printed is kept as films, unless the printer has failed.

    A print job with its reports is for those who negotiated the Print Job class (H.4.1.2.4.1), the printer's own event
    (H.4.6.2) for those who negotiated it alone or in a meta class.
    """
    failed = printer.status == "FAILURE"
    if not failed:
        for box in boxes:
            keep_film(store, box)
    events = _printer_events(request, printer)
    if PRINT_JOB not in request.accepted:
        return Result(status, events=events)
    job = _job_told("NORMAL").put(EXECUTION_STATUS, "CS", EXECUTION[PRINT_PENDING])
    uid = store.new_uid()
    store.put(Record(PRINT_JOB, uid, job, passing=True))
    last = PRINT_FAILED if failed else PRINT_DONE
    course = (
        (PRINT_PENDING, "NORMAL", 0.0),
        (PRINT_PRINTING, "NORMAL", PRINTING_AFTER),
        (last, printer.info, ENDED_AFTER),
    )
    reports = (
        Notify(
            sop_class_uid=PRINT_JOB,
            sop_instance_uid=uid,
            event_type_id=event,
            data=_job_told(info),
            delay=delay,
        )
        for event, info, delay in course
    )
    return Result(status, sequence(REFERENCED_PRINT_JOB, reference(PRINT_JOB, uid)), (*events, *reports))


def _job_told(info: str) -> DataSet:
    """What a Print Job says of itself with its state (PS3.4 H.4.5.2)."""
    return DataSet((DataElement(EXECUTION_STATUS_INFO, "CS", (info,)), DataElement(0x21100030, "LO", (PRINTER_NAME,))))


def _printer_events(request: Request, printer: PrinterOptions) -> tuple[Notify, ...]:
    """Printer warnings and failures are told when somebody prints (PS3.4 H.4.6.2.2)."""
    context = next((uid for uid in (PRINTER, GRAYSCALE_META, COLOR_META) if uid in request.accepted), "")
    if printer.status == "NORMAL" or not context:
        return ()
    told = DataSet((DataElement(PRINTER_STATUS_INFO, "CS", (printer.info,)),))
    return (
        Notify(
            sop_class_uid=PRINTER,
            sop_instance_uid=PRINTER_INSTANCE,
            event_type_id=PRINTER_EVENTS[printer.status],
            data=told.put(0x21100030, "LO", PRINTER_NAME),
            abstract_syntax=context,
        ),
    )


def keep_film(store: NormalizedStore, box: Record) -> None:
    """A printed film: its film box, the session, the image boxes and Presentation LUTs whole in the place of
    their references."""
    attributes = box.attributes
    for tag in (REFERENCED_FILM_SESSION, REFERENCED_IMAGE_BOXES, REFERENCED_ANNOTATION_BOXES, REFERENCED_LUT):
        items = tuple(_whole(store, item) for item in attributes.items(tag))
        attributes = attributes.with_items(tag, *items) if items else attributes
    films = store.state.films
    while len(films) and (len(films) >= MAX_FILMS or _size(films.values()) > MAX_FILM_BYTES):
        films.remove(next(iter(films)))
    uid = store.new_uid()
    films.put(uid, Record(FILM_BOX, uid, attributes))


def _whole(store: NormalizedStore, item: DataSet) -> DataSet:
    """With what it refers to, and the Presentation LUT that refers to in its turn; no LUT refers to others."""
    whole = _with_record(store, item)
    luts = tuple(_with_record(store, lut) for lut in whole.items(REFERENCED_LUT))
    return whole.with_items(REFERENCED_LUT, *luts) if luts else whole


def _with_record(store: NormalizedStore, item: DataSet) -> DataSet:
    record = store.find(item.text(0x00081155))
    return item.merged(record.attributes) if record is not None and record.passing else item


def _size(films: Iterable[Record]) -> int:
    images = (i for film in films for box in film.attributes.items(REFERENCED_IMAGE_BOXES) for i in _pictures(box))
    pixels = (image.find(0x7FE00010) for image in images)
    return sum(len(p.value) for p in pixels if p is not None)


def _pictures(box: DataSet) -> tuple[DataSet, ...]:
    return tuple(image for tag in PIXELS.values() for image in box.items(tag))


def print_rules(printer: PrinterOptions) -> dict[str, Rules]:
    """The rules of each SOP class of a film session."""
    return {
        FILM_SESSION: FilmSessionRules(printer),
        FILM_BOX: FilmBoxRules(printer),
        **dict.fromkeys(PIXELS, ImageBoxRules()),
        ANNOTATION_BOX: PrintRules(),
        PRINT_JOB: PrintJobRules(),
        PRESENTATION_LUT: PresentationLutRules(),
    }


def printer_records(printer: PrinterOptions) -> list[Record]:
    """The well-known Printer and Printer Configuration instances (PS3.4 H.4.6, H.4.11)."""
    status = DataSet(
        (
            DataElement(0x00080070, "LO", ("DIMSE Console",)),
            DataElement(0x00081090, "LO", ("Built-in peer",)),
            DataElement(PRINTER_STATUS, "CS", (printer.status,)),
            DataElement(PRINTER_STATUS_INFO, "CS", (printer.info,)),
            DataElement(0x21100030, "LO", (PRINTER_NAME,)),
        )
    )
    configuration = sequence(0x2000001E, _configuration_item())
    return [
        Record(PRINTER, PRINTER_INSTANCE, status),
        Record(PRINTER_CONFIGURATION, PRINTER_CONFIGURATION_INSTANCE, configuration),
    ]


def _configuration_item() -> DataSet:
    """What the printer can do (PS3.3 C.13.11)."""
    classes = (GRAYSCALE_META, COLOR_META, PRESENTATION_LUT, PRINT_JOB, ANNOTATION_BOX)
    medium = DataSet(
        (
            DataElement(0x20000030, "CS", ("BLUE FILM",)),
            DataElement(0x20100050, "CS", ("14INX17IN",)),
        )
    )
    display = DataSet(
        (
            DataElement(0x20100010, "ST", ("STANDARD\\1,1",)),
            DataElement(0x20100040, "CS", ("PORTRAIT",)),
            DataElement(0x20100050, "CS", ("14INX17IN",)),
            DataElement(0x20100052, "CS", ("STANDARD",)),
            DataElement(0x20100376, "DS", ("0.1", "0.1")),
        )
    )
    return DataSet(
        (
            DataElement(0x0008115A, "UI", classes),
            DataElement(0x20000061, "IS", ("0",)),
            DataElement(0x200000A0, "US", ("12",)),
            DataElement(0x200000A1, "US", ("12",)),
            DataElement(0x200000A2, "SQ", (medium,)),
            DataElement(0x200000A8, "SQ", (display,)),
            DataElement(0x20100054, "CS", ("STANDARD",)),
        )
    )
