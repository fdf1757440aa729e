"""User information of a request or an answer: what holds for each alone (PS3.7 D.3.3, PS3.8 D.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from engine.standard.extended_negotiation import LAYOUTS, ExtendedLayout
from engine.standard.pdus import (
    AbstractSyntax,
    AsyncOperationsWindow,
    ImplementationClassUID,
    ImplementationVersionName,
    Item,
    MaximumLength,
    PresentationContextRQ,
    RoleSelection,
    SopClassCommonExtendedNegotiation,
    SopClassExtendedNegotiation,
    UserIdentityAC,
    UserIdentityRQ,
    UserInformation,
)
from engine.standard.sop_classes import SopClass, sop_class

from .findings import Finding, found
from .items import about, items_of, named, twice, user_items
from .names import check_maximum_length, check_version_name

_ONCE: tuple[type[Item], ...] = (ImplementationVersionName, AsyncOperationsWindow, UserIdentityRQ, UserIdentityAC)
_USERNAME_AND_PASSCODE = 2


def _presence(items: Sequence[Item]) -> Iterator[Finding]:
    count = len(items_of(items, UserInformation))
    if count != 1:
        yield found("association.user-information", f"There are {count} User Information items; there must be one.")
    needed: tuple[tuple[str, type[Item]], ...] = (
        ("association.maximum-length", MaximumLength),
        ("association.implementation-class", ImplementationClassUID),
    )
    for rule, kind in needed:
        count = len(user_items(items, kind))
        if count != 1:
            yield found(rule, f"{kind.NAME}s: {count}; there must be one.")
    for kind in _ONCE:
        count = len(user_items(items, kind))
        if count > 1:
            yield found("association.once", f"{kind.NAME}s: {count}; there may be one.", clause=kind.CLAUSE)


def _maximum_length(items: Sequence[Item]) -> Iterator[Finding]:
    for item in user_items(items, MaximumLength):
        wrong = check_maximum_length(item.maximum_length_received)
        if wrong is not None:
            yield about("association.maximum-length-small", item, wrong)


def _version_name(items: Sequence[Item]) -> Iterator[Finding]:
    for item in user_items(items, ImplementationVersionName):
        wrong = check_version_name(item.name) if item.name else "An implementation version name cannot be empty."
        if wrong is not None:
            yield about("association.version-name", item, wrong)


def _roles(items: Sequence[Item]) -> Iterator[Finding]:
    roles = user_items(items, RoleSelection)
    for role in twice(roles, lambda r: r.sop_class_uid):
        sentence = f"There are several role selections for {named(role.sop_class_uid)}."
        yield about("association.role-repeated", role, sentence)
    for role in roles:
        if role.scu_role > 1 or role.scp_role > 1:
            sentence = f"The roles for {named(role.sop_class_uid)} are {role.scu_role} and {role.scp_role}, not 0 or 1."
            yield about("association.role-value", role, sentence)


def _extended(items: Sequence[Item]) -> Iterator[Finding]:
    extended = user_items(items, SopClassExtendedNegotiation)
    for item in twice(extended, lambda e: e.sop_class_uid):
        sentence = f"There are several extended negotiations for {named(item.sop_class_uid)}."
        yield about("association.extended-repeated", item, sentence)
    for item in extended:
        sop = sop_class(item.sop_class_uid)
        layout = LAYOUTS.get(sop.extended_negotiation) if sop else None
        if layout is not None:
            yield from _extended_content(item, layout)
        elif sop is not None and sop.kind:
            sentence = f"{sop.name} ({sop.service_class}) has no extended negotiation."
            yield about("association.extended-unused", item, sentence)


def _extended_content(item: SopClassExtendedNegotiation, layout: ExtendedLayout) -> Iterator[Finding]:
    shortest, longest = layout.lengths
    size = len(item.information)
    if not shortest <= size <= longest:
        allowed = str(shortest) if shortest == longest else f"{shortest} to {longest}"
        sentence = f"Extended negotiation of {named(item.sop_class_uid)} has {size} bytes; it has {allowed}."
        yield about("association.extended-content", item, sentence, clause=layout.clause)
    for number, (value, field) in enumerate(zip(item.information, layout.fields, strict=False), 1):
        if field.values and value not in field.values:
            sentence = f"Byte {number} ({field.name}) of {named(item.sop_class_uid)} is {value}, which means nothing."
            yield about("association.extended-content", item, sentence, clause=layout.clause)


SHARED: tuple[Callable[[Sequence[Item]], Iterable[Finding]], ...] = (
    _presence,
    _maximum_length,
    _version_name,
    _roles,
    _extended,
)
"""Checks for requests and answers."""


# Requests only


def _proposed_roles(items: Sequence[Item]) -> Iterator[Finding]:
    contexts = items_of(items, PresentationContextRQ)
    proposed = {a.name for c in contexts for a in items_of(c.items, AbstractSyntax)}
    for role in user_items(items, RoleSelection):
        if role.sop_class_uid not in proposed:
            sentence = f"Roles are selected for {named(role.sop_class_uid)}, which no context proposes."
            yield about("association.role-not-proposed", role, sentence)
        if not role.scu_role and not role.scp_role:
            sentence = f"The role selection for {named(role.sop_class_uid)} proposes neither SCU nor SCP."
            yield about("association.role-value", role, sentence)


def _common_extended(items: Sequence[Item]) -> Iterator[Finding]:
    common = user_items(items, SopClassCommonExtendedNegotiation)
    for item in twice(common, lambda c: c.sop_class_uid):
        sentence = f"There are several common extended negotiations for {named(item.sop_class_uid)}."
        yield about("association.common-extended-repeated", item, sentence)
    for item in common:
        if item.header_reserved:
            sentence = f"Common extended negotiation of {named(item.sop_class_uid)} has version {item.header_reserved}."
            yield about("association.common-extended-version", item, sentence)
        sop = sop_class(item.sop_class_uid)
        if sop is not None:
            yield from _related(item, sop)


def _related(item: SopClassCommonExtendedNegotiation, sop: SopClass) -> Iterator[Finding]:
    for uid in item.related_general:
        if uid not in sop.related_general:
            sentence = f"{named(uid)} is not a Related General SOP Class of {sop.name}."
            yield about("association.related-general", item, sentence)


def _identity(items: Sequence[Item]) -> Iterator[Finding]:
    for item in user_items(items, UserIdentityRQ):
        if not 1 <= item.type <= 5:
            yield about(
                "association.user-identity", item, f"The user identity is of type {item.type}; types are 1 to 5."
            )
        if item.positive_response_requested > 1:
            sentence = f"Positive-response-requested is {item.positive_response_requested}; it is 0 or 1."
            yield about("association.user-identity", item, sentence)
        if item.secondary and item.type != _USERNAME_AND_PASSCODE:
            sentence = f"A user identity of type {item.type} has a secondary field; only type 2 has one (the passcode)."
            yield about("association.passcode", item, sentence)


REQUEST_ONLY: tuple[Callable[[Sequence[Item]], Iterable[Finding]], ...] = (_proposed_roles, _common_extended, _identity)
