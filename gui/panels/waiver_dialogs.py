"""Waiving a finding with a reason, and the list of all that is waived."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.conformance.rules import RULES
from engine.conformance.waivers import Waiver
from engine.standard.clauses import titled
from gui.dialogs import FormDialog, give_size, top_window
from gui.forms.choices import ChoiceField
from gui.forms.entry_list import EntryList
from gui.forms.fields import TextField
from gui.forms.header import text_button
from gui.models import redacted_rows
from gui.models.lists import EntryModel
from gui.models.waiver_book import WaiverBook, waiver_entry
from gui.redacted import CopyKeys
from gui.theme import SPACING

EVERY = "every peer"
_EMPTY = (
    "<b>Nothing is waived</b><br>A finding you have looked at and live with is waived from the trace's "
    "<b>Findings</b>, with the reason. It is still shown, but no longer counted."
)


def check_reason(text: str) -> str | None:
    return None if text.strip() else "A reason is needed: whoever reads it later will ask."


class WaiveDialog(FormDialog):
    """`saved` carries the Waiver. peers: AE titles offered besides every peer; the waiver's own is chosen."""

    saved = Signal(object)

    def __init__(
        self,
        waiver: Waiver,
        peers: Iterable[str],
        parent: QWidget | None = None,
        *,
        sentence: str = "",
        new: bool = True,
    ) -> None:
        super().__init__("Waive a finding" if new else "Edit waiver", "Waive" if new else "Save", parent, width=440)
        self._rule = waiver.rule
        rule = RULES.get(waiver.rule)
        title = QLabel(rule.title if rule is not None else waiver.rule, self)
        title.setTextFormat(Qt.TextFormat.PlainText)
        title.setProperty("role", "title")
        title.setWordWrap(True)
        source = f"{titled(rule.clause)} · {waiver.rule}" if rule is not None else ""
        about = QLabel("\n".join(p for p in (sentence, source) if p), self)
        about.setTextFormat(Qt.TextFormat.PlainText)
        about.setProperty("role", "muted")
        about.setWordWrap(True)
        about.setVisible(bool(about.text()))
        heading = QVBoxLayout()
        heading.setSpacing(SPACING.small)
        heading.addWidget(title)
        heading.addWidget(about)
        titles = dict.fromkeys(t for t in (waiver.peer, *peers) if t.strip())
        self.peer = ChoiceField("&For", [*((t, f"{t} only") for t in titles), ("", EVERY)], self)
        self.peer.set_value(waiver.peer if waiver.peer.strip() else "")
        self.reason = TextField("&Reason", check_reason, "Ticket, version, who decided", self)
        self.reason.set_value(waiver.reason)
        if not waiver.reason:
            self.reason.stay_calm()
        self.reason.edited.connect(self._judge)
        self.body.addLayout(heading)
        self.body.addWidget(self.peer)
        self.body.addWidget(self.reason)
        self.body.addStretch(1)
        self._judge()
        self.reason.line.setFocus()

    def waiver(self) -> Waiver:
        """The waiver as it stands in the fields."""
        return Waiver(self._rule, self.reason.value().strip(), str(self.peer.value() or ""))

    def accept(self) -> None:
        if self.reason.is_valid():
            self.saved.emit(self.waiver())
            super().accept()

    def _judge(self) -> None:
        self.accept_button.setEnabled(self.reason.is_valid())


class WaiversDialog(QDialog):
    """All waivers: to be read, edited, taken back. Changes hold at once."""

    def __init__(self, book: WaiverBook, peers: Iterable[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Waivers")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        CopyKeys(self)
        self._book, self._peers = book, tuple(peers)
        self.model: EntryModel[Waiver] = EntryModel(waiver_entry, self, redact=redacted_rows.waiver)
        self.list = EntryList(self.model, self, name="Waivers", movable=False)
        self.list.set_empty(_EMPTY)
        self.list.opened.connect(self.edit)
        self.list.chosen.connect(self._enable)
        self.list.add_action("&Edit…", "F2", self.edit)
        self.list.add_action("&Unwaive", "Del", self.remove)
        self.edit_button = text_button("&Edit…", self.edit, self, icon="edit")
        self.remove_button = text_button("&Unwaive", self.remove, self, icon="delete")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        # Return edits the current waiver; it must not close the list besides.
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(SPACING.normal)
        row.addWidget(self.edit_button)
        row.addWidget(self.remove_button)
        row.addStretch(1)
        row.addWidget(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING.panel, SPACING.panel, SPACING.panel, SPACING.panel)
        column.setSpacing(SPACING.large)
        column.addWidget(self.list, 1)
        column.addLayout(row)
        give_size(self, 620, 420)
        book.changed.connect(self._fill)
        self._fill()

    def edit(self) -> None:
        """Another peer or another reason for the current waiver."""
        waiver = self.list.current_record()
        if not isinstance(waiver, Waiver):
            return
        self.editing = WaiveDialog(waiver, self._peers, top_window(self), new=False)
        self._edited = waiver
        self.editing.saved.connect(self._save)
        self.editing.open()

    def remove(self) -> None:
        """Take the selected waivers back."""
        records = self.model.records
        gone = [records[row] for row in self.list.selected_rows()]
        if gone:
            self._book.remove(*gone)

    def _save(self, waiver: object) -> None:
        if isinstance(waiver, Waiver):
            self._book.add(waiver, instead_of=self._edited)

    def _fill(self) -> None:
        row = max(0, self.list.currentIndex().row())
        self.model.set_records(self._book.waivers)
        self.list.select_row(min(row, len(self._book.waivers) - 1))
        self._enable(self.list.current_record())

    def _enable(self, record: object) -> None:
        for button in (self.edit_button, self.remove_button):
            button.setEnabled(record is not None)
