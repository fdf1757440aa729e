"""Presentation contexts in the AE configuration, driven as a user would: typing, clicking, keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from engine.model.association import ProposedContext, Role
from gui.dialogs import MessageBox
from gui.forms.title_dialog import TitleDialog
from gui.panels.ae_panel import AEPanel
from tests.gui.ae_panel.panel import CT, VERIFICATION, again


def test_a_context_is_found_by_words_and_added(panel, qtbot, workspace):
    qtbot.mouseClick(panel.contexts.add_button, Qt.MouseButton.LeftButton)
    dialog = panel.contexts.dialog
    assert not dialog.accept_button.isEnabled()
    qtbot.keyClicks(dialog.picker.line, "ct image")
    assert dialog.picker.uids() == (CT,)
    dialog.role.set_value(Role.BOTH)
    qtbot.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)
    kept = again(workspace).contexts.contexts
    assert [(c.id, c.abstract_syntax) for c in kept] == [(1, VERIFICATION), (3, CT)]
    assert kept[1].role is Role.BOTH
    assert kept[1].transfer_syntaxes == ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")


@pytest.mark.parametrize("text", ["CTImageStorage", CT])
def test_keyword_and_uid_find_it_too(panel, qtbot, text):
    panel.contexts.search_for(text)
    assert panel.contexts.dialog.picker.uids() == (CT,)
    panel.contexts.dialog.reject()


def test_a_private_uid_can_be_proposed(panel, qtbot):
    panel.contexts.search_for("")
    dialog = panel.contexts.dialog
    qtbot.keyClicks(dialog.picker.line, "1.2.826.0.1.3680043.2.1545.99")
    qtbot.keyClick(dialog.picker.line, Qt.Key.Key_Return)
    assert panel.proposal().contexts[-1].abstract_syntax == "1.2.826.0.1.3680043.2.1545.99"


def test_several_at_once_with_the_keyboard(panel, qtbot):
    panel.contexts.add()
    dialog = panel.contexts.dialog
    qtbot.keyClicks(dialog.picker.line, "mr image storage")
    dialog.picker.list.selectAll()
    count = len(dialog.picker.uids())
    assert count > 1
    assert dialog.accept_button.text() == f"Add {count} contexts"
    dialog.accept()
    assert len(panel.proposal().contexts) == 1 + count


def test_transfer_syntaxes_are_ticked_and_filtered(panel, qtbot):
    panel.contexts.list.select_row(0)
    panel.contexts.edit()
    dialog = panel.contexts.dialog
    qtbot.keyClicks(dialog.syntaxes.filter, "jpeg 2000 lossless only")
    shown = [i for i in range(dialog.syntaxes.list.count()) if not dialog.syntaxes.list.item(i).isHidden()]
    item = dialog.syntaxes.list.item(shown[0])
    dialog.syntaxes.list.setCurrentItem(item)
    qtbot.keyClick(dialog.syntaxes.list, Qt.Key.Key_Space)
    dialog.accept()
    (context,) = panel.proposal().contexts
    assert context.transfer_syntaxes[-1] == "1.2.840.10008.1.2.4.90"
    assert context.id == 1


def test_no_transfer_syntax_is_remarked_but_allowed(panel, qtbot):
    panel.contexts.list.select_row(0)
    panel.contexts.edit()
    dialog = panel.contexts.dialog
    dialog.syntaxes.none()
    assert dialog.remark.isVisible()
    dialog.accept()
    assert panel.proposal().contexts[0].transfer_syntaxes == ()


def test_contexts_are_reordered_and_removed_by_keyboard(panel, qtbot, workspace):
    panel.contexts.add_contexts((ProposedContext(1, CT, ("1.2.840.10008.1.2",)),))
    listed = panel.contexts.list
    listed.setFocus()
    assert listed.currentIndex().row() == 1
    qtbot.keyClick(listed, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert [(c.id, c.abstract_syntax) for c in again(workspace).contexts.contexts] == [(1, CT), (3, VERIFICATION)]
    qtbot.keyClick(listed, Qt.Key.Key_Delete)
    assert [(c.id, c.abstract_syntax) for c in again(workspace).contexts.contexts] == [(1, VERIFICATION)]


def test_presets_replace_or_add_and_can_be_made(panel, qtbot, workspace):
    panel.contexts.presets_wanted.emit()
    titles = [a.text() for a in panel.contexts._menu.actions()]
    assert "Verification" in titles
    storage = next(p for p in workspace.presets() if p.title.startswith("Storage"))
    panel.contexts.replace_with(storage.contexts)
    assert [c.abstract_syntax for c in panel.proposal().contexts] == [c.abstract_syntax for c in storage.contexts]
    panel.contexts.preset_wanted.emit("Mine")
    assert "Mine" in [p.title for p in again(workspace).presets()]


def _entries(menu):
    """Of a menu: its actions by their text, those of the menus in it by the text of both."""
    found = {}
    for action in menu.actions():
        if action.menu() is None:
            found[action.text()] = action
        else:
            found |= {f"{action.text()} > {text}": inner for text, inner in _entries(action.menu()).items()}
    return found


def test_a_preset_is_kept_under_a_title_and_replacing_one_is_told(panel, qtbot, workspace):
    menu = panel.contexts.preset_button.menu()
    for title, hint in (("Mine", ""), ("MINE", "Replaces the preset of this title.")):
        menu.aboutToShow.emit()
        _entries(menu)["&Save as preset…"].trigger()
        dialog = panel.findChild(TitleDialog)
        assert not dialog.accept_button.isEnabled()
        qtbot.keyClicks(dialog.title.line, title)
        assert dialog.title.note_text() == hint
        with qtbot.waitSignal(dialog.destroyed):
            qtbot.keyClick(dialog.title.line, Qt.Key.Key_Return)
    assert [p.title for p in again(workspace).presets() if p.title.lower() == "mine"] == ["MINE"]


def test_a_preset_of_ones_own_can_be_removed_and_no_other(panel, workspace, questions):
    menu = panel.contexts.preset_button.menu()
    panel.contexts.preset_wanted.emit("CT & MR")
    menu.aboutToShow.emit()
    removable = [text for text in _entries(menu) if text.startswith("&Remove")]
    assert removable == ["&Remove a preset > CT && MR…"]
    _entries(menu)[removable[0]].trigger()
    assert questions.asked == ["Remove the preset CT & MR? Its file in the workspace is deleted."]
    assert "CT & MR" not in [p.title for p in again(workspace).presets()]
    menu.aboutToShow.emit()
    assert not [text for text in _entries(menu) if text.startswith("&Remove")]


def test_a_preset_is_removed_only_on_a_yes(qtbot, workspace):
    panel = AEPanel(workspace)
    qtbot.addWidget(panel)
    panel.show()
    panel.contexts.preset_wanted.emit("Mine")
    mine = next(p for p in workspace.presets() if p.title == "Mine")
    for answer, left in (("Cancel", True), ("Remove", False)):
        panel.contexts.preset_unwanted.emit(mine)
        box = panel.findChild(MessageBox)
        next(b for b in box.buttons.buttons() if b.text().replace("&", "") == answer).click()
        qtbot.waitUntil(lambda: panel.findChild(MessageBox) is None)
        assert mine.path.exists() is left


def test_a_preset_that_cannot_be_removed_is_told(panel, workspace, monkeypatch, qtbot):
    panel.contexts.preset_wanted.emit("Mine")
    mine = next(p for p in workspace.presets() if p.title == "Mine")

    def refuse(_preset):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(workspace, "delete_preset", refuse)
    with qtbot.waitSignal(panel.failed) as told:
        panel.contexts.preset_unwanted.emit(mine)
    assert told.args == ["The preset is not removed: Permission denied."]


def test_beyond_128_the_limit_is_explained_with_the_count(panel, workspace):
    everything = [p for p in workspace.presets() if p.title.startswith("Everything")]
    panel.contexts.replace_with(everything[0].contexts)
    assert panel.contexts.header.note.text() == "128 of 128"
    assert not panel.contexts.limit.isVisible()
    panel.contexts.add_contexts((ProposedContext(1, "1.2.3.4", ("1.2.840.10008.1.2",)),))
    assert panel.contexts.limit.isVisible()
    assert "129 of 128" in panel.contexts.limit.text()
    assert len(panel.proposal().contexts) == 128
    assert len(again(workspace).contexts.contexts) == 129
