"""Worklist items as files: a folder that says what is scheduled, one item a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from pathlib import Path

from engine.model.dataset import DataSet
from engine.model.reading import is_file
from engine.standard.lean import dataclass
from engine.wire import datasets

from .dataset_toml import read_dataset
from .errors import ValueProblem, WorkspaceError
from .message_files import load_json
from .toml_text import parse, placed, read_text

KINDS = (".toml", ".json", ".dcm", ".wl")
"""Data sets as TOML, as DICOM JSON (PS3.18 F), DICOM files."""
_AFTER_IDENTIFIERS = 0x7FE00000


def load_item(path: Path) -> DataSet:
    """One worklist item. Raises `WorkspaceError` naming the file and the reason."""
    if path.suffix == ".json":
        return load_json(path)
    if path.suffix == ".toml":
        text = read_text(path)
        try:
            return read_dataset(parse(text, path), path.parent)
        except ValueProblem as problem:
            raise placed(problem, text, path) from None
    try:
        return datasets.read_attributes(datasets.open_file(path).data, _AFTER_IDENTIFIERS)
    except datasets.DataSetError as error:
        raise WorkspaceError(path, str(error).removeprefix(f"{path}: ")) from None


@dataclass(slots=True)
class WorklistFolder:
    """A folder that is looked at again and again; only files that changed are read."""

    folder: Path
    _read: dict[Path, tuple[tuple[int, int], DataSet | None]] = field(default_factory=dict)

    def items(self) -> tuple[dict[str, DataSet], tuple[str, ...]]:
        """Items by file name, and a sentence for each file that has just been found unreadable. Raises OSError."""
        problems: list[str] = []
        seen: dict[Path, tuple[tuple[int, int], DataSet | None]] = {}
        for path, stamp in self._files():
            known = self._read.get(path)
            if known is not None and known[0] == stamp:
                seen[path] = known
                continue
            try:
                seen[path] = stamp, load_item(path)
            except WorkspaceError as error:
                problems.append(str(error))
                seen[path] = stamp, None
        self._read = seen
        return {path.name: item for path, (_, item) in seen.items() if item is not None}, tuple(problems)

    def _files(self) -> Iterator[tuple[Path, tuple[int, int]]]:
        for path in sorted(self.folder.iterdir()):
            if path.suffix in KINDS and is_file(path):
                told = path.stat()
                yield path, (told.st_size, told.st_mtime_ns)
