"""Findings somebody has looked at and lives with, each with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .names import check_ae_title
from .rules import RULES


@dataclass(frozen=True, slots=True)
class Waiver:
    """Findings of a rule are waived. reason: why, for whoever reads it later.

    peer: AE title of the peer they are waived for; "" for every peer.
    """

    rule: str
    reason: str
    peer: str = ""


def waiver_for(rule: str, peer: str, waivers: Iterable[Waiver]) -> Waiver | None:
    """The waiver of a finding on an association with this peer, rather one for the peer than one for all; None: none.

    AE titles are compared as they are, but for spaces around them (PS3.5 6.2).
    """
    for_all: Waiver | None = None
    for waiver in waivers:
        if waiver.rule != rule:
            continue
        title = waiver.peer.strip(" ")
        if title and title == peer.strip(" "):
            return waiver
        if not title and for_all is None:
            for_all = waiver
    return for_all


def check_waiver(waiver: Waiver) -> str | None:
    """A sentence when the waiver cannot stand, else None."""
    if waiver.rule not in RULES:
        return f"There is no rule “{waiver.rule}”."
    if not waiver.reason.strip():
        return "A waiver needs a reason: whoever reads it later will ask."
    return check_ae_title(waiver.peer) if waiver.peer.strip(" ") else None
