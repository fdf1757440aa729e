"""The lines that tell all about one row."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from gui.forms.details import Details


def test_they_begin_at_the_top_also_where_they_were_filled_without_room(qtbot: QtBot) -> None:
    details = Details()
    qtbot.addWidget(details)
    details.resize(300, 0)
    details.show()
    details.set_lines([(f"Line {n}", "what it says") for n in range(20)])
    details.resize(300, 120)
    assert details.verticalScrollBar().maximum() > 0
    assert details.verticalScrollBar().value() == 0
