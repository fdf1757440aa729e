"""The middle of the window: the message builder and the services, one of them shown."""

from __future__ import annotations

from PySide6.QtCore import QSettings, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedLayout, QWidget

from .forms.panel_switch import PanelSwitch
from .panels.builder_panel import BuilderPanel
from .panels.services_panel import ServicesPanel
from .sound import sound

TITLES = (
    ("builder", "Message builder", "Builder", "Any single message, by hand (Ctrl+2)"),
    ("services", "Services", "Services", "Whole procedures: store, query, print, … (Ctrl+5)"),
)
_KEPT = "window/workbench"
NARROW = 480
"""Pixels below which the titles and the builder's menu are said shorter, for a message's tab beside them."""


class Workbench(QWidget):
    """Both panels in one place; `shown_changed` carries the name of the one shown."""

    shown_changed = Signal(object)

    def __init__(
        self, builder: BuilderPanel, services: ServicesPanel, store: QSettings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._builder = store, builder
        self._panels: dict[str, QWidget] = {"builder": builder, "services": services}
        self._switches = (
            PanelSwitch(TITLES, "builder", self.show_panel, builder),
            PanelSwitch(TITLES, "services", self.show_panel, services),
        )
        builder.set_heading(self._switches[0])
        services.title_row.insertWidget(0, self._switches[1])
        self._stack = QStackedLayout(self)
        for panel in self._panels.values():
            layout = panel.layout()
            if layout is not None:
                layout.setContentsMargins(0, 0, 0, 0)
            self._stack.addWidget(panel)
        kept = str(store.value(_KEPT, "builder"))
        self.show_panel(kept if kept in self._panels else "builder")

    @property
    def shown(self) -> str:
        """ "builder" or "services"."""
        return next(name for name, panel in self._panels.items() if panel is self._stack.currentWidget())

    def show_panel(self, name: str) -> None:
        """Show one of the two."""
        self._stack.setCurrentWidget(self._panels[name])
        self._store.setValue(_KEPT, name)
        self.shown_changed.emit(name)

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for switch in self._switches:
            switch.set_narrow(self.width() < NARROW)
        self._builder.set_narrow(self.width() < NARROW)
