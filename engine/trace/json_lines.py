"""Notices as JSON objects, one a line (resources/docs/json-lines.md). Secrets are never in them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from engine.model.command_set import CommandSet, Element
from engine.model.dataset import FileData
from engine.model.notices import (
    AnyNotice,
    AssociationNotice,
    EngineNotice,
    ErrorNotice,
    FindingNotice,
    ListenerNotice,
    MessageNotice,
    ObjectsNotice,
    PduNotice,
    ProgressNotice,
    ReferencesNotice,
    ScriptNotice,
    StatusNotice,
    StepNotice,
    StoredNotice,
    StorePlanNotice,
)
from engine.standard.elements import ELEMENTS
from engine.standard.messages import message_for, message_name
from engine.standard.status import lookup
from engine.wire.commands import decode_command

from .explain import PreviewError, data_set_json
from .json_association import association_json
from .json_basics import Json, iso_time, seconds_json, uid_json
from .json_pdu import pdu_json, pdu_name
from .json_store import plan_json, references_json, results_json
from .store_text import plan_summary

LARGEST_VALUE = 64 * 1024
"""Characters of one InlineBinary value; larger ones give their length only, so that a line stays a line."""


def notice_to_json(notice: AnyNotice) -> Json:
    """The object of a notice."""
    return _WRITERS[type(notice)](notice)


def json_line(notice: AnyNotice) -> str:
    """The object on one line, without the line end."""
    return json.dumps(notice_to_json(notice), ensure_ascii=False, separators=(", ", ": "))


# --- PDUs and messages --------------------------------------------------------------------------------------------


def _pdu(n: PduNotice) -> Json:
    return {
        "kind": n.kind,
        "time": iso_time(n.time),
        "association": n.association,
        "direction": n.direction.value,
        "type": pdu_name(n.type),
        "length": n.size,
        "state_before": n.state_before,
        "event": n.event,
        "action": n.action,
        "state_after": n.state_after,
        "pdu": pdu_json(n.data, n.type) if n.whole else {"PDU-type": f"{n.type:02X}H", "name": pdu_name(n.type)},
    }


def _message(n: MessageNotice) -> Json:
    command = decode_command(n.command_bytes) if n.command_bytes else n.command
    row = message_for(command.command_field) if command.command_field is not None else None
    result: Json = {
        "kind": n.kind,
        "time": iso_time(n.time),
        "association": n.association,
        "operation": n.operation,
        "direction": n.direction.value,
        "message": row.name if row else message_name(command.command_field),
        "context_id": n.context_id,
        "abstract_syntax": uid_json(n.abstract_syntax),
        "transfer_syntax": uid_json(n.transfer_syntax),
        "command": command_json(command),
        "status": _status_code(command.status, row.service if row else "", command.sop_class_uid),
        "duration": seconds_json(n.duration),
        "unsolicited": n.unsolicited,
        "within": n.within,
        "dataset_length": n.data_length,
        "dataset": None,
    }
    if n.data is not None:
        result |= _data(n)
    return result


def _data(n: MessageNotice) -> Json:
    found: Json = {}
    if isinstance(n.data, FileData):
        found["dataset_file"] = str(n.data.path)
    try:
        found["dataset"] = (
            without_bulk(data_set_json(n.data, n.transfer_syntax, n.limits)) if n.data is not None else None
        )
    except PreviewError as error:
        found["dataset_error"] = str(error)
    return found


def without_bulk(dataset: Json) -> Json:
    """DICOM JSON whose long binary values are replaced by their length in bytes (`omitted`)."""
    return {tag: _without_bulk(element) for tag, element in dataset.items()}


def _without_bulk(element: Json) -> Json:
    inline = element.get("InlineBinary")
    if isinstance(inline, str) and len(inline) > LARGEST_VALUE:
        return {"vr": element.get("vr"), "omitted": len(inline) * 3 // 4 - inline[-2:].count("=")}
    if element.get("vr") == "SQ":
        return {**element, "Value": [without_bulk(item) for item in element.get("Value", [])]}
    return element


def command_json(command: CommandSet) -> Json:
    """Values by keyword; an element that is there several times is a list under `repeated`."""
    values: Json = {}
    repeated: Json = {}
    for element in command:
        value = _element(element)
        if element.keyword in values:
            repeated.setdefault(element.keyword, []).append(value)
        else:
            values[element.keyword] = value
    return {**values, "repeated": repeated} if repeated else values


def _element(element: Element) -> Any:
    value = element.value
    if value is None and element.raw:
        return {"hex": element.raw.hex()}
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    row = ELEMENTS.get(element.tag)
    if row and row.vr == "AT":
        tags = value if isinstance(value, tuple) else (value,)
        return [f"{t:08X}" for t in tags if isinstance(t, int)]
    return list(value) if isinstance(value, tuple) else value


def _status_code(code: int | None, service: str, uid: str) -> Json | None:
    if code is None:
        return None
    row = lookup(code, service, uid)
    return {"code": code, "hex": f"{code:04X}H", "class": row.klass.name.lower(), "meaning": row.meaning}


# --- the rest -----------------------------------------------------------------------------------------------------


def _status(n: StatusNotice) -> Json:
    counts = {"remaining": n.remaining, "completed": n.completed, "failed": n.failed, "warning": n.warning}
    return {
        "kind": n.kind,
        "time": iso_time(n.time),
        "operation": n.operation,
        "association": n.association,
        "outcome": n.outcome.value,
        "service": n.service,
        "sop_class": uid_json(n.sop_class_uid),
        "message_id": n.message_id,
        "status": _status_code(n.status, n.service, n.sop_class_uid),
        "sentence": n.sentence,
        "error_comment": n.error_comment,
        "offending_elements": [f"{tag:08X}" for tag in n.offending_elements],
        "error_id": n.error_id,
        "duration": seconds_json(n.duration),
        "sub_operations": counts if any(v is not None for v in counts.values()) else None,
        "verdict": n.verdict,
        "received": n.received,
        "failed_instances": list(n.failed_instances),
        "responses": n.responses,
        "unfinished": [str(path) for path in n.unfinished],
    }


def _progress(n: ProgressNotice) -> Json:
    return {
        "kind": n.kind,
        "time": iso_time(n.time),
        "operation": n.operation,
        "association": n.association,
        "done": n.done,
        "total": n.total,
        "failed": n.failed,
        "warning": n.warning,
        "bytes": n.bytes,
        "sentence": n.sentence,
        "listener": None,
    }


def _step(n: StepNotice) -> Json:
    return {
        "kind": n.kind,
        "time": iso_time(n.time),
        "operation": n.operation,
        "association": n.association,
        "step": n.step,
        "name": n.name,
        "state": n.state.value,
        "sentence": n.sentence,
        "service": n.service,
        "message_id": n.message_id,
        "status": _status_code(n.status, n.service, n.sop_class_uid),
        "sop_class": uid_json(n.sop_class_uid),
        "sop_instance": uid_json(n.sop_instance_uid),
        "duration": seconds_json(n.duration),
    }


def _plan(n: StorePlanNotice) -> Json:
    head = {"kind": n.kind, "time": iso_time(n.time), "association": None, "operation": n.operation}
    return {**head, "sentence": plan_summary(n.plan), **plan_json(n.plan)}


def _references(n: ReferencesNotice) -> Json:
    head = {"kind": n.kind, "time": iso_time(n.time), "association": None, "operation": n.operation}
    return {**head, "instances": references_json(n.found.references), "problems": list(n.found.problems)}


def _stored(n: StoredNotice) -> Json:
    head = {"kind": n.kind, "time": iso_time(n.time), "association": n.association, "operation": n.operation}
    return {**head, "files": results_json(n.results)}


def _listener(n: ListenerNotice) -> Json:
    """The built-in peer's own state is progress of the run, not of an association."""
    listener = {"id": n.listener, "listening": n.listening, "host": n.host, "port": n.port, "ae_title": n.ae_title}
    return {
        "kind": ProgressNotice.kind,
        "time": iso_time(n.time),
        "operation": None,
        "association": None,
        "done": 0,
        "total": None,
        "failed": 0,
        "warning": 0,
        "bytes": 0,
        "sentence": n.sentence,
        "listener": listener,
    }


