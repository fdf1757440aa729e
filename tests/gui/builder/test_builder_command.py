"""The command set in the message builder, driven as a user would: typing, clicking, keys only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QComboBox, QLineEdit

from engine.conformance.commands import check_command
from engine.model.association import Peer, Proposal, ProposedContext
from engine.standard.messages import MESSAGES
from engine.workspace.messages import template
from gui.models.command_model import ORIGIN, VALUE
from tests.gui.builder.bench import (
    CT,
    EXPLICIT,
    KEY,
    MPPS,
    VERIFICATION,
    Bench,
    choose,
    commit,
    edit,
)

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
"""Off screen there is no keyboard to grab and no window to raise for a completion list."""


def test_an_echo_is_ready_and_ctrl_return_sends_it(qtbot: QtBot, bench: Bench) -> None:
    assert bench.cell("CommandField") == "0030H  C-ECHO-RQ"
    assert bench.panel.page.context.text == "1 · Verification · Explicit VR LE · accepted"
    assert bench.panel.page.pane.summary.whole() == "✓ No departure from PS3.7 9.3.5.1"
    qtbot.keyClick(bench.panel.page.pane.view, KEY.Key_Return, Qt.KeyboardModifier.ControlModifier)
    outgoing, one_shot = bench.sent[0]
    assert not one_shot and outgoing.context_id == 1 and outgoing.data is None
    assert outgoing.command.sop_class_uid == VERIFICATION and outgoing.command.message_id is None


def test_without_an_association_send_is_one_shot_on_the_proposed_contexts(qtbot: QtBot, bench: Bench) -> None:
    proposal = Proposal(peer=Peer(), contexts=(ProposedContext(1, VERIFICATION, (EXPLICIT,)),))
    bench.panel.set_proposal(proposal)
    bench.panel.set_negotiated(None, None)
    assert bench.panel.page.context.text == "1 · Verification · Explicit VR LE · proposed"
    button = bench.panel.page.top.send_button
    assert button.text() == "Send one shot"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton, pos=QPoint(20, 12))
    assert bench.sent[0][1]


def test_a_one_shot_brings_the_context_it_needs(qtbot: QtBot, bench: Bench) -> None:
    proposal = Proposal(peer=Peer(), contexts=(ProposedContext(1, VERIFICATION, (EXPLICIT,)),))
    bench.panel.set_proposal(proposal)
    bench.panel.set_negotiated(None, None)
    bench.panel.open_message(template("N-CREATE-RQ", MPPS))
    assert bench.panel.page.context.text == "Modality Performed Procedure Step · not proposed"
    bench.panel.send()
    assert bench.sent[0][0].context_id == 3
    proposed = bench.panel.proposal_for(proposal).contexts
    assert [(c.id, c.abstract_syntax) for c in proposed] == [(1, VERIFICATION), (3, MPPS)]


def test_contexts_that_allow_the_message_come_first_and_others_stay_possible(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "C-FIND-RQ")
    pickers = bench.panel.page.top.pickers
    texts = [getattr(v, "text", "") for v in pickers.context_box.values()]
    assert texts[0] == "7 · Study Root Q/R - FIND · Explicit VR LE · accepted"
    assert "5 · CT Image Storage · abstract-syntax-not-supported" in texts[1:]
    assert len(pickers.message_box.values()) == len(MESSAGES)
    assert pickers.message_box.values()[0] == "C-FIND-RQ"
    other = next(v for v in pickers.context_box.values() if getattr(v, "id", None) == 5)
    pickers.context_box.set_value(other)
    pickers.context_box.activated.emit(pickers.context_box.currentIndex())
    assert bench.command.sop_class_uid == CT
    assert "departure" in bench.panel.page.pane.summary.whole()
    bench.panel.send()
    assert bench.sent[0][0].context_id == 5


@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_is_built_by_picking_it(qtbot: QtBot, bench: Bench, name: str) -> None:
    choose(qtbot, bench, name)
    page = bench.panel.page
    assert page.draft.message.name == name and page.preview.data and not page.preview.problem
    found = check_command(bench.command, None, page.draft.has_data_set)
    assert not [f for f in found if f.severity == "error" and f.rule != "command.service-of-sop-class"]
    bench.panel.send()
    outgoing = bench.sent[0][0]
    assert outgoing.command.command_field == MESSAGES[name].command_field
    assert (outgoing.data is not None) == page.draft.has_data_set


def test_a_typed_value_is_set_and_backspace_takes_it_back(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "N-ACTION-RQ")
    edit(qtbot, bench, "RequestedSOPInstanceUID", "1.2.3")
    assert bench.command.sop_instance_uid == "1.2.3" and bench.cell("RequestedSOPInstanceUID", ORIGIN) == "set"
    assert bench.panel.tabs.tabText(0).endswith("●")
    qtbot.keyClick(bench.panel.page.pane.view, KEY.Key_Backspace)
    assert bench.cell("RequestedSOPInstanceUID", ORIGIN) == "auto"
    qtbot.keyClick(bench.panel.page.pane.view, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert bench.command.sop_instance_uid == "1.2.3"


def test_an_enumeration_is_edited_in_a_list_and_takes_any_value(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "C-FIND-RQ")
    view = bench.panel.page.pane.view
    view.select(bench.row("Priority"))
    qtbot.keyClick(view, KEY.Key_Return)
    box = view.findChildren(QComboBox)[-1]
    assert [box.itemText(i) for i in range(box.count())] == ["0000H  MEDIUM", "0001H  HIGH", "0002H  LOW"]
    box.setEditText("7")
    edit_line = box.lineEdit()
    assert edit_line is not None
    qtbot.keyClick(edit_line, KEY.Key_Return)
    qtbot.waitUntil(lambda: bench.command.number("Priority") != 0)
    assert bench.command.number("Priority") == 7
    assert "departure" in bench.panel.page.pane.summary.whole()
    bench.panel.send()
    assert bench.sent[0][0].command.number("Priority") == 7


def test_delete_leaves_out_and_space_takes_in_again(qtbot: QtBot, bench: Bench) -> None:
    view = bench.panel.page.pane.view
    view.setFocus()
    view.select(bench.row("AffectedSOPClassUID"))
    qtbot.keyClick(view, KEY.Key_Delete)
    assert bench.command.find("AffectedSOPClassUID") is None
    assert bench.panel.page.pane.summary.whole().startswith("✕ ")
    tip = bench.panel.page.command.index(bench.row("AffectedSOPClassUID"), VALUE).data(Qt.ItemDataRole.ToolTipRole)
    assert "PS3.7" in tip
    view.select(bench.row("AffectedSOPClassUID"))
    qtbot.keyClick(view, KEY.Key_Space)
    assert bench.command.sop_class_uid == VERIFICATION


def test_insert_adds_any_element_by_completion(qtbot: QtBot, bench: Bench) -> None:
    view = bench.panel.page.pane.view
    view.setFocus()
    qtbot.keyClick(view, KEY.Key_Insert)
    editor = view.findChildren(QLineEdit)[-1]
    qtbot.keyClicks(editor, "ErrorComment")
    commit(qtbot, editor)
    assert bench.command.find("ErrorComment") is not None


def test_bytes_of_the_chosen_row_are_marked(qtbot: QtBot, bench: Bench) -> None:
    page = bench.panel.page
    page.pane.view.select(bench.row("MessageID"))
    start, end = page.pane.hex.highlighted()
    assert page.preview.data[start:end] == bytes.fromhex("0000 1001 02000000 0100")
    assert bytes(page.pane.hex.data()) == page.preview.data
    page.pane.hex.byte_selected.emit(0)
    assert page.pane.view.currentIndex().row() == 0
