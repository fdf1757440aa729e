"""Work beside the loop that may never end: what hangs there holds up neither the loop nor the program's end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


async def beside(act: Callable[..., T], *args: Any) -> T:
    """What a function gives, called in a thread of its own. asyncio's threads are few, and all are waited for at the
    end: a disk that does not answer would take them from everybody else."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(result)  # type: ignore[arg-type]
        else:
            done.set_exception(RuntimeError(type(error).__name__) if isinstance(error, StopIteration) else error)

    def work() -> None:
        result, failed = None, None
        try:
            result = act(*args)
        except BaseException as error:  # noqa: BLE001 - told where it is waited for
            failed = error
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(tell, result, failed)

    try:
        threading.Thread(target=work, name="dimse-beside", daemon=True).start()
    except RuntimeError:  # no more threads
        return await asyncio.to_thread(act, *args)
    return await done
