"""The association negotiation trace: what was proposed and answered, every PDU, what departs from the Standard."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from engine.model.notices import Direction, FindingNotice, Notice
from engine.standard.elements import BY_KEYWORD
from engine.standard.pdus import PDataTF
from engine.trace.association_text import notices_text
from engine.trace.diagnosis.model import Mend, Proof
from gui.forms.diagnosis_card import CardArea, DiagnosisCard
from gui.forms.eliding_combo import ElidingCombo
from gui.forms.header import PanelHeader, text_button
from gui.forms.quiet_tabs import QuietTabs
from gui.later import Later
from gui.models.diagnosis_book import DiagnosisBook
from gui.models.finding_rows import Tally, finding_text, findings_text, tally
from gui.models.trace_lists import AssociationList
from gui.models.trace_store import Changes, TraceAssociation, TraceStore
from gui.models.trace_target import TraceTarget
from gui.models.trace_words import ended_badly
from gui.models.waiver_book import WaiverBook
from gui.pace import Pace
from gui.redacted import redaction_for
from gui.report import tell_defect
from gui.sound import sound
from gui.theme import SPACING

from .trace_contexts import ContextsTab
from .trace_findings import FindingsTab
from .trace_information import InformationTab
from .trace_pdus import PdusTab

CONTEXTS, INFORMATION, PDUS, FINDINGS = range(4)
_COPIED_FOR = 2000
"""Milliseconds the button says that it copied."""
_COPY = "Copy as text"
TITLE = "Association negotiation trace"
WORDY = 360
"""Pixels from which the whole title fits beside its button."""
WORDY_TABS = 430
"""Pixels from which all four tabs fit with their whole names and four-digit counts."""
_COMMAND_START = 12
"""Where the command set of a P-DATA-TF with one PDV begins: headers of PDU and PDV (PS3.8 9.3.5)."""


class TracePanel(QWidget):
    """Associations come with `add_notices`; `show_association` and `show_target` choose what is looked at."""

    association_shown = Signal(object)
    """The association now shown (int), or None."""
    copy_requested = Signal(object)
    """The text just put on the clipboard."""
    said = Signal(object, object)
    """(sentence, theme role) for the status bar."""

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        store: TraceStore | None = None,
        book: WaiverBook | None = None,
        diagnoses: DiagnosisBook | None = None,
        can_mend: Callable[[Mend], bool] = lambda _mend: False,
    ) -> None:
        super().__init__(parent)
        self.store = store or TraceStore()
        self.book = book or WaiverBook(parent=self)
        self._shown: int | None = None
        self._make_head()
        self.diagnoses = diagnoses or DiagnosisBook(self)
        self.banner = DiagnosisCard(can_mend, self)
        self._make_tabs()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.small)
        column.addWidget(self.header)
        column.addWidget(self.picker)
        column.addWidget(CardArea(self.banner, self))
        column.addWidget(self.tabs, 1)
        self._connect()
        self._show(None)

    def _make_head(self) -> None:
        """The title with its button, and which association is shown."""
        self.associations = AssociationList(self.store.associations, self)
        self.picker = ElidingCombo(self)
        self.picker.setModel(self.associations)
        self.picker.setAccessibleName("Association")
        self.picker.setPlaceholderText("No association yet")
        self.picker.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.picker.setMinimumContentsLength(12)
        self.picker.setMaxVisibleItems(20)
        self.header = PanelHeader(TITLE, self)
        self.copy_button = text_button(
            _COPY, self.copy_text, self, icon="copy", tip="Copy the association as the text people paste into tickets"
        )
        self.header.add_giving(self.copy_button)

    def _make_tabs(self) -> None:
        self.contexts = ContextsTab(self)
        self.information = InformationTab(self)
        self.pdus = PdusTab(self)
        self.findings = FindingsTab(self.book, self)
        self.tabs = QuietTabs(self)
        self.tabs.tabBar().setAccessibleName("Parts of the trace")
        self.tabs.addTab(self.contexts, "Contexts")
        self.tabs.addTab(self.information, "User information")
        self.tabs.addTab(self.pdus, "PDUs")
        self.tabs.addTab(self.findings, "Findings")

    def _connect(self) -> None:
        self._said = QTimer(self)
        self._said.setSingleShot(True)
        self._said.setInterval(_COPIED_FOR)
        self._said.timeout.connect(self._copy_again)
        self._titles = Pace(self)
        self._titles.due.connect(self._update_shown_titles)
        self._phase = Later(self)
        self._phase.due.connect(self._show_phase)
        self.picker.activated.connect(self._picked)
        self.findings.opened.connect(self._show_finding)
        self.findings.chosen.connect(self._prepare_finding)
        self.book.changed.connect(self._update_shown_titles)
        self.diagnoses.changed.connect(self._diagnosed)
        self.banner.proof_wanted.connect(self.show_proof)

    # -- for the integrator -------------------------------------------------------------------------------------

    def add_notices(self, notices: tuple[Notice, ...]) -> None:
        """Take in a batch; the newest association of our own is shown unless the user chose another one."""
        changes = self.store.take(notices)
        try:
            self.diagnoses.take(notices)
        except Exception:  # noqa: BLE001 - what happened is to be shown, explained or not
            tell_defect()
        for number in changes.new:
            self.associations.add(number)
        for number in changes.gone:
            self.associations.remove(number)
        for number in changes.phases:
            self.associations.changed(number)
        follow = self._to_follow(changes)
        if follow is not None and follow != self._shown:
            self._turn_to(follow)
        elif self._shown is not None and self._shown not in self.store.associations:
            self._turn_to(self.associations.number(0))
        else:
            self._update(changes)
        if changes.new or changes.gone or changes.phases:
            self._sync_picker()

    def show_association(self, association: object) -> None:
        """Show an association by its number; unknown ones change nothing."""
        if isinstance(association, int) and association in self.store.associations:
            self._show(association)

    def show_target(self, target: object) -> None:
        """Show what a row of the log points at: the association and, in the PDUs, the PDU of that time."""
        if not isinstance(target, TraceTarget) or target.association not in self.store.associations:
            return
        self._show(target.association)
        if target.time is not None:
            self.pdus.select_at(target.time, target.sent, message=target.message, ahead=target.ahead)
            self.banner.turn_to(target.time)
        if target.diagnosis is not None:
            self.banner.show_one(target.diagnosis)

    @property
    def waits(self) -> bool:
        """Whether something was taken in that is shown in the next turn of Qt's loop."""
        return self._phase.waits

    @property
    def shown_association(self) -> int | None:
        return self._shown

    def text(self) -> str:
        """The association shown as text, "" when none is."""
        record = self.store.get(self._shown)
        if record is None:
            return ""
        findings = findings_text(record.findings, self.tally_of(record), self.findings.waiver_of)
        return "\n".join(part for part in (notices_text(record.notices), findings) if part)

    def redacted_text(self) -> str:
        """As `text`, without AE titles, addresses, values and reasons of waivers."""
        record = self.store.get(self._shown)
        if record is None:
            return ""
        told = redaction_for(self).notice
        findings = findings_text(map(told, record.findings), self.tally_of(record), lambda _finding: None)
        return "\n".join(part for part in (notices_text(map(told, record.notices)), findings) if part)

    def copy_text(self) -> None:
        """Put the association on the clipboard as text."""
        self._copy(self.text())

    def copy_redacted_text(self) -> None:
        """As `copy_text`, without AE titles, addresses and values."""
        self._copy(self.redacted_text())

    def _copy(self, text: str) -> None:
        if not text:
            return
        QGuiApplication.clipboard().setText(text)
        self.header.say_on_giving("Copied")
        self._said.start()
        self.copy_requested.emit(text)

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wordy = self.width() >= WORDY
        self.tabs.setTabText(INFORMATION, "User information" if self.width() >= WORDY_TABS else "User")
        self.header.title.setText(TITLE if wordy else "Negotiation trace")

    def _copy_again(self) -> None:
        self.header.say_on_giving(_COPY)

    # -- what is shown ------------------------------------------------------------------------------------------

    def _to_follow(self, changes: Changes) -> int | None:
        """A new association of the user's; one of the built-in peer (accepted, or opened for a C-MOVE or a report) only
        while nothing is shown."""
        known = [n for n in changes.new if n in self.store.associations]
        ours = [n for n in known if self._of_the_user(n)]
        if ours:
            # Opening an association is the user's doing: it is what they want to see now.
            return ours[-1]
        return known[-1] if known and self._shown is None else None

    def _of_the_user(self, number: int) -> bool:
        record = self.store.associations[number]
        return record.requestor and record.listener is None

    def _picked(self, row: int) -> None:
        self._show(self.associations.number(row))

    def _show(self, association: int | None) -> None:
        """As the user wants it: all at once."""
        self._turn_to(association)
        self._phase.settle()

    def _turn_to(self, association: int | None) -> None:
        record = self.store.get(association)
        changed = association != self._shown
        self._shown = association if record is not None else None
        self._phase.ask()
        if changed or record is None:
            self.pdus.set_pdus(record.pdus if record is not None else ())
            findings, peer = (record.findings, record.peer.ae_title) if record is not None else ((), "")
            self.findings.set_findings(findings, peer)
        self._update_titles(record)
        self._sync_picker()
        if changed:
            self.association_shown.emit(self._shown)

    def _update(self, changes: Changes) -> None:
        number = self._shown
        record = self.store.get(number)
        if record is None or number is None:
            return
        if number in changes.pdus:
            self.pdus.add_pdus(changes.pdus[number])
        if number in changes.findings:
            self.findings.add_findings(changes.findings[number])
        if number in changes.phases:
            self._phase.ask()
            self.findings.set_peer(record.peer.ae_title)
        self._titles.ask()

    def _update_shown_titles(self) -> None:
        self._update_titles(self.store.get(self._shown))

    def _show_phase(self) -> None:
        """How far the association shown is and what was negotiated: more to draw than all else of a batch."""
        record = self.store.get(self._shown)
        self.banner.say(*ended_badly(record))
        self.banner.show_diagnoses(self.diagnoses.of(self._shown))
        self.contexts.show_association(record)
        self.information.show_association(record)

    def _update_titles(self, record: TraceAssociation | None) -> None:
        pdus = len(record.pdus) + record.forgotten if record is not None else 0
        found = self.tally_of(record) if record is not None else Tally()
        if found != self.findings.tally:
            self.findings.show_tally(found)
        for tab, title, count in ((PDUS, "PDUs", f"{pdus:,}"), (FINDINGS, "Findings", _count_text(found))):
            text = f"{title} {count}" if count != "0" else title
            if self.tabs.tabText(tab) != text:
                self.tabs.setTabText(tab, text)
        self.tabs.setTabToolTip(FINDINGS, found.words().capitalize() if record is not None else "")
        self.copy_button.setEnabled(record is not None and bool(record.notices))

    def _sync_picker(self) -> None:
        row = self.associations.row_of(self._shown)
        if self.picker.currentIndex() != row:
            self.picker.setCurrentIndex(row)
        tip = self.associations.index(row).data(Qt.ItemDataRole.ToolTipRole) if row >= 0 else ""
        self.picker.setToolTip(tip or "")

    def _diagnosed(self, associations: frozenset[int]) -> None:
        if self._shown in associations:
            self.banner.show_diagnoses(self.diagnoses.of(self._shown))

    def show_proof(self, proof: object) -> None:
        """Show what a diagnosis points at: the PDU, and its bytes."""
        if not isinstance(proof, Proof):
            return
        self.show_target(TraceTarget(association=proof.association, time=proof.time, sent=proof.sent))
        if proof.start is not None and proof.end is not None:
            self.pdus.highlight(proof.start, proof.end)
        self.tabs.setCurrentIndex(PDUS)
        self.pdus.table.setFocus(Qt.FocusReason.OtherFocusReason)

    # -- findings -----------------------------------------------------------------------------------------------

    def _prepare_finding(self, finding: object) -> None:
        """Select the PDU a finding is about, so that it is there when the user looks."""
        if not isinstance(finding, FindingNotice):
            return
        if not self.pdus.select_at(finding.time, finding.direction is Direction.SENT):
            return
        evidence, pdu = finding.evidence, self.pdus.current_pdu()
        if pdu is not None and evidence.start is not None and evidence.end is not None:
            of_command = pdu.type == PDataTF.TYPE and not finding.rule.startswith(("pdata.", "pdu."))
            base = _COMMAND_START if of_command else 0
            if base + evidence.end <= len(pdu.data):  # a command set in pieces ends in other PDUs
                self.pdus.highlight(base + evidence.start, base + evidence.end)
                return
        element = BY_KEYWORD.get(evidence.text)
        if element is not None:
            self.pdus.highlight_labelled(element.name)

    def tally_of(self, record: TraceAssociation) -> Tally:
        """The roll-up of an association's findings."""
        return tally(record.counts, lambda rule: self.book.waiver(rule, record.peer.ae_title) is not None)

    def go_to_finding(self, by: int) -> None:
        """Make the next (1) or previous (-1) finding current, on this association or one after or before it."""
        if not self.findings.step(by):
            other = self._other_with_findings(by)
            if other is None:
                which = "further" if by > 0 else "earlier"
                self.said.emit(f"There is no {which} finding.", "muted")
                return
            self._show(other)
            self.findings.step(by)
        finding = self.findings.current()
        if self.tabs.currentIndex() not in (PDUS, FINDINGS):
            self.tabs.setCurrentIndex(FINDINGS)
        if finding is not None:
            role = {"error": "failure", "warning": "warning"}.get(finding.severity, "text")
            self.said.emit(finding_text(finding, None).partition("\n")[0] + f" ({finding.clause})", role)

    def _other_with_findings(self, by: int) -> int | None:
        """The next association with a finding the filter keeps."""
        numbers = [n for n in self.store.associations if self._shown is None or (n - self._shown) * by > 0]
        for number in sorted(numbers, reverse=by < 0):
            record = self.store.associations[number]
            if self.findings.keeps_any(record.findings, record.counts, record.peer.ae_title):
                return number
        return None

    def _show_finding(self, finding: object) -> None:
        self._prepare_finding(finding)
        self.tabs.setCurrentIndex(PDUS)
        self.pdus.table.setFocus(Qt.FocusReason.OtherFocusReason)

    @sound
    def sizeHint(self) -> QSize:
        return QSize(430, 600)


def _count_text(found: Tally) -> str:
    """ "3", or "3+1" where one more is waived."""
    return f"{found.open:,}+{found.waived:,}" if found.waived else f"{found.open:,}"
