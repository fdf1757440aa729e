"""Values of data elements as text: what the editor shows, what it takes (PS3.5 6.2, 6.4)."""

from __future__ import annotations

import re
from dataclasses import replace

from engine.model.dataset import DataElement
from engine.standard.dictionary import Attribute, attribute, private_attribute, search_attributes, uid_name
from engine.standard.elements import tag_text
from engine.workspace.dataset_toml import BINARY_VRS, SINGLE_VRS, VRS, dictionary_vr
from engine.workspace.errors import ValueProblem
from engine.workspace.names import attribute_tag

EDIT_LIMIT = 65536
"""Bytes of a value the one-line editor takes: more is not something to type, and a line edit becomes slow beyond."""
SHOWN = 200
"""Characters of a value a cell shows: more than any screen is wide."""


def tag_digits(tag: int) -> str:
    """``gggg,eeee``: a tag in a column of tags, where parentheses would only repeat."""
    return tag_text(tag)[1:-1]


def is_private(tag: int) -> bool:
    return bool(tag >> 16 & 1)


def element_name(tag: int, creator: str = "") -> str:
    """Keyword of the dictionary, or words for what it does not have."""
    row = known(tag, creator)
    if row is not None:
        return row.keyword or row.name
    if tag & 0xFFFF == 0:
        return "GroupLength"
    if is_private(tag):
        return "PrivateCreator" if 0x10 <= tag & 0xFFFF <= 0xFF else "Private element"
    return "Unknown element"


def known(tag: int, creator: str = "") -> Attribute | None:
    """The dictionary's row; of a private element, by its private creator."""
    if is_private(tag):
        return private_attribute(creator, tag) if creator else None
    return attribute(tag)


def default_vr(tag: int, creator: str = "") -> str:
    """The dictionary's VR, for a private element its creator's; UN when it is not known (PS3.5 7.8.1)."""
    row = known(tag, creator) if creator else None
    return row.vr[:2] if row is not None and row.vr[:2] in VRS else dictionary_vr(tag) or "UN"


def hex_text(data: bytes) -> str:
    """Two digits a byte, as they are typed and shown everywhere: "0A FF"."""
    return data.hex(" ").upper()


def parse_hex(text: str) -> bytes | None:
    """Bytes written in hexadecimal, blanks and commas allowed; None when it is not."""
    try:
        return bytes.fromhex(re.sub(r"[\s,]+", "", text))
    except ValueError:
        return None


def edit_text(element: DataElement) -> str:
    """The value as typed: values joined by a backslash, bytes in hexadecimal, "" for a sequence."""
    if isinstance(element.value, bytes):
        return hex_text(element.value[:EDIT_LIMIT])
    return "\\".join(element.texts)


def display_text(element: DataElement) -> str:
    """The value as shown in a cell: cut where no screen could show it, UIDs with their name first."""
    if element.vr == "SQ":
        count = len(element.items)
        return "no items" if not count else "1 item" if count == 1 else f"{count:,} items"
    if isinstance(element.value, bytes):
        size = len(element.value)
        shown = hex_text(element.value[: SHOWN // 4])
        return f"{size:,} bytes  {shown}{' …' if size > SHOWN // 4 else ''}" if size else ""
    if element.vr == "UI":
        return "\\".join(named_uid(uid) for uid in element.texts[:16])
    text = ""
    for value in element.texts:
        text += ("\\" if text else "") + value[: SHOWN + 1]
        if len(text) > SHOWN:
            return text[:SHOWN].replace("\r", " ").replace("\n", " ") + " …"
    return text.replace("\r", " ").replace("\n", " ")


def named_uid(uid: str) -> str:
    """`CT Image Storage · 1.2.840…` when the UID is registered, else the UID."""
    name = uid_name(uid)
    return f"{name} · {uid}" if name else uid


def with_vr(element: DataElement, vr: str) -> DataElement:
    """The element with another VR, its value carried over where that has a meaning."""
    if vr == element.vr:
        return element
    if vr == "SQ":
        return replace(element, vr=vr, value=())
    if element.vr == "SQ":
        return replace(element, vr=vr, value=b"" if vr in BINARY_VRS else ())
    if isinstance(element.value, bytes):
        if vr in BINARY_VRS:
            return replace(element, vr=vr)
        text = element.value.decode("latin-1").rstrip(" \0")
        return with_text(replace(element, vr=vr, value=()), text if text.isprintable() else "")
    joined = edit_text(element)
    if vr in BINARY_VRS:
        data = joined.encode("utf-8")
        return replace(element, vr=vr, value=data + b"\0" * (len(data) % 2))
    return with_text(replace(element, vr=vr, value=()), joined)


def with_text(element: DataElement, text: str) -> DataElement:
    """The element with a value as typed. Hexadecimal that does not read keeps the characters as bytes."""
    if element.vr in BINARY_VRS:
        data = parse_hex(text)
        return replace(element, value=text.encode("utf-8") if data is None else data)
    if not text:
        return replace(element, value=())
    return replace(element, value=(text,) if element.vr in SINGLE_VRS else tuple(text.split("\\")))


def _named(name: str) -> int | None:
    """Tag of an attribute by its keyword or name, however capitals, blanks and apostrophes are written."""
    wanted = _letters(name)
    found = search_attributes(name.replace("’", "'"), 200) + search_attributes(wanted, 200)
    return next((a.tag for a in found if wanted in (a.keyword.lower(), _letters(a.name))), None)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def parse_new(text: str, creator: str = "") -> tuple[DataElement | None, str]:
    """An element from ``KEY [VR] [= VALUE]``, KEY a keyword, name or tag. (None, sentence) when it does not read."""
    key, equals, value = text.partition("=")
    words = key.split()
    vr = words.pop().upper() if len(words) > 1 and words[-1].upper() in VRS and words[-1].isupper() else ""
    name = " ".join(words)
    if not name:
        return None, ""
    try:
        tag = _named(name) or attribute_tag(name)
    except ValueProblem as problem:
        return None, f"{problem.reason[:1].upper()}{problem.reason[1:]}."
    vr = vr or default_vr(tag, creator)
    empty = DataElement(tag, vr, b"" if vr in BINARY_VRS else ())
    return (with_text(empty, value.strip()) if equals and vr != "SQ" else empty), ""
