"""SOP class extended negotiation by the names of its options, and as bytes; either way changes the other."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from engine.standard.extended_negotiation import ExtendedByte, ExtendedLayout, layout_of
from gui.models.dataset_values import hex_text
from gui.theme import SPACING

from .choices import CheckField, ChoiceField
from .fields import TextField

MAXIMUM_INFORMATION = 0xFFFF - 2 - 64
"""Bytes of service-class-application-information that fit the item's length with the longest UID (PS3.7 D.3.3.5.1)."""


def check_hex(text: str) -> str | None:
    """Pairs of hexadecimal digits, spaces allowed."""
    digits = "".join(text.split())
    if not all(c in "0123456789abcdefABCDEF" for c in digits):
        return "Only the digits 0 to 9 and A to F."
    if len(digits) % 2:
        return "A byte has two digits; one is missing."
    return "Longer than the item can say (65,535 bytes)." if len(digits) // 2 > MAXIMUM_INFORMATION else None


class ExtendedOptions(QWidget):
    """`edited` after every change by the user. none: what no bytes at all mean."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None, *, none: str = "") -> None:
        super().__init__(parent)
        self._none = none
        self._layout_of_class: ExtendedLayout | None = None
        self.fields: dict[str, CheckField | ChoiceField] = {}
        """By the option's key."""
        self.heading = QLabel("Options", self)
        self.heading.setProperty("role", "title")
        self._grid_widget = QWidget(self)
        self.bytes = TextField("As bytes, &hexadecimal", check_hex, "", self, mono=True)
        self.bytes.edited.connect(self._bytes_edited)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.normal)
        column.addWidget(self.heading)
        column.addWidget(self._grid_widget)
        column.addWidget(self.bytes)
        self._column = column
        self.set_class("")

    def set_class(self, uid: str) -> None:
        """The options of another SOP class; the bytes stay."""
        layout = layout_of(uid)
        if layout is self._layout_of_class and self.fields:
            return
        self._layout_of_class = layout
        self.fields = {}
        fresh = QWidget(self)
        grid = QGridLayout(fresh)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACING.large)
        grid.setVerticalSpacing(SPACING.small)
        for place, field in enumerate(f for f in (layout.fields if layout else ()) if f.key):
            made = self._field(field, fresh)
            self.fields[field.key] = made
            columns = 2 if field.is_option else 3
            grid.addWidget(made, place // columns, place % columns, Qt.AlignmentFlag.AlignTop)
        self._column.replaceWidget(self._grid_widget, fresh)
        self._grid_widget.setParent(None)
        self._grid_widget.deleteLater()
        self._grid_widget = fresh
        fresh.setVisible(bool(self.fields))
        self.heading.setText(f"Options ({layout.clause})" if layout else "Options: the Standard names none")
        self._show_bytes()

    def information(self) -> bytes:
        return bytes.fromhex(self.bytes.value()) if self.bytes.is_valid() else b""

    def set_information(self, information: bytes) -> None:
        self.bytes.set_value(hex_text(information))
        self._show_bytes()

    def is_valid(self) -> bool:
        return self.bytes.is_valid()

    def _field(self, field: ExtendedByte, parent: QWidget) -> CheckField | ChoiceField:
        if field.is_option:
            made: CheckField | ChoiceField = CheckField(field.name, parent)
        else:
            made = ChoiceField(field.name, _choices(field, 0), parent)
        made.edited.connect(self._option_edited)
        return made

    def _option_edited(self) -> None:
        """Write the options into the bytes that are there; only as many are added as they need."""
        layout = self._layout_of_class
        if layout is None:
            return
        now = bytearray(self.information())
        needed = max((i + 1 for i, f in enumerate(layout.fields) if f.key and self._value(f)), default=0)
        for place in range(len(now), max(needed, layout.lengths[0])):
            now.append(layout.fields[place].fixed or 0)
        for place, field in enumerate(layout.fields[: len(now)]):
            if field.key:
                now[place] = self._value(field)
        self.bytes.set_value(hex_text(bytes(now)))
        self._say()
        self.edited.emit()

    def _value(self, field: ExtendedByte) -> int:
        value = self.fields[field.key].value()
        return value if isinstance(value, int) else 0

    def _bytes_edited(self) -> None:
        self._show_bytes()
        self.edited.emit()

    def _show_bytes(self) -> None:
        layout = self._layout_of_class
        values = layout.values(self.information()) if layout else {}
        for field in layout.fields if layout else ():
            shown = self.fields.get(field.key)
            value = values.get(field.key, 0)
            if isinstance(shown, ChoiceField):
                shown.set_choices(_choices(field, value))
                shown.set_value(value)
            elif shown is not None:
                shown.set_value(value == 1)
                shown.set_hint("" if value in field.values else f"⚠ {value} is not defined.")
        self._say()

    def _say(self) -> None:
        layout, count = self._layout_of_class, len(self.information())
        if not count:
            self.bytes.set_hint(self._none)
            return
        shortest, longest = layout.lengths if layout else (count, count)
        outside = not shortest <= count <= longest
        allowed = f"{shortest}" if shortest == longest else f"{shortest} to {longest}"
        self.bytes.set_hint(f"⚠ {count} bytes; the Standard has {allowed}." if outside else "")


def _choices(field: ExtendedByte, value: int) -> tuple[tuple[int, str], ...]:
    known = tuple((number, f"{number}: {text}") for number, text in field.values.items())
    return known if value in field.values else (*known, (value, f"{value}: not defined"))
