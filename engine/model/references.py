"""Composite instances spoken of without their data: what a performed step, a commitment or a notification names."""

from __future__ import annotations

from collections.abc import Iterable

from engine.standard.lean import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One instance by its UIDs, and what a report about it says of its series. Unknown things are ""."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    modality: str = ""
    protocol_name: str = ""
    series_description: str = ""
    performing_physician: str = ""
    operators: str = ""
    patient_name: str = ""
    source: str = ""
    """Where it was found: a path."""


@dataclass(frozen=True, slots=True)
class Found:
    """References read from files, and a sentence for each file that gave none."""

    references: tuple[Reference, ...] = ()
    problems: tuple[str, ...] = ()


def by_series(references: Iterable[Reference]) -> dict[tuple[str, str], tuple[Reference, ...]]:
    """References by (Study Instance UID, Series Instance UID), in the order they first come."""
    groups: dict[tuple[str, str], list[Reference]] = {}
    for reference in references:
        groups.setdefault((reference.study_instance_uid, reference.series_instance_uid), []).append(reference)
    return {key: tuple(members) for key, members in groups.items()}


def by_study(references: Iterable[Reference]) -> dict[str, tuple[Reference, ...]]:
    """References by Study Instance UID, in the order they first come."""
    groups: dict[str, list[Reference]] = {}
    for reference in references:
        groups.setdefault(reference.study_instance_uid, []).append(reference)
    return {study: tuple(members) for study, members in groups.items()}


def unique(references: Iterable[Reference]) -> tuple[Reference, ...]:
    """Each SOP Instance UID once; the first one told stays."""
    first: dict[str, Reference] = {}
    for reference in references:
        first.setdefault(reference.sop_instance_uid, reference)
    return tuple(first.values())
