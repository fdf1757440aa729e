"""Worklist item, performed step, commitment and notification with DCMTK, Orthanc and pynetdicom as providers."""

from __future__ import annotations

import shutil
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt

from engine.cli.exits import Exit
from engine.cli.main import main
from engine.model.association import LocalAE, Policy
from engine.model.commands import Listen, PeerSettings, ReadReferences, Retrieve, RunProcedure
from engine.model.notices import (
    Direction,
    MessageNotice,
    Outcome,
    ReferencesNotice,
    StatusNotice,
    StepNotice,
    StepState,
)
from engine.model.procedures.base import Procedure
from engine.model.procedures.modality import (
    AwaitCommitment,
    ChangePerformedStep,
    CreatePerformedStep,
    NotifyAvailability,
    RequestCommitment,
)
from engine.model.references import Reference
from engine.model.tls import TlsSettings
from engine.trace.explain import data_set_of
from engine.workspace.availability import notifications
from engine.workspace.performed_steps import Performing, begun, ended
from engine.workspace.worklist import WORKLIST, WorklistItem, worklist_keys
from tests.interop import peers, samples
from tests.interop.normalized_peers import AVAILABILITY, COMMITMENT, COMMITMENT_INSTANCE, CT, MPPS, Later, Seen, made
from tests.interop.normalized_providers import Archive, Steps
from tests.interop.operating import Operator
from tests.runtime.tls_files import make_files

pytestmark = pytest.mark.interop

NOW = datetime(2026, 1, 31, 8, 15, tzinfo=UTC)
ASKED = ((CT, "1.1"), (CT, "1.2"))


def begin(operator: Operator, peer: peers.Peer, procedure: Procedure, listen: int | None = None, **options: Any) -> int:
    """Start a procedure on an association of its own; returns its operation."""
    operation = operator.engine.new_id()
    listener = None
    if listen is not None:
        settings = PeerSettings(policy=Policy(local=LocalAE(ae_title="CONSOLE")))
        listener = Listen(listener=operator.engine.new_id(), port=listen, settings=settings)
    operator.engine.submit(
        RunProcedure(
            operation=operation,
            association=operator.engine.new_id(),
            proposal=operator.proposal(peer, (), **options),
            procedure=procedure,
            listen=listener,
        )
    )
    return operation


def run(
    operator: Operator, peer: peers.Peer, procedure: Procedure, listen: int | None = None, **options: Any
) -> StatusNotice:
    """A procedure to its end."""
    operation = begin(operator, peer, procedure, listen, **options)
    return operator.wait(StatusNotice, lambda n: n.operation == operation, seconds=40.0)


def references(operator: Operator, *paths: Path) -> tuple[Reference, ...]:
    operation = operator.engine.new_id()
    operator.engine.submit(ReadReferences(operation=operation, paths=paths))
    return operator.wait(ReferencesNotice, lambda n: n.operation == operation).found.references


def request(**more: Any) -> RequestCommitment:
    return RequestCommitment(**{"transaction_uid": "1.2.3.77", "asked": ASKED, **more})


def items_of(operator: Operator, peer: peers.Peer, **keys: str) -> list[WorklistItem]:
    operation = operator.engine.new_id()
    operator.engine.submit(
        Retrieve(
            operation=operation,
            association=operator.engine.new_id(),
            proposal=operator.proposal(peer, (WORKLIST,)),
            service="C-FIND",
            sop_class_uid=WORKLIST,
            identifier=worklist_keys(**keys),
        )
    )
    assert operator.wait(StatusNotice, lambda n: n.operation == operation).outcome is Outcome.SUCCESS
    found = operator.all(
        MessageNotice, lambda m: m.operation == operation and m.direction is Direction.RECEIVED and m.data is not None
    )
    return [WorklistItem(data_set_of(m.data, m.transfer_syntax)) for m in found if m.data is not None]


# --- worklist and step ------------------------------------------------------------------------------------------------


