"""dimse-console store: the plan before, the failures after, exit codes."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from engine.cli.main import main
from engine.model.association import AcceptedSyntax, Policy
from engine.wire import datasets
from tests.runtime.console import CT, EXPLICIT, Console, keys

JPEG = "1.2.840.10008.1.2.4.50"
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def port() -> Iterator[str]:
    """A peer that takes Explicit VR Little Endian only."""
    console = Console()
    accepted = (AcceptedSyntax(abstract_syntax="*", transfer_syntaxes=(EXPLICIT,)),)
    yield str(console.listen(policy=Policy(accepted=accepted)).port)
    console.close()


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two files that can go, one in JPEG and one that is no DICOM although it is named so."""
    folder = tmp_path / "study"
    folder.mkdir()
    for number, syntax in enumerate((EXPLICIT, EXPLICIT, JPEG)):
        uid = f"1.2.3.{number}"
        data = datasets.encode_dataset(keys(SOPClassUID=CT, SOPInstanceUID=uid, PatientID="P"), EXPLICIT)
        datasets.write_file(folder / f"{number}.dcm", data, syntax, CT, uid)
    (folder / "broken.dcm").write_bytes(bytes(128) + b"DICM" + b"\xff" * 50)
    return folder


def store(port: str, *arguments: object) -> int:
    return main(["store", "127.0.0.1", port, *map(str, arguments)])


def test_the_plan_is_shown_without_a_peer(study: Path, capsys: Captured) -> None:
    assert store("1", "--plan", study) == Exit.FAILURE
    text = capsys.readouterr().out
    assert "3 files (" in text
    assert "on 1 association with 3 presentation contexts. 1 file cannot go." in text
    (jpeg,) = (line for line in text.splitlines() if "2.dcm" in line)
    assert "JPEG Baseline (Process 1)" in jpeg
    assert jpeg.split()[-2:] == ["1", "5"]
    (broken,) = (line for line in text.splitlines() if "broken.dcm" in line)
    assert "cannot go: " in broken


def test_the_plan_can_ask_the_peer(port: str, study: Path, capsys: Captured) -> None:
    assert store(port, "--plan", "--negotiate", study / "*[0-9].dcm") == Exit.FAILURE
    text = "".join(capsys.readouterr())
    assert "cannot go: No presentation context for CT Image Storage in JPEG Baseline (Process 1) was accepted" in text
    assert "2 files can go, 1 cannot" in text


def test_the_plan_as_json(study: Path, capsys: Captured) -> None:
    store("1", "--plan", "--json", "--style", "together", study)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (plan,) = (line for line in lines if line["kind"] == "plan")
    assert [f["state"] for f in plan["files"]] == ["planned", "planned", "planned", "cannot go"]
    (association,) = plan["associations"]
    assert [len(c["transfer_syntaxes"]) for c in association["contexts"]] == [3]
    assert lines[-1]["kind"] == "status"


def test_what_was_not_stored_is_listed_and_can_be_sent_again(
    port: str, study: Path, tmp_path: Path, capsys: Captured
) -> None:
    rest = tmp_path / "rest.txt"
    assert store(port, study, "--rest", rest) == Exit.FAILURE
    out, err = capsys.readouterr()
    assert out.startswith("3 files (")
    assert out.count("2.dcm") == 1
    assert out.count("broken.dcm") == 1
    assert "2 of 4 files stored, 2 cannot go." in err
    assert [Path(line).name for line in rest.read_text().splitlines()] == ["broken.dcm", "2.dcm"]
    assert store(port, f"@{rest}") == Exit.NOT_SENT


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names of files are Unicode here")
def test_names_that_are_no_text_are_listed_and_read_again(
    port: str, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, rest = tmp_path / "names" / "bad\udcff.dcm", tmp_path / "rest.txt"
    path.parent.mkdir()
    shutil.copy(study / "0.dcm", path)
    assert store("1", path.parent, "--rest", rest) == Exit.CONNECTION_FAILED
    assert rest.read_bytes() == os.fsencode(path) + b"\n"
    assert store(port, f"@{rest}") == Exit.SUCCESS
    strict = io.TextIOWrapper(io.BytesIO(rest.read_bytes()), encoding="utf-8", errors="strict")
    monkeypatch.setattr(sys, "stdin", strict)
    assert store(port, "@-") == Exit.SUCCESS


@pytest.mark.skipif(sys.platform == "win32", reason="no file can have such a name here")
@pytest.mark.parametrize("name", ["two\nlines", "end\r", "form\ffeed", "line\u2028separator", "next\x85line", " "])
def test_names_with_the_ends_of_lines_are_listed_and_read_again(
    name: str, port: str, study: Path, tmp_path: Path
) -> None:
    folder, rest = tmp_path / "names", tmp_path / "rest.txt"
    folder.mkdir()
    for uid in (0, 1):
        shutil.copy(study / f"{uid}.dcm", folder / (name + (".dcm" * uid)))
    assert store("1", folder, "--rest", rest) == Exit.CONNECTION_FAILED
    again = tmp_path / "again.txt"
    assert store("1", f"@{rest}", "--rest", again) == Exit.CONNECTION_FAILED
    assert again.read_bytes() == rest.read_bytes()
    assert rest.read_bytes().endswith(b"\0" if "\n" in name else b"\n") or "\r" in name
    assert store(port, f"@{rest}") == Exit.SUCCESS


def test_a_list_as_find_prints_it(port: str, study: Path, tmp_path: Path) -> None:
    listed = tmp_path / "list"
    listed.write_bytes(b"\0".join(bytes(study / f"{n}.dcm") for n in (0, 1)) + b"\0")
    assert store(port, f"@{listed}") == Exit.SUCCESS


def test_all_stored_is_a_success(port: str, study: Path, capsys: Captured) -> None:
    assert store(port, study / "[01].dcm", "--parallel", "2", "--repeat", "3") == Exit.SUCCESS
    assert "6 of 6 files stored." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((f"@{os.devnull}",), "the list is empty"),
        (("--negotiate", "x"), "--negotiate is for --plan"),
        (("@/no/such/list",), "cannot be read"),
        (("--parallel", "0", "x"), "is not a number from 1"),
    ],
)
def test_wrong_arguments_are_named(arguments: tuple[str, ...], words: str, capsys: Captured) -> None:
    assert store("1", *arguments) == Exit.USAGE
    assert words in capsys.readouterr().err


def test_a_rest_that_cannot_be_written_is_found_out_before_anything_is_sent(
    port: str, study: Path, tmp_path: Path, capsys: Captured
) -> None:
    assert store(port, study, "--rest", tmp_path / "none" / "rest.txt") == Exit.USAGE
    out, err = capsys.readouterr()
    assert "rest.txt cannot be written: No such file or directory" in err
    assert "files stored" not in out + err
    assert store(port, study, "--rest", tmp_path) == Exit.USAGE
    out, err = capsys.readouterr()
    assert f"{tmp_path} cannot be written: " in err
    assert "files stored" not in out + err


def test_a_cut_file_that_cannot_go_is_not_said_to_be_sent(port: str, study: Path, capsys: Captured) -> None:
    whole = (study / "0.dcm").read_bytes()
    (study / "cut.dcm").write_bytes(whole + bytes.fromhex("e07f10004f570000"))
    assert store(port, study / "0.dcm", study / "cut.dcm") == Exit.FAILURE
    text = "".join(capsys.readouterr())
    assert "has the same SOP Instance UID and other data" in text
    assert "It is sent as it is" not in text
