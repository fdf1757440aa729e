"""What the window does with findings besides showing them: going through them, waiving, reading the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.conformance.rules import AREAS, RULES
from engine.conformance.waivers import Waiver
from engine.model.notices import FindingNotice

from .dialogs import Questions, top_window
from .models.rule_page import rule_page
from .models.waiver_book import WaiverBook, whose
from .palette import Found
from .panels.log_panel import LogPanel
from .panels.trace_panel import TracePanel

if TYPE_CHECKING:
    from .panels.waiver_dialogs import WaiveDialog, WaiversDialog


class Judging(QObject):
    """Connects trace and log with the waivers. `said`: (sentence, theme role)."""

    said = Signal(object, object)

    def __init__(
        self,
        book: WaiverBook,
        trace: TracePanel,
        log: LogPanel,
        questions: Questions,
        reveal: Callable[[], None],
        parent: QWidget,
    ) -> None:
        """reveal: shows the trace, which may be hidden."""
        super().__init__(parent)
        self._window = parent
        self._book, self._trace, self._questions, self._reveal = book, trace, questions, reveal
        self.dialog: WaiveDialog | WaiversDialog | None = None
        findings = trace.findings
        findings.waive_requested.connect(self.waive)
        findings.waived_no_more.connect(self.waive_no_more)
        findings.rule_requested.connect(self.show_rule)
        trace.said.connect(self.said)
        book.failed.connect(self._failed)
        log.model.set_waivers(book)
        self.handlers: dict[str, Callable[..., Any]] = {
            "next_finding": partial(self.go, 1),
            "previous_finding": partial(self.go, -1),
            "waive_finding": self.waive_current,
            "waivers": self.list_waivers,
            "finding_rule": findings.show_rule,
            "all_rules": partial(self.show_rule, ""),
        }

    def go(self, by: int) -> None:
        """To the next finding or the one before."""
        self._reveal()
        self._trace.go_to_finding(by)

    def waive_current(self) -> None:
        """Waive the finding chosen in the trace, or take its waiver back."""
        if self._trace.findings.current() is None:
            self.said.emit("No finding is chosen: F4 goes to the next one.", "warning")
            return
        self._trace.findings.waive()

    def waive(self, finding: object, peer: object) -> None:
        """Ask for whom and why."""
        if not isinstance(finding, FindingNotice):
            return
        from .panels.waiver_dialogs import WaiveDialog

        title = str(peer).strip(" ")
        dialog = WaiveDialog(Waiver(finding.rule, "", title), (), top_window(self._window), sentence=finding.sentence)
        dialog.saved.connect(self._waived)
        self.dialog = dialog
        dialog.open()

    def waive_no_more(self, waiver: object) -> None:
        if isinstance(waiver, Waiver):
            self._book.remove(waiver)
            self.said.emit(f"{waiver.rule} counts again {whose(waiver)}.", "text")

    def list_waivers(self) -> None:
        """All waivers, to edit them."""
        from .panels.waiver_dialogs import WaiversDialog

        titles = {r.peer.ae_title.strip(" ") for r in self._trace.store.associations.values()}
        self.dialog = WaiversDialog(self._book, sorted(titles - {""}), top_window(self._window))
        self.dialog.open()

    def show_rule(self, rule: object) -> None:
        """What a rule says; "" for all rules."""
        known = str(rule) in RULES
        page = partial(rule_page, str(rule))
        self._questions.show(self._window, f"Rule {rule}" if known else "Conformance rules", page)

    def rules(self, text: str) -> Iterable[Found]:
        """For the palette: rules by name, words and clause."""
        if not text:
            return
        for rule in RULES.values():
            yield Found(
                kind="rule",
                title=rule.title,
                detail=f"{rule.clause} · {rule.id}",
                icon="help",
                words=f"rule finding {rule.severity} {AREAS[rule.id.partition('.')[0]]}",
                run=partial(self.show_rule, rule.id),
            )

    def _waived(self, waiver: object) -> None:
        if isinstance(waiver, Waiver):
            self._book.add(waiver)
            self.said.emit(f"{waiver.rule} is waived {whose(waiver)}: {waiver.reason}", "text")

    def _failed(self, sentence: object) -> None:
        self.said.emit(sentence, "failure")
