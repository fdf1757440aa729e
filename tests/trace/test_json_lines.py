"""The JSON lines: every kind of notice keeps to the documented schema, and no secret is in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.conformance.watcher import Watcher
from engine.model.association import (
    AsyncWindow,
    CommonExtendedNegotiation,
    ExtendedNegotiation,
    LocalAE,
    Negotiated,
    NegotiatedContext,
    Peer,
    Proposal,
    ProposedContext,
    Role,
    UserIdentity,
)
from engine.model.command_set import CommandSet, Element
from engine.model.dataset import DataElement, DataSet, EncodedData
from engine.model.faults import Phase
from engine.model.notices import (
    AssociationNotice,
    AssociationPhase,
    Direction,
    EngineNotice,
    ErrorNotice,
    Evidence,
    FindingNotice,
    ListenerNotice,
    MessageNotice,
    Outcome,
    PduNotice,
    ProgressNotice,
    ReferencesNotice,
    ScriptNotice,
    StatusNotice,
    StepNotice,
    StepState,
    StoredNotice,
    StorePlanNotice,
)
from engine.model.references import Found, Reference
from engine.model.storing import FileResult, FileState, PlannedAssociation, PlannedFile, StorePlan
from engine.model.tls import TlsSettings
from engine.protocol.negotiation import propose
from engine.standard.pdus import (
    AbortPdu,
    AssociateAC,
    AssociateRJ,
    PDataTF,
    Pdv,
    PresentationContextAC,
    TransferSyntax,
    UnknownItem,
    UserIdentityAC,
    UserInformation,
)
from engine.trace.association_text import association_text, notices_text
from engine.trace.json_lines import json_line, notice_to_json
from engine.trace.json_pdu import HIDDEN, pdu_json
from engine.trace.plain_text import contexts_table, notice_text, seconds_text, table
from engine.trace.redaction.pdus import pdu as redacted_pdu
from engine.trace.redaction.stand_ins import StandIns
from engine.wire.commands import encode_command
from engine.wire.pdus import MOST_ITEMS, encode_pdu

VERIFICATION, CT = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
SECRET = b"s3cret-passcode"
KINDS = {
    "association",
    "pdu",
    "message",
    "status",
    "finding",
    "progress",
    "step",
    "engine",
    "error",
    "plan",
    "references",
    "script",
    "stored",
}

PROPOSAL = Proposal(
    local=LocalAE(ae_title="ME"),
    peer=Peer(name="Archive", ae_title="PACS", host="192.0.2.7", port=104),
    contexts=(
        ProposedContext(1, VERIFICATION, (EXPLICIT, "1.2.840.10008.1.2")),
        ProposedContext(3, CT, (EXPLICIT,), Role.BOTH),
    ),
    async_window=AsyncWindow(5, 0),
    user_identity=UserIdentity(2, b"jane-the-user", SECRET, True),
    extended=(ExtendedNegotiation(CT, b"\2\0"),),
    common_extended=(CommonExtendedNegotiation(CT, "1.2.840.10008.4.2", ("1.2.3",)),),
    tls=TlsSettings(passphrase=SECRET.decode()),
)
NEGOTIATED = Negotiated(
    contexts=(
        NegotiatedContext(
            id=1,
            abstract_syntax=VERIFICATION,
            proposed=(EXPLICIT,),
            result=0,
            transfer_syntax=EXPLICIT,
            requestor_scu=True,
            reason="Accepted with Explicit VR Little Endian.",
        ),
        NegotiatedContext(id=3, abstract_syntax=CT, proposed=(EXPLICIT,), result=3, reason="Refused: no."),
        NegotiatedContext(id=5, abstract_syntax="1.2.3", proposed=(EXPLICIT,), result=-1, reason="Not mentioned."),
    ),
    calling_ae_title="ME",
    called_ae_title="PACS",
    send_maximum=0,
    receive_maximum=131072,
    peer_implementation_class_uid="1.2.3.4",
    peer_implementation_version_name="PEER_1",
    user_identity_response=SECRET,
)
AT: dict[str, Any] = {"association": 7, "time": 1_700_000_000.5, "clock": 3.0}


def association(phase: AssociationPhase, **more: Any) -> AssociationNotice:
    return AssociationNotice(
        **AT, phase=phase, requestor=True, peer=PROPOSAL.peer, sentence="A sentence.", proposal=PROPOSAL, **more
    )


def pdu(data: bytes, direction: Direction = Direction.SENT, **more: Any) -> PduNotice:
    return PduNotice(**AT, direction=direction, type=data[0], data=data, size=more.pop("size", len(data)), **more)


AC = AssociateAC(
    items=(
        PresentationContextAC(id=1, items=(TransferSyntax(name=EXPLICIT),)),
        UserInformation(items=(UserIdentityAC(server_response=SECRET), UnknownItem(0x60, b"ab"))),
    )
)
FIND_RSP = CommandSet.of(
    AffectedSOPClassUID="1.2.840.10008.5.1.4.1.2.2.1",
    CommandField=0x8020,
    MessageIDBeingRespondedTo=4,
    CommandDataSetType=0x0101,
    Status=0xA700,
    ErrorComment="full",
    OffendingElement=(0x00100010, 0x00100020),
)
IDENTIFIER = DataSet((DataElement(0x00080052, "CS", ("STUDY",)), DataElement(0x00100010, "PN", ("Doe^Jane",))))
STATUS = StatusNotice(
    operation=9, association=7, time=1.0, clock=1.0, outcome=Outcome.FAILURE, service="C-FIND",
    sop_class_uid="1.2.840.10008.5.1.4.1.2.2.1", message_id=4, status=0xA700, sentence="C-FIND failed.",
    error_comment="full", offending_elements=(0x00100010,), duration=0.1234567, completed=1, failed=2,
)  # fmt: skip

NOTICES = [
    association(AssociationPhase.CONNECTING),
    association(AssociationPhase.ESTABLISHED, negotiated=NEGOTIATED),
    association(AssociationPhase.REJECTED, rejection=(1, 1, 7), outcome=Outcome.REJECTED, duration=0.5),
    association(AssociationPhase.ABORTED, abort=(2, 1), outcome=Outcome.ABORTED),
    pdu(encode_pdu(propose(PROPOSAL)), state_before="Sta4", event="Evt2", action="AE-2", state_after="Sta5"),
    pdu(encode_pdu(AC), Direction.RECEIVED),
    pdu(encode_pdu(AssociateRJ(result=2, source=3, reason=2)), Direction.RECEIVED),
    pdu(encode_pdu(AbortPdu(source=2, reason=6))),
    pdu(encode_pdu(PDataTF(pdvs=(Pdv(1, 3, b"ab"),)))),
    pdu(encode_pdu(PDataTF(pdvs=(Pdv(1, 3, b"ab"),)))[:9], size=5000),
    pdu(b"\x99\0\0\0\0\0"),
    pdu(b"\1\0\0\0\0\2" + SECRET[:2]),
    MessageNotice(
        **AT, operation=9, direction=Direction.RECEIVED, context_id=1, abstract_syntax=VERIFICATION,
        transfer_syntax=EXPLICIT, command=FIND_RSP, data=IDENTIFIER, data_length=20, duration=0.25,
    ),
    MessageNotice(
        **AT, operation=None, direction=Direction.RECEIVED, context_id=9, abstract_syntax="", transfer_syntax="",
        command=CommandSet((Element(0x100, b"\1", b"\1"), Element(0x110, 1), Element(0x110, 2))), unsolicited=True,
    ),
    STATUS,
    ProgressNotice(operation=9, association=7, time=1.0, done=3, total=None, failed=1, sentence="a.dcm"),
    StorePlanNotice(operation=9, time=1.0, plan=StorePlan(
        (PlannedFile(number=0, path=Path("a.dcm"), sop_class_uid=CT, transfer_syntax=EXPLICIT, length=12,
                     association=1, contexts=(3,)),
         PlannedFile(number=1, path=Path("b"), state=FileState.CANNOT_GO, why="It is empty.")),
        (PlannedAssociation(PROPOSAL.contexts, (0,)),),
    )),
    ReferencesNotice(operation=9, time=1.0, found=Found(
        (Reference(sop_class_uid=CT, sop_instance_uid="1.2", source="a.dcm"),), ("b: it is empty.",),
    )),
    StoredNotice(operation=9, association=7, time=1.0, results=(
        FileResult(number=0, path=Path("a.dcm"), state=FileState.FAILED, status=0xA700, sentence="Full.",
                   association=7, context_id=3, transfer_syntax=EXPLICIT),
        FileResult(number=1, path=Path("b"), state=FileState.CANNOT_GO, sentence="It is empty."),
    )),
    StepNotice(operation=9, association=7, time=1.0, step=0, name="Film session", state=StepState.PLANNED),
    StepNotice(operation=9, association=7, time=1.0, step=1, name="Film box", state=StepState.FAILED, sentence="No.",
               service="N-CREATE", message_id=2, status=0x0110, sop_class_uid=CT, sop_instance_uid="1.2", duration=0.1),
    FindingNotice(association=7, time=1.0, direction=Direction.SENT, rule="command.vr", severity="error",
                  sentence="No.", clause="PS3.7 E.1", evidence=Evidence(text="x", start=1, end=2)),
    ListenerNotice(listener=3, time=1.0, listening=True, host="127.0.0.1", port=11112, ae_title="ME",
                   sentence="Listening."),
    ScriptNotice(association=7, time=1.0, rule=0, title="Late", phase=Phase.RESPONSE, service="C-ECHO",
                 faults=("delay",), script="Slow"),
    EngineNotice(time=1.0, answers=False, seconds=5.1, sentence="It does not.", report="at a.py:1 f"),
    ErrorNotice(time=0.0, sentence="Something."),
]  # fmt: skip

TYPES = {"s": str, "i": int, "f": float, "b": bool, "d": dict, "l": list}
SCHEMA: dict[str, dict[str, str]] = {
    # letters: the types a value may have; "?" allows null
    "association": {
        "time": "s", "association": "i", "phase": "s", "role": "s", "peer": "d", "sentence": "s", "proposed": "d?",
        "negotiated": "d?", "rejection": "d?", "abort": "d?", "outcome": "s?", "duration": "f?", "listener": "i?",
        "tls": "d?", "cause": "s?",
    },
    "pdu": {
        "time": "s", "association": "i", "direction": "s", "type": "s", "length": "i", "state_before": "s",
        "event": "s", "action": "s", "state_after": "s", "pdu": "d",
    },
    "message": {
        "time": "s", "association": "i", "operation": "i?", "direction": "s", "message": "s", "context_id": "i",
        "abstract_syntax": "d?", "transfer_syntax": "d?", "command": "d", "status": "d?", "duration": "f?",
        "unsolicited": "b", "within": "i?", "dataset_length": "i", "dataset": "d?",
    },
    "status": {
        "time": "s", "operation": "i", "association": "i", "outcome": "s", "service": "s", "sop_class": "d?",
        "message_id": "i?", "status": "d?", "sentence": "s", "error_comment": "s", "offending_elements": "l",
        "error_id": "i?",
        "duration": "f", "sub_operations": "d?", "responses": "i", "unfinished": "l",
        "verdict": "s", "received": "i?", "failed_instances": "l",
    },
    "progress": {
        "time": "s", "operation": "i?", "association": "i?", "done": "i", "total": "i?", "failed": "i", "warning": "i",
        "bytes": "i", "sentence": "s", "listener": "d?",
    },
    "step": {
        "time": "s", "operation": "i", "association": "i", "step": "i", "name": "s", "state": "s", "sentence": "s",
        "service": "s", "message_id": "i?", "status": "d?", "sop_class": "d?", "sop_instance": "d?", "duration": "f?",
    },
    "finding": {
        "time": "s", "association": "i", "operation": "i?", "direction": "s", "severity": "s", "rule": "s",
        "sentence": "s", "clause": "s", "evidence": "d", "waived": "s?",
    },
    "plan": {
        "time": "s", "association": "i?", "operation": "i", "sentence": "s", "associations": "l", "files": "l",
    },
    "references": {"time": "s", "association": "i?", "operation": "i", "instances": "l", "problems": "l"},
    "stored": {"time": "s", "association": "i?", "operation": "i", "files": "l"},
    "script": {
        "time": "s", "association": "i", "script": "s", "rule": "i", "title": "s", "phase": "s", "service": "s",
        "faults": "l", "sentence": "s",
    },
    "engine": {"time": "s", "answers": "b", "duration": "f", "sentence": "s", "report": "s"},
    "error": {"time": "s?", "association": "i?", "operation": "i?", "sentence": "s"},
}  # fmt: skip


@pytest.mark.parametrize("notice", NOTICES, ids=lambda n: type(n).__name__)
def test_every_notice_keeps_to_the_schema(notice: Any) -> None:
    line = json_line(notice)
    assert "\n" not in line
    found = json.loads(line)
    assert found["kind"] in KINDS
    schema = SCHEMA[found["kind"]]
    assert set(found) - {"dataset_file", "dataset_error"} == {"kind", *schema}
    for key, letters in schema.items():
        value = found[key]
        if value is None:
            assert letters.endswith("?"), key
        else:
            assert isinstance(value, TYPES[letters[0]]), key
            assert not (isinstance(value, bool) and letters[0] == "i"), key


def test_every_kind_is_documented_with_every_key() -> None:
    text = (Path(__file__).parents[2] / "resources" / "docs" / "json-lines.md").read_text(encoding="utf-8")
    for kind, keys in SCHEMA.items():
        assert f"## {kind}" in text
        section = text.split(f"## {kind}", 1)[1].split("\n## ", 1)[0]
        common = text.split("\n## ", 1)[0]
        for key in keys:
            assert f"`{key}`" in section or f"`{key}`" in common, (kind, key)


@pytest.mark.parametrize("notice", NOTICES, ids=lambda n: type(n).__name__)
def test_no_secret_is_in_any_form(notice: Any) -> None:
    for secret in (SECRET, b"jane-the-user", SECRET[:2]):
        assert secret.hex() not in json_line(notice) or secret == SECRET[:2]
        assert len(secret) < 3 or secret.decode() not in json_line(notice) + notice_text(notice)


def test_pdus_have_the_field_names_of_the_standard() -> None:
    rq = notice_to_json(NOTICES[4])["pdu"]
    assert rq["PDU-type"] == "01H"
    assert rq["name"] == "A-ASSOCIATE-RQ"
    assert rq["Called-AE-title"].strip() == "PACS"
    assert rq["Protocol-version"] == 1
    context = next(i for i in rq["Variable items"] if i["Item-type"] == "20H")
    assert context["Presentation-context-ID"] == 1
    syntax = context["Abstract/Transfer Syntax Sub-Items"][0]
    assert syntax["Abstract-syntax-name"] == VERIFICATION
    assert syntax["Abstract-syntax-name meaning"] == "Verification SOP Class"
    (user,) = [i for i in rq["Variable items"] if i["Item-type"] == "50H"]
    (identity,) = [i for i in user["User-data"] if i["Item-type"] == "58H"]
    assert identity["Primary-field"] == identity["Secondary-field"] == HIDDEN
    assert identity["User-Identity-Type"] == 2
    ac = notice_to_json(NOTICES[5])["pdu"]
    (answer,) = [i for i in ac["Variable items"] if i["Item-type"] == "21H"]
    assert answer["Result/Reason meaning"] == "acceptance"
    unknown = ac["Variable items"][-1]["User-data"][-1]
    assert (unknown["Item-type"], unknown["data"]) == ("60H", b"ab".hex())
    rj = notice_to_json(NOTICES[6])["pdu"]
    assert rj["Reason/Diag. meaning"] == "local-limit-exceeded"
    pdv = notice_to_json(NOTICES[8])["pdu"]["Presentation-data-value Item(s)"][0]
    assert pdv["Presentation-context-ID"] == 1
    assert pdv["Presentation-data-value length"] == 2


def test_what_cannot_be_read_says_why_and_shows_no_secret() -> None:
    unknown = notice_to_json(NOTICES[10])["pdu"]
    assert "99H" in unknown["error"]
    assert unknown["bytes"] == "990000000000"
    short = notice_to_json(NOTICES[11])["pdu"]
    assert short["error"]
    assert "bytes" not in short


@pytest.mark.parametrize("nested", [False, True], ids=["items", "sub-items"])
def test_how_many_items_are_left_out_is_told(nested: bool) -> None:
    """There is an end to those that are decoded."""
    many = b"\x99\0\0\0" * 10_000
    items = (b"\x50\0" + len(many).to_bytes(2, "big") + many) * 2 if nested else many * 2
    content = b"\0\1\0\0" + b"A".ljust(32) + bytes(32) + items
    sent = b"\1\0" + len(content).to_bytes(4, "big") + content
    told = pdu_json(sent, 1)
    last = told["Variable items"][-1] if nested else told
    assert last["items left out"] == 20_000 + 2 * nested - MOST_ITEMS
    assert "items left out" not in told["Variable items"][0]
    redacted = pdu_json(redacted_pdu(sent, len(sent), StandIns()), 1)
    last_redacted = redacted["Variable items"][-1] if nested else redacted
    assert last_redacted["items left out"] == last["items left out"]
    watched = Watcher(requestor=False).pdu(Direction.RECEIVED, (sent,))
    assert f"{4 * last['items left out']} bytes of" in " ".join(v.finding.sentence for v in watched)


def test_messages_have_their_command_set_by_keyword_and_their_status_in_words() -> None:
    found = notice_to_json(NOTICES[12])
    assert found["message"] == "C-FIND-RSP"
    assert found["command"]["MessageIDBeingRespondedTo"] == 4
    assert found["command"]["OffendingElement"] == ["00100010", "00100020"]
    assert found["status"]["hex"] == "A700H"
    assert found["status"]["class"] == "failure"
    assert "resources" in found["status"]["meaning"].lower()
    odd = notice_to_json(NOTICES[13])
    assert odd["command"]["CommandField"] == {"hex": "01"}
    assert odd["command"]["MessageID"] == 1
    assert odd["command"]["repeated"] == {"MessageID": [2]}
    assert odd["unsolicited"] is True


def test_the_ticket_text_tells_the_negotiation() -> None:
    text = association_text(PROPOSAL, NEGOTIATED)
    for part in (
        "Calling Application Name:           ME",
        "Called Application Name:            PACS",
        "Context ID:        1 (Proposed)",
        "=Verification SOP Class (1.2.840.10008.1.1)",
        "Proposed SCP/SCU Role: SCP/SCU",
        "Their Implementation Version Name:  PEER_1",
        "Context ID:        1 (Accepted)",
        "Accepted Transfer Syntax: =Explicit VR Little Endian",
        "(abstract-syntax-not-supported (provider rejection))",
        "0 (unlimited)",
        "not shown",
    ):
        assert part in text, part
    assert "jane" not in text and SECRET.decode() not in text
    rejected = notices_text([association(AssociationPhase.REJECTED, rejection=(1, 1, 7))])
    assert rejected.startswith("Association to 192.0.2.7:104, rejected")
    assert "called-AE-title-not-recognized" in rejected
    assert notices_text([]) == ""


def test_plain_text_is_aligned_and_short() -> None:
    lines = contexts_table(NEGOTIATED).splitlines()
    assert lines[0].startswith("ID  Abstract syntax")
    assert "Verification SOP Class" in lines[2]
    assert "not answered" in lines[4]
    assert table(("a",), []) == ""
    assert [seconds_text(s) for s in (0.00085, 0.0042, 1.34)] == ["850 µs", "4.2 ms", "1.3 s"]
    assert "Sub-operations: 1 completed, 2 failed" in notice_text(STATUS)
    assert "(0010,0010)" in notice_text(STATUS)


def test_encoded_data_sets_become_dicom_json() -> None:
    command = encode_command(FIND_RSP)
    data = b"\x10\x00\x10\x00PN\x08\x00Doe^Jane"
    notice = MessageNotice(
        **AT, operation=9, direction=Direction.RECEIVED, context_id=1, abstract_syntax=VERIFICATION,
        transfer_syntax=EXPLICIT, command=FIND_RSP, command_bytes=command, data=EncodedData(data, EXPLICIT),
    )  # fmt: skip
    assert notice_to_json(notice)["dataset"] == {"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe^Jane"}]}}
    broken = MessageNotice(
        **AT, operation=9, direction=Direction.RECEIVED, context_id=1, abstract_syntax=VERIFICATION,
        transfer_syntax=EXPLICIT, command=FIND_RSP, data=EncodedData(data[:9], EXPLICIT),
    )  # fmt: skip
    found = notice_to_json(broken)
    assert found["dataset"] is not None or found["dataset_error"]
