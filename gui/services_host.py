"""What a page of the Services panel may ask of the window: the peer, the engine, the workspace, the questions."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QSettings, Signal

from engine.model.association import Peer, Proposal
from engine.model.notices import Notice, StatusNotice
from engine.workspace.workspace import Workspace

from .dialogs import Questions
from .modality_desk import ModalityDesk
from .panels.ae_panel import AEPanel
from .records import AssociationRecord
from .session import Runnable, Session

__all__ = ["Runnable", "ServicesHost"]


class ServicesHost(QObject):
    """One for all pages. `notices`: every batch. `changed`: another peer, proposal or association."""

    notices = Signal(object)
    operation_ended = Signal(object)
    """The StatusNotice of any operation."""
    changed = Signal()
    said = Signal(object, object)
    """(sentence, theme role) for the status line."""
    target_chosen = Signal(object)
    """A TraceTarget: what the user wants to see of it in the trace."""

    def __init__(
        self,
        session: Session,
        ae: AEPanel,
        workspace: Workspace,
        questions: Questions,
        store: QSettings,
        parent: QObject | None = None,
    ) -> None:
        """store: where a page keeps what it is to remember."""
        super().__init__(parent)
        self.session, self.workspace, self.questions, self.store = session, workspace, questions, store
        self._ae = ae
        self.desk = ModalityDesk(session, workspace.folder, self)
        self.desk.said.connect(self.said)
        session.notices.connect(self._notices)
        session.operation_ended.connect(self._ended)
        session.current_changed.connect(self._changed)
        ae.peer_changed.connect(self._changed)
        ae.proposal_changed.connect(self._changed)

    def has_peer(self) -> bool:
        """Whether there is somebody to call."""
        return self._ae.current_peer is not None

    def proposal(self) -> Proposal:
        """What is proposed to the selected peer. A procedure proposes the contexts it needs itself: those of the panel
        are left out."""
        return replace(self._ae.proposal(), contexts=())

    def proposal_to(self, peer: Peer) -> Proposal:
        """The same to another peer: the saved one of this name or address, with its TLS, else as told."""
        same = (peer.host, peer.port, peer.ae_title)
        saved = (p.peer for p in self.workspace.peers)
        by_name = self.workspace.peer_named(peer.name) if peer.name else None
        to = by_name or next((p for p in saved if (p.host, p.port, p.ae_title) == same), peer)
        return replace(self.proposal(), peer=to, tls=self.workspace.tls_for(to))

    def held(self) -> AssociationRecord | None:
        """The association held, when it is established."""
        record = self.session.current
        return record if record is not None and record.established else None

    def run(self, command: Runnable, association: int | None = None) -> int:
        """Submit a command, its ids filled in; returns its operation. association: the one to run on, else its own."""
        return self.session.run(command, association)

    def cancel(self, operation: int) -> None:
        self.session.cancel(operation)

    def say(self, sentence: str, role: str = "text") -> None:
        self.said.emit(sentence, role)

    def _notices(self, batch: tuple[Notice, ...]) -> None:
        self.notices.emit(batch)

    def _ended(self, status: StatusNotice) -> None:
        self.operation_ended.emit(status)

    def _changed(self, *_what: object) -> None:
        self.changed.emit()
