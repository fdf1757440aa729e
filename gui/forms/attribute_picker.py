"""Pick attributes: a search line over ticks, those a SOP class has first."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from gui.models.attribute_picks import NOTE_ROLE, AttributePicks
from gui.models.tables import EmptyText, row_height
from gui.sound import sound
from gui.theme import SPACING, theme

from .header import text_button

_PRESS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class _Rows(QStyledItemDelegate):
    """The tag at the right end of each row."""

    @sound
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        note = str(index.data(NOTE_ROLE) or "")
        font = theme().mono_font()
        painter.save()
        painter.setFont(font)
        width = painter.fontMetrics().horizontalAdvance(note) + 2 * SPACING.normal
        painter.restore()
        super().paint(painter, option, index)
        painter.save()
        painter.setFont(font)
        painter.setPen(theme().color("muted"))
        area = QRect(option.rect.right() - width, option.rect.top(), width - SPACING.normal, option.rect.height())
        painter.drawText(area, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), note)
        painter.restore()

    @sound
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        size = super().sizeHint(option, index)
        size.setHeight(row_height(option.widget))
        return size


class AttributePicker(QWidget):
    """`changed` when other attributes are picked; none means all that there are."""

    changed = Signal()

    def __init__(self, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = AttributePicks(self)
        self.caption = QLabel(label, self)
        self.caption.setProperty("role", "muted")
        self._label = label
        self.known_button = text_button("All", self.pick_known, self, tip="Pick all the SOP class is known to have")
        self.none_button = text_button("None", self.pick_none, self, tip="Pick none: all the peer has is asked for")
        self.line = QLineEdit(self)
        self.line.setPlaceholderText("Search")
        self.line.setClearButtonEnabled(True)
        self.line.setAccessibleName("Search attributes")
        self.line.setToolTip("Words, a keyword or a tag; Return picks")
        self.caption.setBuddy(self.line)
        self.list = QListView(self)
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Rows(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName("Attributes")
        # As high as there is room, not as high as Qt thinks of: pages are narrow and low.
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self._empty = EmptyText(self.list)
        self._empty.setText("No attribute has all these words.<br>A tag such as 0010,0010 can be picked, known or not.")
        head = QHBoxLayout()
        head.setSpacing(SPACING.small)
        head.addWidget(self.caption)
        head.addWidget(self.line, 1)
        head.addWidget(self.known_button)
        head.addWidget(self.none_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.small)
        column.addLayout(head)
        column.addWidget(self.list, 1)
        self.line.textChanged.connect(self._search)
        self.line.installEventFilter(self)
        self.list.installEventFilter(self)
        self.list.doubleClicked.connect(self._double_clicked)
        self.model.picked_changed.connect(self._picked)
        self.model.modelReset.connect(self._count)
        self.setFocusProxy(self.line)
        self._picked()
        self._count()

    def picked(self) -> tuple[int, ...]:
        return self.model.picked

    def set_known(self, tags: Iterable[int]) -> None:
        """What the SOP class has."""
        self.model.set_known(tags)
        self._picked()

    def pick(self, tags: Iterable[int]) -> None:
        self.model.set_picked(tags)

    def pick_known(self) -> None:
        self.pick(self.model.known)

    def pick_none(self) -> None:
        self.pick(())

    def _search(self, words: str) -> None:
        self.model.search(words)
        if self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(0))

    def _toggle_current(self) -> None:
        index = self.list.currentIndex()
        if index.isValid():
            self.model.toggle(index.row())

    def _double_clicked(self, index: QModelIndex) -> None:
        self.model.toggle(index.row())

    def _picked(self) -> None:
        count = len(self.model.picked)
        self.caption.setText(f"{self._label}: {count} picked" if count else f"{self._label}: all there are")
        self.known_button.setEnabled(bool(self.model.known))
        self.none_button.setEnabled(bool(count))
        self.changed.emit()

    def _count(self) -> None:
        self._empty.setVisible(self.model.rowCount() == 0 and bool(self.line.text().strip()))
        self._empty.setGeometry(self.list.viewport().rect())

    @sound
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """In the search line Up and Down walk through the list; Return picks, in the list too."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and not event.modifiers():
            if event.key() in _PRESS:
                self._toggle_current()
                return True
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            if step and watched is self.line:
                row = self.list.currentIndex().row() + step
                if 0 <= row < self.model.rowCount():
                    self.list.setCurrentIndex(self.model.index(row))
                return True
        return super().eventFilter(watched, event)
