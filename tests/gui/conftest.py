"""An engine that answers from a script, so that every panel is driven as a user would without a network."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from engine.model.association import Negotiated, NegotiatedContext, Peer, Proposal
from engine.model.command_set import CommandSet
from engine.model.commands import (
    Abort,
    Command,
    Listen,
    OneShot,
    OpenAssociation,
    Outgoing,
    Release,
    Send,
    StopListening,
)
from engine.model.notices import (
    AnyNotice,
    AssociationNotice,
    AssociationPhase,
    Direction,
    ListenerNotice,
    MessageNotice,
    Outcome,
    PduNotice,
    StatusNotice,
)
from engine.standard.messages import NO_DATA_SET
from gui.bridge import Bridge
from gui.collecting import nothing_collected
from tests.gui.staging import staged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from PySide6.QtWidgets import QApplication
    from pytestqt.wait_signal import SignalBlocker

    from gui.main_window import MainWindow

PATIENCE = 30_000
"""Milliseconds until what a test waits for counts as never coming, with an engine and a loaded machine in it."""
VERIFICATION = "1.2.840.10008.1.1"
IMPLICIT = "1.2.840.10008.1.2"
PHASE = AssociationPhase


class PatientBot(QtBot):
    """pytest-qt's, that waits longer than its five seconds."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE) -> None:
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE, **more: Any) -> SignalBlocker:
        return super().waitSignal(signal, timeout=timeout, **more)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> PatientBot:
    return PatientBot(request)


class FakeEngine:
    """Accepts every association and answers every request with Success; `refuse` makes peers on that port reject."""

    def __init__(self, bell: Callable[[], None]) -> None:
        self.bell = bell
        self.commands: list[Command] = []
        self.running = False
        self.stopped_in: str | None = None
        self.refuse_ports: set[int] = set()
        self.taken_ports: set[int] = set()
        self.silent = False
        self.replaced = 0
        self._ids = itertools.count(1)
        self._out: deque[AnyNotice] = deque()
        self._peers: dict[int, Peer] = {}
        self._clock = itertools.count(1)

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False
        self.stopped_in = threading.current_thread().name

    def replace(self) -> None:
        self.replaced += 1

    def new_id(self) -> int:
        return next(self._ids)

    def drain(self, limit: int = 10_000) -> list[AnyNotice]:
        return [self._out.popleft() for _ in range(min(limit, len(self._out)))]

    def submit(self, command: Command) -> None:
        self.commands.append(command)
        if not self.silent:
            self._answer(command)

    def emit(self, *notices: AnyNotice) -> None:
        self._out.extend(notices)
        self.bell()

    def sent(self, kind: type[Command]) -> list[Command]:
        return [c for c in self.commands if isinstance(c, kind)]

    # -- answers ------------------------------------------------------------------------------------------------

    def _answer(self, command: Command) -> None:
        if isinstance(command, OpenAssociation):
            self._open(command.association, command.proposal)
        elif isinstance(command, OneShot):
            if self._open(command.association, command.proposal):
                self._exchange(command.association, command.operation, command.messages[0])
                self.phase(command.association, PHASE.RELEASED, outcome=Outcome.SUCCESS, sentence="Released.")
            else:
                self._status(command.association, command.operation, Outcome.REJECTED, None, "The peer rejected it.")
        elif isinstance(command, Send):
            self._exchange(command.association, command.operation, command.message)
        elif isinstance(command, Release):
            self.phase(command.association, PHASE.RELEASING)
            self.phase(command.association, PHASE.RELEASED, outcome=Outcome.SUCCESS, sentence="Released.")
        elif isinstance(command, Abort):
            self.phase(command.association, PHASE.ABORTED, outcome=Outcome.ABORTED, sentence="Aborted by us.")
        elif isinstance(command, Listen):
            self._listen(command)
        elif isinstance(command, StopListening):
            self._listener(command.listener, False, "127.0.0.1", 0, "The built-in peer stopped.")

    def _open(self, association: int, proposal: Proposal) -> bool:
        self._peers[association] = proposal.peer
        self.phase(association, PHASE.CONNECTING, proposal=proposal)
        self.phase(association, PHASE.NEGOTIATING)
        if proposal.peer.port in self.refuse_ports:
            self.phase(
                association,
                PHASE.REJECTED,
                outcome=Outcome.REJECTED,
                rejection=(1, 1, 7),
                sentence="The peer rejected the association: called-AE-title-not-recognized.",
            )
            return False
        contexts = tuple(
            NegotiatedContext(
                id=c.id,
                abstract_syntax=c.abstract_syntax,
                proposed=c.transfer_syntaxes,
                result=0,
                transfer_syntax=c.transfer_syntaxes[0],
                requestor_scu=True,
            )
            for c in proposal.contexts
        )
        negotiated = Negotiated(contexts=contexts, called_ae_title=proposal.peer.ae_title, send_maximum=16384)
        self.phase(association, PHASE.ESTABLISHED, negotiated=negotiated, duration=0.0124)
        self.emit(
            PduNotice(
                association=association,
                time=1.0,
                clock=1.0,
                direction=Direction.RECEIVED,
                type=2,
                data=b"\x02\x00\x00\x00\x00\x00",
                size=6,
                state_before="Sta5",
                event="Evt3",
                action="AE-3",
                state_after="Sta6",
            )
        )
        return True

    def phase(self, association: int, phase: AssociationPhase, **more: object) -> None:
        peer = self._peers.setdefault(association, Peer())
        stamp = float(next(self._clock))
        values: dict[str, object] = {"requestor": True, **more}
        self.emit(
            AssociationNotice(association=association, time=stamp, clock=stamp, phase=phase, peer=peer, **values)  # type: ignore[arg-type]
        )

    def _exchange(self, association: int, operation: int, message: Outgoing) -> None:
        field = message.command.command_field or 0
        response = CommandSet.of(
            AffectedSOPClassUID=message.command.sop_class_uid,
            CommandField=field | 0x8000,
            MessageIDBeingRespondedTo=1,
            CommandDataSetType=NO_DATA_SET,
            Status=0,
        )
        for direction, command in ((Direction.SENT, message.command), (Direction.RECEIVED, response)):
            self.emit(
                MessageNotice(
                    association=association,
                    operation=operation,
                    time=1.0,
                    clock=1.0,
                    direction=direction,
                    context_id=message.context_id or 1,
                    abstract_syntax=message.command.sop_class_uid,
                    transfer_syntax=IMPLICIT,
                    command=command,
                    duration=0.0019 if direction is Direction.RECEIVED else None,
                )
            )
        self._status(association, operation, Outcome.SUCCESS, 0, "0000H Success")

    def _status(self, association: int, operation: int, outcome: Outcome, status: int | None, sentence: str) -> None:
        self.emit(
            StatusNotice(
                operation=operation,
                association=association,
                time=1_750_000_000.0,
                clock=1.0,
                outcome=outcome,
                service="C-ECHO",
                sop_class_uid=VERIFICATION,
                status=status,
                sentence=sentence,
                duration=0.004,
            )
        )

    def _listen(self, command: Listen) -> None:
        if command.port in self.taken_ports:
            self._listener(command.listener, False, command.host, command.port, "The port is taken.")
            return
        title = command.settings.policy.local.ae_title
        port = command.port or 50104
        self._listener(command.listener, True, command.host, port, f"Listening on port {port}.", title)

    def _listener(self, listener: int, on: bool, host: str, port: int, sentence: str, title: str = "") -> None:
        self.emit(
            ListenerNotice(
                listener=listener, time=1.0, listening=on, host=host, port=port, ae_title=title, sentence=sentence
            )
        )


