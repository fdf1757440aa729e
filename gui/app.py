"""The program with a window: the only place that builds things, and the only one of `gui` that knows the engine."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from .main_window import MainWindow
    from .picture import Picture
    from .report import Reporter

NO_DISPLAY = """\
The window cannot open: there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set).
Over ssh, log in with "ssh -X". Without a desktop use the command line: dimse-console --help
"""
NO_QT = """\
The window cannot open: Qt does not start ({reason}).
On Debian and Ubuntu: sudo apt install libegl1 libgl1 libxkbcommon0 libdbus-1-3 libxcb-cursor0 libfontconfig1
On Fedora: sudo dnf install mesa-libEGL mesa-libGL libxkbcommon dbus-libs xcb-util-cursor fontconfig
The command line works without it: dimse-console --help
"""
TURN = 0.001
"""Seconds a thread may keep the interpreter to itself: the engine works hard, keys and mouse must not wait for it."""
BEFORE_QT = (
    "engine.runtime.engine",
    "engine.workspace.workspace",
    "engine.workspace.messages",
    "engine.trace.diagnosis.diagnoser",
    "engine.trace.json_lines",
)
"""What is loaded before Qt, with all that it needs: of each module imported after it PySide6 reads the source, to see
whether that uses PySide6, and for the engine's that took a tenth of the start."""
EXIT_NO_WINDOW = 3
"""Exit code when Qt cannot start."""
EXIT_DEFECT = 9
"""Exit code when a defect keeps the window from opening, as the command line's."""
NOT_OPENED = (
    "DIMSE Console cannot open its window: an unexpected error in the program itself. It ends when this is closed."
)
PICTURE_SIZE = (1520, 950)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The options. SystemExit with a usage line when they do not read."""
    parser = argparse.ArgumentParser(prog="dimse-console", description="Open the window of DIMSE Console.")
    parser.add_argument("--window", action="store_true", help="the window, as without any argument")
    parser.add_argument("--workspace", type=Path, metavar="DIR", help="folder of peers, contexts and messages")
    parser.add_argument("--theme", choices=("system", "light", "dark"), help="colours, for now and next time")
    parser.add_argument("--tour", action="store_true", help="start with the built-in peer selected, ready to echo")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="echo the built-in peer, save a PNG, end")
    parser.add_argument("--size", type=_size, default=PICTURE_SIZE, metavar="WxH", help="size of the picture")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    options = parse(argv)
    if options.picture is not None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    reason = why_no_window()
    if reason:
        sys.stderr.write(reason)
        return EXIT_NO_WINDOW
    try:
        return _run(options)
    except ImportError as error:
        sys.stderr.write(NO_QT.format(reason=error))
        return EXIT_NO_WINDOW
    except Exception as error:  # noqa: BLE001 - Python's own report quotes values, a patient's or a secret's
        from .report import report_text, write_to_terminal

        write_to_terminal(report_text(error))
        return EXIT_DEFECT
    finally:
        gc.enable()


def why_no_window() -> str:
    """What to tell when no window can be opened here, "" when one can be tried."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return ""
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return "" if shown else NO_DISPLAY


def load_before_qt() -> None:
    """Import what does not use Qt."""
    for name in BEFORE_QT:
        import_module(name)


def _run(options: argparse.Namespace) -> int:
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C before the window stands is no report of ours
    gc.disable()  # until the window stands (`collecting.settle`): all that is made meanwhile stays
    load_before_qt()
    from PySide6.QtCore import Qt, QtMsgType, qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    def no_platform(kind: QtMsgType, _context: object, text: str) -> None:
        # Qt ends the process itself after a fatal message; this is the last chance to say what to do.
        if kind is QtMsgType.QtFatalMsg:
            sys.stderr.write(NO_QT.format(reason=" ".join(text.split())))
            sys.stderr.flush()
            os._exit(EXIT_NO_WINDOW)

    qInstallMessageHandler(no_platform)
    QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    sys.setswitchinterval(TURN)
    app = QApplication([sys.argv[0]])
    qInstallMessageHandler(_tell)
    app.setApplicationName("DIMSE Console")
    app.setDesktopFileName("dimse-console")
    app.setQuitOnLastWindowClosed(False)
    try:
        return _open(app, options)
    except Exception as error:
        if options.picture is None:
            tell_not_opened(app, error)
        raise


