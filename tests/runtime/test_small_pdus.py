"""A peer that takes PDUs of a few bytes only: what it is sent goes out in turns, and the others have theirs between."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.model.association import LocalAE, Policy, Role
from engine.model.dataset import FileData
from engine.model.notices import Outcome
from engine.protocol import primitives as p
from engine.protocol.acceptance import answer
from engine.protocol.negotiation import propose
from engine.protocol.upper_layer import UpperLayer
from engine.runtime.writer import PDUS_AT_ONCE
from engine.services.responses import request_of, response_to
from engine.standard.pdus import AssociateRQ, ReleaseRP
from engine.wire.datasets import encode_dataset
from engine.wire.fragments import DataRun
from engine.wire.pdus import decode_pdu, encode_pdu

from .console import CT, EXPLICIT, STUDY_GET, Console, contexts, keys, proposal, store_rq, write_instances
from .scripted import Conversation, calling, scripted

SMALL = 8
"""Bytes of PDU-length taken: two of a data set."""
SIZES = [40_000, 100_000, 1_200_000]


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many P-DATA-TFs were handed to the machine at once, each time."""
    counts: list[int] = []
    whole = UpperLayer.request

    def noted(self: UpperLayer, primitive: p.Primitive, now: float) -> None:
        if isinstance(primitive, p.PDataRequest):
            counts.append(sum(len(pdu) if isinstance(pdu, DataRun) else 1 for pdu in primitive.pdus))
        whole(self, primitive, now)

    monkeypatch.setattr(UpperLayer, "request", noted)
    return counts


def assert_in_turns(writes: list[int], size: int) -> None:
    assert sum(writes) > size // 2
    assert max(writes) <= PDUS_AT_ONCE


@pytest.mark.parametrize("size", SIZES)
def test_a_provider(size: int, console: Console, tmp_path: Path, writes: list[int]) -> None:
    taken: list[int] = []

    def script(talk: Conversation) -> None:
        rq = decode_pdu(talk.read_pdu())
        assert isinstance(rq, AssociateRQ)
        talk.send(encode_pdu(answer(rq, Policy(local=LocalAE(maximum_length=SMALL))).pdu))
        length = 0
        while (pdu := talk.read_pdu())[0] == 4:
            control = pdu[11]
            length += 0 if control & 1 else len(pdu) - 12
            if control == 2:
                taken.append(length)
                asked = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID="1.2.3.0")
                talk.send(talk.message(1, response_to(asked.with_values(MessageID=1), 0)))
        assert pdu[0] == 5
        talk.send(encode_pdu(ReleaseRP()))

    (path,) = write_instances(tmp_path / "files", 1, size)
    with scripted(script) as peer:
        asked = proposal(peer, (CT, EXPLICIT))
        status = console.one_shot(asked, store_rq(CT, "1.2.3.0", FileData(path, None, None, "")))
    assert status.outcome is Outcome.SUCCESS, status.sentence
    assert len(taken) == 1 and taken[0] > size
    assert_in_turns(writes, size)


@pytest.mark.parametrize("size", SIZES)
def test_a_user(size: int, console: Console, tmp_path: Path, writes: list[int]) -> None:
    write_instances(tmp_path / "stock", 1, size)
    listener = console.listen(tmp_path / "stock")
    get = contexts(STUDY_GET)[0]
    (store,) = contexts((CT, EXPLICIT), role=Role.SCP)
    made: Any = replace(proposal(SimpleNamespace(port=0), maximum_length=SMALL), contexts=(get, replace(store, id=3)))
    with calling(listener.port) as talk:
        talk.send(encode_pdu(propose(made)))
        assert talk.read_pdu()[0] == 2
        command = request_of("C-GET-RQ", AffectedSOPClassUID=STUDY_GET)
        data = encode_dataset(keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.9"), EXPLICIT)
        talk.send(talk.message(1, command.with_values(MessageID=1, CommandDataSetType=1, Priority=0), data))
        context, control, length = 0, 0, 0
        while (context, control) != (3, 2):
            pdu = talk.read_pdu()
            context, control = pdu[10:12]
            length += len(pdu) - 12 if context == 3 and not control & 1 else 0
    assert length > size
    assert_in_turns(writes, size)
