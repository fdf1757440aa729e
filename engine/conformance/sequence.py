"""The order of PDUs on one association, seen from the wire (PS3.8 7.1 to 7.3, 9.2).

A side is judged by what it sent itself and by what it must have received before: what the other side sent may still
have been on its way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from typing import ClassVar

from engine.model.notices import Evidence
from engine.model.whole_numbers import counted
from engine.standard.lean import dataclass
from engine.standard.pdus import (
    PDUS,
    AbortPdu,
    AssociateAC,
    AssociateRJ,
    AssociateRQ,
    PDataTF,
    ReleaseRP,
    ReleaseRQ,
)

from .findings import Finding, found

RQ, AC, RJ, DATA = AssociateRQ.TYPE, AssociateAC.TYPE, AssociateRJ.TYPE, PDataTF.TYPE
RELEASE_RQ, RELEASE_RP, ABORT = ReleaseRQ.TYPE, ReleaseRP.TYPE, AbortPdu.TYPE
_ENDS = (RJ, RELEASE_RP, ABORT)
_UNEXPECTED = frozenset({
    "pdu.first", "pdu.wrong-side", "pdu.second-request", "pdu.answer-unasked", "pdu.unestablished",
    "pdu.data-after-release", "pdu.second-release", "pdu.release-unasked", "pdu.release-collision", "pdu.unreadable",
})  # fmt: skip
"""What the receiver answers with A-ABORT (AA-1, AA-8)."""
_AFTER_DATA = frozenset({RELEASE_RQ, RELEASE_RP, RJ, ABORT})
_EVIDENCE = Evidence(text="PDU-type", start=0, end=1)
_USER_ABORTS = 0


_COURSE = {
    (0, RQ, True): 1,
    (1, AC, False): 2,
    (2, DATA, True): 2,
    (2, DATA, False): 2,
    (2, RELEASE_RQ, True): 3,
    (3, RELEASE_RP, False): 4,
}
"""The usual course of an association, step by step: nothing is wrong with any of it."""
_LEFT = -1


@dataclass(slots=True)
class Side:
    """What one side has sent. ended: the PDU with which it ended the association, 0 before. broke: it sent something
    that calls for an A-ABORT, in words."""

    requestor: bool
    sent: set[int] = field(default_factory=set)
    ended: int = 0
    broke: str = ""
    may_send_data: bool = False

    @property
    def name(self) -> str:
        return "requestor" if self.requestor else "acceptor"


_Rule = Callable[["Sequence", Side, Side], Iterable[tuple[str, str]]]


class Sequence:
    """Both sides of one association. outstanding: names the requests of a side that have no final response."""

    def __init__(self, outstanding: Callable[[bool], list[str]]) -> None:
        self.sides = {True: Side(True), False: Side(False)}
        self._outstanding = outstanding
        self._established = False
        self._step = 0
        """Of the usual course; `_LEFT` when it was left."""

    def takes_data(self, from_requestor: bool) -> bool:
        """Whether nothing is wrong with a P-DATA-TF of this side now."""
        return self.sides[from_requestor].may_send_data and not self.sides[not from_requestor].broke

    def pdu(self, kind: int, from_requestor: bool) -> list[Finding]:
        """A PDU of a known type was sent by this side."""
        return [] if self._goes_on(kind, from_requestor) else self._judged(kind, from_requestor)

    def _goes_on(self, kind: int, from_requestor: bool) -> bool:
        """The quick twin of `_judged` for a PDU of the usual course; False for any other, and after one."""
        step = _COURSE.get((self._step, kind, from_requestor), _LEFT)
        if kind == RELEASE_RQ and step != _LEFT and self._outstanding(True):
            step = _LEFT
        self._step = step
        if step == _LEFT:
            return False
        me = self.sides[from_requestor]
        me.sent.add(kind)
        if kind == AC:
            self._established = me.may_send_data = self.sides[True].may_send_data = True
        elif kind == RELEASE_RQ:
            me.may_send_data = False
        elif kind == RELEASE_RP:
            me.may_send_data, me.ended = False, kind
        return True

    def _judged(self, kind: int, from_requestor: bool) -> list[Finding]:
        me, other = self.sides[from_requestor], self.sides[not from_requestor]
        findings = [found(rule, sentence, evidence=_EVIDENCE) for rule, sentence in self._judge(kind, me, other)]
        if not other.ended:
            self._broken(me, findings)
        me.sent.add(kind)
        if kind in _ENDS and (kind != RELEASE_RP or not self._awaits_response(me, other)):
            me.ended = me.ended or kind
        self._established = self._established or (kind == AC and RQ in other.sent)
        for side in (me, other):
            side.may_send_data = self._established and not side.sent & _AFTER_DATA
        return findings

    def unreadable(self, sentence: str, from_requestor: bool, offset: int = 0) -> list[Finding]:
        """Bytes of this side that are no PDU."""
        self._step = _LEFT
        evidence = Evidence(text="PDU", start=offset or None, end=offset + 1 if offset else None)
        finding = found("pdu.unreadable", sentence, evidence=evidence)
        me, other = self.sides[from_requestor], self.sides[not from_requestor]
        if not other.ended:
            self._broken(me, [finding])
        return [finding]

    @staticmethod
    def _broken(me: Side, findings: list[Finding]) -> None:
        for finding in findings:
            if finding.rule in _UNEXPECTED and not me.broke:
                me.broke = finding.sentence.removesuffix(".")

    def _judge(self, kind: int, me: Side, other: Side) -> Iterator[tuple[str, str]]:
        name = PDUS[kind].NAME
        if me.ended and kind != ABORT:
            yield "pdu.after-end", f"{name} comes after the {me.name}'s {PDUS[me.ended].NAME}."
            return
        if kind == RELEASE_RP and other.broke:  # it must have seen what came before the A-RELEASE-RQ
            yield "pdu.abort-missing", f"The {me.name} answers with {name}, although: {other.broke}."
            other.broke = ""
        if RQ not in self.sides[True].sent and kind not in (RQ, ABORT):
            yield "pdu.first", f"{name} comes before any A-ASSOCIATE-RQ."
            return
        yield from self._RULES[kind](self, me, other)

    # -- one method for each PDU-type

    def _rq(self, me: Side, other: Side) -> Iterator[tuple[str, str]]:
        if not me.requestor:
            yield "pdu.wrong-side", "A-ASSOCIATE-RQ comes from the acceptor."
        elif RQ in me.sent:
            yield "pdu.second-request", "A second A-ASSOCIATE-RQ comes on the connection."

    def _answer(self, me: Side, other: Side) -> Iterator[tuple[str, str]]:
        if me.requestor:
            yield "pdu.wrong-side", "The requestor answers its own A-ASSOCIATE-RQ."
        elif me.sent & {AC, RJ}:
            yield "pdu.answer-unasked", "The A-ASSOCIATE-RQ is answered a second time."

    def _data(self, me: Side, other: Side) -> Iterator[tuple[str, str]]:
        if not self._established:
            yield "pdu.unestablished", f"The {me.name} sends P-DATA-TF, but the association is not established."
        elif RELEASE_RQ in me.sent:
            yield "pdu.data-after-release", f"The {me.name} sends P-DATA-TF after its A-RELEASE-RQ."

    def _release(self, me: Side, other: Side) -> Iterator[tuple[str, str]]:
        if not self._established:
            yield "pdu.unestablished", f"The {me.name} sends A-RELEASE-RQ, but the association is not established."
            return
        if RELEASE_RQ in me.sent:
            yield "pdu.second-release", f"The {me.name} sends a second A-RELEASE-RQ."
            return
        if not me.requestor and RELEASE_RQ not in other.sent:
            yield "pdu.release-by-acceptor", "The acceptor starts the release; that is the requestor's right."
        waiting = self._outstanding(me.requestor)
        if waiting:
            yield (
                "pdu.release-outstanding",
                f"The {me.name} releases the association while it waits for {', '.join(waiting)}.",
            )

    def _released(self, me: Side, other: Side) -> Iterator[tuple[str, str]]:
        if RELEASE_RQ not in other.sent:
            yield "pdu.release-unasked", f"The {me.name} sends A-RELEASE-RP, but the {other.name} asked for no release."
        elif not me.requestor and RELEASE_RQ in me.sent and RELEASE_RP not in other.sent:
            yield "pdu.release-collision", "Both sides asked for release, and the acceptor answers first."

    def _abort(self, me: Side, other: Side) -> Iterable[tuple[str, str]]:
        other.broke = ""
        return ()

    _RULES: ClassVar[dict[int, _Rule]] = {
        RQ: _rq,
        AC: _answer,
        RJ: _answer,
        DATA: _data,
        RELEASE_RQ: _release,
        RELEASE_RP: _released,
        ABORT: _abort,
    }

    def abort(self, pdu: AbortPdu, from_requestor: bool) -> list[Finding]:
        """The A-ABORT in the light of what it answers; before `pdu` is told of it."""
        other = self.sides[not from_requestor]
        asked = RQ in self.sides[True].sent
        if not other.broke or pdu.source != _USER_ABORTS or not asked:
            return []
        sentence = f"The A-ABORT says the user sent it (source 0), although: {other.broke}."
        return [found("pdu.abort-source-provider", sentence, evidence=Evidence(text="Source", start=8, end=9))]

    def _awaits_response(self, me: Side, other: Side) -> bool:
        """In a collision the requestor answers first and then waits for its own answer."""
        return RELEASE_RQ in me.sent and RELEASE_RP not in other.sent

    # -- the end of the connection

    def closed(self, by_requestor: bool, pending: int) -> list[Finding]:
        """This side closed the connection; `pending` bytes of a PDU of its had come."""
        asker, answerer = self.sides[True], self.sides[False]
        if any(s.ended or RELEASE_RP in s.sent for s in (asker, answerer)) or RQ not in asker.sent:
            return []
        me, other = self.sides[by_requestor], self.sides[not by_requestor]
        told = []
        if pending:
            sentence = f"The {me.name} closed the connection {counted(pending, 'byte')} into a PDU."
            told.append(("pdu.closed-within", sentence))
        if not self._established and not by_requestor:
            told.append(("pdu.request-unanswered", "The acceptor closed the connection instead of answering."))
        elif RELEASE_RQ in other.sent:
            sentence = f"The {me.name} closed the connection instead of answering the A-RELEASE-RQ."
            told.append(("pdu.release-unanswered", sentence))
        else:
            told.append(("pdu.closed", f"The {me.name} closed the connection without release or abort."))
        return [found(rule, sentence) for rule, sentence in told]

    def not_closed(self, seconds: float | None) -> Finding | None:
        """The connection still stands after the association has ended."""
        ended = next((s.ended for s in self.sides.values() if s.ended), 0)
        if not ended:
            return None
        wait = f" within {seconds:g} s" if seconds is not None else ""
        return found("pdu.not-closed", f"The connection was not closed{wait} after {PDUS[ended].NAME}.")
