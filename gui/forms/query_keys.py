"""The keys of a query as people read them: labels, hints, what helps to write a value."""

from __future__ import annotations

from collections.abc import Iterable

from engine.standard.dictionary import attribute
from engine.standard.elements import tag_text
from engine.standard.lean import dataclass
from engine.workspace.matching_values import DAYS_IN_WORDS, PICKS, advice
from engine.workspace.names import attribute_path

_SHORT = {
    "ScheduledProcedureStepStartDate": "Start date",
    "ScheduledProcedureStepStartDateTime": "Scheduled start",
    "ScheduledProcedureStepStartTime": "Start time",
    "ScheduledStationAETitle": "Station AE",
    "ScheduledProcedureStepID": "Step ID",
    "ScheduledProcedureStepDescription": "Step description",
    "ScheduledPerformingPhysicianName": "Performing physician",
    "ModalitiesInStudy": "Modalities",
    "SeriesNumber": "Series no.",
    "InstanceNumber": "Instance no.",
    "AccessionNumber": "Accession no.",
    "StudyDescription": "Description",
    "SeriesDescription": "Description",
    "StudyInstanceUID": "Study UID",
    "SeriesInstanceUID": "Series UID",
    "SOPInstanceUID": "SOP Instance UID",
    "SOPClassUID": "SOP Class UID",
    "PatientName": "Patient name",
    "PatientID": "Patient ID",
    "PatientBirthDate": "Birth date",
    "PatientSex": "Sex",
    "BodyPartExamined": "Body part",
}
"""Where the dictionary's name is long for a label."""
_EXAMPLES = {
    "PN": "any, DOE^J*",
    "DA": "any, today, last 7 days",
    "DT": "any, today",
    "TM": "any, 0800-1200",
    "UI": "any",
}


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key as shown. picks: (words, value) that can be chosen; a value "{}" stands for what is typed."""

    path: str
    keyword: str
    label: str
    vr: str
    tip: str
    placeholder: str
    picks: tuple[tuple[str, str], ...]


def key_text(path: str) -> KeyText:
    """Label and help of a key by its path. Raises `ValueProblem` for what is no path."""
    tag = attribute_path(path)[-1][0]
    row = attribute(tag)
    keyword = row.keyword if row else ""
    name = row.name if row else tag_text(tag)
    vr = row.vr[:2] if row else "UN"
    label = _SHORT.get(keyword) or _sentence(name)
    tip = f"{name} {tag_text(tag)} {vr}\n{advice(vr)}"
    return KeyText(path, keyword or tag_text(tag), label, vr, tip, _EXAMPLES.get(vr, "any"), tuple(_picks(keyword, vr)))


def _sentence(name: str) -> str:
    """The dictionary's Title Case as a label; abbreviations stay."""
    words = name.replace("\N{RIGHT SINGLE QUOTATION MARK}s", "").replace("'s", "").split()
    return " ".join(w if n == 0 or not w[1:].islower() else w.lower() for n, w in enumerate(words))


def _picks(keyword: str, vr: str) -> Iterable[tuple[str, str]]:
    if vr in ("DA", "DT"):
        for words in DAYS_IN_WORDS:
            yield words.capitalize(), words
    elif vr == "TM":
        yield "Morning", "000000-115959"
        yield "Afternoon", "120000-235959"
    elif keyword in PICKS:
        for value in PICKS[keyword]:
            yield value, value
    elif vr not in ("UI", "SQ", "IS", "DS", "US", "UL"):
        yield "Begins with what is typed", "{}*"
        yield "Contains what is typed", "*{}*"
