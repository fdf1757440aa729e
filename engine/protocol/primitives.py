"""Primitives the local user gives the upper layer, and events it gives back (PS3.8 7.1-7.6)."""

from __future__ import annotations

from dataclasses import field

from engine.standard.lean import dataclass
from engine.standard.pdus import AssociateAC, AssociateRJ, AssociateRQ, Pdu
from engine.standard.state_table import Evt, Sta
from engine.wire.echo_form import EchoForm
from engine.wire.fragments import DataRun
from engine.wire.message_run import HEADERS, MessageRun
from engine.wire.pdus import iter_pdvs
from engine.wire.store_form import StoreForm

Buffer = bytes | bytearray | memoryview
Pdv = tuple[int, int, memoryview]
"""Presentation context ID, message control header, fragment."""


@dataclass(frozen=True, slots=True)
class AAssociateRequest:
    """A-ASSOCIATE request (7.1.1): connect, then send this PDU."""

    pdu: AssociateRQ


@dataclass(frozen=True, slots=True)
class AAssociateResponse:
    """A-ASSOCIATE response (7.1.1): accept or reject."""

    pdu: AssociateAC | AssociateRJ


@dataclass(frozen=True, slots=True)
class PDataRequest:
    """P-DATA request (7.6): the buffers of whole P-DATA-TF PDUs, a list for each, or many as a run."""

    pdus: tuple[list[Buffer] | DataRun, ...]


@dataclass(frozen=True, slots=True)
class AReleaseRequest:
    """A-RELEASE request (7.2)."""


@dataclass(frozen=True, slots=True)
class AReleaseResponse:
    """A-RELEASE response (7.2)."""


@dataclass(frozen=True, slots=True)
class AAbortRequest:
    """A-ABORT request (7.3). The Standard's source is 0 (service-user), its reason 0."""

    source: int = 0
    reason: int = 0


Primitive = AAssociateRequest | AAssociateResponse | PDataRequest | AReleaseRequest | AReleaseResponse | AAbortRequest


@dataclass(frozen=True, slots=True)
class Transition:
    """One cell of Table 9-10 was carried out."""

    before: Sta
    event: Evt
    action: str
    after: Sta


@dataclass(frozen=True, slots=True)
class PduReceived:
    """A PDU arrived, with the transition it makes; None where the association is over and nothing follows.

    `pdu` is None for P-DATA-TF and for what could not be decoded. Of a stream that is not DICOM, `data` is how it
    begins.
    """

    type: int
    data: bytes = field(repr=False)
    pdu: Pdu | None
    transition: Transition | None


@dataclass(frozen=True, slots=True)
class PduSent:
    """A PDU was put out, in one or more buffers. `transition` is None for bytes sent by force."""

    type: int
    data: tuple[Buffer, ...] = field(repr=False)
    transition: Transition | None


@dataclass(frozen=True, slots=True)
class DataReceived:
    """A P-DATA-TF arrived while the association is established: `PduReceived`, `Transition` and `PDataIndication` in
    one."""

    data: bytes = field(repr=False)
    pdvs: list[Pdv]
    transition: Transition


@dataclass(frozen=True, slots=True)
class DataSent:
    """A P-DATA-TF was put out while the association is established: `Transition` and `PduSent` in one."""

    data: list[Buffer] = field(repr=False)
    transition: Transition


@dataclass(frozen=True, slots=True)
class RunSent:
    """The PDUs of a run were put out, each with this transition."""

    run: DataRun
    transition: Transition


@dataclass(frozen=True, slots=True)
class RunReceived:
    """The PDUs of a run arrived, each with this transition, and are indicated with it. The fragments are views of what
    was received, valid while the event is handled."""

    run: DataRun
    transition: Transition


@dataclass(frozen=True, slots=True)
class MessagesReceived:
    """The PDUs of messages that are alike arrived, each with this transition, and are indicated with it. first: those
    before it were told already."""

    run: MessageRun
    transition: Transition
    first: int = 0


@dataclass(frozen=True, slots=True)
class StoreReceived:
    """A whole C-STORE like one before it arrived, each of its PDUs with this transition, and is indicated with it.

    command: the P-DATA-TF with the command set. pdus: those with the data set, one fragment each, views of what was
    received, valid while the event is handled. number, uid: Message ID and SOP Instance UID as they stand there.
    """

    form: StoreForm
    command: bytes = field(repr=False)
    number: bytes
    uid: bytes
    pdus: list[memoryview] = field(repr=False)
    transition: Transition

    @property
    def size(self) -> int:
        """Bytes of the data set."""
        return sum(map(len, self.pdus)) - HEADERS * len(self.pdus)

    def apart(self) -> list[DataReceived]:
        """The same PDU by PDU."""
        pdus = (self.command, *map(bytes, self.pdus))
        return [DataReceived(pdu, iter_pdvs(pdu), self.transition) for pdu in pdus]


