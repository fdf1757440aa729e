"""Which rule of a script applies to what is about to happen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from fnmatch import fnmatchcase

from engine.model.command_set import CommandSet
from engine.model.dataset import DataSet
from engine.model.faults import Phase
from engine.model.scripting import Rule, Script, ValueTest, When
from engine.standard.lean import dataclass


def _nothing() -> DataSet | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Something is about to happen that a rule may change.

    commands: the message's command set and the request's it answers; the first that has an element is asked.
    data: gives the data sets to look into, decoded only when a rule asks.
    """

    phase: Phase
    service: str = ""
    sop_class_uid: str = ""
    calling: str = ""
    called: str = ""
    commands: tuple[CommandSet, ...] = ()
    data: tuple[Callable[[], DataSet | None], ...] = ()


@dataclass(slots=True)
class ScriptRun:
    """A script under way: how often each rule's conditions have held."""

    script: Script
    _counts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self._counts = [0] * len(self.script.rules)

    def fire(self, occasion: Occasion) -> tuple[int, Rule] | None:
        """The first rule that applies, with its place in the script from 0; None: go on as the Standard wants it."""
        for index, rule in enumerate(self.script.rules):
            if not rule.enabled or rule.phase is not occasion.phase or not _meets(rule.when, occasion):
                continue
            self._counts[index] += 1
            if _is_due(rule.when, self._counts[index]):
                return index, rule
        return None


def _is_due(when: When, count: int) -> bool:
    if when.nth or when.every:
        return count in when.nth or bool(when.every and count % when.every == 0)
    return True


def _meets(when: When, occasion: Occasion) -> bool:
    return (
        (not when.services or occasion.service in when.services)
        and (not when.sop_classes or occasion.sop_class_uid in when.sop_classes)
        and (not when.calling or fnmatchcase(occasion.calling, when.calling))
        and (not when.called or fnmatchcase(occasion.called, when.called))
        and all(_holds(test, occasion) for test in when.values)
    )


def _holds(test: ValueTest, occasion: Occasion) -> bool:
    return any(_fits(value, test.pattern) for value in _values(test.tag, occasion))


def _values(tag: int, occasion: Occasion) -> tuple[int | str, ...]:
    if tag >> 16 == 0:
        command = next((c for c in occasion.commands if c.find(tag)), None)
        value = command.get(tag) if command else None
        values = value if isinstance(value, tuple) else (value,)
        return tuple(v for v in values if isinstance(v, int | str))
    for decoded in occasion.data:
        data = decoded()
        element = data.find(tag) if data else None
        if element is not None:
            return element.texts
    return ()


def _fits(value: int | str, pattern: str) -> bool:
    if isinstance(value, int):
        try:
            return value == int(pattern, 0)
        except ValueError:
            return False
    return fnmatchcase(value.strip(), pattern)
