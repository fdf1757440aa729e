"""Composite instances the built-in peer holds, and the hierarchy they form (PS3.4 C.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field
from functools import cache
from typing import Protocol

from engine.model.dataset import DataElement, DataSet, EncodedData, FileData
from engine.model.limits import USUAL, Limits
from engine.standard.lean import dataclass
from engine.wire import datasets

from .effects import Instance

PATIENT_ID = 0x00100020
STUDY_UID = 0x0020000D
SERIES_UID = 0x0020000E
SOP_CLASS_UID = 0x00080016
SOP_INSTANCE_UID = 0x00080018
MODALITY = 0x00080060
UNIQUE_KEYS = {"PATIENT": PATIENT_ID, "STUDY": STUDY_UID, "SERIES": SERIES_UID, "IMAGE": SOP_INSTANCE_UID}
"""Unique key of each level (PS3.4 C.6.1.1, C.6.2.1)."""
LEVELS = tuple(UNIQUE_KEYS)
_COUNTED = {
    "PATIENT": (STUDY_UID, SERIES_UID),
    "STUDY": (MODALITY, SOP_CLASS_UID, SERIES_UID),
    "SERIES": (),
    "IMAGE": (),
}
"""Whose different values are counted or listed at a level."""
SLICE = 64
"""Instances or other records that are looked at before everybody else has a turn: with the keys of usual queries this
takes a millisecond."""

COUNTS = {
    "PATIENT": (0x00201200, 0x00201202, 0x00201204),
    "STUDY": (0x00080061, 0x00080062, 0x00201206, 0x00201208),
    "SERIES": (0x00201209,),
    "IMAGE": (),
}
"""What is counted over the members of each level (PS3.4 C.3.4)."""
_OF_STUDIES = (0x0020000D, 0x00200010, 0x00080020, 0x00080030, 0x00080050, 0x00081030, 0x00080090)
_OF_SERIES = (0x0020000E, 0x00200011, 0x00080021, 0x00080031, 0x00080060, 0x0008103E, 0x00180015, 0x00181030)
_OF_INSTANCES = (
    0x00080016, 0x00080018, 0x00080008, 0x00080023, 0x00080033, 0x00200013, 0x00280008, 0x00280010, 0x00280011,
)  # fmt: skip
_BULK = 0x7FE00000


def unsupported(tag: int, level: str) -> bool:
    """Whether a key says nothing about entities of a level: what varies below it, what is counted at another one,
    pixel data. Such keys are not matched (PS3.4 C.4.1.1.4, status FF01H)."""
    return tag >= _BULK or tag in _not_at(level)


@cache
def _not_at(level: str) -> frozenset[int]:
    """What varies below a level, or is counted at another one."""
    below = {"PATIENT": (*_OF_STUDIES, *_OF_SERIES, *_OF_INSTANCES), "STUDY": (*_OF_SERIES, *_OF_INSTANCES)}
    below["SERIES"] = _OF_INSTANCES
    return frozenset(below.get(level, ())).union(*(tags for other, tags in COUNTS.items() if other != level))


class InstanceStore(Protocol):
    """Where received instances are kept."""

    def add(self, instance: Instance) -> str:
        """Keep one instance; the same SOP Instance UID replaces the old one. Returns "" or why it could not be kept."""

    def find(self, sop_instance_uid: str) -> Instance | None:
        """The instance held with this UID."""

    def instances(self) -> Iterable[Instance]:
        """All instances, in the order they came."""


@dataclass(slots=True)
class MemoryStore:
    """Instances in memory, gone with the engine."""

    held: dict[str, Instance] = field(default_factory=dict)

    def add(self, instance: Instance) -> str:
        self.held[instance.sop_instance_uid] = instance
        return ""

    def find(self, sop_instance_uid: str) -> Instance | None:
        return self.held.get(sop_instance_uid)

    def instances(self) -> Iterable[Instance]:
        return tuple(self.held.values())


def instance_from(
    sop_class_uid: str, sop_instance_uid: str, data: EncodedData | FileData, limits: Limits = USUAL
) -> Instance:
    """An instance with the attributes that queries look at (everything before Pixel Data).

    Raises `engine.wire.datasets.DataSetError` when the data set cannot be read.
    """
    attributes = datasets.read_attributes(data, limits=limits)
    return Instance(
        sop_class_uid=sop_class_uid,
        sop_instance_uid=sop_instance_uid,
        transfer_syntax=data.transfer_syntax,
        attributes=attributes,
        data=data,
    )


@dataclass(slots=True)
class _Group:
    """A patient, study, series or instance: the attributes of its first instance, and what is counted of all."""

    attributes: DataSet
    found: tuple[set[str], ...]
    """Values of `_COUNTED`."""
    count: int = 0


def entities(instances: Iterable[Instance], level: str) -> Iterator[DataSet | None]:
    """The attributes of each patient, study, series or instance, with the counting ones of PS3.4 C.3.4 added.

    None now and then: more is to be looked at, see `SLICE`.
    """
    key, counted = UNIQUE_KEYS[level], _COUNTED[level]
    groups: dict[str, _Group] = {}
    for number, instance in enumerate(instances, 1):
        attributes = instance.attributes
        uid = attributes.text(key)
        group = groups.get(uid)
        if group is None:
            group = groups[uid] = _Group(attributes, tuple(set() for _ in counted))
        group.count += 1
        for tag, values in zip(counted, group.found, strict=True):
            values.add(attributes.text(tag))
        if number % SLICE == 0:
            yield None
    for number, group in enumerate(groups.values(), 1):
        yield _with_counts(group, level)
        if number % SLICE == 0:
            yield None


def _with_counts(group: _Group, level: str) -> DataSet:
    found, count = [sorted(values - {""}) for values in group.found], str(group.count)
    added: list[DataElement] = []
    if level == "PATIENT":
        studies, series = found
        added += [
            DataElement(0x00201200, "IS", (str(len(studies)),)),
            DataElement(0x00201202, "IS", (str(len(series)),)),
            DataElement(0x00201204, "IS", (count,)),
        ]
    elif level == "STUDY":
        modalities, classes, series = found
        added += [
            DataElement(0x00080061, "CS", tuple(modalities)),
            DataElement(0x00080062, "UI", tuple(classes)),
            DataElement(0x00201206, "IS", (str(len(series)),)),
            DataElement(0x00201208, "IS", (count,)),
        ]
    elif level == "SERIES":
        added.append(DataElement(0x00201209, "IS", (count,)))
    return group.attributes.merged(DataSet(tuple(added)))
