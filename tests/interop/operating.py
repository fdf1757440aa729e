"""Our engine as a test drives it: commands in, notices awaited, no window and no sleeping."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pydicom.dataset import Dataset

from engine.model import commands as c
from engine.model.association import (
    ExtendedNegotiation,
    LocalAE,
    Negotiated,
    Peer,
    Policy,
    Proposal,
    ProposedContext,
    Role,
    Timeouts,
)
from engine.model.command_set import CommandSet, Value
from engine.model.commands import Outgoing
from engine.model.notices import (
    FINAL_PHASES,
    AnyNotice,
    AssociationNotice,
    AssociationPhase,
    Direction,
    ErrorNotice,
    FindingNotice,
    ListenerNotice,
    MessageNotice,
    StatusNotice,
)
from engine.runtime.engine import Engine
from engine.services.responses import request_of
from engine.wire.datasets import decode_dataset, from_pydicom, to_pydicom
from tests.interop import peers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SYNTAXES = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
TIMEOUTS = Timeouts(connect=10.0, acse=20.0, dimse=20.0)
N = TypeVar("N", bound=AnyNotice)


def outgoing(message: str, data: Dataset | None = None, **values: Value) -> Outgoing:
    """A request by its name and its command elements by keyword."""
    return Outgoing(command=request_of(message, **values), data=None if data is None else from_pydicom(data))


def contexts(*wanted: str | tuple[str, Role]) -> tuple[ProposedContext, ...]:
    """Presentation contexts in both uncompressed little endian syntaxes."""
    pairs = [(w, Role.DEFAULT) if isinstance(w, str) else w for w in wanted]
    return tuple(ProposedContext(2 * n + 1, uid, SYNTAXES, role) for n, (uid, role) in enumerate(pairs))


def data_of(message: MessageNotice) -> Dataset:
    """The data set of a message, by pydicom; empty when it has none."""
    if message.data is None:
        return Dataset()
    content = getattr(message.data, "data", None)
    assert content is not None, "these messages are small"
    return to_pydicom(decode_dataset(content, message.transfer_syntax))


@dataclass
class Operator:
    """One engine and everything it has told."""

    engine: Engine = field(default_factory=Engine)
    notices: list[AnyNotice] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.engine.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.engine.stop()
        self.notices += self.engine.drain()

    def wait(self, kind: type[N], found: Callable[[N], bool], seconds: float = 20.0) -> N:
        """The first notice of this kind that `found` takes, whenever it came. AssertionError when it never comes."""
        deadline, seen = time.monotonic() + seconds, 0
        while True:
            for notice in self.notices[seen:]:
                if isinstance(notice, kind) and found(notice):
                    return notice
            seen = len(self.notices)
            left = deadline - time.monotonic()
            assert left > 0, f"no {kind.__name__} came; last: {self.notices[-8:]}"
            self.notices += self.engine.drain_wait(min(left, 1.0))

    def all(self, kind: type[N], wanted: Callable[[N], bool] = lambda _: True) -> list[N]:
        """What has been told so far."""
        self.notices += self.engine.drain()
        return [n for n in self.notices if isinstance(n, kind) and wanted(n)]

    def messages(self, association: int, name: int, direction: Direction) -> list[MessageNotice]:
        """Messages of an association by Command Field."""
        return self.all(
            MessageNotice,
            lambda m: (m.association, m.command.command_field, m.direction) == (association, name, direction),
        )

    def messages_of(self, command_field: int, direction: Direction) -> list[MessageNotice]:
        """Messages of all associations by Command Field."""
        return self.all(MessageNotice, lambda m: (m.command.command_field, m.direction) == (command_field, direction))

    def end_of(self, association: int) -> AssociationNotice:
        """Wait for the end of an association."""
        return self.wait(AssociationNotice, lambda n: n.association == association and n.phase in FINAL_PHASES)

    @property
    def findings(self) -> list[str]:
        """What departs from the Standard, on either side, in short; without what is merely worth knowing."""
        told = self.all(FindingNotice, lambda f: f.severity != "info")
        return [f"{f.direction.value} {f.rule}: {f.sentence}" for f in told]

    @property
    def errors(self) -> list[str]:
        return [e.sentence for e in self.all(ErrorNotice)]

    # -- as requestor

    def proposal(
        self, peer: peers.Peer, wanted: Iterable[str | tuple[str, Role]], ae_title: str = "CONSOLE", **options: Any
    ) -> Proposal:
        return Proposal(
            local=LocalAE(ae_title=ae_title),
            peer=Peer(name=peer.name, ae_title=peer.ae_title, host=peer.host, port=peer.port),
            contexts=contexts(*wanted),
            timeouts=TIMEOUTS,
            **options,
        )

    def open(
        self,
        peer: peers.Peer,
        *wanted: str | tuple[str, Role],
        auto_answer: bool = True,
        extended: tuple[ExtendedNegotiation, ...] = (),
        ae_title: str = "CONSOLE",
    ) -> Held:
        """Open an association and hold it."""
        number = self.engine.new_id()
        proposal = self.proposal(peer, wanted, ae_title, extended=extended)
        self.engine.submit(c.OpenAssociation(association=number, proposal=proposal, auto_answer=auto_answer))
        end = {AssociationPhase.ESTABLISHED, *FINAL_PHASES}
        told = self.wait(AssociationNotice, lambda n: n.association == number and n.phase in end)
        assert told.phase is AssociationPhase.ESTABLISHED, told.sentence
        assert told.negotiated is not None
        return Held(self, number, told.negotiated)

    def one_shot(
        self, peer: peers.Peer, wanted: Iterable[str], messages: Iterable[Outgoing], linger: float = 0.0
    ) -> tuple[StatusNotice, int]:
        """Open, send, wait, release; its end and its association."""
        operation, association = self.engine.new_id(), self.engine.new_id()
        self.engine.submit(
            c.OneShot(
                association=association,
                operation=operation,
                proposal=self.proposal(peer, wanted),
                messages=tuple(messages),
                linger=linger,
            )
        )
        return self.wait(StatusNotice, lambda n: n.operation == operation), association

    # -- as acceptor

    def listen(self, port: int = 0, **settings: Any) -> peers.Peer:
        """Start the built-in peer; port 0 is any free one."""
        number = self.engine.new_id()
        policy = settings.pop("policy", Policy(timeouts=TIMEOUTS))
        self.engine.submit(c.Listen(listener=number, port=port, settings=c.PeerSettings(policy=policy, **settings)))
        told = self.wait(ListenerNotice, lambda n: n.listener == number)
        assert told.listening, told.sentence
        return peers.Peer("built-in peer", "CONSOLE", told.port, settings.get("folder"))


@dataclass(frozen=True)
class Answered:
    """One operation: how it ended, and its responses."""

    status: StatusNotice
    responses: tuple[MessageNotice, ...]

    @property
    def code(self) -> int | None:
        return self.status.status

    @property
    def command(self) -> CommandSet:
        return self.responses[-1].command

    @property
    def data(self) -> Dataset:
        return data_of(self.responses[-1])


@dataclass(frozen=True)
class Held:
    """An association held open."""

    operator: Operator
    number: int
    negotiated: Negotiated

    def send(self, message: str, data: Dataset | None = None, **values: Value) -> Answered:
        """Send a request and wait for its end."""
        return self.send_out(outgoing(message, data, **values))

    def send_out(self, message: Outgoing) -> Answered:
        operation = self.operator.engine.new_id()
        self.operator.engine.submit(c.Send(association=self.number, operation=operation, message=message))
        status = self.operator.wait(StatusNotice, lambda n: n.operation == operation)
        told = self.operator.all(
            MessageNotice, lambda m: m.operation == operation and m.direction is Direction.RECEIVED
        )
        return Answered(status, tuple(told))

    def received(self, command_field: int, count: int = 1) -> list[MessageNotice]:
        """Wait for so many messages of a Command Field."""
        return self._wait_for(command_field, Direction.RECEIVED, count)

    def sent(self, command_field: int, count: int = 1) -> list[MessageNotice]:
        return self._wait_for(command_field, Direction.SENT, count)

    def _wait_for(self, command_field: int, direction: Direction, count: int) -> list[MessageNotice]:
        def seen() -> list[MessageNotice]:
            return self.operator.messages(self.number, command_field, direction)

        self.operator.wait(MessageNotice, lambda _: len(seen()) >= count)
        return seen()

    def release(self) -> AssociationNotice:
        self.operator.engine.submit(c.Release(association=self.number))
        return self.operator.end_of(self.number)
