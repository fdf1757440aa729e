"""What the window needs of bytes, without touching the codec: trees, previews and data sets.

Every failure is a `PreviewError` whose text is a sentence for the user.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.model.command_set import CommandSet
from engine.model.dataset import Data, DataElement, DataSet, EncodedData, FileData, Unkept
from engine.model.limits import USUAL, Limits
from engine.wire.commands import CommandError, encode_command
from engine.wire.explain import explain_pdu
from engine.wire.explain_command import explain_command
from engine.wire.nodes import Node
from engine.wire.secrets import kept_back, without_strays

__all__ = [
    "LARGEST_SHOWN",
    "Node",
    "PreviewError",
    "data_set_json",
    "data_set_of",
    "explain_command",
    "explain_pdu",
    "kept_back",
    "preview_command",
    "preview_dataset",
    "value_problem",
    "without_strays",
]

LARGEST_SHOWN = 256 * 1024 * 1024
"""Bytes of a data set read back from a file to be shown; beyond it a window would stand still."""


class PreviewError(ValueError):
    """Something cannot be encoded or decoded; the text says what and why."""


def preview_command(command: CommandSet) -> tuple[bytes, Node]:
    """The bytes of a command set as it would be sent, and their tree."""
    try:
        data = encode_command(command)
    except CommandError as error:
        raise PreviewError(str(error)) from None
    return data, explain_command(data)


def preview_dataset(dataset: DataSet, transfer_syntax: str) -> bytes:
    """The bytes of a data set in a transfer syntax."""
    from engine.wire.datasets import DataSetError, encode_dataset

    try:
        return encode_dataset(dataset, transfer_syntax)
    except DataSetError as error:
        raise PreviewError(str(error)) from None


def value_problem(element: DataElement, query: bool = False) -> str:
    """Why a value is none of its VR, as a sentence; "" when it is. query: ranges and wildcards are fine."""
    from engine.wire.value_rules import value_error

    return next(filter(None, (value_error(element.vr, text, query) for text in element.texts)), "")


def data_set_of(data: Data, transfer_syntax: str = "", limits: Limits = USUAL) -> DataSet:
    """The data set of a message as a value, however it came. transfer_syntax: of a file that does not say its own.
    limits: those of the message."""
    from engine.wire.datasets import DataSetError, decode_dataset

    try:
        if isinstance(data, DataSet):
            return data
        if isinstance(data, Unkept):
            raise PreviewError(f"It was not kept: {data.problem}.")
        if isinstance(data, EncodedData):
            return decode_dataset(data.data, data.transfer_syntax, limits=limits)
        encoded = _file_bytes(data, transfer_syntax)
        return decode_dataset(encoded.data, encoded.transfer_syntax, limits=limits)
    except DataSetError as error:
        raise PreviewError(str(error)) from None


def transfer_syntax_of(data: Data) -> str:
    """UID of the transfer syntax a message's data set is in already, "" when it is in none or does not say."""
    from engine.wire.datasets import DataSetError, located

    if isinstance(data, DataSet):
        return ""
    if isinstance(data, EncodedData):
        return data.transfer_syntax
    try:
        return located(data).transfer_syntax or ""
    except DataSetError:
        return ""


def data_set_json(data: Data, transfer_syntax: str = "", limits: Limits = USUAL) -> dict[str, Any]:
    """DICOM JSON (PS3.18 F) of a message's data set; as `data_set_of`."""
    from engine.wire.datasets import DataSetError, dataset_to_json

    try:
        if isinstance(data, DataSet):
            return dataset_to_json(data, transfer_syntax)
        if isinstance(data, Unkept):
            raise PreviewError(f"It was not kept: {data.problem}.")
        encoded = data if isinstance(data, EncodedData) else _file_bytes(data, transfer_syntax)
        return dataset_to_json(encoded.data, encoded.transfer_syntax, limits)
    except DataSetError as error:
        raise PreviewError(str(error)) from None


def _file_bytes(data: FileData, transfer_syntax: str) -> EncodedData:
    """The data set's bytes of a DICOM file, or of a received data set spooled to disk."""
    from engine.wire.datasets import load_file, located

    if data.offset is not None and not data.transfer_syntax:
        data = replace(data, transfer_syntax=transfer_syntax)
    place = located(data)
    if (place.length or 0) > LARGEST_SHOWN:
        raise PreviewError(f"{place.path} is too large to be shown: {place.length} bytes.")
    return load_file(place)
