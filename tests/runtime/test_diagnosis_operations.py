"""Each failure status, retrieval that misleads and habit that costs time is named; without it, it is not."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from engine.model.association import AsyncWindow, LocalAE, Policy, Role
from engine.model.command_set import CommandSet
from engine.model.commands import Outgoing
from engine.model.dataset import EncodedData
from engine.model.emulation import Emulation
from engine.model.notices import Direction, MessageNotice, Outcome
from engine.protocol.products import product
from engine.services.responses import request_of, response_to
from engine.standard.pdus import ReleaseRP
from engine.standard.status import ANNEX_C
from engine.trace.diagnosis.diagnoser import RULES, Diagnoser
from engine.trace.diagnosis.operations import _ROWS
from engine.trace.plain_text import notice_text
from engine.wire.datasets import encode_dataset
from engine.wire.pdus import encode_pdu

from .console import (
    CT,
    IMPLICIT,
    STUDY_FIND,
    STUDY_GET,
    STUDY_MOVE,
    VERIFICATION,
    Console,
    contexts,
    echo_rq,
    find_rq,
    keys,
    proposal,
    store_rq,
)
from .diagnosing import answering, check, diagnoses, retrieve, shot
from .scripted import Conversation, Scripted, scripted

MPPS, PRINTER, FILM_BOX, UPS = (
    "1.2.840.10008.3.1.2.3.3",
    "1.2.840.10008.5.1.1.16",
    "1.2.840.10008.5.1.1.2",
    "1.2.840.10008.5.1.4.34.6.1",
)
STUDY = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="2.25.1")


def release(talk: Conversation) -> None:
    """Answer the A-RELEASE-RQ that comes next."""
    talk.read_pdu()
    talk.send(encode_pdu(ReleaseRP()))


REQUESTS: dict[str, Callable[[], Outgoing]] = {
    "C-STORE": lambda: store_rq(CT, "2.25.9", EncodedData(b"\x08\x00\x60\x00\x02\x00\x00\x00CT", IMPLICIT)),
    "C-FIND": lambda: find_rq(STUDY_FIND, STUDY),
    "N-SET": lambda: Outgoing(
        command=request_of("N-SET-RQ", RequestedSOPClassUID=MPPS, RequestedSOPInstanceUID="2.25.3"),
        data=keys(PerformedProcedureStepStatus="COMPLETED"),
    ),
    "N-ACTION": lambda: Outgoing(
        command=request_of(
            "N-ACTION-RQ", RequestedSOPClassUID=FILM_BOX, RequestedSOPInstanceUID="2.25.4", ActionTypeID=1
        )
    ),
    "": lambda: Outgoing(
        command=request_of("N-GET-RQ", RequestedSOPClassUID=PRINTER, RequestedSOPInstanceUID="2.25.5")
    ),
    "N-CREATE": lambda: Outgoing(
        command=request_of("N-CREATE-RQ", AffectedSOPClassUID=UPS, AffectedSOPInstanceUID="2.25.6"),
        data=keys(ProcedureStepState="SCHEDULED"),
    ),
}


ONLY_FAILING: dict[str, Callable[[], Outgoing]] = {
    "C-MOVE": lambda: Outgoing(
        command=request_of("C-MOVE-RQ", AffectedSOPClassUID=STUDY_MOVE, Priority=0, MoveDestination="ELSEWHERE"),
        data=STUDY,
    ),
    "C-GET": lambda: Outgoing(command=request_of("C-GET-RQ", AffectedSOPClassUID=STUDY_GET, Priority=0), data=STUDY),
    "N-EVENT-REPORT": lambda: Outgoing(
        command=request_of(
            "N-EVENT-REPORT-RQ", AffectedSOPClassUID=PRINTER, AffectedSOPInstanceUID="2.25.7", EventTypeID=1
        )
    ),
}


@pytest.mark.parametrize("row", _ROWS, ids=lambda r: r.name)
def test_each_status_is_explained_for_its_service(row: Any, console: Console) -> None:
    service = row.services[0] if row.services else ""
    with answering(row.low) as peer:
        shot(console, peer, {**REQUESTS, **ONLY_FAILING}[service]())
    found = diagnoses(console)
    made = check(found, row.name)
    assert f"{row.low:04X}H" in made.happened
    assert len(made.proofs) == 2
    assert row.low not in ANNEX_C or made.clause in (ANNEX_C[row.low].clause, row.clause)
    assert [r for r in found if r in {other.name for other in _ROWS}] == [row.name]


@pytest.mark.parametrize("service", REQUESTS)
def test_success_is_not_explained(service: str, console: Console) -> None:
    with answering(0) as peer:
        shot(console, peer, REQUESTS[service]())
    assert not diagnoses(console)


def test_what_the_peer_adds_is_told(console: Console) -> None:
    with answering(0xA900, comment="no PatientID", ErrorID=0xA710) as peer:
        status = shot(console, peer, REQUESTS["C-STORE"]())
    happened = diagnoses(console)["store.wrong-class"].happened
    assert "“no PatientID”" in happened and "Error ID: A710H" in happened
    assert "Error ID: A710H." in notice_text(status)


# --- retrieval --------------------------------------------------------------------------------------------------------


def _move(console: Console, peer: Any, destination: str = "CONSOLE") -> None:
    retrieve(console, peer, "C-MOVE", STUDY_MOVE, STUDY, move_destination=destination)


def _counts(completed: int, failed: int) -> dict[str, int]:
    return {
        "NumberOfCompletedSuboperations": completed,
        "NumberOfFailedSuboperations": failed,
        "NumberOfWarningSuboperations": 0,
    }


MOVES: dict[str, tuple[int, dict[str, int], str]] = {
    "move.destination-unknown": (0xA801, {}, "“CONSOLE”"),
    "move.nothing-matched": (0x0000, _counts(0, 0), "without a single sub-operation"),
    "move.elsewhere": (0x0000, _counts(3, 0), "3 instances"),
    "move.sub-operations-failed": (0xB000, _counts(1, 2), "2 of the sub-operations"),
    "retrieve.resources": (0xA702, {}, "A702H"),
    "retrieve.identifier": (0xA900, {}, "A900H"),
}


@pytest.mark.parametrize("rule", MOVES)
def test_each_way_a_move_goes_wrong(rule: str, console: Console) -> None:
    status, extra, words = MOVES[rule]
    with answering(status, **extra) as peer:
        _move(console, peer)
    found = diagnoses(console)
    assert words in check(found, rule).happened
    others = set(MOVES) & set(found) - {rule}
    assert others <= ({"move.elsewhere"} if rule == "move.sub-operations-failed" else set())


def test_a_move_to_somebody_else_is_not_expected_here(console: Console) -> None:
    with answering(0x0000, **_counts(3, 0)) as peer:
        _move(console, peer, "ARCHIVE2")
    assert not diagnoses(console)


def _get(console: Console, peer: Any, role: Role) -> None:
    wanted = (*contexts(STUDY_GET), replace(contexts(CT)[0], id=3, role=role))
    retrieve(console, peer, "C-GET", STUDY_GET, STUDY, contexts=wanted)


def test_a_get_without_our_role(console: Console) -> None:
    with answering(0xB000, **_counts(0, 2)) as peer:
        _get(console, peer, Role.DEFAULT)
    found = diagnoses(console)
    assert check(found, "get.role-refused").mends[0].value == (CT,)
    assert "get.context-missing" not in found


def test_a_get_at_a_peer_without_the_service_is_not_about_roles(console: Console) -> None:
    where = console.listen(emulation=Emulation(on=frozenset({"storage"})))
    _get(console, where, Role.DEFAULT)
    found = diagnoses(console)
    check(found, "contexts.abstract-syntax")
    assert "get.role-refused" not in found


def test_a_get_of_what_has_no_context(console: Console) -> None:
    with answering(0xB000, **_counts(0, 2)) as peer:
        _get(console, peer, Role.SCP)
    found = diagnoses(console)
    check(found, "get.context-missing")
    assert "get.role-refused" not in found


def test_a_get_that_cannot_be_processed_is_not_about_a_destination(console: Console) -> None:
    with answering(0xC000) as peer:
        _get(console, peer, Role.SCP)
    found = check(diagnoses(console), "get.cannot-process")
    assert "destination" not in f"{found.cause} {found.change}"


def test_a_get_that_counts_what_was_not_sent(console: Console) -> None:
    with answering(0x0000, **_counts(3, 0)) as peer:
        _get(console, peer, Role.SCP)
    found = diagnoses(console)
    assert "counts 3 sub-operations" in check(found, "get.not-all-arrived").happened
    assert "sent 0 C-STORE-RQs" in found["get.not-all-arrived"].happened
    assert not {"get.context-missing", "move.nothing-matched"} & set(found)


def test_a_get_whose_instances_all_came(console: Console) -> None:
    def script(talk: Conversation) -> None:
        talk.accept()
        context_id, asked = talk.read_command()
        store = store_rq(CT, "2.25.9", EncodedData(b"", IMPLICIT))
        talk.send(
            talk.message(
                3,
                store.command.with_values(MessageID=7, Priority=0, CommandDataSetType=0),
                b"\x08\x00\x05\x00\x00\x00\x00\x00",
            )
        )
        talk.read_command()
        talk.send(talk.message(context_id, response_to(asked, 0, extra=_counts(1, 0))))
        release(talk)

    with scripted(script) as peer:
        _get(console, peer, Role.SCP)
    assert "get.not-all-arrived" not in diagnoses(console)


def _until_cancelled(*statuses: int) -> Callable[[Conversation], None]:
    """A peer that answers Pending, waits for the C-CANCEL-RQ, and then answers these."""

    def script(talk: Conversation) -> None:
        talk.accept()
        context, command = talk.read_command()
        talk.send(talk.message(context, response_to(command, 0xFF00)))
        assert talk.read_command()[1].command_field == 0x0FFF
        for status in statuses:
            talk.send(talk.message(context, response_to(command, status)))
        assert talk.read_pdu()[0] == 5
        talk.send(encode_pdu(ReleaseRP()))

    return script


def test_a_cancel_that_is_not_heeded(console: Console) -> None:
    with scripted(_until_cancelled(0xFF00, 0x0000)) as peer:
        retrieve(console, peer, "C-FIND", STUDY_FIND, STUDY, cancel_after=1)
    check(diagnoses(console), "peer.cancel-ignored")


def test_a_cancel_that_is_heeded(console: Console) -> None:
    with scripted(_until_cancelled(0xFF00, 0xFE00)) as peer:
        retrieve(console, peer, "C-FIND", STUDY_FIND, STUDY, cancel_after=1)
    assert "peer.cancel-ignored" not in diagnoses(console)


# --- habits -----------------------------------------------------------------------------------------------------------


def _notices_of_echoes(console: Console, durations: list[float]) -> list[Any]:
    """A real session of echoes, their durations replaced: a stall cannot be made without waiting for it."""
    peer = console.listen()
    association = console.open(proposal(peer))
    for _ in durations:
        console.send(association, echo_rq())
    console.release(association)
    left = list(durations)
    return [
        replace(n, duration=left.pop(0))
        if isinstance(n, MessageNotice) and n.direction is Direction.RECEIVED and n.duration is not None
        else n
        for n in console.drain()
    ]


@pytest.mark.parametrize(
    ("durations", "told"),
    [
        ([0.0405, 0.0441, 0.0438, 0.044, 0.0009, 0.0442], True),
        ([0.2001, 0.2004, 0.2002, 0.2, 0.2003], True),
        ([0.001, 0.0441, 0.002, 0.044, 0.003, 0.004], False),
        ([0.044] * 3, False),
        ([0.120, 0.3, 0.09, 0.15, 0.2], False),
    ],
    ids=["40 ms", "200 ms", "some", "few", "slow"],
)
def test_answers_that_wait_for_an_acknowledgement(durations: list[float], told: bool, console: Console) -> None:
    found = {d.rule for d in Diagnoser().take(_notices_of_echoes(console, durations))}
    assert ("peer.nagle" in found) is told


def test_a_limit_that_is_ignored(console: Console) -> None:
    def script(talk: Conversation) -> None:
        talk.accept()
        context_id, command = talk.read_command()
        long = CommandSet.of(
            CommandField=0x8030,
            MessageIDBeingRespondedTo=command.message_id,
            CommandDataSetType=0x0101,
            Status=0x0122,
            AffectedSOPClassUID=VERIFICATION,
            ErrorComment="x" * 4000,
        )
        talk.send(talk.message(context_id, long))
        release(talk)

    for maximum, told in ((1024, True), (16384, False)):
        fresh = Console()
        try:
            with scripted(script) as peer:
                asked = proposal(peer)
                association = fresh.open(replace(asked, local=LocalAE(ae_title="CONSOLE", maximum_length=maximum)))
                fresh.send(association, echo_rq())
                fresh.release(association)
            found = diagnoses(fresh)
        finally:
            fresh.close()
        assert ("peer.maximum-length" in found) is told
        if told:
            check(found, "peer.maximum-length")


@pytest.mark.parametrize(("granted", "told"), [(AsyncWindow(1, 1), True), (AsyncWindow(4, 4), False)])
def test_a_window_that_is_not_taken(granted: AsyncWindow, told: bool, console: Console) -> None:
    shot(console, console.listen(policy=Policy(async_window=granted)), async_window=AsyncWindow(8, 8))
    found = diagnoses(console)
    assert ("peer.window-refused" in found) is told


@contextlib.contextmanager
def _matching(name: bytes, charset: str) -> Iterator[Scripted]:
    """A peer whose one match has this patient name, in these bytes."""

    def script(talk: Conversation) -> None:
        talk.accept()
        context_id, command = talk.read_command()
        head = encode_dataset(keys(SpecificCharacterSet=charset), IMPLICIT) if charset else b""
        padded = name + b" " * (len(name) % 2)
        body = head + b"\x10\x00\x10\x00" + len(padded).to_bytes(4, "little") + padded
        pending = response_to(command, 0xFF00, has_data=True)
        talk.send(talk.message(context_id, pending, body))
        talk.send(talk.message(context_id, response_to(command, 0)))
        release(talk)

    with scripted(script) as peer:
        yield peer


@pytest.mark.parametrize(
    ("name", "charset", "told"),
    [
        (b"M\xfcller^Eva", "", True),
        (b"M\xfcller^Eva", "ISO_IR 192", True),
        (b"M\xfcller^Eva", "ISO_IR 100", False),
        (b"M\xc3\xbcller^Eva", "ISO_IR 192", False),
        (b"Mueller^Eva", "", False),
        (b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "\\ISO 2022 IR 87", False),
        (b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7", "\\ISO 2022 IR 149", False),
    ],
)
def test_a_character_set_that_lies(name: bytes, charset: str, told: bool, console: Console) -> None:
    with _matching(name, charset) as peer:
        retrieve(console, peer, "C-FIND", STUDY_FIND, STUDY)
    found = diagnoses(console)
    assert ("data.character-set" in found) is told
    if told:
        assert "(0010,0010)" in check(found, "data.character-set").happened


@pytest.mark.parametrize(
    ("uid", "version", "name"),
    [
        (
            "1.2.276.0.7230010.3.0.3.6.7",
            "OFFIS_DCMTK_367",
            "DCMTK or a product made with it, such as Orthanc (OFFIS_DCMTK_367)",
        ),
        ("1.2.276.0.7230010.3.0.3.6.7", "ORTHANC", "Orthanc (ORTHANC)"),
        ("1.2.826.0.1.3680043.9.3811.3.0.4", "", "pynetdicom"),
        ("1.3.12.2.1107.51", "", ""),
        ("1.2.3", "SOMETHING", ""),
    ],
)
def test_products_are_told_from_what_they_say(uid: str, version: str, name: str) -> None:
    assert product(uid, version) == name


def test_there_are_enough_rules_and_each_has_its_clause() -> None:
    assert len(RULES) >= 25
    assert all(row.clause.startswith("PS3.") and row.title for row in RULES.values())


def test_the_outcome_of_a_failure_is_still_the_engines(console: Console) -> None:
    with answering(0xA700) as peer:
        assert shot(console, peer, REQUESTS["C-STORE"]()).outcome is Outcome.FAILURE
