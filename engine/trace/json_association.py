"""What is told of an association as JSON: proposed, negotiated, how it ended. Secrets are never in it."""

from __future__ import annotations

from engine.model.association import Negotiated, NegotiatedContext, Peer, Proposal, UserIdentity
from engine.model.notices import (
    AssociationNotice,
)
from engine.standard.codes import abort_text, explain_code, rejection_text

from .json_basics import Json, iso_time, seconds_json, uid_json
from .json_pdu import HIDDEN
from .tls_text import tls_json


def association_json(n: AssociationNotice) -> Json:
    """The object of an association's phase."""
    return {
        "kind": n.kind,
        "time": iso_time(n.time),
        "association": n.association,
        "phase": n.phase.value,
        "role": "requestor" if n.requestor else "acceptor",
        "peer": _peer(n.peer),
        "sentence": n.sentence,
        "proposed": _proposal(n.proposal) if n.proposal else None,
        "negotiated": _negotiated(n.negotiated) if n.negotiated else None,
        "rejection": _rejection(n.rejection) if n.rejection else None,
        "abort": _abort(n.abort) if n.abort else None,
        "outcome": n.outcome.value if n.outcome else None,
        "cause": n.cause.value or None,
        "duration": seconds_json(n.duration),
        "listener": n.listener,
        "tls": tls_json(n.tls) if n.tls else None,
    }


def _peer(peer: Peer) -> Json:
    return {"name": peer.name, "ae_title": peer.ae_title, "host": peer.host, "port": peer.port}


def _rejection(values: tuple[int, int, int]) -> Json:
    result, source, reason = values
    return {"result": result, "source": source, "reason": reason, "meaning": rejection_text(*values)}


def _abort(values: tuple[int, int]) -> Json:
    return {"source": values[0], "reason": values[1], "meaning": abort_text(*values)}


def _proposal(p: Proposal) -> Json:
    window = p.async_window
    return {
        "calling_ae_title": p.local.ae_title,
        "called_ae_title": p.peer.ae_title,
        "application_context": uid_json(p.application_context),
        "protocol_version": p.protocol_version,
        "maximum_length": p.local.maximum_length,
        "implementation_class_uid": p.local.implementation_class_uid,
        "implementation_version_name": p.local.implementation_version_name,
        "contexts": [
            {
                "id": c.id,
                "abstract_syntax": uid_json(c.abstract_syntax),
                "transfer_syntaxes": [uid_json(u) for u in c.transfer_syntaxes],
                "role": c.role.value,
            }
            for c in p.contexts
        ],
        "async_window": {"invoked": window.invoked, "performed": window.performed} if window else None,
        "user_identity": _identity(p.user_identity) if p.user_identity else None,
        "extended": [{"sop_class": uid_json(e.sop_class_uid), "information": e.information.hex()} for e in p.extended],
        "common_extended": [
            {
                "sop_class": uid_json(e.sop_class_uid),
                "service_class": uid_json(e.service_class_uid),
                "related_general": [uid_json(u) for u in e.related_general],
            }
            for e in p.common_extended
        ],
    }


def _identity(identity: UserIdentity) -> Json:
    return {
        "type": identity.type,
        "meaning": explain_code("user_identity_type", identity.type),
        "positive_response_requested": identity.positive_response_requested,
        "primary": HIDDEN,
        "secondary": HIDDEN if identity.secondary else None,
    }


def _negotiated(n: Negotiated) -> Json:
    return {
        "calling_ae_title": n.calling_ae_title,
        "called_ae_title": n.called_ae_title,
        "send_maximum": n.send_maximum,
        "receive_maximum": n.receive_maximum,
        "async_window": {"invoked": n.window.invoked, "performed": n.window.performed},
        "peer_implementation_class_uid": n.peer_implementation_class_uid,
        "peer_implementation_version_name": n.peer_implementation_version_name,
        "user_identity_answered": n.user_identity_response is not None,
        "contexts": [_context(c) for c in n.contexts],
        "extended": [{"sop_class": uid_json(e.sop_class_uid), "information": e.information.hex()} for e in n.extended],
    }


def _context(c: NegotiatedContext) -> Json:
    return {
        "id": c.id,
        "abstract_syntax": uid_json(c.abstract_syntax),
        "proposed": [uid_json(u) for u in c.proposed],
        "accepted": c.accepted,
        "result": c.result,
        "meaning": explain_code("context_result", c.result) if c.result >= 0 else "not answered",
        "transfer_syntax": uid_json(c.transfer_syntax),
        "proposed_role": c.proposed_role.value,
        "requestor_scu": c.requestor_scu,
        "requestor_scp": c.requestor_scp,
        "reason": c.reason,
    }
