"""One engine in both roles, driven by several threads at once; every message counted by the caller's AE title.

Nothing of what the engine tells is kept but the counts, so that what grows is the engine's.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from engine.model.association import Policy, Proposal
from engine.model.command_set import COMMAND_FIELD
from engine.model.commands import Command, Listen, OneShot, Outgoing, PeerSettings, StopListening
from engine.model.notices import (
    AnyNotice,
    AssociationNotice,
    AssociationPhase,
    Direction,
    ErrorNotice,
    ListenerNotice,
    MessageNotice,
    ScriptNotice,
    StatusNotice,
)
from engine.runtime.engine import Engine
from engine.standard.messages import message_name

from .held import at_rest

PATIENCE = 30.0
"""Seconds anything may take before it counts as hanging."""
_NAMED = (AssociationPhase.NEGOTIATING, AssociationPhase.ESTABLISHED)
SENT, RECEIVED = Direction.SENT, Direction.RECEIVED


@dataclass(slots=True)
class Tally:
    """What the associations of one calling AE title exchanged."""

    counts: Counter[tuple[bool, Direction, str]] = field(default_factory=Counter)
    """By (on the requestor's side, sent or received, message)."""
    open: Counter[bool] = field(default_factory=Counter)
    """Associations by (requestor's side)."""
    ended: Counter[bool] = field(default_factory=Counter)
    established: Counter[bool] = field(default_factory=Counter)

    def of(self, requestor: bool, direction: Direction) -> Counter[str]:
        return Counter({m: n for (r, d, m), n in self.counts.items() if r is requestor and d is direction})


class Desk:
    """Also what the jobs report: errors, and messages of both directions in all."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.errors: list[str] = []
        self.total: Counter[str] = Counter()
        """Notices of messages, and associations by their end."""
        self._changed = threading.Condition()
        self._tallies: dict[str, Tally] = {}
        self._titles: dict[int, str] = {}
        self._accepted: set[int] = set()
        self._scripted: deque[int] = deque(maxlen=64)
        self._awaited: dict[tuple[str, int], Future[Any]] = {}
        self._closing = False
        self.engine.start()
        self._pump = threading.Thread(target=self._run, name="pump")
        self._pump.start()

    def close(self) -> None:
        self.engine.stop()
        self._closing = True
        self._pump.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- what is told

    def _run(self) -> None:
        while not self._closing:
            got = self.engine.drain_wait(0.1)
            if got:
                with self._changed:
                    while got:
                        self._take(got.pop(0))  # none is kept
                    self._changed.notify_all()

    def _take(self, notice: AnyNotice) -> None:
        if isinstance(notice, MessageNotice):
            self._message(notice)
        elif isinstance(notice, AssociationNotice):
            self._association(notice)
        elif isinstance(notice, StatusNotice):
            self._resolve("operation", notice.operation, notice)
        elif isinstance(notice, ListenerNotice):
            self._resolve("listener", notice.listener, notice)
        elif isinstance(notice, ScriptNotice):
            self._scripted.append(notice.association)
        elif isinstance(notice, ErrorNotice) and notice.report:
            self.errors.append(f"A defect: {notice.sentence}\n{notice.report}")

    def _message(self, notice: MessageNotice) -> None:
        self.total[f"messages {notice.direction.value}"] += 1
        title = self._titles.get(notice.association)
        if title is None and notice.association in self._scripted:
            return  # half of it went out before a script of ours cut the connection
        if title is None:
            self.errors.append(f"A message was told outside the life of its association #{notice.association}.")
            return
        name = message_name(notice.command.number(COMMAND_FIELD))
        requestor = notice.association not in self._accepted
        self._tallies[title].counts[requestor, notice.direction, name] += 1

    def _association(self, notice: AssociationNotice) -> None:
        number, requestor = notice.association, notice.requestor
        named = requestor or notice.phase in _NAMED  # before, nobody knows who calls
        if notice.outcome is None and named and number not in self._titles:
            if requestor:
                assert notice.proposal is not None
                title = notice.proposal.local.ae_title
            else:
                title = notice.peer.ae_title
                self._accepted.add(number)
            self._titles[number] = title
            self._tally(title).open[requestor] += 1
        if notice.phase is AssociationPhase.ESTABLISHED:
            self._tallies[self._titles[number]].established[requestor] += 1
            self._resolve("association", number, notice)
        if notice.outcome is not None:
            self.total[f"associations {notice.phase.value}"] += 1
            self._accepted.discard(number)
            title_or_none = self._titles.pop(number, None)
            if title_or_none is not None:
                tally = self._tallies[title_or_none]
                tally.open[requestor] -= 1
                tally.ended[requestor] += 1
            self._resolve("association", number, notice)
            self._resolve("end", number, notice)
            if not requestor:
                self._resolve("caller", notice.peer.port, notice)

    def _tally(self, title: str) -> Tally:
        return self._tallies.setdefault(title, Tally())

    def _resolve(self, kind: str, number: int, notice: AnyNotice) -> None:
        future = self._awaited.pop((kind, number), None)
        if future is not None:
            future.set_result(notice)

    # -- what is asked

    def expect(self, kind: str, number: int) -> Future[Any]:
        """kind: "operation" (its end), "association" (established, or over), "end" of one, "caller" (the end of the
        association asked for from this port), "listener"."""
        future: Future[Any] = Future()
        with self._changed:
            self._awaited[kind, number] = future
        return future

    def submit(self, command: Command) -> None:
        self.engine.submit(command)

    def new_id(self) -> int:
        return self.engine.new_id()

    def run(self, command: Any) -> StatusNotice:
        """An operation to its end."""
        future = self.expect("operation", command.operation)
        self.engine.submit(command)
        status: StatusNotice = future.result(PATIENCE)
        return status

    def shot(self, proposal: Proposal, *messages: Outgoing, linger: float = 0.0) -> StatusNotice:
        number = self.new_id()
        end = self.expect("end", number)
        shot = OneShot(association=number, operation=self.new_id(), proposal=proposal, messages=messages, linger=linger)
        status = self.run(shot)
        end.result(PATIENCE)
        return status

    def listen(self, folder: Path | None = None, *, policy: Policy | None = None, **settings: Any) -> ListenerNotice:
        number = self.new_id()
        future = self.expect("listener", number)
        made = PeerSettings(policy=policy or Policy(), folder=folder, **settings)
        self.engine.submit(Listen(listener=number, settings=made))
        notice: ListenerNotice = future.result(PATIENCE)
        assert notice.listening, notice.sentence
        return notice

    def stop_listening(self, listener: int) -> None:
        future = self.expect("listener", listener)
        self.engine.submit(StopListening(listener=listener))
        future.result(PATIENCE)

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait until it holds; it is looked at after each batch of notices and now and then."""
        deadline = time.monotonic() + PATIENCE
        with self._changed:
            while not condition():
                if time.monotonic() > deadline:
                    raise AssertionError(f"{what} within {PATIENCE:g} s")
                self._changed.wait(0.05)

    def rest(self) -> None:
        """Until nothing is under way."""
        context = self.engine._context  # not told otherwise
        try:
            self.until(lambda: at_rest(self.engine) and not self._titles, "The engine did not come to rest")
        except AssertionError as error:
            held = f"{self._titles} {context.associations} {context.links} {[t.get_coro() for t in context._tasks]}"
            raise AssertionError(f"{error}: {held}") from None

    # -- what was counted

    def until_seen(self, title: str) -> None:
        """Until a caller of this title has come."""
        self.until(lambda: self._tally(title).open[False] or self._tally(title).ended[False], f"{title} did not call")

    def settled(self, title: str, *, own_peer: bool) -> Tally:
        """The tally of a job's title once its associations are over (own_peer: on both sides), and forget it."""

        def over() -> bool:
            tally = self._tally(title)
            return not +tally.open and (not own_peer or tally.established[True] <= tally.ended[False])

        self.until(over, f"The associations of {title} did not end")
        with self._changed:
            return self._tallies.pop(title)
