"""Failure Reasons of a storage commitment (PS3.3 C.14.1.1), in words."""

from __future__ import annotations

FAILURE_REASONS: dict[int, tuple[str, str]] = {
    0x0110: ("Processing failure", "the SCP failed while it looked at this instance"),
    0x0112: ("No such object instance", "the SCP does not have it"),
    0x0119: ("Class / Instance conflict", "the SCP has this SOP Instance UID with another SOP class"),
    0x0122: ("Referenced SOP Class not supported", "the SCP commits to no instance of this SOP class"),
    0x0131: ("Duplicate transaction UID", "the Transaction UID is in use already"),
    0x0213: ("Resource limitation", "the SCP has no room for it"),
}
"""Failure Reason (0008,1197): its name, and what it means for whoever asked."""


def failure_reason(code: int | None) -> str:
    """The reason in words with its code; None is a reason that was not given."""
    if code is None:
        return "no Failure Reason given"
    name, meaning = FAILURE_REASONS.get(code, ("", ""))
    return f"{code:04X}H {name}: {meaning}" if name else f"{code:04X}H, which PS3.3 C.14.1.1 does not define"
