"""One association: the upper-layer machine, the DIMSE exchange and the socket put together, in either role."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from engine.model.association import Negotiated, NegotiatedContext, Peer, Proposal, Timeouts
from engine.model.limits import Limits
from engine.model.notices import AssociationNotice, AssociationPhase, Cause, Direction, Outcome
from engine.model.quick import quick
from engine.model.tls import TlsVerdict
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.protocol.acceptance import beyond
from engine.protocol.negotiation import outcome as negotiation_outcome
from engine.protocol.negotiation import propose
from engine.protocol.upper_layer import StateError, UpperLayer
from engine.standard.pdus import AbortPdu, AssociateAC, AssociateRQ
from engine.standard.state_table import Evt, Sta
from engine.wire.fragments import DataRun, FragmentError, Sink
from engine.wire.pdus import INVALID_PARAMETER_VALUE
from engine.wire.recognise import LOOKS_LIKE

from . import matches, sentences
from .connecting import connect
from .context import Context
from .invocation import Ended
from .link import Link
from .messages import Messages
from .recorder import Recorder
from .watchdog import Watchdog

if TYPE_CHECKING:
    from engine.protocol.deviating.run import ScriptRun

    from .deviating import Deviating

USUAL = Limits()
_association_notice = quick(AssociationNotice)
OnRequest = Callable[["Association", dx.RequestReceived], None]


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
        self.exchange: dx.Exchange | None = None
        self.script: Deviating | None = None
        if script is None and (proposal is None or proposal.script is None):
            self.machine = UpperLayer(requestor, timeouts.artim, pdu_limit=self.limits.pdu_length)
        else:
            from .deviating import scripted

            self.script, self.machine = scripted(self, script, proposal)
        self.machine.in_runs = self.script is None
        self.link = Link(context, self.machine, self._on_event)
        self.recorder = Recorder(context, number, requestor, self.limits)
        self.on_request: OnRequest | None = None
        self.on_indication: Callable[[Association, AssociateRQ], None] | None = None
        self.on_store: Callable[[Association, p.StoreReceived], bool] | None = None
        """Takes a C-STORE like one before it, or says that it has to be told PDU by PDU."""
        self.forms_learned = 0
        self.on_cancel: Callable[[int], None] | None = None
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
        self._broken = ""
        self._aborting = False
        """What was received before our A-ABORT and is told while it goes out counts no more."""
        self._watchdog: Watchdog | None = None

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
        sentence = sentences.answer_timed_out(self.peer, self.timeouts.acse, self.machine.pending)
        self.abort(why=(Outcome.TIMED_OUT, sentence), cause=Cause.NO_ANSWER)

    def _not_released(self) -> None:
        sentence = sentences.release_timed_out(self.peer, self.timeouts.acse, self.machine.pending)
        self.abort(why=(Outcome.TIMED_OUT, sentence), cause=Cause.NO_RELEASE)

    def established(self, negotiated: Negotiated) -> None:
        """Both sides agreed: messages can be exchanged."""
        self._forget()
        self.negotiated = negotiated
        self.recorder.established(negotiated)
        self.exchange = dx.Exchange(negotiated, self.requestor, self.timeouts.dimse, self.sink_for, limits=self.limits)
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
        exchange = self.exchange
        messages = self.begun_messages
        return (messages is not None and messages.sending) or (
            exchange is not None and bool(exchange.outstanding or exchange.serving)
        )

    def abort(
        self, source: int = 0, reason: int = 0, why: tuple[Outcome, str] | None = None, cause: Cause = Cause.NONE
    ) -> None:
        """Abort (PS3.8 7.3). `why` replaces the plain sentence, for time-outs and protocol errors.

        ValueError when source or reason do not fit their byte; nothing has happened then.
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
        except ValueError:
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
        act = self._EVENTS.get(type(event))
        if act is not None:
            act(self, event)

    def _on_data_received(self, event: p.DataReceived) -> None:
        self.recorder.data(Direction.RECEIVED, (event.data,), event.data)
        self._on_pdata(event.pdvs)

    def _on_store(self, event: p.StoreReceived) -> None:
        if self.over or self.on_store is None or not self.on_store(self, event):
            self.machine.tell_next(*event.apart())

    def _on_data_sent(self, event: p.DataSent) -> None:
        self.recorder.data(Direction.SENT, event.data)

    def _on_run_received(self, event: p.RunReceived) -> None:
        self.recorder.run(event)
        self._on_pdata(event.run)

    def _on_transition(self, event: p.Transition) -> None:
        if event.event is not Evt.Evt5:
            return
        host, port = self.link.remote_address()
        self.peer = Peer(host=host, port=port)
        if self.script is not None:
            self.script.connected()

    def _on_script_ended(self, event: p.ScriptEnded) -> None:
        if self.script is not None:
            self.script.end(reset=event.reset)

    def _on_protocol_error(self, event: p.ProtocolError) -> None:
        self._broken = event.sentence
        self.recorder.broken("pdu.unexpected", event.sentence)

    def _on_indication(self, event: p.AssociateIndication) -> None:
        if self.on_indication is not None:
            self.on_indication(self, event.rq)

    def _on_abort_indication(self, event: p.AbortIndication) -> None:
        sentence = sentences.aborted(self.peer, event.source, event.reason)
        values = (event.source, event.reason)
        self.finish(AssociationPhase.ABORTED, Outcome.ABORTED, sentence, abort=values)

    def _on_sent(self, event: p.PduSent) -> None:
        self.recorder.pdu(event)
        if event.transition is None:
            return  # forced bytes change nothing
        if event.type == AssociateRQ.TYPE:
            self.notice(AssociationPhase.NEGOTIATING, "A-ASSOCIATE-RQ sent.")
        elif event.type == AbortPdu.TYPE and event.transition.before is Sta.Sta2:
            # AA-1: the machine aborts without telling its user
            sentence = self._broke_protocol(self._broken)
            self.finish(AssociationPhase.ABORTED, Outcome.ABORTED, sentence, abort=(0, 0), cause=self._broken_how())

    def _on_confirmation(self, event: p.AssociateConfirmation) -> None:
        assert self.proposal is not None
        pdu = event.pdu
        if isinstance(pdu, AssociateAC):
            if too_many := beyond(pdu, self.limits):
                self.give_up(too_many, INVALID_PARAMETER_VALUE)
                return
            self.established(negotiation_outcome(propose(self.proposal), pdu))
            return
        values = (pdu.result, pdu.source, pdu.reason)
        sentence = sentences.rejected(self.peer, self.proposal, *values)
        self.finish(AssociationPhase.REJECTED, Outcome.REJECTED, sentence, rejection=values)

    @property
    def over(self) -> bool:
        """What is received counts no more."""
        return self.end is not None or self._aborting

    def _on_pdata(self, pdvs: list[p.Pdv] | DataRun) -> None:
        if self.over:
            return
        try:
            self.messages.receive(pdvs)
        except FragmentError as error:
            self.recorder.broken("pdata.interleaved", error.reason)
            self.give_up(error.reason, error.abort_reason)
        except OSError as error:  # a large data set is received into a file
            self.abort(why=(Outcome.ABORTED, sentences.cannot_keep(error)), cause=Cause.STORAGE)

    def give_up(self, why: str, abort_reason: int) -> None:
        """The peer broke the protocol above the upper layer: abort, and say how."""
        self.abort(2, abort_reason, (Outcome.ABORTED, self._broke_protocol(why)), Cause.PROTOCOL)

    def _on_release_indication(self, event: p.ReleaseIndication) -> None:
        if event.collision and not self.requestor:
            return  # Sta10: the requestor's A-RELEASE-RP comes first, then ours (PS3.8 7.2.2.7)
        if not self.machine.can(p.AReleaseResponse()):
            return  # what came with the A-RELEASE-RQ has ended the association; that is told next
        self._request(p.AReleaseResponse())
        if event.collision:
            return
        who = sentences.address(self.peer)
        self.finish(AssociationPhase.RELEASED, Outcome.SUCCESS, f"{who} released the association.")

    def _on_release_confirmation(self, _: p.ReleaseConfirmation) -> None:
        if self.machine.state is Sta.Sta12:
            self._request(p.AReleaseResponse())
        self.finish(AssociationPhase.RELEASED, Outcome.SUCCESS, "Association released.")

    def _on_provider_abort(self, event: p.ProviderAbortIndication) -> None:
        if event.connection_lost:
            return  # TransportEnded has told it, with the state
        sentence = self._broke_protocol(self._broken or event.sentence)
        how = self._broken_how()
        self.finish(AssociationPhase.ABORTED, Outcome.ABORTED, sentence, abort=(2, event.reason), cause=how)

    def _on_transport_ended(self, event: p.TransportEnded) -> None:
        if self.end is not None and self.link.closed_here:
            return  # as expected
        outcome = Outcome.ABORTED if event.before not in (Sta.Sta4, Sta.Sta5) else Outcome.CONNECTION_FAILED
        sentence = sentences.closed(self.peer, event.before, self.cut_off(event.pending), self.link.lost_reason)
        if self.link.failed:
            self.finish(AssociationPhase.FAILED, Outcome.ABORTED, sentences.defect(self.peer))
            return
        if not self.link.closed_here:
            self.recorder.closed(event.pending)
        self.finish(AssociationPhase.FAILED, outcome, sentence, cause=Cause.CLOSED)

    def _broken_how(self) -> Cause:
        if "speaks TLS" in self._broken:
            return Cause.TLS_AT_PLAIN
        return Cause.FOREIGN if LOOKS_LIKE in self._broken else Cause.PROTOCOL

    def _broke_protocol(self, what: str) -> str:
        established = self.negotiated is not None
        return sentences.broke_protocol(self.peer, what, requestor=self.requestor, established=established)

    def _on_artim(self, event: p.ArtimExpired) -> None:
        if event.state is Sta.Sta2:
            seconds = self.timeouts.artim
            sentence = f"{sentences.address(self.peer)} connected but sent no A-ASSOCIATE-RQ within {seconds:g} s."
            self.finish(AssociationPhase.FAILED, Outcome.TIMED_OUT, sentence, cause=Cause.NO_REQUEST)
        self.recorder.not_closed(self.timeouts.artim)
        self.link.kill()  # who has not closed by now may not read either: closing in order would wait for that

    _EVENTS: ClassVar[dict[type, Callable[[Any, Any], None]]] = {
        p.Transition: _on_transition,
        p.PduReceived: lambda self, event: self.recorder.pdu(event),
        p.PduSent: _on_sent,
        p.DataReceived: _on_data_received,
        p.DataSent: _on_data_sent,
        p.PDataIndication: lambda self, event: self._on_pdata(event.pdvs),
        p.RunReceived: _on_run_received,
        p.MessagesReceived: matches.take,
        p.StoreReceived: _on_store,
        p.RunSent: lambda self, event: self.recorder.run(event),
        p.ScriptEnded: _on_script_ended,
        p.ProtocolError: _on_protocol_error,
        p.CloseTransport: lambda self, _: self.link.close(),
        p.AssociateIndication: _on_indication,
        p.AssociateConfirmation: _on_confirmation,
        p.ReleaseIndication: _on_release_indication,
        p.ReleaseConfirmation: _on_release_confirmation,
        p.AbortIndication: _on_abort_indication,
        p.ProviderAbortIndication: _on_provider_abort,
        p.TransportEnded: _on_transport_ended,
        p.ArtimExpired: _on_artim,
    }

    def cut_off(self, pdu_bytes: int) -> str:
        """What an end now cuts off, in words; "" between messages."""
        if pdu_bytes:
            return f"in the middle of a PDU ({pdu_bytes} bytes of it had arrived)"
        arriving = self.exchange.arriving if self.exchange else ()
        if not arriving:
            return ""
        _, command, data = arriving[0]
        return f"in the middle of a message ({command + data} bytes of it had arrived)"

    # -- the end

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
        self._forget()
        self.context.associations.pop(self.number, None)
        self.notice(phase, sentence, rejection=rejection, abort=abort, outcome=outcome, cause=cause)
        if self.exchange is not None:
            self.exchange.abandon()
        lost = self.end
        if outcome is Outcome.SUCCESS:
            lost = Ended(Outcome.ABORTED, f"{sentence} What had been asked was not answered.")
        if self.begun_messages is not None:
            self.messages.end(lost)
        if self._established is not None and not self._established.done():
            self._established.set_exception(self.end)
        self.link.let_go()
        if "ended" in vars(self):
            self.ended.set()
        if self._watchdog is not None:
            self._watchdog.stop()
            self._watchdog = None  # nothing that is over refers back: it is freed now, and not when it is looked for
        if self.on_end is not None:
            self.on_end(self)

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
                duration=now - self.started,
                listener=self.listener,
                tls=self.tls,
                cause=cause,
            )
        )


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
        if late:
            await asyncio.wait(late)
