"""What comes quickly is shown a few times a second, and nothing of it is lost."""

from __future__ import annotations

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from gui.later import Later
from gui.pace import AT_ONCE, Pace


def _counted(pace: Pace) -> list[None]:
    told: list[None] = []
    pace.due.connect(lambda: told.append(None))
    return told


def test_few_askings_are_answered_at_once(qapp: object) -> None:
    parent = QObject()
    pace = Pace(parent)
    told = _counted(pace)
    for asked in range(1, AT_ONCE + 1):
        pace.ask()
        assert len(told) == asked
    assert not pace.waits


def test_of_many_askings_the_last_is_answered_too(qtbot: QtBot) -> None:
    parent = QObject()
    pace = Pace(parent, 10_000)
    told = _counted(pace)
    for _ in range(1000):
        pace.ask()
    assert len(told) == AT_ONCE
    assert pace.waits
    pace.settle()
    assert len(told) == AT_ONCE + 1
    assert not pace.waits


def test_what_waits_is_told_by_itself(qtbot: QtBot) -> None:
    parent = QObject()
    pace = Pace(parent)
    told = _counted(pace)
    for _ in range(AT_ONCE + 1):
        pace.ask()
    if len(told) == AT_ONCE:
        qtbot.waitUntil(lambda: len(told) == AT_ONCE + 1)
    assert len(told) == AT_ONCE + 1


def test_what_can_wait_comes_once_in_a_turn_of_its_own(qtbot: QtBot) -> None:
    parent = QObject()
    later = Later(parent)
    told: list[None] = []
    later.due.connect(lambda: told.append(None))
    later.settle()
    assert not told
    later.ask()
    later.ask()
    assert not told
    qtbot.waitUntil(lambda: bool(told))
    later.ask()
    later.settle()
    assert len(told) == 2
