"""Judges one association as it passes by: every PDU and every message, of both sides, with what came before.

Without socket or clock: PDUs in, findings out. It works for a live association as for a recorded one.
Whatever the bytes are, nothing is raised. Of long data sets only the beginning is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from functools import cached_property
from hashlib import blake2b
from typing import Any, ClassVar

from engine.model.association import Negotiated, NegotiatedContext
from engine.model.limits import Limits
from engine.model.notices import Direction, Evidence
from engine.model.tls import TlsVerdict
from engine.standard.lean import dataclass
from engine.standard.messages import RESPONSE_BIT, SERVICES, STORE
from engine.standard.pdus import AbortPdu, AssociateAC, AssociateRJ, AssociateRQ, PDataTF, Pdu, ReleaseRP, ReleaseRQ
from engine.wire.echo_form import EchoForm
from engine.wire.fragments import DataRun
from engine.wire.message_run import MessageRun
from engine.wire.pdus import PDU_HEADER, PDV_HEADER, PduError, decode_pdu
from engine.wire.store_form import StoreForm

from . import query, retrieve
from .assembly import BODY_LIMIT, Assembly
from .association import check_abort, check_accept, check_reject, check_request, check_short
from .commands import check_command
from .data import check_data
from .echoes import Echo, Echoes
from .exchanges import Exchanges
from .findings import Finding, condensed, found
from .instances import encoding_fault, has_uids, instance_uids
from .matches import count_clean, match_shape, note_clean
from .message import Message
from .pdvs import Buffer, PdvSeen, judge_pdvs, only_pdv, only_whole, see_pdvs
from .sequence import Sequence as PduSequence
from .spans import located
from .templates import INSTANCE, Templates
from .tls import check_certificate, check_chosen, check_peer
from .workflow import Workflow

_SENT, _RECEIVED = Direction.SENT, Direction.RECEIVED
_CLASS_TOLD, _INSTANCE_TOLD = 0x00000002, 0x00001000


@dataclass(slots=True)
class StoreSeen:
    """A C-STORE-RQ with its data set and its response. number, uid: its own Message ID and SOP Instance UID, as they
    stand there. front: the beginning of the data set. longest: bytes of its largest PDU; answer: of the response's."""

    form: StoreForm
    number: bytes
    uid: bytes
    front: bytes
    longest: int
    answer: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding and whose it is.

    time: of the PDU it is seen in, as the watcher was given it. message: it is about a whole message that ended with
    the PDU just seen; `time` is that of its command set then.
    """

    direction: Direction
    finding: Finding
    time: float = 0.0
    message: bool = False


_CONNECTED = frozenset({"exchange", "retrieve", "workflow"})
_FRAGMENTS = frozenset({"pdata.interleaved", "pdata.data-first", "pdata.command-unended", "pdata.unfinished"})


REMEMBERED = 256
"""A-ASSOCIATE PDUs whose findings are remembered: one association after the other with the same peer looks the same."""
_judged: dict[bytes, tuple[Finding, ...]] = {}

USUAL = Limits()


class Watcher:
    """One association. requestor: whether what counts as sent comes from the association's requestor. limits: of the
    data sets that are read."""

    def __init__(self, requestor: bool, limits: Limits = USUAL) -> None:
        self.requestor = requestor
        self._limits = limits
        self._complete = True
        self._time = 0.0
        self._negotiated: Negotiated | None = None
        self._request: AssociateRQ | None = None
        self._request_data = b""
        self._asked = b""
        self._exchanges = Exchanges()
        self._sequence = PduSequence(self._exchanges.names)
        self._contexts: dict[int, NegotiatedContext] = {}
        self._accepted: frozenset[int] | None = None
        self._maximum = {True: 0, False: 0}
        self._clean_stores: set[StoreForm] = set()
        self._echoes = Echoes()

    # What many associations never need is made when it is asked for.

    @cached_property
    def _assemblies(self) -> dict[bool, Assembly]:
        """The messages of either side."""
        templates = Templates()
        assemblies = {side: Assembly(side, templates, self._exchanges.command, self._limits) for side in (True, False)}
        for assembly in assemblies.values():
            assembly.contexts = self._contexts
        return assemblies

    def _unfinished(self, by_requestor: bool) -> Iterable[Finding]:
        return self._assemblies[by_requestor].unfinished() if "_assemblies" in vars(self) else ()

    @cached_property
    def _workflow(self) -> Workflow:
        workflow = Workflow()
        workflow.negotiated = self._negotiated
        return workflow

    # -- what is known

    def established(self, negotiated: Negotiated) -> None:
        """What both sides agreed on; `send_maximum` is that of what counts as sent."""
        self._negotiated = negotiated
        self._contexts = accepted = {c.id: c for c in reversed(negotiated.contexts) if c.accepted}
        self._accepted = frozenset(accepted)
        self._maximum = {True: negotiated.send_maximum, False: negotiated.receive_maximum}
        if "_assemblies" in vars(self):
            for assembly in self._assemblies.values():
                assembly.contexts = accepted
        self._exchanges.established(negotiated)
        if "_workflow" in vars(self):
            self._workflow.negotiated = negotiated

    def incomplete(self) -> None:
        """Not all that passed is seen (a recording with gaps, or of one side): from here on only what single PDUs and
        messages show is judged."""
        if self._echoes:
            self._read_echoes()
        self._complete = False
        if "_assemblies" in vars(self):
            for assembly in self._assemblies.values():
                assembly.forget()

    # -- what passes

    def pdu(
        self, direction: Direction, buffers: Sequence[Buffer], pdu: Pdu | None = None, time: float = 0.0
    ) -> list[Verdict]:
        """A whole PDU, header included, in one buffer or several. `pdu`: it decoded, where that is known.

        time: the caller's, for the verdicts.
        """
        if self._echoes:
            self._read_echoes()
        self._time = time
        by_requestor = self._by_requestor(direction)
        first = buffers[0] if buffers else b""
        if len(first) and first[0] == PDataTF.TYPE:
            return self.data(direction, buffers, time)
        data = b"".join(buffers)
        key = self._key(data)
        known = _judged.get(key) if key is not None else None
        if known is not None:
            findings = self._sequence.pdu(data[0], by_requestor)
            if data[0] in _ENDING:
                findings += self._unfinished(by_requestor)
            return self._told(direction, [*findings, *known])
        try:
            pdu = decode_pdu(data) if pdu is None else pdu
        except PduError as error:
            return self._told(direction, self._sequence.unreadable(error.reason, by_requestor, error.offset))
        findings = self._sequence.abort(pdu, by_requestor) if isinstance(pdu, AbortPdu) else []
        findings += self._sequence.pdu(pdu.TYPE, by_requestor)
        if pdu.TYPE in _ENDING:
            findings += self._unfinished(by_requestor)
        judged = located(condensed(self._judge_pdu(pdu)), pdu, data)
        if key is not None:
            if len(_judged) >= REMEMBERED:
                _judged.clear()
            _judged[key] = tuple(judged)
        return self._told(direction, findings + judged)

    def data(self, direction: Direction, buffers: Sequence[Buffer], time: float = 0.0) -> list[Verdict]:
        """A whole P-DATA-TF; see `pdu`."""
        if self._echoes:
            self._read_echoes()
        self._time = time
        by_requestor = (direction is _SENT) is self.requestor
        takes_data = self._sequence.takes_data(by_requestor)
        alone = only_whole(buffers, BODY_LIMIT) if takes_data else None
        if alone is not None:
            context_id, control, fragment = alone
            assembly, maximum = self._assemblies[by_requestor], self._maximum[direction is _SENT]
            fits = not maximum or len(fragment) + PDV_HEADER <= maximum
            accepted = self._accepted is None or context_id in self._accepted
            if fits and accepted and assembly.takes_whole(context_id, control):
                assembly.time = time
                message = assembly.whole(context_id, control, fragment)
                of_message = self._message(message) if message is not None else None
                return self._told(direction, of_message, message) if of_message else []
        pdv = only_pdv(buffers)
        if pdv is not None and takes_data and self._is_plain(pdv, direction, buffers[0]):
            return self._feed(direction, by_requestor, (pdv,), [])  # the many
        pdvs, fault = see_pdvs(buffers)
        if fault:
            return self._told(direction, self._sequence.unreadable(f"P-DATA-TF: {fault}.", by_requestor, PDU_HEADER))
        findings = self._sequence.pdu(PDataTF.TYPE, by_requestor)
        findings += judge_pdvs(pdvs, self._maximum[direction is _SENT], self._accepted, reserved=_reserved(buffers[0]))
        return self._feed(direction, by_requestor, pdvs, findings)

    def run(self, direction: Direction, run: DataRun, time: float = 0.0) -> list[Verdict]:
        """P-DATA-TFs that are alike: the verdicts `pdu` would give for each. Of most only the length counts."""
        if self._echoes:
            self._read_echoes()
        self._time = time
        by_requestor = self._by_requestor(direction)
        assembly, length, fragments = self._assemblies[by_requestor], len(run.buffers[1]), run.fragments
        context_id = run.context_id
        plain = PdvSeen(context_id, 0, PDU_HEADER, length)
        alike = self._sequence.takes_data(by_requestor) and self._is_plain(plain, direction, run.header)
        verdicts: list[Verdict] = []
        for index, fragment in enumerate(fragments):
            if alike and assembly.more(context_id, fragments, index, length):
                break
            verdicts += self.pdu(direction, (run.header[:PDU_HEADER], run.header[PDU_HEADER:], fragment), None, time)
        return verdicts

    def matches(self, direction: Direction, run: MessageRun, first: int) -> int:
        """How many of these messages, from `first` on, are matches of a C-FIND with which nothing is wrong, as is known
        of others like them: those have passed. What comes then has to be told PDU by PDU."""
        if self._echoes:
            self._read_echoes()
        by_requestor = self._by_requestor(direction)
        assembly, maximum = self._assemblies[by_requestor], self._maximum[direction is _SENT]
        longest = PDV_HEADER + max(run.largest, len(run.head) - PDU_HEADER - PDV_HEADER)
        accepted = self._accepted is None or run.context_id in self._accepted
        if not accepted or (maximum and longest > maximum) or not self._sequence.takes_data(by_requestor):
            return 0
        m = assembly.seen(run.context_id, run.command_bytes)
        if m is None or m.service != "C-FIND" or m.kind != "response" or m.is_final or not m.announced:
            return 0
        operation = self._exchanges.plainly_asked(m)
        if operation is None:
            return 0
        m.has_data = True
        if _circumstances(m, operation.request) not in m.template.clean:
            return 0
        count = count_clean(m, operation, run, first)
        if count:
            operation.responses += count
            assembly.passed(m.context_id, m.field)
        return count

    def is_clean(self, direction: Direction, seen: StoreSeen) -> bool:
        """Whether nothing is wrong with a C-STORE-RQ, its data set, and its response, of a form in which nothing was
        found before: then `passed` may be told once both are there. Else each PDU has to be told."""
        if self._echoes:
            self._read_echoes()
        form, asking, maximum = seen.form, self._by_requestor(direction), self._maximum
        most, most_back = maximum[direction is _SENT], maximum[direction is not _SENT]
        asked, answered = self._assemblies[asking], self._assemblies[not asking]
        context = self._contexts.get(form.context_id)
        return not (
            form not in self._clean_stores
            or context is None
            or (most and seen.longest - PDU_HEADER > most)
            or (most_back and seen.answer - PDU_HEADER > most_back)
            or not (asked.rests and answered.rests and self._exchanges.passes(asking, _number(seen)))
            or not (self._sequence.takes_data(asking) and self._sequence.takes_data(not asking))
            or not has_uids(seen.front, context.transfer_syntax, form.sop_class, seen.uid)
        )

    def passed(self, direction: Direction, seen: StoreSeen) -> None:
        """Such a request and its response passed."""
        asking, context_id = self._by_requestor(direction), seen.form.context_id
        self._exchanges.passed(asking, _number(seen))
        self._assemblies[asking].passed(context_id, STORE)
        self._assemblies[not asking].passed(context_id, STORE | RESPONSE_BIT, has_data=False)

    def note_clean(self, form: StoreForm) -> None:
        """Nothing was found in a C-STORE-RQ and its response of this form."""
        self._clean_stores.add(form)

    def echo(self, echo: Echo) -> bool:
        """A C-ECHO-RQ: whether nothing is wrong with it, as with others of its form; it has passed then. Else its PDU
        has to be told."""
        sent = echo.direction is _SENT
        asking = sent is self.requestor
        mine = self._assemblies[asking]
        return self._echoes.asked(echo, self._maximum[sent], asking, mine, self._exchanges, self._sequence)

    def echo_answered(self, direction: Direction, form: EchoForm, number: int) -> bool:
        """A response to one, of that form; as `echo`."""
        sent, exchanges = direction is _SENT, self._exchanges
        asking, most = sent is not self.requestor, self._maximum[sent]
        return self._echoes.answered(form, number, most, asking, self._assemblies, exchanges, self._sequence)

    def note_clean_echo(self, form: EchoForm) -> None:
        """Nothing was found in a C-ECHO-RQ and its response of this form."""
        self._echoes.clean.add(form)

    def _read_echoes(self) -> None:
        """Something else follows: what waits is read as any other message."""
        waiting = list(self._echoes.values())
        self._echoes.clear()
        for echo in waiting:
            self.data(echo.direction, (echo.pdu,), echo.time)

    def tls(self, verdict: TlsVerdict, time: float) -> list[Verdict]:
        """A handshake came to its end, good or bad. time: now, seconds since the epoch."""
        if self._echoes:
            self._read_echoes()
        self._time = time
        acceptor = _RECEIVED if self.requestor else _SENT
        own = check_certificate(verdict.own_certificate, time)
        return [
            *self._told(acceptor, check_chosen(verdict)),
            *self._told(_RECEIVED, check_peer(verdict, self.requestor, time)),
            *self._told(_SENT, own),
        ]

    def broken(self, rule: str, sentence: str) -> list[Verdict]:
        """The engine cannot go on with what it received, although nothing wrong was seen in it."""
        if self._echoes:
            self._read_echoes()
        return self._told(_RECEIVED, [found(rule, sentence)])

    def closed(self, direction: Direction, pending: int = 0, time: float = 0.0) -> list[Verdict]:
        """This side closed the connection, `pending` bytes into a PDU of its."""
        if self._echoes:
            self._read_echoes()
        self._time = time
        by_requestor = self._by_requestor(direction)
        findings = [*self._sequence.closed(by_requestor, pending), *self._unfinished(by_requestor)]
        return self._told(direction, findings)

    def not_closed(self, direction: Direction, seconds: float | None = None, time: float = 0.0) -> list[Verdict]:
        """This side should have closed the connection by now."""
        if self._echoes:
            self._read_echoes()
        self._time = time
        finding = self._sequence.not_closed(seconds)
        return self._told(direction, [finding]) if finding else []

    # -- PDUs

    def _key(self, data: bytes) -> bytes | None:
        """What stands for an A-ASSOCIATE-RQ, the A-ASSOCIATE-AC to one, or a release as long as it should be: what is
        found in these depends on nothing else. None for any other PDU.

        Those that may hold a passcode are not kept beyond the association: their digests stand for them.
        """
        kind = data[0] if data else 0
        if kind in _RELEASES:
            return data if len(data) == RELEASE_SIZE else None
        if kind == AssociateRQ.TYPE:
            digest = blake2b(data).digest()
            if not self._asked:
                self._asked, self._request_data = digest, data
            return digest
        return blake2b(data, key=self._asked).digest() if kind == AssociateAC.TYPE and self._asked else None

    def _requested(self) -> AssociateRQ | None:
        """The association's first A-ASSOCIATE-RQ."""
        if self._request is None and self._request_data:
            with suppress(PduError):
                pdu = decode_pdu(self._request_data)
                self._request = pdu if isinstance(pdu, AssociateRQ) else None
        return self._request

    def _judge_pdu(self, pdu: Pdu) -> list[Finding]:
        match pdu:
            case AssociateRQ():
                return check_request(pdu)
            case AssociateAC() if (request := self._requested()) is not None:
                return check_accept(request, pdu)
            case AssociateRJ():
                return check_reject(pdu)
            case AbortPdu():
                return check_abort(pdu)
        return check_short(pdu)

    def _is_plain(self, pdv: PdvSeen, direction: Direction, head: Buffer) -> bool:
        known = self._accepted is None or pdv.context_id in self._accepted
        return known and pdv.is_plain(self._maximum[direction is _SENT]) and not head[1]

    def _feed(
        self, direction: Direction, by_requestor: bool, pdvs: Iterable[PdvSeen], findings: list[Finding]
    ) -> list[Verdict]:
        """The fragments of one PDU, in which `findings` were found."""
        of_messages: list[Verdict] = []
        assembly = self._assemblies[by_requestor]
        assembly.time = self._time
        for pdv in pdvs:
            wrong, whole = assembly.feed(pdv)
            findings += wrong
            for message in whole:
                of_message = self._message(message)
                if of_message:
                    of_messages += self._told(direction, of_message, message)
        return self._told(direction, findings) + of_messages if findings else of_messages

    def _told(self, direction: Direction, findings: list[Finding], message: Message | None = None) -> list[Verdict]:
        if not findings:
            return []
        time = self._time if message is None else message.time
        told = [f for f in findings if self._complete or not _needs_all(f.rule)]
        return [Verdict(direction, finding, time, message is not None) for finding in told]

    # -- messages

    def _message(self, m: Message) -> list[Finding]:
        findings = m.findings + self._judge_command(m)
        judge = self._JUDGES.get(m.service)
        if judge is not None:
            findings += judge(self, m)
        if m.operation is not None:
            self._exchanges.whole(m)
        return condensed(findings, "message") if len(findings) > 1 else findings

    def _judge_command(self, m: Message) -> list[Finding]:
        asked = m.operation.request if m.operation is not None and m.kind != "request" else None
        circumstances = _circumstances(m, asked)
        if circumstances in m.template.clean:
            return []
        command, spans = m.decoded
        request = asked.command if asked is not None else None
        findings = check_command(
            command, request, m.has_data, spans=spans, size=len(m.data), abstract_syntax=m.abstract_syntax
        )
        if circumstances is not None and not findings:
            m.template.clean.add(circumstances)
        return findings

    def _judge_store(self, m: Message) -> list[Finding]:
        by_invoker = m.from_requestor if m.kind == "response" else not m.from_requestor
        gets = [o for o in self._exchanges.outstanding(by_invoker) if o.request.service == "C-GET"]
        findings = retrieve.judge_store(m, gets)
        if m.kind == "request" and m.body:
            findings += _judge_instance(m)
        return findings

    def _judge_find(self, m: Message) -> list[Finding]:
        if m.kind == "request":
            return [*_judge_data(m), *self._identifier(m)]
        shape = match_shape(m)
        if m.operation is None or shape is None:
            return [*_judge_data(m), *query.judge_match(m)]
        if shape in m.operation.clean:
            return []
        findings = [*_judge_data(m), *query.judge_match(m)]
        if not findings:
            note_clean(m, shape)
        return findings

    def _judge_retrieval(self, m: Message) -> list[Finding]:
        if m.kind == "request":
            return [*_judge_data(m), *self._identifier(m)]
        return [*_judge_data(m), *(retrieve.judge_response(m) if m.kind == "response" else ())]

    def _identifier(self, m: Message) -> list[Finding]:
        return query.judge_identifier(m, self._negotiated)

    def _judge_normalized(self, m: Message) -> list[Finding]:
        return [*_judge_data(m), *self._workflow.judge(m)]

    _JUDGES: ClassVar[dict[str, Callable[[Any, Message], Iterable[Finding]]]] = {
        "C-STORE": _judge_store,
        "C-FIND": _judge_find,
        "C-GET": _judge_retrieval,
        "C-MOVE": _judge_retrieval,
        **dict.fromkeys((name for name, row in SERVICES.items() if row.group == "N"), _judge_normalized),
    }

    # -- sides

    def _by_requestor(self, direction: Direction) -> bool:
        return (direction is _SENT) is self.requestor


