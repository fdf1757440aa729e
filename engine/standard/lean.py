"""Dataclasses whose methods are made when they are first called.

The library's decorator compiles six methods for each class, which takes about half a millisecond; a command loads
hundreds of classes and uses few of them, so that a third of its time went there. Fields and slots stay the library's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

_set = object.__setattr__

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, slots=False, kw_only=False, eq=True):
        """As `dataclasses.dataclass`, without `InitVar` and the options nobody here needs."""

        def decorate(plain):
            if plain.__doc__ is None:
                plain.__doc__ = plain.__name__  # else the library composes one of a signature, which takes its time
            made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(plain)
            for name, method in _methods(made, frozen, eq).items():
                if name not in made.__dict__ or (name == "__hash__" and made.__dict__[name] is None):
                    setattr(made, name, method)
            return made

        return decorate if cls is None else decorate(cls)


def _methods(cls: Any, frozen: bool, eq: bool) -> dict[str, Any]:
    methods: dict[str, Any] = {"__init__": _init_later(cls, frozen), "__repr__": _repr}
    if eq:
        methods |= {"__eq__": _eq(cls), "__hash__": _hash(cls) if frozen else None}
    if frozen:
        methods |= {"__setattr__": _no_setting, "__delattr__": _no_deleting, "__setstate__": _set_state}
    return methods


def _init_later(cls: Any, frozen: bool) -> Callable[..., None]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        cls.__init__ = made = _init(cls, frozen)
        made(self, *args, **kwargs)

    return __init__


def _init(cls: Any, frozen: bool) -> Callable[..., None]:
    """The `__init__` the library would have compiled: a frozen class is filled past its own `__setattr__`."""
    names: dict[str, Any] = {"_set": _set, "_factory": dataclasses.MISSING}
    words: list[str] = []
    named: list[str] = []
    body: list[str] = []
    for field in dataclasses.fields(cls):
        name, value, word = field.name, field.name, field.name
        if field.default_factory is not dataclasses.MISSING:
            names[f"_make_{name}"] = field.default_factory
            value = f"_make_{name}() if {name} is _factory else {name}" if field.init else f"_make_{name}()"
            word += "=_factory"
        elif field.default is not dataclasses.MISSING:
            names[f"_default_{name}"] = field.default
            value = name if field.init else f"_default_{name}"
            word += f"=_default_{name}"
        elif not field.init:
            continue
        if field.init:
            (named if field.kw_only else words).append(word)
        if not frozen:
            body.append(f"self.{name} = {value}")
        elif isinstance(slot := getattr(cls, name, None), MemberDescriptorType):
            names[f"_set_{name}"] = slot.__set__  # a third quicker than `object.__setattr__`, which looks it up
            body.append(f"_set_{name}(self, {value})")
        else:
            body.append(f"_set(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    heading = ", ".join(["self", *words, *(["*", *named] if named else [])])
    exec(f"def __init__({heading}):\n    " + "\n    ".join(body or ["pass"]), names)  # noqa: S102 - as the library does
    made: Callable[..., None] = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__module__ = cls.__module__
    return made


def _key(cls: Any) -> Callable[[Any], tuple[object, ...]]:
    """What of a value is compared."""
    names = [field.name for field in dataclasses.fields(cls) if field.compare]
    if not names:
        return lambda _: ()
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda value: (get(value),)


def _eq(cls: Any) -> Callable[[Any, object], bool]:
    key = _key(cls)

    def __eq__(self: Any, other: object) -> bool:  # noqa: N807
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hash(cls: Any) -> Callable[[Any], int]:
    key = _key(cls)

    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(key(self))

    return __hash__


@recursive_repr()
def _repr(self: Any) -> str:
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _no_setting(_: object, name: str, __: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _no_deleting(_: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _set_state(self: object, state: dict[str, object] | tuple[dict[str, object] | None, ...]) -> None:
    """What `copy` and `pickle` fill a value with, past `__setattr__`."""
    for part in state if isinstance(state, tuple) else (state,):
        for name, value in (part or {}).items():
            _set(self, name, value)
