"""The quick way to what a file is, compared with the long one: sound files, odd ones, and files with bytes changed."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.conformance.instances import has_uids
from engine.model.dataset import DataElement, DataSet, EncodedData
from engine.standard.transfer_syntaxes import DEFLATED_LE, EXPLICIT_VR_BE, EXPLICIT_VR_LE, IMPLICIT_VR_LE
from engine.wire.data_reader import UNDEFINED as UNDEFINED_LENGTH
from engine.wire.datasets import (
    DataSetError,
    FileHeader,
    checked,
    encode_dataset,
    examined,
    file_meta,
    is_plain_instance,
    open_file,
    plain_instance,
    read_attributes,
)
from engine.wire.element_walk import walk_of
from engine.wire.file_front import FRONT, plain_front

CLASS, INSTANCE = "1.2.840.10008.5.1.4.1.1.7", "1.2.3.4"
JPEG = "1.2.840.10008.1.2.4.50"
SYNTAXES = (EXPLICIT_VR_LE, IMPLICIT_VR_LE, EXPLICIT_VR_BE, DEFLATED_LE, JPEG, "1.2.3.99", "")
_ITEM = bytes.fromhex("feff00e004000000") + b"ABCD"
_OPEN_ITEM = bytes.fromhex("feff00e0ffffffff feff0de000000000")
_SEQUENCE_END = bytes.fromhex("feffdde000000000")
REFERENCE = DataSet((DataElement(0x00081150, "UI", (CLASS,)), DataElement(0x00081155, "UI", ("1.2.3.5",))))
PLAIN = (
    DataElement(0x00080005, "CS", ("ISO_IR 192",)),
    DataElement(0x00080016, "UI", (CLASS,)),
    DataElement(0x00080018, "UI", (INSTANCE,)),
    DataElement(0x00100010, "PN", ("Nobody^At All",)),
    DataElement(0x7FE00010, "OW", b"\1\2" * 300),
)
NESTED = (
    *PLAIN[:3],
    DataElement(0x00081140, "SQ", (REFERENCE, DataSet((DataElement(0x00089121, "SQ", (REFERENCE,)),)), DataSet())),
    DataElement(0x00091001, "UN", b"1234"),
    *PLAIN[3:],
)
UNDEFINED = (
    b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff"
    b"\xfe\xff\0\xe0\xff\xff\xff\xff\x08\0\x50\x11UI\x04\x001.2\0\xfe\xff\x0d\xe0\0\0\0\0"
    b"\xfe\xff\0\xe0\x0c\0\0\0\x08\0\x50\x11UI\x04\x001.2\0"
    b"\xfe\xff\xdd\xe0\0\0\0\0"
)


def long_way(path: Path) -> FileHeader | str:
    try:
        return checked(open_file(path))
    except DataSetError as error:
        return str(error)


def quick_way(path: Path) -> FileHeader | str:
    try:
        return examined(path)
    except DataSetError as error:
        return str(error)


def whole(syntax: str, elements: tuple[DataElement, ...] = PLAIN) -> bytes:
    encoded = syntax if syntax in SYNTAXES[:4] else EXPLICIT_VR_LE
    return file_meta(syntax, CLASS, INSTANCE) + encode_dataset(DataSet(elements), encoded)


@pytest.mark.parametrize("elements", [PLAIN, NESTED], ids=["plain", "nested"])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_both_ways_tell_the_same_of_a_sound_file(
    tmp_path: Path, syntax: str, elements: tuple[DataElement, ...]
) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(whole(syntax, elements))
    header = long_way(path)
    assert quick_way(path) == header
    assert isinstance(header, FileHeader)
    assert (header.sop_class_uid, header.sop_instance_uid) == (CLASS, INSTANCE)


@pytest.mark.parametrize("elements", [PLAIN, NESTED], ids=["plain", "nested"])
def test_the_usual_file_takes_the_quick_way(elements: tuple[DataElement, ...]) -> None:
    data = whole(EXPLICIT_VR_LE, elements)
    assert plain_front(data, len(data)) is not None
    assert plain_front(data[:-600], len(data)) is not None, "the pixel data need not be read"
    assert plain_front(data[:-600], len(data) - 1) is None


def test_sequences_of_undefined_length_take_it_too(tmp_path: Path) -> None:
    data = whole(EXPLICIT_VR_LE, PLAIN[:3]) + UNDEFINED
    assert plain_front(data, len(data)) is not None
    for end in range(len(data) - len(UNDEFINED) + 1, len(data) + 1):
        path = tmp_path / f"{end}.dcm"
        path.write_bytes(data[:end])
        assert quick_way(path) == long_way(path)


@pytest.mark.parametrize("more", [-3, 0, 1, 5, 4096])
def test_a_header_longer_than_what_is_read_is_understood(tmp_path: Path, more: int) -> None:
    path = tmp_path / "a.dcm"
    text = DataElement(0x00104000, "LT", ("x" * (FRONT + more),))
    path.write_bytes(whole(EXPLICIT_VR_LE, (*PLAIN[:4], text, *PLAIN[4:])))
    header = quick_way(path)
    assert header == long_way(path)
    assert isinstance(header, FileHeader)
    assert not header.cut


@pytest.mark.parametrize("class_uid", ["1.2.840.10008.5.1.4.1.1.2", ""])
def test_another_class_in_the_meta_information_is_noted_alike(tmp_path: Path, class_uid: str) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(file_meta(EXPLICIT_VR_LE, class_uid, "1.9") + encode_dataset(DataSet(PLAIN), EXPLICIT_VR_LE))
    assert quick_way(path) == long_way(path)
    path.write_bytes(file_meta(EXPLICIT_VR_LE, CLASS, INSTANCE) + encode_dataset(DataSet(PLAIN[3:]), EXPLICIT_VR_LE))
    assert quick_way(path) == long_way(path)


def test_what_is_no_file_is_told_alike(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for name in ("missing", "empty", ""):
        assert quick_way(tmp_path / name) == long_way(tmp_path / name)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=400)
@given(
    syntax=st.sampled_from(SYNTAXES[:2]),
    elements=st.sampled_from([PLAIN, NESTED]),
    undefined=st.booleans(),
    changes=st.lists(st.tuples(st.integers(128, 1100), st.integers(0, 255)), max_size=3),
    end=st.integers(120, 1200),
)
def test_both_ways_tell_the_same_of_any_file(
    tmp_path: Path,
    syntax: str,
    elements: tuple[DataElement, ...],
    undefined: bool,
    changes: list[tuple[int, int]],
    end: int,
) -> None:
    data = bytearray(whole(syntax, elements) + (UNDEFINED if undefined else b""))
    for place, value in changes:
        if place < len(data):
            data[place] = value
    path = tmp_path / "a.dcm"
    path.write_bytes(data[:end] if end < 1100 else data)
    assert quick_way(path) == long_way(path)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("elements", [PLAIN, NESTED], ids=["plain", "nested"])
def test_an_instance_is_plain_where_nothing_is_unusual(syntax: str, elements: tuple[DataElement, ...]) -> None:
    data = encode_dataset(DataSet(elements), syntax if syntax in SYNTAXES[:4] else EXPLICIT_VR_LE)
    nested_implicit = elements is NESTED and syntax == IMPLICIT_VR_LE
    usual = syntax in (EXPLICIT_VR_LE, IMPLICIT_VR_LE, JPEG) and not nested_implicit
    size = len(data)
    assert is_plain_instance(data, size, syntax, (CLASS, INSTANCE), 64) == usual
    assert not is_plain_instance(data, size, syntax, (CLASS, INSTANCE + ".1"), 64)
    assert not is_plain_instance(data, size, syntax, (CLASS, INSTANCE), 63)
    assert not is_plain_instance(data, size - 1, syntax, (CLASS, INSTANCE), 64)


@pytest.mark.parametrize("end", [b"", b"\xe0\x7f\x10\0OW", b"\xe0\x7f\x10\0OW\0\0\xff\xff\xff\xff\0"])
def test_what_the_pixel_data_are_says_nothing_about_the_instance(end: bytes) -> None:
    front = encode_dataset(DataSet(PLAIN[:4]), EXPLICIT_VR_LE)
    whole_head = len(end) != 6
    assert (
        is_plain_instance(front + end, len(front + end) + FRONT * bool(end), JPEG, (CLASS, INSTANCE), 64) == whole_head
    )


@pytest.mark.parametrize("syntax", [EXPLICIT_VR_LE, IMPLICIT_VR_LE])
def test_the_beginning_of_an_instance_must_reach_its_pixel_data(syntax: str) -> None:
    data = encode_dataset(DataSet(PLAIN), syntax)
    pixels = data.index(b"\xe0\x7f\x10\0")
    head = 12 if syntax == EXPLICIT_VR_LE else 8
    told = [is_plain_instance(data[:end], len(data), syntax, (CLASS, INSTANCE), 64) for end in range(pixels + head)]
    assert not any(told)
    assert is_plain_instance(data[: pixels + head], len(data), syntax, (CLASS, INSTANCE), 64)


def cut_element(data: bytes, size: int, syntax: str) -> tuple[int, int, int] | None:
    """What is cut of a data set of `size` bytes, of which `data` come and the rest is passed by."""
    walk = walk_of(syntax)
    assert walk is not None
    walk.feed(data)
    if size > len(data) and not walk.skips(size - len(data)):
        return None
    cut = walk.cut()
    return None if cut is None else (cut.tag, cut.told, cut.left)


@pytest.mark.parametrize("syntax", [EXPLICIT_VR_LE, IMPLICIT_VR_LE])
def test_the_element_within_which_a_data_set_ends(syntax: str) -> None:
    data = encode_dataset(DataSet(PLAIN), syntax)
    body = data.index(b"\xe0\x7f\x10\0") + (12 if syntax == EXPLICIT_VR_LE else 8)
    told = len(data) - body
    assert cut_element(data, len(data), syntax) is None
    for left in range(told):
        assert cut_element(data[: body + left], body + left, syntax) == (0x7FE00010, told, left)
        assert cut_element(data[:body], body + left, syntax) == (0x7FE00010, told, left)
    assert cut_element(data[:12], 12, syntax) == (0x00080005, *_told(data, syntax))


@pytest.mark.parametrize("syntax", [EXPLICIT_VR_LE, IMPLICIT_VR_LE])
@pytest.mark.parametrize("items", [b"", _ITEM, _ITEM + _OPEN_ITEM, _OPEN_ITEM * 2], ids=["none", "one", "both", "two"])
def test_it_is_found_behind_sequences_of_undefined_length(syntax: str, items: bytes) -> None:
    explicit = syntax == EXPLICIT_VR_LE
    sequence = bytes.fromhex("08004011" + ("53510000" if explicit else "") + "ffffffff") + items + _SEQUENCE_END
    pixels = bytes.fromhex("e07f1000" + ("4f570000" if explicit else "") + "64000000") + bytes(99)
    data = sequence + pixels
    assert cut_element(data, len(data), syntax) == (0x7FE00010, 100, 99)
    assert cut_element(data + b"\0", len(data) + 1, syntax) is None
    assert cut_element(data[: len(sequence) - 3], len(data), syntax) is None


def test_pixel_data_behind_an_offset_table_are_looked_at_too() -> None:
    front = encode_dataset(DataSet(PLAIN[:4]), EXPLICIT_VR_LE)
    table = bytes.fromhex("e07f01004f560000 08000000") + bytes(8)
    pixels = bytes.fromhex("e07f10004f570000 64000000") + bytes(100)
    whole = front + table + pixels
    assert is_plain_instance(whole, len(whole), EXPLICIT_VR_LE, (CLASS, INSTANCE), 64)
    assert not is_plain_instance(whole[:-1], len(whole) - 1, EXPLICIT_VR_LE, (CLASS, INSTANCE), 64)


FRAGMENTS = {
    EXPLICIT_VR_LE: b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff" + _ITEM + _ITEM + _SEQUENCE_END,
    EXPLICIT_VR_BE: bytes.fromhex("7fe000104f420000ffffffff fffee00000000004 01020304 fffee0dd00000000"),
}


@pytest.mark.parametrize("syntax", FRAGMENTS)
def test_pixel_data_in_fragments_that_have_no_end(syntax: str) -> None:
    """As far as all bytes are there to be looked at; others are not told of by either way."""
    front = encode_dataset(DataSet(PLAIN[:4]), syntax)
    padding = struct.pack("<HH2sHI" if syntax == EXPLICIT_VR_LE else ">HH2sHI", 0xFFFC, 0xFFFC, b"OB", 0, 4) + bytes(4)
    whole, head = front + FRAGMENTS[syntax], len(front) + 12
    for data in (whole, whole + padding):
        assert cut_element(data, len(data), syntax) is None
        assert is_plain_instance(data, len(data), syntax, (CLASS, INSTANCE), 64) == (syntax == EXPLICIT_VR_LE)
    for end in range(head, len(whole)):
        assert cut_element(whole[:end], end, syntax) == (0x7FE00010, UNDEFINED_LENGTH, end - head)
        assert cut_element(whole[:end], len(whole), syntax) is None
        assert not is_plain_instance(whole[:end], end, syntax, (CLASS, INSTANCE), 64)
    cut = whole + padding[:-1]
    assert cut_element(cut, len(cut), syntax) == (0xFFFCFFFC, 4, 3)
    assert not is_plain_instance(cut, len(cut), syntax, (CLASS, INSTANCE), 64)


def test_an_instance_in_big_endian_that_ends_within_its_pixel_data() -> None:
    data = encode_dataset(DataSet(NESTED), EXPLICIT_VR_BE)
    assert cut_element(data, len(data), EXPLICIT_VR_BE) is None
    body = data.index(bytes.fromhex("7fe00010")) + 12
    assert cut_element(data[:body], len(data) - 1, EXPLICIT_VR_BE) == (0x7FE00010, 600, 599)
    assert cut_element(data[: body + 40], body + 40, EXPLICIT_VR_BE) == (0x7FE00010, 600, 40)


def _told(data: bytes, syntax: str) -> tuple[int, int]:
    """What the first element of a data set says it has, and what is left of it at byte 12."""
    return int.from_bytes(data[6:8] if syntax == EXPLICIT_VR_LE else data[4:8], "little"), 4


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(
    st.sampled_from([EXPLICIT_VR_LE, IMPLICIT_VR_LE]),
    st.sampled_from([PLAIN, NESTED]),
    st.lists(
        st.tuples(
            st.integers(0, 400), st.one_of(st.sampled_from(b"\0\1\x7f\xff\xfe\xe0UIOBSQ 1\\"), st.integers(0, 255))
        )
    ),
    st.integers(0, 900),
)
def test_a_plain_instance_can_be_read_and_has_its_uids(
    syntax: str, elements: tuple[DataElement, ...], changes: list[tuple[int, int]], length: int
) -> None:
    changed = bytearray(encode_dataset(DataSet(elements), syntax)[:length])
    for place, byte in changes:
        if place < len(changed):
            changed[place] = byte
    data = bytes(changed)
    if is_plain_instance(data, 1 << 40, syntax, (CLASS, INSTANCE), 64):
        assert read_attributes(EncodedData(data + bytes(7), syntax)) == read_attributes(EncodedData(data, syntax))
    if is_plain_instance(data, len(data), syntax, (CLASS, INSTANCE), 64):
        assert cut_element(data, len(data), syntax) is None
        read = read_attributes(EncodedData(data, syntax))
        assert (read.text(0x00080016), read.text(0x00080018)) == (CLASS, INSTANCE)


@example(EXPLICIT_VR_LE, PLAIN, [], 900)
@given(
    st.sampled_from([EXPLICIT_VR_LE, IMPLICIT_VR_LE, JPEG]),
    st.sampled_from([PLAIN, PLAIN[:4], PLAIN[1:], NESTED, (*PLAIN[:2], PLAIN[1], *PLAIN[2:])]),
    st.lists(
        st.tuples(
            st.integers(0, 200), st.one_of(st.sampled_from(b"\0\1\x7f\xff\xfe\xe0UIOBSQ 1\\"), st.integers(0, 255))
        ),
        max_size=3,
    ),
    st.integers(0, 900),
)
def test_an_instance_that_is_read_in_one_walk_is_plain_and_clean(
    syntax: str, elements: tuple[DataElement, ...], changes: list[tuple[int, int]], length: int
) -> None:
    changed = bytearray(encode_dataset(DataSet(elements), EXPLICIT_VR_LE if syntax == JPEG else syntax)[:length])
    for place, byte in changes:
        if place < len(changed):
            changed[place] = byte
    data, uids = bytes(changed), (CLASS, INSTANCE)
    raw = uids[0].encode() + b"\0" * (len(CLASS) % 2), uids[1].encode() + b"\0" * (len(INSTANCE) % 2)
    for size in (len(data), 1 << 40):
        read = plain_instance(data, size, syntax, uids, raw)
        if read is not None:
            assert is_plain_instance(data, size, syntax, uids, 64)
            assert has_uids(data, syntax, *raw)
            assert read == read_attributes(EncodedData(data, syntax))
    assert plain_instance(data, len(data), syntax, (CLASS, INSTANCE + "1"), (raw[0], b"1.2")) is None


def test_the_usual_instance_is_read_in_one_walk() -> None:
    data = encode_dataset(DataSet(PLAIN), EXPLICIT_VR_LE)
    raw = CLASS.encode() + b"\0" * (len(CLASS) % 2), INSTANCE.encode() + b"\0" * (len(INSTANCE) % 2)
    assert plain_instance(data, len(data), EXPLICIT_VR_LE, (CLASS, INSTANCE), raw) is not None
    assert plain_instance(data, len(data) - 1, EXPLICIT_VR_LE, (CLASS, INSTANCE), raw) is None
