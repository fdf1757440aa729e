"""The window of the built-in peer's emulators and objects, with the real engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from engine.model.commands import OneShot, Outgoing
from engine.model.dataset import DataElement, DataSet
from engine.model.emulation import NAMES
from engine.model.objects import COMMITMENTS, FILMS, WORKLIST_ITEMS, HeldObject
from engine.services.responses import request_of
from gui.forms.film_picture import FilmPicture, places_of
from gui.forms.tab_order import in_order
from gui.models.held_objects import emulator_name, state, what, who
from gui.panels.emulators_window import CLIENTS, EmulatorsWindow
from tests.runtime.console import CT, keys
from tests.services.test_printed_films import PIXELS
from tests.services.whole_steps import whole_step

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.main_window import MainWindow

MPPS = "1.2.840.10008.3.1.2.3.3"


@pytest.fixture
def emulators(qtbot: QtBot, live_window: MainWindow) -> EmulatorsWindow:
    live_window.actions_by_name["emulators"].trigger()
    window = live_window.opening.emulators
    assert window is not None
    qtbot.waitUntil(lambda: bool(window.objects.of("worklist")))
    return window


def send(qtbot: QtBot, window: MainWindow, message: Outgoing, *uids: str) -> None:
    """One message to the built-in peer, from the window's own engine."""
    from dataclasses import replace

    from tests.runtime.console import contexts

    bridge = window.bridge
    proposal = replace(window.ae.proposal(), contexts=contexts(*uids))
    operation = bridge.new_id()
    with qtbot.waitSignal(window.session.operation_ended, check_params_cb=lambda n: n.operation == operation):
        bridge.submit(OneShot(association=bridge.new_id(), operation=operation, proposal=proposal, messages=(message,)))


def shown(window: EmulatorsWindow) -> list[str]:
    return [window.table.model().index(row, 0).data() for row in range(window.table.model().rowCount())]


def test_tab_goes_down_the_left_side_and_then_the_right(qtbot: QtBot, emulators: EmulatorsWindow) -> None:
    with qtbot.waitActive(emulators):
        emulators.activateWindow()
    emulators.list.setFocus()
    seen: list[QWidget] = []
    while (focus := QApplication.focusWidget()) not in seen:
        assert focus is not None
        seen.append(focus)
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
    layout = emulators.layout()
    assert layout is not None
    assert seen == [w for w in in_order(layout) if w.isVisible() and w.isEnabled()]
    assert seen[1] is emulators.keep_button


def test_the_worklist_is_listed_and_edited(qtbot: QtBot, emulators: EmulatorsWindow) -> None:
    assert emulators.emulator == "worklist"
    assert shown(emulators) == ["US · Abdomen ultrasound", "MR · Head MR", "CT · Chest CT"]
    emulators.table.selectRow(1)
    assert emulators.model.data_set.text(0x00100010) == "CONSOLE^BRAVO"
    assert not emulators.save_button.isEnabled()
    emulators.editor.line.setText("PatientName = Other^Name")
    qtbot.keyClick(emulators.editor.line, Qt.Key.Key_Return)
    assert emulators.save_button.isEnabled()
    with qtbot.waitSignal(emulators.objects.changed):
        qtbot.mouseClick(emulators.save_button, Qt.MouseButton.LeftButton)
    assert emulators.table.model().index(1, 1).data() == "Other Name · DC-0002"
    assert not emulators.save_button.isEnabled()


