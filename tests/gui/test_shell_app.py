"""The program as it is started: with the engine that really talks over TCP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

import dimse_console
import engine
from engine.model.association import Peer
from engine.model.notices import Outcome
from engine.runtime.engine import Engine
from engine.workspace.listening import ListenerSettings
from engine.workspace.settings import SavedPeer
from engine.workspace.workspace import Workspace
from gui.app import EXIT_NO_WINDOW, NO_HINTS, _close_when_told, _tell, main, parse, why_no_window
from gui.bridge import Bridge
from gui.main_window import MainWindow
from tests.interop.peers import wait_until
from tests.processes import running

ROOT = Path(engine.__file__).parents[1]


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-c", "import sys; from gui.app import main; sys.exit(main())", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", **environment},
        capture_output=True,
        text=True,
        timeout=90,
    )


def test_picture_echoes_the_built_in_peer_saves_a_png_and_ends_well(tmp_path):
    picture = tmp_path / "pictures" / "window.png"
    done = run("--workspace", tmp_path / "ws", "--picture", picture, "--theme", "dark", "--size", "1280x800")
    assert done.returncode == 0, done.stderr
    assert "Echo successful" in done.stdout
    assert (QImage(str(picture)).width(), QImage(str(picture)).height()) == (1280, 800)
    peer = Workspace(tmp_path / "ws").peers[0]
    assert peer.peer.name == "Built-in peer"
    assert peer.echo is not None
    assert peer.echo.outcome == "success"


def test_a_picture_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    picture = tmp_path / "file" / "window.png"
    done = run("--workspace", tmp_path / "ws", "--picture", picture)
    assert done.returncode != 0
    assert f"The picture cannot be written to {picture}." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_closes_the_window_as_its_user_does(tmp_path, number):
    folder = tmp_path / "ws"
    command = [
        sys.executable,
        "-c",
        "import sys; from gui.app import main; sys.exit(main())",
        "--workspace",
        str(folder),
    ]
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    with running(command, cwd=ROOT, env=env, stderr=subprocess.PIPE) as window:
        # The window stands and the built-in peer is in its list.
        assert wait_until((folder / "peers.toml").exists)
        window.send_signal(number)
        _, told = window.communicate(timeout=30)
    assert (window.returncode, told) == (0, "")
    assert "geometry" in (folder / "window.ini").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_window_that_is_to_outlive_its_terminal_does(tmp_path):
    folder = tmp_path / "ws"
    code = "import signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN)"  # what nohup does
    code += "; from gui.app import main; sys.exit(main())"
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    with running([sys.executable, "-c", code, "--workspace", str(folder)], cwd=ROOT, env=env) as window:
        assert wait_until((folder / "peers.toml").exists)
        window.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            window.wait(timeout=3)
        window.send_signal(signal.SIGTERM)
        assert window.wait(timeout=30) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_terminal_whose_end_is_told_twice_lets_the_window_close_in_order(qtbot):
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    closed = []
    try:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)  # whatever the tests themselves were started with
        _close_when_told(lambda: closed.append(True))
        signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        qtbot.waitUntil(lambda: closed == [True])
        signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL  # whoever insists ends it
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.skipif(sys.platform == "win32", reason="no signals are sent there")
def test_ctrl_c_before_the_window_stands_ends_it_without_a_word():
    code = "import os, signal\nimport gui.app\n"
    code += "gui.app.load_before_qt = lambda: os.kill(os.getpid(), signal.SIGINT)\ngui.app.main([])"
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")


def test_without_a_display_it_says_what_to_do(monkeypatch, capsys):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert main([]) == EXIT_NO_WINDOW
    assert "no display" in capsys.readouterr().err


def test_when_qt_cannot_start_it_says_what_to_install():
    done = run(QT_QPA_PLATFORM="nonsense")
    assert done.returncode == EXIT_NO_WINDOW
    assert "apt install" in done.stderr


@pytest.mark.parametrize(("platform", "display", "told"), [("linux", ":0", False), ("darwin", "", False)])
def test_where_a_window_can_be_tried(monkeypatch, platform, display, told):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", display)
    assert bool(why_no_window()) is told


def test_options_that_do_not_read_are_told(capsys):
    with pytest.raises(SystemExit) as ended:
        parse(["--size", "wide"])
    assert ended.value.code == 2
    assert "not a size" in capsys.readouterr().err


def test_the_launcher_knows_every_option_of_the_window():
    assert {f"--{name}" for name in vars(parse(["--window"]))} == set(dimse_console._WINDOW_OPTIONS)


@pytest.fixture
def window(qtbot, tmp_path):
    bridge = Bridge(Engine)
    bridge.start()
    workspace = Workspace(tmp_path / "ws")
    workspace.save_listener(ListenerSettings(port=0))
    made = MainWindow(workspace, bridge)
    qtbot.addWidget(made)
    made.resize(1520, 950)
    made.show()
    yield made
    made._closed = True
    bridge.close()


def wait(qtbot, condition):
    qtbot.waitUntil(condition, timeout=30_000)


def test_the_whole_way_over_tcp(window, qtbot):
    window.first_echo()
    wait(qtbot, lambda: window.ae.peers_model.rowCount() == 1 and window.ae.peers_model.records[0].echo is not None)
    assert window.ae.peers_model.records[0].echo.outcome == "success"
    window.associate()
    wait(qtbot, lambda: window.session.current is not None and window.session.current.established)
    assert "Sta6 Association established" in window.toolbar.pill.text_shown()
    ended = []
    window.session.operation_ended.connect(ended.append)
    window.builder.send()
    wait(qtbot, lambda: len(ended) == 1)
    assert (ended[0].outcome, ended[0].status) == (Outcome.SUCCESS, 0)
    assert len(window.session.open_records()) == 2  # both ends are ours
    with qtbot.waitSignal(window.ended, timeout=30_000):
        window.close()
    assert window.session.open_records() == ()


def test_nobody_at_the_port_is_said_in_a_sentence(window, qtbot, unused_port):
    window.ae.peers.put(Peer(name="Nobody", ae_title="NOBODY", host="127.0.0.1", port=unused_port))
    window.ae.peers.select("Nobody")
    window.echo()
    wait(qtbot, lambda: window.ae.peers_model.records[0].echo is not None)
    saved = window.ae.peers_model.records[0]
    assert isinstance(saved, SavedPeer)
    assert saved.echo.outcome == Outcome.CONNECTION_FAILED.value
    assert "refused the connection" in window.status.sentence.whole()


@pytest.fixture
def unused_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_only_the_offscreen_plugins_own_line_is_kept_quiet(capsys):
    _tell(None, None, NO_HINTS)
    _tell(None, None, "QPainter::begin: something is wrong")
    assert capsys.readouterr().err == "QPainter::begin: something is wrong\n"
