"""A diagnosis as lines for people and as an object for scripts."""

from __future__ import annotations

import json
from typing import Any

from engine.trace.json_basics import iso_time
from engine.trace.plain_text import time_text

from .model import Diagnosis, Proof


def diagnosis_lines(diagnosis: Diagnosis) -> tuple[str, ...]:
    """Title, cause, what to change, and where it is seen; what happened has been told by the notice it is about."""
    peer = f" The peer says it is {diagnosis.peer}." if diagnosis.peer else ""
    lines = [
        f"Diagnosis: {diagnosis.title} ({diagnosis.clause}).{peer}",
        f"  Likely cause: {diagnosis.cause}",
        f"  What to change: {diagnosis.change}",
    ]
    lines += [f"  Seen in: {proof_text(p)}" for p in diagnosis.proofs if p.time is not None]
    return tuple(lines)


def proof_text(proof: Proof) -> str:
    """ "association 5, 12:00:01.123 received, bytes 8 to 9: Source and reason ..."."""
    where = [f"association {proof.association}"]
    if proof.time is not None:
        direction = "" if proof.sent is None else " sent" if proof.sent else " received"
        where.append(f"{time_text(proof.time)}{direction}")
    if proof.start is not None and proof.end is not None:
        where.append(f"bytes {proof.start} to {proof.end - 1}")
    return f"{', '.join(where)}: {proof.text}"


def diagnosis_json(diagnosis: Diagnosis) -> str:
    """The object on one line (resources/docs/json-lines.md)."""
    made: dict[str, Any] = {
        "kind": "diagnosis",
        "rule": diagnosis.rule,
        "association": diagnosis.association,
        "operation": diagnosis.operation,
        "title": diagnosis.title,
        "happened": diagnosis.happened,
        "cause": diagnosis.cause,
        "change": diagnosis.change,
        "clause": diagnosis.clause,
        "peer": diagnosis.peer or None,
        "proofs": [
            {
                "text": p.text,
                "association": p.association,
                "time": None if p.time is None else iso_time(p.time),
                "direction": None if p.sent is None else "sent" if p.sent else "received",
                "start": p.start,
                "end": p.end,
            }
            for p in diagnosis.proofs
        ],
        "mends": [{"setting": m.setting.value, "words": m.words} for m in diagnosis.mends],
    }
    return json.dumps(made, ensure_ascii=False, separators=(", ", ": "))