def test_an_item_is_made_and_deleted(qtbot: QtBot, emulators: EmulatorsWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    with qtbot.waitSignal(emulators.objects.changed):
        qtbot.mouseClick(emulators.new_button, Qt.MouseButton.LeftButton)
    assert len(shown(emulators)) == 4
    assert emulators.table.selected_rows() == [0], "the new one is chosen"
    monkeypatch.setattr(emulators._questions, "ask", lambda _p, _t, _text, _yes, on_yes: on_yes())
    with qtbot.waitSignal(emulators.objects.changed):
        qtbot.mouseClick(emulators.delete_button, Qt.MouseButton.LeftButton)
    assert len(shown(emulators)) == 3


def test_what_clients_do_is_seen_as_it_happens(
    qtbot: QtBot, live_window: MainWindow, emulators: EmulatorsWindow
) -> None:
    emulators.show_emulator("mpps")
    assert shown(emulators) == []
    command = request_of("N-CREATE-RQ", AffectedSOPClassUID=MPPS, AffectedSOPInstanceUID="1.5")
    send(qtbot, live_window, Outgoing(command=command, data=whole_step(PatientName="Seen^Here")), MPPS)
    qtbot.waitUntil(lambda: len(shown(emulators)) == 1)
    assert emulators.table.model().index(0, 2).data() == "IN PROGRESS"
    assert emulators.model.data_set.text(0x00100010) == "Seen^Here"
    emulators.show_emulator(CLIENTS)
    assert emulators.table.model().index(0, 0).data() == live_window.ae.proposal().local.ae_title
    assert not emulators.delete_button.isVisible()


def test_an_emulator_is_switched_off(qtbot: QtBot, live_window: MainWindow, emulators: EmulatorsWindow) -> None:
    item = emulators.list.topLevelItem(1)
    assert item is not None and item.text(0) == "Storage"
    with qtbot.waitSignal(emulators.objects.changed):
        item.setCheckState(0, Qt.CheckState.Unchecked)
    emulators.show_emulator("storage")
    assert "switched off" in emulators.summary.text()
    command = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID="1.2")
    send(qtbot, live_window, Outgoing(command=command, data=keys(SOPClassUID=CT, SOPInstanceUID="1.2")), CT)
    assert shown(emulators) == []


def test_a_stopped_peer_holds_nothing_to_see(qtbot: QtBot, live_window: MainWindow, emulators: EmulatorsWindow) -> None:
    with qtbot.waitSignal(emulators.objects.changed):
        live_window.built_in.stop()
    assert shown(emulators) == []
    assert "does not run" in emulators.table.empty.text()
    assert not emulators.new_button.isEnabled()


def test_which_are_on_is_remembered(qtbot: QtBot, live_window: MainWindow, emulators: EmulatorsWindow) -> None:
    item = emulators.list.topLevelItem(7)
    assert item is not None and item.text(0) == "Print"
    with qtbot.waitSignal(emulators.objects.changed):
        item.setCheckState(0, Qt.CheckState.Unchecked)
    assert live_window.workspace.listener.peer.emulation.on == frozenset(NAMES) - {"print"}


def test_what_it_holds_is_kept_in_the_workspace(
    qtbot: QtBot, live_window: MainWindow, emulators: EmulatorsWindow
) -> None:
    assert emulators.place.whole() == "In memory: gone when it stops."
    qtbot.mouseClick(emulators.keep_button, Qt.MouseButton.LeftButton)
    folder = live_window.workspace.folder / "built-in-peer"
    qtbot.waitUntil(lambda: bool(emulators.objects.of("worklist")) and emulators.place.whole() == f"Kept in {folder}")
    assert (folder / ".dimse-console" / "state.sqlite3").exists()
    assert not emulators.keep_button.isVisible()


def film() -> DataSet:
    full = keys(ImageBoxPosition="1").with_items(0x20200110, PIXELS)
    empty = keys(ImageBoxPosition="2")
    return DataSet((DataElement(0x20100010, "ST", ("STANDARD\\2,1",)),)).with_items(0x20100510, full, empty)


def test_a_film_is_a_picture(qtbot: QtBot) -> None:
    picture = FilmPicture()
    qtbot.addWidget(picture)
    picture.resize(300, 300)
    picture.show_film(film())
    (left, image, _), (right, nothing, _) = picture.drawn
    assert image is not None and (image.width(), image.height()) == (2, 2)
    assert [image.pixelColor(x, y).red() for y in (0, 1) for x in (0, 1)] == [0, 1, 2, 3]
    assert nothing is None and left.x < right.x
    assert len(places_of(film())) == 2
    picture.grab()


@pytest.mark.parametrize(
    ("shelf", "attributes", "words"),
    [
        (FILMS, film(), ("Film STANDARD\\2,1", "", "1 image")),
        (WORKLIST_ITEMS, keys(PatientName="A^B", PatientID="1"), ("", "A B · 1", "")),
        (
            COMMITMENTS,
            DataSet((DataElement(0x00091001, "AE", ("ME",)), DataElement(0x00091002, "CS", ("NO",)))),
            ("Storage commitment", "ME", "not reported"),
        ),
    ],
)
def test_objects_in_words(shelf: str, attributes: DataSet, words: tuple[str, str, str]) -> None:
    held = HeldObject(shelf=shelf, key="1", sop_class_uid="", sop_instance_uid="1", attributes=attributes)
    assert (what(held), who(held), state(held)) == words
    assert emulator_name(held) in ("print", "worklist", "commitment")
