"""TLS as a form, of a peer or of a listener: off or a profile of PS3.15, whom to trust, what to show of ourselves."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from engine.model.reading import regular
from engine.model.tls import ClientCertificates, TlsProfile, TlsSettings, has_encrypted_key
from engine.workspace.binary import named_path
from gui.dialogs import Questions
from gui.forms.choices import CheckField, ChoiceField
from gui.forms.fields import TextField
from gui.forms.header import icon_button
from gui.forms.path_field import PathField
from gui.theme import SPACING

PEM_FILES = "PEM files (*.pem *.crt *.cer *.key);;All files (*)"
CERTIFICATE, KEY = "BEGIN CERTIFICATE", "PRIVATE KEY"
_READ = 256 * 1024
"""Bytes of a file looked at while its name is typed: a key and a chain are much shorter."""


def pem_text(path: str) -> str | None:
    """The beginning of a file; None where there is none that can be read."""
    try:
        with open(named_path(path), "rb", opener=regular) as file:  # a pipe would be waited for
            return file.read(_READ).decode("latin-1")
    except (OSError, ValueError):
        return None


def check_pem(path: str, holds: str) -> str | None:
    """What is wrong with the name of a PEM file that is to hold something (RFC 7468), or None."""
    if not path.strip():
        return None
    text = pem_text(path.strip())
    if text is None:
        return "This file cannot be read."
    return None if holds in text else f"There is no {'certificate' if holds == CERTIFICATE else 'private key'} in it."


CLIENTS = (
    (ClientCertificates.NONE, "Not asked for: any client may connect"),
    (ClientCertificates.REQUEST, "Asked for; one that is shown must be valid"),
    (ClientCertificates.REQUIRE, "Required: others are turned away"),
)


class TlsForm(QWidget):
    """`edited` after every change by the user. acceptor: of a listener, which verifies clients instead of a peer."""

    edited = Signal()

    def __init__(
        self,
        tls: TlsSettings | None,
        passphrase: str,
        questions: Questions,
        parent: QWidget | None = None,
        *,
        acceptor: bool = False,
    ) -> None:
        super().__init__(parent)
        self._kept, self._questions, self._acceptor = tls or TlsSettings(), questions, acceptor
        choices = ((None, "Off: plain TCP"), *((p, f"{p.title[:1].upper()}{p.title[1:]}") for p in TlsProfile))
        self.profile = ChoiceField("&TLS", choices, self)
        self.ca = PathField("Trusted &certificates", partial(check_pem, holds=CERTIFICATE), "the system's", self)
        self.certificate = PathField("&Our certificate", self._check_certificate, "" if acceptor else "none", self)
        self.key = PathField("Its private &key", self._check_key, "in the same file", self)
        self.passphrase = TextField("Passp&hrase of the key", self._check_passphrase, parent=self, secret=True)
        self.passphrase.set_hint("Kept in the system keyring, never in a file.")
        self.server_name = TextField("&Server name", placeholder="the host", parent=self)
        self.server_name.set_hint("Sent as SNI and looked for in the certificate.")
        self.verify = CheckField("&Verify the peer's certificate", self)
        self.host_name = CheckField("It must be for this host na&me", self)
        self.clients = ChoiceField("Certificates of c&lients", CLIENTS, self)
        self.details = QWidget(self)
        grid = QGridLayout(self.details)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACING.large)
        grid.setVerticalSpacing(SPACING.normal)
        top = Qt.AlignmentFlag.AlignTop
        checks = QVBoxLayout()
        checks.setSpacing(SPACING.normal)
        checks.addWidget(self.verify)
        checks.addWidget(self.host_name)
        pairs = [(self.ca, self.clients if acceptor else self.server_name), (self.certificate, self.key)]
        for row, (left, right) in enumerate(reversed(pairs) if acceptor else pairs):
            grid.addWidget(left, row, 0, top)
            grid.addWidget(right, row, 1, top)
        if acceptor:
            grid.addWidget(self.passphrase, 2, 0, 1, 2, top)
        else:
            grid.addLayout(checks, 2, 0, top)
            grid.addWidget(self.passphrase, 2, 1, top)
        for unused in (self.verify, self.host_name, self.server_name) if acceptor else (self.clients,):
            unused.hide()
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        for field in self._files:
            name = field.line.accessibleName().lower()
            field.add_beside(icon_button("open", f"Choose the file: {name}", partial(self._browse, field), self))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.large)
        column.addWidget(self.profile)
        column.addWidget(self.details)
        self._fill(tls, passphrase)
        others = (self.passphrase, self.server_name, self.verify, self.host_name, self.profile, self.clients)
        for any_field in (*self._files, *others):
            any_field.edited.connect(self._judge)
        self._judge()

    @property
    def _files(self) -> tuple[PathField, ...]:
        return (self.ca, self.certificate, self.key)

    def _fill(self, tls: TlsSettings | None, passphrase: str) -> None:
        kept = self._kept
        self.profile.set_value(tls.profile if tls is not None else None)
        for field, path in zip(self._files, (kept.ca_file, kept.certificate, kept.key), strict=True):
            field.set_value(str(path) if path else "")
        self.passphrase.set_value(passphrase)
        self.server_name.set_value(kept.server_name)
        self.verify.set_value(kept.verify)
        self.host_name.set_value(kept.check_host_name)
        self.clients.set_value(kept.client_certificates)

    def settings(self) -> TlsSettings | None:
        """As it stands in the fields, the passphrase with it; None for plain TCP."""
        profile = self.profile.value()
        if not isinstance(profile, TlsProfile):
            return None
        clients = self.clients.value()
        return replace(
            self._kept,
            client_certificates=clients if isinstance(clients, ClientCertificates) else ClientCertificates.NONE,
            profile=profile,
            ca_file=self.ca.path(),
            certificate=self.certificate.path(),
            key=self.key.path(),
            passphrase=self.passphrase.value(),
            verify=self.verify.value(),
            check_host_name=self.host_name.value(),
            server_name=self.server_name.value().strip(),
        )

    def is_valid(self) -> bool:
        return self.profile.value() is None or all(f.is_valid() for f in (*self._files, self.passphrase))

    def _check_certificate(self, text: str) -> str | None:
        if self._acceptor and not text.strip():
            return "A listener needs a certificate to show."
        return check_pem(text, CERTIFICATE)

    def _check_key(self, text: str) -> str | None:
        if text.strip() and not self.certificate.value().strip():
            return "A key needs its certificate."
        return check_pem(text, KEY)

    def _check_passphrase(self, text: str) -> str | None:
        holder = self.key.value().strip() or self.certificate.value().strip()
        encrypted = holder and has_encrypted_key(pem_text(holder) or "")
        return "The key is encrypted: it needs its passphrase." if encrypted and not text else None

    def _judge(self, _value: object = None) -> None:
        profile = self.profile.value()
        self.details.setVisible(profile is not None)
        self.key.recheck()
        self.passphrase.recheck()
        self.host_name.setEnabled(self.verify.value())
        self.profile.set_hint("Unsafe: also takes old versions and ciphers." if profile is TlsProfile.ANY else "")
        self.verify.set_hint("" if self.verify.value() else "⚠ Anybody can pretend to be the peer.")
        self.edited.emit()

    def _browse(self, field: PathField) -> None:
        title = field.line.accessibleName()
        self._questions.open_files(self, title, PEM_FILES, partial(self._chosen, field))

    def _chosen(self, field: PathField, paths: tuple[Path, ...]) -> None:
        field.set_value(str(paths[0]))
        self._judge()
