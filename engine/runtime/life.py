"""One thread with one loop: what an engine lives in, and is given anew when it breaks."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from engine.model import commands as c
from engine.model.defects import report_of, report_of_place
from engine.model.notices import EngineNotice, ErrorNotice

from . import sentences
from .context import Context
from .dispatch import Dispatcher
from .freed_memory import QUIET, Rest, give_back
from .loss import refuse
from .pulse import BEAT, Pulse
from .transport import SocketLoop
from .waking import Knock, knock

if TYPE_CHECKING:
    from .listener import Listener

STOP_TIMEOUT = 5.0
"""Seconds open associations get to be released before they are aborted."""
SETBACKS, WITHIN = 10, 1.0
"""What is raised past the loop interrupts it for a moment only, and it goes on; so many times within so many seconds it
is broken (its selector fails, say), and going on would be all it does."""
SHORT = 60.0
"""Seconds for which it is told once that no connection can be accepted: asyncio tries again every second."""
BLOCKED = 1.0
"""Seconds between two looks whether a thread that is to end can end."""
PATIENCE = 2.0
"""Seconds commands wait for listeners that are brought back; one whose folder holds much may take longer."""


class Silence(Exception):
    """A loop that has not answered for so many seconds and is not waited for any longer."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class Life:
    """Runs from `start` until it is stopped or broken; then `on_end` is called with what broke it (None: stopped), as
    the last act of its thread.

    One whose loop does not answer tells so, and that it answers again. When it is not waited for any longer `on_end` is
    called in another thread, with `Silence`, and once more when its thread ends after all.

    commands: what waits to be dispatched. heirs: listeners that are to listen from the start. patience: seconds a loop
    that does not answer is waited for, 0: until `pulse` is told to give up.
    """

    def __init__(
        self,
        context: Context,
        commands: deque[c.Command],
        on_end: Callable[[Life, BaseException | None], None],
        heirs: tuple[Listener, ...] = (),
        patience: float = 0.0,
    ) -> None:
        self.context = context
        self.dispatcher: Dispatcher | None = None
        self.failed: BaseException | None = None
        """Why it could not even begin."""
        self.heirs = heirs
        self._commands, self._on_end = commands, on_end
        self._takes = False
        self._ready = threading.Event()
        self._stopping: asyncio.Event | None = None
        self._last_told = ("", 0.0)
        self._last_short = -SHORT
        self._abandoned = self._over = False
        self._knock: Knock | None = None
        """Wakes the loop for commands, while it runs."""
        self._patience = patience
        self.pulse = Pulse(self._call, self._silent, self._answers, self._hopeless, patience, self._beat)
        self._at_rest = Rest(act=self._rest)
        self.thread = threading.Thread(target=self._run, name="dimse-engine", daemon=True)

    def start(self) -> None:
        """Returns at once; commands that wait are taken when it is `ready`. RuntimeError when there are no more
        threads; it has `failed` then."""
        try:
            self.thread.start()
        except RuntimeError as error:
            self.failed = error
            self._ready.set()
            raise

    def ready(self) -> BaseException | None:
        """Wait until it takes commands; else why it does not."""
        self._ready.wait()
        return self.failed

    def wake(self) -> bool:
        """Have the commands that wait dispatched; False when the loop is closed."""
        knock = self._knock
        if knock is None or self.context.loop.is_closed():
            return self._call(self._take_all)
        knock.wake()
        return True

    def stop(self) -> bool:
        """Have it end in order; False when the loop is closed, or does not answer."""
        while not self._ready.wait(BLOCKED) and not self.pulse.silent:
            pass
        return self._stopping is not None and self._call(self._stopping.set)

    def joined(self) -> Exception | None:
        """Wait until its thread has ended; else why that is not to be waited for."""
        while self.thread.is_alive():
            if self.context.loop.is_closed():
                self.thread.join(BLOCKED)  # closed under it, it would be blocked for ever
                return RuntimeError("the loop was closed") if self.thread.is_alive() else None
            if self.pulse.silent:
                return Silence(self.pulse.seconds)
            self.thread.join(BLOCKED)
        self.pulse.join(BLOCKED)
        return None

    def abandon(self) -> None:
        """Nobody waits for it any more: whatever its thread is at ends as soon as the interpreter can end it."""
        self._abandoned = True
        self.pulse.stop()
        with suppress(RuntimeError):  # no more threads
            threading.Thread(target=self._make_end, name="dimse-engine-end", daemon=True).start()

    def _make_end(self) -> None:
        """Again and again: what is raised where nobody can catch it (in a finalizer, say) is lost."""
        import ctypes

        number = ctypes.c_ulong(self.thread.ident or 0)
        while self.thread.is_alive() and not self._over:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(number, ctypes.py_object(SystemExit))
            self.thread.join(BLOCKED)

    @property
    def dead(self) -> bool:
        """Whether it has begun, and nothing can happen in it any more."""
        return self._ready.is_set() and (not self.thread.is_alive() or self.context.loop.is_closed())

    # -- its watch

    def _beat(self) -> None:
        """Whoever is quiet rests, however much others are at work."""
        until = self.context.now() - QUIET * BEAT
        if sum(link.rest() for link in self.context.links if link.last_activity < until):
            give_back()
        self._at_rest.beat()

    def _rest(self) -> None:
        for link in self.context.links:
            link.rest()
        give_back()

    def _silent(self, seconds: float) -> None:
        frame = sys._current_frames().get(self.thread.ident or 0)  # noqa: SLF001 - the one way there is
        what = f"The engine's loop has not answered for {max(1, round(seconds))} s; its thread is"
        report = report_of_place(what, frame) if frame is not None else f"{what} gone"
        self._tell(seconds, sentences.silent(seconds, self._patience), report)

    def _answers(self, seconds: float) -> None:
        if self._abandoned:
            return  # another has taken its place
        self._tell(seconds, sentences.answers_again(seconds), answers=True)

    def _tell(self, seconds: float, sentence: str, report: str = "", *, answers: bool = False) -> None:
        context = self.context
        context.outbox.put_aside(
            EngineNotice(time=context.wall(), answers=answers, seconds=seconds, sentence=sentence, report=report)
        )

    def _hopeless(self, seconds: float) -> None:
        self._on_end(self, Silence(seconds))

    def _call(self, what: Callable[[], object]) -> bool:
        try:
            self.context.loop.call_soon_threadsafe(what)
        except (RuntimeError, AttributeError):  # closed; not there yet
            return False
        return True

    # -- its thread

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            runner = asyncio.Runner(loop_factory=self._new_loop)
            self.context.loop = self.context.alarms.loop = loop = runner.get_loop()
            loop.set_exception_handler(self._unexpected)
            with suppress(RuntimeError):  # no more threads: it goes on without
                self.pulse.start()
            error = self._live(loop)
            self._over = True
            if error is None:
                runner.close()
        except BaseException as raised:  # noqa: BLE001 - nobody else would hear of it
            error = raised
            self._over = True
            if self.dispatcher is None:
                self.failed = raised
        self.pulse.stop()
        self._knock = None
        self.context.outbox.alone()
        self._on_end(self, error)
        self._ready.set()

    def _new_loop(self) -> asyncio.AbstractEventLoop:
        """A loop that rings the outbox's bell whenever it is about to wait."""
        if sys.platform == "win32":
            return asyncio.new_event_loop()  # its loop waits in a way of its own: the bell rings at once
        outbox = self.context.outbox
        outbox.hold()
        return SocketLoop(outbox.let_go)

    def _live(self, loop: asyncio.AbstractEventLoop) -> BaseException | None:
        """Run the loop until all has ended in order. What is raised past it is told, and everything open goes on; what
        breaks it for good is given back."""
        main = loop.create_task(self._main())
        setbacks: deque[float] = deque(maxlen=SETBACKS)
        while not main.done():
            try:
                loop.run_until_complete(main)
            except BaseException as error:  # noqa: BLE001 - a thread that dies takes all associations with it
                setbacks.append(self.context.now())
                again_and_again = len(setbacks) == SETBACKS and setbacks[-1] - setbacks[0] < WITHIN
                if self._abandoned or loop.is_closed() or again_and_again:
                    return error
                self._told(error)
        if main.cancelled():
            return RuntimeError("the engine's own task was cancelled")
        return main.exception()

    async def _main(self) -> None:
        loop, outbox = asyncio.get_running_loop(), self.context.outbox
        self._stopping = asyncio.Event()
        outbox.later = loop.call_later
        self.dispatcher = dispatcher = Dispatcher(self.context)
        if self.heirs:  # what is sent next may be to them
            await asyncio.wait([dispatcher.listen(listener) for listener in self.heirs], timeout=PATIENCE)
        door = knock()
        if door is not None:
            loop.add_reader(door.number, self._knocked, door)
            self._knock = door
        self._takes = True
        self._take_all()
        self._ready.set()
        await self._stopping.wait()
        await dispatcher.close(STOP_TIMEOUT)
        outbox.later = None

    def _knocked(self, door: Knock) -> None:
        door.calm()
        self._take_all()

    def _take_all(self) -> None:
        """Have what waits begun; where that cannot be, each has its end all the same."""
        try:
            self._take()
        except Exception as error:  # noqa: BLE001 - nobody would take them before the next one comes
            self._told(error)
            for _ in range(len(self._commands)):  # those that come meanwhile wake us again
                self._refused(self._commands.popleft())

    def _refused(self, command: c.Command) -> None:
        """It has its end, past whatever keeps notices from being told."""
        context = self.context
        try:
            refuse(context, command, sentences.NOT_BEGUN)
        except Exception as error:  # noqa: BLE001 - whoever gave it waits for its end
            self._told(error)
            refuse(context, command, sentences.NOT_BEGUN, context.outbox.put_aside)

    def _take(self) -> None:
        dispatcher, commands = self.dispatcher, self._commands
        while self._takes and dispatcher is not None and commands:
            command = commands.popleft()
            try:
                dispatcher.dispatch(command)
            except Exception as error:  # noqa: BLE001 - those behind it are to have their turn
                dispatcher.operations.forget(getattr(command, "operation", None))
                self._told(error)
                self._refused(command)

    def _unexpected(self, loop: asyncio.AbstractEventLoop, details: dict[str, object]) -> None:
        try:
            self._met(loop, details)
        except Exception as error:  # noqa: BLE001 - asyncio would tell of both, with their values
            self._tell_aside(error)

    def _tell_aside(self, error: BaseException) -> None:
        """Past what keeps notices from being told."""
        with suppress(Exception):
            self.context.outbox.put_aside(
                ErrorNotice(
                    time=self.context.wall(),
                    sentence=f"An error could not be told ({type(error).__name__}).",
                    report=report_of(error),
                )
            )

    def _met(self, loop: asyncio.AbstractEventLoop, details: dict[str, object]) -> None:
        if loop.is_closed():
            loop.stop()  # nothing that waits will ever go on
        error, said = details.get("exception"), str(details.get("message"))
        if isinstance(error, OSError) and said.startswith("socket.accept()"):
            self._cannot_accept(error)
        elif isinstance(error, OSError) and said == "Accept failed on a socket":
            self.context.error(sentences.accepts_no_more(error))  # Windows: its loop closes the listening socket
        elif isinstance(error, ValueError) and "._start_serving(" in said:
            return  # it was to accept again, but its listener has been stopped meanwhile
        elif isinstance(error, BaseException):
            self._told(error)
        else:
            self.context.error(f"The engine met an unexpected error: {said}.", report=f"Unexpected: {said}")

    def _cannot_accept(self, error: OSError) -> None:
        now = self.context.now()
        if now - self._last_short >= SHORT:
            self._last_short = now
            self.context.error(sentences.cannot_accept(error))

    def _told(self, error: BaseException) -> None:
        """Once where the same is raised over and over; never raises."""
        try:
            report, now = report_of(error), self.context.now()
            last, at = self._last_told
            if report != last or now - at > WITHIN:
                self._last_told = report, now
                sentence = f"The engine met an unexpected error ({type(error).__name__}) and goes on."
                self.context.error(sentence, report=report)
        except Exception as another:  # noqa: BLE001 - the first is what is to be found
            self._tell_aside(error)
            self._tell_aside(another)
