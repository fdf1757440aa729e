"""The page that prints: images in, the films as they will be, settings, each step, the printer's status."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication

from engine.model.association import ProposedContext
from engine.model.dataset import DataElement, DataSet
from engine.model.notices import Direction, StepState
from engine.model.procedures.printing import PrintImage
from engine.wire.datasets import encode_dataset, write_file
from gui.dialogs import FormDialog
from gui.forms.film_preview import film_shape
from gui.panels.print_settings import PrintSettings, told
from tests.gui.mnemonics import clashing

EXPLICIT, SC = "1.2.840.10008.1.2.1", "1.2.840.10008.5.1.4.1.1.7"


def image(path: Path, frames: int = 1, bits: int = 8) -> Path:
    numbers = {0x00280002: 1, 0x00280010: 8, 0x00280011: 4, 0x00280100: bits, 0x00280101: 8, 0x00280102: 7}
    data = DataSet(tuple(DataElement(tag, "US", (str(n),)) for tag, n in numbers.items()))
    data = data.put(0x00080016, "UI", SC).put(0x00080018, "UI", "2.25.1").put(0x00280008, "IS", str(frames))
    data = data.put(0x00280004, "CS", "MONOCHROME2").put(0x00280103, "US", "0")
    data = data.merged(DataSet((DataElement(0x7FE00010, "OB", bytes(range(32)) * frames),)))
    write_file(path, encode_dataset(data, EXPLICIT), EXPLICIT, SC, "2.25.1")
    return path


@pytest.fixture
def page(live_window, qtbot):
    live_window.show_service("print")
    return live_window.services.page


def ran(page, qtbot):
    qtbot.waitUntil(lambda: not page.running, timeout=30_000)
    return page.run_bar.sentence.text()


def steps(page):
    return [(n.name, n.state) for n in page.steps.model.records]


def dialog(page):
    return page.window().findChild(FormDialog)


def test_one_press_prints_a_test_pattern(page, qtbot):
    button = page.run_bar.run_button
    assert button.text().replace("&", "") == "Print a test pattern"
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert "1 film with 1 image accepted for printing. Print job: DONE." in ran(page, qtbot)
    assert all(state is StepState.DONE for _, state in steps(page))
    assert "NORMAL" in page.printer.words.whole()


def test_return_on_a_step_shows_its_response_in_the_trace(page, qtbot, live_window):
    page.start()
    ran(page, qtbot)
    row = next(n for n, record in enumerate(page.steps.model.records) if record.name == "Film box")
    page.steps.list.select_row(row)
    qtbot.keyClick(page.steps.list, Qt.Key.Key_Return)
    step = page.steps.model.records[row]
    assert live_window.trace.shown_association == step.association
    pdu = live_window.trace.pdus.current_pdu()
    assert pdu.direction is Direction.RECEIVED
    assert step.time - 1 < pdu.time <= step.time


def test_the_printer_is_asked_for_its_status(page, qtbot):
    assert "not asked for yet" in page.printer.words.whole()
    qtbot.mouseClick(page.printer.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "NORMAL (BUILT-IN PRINTER)" in page.printer.words.whole())
    assert not page.running


def test_a_file_named_like_html_is_shown_as_it_is(page, qtbot, tmp_path):
    page.add_paths((image(tmp_path / "<b>1.dcm"),))
    qtbot.waitUntil(lambda: len(page.images) == 1)
    assert page.film_words.textFormat() is Qt.TextFormat.PlainText
    assert "<b>" not in page.preview._tip(0)


def test_files_are_laid_out_on_as_many_films_as_they_need(page, qtbot, tmp_path):
    page.add_paths(tuple(image(tmp_path / f"{n}.dcm") for n in range(3)))
    qtbot.waitUntil(lambda: len(page.images) == 3)
    page.fields["ImageDisplayFormat"].line.clear()
    qtbot.keyClicks(page.fields["ImageDisplayFormat"].line, "STANDARD\\1,2")
    assert page.preview.films == 2
    assert page.film_words.text() == "Film 1 of 2"
    qtbot.mouseClick(page.next_button, Qt.MouseButton.LeftButton)
    assert page.film_words.text() == "Film 2 of 2"
    page.start()
    assert "2 films with 3 images" in ran(page, qtbot)
    assert ("Image 3: 2.dcm", StepState.DONE) in steps(page)


def test_files_are_dropped_and_what_is_no_image_is_said(page, qtbot, tmp_path):
    data = QMimeData()
    (tmp_path / "words.txt").write_text("no image")
    data.setUrls([QUrl.fromLocalFile(str(p)) for p in (image(tmp_path / "a.dcm"), tmp_path / "words.txt")])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    page.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, buttons, keys))
    qtbot.waitUntil(lambda: len(page.images) == 1)
    assert "words.txt" in page.window().status.sentence.whole()


def test_the_preview_by_keyboard_and_mouse(page, qtbot, tmp_path):
    page.add_paths((image(tmp_path / "a.dcm"), image(tmp_path / "b.dcm")))
    qtbot.waitUntil(lambda: len(page.images) == 2)
    page.add_pattern()
    page.fields["ImageDisplayFormat"].set_value("STANDARD\\2,2")
    page._form_edited(None)
    preview = page.preview
    qtbot.mouseClick(preview, Qt.MouseButton.LeftButton, pos=preview.place_rect(preview.places[0]).center())
    assert preview.selected == 0
    qtbot.keyClick(preview, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert [i.name for i in page.images] == ["b.dcm", "a.dcm", "test pattern"]
    assert preview.selected == 1
    qtbot.keyClick(preview, Qt.Key.Key_Right)
    qtbot.keyClick(preview, Qt.Key.Key_Delete)
    assert [i.name for i in page.images] == ["b.dcm", "a.dcm"]
    assert "image 2" in preview.accessibleDescription()
    qtbot.mouseClick(preview, Qt.MouseButton.LeftButton, pos=QPoint(0, 0))
    assert preview.selected is None
    qtbot.waitUntil(lambda: all(page._thumbnail(i).image is not None for i in page.images))


def test_frames_of_a_multi_frame_image_are_chosen(page, qtbot, tmp_path):
    page.add_paths((image(tmp_path / "cine.dcm", frames=5),))
    qtbot.waitUntil(lambda: len(page.images) == 1)
    page.preview.select(0)
    qtbot.keyClick(page.preview, Qt.Key.Key_Return)
    box = dialog(page)
    box.line.line.selectAll()
    qtbot.keyClicks(box.line.line, "9")
    assert not box.accept_button.isEnabled()
    assert "the image has 5" in (box.line.error() or "")
    box.line.line.selectAll()
    qtbot.keyClicks(box.line.line, "2-4")
    qtbot.mouseClick(box.accept_button, Qt.MouseButton.LeftButton)
    assert [i.frame for i in page.images] == [2, 3, 4]
    page.start()
    assert "3 films with 3 images" in ran(page, qtbot)


def test_what_cannot_be_printed_is_told_in_its_place_and_stops_it_before_anything_is_created(page, qtbot, tmp_path):
    file = image(tmp_path / "gone.dcm")
    page.show_images((PrintImage(path=file),))
    file.unlink()
    qtbot.waitUntil(lambda: bool(page._thumbnail(page.images[0]).problem))
    page.start()
    assert "Nothing was sent" in ran(page, qtbot)
    assert ("Film session", StepState.SKIPPED) in steps(page)


def test_a_wrong_setting_is_told_beside_its_field_and_greys_the_button(page, qtbot):
    field = page.fields["ImageDisplayFormat"]
    field.line.clear()
    qtbot.keyClicks(field.line, "STANDARD\\0,1")
    assert "without images" in (field.error() or "")
    assert not page.run_bar.run_button.isEnabled()
    field.line.clear()
    qtbot.keyClicks(field.line, "ROW\\1,2")
    assert page.run_bar.run_button.isEnabled()
    assert len(page.preview.places) == 3


def test_settings_are_asked_for_told_and_kept(page, qtbot, live_window):
    qtbot.mouseClick(page.settings_button, Qt.MouseButton.LeftButton)
    box = dialog(page)
    box.fields["Trim"].set_value("yes")
    box.window_line.set_value("40")
    box._judge(None)
    assert not box.accept_button.isEnabled()
    box.window_line.set_value("40,400")
    box.checks["whole_session"].set_value(True)
    box._judge(None)
    qtbot.mouseClick(box.accept_button, Qt.MouseButton.LeftButton)
    assert page.notes.text() == "Trim yes, window 40,400, the session printed at its end."
    kept = PrintSettings.from_text(str(page.host.store.value("services/print")))
    assert kept == page.settings
    page.start()
    ran(page, qtbot)
    assert ("Print film session", StepState.DONE) in steps(page)


def test_on_the_association_held_which_stays_open(page, qtbot, live_window):
    contexts = (ProposedContext(1, "1.2.840.10008.5.1.1.9", ("1.2.840.10008.1.2",)),)
    live_window.session.associate(replace(live_window.ae.proposal(), contexts=contexts))
    qtbot.waitUntil(lambda: page.host.held() is not None)
    page._settings_saved(replace(page.settings, held=True))
    assert page.notes.text() == "On the association held."
    number = page.host.held().association
    page.start()
    assert "cannot be followed" in ran(page, qtbot)
    assert {n.association for n in page.steps.model.records} == {number}
    assert page.host.held() is not None


def test_settings_that_cannot_be_read_any_more_are_the_usual_ones():
    usual = PrintSettings()
    for text in ("", "{", "[]", '{"values": 3}', '{"values": {}, "bits": "x"}'):
        assert PrintSettings.from_text(text) == usual
    assert PrintSettings.from_text(usual.to_text()) == usual
    assert told(usual, ()) == ""


def test_cancel_ends_it_and_deletes_what_was_made(page, qtbot, live_window):
    page.show_images((PrintImage(),) * 40)
    page.start()
    qtbot.waitUntil(lambda: any(s is StepState.DONE and n.startswith("Image") for n, s in steps(page)))
    qtbot.mouseClick(page.run_bar.cancel_button, Qt.MouseButton.LeftButton)
    assert "Cancelled before" in ran(page, qtbot)
    assert ("Delete film session", StepState.DONE) in steps(page)


@pytest.mark.parametrize(
    ("size", "orientation", "shape"),
    [("14INX17IN", "PORTRAIT", 14 / 17), ("8_5INX11IN", "LANDSCAPE", 11 / 8.5), ("A4", "", 210 / 297), ("?", "", 0.8)],
)
def test_the_film_has_the_shape_of_its_size(size, orientation, shape):
    assert film_shape(size, orientation) == pytest.approx(shape)


@pytest.mark.parametrize("tab", [0, 1, 2])
def test_no_mnemonic_is_ambiguous_while_the_page_is_shown(page, live_window, tab):
    window = live_window
    window.ae.tabs.setCurrentIndex(tab)
    QApplication.processEvents()
    assert not clashing(window)
