"""Carries out the one setting a diagnosis would have changed, and says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.model.association import ProposedContext, Role
from engine.model.tls import TlsSettings
from engine.standard.dictionary import uid_text
from engine.trace.diagnosis.model import Diagnosis, Mend, Setting
from engine.workspace.settings import SavedPeer

from .panels.ae_panel import AEPanel
from .session import Session

_TIMEOUTS = {Setting.CONNECT_TIMEOUT: "connect", Setting.ACSE_TIMEOUT: "acse", Setting.DIMSE_TIMEOUT: "dimse"}
_PEER_FIELDS = {Setting.CALLED_AE_TITLE: "ae_title", Setting.HOST: "host", Setting.PORT: "port"}


class Mending(QObject):
    """Changes the AE configuration as a mend says. `said` carries (sentence, theme role)."""

    said = Signal(object, object)

    listen_wanted = Signal(object)
    """The port the built-in peer is to listen at."""
    service_wanted = Signal(object)
    """The page of the services where it is changed, by name."""

    def __init__(self, ae: AEPanel, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ae, self._session = ae, session
        self._ways: dict[Setting, Callable[[Any, SavedPeer | None], str]] = {
            **dict.fromkeys(_PEER_FIELDS, self._nothing),
            **dict.fromkeys(_TIMEOUTS, self._nothing),
            Setting.CALLING_AE_TITLE: self._calling_title,
            Setting.TLS: self._tls,
            Setting.TLS_CHECK_HOST_NAME: self._check_host_name,
            Setting.ASYNC_WINDOW: self._window,
            Setting.USER_IDENTITY: self._identity,
            Setting.EXTENDED_NEGOTIATION: self._extended,
            Setting.SYNTAXES: self._context,
            Setting.CONTEXT: self._context,
            Setting.SCP_ROLE: self._role,
            Setting.MAXIMUM_LENGTH: self._maximum,
            Setting.LISTEN: self._listen,
            Setting.MOVE_DESTINATION: self._destination,
        }

    def can(self, mend: Mend) -> bool:
        """Whether there is a place in the window for it, now."""
        if mend.setting is Setting.LISTEN and (self._session.listener.listening or self._session.listener.starting):
            return False
        return mend.setting in self._ways

    def apply(self, mend: Mend, diagnosis: Diagnosis) -> None:
        """Make the change; what was changed is told, and what to press next."""
        saved = self._saved(diagnosis.association)
        of_peer = {*_PEER_FIELDS, Setting.TLS, Setting.TLS_CHECK_HOST_NAME}
        if mend.setting in of_peer and saved is None:
            self.said.emit("The peer is not in the list any more: add it first.", "warning")
            return
        if mend.setting in _PEER_FIELDS and saved is not None:
            sentence = self._peer_field(mend, saved)
        elif mend.setting in _TIMEOUTS:
            sentence = self._timeout(mend)
        else:
            sentence = self._ways[mend.setting](mend.value, saved)
        self.said.emit(sentence, "ok" if sentence.endswith("again.") else "text")

    def _saved(self, association: int) -> SavedPeer | None:
        name = self._session.peer_of(association)
        row = self._ae.peers_model.row_named(name)
        return self._ae.peers_model.records[row] if row >= 0 else None

    def _nothing(self, _value: Any, _saved: SavedPeer | None) -> str:
        raise AssertionError("handled by apply")

    # -- the peer

    def _peer_field(self, mend: Mend, saved: SavedPeer) -> str:
        changes: dict[str, Any] = {_PEER_FIELDS[mend.setting]: mend.value}
        self._ae.peers.put(replace(saved.peer, **changes))
        self._ae.show_peers()
        self._ae.peers.select(saved.peer.name)
        return f"{saved.peer.name}: {mend.setting.value} is now {mend.value}. Try again."

    def _tls(self, value: Any, saved: SavedPeer | None) -> str:
        assert saved is not None
        self._ae.peers.set_tls(saved.peer, TlsSettings() if value else None)
        self._ae.show_peers()
        return f"{saved.peer.name}: TLS is now {'on' if value else 'off'}. Try again."

    def _check_host_name(self, value: Any, saved: SavedPeer | None) -> str:
        assert saved is not None
        self._ae.peers.set_tls(saved.peer, replace(saved.tls or TlsSettings(), check_host_name=bool(value)))
        self._ae.show_peers()
        return f"{saved.peer.name}: the host name of its certificate is not checked now. Try again."

    # -- ourselves

    def _calling_title(self, value: Any, _saved: SavedPeer | None) -> str:
        self._ae.tabs.setCurrentWidget(self._ae.local)
        if value:
            self._ae.local.ae_title.set_value(str(value))
            self._ae.local.flush()
            return f"Our AE title is now {value}. Try again."
        self._ae.local.ae_title.editor.setFocus()
        return "Enter an AE title that the peer knows."

    def _timeout(self, mend: Mend) -> str:
        field = self._ae.local.timeouts[_TIMEOUTS[mend.setting]]
        field.set_value(float(str(mend.value)))
        self._ae.local.flush()
        return f"The {mend.setting.value} is now {field.text()} s. Try again."

    def _maximum(self, value: Any, _saved: SavedPeer | None) -> str:
        self._ae.local.maximum.set_value(int(value))
        self._ae.local.flush()
        return "The maximum length announced is now unlimited. Try again."

    # -- elsewhere

    def _listen(self, value: Any, _saved: SavedPeer | None) -> str:
        self.listen_wanted.emit(value)
        return f"The built-in peer is started on port {value}. Try again."

    def _destination(self, _value: Any, _saved: SavedPeer | None) -> str:
        self.service_wanted.emit("query")
        return "Choose the destination beside Retrieve."

    # -- the negotiation

    def _window(self, _value: Any, _saved: SavedPeer | None) -> str:
        self._ae.negotiation.window_on.set_value(False)
        self._ae.negotiation.flush()
        return "No asynchronous operations window is proposed any more. Try again."

    def _identity(self, _value: Any, _saved: SavedPeer | None) -> str:
        self._ae.negotiation.identity_type.set_value(0)
        self._ae.negotiation.flush()
        return "No user identity is proposed any more. Try again."

    def _extended(self, _value: Any, _saved: SavedPeer | None) -> str:
        self._ae.negotiation.extended.set_items(())
        self._ae.negotiation.common.set_items(())
        self._ae.negotiation.flush()
        return "No extended negotiation is proposed any more. Try again."

    def _context(self, value: Any, _saved: SavedPeer | None) -> str:
        uid, syntaxes = value
        self._ae.contexts.add_contexts((ProposedContext(1, uid, tuple(syntaxes)),))
        return f"A presentation context for {uid_text(uid)} was added. Associate again."

    def _role(self, value: Any, _saved: SavedPeer | None) -> str:
        wanted = set(value)
        records = self._ae.contexts.model.records
        self._ae.contexts.replace_with(
            tuple(replace(c, role=Role.SCP) if c.abstract_syntax in wanted else c for c in records)
        )
        return "The SCP role is proposed for the storage classes. Associate again."
