"""Elements pasted from what other programs print."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.dataset import DataElement, DataSet
from engine.workspace.dataset_text import DataSetTextError
from engine.workspace.pasted_text import parse_pasted

NAME, CT = 0x00100010, "1.2.840.10008.5.1.4.1.1.2"
SEQUENCE = 0x00081140

DCMTK = r"""
# Dicom-Data-Set
# Used TransferSyntax: Little Endian Explicit
(0008,0060) CS (no value available)                     #   0, 0 Modality
(0008,0008) CS [ORIGINAL\PRIMARY]                       #  16, 2 ImageType
(0008,1140) SQ (Sequence with explicit length #=2)      #  42, 1 ReferencedImageSequence
  (fffe,e000) na (Item with explicit length #=1)          #  34, 1 Item
    (0008,1150) UI =CTImageStorage                          #  26, 1 ReferencedSOPClassUID
  (fffe,e00d) na (ItemDelimitationItem for re-encoding)   #   0, 0 ItemDelimitationItem
  (fffe,e000) na (Item with explicit length #=0)          #   0, 0 Item
  (fffe,e00d) na (ItemDelimitationItem for re-encoding)   #   0, 0 ItemDelimitationItem
(fffe,e0dd) na (SequenceDelimitationItem for re-encod.) #   0, 0 SequenceDelimitationItem
(0010,0010) PN [Doe^John]                               #   8, 1 PatientName
(0028,0009) AT (0018,1063)                              #   4, 1 FrameIncrementPointer
(0028,0010) US 512                                      #   2, 1 Rows
(0028,3006) OW 0102\0304                                #   4, 1 LUTData
"""

PYDICOM = """
(0008,0008) Image Type                          CS: ['ORIGINAL', 'PRIMARY']
(0008,0060) Modality                            CS: ''
(0008,1140)  Referenced Image Sequence  2 item(s) ----
   (0008,1150) Referenced SOP Class UID            UI: CT Image Storage
   ---------
   ---------
(0010,0010) Patient's Name                      PN: 'Doe^John'
(0028,0009) Frame Increment Pointer             AT: (0018,1063)
(0028,0010) Rows                                US: 512
(0028,3006) LUT Data                            OW: b'\\x02\\x01\\x04\\x03'
"""

EXPECTED = {
    0x00080008: ("ORIGINAL", "PRIMARY"),
    0x00080060: (),
    SEQUENCE: (DataSet((DataElement(0x00081150, "UI", (CT,)),)), DataSet()),
    NAME: ("Doe^John",),
    0x00280009: ("00181063",),
    0x00280010: ("512",),
    0x00283006: b"\x02\x01\x04\x03",
}


@pytest.mark.parametrize("text", [DCMTK, PYDICOM], ids=["DCMTK", "pydicom"])
def test_a_dump_gives_its_elements(text: str) -> None:
    pasted = parse_pasted(text)
    assert {e.tag: e.value for e in pasted.data_set} == EXPECTED
    assert pasted.left_out == ()


def test_one_line_is_enough() -> None:
    for line in ("(0010,0010) PN [Doe^John]  #   8, 1 PatientName", "(0010,0010) Patient's Name  PN: 'Doe^John'"):
        assert parse_pasted(line).data_set == DataSet((DataElement(NAME, "PN", ("Doe^John",)),))


def test_nested_sequences_end_where_they_end() -> None:
    text = """
(0008,1115)  Referenced Series Sequence  1 item(s) ----
   (0008,1140)  Referenced Image Sequence  1 item(s) ----
      (0008,1155) Referenced SOP Instance UID         UI: 1.2.3
      ---------
   (0020,000E) Series Instance UID                 UI: 1.2
   ---------
(0010,0020) Patient ID                          LO: '1'
"""
    data_set = parse_pasted(text).data_set
    assert [e.tag for e in data_set] == [0x00081115, 0x00100020]
    (series,) = data_set.items(0x00081115)
    assert [e.tag for e in series] == [SEQUENCE, 0x0020000E]
    assert series.items(SEQUENCE)[0].text(0x00081155) == "1.2.3"


def test_text_of_several_lines_and_with_signs_of_comments() -> None:
    pasted = parse_pasted("(0010,4000) LT [first\nno. #2, 3 ]  # 20, 1 PatientComments\n(0010,0020) LO [7]")
    assert pasted.data_set.text(0x00104000) == "first\nno. #2, 3 "
    assert pasted.data_set.text(0x00100020) == "7"


@pytest.mark.parametrize(
    "line",
    [
        "(0002,0010) UI =LittleEndianExplicit   #  20, 1 TransferSyntaxUID",
        "(7fe0,0010) OW 0000\\0000\\0000...  # 524288, 1 PixelData",
        "(7fe0,0010) OB (PixelSequence #=2)   # u/l, 1 PixelData",
        "(7FE0,0010) Pixel Data                          OW: Array of 524288 elements",
        "(0008,1150) UI =NoSuchStorage                          #  26, 1 ReferencedSOPClassUID",
    ],
)
def test_what_a_dump_does_not_tell_is_left_out_and_said(line: str) -> None:
    pasted = parse_pasted(f"(0010,0020) LO [7]   # 2, 1 PatientID\n{line}")
    assert [e.tag for e in pasted.data_set] == [0x00100020]
    assert len(pasted.left_out) == 1 and pasted.left_out[0].startswith("Line 2, (")


def test_dicom_json_and_parts_of_it() -> None:
    attribute = {"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe^John"}]}}
    whole = json.dumps(attribute)
    for text in (whole, f"[{whole}]", whole[1:-1] + ",", json.dumps(attribute, indent=2)):
        assert parse_pasted(text).data_set.text(NAME) == "Doe^John"
    for wrong in ("{", "[{}, {}]", '{"00100010": 5}', "[" * 100_000):
        with pytest.raises(DataSetTextError):
            parse_pasted(wrong)


def test_our_own_form_is_read_as_before() -> None:
    assert parse_pasted("(0010,0010) PN PatientName = Doe^John").data_set.text(NAME) == "Doe^John"
    with pytest.raises(DataSetTextError):
        parse_pasted("nothing of the kind")


@settings(deadline=None)
@given(st.lists(st.sampled_from([*DCMTK.splitlines(), *PYDICOM.splitlines(), "x", "(fffe,e0dd) -"]), max_size=20))
def test_any_order_of_lines_reads_or_is_refused_in_words(lines: list[str]) -> None:
    try:
        parse_pasted("\n".join(lines))
    except DataSetTextError as error:
        assert error.reason
