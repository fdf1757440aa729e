"""What is wanted soon is made ready after the start, in pieces, and then it is over."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from engine.standard.transfer_syntaxes import transfer_syntaxes
from gui.warming import _MODULES, Warming


def test_tables_and_modules_are_ready_and_it_ends(qtbot: QtBot) -> None:
    parent = QObject()
    warming = Warming(parent)
    qtbot.waitUntil(lambda: not warming._timer.isActive())
    assert transfer_syntaxes.cache_info().currsize == 1
    assert all(name in sys.modules for name in _MODULES)
    assert not warming.step()
