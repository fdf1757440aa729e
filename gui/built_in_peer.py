"""The built-in peer: its settings, its entry in the list of peers, and plain words about who can reach it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QWidget

from engine.conformance.names import check_ae_title
from engine.model.association import LocalAE, Peer, Policy
from engine.model.commands import PeerSettings

from .dialogs import FormDialog, Questions, top_window
from .forms.fields import CheckField, ChoiceField, NumberField, TextField
from .forms.header import text_button
from .models.peers import BUILT_IN_NAME
from .panels.ae_panel import AEPanel
from .session import ListenerState, Session
from .theme import SPACING

DEFAULT_PORT = 11112
"""Registered for DICOM and free of administrator rights (PS3.8 9.1.1)."""
LOOPBACK, ANYWHERE = "127.0.0.1", ""
WHO = (
    (True, "Only programs on this computer"),
    (False, "Every computer that reaches this one"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltInSettings:
    """What the user set up for the built-in peer."""

    port: int = DEFAULT_PORT
    ae_title: str = "DIMSEPEER"
    loopback: bool = True
    strict_title: bool = False
    """Reject associations called by another AE title."""
    folder: str = ""
    """Where received instances are written; "" keeps them in memory."""

    def peer_settings(self) -> PeerSettings:
        titles = (self.ae_title,) if self.strict_title else ()
        policy = Policy(ae_titles=titles, local=LocalAE(ae_title=self.ae_title))
        return PeerSettings(policy=policy, folder=Path(self.folder).expanduser() if self.folder else None)


def read_settings(store: QSettings) -> BuiltInSettings:
    """As kept in the window's file; what does not read falls back."""
    usual = BuiltInSettings()
    port = str(store.value("built_in_peer/port", usual.port))
    return BuiltInSettings(
        port=int(port) if port.isdigit() and int(port) <= 65535 else usual.port,
        ae_title=str(store.value("built_in_peer/ae_title", usual.ae_title)),
        loopback=str(store.value("built_in_peer/loopback", "true")).lower() != "false",
        strict_title=str(store.value("built_in_peer/strict_title", "false")).lower() == "true",
        folder=str(store.value("built_in_peer/folder", "")),
    )


def write_settings(store: QSettings, settings: BuiltInSettings) -> None:
    for name in ("port", "ae_title", "loopback", "strict_title", "folder"):
        store.setValue(f"built_in_peer/{name}", getattr(settings, name))


def reach_sentence(state: ListenerState) -> str:
    """Who can reach it, plainly."""
    if state.starting:
        return "The built-in peer is starting."
    if not state.listening:
        return state.sentence or "The built-in peer is stopped."
    where = f"It listens as {state.ae_title} on port {state.port}."
    if state.loopback:
        return f"{where} Only programs on this computer can reach it."
    return f"{where} Every computer on your network can reach it, store to it and read from it, without encryption."


