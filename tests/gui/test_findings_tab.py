"""Findings in the trace: rolled up, filtered, walked through over associations, led to their bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester

from engine.conformance.waivers import Waiver
from engine.model.association import Peer
from engine.model.notices import Evidence, FindingNotice
from gui.models.waiver_book import WaiverBook
from gui.panels.trace_panel import CONTEXTS, FINDINGS, PDUS, TracePanel
from tests.gui.sample_notices import PROPOSAL, Conversation

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

ODD, RESERVED, UNKNOWN = "pdata.odd-fragment", "association.reserved", "association.unknown-uid"
VERIFICATION = "1.2.840.10008.1.1"


@pytest.fixture
def book() -> WaiverBook:
    return WaiverBook()


@pytest.fixture
def panel(qtbot: QtBot, book: WaiverBook) -> TracePanel:
    panel = TracePanel(book=book)
    qtbot.addWidget(panel)
    panel.resize(700, 700)
    panel.show()
    return panel


def conversation(number: int = 12, peer: Peer = PROPOSAL.peer, *, requestor: bool = True) -> Conversation:
    """An echo with an error, a warning and a note."""
    talk = Conversation(number, requestor=requestor, peer=peer).opened()
    talk.exchange("C-ECHO", VERIFICATION, operation=100)
    talk.finding(
        ODD, "The fragment of PDV 1 has 65 bytes, odd.", "PS3.8 E.1", "error", evidence=Evidence(start=6, end=10)
    )
    talk.finding(RESERVED, "Byte 2 is 01H.", "PS3.8 9.3.1", "warning")
    talk.finding(UNKNOWN, "1.2.840.10008.99 is not registered.", "PS3.6 A", "info")
    return talk


def shown(panel: TracePanel) -> list[str]:
    model = panel.findings.model
    return [model.record(row).rule for row in range(model.rowCount())]


def current(panel: TracePanel) -> tuple[int, str] | None:
    found = panel.findings.current()
    return (found.association, found.rule) if isinstance(found, FindingNotice) else None


def test_the_empty_tab_says_what_it_is_for_and_leads_to_the_rules(qtbot: QtBot, panel: TracePanel) -> None:
    empty = panel.findings.table.empty
    assert empty.isVisibleTo(panel.findings)
    assert "judged by" in empty.text()
    assert not panel.findings.top.isVisibleTo(panel.findings)
    with qtbot.waitSignal(panel.findings.rule_requested) as asked:
        empty.linkActivated.emit("rules")
    assert asked.args == [""]


def test_findings_are_rolled_up(panel: TracePanel) -> None:
    panel.add_notices(tuple(conversation().notices))
    panel.tabs.setCurrentIndex(FINDINGS)
    assert panel.tabs.tabText(FINDINGS) == "Findings 3"
    chips = panel.findings.chips
    assert [chips[s].text() for s in ("error", "warning", "info")] == ["1 error", "1 warning", "1 note"]
    assert not chips["waived"].isVisibleTo(panel.findings)
    panel.resize(430, 700)
    assert chips["error"].text() == "1"
    assert chips["error"].accessibleName() == "1 error"


def test_counts_hide_and_show_what_they_count(qtbot: QtBot, panel: TracePanel) -> None:
    panel.add_notices(tuple(conversation().notices))
    panel.tabs.setCurrentIndex(FINDINGS)
    QAbstractItemModelTester(panel.findings.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    qtbot.mouseClick(panel.findings.chips["error"], Qt.MouseButton.LeftButton)
    assert shown(panel) == [RESERVED, UNKNOWN]
    panel.findings.filter_line.setText("PS3.6")
    qtbot.keyClick(panel.findings.filter_line, Qt.Key.Key_Return)
    assert shown(panel) == [UNKNOWN]
    panel.findings.filter_line.setText("sent")
    qtbot.keyClick(panel.findings.filter_line, Qt.Key.Key_Return)
    assert shown(panel) == []
    assert "No finding matches" in panel.findings.table.empty.text()
    panel.findings.table.empty.linkActivated.emit("clear")
    assert shown(panel) == [ODD, RESERVED, UNKNOWN]


def test_the_current_finding_stays_when_others_are_filtered(panel: TracePanel) -> None:
    panel.add_notices(tuple(conversation().notices))
    panel.findings.table.selectRow(1)
    panel.findings.chips["error"].setChecked(False)
    assert current(panel) == (12, RESERVED)
    panel.findings.chips["warning"].setChecked(False)
    assert current(panel) == (12, UNKNOWN)
    panel.findings.chips["info"].setChecked(False)
    assert current(panel) is None
    assert not panel.findings.details.isVisibleTo(panel.findings)


def test_findings_are_walked_through_over_associations(qtbot: QtBot, panel: TracePanel) -> None:
    """Over one without any, there and back; the ends are said."""
    quiet = Conversation(13).opened()
    for talk in (conversation(12), quiet, conversation(14)):
        panel.add_notices(tuple(talk.notices))
    panel.show_association(12)
    seen = []
    for _ in range(6):
        panel.go_to_finding(1)
        seen.append(current(panel))
    assert seen == [(n, rule) for n in (12, 14) for rule in (ODD, RESERVED, UNKNOWN)]
    assert panel.tabs.currentIndex() == FINDINGS
    with qtbot.waitSignal(panel.said) as said:
        panel.go_to_finding(1)
    assert said.args == ["There is no further finding.", "muted"]
    for _ in range(3):
        panel.go_to_finding(-1)
    assert current(panel) == (12, UNKNOWN)


def test_walking_passes_over_what_is_filtered_out_or_waived_and_hidden(panel: TracePanel, book: WaiverBook) -> None:
    for talk in (conversation(12), conversation(14)):
        panel.add_notices(tuple(talk.notices))
    panel.show_association(12)
    book.add(Waiver(ODD, "known"))
    panel.findings.chips["waived"].setChecked(False)
    panel.findings.chips["info"].setChecked(False)
    panel.go_to_finding(1)
    panel.go_to_finding(1)
    assert current(panel) == (14, RESERVED)


def test_walking_stays_with_the_bytes(panel: TracePanel) -> None:
    panel.add_notices(tuple(conversation().notices))
    panel.tabs.setCurrentIndex(PDUS)
    panel.go_to_finding(1)
    assert panel.tabs.currentIndex() == PDUS
    assert panel.pdus.hex.highlighted() == (6, 10)
    panel.tabs.setCurrentIndex(CONTEXTS)
    panel.go_to_finding(1)
    assert panel.tabs.currentIndex() == FINDINGS


def test_a_finding_is_copied_in_full(panel: TracePanel, book: WaiverBook) -> None:
    book.add(Waiver(ODD, "ticket 17"))
    panel.add_notices(tuple(conversation().notices))
    panel.findings.table.selectRow(0)
    panel.findings.copy_text()
    assert QGuiApplication.clipboard().text() == (
        "Error, received: The fragment of PDV 1 has 65 bytes, odd.\n"
        "Rule: Fragments have an even number of bytes (pdata.odd-fragment)\n"
        "Clause: PS3.8 E.1 Encapsulation Rules\n"
        "Seen in: bytes 6 to 10\n"
        "Waived for every peer: ticket 17\n"
    )


def test_the_association_is_copied_with_its_findings(panel: TracePanel, book: WaiverBook) -> None:
    book.add(Waiver(ODD, "ticket 17"))
    talk = conversation()
    talk.finding(RESERVED, "Byte 2 is 01H.", "PS3.8 9.3.1", "warning")
    panel.add_notices(tuple(talk.notices))
    _, _, told = panel.text().partition("\nFindings: ")
    odd = "  error, received: The fragment of PDV 1 has 65 bytes, odd. (PS3.8 E.1; pdata.odd-fragment)"
    assert told.splitlines() == [
        "2 warnings, 1 note, 1 waived",
        f"{odd} [waived for every peer: ticket 17]",
        "  warning, received: Byte 2 is 01H. (PS3.8 9.3.1; association.reserved) ×2",
        "  info, received: 1.2.840.10008.99 is not registered. (PS3.6 A; association.unknown-uid)",
    ]


# -- waived -----------------------------------------------------------------------------------------------------


def test_a_waived_finding_is_shown_struck_and_no_longer_counted(panel: TracePanel, book: WaiverBook) -> None:
    panel.add_notices(tuple(conversation().notices))
    panel.tabs.setCurrentIndex(FINDINGS)
    model = panel.findings.model
    struck = [model.index(row, 2).data(Qt.ItemDataRole.FontRole) for row in range(3)]
    assert struck == [None, None, None]
    book.add(Waiver(ODD, "ticket 17", PROPOSAL.peer.ae_title))
    assert model.index(0, 2).data(Qt.ItemDataRole.FontRole).strikeOut()
    assert "ticket 17" in model.index(0, 2).data(Qt.ItemDataRole.ToolTipRole)
    assert panel.tabs.tabText(FINDINGS) == "Findings 2+1"
    assert panel.tabs.tabToolTip(FINDINGS) == "1 warning, 1 note, 1 waived"
    assert panel.findings.chips["waived"].text() == "1 waived"
    book.remove(*book.waivers)
    assert panel.tabs.tabText(FINDINGS) == "Findings 3"


def test_waived_findings_can_be_hidden_and_found_by_their_reason(panel: TracePanel, book: WaiverBook) -> None:
    panel.add_notices(tuple(conversation().notices))
    book.add(Waiver(RESERVED, "vendor ticket 4711"))
    panel.findings.filter_line.setText("4711")
    panel.findings._filter()
    assert shown(panel) == [RESERVED]
    panel.findings.filter_line.clear()
    panel.findings.chips["waived"].setChecked(False)
    assert shown(panel) == [ODD, UNKNOWN]
    assert panel.tabs.tabText(FINDINGS) == "Findings 2+1"  # hidden, not forgotten


def test_a_waiver_for_another_peer_waives_nothing_here(panel: TracePanel, book: WaiverBook) -> None:
    book.add(Waiver(ODD, "ticket 17", "OTHER"))
    panel.add_notices(tuple(conversation().notices))
    assert panel.tabs.tabText(FINDINGS) == "Findings 3"


def test_waiving_from_the_tab_asks_and_takes_back(qtbot: QtBot, panel: TracePanel, book: WaiverBook) -> None:
    panel.add_notices(tuple(conversation().notices))
    panel.tabs.setCurrentIndex(FINDINGS)
    findings = panel.findings
    findings.table.selectRow(0)
    with qtbot.waitSignal(findings.waive_requested) as asked:
        qtbot.mouseClick(findings.waive_button, Qt.MouseButton.LeftButton)
    assert asked.args[0] is findings.current()
    assert asked.args[1] == PROPOSAL.peer.ae_title
    waiver = Waiver(ODD, "ticket 17")
    book.add(waiver)
    assert findings.waive_button.text() == "Unwaive"
    with qtbot.waitSignal(findings.waived_no_more) as taken:
        findings.waive_action.trigger()
    assert taken.args == [waiver]


@pytest.mark.parametrize("hidden_by", ["waivers", "the note's button", "words"])
def test_going_on_passes_over_thousands_that_are_hidden_at_once(
    panel: TracePanel, book: WaiverBook, monkeypatch: pytest.MonkeyPatch, hidden_by: str
) -> None:
    """Each took ten looks at the filter: F4 held the window for seconds."""
    panel.add_notices(conversation(12).notices)
    noisy = Conversation(13, requestor=False, peer=PROPOSAL.peer).opened()
    for number in range(5_000):
        noisy.finding(UNKNOWN, f"1.2.{number} is not registered.", "PS3.6 A", "info")
    panel.add_notices(noisy.notices)
    panel.add_notices(conversation(14, requestor=False).notices)
    tab = panel.findings
    if hidden_by == "waivers":
        book.add(Waiver(UNKNOWN, "Test UIDs."))
        tab.chips["waived"].setChecked(False)
    elif hidden_by == "words":
        tab.filter_line.setText("odd")
        tab._filter()
    else:
        tab.chips["info"].setChecked(False)
    looks = []
    severities = tab._severities
    monkeypatch.setattr(tab, "_severities", lambda: looks.append(None) or severities())
    seen = []
    for _ in range(4):
        panel.go_to_finding(1)
        seen.append(current(panel))
    assert 13 not in {association for association, _ in filter(None, seen)}
    assert (14, ODD) in seen
    assert len(looks) < 50
