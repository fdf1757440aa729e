"""From matches of a query to what is asked for with C-GET or C-MOVE, and to the next level down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.model.dataset import DataElement, DataSet
from engine.standard.dictionary import registered
from engine.standard.lean import dataclass

from .errors import ValueProblem
from .queries import UNIQUE_KEYS, at_level, levels_of
from .query_models import QueryModel, model_of, query_models

LIST_LIMIT = 500
"""UIDs in one Identifier: more than a person selects one by one, and below 64 kB, the longest value that the length
field of an explicit VR holds."""
SOP_CLASS, CLASSES_IN_STUDY = 0x00080016, 0x00080062
_NAMES = {
    "PATIENT": ("PatientName", "PatientID"),
    "STUDY": ("StudyDate", "ModalitiesInStudy", "StudyDescription"),
    "SERIES": ("Modality", "SeriesNumber", "SeriesDescription"),
    "IMAGE": ("InstanceNumber", "SOPInstanceUID"),
}


@dataclass(frozen=True, slots=True)
class Way:
    """A way to retrieve. service: "C-GET" or "C-MOVE". root: of a model other than the query's, in words."""

    service: str
    sop_class_uid: str
    root: str = ""


def ways(find_uid: str, level: str) -> tuple[Way, ...]:
    """How matches of a query can be retrieved: by the classes of its model, and single instances by those that know
    nothing but instances too. () for what is no composite instance (worklists, procedure steps)."""
    model = model_of(find_uid)
    if model is None:
        return ()
    if not (model.get or model.move) and model.levels:
        model = next((m for m in query_models() if m.word == "study"), model)  # RepositoryQuery: PS3.4 C.6.4
    found = [Way(s, model.uid(s)) for s in ("C-GET", "C-MOVE") if model.uid(s)]
    if level == "IMAGE":
        found += [Way(s, m.uid(s), m.title) for m in _instance_roots() for s in ("C-GET", "C-MOVE") if m.uid(s)]
    return tuple(found)


def _instance_roots() -> Iterable[QueryModel]:
    return (m for m in query_models() if not m.find and "IMAGE" in m.levels)


def identifiers(
    sop_class_uid: str, level: str, matches: Sequence[DataSet], asked: DataSet | None = None
) -> list[DataSet]:
    """Identifiers that name these matches of a level by their unique keys: one for all that share what is above them,
    each key above with a single value (PS3.4 C.4.2.2.1). Raises `ValueProblem` for a match without its key.

    asked: the query the matches came from; its keys stand in for those a peer leaves out of its matches.
    """
    levels = levels_of(sop_class_uid)
    own = _tag(UNIQUE_KEYS.get(level, "SOPInstanceUID"))
    above = [_tag(UNIQUE_KEYS[name]) for name in levels[: levels.index(level)]] if level in levels else []
    groups: dict[tuple[str, ...], list[str]] = {}
    for number, match in enumerate(matches, 1):
        keys = [match.text(tag) or _single(asked, tag) for tag in (*above, own)]
        if not all(keys):
            missing = next(name for name, key in zip((*above, own), keys, strict=True) if not key)
            raise ValueProblem(
                f"selected match {number} has no ({missing >> 16:04X},{missing & 0xFFFF:04X}) to name it"
            )
        groups.setdefault(tuple(keys[:-1]), []).append(keys[-1])
    single = level == "PATIENT"  # Patient ID takes no list (PS3.4 C.4.2.2.1)
    made = []
    for parents, uids in groups.items():
        distinct = list(dict.fromkeys(uids))
        step = 1 if single else LIST_LIMIT
        for start in range(0, len(distinct), step):
            elements = [DataElement(tag, _vr(tag), (value,)) for tag, value in zip(above, parents, strict=True)]
            elements.append(DataElement(own, _vr(own), tuple(distinct[start : start + step])))
            data = DataSet(tuple(sorted(elements, key=lambda e: e.tag)))
            made.append(at_level(data, level if levels else ""))
    return made


def _single(asked: DataSet | None, tag: int) -> str:
    """The one value a query named a key by, "" for none, several or a pattern."""
    values = asked.texts(tag) if asked is not None else ()
    return values[0] if len(values) == 1 and not set("*?") & set(values[0]) else ""


def known_classes(matches: Iterable[DataSet]) -> tuple[str, ...]:
    """SOP classes of what the matches stand for; () unless every one of them tells."""
    found: dict[str, None] = {}
    for match in matches:
        uids = match.texts(CLASSES_IN_STUDY) or match.texts(SOP_CLASS)
        if not any(uids):
            return ()
        found.update(dict.fromkeys(filter(None, uids)))
    return tuple(found)


def below(sop_class_uid: str, level: str) -> str:
    """The next level down, "" when there is none."""
    levels = levels_of(sop_class_uid)
    place = levels.index(level) + 1 if level in levels else len(levels)
    return levels[place] if place < len(levels) else ""


def keys_below(sop_class_uid: str, level: str, match: DataSet, asked: DataSet | None = None) -> dict[str, str]:
    """Unique keys, by keyword, for a query below a match. asked: the query the match came from."""
    levels = levels_of(sop_class_uid)
    keys: dict[str, str] = {}
    for name in levels[: levels.index(level) + 1]:
        keyword = UNIQUE_KEYS[name]
        keys[keyword] = match.text(_tag(keyword)) or _single(asked, _tag(keyword))
    return keys


def describe(level: str, match: DataSet) -> str:
    """A match in a few words, for the trail back."""
    words = ["\\".join(match.texts(_tag(keyword))) for keyword in _NAMES.get(level, ())]
    return " ".join(filter(None, words)) or match.text(_tag(UNIQUE_KEYS.get(level, "SOPInstanceUID"))) or level.lower()


def _tag(keyword: str) -> int:
    return registered(keyword).tag


def _vr(tag: int) -> str:
    return "LO" if tag == 0x00100020 else "UI"
