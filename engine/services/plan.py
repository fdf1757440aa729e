"""Which presentation contexts a set of files needs, spread over associations of at most 128 (PS3.8 9.3.2.2), pure."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache

from engine.model.association import MAX_CONTEXTS, Negotiated, NegotiatedContext, ProposedContext, Role
from engine.model.quick import quick
from engine.model.storing import (
    FileResult,
    FileState,
    Order,
    PlannedAssociation,
    PlannedFile,
    ProposalStyle,
    StoreOptions,
    StorePlan,
)
from engine.protocol.products import known_limit
from engine.standard.dictionary import uid_text
from engine.standard.sop_classes import sop_class, sop_classes
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE, transfer_syntax, transfer_syntaxes

Need = tuple[str, str]
"""A SOP class and the transfer syntax its data is stored in."""


def alternatives(stored: str) -> tuple[str, ...]:
    """Transfer syntaxes that data stored in one may be turned into for a peer that does not take it: the usual
    uncompressed ones, for uncompressed data. Implicit VR Little Endian needs none, every peer takes it (PS3.5 10.1).
    """
    if not _uncompressed(stored) or stored == IMPLICIT_VR_LE:
        return ()
    return tuple(uid for uid in (EXPLICIT_VR_LE, IMPLICIT_VR_LE) if uid != stored)


def contexts_for(
    needs: Iterable[Need], role: Role = Role.DEFAULT, style: ProposalStyle = ProposalStyle.SEPARATE
) -> tuple[ProposedContext, ...]:
    """Contexts for the SOP classes and stored transfer syntaxes, in a style. IDs are odd from 1.

    By itself the stored syntax has a context of its own, or the acceptor might choose another although it takes this
    one; the alternatives share a second one.
    """
    proposals: dict[tuple[str, tuple[str, ...]], None] = {}
    if style is ProposalStyle.TOGETHER:
        together: dict[str, dict[str, None]] = {}
        for class_uid, stored in needs:
            together.setdefault(class_uid, {}).update(dict.fromkeys((stored, *alternatives(stored))))
        proposals = {(class_uid, tuple(syntaxes)): None for class_uid, syntaxes in together.items()}
    else:
        for class_uid, stored in needs:
            proposals[class_uid, (stored,)] = None
            if style is ProposalStyle.SEPARATE and (others := alternatives(stored)):
                proposals[class_uid, others] = None
    return tuple(
        ProposedContext(2 * n + 1, class_uid, syntaxes, role) for n, (class_uid, syntaxes) in enumerate(proposals)
    )


def spread(needs: Iterable[Need], style: ProposalStyle = ProposalStyle.SEPARATE) -> list[tuple[Need, ...]]:
    """Distinct needs in their order, cut into groups whose contexts fit on one association."""
    groups: list[tuple[Need, ...]] = []
    current: tuple[Need, ...] = ()
    for need in dict.fromkeys(needs):
        if len(contexts_for((*current, need), style=style)) > MAX_CONTEXTS:
            groups.append(current)
            current = ()
        current = (*current, need)
    return [*groups, current] if current else groups


def plan(
    files: Sequence[PlannedFile], options: StoreOptions | None = None, only: Iterable[int] | None = None
) -> StorePlan:
    """The files (numbered by their place) spread over associations.

    As few associations as the contexts need; more where `options` want several at once or limit their files.
    only: numbers of the files to send; None: all that can go.
    """
    options = options or StoreOptions()
    chosen = None if only is None else set(only)
    wanted = [f for f in files if f.state is FileState.PLANNED and (chosen is None or f.number in chosen)]
    planned = [replace(f, association=0, contexts=()) if f.association else f for f in files]
    associations: list[PlannedAssociation] = []
    for part in _parts(_ordered(wanted, options.order), options):
        contexts = contexts_for(map(_need, part), style=options.style)
        associations.append(PlannedAssociation(contexts, tuple(f.number for f in part)))
        by_need: dict[Need, tuple[int, ...]] = {}
        for file in part:
            need = _need(file)
            if need not in by_need:
                by_need[need] = _usable(contexts, *need)
            planned[file.number] = _assigned(file, len(associations), by_need[need])
    return StorePlan(tuple(planned), tuple(associations), options)


_planned_file, _file_result = quick(PlannedFile), quick(FileResult)


def _assigned(f: PlannedFile, association: int, contexts: tuple[int, ...]) -> PlannedFile:
    """`replace`, for thousands of files."""
    return _planned_file(
        number=f.number,
        path=f.path,
        state=f.state,
        why=f.why,
        note=f.note,
        cut=f.cut,
        sop_class_uid=f.sop_class_uid,
        sop_instance_uid=f.sop_instance_uid,
        transfer_syntax=f.transfer_syntax,
        offset=f.offset,
        length=f.length,
        modified=f.modified,
        association=association,
        contexts=contexts,
    )


def _need(file: PlannedFile) -> Need:
    return file.sop_class_uid, file.transfer_syntax


def _ordered(files: list[PlannedFile], order: Order) -> list[PlannedFile]:
    match order:
        case Order.GROUPED:
            rank = {need: n for n, need in enumerate(dict.fromkeys(map(_need, files)))}
            return sorted(files, key=lambda f: rank[_need(f)])
        case Order.SMALLEST:
            return sorted(files, key=lambda f: f.length)
        case Order.SHUFFLED:
            files = list(files)
            random.Random(len(files)).shuffle(files)  # noqa: S311 - nothing secret; the same at each run
    return files


def _parts(files: list[PlannedFile], options: StoreOptions) -> Iterator[list[PlannedFile]]:
    """What each association sends: files whose contexts fit on it, cut to the number wished for."""
    for group in spread(map(_need, files), options.style):
        needs = set(group)
        mine = [f for f in files if _need(f) in needs]
        size = -(-len(mine) // max(1, options.parallel))
        if options.files_per_association:
            size = min(size, options.files_per_association)
        yield from (mine[n : n + size] for n in range(0, len(mine), size))


def _usable(contexts: Iterable[ProposedContext], class_uid: str, stored: str) -> tuple[int, ...]:
    """IDs of the proposed contexts data can go on: with its own syntax first, then those it can be converted to."""
    mine = [c for c in contexts if c.abstract_syntax == class_uid]
    own = [c.id for c in mine if stored in c.transfer_syntaxes]
    if not _uncompressed(stored):
        return tuple(own)
    return (*own, *(c.id for c in mine if c.id not in own and any(map(_uncompressed, c.transfer_syntaxes))))


# --- after negotiation --------------------------------------------------------------------------------------------


def judged(plan: StorePlan, association: PlannedAssociation, negotiated: Negotiated, number: int) -> list[FileResult]:
    """What the negotiation of a planned association (`number`: its own) means for each of its files: the context it
    goes on, or why it cannot go. What this peer is known to end the association over goes last, with the reason."""
    exact = plan.options.style is ProposalStyle.EXACT
    known: dict[Need, tuple[NegotiatedContext | None, str]] = {}
    results = []
    for file in (plan.files[n] for n in association.files):
        need = _need(file)
        if need not in known:
            context = _context_for(negotiated, *need, exact=exact)
            known[need] = (context, "" if context else why_not(negotiated, *need))
        context, why = known[need]
        results.append(
            _file_result(
                number=file.number,
                path=file.path,
                state=FileState.PLANNED if context else FileState.CANNOT_GO,
                sentence=why or _known(negotiated, context),
                association=number,
                context_id=context.id if context else None,
                transfer_syntax=context.transfer_syntax if context else "",
            )
        )
    return sorted(results, key=lambda r: r.state is FileState.PLANNED and bool(r.sentence))


def _known(negotiated: Negotiated, context: NegotiatedContext | None) -> str:
    peer = (negotiated.peer_implementation_class_uid, negotiated.peer_implementation_version_name)
    return known_limit(*peer, context.transfer_syntax) if context else ""


def _context_for(negotiated: Negotiated, class_uid: str, stored: str, *, exact: bool) -> NegotiatedContext | None:
    """The accepted context in the data's own syntax, else one it can be converted to."""
    accepted = negotiated.accepted_for(class_uid)
    same = next((c for c in accepted if c.transfer_syntax == stored), None)
    if same is not None or exact or not _uncompressed(stored):
        return same
    return next((c for c in accepted if _uncompressed(c.transfer_syntax)), None)


