"""An engine whose loop is held up says so, and that it goes on; one that is blocked for good is replaced."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from engine.model.commands import Release
from engine.model.notices import (
    AssociationNotice,
    AssociationPhase,
    EngineNotice,
    ErrorNotice,
    ListenerNotice,
    Outcome,
)
from engine.runtime import pulse
from engine.runtime.engine import Engine
from tests.runtime.console import CT, EXPLICIT, Console, proposal, store_rq
from tests.runtime.test_limits import image

SECRET = "DOE^JOHN"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "BEAT", 0.05)


class Held:
    """A callback that keeps the loop from the moment `hold` is called until `let_go` is."""

    def __init__(self) -> None:
        self._entered, self._go_on = threading.Event(), threading.Event()
        self.endless = self.deaf = False
        self.thread: threading.Thread | None = None

    def hold(self, engine: Engine) -> None:
        engine._context.loop.call_soon_threadsafe(self._keep, SECRET)
        self._entered.wait()

    def let_go(self) -> None:
        self._go_on.set()

    def _keep(self, patient: str) -> None:
        self.thread = threading.current_thread()
        self._entered.set()
        if self.deaf:
            with suppress(SystemExit):
                self._compute()
        self._compute()
        self._go_on.wait()

    def _compute(self) -> None:
        while self.endless:
            pass


@pytest.fixture
def held() -> Iterator[Held]:
    made = Held()
    yield made
    made.let_go()


def silent(console: Console) -> EngineNotice:
    """What is told of the callback that holds it; a slow machine may have looked silent before."""
    return console.wait(EngineNotice, lambda n: not n.answers and "_keep" in n.report)


def test_one_that_is_held_up_says_where_and_that_it_goes_on(console: Console, held: Held) -> None:
    listener = console.listen()
    number = console.open(proposal(listener))
    held.hold(console.engine)
    told = silent(console)
    assert told.sentence.startswith("The engine has not answered for ")
    assert "something in the console itself holds it up. Its report says where." in told.sentence
    assert told.report.startswith("The engine's loop has not answered for") and "test_engine_silent.py" in told.report
    assert SECRET not in told.report + told.sentence
    held.let_go()
    again = console.wait(EngineNotice, lambda n: n.answers and n.time >= told.time)
    assert again.sentence.startswith("The engine answers again, after ") and not again.report
    assert console.release(number).outcome is Outcome.SUCCESS
    assert console.echo(listener).outcome is Outcome.SUCCESS
    assert not console.of(ErrorNotice)


@pytest.mark.parametrize("endless", [False, True], ids=["waits", "computes"])
@pytest.mark.parametrize("by_itself", [False, True], ids=["when asked", "by itself"])
def test_one_that_is_blocked_for_good_is_replaced(endless: bool, by_itself: bool, held: Held, tmp_path: Path) -> None:
    held.endless = endless
    console = Console(patience=0.5 if by_itself else 0.0)
    kept, passing = console.listen(tmp_path / "in"), console.listen()
    shot = console.one_shot(proposal(kept, (CT, EXPLICIT)), store_rq(CT, "1.2.1", image("1.2.1")))
    assert shot.outcome is Outcome.SUCCESS
    number = console.open(proposal(passing))
    held.hold(console.engine)
    told = silent(console)
    assert ("is replaced by a new one" in told.sentence) is by_itself
    console.submit(Release(association=number))  # nobody takes it any more
    if not by_itself:
        console.engine.replace()
    gone = console.wait(ErrorNotice, lambda n: "has not answered for" in n.sentence)
    assert "is replaced by a new one" in gone.sentence and not gone.report
    lost = console.ended(number)
    assert (lost.phase, lost.outcome) == (AssociationPhase.FAILED, Outcome.ABORTED)
    for where in (kept, passing):
        console.wait(ListenerNotice, lambda n, w=where: n.listener == w.listener and n.time > gone.time)  # type: ignore[misc]
        assert console.echo(where).outcome is Outcome.SUCCESS
    assert len(list((tmp_path / "in").glob("*.dcm"))) == 1
    assert held.thread is not None
    if not endless:
        held.let_go()
    held.thread.join()  # what it was at has been ended
    assert console.echo(passing).outcome is Outcome.SUCCESS
    assert len(console.of(AssociationNotice, lambda n: n.association == number and n.outcome is not None)) == 1
    console.close()


def test_one_that_loses_its_end_is_ended_again(console: Console, held: Held) -> None:
    """As in a finalizer, where nobody hears what is raised."""
    held.endless = held.deaf = True
    listener = console.listen()
    held.hold(console.engine)
    silent(console)
    console.engine.replace()
    assert held.thread is not None
    held.thread.join()
    console.wait(ListenerNotice, lambda n: n.listener == listener.listener and n.listening and n is not listener)
    assert console.echo(listener).outcome is Outcome.SUCCESS


def test_one_that_answers_is_not_replaced(console: Console, held: Held) -> None:
    listener = console.listen()
    number = console.open(proposal(listener))
    held.hold(console.engine)
    told = silent(console)
    held.let_go()
    console.wait(EngineNotice, lambda n: n.answers and n.time >= told.time)
    life = console.engine._life
    console.engine.replace()
    assert console.release(number).outcome is Outcome.SUCCESS
    assert console.engine._life is life


def test_one_that_is_blocked_is_not_waited_for_at_the_end(held: Held) -> None:
    console = Console()
    listener = console.listen()
    number = console.open(proposal(listener))
    held.hold(console.engine)
    console.close()
    assert console.ended(number).outcome is Outcome.ABORTED
    assert console.of(ErrorNotice, lambda n: "is not waited for" in n.sentence)
    with Engine() as engine:
        assert engine.new_id()


def test_the_watch_ends_with_its_engine() -> None:
    with Engine():
        assert any(t.name == "dimse-engine-watch" for t in threading.enumerate())
    assert not any(t.name == "dimse-engine-watch" for t in threading.enumerate())


class Looks:
    """Stands in the place of the time between two looks: `acts[n]` happens before the n-th."""

    def __init__(self, watch: pulse.Pulse, acts: dict[int, Callable[[], object]], last: int) -> None:
        self._watch, self._acts, self._last = watch, acts, last
        self._count = 0

    def wait(self, _seconds: float) -> bool:
        self._count += 1
        self._acts.get(self._count, int)()
        if self._count >= self._last:
            self._watch.stop()
        return False

    def set(self) -> None:
        """It is over."""


def looked(acts: dict[int, str], last: int, patience: float = 0.0) -> list[str]:
    """What is told in so many looks at a loop that answers before those named, only."""
    told: list[str] = []
    asked: list[Callable[[], None]] = []

    def call(answer: Callable[[], None]) -> bool:
        asked.append(answer)
        return True

    def answer() -> None:
        asked.pop()()

    tell = [lambda _, word=word: told.append(word) for word in ("silent", "answers", "hopeless")]  # type: ignore[misc]
    watch = pulse.Pulse(call, *tell, patience)
    do = {"answers": answer, "give up": watch.give_up}
    watch._stirred = Looks(watch, {n: do[act] for n, act in acts.items()}, last)  # type: ignore[assignment]
    watch._watch()
    return told


def test_silence_is_told_once_and_again_when_it_was_broken() -> None:
    assert looked({}, 4) == []
    assert looked({}, 50) == ["silent"]
    assert looked({7: "answers"}, 10) == ["silent", "answers"]
    assert looked({7: "answers"}, 50) == ["silent", "answers", "silent"]


def test_it_is_given_up_when_it_is_silent_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "BEAT", 1.0)
    assert looked({2: "give up"}, 20) == ["silent"]
    assert looked({9: "give up"}, 20) == ["silent", "hopeless"]
    assert looked({}, 20, patience=8.0) == ["silent", "hopeless"]
    assert looked({7: "answers"}, 10, patience=8.0) == ["silent", "answers"]


def test_looks_are_counted_and_not_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that was stopped for an hour does not hang."""
    hours = count(0.0, 3600.0)
    monkeypatch.setattr(pulse.time, "perf_counter", lambda: next(hours))
    assert looked(dict.fromkeys((2, 5, 8, 11), "answers"), 12, patience=10.0) == []
