"""Message files about to be sent: every mistake that can be seen is told, with its place, before anything is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.model.dataset import DataElement, DataSet
from engine.standard.transfer_syntaxes import IMPLICIT_VR_LE

from .dataset_toml import attribute_key
from .errors import ValueProblem, under
from .message_files import MessageFile, parse_message
from .placeholders import Filler, check_placeholders
from .toml_text import placed, read_text

_CHARACTER_SET = 0x00080005
_LATER = "{response "


def load_to_send(path: Path) -> MessageFile:
    """Read a message file whose values and placeholders can be sent. Raises `WorkspaceError` with file, line, key and
    reason."""
    text = read_text(path)
    message = parse_message(text, path)
    try:
        check_placeholders(message)
        if isinstance(message.data, DataSet):
            with under("dataset"):
                check_values(_known(Filler().dataset(message.data)))
    except ValueProblem as problem:
        raise placed(problem, text, path) from None
    return message


def check_values(dataset: DataSet, inherited: DataElement | None = None) -> None:
    """Raises `ValueProblem`, under the keys that lead to it, for a value that cannot be encoded as its VR."""
    from engine.wire.datasets import DataSetError, encode_dataset

    own = dataset.find(_CHARACTER_SET) or inherited
    for element in dataset:
        alone = DataSet(tuple(e for e in (own, element) if e is not None and (e is element or e.tag != element.tag)))
        try:
            encode_dataset(alone, IMPLICIT_VR_LE)
        except DataSetError as error:
            with under(attribute_key(element.tag)):
                for index, item in enumerate(element.items):
                    with under(index):
                        check_values(item, own)
                raise ValueProblem(str(error).rstrip(".")) from None


def _known(dataset: DataSet) -> DataSet:
    """Without the elements whose values only a response will tell."""
    return DataSet(
        tuple(
            replace(e, value=tuple(map(_known, e.items))) if e.items else e
            for e in dataset
            if not any(_LATER in text for text in e.texts)
        )
    )
