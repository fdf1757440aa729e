"""Frames as pictures: windows, LUTs, colours, frames by number, and why there is none."""

from __future__ import annotations

import contextlib
import struct
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

from engine.model.dataset import FileData
from engine.model.picture import Picture
from engine.wire.errors import DataSetError
from engine.wire.frames import image_facts
from engine.wire.pattern import printed_pattern
from engine.wire.pictures import read_picture, thumbnail, to_color, to_gray


def write(path: Path, syntax: str = ExplicitVRLittleEndian, **values: Any) -> FileData:
    """A file of these attributes; `raw` are the pixel data."""
    raw = values.pop("raw")
    data = Dataset()
    usual = {
        "Rows": 1, "Columns": 4, "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "BitsAllocated": 8,
        "PixelRepresentation": 0, "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7", "SOPInstanceUID": "2.25.1",
    }  # fmt: skip
    merged = {**usual, **values}
    merged.setdefault("BitsStored", merged["BitsAllocated"])
    merged.setdefault("HighBit", merged["BitsStored"] - 1)
    for keyword, value in merged.items():
        setattr(data, keyword, value)
    data.add_new("PixelData", "OB" if merged["BitsAllocated"] == 8 or syntax == RLELossless else "OW", raw)
    data["PixelData"].is_undefined_length = syntax in (RLELossless, JPEG2000Lossless)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    file = path / "image.dcm"
    dcmwrite(
        file,
        data,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
        enforce_file_format=True,
    )
    return FileData(file)


def words(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}H", *(v & 0xFFFF for v in values))


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_every_uncompressed_syntax_gives_the_same_pixels(tmp_path: Path, syntax: str) -> None:
    raw = words(0, 1000, 2000, 4000)
    if syntax == ExplicitVRBigEndian:
        raw = struct.pack(">4H", 0, 1000, 2000, 4000)
    picture = read_picture(write(tmp_path, syntax, BitsAllocated=16, BitsStored=12, raw=raw))
    assert list(picture.pixels) == [0, 64, 128, 255], "without a window what there is fills the range"


def test_window_rescale_and_sign(tmp_path: Path) -> None:
    file = write(
        tmp_path, BitsAllocated=16, BitsStored=12, PixelRepresentation=1, RescaleSlope=2, RescaleIntercept=-100,
        WindowCenter=0.5, WindowWidth=201, raw=words(-50, 0, 50, 100),
    )  # fmt: skip
    assert list(read_picture(file).pixels) == [0, 0, 128, 255]
    assert list(read_picture(file, window=(-99.5, 201)).pixels) == [0, 128, 255, 255]
    twelve = read_picture(file, bits=12)
    assert struct.unpack("<4H", twelve.pixels) == (0, 0, 2048, 4095)


def test_overlay_bits_above_the_high_bit_are_masked_away(tmp_path: Path) -> None:
    file = write(
        tmp_path, BitsAllocated=16, BitsStored=8, HighBit=7, raw=words(0xFF00, 0x0080, 0x8001, 0x00FF)
    )  # fmt: skip
    assert list(read_picture(file).pixels) == [0, 128, 1, 255]


def test_voi_lut(tmp_path: Path) -> None:
    lut = Dataset()
    lut.LUTDescriptor, lut.LUTData = [4, 10, 8], [0, 10, 200, 255]
    lut["LUTDescriptor"].VR = lut["LUTData"].VR = "US"
    file = write(tmp_path, VOILUTSequence=[lut], raw=bytes((0, 11, 12, 99)))
    assert list(read_picture(file).pixels) == [0, 10, 200, 255]


def test_functional_groups_of_a_frame_count(tmp_path: Path) -> None:
    def group(center: int) -> Dataset:
        voi, outer = Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth = center, 2
        outer.FrameVOILUTSequence = [voi]
        return outer

    groups, raw = [group(10), group(200)], bytes((5, 50, 100, 250)) * 2
    file = write(tmp_path, NumberOfFrames=2, PerFrameFunctionalGroupsSequence=groups, raw=raw)
    assert list(read_picture(file, 1).pixels) == [0, 255, 255, 255]
    assert list(read_picture(file, 2).pixels) == [0, 0, 0, 255]


def test_monochrome1_stays_so_and_is_turned_for_colour(tmp_path: Path) -> None:
    picture = read_picture(write(tmp_path, PhotometricInterpretation="MONOCHROME1", raw=bytes((0, 1, 254, 255))))
    assert picture.monochrome1
    assert to_color(picture).pixels[::3] == bytes((255, 254, 1, 0))


