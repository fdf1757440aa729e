"""Exceptions nobody catches, told as reports instead of with their values."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def reported(tell: Callable[[BaseException], None]) -> Iterator[None]:
    """What nobody catches inside, in a thread or while an object goes, is told. tell: called in whatever thread."""
    before = threading.excepthook, sys.unraisablehook
    threading.excepthook = lambda args: _pass_on(args.exc_value, tell)
    sys.unraisablehook = lambda args: _pass_on(args.exc_value, tell)
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = before


def _pass_on(error: BaseException | None, tell: Callable[[BaseException], None]) -> None:
    if error is not None and not isinstance(error, SystemExit | KeyboardInterrupt):  # a thread may end so
        tell(error)
