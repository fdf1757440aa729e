"""What the upper-layer machine tells an association, and what the association does then."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.model.association import Peer
from engine.model.notices import AssociationPhase, Cause, Direction, Outcome
from engine.protocol import primitives as p
from engine.protocol.acceptance import beyond
from engine.protocol.negotiation import outcome as negotiation_outcome
from engine.protocol.negotiation import propose
from engine.standard.pdus import AbortPdu, AssociateAC, AssociateRQ
from engine.standard.state_table import Evt, Sta
from engine.wire.fragments import DataRun
from engine.wire.pdus import INVALID_PARAMETER_VALUE
from engine.wire.reassembly import FragmentError
from engine.wire.recognise import LOOKS_LIKE

from . import echoing, matches, sentences

if TYPE_CHECKING:
    from .association import Association


def _on_data_received(a: Association, event: p.DataReceived) -> None:
    a.recorder.data(Direction.RECEIVED, (event.data,), event.data)
    _on_pdata(a, event.pdvs)


def _on_store(a: Association, event: p.StoreReceived) -> None:
    if a.over or a.on_store is None or not a.on_store(a, event):
        a.machine.tell_next(*event.apart())


def _on_answer(a: Association, event: p.AnswerReceived) -> None:
    if a.over or not a.messages.at_once.answered(event):
        a.machine.tell_next(event.apart())


def _on_echo(a: Association, event: p.EchoAnswered) -> None:
    if a.over or not echoing.answered(a, event):
        a.machine.tell_next(event.apart())


def _on_data_sent(a: Association, event: p.DataSent) -> None:
    a.recorder.data(Direction.SENT, event.data)


def _on_run_received(a: Association, event: p.RunReceived) -> None:
    a.recorder.run(event)
    _on_pdata(a, event.run)


def _on_transition(a: Association, event: p.Transition) -> None:
    if event.event is not Evt.Evt5:
        return
    host, port = a.link.remote_address()
    a.peer = Peer(host=host, port=port)
    if a.script is not None:
        a.script.connected()


def _on_script_ended(a: Association, event: p.ScriptEnded) -> None:
    if a.script is not None:
        a.script.end(reset=event.reset)


def _on_protocol_error(a: Association, event: p.ProtocolError) -> None:
    a.broken = event.sentence
    a.recorder.broken("pdu.unexpected", event.sentence)


def _on_indication(a: Association, event: p.AssociateIndication) -> None:
    a.asked = True
    if a.on_indication is not None:
        a.on_indication(a, event.rq)


def _on_abort_indication(a: Association, event: p.AbortIndication) -> None:
    sentence = sentences.aborted(a.peer, event.source, event.reason)
    values = (event.source, event.reason)
    a.finish(AssociationPhase.ABORTED, Outcome.ABORTED, sentence, abort=values)


def _on_received(a: Association, event: p.PduReceived) -> None:
    a.recorder.pdu(event)
    if isinstance(event.pdu, AbortPdu) and event.transition is not None and event.transition.before is Sta.Sta2:
        # AA-2: the machine closes without telling its user
        values = (event.pdu.source, event.pdu.reason)
        a.finish(AssociationPhase.ABORTED, Outcome.ABORTED, sentences.aborted_at_once(a.peer, *values), abort=values)


def _on_sent(a: Association, event: p.PduSent) -> None:
    a.recorder.pdu(event)
    if event.transition is None:
        return  # forced bytes change nothing
    if event.type == AssociateRQ.TYPE:
        a.notice(AssociationPhase.NEGOTIATING, "A-ASSOCIATE-RQ sent.")
    elif event.type == AbortPdu.TYPE and event.transition.before is Sta.Sta2:
        # AA-1: the machine aborts without telling its user
        sentence = a.broke_protocol(a.broken)
        a.finish(AssociationPhase.ABORTED, Outcome.ABORTED, sentence, abort=(0, 0), cause=_broken_how(a))


def _on_confirmation(a: Association, event: p.AssociateConfirmation) -> None:
    assert a.proposal is not None
    pdu = event.pdu
    if isinstance(pdu, AssociateAC):
        if too_many := beyond(pdu, a.limits):
            a.give_up(too_many, INVALID_PARAMETER_VALUE)
            return
        a.established(negotiation_outcome(propose(a.proposal), pdu))
        return
    values = (pdu.result, pdu.source, pdu.reason)
    sentence = sentences.rejected(a.peer, a.proposal, *values)
    a.finish(AssociationPhase.REJECTED, Outcome.REJECTED, sentence, rejection=values)


def _on_pdata(a: Association, pdvs: list[p.Pdv] | DataRun) -> None:
    if a.over:
        return
    try:
        a.messages.receive(pdvs)
    except FragmentError as error:
        a.recorder.broken("pdata.interleaved", error.reason)
        a.give_up(error.reason, error.abort_reason)


def _on_release_indication(a: Association, event: p.ReleaseIndication) -> None:
    if event.collision and not a.requestor:
        return  # Sta10: the requestor's A-RELEASE-RP comes first, then ours (PS3.8 7.2.2.7)
    if not a.machine.can(p.AReleaseResponse()):
        return  # what came with the A-RELEASE-RQ has ended the association; that is told next
    a.request(p.AReleaseResponse())
    if event.collision:
        return
    who = sentences.address(a.peer)
    a.finish(AssociationPhase.RELEASED, Outcome.SUCCESS, f"{who} released the association.")


def _on_release_confirmation(a: Association, _: p.ReleaseConfirmation) -> None:
    if a.machine.state is Sta.Sta12:
        a.request(p.AReleaseResponse())
    a.finish(AssociationPhase.RELEASED, Outcome.SUCCESS, "Association released.")


def _on_provider_abort(a: Association, event: p.ProviderAbortIndication) -> None:
    if event.connection_lost:
        return  # TransportEnded has told it, with the state
    sentence = a.broke_protocol(a.broken or event.sentence)
    how = _broken_how(a)
    a.finish(AssociationPhase.ABORTED, Outcome.ABORTED, sentence, abort=(2, event.reason), cause=how)


def _on_transport_ended(a: Association, event: p.TransportEnded) -> None:
    try:
        if a.end is None or not a.link.closed_here:
            _tell_why_ended(a, event)
    finally:
        a.let_go()


def _tell_why_ended(a: Association, event: p.TransportEnded) -> None:
    outcome = Outcome.ABORTED if event.before not in (Sta.Sta4, Sta.Sta5) else Outcome.CONNECTION_FAILED
    cut_off = a.cut_off(event.pending)
    sentence = sentences.closed(a.peer, event.before, cut_off, a.link.lost_reason, tls=a.tls is not None)
    if a.link.failed:
        a.finish(AssociationPhase.FAILED, Outcome.ABORTED, sentences.defect(a.peer))
        return
    if not a.link.closed_here:
        a.recorder.closed(event.pending)
    a.finish(AssociationPhase.FAILED, outcome, sentence, cause=Cause.CLOSED)


def _broken_how(a: Association) -> Cause:
    if a.negotiated is not None:
        return Cause.PROTOCOL  # it has spoken DICOM, whatever came then
    if "speaks TLS" in a.broken:
        return Cause.TLS_AT_PLAIN
    return Cause.FOREIGN if LOOKS_LIKE in a.broken else Cause.PROTOCOL


def _on_artim(a: Association, event: p.ArtimExpired) -> None:
    if event.state is Sta.Sta2:
        sentence = sentences.request_timed_out(a.peer, a.timeouts.artim, a.machine.pending)
        a.finish(AssociationPhase.FAILED, Outcome.TIMED_OUT, sentence, cause=Cause.NO_REQUEST)
    a.recorder.not_closed(a.timeouts.artim)
    a.link.kill()  # who has not closed by now may not read either: closing in order would wait for that


ACTIONS: dict[type, Callable[[Any, Any], None]] = {
    p.Transition: _on_transition,
    p.PduReceived: _on_received,
    p.PduSent: _on_sent,
    p.DataReceived: _on_data_received,
    p.DataSent: _on_data_sent,
    p.PDataIndication: lambda a, event: _on_pdata(a, event.pdvs),
    p.RunReceived: _on_run_received,
    p.MessagesReceived: matches.take,
    p.StoreReceived: _on_store,
    p.AnswerReceived: _on_answer,
    p.EchoAnswered: _on_echo,
    p.RunSent: lambda a, event: a.recorder.run(event),
    p.ScriptEnded: _on_script_ended,
    p.ProtocolError: _on_protocol_error,
    p.CloseTransport: lambda a, _: a.link.close(),
    p.AssociateIndication: _on_indication,
    p.AssociateConfirmation: _on_confirmation,
    p.ReleaseIndication: _on_release_indication,
    p.ReleaseConfirmation: _on_release_confirmation,
    p.AbortIndication: _on_abort_indication,
    p.ProviderAbortIndication: _on_provider_abort,
    p.TransportEnded: _on_transport_ended,
    p.ArtimExpired: _on_artim,
}
