"""Tables of a settings file read key by key; what is wrong is said with the key it stands at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from .errors import ValueProblem, under

T = TypeVar("T")

_EPOCH = datetime.fromtimestamp(0, UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
"""Within what a datetime can hold, whatever the time zone."""


class Reader:
    """Typed look-ups in a table; remembers the keys nobody asked for."""

    def __init__(self, table: Any, lenient: bool = False) -> None:
        """lenient: limits that do not fit are put into `unfit` and taken as usual."""
        if not isinstance(table, Mapping):
            raise ValueProblem("must be a table")
        self.table = table
        self.asked: set[str] = set()
        self.unfit: list[ValueProblem] | None = [] if lenient else None

    def get(self, key: str, kind: type[T], default: T, check: Callable[[T], str | None] | None = None) -> T:
        """The value, or `default` when the key is absent. `ValueProblem` for another kind or a failed `check`."""
        self.asked.add(key)
        value = self.table.get(key, default)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            try:
                value = float(value)
            except OverflowError:
                raise ValueProblem("is too large a number", (key,)) from None
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ValueProblem(f"must be {_KINDS.get(kind, kind.__name__)}", (key,))
        problem = check(value) if check else None
        if problem:
            raise ValueProblem(problem, (key,))
        return value

    def each(self, key: str, read: Callable[[Any], T]) -> tuple[T, ...]:
        """read(entry) of each table of an array."""
        result = []
        for index, entry in enumerate(self.get(key, list, [])):
            with under(key, index):
                result.append(read(entry))
        return tuple(result)

    def moment(self, key: str) -> float:
        """Seconds since the epoch of a date-time, one without an offset in UTC; 0 when the key is absent.

        `ValueProblem` for a year that not every system's clock can tell.
        """
        when = self.get(key, datetime, _EPOCH)
        seconds = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
        if not 0 <= seconds < _LATEST:
            raise ValueProblem("must be a time from 1970 to 9998", (key,))
        return seconds

    def inner(self, key: str, read: Callable[[Any], T], default: T) -> T:
        """read(value) of a table, or `default`."""
        self.asked.add(key)
        if key not in self.table:
            return default
        with under(key):
            return read(self.table[key])

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(k for k in self.table if k not in self.asked)

    def refuse_unknown(self) -> None:
        """`ValueProblem` for a key nobody asked for: it may be a rule that would silently not hold, or a secret."""
        for key in self.unknown:
            raise ValueProblem("is no key of this file", (key,))


_KINDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", list: "a list"}


def between(low: int, high: int, what: str) -> Callable[[Any], str | None]:
    """A check of `Reader.get`: a number between two bounds."""
    return lambda value: None if low <= value <= high else f"{what} is from {low} to {high}"
