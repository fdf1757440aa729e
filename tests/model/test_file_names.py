"""Names of files made from hostile text."""

from __future__ import annotations

import re
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.file_names import LONGEST, file_stem, uid_stem
from engine.runtime.files import file_name as instance_file
from engine.workspace.workspace import file_name as title_file

HOSTILE = [
    "../../x", "..", ".", "", " ", "/etc/passwd", "a/b\\c", "C:\\x", "C:x", "\\\\host\\share", "x\0.sh", "CON",
    "con.txt", "Com1", "LPT9 .x", "NUL.", "a" * 300, "\U00020000" * 300, "x...", "x. . .", "~/x", "-rf", "a\nb",
    "x:stream", "a*b?", "\u202egnp.exe", "\uff0e\uff0e\uff0fx", "\u2024\u2024/x", "a\u2215b", "COM\xb9", "\ud800",
    "e\u0301" * 100, "$(x)", "`x`", "%00", "|x",
]  # fmt: skip
DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])[ ]*(\..*)?", re.IGNORECASE | re.DOTALL)


def assert_safe(stem: str, folder: Path) -> None:
    name = f"{stem}.dcm"
    assert stem and len(name.encode("utf-8")) <= LONGEST + 4
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f\x7f]', name) and name.isprintable()
    assert not DEVICE.fullmatch(name)
    assert stem[0] not in ".-~ " and stem[-1] != " "
    assert PureWindowsPath(name).name == name and not PureWindowsPath(name).drive
    assert (folder / name).resolve().parent == folder.resolve()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_in_its_folder(text: str, tmp_path: Path) -> None:
    for stem in (file_stem(text), uid_stem(text, "instance"), instance_file(text)[:-4], title_file(text)):
        assert_safe(stem, tmp_path)
        (tmp_path / f"{stem}.dcm").write_bytes(b"")
    assert all(p.parent == tmp_path for p in tmp_path.rglob("*"))


@given(st.text(st.characters(codec=None)))
def test_any_text_is_safe(text: str) -> None:
    for stem in (file_stem(text), uid_stem(text, "instance"), title_file(text)):
        assert_safe(stem, Path("/folder"))


def test_what_is_harmless_stays_as_it_is() -> None:
    assert file_stem("C-FIND-RQ 2") == "C-FIND-RQ 2"
    assert file_stem("Müller, Köln", "x") == "Müller- Köln"
    assert uid_stem("1.2.840.10008", "instance") == "1.2.840.10008"
    assert uid_stem("1.2/3", "a") != uid_stem("1.2-3", "a")
    assert title_file("Two  words / more") == "two-words-more"
