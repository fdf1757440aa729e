"""Traffic that is legal but seldom seen: nothing is found in it. And what is easily overlooked: it is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.model.command_set import CommandSet
from engine.model.dataset import DataElement, DataSet
from engine.protocol.negotiation import outcome
from engine.standard.pdus import (
    AssociateAC,
    AssociateRQ,
    MaximumLength,
    PDataTF,
    Pdv,
    RoleSelection,
    UserInformation,
)
from tests.conformance.talk import (
    COMMITMENT,
    COMMITMENT_INSTANCE,
    CT,
    ECHO,
    ECHOED,
    FILM_SESSION,
    MPPS,
    PRINT,
    STUDY_FIND,
    STUDY_MOVE,
    UPS_PULL,
    UPS_PUSH,
    VERIFICATION,
    Talk,
    command,
    data_set,
)

PRINTER, PRINTER_INSTANCE = "1.2.840.10008.5.1.1.16", "1.2.840.10008.5.1.1.17"
STORE = command("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID="1.2.3", Priority=0)
STORED = command("C-STORE-RSP", AffectedSOPClassUID=CT, AffectedSOPInstanceUID="1.2.3")
INSTANCE = data_set(SOPClassUID=CT, SOPInstanceUID="1.2.3")
FIND = command("C-FIND-RQ", AffectedSOPClassUID=STUDY_FIND, Priority=0)
KEYS = data_set(QueryRetrieveLevel="STUDY", PatientName="", StudyInstanceUID="")
MATCH = data_set(
    SpecificCharacterSet="ISO_IR 100",
    QueryRetrieveLevel="STUDY",
    RetrieveAETitle="X",
    InstanceAvailability="ONLINE",
    PatientName="a",
    StudyInstanceUID="1.2",
)
MOVE = command("C-MOVE-RQ", AffectedSOPClassUID=STUDY_MOVE, Priority=0, MoveDestination="X")
STUDY = data_set(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2")
CANCEL = CommandSet.of(CommandField=0x0FFF, MessageIDBeingRespondedTo=1, CommandDataSetType=0x0101)
IN_PROGRESS = data_set(PerformedProcedureStepStatus="IN PROGRESS")
CREATE = command("N-CREATE-RQ", AffectedSOPClassUID=MPPS)
OF_UPS = {"RequestedSOPClassUID": UPS_PUSH, "RequestedSOPInstanceUID": "1.2.3"}
OF_AN_UPS = {"AffectedSOPClassUID": UPS_PUSH, "AffectedSOPInstanceUID": "1.2.3"}
Script = Callable[[Talk], object]


def one_pdu(t: Talk) -> None:
    """Command set and data set in one P-DATA-TF."""
    t.requests(PDataTF(pdvs=tuple(t.pdvs(STORE, INSTANCE))))
    t.answer(STORED)


def crumbs(t: Talk) -> None:
    """A command set in fragments of two bytes, two of them to a PDU."""
    (whole,) = t.pdvs(ECHO)
    pieces = [whole.fragment[i : i + 2] for i in range(0, len(whole.fragment), 2)]
    pdvs = [replace(whole, control=1, fragment=piece) for piece in pieces]
    pdvs[-1] = replace(pdvs[-1], control=3)
    for pdv in pdvs:
        t.requests(PDataTF(pdvs=(pdv,)))
    t.answer(ECHOED)


def mixed(t: Talk) -> None:
    """The end of the command set and the beginning of the data set share a PDU; the rest follows."""
    head, body = t.pdvs(STORE, INSTANCE)
    t.requests(PDataTF(pdvs=(head, replace(body, control=0, fragment=body.fragment[:8]))))
    t.requests(PDataTF(pdvs=(replace(body, fragment=body.fragment[8:]),)))
    t.answer(STORED)


def bare_responses(t: Talk) -> None:
    """Nothing but what a response must have."""
    t.ask(ECHO)
    t.answer(command("C-ECHO-RSP"))
    t.ask(STORE.with_values(MessageID=2), INSTANCE)
    t.answer(command("C-STORE-RSP", MessageIDBeingRespondedTo=2, Status=0x0124), None, CT)
    t.ask(FIND.with_values(MessageID=3), KEYS)
    t.answer(command("C-FIND-RSP", MessageIDBeingRespondedTo=3), None, STUDY_FIND)


def talkative_responses(t: Talk) -> None:
    """Everything the statuses allow besides."""
    t.ask(STORE, INSTANCE)
    t.answer(STORED.with_values(Status=0xB000, ErrorComment="coerced", OffendingElement=(0x00100010, 0x00100020)))
    t.ask(FIND.with_values(MessageID=2), KEYS)
    t.answer(command("C-FIND-RSP", MessageIDBeingRespondedTo=2, Status=0xC001, ErrorComment="no"), None, STUDY_FIND)
    t.ask(CREATE.with_values(AffectedSOPInstanceUID="1.2.9", MessageID=3), IN_PROGRESS)
    refused = {"AffectedSOPInstanceUID": "1.2.9", "Status": 0x0110, "ErrorID": 0xA710, "ErrorComment": "busy"}
    t.answer(command("N-CREATE-RSP", AffectedSOPClassUID=MPPS, MessageIDBeingRespondedTo=3, **refused))


def assigned(t: Talk) -> None:
    """N-CREATE leaves the SOP Instance UID to the other side."""
    t.ask(CREATE, IN_PROGRESS)
    t.answer(command("N-CREATE-RSP", AffectedSOPClassUID=MPPS, AffectedSOPInstanceUID="1.2.9"))


def duplicate(t: Talk) -> None:
    t.ask(CREATE.with_values(AffectedSOPInstanceUID="1.2.9"), IN_PROGRESS)
    t.answer(command("N-CREATE-RSP", AffectedSOPClassUID=MPPS, AffectedSOPInstanceUID="1.2.9", Status=0x0111))


def poor_matches(t: Talk) -> None:
    """Optional keys are not supported (FF01H), nothing matches, or the query is refused."""
    t.ask(FIND, KEYS)
    t.answer(command("C-FIND-RSP", AffectedSOPClassUID=STUDY_FIND, Status=0xFF01), MATCH)
    t.answer(command("C-FIND-RSP", AffectedSOPClassUID=STUDY_FIND))
    t.ask(FIND.with_values(MessageID=2), KEYS)
    t.answer(command("C-FIND-RSP", AffectedSOPClassUID=STUDY_FIND, MessageIDBeingRespondedTo=2, Status=0xA700))


def cancelled(t: Talk) -> None:
    """Matches already on their way still come after the C-CANCEL-RQ."""
    t.ask(FIND, KEYS)
    t.ask(CANCEL, context=STUDY_FIND)
    t.answer(command("C-FIND-RSP", AffectedSOPClassUID=STUDY_FIND, Status=0xFF00), MATCH)
    t.answer(command("C-FIND-RSP", AffectedSOPClassUID=STUDY_FIND, Status=0xFE00))


def silent_move(t: Talk) -> None:
    """A C-MOVE without any pending response; another that fails at once."""
    t.ask(MOVE, data_set(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2\\1.3"))
    counts = {"NumberOfCompletedSuboperations": 0, "NumberOfFailedSuboperations": 0, "NumberOfWarningSuboperations": 0}
    t.answer(command("C-MOVE-RSP", AffectedSOPClassUID=STUDY_MOVE, **counts))
    t.ask(MOVE.with_values(MessageID=2), STUDY)
    refused = command("C-MOVE-RSP", AffectedSOPClassUID=STUDY_MOVE, MessageIDBeingRespondedTo=2, Status=0xA801)
    t.answer(refused.with_values(ErrorComment="who?"))


def steps_of_all_classes(t: Talk) -> None:
    """UPS messages carry the Push class whatever the context's."""
    claim = data_set(TransactionUID="1.2.5", ProcedureStepState="IN PROGRESS")
    t.ask(command("N-ACTION-RQ", ActionTypeID=1, **OF_UPS), claim, UPS_PULL)
    t.answer(command("N-ACTION-RSP", ActionTypeID=1, **OF_AN_UPS), None, UPS_PULL)
    t.ask(command("N-SET-RQ", MessageID=2, **OF_UPS), data_set(TransactionUID="1.2.5"), UPS_PULL)
    t.answer(command("N-SET-RSP", MessageIDBeingRespondedTo=2, Status=0xB305), None, UPS_PULL)
    t.ask(command("N-GET-RQ", MessageID=3, AttributeIdentifierList=(0x00741000, 0x00404041), **OF_UPS), None, UPS_PUSH)
    lacking = command("N-GET-RSP", MessageIDBeingRespondedTo=3, Status=1, **OF_AN_UPS)
    t.answer(lacking, data_set(ProcedureStepState="SCHEDULED"), UPS_PUSH)
    event = command("N-EVENT-REPORT-RQ", EventTypeID=1, **OF_AN_UPS)
    t.answer(event, data_set(ProcedureStepState="IN PROGRESS"), UPS_PULL)
    t.ask(command("N-EVENT-REPORT-RSP"), None, UPS_PULL)


