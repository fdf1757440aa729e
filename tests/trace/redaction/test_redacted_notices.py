"""Whatever stands in any field of any notice: nothing of it is in what is told instead."""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from engine.model.association import Peer
from engine.model.command_set import CommandSet, Element
from engine.model.dataset import DataElement, DataSet, EncodedData, FileData
from engine.model.limits import Limits
from engine.model.notices import (
    AnyNotice,
    AssociationNotice,
    AssociationPhase,
    Direction,
    ErrorNotice,
    Evidence,
    FindingNotice,
    MessageNotice,
    Outcome,
    PduNotice,
    StatusNotice,
)
from engine.model.scripting import Script
from engine.model.storing import StoreOptions
from engine.model.tls import TlsSettings
from engine.standard.pdus import (
    AssociateRQ,
    ImplementationVersionName,
    MaximumLength,
    PDataTF,
    Pdv,
    SopClassExtendedNegotiation,
    UnknownItem,
    UserIdentityRQ,
    UserInformation,
)
from engine.trace.explain import explain_command, explain_pdu
from engine.trace.json_lines import json_line, notice_to_json
from engine.trace.plain_text import notice_text
from engine.trace.redaction.redaction import Redaction
from engine.wire.commands import encode_command
from engine.wire.datasets import encode_dataset
from engine.wire.pdu_encoding import encode_pdu
from tests.planted import PATIENT, PATIENT_ID, fix_keys, found

TITLE, SITE = "STATION_WACHOLDER", "archiv.klinik-erlenbruch.example"
UID = "1.2.826.0.1.3680043.8.498.4711"
PLANTED = (PATIENT, "Vogelbeer", "Adelheid", PATIENT_ID, "WACHOLDER", "erlenbruch", "3680043.8.498", "19560704")
TEXT = f"It is Vogelbeer, “{PATIENT}” ({PATIENT_ID}), born=19560704, of {TITLE} at {SITE}: '{PATIENT}' {UID}"
OURS = {
    "state_before", "event", "action", "state_after", "service", "rule", "severity", "clause", "faults", "on",
    "version", "cipher", "shelf",
}  # fmt: skip
"""Fields that hold words of the program alone."""
KINDS = typing.get_args(AnyNotice)
CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"
DATA = DataSet(
    (
        DataElement(0x00080005, "CS", ("ISO_IR 100",)),
        DataElement(0x00080018, "UI", (UID,)),
        DataElement(0x00080060, "CS", ("CT",)),
        DataElement(0x00081140, "SQ", (DataSet((DataElement(0x00100010, "PN", (PATIENT,)),)),)),
        DataElement(0x00090010, "LO", ("Vogelbeer",)),
        DataElement(0x00091001, "UN", PATIENT.encode()),
        DataElement(0x00100010, "PN", (PATIENT,)),
        DataElement(0x00100020, "LO", (PATIENT_ID,)),
        DataElement(0x00100030, "DA", ("19560704",)),
        DataElement(0x00280010, "US", ("512",)),
    )
)


@pytest.fixture(autouse=True)
def keys_of_redactions(monkeypatch: pytest.MonkeyPatch) -> None:
    fix_keys(monkeypatch)


