"""The files each platform reads about the program are well-formed and name what exists."""

from __future__ import annotations

import ast
import configparser
import os
import plistlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"


def test_desktop_entry_starts_the_installed_command() -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[assignment,method-assign]
    entry.read(PACKAGING / "linux" / "dimse-console.desktop", encoding="utf-8")
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert entry["Desktop Entry"]["Exec"] in scripts
    assert entry["Desktop Entry"]["Categories"].endswith(";")


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_menu_entry_installs_for_one_user(tmp_path: Path) -> None:
    settings = {**os.environ, "XDG_DATA_HOME": str(tmp_path)}
    for _ in range(2):
        subprocess.run(["sh", PACKAGING / "linux" / "install.sh"], env=settings, check=True, capture_output=True)
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert {"applications/dimse-console.desktop", "icons/hicolor/scalable/apps/dimse-console.svg"} <= written


def test_mac_properties_ask_for_the_local_network() -> None:
    properties = plistlib.loads((PACKAGING / "macos" / "Info.plist").read_bytes())
    assert properties["NSLocalNetworkUsageDescription"]
    assert properties["CFBundleIdentifier"].count(".") == 2


def test_windows_version_resource_is_an_expression_once_filled_in() -> None:
    text = (PACKAGING / "windows" / "version-info.txt").read_text(encoding="utf-8")
    filled = text.replace("@NUMBERS@", "(0, 1, 0, 0)").replace("@VERSION@", "0.1.0")
    assert "@" not in filled
    ast.parse(filled, mode="eval")


def test_spec_is_python_and_leaves_the_readme_pictures_out() -> None:
    source = (PACKAGING / "dimse-console.spec").read_text(encoding="utf-8")
    ast.parse(source)
    assert '"pictures"' in source
