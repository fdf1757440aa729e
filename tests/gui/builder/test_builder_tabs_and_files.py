"""Tabs and files of the message builder, and its templates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from engine.model.dataset import DataSet, FileData
from gui.panels.builder_lower import DATA_SET
from tests.gui.builder.bench import CT, EXPLICIT, KEY, Bench, choose, edit

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
"""Off screen there is no keyboard to grab and no window to raise for a completion list."""


def test_message_files_are_saved_and_opened(bench: Bench, tmp_path: Path, qtbot: QtBot) -> None:
    choose(qtbot, bench, "N-ACTION-RQ")
    edit(qtbot, bench, "ActionTypeID", "2")
    bench.questions.files = (tmp_path / "mine.toml",)
    view = bench.panel.page.pane.view
    qtbot.keyClick(view, KEY.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert bench.panel.tabs.tabText(0) == "mine"
    qtbot.keyClick(view, KEY.Key_O, Qt.KeyboardModifier.ControlModifier)
    assert bench.panel.tabs.count() == 2
    assert bench.panel.page.message_file() == bench.panel._pages[0].message_file()
    (tmp_path / "mine.toml").write_text("message = 3", encoding="utf-8")
    said: list[str] = []
    bench.panel.said.connect(lambda sentence, _role: said.append(sentence))
    bench.panel.files.ask_open()
    assert "mine.toml" in said[0] and "mine.toml" in bench.panel.page.pane.summary.whole()


def test_a_file_is_sent_with_its_own_bytes_or_edited(qtbot: QtBot, bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "image.dcm"
    body = bytes.fromhex("08001600") + b"UI\x1a\x00" + CT.encode() + b"\0"
    body += bytes.fromhex("08001800") + b"UI\x06\x001.2.3\0"
    meta = bytes.fromhex("02001000") + b"UI\x14\x00" + EXPLICIT.encode() + b"\0"
    head = bytes.fromhex("02000000") + b"UL\x04\x00" + len(meta).to_bytes(4, "little")
    path.write_bytes(bytes(128) + b"DICM" + head + meta + body)
    choose(qtbot, bench, "C-STORE-RQ")
    bench.questions.files = (path,)
    bench.panel.files.ask_send()
    page = bench.panel.page
    qtbot.waitUntil(lambda: bench.command.sop_instance_uid == "1.2.3")
    bench.panel.send()
    assert bench.sent[0][0].data == FileData(path)
    page.tabs.tabs.setCurrentIndex(DATA_SET)
    qtbot.mouseClick(page.tabs.data.edit_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.data_set.data_set.text(0x00080018) == "1.2.3")
    bench.panel.send()
    assert isinstance(bench.sent[1][0].data, DataSet)


def test_dicom_json_is_loaded(qtbot: QtBot, bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text('{"00100020": {"vr": "LO", "Value": ["7"]}}', encoding="utf-8")
    bench.questions.files = (path,)
    bench.panel.files.ask_json()
    assert bench.panel.page.data_set.data_set.text(0x00100020) == "7"


def test_tabs_are_added_renamed_and_closed_by_keys(qtbot: QtBot, bench: Bench) -> None:
    view = bench.panel.page.pane.view
    view.setFocus()
    qtbot.keyClick(view, KEY.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert bench.panel.tabs.count() == 2
    qtbot.keyClick(bench.panel.tabs, KEY.Key_F2)
    name = bench.panel.tabs.findChild(QLineEdit)
    assert name is not None
    qtbot.keyClicks(name, "Second")
    qtbot.keyClick(name, KEY.Key_Return)
    assert bench.panel.tabs.tabText(1) == "Second"
    edit(qtbot, bench, "MessageID", "5")
    bench.questions.agree = False
    qtbot.keyClick(bench.panel.page.pane.view, KEY.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert bench.panel.tabs.count() == 2 and "not saved" in bench.questions.asked[0]
    bench.questions.agree = True
    qtbot.keyClick(bench.panel.page.pane.view, KEY.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert bench.panel.tabs.count() == 1


@pytest.mark.parametrize(
    ("renamed", "closed", "names"),
    [(0, 0, ["b", "c"]), (2, 2, ["a", "b"]), (2, 0, ["b", "New"]), (0, 2, ["New", "b"])],
)
def test_a_name_being_typed_goes_with_its_tab(
    qtbot: QtBot, bench: Bench, renamed: int, closed: int, names: list[str]
) -> None:
    tabs = bench.panel.tabs
    for _ in range(2):
        bench.panel.new_message()
    for tab, name in enumerate("abc"):
        bench.panel._pages[tab].rename(name)
    tabs.setCurrentIndex(renamed)
    qtbot.keyClick(tabs, KEY.Key_F2)
    name = tabs.findChild(QLineEdit)
    assert name is not None
    qtbot.keyClicks(name, "New")
    tabs.tabCloseRequested.emit(closed)
    assert name.isHidden() is (renamed == closed)
    if not name.isHidden():
        assert name.geometry().left() == tabs.tabRect(names.index("New")).left()
        qtbot.keyClick(name, KEY.Key_Return)
    assert [tabs.tabText(tab) for tab in range(tabs.count())] == names


def test_whether_a_data_set_follows_can_be_decided_by_hand(qtbot: QtBot, bench: Bench) -> None:
    box = bench.panel.page.tabs.mode_box
    qtbot.keyClick(box, KEY.Key_Down)
    assert bench.command.has_data_set and "departure" in bench.panel.page.pane.summary.whole()
    bench.panel.send()
    assert bench.sent[0][0].data == DataSet()


def test_every_template_of_the_menu_opens(bench: Bench) -> None:
    bench.panel._fill_templates()
    menus = [bench.panel.template_menu]
    count = 0
    while menus:
        for action in menus.pop().actions():
            if action.menu() is not None:
                menus.append(action.menu())  # type: ignore[arg-type]
            elif not action.isSeparator():
                action.trigger()
                count += 1
    assert count > 60
    assert not bench.panel.page.preview.problem