@pytest.fixture
def owner(qapp: QApplication) -> Iterator[QObject]:
    """The parent of models with steps to undo, which end with it. The garbage collector may free the steps of a
    QUndoStack that nobody owns before the stack, and then the process dies."""
    owner = QObject()
    yield owner
    owner.deleteLater()


@pytest.fixture
def undress(qapp: QApplication) -> Iterator[None]:
    """Take off again what a test puts on the application."""
    before = qapp.styleSheet(), qapp.palette(), qapp.font()
    yield
    with nothing_collected():
        qapp.setStyleSheet(before[0])
        qapp.setPalette(before[1])
        qapp.setFont(before[2])


@pytest.fixture
def bridge(qtbot: QtBot) -> Iterator[Bridge]:
    """A bridge over a `FakeEngine`, which is `bridge.engine`."""
    made: list[FakeEngine] = []

    def make(bell: Callable[[], None]) -> FakeEngine:
        made.append(FakeEngine(bell))
        return made[0]

    bridge = Bridge(make)
    bridge.engine = made[0]  # type: ignore[attr-defined]
    bridge.start()
    yield bridge
    bridge.close()


@pytest.fixture
def fake(bridge: Bridge) -> FakeEngine:
    return bridge.engine  # type: ignore[attr-defined,no-any-return]


@pytest.fixture
def live_window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    """The window with the engine that really talks over TCP; the built-in peer listens, stands in the list of peers and
    is selected."""
    with staged(qtbot, tmp_path / "workspace") as window:
        yield window