def test_an_item_of_wlmscpfs_is_performed_and_completed(
    operator: Operator,
    wlmscpfs: Callable[..., Any],
    pynetdicom_scp: Callable[..., Any],
    archive: list[samples.Sample],
) -> None:
    worklist = wlmscpfs("-csk")
    for patient in (1, 2):
        samples.worklist_item(worklist.folder / f"{patient}.wl", patient)
    assert len(items_of(operator, worklist)) == 2
    (item,) = items_of(operator, worklist, patient="*Nr2")
    assert (item.patient, item.step_id, item.begins) == ("Prüfling^Nr2", "SPS002", "2024-01-02 09:00")
    steps = Steps()
    ris = pynetdicom_scp([MPPS], steps.handlers)
    attributes = begun(item.data, Performing(station_ae_title="CONSOLE"), NOW)
    assert (
        run(operator, ris, CreatePerformedStep(sop_instance_uid="2.25.3", attributes=attributes)).outcome
        is Outcome.SUCCESS
    )
    held = steps.held["2.25.3"]
    assert held.PatientName == "Prüfling^Nr2"
    assert held.ScheduledStepAttributesSequence[0].ScheduledProcedureStepID == "SPS002"
    assert held.ScheduledStepAttributesSequence[0].StudyInstanceUID == samples.uid("study", 2, 1)
    found = references(operator, *(s.path for s in archive if s.patient_id == "PAT002"))
    changes = ended("COMPLETED", NOW, found, retrieve_ae_title="ARCHIVE")
    status = run(operator, ris, ChangePerformedStep(sop_instance_uid="2.25.3", changes=changes))
    assert status.sentence == "The step is COMPLETED."
    assert held.PerformedProcedureStepStatus == "COMPLETED"
    assert len(held.PerformedSeriesSequence) == 3
    others = [len(s.ReferencedNonImageCompositeSOPInstanceSequence) for s in held.PerformedSeriesSequence]
    assert sorted(others) == [0, 0, 1], "the report is no image"
    again = run(operator, ris, ChangePerformedStep(sop_instance_uid="2.25.3", changes=changes))
    assert again.outcome is Outcome.FAILURE
    assert "0110H" in again.sentence
    assert operator.findings == []


def test_a_step_nobody_knows_and_one_created_twice(operator: Operator, pynetdicom_scp: Callable[..., Any]) -> None:
    ris = pynetdicom_scp([MPPS], Steps().handlers)
    create = CreatePerformedStep(
        sop_instance_uid="2.25.3", attributes=begun(None, Performing(station_ae_title="M"), NOW)
    )
    assert run(operator, ris, create).outcome is Outcome.SUCCESS
    assert "0111H" in run(operator, ris, create).sentence
    unknown = run(operator, ris, ChangePerformedStep(sop_instance_uid="2.25.4", changes=ended("DISCONTINUED", NOW)))
    assert "0112H" in unknown.sentence


# --- commitment -------------------------------------------------------------------------------------------------------


def test_committed_on_the_same_association(operator: Operator, pynetdicom_scp: Callable[..., Any]) -> None:
    archive = Archive("1.1", "1.2")
    status = run(operator, pynetdicom_scp([COMMITMENT], archive.handlers), request())
    assert (status.outcome, status.sentence) == (
        Outcome.SUCCESS,
        "Committed: all 2 instances are safe with the peer.",
    )
    assert archive.later.wait() == [0x0000]
    assert operator.findings == []


def test_partly_failed(operator: Operator, pynetdicom_scp: Callable[..., Any]) -> None:
    archive = Archive("1.1")
    status = run(operator, pynetdicom_scp([COMMITMENT], archive.handlers), request())
    assert status.outcome is Outcome.FAILURE
    assert "1 of 2 instances committed, 1 failed with 0112H No such object instance" in status.sentence
    assert archive.later.wait() == [0x0000]


def test_orthanc_reports_on_an_association_of_its_own(
    operator: Operator, orthanc: Callable[..., Any], archive: list[samples.Sample]
) -> None:
    port = peers.free_port()
    peer = orthanc(modalities={"console": ("CONSOLE", port)})
    ct = [s for s in archive if s.modality == "CT"]
    for sample in ct[:2]:
        peer.rest("POST", "/instances", sample.path.read_bytes())
    asked = tuple((s.sop_class_uid, s.sop_instance_uid) for s in ct[:2])
    status = run(operator, peer, request(asked=asked, seconds=30.0, listening=True), listen=port)
    assert status.sentence == "Committed: all 2 instances are safe with the peer."
    more = tuple((s.sop_class_uid, s.sop_instance_uid) for s in ct[:3])
    status = run(
        operator, peer, request(transaction_uid="1.2.3.78", asked=more, seconds=30.0, listening=True), listen=port
    )
    assert "2 of 3 instances committed" in status.sentence


