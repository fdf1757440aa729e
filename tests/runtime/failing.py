"""What has to fail, in these words, with nothing left behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from engine.model.association import Timeouts
from engine.model.commands import OneShot, Outgoing
from engine.model.notices import AssociationNotice, ErrorNotice, Outcome
from tests.interop.peers import free_port
from tests.runtime.console import (
    HOST,
    VERIFICATION,
    Console,
    echo_rq,
    proposal,
)
from tests.runtime.scripted import Conversation

LONG = Timeouts(connect=20.0, acse=20.0, dimse=20.0, artim=0.3)
"""Where something else than a time-out ends it, none may come first on a loaded machine."""
NO_ANSWER, NO_RESPONSE = replace(LONG, acse=0.4), replace(LONG, dimse=0.4)
"""Where a time-out ends it, only this one may."""
ACCEPTING = replace(LONG, artim=5.0)
"""Of a listener, whose ARTIM ends what has not begun."""
WITHIN = 30.0
"""Seconds any of it may take on a loaded machine; the time-outs are far shorter."""


def fails(
    console: Console, where: Any, outcome: Outcome, *words: str, message: Outgoing | None = None, **changes: Any
) -> AssociationNotice:
    """One shot that must fail: the operation and its association say the same, in these words."""
    changes.setdefault("timeouts", NO_RESPONSE if outcome is Outcome.TIMED_OUT else LONG)
    abstract_syntax = message.command.sop_class_uid if message else VERIFICATION
    made = proposal(where, abstract_syntax, **changes)
    shot = OneShot(
        association=console.new_id(), operation=console.new_id(), proposal=made, messages=(message or echo_rq(),)
    )
    status = console.run(shot, WITHIN)
    ended = console.ended(shot.association, WITHIN)
    for word in words:
        assert word in status.sentence, status.sentence
    assert status.outcome is outcome, status.sentence
    assert status.sentence.endswith(".")
    assert "Traceback" not in status.sentence and "Error" not in status.sentence.split("(")[0]
    assert not console.of(ErrorNotice)
    return ended


class Nowhere:
    """A port nobody listens on."""

    ae_title = "NOWHERE"
    host = HOST

    def __init__(self) -> None:
        self.port = free_port()


def accepting(then: Callable[[Conversation], object]) -> Callable[[Conversation], None]:
    def script(c: Conversation) -> None:
        c.accept()
        then(c)

    return script
