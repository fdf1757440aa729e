"""Data sets to bytes and back: every VR, every layout, text in many scripts, and bytes that make no sense."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence

from engine.model.dataset import DataElement, DataSet, EncodedData
from engine.standard.transfer_syntaxes import DEFLATED_LE, EXPLICIT_VR_BE, EXPLICIT_VR_LE, IMPLICIT_VR_LE
from engine.wire import data_writer
from engine.wire.data_reader import LONG_VRS, SHORT_VRS
from engine.wire.datasets import (
    DataSetError,
    dataset_from_json,
    dataset_to_json,
    decode_dataset,
    encode_dataset,
    from_pydicom,
    to_pydicom,
    transcode,
)
from engine.wire.issues import Issue

UNCOMPRESSED = (IMPLICIT_VR_LE, EXPLICIT_VR_LE, EXPLICIT_VR_BE, DEFLATED_LE)
JPEG = "1.2.840.10008.1.2.4.50"

ONE_OF_EACH = DataSet(
    (
        DataElement(0x00080005, "CS", ("ISO_IR 100",)),
        DataElement(0x00080018, "UI", ("1.2.3",)),
        DataElement(0x00080020, "DA", ("20240229",)),
        DataElement(0x00080030, "TM", ("101112.5",)),
        DataElement(0x0008002A, "DT", ("20240229101112",)),
        DataElement(0x00080054, "AE", ("ONE", "TWO")),
        DataElement(0x00080119, "UC", ("unlimited",)),
        DataElement(0x00080120, "UR", ("http://x/y\\z",)),
        DataElement(0x00100010, "PN", ("Müller^Jürgen",)),
        DataElement(0x00101010, "AS", ("045Y",)),
        DataElement(0x00104000, "LT", ("line\r\none \\ two",)),
        DataElement(0x00180050, "DS", ("1.50", "-2e3")),
        DataElement(0x00186020, "SL", ("-70000", "7")),
        DataElement(0x00189073, "FD", ("0.1", "-1e+300")),
        DataElement(0x00189313, "FD", ("1.0",)),
        DataElement(0x00189309, "FD", ()),
        DataElement(0x00200013, "IS", ("7",)),
        DataElement(0x00280009, "AT", ("00181063", "7FE00010")),
        DataElement(0x00280010, "US", ("65535",)),
        DataElement(0x00280103, "US", ("1",)),
        DataElement(0x00280106, "SS", ("-5",)),
        DataElement(0x00400100, "SQ", (DataSet(), DataSet((DataElement(0x00400001, "AE", ("X",)),)))),
        DataElement(0x00081140, "SQ", ()),
        DataElement(0x00700022, "FL", ("0.1", "3.5")),
        DataElement(0x7FE00010, "OW", b"\1\2\3\4"),
    )
)
ORDERED = DataSet(tuple(sorted(ONE_OF_EACH.elements, key=lambda e: e.tag)))


@pytest.mark.parametrize("syntax", UNCOMPRESSED)
def test_one_of_each_survives_every_layout(syntax: str) -> None:
    data = encode_dataset(ONE_OF_EACH, syntax)
    assert len(data) % 2 == 0
    assert decode_dataset(data, syntax) == ORDERED
    assert encode_dataset(decode_dataset(data, syntax), syntax) == data


@pytest.mark.parametrize("source", UNCOMPRESSED)
@pytest.mark.parametrize("target", UNCOMPRESSED)
def test_transcoding_gives_what_encoding_gives(source: str, target: str) -> None:
    data = EncodedData(encode_dataset(ONE_OF_EACH, source), source)
    assert transcode(data, target) == EncodedData(encode_dataset(ONE_OF_EACH, target), target)


def test_transcoding_leaves_text_it_cannot_explain_alone() -> None:
    data = b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 192\x10\x00\x10\x00PN\x04\x00\xff\xfe^A"
    back = transcode(transcode(EncodedData(data, EXPLICIT_VR_LE), EXPLICIT_VR_BE), EXPLICIT_VR_LE)
    assert back.data == data
    with pytest.raises(DataSetError, match="JPEG Baseline"):
        transcode(EncodedData(data, EXPLICIT_VR_LE), JPEG)


def pydicom_sample() -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName = "Yamada^Tarou=山田^太郎"
    ds.PatientID = "7"
    ds.Rows = 5
    ds.PixelRepresentation = 1
    ds.SmallestImagePixelValue = -3
    ds.ImagePositionPatient = [1.5, -2, 0]
    ds.FrameIncrementPointer = 0x00181063
    ds.ReferencedFrameNumber = 3
    ds.add_new(0x00090010, "LO", "MY COMPANY")
    ds.add_new(0x00091001, "SH", "private")
    item = Dataset()
    item.ReferencedSOPInstanceUID = "1.2.3.4"
    item.PatientComments = "日本"
    ds.ReferencedImageSequence = Sequence([item, Dataset()])
    ds.ReferencedImageSequence[0].is_undefined_length_sequence_item = True
    ds["ReferencedImageSequence"].is_undefined_length = True
    ds.PixelData = b"\0\1" * 4
    ds["PixelData"].VR = "OW"
    return ds


@pytest.mark.parametrize(
    ("syntax", "implicit", "little"),
    [(IMPLICIT_VR_LE, True, True), (EXPLICIT_VR_LE, False, True), (EXPLICIT_VR_BE, False, False)],
)
def test_what_pydicom_writes_reads_the_same(syntax: str, implicit: bool, little: bool) -> None:
    out = pydicom.filebase.DicomBytesIO()
    out.is_implicit_VR, out.is_little_endian = implicit, little
    sample = pydicom_sample()
    write_dataset(out, sample)
    ours = decode_dataset(out.getvalue(), syntax)
    assert ours.text(0x00100010) == "Yamada^Tarou=山田^太郎"
    assert ours.texts(0x00200032) == ("1.5", "-2.0", "0.0")
    assert ours.text(0x00280106) == "-3"
    assert ours.text(0x00280009) == "00181063"
    assert ours.items(0x00081140)[0].text(0x00104000) == "日本"
    assert ours.text(0x00090010) == "MY COMPANY"
    private = ours.find(0x00091001)
    assert private is not None
    assert private.value == (b"private " if implicit else ("private",))
    assert to_pydicom(from_pydicom(sample)) == sample


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("little", [False, True])
def test_headers_are_those_pydicom_writes(implicit: bool, little: bool) -> None:
    layout = data_writer.Layout(implicit, little)
    for vr in sorted(SHORT_VRS | LONG_VRS):
        for raw in (b"", b"\1\0", b"odd", bytes(70_000)):
            shown = "UN" if len(raw) > 0xFFFF and vr in SHORT_VRS and not implicit else vr
            ours = data_writer.write_element(0x00189901, vr, raw, layout)
            assert ours == data_writer._by_pydicom(0x00189901, shown, raw, layout, False)


def test_what_we_write_pydicom_reads() -> None:
    data = encode_dataset(ONE_OF_EACH, EXPLICIT_VR_LE)
    ds = pydicom.filereader.read_dataset(io.BytesIO(data), is_implicit_VR=False, is_little_endian=True)
    assert ds.PatientName == "Müller^Jürgen"
    assert ds.SmallestImagePixelValue == -5
    assert list(ds.FrameIncrementPointer) == [0x00181063, 0x7FE00010]
    assert ds.ScheduledProcedureStepSequence[1].ScheduledStationAETitle == "X"
    assert ds.PixelData == b"\1\2\3\4"


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ((), "plain"),
        ((), "Grüße"),
        (("ISO_IR 100",), "Äneas^Rüdiger"),
        (("ISO_IR 101",), "Wałęsa"),
        (("ISO_IR 126",), "Διονυσιος"),
        (("ISO_IR 127",), "قباني^لنزار"),
        (("ISO_IR 138",), "שרון^דבורה"),
        (("ISO_IR 144",), "Люкceмбypг"),
        (("ISO_IR 148",), "Çavuşoğlu"),
        (("ISO_IR 166",), "นามสกุล"),
        (("ISO_IR 192",), "Wang^XiaoDong=王^小东"),
        (("GB18030",), "Wang^XiaoDong=王^小东"),
        (("GBK",), "王^小东"),
        (("", "ISO 2022 IR 87"), "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        (("ISO 2022 IR 13", "ISO 2022 IR 87"), "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"),
        (("", "ISO 2022 IR 149"), "Hong^Gildong=洪^吉洞=홍^길동"),
        (("", "ISO 2022 IR 58"), "Zhang^XiaoDong=张^小东"),
        (("ISO 2022 IR 100", "ISO 2022 IR 144"), "Müller Люк^Günter"),
    ],
)  # fmt: skip
def test_text_in_many_scripts(names: tuple[str, ...], text: str) -> None:
    charset = (DataElement(0x00080005, "CS", names),) if names else ()
    ds = DataSet((*charset, DataElement(0x00100010, "PN", (text, "second"))))
    data = encode_dataset(ds, EXPLICIT_VR_LE)
    assert decode_dataset(data, EXPLICIT_VR_LE) == ds
    read = pydicom.filereader.read_dataset(io.BytesIO(data), is_implicit_VR=False, is_little_endian=True)
    if "ISO 2022 IR 58" not in names and names:
        assert [str(v) for v in read.PatientName] == [text, "second"]


def test_items_inherit_the_character_set_unless_they_have_their_own() -> None:
    name = DataElement(0x00100010, "PN", ("王",))
    own = DataSet((DataElement(0x00080005, "CS", ("GB18030",)), name))
    ds = DataSet(
        (DataElement(0x00080005, "CS", ("ISO_IR 192",)), DataElement(0x00081140, "SQ", (DataSet((name,)), own)))
    )
    data = encode_dataset(ds, IMPLICIT_VR_LE)
    assert "王".encode() in data
    assert "王".encode("gb18030") in data
    assert decode_dataset(data, IMPLICIT_VR_LE) == ds


def test_a_wrong_character_set_does_not_stop_reading() -> None:
    data = b"\x08\x00\x05\x00CS\x08\x00NONSENSE\x10\x00\x10\x00PN\x04\x00M\xfcl "
    assert decode_dataset(data, EXPLICIT_VR_LE).text(0x00100010) == "Mül"
    utf8 = data.replace(b"\x08\x00NONSENSE", b"\x0a\x00ISO_IR 192")
    assert decode_dataset(utf8, EXPLICIT_VR_LE).text(0x00100010) == "M\N{REPLACEMENT CHARACTER}l"


def test_encapsulated_pixel_data_stays_bit_for_bit() -> None:
    fragments = b"\xfe\xff\x00\xe0\0\0\0\0" + b"\xfe\xff\x00\xe0\4\0\0\0\xff\xd8\xff\xd9"
    ds = DataSet((DataElement(0x00280010, "US", ("1",)), DataElement(0x7FE00010, "OB", fragments)))
    data = encode_dataset(ds, JPEG)
    assert data.endswith(b"OB\0\0\xff\xff\xff\xff" + fragments + b"\xfe\xff\xdd\xe0\0\0\0\0")
    assert decode_dataset(data, JPEG) == ds
    with pytest.raises(DataSetError, match=r"Pixel Data .* not encapsulated"):
        encode_dataset(DataSet((DataElement(0x7FE00010, "OB", b"raw!"),)), JPEG)
    for end in range(24, len(data)):
        with pytest.raises(DataSetError):
            decode_dataset(data[:end], JPEG)


def test_undefined_un_is_a_sequence_and_odd_vrs_are_kept() -> None:
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + b"\x10\x00\x20\x00\x02\0\0\0AB" + b"\xfe\xff\x0d\xe0\0\0\0\0"
    data = b"\x09\x00\x01\x10UN\0\0\xff\xff\xff\xff" + item + b"\xfe\xff\xdd\xe0\0\0\0\0"
    [element] = decode_dataset(data, EXPLICIT_VR_LE)
    assert (element.vr, element.items[0].text(0x00100020)) == ("SQ", "AB")
    unknown = b"\x09\x00\x01\x10ZZ\0\0\2\0\0\0hi"
    assert decode_dataset(unknown, EXPLICIT_VR_LE) == DataSet((DataElement(0x00091001, "UN", b"hi"),))
    implicit_inside = b"\x10\x00\x20\x00\x02\0\0\0AB"
    assert decode_dataset(implicit_inside, EXPLICIT_VR_LE).text(0x00100020) == "AB"


@pytest.mark.parametrize("syntax", UNCOMPRESSED)
def test_private_sequences_stay_sequences(syntax: str) -> None:
    inner = DataSet((DataElement(0x00100020, "LO", ("A",)),))
    ds = DataSet((DataElement(0x00090010, "LO", ("MINE",)), DataElement(0x00091001, "SQ", (inner, DataSet()))))
    assert decode_dataset(encode_dataset(ds, syntax), syntax) == ds


def test_values_too_long_for_their_vr_become_un() -> None:
    ds = DataSet((DataElement(0x00104000, "LT", ("x" * 70000,)),))
    assert b"UN\0\0" in encode_dataset(ds, EXPLICIT_VR_LE)[:12]
    assert decode_dataset(encode_dataset(ds, IMPLICIT_VR_LE), IMPLICIT_VR_LE) == ds


def test_numbers_with_odd_lengths_are_kept_as_bytes() -> None:
    data = b"\x28\x00\x10\x00US\x03\x00abc"
    assert decode_dataset(data, EXPLICIT_VR_LE).elements[0].value == b"abc"


@pytest.mark.parametrize(
    ("element", "words"),
    [
        (DataElement(0x00280010, "US", ("70000",)), r"Rows \(0028,0010\): 70000 does not fit VR US"),
        (DataElement(0x00280010, "US", ("five",)), "'five' is not a whole number"),
        (DataElement(0x00700022, "FL", ("1e60",)), "too large for VR FL"),
        (DataElement(0x00280009, "AT", ("xx",)), "is not a tag"),
        (DataElement(0x00080018, "UI", ("ü€",)), "cannot hold the character '€'"),
        (DataElement(0x00100010, "PN", ("王",)), "does not have the character '王'; ISO_IR 192"),
        (DataElement(0x00100010, "PN", ("M\udcfc",)), r"'\\udcfc' is no character: the text came in another encoding"),
        (DataElement(0x00100010, "XX", ("A",)), "'XX' is not a VR"),
        (DataElement(0x7FE00010, "OW", ("A",)), "holds bytes, not text"),
        (DataElement(0x00081140, "SQ", ("A",)), "holds items, not text"),
        (DataElement(0x00100010, "PN", (DataSet(),)), "holds no items"),
        (DataElement(1 << 33, "PN", ()), "not a tag"),
    ],
)
def test_what_cannot_be_encoded_is_refused_in_words(element: DataElement, words: str) -> None:
    with pytest.raises(DataSetError, match=words):
        encode_dataset(DataSet((element,)), EXPLICIT_VR_LE)
    nested = DataSet((DataElement(0x00400100, "SQ", (DataSet(), DataSet((element,)))),))
    with pytest.raises(DataSetError):
        encode_dataset(nested, EXPLICIT_VR_LE)


def test_the_error_names_the_item() -> None:
    inner = DataSet((DataElement(0x00280010, "US", ("x",)),))
    with pytest.raises(DataSetError, match=r"Scheduled Procedure Step Sequence \(0040,0100\) item 2: Rows"):
        encode_dataset(DataSet((DataElement(0x00400100, "SQ", (DataSet(), inner)),)), IMPLICIT_VR_LE)


def test_damage_is_told_with_its_place_and_what_was_before_is_kept() -> None:
    data = encode_dataset(DataSet((DataElement(0x00100020, "LO", ("A",)),)), EXPLICIT_VR_LE)
    data += struct.pack("<HH2sH", 0x10, 0x30, b"DA", 8) + b"2024"
    with pytest.raises(DataSetError, match=r"from byte 10 on: \(0010,0030\) says it has 8 bytes, but only 4 follow"):
        decode_dataset(data, EXPLICIT_VR_LE)
    issues: list[Issue] = []
    partial = decode_dataset(data, EXPLICIT_VR_LE, issues)
    assert partial.text(0x00100020) == "A"
    assert issues[0].start == 10


@pytest.mark.parametrize("syntax", [*UNCOMPRESSED, JPEG, "1.2.3.4"])
@given(data=st.binary(max_size=120))
@settings(deadline=None, max_examples=60)
def test_any_bytes_decode_or_are_refused_in_words(syntax: str, data: bytes) -> None:
    issues: list[Issue] = []
    try:
        decode_dataset(data, syntax, issues)
        exact = decode_dataset(data, syntax)
    except DataSetError as error:
        words = str(error)
    else:
        dataset_to_json(exact)
        return
    assert words.endswith(".")


SAMPLES = [encode_dataset(ONE_OF_EACH, s) for s in UNCOMPRESSED[:3]]


@given(
    st.integers(0, 2), st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), max_size=5), st.integers(0, 700)
)
@settings(deadline=None, max_examples=300)
def test_damaged_data_sets_never_break_the_reader(which: int, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(SAMPLES[which])
    for place, byte in changes:
        data[place % len(data)] = byte
    issues: list[Issue] = []
    decode_dataset(bytes(data[: len(data) - cut % 50]), UNCOMPRESSED[which], issues)


def test_endless_zeros_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.wire.data_reader.MAXIMUM_ELEMENTS", 100)
    with pytest.raises(DataSetError, match="more than 100 elements"):
        decode_dataset(bytes(8000), IMPLICIT_VR_LE)


def test_sequences_thousands_deep_are_refused() -> None:
    deep = b"\x40\x00\x00\x01SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 3000
    with pytest.raises(DataSetError, match="levels deep"):
        decode_dataset(deep, EXPLICIT_VR_LE)
    ds = DataSet()
    for _ in range(200):
        ds = DataSet((DataElement(0x00400100, "SQ", (ds,)),))
    with pytest.raises(DataSetError, match="levels deep"):
        encode_dataset(ds, EXPLICIT_VR_LE)


# --- DICOM JSON ---------------------------------------------------------------------------------------------------


def test_json_there_and_back() -> None:
    text = json.dumps(dataset_to_json(ONE_OF_EACH))
    assert dataset_from_json(json.loads(text)) == ORDERED
    data = encode_dataset(ONE_OF_EACH, IMPLICIT_VR_LE)
    assert dataset_to_json(data, IMPLICIT_VR_LE) == json.loads(text)


def test_json_as_the_standard_writes_it() -> None:
    ds = DataSet(
        (
            DataElement(0x00100010, "PN", ("Wang^XiaoDong=王^小东", "")),
            DataElement(0x00180050, "DS", ("1.5", "1.50", "2")),
            DataElement(0x00280009, "AT", ("00181063",)),
            DataElement(0x00280010, "US", ("5",)),
            DataElement(0x00081140, "SQ", (DataSet(),)),
            DataElement(0x00700022, "FL", ("nan", "0.5")),
            DataElement(0x7FE00010, "OW", b"\0\1"),
            DataElement(0x00100020, "LO", ()),
        )
    )
    obj = dataset_to_json(ds)
    assert obj == {
        "00081140": {"vr": "SQ", "Value": [{}]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Wang^XiaoDong", "Ideographic": "王^小东"}, None]},
        "00100020": {"vr": "LO"},
        "00180050": {"vr": "DS", "Value": [1.5, "1.50", 2]},
        "00280009": {"vr": "AT", "Value": ["00181063"]},
        "00280010": {"vr": "US", "Value": [5]},
        "00700022": {"vr": "FL", "Value": ["nan", 0.5]},
        "7FE00010": {"vr": "OW", "InlineBinary": "AAE="},
    }
    assert list(obj) == sorted(obj)


def test_json_is_what_pydicom_reads_and_writes() -> None:
    sample = pydicom_sample()
    ours = dataset_to_json(from_pydicom(sample))
    assert Dataset.from_json(ours) == sample
    assert dataset_from_json(sample.to_json_dict()) == from_pydicom(sample)


def test_json_may_use_keywords_and_leave_the_vr_out() -> None:
    ds = dataset_from_json({"PatientID": {"Value": ["7"]}, "Rows": {"Value": [5]}, "PatientName": {"Value": ["A^B"]}})
    assert [e.vr for e in ds] == ["PN", "LO", "US"]
    assert ds.text(0x00280010) == "5"


@pytest.mark.parametrize(
    ("obj", "words"),
    [
        ([], "is an object, not a list"),
        ({"Nonsense": {}}, "neither a tag"),
        ({"00100010": "A"}, "object with vr"),
        ({"00100010": {"vr": "ZZ"}}, "not a VR"),
        ({"00100010": {"vr": "PN", "Value": "A"}}, "Value is a list, not text"),
        ({"00100010": {"vr": "PN", "Value": [True]}}, "true or false"),
        ({"7FE00010": {"vr": "OB", "InlineBinary": "!"}}, "not base64"),
        ({"7FE00010": {"vr": "OB", "Value": [1]}}, "InlineBinary"),
        ({"7FE00010": {"vr": "OB", "BulkDataURI": "http://x"}}, "elsewhere"),
        ({"00081140": {"vr": "SQ", "Value": [5]}}, "not a number"),
    ],
)
def test_json_that_is_no_data_set_is_refused_in_words(obj: Any, words: str) -> None:
    with pytest.raises(DataSetError, match=words):
        dataset_from_json(obj)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["vr", "Value", "InlineBinary", "00100010", "00081140", "x"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(JSON)
@settings(deadline=None)
def test_any_json_is_a_data_set_or_refused(obj: Any) -> None:
    try:
        dataset_from_json({"00081140": {"vr": "SQ", "Value": [obj]}})
    except DataSetError as error:
        words = str(error)
        assert words
