"""What a provider does, as values: it is a generator of effects and gets the answer to each one back.

The provider holds no socket, thread or clock; `engine.runtime.serving` carries the effects out, tests play them.
"""

from __future__ import annotations

from collections.abc import Generator

from engine.model.association import NegotiatedContext
from engine.model.command_set import CommandSet
from engine.model.dataset import DataSet, EncodedData, FileData
from engine.model.emulation import ReportOn
from engine.standard.lean import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as a provider sees it."""

    context: NegotiatedContext
    command: CommandSet
    data: EncodedData | FileData | None = None
    identifier: DataSet | None = None
    """The data set decoded, for every service but C-STORE."""
    calling_ae_title: str = ""
    called_ae_title: str = ""
    association: int = 0
    """Whose instances that end with their association the request sees."""
    accepted: frozenset[str] = frozenset()
    """Abstract syntaxes of the association's accepted presentation contexts."""
    options: frozenset[str] = frozenset()
    """Options agreed on by SOP class extended negotiation (keys of `engine.standard.extended_negotiation`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One stored composite instance: its attributes for matching, and its bytes for sending."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax: str
    attributes: DataSet
    data: EncodedData | FileData


EVERYONE = "\\"
"""Receiver of an event report that goes to whoever listens: a backslash is in no AE title (PS3.5 6.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """An N-EVENT-REPORT-RQ (PS3.7 10.1.1); its answer changes nothing.

    abstract_syntax: SOP class of the presentation context it goes through; "" is `sop_class_uid`.
    receiver: AE title; "" is whoever sent the request; `EVERYONE` is each association that has the context.
    route: which association takes it. delay: seconds before it is sent.
    retries, retry_after: how often it is tried again when it could not be delivered, and after how many seconds the
    first time; each further wait is twice as long.
    """

    sop_class_uid: str
    sop_instance_uid: str
    event_type_id: int
    data: DataSet | None = None
    abstract_syntax: str = ""
    receiver: str = ""
    route: ReportOn = ReportOn.EITHER
    delay: float = 0.0
    retries: int = 0
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Send this response, then the event reports that follow from it: never the other way round (PS3.4 J.3.3, H.4.5).

    refused: the limit that the request goes beyond, in a sentence for our side. The answer tells whether the operation
    was cancelled meanwhile.
    """

    command: CommandSet
    data: DataSet | None = None
    refused: str = ""
    events: tuple[Notify, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubStore:
    """A C-STORE sub-operation (PS3.7 9.1.3, 9.1.4): on this association (C-GET) or to a move destination.

    The answer's status is that of the C-STORE-RSP, None when it could not be performed.
    """

    instance: Instance
    destination: str = ""
    """AE title; "" is this association."""
    originator_ae_title: str = ""
    originator_message_id: int | None = None
    needs: tuple[tuple[str, str], ...] = ()
    """(SOP class, transfer syntax) of all instances of the operation, for the association with the destination."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """Keep an instance for good; the same SOP Instance UID replaces the old one.

    The answer comes when it is safe, or has the problem.
    """

    instance: Instance


@dataclass(frozen=True, slots=True)
class Breath:
    """Much has been looked at, and more is to be: everybody else has a turn. The answer tells whether the operation was
    cancelled meanwhile."""


BREATH = Breath()
Effect = Reply | SubStore | Keep | Breath


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an effect."""

    cancelled: bool = False
    """A C-CANCEL-RQ for the operation being served has arrived."""
    status: int | None = None
    """Of a sub-operation."""
    problem: str = ""
    """Why an instance could not be kept."""
    waits: bool = False
    """A sub-operation was not begun, as it is not yet the operation's turn at its destination: to be tried again."""


Serving = Generator[Effect, Answer, None]
