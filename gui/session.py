"""What the window knows of the associations: notices make records, the user's wishes make commands."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from engine.model.association import VERIFICATION, Proposal, ProposedContext
from engine.model.commands import (
    Abort,
    Cancel,
    ChangeObject,
    Listen,
    OneShot,
    OpenAssociation,
    Outgoing,
    PeerSettings,
    PlanStore,
    ReadReferences,
    Release,
    Retrieve,
    RunProcedure,
    Send,
    SetEmulators,
    StopListening,
    StoreFiles,
    WatchObjects,
    echo_request,
)
from engine.model.notices import (
    FINAL_PHASES,
    AssociationNotice,
    AssociationPhase,
    EngineNotice,
    ErrorNotice,
    ListenerNotice,
    MessageNotice,
    Notice,
    Outcome,
    PduNotice,
    ProgressNotice,
    StatusNotice,
)
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE

from .bridge import Bridge
from .models.peers import peer_name
from .records import AssociationRecord, EchoReport, ListenerState
from .report import tell_defect

__all__ = ["AssociationRecord", "EchoReport", "ListenerState", "Session"]

Runnable = Retrieve | RunProcedure | PlanStore | ReadReferences | StoreFiles
KEPT_RECORDS = 2_000
"""Finished associations remembered: a day of manual work; a record is under 1 kB besides what it negotiated."""

_PHASE_STATES = {
    AssociationPhase.CONNECTING: "Sta4",
    AssociationPhase.NEGOTIATING: "Sta5",
    AssociationPhase.ESTABLISHED: "Sta6",
    AssociationPhase.RELEASING: "Sta7",
}
"""The state a phase stands for until a PDU tells it (PS3.8 Table 9-10); everything else is Sta1."""


class Session(QObject):
    """Records of all associations, the one the toolbar acts on, the built-in peer."""

    notices = Signal(object)
    """The bridge's batches, after the records have taken them in: what a panel asks of the session is already true."""
    association_changed = Signal(object)
    """The AssociationRecord that is other than before."""
    current_changed = Signal(object)
    """The AssociationRecord the toolbar acts on (or None) is another one or other than before."""
    echo_started = Signal(object)
    """The Proposal of an Echo on its way."""
    echo_finished = Signal(object)
    listener_changed = Signal(object)
    operation_started = Signal(object)
    """The number of an operation just submitted."""
    operation_ended = Signal(object)
    """Its StatusNotice."""
    said = Signal(object, object)
    """(sentence, theme role) worth a line in the status bar."""

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._records: dict[int, AssociationRecord] = {}
        self._current: int | None = None
        self._echoes: dict[int, tuple[Proposal, int]] = {}
        self._round_trips: dict[int, float] = {}
        self._running: set[int] = set()
        self._procedures: set[int] = set()
        self._listener = ListenerState()
        self._fallback: Listen | None = None
        self._ending = False
        self.auto_answer = True
        """Whether associations opened from now on answer incoming requests by themselves."""
        bridge.notices.connect(self._take)

    # -- what is known ------------------------------------------------------------------------------------------

    @property
    def current(self) -> AssociationRecord | None:
        """The association the toolbar acts on."""
        return None if self._current is None else self._records.get(self._current)

    @property
    def listener(self) -> ListenerState:
        return self._listener

    @property
    def running_operations(self) -> frozenset[int]:
        return frozenset(self._running)

    @property
    def running_procedures(self) -> frozenset[int]:
        """Those of the running operations that may have something to take back at a peer."""
        return frozenset(self._procedures)

    def record(self, association: int) -> AssociationRecord | None:
        return self._records.get(association)

    def peer_of(self, association: int) -> str:
        """The name of the peer an association is or was with; "" when it is forgotten."""
        record = self._records.get(association)
        return peer_name(record.peer) if record is not None else ""

    def open_records(self) -> tuple[AssociationRecord, ...]:
        """Associations that have not ended, oldest first."""
        return tuple(r for r in self._records.values() if not r.finished)

    def make_current(self, association: int) -> None:
        """Let the toolbar act on another association."""
        if association in self._records and association != self._current:
            self._current = association
            self.current_changed.emit(self.current)

    # -- wishes -------------------------------------------------------------------------------------------------

    def echo(self, proposal: Proposal) -> int:
        """C-ECHO on an association of its own that proposes Verification; returns the operation."""
        context = ProposedContext(1, VERIFICATION, (EXPLICIT_VR_LE, IMPLICIT_VR_LE))
        proposal = replace(proposal, contexts=(context,), extended=(), common_extended=())
        association, operation = self._bridge.new_id(), self._bridge.new_id()
        self._echoes[operation] = (proposal, association)
        self._start(
            OneShot(
                association=association,
                operation=operation,
                proposal=proposal,
                messages=(Outgoing(command=echo_request(), context_id=1),),
            )
        )
        self.echo_started.emit(proposal)
        return operation

    def associate(self, proposal: Proposal) -> int:
        """Open an association and hold it; it becomes the current one. Returns its number."""
        association = self._bridge.new_id()
        automatic = self.auto_answer
        self._bridge.submit(OpenAssociation(association=association, proposal=proposal, auto_answer=automatic))
        self._put(
            AssociationRecord(
                association=association,
                peer=proposal.peer,
                phase=AssociationPhase.CONNECTING,
                proposal=proposal,
                held=True,
                auto_answer=automatic,
            )
        )
        self.make_current(association)
        return association

    def send(self, message: Outgoing, one_shot: Proposal | None = None) -> int | None:
        """Send on the current association, or with `one_shot` on one of its own. Returns the operation, or None."""
        if one_shot is None:
            record = self.current
            if record is None or not record.established:
                self.said.emit("No association is established: press Associate, or send as one shot.", "warning")
                return None
            operation = self._bridge.new_id()
            self._start(Send(association=record.association, operation=operation, message=message))
            return operation
        association, operation = self._bridge.new_id(), self._bridge.new_id()
        self._start(OneShot(association=association, operation=operation, proposal=one_shot, messages=(message,)))
        return operation

    def run(self, command: Runnable, association: int | None = None) -> int:
        """Submit a command, its ids filled in; returns the operation. association: an open one to run on."""
        operation = self._bridge.new_id()
        ready = replace(command, operation=operation, association=association or self._bridge.new_id())
        if isinstance(ready, RunProcedure) and ready.listen is not None:
            ready = replace(ready, listen=replace(ready.listen, listener=self._bridge.new_id()))
        self._start(ready)
        return operation

    def cancel(self, operation: int) -> None:
        self._bridge.submit(Cancel(operation=operation))

    def release(self) -> None:
        """Release the current association."""
        record = self.current
        if record is not None and record.established:
            self._bridge.submit(Release(association=record.association))

    def abort(self) -> None:
        """Abort the current association, in whatever phase."""
        record = self.current
        if record is not None and not record.finished:
            self._bridge.submit(Abort(association=record.association))

    def release_all(self) -> int:
        """Ask every open association to end cleanly; returns how many are still open."""
        self._ending = True
        for record in self.open_records():
            command = Release if record.established else Abort
            if record.phase is not AssociationPhase.RELEASING:
                self._bridge.submit(command(association=record.association))
        return len(self.open_records())

    def abort_all(self) -> None:
        for record in self.open_records():
            self._bridge.submit(Abort(association=record.association))

    def listen(self, settings: PeerSettings, host: str, port: int, *, any_port: bool = False) -> int:
        """Start the built-in peer. `any_port`: take a free port when this one is taken. Returns the listener."""
        listener = self._bridge.new_id()
        command = Listen(listener=listener, host=host, port=port, settings=settings)
        self._fallback = replace(command, port=0) if any_port and port else None
        title = settings.policy.local.ae_title
        self._listener = ListenerState(
            listener=listener,
            starting=True,
            host=host,
            port=port,
            ae_title=title,
            tls=settings.tls,
            faults=settings.script.active if settings.script else 0,
        )
        self.listener_changed.emit(self._listener)
        self._bridge.submit(command)
        return listener

    def listening_failed(self, sentence: str, port: int) -> None:
        """The built-in peer could not even be started."""
        self._listener = ListenerState(port=port, sentence=sentence, failed=True)
        self.listener_changed.emit(self._listener)
        self.said.emit(sentence, "failure")

    def stop_listening(self) -> None:
        if self._listener.listener is not None:
            self._bridge.submit(StopListening(listener=self._listener.listener))

    def submit(self, command: WatchObjects | ChangeObject | SetEmulators) -> None:
        """Something asked of the built-in peer itself."""
        self._bridge.submit(command)

    def clients(self) -> tuple[AssociationRecord, ...]:
        """Associations that others opened with us, oldest first, ended ones too."""
        return tuple(r for r in self._records.values() if not r.requestor)

    def _start(self, command: Send | OneShot | Runnable) -> None:
        self._running.add(command.operation)
        if isinstance(command, RunProcedure):
            self._procedures.add(command.operation)
        self._bridge.submit(command)
        self.operation_started.emit(command.operation)

    # -- notices ------------------------------------------------------------------------------------------------

    def _take(self, batch: tuple[Notice, ...]) -> None:
        if self._ending:
            # One that ended by itself while it was asked to is what was wanted, not an error.
            batch = tuple(n for n in batch if not (isinstance(n, ErrorNotice) and n.association is not None))
        changed: dict[int, None] = {}
        last: list[Notice] = []
        for notice in batch:
            try:
                if isinstance(notice, PduNotice):
                    self._take_pdu(notice, changed)
                elif isinstance(notice, MessageNotice):
                    if self._echoes:
                        self._take_message(notice)
                elif isinstance(notice, AssociationNotice):
                    self._take_association(notice, changed)
                elif not isinstance(notice, ProgressNotice):
                    last.append(notice)
            except Exception:  # noqa: BLE001 - the others are to be told all the same
                tell_defect()
        for association in changed:
            record = self._records.get(association)
            if record is not None:
                self.association_changed.emit(record)
                if association == self._current:
                    self.current_changed.emit(record)
        self.notices.emit(batch)
        for notice in last:
            try:
                self._take_after(notice)
            except Exception:  # noqa: BLE001 - as above
                tell_defect()
        self._forget()

    def _take_after(self, notice: Notice) -> None:
        """What is told when the notices have been handed on."""
        if isinstance(notice, StatusNotice):
            self._take_status(notice)
        elif isinstance(notice, ListenerNotice):
            self._take_listener(notice)
        elif isinstance(notice, EngineNotice):
            self.said.emit(notice.sentence, "text" if notice.answers else "failure")
        elif isinstance(notice, ErrorNotice):
            self.said.emit(notice.sentence, "failure")

    def _take_pdu(self, notice: PduNotice, changed: dict[int, None]) -> None:
        record = self._records.get(notice.association)
        if record is None or not notice.state_after or record.state == notice.state_after or record.finished:
            return
        self._records[notice.association] = replace(record, state=notice.state_after)
        changed[notice.association] = None

    def _take_association(self, notice: AssociationNotice, changed: dict[int, None]) -> None:
        old = self._records.get(notice.association)
        base = old or AssociationRecord(association=notice.association, peer=notice.peer, phase=notice.phase)
        established = notice.phase is AssociationPhase.ESTABLISHED
        self._records[notice.association] = replace(
            base,
            peer=notice.peer,
            phase=notice.phase,
            requestor=notice.requestor,
            state=_PHASE_STATES.get(notice.phase, "Sta1"),
            proposal=notice.proposal or base.proposal,
            negotiated=notice.negotiated or base.negotiated,
            tls=notice.tls or base.tls,
            sentence=notice.sentence or base.sentence,
            established_after=notice.duration if established else base.established_after,
        )
        changed[notice.association] = None
        if notice.sentence and notice.phase in FINAL_PHASES and notice.requestor:
            good = notice.phase is AssociationPhase.RELEASED
            if base.held or not good:  # what came of a single operation is said, and stays: its release follows that
                self.said.emit(notice.sentence, "text" if good else "failure")
        elif established and base.held and notice.sentence:
            some = notice.negotiated is None or any(c.accepted for c in notice.negotiated.contexts)
            self.said.emit(notice.sentence, "ok" if some else "warning")

    def _take_message(self, notice: MessageNotice) -> None:
        if notice.operation in self._echoes and notice.command.is_response and notice.duration is not None:
            self._round_trips[notice.operation] = notice.duration

    def _take_status(self, notice: StatusNotice) -> None:
        self._running.discard(notice.operation)
        self._procedures.discard(notice.operation)
        self.operation_ended.emit(notice)
        if notice.sentence:
            good = notice.outcome is Outcome.SUCCESS
            mild = notice.outcome in (Outcome.WARNING, Outcome.CANCELLED)
            self.said.emit(notice.sentence, "ok" if good else "warning" if mild else "failure")
        echo = self._echoes.pop(notice.operation, None)
        if echo is None:
            return
        round_trip = self._round_trips.pop(notice.operation, None)
        if round_trip is None and notice.outcome is Outcome.SUCCESS:
            round_trip = notice.duration
        self.echo_finished.emit(
            EchoReport(
                operation=notice.operation,
                peer=echo[0].peer,
                outcome=notice.outcome,
                time=notice.time,
                round_trip=round_trip,
                sentence=notice.sentence,
            )
        )

    def _take_listener(self, notice: ListenerNotice) -> None:
        if notice.listener != self._listener.listener:
            return
        fallback, self._fallback = self._fallback, None
        if not notice.listening and self._listener.starting and fallback is not None:
            self._bridge.submit(fallback)
            return
        self._listener = ListenerState(
            listener=notice.listener if notice.listening else None,
            listening=notice.listening,
            host=notice.host,
            port=notice.port,
            ae_title=notice.ae_title or self._listener.ae_title,
            sentence=notice.sentence,
            tls=self._listener.tls,
            faults=self._listener.faults,
            failed=self._listener.starting and not notice.listening,
        )
        self.listener_changed.emit(self._listener)
        if notice.sentence:
            self.said.emit(notice.sentence, "warning" if self._listener.failed else "text")

    def _put(self, record: AssociationRecord) -> None:
        self._records[record.association] = record
        self.association_changed.emit(record)

    def _forget(self) -> None:
        """Drop the oldest finished records above the bound."""
        surplus = len(self._records) - KEPT_RECORDS
        if surplus <= 0:
            return
        finished = [a for a, r in self._records.items() if r.finished and a != self._current]
        for association in finished[:surplus]:
            del self._records[association]
