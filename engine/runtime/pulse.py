"""Whether the engine's loop answers: asked by a thread of its own, so that one that is held up is noticed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

BEAT = 1.0
"""Seconds between two looks. The loop is asked at one and has answered at the next: that is all it costs."""
MISSED = 5
"""Looks without an answer until it is told: nothing the loop does by itself takes a second. Looks are counted and not
seconds, for none is taken while the whole program is stopped."""


class Pulse:
    """Watches one loop from `start` to `stop`.

    call: has the loop call something; False when it is closed. on_silent: it has not answered for so many seconds.
    on_answer: after so many it does again; called in its thread, the others in the watch's. on_hopeless: it does not,
    and `patience` (seconds; 0: endless) is over or `give_up` was called; nothing is watched any more. on_beat: it has
    answered; called in its thread, every `BEAT` where all is well.
    """

    def __init__(
        self,
        call: Callable[[Callable[[], None]], bool],
        on_silent: Callable[[float], None],
        on_answer: Callable[[float], None],
        on_hopeless: Callable[[float], None],
        patience: float = 0.0,
        on_beat: Callable[[], None] | None = None,
    ) -> None:
        self.silent = False
        """It does not answer, and that has been told."""
        self._call, self._patience = call, patience
        self._on_silent, self._on_answer, self._on_hopeless = on_silent, on_answer, on_hopeless
        self._on_beat = on_beat
        self._lock = threading.Lock()
        self._stirred = threading.Event()
        self._over = self._given_up = False
        self._answered = True
        self._asked_at = 0.0
        self._thread = threading.Thread(target=self._watch, name="dimse-engine-watch", daemon=True)

    @property
    def seconds(self) -> float:
        """Since it was asked last."""
        return time.perf_counter() - self._asked_at

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """There is nothing to watch any more."""
        self._over = True
        self._stirred.set()

    def join(self, seconds: float) -> None:
        """Wait for the end of its thread."""
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(seconds)

    def give_up(self) -> None:
        """Wait for its answer no longer; nothing happens where it is not `silent`."""
        self._given_up = self.silent
        self._stirred.set()

    def _watch(self) -> None:
        missed = 0
        while not self._over:
            if self._answered:
                missed, self._answered, self._given_up = 0, False, False
                self._asked_at = time.perf_counter()
                if not self._call(self._answer):
                    return
            if self._stirred.wait(BEAT):
                self._stirred.clear()
            elif not self._answered:
                missed += 1
            if missed >= MISSED:
                self._tell()
            if self.silent and (self._given_up or 0 < self._patience <= missed * BEAT):
                self._on_hopeless(self.seconds)
                return

    def _tell(self) -> None:
        with self._lock:  # it may answer right now
            if self.silent or self._answered:
                return
            self.silent = True
            self._on_silent(self.seconds)

    def _answer(self) -> None:
        with self._lock:
            was_silent, self.silent, self._answered = self.silent, False, True
        if was_silent:
            self._on_answer(self.seconds)
        if self._on_beat is not None:
            self._on_beat()
