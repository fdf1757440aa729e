"""Associations over TLS of the console with itself, and how they come out."""

from __future__ import annotations

from typing import Any

from engine.model.association import Policy, Timeouts
from engine.model.commands import (
    OneShot,
)
from engine.model.notices import AssociationNotice, AssociationPhase, ListenerNotice, Outcome
from engine.model.tls import TlsSettings, TlsVerdict
from tests.runtime.console import (
    Console,
    echo_rq,
    proposal,
)

SHORT = Timeouts(connect=1.0, acse=0.6, dimse=2.0, artim=0.4)
LONG = Timeouts(connect=20.0, acse=20.0, dimse=20.0, artim=2.0)
"""Where something else than a time-out ends it, none may come first on a loaded machine."""
WITHIN = 30.0


def secured(console: Console, *, requestor: bool) -> TlsVerdict:
    """What the handshake came to on one side."""
    told = console.wait(
        AssociationNotice,
        lambda n: n.requestor is requestor and n.phase is AssociationPhase.CONNECTING and n.tls is not None,
    )
    assert told.tls is not None
    return told.tls


def failed(console: Console, *, requestor: bool) -> AssociationNotice:
    return console.wait(AssociationNotice, lambda n: n.requestor is requestor and n.outcome is not None, WITHIN)


def shoot(console: Console, where: Any, tls: TlsSettings | None, **changes: Any) -> tuple[Outcome, str]:
    """One C-ECHO: how it ended."""
    changes.setdefault("timeouts", LONG)
    shot = OneShot(
        association=console.new_id(),
        operation=console.new_id(),
        proposal=proposal(where, tls=tls, **changes),
        messages=(echo_rq(),),
    )
    status = console.run(shot, WITHIN)
    console.ended(shot.association, WITHIN)
    return status.outcome, status.sentence


def listening(console: Console, tls: TlsSettings | None, **settings: Any) -> ListenerNotice:
    settings.setdefault("policy", Policy(timeouts=LONG))
    return console.listen(tls=tls, **settings)