class Late:
    """Takes the request and reports on the next association of the SCU."""

    def __init__(self, transaction: str = "") -> None:
        self.asked: Dataset | None = None
        self.later = Later()
        self._transaction = transaction

    @property
    def handlers(self) -> list[tuple[Any, ...]]:
        return [(evt.EVT_N_ACTION, self.action), (evt.EVT_ESTABLISHED, self.established)]

    def action(self, event: evt.Event) -> tuple[Any, None]:
        self.asked = event.action_information
        return 0x0000, None

    def established(self, event: evt.Event) -> None:
        if self.asked is None:
            return
        told = made(TransactionUID=self._transaction or self.asked.TransactionUID)
        told.ReferencedSOPSequence = self.asked.ReferencedSOPSequence
        assoc = event.assoc
        self.later.do(lambda: assoc.send_n_event_report(told, 1, COMMITMENT, COMMITMENT_INSTANCE)[0].Status)


def test_reported_on_the_next_association(operator: Operator, pynetdicom_scp: Callable[..., Any]) -> None:
    late = Late()
    peer = pynetdicom_scp([COMMITMENT], late.handlers)
    status = run(operator, peer, request(seconds=0.2))
    assert status.outcome is Outcome.TIMED_OUT
    assert "no report came on this association within 0.2 s" in status.sentence
    status = run(operator, peer, AwaitCommitment(transaction_uid="1.2.3.77", asked=ASKED, seconds=20.0))
    assert status.outcome is Outcome.SUCCESS
    assert late.later.wait() == [0x0000]


def test_a_report_of_another_transaction_is_answered_and_named(
    operator: Operator, pynetdicom_scp: Callable[..., Any]
) -> None:
    late = Late("1.2.3.99")
    peer = pynetdicom_scp([COMMITMENT], late.handlers)
    run(operator, peer, request(seconds=0.0))
    status = run(operator, peer, AwaitCommitment(transaction_uid="1.2.3.77", asked=ASKED, seconds=2.0))
    assert status.outcome is Outcome.TIMED_OUT
    assert "another transaction, 1.2.3.99" in status.sentence
    assert late.later.wait() == [0x0000], "it is answered all the same"


def test_an_abort_while_the_report_is_awaited(operator: Operator, pynetdicom_scp: Callable[..., Any]) -> None:
    later, taken = Later(), threading.Event()

    def action(event: evt.Event) -> tuple[int, None]:
        assoc = event.assoc
        later.do(lambda: taken.wait(20.0) and assoc.abort())
        return 0x0000, None

    peer = pynetdicom_scp([COMMITMENT], [(evt.EVT_N_ACTION, action)])
    operation = begin(operator, peer, request(seconds=600.0))
    operator.wait(StepNotice, lambda n: n.name == "Await its report" and n.state is StepState.RUNNING)
    taken.set()
    status = operator.wait(StatusNotice, lambda n: n.operation == operation)
    assert status.outcome is Outcome.ABORTED
    assert "Done: Ask for the commitment." in status.sentence
    assert "Not done: Await its report." in status.sentence
    told = {n.name: n.state for n in operator.all(StepNotice, lambda n: n.operation == status.operation)}
    assert told == {"Ask for the commitment": StepState.DONE, "Await its report": StepState.FAILED}


def test_a_refused_request(operator: Operator, pynetdicom_scp: Callable[..., Any]) -> None:
    def action(_event: evt.Event) -> tuple[Any, None]:
        return made(Status=0x0110, ErrorComment="No room"), None

    status = run(operator, pynetdicom_scp([COMMITMENT], [(evt.EVT_N_ACTION, action)]), request(seconds=600.0))
    assert status.outcome is Outcome.FAILURE
    assert "The request was refused" in status.sentence
    assert "No room" in status.sentence


