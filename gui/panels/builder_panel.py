"""The message builder: several messages at once, any of the Standard's, sent as they stand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from engine.model.association import Negotiated, Proposal
from engine.model.limits import Limits
from engine.model.notices import Direction, MessageNotice, StatusNotice
from engine.standard.messages import message_for
from engine.workspace.message_files import MessageFile, load_message, save_message
from gui.dialogs import Questions
from gui.forms.header import icon_button
from gui.redacted import WITHOUT, redaction_for
from gui.theme import SPACING, theme

from .builder_files import BuilderFiles
from .builder_known import Known
from .builder_page import MessagePage
from .builder_tabs import MessageTabs
from .builder_templates import TemplateMenu

KEPT_OPERATIONS = 2_000
"""Operations whose messages still find their tab: twice what one press of Send can start."""


class BuilderPanel(QWidget):
    """`send_requested` carries (Outgoing, one shot), `cancel_requested` an operation, `said` (sentence, role).

    The receiver of `send_requested` calls `operation_started` with the operation's number before it returns.
    """

    send_requested = Signal(object, bool)
    cancel_requested = Signal(object)
    said = Signal(object, object)
    association_wanted = Signal(object)
    """The association an answer belongs to."""
    waiting_changed = Signal(object)
    """(association, Message ID) of every request that waits for its answer, as a frozenset."""

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        questions: Questions | None = None,
        store: QSettings | None = None,
        limits: Callable[[], Limits] = Limits,
    ) -> None:
        """`store` keeps the columns of matches and whether bytes are shown. limits: of the files that are read."""
        super().__init__(parent)
        self._store = store if store is not None else QSettings()
        self.known = Known(limits, self)
        self._questions = questions if questions is not None else Questions(self)
        self.files = BuilderFiles(self, self._questions)
        self._pages: list[MessagePage] = []
        self._paths: dict[MessagePage, Path] = {}
        self._by_operation: dict[int, MessagePage] = {}
        self._sending: MessagePage | None = None
        self.title = QLabel("Message builder", self)
        self.title.setProperty("role", "title")
        self.tabs = MessageTabs(self)
        self.add_button = icon_button("add", "New message (Ctrl+T)", self.new_message, self)
        self.menu_button = QToolButton(self)
        self.menu_button.setText("Messa&ge")
        self.menu_button.setToolTip("What can be done with this message")
        self.menu_button.setAccessibleName("Menu of this message")
        theme().bind_icon(self.menu_button, "more")
        self.menu_button.setProperty("menu", "true")
        self.menu_button.setProperty("button", "true")
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setMenu(self._make_menu())
        self.stack = QStackedWidget(self)
        row = QHBoxLayout()
        row.setSpacing(SPACING.small)
        row.addWidget(self.title)
        self._title_row = row
        row.addSpacing(SPACING.normal)
        row.addWidget(self.tabs, 1)
        row.addWidget(self.add_button)
        row.addWidget(self.menu_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING.normal, SPACING.normal, SPACING.normal, SPACING.normal)
        layout.setSpacing(SPACING.small)
        layout.addLayout(row)
        layout.addWidget(self.stack, 1)
        self.tabs.currentChanged.connect(self._tab_changed)
        self.tabs.tabCloseRequested.connect(self.close_message)
        self.tabs.tabMoved.connect(self._tab_moved)
        self.tabs.renamed.connect(self._tab_renamed)
        self.known.waiting.connect(self._waiting_changed)
        self.send_action.changed.connect(self._send_enabled)
        self._next = True
        self.new_message()

    # the window's side

    def set_heading(self, heading: QWidget) -> None:
        """Put another widget where the title stands."""
        self._title_row.replaceWidget(self.title, heading)
        self.title.hide()

    def set_narrow(self, narrow: bool) -> None:
        """Leave the title row to the message's tab: the menu's button shows its icon alone."""
        look = Qt.ToolButtonStyle.ToolButtonIconOnly if narrow else Qt.ToolButtonStyle.ToolButtonTextOnly
        self.menu_button.setToolButtonStyle(look)

    def set_negotiated(self, negotiated: Negotiated | None, association: int | None) -> None:
        """The association messages are sent on, or None."""
        self.known.set_negotiated(negotiated, association)

    def set_proposal(self, proposal: Proposal | None) -> None:
        """What an association would be opened with."""
        self.known.set_proposal(proposal)

    def proposal_for(self, proposal: Proposal) -> Proposal:
        """What a one shot of the current message proposes: the proposal, and the context it needs if it is missing."""
        page = self._sending or self.page
        return page.proposal(proposal)

    def operation_started(self, operation: int) -> None:
        """The message just asked for is operation number `operation`."""
        page = self._sending or self.page
        self._by_operation[operation] = page
        while len(self._by_operation) > KEPT_OPERATIONS:
            del self._by_operation[next(iter(self._by_operation))]
        page.started(operation)

    def add_response(self, notice: MessageNotice) -> None:
        """Any message sent or received: responses go to the tab that asked, the rest is learned from."""
        self.known.take(notice)
        page = self._by_operation.get(notice.operation) if notice.operation is not None else None
        if page is None:
            return
        if notice.direction is Direction.SENT:
            page.sent(notice)
            return
        row = message_for(notice.command.command_field or 0)
        if row is None or row.kind == "response":
            page.add_response(notice)

    def operation_ended(self, notice: StatusNotice) -> None:
        """The operation is over; its last messages may still come, in the same batch of notices."""
        page = self._by_operation.get(notice.operation)
        if page is not None:
            page.ended(notice)

    def answer(self, notice: MessageNotice) -> None:
        """A new tab with the response to a received request, on the association the request came on."""
        self.association_wanted.emit(notice.association)
        self.new_message().answer(notice)

    def answer_request(self, association: int | None = None, message_id: int | None = None) -> None:
        """Answer the request with this Message ID, or the latest that waits."""
        found = self.known.waits(association, message_id)
        if found is None and association is None and self.known.requests:
            found = self.known.requests[-1]
        if found is None:
            self.said.emit("This request does not wait for an answer (any more).", "warning")
        else:
            self.answer(found)

    def association_ended(self, association: int) -> None:
        """What waits on it cannot be answered any more."""
        self.known.forget(association)

    @property
    def pages(self) -> tuple[MessagePage, ...]:
        """The tabs, from left to right."""
        return tuple(self._pages)

    def file_of(self, page: MessagePage) -> Path | None:
        """The file a message was opened from or saved to."""
        return self._paths.get(page)

    def set_next(self, sending: bool) -> None:
        """Whether sending is what comes next: then Send has the accent."""
        if sending == self._next:
            return
        self._next = sending
        for page in self._pages:
            page.top.set_next(sending)

    def _answer_latest(self) -> None:
        self.answer_request()

    def _waiting_changed(self) -> None:
        self.answer_action.setEnabled(bool(self.known.requests))
        self.waiting_changed.emit(frozenset((r.association, r.command.message_id) for r in self.known.requests))

    def _send_enabled(self) -> None:
        for page in self._pages:
            page.top.send_button.setEnabled(self.send_action.isEnabled())

    def send(self) -> None:
        """Send the current message: on the open association where there is one, else one shot."""
        self.page.top.send()

    def load(self, path: Path) -> None:
        """A message file in a tab; WorkspaceError when it cannot be read."""
        page = self.open_message(load_message(path))
        page.set_file(path)
        self._paths[page] = path

    def save(self, path: Path) -> None:
        """Write the current message; WorkspaceError when it cannot be written."""
        page = self.page
        save_message(path, page.message_file())
        page.set_file(path)
        self._paths[page] = path
        page.undo_stack.setClean()

    def save_redacted(self, path: Path) -> None:
        """A copy of the current message without what others have named; WorkspaceError when it cannot be written."""
        from gui.models.redacted_message import redacted_message

        save_message(path, redacted_message(self.page.message_file(), redaction_for(self)))
        self.said.emit(f"Saved to {path} {WITHOUT}.", "ok")

    def reopen(self, message: MessageFile, path: Path | None, *, changed: bool) -> MessagePage:
        """A message as it was left: the file it belongs to, and whether it was changed since."""
        page = self.open_message(message)
        if path is not None:
            page.set_file(path)
            self._paths[page] = path
        if changed:
            page.undo_stack.resetClean()
        return page

    def show_page(self, page: MessagePage) -> None:
        self.tabs.setCurrentIndex(self._pages.index(page))

    def message_file(self) -> MessageFile:
        return self.page.message_file()

    def open_message(self, message: MessageFile, *, automatic: bool = False) -> MessagePage:
        """A message in a tab: the current one when nothing was done in it. automatic: only its data set is taken."""
        page = self.page
        if not page.untouched:
            page = self.new_message()
        page.load(message, automatic=automatic)
        return page

    @property
    def page(self) -> MessagePage:
        """The current tab."""
        return self._pages[max(0, self.tabs.currentIndex())]

    # tabs

    def new_message(self) -> MessagePage:
        page = MessagePage(self.known, self._questions, self._store, self.stack)
        page.titled.connect(self._titled)
        page.send_wanted.connect(self._send)
        page.cancel_wanted.connect(self.cancel_requested)
        page.top.send_button.setEnabled(self.send_action.isEnabled())
        page.top.set_next(self._next)
        self._pages.append(page)
        self.stack.addWidget(page)
        tab = self.tabs.addTab("")
        self.tabs.set_name(tab, page.tab_text)
        self.tabs.setCurrentIndex(tab)
        self.stack.setCurrentWidget(page)
        return page

    def close_message(self, tab: int) -> None:
        """Close a tab; what was changed and not saved is asked about."""
        page = self._pages[tab]
        if not page.changed:
            self._close(page)
        else:
            text = f"“{page.name}” was changed and not saved."
            self._questions.ask(self, "Close the message?", text, "Close without saving", partial(self._close, page))

    def _close(self, page: MessagePage) -> None:
        if page not in self._pages:
            return
        if len(self._pages) == 1:
            self.new_message()
        tab = self._pages.index(page)
        self._pages.remove(page)
        self.tabs.removeTab(tab)
        self.stack.removeWidget(page)
        self._paths.pop(page, None)
        self._by_operation = {o: p for o, p in self._by_operation.items() if p is not page}
        page.deleteLater()
        self._tab_changed(self.tabs.currentIndex())

    def _tab_changed(self, tab: int) -> None:
        if 0 <= tab < len(self._pages):
            self.stack.setCurrentWidget(self._pages[tab])

    def _tab_moved(self, source: int, target: int) -> None:
        self._pages.insert(target, self._pages.pop(source))

    def _tab_renamed(self, tab: int, name: str) -> None:
        self._pages[tab].rename(name)

    def _titled(self) -> None:
        for tab, page in enumerate(self._pages[: self.tabs.count()]):
            self.tabs.set_name(tab, page.tab_text)

    def _send(self, outgoing: object, one_shot: bool) -> None:
        page = self.sender()
        self._sending = page if isinstance(page, MessagePage) else self.page
        self.send_requested.emit(outgoing, one_shot)
        self._sending = None

    # the menu

    def commands(self) -> dict[str, QAction]:
        """Its actions, by the names of the window's commands."""
        return {
            "send": self.send_action,
            "send_one_shot": self.one_shot_action,
            "answer": self.answer_action,
            "new_message": self.new_action,
            "close_message": self.close_action,
            "open_message": self.open_action,
            "save_message": self.save_action,
            "save_message_as": self.save_as_action,
        }

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        self.send_action = self._action("&Send", "Ctrl+Return", self.send)
        self.one_shot_action = self._action("Send &one shot", "Ctrl+Shift+Return", self._send_one_shot)
        self.answer_action = self._action("&Answer this request", "", self._answer_latest)
        self.answer_action.setEnabled(False)
        self.new_action = self._action("&New message", "Ctrl+T", self.new_message)
        self.close_action = self._action("&Close message", "Ctrl+W", self._close_current)
        self.rename_action = self._action("Rena&me…", "", self._rename_current)
        self.open_action = self._action("&Open…", "Ctrl+O", self.files.ask_open)
        self.save_action = self._action("Sa&ve", "Ctrl+S", self.files.ask_save)
        self.save_as_action = self._action("Save &as…", "Ctrl+Shift+S", self.files.ask_save_as)
        self.undo_action = self._action("&Undo", "Ctrl+Z", self._undo)
        self.redo_action = self._action("&Redo", "Ctrl+Y", self._redo)
        self.file_action = self._action("&Edit a DICOM file's data set…", "", self.files.ask_edit)
        self.bytes_action = self._action("Send a DICOM &file's own bytes…", "", self.files.ask_send)
        self.json_action = self._action("Load DICOM &JSON…", "", self.files.ask_json)
        menu.addActions([self.send_action, self.one_shot_action, self.answer_action])
        menu.addSeparator()
        menu.addActions([self.new_action, self.open_action, self.save_action, self.save_as_action])
        menu.addActions([self.rename_action, self.close_action])
        menu.addSeparator()
        self.template_menu = TemplateMenu("&Templates", menu)
        self.template_menu.aboutToShow.connect(self._fill_templates)
        self.template_menu.chosen.connect(self._use_template)
        menu.addMenu(self.template_menu)
        menu.addActions([self.file_action, self.bytes_action, self.json_action])
        menu.addSeparator()
        menu.addActions([self.undo_action, self.redo_action])
        return menu

    def _action(self, text: str, shortcut: str, slot: Callable[..., object]) -> QAction:
        action = QAction(text, self)
        if shortcut:
            action.setShortcut(shortcut)
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(slot)
        self.addAction(action)
        return action

    def _fill_templates(self) -> None:
        self.template_menu.fill(self.page.draft.message.name, self.page.context.abstract_syntax)

    def _use_template(self, message: object, automatic: bool) -> None:
        if isinstance(message, MessageFile):
            self.open_message(message, automatic=automatic)

    def _send_one_shot(self) -> None:
        self.page.top.send_one_shot()

    def _close_current(self) -> None:
        self.close_message(self.tabs.currentIndex())

    def _rename_current(self) -> None:
        self.tabs.rename(self.tabs.currentIndex(), self.page.name)

    def _undo(self) -> None:
        self.page.undo_stack.undo()

    def _redo(self) -> None:
        self.page.undo_stack.redo()
