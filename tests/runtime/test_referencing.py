"""Reading which instances files hold, and waiting for a report that only the own association can bring."""

from __future__ import annotations

from pathlib import Path

from engine.model.commands import Abort, Cancel, Listen, PeerSettings, ReadReferences, RunProcedure
from engine.model.notices import ListenerNotice, Outcome, ReferencesNotice, StatusNotice, StepNotice, StepState
from engine.model.procedures.modality import AwaitCommitment, RequestCommitment
from engine.wire.datasets import encode_dataset, write_file

from .console import CT, EXPLICIT, Console, keys, proposal

ASKED = ((CT, "1.9.1"),)


def _file(path: Path, uid: str, **more: str) -> Path:
    data = keys(SOPClassUID=CT, SOPInstanceUID=uid, StudyInstanceUID="1.2", SeriesInstanceUID="1.2.1", **more)
    write_file(path, encode_dataset(data, EXPLICIT), EXPLICIT, CT, uid)
    return path


def _read(console: Console, *paths: Path) -> tuple[ReferencesNotice, StatusNotice]:
    operation = console.new_id()
    console.submit(ReadReferences(operation=operation, paths=paths))
    status = console.status(operation)
    (found,) = console.of(ReferencesNotice, lambda n: n.operation == operation)
    return found, status


def _run(console: Console, where: object, procedure: object, listen: Listen | None = None) -> RunProcedure:
    asked = proposal(where)
    asked = type(asked)(local=asked.local, peer=asked.peer, timeouts=asked.timeouts)
    return RunProcedure(
        operation=console.new_id(), association=console.new_id(), proposal=asked, procedure=procedure, listen=listen
    )  # type: ignore[arg-type]


def test_a_folder_gives_its_instances_with_their_series(console: Console, tmp_path: Path) -> None:
    _file(tmp_path / "a.dcm", "1.9.1", ProtocolName="Thorax")
    _file(tmp_path / "b.dcm", "1.9.1")  # the same instance, other bytes
    _file(tmp_path / "c.dcm", "1.9.2")
    (tmp_path / "note.txt").write_text("no DICOM", encoding="utf-8")
    found, status = _read(console, tmp_path)
    assert [r.sop_instance_uid for r in found.found.references] == ["1.9.1", "1.9.2"]
    first = found.found.references[0]
    assert (first.study_instance_uid, first.series_instance_uid, first.protocol_name) == ("1.2", "1.2.1", "Thorax")
    assert len(found.found.problems) == 1
    assert status.sentence == "2 instances found, 1 file left out."


def test_what_is_not_there_is_a_problem(console: Console, tmp_path: Path) -> None:
    found, status = _read(console, tmp_path / "missing.dcm")
    assert found.found.references == ()
    assert "missing.dcm" in found.found.problems[0]
    assert status.outcome is Outcome.NOT_SENT


def test_the_wait_ends_with_its_association_when_nobody_listens(console: Console) -> None:
    command = _run(console, console.listen(), AwaitCommitment(transaction_uid="2.25.1", asked=ASKED, seconds=600.0))
    console.submit(command)
    console.wait(StepNotice, lambda n: n.state is StepState.RUNNING)
    console.submit(Abort(association=command.association))
    status = console.status(command.operation)
    assert status.outcome is Outcome.ABORTED
    assert "The association ended before the report came" in status.sentence


def test_a_wait_cut_short_has_not_timed_out(console: Console) -> None:
    asked = AwaitCommitment(transaction_uid="2.25.1", asked=ASKED, seconds=600.0, listening=True)
    command = _run(console, console.listen(), asked)
    console.submit(command)
    console.wait(StepNotice, lambda n: n.state is StepState.RUNNING)
    console.submit(Cancel(operation=command.operation))
    assert console.status(command.operation).outcome is Outcome.CANCELLED


def test_the_listener_is_gone_when_the_end_is_told(console: Console) -> None:
    """The same port can be listened on at once by the next procedure."""
    peer = console.listen()
    port = 0
    for number in (1, 2):
        listen = Listen(listener=console.new_id(), port=port, settings=PeerSettings())
        asked = RequestCommitment(transaction_uid=f"2.25.{number}", asked=ASKED, seconds=20.0, listening=True)
        status = console.run(_run(console, peer, asked, listen))
        assert "1 failed with 0112H" in status.sentence
        port = next(n.port for n in console.of(ListenerNotice) if n.listener == listen.listener and n.listening)
