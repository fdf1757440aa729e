"""SOP class extended negotiation as people write it: named options where the Standard has them, else bytes."""

from __future__ import annotations

from engine.model.association import ExtendedNegotiation
from engine.model.whole_numbers import whole_number
from engine.standard.extended_negotiation import ExtendedLayout, layout_of

from .binary import hex_bytes
from .errors import ValueProblem
from .names import did_you_mean, resolve_uid


def read_extended(text: str) -> ExtendedNegotiation:
    """An item of "SOPCLASS=HEX" or "SOPCLASS:OPTION[,OPTION]". Raises `ValueProblem`."""
    name, sign, rest = text.partition("=") if "=" in text.split(":", maxsplit=1)[0] else text.partition(":")
    if not sign or not name:
        raise ValueProblem(f"“{text}” is not SOPCLASS:OPTION[,OPTION] or SOPCLASS=HEX")
    uid = resolve_uid(name)
    return ExtendedNegotiation(uid, hex_bytes(rest, name) if sign == "=" else information_of(uid, rest))


def information_of(sop_class_uid: str, text: str) -> bytes:
    """The bytes of "relational,fuzzy" or "level=2,coercion=1" for a SOP class. Raises `ValueProblem`."""
    layout = layout_of(sop_class_uid)
    if layout is None:
        raise ValueProblem(f"the Standard names no options for {sop_class_uid}; give the bytes in hexadecimal")
    values: dict[str, int] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        key, equals, number = part.partition("=")
        if key not in layout.keys:
            names = ", ".join(layout.keys)
            raise ValueProblem(f"“{key}” is none of its options ({names}){did_you_mean(key, layout.keys)}")
        value = whole_number(number, 0xFF) if equals else 1
        if value is None:
            raise ValueProblem(f"“{part}” is not {key}=NUMBER, up to 255")
        values[key] = value
    return layout.information(values)


def options_text(item: ExtendedNegotiation) -> str | None:
    """What `information_of` reads back as the same bytes; None where only the bytes themselves do."""
    layout = layout_of(item.sop_class_uid)
    if layout is None:
        return None
    values = layout.values(item.information)
    if layout.information(values) != item.information:
        return None
    return ",".join(_option_text(layout, key, value) for key, value in values.items() if value)


def _option_text(layout: ExtendedLayout, key: str, value: int) -> str:
    option = next(f.is_option for f in layout.fields if f.key == key)
    return key if option and value == 1 else f"{key}={value}"