def why_not(negotiated: Negotiated, class_uid: str, stored: str) -> str:
    """Why data of a SOP class in a transfer syntax cannot go on this association."""
    what, syntax = (uid_text(uid) for uid in (class_uid, stored))
    refused = [c for c in negotiated.contexts if c.abstract_syntax == class_uid and stored in c.proposed]
    reason = next((c.reason for c in refused if not c.accepted), "")
    if reason:
        return f"No presentation context for {what} in {syntax} was accepted: {reason}"
    accepted = {uid_text(c.transfer_syntax) for c in negotiated.accepted_for(class_uid)}
    if accepted:
        return f"{what} was accepted only in {', '.join(sorted(accepted))}, to which {syntax} is not converted."
    return f"No presentation context for {what} was proposed."


def _uncompressed(uid: str) -> bool:
    row = transfer_syntax(uid)
    return row is not None and row.uncompressed


def query_contexts(
    sop_class_uid: str, with_storage: bool = False, classes: Iterable[str] = ()
) -> tuple[ProposedContext, ...]:
    """The context of a query or retrieve; for C-GET also storage classes this side will take as SCP (PS3.4 C.4.3).

    128 contexts hold neither all storage classes nor all transfer syntaxes. What studies are made of comes first,
    uncompressed; then the usual image classes in a context for each usual compression, because an acceptor chooses
    only one syntax of a context; then other classes as far as there is room.

    classes: those known to be there, which are proposed alone, uncompressed and in a context for each compression.
    """
    uncompressed = (EXPLICIT_VR_LE, IMPLICIT_VR_LE)
    own = ProposedContext(1, sop_class_uid, uncompressed)
    if not with_storage:
        return (own,)
    own_row = sop_class(sop_class_uid)
    there = tuple(dict.fromkeys(classes))
    if not there and own_row is not None and own_row.kind.startswith("non-patient"):
        there = tuple(row.uid for row in sop_classes().values() if row.kind == "composite storage (non-patient)")
    if there:
        pairs = [(uid, uncompressed) for uid in there] + [(uid, (s,)) for s in _compressions() for uid in there]
        return (own, *_as_scp(pairs))
    return (own, *_as_scp(_storage_at_large(uncompressed)))


