"""Associations in a row, and many at once, each with an echo, against our own built-in peer in the same engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.model.commands import OneShot, OpenAssociation, Release
from engine.model.notices import AssociationPhase, ListenerNotice, Outcome
from tests.runtime.console import echo_rq, proposal

from .counting import same_on_both_sides
from .desk import PATIENCE, Desk

ECHOES = 10
BATCH = 250
"""Associations between two looks at what was counted, so that nothing but the engine's grows."""
Say = Callable[[str], None]


def in_a_row(desk: Desk, peer: ListenerNotice, count: int, say: Say = lambda _: None) -> None:
    """Open, one echo, release; one after the other."""
    done = 0
    while done < count:
        part = min(BATCH, count - done)
        title = f"ROW{done}"
        asked = proposal(peer, calling=title)
        for _ in range(part):
            status = desk.shot(asked, echo_rq())
            if status.outcome is not Outcome.SUCCESS:
                desk.errors.append(f"Association in a row: {status.sentence}")
        same_on_both_sides(desk, title, {"C-ECHO-RQ": part, "C-ECHO-RSP": part})
        done += part
        say(f"{done} associations in a row")


def at_once(desk: Desk, peer: ListenerNotice, count: int, rounds: int, say: Say = lambda _: None) -> None:
    """All open together before the first is released, then echoes on all of them together."""
    for number in range(rounds):
        title = f"ONCE{number}"
        asked = proposal(peer, calling=title)
        _held_open(desk, asked, count)
        shots = [
            OneShot(association=desk.new_id(), operation=desk.new_id(), proposal=asked, messages=(echo_rq(),) * ECHOES)
            for _ in range(count)
        ]
        ends = [desk.expect("operation", s.operation) for s in shots]
        for shot in shots:
            desk.submit(replace(shot))
        for end in ends:
            status = end.result(PATIENCE)
            if status.outcome is not Outcome.SUCCESS:
                desk.errors.append(f"{count} at once: {status.sentence}")
        same_on_both_sides(desk, title, {"C-ECHO-RQ": count * ECHOES, "C-ECHO-RSP": count * ECHOES})
        say(f"{number + 1} times {count} associations at once")


def _held_open(desk: Desk, asked: object, count: int) -> None:
    numbers = [desk.new_id() for _ in range(count)]
    opened = [desk.expect("association", n) for n in numbers]
    for n in numbers:
        desk.submit(OpenAssociation(association=n, proposal=asked))  # type: ignore[arg-type]
    for future in opened:
        notice = future.result(PATIENCE)
        if notice.phase is not AssociationPhase.ESTABLISHED:
            desk.errors.append(f"{count} at once: {notice.sentence}")
    ends = [desk.expect("end", n) for n in numbers]
    for n in numbers:
        desk.submit(Release(association=n))
    for end in ends:
        end.result(PATIENCE)
