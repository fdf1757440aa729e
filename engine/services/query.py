"""C-FIND, C-GET and C-MOVE as provider (PS3.4 C.4), pure."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

from engine.model.command_set import Value
from engine.model.dataset import DataElement, DataSet
from engine.standard.elements import tag_text
from engine.standard.extended_negotiation import DATETIME, RELATIONAL
from engine.standard.extended_negotiation import TIMEZONE as ZONES
from engine.standard.lean import dataclass
from engine.standard.sop_classes import sop_class
from engine.standard.status import StatusClass, status_class

from . import instances
from .effects import BREATH, Answer, Effect, Instance, Reply, Request, Serving, SubStore
from .instances import LEVELS, UNIQUE_KEYS, unsupported
from .matching import MOST_VALUES, matches, of_too_many_values
from .responses import CANCEL, PENDING, SUCCESS, response_to
from .zones import TIMEZONE, in_zone, minutes_of, zoned_keys

SPECIFIC_CHARACTER_SET = 0x00080005
QUERY_LEVEL = 0x00080052
RETRIEVE_AE_TITLE = 0x00080054
INSTANCE_AVAILABILITY = 0x00080056
FAILED_LIST = 0x00080058
NOTHING = DataSet()
NOT_KEYS = frozenset({SPECIFIC_CHARACTER_SET, QUERY_LEVEL, RETRIEVE_AE_TITLE, INSTANCE_AVAILABILITY, TIMEZONE})
"""Elements of an Identifier that are not matched (PS3.4 C.4.1.1.3)."""
IDENTIFIER_MISMATCH = 0xA900
OUT_OF_RESOURCES = 0xA702
ALL_FAILED = OUT_OF_RESOURCES
DESTINATION_UNKNOWN = 0xA801
SOME_FAILED = 0xB000
PENDING_UNSUPPORTED = 0xFF01
"""Pending, but optional keys were not supported (PS3.4 C.4.1.1.4)."""


class IdentifierError(Exception):
    """The Identifier does not fit the SOP Class (status A900H); the text is the Error Comment."""


def answer_keys(identifier: DataSet, found: DataSet, fixed: DataSet = NOTHING) -> DataSet:
    """The Identifier of one pending response: every key asked for, with its value or empty (PS3.4 C.4.1.1.3.2)."""
    answered = []
    for key in identifier:
        have = found.find(key.tag)
        if have is None:
            answered.append(DataElement(key.tag, key.vr, b"" if isinstance(key.value, bytes) else ()))
        elif key.vr == "SQ" and key.items and len(key.items[0]):
            items = tuple(answer_keys(key.items[0], item) for item in have.items)
            answered.append(DataElement(key.tag, "SQ", items))
        else:
            answered.append(have)
    charset = found.find(SPECIFIC_CHARACTER_SET)
    if charset is not None:
        answered.append(charset)
    return DataSet(tuple(answered)).merged(fixed)


Matches = Iterator[DataSet | None]
"""Of a query, made as they are asked for; None now and then, where many were looked at (`instances.SLICE`)."""


def first_of(matches: Matches, most: int) -> Generator[Effect, Answer, list[DataSet] | None]:
    """The first matches; None when the query was cancelled before. Raises IdentifierError."""
    found: list[DataSet] = []
    for match in matches:
        if match is not None:
            found.append(match)
            if len(found) == most:
                break
        elif (yield BREATH).cancelled:
            return None
    return found


def find(request: Request, found: Iterable[DataSet | None]) -> Serving:
    """Pending responses for what was found, then Success; Cancel as soon as it was asked for (PS3.7 9.1.2)."""
    status = PENDING_UNSUPPORTED if _unsupported(request) else PENDING
    for identifier in found:
        answer = yield (
            Reply(command=response_to(request.command, status, has_data=True), data=identifier)
            if identifier is not None
            else BREATH
        )
        if answer.cancelled:
            yield Reply(command=response_to(request.command, CANCEL))
            return
    yield Reply(command=response_to(request.command, SUCCESS))


def _unsupported(request: Request) -> frozenset[int]:
    """Keys of the Identifier that are not supported at its level."""
    identifier = request.identifier or NOTHING
    level = identifier.text(QUERY_LEVEL).strip()
    return frozenset(e.tag for e in identifier if level in LEVELS and unsupported(e.tag, level))


def find_instances(request: Request, held: Iterable[Instance]) -> Matches:
    """Matches of a Patient Root or Study Root query at its level. Raises IdentifierError."""
    identifier = request.identifier or DataSet()
    level = _level(request, identifier)
    _demand_keys_above(request, identifier, level)
    _demand_few_values(identifier)
    fixed = DataSet((DataElement(QUERY_LEVEL, "CS", (level,)),))
    fixed = fixed.put(RETRIEVE_AE_TITLE, "AE", request.called_ae_title)  # PS3.4 C.4.1.1.3.2 wants it in every match
    if identifier.find(INSTANCE_AVAILABILITY) is not None:
        fixed = fixed.put(INSTANCE_AVAILABILITY, "CS", "ONLINE")
    left, zone = _unsupported(request), _zone(request)
    ignored = NOT_KEYS | left
    keys = zoned_keys(identifier, zone) if zone else identifier
    for attributes in instances.entities(held, level):
        if attributes is None:
            yield None
            continue
        told = in_zone(attributes, zone) if zone else attributes
        if matches(keys, told, ignored, request.options):
            yield answer_keys(identifier, told.without(*left), fixed)


def find_records(request: Request, records: Iterable[DataSet | None]) -> Matches:
    """Matches among flat records: worklist items, UPS instances, relevant patient information. None: as in `Matches`.

    Dates and times of a worklist are always matched together (PS3.4 K.5.1 leaves no choice).
    """
    identifier, zone = request.identifier or DataSet(), _zone(request)
    _demand_few_values(identifier)
    keys = zoned_keys(identifier, zone) if zone else identifier
    options = request.options | {DATETIME}
    for number, record in enumerate(records, 1):
        if record is None:
            yield None
            continue
        told = in_zone(record, zone) if zone else record
        if matches(keys, told, NOT_KEYS, options):
            yield answer_keys(identifier, told)
        if number % instances.SLICE == 0:
            yield None


def _zone(request: Request) -> str:
    """The zone a query tells its times in, where Timezone query adjustment was agreed on (PS3.4 C.5.1.1); "" for none.

    Raises IdentifierError.
    """
    zone = request.identifier.text(TIMEZONE).strip() if request.identifier and ZONES in request.options else ""
    if zone and minutes_of(zone) is None:
        raise IdentifierError(f"Timezone Offset From UTC is '{zone[:16]}', not as +0100")
    return zone


def _level(request: Request, identifier: DataSet) -> str:
    level = identifier.text(QUERY_LEVEL).strip()
    allowed = _levels(request)
    if level not in allowed or level not in UNIQUE_KEYS:
        said = f"'{level}'" if level else "missing"
        raise IdentifierError(f"Query/Retrieve Level {said}, need {' '.join(allowed)}")
    return level


def _levels(request: Request) -> tuple[str, ...]:
    row = sop_class(request.context.abstract_syntax)
    return row.query_levels if row and row.query_levels else LEVELS


def _demand_keys_above(request: Request, identifier: DataSet, level: str) -> None:
    """Without relational queries or retrieval agreed on, each level above is named by one value of its unique key
    (PS3.4 C.4.1.2.2.1, C.4.2.2.1). Raises IdentifierError."""
    if RELATIONAL in request.options:
        return
    levels = _levels(request)
    for above in levels[: levels.index(level)]:
        values = [v for v in identifier.texts(UNIQUE_KEYS[above]) if v.strip()]
        if len(values) != 1 or set("*?") & set(values[0]):
            raise IdentifierError(f"not relational: level {level} needs one {_KEY_NAMES[above]}")


_KEY_NAMES = {"PATIENT": "Patient ID", "STUDY": "Study Instance UID", "SERIES": "Series Instance UID"}


def _demand_few_values(identifier: DataSet) -> None:
    key = of_too_many_values(identifier)
    if key is not None:
        raise IdentifierError(f"{tag_text(key.tag)} has {len(key.texts)} values; at most {MOST_VALUES} are matched")


def select(request: Request, held: Iterable[Instance]) -> Generator[Effect, Answer, list[Instance] | None]:
    """Instances a C-GET or C-MOVE names by unique keys (PS3.4 C.4.2.2.1); None when it was cancelled meanwhile. Raises
    IdentifierError."""
    identifier = request.identifier or DataSet()
    level = _level(request, identifier)
    own = UNIQUE_KEYS[level]
    if not any(identifier.texts(own)):
        raise IdentifierError(f"no unique key for level {level}")
    _demand_keys_above(request, identifier, level)
    wanted = {
        tag: set(identifier.texts(tag))
        for tag in list(UNIQUE_KEYS.values())[: LEVELS.index(level) + 1]
        if any(identifier.texts(tag))
    }
    chosen = []
    for number, instance in enumerate(held, 1):
        if all(instance.attributes.text(tag) in values for tag, values in wanted.items()):
            chosen.append(instance)
        if number % instances.SLICE == 0 and (yield BREATH).cancelled:
            return None
    return chosen


@dataclass(slots=True)
class Tally:
    """Sub-operation counters of a C-GET or C-MOVE (PS3.7 9.1.3.1.7-10)."""

    remaining: int
    completed: int = 0
    failed: int = 0
    warning: int = 0

    def count(self, answer: Answer) -> bool:
        """Count one sub-operation; True unless it failed."""
        self.remaining -= 1
        kind = status_class(answer.status) if answer.status is not None else StatusClass.FAILURE
        if kind is StatusClass.SUCCESS:
            self.completed += 1
        elif kind is StatusClass.WARNING:
            self.warning += 1
        else:
            self.failed += 1
            return False
        return True

    def values(self, *, with_remaining: bool) -> dict[str, Value]:
        """Counters as elements; Number of Remaining only in Pending and Cancel (PS3.4 C.4.2.1.6). US: cut at 65535."""
        counts: dict[str, int] = {
            "NumberOfCompletedSuboperations": self.completed,
            "NumberOfFailedSuboperations": self.failed,
            "NumberOfWarningSuboperations": self.warning,
        }
        if with_remaining:
            counts["NumberOfRemainingSuboperations"] = self.remaining
        return {k: min(v, 0xFFFF) for k, v in counts.items()}

    @property
    def final_status(self) -> int:
        if self.failed and not self.completed and not self.warning:
            return ALL_FAILED
        return SOME_FAILED if self.failed or self.warning else SUCCESS


def retrieve(request: Request, chosen: list[Instance] | None, destination: str = "") -> Serving:
    """Sub-operations one after the other, a pending response after each, then the final one with the failed list.

    chosen: None when it was cancelled before they were known.
    """
    command = request.command
    if chosen is None:
        yield _final(request, CANCEL, Tally(remaining=0), [])
        return
    tally = Tally(remaining=len(chosen))
    failed: list[str] = []
    needs = tuple(dict.fromkeys((i.sop_class_uid, i.transfer_syntax) for i in chosen)) if destination else ()
    for instance in chosen:
        sub = SubStore(
            instance=instance,
            destination=destination,
            originator_ae_title=request.calling_ae_title if destination else "",
            originator_message_id=command.message_id if destination else None,
            needs=needs,
        )
        while (answer := (yield sub)).waits:
            if not answer.cancelled:  # whoever asked is to know that it goes on
                counters = tally.values(with_remaining=True)
                answer = yield Reply(command=response_to(command, PENDING, extra=counters))
            if answer.cancelled:
                yield _final(request, CANCEL, tally, failed)
                return
        if not tally.count(answer):
            failed.append(instance.sop_instance_uid)
        if not tally.remaining:
            break
        counters = tally.values(with_remaining=True)
        answer = yield Reply(command=response_to(command, PENDING, extra=counters))
        if answer.cancelled:
            yield _final(request, CANCEL, tally, failed)
            return
    yield _final(request, tally.final_status, tally, failed)


def _final(request: Request, status: int, tally: Tally, failed: list[str]) -> Reply:
    counters = tally.values(with_remaining=status == CANCEL)
    data = DataSet((DataElement(FAILED_LIST, "UI", tuple(failed)),)) if failed else None
    return Reply(command=response_to(request.command, status, has_data=data is not None, extra=counters), data=data)
