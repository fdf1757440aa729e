"""The keys of a query as a form: fields for what is matched by, the other attributes asked for in one line.

Any page that queries uses it: `start()` for a model's usual keys or `load()` for a saved query, then `identifier()`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSize, QStringListModel, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QCompleter, QGridLayout, QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from engine.model.dataset import DataSet
from engine.standard.dictionary import search_attributes
from engine.standard.elements import tag_text
from engine.workspace.errors import ValueProblem
from engine.workspace.keys import with_keys
from engine.workspace.matching_values import problem, resolve, resolved, this_day
from engine.workspace.names import attribute_path
from engine.workspace.queries import at_level, usual_keys
from engine.workspace.saved_queries import SavedQuery
from gui.sound import sound
from gui.theme import SPACING, theme
from gui.tips import plain_tip

from .date_range_dialog import DateRangeDialog
from .fields import TextField
from .header import menu_button
from .query_keys import KeyText, key_text

FIELD_WIDTH = 236
"""Least pixels of a field: as many stand side by side as fit."""
CAPTION_WIDTH = 96
"""Pixels of a field's label, so that the editors line up."""
COMPLETIONS = 30
"""Attributes offered while typing."""


class KeyField(TextField):
    """One attribute to match by."""

    only_returned = Signal(object)
    removed = Signal(object)
    """Both carry the field's path."""

    def __init__(self, key: KeyText, parent: QWidget | None = None) -> None:
        super().__init__(key.label, partial(problem, key.vr), key.placeholder, parent)
        self.key = key
        self.caption.setToolTip(key.tip)
        self.line.setToolTip(f"{key.tip}\nAlt+Down: values to choose")
        self.set_beside(CAPTION_WIDTH)
        self.help = QAction(f"Help with {key.label}", self.line)
        theme().bind_icon(self.help, "chevron-down")
        self.help.setShortcut(QKeySequence("Alt+Down"))
        self.help.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.help.triggered.connect(self.show_help)
        self.line.addAction(self.help, QLineEdit.ActionPosition.TrailingPosition)
        if key.vr in ("DA", "DT"):
            self.line.textChanged.connect(self._tell_days)

    def menu(self) -> QMenu:
        """What helps to fill it in."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addSection(self.key.tip.splitlines()[-1])
        for words, value in self.key.picks:
            menu.addAction(words, partial(self.pick, value))
        if self.key.vr in ("DA", "DT"):
            menu.addAction("&From … to …", self.choose_range)
        if self.key.vr == "UI":
            menu.addAction("&Paste a list of UIDs", self.paste_list)
        menu.addSeparator()
        menu.addAction("&Any value", partial(self.pick, ""))
        menu.addAction("&Only ask for it, do not match", partial(self.only_returned.emit, self.key.path))
        menu.addAction("&Remove from the query", partial(self.removed.emit, self.key.path))
        return menu

    def show_help(self) -> None:
        self.menu().popup(self.line.mapToGlobal(self.line.rect().bottomLeft()))

    def pick(self, value: str) -> None:
        """Put a value in; one with {} goes around what is typed."""
        text = value.replace("{}", self.value().strip("*")) if "{}" in value else value
        self.set_value("*" if text in ("**", "*") else text)
        self.line.setFocus()
        self.edited.emit(self.value())

    def paste_list(self) -> None:
        """UIDs on the clipboard, however they are separated."""
        text = QGuiApplication.clipboard().text()
        self.pick("\\".join(text.replace(",", " ").replace(";", " ").replace("\\", " ").split()))

    def choose_range(self) -> None:
        """Two days from a calendar."""
        dialog = DateRangeDialog(self.key.label, self.value(), self.window())
        dialog.chosen.connect(self.pick)
        dialog.open()

    def _tell_days(self, text: str) -> None:
        said = resolve(self.key.vr, text.strip(), this_day())
        self.set_hint(said if said != text.strip() else "")


class QueryForm(QWidget):
    """`edited` when the user changed something, `run_wanted` on Return in a field."""

    edited = Signal()
    run_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sop_class_uid = self.level = ""
        self.fields: dict[str, KeyField] = {}
        """By path, in their order."""
        self._returned: dict[str, None] = {}
        self._columns = 0
        self.grid = QGridLayout()
        self.grid.setHorizontalSpacing(SPACING.large)
        self.grid.setVerticalSpacing(SPACING.small)
        self.add_line = QLineEdit(self)
        self.add_line.setPlaceholderText("Add an attribute: name, keyword or tag")
        self.add_line.setAccessibleName("Add an attribute")
        self._choices = QStringListModel(self)
        self.completer = completer = QCompleter(self._choices, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.activated.connect(self._completed)
        self.add_line.setCompleter(completer)
        self.add_line.textEdited.connect(self._search)
        self.add_line.returnPressed.connect(self._add_typed)
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill_menu)
        self.returned_button = menu_button("", self._menu, self)
        foot = QHBoxLayout()
        foot.setSpacing(SPACING.small)
        foot.addWidget(self.add_line, 1)
        foot.addWidget(self.returned_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.small)
        column.addLayout(self.grid)
        column.addLayout(foot)
        self._count()

    # -- what is asked

    def start(self, sop_class_uid: str, level: str = "") -> None:
        """The usual keys of a model at a level; values typed stay where the key is still there."""
        keys = usual_keys(sop_class_uid, level)
        values = self.values()
        self.sop_class_uid, self.level = sop_class_uid, level
        fields = [(k.path, values.get(k.path, "")) for k in keys if k.field]
        self._set(fields, [k.path for k in keys if not k.field])

    def load(self, query: SavedQuery) -> None:
        """What a saved query asks."""
        self.sop_class_uid, self.level = query.sop_class_uid, query.level
        self._set(query.keys, query.returned)

    def saved(self, title: str) -> SavedQuery:
        """As it stands, to be kept under a title."""
        return SavedQuery(
            title=title,
            sop_class_uid=self.sop_class_uid,
            level=self.level,
            keys=tuple(self.values().items()),
            returned=tuple(self._returned),
        )

    def identifier(self) -> DataSet:
        """What is asked, with words of dates resolved as of today."""
        texts = [*self._returned, *(f"{path}={value}" if value else path for path, value in self.values().items())]
        return resolved(at_level(with_keys(DataSet(), texts), self.level), this_day())

    def values(self) -> dict[str, str]:
        """What stands in the fields, by path."""
        return {path: field.value().strip() for path, field in self.fields.items()}

    @property
    def returned(self) -> tuple[str, ...]:
        """Paths that are only asked for."""
        return tuple(self._returned)

    def set_value(self, path: str, value: str) -> None:
        """Match by this value; the attribute becomes a field if it is none."""
        if path not in self.fields:
            self.add(path)
        self.fields[path].set_value(value)

    def first_field(self) -> QWidget:
        """Where one begins to type."""
        return next((field.line for field in self.fields.values()), self.add_line)

    def is_valid(self) -> bool:
        """Whether nothing is wrong in the fields; it can be sent all the same."""
        return all(field.is_valid() for field in self.fields.values())

    # -- attributes come and go

    def add(self, path: str) -> KeyField:
        """Match by this attribute too. Raises `ValueProblem` for what is no attribute."""
        known = self.fields.get(path)
        if known is not None:
            return known
        key = key_text(path)
        self._returned.pop(path, None)
        field = self._field(key)
        self._arrange()
        self._count()
        return field

    def remove(self, path: str, *, keep: bool = False) -> None:
        """No field for it any more. keep: it is still asked for."""
        field = self.fields.pop(path, None)
        if field is not None:
            self.grid.removeWidget(field)
            field.hide()
            field.deleteLater()
        if keep:
            self._returned[path] = None
        else:
            self._returned.pop(path, None)
        self._arrange()
        self._count()
        self.edited.emit()

    def _set(self, fields: Sequence[tuple[str, str]], returned: Sequence[str]) -> None:
        for old in self.fields.values():
            self.grid.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.fields = {}
        self._returned = dict.fromkeys(returned)
        for path, value in fields:
            self._field(key_text(path)).set_value(value)
        self._arrange()
        self._count()

    def _field(self, key: KeyText) -> KeyField:
        field = KeyField(key, self)
        field.edited.connect(self._edited)
        field.line.returnPressed.connect(self.run_wanted)
        field.only_returned.connect(partial(self.remove, keep=True))
        field.removed.connect(self.remove)
        self.fields[key.path] = field
        return field

    def _edited(self, _value: object) -> None:
        self.edited.emit()

    def _arrange(self) -> None:
        """As many fields side by side as fit; the tab order follows."""
        columns = max(1, (self.width() + SPACING.large) // (FIELD_WIDTH + SPACING.large))
        self._columns = columns
        before: QWidget | None = None
        for n, field in enumerate(self.fields.values()):
            self.grid.addWidget(field, n // columns, n % columns, Qt.AlignmentFlag.AlignTop)
            field.show()
            if before is not None:
                QWidget.setTabOrder(before, field.line)
            before = field.line
        for n in range(self.grid.columnCount()):
            self.grid.setColumnStretch(n, 1 if n < columns else 0)
        if before is not None:
            QWidget.setTabOrder(before, self.add_line)
            QWidget.setTabOrder(self.add_line, self.returned_button)

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._columns != max(1, (self.width() + SPACING.large) // (FIELD_WIDTH + SPACING.large)):
            self._arrange()

    @sound
    def minimumSizeHint(self) -> QSize:
        return QSize(FIELD_WIDTH, super().minimumSizeHint().height())

    # -- adding by search

    def _search(self, text: str) -> None:
        found = search_attributes(text.strip(), COMPLETIONS)
        self._choices.setStringList([f"{a.keyword}  {tag_text(a.tag)}" for a in found])

    def _completed(self, text: str) -> None:
        self._take(text.split(" ", maxsplit=1)[0])

    def _add_typed(self) -> None:
        popup = self.completer.popup()
        if popup is not None and popup.isVisible() and popup.currentIndex().isValid():
            return  # `activated` tells it
        text = self.add_line.text().strip()
        if text:
            self._take(text)

    def _take(self, text: str) -> None:
        try:
            path = ".".join(self._part(*step) for step in attribute_path(text))
            field = self.add(path)
        except ValueProblem as wrong:
            self.add_line.setToolTip(plain_tip(wrong.reason))
            self.add_line.selectAll()
            self.returned_button.setToolTip("")
            self._say(wrong.reason)
            return
        self._say("")
        self.add_line.clear()
        self.edited.emit()
        field.line.setFocus()

    @staticmethod
    def _part(tag: int, item: int) -> str:
        word = key_text(tag_text(tag)).keyword
        return f"{word}[{item}]" if item else word

    def _say(self, reason: str) -> None:
        self.add_line.setProperty("invalid", "true" if reason else "false")
        self.add_line.setAccessibleDescription(reason)
        self.add_line.style().unpolish(self.add_line)
        self.add_line.style().polish(self.add_line)

    # -- what is only asked for

    def _count(self) -> None:
        number = len(self._returned)
        self.returned_button.setText(f"{number} more")
        self.returned_button.setToolTip("More attributes that come back with each match, without being matched by")
        self.returned_button.setEnabled(number > 0)

    def _fill_menu(self) -> None:
        self._menu.clear()
        self._menu.addSection("Asked for only; choose one to match by it")
        for path in self._returned:
            key = key_text(path)
            self._menu.addAction(key.label, partial(self._to_field, path)).setToolTip(key.tip)

    def _to_field(self, path: str) -> None:
        field = self.add(path)
        self.edited.emit()
        field.line.setFocus()
