"""A data set as a value: what the editor, the message files and the trees show and change.

Neutral between text, DICOM JSON and bytes; `engine.wire.datasets` is the door to and from pydicom. Immutable, so undo
is keeping the old one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from pathlib import Path

from engine.standard.lean import dataclass


@dataclass(frozen=True, slots=True)
class DataElement:
    """One data element (PS3.5 7.1).

    tag: gggg<<16 | eeee. vr: two letters.
    value: a tuple of strings for every text and number VR (numbers as the user writes them, "1.5", AT as
        "ggggeeee"), a tuple of items (`DataSet`) for SQ, bytes for OB OD OF OL OV OW UN. An empty tuple (or b"") is
        an empty value.
    """

    tag: int
    vr: str
    value: tuple[str, ...] | tuple[DataSet, ...] | bytes = ()

    @property
    def items(self) -> tuple[DataSet, ...]:
        """Items of a sequence; () for anything else."""
        if self.vr != "SQ" or isinstance(self.value, bytes):
            return ()
        return tuple(v for v in self.value if isinstance(v, DataSet))

    @property
    def texts(self) -> tuple[str, ...]:
        """Values as text; () for sequences and bytes."""
        if isinstance(self.value, bytes):
            return ()
        return tuple(v for v in self.value if isinstance(v, str))


@dataclass(frozen=True, slots=True)
class DataSet:
    """Elements in ascending tag order (kept so by `engine.wire.datasets`; the editor may hold any order)."""

    elements: tuple[DataElement, ...] = ()

    def __iter__(self) -> Iterator[DataElement]:
        return iter(self.elements)

    def __len__(self) -> int:
        return len(self.elements)

    def find(self, tag: int) -> DataElement | None:
        for element in self.elements:
            if element.tag == tag:
                return element
        return None

    def text(self, tag: int) -> str:
        """The first value as text, or ""."""
        element = self.find(tag)
        return element.texts[0] if element and element.texts else ""

    def texts(self, tag: int) -> tuple[str, ...]:
        """All values as text."""
        element = self.find(tag)
        return element.texts if element else ()

    def has_value(self, tag: int) -> bool:
        """Whether the element is there with a first value that is not empty, or with items."""
        return bool(self.text(tag) or self.items(tag))

    def items(self, tag: int) -> tuple[DataSet, ...]:
        """Items of a sequence element; () when absent."""
        element = self.find(tag)
        return element.items if element else ()

    def merged(self, other: DataSet) -> DataSet:
        """A copy in tag order in which the other's elements replace or join ours."""
        elements = {e.tag: e for e in (*self.elements, *other.elements)}
        return DataSet(tuple(elements[t] for t in sorted(elements)))

    def put(self, tag: int, vr: str, *values: str) -> DataSet:
        """A copy with this text element set."""
        return self.merged(DataSet((DataElement(tag, vr, values),)))

    def with_items(self, tag: int, *items: DataSet) -> DataSet:
        """A copy with this sequence set."""
        return self.merged(DataSet((DataElement(tag, "SQ", items),)))

    def without(self, *tags: int) -> DataSet:
        return DataSet(tuple(e for e in self.elements if e.tag not in tags))


@dataclass(frozen=True, slots=True)
class EncodedData:
    """Data-set bytes as they travel, with the transfer syntax they are encoded in."""

    data: bytes
    transfer_syntax: str


@dataclass(frozen=True, slots=True)
class Unkept(EncodedData):
    """A data set that arrived and could not be kept, so that nothing of it is there: no space, no permission."""

    problem: str = ""
    """Why, in words."""


@dataclass(frozen=True, slots=True)
class FileData:
    """A DICOM file (PS3.10) whose data set is to be sent: its own bytes where the syntax matches the context's.

    Also what a large received data set becomes once it was spooled to disk (`offset` 0, no meta information).
    """

    path: Path
    offset: int | None = None
    """Where the data set starts, in bytes; None: to be found out from the file's preamble and group 0002."""
    length: int | None = None
    transfer_syntax: str = ""
    owner: object = field(default=None, compare=False, repr=False)
    """Deletes a temporary file when nobody has its data set any more; None: the file is somebody's."""
    modified: int = field(default=0, compare=False, repr=False)
    """When the file was changed last, in ns since the epoch: changed since, it is refused. 0: whatever is there."""
    to_end: bool = field(default=False, compare=False, repr=False)
    """The data set goes to the end of the file: one that is longer has taken its place, and is refused."""


Data = DataSet | EncodedData | FileData
"""What may follow a command set."""
