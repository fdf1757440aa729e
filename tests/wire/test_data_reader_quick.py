"""The quick way through plain elements reads what the plain one does."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.dataset import DataElement, DataSet
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE
from engine.wire.data_reader import RawElement, Reader
from engine.wire.datasets import encode_dataset

ITEM = DataSet((DataElement(0x00081150, "UI", ("1.2",)), DataElement(0x00280103, "US", ("1",))))
WHOLE = encode_dataset(
    DataSet(
        (
            DataElement(0x00080005, "CS", ("ISO_IR 100",)),
            DataElement(0x00080018, "UI", ("1.2.3",)),
            DataElement(0x00081140, "SQ", (ITEM, DataSet(), ITEM)),
            DataElement(0x00090010, "LO", ("CREATOR",)),
            DataElement(0x00091001, "SH", ("private",)),
            DataElement(0x00100010, "PN", ("Doe^Jane",)),
            DataElement(0x00280103, "US", ("1",)),
            DataElement(0x00280106, "SS", ("-5",)),
            DataElement(0x7FE00010, "OW", bytes(10)),
        )
    ),
    EXPLICIT_VR_LE,
)


class Slow:
    """Bytes that do not look like it."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, place: slice, /) -> bytes:
        return self.data[place]


def read(source: bytes | Slow, stop_at: int) -> tuple[tuple[RawElement, ...], tuple[str, int] | None, int]:
    reader = Reader(source, implicit_vr=False, little_endian=True, stop_at=stop_at, depth=3)
    return reader.read(), reader.failure, reader.position


@settings(max_examples=400)
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(WHOLE) - 1), st.one_of(st.sampled_from(b"\0\1\x7f\xe0\xfe\xffUISQ"), st.integers(0, 255))
        )
    ),
    st.integers(0, len(WHOLE)),
    st.sampled_from([1 << 32, 0x7FE00000, 0x00100000, 0x00080018]),
)
def test_both_ways_read_the_same_of_any_bytes(changes: list[tuple[int, int]], length: int, stop_at: int) -> None:
    changed = bytearray(WHOLE[: length or None])
    for place, byte in changes[:4]:
        if place < len(changed):
            changed[place] = byte
    assert read(bytes(changed), stop_at) == read(Slow(bytes(changed)), stop_at)
