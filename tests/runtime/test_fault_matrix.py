"""Each fault at each point of a conversation, over real sockets and in both roles: it ends, in time, in words."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.model.association import Timeouts
from engine.model.commands import OpenAssociation, Release, Send
from engine.model.notices import AssociationNotice, AssociationPhase, Outcome
from engine.services.responses import request_of, response_to
from engine.standard.pdus import ReleaseRQ
from engine.wire.commands import encode_command
from engine.wire.datasets import encode_dataset
from engine.wire.fragments import fragment
from engine.wire.pdus import encode_pdu

from .console import (
    CT,
    EXPLICIT,
    HOST,
    STUDY_FIND,
    Console,
    find_rq,
    keys,
    policy,
    proposal,
)
from .hostile import FAULTS, PATIENCE, nothing_leaks
from .scripted import Conversation, association_rq, scripted

LONG = Timeouts(connect=20.0, acse=20.0, dimse=20.0, artim=1.0)
SHORT = 0.3
PHASES = ("connect", "negotiation", "idle", "command", "data", "pending", "release")
MATRIX = [pytest.param(phase, fault, id=f"{phase}-{fault}") for phase in PHASES for fault in FAULTS]


def pdus_of(context: int, command: Any, data: bytes | None, maximum: int = 64) -> list[bytes]:
    """A message as PDUs."""
    chunks = None if data is None else [data]
    return [b"".join(bytes(p) for p in pdu) for pdu in fragment(context, encode_command(command), chunks, maximum)]


TIMED_OUT, ABORTED, CLOSED, RELEASED = Outcome.TIMED_OUT, Outcome.ABORTED, Outcome.CONNECTION_FAILED, Outcome.SUCCESS
SILENT = ("nothing", "half a PDU", "dribble", "never reading")
Row = tuple[Outcome, str | tuple[str, ...]]
"""How the association ends, and words of the sentence that tells it, or of each of those that may."""
BROKEN: dict[str, Row] = {
    "garbage": (ABORTED, "is not one of DICOM's"),
    "wrong PDU": (ABORTED, "is not expected in Sta"),
    "huge length": (ABORTED, "PDU-length is 4294967280 bytes; the limit is"),
    "reset": (ABORTED, "broke the connection"),
    "half close": (ABORTED, "closed the connection"),
}


def _rows(silence: str, **others: Row) -> dict[str, Row]:
    """What each fault leads to in a phase. silence: words of the time-out."""
    return {
        **dict.fromkeys(SILENT, (TIMED_OUT, silence)),
        **BROKEN,
        **{k.replace("_", " "): v for k, v in others.items()},
    }


_NO_RQ, _IDLE, _MIDDLE = "sent no A-ASSOCIATE-RQ within", "Nothing was sent or received", "stopped in the middle of a"
# a dribble that stops for a moment on a loaded machine has stopped
_SLOW: Row = (TIMED_OUT, ("has sent hardly anything for 0.3 s, in the middle of a", _MIDDLE))
EXPECTED_OF_USERS = {
    "connect": _rows(_NO_RQ),
    # what follows half an A-ASSOCIATE-RQ is taken for the rest of it
    "negotiation": _rows(_NO_RQ, wrong_PDU=(TIMED_OUT, _NO_RQ), huge_length=(TIMED_OUT, _NO_RQ)),
    "idle": _rows(_MIDDLE, nothing=(TIMED_OUT, _IDLE), never_reading=(TIMED_OUT, _IDLE), dribble=_SLOW),
    "command": _rows(_MIDDLE, dribble=_SLOW),
    "data": _rows(_MIDDLE, dribble=_SLOW),
    "pending": _rows(
        _IDLE,
        # whether it is idle or slow hangs on whether our responses were sent before or after what it began
        half_a_PDU=_SLOW,
        dribble=_SLOW,
    ),
    "release": dict.fromkeys(FAULTS, (RELEASED, "released the association")),
}
_REFUSED = {"reset": (CLOSED, "the connection"), "half_close": (CLOSED, "closed the connection")}
_AC, _BEGAN, _RSP = (
    "did not answer the A-ASSOCIATE-RQ",
    "began to answer the A-ASSOCIATE-RQ",
    "sent no response to the C-FIND",
)
EXPECTED_OF_PROVIDERS = {
    "connect": _rows(_AC, half_a_PDU=(TIMED_OUT, _BEGAN), dribble=(TIMED_OUT, _BEGAN), **_REFUSED),
    "negotiation": _rows(_BEGAN, wrong_PDU=(TIMED_OUT, _BEGAN), huge_length=(TIMED_OUT, _BEGAN), **_REFUSED),
    "idle": _rows(_MIDDLE, nothing=(TIMED_OUT, _IDLE), never_reading=(TIMED_OUT, _IDLE), dribble=_SLOW),
    "command": _rows(_RSP),
    "data": _rows(_RSP),
    "pending": _rows(_RSP),
    "release": _rows("did not answer the A-RELEASE-RQ"),
}


def waits(expected: dict[str, dict[str, Row]], phase: str, fault: str) -> Timeouts:
    """The one time-out that has to come is short; no other may come before it on a loaded machine."""
    acceptor = expected is EXPECTED_OF_USERS
    outcome, words = expected[phase][fault]
    if phase in ("connect", "negotiation", "release"):
        timer = "artim" if acceptor else "acse"
    else:
        timer = "idle" if words == _IDLE else "dimse"
    ends = outcome is TIMED_OUT or (acceptor and phase == "release")
    return replace(LONG, **{timer: SHORT}) if ends else LONG


def assert_as_expected(expected: dict[str, dict[str, Row]], phase: str, fault: str, ended: AssociationNotice) -> None:
    outcome, words = expected[phase][fault]
    assert ended.outcome is outcome, ended.sentence
    assert any(w in ended.sentence for w in ([words] if isinstance(words, str) else words)), ended.sentence
    assert ended.sentence.endswith(".")


# --- the console as acceptor ----------------------------------------------------------------------------------------


def lead_to(phase: str, sock: socket.socket) -> None:
    """Go on with the conversation, without fault, up to this phase."""

    wanted = (CT, EXPLICIT), (STUDY_FIND, EXPLICIT)
    if phase == "connect":
        return
    if phase == "negotiation":
        rq = association_rq(*wanted)
        sock.sendall(rq[: len(rq) // 2])
        return
    talk = Conversation(sock, threading.Event())
    talk.ask(*wanted)
    store = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID="1.2.3").with_values(
        MessageID=1, CommandDataSetType=1, Priority=0
    )
    find = request_of("C-FIND-RQ", AffectedSOPClassUID=STUDY_FIND).with_values(
        MessageID=2, CommandDataSetType=1, Priority=0
    )
    whole = pdus_of(1, store, bytes(4000))
    commands = len(pdus_of(1, store, None))
    if phase == "command":
        sock.sendall(whole[0])
    elif phase == "data":
        sock.sendall(b"".join(whole[: commands + 20]))
    elif phase == "pending":
        identifier = encode_dataset(keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=""), EXPLICIT)
        sock.sendall(b"".join(pdus_of(3, find, identifier)))
    elif phase == "release":
        sock.sendall(encode_pdu(ReleaseRQ()))
        assert talk.read_pdu()[0] == 6


@pytest.mark.parametrize(("phase", "fault"), MATRIX)
def test_a_user_with_a_fault(phase: str, fault: str, console: Console, tmp_path: Path) -> None:
    listener = console.listen(
        tmp_path / "in", policy=policy(timeouts=waits(EXPECTED_OF_USERS, phase, fault)), delays=(0.0, 0.1)
    )
    console.echo(listener)  # whatever is made once is there
    over = threading.Event()
    with nothing_leaks(console, tmp_path):
        since = time.perf_counter()
        with socket.create_connection((HOST, listener.port), timeout=PATIENCE) as sock:

            def behave() -> None:
                lead_to(phase, sock)
                FAULTS[fault](sock, over, "acceptor")

            worker = threading.Thread(target=behave)
            worker.start()
            ended = console.wait(
                AssociationNotice,
                lambda n: n.outcome is not None and n.clock >= since and n.listener is not None,
                PATIENCE,
            )
            over.set()
            worker.join()
    assert_as_expected(EXPECTED_OF_USERS, phase, fault, ended)


# --- the console as requestor ---------------------------------------------------------------------------------------


def misbehave(phase: str, fault: str, talk: Conversation) -> None:
    """The acceptor's part: without fault up to the phase, then the fault."""
    if phase == "negotiation":
        talk.read_pdu()
        talk.send(bytes.fromhex("0200000000b80001"))
    elif phase != "connect":
        talk.accept()
    if phase in ("command", "data", "pending"):
        context, request = talk.read_command()
        pending = response_to(request, 0xFF00).with_values(CommandDataSetType=1)
        identifier = encode_dataset(keys(QueryRetrieveLevel="STUDY", PatientID="x" * 200), EXPLICIT)
        whole = pdus_of(context, pending, identifier)
        commands = len(pdus_of(context, pending, None))
        many = {"command": 1, "data": commands + 1, "pending": len(whole)}[phase]
        talk.send(b"".join(whole[:many]))
    elif phase == "release":
        assert talk.read_pdu()[0] == 5
    FAULTS[fault](talk.sock, talk.over, "requestor")


@pytest.mark.parametrize(("phase", "fault"), MATRIX)
def test_a_provider_with_a_fault(phase: str, fault: str, console: Console) -> None:
    number, operation = console.new_id(), console.new_id()
    with nothing_leaks(console), scripted(lambda talk: misbehave(phase, fault, talk)) as peer:
        asked = proposal(peer, (STUDY_FIND, EXPLICIT), timeouts=waits(EXPECTED_OF_PROVIDERS, phase, fault))
        console.submit(OpenAssociation(association=number, proposal=asked))
        if phase not in ("connect", "negotiation"):
            console.wait(
                AssociationNotice, lambda n: n.association == number and n.phase is AssociationPhase.ESTABLISHED
            )
            if phase == "release":
                console.submit(Release(association=number))
            elif phase != "idle":
                query = find_rq(STUDY_FIND, keys(QueryRetrieveLevel="STUDY"))
                console.submit(Send(association=number, operation=operation, message=query))
                status = console.status(operation, PATIENCE)
                assert status.outcome is not Outcome.SUCCESS and status.sentence
        ended = console.ended(number, PATIENCE)
    assert_as_expected(EXPECTED_OF_PROVIDERS, phase, fault, ended)
