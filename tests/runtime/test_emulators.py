"""The emulators of the built-in peer: on and off, set up, filled."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.model.commands import Listen, MoveDestination, Outgoing, PeerSettings, StopListening
from engine.model.dataset import DataSet
from engine.model.emulation import (
    EMULATORS,
    NAMES,
    CommitmentOptions,
    Emulation,
    PrinterOptions,
    ReportOn,
    emulator_of,
)
from engine.model.notices import (
    AssociationNotice,
    AssociationPhase,
    Direction,
    ErrorNotice,
    ListenerNotice,
    MessageNotice,
    Outcome,
)
from engine.services.responses import response_to
from engine.standard.sop_classes import sop_classes
from engine.wire import datasets
from engine.workspace.emulation_text import read_emulation, write_emulation
from tests.runtime.console import CT, HOST, Console, decoded, find_rq, keys, n_message, proposal, store_rq

VERIFICATION, MPPS, WORKLIST = "1.2.840.10008.1.1", "1.2.840.10008.3.1.2.3.3", "1.2.840.10008.5.1.4.31"
STUDY_FIND, COMMITMENT = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.1.20.1"
PRINT, UPS, PATIENT = "1.2.840.10008.5.1.1.9", "1.2.840.10008.5.1.4.34.6.1", "1.2.840.10008.5.1.4.37.1"
AVAILABILITY, MEDIA, PRIVATE = "1.2.840.10008.5.1.4.33", "1.2.840.10008.5.1.1.33", "1.2.3.4.5"
ONE_OF_EACH = {
    VERIFICATION: "verification",
    CT: "storage",
    STUDY_FIND: "query",
    WORKLIST: "worklist",
    MPPS: "mpps",
    COMMITMENT: "commitment",
    AVAILABILITY: "availability",
    PRINT: "print",
    UPS: "ups",
    PATIENT: "patient",
    MEDIA: "generic",
    PRIVATE: "generic",
}


def accepted(console: Console, number: int) -> set[str]:
    told = console.wait(
        AssociationNotice, lambda n: n.association == number and n.phase is AssociationPhase.ESTABLISHED
    )
    assert told.negotiated is not None
    return {c.abstract_syntax for c in told.negotiated.contexts if c.accepted}


def test_each_sop_class_of_the_standard_has_one_emulator() -> None:
    assert [e.name for e in EMULATORS] == list(NAMES) == sorted(set(NAMES), key=NAMES.index)
    assert {uid: emulator_of(uid).name for uid in ONE_OF_EACH} == ONE_OF_EACH
    used = {emulator_of(uid).name for uid in sop_classes()}
    assert used == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_one_alone_and_all_but_it(name: str, console: Console) -> None:
    for on in ({name}, set(NAMES) - {name}):
        where = console.listen(emulation=Emulation(on=frozenset(on)))
        number = console.open(proposal(where, *ONE_OF_EACH))
        assert accepted(console, number) == {uid for uid, n in ONE_OF_EACH.items() if n in on}
        console.release(number)


def test_why_a_class_was_not_accepted_is_told(console: Console) -> None:
    where = console.listen(emulation=Emulation(on=frozenset({"verification"})))
    console.open(proposal(where, VERIFICATION, CT))
    told = console.wait(
        AssociationNotice,
        lambda n: n.listener == where.listener and n.phase is AssociationPhase.ESTABLISHED and n.negotiated,
    )
    assert told.negotiated is not None
    assert "the emulator storage is switched off" in told.negotiated.contexts[1].reason


# --- storage commitment -------------------------------------------------------------------------------------------


def ask_commitment(console: Console, number: int, *uids: str, transaction: str = "1.2.9") -> None:
    items = tuple(keys(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID=uid) for uid in uids)
    data = keys(TransactionUID=transaction, ReferencedSOPSequence=items)
    message = n_message(
        "N-ACTION-RQ",
        data,
        RequestedSOPClassUID=COMMITMENT,
        RequestedSOPInstanceUID=f"{COMMITMENT}.1",
        ActionTypeID=1,
    )
    assert console.send(number, message).outcome is Outcome.SUCCESS


def report(console: Console) -> MessageNotice:
    return console.wait(
        MessageNotice, lambda m: m.command.command_field == 0x0100 and m.direction is Direction.RECEIVED
    )


def test_failures_by_choice(console: Console) -> None:
    options = CommitmentOptions(fail_every=2, reason=0x0213)
    where = console.listen(emulation=Emulation(commitment=options))
    number = console.open(proposal(where, CT, COMMITMENT))
    for uid in ("1.1", "1.2", "1.3", "1.4"):
        assert console.send(number, store_rq(CT, uid, keys(SOPClassUID=CT, SOPInstanceUID=uid))).status == 0
    ask_commitment(console, number, "1.1", "1.2", "1.3", "1.4")
    told = decoded(report(console))
    assert [i.text(0x00081155) for i in told.items(0x00081199)] == ["1.1", "1.3"]
    assert [(i.text(0x00081155), i.text(0x00081197)) for i in told.items(0x00081198)] == [
        ("1.2", "531"),
        ("1.4", "531"),
    ]


@pytest.mark.parametrize("route", [ReportOn.SAME, ReportOn.NEW])
def test_the_report_on_the_same_or_on_a_new_association(route: ReportOn, console: Console) -> None:
    own = console.listen()
    options = CommitmentOptions(report=route, delay=0.05)
    destination = MoveDestination(ae_title="CONSOLE", host=HOST, port=own.port)
    where = console.listen(emulation=Emulation(commitment=options), destinations=(destination,))
    number = console.open(proposal(where, COMMITMENT))
    ask_commitment(console, number, "1.1")
    assert (report(console).association == number) is (route is ReportOn.SAME)


def test_a_report_for_the_same_association_is_lost_with_it(console: Console) -> None:
    options = CommitmentOptions(report=ReportOn.SAME, delay=1.5)  # the release comes before
    where = console.listen(emulation=Emulation(commitment=options))
    number = console.open(proposal(where, COMMITMENT))
    ask_commitment(console, number, "1.1")
    console.release(number)
    assert "no other is to be used" in console.wait(ErrorNotice).sentence


def test_a_report_that_could_not_be_delivered_is_tried_again(console: Console) -> None:
    """Its receiver is nowhere to be found until it calls again."""
    options = CommitmentOptions(delay=1.5, retries=9, retry_after=0.2)  # the release comes before
    where = console.listen(emulation=Emulation(commitment=options))
    number = console.open(proposal(where, COMMITMENT))
    ask_commitment(console, number, "1.1", transaction="1.2.78")
    console.release(number)
    assert "tried again in 0.2 s (1 of 9)" in console.wait(ErrorNotice).sentence
    console.wait(ErrorNotice, lambda n: "tried again in 0.4 s (2 of 9)" in n.sentence)
    console.open(proposal(where, COMMITMENT))
    assert decoded(report(console)).text(0x00081195) == "1.2.78"


def test_a_report_that_is_refused_is_told_and_tried_again(console: Console) -> None:
    """It counted as delivered, and nobody was told."""
    options = CommitmentOptions(retries=2, retry_after=0.01)
    where = console.listen(emulation=Emulation(commitment=options))
    number = console.open(proposal(where, COMMITMENT), auto_answer=False)
    ask_commitment(console, number, "1.1")

    def reports() -> list[MessageNotice]:
        return console.of(
            MessageNotice, lambda m: m.command.command_field == 0x0100 and m.direction is Direction.RECEIVED
        )

    for count, status in ((1, 0x0110), (2, 0x0000)):
        console.wait(MessageNotice, lambda _, count=count: len(reports()) == count)
        answer = response_to(reports()[-1].command, status, comment="Not now")
        assert console.send(number, Outgoing(command=answer)).outcome is Outcome.SUCCESS
    (told,) = {n.sentence for n in [console.wait(ErrorNotice)]}
    assert "could not be delivered: it was answered with 0110H Processing Failure — Not now. It is tried" in told
    console.release(number)
    assert len(reports()) == 2 and len(console.of(ErrorNotice)) == 1


def test_retries_come_to_an_end_and_are_over_with_the_peer(console: Console) -> None:
    options = CommitmentOptions(report=ReportOn.NEW, retries=1, retry_after=0.01)
    where = console.listen(emulation=Emulation(commitment=options))
    number = console.open(proposal(where, COMMITMENT))
    ask_commitment(console, number, "1.1")
    assert "the last of 2 tries" in console.wait(ErrorNotice, lambda n: "last" in n.sentence).sentence
    patient = console.listen(emulation=Emulation(commitment=replace(options, retry_after=3600.0)))
    number = console.open(proposal(patient, COMMITMENT))
    ask_commitment(console, number, "1.1")
    console.wait(ErrorNotice, lambda n: "3600 s" in n.sentence)
    stop(console, patient)


def test_a_report_owed_is_delivered_after_a_restart(console: Console, tmp_path: Path) -> None:
    """The requester was gone and nobody knew where it is; the next start knows."""
    own = console.listen()
    first = console.listen(tmp_path, emulation=Emulation(commitment=CommitmentOptions(report=ReportOn.NEW)))
    number = console.open(proposal(first, COMMITMENT))
    ask_commitment(console, number, "1.1", transaction="1.2.77")
    assert "could not be delivered" in console.wait(ErrorNotice).sentence
    stop(console, first)
    destination = MoveDestination(ae_title="CONSOLE", host=HOST, port=own.port)
    second = console.listen(tmp_path, destinations=(destination,))
    assert decoded(report(console)).text(0x00081195) == "1.2.77"
    console.wait(MessageNotice, lambda m: m.command.command_field == 0x8100 and m.direction is Direction.RECEIVED)
    console.echo(second)  # the answer was taken note of before this is served
    stop(console, second)
    before = len(console.of(MessageNotice, lambda m: m.command.command_field == 0x0100))
    third = console.listen(tmp_path, destinations=(destination,))
    stop(console, third)
    assert len(console.of(MessageNotice, lambda m: m.command.command_field == 0x0100)) == before


def stop(console: Console, listener: ListenerNotice) -> None:
    console.submit(StopListening(listener=listener.listener))
    console.wait(ListenerNotice, lambda n: n.listener == listener.listener and not n.listening)


# --- printer ------------------------------------------------------------------------------------------------------


def test_the_printer_is_as_it_is_set_up(console: Console) -> None:
    where = console.listen(emulation=Emulation(printer=PrinterOptions(status="WARNING", info="SUPPLY LOW")))
    number = console.open(proposal(where, PRINT))
    message = n_message(
        "N-GET-RQ", RequestedSOPClassUID="1.2.840.10008.5.1.1.16", RequestedSOPInstanceUID="1.2.840.10008.5.1.1.17"
    )
    got = console.send(number, message)
    (answer,) = console.responses(got.operation)
    told = decoded(answer)
    assert (told.text(0x21100010), told.text(0x21100020)) == ("WARNING", "SUPPLY LOW")


# --- what it is filled from ---------------------------------------------------------------------------------------


def found(console: Console, where: ListenerNotice, uid: str, asked: DataSet) -> list[DataSet]:
    number = console.open(proposal(where, uid))
    status = console.send(number, find_rq(uid, asked))
    assert status.outcome is Outcome.SUCCESS, status.sentence
    console.release(number)
    return console.found(status.operation)


def test_the_sample_data_set(console: Console, tmp_path: Path) -> None:
    for folder in (None, tmp_path, tmp_path):  # the second time the folder has it already
        where = console.listen(folder, emulation=Emulation(samples=True))
        studies = found(
            console, where, STUDY_FIND, keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="", PatientName="")
        )
        assert len(studies) == 4
        assert any("\u5c71\u7530" in s.text(0x00100010) for s in studies)
        names = {i.text(0x00100010) for i in found(console, where, WORKLIST, keys(PatientName="*"))}
        assert {"Sample^Alpha", "M\u00fcller^\u00c9lise", "CONSOLE^ALPHA"} <= names
        stop(console, where)
    assert not console.of(ErrorNotice)


def test_a_folder_of_worklist_items_is_looked_at_again(console: Console, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('PatientName = "Toml^A"\nPatientID = "1"\n', encoding="utf-8")
    item = keys(PatientName="Json^B", PatientID="2")
    (tmp_path / "b.json").write_text(json.dumps(datasets.dataset_to_json(item)), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no item", encoding="utf-8")
    where = console.listen(emulation=Emulation(worklist=tmp_path))

    def names() -> set[str]:
        return {i.text(0x00100010) for i in found(console, where, WORKLIST, keys(PatientName=""))} - {
            "CONSOLE^ALPHA",
            "CONSOLE^BRAVO",
            "CONSOLE^CHARLIE",
        }

    assert names() == {"Toml^A", "Json^B"}
    (tmp_path / "a.toml").unlink()
    encoded = datasets.encode_dataset(keys(PatientName="File^C", PatientID="3"), "1.2.840.10008.1.2.1")
    datasets.write_file(tmp_path / "c.wl", encoded, "1.2.840.10008.1.2.1", WORKLIST, "1.2.3")
    (tmp_path / "d.toml").write_text("PatientName = ", encoding="utf-8")
    assert names() == {"Json^B", "File^C"}
    assert "d.toml" in console.wait(ErrorNotice).sentence
    assert names() == {"Json^B", "File^C"}
    assert len(console.of(ErrorNotice)) == 1


def test_a_worklist_folder_that_is_not_there_is_said(console: Console, tmp_path: Path) -> None:
    number = console.new_id()
    settings = PeerSettings(emulation=Emulation(worklist=tmp_path / "none"))
    console.submit(Listen(listener=number, host=HOST, settings=settings))
    told = console.wait(ListenerNotice, lambda n: n.listener == number)
    assert not told.listening and str(tmp_path / "none") in told.sentence


def test_settings_as_a_table(tmp_path: Path) -> None:
    made = Emulation(
        on=frozenset({"verification", "print"}),
        commitment=CommitmentOptions(
            report=ReportOn.NEW, delay=2.5, fail_every=3, reason=0x0119, retries=0, retry_after=0.5
        ),
        printer=PrinterOptions(status="FAILURE", info="FILM JAM"),
        worklist=tmp_path / "items",
        samples=True,
    )
    assert read_emulation(write_emulation(made), tmp_path) == made
    assert write_emulation(Emulation()) is None
