"""The built-in peer's settings: a list of pages at the left, the page at the right, one Save for all."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QScrollArea, QStackedWidget, QWidget

from engine.workspace.listening import MAXIMUM_DELAY, ListenerSettings
from engine.workspace.settings import SavedPeer
from gui.dialogs import NOT_RIGHT, FormDialog, Questions, give_size
from gui.models.tables import CellDelegate
from gui.theme import SPACING, theme

from .listener_emulators import EmulatorsPage
from .listener_faults import FaultsPage
from .listener_limits import LimitsPage
from .listener_pages import AddressPage, CallersPage, ClassesPage, NegotiationPage, Page, TimesPage
from .listener_security import DestinationsPage, TlsPage, UsersPage

PAGES_WIDTH = 148


def check_delays(text: str) -> str | None:
    """Seconds apart by commas, or nothing."""
    for part in filter(None, (p.strip() for p in text.split(","))):
        try:
            seconds = float(part)
        except ValueError:
            return f"{part} is not a number of seconds."
        if not 0 <= seconds <= MAXIMUM_DELAY:
            return f"{part} is not between 0 and {MAXIMUM_DELAY} seconds."
    return None


class ListenerDialog(FormDialog):
    """`saved` carries ListenerSettings, with the passphrases that stand in the fields."""

    saved = Signal(object)

    def __init__(
        self,
        settings: ListenerSettings,
        questions: Questions,
        parent: QWidget | None = None,
        *,
        peers: Iterable[SavedPeer] = (),
    ) -> None:
        super().__init__("Built-in peer", "Save", parent)
        self._settings = settings
        self.address = AddressPage(settings, questions, self)
        self.callers = CallersPage(settings, self)
        self.users = UsersPage(settings, questions, self)
        self.classes = ClassesPage(settings, self)
        self.negotiation = NegotiationPage(settings, self)
        self.tls = TlsPage(settings, questions, self)
        self.destinations = DestinationsPage(settings, questions, peers, self)
        self.times = TimesPage(settings, check_delays, self)
        self.emulators = EmulatorsPage(settings, questions, self)
        self.limits = LimitsPage(settings, self)
        self.faults = FaultsPage(settings, questions, self)
        self.pages: tuple[Page, ...] = (
            self.address,
            self.callers,
            self.users,
            self.tls,
            self.classes,
            self.negotiation,
            self.destinations,
            self.times,
            self.emulators,
            self.limits,
            self.faults,
        )
        self._make_list()
        row = QHBoxLayout()
        row.setSpacing(SPACING.panel)
        row.addWidget(self.list)
        row.addWidget(self.stack, 1)
        self.body.addLayout(row, 1)
        give_size(self, 780, 560)
        self._judge()
        self.address.ae_title.line.setFocus()

    def _make_list(self) -> None:
        """The pages' titles, and the pages one over the other."""
        self.list = QListWidget(self)
        self.list.setAccessibleName("Pages")
        self.list.setFixedWidth(PAGES_WIDTH)
        self.list.setUniformItemSizes(True)
        self.list.setItemDelegate(CellDelegate(self.list))
        self.list.setIconSize(QSize(SPACING.icon, SPACING.icon))
        blank = QPixmap(SPACING.icon, SPACING.icon)
        blank.fill(Qt.GlobalColor.transparent)
        self._blank = QIcon(blank)
        """Keeps the titles in line while no page is marked."""
        self.stack = QStackedWidget(self)
        for page in self.pages:
            item = QListWidgetItem(page.title)
            item.setSizeHint(QSize(0, self.list.fontMetrics().height() + SPACING.large))
            self.list.addItem(item)
            self.stack.addWidget(self._area())
            page.hide()
            page.edited.connect(self._judge)
        self.list.currentRowChanged.connect(self._show)
        self.list.setCurrentRow(0)

    def _area(self) -> QScrollArea:
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return area

    def _show(self, row: int) -> None:
        """A page comes into its place when it is first shown: to have Qt style all eleven at once takes a tenth of a
        second."""
        area = self.stack.widget(row)
        if isinstance(area, QScrollArea) and area.widget() is None:
            area.setWidget(self.pages[row])
            self.pages[row].show()
        self.stack.setCurrentIndex(row)

    def show_page(self, page: Page) -> None:
        self.list.setCurrentRow(self.pages.index(page))

    def settings(self) -> ListenerSettings:
        """As all pages stand."""
        settings = self._settings
        for page in self.pages:
            settings = page.applied(settings)
        return settings

    def accept(self) -> None:
        if all(page.is_valid() for page in self.pages):
            self.saved.emit(self.settings())
            super().accept()

    def _judge(self) -> None:
        """Save only what is right; a page with a mistake is marked, so that it is found from any other."""
        valid = True
        for row, page in enumerate(self.pages):
            good = page.is_valid()
            valid = valid and good
            item = self.list.item(row)
            item.setIcon(self._blank if good else theme().icon("failure", "failure"))
            item.setToolTip("" if good else NOT_RIGHT)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, page.title if good else f"{page.title}: not right yet")
        self.accept_button.setEnabled(valid)
        self.address.warn(secure=self.tls.secure, checked=self.users.checked)
