"""Copy without patients' data, wherever there is a Copy: what is left out is said."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication, QShortcut
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMenu, QPlainTextEdit, QTextBrowser, QWidget

from engine.model.association import Peer
from engine.model.command_set import CommandSet
from engine.model.dataset import DataElement, DataSet, EncodedData, FileData
from engine.model.notices import Direction, PduNotice
from engine.model.objects import WORKLIST_ITEMS, HeldObject
from engine.model.storing import FileState, PlannedFile
from engine.standard.pdus import AssociateRQ, PDataTF, Pdv
from engine.wire.commands import encode_command
from engine.wire.datasets import encode_dataset
from engine.wire.pdu_encoding import encode_pdu
from engine.workspace.message_files import MessageContext, MessageFile, load_message
from engine.workspace.settings import SavedPeer
from engine.workspace.worklist import WorklistItem
from gui.forms.choices import SuggestField
from gui.forms.command_view import CommandView
from gui.forms.dataset_editor import DataSetEditor
from gui.forms.dataset_text_view import DataSetTextView
from gui.forms.entry_list import EntryList
from gui.forms.hex_view import HexView
from gui.models.dataset_model import DataSetModel
from gui.models.held_objects import COLUMNS
from gui.models.lists import EntryModel
from gui.models.modality_rows import describe_item
from gui.models.peers import PeersModel
from gui.models.redacted_message import redacted_message
from gui.models.redacted_rows import held_object
from gui.models.rows import Column, RowTableModel
from gui.models.store_rows import StoreModel, StoreRow
from gui.models.tables import PlainTable
from gui.panels.builder_response import command_elements, redacted_response
from gui.panels.service_rows import SERVICES
from gui.panels.trace_pdus import PdusTab
from gui.redacted import KEYS, copy_focused, redaction_for
from tests.gui.test_redacted_exports import CT, EXPLICIT, PLANTED, SITE, TITLE, UID, session
from tests.planted import PATIENT, PATIENT_ID, fix_keys, found

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


DATA = DataSet(
    (
        DataElement(0x00080060, "CS", ("MR",)),
        DataElement(0x00100010, "PN", (PATIENT,)),
        DataElement(0x00100020, "LO", (PATIENT_ID,)),
        DataElement(0x0020000D, "UI", (UID,)),
        DataElement(0x00400275, "SQ", (DataSet((DataElement(0x00400007, "LO", (f"Knee of {PATIENT}",)),)),)),
    )
)
COMMAND = CommandSet.of(
    CommandField=1, AffectedSOPClassUID=CT, AffectedSOPInstanceUID=UID, MessageID=7, Priority=0, CommandDataSetType=1,
    MoveOriginatorApplicationEntityTitle=TITLE,
)  # fmt: skip


@pytest.fixture(autouse=True)
def keys_of_redactions(monkeypatch: pytest.MonkeyPatch) -> None:
    fix_keys(monkeypatch)


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


def copied(view: QWidget) -> str:
    """What the entry of a view's menu leaves on the clipboard."""
    QGuiApplication.clipboard().setText("nothing was copied")
    entries = [a for a in view.actions() if "without" in a.text().replace("&", "") and "patients" in a.text()]
    assert len(entries) == 1 and KEYS.split("+")[-1] in entries[0].text()
    entries[0].trigger()
    text = clipboard()
    assert not found(type(view).__name__, text, PLANTED)
    return text


def shown(qtbot: QtBot, widget: QWidget) -> None:
    qtbot.addWidget(widget)
    widget.resize(700, 400)
    widget.show()


def pdu(data: bytes, size: int = 0) -> PduNotice:
    return PduNotice(
        association=1, time=1e9, clock=1.0, direction=Direction.SENT, type=data[0],
        data=data, size=size or len(data), state_before="Sta6", event="Evt9", action="DT-1", state_after="Sta6",
    )  # fmt: skip


