"""A storage commitment whose files take the disk long: nobody else waits for it, and it ends as it should."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.model.commands import StopListening, WatchObjects
from engine.model.dataset import EncodedData
from engine.model.emulation import CommitmentOptions, Emulation
from engine.model.notices import AssociationNotice, ErrorNotice, ListenerNotice, ObjectsNotice
from engine.services.responses import request_of
from engine.wire.datasets import encode_dataset, write_instance

from .console import CT, EXPLICIT, SECONDS, Console, keys
from .scripted import Conversation, calling

COMMITMENT = "1.2.840.10008.1.20.1"
WELL_KNOWN = "1.2.840.10008.1.20.1.1"
MANY = 30
EMULATION = Emulation(commitment=CommitmentOptions(retries=0))


class Disk:
    """Waits with what it is to have from the first file on, until it is let go."""

    def __init__(self) -> None:
        self.asked = 0
        self.busy, self.goes_on = threading.Event(), threading.Event()

    def synchronize(self, _: int) -> None:
        self.asked += 1
        self.busy.set()
        self.goes_on.wait(SECONDS)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    slow = Disk()
    monkeypatch.setattr(os, "fsync", slow.synchronize)
    yield slow
    slow.goes_on.set()


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    for number in range(MANY):
        uid = f"1.2.{number}"
        data = encode_dataset(keys(SOPClassUID=CT, SOPInstanceUID=uid), EXPLICIT)
        write_instance(tmp_path / f"{uid}.dcm", EncodedData(data, EXPLICIT), CT, uid)
    return tmp_path


def ask(talk: Conversation) -> None:
    references = [keys(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID=f"1.2.{number}") for number in range(MANY)]
    data = encode_dataset(keys(TransactionUID="1.2.3", ReferencedSOPSequence=references), EXPLICIT)
    command = request_of("N-ACTION-RQ", RequestedSOPClassUID=COMMITMENT, RequestedSOPInstanceUID=WELL_KNOWN)
    talk.send(talk.message(1, command.with_values(MessageID=1, CommandDataSetType=1, ActionTypeID=1), data))


def undelivered(notice: ErrorNotice) -> bool:
    return "could not be delivered" in notice.sentence


def test_others_are_served_meanwhile(console: Console, stored: Path, disk: Disk) -> None:
    listener = console.listen(stored, emulation=EMULATION)
    with calling(listener.port, (COMMITMENT, EXPLICIT)) as talk:
        ask(talk)
        assert disk.busy.wait(SECONDS)
        assert console.echo(listener).status == 0
        assert disk.asked == 1
        disk.goes_on.set()
        assert talk.read_command()[1].status == 0
    assert disk.asked > MANY


def test_a_peer_that_goes_meanwhile_is_owed_its_report(console: Console, stored: Path, disk: Disk) -> None:
    listener = console.listen(stored, emulation=EMULATION)
    console.submit(WatchObjects(listener=listener.listener))
    with calling(listener.port, (COMMITMENT, EXPLICIT)) as talk:
        ask(talk)
        assert disk.busy.wait(SECONDS)
        talk.reset()
    console.wait(AssociationNotice, lambda n: n.outcome is not None)
    disk.goes_on.set()
    console.wait(ObjectsNotice, lambda n: not n.whole and n.held)
    assert disk.asked > MANY
    console.wait(ErrorNotice, undelivered)  # it is tried at once, and when it is there again
    console.notices.clear()
    console.submit(StopListening(listener=listener.listener))
    console.wait(ListenerNotice, lambda n: not n.listening)
    console.listen(stored, emulation=EMULATION)
    assert "N-EVENT-REPORT" in console.wait(ErrorNotice, undelivered).sentence


def test_a_built_in_peer_that_is_stopped_meanwhile_waits_for_one_file_only(
    console: Console, stored: Path, disk: Disk
) -> None:
    listener = console.listen(stored, emulation=EMULATION)
    with calling(listener.port, (COMMITMENT, EXPLICIT)) as talk:
        ask(talk)
        assert disk.busy.wait(SECONDS)
        console.submit(StopListening(listener=listener.listener))
        console.wait(ListenerNotice, lambda n: not n.listening)
        disk.goes_on.set()
        console.wait(ErrorNotice, lambda n: "the built-in peer was stopped" in n.sentence)
        assert disk.asked == 1
