"""Storing folders: what is sent, as what, and what is said of the rest."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from engine.model.association import AcceptedSyntax, Policy, Timeouts
from engine.model.commands import Abort, Cancel, PlanStore, StoreFiles
from engine.model.dataset import DataSet
from engine.model.notices import (
    AssociationNotice,
    AssociationPhase,
    Direction,
    ErrorNotice,
    MessageNotice,
    Outcome,
    StatusNotice,
    StoredNotice,
    StorePlanNotice,
)
from engine.model.storing import FileState, StoreOptions, StorePlan
from engine.services.responses import response_to
from engine.standard.transfer_syntaxes import DEFLATED_LE
from engine.wire import datasets
from tests.runtime.console import CT, EXPLICIT, IMPLICIT, Console, keys, proposal
from tests.runtime.scripted import Conversation, scripted

JPEG = "1.2.840.10008.1.2.4.50"


def ct(uid: str) -> bytes:
    data = keys(SOPClassUID=CT, SOPInstanceUID=uid, PatientID="P", StudyInstanceUID="1.2", SeriesInstanceUID="1.3")
    return datasets.encode_dataset(data, EXPLICIT)


def store(console: Console, folder: Path) -> tuple[Outcome, str]:
    peer = console.listen()
    status = console.run(
        StoreFiles(operation=console.new_id(), association=console.new_id(), proposal=proposal(peer), paths=(folder,))
    )
    return status.outcome, status.sentence


def test_a_file_is_sent_as_what_its_data_set_says(console: Console, tmp_path: Path) -> None:
    datasets.write_file(tmp_path / "a.dcm", ct("1.2.3.4"), EXPLICIT, "1.2.840.10008.5.1.4.1.1.4", "9.9.9")
    assert store(console, tmp_path) == (Outcome.SUCCESS, "1 of 1 files stored.")
    sent = console.of(MessageNotice, lambda n: n.direction is Direction.SENT and n.command.command_field == 1)
    assert (sent[0].command.sop_class_uid, sent[0].command.sop_instance_uid) == (CT, "1.2.3.4")


def test_a_folder_is_sent_whole_and_the_rest_named(console: Console, tmp_path: Path) -> None:
    datasets.write_file(tmp_path / "a.dcm", ct("1.2.3.4"), EXPLICIT, CT, "1.2.3.4")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "without-prefix").write_bytes(ct("1.2.3.5"))
    (tmp_path / "notes.txt").write_text("not DICOM")
    (tmp_path / "empty").touch()
    outcome, sentence = store(console, tmp_path)
    assert outcome is Outcome.SUCCESS
    assert sentence.startswith("2 of 2 files stored.")
    assert "Passed over: 2 files" in sentence
    assert "empty" in sentence
    assert "notes.txt" in sentence


def test_a_broken_dicom_file_in_a_folder_is_a_failure(console: Console, tmp_path: Path) -> None:
    datasets.write_file(tmp_path / "a.dcm", ct("1.2.3.4"), EXPLICIT, CT, "1.2.3.4")
    (tmp_path / "b.dcm").write_bytes(bytes(128) + b"DICM" + b"\xff" * 50)
    outcome, sentence = store(console, tmp_path)
    assert outcome is Outcome.FAILURE
    assert "1 of 2 files stored, 1 cannot go." in sentence
    assert "b.dcm" in sentence


# --- the plan -----------------------------------------------------------------------------------------------------


def plan_of(console: Console, *paths: Path, **more: Any) -> tuple[StorePlan, StatusNotice]:
    """What would be sent, and how planning ended."""
    operation = console.new_id()
    status = console.run(PlanStore(operation=operation, association=console.new_id(), paths=paths, **more))
    return console.wait(StorePlanNotice, lambda n: n.operation == operation).plan, status


def reasons(plan: StorePlan) -> dict[str, tuple[FileState, str]]:
    return {f.path.name: (f.state, f.why) for f in plan.files}


def end_states(console: Console, operation: int) -> dict[str, FileState]:
    """The last state told of each file."""
    told = console.of(StoredNotice, lambda n: n.operation == operation)
    return {r.path.name: r.state for n in told for r in n.results}


def write(path: Path, uid: str, syntax: str = EXPLICIT, patient: str = "P") -> Path:
    data = keys(SOPClassUID=CT, SOPInstanceUID=uid, PatientID=patient, StudyInstanceUID="1.2", SeriesInstanceUID="1.3")
    path.parent.mkdir(parents=True, exist_ok=True)
    datasets.write_file(path, datasets.encode_dataset(data, syntax), syntax, CT, uid)
    return path


def test_a_plan_tells_what_cannot_go_and_why_and_sends_nothing(console: Console, tmp_path: Path) -> None:
    write(tmp_path / "a.dcm", "1.2.3.1")
    write(tmp_path / "deep" / "same.dcm", "1.2.3.1")
    write(tmp_path / "deep" / "twin.dcm", "1.2.3.1", patient="Q")
    (tmp_path / "broken.dcm").write_bytes(bytes(128) + b"DICM" + b"\xff" * 50)
    (tmp_path / "notes.txt").write_text("not DICOM")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
    plan, status = plan_of(console, tmp_path, tmp_path / "gone.dcm", tmp_path / "*.nothing", tmp_path / "notes.txt")
    found, no_file = reasons(plan), (FileState.CANNOT_GO, "It is no regular file.")
    assert found["a.dcm"] == (FileState.PLANNED, "")
    assert found["same.dcm"] == (FileState.PASSED_OVER, f"The same instance, byte for byte, as {tmp_path / 'a.dcm'}.")
    assert found["twin.dcm"][0] is FileState.CANNOT_GO
    assert "same SOP Instance UID and other data" in found["twin.dcm"][1]
    assert found["broken.dcm"][0] is FileState.CANNOT_GO
    assert found["notes.txt"][0] is FileState.PASSED_OVER
    assert "Passed over: 2 files without a further instance to store" in status.sentence  # one of them has the same
    assert found.get("pipe", no_file) == no_file
    assert found["gone.dcm"] == (FileState.CANNOT_GO, "No such file or directory.")
    assert found["*.nothing"] == (FileState.CANNOT_GO, "No file fits this pattern.")
    assert (plan.sending, len(plan.associations)) == (1, 1)
    assert status.outcome is Outcome.WARNING
    assert status.sentence.startswith("Planned: 1 file can go, ")
    assert status.sentence.split(", ")[1].startswith(("4 cannot", "5 cannot"))
    assert not console.of(AssociationNotice)
    assert not console.of(MessageNotice)


def test_patterns_are_expanded(console: Console, tmp_path: Path) -> None:
    for name in ("a.dcm", "x/b.dcm", "x/y/c.dcm", "x/y/d.txt"):
        write(tmp_path / name, f"1.2.3.{ord(Path(name).name[0])}")
    plan, _ = plan_of(console, tmp_path / "**" / "*.dcm")
    assert [f.path.name for f in plan.files] == ["a.dcm", "b.dcm", "c.dcm"]
    plan, _ = plan_of(console, tmp_path / "x*")
    assert [f.path.name for f in plan.files] == ["b.dcm", "c.dcm", "d.txt"]
    plan, _ = plan_of(console, tmp_path / "x", tmp_path / "x" / "b.dcm")
    assert [f.path.name for f in plan.files] == ["b.dcm", "c.dcm", "d.txt"]


def test_a_cut_deflated_data_set_is_told(console: Console, tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", "1.2.3.1", DEFLATED_LE)
    (whole,) = plan_of(console, path)[0].files
    assert (whole.note, whole.sop_class_uid) == ("", CT)
    path.write_bytes(path.read_bytes()[:-20])
    (cut,) = plan_of(console, path)[0].files
    assert cut.note.startswith("The data set is cut, or not deflated")


def test_meta_information_that_contradicts_the_data_set_is_told(console: Console, tmp_path: Path) -> None:
    datasets.write_file(tmp_path / "a.dcm", ct("1.2.3.4"), EXPLICIT, CT, "9.9.9")
    (tmp_path / "b").write_bytes(ct("1.2.3.5"))
    a, b = plan_of(console, tmp_path)[0].files
    assert "says SOP Instance UID 9.9.9; what its data set says is sent" in a.note
    assert "no File Meta Information" in b.note


def test_a_dicomdir_stands_for_the_files_it_refers_to(console: Console, tmp_path: Path) -> None:
    write(tmp_path / "dicom" / "im1", "1.2.3.1")
    write(tmp_path / "dicom" / "im2", "1.2.3.2")
    write(tmp_path / "dicom" / "im9", "1.2.3.9")
    records = [
        record("DICOM\\IM1", "1.2.3.1"), record("DICOM\\IM2", "1.2.3.77"), record("DICOM\\IM3", "1.2.3.3"),
        record("..\\IM4", "1.2.3.4"), record("DICOM\\IM9", "1.2.3.9", in_use="0"), keys(DirectoryRecordType="PATIENT"),
    ]  # fmt: skip
    directory = tmp_path / "DICOMDIR"
    encoded = datasets.encode_dataset(keys(DirectoryRecordSequence=records), EXPLICIT)
    datasets.write_file(directory, encoded, EXPLICIT, datasets.MEDIA_STORAGE_DIRECTORY, "1.2.9")
    plan, status = plan_of(console, directory)
    assert [f.path.name for f in plan.of(FileState.PLANNED)] == ["im1", "im2"]
    assert "tells SOP Instance UID 1.2.3.77, the file has 1.2.3.2" in plan.files[1].note
    assert [f.why for f in plan.of(FileState.CANNOT_GO)] == [
        "The DICOMDIR refers to this file, which is not there.",
        "The File ID ..\\IM4 in the DICOMDIR cannot name a file (PS3.10 8.2).",
    ]
    assert (status.outcome, status.failed) == (Outcome.WARNING, 2)
    in_a_folder, _ = plan_of(console, tmp_path)
    assert [f.path.name for f in in_a_folder.of(FileState.PASSED_OVER)] == ["DICOMDIR"]
    assert in_a_folder.sending == 3


def test_a_dicomdir_finds_what_a_disc_shows_with_its_version(console: Console, tmp_path: Path) -> None:
    """ISO 9660 names end in ;1, with a period before it where there is no extension."""
    write(tmp_path / "DICOM" / "IM1;1", "1.2.3.1")
    write(tmp_path / "DICOM" / "IM2.;1", "1.2.3.2")
    write(tmp_path / "DICOM" / "IM3", "1.2.3.3")
    records = [record(f"DICOM\\{name}", f"1.2.3.{n}") for n, name in enumerate(("IM1", "IM2", "IM3;1"), 1)]
    directory = tmp_path / "DICOMDIR;1"
    encoded = datasets.encode_dataset(keys(DirectoryRecordSequence=records), EXPLICIT)
    datasets.write_file(directory, encoded, EXPLICIT, datasets.MEDIA_STORAGE_DIRECTORY, "1.2.9")
    plan, _ = plan_of(console, directory)
    assert [f.path.name for f in plan.of(FileState.PLANNED)] == ["IM1;1", "IM2.;1", "IM3"]


def record(file_id: str, instance: str, in_use: str = "65535") -> DataSet:
    """An IMAGE directory record."""
    return keys(
        RecordInUseFlag=in_use,
        DirectoryRecordType="IMAGE",
        ReferencedFileID=file_id,
        ReferencedSOPClassUIDInFile=CT,
        ReferencedSOPInstanceUIDInFile=instance,
        ReferencedTransferSyntaxUIDInFile=EXPLICIT,
    )


def test_a_plan_can_ask_the_peer(console: Console, tmp_path: Path) -> None:
    write(tmp_path / "a.dcm", "1.2.3.1")
    write(tmp_path / "b.dcm", "1.2.3.2", JPEG)
    only = AcceptedSyntax(abstract_syntax="*", transfer_syntaxes=(IMPLICIT,))
    listener = console.listen(policy=Policy(accepted=(only,)))
    plan, status = plan_of(console, tmp_path, proposal=proposal(listener))
    assert (plan.sending, status.outcome) == (2, Outcome.WARNING)
    a, b = console.wait(StoredNotice).results
    assert (a.state, a.transfer_syntax, a.context_id) == (FileState.PLANNED, IMPLICIT, 3)
    assert b.state is FileState.CANNOT_GO
    assert not console.of(MessageNotice)
    assert "1 file can go, 1 cannot." in status.sentence


# --- sending a plan -----------------------------------------------------------------------------------------------


def command_for(console: Console, where: Any, *paths: Path, **more: Any) -> StoreFiles:
    asked = proposal(where, **more.pop("asked", {}))
    return StoreFiles(operation=console.new_id(), association=console.new_id(), proposal=asked, paths=paths, **more)


def test_what_the_peer_refuses_is_told_before_the_first_file_is_sent(console: Console, tmp_path: Path) -> None:
    write(tmp_path / "a.dcm", "1.2.3.1")
    write(tmp_path / "b.dcm", "1.2.3.2", JPEG)
    only = AcceptedSyntax(abstract_syntax="*", transfer_syntaxes=(EXPLICIT,))
    command = command_for(console, console.listen(policy=Policy(accepted=(only,))), tmp_path)
    status = console.run(command)
    assert (status.outcome, status.completed, status.failed) == (Outcome.FAILURE, 1, 1)
    assert status.unfinished == (tmp_path / "b.dcm",)
    order = [n for n in console.notices if isinstance(n, StoredNotice | MessageNotice)]
    first = next(n for n in order if isinstance(n, MessageNotice))
    refused = next(n for n in order if isinstance(n, StoredNotice))
    assert order.index(refused) < order.index(first)
    assert [r.state for r in refused.results] == [FileState.PLANNED, FileState.CANNOT_GO]
    assert "JPEG Baseline" in refused.results[1].sentence
    assert end_states(console, command.operation) == {"a.dcm": FileState.STORED, "b.dcm": FileState.CANNOT_GO}


def test_a_failure_status_is_told_once(console: Console, tmp_path: Path) -> None:
    write(tmp_path / "a.dcm", "1.2.3.1")

    def script(c: Conversation) -> None:
        c.accept()
        context, command = c.read_command()
        c.send(c.message(context, response_to(command, 0xA700)))
        release(c)

    with scripted(script) as peer:
        command = command_for(console, peer, tmp_path)
        status = console.run(command)
    assert status.outcome is Outcome.FAILURE
    assert not console.of(ErrorNotice)
    (result,) = console.of(StoredNotice)[-1].results
    assert (result.state, result.status) == (FileState.FAILED, 0xA700)


def test_an_abort_leaves_each_file_with_its_end_and_the_rest_can_be_sent(console: Console, tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path / f"{number}.dcm", f"1.2.3.{number}")

    def script(c: Conversation) -> None:
        c.accept()
        for status in (0, 0xB000, 0xA900):
            context, command = c.read_command()
            c.send(c.message(context, response_to(command, status)))
        c.read_command()
        c.send(b"\x07\0\0\0\0\4\0\0\0\0")
        c.wait_closed()

    with scripted(script) as peer:
        command = command_for(console, peer, tmp_path)
        status = console.run(command)
    assert status.outcome is Outcome.ABORTED
    assert [s.value for s in end_states(console, command.operation).values()] == [
        "stored", "warning", "failed", "no response", "not sent", "not sent",
    ]  # fmt: skip
    assert "1 of 6 files stored, 1 with a warning, 1 failed, 1 sent without a response, 2 not sent." in status.sentence
    assert [p.name for p in status.unfinished] == ["2.dcm", "3.dcm", "4.dcm", "5.dcm"]
    again = command_for(console, console.listen(), *status.unfinished)
    assert console.run(again).completed == 4


def test_after_an_abort_the_rest_goes_on_another_association_when_asked(console: Console, tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path / f"{number}.dcm", f"1.2.3.{number}")
    aborting = iter((True, False))

    def script(c: Conversation) -> None:
        c.accept()
        abort = next(aborting)
        for _ in range(2):
            context, command = c.read_command()
            if abort and command.sop_instance_uid == "1.2.3.1":
                c.send(b"\x07\0\0\0\0\4\0\0\0\0")
                c.wait_closed()
                return
            c.send(c.message(context, response_to(command, 0)))
        release(c)

    with scripted(script) as peer:
        command = command_for(console, peer, tmp_path, options=StoreOptions(resume=True))
        status = console.run(command)
    assert [s.value for s in end_states(console, command.operation).values()] == [
        "stored", "no response", "stored", "stored",
    ]  # fmt: skip
    assert status.outcome is Outcome.FAILURE
    assert status.unfinished == (tmp_path / "1.dcm",)


def test_our_own_abort_ends_it_all_the_same(console: Console, tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / f"{number}.dcm", f"1.2.3.{number}")

    def script(c: Conversation) -> None:
        c.accept()
        context, command = c.read_command()
        c.send(c.message(context, response_to(command, 0)))
        c.wait_closed()

    with scripted(script) as peer:
        command = command_for(console, peer, tmp_path, options=StoreOptions(resume=True))
        console.submit(command)
        console.wait(StoredNotice, lambda n: n.results[0].state is FileState.STORED)
        console.submit(Abort(association=command.association))
        status = console.status(command.operation)
    assert (status.outcome, status.completed, status.remaining) == (Outcome.ABORTED, 1, 2)


def test_the_rest_of_a_plan_is_sent_with_the_same_numbers(console: Console, tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path / f"{number}.dcm", f"1.2.3.{number}")
    plan, _ = plan_of(console, tmp_path)
    command = command_for(console, console.listen(), plan=plan, only=frozenset({1, 4}))
    assert console.run(command).completed == 2
    told = console.of(StoredNotice, lambda n: n.operation == command.operation)
    assert {r.number for n in told for r in n.results} == {1, 4}


def test_storing_stops_at_the_first_failure_when_asked(console: Console, tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path / f"{number}.dcm", f"1.2.3.{number}")

    def script(c: Conversation) -> None:
        c.accept()
        for status in (0, 0xA700):
            context, command = c.read_command()
            c.send(c.message(context, response_to(command, status)))
        release(c)

    with scripted(script) as peer:
        command = command_for(console, peer, tmp_path, options=StoreOptions(stop_at_failure=True))
        status = console.run(command)
    assert (status.outcome, status.completed, status.failed, status.remaining) == (Outcome.FAILURE, 1, 1, 2)
    assert "Stopped at the first failure, 1.dcm." in status.sentence


def test_files_go_over_several_associations_at_once_and_again(console: Console, tmp_path: Path) -> None:
    for number in range(9):
        write(tmp_path / f"{number}.dcm", f"1.2.3.{number}")
    options = StoreOptions(parallel=3, files_per_association=2, repeat=2)
    command = command_for(console, console.listen(), tmp_path, options=options)
    status = console.run(command)
    assert (status.outcome, status.completed) == (Outcome.SUCCESS, 18)
    opened = console.of(AssociationNotice, lambda n: n.requestor and n.phase is AssociationPhase.ESTABLISHED)
    assert len(opened) == 10
    assert command.association in {n.association for n in opened}
    alive, most = 0, 0
    for notice in console.of(AssociationNotice, lambda n: n.requestor):
        alive += (notice.phase is AssociationPhase.ESTABLISHED) - (notice.phase is AssociationPhase.RELEASED)
        most = max(most, alive)
    assert most == 3


def test_cancel_gives_up_all_associations_on_their_way(console: Console, tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path / f"{number}.dcm", f"1.2.3.{number}")
    with ExitStack() as stack:
        peer = stack.enter_context(scripted(Conversation.wait_closed))
        options = StoreOptions(parallel=2)
        command = command_for(console, peer, tmp_path, options=options, asked={"timeouts": Timeouts(acse=60)})
        console.submit(command)
        console.wait(AssociationNotice, lambda n: n.phase is AssociationPhase.NEGOTIATING)
        console.submit(Cancel(operation=command.operation))
        status = console.status(command.operation)
    assert (status.outcome, status.remaining) == (Outcome.CANCELLED, 4)


def test_a_file_that_breaks_off_costs_its_association_and_no_other_file(console: Console, tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{number}.dcm", f"1.2.3.{number}") for number in range(4)]
    plan, _ = plan_of(console, tmp_path)
    paths[1].write_bytes(paths[1].read_bytes()[:-10])
    command = command_for(console, console.listen(), plan=plan)
    status = console.run(command)
    assert (status.outcome, status.completed, status.failed) == (Outcome.FAILURE, 3, 1)
    assert status.unfinished == (paths[1],)


def release(c: Conversation) -> None:
    assert c.read_pdu()[0] == 5
    c.send(b"\x06\0\0\0\0\4\0\0\0\0")
    c.wait_closed()
