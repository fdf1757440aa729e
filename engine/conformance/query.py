"""Identifiers of C-FIND, C-GET and C-MOVE: keys of requests, attributes of matches (PS3.4 C.4, C.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.model.association import Negotiated
from engine.model.dataset import DataSet
from engine.standard.lean import dataclass
from engine.standard.sop_classes import SopClass, sop_class
from engine.wire.data_writer import element_name

from .findings import Finding
from .message import Message

_LEVEL, _VIEW, _RETRIEVE_AE = 0x00080052, 0x00080053, 0x00080054
_FILE_SET = (0x00880130, 0x00880140)
_ALWAYS = frozenset({0x00080005, _LEVEL, _RETRIEVE_AE, 0x00080056, 0x00080201, *_FILE_SET})
"""What a match may hold unasked (PS3.4 C.4.1.1.3.2): character set, level, source, availability, time zone."""
_MODELS = ("qr_find", "qr_retrieve")
"""Extended negotiation of the hierarchical Query/Retrieve models."""


@dataclass(frozen=True, slots=True)
class _Level:
    """One level: its unique key and other keys that are of this level in every model."""

    unique: int
    others: frozenset[int] = frozenset()


_LEVELS = {
    "PATIENT": _Level(0x00100020, frozenset({0x00100010, 0x00100030, 0x00100040})),
    "STUDY": _Level(0x0020000D, frozenset({0x00080020, 0x00080030, 0x00080050, 0x00080090, 0x00081030, 0x00200010})),
    "SERIES": _Level(0x0020000E, frozenset({0x00080060, 0x0008103E, 0x00200011})),
    "IMAGE": _Level(0x00080018),
}
_OPTIONS = {"qr_find": (0, 4), "qr_retrieve": (0, 1)}
"""Bytes of the extended negotiation: relational queries or retrieval, Query/Retrieve View (PS3.4 C.5.1.1, C.5.2.1)."""


@dataclass(frozen=True, slots=True)
class _Query:
    """An Identifier of a hierarchical model. above: the levels above its own."""

    sop: SopClass
    data: DataSet
    level: str
    above: tuple[str, ...]
    relational: bool
    with_view: bool


def judge_identifier(m: Message, negotiated: Negotiated | None) -> list[Finding]:
    """The Identifier of a request."""
    query = _query(m, negotiated)
    if query is None:
        return []
    checks = _OF_FIND if m.service == "C-FIND" else _OF_RETRIEVAL
    return [finding for check in checks for finding in check(m, query)]


def judge_match(m: Message) -> list[Finding]:
    """A pending C-FIND-RSP against its request."""
    if m.is_final or m.operation is None or m.data_set is None:
        return []
    asked = m.operation.request.data_set
    sop = sop_class(m.abstract_syntax)
    if asked is None or sop is None:
        return []
    return [finding for check in _OF_MATCH for finding in check(m, asked, sop)]


def _query(m: Message, negotiated: Negotiated | None) -> _Query | None:
    sop, data = sop_class(m.abstract_syntax), m.data_set
    if data is None or sop is None or sop.extended_negotiation not in _MODELS:
        return None
    level = data.text(_LEVEL).strip()
    levels = [x for x in sop.query_levels if x in _LEVELS]
    if level not in levels:
        return None  # data.query-level tells it
    granted = b""
    for extended in negotiated.extended if negotiated else ():
        if extended.sop_class_uid == sop.uid:
            granted = extended.information
    relational, view = (granted[i : i + 1] == b"\1" for i in _OPTIONS[sop.extended_negotiation])
    return _Query(sop, data, level, tuple(levels[: levels.index(level)]), relational, view)


def _values(data: DataSet, tag: int) -> tuple[str, ...]:
    return tuple(v for v in data.texts(tag) if v.strip())


# Requests


def _higher_key(m: Message, q: _Query) -> Iterator[Finding]:
    for level in q.above if not q.relational else ():
        tag = _LEVELS[level].unique
        values = _values(q.data, tag)
        if len(values) != 1 or any(c in values[0] for c in "*?"):
            what = "\\".join(values) or "missing"
            sentence = f"At the level {q.level} {element_name(tag)} must have one value; it is {what}."
            yield m.about("query.higher-key", sentence)


def _keys_of(level: str, sop: SopClass) -> frozenset[int]:
    """The keys of a level besides its unique one; where no level is the patient's, those are the study's (C.6.2.1)."""
    others = _LEVELS[level].others
    if level != "STUDY" or "PATIENT" in sop.query_levels:
        return others
    return others | _LEVELS["PATIENT"].others | {_LEVELS["PATIENT"].unique}


def _higher_attribute(m: Message, q: _Query) -> Iterator[Finding]:
    for level in q.above if not q.relational else ():
        for tag in sorted(_keys_of(level, q.sop)):
            if q.data.find(tag) is not None:
                sentence = f"{element_name(tag)} is a key of the level {level}; the query is of the level {q.level}."
                yield m.about("query.higher-attribute", sentence)


def _view(m: Message, q: _Query) -> Iterator[Finding]:
    if q.data.find(_VIEW) is not None and not q.with_view:
        sentence = f"{element_name(_VIEW)} is used, but was not negotiated for {q.sop.name}."
        yield m.about("query.view", sentence)


def _retrieve_key(m: Message, q: _Query) -> Iterator[Finding]:
    for level in q.above if not q.relational else ():
        tag = _LEVELS[level].unique
        count = len(_values(q.data, tag))
        if count != 1:
            sentence = f"At the level {q.level} {element_name(tag)} must have one value; it has {count}."
            yield m.about("query.retrieve-key", sentence)
    for level in (*q.above, q.level):
        tag = _LEVELS[level].unique
        wild = [v for v in _values(q.data, tag) if "*" in v or "?" in v]
        if wild:
            yield m.about("query.retrieve-key", f"{element_name(tag)} has a wildcard: {wild[0]}.")


def _level_key(m: Message, q: _Query) -> Iterator[Finding]:
    tag = _LEVELS[q.level].unique
    if not _values(q.data, tag):
        yield m.about("query.level-key", f"The level is {q.level}, but {element_name(tag)} has no value.")


_Check = Callable[[Message, _Query], Iterator[Finding]]
_OF_FIND: tuple[_Check, ...] = (_higher_key, _higher_attribute, _view)
_OF_RETRIEVAL: tuple[_Check, ...] = (_retrieve_key, _level_key, _view)


# Matches


def _extra(m: Message, asked: DataSet, _: SopClass) -> Iterator[Finding]:
    assert m.data_set is not None
    wanted = {e.tag for e in asked}
    extra = [e.tag for e in m.data_set if e.tag not in wanted and e.tag not in _ALWAYS and e.tag & 0xFFFF]
    if extra:
        names = ", ".join(map(element_name, extra[:5])) + (f" and {len(extra) - 5} more" if len(extra) > 5 else "")
        yield m.about("query.extra-attribute", f"The match holds what was not asked for: {names}.")


def _source(m: Message, _: DataSet, sop: SopClass) -> Iterator[Finding]:
    data = m.data_set
    if sop.extended_negotiation not in _MODELS or data is None:
        return
    if not _values(data, _RETRIEVE_AE) and not all(_values(data, tag) for tag in _FILE_SET):
        sentence = f"The match has neither {element_name(_RETRIEVE_AE)} nor a storage media file-set."
        yield m.about("query.retrieve-source", sentence)


def _level(m: Message, asked: DataSet, sop: SopClass) -> Iterator[Finding]:
    assert m.data_set is not None
    wanted, got = asked.text(_LEVEL).strip(), m.data_set.text(_LEVEL).strip()
    if sop.extended_negotiation in _MODELS and wanted and got != wanted:
        sentence = f"{element_name(_LEVEL)} of the match is {got or 'missing'}; {wanted} was asked for."
        yield m.about("query.level-changed", sentence)


_OF_MATCH: tuple[Callable[[Message, DataSet, SopClass], Iterator[Finding]], ...] = (_extra, _source, _level)
