"""What Ctrl+K finds: commands, peers, SOP classes, messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence

from engine.standard.messages import MESSAGES
from engine.standard.sop_classes import search as search_sop_classes
from engine.workspace.message_files import MessageFile
from engine.workspace.messages import shipped_messages
from engine.workspace.workspace import Workspace

from .models.contexts import abstract_name, new_context
from .models.peers import address_text, peer_name
from .palette import Found
from .panels.ae_panel import AEPanel
from .shortcuts import COMMANDS, Actions

SOP_CLASSES = 20
"""SOP classes shown for a text: the best ones; the search dialog has them all."""


class Finder(QObject):
    """The providers of the palette. `open_message` takes a file, `take_message` one read, `start_message` a name."""

    def __init__(
        self,
        actions: Actions,
        panel: AEPanel,
        workspace: Workspace,
        open_message: Callable[[Path], None],
        take_message: Callable[[MessageFile], None],
        start_message: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._actions, self._panel, self._workspace = actions, panel, workspace
        self._open_message, self._take_message, self._start_message = open_message, take_message, start_message
        self._own: tuple[tuple[Path, MessageFile], ...] = ()
        self.providers = (self.commands, self.peers, self.messages, self.sop_classes)

    def refresh(self) -> None:
        """Read the user's message files: once when the palette opens, not with every letter."""
        self._own = self._workspace.messages()

    def commands(self, _text: str) -> Iterable[Found]:
        """Commands that can be given now."""
        for row in COMMANDS:
            action = self._actions[row.name]
            if not action.isEnabled() or row.name == "palette":
                continue
            keys = row.keys.split()
            shown = QKeySequence(keys[0]).toString(QKeySequence.SequenceFormat.NativeText) if keys else ""
            yield Found(
                kind="",
                title=row.plain,
                detail=row.tip or row.menu.replace("&", ""),
                keys=shown,
                icon=row.icon,
                words=f"command {row.menu.replace('&', '')} {row.words}",
                run=action.trigger,
            )

    def peers(self, _text: str) -> Iterable[Found]:
        """Peers: found by name, title, host and port, and selected."""
        for saved in self._panel.peers_model.records:
            name = peer_name(saved.peer)
            yield Found(
                kind="peer",
                title=name,
                detail=address_text(saved.peer),
                icon="peer",
                run=partial(self._select_peer, name),
            )

    def messages(self, text: str) -> Iterable[Found]:
        """Message files of the user and of the program, and every message of PS3.7."""
        if not text:
            return
        for path, message in self._own:
            yield self._file(path, message, "your message")
        for message in shipped_messages():
            yield Found(
                kind="message",
                title=message.title or message.message,
                detail=_about(message),
                icon="message",
                words=message.abstract_syntax,
                run=partial(self._take_message, message),
            )
        for row in MESSAGES.values():
            yield Found(
                kind="message",
                title=row.name,
                detail=f"An empty {row.name} in the builder ({row.clause})",
                icon="message",
                run=partial(self._start_message, row.name),
            )

    def _file(self, path: Path, message: MessageFile, kind: str) -> Found:
        title = message.title or path.stem
        return Found(kind=kind, title=title, detail=_about(message), icon="file", run=partial(self._open_message, path))

    def sop_classes(self, text: str) -> Iterable[Found]:
        """SOP classes, to be proposed as a presentation context."""
        for row in search_sop_classes(text, SOP_CLASSES):
            yield Found(
                kind="SOP class",
                title=row.name or row.uid,
                detail=f"{row.uid} · add as presentation context",
                icon="contexts",
                words=f"{row.keyword} {row.service_class} {text}",
                run=partial(self._add_context, row.uid),
            )

    def _add_context(self, uid: str) -> None:
        self._panel.show_peers()
        self._panel.contexts.add_contexts((new_context(uid),))

    def _select_peer(self, name: str) -> None:
        self._panel.show_peers()
        self._panel.peers.select(name)


def _about(message: MessageFile) -> str:
    """What a message is, in a line."""
    sop_class = abstract_name(message.abstract_syntax) if message.abstract_syntax else ""
    return " · ".join(t for t in (message.message, sop_class) if t)
