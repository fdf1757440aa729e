"""A modality's day by the command line against the built-in peer: worklist, step, commitment, availability."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.cli import commitment, procedures
from engine.cli.exits import Exit
from engine.cli.main import main
from engine.model.association import Peer
from engine.model.commands import Listen
from engine.model.commitment import request_data
from engine.model.dataset import DataElement, DataSet
from engine.model.notices import ListenerNotice
from engine.model.procedures.modality import RequestCommitment
from engine.runtime.engine import Engine
from engine.wire.datasets import encode_dataset, write_file
from engine.workspace.modality_records import Transaction, asked_for, step_records, take_report, transactions
from engine.workspace.workspace import default_folder

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(tmp_path / "workspace"))


@pytest.fixture
def port() -> Iterator[str]:
    """A built-in peer."""
    with Engine() as engine:
        engine.submit(Listen(listener=engine.new_id()))
        while True:
            for notice in engine.drain_wait(10):
                if isinstance(notice, ListenerNotice):
                    assert notice.listening, notice.sentence
                    yield str(notice.port)
                    return


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two CT images of a series."""
    return [_file(tmp_path / "study" / f"{n}.dcm", n) for n in (1, 2)]


def _file(path: Path, number: int) -> Path:
    texts = ((0x00080016, "UI", CT), (0x00080018, "UI", f"1.9.{number}"), (0x0008103E, "LO", "Thin"))
    ids = ((0x0020000D, "UI", "1.2.3"), (0x0020000E, "UI", "1.2.3.4"))
    data = DataSet(tuple(DataElement(tag, vr, (value,)) for tag, vr, value in (*texts, *ids)))
    path.parent.mkdir(exist_ok=True)
    write_file(path, encode_dataset(data, EXPLICIT), EXPLICIT, CT, f"1.9.{number}")
    return path


def run(*arguments: object) -> int:
    return main([str(a) for a in arguments])


def lines(text: str, kind: str) -> list[dict[str, object]]:
    return [line for line in map(json.loads, text.splitlines()) if line["kind"] == kind]


