"""The two rows above a message: what it is and how it is sent, and where it travels."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QMenu, QSpinBox, QToolButton, QWidget, QWidgetAction

from engine.model.notices import MessageNotice
from engine.standard.messages import SERVICES, MessageRow, message_name
from gui.sound import sound
from gui.theme import SPACING, restyle, theme

from .builder_contexts import ContextChoice, GroupedBox, Pickers

MAXIMUM_REPEAT = 1_000
"""Times one press of Send may send: each is an operation of its own in the log; more is a scenario's work."""

LABELLED = 560
"""Pixels from which the context's list has a word before it; below, its text says enough."""
ONE_ROW = 800
"""Pixels from which message, context and Send fit in a row."""


class TopRows(QWidget):
    """`send_wanted` carries (one shot, times); `request_picked` the MessageNotice a response answers, or None."""

    send_wanted = Signal(bool, int)
    request_picked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._held = False
        self._requests: dict[int, MessageNotice] = {}
        self.pickers = Pickers(self)
        self.request_box = GroupedBox("Request answered", self)
        self.request_box.setMinimumContentsLength(14)
        self.request_box.picked.connect(self._request_picked)
        self.request_box.hide()
        self.send_button = QToolButton(self)
        self.send_button.setProperty("primary", "true")
        self.send_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.send_button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        theme().bind_text_icon(self.send_button, "send", "on_accent")
        menu = QMenu(self.send_button)
        self.held_action = self._action(menu, "Send on the &open association", self.send_held)
        self.one_shot_action = self._action(menu, "Send &one shot: open, send, release", self.send_one_shot)
        self.one_shot_action.setToolTip("Ctrl+Shift+Return")
        menu.addSeparator()
        self.times = self._times(menu)
        self.send_button.setMenu(menu)
        self.send_button.clicked.connect(self.send)
        self.set_association(False)
        self._where = QWidget(self)
        where = QHBoxLayout(self._where)
        where.setContentsMargins(0, 0, 0, 0)
        where.setSpacing(SPACING.normal)
        self.context_label = QLabel("Context", self)
        self.context_label.setProperty("role", "muted")
        where.addWidget(self.context_label)
        where.addWidget(self.pickers.context_box, 1)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACING.normal)
        self._grid.setVerticalSpacing(SPACING.small)
        self._grid.addWidget(self.pickers.message_box, 0, 0)
        self._grid.addWidget(self.request_box, 0, 1)
        self._grid.addWidget(self.send_button, 0, 4)
        self._grid.setColumnStretch(3, 1)
        self._wide: bool | None = None
        self._arrange(wide=False)

    def _arrange(self, *, wide: bool) -> None:
        """The context on a row of its own, or between message and Send where there is room."""
        if wide != self._wide:
            self._wide = wide
            self._grid.removeWidget(self._where)
            self._grid.addWidget(self._where, *((0, 3, 1, 1) if wide else (1, 0, 1, 5)))

    def _times(self, menu: QMenu) -> QSpinBox:
        """How often Send sends, in its menu."""
        box = QWidget(menu)
        row = QHBoxLayout(box)
        row.setContentsMargins(SPACING.large, SPACING.small, SPACING.large, SPACING.small)
        label = QLabel("&Times to send", box)
        times = QSpinBox(box)
        times.setRange(1, MAXIMUM_REPEAT)
        times.setAccessibleName("Times to send")
        times.valueChanged.connect(self._times_changed)
        label.setBuddy(times)
        row.addWidget(label)
        row.addWidget(times, 1)
        action = QWidgetAction(menu)
        action.setDefaultWidget(box)
        menu.addAction(action)
        return times

    def _times_changed(self, _times: int) -> None:
        self.set_association(self._held)

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(wide=self.width() >= ONE_ROW)
        self.context_label.setVisible(self.width() >= LABELLED)

    @staticmethod
    def _action(menu: QMenu, text: str, slot: object) -> QAction:
        action = QAction(text, menu)
        action.triggered.connect(slot)
        menu.addAction(action)
        return action

    def send(self) -> None:
        """On the open association where there is one, else one shot."""
        self.send_wanted.emit(not self._held, self.times.value())

    def send_held(self) -> None:
        self.send_wanted.emit(False, self.times.value())

    def send_one_shot(self) -> None:
        self.send_wanted.emit(True, self.times.value())

    def set_association(self, held: bool) -> None:
        """Whether an association is open to send on."""
        self._held = held
        self.held_action.setEnabled(held)
        times = f" × {self.times.value()}" if self.times.value() > 1 else ""
        self.send_button.setText(("Send" if held else "Send one shot") + times)
        how = "on the open association" if held else "opens an association, sends, releases"
        self.send_button.setToolTip(f"Send: {how} (Ctrl+Return)")
        self.send_button.setAccessibleName(f"Send, {how}")

    def set_next(self, sending: bool) -> None:
        """Give Send the accent, or leave it to what comes before."""
        restyle(self.send_button, "primary", "true" if sending else "false")
        restyle(self.send_button, "button", "false" if sending else "true")
        theme().bind_text_icon(self.send_button, "send", "on_accent" if sending else "text")

    def show_choices(
        self,
        offered: list[ContextChoice],
        message: MessageRow,
        context: ContextChoice,
        requests: Sequence[MessageNotice],
        answered: MessageNotice | None,
    ) -> None:
        """Fill the lists."""
        self.pickers.show(offered, message, context)
        fitting = [r for r in requests if _service(r) == message.service]
        others = [r for r in requests if r not in fitting]
        if answered is not None and answered not in requests:
            fitting.append(answered)
        tip = "The request this response answers"
        rows = [[(id(r), _request_text(r), tip) for r in group] for group in (fitting, others)]
        self._requests = {id(r): r for r in (*fitting, *others)}
        none = [(0, "No request", "Message ID, SOP class and instance are typed")]
        self.request_box.set_groups([("Answers", rows[0]), ("Other requests", rows[1]), ("", none)])
        self.request_box.set_value(id(answered) if answered is not None else 0)

    def show_message(self, message: MessageRow) -> None:
        """What only some messages need."""
        self.request_box.setVisible(message.kind == "response")

    def _request_picked(self, key: object) -> None:
        self.request_picked.emit(self._requests.get(key) if isinstance(key, int) else None)


def _service(notice: MessageNotice) -> str:
    name = message_name(notice.command.command_field)
    return next((s.name for s in SERVICES.values() if s.request == name), "")


def _request_text(notice: MessageNotice) -> str:
    return f"{message_name(notice.command.command_field)} {notice.command.message_id} of #{notice.association}"
