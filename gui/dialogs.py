"""Every question the window asks, behind one object that tests replace. Nothing here blocks: answers come by call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QStyle,
    QTabBar,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from .forms.growing_area import GrowingArea
from .forms.tab_order import in_order, step_focus
from .forms.wrapping_label import SelectableLabel, WrappingLabel
from .redacted import CopyKeys
from .sound import sound
from .theme import SPACING, mono_font, restyle, theme

OnFiles = Callable[[tuple[Path, ...]], None]


class Questions(QObject):
    """Message boxes and file dialogs, opened and never waited for."""

    def ask(self, parent: QWidget, title: str, text: str, yes: str, on_yes: Callable[[], None]) -> None:
        """A question with two answers: `yes` (a verb) and Cancel."""
        box = MessageBox(title, text, yes, parent, QStyle.StandardPixmap.SP_MessageBoxQuestion)
        box.accepted.connect(on_yes)
        box.open()

    def tell(self, parent: QWidget, title: str, text: str) -> None:
        """Something to read and close."""
        box = MessageBox(title, text, "OK", parent, QStyle.StandardPixmap.SP_MessageBoxInformation)
        box.buttons.button(QDialogButtonBox.StandardButton.Cancel).hide()
        box.open()

    def show(self, parent: QWidget, title: str, html: Callable[[], str]) -> None:
        """A longer text to read and close; made once more when the theme changes, whose colours it may have."""
        dialog = QDialog(parent)
        dialog.setWindowTitle(title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        text = _ThemedText(html, dialog)
        text.setAccessibleName(title)
        CopyKeys(dialog)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, dialog)
        buttons.rejected.connect(dialog.reject)
        layout = QVBoxLayout(dialog)
        layout.addWidget(text)
        layout.addWidget(buttons)
        give_size(dialog, 520, 560)
        dialog.open()

    def report(self, parent: QWidget, text: str, words: str = "") -> None:
        """Something in the program itself went wrong; `text` can be read, copied and saved. words: what happened."""
        for shown in parent.findChildren(ReportDialog):
            if type(shown) is ReportDialog and shown.isVisible():
                shown.add(text, words)
                return
        dialog = ReportDialog(text, self, parent, words or WENT_WRONG)
        dialog.open()

    def follow_report(self, parent: QWidget, text: str, words: str) -> None:
        """What became of what a report that is still open tells of."""
        for dialog in parent.findChildren(ReportDialog):
            if words and text in dialog.reports:
                dialog.words.setText(words)

    def open_files(self, parent: QWidget, title: str, pattern: str, on_files: OnFiles) -> None:
        """Existing files to read."""
        dialog = self._file_dialog(parent, title, pattern)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(_Chosen(on_files, dialog).files)
        dialog.open()

    def open_folder(self, parent: QWidget, title: str, on_files: OnFiles) -> None:
        """One existing folder."""
        dialog = self._file_dialog(parent, title, "")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.filesSelected.connect(_Chosen(on_files, dialog).files)
        dialog.open()

    def save_file(self, parent: QWidget, title: str, pattern: str, name: str, on_files: OnFiles) -> None:
        """A file to write; the dialog itself asks before one is replaced."""
        dialog = self._file_dialog(parent, title, pattern)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(Path(name).suffix.lstrip("."))
        dialog.selectFile(name)
        dialog.filesSelected.connect(_Chosen(on_files, dialog).files)
        dialog.open()

    def _file_dialog(self, parent: QWidget, title: str, pattern: str) -> QFileDialog:
        dialog = QFileDialog(parent, title, "", pattern)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog


class _ThemedText(QTextBrowser):
    """HTML that has colours of the theme, links among them: Qt keeps those of the moment in which it was set."""

    def __init__(self, html: Callable[[], str], parent: QWidget) -> None:
        super().__init__(parent)
        self._html = html
        self._write()
        theme().changed.connect(self._write)

    def _write(self) -> None:
        place = self.verticalScrollBar().value()
        self.setHtml(self._html())
        self.verticalScrollBar().setValue(place)


class _Chosen(QObject):
    """Turns the dialog's list of texts into paths."""

    def __init__(self, tell: Callable[[tuple[Path, ...]], None], parent: QObject) -> None:
        super().__init__(parent)
        self._tell = tell

    def files(self, names: list[str]) -> None:
        self._tell(tuple(Path(n) for n in names))


