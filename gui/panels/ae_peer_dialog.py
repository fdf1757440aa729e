"""One peer as a form: what is wrong stands beside each field, and Echo tries the values before they are saved."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QWidget

from engine.conformance.names import check_ae_title
from engine.model.association import Peer
from engine.model.notices import Outcome
from engine.model.tls import TlsSettings
from gui.dialogs import FormDialog, Questions
from gui.forms.fields import NumberField, TextField
from gui.forms.header import text_button
from gui.models.peers import duration_text, same_address
from gui.session import EchoReport
from gui.theme import SPACING, restyle, theme

from .ae_peer_tls import TlsForm

DEFAULT_PORT = 104


def check_host(text: str) -> str | None:
    """A host is a name or an address; whether it exists only the network knows."""
    if not text.strip():
        return "A host name or an IP address is needed."
    if text != text.strip() or any(c.isspace() for c in text):
        return "A host has no spaces in it."
    if "://" in text or "/" in text:
        return "Only the host: no protocol before it and no path after it."
    if text.count(":") == 1:
        return "The port has a field of its own."
    return None


class PeerDialog(FormDialog):
    """Add or edit a peer. `saved` and `echo_wanted` carry the Peer and its TlsSettings (or None), as they stand in
    the fields; the passphrase is with them."""

    saved = Signal(object, object)
    echo_wanted = Signal(object, object)

    def __init__(
        self,
        peer: Peer,
        taken: Iterable[str],
        adding: bool,
        parent: QWidget | None = None,
        *,
        tls: TlsSettings | None = None,
        questions: Questions | None = None,
    ) -> None:
        super().__init__("Add peer" if adding else "Edit peer", "Add" if adding else "Save", parent, width=440)
        self._taken = frozenset(taken)
        self._waiting: Peer | None = None
        self.name = TextField("&Name", self._check_name, "How you call it", self)
        self.ae_title = TextField(
            "&AE title", check_ae_title, "", self, hint="Called AE title; capital and small letters differ."
        )
        self.host = TextField("&Host", check_host, "name, IPv4 or IPv6 address", self)
        self.port = NumberField("&Port", 1, 65535, self, hint="104 and 11112 are registered for DICOM.")
        form = QGridLayout()
        form.setHorizontalSpacing(SPACING.large)
        form.setVerticalSpacing(SPACING.large)
        top = Qt.AlignmentFlag.AlignTop
        form.addWidget(self.name, 0, 0, 1, 2, top)
        form.addWidget(self.ae_title, 1, 0, 1, 2, top)
        form.addWidget(self.host, 2, 0, top)
        form.addWidget(self.port, 2, 1, top)
        form.setColumnStretch(0, 3)
        form.setColumnStretch(1, 2)
        self.body.addLayout(form)
        passphrase = tls.passphrase if tls is not None else ""
        self.tls = TlsForm(tls, passphrase, questions or Questions(self), self)
        self.body.addWidget(self.tls)
        self.echo_button = text_button("&Echo", self._echo, self, icon="echo", tip="C-ECHO with these values")
        self.answer_sign = QLabel(self)
        self.answer = QLabel("Echo tries the values as they stand here, saved or not.", self)
        self.answer.setProperty("role", "muted")
        self.answer.setTextFormat(Qt.TextFormat.PlainText)
        self.answer.setWordWrap(True)
        self.answer.setAccessibleName("Result of the echo")
        row = QHBoxLayout()
        row.setSpacing(SPACING.normal)
        row.addWidget(self.echo_button, 0, top)
        row.addWidget(self.answer_sign)
        row.addWidget(self.answer, 1)
        self.body.addLayout(row)
        self.body.addStretch(1)
        for field, value in ((self.name, peer.name), (self.ae_title, peer.ae_title), (self.host, peer.host)):
            field.set_value(value)
        self.port.set_value(peer.port)
        if adding:
            self.host.stay_calm()
        for any_field in (self.name, self.ae_title, self.host, self.port):
            any_field.edited.connect(self._judge)
        self.tls.edited.connect(self._judge)
        self._judge()
        self.name.line.selectAll()
        self.name.line.setFocus()

    def peer(self) -> Peer:
        """The peer as it stands in the fields."""
        return Peer(
            name=self.name.value().strip(),
            ae_title=self.ae_title.value(),
            # An IPv6 address may be typed as it stands in a URL.
            host=self.host.value().strip().removeprefix("[").removesuffix("]"),
            port=int(self.port.value() or 0),
        )

    def accept(self) -> None:
        if self._valid(self.name, self.ae_title, self.host, self.port) and self.tls.is_valid():
            self.saved.emit(self.peer(), self.tls.settings())
            super().accept()

    def echo_reported(self, report: EchoReport) -> None:
        """Show the answer if it is to what was asked here."""
        if self._waiting is None or not same_address(report.peer, self._waiting):
            return
        self._waiting = None
        good = report.outcome is Outcome.SUCCESS
        said = report.sentence or report.outcome.value
        if good and report.round_trip is not None:
            said = f"Success in {duration_text(report.round_trip)}."
        self._show(said, "ok" if good else "failure", "ok" if good else "failure")
        self._judge()

    def _echo(self) -> None:
        self._waiting = self.peer()
        self._show(f"Echo to {self._waiting.host}:{self._waiting.port} …", "muted", None)
        self.echo_button.setEnabled(False)
        self.echo_wanted.emit(self._waiting, self.tls.settings())

    def _show(self, text: str, role: str, icon: str | None) -> None:
        self.answer.setText(text)
        restyle(self.answer, "role", role if role != "failure" else "error")
        self.answer_sign.setVisible(icon is not None)
        if icon is not None:
            self.answer_sign.setPixmap(theme().pixmap(icon, role))

    def _check_name(self, text: str) -> str | None:
        if not text.strip():
            return "A name is needed to tell it from others."
        return "Another peer has this name." if text.strip() in self._taken else None

    def _judge(self) -> None:
        reachable = self._valid(self.ae_title, self.host, self.port) and self.tls.is_valid()
        self.accept_button.setEnabled(reachable and self.name.is_valid())
        self.echo_button.setEnabled(reachable and self._waiting is None)

    @staticmethod
    def _valid(*fields: TextField | NumberField) -> bool:
        return all(f.is_valid() for f in fields)
