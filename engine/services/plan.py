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


def syntaxes_for(stored: str) -> tuple[str, ...]:
    """Transfer syntaxes to propose for data stored in one: itself, and the uncompressed ones it can be turned into."""
    row = transfer_syntax(stored)
    if row is None or row.encapsulated:
        return (stored,)
    return tuple(dict.fromkeys((stored, EXPLICIT_VR_LE, IMPLICIT_VR_LE)))


def contexts_for(needs: Iterable[Need], role: Role = Role.DEFAULT) -> tuple[ProposedContext, ...]:
    """One context for each distinct (SOP class, stored transfer syntax): a context has one accepted syntax only, so a
    compressed and an uncompressed instance of one class need one each. IDs are odd from 1."""
    distinct = dict.fromkeys(needs)
    proposals = dict.fromkeys((class_uid, syntaxes_for(stored)) for class_uid, stored in distinct)
    return tuple(
        ProposedContext(2 * n + 1, class_uid, syntaxes, role) for n, (class_uid, syntaxes) in enumerate(proposals)
    )


def plan(files: Iterable[FileHeader]) -> list[Batch]:
    """Files in their order, cut into associations whenever the next one would need a 129th context."""
    batches: list[Batch] = []
    current: list[FileHeader] = []
    needs: dict[Need, None] = {}
    for header in files:
        need = (header.sop_class_uid, header.transfer_syntax)
        if need not in needs and len(contexts_for((*needs, need))) > MAX_CONTEXTS:
            batches.append(Batch(contexts_for(needs), tuple(current)))
            current, needs = [], {}
        needs[need] = None
        current.append(header)
    if current:
        batches.append(Batch(contexts_for(needs), tuple(current)))
    return batches


def spread(needs: Iterable[Need]) -> list[tuple[Need, ...]]:
    """(SOP class, stored transfer syntax) pairs, cut into groups whose contexts fit on one association."""
    groups: list[tuple[Need, ...]] = []
    current: tuple[Need, ...] = ()
    for need in dict.fromkeys(needs):
        if len(contexts_for((*current, need))) > MAX_CONTEXTS:
            groups.append(current)
            current = ()
        current = (*current, need)
    return [*groups, current] if current else groups


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
