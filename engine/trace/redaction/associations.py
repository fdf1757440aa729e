"""What is told of an association: who, what was proposed and what came of it, with stand-ins for names."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.model.association import (
    CommonExtendedNegotiation,
    ExtendedNegotiation,
    LocalAE,
    Negotiated,
    NegotiatedContext,
    Peer,
    Proposal,
    ProposedContext,
    UserIdentity,
)
from engine.model.tls import Certificate, TlsVerdict

from .stand_ins import LEFT_OUT, StandIns

Say = Callable[[str], str]


def peer(peer: Peer, stand_ins: StandIns) -> Peer:
    """Its title, host and port; it is called by its title's stand-in."""
    title = stand_ins.title(peer.ae_title)
    return Peer(name=title if peer.name else "", ae_title=title, host=stand_ins.host(peer.host), port=peer.port)


def contexts(proposed: Iterable[ProposedContext], stand_ins: StandIns) -> tuple[ProposedContext, ...]:
    """Presentation contexts as they were proposed."""
    uid = stand_ins.uid
    return tuple(
        ProposedContext(c.id, uid(c.abstract_syntax), tuple(map(uid, c.transfer_syntaxes)), c.role) for c in proposed
    )


def proposal(p: Proposal, stand_ins: StandIns) -> Proposal:
    """What an A-ASSOCIATE-RQ carries; no file, no time-out, no script."""
    uid = stand_ins.uid
    identity = p.user_identity
    return Proposal(
        local=LocalAE(
            ae_title=stand_ins.title(p.local.ae_title),
            implementation_class_uid=uid(p.local.implementation_class_uid),
            implementation_version_name=stand_ins.version_name(p.local.implementation_version_name),
            maximum_length=p.local.maximum_length,
        ),
        peer=peer(p.peer, stand_ins),
        contexts=contexts(p.contexts, stand_ins),
        async_window=p.async_window,
        user_identity=UserIdentity(
            type=identity.type,
            secondary=b"*" if identity.secondary else b"",
            positive_response_requested=identity.positive_response_requested,
        )
        if identity
        else None,
        extended=_extended(p.extended, stand_ins),
        common_extended=tuple(
            CommonExtendedNegotiation(
                uid(e.sop_class_uid), uid(e.service_class_uid), tuple(map(uid, e.related_general))
            )
            for e in p.common_extended
        ),
        application_context=uid(p.application_context),
        protocol_version=p.protocol_version,
    )


def negotiated(n: Negotiated, stand_ins: StandIns, say: Say) -> Negotiated:
    """What both sides agreed on."""
    return Negotiated(
        contexts=tuple(context(c, stand_ins, say) for c in n.contexts),
        calling_ae_title=stand_ins.title(n.calling_ae_title),
        called_ae_title=stand_ins.title(n.called_ae_title),
        send_maximum=n.send_maximum,
        receive_maximum=n.receive_maximum,
        window=n.window,
        peer_implementation_class_uid=stand_ins.uid(n.peer_implementation_class_uid),
        peer_implementation_version_name=stand_ins.version_name(n.peer_implementation_version_name),
        user_identity_response=None if n.user_identity_response is None else b"",
        extended=_extended(n.extended, stand_ins),
    )


def context(c: NegotiatedContext, stand_ins: StandIns, say: Say) -> NegotiatedContext:
    """A presentation context as it was answered."""
    return NegotiatedContext(
        id=c.id,
        abstract_syntax=stand_ins.uid(c.abstract_syntax),
        proposed=tuple(map(stand_ins.uid, c.proposed)),
        result=c.result,
        transfer_syntax=stand_ins.uid(c.transfer_syntax),
        proposed_role=c.proposed_role,
        answered_role=c.answered_role,
        requestor_scu=c.requestor_scu,
        requestor_scp=c.requestor_scp,
        reason=say(c.reason),
    )


def _extended(items: Iterable[ExtendedNegotiation], stand_ins: StandIns) -> tuple[ExtendedNegotiation, ...]:
    return tuple(ExtendedNegotiation(stand_ins.uid(e.sop_class_uid), bytes(len(e.information))) for e in items)


def tls(verdict: TlsVerdict, stand_ins: StandIns, say: Say) -> TlsVerdict:
    """What a handshake came to; of certificates that there was one."""
    return TlsVerdict(
        version=verdict.version,
        cipher=verdict.cipher,
        peer_certificate=_certificate(verdict.peer_certificate),
        verified=verdict.verified,
        reason=say(verdict.reason),
        host_name=stand_ins.host(verdict.host_name),
        host_name_matches=verdict.host_name_matches,
        server_name=stand_ins.host(verdict.server_name),
        client_certificate_requested=verdict.client_certificate_requested,
        own_certificate=_certificate(verdict.own_certificate),
        alert=say(verdict.alert),
    )


def _certificate(found: Certificate | None) -> Certificate | None:
    return None if found is None else Certificate(subject=LEFT_OUT, issuer=LEFT_OUT)
