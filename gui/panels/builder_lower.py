"""Below the command set: data set, the same as text, the response, the history."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSettings, QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QTabWidget, QVBoxLayout, QWidget

from engine.model.dataset import Data
from engine.model.limits import Limits
from engine.standard.messages import MessageRow
from gui.dialogs import Questions
from gui.forms.dataset_text_view import DataSetTextView
from gui.models.dataset_model import DataSetModel
from gui.sound import sound

from .builder_data import DataPane
from .builder_history import HistoryView
from .builder_response import ResponseView

DATA_SET, TEXT, RESPONSE, HISTORY = range(4)
_MODES = (
    (None, "As the message asks", "Automatic"),
    (True, "Send a data set", "With"),
    (False, "Send no data set", "Without"),
)
"""Whether a data set follows, and how that is said in a wide and in a narrow row."""


class LowerTabs(QWidget):
    """`mode_changed` when the user decides whether a data set follows; `said` a sentence to show."""

    NARROW = 480
    """Pixels below which all tabs have room only beside short texts."""

    mode_changed = Signal()
    said = Signal(str)

    def __init__(
        self,
        model: DataSetModel,
        questions: Questions,
        store: QSettings,
        limits: Callable[[], Limits],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.data = DataPane(model, limits, self)
        self.text = DataSetTextView(model, self)
        self.response = ResponseView(questions, store, self)
        self.history = HistoryView(self)
        self._none = ""
        self._title = "Response"
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setAccessibleName("Data set, response and history")
        for widget, name in (
            (self.data, "&Data set"),
            (self.text, "Te&xt"),
            (self.response, "&Response"),
            (self.history, "Hi&story"),
        ):
            self.tabs.addTab(widget, name)
        self.mode_box = QComboBox(self)
        self.mode_box.setAccessibleName("Whether a data set follows")
        self.mode_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for _value, text, _short in _MODES:
            self.mode_box.addItem(text)
        self.mode_box.activated.connect(self._mode_picked)
        self.tabs.setCornerWidget(self.mode_box)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        self.tabs.currentChanged.connect(self._tab_changed)
        self.response.title_changed.connect(self._response_title)
        self.history.counted.connect(self._counted)
        self.data.said.connect(self.said)

    @property
    def mode(self) -> bool | None:
        """Whether a data set follows, chosen by hand; None follows the message."""
        return _MODES[self.mode_box.currentIndex()][0]

    def load(self, data: Data | None, _message: MessageRow) -> None:
        self.mode_box.setCurrentIndex(0)
        self.data.set_data(data)
        self.text.refresh()
        self.tabs.setCurrentIndex(DATA_SET)

    def show_rule(self, message: MessageRow) -> None:
        """Say what the message's data set is called and when it is there."""
        rule = message.data_set
        names = {
            "always": f"{rule.name} is mandatory",
            "never": "The message has no data set",
            "conditional": f"{rule.name}: {rule.condition} ({rule.condition_clause})",
            "optional": f"{rule.name}: {rule.condition} ({rule.condition_clause})",
        }
        self.mode_box.setToolTip(names[rule.presence])
        self.tabs.setTabToolTip(DATA_SET, names[rule.presence])
        self._none = message.name if rule.presence == "never" else ""
        self._say_what_is_missing()

    def show_response(self) -> None:
        self.tabs.setCurrentIndex(RESPONSE)

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < self.NARROW
        for place, (_value, text, short) in enumerate(_MODES):
            self.mode_box.setItemText(place, short if narrow else text)
        self._title_response()
        self._say_what_is_missing()

    @sound
    def sizeHint(self) -> QSize:
        return QSize(560, 220)

    def _mode_picked(self, _index: int) -> None:
        self._say_what_is_missing()
        self.mode_changed.emit()

    def _say_what_is_missing(self) -> None:
        """An empty data set is right for a message that has none: then it is not asked for."""
        if self._none and self.mode is None:
            instead = self.mode_box.itemText(1)
            self.data.editor.view.set_empty(
                f"<b>{self._none} has no data set</b><br>To send one all the same, choose <b>{instead}</b> above."
            )
        else:
            self.data.editor.say_how_to_begin()

    def _tab_changed(self, index: int) -> None:
        self.mode_box.setVisible(index in (DATA_SET, TEXT))
        if index == TEXT:
            self.text.refresh()

    def _response_title(self, title: str) -> None:
        self._title = title
        self._title_response()

    def _title_response(self) -> None:
        """How it ended stands in the tab as well, where that does not push the next one out."""
        title = self._title if self.width() >= self.NARROW else "Response"
        self.tabs.setTabText(RESPONSE, f"&{title}")
        self.tabs.setTabToolTip(RESPONSE, self._title)

    def _counted(self, total: object) -> None:
        self.tabs.setTabText(HISTORY, f"Hi&story {total}")
