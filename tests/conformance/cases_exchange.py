"""Conversations for the rules about requests, responses, retrievals and queries."""

from __future__ import annotations

from dataclasses import replace

from engine.model.association import AsyncWindow
from engine.model.command_set import CommandSet, Value
from engine.model.dataset import DataSet
from engine.standard.pdus import PDataTF, RoleSelection, SopClassExtendedNegotiation
from tests.conformance.talk import (
    CT,
    ECHO,
    ECHOED,
    EXPLICIT,
    PATIENT_FIND,
    STUDY_FIND,
    STUDY_GET,
    STUDY_MOVE,
    Case,
    Script,
    Talk,
    command,
    data_set,
    echo,
    say,
)

PENDING, CANCELLED, SOME_FAILED = 0xFF00, 0xFE00, 0xB000
FIND = command("C-FIND-RQ", AffectedSOPClassUID=STUDY_FIND, Priority=0)
CANCEL = command("C-CANCEL-FIND-RQ")
STORE = command("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID="1.2.3", Priority=0)
STORED = command("C-STORE-RSP", AffectedSOPClassUID=CT, AffectedSOPInstanceUID="1.2.3")
GET = command("C-GET-RQ", AffectedSOPClassUID=STUDY_GET, Priority=0)
INSTANCE = data_set(SOPClassUID=CT, SOPInstanceUID="1.2.3")
STUDIES = data_set(QueryRetrieveLevel="STUDY", StudyInstanceUID="", PatientName="")
STUDY = data_set(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.3")
MATCH = data_set(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2", PatientName="A", RetrieveAETitle="ARCHIVE")
STORER = RoleSelection(sop_class_uid=CT, scu_role=0, scp_role=1)
FAILED = data_set(FailedSOPInstanceUIDList="1.2.3")


def ask(message: CommandSet, data: DataSet | bytes | None = None, context: str = "") -> Script:
    return lambda t: t.ask(message, data, context)


def answer(message: CommandSet, data: DataSet | bytes | None = None, context: str = "") -> Script:
    return lambda t: t.answer(message, data, context)


def found(status: int = 0, **values: Value) -> CommandSet:
    return command("C-FIND-RSP", AffectedSOPClassUID=STUDY_FIND, Status=status, **values)


def retrieved(name: str, status: int, counts: tuple[int, int, int] | tuple[int, int, int, int]) -> CommandSet:
    """A C-GET-RSP or C-MOVE-RSP with the counts completed, failed, warning and (when four) remaining in front."""
    *remaining, completed, failed, warning = counts
    return command(
        name,
        AffectedSOPClassUID=STUDY_GET if "GET" in name else STUDY_MOVE,
        Status=status,
        NumberOfRemainingSuboperations=remaining[0] if remaining else None,
        NumberOfCompletedSuboperations=completed,
        NumberOfFailedSuboperations=failed,
        NumberOfWarningSuboperations=warning,
    )


def moved(*responses: tuple[int, tuple[int, ...]], last: DataSet | None = None) -> Script:
    """A C-MOVE with these responses; `last` comes with the last."""

    def run(t: Talk) -> None:
        t.ask(command("C-MOVE-RQ", AffectedSOPClassUID=STUDY_MOVE, Priority=0, MoveDestination="X"), STUDY)
        for number, (status, counts) in enumerate(responses, 1):
            response = retrieved("C-MOVE-RSP", status, counts)  # type: ignore[arg-type]
            t.answer(response, last if number == len(responses) else None)

    return run


def got(*steps: Script) -> Script:
    """A C-GET on an association whose requestor stores, with what follows its request."""

    def run(t: Talk) -> None:
        fresh = Talk(STORER)
        t.__dict__.update(fresh.__dict__)
        t.ask(GET, STUDY)
        for step in steps:
            step(t)

    return run


def get_status(status: int, *counts: int) -> Script:
    return answer(retrieved("C-GET-RSP", status, counts))  # type: ignore[arg-type]


def query(level: str = "STUDY", model: str = PATIENT_FIND, **keys: str) -> Script:
    message = command("C-FIND-RQ", AffectedSOPClassUID=model, Priority=0)
    return ask(message, data_set(QueryRetrieveLevel=level, **keys))


def retrieve(level: str = "SERIES", **keys: str) -> Script:
    message = command("C-MOVE-RQ", AffectedSOPClassUID=STUDY_MOVE, Priority=0, MoveDestination="X")
    return ask(message, data_set(QueryRetrieveLevel=level, **keys))


def matched(match: DataSet) -> tuple[Script, Script, Script]:
    return ask(FIND, STUDIES), answer(found(PENDING), match), answer(found())


def early(t: Talk) -> None:
    first, second = t.pdvs(STORE, INSTANCE)
    t.requests(PDataTF(pdvs=(first,)))
    t.answer(STORED)
    t.requests(PDataTF(pdvs=(second,)))


def explicit(t: Talk) -> None:
    t.__dict__.update(Talk(syntax=EXPLICIT).__dict__)


def wide(t: Talk) -> None:
    """An association with a window of two."""
    negotiated = t.watcher.negotiated
    assert negotiated is not None
    t.watcher.established(replace(negotiated, window=AsyncWindow(2, 1)))


def relational(t: Talk) -> None:
    t.__dict__.update(Talk(SopClassExtendedNegotiation(sop_class_uid=PATIENT_FIND, information=b"\1")).__dict__)


def viewing(t: Talk) -> None:
    item = SopClassExtendedNegotiation(sop_class_uid=PATIENT_FIND, information=b"\0\0\0\0\1")
    t.__dict__.update(Talk(item).__dict__)


second_echo = ask(ECHO.with_values(MessageID=2))
SERIES_UID, STUDY_UID = {"SeriesInstanceUID": "1.2.4"}, {"StudyInstanceUID": "1.2.3"}
TWO_LEFT = (PENDING, (2, 0, 0, 0))
TITLE, TITLE_ID = {"MoveOriginatorApplicationEntityTitle": "X"}, {"MoveOriginatorMessageID": 9}
MANY_ELEMENTS = b"\x08\0\x60\0SH\0\0"

CASES: dict[str, Case] = {
    "data.unreadable": (
        say(explicit, ask(STORE, b"\x08\x00\x16\x00\x1a\x00\x00\x00" + CT.encode() + b"\0")),
        say(explicit, ask(STORE, INSTANCE)),
    ),
    "data.unjudged": (
        say(explicit, ask(FIND, MANY_ELEMENTS * 30_001)),
        say(explicit, ask(FIND, MANY_ELEMENTS * 30_000)),
    ),
    "exchange.message-id-reused": (say(wide, ask(ECHO), ask(ECHO)), say(wide, ask(ECHO), second_echo)),
    "exchange.message-id-again": (say(echo, echo), say(echo, second_echo)),
    "exchange.unsolicited": (say(answer(ECHOED)), say(echo)),
    "exchange.after-final": (say(echo, answer(ECHOED)), say(echo)),
    "exchange.response-context": (say(ask(ECHO), answer(ECHOED, None, CT)), say(echo)),
    "exchange.window": (say(ask(ECHO), second_echo), say(wide, ask(ECHO), second_echo)),
    "exchange.early-success": (say(early), say(ask(STORE, INSTANCE), answer(STORED))),
    "exchange.role": (say(answer(STORE, INSTANCE)), say(got(answer(STORE, INSTANCE)))),
    "exchange.cancel-unknown": (say(ask(ECHO), ask(CANCEL)), say(ask(FIND, STUDIES), ask(CANCEL, None, STUDY_FIND))),
    "exchange.cancel-late": (
        say(ask(FIND, STUDIES), answer(found()), ask(CANCEL, None, STUDY_FIND)),
        say(ask(FIND, STUDIES), ask(CANCEL, None, STUDY_FIND), answer(found())),
    ),
    "exchange.cancel-unasked": (
        say(ask(FIND, STUDIES), answer(found(CANCELLED))),
        say(ask(FIND, STUDIES), ask(CANCEL, None, STUDY_FIND), answer(found(CANCELLED))),
    ),
    "exchange.cancel-status": (
        say(ask(FIND, STUDIES), ask(CANCEL, None, STUDY_FIND), answer(found(0xA700))),
        say(ask(FIND, STUDIES), ask(CANCEL, None, STUDY_FIND), answer(found(CANCELLED))),
    ),
    "retrieve.remaining-increases": (
        say(moved(TWO_LEFT, (PENDING, (3, 0, 0, 0)))),
        say(moved(TWO_LEFT, (PENDING, (1, 1, 0, 0)), (0, (2, 0, 0)))),
    ),
    "retrieve.counts-decrease": (
        say(moved((PENDING, (1, 2, 0, 0)), (PENDING, (1, 1, 1, 0)))),
        say(moved((PENDING, (1, 1, 0, 0)), (PENDING, (0, 2, 0, 0)), (0, (2, 0, 0)))),
    ),
    "retrieve.total-changes": (
        say(moved(TWO_LEFT, (PENDING, (1, 2, 0, 0)))),
        say(moved(TWO_LEFT, (PENDING, (0, 2, 0, 0)))),
    ),
    "retrieve.final-total": (say(moved(TWO_LEFT, (0, (1, 0, 0)))), say(moved(TWO_LEFT, (0, (2, 0, 0))))),
    "retrieve.failed-list": (
        say(moved(TWO_LEFT, (SOME_FAILED, (1, 1, 0)))),
        say(moved(TWO_LEFT, (SOME_FAILED, (1, 1, 0)), last=FAILED)),
    ),
    "retrieve.failed-list-unfounded": (
        say(moved((SOME_FAILED, (1, 0, 1)), last=FAILED)),
        say(moved((SOME_FAILED, (1, 0, 1)))),
    ),
    "retrieve.failed-list-count": (
        say(moved((SOME_FAILED, (1, 2, 0)), last=FAILED)),
        say(moved((SOME_FAILED, (1, 1, 0)), last=FAILED)),
    ),
    "retrieve.failed-list-only": (
        say(moved((SOME_FAILED, (1, 1, 0)), last=FAILED.put(0x00080005, "CS", "ISO_IR 100"))),
        say(moved((SOME_FAILED, (1, 1, 0)), last=FAILED)),
    ),
    "retrieve.get-counts": (
        say(got(get_status(PENDING, 1, 1, 0, 0))),
        say(got(answer(STORE, INSTANCE), ask(STORED), get_status(PENDING, 1, 1, 0, 0))),
    ),
    "retrieve.final-early": (
        say(got(answer(STORE, INSTANCE), get_status(0, 0, 0, 0))),
        say(got(answer(STORE, INSTANCE), ask(STORED), get_status(0, 1, 0, 0))),
    ),
    "retrieve.priority": (
        say(got(answer(STORE.with_values(Priority=1), INSTANCE))),
        say(got(answer(STORE, INSTANCE))),
    ),
    "retrieve.get-originator": (
        say(got(answer(STORE.with_values(**TITLE, **TITLE_ID), INSTANCE))),
        say(ask(STORE.with_values(**TITLE, **TITLE_ID), INSTANCE)),
    ),
    "retrieve.originator-pair": (
        say(ask(STORE.with_values(**TITLE), INSTANCE)),
        say(ask(STORE.with_values(**TITLE, **TITLE_ID), INSTANCE)),
    ),
    "query.extra-attribute": (say(*matched(MATCH.put(0x00100020, "LO", "1"))), say(*matched(MATCH))),
    "query.retrieve-source": (say(*matched(MATCH.without(0x00080054))), say(*matched(MATCH))),
    "query.level-changed": (say(*matched(MATCH.put(0x00080052, "CS", "SERIES"))), say(*matched(MATCH))),
    "query.higher-key": (say(query(**STUDY_UID)), say(relational, query(**STUDY_UID))),
    "query.higher-attribute": (
        say(query(PatientID="1", PatientName="A*")),
        say(query(PatientID="1", **STUDY_UID)),
    ),
    "query.retrieve-key": (say(retrieve(**SERIES_UID)), say(retrieve(**SERIES_UID, **STUDY_UID))),
    "query.level-key": (say(retrieve(**STUDY_UID)), say(retrieve(**SERIES_UID, **STUDY_UID))),
    "query.view": (
        say(query(PatientID="1", QueryRetrieveView="CLASSIC")),
        say(viewing, query(PatientID="1", QueryRetrieveView="CLASSIC")),
    ),
}
