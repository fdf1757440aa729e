"""Extended negotiation by name and as bytes, in its dialog."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from engine.model.association import ExtendedNegotiation
from gui.panels.ae_extended_dialog import ExtendedDialog
from gui.panels.ae_negotiation import describe_extended

FIND, GET, WORKLIST = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.3", "1.2.840.10008.5.1.4.31"
CT, VERIFICATION = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.1"


@pytest.fixture
def show(qtbot):
    def shown(item=None, **options):
        dialog = ExtendedDialog(item, **options)
        qtbot.addWidget(dialog)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        dialog.show()
        return dialog

    return shown


def saved(qtbot, dialog):
    with qtbot.waitSignal(dialog.saved) as told:
        qtbot.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)
    return told.args[0]


def choose(field, value):
    field.set_value(value)
    field.combo.activated.emit(field.combo.currentIndex())


def test_options_of_queries_make_bytes(show, qtbot):
    dialog = show()
    qtbot.keyClicks(dialog.picker.line, FIND)
    options = dialog.options
    assert list(options.fields) == ["relational", "datetime", "fuzzy", "timezone", "multiframe", "empty", "multiple"]
    for key, text in (("fuzzy", "00 00 01"), ("relational", "01 00 01"), ("timezone", "01 00 01 01")):
        options.fields[key].box.setFocus()
        qtbot.keyClick(options.fields[key].box, Qt.Key.Key_Space)
        assert options.bytes.value() == text
    qtbot.keyClick(options.fields["relational"].box, Qt.Key.Key_Space)
    assert saved(qtbot, dialog) == ExtendedNegotiation(FIND, b"\0\0\1\1")


def test_bytes_tick_the_options(show, qtbot):
    dialog = show(ExtendedNegotiation(FIND, b"\1"))
    options = dialog.options
    assert options.fields["relational"].value()
    options.bytes.line.selectAll()
    qtbot.keyClicks(options.bytes.line, "00 01 07")
    assert [key for key, field in options.fields.items() if field.value()] == ["datetime"]
    assert "7 is not defined" in options.fields["fuzzy"].note_text()
    qtbot.keyClicks(options.bytes.line, "0")
    assert not dialog.accept_button.isEnabled()
    qtbot.keyClicks(options.bytes.line, "0" + "00" * 5)
    assert "9 bytes; the Standard has 1 to 7" in options.bytes.note_text()
    assert saved(qtbot, dialog).information == b"\0\1\7" + bytes(6)


def test_levels_of_storage(show, qtbot):
    dialog = show()
    qtbot.keyClicks(dialog.picker.line, CT)
    choose(dialog.options.fields["level"], 3)
    assert dialog.options.bytes.value() == "03 00 00 00 00 00"
    choose(dialog.options.fields["coercion"], 2)
    assert saved(qtbot, dialog) == ExtendedNegotiation(CT, b"\3\0\0\0\2\0")


def test_reserved_bytes_are_sent_as_the_standard_has_them(show, qtbot):
    dialog = show()
    qtbot.keyClicks(dialog.picker.line, WORKLIST)
    dialog.options.fields["fuzzy"].box.click()
    assert saved(qtbot, dialog).information == b"\1\1\1"


def test_without_options_there_are_the_bytes(show, qtbot):
    dialog = show()
    qtbot.keyClicks(dialog.picker.line, VERIFICATION)
    assert dialog.options.fields == {}
    assert "names none" in dialog.options.heading.text()
    qtbot.keyClicks(dialog.options.bytes.line, "FF00")
    assert saved(qtbot, dialog) == ExtendedNegotiation(VERIFICATION, b"\xff\0")


def test_another_class_has_other_options(show, qtbot):
    dialog = show(ExtendedNegotiation(FIND, b"\1\1"))
    dialog.picker.line.selectAll()
    qtbot.keyClicks(dialog.picker.line, GET)
    assert list(dialog.options.fields) == ["relational", "multiframe"]
    assert all(field.value() for field in dialog.options.fields.values())


@pytest.mark.parametrize(
    ("item", "detail"),
    [
        (
            ExtendedNegotiation(FIND, b"\1\0\1"),
            "relational, fuzzy",
        ),
        (ExtendedNegotiation(FIND, b"\0"), "no option"),
        (ExtendedNegotiation(FIND, b"\0\7"), "datetime=7"),
        (ExtendedNegotiation(FIND, bytes(9)), "no option · 00 00 00 00 00 00 00 00 00"),
        (ExtendedNegotiation(CT, b"\2"), "Level of support Level 2 (full) · 02"),
        (ExtendedNegotiation(CT, b"\2\0\0\0\1\0"), "level=2, coercion=1"),
        (ExtendedNegotiation("1.2.3", b"\xff"), "FF"),
        (ExtendedNegotiation("1.2.3", b""), "no bytes"),
    ],
)
def test_an_item_is_told_in_words(item, detail):
    assert describe_extended(item).detail == detail
