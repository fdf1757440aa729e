"""`decode`: from a file or standard input, for people and as JSON lines."""

from __future__ import annotations

import gzip
import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from engine.cli.main import main
from engine.model.association import Peer, Policy, Proposal, ProposedContext, UserIdentity
from engine.model.command_set import CommandSet
from engine.model.dataset import DataElement, DataSet
from engine.model.limits import Limits
from engine.protocol.negotiation import answer, propose
from engine.standard.pdus import PDataTF, Pdv, ReleaseRQ
from engine.wire.commands import encode_command
from engine.wire.datasets import encode_dataset
from engine.wire.pdus import encode_pdu
from engine.workspace.workspace import Workspace
from tests.trace.test_captures import Wire, pcap, talk

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


@pytest.mark.parametrize("options", [(), ("--redact",)])
@pytest.mark.parametrize("content", [b"", b"01 02"])
def test_standard_input_is_called_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: bytes, options: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert main(["decode", "-", "--hex", *options]) == Exit.FAILURE
    captured = capsys.readouterr()
    assert "standard input, byte 0: The" in captured.err + captured.out


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


def test_decode_explains_pdus_and_messages_without_being_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rq.bin"
    file.write_bytes(requestor())
    assert main(["decode", str(file)]) == Exit.SUCCESS
    text = capsys.readouterr().out
    assert "A-ASSOCIATE-RQ, " in text and ": DIMSECONSOLE calls PACS, 1 presentation context, maximum length" in text
    assert "P-DATA-TF, 80 bytes: context 1: 68 bytes of command, last fragment" in text
    assert "(0000,0100) Command Field = 0030H C-ECHO-RQ" in text
    assert "-> A-RELEASE-RQ, 10 bytes" in text
    assert "before the association ended" not in text
    assert "Called-AE-title" not in text
    assert main(["decode", str(file), "-v"]) == Exit.SUCCESS
    text = capsys.readouterr().out
    assert "Called-AE-title: PACS" in text and "|" not in text
    assert main(["decode", str(file), "-vv"]) == Exit.SUCCESS
    assert "00000000  01 00 00 00 00" in capsys.readouterr().out


