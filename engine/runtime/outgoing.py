"""What follows a command set, turned into chunks in the transfer syntax of the context it goes through."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from engine.model.association import NegotiatedContext
from engine.model.dataset import Data, DataSet, EncodedData, FileData
from engine.model.limits import Limits
from engine.standard.lean import dataclass
from engine.wire import datasets
from engine.wire.errors import DataSetError
from engine.wire.fragments import whole_fragments

from . import pieces_ahead
from .places import known_quick_file

CHUNK = 1024 * 1024
"""Bytes read from a file at a time, about: large enough that reading costs little, small enough for 64 associations,
and for the processor's cache, from which the system takes them."""
MANY = 1000
"""Items of a sequence from which on encoding it takes several milliseconds."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Chunks of a data set, their total size, and what the notices show of it. far: they are read from a disk that may
    never answer."""

    chunks: Iterable[bytes | memoryview]
    size: int
    shown: EncodedData | FileData
    far: bool = False

    def close(self) -> None:
        """Let go of the file it comes from, of which the rest may not be wanted any more."""
        end = getattr(self.chunks, "close", None)
        if end is not None:
            # ValueError: a disk that does not answer; it is let go of when it does. Nobody asks how closing failed.
            with suppress(ValueError, DataSetError):
                end()


def encode(data: Data, context: NegotiatedContext, limits: Limits, maximum_length: int = 0) -> Encoded:
    """Encode for a context. A file or bytes in the same syntax travel untouched; uncompressed ones are transcoded.
    limits: of what is read for that. maximum_length: the receiver's.

    Raises `engine.wire.datasets.DataSetError` with a sentence when that is not possible.
    """
    syntax = context.transfer_syntax
    if isinstance(data, DataSet):
        return _bytes(datasets.encode_dataset(data, syntax), syntax)
    if isinstance(data, EncodedData):
        if data.transfer_syntax == syntax:
            return _bytes(data.data, syntax)
        return _bytes(datasets.transcode(data, syntax, limits).data, syntax)
    located = locate(data)
    if located.transfer_syntax == syntax:
        chunks = datasets.file_chunks(located, whole_fragments(maximum_length, CHUNK))
        far, length = is_far(located), located.length or 0
        if not far and pieces_ahead.worth(length):
            chunks = pieces_ahead.read_ahead(chunks)
        return Encoded(chunks, length, located, far)
    return _bytes(datasets.transcode(datasets.load_file(located), syntax, limits).data, syntax)


def is_far(data: Data) -> bool:
    """Whether it has to be read from a disk that may never answer, or of which that is not known yet."""
    return isinstance(data, FileData) and not known_quick_file(data.path)


def size_of(data: EncodedData | FileData) -> int:
    """Bytes of a data set, as far as that is known without reading."""
    return len(data.data) if isinstance(data, EncodedData) else data.length or 0


def is_large(data: Data, most: int) -> bool:
    """Whether a data set has more than `most` bytes, as far as that is known without reading; or many items."""
    if isinstance(data, DataSet):
        return any(element.vr == "SQ" and len(element.value) > MANY for element in data)
    return size_of(data) > most


def locate(data: FileData) -> FileData:
    """With its offset, length and transfer syntax found out from the file's header."""
    if data.offset is not None and data.length is not None and data.transfer_syntax:
        return data
    header = datasets.open_file(data.path)
    return FileData(data.path, header.data_offset, header.length, header.transfer_syntax)


def _bytes(data: bytes, syntax: str) -> Encoded:
    return Encoded((data,), len(data), EncodedData(data, syntax))
