"""The pieces that objects of JSON lines are made of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from engine.standard.dictionary import uid_name

Json = dict[str, Any]


def iso_time(seconds: float) -> str | None:
    """UTC, ISO 8601 with microseconds; None for 0, which stands for an unknown time."""
    if not seconds:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def uid_json(uid: str) -> Json | None:
    """A UID with its name; None where there is none."""
    return {"uid": uid, "name": uid_name(uid)} if uid else None


def seconds_json(seconds: float | None) -> float | None:
    """Seconds to the microsecond."""
    return None if seconds is None else round(seconds, 6)
