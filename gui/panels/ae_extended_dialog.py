"""One SOP class extended negotiation (56H) or common extended negotiation (57H) item as a form."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.conformance.names import check_uid
from engine.model.association import CommonExtendedNegotiation, ExtendedNegotiation
from gui.dialogs import FormDialog, give_size
from gui.forms.extended_options import ExtendedOptions
from gui.forms.fields import TextField
from gui.forms.sop_class_picker import SopClassPicker


def check_uids(text: str) -> str | None:
    """UIDs apart by spaces or commas; none is allowed too."""
    for uid in split_uids(text):
        sentence = check_uid(uid)
        if sentence:
            return f"{uid}: {sentence}"
    return None


def split_uids(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


class ExtendedDialog(FormDialog):
    """`saved` carries an ExtendedNegotiation. answer: what we answer as acceptor, else what we ask for."""

    saved = Signal(object)

    def __init__(
        self, item: ExtendedNegotiation | None = None, parent: QWidget | None = None, *, answer: bool = False
    ) -> None:
        title = "Answer to extended negotiation" if answer else "Extended negotiation"
        super().__init__(title, "Save" if item else "Add", parent)
        none = "No bytes: it is not answered." if answer else "No bytes: an item without information."
        self.picker = SopClassPicker(self, current=item.sop_class_uid if item else "")
        self.options = ExtendedOptions(self, none=none)
        self.body.addWidget(self.picker, 1)
        self.body.addWidget(self.options)
        give_size(self, 600, 620)
        self.picker.changed.connect(self._class_chosen)
        self.options.edited.connect(self._judge)
        self._class_chosen()
        if item:
            self.options.set_information(item.information)
        self._judge()

    def accept(self) -> None:
        uids = self.picker.uids()
        if uids and self.options.is_valid():
            self.saved.emit(ExtendedNegotiation(uids[0], self.options.information()))
            super().accept()

    def _class_chosen(self) -> None:
        uids = self.picker.uids()
        self.options.set_class(uids[0] if uids else "")
        self._judge()

    def _judge(self) -> None:
        self.accept_button.setEnabled(bool(self.picker.uids()) and self.options.is_valid())


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
        give_size(self, 560, 580)
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
