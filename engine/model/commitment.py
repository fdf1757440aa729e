"""Storage commitment as a transaction: what was asked for, what the report says of each instance (PS3.4 J.3)."""

from __future__ import annotations

from collections import Counter
from enum import Enum

from engine.model.whole_numbers import whole_number
from engine.standard.failure_reasons import failure_reason
from engine.standard.lean import dataclass

from .dataset import DataSet

STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"
STORAGE_COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
SUCCESSFUL, FAILURES_EXIST = 1, 2
"""Event Type IDs (PS3.4 J.3.3)."""
TRANSACTION_UID = 0x00081195
FAILURE_REASON = 0x00081197
FAILED_SOPS = 0x00081198
REFERENCED_SOPS = 0x00081199
REFERENCED_CLASS = 0x00081150
REFERENCED_INSTANCE = 0x00081155

Asked = tuple[str, str]
"""SOP Class UID and SOP Instance UID."""


class Fate(Enum):
    """What became of one instance."""

    WAITING = "waiting"
    COMMITTED = "committed"
    FAILED = "failed"
    MISSING = "neither"
    """In neither list of the report: the SCP says nothing of it."""
    CONTRADICTED = "both"
    """In both lists of the report."""
    UNASKED = "not asked for"
    """In the report, but not in the request."""


@dataclass(frozen=True, slots=True)
class InstanceFate:
    """One instance of a transaction. reason: Failure Reason (0008,1197) of a failed one, None when not given.
    note: what is odd about it."""

    sop_class_uid: str
    sop_instance_uid: str
    fate: Fate = Fate.WAITING
    reason: int | None = None
    note: str = ""

    @property
    def sentence(self) -> str:
        """In words."""
        said = _FATES[self.fate]
        if self.fate is Fate.FAILED:
            said = failure_reason(self.reason)
        return f"{said}; {self.note}" if self.note else said


_FATES = {
    Fate.WAITING: "no report yet",
    Fate.COMMITTED: "committed",
    Fate.FAILED: "failed",
    Fate.MISSING: "neither committed nor failed: the report does not name it",
    Fate.CONTRADICTED: "committed and failed in the same report",
    Fate.UNASKED: "reported, but was not asked for",
}


def transaction_of(data: DataSet | None) -> str:
    """Transaction UID of a request or report, "" when it has none."""
    return data.text(TRANSACTION_UID).strip() if data is not None else ""


def request_data(transaction_uid: str, asked: tuple[Asked, ...]) -> DataSet:
    """Action Information of the request (PS3.4 Table J.3.2-1)."""
    data = DataSet().put(TRANSACTION_UID, "UI", transaction_uid)
    items = tuple(DataSet().put(REFERENCED_CLASS, "UI", cls).put(REFERENCED_INSTANCE, "UI", uid) for cls, uid in asked)
    return data.with_items(REFERENCED_SOPS, *items)


def judge(asked: tuple[Asked, ...], data: DataSet) -> tuple[InstanceFate, ...]:
    """What a report says of each instance asked for, in their order, then of those that were not asked for."""
    good, bad = _told(data, REFERENCED_SOPS), _told(data, FAILED_SOPS)
    fates = [_fate(cls, uid, good.get(uid), bad.get(uid)) for cls, uid in asked]
    known = {uid for _, uid in asked}
    for told in (good, bad):
        fates += [InstanceFate(t.text(REFERENCED_CLASS), u, Fate.UNASKED) for u, t in told.items() if u not in known]
    return tuple(fates)


def _told(data: DataSet, sequence: int) -> dict[str, DataSet]:
    return {item.text(REFERENCED_INSTANCE): item for item in data.items(sequence)}


def _fate(cls: str, uid: str, good: DataSet | None, bad: DataSet | None) -> InstanceFate:
    item = bad or good
    if item is None:
        return InstanceFate(cls, uid, Fate.MISSING)
    other = item.text(REFERENCED_CLASS)
    note = f"reported with the SOP class {other or 'left out'}" if other != cls else ""
    if bad is None:
        return InstanceFate(cls, uid, Fate.COMMITTED, None, note)
    reason = whole_number(bad.text(FAILURE_REASON))
    return InstanceFate(cls, uid, Fate.CONTRADICTED if good else Fate.FAILED, reason, note)


def all_committed(fates: tuple[InstanceFate, ...]) -> bool:
    """Whether every instance asked for is safe with the SCP."""
    return all(f.fate in (Fate.COMMITTED, Fate.UNASKED) for f in fates)


def verdict(fates: tuple[InstanceFate, ...], event_type: int | None = None) -> str:
    """The report in one or two sentences; event_type: its Event Type ID, judged against what it says."""
    counts = Counter(f.fate for f in fates)
    asked = len(fates) - counts[Fate.UNASKED]
    noun = "instance" if asked == 1 else "instances"
    if counts[Fate.COMMITTED] == asked:
        said = f"Committed: {'the instance is' if asked == 1 else f'all {asked} instances are'} safe with the peer"
    else:
        said = f"Not committed: {counts[Fate.COMMITTED]} of {asked} {noun} committed"
    parts = [said]
    reasons = Counter(failure_reason(f.reason).partition(":")[0] for f in fates if f.fate is Fate.FAILED)
    parts += [f"{count} failed with {reason}" for reason, count in reasons.items()]
    for fate, words in _COUNTED.items():
        if counts[fate]:
            parts.append(f"{counts[fate]} {words}")
    return ", ".join(parts) + "." + _against(event_type, fates)


_COUNTED = {
    Fate.MISSING: "neither committed nor failed",
    Fate.CONTRADICTED: "both committed and failed",
    Fate.UNASKED: "reported that nobody asked for",
}


def _against(event_type: int | None, fates: tuple[InstanceFate, ...]) -> str:
    """What the Event Type ID has to do with it, where the two do not fit."""
    bad = any(f.fate in (Fate.FAILED, Fate.CONTRADICTED) for f in fates)
    if event_type == SUCCESSFUL and bad:
        return " Its Event Type ID 1 says that there is no failure."
    if event_type == FAILURES_EXIST and not bad:
        return " Its Event Type ID 2 says that failures exist, but it names none."
    if event_type not in (None, SUCCESSFUL, FAILURES_EXIST):
        return f" Its Event Type ID {event_type} is not one of the service (PS3.4 J.3.3)."
    return ""
