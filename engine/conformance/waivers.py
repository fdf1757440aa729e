"""Findings somebody has looked at and lives with, each with the reason."""

from __future__ import annotations

from collections.abc import Iterable

from engine.model.notices import AnyNotice, AssociationNotice, Direction, FindingNotice, PduNotice
from engine.standard.lean import dataclass
from engine.standard.pdus import AssociateRQ

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


_CALLED, _CALLING = slice(10, 26), slice(26, 42)
"""AE titles in an A-ASSOCIATE-RQ (PS3.8 9.3.2)."""
_KEPT = 10_000
"""Associations whose peer is remembered; findings on older ones are over."""


class Waiving:
    """Waives the findings in a stream of notices, which tell whose they are.

    neutral: neither side is ours (recorded traffic), so a waiver for either AE title holds.
    """

    def __init__(self, waivers: Iterable[Waiver], *, neutral: bool = False) -> None:
        self._waivers = tuple(waivers)
        self._neutral = neutral
        self._titles: dict[int, tuple[str, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._waivers)

    def see(self, notice: AnyNotice) -> None:
        """Learn from a notice who the peer of its association is."""
        if isinstance(notice, AssociationNotice) and notice.peer.ae_title and not self._neutral:
            self._remember(notice.association, (notice.peer.ae_title,))
        elif isinstance(notice, PduNotice) and notice.type == AssociateRQ.TYPE:
            called, calling = (notice.data[place].decode("latin-1") for place in (_CALLED, _CALLING))
            peer = called if notice.direction is Direction.SENT else calling
            self._remember(notice.association, (called, calling) if self._neutral else (peer,))

    def _remember(self, association: int, titles: tuple[str, ...]) -> None:
        self._titles[association] = titles
        if len(self._titles) > _KEPT:
            del self._titles[next(iter(self._titles))]

    def waiver(self, finding: FindingNotice) -> Waiver | None:
        """The waiver of a finding; one for its peer before one for all."""
        titles = self._titles.get(finding.association, ("",))
        found = [w for w in (waiver_for(finding.rule, title, self._waivers) for title in titles) if w is not None]
        return next((w for w in found if w.peer.strip(" ")), found[0] if found else None)
