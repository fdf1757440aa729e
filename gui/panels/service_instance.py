"""N-GET of any instance by a pick list of attributes (PS3.7 10.1.2), once or again and again."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.conformance.names import check_uid
from engine.model.commands import RunProcedure
from engine.model.dataset import DataSet
from engine.model.file_names import file_stem
from engine.model.notices import Direction, MessageNotice, Notice
from engine.model.procedures.instance import ReadInstance
from engine.standard.messages import message_name
from engine.standard.readable import contexts_for, readable_attributes, readable_classes
from engine.standard.sop_classes import sop_class
from engine.trace.explain import PreviewError, data_set_of
from engine.workspace.dataset_text import dataset_text
from engine.workspace.errors import ValueProblem
from engine.workspace.names import resolve_uid
from gui.dialogs import FormDialog, give_size
from gui.forms.attribute_picker import AttributePicker
from gui.forms.choices import ChoiceField, SuggestField
from gui.forms.dataset_view import DataSetView
from gui.forms.fields import NumberField, TextField
from gui.forms.header import OneLine, icon_button
from gui.forms.sop_class_picker import SopClassPicker
from gui.models.contexts import abstract_name
from gui.models.dataset_model import DataSetModel
from gui.models.dataset_values import display_text, element_name
from gui.redacted import WITHOUT, redaction_for
from gui.services_host import Runnable, ServicesHost
from gui.sound import sound
from gui.theme import SPACING, restyle

from .service_page import ServicePage

_KEPT = "services/nget"
_NAMED = 4
"""Attributes named in a line; the tooltip has them all."""
TEXT = "Text (*.txt)"
_LEAST, _WIDE = 80, 760
"""Pixels: height of a list that shows three rows; width at which two of them fit beside each other."""
_OWN, _HELD = "own", "held"


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:]}."


def _check_class(text: str) -> str | None:
    if not text.strip():
        return None
    try:
        uid = resolve_uid(text)
    except ValueProblem as problem:
        return _sentence(problem.reason)
    return check_uid(uid)


class InstancePage(ServicePage):
    """What to read, which attributes of it, and the data set that came."""

    verb = "&Read"
    shows_steps = False

    def __init__(self, host: ServicesHost, parent: QWidget | None = None) -> None:
        super().__init__(host, parent)
        self._uid = ""
        self._filled = ""
        """The instance UID that the page has filled in by itself."""
        self._asked: tuple[int, ...] = ()
        self._last: DataSet | None = None
        self._readings = 0
        self._make_form()
        self.attributes = AttributePicker("Attributes", self)
        self.attributes.list.setMinimumHeight(_LEAST)
        lower = QWidget(self)
        self._sides = QBoxLayout(QBoxLayout.Direction.TopToBottom, lower)
        self._sides.setContentsMargins(0, 0, 0, 0)
        self._sides.setSpacing(SPACING.normal)
        self._sides.addWidget(self.attributes, 2)
        self._sides.addWidget(self._make_result(), 3)
        self.finish_layout(lower)
        self._recall()

    def _make_form(self) -> None:
        names = [s.name.removesuffix(" SOP Class") for s in readable_classes()]
        self.sop_class = SuggestField("&SOP class", names, _check_class, "Printer, a name or a UID", self)
        self.search_button = icon_button("search", "Search all SOP classes …", self.ask_class, self)
        self.sop_class.add_beside(self.search_button)
        self.instance = TextField("SOP Instance UID", _check_class, "1.2.840…", self)
        self.through = ChoiceField("Conte&xt", (("", "as accepted"),), self)
        self.where = ChoiceField("Association", ((_OWN, "its own"),), self)
        self.every = NumberField("Repeat ever&y", 0.1, 86_400, self, unit="s", decimals=True, optional=True)
        self.every.line.setPlaceholderText("once")
        self.sop_class.edited.connect(self._class_edited)
        self.sop_class.finished.connect(self._class_changed)
        self.every.edited.connect(self._every_edited)
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACING.normal)
        grid.setVerticalSpacing(SPACING.normal)
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(self.sop_class, 0, 0, 1, 3, top)
        grid.addWidget(self.instance, 0, 3, 1, 3, top)
        grid.addWidget(self.through, 1, 0, 1, 2, top)
        grid.addWidget(self.where, 1, 2, 1, 2, top)
        grid.addWidget(self.every, 1, 4, 1, 2, top)
        for column in range(6):
            grid.setColumnStretch(column, 1)
        self.body.addLayout(grid)

    def _make_result(self) -> QWidget:
        self.model = DataSetModel(self, read_only=True, describe=display_text)
        self.result = DataSetView(self.model, self, name="Attributes read")
        self.result.set_empty("What the peer answers stands here.")
        self.result.said.connect(self._say)
        self.note = OneLine(self)
        self.copy_button = icon_button("copy", "Copy all as text", self.copy, self)
        self.save_button = icon_button("save", "Save as text …", self.save, self)
        self.save_redacted_button = icon_button("lock", f"Save as text {WITHOUT} …", self.save_redacted, self)
        head = QHBoxLayout()
        head.setSpacing(SPACING.hair)
        head.addWidget(self.note, 1)
        head.addWidget(self.copy_button)
        head.addWidget(self.save_button)
        head.addWidget(self.save_redacted_button)
        lower = QWidget(self)
        self.result.setMinimumHeight(_LEAST + SPACING.panel)
        self.result.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.small)
        column.addLayout(head)
        column.addWidget(self.result, 1)
        self._show_note()
        return lower

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Attributes and answer beside each other where there is room."""
        super().resizeEvent(event)
        wide = event.size().width() >= _WIDE
        self._sides.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    # -- the SOP class ----------------------------------------------------------------------------------------------

    def ask_class(self) -> None:
        dialog = SopClassDialog(self._uid and self.sop_class.value(), self.window())
        dialog.chosen.connect(self.set_class)
        dialog.open()

    def set_class(self, uid: str) -> None:
        """Read an instance of this SOP class."""
        row = sop_class(uid)
        self.sop_class.set_value(row.name.removesuffix(" SOP Class") if row else uid)
        self._class_changed()

    def _class_edited(self, _text: object) -> None:
        self._class_changed()

    def _class_changed(self) -> None:
        """Another class: its well-known instance, the contexts it can go through, the attributes it has."""
        text = self.sop_class.value()
        uid = resolve_uid(text) if text and _check_class(text) is None else ""
        if uid == self._uid:
            return
        self._uid = uid
        row = sop_class(uid)
        known = row.well_known_instance if row is not None and not row.message_sop_class else ""
        if not self.instance.value() or self.instance.value() == self._filled:
            self.instance.set_value(known)
        self._filled = known
        self.instance.line.setToolTip("The SOP class's well-known instance (PS3.4)" if known else "")
        contexts = contexts_for(uid) if uid else ()
        self.through.set_value("")
        self.through.set_choices((("", "as accepted"), *((c, abstract_name(c)) for c in contexts)))
        self.attributes.set_known(readable_attributes(uid))
        self.run_bar.forget()
        self.refresh()

    # -- running ----------------------------------------------------------------------------------------------------

    def association(self) -> int | None:
        held = self.host.held()
        return held.association if held is not None and self.where.value() == _HELD else None

    def problem(self) -> str:
        if not hasattr(self, "result"):
            return ""  # the base asks while the page is being made
        if self.association() is not None:
            return ""
        return super().problem()

    def refresh(self) -> None:
        if hasattr(self, "where"):
            held = self.host.held()
            choices = [(_OWN, "its own")]
            choices += [(_HELD, f"#{held.association}, held")] if held is not None else []
            self.where.set_choices(choices)
        super().refresh()

    def command(self) -> Runnable | None:
        self.sop_class.set_error(None if self._uid else "Name a SOP class.")
        self.instance.set_error(None if self.instance.value().strip() else "Name the instance.")
        fields = (self.sop_class, self.instance, self.every)
        if any(not f.is_valid() for f in fields):
            return None
        self._asked = self.attributes.picked()
        procedure = ReadInstance(
            sop_class_uid=self._uid,
            sop_instance_uid=resolve_uid(self.instance.value()),
            attributes=self._asked,
            context_uid=str(self.through.value() or ""),
            every=self.every.value(),
        )
        self._remember()
        return RunProcedure(operation=0, association=0, proposal=self.host.proposal(), procedure=procedure)

    def begun(self) -> None:
        self._last, self._readings = None, 0
        self.model.load(DataSet())
        self._show_note()

    def take(self, notices: tuple[Notice, ...]) -> None:
        for notice in notices:
            if not isinstance(notice, MessageNotice) or notice.operation != self.operation:
                continue
            if notice.direction is Direction.RECEIVED and message_name(notice.command.command_field) == "N-GET-RSP":
                self._show(notice)

    def _show(self, notice: MessageNotice) -> None:
        try:
            data = (
                data_set_of(notice.data, notice.transfer_syntax, notice.limits)
                if notice.data is not None
                else DataSet()
            )
        except PreviewError as error:
            self._say(str(error))
            return
        self._readings += 1
        before, self._last = self._last, data
        self.model.show(data)
        missing = [t for t in self._asked if data.find(t) is None]
        changed = [] if before is None else _changed(before, data)
        when = ""
        if self.every.value() is not None:
            clock = QDateTime.fromMSecsSinceEpoch(int(notice.time * 1000)).time()
            when = f"Reading {self._readings}, {QLocale().toString(clock, 'HH:mm:ss')}. "
        self._show_note(missing, changed, when)

    def _show_note(self, missing: list[int] | None = None, changed: list[int] | None = None, when: str = "") -> None:
        """What did not come, and what is other than at the last reading."""
        words = when
        words += f"△ Changed: {_names(changed)}. " if changed else ""
        words += f"▲ Missing: {_names(missing)}." if missing else ""
        self.note.say(words or ("Answer" if self._last is not None else ""))
        restyle(self.note, "role", "warning" if missing or changed else "muted")
        for button in (self.copy_button, self.save_button, self.save_redacted_button):
            button.setEnabled(self._last is not None and len(self._last) > 0)

    # -- what came --------------------------------------------------------------------------------------------------

    def text(self) -> str:
        """What came as text, which pastes back as elements."""
        return dataset_text(self._last) if self._last is not None else ""

    def copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text())
        self._say("Copied.")

    def redacted_text(self) -> str:
        """As `text`, with only the values that may leave the program."""
        return dataset_text(redaction_for(self).data_set(self._last)) if self._last is not None else ""

    def save(self) -> None:
        self._ask_where("Save what was read", "", self.text)

    def save_redacted(self) -> None:
        self._ask_where(f"Save what was read {WITHOUT}", "-redacted", self.redacted_text)

    def _ask_where(self, title: str, end: str, make: Callable[[], str]) -> None:
        name = f"{file_stem(self.sop_class.value().replace(' ', '-').lower(), 'instance')}{end}.txt"
        self.host.questions.save_file(self.window(), title, TEXT, name, partial(self._save, make))

    def _save(self, make: Callable[[], str], paths: tuple[Path, ...]) -> None:
        try:
            paths[0].write_text(make(), encoding="utf-8")
        except OSError as error:
            self.host.say(f"Not saved: {error.strerror or error}", "failure")
        else:
            self._say(f"Saved to {paths[0]}.")

    def _say(self, sentence: str) -> None:
        self.host.say(sentence)

    # -- remembering ------------------------------------------------------------------------------------------------

    def _remember(self) -> None:
        kept = {
            "class": self.sop_class.value(),
            "instance": self.instance.value(),
            "attributes": list(self.attributes.picked()),
        }
        self.host.store.setValue(_KEPT, json.dumps(kept))

    def _recall(self) -> None:
        """What was read last, else the printer, which every print provider has."""
        try:
            kept = json.loads(str(self.host.store.value(_KEPT, "")))
            named, instance = str(kept["class"]), str(kept["instance"])
            tags = tuple(int(t) for t in kept["attributes"])
        except (ValueError, KeyError, TypeError):
            named, instance, tags = "Printer", "", ()
        self.sop_class.set_value(named)
        self._class_changed()
        if instance:
            self.instance.set_value(instance)
        self.attributes.pick(tags)

    def _every_edited(self, _value: object) -> None:
        self.run_bar.set_verb("&Read again and again" if self.every.value() is not None else "&Read")


