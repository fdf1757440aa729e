"""The menu of queries kept as files: load one, keep the form as one, remove one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from engine.workspace.errors import WorkspaceError
from engine.workspace.saved_queries import SavedQuery
from engine.workspace.workspace import Workspace
from gui.dialogs import Questions, top_window
from gui.forms.title_dialog import TitleDialog
from gui.tips import plain_tip


class QueryMenu(QMenu):
    """`loaded` carries the SavedQuery chosen; `save_wanted` when the form is to be kept; `said` a sentence."""

    loaded = Signal(object)
    save_wanted = Signal()
    said = Signal(str)

    def __init__(self, workspace: Workspace, questions: Questions, parent: QWidget) -> None:
        super().__init__(parent)
        self._workspace, self._questions, self._page = workspace, questions, parent
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
                self._own.addAction(f"{query.title.replace('&', '&&')}…", partial(self._ask_remove, query))
            self.addMenu(self._own)

    def _section(self, title: str, queries: list[SavedQuery]) -> None:
        if not queries:
            return
        self.addSection(title)
        for query in queries:
            action = self.addAction(query.title.replace("&", "&&"), partial(self.loaded.emit, query))
            action.setToolTip(plain_tip(", ".join(f"{path} = {value}" for path, value in query.keys if value)))

    def ask_title(self, query: SavedQuery, parent: QWidget) -> TitleDialog:
        """Ask under which title to keep a query, and keep it."""
        taken = frozenset(q.title.lower() for q in self._workspace.queries() if not q.shipped)
        dialog = TitleDialog("query", query.title, taken, parent)
        dialog.chosen.connect(partial(self._save, query))
        dialog.open()
        return dialog

    def _save(self, query: SavedQuery, title: str) -> None:
        try:
            kept = self._workspace.save_query(replace(query, title=title))
        except (OSError, WorkspaceError) as error:
            self.said.emit(f"Not saved: {error}")
            return
        self.said.emit(f"Saved as {kept.path}")

    def _ask_remove(self, query: SavedQuery) -> None:
        text = f"Remove the query {query.title}? Its file in the workspace is deleted."
        self._questions.ask(top_window(self._page), "Remove query", text, "Remove", partial(self._remove, query))

    def _remove(self, query: SavedQuery) -> None:
        try:
            self._workspace.delete_query(query)
        except OSError as error:
            self.said.emit(f"The query is not removed: {error.strerror or error}.")
