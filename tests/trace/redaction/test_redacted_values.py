"""Random data sets and sentences: no value outside the allow list and no word that is none of ours is told."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.dataset import DataElement, DataSet, EncodedData
from engine.trace.explain import data_set_json, data_set_of
from engine.trace.redaction.redaction import Redaction, finding_sentence
from engine.trace.redaction.values import ALLOWED, hidden
from engine.trace.redaction.words import WORDS
from engine.wire.datasets import encode_dataset
from tests.planted import found

VALUES = st.text(string.ascii_letters + string.digits + "^=ÄÖßäöü山田", min_size=6, max_size=16)
VRS = ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT")
TAGS = st.one_of(st.integers(0x00080000, 0x7FDFFFFF), st.sampled_from(sorted(ALLOWED)))


@st.composite
def elements(draw: st.DrawFn, depth: int = 2) -> DataElement:
    tag = draw(TAGS)
    kind = draw(st.sampled_from(("text", "bytes", "items")))
    if kind == "items" and depth:
        return DataElement(tag, "SQ", tuple(draw(st.lists(data_sets(depth - 1), max_size=2))))
    if kind == "bytes":
        return DataElement(tag, "UN", draw(VALUES).encode())
    return DataElement(tag, draw(st.sampled_from(VRS)), tuple(draw(st.lists(VALUES, min_size=1, max_size=3))))


def data_sets(depth: int = 2) -> st.SearchStrategy[DataSet]:
    return st.lists(elements(depth), max_size=5).map(
        lambda found: DataSet(tuple({e.tag: e for e in sorted(found, key=lambda e: e.tag)}.values()))
    )


def texts(data: DataSet) -> list[str]:
    found: list[str] = []
    for element in data:
        found += [element.value.decode()] if isinstance(element.value, bytes) else element.texts
        for item in element.items:
            found += texts(item)
    return found


@settings(deadline=None)
@given(data_sets())
def test_no_value_is_told_that_is_not_of_the_allow_list(data: DataSet) -> None:
    made = Redaction().data_set(data)
    unknown = hidden([e.tag for e in data])
    assert [(e.tag, e.vr) for e in made] == [(e.tag, e.vr) for e in data if e.tag not in unknown]
    said = f"{made!r} {json.dumps(data_set_json(made), ensure_ascii=False)}"
    for value in texts(data):
        if value not in ("ORIGINAL", "DERIVED", "PRIMARY") and not value.isdigit():
            assert value not in said


def test_an_allowed_attribute_with_another_value_is_left_out() -> None:
    data = DataSet((DataElement(0x00080060, "CS", ("VOGELBEER", "CT")), DataElement(0x00280010, "US", ("19560704",))))
    made = Redaction().data_set(data)
    assert made.texts(0x00080060) == ("", "CT") and made.texts(0x00280010) == ("",)


@settings(deadline=None)
@given(
    st.lists(st.one_of(VALUES, st.sampled_from(sorted(WORDS))), max_size=12),
    st.sampled_from((" ", ", ", "=", "/", ": ", "“", "'")),
)
def test_a_sentence_has_only_words_of_ours(words: list[str], between: str) -> None:
    redaction = Redaction()
    made = redaction.sentence(between.join(words))
    for word in words:
        if (
            word not in WORDS
            and not any(word in ours for ours in (*WORDS, made and "(left out)"))
            and not word.isdigit()
        ):
            assert word not in made
    assert redaction.sentence(made) == made


def test_sentences_of_the_program_stay_readable() -> None:
    for sentence in (
        "Association established, 2 of 3 presentation contexts accepted.",
        "127.0.0.1:11112 refused the connection: nothing listens there. Check the port.",
        "12 of 40 files stored, 28 not sent.",
        "C-FIND Study Root Query/Retrieve Information Model - FIND: 0000H Matching is complete. (13.9 ms)",
        "Listening on 127.0.0.1 port 11112: only programs on this computer can connect.",
    ):
        assert Redaction().sentence(sentence) == sentence


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        (("ISO_IR 192",), "Vogelbeer^Ädelheid=鳥^花"),
        (("", "ISO 2022 IR 87"), "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        (("ISO_IR 144",), "Люкceмбypг"),
        (("GB18030",), "Wang^XiaoDong=王^小东"),
    ],
)
def test_no_character_set_lets_a_name_through(charset: tuple[str, ...], name: str) -> None:
    data = DataSet(
        (
            DataElement(0x00080005, "CS", charset),
            DataElement(0x00090010, "LO", (name,)),
            DataElement(0x00091001, "PN", (name,)),
            DataElement(0x00100010, "PN", (name,)),
            DataElement(0x00104000, "LT", (f"{name} was here",)),
        )
    )
    encoded = encode_dataset(data, "1.2.840.10008.1.2.1")
    raw = next(e for e in read_back(encoded) if e.tag == 0x00100010)
    assert raw.texts, "it was encoded at all"
    redaction = Redaction()
    made = redaction.data_set(read_back(encoded))
    assert made.texts(0x00080005) == charset
    said = (
        f"{json.dumps(data_set_json(made), ensure_ascii=False)} {redaction.sentence(f'No instance of {name}, of (10)')}"
    )
    for group in name.replace("=", "^").split("^"):
        assert not found(name, said, (group,))


def read_back(encoded: bytes) -> DataSet:
    return data_set_of(EncodedData(encoded, "1.2.840.10008.1.2.1"))


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("begins with no data element (31 39 35 36 30 37 30 34)", "begins with no data element (…)"),
        ("bytes that are not TLS (31 39 35 36 30 37)", "bytes that are not TLS (…)"),
        ("begins with no data element (31 3a 41 30)", "begins with no data element (…)"),
        ("10 of 40 files must be 12 bytes long", None),
        ("of 04/07/56", "of …"),
        ("1/2 files, rejected with 1/1/3", None),
        ("19560704 bytes", "… bytes"),
        ("16,384 bytes, 65536 bytes in 12.5 s", None),
        ("port 77341", "port …"),
        ("port 11112", None),
        ("104, 11112, 2762 or 4242", None),
        ("took 7734 s", "took … s"),
        ("1956H Success, A700H", "… Success, A700H"),
        ("at (1956,0704) and (0010,0020)", "at (…) and (0010,0020)"),
        ("PS3.19 56.7 and PS3.8 9.3.2, PS3.7 C.5.10", "PS3.19 … and PS3.8 9.3.2, PS3.7 C.5.10"),
        ("Seen in: association 2, 12:03:04.123 received", None),
    ],
)
def test_no_number_of_others_is_told(sentence: str, told: str | None) -> None:
    assert Redaction().sentence(sentence) == (told or sentence)


def test_a_title_that_is_a_word_or_number_of_ours_is_replaced_only_where_a_title_is_named() -> None:
    redaction = Redaction()
    names = {t: redaction.stand_ins.title(t) for t in ("1", "A", "STUDY")}
    for sentence in (
        "1 of 1 files stored",
        "Connecting to 127.0.0.1:104.",
        "A C-FIND of level STUDY",
    ):
        assert redaction.sentence(sentence, names) == redaction.sentence(sentence) == sentence
    assert redaction.sentence("Connecting to 1 at 127.0.0.1:104.", names) == "Connecting to TITLE-1 at 127.0.0.1:104."
    assert redaction.sentence("A calls STUDY, “STUDY” is unknown") == "TITLE-2 calls TITLE-3, “TITLE-3” is unknown"


def test_tags_that_nobody_knows_are_not_told_together() -> None:
    tags = (0x00090010, 0x00091001, 0x00100010, 0x566E6764, 0x656D6264)
    made = Redaction().data_set(DataSet(tuple(DataElement(t, "LO", ()) for t in tags)))
    assert [e.tag for e in made] == [0x00090010, 0x00091001, 0x00100010]
    alone = DataSet((DataElement(0x566E6764, "LO", ()),))
    assert [e.tag for e in Redaction().data_set(alone)] == [0x566E6764]


def test_a_finding_names_no_tags_that_spell_a_text() -> None:
    made = finding_sentence("command.value", "At (566E,6764), (656D,6264) and (0010,0020)")
    assert made == "Not as it should be: The value fits the VR, at (0010,0020)."


def test_the_state_of_a_print_job_is_told() -> None:
    data = DataSet((DataElement(0x21000020, "CS", ("PRINTING",)),))
    assert Redaction().data_set(data).texts(0x21000020) == ("PRINTING",)


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("The printer says NORMAL (BUILT-IN PRINTER).", "The printer says NORMAL (…)."),
        ("NORMAL (BUILT-IN PRINTER)", "NORMAL (…)"),
        ("The printer says WARNING: Patient (Film (Image)).", "The printer says WARNING (…)."),
        ("The printer says FAILURE: Film Patient.", "The printer says FAILURE …."),
        ("The printer says Patient.", "The printer says …."),
    ],
)
def test_of_what_a_printer_says_only_its_state_is_told(sentence: str, told: str) -> None:
    redaction = Redaction()
    assert redaction.sentence(sentence) == told == redaction.sentence(told)


@pytest.mark.parametrize("name", ["ORTHANC_19560704", "OFFIS_DCMTK_56070", "pynetdicom 195.607.04"])
def test_a_version_name_has_no_room_for_a_date(name: str) -> None:
    assert Redaction().stand_ins.version_name(name) == "(left out)"


@pytest.mark.parametrize("name", ["OFFIS_DCMTK_369", "PYNETDICOM_230", "dcm4che-5.31.2", "DIMSE_CONSOLE_010"])
def test_the_version_name_of_a_product_is_told(name: str) -> None:
    assert Redaction().stand_ins.version_name(name) == name


def test_file_names_of_ordinary_words_have_their_stand_in_in_sentences() -> None:
    redaction = Redaction()
    film, field, one = (redaction.stand_ins.path(p) for p in ("/data/Film", "/data/Field Image 42", "/data/1"))
    for sentence, told in (
        ("First problem: Film: not a DICOM file", f"First problem: {film}: not a DICOM file"),
        ("1 file not stored: Field Image 42 is not a file", f"1 file not stored: {field} is not a file"),
        ("1 of 2 files stored. /data/1 cannot be read", f"1 of 2 files stored. {one} cannot be read"),
        ("The Film Box was printed, “Film” not", f"The Film Box was printed, “{film}” not"),
    ):
        assert redaction.sentence(sentence) == told == redaction.sentence(told)
