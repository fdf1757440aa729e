"""The presentation contexts to propose, in order, with presets."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QMenu, QVBoxLayout, QWidget

from engine.model.association import MAX_CONTEXTS, ProposedContext
from engine.workspace.presets import Preset
from engine.workspace.settings import number_contexts
from gui.dialogs import top_window
from gui.forms.entry_list import EntryList
from gui.forms.header import ButtonRow, PanelHeader, icon_button, menu_button, text_button
from gui.forms.title_dialog import TitleDialog
from gui.models.contexts import ContextsModel, limit_sentence, merge
from gui.theme import LEAST_LIST, SPACING
from gui.tips import plain_tip

from .ae_context_dialog import ContextDialog

QWIDGETSIZE_MAX = 16_777_215
"""Qt's word for no maximum."""


class ContextsView(QWidget):
    """`changed` carries all contexts, those beyond the limit included."""

    changed = Signal(object)
    preset_wanted = Signal(object)
    """(title) under which the contexts are to be kept as a preset."""
    preset_unwanted = Signal(object)
    """(Preset) of the user's, to be removed."""
    unfold_wanted = Signal()
    presets_wanted = Signal()
    """The preset menu is about to open: `set_presets` may bring it up to date."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ContextsModel(self)
        self._dialog: ContextDialog | None = None
        self._titles: frozenset[str] = frozenset()
        """Of the user's own presets, in small letters."""
        self._edited_row = -1
        self.header = PanelHeader("Presentation contexts", self)
        self.list = EntryList(self.model, self, name="Presentation contexts", lead_sample="255")
        self.list.setMinimumHeight(LEAST_LIST)
        self.list.set_empty(
            "No context: an association needs at least one.<br>Press <b>Add</b> and search a SOP class, or take a "
            "<b>preset</b>."
        )
        self.list.opened.connect(self.edit)
        self.list.chosen.connect(self._chosen)
        self.list.selectionModel().selectionChanged.connect(self._chosen)
        self.model.reordered.connect(self._moved)
        self.list.add_action("&Edit…", "F2", self.edit)
        self.list.add_action("&Remove", "Del", self.remove)
        self._menu = QMenu(self)
        self._more, self._own = QMenu("&Add to the list", self._menu), QMenu("&Remove a preset", self._menu)
        self._menu.aboutToShow.connect(self.presets_wanted)
        self.add_button = text_button("Add", self.add, self, icon="add", tip="Search SOP classes")
        self.add_button.setAccessibleName("Add presentation contexts")
        self.preset_button = menu_button("Preset", self._menu, self, tip="Sets of contexts for a purpose")
        self.edit_button = icon_button("edit", "Edit context", self.edit, self, keys="Return")
        self.remove_button = icon_button("delete", "Remove contexts", self.remove, self, keys="Del")
        self.up_button = icon_button("up", "Move context up", self.list.move_up, self, keys="Alt+Up")
        self.down_button = icon_button("down", "Move context down", self.list.move_down, self, keys="Alt+Down")
        self.limit = QLabel(self)
        self.limit.setProperty("role", "error")
        self.limit.setWordWrap(True)
        self.limit.hide()
        self.unfold_button = text_button("Show", self.unfold_wanted.emit, self, tip="Show the presentation contexts")
        self.unfold_button.hide()
        self.header.add(self.unfold_button)
        spare = (self.up_button, self.down_button)
        self.buttons = ButtonRow((self.add_button, self.preset_button), self._needing_a_context(), spare, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACING.small, 0, 0)
        layout.setSpacing(SPACING.small)
        layout.addWidget(self.header)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.limit)
        layout.addWidget(self.buttons)
        self._chosen()

    def _needing_a_context(self) -> tuple[QWidget, ...]:
        return (self.edit_button, self.remove_button, self.up_button, self.down_button)

    def fold(self, folded: bool) -> None:
        """Leave the room to a form above: only the title and the count stay."""
        self.list.setVisible(not folded)
        self.buttons.setVisible(not folded)
        self.unfold_button.setVisible(folded)
        self.limit.setVisible(not folded and bool(self.limit.text()))
        self.setMaximumHeight(self.header.sizeHint().height() + 2 * SPACING.normal if folded else QWIDGETSIZE_MAX)

    # -- contents -----------------------------------------------------------------------------------------------

    def set_contexts(self, contexts: tuple[ProposedContext, ...]) -> None:
        """Show these; `changed` is not emitted."""
        self.model.set_records(contexts)
        self._say()

    def set_presets(self, presets: tuple[Preset, ...]) -> None:
        """What the preset menu offers."""
        for menu in (self._menu, self._more, self._own):
            menu.clear()
        self._titles = frozenset(p.title.lower() for p in presets if p.path is not None and not p.shipped)
        for preset in presets:
            title = preset.title.replace("&", "&&")
            for menu, take in ((self._menu, self.replace_with), (self._more, self.add_contexts)):
                action = menu.addAction(title, partial(take, preset.contexts))
                action.setToolTip(plain_tip(preset.note))
            if preset.path is not None and not preset.shipped:
                self._own.addAction(f"{title}…", partial(self.preset_unwanted.emit, preset))
        self._menu.setToolTipsVisible(True)
        self._menu.addSeparator()
        self._menu.addMenu(self._more)
        self._menu.addAction("&Save as preset…", self._ask_title)
        if not self._own.isEmpty():
            self._menu.addMenu(self._own)

    def replace_with(self, contexts: tuple[ProposedContext, ...]) -> None:
        """Take these instead of what is there."""
        self._set(number_contexts(contexts), 0)

    def add_contexts(self, contexts: tuple[ProposedContext, ...]) -> None:
        """Add those that are not there yet."""
        self._set(merge(self.model.records, contexts), -1)

    def add(self) -> None:
        """Open the search."""
        self.search_for("")

    def search_for(self, text: str) -> None:
        """Open the search with a text in its field."""
        self._open(ContextDialog(None, top_window(self), search=text), -1)

    def edit(self) -> None:
        context = self.list.current_record()
        if isinstance(context, ProposedContext):
            self._open(ContextDialog(context, top_window(self)), self.list.currentIndex().row())

    def remove(self) -> None:
        rows = self.list.selected_rows()
        if rows:
            self._set(self.model.without(rows), rows[0])

    @property
    def dialog(self) -> ContextDialog | None:
        """The open dialog."""
        return self._dialog

    def _open(self, dialog: ContextDialog, row: int) -> None:
        self._dialog, self._edited_row = dialog, row
        dialog.saved.connect(self._saved)
        dialog.finished.connect(self._dialog_closed)
        dialog.open()

    def _dialog_closed(self) -> None:
        self._dialog = None

    def _saved(self, contexts: tuple[ProposedContext, ...]) -> None:
        if self._edited_row >= 0:
            self._set(self.model.replaced(self._edited_row, contexts[0]), self._edited_row)
        else:
            self._set(number_contexts((*self.model.records, *contexts)), -1)

    def _set(self, contexts: tuple[ProposedContext, ...], row: int) -> None:
        self.model.set_records(contexts)
        self.list.select_row(min(row, len(contexts) - 1) if row >= 0 else len(contexts) - 1)
        self._moved()

    def _moved(self) -> None:
        self._say()
        self.changed.emit(tuple(self.model.records))

    def _say(self) -> None:
        count = len(self.model.records)
        self.header.note.setText(f"{count} of {MAX_CONTEXTS}")
        sentence = limit_sentence(count)
        self.limit.setText(f"✕ {sentence}" if sentence else "")
        self.limit.setVisible(sentence is not None and not self.list.isHidden())
        self._chosen()

    def _chosen(self) -> None:
        for button in self._needing_a_context():
            button.setEnabled(bool(self.list.selected_rows()))

    def _ask_title(self) -> None:
        dialog = TitleDialog("preset", "", self._titles, top_window(self))
        dialog.chosen.connect(self.preset_wanted)
        dialog.open()
