"""The value of one command element against its VR and VM (PS3.5 6.2, PS3.7 E.1)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.model.command_set import Element
from engine.standard.elements import CommandElement
from engine.standard.lean import dataclass

from .names import check_ae_title, check_uid, name_character


@dataclass(frozen=True, slots=True)
class VrRule:
    """One VR. size: bytes of a number, 0 for text. longest: characters of a text value. pad: how it is made even."""

    size: int = 0
    longest: int = 0
    pad: str = " "


VRS: dict[str, VrRule] = {
    "US": VrRule(size=2),
    "UL": VrRule(size=4),
    "AT": VrRule(size=4),
    "UI": VrRule(longest=64, pad="\0"),
    "AE": VrRule(longest=16),
    "LO": VrRule(longest=64),
    "SH": VrRule(longest=16),
    "CS": VrRule(longest=16),
    "IS": VrRule(longest=12),
    "LT": VrRule(longest=10240),
}
"""The VRs of the command dictionary."""

Fault = tuple[str, str]
"""Rule id and sentence."""


def value_faults(element: Element, row: CommandElement) -> Iterator[Fault]:
    """What is wrong with a value that is there."""
    rule = VRS[row.vr]
    values = element.value if isinstance(element.value, tuple) else (element.value,)
    if not row.multiple and len(values) > 1:
        yield "command.values", f"{row.name} has {len(values)} values; it takes one."
    if isinstance(element.value, bytes):
        yield "command.value", f"{row.name} holds {len(element.value)} bytes that are not of VR {row.vr}."
        return
    for value in values:
        if rule.size:
            yield from _number_faults(row, rule, value)
        else:
            yield from _text_faults(row, rule, value)
    if element.raw is not None and not rule.size:
        yield from _padding_faults(row, rule, element.raw)


def _number_faults(row: CommandElement, rule: VrRule, value: object) -> Iterator[Fault]:
    highest = (1 << 8 * rule.size) - 1
    if not isinstance(value, int) or not 0 <= value <= highest:
        yield "command.value", f"{row.name} is {value!r}; VR {row.vr} holds numbers from 0 to {highest}."


def _text_faults(row: CommandElement, rule: VrRule, value: object) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield "command.value", f"{row.name} is {value!r}; VR {row.vr} holds text."
        return
    if row.vr == "UI":
        if (wrong := check_uid(value)) is not None:
            yield "command.uid", f"{row.name}: {wrong}"
    elif row.vr == "AE":
        if (wrong := check_ae_title(value)) is not None:
            yield "command.ae-title", f"{row.name}: {wrong}"
    else:
        if len(value) > rule.longest:
            sentence = f"{row.name} has {len(value)} characters; VR {row.vr} takes {rule.longest}."
            yield "command.value-length", sentence
        bad = next((c for c in value if not " " <= c <= "~"), None)
        if bad is not None:
            yield "command.characters", f"{row.name} contains {name_character(bad)}, outside the default repertoire."


def _padding_faults(row: CommandElement, rule: VrRule, raw: bytes) -> Iterator[Fault]:
    pad = rule.pad.encode()
    other, name = (b" ", "one NULL") if pad == b"\0" else (b"\0", "spaces")
    if raw.endswith(other):
        yield "command.padding", f"{row.name} is padded with {name_character(other.decode())}, not with {name}."
    elif pad == b"\0" and raw.endswith(b"\0\0"):
        yield "command.padding", f"{row.name} is padded with several NULLs; one makes it even."
    elif pad == b"\0" and raw.endswith(b"\0") and len(raw) % 2:
        yield "command.padding", f"{row.name} is padded with a NULL although its length was even."
