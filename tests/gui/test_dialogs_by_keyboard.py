"""Dialogs with the keyboard alone: where it begins, where Tab goes, what Return and Esc do."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QLabel, QLineEdit, QPushButton, QScrollArea, QWidget

from engine.model.association import Peer
from engine.model.dataset import DataSet
from engine.model.procedures.printing import PrintImage
from engine.workspace.modality_records import StepRecord
from gui.dialogs import FormDialog, MessageBox, Questions, ReportDialog, SilenceDialog
from gui.forms.choices import CheckField
from gui.forms.fields import TextField
from gui.forms.ups_dialogs import AskCancelDialog, CancelDialog, CompleteDialog, NewStepDialog, ProgressDialog
from gui.forms.ups_events import WatchDialog, WatchOptions
from gui.panels.print_settings import PrintSettings, PrintSettingsDialog
from gui.panels.service_print import FramesDialog
from gui.panels.step_dialogs import BeginStepDialog, EndStepDialog, ItemDialog
from tests.gui.mnemonics import clashing
from tests.runtime.console import keys


@pytest.fixture
def window(qtbot):
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


def opened(qtbot, dialog):
    dialog.open()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not None and dialog.isAncestorOf(QApplication.focusWidget()))
    return dialog


def named(widget):
    name = widget.accessibleName() or (widget.text() if isinstance(widget, QPushButton) else "")
    return name.replace("&", "")


def round_trip(qtbot, dialog, key=Qt.Key.Key_Tab):
    """The names of all stops from the present one until it comes again."""
    stops = [QApplication.focusWidget()]
    for _ in range(60):
        qtbot.keyClick(QApplication.focusWidget(), key)
        if QApplication.focusWidget() is stops[0]:
            return [named(w) for w in stops]
        stops.append(QApplication.focusWidget())
    raise AssertionError([named(w) for w in stops])


class Mixed(FormDialog):
    """Its parts are made in another order than they stand in, and one cannot be used."""

    def __init__(self, parent):
        super().__init__("Mixed", "&Do", parent)
        last, self.greyed = CheckField("Last", self), TextField("Greyed", parent=self)
        self.first = TextField("First", parent=self)
        self.greyed.setEnabled(False)
        self.body.addWidget(QLabel("Words", self))
        for field in (self.greyed, self.first, last):
            self.body.addWidget(field)


def test_the_first_field_has_the_keyboard_and_tab_goes_as_the_form_is_laid_out(qtbot, window):
    dialog = Mixed(window)
    dialog.first.set_value("typed over")
    opened(qtbot, dialog)
    assert QApplication.focusWidget() is dialog.first.line
    assert dialog.first.line.selectedText() == "typed over"
    stops = round_trip(qtbot, dialog)
    assert stops[:2] == ["First", "Last"]
    assert sorted(stops[2:]) == ["Cancel", "Do"]  # whose order is the desktop's
    back = round_trip(qtbot, dialog, Qt.Key.Key_Backtab)
    assert back == [stops[0], *reversed(stops[1:])]


def test_a_dialog_that_puts_the_keyboard_elsewhere_keeps_it_there(qtbot, window):
    dialog = Mixed(window)
    button = dialog.buttons.button(QDialogButtonBox.StandardButton.Cancel)
    button.setFocus()
    opened(qtbot, dialog)
    assert QApplication.focusWidget() is button


def test_dialogs_about_steps_and_prints_begin_in_their_first_field_and_share_no_mnemonic(qtbot, window, live_window):
    image = PrintImage(path=Path("us.dcm"))
    made = {
        "Step label": NewStepDialog(live_window.host, "2.25.1", "A^B^C", window),
        "What was done": CompleteDialog(live_window.host, "A^B^C", "20260131", window),
        "Percent": ProgressDialog(window),
        "Reason in words": AskCancelDialog(window),
        "Reason code": CancelDialog(window),
        "Receiving AE title": WatchDialog(WatchOptions(), "US", "", window),
        "Frames of us.dcm": FramesDialog(image, 3, window),
        "Format": PrintSettingsDialog(PrintSettings(), window),
        "Patient's name": BeginStepDialog(None, "US", window),
        "Worklist item": ItemDialog(DataSet(), window),
    }
    for name, dialog in made.items():
        opened(qtbot, dialog)
        assert named(QApplication.focusWidget()) == name
        assert not clashing(dialog)
        dialog.reject()


def test_the_new_step_s_fields_come_row_by_row(qtbot, window, live_window):
    dialog = opened(qtbot, NewStepDialog(live_window.host, "2.25.1", "A^B^C", window))
    stops = round_trip(qtbot, dialog)
    assert stops[:6] == ["Step label", "Worklist label", "Scheduled start", "Priority", "What is to be done", "Station"]


def test_nothing_to_decide_is_one_button_and_esc(qtbot, window):
    dialog = opened(qtbot, ItemDialog(DataSet(), window))
    assert [b.text() for b in dialog.findChildren(QPushButton)] == ["&Close"]
    with qtbot.waitSignal(dialog.rejected):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)


@pytest.mark.parametrize("kind", [ReportDialog, SilenceDialog])
def test_return_in_a_report_closes_it_and_nothing_else(qtbot, window, kind):
    dialog = opened(qtbot, kind("the report", Questions(window), window))
    replaced = []
    if isinstance(dialog, SilenceDialog):
        dialog.replace_wanted.connect(lambda: replaced.append(True))
    before = QApplication.clipboard().text()
    with qtbot.waitSignal(dialog.rejected):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert not replaced
    assert QApplication.clipboard().text() == before


def test_what_is_wrong_with_a_percentage_stands_beside_it(qtbot, window):
    dialog = opened(qtbot, ProgressDialog(window))
    qtbot.keyClicks(QApplication.focusWidget(), "140")
    assert dialog.percent.error() == "A percentage is a number from 0 to 100."
    assert not dialog.accept_button.isEnabled()
    assert dialog.note.isHidden()
    dialog.percent.set_value("40")
    dialog.contact_name.line.setFocus()
    qtbot.keyClicks(dialog.contact_name.line, "Ann")
    assert dialog.note.text().startswith("✕ A contact needs its URI")
    assert dialog.note.property("role") == "error"
    assert not dialog.accept_button.isEnabled()


def test_a_page_of_the_print_settings_with_a_mistake_is_marked(qtbot, window):
    dialog = opened(qtbot, PrintSettingsDialog(PrintSettings(), window))
    dialog.tabs.setCurrentIndex(1)
    qtbot.keyClicks(dialog.window_line.line, "wide")
    dialog.tabs.setCurrentIndex(0)
    assert [bool(dialog.tabs.tabToolTip(n)) for n in range(3)] == [False, True, False]
    assert not dialog.tabs.tabIcon(1).isNull()
    assert not dialog.accept_button.isEnabled()
    dialog.window_line.line.clear()
    qtbot.keyClicks(dialog.window_line.line, "40,400")
    assert dialog.tabs.tabIcon(1).isNull()
    assert dialog.accept_button.isEnabled()


def test_a_step_that_departs_from_the_standard_says_so_on_its_button(qtbot, window):
    dialog = opened(qtbot, BeginStepDialog(None, "US", window))
    assert dialog.accept_button.text() == "&Begin"
    dialog.station.line.setFocus()
    qtbot.keyClicks(dialog.station.line, "-OF-THE-SECOND-FLOOR")
    assert dialog.station.error() == "At most 16 characters."
    assert dialog.accept_button.text() == "&Begin all the same"
    dialog.station.line.clear()
    qtbot.keyClicks(dialog.station.line, "US")
    assert dialog.accept_button.text() == "&Begin"


def test_a_dialog_that_grew_for_what_was_wrong_is_small_again_without_it(qtbot, window):
    dialog = opened(qtbot, Mixed(window))
    before = dialog.height()
    dialog.first.set_error("It is wrong, and that takes a whole line of its own, and another where it is narrow.")
    qtbot.waitUntil(lambda: dialog.height() > before)
    dialog.first.set_error(None)
    qtbot.waitUntil(lambda: dialog.height() == before)
    dialog.resize(dialog.width(), before + 90)
    dialog.first.set_error("It is wrong.")
    qtbot.waitUntil(lambda: not dialog.first._note.isHidden())
    dialog.first.set_error(None)
    qtbot.wait(50)
    assert dialog.height() == before + 90, "as the user made it"


@pytest.mark.parametrize("page", range(3))
def test_print_settings_with_every_field_wrong_fit_a_small_screen(page, qtbot, window):
    dialog = opened(qtbot, PrintSettingsDialog(PrintSettings(), window))
    dialog.tabs.setCurrentIndex(page)
    for line in dialog.findChildren(QLineEdit):
        line.setText("what is not right ^ \\ at all in this field, by far too long for anything it could hold" * 2)
    qtbot.waitUntil(lambda: dialog.height() > 500)
    assert dialog.height() < 600
    area = dialog.tabs.currentWidget()
    for _ in range(30):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        if area.isAncestorOf(focus):
            top = focus.mapTo(area.viewport(), focus.rect().topLeft()).y()
            assert 0 <= top < area.viewport().height(), "what has the keyboard is seen"


def test_a_long_file_name_leaves_the_frames_on_the_screen(qtbot, window):
    dialog = opened(qtbot, FramesDialog(PrintImage(path=Path("a&b-" * 50 + ".dcm")), 3, window))
    assert dialog.width() < 500
    name = named(QApplication.focusWidget())
    assert name.startswith("Frames of ab-") and name.endswith(".dcm")


@pytest.mark.parametrize("kind", ["ask", "tell"])
def test_names_in_questions_are_text_whatever_they_look_like(qtbot, window, kind):
    name = f"<b>Archive</b> {'W' * 200}"
    if kind == "ask":
        Questions().ask(window, "Delete peer", f"Delete {name}?", "Delete", lambda: None)
    else:
        Questions().tell(window, "Peer", f"{name} is gone.")
    box = QApplication.activeModalWidget()
    assert isinstance(box, MessageBox)
    assert box.label.textFormat() is Qt.TextFormat.PlainText and "<b>" in box.label.text()
    assert box.width() < 500, "a word without end may be broken"
    assert box.accessibleDescription() and name in box.accessibleDescription()
    box.close()


@pytest.mark.parametrize("name", ["listener_settings", "add_context", "emulators", "keys", "waivers"])
def test_a_dialog_leaves_its_buttons_on_a_small_screen(qtbot, live_window, monkeypatch, name):
    """1920 by 1080 pixels at 200 %, a panel of the desktop at the bottom."""
    monkeypatch.setattr(
        QWidget, "screen", lambda _self: SimpleNamespace(availableGeometry=lambda: QRect(0, 0, 960, 500))
    )
    before = set(QApplication.topLevelWidgets())
    live_window.actions_by_name[name].trigger()
    shown = [w for w in QApplication.topLevelWidgets() if w not in before and w.isVisible() and w.isWindow()]
    dialog = next(w for w in shown if w.windowTitle())
    qtbot.waitExposed(dialog)
    assert dialog.width() < 960 and dialog.height() < 500 - 20
    dialog.close()


def test_a_form_that_is_higher_than_the_screen_scrolls_above_its_buttons(qtbot, window, live_window, monkeypatch):
    monkeypatch.setattr(
        QWidget, "screen", lambda _self: SimpleNamespace(availableGeometry=lambda: QRect(0, 0, 800, 400))
    )
    dialog = opened(qtbot, NewStepDialog(live_window.host, "2.25.1", "A^B^C", window))
    assert dialog.height() <= 400 - 20
    assert dialog.rect().contains(dialog.accept_button.geometry().translated(dialog.buttons.pos()))
    seen = set()
    while QApplication.focusWidget() not in seen:
        focus = QApplication.focusWidget()
        seen.add(focus)
        place = focus.mapTo(dialog, focus.rect().center())
        assert 0 < place.y() < dialog.height(), f"{named(focus)} is scrolled into view"
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
    assert len(seen) > 10
    dialog.reject()


@pytest.mark.parametrize("room", [(400, 400), (1024, 768)])
@pytest.mark.parametrize("words", [4, 40, 400])
def test_a_question_fits_the_screen_and_can_be_read_to_its_end(qtbot, window, monkeypatch, room, words):
    screen = SimpleNamespace(availableGeometry=lambda: QRect(0, 0, *room))
    monkeypatch.setattr(window, "screen", lambda: screen, raising=False)
    answers = []
    Questions().ask(window, "Close?", "“C-STORE-RQ” " * words, "Close without saving", lambda: answers.append(1))
    box = QApplication.activeModalWidget()
    qtbot.waitUntil(lambda: box.isVisible() and box.label.height() >= box.label.heightForWidth(box.label.width()))
    qtbot.waitUntil(lambda: box.isAncestorOf(QApplication.focusWidget() or window))
    assert box.width() <= room[0] and box.height() <= room[1] - 30, "there is a title bar above"
    assert words < 40 or box.width() > 340, "a line is not cut to a few words"
    bar = box.findChild(QScrollArea).verticalScrollBar()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_PageDown)
    assert (bar.value() > 0) is (bar.maximum() > 0)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert answers == [1]


def test_a_step_without_a_description_is_named_by_its_patient_alone(qtbot, window, live_window):
    step = StepRecord(uid="2.25.1", peer=Peer(), attributes=keys(PatientName="Doe^Jane"), changed=0.0)
    dialog = opened(qtbot, EndStepDialog(step, "COMPLETED", live_window.host, window))
    assert dialog.intro.text() == "Doe^Jane"
    dialog.reject()