def test_a_passcode_is_in_no_dump(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rq.bin"
    identity = UserIdentity(2, b"jane", b"s3cret-passcode")
    file.write_bytes(encode_pdu(propose(replace(PROPOSAL, user_identity=identity))))
    assert main(["decode", str(file), "-vv"]) == Exit.SUCCESS
    text = capsys.readouterr().out
    assert "with user identity" in text and "** ** **" in text
    assert b"cret-pass".hex(" ") not in text and "cret-pass" not in text.replace("|\n", "")


@pytest.mark.parametrize("cut", [3, 50])
def test_bytes_that_break_off_or_go_wrong_are_a_failure(
    cut: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cut.bin"
    file.write_bytes(requestor()[:-cut])
    assert main(["decode", str(file)]) == Exit.FAILURE
    assert "in the middle of a PDU" in capsys.readouterr().err
    file.write_bytes(requestor() + b"\xff" * cut * 5)
    assert main(["decode", str(file)]) == Exit.FAILURE
    assert "stop being DICOM" in capsys.readouterr().err


def test_files_that_are_something_else_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed = tmp_path / "rq.bin.gz"
    packed.write_bytes(gzip.compress(requestor()))
    assert main(["decode", str(packed)]) == Exit.SUCCESS
    assert "C-ECHO-RQ" in capsys.readouterr().out
    packed.write_bytes(gzip.compress(requestor())[:-20])
    assert main(["decode", str(packed)]) == Exit.FAILURE
    assert "gzip file, but it is cut off" in capsys.readouterr().err
    image = tmp_path / "image.dcm"
    image.write_bytes(bytes(128) + b"DICM" + bytes(20))
    assert main(["decode", str(image)]) == Exit.FAILURE
    assert "This is a DICOM file, not recorded traffic" in capsys.readouterr().err
    digits = tmp_path / "pdu.txt"
    digits.write_text("05 00 00 00 00 04 00 00 00 00", encoding="utf-8")
    assert main(["decode", str(digits)]) == Exit.FAILURE
    assert "try --hex" in capsys.readouterr().err
    assert main(["decode", str(tmp_path / "missing")]) == Exit.FAILURE
    assert "missing: The file cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("form", [[], ["-v"], ["-vv"]])
def test_what_a_peer_says_cannot_steer_the_terminal(
    form: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "evil.bin"
    evil = encode_pdu(propose(PROPOSAL)).replace(b"DIMSECONSOLE    ", b"\x1b[31mEV\x07\r\nX     ")
    file.write_bytes(evil)
    assert main(["decode", str(file), *form]) == Exit.SUCCESS
    text = capsys.readouterr().out
    assert "\\x1b[31mEV\\x07\\r\\nX calls PACS" in text
    assert not {"\x1b", "\x07", "\r"} & set(text)
    assert "\nX " not in text


FIND, DEFLATED, IMPLICIT = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2"


def query(data_set: DataSet, syntax: str = IMPLICIT, **more: str) -> bytes:
    """A C-FIND-RQ with this identifier, as its requestor sends it."""
    asked = Proposal(peer=Peer(ae_title="PACS"), contexts=(ProposedContext(1, FIND, (syntax,)),))
    elements = {"AffectedSOPClassUID": FIND, "CommandField": 0x20, "MessageID": 1, "CommandDataSetType": 1, **more}
    command = CommandSet.of(**elements)
    fragments = Pdv(1, 3, encode_command(command)), Pdv(1, 2, encode_dataset(data_set, syntax))
    sent = (propose(asked), *(PDataTF(pdvs=(fragment,)) for fragment in fragments), ReleaseRQ())
    return b"".join(map(encode_pdu, sent))


def nested(levels: int) -> DataSet:
    inner = DataSet((DataElement(0x00100020, "LO", ("INNERMOST",)),))
    for _ in range(levels):
        inner = DataSet((DataElement(0x00081140, "SQ", (inner,)),))
    return inner


LONG = DataSet((DataElement(0x00204000, "LT", ("x" * 10_000,)),))


@pytest.mark.parametrize("saved", [True, False], ids=["in the workspace", "as an argument"])
@pytest.mark.parametrize(
    ("stream", "limits", "words"),
    [
        (query(nested(4)), {"depth": 3}, "cannot be read"),
        (query(LONG, DEFLATED), {"inflated": 4096}, "more than 4096 bytes"),
        (query(LONG), {"pdu_length": 4096}, "the limit is 4096"),
        (query(LONG), {"data_set": 4096}, "A message from the requestor is left out: The data set"),
        (query(LONG, ErrorComment="x" * 2000), {"command_set": 1024}, "is longer than 1024 bytes"),
    ],
    ids=["depth", "inflated", "pdu", "data set", "command set"],
)
def test_the_users_limits_hold_for_what_is_recorded(
    stream: bytes,
    limits: dict[str, int],
    words: str,
    saved: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "query.bin"
    file.write_bytes(stream)
    main(["decode", str(file)])
    without = "".join(capsys.readouterr())
    assert words not in without
    arguments = []
    if saved:
        space = Workspace()
        space.save_local(space.local, space.timeouts, Limits(**limits))
    else:
        arguments = ["--limit", ",".join(f"{name}={number}" for name, number in limits.items())]
    main(["decode", str(file), *arguments])
    told = "".join(capsys.readouterr())
    assert words in told
    assert "A-RELEASE-RQ" in told or "pdu_length" in limits  # it goes on behind what is left out


@pytest.mark.parametrize("content", [b"hello", None], ids=["no DICOM", "no file"])
def test_what_cannot_be_decoded_is_a_json_line_too(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "capture.bin"
    if content is not None:
        file.write_bytes(content)
    assert main(["decode", str(file), "--json"]) == Exit.FAILURE
    told = capsys.readouterr()
    line = json.loads(told.out)
    assert (line["kind"], line["sentence"]) == ("error", told.err.strip())
    assert main(["decode", str(file), "--json", "--redact"]) == Exit.FAILURE
    assert "capture" not in "".join(capsys.readouterr())


def test_what_is_missing_names_its_association(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wires = [Wire(client=("10.0.0.1", port)) for port in (1, 2)]
    for wire in wires:
        wire.handshake()
        wire.say(talk()[:2])
    wires[1].tcp(True, b"\4\0\0")
    path = tmp_path / "two.pcap"
    path.write_bytes(pcap([packet for wire in wires for packet in wire.packets]))
    assert main(["decode", str(path)]) == Exit.FAILURE
    assert "Association 2: The capture ends in the middle of a PDU from the requestor" in capsys.readouterr().err
