"""What the log makes of notices: which rows, what they say, and how little they weigh."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtTest import QAbstractItemModelTester

from engine.model.association import Peer
from engine.model.dataset import EncodedData
from engine.model.notices import AnyNotice, Outcome, StatusNotice
from gui.models.log_feed import LogFeed
from gui.models.log_filter import Term, parse
from gui.models.log_json import row_to_json
from gui.models.log_links import transaction_uid
from gui.models.log_model import LogModel
from gui.models.log_store import Class, Kind, LogRow, LogStore, Shape, SubOperations
from gui.models.log_text import detail_text, duration_text, meaning_text, spoken, status_text, text_lines
from gui.models.log_texts import BLOCK
from tests.gui import sample_notices as samples
from tests.gui.sample_notices import CT_IMAGE, RECEIVED, SENT, STUDY_FIND, STUDY_MOVE, VERIFICATION, Conversation


def rows_of(*notices: AnyNotice) -> list[LogRow]:
    store = LogStore()
    LogFeed(store).take(notices)
    return [store.row(n) for n in range(store.first, store.end)]


def messages(rows: list[LogRow]) -> list[LogRow]:
    return [r for r in rows if r.shape.kind is Kind.MESSAGE]


@pytest.fixture
def talk() -> Conversation:
    return Conversation().opened()


def test_a_request_and_its_response_are_one_row(talk: Conversation) -> None:
    talk.exchange("C-ECHO", VERIFICATION, operation=1)
    (row,) = messages(rows_of(*talk.notices))
    assert (row.shape.service, row.shape.sent, row.message_id) == ("C-ECHO", True, 1)
    assert status_text(row) == "0000H"
    assert meaning_text(row.shape) == "Success"
    assert row.shape.klass is Class.SUCCESS
    assert row.duration == pytest.approx(0.0019)


def test_a_request_without_response_waits_and_says_so(talk: Conversation) -> None:
    talk.message(SENT, "C-ECHO-RQ", MessageID=1, AffectedSOPClassUID=VERIFICATION)
    (row,) = messages(rows_of(*talk.notices))
    assert row.shape.klass is Class.WAITING
    assert status_text(row) == "waiting"


def test_pending_responses_are_counted_in_the_row(talk: Conversation) -> None:
    talk.exchange("C-FIND", STUDY_FIND, 7, pending=14)
    (row,) = messages(rows_of(*talk.notices))
    assert status_text(row) == "FF00H ×14, 0000H"
    assert row.shape.klass is Class.SUCCESS


def test_a_pending_operation_shows_how_far_it_is(talk: Conversation) -> None:
    talk.exchange("C-MOVE", STUDY_MOVE, 7, pending=3)
    (row,) = messages(rows_of(*talk.notices[:-2]))
    assert row.shape.klass is Class.PENDING
    assert row.sub_operations == SubOperations(remaining=1, completed=2)


def test_the_meaning_is_of_the_service_class(talk: Conversation) -> None:
    talk.exchange("C-MOVE", STUDY_MOVE, 7, status=0xA801)
    talk.exchange("C-STORE", CT_IMAGE, 5, status=0xA700)
    move, store = messages(rows_of(*talk.notices))
    assert meaning_text(move.shape) == "Refused: Move Destination unknown"
    assert meaning_text(store.shape).startswith("Refused: Out of")
    assert move.shape.klass is store.shape.klass is Class.FAILURE


def test_a_failure_says_comment_and_offending_elements_by_name(talk: Conversation) -> None:
    talk.exchange(
        "C-STORE",
        CT_IMAGE,
        5,
        status=0xA900,
        response={"ErrorComment": "No such patient", "OffendingElement": (0x00100020, 0x00000002), "ErrorID": 0xA710},
    )
    (row,) = messages(rows_of(*talk.notices))
    assert "No such patient" in detail_text(row)
    assert "Offending Elements: (0010,0020) Patient ID, (0000,0002) Affected SOP Class UID" in detail_text(row)
    assert "Error ID: A710H" in detail_text(row)
    assert "CT Image Storage" in detail_text(row)


def test_an_answer_on_another_association_names_its_request() -> None:
    rows = messages(rows_of(*samples.session()))
    report = next(r for r in rows if r.shape.service == "N-EVENT-REPORT")
    assert report.association == 13
    assert "answers #12 message 3 (N-ACTION)" in report.detail


def test_a_sub_operation_names_its_move(talk: Conversation) -> None:
    talk.message(SENT, "C-MOVE-RQ", 7, MessageID=9, AffectedSOPClassUID=STUDY_MOVE)
    back = Conversation(13, requestor=False).opened()
    back.exchange("C-STORE", CT_IMAGE, 5, direction=RECEIVED, MoveOriginatorMessageID=9)
    rows = messages(rows_of(*talk.notices, *back.notices))
    assert rows[1].detail == "part of #12 message 9 (C-MOVE)"


def test_with_both_sides_in_one_log_each_answer_names_its_own_request() -> None:
    ours, theirs = Conversation(4).opened(), Conversation(5, requestor=False).opened()
    request = {"RequestedSOPClassUID": samples.COMMITMENT, "MessageID": 3}
    report = {"AffectedSOPClassUID": samples.COMMITMENT, "MessageID": 1}
    data = samples.commitment_request()
    ours.message(SENT, "N-ACTION-RQ", 3, data=data, **request)
    theirs.message(RECEIVED, "N-ACTION-RQ", 3, data=data, **request)
    both = (*ours.notices, *theirs.notices)
    ours.notices, theirs.notices = [], []
    theirs.message(SENT, "N-EVENT-REPORT-RQ", 3, data=data, **report)
    ours.message(RECEIVED, "N-EVENT-REPORT-RQ", 3, data=data, **report)
    rows = messages(rows_of(*both, *theirs.notices, *ours.notices))
    assert [r.detail for r in rows[2:]] == ["answers message 3 (N-ACTION)"] * 2


@pytest.mark.parametrize("explicit", [True, False])
def test_a_transaction_uid_is_seen_in_encoded_data(talk: Conversation, explicit: bool) -> None:
    talk.message(SENT, "N-ACTION-RQ", 3, MessageID=1)
    notice = talk.notices[-1]
    length = (6).to_bytes(2, "little") if explicit else (6).to_bytes(4, "little")
    raw = b"\x08\x00\x95\x11" + (b"UI" if explicit else b"") + length + b"1.2.3\0"
    object.__setattr__(notice, "data", EncodedData(raw, samples.EXPLICIT))
    assert transaction_uid(notice) == "1.2.3"  # type: ignore[arg-type]


def test_a_response_nobody_asked_for_has_its_own_row(talk: Conversation) -> None:
    talk.message(RECEIVED, "C-ECHO-RSP", MessageIDBeingRespondedTo=99, Status=0, unsolicited=True)
    (row,) = messages(rows_of(*talk.notices))
    assert "answers no outstanding request" in row.detail
    assert row.message_id == 99


def test_a_cancel_names_what_it_cancels(talk: Conversation) -> None:
    talk.message(SENT, "C-FIND-RQ", 7, MessageID=4, AffectedSOPClassUID=STUDY_FIND)
    talk.message(SENT, "C-CANCEL-FIND-RQ", 7, MessageIDBeingRespondedTo=4)
    _, cancel = messages(rows_of(*talk.notices))
    assert cancel.shape.service == "C-CANCEL"
    assert cancel.detail == "cancels message 4"


def test_a_message_without_status_or_of_an_unknown_kind_is_shown(talk: Conversation) -> None:
    talk.message(SENT, "C-ECHO-RQ", MessageID=1)
    talk.message(RECEIVED, "C-ECHO-RSP", MessageIDBeingRespondedTo=1)
    (row,) = messages(rows_of(*talk.notices))
    assert status_text(row) == "no status"
    assert row.shape.klass is Class.UNKNOWN


def test_an_association_is_a_row_for_its_opening_and_one_for_its_end(talk: Conversation) -> None:
    rows = rows_of(*talk.released().notices)
    assert [(r.shape.service, r.shape.word) for r in rows] == [
        ("A-ASSOCIATE", "established"),
        ("A-RELEASE", "released"),
    ]
    assert rows[0].shape.meaning == "3 of 5 presentation contexts"
    assert "OFFIS_DCMTK_368" in rows[0].detail


def test_a_rejection_says_result_and_reason_and_the_sentence() -> None:
    rows = rows_of(*samples.session())
    rejected = next(r for r in rows if r.shape.word == "rejected")
    assert rejected.shape.meaning == "rejected-permanent, called-AE-title-not-recognized"
    assert "check the peer's own AE title" in rejected.detail
    assert rejected.shape.klass is Class.FAILURE


def test_a_failed_connection_is_one_row() -> None:
    (row,) = rows_of(*Conversation().failed().notices)
    assert (row.shape.service, row.shape.word, row.shape.meaning) == ("A-ASSOCIATE", "failed", "connection failed")


def test_an_abort_ends_what_was_outstanding(talk: Conversation) -> None:
    talk.message(SENT, "C-ECHO-RQ", MessageID=1, AffectedSOPClassUID=VERIFICATION)
    _opened, echo, abort = rows_of(*talk.aborted().notices)
    assert status_text(echo) == "no response"
    assert abort.shape.meaning == "unexpected-PDU, by DICOM UL service-provider"


def test_the_end_of_one_exchange_belongs_into_its_row(talk: Conversation) -> None:
    talk.exchange("C-ECHO", VERIFICATION, operation=7)
    talk.ended(7, "C-ECHO Verification SOP Class: 0000H Success", service="C-ECHO", status=0)
    assert len(rows_of(*talk.notices)) == 2
    talk.message(SENT, "C-ECHO-RQ", operation=8, MessageID=2, AffectedSOPClassUID=VERIFICATION)
    talk.ended(8, "No response within 60 s.", Outcome.TIMED_OUT, service="C-ECHO")
    row = messages(rows_of(*talk.notices))[-1]
    assert status_text(row) == "timed out"
    assert row.detail == "No response within 60 s."


def test_a_procedure_of_several_messages_ends_with_a_row_of_its_own(talk: Conversation) -> None:
    for _ in range(3):
        talk.exchange("C-STORE", CT_IMAGE, 5, operation=7)
    talk.ended(7, "3 files sent to Orthanc.", completed=3, failed=0)
    rows = rows_of(*talk.notices)
    assert rows[-1].shape.kind is Kind.OPERATION
    assert rows[-1].detail == "3 files sent to Orthanc."


def test_nothing_is_said_twice_when_the_association_failed() -> None:
    talk = Conversation().failed("It refused.")
    talk.ended(7, "It refused.", Outcome.CONNECTION_FAILED)
    assert len(rows_of(*talk.notices)) == 1
    talk.ended(8, "The file is no DICOM file.", Outcome.NOT_SENT)
    assert rows_of(*talk.notices)[-1].detail == "The file is no DICOM file."


def test_the_same_finding_is_counted(talk: Conversation) -> None:
    for _ in range(5):
        talk.finding("usage.mandatory", "Something is missing.", "PS3.7 9.3")
    talk.finding("usage.mandatory", "Something else is missing.", "PS3.7 9.3")
    row, other = rows_of(*talk.notices)[-2:]
    assert status_text(row) == "warning ×5"
    assert row.detail == "Something is missing. (PS3.7 9.3)"
    assert other.detail.startswith("Something else")


def test_listener_and_errors_have_rows() -> None:
    rows = rows_of(samples.listening(), samples.error("The keyring is locked."), samples.progress(1, 2, 3))
    assert [r.shape.service for r in rows] == ["Listener", "Error"]
    assert "CONSOLE on 127.0.0.1 port 11112" in rows[0].shape.meaning
    assert rows[1].detail == "The keyring is locked."


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0.00084, "840 µs"), (0.0124, "12.4 ms"), (3.214, "3.21 s"), (125, "2 min 5 s")],
)
def test_durations_have_the_unit_that_suits_them(seconds: float | None, text: str) -> None:
    assert duration_text(seconds) == text


def test_every_row_reads_as_one_line_as_json_and_aloud() -> None:
    rows = rows_of(*samples.session(), samples.listening(), samples.error("Wrong."))
    lines = list(text_lines(rows))
    assert len(lines) == len(rows)
    assert len({line.count("\t") for line in lines}) == 1
    kinds = [row_to_json(row, Peer())["kind"] for row in rows]
    assert set(kinds) <= {"association", "status", "finding", "error"}
    move = next(row for row in rows if row.shape.status == 0xA801)
    made = row_to_json(move, Peer())
    assert made["status"]["meaning"] == "Refused: Move Destination unknown"
    assert made["direction"] == "sent"
    assert "Refused: Move Destination unknown" in spoken(move)


# -- the filter's language ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        ("status:", ()),
        ("Orthanc", (Term("", ("orthanc",)),)),
        ("status:A8 -service:C-ECHO", (Term("status", ("a8",)), Term("service", ("c-echo",), True))),
        ("assoc:12,13", (Term("association", ("12", "13")),)),
        ('"move destination"', (Term("", ("move destination",)),)),
        ("10:42:07", (Term("", ("10:42:07",)),)),
    ],
)
def test_a_filter_line_is_parsed(text: str, terms: tuple[Term, ...]) -> None:
    assert parse(text) == terms


@pytest.mark.parametrize(
    ("text", "services"),
    [
        ("status:A8", {"C-MOVE"}),
        ("status:0xA801", {"C-MOVE"}),
        ("status:A801H", {"C-MOVE"}),
        ("status:A7xx", {"C-STORE"}),
        ("status:FF00", {"C-FIND", "C-MOVE"}),
        ("service:C-MOVE", {"C-MOVE"}),
        ("service:c-move-rq", {"C-MOVE"}),
        ("assoc:13", {"A-ASSOCIATE", "N-EVENT-REPORT"}),
        ("#13", {"A-ASSOCIATE", "N-EVENT-REPORT"}),
        ("class:failure -service:A- -class:warning", {"C-STORE", "C-MOVE", "C-ECHO"}),
        ("direction:received service:N", {"N-EVENT-REPORT"}),
        ("message:3 assoc:12", {"N-ACTION"}),
        ("sop:ct", {"C-STORE"}),
        ('"move destination"', {"C-MOVE"}),
        ("quota", {"C-STORE"}),
        ("pacs.test", {"A-ASSOCIATE"}),
        ("8.498.1.2.3", {"C-STORE"}),
        ("nothing-like-this", set()),
    ],
)
def test_the_filter_keeps_the_rows_meant(qapp: object, text: str, services: set[str]) -> None:
    model = LogModel()
    model.take(samples.session())
    model.set_text_filter(text)
    assert {model.record(r).shape.service for r in range(model.rowCount())} == services


# -- the model ----------------------------------------------------------------------------------------------------


def checked(maximum: int = 1000) -> LogModel:
    model = LogModel(maximum=maximum)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    return model


def test_rows_come_change_and_go_by_qts_rules(qapp: object) -> None:
    model = checked(maximum=40)
    for number in range(12):
        model.take(Conversation(number).opened().notices)
        talk = Conversation(number)
        talk.exchange("C-FIND", STUDY_FIND, 7, pending=3)
        for notice in talk.notices:
            model.take((notice,))
        model.set_text_filter("class:success" if number % 3 == 0 else "")
        model.take(Conversation(100 + number).opened().released().notices)
    assert model.total <= 40
    model.clear()
    assert model.rowCount() == 0


def test_a_row_comes_into_the_filter_when_it_begins_to_match(qapp: object) -> None:
    model = checked()
    model.set_text_filter("class:failure")
    talk = Conversation().opened()
    talk.exchange("C-MOVE", STUDY_MOVE, 7, status=0xA801)
    *before, last = talk.notices
    model.take(before)
    model.take(Conversation(13).failed().notices)
    assert model.rowCount() == 1
    model.take((last,))
    assert [model.record(r).shape.service for r in range(2)] == ["C-MOVE", "A-ASSOCIATE"]


def test_a_row_shown_stays_when_it_stops_matching(qapp: object) -> None:
    model = checked()
    model.set_text_filter("class:waiting")
    talk = Conversation()
    talk.exchange("C-ECHO", VERIFICATION)
    *before, last = talk.notices
    model.take(before)
    assert model.rowCount() == 1
    model.take((last,))
    assert model.rowCount() == 1
    assert model.record(0).shape.klass is Class.SUCCESS


def test_an_answer_whose_row_is_gone_makes_a_new_one(qapp: object) -> None:
    model = checked()
    talk = Conversation()
    talk.exchange("C-ECHO", VERIFICATION)
    model.take(talk.notices[:-1])
    model.clear()
    model.take(talk.notices[-1:])
    assert model.rowCount() == 1


def test_two_hundred_thousand_rows_are_small_and_quickly_filtered(qapp: object) -> None:
    store = LogStore()
    waiting = Shape(Kind.MESSAGE, Class.WAITING, "C-STORE", True, CT_IMAGE)
    done = Shape(Kind.MESSAGE, Class.SUCCESS, "C-STORE", True, CT_IMAGE, status=0)
    failed = Shape(Kind.MESSAGE, Class.FAILURE, "C-STORE", True, CT_IMAGE, status=0xA700)
    model = LogModel()
    model.store = model.feed.store = store
    for n in range(200_000):
        number = store.add(waiting, 1e9 + n, 12, n % 65536, instance=f"1.2.826.0.1.3680043.8.498.{n}")
        store.set_shape(number, failed if n % 1000 == 0 else done)
    arrays = 6 * 8 * 200_000
    texts = (column.texts(n // BLOCK) for column in (store.details, store.instances) for n in range(0, 200_000, BLOCK))
    instances = sum(sys.getsizeof(text) + 8 for block in texts for text in block)
    assert (arrays + instances) / 200_000 < 250
    model._insert()
    model.set_text_filter("status:A7 service:C-STORE")
    while model._timer.isActive():
        model._scan()
    assert model.rowCount() == 200


def test_two_logs_agree_about_the_same_messages(talk: Conversation) -> None:
    """What a status makes of a row is remembered by each log for itself."""
    talk.exchange("C-FIND", STUDY_FIND, 7, pending=2)
    talk.exchange("C-ECHO", VERIFICATION, operation=8)
    talk.exchange("C-ECHO", VERIFICATION, operation=9)
    stores = LogStore(), LogStore()
    stores[1].add(Shape(Kind.ERROR, Class.FAILURE, "Error"), 0.0)  # so that shapes have other numbers
    for store in stores:
        feed = LogFeed(store)
        for _ in range(2):
            feed.take(talk.notices)
    one, other = ([store.row(n) for n in range(store.first, store.end)] for store in stores)
    assert [(r.shape, r.repeats, r.duration) for r in one] == [(r.shape, r.repeats, r.duration) for r in other[1:]]
    assert len({r.shape for r in messages(one)}) == len({id(r.shape) for r in messages(one)})


def test_a_row_names_no_association_that_was_not_opened(talk: Conversation) -> None:
    def told(*before: AnyNotice) -> int | None:
        notice = StatusNotice(
            operation=77, association=talk.association, time=1e9, clock=1.0, outcome=Outcome.SUCCESS, service="C-STORE",
            sop_class_uid="", status=None, sentence="Planned: 2 files can go.", duration=0.1,
        )  # fmt: skip
        return rows_of(*before, notice)[-1].association

    assert told() is None, "it was only planned"
    assert told(*talk.notices) == talk.association


def test_only_what_was_done_is_told_of_a_store() -> None:
    def told(service: str, **counts: int) -> SubOperations | None:
        notice = StatusNotice(
            operation=1, association=2, time=1e9, clock=1.0, outcome=Outcome.SUCCESS, service=service,
            sop_class_uid="", status=None, sentence="Planned.", duration=0.1, **counts,
        )  # fmt: skip
        return rows_of(notice)[-1].sub_operations

    assert told("C-STORE", failed=0) is None, "it was only planned"
    assert told("C-STORE", failed=1) == SubOperations(failed=1)
    assert told("C-GET", completed=0) == SubOperations(completed=0), "a retrieval of nothing says so"
