"""Which contexts files need, and over how many associations they go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.model.association import MAX_CONTEXTS, Negotiated, NegotiatedContext, Role
from engine.model.storing import FileState, Order, PlannedFile, ProposalStyle, StoreOptions
from engine.services.plan import contexts_for, judged, plan, query_contexts, spread
from engine.standard.sop_classes import sop_classes
from engine.standard.transfer_syntaxes import transfer_syntaxes

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
IMPLICIT, EXPLICIT, BIG, JPEG = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.4.50",
)


def header(number: int, sop_class_uid: str, syntax: str = EXPLICIT, length: int = 2) -> PlannedFile:
    return PlannedFile(
        number=number,
        path=Path(f"{number}.dcm"),
        sop_class_uid=sop_class_uid,
        sop_instance_uid=f"1.2.{number}",
        transfer_syntax=syntax,
        length=length,
    )


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
    made = plan(files)
    (association,) = made.associations
    assert association.files == tuple(range(10))
    assert [f.contexts for f in made.files[:2]] == [(1, 3), (5, 7)]
    assert {f.association for f in made.files} == {1}


def test_no_association_has_more_contexts_than_ids() -> None:
    files = [header(n, f"1.2.3.{n % 150}") for n in range(450)]
    made = plan(files)
    assert all(len(a.contexts) <= MAX_CONTEXTS and a.contexts[-1].id <= 255 for a in made.associations)
    assert sorted(n for a in made.associations for n in a.files) == list(range(450))
    assert len(made.associations) == 3  # 150 classes of two contexts each
    for number, association in enumerate(made.associations, start=1):
        mine = {c.id for c in association.contexts}
        assert all(made.files[n].association == number for n in association.files)
        assert all(set(made.files[n].contexts) <= mine for n in association.files)


def test_nothing_to_send_needs_no_association() -> None:
    assert plan([]).associations == ()
    assert spread([]) == []


def test_what_cannot_go_is_on_no_association() -> None:
    files = [header(0, CT), replace(header(1, CT), state=FileState.CANNOT_GO, why="It is empty.")]
    made = plan(files)
    assert (made.sending, made.files[1].association, made.counts[FileState.CANNOT_GO]) == (1, 0, 1)


def test_the_rest_of_a_plan_is_planned_anew() -> None:
    first = plan([header(n, CT if n < 5 else MR) for n in range(10)])
    rest = plan(first.files, only=(7, 9))
    (association,) = rest.associations
    assert association.files == (7, 9)
    assert {c.abstract_syntax for c in association.contexts} == {MR}
    assert [f.association for f in rest.files] == [0] * 7 + [1, 0, 1]


STYLES = {
    ProposalStyle.SEPARATE: [(CT, (EXPLICIT,)), (CT, (IMPLICIT,)), (CT, (JPEG,))],
    ProposalStyle.EXACT: [(CT, (EXPLICIT,)), (CT, (JPEG,))],
    ProposalStyle.TOGETHER: [(CT, (EXPLICIT, IMPLICIT, JPEG))],
}


@pytest.mark.parametrize("style", STYLES)
def test_contexts_are_proposed_in_the_chosen_style(style: ProposalStyle) -> None:
    made = plan([header(0, CT), header(1, CT, JPEG)], StoreOptions(style=style))
    (association,) = made.associations
    assert [(c.abstract_syntax, c.transfer_syntaxes) for c in association.contexts] == STYLES[style]


def test_files_are_ordered_as_wished() -> None:
    files = [header(n, MR if n % 2 else CT, length=100 - n) for n in range(6)]

    def order(wish: Order) -> list[int]:
        return [n for a in plan(files, StoreOptions(order=wish)).associations for n in a.files]

    assert order(Order.FOUND) == [0, 1, 2, 3, 4, 5]
    assert order(Order.GROUPED) == [0, 2, 4, 1, 3, 5]
    assert order(Order.SMALLEST) == [5, 4, 3, 2, 1, 0]
    assert order(Order.SHUFFLED) == order(Order.SHUFFLED) != order(Order.FOUND)
    assert sorted(order(Order.SHUFFLED)) == order(Order.FOUND)


def test_associations_are_cut_to_the_wished_number_of_files() -> None:
    files = [header(n, CT) for n in range(10)]
    assert [len(a.files) for a in plan(files, StoreOptions(files_per_association=4)).associations] == [4, 4, 2]
    assert [len(a.files) for a in plan(files, StoreOptions(parallel=3)).associations] == [4, 4, 2]
    assert len(plan(files, StoreOptions(parallel=64)).associations) == 10


def negotiated(*contexts: tuple[int, str, tuple[str, ...], str]) -> Negotiated:
    """(ID, abstract syntax, proposed, accepted transfer syntax or "")."""
    return Negotiated(
        contexts=tuple(
            NegotiatedContext(
                id=n, abstract_syntax=a, proposed=p, result=0 if t else 4, transfer_syntax=t, reason="" if t else "No."
            )
            for n, a, p, t in contexts
        )
    )


def test_negotiation_tells_each_file_where_it_goes_or_why_not() -> None:
    made = plan([header(0, CT), header(1, CT, JPEG), header(2, MR, BIG)])
    answer = negotiated(
        (1, CT, (EXPLICIT,), ""), (3, CT, (IMPLICIT,), IMPLICIT), (5, CT, (JPEG,), ""),
        (7, MR, (BIG,), BIG), (9, MR, (EXPLICIT, IMPLICIT), EXPLICIT),
    )  # fmt: skip
    ct, jpeg, mr = judged(made, made.associations[0], answer, 17)
    assert (ct.state, ct.context_id, ct.transfer_syntax) == (FileState.PLANNED, 3, IMPLICIT)
    assert (jpeg.state, jpeg.context_id) == (FileState.CANNOT_GO, None)
    assert "JPEG Baseline" in jpeg.sentence
    assert "was accepted: No." in jpeg.sentence
    assert (mr.context_id, mr.transfer_syntax, mr.association) == (7, BIG, 17)


def test_a_choice_among_all_syntaxes_decides_for_every_file() -> None:
    made = plan([header(0, CT), header(1, CT, JPEG)], StoreOptions(style=ProposalStyle.TOGETHER))
    answer = negotiated((1, CT, (EXPLICIT, IMPLICIT, JPEG), IMPLICIT))
    ct, jpeg = judged(made, made.associations[0], answer, 1)
    assert (ct.state, ct.transfer_syntax) == (FileState.PLANNED, IMPLICIT)
    assert jpeg.state is FileState.CANNOT_GO
    assert "accepted only in Implicit VR Little Endian" in jpeg.sentence


def test_exactly_as_stored_means_not_converted() -> None:
    made = plan([header(0, CT)], StoreOptions(style=ProposalStyle.EXACT))
    (ct,) = judged(made, made.associations[0], negotiated((1, CT, (EXPLICIT,), "")), 1)
    assert ct.state is FileState.CANNOT_GO


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
