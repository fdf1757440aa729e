"""The panel with an association that stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gui.panels.builder_panel import BuilderPanel
from tests.gui.builder.bench import NEGOTIATED, Answers, Bench

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def bench(qtbot: QtBot) -> Bench:
    questions = Answers()
    panel = BuilderPanel(questions=questions)
    questions.setParent(panel)
    qtbot.addWidget(panel)
    panel.resize(640, 700)
    panel.show()
    bench = Bench(panel, questions)
    panel.send_requested.connect(bench.take)
    panel.cancel_requested.connect(bench.cancelled.append)
    panel.set_negotiated(NEGOTIATED, 12)
    return bench
