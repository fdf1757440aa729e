"""When the program itself is wrong: a window that says so, with a report one can save. The program goes on.

The report holds where it happened and on what, never a value: messages of exceptions may quote patient data.
"""

from __future__ import annotations

import gc
import platform
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

import PySide6
from PySide6.QtCore import QObject, QTimer, QtMsgType, Signal

from engine import __version__
from engine.model.defects import report_of
from engine.model.notices import AnyNotice, ErrorNotice

KEPT = 20
"""Different errors told in a run; one that repeats with every notice must not bury the window."""


def report_text(error: BaseException) -> str:
    """What to send to the developers."""
    return whole_text(report_of(error))


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


class Reporter(QObject):
    """Stands in `sys.excepthook`, and is told what else nobody caught, in whatever thread; `reported` carries each
    report once."""

    reported = Signal(object, object)
    """(report, what happened in words, "" where nobody knows)."""
    followed = Signal(object, object)
    """As `reported`, of a report that was told before: what became of it."""

    _met = Signal(object)
    """A report, of whatever thread: it is told in the one this lives in."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._seen: set[str] = set()
        self._before: Callable[..., object] = sys.excepthook
        self._met.connect(self._tell)

    def install(self) -> None:
        sys.excepthook = self.hook

    def remove(self) -> None:
        sys.excepthook = self._before

    def hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """What Python calls for an exception nobody caught."""
        if issubclass(kind, KeyboardInterrupt):
            self._before(kind, error, trace)
            return
        self.take_error(error.with_traceback(trace))

    def take_error(self, error: BaseException) -> None:
        """An exception nobody caught: in a slot, a thread, or while an object goes."""
        self._met.emit(report_text(error))

    def heard(self, kind: QtMsgType, text: str) -> None:
        """What Qt says. What is critical to it is a defect of ours; of its text only who says it is sure to be no
        value."""
        if kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg):
            named = re.match(r"[A-Za-z_]\w*(::\w+)+", text)
            self._met.emit(whole_text(f"Qt met what it calls {kind.name}{f' in {named[0]}' if named else ''}."))

    def take(self, notices: tuple[AnyNotice, ...]) -> None:
        """Tell of defects that the engine met."""
        for notice in notices:
            if isinstance(notice, ErrorNotice) and notice.report:
                self._tell(whole_text(notice.report), notice.sentence)

    def _tell(self, text: str, words: str = "") -> None:
        if text in self._seen:
            self.followed.emit(text, words)
        elif len(self._seen) < KEPT:
            self._seen.add(text)
            write_to_terminal(text)
            self.reported.emit(text, words)
            QTimer.singleShot(0, self, self._clear_up)

    def _clear_up(self) -> None:
        """What a defect leaves behind in cycles, half a dialog say, goes here: freed by the garbage collector in the
        engine's thread, whose turn it may be next, it ends the process."""
        gc.collect()


def tell_defect() -> None:
    """Tell of the exception that is being handled as if nobody had caught it: for work on many things, where a defect
    met with one is not to keep the others from their turn."""
    sys.excepthook(*sys.exc_info())


def write_to_terminal(text: str) -> None:
    """A line on standard error, where there is one and somebody reads it: what is told is not to fail by that."""
    if sys.stderr is None:
        return
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{text}\n")
