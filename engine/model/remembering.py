"""Results remembered for values that come again as the same objects."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
V = TypeVar("V")
KEPT = 512
"""Results kept, of all functions; then it begins anew."""
known: dict[tuple[int, ...], tuple[tuple[object, ...], object]] = {}
"""By the numbers of function and values. They are kept with it, so that no others get their numbers."""


def by_identity(function: Callable[P, T]) -> Callable[P, T]:
    """As `functools.lru_cache`, for a pure function of frozen values that are looked for by identity instead of being
    compared: to hash the items of an A-ASSOCIATE-RQ costs more than what is remembered of it.

    A value that is equal but another object is computed anew. Values are given by position.
    """
    number = id(function)

    @wraps(function)
    def remembering(*values: P.args, **named: P.kwargs) -> T:
        key = (number, *map(id, values))
        found = known.get(key)
        if found is not None:
            return found[1]  # type: ignore[return-value]
        result = function(*values, **named)
        if not named:
            if len(known) >= KEPT:
                known.clear()
            known[key] = (function, *values), result
        return result

    return remembering


def by_its_identity(function: Callable[[V], T]) -> Callable[[V], T]:
    """The same for a function of one value, at two thirds of the price."""
    number = id(function)

    @wraps(function)
    def remembering(value: V) -> T:
        key = number, id(value)
        found = known.get(key)
        if found is not None:
            return found[1]  # type: ignore[return-value]
        result = function(value)
        if len(known) >= KEPT:
            known.clear()
        known[key] = (function, value), result
        return result

    return remembering
