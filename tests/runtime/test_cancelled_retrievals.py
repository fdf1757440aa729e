"""A peer that passes over a C-CANCEL-RQ, or answers it otherwise, is told of."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from engine.model.association import Peer
from engine.model.notices import (
    ErrorNotice,
    Outcome,
    StatusNotice,
)
from engine.runtime import messages, sentences
from engine.services.responses import response_to
from engine.wire import datasets
from tests.runtime.console import (
    EXPLICIT,
    STUDY_FIND,
    STUDY_GET,
    Console,
    keys,
)
from tests.runtime.retrieving import STUDY, Provider, ask, counts, end
from tests.runtime.scripted import Conversation, scripted


def asked_to_stop(console: Console, service: str, uid: str, *responses: dict[str, Any]) -> StatusNotice:
    with scripted(Provider(*responses)) as peer:
        return end(console, ask(console, peer, service, uid, cancel_after=1))


@pytest.mark.parametrize("heeds", [False, True])
def test_a_peer_that_goes_on_after_the_cancel_is_told_of(
    heeds: bool, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it does, so that the user need not wait for ever without a word."""
    monkeypatch.setattr(messages, "HEEDED_WITHIN", 0.2)
    told = threading.Event()

    def script(talk: Conversation) -> None:
        talk.accept()
        context, request = talk.read_command()
        pending, identifier = (
            response_to(request, 0xFF00).with_values(CommandDataSetType=1),
            datasets.encode_dataset(STUDY, EXPLICIT),
        )
        talk.send(talk.message(context, pending, identifier))
        talk.read_command()
        while not heeds and not told.wait(0.01):
            talk.send(talk.message(context, pending, identifier))
        talk.send(talk.message(context, response_to(request, 0xFE00)))
        talk.wait_closed()

    with scripted(script) as peer:
        command = ask(console, peer, "C-FIND", STUDY_FIND, cancel_after=1)
        if not heeds:
            error = console.wait(ErrorNotice)
            assert (error.association, error.operation) == (command.association, command.operation)
            assert "goes on with the C-FIND: " in error.sentence
            assert "come in the 0.2 s since the C-CANCEL-RQ was sent" in error.sentence
            told.set()
        end(console, command)
    assert len(console.of(ErrorNotice)) == (0 if heeds else 1)


@pytest.mark.parametrize(("service", "clause"), [("C-FIND", "9.3.2.3"), ("C-GET", "9.3.3.3"), ("C-MOVE", "9.3.4.3")])
def test_a_cancel_passed_over_is_told_with_the_clause_of_its_own_service(service: str, clause: str) -> None:
    peer = Peer(host="127.0.0.1", port=104, ae_title="ANY")
    assert f"(PS3.7 {clause})" in sentences.cancel_passed_over(peer, service, 1, 5.0)


def test_a_peer_that_ignores_the_cancel_is_named(console: Console):
    match = {"status": 0xFF00, "data": keys(PatientID="1")}
    status = asked_to_stop(console, "C-FIND", STUDY_FIND, match, match, match, {"status": 0})
    assert status.outcome is Outcome.SUCCESS
    assert "C-CANCEL-RQ was sent after 1; the peer sent 2 more pending responses" in status.verdict


def test_a_cancel_answered_with_a_warning_is_named(console: Console):
    pending = {"status": 0xFF00, **counts(1, NumberOfRemainingSuboperations=4)}
    status = asked_to_stop(console, "C-GET", STUDY_GET, pending, {"status": 0xB000, **counts(1)})
    assert "answered the C-CANCEL-RQ with B000H instead of FE00H" in status.verdict
