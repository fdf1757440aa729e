"""find, get and move from the command line at the built-in peer: forms of output, saved queries, what arrives."""

from __future__ import annotations

import csv
import io
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from engine.cli.main import main
from engine.model.commands import MoveDestination
from engine.services.responses import response_to
from engine.standard.pdus import ReleaseRP
from engine.wire import datasets
from engine.wire.pdus import encode_pdu
from engine.workspace.matching_values import this_day
from tests.runtime.console import CT, EXPLICIT, HOST, Console, keys
from tests.runtime.scripted import Conversation, scripted


@pytest.fixture
def move_port() -> int:
    """A port that is free now, for the listener of a C-MOVE to ourselves."""
    with socket.create_server((HOST, 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture
def port(tmp_path: Path, move_port: int) -> Iterator[str]:
    """A built-in peer in an engine of its own with two studies, one of today; it knows MINE."""
    folder = tmp_path / "stock"
    folder.mkdir()
    for number, day in enumerate(("20200131", f"{this_day():%Y%m%d}")):
        uid = f"1.2.3.{number}"
        data = keys(
            SOPClassUID=CT,
            SOPInstanceUID=uid,
            PatientName=f"DOE^{'AB'[number]}",
            PatientID=f"P{number}",
            StudyDate=day,
            StudyInstanceUID=f"1.2.9.{number}",
            SeriesInstanceUID=f"1.2.8.{number}",
        )
        datasets.write_file(folder / f"{number}.dcm", datasets.encode_dataset(data, EXPLICIT), EXPLICIT, CT, uid)
    console = Console()
    destination = MoveDestination(ae_title="MINE", host=HOST, port=move_port)
    yield str(console.listen(folder, destinations=(destination,)).port)
    console.close()


def test_matches_as_csv_and_json_are_all_that_standard_output_gets(port: str, capsys: pytest.CaptureFixture[str]):
    find = ["find", HOST, port, "-k", "PatientName=DOE*"]
    assert main([*find, "--format", "csv"]) == Exit.SUCCESS
    captured = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(captured.out)))
    assert [row["PatientName"] for row in rows] == ["DOE^A", "DOE^B"]
    assert "0000H" in captured.err
    assert main([*find, "--format", "json"]) == Exit.SUCCESS
    found = json.loads(capsys.readouterr().out)
    assert [match["00100020"]["Value"] for match in found] == [["P0"], ["P1"]]
    assert main([*find, "--format", "json", "-k", "PatientID=NOBODY"]) == Exit.SUCCESS
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_matches_as_json_can_be_read_whatever_the_encoding_of_standard_output(
    port: str, encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    name = "MÜLLER^\N{PLAYING CARD ACE OF SPADES}"
    ids = {"StudyInstanceUID": "1.2.9.2", "SeriesInstanceUID": "1.2.8.2"}
    data = keys(SpecificCharacterSet="ISO_IR 192", SOPClassUID=CT, SOPInstanceUID="1.2.3.2", PatientName=name, **ids)
    datasets.write_file(tmp_path / "new.dcm", datasets.encode_dataset(data, EXPLICIT), EXPLICIT, CT, "1.2.3.2")
    assert main(["store", HOST, port, str(tmp_path / "new.dcm")]) == Exit.SUCCESS
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding=encoding))
    find = ["find", HOST, port, "-k", "StudyInstanceUID=1.2.9.2", "--format", "json"]
    assert main(find) == Exit.SUCCESS
    (match,) = json.loads(written.getvalue().decode("utf-8"))
    assert match["00100010"]["Value"] == [{"Alphabetic": name}]


def test_a_saved_query_and_days_in_words(port: str, capsys: pytest.CaptureFixture[str]):
    assert main(["find", HOST, port, "--template", "Studies of today"]) == Exit.SUCCESS
    text = capsys.readouterr().out
    assert "DOE^B" in text
    assert "DOE^A" not in text
    assert main(["find", HOST, port, "-k", "StudyDate=last 2 days"]) == Exit.SUCCESS
    assert "1 match." in capsys.readouterr().out


