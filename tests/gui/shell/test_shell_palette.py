"""Ctrl+K: everything by its name."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from gui.theme import theme
from tests.gui.shell.shell import RIS

# -- Ctrl+K -----------------------------------------------------------------------------------------------------


@pytest.fixture
def palette(window, qtbot):
    window.opening.open_palette()
    yield window.opening.palette_dialog
    window.opening.palette_dialog.reject()


def found(palette):
    return [(f.kind, f.title) for f in palette.model.records]


def test_the_palette_finds_and_gives_commands(window, palette, qtbot):
    qtbot.keyClicks(palette.line, "dark theme")
    assert palette.model.records[0].title == "Dark theme"
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert theme().choice == "dark"
    assert not palette.isVisible()


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("nget", "Read an instance (N-GET)"),
        ("n-get", "Read an instance (N-GET)"),
        ("mpps", "Worklist and performed steps (MPPS)"),
        ("mwl", "Worklist and performed steps (MPPS)"),
        ("cfind", "Query and retrieve (C-FIND, C-GET, C-MOVE)"),
        ("workitem", "Unified procedure steps (UPS)"),
    ],
)
def test_the_palette_knows_services_by_their_other_names(window, palette, qtbot, typed, title):
    qtbot.keyClicks(palette.line, typed)
    assert ("", title) in found(palette)


def test_the_palette_finds_peers_by_host(window, palette, qtbot):
    qtbot.keyClicks(palette.line, "example.org")
    assert found(palette)[0] == ("peer", "RIS")
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert window.ae.current_peer == RIS


def test_the_palette_adds_sop_classes(window, palette, qtbot):
    qtbot.keyClicks(palette.line, "CT Image Storage")
    assert ("SOP class", "CT Image Storage") in found(palette)
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert window.ae.proposal().contexts[-1].abstract_syntax == "1.2.840.10008.5.1.4.1.1.2"


def test_the_palette_starts_any_message(window, palette, qtbot):
    qtbot.keyClicks(palette.line, "N-ACTION-RQ")
    assert ("message", "N-ACTION-RQ") in found(palette)
    row = found(palette).index(("message", "N-ACTION-RQ"))
    for _ in range(row):
        qtbot.keyClick(palette.line, Qt.Key.Key_Down)
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert window.builder.message_file().message == "N-ACTION-RQ"


def test_the_palette_teaches_the_keys(palette):
    assert {f.title: f.keys for f in palette.model.records}["Echo"] == "F5"


def test_nothing_found_is_said(palette, qtbot):
    qtbot.keyClicks(palette.line, "qqqq")
    assert palette.list.empty.isVisible()
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    qtbot.keyClick(palette.line, Qt.Key.Key_Escape)
    assert not palette.isVisible()
