"""Rules, deviations and faults of a script in words, and the texts of their values read back."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.model.faults import FAULTS, Fault, Parameter, Phase
from engine.model.scripting import Deviation, Rule, When
from engine.model.whole_numbers import whole_number
from engine.workspace.errors import ValueProblem
from engine.workspace.scripts import parameter_value, read_when, write_when, written

from .lists import Entry

PHASES: tuple[tuple[Phase, str], ...] = (
    (Phase.RESPONSE, "A response of ours goes out"),
    (Phase.REQUEST, "A request of ours goes out"),
    (Phase.ASSOCIATION, "An association is negotiated"),
    (Phase.RELEASE, "The association is released"),
    (Phase.CONNECT, "A connection was accepted"),
    (Phase.SUB_OPERATION, "A C-STORE sub-operation begins"),
    (Phase.CANCEL, "A C-CANCEL-RQ has come"),
)
OUR_PHASES = tuple(row for row in PHASES if row[0] in (Phase.REQUEST, Phase.ASSOCIATION, Phase.RELEASE, Phase.RESPONSE))
"""Of associations that we open."""
NONE = -1
"""A number that stands for none."""
_VALUE_LINE = re.compile(r"\s*(\([^)]*\)|[^=]+?)\s*=\s*(.*?)\s*\Z")


def describe_rule(rule: Rule) -> Entry:
    """The entry of a rule: its name, what it does when."""
    does, when = ", ".join(map(deviation_text, rule.then)), when_text(rule.when)
    title = rule.title or does
    detail = (f"{when} → {does}" if when else does) if rule.title else when or "always"
    sentences = "\n".join(f"{d.fault}: {d.row.sentence}" for d in rule.then)
    return Entry(
        title=title,
        detail=detail,
        note=rule.phase.value if rule.enabled else f"{rule.phase.value} · off",
        icon=("check", "accent") if rule.enabled else ("never", "muted"),
        tooltip=f"{title}\n{dict(PHASES)[rule.phase]}; {when or 'always'}\n{sentences}",
    )


def describe_deviation(deviation: Deviation) -> Entry:
    """The entry of a fault chosen for a rule."""
    values = ", ".join(f"{name} {written_text(deviation, name)}" for name, _ in deviation.values)
    return Entry(title=deviation.fault, detail=values or deviation.row.sentence, tooltip=fault_tooltip(deviation.row))


def describe_fault(fault: Fault) -> Entry:
    """The entry of a fault to choose."""
    return Entry(title=fault.name, detail=fault.sentence, tooltip=fault_tooltip(fault), copy=fault.name)


def fault_tooltip(fault: Fault) -> str:
    return f"{fault.sentence}\n{fault.clause}\nA right peer {fault.expected}."


def deviation_text(deviation: Deviation) -> str:
    """ "status 0xA700", "delay 2.0"."""
    values = " ".join(written_text(deviation, name) for name, _ in deviation.values)
    return f"{deviation.fault} {values}".rstrip()


def written_text(deviation: Deviation, name: str) -> str:
    """A value as its field shows it."""
    value = written(deviation, name)
    if value == NONE:
        return ""
    if name in ("status", "field") and isinstance(value, int):
        return f"0x{value:04X}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def when_text(when: When) -> str:
    """Conditions in a few words, "" for none."""
    parts = [", ".join(when.services)]
    given = write_when(when)
    parts += [str(name) for name in given.get("sop_class", ())]
    parts += [f"{what} {title}" for what, title in (("from", when.calling), ("to", when.called)) if title]
    parts += [f"{key} = {pattern}" for key, pattern in given.get("value", {}).items()]
    if when.nth:
        parts.append(f"time {', '.join(map(str, when.nth))}")
    if when.every:
        parts.append(f"every {when.every}")
    return " · ".join(p for p in parts if p)


def faults_for(phase: Phase, words: str = "") -> tuple[Fault, ...]:
    """Those possible in a phase that have all these words in name, sentence or clause."""
    wanted = words.lower().split()
    return tuple(
        fault
        for fault in FAULTS.values()
        if phase in fault.phases and all(w in f"{fault.name} {fault.sentence} {fault.clause}".lower() for w in wanted)
    )


# -- the texts of the form


def when_texts(when: When) -> dict[str, str]:
    """Conditions as the fields of the form show them; values one a line."""
    given = write_when(when)
    return {
        "service": ", ".join(given.get("service", ())),
        "sop_class": ", ".join(given.get("sop_class", ())),
        "calling": when.calling,
        "called": when.called,
        "nth": ", ".join(map(str, when.nth)),
        "every": str(when.every or ""),
        "value": "\n".join(f"{key} = {pattern}" for key, pattern in given.get("value", {}).items()),
    }


def when_of(texts: dict[str, str]) -> When:
    """Conditions from the fields. `ValueProblem` with the field's key."""
    table: dict[str, object] = {}
    for key in ("service", "sop_class"):
        table[key] = _split(texts.get(key, ""))
    for key in ("calling", "called"):
        table[key] = texts.get(key, "").strip()
    table["nth"] = [_number(part, "nth") for part in _split(texts.get("nth", ""))]
    table["every"] = _number(texts.get("every", "").strip() or "0", "every")
    table["value"] = dict(_pair(line) for line in texts.get("value", "").splitlines() if line.strip())
    return read_when(table)


def when_problem(key: str, text: str) -> str | None:
    """What is wrong with the text of one field, in a sentence."""
    try:
        when_of({key: text})
    except ValueProblem as problem:
        return sentence_of(problem)
    return None


def parameter_problem(parameter: Parameter, text: str) -> str | None:
    """What is wrong with the text for a value; without a text it is the fault's own."""
    if not text.strip():
        return None
    try:
        parameter_value(parameter, text)
    except ValueProblem as problem:
        return sentence_of(problem)
    return None


def deviation_of(fault: Fault, texts: dict[str, str]) -> Deviation:
    """A deviation from the texts of its values; those that are the fault's own are left out."""
    usual = Deviation(fault.name)
    given = tuple(
        (p.name, parameter_value(p, texts[p.name]))
        for p in fault.parameters
        if texts.get(p.name, "").strip() not in ("", written_text(usual, p.name))
    )
    return Deviation(fault.name, given)


def sentence_of(problem: ValueProblem) -> str:
    reason = problem.reason
    return f"{reason[:1].upper()}{reason[1:]}."


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _number(text: str, key: str) -> int:
    number = whole_number(text)
    if number is None:
        raise ValueProblem(f"“{text}” is not a number", (key,))
    return number


def _pair(line: str) -> tuple[str, str]:
    match = _VALUE_LINE.match(line)
    if not match:
        raise ValueProblem(f"“{line.strip()}” is not Attribute = value", ("value",))
    return match[1], match[2]


def rules_text(rules: Iterable[Rule]) -> str:
    """How many rules are switched on, in words."""
    every = tuple(rules)
    on = sum(rule.enabled for rule in every)
    if not every:
        return "No rule: it keeps to the Standard."
    if not on:
        return "All rules are switched off: it keeps to the Standard."
    switched = "The rule is" if len(every) == 1 else f"{on} of {len(every)} rules are"
    return f"{switched} switched on: it departs from the Standard on purpose."


def usual_text(parameter: Parameter) -> str:
    """What stands where a field is left empty."""
    return "none" if parameter.default in ("", NONE) else str(parameter.default)