def members_of_a_meta_class(t: Talk) -> None:
    """Film session and printer on the print management meta SOP class's context."""
    t.ask(command("N-CREATE-RQ", AffectedSOPClassUID=FILM_SESSION))
    t.answer(command("N-CREATE-RSP", AffectedSOPClassUID=FILM_SESSION, AffectedSOPInstanceUID="1.2.1", Status=0xB600))
    asked = {"RequestedSOPClassUID": PRINTER, "RequestedSOPInstanceUID": PRINTER_INSTANCE}
    told = {"AffectedSOPClassUID": PRINTER, "AffectedSOPInstanceUID": PRINTER_INSTANCE}
    t.ask(command("N-GET-RQ", MessageID=2, **asked), None, PRINT)
    normal = command("N-GET-RSP", MessageIDBeingRespondedTo=2, **told)
    t.answer(normal, data_set(PrinterStatus="NORMAL"), PRINT)
    t.answer(command("N-EVENT-REPORT-RQ", EventTypeID=2, **told), data_set(PrinterName="x"), PRINT)
    t.ask(command("N-EVENT-REPORT-RSP", EventTypeID=2), None, PRINT)


def report_before_the_answer(t: Talk) -> None:
    """The commitment's N-EVENT-REPORT overtakes the response to its N-ACTION."""
    listed = [data_set(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID="1.2.3")]
    data = data_set(TransactionUID="1.2.7", ReferencedSOPSequence=listed)
    where = {"RequestedSOPClassUID": COMMITMENT, "RequestedSOPInstanceUID": COMMITMENT_INSTANCE}
    told = {"AffectedSOPClassUID": COMMITMENT, "AffectedSOPInstanceUID": COMMITMENT_INSTANCE}
    t.ask(command("N-ACTION-RQ", ActionTypeID=1, **where), data)
    t.answer(command("N-EVENT-REPORT-RQ", EventTypeID=1, MessageID=1, **told), data)
    t.ask(command("N-EVENT-REPORT-RSP"), None, COMMITMENT)
    t.answer(command("N-ACTION-RSP", **told))