def _storage_at_large(uncompressed: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """Storage classes with the transfer syntaxes of a context each, where nothing is known of what is there."""
    known = [row for row in sop_classes().values() if row.kind == "composite storage" and not row.retired]
    known.sort(key=lambda row: _RARE.search(row.name) is not None)
    usual = [f"{_STORAGE}.{end}" for end in _USUAL]
    return [
        *((uid, uncompressed) for uid in usual),
        *(
            (f"{_STORAGE}.{c}", (f"{_SYNTAX}.{s}",))
            for classes, syntaxes in _COMPRESSED
            for c in classes
            for s in syntaxes
        ),
        *((row.uid, uncompressed) for row in known if row.uid not in usual),
    ]


def _as_scp(wanted: Sequence[tuple[str, tuple[str, ...]]]) -> Iterator[ProposedContext]:
    """Contexts in which we take what the peer stores, as far as there is room beside the query's own."""
    for n, (uid, syntaxes) in enumerate(wanted[: MAX_CONTEXTS - 1]):
        yield ProposedContext(2 * n + 3, uid, syntaxes, Role.SCP)


@cache
def _compressions() -> tuple[str, ...]:
    """Compressed transfer syntaxes in use, the commonest first."""
    usual = [f"{_SYNTAX}.{end}" for end in _COMMON]
    return (
        *usual,
        *(s.uid for s in transfer_syntaxes().values() if s.encapsulated and s.uid not in usual and not s.retired),
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
_COMMON = ("4.70", "4.90", "4.50", "4.91", "5", "4.80", "4.51", "4.81", "4.57", "4.102", "4.103")
_RARE = re.compile("Protocol|Template|Tomotherapy|Robotic|Corneal|Ophthalmic|Lensometry|Refraction|Keratometry|Trial")
"""Classes seldom met, proposed last."""
