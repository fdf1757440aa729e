"""Which contexts files need, and over how many associations they go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.model.association import MAX_CONTEXTS, Role
from engine.services.plan import contexts_for, plan, query_contexts, spread
from engine.standard.sop_classes import sop_classes
from engine.standard.transfer_syntaxes import transfer_syntaxes
from engine.wire.datasets import FileHeader

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
IMPLICIT, EXPLICIT, BIG, JPEG = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.4.50",
)


def header(number: int, sop_class_uid: str, syntax: str = EXPLICIT) -> FileHeader:
    return FileHeader(Path(f"{number}.dcm"), sop_class_uid, f"1.2.{number}", syntax, 0, 2)


def test_the_stored_syntax_has_a_context_of_its_own() -> None:
    made = contexts_for([(CT, EXPLICIT), (MR, IMPLICIT), (CT, JPEG), (MR, BIG)])
    assert [(c.id, c.abstract_syntax, c.transfer_syntaxes) for c in made] == [
        (1, CT, (EXPLICIT,)),
        (3, CT, (IMPLICIT,)),
        (5, MR, (IMPLICIT,)),
        (7, CT, (JPEG,)),
        (9, MR, (BIG,)),
        (11, MR, (EXPLICIT, IMPLICIT)),
    ]


def test_files_of_few_kinds_share_one_association_in_their_order() -> None:
    files = [header(n, CT if n % 2 else MR) for n in range(10)]
    (batch,) = plan(files)
    assert list(batch.files) == files


def test_no_association_has_more_contexts_than_ids() -> None:
    files = [header(n, f"1.2.3.{n % 150}") for n in range(450)]
    batches = plan(files)
    assert all(len(b.contexts) <= MAX_CONTEXTS and b.contexts[-1].id <= 255 for b in batches)
    assert sorted(f.path for b in batches for f in b.files) == sorted(f.path for f in files)
    assert len(batches) == 3  # 150 classes of two contexts each


def test_nothing_to_send_needs_no_association() -> None:
    assert plan([]) == []
    assert spread([]) == []


def test_a_get_proposes_the_usual_classes_and_each_of_their_compressions_alone() -> None:
    own, *storage = query_contexts("1.2.840.10008.5.1.4.1.2.2.3", with_storage=True)
    assert own.transfer_syntaxes == (EXPLICIT, IMPLICIT)
    assert len(storage) == MAX_CONTEXTS - 1
    assert [c.id for c in (own, *storage)] == list(range(1, 256, 2))
    wanted = [(c.abstract_syntax, c.transfer_syntaxes) for c in storage]
    assert len(set(wanted)) == len(wanted)
    assert all(c.role is Role.SCP for c in storage)
    known, syntaxes = sop_classes(), transfer_syntaxes()
    assert all(not known[uid].retired and known[uid].kind == "composite storage" for uid, _ in wanted)
    assert all(len(some) == 1 for _, some in wanted if syntaxes[some[0]].encapsulated)
    assert {(CT, (JPEG,)), (MR, (JPEG,)), (CT, (EXPLICIT, IMPLICIT))} <= set(wanted)
    assert query_contexts(CT) == (replace(own, abstract_syntax=CT),)
