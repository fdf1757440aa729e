"""Responses that are none the service has: told as what they are, and waited for no longer than the time-out says."""

from __future__ import annotations

import pytest

from engine.model.association import Timeouts
from engine.model.notices import Outcome
from engine.services.responses import response_to

from .console import VERIFICATION, Console, echo_rq, proposal
from .scripted import Conversation, scripted

SHORT = Timeouts(dimse=0.6, acse=2.0, artim=0.5)


@pytest.mark.parametrize("status", [0xFF00, 0xFF01])
def test_a_service_without_pending_responses_is_not_waited_for_without_end(status: int, console: Console) -> None:
    def script(talk: Conversation) -> None:
        talk.accept()
        context, request = talk.read_command()
        while not talk.over.wait(0.05):
            talk.send(talk.message(context, response_to(request, status)))

    with scripted(script) as peer:
        told = console.one_shot(proposal(peer, VERIFICATION, timeouts=SHORT), echo_rq())
    assert told.outcome is Outcome.TIMED_OUT
    assert f"What came instead: a C-ECHO-RSP with the status {status:04X}H, Pending" in told.sentence


def test_a_long_error_comment_does_not_fill_the_screen(console: Console) -> None:
    def script(talk: Conversation) -> None:
        talk.accept()
        context, request = talk.read_command()
        talk.send(talk.message(context, response_to(request, 0x0110).with_values(ErrorComment="A" * 100_000)))
        talk.wait_closed()

    with scripted(script) as peer:
        told = console.one_shot(proposal(peer, VERIFICATION, timeouts=SHORT), echo_rq())
    assert len(told.error_comment) == 100_000
    assert told.sentence.endswith("AAA… (100000 characters)")
    assert len(told.sentence) < 500