QUIET: dict[str, Script] = {
    f.__name__: f
    for f in (
        one_pdu, crumbs, mixed, bare_responses, talkative_responses, assigned, duplicate, poor_matches, cancelled,
        silent_move, steps_of_all_classes, members_of_a_meta_class, report_before_the_answer,
    )
}  # fmt: skip


@pytest.mark.parametrize("script", QUIET)
def test_nothing_is_found_in_what_is_only_unusual(script: str) -> None:
    talk = Talk()
    QUIET[script](talk)
    talk.release()
    assert [f"{v.finding.rule}: {v.finding.sentence}" for v in talk.verdicts] == []


def _unlimited(pdu: AssociateRQ | AssociateAC) -> AssociateRQ | AssociateAC:
    user = pdu.items[-1]
    assert isinstance(user, UserInformation)
    return replace(
        pdu, items=(*pdu.items[:-1], UserInformation(items=(MaximumLength(maximum_length_received=0), *user.items[1:])))
    )


def test_a_maximum_length_of_0_limits_nothing() -> None:
    t = Talk(established=False)
    rq, ac = _unlimited(t.rq), _unlimited(t.ac)
    t.requests(rq)
    t.answers(ac)
    assert isinstance(rq, AssociateRQ) and isinstance(ac, AssociateAC)
    t.watcher.established(outcome(rq, ac))
    pixels = DataElement(0x7FE00010, "OW", bytes(1_000_000))
    t.ask(STORE, DataSet((*INSTANCE, pixels)))
    t.answer(STORED)
    t.release()
    assert t.found == []


