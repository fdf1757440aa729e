"""What is wanted soon after the start, made ready piece by piece once the window stands and is quiet.

Each would hold the window for a moment when it is first wanted: the tables when an association opens, the modules when
a page, a dialog or the palette does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module

from PySide6.QtCore import QObject, QTimer

from engine.standard.dictionary import attribute_by_keyword
from engine.standard.sop_classes import sop_classes
from engine.standard.transfer_syntaxes import transfer_syntaxes
from engine.workspace.scripts import quirk_profiles

_PAUSE = 40
"""Milliseconds between two pieces, in which keys and mouse come first."""
_MODULES = (
    "gui.panels.service_store",
    "gui.panels.service_query",
    "gui.panels.service_mpps",
    "gui.panels.service_commitment",
    "gui.panels.service_availability",
    "gui.panels.service_print",
    "gui.panels.service_ups",
    "gui.panels.service_instance",
    "gui.palette",
    "gui.panels.listener_dialog",
    "gui.panels.emulators_window",
)
"""Loaded in any case when they are wanted; named where they are imported, so that a frozen program has them."""


class Warming(QObject):
    """Begins with its making; `step` does the next piece."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pieces: list[Callable[[], object]] = [transfer_syntaxes, sop_classes, partial(attribute_by_keyword, "")]
        self._pieces += [lambda name=name: import_module(name) for name in _MODULES]  # type: ignore[misc]
        self._pieces.append(quirk_profiles)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.step)
        self._timer.start(_PAUSE)

    def step(self) -> bool:
        """Whether there is more to do."""
        if self._pieces:
            self._pieces.pop(0)()
        if not self._pieces:
            self._timer.stop()
        return bool(self._pieces)
