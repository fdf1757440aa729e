"""A final status that says failure: what it means for this service, and what helps."""

from __future__ import annotations

from dataclasses import replace

from engine.model.commitment import STORAGE_COMMITMENT
from engine.model.notices import MessageNotice, Outcome, StatusNotice
from engine.standard.dictionary import uid_text
from engine.standard.elements import tag_text
from engine.standard.lean import dataclass
from engine.standard.messages import message_for
from engine.standard.status import ANNEX_C, status_text

from .model import Proof
from .rule import Case, Found, rule


def _status(case: Case, services: tuple[str, ...], low: int, high: int) -> StatusNotice | None:
    """The operation's end, when it is one of these services with a status in this range."""
    status = case.status
    if status is None or status.status is None or not low <= status.status <= high:
        return None
    return status if not services or status.service in services else None


def _proofs(case: Case) -> tuple[Proof, ...]:
    operation = case.operation
    if operation is None:
        return ()
    return (
        *operation.proof("The response with the status.", operation.response()),
        *operation.proof("The request.", operation.request()),
    )


def _said(status: StatusNotice) -> str:
    """The status in words, with what the peer added."""
    words = status_text(status.status or 0, status.service, status.sop_class_uid)
    name = uid_text(status.sop_class_uid)
    comment = f" It added: “{status.error_comment}”." if status.error_comment else ""
    listed = ", ".join(map(tag_text, status.offending_elements))
    named = f" Offending Element: {listed}." if listed else ""
    number = f" Error ID: {status.error_id:04X}H." if status.error_id is not None else ""
    return f"{status.service} of {name} was answered with {words}.{comment}{named}{number}"


@dataclass(frozen=True, slots=True)
class _Row:
    """A diagnosis that follows from service and status alone."""

    name: str
    title: str
    clause: str
    """"": that of PS3.7 Annex C."""
    services: tuple[str, ...]
    low: int
    high: int
    cause: str
    change: str


