"""Storing many files: gathered, planned, looked at, sent, and the rest sent again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from engine.model.commands import PlanStore, StoreFiles
from engine.model.notices import Notice, StatusNotice, StoredNotice, StorePlanNotice
from engine.model.storing import FileState, StoreOptions, StorePlan
from engine.trace.store_text import plan_summary
from gui.dropping import TakesFiles
from gui.forms.header import icon_button, text_button
from gui.models.store_rows import SHOWN, StoreModel, matcher
from gui.models.tables import PlainTable
from gui.services_host import Runnable, ServicesHost
from gui.theme import SPACING

from .service_page import ServicePage
from .store_options import StoreOptionsDialog, told

ANY_FILES = "All files (*);;DICOM files (*.dcm *.dicom *.ima DICOMDIR)"
_EMPTY = (
    "Drop files, folders or a DICOMDIR here, or <a href='files'>add files</a>, <a href='folder'>add a folder</a>."
    "<br>They are looked at and planned; nothing is sent before you press Store."
)


class StorePage(TakesFiles, ServicePage):
    """Files to store as a table that shows the plan before, and what became of each after."""

    verb = "S&tore"

    def __init__(self, host: ServicesHost, parent: QWidget | None = None) -> None:
        super().__init__(host, parent)
        self.plan = StorePlan()
        self.options = StoreOptions()
        self._paths: tuple[Path, ...] = ()
        self._planning = False
        self._again = False
        """Whether more was added while the plan was being made."""
        self._only: frozenset[int] | None = None
        self.setAcceptDrops(True)
        self._make_sources()
        self.summary = QLabel(self)
        self.summary.setWordWrap(True)
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self.chosen = QLabel(self)
        self.chosen.setWordWrap(True)
        self.chosen.setProperty("role", "muted")
        self.chosen.hide()
        self.body.addWidget(self.summary)
        self.body.addWidget(self.chosen)
        self.finish_layout(self._make_table())
        self._show_plan()

    def _make_sources(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(SPACING.small)
        self.files_button = text_button("Fi&les…", self.ask_files, self, tip="Add DICOM files, or a DICOMDIR")
        self.folder_button = text_button("F&older…", self.ask_folder, self, tip="Add all files below it")
        self.ask_button = text_button(
            "As&k the peer", self.ask_peer, self, tip="Negotiate the planned associations, send nothing, release them"
        )
        self.options_button = icon_button("settings", "How to store …", self.ask_options, self)
        self.clear_button = icon_button("delete", "Take all files out of the plan", self.clear, self)
        for button in (self.files_button, self.folder_button):
            row.addWidget(button)
        row.addStretch(1)
        for tool in (self.ask_button, self.options_button, self.clear_button):
            row.addWidget(tool)
        self.body.addLayout(row)

    def _make_table(self) -> QWidget:
        self.retry_button = text_button("Store the &rest", self.retry, self, tip="Send again what is not stored")
        self.retry_button.hide()
        self.filter_line = QLineEdit(self)
        self.filter_line.setPlaceholderText("Filter by path, SOP class, remark …")
        self.filter_line.setAccessibleName("Filter files")
        self.filter_line.setClearButtonEnabled(True)
        self.filter_line.textChanged.connect(self._filter)
        self.shown = QComboBox(self)
        self.shown.setAccessibleName("Files shown")
        self.shown.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.shown.setMinimumContentsLength(9)
        for title, _ in SHOWN:
            self.shown.addItem(title)
        self.shown.activated.connect(self._filter)
        self.model = StoreModel(self)
        self.table = PlainTable(self.model, self, name="Files to store")
        self.table.setMinimumHeight(160)
        self.table.set_empty(_EMPTY)
        self.table.empty.link.connect(self._follow)
        only = QAction("Store &only the selected", self.table)
        only.triggered.connect(self.store_selected)
        self.table.addAction(only)
        row = QHBoxLayout()
        row.setSpacing(SPACING.small)
        row.addWidget(self.filter_line, 1)
        row.addWidget(self.shown)
        row.addWidget(self.retry_button)
        below = QWidget(self)
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.normal)
        column.addLayout(row)
        column.addWidget(self.table, 1)
        return below

    # -- gathering ----------------------------------------------------------------------------------------------

    def ask_files(self) -> None:
        self.host.questions.open_files(self.window(), "Files to store", ANY_FILES, self.add_paths)

    def ask_folder(self) -> None:
        self.host.questions.open_folder(self.window(), "Folder to store", self.add_paths)

    def add_paths(self, paths: tuple[Path, ...]) -> None:
        """Files and folders, looked at beside what is there."""
        self._paths = tuple(dict.fromkeys((*self._paths, *paths)))
        self._plan_anew(None)

    def clear(self) -> None:
        """Forget all files; what is under way goes on."""
        if not self.running:
            self._paths, self.plan = (), StorePlan()
            self.model.clear()
            self.run_bar.forget()
            self._show_plan()

    def ask_options(self) -> None:
        dialog = StoreOptionsDialog(self.options, self.window())
        dialog.saved.connect(self._set_options)
        dialog.open()

    def _set_options(self, options: object) -> None:
        if not isinstance(options, StoreOptions) or options == self.options:
            return
        looked_for = options.duplicates == self.options.duplicates
        self.options = options
        self.chosen.setText(told(options))
        self.chosen.setVisible(bool(told(options)))
        if self._paths:
            self._plan_anew(self.plan if looked_for else None)

    def _plan_anew(self, plan: StorePlan | None) -> None:
        """Plan the files, or those of a plan there is; once more when something is under way."""
        if self.running:
            self._again = True
            return
        self._again, self._planning = False, True
        self.submit(PlanStore(operation=0, paths=self._paths, options=self.options, plan=plan))

    def ask_peer(self) -> None:
        """Negotiate the plan's associations and show what the peer does not take."""
        if not self.running and not self.problem():
            self._planning = True
            command = PlanStore(
                operation=0, paths=(), options=self.options, plan=self.plan, proposal=self.host.proposal()
            )
            self.submit(command)

    # -- sending ------------------------------------------------------------------------------------------------

    def problem(self) -> str:
        if not self._paths:
            return "Add files first."
        if not self.running and not self.plan.sending:
            return "None of the files can go."
        return super().problem()

    def command(self) -> Runnable | None:
        self._planning = False
        return StoreFiles(
            operation=0,
            association=0,
            proposal=self.host.proposal(),
            options=self.options,
            plan=self.plan,
            only=self._only,
        )

    def start(self) -> None:
        self._only = None
        super().start()

    def retry(self) -> None:
        """Send again what is not stored."""
        self._store_some(self.model.unfinished())

    def store_selected(self) -> None:
        """Send the selected files that can go."""
        rows = (self.model.record(n) for n in self.table.selected_rows())
        self._store_some(frozenset(r.file.number for r in rows if r.file.state is FileState.PLANNED))

    def _store_some(self, numbers: frozenset[int]) -> None:
        if numbers and not self.problem():
            self._only = numbers
            super().start()

    # -- what came ----------------------------------------------------------------------------------------------

    def begun(self) -> None:
        self.retry_button.hide()
        self._allow()

    def take(self, notices: tuple[Notice, ...]) -> None:
        for notice in notices:
            if isinstance(notice, StorePlanNotice) and notice.operation == self.operation:
                self.plan = notice.plan if notice.only is None else replace(self.plan, files=notice.plan.files)
                self.model.set_plan(notice.plan, notice.only)
                self._show_plan()
            elif isinstance(notice, StoredNotice) and notice.operation == self.operation:
                self.model.take(notice.results)

    def ended(self, status: StatusNotice) -> None:
        if self._planning:
            self.run_bar.forget()
        else:
            # The table has each file's own reason; what ended it all is said here.
            counts = status.sentence.split(". ", 1)[0].rstrip(".")
            cut_off = (FileState.NOT_SENT, FileState.UNKNOWN)
            why = next((f" {r.remark}" for r in self.model.records if r.state in cut_off), "")
            self.run_bar.show_end(replace(status, sentence=f"{counts}.{why}"))
        self._planning = False
        self.retry_button.setVisible(bool(status.unfinished and self.model.unfinished()))
        if self.shown.currentIndex() > 0:
            self._filter()  # rows stay where they are while their state changes; now they may go
        self.refresh()
        if self._again:
            self._plan_anew(None)

    def refresh(self) -> None:
        super().refresh()
        self._allow()

    def _allow(self) -> None:
        """Grey what cannot be done now."""
        if not hasattr(self, "retry_button"):
            return  # the base asks while the page is being made
        resting = not self.running
        self.clear_button.setEnabled(resting and bool(self._paths))
        self.ask_button.setEnabled(resting and not self.problem())
        self.retry_button.setEnabled(resting and not self.problem())

    def _show_plan(self) -> None:
        has = bool(self.plan.files)
        self.summary.setText(plan_summary(self.plan) if has else "")
        self.summary.setVisible(has)
        self.filter_line.setVisible(has)
        self.shown.setVisible(has)
        going = self.plan.sending
        self.run_bar.set_verb(f"S&tore {going:,} file{'' if going == 1 else 's'}" if going else "S&tore")
        self.refresh()

    def _filter(self, *_changed: object) -> None:
        words, wanted = self.filter_line.text().strip(), SHOWN[max(0, self.shown.currentIndex())][1]
        narrow = bool(words) or self.shown.currentIndex() > 0
        self.model.set_filter(matcher(words, wanted) if narrow else None)
        self.table.set_empty("No file fits the filter." if self.plan.files else _EMPTY)

    def _follow(self, link: str) -> None:
        (self.ask_files if link == "files" else self.ask_folder)()
