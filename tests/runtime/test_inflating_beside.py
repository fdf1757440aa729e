"""Deflated data sets that come to us as user are inflated beside the loop, however few their bytes are."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from engine.model.command_set import CommandSet
from engine.model.commands import Outgoing, Retrieve, RunProcedure
from engine.model.dataset import DataElement, DataSet, EncodedData
from engine.model.notices import Outcome, StatusNotice
from engine.model.procedures.instance import ReadInstance
from engine.protocol.exchange_events import Received
from engine.runtime import report_board
from engine.runtime.files import LONG, LONG_FRONT
from engine.runtime.report_board import MOST_BESIDE, ReportBoard
from engine.services.responses import request_of, response_to
from engine.wire import datasets

from .console import CT, STUDY_FIND, Console, echo_rq, proposal
from .scripted import Conversation, scripted

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

DEFLATED, IMPLICIT = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2"
STUDY_GET, PRINTER = "1.2.840.10008.5.1.4.1.2.2.3", "1.2.840.10008.5.1.1.16"
Held = tuple[threading.Event, threading.Event]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """Deflated data sets are not inflated before the second event is set; the first says that one is to be."""
    begun, goes_on = threading.Event(), threading.Event()
    decode = datasets.decode_dataset

    def slow(data: bytes, syntax: str, *given: Any, **named: Any) -> DataSet:
        if syntax == DEFLATED:
            begun.set()
            assert goes_on.wait(20)
        return decode(data, syntax, *given, **named)

    monkeypatch.setattr(datasets, "decode_dataset", slow)
    yield begun, goes_on
    goes_on.set()


def answers(status: int, data: DataSet) -> Any:
    """A peer that answers one request so, with the data set deflated."""

    def script(c: Conversation) -> None:
        c.accept()
        context, request = c.read_command()
        response = response_to(request, status).with_values(CommandDataSetType=0)
        c.send(c.message(context, response, datasets.encode_dataset(data, DEFLATED)))
        c.read_pdu()
        c.send(b"\x06\0\0\0\0\4\0\0\0\0")

    return script


def served_meanwhile(console: Console, held: Held, operation: int) -> StatusNotice:
    """Another association is served while the data set is inflated; the end of the operation then."""
    begun, goes_on = held
    number = console.open(proposal(console.listen()))
    assert begun.wait(20)
    assert console.send(number, echo_rq()).outcome is Outcome.SUCCESS
    goes_on.set()
    console.release(number)
    return console.status(operation)


def test_the_failed_instances_of_a_retrieval(console: Console, held: Held) -> None:
    failed = DataSet((DataElement(0x00080058, "UI", ("1.2.3", "1.2.4")),))
    with scripted(answers(0xA702, failed)) as peer:
        command = Retrieve(
            operation=console.new_id(),
            association=console.new_id(),
            proposal=proposal(peer, (STUDY_GET, DEFLATED)),
            service="C-GET",
            sop_class_uid=STUDY_GET,
            identifier=DataSet((DataElement(0x00080052, "CS", ("STUDY",)),)),
        )
        console.submit(command)
        ended = served_meanwhile(console, held, command.operation)
        assert ended.failed_instances == ("1.2.3", "1.2.4")


def test_the_response_to_a_step_of_a_procedure(console: Console, held: Held) -> None:
    with scripted(answers(0, DataSet((DataElement(0x21100010, "CS", ("NORMAL",)),)))) as peer:
        command = RunProcedure(
            operation=console.new_id(),
            association=console.new_id(),
            proposal=proposal(peer, (PRINTER, DEFLATED)),
            procedure=ReadInstance(sop_class_uid=PRINTER, sop_instance_uid=f"{PRINTER}.1"),
        )
        console.submit(command)
        assert served_meanwhile(console, held, command.operation).outcome is Outcome.SUCCESS


@pytest.mark.parametrize("what", ["much text", "many elements"])
def test_an_instance_is_read_beside_the_loop_where_that_takes_long(
    what: str, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what stands before its pixel data, not by these."""
    threads: list[str] = []
    read = datasets.read_attributes

    def reading(*given: Any, **named: Any) -> DataSet:
        threads.append(threading.current_thread().name)
        return read(*given, **named)

    monkeypatch.setattr(datasets, "read_attributes", reading)
    uids = DataElement(0x00080016, "UI", (CT,)), DataElement(0x00080018, "UI", ("1.2.3",))
    texts = DataElement(0x00104000, "LT", ("x" * LONG_FRONT,))
    empty = [DataElement(0x00091000 + n, "LO", ()) for n in range(4100)]
    many = (texts,) if what == "much text" else empty
    pixels = DataElement(0x7FE00010, "OW", bytes(LONG_FRONT))
    for quick, elements in ((True, (*uids, pixels)), (False, (*uids, *many, pixels))):
        threads.clear()
        data = EncodedData(datasets.encode_dataset(DataSet(elements), IMPLICIT), IMPLICIT)
        number = console.open(proposal(console.listen(), (CT, IMPLICIT)))
        request = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID="1.2.3")
        assert console.send(number, Outgoing(command=request, data=data)).outcome is Outcome.SUCCESS
        assert ("dimse-engine" in threads) is quick
        console.release(number)