_STORE = ("C-STORE",)
_N_BUT_SET = ("N-CREATE", "N-GET", "N-ACTION", "N-DELETE", "N-EVENT-REPORT")
_N_ANY = ("N-CREATE", "N-SET", "N-GET", "N-ACTION", "N-DELETE", "N-EVENT-REPORT")
_ROWS = (
    _Row(
        "store.out-of-resources", "The peer has no room for the instance", "PS3.4 B.2.3", _STORE, 0xA700, 0xA7FF,
        "Its disk or database is full, or a quota is reached.",
        "Free room at the peer; then send again what failed, nothing of it was kept.",
    ),
    _Row(
        "store.wrong-class", "The instance does not match its SOP class", "PS3.4 B.2.3", _STORE, 0xA900, 0xA9FF,
        "The data set lacks attributes its SOP class requires, or its SOP Class UID is not the command's.",
        "Compare the data set with the IOD of its SOP class; the Error Comment and Offending Element name what "
        "is wrong.",
    ),
    _Row(
        "store.cannot-understand", "The peer cannot process the instance", "PS3.4 B.2.3", _STORE, 0xC000, 0xCFFF,
        "A value it cannot parse, a transfer syntax other than negotiated, or a private rule of the peer.",
        "See the Error Comment and the peer's log; send an instance known to be good to tell data from set-up.",
    ),
    _Row(
        "status.sop-class", "The peer does not support the SOP class here", "", (), 0x0122, 0x0122,
        "The presentation context was accepted, but the service behind it refuses the SOP class.",
        "Use the SOP class that the context was negotiated for, or ask for its support at the peer.",
    ),
    _Row(
        "status.not-authorised", "The peer does not allow this to us", "", (), 0x0124, 0x0124,
        "Rights are given by AE title or user identity, and ours lacks this one.",
        "Have the right given to our AE title, or show a user identity that has it.",
    ),
    _Row(
        "status.duplicate-instance", "The instance exists already", "", (), 0x0111, 0x0111,
        "The SOP Instance UID was used before: a message sent twice, or a UID that is not unique.",
        "Use a new UID ({{uid}} in a message file makes one), or change the existing instance instead.",
    ),
    _Row(
        "status.no-such-instance", "The peer does not have the instance", "", (), 0x0112, 0x0112,
        "The SOP Instance UID is misspelt, ended with another association, or belongs to another class.",
        "Use the UID the peer returned when it was created, on the association it belongs to.",
    ),
    _Row(
        "status.missing-attribute", "An attribute is missing", "", (), 0x0120, 0x0121,
        "An attribute the SOP class requires in this message is absent (0120H) or empty (0121H).",
        "Fill in what the Attribute Identifier List of the response names; the service's attribute table tells "
        "the rest.",
    ),
    _Row(
        "status.invalid-value", "A value is not allowed", "", (), 0x0106, 0x0106,
        "A value is outside those the attribute or the state of the instance allows.",
        "Correct the attributes returned in the response's data set.",
    ),
    _Row(
        "status.not-now", "The instance can no longer be changed", "PS3.4 F.7.2.2", ("N-SET",), 0x0110, 0x0110,
        "A performed procedure step that is COMPLETED or DISCONTINUED is final; other failures hide behind 0110H too.",
        "Create a new step instead of changing a finished one; the Error ID and Comment tell other reasons.",
    ),
    _Row(
        "status.unrecognized-operation", "The peer does not know the operation", "", (), 0x0211, 0x0211,
        "The SOP class has this operation in the Standard, the peer has not built it.",
        "Look into the peer's conformance statement for the operations of this SOP class.",
    ),
    _Row(
        "status.no-such-action", "The action is not one of the SOP class", "", ("N-ACTION",), 0x0123, 0x0123,
        "The Action Type ID is wrong, or the peer lacks this action.",
        "Use an Action Type ID of the SOP class; the builder lists them.",
    ),
    _Row(
        "status.resource-limitation", "The peer has no resources for it now", "", (), 0x0213, 0x0213,
        "A limit of the peer is reached.",
        "Try again later; the peer's log names the limit.",
    ),
    _Row(
        "status.class-instance-conflict", "The instance belongs to another SOP class", "", (), 0x0119, 0x0119,
        "The SOP Instance UID given is that of an instance of another SOP class at the peer.",
        "Use the SOP class with which the instance was created, or the UID that belongs to this class.",
    ),
    _Row(
        "status.duplicate-invocation", "The Message ID is still in use", "", (), 0x0210, 0x0210,
        "A request with the same Message ID is not answered yet, or the peer lost count.",
        "Give each outstanding request a Message ID of its own; without an asynchronous window send one at a time.",
    ),
    _Row(
        "status.argument", "An argument is not taken", "", ("N-ACTION", "N-EVENT-REPORT"), 0x0114, 0x0115,
        "The data set holds an argument that the action or event does not have (0114H), or one with a value that is "
        "not allowed (0115H).",
        "Compare the data set with what the SOP class defines for this Action or Event Type ID.",
    ),
    _Row(
        "status.no-such-event", "The event is not one of the SOP class", "", ("N-EVENT-REPORT",), 0x0113, 0x0113,
        "The Event Type ID is wrong, or the peer lacks this event.",
        "Use an Event Type ID of the SOP class; the builder lists them.",
    ),
    _Row(
        "status.no-such-attribute", "An attribute is not of the SOP class", "", ("N-SET", "N-CREATE"), 0x0105, 0x0105,
        "The data set holds an attribute that the peer does not have for this SOP class.",
        "Leave out what the Attribute Identifier List of the response names.",
    ),
    _Row(
        "status.invalid-instance", "The SOP Instance UID is not valid", "", (), 0x0117, 0x0117,
        "The UID breaks the rules of UIDs (digits and periods, at most 64), or is not one the peer can take.",
        "Compare the UID in the request with the one that is meant; a new one is to be made by UID rules.",
    ),
    _Row(
        "status.no-such-class", "The peer does not know the SOP class", "", (), 0x0118, 0x0118,
        "The SOP Class UID of the request is not one that the peer has.",
        "Compare the SOP Class UID with that of the presentation context and with the peer's conformance statement.",
    ),
    _Row(
        "status.processing-failure", "The peer failed while it carried the request out", "", _N_BUT_SET, 0x0110, 0x0110,
        "Anything within the peer: its database, a rule of its own, an instance in a state that does not allow it.",
        "See the Error Comment and Error ID of the response, and the peer's log at this moment.",
    ),
    _Row(
        "status.mistyped-argument", "The request is not what the SOP class agreed on", "", (), 0x0212, 0x0212,
        "One of the request's parameters is not of the kind agreed for the services of this SOP class.",
        "Compare the command set with PS3.7 and the SOP class; the findings name what departs from them.",
    ),
    _Row(
        "retrieve.cannot-process", "The peer cannot process the retrieval", "PS3.4 C.4.2.1.5",
        ("C-MOVE",), 0xC000, 0xCFFF,
        "A code of the peer's own; often that it does not know the destination, or cannot reach it.",
        "See the Error Comment; echo the destination from the peer; look the code up in its documentation or log.",
    ),
    _Row(
        "get.cannot-process", "The peer cannot process the retrieval", "PS3.4 C.4.3.1.4", ("C-GET",), 0xC000, 0xCFFF,
        "A code of the peer's own; often that it has nothing for these keys, or cannot read what it has.",
        "Query with the same keys first; see the Error Comment; look the code up in its documentation or log.",
    ),
    _Row(
        "find.identifier", "The query does not fit the model", "PS3.4 C.4.1.1.4", ("C-FIND",), 0xA900, 0xA9FF,
        "The query level is not one of the model, a unique key of a higher level is missing, or a key is not known.",
        "Give the Query/Retrieve Level and the unique keys above it; leave out other keys of higher levels.",
    ),
    _Row(
        "find.out-of-resources", "The query asks for too much", "PS3.4 C.4.1.1.4", ("C-FIND",), 0xA700, 0xA7FF,
        "More matches than the peer returns, or its database is busy.",
        "Narrow the query: a date range, a patient, a modality.",
    ),
    _Row(
        "find.cannot-process", "The peer cannot process the query", "PS3.4 C.4.1.1.4", ("C-FIND",), 0xC000, 0xCFFF,
        "A value the peer cannot parse (a date range, a character set), or a private rule of the peer.",
        "Start from the unique keys alone and add one key at a time; see the Error Comment.",
    ),
    _Row(
        "print.empty-page", "The film has nothing on it", "PS3.4 H.4.1.2.3", ("N-ACTION",), 0xB602, 0xB603,
        "The film box was printed before an image was set into one of its image boxes.",
        "Set at least one image box (N-SET), at the UIDs the film box returned, before printing.",
    ),
    _Row(
        "print.queue-full", "The print queue is full", "PS3.4 H.4.1.2.3", ("N-ACTION",), 0xC601, 0xC602,
        "The printer takes no further job now.",
        "Wait until a job is done; the Printer's status tells when.",
    ),
    _Row(
        "print.image-too-large", "The image is larger than its place", "PS3.4 H.4.3.1.2", ("N-SET",), 0xC603, 0xC603,
        "The printer does not scale it down to the image box.",
        "Choose fewer images a film, a larger film, or a magnification type the printer has.",
    ),
    _Row(
        "ups.transaction-uid", "The Transaction UID is not the step's", "PS3.4 CC.2.1.3", _N_ANY, 0xC301, 0xC301,
        "Another performer claimed the step, or the Transaction UID of the claim was not kept.",
        "Use the Transaction UID with which the step was set IN PROGRESS.",
    ),
    _Row(
        "ups.state", "The step is in another state", "PS3.4 CC.2.1.3", _N_ANY, 0xC302, 0xC304,
        "It is IN PROGRESS already, was not created as SCHEDULED, or lacks what the final state requires.",
        "Read the step first; fill in the performed procedure information before COMPLETED.",
    ),
    _Row(
        "ups.final", "The step may no longer be changed", "PS3.4 CC.2.6.4", _N_ANY, 0xC300, 0xC300,
        "It is COMPLETED or CANCELED, and what it holds stays as it is.",
        "Push a new step for what is to be done otherwise.",
    ),
    _Row(
        "ups.unknown", "The peer has no such step", "PS3.4 CC.2.1.3", _N_ANY, 0xC307, 0xC307,
        "The SOP Instance UID is misspelt, or the peer removed the step after it ended.",
        "Find the step first (`ups find`), and use the UID that the match tells.",
    ),
    _Row(
        "ups.not-in-that-state", "The step is in another state", "PS3.4 CC.2.1.3", _N_ANY, 0xC309, 0xC311,
        "It is not SCHEDULED (C309H), nobody has claimed it (C310H), or it is COMPLETED already (C311H).",
        "Read the step first; only one that is SCHEDULED can be claimed, and only one IN PROGRESS ended.",
    ),
    _Row(
        "ups.receiver-unknown", "The peer does not know the receiver", "PS3.4 CC.2.3", _N_ANY, 0xC308, 0xC308,
        "The Receiving AE is not in the peer's list of known systems.",
        "Have our AE title added there with this computer's address and port.",
    ),
)  # fmt: skip


