"""Conversations of our own user: with our built-in peer, with DCMTK's and pynetdicom's providers. All in order."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from engine.model.association import AsyncWindow, Proposal, Role
from engine.model.commands import ChangeObject, Outgoing, Retrieve, StoreFiles
from engine.model.dataset import DataSet
from engine.model.notices import Outcome
from engine.model.objects import NORMALIZED
from tests.interop.normalized_peers import FILM_SESSION, GRAYSCALE_META, MPPS, PRINTER, PRINTER_INSTANCE
from tests.runtime.console import CT, EXPLICIT, STUDY_FIND, STUDY_GET, STUDY_MOVE, contexts, echo_rq, keys, n_message
from tests.runtime.console import proposal as _proposal

from .counting import compare, same_on_both_sides
from .desk import RECEIVED, SENT
from .stage import PATIENT, TARGET, Stage

Job = Callable[[Stage, random.Random], None]
JOBS: dict[str, Job] = {}


def job(function: Job) -> Job:
    JOBS[function.__name__.strip("_").replace("_", " ")] = function
    return function


def proposal(where: Any, *wanted: Any, **more: Any) -> Proposal:
    return _proposal(where, *wanted, **{"timeouts": PATIENT, **more})


def store(stage: Stage, where: Any, folder: Any, title: str, what: str, **more: Any) -> None:
    desk = stage.desk
    number = desk.new_id()
    end = desk.expect("end", number)
    command = StoreFiles(
        operation=desk.new_id(), association=number, proposal=proposal(where, calling=title, **more), paths=(folder,)
    )
    stage.expect(desk.run(command), what)
    end.result(60.0)


def retrieve(
    stage: Stage, where: Any, service: str, title: str, identifier: DataSet, cancel_after: int | None = None
) -> None:
    desk = stage.desk
    uid = {"C-FIND": STUDY_FIND, "C-GET": STUDY_GET, "C-MOVE": STUDY_MOVE}[service]
    made = contexts(uid, (CT, EXPLICIT)) if service == "C-GET" else contexts(uid)
    if service == "C-GET":
        made = (made[0], replace(made[1], role=Role.SCP))
    command = Retrieve(
        operation=desk.new_id(),
        association=desk.new_id(),
        proposal=replace(proposal(where, calling=title), contexts=made),
        service=service,
        sop_class_uid=uid,
        identifier=identifier,
        move_destination=TARGET,
        cancel_after=cancel_after,
    )
    end = desk.expect("end", command.association)
    outcomes = (Outcome.SUCCESS, Outcome.CANCELLED) if cancel_after is not None else (Outcome.SUCCESS,)
    stage.expect(
        desk.run(command), f"{service} {'with C-CANCEL ' if cancel_after is not None else ''}of {title}", *outcomes
    )
    end.result(60.0)


def study(stage: Stage) -> DataSet:
    return keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=stage.archive[0].study_uid)


STUDIES = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="", PatientName="", PatientID="", StudyDate="")


# -- with our built-in peer


@job
def echoes(stage: Stage, chance: random.Random) -> None:
    title, count = stage.title(), chance.randint(1, 60)
    window = AsyncWindow(chance.choice((1, 4, 16)), 1)
    status = stage.desk.shot(proposal(stage.peer, calling=title, async_window=window), *(echo_rq(),) * count)
    stage.expect(status, "C-ECHO")
    same_on_both_sides(stage.desk, title, {"C-ECHO-RQ": count, "C-ECHO-RSP": count})


@job
def echoes_over_tls(stage: Stage, chance: random.Random) -> None:
    title, count = stage.title(), chance.randint(1, 10)
    asked = proposal(stage.secure, calling=title, tls=stage.trusting)
    stage.expect(stage.desk.shot(asked, *(echo_rq(),) * count), "C-ECHO over TLS")
    same_on_both_sides(stage.desk, title, {"C-ECHO-RQ": count, "C-ECHO-RSP": count})


@job
def stores(stage: Stage, chance: random.Random) -> None:
    title = stage.title()
    store(stage, stage.peer, stage.archive[0].path.parent, title, "C-STORE")
    same_on_both_sides(stage.desk, title, {"C-STORE-RQ": len(stage.archive), "C-STORE-RSP": len(stage.archive)})


@job
def queries(stage: Stage, chance: random.Random) -> None:
    title = stage.title()
    retrieve(stage, stage.peer, "C-FIND", title, STUDIES, chance.choice((None, 1)))
    same_on_both_sides(stage.desk, title)


@job
def gets(stage: Stage, chance: random.Random) -> None:
    title = stage.title()
    retrieve(stage, stage.peer, "C-GET", title, study(stage), chance.choice((None, 1)))
    same_on_both_sides(stage.desk, title)


@job
def moves(stage: Stage, chance: random.Random) -> None:
    title = stage.title()
    retrieve(stage, stage.peer, "C-MOVE", title, study(stage), chance.choice((None, 1)))
    same_on_both_sides(stage.desk, title)


_MAY_BE_EMPTY = (
    *("PatientID", "PatientBirthDate", "PatientSex", "StudyID", "PerformedStationName", "PerformedLocation"),
    *("PerformedProcedureStepEndDate", "PerformedProcedureStepEndTime"),
    *("PerformedProcedureStepDescription", "PerformedProcedureTypeDescription"),
)
_EMPTY_SEQUENCES = (
    *("ProcedureCodeSequence", "ReferencedPatientSequence"),
    *("PerformedProtocolCodeSequence", "PerformedSeriesSequence"),
)


_EMPTY_IN_STEP = (
    *("AccessionNumber", "RequestedProcedureDescription", "ScheduledProcedureStepDescription"),
    *("ScheduledProcedureStepID", "RequestedProcedureID"),
)
_SEQUENCES_IN_STEP = ("ReferencedStudySequence", "ScheduledProtocolCodeSequence")


def normalized(step: str, session: str) -> tuple[Outgoing, ...]:
    """A printer read, a film session opened, changed and deleted, a performed step begun and changed."""
    begun = keys(
        PerformedProcedureStepStatus="IN PROGRESS",
        PerformedProcedureStepID="1",
        PerformedStationAETitle="ENDURE",
        PerformedProcedureStepStartDate="20240101",
        PerformedProcedureStepStartTime="101112",
        Modality="CT",
        PatientName="Endurance^Test",
        ScheduledStepAttributesSequence=(
            keys(
                StudyInstanceUID="1.2.3", **dict.fromkeys(_EMPTY_IN_STEP, ""), **dict.fromkeys(_SEQUENCES_IN_STEP, ())
            ),
        ),
        **dict.fromkeys(_MAY_BE_EMPTY, ""),
        **dict.fromkeys(_EMPTY_SEQUENCES, ()),
    )
    changed = keys(PerformedProcedureStepDescription="Changed")
    film = {"RequestedSOPClassUID": FILM_SESSION, "RequestedSOPInstanceUID": session}
    messages = (
        n_message("N-GET-RQ", RequestedSOPClassUID=PRINTER, RequestedSOPInstanceUID=PRINTER_INSTANCE),
        n_message(
            "N-CREATE-RQ", keys(NumberOfCopies="1"), AffectedSOPClassUID=FILM_SESSION, AffectedSOPInstanceUID=session
        ),
        n_message("N-SET-RQ", keys(NumberOfCopies="2"), **film),
        n_message("N-DELETE-RQ", **film),
        n_message("N-CREATE-RQ", begun, AffectedSOPClassUID=MPPS, AffectedSOPInstanceUID=step),
        n_message("N-SET-RQ", changed, RequestedSOPClassUID=MPPS, RequestedSOPInstanceUID=step),
    )
    return tuple(replace(m, context_id=1 if n < 4 else 3) for n, m in enumerate(messages))


@job
def n_services(stage: Stage, chance: random.Random) -> None:
    title = stage.title()
    step, session = f"1.2.3.4.{title[1:]}", f"1.2.3.5.{title[1:]}"
    asked = proposal(stage.peer, GRAYSCALE_META, MPPS, calling=title)
    stage.expect(stage.desk.shot(asked, *normalized(step, session)), "N- services")
    tally = same_on_both_sides(stage.desk, title)
    if tally.of(True, SENT).total() != 6:
        stage.wrong(f"N- services: {tally.of(True, SENT)} sent")
    gone = ChangeObject(listener=stage.peer.listener, shelf=NORMALIZED, key=step, attributes=None)
    stage.desk.submit(gone)


# -- with real providers


@job
def to_storescp(stage: Stage, chance: random.Random) -> None:
    if stage.storescp is None:
        return
    title, count = stage.title(), chance.randint(1, 20)
    stage.expect(stage.desk.shot(proposal(stage.storescp, calling=title), *(echo_rq(),) * count), "C-ECHO to storescp")
    with stage.new_files(chance) as (folder, uids):
        store(stage, stage.storescp, folder, title, "C-STORE to storescp")
    found = [p for p in stage.storescp.folder.iterdir() if p.name.partition(".")[2] in uids]
    if len(found) != len(uids):
        stage.wrong(f"storescp has {len(found)} of {len(uids)} files stored")
    for path in found:
        path.unlink()
    stage.enter("storescp", stage.desk.settled(title, own_peer=False).counts)


@job
def to_dcmqrscp(stage: Stage, chance: random.Random) -> None:
    if stage.qr is None:
        return
    title = stage.title()
    work = chance.choice(("echo", "store", "C-FIND", "C-GET", "C-MOVE"))
    if work == "echo":
        stage.expect(stage.desk.shot(proposal(stage.qr, calling=title), *(echo_rq(),) * 5), "C-ECHO to dcmqrscp")
    elif work == "store":
        store(stage, stage.qr, stage.archive[0].path.parent, title, "C-STORE to dcmqrscp")
    else:
        retrieve(stage, stage.qr, work, title, STUDIES if work == "C-FIND" else study(stage))
    stage.enter("dcmqrscp", stage.desk.settled(title, own_peer=False).counts)


@job
def to_pynetdicom(stage: Stage, chance: random.Random) -> None:
    title = stage.title()
    asked = proposal(stage.pynetdicom, GRAYSCALE_META, MPPS, "1.2.840.10008.1.1", calling=title)
    echo = (echo_rq(),) * chance.randint(1, 10)
    stage.expect(stage.desk.shot(asked, *normalized("1.2.3.4.1", "1.2.3.5.1"), *echo), "N- services of pynetdicom")
    with stage.new_files(chance) as (folder, _):
        store(stage, stage.pynetdicom, folder, title, "C-STORE to pynetdicom")
    tally = stage.desk.settled(title, own_peer=False)
    ours = tally.of(True, SENT), tally.of(True, RECEIVED)
    sent: Counter[str] = Counter()
    received: Counter[str] = Counter()
    for _ in range(100):  # it counts a response after it has sent it
        more = stage.pynetdicom.ask(title=title)
        sent += more[0]
        received += more[1]
        if sent.total() >= ours[1].total() and received.total() >= ours[0].total():
            break
        threading.Event().wait(0.02)
    compare(stage.desk, f"{title}, to pynetdicom", ours[0], received)
    compare(stage.desk, f"{title}, from pynetdicom", ours[1], sent)
