"""Of every rule's case in `test_rules`, the same situation done right: nothing at all is found in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.conformance.association import check_abort, check_accept, check_reject, check_request
from engine.conformance.commands import check_command
from engine.conformance.data import check_data
from engine.conformance.findings import Finding
from engine.conformance.rules import RULES
from engine.standard.pdus import (
    AbortPdu,
    ApplicationContext,
    AssociateRJ,
    AsyncOperationsWindow,
    ImplementationVersionName,
    MaximumLength,
    PDataTF,
    PresentationContextAC,
    TransferSyntax,
    UserIdentityAC,
    UserIdentityRQ,
)
from engine.wire.commands import encode_command
from tests.conformance import cases_exchange, cases_pdus, cases_tls, cases_workflow
from tests.conformance.cases_association import (
    REQUEST,
    USER,
    answer,
    answered,
    asked,
    common,
    context,
    extended,
    got,
    pdv,
    request,
    role,
)
from tests.conformance.cases_commands import (
    ACTION,
    BASIC_TEXT_SR,
    CREATE,
    CREATED,
    CT,
    ECHO,
    ECHOED,
    FIND,
    FOUND,
    GET_PRINTER,
    IMPLICIT,
    INSTANCE,
    INVENTORY_MOVE,
    JPEG,
    MOVED,
    QUERY,
    REPORT,
    STORE,
    STUDY_FIND,
    UPS_PUSH,
    raw,
)
from tests.conformance.checking import check_command_bytes, check_pdata
from tests.conformance.test_rules import CASES

ENHANCED_SR = "1.2.840.10008.5.1.4.1.1.88.22"
PRIVATE = "1.2.826.0.1.3680043.10.1"
FAILED = ECHOED.with_values(Status=0x0122)
"""A C-ECHO that failed: that is told, and is right for the elements that come with it."""

COMMANDS: dict[str, Callable[[], list[Finding]]] = {
    "encoding": lambda: check_command_bytes(encode_command(ECHO)),
    "group-length-first": lambda: check_command(ECHO),
    "group-length": lambda: check_command(ECHO.with_values(CommandGroupLength=len(encode_command(ECHO)) - 12)),
    "ascending": lambda: check_command(STORE),
    "repeated": lambda: check_command(STORE, has_data=True),
    "group": lambda: check_command(ECHO, has_data=False),
    "length": lambda: check_command(raw(ECHO, "MessageID", b"\1\0", 2)),
    "odd-length": lambda: check_command(raw(ECHO, "MessageID", b"\1\0")),
    "trailing-bytes": lambda: check_command_bytes(encode_command(STORE)),
    "unknown-element": lambda: check_command(STORE.with_values(**MOVED_BY)),
    "retired-element": lambda: check_command(STORE.with_values(**MOVED_BY), has_data=True),
    "value": lambda: check_command(ECHO.with_values(MessageID=65535)),
    "value-length": lambda: only("command.echo-status", check_command(FAILED.with_values(ErrorComment="x" * 64))),
    "values": lambda: check_command(GET_PRINTER.with_values(AttributeIdentifierList=(0x21100010, 0x21100020))),
    "padding": lambda: check_command(raw(STORE, "AffectedSOPInstanceUID", b"1.2.3\0")),
    "uid": lambda: check_command(STORE.with_values(AffectedSOPInstanceUID="1.0.2")),
    "ae-title": lambda: check_command(STORE.with_values(**MOVED_BY | TITLE_OF_SIXTEEN)),
    "characters": lambda: only("command.echo-status", check_command(FAILED.with_values(ErrorComment="~ok"))),
    "command-field": lambda: check_command(ECHOED),
    "unknown-command-field": lambda: check_command(CREATE.with_values(AffectedSOPClassUID=PRIVATE)),
    "missing-mandatory": lambda: check_command(ECHOED.without(["AffectedSOPClassUID"])),
    "empty-mandatory": lambda: check_command(STORE.with_values(Priority=2)),
    "missing-conditional": lambda: check_command(MOVED.with_values(Status=0xFF00, NumberOfRemainingSuboperations=0)),
    "forbidden-field": lambda: check_command(MOVED.with_values(Status=0xFE00, NumberOfRemainingSuboperations=0)),
    "undefined-field": lambda: check_command(STORE.with_values(Priority=1)),
    "message-id-in-response": lambda: check_command(ECHOED.with_values(MessageIDBeingRespondedTo=65535)),
    "allowed-value": lambda: check_command(STORE.with_values(Priority=1), has_data=True),
    "data-set-announced": lambda: check_command(STORE.with_values(CommandDataSetType=0x0102)),
    "data-set-present": lambda: check_command(STORE, has_data=True),
    "data-set-with-status": lambda: check_command(FOUND.with_values(Status=0xFF00, CommandDataSetType=0)),
    "response-to-request": lambda: check_command(FOUND, FIND),
    "equal-to-request": lambda: check_command(ECHOED, ECHO),
    "status-undefined": lambda: check_command(FOUND.with_values(Status=0xA700)),
    "status-unlisted": lambda: check_command(FOUND.with_values(Status=0xC123)),
    "echo-status": lambda: check_command(ECHOED.with_values(Status=0)),
    "sub-operation-counts": lambda: check_command(MOVED.with_values(Status=0xB000, NumberOfFailedSuboperations=1)),
    "failed-create": lambda: check_command(CREATED.with_values(Status=0x0111)),
    "single-response": lambda: check_command(FOUND.with_values(Status=0xFF01, CommandDataSetType=0)),
    "service-of-sop-class": lambda: check_command(STORE.with_values(AffectedSOPClassUID=PRIVATE)),
    "action-type": lambda: check_command(ACTION.with_values(RequestedSOPClassUID=PRIVATE, ActionTypeID=2)),
    "event-type": lambda: check_command(REPORT.with_values(EventTypeID=2)),
    "well-known-instance": lambda: check_command(GET_PRINTER),
    "sop-class-of-context": lambda: check_command(STORE, abstract_syntax=CT),
}
MOVED_BY = {"MoveOriginatorApplicationEntityTitle": "CONSOLE", "MoveOriginatorMessageID": 7}
TITLE_OF_SIXTEEN = {"MoveOriginatorApplicationEntityTitle": "A" * 16}


def only(rule: str, findings: list[Finding]) -> list[Finding]:
    """The findings but for one rule, which the situation breaks on purpose."""
    assert [f.rule for f in findings if f.rule == rule]
    return [f for f in findings if f.rule != rule]


DATA: dict[str, Callable[[], list[Finding]]] = {
    "sop-class": lambda: check_data(STORE, INSTANCE),
    "sop-instance": lambda: check_data(STORE, INSTANCE.without(0x00080018)),
    "group": lambda: check_data(STORE, INSTANCE.put(0x00090010, "LO", "PRIVATE")),
    "query-level": lambda: check_data(FIND, QUERY.put(0x00080052, "CS", "IMAGE")),
    "inventory-level": lambda: check_data(INVENTORY_MOVE, INSTANCE),
}
PRIVATE_CONTEXT = ApplicationContext(name="1.2.840.10008.3.1.1.1")
ONCE = UserIdentityRQ(type=1, primary=b"a", positive_response_requested=1)

ASSOCIATIONS: dict[str, Callable[[], list[Finding]]] = {
    "reserved": lambda: check_request(replace(REQUEST, reserved_1=b"\0\0")),
    "length": lambda: check_request(REQUEST),
    "malformed-item": lambda: asked(user=(role(),)),
    "protocol-version": lambda: check_request(replace(REQUEST, protocol_version=1)),
    "protocol-version-bits": lambda: check_request(replace(REQUEST, protocol_version=1)),
    "ae-title-blank": lambda: check_request(replace(REQUEST, called_ae_title="A".ljust(16))),
    "ae-title": lambda: check_request(replace(REQUEST, calling_ae_title=" A b_~1".ljust(16))),
    "application-context": lambda: check_request(replace(REQUEST, items=(PRIVATE_CONTEXT, *REQUEST.items[1:]))),
    "application-context-name": lambda: check_request(replace(REQUEST, items=(PRIVATE_CONTEXT, *REQUEST.items[1:]))),
    "no-context": lambda: asked(context(255)),
    "context-id": lambda: asked(context(255), context(1, CT)),
    "context-id-repeated": lambda: asked(context(1), context(3)),
    "abstract-syntax": lambda: asked(context(1, PRIVATE)),
    "transfer-syntax": lambda: asked(context(syntaxes=(IMPLICIT, "1.2.840.10008.1.2.1"))),
    "item-order": lambda: asked(context(3), context(1)),
    "default-transfer-syntax": lambda: asked(context(syntaxes=("1.2.840.10008.1.2.1",)), context(3)),
    "jpeg-lossless-default": lambda: asked(
        context(syntaxes=(IMPLICIT, f"{JPEG}57")), context(3, syntaxes=(f"{JPEG}70",))
    ),
    "jpeg-lossy-default": lambda: asked(context(syntaxes=(IMPLICIT, f"{JPEG}50", f"{JPEG}51"))),
    "jpeg-ls-lossless": lambda: asked(context(syntaxes=(IMPLICIT, f"{JPEG}80", f"{JPEG}81"))),
    "retired-uid": lambda: asked(context(abstract="1.2.840.10008.1.20.1")),
    "unknown-uid": lambda: asked(context(abstract=PRIVATE)),
    "uid": lambda: asked(context(abstract="1.2.3." + "4" * 58)),
    "user-information": lambda: check_request(REQUEST),
    "maximum-length": lambda: check_request(request(base=(MaximumLength(maximum_length_received=0), USER[1]))),
    "maximum-length-small": lambda: check_request(request(base=(MaximumLength(maximum_length_received=4096), USER[1]))),
    "implementation-class": lambda: check_request(request(base=USER)),
    "version-name": lambda: asked(user=(ImplementationVersionName(name="SIXTEEN_LETTERS_"),)),
    "once": lambda: asked(user=(AsyncOperationsWindow(invoked=0, performed=1),)),
    "role-repeated": lambda: asked(context(1), context(3, CT), user=(role(), role(0, 1, CT))),
    "role-not-proposed": lambda: asked(context(1, CT), user=(role(uid=CT),)),
    "role-value": lambda: asked(user=(role(1, 1),)),
    "extended-repeated": lambda: asked(context(1, STUDY_FIND), user=(extended(b"\1"),)),
    "extended-content": lambda: asked(context(1, STUDY_FIND), user=(extended(b"\1\1\0\1\1"),)),
    "extended-unused": lambda: asked(context(1, PRIVATE), user=(extended(b"\7\7", PRIVATE),)),
    "common-extended-answer": lambda: got(user=()),
    "common-extended-repeated": lambda: asked(
        context(1, CT), context(3, BASIC_TEXT_SR), user=(common(), common(BASIC_TEXT_SR))
    ),
    "common-extended-version": lambda: asked(context(1, CT), user=(common(version=0),)),
    "related-general": lambda: asked(context(1, BASIC_TEXT_SR), user=(common(BASIC_TEXT_SR, ENHANCED_SR),)),
    "user-identity": lambda: asked(user=(UserIdentityRQ(type=5, primary=b"token", positive_response_requested=1),)),
    "passcode": lambda: asked(user=(UserIdentityRQ(type=2, primary=b"a", secondary=b"b"),)),
    "unknown-item": lambda: asked(user=(ImplementationVersionName(name="V"),)),
    "ae-title-copy": lambda: check_accept(REQUEST, answer()),
    "context-unanswered": lambda: check_accept(request(context(1), context(3)), answer(answered(3), answered(1))),
    "context-unproposed": lambda: check_accept(request(context(1), context(3)), answer(answered(1), answered(3, 3))),
    "context-result": lambda: check_accept(request(context(1), context(3, CT)), answer(answered(1), answered(3, 3))),
    "answer-transfer-syntax": lambda: got(PresentationContextAC(id=1, items=(TransferSyntax(name=IMPLICIT),))),
    "unproposed-syntax": lambda: check_accept(
        request(context(syntaxes=(IMPLICIT, "1.2.840.10008.1.2.1"))), answer(answered(1, 0, "1.2.840.10008.1.2.1"))
    ),
    "default-syntax-refused": lambda: check_accept(
        request(context(1), context(3, syntaxes=(f"{JPEG}50",))), answer(answered(1), answered(3, 4))
    ),
    "nothing-accepted": lambda: check_accept(request(context(1), context(3, CT)), answer(answered(1, 3), answered(3))),
    "window": lambda: got(
        user=(AsyncOperationsWindow(invoked=1, performed=2),), wanted=(AsyncOperationsWindow(invoked=3, performed=0),)
    ),
    "role-answer": lambda: got(user=(role(1, 0),), wanted=(role(1, 1),)),
    "extended-answer": lambda: check_accept(FINDING, answer(user=(extended(b"\1"),))),
    "extended-answer-content": lambda: check_accept(FINDING, answer(user=(extended(b"\0"),))),
    "user-identity-answer": lambda: got(user=(UserIdentityAC(),), wanted=(ONCE,)),
    "user-identity-response": lambda: got(
        user=(UserIdentityAC(server_response=b"ticket"),), wanted=(replace(ONCE, type=3),)
    ),
    "user-identity-silent": lambda: got(wanted=(replace(ONCE, positive_response_requested=0),)),
    "reject-code": lambda: check_reject(AssociateRJ(result=1, source=1, reason=7)),
    "abort-source": lambda: check_abort(AbortPdu(source=2)),
    "abort-reason": lambda: check_abort(AbortPdu(source=2, reason=6)),
    "abort-user-reason": lambda: check_abort(AbortPdu(source=0, reason=0)),
}
FINDING = request(context(1, STUDY_FIND), user=(extended(b"\1"),))

PDATA: dict[str, Callable[[], list[Finding]]] = {
    "no-pdv": lambda: check_pdata(PDataTF(pdvs=(pdv(),))),
    "maximum-length": lambda: check_pdata(PDataTF(pdvs=(pdv(bytes(10)),)), maximum=16),
    "context": lambda: check_pdata(PDataTF(pdvs=(pdv(context_id=3),)), contexts={3}),
    "odd-fragment": lambda: check_pdata(PDataTF(pdvs=(pdv(b"abcd"),))),
    "empty-fragment": lambda: check_pdata(PDataTF(pdvs=(pdv(b"ab"),))),
    "one-message": lambda: check_pdata(PDataTF(pdvs=(pdv(context_id=3), pdv(control=2, context_id=3)))),
    "control-bits": lambda: check_pdata(PDataTF(pdvs=(pdv(control=3),))),
    "split": lambda: check_pdata(PDataTF(pdvs=(pdv(control=3), pdv(control=0)))),
}

KEPT = {
    f"{area}.{slug}": case
    for area, cases in (("command", COMMANDS), ("data", DATA), ("association", ASSOCIATIONS), ("pdata", PDATA))
    for slug, case in cases.items()
}
PAIRS = {*cases_pdus.CASES, *cases_exchange.CASES, *cases_workflow.CASES, *cases_tls.CASES}


def test_every_rule_has_a_case_that_breaks_it_and_one_that_keeps_it() -> None:
    """The cases with conversations and handshakes are such pairs by their type."""
    assert set(KEPT) == set(CASES)
    assert {*KEPT, *PAIRS} == set(RULES)


@pytest.mark.parametrize("rule", KEPT)
def test_nothing_is_found_in_what_keeps_the_rule(rule: str) -> None:
    assert KEPT[rule]() == []


def test_a_private_context_holds_what_it_likes() -> None:
    """What the Standard cannot know it does not judge."""
    command = ACTION.with_values(RequestedSOPClassUID=PRIVATE, RequestedSOPInstanceUID="1.2.3", ActionTypeID=999)
    assert check_command(command, abstract_syntax=PRIVATE + ".1") == []
    assert check_command(CREATE.with_values(AffectedSOPClassUID=UPS_PUSH), abstract_syntax=UPS_PUSH) == []
