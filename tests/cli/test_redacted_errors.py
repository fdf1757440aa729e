"""--redact: what is wrong with the arguments and the workspace is said without repeating them; tables stay tables."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from engine.cli.main import main
from engine.wire import datasets
from tests.cli.test_redaction import instance
from tests.planted import PATIENT, fix_keys, found
from tests.runtime.console import CT, EXPLICIT, HOST, Console

NAME = "Vogelbeer"
PLANTED = (NAME, "VOGELBEER", "Adelheid", "Zwiebel", "WACHOLDER", "1.2.826.0.1.3680043.8.498")


@pytest.fixture(autouse=True)
def keys_of_redactions(monkeypatch: pytest.MonkeyPatch) -> None:
    fix_keys(monkeypatch)


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In a folder that has somebody's name."""
    folder = tmp_path / NAME / "workspace"
    folder.mkdir(parents=True)
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(folder))
    return folder


@pytest.fixture
def port() -> Iterator[str]:
    console = Console()
    yield str(console.listen().port)
    console.close()


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int | None = None) -> tuple[str, str]:
    """What a command with --redact prints on standard output and standard error; nothing planted may be in it."""
    ended = main(list(arguments))
    assert code is None or ended == code, capsys.readouterr()
    out, err = capsys.readouterr()
    assert not found("standard output", out, PLANTED) + found("standard error", err, PLANTED), arguments
    return out, err


@pytest.mark.parametrize(
    "command",
    [
        "send H 1 /tmp/Vogelbeer.json",
        "mpps create H 1 --item /tmp/Vogelbeer.json",
        "mpps complete H 1 Vogelbeer",
        "print H 1 /tmp/Vogelbeer.dcm",
        "find H 1 -k Vogelbeer=1",
        "nget H 1 Vogelbeer Vogelbeer",
        "commitments Vogelbeer",
        "listen --settings /tmp/Vogelbeer.toml",
        "echo H 1 --waivers /tmp/Vogelbeer.toml",
        "echo H 1 --called VOGELBEERADELHEID123",
        "echo H Zwiebel",
        "echo H 1 --timeout Vogelbeer",
        "echo H 1 Vogelbeer",
        "mpps Vogelbeer",
        "Vogelbeer",
    ],
)
@pytest.mark.parametrize("option", ["--redact", "--redac"])
def test_what_is_wrong_with_the_arguments(command: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = Exit.NOT_SENT if ".dcm" in command else Exit.USAGE
    _, err = told(capsys, *command.split(), option, code=code)
    assert err.strip()


def test_what_is_wrong_is_still_said(capsys: pytest.CaptureFixture[str]) -> None:
    _, err = told(capsys, "echo", "H", "Zwiebel", "--redact", code=Exit.USAGE)
    assert err.splitlines()[-1].startswith("dimse-console echo: error: argument PORT: “…” is not a port (1 to ")
    _, err = told(capsys, "store", "H", "1", "F", "--style", NAME, "--redact", code=Exit.USAGE)
    assert "error: argument --style: “…” is none of " in err
    main(["echo", "H", "Zwiebel"])
    assert "“Zwiebel” is not a port" in capsys.readouterr().err


def test_a_file_has_the_same_stand_in_wherever_it_is_named(
    port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "Vogelbeer.dcm"
    file.write_bytes(b"no DICOM")
    named = re.compile(r"file-[0-9a-f]{12}\.dcm")
    for command in (
        ("decode", str(file), "--raw"),
        ("decode", str(file.with_name("Zwiebel.dcm"))),
        ("send", HOST, port, str(file)),
        ("print", HOST, port, str(file)),
        ("print", HOST, port, str(file), str(file)),
        ("print", HOST, port, str(tmp_path)),
        ("store", HOST, port, str(file)),
    ):
        names = named.findall("".join(told(capsys, *command, "--redact")))
        assert len(set(names)) == 1, command
    assert len(names) == 2  # of a store: in the table and as the first problem


def test_a_value_given_to_the_option_itself(capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "echo", "H", "1", "--redact=Vogelbeer", code=Exit.USAGE)


def test_an_odd_title(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, err = told(capsys, "echo", HOST, port, "--called", "Vogelbeer\\", "--redact")
    assert "AE title “…”: " in err


@pytest.mark.parametrize("file", ["peers.toml", "waivers.toml"])
def test_a_damaged_workspace_does_not_tell_whose_it_is(
    file: str, port: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / file).write_text(f"= {PATIENT}")
    _, err = told(capsys, "echo", HOST, port, "--redact", code=Exit.SUCCESS)
    assert "line 1" in err
    assert main(["echo", HOST, port]) == Exit.SUCCESS
    assert str(workspace / file) in capsys.readouterr().err


def test_tables_of_what_the_workspace_keeps(port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.dcm"
    datasets.write_file(file, instance(), EXPLICIT, CT, "1.2.826.0.1.3680043.8.498.0")
    names = ("--called", "WACHOLDERPACS", "--redact")
    told(capsys, "mpps", "create", HOST, port, "--patient-name", PATIENT, *names, code=Exit.SUCCESS)
    told(capsys, "commit", HOST, port, str(file), "--wait", "0", *names)
    for command, heading in (
        (("mpps", "list"), ["State", "Patient", "Step", "Peer", "SOP Instance UID"]),
        (("commitments",), ["Result", "Peer", "Transaction UID"]),
        (("commitments", "last"), ["SOP Instance UID", "SOP class", "Result"]),
    ):
        head, rule, first, *_ = told(capsys, *command, "--redact")[0].splitlines()
        starts = [head.index(word) for word in heading]
        assert rule.replace("-", "").strip() == "" and "2.25." in first
        assert all((rule[at - 1], rule[at], first[at - 1]) == (" ", "-", " ") for at in starts[1:])
        assert "Peer" not in heading or first[head.index("Peer") :].startswith("TITLE-1 ")


def test_when_a_diagnosis_was_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from engine.model.association import Policy, Rejection

    console = Console()
    try:
        port = str(console.listen(policy=Policy(reject=Rejection(1, 1, 7))).port)
        _, err = told(capsys, "echo", HOST, port, "--redact", code=Exit.REJECTED)
    finally:
        console.close()
    seen = [line for line in err.splitlines() if "Seen in: " in line]
    assert seen and all("…" not in line.partition(": ")[2].partition(": ")[0] for line in seen)


def test_when_an_event_came(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "ups", "push", HOST, port, "--label", NAME, "--redact", code=Exit.SUCCESS)
    out, _ = told(capsys, "ups", "watch", HOST, port, "all", "--lock", "--events", "1", "--redact", code=Exit.SUCCESS)
    assert re.search(r"^\d\d:\d\d:\d\d\.\d{3}  .*UPS State Report: SCHEDULED", out, re.MULTILINE)


def test_nothing_of_it_is_read_without_being_asked_for(port: str, tmp_path: Path) -> None:
    asks = "import sys; from engine.cli.main import main; code = main(sys.argv[1:])\n"
    asks += "print(code, [name for name in sys.modules if name.startswith('engine.trace.redaction')])"
    run = [sys.executable, "-c", asks, "echo", HOST, port]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def test_a_damaged_file_of_the_workspace_is_told_by_its_name(
    workspace: Path, port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which is ours, and the folder it is in is not told."""
    (workspace / "local.toml").write_text("[ae]\ntitle = 3\n")
    (workspace / "peers.toml").write_text(f"{NAME} = [")
    _, err = told(capsys, "echo", HOST, port, "--redact")
    assert "local.toml, line 2: " in err and "must be a text" in err
    assert "peers.toml, line 1: not valid TOML" in err
