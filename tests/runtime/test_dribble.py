"""A message that never becomes whole although something comes all the time: it ends the association, in words."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.model.association import Timeouts
from engine.model.commands import OpenAssociation, Send
from engine.model.notices import AssociationNotice, AssociationPhase, Outcome
from engine.services.responses import response_to

from .console import EXPLICIT, HOST, STUDY_FIND, Console, find_rq, keys, policy, proposal
from .hostile import PATIENCE, nothing_leaks
from .scripted import Conversation, scripted
from .test_fault_matrix import lead_to, pdus_of

SHORT = Timeouts(connect=20.0, acse=20.0, dimse=0.3, artim=1.0)


def fragments(context: int) -> Callable[[socket.socket, threading.Event], None]:
    """Whole P-DATA-TFs that carry a byte of a data set each, and never the last."""
    one = struct.pack(">BBIIBBB", 4, 0, 7, 3, context, 0, 0xFF)

    def send(sock: socket.socket, over: threading.Event) -> None:
        with contextlib.suppress(OSError):
            for _ in itertools.count():
                if over.wait(0.01):
                    return
                sock.sendall(one)

    return send


def assert_given_up(ended: AssociationNotice) -> None:
    assert ended.outcome is Outcome.TIMED_OUT
    # on a loaded machine it stops for a moment
    said = "has sent hardly anything for 0.3 s, in the middle of a", "stopped in the middle of a", "sent no response"
    assert any(words in ended.sentence for words in said), ended.sentence


def test_a_user_that_sends_a_data_set_byte_by_byte(console: Console) -> None:
    listener = console.listen(policy=policy(timeouts=SHORT))
    over = threading.Event()
    with nothing_leaks(console), socket.create_connection((HOST, listener.port), timeout=PATIENCE) as sock:

        def behave() -> None:
            lead_to("data", sock)
            fragments(1)(sock, over)

        worker = threading.Thread(target=behave)
        worker.start()
        ended = console.wait(AssociationNotice, lambda n: n.outcome is not None and n.listener is not None, PATIENCE)
        over.set()
        worker.join()
    assert_given_up(ended)


@pytest.mark.parametrize("idle", [0.0, 0.3])
def test_a_provider_that_sends_a_response_byte_by_byte(idle: float, console: Console) -> None:
    def dribble(talk: Conversation) -> None:
        talk.accept()
        context, request = talk.read_command()
        pending = response_to(request, 0xFF00).with_values(CommandDataSetType=1)
        talk.send(b"".join(pdus_of(context, pending, None)))
        fragments(context)(talk.sock, talk.over)

    waits = replace(SHORT, idle=idle)
    with nothing_leaks(console), scripted(dribble) as peer:
        number, operation = console.new_id(), console.new_id()
        asked = proposal(peer, (STUDY_FIND, EXPLICIT), timeouts=waits)
        console.submit(OpenAssociation(association=number, proposal=asked))
        console.wait(AssociationNotice, lambda n: n.association == number and n.phase is AssociationPhase.ESTABLISHED)
        query = find_rq(STUDY_FIND, keys(QueryRetrieveLevel="STUDY"))
        console.submit(Send(association=number, operation=operation, message=query))
        status = console.status(operation, PATIENCE)
        ended = console.ended(number, PATIENCE)
    assert status.outcome is Outcome.TIMED_OUT
    assert_given_up(ended)
