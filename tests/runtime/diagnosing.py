"""Runs a scene with the real engine and asks the diagnoser what was wrong in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from engine.model.association import Timeouts
from engine.model.command_set import Value
from engine.model.commands import OneShot, Outgoing, Retrieve
from engine.model.notices import StatusNotice
from engine.services.responses import response_to
from engine.standard.pdus import ReleaseRP
from engine.trace.diagnosis.diagnoser import Diagnoser
from engine.trace.diagnosis.model import Diagnosis
from engine.wire.pdus import encode_pdu

from .console import VERIFICATION, Console, echo_rq, proposal
from .scripted import Conversation, Scripted, scripted

LONG = Timeouts(connect=20.0, acse=20.0, dimse=20.0, artim=0.3)
"""Where something else than a time-out has to come, however busy the machine is."""
SHORT = 0.4
"""Seconds of the one time-out that has to come."""


def diagnoses(console: Console) -> dict[str, Diagnosis]:
    """Everything the diagnoser says of what the console has seen, by rule."""
    return {d.rule: d for d in Diagnoser().take(console.drain())}


def shot(
    console: Console, where: Any, *messages: Outgoing, contexts: tuple[Any, ...] = (), **changes: Any
) -> StatusNotice:
    """One shot to its very end; the contexts are those of the messages' SOP classes unless given."""
    changes.setdefault("timeouts", LONG)
    sent = messages or (echo_rq(),)
    wanted = contexts or tuple(dict.fromkeys(m.command.sop_class_uid or VERIFICATION for m in sent))
    command = OneShot(
        association=console.new_id(),
        operation=console.new_id(),
        proposal=proposal(where, *wanted, **changes),
        messages=sent,
    )
    status = console.run(command)
    console.ended(command.association)
    return status


def retrieve(console: Console, where: Any, service: str, uid: str, identifier: Any, **more: Any) -> StatusNotice:
    """A C-FIND, C-GET or C-MOVE to its very end."""
    wanted = more.pop("contexts", (uid,))
    changes = more.pop("changes", {})
    command = Retrieve(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=proposal(where, *wanted, **changes),
        service=service,
        sop_class_uid=uid,
        identifier=identifier,
        **more,
    )
    status = console.run(command)
    console.ended(command.association)
    return status


def check(found: dict[str, Diagnosis], rule: str) -> Diagnosis:
    """The diagnosis of this rule, whole: four sentences, a clause, and a proof in the trace."""
    assert rule in found, f"{rule} is not among {sorted(found)}"
    made = found[rule]
    for text in (made.happened, made.cause, made.change):
        assert (text and text[0].isupper()) or text[0].isdigit(), text
        assert text.rstrip()[-1] in ".)”", text
    assert made.title and made.clause.startswith("PS3.")
    assert made.proofs, f"{rule} names no evidence"
    return made


@contextlib.contextmanager
def answering(*statuses: int, comment: str = "", **extra: Value) -> Iterator[Scripted]:
    """A peer that answers every request with these statuses, one response each."""

    def script(talk: Conversation) -> None:
        talk.accept()
        while True:
            context_id, command = talk.read_command()
            if command.command_field == 0x0FFF:
                continue
            for status in statuses:
                response = response_to(command, status, comment=comment, extra=extra if status != 0xFF00 else None)
                talk.send(talk.message(context_id, response))

    def quiet(talk: Conversation) -> None:
        with contextlib.suppress(AssertionError):  # the release comes instead of a request
            script(talk)
            return
        talk.send(encode_pdu(ReleaseRP()))

    with scripted(quiet) as peer:
        yield peer
