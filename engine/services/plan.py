"""Which presentation contexts a set of files needs, spread over associations of at most 128 (PS3.8 9.3.2.2), pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from engine.model.association import MAX_CONTEXTS, ProposedContext, Role
from engine.standard.sop_classes import sop_classes
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE, transfer_syntax
from engine.wire.datasets import FileHeader

Need = tuple[str, str]
"""A SOP class and the transfer syntax its data is stored in."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The files one association sends."""

    contexts: tuple[ProposedContext, ...]
    files: tuple[FileHeader, ...]


def alternatives(stored: str) -> tuple[str, ...]:
    """Transfer syntaxes that data stored in one may be turned into for a peer that does not take it: the usual
    uncompressed ones, for uncompressed data. Implicit VR Little Endian needs none, every peer takes it (PS3.5 10.1).
    """
    row = transfer_syntax(stored)
    if row is None or not row.uncompressed or stored == IMPLICIT_VR_LE:
        return ()
    return tuple(uid for uid in (EXPLICIT_VR_LE, IMPLICIT_VR_LE) if uid != stored)


def contexts_for(needs: Iterable[Need], role: Role = Role.DEFAULT) -> tuple[ProposedContext, ...]:
    """Contexts for each distinct SOP class and stored transfer syntax. IDs are odd from 1.

    The stored syntax has a context of its own, or the acceptor might choose another although it takes this one; the
    alternatives share a second one.
    """
    proposals: dict[tuple[str, tuple[str, ...]], None] = {}
    for class_uid, stored in needs:
        proposals[class_uid, (stored,)] = None
        if others := alternatives(stored):
            proposals[class_uid, others] = None
    return tuple(
        ProposedContext(2 * n + 1, class_uid, syntaxes, role) for n, (class_uid, syntaxes) in enumerate(proposals)
    )


def spread(needs: Iterable[Need]) -> list[tuple[Need, ...]]:
    """Distinct needs in their order, cut into groups whose contexts fit on one association."""
    groups: list[tuple[Need, ...]] = []
    current: tuple[Need, ...] = ()
    for need in dict.fromkeys(needs):
        if len(contexts_for((*current, need))) > MAX_CONTEXTS:
            groups.append(current)
            current = ()
        current = (*current, need)
    return [*groups, current] if current else groups


def plan(files: Iterable[FileHeader]) -> list[Batch]:
    """Files spread over as few associations as their contexts need, in their order on each."""
    wanted: dict[Need, list[tuple[int, FileHeader]]] = {}
    for position, header in enumerate(files):
        wanted.setdefault((header.sop_class_uid, header.transfer_syntax), []).append((position, header))
    batches = []
    for group in spread(wanted):
        mine = sorted((item for need in group for item in wanted[need]), key=lambda item: item[0])
        batches.append(Batch(contexts_for(group), tuple(header for _, header in mine)))
    return batches


def query_contexts(sop_class_uid: str, with_storage: bool = False) -> tuple[ProposedContext, ...]:
    """The context of a query or retrieve; for C-GET also every storage class this side will take as SCP (PS3.4 C.4.3).

    128 contexts do not hold all storage classes: retired ones and those with an IOD defined outside DICOM are left out.
    """
    own = ProposedContext(1, sop_class_uid, (EXPLICIT_VR_LE, IMPLICIT_VR_LE))
    if not with_storage:
        return (own,)
    storage = [row for row in sop_classes().values() if row.kind == "composite storage" and not row.retired]
    storage.sort(key=lambda row: _RARE.search(row.name) is not None)
    taken = storage[: MAX_CONTEXTS - 1]
    return (
        own,
        *(
            ProposedContext(2 * n + 3, row.uid, (EXPLICIT_VR_LE, IMPLICIT_VR_LE), Role.SCP)
            for n, row in enumerate(taken)
        ),
    )


_RARE = re.compile("Protocol|Template|Tomotherapy|Robotic|Corneal|Ophthalmic|Lensometry|Refraction|Keratometry|Trial")
"""Classes seldom met, proposed last."""
