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
    """The context of a query or retrieve; for C-GET also storage classes this side will take as SCP (PS3.4 C.4.3).

    128 contexts hold neither all storage classes nor all transfer syntaxes. What studies are made of comes first,
    uncompressed; then the usual image classes in a context for each usual compression, because an acceptor chooses
    only one syntax of a context; then other classes as far as there is room.
    """
    uncompressed = (EXPLICIT_VR_LE, IMPLICIT_VR_LE)
    own = ProposedContext(1, sop_class_uid, uncompressed)
    if not with_storage:
        return (own,)
    known = [row for row in sop_classes().values() if row.kind == "composite storage" and not row.retired]
    known.sort(key=lambda row: _RARE.search(row.name) is not None)
    usual = [f"{_STORAGE}.{end}" for end in _USUAL]
    wanted: list[tuple[str, tuple[str, ...]]] = [
        *((uid, uncompressed) for uid in usual),
        *(
            (f"{_STORAGE}.{c}", (f"{_SYNTAX}.{s}",))
            for classes, syntaxes in _COMPRESSED
            for c in classes
            for s in syntaxes
        ),
        *((row.uid, uncompressed) for row in known if row.uid not in usual),
    ]
    return (
        own,
        *(
            ProposedContext(2 * n + 3, uid, syntaxes, Role.SCP)
            for n, (uid, syntaxes) in enumerate(wanted[: MAX_CONTEXTS - 1])
        ),
    )


_STORAGE, _SYNTAX = "1.2.840.10008.5.1.4.1.1", "1.2.840.10008.1.2"
_IMAGES = ("2", "4", "1", "1.1", "1.2", "12.1", "6.1", "3.1", "7")
"""UID endings of the commonest: CT, MR, CR, digital X-ray, mammography, angiography, ultrasound (multi-frame), SC."""
_USUAL = (
    *_IMAGES, "128", "20", "2.1", "4.1", "12.2", "13.1.3", "7.1", "7.2", "7.3", "7.4", "1.1.1", "1.2.1", "1.3", "130",
    "66", "66.4", "77.1.1", "77.1.1.1", "77.1.2", "77.1.4", "77.1.4.1", "77.1.5.1", "77.1.5.4", "77.1.6",
    "9.1.1", "9.1.2", "11.1", "88.11", "88.22", "88.33", "88.34", "88.59", "88.67", "104.1",
    "481.1", "481.2", "481.3", "481.5", "66.1",
)  # fmt: skip
"""What everyday studies hold: those, PET, NM, enhanced and multi-frame images, visible light, ECG, reports, RT."""
_COMPRESSED = (
    ((*_IMAGES, "128", "20", "2.1", "4.1", "13.1.3", "7.4"), ("4.70", "4.90")),
    (_IMAGES, ("4.50", "4.91", "5", "4.80")),
    (("20", "7.4", "77.1.1", "77.1.4", "77.1.5.1", "77.1.6"), ("4.50",)),
    (("77.1.6",), ("4.90",)),
    (("77.1.1.1", "77.1.4.1"), ("4.102",)),
    (("2", "4", "1"), ("4.51",)),
)
"""Classes with the compressions they are met in: JPEG Lossless SV1 (70), JPEG 2000 (90, 91), JPEG (50, 51), RLE (5),
JPEG-LS (80), MPEG-4 (102)."""
_RARE = re.compile("Protocol|Template|Tomotherapy|Robotic|Corneal|Ophthalmic|Lensometry|Refraction|Keratometry|Trial")
"""Classes seldom met, proposed last."""
