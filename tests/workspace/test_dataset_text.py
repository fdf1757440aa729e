"""The builder's text view: a data set as lines, and back."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.dataset import DataElement, DataSet
from engine.workspace.dataset_text import DataSetTextError, dataset_text, parse_dataset_text

TEXT = """\
(0008,0008) CS ImageType = ORIGINAL\\PRIMARY
(0010,0010) PN PatientName = Doe^Jane
(0010,0020) LO PatientID =
(0010,4000) LT PatientComments = "one\\ntwo\\\\three"
(0040,0100) SQ ScheduledProcedureStepSequence
  item
    (0008,0060) CS Modality = MR
    (0040,0008) SQ ScheduledProtocolCodeSequence
      item
        (0008,0100) SH CodeValue = X
  item
(7FE0,0010) OW PixelData = hex: 00 01 ff
"""


def test_the_text_is_the_one_documented() -> None:
    assert dataset_text(parse_dataset_text(TEXT)) == TEXT
    data = parse_dataset_text(TEXT)
    step = data.find(0x00400100)
    assert step is not None
    assert [len(item) for item in step.items] == [2, 0]
    assert data.find(0x00104000) == DataElement(0x00104000, "LT", ("one\ntwo\\three",))


def test_a_person_may_write_less_than_the_text_shows() -> None:
    data = parse_dataset_text('PatientName = Doe^Jane\n\n# a comment\n0010,0020 = 7\n(0009,0010) LO = "  x "\nRows=512')
    assert data == DataSet(
        (
            DataElement(0x00100010, "PN", ("Doe^Jane",)),
            DataElement(0x00100020, "LO", ("7",)),
            DataElement(0x00090010, "LO", ("  x ",)),
            DataElement(0x00280010, "US", ("512",)),
        )
    )


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("PatientNam = x", 1, "did you mean PatientName"),
        ("\n(0010,001) = x", 2, "not a tag"),
        ("(0010,0010) QQ PatientName = x", 1, "not a VR"),
        ("(0010,0010) PN PatientID = x", 1, "PatientID is (0010,0020)"),
        ("(0009,1001) = x", 1, "VR"),
        ("PatientName x", 1, "="),
        ("PixelData = 00", 1, "hex:"),
        ("PixelData = hex: 0", 1, "odd number"),
        ("PatientName = x\n  PatientID = y", 2, "not a sequence"),
        ("ReferencedSOPSequence\n  PatientID = y", 2, "item"),
        ("ReferencedSOPSequence = 5", 1, "no value"),
        ("item", 1, "indented under"),
        ('PatientName = "x', 1, "closing quote"),
        ('PatientName = "x" y', 1, "closing quote"),
        ("  PatientName = x\nPatientID = y", 2, "indented less"),
        ("= x", 1, "expected"),
    ],
)
def test_mistakes_are_shown_with_line_and_reason(text: str, line: int, words: str) -> None:
    with pytest.raises(DataSetTextError) as caught:
        parse_dataset_text(text)
    assert caught.value.line == line
    assert words in caught.value.reason


def _strategies() -> object:
    path = Path(__file__).with_name("test_message_files.py")
    spec = importlib.util.spec_from_file_location("message_file_strategies", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@settings(deadline=None, max_examples=300)
@given(_strategies().data_sets())  # type: ignore[attr-defined]
def test_every_data_set_survives_its_text(data: DataSet) -> None:
    assert parse_dataset_text(dataset_text(data)) == data


@settings(deadline=None)
@given(st.text(max_size=200))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        parse_dataset_text(text)
    except DataSetTextError as error:
        assert error.reason
