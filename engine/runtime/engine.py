"""The engine: one background thread, one loop, all associations. Commands in, notices out."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Self
from weakref import WeakSet

from engine.model import commands as c
from engine.model.defects import report_of
from engine.model.notices import AnyNotice, ErrorNotice

from . import freed_memory, sentences
from .context import Context
from .life import Life, Silence
from .loss import bury, lose, refuse
from .outbox import Outbox

if TYPE_CHECKING:
    from .listener import Listener

LIVES, WITHIN = 3, 60.0
"""An engine that breaks is replaced; so many times within so many seconds, and the next one waits for a command."""


class Engine:
    """Drives every association in a thread of its own; every method may be called from any thread.

    A loop that breaks for good is replaced by a new one: what was open is told as lost, listeners listen again, and
    commands that were not taken yet go to the new one. One that is only held up tells so (`EngineNotice`) and can be
    replaced too.

    bell: called without arguments, in the engine thread, when notices wait and nobody has been told yet.
    patience: seconds after which one that does not answer is replaced; 0: `replace` alone does it.
    """

    def __init__(self, bell: Callable[[], None] | None = None, *, patience: float = 0.0) -> None:
        self._outbox = Outbox(bell)
        self._patience = patience
        self._context = Context(self._outbox)
        self._life: Life | None = None
        self._lock = threading.RLock()
        self._commands: deque[c.Command] = deque()
        self._losses: deque[float] = deque(maxlen=LIVES)
        self._started = False
        self._buried: WeakSet[Life] = WeakSet()

    def start(self) -> None:
        """Start the thread; returns when it takes commands. Starting twice does nothing. RuntimeError when the system
        does not let it start."""
        with self._lock:
            if self._started:
                return
            freed_memory.keep()
            self._started = True
            life = self._begin()
        if life is not None and (error := life.ready()) is not None:
            self._started = False
            raise RuntimeError("the engine could not be started") from error

    def new_id(self) -> int:
        """A fresh number for an association, operation or listener."""
        return self._context.new_id()

    def submit(self, command: c.Command) -> None:
        """Hand over a command. Its outcome comes as notices. RuntimeError when the engine does not run."""
        if not self._started:
            raise RuntimeError("the engine is not running")
        self._commands.append(command)
        with self._lock:
            life = self._life
            if life is None:
                self._begin()  # it broke again and again: this is another try
        if life is not None and not life.wake():
            self._look_after(life)

    def drain(self, limit: int = 10_000) -> list[AnyNotice]:
        """Up to `limit` waiting notices, oldest first; never blocks."""
        return self._outbox.drain(limit)

    now = staticmethod(Context.now)
    """Seconds of a clock that runs evenly, for who waits."""

    def drain_wait(self, timeout: float | None = None, limit: int = 10_000) -> list[AnyNotice]:
        """As `drain`, but blocks until something is there or `timeout` seconds have passed."""
        self._outbox.wait(timeout)
        return self._outbox.drain(limit)

    def replace(self) -> None:
        """Wait no longer for an engine that does not answer: it is replaced like one that broke. One that answers goes
        on. Returns at once."""
        life = self._life
        if life is not None:
            life.pulse.give_up()

    def stop(self) -> None:
        """Release what is open (abort after 5 s), stop listening, join the thread; one that does not answer is not
        waited for. Stopping twice does nothing."""
        with self._lock:
            self._started = False
            life, self._life = self._life, None
        if life is None:
            return
        life.stop()
        self._ended(life, life.joined())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    # -- its lives

    def _begin(self, heirs: tuple[Listener, ...] = ()) -> Life | None:
        """Start a life, unless there is one or none is wanted; called with the lock."""
        if not self._started or self._life is not None:
            return None
        life = self._life = Life(self._context, self._commands, self._ended, heirs, self._patience)
        try:
            life.start()
        except RuntimeError:  # no more threads
            self._life = None
            self._give_up(heirs)
        return life

    def _ended(self, life: Life, error: BaseException | None) -> None:
        """The last act of a life. One that broke is succeeded by the next."""
        with self._lock:
            if life in self._buried:
                if error is not None and threading.current_thread() is life.thread:
                    bury(life.context.loop)  # while it ran it could not be closed
                return
            if error is None:
                return
            self._buried.add(life)
            succeeded = self._life is life
            self._life = None if succeeded else self._life
            if life.failed is not None:
                self._give_up(life.heirs)
                with suppress(AttributeError):  # it never had a loop
                    bury(life.context.loop)
                return
            heirs = self._bury(life, error, replaced=succeeded)
            if not succeeded:
                return
            self._losses.append(life.context.now())
            if len(self._losses) == LIVES and self._losses[-1] - self._losses[0] < WITHIN:
                self._give_up(heirs)
            else:
                self._begin(heirs)

    def _bury(self, life: Life, error: BaseException, *, replaced: bool) -> tuple[Listener, ...]:
        """Tell what is lost. Returns who is to listen in place of those that did."""
        context = life.context
        if isinstance(error, Silence):
            context.outbox.put_aside(
                ErrorNotice(time=context.wall(), sentence=sentences.given_up(error.seconds, replaced=replaced))
            )
            life.abandon()
        else:
            context.error(sentences.broke(type(error).__name__, replaced=replaced), report=report_of(error))
        old = lose(context, life.dispatcher)
        self._context = Context(self._outbox, context.ids)
        bury(context.loop)
        return tuple(listener.heir(self._context) for listener in old)

    def _look_after(self, life: Life) -> None:
        """Its loop is closed. Where its thread cannot tell that itself any more, it is succeeded from here."""
        if life.dead:
            self._ended(life, RuntimeError("the loop was closed"))
        with self._lock:
            now = self._life
        if now is not None and now is not life:
            now.wake()

    def _give_up(self, heirs: tuple[Listener, ...]) -> None:
        """There is no engine: whatever was to be done ends."""
        for heir in heirs:
            heir.tell(False, sentences.NO_ENGINE)
        while self._commands:
            refuse(self._context, self._commands.popleft())
