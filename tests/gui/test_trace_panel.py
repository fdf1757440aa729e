"""The trace as a user works it: picking an association, reading it, going from node to byte and back, copying."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester

from engine.model.notices import AssociationNotice, Direction, Evidence, PduNotice
from engine.wire.commands import decode_command
from gui.models.rows import RECORD_ROLE, SECOND_LINE_ROLE
from gui.models.trace_contexts import entry
from gui.models.trace_lists import AssociationList
from gui.models.trace_target import TraceTarget
from gui.panels.log_panel import LogPanel
from gui.panels.trace_panel import FINDINGS, INFORMATION, PDUS, TracePanel
from gui.theme import theme
from tests.gui import sample_notices as samples
from tests.gui.sample_notices import RECEIVED, SENT, VERIFICATION, Conversation

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot


@pytest.fixture
def panel(qtbot: QtBot) -> TracePanel:
    shown = TracePanel()
    qtbot.addWidget(shown)
    shown.resize(430, 560)
    shown.show()
    return shown


@pytest.fixture
def filled(panel: TracePanel) -> TracePanel:
    panel.add_notices(samples.session())
    panel.show_association(12)
    return panel


def labels(panel: TracePanel) -> list[str]:
    root = panel.pdus.nodes.index(0, 0)
    return [str(panel.pdus.nodes.index(r, 0, root).data()) for r in range(panel.pdus.nodes.rowCount(root))]


def test_before_the_first_association_it_says_what_will_be_here(panel: TracePanel) -> None:
    assert panel.contexts.list.empty.isVisible() and not panel.contexts.details.isVisible()
    assert not panel.copy_button.isEnabled()
    assert panel.picker.currentIndex() == -1
    assert not panel.banner.isVisible()


def test_an_association_of_ours_is_shown_as_it_opens(qtbot: QtBot, panel: TracePanel) -> None:
    talk = Conversation().opened()
    with qtbot.waitSignal(panel.association_shown) as told:
        panel.add_notices(tuple(talk.notices[:2]))
    assert told.args == [12]
    qtbot.waitUntil(lambda: panel.contexts.current is not None)
    assert panel.contexts.current is not None
    assert panel.contexts.current.reason == "Not answered yet."
    panel.add_notices(tuple(talk.notices[2:]))
    qtbot.waitUntil(lambda: panel.contexts.current is not None and panel.contexts.current.id == 7)
    assert "abstract-syntax-not-supported" in panel.contexts.details.toPlainText()
    assert "established" in panel.picker.currentText()
    assert panel.tabs.tabText(PDUS) == "PDUs 2"


def test_a_peers_association_does_not_push_ours_away(panel: TracePanel) -> None:
    panel.add_notices(tuple(Conversation(1).opened().notices))
    panel.add_notices(tuple(Conversation(2, requestor=False).opened().notices))
    assert panel.shown_association == 1
    assert panel.picker.count() == 2


def test_what_the_built_in_peer_opens_does_not_push_an_operation_away(panel: TracePanel) -> None:
    """A C-MOVE from ourselves: its C-STOREs go out on an association of their own."""
    panel.add_notices(tuple(Conversation(1).opened().notices))
    own = (replace(n, listener=7) if isinstance(n, AssociationNotice) else n for n in Conversation(2).opened().notices)
    panel.add_notices(tuple(own))
    assert panel.shown_association == 1
    panel.add_notices(tuple(Conversation(3).opened().notices))
    assert panel.shown_association == 3, "what the user opens is shown"


def test_picking_another_association_shows_it(qtbot: QtBot, filled: TracePanel) -> None:
    filled.picker.setFocus()
    with qtbot.waitSignal(filled.association_shown) as told:
        qtbot.keyClick(filled.picker, Qt.Key.Key_Home)
    assert told.args == [16]
    assert filled.banner.isVisible()
    assert "unexpected-PDU" in filled.banner.sentence.text()


@pytest.mark.parametrize("width", [350, 420, 570, 1200])
def test_choosing_a_context_shows_everything_about_it(qtbot: QtBot, filled: TracePanel, width: int) -> None:
    filled.resize(width, 600)
    contexts = filled.contexts
    view = contexts.stack.currentWidget()
    assert view is (contexts.table if width > 550 else contexts.list)
    cell = view.visualRect(view.model().index(0, 0))
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=cell.center())
    assert contexts.current is not None
    assert contexts.current.id == 1
    text = contexts.details.toPlainText()
    assert "Verification SOP Class (1.2.840.10008.1.1)" in text
    assert "Accepted with Implicit VR Little Endian" in text


def test_a_usual_width_has_room_for_every_column_of_the_contexts(filled: TracePanel) -> None:
    filled.resize(570, 600)
    table = filled.contexts.table
    assert not any(table.isColumnHidden(column) for column in range(table.model().columnCount()))
    assert table.horizontalScrollBar().maximum() == 0
    refused = filled.contexts.model.records.index(filled.contexts.current)
    cells = [table.model().index(refused, column) for column in range(6)]
    result = "".join(str(cells[3].data(role)) for role in (Qt.ItemDataRole.DisplayRole, SECOND_LINE_ROLE))
    assert result == "abstract-syntax-not-supported"
    assert cells[1].data(SECOND_LINE_ROLE).startswith("1.2.840.")
    assert cells[2].data() == "Explicit LE"
    assert "Explicit VR Little Endian" in cells[2].data(Qt.ItemDataRole.ToolTipRole)


def test_the_narrow_list_says_what_was_proposed_answered_and_the_role(filled: TracePanel) -> None:
    accepted = next(c for c in filled.contexts.model.records if c.accepted)
    line = entry(accepted)
    assert line.detail == "Implicit LE, Explicit LE → Implicit LE"
    assert line.note == "acceptance · SCU"
    assert "1.2.840.10008.1.2" in line.tooltip


def test_one_click_copies_the_association_as_text(qtbot: QtBot, filled: TracePanel) -> None:
    with qtbot.waitSignal(filled.copy_requested):
        qtbot.mouseClick(filled.copy_button, Qt.MouseButton.LeftButton)
    text = QGuiApplication.clipboard().text()
    assert "Context ID:        7 (abstract-syntax-not-supported" in text
    assert "OFFIS_DCMTK_368" in text
    assert "top-secret" not in text
    assert filled.copy_button.text() == "Copied"
    filled._said.stop()


def test_user_information_that_is_looked_at_follows_the_association(qtbot: QtBot, panel: TracePanel) -> None:
    panel.tabs.setCurrentIndex(INFORMATION)
    talk = Conversation().opened()
    panel.add_notices(tuple(talk.notices[:2]))
    rows = panel.information.model
    qtbot.waitUntil(lambda: rows.rowCount() > 0)
    assert not any("16,384" in str(rows.index(r, 2).data()) for r in range(rows.rowCount()))
    panel.add_notices(tuple(talk.notices[2:]))
    qtbot.waitUntil(lambda: any("16,384" in str(rows.index(r, 2).data()) for r in range(rows.rowCount())))


def test_a_title_that_counts_leaves_the_page_as_it_is(qtbot: QtBot, filled: TracePanel) -> None:
    drawn: list[str] = []

    class Drawn(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() is QEvent.Type.Paint:
                drawn.append(type(watched).__name__)
            return False

    watch = Drawn(filled)
    filled.contexts.installEventFilter(watch)
    filled.tabs.tabBar().installEventFilter(watch)
    filled.update()
    qtbot.waitUntil(lambda: {"QTabBar", "ContextsTab"} <= set(drawn))
    drawn.clear()
    filled.tabs.setTabText(PDUS, "PDUs 12,345")
    qtbot.waitUntil(lambda: "QTabBar" in drawn)
    assert drawn == ["QTabBar"]
    bar = filled.tabs.tabBar()
    assert bar.tabRect(PDUS).width() >= bar.fontMetrics().horizontalAdvance("PDUs 12,345")


def test_user_information_marks_the_difference_with_sign_and_colour(filled: TracePanel) -> None:
    filled.tabs.setCurrentIndex(INFORMATION)
    table = filled.information.table
    rows = {table.model().index(r, 0).data(): r for r in range(table.model().rowCount())}
    answered = table.model().index(rows["Maximum length"], 2)
    assert answered.data() == "≠ 16,384"
    assert answered.data(Qt.ItemDataRole.ForegroundRole) is not None
    assert "not what was proposed" in filled.information.details.toPlainText()


def test_selecting_a_pdu_decodes_it(filled: TracePanel) -> None:
    filled.tabs.setCurrentIndex(PDUS)
    filled.pdus.table.selectRow(1)
    assert labels(filled)[:3] == ["PDU-type", "Reserved", "PDU-length"]
    assert len(filled.pdus.hex.data()) == 356


def test_a_node_marks_its_bytes_and_a_byte_finds_its_node(qtbot: QtBot, filled: TracePanel) -> None:
    filled.tabs.setCurrentIndex(PDUS)
    filled.pdus.table.selectRow(1)
    pdus = filled.pdus
    title = pdus.nodes.index(labels(filled).index("Reserved (Called-AE-title)"), 0, pdus.nodes.index(0, 0))
    pdus.tree.setCurrentIndex(title)
    assert pdus.hex.highlighted() == (10, 26)
    pdus.hex.setFocus()
    pdus.hex.verticalScrollBar().setValue(0)
    where = pdus.hex.point_of(4).toPoint()
    qtbot.mouseClick(pdus.hex.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert pdus.tree.currentIndex().siblingAtColumn(0).data() == "PDU-length"
    assert pdus.hex.highlighted() == (2, 6)
    assert pdus.hex.selection() == (4, 5)
    qtbot.keyClick(pdus.hex, Qt.Key.Key_Left)
    qtbot.keyClick(pdus.hex, Qt.Key.Key_Left)
    qtbot.keyClick(pdus.hex, Qt.Key.Key_Left)
    assert pdus.tree.currentIndex().siblingAtColumn(0).data() == "Reserved"
    pdus.tree.setFocus()
    qtbot.keyClick(pdus.tree, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "Reserved\t00"


def test_the_deepest_node_of_every_byte_covers_it(filled: TracePanel) -> None:
    filled.pdus.select_position(0)
    nodes = filled.pdus.nodes
    for offset in range(len(filled.pdus.hex.data())):
        node = nodes.index_at(offset).data(RECORD_ROLE)
        assert node.start <= offset < node.end
        assert not node.children or all(not c.start <= offset < c.end for c in node.children)


def test_passwords_are_neither_in_the_tree_nor_in_the_bytes(filled: TracePanel) -> None:
    filled.pdus.select_position(0)
    assert b"top-secret" not in bytes(filled.pdus.hex.data())
    assert "asterisks" in filled.pdus.note.text()
    filled.pdus.hex.copy("Copy as &text")
    assert "top-secret" not in QGuiApplication.clipboard().text()


def test_a_command_set_is_open_at_once(filled: TracePanel) -> None:
    filled.pdus.select_position(2)
    index = filled.pdus.nodes.index_labelled("Command Set")
    assert index.isValid()
    while index.isValid():
        assert filled.pdus.tree.isExpanded(index)
        index = index.parent()


def test_a_cut_pdu_says_so(filled: TracePanel) -> None:
    talk = Conversation(12)
    talk.pdu(SENT, bytes.fromhex("04 00 00 00 10 00") + bytes(10))
    object.__setattr__(talk.notices[0], "size", 4102)
    filled.add_notices(tuple(talk.notices))
    filled.pdus.select_position(len(filled.pdus.model.records) - 1)
    assert "The first 16 of 4,102 bytes were kept." in filled.pdus.note.text()


def test_filtering_pdus(qtbot: QtBot, filled: TracePanel) -> None:
    filled.tabs.setCurrentIndex(PDUS)
    qtbot.keyClicks(filled.pdus.filter_line, "associate")
    qtbot.keyClick(filled.pdus.filter_line, Qt.Key.Key_Return)
    assert filled.pdus.model.rowCount() == 2
    assert filled.pdus.count.text() == "2 of 61"
    assert filled.pdus.select_position(20)
    assert filled.pdus.filter_line.text() == ""


def test_more_pdus_come_into_the_table_shown(filled: TracePanel) -> None:
    before = filled.pdus.model.rowCount()
    talk = Conversation(12)
    talk.exchange("C-ECHO", VERIFICATION)
    filled.add_notices(tuple(talk.notices))
    assert filled.pdus.model.rowCount() == before + 2
    assert filled.tabs.tabText(PDUS) == f"PDUs {before + 2}"


@pytest.mark.parametrize(("service", "sent"), [("N-ACTION", True), ("C-STORE", True)])
def test_a_log_row_leads_to_the_pdu_its_message_begins_with(filled: TracePanel, service: str, sent: bool) -> None:
    message = next(
        n
        for n in samples.session()
        if n.kind == "message" and n.association == 12 and n.command.sop_class_uid and _service(n) == service  # type: ignore[union-attr]
    )
    filled.show_association(14)
    filled.show_target(TraceTarget(12, message.time, sent))
    assert filled.shown_association == 12
    pdu = filled.pdus.current_pdu()
    assert pdu is not None
    assert pdu.data[12:].startswith(message.command_bytes)  # type: ignore[union-attr]


def _service(notice: object) -> str:
    from engine.standard.messages import message_name

    return message_name(notice.command.command_field).removesuffix("-RQ")  # type: ignore[attr-defined]


def test_a_received_message_leads_to_its_command_set_not_to_its_last_fragment(panel: TracePanel) -> None:
    talk = Conversation(requestor=False).opened()
    talk.pass_time(1)
    talk.message(RECEIVED, "C-STORE-RQ", 5, MessageID=7, encoded=bytes(40_000))
    panel.add_notices(tuple(talk.notices))
    panel.show_target(TraceTarget(12, talk.time, False))
    pdu = panel.pdus.current_pdu()
    assert pdu is not None
    assert pdu.data[11] == 3
    assert pdu.direction is Direction.RECEIVED


def test_a_row_leads_to_what_arrived_before_that_which_was_sent_meanwhile(panel: TracePanel) -> None:
    talk = Conversation().opened()
    talk.exchange("C-ECHO", VERIFICATION)
    echoed = len(talk.notices)
    talk.pass_time(0.02)
    talk.message(SENT, "C-ECHO-RQ", 1, MessageID=9)
    sent = talk.time
    talk.time -= 0.01  # told when we come to it, and it was there before
    talk.message(RECEIVED, "N-EVENT-REPORT-RQ", 1, MessageID=1)
    panel.add_notices(tuple(talk.notices))
    asked, told = (n for n in talk.notices[echoed:] if isinstance(n, PduNotice))
    panel.show_target(TraceTarget(12, talk.time, False, message=True))
    assert panel.pdus.current_pdu() is told
    panel.show_target(TraceTarget(12, sent, True, message=True))
    assert panel.pdus.current_pdu() is asked


@pytest.mark.parametrize("back", [15.0, 3600.0, -3600.0])
def test_rows_lead_to_their_pdus_though_the_clock_was_set_meanwhile(
    qtbot: QtBot, panel: TracePanel, back: float
) -> None:
    talk = Conversation().opened()
    for _ in range(3):
        talk.pass_time(10)
        talk.exchange("C-ECHO", VERIFICATION)
    before = len(talk.notices)
    for _ in range(3):
        talk.pass_time(4)
        talk.exchange("C-ECHO", VERIFICATION)
    talk.pass_time(1)
    talk.released()
    notices = [
        replace(notice, time=notice.time - back) if n >= before else notice  # type: ignore[type-var]
        for n, notice in enumerate(talk.notices)
    ]
    log = LogPanel()
    qtbot.addWidget(log)
    log.show()
    log.row_selected.connect(panel.show_target)
    for notice in notices:
        panel.add_notices((notice,))
        log.add_notices((notice,))
    qtbot.waitUntil(lambda: log.model.rowCount() == log.model.store.end)
    rows = [r for r in range(log.model.rowCount()) if log.model.record(r).shape.service == "C-ECHO"]
    assert len(rows) == 6
    for row in rows:
        log.table.selectRow(row)
        asked = log.model.record(row)
        pdu = panel.pdus.current_pdu()
        assert pdu is not None
        assert pdu.time == asked.time, "of the same moment, with the clock as it was then"
        assert decode_command(pdu.data[12:]).message_id == asked.message_id
    log.table.selectRow(log.model.rowCount() - 1)
    assert panel.pdus.current_pdu() is [n for n in notices if isinstance(n, PduNotice)][-2], "the A-RELEASE-RQ"


def test_a_finding_leads_to_its_bytes(qtbot: QtBot, panel: TracePanel) -> None:
    talk = Conversation().opened()
    talk.exchange("C-ECHO", VERIFICATION)
    talk.finding("command.length", "The group length is wrong.", "PS3.7 6.3.1", evidence=Evidence(start=8, end=12))
    panel.add_notices(tuple(talk.notices))
    assert panel.tabs.tabText(FINDINGS) == "Findings 1"
    panel.tabs.setCurrentIndex(FINDINGS)
    table = panel.findings.table
    cell = table.visualRect(table.model().index(0, 0))
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=cell.center())
    assert "PS3.7 6.3.1" in panel.findings.details.text()
    qtbot.mouseClick(panel.findings.show_pdu, Qt.MouseButton.LeftButton)
    assert panel.tabs.currentIndex() == PDUS
    assert panel.pdus.hex.highlighted() == (20, 24)
    pdu = panel.pdus.current_pdu()
    assert isinstance(pdu, PduNotice)
    assert pdu.direction is Direction.RECEIVED


def test_a_finding_about_an_element_leads_to_it(panel: TracePanel) -> None:
    talk = Conversation().opened()
    talk.exchange("C-ECHO", VERIFICATION)
    talk.finding("command.undefined-field", "Wrong.", "PS3.7 9.3.5", evidence=Evidence(text="Status"))
    panel.add_notices(tuple(talk.notices))
    panel.findings.table.selectRow(0)
    current = panel.pdus.tree.currentIndex().siblingAtColumn(0).data()
    assert current == "(0000,0900) Status"
    start, end = panel.pdus.hex.highlighted()
    assert end - start == 10


def test_when_the_association_shown_has_to_go_the_newest_is_shown(qtbot: QtBot, panel: TracePanel) -> None:
    panel.store._kept_associations = 2
    panel.add_notices(tuple(Conversation(1).opened().released().notices))
    for number in (2, 3):
        talk = Conversation(number, requestor=False).opened().released()
        panel.add_notices(tuple(talk.notices))
    assert panel.shown_association == 3
    assert panel.picker.currentIndex() == 0


def test_two_hundred_thousand_pdus_come_in_batches(qtbot: QtBot, panel: TracePanel) -> None:
    talk = Conversation()
    talk.exchange("C-ECHO", VERIFICATION)
    batch = tuple(n for n in talk.notices if isinstance(n, PduNotice)) * 5000
    for _ in range(20):
        panel.add_notices(batch)
    qtbot.waitUntil(lambda: panel.pdus.model.rowCount() == 200_000)
    panel.pdus.filter_line.setText("received")
    panel.pdus._apply_filter()
    assert panel.pdus.model.rowCount() == 100_000


def test_the_association_list_follows_qts_rules(qapp: object) -> None:
    panel_store = TracePanel().store
    listed = AssociationList(panel_store.associations)
    QAbstractItemModelTester(listed, QAbstractItemModelTester.FailureReportingMode.Fatal, listed)
    for number in range(5):
        panel_store.take(Conversation(number).opened().notices)
        listed.add(number)
        listed.changed(number)
    listed.remove(0)
    listed.remove(4)
    assert listed.rowCount() == 3
    assert listed.rowCount(QModelIndex()) == 3


def test_the_length_of_a_pdu_is_seen_in_the_smallest_window(qapp: QApplication, filled: TracePanel) -> None:
    theme().apply(qapp, "light")  # its paddings count
    filled.resize(380, 500)
    filled.tabs.setCurrentIndex(PDUS)
    table, model = filled.pdus.table, filled.pdus.model
    titles = [c.title for c in model.columns]
    assert not table.isColumnHidden(titles.index("Length"))
    assert model.index(1, titles.index("State")).data() == "5→6 · AE-3"
    shown = sum(table.columnWidth(i) for i in range(len(titles)) if not table.isColumnHidden(i))
    assert shown <= table.viewport().width()
