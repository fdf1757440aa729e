"""The ups commands against the built-in peer, as a shell user runs them; one finishes what another has claimed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from engine.cli.main import main
from engine.model.association import LocalAE, Policy
from engine.model.commands import Listen, PeerSettings
from engine.model.notices import ListenerNotice
from engine.runtime.engine import Engine
from engine.wire import datasets
from engine.workspace.ups_claims import FILE
from tests.processes import running
from tests.runtime.console import CT, EXPLICIT, keys

STEP = "1.2.826.0.1.3680043.9.7433.81"
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(tmp_path / "workspace"))


@pytest.fixture
def port() -> Iterator[str]:
    with Engine() as engine:
        policy = Policy(local=LocalAE(ae_title="PEER"))
        engine.submit(Listen(listener=1, settings=PeerSettings(policy=policy)))
        while True:
            told = [n for n in engine.drain_wait(10) if isinstance(n, ListenerNotice)]
            if told:
                yield str(told[0].port)
                break


def ups(port: str, command: str, *arguments: str) -> int:
    return main(["ups", command, "127.0.0.1", port, "--called", "PEER", *arguments])


def push(port: str) -> None:
    assert ups(port, "push", "--label", "Contouring", "--worklist", "Planning", "--uid", STEP) == Exit.SUCCESS


def test_from_push_to_completed(port: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    push(port)
    assert ups(port, "find", "--worklist", "Plan*") == Exit.SUCCESS
    assert STEP in capsys.readouterr().out
    assert ups(port, "claim", STEP) == Exit.SUCCESS
    key = next(line.split()[-1] for line in capsys.readouterr().out.splitlines() if line.startswith("Transaction UID"))
    assert key in (tmp_path / "workspace" / FILE).read_text()
    assert main(["ups", "claims"]) == Exit.SUCCESS
    assert key in capsys.readouterr().out
    assert ups(port, "progress", STEP, "--percent", "50", "--description", "Half") == Exit.SUCCESS
    assert ups(port, "get", STEP) == Exit.SUCCESS
    out = capsys.readouterr().out
    assert "IN PROGRESS, 50 %; Half" in out
    assert "ProcedureStepLabel = Contouring" in out
    assert ups(port, "complete", STEP) == Exit.SUCCESS
    assert "The step is COMPLETED." in capsys.readouterr().out
    main(["ups", "claims"])
    assert "No step is claimed." in capsys.readouterr().out


def test_what_the_table_asks_for_is_told_and_sent_on_wish(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ups(port, "push") == Exit.NOT_SENT
    told = capsys.readouterr().err
    assert "Procedure Step Label needs a value" in told
    assert "--label TEXT" in told, "it is said what to give"
    assert ups(port, "push", "--label", "X", "-k", "ScheduledWorkitemCodeSequence[0].CodeValue=1") == Exit.NOT_SENT
    told = capsys.readouterr().err
    assert "--workitem CODE" in told
    assert "--label" not in told
    assert ups(port, "push", "--redact") == Exit.NOT_SENT
    assert "--label TEXT" in capsys.readouterr().err
    assert ups(port, "push", "--anyway") == Exit.FAILURE
    assert "0121H" in capsys.readouterr().err, "the built-in peer holds it against the table too"
    assert ups(port, "push", "--label", "X", "--uid-by-peer") == Exit.SUCCESS
    assert "The step is SCHEDULED as 2.25." in capsys.readouterr().out


def test_inputs_and_outputs_from_files(port: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    values = {"SOPClassUID": CT, "SOPInstanceUID": "1.2.3.1", "StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.4"}
    data = datasets.encode_dataset(keys(**values), EXPLICIT)
    datasets.write_file(tmp_path / "1.dcm", data, EXPLICIT, CT, "1.2.3.1")
    file = str(tmp_path / "1.dcm")
    assert ups(port, "push", "--label", "X", "--uid", STEP, "--input", file, "--retrieve-ae", "ARCHIVE") == Exit.SUCCESS
    ups(port, "claim", STEP)
    assert ups(port, "complete", STEP, "--output", file) == Exit.SUCCESS
    capsys.readouterr()
    ups(port, "get", STEP)
    out = capsys.readouterr().out
    assert out.count("ReferencedSOPInstanceUID = 1.2.3.1") == 2
    assert "RetrieveAETitle = ARCHIVE" in out
    assert "RetrieveAETitle = PEER" in out
    (tmp_path / "text.txt").write_text("none")
    assert ups(port, "push", "--label", "X", "--input", str(tmp_path / "text.txt")) == Exit.NOT_SENT


def test_a_refused_claim_is_forgotten_and_an_older_one_kept(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ups(port, "claim", STEP) == Exit.FAILURE
    assert "C307H" in capsys.readouterr().err
    main(["ups", "claims", "--json"])
    assert capsys.readouterr().out == ""
    push(port)
    assert ups(port, "claim", STEP, "--transaction", "2.25.1") == Exit.SUCCESS
    assert ups(port, "claim", STEP) == Exit.FAILURE
    capsys.readouterr()
    main(["ups", "claims", "--json"])
    (line,) = capsys.readouterr().out.splitlines()
    assert (json.loads(line)["transaction_uid"], json.loads(line)["doubt"]) == ("2.25.1", "")


def test_cancel_and_request_cancel(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    push(port)
    assert ups(port, "cancel", STEP) == Exit.USAGE
    assert "give its --transaction UID" in capsys.readouterr().err
    assert ups(port, "cancel", STEP, "--transaction", "1.2", "--anyway") == Exit.FAILURE
    assert ups(port, "claim", STEP) == Exit.SUCCESS
    assert ups(port, "request-cancel", STEP) == Exit.FAILURE
    assert "C312H" in capsys.readouterr().err
    assert ups(port, "cancel", STEP, "--reason", "Broken") == Exit.SUCCESS
    assert ups(port, "request-cancel", STEP) == Exit.SUCCESS
    assert "B304H" in capsys.readouterr().out


def test_a_final_state_needs_more(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    push(port)
    ups(port, "claim", STEP)
    assert ups(port, "complete", STEP, "--bare") == Exit.NOT_SENT
    assert "is needed before COMPLETED" in capsys.readouterr().err
    assert ups(port, "complete", STEP, "--bare", "--anyway") == Exit.FAILURE
    assert "C304H" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("push", "--label", "X", "--station", "A"), "is not a code"),
        (("progress", STEP), "say what to set"),
        (("progress", STEP, "--percent", "120", "--unclaimed"), "not a percentage"),
        (("subscribe", STEP, "-k", "WorklistLabel=X"), "not within one"),
    ],
)
def test_usage(port: str, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str) -> None:
    assert ups(port, *arguments) == Exit.USAGE
    assert words in capsys.readouterr().err


def test_subscriptions(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    push(port)
    assert ups(port, "subscribe", STEP) == Exit.SUCCESS
    assert "UPS State Report: SCHEDULED" in capsys.readouterr().out
    assert ups(port, "unsubscribe", STEP) == Exit.SUCCESS
    assert ups(port, "subscribe", "all", "-k", "WorklistLabel=Planning") == Exit.SUCCESS
    assert ups(port, "suspend") == Exit.SUCCESS
    assert ups(port, "unsubscribe", "all") == Exit.SUCCESS
    assert ups(port, "subscribe", "all", "--receiver", "NOBODY") == Exit.FAILURE
    assert "C308H" in capsys.readouterr().err


def test_watch_shows_events_and_ends_by_itself(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    push(port)
    assert ups(port, "watch", "all", "--lock", "--events", "1") == Exit.SUCCESS
    out = capsys.readouterr().out
    assert f"{STEP}: UPS State Report: SCHEDULED, input READY" in out
    assert "1 event came. Unsubscribed." in out
    assert ups(port, "watch", STEP, "--events", "1", "--listen", "0", "--keep", "--reopen", "2") == Exit.SUCCESS
    out = capsys.readouterr().out
    assert "Listening on" in out
    assert "1 event came. The subscription stands." in out
    assert ups(port, "watch", STEP, "--for", "0", "--json") == Exit.SUCCESS
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["outcome"] for line in lines if line["kind"] == "status"] == ["success"]


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_unsubscribes(port: str) -> None:
    push(port)
    code = "import sys; from engine.cli.main import main; sys.exit(main())"
    watch = ["ups", "watch", "127.0.0.1", port, "all", "--called", "PEER", "--lock"]
    run = [sys.executable, "-c", code, *watch]
    with running(run, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        seen = ""
        while "UPS State Report" not in seen:
            line = process.stdout.readline()
            assert line, seen
            seen += line
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert process.returncode == Exit.INTERRUPTED
    assert "Unsubscribed." in rest