class BuiltInPeer(QObject):
    """Starts and stops it and keeps its entry in the list of peers true."""

    ready = Signal()
    """It listens and its entry stands in the list."""

    def __init__(
        self, session: Session, panel: AEPanel, store: QSettings, questions: Questions, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._panel, self._store, self._questions = session, panel, store, questions
        self.settings = read_settings(store)
        self._restart = False
        self._introduce = False
        self.dialog: BuiltInPeerDialog | None = None
        session.listener_changed.connect(self._changed)

    def start(self, *, introduce: bool = False) -> None:
        """Listen. `introduce`: put its entry into the list and select it, even if the user once removed it."""
        self._introduce = self._introduce or introduce
        state = self._session.listener
        if state.listening or state.starting:
            self._changed(state)
            return
        host = LOOPBACK if self.settings.loopback else ANYWHERE
        self._session.listen(self.settings.peer_settings(), host, self.settings.port, any_port=self.settings.loopback)

    def stop(self) -> None:
        self._session.stop_listening()

    def open_settings(self) -> None:
        """The form; a running peer starts anew with what is saved."""
        if self.dialog is not None:
            self.dialog.raise_()
            return
        self.dialog = BuiltInPeerDialog(self.settings, self._questions, top_window(self._panel))
        self.dialog.saved.connect(self.set_settings)
        self.dialog.finished.connect(self._closed)
        self.dialog.open()

    def set_settings(self, settings: BuiltInSettings) -> None:
        """Keep and use these."""
        self.settings = settings
        write_settings(self._store, settings)
        if self._session.listener.listening:
            self._restart = True
            self.stop()
        else:
            self.start()

    def _closed(self) -> None:
        self.dialog = None

    def _changed(self, state: ListenerState) -> None:
        if self._restart and not state.listening and not state.starting:
            self._restart = False
            self.start()
            return
        if not state.listening:
            return
        peers = self._panel.peers
        known = peers.model.row_named(BUILT_IN_NAME) >= 0
        if known or self._introduce:
            peer = Peer(name=BUILT_IN_NAME, ae_title=state.ae_title, host=LOOPBACK, port=state.port)
            peers.put(peer, at=0)
        if self._introduce:
            self._introduce = False
            peers.select(BUILT_IN_NAME)
        self.ready.emit()


class BuiltInPeerDialog(FormDialog):
    """Port, AE title, who may connect, where received instances go. `saved` carries BuiltInSettings."""

    saved = Signal(object)

    def __init__(self, settings: BuiltInSettings, questions: Questions, parent: QWidget | None = None) -> None:
        super().__init__("Built-in peer", "Save", parent, width=460)
        self._questions = questions
        self.ae_title = TextField("&AE title", check_ae_title, "", self)
        self.port = NumberField("&Port", 0, 65535, self, hint="0 takes any free port.")
        self.strict = CheckField("Reject associations &called by another AE title", self)
        self.who = ChoiceField("&Who may connect", WHO, self)
        self.warning = QLabel(
            "⚠ It leaves loopback: every computer on your network can connect, store to it and read from it. The "
            "connection is not encrypted and callers are not checked.",
            self,
        )
        self.warning.setProperty("role", "warning")
        self.warning.setWordWrap(True)
        self.folder = TextField("&Folder for received instances", placeholder="empty: kept in memory", parent=self)
        browse = text_button("&Browse…", self._browse, self, icon="open")
        form = QGridLayout()
        form.setHorizontalSpacing(SPACING.large)
        top = Qt.AlignmentFlag.AlignTop
        form.addWidget(self.ae_title, 0, 0, top)
        form.addWidget(self.port, 0, 1, top)
        form.setColumnStretch(0, 3)
        form.setColumnStretch(1, 2)
        self.body.addLayout(form)
        self.body.addWidget(self.strict)
        self.body.addWidget(self.who)
        self.body.addWidget(self.warning)
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(browse, 0, Qt.AlignmentFlag.AlignBottom)
        self.body.addLayout(row)
        self.body.addStretch(1)
        self.ae_title.set_value(settings.ae_title)
        self.port.set_value(settings.port)
        self.strict.set_value(settings.strict_title)
        self.who.set_value(settings.loopback)
        self.folder.set_value(settings.folder)
        self._settings = settings
        for field in (self.ae_title, self.port, self.who):
            field.edited.connect(self._judge)
        self._judge()

    def settings(self) -> BuiltInSettings:
        return replace(
            self._settings,
            port=int(self.port.value() or 0),
            ae_title=self.ae_title.value(),
            loopback=bool(self.who.value()),
            strict_title=self.strict.value(),
            folder=self.folder.value().strip(),
        )

    def accept(self) -> None:
        self.saved.emit(self.settings())
        super().accept()

    def _judge(self) -> None:
        self.warning.setVisible(not self.who.value())
        self.accept_button.setEnabled(self.ae_title.is_valid() and self.port.is_valid())

    def _browse(self) -> None:
        self._questions.open_folder(self, "Folder for received instances", self._folder_chosen)

    def _folder_chosen(self, folders: tuple[Path, ...]) -> None:
        self.folder.set_value(str(folders[0]))
