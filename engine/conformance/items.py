"""The items of association PDUs, as the checks of `engine.conformance.association` share them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from engine.model.notices import Evidence
from engine.standard.dictionary import uid_entry, uid_words
from engine.standard.pdus import (
    AbstractSyntax,
    ApplicationContext,
    ImplementationClassUID,
    Item,
    Kind,
    Layout,
    MalformedItem,
    Pdu,
    PresentationContextAC,
    PresentationContextRQ,
    RoleSelection,
    SopClassCommonExtendedNegotiation,
    SopClassExtendedNegotiation,
    TransferSyntax,
    UnknownItem,
    UserInformation,
    rows_of,
)
from engine.wire.pdus import MOST_ITEMS, unread_items

from .findings import Finding, found
from .names import check_uid

I = TypeVar("I", bound=Item)  # noqa: E741

_DICOM_ROOT = "1.2.840.10008."
_UID_FIELDS: dict[type[Item], tuple[str, ...]] = {
    ApplicationContext: ("name",),
    AbstractSyntax: ("name",),
    TransferSyntax: ("name",),
    ImplementationClassUID: ("uid",),
    RoleSelection: ("sop_class_uid",),
    SopClassExtendedNegotiation: ("sop_class_uid",),
    SopClassCommonExtendedNegotiation: ("sop_class_uid", "service_class_uid"),
}


def items_of(items: Iterable[Item], kind: type[I]) -> list[I]:
    """The items of one kind, at this level."""
    return [item for item in items if isinstance(item, kind)]


def user_items(pdu_items: Iterable[Item], kind: type[I]) -> list[I]:
    """The user-data sub-items of one kind."""
    return [sub for info in items_of(pdu_items, UserInformation) for sub in items_of(info.items, kind)]


def all_items(items: Iterable[Item]) -> Iterator[Item]:
    """Every item and sub-item, in wire order."""
    for item in items:
        yield item
        if isinstance(item, PresentationContextRQ | PresentationContextAC | UserInformation):
            yield from all_items(item.items)


def item_name(item: Item) -> str:
    """The Standard's name, and for a context its ID."""
    if isinstance(item, PresentationContextRQ | PresentationContextAC):
        return f"Presentation Context {item.id}"
    if isinstance(item, UnknownItem | MalformedItem):
        return f"Item {item.type:02X}H"
    return item.NAME


def named(uid: str) -> str:
    """A UID with its name."""
    return uid_words(uid) or "an empty UID"


def twice(items: Iterable[I], key: Callable[[I], object]) -> list[I]:
    """For each key that occurs more than once, the second item with it."""
    counts: dict[object, int] = {}
    second = []
    for item in items:
        counts[key(item)] = count = counts.get(key(item), 0) + 1
        if count == 2:
            second.append(item)
    return second


def about(rule: str, item: Layout, sentence: str, *, clause: str = "", severity: str = "") -> Finding:
    """A finding about an item, or about the PDU as a whole."""
    evidence = Evidence(text=item_name(item) if isinstance(item, Item) else item.NAME)
    return found(rule, sentence, clause=clause, evidence=evidence, severity=severity, item=item)


# What holds for every item of a PDU


def _malformed(item: Item) -> Iterator[Finding]:
    if isinstance(item, MalformedItem):
        sentence = f"{item_name(item)} does not follow its table: {item.reason}"
        yield about("association.malformed-item", item, sentence)


def _unknown(item: Item) -> Iterator[Finding]:
    if isinstance(item, UnknownItem):
        sentence = f"{item_name(item)} ({len(item.data)} bytes) is of a type the Standard does not have here."
        yield about("association.unknown-item", item, sentence)


def _length(item: Layout) -> Iterator[Finding]:
    name = item_name(item) if isinstance(item, Item) else item.NAME
    if item.length is not None:
        sentence = f"The length field of {name} says {item.length}, which is not its length."
        yield about("association.length", item, sentence)
    if unread_items(item):
        sentence = f"No more than {MOST_ITEMS} items are read; {len(item.trailing)} bytes of {name} are behind them."
        yield about("association.length", item, sentence, severity="info")
    elif item.trailing:
        sentence = f"{len(item.trailing)} bytes follow the last field of {name}."
        yield about("association.length", item, sentence)


def _reserved(item: Layout) -> Iterator[Finding]:
    name = item_name(item) if isinstance(item, Item) else item.NAME
    reserved = any(any(getattr(item, f)) for f, row in rows_of(type(item)) if row.kind is Kind.RESERVED)
    version = isinstance(item, SopClassCommonExtendedNegotiation)
    if reserved or (item.header_reserved and not version):
        yield about("association.reserved", item, f"Reserved bytes of {name} are not zero.")


def _uids(item: Item) -> Iterator[Finding]:
    fields = _UID_FIELDS.get(type(item), ())
    uids = [str(getattr(item, field)) for field in fields]
    if isinstance(item, SopClassCommonExtendedNegotiation):
        uids += item.related_general
    for uid in uids:
        wrong = check_uid(uid)
        if wrong is not None:
            sentence = f"{item_name(item)}: {wrong}"
            if uid.endswith(("\0", " ")) and check_uid(uid.rstrip("\0 ")) is None:
                sentence = f"{item_name(item)}: the UID {uid.rstrip(chr(0) + ' ')} is padded; UIDs in PDUs are not."
            yield about("association.uid", item, sentence)


def _registered(item: Item) -> Iterator[Finding]:
    if not isinstance(item, AbstractSyntax | TransferSyntax):
        return
    entry = uid_entry(item.name)
    if entry is not None and entry.retired:
        yield about("association.retired-uid", item, f"{named(item.name)} is retired.")
    elif entry is None and item.name.startswith(_DICOM_ROOT) and check_uid(item.name) is None:
        sentence = f"{item.name} has DICOM's root, but is not registered (2024c and what came after it)."
        yield about("association.unknown-uid", item, sentence)


_EVERY_ITEM: tuple[Callable[[Item], Iterator[Finding]], ...] = (_malformed, _unknown, _length, _reserved, _uids)


def header_findings(pdu: Pdu) -> Iterator[Finding]:
    """What is wrong with a PDU's own length and reserved bytes."""
    yield from _length(pdu)
    yield from _reserved(pdu)


def item_findings(pdu: Pdu, items: Sequence[Item], *, proposed: bool) -> Iterator[Finding]:
    """What is wrong with single items; `proposed` also looks the UIDs up.

    An answer's syntaxes of refused contexts are not looked at (PS3.8 9.3.3.2).
    """
    yield from header_findings(pdu)
    ignored = {id(sub) for c in items_of(items, PresentationContextAC) if c.result != 0 for sub in c.items}
    for item in all_items(items):
        if id(item) in ignored:
            continue
        for check in _EVERY_ITEM:
            yield from check(item)
        if proposed:
            yield from _registered(item)


def order_findings(items: Sequence[Item]) -> Iterator[Finding]:
    """Items that come after one of a higher type."""
    highest = -1
    for item in items:
        kind = item.type if isinstance(item, UnknownItem | MalformedItem) else item.TYPE
        if kind < highest:
            sentence = f"{item_name(item)} comes after an item of type {highest:02X}H."
            yield about("association.item-order", item, sentence)
        highest = max(highest, kind)
