"""The toolbar reads left to right as the work goes: peer, echo, associate, send, release, abort; then the state."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from .built_in_peer import reach_sentence
from .models.peers import PeersModel
from .session import AssociationRecord, ListenerState
from .shortcuts import Actions
from .state_pill import StatePill
from .theme import SPACING, restyle, theme

FLOW = ("echo", "associate", "send", "release", "abort")


class ActionButton(QToolButton):
    """A button for an action (a default action would bring its own icon, too near the text, at every change)."""

    def __init__(self, action: QAction, icon: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._action = action
        self.setProperty("button", "true")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setText(action.text().replace("&", ""))
        self._icon, self._next = icon, False
        theme().bind_text_icon(self, icon)
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    def set_next(self, on: bool) -> None:
        """Give it the accent while it is what comes next."""
        if on == self._next:
            return
        self._next = on
        restyle(self, "primary", "true" if on else "false")
        restyle(self, "button", "false" if on else "true")
        theme().bind_text_icon(self, self._icon, "on_accent" if on else "text")

    def sizeHint(self) -> QSize:
        """What icon, gap and text need; the style would add room for what a button may have and this one has not."""
        inside = self.iconSize().width() + 4 + self.fontMetrics().horizontalAdvance(self.text())
        return QSize(inside + 2 * SPACING.normal + 4, super().sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return presses it too, as it does the buttons of a form."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def _follow(self) -> None:
        self.setEnabled(self._action.isEnabled())
        self.setToolTip(self._action.toolTip())


class ListenerButton(QToolButton):
    """The built-in peer's state. texts: the same thing said ever shorter; the button may get as narrow as the last."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.texts: tuple[str, ...] = ("",)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def width_with(self, text: str) -> int:
        """Pixels the button needs to show a text."""
        metrics = self.fontMetrics()
        beside = super().sizeHint().width() - metrics.horizontalAdvance(self.text())
        return beside + metrics.horizontalAdvance(text)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.width_with(self.texts[-1]), super().minimumSizeHint().height())


class ToolBar(QWidget):
    """`peer_chosen` carries the row of the peer, `association_chosen` the number of an open association.

    `associations_wanted`: the menu of open associations is about to be seen; `list_associations` fills it.
    """

    peer_chosen = Signal(int)
    association_chosen = Signal(object)
    associations_wanted = Signal()

    def __init__(self, peers: PeersModel, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Toolbar")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.peer = QComboBox(self)
        self.peer.setModel(peers)
        self.peer.setAccessibleName("Peer")
        self.peer.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.peer.setMinimumContentsLength(12)
        self.peer.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.peer.setMinimumWidth(168)
        self.peer.setMaximumWidth(260)
        self.peer.setPlaceholderText("No peer: add one")
        self.peer.activated.connect(self.peer_chosen)
        self.buttons = {name: ActionButton(actions[name], name, self) for name in FLOW}
        self.pill = StatePill(self)
        self._associations = QMenu(self.pill)
        self._associations.aboutToShow.connect(self.associations_wanted)
        self.pill.setMenu(self._associations)
        self.listener = ListenerButton(self)
        self.listener.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.listener.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.listener.setProperty("menu", "true")
        self.listener.setProperty("button", "true")
        self.listener.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        menu = QMenu(self.listener)
        menu.addActions(
            [actions["listen"], actions["stop_listening"], actions["listener_settings"], actions["listener_faults"]]
        )
        self.listener.setMenu(menu)
        self.find_button = QToolButton(self)
        self.find_button.setDefaultAction(actions["palette"])
        self.find_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.find_button.setAccessibleName("Find anything")
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACING.large, SPACING.small, SPACING.large, SPACING.normal)
        row.setSpacing(6)
        row.addWidget(self.peer)
        for button in self.buttons.values():
            row.addWidget(button)
        row.addSpacing(SPACING.hair)
        row.addWidget(self.pill)
        row.addStretch(0)
        row.addWidget(self.listener)
        row.addWidget(self.find_button)
        self.show_listener(ListenerState())

    def show_peer(self, row: int) -> None:
        """Show the peer of a row as the one everything acts on."""
        self.peer.setCurrentIndex(row)
        record = self.peer.model().index(row, 0).data(Qt.ItemDataRole.ToolTipRole) if row >= 0 else ""
        self.peer.setToolTip(str(record or "Peer"))

    def show_listener(self, state: ListenerState) -> None:
        """Say whether the built-in peer listens, where, and who can reach it."""
        texts: tuple[str, ...] = ("Built-in peer off", "Peer off")
        icon, role = "listen", "muted"
        if state.starting:
            texts = ("Built-in peer …", "Peer …")
        elif state.listening:
            tls = " · TLS" if state.tls is not None else ""
            icon, role = "lock" if tls else "listen", "ok"
            texts = (f"Built-in peer · {state.port}{tls}", f"{state.port}{tls}")
            if not state.loopback:
                icon, role = "network", "warning"
                texts = (f"{texts[0]} · open to the network", f"{texts[1]} · open to the network", f"{texts[1]} · open")
            if state.faults:
                icon, role = "warning", "warning"
                texts = tuple(f"{text} · faults" for text in texts)
        elif state.sentence and state.listener is None and state.port:
            role = "failure"
        self.listener.texts = texts
        theme().bind_text_icon(self.listener, icon, role)
        restyle(self.listener, "reach", role)
        self.listener.setToolTip(reach_sentence(state))
        self.listener.setAccessibleName(f"{texts[0]}. {reach_sentence(state)}")
        self._fit_listener()

    def _fit_listener(self) -> None:
        """The longest text there is room for: the window may be narrow."""
        layout = self.layout()
        if layout is None:
            return
        layout.invalidate()  # the least it needs is another now
        others = layout.minimumSize().width() - self.listener.minimumSizeHint().width()
        room = self.width() - others
        fitting = (text for text in self.listener.texts if self.listener.width_with(text) <= room)
        self.listener.setText(next(fitting, self.listener.texts[-1]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_listener()

    def list_associations(self, current: AssociationRecord | None, records: tuple[AssociationRecord, ...]) -> None:
        """Every open association in the pill's menu, to act on another one."""
        self._associations.clear()
        for record in records:
            side = "" if record.requestor else " (called us)"
            text = f"#{record.association}  {record.peer.ae_title}{side}  {record.state}"
            action = self._associations.addAction(text)
            action.setData(record.association)
            action.setCheckable(True)
            action.setChecked(current is not None and record.association == current.association)
            action.triggered.connect(self._chosen)
        if not records:
            self._associations.addAction("No association is open").setEnabled(False)

    def _chosen(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.association_chosen.emit(action.data())
