"""What departs from the Standard on an association: rolled up, filtered, waived; choosing one leads to its PDU."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QItemSelectionModel, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from engine.conformance.rules import RULES
from engine.conformance.waivers import Waiver
from engine.model.notices import FindingNotice
from gui.forms.header import text_button
from gui.forms.wrapping_label import SelectableLabel
from gui.models.finding_rows import (
    SEVERITIES,
    SEVERITY_LOOKS,
    WAIVED_LOOK,
    Tally,
    counted,
    finding_columns,
    finding_filter,
    finding_text,
    shown_severity,
)
from gui.models.rows import RowTableModel
from gui.models.tables import PlainTable
from gui.models.trace_store import KEPT_FINDINGS
from gui.models.waiver_book import WaiverBook
from gui.redacted import redaction_for
from gui.sound import sound
from gui.theme import SPACING, theme

WIDE, ROOMY = 620, 400
"""Pixels from which the counts have their words, and the buttons and the filter theirs."""
_FILTER = "Filter: received, PS3.8, UID"
_TYPING_PAUSE = 120
_EMPTY = (
    "<b>No findings</b><br>Everything sent and received here is judged by <a href='rules'>{rules} rules</a> while it "
    "happens, and follows the Standard as far as checked.<br>What does not is listed here, with its clause and bytes."
)
_NO_MATCH = "<b>No finding matches</b><br><a href='clear'>Show all {count:,}</a>, waived ones too."


class FindingsTable(PlainTable):
    """What leaves the program of a finding is told in full, but for values, names and reasons of waivers."""

    def __init__(self, model: RowTableModel[FindingNotice], parent: QWidget) -> None:
        self._findings = model
        super().__init__(model, parent, name="Findings")

    def redacted_text(self) -> str:
        found = [self._findings.record(row) for row in self.selected_rows()]
        told = redaction_for(self).notice
        return "\n\n".join(finding_text(told(f), None) for f in found) + "\n" if found else ""


class FindingsTab(QWidget):
    """Shows the findings of one association. `peer` is its AE title: waivers may be for it."""

    chosen = Signal(object)
    """The FindingNotice now current."""
    opened = Signal(object)
    """The FindingNotice whose PDU the user wants to see."""
    waive_requested = Signal(object, object)
    """A FindingNotice, and the AE title of its peer."""
    waived_no_more = Signal(object)
    """The Waiver to be taken back."""
    rule_requested = Signal(object)
    """The id of the rule to be read about, "" for all."""

    def __init__(self, book: WaiverBook, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.book = book
        self.peer = ""
        self.model: RowTableModel[FindingNotice] = RowTableModel(
            finding_columns(self.waiver_of), self, maximum=KEPT_FINDINGS
        )
        self.table = FindingsTable(self.model, self)
        self.table.empty.link.connect(self._follow_link)
        self.tally = Tally()
        self._make_top()
        self._make_details()
        self._make_actions()
        for line in (self.top, self.buttons):
            # Their words give way where it is narrow: they must not hold the panel open before they could.
            line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACING.normal, 0, 0)
        column.setSpacing(SPACING.normal)
        column.addWidget(self.top)
        column.addWidget(self.table, 1)
        column.addWidget(self.details)
        column.addWidget(self.buttons)
        self.table.chosen.connect(self._chosen)
        self.table.activated_record.connect(self.opened)
        book.changed.connect(self._waivers_changed)
        self.show_tally(Tally())
        self._filter()

    # -- making -------------------------------------------------------------------------------------------------

    def _make_top(self) -> None:
        self.top = QWidget(self)
        row = QHBoxLayout(self.top)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING.small)
        looks = {**SEVERITY_LOOKS, "waived": WAIVED_LOOK}
        self.chips = {name: self._chip(look) for name, look in looks.items()}
        for chip in self.chips.values():
            row.addWidget(chip)
        self.filter_line = QLineEdit(self.top)
        self.filter_line.setAccessibleName("Filter the findings")
        self.filter_line.setToolTip("Words that must occur: severity, direction, sentence, clause, rule, reason waived")
        self.filter_line.setClearButtonEnabled(True)
        row.addWidget(self.filter_line, 1)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_TYPING_PAUSE)
        self._pause.timeout.connect(self._filter)
        self.filter_line.textChanged.connect(self._typed)
        self.filter_line.returnPressed.connect(self._filter)

    def _chip(self, look: tuple[str, str]) -> QToolButton:
        chip = QToolButton(self.top)
        chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        chip.setCheckable(True)
        chip.setChecked(True)
        chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme().bind_icon(chip, *look)
        chip.toggled.connect(self._filter)
        return chip

    def _make_details(self) -> None:
        self.details = SelectableLabel(parent=self)
        self.details.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.show_pdu = text_button(
            "Show the PDU", self._open, self, icon="trace", tip="The PDU and the bytes (Return)"
        )
        self.waive_button = text_button("Waive…", self.waive, self, icon="check")
        self.rule_button = text_button("The rule", self.show_rule, self, icon="help", tip="What the rule says")
        self.buttons = QWidget(self)
        row = QHBoxLayout(self.buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING.normal)
        for button in (self.show_pdu, self.waive_button, self.rule_button):
            row.addWidget(button)
        row.addStretch(1)
        self.details.hide()
        self.buttons.hide()

    def _make_actions(self) -> None:
        """The context menu."""
        show = QAction("&Show the PDU", self.table)
        show.triggered.connect(self._open)
        self.waive_action = QAction("Wai&ve…", self.table)
        self.waive_action.triggered.connect(self.waive)
        rule = QAction("What the &rule says", self.table)
        rule.triggered.connect(self.show_rule)
        copy = QAction("Copy as &text", self.table)
        copy.setShortcut(QKeySequence("Ctrl+Shift+X"))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy_text)
        self.copy_redacted_action = self.table.copy_redacted_action
        for action in (show, self.waive_action, rule, copy):
            self.table.addAction(action)

    # -- contents -----------------------------------------------------------------------------------------------

    def set_findings(self, findings: Iterable[FindingNotice], peer: str) -> None:
        """Show the findings of another association."""
        self.peer = peer
        self.model.set_records(findings)
        self._chosen(None)
        self._say_empty()

    def set_peer(self, peer: str) -> None:
        """The peer is known now."""
        if peer != self.peer:
            self.peer = peer
            self._waivers_changed()

    def add_findings(self, findings: Iterable[FindingNotice]) -> None:
        self.model.append(findings)
        self._say_empty()

    def show_tally(self, found: Tally) -> None:
        """The roll-up of all findings of the association."""
        self.tally = found
        wide = self.width() >= WIDE
        for name, chip in self.chips.items():
            count = found.waived if name == "waived" else found.of(name)
            words = f"{count:,} waived" if name == "waived" else counted(name, count)
            chip.setText(words if wide else f"{count:,}")
            chip.setAccessibleName(words)
            chip.setToolTip(f"{words}: {'shown, press to hide' if chip.isChecked() else 'hidden, press to show'}")
        self.chips["waived"].setVisible(bool(found.waived))
        self.top.setVisible(bool(found.open or found.waived))

    def waiver_of(self, finding: FindingNotice) -> Waiver | None:
        """What waives a finding of the association shown."""
        return self.book.waiver(finding.rule, self.peer)

    def keeps_any(self, findings: Iterable[FindingNotice], kinds: Iterable[tuple[str, str]], peer: str) -> bool:
        """Whether the filter would show one of the findings of an association with this peer.

        kinds: their rules and severities, which tell most often without a look at tens of thousands of findings.
        """
        severities, waived = self._severities(), self.chips["waived"].isChecked()

        def waiver_of(finding: FindingNotice) -> Waiver | None:
            return self.book.waiver(finding.rule, peer)

        if not any(
            waived if self.book.waiver(rule, peer) is not None else shown_severity(severity) in severities
            for rule, severity in kinds
        ):
            return False
        return any(map(finding_filter(self.filter_line.text(), severities, waived, waiver_of), findings))

    # -- going from one to the next -----------------------------------------------------------------------------

    def current(self) -> FindingNotice | None:
        record = self.table.current_record()
        return record if isinstance(record, FindingNotice) else None

    def step(self, by: int) -> bool:
        """Make the next (1) or the previous (-1) finding current, from none the first or the last; False at the end."""
        row = self.table.currentIndex().row()
        target = row + by if row >= 0 else (0 if by > 0 else self.model.rowCount() - 1)
        return self._select(target)

    def _select(self, row: int) -> bool:
        if not 0 <= row < self.model.rowCount():
            return False
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        index = self.model.index(row, 0)
        self.table.selectionModel().setCurrentIndex(index, flags)
        self.table.scrollTo(index)
        return True

    # -- what one does with a finding ---------------------------------------------------------------------------

    def waive(self) -> None:
        """Waive the current finding, or take its waiver back."""
        finding = self.current()
        if finding is None:
            return
        waiver = self.waiver_of(finding)
        if waiver is None:
            self.waive_requested.emit(finding, self.peer)
        else:
            self.waived_no_more.emit(waiver)

    def show_rule(self) -> None:
        """What the rule of the current finding says; of none, all rules."""
        finding = self.current()
        self.rule_requested.emit(finding.rule if finding is not None else "")

    def copy_text(self) -> None:
        """The selected findings on the clipboard, in full."""
        found = [self.model.record(row) for row in self.table.selected_rows()]
        if found:
            QGuiApplication.clipboard().setText("\n\n".join(finding_text(f, self.waiver_of(f)) for f in found) + "\n")

    def _open(self) -> None:
        finding = self.current()
        if finding is not None:
            self.opened.emit(finding)

    def _chosen(self, record: object) -> None:
        found = record if isinstance(record, FindingNotice) else None
        if found is not None:
            self._show_details(found)
            self.chosen.emit(found)
        self.details.setVisible(found is not None)
        self.buttons.setVisible(found is not None)

    def _show_details(self, finding: FindingNotice) -> None:
        waiver = self.waiver_of(finding)
        self.details.setText(finding_text(finding, waiver))
        text, tip = ("Waive…", "Live with it, for a reason") if waiver is None else ("Unwaive", "It counts again")
        self.waive_button.setText(text)
        self.waive_button.setToolTip(f"{tip} (Ctrl+Shift+W)")
        self.waive_action.setText(f"&{text}")

    # -- filter -------------------------------------------------------------------------------------------------

    def _severities(self) -> frozenset[str]:
        return frozenset(s for s in SEVERITIES if self.chips[s].isChecked())

    def _typed(self, _text: str) -> None:
        self._pause.start()

    def _filter(self) -> None:
        """Show what the counts and the words keep; the current finding stays so, or the one that takes its place."""
        self._pause.stop()
        current, row = self.current(), self.table.currentIndex().row()
        text, severities, waived = self.filter_line.text(), self._severities(), self.chips["waived"].isChecked()
        everything = not text.strip() and waived and len(severities) == len(SEVERITIES)
        self.model.set_filter(None if everything else finding_filter(text, severities, waived, self.waiver_of))
        if current is not None:
            position = next((i for i, f in enumerate(self.model.records) if f is current), -1)
            shown = self.model.row_of(position) if position >= 0 else -1
            if not self._select(shown if shown >= 0 else min(row, self.model.rowCount() - 1)):
                self._chosen(None)
        self.show_tally(self.tally)
        self._say_empty()

    def _waivers_changed(self) -> None:
        self._filter()
        current = self.current()
        if current is not None:
            self._show_details(current)
        if self.model.rowCount():
            self.model.dataChanged.emit(
                self.model.index(0, 0), self.model.index(self.model.rowCount() - 1, self.model.columnCount() - 1)
            )

    def _say_empty(self) -> None:
        total = len(self.model.records)
        self.table.set_empty(_NO_MATCH.format(count=total) if total else _EMPTY.format(rules=len(RULES)))

    def _follow_link(self, link: str) -> None:
        if link == "rules":
            self.rule_requested.emit("")
            return
        self.filter_line.clear()
        for chip in self.chips.values():
            chip.setChecked(True)
        self._filter()

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        roomy = self.width() >= ROOMY
        self.filter_line.setPlaceholderText(_FILTER if roomy else "Filter")
        self.show_pdu.setText("Show the PDU" if roomy else "PDU")
        self.show_tally(self.tally)
