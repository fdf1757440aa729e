"""C-MOVE and C-GET: destinations nobody knows, moves that move nothing, roles that were not given."""

from __future__ import annotations

from engine.model.association import NegotiatedContext
from engine.model.notices import MessageNotice, Outcome, StatusNotice
from engine.standard.dictionary import uid_text
from engine.standard.messages import RESPONSE_BIT, STORE
from engine.standard.sop_classes import sop_class

from .model import Mend, Proof, Setting
from .rule import Case, Found, rule

CLAUSE = "PS3.4 C.4.2.1.5"


def _end(case: Case, service: str) -> StatusNotice | None:
    status = case.status
    return status if status is not None and status.service == service else None


def _request(case: Case) -> MessageNotice | None:
    return case.operation.request() if case.operation is not None else None


def _proofs(case: Case) -> tuple[Proof, ...]:
    if case.operation is None:
        return ()
    return (
        *case.operation.proof("The final response.", case.operation.response()),
        *case.operation.proof("The request.", case.operation.request()),
    )


def _arrived(case: Case) -> int:
    """C-STORE-RQs that came to this console while the operation ran."""
    return case.stories.stores_received - case.operation.began_stores if case.operation is not None else 0


def _reached(case: Case) -> bool:
    """Whether an association was accepted here while the operation ran: who moves knows the way to us."""
    request = _request(case)
    stories = case.stories.associations.values()
    return request is not None and any(not s.requestor and (s.established or 0.0) > request.clock for s in stories)


@rule("move.destination-unknown", "The peer does not know the move destination", CLAUSE, "operation")
def destination_unknown(case: Case) -> Found | None:
    status, request = _end(case, "C-MOVE"), _request(case)
    if status is None or status.status != 0xA801:
        return None
    title = request.command.text("MoveDestination") if request is not None else ""
    return Found(
        happened=f"The C-MOVE to “{title}” was answered with A801H Refused: Move Destination unknown.",
        cause="The peer looks the destination up in its own list of AE titles; this one is not there, or spelt "
        "otherwise.",
        change=f"Have “{title}” entered at the peer with the address and port where it listens, or use a title "
        "it knows.",
        proofs=_proofs(case),
        mends=(Mend(Setting.MOVE_DESTINATION, "", "Choose another destination"),),
    )


@rule("move.nothing-matched", "Success, and nothing was moved", CLAUSE, "operation")
def nothing_matched(case: Case) -> Found | None:
    for service in ("C-MOVE", "C-GET"):
        status = _end(case, service)
        if status is None or status.outcome not in (Outcome.SUCCESS, Outcome.WARNING) or status.status is None:
            continue
        counts = (status.completed, status.failed, status.warning)
        if any(counts) or _arrived(case):
            return None
        return Found(
            happened=f"The {service} ended with {status.status:04X}H and without a single sub-operation.",
            cause="Nothing at the peer matches the identifier: a UID of another level or archive, a wildcard or a list "
            "it does not take, or the instances are offline.",
            change="Query first at the same level and retrieve by the unique keys it returned.",
            proofs=_proofs(case),
        )
    return None


@rule("move.elsewhere", "The peer moved, and nothing arrived here", CLAUSE, "operation")
def elsewhere(case: Case) -> Found | None:
    status, request = _end(case, "C-MOVE"), _request(case)
    if status is None or request is None or not status.completed or _arrived(case) or _reached(case):
        return None
    title = request.command.text("MoveDestination")
    local = case.association.proposal.local.ae_title if case.association.proposal else ""
    if title != local:
        return None  # to a third AE, as asked
    return Found(
        happened=f"The peer says {status.completed} instances were sent to “{title}”; none of them arrived here.",
        cause="In the peer's list our AE title has another address or port: an old computer, a forwarded port.",
        change=f"Correct the entry of “{title}” at the peer: this computer's address, and the port the listener has.",
        proofs=_proofs(case),
    )


@rule("move.sub-operations-failed", "The peer could not deliver the instances", CLAUSE, "operation")
def sub_operations_failed(case: Case) -> Found | None:
    status, request = _end(case, "C-MOVE"), _request(case)
    if status is None or not status.failed:
        return None
    title = request.command.text("MoveDestination") if request is not None else ""
    arrived = _arrived(case)
    if arrived:
        cause = "The destination refused some: contexts not accepted, a full disk, its own checks. See those C-STOREs."
    elif _reached(case):
        cause = "Somebody reached this console, but no instance came whole: see the associations accepted meanwhile."
    else:
        cause = (
            "The peer cannot reach the destination: wrong address or port in its list, a firewall, nothing listening."
        )
    return Found(
        happened=f"{status.failed} of the sub-operations to “{title}” failed, {status.completed or 0} were completed.",
        cause=cause,
        change="See the failed instances in the response's Failed SOP Instance UID List; echo the destination "
        "from the peer.",
        proofs=_proofs(case),
    )