def test_the_worklist_as_a_table(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("worklist", "127.0.0.1", port, "--modality", "CT") == Exit.SUCCESS
    out = capsys.readouterr().out
    assert "CONSOLE^ALPHA" in out
    assert "CONSOLE^BRAVO" not in out
    assert run("worklist", "127.0.0.1", port, "--patient", "NOBODY") == Exit.SUCCESS
    assert "no such item" in capsys.readouterr().out
    assert run("worklist", "127.0.0.1", "1") == Exit.CONNECTION_FAILED
    assert "no such item" not in capsys.readouterr().out, "nobody was asked"
    day = "ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate=today"
    assert run("worklist", "127.0.0.1", port, "-k", day) == Exit.SUCCESS
    assert "CONSOLE^BRAVO" in capsys.readouterr().out
    assert run("worklist", "127.0.0.1", port, "--today") == Exit.SUCCESS
    assert "CONSOLE^BRAVO" in capsys.readouterr().out, "what is there from the start is for the day it starts"


def test_a_modalitys_day(port: str, files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Worklist item, step in progress, store, step completed, commitment, notification."""
    item = tmp_path / "item.toml"
    assert run("worklist", "127.0.0.1", port, "--modality", "CT", "--pick", 1, "--to", item) == Exit.SUCCESS
    assert run("mpps", "create", "127.0.0.1", port, "--item", item) == Exit.SUCCESS
    assert "The step is IN PROGRESS." in capsys.readouterr().out
    assert run("store", "127.0.0.1", port, files[0].parent) == Exit.SUCCESS
    assert run("mpps", "complete", "127.0.0.1", port, "last", files[0].parent) == Exit.SUCCESS
    capsys.readouterr()
    assert run("commit", "127.0.0.1", port, files[0].parent) == Exit.SUCCESS
    assert "Committed: all 2 instances are safe with the peer." in capsys.readouterr().out
    assert run("mpps", "list", "--json") == Exit.SUCCESS
    (step,) = lines(capsys.readouterr().out, "performed_step")
    assert (step["state"], step["patient"], step["doubt"]) == ("COMPLETED", "CONSOLE^ALPHA", "")
    assert run("ian", "127.0.0.1", port, files[0].parent, "--step", step["sop_instance_uid"]) == Exit.SUCCESS


def test_a_step_that_has_ended_cannot_be_set_again(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("mpps", "create", "127.0.0.1", port, "--uid", "2.25.8", "--patient-name", "Doe^Jane") == Exit.SUCCESS
    assert run("mpps", "discontinue", "127.0.0.1", port, "last", "--reason", "Patient died") == Exit.SUCCESS
    capsys.readouterr()
    assert run("mpps", "complete", "127.0.0.1", port, "2.25.8") == Exit.FAILURE
    assert "A710H" in capsys.readouterr().err
    run("mpps", "list")
    assert "DISCONTINUED  Doe^Jane" in capsys.readouterr().out
    assert run("mpps", "complete", "127.0.0.1", port, "last") == Exit.USAGE
    assert run("mpps", "complete", "127.0.0.1", port, "the-one") == Exit.USAGE


def test_a_step_is_read_again_from_the_peer(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("mpps", "show", "127.0.0.1", port, "last") == Exit.USAGE
    assert run("mpps", "create", "127.0.0.1", port, "--uid", "2.25.8", "--patient-name", "Doe^Jane") == Exit.SUCCESS
    records = step_records(default_folder())
    stale = records.find("2.25.8")
    assert stale is not None
    assert run("mpps", "discontinue", "127.0.0.1", port, "2.25.8") == Exit.SUCCESS
    records.save(replace(stale, doubt="No answer came: timed out"))  # as if another program had ended it
    capsys.readouterr()
    assert run("mpps", "show", "127.0.0.1", port, "last") == Exit.SUCCESS
    out = capsys.readouterr().out
    assert "PatientName = Doe^Jane" in out
    assert "The step is DISCONTINUED." in out
    known = records.find("2.25.8")
    assert known is not None
    assert (known.state, known.doubt) == ("DISCONTINUED", "")
    assert run("mpps", "show", "127.0.0.1", port, "1.2.3.4") == Exit.FAILURE
    capsys.readouterr()
    assert run("mpps", "show", "127.0.0.1", port, "2.25.8", "--json") == Exit.SUCCESS
    assert all(json.loads(line) for line in capsys.readouterr().out.splitlines() if line)


def test_a_preview_sends_nothing(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("mpps", "create", "127.0.0.1", port, "--preview", "-k", "PerformedProcedureStepID=") == Exit.SUCCESS
    told = capsys.readouterr()
    assert "PerformedProcedureStepStatus = IN PROGRESS" in told.out
    assert "PerformedProcedureStepID has no value" in told.err
    assert run("mpps", "create", "127.0.0.1", port, "--preview", "--json") == Exit.SUCCESS
    line = json.loads(capsys.readouterr().out)
    assert (line["kind"], line["dataset"]["00400252"]["Value"]) == ("preview", ["IN PROGRESS"])
    run("mpps", "list")
    assert "No performed step" in capsys.readouterr().out


def test_a_step_that_cannot_be_kept_is_told_and_stays_at_the_peer(
    port: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(tmp_path / "file"))
    assert run("mpps", "create", "127.0.0.1", port) == Exit.FAILURE
    told = capsys.readouterr()
    assert "The step is IN PROGRESS." in told.out
    assert "What the peer was told of the step is not kept here" in told.err


@pytest.mark.parametrize(("reason", "said"), [("injection", "several reasons"), ("bad weather", "no reason")])
def test_a_reason_must_be_one(port: str, reason: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("mpps", "discontinue", "127.0.0.1", port, "2.25.8", "--reason", reason) == Exit.USAGE
    assert said in capsys.readouterr().err


def test_what_is_not_committed_is_listed_and_fails(
    port: str, files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("store", "127.0.0.1", port, files[0]) == Exit.SUCCESS
    capsys.readouterr()
    assert run("commit", "127.0.0.1", port, *files, "--json") == Exit.FAILURE
    (told,) = lines(capsys.readouterr().out, "commitment")
    fates = {i["sop_instance_uid"]: (i["fate"], i["reason"]) for i in told["instances"]}  # type: ignore[attr-defined]
    assert fates == {"1.9.1": ("committed", None), "1.9.2": ("failed", 0x0112)}
    typed = tmp_path / "list.txt"
    typed.write_text("CTImageStorage 1.9.1\n", encoding="utf-8")
    assert run("commit", "127.0.0.1", port, "--references", typed) == Exit.SUCCESS
    capsys.readouterr()
    assert run("commitments") == Exit.SUCCESS
    assert capsys.readouterr().out.count("ommitted: ") == 2
    assert run("commitments", "last") == Exit.SUCCESS


def test_paths_stand_before_or_behind_options(port: str, files: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("store", "127.0.0.1", port, files[0].parent) == Exit.SUCCESS
    assert run("commit", "127.0.0.1", port, files[0], "--called", "X", "--wait", 20, files[1]) == Exit.SUCCESS
    assert "all 2 instances" in capsys.readouterr().out
    assert run("commit", "127.0.0.1", port, files[0], "--nonsense") == Exit.USAGE
    assert "unrecognized arguments: --nonsense" in capsys.readouterr().err


def test_the_last_commitment_awaited_is_the_called_peers_own_and_named(
    port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for changed, (title, doubt) in enumerate((("ONE", "No answer came."), ("TWO", "")), 1):
        peer = Peer(host="127.0.0.1", port=int(port), ae_title=title)
        record = Transaction(uid=f"2.25.{changed}", peer=peer, instances=asked_for([(CT, "1.9.1")]), changed=changed)
        transactions(default_folder()).save(replace(record, doubt=doubt))
    assert run("commit", "127.0.0.1", port, "--called", "ONE", "--await", "last", "--wait", 0) == Exit.TIMED_OUT
    assert "Transaction 2.25.1, 1 instance, asked of ONE." in capsys.readouterr().out


@pytest.mark.parametrize("kept", [False, True])
def test_a_report_that_is_not_waited_for_is_told_if_it_has_come(
    port: str, files: list[Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    def played(args: Any, output: Any, procedure: RequestCommitment, *_more: object) -> object:
        ended = procedures.play(args, output, procedure)
        if kept:
            take_report(transactions(default_folder()), 1, request_data("2.25.7", procedure.asked), 2.0)
        return ended

    monkeypatch.setattr(commitment, "play", played)
    assert run("commit", "127.0.0.1", port, files[0], "--wait", 0, "--transaction", "2.25.7") == Exit.SUCCESS
    out = capsys.readouterr().out
    assert "still to come" not in out
    assert ("Committed: the instance is" in out) is kept


def test_a_port_that_cannot_be_listened_on_has_its_own_exit_code(port: str, files: list[Path]) -> None:
    assert run("commit", "127.0.0.1", port, *files, "--listen", port) == Exit.CONNECTION_FAILED
    assert run("ups", "watch", "127.0.0.1", port, "all", "--listen", port) == Exit.CONNECTION_FAILED
    move = ("move", "127.0.0.1", port, "-k", "StudyInstanceUID=1", "--destination", "X", "--listen", port)
    assert run(*move) == Exit.CONNECTION_FAILED


def test_nothing_to_speak_of_is_a_usage_error(port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("commit", "127.0.0.1", port) == Exit.USAGE
    assert "no instance is named" in capsys.readouterr().err
    assert run("commit", "127.0.0.1", port, "--await", "last") == Exit.USAGE
    assert run("commitments", "2.25.4") == Exit.USAGE
    typed = tmp_path / "list.txt"
    typed.write_text("CTImageStorage 1.9.1\n", encoding="utf-8")
    assert run("ian", "127.0.0.1", port, "--references", typed) == Exit.USAGE
    assert run("mpps", "create", "127.0.0.1", port, "--item", typed) == Exit.USAGE
