"""The commands against the built-in peer over loopback, as a shell user runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from engine.cli.main import main
from engine.model.association import LocalAE, Policy, Rejection
from engine.model.commands import Listen, PeerSettings
from engine.model.dataset import DataElement, DataSet
from engine.model.notices import ListenerNotice
from engine.runtime.engine import Engine
from engine.wire.datasets import encode_dataset, open_file, write_file
from engine.workspace.messages import SHIPPED
from tests.processes import running

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(tmp_path / "workspace"))


class Peers:
    """Built-in peers with different policies."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def start(self, policy: Policy, folder: Path | None = None) -> str:
        number = self._engine.new_id()
        self._engine.submit(Listen(listener=number, settings=PeerSettings(policy=policy, folder=folder)))
        while True:
            for notice in self._engine.drain_wait(10):
                if isinstance(notice, ListenerNotice) and notice.listener == number:
                    assert notice.listening, notice.sentence
                    return str(notice.port)


@pytest.fixture
def peers() -> Iterator[Peers]:
    with Engine() as engine:
        yield Peers(engine)


@pytest.fixture
def port(peers: Peers, tmp_path: Path) -> str:
    return peers.start(Policy(local=LocalAE(ae_title="PEER")), tmp_path / "archive")


def make_file(path: Path, number: int, syntax: str = EXPLICIT) -> Path:
    data = DataSet(
        (
            DataElement(0x00080016, "UI", (CT,)),
            DataElement(0x00080018, "UI", (f"1.2.3.{number}",)),
            DataElement(0x00080060, "CS", ("CT",)),
            DataElement(0x00100010, "PN", ("Doe^Jane",)),
            DataElement(0x00100020, "LO", ("P1",)),
            DataElement(0x0020000D, "UI", ("1.2.3",)),
            DataElement(0x0020000E, "UI", ("1.2.3.9",)),
        )
    )
    pixels = bytes.fromhex("e07f1000 4f420000 ffffffff feff00e0 00000000 feff00e0 02000000 ffd8 feffdde0 00000000")
    encoded = encode_dataset(data, EXPLICIT) + (pixels if syntax != EXPLICIT else b"")
    write_file(path, encoded, syntax, CT, f"1.2.3.{number}", "TEST")
    return path