def tell_not_opened(app: QApplication, error: Exception) -> None:
    """A dialog with the report of what kept the window from opening, until it is closed."""
    from .dialogs import Questions, ReportDialog
    from .report import report_text

    dialog = ReportDialog(report_text(error), Questions(), None, NOT_OPENED)
    dialog.finished.connect(app.quit)
    dialog.open()
    app.exec()


def _open(app: QApplication, options: argparse.Namespace) -> int:
    from PySide6.QtCore import qInstallMessageHandler

    from engine.runtime.defects import reported
    from engine.runtime.engine import Engine
    from engine.workspace.workspace import Workspace

    from .arrangement import settings_file
    from .background import wait_for_all
    from .bridge import Bridge
    from .collecting import Collector, settle
    from .main_window import MainWindow
    from .theme import CHOICES, theme
    from .warming import Warming

    workspace = Workspace(options.workspace)
    store = settings_file(str(workspace.folder))
    chosen = options.theme or str(store.value("window/theme", "system"))
    theme().apply(app, chosen if chosen in CHOICES else "system", sheet=False)
    if options.theme:
        store.setValue("window/theme", options.theme)
    bridge = Bridge(Engine)
    bridge.start()
    try:
        window = MainWindow(workspace, bridge)
    except Exception:
        bridge.close()
        raise
    theme().dress(app)
    reporter = _reporter(app, window)
    bridge.notices.connect(reporter.take)
    window.ended.connect(app.quit)
    _close_when_told(window.close)
    picture = _show(window, options, first=not workspace.peers)
    settle()
    Warming(app)
    collector = Collector(app)
    bridge.notices.connect(collector.stir)
    with reported(reporter.take_error):
        code = app.exec()
        bridge.close()
        wait_for_all()
    qInstallMessageHandler(_tell)
    reporter.remove()
    return code if picture is None else picture.code


def _close_when_told(close: Callable[[], object]) -> None:
    """Ctrl+C in a terminal, and the desktop that ends its programs, close the window as its user does: what is open is
    released, what is not saved is kept. Python looks for them whenever it runs, which is once a second at least
    (`Collector`). A second one ends the program at once, but for SIGHUP: the system and the shell may both tell of the
    closed terminal."""
    from PySide6.QtCore import QTimer

    def told(number: int, _frame: object) -> None:
        again = signal.SIG_DFL if number in (signal.SIGINT, signal.SIGTERM) else signal.SIG_IGN
        signal.signal(number, again)
        QTimer.singleShot(0, close)  # not in the middle of whatever runs

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(number, told)


def _reporter(app: QApplication, window: MainWindow) -> Reporter:
    """Who tells the window of defects, from here on: what Python raises and what Qt says."""
    from PySide6.QtCore import QtMsgType, qInstallMessageHandler

    from .report import Reporter

    reporter = Reporter(app)
    reporter.reported.connect(window.show_report)
    reporter.followed.connect(window.follow_report)
    reporter.install()

    def said(kind: QtMsgType, context: object, text: str) -> None:
        _tell(kind, context, text)
        reporter.heard(kind, text)

    qInstallMessageHandler(said)
    return reporter


def _show(window: MainWindow, options: argparse.Namespace, *, first: bool) -> Picture | None:
    """The window, or the picture of it that was asked for; the built-in peer runs. first: there is no other peer."""
    from PySide6.QtCore import Qt

    from .picture import Picture

    if options.picture is not None:
        picture = Picture(window, options.picture, options.size)
        picture.begin()
        return picture
    window.show()
    introduce = first or options.tour
    if introduce:
        window.built_in.ready.connect(window.focus_echo, Qt.ConnectionType.SingleShotConnection)
    window.built_in.start(introduce=introduce)
    return None


NO_HINTS = "This plugin does not support propagateSizeHints()"
"""Qt's offscreen plugin says so for every window; there is nobody to size it by hand."""


def _tell(_kind: object, _context: object, text: str) -> None:
    """Qt's messages on stderr, where a terminal user looks for them."""
    from .report import write_to_terminal

    if text != NO_HINTS:
        write_to_terminal(text)


def _size(text: str) -> tuple[int, int]:
    """`1520x950` as two numbers."""
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise argparse.ArgumentTypeError(f"{text} is not a size like 1520x950")
    return int(width), int(height)
