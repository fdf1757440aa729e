"""Storing folders: what is sent, as what, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path

from engine.model.commands import StoreFiles
from engine.model.notices import Direction, MessageNotice, Outcome
from engine.wire import datasets
from tests.runtime.console import CT, EXPLICIT, Console, keys, proposal


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
    assert "1 of 2 files stored, 1 failed." in sentence
    assert "b.dcm" in sentence
