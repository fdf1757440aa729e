"""The console's main jobs without a mouse: every step is a key, sent to whatever has the keyboard."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from engine.model.notices import Outcome, StatusNotice
from gui.forms.dataset_view import DataSetView
from gui.palette import Palette
from gui.panels.trace_panel import PDUS

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"
CTRL, SHIFT, ALT = (Qt.KeyboardModifier[n] for n in ("ControlModifier", "ShiftModifier", "AltModifier"))
NONE = Qt.KeyboardModifier.NoModifier
K = Qt.Key

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
"""Off screen no list of suggestions can be raised."""


class Hand:
    """Presses keys. `ended`: the StatusNotices of operations that have ended."""

    def __init__(self, window, qtbot):
        self.window, self._qtbot = window, qtbot
        self.ended: list[StatusNotice] = []
        window.session.operation_ended.connect(self.ended.append)

    @property
    def focus(self) -> QWidget:
        if QApplication.activeWindow() is None and QApplication.activePopupWidget() is None:
            # As every desktop does when a dialog or a list of suggestions has closed.
            (QApplication.activeModalWidget() or self.window).activateWindow()
            self._qtbot.waitUntil(lambda: QApplication.activeWindow() is not None)
        found = QApplication.activePopupWidget() or QApplication.focusWidget()
        assert found is not None, "nothing has the keyboard"
        return found

    def press(self, key, modifiers=NONE, times=1):
        for _ in range(times):
            self._qtbot.keyClick(self.focus, key, modifiers)
            QApplication.processEvents()  # what it leads to comes before the next key

    def type(self, text):
        self._qtbot.keyClicks(self.focus, text)

    def tab_to(self, name, key=K.Key_Tab):
        """Tab until what has this accessible name (or text) has the keyboard."""
        seen = []
        for _ in range(80):
            seen.append(self.focus.accessibleName() or getattr(self.focus, "text", str)().replace("&", ""))
            if seen[-1] == name:
                return
            self.press(key)
        raise AssertionError(f"Tab does not lead to {name}, but to {seen}")

    def command(self, words):
        """By Ctrl+K, which finds every command."""
        self.press(K.Key_K, CTRL)
        self._qtbot.waitUntil(lambda: isinstance(self.focus.window(), Palette))
        self.type(words)
        palette = self.focus.window()
        self._qtbot.waitUntil(lambda: palette.list.model().rowCount() > 0)
        self.press(K.Key_Return)
        self._qtbot.waitUntil(lambda: not isinstance(QApplication.activeWindow(), Palette))

    def until(self, condition):
        self._qtbot.waitUntil(condition)

    def await_end(self, count=1):
        self.until(lambda: len(self.ended) >= count)
        return self.ended[count - 1]


@pytest.fixture
def hand(live_window, qtbot):
    live_window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not None)
    return Hand(live_window, qtbot)


def test_a_peer_is_added_and_echoed(hand):
    window = hand.window
    port = window.session.listener.port
    hand.press(K.Key_1, CTRL)
    hand.press(K.Key_N, CTRL)
    hand.until(lambda: hand.focus.window() is not window)
    hand.type("Archive")
    hand.tab_to("AE title")
    hand.type("ARCHIVE")
    hand.tab_to("Host")
    hand.type("127.0.0.1")
    hand.tab_to("Port")
    hand.type(str(port))
    hand.press(K.Key_Return)
    hand.until(lambda: QApplication.activeModalWidget() is None)
    assert window.ae.current_peer is not None and window.ae.current_peer.ae_title == "ARCHIVE"
    hand.press(K.Key_F5)
    assert hand.await_end().outcome is Outcome.SUCCESS
    hand.press(K.Key_1, CTRL)
    hand.tab_to("Peers")
    hand.press(K.Key_Home)
    assert window.ae.current_peer.ae_title != "ARCHIVE", "the keys of a list choose among the peers"


def written(folder: Path, count: int) -> Path:
    folder.mkdir()
    for n in range(count):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = CT, EXPLICIT
        meta.MediaStorageSOPInstanceUID = f"2.25.{n + 1}"
        made = FileDataset(str(folder / f"{n}.dcm"), {}, file_meta=meta, preamble=bytes(128))
        made.SOPClassUID, made.SOPInstanceUID, made.PatientName = CT, f"2.25.{n + 1}", "Sample^Alpha"
        made.PatientID, made.StudyInstanceUID, made.SeriesInstanceUID = "S1", "2.25.77", "2.25.78"
        made.Modality, made.StudyDate = "CT", "20260101"
        pydicom.dcmwrite(folder / f"{n}.dcm", made, enforce_file_format=True)
    return folder


def test_a_folder_is_stored_and_found_and_fetched(hand, tmp_path, monkeypatch):
    window = hand.window
    folder = written(tmp_path / "study", 3)
    monkeypatch.setattr(window.questions, "open_folder", lambda _parent, _title, then: then((folder,)))
    hand.command("Store a folder")
    hand.until(lambda: window.services.page.model.rowCount() == 3)
    hand.tab_to("Store 3 files")
    planned = len(hand.ended)
    hand.press(K.Key_Space)
    hand.until(lambda: len(hand.ended) > planned)
    assert (hand.ended[-1].outcome is Outcome.SUCCESS and hand.ended[-1].completed == 3) or hand.ended[-1].status == 0

    hand.command("Query and retrieve")
    page = window.services.page
    hand.type("SAMPLE*")
    before = len(hand.ended)
    hand.press(K.Key_Return)
    hand.until(lambda: len(hand.ended) > before)
    hand.until(lambda: page.matches.table.results.rowCount() == 1)
    hand.tab_to("Matches")
    while hand.focus is not page.matches.table:
        hand.press(K.Key_Tab)
    hand.press(K.Key_Down)
    assert page.matches.table.selected_rows() == [0]
    hand.press(K.Key_C, CTRL)
    assert "Sample" in QGuiApplication.clipboard().text()
    hand.press(K.Key_C, CTRL | SHIFT)
    assert "Sample" not in QGuiApplication.clipboard().text()
    hand.tab_to("Retrieve")
    before = len(hand.ended)
    hand.press(K.Key_Space)
    hand.until(lambda: len(hand.ended) > before)
    assert (hand.ended[-1].outcome, page.inbound.count) == (Outcome.SUCCESS, 3)


def test_an_n_create_is_built_by_hand_and_sent(hand):
    window = hand.window
    hand.press(K.Key_2, CTRL)
    hand.press(K.Key_T, CTRL)
    hand.tab_to("Message")
    hand.type("N-CREATE-RQ")
    assert window.builder.page.draft.message.name == "N-CREATE-RQ"
    hand.tab_to("Command set")
    view = hand.focus
    model = view.model()
    row = next(r for r in range(model.rowCount()) if "Affected SOP Class UID" in str(model.index(r, 1).data()))
    hand.press(K.Key_Home, CTRL)
    hand.press(K.Key_Down, times=row - view.currentIndex().row())
    hand.press(K.Key_F2)
    hand.press(K.Key_A, CTRL)
    hand.type("1.2.840.10008.3.1.2.3.3")
    hand.press(K.Key_Return)  # closes the list of suggestions
    hand.press(K.Key_Return)
    hand.until(lambda: window.builder.page.draft.command().sop_class_uid == "1.2.840.10008.3.1.2.3.3")
    hand.tab_to("Add an element by keyword, name or tag")
    for text in ("PerformedProcedureStepID = STEP1", "Modality = CT", "PerformedProcedureStepStatus = IN PROGRESS"):
        hand.type(text)
        hand.press(K.Key_Return)
    data = window.builder.page.message_file().data
    assert data is not None and data.text(0x00080060) == "CT" and len(data) == 3
    hand.press(K.Key_F7, SHIFT)
    ended = hand.await_end()
    assert ended.service == "N-CREATE" and ended.status is not None


def test_the_trace_is_read_and_the_log_saved(hand, tmp_path):
    window = hand.window
    hand.press(K.Key_F5)
    hand.await_end()
    hand.until(lambda: "PDUs" in window.trace.tabs.tabText(PDUS) and len(window.trace.pdus.model.records) > 3)
    hand.press(K.Key_3, CTRL)
    hand.tab_to("Parts of the trace")
    while window.trace.tabs.currentIndex() != PDUS:
        hand.press(K.Key_Right)
    hand.tab_to("PDUs")
    hand.press(K.Key_Home)
    hand.press(K.Key_Down)
    assert window.trace.pdus.current_pdu() is not None
    hand.tab_to("Decoded PDU")
    hand.press(K.Key_Home)
    hand.press(K.Key_Asterisk)
    hand.press(K.Key_Down, times=3)
    hand.press(K.Key_C, CTRL)
    assert "\t" in QGuiApplication.clipboard().text()
    start, end = window.trace.pdus.hex.highlighted()
    assert end > start, "the bytes follow"
    hand.tab_to("Bytes of the PDU")
    hand.press(K.Key_Right)
    assert window.trace.pdus.hex.cursor_offset() >= 0

    hand.press(K.Key_L, CTRL | SHIFT)
    hand.until(lambda: isinstance(hand.focus.window(), QFileDialog))
    hand.press(K.Key_A, CTRL)
    hand.type(str(tmp_path / "log.txt"))
    hand.press(K.Key_Return)
    hand.until((tmp_path / "log.txt").exists)
    assert "C-ECHO" in (tmp_path / "log.txt").read_text(encoding="utf-8")


def test_keys_of_a_view_are_no_keys_of_the_window(hand):
    """Two actions with the same keys are ambiguous: Qt triggers neither."""
    window = hand.window
    own = {keys.toString(): action for action in window.actions() for keys in action.shortcuts()}
    hand.press(K.Key_2, CTRL)
    for widget in window.findChildren(QWidget):
        for action in widget.actions():
            for keys in action.shortcuts():
                taken = own.get(keys.toString())
                assert taken is None or taken is action, (
                    f"{keys.toString()} of {widget.accessibleName()}: {action.text()}"
                )


@pytest.mark.parametrize(("key", "modifiers"), [(K.Key_T, CTRL), (K.Key_R, CTRL), (K.Key_W, CTRL | SHIFT)])
def test_in_a_data_set_the_window_s_keys_do_what_they_do_elsewhere(key, modifiers, hand):
    window = hand.window
    hand.press(K.Key_2, CTRL)
    view = window.builder.page.findChild(DataSetView)
    view.setFocus()
    before = window.builder.tabs.count()
    hand.press(key, modifiers)
    assert window.builder.tabs.count() == before + (key is K.Key_T)
