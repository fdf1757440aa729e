"""Panels, theme, sizes, menus and keys of the whole window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication

from gui.main_window import MainWindow
from gui.shortcuts import COMMANDS, keys_table
from gui.theme import theme
from tests.gui.mnemonics import clashing
from tests.gui.shell.shell import Answers, said

# -- arrangement and theme --------------------------------------------------------------------------------------


def test_panels_hide_come_back_and_are_remembered(window, qtbot, workspace, bridge):
    trace = window.arrangement.frames["trace"]
    assert trace.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert not trace.isVisible()
    window.arrangement.upper.setSizes([300, 980, 0])
    window.arrangement.save()
    again = MainWindow(workspace, bridge, Answers())
    qtbot.addWidget(again)
    again.show()
    assert not again.arrangement.frames["trace"].isVisible()
    assert again.arrangement.upper.sizes()[0] == 300
    assert not again.actions_by_name["show_trace"].isChecked()
    again.actions_by_name["restore_panels"].trigger()
    assert again.arrangement.frames["trace"].isVisible()
    assert again.actions_by_name["show_trace"].isChecked()
    again._closed = True


def test_the_log_takes_the_whole_window_when_the_others_are_hidden(window):
    for name in ("ae", "builder", "trace"):
        window.actions_by_name[f"show_{name}"].trigger()
    assert not window.arrangement.upper.isVisible()
    assert window.log.isVisible()
    window.focus_panel("builder")
    assert window.builder.isVisible()


def test_the_keyboard_goes_to_any_panel(window, qtbot):
    window.activateWindow()
    for name, panel in (("ae", window.ae), ("builder", window.builder), ("trace", window.trace), ("log", window.log)):
        window.focus_panel(name)
        focus = QApplication.focusWidget()
        assert focus is not None
        assert panel.isAncestorOf(focus), name


def test_a_broken_settings_file_gives_the_usual_arrangement(qtbot, workspace, bridge):
    (workspace.folder / "window.ini").write_bytes(b"\x00[window]\ngeometry=@ByteArray(nonsense)\nhidden=5\nupper=x\n")
    window = MainWindow(workspace, bridge, Answers())
    qtbot.addWidget(window)
    window.show()
    assert all(frame.isVisible() for frame in window.arrangement.frames.values())
    window._closed = True


def test_the_theme_is_chosen_in_the_menu_and_remembered(window, workspace):
    window.actions_by_name["theme_dark"].trigger()
    assert theme().name == "dark"
    assert window.actions_by_name["theme_dark"].isChecked()
    window.actions_by_name["theme_light"].trigger()
    assert not window.actions_by_name["theme_dark"].isChecked()
    window.store.sync()
    kept = QSettings(str(workspace.folder / "window.ini"), QSettings.Format.IniFormat)
    assert kept.value("window/theme") == "light"


def test_everything_fits_1280_by_800(window, qtbot):
    assert window.width() == 1280
    assert window.height() == 800
    bar = window.toolbar
    for child in (bar.peer, *bar.buttons.values(), bar.pill, bar.listener, bar.find_button):
        assert child.geometry().right() <= bar.width()
        assert child.width() >= child.minimumSizeHint().width()


# -- commands ---------------------------------------------------------------------------------------------------


def test_no_shortcut_is_given_twice(window):
    keys = [k for row in COMMANDS for k in row.keys.split()]
    assert len(keys) == len(set(keys))
    window_wide = [
        s.toString()
        for action in window.findChildren(type(window.actions_by_name["echo"]))
        if action.shortcutContext() is Qt.ShortcutContext.WindowShortcut
        for s in action.shortcuts()
    ]
    assert len(window_wide) == len(set(window_wide))


def test_every_command_is_in_a_menu_and_has_a_mnemonic(window):
    assert all("&" in row.text for row in COMMANDS)
    shown = {a for menu in window.menuBar().actions() for a in menu.menu().actions()}
    assert {window.actions_by_name[row.name] for row in COMMANDS} <= shown


def test_mnemonics_of_a_menu_differ():
    for menu in {row.menu for row in COMMANDS}:
        letters = [row.text[row.text.index("&") + 1].lower() for row in COMMANDS if row.menu == menu]
        assert len(letters) == len(set(letters)), menu


@pytest.mark.parametrize("width", [1024, 1280, 1800])
@pytest.mark.parametrize("tab", [0, 1, 2])
def test_no_mnemonic_shown_at_once_is_ambiguous(window, qtbot, tab, width):
    window.resize(width, 900)
    window.restore_panels()
    QApplication.processEvents()
    window.ae.tabs.setCurrentIndex(tab)
    assert not clashing(window)


def test_keys_and_about_are_shown(window, questions):
    window.actions_by_name["keys"].trigger()
    window.actions_by_name["about"].trigger()
    assert questions.told[0] == keys_table()
    assert "MIT" in questions.told[1]


def test_messages_are_opened_and_saved(window, questions, tmp_path, qtbot):
    file = tmp_path / "mine.toml"
    questions.files = (file,)
    window.actions_by_name["save_message"].trigger()
    assert "C-ECHO-RQ" in file.read_text(encoding="utf-8")
    window.opening.open_message(file)
    assert window.builder.message_file().message == "C-ECHO-RQ"
    file.write_text("message = [", encoding="utf-8")
    window.opening.open_message(file)
    assert "mine.toml" in said(window)


@pytest.mark.parametrize(
    ("size", "least"),
    [((1280, 800), (286, 560, 360)), ((1520, 950), (286, 570, 580)), ((1920, 1080), (320, 760, 700))],
)
def test_each_panel_gets_the_room_it_needs(window, qtbot, size, least):
    window.resize(*size)
    window.restore_panels()
    qtbot.waitUntil(lambda: all(w >= n for w, n in zip(window.arrangement.upper.sizes(), least, strict=True)))
    assert window.trace.contexts.stack.currentIndex() == (0 if size[0] == 1280 else 1)


def test_tab_goes_through_the_whole_window_and_back(window, qtbot):
    window.focus_echo()
    start = QApplication.focusWidget()
    seen = [start]
    for _ in range(100):
        qtbot.keyClick(seen[-1], Qt.Key.Key_Tab)
        if QApplication.focusWidget() is start:
            break
        seen.append(QApplication.focusWidget())
    assert len(set(map(id, seen))) == len(seen) < 100
    for panel in (window.toolbar, window.ae, window.builder, window.trace, window.log):
        assert any(panel.isAncestorOf(widget) for widget in seen)
    assert all(w.accessibleName() or (isinstance(w, QAbstractButton) and w.text()) for w in seen)