def value(name: str, hint: Any) -> Any:
    """Something of a type, with planted text wherever there is room for text."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return value(name, next(a for a in arguments if a is not type(None)))
    if origin is tuple:
        inner = arguments[:1] if arguments[-1:] == (Ellipsis,) else arguments
        return tuple(value(name, a) for a in inner)
    if origin is frozenset:
        return frozenset({value(name, arguments[0])})
    if hint is str:
        return "words" if name in OURS else TEXT
    if hint is Path:
        return Path("/data", PATIENT, f"{PATIENT_ID}.dcm")
    if hint is bytes:
        return TEXT.encode()
    if hint is DataSet:
        return DATA
    if hint in (Limits, Script, TlsSettings, StoreOptions):
        return hint() if hint is not Script else None
    if isinstance(hint, type) and issubclass(hint, Enum):
        return next(iter(hint))
    if is_dataclass(hint):
        return filled(hint)
    return {int: 0 if name == "files" else 7, float: 1.5, bool: True}.get(hint)


def filled(kind: Any) -> Any:
    hints = typing.get_type_hints(kind)
    return kind(**{f.name: value(f.name, hints[f.name]) for f in fields(kind) if f.init and f.name != "places"})


def told(notice: Any, redaction: Redaction | None = None) -> str:
    made = (redaction or Redaction()).notice(notice)
    text = f"{json_line(made)}\n{notice_text(made)}\n{made!r}"
    if isinstance(made, PduNotice) and made.data:
        text += f"\n{made.data!r}\n{explain_pdu(made.data)}"
    if isinstance(made, MessageNotice):
        text += f"\n{made.command_bytes!r}\n{explain_command(made.command_bytes)}"
    return text


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_any_field_is_told(kind: type) -> None:
    notice = filled(kind)
    assert found("the plain notice", repr(notice) + json_line(notice), PLANTED) or kind is PduNotice
    assert not found(kind.__name__, told(notice), PLANTED)


def message(data: Any, command: CommandSet) -> MessageNotice:
    return MessageNotice(
        association=3, operation=4, time=5.0, clock=6.0, direction=Direction.RECEIVED, context_id=1,
        abstract_syntax=CT, transfer_syntax=EXPLICIT, command=command, command_bytes=encode_command(command),
        data=data, data_length=222,
    )  # fmt: skip


COMMAND = CommandSet(
    (
        Element(0x00000000),
        Element(0x00000002, CT),
        Element(0x00000100, 0x8001),
        Element(0x00000120, 12),
        Element(0x00000600, TITLE[:16]),
        Element(0x00000800, 1),
        Element(0x00000900, 0xA700),
        Element(0x00000902, f"No room for {PATIENT}"),
        Element(0x00001000, UID),
        Element(0x00009999, None, PATIENT.encode()),
    )
)


def test_a_message_keeps_its_shape() -> None:
    redaction = Redaction()
    encoded = EncodedData(encode_dataset(DATA, EXPLICIT), EXPLICIT)
    for data in (DATA, encoded):
        notice = message(data, COMMAND)
        assert not found("a message", told(notice, redaction), PLANTED)
        made = notice_to_json(redaction.notice(notice))
        assert made["message"] == "C-STORE-RSP" and made["status"]["hex"] == "A700H"
        assert made["dataset_length"] == 222
        assert list(made["dataset"]) == [f"{e.tag:08X}" for e in DATA]
        assert made["dataset"]["00080060"]["Value"] == ["CT"] and made["dataset"]["00280010"]["Value"] == [512]
        assert "Value" not in made["dataset"]["00100010"]
        assert list(made["dataset"]["00081140"]["Value"][0]) == ["00100010"]
        assert made["command"]["AffectedSOPInstanceUID"] == made["dataset"]["00080018"]["Value"][0]
        assert made["command"]["AffectedSOPInstanceUID"].startswith("2.25.")
        assert made["command"]["MessageIDBeingRespondedTo"] == 12


@pytest.mark.parametrize(
    "data",
    [EncodedData(b"\x10\x00\x10\x00PN\xff\x7f" + PATIENT.encode(), EXPLICIT), FileData(Path(f"/nowhere/{PATIENT}"))],
)
def test_of_a_data_set_that_cannot_be_read_nothing_is_told(data: Any) -> None:
    notice = message(data, COMMAND)
    assert not found("a broken message", told(notice), PLANTED)
    assert "dataset_error" in notice_to_json(Redaction().notice(notice))


def pdu(made: Any, cut: int = 0) -> PduNotice:
    data = encode_pdu(made)
    return PduNotice(
        association=3, time=5.0, clock=6.0, direction=Direction.SENT, type=made.TYPE, data=data[: len(data) - cut],
        size=len(data), state_before="Sta4", event="Evt2", action="AE-2", state_after="Sta5",
    )  # fmt: skip


REQUEST = AssociateRQ(
    called_ae_title=TITLE[:16],
    calling_ae_title="Vogelbeer",
    reserved_2=PATIENT.encode().ljust(32),
    items=(
        UserInformation(
            items=(
                MaximumLength(16384),
                ImplementationVersionName("Vogelbeer 1.0"),
                SopClassExtendedNegotiation(CT, PATIENT.encode()),
                UserIdentityRQ(type=2, primary=b"Vogelbeer", secondary=b"Adelheid"),
                UnknownItem(type=0x99, data=PATIENT.encode()),
            )
        ),
    ),
)


def test_a_pdu_keeps_its_items() -> None:
    redaction = Redaction()
    notice = pdu(REQUEST)
    assert not found("an A-ASSOCIATE-RQ", told(notice, redaction), PLANTED)
    made = notice_to_json(redaction.notice(notice))
    assert made["length"] == notice.size and made["action"] == "AE-2"
    assert made["pdu"]["Called-AE-title"].strip() == "TITLE-1"
    assert made["pdu"]["Variable items"][0]["User-data"][0]["name"] == "Maximum Length Sub-Item"
    data = pdu(PDataTF(pdvs=(Pdv(1, 2, PATIENT.encode()),)))
    assert not found("a P-DATA-TF", told(data, redaction), PLANTED)
    items = notice_to_json(redaction.notice(data))["pdu"]["Presentation-data-value Item(s)"]
    assert items[0]["Presentation-data-value length"] == len(PATIENT)


def test_of_a_pdu_that_is_cut_or_broken_its_type_is_told() -> None:
    broken = pdu(REQUEST)
    broken = PduNotice(
        association=1, time=1.0, clock=1.0, direction=Direction.SENT, type=1, data=broken.data[:90], size=90
    )
    for notice in (pdu(REQUEST, cut=9), broken):
        assert not found("a PDU", told(notice), PLANTED)
        assert notice_to_json(Redaction().notice(notice))["type"] == "A-ASSOCIATE-RQ"


def test_the_same_system_has_the_same_stand_in_everywhere() -> None:
    redaction = Redaction()
    association = AssociationNotice(
        association=3, time=1.0, clock=1.0, phase=AssociationPhase.FAILED, requestor=True,
        peer=Peer(name="Archive of Dr. Vogelbeer", ae_title=TITLE, host=SITE, port=104), outcome=Outcome.REJECTED,
        sentence=f"{TITLE} at {SITE}:104 rejected the association: called AE title not recognized.",
    )  # fmt: skip
    made = redaction.notice(association)
    assert isinstance(made, AssociationNotice)
    assert made.peer == Peer(name="TITLE-1", ae_title="TITLE-1", host="host-1", port=104)
    assert made.sentence == "TITLE-1 at host-1:104 rejected the association: called AE title not recognized."
    error = ErrorNotice(time=1.0, sentence=f"{SITE}:104 does not answer; “{TITLE}” is unknown to {SITE}.")
    assert redaction.notice(error).sentence == "host-1:104 does not answer; “TITLE-1” is unknown to host-1."  # type: ignore[union-attr]
    other = Redaction()
    assert other.stand_ins.uid(UID) != redaction.stand_ins.uid(UID) == redaction.stand_ins.uid(f"{UID}\0")
    assert redaction.stand_ins.uid(CT) == CT


def test_the_errors_of_peers_and_the_evidence_of_findings_are_not_told() -> None:
    redaction = Redaction()
    status = StatusNotice(
        operation=1, association=1, time=1.0, clock=1.0, outcome=Outcome.FAILURE, service="C-STORE", status=0xA700,
        sentence="C-STORE CT Image Storage: A700H Refused: out of resources, no room for will",
        error_comment="no room for will",
    )  # fmt: skip
    made = redaction.notice(status)
    assert isinstance(made, StatusNotice)
    assert "will" not in made.sentence and made.sentence.startswith("C-STORE CT Image Storage: A700H Refused")
    finding = FindingNotice(
        association=1, time=1.0, direction=Direction.RECEIVED, rule="command.value", severity="error",
        sentence="Error Comment (0000,0902) is no room for will", clause="PS3.5 6.2",
        evidence=Evidence(text="will = 42", start=12, end=20),
    )  # fmt: skip
    told_finding = redaction.notice(finding)
    assert isinstance(told_finding, FindingNotice)
    assert told_finding.sentence == "Not as it should be: The value fits the VR, at (0000,0902)."
    assert told_finding.evidence == Evidence(start=12, end=20)


def test_what_a_peer_says_of_a_file_is_not_told() -> None:
    made = Redaction().sentence("0124H Refused: Not authorized — not for patient 42 of will")
    assert made == "0124H Refused: Not authorized — (left out)"


def test_a_name_of_ordinary_words_is_not_told_once_it_was_seen() -> None:
    redaction = Redaction()
    redaction.notice(
        message(
            DataSet((DataElement(0x00100010, "PN", ("will^set",)), DataElement(0x00100020, "LO", ("42",)))), COMMAND
        )
    )
    made = redaction.sentence("The set of will and 42 is not stored in 3 files")
    assert made == "The … of … and … is not stored in 3 files"