def test_parts_of_pdus_as_text_and_as_bytes(qtbot: QtBot) -> None:
    tab = PdusTab()
    shown(qtbot, tab)
    request = encode_pdu(AssociateRQ(called_ae_title=TITLE, calling_ae_title="VOGELBEERSCU"))
    command = encode_pdu(PDataTF(pdvs=(Pdv(context_id=1, control=3, fragment=encode_command(COMMAND)),)))
    content = encode_pdu(PDataTF(pdvs=(Pdv(context_id=1, control=2, fragment=encode_dataset(DATA, EXPLICIT)),)))
    tab.set_pdus([pdu(request), pdu(command), pdu(content)])
    told: list[str] = []
    for position in range(3):
        tab.select_position(position)
        told.append(copied(tab.table))
        tab.hex.highlight(0, 0)
        told.append(copied(tab.hex))
        waiting = [tab.nodes.index(0, 0)]
        while waiting:
            index = waiting.pop()
            waiting += [tab.nodes.index(row, 0, index) for row in range(tab.nodes.rowCount(index))]
            tab.tree.setCurrentIndex(index)
            told.append(copied(tab.tree))
            assert copied(tab.hex).splitlines()[0].endswith(("have stand-ins", "(left out)"))
    everything = "\n".join(told)
    for said in ("Called-AE-title\tTITLE-1", "Message ID\t7", "C-STORE-RQ", "CT Image Storage"):
        assert said in everything
    assert f"{len(content)} bytes, without patients' data" in everything, "what stands for it is said"


def test_a_pdu_of_which_not_all_was_kept_is_left_out(qtbot: QtBot) -> None:
    tab = PdusTab()
    shown(qtbot, tab)
    whole = encode_pdu(PDataTF(pdvs=(Pdv(context_id=1, control=2, fragment=PATIENT.encode() * 9),)))
    tab.set_pdus([pdu(whole[:40], len(whole))])
    tab.select_position(0)
    tab.tree.setCurrentIndex(tab.nodes.index(0, 0))
    assert copied(tab.tree) == "(left out)"
    assert copied(tab.hex) == "40 bytes (left out)\n"


def test_bytes_of_which_nothing_is_known_are_counted(qtbot: QtBot) -> None:
    view = HexView()
    shown(qtbot, view)
    view.set_data(PATIENT.encode())
    assert copied(view) == f"{len(PATIENT)} bytes (left out)\n"
    view.set_data(b"")
    assert copied(view) == "nothing was copied"


def test_a_command_set_and_its_bytes(live_window, qtbot: QtBot) -> None:  # type: ignore[no-untyped-def]
    page = live_window.builder.page
    page.load(MessageFile(message="C-STORE-RQ", command=COMMAND, data=DATA))
    view = page.findChild(CommandView)
    view.selectAll()
    text = copied(view)
    assert "Message ID\tUS\tM\t7" in text and "TITLE-" in text and text.count("\n") > 5
    hex_text = copied(next(h for h in page.findChildren(HexView)))
    assert hex_text.splitlines()[0].endswith("have stand-ins")


def test_a_response_tells_its_status_and_nothing_that_was_named(live_window, qtbot: QtBot) -> None:  # type: ignore[no-untyped-def]
    window = live_window
    window.builder.one_shot_action.trigger()
    response = window.builder.page.tabs.response
    qtbot.waitUntil(lambda: response.status.text().startswith("✓"))
    response.tree.selectAll()
    text = copied(response.tree)
    assert "Status = 0000H" in text and "1.2.840.10008.1.1" in text
    named = DataSet((*command_elements(COMMAND), *DATA))
    told = str(redacted_response(named, COMMAND, redaction_for(window)))
    assert not found("the response", told, PLANTED) and "C-STORE-RQ" in told


