"""The Services panel: a page for each thing people do with a peer, above the single messages of the builder."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from gui.forms.tab_order import in_order, leave, step_focus
from gui.services_host import ServicesHost
from gui.theme import SPACING, theme

from .service_availability import AvailabilityPage
from .service_commitment import CommitmentPage
from .service_instance import InstancePage
from .service_mpps import StepsPage
from .service_page import ServicePage
from .service_print import PrintPage
from .service_query import QueryPage
from .service_rows import SERVICES
from .service_store import StorePage
from .service_ups import UpsPage

PAGES: dict[str, Callable[[ServicesHost], ServicePage]] = {
    "store": StorePage,
    "print": PrintPage,
    "query": QueryPage,
    "mpps": StepsPage,
    "commit": CommitmentPage,
    "ian": AvailabilityPage,
    "ups": UpsPage,
    "nget": InstancePage,
}
"""The page of each row of `SERVICES`."""
_KEPT = "services/page"


class ServicesPanel(QWidget):
    """Pages are made when they are first shown."""

    page_changed = Signal(object)
    """The name of the page shown."""

    def __init__(self, host: ServicesHost, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.host = host
        self.pages: dict[str, ServicePage] = {}
        self.title_row = QHBoxLayout()
        self.title_row.setSpacing(SPACING.small)
        self.title_row.addStretch(1)
        self.choice = QComboBox(self)
        self.choice.setAccessibleName("Service")
        self.choice.setMaxVisibleItems(len(SERVICES))
        for row in SERVICES:
            self.choice.addItem(theme().icon(row.icon), row.title, row.name)
            self.choice.setItemData(self.choice.count() - 1, row.summary, Qt.ItemDataRole.ToolTipRole)
        self.summary = QLabel(self)
        self.summary.setProperty("role", "muted")
        self.summary.setWordWrap(True)
        self.stack = QStackedWidget(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.small)
        column.addLayout(self.title_row)
        column.addWidget(self.choice)
        column.addWidget(self.summary)
        column.addWidget(self.stack, 1)
        self.choice.activated.connect(self._chosen)
        theme().changed.connect(self._dress)
        kept = str(host.store.value(_KEPT, SERVICES[0].name))
        self.show_page(kept if kept in PAGES else SERVICES[0].name)

    @property
    def page(self) -> ServicePage:
        """The page shown."""
        return self.pages[str(self.choice.currentData())]

    def show_page(self, name: str) -> ServicePage:
        """Show a page, made now if it has not been."""
        page = self.pages.get(name)
        if page is None:
            page = self.pages[name] = PAGES[name](self.host)
            area = QScrollArea(self)
            area.setWidgetResizable(True)
            area.setFrameShape(QScrollArea.Shape.NoFrame)
            area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            area.setWidget(page)
            self.stack.addWidget(area)
        place = self.choice.findData(name)
        self.choice.setCurrentIndex(place)
        self.summary.setText(SERVICES[place].summary)
        areas = [self.stack.widget(i) for i in range(self.stack.count())]
        self.stack.setCurrentWidget(next(a for a in areas if isinstance(a, QScrollArea) and a.widget() is page))
        self.host.store.setValue(_KEPT, name)
        self.page_changed.emit(name)
        return page

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes as the page stands, not as its parts were made, and out at its ends."""
        stops = [*in_order(self.title_row), self.choice, *in_order(self.page)]
        return step_focus(stops, forward) or leave(self, self.choice, forward) or super().focusNextPrevChild(forward)

    def _chosen(self, index: int) -> None:
        self.show_page(str(self.choice.itemData(index)))

    def _dress(self) -> None:
        for index, row in enumerate(SERVICES):
            self.choice.setItemIcon(index, theme().icon(row.icon))