@pytest.mark.parametrize("planar", [0, 1])
def test_rgb_by_pixel_and_by_plane(tmp_path: Path, planar: int) -> None:
    mixed = bytes((255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9))
    raw = mixed if not planar else mixed[0::3] + mixed[1::3] + mixed[2::3]
    picture = read_picture(
        write(tmp_path, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=planar, raw=raw)
    )
    assert picture.pixels == mixed
    assert list(to_gray(picture).pixels) == [76, 149, 29, 9]


def test_ybr_becomes_rgb(tmp_path: Path) -> None:
    raw = bytes((76, 85, 255, 149, 43, 21, 29, 255, 107, 128, 128, 128))
    picture = read_picture(
        write(tmp_path, SamplesPerPixel=3, PhotometricInterpretation="YBR_FULL", PlanarConfiguration=0, raw=raw)
    )
    expected = (255, 0, 0, 0, 255, 0, 0, 0, 255, 128, 128, 128)
    assert all(abs(a - b) <= 2 for a, b in zip(picture.pixels, expected, strict=True))


def test_palette(tmp_path: Path) -> None:
    tables = {}
    for name, values in (("Red", (0, 255)), ("Green", (255, 0)), ("Blue", (7, 9))):
        tables[f"{name}PaletteColorLookupTableDescriptor"] = [2, 0, 16]
        tables[f"{name}PaletteColorLookupTableData"] = words(*(v << 8 for v in values))
    file = write(tmp_path, PhotometricInterpretation="PALETTE COLOR", raw=bytes((0, 1, 1, 5)), **tables)
    assert read_picture(file).pixels == bytes((0, 255, 7, 255, 0, 9, 255, 0, 9, 255, 0, 9))


def test_rle_needs_no_further_package(tmp_path: Path) -> None:
    segment = bytes((3, 1, 2, 3, 4, 0))
    raw = encapsulate([struct.pack("<16L", 1, 64, *([0] * 14)) + segment])
    picture = read_picture(write(tmp_path, RLELossless, raw=raw))
    assert list(picture.pixels) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"syntax": JPEG2000Lossless, "raw": encapsulate([b"\0\0"])}, "no decoder for that is installed"),
        ({"BitsAllocated": 32, "raw": bytes(16)}, "32 bits allocated"),
        ({"Rows": 0, "raw": bytes(4)}, "Rows and Columns"),
        ({"PhotometricInterpretation": "CMYK", "raw": bytes(4)}, "CMYK"),
        ({"Columns": 60000, "Rows": 60000, "raw": bytes(4)}, "more than can be handled"),
    ],
)
def test_why_an_image_cannot_be_printed(tmp_path: Path, values: dict[str, Any], told: str) -> None:
    file = write(tmp_path, **values)
    assert told in image_facts(file).problem
    with pytest.raises(DataSetError, match=r"image\.dcm"):
        read_picture(file)


def test_frames_that_are_not_there(tmp_path: Path) -> None:
    file = write(tmp_path, NumberOfFrames=2, raw=bytes(6))
    assert image_facts(file).frames == 2
    with pytest.raises(DataSetError, match="no frame 3: it has 2 frames"):
        read_picture(file, 3)
    with pytest.raises(DataSetError, match="ends before frame 2"):
        read_picture(file, 2)


@pytest.mark.parametrize(("color", "bits"), [(False, 8), (False, 12), (True, 8)])
def test_the_pattern_reaches_black_and_white(color: bool, bits: int) -> None:
    pattern = printed_pattern(color=color, bits=bits, words="1 of 2")
    size = pattern.rows * pattern.columns * pattern.samples * (2 if bits > 8 else 1)
    assert len(pattern.pixels) == size
    small = thumbnail(pattern, 100)
    assert max(small.rows, small.columns) <= 100
    assert {0, 255} <= set(small.pixels)
    assert isinstance(small, Picture)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_broken_files_are_told_and_never_trip(data: st.DataObject) -> None:
    whole = bytearray(_whole())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(132, len(whole) - 1))
        whole[place] = data.draw(st.sampled_from([0, 1, 8, 16, 0x30, 0x2D, 0xFF]))
    cut = data.draw(st.integers(140, len(whole)))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "image.dcm"
        file.write_bytes(bytes(whole[:cut]))
        with contextlib.suppress(DataSetError):
            image_facts(FileData(file))
            to_gray(thumbnail(read_picture(FileData(file), bits=12), 10))


@cache
def _whole() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        values = {"BitsAllocated": 16, "BitsStored": 12, "RescaleSlope": 2, "RescaleIntercept": -1, "WindowCenter": 5}
        return write(Path(folder), WindowWidth=9, raw=words(1, 2, 3, 4), **values).path.read_bytes()
