"""The built-in peer: its settings, its entry in the list of peers, and plain words about who can reach it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from engine.model.association import Peer
from engine.model.commands import PeerSettings
from engine.model.tls import ClientCertificates, TlsSettings
from engine.workspace.errors import WorkspaceError
from engine.workspace.listening import LOOPBACK, ListenerSettings, ready
from engine.workspace.workspace import Workspace

from .background import Background
from .dialogs import Questions, top_window
from .models.peers import BUILT_IN_NAME
from .panels.ae_panel import AEPanel
from .panels.ae_peers import key_file
from .session import ListenerState, Session

if TYPE_CHECKING:
    from .panels.listener_dialog import ListenerDialog


def reach_sentence(state: ListenerState) -> str:
    """Who can reach it, and how, plainly."""
    if state.starting:
        return "The built-in peer is starting."
    if not state.listening:
        return state.sentence or "The built-in peer is stopped."
    where = f"It listens as {state.ae_title} on port {state.port}."
    spoken = _tls_sentence(state.tls) + _faults_sentence(state.faults)
    if state.loopback:
        return f"{where} Only programs on this computer can reach it.{spoken}"
    open_to = "Every computer on your network can reach it, store to it and read from it"
    return f"{where} {open_to}.{spoken}" if state.tls else f"{where} {open_to}, without encryption.{spoken}"


def _faults_sentence(rules: int) -> str:
    if not rules:
        return ""
    return f" It departs from the Standard on purpose: {rules} rule{'s' if rules > 1 else ''} switched on."


def _tls_sentence(tls: TlsSettings | None) -> str:
    if tls is None:
        return ""
    clients = {
        ClientCertificates.NONE: "clients need no certificate",
        ClientCertificates.REQUEST: "clients may show a certificate",
        ClientCertificates.REQUIRE: "clients must show a certificate",
    }
    return f" Only TLS is spoken ({tls.profile.title}); {clients[tls.client_certificates]}."


def calling_it(tls: TlsSettings | None) -> TlsSettings | None:
    """TLS for our own calls to it: its certificate itself is trusted, and shown back where it asks for one."""
    if tls is None:
        return None
    shown = tls.client_certificates is not ClientCertificates.NONE
    return replace(
        tls,
        ca_file=tls.certificate,
        certificate=tls.certificate if shown else None,
        key=tls.key if shown else None,
        passphrase="",
        check_host_name=False,
        client_certificates=ClientCertificates.NONE,
    )


KEPT_IN = "built-in-peer"
"""Folder of the workspace in which it keeps what it holds, where that is wanted."""


class BuiltInPeer(QObject):
    """Starts and stops it and keeps its entry in the list of peers true."""

    ready = Signal()
    """It listens and its entry stands in the list."""

    def __init__(
        self,
        session: Session,
        panel: AEPanel,
        workspace: Workspace,
        questions: Questions,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._panel, self._workspace, self._questions = session, panel, workspace, questions
        self._restart = self._introduce = self._preparing = self._outdated = False
        self.dialog: ListenerDialog | None = None
        session.listener_changed.connect(self._changed)

    @property
    def settings(self) -> ListenerSettings:
        """As saved."""
        return self._workspace.listener

    def start(self, *, introduce: bool = False) -> None:
        """Listen. `introduce`: put its entry into the list and select it, even if the user once removed it."""
        self._introduce = self._introduce or introduce
        state = self._session.listener
        if state.listening or state.starting:
            self._changed(state)
            return
        settings, secrets = self.settings, self._workspace.secrets
        if settings.users is None and not _keys(settings):
            self._listen(settings.peer)
        elif not self._preparing:
            # Users are hashed and the keyring may ask its user first: neither in the GUI thread.
            self._preparing = True
            work = Background(lambda: ready(settings, secrets))
            work.done.connect(self._prepared)
            work.failed.connect(self._not_prepared)
            work.begin()

    def listen_at(self, port: int) -> None:
        """Listen at this port from now on."""
        self.set_settings(replace(self.settings, port=port))

    def stop(self) -> None:
        self._session.stop_listening()

    def keep_in_workspace(self) -> None:
        """Keep what it holds in a folder of the workspace from now on; a running peer starts anew there."""
        folder = self._workspace.folder / KEPT_IN
        self.set_settings(replace(self.settings, peer=replace(self.settings.peer, folder=folder)))

    def remember_emulators(self, on: object) -> None:
        """Which emulators are on at the next start; the running peer was told already."""
        if isinstance(on, frozenset):
            peer = replace(self.settings.peer, emulation=replace(self.settings.peer.emulation, on=on))
            self._save(replace(self.settings, peer=peer))

    def _save(self, settings: ListenerSettings) -> None:
        try:
            self._workspace.save_listener(_with_passphrases(settings, dict.fromkeys(_keys(settings), "")))
        except (WorkspaceError, OSError) as error:
            self._session.said.emit(f"Not saved: {error}", "failure")

    def open_faults(self) -> None:
        """The form, at the rules of what it does wrong on purpose."""
        self.open_settings()
        if self.dialog is not None:
            self.dialog.show_page(self.dialog.faults)
            self.dialog.faults.rules.list.setFocus()

    def open_settings(self) -> None:
        """The form; a running peer starts anew with what is saved."""
        if self.dialog is not None:
            self.dialog.raise_()
            return
        from .panels.listener_dialog import ListenerDialog

        known = self._panel.peers.passphrases
        others = [s for s in self._panel.peers_model.records if s.peer.name != BUILT_IN_NAME]
        self.dialog = ListenerDialog(
            _with_passphrases(self.settings, known), self._questions, top_window(self._panel), peers=others
        )
        self.dialog.saved.connect(self.set_settings)
        self.dialog.finished.connect(self._closed)
        self.dialog.open()

    def set_settings(self, settings: ListenerSettings) -> None:
        """Keep and use these; passphrases go where secrets are."""
        for holder, passphrase in _passphrases(settings).items():
            self._panel.peers.keep_passphrase(holder, passphrase)
        self._save(settings)
        state = self._session.listener
        self._outdated = state.starting or self._preparing
        if state.listening:
            self._restart = True
            self.stop()
        elif not self._outdated:  # else it starts anew once it has started
            self.start()

    def _prepared(self, made: PeerSettings) -> None:
        self._preparing = False
        if self._outdated:
            self._outdated = False
            self.start()
            return
        known = self._panel.peers.passphrases
        unlocked = _with_passphrases(replace(self.settings, peer=made), known)  # what was typed is newer
        known.update(_passphrases(unlocked))
        if not self._session.listener.listening:
            self._listen(unlocked.peer)

    def _not_prepared(self, error: Exception) -> None:
        self._preparing = False
        if self._outdated:
            self._outdated = False
            self.start()
            return
        said = str(error) if isinstance(error, WorkspaceError | OSError) else type(error).__name__
        self._session.listening_failed(f"The built-in peer was not started: {said}.", self.settings.port)

    def _listen(self, peer: PeerSettings) -> None:
        settings = self.settings
        self._session.listen(peer, settings.host, settings.port, any_port=settings.host == LOOPBACK)

    def _closed(self) -> None:
        self.dialog = None

    def _changed(self, state: ListenerState) -> None:
        if (self._restart or self._outdated) and not state.listening and not state.starting:
            self._restart = self._outdated = False
            self.start()
            return
        if self._outdated and state.listening:
            self._outdated, self._restart = False, True
            self.stop()
            return
        if not state.listening:
            return
        peers = self._panel.peers
        known = peers.model.row_named(BUILT_IN_NAME) >= 0
        if known or self._introduce:
            peer = Peer(name=BUILT_IN_NAME, ae_title=state.ae_title, host=LOOPBACK, port=state.port)
            peers.put(peer, 0, calling_it(state.tls))
        if self._introduce:
            self._introduce = False
            peers.select(BUILT_IN_NAME)
        self.ready.emit()


def _all_tls(settings: ListenerSettings) -> tuple[TlsSettings, ...]:
    every = (settings.peer.tls, *(d.tls for d in settings.peer.destinations))
    return tuple(tls for tls in every if tls is not None)


def _keys(settings: ListenerSettings) -> tuple[Path, ...]:
    return tuple(holder for tls in _all_tls(settings) if (holder := key_file(tls)) is not None)


def _passphrases(settings: ListenerSettings) -> dict[Path, str]:
    """By key file, those that stand in the settings."""
    return {h: tls.passphrase for tls in _all_tls(settings) if (h := key_file(tls)) is not None and tls.passphrase}


def _with_passphrases(settings: ListenerSettings, known: dict[Path, str]) -> ListenerSettings:
    """The settings, these passphrases in their places."""

    def put(tls: TlsSettings | None) -> TlsSettings | None:
        holder = key_file(tls)
        return replace(tls, passphrase=known.get(holder, tls.passphrase)) if tls is not None and holder else tls

    peer = settings.peer
    destinations = tuple(replace(d, tls=put(d.tls)) for d in peer.destinations)
    return replace(settings, peer=replace(peer, tls=put(peer.tls), destinations=destinations))
