"""What an A-ASSOCIATE-RQ asks for, read from its items for both sides of the negotiation (PS3.8 9.3.2)."""

from __future__ import annotations

from collections.abc import Iterable

from engine.standard.dictionary import uid_text
from engine.standard.lean import dataclass
from engine.standard.pdus import (
    AbstractSyntax,
    AssociateRQ,
    Item,
    PresentationContextRQ,
    RoleSelection,
    TransferSyntax,
)
from engine.wire.pdus import all_of, first, strip

from .roles import Bits, bits


@dataclass(frozen=True, slots=True)
class Asked:
    """One presentation context as proposed; UIDs without padding. `duplicate`: its ID was used before in the RQ."""

    id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]
    duplicate: bool = False


def asked_contexts(rq: AssociateRQ) -> tuple[Asked, ...]:
    """The presentation context items, in order. An item that does not follow its table is none of them."""
    seen: set[int] = set()
    asked: list[Asked] = []
    for item in all_of(rq.items, PresentationContextRQ):
        abstract = first(item.items, AbstractSyntax)
        name = strip(abstract.name) if abstract else ""
        asked.append(Asked(item.id, name, syntaxes_of(item.items), item.id in seen))
        seen.add(item.id)
    return tuple(asked)


def syntaxes_of(items: Iterable[Item]) -> tuple[str, ...]:
    """Transfer syntaxes of the sub-items of a context."""
    return tuple(strip(item.name) for item in all_of(items, TransferSyntax))


def asked_roles(items: Iterable[Item]) -> dict[str, Bits]:
    """Role selection by SOP class, from user information sub-items; the first item of a class counts."""
    selected: dict[str, Bits] = {}
    for item in all_of(items, RoleSelection):
        roles = bits(item)
        if roles is not None:
            selected.setdefault(strip(item.sop_class_uid), roles)
    return selected


def label(uid: str) -> str:
    """A UID by its name where it has one."""
    return uid_text(uid) or "an empty UID"


def narrower(one: int, other: int) -> int:
    """The smaller limit of two asynchronous operations windows; 0 is unlimited (PS3.7 D.3.3.3)."""
    return min(one, other) if one and other else one or other
