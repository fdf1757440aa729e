"""What a broken loop leaves behind: each thing that was open has its end told, and is let go without the loop."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from engine.model import commands as c
from engine.model.notices import (
    AnyNotice,
    AssociationNotice,
    AssociationPhase,
    ErrorNotice,
    ListenerNotice,
    Outcome,
    StatusNotice,
)

from . import sentences
from .context import Context
from .invocation import Ended
from .outbox import Outbox

if TYPE_CHECKING:
    from .dispatch import Dispatcher
    from .listener import Listener

SEVERING = 2.0
"""Seconds for a listener to let go of port and folder: what holds the loop up may hold the disk up too."""
UNWINDINGS = 5
"""Times a coroutine is unwound: each `finally` in it may want to wait once more."""


def lose(context: Context, dispatcher: Dispatcher | None) -> list[Listener]:
    """End what was open, in notices and on the wire. Returns the listeners that listened, their ports free again."""
    listening = list(dispatcher.listeners) if dispatcher is not None else []
    _tell_ends(context, dispatcher)
    left = {*context.listeners.values(), *(dispatcher.leaving if dispatcher is not None else ())}
    for listener in {*listening, *left}:
        severing = threading.Thread(target=_sever, args=(listener,), name="dimse-sever", daemon=True)
        severing.start()
        severing.join(SEVERING)
    for listener in left.difference(listening):
        listener.tell(False, sentences.LOST_LISTENER)
    outbox, context.outbox = context.outbox, Outbox()  # what is unwound now has been told
    outbox.alone()
    for link in list(context.links):
        with suppress(Exception):
            link.sever()
    context.links.clear()
    return listening


def _sever(listener: Listener) -> None:
    with suppress(Exception):
        listener.sever()


def _tell_ends(context: Context, dispatcher: Dispatcher | None) -> None:
    with suppress(Exception):  # what was recorded of a message that its thread may be at
        context.tell_rest()
    for association in list(context.associations.values()):
        sentence = sentences.lost(association.peer)
        association.end = Ended(Outcome.ABORTED, sentence)
        association.notice(AssociationPhase.FAILED, sentence, outcome=Outcome.ABORTED)
    context.associations.clear()
    for operation in dispatcher.operations.running if dispatcher is not None else ():
        operation.end(Outcome.ABORTED, sentences.LOST_OPERATION)


def bury(loop: asyncio.AbstractEventLoop) -> None:
    """Unwind what waits in a loop that does not run any more, and close it, whatever state it is in."""
    loop.set_exception_handler(lambda _loop, _details: None)
    with suppress(Exception):  # a thread that is blocked in it goes on, and ends
        loop.stop()
        getattr(loop, "_write_to_self")()  # noqa: B009
    for transport in list(getattr(loop, "_transports", {}).values()):  # of connections that nobody was told of yet
        with suppress(Exception):
            getattr(transport, "_sock").close()  # noqa: B009
            setattr(transport, "_sock", None)  # noqa: B010
    for task in asyncio.all_tasks(loop):
        _unwind(task)
    with suppress(Exception):
        loop.close()
    for name in ("_ssock", "_csock", "_selector"):  # where it was closed or broken by halves
        with suppress(Exception):
            getattr(loop, name).close()
    with suppress(Exception):
        getattr(loop, "_default_executor").shutdown(wait=False)  # noqa: B009
    with suppress(Exception):
        asyncio.BaseEventLoop.close(loop)  # type: ignore[arg-type]


def _unwind(task: asyncio.Task[Any]) -> None:
    """Have its `finally`s run now; later, when the garbage is collected, what they raise would be nobody's."""
    setattr(task, "_log_destroy_pending", False)  # noqa: B010 - as asyncio itself has a task not complain
    work = task.get_coro()
    if inspect.iscoroutine(work) and inspect.getcoroutinestate(work) == inspect.CORO_CREATED:
        for given in inspect.getcoroutinelocals(work).values():  # what it was to await
            if inspect.iscoroutine(given):
                given.close()
    for _ in range(UNWINDINGS):
        try:
            work.close()
        except BaseException:  # noqa: BLE001, S112 - it wants to wait, or meets what is broken
            continue
        return


def refuse(
    context: Context,
    command: c.Command,
    sentence: str = sentences.NO_ENGINE,
    tell: Callable[[AnyNotice], None] | None = None,
) -> None:
    """A command that no engine can be made for, or that cannot be begun, has its end all the same. tell: what it is
    told by, `context.notify` where that is None."""
    (tell or context.notify)(_refusal(context, command, sentence))


def _refusal(context: Context, command: c.Command, sentence: str) -> AnyNotice:
    """What ends a command that was not carried out: the notice its end would have been told by."""
    operation, association = getattr(command, "operation", None), getattr(command, "association", 0)
    now, clock = context.wall(), context.now()
    if isinstance(command, c.OpenAssociation):
        return AssociationNotice(
            association=association,
            time=now,
            clock=clock,
            phase=AssociationPhase.FAILED,
            requestor=True,
            peer=command.proposal.peer,
            sentence=sentence,
            proposal=command.proposal,
            outcome=Outcome.NOT_SENT,
        )
    if isinstance(command, c.Listen):
        return ListenerNotice(
            listener=command.listener,
            time=now,
            listening=False,
            host=command.host,
            port=command.port,
            ae_title=command.settings.policy.local.ae_title,
            sentence=sentence,
        )
    if operation is not None and not isinstance(command, c.Cancel):
        return StatusNotice(
            operation=operation,
            association=association,
            time=now,
            clock=clock,
            outcome=Outcome.NOT_SENT,
            service="",
            sentence=sentence,
        )
    return ErrorNotice(time=now, sentence=sentence)
