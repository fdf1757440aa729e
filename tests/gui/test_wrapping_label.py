"""Sentences with long words: they wrap, and are copied as they were written."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from gui.forms.choices import ChoiceField
from gui.forms.wrapping_label import SelectableLabel, WrappingLabel, breakable

UID = "1.2.840.113619.2.55.3.604688119.868.1249343483.504.20260131.1234"


@pytest.mark.parametrize("word", [UID, "W" * 64, "2001:db8::7334.archive.example.org/path_of_something", "患者" * 20])
def test_a_long_word_is_no_wider_than_its_place(word, qtbot):
    label = WrappingLabel(f"There is no {word} here.")
    qtbot.addWidget(label)
    assert label.text() == f"There is no {word} here."
    assert label.minimumSizeHint().width() < label.fontMetrics().horizontalAdvance(word) * 0.7


def test_short_words_stay_as_they_are():
    sentence = "C-STORE CT Image Storage: A700H Refused (PS3.4 B.2.3)."
    assert breakable(sentence) == sentence


def test_it_is_copied_as_it_was_written(qtbot):
    label = SelectableLabel(f"No instance {UID}.")
    qtbot.addWidget(label)
    label.show()
    label.setSelection(12, len(breakable(label.text())) - 12)
    label.setFocus()
    qtbot.keyClick(label, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == f"{UID}."
    label.copy_redacted()
    assert QGuiApplication.clipboard().text().startswith("2.25.")
    label.setSelection(0, 0)
    qtbot.mouseClick(label, Qt.MouseButton.RightButton)
    label.copy()
    assert QGuiApplication.clipboard().text() == f"No instance {UID}."
    assert not label.findChildren(QMenu) or label.findChildren(QMenu)[0].actions()


def test_a_choice_ends_in_dots_where_the_room_ends(qtbot):
    field = ChoiceField("&Availability", (("a", "ONLINE: available at once, whenever somebody asks"),))
    qtbot.addWidget(field)
    field.resize(140, 60)
    field.show()
    assert field.combo.shown_text().endswith("…") and not field.combo.currentText().endswith("…")
