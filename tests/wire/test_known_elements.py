"""Attributes read with what was decoded before, compared with decoding all of them anew."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.dataset import DataElement, DataSet, EncodedData
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE
from engine.wire import datasets, known_elements
from engine.wire.datasets import DataSetError, encode_dataset, read_attributes

ITEM = DataSet((DataElement(0x00081155, "UI", ("1.2.3",)), DataElement(0x00100010, "PN", ("Müller^Zoë",))))
BEGUN = (
    DataElement(0x00080005, "CS", ("ISO_IR 192",)),
    DataElement(0x00080016, "UI", ("1.2.840.10008.5.1.4.1.1.7",)),
    DataElement(0x00080018, "UI", ("1.2.3.4",)),
    DataElement(0x00080060, "CS", ("CT",)),
)
REST = (
    DataElement(0x00100010, "PN", ("Müller^Zoë",)),
    DataElement(0x00180050, "DS", ("1.5", "2")),
    DataElement(0x00280010, "US", ("512",)),
    DataElement(0x00280103, "US", ("1",)),
)
PIXELS = DataElement(0x7FE00010, "OW", bytes(20))
SETS = {
    "usual": (*BEGUN, *REST, PIXELS),
    "no character set": (*BEGUN[1:], *REST[1:], PIXELS),
    "no pixels": (*BEGUN, *REST),
    "a sequence": (*BEGUN, DataElement(0x00081140, "SQ", (ITEM,)), *REST, PIXELS),
    "a private element": (*BEGUN, DataElement(0x00091001, "LO", ("own",)), *REST, PIXELS),
    "a long one": (*BEGUN, DataElement(0x00081199, "UT", ("x" * 400,)), *REST, PIXELS),
    "nothing": (),
}


def anew(data: bytes) -> DataSet | str:
    layout = datasets.layout_of(EXPLICIT_VR_LE)
    try:
        return datasets._data_set(datasets._read(data, layout, stop_at=0x7FE00000), ("latin_1",), True)
    except DataSetError as error:
        return str(error)


def known(data: bytes) -> DataSet | str:
    try:
        return read_attributes(EncodedData(data, EXPLICIT_VR_LE))
    except DataSetError as error:
        return str(error)


@pytest.mark.parametrize("elements", SETS.values(), ids=SETS)
def test_both_read_the_same(elements: tuple[DataElement, ...]) -> None:
    data = encode_dataset(DataSet(elements), EXPLICIT_VR_LE)
    read = anew(data)
    assert known(data) == known(data) == read
    assert isinstance(read, DataSet)
    assert tuple(read) == tuple(e for e in elements if e.tag < 0x7FE00000)


def test_the_same_bytes_in_another_character_set_are_other_text() -> None:
    texts = []
    for name in ("ISO_IR 100", "ISO_IR 144", "ISO_IR 100"):
        declared = encode_dataset(DataSet((DataElement(0x00080005, "CS", (name,)),)), EXPLICIT_VR_LE)
        data = declared + b"\x10\0\x10\0PN\x02\0\xe4\xe5"
        assert known(data) == anew(data)
        texts.append(known(data))
    assert texts[0] == texts[2] != texts[1]


def test_what_is_remembered_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_elements, "KEPT", 50)
    known_elements._known.clear()
    for number in range(500):
        known(encode_dataset(DataSet((DataElement(0x0020000D, "UI", (f"1.2.{number}",)),)), EXPLICIT_VR_LE))
    assert sum(map(len, known_elements._known.values())) <= 52
    for number in range(2 * known_elements.SETS):
        known_elements._of((f"codec {number}",))
    assert len(known_elements._known) <= known_elements.SETS


@settings(deadline=None, max_examples=500)
@given(
    elements=st.sampled_from(list(SETS.values())),
    changes=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=3),
    end=st.integers(0, 700),
)
def test_both_read_the_same_of_any_bytes(
    elements: tuple[DataElement, ...], changes: list[tuple[int, int]], end: int
) -> None:
    data = bytearray(encode_dataset(DataSet(elements), EXPLICIT_VR_LE))
    for at, byte in changes:
        if at < len(data):
            data[at] = byte
    assert known(bytes(data[:end])) == anew(bytes(data[:end]))
