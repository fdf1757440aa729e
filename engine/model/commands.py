"""What a face (window, command line, test) asks of the engine: frozen, submitted from any thread.

Ids (`association`, `operation`, `listener`) are chosen by the caller with `Engine.new_id()`, so an answer can be
awaited before the engine has seen the question.
"""

from __future__ import annotations

from dataclasses import field
from pathlib import Path

from engine.standard.command_fields import ECHO, NO_DATA_SET
from engine.standard.lean import dataclass

from .association import VERIFICATION, Policy, Proposal
from .command_set import CommandSet
from .dataset import Data, DataSet
from .emulation import Emulation
from .procedures.base import Procedure
from .scripting import Script
from .storing import StoreOptions, StorePlan
from .tls import TlsSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message to send. A request is sent as a new operation, a response or cancel as it is.

    context_id None: the engine picks the accepted context of the command's SOP class.
    In the command set, values left None are filled in: group length, Message ID, Command Data Set Type.
    replacing: characters of `data` that its Specific Character Set does not have become "?"; else it cannot be sent.
    """

    command: CommandSet
    data: Data | None = None
    context_id: int | None = None
    replacing: bool = False


def echo_request() -> CommandSet:
    """A C-ECHO-RQ (PS3.7 9.3.5.1) whose Message ID the engine gives."""
    return CommandSet.of(
        AffectedSOPClassUID=VERIFICATION, CommandField=ECHO, MessageID=None, CommandDataSetType=NO_DATA_SET
    )


class Command:
    """Base of all commands."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAssociation(Command):
    """Connect, propose, and keep the association until it is released or aborted (PS3.8 7.1). association: what notices
    and commands are to call it."""

    association: int
    proposal: Proposal
    auto_answer: bool = True
    """Answer requests that arrive (C-STORE of a C-GET, N-EVENT-REPORT) as the built-in peer would; False leaves the
    responses to the user's `Send`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Send(Command):
    """Send one message on an established association, either role."""

    association: int
    operation: int
    message: Outgoing


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Command):
    """Stop an operation: C-CANCEL-RQ for FIND, GET and MOVE; a procedure (store of many) after the current file."""

    operation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Command):
    """Release an association (PS3.8 7.2): A-RELEASE-RQ, then the connection is closed."""

    association: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Abort(Command):
    """Abort an association at once. source, reason: of the A-ABORT (PS3.8 9.3.8); source 0 is the service user."""

    association: int
    source: int = 0
    reason: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SendBytes(Command):
    """Put these bytes on the wire as they are, whatever the state."""

    association: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OneShot(Command):
    """Open, send the messages, release; the whole is one operation.

    Several are sent one after the other, or outstanding together as far as the window agreed on allows.
    """

    association: int
    operation: int
    proposal: Proposal
    messages: tuple[Outgoing, ...]
    linger: float = 0.0
    """Seconds to keep the association open after the last response, for an N-EVENT-REPORT that follows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStore(Command):
    """Find what there is to store and plan it; nothing is sent.

    With a proposal the planned associations are negotiated and released again, so that what the peer does not take is
    known before anything is sent.
    """

    operation: int
    paths: tuple[Path, ...]
    """Files, folders (walked), patterns such as study/**/*.dcm, and DICOMDIRs (the files they refer to)."""
    options: StoreOptions = field(default_factory=StoreOptions)
    association: int = 0
    """The first association's number, where there is a proposal."""
    proposal: Proposal | None = None
    plan: StorePlan | None = None
    """One made before, whose files are planned anew instead of being looked for; `paths` are not looked at then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReferences(Command):
    """Read which instances files hold; a ReferencesNotice tells them. Nothing is sent."""

    operation: int
    paths: tuple[Path, ...]
    """As in `PlanStore`; of a DICOMDIR also the instances whose files are not there."""
    association: int = 0
    """Of no meaning: nothing is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFiles(Command):
    """Send files with C-STORE over associations planned from what they need.

    The proposal's contexts are replaced by the planned ones.
    """

    operation: int
    association: int
    """The first association's number."""
    proposal: Proposal
    paths: tuple[Path, ...] = ()
    """As in `PlanStore`; not looked at when a plan is given."""
    options: StoreOptions = field(default_factory=StoreOptions)
    plan: StorePlan | None = None
    """One made before, of whose files those are sent that can go."""
    only: frozenset[int] | None = None
    """Of the plan, these files only, by their number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieve(Command):
    """C-FIND, C-GET or C-MOVE with its association; received instances go to `folder` (None: discarded, counted).

    A C-MOVE to ourselves is received by the running built-in peer that answers to the destination's title (at
    `listen_port`, where one is given); where there is none and `listen_port` is given, by a listener of its own while
    the operation runs.
    """

    operation: int
    association: int
    proposal: Proposal
    service: str
    """"C-FIND", "C-GET" or "C-MOVE"."""
    sop_class_uid: str
    identifier: DataSet
    move_destination: str = ""
    listen_port: int | None = None
    listen_tls: TlsSettings | None = None
    folder: Path | None = None
    cancel_after: int | None = None
    """C-CANCEL after so many pending responses."""
    sop_classes: tuple[str, ...] = ()
    """Of a C-GET: the SOP classes known to be there (from the matches of a query); contexts are proposed for these, in
    all transfer syntaxes. (): for what is met most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveDestination:
    """Where the built-in peer sends the instances of a C-MOVE for this AE title."""

    ae_title: str
    host: str
    port: int
    tls: TlsSettings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerSettings:
    """The built-in peer's behaviour."""

    policy: Policy = field(default_factory=Policy)
    folder: Path | None = None
    """Where received instances are written and found again; None: memory."""
    synchronize: bool = False
    """Each is on the disk before it is acknowledged, so that it outlives a power failure. Else it outlives the process,
    and is on the disk at the latest when its safekeeping is confirmed (PS3.4 J.3)."""
    destinations: tuple[MoveDestination, ...] = ()
    tls: TlsSettings | None = None
    """None: plain TCP. Otherwise TLS only."""
    emulation: Emulation = field(default_factory=Emulation)
    delays: tuple[float, ...] = ()
    """Seconds before each request is served, in turn and from the first again: (1, 0) has every second answered before
    the one that came before it."""
    script: Script | None = None
    """How it departs from the Standard on purpose; None: not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen(Command):
    """Start the built-in peer. host "" or "0.0.0.0" leaves loopback and is said so plainly. port 0: any free one."""

    listener: int
    host: str = "127.0.0.1"
    port: int = 0
    settings: PeerSettings = field(default_factory=PeerSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class StopListening(Command):
    """Stop the built-in peer: no connection is taken any more, and those it has are ended."""

    listener: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchObjects(Command):
    """Tell by ObjectsNotices all that the built-in peer holds, then every change; `on` False: no more."""

    listener: int
    on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeObject(Command):
    """Put an object on a shelf of the built-in peer, in place of one with this key; attributes None: take it away.

    A stored instance can only be taken away. Who watches the object is told as when a peer had changed it.
    """

    listener: int
    shelf: str
    key: str
    attributes: DataSet | None
    sop_class_uid: str = ""
    """Of a new object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetEmulators(Command):
    """Switch emulators on and off by name, at once: requests for the others are refused on open associations too."""

    listener: int
    on: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProcedure(Command):
    """Run a procedure of several steps; the whole is one operation, each step is told by a StepNotice.

    association: one that is open already is used and stays open; another is opened for it, with the proposal, and
    released after it. contexts of the proposal (): those the procedure needs.
    """

    operation: int
    association: int
    proposal: Proposal
    procedure: Procedure
    listen: Listen | None = None
    """A listener of its own while it runs, for what the peer reports on an association that it opens itself."""
