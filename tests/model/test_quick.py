"""Values made the quick way are those their class makes."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, field

import pytest

from engine.model.command_set import CommandSet, Element
from engine.model.notices import Direction, MessageNotice, PduNotice
from engine.model.quick import quick


def test_the_same_arguments_make_the_same_value() -> None:
    made = quick(Element)(0x00000110, value=7)
    assert made == Element(0x00000110, 7)
    assert hash(made) == hash(Element(0x00000110, 7))
    assert type(made) is Element
    assert repr(made) == repr(Element(0x00000110, 7))


def test_what_is_left_out_has_its_default() -> None:
    words = {"association": 1, "operation": 2, "time": 3.0, "clock": 4.0, "direction": Direction.SENT}
    words |= {"context_id": 5, "abstract_syntax": "1.2", "transfer_syntax": "1.3", "command": CommandSet()}
    assert quick(MessageNotice)(**words) == MessageNotice(**words)  # type: ignore[arg-type]


def test_it_is_as_frozen() -> None:
    made = quick(Element)(1)
    with pytest.raises(FrozenInstanceError):
        made.tag = 2  # type: ignore[misc]


def test_wrong_arguments_are_an_error() -> None:
    with pytest.raises(TypeError):
        quick(Element)()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        quick(PduNotice)(1)  # type: ignore[call-arg]


def test_classes_of_another_make_are_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Listing:
        items: list[int] = field(default_factory=list)

    @dataclass(frozen=True)
    class Open:
        item: int

    for cls in (Listing, Open):
        with pytest.raises(TypeError):
            quick(cls)
