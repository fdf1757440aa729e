"""The page of limits: how it is laid out and gone through by keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.workspace.listening import ListenerSettings
from gui.panels.listener_limits import LimitsPage


@pytest.fixture
def page(qtbot: QtBot) -> LimitsPage:
    made = LimitsPage(ListenerSettings())
    qtbot.addWidget(made)
    made.resize(600, 1200)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_tab_goes_through_the_limits_as_they_stand(page: LimitsPage, qtbot: QtBot) -> None:
    places = {f.line: f.mapTo(page, QPoint(0, 0)) for f in page.fields.values()}
    shown = sorted(places, key=lambda line: (places[line].y(), places[line].x()))
    page.activateWindow()
    shown[0].setFocus()
    gone = [shown[0]]
    for _ in shown[1:]:
        qtbot.keyClick(gone[-1], Qt.Key.Key_Tab)
        gone.append(QApplication.focusWidget())
    assert gone == shown


def test_a_limit_that_stands_alone_is_as_wide_as_those_above_and_below(page: LimitsPage) -> None:
    left = {f.width() for f in page.fields.values() if f.mapTo(page, QPoint(0, 0)).x() < page.width() // 3}
    assert max(left) - min(left) <= 1
