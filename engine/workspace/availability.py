"""Instance Availability Notifications as data sets (PS3.4 Table R.3.2-1)."""

from __future__ import annotations

from collections.abc import Iterable

from engine.model.dataset import DataSet
from engine.model.references import Reference, by_series, by_study

from .performed_steps import tag

AVAILABILITIES = {
    "ONLINE": "available at once",
    "NEARLINE": "from slower media, after a delay",
    "OFFLINE": "only after somebody has done something",
    "UNAVAILABLE": "not to be had, or not for this AE",
}
"""Instance Availability (0008,0056): PS3.3 C.4.23."""
_PERFORMED_STEP = "1.2.840.10008.3.1.2.3.3"


def notifications(
    references: Iterable[Reference], availability: str, retrieve_ae_title: str, performed_step: str = ""
) -> tuple[DataSet, ...]:
    """One data set for each study. performed_step: UID of the performed procedure step they come from, "" for none."""
    return tuple(
        _notification(study, members, availability, retrieve_ae_title, performed_step)
        for study, members in by_study(references).items()
    )


def without_series(references: Iterable[Reference]) -> tuple[Reference, ...]:
    """References that cannot be notified of: their study or series is not known."""
    return tuple(r for r in references if not (r.study_instance_uid and r.series_instance_uid))


def _notification(
    study: str, members: tuple[Reference, ...], availability: str, retrieve: str, performed_step: str
) -> DataSet:
    series = []
    for (_, uid), instances in by_series(members).items():
        items = tuple(_instance(r, availability, retrieve) for r in instances)
        one = DataSet().put(tag("SeriesInstanceUID"), "UI", uid)
        series.append(one.with_items(tag("ReferencedSOPSequence"), *items))
    data = DataSet().put(tag("StudyInstanceUID"), "UI", study)
    data = data.with_items(tag("ReferencedSeriesSequence"), *series)
    step = (_step(performed_step),) if performed_step else ()
    return data.with_items(tag("ReferencedPerformedProcedureStepSequence"), *step)


def _instance(reference: Reference, availability: str, retrieve: str) -> DataSet:
    data = DataSet().put(tag("ReferencedSOPClassUID"), "UI", reference.sop_class_uid)
    data = data.put(tag("ReferencedSOPInstanceUID"), "UI", reference.sop_instance_uid)
    data = data.put(tag("InstanceAvailability"), "CS", availability)
    return data.put(tag("RetrieveAETitle"), "AE", retrieve)


def _step(uid: str) -> DataSet:
    """Referenced PPS; its workitem codes are not told (type 2)."""
    data = DataSet().put(tag("ReferencedSOPClassUID"), "UI", _PERFORMED_STEP)
    data = data.put(tag("ReferencedSOPInstanceUID"), "UI", uid)
    return data.with_items(tag("PerformedWorkitemCodeSequence"))
