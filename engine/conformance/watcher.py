"""Judges one association as it passes by: every PDU and every message, of both sides, with what came before.

Without socket or clock: PDUs in, findings out. It works for a live association as for a recorded one.
Whatever the bytes are, nothing is raised. Of long data sets only the beginning is looked at.

What is known of the association stands in `conversation`; `pdu_judge` and `pdvs` say what is found in a PDU,
`message_judge` what is found in a message. What is like others in which nothing was found passes without being read:
`matches`, `stores`, `echoes`.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.model.association import Negotiated
from engine.model.limits import USUAL, Limits
from engine.model.notices import Direction
from engine.model.tls import TlsVerdict
from engine.standard.lean import dataclass
from engine.standard.pdus import AbortPdu, PDataTF, Pdu
from engine.wire.echo_form import EchoForm
from engine.wire.fragments import DataRun
from engine.wire.message_run import MessageRun
from engine.wire.pdus import PDU_HEADER, PDV_HEADER, Buffer, PduError, decode_pdu
from engine.wire.secrets import without_strays
from engine.wire.store_form import StoreForm

from .conversation import Conversation
from .echoes import Echo, Echoes
from .findings import Finding, found
from .matches import pass_matches
from .message import BODY_LIMIT, Message
from .message_judge import MessageJudge
from .pdu_judge import RELEASES, PduJudge
from .pdvs import PdvSeen, judge_pdvs, only_pdv, only_whole, see_pdvs
from .stores import Stores, StoreSeen
from .tls import check_certificate, check_chosen, check_peer

_SENT, _RECEIVED = Direction.SENT, Direction.RECEIVED
_ENDING = RELEASES | {AbortPdu.TYPE}
"""After these a side sends no more of a message."""
_CONNECTED = frozenset({"exchange", "retrieve", "workflow"})
_FRAGMENTS = frozenset({"pdata.interleaved", "pdata.data-first", "pdata.command-unended", "pdata.unfinished"})


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


class Watcher:
    """One association. requestor: whether what counts as sent comes from the association's requestor. limits: of the
    data sets that are read."""

    def __init__(self, requestor: bool, limits: Limits = USUAL) -> None:
        self.requestor = requestor
        self._complete = True
        self._time = 0.0
        self._talk = Conversation(requestor, limits)
        self._pdus = PduJudge()
        self._messages = MessageJudge(self._talk)
        self._stores = Stores(self._talk)
        self._echoes = Echoes(self._talk)

    # -- what is known

    @property
    def negotiated(self) -> Negotiated | None:
        """What both sides agreed on, once that is known."""
        return self._talk.negotiated

    def established(self, negotiated: Negotiated) -> None:
        """What both sides agreed on; `send_maximum` is that of what counts as sent."""
        self._talk.established(negotiated)

    def incomplete(self) -> None:
        """Not all that passed is seen (a recording with gaps, or of one side): from here on only what single PDUs and
        messages show is judged."""
        self._enter(_RECEIVED)
        self._complete = False
        self._talk.forget()

    # -- what passes

    def pdu(
        self, direction: Direction, buffers: Sequence[Buffer], pdu: Pdu | None = None, time: float = 0.0
    ) -> list[Verdict]:
        """A whole PDU, header included, in one buffer or several. `pdu`: it decoded, where that is known.

        time: the caller's, for the verdicts.
        """
        first = buffers[0] if buffers else b""
        if len(first) and first[0] == PDataTF.TYPE:
            return self.data(direction, buffers, time)
        by_requestor, sequence, data = self._enter(direction, time), self._talk.sequence, b"".join(buffers)
        key = self._pdus.key(data)
        known = self._pdus.known(key)
        if known is not None:
            findings = sequence.pdu(data[0], by_requestor)
            if data[0] in _ENDING:
                findings += self._talk.unfinished(by_requestor)
            return self._told(direction, [*findings, *known])
        try:
            pdu = decode_pdu(without_strays(data)) if pdu is None else pdu
        except PduError as error:
            return self._told(direction, sequence.unreadable(error.reason, by_requestor, error.offset))
        findings = sequence.abort(pdu, by_requestor) if isinstance(pdu, AbortPdu) else []
        findings += sequence.pdu(pdu.TYPE, by_requestor)
        if pdu.TYPE in _ENDING:
            findings += self._talk.unfinished(by_requestor)
        return self._told(direction, findings + self._pdus.judge(pdu, data, key))

    def data(self, direction: Direction, buffers: Sequence[Buffer], time: float = 0.0) -> list[Verdict]:
        """A whole P-DATA-TF; see `pdu`."""
        by_requestor, talk = self._enter(direction, time), self._talk
        takes_data, maximum = talk.sequence.takes_data(by_requestor), talk.maximum[direction is _SENT]
        alone = only_whole(buffers, BODY_LIMIT) if takes_data else None
        if alone is not None:
            context_id, control, fragment = alone
            assembly = talk.assemblies[by_requestor]
            fits = not maximum or len(fragment) + PDV_HEADER <= maximum
            if fits and talk.has_accepted(context_id) and assembly.takes_whole(context_id, control):
                assembly.time = time
                message = assembly.whole(context_id, control, fragment)
                of_message = self._messages.judge(message) if message is not None else None
                return self._told(direction, of_message, message) if of_message else []
        pdv = only_pdv(buffers)
        if pdv is not None and takes_data and self._is_plain(pdv, direction, buffers[0]):
            return self._feed(direction, by_requestor, (pdv,), [])  # the many
        pdvs, fault = see_pdvs(buffers, talk.limits.pdvs)
        if fault:
            return self._told(direction, talk.sequence.unreadable(f"P-DATA-TF: {fault}.", by_requestor, PDU_HEADER))
        findings = talk.sequence.pdu(PDataTF.TYPE, by_requestor)
        findings += judge_pdvs(pdvs, maximum, talk.accepted, reserved=_reserved(buffers[0]))
        return self._feed(direction, by_requestor, pdvs, findings)

    def run(self, direction: Direction, run: DataRun, time: float = 0.0) -> list[Verdict]:
        """P-DATA-TFs that are alike: the verdicts `pdu` would give for each. Of most only the length counts."""
        by_requestor, talk = self._enter(direction, time), self._talk
        assembly, length, fragments = talk.assemblies[by_requestor], len(run.buffers[1]), run.fragments
        context_id = run.context_id
        plain = PdvSeen(context_id, 0, PDU_HEADER, length)
        alike = talk.sequence.takes_data(by_requestor) and self._is_plain(plain, direction, run.header)
        verdicts: list[Verdict] = []
        for index, fragment in enumerate(fragments):
            if alike and assembly.more(context_id, fragments, index, length):
                break
            verdicts += self.pdu(direction, (run.header[:PDU_HEADER], run.header[PDU_HEADER:], fragment), None, time)
        return verdicts

    def tls(self, verdict: TlsVerdict, time: float) -> list[Verdict]:
        """A handshake came to its end, good or bad. time: now, seconds since the epoch."""
        self._enter(_RECEIVED, time)
        acceptor = _RECEIVED if self.requestor else _SENT
        own = check_certificate(verdict.own_certificate, time)
        return [
            *self._told(acceptor, check_chosen(verdict)),
            *self._told(_RECEIVED, check_peer(verdict, self.requestor, time)),
            *self._told(_SENT, own),
        ]

    def broken(self, rule: str, sentence: str) -> list[Verdict]:
        """The engine cannot go on with what it received, although nothing wrong was seen in it."""
        self._enter(_RECEIVED)
        return self._told(_RECEIVED, [found(rule, sentence)])

    def closed(self, direction: Direction, pending: int = 0, time: float = 0.0) -> list[Verdict]:
        """This side closed the connection, `pending` bytes into a PDU of its."""
        by_requestor, talk = self._enter(direction, time), self._talk
        return self._told(direction, [*talk.sequence.closed(by_requestor, pending), *talk.unfinished(by_requestor)])

    def not_closed(self, direction: Direction, seconds: float | None = None, time: float = 0.0) -> list[Verdict]:
        """This side should have closed the connection by now."""
        self._enter(direction, time)
        finding = self._talk.sequence.not_closed(seconds)
        return self._told(direction, [finding]) if finding else []

    # -- what passes without being read, since it is like others in which nothing was found

    def matches(self, direction: Direction, run: MessageRun, first: int) -> int:
        """How many of these messages, from `first` on, are matches of a C-FIND with which nothing is wrong: those have
        passed. What comes then has to be told PDU by PDU."""
        self._enter(direction)
        return pass_matches(self._talk, direction, run, first)

    def is_clean(self, direction: Direction, seen: StoreSeen) -> bool:
        """Whether nothing is wrong with a C-STORE-RQ, its data set, and its response, of a form in which nothing was
        found before: then `passed` may be told once both are there. Else each PDU has to be told."""
        self._enter(direction)
        return self._stores.is_clean(direction, seen)

    def passed(self, direction: Direction, seen: StoreSeen) -> None:
        """Such a request and its response passed."""
        self._stores.passed(direction, seen)

    def turned(self, direction: Direction, answered: StoreSeen, seen: StoreSeen) -> bool:
        """The response to the one passed, and behind it the other one, a request: `is_clean` of that."""
        if self._echoes:
            self._stores.passed(direction, answered)
            return self.is_clean(direction, seen)
        return self._stores.turned(direction, answered, seen)

    def passes(self, direction: Direction, seen: StoreSeen, named: bool) -> bool:
        """`is_clean`; then both have `passed`. named: the data set is known to begin with its UIDs."""
        self._enter(direction)
        return self._stores.passes(direction, seen, named)

    def goes_on(self, direction: Direction, form: StoreForm, number: int, longest: int, answer: int) -> bool:
        """The quick twin of `passes` for one that is named and comes in the usual course; False says nothing.
        number: the Message ID; the rest as of `StoreSeen`."""
        return not self._echoes and self._stores.goes_on(direction, form, number, longest, answer)

    def note_clean(self, form: StoreForm) -> None:
        """Nothing was found in a C-STORE-RQ and its response of this form."""
        self._stores.clean.add(form)

    def echo(self, echo: Echo) -> bool:
        """A C-ECHO-RQ: whether nothing is wrong with it, as with others of its form; it has passed then. Else its PDU
        has to be told."""
        return self._echoes.asked(echo)

    def echo_answered(self, direction: Direction, form: EchoForm, number: int) -> bool:
        """A response to one, of that form; as `echo`."""
        return self._echoes.answered(direction, form, number)

    def note_clean_echo(self, form: EchoForm) -> None:
        """Nothing was found in a C-ECHO-RQ and its response of this form."""
        self._echoes.clean.add(form)

    def _enter(self, direction: Direction, time: float | None = None) -> bool:
        """The one door for all that is not a C-ECHO of a known form: those that wait are read before it, as any other
        message is. Gives whether it is the requestor's. time: of what passes, where it has one."""
        self._stores.steady = None
        if self._echoes:
            waiting = list(self._echoes.values())
            self._echoes.clear()
            for echo in waiting:
                self.data(echo.direction, (echo.pdu,), echo.time)
        if time is not None:
            self._time = time
        return (direction is _SENT) is self.requestor

    # -- what is found

    def _is_plain(self, pdv: PdvSeen, direction: Direction, head: Buffer) -> bool:
        talk = self._talk
        return talk.has_accepted(pdv.context_id) and pdv.is_plain(talk.maximum[direction is _SENT]) and not head[1]

    def _feed(
        self, direction: Direction, by_requestor: bool, pdvs: Sequence[PdvSeen], findings: list[Finding]
    ) -> list[Verdict]:
        """The fragments of one PDU, in which `findings` were found."""
        of_messages: list[Verdict] = []
        assembly = self._talk.assemblies[by_requestor]
        assembly.time, assembly.together, assembly.looked_at = self._time, len(pdvs), 0
        for pdv in pdvs:
            wrong, whole = assembly.feed(pdv)
            findings += wrong
            for message in whole:
                of_message = self._messages.judge(message)
                if of_message:
                    of_messages += self._told(direction, of_message, message)
        return self._told(direction, findings) + of_messages if findings else of_messages

    def _told(self, direction: Direction, findings: list[Finding], message: Message | None = None) -> list[Verdict]:
        if not findings:
            return []
        time = self._time if message is None else message.time
        told = [f for f in findings if self._complete or not _needs_all(f.rule)]
        return [Verdict(direction, finding, time, message is not None) for finding in told]


def _reserved(head: Buffer) -> int:
    return head[1] if len(head) > 1 else 0


def _needs_all(rule: str) -> bool:
    """Whether a rule is about what came before or from the other side."""
    area = rule.partition(".")[0]
    return area in _CONNECTED or rule in _FRAGMENTS or (area == "pdu" and rule != "pdu.unreadable")
