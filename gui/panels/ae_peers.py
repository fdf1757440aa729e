"""The list of peers: what each last echo gave, how long ago, how fast."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.model.association import Peer
from engine.model.tls import TlsSettings
from engine.workspace.settings import EchoResult, SavedPeer
from gui.dialogs import Questions, top_window
from gui.forms.entry_list import EntryList
from gui.forms.header import ButtonRow, icon_button, text_button
from gui.models.peers import PeersModel, free_name, peer_name, same_address
from gui.session import EchoReport
from gui.sound import sound
from gui.theme import LEAST_LIST, SPACING

from .ae_peer_dialog import DEFAULT_PORT, PeerDialog

AGE_INTERVAL = 20_000
"""Milliseconds between two looks at the ages of the echoes; they are told in minutes."""


def key_file(tls: TlsSettings | None) -> Path | None:
    """The file with our private key."""
    return (tls.key or tls.certificate) if tls is not None else None


class PeersView(QWidget):
    """List, its buttons, and the dialog. `changed` carries the peers to be saved."""

    changed = Signal(object)
    selected = Signal(object)
    """The Peer now selected, or None."""
    echo_wanted = Signal(object, object)
    """A Peer and its TlsSettings, or None."""
    passphrase_changed = Signal(object)
    """(path of a private key, its passphrase): to be kept where secrets are."""

    def __init__(self, model: PeersModel, questions: Questions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self._questions = questions
        self._dialog: PeerDialog | None = None
        self._edited_row = -1
        self.passphrases: dict[Path, str] = {}
        """Of private keys, while the program runs."""
        self.list = EntryList(model, self, name="Peers", many=False)
        self.list.setMinimumHeight(LEAST_LIST)
        self.list.set_empty(
            "No peer yet.<br>Press <b>Add peer</b> and give its AE title, host and port; "
            "<b>Echo</b> tries them before they are saved."
        )
        self.list.opened.connect(self.edit)
        self.list.chosen.connect(self._chosen)
        model.reordered.connect(self._reordered)
        self._ages = QTimer(self)
        self._ages.setInterval(AGE_INTERVAL)
        self._ages.timeout.connect(model.refresh)
        self.add_button = text_button("Add peer", self.add, self, icon="add")
        self.edit_button = icon_button("edit", "Edit peer", self.edit, self, keys="Return")
        self.duplicate_button = icon_button("duplicate", "Duplicate peer", self.duplicate, self, keys="Ctrl+D")
        self.delete_button = icon_button("delete", "Delete peer", self.delete, self, keys="Del")
        self.up_button = icon_button("up", "Move peer up", self.list.move_up, self, keys="Alt+Up")
        self.down_button = icon_button("down", "Move peer down", self.list.move_down, self, keys="Alt+Down")
        self.list.add_action("&Echo", "", self.echo)
        self.list.add_action("E&dit…", "F2", self.edit)
        self.list.add_action("D&uplicate", "Ctrl+D", self.duplicate)
        self.list.add_action("De&lete", "Del", self.delete)
        row = ButtonRow((self.add_button,), self._needing_a_peer(), (self.up_button, self.down_button), self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACING.normal, 0, 0)
        layout.setSpacing(SPACING.small)
        layout.addWidget(self.list, 1)
        layout.addWidget(row)
        self._chosen(None)

    def _needing_a_peer(self) -> tuple[QWidget, ...]:
        return (self.edit_button, self.duplicate_button, self.delete_button, self.up_button, self.down_button)

    # -- what one does with peers -------------------------------------------------------------------------------

    def current(self) -> Peer | None:
        record = self.list.current_record()
        return record.peer if isinstance(record, SavedPeer) else None

    def select(self, name: str) -> bool:
        """Make the peer with this name the current one; False when there is none."""
        row = self.model.row_named(name)
        self.list.select_row(row)
        return row >= 0

    def add(self) -> None:
        name = free_name("New peer", self._names())
        self._open(SavedPeer(peer=Peer(name=name, ae_title="ANY-SCP", host="", port=DEFAULT_PORT)), -1)

    def edit(self) -> None:
        record = self.list.current_record()
        if isinstance(record, SavedPeer):
            self._open(record, self.list.currentIndex().row())

    def duplicate(self) -> None:
        peer = self.current()
        if peer is None:
            return
        row = self.list.currentIndex().row() + 1
        copy = replace(peer, name=free_name(f"{peer_name(peer)} copy", self._names()))
        records = list(self.model.records)
        records.insert(row, replace(records[row - 1], peer=copy, echo=None))
        self._set(records, row)

    def delete(self) -> None:
        peer = self.current()
        if peer is not None:
            text = f"Delete the peer {peer_name(peer)} from the list?"
            self._questions.ask(top_window(self), "Delete peer", text, "Delete", self._delete_current)

    def echo(self) -> None:
        peer = self.current()
        if peer is not None:
            self.echo_wanted.emit(peer, self.tls_of(peer))

    def tls_of(self, peer: Peer) -> TlsSettings | None:
        """The TLS of a peer of the list with the passphrase of its key; None for plain TCP or another peer."""
        tls = next((saved.tls for saved in self.model.records if saved.peer == peer), None)
        return self._with_passphrase(tls)

    def _with_passphrase(self, tls: TlsSettings | None) -> TlsSettings | None:
        holder = key_file(tls)
        return replace(tls, passphrase=self.passphrases.get(holder, "")) if tls is not None and holder else tls

    def echo_reported(self, report: EchoReport) -> None:
        """Show a result in the list, and in the dialog while it is open."""
        echo = EchoResult(
            outcome=report.outcome.value, time=report.time, round_trip=report.round_trip, sentence=report.sentence
        )
        self.model.set_answered(report.peer)
        before = tuple(self.model.records)
        after = self.model.with_echo(report.peer, echo)
        if after != before:
            self.model.set_records(after)
            self.changed.emit(after)
        if self._dialog is not None:
            self._dialog.echo_reported(report)

    def put(self, peer: Peer, at: int | None = None, tls: TlsSettings | None = None) -> None:
        """Add a peer, or replace the one with its name."""
        saved = SavedPeer(peer=peer, tls=tls)
        row = self.model.row_named(peer_name(peer))
        records = list(self.model.records)
        if row >= 0:
            if (records[row].peer, records[row].tls) == (peer, tls):
                return
            records[row] = saved
        else:
            row = len(records) if at is None else at
            records.insert(row, saved)
        current = self.list.currentIndex().row()
        self._set(records, current if current >= 0 else row)

    def keep_passphrase(self, holder: Path, passphrase: str) -> None:
        """Remember the passphrase of a private key, here and where secrets are."""
        if passphrase != self.passphrases.get(holder, ""):
            self.passphrases[holder] = passphrase
            self.passphrase_changed.emit((holder, passphrase))

    def set_tls(self, peer: Peer, tls: TlsSettings | None) -> None:
        """Give a peer of the list other TLS settings; its last echo says nothing about them."""
        rows = [i for i, saved in enumerate(self.model.records) if saved.peer == peer]
        if rows:
            records = list(self.model.records)
            records[rows[0]] = replace(records[rows[0]], tls=tls, echo=None)
            self._set(records, rows[0])

    @property
    def dialog(self) -> PeerDialog | None:
        """The open dialog."""
        return self._dialog

    def _names(self) -> list[str]:
        return [peer_name(s.peer) for s in self.model.records]

    def _open(self, record: SavedPeer, row: int) -> None:
        if self._dialog is not None:
            self._dialog.raise_()
            return
        taken = [n for i, n in enumerate(self._names()) if i != row]
        self._edited_row = row
        self._dialog = PeerDialog(
            record.peer,
            taken,
            row < 0,
            top_window(self),
            tls=self._with_passphrase(record.tls),
            questions=self._questions,
        )
        self._dialog.saved.connect(self._saved)
        self._dialog.echo_wanted.connect(self.echo_wanted)
        self._dialog.finished.connect(self._dialog_closed)
        self._dialog.open()

    def _dialog_closed(self) -> None:
        self._dialog = None

    def _saved(self, peer: Peer, tls: TlsSettings | None) -> None:
        self._keep_passphrase(tls)
        tls = replace(tls, passphrase="") if tls is not None else None
        records = list(self.model.records)
        row = self._edited_row
        if 0 <= row < len(records):
            old = records[row]
            same = same_address(peer, old.peer) and tls == old.tls
            records[row] = replace(old, peer=peer, tls=tls, echo=old.echo if same else None)
        else:
            row = len(records)
            records.append(SavedPeer(peer=peer, tls=tls))
        self._set(records, row)

    def _keep_passphrase(self, tls: TlsSettings | None) -> None:
        holder = key_file(tls)
        if tls is not None and holder is not None:
            self.keep_passphrase(holder, tls.passphrase)

    def _delete_current(self) -> None:
        row = self.list.currentIndex().row()
        records = [r for i, r in enumerate(self.model.records) if i != row]
        self._set(records, min(row, len(records) - 1))

    def _set(self, records: list[SavedPeer], row: int) -> None:
        self.model.set_records(records)
        self.list.select_row(row)
        self._chosen(self.list.current_record())
        self.changed.emit(tuple(records))

    def _reordered(self) -> None:
        self.changed.emit(tuple(self.model.records))

    def _chosen(self, record: object) -> None:
        for button in self._needing_a_peer():
            button.setEnabled(record is not None)
        self.selected.emit(record.peer if isinstance(record, SavedPeer) else None)

    # -- Qt -----------------------------------------------------------------------------------------------------

    @sound
    def showEvent(self, event: QShowEvent) -> None:
        self._ages.start()
        super().showEvent(event)

    @sound
    def hideEvent(self, event: QHideEvent) -> None:
        self._ages.stop()
        super().hideEvent(event)
