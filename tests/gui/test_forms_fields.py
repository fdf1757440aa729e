"""A field says what is wrong beside itself while one types, and never refuses the value."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from gui.forms.choices import CheckField, ChoiceField
from gui.forms.fields import NumberField, TextField


def no_a(text):
    return "No letter a is allowed." if "a" in text else None


@pytest.fixture
def field(qtbot):
    made = TextField("&Title", no_a, "like this", hint="Any letters but one.")
    qtbot.addWidget(made)
    made.show()
    return made


def test_typing_a_wrong_value_shows_the_sentence_with_a_sign_and_tells_screen_readers(field, qtbot):
    assert field.note_text() == "Any letters but one."
    qtbot.keyClicks(field.line, "ba")
    assert field.value() == "ba"
    assert not field.is_valid()
    assert field.note_text() == "✕ No letter a is allowed."
    assert field.line.accessibleDescription() == "✕ No letter a is allowed."
    assert field.line.property("invalid") == "true"


def test_mending_the_value_brings_the_hint_back(field, qtbot):
    qtbot.keyClicks(field.line, "ba")
    qtbot.keyClick(field.line, Qt.Key.Key_Backspace)
    assert field.is_valid()
    assert field.note_text() == "Any letters but one."


def test_edited_tells_what_the_user_does_and_not_what_the_program_sets(field, qtbot):
    told = []
    field.edited.connect(told.append)
    field.set_value("xyz")
    assert told == []
    qtbot.keyClick(field.line, Qt.Key.Key_End)
    qtbot.keyClicks(field.line, "!")
    assert told == ["xyz!"]


def test_the_label_names_the_editor_and_its_mnemonic_leads_there(field):
    assert field.line.accessibleName() == "Title"
    assert field.caption.buddy() is field.line


def test_an_error_from_outside_stands_until_it_is_taken_back(field):
    field.set_error("Somebody else has it.")
    assert field.error() == "Somebody else has it."
    field.set_error(None)
    assert field.is_valid()


@pytest.mark.parametrize(
    ("typed", "value", "sentence"),
    [
        ("104", 104, None),
        ("", None, "A number is needed here."),
        ("0", None, "Must be between 1 and 65535."),
        ("65536", None, "Must be between 1 and 65535."),
        ("1.5", None, "1.5 is not a whole number."),
        ("abc", None, "abc is not a whole number."),
    ],
)
def test_a_port(qtbot, typed, value, sentence):
    port = NumberField("Port", 1, 65535)
    qtbot.addWidget(port)
    qtbot.keyClicks(port.line, typed)
    assert port.value() == value
    assert port.error() == sentence


def test_a_time_may_have_decimals_and_shows_its_unit_to_screen_readers(qtbot):
    seconds = NumberField("&Connect", 0, 100, unit="s", decimals=True)
    qtbot.addWidget(seconds)
    seconds.set_value(10.0)
    assert seconds.text() == "10"
    qtbot.keyClicks(seconds.line, ".5")
    assert seconds.value() == 10.5
    assert seconds.line.accessibleName() == "Connect, s"
    seconds.line.clear()
    qtbot.keyClicks(seconds.line, "nan")
    assert seconds.value() is None


def test_an_optional_number_may_be_empty(qtbot):
    number = NumberField("Window", 0, 10, optional=True)
    qtbot.addWidget(number)
    assert number.value() is None
    assert number.is_valid()


def test_a_choice_is_made_with_the_keyboard(qtbot):
    choice = ChoiceField("&Type", [(1, "one"), (2, "two")])
    qtbot.addWidget(choice)
    told = []
    choice.edited.connect(told.append)
    choice.show()
    qtbot.keyClick(choice.combo, Qt.Key.Key_Down)
    assert choice.value() == 2
    assert told == [2]
    choice.set_choices([(2, "two"), (3, "three")])
    assert choice.value() == 2
    with pytest.raises(ValueError, match="7"):
        choice.set_value(7)


def test_a_check_is_clicked(qtbot):
    check = CheckField("&Positive response")
    qtbot.addWidget(check)
    check.show()
    qtbot.mouseClick(check.box, Qt.MouseButton.LeftButton, pos=check.box.rect().center() * 0.1)
    assert check.value() is True
    assert check.box.accessibleName() == "Positive response"


def test_a_secret_is_masked_until_it_is_asked_to_be_shown(qtbot):
    secret = TextField("&Passcode", secret=True)
    qtbot.addWidget(secret)
    secret.show()
    assert secret.line.echoMode() is QLineEdit.EchoMode.Password
    qtbot.mouseClick(secret._reveal, Qt.MouseButton.LeftButton)
    assert secret.line.echoMode() is QLineEdit.EchoMode.Normal
