"""UIDs and tags as users write them: a keyword, a name or the number itself."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import cache

from engine.standard.dictionary import attribute_by_keyword, uid_entries, uid_entry
from engine.standard.elements import BY_KEYWORD

from .errors import ValueProblem

_UID = re.compile(r"[0-9.]+\Z")
_TAG = re.compile(r"\(?\s*([0-9A-Fa-f]{4})\s*,\s*([0-9A-Fa-f]{4})\s*\)?\Z|([0-9A-Fa-f]{8})\Z")


_STEP = re.compile(r"(\([^)]*\)|[0-9A-Fa-f]{4},[0-9A-Fa-f]{4}|\w+)(?:\[(\d+)\])?(\.|\Z)")


@cache
def _uids_by_name() -> dict[str, str]:
    """Keywords, and names in lower case, of the whole registry."""
    names: dict[str, str] = {}
    for uid, entry in uid_entries().items():
        for name in (entry.keyword, entry.name.lower(), entry.keyword.lower()):
            if name:
                names.setdefault(name, uid)
    return names


def resolve_uid(text: str) -> str:
    """The UID a keyword ("Verification"), a name or a UID stands for. `ValueProblem` with suggestions when unknown."""
    text = text.strip()
    if _UID.match(text):
        return text
    names = _uids_by_name()
    found = names.get(text) or names.get(text.lower()) or names.get(f"{text.lower()} sop class")
    if found:
        return found
    keywords = [e.keyword for e in uid_entries().values() if e.keyword]
    raise ValueProblem(f"“{text}” is neither a UID nor a keyword of the registry{did_you_mean(text, keywords)}")


@cache
def _keyword_to_uid() -> dict[str, str]:
    return {e.keyword: uid for uid, e in uid_entries().items() if e.keyword}


def uid_of_keyword(text: str) -> str | None:
    """The UID of exactly this keyword, or None."""
    return _keyword_to_uid().get(text)


def uid_keyword(uid: str) -> str:
    """The keyword of a registered UID, else the UID itself: what a person reads in a file."""
    entry = uid_entry(uid)
    return entry.keyword if entry and entry.keyword else uid


def parse_tag(text: str) -> int | None:
    """Tag of "(gggg,eeee)", "gggg,eeee" or "ggggeeee"; None for anything else."""
    match = _TAG.match(text.strip())
    if not match:
        return None
    return int(match[3], 16) if match[3] else int(match[1], 16) << 16 | int(match[2], 16)


def attribute_tag(text: str) -> int:
    """Tag of a data element keyword or a written tag. `ValueProblem` with suggestions when unknown."""
    tag = parse_tag(text)
    if tag is not None:
        return tag
    attribute = attribute_by_keyword(text.strip())
    if attribute is not None:
        return attribute.tag
    from engine.standard.dictionary import search_attributes

    near = [a.keyword for a in search_attributes(text, 200)] or _all_keywords_near(text)
    raise ValueProblem(f"“{text}” is not an attribute keyword or a tag (gggg,eeee){did_you_mean(text, near)}")


def attribute_path(text: str) -> tuple[tuple[int, int], ...]:
    """Tags with the item (from 0) each leads into, of "Sequence[0].Attribute"; the last one leads nowhere.

    Keywords or tags; an item not written is the first. `ValueProblem` when it is no such path.
    """
    path: list[tuple[int, int]] = []
    position = 0
    while True:
        match = _STEP.match(text, position)
        if not match:
            raise ValueProblem(f"“{text}” is not a keyword, (gggg,eeee) or Sequence[0].keyword")
        path.append((attribute_tag(match[1]), int(match[2] or 0)))
        position = match.end()
        if match[3] != ".":
            return tuple(path)


def _all_keywords_near(text: str) -> list[str]:
    """Keywords that share the first letters, shortening until some do."""
    from engine.standard.dictionary import search_attributes

    for length in range(min(len(text), 12), 2, -1):
        found = [a.keyword for a in search_attributes(text[:length], 200)]
        if found:
            return found
    return []


def command_tag(text: str) -> int:
    """Tag of a command element keyword or a written tag. `ValueProblem` with suggestions when unknown."""
    tag = parse_tag(text)
    if tag is not None:
        return tag
    element = BY_KEYWORD.get(text.strip())
    if element is not None:
        return element.tag
    raise ValueProblem(
        f"“{text}” is not a command element keyword or a tag (gggg,eeee){did_you_mean(text, BY_KEYWORD)}"
    )


def did_you_mean(text: str, choices: Iterable[str]) -> str:
    """ "; did you mean X or Y?", or "" when nothing is near."""
    by_lower = {c.lower(): c for c in choices}
    near = difflib.get_close_matches(text.lower(), list(by_lower), n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(by_lower[n] for n in near)}?" if near else ""
