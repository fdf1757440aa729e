"""From the engine thread to whoever listens: notices in order, and one bell for the first of them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from engine.model.notices import (
    AnyNotice,
    AssociationNotice,
    AssociationPhase,
    FindingNotice,
    MessageNotice,
    PduNotice,
    ProgressNotice,
    StoredNotice,
)

from .echo_turns import EchoTurn
from .runs import RUNS as RUNS_OF_ALIKE
from .runs import Run as RunOfAlike
from .store_turns import Turn
from .waking import waking

PAYLOAD_LIMIT = 256 * 1024 * 1024
"""Bytes of PDU copies waiting to be fetched. Beyond it new copies are dropped (the notice stays, with its size): a
window that cannot keep up must not eat the machine."""
MOST = 250_000
"""Records waiting to be fetched, from which on nothing more is received: they hold about 150 MB. A window fetches tens
of thousands a second, a command none while nobody reads its output."""
_PASSING = (AssociationPhase.CONNECTING, AssociationPhase.NEGOTIATING, AssociationPhase.RELEASING)
RECORDS_WAIT = 0.01
"""Seconds until the bell rings for records. Ringing for each would wake the reader's thread between any two of them,
and threads that take turns at the interpreter cost the engine more than half of its speed. Nobody sees 10 ms."""

MUCH = 4 * 1024 * 1024
"""Bytes of PDU copies that wait, from which on the bell rings for records at once: what has been looked at is freed,
and the next copies go where it was. Memory that is new, or has left the processor's cache, costs more than copying."""


Run = RunOfAlike | Turn | EchoTurn
RUNS = RUNS_OF_ALIKE | {Turn, EchoTurn}
_RECORDS = RUNS | {PduNotice, MessageNotice, FindingNotice, ProgressNotice, StoredNotice}


def _is_record(notice: AnyNotice | Run) -> bool:
    """Whether it is only told, as hundreds are while the engine works. Nobody waits for one of these to go on: what
    ends a phase, an operation or a hope is another notice, and that rings at once."""
    return type(notice) in _RECORDS or (isinstance(notice, AssociationNotice) and notice.phase in _PASSING)


class Outbox:
    """One writer (the engine thread), one reader. Append and popleft of a deque are atomic, so no lock is held.

    later: of the writer's loop, calls back in so many seconds; None: the bell rings for records at once too.
    """

    def __init__(self, bell: Callable[[], None] | None = None) -> None:
        self._items: deque[AnyNotice | Run] = deque()
        self._bell = bell
        self.later: Callable[[float, Callable[[], None]], object] | None = None
        self._rung = False
        self._held = self._owed = False
        self._ringing_later = False
        self._waking = waking()
        # Each is written by one thread only; their difference is what waits.
        self._put_bytes = 0
        self._taken_bytes = 0

    def put(self, notice: AnyNotice | Run) -> None:
        """Append; rings the bell (in the writer's thread) when nobody has been told yet, for records a little later."""
        self._items.append(notice)
        if type(notice) is PduNotice:
            self._put_bytes += len(notice.data)
        elif type(notice) in RUNS:
            assert isinstance(notice, Run)
            self._put_bytes += notice.held
        if self._rung:
            return
        much = self._put_bytes - self._taken_bytes > MUCH
        if self._ringing_later and not much and type(notice) in _RECORDS:
            return
        if much or self.later is None or not _is_record(notice):
            self._ring()
        elif not self._ringing_later:
            self._ringing_later = True
            self.later(RECORDS_WAIT, self._ring_later)

    def put_aside(self, notice: AnyNotice) -> None:
        """Append for another thread than the writer's, which is held up and may have been about to ring."""
        self._items.append(notice)
        self._wake()

    def _ring_later(self) -> None:
        self._ringing_later = False
        if self._items and not self._rung:
            self._ring()

    def _ring(self) -> None:
        self._rung = True
        if self._held:
            self._owed = True
        else:
            self._wake()

    def _wake(self) -> None:
        self._waking.wake()
        if self._bell is not None:
            self._bell()

    def hold(self) -> None:
        """Ring from now on when told to by `let_go` only: the reader's thread would wake only to wait for the
        interpreter, which the writer's needs until it has nothing more to do."""
        self._held = True

    def let_go(self) -> None:
        """Ring, if it was to be rung meanwhile."""
        if self._owed:
            self._owed = False
            self._wake()

    def alone(self) -> None:
        """The loop that was to ring later is no more."""
        self.later = None
        self._ringing_later = self._held = self._owed = False
        if self._items:
            self._ring()

    @property
    def has_room(self) -> bool:
        """Whether another copy of a PDU's bytes may be put in."""
        return self._put_bytes - self._taken_bytes < PAYLOAD_LIMIT

    def __len__(self) -> int:
        """Records that wait; each may be many that are alike."""
        return len(self._items)

    def __bool__(self) -> bool:
        """It is there, empty or not."""
        return True

    @property
    def is_full(self) -> bool:
        """Whether so much waits to be fetched that nothing more is to be received."""
        return len(self._items) > MOST

    def drain(self, limit: int) -> list[AnyNotice]:
        """Up to `limit` notices. Fewer than `limit` means that all were taken and the bell will ring for the next."""
        self._free_bell()
        taken: list[AnyNotice] = []
        try:
            self._take(taken, limit)
        except BaseException:  # a run that cannot be told: what stood before it is not lost with it
            self._items.extendleft(reversed(taken))
            self._taken_bytes -= sum(len(notice.data) for notice in taken if type(notice) is PduNotice)
            raise
        return taken

    def _take(self, taken: list[AnyNotice], limit: int) -> None:
        items = self._items
        while items and len(taken) < limit:  # nobody else takes any
            notice = items.popleft()
            if type(notice) in RUNS:
                assert isinstance(notice, Run)
                try:
                    taken += notice.take(limit - len(taken))
                except BaseException:  # it is not told, and holds nothing any more
                    self._taken_bytes += notice.held
                    raise
                if notice.left:
                    items.appendleft(notice)
                else:
                    self._taken_bytes += notice.held
                continue
            if type(notice) is PduNotice:
                self._taken_bytes += len(notice.data)
            taken.append(notice)  # type: ignore[arg-type]

    def wait(self, timeout: float | None) -> bool:
        """Block until a notice is there; False when `timeout` (seconds; None: for ever) passed first."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._items:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return False
            self._waking.wait(left)
            self._rung = False  # what it rang for may have been drained already
        return True

    def _free_bell(self) -> None:
        """In this order: a notice put in between stays untold, but then it is there for who looks next."""
        if self._rung:
            self._waking.calm()
            self._rung = False
