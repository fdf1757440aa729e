"""Frozen values made at the price of plain ones.

The `__init__` of a frozen dataclass goes through `object.__setattr__` for each field, which costs four times as much as
storing it. The engine makes several values for each message, so those few are made by a function of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


def quick(cls: Callable[P, T]) -> Callable[P, T]:
    """A function that makes what the dataclass `cls` (frozen, with slots, no `__post_init__`) makes of the same
    arguments: an open twin with the same slots is filled, and then becomes one of them.

    TypeError when the class is of another make.
    """
    frozen = cast(Any, cls)
    slots = tuple(f.name for f in fields(frozen))
    if hasattr(frozen, "__post_init__") or tuple(frozen.__dict__.get("__slots__", ())) != slots:
        raise TypeError(f"{frozen.__name__} is no plain dataclass with slots")
    twin = type(f"_Open{frozen.__name__}", frozen.__bases__, {"__slots__": slots})
    names: dict[str, Any] = {"twin": twin, "frozen": frozen}
    words, only_named = [], False
    for field in fields(frozen):
        if field.kw_only and not only_named:
            only_named = True
            words.append("*")
        word = field.name
        if field.default is not MISSING:
            names[f"default_{field.name}"] = field.default
            word += f"=default_{field.name}"
        elif field.default_factory is not MISSING:
            raise TypeError(f"{frozen.__name__}.{field.name} is made anew each time")
        words.append(word)
    body = "".join(f"    made.{name} = {name}\n" for name in slots)
    source = f"def make({', '.join(words)}):\n    made = twin()\n{body}    made.__class__ = frozen\n    return made\n"
    exec(source, names)  # noqa: S102 - as `dataclasses` itself does, of the class's own fields
    return cast(Callable[P, T], names["make"])
