"""Message files: what is written is what is read, and every mistake is shown with its place."""

from __future__ import annotations

import string
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.association import NegotiatedContext, Role
from engine.model.command_set import CommandSet, Element
from engine.model.dataset import DataElement, DataSet, EncodedData, FileData
from engine.standard.elements import ELEMENTS
from engine.standard.messages import MESSAGES
from engine.workspace.errors import WorkspaceError
from engine.workspace.message_files import (
    MessageContext,
    MessageFile,
    load_message,
    message_text,
    parse_message,
    save_message,
)

HERE = Path("here.toml")
VERIFICATION = "1.2.840.10008.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"

ECHO = """
message = "C-ECHO-RQ"
context = "Verification"

[command]
AffectedSOPClassUID = "Verification"
"""


def message(text: str) -> MessageFile:
    return parse_message(text, HERE)


def failure(text: str) -> WorkspaceError:
    with pytest.raises(WorkspaceError) as caught:
        message(text)
    return caught.value


def test_the_shortest_echo_has_all_that_an_echo_needs() -> None:
    echo = message(ECHO)
    assert echo.abstract_syntax == VERIFICATION
    assert [e.keyword for e in echo.command] == [
        "CommandGroupLength",
        "AffectedSOPClassUID",
        "CommandField",
        "MessageID",
        "CommandDataSetType",
    ]
    assert echo.command.command_field == 0x0030
    assert echo.command.sop_class_uid == VERIFICATION
    assert echo.command.get("MessageID") is None, "left for the engine to fill in"
    assert echo.data is None


def test_a_query_with_nested_sequences_reads_as_a_person_expects() -> None:
    query = message("""
message = "C-FIND-RQ"
[context]
abstract_syntax = "ModalityWorklistInformationModelFind"
transfer_syntax = "ImplicitVRLittleEndian"

[command]
AffectedSOPClassUID = "ModalityWorklistInformationModelFind"
Priority = "HIGH"

[dataset]
PatientName = "Doe*"
"(0010,0020)" = ""
AccessionNumber = ["A1", "A2"]
ImageType = 'ORIGINAL\\PRIMARY'
Rows = 512
"(0009,0010)" = { vr = "LO", value = "ACME" }
"(0009,1001)" = { hex = "00 01:02 03" }
FrameIncrementPointer = ["FrameTime", "(0018,1065)"]

[[dataset.ScheduledProcedureStepSequence]]
Modality = "MR"
ScheduledProtocolCodeSequence = [{ CodeValue = "X" }, {}]
""")
    assert query.command.number("Priority") == 1
    assert query.context.transfer_syntaxes == ("1.2.840.10008.1.2",)
    data = query.data
    assert isinstance(data, DataSet)
    assert [e.tag for e in data] == sorted(e.tag for e in data)
    assert data.text(0x00100010) == "Doe*"
    assert data.find(0x00100020) == DataElement(0x00100020, "LO", ())
    assert data.find(0x00080050) == DataElement(0x00080050, "SH", ("A1", "A2"))
    assert data.find(0x00080008) == DataElement(0x00080008, "CS", ("ORIGINAL", "PRIMARY"))
    assert data.find(0x00280010) == DataElement(0x00280010, "US", ("512",))
    assert data.find(0x00090010) == DataElement(0x00090010, "LO", ("ACME",))
    assert data.find(0x00091001) == DataElement(0x00091001, "UN", bytes(range(4)))
    assert data.find(0x00280009) == DataElement(0x00280009, "AT", ("00181063", "00181065"))
    step = data.find(0x00400100)
    assert step is not None
    codes = step.items[0].find(0x00400008)
    assert codes is not None
    assert [len(item) for item in codes.items] == [1, 0]