def lines_of(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_an_echo_shows_what_was_negotiated(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["echo", "127.0.0.1", port, "--called", "PEER"]) == Exit.SUCCESS
    captured = capsys.readouterr()
    assert "Verification SOP Class  acceptance  Explicit VR Little Endian" in captured.out
    assert "0000H Success" in captured.out
    assert captured.err == ""


def test_json_is_all_there_is_on_standard_output(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["echo", "127.0.0.1", port, "--json"]) == Exit.SUCCESS
    captured = capsys.readouterr()
    lines = lines_of(captured.out)
    assert {"association", "pdu", "message", "status"} <= {line["kind"] for line in lines}
    assert [line["message"] for line in lines if line["kind"] == "message"] == ["C-ECHO-RQ", "C-ECHO-RSP"]
    (status,) = [line for line in lines if line["kind"] == "status"]
    assert status["outcome"] == "success"
    assert [line["type"] for line in lines if line["kind"] == "pdu"][-1] == "A-RELEASE-RP"
    assert captured.err == ""


def test_verbose_shows_pdus_and_trees(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["echo", "127.0.0.1", port, "-vv"]) == Exit.SUCCESS
    text = capsys.readouterr().out
    assert "-> A-ASSOCIATE-RQ" in text
    assert "Called-AE-title: ANY-SCP" in text


def test_store_find_get_and_move_work_together(port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for number in (1, 2):
        make_file(folder / f"{number}.dcm", number)
    (folder / "readme.txt").write_text("not DICOM")
    assert main(["store", "127.0.0.1", port, str(folder)]) == Exit.SUCCESS
    assert "2 of 2 files stored" in capsys.readouterr().out

    assert main(["find", "127.0.0.1", port, "-k", "PatientName=Doe*"]) == Exit.SUCCESS
    text = capsys.readouterr().out
    assert "Doe^Jane" in text
    assert "1 match." in text
    assert main(["find", "127.0.0.1", port, "-k", "PatientName=Nobody", "--full"]) == Exit.SUCCESS
    assert "0 matches." in capsys.readouterr().out
    images = ["find", "127.0.0.1", port, "--level", "IMAGE", "--model", "patient", "--full"]
    assert main(images) == Exit.FAILURE
    assert "not relational: level IMAGE needs one Patient ID" in capsys.readouterr().err
    assert main([*images, "--extended", "PatientRootQueryRetrieveInformationModelFind:relational"]) == Exit.SUCCESS
    assert "SOPInstanceUID = 1.2.3.2" in capsys.readouterr().out

    got = tmp_path / "got"
    assert main(["get", "127.0.0.1", port, "-k", "StudyInstanceUID=1.2.3", "--to", str(got)]) == Exit.SUCCESS
    assert len(list(got.iterdir())) == 2
    capsys.readouterr()
    move = ["move", "127.0.0.1", port, "-k", "StudyInstanceUID=1.2.3"]
    assert main([*move, "--destination", "NOBODY"]) == Exit.FAILURE
    assert "A801H" in capsys.readouterr().err


COMPRESSIONS = [f"1.2.840.10008.1.2.{end}" for end in ("4.50", "4.51", "4.70", "4.80", "4.90", "4.91", "5")]
HTJ2K = "1.2.840.10008.1.2.4.201"


def test_compressed_studies_come_as_they_are(port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [make_file(tmp_path / f"{n}.dcm", n, syntax) for n, syntax in enumerate(COMPRESSIONS)]
    assert main(["store", "127.0.0.1", port, *map(str, files)]) == Exit.SUCCESS
    got = tmp_path / "got"
    get = ["get", "127.0.0.1", port, "-k", "StudyInstanceUID=1.2.3", "--to"]
    assert main([*get, str(got)]) == Exit.SUCCESS
    assert {open_file(f).transfer_syntax for f in got.rglob("*.dcm")} == set(COMPRESSIONS)

    seldom = make_file(tmp_path / "seldom.dcm", 77, HTJ2K)
    assert main(["store", "127.0.0.1", port, str(seldom)]) == Exit.SUCCESS
    capsys.readouterr()
    assert main([*get, str(tmp_path / "again")]) == Exit.FAILURE
    text = capsys.readouterr().err
    assert "1 of 8 sub-operations failed: 1.2.3.77." in text
    assert "only where a context for its SOP class and transfer syntax was accepted" in text
    named = [*get, str(tmp_path / "named"), "--context", f"CTImageStorage:{HTJ2K}", "--level", "IMAGE"]
    assert main([*named, "-k", "SOPInstanceUID=1.2.3.77", "-k", "SeriesInstanceUID=1.2.3.9"]) == Exit.SUCCESS


def test_message_files_are_sent_on_one_association(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(SHIPPED / f"{name}.toml") for name in ("mpps-create", "mpps-completed")]
    assert main(["send", "127.0.0.1", port, *files]) == Exit.SUCCESS
    text = capsys.readouterr().out
    assert "N-CREATE-RSP" in text and "N-SET-RSP" in text
    assert main(["send", "127.0.0.1", port, files[1]]) == Exit.FAILURE
    assert "0112H" in capsys.readouterr().err


def test_an_event_report_that_follows_is_waited_for(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    request = str(SHIPPED / "storage-commitment-request.toml")
    assert main(["send", "127.0.0.1", port, request, "--linger", "0.5", "--json"]) == Exit.SUCCESS
    names = [line["message"] for line in lines_of(capsys.readouterr().out) if line["kind"] == "message"]
    assert set(names) == {"N-ACTION-RQ", "N-ACTION-RSP", "N-EVENT-REPORT-RQ", "N-EVENT-REPORT-RSP"}


def test_every_way_to_fail_has_its_exit_code_and_sentence(
    peers: Peers, port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        code = main(list(arguments))
        return code, capsys.readouterr().err

    code, text = run("echo", "127.0.0.1", "1")
    assert (code, "refused the connection" in text) == (Exit.CONNECTION_FAILED, True)
    strict = peers.start(Policy(ae_titles=("OTHER",)))
    code, text = run("echo", "127.0.0.1", strict, "--called", "WRONG")
    assert (code, "called-AE-title-not-recognized" in text) == (Exit.REJECTED, True)
    busy = peers.start(Policy(reject=Rejection(2, 3, 2)))
    code, text = run("echo", "127.0.0.1", busy)
    assert (code, "local-limit-exceeded" in text) == (Exit.REJECTED, True)
    nothing = peers.start(Policy(accepted=()))
    code, text = run("echo", "127.0.0.1", nothing)
    assert (code, "accepted" in text) == (Exit.NOT_SENT, True)
    code, text = run("store", "127.0.0.1", port, str(tmp_path / "no-such.dcm"))
    assert (code, "no-such.dcm" in text) == (Exit.NOT_SENT, True)


def test_a_silent_peer_times_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = str(silent.getsockname()[1])
        assert main(["echo", "127.0.0.1", port, "--timeout", "acse=0.3"]) == Exit.TIMED_OUT
    assert "within 0.3 s" in capsys.readouterr().err


def test_no_secret_is_printed(port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = tmp_path / "passcode"
    secret.write_text("s3cret-passcode\n", encoding="utf-8")
    for form in ("--json", "-vv"):
        assert main(["echo", "127.0.0.1", port, "--user", "jane", "--passcode-file", str(secret), form]) == 0
        captured = capsys.readouterr()
        assert "s3cret" not in captured.out + captured.err
        assert b"s3cret-passcode".hex() not in captured.out.replace(" ", "").lower()


def test_the_demo_echoes_and_shows_the_contexts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo"]) == Exit.SUCCESS
    text = capsys.readouterr().out
    assert "Modality Worklist" in text
    assert "0000H Success" in text


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "import sys; from engine.cli import run; sys.exit(run(sys.argv[1:]))", *arguments]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_listen_serves_until_it_is_interrupted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = command("listen", "--port", "0", "--ae", "LISTENER", "--strict", "--folder", str(tmp_path / "in"), "--json")
    with running(run, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert first["listener"]["listening"] is True
        port = str(first["listener"]["port"])
        assert main(["echo", "127.0.0.1", port, "--called", "LISTENER"]) == Exit.SUCCESS
        assert main(["echo", "127.0.0.1", port, "--called", "OTHER"]) == Exit.REJECTED
        file = make_file(tmp_path / "a.dcm", 5)
        assert main(["store", "127.0.0.1", port, str(file), "--called", "LISTENER"]) == Exit.SUCCESS
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == Exit.SUCCESS, err
    assert err == ""
    kinds = {line["kind"] for line in lines_of(out)}
    assert {"association", "pdu", "message", "progress"} <= kinds
    assert list((tmp_path / "in").iterdir())
    capsys.readouterr()


def test_a_port_that_is_taken_is_said_so(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["listen", "--port", port]) == Exit.CONNECTION_FAILED
    assert "another program uses the port" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupted_command_ends_with_130() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        run = command("echo", "127.0.0.1", str(silent.getsockname()[1]), "--timeout", "60", "-v")
        with running(run, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            connection, _ = silent.accept()
            with connection:
                assert process.stdout is not None
                assert "Connecting" in process.stdout.readline()
                process.send_signal(signal.SIGINT)
                _, err = process.communicate(timeout=30)
    assert process.returncode == Exit.INTERRUPTED, err
    assert "Traceback" not in err


def test_the_print_files_print_a_film_with_the_image_box_the_printer_names(
    port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = (
        "print-1-film-session",
        "print-2-film-box",
        "print-3-image-box-grayscale",
        "print-4-print-film-box",
        "print-4-print-film-session",
        "print-5-delete-film-session",
    )
    files = [str(SHIPPED / f"{name}.toml") for name in names]
    assert main(["send", "127.0.0.1", port, *files]) == Exit.SUCCESS
    text = capsys.readouterr().out
    assert text.count("0000H Success") == 6
    assert "6 of 6 messages sent; success." in text
    assert main(["send", "127.0.0.1", port, files[2]]) == Exit.NOT_SENT
    text = capsys.readouterr().err
    assert "no response so far has ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID" in text


def test_ups_files_work_on_one_step_each_in_its_own_context(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(SHIPPED / f"ups-{name}.toml") for name in ("create", "claim", "set", "complete")]
    assert main(["send", "127.0.0.1", port, *files, "--json"]) == Exit.SUCCESS
    lines = lines_of(capsys.readouterr().out)
    requests = [line for line in lines if line["kind"] == "message" and str(line["message"]).endswith("-RQ")]
    assert len({line["context_id"] for line in requests}) == 2
    statuses = [line for line in lines if line["kind"] == "status"]
    assert len(statuses) == 5
    assert statuses[-1]["sentence"] == "4 of 4 messages sent; success."


def test_a_file_goes_through_the_context_it_names_whatever_its_sop_class(
    port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "echo.toml"
    file.write_text(
        'message = "C-ECHO-RQ"\ncontext = "Verification"\n[command]\nAffectedSOPClassUID = "1.2.3.4"\n',
        encoding="utf-8",
    )
    main(["send", "127.0.0.1", port, str(file)])
    assert "-> C-ECHO-RQ, message 1, 1.2.3.4" in capsys.readouterr().out


def test_a_wrong_path_to_a_response_is_a_mistake_of_the_file(
    port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "echo.toml"
    text = (
        'message = "C-ECHO-RQ"\n[command]\nAffectedSOPClassUID = "Verification"\nErrorComment = "{response Nonsens}"\n'
    )
    file.write_text(text, encoding="utf-8")
    assert main(["send", "127.0.0.1", port, str(file)]) == Exit.USAGE
    captured = capsys.readouterr()
    assert "“Nonsens” is not an attribute keyword" in captured.err
    assert captured.out == ""


def test_a_send_that_finds_nobody_ends_as_the_association_does(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(SHIPPED / f"{name}.toml") for name in ("echo", "worklist-query")]
    assert main(["send", "127.0.0.1", "1", *files, "--json"]) == Exit.CONNECTION_FAILED
    last = lines_of(capsys.readouterr().out)[-1]
    assert (last["kind"], last["outcome"]) == ("status", "connection failed")
    assert "refused the connection" in str(last["sentence"])


def test_a_cut_file_is_stored_as_it_is_and_said_so(
    port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = make_file(tmp_path / "cut.dcm", 8)
    whole = file.read_bytes()
    cut = whole + bytes.fromhex("e07f10004f570000 00100000") + bytes(100)
    file.write_bytes(cut)
    main(["store", "127.0.0.1", port, str(file)])
    text = capsys.readouterr().err
    assert f"cut.dcm: The data set is cut or broken at byte {len(whole)} of the file: (7FE0,0010) says" in text
    assert "It is sent as it is." in text


def test_a_value_that_cannot_be_sent_is_told_with_its_line_before_anything_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "find.toml"
    head = 'message = "C-FIND-RQ"\ncontext = "ModalityWorklistInformationModelFind"\n[command]\n'
    body = 'Priority = "LOW"\n[dataset]\nPatientName = "Doe"\nRows = "abc"\n'
    file.write_text(head + body, encoding="utf-8")
    assert main(["send", "127.0.0.1", "1", str(file)]) == Exit.USAGE
    assert f"{file}, line 7: dataset.Rows: " in capsys.readouterr().err
    nested = 'Priority = "LOW"\n[[dataset.ReferencedImageSequence]]\n[[dataset.ReferencedImageSequence]]\nRows = "x"\n'
    file.write_text(head + nested, encoding="utf-8")
    assert main(["send", "127.0.0.1", "1", str(file)]) == Exit.USAGE
    assert f"{file}, line 7: dataset.ReferencedImageSequence[2].Rows: " in capsys.readouterr().err
    file.write_text(head + '[dataset]\nRows = "{response Rows}"\n', encoding="utf-8")
    assert main(["send", "127.0.0.1", "1", str(file)]) == Exit.CONNECTION_FAILED


def test_a_picture_that_cannot_be_made_is_told_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["demo", "--picture", str(tmp_path / "file" / "a.png")]) == Exit.FAILURE
    told = capsys.readouterr().err
    assert "No picture of the window could be made: The picture cannot be written to " in told