def test_a_move_to_ourselves_says_what_arrived(
    port: str, move_port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    move = ["move", HOST, port, "--destination", "MINE", "--listen", str(move_port), "--to", str(tmp_path / "got")]
    assert main([*move, "-k", "StudyInstanceUID=1.2.9.0", "-v"]) == Exit.SUCCESS
    text = capsys.readouterr().out
    assert "1 instance arrived here." in text
    assert "within operation" in text
    assert [p.name for p in (tmp_path / "got").iterdir()] == ["1.2.3.0.dcm"]
    assert main([*move, "-k", "StudyInstanceUID=1.2.9.77"]) == Exit.SUCCESS
    assert "Success, but nothing was moved: 0 sub-operations." in capsys.readouterr().out


def test_a_get_of_known_classes_and_by_another_model(port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    get = ["get", HOST, port, "--to", str(tmp_path / "got"), "--storage", "CTImageStorage", "--json"]
    keys_ = ["--model", "patient", "-k", "PatientID=P1"]
    assert main([*get, *keys_]) == Exit.SUCCESS
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    status = next(line for line in lines if line["kind"] == "status")
    assert (status["received"], status["verdict"]) == (1, "1 instance arrived here.")
    within = [line for line in lines if line["kind"] == "message" and line["within"] == status["operation"]]
    assert {line["message"] for line in within} == {"C-STORE-RQ", "C-STORE-RSP"}


def test_json_lines_and_another_form_at_once_are_refused(capsys: pytest.CaptureFixture[str]):
    assert main(["find", HOST, "1", "--json", "--format", "csv"]) == Exit.USAGE
    assert "leave out --format" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("StudyDate=2020-01-31", "StudyDate: Dates are written without signs between: 20200131."),
        ("StudyDate=now", "20240131"),
    ],
)
def test_a_value_that_matches_nothing_is_told(
    port: str, key: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["find", HOST, port, "-k", key]) == Exit.SUCCESS
    told = capsys.readouterr().err
    assert said in told and told.endswith("It is asked for as it is.\n")
    assert main(["find", HOST, port, "-k", "StudyDate=today", "-k", "PatientName=D*"]) == Exit.SUCCESS
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("identifier", [None, b"\xff" * 31], ids=["no identifier", "no data set"])
def test_a_match_that_cannot_be_read_is_told(identifier: bytes | None, capsys: pytest.CaptureFixture[str]) -> None:
    def script(talk: Conversation) -> None:
        talk.accept()
        context_id, request = talk.read_command()
        for status, data in ((0xFF00, identifier), (0, None)):
            response = response_to(request, status, has_data=data is not None)
            talk.send(talk.message(context_id, response, data))
        talk.read_pdu()
        talk.send(encode_pdu(ReleaseRP()))

    with scripted(script) as peer:
        assert main(["find", HOST, str(peer.port), "-k", "PatientName"]) == Exit.SUCCESS
    told = capsys.readouterr()
    assert "One pending response tells no match that can be read; -v says why." in told.err
    assert "0 matches." in told.out


def test_a_get_that_is_refused_for_its_role_is_not_told_to_name_contexts(capsys: pytest.CaptureFixture[str]) -> None:
    def script(talk: Conversation) -> None:
        talk.accept()
        context_id, request = talk.read_command()
        counts = {"NumberOfCompletedSuboperations": 0, "NumberOfFailedSuboperations": 1}
        talk.send(talk.message(context_id, response_to(request, 0xA702, extra=counts)))
        talk.read_pdu()
        talk.send(encode_pdu(ReleaseRP()))

    asked = ("get", "-k", "StudyInstanceUID=1.2", "--storage", "CTImageStorage")
    for context, hint in ((("--context", f"{CT}:{EXPLICIT}:scu"), False), ((), True)):
        with scripted(script) as peer:
            assert main([asked[0], HOST, str(peer.port), *asked[1:], *context]) == Exit.FAILURE
        assert ("Name what is missing" in capsys.readouterr().err) is hint
