"""The wheel holds the product below one name, and nothing of the checkout besides."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built in this process and without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    return Path(next(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def _metadata(wheel: Path, part: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(f".dist-info/{part}"))
        return archive.read(name).decode()


def test_every_source_is_in_the_wheel(names: set[str]) -> None:
    expected = {
        f"dimse_console/app/{path.relative_to(ROOT).as_posix()}"
        for folder in ("engine", "gui")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert expected <= names


def test_resources_are_in_the_wheel_but_not_the_pictures_of_the_readme(names: set[str]) -> None:
    resources = [path for path in (ROOT / "resources").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    pictures = [path for path in resources if "pictures" in path.parts]
    expected = {f"dimse_console/app/{path.relative_to(ROOT).as_posix()}" for path in resources if path not in pictures}
    assert expected <= names
    assert not [name for name in names if "/pictures/" in name]


def test_the_wheel_puts_one_name_into_site_packages(names: set[str]) -> None:
    assert {name.split("/")[0].split("-")[0] for name in names} == {"dimse_console"}
    assert {"dimse_console/__init__.py", "dimse_console/__main__.py"} <= names
    assert not [name for name in names if "tests" in name.split("/")]


def test_the_command_starts_the_launcher(wheel: Path) -> None:
    scripts = configparser.ConfigParser()
    scripts.read_string(_metadata(wheel, "entry_points.txt"))
    assert dict(scripts["console_scripts"]) == {"dimse-console": "dimse_console:main"}


def test_a_python_older_than_3_12_never_gets_the_qt_that_ends_its_process(wheel: Path) -> None:
    """PySide6 6.12 drops a reference to True at each emitted signal under CPython < 3.12."""
    needs = HeaderParser().parsestr(_metadata(wheel, "METADATA")).get_all("Requires-Dist") or []
    qt = [need.replace(" ", "") for need in needs if need.lower().startswith("pyside6")]
    assert any("<6.12" in need and "python_version<'3.12'" in need.replace('"', "'") for need in qt), qt


def test_pynetdicom_and_dcmtk_are_peers_and_no_dependencies(wheel: Path) -> None:
    needs = HeaderParser().parsestr(_metadata(wheel, "METADATA")).get_all("Requires-Dist") or []
    assert not [need for need in needs if "pynetdicom" in need and "extra" not in need]


# Both faces are replaced by ones that tell who was started, with what, and where the product was found.
STARTS = """
import sys, types
for name in ("engine.cli", "gui.app"):
    face = sys.modules[name] = types.ModuleType(name)
    face.main = face.run = lambda arguments, name=name: print(name, *arguments) or 7
import dimse_console
code = dimse_console.main()
import engine, gui, pathlib
print(code, *(pathlib.Path(package.__file__).parents[1] for package in (engine, gui)))
"""


def _start(folder: Path, launcher: Path, *arguments: str) -> list[str]:
    """The lines printed by the launcher found in `launcher`, started in `folder`, where no product lies about."""
    settings = {**os.environ, "PYTHONPATH": str(launcher)}
    command = [sys.executable, "-c", STARTS, *arguments]
    done = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_launcher_finds_the_product_in_an_unpacked_wheel(wheel: Path, tmp_path: Path) -> None:
    unpacked = tmp_path / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    app = unpacked / "dimse_console" / "app"
    assert _start(tmp_path, unpacked, "demo") == ["engine.cli demo", f"7 {app} {app}"]
    assert [path.name for path in (app / "resources" / "messages").glob("echo*")]


@pytest.mark.parametrize(
    ("arguments", "face"),
    [
        ([], "gui.app"),
        (["--tour", "--picture", "window.png"], "gui.app"),
        (["--window"], "gui.app"),
        (["--workspace", "peers"], "gui.app"),
        (["--theme=dark"], "gui.app"),
        (["echo", "127.0.0.1", "11112"], "engine.cli"),
        (["--help"], "engine.cli"),
    ],
)
def test_the_launcher_starts_the_window_without_a_command(tmp_path: Path, arguments: list[str], face: str) -> None:
    told = _start(tmp_path, ROOT / "packaging" / "launcher", *arguments)
    assert told == [" ".join([face, *arguments]), f"7 {ROOT} {ROOT}"]
