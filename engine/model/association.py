"""What an association is asked to be and what it became (PS3.7 Annex D, PS3.8 7.1 and Annex D)."""

from __future__ import annotations

from dataclasses import field
from enum import Enum

from engine.standard.lean import dataclass

from .identity import KnownIdentity
from .limits import Limits
from .scripting import Script
from .tls import TlsSettings

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
"""DICOM Application Context Name (PS3.7 A.2.1)."""
VERIFICATION = "1.2.840.10008.1.1"
"""The SOP class of C-ECHO (PS3.4 A.4)."""
IMPLEMENTATION_CLASS_UID = "2.25.41602297428801481616697356343436257074"
IMPLEMENTATION_VERSION_NAME = "DIMSE_CONSOLE_01"
DEFAULT_AE_TITLE = "DIMSECONSOLE"
DEFAULT_MAXIMUM_LENGTH = 131072
"""Bytes of a P-DATA-TF's variable field we take: DCMTK's and Orthanc's upper limit, large enough that headers do
not show."""
MAX_CONTEXTS = 128
"""Odd presentation-context-IDs 1..255 (PS3.8 9.3.2.2)."""


class Role(Enum):
    """SCP/SCU role selection the requestor proposes for a SOP class (PS3.7 D.3.3.4)."""

    DEFAULT = "default"
    """No role selection sub-item: requestor SCU, acceptor SCP."""
    SCU = "scu"
    SCP = "scp"
    BOTH = "both"

    @property
    def scu(self) -> bool:
        return self is not Role.SCP

    @property
    def scp(self) -> bool:
        return self in (Role.SCP, Role.BOTH)


@dataclass(frozen=True, slots=True)
class ProposedContext:
    """One presentation context to propose (PS3.8 9.3.2.2)."""

    id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]
    role: Role = Role.DEFAULT


@dataclass(frozen=True, slots=True)
class UserIdentity:
    """User identity negotiation (PS3.7 D.3.3.7). `primary` and `secondary` are secrets: never shown or written."""

    type: int
    """1 username, 2 username and passcode, 3 Kerberos, 4 SAML, 5 JWT."""
    primary: bytes = field(default=b"", repr=False)
    secondary: bytes = field(default=b"", repr=False)
    positive_response_requested: bool = False


@dataclass(frozen=True, slots=True)
class ExtendedNegotiation:
    """SOP class extended negotiation (56H, PS3.7 D.3.3.5)."""

    sop_class_uid: str
    information: bytes


