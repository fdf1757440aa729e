"""The toolbar reads left to right as the work goes: peer, echo, associate, send, release, abort; then the state."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from .built_in_peer import reach_sentence
from .forms.eliding_combo import ElidingCombo
from .giving_button import GivingButton, fitting
from .models.peers import PeersModel
from .session import AssociationRecord, ListenerState
from .shortcuts import Actions
from .sound import sound
from .state_pill import StatePill
from .theme import SPACING, restyle, theme

FLOW = ("echo", "associate", "send", "release", "abort")
PEER_WIDTHS = (92, 168, 260)
"""Pixels of the choice of peers: in the narrowest window, before anything else gives way, at most."""


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

    @sound
    def sizeHint(self) -> QSize:
        """What icon, gap and text need; the style would add room for what a button may have and this one has not."""
        inside = self.iconSize().width() + 4 + self.fontMetrics().horizontalAdvance(self.text())
        return QSize(inside + 2 * SPACING.normal + 4, super().sizeHint().height())

    @sound
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return presses it too, as it does the buttons of a form."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def _follow(self) -> None:
        self.setEnabled(self._action.isEnabled())
        self.setToolTip(self._action.toolTip())


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
        self.peer = ElidingCombo(self)
        self.peer.setModel(peers)
        self.peer.setAccessibleName("Peer")
        self.peer.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.peer.setMinimumContentsLength(12)
        self.peer.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.peer.setMinimumWidth(PEER_WIDTHS[0])
        self.peer.setMaximumWidth(PEER_WIDTHS[2])
        self.peer.setPlaceholderText("No peer: add one")
        self.peer.activated.connect(self.peer_chosen)
        self.buttons = {name: ActionButton(actions[name], name, self) for name in FLOW}
        self.pill = StatePill(self)
        self._associations = QMenu(self.pill)
        self._associations.aboutToShow.connect(self.associations_wanted)
        self.pill.setMenu(self._associations)
        self.listener = GivingButton(self)
        self.listener.setProperty("menu", "true")
        self.listener.setProperty("button", "true")
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
        row.setContentsMargins(SPACING.large, SPACING.small, SPACING.large, SPACING.small)
        row.setSpacing(4)
        row.addWidget(self.peer)
        for button in self.buttons.values():
            row.addWidget(button)
        row.addSpacing(SPACING.hair)
        row.addWidget(self.pill)
        row.addStretch(0)
        row.addWidget(self.listener)
        row.addWidget(self.find_button)
        self.pill.texts_changed.connect(self._fit)
        self.listener.texts_changed.connect(self._fit)
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
            texts = tuple(f"{name}{state.port}{tls}" for name in ("Built-in peer · ", "Built-in · ", ""))
            if not state.loopback:
                icon, role = "network", "warning"
                wide = (f"{text} · open to the network" for text in texts)
                texts = (*wide, f"{texts[-1]} · open")
            if state.faults:
                icon, role = "warning", "warning"
                texts = tuple(f"{text} · faults" for text in texts)
        elif state.failed:
            role = "failure"
        theme().bind_text_icon(self.listener, icon, role)
        restyle(self.listener, "reach", role)
        self.listener.setToolTip(reach_sentence(state))
        self.listener.setAccessibleName(f"{texts[0]}. {reach_sentence(state)}")
        self.listener.say(texts)

    def _fit(self) -> None:
        """The longest texts there is room for: the window may be narrow."""
        giving = (self.pill, self.listener)
        room = self.width() - self._needed() - (PEER_WIDTHS[1] - PEER_WIDTHS[0])
        for button, text in zip(giving, fitting(giving, room), strict=True):
            button.setText(text)

    def _needed(self) -> int:
        """Pixels of all but the buttons that give way, the peer at its least."""
        layout = self.layout()
        if layout is None:
            return 0
        items = [item for n in range(layout.count()) if (item := layout.itemAt(n)) is not None]
        fixed = sum(i.minimumSize().width() for i in items if i.widget() not in (self.pill, self.listener))
        margins = layout.contentsMargins()
        return fixed + margins.left() + margins.right() + layout.spacing() * (layout.count() - 1)

    @sound
    def minimumSizeHint(self) -> QSize:
        least = sum(button.width_with(button.texts[-1]) for button in (self.pill, self.listener))
        return QSize(self._needed() + least, super().minimumSizeHint().height())

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

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
