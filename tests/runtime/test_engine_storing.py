"""Storing by the engine: cancelled, aborted, cut off, through the disk, without holding the loop."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.model.association import LocalAE, Role
from engine.model.commands import (
    Abort,
    Cancel,
    Retrieve,
    StoreFiles,
)
from engine.model.dataset import DataElement, DataSet, EncodedData
from engine.model.limits import Limits
from engine.model.notices import (
    AssociationNotice,
    AssociationPhase,
    Direction,
    ErrorNotice,
    MessageNotice,
    Outcome,
    PduNotice,
    ProgressNotice,
    StatusNotice,
)
from engine.runtime import noting
from engine.runtime.files import Spool
from engine.runtime.writer import Writer
from engine.services.responses import response_to
from engine.wire import datasets
from tests.runtime.console import (
    CT,
    EXPLICIT,
    STUDY_GET,
    Console,
    contexts,
    data_set_bytes,
    keys,
    policy,
    proposal,
    store_rq,
    write_instances,
)
from tests.runtime.scripted import Conversation, scripted


def test_storing_is_cancelled_midway(console: Console, tmp_path: Path) -> None:
    write_instances(tmp_path / "in", 1000)
    listener = console.listen(tmp_path / "out")
    store = StoreFiles(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=proposal(listener),
        paths=(tmp_path / "in",),
    )
    console.submit(store)
    console.wait(ProgressNotice, lambda n: n.done == 3)
    console.submit(Cancel(operation=store.operation))
    status = console.status(store.operation)
    assert status.outcome is Outcome.CANCELLED
    assert status.completed and status.remaining
    assert status.completed + status.remaining == 1000
    assert console.ended(store.association).phase is AssociationPhase.RELEASED
    assert len(list((tmp_path / "out").glob("*.dcm"))) == status.completed
    assert not console.of(MessageNotice, lambda n: n.command.command_field == 0x0FFF)


def test_an_association_of_a_procedure_can_be_aborted(console: Console, tmp_path: Path) -> None:
    write_instances(tmp_path / "in", 1000)
    store = StoreFiles(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=proposal(console.listen()),
        paths=(tmp_path / "in",),
    )
    console.submit(store)
    console.wait(ProgressNotice, lambda n: n.done == 3)
    console.submit(Abort(association=store.association))
    status = console.status(store.operation)
    assert status.outcome is Outcome.ABORTED
    assert "not sent" in status.sentence


@pytest.mark.parametrize("in_folder", [True, False])
def test_a_large_data_set_goes_through_the_disk(
    in_folder: bool, console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """80 MB are sent from a file and received into one, in neither case held in memory; it can be fetched again."""
    import tracemalloc

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    (path,) = write_instances(tmp_path / "in", 1, 80_000_000)
    folder = tmp_path / "out" if in_folder else None
    listener = console.listen(folder)
    tracemalloc.start()
    try:
        store = StoreFiles(
            operation=console.new_id(), association=console.new_id(), proposal=proposal(listener), paths=(path,)
        )
        # The PDUs' copies that wait in the outbox are bounded on their own; a face fetches and drops them.
        console.submit(store)
        while not console.of(StatusNotice):
            console.notices = [n for n in console.notices if not isinstance(n, PduNotice)]
            console.notices += console.engine.drain_wait(5)
        assert console.status(store.operation).outcome is Outcome.SUCCESS
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 200_000_000, most  # 64 MiB of PDU copies a side at most, queues, and the spool's threshold
    if folder is not None:
        (received,) = folder.glob("*.dcm")
        assert data_set_bytes(received) == data_set_bytes(path)
    console.notices.clear()
    retrieve = Retrieve(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=proposal(listener, STUDY_GET, (CT, EXPLICIT)),
        service="C-GET",
        sop_class_uid=STUDY_GET,
        identifier=keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.9"),
        folder=tmp_path / "got",
    )
    made = replace(retrieve.proposal, contexts=contexts(STUDY_GET, (CT, EXPLICIT), role=Role.SCP))
    made = replace(made, contexts=(replace(made.contexts[0], role=Role.DEFAULT), made.contexts[1]))
    status = console.run(replace(retrieve, proposal=made))
    assert (status.outcome, status.completed) == (Outcome.SUCCESS, 1)
    (got,) = (tmp_path / "got").iterdir()
    assert data_set_bytes(got) == data_set_bytes(path)
    console.close()
    assert not list(tmp_path.rglob("*.part"))


def test_a_disk_that_is_full_is_told(console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = console.listen(tmp_path / "out", policy=policy(limits=Limits(memory=1000)))

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Spool, "_begun", full)
    (path,) = write_instances(tmp_path / "in", 1, 100_000)
    store = StoreFiles(
        operation=console.new_id(), association=console.new_id(), proposal=proposal(listener), paths=(path,)
    )
    assert console.run(store).outcome is not Outcome.SUCCESS
    (answer,) = console.of(MessageNotice, lambda n: n.command.command_field == 0x8001 and n.operation is not None)
    assert answer.command.status == 0xA700
    assert console.of(ErrorNotice, lambda n: "No space left on device" in n.sentence)
    assert not console.of(AssociationNotice, lambda n: n.outcome is not None and n.outcome is not Outcome.SUCCESS)
    assert console.echo(listener).outcome is Outcome.SUCCESS


def test_data_sets_of_a_long_store_are_not_all_kept(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noting, "KEPT_DATA_BYTES", 1_000_000)
    write_instances(tmp_path / "in", 20, 200_000)
    listener = console.listen(tmp_path / "out")
    store = StoreFiles(
        operation=console.new_id(), association=console.new_id(), proposal=proposal(listener), paths=(tmp_path / "in",)
    )
    assert console.run(store).completed == 20
    received = console.of(MessageNotice, lambda n: n.command.command_field == 1 and n.direction is Direction.RECEIVED)
    assert [n.data is not None for n in received] == [True] * 4 + [False] * 16
    assert all(n.data_length > 200_000 for n in received)


def test_an_operation_that_is_cut_off_by_the_stop_is_told(console: Console, tmp_path: Path) -> None:
    """Whatever the engine was doing when it was stopped, each operation ends with its one notice."""
    write_instances(tmp_path / "in", 30)

    def script(talk: Conversation) -> None:
        talk.accept()
        left = 10  # the eleventh is never answered
        while left and (asked := talk.next_request()) is not None:
            context, request = asked
            talk.send(talk.message(context, response_to(request, 0)))
            left -= 1
        talk.wait_closed()

    with scripted(script) as peer:
        operations = []
        for _ in range(3):
            store = StoreFiles(
                operation=console.new_id(),
                association=console.new_id(),
                proposal=proposal(peer),
                paths=(tmp_path / "in",),
            )
            operations.append(store.operation)
            console.submit(store)
        console.wait(ProgressNotice)
        console.close()
    statuses = console.of(StatusNotice)
    assert sorted(n.operation for n in statuses) == operations
    assert Outcome.SUCCESS not in {n.outcome for n in statuses}


def test_the_loop_is_never_blocked_for_long(console: Console, tmp_path: Path) -> None:
    """While 200 files are stored the loop keeps turning: the longest pause stays small."""
    write_instances(tmp_path / "in", 200, 100_000)
    listener = console.listen(tmp_path / "out")
    pauses: list[float] = []

    async def measure() -> None:
        loop = asyncio.get_running_loop()
        last = loop.time()
        while console.engine._context.associations or not pauses:
            await asyncio.sleep(0.001)
            pauses.append(loop.time() - last)
            last = loop.time()

    held = console.open(proposal(listener))
    console.engine._context.loop.call_soon_threadsafe(lambda: console.engine._context.spawn(measure(), "Measuring"))
    store = StoreFiles(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=proposal(listener),
        paths=(tmp_path / "in",),
    )
    assert console.run(store).completed == 200
    console.release(held)
    assert max(pauses) < 0.5


def test_a_message_is_told_as_sent_with_its_last_pdu(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where that fills the last of its writes too: its response could be there before another one."""
    written: list[int] = []
    put = Writer._put

    def noting_it(self: Writer, pdus: list[Any], operation: int | None) -> None:
        written.append(len(pdus))
        put(self, pdus, operation)

    monkeypatch.setattr(Writer, "_put", noting_it)
    listener = console.listen(policy=policy(local=LocalAE(ae_title="PEER", maximum_length=28672)))
    data = EncodedData(datasets.encode_dataset(image("1.2.1", 1_052_000), EXPLICIT), EXPLICIT)
    status = console.one_shot(proposal(listener, (CT, EXPLICIT)), store_rq(CT, "1.2.1", data))
    assert status.outcome is Outcome.SUCCESS
    assert len(written) > 1
    assert all(written)


def image(uid: str, size: int) -> DataSet:
    elements = (DataElement(0x00080016, "UI", (CT,)), DataElement(0x00080018, "UI", (uid,)))
    return DataSet((*elements, DataElement(0x7FE00010, "OW", bytes(size))))