def test_elements_of_a_data_set_in_the_tree_and_in_the_text(qtbot: QtBot) -> None:
    model = DataSetModel()
    editor = DataSetEditor(model)
    shown(qtbot, editor)
    model.load(DATA)
    editor.view.selectAll()
    text = copied(editor.view)
    assert "PatientName" in text and "Modality = MR" in text and "2.25." in text
    typed = DataSetTextView(model)
    shown(qtbot, typed)
    typed.refresh()
    typed.copy_redacted()
    assert "PatientName" in clipboard() and not found("the text", clipboard(), PLANTED)
    typed.edit.setPlainText(f"{PATIENT} is no element")
    QGuiApplication.clipboard().setText("before")
    typed.copy_redacted()
    assert clipboard() == "before" and "Not copied" in typed.words.text()


def test_objects_of_the_built_in_peer_and_files(qtbot: QtBot) -> None:
    held = HeldObject(shelf=WORKLIST_ITEMS, key=PATIENT, sop_class_uid=CT, sop_instance_uid=UID, attributes=DATA)
    objects: RowTableModel[HeldObject] = RowTableModel(COLUMNS, redact=held_object)
    objects.set_records([held])
    files = StoreModel()
    file = PlannedFile(
        number=0, path=Path(f"/data/{PATIENT}.dcm"), state=FileState.CANNOT_GO, why=f"{PATIENT}.dcm is not a file",
        sop_class_uid=CT, sop_instance_uid=UID,
    )  # fmt: skip
    files.set_records([StoreRow(file)])
    for model, told in ((objects, "2.25."), (files, "is not a file")):
        table = PlainTable(model)
        model.setParent(table)
        shown(qtbot, table)
        table.selectAll()
        assert told in copied(table)


def test_a_list_nobody_thought_of_is_left_out(qtbot: QtBot) -> None:
    table = PlainTable(RowTableModel([Column("Who", str)]))
    table.model().setParent(table)
    items = EntryModel(describe_item)
    work = EntryList(items, name="Worklist items")
    items.setParent(work)
    for view in (table, work):
        shown(qtbot, view)
    table.model().set_records([PATIENT, PATIENT])
    items.set_records([WorklistItem(DATA)])
    table.selectAll()
    work.selectAll()
    assert copied(table) == "(left out)\n(left out)"
    assert copied(work) == "(left out)"


def test_peers_by_their_stand_ins(qtbot: QtBot) -> None:
    model = PeersModel()
    view = EntryList(model, name="Peers")
    model.setParent(view)
    shown(qtbot, view)
    model.set_records([SavedPeer(peer=Peer(name=f"Archive of {PATIENT}", ae_title=TITLE, host=SITE, port=104))])
    view.selectAll()
    assert copied(view) == "TITLE-1\thost-1:104"


