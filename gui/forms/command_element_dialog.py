"""Deliberate bytes: the exact value field of one element, and the Value Length written before it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QLabel, QWidget

from engine.model.command_set import Element
from engine.standard.elements import ELEMENTS, tag_text
from gui.dialogs import FormDialog
from gui.models.command_draft import Line
from gui.models.command_model import CommandModel
from gui.models.command_values import edit_text, given_bytes, parse
from gui.models.dataset_values import hex_text, parse_hex

from .fields import NumberField, TextField

MAXIMUM_LENGTH = 0xFFFFFFFF
"""A Value Length has 32 bits (PS3.7 6.3.1)."""
WIDTH = 430


class ElementDialog(FormDialog):
    """Asks for the bytes and the length of one row; open() it, it changes the model when accepted.

    Anything can be bytes; only a length that is none cannot be written.
    """

    def __init__(self, model: CommandModel, row: int, line: Line, parent: QWidget | None = None) -> None:
        known = ELEMENTS.get(line.tag)
        name = known.name if known else "Unknown element"
        super().__init__(f"Bytes and length: {name}", "Apply", parent, width=WIDTH)
        self._model, self._row, self._line = model, row, line
        element = self._element = model.draft.element(line)
        self.value = TextField("&Value", parent=self, hint="As in the table; ignored when bytes are given.")
        self.bytes = TextField(
            "&Bytes (hexadecimal)", _hex_problem, "31 2E 32 00", self, mono=True, hint="The value field, as sent."
        )
        self.length = NumberField(
            "Value &Length", 0, MAXIMUM_LENGTH, self, optional=True, hint="Written instead of the true length."
        )
        plain = replace(element, raw=None, value=None if isinstance(element.value, bytes) else element.value)
        self.value.set_value(edit_text(plain))
        self.bytes.set_value(hex_text(given_bytes(element)))
        self.length.set_value(element.length)
        title = QLabel(f"{tag_text(line.tag)} {name}", self)
        title.setProperty("role", "title")
        for widget in (title, self.value, self.bytes, self.length):
            self.body.addWidget(widget)
        self.length.edited.connect(self._judge)

    def _judge(self, _value: object) -> None:
        self.accept_button.setEnabled(self.length.is_valid())

    def accept(self) -> None:
        """Take what the fields say; hexadecimal that does not read is taken as characters, as in the table."""
        if not self.length.is_valid():
            return
        length = self.length.value()
        text = self.bytes.value().strip()
        if text:
            data = parse_hex(text)
            element = Element(self._line.tag, raw=text.encode() if data is None else data)
        elif self.value.value() == edit_text(replace(self._element, raw=None)):
            element = replace(self._element, raw=None)
        else:
            element = parse(self._line.tag, self.value.value())[0]
        element = replace(element, length=None if length is None else int(length))
        if element != self._element:
            self._model.set_line(self._row, replace(self._line, element=element, included=None), "Set bytes and length")
        super().accept()


def _hex_problem(text: str) -> str | None:
    wrong = parse_hex(text) is None
    return "Pairs of hexadecimal digits are needed; as it is, the characters are sent." if wrong else None