@pytest.mark.parametrize(
    ("text", "line", "key", "words"),
    [
        ('message = "C-FIND-RQ\n', 1, "", "not valid TOML"),
        ("", None, "message", "is missing"),
        ('\nmessage = "C-FND-RQ"', 2, "message", "did you mean C-FIND-RQ"),
        ('message = "C-ECHO-RQ"\ncontxt = "Verification"', 2, "contxt", "did you mean context"),
        ('message = "C-ECHO-RQ"\ncontext = "Verifcation"', 2, "context", "did you mean Verification"),
        ('message = "C-ECHO-RQ"\n[context]\nrole = "both"\nid = 300', 4, "context.id", "1 to 255"),
        (ECHO + "MesageID = 1", 7, "command.MesageID", "did you mean MessageID"),
        (ECHO + "MessageID = 70000", 7, "command.MessageID", "0 to 65535"),
        (ECHO + 'MessageID = "one"', 7, "command.MessageID", "whole number"),
        (ECHO + "MoveDestination = 7", 7, "command.MoveDestination", "quotes"),
        (ECHO + '"(0009,0001)" = 7', 7, "command.(0009,0001)", "raw"),
        (ECHO + 'MessageID = { raw = "0" }', 7, "command.MessageID", "odd number"),
        (ECHO + "MessageID = { vale = 1 }", 7, "command.MessageID", "unknown key"),
        (ECHO + "MessageID = 1.5", 7, "command.MessageID", "decimal"),
        (ECHO + '[dataset]\nPatientNam = "x"', 8, "dataset.PatientNam", "did you mean PatientName"),
        (ECHO + '[dataset]\nPatientName = "x"\n"(0010,0010)" = "y"', 9, "dataset.(0010,0010)", "twice"),
        (ECHO + '[dataset]\n"(0009,1001)" = "x"', 8, "dataset.(0009,1001)", "VR"),
        (ECHO + '[dataset]\nPatientName = { vr = "QQ", value = "x" }', 8, "dataset.PatientName", "not a VR"),
        (ECHO + '[dataset]\nPatientName = { hex = "00" }', 8, "dataset.PatientName", "VR PN"),
        (ECHO + '[dataset]\nPixelData = "abc"', 8, "dataset.PixelData", "hex"),
        (ECHO + "[dataset]\nRows = 1.5", 8, "dataset.Rows", "whole number"),
        (ECHO + "[dataset]\nPatientName = 2020-01-01", 8, "dataset.PatientName", "text"),
        (ECHO + '[dataset]\nReferencedSOPSequence = "x"', 8, "dataset.ReferencedSOPSequence", "array of tables"),
        (
            ECHO + '[[dataset.ReferencedSOPSequence]]\n[[dataset.ReferencedSOPSequence]]\nReferencedSOPClas = "x"',
            9,
            "dataset.ReferencedSOPSequence[2].ReferencedSOPClas",
            "did you mean",
        ),
        (ECHO + '[dataset]\nfile = "no-such.dcm"', 8, "dataset.file", "there is no file"),
        (ECHO + '[dataset]\njson = "no-such.json"', 8, "dataset.json", "cannot be read"),
        (ECHO + '[dataset]\nfile = "a.dcm"\nPatientName = "x"', 9, "dataset.PatientName", "together"),
    ],
)
def test_mistakes_are_shown_with_line_key_and_reason(text: str, line: int | None, key: str, words: str) -> None:
    error = failure(text)
    assert (error.line, error.key) == (line, key), str(error)
    assert words in error.reason
    assert str(error).startswith("here.toml")


def test_a_file_that_is_not_there_or_not_text_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="cannot be read"):
        load_message(tmp_path / "no.toml")
    (tmp_path / "latin.toml").write_bytes(b"title = 'ok'\nnote = '\xe4'\n")
    with pytest.raises(WorkspaceError, match="not UTF-8") as caught:
        load_message(tmp_path / "latin.toml")
    assert caught.value.line == 2


