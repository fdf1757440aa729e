"""The associations of the session as the trace keeps them: phases, PDUs, findings, within bounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import field, replace

from engine.model.association import Negotiated, Peer, Proposal
from engine.model.notices import FINAL_PHASES, AssociationNotice, AssociationPhase, FindingNotice, Notice, PduNotice
from engine.model.tls import TlsVerdict
from engine.standard.lean import dataclass
from engine.standard.pdus import AssociateAC, AssociateRQ, PDataTF
from gui.report import tell_defect

KEPT_ASSOCIATIONS = 1_000
"""Ended associations kept: a long day by hand. A listener under load makes more, and the oldest go."""
KEPT_PDUS = 400_000
"""PDUs of all associations: some 150 MB of records besides their bytes."""
KEPT_BYTES = 256 * 1024 * 1024
"""Bytes of PDUs. Beyond it P-DATA-TF of the oldest associations keep their beginning only."""
KEPT_FINDINGS = 50_000
"""Findings of one association: a peer that is wrong in every message of a long night."""
HEAD = 256
"""Bytes kept of such a P-DATA-TF: its headers and the beginning of the command set."""


@dataclass(slots=True)
class TraceAssociation:
    """One association. `time`: seconds since the epoch when it began."""

    number: int
    peer: Peer
    requestor: bool
    time: float
    phase: AssociationPhase
    listener: int | None = None
    """The built-in peer that accepted or opened it."""
    proposal: Proposal | None = None
    negotiated: Negotiated | None = None
    rejection: tuple[int, int, int] | None = None
    abort: tuple[int, int] | None = None
    tls: TlsVerdict | None = None
    sentence: str = ""
    notices: list[AssociationNotice] = field(default_factory=list)
    pdus: list[PduNotice] = field(default_factory=list)
    findings: list[FindingNotice] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Findings by (rule, severity), those that had to go too."""
    request: PduNotice | None = None
    """A-ASSOCIATE-RQ."""
    answer: PduNotice | None = None
    """A-ASSOCIATE-AC."""
    forgotten: int = 0
    """PDUs that had to go."""
    bytes: int = 0

    @property
    def ended(self) -> bool:
        return self.phase in FINAL_PHASES


@dataclass(slots=True)
class Changes:
    """What a batch changed, by association."""

    new: list[int] = field(default_factory=list)
    phases: set[int] = field(default_factory=set)
    pdus: dict[int, list[PduNotice]] = field(default_factory=dict)
    findings: dict[int, list[FindingNotice]] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)


class TraceStore:
    """Associations by number, oldest first."""

    def __init__(self, *, associations: int = KEPT_ASSOCIATIONS, pdus: int = KEPT_PDUS, size: int = KEPT_BYTES) -> None:
        self.associations: dict[int, TraceAssociation] = {}
        self._kept_associations, self._kept_pdus, self._kept_bytes = associations, pdus, size
        self._pdus = self._bytes = 0

    def get(self, association: int | None) -> TraceAssociation | None:
        return None if association is None else self.associations.get(association)

    def take(self, notices: Iterable[Notice]) -> Changes:
        changes = Changes()
        for notice in notices:
            try:
                if isinstance(notice, PduNotice):
                    self._pdu(notice, changes)
                elif isinstance(notice, AssociationNotice):
                    self._phase(notice, changes)
                elif isinstance(notice, FindingNotice):
                    self._finding(notice, changes)
            except Exception:  # noqa: BLE001 - the others are to be kept all the same
                tell_defect()
        self._bound(changes)
        return changes

    def _phase(self, notice: AssociationNotice, changes: Changes) -> None:
        record = self.associations.get(notice.association)
        if record is None:
            record = self._begin(notice.association, notice.peer, notice.requestor, notice.time, changes)
        record.peer, record.requestor, record.phase = notice.peer, notice.requestor, notice.phase
        record.listener = notice.listener
        record.proposal = notice.proposal or record.proposal
        record.negotiated = notice.negotiated or record.negotiated
        record.rejection = notice.rejection or record.rejection
        record.abort = notice.abort or record.abort
        record.tls = notice.tls or record.tls
        record.sentence = notice.sentence or record.sentence
        record.notices.append(notice)
        changes.phases.add(record.number)

    def _begin(self, number: int, peer: Peer, requestor: bool, time: float, changes: Changes) -> TraceAssociation:
        record = TraceAssociation(number, peer, requestor, time, AssociationPhase.CONNECTING)
        self.associations[number] = record
        changes.new.append(number)
        return record

    def _of(self, notice: PduNotice | FindingNotice, changes: Changes) -> TraceAssociation:
        """The association of a PDU, which may be told before its first phase (an acceptor's A-ASSOCIATE-RQ)."""
        record = self.associations.get(notice.association)
        return record or self._begin(
            notice.association, Peer(name="", ae_title="", host=""), False, notice.time, changes
        )

    def _pdu(self, notice: PduNotice, changes: Changes) -> None:
        record = self._of(notice, changes)
        record.pdus.append(notice)
        if notice.type == AssociateRQ.TYPE and record.request is None:
            record.request = notice
        elif notice.type == AssociateAC.TYPE and record.answer is None:
            record.answer = notice
        record.bytes += len(notice.data)
        self._pdus += 1
        self._bytes += len(notice.data)
        fresh = changes.pdus.get(record.number)
        if fresh is None:
            changes.pdus[record.number] = [notice]
        else:
            fresh.append(notice)

    def _finding(self, notice: FindingNotice, changes: Changes) -> None:
        record = self._of(notice, changes)
        record.findings.append(notice)
        if len(record.findings) > KEPT_FINDINGS:
            del record.findings[: KEPT_FINDINGS // 10]
        record.counts[notice.rule, notice.severity] += 1
        changes.findings.setdefault(record.number, []).append(notice)

    # -- bounds -------------------------------------------------------------------------------------------------

    def _bound(self, changes: Changes) -> None:
        if len(self.associations) > self._kept_associations or self._pdus > self._kept_pdus:
            self._forget_ended(changes)
        if self._pdus > self._kept_pdus:
            self._forget_pdus(next(iter(self.associations.values())))
        if self._bytes > self._kept_bytes:
            for record in self.associations.values():
                self._cut(record)
                if self._bytes <= self._kept_bytes:
                    break

    def _forget_ended(self, changes: Changes) -> None:
        newest = next(reversed(self.associations), None)
        for number, record in list(self.associations.items()):
            if len(self.associations) <= self._kept_associations and self._pdus <= self._kept_pdus:
                return
            if record.ended and number != newest:
                del self.associations[number]
                self._pdus -= len(record.pdus)
                self._bytes -= record.bytes
                changes.gone.append(number)

    def _forget_pdus(self, record: TraceAssociation) -> None:
        """Drop the older half of one association's PDUs."""
        count = len(record.pdus) // 2
        size = sum(len(p.data) for p in record.pdus[:count])
        del record.pdus[:count]
        record.forgotten += count
        record.bytes -= size
        self._pdus -= count
        self._bytes -= size

    def _cut(self, record: TraceAssociation) -> None:
        """Keep the beginnings of its P-DATA-TF."""
        for place, notice in enumerate(record.pdus):
            if notice.type == PDataTF.TYPE and len(notice.data) > HEAD:
                record.pdus[place] = replace(notice, data=notice.data[:HEAD])
        size = sum(len(p.data) for p in record.pdus)
        self._bytes -= record.bytes - size
        record.bytes = size
