"""Presentation contexts: odd IDs in order, the limit of 128, names that tell them apart."""

from __future__ import annotations

import pytest
from PySide6.QtTest import QAbstractItemModelTester

from engine.model.association import ProposedContext, Role
from engine.workspace.settings import number_contexts
from gui.models.contexts import (
    ContextsModel,
    describe_context,
    limit_sentence,
    merge,
    new_context,
    short_abstract_name,
    syntaxes_text,
)

CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
VERIFICATION = "1.2.840.10008.1.1"


@pytest.fixture
def model(qtbot):
    made = ContextsModel()
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal)
    made.set_records(number_contexts(tuple(new_context(u) for u in (VERIFICATION, CT, MR))))
    return made


def ids(model):
    return [(c.id, c.abstract_syntax) for c in model.records]


def test_moving_renumbers_so_that_ids_stay_odd_and_in_order(model):
    assert model.move(2, 0)
    assert ids(model) == [(1, MR), (3, VERIFICATION), (5, CT)]


def test_those_who_hear_of_a_move_see_the_new_ids(model):
    seen = []
    model.reordered.connect(lambda: seen.append(ids(model)))
    model.move(0, 1)
    assert seen == [[(1, CT), (3, VERIFICATION), (5, MR)]]


def test_removing_renumbers(model):
    assert [c.id for c in model.without([0])] == [1, 3]


def test_replacing_keeps_the_id(model):
    changed = model.replaced(1, ProposedContext(1, MR, ("1.2.840.10008.1.2",), Role.BOTH))
    assert (changed[1].id, changed[1].role) == (3, Role.BOTH)


def test_merging_adds_only_what_is_not_there(model):
    both = merge(model.records, (new_context(CT), new_context("1.2.3")))
    assert [c.abstract_syntax for c in both] == [VERIFICATION, CT, MR, "1.2.3"]
    assert [c.id for c in both] == [1, 3, 5, 7]


def test_more_than_128_are_kept_but_not_proposed_and_it_is_explained(model):
    assert limit_sentence(128) is None
    assert "the last one is not proposed" in limit_sentence(129)
    assert "129 of 128" in limit_sentence(129)
    model.set_records(number_contexts(tuple(new_context(f"1.2.{i}") for i in range(130))))
    proposed = model.proposed()
    assert len(proposed) == 128
    assert proposed[-1].id == 255


def test_an_entry_tells_names_first_and_uids_on_hover_and_copy():
    context = ProposedContext(3, CT, ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2"), Role.SCP)
    entry = describe_context(context)
    assert (entry.lead, entry.title, entry.note) == ("3", "CT Image Storage", "SCP")
    assert entry.detail == "Explicit LE, Implicit LE"
    assert CT in entry.tooltip
    assert CT in entry.copy


def test_query_models_stay_apart_in_narrow_lists():
    assert short_abstract_name("1.2.840.10008.5.1.4.1.2.2.1").endswith("FIND")
    assert "Information Model" not in short_abstract_name("1.2.840.10008.5.1.4.1.2.2.1")


def test_unregistered_uids_show_as_they_are():
    assert describe_context(ProposedContext(1, "1.2.3.4", ("1.2.3.5",))).title == "1.2.3.4"
    assert syntaxes_text(("1.2.3.5",)) == "1.2.3.5"
    assert syntaxes_text(()) == "no transfer syntax"


def test_a_context_beyond_the_limit_is_marked() -> None:
    last, beyond = (describe_context(ProposedContext(number, "1.2.840.10008.1.1", ())) for number in (255, 257))
    assert (last.lead, last.note) == ("255", "")
    assert (beyond.lead, beyond.note, beyond.note_role) == ("—", "not proposed", "warning")