def test_elements_can_be_left_out_repeated_and_given_raw_bytes() -> None:
    command = message(
        ECHO
        + """
MessageID = { omit = true }
Status = [{ value = 0 }, { raw = "010203", length = 9 }]
MoveDestination = { value = "A", repeat = 2 }
"""
    ).command
    assert command.find("MessageID") is None
    assert [e for e in command if e.keyword == "Status"] == [
        Element(0x900, 0),
        Element(0x900, None, b"\1\2\3", 9),
    ]
    assert sum(e.keyword == "MoveDestination" for e in command) == 2


def test_the_exact_form_adds_nothing_and_keeps_the_order() -> None:
    command = message("""
message = "C-ECHO-RQ"
[[command]]
element = "MessageID"
value = 5
[[command]]
element = "(0000,0000)"
raw = "ffffffff"
""").command
    assert command.elements == (Element(0x110, 5), Element(0, None, b"\xff" * 4))


def test_a_data_set_can_be_a_dicom_file_or_bytes(tmp_path: Path) -> None:
    (tmp_path / "image.dcm").write_bytes(b"x")
    path = tmp_path / "store.toml"
    store = MessageFile(
        message="C-STORE-RQ",
        command=CommandSet.of(CommandField=1, AffectedSOPClassUID=CT),
        data=FileData(tmp_path / "image.dcm"),
    )
    save_message(path, store)
    assert 'file = "image.dcm"' in path.read_text(encoding="utf-8")
    assert load_message(path) == store
    encoded = replace(store, data=EncodedData(b"\x08\x00", "1.2.840.10008.1.2.1"))
    save_message(path, encoded)
    assert load_message(path) == encoded


def test_the_context_is_found_among_the_negotiated_ones() -> None:
    asked = MessageFile(
        message="C-ECHO-RQ",
        command=CommandSet.of(AffectedSOPClassUID=VERIFICATION),
        context=MessageContext(abstract_syntax=VERIFICATION, transfer_syntaxes=("1.2.840.10008.1.2.1",)),
    )
    contexts = tuple(
        NegotiatedContext(id=i, abstract_syntax=VERIFICATION, proposed=(), result=result, transfer_syntax=syntax)
        for i, result, syntax in ((1, 3, ""), (3, 0, "1.2.840.10008.1.2"), (5, 0, "1.2.840.10008.1.2.1"))
    )
    assert asked.outgoing(contexts).context_id == 5
    assert asked.outgoing().context_id is None
    assert replace(asked, context=MessageContext(id=9)).outgoing(contexts).context_id == 9
    proposed = replace(asked, context=MessageContext(role=Role.BOTH)).proposed(7)
    assert (proposed.id, proposed.abstract_syntax, proposed.role) == (7, VERIFICATION, Role.BOTH)
    assert proposed.transfer_syntaxes


def test_the_examples_of_the_documentation_are_messages(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "resources" / "docs" / "message-files.md"
    examples = [part.split("```")[0] for part in page.read_text(encoding="utf-8").split("```toml\n")[1:]]
    (tmp_path / "pixels.raw").write_bytes(b"\0\1")
    assert len(examples) == 5
    for example in examples:
        text = example if "message =" in example else f'message = "C-STORE-RQ"\n{example}'
        parse_message(text, tmp_path / "example.toml")


# Whatever a message holds, its file holds too.

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=12)
PLAIN = st.text(string.ascii_letters + string.digits + " ^.*\\", max_size=12)


def _values(vr: str) -> st.SearchStrategy[object]:
    if vr in ("US", "UL"):
        number = st.integers(0, 0xFFFF)
        return st.one_of(number, st.tuples(number, number), st.binary(min_size=1, max_size=3), st.none())
    if vr == "AT":
        tag = st.integers(0, 0xFFFFFFFF)
        return st.one_of(tag, st.tuples(tag, tag), st.none())
    return st.one_of(PLAIN, TEXT, st.tuples(PLAIN, PLAIN), st.sampled_from(["Verification", VERIFICATION]), st.none())


