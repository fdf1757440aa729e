"""When the program itself is wrong: a window that says so, with a report one can save. The program goes on.

The report holds where it happened and on what, never a value: messages of exceptions may quote patient data.
"""

from __future__ import annotations

import platform
import sys
import traceback
from collections.abc import Callable
from types import TracebackType

import PySide6
from PySide6.QtCore import QObject, Signal

from engine import __version__
from engine.model.notices import AnyNotice, ErrorNotice

KEPT = 20
"""Different errors told in a run; one that repeats with every notice must not bury the window."""


def report_text(kind: type[BaseException], trace: TracebackType | None) -> str:
    """What to send to the developers."""
    frames = [f"  {_module(f.filename)}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace)]
    return whole_text("\n".join([f"Unexpected {kind.__name__} at", *frames]))


def whole_text(body: str) -> str:
    """A report with what it happened on."""
    return "\n".join(
        [
            f"DIMSE Console {__version__}",
            f"Python {platform.python_version()}, PySide6 {PySide6.__version__}",
            f"{platform.system()} {platform.release()} {platform.machine()}",
            "",
            body,
            "",
            "Values and messages are left out on purpose: they may hold patient data.",
        ]
    )


def _module(filename: str) -> str:
    """The last parts of a path: the first ones name the user."""
    return "/".join(filename.replace("\\", "/").split("/")[-3:])


class Reporter(QObject):
    """Stands in `sys.excepthook`; `reported` carries each report once."""

    reported = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._seen: set[str] = set()
        self._before: Callable[..., object] = sys.excepthook

    def install(self) -> None:
        sys.excepthook = self.hook

    def remove(self) -> None:
        sys.excepthook = self._before

    def hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """What Python calls for an exception nobody caught."""
        if issubclass(kind, KeyboardInterrupt):
            self._before(kind, error, trace)
            return
        text = report_text(kind, trace)
        self._tell(text)

    def take(self, notices: tuple[AnyNotice, ...]) -> None:
        """Tell of defects that the engine met."""
        for notice in notices:
            if isinstance(notice, ErrorNotice) and notice.report:
                self._tell(whole_text(notice.report))

    def _tell(self, text: str) -> None:
        sys.stderr.write(text + "\n")
        if text not in self._seen and len(self._seen) < KEPT:
            self._seen.add(text)
            self.reported.emit(text)
