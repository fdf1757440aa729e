"""One SOP class extended negotiation (56H) or common extended negotiation (57H) item as a form."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.conformance.names import check_uid
from engine.model.association import CommonExtendedNegotiation, ExtendedNegotiation
from gui.dialogs import FormDialog
from gui.forms.fields import TextField
from gui.forms.sop_class_picker import SopClassPicker

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


def check_uids(text: str) -> str | None:
    """UIDs apart by spaces or commas; none is allowed too."""
    for uid in split_uids(text):
        sentence = check_uid(uid)
        if sentence:
            return f"{uid}: {sentence}"
    return None


def split_uids(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def hex_text(data: bytes) -> str:
    return data.hex(" ").upper()


class ExtendedDialog(FormDialog):
    """`saved` carries an ExtendedNegotiation."""

    saved = Signal(object)

    def __init__(self, item: ExtendedNegotiation | None = None, parent: QWidget | None = None) -> None:
        super().__init__("Extended negotiation", "Save" if item else "Add", parent)
        self.picker = SopClassPicker(self, current=item.sop_class_uid if item else "")
        self.information = TextField(
            "Service class application information, &hexadecimal",
            check_hex,
            "01 01 01",
            self,
            mono=True,
            hint="For Query/Retrieve: relational queries, combined date-time, fuzzy matching, … (PS3.4 C.5.1.1).",
        )
        self.information.set_value(hex_text(item.information) if item else "")
        self.body.addWidget(self.picker, 1)
        self.body.addWidget(self.information)
        self.resize(560, 520)
        self.picker.changed.connect(self._judge)
        self.information.edited.connect(self._judge)
        self._judge()

    def accept(self) -> None:
        uids = self.picker.uids()
        if uids and self.information.is_valid():
            self.saved.emit(ExtendedNegotiation(uids[0], bytes.fromhex(self.information.value())))
            super().accept()

    def _judge(self) -> None:
        self.accept_button.setEnabled(bool(self.picker.uids()) and self.information.is_valid())


class CommonExtendedDialog(FormDialog):
    """`saved` carries a CommonExtendedNegotiation."""

    saved = Signal(object)

    def __init__(self, item: CommonExtendedNegotiation | None = None, parent: QWidget | None = None) -> None:
        super().__init__("Common extended negotiation", "Save" if item else "Add", parent)
        self.picker = SopClassPicker(self, current=item.sop_class_uid if item else "")
        self.service_class = TextField(
            "Service class &UID", check_uid, "", self, mono=True, hint="Storage Service Class: 1.2.840.10008.4.2"
        )
        self.related = TextField(
            "&Related general SOP class UIDs", check_uids, "", self, mono=True, hint="Apart by spaces; may be none."
        )
        self.service_class.set_value(item.service_class_uid if item else "1.2.840.10008.4.2")
        self.related.set_value(" ".join(item.related_general) if item else "")
        self.body.addWidget(self.picker, 1)
        self.body.addWidget(self.service_class)
        self.body.addWidget(self.related)
        self.resize(560, 580)
        self.picker.changed.connect(self._judge)
        self.service_class.edited.connect(self._judge)
        self.related.edited.connect(self._judge)
        self._judge()

    def accept(self) -> None:
        uids = self.picker.uids()
        if uids and self._valid():
            related = split_uids(self.related.value())
            self.saved.emit(CommonExtendedNegotiation(uids[0], self.service_class.value(), related))
            super().accept()

    def _valid(self) -> bool:
        return self.service_class.is_valid() and self.related.is_valid()

    def _judge(self) -> None:
        self.accept_button.setEnabled(bool(self.picker.uids()) and self._valid())