ELEMENT = st.one_of(
    st.sampled_from(sorted(ELEMENTS)).flatmap(
        lambda tag: st.builds(
            Element,
            st.just(tag),
            _values(ELEMENTS[tag].vr),
            st.none() | st.binary(max_size=4),
            st.none() | st.integers(0, 0xFFFFFFFF),
        )
    ),
    st.builds(Element, st.integers(0x00090000, 0xFFFFFFFF), st.none() | st.binary(max_size=4), st.none()),
)


@st.composite
def data_elements(draw: st.DrawFn, depth: int = 2) -> DataElement:
    kinds = ["text", "number", "bytes", "private", "tag"] + (["sequence"] if depth else [])
    kind = draw(st.sampled_from(kinds))
    if kind == "text":
        vr, tag = draw(
            st.sampled_from([("PN", 0x00100010), ("LO", 0x00100020), ("LT", 0x00104000), ("DS", 0x00180050)])
        )
        return DataElement(tag, vr, tuple(draw(st.lists(PLAIN | TEXT, max_size=3))))
    if kind == "number":
        return DataElement(
            0x00280010, draw(st.sampled_from(["US", "SS", "UL"])), (str(draw(st.integers(-5, 70000))), "x")
        )
    if kind == "bytes":
        tag = draw(st.sampled_from([0x7FE00010, 0x00091010, 0x00281201, 0x60003000]))
        return DataElement(tag, draw(st.sampled_from(["OB", "OW", "UN"])), draw(st.binary(max_size=6)))
    if kind == "tag":
        return DataElement(
            0x00280009, "AT", tuple(f"{t:08X}" for t in draw(st.lists(st.integers(0, 0xFFFFFFFF), max_size=2)))
        )
    if kind == "private":
        return DataElement(0x00091000 + draw(st.integers(0x20, 0xFF)), "LO", tuple(draw(st.lists(TEXT, max_size=2))))
    items = draw(st.lists(data_sets(depth - 1), max_size=2))
    return DataElement(draw(st.sampled_from([0x00400100, 0x00081115, 0x00091002])), "SQ", tuple(items))


def data_sets(depth: int = 2) -> st.SearchStrategy[DataSet]:
    unique = st.lists(data_elements(depth), max_size=5, unique_by=lambda e: e.tag)
    return unique.map(lambda elements: DataSet(tuple(sorted(elements, key=lambda e: e.tag))))


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(sorted(MESSAGES)),
    st.lists(ELEMENT, max_size=6),
    st.none() | data_sets(),
    st.builds(
        MessageContext,
        abstract_syntax=st.sampled_from(["", VERIFICATION, "1.2.3"]),
        transfer_syntaxes=st.sampled_from([(), ("1.2.840.10008.1.2",), ("1.2.840.10008.1.2", "1.2.3")]),
        role=st.sampled_from(Role),
        id=st.none() | st.integers(0, 255),
    ),
    TEXT,
)
def test_every_message_survives_its_file(
    name: str, elements: list[Element], data: DataSet | None, context: MessageContext, note: str
) -> None:
    original = MessageFile(message=name, command=CommandSet(tuple(elements)), context=context, data=data, note=note)
    assert parse_message(message_text(original), HERE) == original


@pytest.mark.parametrize(
    ("message", "context", "uid"),
    [
        ("C-ECHO-RQ", "Verification", VERIFICATION),
        ("N-ACTION-RQ", "UnifiedProcedureStepPull", "1.2.840.10008.5.1.4.34.6.1"),
        ("N-CREATE-RQ", "BasicGrayscalePrintManagementMeta", ""),
        ("C-ECHO-RSP", "Verification", ""),
    ],
)
def test_a_request_is_about_the_sop_class_of_its_context(message: str, context: str, uid: str) -> None:
    text = f'message = "{message}"\ncontext = "{context}"\n'
    assert parse_message(text, HERE).command.sop_class_uid == uid
    for name in ("AffectedSOPClassUID", "RequestedSOPClassUID"):
        text += f"command.{name} = {{ omit = true }}\n"
    without = parse_message(text, HERE)
    assert without.command.sop_class_uid == ""
    assert parse_message(message_text(without), HERE) == without
