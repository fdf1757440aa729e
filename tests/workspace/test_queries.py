"""Information models, their keys, values written in words, queries kept as files."""

from __future__ import annotations

from datetime import date

import pytest

from engine.model.dataset import DataSet
from engine.standard.sop_classes import sop_classes
from engine.workspace.errors import ValueProblem, WorkspaceError
from engine.workspace.keys import with_keys
from engine.workspace.matching_values import date_range, problem, resolve, resolved
from engine.workspace.queries import identifier, retrieve_identifier, usual_keys
from engine.workspace.query_models import model_class, query_models
from engine.workspace.saved_queries import SavedQuery, find_query, load_query, save_query, shipped_queries
from engine.workspace.workspace import Workspace

DAY = date(2024, 3, 1)


def test_every_class_that_queries_or_retrieves_belongs_to_one_model():
    services = {"C-FIND", "C-GET", "C-MOVE"}
    known = {row.uid for row in sop_classes().values() if services & set(row.scu_invokes)}
    listed = [uid for m in query_models() for uid in (m.find, m.get, m.move) if uid]
    assert sorted(listed) == sorted(known)
    words = [m.word for m in query_models()]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("model", query_models(), ids=lambda m: m.word)
def test_every_model_has_keys_to_start_from(model):
    uid = model.find or model.get
    made = identifier(uid) if model.find else retrieve_identifier(uid)
    assert len(made) > (1 if model.levels else 0)
    assert not model.find or not model.levels or usual_keys(uid, model.levels[-1])


def test_a_model_is_named_by_word_keyword_or_uid_of_any_of_its_classes():
    study = "1.2.840.10008.5.1.4.1.2.2.2"
    assert model_class("study", "C-MOVE") == study
    assert model_class("StudyRootQueryRetrieveInformationModelFind", "C-MOVE") == study
    assert model_class("1.2.3.4", "C-FIND") == "1.2.3.4"
    with pytest.raises(ValueProblem, match="has no C-MOVE, only C-FIND"):
        model_class("worklist", "C-MOVE")
    with pytest.raises(ValueProblem, match="worklist"):
        model_class("worklst", "C-FIND")


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("today", "20240301"),
        ("Yesterday", "20240229"),
        ("last 7 days", "20240224-20240301"),
        ("past 2 weeks", "20240217-20240301"),
        ("20240101-", "20240101-"),
        ("last 9999 years", "last 9999 years"),
    ],
)
def test_days_in_words_become_dates(words, value):
    assert resolve("DA", words, DAY) == value
    assert resolve("LO", words, DAY) == words


def test_days_are_resolved_inside_sequences_too():
    keys = with_keys(DataSet(), ["ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate=today"])
    assert resolved(keys, DAY).items(0x00400100)[0].text(0x00400002) == "20240301"


@pytest.mark.parametrize(
    ("vr", "text"),
    [("DA", "20240101-20240201"), ("DA", "-20240201"), ("DA", "today"), ("TM", "0830-1200"), ("DT", "20240101-0500"),
     ("DT", "2023-2024"), ("PN", "DOE^J*"), ("UI", "1.2.3\\4.5"), ("IS", "12"), ("LO", "a?b*"), ("DA", "")],
)  # fmt: skip
def test_values_that_match_by_their_vr(vr, text):
    assert problem(vr, text) is None


@pytest.mark.parametrize(
    ("vr", "text", "said"),
    [("DA", "2024-01-31", "20240131"), ("DA", "20241301", "Write"), ("DA", "-", "Write"), ("TM", "08:30", "0830"),
     ("UI", "1.2*", "wildcards"), ("IS", "1*", "wildcards"), ("PN", "a^b^c^d^e^f", "five parts"),
     ("UI", "x", "digits")],
)  # fmt: skip
def test_values_that_cannot_match_are_said_with_what_to_write(vr, text, said):
    assert said in (problem(vr, text) or "")


def test_ranges_of_days():
    assert date_range(DAY, None) == "20240301-"
    assert date_range(DAY, DAY) == "20240301"
    assert date_range(None, None) == ""
    with pytest.raises(ValueProblem, match="ends before"):
        date_range(DAY, date(2024, 1, 1))


def test_shipped_queries_read_and_ask_for_what_they_say():
    queries = shipped_queries()
    assert len({q.title for q in queries}) == len(queries) >= 4
    assert all(len(q.identifier()) > 5 for q in queries)


def test_a_query_is_kept_as_text_and_found_by_title_and_by_file_name(tmp_path):
    workspace = Workspace(tmp_path)
    query = SavedQuery(
        title="CT of last week",
        sop_class_uid=model_class("study", "C-FIND"),
        level="STUDY",
        keys=(("StudyDate", "last 7 days"), ("ModalitiesInStudy", "CT")),
        returned=("StudyInstanceUID",),
    )
    kept = workspace.save_query(query)
    assert kept.path is not None
    assert 'StudyDate = "last 7 days"' in kept.path.read_text()
    assert find_query(tmp_path, "ct OF last week") == kept
    assert find_query(tmp_path, kept.path.stem) == kept
    assert workspace.queries()[0] == kept
    workspace.delete_query(kept)
    assert kept not in workspace.queries()
    with pytest.raises(ValueProblem, match="Worklist of today"):
        find_query(tmp_path, "nothing like it")


def test_a_broken_query_is_told_with_its_line_and_the_others_stay(tmp_path):
    workspace = Workspace(tmp_path)
    good = save_query(tmp_path / "queries" / "good.toml", shipped_queries()[0])
    (tmp_path / "queries" / "bad.toml").write_text('title = "x"\n\n[keys]\nPatientNam = "x"\n')
    with pytest.raises(WorkspaceError, match=r"line 4.*PatientName"):
        load_query(tmp_path / "queries" / "bad.toml")
    assert good in workspace.queries()
    assert any("bad.toml" in str(p) for p in workspace.problems)
