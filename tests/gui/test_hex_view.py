"""The hex view as a user works it: looking, pointing, walking by keys, copying."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication

from gui.forms.hex_geometry import HexGeometry
from gui.forms.hex_text import as_c_array, dots, dump_text, printable
from gui.forms.hex_view import HexView
from gui.theme import theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

TEXT = b"\x01\x00\x00\x00\x00\xcfECHOSCP         DIMSE CONSOLE" + bytes(range(64))


@pytest.fixture
def view(qtbot: QtBot) -> HexView:
    shown = HexView()
    qtbot.addWidget(shown)
    shown.resize(760, 220)
    shown.set_data(TEXT)
    shown.show()
    return shown


def click(qtbot: QtBot, view: HexView, offset: int, modifier: Qt.KeyboardModifier | None = None) -> None:
    where = view.point_of(offset).toPoint()
    modifiers = modifier or Qt.KeyboardModifier.NoModifier
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, modifiers, where)


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


def test_a_row_has_sixteen_bytes_and_fewer_where_they_do_not_fit(qtbot: QtBot, view: HexView) -> None:
    seen = []
    for width in (900, 620, 430, 300, 200):
        view.resize(width, 220)
        seen.append(view.bytes_per_row())
        assert view.horizontalScrollBar().maximum() == 0 or view.bytes_per_row() == 4
    assert seen[0] == seen[1] == 16
    assert seen == sorted(seen, reverse=True)
    assert 8 in seen


def test_every_byte_is_found_where_it_is_painted() -> None:
    for per_row in (16, 8, 4):
        geometry = HexGeometry(per_row, 4, 7.4, 18, 8)
        for column in range(per_row):
            for left, width in (geometry.byte_rect(column), geometry.text_rect(column)):
                assert geometry.column_at(left + width / 2) == column
        assert geometry.column_at(0) is None
        assert geometry.column_at(geometry.text_x - geometry.advance) is None


def test_a_click_selects_the_byte_and_tells_it(qtbot: QtBot, view: HexView) -> None:
    with qtbot.waitSignal(view.byte_selected) as told:
        click(qtbot, view, 6)
    assert told.args == [6]
    assert view.selection() == (6, 7)
    assert "45H" in view.accessibleDescription()


def test_a_click_beside_the_bytes_changes_nothing(qtbot: QtBot, view: HexView) -> None:
    click(qtbot, view, 6)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(2, 30))
    assert view.selection() == (6, 7)


def test_shift_click_and_shift_keys_extend(qtbot: QtBot, view: HexView) -> None:
    click(qtbot, view, 6)
    click(qtbot, view, 9, Qt.KeyboardModifier.ShiftModifier)
    assert view.selection() == (6, 10)
    qtbot.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert view.selection() == (6, 11)


@pytest.mark.parametrize(
    ("key", "modifier", "expected"),
    [
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, 21),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, 19),
        (Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier, 36),
        (Qt.Key.Key_Up, Qt.KeyboardModifier.NoModifier, 4),
        (Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier, 16),
        (Qt.Key.Key_End, Qt.KeyboardModifier.NoModifier, 31),
        (Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier, 0),
        (Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier, len(TEXT) - 1),
    ],
)
def test_keys_walk(qtbot: QtBot, view: HexView, key: Qt.Key, modifier: Qt.KeyboardModifier, expected: int) -> None:
    click(qtbot, view, 20)
    qtbot.keyClick(view, key, modifier)
    assert view.cursor_offset() == expected


def test_copying_takes_the_selection_else_the_highlight_else_all(qtbot: QtBot, view: HexView) -> None:
    view.copy()
    assert clipboard().startswith("01 00 00 00 00 CF 45")
    view.highlight(6, 13)
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard() == "45 43 48 4F 53 43 50"
    view.select(0, 3)
    view.copy()
    assert clipboard() == "01 00 00"


def test_the_menu_offers_every_form(qtbot: QtBot, view: HexView) -> None:
    view.highlight(4, 10)
    texts = []
    for action in view.copy_actions:
        action.trigger()
        texts.append(clipboard())
    assert texts[0] == "00 CF 45 43 48 4F"
    assert texts[1] == "static const unsigned char bytes[6] = {\n    0x00, 0xCF, 0x45, 0x43, 0x48, 0x4F\n};\n"
    assert texts[2] == "..ECHO"


def test_text_and_dots_together_are_the_dump() -> None:
    data = bytes(range(256))
    both = "".join(a if a != " " else b for a, b in zip(printable(data), dots(data), strict=True))
    assert both == dump_text(data)
    assert as_c_array(bytes(13)).count("\n") == 4


def test_a_highlight_outside_the_bytes_is_cut_to_them(view: HexView) -> None:
    view.highlight(len(TEXT) - 2, len(TEXT) + 50)
    assert view.highlighted() == (len(TEXT) - 2, len(TEXT))
    view.highlight(-5, 0)
    assert view.highlighted() == (0, 0)


def test_a_highlight_far_away_comes_into_view(view: HexView) -> None:
    view.set_data(bytes(100_000))
    view.highlight(90_000, 90_016)
    assert 0 <= view.point_of(90_000).y() < view.viewport().height()


def test_a_hundred_megabytes_are_as_quick_as_a_hundred_bytes(qtbot: QtBot, view: HexView, qapp: QApplication) -> None:
    data = bytearray(100 * 1024 * 1024)
    data[-1] = 0x41
    view.set_data(memoryview(data).toreadonly())
    qtbot.keyClick(view, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    assert view.cursor_offset() == len(data) - 1
    assert 0 <= view.point_of(len(data) - 1).y() < view.viewport().height()
    assert not view.grab().isNull()


def test_nothing_to_show_says_so_and_takes_every_key(qtbot: QtBot, view: HexView) -> None:
    view.set_empty("Select a PDU to see its bytes.")
    view.set_data(b"")
    for key in (Qt.Key.Key_Down, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_A):
        qtbot.keyClick(view, key)
    assert view.selection() == (0, 0)
    assert not view.grab().isNull()


def test_it_paints_in_both_themes(view: HexView, qapp: QApplication) -> None:
    pictures = []
    for name in ("light", "dark"):
        theme().apply(qapp, name)
        pictures.append(view.grab().toImage())
    theme().apply(qapp, "light")
    assert pictures[0] != pictures[1]
