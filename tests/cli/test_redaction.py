"""--redact: nothing of patients, titles or names of files is printed, in whatever form; what is left is of use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from engine.cli.main import main
from engine.model.association import Peer, Policy, Proposal, ProposedContext, Rejection
from engine.model.command_set import CommandSet
from engine.protocol.negotiation import propose
from engine.standard.pdus import PDataTF, Pdv
from engine.wire import datasets
from engine.wire.commands import encode_command
from engine.wire.pdus import encode_pdu
from tests.planted import PATIENT, PATIENT_ID, fix_keys, found
from tests.runtime.console import CT, EXPLICIT, HOST, Console, keys

TITLE, CALLER = "WACHOLDERPACS", "SCHLEHDORN"
PLANTED = (PATIENT, "Vogelbeer", "Adelheid", PATIENT_ID, "WACHOLDER", CALLER, "19560704", "1.2.826.0.1.3680043.8.498")
FORMS = ((), ("-v",), ("-vvv",), ("--json",))


@pytest.fixture(autouse=True)
def keys_of_redactions(monkeypatch: pytest.MonkeyPatch) -> None:
    fix_keys(monkeypatch)


def instance(number: int = 0) -> bytes:
    uid = f"1.2.826.0.1.3680043.8.498.{number}"
    data = keys(
        SOPClassUID=CT,
        SOPInstanceUID=uid,
        Modality="CT",
        PatientName=PATIENT,
        PatientID=PATIENT_ID,
        PatientBirthDate="19560704",
        StudyDescription=f"of {PATIENT}",
        StudyDate="20200131",
        StudyInstanceUID=f"{uid}.1",
        SeriesInstanceUID=f"{uid}.2",
    )
    return datasets.encode_dataset(data, EXPLICIT)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / f"{PATIENT}-{PATIENT_ID}.dcm"
    datasets.write_file(path, instance(), EXPLICIT, CT, "1.2.826.0.1.3680043.8.498.0")
    return path


@pytest.fixture
def console() -> Iterator[Console]:
    made = Console()
    yield made
    made.close()


@pytest.fixture
def port(console: Console, file: Path, tmp_path: Path) -> str:
    folder = tmp_path / "stock"
    folder.mkdir()
    (folder / "a.dcm").write_bytes(file.read_bytes())
    return str(console.listen(folder).port)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """A command with --redact; nothing planted may be printed. (exit code, standard output)"""
    code = main([*arguments, "--redact"])
    out, err = capsys.readouterr()
    assert not found("standard output", out, PLANTED) + found("standard error", err, PLANTED), arguments
    return code, out


@pytest.mark.parametrize("form", FORMS)
def test_what_is_exchanged(
    form: tuple[str, ...], port: str, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("--calling", CALLER, "--called", TITLE, *form)
    assert run(capsys, "echo", HOST, port, *names)[0] == Exit.SUCCESS
    assert run(capsys, "store", HOST, port, str(file), *names)[0] == Exit.SUCCESS
    assert run(capsys, "store", HOST, port, str(file), "--plan", *names)[0] == Exit.SUCCESS
    code, out = run(capsys, "find", HOST, port, "-k", f"PatientName={PATIENT}", *names)
    assert code == Exit.SUCCESS and "Matching is complete" in out
    uid = "StudyInstanceUID=1.2.826.0.1.3680043.8.498.0.1"
    assert run(capsys, "get", HOST, port, "-k", uid, "--to", str(tmp_path / "got"), *names)[0] == Exit.SUCCESS
    assert run(capsys, "move", HOST, port, "-k", uid, "--destination", "VOGELBEER", *names)[0] == Exit.FAILURE


@pytest.mark.parametrize("form", FORMS)
def test_what_fails(
    form: tuple[str, ...], console: Console, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = str(console.listen(policy=Policy(reject=Rejection(1, 1, 7))).port)
    assert run(capsys, "echo", HOST, port, "--called", TITLE, *form)[0] == Exit.REJECTED
    broken = tmp_path / f"{PATIENT}.dcm"
    broken.write_bytes(b"no DICOM file of Vogelbeer^Adelheid")
    assert run(capsys, "store", HOST, port, str(broken), *form)[0] != Exit.SUCCESS
    assert run(capsys, "store", HOST, port, str(tmp_path / PATIENT_ID / "none"), *form)[0] != Exit.SUCCESS


@pytest.mark.parametrize("form", ["table", "full", "csv", "json"])
def test_matches(form: str, port: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "find", HOST, port, "-k", "PatientName=*", "--format", form)
    assert code == Exit.SUCCESS and "2.25." in out
    if form == "json":
        match = json.loads(out)[0]
        assert match["00080052"]["Value"] == ["STUDY"] and "Value" not in match["00100010"]
    elif form != "table":  # which shows the columns that have a value
        assert "PatientName" in out


def test_lines_of_json_are_still_of_use(port: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["store", HOST, port, str(file), "--json"])
    plain = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    lines = [json.loads(line) for line in run(capsys, "store", HOST, port, str(file), "--json")[1].splitlines()]
    alike = (
        "kind",
        "phase",
        "type",
        "length",
        "state_after",
        "message",
        "context_id",
        "dataset_length",
        "outcome",
        "rule",
    )
    assert [[line.get(key) for key in alike] for line in lines] == [[line.get(key) for key in alike] for line in plain]
    message = next(line for line in lines if line.get("message") == "C-STORE-RQ")
    assert message["dataset"]["00080060"]["Value"] == ["CT"]
    uid = message["command"]["AffectedSOPInstanceUID"]
    assert uid == message["dataset"]["00080018"]["Value"][0]
    assert uid == next(line for line in lines if line["kind"] == "plan")["files"][0]["sop_instance_uid"]


@pytest.mark.parametrize("form", FORMS)
def test_decode(form: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    peer = Peer(ae_title=TITLE)
    command = CommandSet.of(
        AffectedSOPClassUID=CT,
        CommandField=1,
        MessageID=1,
        Priority=0,
        CommandDataSetType=1,
        AffectedSOPInstanceUID="1.2.826.0.1.3680043.8.498.0",
        MoveOriginatorApplicationEntityTitle=CALLER,
    )
    data = encode_pdu(propose(Proposal(peer=peer, contexts=(ProposedContext(1, CT, (EXPLICIT,)),))))
    data += encode_pdu(PDataTF(pdvs=(Pdv(1, 3, encode_command(command)), Pdv(1, 2, instance()))))
    recording = tmp_path / f"{PATIENT}.bin"
    recording.write_bytes(data)
    _, out = run(capsys, "decode", str(recording), "--raw", *form)
    assert "C-STORE-RQ" in out and "TITLE-1" in out
    broken = data[:-40] + PATIENT.encode()
    recording.write_bytes(broken)
    run(capsys, "decode", str(recording), "--raw", *form)


def test_without_it_all_is_as_before(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["find", HOST, port, "-k", "PatientName=*"]) == Exit.SUCCESS
    assert PATIENT in capsys.readouterr().out


def test_what_the_workspace_keeps(
    port: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(tmp_path / "workspace"))
    names = ("--called", TITLE, "--patient-name", PATIENT)
    assert run(capsys, "mpps", "create", HOST, port, *names)[0] == Exit.SUCCESS
    for form in ((), ("--json",)):
        code, out = run(capsys, "mpps", "list", *form)
        assert code == Exit.SUCCESS and "IN PROGRESS" in out


@pytest.mark.parametrize("form", FORMS)
def test_printing_what_cannot_be_printed(
    form: tuple[str, ...], port: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["print", HOST, port, str(file.parent), "--redact", *form])
    out, err = capsys.readouterr()
    assert not found("standard output", out, PLANTED) + found("standard error", err, PLANTED)
