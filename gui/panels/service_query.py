"""Query and retrieve: ask in any information model, go down level by level, have the selected matches sent here or
elsewhere (PS3.4 C, K, Q, U, V, X, Y, Z, BB, CC, HH, II, JJ)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from engine.model.commands import Retrieve
from engine.model.dataset import DataSet
from engine.model.notice_words import commented
from engine.model.notices import Notice, StatusNotice
from engine.standard.lean import dataclass
from engine.standard.ports import REGISTERED
from engine.standard.status import status_text
from engine.workspace.errors import ValueProblem
from engine.workspace.query_models import model_of
from engine.workspace.retrieve_requests import below, describe, identifiers, keys_below, known_classes, ways
from engine.workspace.saved_queries import SavedQuery
from gui.forms.query_form import QueryForm
from gui.forms.trail import Trail
from gui.models.retrievals import Retrievals
from gui.services_host import Runnable, ServicesHost
from gui.sound import sound

from .query_head import QueryHead
from .query_menu import QueryMenu
from .query_results import NOT_ASKED, QueryResults
from .service_page import NOTHING_CAME, ServicePage

DEFAULT_PORT = REGISTERED
NARROW = 480
"""Pixels of width below which the filter gives room to the tabs."""
_KEPT = "services/query"
_NONE = "The peer has no match.<br>Fewer or shorter values, or * at their end, match more."
_PLURAL = {"PATIENT": "Patients", "STUDY": "Studies", "SERIES": "Series", "IMAGE": "Images"}


@dataclass(frozen=True, slots=True)
class Step:
    """A query above the one shown, to go back to. row: of the match that was gone into."""

    query: SavedQuery
    identifier: DataSet | None
    matches: tuple[DataSet, ...]
    row: int
    words: str


class QueryPage(ServicePage):
    """Form above, matches and what was retrieved below."""

    verb = "F&ind"

    def __init__(self, host: ServicesHost, parent: QWidget | None = None) -> None:
        super().__init__(host, parent)
        self._asked: DataSet | None = None
        self._asked_level = ""
        self._steps: list[Step] = []
        self._retrievals = Retrievals()
        self._retrieving = False
        self.menu = QueryMenu(host.workspace, host.questions, self)
        self.menu.loaded.connect(self.load)
        self.menu.save_wanted.connect(self.save)
        self.menu.said.connect(self._tell)
        self.head = QueryHead(self.menu, self)
        self.head.model_chosen.connect(self._model_chosen)
        self.head.level_chosen.connect(self._level_chosen)
        self.body.addWidget(self.head)
        self.trail = Trail(self)
        self.trail.back.connect(self.go_back)
        self.body.addWidget(self.trail)
        self.form = QueryForm(self)
        self.form.run_wanted.connect(self.start)
        self.form.edited.connect(self._keep)
        self.body.addWidget(self.form)
        self.tabs = QueryResults(host, self)
        self.matches, self.inbound, self.retrieve_bar = self.tabs.matches, self.tabs.inbound, self.tabs.retrieve_bar
        self.matches.selection_changed.connect(self._selected)
        self.tabs.down_button.clicked.connect(self.go_down)
        self.retrieve_bar.retrieve_wanted.connect(self.retrieve)
        self.retrieve_bar.changed.connect(self._goal_changed)
        self.retrieve_bar.failed.connect(self._failed)
        self.finish_layout(self.tabs)
        for keys, slot in (("Ctrl+G", self.retrieve), ("Alt+Right", self.go_down), ("Alt+Left", self.go_up)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)
        self._restore()

    # -- the model and the level --------------------------------------------------------------------------------

    def set_model(self, sop_class_uid: str, level: str = "") -> None:
        """Ask in this model; the way down begins anew."""
        if not self.head.knows(sop_class_uid):
            return
        self.head.show_model(sop_class_uid, level)
        self.form.start(sop_class_uid, self.head.chosen_level)
        self._begin_anew()

    def load(self, query: SavedQuery) -> None:
        """A saved query with its model and level."""
        self.set_model(query.sop_class_uid, query.level)
        self.form.load(query)
        self._keep()
        self.form.first_field().setFocus()

    def save(self) -> None:
        """Keep the form as a query of the workspace."""
        model = model_of(self.form.sop_class_uid)
        title = f"{model.title if model else 'Query'} {self.form.level.lower()}".strip()
        self.menu.ask_title(self.form.saved(title), self.window())

    def _model_chosen(self) -> None:
        self.set_model(self.head.chosen_model, self.form.level)
        self._keep()

    def _level_chosen(self) -> None:
        self.form.start(self.form.sop_class_uid, self.head.chosen_level)
        self._begin_anew()
        self._keep()

    def _begin_anew(self) -> None:
        """Another question: matches of the last one are about something else."""
        self._steps.clear()
        self._show_trail()
        self._asked = None
        self.matches.start(self.form.sop_class_uid, self.form.identifier())
        self.matches.set_empty(NOT_ASKED)
        if not self.running:
            self.run_bar.forget()
        self._allow()

    # -- finding ------------------------------------------------------------------------------------------------

    def command(self) -> Runnable | None:
        limit = self.head.cancel_after()
        if limit is not None and limit < 1:
            self.head.limit.setFocus()
            return None
        self._retrieving = False
        self._asked = self.form.identifier()
        return Retrieve(
            operation=0,
            association=0,
            proposal=self.host.proposal(),
            service="C-FIND",
            sop_class_uid=self.form.sop_class_uid,
            identifier=self._asked,
            cancel_after=limit,
        )

    def begun(self) -> None:
        if self._retrieving:
            return
        self._asked_level = self.form.level
        self.matches.start(self.form.sop_class_uid, self._asked)
        self.matches.set_empty("")
        self.tabs.setCurrentIndex(0)
        self._allow()

    def take(self, notices: tuple[Notice, ...]) -> None:
        if self.operation is None:
            return
        if self._retrieving:
            self.tabs.take_inbound(notices, self.operation)
        else:
            self.matches.take(notices, self.operation)

    def ended(self, status: StatusNotice) -> None:
        self._show_results()
        if self._retrieving:
            self._retrieved(status)
        else:
            self.matches.finish()
            number = self.matches.total
            self._say_end(status, f"{number:,} {'match' if number == 1 else 'matches'}")
            self.matches.set_empty(_NONE if status.status is not None else NOTHING_CAME)
            focus = QApplication.focusWidget()
            if self.matches.total and isinstance(focus, QWidget) and self.form.isAncestorOf(focus):
                self.matches.table.setFocus()
        self._allow()

    def _show_results(self) -> None:
        """Where height is short, what came is scrolled to."""
        parent = self.parentWidget()
        area = parent.parentWidget() if parent is not None else None
        if isinstance(area, QScrollArea):
            area.ensureWidgetVisible(self.tabs, 0, 0)

    def _say_end(self, status: StatusNotice, first: str) -> None:
        """How an operation ended, without the model's name, which stands above."""
        if status.status is None:
            return
        words = status_text(status.status, status.service, status.sop_class_uid)
        self.run_bar.show_end(replace(status, sentence=f"{first} · {words}{commented(status.error_comment)}."))

    # -- level by level -----------------------------------------------------------------------------------------

    def go_down(self) -> None:
        """Ask for what is below the current match."""
        match, uid, level = self.matches.current(), self.form.sop_class_uid, self._asked_level
        lower = below(uid, level)
        if match is None or not lower or self.running:
            return
        words = describe(level, match)
        row = self.matches.table.currentIndex().row()
        self._steps.append(Step(self.form.saved(""), self._asked, tuple(self.matches.matches()), row, words))
        keys = keys_below(uid, level, match, self._asked)
        self.head.show_level(lower)
        self.form.start(uid, lower)
        for path, value in keys.items():
            self.form.set_value(path, value)
        self._show_trail()
        self.start()

    def go_up(self) -> None:
        if self._steps:
            self.go_back(len(self._steps) - 1)

    def go_back(self, place: int) -> None:
        """To the matches of a query above, as they were."""
        if self.running or not 0 <= place < len(self._steps):
            return
        step = self._steps[place]
        del self._steps[place:]
        self.head.show_level(step.query.level)
        self.form.load(step.query)
        self._asked, self._asked_level = step.identifier, step.query.level
        self.matches.show_all(step.matches, step.query.sop_class_uid, step.identifier)
        self.matches.table.selectRow(max(0, step.row))
        self.matches.table.setFocus()
        self._show_trail()
        self.run_bar.forget()
        self._allow()

    def _show_trail(self) -> None:
        words = [f"{_PLURAL.get(s.query.level, s.query.level)}: {s.words}" for s in self._steps]
        self.trail.show_steps(words, _PLURAL.get(self.form.level, self.form.level) if self._steps else "")

    # -- retrieving ---------------------------------------------------------------------------------------------

    def retrieve(self) -> None:
        """The selected matches, by the way chosen."""
        goal, bar = self.retrieve_bar.goal, self.retrieve_bar
        if goal is None or self.running or self._retrieve_problem():
            return
        chosen = self.matches.selected()
        try:
            asked = identifiers(goal.way.sop_class_uid, self._asked_level, chosen, self._asked)
        except ValueProblem as problem:
            self._tell(f"Not retrieved: {problem.reason}.")
            return
        title, port = self._ours()
        move = goal.way.service == "C-MOVE"
        base = Retrieve(
            operation=0,
            association=0,
            proposal=self.host.proposal(),
            service=goal.way.service,
            sop_class_uid=goal.way.sop_class_uid,
            identifier=asked[0],
            move_destination=("" if not move else title if goal.here else bar.destination()),
            listen_port=port if move and goal.here else None,
            folder=bar.folder if goal.here else None,
            sop_classes=known_classes(chosen) if not move else (),
        )
        self._retrievals = Retrievals(replace(base, identifier=identifier) for identifier in asked)
        self.tabs.start_inbound("" if goal.here else bar.destination())
        self._next()

    def _next(self) -> None:
        self._retrieving = True
        self.submit(self._retrievals.next())
        self._allow()

    def _retrieved(self, status: StatusNotice) -> None:
        """One of the retrievals ended: the next, or the verdict over all."""
        self._say_end(status, status.service)
        if self._retrievals.ended(status):
            self._next()
            return
        words, role = self._retrievals.verdict()
        if words:
            self.run_bar.show_verdict(words, role, role)

    def _ours(self) -> tuple[str, int]:
        """Our AE title and port for a C-MOVE: the built-in peer's where it runs."""
        listener = self.host.session.listener
        if listener.listening:
            return listener.ae_title, listener.port
        return self.host.proposal().local.ae_title, listener.port or DEFAULT_PORT

    def _retrieve_problem(self) -> str:
        if self.problem():
            return self.problem()
        if self.running:
            return "Wait for what runs."
        if self.retrieve_bar.goal is None:
            return "What this model finds is not retrieved."
        if not self.matches.table.selected_rows():
            return "Select matches first."
        return self.retrieve_bar.title_error() or ""

    # -- what can be done ---------------------------------------------------------------------------------------

    def refresh(self) -> None:
        super().refresh()
        self._allow()

    def _selected(self) -> None:
        self._allow()

    def _goal_changed(self) -> None:
        self._keep()
        self._allow()

    def _allow(self) -> None:
        """Show and grey what goes with the matches."""
        if not hasattr(self, "tabs"):
            return  # the base asks while the page is being made
        level = self._asked_level or self.form.level
        self.retrieve_bar.set_ways(ways(self.form.sop_class_uid, level))
        self.retrieve_bar.setVisible(self.retrieve_bar.goal is not None)
        self.retrieve_bar.set_problem(self._retrieve_problem())
        lower = below(self.form.sop_class_uid, level)
        self.tabs.down_button.setVisible(bool(lower) and self.matches.total > 0)
        self.tabs.down_button.setText(f"{_PLURAL.get(lower, lower)} ›")
        self.tabs.down_button.setEnabled(not self.running and len(self.matches.table.selected_rows()) == 1)

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.matches.filter.setMaximumWidth(70 if self.width() < NARROW else 130)

    def first_focus(self) -> QWidget:
        return self.form.first_field()

    def _failed(self, sentence: str) -> None:
        self.host.say(sentence, "failure")

    def _tell(self, sentence: str) -> None:
        self.host.say(sentence, "text")

    # -- remembered ---------------------------------------------------------------------------------------------

    def _keep(self) -> None:
        store, goal = self.host.store, self.retrieve_bar.goal
        store.setValue(f"{_KEPT}/model", self.form.sop_class_uid)
        store.setValue(f"{_KEPT}/level", self.form.level)
        store.setValue(f"{_KEPT}/folder", str(self.retrieve_bar.folder))
        store.setValue(f"{_KEPT}/destination", self.retrieve_bar.destination())
        if goal is not None:
            store.setValue(f"{_KEPT}/way", goal.words)

    def _restore(self) -> None:
        store = self.host.store
        first = self.head.chosen_model
        model, level = str(store.value(f"{_KEPT}/model", first)), str(store.value(f"{_KEPT}/level", ""))
        self.set_model(model if self.head.knows(model) else first, level)
        self.retrieve_bar.choose(str(store.value(f"{_KEPT}/way", "")))
        self.retrieve_bar.title.setText(str(store.value(f"{_KEPT}/destination", "")))
        folder = str(store.value(f"{_KEPT}/folder", ""))
        if folder:
            self.retrieve_bar.set_folder(Path(folder))