def _add(row: _Row) -> None:
    @rule(row.name, row.title, row.clause or ANNEX_C[row.low].clause, "operation")
    def look(case: Case) -> Found | None:
        status = _status(case, row.services, row.low, row.high)
        if status is None:
            return None
        return Found(happened=_said(status), cause=row.cause, change=row.change, proofs=_proofs(case))


for _row in _ROWS:
    _add(_row)
STATUS_RULES = frozenset(row.name for row in _ROWS)
"""The rules that go by service and status alone."""


def told_by(whole: StatusNotice, request: MessageNotice | None, response: MessageNotice) -> StatusNotice:
    """Of an operation of many messages, whose end has no status of its own: as if this response had been the end."""
    command = response.command
    row = message_for(command.command_field or 0)
    tags = command.get("OffendingElement")
    offending = tags if isinstance(tags, tuple) else (tags,)
    return replace(
        whole,
        association=response.association,
        service=row.service if row else "",
        sop_class_uid=(request or response).command.sop_class_uid,
        message_id=command.responded_to,
        status=command.status,
        error_comment=command.text("ErrorComment"),
        offending_elements=tuple(tag for tag in offending if isinstance(tag, int)),
        error_id=command.number("ErrorID"),
    )


@rule("commitment.no-report", "No commitment report came in time", "PS3.4 J.3.3", "operation")
def no_report(case: Case) -> Found | None:
    status, operation = case.status, case.operation
    if status is None or operation is None or status.outcome is not Outcome.TIMED_OUT:
        return None
    request, response = operation.request(), operation.response()
    if request is None or response is None or response.command.status != 0:
        return None
    if request.command.sop_class_uid != STORAGE_COMMITMENT:
        return None
    proposal = case.association.proposal
    title = proposal.local.ae_title if proposal is not None else ""
    return Found(
        happened=f"{case.association.where} took the storage commitment request; no N-EVENT-REPORT of its transaction "
        "came.",
        cause="Many providers report on an association of their own, hours later some: where they have no address or "
        f"another port for “{title}”, the report goes nowhere.",
        change=f"Have “{title}” entered there with this computer's address and a port, and listen at that port "
        "while the report is waited for.",
        proofs=_proofs(case),
    )
