"""What a DICOMDIR refers to (PS3.3 F.3, PS3.10 8): the File ID of each directory record in use."""

from __future__ import annotations

from collections.abc import Iterator

from engine.model.dataset import DataSet
from engine.standard.lean import dataclass

from .datasets import read_attributes
from .dicom_files import FileHeader

_RECORDS = 0x00041220
_IN_USE, _FILE_ID = 0x00041410, 0x00041500
_CLASS, _INSTANCE, _SYNTAX = 0x00041510, 0x00041511, 0x00041512
_INACTIVE = "0"


@dataclass(frozen=True, slots=True)
class Reference:
    """A file a directory record refers to, and what the record says of it."""

    file_id: tuple[str, ...]
    """Components of the File ID (0004,1500), folders first."""
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax: str


def references(directory: FileHeader) -> list[Reference]:
    """The files of a DICOMDIR in the order of its records; records not in use are left out. DataSetError."""
    return list(_references(read_attributes(directory.data)))


def _references(data: DataSet) -> Iterator[Reference]:
    records = data.find(_RECORDS)
    for record in records.items if records else ():
        file_id = tuple(c.strip(" \0") for c in record.texts(_FILE_ID))
        if any(file_id) and _text(record, _IN_USE) != _INACTIVE:
            yield Reference(file_id, _text(record, _CLASS), _text(record, _INSTANCE), _text(record, _SYNTAX))


def _text(record: DataSet, tag: int) -> str:
    return record.text(tag).strip(" \0")
