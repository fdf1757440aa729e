"""N- messages as message files sent by the command line: to pynetdicom, DCMTK's printer and the built-in peer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt

from engine.cli.exits import Exit
from engine.cli.main import main
from engine.workspace.messages import SHIPPED
from tests.interop import peers
from tests.interop.normalized_peers import (
    COMMITMENT,
    GRAYSCALE_META,
    MPPS,
    MPPS_RETRIEVE,
    PRINT_JOB,
    RT_VERIFICATION,
    UPS_EVENT,
    UPS_PULL,
    UPS_PUSH,
    UPS_WATCH,
    Seen,
    made,
)
from tests.interop.normalized_providers import BOX, Archive, Printer, Steps, Worklist
from tests.interop.operating import Operator

pytestmark = pytest.mark.interop

Start = Callable[..., Any]
Output = pytest.CaptureFixture[str]
UID = "1.2.826.0.1.3680043.9.7433.61"


@pytest.fixture(autouse=True)
def own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(tmp_path / "workspace"))


def send(peer: peers.Peer, *files: str | Path, linger: float = 0.0, contexts: tuple[str, ...] = ()) -> int:
    """``dimse-console send``; a name without folder is one of the shipped messages."""
    paths = [f if isinstance(f, Path) else SHIPPED / f"{f}.toml" for f in files]
    more = ["--called", peer.ae_title, "--linger", str(linger), *(a for c in contexts for a in ("--context", c))]
    return main(["send", peer.host, str(peer.port), *map(str, paths), *more])


def test_a_step_is_created_read_and_completed(pynetdicom_scp: Start, capsys: Output) -> None:
    steps = Steps()
    peer = pynetdicom_scp([MPPS, MPPS_RETRIEVE], steps.handlers)
    assert send(peer, "mpps-create", "mpps-retrieve", "mpps-completed") == Exit.SUCCESS
    (step,) = steps.held.values()
    assert (step.PerformedProcedureStepStatus, step.PatientName) == ("COMPLETED", "Test^Patient")
    assert [c["CommandField"] for c in steps.seen.commands] == [0x0140, 0x0110, 0x0120]
    assert send(peer, "mpps-completed") == Exit.FAILURE
    assert "0112H" in capsys.readouterr().err, "another run has another step"


def test_the_result_of_a_commitment_is_waited_for(pynetdicom_scp: Start, capsys: Output) -> None:
    archive = Archive()
    peer = pynetdicom_scp([COMMITMENT], archive.handlers)
    assert send(peer, "storage-commitment-request", linger=1.0) == Exit.SUCCESS
    text = capsys.readouterr().out
    assert "N-EVENT-REPORT-RQ" in text
    assert "N-EVENT-REPORT-RSP" in text
    assert archive.later.wait() == [0x0000]


def test_commitment_as_json_lines(pynetdicom_scp: Start, capsys: Output) -> None:
    archive = Archive()
    peer = pynetdicom_scp([COMMITMENT], archive.handlers)
    file = str(SHIPPED / "storage-commitment-request.toml")
    assert main(["send", peer.host, str(peer.port), file, "--linger", "1", "--json"]) == Exit.SUCCESS
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    messages = [line for line in lines if line["kind"] == "message"]
    names = {"N-ACTION-RQ", "N-ACTION-RSP", "N-EVENT-REPORT-RQ", "N-EVENT-REPORT-RSP"}
    assert {m["message"] for m in messages} == names
    assert [line for line in lines if line["kind"] in ("finding", "error")] == []


def test_a_result_is_sent_as_the_provider(pynetdicom_scp: Start) -> None:
    """The file asks for the SCP role; the pynetdicom side takes the event as SCU."""
    told: list[tuple[int, Dataset]] = []

    def report(event: evt.Event) -> tuple[int, None]:
        told.append((event.event_type, event.event_information))
        return 0x0000, None

    peer = pynetdicom_scp([COMMITMENT], [(evt.EVT_N_EVENT_REPORT, report)])
    assert send(peer, "storage-commitment-event-1-success", "storage-commitment-event-2-failures") == Exit.SUCCESS
    assert [kind for kind, _ in told] == [1, 2]
    assert told[0][1].TransactionUID == told[1][1].TransactionUID
    assert told[1][1].FailedSOPSequence[0].FailureReason == 0x0112


FILM = (
    "print-1-film-session",
    "print-2-film-box",
    "print-3-image-box-grayscale",
    "print-4-print-film-box",
    "print-5-delete-film-session",
)


def test_dcmtk_prints_a_film(dcmprscp: Start) -> None:
    peer = dcmprscp()
    assert send(peer, "print-presentation-lut", *FILM) == Exit.SUCCESS
    assert list(peer.folder.parent.glob("database/SP_*"))


def test_a_film_with_the_reports_of_its_job(pynetdicom_scp: Start, capsys: Output) -> None:
    printer = Printer()
    peer = pynetdicom_scp([GRAYSCALE_META, PRINT_JOB], printer.handlers)
    assert send(peer, *FILM[:4], linger=1.0, contexts=(GRAYSCALE_META, PRINT_JOB)) == Exit.SUCCESS
    assert printer.later.wait() == [[0x0000, 0x0000]]
    assert capsys.readouterr().out.count("N-EVENT-REPORT-RQ") == 2
    requests = [c["CommandField"] for c in printer.seen.commands if c["CommandField"] < 0x8000]
    assert requests == [0x0140, 0x0140, 0x0120, 0x0130]
    assert printer.seen.last(0x0120)["RequestedSOPInstanceUID"] == BOX + ".1", "as the film box's response named it"


def test_a_step_of_the_worklist_each_message_through_its_class(pynetdicom_scp: Start) -> None:
    worklist = Worklist()
    peer = pynetdicom_scp([UPS_PUSH, UPS_PULL, UPS_WATCH, UPS_EVENT], worklist.handlers)
    files = ("ups-create", "ups-find", "ups-subscribe", "ups-claim", "ups-set", "ups-get", "ups-complete")
    classes = (UPS_PUSH, UPS_PULL, UPS_WATCH, UPS_EVENT)
    assert send(peer, *files, contexts=classes) == Exit.SUCCESS
    assert set(worklist.later.wait()) == {0x0000}, "the subscription's events"
    (step,) = worklist.steps.values()
    assert step.ProcedureStepState == "COMPLETED"
    assert worklist.contexts == [
        (0x0140, UPS_PUSH),
        (0x0020, UPS_PULL),
        (0x0130, UPS_WATCH),
        (0x0130, UPS_PULL),
        (0x0120, UPS_PULL),
        (0x0110, UPS_PUSH),
        (0x0130, UPS_PULL),
    ]


def test_a_message_of_one_s_own_down_to_the_bytes(pynetdicom_scp: Start, tmp_path: Path) -> None:
    """A delete that goes wrong, and a command set nobody would fill in by himself."""
    seen = Seen()
    handlers = [seen.handler, (evt.EVT_N_DELETE, lambda event: made(Status=0x0110, ErrorComment="Locked"))]
    peer = pynetdicom_scp([RT_VERIFICATION], handlers)
    file = tmp_path / "delete.toml"
    file.write_text(
        'message = "N-DELETE-RQ"\n[command]\nRequestedSOPClassUID = "RTConventionalMachineVerification"\n'
        f'RequestedSOPInstanceUID = "{UID}"\nMessageID = 4711\nErrorComment = "odd"\n'
    )
    assert send(peer, file) == Exit.FAILURE
    assert seen.commands == [
        {
            "RequestedSOPClassUID": RT_VERIFICATION,
            "CommandField": 0x0150,
            "MessageID": 4711,
            "CommandDataSetType": 0x0101,
            "ErrorComment": "odd",
            "RequestedSOPInstanceUID": UID,
        }
    ]


@pytest.mark.parametrize(
    "files",
    [
        ("mpps-create", "mpps-retrieve", "mpps-completed"),
        ("mpps-create", "mpps-discontinued"),
        ("storage-commitment-request",),
        ("print-presentation-lut", *FILM),
        ("print-1-film-session", "print-2-film-box", "print-3-image-box-grayscale", "print-4-print-film-session"),
        ("ups-create", "ups-find", "ups-subscribe", "ups-claim", "ups-set", "ups-request-cancel", "ups-complete"),
        ("ups-create", "ups-request-cancel"),
        ("ups-create", "ups-subscribe", "ups-unsubscribe", "ups-suspend-global-subscription"),
        ("media-creation-create", "media-creation-initiate"),
        ("media-creation-create", "media-creation-cancel"),
        ("instance-availability",),
    ],
    ids=lambda files: f"{files[0]}..{files[-1]}",
)
def test_the_built_in_peer_takes_what_is_shipped(operator: Operator, files: tuple[str, ...]) -> None:
    assert send(operator.listen(), *files) == Exit.SUCCESS
    assert operator.findings == []


@pytest.mark.parametrize("file", sorted(p.stem for p in SHIPPED.glob("*-event-*.toml")))
def test_the_built_in_peer_heeds_every_shipped_event(operator: Operator, file: str) -> None:
    assert send(operator.listen(), file) == Exit.SUCCESS
    assert operator.findings == []
