"""The plan of a store of many files and what became of them, as JSON values (resources/docs/json-lines.md)."""

from __future__ import annotations

from collections.abc import Iterable

from engine.model.association import ProposedContext
from engine.model.references import Reference
from engine.model.storing import FileResult, PlannedFile, StorePlan
from engine.standard.status import lookup

from .json_basics import Json, uid_json


def plan_json(plan: StorePlan) -> Json:
    """Associations with their contexts, and every file."""
    return {
        "associations": [
            {"contexts": [_context(c) for c in a.contexts], "files": list(a.files)} for a in plan.associations
        ],
        "files": [_file(f) for f in plan.files],
    }


def references_json(references: Iterable[Reference]) -> list[Json]:
    """Instances spoken of."""
    return [
        {
            "sop_class": uid_json(r.sop_class_uid),
            "sop_instance_uid": r.sop_instance_uid,
            "study_instance_uid": r.study_instance_uid,
            "series_instance_uid": r.series_instance_uid,
            "source": r.source,
        }
        for r in references
    ]


def _context(c: ProposedContext) -> Json:
    syntaxes = [uid_json(uid) for uid in c.transfer_syntaxes]
    return {"id": c.id, "abstract_syntax": uid_json(c.abstract_syntax), "transfer_syntaxes": syntaxes}


def _file(f: PlannedFile) -> Json:
    return {
        "number": f.number,
        "path": str(f.path),
        "state": f.state.value,
        "why": f.why,
        "note": f.note,
        "sop_class": uid_json(f.sop_class_uid),
        "sop_instance_uid": f.sop_instance_uid,
        "transfer_syntax": uid_json(f.transfer_syntax),
        "length": f.length,
        "planned_association": f.association or None,
        "contexts": list(f.contexts),
    }


def results_json(results: Iterable[FileResult]) -> list[Json]:
    """What became of files."""
    return [
        {
            "number": r.number,
            "path": str(r.path),
            "state": r.state.value,
            "sentence": r.sentence,
            "status": None if r.status is None else _status(r.status),
            "context_id": r.context_id,
            "transfer_syntax": uid_json(r.transfer_syntax),
        }
        for r in results
    ]


def _status(code: int) -> Json:
    row = lookup(code, "C-STORE")
    return {"code": code, "hex": f"{code:04X}H", "class": row.klass.name.lower(), "meaning": row.meaning}
