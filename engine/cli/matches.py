"""Matches of a C-FIND as rows of text."""

from __future__ import annotations

import csv
import io

from engine.model.dataset import DataSet
from engine.trace.plain_text import table
from engine.workspace.dataset_toml import attribute_key
from engine.workspace.queries import QUERY_RETRIEVE_LEVEL

CHARACTER_SET = 0x00080005
_Path = tuple[int, ...]


def matches_table(keys: DataSet, matches: list[DataSet]) -> str:
    """Matches as rows; columns are the keys some match has a value for, those inside sequences included."""
    paths = [p for p in _paths(keys) if any(_value(m, p) for m in matches)]
    return table([attribute_key(p[-1]) for p in paths], ([_value(m, p) for p in paths] for m in matches))


def matches_csv(keys: DataSet, matches: list[DataSet]) -> str:
    """All keys as columns, headed by their keywords."""
    paths = _paths(keys)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([attribute_key(p[-1]) for p in paths])
    writer.writerows([_value(m, p) for p in paths] for m in matches)
    return out.getvalue()


def _paths(keys: DataSet, outer: _Path = ()) -> list[_Path]:
    paths: list[_Path] = []
    for element in keys:
        if element.vr == "SQ":
            paths += [p for item in element.items[:1] for p in _paths(item, (*outer, element.tag))]
        elif element.tag not in (QUERY_RETRIEVE_LEVEL, CHARACTER_SET):
            paths.append((*outer, element.tag))
    return paths


def _value(match: DataSet, path: _Path) -> str:
    element = match.find(path[0])
    if element is None:
        return ""
    if len(path) > 1:
        return _value(element.items[0], path[1:]) if element.items else ""
    return "\\".join(element.texts)
