"""Asking a modality worklist and reading its items (PS3.4 K.6.1.2)."""

from __future__ import annotations

from engine.model.dataset import DataSet
from engine.standard.lean import dataclass

from .keys import with_keys
from .matching_values import resolved, this_day
from .performed_steps import scheduled_steps, text
from .queries import identifier

WORKLIST = "1.2.840.10008.5.1.4.31"
_STEP = "ScheduledProcedureStepSequence[0]"


def worklist_keys(*, date: str = "", station: str = "", modality: str = "", patient: str = "") -> DataSet:
    """The identifier of a worklist query: every usual key asked for, these matched. date: DA, a range, or in words."""
    matched = {
        f"{_STEP}.ScheduledProcedureStepStartDate": date,
        f"{_STEP}.ScheduledStationAETitle": station,
        f"{_STEP}.Modality": modality,
        "PatientName": patient,
    }
    keys = with_keys(identifier(WORKLIST), [f"{path}={value}" for path, value in matched.items() if value])
    return resolved(keys, this_day())


@dataclass(frozen=True, slots=True)
class WorklistItem:
    """A worklist item with what people look for in it."""

    data: DataSet

    @property
    def step(self) -> DataSet:
        return (scheduled_steps(self.data) or (DataSet(),))[0]

    @property
    def patient(self) -> str:
        return text(self.data, "PatientName")

    @property
    def patient_id(self) -> str:
        return text(self.data, "PatientID")

    @property
    def accession(self) -> str:
        return text(self.data, "AccessionNumber")

    @property
    def modality(self) -> str:
        return text(self.step, "Modality")

    @property
    def station(self) -> str:
        return text(self.step, "ScheduledStationAETitle")

    @property
    def step_id(self) -> str:
        return text(self.step, "ScheduledProcedureStepID")

    @property
    def description(self) -> str:
        return text(self.step, "ScheduledProcedureStepDescription") or text(self.data, "RequestedProcedureDescription")

    @property
    def begins(self) -> str:
        """Scheduled start, 2026-01-31 08:15; what is no date or time as it is."""
        date = text(self.step, "ScheduledProcedureStepStartDate")
        time = text(self.step, "ScheduledProcedureStepStartTime")
        if len(date) == 8 and date.isdigit():
            date = f"{date[:4]}-{date[4:6]}-{date[6:]}"
        if len(time) >= 4 and time[:4].isdigit():
            time = f"{time[:2]}:{time[2:4]}"
        return f"{date} {time}".strip()

    @property
    def columns(self) -> tuple[str, ...]:
        """One value for each of `COLUMNS`."""
        return (
            self.begins,
            self.modality,
            self.station,
            self.patient,
            self.patient_id,
            self.accession,
            self.description,
        )


COLUMNS = ("Scheduled", "Modality", "Station", "Patient", "Patient ID", "Accession", "Procedure step")
