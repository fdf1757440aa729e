"""One message being built: its pickers, command set, data set, response and history."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtGui import QShowEvent, QUndoStack
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from engine.model.association import Proposal
from engine.model.command_set import CommandSet
from engine.model.commands import Outgoing
from engine.model.dataset import Data, DataElement, DataSet
from engine.model.notices import MessageNotice, StatusNotice
from engine.standard.messages import MESSAGES, SERVICES, MessageRow, message_for
from engine.standard.transfer_syntaxes import IMPLICIT_VR_LE
from engine.trace.explain import value_problem
from engine.workspace.message_files import MessageContext, MessageFile
from engine.workspace.placeholders import Filler, new_uid
from gui.dialogs import Questions
from gui.forms.growing_area import giving_area
from gui.models.command_draft import Draft, Surroundings, draft_of, lines_of
from gui.models.command_model import CommandModel
from gui.models.dataset_model import DataSetModel
from gui.sound import sound
from gui.theme import SPACING

from .builder_command import CommandPane
from .builder_contexts import (
    ContextChoice,
    allowed,
    choices,
    chosen_instead,
    context_of_data,
    ordered,
    same_context,
    suits,
    with_context,
)
from .builder_history import Sent
from .builder_known import Known
from .builder_lower import LowerTabs
from .builder_preview import Preview, preview
from .builder_tabs import CHANGED
from .builder_top import TopRows

STORE = "C-STORE-RQ"
NEW_INSTANCE = "{uid instance}"
"""What a file says where the builder makes a UID."""


class MessagePage(QWidget):
    """One tab. `send_wanted` carries (Outgoing, one shot); `cancel_wanted` an operation; `titled` when the tab's title
    or its modified mark changed."""

    send_wanted = Signal(object, bool)
    cancel_wanted = Signal(object)
    titled = Signal()

    def __init__(self, known: Known, questions: Questions, store: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.known = known
        self.title, self.note = "", ""
        self.file_name = ""
        """Of the file it was opened from or saved to: what the tab says where there is no title."""
        self._wanted: MessageContext | None = None
        """The context as a file asks for it, until another is chosen."""
        self._filler, self._new_uid = Filler(), new_uid()
        self.undo_stack = QUndoStack(self)
        self.command = CommandModel(self.undo_stack, self)
        self.data_set = DataSetModel(self, undo_stack=self.undo_stack, check=self._value_problem)
        self.context = ContextChoice()
        self.preview = Preview()
        self.operations: set[int] = set()
        self._request: MessageNotice | None = None
        self._last_request: int | None = None
        self._refreshing = False
        self._stale = False
        self._followed: tuple[str, ...] = ()
        """Message, SOP class and transfer syntax of the data the context was last made to fit."""
        self._loaded: Data | None = None
        """The data of the file it was opened from, which names its context itself."""
        self._any = False
        """The user left the context to the engine."""
        self.top = TopRows(self)
        self.pane = CommandPane(self.command, store, self)
        self.tabs = LowerTabs(self.data_set, questions, store, known.limits, self)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        area = giving_area(self.splitter, self)  # first: Qt styles anew all that is in what gets another parent
        self.splitter.addWidget(self.pane)
        self.splitter.addWidget(self.tabs)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([1060, 1000])  # a ratio: with it the smallest window has six rows of the form
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING.small)
        layout.addWidget(self.top)
        layout.addWidget(area, 1)
        self._connect()
        self.refresh_lists()

    def _connect(self) -> None:
        self.known.changed.connect(self._known_changed)
        self.command.changed.connect(self.refresh)
        self.command.problem.connect(self.pane.say)
        self.tabs.data.changed.connect(self.refresh)
        self.tabs.mode_changed.connect(self.refresh)
        self.tabs.said.connect(self.pane.say)
        self.tabs.history.reload_wanted.connect(self.load)
        self.tabs.response.cancel_wanted.connect(self.cancel)
        self.undo_stack.cleanChanged.connect(self._clean_changed)
        self.top.pickers.message_picked.connect(self.set_message)
        self.top.pickers.context_picked.connect(self.set_context)
        self.top.request_picked.connect(self.set_request)
        self.top.send_wanted.connect(self.send)
        delegate = self.pane.view.delegate
        delegate.instances = self.known.latest_instances
        delegate.titles = self.known.titles

    # what the message is

    @property
    def draft(self) -> Draft:
        return self.command.draft

    @property
    def name(self) -> str:
        return self.title or self.file_name or self.draft.message.name

    @property
    def changed(self) -> bool:
        """Since it was opened or saved."""
        return not self.undo_stack.isClean()

    @property
    def tab_text(self) -> str:
        return self.name + CHANGED if self.changed else self.name

    @property
    def blank(self) -> bool:
        """Nothing of it was chosen, typed or opened."""
        return not (self.changed or self.file_name or self.title not in ("", self.draft.message.name))

    @property
    def untouched(self) -> bool:
        """Nothing was done in the tab: another message may take its place."""
        return self.blank and not self.tabs.history.total

    def rename(self, title: str) -> None:
        self.title = title.strip()
        self.titled.emit()

    def set_file(self, path: Path) -> None:
        """It was opened from this file, or saved to it."""
        self.file_name = path.stem
        self.titled.emit()

    def set_message(self, message: MessageRow) -> None:
        """Another message; a context that does not allow it gives way to one that does."""
        if message is self.draft.message:
            return
        if self.title == self.draft.message.name:
            self.title = ""
        self.command.edit(self.draft.with_message(message), f"Message {message.name}")
        self._request = self.known.fitting_request(message)
        if not allowed(message, self.context.abstract_syntax):
            first, _rest = ordered(self._offered(), message)
            if first:
                self.context, self._wanted = first[0], None
        self.tabs.show_rule(message)
        self.refresh_lists()
        self.titled.emit()

    def set_context(self, context: ContextChoice) -> None:
        self._wanted = chosen_instead(self._wanted, self.context, context)
        self.context = context
        self._any = not context.abstract_syntax
        self.refresh_lists()

    def set_request(self, notice: MessageNotice | None) -> None:
        """The received request a response answers."""
        self._request = notice
        if notice is not None:
            self._wanted = None
            offered = next((c for c in self._offered() if c.id == notice.context_id), None)
            self.context = offered or ContextChoice(notice.context_id, notice.abstract_syntax, notice.transfer_syntax)
        self.refresh_lists()

    def answer(self, notice: MessageNotice) -> None:
        """Become the response to a received request."""
        row = message_for(notice.command.command_field or 0)
        if row is not None and row.service in SERVICES:
            self.title, self.note, self._wanted = "", "", None
            self._start(MESSAGES[SERVICES[row.service].response], None)
            self.set_request(notice)

    def load(self, message: MessageFile, *, automatic: bool = False) -> None:
        """Start over with a message: a file's, a template's, one sent before.

        automatic: only its data set is taken, the command set fills itself in.
        """
        row = MESSAGES[message.message]
        self.title, self.note, self.file_name = message.title, message.note, ""
        self._wanted = message.context
        self.context = self._context_for(message.context, message.abstract_syntax)
        self._request = self.known.fitting_request(row)
        self._start(row, None if automatic else message.command, message.data)

    def _start(self, row: MessageRow, command: CommandSet | None, data: Data | None = None) -> None:
        """A message with nothing done to it yet; `command` None fills itself in."""
        self._filler, self._new_uid = Filler(), new_uid()
        self._loaded = data
        self.tabs.load(data, row)
        self._followed = self._data_speaks_of(row)
        self.undo_stack.clear()
        around = self._around()
        plain = Draft(message=row, lines=lines_of(row), around=around)
        self.command.load(plain if command is None else draft_of(row, command, around))
        self.undo_stack.setClean()
        self.refresh_lists()
        self.titled.emit()

    def message_file(self) -> MessageFile:
        """The message as it can be saved, placeholders as they are."""
        around = replace(self.draft.around, new_uid=NEW_INSTANCE)
        return MessageFile(
            message=self.draft.message.name,
            command=replace(self.draft, around=around).file_command(),
            context=self._wanted or MessageContext(abstract_syntax=self.context.abstract_syntax),
            data=self.tabs.data.data if self.draft.has_data_set else None,
            title=self.title,
            note=self.note,
        )

    def proposal(self, proposal: Proposal) -> Proposal:
        """The proposal with the context this message needs."""
        return with_context(proposal, self.context.abstract_syntax, self._wanted)

    def outgoing(self, *, one_shot: bool = False) -> Outgoing:
        """The message to send now, placeholders filled in. one_shot: on an association made with `proposal`."""
        data = self.tabs.data.data if self.draft.has_data_set else None
        return Outgoing(
            command=self._filler.command(self.draft.command()),
            data=self._filler.dataset(data) if isinstance(data, DataSet) else data,
            context_id=self._proposed_id() if one_shot else self.context.id,
        )

    def _proposed_id(self) -> int | None:
        """The context's ID in what a one shot proposes; None leaves it to the engine."""
        wanted = self.proposal(self.known.proposal or Proposal()).contexts
        fitting = [c.id for c in wanted if suits(c, self.context.abstract_syntax, self._wanted)]
        return self.context.id if self.context.id in fitting else next(iter(fitting), None)

    # sending and what comes of it

    def send(self, one_shot: bool, times: int = 1) -> None:
        """Ask for the message to be sent, `times` times; placeholders and new UIDs are others each time."""
        self.pane.finish_editing()
        self.known.settle()
        if self._stale:
            self.refresh_lists()
        service, request = SERVICES.get(self.draft.message.service), self.draft.message.kind == "request"
        if request:
            data = self.tabs.data.data if self.draft.has_data_set else None
            self.operations.clear()
            self.tabs.response.start(
                self.preview_command(),
                data if isinstance(data, DataSet) else None,
                cancellable=service is not None and service.cancel is not None,
            )
        for _ in range(times):
            outgoing = self.outgoing(one_shot=one_shot)
            sent = Sent(time=datetime.now().astimezone(), message=self.message_file(), context=self.context.text)
            self.tabs.history.add(sent)
            self.send_wanted.emit(outgoing, one_shot)
            self._renew()
        self.tabs.show_response()
        self.refresh()

    def _renew(self) -> None:
        """Other UIDs, dates and times for the next message."""
        self._filler, self._new_uid = Filler(), new_uid()
        self._refreshing = True
        self.command.surround(self._around())
        self._refreshing = False

    def started(self, operation: int) -> None:
        self.operations.add(operation)
        self.tabs.history.started(operation)

    def cancel(self) -> None:
        for operation in sorted(self.operations):
            self.cancel_wanted.emit(operation)

    def add_response(self, notice: MessageNotice) -> None:
        self.tabs.response.add(notice)

    def sent(self, notice: MessageNotice) -> None:
        """The engine has sent what this page asked for: its Message ID is known."""
        if notice.command.message_id is not None:
            self._last_request = notice.command.message_id

    def ended(self, notice: StatusNotice) -> None:
        self.tabs.history.ended(notice)
        if notice.operation in self.operations:
            self.operations.discard(notice.operation)
            self.tabs.response.end(notice, more=bool(self.operations))

    # keeping everything true

    def preview_command(self) -> CommandSet:
        return self._filler.command(self.draft.preview())

    def refresh_lists(self) -> None:
        """Contexts and messages offered, then everything made from them."""
        self._stale = False
        offered = self._offered()
        self.context = self._still(self.context, offered)
        self.top.show_choices(offered, self.draft.message, self.context, list(self.known.requests), self._request)
        self.top.set_association(self.known.association is not None)
        self.refresh()

    @sound
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.refresh_lists()

    def _known_changed(self) -> None:
        """Only what is seen is kept up to date; other tabs when they are shown, all before they are sent."""
        self._stale = True
        if self.isVisible():
            self.refresh_lists()

    def refresh(self) -> None:
        """Automatic values, marks and bytes after any change."""
        if self._refreshing:
            return
        self._refreshing = True
        try:
            self._follow_data()
            self.command.surround(self._around())
            self.preview = preview(self.draft, self.preview_command())
            self.command.set_preview(self.preview.group_length, self.preview.by_row)
            syntax = self.context.transfer_syntax or IMPLICIT_VR_LE
            data = self.tabs.data.data if self.draft.has_data_set else None
            self.pane.show_preview(self.preview, data, syntax)
            self.tabs.show_rule(self.draft.message)
            self.top.show_message(self.draft.message)
        finally:
            self._refreshing = False

    def _data_speaks_of(self, message: MessageRow) -> tuple[str, ...]:
        data = self.tabs.data
        return message.name, self._filler.text(data.uids[0]), data.transfer_syntax

    def _follow_data(self) -> None:
        """What is stored travels in a context of its own SOP class, until another one is chosen."""
        speaks = self._data_speaks_of(self.draft.message)
        name, class_uid, syntax = speaks
        data = self.tabs.data.fixed
        if speaks == self._followed or (data is not None and data is self._loaded):
            return
        self._followed = speaks
        if name == STORE and class_uid:
            offered = self._offered()
            self.context, self._wanted = context_of_data(offered, class_uid, syntax)
            self._any = False
            self.top.show_choices(offered, self.draft.message, self.context, list(self.known.requests), self._request)

    def _around(self) -> Surroundings:
        class_uid, instance_uid = (self._filler.text(uid) for uid in self.tabs.data.uids)
        known = self.known
        return Surroundings(
            abstract_syntax=self.context.abstract_syntax,
            has_elements=self.tabs.data.has_elements,
            data_set=self.tabs.mode,
            data_class_uid=class_uid,
            data_instance_uid=instance_uid,
            request=self._request.command if self._request is not None else None,
            last_request=self._last_request,
            next_message_id=known.next_message_id,
            instances=tuple(known.instances),
            calling_ae_title=known.calling_ae_title,
            new_uid=self._new_uid,
        )

    def _offered(self) -> list[ContextChoice]:
        return choices(self.known.negotiated, self.known.proposal)

    def _still(self, context: ContextChoice, offered: list[ContextChoice]) -> ContextChoice:
        """The same context after the list changed: by ID and abstract syntax, else by abstract syntax."""
        if not context.abstract_syntax:
            first, _rest = ordered(offered, self.draft.message)
            return first[0] if first and context.id is None and not self._any else context
        return same_context(context, offered, self._wanted)

    def _context_for(self, wanted: MessageContext, abstract_syntax: str) -> ContextChoice:
        if not abstract_syntax:
            return ContextChoice(wanted.id)
        return self._still(ContextChoice(wanted.id, abstract_syntax, "", "not proposed"), self._offered())

    def _value_problem(self, element: DataElement) -> str:
        """What is wrong with a value, placeholders filled in; a query may hold ranges and wildcards."""
        filled = self._filler.dataset(DataSet((element,))).elements[0] if element.texts else element
        return value_problem(filled, self.draft.message.service == "C-FIND")

    def _clean_changed(self, _clean: bool) -> None:
        self.titled.emit()
