"""DICOM files: found, read as they are, written as received; odd ones understood, others refused in words."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.model.dataset import DataElement, DataSet, EncodedData, FileData
from engine.standard.transfer_syntaxes import DEFLATED_LE, EXPLICIT_VR_BE, EXPLICIT_VR_LE, IMPLICIT_VR_LE
from engine.wire import file_writing
from engine.wire.data_writer import Layout, write_data_set
from engine.wire.datasets import (
    MEDIA_STORAGE_DIRECTORY,
    DataSetError,
    checked,
    encode_dataset,
    file_chunks,
    file_meta,
    load_file,
    open_file,
    read_attributes,
    write_file,
    write_instance,
    write_out,
)

SOP_CLASS, SOP_INSTANCE = "1.2.840.10008.5.1.4.1.1.7", "1.2.3.4"
JPEG = "1.2.840.10008.1.2.4.50"
ATTRIBUTES = DataSet(
    (
        DataElement(0x00080016, "UI", (SOP_CLASS,)),
        DataElement(0x00080018, "UI", (SOP_INSTANCE,)),
        DataElement(0x00100020, "LO", ("PAT",)),
    )
)
FRAGMENTS = b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\x00\xe0\2\0\0\0\xff\xd8"


def whole(syntax: str) -> DataSet:
    pixels = (
        DataElement(0x7FE00010, "OB", FRAGMENTS) if syntax == JPEG else DataElement(0x7FE00010, "OW", b"\1\2" * 500)
    )
    return ATTRIBUTES.merged(DataSet((pixels,)))


@pytest.mark.parametrize("syntax", [IMPLICIT_VR_LE, EXPLICIT_VR_LE, EXPLICIT_VR_BE, DEFLATED_LE, JPEG])
def test_a_written_file_holds_the_same_bytes_and_pydicom_reads_it(tmp_path: Path, syntax: str) -> None:
    path, data = tmp_path / "a.dcm", encode_dataset(whole(syntax), syntax)
    write_file(path, data, syntax, SOP_CLASS, SOP_INSTANCE, "SENDER")
    header = open_file(path)
    assert (header.sop_class_uid, header.sop_instance_uid, header.transfer_syntax) == (SOP_CLASS, SOP_INSTANCE, syntax)
    assert header.length == len(data)
    assert load_file(header.data) == EncodedData(data, syntax)
    assert load_file(FileData(path)) == EncodedData(data, syntax)
    assert b"".join(file_chunks(header.data, 7)) == data
    assert read_attributes(header.data) == ATTRIBUTES
    assert read_attributes(EncodedData(data, syntax)) == ATTRIBUTES
    ds = pydicom.dcmread(path)
    assert ds.PatientID == "PAT"
    assert ds.file_meta.SourceApplicationEntityTitle == "SENDER"
    assert ds.file_meta.FileMetaInformationVersion == b"\0\1"


def test_what_pydicom_writes_is_found(tmp_path: Path) -> None:
    for syntax, implicit, little in ((IMPLICIT_VR_LE, True, True), (EXPLICIT_VR_BE, False, False)):
        ds = pydicom.Dataset()
        ds.SOPClassUID, ds.SOPInstanceUID, ds.PatientID = SOP_CLASS, SOP_INSTANCE, "PAT"
        ds.file_meta = pydicom.dataset.FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = syntax
        path = tmp_path / "b.dcm"
        pydicom.dcmwrite(path, ds, implicit_vr=implicit, little_endian=little, enforce_file_format=True)
        header = open_file(path)
        assert header.transfer_syntax == syntax
        assert read_attributes(header.data) == ATTRIBUTES


def test_a_spooled_data_set_without_header(tmp_path: Path) -> None:
    spooled, data = tmp_path / "spool.part", encode_dataset(whole(EXPLICIT_VR_LE), EXPLICIT_VR_LE)
    spooled.write_bytes(data)
    where = FileData(spooled, 0, len(data), EXPLICIT_VR_LE)
    assert read_attributes(where) == ATTRIBUTES
    write_instance(tmp_path / "c.dcm", where, SOP_CLASS, SOP_INSTANCE)
    write_instance(tmp_path / "d.dcm", EncodedData(data, EXPLICIT_VR_LE), SOP_CLASS, SOP_INSTANCE)
    assert (tmp_path / "c.dcm").read_bytes() == (tmp_path / "d.dcm").read_bytes()
    assert load_file(FileData(tmp_path / "c.dcm")).data == data


def test_odd_files_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "odd"
    path.write_bytes(encode_dataset(ATTRIBUTES, EXPLICIT_VR_BE))
    assert open_file(path).transfer_syntax == EXPLICIT_VR_BE
    for syntax in (IMPLICIT_VR_LE, EXPLICIT_VR_LE):
        data = encode_dataset(ATTRIBUTES, syntax)
        meta = file_meta(syntax, SOP_CLASS, SOP_INSTANCE)
        for content in (
            data,
            meta[132:] + data,
            bytes(128) + b"DICM" + data,
            meta[:140] + b"\1\0\0\0" + meta[144:] + data,
        ):
            path.write_bytes(content)
            header = open_file(path)
            assert (header.transfer_syntax, header.sop_instance_uid) == (syntax, SOP_INSTANCE)
            assert load_file(header.data).data == data


def test_a_dicomdir_is_known_for_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "DICOMDIR"
    write_file(path, encode_dataset(DataSet(), EXPLICIT_VR_LE), EXPLICIT_VR_LE, MEDIA_STORAGE_DIRECTORY, "1.2")
    assert open_file(path).is_directory


def test_what_is_no_dicom_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    for content, words in (
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "not a DICOM file"),
        (b"hi", "no data element"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataSetError, match=words) as caught:
            open_file(path)
        assert str(path) in str(caught.value)
    with pytest.raises(DataSetError, match="No such file"):
        open_file(tmp_path / "missing")
    with pytest.raises(DataSetError, match=r"picture|directory"):
        open_file(tmp_path)
    with pytest.raises(DataSetError, match="No such file"):
        write_file(tmp_path / "none" / "x", b"", EXPLICIT_VR_LE, "1", "2")


def test_a_file_that_became_shorter_is_told(tmp_path: Path) -> None:
    path = tmp_path / "cut.dcm"
    write_file(path, encode_dataset(ATTRIBUTES, EXPLICIT_VR_LE), EXPLICIT_VR_LE, SOP_CLASS, SOP_INSTANCE)
    header = open_file(path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DataSetError, match="ends 10 bytes before"):
        load_file(header.data)
    with pytest.raises(DataSetError, match=r"cut\.dcm: the file ends before"):
        read_attributes(header.data)


@given(st.binary(max_size=300), st.booleans())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_opens_or_is_refused(tmp_path: Path, content: bytes, prefixed: bool) -> None:
    path = tmp_path / "any"
    path.write_bytes((bytes(128) + b"DICM" if prefixed else b"") + content)
    try:
        header = open_file(path)
        assert header.data_offset + header.length == path.stat().st_size
        read_attributes(header.data)
    except DataSetError as error:
        words = str(error)
        assert words.startswith(str(path))
        assert words.endswith(".")


def test_a_file_cut_in_a_uid_is_of_the_class_its_meta_information_says(tmp_path: Path) -> None:
    path = tmp_path / "cut.dcm"
    write_file(path, encode_dataset(ATTRIBUTES, EXPLICIT_VR_LE), EXPLICIT_VR_LE, SOP_CLASS, SOP_INSTANCE)
    whole = path.read_bytes()
    place = whole.rindex(SOP_CLASS.encode())
    path.write_bytes(whole[: place + len(SOP_CLASS) - 3])
    header = checked(open_file(path))
    assert (header.sop_class_uid, header.sop_instance_uid, header.note) == (SOP_CLASS, SOP_INSTANCE, "")
    assert "(0008,0016)" in header.cut


def test_a_file_cut_in_its_pixel_data_is_told_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "cut.dcm"
    pixels = bytes.fromhex("e07f10004f570000 00100000") + bytes(0x1000)
    write_file(path, encode_dataset(ATTRIBUTES, EXPLICIT_VR_LE) + pixels, EXPLICIT_VR_LE, "1.2", "1.3")
    assert checked(open_file(path)) == open_file(path)
    path.write_bytes(path.read_bytes()[:-7])
    cut = checked(open_file(path)).cut
    place = path.stat().st_size - 0x1000 + 7 - 12
    assert cut == (
        f"The data set is cut or broken at byte {place} of the file: "
        "(7FE0,0010) says it has 4096 bytes, but only 4089 follow."
    )


def test_a_deflated_file_may_inflate_to_more_than_is_taken_at_once(tmp_path: Path) -> None:
    path = tmp_path / "deflated.dcm"
    for size in range((1 << 20) - 250, (1 << 20) + 20, 2):
        data = DataSet((DataElement(0x00080018, "UI", ("1.2",)), DataElement(0x7FE00010, "OW", bytes(size))))
        write_file(path, encode_dataset(data, DEFLATED_LE), DEFLATED_LE, "1.2.3", "1.2")
        assert checked(open_file(path)).cut == "", size


def test_big_endian_without_preamble_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "big.dcm"
    path.write_bytes(encode_dataset(ATTRIBUTES, EXPLICIT_VR_BE))
    header = open_file(path)
    assert (header.transfer_syntax, header.data_offset) == (EXPLICIT_VR_BE, 0)
    assert (header.sop_class_uid, header.sop_instance_uid) == (SOP_CLASS, SOP_INSTANCE)


@pytest.mark.parametrize("uid", ["1", "1.2", "1.2.840.10008.1", "1." * 31 + "10", "9" * 65, "", "1.2 ", "x", "٣"])
def test_the_instance_uid_of_a_file_is_written_like_any_other_element(uid: str) -> None:
    element = DataElement(0x00020003, "UI", (uid,))
    try:
        plain = write_data_set(DataSet((element,)), Layout(implicit_vr=False, little_endian=True))
    except DataSetError:
        with pytest.raises(DataSetError):
            file_meta(EXPLICIT_VR_LE, SOP_CLASS, uid)
        return
    meta = file_meta(EXPLICIT_VR_LE, SOP_CLASS, uid)
    assert plain in meta
    assert int.from_bytes(meta[140:144], "little") == len(meta) - 144


@pytest.mark.parametrize("taken", [0, 1, 4, 5, 9, 10])
def test_what_one_system_call_does_not_take_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    def writes_little(file: int, buffers: Sequence[bytes]) -> int:
        return os.write(file, b"".join(buffers)[:taken])

    monkeypatch.setattr(os, "writev", writes_little, raising=False)
    assert write_out(tmp_path / "a", b"head", (b"more", b"last")) == 8
    assert (tmp_path / "a").read_bytes() == b"headmorelast"
    assert write_out(tmp_path / "b", b"head", ()) == 0
    assert (tmp_path / "b").read_bytes() == b"head"


def test_the_front_of_a_written_file_is_what_the_writer_of_elements_makes() -> None:
    instance = file_writing._written(DataElement(0x00020003, "UI", ("1",)))
    length = file_writing._written(DataElement(0x00020000, "UL", ("0",)))
    assert instance.startswith(file_writing._INSTANCE_HEAD)
    assert instance == file_writing._INSTANCE_HEAD + b"\x02\0" + file_writing._instance_value("1")
    assert bytes(128) + b"DICM" + length[:-4] == file_writing._META_BEGINS
