"""An association that is over is freed at once, in whichever role and however it ended: not when cycles are looked for,
which in a quiet program is never."""

from __future__ import annotations

import gc
import struct
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.model.commands import OpenAssociation
from engine.model.notices import AssociationNotice, AssociationPhase
from engine.services.responses import request_of
from engine.standard.pdus import PDataTF, ReleaseRQ
from engine.wire.datasets import encode_dataset
from engine.wire.pdus import encode_pdu

from .console import CT, EXPLICIT, STUDY_FIND, VERIFICATION, Console, keys, policy, proposal
from .scripted import Conversation, calling, scripted

WANTED = VERIFICATION, (CT, EXPLICIT), (STUDY_FIND, EXPLICIT)
CUT = struct.pack(">BBI", PDataTF.TYPE, 0, 100_000) + bytes(50_000)
RELEASE = encode_pdu(ReleaseRQ())


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def released(talk: Conversation) -> None:
    talk.send(RELEASE)
    assert talk.read_pdu()[0] == 6


def echoes(talk: Conversation) -> None:
    for number in range(1, 5):
        command = request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION)
        talk.send(talk.message(1, command.with_values(MessageID=number, CommandDataSetType=0x101)))
        assert talk.read_command()[1].status == 0
    released(talk)


def stores(talk: Conversation) -> None:
    for number in range(1, 6):
        uid = f"1.2.{number}"
        command = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID=uid).with_values(
            MessageID=number, CommandDataSetType=1, Priority=0
        )
        data = encode_dataset(keys(SOPClassUID=CT, SOPInstanceUID=uid, PatientID="P"), EXPLICIT)
        talk.send(talk.message(3, command, data))
        assert talk.read_command()[1].status == 0
    released(talk)


def finds(talk: Conversation) -> None:
    command = request_of("C-FIND-RQ", AffectedSOPClassUID=STUDY_FIND)
    data = encode_dataset(keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=""), EXPLICIT)
    talk.send(talk.message(5, command.with_values(MessageID=1, CommandDataSetType=1, Priority=0), data))
    while talk.read_command()[1].status != 0:
        pass
    released(talk)


def cut_pdu(talk: Conversation) -> None:
    talk.send(CUT)


def garbage(talk: Conversation) -> None:
    talk.send(b"\xff" * 100)
    assert talk.read_pdu()[0] == 7


ENDINGS = [released, echoes, stores, finds, cut_pdu, Conversation.reset, garbage]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("folder", [False, True], ids=["in memory", "in a folder"])
def test_one_we_accepted(
    ending: Callable[[Conversation], None], folder: bool, console: Console, uncollected: None, tmp_path: Path
) -> None:
    listener = console.listen(tmp_path / "in" if folder else None, policy=policy())
    freed = threading.Event()
    with calling(listener.port, *WANTED) as talk:
        (number,) = console.engine._context.associations
        weakref.finalize(console.engine._context.associations[number], freed.set)
        ending(talk)
    console.ended(number)
    assert freed.wait(5)


@pytest.mark.parametrize("ending", [cut_pdu, Conversation.reset, garbage])
def test_one_we_asked_for(ending: Callable[[Conversation], None], console: Console, uncollected: None) -> None:
    go = threading.Event()

    def script(talk: Conversation) -> None:
        talk.accept()
        go.wait(20)
        ending(talk)

    freed = threading.Event()
    with scripted(script) as peer:
        number = console.new_id()
        console.submit(OpenAssociation(association=number, proposal=proposal(peer)))
        console.wait(AssociationNotice, lambda n: n.association == number and n.phase is AssociationPhase.ESTABLISHED)
        weakref.finalize(console.engine._context.associations[number], freed.set)
        go.set()
        console.ended(number)
        assert freed.wait(5)
