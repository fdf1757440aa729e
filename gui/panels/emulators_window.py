"""What the built-in peer is and holds: its emulators to switch, their objects to see and edit, who calls it."""

from __future__ import annotations

import uuid
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QHideEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.model.dataset import DataSet, FileData
from engine.model.objects import FILMS, FROM_FILE, NORMALIZED, STORED, WORKLIST_ITEMS, HeldObject
from engine.standard.performed_steps import MPPS
from engine.standard.ups import UPS_PUSH
from engine.trace.pictures import PreviewError, thumbnail_of
from engine.workspace.messages import template
from engine.workspace.worklist import worklist_keys
from gui.dialogs import Questions, give_size
from gui.forms.dataset_editor import DataSetEditor
from gui.forms.film_picture import LONGEST, FilmPicture
from gui.forms.header import OneLine, text_button
from gui.models import redacted_rows
from gui.models.dataset_model import DataSetModel
from gui.models.held_objects import COLUMNS, EmulatorLine, HeldObjects, what
from gui.models.rows import Column, RowTableModel
from gui.models.tables import CellDelegate, PlainTable
from gui.records import AssociationRecord
from gui.redacted import CopyKeys
from gui.session import Session
from gui.sound import sound
from gui.theme import SPACING, theme

CLIENTS = "clients"
_CLIENTS_SUMMARY = "Associations that others have opened with the built-in peer."
_NAME = int(Qt.ItemDataRole.UserRole)
_OFF = "It is switched off: its SOP classes are not accepted, and refused where they were. What it holds stays."
_STOPPED = "The built-in peer does not run. <b>Built-in peer > Start</b> starts it."
_EDITABLE = (NORMALIZED, WORKLIST_ITEMS)
MAKES = {"worklist": (WORKLIST_ITEMS, ""), "mpps": (NORMALIZED, MPPS), "ups": (NORMALIZED, UPS_PUSH)}
"""Emulators whose objects can be made here: shelf and SOP class."""


def _accepted(record: AssociationRecord) -> str:
    if record.negotiated is None:
        return ""
    contexts = record.negotiated.contexts
    return f"{sum(c.accepted for c in contexts)} of {len(contexts)}"


_CLIENT_COLUMNS: tuple[Column[AssociationRecord], ...] = (
    Column("Calling AE", lambda r: r.peer.ae_title or r.peer.host, sample="ACQUISITION_1", weight=2),
    Column("Address", lambda r: f"{r.peer.host}:{r.peer.port}", sample="127.0.0.1:54321", weight=2),
    Column("State", lambda r: r.phase.value, sample="established", weight=1),
    Column("Contexts", _accepted, sample="12 of 12", weight=1),
)


