"""Responses that are none the service has: told as what they are, and waited for no longer than the time-out says."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.model.association import Timeouts
from engine.model.commands import StoreFiles
from engine.model.notices import Outcome, StoredNotice
from engine.services.responses import response_to
from engine.standard.pdus import ReleaseRP
from engine.wire.pdus import encode_pdu

from .console import CT, VERIFICATION, Console, echo_rq, proposal, write_instances
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


def test_a_long_error_comment_does_not_fill_the_list_of_files(console: Console, tmp_path: Path) -> None:
    def script(talk: Conversation) -> None:
        talk.accept()
        context, request = talk.read_command()
        talk.send(talk.message(context, response_to(request, 0xC000).with_values(ErrorComment="A" * 100_000)))
        talk.read_pdu()
        talk.send(encode_pdu(ReleaseRP()))

    (path,) = write_instances(tmp_path / "files", 1)
    with scripted(script) as peer:
        asked = proposal(peer, CT, timeouts=SHORT)
        command = StoreFiles(operation=console.new_id(), association=console.new_id(), proposal=asked, paths=(path,))
        console.run(command)
    said = [r.sentence for n in console.of(StoredNotice) for r in n.results][-1]
    assert said.endswith("AAA… (100000 characters)") and len(said) < 500


def answers_otherwise(talk: Conversation) -> None:
    """Answers the requests with N-DELETE-RSPs of their Message IDs, then lets go."""
    talk.accept()
    while (asked := talk.next_request()) is not None:
        context, request = asked
        answer = response_to(request, 0).with_values(CommandField=0x8150)
        talk.send(talk.message(context, answer))
    talk.send(encode_pdu(ReleaseRP()))


def test_a_response_of_another_service_is_none(console: Console) -> None:
    with scripted(answers_otherwise) as peer:
        told = console.one_shot(proposal(peer, VERIFICATION, timeouts=SHORT), echo_rq())
    assert told.outcome is Outcome.FAILURE
    said = "answered the C-ECHO-RQ with Message ID 1 with an N-DELETE-RSP with the status 0000H, which is no response"
    assert said in told.sentence


def test_a_file_answered_with_a_response_of_another_service_is_not_stored(console: Console, tmp_path: Path) -> None:
    (path, *_) = write_instances(tmp_path / "files", 2)
    with scripted(answers_otherwise) as peer:
        asked = proposal(peer, CT, timeouts=SHORT)
        command = StoreFiles(operation=console.new_id(), association=console.new_id(), proposal=asked, paths=(path,))
        told = console.run(command)
    assert told.outcome is Outcome.FAILURE and not told.completed
    assert "N-DELETE-RSP" in told.sentence
