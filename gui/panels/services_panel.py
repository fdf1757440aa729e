"""The Services panel: a page for each thing people do with a peer, above the single messages of the builder."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from gui.services_host import ServicesHost
from gui.sound import sound
from gui.theme import SPACING, theme

from .service_page import ServicePage
from .service_rows import SERVICES


def _store(host: ServicesHost) -> ServicePage:
    from .service_store import StorePage

    return StorePage(host)


def _print(host: ServicesHost) -> ServicePage:
    from .service_print import PrintPage

    return PrintPage(host)


def _query(host: ServicesHost) -> ServicePage:
    from .service_query import QueryPage

    return QueryPage(host)


def _steps(host: ServicesHost) -> ServicePage:
    from .service_mpps import StepsPage

    return StepsPage(host)


def _commitment(host: ServicesHost) -> ServicePage:
    from .service_commitment import CommitmentPage

    return CommitmentPage(host)


def _availability(host: ServicesHost) -> ServicePage:
    from .service_availability import AvailabilityPage

    return AvailabilityPage(host)


def _ups(host: ServicesHost) -> ServicePage:
    from .service_ups import UpsPage

    return UpsPage(host)


def _instance(host: ServicesHost) -> ServicePage:
    from .service_instance import InstancePage

    return InstancePage(host)


PAGES: dict[str, Callable[[ServicesHost], ServicePage]] = {
    "store": _store,
    "print": _print,
    "query": _query,
    "mpps": _steps,
    "commit": _commitment,
    "ian": _availability,
    "ups": _ups,
    "nget": _instance,
}
"""What makes the page of each row of `SERVICES`; a page's module is loaded with it: few are wanted in a day."""
_KEPT = "services/page"


class ServicesPanel(QWidget):
    """Pages are made when they are first shown, the first with the panel."""

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
        self._choose(kept if kept in PAGES else SERVICES[0].name)

    @property
    def page(self) -> ServicePage:
        """The page shown, or to be shown when the panel is."""
        name = str(self.choice.currentData())
        return self.pages.get(name) or self.show_page(name)

    @sound
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.show_page(str(self.choice.currentData()))

    def _choose(self, name: str) -> None:
        place = self.choice.findData(name)
        self.choice.setCurrentIndex(place)
        self.summary.setText(SERVICES[place].summary)

    def show_page(self, name: str) -> ServicePage:
        """Show a page, made now if it has not been."""
        page = self.pages.get(name)
        if page is None:
            page = self.pages[name] = PAGES[name](self.host)
            area = QScrollArea(self)
            area.setWidgetResizable(True)
            area.setFrameShape(QScrollArea.Shape.NoFrame)
            area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self.stack.addWidget(area)
            area.setWidget(page)  # last: Qt styles anew all that is in what gets another parent
        self._choose(name)
        areas = [self.stack.widget(i) for i in range(self.stack.count())]
        self.stack.setCurrentWidget(next(a for a in areas if isinstance(a, QScrollArea) and a.widget() is page))
        self.host.store.setValue(_KEPT, name)
        self.page_changed.emit(name)
        return page

    def _chosen(self, index: int) -> None:
        self.show_page(str(self.choice.itemData(index)))

    def _dress(self) -> None:
        for index, row in enumerate(SERVICES):
            self.choice.setItemIcon(index, theme().icon(row.icon))
