"""What one peer sends is taken in small pieces where it takes long, so that the others have their turn."""

from __future__ import annotations

import pytest

from engine.model.notices import Outcome
from engine.runtime import link
from engine.runtime.link import LEAST_ROOM, Link
from engine.services.responses import request_of

from .console import VERIFICATION, Console, echo_rq, proposal
from .scripted import calling

COUNT = 2_000


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes were read at once, each time."""
    counts: list[int] = []
    take = Link._take

    def noted(self: Link, nbytes: int) -> None:
        counts.append(nbytes)
        take(self, nbytes)

    monkeypatch.setattr(Link, "_take", noted)
    return counts


@pytest.mark.parametrize("slow", [True, False])
def test_less_is_read_at_once_where_it_takes_long(
    slow: bool, console: Console, reads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every message is taken all the same."""
    monkeypatch.setattr(link, "SLOW", -1.0 if slow else 3600.0)
    listener = console.listen()
    with calling(listener.port) as c:
        c.ask(VERIFICATION)
        echo = request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION).with_values(CommandDataSetType=0x0101)
        c.send(b"".join(c.message(1, echo.with_values(MessageID=1 + n % 60_000)) for n in range(COUNT)))
        answered = [c.read_command()[1].responded_to for _ in range(COUNT)]
        assert answered == [1 + n for n in range(COUNT)]
    if slow:
        assert max(reads[4:]) <= LEAST_ROOM
    else:
        assert max(reads) > 2 * LEAST_ROOM
    assert console.echo(listener).outcome is Outcome.SUCCESS


def test_more_is_read_again_when_it_is_quick(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = console.listen()
    number = console.open(proposal(listener))
    connection = console.engine._context.associations[number].link
    monkeypatch.setattr(link, "SLOW", -1.0)
    while connection._room > LEAST_ROOM:
        assert console.send(number, echo_rq()).outcome is Outcome.SUCCESS
    monkeypatch.setattr(link, "SLOW", 3600.0)
    while connection._room < link.MOST_ROOM:
        assert console.send(number, echo_rq()).outcome is Outcome.SUCCESS
    console.release(number)
