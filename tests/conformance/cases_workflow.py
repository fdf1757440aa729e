"""Conversations for the rules of the normalized services."""

from __future__ import annotations

from engine.model.dataset import DataElement, DataSet
from tests.conformance.cases_exchange import ask
from tests.conformance.talk import (
    COMMITMENT,
    COMMITMENT_INSTANCE,
    FILM_BOX,
    FILM_SESSION,
    MEDIA,
    MPPS,
    UPS_PULL,
    UPS_PUSH,
    Case,
    Script,
    Talk,
    command,
    context_of,
    data_set,
    say,
)

STEP = "1.2.3.4"


def create(sop_class: str, uid: str, data: DataSet | None = None, status: int = 0) -> Script:
    def run(t: Talk) -> None:
        names = {"AffectedSOPClassUID": sop_class, "AffectedSOPInstanceUID": uid}
        t.ask(command("N-CREATE-RQ", **names), data)
        t.answer(command("N-CREATE-RSP", **names, Status=status))

    return run


def change(name: str, sop_class: str, uid: str, data: DataSet | None = None, status: int = 0, **more: int) -> Script:
    """An N-SET, N-ACTION or N-DELETE with its response."""

    def run(t: Talk) -> None:
        t.ask(command(f"{name}-RQ", RequestedSOPClassUID=sop_class, RequestedSOPInstanceUID=uid, **more), data)
        t.answer(command(f"{name}-RSP", Status=status), None, context_of(sop_class))

    return run


def mpps(state: str, status: int = 0) -> Script:
    return create(MPPS, STEP, data_set(PerformedProcedureStepStatus=state), status)


def mpps_set(state: str, status: int = 0) -> Script:
    return change("N-SET", MPPS, STEP, data_set(PerformedProcedureStepStatus=state), status)


def instances(*uids: str) -> tuple[DataSet, ...]:
    return tuple(data_set(ReferencedSOPClassUID="1.2", ReferencedSOPInstanceUID=uid) for uid in uids)


def commit(*uids: str, transaction: str = "1.9") -> Script:
    data = data_set(TransactionUID=transaction, ReferencedSOPSequence=instances(*uids))
    return change("N-ACTION", COMMITMENT, COMMITMENT_INSTANCE, data, ActionTypeID=1)


def report(event: int, *uids: str, failed: tuple[str, ...] = (), transaction: str = "1.9") -> Script:
    def run(t: Talk) -> None:
        data = data_set(TransactionUID=transaction, ReferencedSOPSequence=instances(*uids))
        if failed:
            data = data.merged(data_set(FailedSOPSequence=instances(*failed)))
        names = {"AffectedSOPClassUID": COMMITMENT, "AffectedSOPInstanceUID": COMMITMENT_INSTANCE}
        t.answer(command("N-EVENT-REPORT-RQ", **names, EventTypeID=event), data)
        t.ask(command("N-EVENT-REPORT-RSP", **names, EventTypeID=event))

    return run


def ups(name: str, data: DataSet, **more: int) -> Script:
    def run(t: Talk) -> None:
        which = "Affected" if name == "N-CREATE" else "Requested"
        uids = {f"{which}SOPClassUID": UPS_PUSH, f"{which}SOPInstanceUID": STEP}
        t.ask(command(f"{name}-RQ", **uids, **more), data, UPS_PULL if name in ("N-SET", "N-ACTION") else UPS_PUSH)

    return run


def ups_get(*tags: int) -> Script:
    uids = {"RequestedSOPClassUID": UPS_PUSH, "RequestedSOPInstanceUID": STEP}
    return ask(command("N-GET-RQ", **uids, AttributeIdentifierList=tags))


SESSION = create(FILM_SESSION, "1.2.5")
BOX, SECOND_BOX = create(FILM_BOX, "1.2.6", data_set(FilmOrientation="PORTRAIT")), create(FILM_BOX, "1.2.7")
STATE = data_set(ProcedureStepState="IN PROGRESS")
ALL_TOLD = (commit("1", "2"), report(2, "1", failed=("2",)))


def printed(reply: DataSet | None) -> Script:
    def run(t: Talk) -> None:
        uids = {"RequestedSOPClassUID": FILM_BOX, "RequestedSOPInstanceUID": "1.2.6"}
        t.ask(command("N-ACTION-RQ", **uids, ActionTypeID=1))
        t.answer(command("N-ACTION-RSP", ActionTypeID=1), reply, "1.2.840.10008.5.1.1.9")

    return run


JOB = DataSet((DataElement(0x21000500, "SQ", instances("1.2.8")),))

CASES: dict[str, Case] = {
    "workflow.mpps-created": (say(mpps("COMPLETED", 0x0106)), say(mpps("IN PROGRESS"))),
    "workflow.mpps-created-accepted": (say(mpps("COMPLETED")), say(mpps("COMPLETED", 0x0106))),
    "workflow.mpps-final": (
        say(mpps("IN PROGRESS"), mpps_set("COMPLETED"), mpps_set("COMPLETED", 0x0110)),
        say(mpps("IN PROGRESS"), mpps_set("IN PROGRESS"), mpps_set("COMPLETED")),
    ),
    "workflow.mpps-final-accepted": (
        say(mpps("IN PROGRESS"), mpps_set("DISCONTINUED"), mpps_set("COMPLETED")),
        say(mpps("IN PROGRESS"), mpps_set("DISCONTINUED"), mpps_set("COMPLETED", 0x0110)),
    ),
    "workflow.commitment-event": (say(report(1, "1", failed=("2",))), say(*ALL_TOLD)),
    "workflow.commitment-transaction": (say(report(1, "1", transaction="")), say(*ALL_TOLD)),
    "workflow.commitment-instances": (say(commit("1", "2"), report(1, "1")), say(*ALL_TOLD)),
    "workflow.commitment-reused": (say(*ALL_TOLD, commit("3")), say(*ALL_TOLD, commit("3", transaction="1.10"))),
    "workflow.ups-created": (
        say(ups("N-CREATE", STATE)),
        say(ups("N-CREATE", data_set(ProcedureStepState="SCHEDULED"))),
    ),
    "workflow.ups-set-state": (
        say(ups("N-SET", STATE)),
        say(ups("N-SET", data_set(ProcedureStepLabel="x", TransactionUID="1.2"))),
    ),
    "workflow.ups-transaction": (
        say(ups("N-ACTION", STATE, ActionTypeID=1)),
        say(ups("N-ACTION", STATE.put(0x00081195, "UI", "1.2"), ActionTypeID=1)),
    ),
    "workflow.ups-get-transaction": (say(ups_get(0x00741000, 0x00081195)), say(ups_get(0x00741000))),
    "workflow.print-order": (say(BOX), say(SESSION, BOX)),
    "workflow.print-session": (
        say(SESSION, create(FILM_SESSION, "1.2.9")),
        say(SESSION, change("N-DELETE", FILM_SESSION, "1.2.5"), SESSION),
    ),
    "workflow.print-film-box": (
        say(SESSION, BOX, SECOND_BOX, change("N-DELETE", FILM_BOX, "1.2.6")),
        say(SESSION, BOX, change("N-DELETE", FILM_BOX, "1.2.6"), SECOND_BOX),
    ),
    "workflow.print-job": (say(SESSION, BOX, printed(None)), say(SESSION, BOX, printed(JOB))),
    "workflow.media-creation": (say(create(MEDIA, "1.2.3", status=0xB000)), say(create(MEDIA, "1.2.3"))),
}
