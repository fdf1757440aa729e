"""Every rule of the table, each with a case that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.conformance.association import check_abort, check_accept, check_reject, check_request
from engine.conformance.commands import check_command, check_command_bytes
from engine.conformance.data import check_data
from engine.conformance.findings import Finding
from engine.conformance.pdata import check_pdata
from engine.conformance.rules import RULES
from engine.model.association import APPLICATION_CONTEXT
from engine.model.command_set import CommandSet, Element
from engine.model.dataset import DataSet
from engine.standard.pdus import (
    AbortPdu,
    AbstractSyntax,
    ApplicationContext,
    AssociateAC,
    AssociateRJ,
    AssociateRQ,
    AsyncOperationsWindow,
    ImplementationClassUID,
    ImplementationVersionName,
    Item,
    MalformedItem,
    MaximumLength,
    PDataTF,
    Pdv,
    PresentationContextAC,
    PresentationContextRQ,
    RoleSelection,
    SopClassCommonExtendedNegotiation,
    SopClassExtendedNegotiation,
    TransferSyntax,
    UnknownItem,
    UserIdentityAC,
    UserIdentityRQ,
    UserInformation,
)
from engine.wire.commands import encode_command
from tests.conformance import cases_exchange, cases_pdus, cases_tls, cases_workflow

VERIFICATION = "1.2.840.10008.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
BASIC_TEXT_SR = "1.2.840.10008.5.1.4.1.1.88.11"
STUDY_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
MPPS = "1.2.840.10008.3.1.2.3.3"
PRINTER = "1.2.840.10008.5.1.1.16"
COMMITMENT = "1.2.840.10008.1.20.1"
UPS_PUSH, UPS_PULL = "1.2.840.10008.5.1.4.34.6.1", "1.2.840.10008.5.1.4.34.6.3"
IMPLICIT = "1.2.840.10008.1.2"
JPEG = "1.2.840.10008.1.2.4."
NONE = 0x0101

ECHO = CommandSet.of(AffectedSOPClassUID=VERIFICATION, CommandField=0x0030, MessageID=7, CommandDataSetType=NONE)
ECHOED = CommandSet.of(
    AffectedSOPClassUID=VERIFICATION,
    CommandField=0x8030,
    MessageIDBeingRespondedTo=7,
    CommandDataSetType=NONE,
    Status=0,
)
STORE = CommandSet.of(
    AffectedSOPClassUID=CT,
    CommandField=0x0001,
    MessageID=1,
    Priority=0,
    CommandDataSetType=0,
    AffectedSOPInstanceUID="1.2.3",
)
FIND = CommandSet.of(AffectedSOPClassUID=STUDY_FIND, CommandField=0x20, MessageID=1, Priority=0, CommandDataSetType=0)
FOUND = CommandSet.of(
    AffectedSOPClassUID=STUDY_FIND, CommandField=0x8020, MessageIDBeingRespondedTo=1, CommandDataSetType=NONE, Status=0
)
MOVED = CommandSet.of(
    AffectedSOPClassUID=STUDY_MOVE,
    CommandField=0x8021,
    MessageIDBeingRespondedTo=1,
    CommandDataSetType=NONE,
    Status=0,
    NumberOfCompletedSuboperations=2,
    NumberOfFailedSuboperations=0,
    NumberOfWarningSuboperations=0,
)
CREATE = CommandSet.of(AffectedSOPClassUID=MPPS, CommandField=0x0140, MessageID=1, CommandDataSetType=0)
CREATED = CommandSet.of(
    AffectedSOPClassUID=MPPS,
    CommandField=0x8140,
    MessageIDBeingRespondedTo=1,
    CommandDataSetType=NONE,
    Status=0,
    AffectedSOPInstanceUID="1.2.3",
)
ACTION = CommandSet.of(
    RequestedSOPClassUID=COMMITMENT,
    CommandField=0x0130,
    MessageID=1,
    CommandDataSetType=0,
    RequestedSOPInstanceUID="1.2.840.10008.1.20.1.1",
    ActionTypeID=1,
)
REPORT = CommandSet.of(
    AffectedSOPClassUID=COMMITMENT,
    CommandField=0x0100,
    MessageID=1,
    CommandDataSetType=0,
    AffectedSOPInstanceUID="1.2.840.10008.1.20.1.1",
    EventTypeID=1,
)
GET_PRINTER = CommandSet.of(
    RequestedSOPClassUID=PRINTER,
    CommandField=0x0110,
    MessageID=1,
    CommandDataSetType=NONE,
    RequestedSOPInstanceUID="1.2.840.10008.5.1.1.17",
)
GOOD_COMMANDS = {
    "echo": ECHO,
    "echoed": ECHOED,
    "store": STORE,
    "find": FIND,
    "found": FOUND,
    "moved": MOVED,
    "create": CREATE,
    "created": CREATED,
    "action": ACTION,
    "report": REPORT,
    "get": GET_PRINTER,
}


def raw(command: CommandSet, keyword: str, data: bytes, length: int | None = None) -> CommandSet:
    """A copy with the bytes of one element given."""
    changed = command.with_values(**{keyword: None})
    elements = (replace(e, raw=data, length=length) if e.keyword == keyword else e for e in changed)
    return CommandSet(tuple(elements))


def added(command: CommandSet, *elements: Element) -> CommandSet:
    return CommandSet((*command.elements, *elements))


EXPLICIT_FOUR = int.from_bytes(b"UL\4\0", "little")
INVENTORY_MOVE = CommandSet.of(
    AffectedSOPClassUID="1.2.840.10008.5.1.4.1.1.201.3",
    CommandField=0x0021,
    MessageID=1,
    Priority=0,
    CommandDataSetType=0,
    MoveDestination="CONSOLE",
)

COMMANDS: dict[str, Callable[[], list[Finding]]] = {
    "encoding": lambda: check_command(raw(ECHO, "CommandGroupLength", b"8\0\0\0", EXPLICIT_FOUR)),
    "group-length-first": lambda: check_command(CommandSet(ECHO.elements[1:])),
    "group-length": lambda: check_command(ECHO.with_values(CommandGroupLength=3)),
    "ascending": lambda: check_command(CommandSet((ECHO.elements[0], *reversed(ECHO.elements[1:])))),
    "repeated": lambda: check_command(CommandSet((*ECHO.elements, ECHO.elements[-1]))),
    "group": lambda: check_command(added(ECHO, Element(0x00080016, b"1.2 "))),
    "length": lambda: check_command(raw(ECHO, "MessageID", b"\1\0", 8)),
    "odd-length": lambda: check_command(raw(ECHO, "MessageID", b"\1\0\0")),
    "trailing-bytes": lambda: check_command_bytes(encode_command(ECHO) + b"\0\0\0"),
    "unknown-element": lambda: check_command(added(ECHO, Element(0x00000999, b"??"))),
    "retired-element": lambda: check_command(added(ECHO, Element(0x00005110, "OLD "))),
    "value": lambda: check_command(ECHO.with_values(MessageID=70000)),
    "value-length": lambda: check_command(
        ECHOED.with_values(Status=0x0110, ErrorComment="x" * 65, AffectedSOPClassUID="1.2.3")
    ),
    "values": lambda: check_command(ECHO.with_values(MessageID=(1, 2))),
    "padding": lambda: check_command(raw(STORE, "AffectedSOPInstanceUID", b"1.2.3 ")),
    "uid": lambda: check_command(STORE.with_values(AffectedSOPInstanceUID="1.02")),
    "ae-title": lambda: check_command(STORE.with_values(MoveOriginatorApplicationEntityTitle="A" * 17)),
    "characters": lambda: check_command(ECHOED.with_values(ErrorComment="Ä")),
    "command-field": lambda: check_command(ECHO.without(["CommandField"])),
    "unknown-command-field": lambda: check_command(ECHO.with_values(CommandField=0x1234)),
    "missing-mandatory": lambda: check_command(ECHO.without(["AffectedSOPClassUID"])),
    "empty-mandatory": lambda: check_command(STORE.with_values(Priority=None)),
    "missing-conditional": lambda: check_command(MOVED.with_values(Status=0xFF00)),
    "forbidden-field": lambda: check_command(MOVED.with_values(NumberOfRemainingSuboperations=0)),
    "undefined-field": lambda: check_command(ECHO.with_values(Priority=0)),
    "message-id-in-response": lambda: check_command(ECHOED.with_values(MessageID=7)),
    "allowed-value": lambda: check_command(STORE.with_values(Priority=3)),
    "data-set-announced": lambda: check_command(STORE.with_values(CommandDataSetType=NONE)),
    "data-set-present": lambda: check_command(STORE, has_data=False),
    "data-set-with-status": lambda: check_command(FOUND.with_values(Status=0xFF00)),
    "response-to-request": lambda: check_command(ECHOED, FIND),
    "equal-to-request": lambda: check_command(ECHOED.with_values(MessageIDBeingRespondedTo=8), ECHO),
    "status-undefined": lambda: check_command(ECHOED.with_values(Status=0x1234)),
    "status-unlisted": lambda: check_command(FOUND.with_values(Status=0xB123)),
    "echo-status": lambda: check_command(ECHOED.with_values(Status=0x0122)),
    "sub-operation-counts": lambda: check_command(MOVED.with_values(NumberOfFailedSuboperations=1)),
    "failed-create": lambda: check_command(CREATED.with_values(Status=0x0120)),
    "single-response": lambda: check_command(ECHOED.with_values(Status=0xFF00)),
    "service-of-sop-class": lambda: check_command(STORE.with_values(AffectedSOPClassUID=VERIFICATION)),
    "action-type": lambda: check_command(ACTION.with_values(ActionTypeID=2)),
    "event-type": lambda: check_command(REPORT.with_values(EventTypeID=9)),
    "well-known-instance": lambda: check_command(GET_PRINTER.with_values(RequestedSOPInstanceUID="1.2.3")),
    "sop-class-of-context": lambda: check_command(STORE, abstract_syntax=VERIFICATION),
}

INSTANCE = DataSet().put(0x00080016, "UI", CT).put(0x00080018, "UI", "1.2.3")
QUERY = DataSet().put(0x00080052, "CS", "STUDY")

DATA: dict[str, Callable[[], list[Finding]]] = {
    "sop-class": lambda: check_data(STORE, INSTANCE.put(0x00080016, "UI", "1.2.3")),
    "sop-instance": lambda: check_data(STORE, INSTANCE.put(0x00080018, "UI", "1.2.4")),
    "group": lambda: check_data(STORE, INSTANCE.put(0x00020010, "UI", IMPLICIT)),
    "query-level": lambda: check_data(FIND, QUERY.put(0x00080052, "CS", "PATIENT")),
    "inventory-level": lambda: check_data(INVENTORY_MOVE, QUERY),
}

USER = (MaximumLength(maximum_length_received=16384), ImplementationClassUID(uid="1.2.3"))


def context(
    number: int = 1, abstract: str = VERIFICATION, syntaxes: tuple[str, ...] = (IMPLICIT,)
) -> PresentationContextRQ:
    items: tuple[Item, ...] = (AbstractSyntax(name=abstract), *(TransferSyntax(name=s) for s in syntaxes))
    return PresentationContextRQ(id=number, items=items)


def request(*items: Item, user: tuple[Item, ...] = (), base: tuple[Item, ...] = USER) -> AssociateRQ:
    """A correct request with these contexts (one of Verification if none) and user items."""
    return AssociateRQ(
        called_ae_title="CALLED".ljust(16),
        calling_ae_title="CALLING".ljust(16),
        items=(
            ApplicationContext(name=APPLICATION_CONTEXT),
            *(items or (context(),)),
            UserInformation(items=(*base, *user)),
        ),
    )


def answered(number: int = 1, result: int = 0, *syntaxes: str) -> PresentationContextAC:
    return PresentationContextAC(
        id=number, result=result, items=tuple(TransferSyntax(name=s) for s in syntaxes or (IMPLICIT,))
    )


def answer(*contexts: Item, user: tuple[Item, ...] = ()) -> AssociateAC:
    """A correct answer to `request()`, but for these contexts and user items."""
    return AssociateAC(
        called_ae_title="CALLED".ljust(16),
        calling_ae_title="CALLING".ljust(16),
        items=(
            ApplicationContext(name=APPLICATION_CONTEXT),
            *(contexts or (answered(),)),
            UserInformation(items=(*USER, *user)),
        ),
    )


def asked(*items: Item, user: tuple[Item, ...] = ()) -> list[Finding]:
    return check_request(request(*items, user=user))


def got(*contexts: Item, user: tuple[Item, ...] = (), wanted: tuple[Item, ...] = ()) -> list[Finding]:
    return check_accept(request(user=wanted), answer(*contexts, user=user))


def role(scu: int = 1, scp: int = 0, uid: str = VERIFICATION) -> RoleSelection:
    return RoleSelection(sop_class_uid=uid, scu_role=scu, scp_role=scp)


def extended(information: bytes, uid: str = STUDY_FIND) -> SopClassExtendedNegotiation:
    return SopClassExtendedNegotiation(sop_class_uid=uid, information=information)


def common(uid: str = CT, *related: str, version: int = 0) -> SopClassCommonExtendedNegotiation:
    return SopClassCommonExtendedNegotiation(
        header_reserved=version,
        sop_class_uid=uid,
        service_class_uid="1.2.840.10008.4.2",
        related_general=related,
    )


REQUEST = request()
SYNTAXES = (IMPLICIT, f"{JPEG}57")

ASSOCIATIONS: dict[str, Callable[[], list[Finding]]] = {
    "reserved": lambda: check_request(replace(REQUEST, reserved_1=b"\1\0")),
    "length": lambda: check_request(replace(REQUEST, length=3)),
    "malformed-item": lambda: asked(user=(MalformedItem(type=0x54, data=b"\0", reason="it is cut short."),)),
    "protocol-version": lambda: check_request(replace(REQUEST, protocol_version=2)),
    "protocol-version-bits": lambda: check_request(replace(REQUEST, protocol_version=3)),
    "ae-title-blank": lambda: check_request(replace(REQUEST, called_ae_title=" " * 16)),
    "ae-title": lambda: check_request(replace(REQUEST, calling_ae_title="A\0")),
    "application-context": lambda: check_request(replace(REQUEST, items=REQUEST.items[1:])),
    "application-context-name": lambda: check_request(
        replace(REQUEST, items=(ApplicationContext(name="1.2.840.10008.3"), *REQUEST.items[1:]))
    ),
    "no-context": lambda: check_request(replace(REQUEST, items=(REQUEST.items[0], REQUEST.items[2]))),
    "context-id": lambda: asked(context(2)),
    "context-id-repeated": lambda: asked(context(1), context(1)),
    "abstract-syntax": lambda: asked(PresentationContextRQ(id=1, items=(TransferSyntax(name=IMPLICIT),))),
    "transfer-syntax": lambda: asked(context(syntaxes=())),
    "item-order": lambda: check_request(replace(REQUEST, items=REQUEST.items[::-1])),
    "default-transfer-syntax": lambda: asked(context(syntaxes=("1.2.840.10008.1.2.1",))),
    "jpeg-lossless-default": lambda: asked(context(syntaxes=(IMPLICIT, f"{JPEG}57"))),
    "jpeg-lossy-default": lambda: asked(context(syntaxes=(IMPLICIT, f"{JPEG}55"))),
    "jpeg-ls-lossless": lambda: asked(context(syntaxes=(IMPLICIT, f"{JPEG}81"))),
    "retired-uid": lambda: asked(context(abstract="1.2.840.10008.1.20.2")),
    "unknown-uid": lambda: asked(context(abstract="1.2.840.10008.99")),
    "uid": lambda: asked(context(abstract=VERIFICATION + "\0")),
    "user-information": lambda: check_request(replace(REQUEST, items=REQUEST.items[:2])),
    "maximum-length": lambda: check_request(request(base=USER[1:])),
    "maximum-length-small": lambda: check_request(request(base=(MaximumLength(maximum_length_received=4), USER[1]))),
    "implementation-class": lambda: check_request(request(base=USER[:1])),
    "version-name": lambda: asked(user=(ImplementationVersionName(name=""),)),
    "once": lambda: asked(user=(AsyncOperationsWindow(invoked=1, performed=1),) * 2),
    "role-repeated": lambda: asked(user=(role(), role())),
    "role-not-proposed": lambda: asked(user=(role(uid=CT),)),
    "role-value": lambda: asked(user=(role(0, 0),)),
    "extended-repeated": lambda: asked(user=(extended(b"\1"), extended(b"\1"))),
    "extended-content": lambda: asked(user=(extended(b"\2"),)),
    "extended-unused": lambda: asked(user=(extended(b"\1", MPPS),)),
    "common-extended-answer": lambda: got(user=(common(),)),
    "common-extended-repeated": lambda: asked(user=(common(), common())),
    "common-extended-version": lambda: asked(user=(common(version=1),)),
    "related-general": lambda: asked(user=(common(CT, BASIC_TEXT_SR),)),
    "user-identity": lambda: asked(user=(UserIdentityRQ(type=9),)),
    "passcode": lambda: asked(user=(UserIdentityRQ(type=1, primary=b"a", secondary=b"b"),)),
    "unknown-item": lambda: asked(user=(UnknownItem(type=0x7F),)),
    "ae-title-copy": lambda: check_accept(REQUEST, replace(answer(), called_ae_title="OTHER")),
    "context-unanswered": lambda: got(answered(3)),
    "context-unproposed": lambda: got(answered(1), answered(3)),
    "context-result": lambda: got(answered(1, 5)),
    "answer-transfer-syntax": lambda: got(PresentationContextAC(id=1)),
    "unproposed-syntax": lambda: got(answered(1, 0, "1.2.840.10008.1.2.1")),
    "default-syntax-refused": lambda: got(answered(1, 4)),
    "nothing-accepted": lambda: got(answered(1, 3)),
    "window": lambda: got(user=(AsyncOperationsWindow(invoked=1, performed=1),)),
    "role-answer": lambda: got(user=(role(1, 1),), wanted=(role(1, 0),)),
    "extended-answer": lambda: got(user=(extended(b"\1"),)),
    "extended-answer-content": lambda: got(user=(extended(b"\1"),), wanted=(extended(b"\0"),)),
    "user-identity-answer": lambda: got(user=(UserIdentityAC(),)),
    "user-identity-response": lambda: got(
        user=(UserIdentityAC(server_response=b"x"),),
        wanted=(UserIdentityRQ(type=1, primary=b"a", positive_response_requested=1),),
    ),
    "user-identity-silent": lambda: got(wanted=(UserIdentityRQ(type=1, positive_response_requested=1),)),
    "reject-code": lambda: check_reject(AssociateRJ(result=1, source=1, reason=5)),
    "abort-source": lambda: check_abort(AbortPdu(source=1)),
    "abort-reason": lambda: check_abort(AbortPdu(source=2, reason=3)),
    "abort-user-reason": lambda: check_abort(AbortPdu(source=0, reason=2)),
}


def pdv(fragment: bytes = b"ab", control: int = 3, context_id: int = 1) -> Pdv:
    return Pdv(context_id=context_id, control=control, fragment=fragment)


PDATA: dict[str, Callable[[], list[Finding]]] = {
    "no-pdv": lambda: check_pdata(PDataTF()),
    "maximum-length": lambda: check_pdata(PDataTF(pdvs=(pdv(bytes(20)),)), maximum=16),
    "context": lambda: check_pdata(PDataTF(pdvs=(pdv(),)), contexts={3}),
    "odd-fragment": lambda: check_pdata(PDataTF(pdvs=(pdv(b"abc"),))),
    "empty-fragment": lambda: check_pdata(PDataTF(pdvs=(pdv(b""),))),
    "one-message": lambda: check_pdata(PDataTF(pdvs=(pdv(), pdv(control=2, context_id=3)))),
    "control-bits": lambda: check_pdata(PDataTF(pdvs=(pdv(control=0x83),))),
    "split": lambda: check_pdata(PDataTF(pdvs=(pdv(control=1), pdv()))),
}

CASES = {
    f"{area}.{slug}": case
    for area, cases in (("command", COMMANDS), ("data", DATA), ("association", ASSOCIATIONS), ("pdata", PDATA))
    for slug, case in cases.items()
}


def test_every_rule_has_a_case() -> None:
    with_conversation = {*cases_pdus.CASES, *cases_exchange.CASES, *cases_workflow.CASES, *cases_tls.CASES}
    assert {*CASES, *with_conversation} == set(RULES)
    assert not with_conversation & set(CASES)


@pytest.mark.parametrize("rule", CASES)
def test_the_case_is_found(rule: str) -> None:
    findings = [f for f in CASES[rule]() if f.rule == rule]
    assert findings
    for finding in findings:
        assert finding.severity in ("error", "warning", "info")
        assert finding.clause.startswith("PS3.")
        assert finding.sentence.endswith(".")


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_rules_say_what_is_right_and_where(rule: object) -> None:
    from engine.conformance.rules import Rule

    assert isinstance(rule, Rule)
    assert rule.title
    assert rule.clause.startswith("PS3.")
    assert rule.severity in ("error", "warning", "info")


# Nothing is found where nothing is wrong


@pytest.mark.parametrize("command", GOOD_COMMANDS.values(), ids=GOOD_COMMANDS)
def test_correct_commands_pass(command: CommandSet) -> None:
    assert check_command(command, has_data=command.has_data_set) == []
    assert check_command_bytes(encode_command(command)) == []


def test_correct_answers_pass_beside_their_requests() -> None:
    assert check_command(ECHOED, ECHO, abstract_syntax=VERIFICATION) == []
    assert check_command(FOUND, FIND, abstract_syntax=STUDY_FIND) == []
    assert check_command(CREATED, CREATE, abstract_syntax=MPPS) == []


def test_correct_data_pass() -> None:
    assert check_data(STORE, INSTANCE) == []
    assert check_data(FIND, QUERY) == []
    assert check_data(ECHO, DataSet()) == []


def test_correct_associations_pass() -> None:
    assert check_request(REQUEST) == []
    assert check_accept(REQUEST, answer()) == []
    assert check_reject(AssociateRJ(result=1, source=1, reason=7)) == []
    assert check_abort(AbortPdu()) == []
    assert check_abort(AbortPdu(source=2, reason=6)) == []


def test_a_rich_correct_association_passes() -> None:
    user: tuple[Item, ...] = (
        AsyncOperationsWindow(invoked=0, performed=5),
        role(1, 1, CT),
        ImplementationVersionName(name="DIMSE_CONSOLE_01"),
        extended(b"\1\0\1"),
        common(BASIC_TEXT_SR, "1.2.840.10008.5.1.4.1.1.88.22"),
        UserIdentityRQ(type=2, primary=b"me", secondary=b"secret", positive_response_requested=1),
    )
    rq = request(context(1, CT, (IMPLICIT, f"{JPEG}50")), context(3, STUDY_FIND), user=user)
    assert check_request(rq) == []
    reply: tuple[Item, ...] = (
        AsyncOperationsWindow(invoked=9, performed=5),
        role(0, 1, CT),
        extended(b"\1"),
        UserIdentityAC(),
    )
    assert check_accept(rq, answer(answered(1, 0, f"{JPEG}50"), answered(3), user=reply)) == []


def test_correct_fragments_pass() -> None:
    assert check_pdata(PDataTF(pdvs=(pdv(), pdv(control=2))), maximum=64, contexts={1}) == []