@dataclass(frozen=True, slots=True)
class AnswerReceived:
    """The P-DATA-TF that was expected arrived (`UpperLayer.expected`); it is indicated as any other."""

    data: bytes = field(repr=False)
    transition: Transition

    def apart(self) -> DataReceived:
        """The same as it is told of any other."""
        return DataReceived(self.data, iter_pdvs(self.data), self.transition)


@dataclass(frozen=True, slots=True)
class EchoAnswered:
    """A response to a C-ECHO like one before it arrived with this transition, and is indicated with it. number: the
    Message ID it answers."""

    form: EchoForm
    data: bytes = field(repr=False)
    number: int
    transition: Transition

    def apart(self) -> DataReceived:
        """The same as of any other P-DATA-TF."""
        return DataReceived(self.data, iter_pdvs(self.data), self.transition)


@dataclass(frozen=True, slots=True)
class OpenTransport:
    """Connect now (AE-1)."""


@dataclass(frozen=True, slots=True)
class CloseTransport:
    """Close the connection, after what is queued was sent."""


@dataclass(frozen=True, slots=True)
class ScriptEnded:
    """A deliberate deviation ends the connection: after what is queued was sent, or with a reset."""

    reset: bool


@dataclass(frozen=True, slots=True)
class AssociateIndication:
    """The peer asks for an association (A-ASSOCIATE indication, PS3.8 7.1.1)."""

    rq: AssociateRQ


@dataclass(frozen=True, slots=True)
class AssociateConfirmation:
    """The peer accepted or rejected ours (A-ASSOCIATE confirmation, PS3.8 7.1.1)."""

    pdu: AssociateAC | AssociateRJ


@dataclass(frozen=True, slots=True)
class PDataIndication:
    """Presentation data values in the order they came; the fragments are views of the PDU's bytes."""

    pdvs: list[Pdv]


@dataclass(frozen=True, slots=True)
class ReleaseIndication:
    """The peer wants to release (A-RELEASE indication, PS3.8 7.2). collision: so do we, both asked at once."""

    collision: bool = False


@dataclass(frozen=True, slots=True)
class ReleaseConfirmation:
    """The peer has released too (A-RELEASE confirmation, PS3.8 7.2)."""


@dataclass(frozen=True, slots=True)
class AbortIndication:
    """The peer sent A-ABORT: source 0 is an A-ABORT indication, anything else an A-P-ABORT indication (AA-3)."""

    source: int
    reason: int


@dataclass(frozen=True, slots=True)
class ProviderAbortIndication:
    """A-P-ABORT from our side: the connection was lost (AA-4), or the peer broke the protocol (AA-8)."""

    reason: int
    sentence: str
    connection_lost: bool = False


@dataclass(frozen=True, slots=True)
class TransportEnded:
    """The connection is closed, always told once; `pending` bytes of an incomplete PDU had arrived, in state `before`.

    In Sta1 the association was over before, and whoever ended it has told why.
    """

    before: Sta
    pending: int


@dataclass(frozen=True, slots=True)
class ArtimExpired:
    """ARTIM ran out in this state (Sta2: no A-ASSOCIATE-RQ came; Sta13: the peer did not close)."""

    state: Sta


@dataclass(frozen=True, slots=True)
class ProtocolError:
    """The peer's bytes break the protocol; what follows is A-ABORT."""

    sentence: str
    clause: str
    reason: int
    data: bytes = field(repr=False, default=b"")


Event = (
    Transition
    | PduReceived
    | PduSent
    | DataReceived
    | DataSent
    | RunSent
    | RunReceived
    | MessagesReceived
    | StoreReceived
    | AnswerReceived
    | EchoAnswered
    | OpenTransport
    | CloseTransport
    | ScriptEnded
    | AssociateIndication
    | AssociateConfirmation
    | PDataIndication
    | ReleaseIndication
    | ReleaseConfirmation
    | AbortIndication
    | ProviderAbortIndication
    | TransportEnded
    | ArtimExpired
    | ProtocolError
)