class SopClassDialog(FormDialog):
    """Any SOP class, found by words; `chosen` carries its UID."""

    chosen = Signal(object)

    def __init__(self, search: str, parent: QWidget | None = None) -> None:
        super().__init__("SOP class to read an instance of", "Choose", parent)
        self.picker = SopClassPicker(self, current=search)
        self.picker.changed.connect(self._judge)
        self.picker.picked.connect(self.accept)
        hint = QLabel("Those that answer N-GET are offered in the page; others can be asked all the same.", self)
        hint.setProperty("role", "muted")
        hint.setWordWrap(True)
        self.body.addWidget(hint)
        self.body.addWidget(self.picker, 1)
        give_size(self, 560, 480)
        self.picker.line.setFocus()
        self._judge()

    def accept(self) -> None:
        uids = self.picker.uids()
        if uids:
            self.chosen.emit(uids[0])
            super().accept()

    def _judge(self) -> None:
        self.accept_button.setEnabled(bool(self.picker.uids()))


def _changed(before: DataSet, after: DataSet) -> list[int]:
    """Tags whose element is another, is new or is gone."""
    old, new = {e.tag: e for e in before}, {e.tag: e for e in after}
    return sorted(tag for tag in old.keys() | new.keys() if old.get(tag) != new.get(tag))


def _names(tags: list[int]) -> str:
    shown = ", ".join(element_name(t) for t in tags[:_NAMED])
    more = len(tags) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown
