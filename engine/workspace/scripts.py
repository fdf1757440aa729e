"""Scripts of deliberate deviations as TOML files (resources/docs/scripted-faults.md), and the ones that ship."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import engine
from engine.model.faults import FAULTS, Fault, Kind, Parameter, Phase, Value
from engine.model.reading import is_file, is_handed_over
from engine.model.scripting import Deviation, Rule, Script, ValueTest, When, script_of
from engine.standard.dictionary import attribute
from engine.standard.elements import BY_KEYWORD, ELEMENTS, tag_text
from engine.standard.lean import dataclass
from engine.standard.messages import MESSAGES

from .errors import ValueProblem, WorkspaceError, under
from .names import attribute_tag, command_tag, did_you_mean, resolve_uid, uid_keyword
from .reader import Reader
from .toml_text import Hex, Inline, Table, Whole, dumps, parse, placed, read_text, write_atomically

QUIRKS = Path(engine.__file__).parents[1] / "resources" / "quirks"
_PHASES = {phase.value: phase for phase in Phase}
_SERVICES = {row.service for row in MESSAGES.values()}
_HEX = frozenset({"status", "field"})
"""Parameters a person reads in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A script that ships: what a kind of real peer is known to do."""

    name: str
    """To give on the command line."""
    script: Script
    path: Path


# -- reading


def load_script(path: Path) -> Script:
    """Read a script file. Raises `WorkspaceError` with file, line, key and reason."""
    return parse_script(read_text(path), path)


def parse_script(text: str, path: Path) -> Script:
    """A script from TOML text; `path` places errors. Raises `WorkspaceError`."""
    table = parse(text, path)
    try:
        return _read_script(table, path)
    except ValueProblem as problem:
        raise placed(problem, text, path) from None


def _read_script(table: Table, path: Path) -> Script:
    script = read_script(table, path.stem)
    if not script.rules:
        raise ValueProblem("has no rule; a rule is a table [[rule]] with then = [...]", ("rule",))
    return script


def read_script(table: Any, title: str = "") -> Script:
    """A script from a table of a file. `ValueProblem` when it is none."""
    reader = Reader(table)
    script = Script(
        title=reader.get("title", str, title),
        note=reader.get("note", str, ""),
        source=reader.get("source", str, ""),
        rules=reader.each("rule", _read_rule),
    )
    _all_known(reader)
    return script


def _read_rule(value: Any) -> Rule:
    reader = Reader(value)
    then = reader.each("then", _read_deviation)
    if not then:
        raise ValueProblem('says nothing to do: then = ["duplicate"], for example', ("then",))
    rule = Rule(
        phase=_phase(reader, then),
        then=then,
        when=reader.inner("when", read_when, When()),
        title=reader.get("title", str, ""),
        enabled=reader.get("on", bool, True),
    )
    _all_known(reader)
    return rule


def _phase(reader: Reader, then: tuple[Deviation, ...]) -> Phase:
    """The phase written, else the usual one of the first fault; each fault must be possible in it."""
    text = reader.get("phase", str, "")
    if text and text not in _PHASES:
        raise ValueProblem(f"“{text}” is none of {', '.join(_PHASES)}{did_you_mean(text, _PHASES)}", ("phase",))
    phase = _PHASES.get(text) or then[0].row.phases[0]
    for index, deviation in enumerate(then):
        if phase not in deviation.row.phases:
            possible = ", ".join(p.value for p in deviation.row.phases)
            why = f"“{deviation.fault}” is not possible in phase “{phase.value}”, only in: {possible}"
            raise ValueProblem(why, ("then", index))
    return phase


def _read_deviation(value: Any) -> Deviation:
    if isinstance(value, str):
        return Deviation(_fault(value).name)
    reader = Reader(value)
    row = _fault(reader.get("fault", str, ""))
    values = tuple((p.name, _read_parameter(reader, p)) for p in row.parameters if p.name in reader.table)
    _all_known(reader, (p.name for p in row.parameters))
    return Deviation(row.name, values)


def _fault(name: str) -> Fault:
    row = FAULTS.get(name)
    if row is None:
        hint = did_you_mean(name, FAULTS) or "; resources/docs/scripted-faults.md lists them"
        raise ValueProblem(f"“{name}” is not the name of a fault{hint}", ("fault",))
    return row


def _read_parameter(reader: Reader, parameter: Parameter) -> Value:
    name = parameter.name
    if parameter.kind is Kind.SECONDS:
        return reader.get(name, float, 0.0, lambda v: _out_of_range(v, parameter))
    if parameter.kind is Kind.NUMBER:
        return reader.get(name, int, 0, lambda v: _out_of_range(v, parameter))
    reader.asked.add(name)
    with under(name):
        return parameter_value(parameter, reader.table[name])


def parameter_value(parameter: Parameter, given: Any) -> Value:
    """A text for a parameter as its value. `ValueProblem` when it is none."""
    text = str(given).strip()
    match parameter.kind:
        case Kind.UID:
            return resolve_uid(text)
        case Kind.ELEMENT:
            return command_tag(text)
        case Kind.ATTRIBUTE:
            return attribute_tag(text) if text else ""
        case Kind.TEXT:
            return str(given)
        case _:
            try:
                number = float(text) if parameter.kind is Kind.SECONDS else int(text, 0)
            except ValueError:
                raise ValueProblem("must be a number") from None
            problem = _out_of_range(number, parameter)
            if problem:
                raise ValueProblem(problem)
            return number


def _out_of_range(value: float, parameter: Parameter) -> str | None:
    fits = parameter.lowest <= value <= parameter.highest
    return None if fits else f"is from {parameter.lowest} to {parameter.highest}"


def read_when(value: Any) -> When:
    """Conditions from a table. `ValueProblem` with the key."""
    reader = Reader(value)
    when = When(
        services=_each_text(reader, "service", _service),
        sop_classes=_each_text(reader, "sop_class", resolve_uid),
        calling=reader.get("calling", str, ""),
        called=reader.get("called", str, ""),
        nth=_counts(reader),
        every=reader.get("every", int, 0, lambda v: None if v >= 0 else "counts from 1"),
        values=reader.inner("value", _read_tests, ()),
    )
    _all_known(reader)
    return when


def _each_text(reader: Reader, key: str, read: Any) -> tuple[str, ...]:
    """One text or several."""
    value = reader.table.get(key, [])
    reader.asked.add(key)
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(t, str) for t in texts):
        raise ValueProblem("must be a text, or a list of texts", (key,))
    with under(key):
        return tuple(read(text) for text in texts)


def _service(text: str) -> str:
    service = text.strip().upper()
    if service not in _SERVICES:
        raise ValueProblem(f"“{text}” is not a DIMSE service{did_you_mean(service, _SERVICES)}")
    return service


def _counts(reader: Reader) -> tuple[int, ...]:
    value = reader.table.get("nth", [])
    reader.asked.add("nth")
    counts = value if isinstance(value, list) else [value]
    if not all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in counts):
        raise ValueProblem("must be a number from 1, or a list of them", ("nth",))
    return tuple(counts)


def _read_tests(value: Any) -> tuple[ValueTest, ...]:
    reader = Reader(value)
    return tuple(ValueTest(tag_named(key), str(pattern)) for key, pattern in reader.table.items())


def tag_named(text: str) -> int:
    """Tag of a command or data element, by keyword or number. `ValueProblem` when it is neither."""
    with under(text):
        return command_tag(text) if text in BY_KEYWORD else attribute_tag(text)


def _all_known(reader: Reader, also: Iterable[str] = ()) -> None:
    for key in reader.unknown:
        raise ValueProblem(f"unknown key{did_you_mean(key, (*reader.asked, *also))}", (key,))


# -- writing


def save_script(script: Script, path: Path) -> None:
    """Write a script file. Raises `WorkspaceError`."""
    write_atomically(path, script_text(script))


def script_text(script: Script) -> str:
    """A script as TOML text."""
    return dumps(script_table(script))


def script_table(script: Script) -> Whole:
    """A script as a table of a file."""
    return Whole(
        {
            "title": script.title or None,
            "note": script.note or None,
            "source": script.source or None,
            "rule": [_write_rule(rule) for rule in script.rules],
        }
    )


def _write_rule(rule: Rule) -> Table:
    when = write_when(rule.when)
    return {
        "title": rule.title or None,
        "on": None if rule.enabled else False,
        "phase": rule.phase.value,
        "when": Inline(when) if when else None,
        "then": [_write_deviation(d) for d in rule.then],
    }


def write_when(when: When) -> Table:
    """Conditions as a table of a file, without the empty ones."""
    given = {
        "service": list(when.services),
        "sop_class": [uid_keyword(uid) for uid in when.sop_classes],
        "calling": when.calling,
        "called": when.called,
        "nth": list(when.nth),
        "every": when.every,
        "value": Inline({tag_name(t.tag): t.pattern for t in when.values}),
    }
    return {key: value for key, value in given.items() if value}


def tag_name(tag: int) -> str:
    """A tag as keyword where it has one."""
    element = ELEMENTS.get(tag)
    found = element or attribute(tag)
    return (found.keyword if found else "") or tag_text(tag)


def _write_deviation(deviation: Deviation) -> str | Inline:
    if not deviation.values:
        return deviation.fault
    return Inline({"fault": deviation.fault, **{name: written(deviation, name) for name, _ in deviation.values}})


def written(deviation: Deviation, name: str) -> Value:
    """A parameter's value as a person writes it."""
    value, parameter = deviation.value(name), deviation.row.parameter(name)
    kind = parameter.kind if parameter else Kind.TEXT
    if kind in (Kind.ELEMENT, Kind.ATTRIBUTE) and isinstance(value, int):
        return tag_name(value)
    if kind is Kind.UID:
        return uid_keyword(str(value))
    return Hex(value) if name in _HEX and isinstance(value, int) else value


# -- what ships


@cache
def quirk_profiles() -> tuple[Profile, ...]:
    """The profiles that come with the program, by name."""
    return tuple(Profile(path.stem, load_script(path), path) for path in sorted(QUIRKS.glob("*.toml")))


def find_script(name: str, *, user: bool = False) -> Script:
    """A script by what a person writes: a file, a profile that ships, or a fault. `ValueProblem` when it is neither.

    user: of a fault alone, whether it is for our own requests.
    """
    path = Path(name)
    if is_file(path) or is_handed_over(path):
        return load_script(path)
    shipped = QUIRKS / f"{name}.toml"
    if shipped.parent == QUIRKS and is_file(shipped):
        return load_script(shipped)
    if name in FAULTS:
        return script_of(name, user=user)
    if path.suffix or len(path.parts) > 1:
        raise WorkspaceError(path, "there is no such file")
    names = (*(p.stem for p in QUIRKS.glob("*.toml")), *FAULTS)
    raise ValueProblem(f"“{name}” is neither a file nor a profile nor a fault{did_you_mean(name, names)}")
