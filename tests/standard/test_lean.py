"""Our dataclasses against the library's: the same behaviour, made later."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from engine.standard import lean


def _classes(dataclass: Callable[..., Any]) -> SimpleNamespace:
    """The same classes under either decorator."""

    @dataclass(frozen=True, slots=True)
    class Point:
        """Somewhere."""

        kind: ClassVar[str] = "point"
        x: int
        y: int = 2
        names: list[str] = field(default_factory=list, compare=False)
        hidden: bytes = field(default=b"", repr=False)

        @property
        def both(self) -> tuple[int, int]:
            return self.x, self.y

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Named(Point):
        z: int
        w: int = 5

        def __post_init__(self) -> None:
            if self.z < 0:
                raise ValueError("below zero")

    @dataclass(slots=True)
    class Open:
        a: int
        b: dict[int, int] = field(default_factory=dict)
        c: int = field(init=False)
        d: list[int] = field(init=False, default_factory=list)
        e: int = field(init=False, default=7)

    @dataclass(slots=True, eq=False)
    class Same:
        a: int = 1

    @dataclass(frozen=True)
    class Loose:
        a: int = 1

    @dataclass(frozen=True, slots=True)
    class Empty:
        pass

    @dataclass(frozen=True, slots=True)
    class Own:
        a: int

        def __repr__(self) -> str:
            return "mine"

        def __hash__(self) -> int:
            return 4

        def __eq__(self, other: object) -> bool:
            return isinstance(other, int)

    return SimpleNamespace(**{kind.__name__: kind for kind in (Point, Named, Open, Same, Loose, Empty, Own)})


OURS, THEIRS = _classes(lean.dataclass), _classes(dataclasses.dataclass)
BOTH = pytest.mark.parametrize("kinds", [OURS, THEIRS], ids=["ours", "library's"])


@pytest.mark.parametrize(
    "make",
    [
        lambda k: k.Point(1),
        lambda k: k.Point(1, 3, ["n"], b"secret"),
        lambda k: k.Point(x=1, hidden=b"secret"),
        lambda k: k.Named(1, z=4),
        lambda k: k.Named(1, 2, z=4, w=3),
        lambda k: k.Open(1).d,
        lambda k: k.Open(1).e,
        lambda k: k.Open(1, {2: 3}).b,
        lambda k: k.Same(),
        lambda k: k.Loose(),
        lambda k: k.Loose(4),
        lambda k: k.Empty(),
        lambda k: k.Own(3),
        lambda k: k.Point(1).both,
        lambda k: k.Point.__match_args__,
        lambda k: k.Named.__slots__,
        lambda k: k.Point.__doc__,
        lambda k: dataclasses.replace(k.Named(1, z=4), w=9),
        lambda k: dataclasses.asdict(k.Named(1, z=4)),
        lambda k: [f.name for f in dataclasses.fields(k.Open)],
    ],
)
def test_it_makes_what_the_library_makes(make: Callable[[Any], object]) -> None:
    assert repr(make(OURS)) == repr(make(THEIRS))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda k: k.Point(),
        lambda k: k.Point(1, 2, [], b"", 5),
        lambda k: k.Point(1, q=3),
        lambda k: k.Named(1, 2, 3, 4),
        lambda k: k.Named(1),
        lambda k: k.Named(1, z=-1),
        lambda k: k.Open(1, {}, 4),
        lambda k: k.Open(1).c,
        lambda k: setattr(k.Point(1), "x", 5),
        lambda k: setattr(k.Loose(1), "a", 5),
        lambda k: delattr(k.Point(1), "x"),
        lambda k: hash(k.Open(1)),
        lambda k: hash(k.Named(1, z=2, hidden=[])),  # type: ignore[arg-type]
    ],
)
def test_it_refuses_what_the_library_refuses_with_its_words(wrong: Callable[[Any], object]) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError)) as theirs:
        wrong(THEIRS)
    with pytest.raises(theirs.type) as ours:
        wrong(OURS)
    assert str(ours.value) == str(theirs.value)


@BOTH
def test_values_are_compared_by_class_and_fields(kinds: SimpleNamespace) -> None:
    assert kinds.Point(1, names=["a"]) == kinds.Point(1, names=["b"])
    assert kinds.Point(1) != kinds.Point(2)
    assert kinds.Point(1) != kinds.Named(1, z=1)
    assert kinds.Loose(1) == kinds.Loose(1)
    assert kinds.Loose(1) != 1
    assert kinds.Empty() == kinds.Empty()
    assert kinds.Same() != kinds.Same()
    assert kinds.Own(3) == 5
    assert len({kinds.Point(1), kinds.Point(1), kinds.Point(2), kinds.Empty(), kinds.Empty()}) == 3
    assert len({kinds.Loose(1), kinds.Loose(1)}) == 1
    assert hash(kinds.Own(3)) == 4


@BOTH
def test_a_frozen_value_is_copied_whole(kinds: SimpleNamespace) -> None:
    for value in (kinds.Named(1, z=4, names=["a"]), kinds.Loose(2)):
        assert repr(copy.deepcopy(value)) == repr(value)
    with pytest.raises(FrozenInstanceError):
        copy.copy(kinds.Point(1)).x = 5


def test_a_value_that_holds_itself_can_be_shown() -> None:
    def shown(kinds: SimpleNamespace) -> str:
        value = kinds.Open(1)
        value.c, value.d, value.e = 2, [value], 3
        return repr(value)

    assert shown(OURS) == shown(THEIRS)


def test_pickle_keeps_a_frozen_value() -> None:
    from engine.model.association import Peer

    assert pickle.loads(pickle.dumps(Peer(port=4))) == Peer(port=4)
