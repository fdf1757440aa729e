"""Queries kept under a title: a TOML file each, to read, compare and use from window and command line.

title = "CT of the last days"
model = "study"
level = "STUDY"
return = ["StudyTime", "StudyInstanceUID"]

[keys]
PatientName = ""
StudyDate = "last 7 days"
ModalitiesInStudy = "CT"
"""

from __future__ import annotations

from pathlib import Path

import engine
from engine.model.dataset import DataSet
from engine.model.reading import is_file
from engine.standard.lean import dataclass

from .dataset_toml import dictionary_vr
from .errors import ValueProblem, WorkspaceError, under
from .keys import with_keys
from .names import attribute_path, uid_keyword
from .queries import at_level, levels_of
from .query_models import model_class, model_of
from .reader import Reader
from .toml_text import Table, dumps, parse, placed, read_text, write_atomically

SHIPPED = Path(engine.__file__).parents[1] / "resources" / "queries"
FOLDER = "queries"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedQuery:
    """sop_class_uid: of the C-FIND. keys: (path, value) to match by, values as written. returned: paths only asked
    for. path: its file."""

    title: str
    sop_class_uid: str
    level: str = ""
    keys: tuple[tuple[str, str], ...] = ()
    returned: tuple[str, ...] = ()
    path: Path | None = None
    shipped: bool = False

    def identifier(self) -> DataSet:
        """The Identifier, words of dates still in it. Raises `ValueProblem`."""
        texts = [*self.returned, *(f"{path}={value}" if value else path for path, value in self.keys)]
        return at_level(with_keys(DataSet(), texts), self.level)


def load_query(path: Path, *, shipped: bool = False) -> SavedQuery:
    """Read a file. Raises `WorkspaceError`."""
    text = read_text(path)
    try:
        return _read(Reader(parse(text, path)), path, shipped)
    except ValueProblem as problem:
        raise placed(problem, text, path) from None


def _read(reader: Reader, path: Path, shipped: bool) -> SavedQuery:
    model = reader.get("model", str, "study")
    try:
        uid = model_class(model, "C-FIND")
    except ValueProblem as problem:
        raise problem.under("model") from None
    level = reader.get("level", str, "").upper()
    levels = levels_of(uid)
    if level and level not in levels:
        raise ValueProblem(f"this model has no level {level}", ("level",))
    keys = reader.get("keys", dict, {})
    returned = reader.get("return", list, [])
    for key in [*keys, *returned]:
        _check(key)
    return SavedQuery(
        title=reader.get("title", str, path.stem.replace("-", " ").capitalize()),
        sop_class_uid=uid,
        level=level or (levels[0] if levels else ""),
        keys=tuple((key, str(value)) for key, value in keys.items()),
        returned=tuple(returned),
        path=path,
        shipped=shipped,
    )


def _check(key: object) -> None:
    if not isinstance(key, str):
        raise ValueProblem(f"{key!r} is not an attribute", ("return",))
    with under("keys", key):
        if not dictionary_vr(attribute_path(key)[-1][0]):
            raise ValueProblem("the dictionary does not know this attribute")


def query_table(query: SavedQuery) -> Table:
    """What its file holds."""
    model = model_of(query.sop_class_uid)
    return {
        "title": query.title,
        "model": model.word if model else uid_keyword(query.sop_class_uid),
        "level": query.level or None,
        "return": list(query.returned),
        "keys": dict(query.keys),
    }


def shipped_queries() -> tuple[SavedQuery, ...]:
    """Those that come with the program."""
    return tuple(load_query(path, shipped=True) for path in sorted(SHIPPED.glob("*.toml")))


def own_queries(folder: Path) -> tuple[tuple[SavedQuery, ...], tuple[WorkspaceError, ...]]:
    """Those of a workspace's folder, and what could not be read."""
    found: list[SavedQuery] = []
    problems: list[WorkspaceError] = []
    for path in sorted((folder / FOLDER).glob("*.toml")):
        try:
            found.append(load_query(path))
        except WorkspaceError as error:
            problems.append(error)
    return tuple(found), tuple(problems)


def save_query(path: Path, query: SavedQuery) -> SavedQuery:
    """Keep it in this file; returns it with that."""
    write_atomically(path, dumps(query_table(query)))
    return load_query(path)


def find_query(folder: Path, text: str) -> SavedQuery:
    """The one with this title or file name, the user's own first; or of a file. Raises `ValueProblem`."""
    if text.endswith(".toml") and is_file(Path(text)):
        return load_query(Path(text))
    queries = [*own_queries(folder)[0], *shipped_queries()]
    wanted = text.strip().lower()
    for query in queries:
        if wanted in (query.title.lower(), query.path.stem.lower() if query.path else ""):
            return query
    titles = ", ".join(f"“{q.title}”" for q in queries)
    raise ValueProblem(f"there is no query “{text}”; there are {titles}")