TEXT_WIDTH = 380
"""Pixels: some sixty characters a line."""
ICON = 36
AROUND_TEXT = 130
"""Pixels of height that a message box needs for its frame and buttons."""
SMALL = 640
"""Pixels of height: on a screen of fewer the form of a dialog scrolls if it is higher, above its buttons."""
FRAME, TITLE_BAR = 16, 40
"""Pixels of width and height that the desktop may put around a dialog."""
NOT_RIGHT = "Something on this page is not right yet."
"""Of a page of a dialog, while another may be shown."""


class FormDialog(QDialog):
    """A window-modal dialog with a form above and Cancel and one verb below; the verb is off while a field is wrong.

    The keyboard begins in the first field unless a dialog puts it elsewhere; Tab goes round as the form is laid out.
    """

    def __init__(self, title: str, verb: str, parent: QWidget | None = None, *, width: int = 0) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._own_height = self._made_height = 0
        """What it is high without what is wrong in it, and what it was made for that."""
        self.body = QVBoxLayout()
        self.body.setSpacing(SPACING.large)
        self.body.addStrut(width)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.accept_button = self.buttons.addButton(verb, QDialogButtonBox.ButtonRole.AcceptRole)
        restyle(self.accept_button, "primary", "true")
        self.accept_button.setDefault(True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        CopyKeys(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING.panel, SPACING.panel, SPACING.panel, SPACING.panel)
        layout.setSpacing(SPACING.panel)
        room = self.screen().availableGeometry().height()
        if room < SMALL:
            form = QWidget()
            form.setLayout(self.body)
            self.body.setContentsMargins(0, 0, SPACING.small, 0)
            layout.addWidget(GrowingArea(form, self, most=room - AROUND_TEXT), 1)
        else:
            layout.addLayout(self.body, 1)
        layout.addWidget(self.buttons)

    def setVisible(self, visible: bool) -> None:
        """The first field gets the keyboard before Qt gives it to a button."""
        if visible and self.focusWidget() is None:
            usable = (w for w in in_order(self.body) if w.isVisibleTo(self) and w.isEnabled())
            first = next((w for w in usable if not isinstance(w, QTabBar)), None)
            if first is not None:
                first.setFocus()
            if isinstance(first, QLineEdit):
                first.selectAll()
        super().setVisible(visible)

    @sound
    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab: on to the next in the order of the form."""
        layout = self.layout()
        stops = tuple(in_order(layout)) if layout is not None else ()
        return step_focus(stops, forward, around=True) or super().focusNextPrevChild(forward)

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        layout = self.layout()
        if layout is None or self.height() == self._made_height:
            return
        if not event.spontaneous() and self.height() == layout.totalMinimumSize().height():
            self._made_height = self.height()  # Qt's own doing, for what has just appeared
        else:
            self._own_height = self.height()

    @sound
    def event(self, event: QEvent) -> bool:
        """Errors and warnings that appear make the dialog grow instead of squeezing the fields; without them it is as
        high again as it was, or as the user made it.

        Qt's own minimum size does not look at how high wrapped text becomes at the present width.
        """
        handled = super().event(event)
        if event.type() not in (QEvent.Type.LayoutRequest, QEvent.Type.Show):
            return handled  # without a look at `self`: the event may have been its deletion
        layout = self.layout()
        if layout is not None:
            width = max(self.width(), layout.totalMinimumSize().width())
            needed = max(layout.totalMinimumSize().height(), layout.totalMinimumHeightForWidth(width))
            self._made_height = max(needed, self._own_height)
            if self.height() != self._made_height:
                self.resize(width, self._made_height)
        return handled


class MessageBox(FormDialog):
    """A few sentences with one verb below, or two answers. On a small screen it is as wide as there is room, and its
    text scrolls (Qt's own is half as wide as the screen, and higher than it)."""

    def __init__(
        self, title: str, text: str, verb: str, parent: QWidget, icon: QStyle.StandardPixmap | None = None
    ) -> None:
        room = parent.screen().availableGeometry()
        self.label = SelectableLabel(text)
        lines = (self.label.fontMetrics().horizontalAdvance(line) for line in text.splitlines())
        beside = 3 * SPACING.panel + ICON + 2 * SPACING.large  # the last for a scroll bar and the frame
        least = min(max(lines, default=0) + SPACING.large, TEXT_WIDTH, max(room.width() - beside, TEXT_WIDTH // 2))
        super().__init__(title, verb, parent, width=least)
        self.label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.label.setMinimumWidth(least)
        area = GrowingArea(self.label, self, most=max(room.height() - AROUND_TEXT, AROUND_TEXT))
        area.setAccessibleName(title)
        self.setAccessibleDescription(text)  # what a screen reader says when it opens: the keyboard is on a button
        if self.label.heightForWidth(least) > area.maximum:
            area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # arrow keys scroll it
        area.viewport().setAutoFillBackground(False)
        row = QHBoxLayout()
        row.setSpacing(SPACING.panel)
        if icon is not None:
            picture = QLabel(self)
            picture.setPixmap(self.style().standardIcon(icon).pixmap(ICON))
            row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(area, 1)
        self.body.addLayout(row)


WENT_WRONG = "Something in DIMSE Console itself went wrong. It goes on, but save your work."


BETWEEN = f"\n\n{'-' * 40}\n\n"
"""Between the reports of one dialog."""


class ReportDialog(QDialog):
    """The report of an unexpected error. words: what happened, and what becomes of it."""

    TITLE = "Unexpected error"

    def __init__(self, text: str, questions: Questions, parent: QWidget | None, words: str = WENT_WRONG) -> None:
        super().__init__(parent)
        self.text, self._questions = text, questions
        self.reports = [text]
        self.setWindowTitle(self.TITLE)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        heading = _wrapped(self.TITLE, "title", self)
        self.words = _wrapped(words, "", self)
        about = _wrapped("The report holds no patient data; please send it to the developers.", "muted", self)
        self.view = QPlainTextEdit(text, self)
        self.view.setReadOnly(True)
        self.view.setFont(mono_font())
        self.view.setAccessibleName("Report")
        CopyKeys(self)
        self.note = _wrapped("", "muted", self)
        self.note.hide()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self.buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        self.copy_button = self.buttons.addButton("C&opy", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button.clicked.connect(self._copy)
        self.save_button = self.buttons.addButton("&Save report…", QDialogButtonBox.ButtonRole.ActionRole)
        self.save_button.clicked.connect(self._ask)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING.panel, SPACING.panel, SPACING.panel, SPACING.panel)
        layout.setSpacing(SPACING.large)
        for label in (heading, self.words, about):
            layout.addWidget(label)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.note)
        layout.addWidget(self.buttons)
        give_size(self, 620, 440)

    def add(self, text: str, words: str) -> None:
        """Another report, met while this one is open: one window for all, however many come."""
        if words:
            self.words.setText(words)
        self.reports.append(text)
        self.text = BETWEEN.join(self.reports)
        self.view.appendPlainText(BETWEEN.removeprefix("\n") + text)
        self.say(f"{len(self.reports)} unexpected errors so far; all are in the report.")

    def say(self, sentence: str, role: str = "muted") -> None:
        """A line above the buttons, in the style of a role."""
        self.note.setText(sentence)
        restyle(self.note, "role", role)
        self.note.show()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text)
        self.say("Copied.")

    def _ask(self) -> None:
        self._questions.save_file(self, "Save report", "Text (*.txt)", "dimse-console-report.txt", self._save)

    def _save(self, paths: tuple[Path, ...]) -> None:
        try:
            paths[0].write_text(self.text + "\n", encoding="utf-8")
        except OSError as error:
            self.say(f"Not saved: {error.strerror or error}.", "error")
        else:
            self.say(f"Saved to {paths[0]}.")


class SilenceDialog(ReportDialog):
    """The engine does not answer: where it is, and to have it replaced. `replace_wanted` closes it."""

    TITLE = "The engine does not answer"
    replace_wanted = Signal()

    def __init__(self, text: str, questions: Questions, parent: QWidget) -> None:
        super().__init__(
            text,
            questions,
            parent,
            "Something in DIMSE Console itself holds it up. You can wait: it is said here when it answers again. "
            "Replacing it ends every association that is open; what is recorded stays, and the built-in peer listens "
            "again.",
        )
        self.replace_button = self.buttons.addButton("&Replace the engine", QDialogButtonBox.ButtonRole.DestructiveRole)
        self.replace_button.clicked.connect(self._replace)

    def answered(self, sentence: str) -> None:
        """It does again: there is nothing to replace."""
        self.say(sentence)
        self.replace_button.setEnabled(False)

    def _replace(self) -> None:
        self.replace_wanted.emit()
        self.accept()


def _wrapped(text: str, role: str, parent: QWidget) -> QLabel:
    label = WrappingLabel(text, parent)
    if role:
        label.setProperty("role", role)
    return label


def give_size(dialog: QWidget, width: int, height: int) -> None:
    """Pixels; no more than the screen has room for, with a frame and a title bar."""
    room = dialog.screen().availableGeometry()
    dialog.resize(min(width, room.width() - FRAME), min(height, room.height() - TITLE_BAR))


def top_window(widget: QWidget) -> QWidget:
    """The window a dialog belongs to."""
    return widget.window()
