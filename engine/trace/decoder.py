"""One recorded association decoded: bytes of both directions in, the notices a live one would give out.

"Sent" is what the requestor sent. Whatever the bytes are, decoding goes on as far as they can be understood.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field

from engine.conformance.findings import Finding
from engine.conformance.watcher import Verdict, Watcher
from engine.model.association import Negotiated, Peer, Proposal
from engine.model.dataset import EncodedData
from engine.model.limits import USUAL, Limits
from engine.model.notices import (
    AnyNotice,
    AssociationNotice,
    AssociationPhase,
    Direction,
    ErrorNotice,
    FindingNotice,
    MessageNotice,
    Outcome,
    PduNotice,
)
from engine.protocol.asked import syntaxes_of
from engine.protocol.negotiation import outcome
from engine.standard.codes import abort_text, rejection_text
from engine.standard.lean import dataclass
from engine.standard.pdus import (
    PDUS,
    AbortPdu,
    AssociateAC,
    AssociateRJ,
    AssociateRQ,
    PDataTF,
    Pdu,
    PresentationContextAC,
    ReleaseRP,
    ReleaseRQ,
)
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE
from engine.wire.framer import Framer
from engine.wire.pdus import INVALID_PARAMETER_VALUE, PDU_HEADER, PduError, all_of, decode_pdu, iter_pdvs
from engine.wire.reassembly import Assembled, FragmentError, Reassembler
from engine.wire.secrets import without_strays

from .proposals import proposal_of
from .recorded_operations import RecordedOperations

_SHORT = {3: 4, 5: 4, 6: 4, 7: 4}
"""PDU-lengths the Standard fixes (PS3.8 9.3.4, 9.3.6 to 9.3.8)."""
_LARGEST_PLAUSIBLE = 1 << 24


def plausible(data: bytes) -> bool:
    """Whether these bytes may well begin a PDU: type, reserved byte and a believable length."""
    if len(data) < 6 or data[0] not in PDUS or data[1]:
        return False
    length = int.from_bytes(data[2:6], "big")
    return length == _SHORT.get(data[0], length) and 4 <= length <= _LARGEST_PLAUSIBLE


@dataclass(slots=True)
class _Side:
    """One direction."""

    limits: Limits
    framer: Framer = field(init=False)
    reassembler: Reassembler = field(init=False)
    lost: bool = False
    """The place in the stream is not known: bytes are skipped until a PDU begins."""
    skipped: int = 0

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """At the beginning of a PDU and of a message."""
        limit = self.limits.pdu_length
        self.framer = Framer(limit, most=PDU_HEADER + limit)  # a stream has one PDU under way
        self.begin_message()

    def begin_message(self) -> None:
        limits = self.limits
        self.reassembler = Reassembler(command_limit=limits.command_set, message_limit=limits.data_set)


@dataclass(slots=True)
class Decoder:
    """One association. number: of its notices. peer: the acceptor's address. new_id: gives operations their numbers.
    limits: of what is read; those that refuse an association or a message as a whole are the peers' affair."""

    number: int
    peer: Peer
    new_id: Callable[[], int]
    start: float = 0.0
    proposal: Proposal | None = None
    negotiated: Negotiated | None = None
    phase: AssociationPhase | None = None
    pdus: int = 0
    limits: Limits = USUAL
    watcher: Watcher = field(init=False)
    _found: list[Verdict] = field(default_factory=list)
    _rq: AssociateRQ | None = None
    _accepted_only: dict[int, str] = field(default_factory=dict)
    _sides: tuple[_Side, _Side] = field(init=False)
    _operations: RecordedOperations = field(init=False)

    def __post_init__(self) -> None:
        self.watcher = Watcher(requestor=True, limits=self.limits)
        self._sides = _Side(self.limits), _Side(self.limits)
        self._operations = RecordedOperations(self.number, self.new_id)

    def feed(self, data: bytes, from_requestor: bool, time: float, missing: int = 0) -> Iterator[AnyNotice]:
        """Bytes of one direction; `missing` were lost in front of them."""
        side = self._sides[0 if from_requestor else 1]
        if missing:
            yield self._error(time, f"{missing} bytes {_whose(from_requestor)} are missing in the capture.")
            self._lose(side)
        if side.lost:
            if not plausible(data):
                side.skipped += len(data)
                return
            if side.skipped:
                sentence = f"{side.skipped} bytes {_whose(from_requestor)} were skipped up to the next whole PDU."
                yield self._error(time, sentence)
            side.lost, side.skipped = False, 0
        try:
            for view in side.framer.feed(data):
                yield from self._pdu(bytes(view), side, from_requestor, time)
        except PduError as error:
            yield self._error(time, f"The bytes {_whose(from_requestor)} stop being DICOM: {error.reason}")
            self._lose(side)

    def _lose(self, side: _Side) -> None:
        side.lost, side.skipped = True, side.skipped + side.framer.pending
        side.begin()
        self.watcher.incomplete()

    def end(self, time: float, how: str, *, one_sided: bool = False) -> Iterator[AnyNotice]:
        """No more bytes. how: what ended the recording, for the sentence of an association that had not ended.

        one_sided: only one direction was recorded, so that nothing is known of how the association ended.
        """
        for side, from_requestor in zip(self._sides, (True, False), strict=True):
            if side.framer.pending:
                sentence = f"{how} in the middle of a PDU {_whose(from_requestor)} ({side.framer.pending} bytes of it)."
                yield self._error(time, sentence)
            if side.skipped:
                yield self._error(time, f"{side.skipped} bytes {_whose(from_requestor)} at the end could not be read.")
            for context_id, command_bytes, data_bytes in side.reassembler.pending:
                count = command_bytes + data_bytes
                sentence = (
                    f"A message {_whose(from_requestor)} on context {context_id} is not complete ({count} bytes)."
                )
                yield self._error(time, sentence)
        if not one_sided and self.phase in (
            AssociationPhase.NEGOTIATING,
            AssociationPhase.ESTABLISHED,
            AssociationPhase.RELEASING,
        ):
            yield self._association(
                time, AssociationPhase.FAILED, f"{how} before the association ended.", Outcome.ABORTED
            )

    # -- PDUs

    def _pdu(self, data: bytes, side: _Side, from_requestor: bool, time: float) -> Iterator[AnyNotice]:
        self.pdus += 1
        if self.pdus == 1 and data[0] != AssociateRQ.TYPE:
            self.watcher.incomplete()
        yield PduNotice(
            association=self.number,
            time=time,
            clock=time,
            direction=_direction(from_requestor),
            type=data[0],
            data=data,
            size=len(data),
        )
        self._found += self.watcher.pdu(_direction(from_requestor), (data,), time=time)
        if data[0] == PDataTF.TYPE:
            yield from self._p_data(data, side, from_requestor, time)
            return
        try:
            pdu = decode_pdu(without_strays(data))
        except PduError as error:
            yield self._error(time, f"A PDU {_whose(from_requestor)} cannot be read: {error.reason}")
            yield from self._watched()
            return
        yield from self._upper_layer(pdu, time)
        yield from self._watched()

    def _upper_layer(self, pdu: Pdu, time: float) -> Iterator[AnyNotice]:
        phase = AssociationPhase
        match pdu:
            case AssociateRQ():
                self._rq, self.proposal, self.start = pdu, proposal_of(pdu, self.peer), time
                called = f"{self.proposal.local.ae_title} calls {self.proposal.peer.ae_title}"
                yield self._association(time, phase.NEGOTIATING, f"{called}.")
            case AssociateAC():
                self._accept(pdu)
                yield self._association(time, phase.ESTABLISHED, self._accepted_sentence())
            case AssociateRJ():
                values = (pdu.result, pdu.source, pdu.reason)
                sentence = f"Rejected: {rejection_text(*values)}."
                yield self._association(time, phase.REJECTED, sentence, Outcome.REJECTED, rejection=values)
            case ReleaseRQ():
                yield self._association(time, phase.RELEASING, "")
            case ReleaseRP():
                yield self._association(time, phase.RELEASED, "Released.", Outcome.SUCCESS)
            case AbortPdu():
                pair = (pdu.source, pdu.reason)
                sentence = f"Aborted: {abort_text(*pair)}."
                yield self._association(time, phase.ABORTED, sentence, Outcome.ABORTED, abort=pair)

    def _accept(self, ac: AssociateAC) -> None:
        if self._rq is not None:
            self.negotiated = outcome(self._rq, ac)
            self.watcher.established(self.negotiated)
        else:
            # Without the request nothing is known of the abstract syntaxes; the transfer syntaxes are in the answer.
            self._accepted_only = _accepted_syntaxes(ac)

    def _accepted_sentence(self) -> str:
        if self.negotiated is None:
            return f"Accepted, {len(self._accepted_only)} presentation contexts; the request was not recorded."
        accepted = sum(c.accepted for c in self.negotiated.contexts)
        return f"Accepted, {accepted} of {len(self.negotiated.contexts)} presentation contexts."

    def _p_data(self, data: bytes, side: _Side, from_requestor: bool, time: float) -> Iterator[AnyNotice]:
        try:
            pdvs = iter_pdvs(data, self.limits.pdvs)
        except PduError as error:
            yield self._error(time, f"A P-DATA-TF {_whose(from_requestor)} cannot be read: {error.reason}")
            yield from self._watched()
            return
        try:
            assembled = side.reassembler.feed(pdvs)
        except FragmentError as error:
            assembled = list(error.completed)
            side.begin_message()
            if error.abort_reason == INVALID_PARAMETER_VALUE:  # above a limit; everything else is a finding
                yield self._error(time, f"A message {_whose(from_requestor)} is left out: {error.reason}")
        for message in assembled:
            yield from self._message(message, from_requestor, time)
        yield from self._watched()

    # -- messages

    def _message(self, a: Assembled, from_requestor: bool, time: float) -> Iterator[AnyNotice]:
        abstract, syntax, guessed = self._syntaxes(a)
        operation, duration = self._operations.of(a.command, from_requestor, time)
        yield MessageNotice(
            association=self.number,
            operation=operation.number if operation else None,
            time=time,
            clock=time,
            direction=_direction(from_requestor),
            context_id=a.context_id,
            abstract_syntax=abstract,
            transfer_syntax=syntax,
            command=a.command,
            command_bytes=a.command_bytes,
            data=EncodedData(a.data, syntax) if a.data is not None and syntax else None,
            data_length=a.data_length,
            limits=self.limits,
            duration=duration,
            unsolicited=a.command.is_response and operation is None,
        )
        number = operation.number if operation else None
        if guessed and a.data:
            sentence = f"The negotiation of context {a.context_id} was not recorded; the data set is read as {guessed}."
            guess = Finding("trace.guess", "info", sentence, "")
            yield self._finding(guess, _direction(from_requestor), time, number)
        yield from self._watched(number)
        if operation is not None and a.command.is_response:
            ended = self._operations.answered(operation, a.command, time)
            if ended is not None:
                yield ended

    def _syntaxes(self, a: Assembled) -> tuple[str, str, str]:
        """(abstract syntax, transfer syntax, what the transfer syntax is guessed to be when it is)."""
        context = self.negotiated.context(a.context_id) if self.negotiated else None
        if context is not None and context.transfer_syntax:
            return context.abstract_syntax, context.transfer_syntax, ""
        abstract = context.abstract_syntax if context else ""
        known = self._accepted_only.get(a.context_id, "")
        if known:
            return abstract, known, ""
        proposed = next((c for c in self.proposal.contexts if c.id == a.context_id), None) if self.proposal else None
        abstract = proposed.abstract_syntax if proposed else abstract
        if proposed and len(proposed.transfer_syntaxes) == 1:
            return abstract, proposed.transfer_syntaxes[0], ""
        explicit = a.data is not None and a.data[4:6].isalpha() and a.data[4:6].isupper()
        syntax, name = (EXPLICIT_VR_LE, "Explicit VR") if explicit else (IMPLICIT_VR_LE, "Implicit VR")
        return abstract, syntax, f"{name} Little Endian"

    # -- notices

    def _association(
        self,
        time: float,
        phase: AssociationPhase,
        sentence: str,
        result: Outcome | None = None,
        rejection: tuple[int, int, int] | None = None,
        abort: tuple[int, int] | None = None,
    ) -> AssociationNotice:
        self.phase = phase
        return AssociationNotice(
            association=self.number,
            time=time,
            clock=time,
            phase=phase,
            requestor=True,
            peer=self.proposal.peer if self.proposal else self.peer,
            sentence=sentence,
            proposal=self.proposal,
            negotiated=self.negotiated,
            rejection=rejection,
            abort=abort,
            outcome=result,
            duration=time - self.start,
        )

    def _watched(self, operation: int | None = None) -> Iterator[FindingNotice]:
        """What was found in the PDU just seen, once what it is about has been told."""
        found, self._found = self._found, []
        for verdict in found:
            yield self._finding(verdict.finding, verdict.direction, verdict.time, operation)

    def _finding(self, f: Finding, direction: Direction, time: float, operation: int | None) -> FindingNotice:
        return FindingNotice(
            association=self.number,
            time=time,
            direction=direction,
            rule=f.rule,
            severity=f.severity,
            sentence=f.sentence,
            clause=f.clause,
            evidence=f.evidence,
            operation=operation,
        )

    def _error(self, time: float, sentence: str) -> ErrorNotice:
        return ErrorNotice(time=time, sentence=sentence, association=self.number)


def _direction(from_requestor: bool) -> Direction:
    return Direction.SENT if from_requestor else Direction.RECEIVED


def _whose(from_requestor: bool) -> str:
    return "from the requestor" if from_requestor else "from the acceptor"


def _accepted_syntaxes(ac: AssociateAC) -> dict[int, str]:
    named = ((item.id, syntaxes_of(item.items)) for item in all_of(ac.items, PresentationContextAC) if not item.result)
    return {number: syntaxes[0] for number, syntaxes in named if syntaxes}
