"""Makes the README's pictures: a real session of the window with the built-in peer, a service in the light theme, a
failure explained in the dark one.

Run it in the checkout's environment: `.venv/bin/python packaging/pictures.py [FOLDER]`. Without a display Qt paints
offscreen.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
if not os.environ.get("DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QTimer  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from engine.model.association import ProposedContext  # noqa: E402
from engine.model.commands import Outgoing  # noqa: E402
from engine.model.dataset import Data, DataElement, DataSet  # noqa: E402
from engine.runtime.engine import Engine  # noqa: E402
from engine.services.responses import request_of  # noqa: E402
from engine.workspace.message_files import load_message  # noqa: E402
from engine.workspace.workspace import Workspace  # noqa: E402
from gui.bridge import Bridge  # noqa: E402
from gui.main_window import MainWindow  # noqa: E402
from gui.panels.service_query import QueryPage  # noqa: E402
from gui.panels.service_store import StorePage  # noqa: E402
from gui.panels.trace_panel import PDUS  # noqa: E402
from gui.theme import theme  # noqa: E402

SIZE = (1520, 950)
PATIENCE = 10_000
"""Milliseconds until the script gives up on a step."""
VERIFICATION = "1.2.840.10008.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
COMMITMENT = "1.2.840.10008.1.20.1"
STUDY_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
EXPLICIT, IMPLICIT, JPEG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.70"
UID = "2.25.17"


def wait_until(done: Callable[[], object]) -> None:
    """Run Qt's loop until it is so."""
    loop = QEventLoop()
    look = QTimer()
    look.timeout.connect(lambda: loop.quit() if done() else None)
    look.start(10)
    QTimer.singleShot(PATIENCE, loop.quit)
    loop.exec()
    if not done():
        sys.exit("A step of the session did not end in time.")


def pause(milliseconds: int) -> None:
    """Let everything be painted."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def data(*rows: tuple[int, str, str | tuple[DataSet, ...]]) -> DataSet:
    return DataSet(tuple(DataElement(t, vr, v if isinstance(v, tuple) else ((v,) if v else ())) for t, vr, v in rows))


class Session:
    """Steps of one session in one window."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self.ended = 0
        window.session.operation_ended.connect(self._count)

    def _count(self, _notice: object) -> None:
        self.ended += 1

    def send(self, message: str, body: Data | None = None, **values: object) -> None:
        before = self.ended
        command = request_of(message, **values)  # type: ignore[arg-type]
        self.window.session.send(Outgoing(command=command, data=body))
        wait_until(lambda: self.ended > before)

    def begin(self) -> None:
        """The built-in peer, a first echo, and the generated studies stored in it."""
        window = self.window
        window.first_echo()
        wait_until(lambda: window.session.listener.listening)
        pause(600)
        window.show_service("store")
        page = window.services.page
        assert isinstance(page, StorePage)
        page.add_paths((ROOT / "resources" / "samples" / "studies",))
        wait_until(lambda: page.plan.sending and not page.running)
        page.start()
        wait_until(lambda: not page.running)

    def retrieve(self) -> None:
        """Studies found, one of them moved here: its instances are seen within the operation."""
        window = self.window
        window.show_service("query")
        page = window.services.page
        assert isinstance(page, QueryPage)
        page.start()
        wait_until(lambda: not page.running)
        page.retrieve_bar.choose("C-MOVE to us")
        page.retrieve()
        wait_until(lambda: not page.running)
        pause(600)
        self.choose("C-MOVE")
        self.window.trace.tabs.setCurrentIndex(PDUS)

    def choose(self, service: str) -> None:
        """The row of our own request of a service in the log, and so its association in the trace."""
        log = self.window.log
        rows = ((n, log.model.record(n).shape) for n in range(log.model.rowCount()))
        place = max(n for n, shape in rows if shape.service == service and shape.sent)
        log.table.selectRow(place)
        log.table.scrollTo(log.model.index(place, 0), log.table.ScrollHint.PositionAtTop)

    def fail(self) -> None:
        """One association with what a peer accepts and what not, and a move that goes nowhere."""
        window = self.window
        window.trace.tabs.setCurrentIndex(0)
        window.log.follow.setChecked(True)
        window.ae.contexts.replace_with(CONTEXTS)
        window.associate()
        wait_until(lambda: window.session.current is not None and window.session.current.established)
        self.send("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION)
        query = data((0x00080052, "CS", "STUDY"), (0x00100010, "PN", "CON*"), (0x0020000D, "UI", ""))
        self.send("C-FIND-RQ", query, AffectedSOPClassUID=STUDY_FIND)
        references = tuple(data((0x00081150, "UI", CT), (0x00081155, "UI", f"{UID}.3.{number}")) for number in (1, 2))
        request = load_message(ROOT / "resources" / "messages" / "storage-commitment-request.toml")
        wanted = data((0x00081195, "UI", f"{UID}.4"), (0x00081199, "SQ", references))
        window.opening.take_message(replace(request, data=wanted))
        before = self.ended
        window.builder.send()
        wait_until(lambda: self.ended > before)
        study = data((0x00080052, "CS", "STUDY"), (0x0020000D, "UI", f"{UID}.1"))
        self.send("C-MOVE-RQ", study, AffectedSOPClassUID=STUDY_MOVE, MoveDestination="WORKSTATION")
        pause(600)


CONTEXTS = (
    ProposedContext(1, VERIFICATION, (EXPLICIT, IMPLICIT)),
    ProposedContext(3, CT, (EXPLICIT, IMPLICIT)),
    ProposedContext(5, CT, (JPEG,)),
    ProposedContext(7, STUDY_FIND, (EXPLICIT, IMPLICIT)),
    ProposedContext(9, STUDY_MOVE, (EXPLICIT, IMPLICIT)),
    ProposedContext(11, COMMITMENT, (EXPLICIT, IMPLICIT)),
    ProposedContext(13, "1.2.840.10008.3.1.2.3.3", (EXPLICIT, IMPLICIT)),
)


def main() -> int:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "resources" / "pictures"
    target.mkdir(parents=True, exist_ok=True)
    app = QApplication([sys.argv[0]])
    app.setQuitOnLastWindowClosed(False)
    with tempfile.TemporaryDirectory() as folder:
        bridge = Bridge(Engine)
        bridge.start()
        theme().apply(app, "light")
        window = MainWindow(Workspace(Path(folder)), bridge)
        window.resize(*SIZE)
        window.show()
        window.restore_panels()
        session = Session(window)
        session.begin()
        for name, part in (("light", session.retrieve), ("dark", session.fail)):
            theme().apply(app, name)
            part()
            pause(300)
            file = target / f"window-{name}.png"
            if not window.grab().save(str(file)):
                sys.exit(f"{file} cannot be written.")
            print(file)
        window.ended.connect(app.quit)
        window.close()
        app.exec()
        bridge.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
