"""Faults of the A-ASSOCIATE PDUs: a PDU becomes another one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from engine.model.scripting import Deviation
from engine.standard.pdus import (
    ApplicationContext,
    AssociateAC,
    AssociateRQ,
    AsyncOperationsWindow,
    ImplementationClassUID,
    ImplementationVersionName,
    Item,
    MaximumLength,
    PresentationContextAC,
    PresentationContextRQ,
    RoleSelection,
    TransferSyntax,
    UnknownItem,
    UserIdentityAC,
    UserIdentityRQ,
    UserInformation,
)
from engine.standard.transfer_syntaxes import EXPLICIT_VR_BE, IMPLICIT_VR_LE
from engine.wire.pdus import PduError, decode_pdu, encode_pdu

from .pieces import Change, on_bytes

Associate = AssociateRQ | AssociateAC
Items = tuple[Item, ...]
_SOME_CLASS = "1.2.840.10008.5.1.4.1.1.66"
"""Raw Data Storage: a SOP class hardly anybody proposes."""


def _on_pdu(change: Callable[[Any, Deviation], Associate]) -> Change:
    """A change of the decoded PDU; an A-ASSOCIATE-RJ stays as it is."""

    def apply(data: bytes, deviation: Deviation) -> bytes:
        try:
            pdu = decode_pdu(data)
        except PduError:  # an earlier deviation has left nothing to decode
            return data
        return encode_pdu(change(pdu, deviation)) if isinstance(pdu, Associate) else data

    return on_bytes(apply)


def _on_items(change: Callable[[Items, Deviation], Iterable[Item]]) -> Change:
    return _on_pdu(lambda pdu, d: replace(pdu, items=tuple(change(pdu.items, d))))


def _on_user_items(change: Callable[[Items, Deviation], Iterable[Item]]) -> Change:
    def items(items: Items, d: Deviation) -> Iterable[Item]:
        return (replace(i, items=tuple(change(i.items, d))) if isinstance(i, UserInformation) else i for i in items)

    return _on_items(items)


def _without(*classes: type[Item]) -> Change:
    return _on_user_items(lambda items, _: (i for i in items if not isinstance(i, classes)))


def _on_contexts(change: Callable[[PresentationContextAC, Deviation], Item]) -> Change:
    """A change of each context of an A-ASSOCIATE-AC."""
    return _on_items(lambda items, d: (change(i, d) if isinstance(i, PresentationContextAC) else i for i in items))


def _padded(item: Any, pad: str) -> Any:
    """The item with every UID of it padded."""
    changes: dict[str, Any] = {
        name: getattr(item, name) + pad for name in ("uid", "sop_class_uid", "service_class_uid") if hasattr(item, name)
    }
    if hasattr(item, "name") and not isinstance(item, ImplementationVersionName):
        changes["name"] = item.name + pad
    if hasattr(item, "items"):
        changes["items"] = tuple(_padded(i, pad) for i in item.items)
    return replace(item, **changes)


def _refused_with(*syntaxes: Item) -> Change:
    return _on_contexts(lambda c, _: replace(c, items=syntaxes) if c.result else c)


def _last_context_off(items: Items, _d: Deviation) -> Iterable[Item]:
    contexts = _contexts(items)
    return (i for i in items if not contexts or i is not contexts[-1])


def _contexts(items: Items) -> list[PresentationContextAC | PresentationContextRQ]:
    return [i for i in items if isinstance(i, PresentationContextAC | PresentationContextRQ)]


def _unproposed(items: Items, _d: Deviation) -> Iterable[Item]:
    used = {c.id for c in _contexts(items)}
    free = next((n for n in range(255, 0, -2) if n not in used), 255)
    yield from items
    yield PresentationContextAC(id=free, result=0, items=(TransferSyntax(name=IMPLICIT_VR_LE),))


def _first_twice(items: Items, _d: Deviation) -> Iterable[Item]:
    contexts = _contexts(items)
    for item in items:
        yield item
        if contexts and item is contexts[0]:
            yield item


def _too_long(items: Items, d: Deviation) -> Iterable[Item]:
    """The last item (User Information) claims more bytes than the PDU has."""
    if not items:
        return items
    *front, last = items
    true = len(encode_pdu(AssociateAC(items=(last,)))) - len(encode_pdu(AssociateAC())) - 4
    return (*front, replace(last, length=min(true + d.number("by"), 0xFFFF)))


def _nul_titles(pdu: Any, _d: Deviation) -> Associate:
    changed: Associate = replace(
        pdu,
        called_ae_title=pdu.called_ae_title.rstrip(" \0").ljust(16, "\0"),
        calling_ae_title=pdu.calling_ae_title.rstrip(" \0").ljust(16, "\0"),
    )
    return changed


def _window(items: Items, d: Deviation) -> Iterable[Item]:
    given = AsyncOperationsWindow(invoked=d.number("invoked"), performed=d.number("performed"))
    return (*(i for i in items if not isinstance(i, AsyncOperationsWindow)), given)


def _swapped(item: Item) -> Item:
    if isinstance(item, RoleSelection):
        return replace(item, scu_role=item.scp_role, scp_role=item.scu_role)
    return item


def _announced(items: Items, d: Deviation) -> Iterable[Item]:
    given = MaximumLength(maximum_length_received=d.number("bytes"))
    return (given, *(i for i in items if not isinstance(i, MaximumLength)))


def _unknown(items: Items, d: Deviation) -> Iterable[Item]:
    unknown = UnknownItem(d.number("type"), b"unknown")
    return (*(replace(i, items=(*i.items, unknown)) if isinstance(i, UserInformation) else i for i in items), unknown)


CHANGES: dict[str, Change] = {
    "padded-uids": _on_items(lambda items, d: (_padded(i, chr(d.number("with"))) for i in items)),
    "refused-without-syntax": _refused_with(),
    "refused-empty-syntax": _refused_with(TransferSyntax(name="")),
    "refuse-contexts": _on_contexts(lambda c, d: replace(c, result=d.number("result"))),
    "missing-context": _on_items(_last_context_off),
    "unproposed-context": _on_items(_unproposed),
    "unproposed-syntax": _on_contexts(
        lambda c, d: c if c.result else replace(c, items=(TransferSyntax(name=d.text("syntax")),))
    ),
    "context-twice": _on_items(_first_twice),
    "two-syntaxes": _on_contexts(
        lambda c, _: c if c.result else replace(c, items=(*c.items, TransferSyntax(name=EXPLICIT_VR_BE)))
    ),
    "titles-not-echoed": _on_pdu(lambda pdu, _: replace(pdu, called_ae_title="SOMEBODY", calling_ae_title="ELSE")),
    "nul-titles": _on_pdu(_nul_titles),
    "no-version": _without(ImplementationVersionName),
    "no-class-uid": _without(ImplementationClassUID),
    "no-user-information": _on_items(lambda items, _: (i for i in items if not isinstance(i, UserInformation))),
    "user-items-unsorted": _on_user_items(lambda items, _: reversed(items)),
    "maximum-length": _on_user_items(_announced),
    "no-maximum-length": _without(MaximumLength),
    "unknown-items": _on_items(_unknown),
    "item-too-long": _on_items(_too_long),
    "protocol-version": _on_pdu(lambda pdu, d: replace(pdu, protocol_version=d.number("version"))),
    "other-application-context": _on_items(
        lambda items, d: (replace(i, name=d.text("name")) if isinstance(i, ApplicationContext) else i for i in items)
    ),
    "window": _on_user_items(_window),
    "no-window": _without(AsyncOperationsWindow),
    "roles-swapped": _on_user_items(lambda items, _: map(_swapped, items)),
    "roles-unasked": _on_user_items(
        lambda items, _: (*items, RoleSelection(sop_class_uid=_SOME_CLASS, scu_role=1, scp_role=1))
    ),
    "no-roles": _without(RoleSelection),
    "no-identity-response": _without(UserIdentityAC, UserIdentityRQ),
}
