"""Matches of a C-FIND as rows of text."""

from __future__ import annotations

import csv
import io

from engine.model.dataset import DataSet
from engine.trace.plain_text import display_width, table
from engine.workspace.dataset_toml import attribute_key
from engine.workspace.queries import QUERY_RETRIEVE_LEVEL

CHARACTER_SET = 0x00080005
CUT = "…"
GAP = "  "
"""Between two columns of a table."""
LEAST, LEAST_UID = 8, 16
"""Characters to which a column is shortened at most; a narrower terminal wraps the rows."""
_Path = tuple[int, ...]


def matches_table(keys: DataSet, matches: list[DataSet], room: int | None = None) -> str:
    """Matches as rows; columns are the keys some match has a value for, those inside sequences included.

    room: characters of a line; what has none ends in …, of a UID its beginning goes, and only where it must.
    """
    paths = [p for p in _paths(keys) if any(_value(m, p) for m in matches)]
    headings = [attribute_key(p[-1]) for p in paths]
    rows = [[" ".join(_value(m, p).split()) for p in paths] for m in matches]
    if room is not None:
        for column, width in enumerate(_widths(headings, rows, room)):
            of_uid = headings[column].endswith("UID")
            headings[column] = _cut(headings[column], width, front=True)  # names differ in their ends
            for row in rows:
                row[column] = _cut(row[column], width, front=of_uid)
    return table(headings, rows)


def _widths(headings: list[str], rows: list[list[str]], room: int) -> list[int]:
    """Of each column: the widest give way, UIDs last."""
    widths = [min(max(map(display_width, column)), room) for column in zip(headings, *rows, strict=True)]
    left = room - len(GAP) * (len(widths) - 1)
    for least, uids in ((LEAST, False), (LEAST_UID, True)):
        giving = [n for n, heading in enumerate(headings) if heading.endswith("UID") is uids]
        while giving and sum(widths) > left:
            widest = max(giving, key=widths.__getitem__)
            if widths[widest] <= least:
                break
            widths[widest] -= 1
    return widths


def _cut(text: str, width: int, *, front: bool = False) -> str:
    """Text of at most so many columns of a terminal, with … for what is left out at its end, or in front."""
    if display_width(text) <= width:
        return text
    text = text[-4 * width :] if front else text[: 4 * width]  # a value may be long; with marks that take no width
    while text and display_width(text) >= width:
        text = text[1:] if front else text[:-1]
    return f"{CUT}{text}" if front else f"{text}{CUT}"


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
