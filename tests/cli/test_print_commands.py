"""Printing and reading instances from the command line, against the built-in peer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from engine.cli.main import main
from engine.model.commands import Listen
from engine.model.dataset import DataElement, DataSet
from engine.model.notices import ListenerNotice
from engine.runtime.engine import Engine
from engine.wire.datasets import encode_dataset, write_file

EXPLICIT, JPEG2000, SC = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.90", "1.2.840.10008.5.1.4.1.1.7"


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(tmp_path / "workspace"))
    with Engine() as engine:
        number = engine.new_id()
        engine.submit(Listen(listener=number))
        told: list[ListenerNotice] = []
        while not told:
            told = [n for n in engine.drain_wait(10) if isinstance(n, ListenerNotice)]
        assert told[0].listening, told[0].sentence
        yield str(told[0].port)


def image(path: Path, syntax: str = EXPLICIT, frames: int = 3) -> Path:
    numbers = {0x00280002: 1, 0x00280010: 2, 0x00280011: 2, 0x00280100: 8, 0x00280101: 8, 0x00280102: 7, 0x00280103: 0}
    data = DataSet(tuple(DataElement(tag, "US", (str(n),)) for tag, n in numbers.items()))
    data = data.put(0x00080016, "UI", SC).put(0x00080018, "UI", "2.25.1").put(0x00280008, "IS", str(frames))
    data = data.put(0x00280004, "CS", "MONOCHROME2")
    data = data.merged(DataSet((DataElement(0x7FE00010, "OB", bytes(4 * frames)),)))
    write_file(path, encode_dataset(data, EXPLICIT), syntax, SC, "2.25.1")
    return path


def test_the_test_pattern_is_printed_step_by_step(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--test-pattern", "3", "--format", "STANDARD\\1,2", "--film-size", "14inx17in"]
    assert main(["print", "127.0.0.1", port, *given]) == Exit.SUCCESS
    told = capsys.readouterr().out
    for words in ("✓ Film session", "✓ Film box 1", "✓ Image 3: test pattern", "✓ Print job 2: DONE", "2 films with 3"):
        assert words in told


def test_frames_of_files_after_options(port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = image(tmp_path / "many.dcm")
    assert main(["print", "127.0.0.1", port, "--json", "--frames", "1,3", str(file)]) == Exit.SUCCESS
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    steps = [n["name"] for n in lines if n["kind"] == "step" and n["state"] == "done"]
    assert "Image 1: many.dcm" in steps
    assert "Image 2: many.dcm, frame 3" in steps


def test_folders_are_walked_and_what_is_left_out_is_said(
    port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "films" / "deep"
    folder.mkdir(parents=True)
    image(folder / "a.dcm")
    (folder / "notes.txt").write_text("nothing")
    assert main(["print", "127.0.0.1", port, "-vv", str(tmp_path / "films")]) == Exit.SUCCESS
    told = capsys.readouterr()
    assert "Left out:" in told.err
    assert "notes.txt" in told.err
    assert "1 film with 1 image" in told.out


def test_pixels_are_not_printed_in_full(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["print", "127.0.0.1", port, "--test-pattern", "-vv"]) == Exit.SUCCESS
    told = capsys.readouterr().out
    assert "more characters" in told
    assert max(map(len, told.splitlines())) < 2000


def test_an_empty_film_is_a_warning(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["print", "127.0.0.1", port, "--empty"]) == Exit.SUCCESS
    assert "B603H" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "FILE|FOLDER"),
        (["--test-pattern", "0"], "1 to 1000"),
        (["--test-pattern", "--format", "STANDARD\\2"], "columns and rows"),
        (["--test-pattern", "--copies", "0"], "whole number"),
        (["--test-pattern", "--window", "40"], "center,width"),
        (["--test-pattern", "--max-density", "x"], "Maximum density"),
        (["--test-pattern", "--lut", "WRONG"], "IDENTITY"),
    ],
)
def test_wrong_arguments_are_told(port: str, given: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["print", "127.0.0.1", port, *given]) == Exit.USAGE
    assert words in capsys.readouterr().err


def test_a_folder_without_an_image_is_no_empty_film(
    port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.dcm").write_text("none")
    assert main(["print", "127.0.0.1", port, str(tmp_path)]) == Exit.NOT_SENT
    told = capsys.readouterr().err
    assert "Left out" in told and "no DICOM image was found to print" in told
    assert main(["print", "127.0.0.1", port, "--empty"]) == Exit.SUCCESS


def test_what_is_compressed_is_told_plainly(port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = image(tmp_path / "j2k.dcm", JPEG2000, 1)
    assert main(["print", "127.0.0.1", port, str(file)]) == Exit.NOT_SENT
    assert "compressed (JPEG 2000" in capsys.readouterr().err


def test_printer_status_and_configuration(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["printer-status", "127.0.0.1", port, "--configuration"]) == Exit.SUCCESS
    told = capsys.readouterr().out
    assert "PrinterStatus = NORMAL" in told
    assert "MediaInstalledSequence" in told
    assert "The printer says NORMAL (BUILT-IN PRINTER)." in told


def test_nget_fills_in_the_well_known_instance(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nget", "127.0.0.1", port, "Printer", "-a", "PrinterStatus"]) == Exit.SUCCESS
    assert "PrinterStatus = NORMAL" in capsys.readouterr().out


def test_nget_of_what_the_table_has_again_and_again(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--known", "--every", "0.01", "--times", "3"]
    assert main(["nget", "127.0.0.1", port, "Printer", *given]) == Exit.SUCCESS
    told = capsys.readouterr().out
    assert told.count("PrinterName") == 3
    assert "Read 3 times, unchanged" in told
    assert "4 of those asked for did not come" in told


@pytest.mark.parametrize("class_name", ["PrintJob", "UnifiedProcedureStepWatch", "CTImageStorage"])
def test_nget_asks_for_the_instance_where_it_is_not_known(
    port: str, class_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["nget", "127.0.0.1", port, class_name]) == Exit.USAGE
    assert "give the SOP Instance UID" in capsys.readouterr().err
