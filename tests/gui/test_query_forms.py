"""The form of keys and the table of matches that every page with a query uses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtCore import QSettings, Qt

from engine.model.command_set import CommandSet
from engine.model.dataset import DataElement, DataSet
from engine.model.notices import Direction, MessageNotice
from engine.workspace.matching_values import this_day
from engine.workspace.query_models import model_class
from engine.workspace.saved_queries import shipped_queries
from gui.dialogs import Questions
from gui.forms.date_range_dialog import DateRangeDialog
from gui.forms.matches_view import MatchesView
from gui.forms.query_form import QueryForm

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)

STUDY = model_class("study", "C-FIND")
NAME, ID = 0x00100010, 0x00100020


@pytest.fixture
def form(qtbot):
    form = QueryForm()
    qtbot.addWidget(form)
    form.resize(520, 400)
    form.start(STUDY, "STUDY")
    form.show()
    return form


@pytest.fixture
def view(qtbot, tmp_path):
    view = MatchesView(Questions(), QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat))
    qtbot.addWidget(view)
    view.resize(560, 400)
    view.show()
    return view


def match(name: str, number: str) -> DataSet:
    return DataSet((DataElement(NAME, "PN", (name,)), DataElement(ID, "LO", (number,))))


def notice(found: DataSet, operation: int = 1) -> MessageNotice:
    command = CommandSet.of(CommandField=0x8020, MessageIDBeingRespondedTo=1, Status=0xFF00)
    return MessageNotice(
        association=1,
        operation=operation,
        time=1.0,
        clock=1.0,
        direction=Direction.RECEIVED,
        context_id=1,
        abstract_syntax=STUDY,
        transfer_syntax="1.2.840.10008.1.2",
        command=command,
        data=found,
    )


def test_the_usual_keys_of_a_model_are_fields_or_only_asked_for(form):
    assert "PatientName" in form.fields
    assert "StudyTime" in form.returned
    asked = form.identifier()
    assert asked.text(0x00080052) == "STUDY"
    assert all(element.texts == () for element in asked if element.tag != 0x00080052)


def test_typed_values_are_matched_by_and_days_in_words_become_dates(form, qtbot):
    qtbot.keyClicks(form.fields["PatientName"].line, "DOE*")
    qtbot.keyClicks(form.fields["StudyDate"].line, "last 7 days")
    today = this_day()
    days = f"{today - timedelta(days=6):%Y%m%d}-{today:%Y%m%d}"
    assert form.fields["StudyDate"].note_text() == days
    assert form.identifier().text(0x00080020) == days
    assert form.identifier().text(NAME) == "DOE*"


def test_what_is_wrong_with_a_value_stands_below_it_and_it_can_be_sent_all_the_same(form, qtbot):
    qtbot.keyClicks(form.fields["StudyDate"].line, "2024-01-05")
    assert "20240105" in form.fields["StudyDate"].note_text()
    assert not form.is_valid()
    assert form.identifier().text(0x00080020) == "2024-01-05"


def test_return_in_a_field_runs_the_query(form, qtbot):
    with qtbot.waitSignal(form.run_wanted):
        qtbot.keyClick(form.fields["PatientID"].line, Qt.Key.Key_Return)


def test_an_attribute_is_added_by_its_keyword_and_removed_by_its_menu(form, qtbot):
    qtbot.keyClicks(form.add_line, "institution name")
    popup = form.completer.popup()
    qtbot.keyClick(popup, Qt.Key.Key_Down)
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    field = form.fields["InstitutionName"]
    assert form.focusWidget() is field.line
    actions = {a.text(): a for a in field.menu().actions()}
    actions["&Only ask for it, do not match"].trigger()
    assert "InstitutionName" not in form.fields
    assert "InstitutionName" in form.returned


def test_what_is_no_attribute_is_refused_with_the_reason(form, qtbot):
    qtbot.keyClicks(form.add_line, "NoSuchThing")
    form.completer.popup().hide()
    qtbot.keyClick(form.add_line, Qt.Key.Key_Return)
    assert "not an attribute" in form.add_line.accessibleDescription()


def test_help_picks_a_value_or_puts_wildcards_around_what_is_typed(form, qtbot):
    field = form.fields["PatientName"]
    qtbot.keyClicks(field.line, "DOE")
    next(a for a in field.menu().actions() if a.text().startswith("Contains")).trigger()
    assert field.value() == "*DOE*"
    modality = form.fields["ModalitiesInStudy"]
    next(a for a in modality.menu().actions() if a.text() == "CT").trigger()
    assert form.values()["ModalitiesInStudy"] == "CT"


def test_values_stay_when_the_level_changes(form):
    form.set_value("PatientID", "4711")
    form.start(model_class("patient", "C-FIND"), "STUDY")
    assert form.values()["PatientID"] == "4711"


def test_a_query_is_loaded_and_saved_as_it_stands(form):
    query = next(q for q in shipped_queries() if "Worklist" in q.title)
    form.load(query)
    saved = form.saved(query.title)
    assert (saved.keys, saved.returned) == (query.keys, query.returned)
    step = form.identifier().items(0x00400100)[0]
    assert step.text(0x00400002) == f"{this_day():%Y%m%d}"


def test_a_range_of_days_from_the_calendar(qtbot):
    dialog = DateRangeDialog("Study date", "20240101-20240131")
    qtbot.addWidget(dialog)
    assert dialog.value() == "20240101-20240131"
    dialog.with_last.setChecked(False)
    assert dialog.value() == "20240101-"
    dialog.with_last.setChecked(True)
    dialog.last.setDate(dialog.first.date().addDays(-1))
    assert not dialog.accept_button.isEnabled()
    assert "ends before" in dialog.words.text()


def test_matches_come_in_batches_and_only_of_the_operation(view):
    view.start(STUDY, match("", ""), 1)
    view.take([notice(match("DOE^A", "1")), notice(match("ROE^B", "2")), notice(match("X", "3"), 2)])
    assert view.count.text() == "2 matches"
    assert view.current() == match("DOE^A", "1")


def test_the_filter_keeps_what_has_all_words(view, qtbot):
    view.start(STUDY, match("", ""), 1)
    view.take([notice(match("DOE^A", "1")), notice(match("ROE^B", "2"))])
    qtbot.keyClicks(view.filter, "roe 2")
    qtbot.waitUntil(lambda: view.table.results.rowCount() == 1)
    assert "1 shown" in view.count.text()
    view.take([notice(match("ROE^C", "22"))])
    assert view.table.results.rowCount() == 2


def test_return_shows_the_whole_data_set_and_escape_closes_it(view, qtbot):
    view.start(STUDY, match("", ""), 1)
    view.take([notice(match("DOE^A", "1"))])
    with qtbot.waitSignal(view.opened):
        qtbot.keyClick(view.table, Qt.Key.Key_Return)
    assert view.details.isVisible()
    assert len(view.model.data_set) == 2
    qtbot.keyClick(view.tree, Qt.Key.Key_Escape)
    assert not view.details.isVisible()


def test_fifty_thousand_matches_stay_quick_and_can_be_filtered(view, qtbot):
    view.start(STUDY, match("", ""), 1)
    found = [notice(match(f"NAME{n}", str(n))) for n in range(50_000)]
    for start in range(0, len(found), 5_000):
        view.take(found[start : start + 5_000])
    assert view.count.text() == "50,000 matches"
    view.filter.setText("name49999")
    qtbot.waitUntil(lambda: view.table.results.rowCount() == 1, timeout=30_000)
