"""Identity and negotiation in the AE configuration, and what cannot be written."""

from __future__ import annotations

from PySide6.QtCore import Qt

from engine.model.association import AsyncWindow, ExtendedNegotiation
from gui.panels.ae_panel import AEPanel
from tests.gui.ae_panel.panel import CT, again, type_over


def test_user_identity_with_a_passcode_that_only_the_keyring_gets(panel, qtbot, workspace, keyring):
    panel.tabs.setCurrentWidget(panel.negotiation)
    form = panel.negotiation
    assert not form.username.isVisible()
    qtbot.keyClicks(form.identity_type.combo, "2")
    assert form.username.isVisible()
    assert "needed" in form.username.note_text()
    qtbot.keyClicks(form.username.line, "alice")
    qtbot.keyClick(form.username.line, Qt.Key.Key_Return)
    qtbot.keyClicks(form.secret.line, "s3cret")
    qtbot.keyClick(form.secret.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "s3cret" in keyring.kept.values())
    identity = panel.proposal().user_identity
    assert (identity.type, identity.primary, identity.secondary) == (2, b"alice", b"s3cret")
    written = "".join(f.read_text(encoding="utf-8") for f in workspace.folder.rglob("*.toml"))
    assert "alice" in written
    assert "s3cret" not in written
    later = AEPanel(again(workspace))
    qtbot.addWidget(later)
    qtbot.waitUntil(lambda: later.proposal().user_identity.secondary == b"s3cret")


def test_another_user_does_not_get_the_first_ones_passcode(panel, qtbot, keyring):
    keyring.kept["user-identity:2:alice"] = "s3cret"
    form = panel.negotiation
    panel.tabs.setCurrentWidget(form)
    qtbot.keyClicks(form.username.line, "alice")
    form.identity_type.set_value(2)
    form.identity_type.combo.activated.emit(2)
    qtbot.waitUntil(lambda: form.secret.value() == "s3cret")
    qtbot.keyClicks(form.username.line, "x")
    assert form.secret.value() == ""


def test_the_asynchronous_window(panel, qtbot, workspace):
    panel.tabs.setCurrentWidget(panel.negotiation)
    form = panel.negotiation
    assert panel.proposal().async_window is None
    qtbot.keyClick(form.window_on.box, Qt.Key.Key_Space)
    type_over(qtbot, form.invoked.line, "8")
    type_over(qtbot, form.performed.line, "0")
    qtbot.keyClick(form.performed.line, Qt.Key.Key_Return)
    assert panel.proposal().async_window == AsyncWindow(8, 0)
    assert again(workspace).contexts.async_window == AsyncWindow(8, 0)


def test_extended_negotiation_takes_hexadecimal_bytes(panel, qtbot, workspace):
    panel.tabs.setCurrentWidget(panel.negotiation)
    panel.negotiation.extended.add()
    dialog = panel.negotiation.extended.dialog
    qtbot.keyClicks(dialog.picker.line, "study root find")
    qtbot.keyClicks(dialog.options.bytes.line, "01 0")
    assert "missing" in dialog.options.bytes.note_text()
    qtbot.keyClicks(dialog.options.bytes.line, "1")
    dialog.accept()
    expected = (ExtendedNegotiation("1.2.840.10008.5.1.4.1.2.2.1", b"\x01\x01"),)
    assert panel.proposal().extended == expected
    assert again(workspace).contexts.extended == expected
    panel.negotiation.extended.list.select_row(0)
    panel.negotiation.extended.remove()
    assert panel.proposal().extended == ()


def test_common_extended_negotiation(panel, qtbot, workspace):
    panel.negotiation.common.add()
    dialog = panel.negotiation.common.dialog
    qtbot.keyClicks(dialog.picker.line, CT)
    qtbot.keyClicks(dialog.related.line, "1.2.a")
    assert dialog.related.note_text().startswith("✕ 1.2.a")
    type_over(qtbot, dialog.related.line, "")
    dialog.accept()
    assert again(workspace).contexts.common_extended[0].sop_class_uid == CT


def test_what_cannot_be_written_is_said(panel, qtbot, workspace, monkeypatch):
    def refuse(_peers):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(workspace, "save_peers", refuse)
    with qtbot.waitSignal(panel.failed) as told:
        panel.peers.duplicate()
    assert "No space left" in told.args[0]
