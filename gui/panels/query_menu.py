"""The menu of queries kept as files: load one, keep the form as one, remove one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu, QWidget

from engine.workspace.errors import WorkspaceError
from engine.workspace.saved_queries import SavedQuery
from engine.workspace.workspace import Workspace
from gui.dialogs import FormDialog
from gui.forms.fields import TextField


def _title_problem(text: str) -> str | None:
    return None if text.strip() else "A title is needed."


class TitleDialog(FormDialog):
    """Asks for the title to keep a query under; `chosen` carries it."""

    chosen = Signal(str)

    def __init__(self, title: str, taken: frozenset[str], parent: QWidget | None = None) -> None:
        super().__init__("Save the query", "Save", parent, width=360)
        self._taken = taken
        self.title = TextField("&Title", self._check, parent=self)
        self.body.addWidget(self.title)
        self.title.edited.connect(self._allow)
        self.title.set_value(title)
        self._allow()

    def _check(self, text: str) -> str | None:
        return _title_problem(text)

    def _allow(self, *_: object) -> None:
        text = self.title.value().strip()
        self.title.set_hint("Replaces the query of this title." if text.lower() in self._taken else "")
        self.accept_button.setEnabled(self.title.is_valid())

    def accept(self) -> None:
        if self.title.is_valid():
            self.chosen.emit(self.title.value().strip())
            super().accept()


class QueryMenu(QMenu):
    """`loaded` carries the SavedQuery chosen; `save_wanted` when the form is to be kept; `said` a sentence."""

    loaded = Signal(object)
    save_wanted = Signal()
    said = Signal(str)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.setToolTipsVisible(True)
        self._own = QMenu("&Remove a query", self)
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """Read the files again: they may have been changed by hand."""
        self.clear()
        self._own.clear()
        queries = self._workspace.queries()
        own = [q for q in queries if not q.shipped]
        self._section("Your queries", own)
        self._section("To start from", [q for q in queries if q.shipped])
        self.addSeparator()
        self.addAction("&Save this query…", self.save_wanted.emit)
        if own:
            for query in own:
                self._own.addAction(query.title.replace("&", "&&"), partial(self._remove, query))
            self.addMenu(self._own)

    def _section(self, title: str, queries: list[SavedQuery]) -> None:
        if not queries:
            return
        self.addSection(title)
        for query in queries:
            action = self.addAction(query.title.replace("&", "&&"), partial(self.loaded.emit, query))
            action.setToolTip(", ".join(f"{path} = {value}" for path, value in query.keys if value))

    def ask_title(self, query: SavedQuery, parent: QWidget) -> TitleDialog:
        """Ask under which title to keep a query, and keep it."""
        taken = frozenset(q.title.lower() for q in self._workspace.queries() if not q.shipped)
        dialog = TitleDialog(query.title, taken, parent)
        dialog.chosen.connect(partial(self._save, query))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        return dialog

    def _save(self, query: SavedQuery, title: str) -> None:
        try:
            kept = self._workspace.save_query(replace(query, title=title))
        except (OSError, WorkspaceError) as error:
            self.said.emit(f"Not saved: {error}")
            return
        self.said.emit(f"Saved as {kept.path}")

    def _remove(self, query: SavedQuery) -> None:
        try:
            self._workspace.delete_query(query)
        except OSError as error:
            self.said.emit(f"Not removed: {error.strerror or error}")
