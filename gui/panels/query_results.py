"""What a query brings: the matches with what can be done with them, and the instances that are retrieved."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from engine.model.notices import Notice
from gui.forms.header import text_button
from gui.forms.matches_view import MatchesView
from gui.forms.retrieve_bar import RetrieveBar
from gui.models.inbound_rows import InboundModel
from gui.models.tables import PlainTable
from gui.services_host import ServicesHost
from gui.sound import sound
from gui.theme import SPACING

LEAST_RESULTS = 180
"""Pixels of height."""
NOT_ASKED = (
    "Nothing was asked yet.<br>Press <b>Return</b> in a field, or <b>Find</b>; leave all fields empty to see all."
)
_HERE = "What is retrieved is listed here as it arrives."


class QueryResults(QTabWidget):
    """Takes the height that is left, some rows at least."""

    def __init__(self, host: ServicesHost, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matches = MatchesView(host.questions, host.store, self)
        self.matches.set_empty(NOT_ASKED)
        self.matches.counted.connect(self._counted)
        self.down_button = text_button("", None, self, tip="Ask for what is below this match (Alt+Right)")
        self.matches.add_action(self.down_button)
        self.retrieve_bar = RetrieveBar(host.questions, host.workspace.folder / "retrieved", self)
        found = QWidget(self)
        column = QVBoxLayout(found)
        column.setContentsMargins(0, SPACING.small, 0, 0)
        column.setSpacing(SPACING.normal)
        column.addWidget(self.matches, 1)
        column.addWidget(self.retrieve_bar)
        self.inbound = InboundModel(self)
        self.inbound_table = PlainTable(self.inbound, self, name="Instances that arrived")
        self.inbound_table.set_empty(_HERE)
        self.setDocumentMode(True)
        self.tabBar().setAccessibleName("Matches, and what was retrieved")
        self.addTab(found, "Matches")
        self.setCornerWidget(self.matches.take_head())
        self.addTab(self.inbound_table, "Retrieved")
        self.currentChanged.connect(self._tab_changed)

    def start_inbound(self, elsewhere: str) -> None:
        """A retrieval begins. elsewhere: the AE title that gets the instances; "" where they come here."""
        self.inbound.start()
        sent = f"The peer sends to {escape(elsewhere)}; nothing arrives here." if elsewhere else _HERE
        self.inbound_table.set_empty(sent)
        self.setTabText(1, "Retrieved")
        self.setCurrentIndex(1)

    def take_inbound(self, notices: tuple[Notice, ...], operation: int) -> None:
        """Of a retrieval under way."""
        self.inbound.take(notices, operation)
        self.setTabText(1, f"Retrieved ({self.inbound.count:,})" if self.inbound.count else "Retrieved")

    def _counted(self, number: object) -> None:
        self.setTabText(0, f"Matches ({number:,})" if number else "Matches")

    def _tab_changed(self, place: int) -> None:
        self.matches.head.setVisible(place == 0)

    @sound
    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), LEAST_RESULTS)

    @sound
    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), LEAST_RESULTS)
