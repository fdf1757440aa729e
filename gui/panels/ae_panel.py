"""AE configuration: peers, the local AE, what is negotiated besides, and the presentation contexts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QSplitter, QTabWidget, QVBoxLayout, QWidget

from engine.model.association import LocalAE, Peer, Proposal, ProposedContext, Timeouts
from engine.model.limits import Limits
from engine.model.scripting import Script
from engine.model.tls import TlsSettings
from engine.workspace.errors import WorkspaceError
from engine.workspace.presets import Preset
from engine.workspace.settings import ContextSettings, IdentitySettings, SavedPeer, passphrase_name
from engine.workspace.workspace import Workspace
from gui.background import Background
from gui.dialogs import Questions, top_window
from gui.forms.header import PanelHeader
from gui.models.peers import PeersModel
from gui.session import EchoReport
from gui.theme import SPACING, theme

from .ae_contexts import ContextsView
from .ae_local import LocalForm
from .ae_negotiation import NegotiationForm
from .ae_peers import PeersView, key_file


class AEPanel(QWidget):
    """Everything an A-ASSOCIATE-RQ is made from; what is changed is written to the workspace at once."""

    echo_requested = Signal(object)
    """A Proposal: press of Echo in the list or in the peer's form (unsaved values included)."""
    associate_requested = Signal(object)
    peer_changed = Signal(object)
    """The Peer now selected, or None."""
    proposal_changed = Signal()
    failed = Signal(object)
    """A sentence: something could not be written."""

    def __init__(self, workspace: Workspace, questions: Questions | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.peers_model = PeersModel(self)
        self._questions = questions or Questions(self)
        self.peers = PeersView(self.peers_model, self._questions, self)
        self.local = LocalForm(self)
        self.negotiation = NegotiationForm(self)
        self.contexts = ContextsView(self)
        self.header = PanelHeader("AE configuration", self)
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        for widget, title in ((self.peers, "P&eers"), (self.local, "&Local AE"), (self.negotiation, "&Negotiation")):
            self.tabs.addTab(widget, title)
        self.tabs.setAccessibleName("AE configuration")
        self.tabs.tabBar().setAccessibleName("Parts of the AE configuration")
        self.splitter = QSplitter(Qt.Orientation.Vertical, self)
        self.splitter.addWidget(self.tabs)
        self.splitter.addWidget(self.contexts)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([1000, 1000])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING.small)
        layout.addWidget(self.header)
        layout.addWidget(self.splitter, 1)
        self._sizes: list[int] = []
        self._load()
        self.tabs.currentChanged.connect(self._tab_changed)
        self.contexts.unfold_wanted.connect(self.show_peers)
        self.peers.changed.connect(self._peers_changed)
        self.peers.selected.connect(self._peer_selected)
        self.peers.echo_wanted.connect(self._echo_wanted)
        self.local.changed.connect(self._local_changed)
        self.local.edited.connect(self.proposal_changed)
        self.negotiation.changed.connect(self._keep_contexts)
        self.negotiation.faults.changed.connect(self._keep_faults)
        self.negotiation.secret_changed.connect(self._secret_changed)
        self.negotiation.secret_wanted.connect(self._look_up_secret)
        self.contexts.changed.connect(self._contexts_changed)
        self.contexts.presets_wanted.connect(self._load_presets)
        self.contexts.preset_wanted.connect(self._save_preset)
        self.contexts.preset_unwanted.connect(self._ask_remove_preset)
        self.peers.passphrase_changed.connect(self._passphrase_changed)
        self._look_up_secret(self.negotiation.identity())
        self._look_up_passphrases()

    def _load(self) -> None:
        saved = self._workspace.contexts
        self.peers_model.set_records(self._workspace.peers)
        self.local.set_values(self._workspace.local, self._workspace.timeouts, self._workspace.limits)
        self.negotiation.set_values(saved.identity, saved.async_window, saved.extended, saved.common_extended)
        self.negotiation.faults.set_items(self._workspace.faults.rules if self._workspace.faults else ())
        self._mark_faults()
        self.contexts.set_contexts(saved.contexts)
        self.peers.list.select_row(0)

    # -- what it gives ------------------------------------------------------------------------------------------

    @property
    def current_peer(self) -> Peer | None:
        return self.peers.current()

    def proposal(self, peer: Peer | None = None) -> Proposal:
        """What an association would propose now to `peer` (the selected one), as all fields stand, saved or not."""
        identity = self.negotiation.identity()
        return Proposal(
            local=self.local.local(),
            peer=peer or self.peers.current() or Peer(),
            contexts=self.contexts.model.proposed(),
            timeouts=self.local.waits(),
            limits=self.local.limits.limits(),
            async_window=self.negotiation.window_value(),
            user_identity=identity.identity(self.negotiation.secret_text()),
            extended=self.negotiation.extended.items(),
            common_extended=self.negotiation.common.items(),
            tls=self.peers.tls_of(peer or self.peers.current() or Peer()),
            script=self.script(),
        )

    def script(self) -> Script | None:
        """How our own side departs from the Standard on purpose."""
        rules = self.negotiation.faults.rules()
        return replace(self._workspace.faults or Script(), rules=rules) if rules else None

    def associate(self) -> None:
        """Ask for an association with the selected peer."""
        if self.peers.current() is not None:
            self.associate_requested.emit(self.proposal())

    def echo_reported(self, report: EchoReport) -> None:
        """Show how an Echo ended."""
        self.peers.echo_reported(report)

    def echo_started(self, peer: Peer) -> None:
        """Show that an Echo is on its way."""
        self.peers_model.set_waiting(peer)

    def flush(self) -> None:
        """Write down what is still only in a field."""
        self.local.flush()
        self.negotiation.flush()

    def show_peers(self) -> None:
        """The tab with peers and contexts."""
        self.tabs.setCurrentWidget(self.peers)

    def _tab_changed(self, _tab: int) -> None:
        """The forms are high: they get the room of the contexts while they are looked at."""
        folded = self.tabs.currentWidget() is not self.peers
        if folded and not self.contexts.list.isHidden():
            self._sizes = self.splitter.sizes()
        self.contexts.fold(folded)
        if not folded and self._sizes:
            self.splitter.setSizes(self._sizes)

    # -- keeping ------------------------------------------------------------------------------------------------

    def _peers_changed(self, peers: tuple[SavedPeer, ...]) -> None:
        self._write(self._workspace.save_peers, peers)
        self.peer_changed.emit(self.peers.current())
        self.proposal_changed.emit()

    def _peer_selected(self, peer: Peer | None) -> None:
        self.peer_changed.emit(peer)
        self.proposal_changed.emit()

    def _echo_wanted(self, peer: Peer, tls: TlsSettings | None) -> None:
        self.echo_requested.emit(replace(self.proposal(peer), tls=tls))

    def _local_changed(self, values: tuple[LocalAE, Timeouts, Limits]) -> None:
        self._write(self._workspace.save_local, *values)
        self.proposal_changed.emit()

    def _contexts_changed(self, _contexts: tuple[ProposedContext, ...]) -> None:
        self._keep_contexts()

    def _keep_contexts(self) -> None:
        settings = ContextSettings(
            contexts=tuple(self.contexts.model.records),
            async_window=self.negotiation.window_value(),
            identity=self.negotiation.identity(),
            extended=self.negotiation.extended.items(),
            common_extended=self.negotiation.common.items(),
        )
        if settings != self._workspace.contexts:
            self._write(self._workspace.save_contexts, settings)
        self.proposal_changed.emit()

    def _keep_faults(self) -> None:
        self._write(self._workspace.save_faults, self.script())
        self._mark_faults()
        self.proposal_changed.emit()

    def _mark_faults(self) -> None:
        """While our side is to depart from the Standard, its tab says so."""
        script, place = self.script(), self.tabs.indexOf(self.negotiation)
        deviates = script is not None and script.active
        self.tabs.setTabIcon(place, theme().icon("warning", "warning") if deviates else QIcon())
        told = "Our side departs from the Standard on purpose: see Faults on purpose" if deviates else ""
        self.tabs.setTabToolTip(place, told)

    def _load_presets(self) -> None:
        self.contexts.set_presets(self._workspace.presets())

    def _save_preset(self, title: str) -> None:
        contexts = tuple(replace(c) for c in self.contexts.model.records)
        self._write(self._workspace.save_preset, Preset(title=title, contexts=contexts))

    def _ask_remove_preset(self, preset: Preset) -> None:
        text = f"Remove the preset {preset.title}? Its file in the workspace is deleted."
        remove = partial(self._remove_preset, preset)
        self._questions.ask(top_window(self), "Remove preset", text, "Remove", remove)

    def _remove_preset(self, preset: Preset) -> None:
        try:
            self._workspace.delete_preset(preset)
        except OSError as error:
            self.failed.emit(f"The preset is not removed: {error.strerror or error}.")

    def _write(self, save: Callable[..., Any], *values: Any) -> None:
        try:
            save(*values)
        except (WorkspaceError, OSError) as error:
            self.failed.emit(f"Not saved: {error}")

    # The keyring of the desktop may ask its user first, so it is never called in the GUI thread.

    def _secret_changed(self, named: tuple[str, str]) -> None:
        name, secret = named
        work = Background(lambda: self._workspace.secrets.set(name, secret))
        work.failed.connect(self._secret_failed)
        work.done.connect(self._secret_kept)
        work.begin()

    def _look_up_secret(self, identity: IdentitySettings) -> None:
        if identity.type < 2:
            return
        secrets = self._workspace.secrets
        work = Background(lambda: secrets.get(identity.secret_name))
        work.done.connect(self.negotiation.set_secret)
        work.failed.connect(self._secret_failed)
        work.begin()

    def _passphrase_changed(self, kept: tuple[Path, str]) -> None:
        holder, passphrase = kept
        work = Background(lambda: self._workspace.secrets.set(passphrase_name(holder), passphrase))
        work.failed.connect(self._secret_failed)
        work.begin()

    def _look_up_passphrases(self) -> None:
        """Before a peer is used: an association does not wait for the keyring."""
        secrets = self._workspace.secrets
        holders = {holder for saved in self._workspace.peers if (holder := key_file(saved.tls)) is not None}
        if not holders:
            return
        work = Background(lambda: {holder: secrets.get(passphrase_name(holder)) for holder in holders})
        work.done.connect(self._passphrases_found)
        work.failed.connect(self._secret_failed)
        work.begin()

    def _passphrases_found(self, found: dict[Path, str]) -> None:
        # What was typed meanwhile is newer.
        self.peers.passphrases = {**found, **self.peers.passphrases}

    def _secret_kept(self, _nothing: None) -> None:
        self.negotiation.secret.set_hint(self._workspace.secrets.sentence or "Kept in the system keyring.")

    def _secret_failed(self, error: Exception) -> None:
        self.failed.emit(f"The keyring failed: {type(error).__name__}.")
