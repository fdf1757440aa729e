"""Scripts: rules in order, each saying when it applies and how it departs from the Standard then.

A script belongs to the built-in peer (`PeerSettings.script`) or to a proposal of ours (`Proposal.script`); it is read
from TOML by `engine.workspace.scripts` and carried out by `engine.protocol.deviating` and `engine.runtime.deviating`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from engine.standard.dictionary import attribute_by_keyword
from engine.standard.elements import BY_KEYWORD
from engine.standard.lean import dataclass

from .faults import FAULTS, Fault, Phase, Value


@dataclass(frozen=True, slots=True)
class Deviation:
    """One fault with its values; those not given are the fault's own."""

    fault: str
    values: tuple[tuple[str, Value], ...] = ()

    @classmethod
    def of(cls, fault: str, **values: Value) -> Deviation:
        return cls(fault, tuple(values.items()))

    @property
    def row(self) -> Fault:
        return FAULTS[self.fault]

    def value(self, name: str) -> Value:
        """The value of this parameter: the one given, else the usual one of its fault."""
        given: Mapping[str, Value] = dict(self.values)
        if name in given:
            return given[name]
        parameter = self.row.parameter(name)
        assert parameter is not None, f"{self.fault} has no {name}"
        return parameter.default

    def number(self, name: str) -> int:
        return int(self.value(name))

    def seconds(self, name: str = "seconds") -> float:
        return float(self.value(name))

    def text(self, name: str) -> str:
        return str(self.value(name))

    def tag(self, name: str) -> int:
        """The tag of an element that is held by its keyword or tag."""
        value = self.value(name)
        if isinstance(value, int):
            return value
        element, attribute = BY_KEYWORD.get(str(value)), attribute_by_keyword(str(value))
        return element.tag if element else attribute.tag if attribute else 0


@dataclass(frozen=True, slots=True)
class ValueTest:
    """A value an element must have: of the command set (group 0000) or the data set, by tag.

    pattern: * and ? stand for any characters; numbers are compared as numbers, in hexadecimal with 0x in front.
    """

    tag: int
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Conditions, all of which must hold; an empty one always does."""

    services: tuple[str, ...] = ()
    """"C-STORE", ..."""
    sop_classes: tuple[str, ...] = ()
    """UIDs."""
    calling: str = ""
    """Calling AE title; * and ? stand for any characters."""
    called: str = ""
    nth: tuple[int, ...] = ()
    """Which of the occasions that meet the other conditions, counted from 1 for as long as the script runs."""
    every: int = 0
    """Each so-manieth of them; 0 is each."""
    values: tuple[ValueTest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Departs from the Standard in these ways, in this order, whenever the conditions hold."""

    phase: Phase
    then: tuple[Deviation, ...]
    when: When = field(default_factory=When)
    title: str = ""
    enabled: bool = True

    @property
    def name(self) -> str:
        """Its title, else what it does."""
        return self.title or ", ".join(d.fault for d in self.then) or "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Rules in order: of those of a phase, the first that holds applies."""

    title: str = ""
    note: str = ""
    source: str = ""
    """Whose habit it is, and where it was met."""
    rules: tuple[Rule, ...] = ()

    @property
    def active(self) -> int:
        """How many rules are switched on."""
        return sum(rule.enabled for rule in self.rules)


def script_of(fault: str, *, user: bool = False) -> Script:
    """A script of this one fault, with its own values, in its usual phase. KeyError when there is no such fault.

    user: for our own requests rather than for our responses, where the fault suits both.
    """
    row = FAULTS[fault]
    phase = Phase.REQUEST if user and Phase.REQUEST in row.phases else row.phases[0]
    return Script(title=fault, note=row.sentence, rules=(Rule(phase=phase, then=(Deviation(fault),)),))