def test_a_dicomdir_names_instances_whose_files_are_gone(
    operator: Operator, client: Callable[..., Any], archive: list[samples.Sample], tmp_path: Path
) -> None:
    disc = tmp_path / "DISC"
    disc.mkdir()
    ct = [s for s in archive if s.modality == "CT"][:2]
    for number, sample in enumerate(ct):
        shutil.copy(sample.path, disc / f"IM{number}")
    client("dcmmkdir", "--general-purpose", "IM0", "IM1", cwd=disc).succeeded()
    (disc / "IM1").unlink()
    found = references(operator, disc / "DICOMDIR")
    assert {r.sop_instance_uid for r in found} == {s.sop_instance_uid for s in ct}


def test_the_command_line_awaits_an_earlier_transaction(
    pynetdicom_scp: Callable[..., Any], archive: list[samples.Sample], tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    """Asked in one run, reported in the next: the workspace knows the transaction."""
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(tmp_path / "workspace"))
    late = Late()
    peer = pynetdicom_scp([COMMITMENT], late.handlers)
    where = [peer.host, str(peer.port), "--called", peer.ae_title]
    assert main(["commit", *where, str(archive[0].path), "--wait", "0"]) == Exit.SUCCESS
    assert "is not waited for" in capsys.readouterr().out
    assert main(["commit", *where, "--await", "last", "--wait", "20"]) == Exit.SUCCESS
    assert "Committed: the instance is safe with the peer." in capsys.readouterr().out
    assert late.later.wait() == [0x0000]
    assert main(["commit", *where, "--await", "last"]) == Exit.USAGE, "nothing waits any more"


def test_the_command_line_listens_for_orthancs_report(
    orthanc: Callable[..., Any], archive: list[samples.Sample], tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(tmp_path / "workspace"))
    port = peers.free_port()
    peer = orthanc(modalities={"console": ("CONSOLE", port)})
    peer.rest("POST", "/instances", archive[0].path.read_bytes())
    where = [peer.host, str(peer.port), "--called", peer.ae_title, "--calling", "CONSOLE"]
    paths = [str(s.path) for s in archive[:2]]
    assert main(["commit", *where, *paths, "--listen", str(port), "--wait", "30"]) == Exit.FAILURE
    assert "1 of 2 instances committed, 1 failed with 0112H" in capsys.readouterr().err


# --- availability -----------------------------------------------------------------------------------------------------


def test_availability_is_notified_study_by_study(
    operator: Operator, pynetdicom_scp: Callable[..., Any], archive: list[samples.Sample]
) -> None:
    held: list[Dataset] = []
    seen = Seen()

    def create(event: evt.Event) -> tuple[int, Dataset]:
        held.append(event.attribute_list)
        return 0x0000, event.attribute_list

    peer = pynetdicom_scp([AVAILABILITY], [seen.handler, (evt.EVT_N_CREATE, create)])
    found = references(operator, archive[0].path.parent)
    told = notifications(found, "ONLINE", "ARCHIVE", "2.25.3")
    status = run(operator, peer, NotifyAvailability(notifications=tuple((f"2.25.{n}", d) for n, d in enumerate(told))))
    assert status.sentence == "3 of 3 studies notified."
    assert sum(len(s.ReferencedSOPSequence) for d in held for s in d.ReferencedSeriesSequence) == 8
    assert held[0].ReferencedPerformedProcedureStepSequence[0].ReferencedSOPInstanceUID == "2.25.3"
    assert operator.findings == []


# --- over TLS ---------------------------------------------------------------------------------------------------------


def test_a_commitment_over_mutual_tls(operator: Operator, pynetdicom_scp: Callable[..., Any], tmp_path: Path) -> None:
    files = make_files(tmp_path / "tls")
    theirs, ours = files.apart("peer"), files.apart("console")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*theirs)
    context.load_verify_locations(files.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    archive = Archive("1.1", "1.2")
    peer = pynetdicom_scp([COMMITMENT], archive.handlers, tls=context)
    tls = TlsSettings(ca_file=files.ca, certificate=ours[0], key=ours[1])
    status = run(operator, peer, request(), tls=tls)
    assert status.outcome is Outcome.SUCCESS, status.sentence
    assert archive.later.wait() == [0x0000]
