"""Tooltips and labels show what peers, files and users have written as it is, also where it looks like HTML."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import Qt as Texts
from PySide6.QtGui import QTextDocumentFragment
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from engine.model.association import Peer
from engine.model.notices import Outcome
from engine.trace.diagnosis.model import Diagnosis, Proof
from gui.forms.diagnosis_card import DiagnosisCard
from gui.forms.header import OneLine
from gui.forms.trail import Trail
from gui.models.lists import Entry, EntryModel
from gui.models.node_tree import NodeTreeModel
from gui.models.tables import Column, RowTableModel
from gui.panels.ae_peer_dialog import PeerDialog
from gui.panels.builder_tabs import MessageTabs
from gui.records import EchoReport
from tests.gui.test_node_tree import Leaf

LOOKS_LIKE_HTML = "<b>DOE</b> <img src='scan.png'> & <br>"


def tip_of(model: QAbstractItemModel, row: int = 0, column: int = 0) -> str:
    return str(model.index(row, column).data(Qt.ItemDataRole.ToolTipRole))


def cell() -> str:
    model = RowTableModel((Column("Comment", str, tooltip=str),))
    model.set_records([LOOKS_LIKE_HTML])
    return tip_of(model)


def entry() -> str:
    model = EntryModel[str](lambda text: Entry(title=text, tooltip=text))
    model.set_records((LOOKS_LIKE_HTML,))
    return tip_of(model)


def node() -> str:
    model = NodeTreeModel()
    model.set_root(Leaf("AE title", LOOKS_LIKE_HTML, 0, 1, detail=LOOKS_LIKE_HTML))
    return tip_of(model)


def sentence() -> str:
    label = OneLine()
    label.resize(20, 20)
    label.say(LOOKS_LIKE_HTML)
    return label.toolTip()


def tab() -> str:
    tabs = MessageTabs()
    tabs.addTab("")
    tabs.set_name(0, LOOKS_LIKE_HTML)
    return tabs.tabToolTip(0)


def step_above() -> str:
    trail = Trail()
    trail.show_steps([f"Patients: {LOOKS_LIKE_HTML}"], "Studies")
    return trail.buttons[0].toolTip()


@pytest.mark.parametrize("place", [cell, entry, node, sentence, tab, step_above], ids=lambda f: f.__name__)
def test_nothing_of_a_text_that_looks_like_html_is_taken_for_html(qapp: QApplication, place: Callable[[], str]) -> None:
    tip = place()
    shown = QTextDocumentFragment.fromHtml(tip).toPlainText() if Texts.mightBeRichText(tip) else tip
    assert LOOKS_LIKE_HTML in shown.replace("\xa0", " ")


def test_a_tab_named_like_html_is_renamed_from_that_name(qtbot: QtBot) -> None:
    tabs = MessageTabs()
    qtbot.addWidget(tabs)
    tabs.addTab("")
    tabs.set_name(0, LOOKS_LIKE_HTML)
    qtbot.keyClick(tabs, Qt.Key.Key_F2)
    assert tabs._edit.text() == LOOKS_LIKE_HTML


def seen(label: QLabel) -> str:
    """What the label shows of its text."""
    auto = label.textFormat() is Qt.TextFormat.AutoText and Texts.mightBeRichText(label.text())
    rich = auto or label.textFormat() is Qt.TextFormat.RichText
    return QTextDocumentFragment.fromHtml(label.text()).toPlainText() if rich else label.text()


def test_the_proof_of_a_diagnosis_shows_a_sentence_of_the_peer_as_it_is(qtbot: QtBot) -> None:
    card = DiagnosisCard()
    qtbot.addWidget(card)
    proof = Proof(text=LOOKS_LIKE_HTML, association=1, time=1.0)
    made = Diagnosis(rule="tls.name", title="T", happened="H", cause="C", change="D", clause="PS3.15", proofs=(proof,))
    card.show_diagnoses((made,))
    card.fold.click()
    assert any(LOOKS_LIKE_HTML in seen(label) for label in card.findChildren(QLabel))


def test_the_answer_to_an_echo_of_the_dialog_is_shown_as_it_is(qtbot: QtBot) -> None:
    peer = Peer(name="Six", ae_title="SIX", host="127.0.0.1", port=104)
    dialog = PeerDialog(peer, (), adding=True)
    qtbot.addWidget(dialog)
    dialog.echo_button.click()
    dialog.echo_reported(
        EchoReport(operation=1, peer=peer, outcome=Outcome.FAILURE, time=0.0, round_trip=None, sentence=LOOKS_LIKE_HTML)
    )
    assert seen(dialog.answer) == LOOKS_LIKE_HTML


def test_the_name_of_a_match_above_has_its_ampersand(qtbot: QtBot) -> None:
    trail = Trail()
    qtbot.addWidget(trail)
    trail.show_steps(["R&D"], "Studies")
    assert trail.buttons[0].text() == "R&&D"


def test_a_tab_has_the_ampersand_of_its_name(qtbot: QtBot) -> None:
    tabs = MessageTabs()
    qtbot.addWidget(tabs)
    tabs.addTab("")
    tabs.set_name(0, "R&D")
    assert tabs.tabText(0) == "R&&D"