@dataclass(frozen=True, slots=True)
class CommonExtendedNegotiation:
    """SOP class common extended negotiation (57H, PS3.7 D.3.3.6); requests only."""

    sop_class_uid: str
    service_class_uid: str
    related_general: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AsyncWindow:
    """Asynchronous operations window (53H, PS3.7 D.3.3.3), as the requestor sees it; 0 is unlimited."""

    invoked: int = 1
    performed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalAE:
    """Who we say we are."""

    ae_title: str = DEFAULT_AE_TITLE
    implementation_class_uid: str = IMPLEMENTATION_CLASS_UID
    implementation_version_name: str = IMPLEMENTATION_VERSION_NAME
    maximum_length: int = DEFAULT_MAXIMUM_LENGTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Whom we talk to. `host`: IPv4, IPv6 or a name."""

    name: str = ""
    ae_title: str = "ANY-SCP"
    host: str = "127.0.0.1"
    port: int = 104


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds; 0 switches one off. Each phase has its own, so that the sentence can say which one passed."""

    connect: float = 10.0
    """Name look-up and TCP connection."""
    acse: float = 30.0
    """Waiting for the answer to A-ASSOCIATE-RQ or A-RELEASE-RQ."""
    dimse: float = 60.0
    """Waiting for the next response of an operation."""
    idle: float = 0.0
    """Nothing received or sent on an established association."""
    artim: float = 10.0
    """PS3.8 9.1.5; no value is prescribed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Everything an A-ASSOCIATE-RQ carries, and how long to wait."""

    local: LocalAE = field(default_factory=LocalAE)
    peer: Peer = field(default_factory=Peer)
    contexts: tuple[ProposedContext, ...] = ()
    timeouts: Timeouts = field(default_factory=Timeouts)
    async_window: AsyncWindow | None = None
    user_identity: UserIdentity | None = None
    extended: tuple[ExtendedNegotiation, ...] = ()
    common_extended: tuple[CommonExtendedNegotiation, ...] = ()
    application_context: str = APPLICATION_CONTEXT
    protocol_version: int = 1
    tls: TlsSettings | None = None
    """None: plain TCP."""
    script: Script | None = None
    """How to depart from the Standard on purpose; None: not at all."""
    limits: Limits = field(default_factory=Limits)
    """What is taken of the peer's answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedSyntax:
    """One abstract syntax an acceptor takes; "*" is any. Transfer syntaxes in order of preference; () is any."""

    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...] = ()
    scu: bool = True
    """Accept the requestor as SCU."""
    scp: bool = True
    """Accept the requestor as SCP when it asks by role selection."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A-ASSOCIATE-RJ values (PS3.8 9.3.4)."""

    result: int
    source: int
    reason: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How an acceptor answers an A-ASSOCIATE-RQ."""

    ae_titles: tuple[str, ...] = ()
    """Called AE titles answered to; () is any."""
    calling_ae_titles: tuple[str, ...] = ()
    """Calling AE titles let in; () is any."""
    accepted: tuple[AcceptedSyntax, ...] = (AcceptedSyntax(abstract_syntax="*"),)
    local: LocalAE = field(default_factory=LocalAE)
    timeouts: Timeouts = field(default_factory=Timeouts)
    async_window: AsyncWindow = AsyncWindow(0, 0)
    """The largest window granted."""
    reject: Rejection | None = None
    """Reject everything with this."""
    identities: tuple[KnownIdentity, ...] = ()
    """User identities let in (PS3.7 D.3.3.7); () is any."""
    require_identity: bool = False
    """Reject whoever gives no user identity."""
    application_contexts: tuple[str, ...] = (APPLICATION_CONTEXT,)
    """Application Context Names answered to: the Standard's, and privately defined ones (PS3.7 A.2)."""
    max_associations: int = 64
    """At once; more are turned away with local-limit-exceeded (2/3/2): a desktop tool's listener, not an archive."""
    max_associations_per_peer: int = 0
    """At once with the same calling AE title; 0 is no limit of its own."""
    limits: Limits = field(default_factory=Limits)
    """How much is taken of a peer, in all that it sends."""
    extended: tuple[ExtendedNegotiation, ...] = ()
    """Answers to SOP class extended negotiation by SOP class, sent as they are, none when empty; other classes are
    granted what the built-in peer supports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NegotiatedContext:
    """One row of the negotiation: what was proposed, what was answered, what follows (pure, PS3.8 9.3.3.2)."""

    id: int
    abstract_syntax: str
    proposed: tuple[str, ...]
    result: int
    """0..4 of PS3.8 9.3.3.2; -1 when the answer did not mention the context."""
    transfer_syntax: str = ""
    """The accepted one; "" unless result is 0."""
    proposed_role: Role = Role.DEFAULT
    answered_role: tuple[bool, bool] | None = None
    """(SCU-role, SCP-role) bits of the acceptor's 54H item, None when absent."""
    requestor_scu: bool = False
    requestor_scp: bool = False
    reason: str = ""
    """One sentence that says why, in words."""

    @property
    def accepted(self) -> bool:
        return self.result == 0

    @property
    def usable(self) -> bool:
        """Accepted, and with a transfer syntax: some acceptors name none."""
        return self.result == 0 and bool(self.transfer_syntax)


@dataclass(frozen=True, slots=True, kw_only=True)
class Negotiated:
    """What both sides agreed on."""

    contexts: tuple[NegotiatedContext, ...] = ()
    calling_ae_title: str = ""
    called_ae_title: str = ""
    send_maximum: int = 0
    """Largest P-DATA-TF variable field the other side takes; 0 is unlimited (PS3.8 D.1)."""
    receive_maximum: int = 0
    window: AsyncWindow = AsyncWindow(1, 1)
    """As the requestor sees it."""
    peer_implementation_class_uid: str = ""
    peer_implementation_version_name: str = ""
    user_identity_response: bytes | None = field(default=None, repr=False)
    extended: tuple[ExtendedNegotiation, ...] = ()

    def context(self, context_id: int) -> NegotiatedContext | None:
        return next((c for c in self.contexts if c.id == context_id), None)

    def accepted_for(self, abstract_syntax: str) -> tuple[NegotiatedContext, ...]:
        return tuple(c for c in self.contexts if c.accepted and c.abstract_syntax == abstract_syntax)
