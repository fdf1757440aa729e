"""What is read in the window, peers' data sets and files, keeps to the limits the user has set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from engine.model.dataset import DataElement, DataSet
from engine.services.responses import response_to
from engine.wire.datasets import encode_dataset, write_file
from gui.panels.builder_lower import DATA_SET
from tests.gui.test_window_in_use import retype
from tests.runtime.console import CT, EXPLICIT, STUDY_FIND, VERIFICATION, store_rq
from tests.runtime.scripted import Conversation, association_rq, calling, scripted
from tests.runtime.test_limits import image

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
INNERMOST = "Below all"


def nested(levels: int) -> DataSet:
    """Sequences in each other."""
    inner = DataSet((DataElement(0x0008103E, "LO", (INNERMOST,)),))
    for _ in range(levels):
        inner = DataSet((DataElement(0x00081140, "SQ", (inner,)),))
    return inner


@pytest.fixture
def window(live_window, qtbot):
    """The window, where sequences may be three deep by what was typed into its settings."""
    local = live_window.ae.local
    line = local.limits["depth"].findChild(QLineEdit)
    line.selectAll()
    qtbot.keyClicks(line, "3")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: live_window.workspace.limits.depth == 3)
    return live_window


def test_matches_are_previewed_under_the_limits_of_their_association(window, qtbot, monkeypatch):
    def script(talk: Conversation) -> None:
        talk.accept()
        context, command = talk.read_command()
        for levels in (3, 4):
            match = encode_dataset(nested(levels), EXPLICIT)
            talk.send(talk.message(context, response_to(command, 0xFF00, has_data=True), match))
        talk.send(talk.message(context, response_to(command, 0x0000)))
        talk.wait_closed()

    window.show_service("query")
    page, host = window.services.page, window.services.host
    ours = host.proposal
    with scripted(script) as peer:
        monkeypatch.setattr(host, "proposal", lambda: replace(ours(), peer=replace(ours().peer, port=peer.port)))
        page.start()
        qtbot.waitUntil(lambda: not page.running and page.matches.total == 2)
        window.ae.local.limits["depth"].set_value("64")  # of what comes later
        window.ae.local.flush()
    shown = []
    for row in range(2):
        page.matches.table.selectRow(row)
        page.matches.show_details()
        shown.append((page.matches.details_title.text(), page.matches.model.data_set))
    (title, data_set), (refused, nothing) = shown
    assert title == "Match 1" and INNERMOST in repr(data_set)
    assert refused.startswith("Match 2 · The data set cannot be read from byte") and len(nothing) == 0


@pytest.mark.parametrize(("levels", "fits"), [(3, True), (4, False)])
def test_files_are_read_into_the_builder_under_the_users_limits(window, qtbot, tmp_path, levels, fits):
    path = tmp_path / "deep.dcm"
    uids = (DataElement(0x00080016, "UI", (CT,)), DataElement(0x00080018, "UI", ("1.2.3",)))
    body = encode_dataset(DataSet((*uids, *nested(levels))), EXPLICIT)
    write_file(path, body, EXPLICIT, CT, "1.2.3")
    page = window.builder.page
    pane = page.tabs.data
    told = []
    pane.said.connect(told.append)
    pane.edit_file(path)
    qtbot.waitUntil(lambda: bool(told) or len(page.data_set.data_set) > 0)
    assert (INNERMOST in repr(page.data_set.data_set)) is fits
    assert fits or "cannot be read from byte" in told[0]
    pane.send_file(Path(path))
    page.tabs.tabs.setCurrentIndex(DATA_SET)
    qtbot.waitUntil(lambda: "Reading it" not in pane.words.text())
    assert pane.edit_button.isEnabled() is fits
    assert ("cannot be read from byte" in pane.words.text()) is not fits


def test_limits_set_in_the_settings_of_the_built_in_peer_hold_from_then_on(live_window, qtbot):
    """Wrong ones are told beside their field and cannot be saved."""
    built_in = live_window.built_in
    live_window.actions_by_name["listener_settings"].trigger()
    dialog = built_in.dialog
    fields = dialog.limits.fields
    dialog.show_page(dialog.limits)
    retype(qtbot, fields["files"], "many")
    assert "is not a whole number" in fields["files"].note_text() and not dialog.accept_button.isEnabled()
    retype(qtbot, fields["files"], "1")
    retype(qtbot, fields["contexts"], "2")
    retype(qtbot, fields["pdu_length"], "4 KiB")
    with qtbot.waitSignal(built_in.ready):
        dialog.accept_button.click()
    told = []
    live_window.bridge.notices.connect(told.extend)
    qtbot.waitUntil(lambda: live_window.session.listener.listening)
    port = live_window.session.listener.port
    for uid, status in (("1.2.1", 0), ("1.2.2", 0xA700)):
        with calling(port, (CT, EXPLICIT)) as peer:
            data = image(uid).data
            command = store_rq(CT, uid, None).command.with_values(MessageID=1, CommandDataSetType=1)
            peer.send(peer.message(1, command, data))
            assert peer.read_command()[1].status == status
    with calling(port) as peer:
        peer.send(association_rq(CT, VERIFICATION, STUDY_FIND))
        assert peer.read_pdu()[7:10] == bytes((1, 3, 2))
    with calling(port, VERIFICATION) as peer:
        peer.send(b"\4\0" + (4097).to_bytes(4, "big"))
        assert peer.read_pdu()[0] == 7
    for name in ("files", "contexts", "pdu_length"):
        qtbot.waitUntil(lambda name=name: any(f"--limit {name}=" in getattr(n, "sentence", "") for n in told))
