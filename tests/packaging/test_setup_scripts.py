"""The scripts of the README: what is already there is left alone, and what cannot be done is said in a clear line."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"packaging_script_{name}", ROOT / "packaging" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def setup(tmp_path: Path) -> ModuleType:
    """_setup.py over a checkout of its own, so that nothing here touches the real environment."""
    module = _load("_setup")
    module.ROOT = tmp_path
    module.VENV = tmp_path / ".venv"
    module.STAMP = module.VENV / "installed.json"
    module.LOG = module.VENV / "install.log"
    module.UNFINISHED = module.VENV / "unfinished"
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return module


@pytest.fixture
def installs(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """An environment that works, and what would have been installed into it."""
    setup.VENV.mkdir()
    done: list[list[str]] = []
    monkeypatch.setattr(setup, "_venv_problem", lambda: "")
    monkeypatch.setattr(setup, "_install", done.append)
    return done


def test_installs_once_and_again_only_when_the_project_changed(setup: ModuleType, installs: list[list[str]]) -> None:
    setup.environment()
    setup.environment()
    assert installs == [[]]
    (setup.ROOT / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    setup.environment()
    assert installs == [[], []]


def test_tests_add_their_extras_and_a_later_run_keeps_them(setup: ModuleType, installs: list[list[str]]) -> None:
    setup.environment()
    setup.environment(("test",))
    setup.environment()
    assert installs == [[], ["test"]]


def test_a_damaged_stamp_only_means_one_more_install(setup: ModuleType, installs: list[list[str]]) -> None:
    for content in ("{", "[]", json.dumps({"project": "old"})):
        setup.STAMP.write_text(content)
        setup.environment()
    assert installs == [[], [], []]


@pytest.mark.parametrize("half_made", ["folder", "file", "dangling link"])
def test_a_broken_environment_is_made_anew(
    setup: ModuleType, half_made: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if half_made == "folder":
        (setup.VENV / "bin").mkdir(parents=True)
    elif half_made == "file":
        setup.VENV.write_text("")
    else:
        setup.VENV.symlink_to(setup.ROOT / "gone")
    commands = _record(setup, monkeypatch)
    setup._make_venv(setup._venv_problem())
    assert commands[-1][1:] == ["-m", "venv", str(setup.VENV)]
    assert list(setup.VENV.iterdir()) == []
    assert "does not work" in capsys.readouterr().err


def test_an_environment_whose_making_was_interrupted_is_made_anew(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its pip can be imported before all its files are there; what it was to install then failed for good."""
    real = subprocess.run

    def interrupted(command: list[str], **options: Any) -> Any:
        real([*command, "--without-pip"], **options)
        package = next(setup.VENV.rglob("site-packages")) / "pip"
        package.mkdir()
        (package / "__init__.py").touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(setup.subprocess, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            setup.environment()
    made = _record(setup, monkeypatch)
    monkeypatch.setattr(setup, "_install", lambda extras: None)
    setup.environment()
    assert [command[1:3] for command in made] == [["-m", "venv"]]
    assert "was not finished" in capsys.readouterr().err


def test_the_environment_of_a_checkout_that_was_moved_is_made_anew(setup: ModuleType) -> None:
    """Its Python runs, but its pytest and lint-imports begin with the path where they were installed."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(setup.VENV)], check=True)
    (next(setup.VENV.rglob("site-packages")) / "pip.py").touch()
    assert setup._venv_problem() == ""
    setup.STAMP.write_text(json.dumps({"place": str(setup.ROOT)}))
    assert setup._venv_problem() == ""
    setup.STAMP.write_text(json.dumps({"place": str(setup.ROOT / "where it was")}))
    assert setup._venv_problem() == "the one there belongs to another folder"


def test_no_environment_yet_is_no_fault(setup: ModuleType) -> None:
    assert setup._venv_problem() == "there is none yet"


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("[Errno -3] Temporary failure in name resolution", "reaches no package index"),
        ("ERROR: No space left on device", "No space left on device"),
    ],
)
def test_a_failed_install_says_what_to_try(setup: ModuleType, output: str, sentence: str) -> None:
    setup.VENV.mkdir()
    program = setup.ROOT / "pip-that-fails"
    program.write_text(f"#!/bin/sh\necho '{output}'\nexit 1\n")
    program.chmod(0o755)
    setup.venv_python = lambda: program
    with pytest.raises(setup.SetupError, match=sentence):
        setup._install([])
    assert output in setup.LOG.read_text()


def test_without_venv_module_the_package_to_install_is_named(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(setup, "package_manager", lambda: "apt-get")
    monkeypatch.setattr(setup, "is_root", lambda: False)
    version = "{}.{}".format(*sys.version_info)
    with pytest.raises(setup.SetupError, match=f"sudo apt-get install python{version}-venv"):
        setup._need_venv_module()
    monkeypatch.setattr(setup, "package_manager", lambda: "")
    with pytest.raises(setup.SetupError, match=r"no venv and ensurepip modules .* https://www\.python\.org/downloads/"):
        setup._need_venv_module()


def test_a_full_disk_is_told_with_what_is_needed(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """ensurepip tells venv nothing of its reason."""
    failed = SimpleNamespace(returncode=1, stdout="", stderr="Error: ensurepip returned non-zero exit status 1.")
    monkeypatch.setattr(setup.subprocess, "run", lambda *a, **k: failed)
    monkeypatch.setattr(setup.shutil, "disk_usage", lambda path: SimpleNamespace(free=19_500_000))
    with pytest.raises(setup.SetupError, match="400 MB of disk space, where 19 MB are free"):
        setup.environment()
    assert not setup.VENV.exists()


@pytest.mark.parametrize(
    ("manager", "command"),
    [
        ("apt-get", "sudo apt-get install libegl1"),
        ("dnf", "sudo dnf install mesa-libEGL"),
        ("zypper", "sudo zypper install Mesa-libEGL1"),
        ("pacman", "sudo pacman -S libglvnd"),
    ],
)
def test_missing_qt_libraries_come_with_the_command_that_installs_them(
    setup: ModuleType, manager: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "qt_problem", lambda python, off_screen: "libEGL.so.1: cannot open shared object file")
    monkeypatch.setattr(setup, "package_manager", lambda: manager)
    monkeypatch.setattr(setup, "is_root", lambda: False)
    told = setup.ready_qt(Path("python"), off_screen=True)
    assert "libEGL.so.1" in told
    assert command in told


def test_qt_says_which_library_it_misses(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    error = "Traceback\n  File x\nImportError: libEGL.so.1: cannot open shared object file: No such file or directory\n"
    monkeypatch.setattr(setup.subprocess, "run", lambda *a, **k: SimpleNamespace(returncode=1, stdout="", stderr=error))
    assert "libEGL.so.1" in setup.qt_problem(Path("python"), off_screen=True)


def test_qt_starts_off_screen_here(setup: ModuleType) -> None:
    assert setup.qt_problem(Path(sys.executable), off_screen=True) == ""


def test_a_dead_display_is_no_reason_to_install_packages(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = _record(setup, monkeypatch)
    monkeypatch.setattr(setup, "qt_problem", lambda python, off_screen: "qt.qpa.xcb: could not connect to display :9")
    assert "could not connect to display" in setup.ready_qt(Path("python"), off_screen=False)
    assert commands == []


def test_set_up_errors_end_with_one_text_and_exit_code_3(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(arguments: list[str]) -> int:
        raise setup.SetupError("no network; connect and run again")

    with pytest.raises(SystemExit) as ended:
        setup.start(fail)
    assert ended.value.code == 3
    assert capsys.readouterr().err.strip() == "Set-up stopped: no network; connect and run again"


def test_a_folder_that_cannot_be_written_is_told_in_one_line(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def forbidden(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(setup.Path, "mkdir", forbidden)
    with pytest.raises(SystemExit) as ended:
        setup.start(lambda arguments: setup.environment())
    assert ended.value.code == 3
    assert capsys.readouterr().err.strip().endswith(f"Permission denied: '{setup.VENV}'")


def test_an_old_python_is_told_what_to_do(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    setup.MINIMUM = (4, 0)
    monkeypatch.setattr(setup.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer; this is 3\."):
        setup.check_python()


def test_an_old_python_gives_its_place_to_a_newer_one_that_runs(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pyenv has a program for each version that somebody has, which only says how to choose it."""
    setup.MINIMUM = (4, 11)
    calls = []

    def call(command: list[str], **options: Any) -> int:
        calls.append(command)
        return 0 if command[0] == "/usr/bin/python3.12" else 127

    monkeypatch.setattr(setup.shutil, "which", {"python3.13": "shim", "python3.12": "/usr/bin/python3.12"}.get)
    monkeypatch.setattr(setup.subprocess, "call", call)
    with pytest.raises(SystemExit) as ended:
        setup.check_python()
    assert ended.value.code == 0
    assert calls[-1] == ["/usr/bin/python3.12", *sys.argv]


def test_scripts_are_readable_by_an_old_python() -> None:
    """So that it gets as far as saying that it is too old: 3.6, which does not know `annotations` of `__future__`."""
    for name in ("_setup", "run", "test"):
        source = (ROOT / "packaging" / f"{name}.py").read_text(encoding="utf-8")
        tree = ast.parse(source, feature_version=(3, 6))
        nodes = list(ast.walk(tree))
        assert not [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
        told = [node.annotation for node in nodes if isinstance(node, ast.arg | ast.AnnAssign)]
        told += [node.returns for node in nodes if isinstance(node, ast.FunctionDef)]
        assert not [node for node in told if isinstance(node, ast.Subscript | ast.BinOp)]


class TestRun:
    """packaging/run.py: the window where there is a display, else the tour in the terminal."""

    @pytest.fixture
    def run(self, setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
        monkeypatch.setitem(sys.modules, "_setup", setup)
        monkeypatch.setattr(setup, "environment", lambda extras=(): Path("python"))
        return _load("run")

    @pytest.fixture
    def calls(self, run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
        made: list[list[str]] = []

        def call(command: list[str], **options: Any) -> int:
            made.append(command[3:])
            return 0

        monkeypatch.setattr(run.subprocess, "call", call)
        return made

    @pytest.mark.parametrize(
        ("display", "problem", "expected"),
        [
            (True, "", [["--tour"]]),
            (False, "", [["demo"], ["--tour", "--picture", "dimse-console-window.png"]]),
            (False, "libEGL.so.1 is missing", [["demo"]]),
            (True, "could not connect to display", [["demo"]]),
        ],
    )
    def test_tour(
        self,
        run: ModuleType,
        calls: list[list[str]],
        display: bool,
        problem: str,
        expected: list[list[str]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(run.setup, "has_display", lambda: display)
        monkeypatch.setattr(run.setup, "ready_qt", lambda python, off_screen: problem)
        assert run.main([]) == 0
        assert calls == expected

    def test_a_folder_that_takes_no_picture_is_told(
        self,
        run: ModuleType,
        calls: list[list[str]],
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr(run.setup, "has_display", lambda: False)
        monkeypatch.setattr(run.setup, "ready_qt", lambda python, off_screen: "")
        monkeypatch.setattr(run.os, "access", lambda path, mode: False)
        assert run.main([]) == 0
        assert calls == [["demo"]]
        assert f"{Path.cwd()} cannot be written to. Run it in another folder." in capsys.readouterr().err

    def test_arguments_go_to_the_console(self, run: ModuleType, calls: list[list[str]]) -> None:
        assert run.main(["echo", "127.0.0.1", "11112"]) == 0
        assert calls == [["echo", "127.0.0.1", "11112"]]


@pytest.mark.parametrize("arguments", [["--set-up-only"], ["--ci", "--set-up-only"]])
def test_missing_peers_are_named_with_their_packages(
    setup: ModuleType,
    arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "_setup", setup)
    monkeypatch.setattr(setup, "environment", lambda extras: Path("python"))
    monkeypatch.setattr(setup, "ready_qt", lambda python, off_screen: "")
    monkeypatch.setattr(setup, "is_root", lambda: False)
    monkeypatch.setattr(setup, "package_manager", lambda: "apt-get")
    test = _load("test")
    monkeypatch.setattr(test.shutil, "which", lambda name, path: None if name == "Orthanc" else "/usr/bin/" + name)
    assert test.main(arguments) == 0
    told = capsys.readouterr().err
    assert "Not installed here: Orthanc" in told
    assert ("will fail" if "--ci" in arguments else "be skipped") in told
    assert "sudo apt-get install orthanc" in told


@pytest.mark.parametrize("name", ["bench", "bench.endurance", "fuzz"])
def test_what_is_run_without_the_packages_of_the_tests_names_its_set_up(name: str) -> None:
    """In the environment that run.py makes, or with the system's Python; -S leaves all packages out."""
    done = subprocess.run([sys.executable, "-S", "-m", f"tests.{name}"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Not installed for this Python: pydicom" in done.stderr
    assert "python3 packaging/test.py --set-up-only" in done.stderr
    assert "Traceback" not in done.stderr


def _record(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Let no program run but the interpreter's probe; gives the commands."""
    commands: list[list[str]] = []
    real = subprocess.run

    def run(command: list[str], **options: Any) -> Any:
        if command[0] == str(setup.venv_python()):
            return real(command, **options)
        commands.append(command)
        return SimpleNamespace(returncode=0, stdout="", stderr="")

    monkeypatch.setattr(setup.subprocess, "run", run)
    return commands
