"""Unified procedure steps as texts, and the file of claimed steps."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.association import Peer
from engine.model.notices import Outcome
from engine.workspace.errors import ValueProblem, WorkspaceError
from engine.workspace.names import attribute_tag
from engine.workspace.ups_claims import FILE, UNSURE, Claim, Claims
from engine.workspace.ups_steps import (
    DISCONTINUATION_REASONS,
    WORKITEMS,
    cancel_request,
    code_choices,
    progress,
    read_code,
)

HERE, THERE = Peer(ae_title="HERE", host="127.0.0.1", port=104), Peer(ae_title="THERE", host="127.0.0.1", port=105)


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("110005^DCM^Interpretation", "CodeValue"),
        ("12345678901234567^99LONG^A long one", "LongCodeValue"),
        ("urn:oid:1.2.3^Something", "URNCodeValue"),
        ("https://example.org/x^99X^Something", "URNCodeValue"),
    ],
)
def test_codes_become_the_value_that_fits(text: str, keyword: str) -> None:

    item = read_code(text)
    assert item.text(attribute_tag(keyword)) == text.split("^", maxsplit=1)[0]
    assert item.text(attribute_tag("CodeMeaning")) == text.rsplit("^", maxsplit=1)[-1]


@pytest.mark.parametrize("text", ["", "A", "A^B", "^DCM^X", "A^DCM^", "A^^X", "A^B^C^D"])
def test_what_is_no_code(text: str) -> None:
    with pytest.raises(ValueProblem, match="is not a code"):
        read_code(text)


@pytest.mark.parametrize("group", [WORKITEMS, DISCONTINUATION_REASONS])
def test_codes_of_the_standard_are_read_back(group: int) -> None:
    choices = code_choices(group)
    assert len(choices) > 5
    codes = [read_code(text) for text in choices]
    assert [
        "^".join(code.text(attribute_tag(k)) for k in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning"))
        for code in codes
    ] == list(choices)


def test_progress_says_something() -> None:
    for nothing in ({}, {"contact_name": "Ann"}, {"percent": "101"}, {"percent": "x"}, {"percent": "nan"}):
        with pytest.raises(ValueProblem):
            progress(**nothing)
    assert len(progress("0")) == 1
    assert len(cancel_request()) == 0


def test_claims_are_kept_by_step_and_provider(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    assert claims.all() == ()
    for peer, key in ((HERE, "2.25.1"), (THERE, "2.25.2")):
        claims.put(Claim(sop_instance_uid="1.2", transaction_uid=key, peer=peer, claimed=1.0, doubt="not answered"))
    other = Claims(tmp_path)
    found = other.find("1.2", THERE)
    assert found is not None
    assert (found.transaction_uid, found.peer.port, found.doubt) == ("2.25.2", 105, "not answered")
    elsewhere = other.find("1.2", Peer(ae_title="NEW NAME"))
    assert elsewhere is not None
    claims.forget("1.2", HERE)
    assert [c.peer.ae_title for c in other.all()] == ["THERE"]


@pytest.mark.parametrize(
    ("outcome", "kept", "doubt"),
    [
        (Outcome.SUCCESS, "2.25.2", ""),
        (Outcome.FAILURE, "2.25.1", ""),
        (Outcome.NOT_SENT, "2.25.1", ""),
        (Outcome.ABORTED, "2.25.2", UNSURE),
        (Outcome.TIMED_OUT, "2.25.2", UNSURE),
    ],
)
def test_what_came_of_a_claim(tmp_path: Path, outcome: Outcome, kept: str, doubt: str) -> None:
    """A lost answer keeps the key; a refusal brings back the claim there was."""
    claims = Claims(tmp_path)
    claims.put(Claim(sop_instance_uid="1.2", transaction_uid="2.25.1", peer=HERE, claimed=1.0))
    asked = Claim(sop_instance_uid="1.2", transaction_uid="2.25.2", peer=HERE, claimed=2.0)
    before = claims.begin(asked)
    (meanwhile,) = claims.all()
    assert (meanwhile.transaction_uid, meanwhile.doubt) == ("2.25.2", UNSURE)
    claims.conclude(asked, outcome, before)
    (found,) = claims.all()
    assert (found.transaction_uid, found.doubt) == (kept, doubt)


@pytest.mark.parametrize("content", ["[[step]]\nsop_instance_uid = 5\n", "[[step]]\n", "step = 1\n", "\x00", "[[step"])
def test_a_broken_file_is_told_and_left(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    claims = Claims(tmp_path)
    with pytest.raises(WorkspaceError, match=FILE):
        claims.put(Claim(sop_instance_uid="1.2", transaction_uid="2.25.1", peer=HERE))
    assert (tmp_path / FILE).read_text() == content


@given(st.text(max_size=40))
def test_any_text_is_a_code_or_is_refused_in_words(text: str) -> None:
    try:
        item = read_code(text)
    except ValueProblem as problem:
        assert problem.reason
    else:
        assert len(item) in (2, 3)
