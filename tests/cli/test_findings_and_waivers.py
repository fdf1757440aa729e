"""Findings as a script meets them: waived by file, counted, and a reason to fail."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from engine.cli.exits import Exit
from engine.cli.main import main
from engine.model.association import Peer, Proposal, ProposedContext
from engine.model.command_set import CommandSet
from engine.model.commands import Listen, PeerSettings
from engine.model.notices import ListenerNotice
from engine.protocol.negotiation import propose
from engine.runtime.engine import Engine
from engine.standard.pdus import PDataTF, Pdv
from engine.wire.commands import encode_command
from engine.wire.pdus import encode_pdu

VERIFICATION = "1.2.840.10008.1.1"
PROPOSAL = Proposal(peer=Peer(ae_title="PACS"), contexts=(ProposedContext(1, VERIFICATION, ("1.2.840.10008.1.2",)),))
RULE = "pdata.control-bits"


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(folder))
    return folder


@pytest.fixture
def recorded(tmp_path: Path) -> str:
    """A requestor whose message control header has a bit too many: one warning and no error."""
    command = CommandSet.of(AffectedSOPClassUID=VERIFICATION, CommandField=0x30, MessageID=1, CommandDataSetType=0x0101)
    file = tmp_path / "rq.bin"
    file.write_bytes(encode_pdu(propose(PROPOSAL)) + encode_pdu(PDataTF(pdvs=(Pdv(1, 0x83, encode_command(command)),))))
    return str(file)


def waivers(folder: Path, peer: str = "", name: str = "waivers.toml") -> Path:
    file = folder / name
    title = f'peer = "{peer}"\n' if peer else ""
    file.write_text(f'[[waiver]]\nrule = "{RULE}"\n{title}reason = "ticket 17"\n', encoding="utf-8")
    return file


def decoded(recorded: str, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, object]:
    assert main(["decode", recorded, "--raw", "--json", *more]) == Exit.SUCCESS
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = [line for line in lines if line["kind"] == "finding"]
    assert [line["rule"] for line in found] == [RULE]
    return dict(found[0])


def test_a_finding_names_no_waiver_where_there_is_none(recorded: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert decoded(recorded, capsys)["waived"] is None


@pytest.mark.parametrize("peer", ["", "PACS", "DIMSECONSOLE"])
def test_the_workspace_s_waivers_hold(
    recorded: str, workspace: Path, peer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    waivers(workspace, peer)
    assert decoded(recorded, capsys)["waived"] == "ticket 17"


def test_a_waiver_for_another_peer_does_not_hold(
    recorded: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waivers(workspace, "OTHER")
    assert decoded(recorded, capsys)["waived"] is None


def test_the_file_named_counts_instead_of_the_workspace_s(
    recorded: str, workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waivers(workspace, "OTHER")
    assert decoded(recorded, capsys, "--waivers", str(waivers(tmp_path, name="mine.toml")))["waived"] == "ticket 17"


def test_findings_fail_a_script_that_says_so(recorded: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", recorded, "--raw"]) == Exit.SUCCESS
    assert main(["decode", recorded, "--raw", "--fail-on", "error"]) == Exit.SUCCESS
    assert main(["decode", recorded, "--raw", "--fail-on", "warning"]) == Exit.FINDINGS == 8
    capsys.readouterr()


def test_waived_findings_are_told_and_fail_nothing(
    recorded: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waivers(workspace)
    assert main(["decode", recorded, "--raw", "--fail-on", "warning"]) == Exit.SUCCESS
    assert "Warning, waived (ticket 17): The message control header" in capsys.readouterr().out


def test_a_broken_file_named_is_a_wrong_argument(
    recorded: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "broken.toml"
    file.write_text('[[waiver]]\nrule = "no.such"\nreason = "x"\n', encoding="utf-8")
    assert main(["decode", recorded, "--waivers", str(file)]) == Exit.USAGE
    said = capsys.readouterr().err
    assert f"{file}, line 2: waiver[1].rule: there is no rule “no.such”" in said


def test_a_broken_file_of_the_workspace_is_told_once_and_waives_nothing(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waivers(workspace).write_text("[[waiver]]\n", encoding="utf-8")
    main(["echo", "127.0.0.1", "1", "--timeout", "1"])
    said = capsys.readouterr().err
    assert said.count("waivers.toml, line 1") == 1
    assert "Nothing is waived." in said


def test_live_findings_are_shown_when_they_fail_the_run(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A retired SOP class is no departure; a context without Implicit VR Little Endian is one, and it is ours."""
    with Engine() as engine:
        engine.submit(Listen(listener=engine.new_id(), settings=PeerSettings()))
        ports = (n.port for _ in range(40) for n in engine.drain_wait(1) if isinstance(n, ListenerNotice))
        arguments = ["echo", "127.0.0.1", str(next(ports)), "--context", "CTImageStorage:ExplicitVRLittleEndian"]
        assert main(arguments) == Exit.SUCCESS
        assert "One departure from the Standard seen; -v shows it." in capsys.readouterr().out
        assert main([*arguments, "--fail-on", "error"]) == Exit.FINDINGS
        assert "Error: " in capsys.readouterr().out
        text = '[[waiver]]\nrule = "association.default-transfer-syntax"\npeer = "ANY-SCP"\nreason = "meant"\n'
        (workspace / "waivers.toml").write_text(text, encoding="utf-8")
        assert main([*arguments, "--fail-on", "error"]) == Exit.SUCCESS
        assert "No departure from the Standard but 1 waived" in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="a process cannot be asked to end there")
def test_who_listens_is_told_at_the_end_that_there_were_findings() -> None:
    code = "import sys; from engine.cli import run; sys.exit(run(sys.argv[1:]))"
    with subprocess.Popen([sys.executable, "-c", code, "listen", "--port", "0"], stdout=PIPE, text=True) as listening:
        assert listening.stdout is not None
        said = listening.stdout.readline()
        listening.stdout.readline()  # how it is ended: from here on it can be
        port = said.partition(" port ")[2].partition(":")[0]
        assert main(["echo", "127.0.0.1", port, "--context", "CTImageStorage:ExplicitVRLittleEndian"]) == Exit.SUCCESS
        listening.send_signal(signal.SIGTERM)
        assert listening.stdout.read().splitlines()[-1] == "One departure from the Standard seen; -v shows it."
    assert listening.returncode == Exit.SUCCESS