def test_the_keys_copy_what_has_the_keyboard(live_window, qtbot: QtBot) -> None:  # type: ignore[no-untyped-def]
    window = live_window
    window.log.add_notices(session())
    qtbot.waitUntil(lambda: window.log.model.rowCount() > 3)
    window.log.table.setFocus()
    window.log.table.selectAll()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.log.table)
    QGuiApplication.clipboard().clear()
    qtbot.keyClick(
        window.log.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert "TITLE-1 at host-1:104" in clipboard() and not found("the log", clipboard(), PLANTED)
    assert window.status.sentence.whole() == "Copied without patients' data, AE titles and addresses."
    window.log.table.clearSelection()
    window.toolbar.buttons["echo"].setFocus()
    window.actions_by_name["copy_redacted"].trigger()
    assert window.status.sentence.whole().startswith("There is nothing to copy here")


@pytest.mark.parametrize("password", [False, True])
def test_a_text_is_told_by_its_words_of_ours(live_window, qtbot: QtBot, password: bool) -> None:  # type: ignore[no-untyped-def]
    """What the log has heard of is known: "Field" is a word, and was somebody's name."""
    window = live_window
    named = DataSet((DataElement(0x00100010, "PN", ("Field^Page",)),))
    message = replace(session()[2], data=EncodedData(encode_dataset(named, EXPLICIT), EXPLICIT))  # type: ignore[call-arg]
    window.log.add_notices((message,))
    line = QLineEdit(f"{PATIENT}, Field, page 42: no presentation context", window)
    if password:
        line.setEchoMode(QLineEdit.EchoMode.Password)
    line.show()
    line.setFocus()
    QGuiApplication.clipboard().setText("before")
    assert copy_focused() is not password
    assert clipboard() == ("before" if password else "…: no presentation context")


def test_a_message_file_for_others(live_window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    window = live_window
    window.builder.page.load(
        MessageFile(message="C-STORE-RQ", command=COMMAND, data=DATA, title=PATIENT, note=f"of {PATIENT}")
    )
    file, names = tmp_path / "out.toml", []
    monkeypatch.setattr(
        window.builder.files._questions, "save_file", lambda _w, _t, _p, name, then: (names.append(name), then((file,)))
    )
    window.actions_by_name["save_message_redacted"].trigger()
    text = file.read_text(encoding="utf-8")
    assert names == ["c-store-rq-redacted.toml"] and not found("the file", text, PLANTED)
    assert "Saved without patients' data" in text and window.builder.page.draft is not None
    again = load_message(file)
    assert again.command.message_id == 7 or again.command.message_id is None
    assert isinstance(again.data, DataSet) and again.data.find(0x00100010) is not None
    assert window.builder.file_of(window.builder.page) is None, "it is a copy"


@pytest.mark.parametrize("kind", ["encoded", "file", "gone", "garbage"])
def test_a_message_file_of_other_data(kind: str, qtbot: QtBot, tmp_path: Path) -> None:
    encoded = encode_dataset(DATA, EXPLICIT)
    path = tmp_path / f"{PATIENT}.bin"
    path.write_bytes(encoded)
    data = {
        "encoded": EncodedData(encoded, EXPLICIT),
        "file": FileData(path, 0, len(encoded)),
        "gone": FileData(tmp_path / "none", 0, 10),
        "garbage": EncodedData(os.urandom(4) + PATIENT.encode(), EXPLICIT),
    }[kind]
    message = MessageFile(
        message="C-STORE-RQ", command=COMMAND, data=data, context=MessageContext(transfer_syntaxes=(EXPLICIT,))
    )
    made = redacted_message(message, redaction_for(None))
    if kind in ("encoded", "file"):
        assert isinstance(made.data, DataSet) and made.data.text(0x00080060) == "MR"
    else:
        assert made.data is None or not found("data", str(made.data), PLANTED)
    assert not found("the message", repr(made), PLANTED)


def test_a_label_that_is_selected(live_window, qtbot: QtBot) -> None:  # type: ignore[no-untyped-def]
    label = QLabel(f"{TITLE} at {SITE}:104 rejected the association.", live_window)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByKeyboard)
    label.show()
    label.setSelection(0, len(label.text()))
    label.setFocus()
    assert copy_focused()
    assert not found("the label", clipboard(), PLANTED) and "rejected the association." in clipboard()


def test_every_view_with_a_copy_has_the_other(live_window, qtbot: QtBot) -> None:  # type: ignore[no-untyped-def]
    window = live_window
    for row in SERVICES:
        window.show_service(row.name)
    views = [w for w in window.findChildren(QWidget) if any("Copy" in a.text().replace("&", "") for a in w.actions())]
    views = [v for v in views if v is not window and not v.inherits("QMenu")]
    assert len(views) > 15
    for view in views:
        assert [a for a in view.actions() if "without patients' data" in a.text().replace("&", "")], (
            view.accessibleName()
        )


def menu_of(qtbot: QtBot, field: QWidget) -> QMenu:
    """The menu that the keyboard's menu key opens."""
    field.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is field)
    middle = field.rect().center()
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, middle, field.mapToGlobal(middle))
    QApplication.sendEvent(field, asked)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def entry_of(menu: QMenu) -> QAction:
    (entry,) = [a for a in menu.actions() if "without patients' data" in a.text().replace("&", "")]
    return entry


