"""Retrievals one after the other: which goes on, which stops the rest, what is said of all."""

from __future__ import annotations

import pytest

from engine.model.association import LocalAE, Peer, Proposal
from engine.model.commands import Retrieve
from engine.model.dataset import DataElement, DataSet
from engine.model.notices import Outcome, StatusNotice
from gui.models.retrievals import Retrievals


def retrieve(patient):
    identifier = DataSet((DataElement(0x00100020, "LO", (patient,)),))
    proposal = Proposal(peer=Peer(), local=LocalAE())
    return Retrieve(
        operation=0, association=0, proposal=proposal, service="C-MOVE", sop_class_uid="1.2", identifier=identifier
    )


def ended(outcome, received=0, sentence="", verdict=""):
    return StatusNotice(
        operation=1,
        association=1,
        time=0.0,
        clock=0.0,
        outcome=outcome,
        service="C-MOVE",
        sentence=sentence,
        verdict=verdict,
        received=received,
    )


def test_one_alone_needs_no_verdict_over_all():
    retrievals = Retrievals([retrieve("A")])
    retrievals.next()
    assert not retrievals.ended(ended(Outcome.SUCCESS, 3))
    assert retrievals.verdict() == ("", "")


def test_all_are_asked_in_order_and_summed_up():
    asked = [retrieve(name) for name in "ABC"]
    retrievals = Retrievals(iter(asked))
    for number, one in enumerate(asked):
        assert retrievals.next() is one
        assert retrievals.ended(ended(Outcome.SUCCESS, 700)) is (number < 2)
    assert retrievals.verdict() == ("3 of 3 retrievals went well; 2,100 instances arrived here.", "ok")


@pytest.mark.parametrize("outcome", [Outcome.WARNING, Outcome.FAILURE])
def test_what_the_peer_answered_does_not_stop_the_rest_and_the_first_failure_is_told(outcome):
    retrievals = Retrievals(map(retrieve, "AB"))
    retrievals.next()
    assert retrievals.ended(ended(outcome, 1, "A900H Identifier does not match.", "Nothing came."))
    retrievals.next()
    assert not retrievals.ended(ended(Outcome.SUCCESS, 2))
    words = "1 of 2 retrievals went well; 3 instances arrived here. A900H Identifier does not match. Nothing came."
    assert retrievals.verdict() == (words, "warning")


@pytest.mark.parametrize("outcome", [Outcome.CANCELLED, Outcome.ABORTED, Outcome.TIMED_OUT])
def test_a_stop_or_a_lost_association_ends_the_rest_which_counts_as_not_well(outcome):
    retrievals = Retrievals(map(retrieve, "ABC"))
    retrievals.next()
    assert not retrievals.ended(ended(outcome, sentence="It ended."))
    assert retrievals.verdict() == ("0 of 3 retrievals went well; 0 instances arrived here. It ended.", "warning")
