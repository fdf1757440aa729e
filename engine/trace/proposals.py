"""An A-ASSOCIATE-RQ seen on the wire as the proposal it stands for."""

from __future__ import annotations

from engine.model.association import (
    AsyncWindow,
    CommonExtendedNegotiation,
    ExtendedNegotiation,
    LocalAE,
    Peer,
    Proposal,
    ProposedContext,
    UserIdentity,
)
from engine.protocol.asked import asked_contexts, asked_roles
from engine.protocol.roles import role_of
from engine.standard.pdus import (
    ApplicationContext,
    AssociateRQ,
    AsyncOperationsWindow,
    ImplementationClassUID,
    ImplementationVersionName,
    MaximumLength,
    SopClassCommonExtendedNegotiation,
    SopClassExtendedNegotiation,
    UserIdentityRQ,
)
from engine.wire.pdus import all_of, first, strip, user_items


def proposal_of(rq: AssociateRQ, peer: Peer | None = None) -> Proposal:
    """What a request proposes: `local` is its requestor, `peer` whom it calls; user identity without its fields."""
    items = user_items(rq)
    roles = asked_roles(items)
    where = peer if peer is not None else Peer()
    class_uid, version = first(items, ImplementationClassUID), first(items, ImplementationVersionName)
    length, window = first(items, MaximumLength), first(items, AsyncOperationsWindow)
    identity, application = first(items, UserIdentityRQ), first(rq.items, ApplicationContext)
    return Proposal(
        local=LocalAE(
            ae_title=strip(rq.calling_ae_title),
            implementation_class_uid=strip(class_uid.uid) if class_uid else "",
            implementation_version_name=strip(version.name) if version else "",
            maximum_length=length.maximum_length_received if length else 0,
        ),
        peer=Peer(name=where.name, ae_title=strip(rq.called_ae_title), host=where.host, port=where.port),
        contexts=tuple(
            ProposedContext(a.id, a.abstract_syntax, a.transfer_syntaxes, role_of(roles.get(a.abstract_syntax)))
            for a in asked_contexts(rq)
        ),
        async_window=AsyncWindow(window.invoked, window.performed) if window else None,
        user_identity=UserIdentity(
            identity.type, positive_response_requested=bool(identity.positive_response_requested)
        )
        if identity
        else None,
        extended=tuple(
            ExtendedNegotiation(strip(e.sop_class_uid), e.information)
            for e in all_of(items, SopClassExtendedNegotiation)
        ),
        common_extended=tuple(
            CommonExtendedNegotiation(
                strip(e.sop_class_uid), strip(e.service_class_uid), tuple(map(strip, e.related_general))
            )
            for e in all_of(items, SopClassCommonExtendedNegotiation)
        ),
        application_context=strip(application.name) if application else "",
        protocol_version=rq.protocol_version,
    )
