"""The pages of the built-in peer's settings about TLS, users and move destinations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QMenu, QWidget

from engine.model.commands import MoveDestination
from engine.model.identity import KnownIdentity
from engine.model.reading import hindrance
from engine.standard.codes import explain_code
from engine.workspace.binary import named_path
from engine.workspace.errors import WorkspaceError
from engine.workspace.listening import ListenerSettings
from engine.workspace.settings import SavedPeer
from engine.workspace.users import Users, load_users
from gui.dialogs import Questions
from gui.forms.choices import CheckField
from gui.forms.header import icon_button, menu_button
from gui.forms.items_view import ItemsView
from gui.forms.path_field import PathField
from gui.models.peers import peer_name

from .ae_peer_tls import TlsForm
from .listener_items import DestinationDialog, describe_destination
from .listener_pages import Page, muted

TOML_FILES = "Users files (*.toml);;All files (*)"
_NAMES_SHOWN = 6


class UsersPage(Page):
    """User identities let in: a file of them, and whether one must be given."""

    title = "Users"

    def __init__(self, settings: ListenerSettings, questions: Questions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._questions = questions
        self._users = Users(())
        self._looked: tuple[str, str | None] | None = None
        self.file = PathField("&File of user identities", self._check, "none: whoever comes is let in", self)
        self.file.add_beside(icon_button("open", "Choose the file of user identities", self._browse, self))
        self.require = CheckField("&Reject who gives no user identity", self)
        self.column.addWidget(self.file)
        self.column.addWidget(self.require)
        about = (
            "The file is TOML and holds hashes, never a passcode or token; dimse-console hash makes them, and the page "
            "command-line.md tells the rest. It is read each time the built-in peer starts. Who is not in it is "
            "rejected with 1/2/1 (PS3.7 D.3.3.7.3)."
        )
        self.column.addWidget(muted(about, self))
        self.column.addStretch(1)
        self.file.set_value(str(settings.users or ""))
        self.require.set_value(settings.policy.require_identity)
        self.watch(self.file, self.require)
        self._say()
        self.file.edited.connect(self._say)

    @property
    def checked(self) -> bool:
        """Whether callers must be known."""
        return bool(self.file.value().strip()) and (self.require.value() or self._users.required)

    def applied(self, settings: ListenerSettings) -> ListenerSettings:
        policy = replace(settings.policy, require_identity=self.require.value())
        return replace(settings, users=self.file.path(), peer=replace(settings.peer, policy=policy))

    def _check(self, text: str) -> str | None:
        """Read the file; once for each text, since its tokens and passcodes are hashed."""
        if self._looked is None or self._looked[0] != text:
            self._users = Users(())
            self._looked = (text, self._read(text.strip()))
        return self._looked[1]

    def _read(self, text: str) -> str | None:
        if not text:
            return None
        try:
            self._users = load_users(named_path(text))
        except WorkspaceError as error:
            place = f"Line {error.line}: " if error.line else ""
            said = f"{place}{f'{error.key}: ' if error.key else ''}{error.reason}."
            return f"{said[:1].upper()}{said[1:]}"
        except (OSError, ValueError) as error:
            return f"This file cannot be read: {hindrance(error)}."
        return None

    def _say(self) -> None:
        """Who is in the file."""
        known = self._users.identities
        more = f" and {len(known) - _NAMES_SHOWN} more" if len(known) > _NAMES_SHOWN else ""
        required = "; the file itself requires an identity" if self._users.required else ""
        names = ", ".join(_who(identity) for identity in known[:_NAMES_SHOWN])
        self.file.set_hint(f"{names}{more}{required}." if known else "")

    def _browse(self) -> None:
        self._questions.open_files(self, "File of user identities", TOML_FILES, self._chosen)

    def _chosen(self, paths: tuple[Path, ...]) -> None:
        self.file.set_value(str(paths[0]))
        self._say()
        self.edited.emit()


def _who(identity: KnownIdentity) -> str:
    kind = explain_code("user_identity_type", identity.type)
    return f"{identity.name} ({kind})" if identity.name else kind


class TlsPage(Page):
    """TLS of the listener."""

    title = "TLS"

    def __init__(self, settings: ListenerSettings, questions: Questions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        tls = settings.peer.tls
        self.form = TlsForm(tls, tls.passphrase if tls else "", questions, self, acceptor=True)
        self.column.addWidget(self.form)
        about = "With a profile only TLS is spoken on the port; a plain client is told so in the log, and named there."
        self.column.addWidget(muted(about, self))
        self.column.addStretch(1)
        self.form.edited.connect(self.edited)

    @property
    def secure(self) -> bool:
        return self.form.settings() is not None

    def is_valid(self) -> bool:
        return self.form.is_valid()

    def applied(self, settings: ListenerSettings) -> ListenerSettings:
        return replace(settings, peer=replace(settings.peer, tls=self.form.settings()))


class DestinationsPage(Page):
    """Where the instances of a C-MOVE go, by AE title."""

    title = "Destinations"

    def __init__(
        self,
        settings: ListenerSettings,
        questions: Questions,
        peers: Iterable[SavedPeer] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.destinations = ItemsView(
            "Move destinations",
            describe_destination,
            lambda item, owner: DestinationDialog(questions, item, owner),
            self,
            empty="A C-MOVE to any AE title is answered A801H, destination unknown.<br>Add those it may send to; event "
            "reports go to them too.",
            rows=7,
            add="&Add…",
        )
        self._peers = tuple(peers)
        menu = QMenu(self)
        for saved in self._peers:
            menu.addAction(f"{peer_name(saved.peer)}  {saved.peer.ae_title}", partial(self._add_peer, saved))
        self.from_peers = menu_button("From the list of &peers", menu, self)
        self.from_peers.setEnabled(bool(self._peers))
        self.destinations.row.insertWidget(1, self.from_peers)
        self.column.addWidget(self.destinations, 1)
        note = "The same AE title twice: the last one counts. Files of TLS are set in each destination."
        self.column.addWidget(muted(note, self))
        self.destinations.set_items(settings.peer.destinations)
        self.destinations.changed.connect(self.edited)

    def applied(self, settings: ListenerSettings) -> ListenerSettings:
        return replace(settings, peer=replace(settings.peer, destinations=self.destinations.items()))

    def _add_peer(self, saved: SavedPeer) -> None:
        peer = saved.peer
        self.destinations.put(MoveDestination(ae_title=peer.ae_title, host=peer.host, port=peer.port, tls=saved.tls))