@rule("get.role-refused", "We may not receive on this association", "PS3.4 C.4.3.1.1", "operation")
def role_refused(case: Case) -> Found | None:
    status, story = _end(case, "C-GET"), case.association
    if status is None or story.negotiated is None or not (status.failed or _nothing(status)):
        return None
    if status.message_id is None:  # it was never asked: the service itself has no context, which says more
        return None
    storage = [c for c in story.negotiated.contexts if c.accepted and _is_storage(c.abstract_syntax)]
    ours = [c for c in storage if c.requestor_scp]
    if ours:
        return None
    cause, change, mends = _why_no_role(storage)
    return Found(
        happened="The C-GET could send nothing: we have the SCP role for no storage class on this association.",
        cause=cause,
        change=change,
        proofs=(story.proof("Roles answered in the A-ASSOCIATE-AC.", 2, sent=False), *_proofs(case)),
        mends=mends,
    )


def _why_no_role(storage: list[NegotiatedContext]) -> tuple[str, str, tuple[Mend, ...]]:
    """Cause, what to change, and what changes it, where we have the SCP role for none of these contexts."""
    if any(c.proposed_role.value not in ("default", "") for c in storage):
        cause = (
            "The peer did not confirm the SCP role we proposed for storage classes: it cannot send on this association."
        )
        return cause, "Use C-MOVE with this peer, or have C-GET with role selection enabled there.", ()
    if not storage:
        return (
            "No storage class was accepted on this association, so nothing can be received on it.",
            "Propose the storage classes of the instances, with the SCP role.",
            (),
        )
    classes = tuple(dict.fromkeys(c.abstract_syntax for c in storage))
    return (
        "No SCP role was proposed for the storage classes, so the peer may not send them to us.",
        "Propose the SCP role (54H) for every storage class to be received.",
        (Mend(Setting.SCP_ROLE, classes, "Propose the SCP role for them"),),
    )


def _nothing(status: StatusNotice) -> bool:
    return not status.completed and not status.warning


def _is_storage(uid: str) -> bool:
    row = sop_class(uid)
    return row is not None and row.kind == "composite storage"


@rule("get.context-missing", "Instances have no presentation context to come on", "PS3.4 C.4.3.1.1", "operation")
def context_missing(case: Case) -> Found | None:
    status, story = _end(case, "C-GET"), case.association
    if status is None or not status.failed or story.negotiated is None:
        return None
    ours = [c for c in story.negotiated.contexts if c.accepted and c.requestor_scp]
    if not ours:
        return None
    stores = story.received("C-STORE-RQ")
    refused = [
        m
        for m in story.messages
        if m.sent and m.command.command_field == STORE | RESPONSE_BIT and m.command.status not in (0, None)
    ]
    if refused:
        return None
    seen = {uid_text(m.command.sop_class_uid) for m in stores}
    got = f" ({', '.join(sorted(seen)[:3])} came)" if seen else ""
    return Found(
        happened=f"{status.failed} sub-operations of the C-GET failed at the peer before it sent a C-STORE-RQ{got}.",
        cause="Their SOP class or transfer syntax has no accepted context on this association: compressed "
        "images as a rule.",
        change="Propose their storage class in their transfer syntax with the SCP role; the failed list names "
        "the instances.",
        proofs=_proofs(case),
    )


@rule("get.not-all-arrived", "The peer counts instances it did not send", "PS3.4 C.4.3.1.6", "operation")
def not_all_arrived(case: Case) -> Found | None:
    status, arrived = _end(case, "C-GET"), _arrived(case)
    if status is None or status.status is None:
        return None
    counted = (status.completed or 0) + (status.warning or 0)
    if counted <= arrived:
        return None
    return Found(
        happened=f"The peer counts {counted} sub-operations of the C-GET as completed, but sent {arrived} C-STORE-RQs.",
        cause="A defect of the peer: it counts an instance before it is sent, skips one that it cannot read or that "
        "has no presentation context, or counts what it sent to somebody else.",
        change="Query the instances and retrieve those that are missing again, one by one; the peer's log may name "
        "them. Give its vendor this trace.",
        proofs=_proofs(case),
    )


@rule("retrieve.resources", "The peer cannot perform the retrieval now", CLAUSE, "operation")
def resources(case: Case) -> Found | None:
    status = case.status
    if status is None or status.service not in ("C-MOVE", "C-GET") or status.status not in (0xA701, 0xA702):
        return None
    counting = status.status == 0xA701
    return Found(
        happened=f"The {status.service} was refused with {status.status:04X}H Out of Resources.",
        cause="The peer cannot count the matches: too many, or its database is busy."
        if counting
        else "The peer could not perform the sub-operations: the destination took none, or it has no resources.",
        change="Retrieve less at a time (series instead of study)."
        if counting
        else "Echo the destination from the peer; then look into both logs.",
        proofs=_proofs(case),
    )


@rule("retrieve.identifier", "The identifier does not fit the model", CLAUSE, "operation")
def identifier(case: Case) -> Found | None:
    status = case.status
    if status is None or status.service not in ("C-MOVE", "C-GET") or status.status is None:
        return None
    if not 0xA900 <= status.status <= 0xA9FF:
        return None
    return Found(
        happened=f"The {status.service} was refused with {status.status:04X}H Identifier does not match SOP Class.",
        cause="The level is not one of the model, a unique key above the level is missing, or other keys were given.",
        change="Give the Query/Retrieve Level, the unique key of that level and those above it, and nothing else.",
        proofs=_proofs(case),
    )
