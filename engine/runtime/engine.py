"""The engine: one background thread, one loop, all associations. Commands in, notices out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Self

from engine.model import commands as c
from engine.model.notices import AnyNotice

from .context import Context
from .defects import report_of
from .dispatch import Dispatcher
from .outbox import Outbox

STOP_TIMEOUT = 5.0
"""Seconds `stop` gives open associations to be released before they are aborted."""

KEPT_FREE = 16 * 1024 * 1024
"""Bytes: see `_keep_freed_memory`."""


class Engine:
    """Drives every association in a thread of its own; every method may be called from any thread.

    bell: called without arguments, in the engine thread, when notices wait and nobody has been told yet.
    """

    def __init__(self, bell: Callable[[], None] | None = None) -> None:
        self._outbox = Outbox(bell)
        self._context = Context(self._outbox)
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._stopping: asyncio.Event | None = None
        self._dispatcher: Dispatcher | None = None

    def start(self) -> None:
        """Start the thread; returns when it takes commands. Starting twice does nothing."""
        if self._thread is not None:
            return
        self._ready.clear()
        _keep_freed_memory()
        self._thread = threading.Thread(target=self._run, name="dimse-engine", daemon=True)
        self._thread.start()
        self._ready.wait()

    def new_id(self) -> int:
        """A fresh number for an association, operation or listener."""
        return self._context.new_id()

    def submit(self, command: c.Command) -> None:
        """Hand over a command. Its outcome comes as notices. RuntimeError when the engine does not run."""
        dispatcher = self._dispatcher
        if dispatcher is None:
            raise RuntimeError("the engine is not running")
        self._context.loop.call_soon_threadsafe(dispatcher.dispatch, command)

    def drain(self, limit: int = 10_000) -> list[AnyNotice]:
        """Up to `limit` waiting notices, oldest first; never blocks."""
        return self._outbox.drain(limit)

    def drain_wait(self, timeout: float | None = None, limit: int = 10_000) -> list[AnyNotice]:
        """As `drain`, but blocks until something is there or `timeout` seconds have passed."""
        self._outbox.wait(timeout)
        return self._outbox.drain(limit)

    def stop(self) -> None:
        """Release what is open (abort after 5 s), stop listening, join the thread. Stopping twice does nothing."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._dispatcher = None
        stopping = self._stopping
        if stopping is not None:
            self._context.loop.call_soon_threadsafe(stopping.set)
        thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _run(self) -> None:
        """The thread. What is raised past the loop stops it for a moment only: everything open goes on."""
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            main = loop.create_task(self._main())
            while not main.done():
                try:
                    loop.run_until_complete(main)
                except BaseException as error:  # noqa: BLE001 - a thread that dies takes all associations with it
                    self._told(error)
            self._dispatcher = None
            self._ready.set()

    async def _main(self) -> None:
        loop = asyncio.get_running_loop()
        self._context.loop = self._context.alarms.loop = loop
        loop.set_exception_handler(self._unexpected)
        self._stopping = asyncio.Event()
        self._outbox.later = loop.call_later
        dispatcher = Dispatcher(self._context)
        self._dispatcher = dispatcher
        self._ready.set()
        await self._stopping.wait()
        await dispatcher.close(STOP_TIMEOUT)
        self._outbox.later = None

    def _unexpected(self, loop: asyncio.AbstractEventLoop, details: dict[str, object]) -> None:
        error = details.get("exception")
        if isinstance(error, BaseException):
            self._told(error)
        else:
            self._context.error(f"The engine met an unexpected error: {details.get('message')}.")

    def _told(self, error: BaseException) -> None:
        sentence = f"The engine met an unexpected error ({type(error).__name__}) and goes on."
        self._context.error(sentence, report=report_of(error))


def _keep_freed_memory() -> None:
    """Have the C library keep up to twice `KEPT_FREE` bytes of freed memory instead of giving it back at once.

    Payloads come and go by the megabyte, and each page the system has to hand out anew costs as much as copying it
    three times. glibc takes the size of a large piece that is freed for what to expect (mallopt(3),
    M_MMAP_THRESHOLD); elsewhere this does nothing. The piece itself is never touched.
    """
    bytearray(KEPT_FREE)
