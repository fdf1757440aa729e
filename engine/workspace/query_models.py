"""The information models that can be queried or retrieved from, as the table of SOP classes has them (PS3.4).

A model is what its C-FIND, C-GET and C-MOVE SOP classes share; some have one of the three only.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from engine.standard.lean import dataclass
from engine.standard.sop_classes import SopClass, sop_classes

from .errors import ValueProblem
from .names import did_you_mean, resolve_uid

_SERVICES = {"C-FIND": "find", "C-GET": "get", "C-MOVE": "move"}
_ENDINGS = re.compile(r"(Find|Get|Move)\Z")
_WORDS = {
    "StudyRootQuery": "study",
    "PatientRootQuery": "patient",
    "PatientStudyOnlyQuery": "patient-study",
    "ModalityWorklist": "worklist",
    "UnifiedProcedureStepPull": "ups",
    "UnifiedProcedureStepWatch": "ups-watch",
    "UnifiedProcedureStepQuery": "ups-query",
    "RepositoryQuery": "repository",
    "CompositeInstanceRootRetrieve": "instance",
    "CompositeInstanceRetrieveWithoutBulkData": "without-bulk-data",
    "GeneralRelevantPatient": "relevant-patient",
    "BreastImagingRelevantPatient": "relevant-breast",
    "CardiacRelevantPatient": "relevant-cardiac",
    "HangingProtocol": "hanging-protocol",
    "ColorPalette": "color-palette",
    "GenericImplantTemplate": "implant",
    "ImplantAssemblyTemplate": "implant-assembly",
    "ImplantTemplateGroup": "implant-group",
    "DefinedProcedureProtocol": "procedure-protocol",
    "ProtocolApproval": "protocol-approval",
    "ProductCharacteristics": "product",
    "SubstanceApproval": "substance",
    "Inventory": "inventory",
}
"""Short words, by what keywords begin with, in the order they are offered in; a model without one comes after them
under its keyword."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryModel:
    """word: what people write for it. find, get, move: SOP Class UIDs, "" where the model has no such service.
    levels: of Query/Retrieve Level, () where there are none."""

    word: str
    title: str
    find: str = ""
    get: str = ""
    move: str = ""
    levels: tuple[str, ...] = ()
    service_class: str = ""
    retired: bool = False

    def uid(self, service: str) -> str:
        """The SOP Class UID of "C-FIND", "C-GET" or "C-MOVE"."""
        return {"C-FIND": self.find, "C-GET": self.get, "C-MOVE": self.move}[service]


@cache
def query_models() -> tuple[QueryModel, ...]:
    """Every model, the commonest first, retired ones last."""
    found: dict[str, QueryModel] = {}
    for row in sop_classes().values():
        for service in row.scu_invokes:
            if service in _SERVICES:
                stem = _ENDINGS.sub("", row.keyword)
                known = found.get(stem) or _first(row, stem)
                levels = known.levels or row.query_levels
                uid = {_SERVICES[service]: row.uid}
                found[stem] = replace(known, levels=levels, retired=known.retired and row.retired, **uid)
    order = list(_WORDS.values())

    def place(model: QueryModel) -> tuple[bool, int]:
        return model.retired, order.index(model.word) if model.word in order else len(order)

    return tuple(sorted(found.values(), key=place))


def _first(row: SopClass, stem: str) -> QueryModel:
    word = next((w for begin, w in _WORDS.items() if stem.startswith(begin)), stem)
    return QueryModel(word=word, title=_title(row.name), service_class=row.service_class, retired=row.retired)


def _title(name: str) -> str:
    """ "Study Root" of "Study Root Query/Retrieve Information Model - FIND"."""
    short = re.sub(r"( - (FIND|GET|MOVE)| SOP Class)\Z", "", name)
    short = re.sub(r"( Query/Retrieve)? Information Model\Z", "", short)
    return short.removesuffix(" Query/Retrieve")


def model_of(sop_class_uid: str) -> QueryModel | None:
    """The model one of whose SOP classes this is."""
    if not sop_class_uid:
        return None
    return next((m for m in query_models() if sop_class_uid in (m.find, m.get, m.move)), None)


def model_class(text: str, service: str) -> str:
    """The SOP Class UID of a model for "C-FIND", "C-GET" or "C-MOVE": by its word, or by keyword, name or UID of a SOP
    class, also one of the model's other services. Raises `ValueProblem`; a UID nobody knows is taken as it is."""
    model = next((m for m in query_models() if m.word.lower() == text.strip().lower()), None)
    if model is None:
        try:
            uid = resolve_uid(text)
        except ValueProblem as problem:
            words = did_you_mean(text, (m.word for m in query_models()))
            raise ValueProblem(problem.reason if not words else f"“{text}” is not a model{words}") from None
        model = model_of(uid)
        if model is None:
            return uid
    found = model.uid(service)
    if not found:
        has = " and ".join(s for s in _SERVICES if model.uid(s))
        raise ValueProblem(f"{model.title} has no {service}, only {has}")
    return found
