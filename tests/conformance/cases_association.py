"""A-ASSOCIATE PDUs and P-DATA-TFs that break a rule, and what they are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.conformance.association import check_abort, check_accept, check_reject, check_request
from engine.conformance.findings import Finding
from engine.model.association import APPLICATION_CONTEXT
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
from tests.conformance.cases_commands import BASIC_TEXT_SR, CT, IMPLICIT, JPEG, MPPS, STUDY_FIND, VERIFICATION
from tests.conformance.checking import check_pdata

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
