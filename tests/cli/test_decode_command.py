"""`decode`: from a file or standard input, for people and as JSON lines."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from engine.cli.main import main
from engine.model.association import Peer, Policy, Proposal, ProposedContext
from engine.model.command_set import CommandSet
from engine.protocol.negotiation import answer, propose
from engine.standard.pdus import PDataTF, Pdv, ReleaseRQ
from engine.wire.commands import encode_command
from engine.wire.pdus import encode_pdu

VERIFICATION = "1.2.840.10008.1.1"
PROPOSAL = Proposal(peer=Peer(ae_title="PACS"), contexts=(ProposedContext(1, VERIFICATION, ("1.2.840.10008.1.2",)),))


def requestor() -> bytes:
    command = CommandSet.of(AffectedSOPClassUID=VERIFICATION, CommandField=0x30, MessageID=1, CommandDataSetType=0x0101)
    data = encode_pdu(PDataTF(pdvs=(Pdv(1, 3, encode_command(command)),)))
    return encode_pdu(propose(PROPOSAL)) + data + encode_pdu(ReleaseRQ())


def test_a_raw_stream_is_told_line_by_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rq.bin"
    file.write_bytes(requestor())
    assert main(["decode", str(file), "--raw"]) == Exit.SUCCESS
    text = capsys.readouterr().out
    assert "DIMSECONSOLE calls PACS" in text
    assert "-> C-ECHO-RQ, message 1, Verification SOP Class" in text
    assert main(["decode", str(file), "-vv"]) == Exit.SUCCESS
    assert "Called-AE-title: PACS" in capsys.readouterr().out


def test_hexadecimal_comes_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answered = encode_pdu(answer(propose(PROPOSAL), Policy()).pdu)
    stdin = io.TextIOWrapper(io.BytesIO(answered.hex(" ", 4).encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main(["decode", "-", "--hex", "--json"]) == Exit.SUCCESS
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["kind"] == "pdu"
    assert lines[0]["pdu"]["name"] == "A-ASSOCIATE-AC"
    assert lines[0]["time"] is None


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        (b"GET / HTTP/1.0", [], "HTTP request"),
        (b"\xd4\xc3\xb2\xa1\x02\x00", [], "byte 6: The file ends within its header"),
        (b"07 0x 1", ["--hex"], "Not hexadecimal"),
        (b"", ["--raw"], "no bytes"),
    ],
)
def test_a_broken_file_is_named_with_offset_and_reason(
    content: bytes, arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "broken.bin"
    file.write_bytes(content)
    assert main(["decode", str(file), *arguments]) == Exit.FAILURE
    captured = capsys.readouterr()
    assert words in captured.err
    assert str(file) in captured.err
    assert captured.out == ""


def test_a_missing_file_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", "/no/such/file"]) == Exit.FAILURE
    assert "cannot be read" in capsys.readouterr().err