@pytest.mark.parametrize("answer", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_any_answer_to_both_roles_is_right(answer: tuple[int, int]) -> None:
    t = Talk(RoleSelection(sop_class_uid=CT, scu_role=1, scp_role=1), established=False)
    user = t.ac.items[-1]
    assert isinstance(user, UserInformation)
    role = RoleSelection(sop_class_uid=CT, scu_role=answer[0], scp_role=answer[1])
    items = tuple(role if isinstance(i, RoleSelection) else i for i in user.items)
    t.requests(t.rq)
    t.answers(replace(t.ac, items=(*t.ac.items[:-1], UserInformation(items=items))))
    assert t.found == []


def test_a_release_collision_in_the_right_order() -> None:
    t = Talk()
    t.ask(ECHO)
    t.answer(ECHOED)
    for by_requestor, kind in ((True, 5), (False, 5), (True, 6), (False, 6)):
        t.pass_by(by_requestor, bytes((kind, 0, 0, 0, 0, 4, 0, 0, 0, 0)))
    assert t.found == []


# -- what is easily overlooked ------------------------------------------------------------------------------------


def test_two_messages_do_not_share_a_pdu() -> None:
    t = Talk()
    second = command("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION, MessageID=2)
    t.requests(PDataTF(pdvs=tuple(t.pdvs(ECHO) + t.pdvs(second))))
    assert t.found == ["pdata.one-message", "exchange.window"]


def test_a_step_is_not_addressed_by_the_class_of_its_context() -> None:
    t = Talk()
    claim = data_set(TransactionUID="1.2.5", ProcedureStepState="IN PROGRESS")
    own = {"RequestedSOPClassUID": UPS_PULL, "RequestedSOPInstanceUID": "1.2.3"}
    t.ask(command("N-ACTION-RQ", ActionTypeID=1, **own), claim, UPS_PULL)
    assert t.found == ["command.sop-class-of-context"]


@pytest.mark.parametrize("key", ["PatientName", "PatientID", "StudyDate"])
def test_without_a_patient_level_the_patient_is_of_the_study(key: str) -> None:
    """PS3.4 C.6.2.1: in the Study Root model they are keys of the STUDY level, and not below it."""
    t = Talk()
    below = {"QueryRetrieveLevel": "SERIES", "StudyInstanceUID": "1.2", "SeriesInstanceUID": ""}
    t.ask(FIND, data_set(**below, **{key: ""}))
    assert t.found == ["query.higher-attribute"]
    t = Talk()
    t.ask(FIND, data_set(QueryRetrieveLevel="STUDY", StudyInstanceUID="", **{key: ""}))
    assert t.found == []


def test_a_command_set_in_another_encoding_is_told_once_and_for_all() -> None:
    t = Talk()
    body = b"".join(
        tag.to_bytes(4, "little")[2:] + tag.to_bytes(4, "little")[:2] + vr + len(v).to_bytes(2, "little") + v
        for tag, vr, v in (
            (0x00020000, b"UI", VERIFICATION.encode() + b"\0"),
            (0x01000000, b"US", b"\x30\0"),
            (0x01100000, b"US", b"\1\0"),
            (0x08000000, b"US", b"\1\1"),
        )
    )
    whole = b"\0\0\0\0UL\4\0" + len(body).to_bytes(4, "little") + body
    t.requests(PDataTF(pdvs=(Pdv(context_id=1, control=3, fragment=whole),)))
    assert [v.finding.rule for v in t.verdicts] == ["command.encoding"]
    assert "Explicit VR" in t.verdicts[0].finding.sentence
