"""One association: the upper-layer machine, the DIMSE exchange and the socket put together, in either role."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from engine.model.association import Negotiated, NegotiatedContext, Peer, Proposal, Timeouts
from engine.model.limits import USUAL, Limits
from engine.model.notices import AssociationNotice, AssociationPhase, Cause, Outcome
from engine.model.quick import quick
from engine.model.tls import TlsVerdict
from engine.model.whole_numbers import counted
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.protocol.upper_layer import StateError, UpperLayer
from engine.standard.pdus import AssociateRQ
from engine.standard.state_table import Sta
from engine.wire.reassembly import Sink

from . import sentences
from .connecting import connect
from .context import UNWIRED, Context
from .invocation import Ended
from .link import Link
from .machine_events import ACTIONS
from .messages import Messages
from .recorder import Recorder
from .turns import each
from .watchdog import Watchdog

if TYPE_CHECKING:
    from engine.protocol.deviating.run import ScriptRun

    from .deviating import Deviating

_association_notice = quick(AssociationNotice)
OnRequest = Callable[["Association", dx.RequestReceived], None]
LEAVING = 0.5
"""Seconds peers get to answer the A-RELEASE-RQ of a listener that stops, before their associations are aborted: who
answers it at all does in milliseconds, and many answer none from an acceptor."""


class Association:
    """Either role. A face (procedure, listener, held association) opens or accepts it, invokes, answers, releases."""

    def __init__(
        self,
        context: Context,
        number: int,
        *,
        requestor: bool,
        peer: Peer,
        timeouts: Timeouts,
        proposal: Proposal | None = None,
        listener: int | None = None,
        script: ScriptRun | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.context = context
        self.number = number
        self.requestor = requestor
        self.peer = peer
        self.timeouts = timeouts
        self.proposal = proposal
        self.limits = limits or (proposal.limits if proposal else USUAL)
        self.negotiated: Negotiated | None = None
        self.tls: TlsVerdict | None = None
        self._exchange: dx.Exchange | None = None
        self.script: Deviating | None = None
        if script is None and (proposal is None or proposal.script is None):
            self.machine = UpperLayer(requestor, timeouts.artim, limits=self.limits, unfinished=context.unfinished)
        else:
            from .deviating import scripted

            self.script, self.machine = scripted(self, script, proposal)
        self.machine.in_runs = self.script is None
        self.link = Link(context, self.machine, self._on_event)
        self.on_request: OnRequest | None = None
        self.on_indication: Callable[[Association, AssociateRQ], None] | None = None
        self.on_store: Callable[[Association, p.StoreReceived], bool] | None = None
        """Takes a C-STORE like one before it, or says that it has to be told PDU by PDU."""
        self.forms_learned = 0
        self.on_cancel: Callable[[Association, int], None] | None = None
        self.on_end: Callable[[Association], None] | None = None
        self.sink_for: Callable[[NegotiatedContext, bytes], Sink | None] | None = None
        self.started = context.now()
        self.end: Ended | None = None
        self.aborted_by_user = False
        self.by_user = False
        """A face has asked for its end."""
        self.listener = listener
        context.associations[number] = self
        self._established: asyncio.Future[Negotiated] | None = None
        """Made by whoever waits for it."""
        self._deadline = 0
        """The alarm of the ACSE time-out."""
        self.asked = False
        """The peer has asked for it: it speaks DICOM."""
        self.broken = ""
        """How the peer broke the protocol of the upper layer, in a sentence."""
        self._aborting = False
        """What was received before our A-ABORT and is told while it goes out counts no more."""
        self._watchdog: Watchdog | None = None

    @classmethod
    def to_open(cls, context: Context, number: int, proposal: Proposal) -> Association:
        """One that we shall open, as this proposal says. number: what its notices call it."""
        return cls(context, number, requestor=True, peer=proposal.peer, timeouts=proposal.timeouts, proposal=proposal)

    @cached_property
    def recorder(self) -> Recorder:
        """Made for the first PDU, when that is out."""
        return Recorder(self.context, self.number, self.requestor, self.limits)

    @property
    def exchange(self) -> dx.Exchange | None:
        """None until both sides have agreed; made for the first message."""
        if self._exchange is None and self.negotiated is not None:
            limits, seconds = self.limits, self.timeouts.dimse
            self._exchange = dx.Exchange(self.negotiated, self.requestor, seconds, self.sink_for, limits=limits)
        return self._exchange

    @cached_property
    def messages(self) -> Messages:
        """Made for the first one; many associations have none."""
        return Messages(self)

    @cached_property
    def ended(self) -> asyncio.Event:
        """Made for the first who waits for the end."""
        event = asyncio.Event()
        if self.end is not None:
            event.set()
        return event

    @property
    def begun_messages(self) -> Messages | None:
        """`messages`, where there has been any."""
        return vars(self).get("messages")

    # -- life

    async def open(self) -> Negotiated:
        """Connect and negotiate as requestor. Raises Ended with the reason in words."""
        await self.reach()
        if self.end is not None:
            raise self.end
        if self.negotiated is None:
            self._established = self.context.loop.create_future()
            await self._established
        assert self.negotiated is not None
        return self.negotiated

    async def reach(self) -> None:
        """Connect and ask for the association; the answer is told when it comes. Raises Ended as `open`."""
        assert self.proposal is not None
        self.notice(AssociationPhase.CONNECTING, f"Connecting to {sentences.address(self.peer)}.")
        await connect(self)
        if self.negotiated is None and self.end is None:
            self._expect(self._not_answered)

    def _expect(self, late: Callable[[], None]) -> None:
        """Call `late` when the ACSE time-out has passed, unless the association comes about or ends before."""
        if self.timeouts.acse > 0 and not self._deadline:
            self._deadline = self.context.alarms.after(self.timeouts.acse, late)

    def _forget(self) -> None:
        if self._deadline:
            self.context.alarms.cancel(self._deadline)
            self._deadline = 0

    def _not_answered(self) -> None:
        seconds, begun = self.timeouts.acse, self.machine.pending
        sentence = sentences.answer_timed_out(self.peer, seconds, begun, tls=self.tls is not None)
        self.abort(why=(Outcome.TIMED_OUT, sentence), cause=Cause.NO_ANSWER)

    def _not_released(self) -> None:
        sentence = sentences.release_timed_out(self.peer, self.timeouts.acse, self.machine.pending)
        self.abort(why=(Outcome.TIMED_OUT, sentence), cause=Cause.NO_RELEASE)

    def established(self, negotiated: Negotiated) -> None:
        """Both sides agreed: messages can be exchanged."""
        self._forget()
        self.negotiated = negotiated
        self.recorder.established(negotiated)
        count = sum(c.accepted for c in negotiated.contexts)
        sentence = f"Association established, {count} of {len(negotiated.contexts)} presentation contexts accepted."
        if not count:
            sentence = sentences.nothing_accepted(self.peer, negotiated, by_us=not self.requestor)
        self.notice(AssociationPhase.ESTABLISHED, sentence, negotiated=negotiated)
        if self._established is not None and not self._established.done():
            self._established.set_result(negotiated)
        self._watchdog = Watchdog(self)
        self._watchdog.start()

    async def release(self) -> None:
        """Release in order (PS3.8 7.2); aborts when the peer does not answer. Does nothing when it is over already."""
        self.ask_release()
        if self.end is None:
            await self.ended.wait()

    def ask_release(self) -> None:
        """The same without waiting for the end."""
        if self.end is not None:
            return
        try:
            self._request(p.AReleaseRequest())
        except StateError:
            if self.machine.state in (Sta.Sta7, Sta.Sta8, Sta.Sta9, Sta.Sta10, Sta.Sta11, Sta.Sta12):
                pass  # a release is under way already
            else:
                self.abort()
        else:
            self.notice(AssociationPhase.RELEASING, "A-RELEASE-RQ sent.")
        if self.end is None:
            self._expect(self._not_released)

    @property
    def busy(self) -> bool:
        """Whether an operation is under way: releasing now would cut it off unexplained."""
        exchange = self._exchange
        messages = self.begun_messages
        return (messages is not None and messages.sending) or (
            exchange is not None and bool(exchange.outstanding or exchange.serving)
        )

    def abort(
        self, source: int = 0, reason: int = 0, why: tuple[Outcome, str] | None = None, cause: Cause = Cause.NONE
    ) -> None:
        """Abort (PS3.8 7.3). `why` replaces the plain sentence, for time-outs and protocol errors.

        FieldProblem when source or reason do not fit their byte; nothing has happened then.
        """
        if self.end is not None or self._aborting:
            return
        self._aborting = True
        self.aborted_by_user = why is None
        outcome, sentence = why or (Outcome.ABORTED, sentences.aborted(self.peer, source, reason, by_us=True))
        phase = AssociationPhase.FAILED if outcome is Outcome.TIMED_OUT else AssociationPhase.ABORTED
        try:
            self._request(p.AAbortRequest(source, reason))
        except StateError:
            self.link.close()
        except BaseException:
            self._aborting = False
            raise
        self.finish(phase, outcome, sentence, abort=(source, reason), cause=cause)

    def _request(self, primitive: p.Primitive) -> None:
        if self.script is not None and self.machine.can(primitive):
            self.script.before(primitive)
        self.machine.request(primitive, self.context.now())
        self.link.pump()

    def request(self, primitive: p.Primitive) -> None:
        """Give the machine a primitive (connect, answer an A-ASSOCIATE-RQ). Raises StateError."""
        self._request(primitive)

    def send_bytes(self, data: bytes) -> None:
        """Force bytes onto the wire."""
        self.machine.send_raw(data)
        self.link.pump()

    # -- events of the machine

    def _on_event(self, event: p.Event) -> None:
        act = ACTIONS.get(type(event))
        if act is not None:
            act(self, event)

    @property
    def over(self) -> bool:
        """What is received counts no more; nor where we failed to take what came before it."""
        return self.end is not None or self._aborting or self.link.failed

    def give_up(self, why: str, abort_reason: int) -> None:
        """The peer broke the protocol above the upper layer: abort, and say how."""
        self.abort(2, abort_reason, (Outcome.ABORTED, self.broke_protocol(why)), Cause.PROTOCOL)

    def broke_protocol(self, what: str) -> str:
        """That the peer did, in a sentence."""
        met = self.asked or self.negotiated is not None
        return sentences.broke_protocol(self.peer, what, requestor=self.requestor, met=met)

    def cut_off(self, pdu_bytes: int) -> str:
        """What an end now cuts off, in words; "" between messages."""
        if pdu_bytes:
            return f"in the middle of a PDU ({counted(pdu_bytes, 'byte')} of it had arrived)"
        arriving = self._exchange.arriving if self._exchange else ()
        if not arriving:
            return ""
        _, command, data = arriving[0]
        return f"in the middle of a message ({command + data} bytes of it had arrived)"

    # -- the end

    @property
    def lost(self) -> Ended | None:
        """What the association's end is for an operation it cut off: a release is a success of the association only."""
        return None if self.end is None else _cutting_off(self.end)

    def finish(
        self,
        phase: AssociationPhase,
        outcome: Outcome,
        sentence: str,
        *,
        rejection: tuple[int, int, int] | None = None,
        abort: tuple[int, int] | None = None,
        cause: Cause = Cause.NONE,
    ) -> None:
        """The association is over; said once. What was outstanding ends with it (PS3.7 A.6)."""
        if self.end is not None:
            return
        self.end = Ended(outcome, sentence)
        self.context.associations.pop(self.number, None)
        each(
            self._forget,
            lambda: self.notice(phase, sentence, rejection=rejection, abort=abort, outcome=outcome, cause=cause),
            self._end_messages,
            self.link.let_go,
            self._end_waiting,
        )

    def _end_messages(self) -> None:
        if self._exchange is not None:
            self._exchange.abandon()
        if self.begun_messages is not None and self.end is not None:
            self.messages.end(_cutting_off(self.end))

    def _end_waiting(self) -> None:
        """Whoever waits for the association's beginning or end."""
        if self._established is not None and not self._established.done() and self.end is not None:
            self._established.set_exception(self.end)
        if "ended" in vars(self):
            self.ended.set()
        if self._watchdog is not None:
            self._watchdog.stop()
            self._watchdog = None  # nothing that is over refers back: it is freed now, and not when it is looked for
        if self.on_end is not None:
            self.on_end(self)

    def let_go(self) -> None:
        """Its connection is gone too: nothing that is over refers back, so that it is freed now, and not when it is
        looked for."""
        vars(self).pop("messages", None)

    def notice(
        self,
        phase: AssociationPhase,
        sentence: str,
        *,
        negotiated: Negotiated | None = None,
        rejection: tuple[int, int, int] | None = None,
        abort: tuple[int, int] | None = None,
        outcome: Outcome | None = None,
        cause: Cause = Cause.NONE,
    ) -> None:
        """Tell that a phase of its life begins; the arguments are the notice's own."""
        now = self.context.now()
        self.context.notify(
            _association_notice(
                association=self.number,
                time=self.context.wall(),
                clock=now,
                phase=phase,
                requestor=self.requestor,
                peer=self.peer,
                sentence=sentence,
                proposal=self.proposal,
                negotiated=negotiated or self.negotiated,
                rejection=rejection,
                abort=abort,
                outcome=outcome,
                duration=max(0.0, (self.context.came() if self.requestor else now) - self.started),
                listener=self.listener,
                tls=self.tls,
                cause=cause,
            )
        )


def _cutting_off(end: Ended) -> Ended:
    """What an association's end is for an operation it cut off."""
    if end.outcome is not Outcome.SUCCESS:
        return end
    return Ended(Outcome.ABORTED, f"{end.sentence} What had been asked was not answered.")


async def end_all(context: Context, associations: Iterable[Association], timeout: float) -> None:
    """Release those that rest, abort those in the middle of something, and after `timeout` seconds all."""
    ending = list(associations)
    for association in ending:
        if association.busy:
            association.abort()
    releases = [context.loop.create_task(a.release()) for a in ending if a.end is None]
    if releases:
        _, late = await asyncio.wait(releases, timeout=timeout)
        for association in ending:
            association.abort()
        if late:  # those whose end is not told even so, by a defect of ours, are cut with their connections
            await asyncio.wait(late, timeout=UNWIRED)
