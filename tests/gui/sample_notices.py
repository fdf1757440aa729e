"""Notices as the engine tells them, made with its own codec and negotiation, for tests and pictures of panels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from engine.model.association import (
    AcceptedSyntax,
    AsyncWindow,
    ExtendedNegotiation,
    LocalAE,
    Negotiated,
    Peer,
    Policy,
    Proposal,
    ProposedContext,
    Rejection,
    Role,
    UserIdentity,
)
from engine.model.command_set import CommandSet, Value
from engine.model.dataset import DataElement, DataSet
from engine.model.notices import (
    AnyNotice,
    AssociationNotice,
    AssociationPhase,
    Direction,
    ErrorNotice,
    Evidence,
    FindingNotice,
    ListenerNotice,
    MessageNotice,
    Outcome,
    PduNotice,
    ProgressNotice,
    StatusNotice,
)
from engine.protocol.acceptance import answer
from engine.protocol.negotiation import outcome, propose
from engine.standard.codes import rejection_text
from engine.standard.messages import MESSAGES, NO_DATA_SET
from engine.standard.pdus import AbortPdu, AssociateAC, Pdu, ReleaseRP, ReleaseRQ
from engine.wire.commands import encode_command
from engine.wire.fragments import fragment
from engine.wire.pdus import encode_pdu

VERIFICATION = "1.2.840.10008.1.1"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
STUDY_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
COMMITMENT = "1.2.840.10008.1.20.1"
IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
START = 1_750_000_000.0
TRANSACTION = "1.2.826.0.1.3680043.8.498.7"

SENT, RECEIVED = Direction.SENT, Direction.RECEIVED
ORTHANC = Peer(name="Orthanc", ae_title="ORTHANC", host="127.0.0.1", port=4242)
CONTEXTS = (
    ProposedContext(1, VERIFICATION, (IMPLICIT, EXPLICIT)),
    ProposedContext(3, COMMITMENT, (EXPLICIT, IMPLICIT), Role.BOTH),
    ProposedContext(5, CT_IMAGE, (JPEG_LOSSLESS, "1.2.840.10008.1.2.4.90", EXPLICIT, IMPLICIT)),
    ProposedContext(7, STUDY_FIND, (EXPLICIT, IMPLICIT)),
    ProposedContext(9, "1.2.840.10008.5.1.4.1.1.88.11", ("1.2.840.10008.1.2.2",)),
)
PROPOSAL = Proposal(
    peer=ORTHANC,
    contexts=CONTEXTS,
    async_window=AsyncWindow(8, 1),
    user_identity=UserIdentity(2, b"operator", b"top-secret", True),
    extended=(ExtendedNegotiation(STUDY_FIND, b"\x01\x01"),),
)
POLICY = Policy(
    accepted=(
        AcceptedSyntax(abstract_syntax=VERIFICATION),
        AcceptedSyntax(abstract_syntax=COMMITMENT, transfer_syntaxes=(EXPLICIT,)),
        AcceptedSyntax(abstract_syntax=CT_IMAGE, transfer_syntaxes=(EXPLICIT, IMPLICIT)),
        AcceptedSyntax(abstract_syntax="1.2.840.10008.5.1.4.1.1.88.11", transfer_syntaxes=(EXPLICIT,)),
    ),
    local=LocalAE(
        ae_title="ORTHANC",
        implementation_class_uid="1.2.276.0.7230010.3.0.3.6.8",
        implementation_version_name="OFFIS_DCMTK_368",
        maximum_length=16384,
    ),
    async_window=AsyncWindow(1, 1),
)


@dataclass
class Conversation:
    """One association; every call appends the notices the engine would tell."""

    association: int = 12
    requestor: bool = True
    peer: Peer = ORTHANC
    time: float = START
    notices: list[AnyNotice] = field(default_factory=list)
    proposal: Proposal = PROPOSAL
    negotiated: Negotiated | None = None
    began: float = 0.0
    next_message: int = 1

    # -- the association ----------------------------------------------------------------------------------------

    def opened(self, policy: Policy = POLICY) -> Conversation:
        """Connected, negotiated, established (or rejected by the policy)."""
        self.began = self.time
        self._phase(AssociationPhase.CONNECTING, f"Connecting to {self.peer.host}:{self.peer.port}.")
        rq = propose(self.proposal)
        self.pass_time(0.003)
        self._phase(AssociationPhase.NEGOTIATING)
        out, back = (SENT, RECEIVED) if self.requestor else (RECEIVED, SENT)
        first = ("Sta4", "Evt2", "AE-2", "Sta5") if self.requestor else ("Sta2", "Evt6", "AE-6", "Sta3")
        self.pdu(out, rq, first)
        self.pass_time(0.009)
        made = answer(rq, policy)
        if isinstance(made.pdu, AssociateAC):
            then = ("Sta5", "Evt3", "AE-3", "Sta6") if self.requestor else ("Sta3", "Evt7", "AE-7", "Sta6")
            self.pdu(back, made.pdu, then)
            self.negotiated = outcome(rq, made.pdu)
            taken = sum(c.accepted for c in self.negotiated.contexts)
            count = len(self.negotiated.contexts)
            sentence = f"Association established, {taken} of {count} presentation contexts accepted."
            self._phase(AssociationPhase.ESTABLISHED, sentence)
            return self
        rj = made.pdu
        self.pdu(back, rj, ("Sta5", "Evt4", "AE-4", "Sta1"))
        values = (rj.result, rj.source, rj.reason)
        sentence = (
            f"{self.peer.host}:{self.peer.port} rejected the association: {rejection_text(*values)}. The peer does not "
            f"answer to the Called AE title '{self.peer.ae_title}': check the peer's own AE title (case counts)."
        )
        self._phase(AssociationPhase.REJECTED, sentence, rejection=values, outcome=Outcome.REJECTED)
        return self

    def released(self) -> Conversation:
        self._phase(AssociationPhase.RELEASING)
        self.pdu(SENT, ReleaseRQ(), ("Sta6", "Evt11", "AR-1", "Sta7"))
        self.pass_time(0.002)
        self.pdu(RECEIVED, ReleaseRP(), ("Sta7", "Evt13", "AR-3", "Sta1"))
        self._phase(AssociationPhase.RELEASED, "Association released.", outcome=Outcome.SUCCESS)
        return self

    def aborted(self, source: int = 2, reason: int = 2) -> Conversation:
        self.pdu(RECEIVED, AbortPdu(source=source, reason=reason), ("Sta6", "Evt16", "AA-3", "Sta1"))
        sentence = f"{self.peer.host}:{self.peer.port} aborted the association: unexpected-PDU."
        self._phase(AssociationPhase.ABORTED, sentence, abort=(source, reason), outcome=Outcome.ABORTED)
        return self

    def failed(self, sentence: str = "127.0.0.1:4242 refused the connection: nothing listens there.") -> Conversation:
        if not self.notices:
            self.began = self.time
            self._phase(AssociationPhase.CONNECTING, "Connecting.")
        self._phase(AssociationPhase.FAILED, sentence, outcome=Outcome.CONNECTION_FAILED)
        return self

    def _phase(self, phase: AssociationPhase, sentence: str = "", **more: object) -> None:
        self.notices.append(
            AssociationNotice(
                association=self.association,
                time=self.time,
                clock=self.time - START,
                phase=phase,
                requestor=self.requestor,
                peer=self.peer,
                sentence=sentence,
                proposal=self.proposal if self.requestor else None,
                negotiated=self.negotiated,
                duration=self.time - self.began,
                **more,  # type: ignore[arg-type]
            )
        )

    def pass_time(self, seconds: float) -> None:
        self.time += seconds

    # -- PDUs and messages --------------------------------------------------------------------------------------

    def pdu(self, direction: Direction, pdu: Pdu | bytes, states: tuple[str, str, str, str] | None = None) -> None:
        data = pdu if isinstance(pdu, bytes) else encode_pdu(pdu)
        event, action = ("Evt9", "DT-1") if direction is SENT else ("Evt10", "DT-2")
        before, event, action, after = states or ("Sta6", event, action, "Sta6")
        self.notices.append(
            PduNotice(
                association=self.association,
                time=self.time,
                clock=self.time - START,
                direction=direction,
                type=data[0],
                data=data,
                size=len(data),
                state_before=before,
                event=event,
                action=action,
                state_after=after,
            )
        )

    def message(
        self,
        direction: Direction,
        name: str,
        context_id: int = 1,
        *,
        operation: int | None = None,
        data: DataSet | None = None,
        encoded: bytes | None = None,
        duration: float | None = None,
        unsolicited: bool = False,
        **values: Value,
    ) -> None:
        """One message by the name of its row, with its PDUs."""
        carries = data is not None or encoded is not None
        values.setdefault("CommandDataSetType", 1 if carries else NO_DATA_SET)
        command = CommandSet.of(CommandField=MESSAGES[name].command_field, **values)
        raw = encode_command(command)
        chunks = (encoded or b"\x08\x00\x05\x00\x0a\x00\x00\x00ISO_IR 100",) if carries else None
        syntaxes = [c for c in (self.negotiated.contexts if self.negotiated else ()) if c.id == context_id]
        pdus = [b"".join(bytes(b) for b in buffers) for buffers in fragment(context_id, raw, chunks, 16384)]
        # What is received is told when it is whole, what is sent before it goes out.
        for pdu in pdus if direction is RECEIVED else ():
            self.pdu(direction, pdu)
        self.notices.append(
            MessageNotice(
                association=self.association,
                operation=operation,
                time=self.time,
                clock=self.time - START,
                direction=direction,
                context_id=context_id,
                abstract_syntax=syntaxes[0].abstract_syntax if syntaxes else "",
                transfer_syntax=(syntaxes[0].transfer_syntax if syntaxes else "") or IMPLICIT,
                command=command,
                command_bytes=raw,
                data=data,
                data_length=sum(map(len, chunks or ())),
                duration=duration,
                unsolicited=unsolicited,
            )
        )
        for pdu in pdus if direction is SENT else ():
            self.pdu(direction, pdu)

    def exchange(
        self,
        service: str,
        sop_class: str,
        context_id: int = 1,
        *,
        status: int = 0,
        pending: int = 0,
        took: float = 0.0019,
        direction: Direction = SENT,
        operation: int | None = None,
        response: dict[str, Value] | None = None,
        data: DataSet | None = None,
        **request: Value,
    ) -> int:
        """A request, its pending responses and the final one; returns the Message ID."""
        message_id, self.next_message = self.next_message, self.next_message + 1
        keyword = "RequestedSOPClassUID" if service in _REQUESTED else "AffectedSOPClassUID"
        self.message(
            direction,
            f"{service}-RQ",
            context_id,
            operation=operation,
            data=data,
            MessageID=message_id,
            **{keyword: sop_class},
            **request,
        )
        back = RECEIVED if direction is SENT else SENT
        common: dict[str, Value] = {"AffectedSOPClassUID": sop_class, "MessageIDBeingRespondedTo": message_id}
        for n in range(pending):
            self.pass_time(took / (pending + 1))
            more: dict[str, Value] = {}
            if service == "C-MOVE":
                more = {"NumberOfRemainingSuboperations": pending - n, "NumberOfCompletedSuboperations": n}
            found = DataSet((DataElement(0x00100020, "LO", (f"PAT{n}",)),)) if service == "C-FIND" else None
            self.message(
                back, f"{service}-RSP", context_id, operation=operation, data=found, Status=0xFF00, **common, **more
            )
        self.pass_time(took / (pending + 1))
        self.message(
            back,
            f"{service}-RSP",
            context_id,
            operation=operation,
            duration=took,
            Status=status,
            **common,
            **(response or {}),
        )
        return message_id

    def ended(self, operation: int, sentence: str, result: Outcome = Outcome.SUCCESS, **more: object) -> None:
        """The StatusNotice of an operation."""
        self.notices.append(
            StatusNotice(
                operation=operation,
                association=self.association,
                time=self.time,
                clock=self.time - START,
                outcome=result,
                sentence=sentence,
                **{"service": "", **more},  # type: ignore[arg-type]
            )
        )

    def finding(self, rule: str, sentence: str, clause: str, severity: str = "warning", **more: object) -> None:
        evidence = more.pop("evidence", Evidence())
        self.notices.append(
            FindingNotice(
                association=self.association,
                time=self.time,
                direction=RECEIVED,
                rule=rule,
                severity=severity,
                sentence=sentence,
                clause=clause,
                evidence=evidence,  # type: ignore[arg-type]
            )
        )


_REQUESTED = frozenset({"N-GET", "N-SET", "N-ACTION", "N-DELETE"})


def progress(operation: int, done: int, total: int | None, **more: object) -> ProgressNotice:
    return ProgressNotice(operation=operation, association=12, time=START, done=done, total=total, **more)  # type: ignore[arg-type]


def error(sentence: str) -> ErrorNotice:
    return ErrorNotice(time=START, sentence=sentence)


def listening(on: bool = True, sentence: str = "The built-in peer listens on loopback only.") -> ListenerNotice:
    return ListenerNotice(
        listener=1, time=START, listening=on, host="127.0.0.1", port=11112, ae_title="CONSOLE", sentence=sentence
    )


def commitment_request() -> DataSet:
    return DataSet((DataElement(0x00081195, "UI", (TRANSACTION,)),))


def session() -> tuple[AnyNotice, ...]:
    """An afternoon in short: echo, find, storage commitment and its answer, a move refused, a rejection, an abort."""
    notices: list[AnyNotice] = [listening()]
    main = Conversation().opened()
    main.pass_time(0.02)
    main.exchange("C-ECHO", VERIFICATION, operation=100)
    main.ended(100, "C-ECHO Verification SOP Class: 0000H Success", service="C-ECHO", status=0)
    main.pass_time(2.4)
    main.exchange("C-FIND", STUDY_FIND, 7, pending=14, took=0.038, operation=101, data=DataSet())
    main.pass_time(3.2)
    main.exchange(
        "N-ACTION", COMMITMENT, 3, took=0.0042, operation=102, data=commitment_request(),
        RequestedSOPInstanceUID="1.2.840.10008.1.20.1.1", ActionTypeID=1,
    )  # fmt: skip
    main.pass_time(1.1)
    main.exchange(
        "C-STORE", CT_IMAGE, 5, status=0xA700, took=0.6, operation=103, data=DataSet(),
        AffectedSOPInstanceUID="1.2.826.0.1.3680043.8.498.1.2.3",
        response={"ErrorComment": "Disk quota of 20 GB reached", "OffendingElement": (0x00080018, 0x00100020)},
    )  # fmt: skip
    main.finding(
        "usage.mandatory",
        "C-STORE-RSP carries no Affected SOP Instance UID although its request did.",
        "PS3.7 9.3.1.2",
        evidence=Evidence(text="command set", start=0, end=12),
    )
    notices += main.notices

    peer = Peer(ae_title="ORTHANC", host="127.0.0.1", port=51324)
    report = Conversation(13, requestor=False, peer=peer, time=main.time + 0.3)
    report.opened()
    report.exchange(
        "N-EVENT-REPORT", COMMITMENT, 3, took=0.0008, direction=RECEIVED, data=commitment_request(),
        AffectedSOPInstanceUID="1.2.840.10008.1.20.1.1", EventTypeID=1,
    )  # fmt: skip
    notices += report.notices

    main.notices = []
    main.time = report.time + 14
    main.exchange(
        "C-MOVE", STUDY_MOVE, 7, status=0xA801, took=0.0061, operation=104, MoveDestination="CONSOLE", data=DataSet(),
        response={"ErrorComment": "Unknown modality CONSOLE"},
    )  # fmt: skip
    main.exchange(
        "C-MOVE", STUDY_MOVE, 7, status=0xB000, pending=12, took=3.4, operation=105, MoveDestination="ECHOSCP",
        data=DataSet(),
        response={
            "NumberOfCompletedSuboperations": 10,
            "NumberOfFailedSuboperations": 1,
            "NumberOfWarningSuboperations": 1,
        },
    )  # fmt: skip
    main.released()
    notices += main.notices

    other = Peer(name="PACS test", ae_title="ARCHIVE", host="pacs.test", port=11112)
    rejected = Conversation(14, peer=other, time=main.time + 4, proposal=replace(PROPOSAL, peer=other))
    rejected.opened(Policy(reject=Rejection(1, 1, 7)))
    refused = Conversation(15, time=rejected.time + 4).failed(
        "127.0.0.1:4242 refused the connection: nothing listens there. Check the port, and that the peer's DICOM "
        "service is running."
    )
    cut = Conversation(16, time=rejected.time + 9).opened()
    cut.message(SENT, "C-ECHO-RQ", operation=106, MessageID=1, AffectedSOPClassUID=VERIFICATION)
    cut.aborted()
    return (*notices, *rejected.notices, *refused.notices, *cut.notices)