class EmulatorsWindow(QDialog):
    """A window of its own that stays open beside the main one.

    `switched` carries the names of the emulators now on; `keep_wanted`: what it holds is to outlive it.
    """

    switched = Signal(object)
    keep_wanted = Signal()

    def __init__(self, session: Session, questions: Questions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Built-in peer: emulators and objects")
        self._session, self._questions = session, questions
        self.objects = HeldObjects(session, self)
        self._shown: HeldObject | None = None
        self._filling = False
        self._build_list()
        left = self._left()  # before the right: Tab goes as they are made
        self._build_right()
        splitter = QSplitter(self)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(left)
        splitter.addWidget(self.right)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([288, 696])
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING.panel, SPACING.panel, SPACING.panel, SPACING.panel)
        column.addWidget(splitter)
        give_size(self, 1000, 660)
        CopyKeys(self)
        self.objects.changed.connect(self._fill)
        session.association_changed.connect(self._clients_changed)
        self._fill()
        self.show_emulator("worklist")

    # -- building

    def _build_list(self) -> None:
        self.list = QTreeWidget(self)
        self.list.setAccessibleName("Emulators")
        self.list.setColumnCount(2)
        self.list.setHeaderLabels(["Emulator", "Objects"])
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setItemDelegate(CellDelegate(self.list))
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.setMinimumWidth(240)
        for line in self.objects.lines():
            item = QTreeWidgetItem([line.title, ""])
            item.setData(0, _NAME, line.name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(0, Qt.CheckState.Checked)
            item.setToolTip(0, line.summary)
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.list.addTopLevelItem(item)
        clients = QTreeWidgetItem(["Clients", ""])
        self._client_item = clients
        clients.setData(0, _NAME, CLIENTS)
        clients.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.list.addTopLevelItem(clients)
        self.list.setIconSize(QSize(SPACING.icon, SPACING.icon))
        self.list.headerItem().setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._dress()
        theme().changed.connect(self._dress)
        self.list.currentItemChanged.connect(self._chosen)
        self.list.itemChanged.connect(self._switched)

    def _left(self) -> QWidget:
        """The list, and below it where all of it is kept."""
        self.place = OneLine(self)
        self.place.setProperty("role", "muted")
        self.keep_button = text_button("&Keep in the workspace", self.keep_wanted.emit, self, icon="save")
        self.keep_button.setToolTip("In a folder with a database: it survives the end of the program, however it ends")
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, SPACING.normal, 0)
        column.setSpacing(SPACING.normal)
        column.addWidget(self.list, 1)
        column.addWidget(self.place)
        column.addWidget(self.keep_button)
        self.set_place(None)
        return left

    def set_place(self, folder: Path | None) -> None:
        """Where the built-in peer keeps what it holds; None: in memory."""
        self.place.say(f"Kept in {folder}" if folder else "In memory: gone when it stops.")
        self.keep_button.setVisible(folder is None)

    def _dress(self) -> None:
        self._client_item.setIcon(0, theme().icon("peer"))
        self._filling = True
        self._colour()
        self._filling = False

    def _colour(self) -> None:
        """Those that are off, or could not answer, are quieter."""
        on = {line.name for line in self.objects.lines() if line.on and self.objects.listening}
        for row in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(row)
            if item is not None and item is not self._client_item:
                item.setForeground(0, theme().color("text" if item.data(0, _NAME) in on else "muted"))

    def _build_right(self) -> None:
        self.title, self.summary = QLabel(self), QLabel(self)
        self.title.setProperty("role", "title")
        self.summary.setProperty("role", "muted")
        self.summary.setWordWrap(True)
        self.rows: RowTableModel[HeldObject] = RowTableModel(COLUMNS, self, redact=redacted_rows.held_object)
        self.clients: RowTableModel[AssociationRecord] = RowTableModel(
            _CLIENT_COLUMNS, self, redact=redacted_rows.client
        )
        self.table = PlainTable(self.rows, self, name="Objects")
        self.table.chosen.connect(self._object_chosen)
        self.model = DataSetModel(self)
        self.model.changed.connect(self._judge)
        self.editor = DataSetEditor(self.model, self)
        self.picture = FilmPicture(self)
        below = QSplitter(self)
        below.setChildrenCollapsible(False)
        below.addWidget(self.picture)
        below.addWidget(self.editor)
        below.setSizes([320, 360])
        self.below = below
        self.new_button = text_button("&New", self.make, self, icon="add")
        self.save_button = text_button("&Save changes", self.save, self, icon="save")
        self.save_button.setShortcut(QKeySequence("Ctrl+S"))
        self.revert_button = text_button("&Revert", self._revert, self, icon="undo")
        self.delete_button = text_button("&Delete", self.delete, self, icon="delete")
        self.note = QLabel(self)
        self.note.setProperty("role", "muted")
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACING.normal)
        for button in (self.new_button, self.save_button, self.revert_button, self.delete_button):
            buttons.addWidget(button)
        buttons.addWidget(self.note, 1)
        halves = QSplitter(Qt.Orientation.Vertical, self)
        halves.setChildrenCollapsible(False)
        halves.addWidget(self.table)
        halves.addWidget(below)
        halves.setSizes([232, 308])
        self.right = QWidget(self)
        column = QVBoxLayout(self.right)
        column.setContentsMargins(SPACING.normal, 0, 0, 0)
        column.setSpacing(SPACING.normal)
        column.addWidget(self.title)
        column.addWidget(self.summary)
        column.addWidget(halves, 1)
        column.addLayout(buttons)

    # -- what is shown

    @property
    def emulator(self) -> str:
        """The name of the one chosen, or `CLIENTS`."""
        item = self.list.currentItem()
        return str(item.data(0, _NAME)) if item is not None else ""

    def show_emulator(self, name: str) -> None:
        for row in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(row)
            if item is not None and item.data(0, _NAME) == name:
                self.list.setCurrentItem(item)

    @property
    def edited(self) -> bool:
        """The object shown was changed here and not saved."""
        return self._shown is not None and self.model.data_set != self._shown.attributes

    def _fill(self) -> None:
        lines = {line.name: line for line in self.objects.lines()}
        self._filling = True
        for row in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(row)
            assert item is not None
            line = lines.get(str(item.data(0, _NAME)))
            if line is None:
                item.setText(1, _count(sum(not r.finished for r in self._session.clients())))
                continue
            item.setCheckState(0, Qt.CheckState.Checked if line.on else Qt.CheckState.Unchecked)
            item.setText(1, _count(line.count))
        self._colour()
        self._filling = False
        self._fill_objects(lines.get(self.emulator))

    def _fill_objects(self, line: EmulatorLine | None) -> None:
        if line is None:
            self.title.setText("Clients")
            self.summary.setText(_CLIENTS_SUMMARY)
            self.clients.set_records(reversed(self._session.clients()))
            self.table.set_empty("Nobody has called yet." if self.objects.listening else _STOPPED)
        else:
            self.title.setText(line.title)
            self.summary.setText(line.summary if line.on else f"{line.summary} {_OFF}")
            self._refill(self.objects.of(line.name))
            self.table.set_empty(_empty(line) if self.objects.listening else _STOPPED)
        self.below.setVisible(line is not None)
        self._judge()

    def _refill(self, records: list[HeldObject]) -> None:
        """Newest first, the one chosen stays chosen."""
        chosen = self._place()
        records.reverse()
        if list(self.rows.records) != records:
            self.rows.set_records(records)
        places = [(held.shelf, held.key) for held in records]
        if chosen in places:
            row = places.index(chosen)
            self.table.selectRow(row)
            if not self.edited or records[row].attributes == self.model.data_set:
                self._show(records[row])
            elif records[row] is not self._shown:
                self.note.setText("A peer has changed it meanwhile; Save changes puts yours in its place.")
        elif records:
            self.table.selectRow(0)
        else:
            self._show(None)

    def _place(self) -> tuple[str, str] | None:
        return (self._shown.shelf, self._shown.key) if self._shown is not None else None

    def _chosen(self) -> None:
        is_clients = self.emulator == CLIENTS
        self.table.set_rows(self.clients if is_clients else self.rows)
        self._show(None)
        self._fill()

    def _object_chosen(self, record: object) -> None:
        if isinstance(record, HeldObject) and (record.shelf, record.key) != self._place():
            self._show(record)

    def _show(self, held: HeldObject | None) -> None:
        if held is not None and held is self._shown:
            return
        self._shown = held
        self.note.setText("")
        self.model.read_only = held is None or not _editable(held)
        self.model.load(held.attributes if held is not None else DataSet())
        self.editor.set_read_only(self.model.read_only)
        if held is not None and held.key.startswith(FROM_FILE):
            self.note.setText("It is a file of the worklist folder: edit it there.")
        self._show_picture(held)
        self._judge()

    def _show_picture(self, held: HeldObject | None) -> None:
        has_file = held is not None and held.shelf == STORED and isinstance(held.data, FileData)
        self.picture.setVisible(has_file or (held is not None and held.shelf == FILMS))
        if held is not None and held.shelf == FILMS:
            self.picture.show_film(held.attributes)
        elif held is not None and isinstance(held.data, FileData) and has_file:
            try:
                self.picture.show_picture(thumbnail_of(held.data.path, 1, LONGEST, color=True))
            except PreviewError as error:
                self.picture.show_picture(None, str(error))

    def _judge(self) -> None:
        running = self.objects.listening
        self.new_button.setVisible(self.emulator in MAKES)
        self.new_button.setEnabled(running)
        editable = self._shown is not None and _editable(self._shown)
        for button in (self.save_button, self.revert_button):
            button.setVisible(editable)
            button.setEnabled(running and self.edited)
        self.delete_button.setVisible(self.emulator != CLIENTS)
        self.delete_button.setEnabled(running and self._shown is not None)

    # -- what the user does

    def _switched(self, item: QTreeWidgetItem, _column: int) -> None:
        if not self._filling and item.data(0, _NAME) != CLIENTS:
            name, on = str(item.data(0, _NAME)), item.checkState(0) is Qt.CheckState.Checked
            self.objects.switch(name, on)
            self.switched.emit(self.objects.on | {name} if on else self.objects.on - {name})

    def make(self) -> None:
        """A new object to fill in, there at once."""
        shelf, sop_class = MAKES[self.emulator]
        made = worklist_keys() if shelf == WORKLIST_ITEMS else template("N-CREATE-RQ", sop_class).data
        key = f"2.25.{uuid.uuid4().int}"
        attributes = made if isinstance(made, DataSet) else DataSet()
        self._shown = HeldObject(
            shelf=shelf, key=key, sop_class_uid=sop_class, sop_instance_uid=key, attributes=attributes
        )
        self.objects.put(shelf, key, sop_class, attributes)

    def save(self) -> None:
        """Put what was edited in the place of the object."""
        if self._shown is not None and self.edited:
            self.objects.put(self._shown.shelf, self._shown.key, self._shown.sop_class_uid, self.model.data_set)

    def _revert(self) -> None:
        held = self._shown
        fresh = self.objects.get(held.shelf, held.key) if held is not None else None
        self._shown = None
        self._show(fresh)

    def delete(self) -> None:
        """Delete the objects selected, after a question."""
        chosen = [self.rows.record(row) for row in self.table.selected_rows()]
        if not chosen:
            return
        named = what(chosen[0]) if len(chosen) == 1 else f"{len(chosen)} objects"

        def gone() -> None:
            for held in chosen:
                self.objects.put(held.shelf, held.key, held.sop_class_uid, None)

        self._questions.ask(self, "Delete", f"Delete {named} from the built-in peer?", "Delete", gone)

    def _clients_changed(self, _record: object) -> None:
        if self.isVisible():
            self._fill()

    # -- Qt

    @sound
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.objects.look(True)

    @sound
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.objects.look(False)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.objects.look(False)
        super().closeEvent(event)


def _editable(held: HeldObject) -> bool:
    return held.shelf in _EDITABLE and not held.key.startswith(FROM_FILE)


def _count(number: int) -> str:
    """With room behind it, so that figures do not touch the frame."""
    return f"{number}\u2002" if number else ""


def _empty(line: EmulatorLine) -> str:
    makes = "<br>Press <b>New</b> to make one, or let a client do it." if line.name in MAKES else ""
    quiet = ("verification", "query", "patient")
    return "It has no objects of its own." if line.name in quiet else f"Nothing is held yet.{makes}"
