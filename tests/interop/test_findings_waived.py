"""What a real peer does wrong, waived: on the command line and in the window, with DCMTK's echoscu as the peer.

Of the reserved bytes of each presentation context it proposes one is FFH, a warning.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt

from engine.cli.exits import Exit
from engine.model.association import LocalAE, Policy
from engine.model.commands import Listen, PeerSettings
from engine.model.notices import ListenerNotice
from engine.runtime.engine import Engine
from engine.workspace.workspace import Workspace
from gui.bridge import Bridge
from gui.main_window import MainWindow
from gui.panels.trace_panel import FINDINGS, PDUS
from gui.panels.waiver_dialogs import WaiveDialog
from tests.processes import running

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.interop
Start = Callable[..., Any]
HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parents[2]
RULE = "association.reserved"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(folder))
    return folder


def listened(client: Start, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """`listen` while one echoscu calls: its exit code and its findings."""
    code = "import sys; from engine.cli import run; sys.exit(run(sys.argv[1:]))"
    run = [sys.executable, "-c", code, "listen", "--port", "0", "--json", *arguments]
    found = []
    with running(run, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["listener"]["port"]
        client("echoscu", "-aet", "ECHOSCU", HOST, port).succeeded()
        for line in process.stdout:
            told = json.loads(line)
            if told["kind"] == "finding":
                found.append(told)
            if told["kind"] == "association" and told["outcome"]:
                process.send_signal(signal.SIGTERM)
                break
        process.communicate()
    return process.returncode, found


@pytest.mark.parametrize(("peer", "code"), [("ECHOSCU", Exit.SUCCESS), ("OTHER", Exit.FINDINGS)])
def test_the_warning_of_echoscu_fails_listen_unless_it_is_waived(
    peer: str, code: Exit, client: Start, workspace: Path
) -> None:
    text = f'[[waiver]]\nrule = "{RULE}"\npeer = "{peer}"\nreason = "DCMTK always did"\n'
    (workspace / "waivers.toml").write_text(text, encoding="utf-8")
    ended, found = listened(client, "--fail-on", "warning")
    assert {f["rule"] for f in found} == {RULE}
    assert {f["waived"] for f in found} == {"DCMTK always did" if code is Exit.SUCCESS else None}
    assert ended == code


@pytest.fixture
def window(qtbot: QtBot, workspace: Path) -> Iterator[MainWindow]:
    bridge = Bridge(Engine)
    bridge.start()
    made = MainWindow(Workspace(workspace), bridge)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    yield made
    made._closed = True
    bridge.close()


def called(qtbot: QtBot, window: MainWindow, client: Start) -> None:
    """The built-in peer of the window takes an echoscu."""
    port: list[int] = []

    def listens(notices: tuple[object, ...]) -> None:
        port.extend(n.port for n in notices if isinstance(n, ListenerNotice) and n.listening)

    window.session.notices.connect(listens)
    engine = window.bridge
    settings = PeerSettings(policy=Policy(local=LocalAE(ae_title="CONSOLE")))
    engine.submit(Listen(listener=engine.new_id(), settings=settings))
    qtbot.waitUntil(lambda: bool(port))
    client("echoscu", "-aet", "ECHOSCU", HOST, port[0]).succeeded()
    ended = window.trace.store.associations
    qtbot.waitUntil(lambda: any(record.ended for record in ended.values()))


def test_the_warning_of_echoscu_is_found_read_and_waived_in_the_window(
    qtbot: QtBot, window: MainWindow, client: Start, workspace: Path
) -> None:
    called(qtbot, window, client)
    qtbot.keyClick(window, Qt.Key.Key_F4)
    trace = window.trace
    assert trace.tabs.currentIndex() == FINDINGS
    finding = trace.findings.current()
    assert finding is not None and finding.rule == RULE
    assert trace.findings.peer == "ECHOSCU"
    qtbot.mouseClick(trace.findings.show_pdu, Qt.MouseButton.LeftButton)
    assert trace.tabs.currentIndex() == PDUS
    pdu = trace.pdus.current_pdu()
    assert pdu is not None and pdu.type == 1
    start, end = trace.pdus.hex.highlighted()
    assert pdu.data[start] == 0x20, "a presentation context item"
    assert b"\xff" in pdu.data[start:end][4:8]
    open_before = trace.tally_of(trace.store.associations[finding.association]).open
    window.actions_by_name["waive_finding"].trigger()
    dialog = window.judging.dialog
    assert isinstance(dialog, WaiveDialog)
    qtbot.keyClicks(dialog.reason.line, "DCMTK always did")
    dialog.accept()
    tally = trace.tally_of(trace.store.associations[finding.association])
    assert tally.waived and tally.open == open_before - tally.waived
    assert [(w.rule, w.peer) for w in Workspace(workspace).waivers] == [(RULE, "ECHOSCU")]
