"""The `send` and `get` commands against real peers, with the message files that come with the program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.cli.exits import Exit
from engine.cli.main import main
from engine.model.dataset import DataElement, DataSet
from engine.wire.datasets import encode_dataset, open_file, write_file
from engine.workspace.messages import SHIPPED

Start = Callable[..., Any]
CT = "1.2.840.10008.5.1.4.1.1.2"


def test_the_print_files_print_a_film_on_dcmprscp(dcmprscp: Start, capsys: pytest.CaptureFixture[str]) -> None:
    peer = dcmprscp()
    names = ("1-film-session", "2-film-box", "3-image-box-grayscale", "4-print-film-box", "5-delete-film-session")
    files = [str(SHIPPED / f"print-{name}.toml") for name in names]
    called = ["--called", peer.ae_title, "--calling", "CONSOLE"]
    assert main(["send", "127.0.0.1", str(peer.port), *files, *called]) == Exit.SUCCESS
    text = capsys.readouterr().out
    assert text.count("0000H Success") == 5
    assert "5 of 5 messages sent; success." in text


@pytest.mark.parametrize(
    ("name", "options", "endings"),
    [
        ("dcmqrscp", ["+xs"], ["4.70"]),
        ("dcmqrscp", ["+xv"], ["4.90"]),
        ("dcmqrscp", ["+xr"], ["5"]),
        ("orthanc", [], ["4.50", "4.70", "4.80", "4.90", "4.91", "5"]),
    ],
)
def test_compressed_instances_come_back_from_archives(
    name: str,
    options: list[str],
    endings: list[str],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    start: Start = request.getfixturevalue(name)
    peer = start(*options)
    syntaxes = [f"1.2.840.10008.1.2.{end}" for end in endings]
    to = ["127.0.0.1", str(peer.port), "--called", peer.ae_title, "--calling", "CONSOLE"]
    files = [compressed(tmp_path / f"{n}.dcm", n, syntax) for n, syntax in enumerate(syntaxes)]
    assert main(["store", *to, *map(str, files)]) == Exit.SUCCESS, capsys.readouterr().err
    # dcmqrscp sends in the first context accepted for the SOP class, whatever the instance is stored in.
    to += ["--context", f"CTImageStorage:{syntaxes[0]}"] if name == "dcmqrscp" else []
    got = tmp_path / "got"
    assert main(["get", *to, "-k", "StudyInstanceUID=1.2.3", "--to", str(got)]) == Exit.SUCCESS, capsys.readouterr().err
    assert {open_file(f).transfer_syntax for f in got.rglob("*.dcm")} == set(syntaxes)


EXPLICIT = "1.2.840.10008.1.2.1"


def compressed(path: Path, number: int, syntax: str) -> Path:
    """An instance whose frame nobody on the way looks into."""
    uid = f"1.2.3.4.{number}"
    texts = {0x00080016: ("UI", CT), 0x00080018: ("UI", uid), 0x00080060: ("CS", "CT"), 0x00100010: ("PN", "Doe^Jane")}
    texts |= {0x00100020: ("LO", "P1"), 0x0020000D: ("UI", "1.2.3"), 0x0020000E: ("UI", "1.2.3.9")}
    data = DataSet(tuple(DataElement(tag, vr, (text,)) for tag, (vr, text) in sorted(texts.items())))
    pixels = bytes.fromhex("e07f1000 4f420000 ffffffff feff00e0 00000000 feff00e0 02000000 ffd8 feffdde0 00000000")
    write_file(path, encode_dataset(data, EXPLICIT) + pixels, syntax, CT, uid)
    return path