no_raise = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
"""Off screen no menu can be raised."""


@no_raise
@pytest.mark.parametrize("kind", ["line", "lines", "page", "suggestions", "a view's text"])
def test_text_fields_offer_it_beside_qt_s_own_copy(live_window, qtbot: QtBot, kind: str) -> None:  # type: ignore[no-untyped-def]
    window = live_window
    said = f"{PATIENT}: no presentation context"
    field: QWidget
    if kind == "line":
        field = QLineEdit(said, window)
    elif kind == "lines":
        field = QPlainTextEdit(said, window)
    elif kind == "page":
        field = QTextBrowser(window)
        field.setPlainText(said)
    elif kind == "suggestions":
        made = SuggestField("Format", (), parent=window)
        made.set_value(said)
        made.show()
        field = made.combo
    else:
        view = DataSetTextView(DataSetModel(parent=window), window)
        view.show()
        view.edit.setPlainText(f"PatientName = {PATIENT}")
        field = view.edit
    field.show()
    QGuiApplication.clipboard().setText("nothing was copied")
    menu = menu_of(qtbot, field)
    texts = [a.text().replace("&", "").partition("\t")[0] for a in menu.actions()]
    assert texts[texts.index("Copy") + 1].startswith("Copy without patients' data")
    entry_of(menu).trigger()
    menu.close()
    told = clipboard()
    assert not found("the field", told, PLANTED)
    assert "PatientName" in told if kind == "a view's text" else told == "…: no presentation context"


@no_raise
def test_the_link_under_the_pointer_can_still_be_copied(live_window, qtbot: QtBot) -> None:  # type: ignore[no-untyped-def]
    page = QTextBrowser(live_window)
    page.setHtml("first line<br>" * 40 + "<a href='https://dicom.example/'>a line of a link</a>" + "<br>last" * 4)
    page.resize(240, 120)
    page.show()
    bar = page.verticalScrollBar()
    bar.setValue(bar.maximum())
    shown = page.viewport().rect()
    place = next(p for y in range(shown.height()) if page.anchorAt(p := QPoint(20, y)))
    page.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is page)
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, page.viewport().mapToGlobal(place))
    QApplication.sendEvent(page.viewport(), asked)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    (link,) = [a for a in menu.actions() if "Link" in a.text()]
    assert link.isEnabled()
    link.trigger()
    menu.close()
    assert clipboard() == "https://dicom.example/"


@no_raise
def test_a_field_with_nothing_to_tell_greys_it(live_window, qtbot: QtBot) -> None:  # type: ignore[no-untyped-def]
    for secret in (False, True):
        line = QLineEdit("hunter2" if secret else "", live_window)
        line.setEchoMode(QLineEdit.EchoMode.Password if secret else QLineEdit.EchoMode.Normal)
        line.show()
        menu = menu_of(qtbot, line)
        assert not entry_of(menu).isEnabled()
        menu.close()


def test_the_keys_work_in_every_dialog(live_window, qtbot: QtBot) -> None:  # type: ignore[no-untyped-def]
    window = live_window
    ways = {
        "Keyboard shortcuts": window.opening.show_keys,
        "Waivers": window.judging.list_waivers,
        "Unexpected error": lambda: window.show_report("No presentation context"),
    }
    for title, opens in ways.items():
        opens()
        dialog = QApplication.activeModalWidget()
        assert dialog is not None and dialog.windowTitle() == title
        assert [k for k in dialog.findChildren(QShortcut) if k.key().toString() == KEYS], title
        dialog.close()
    window.opening.open_palette()
    palette = window.opening.palette_dialog
    qtbot.waitUntil(lambda: QApplication.focusWidget() is palette.line)
    palette.line.setText(f"{PATIENT} association")
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(palette.line, Qt.Key.Key_C, both)
    assert clipboard() == "… association"
    palette.reject()