def _finding(n: FindingNotice) -> Json:
    return {
        "kind": n.kind,
        "time": iso_time(n.time),
        "association": n.association,
        "operation": n.operation,
        "direction": n.direction.value,
        "severity": n.severity,
        "rule": n.rule,
        "sentence": n.sentence,
        "clause": n.clause,
        "evidence": {"text": n.evidence.text, "start": n.evidence.start, "end": n.evidence.end},
        "waived": n.waived or None,
    }


def _objects(n: ObjectsNotice) -> Json:
    return {
        "kind": n.kind,
        "time": iso_time(n.time),
        "whole": n.whole,
        "emulators": sorted(n.on),
        "held": [{"shelf": h.shelf, "key": h.key, "sop_class": h.sop_class_uid} for h in n.held],
        "gone": [{"shelf": shelf, "key": key} for shelf, key in n.gone],
    }


def _script(n: ScriptNotice) -> Json:
    return {
        "kind": n.kind,
        "time": iso_time(n.time),
        "association": n.association,
        "script": n.script,
        "rule": n.rule + 1,
        "title": n.title,
        "phase": n.phase.value,
        "service": n.service,
        "faults": list(n.faults),
        "sentence": n.sentence,
    }


def _engine(n: EngineNotice) -> Json:
    return {
        "kind": n.kind,
        "time": iso_time(n.time),
        "answers": n.answers,
        "duration": n.seconds,
        "sentence": n.sentence,
        "report": n.report,
    }


def _error(n: ErrorNotice) -> Json:
    return {
        "kind": n.kind,
        "time": iso_time(n.time),
        "association": n.association,
        "operation": n.operation,
        "sentence": n.sentence,
        **({"report": n.report} if n.report else {}),
    }


_WRITERS: dict[type, Callable[[Any], Json]] = {
    AssociationNotice: association_json,
    PduNotice: _pdu,
    MessageNotice: _message,
    StatusNotice: _status,
    ProgressNotice: _progress,
    StepNotice: _step,
    StorePlanNotice: _plan,
    ReferencesNotice: _references,
    StoredNotice: _stored,
    ListenerNotice: _listener,
    FindingNotice: _finding,
    ObjectsNotice: _objects,
    ScriptNotice: _script,
    EngineNotice: _engine,
    ErrorNotice: _error,
}
