"""Faults of data sets: the bytes to send, and whether the command set announces them."""

from __future__ import annotations

from collections.abc import Callable

from engine.model.dataset import DataElement, DataSet, EncodedData
from engine.model.scripting import Deviation
from engine.standard.dictionary import attribute
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE
from engine.wire.datasets import DataSetError, decode_dataset, encode_dataset, transcode

Changed = tuple[bytes | None, bool]
"""The bytes to send (None: nothing), and whether they are announced."""
Change = Callable[[bytes | None, str, Deviation], Changed]

NONSENSE = bytes(range(250, 150, -1))


def _on_bytes(change: Callable[[bytes, Deviation], bytes]) -> Change:
    """A message without a data set stays without."""
    return lambda data, _, d: (None, False) if data is None else (change(data, d), True)


def _on_data_set(change: Callable[[DataSet, Deviation], DataSet]) -> Change:
    def apply(data: bytes | None, syntax: str, d: Deviation) -> Changed:
        if data is None:
            return None, False
        try:
            return encode_dataset(change(decode_dataset(data, syntax), d), syntax), True
        except DataSetError:  # nothing to change in what cannot be read
            return data, True

    return apply


def _swapped(data: bytes | None, syntax: str, _d: Deviation) -> Changed:
    if data is None:
        return None, False
    other = EXPLICIT_VR_LE if syntax == IMPLICIT_VR_LE else IMPLICIT_VR_LE
    try:
        return transcode(EncodedData(data, syntax), other).data, True
    except DataSetError:
        return data, True


def _some(syntax: str) -> bytes:
    """A small data set for a message that has none."""
    element = DataElement(0x00080005, "CS", ("ISO_IR 100",))
    try:
        return encode_dataset(DataSet((element,)), syntax)
    except DataSetError:
        return encode_dataset(DataSet((element,)), IMPLICIT_VR_LE)


def _put(data_set: DataSet, d: Deviation) -> DataSet:
    tag = d.tag("attribute")
    row = attribute(tag)
    vr = (row.vr if row else "UN").split(" or ")[0]
    if vr == "UN":
        return data_set.merged(DataSet((DataElement(tag, vr, d.text("value").encode("latin-1", "replace")),)))
    return data_set.put(tag, vr, *d.text("value").split("\\"))


CHANGES: dict[str, Change] = {
    "data-announced": lambda _data, _syntax, _d: (None, True),
    "data-unannounced": lambda data, syntax, _: (_some(syntax) if data is None else data, False),
    "data-odd": _on_bytes(lambda data, _: data[:-1]),
    "data-cut": _on_bytes(lambda data, d: data[: max(0, len(data) - d.number("bytes"))]),
    "data-empty": _on_bytes(lambda _data, _d: b""),
    "data-swapped": _swapped,
    "data-random": _on_bytes(lambda _data, _d: NONSENSE),
    "data-added": lambda data, syntax, _: (_some(syntax) if data is None else data, True),
    "data-missing": lambda _data, _syntax, _d: (None, False),
    "without-attribute": _on_data_set(lambda data_set, d: data_set.without(d.tag("attribute"))),
    "with-attribute": _on_data_set(_put),
}
