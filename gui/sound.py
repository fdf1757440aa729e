"""Overrides of Qt's virtual functions that may fail: the defect is told, and Qt gets what it would do by itself.

PySide leaves the exception of an override pending while Qt goes on, where it was Python that called Qt: every override
after it fails too, and the first whose arguments have to be made (the enum of `headerData`) ends the process.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from PySide6.QtCore import QModelIndex

from .report import tell_defect

M = TypeVar("M", bound=Callable[..., Any])

_INSTEAD: dict[str, Callable[[], Any]] = {
    "data": lambda: None,
    "dropEvent": lambda: None,
    "eventFilter": lambda: False,
    "index": QModelIndex,
    "parent": QModelIndex,
    "setData": lambda: False,
}
"""Where Qt's own does nothing of use, or too much."""


def sound(method: M) -> M:
    """A method that overrides one of Qt's."""

    @wraps(method)
    def guarded(self: Any, *args: Any, **named: Any) -> Any:
        try:
            return method(self, *args, **named)
        except Exception:  # noqa: BLE001 - told, as if nobody had caught it
            tell_defect()
        return _of_qt(self, method.__name__, args)

    return cast("M", guarded)


def _of_qt(self: Any, name: str, args: tuple[Any, ...]) -> Any:
    instead = _INSTEAD.get(name)
    if instead is not None:
        return instead()
    try:
        own = next(c for c in type(self).__mro__ if c.__module__.startswith("PySide6.") and name in vars(c))
        return getattr(own, name)(self, *args)
    except Exception:  # noqa: BLE001 - the object may be gone, and the first defect has been told
        return None