@pytest.mark.parametrize("name", ["C-STORE-RQ", "C-FIND-RQ"])
def test_what_is_large_is_read_beside_the_loop(name: str, console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    long = LONG_FRONT if name == "C-STORE-RQ" else LONG

    def watched(read: Any) -> Any:
        def reading(data: Any, *given: Any, **named: Any) -> DataSet:
            if len(data.data if isinstance(data, EncodedData) else data) > long:
                threads.append(threading.current_thread().name)
            result: DataSet = read(data, *given, **named)
            return result

        return reading

    for function in ("read_attributes", "decode_dataset"):
        monkeypatch.setattr(datasets, function, watched(getattr(datasets, function)))
    sop_class = CT if name == "C-STORE-RQ" else STUDY_FIND
    own = {"AffectedSOPInstanceUID": "1.2.3"} if sop_class == CT else {}
    level = DataElement(0x00080052, "CS", ("STUDY",))
    uids = DataElement(0x00080016, "UI", (CT,)), DataElement(0x00080018, "UI", ("1.2.3",))
    text = DataElement(0x00104000, "LT", ("x" * long,))
    data = EncodedData(datasets.encode_dataset(DataSet((*uids, level, text)), IMPLICIT), IMPLICIT)
    request = Outgoing(command=request_of(name, AffectedSOPClassUID=sop_class, **own), data=data)
    number = console.open(proposal(console.listen(), (sop_class, IMPLICIT)))
    threads.clear()
    assert console.send(number, request).outcome is Outcome.SUCCESS
    assert threads and "dimse-engine" not in threads
    console.release(number)


def report(number: int, syntax: str = DEFLATED, *, broken: bool = False) -> Received:
    ds = DataSet((DataElement(0x00081195, "UI", (f"1.2.{number}",)),))
    command = request_of("N-EVENT-REPORT-RQ", AffectedSOPClassUID=PRINTER, EventTypeID=number)
    data = EncodedData(b"\xff\xff" if broken else datasets.encode_dataset(ds, syntax), syntax)
    return Received(
        context_id=1,
        abstract_syntax=PRINTER,
        transfer_syntax=syntax,
        command=command,
        command_bytes=b"",
        data=data,
        data_length=len(data.data),
    )


async def taken(board: ReportBoard, reports: list[Received]) -> list[tuple[int | None, str]]:
    """Type and Transaction UID of what a subscriber is told when these come at once."""
    subscription = board.subscribe()
    for message in reports:
        board.post(1, message, "PEER")
    told: list[tuple[int | None, str]] = []
    for _ in reports:
        got = await subscription.take(lambda _: True, 20, lambda: False)
        assert got is not None
        told.append((number_of(got.command), got.data.text(0x00081195) if got.data is not None else "none"))
    return told


def number_of(command: CommandSet) -> int | None:
    return command.number(0x00001002)


def board() -> ReportBoard:
    tasks: list[asyncio.Task[None]] = []  # the loop alone would forget them

    def spawn(work: Coroutine[Any, Any, None], _what: str) -> None:
        tasks.append(asyncio.get_running_loop().create_task(work))

    return ReportBoard(spawn)


def test_event_reports_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are deflated are read in another thread, and what came after them waits for its turn."""
    threads: list[tuple[str, bool]] = []
    read = report_board._read

    def noted(message: Received, *rest: Any) -> DataSet | None:
        threads.append((message.transfer_syntax, threading.current_thread() is threading.main_thread()))
        return read(message, *rest)

    monkeypatch.setattr(report_board, "_read", noted)
    first = replace(report(0), data=None)
    came = [first, report(1, IMPLICIT), report(2), report(3, IMPLICIT), report(4, broken=True), report(5)]
    told = asyncio.run(taken(board(), came))
    assert told == [(0, "none"), (1, "1.2.1"), (2, "1.2.2"), (3, "1.2.3"), (4, "none"), (5, "1.2.5")]
    assert (DEFLATED, True) not in threads
    assert threads[0] == (IMPLICIT, True)


def test_more_event_reports_than_are_kept_to_be_inflated_come_without_their_data_sets() -> None:
    told = asyncio.run(taken(board(), [report(n) for n in range(MOST_BESIDE + 3)]))
    assert [number for number, _ in told] == list(range(MOST_BESIDE + 3))
    assert [text for _, text in told].count("none") == 3


def test_what_a_peer_sends_meanwhile_waits_with_it(console: Console, held: Held) -> None:
    """It is not taken in without bound while one response is inflated."""
    begun, goes_on = held
    taken: list[int] = []

    def script(c: Conversation) -> None:
        c.accept()
        context, request = c.read_command()
        pending = response_to(request, 0xFF00).with_values(CommandDataSetType=0)
        c.send(c.message(context, pending, datasets.encode_dataset(DataSet(()), DEFLATED)))
        assert begun.wait(20)
        flood = c.message(context, pending, bytes(1 << 20))
        c.sock.settimeout(1.0)  # the system's buffers are full by then
        with contextlib.suppress(TimeoutError):
            while sum(taken) < 200 << 20:
                taken.append(c.sock.send(flood))
        goes_on.set()

    with scripted(script) as peer:
        console.submit(
            RunProcedure(
                operation=console.new_id(),
                association=console.new_id(),
                proposal=proposal(peer, (PRINTER, DEFLATED)),
                procedure=ReadInstance(sop_class_uid=PRINTER, sop_instance_uid=f"{PRINTER}.1"),
            )
        )
        assert goes_on.wait(60)
    assert sum(taken) < 100 << 20


def test_a_defect_with_one_event_report_keeps_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    read = report_board._read

    def fails(message: Received, *rest: Any) -> DataSet | None:
        if number_of(message.command) == 1:
            raise MemoryError
        return read(message, *rest)

    monkeypatch.setattr(report_board, "_read", fails)
    failed: list[asyncio.Task[None]] = []

    def spawn(work: Coroutine[Any, Any, None], _what: str) -> None:
        failed.append(asyncio.get_running_loop().create_task(work))

    told = asyncio.run(taken(ReportBoard(spawn), [report(n) for n in range(4)]))
    assert told == [(0, "1.2.0"), (1, "none"), (2, "1.2.2"), (3, "1.2.3")]
    assert [type(task.exception()) for task in failed].count(MemoryError) == 1