_RELEASES = frozenset({ReleaseRQ.TYPE, ReleaseRP.TYPE})
RELEASE_SIZE = 10
"""Bytes of a release PDU (PS3.8 9.3.6, 9.3.7)."""
_ENDING = _RELEASES | {AbortPdu.TYPE}
"""After these a side sends no more of a message."""


def _circumstances(m: Message, asked: Message | None) -> Hashable:
    """What the check of a command set depends on beside its template; None when that is of this message alone."""
    if not m.template.number:
        return None
    if asked is None:
        return (m.has_data, m.abstract_syntax)
    if not asked.template.number:
        return None
    # Its Message ID is the request's: by that the request was found.
    return (m.has_data, m.abstract_syntax, asked.template.number, m.raw(INSTANCE) == asked.raw(INSTANCE))


def _number(seen: StoreSeen) -> int:
    return int.from_bytes(seen.number, "little")


def _reserved(head: Buffer) -> int:
    return head[1] if len(head) > 1 else 0


def _needs_all(rule: str) -> bool:
    """Whether a rule is about what came before or from the other side."""
    area = rule.partition(".")[0]
    return area in _CONNECTED or rule in _FRAGMENTS or (area == "pdu" and rule != "pdu.unreadable")


def _judge_data(m: Message) -> list[Finding]:
    """A data set that was kept whole."""
    if not m.has_data:
        return []
    fault = encoding_fault(bytes(m.body[:8]), m.body_length, m.transfer_syntax) or m.unreadable
    if fault:
        return [found("data.unreadable", fault, evidence=Evidence(text=m.name))]
    return check_data(m.command, m.data_set) if m.data_set is not None else []


def _judge_instance(m: Message) -> list[Finding]:
    """An instance by its first elements; no more of it is looked at."""
    head = bytes(m.body)
    if has_uids(head, m.transfer_syntax, m.raw(_CLASS_TOLD), m.raw(_INSTANCE_TOLD)):
        return []
    fault = encoding_fault(head, m.body_length, m.transfer_syntax)
    if fault:
        return [found("data.unreadable", fault, evidence=Evidence(text=m.name))]
    data = instance_uids(head, m.transfer_syntax)
    return check_data(m.command, data) if data is not None else []
