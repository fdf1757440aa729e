"""The menu of messages to start from."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu

from engine.standard.messages import MESSAGES
from engine.workspace.message_files import MessageFile
from engine.workspace.messages import shipped_messages, template, templates
from gui.models.command_values import plain_name
from gui.models.contexts import abstract_name


class TemplateMenu(QMenu):
    """`chosen` carries (MessageFile, whether only its data set is taken)."""

    chosen = Signal(object, bool)

    def fill(self, name: str, uid: str) -> None:
        """What suits this message and SOP class, then every message that comes with the program."""
        self.clear()
        for found in templates(name, uid):
            self.addAction(f"{found.title or name}", partial(self._use, found))
        by_class: dict[str, list[MessageFile]] = {}
        for found in shipped_messages():
            by_class.setdefault(found.abstract_syntax, []).append(found)
        self.addSeparator()
        for shipped_for, messages in by_class.items():
            group = self.addMenu(plain_name(abstract_name(shipped_for)))
            for found in messages:
                group.addAction(f"{found.title}  ({found.message})", partial(self._use, found))
        self.addSeparator()
        plain = self.addMenu("Every message")
        for every in MESSAGES:
            plain.addAction(every, partial(self._use_plain, every, uid))

    def _use(self, message: MessageFile) -> None:
        self.chosen.emit(message, False)

    def _use_plain(self, name: str, uid: str) -> None:
        self.chosen.emit(template(name, uid), True)
