"""Which contexts files need, and over how many associations they go."""

from __future__ import annotations

from pathlib import Path

from engine.model.association import MAX_CONTEXTS
from engine.services.plan import contexts_for, plan, spread
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
