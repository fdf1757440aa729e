"""Add presentation contexts, or edit one: SOP classes found by words, transfer syntaxes ticked, role chosen."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from engine.model.association import ProposedContext, Role
from gui.dialogs import FormDialog, give_size
from gui.forms.choices import ChoiceField
from gui.forms.header import titled_column
from gui.forms.sop_class_picker import SopClassPicker
from gui.forms.syntax_list import SyntaxList
from gui.models.contexts import ROLE_CHOICES, new_context
from gui.theme import SPACING


class ContextDialog(FormDialog):
    """`saved` carries a tuple of contexts (IDs are given by the list); editing gives exactly one."""

    saved = Signal(object)

    def __init__(
        self, context: ProposedContext | None = None, parent: QWidget | None = None, *, search: str = ""
    ) -> None:
        adding = context is None
        super().__init__("Add presentation contexts" if adding else "Edit presentation context", "Add", parent)
        base = context or new_context("")
        self._adding = adding
        self.picker = SopClassPicker(self, many=adding, current=base.abstract_syntax or search)
        self.picker.changed.connect(self._judge)
        self.picker.picked.connect(self.accept)
        self.syntaxes = SyntaxList(base.transfer_syntaxes, self)
        self.syntaxes.changed.connect(self._judge)
        self.role = ChoiceField("SCP/SCU &role selection (PS3.7 D.3.3.4)", ROLE_CHOICES, self)
        self.role.set_value(base.role)
        columns = QHBoxLayout()
        columns.setSpacing(SPACING.panel)
        columns.addLayout(titled_column(self, "Abstract syntax: SOP class", self.picker, grows=self.picker), 5)
        right = titled_column(self, "Transfer syntaxes, proposed in this order", self.syntaxes, grows=self.syntaxes)
        right.addWidget(self.role)
        columns.addLayout(right, 4)
        self.body.addLayout(columns, 1)
        self.remark = QLabel("⚠ No transfer syntax is chosen; PS3.8 9.3.2.2 asks for at least one.", self)
        self.remark.setProperty("role", "warning")
        self.remark.setWordWrap(True)
        self.body.addWidget(self.remark)
        give_size(self, 880, 580)
        self.picker.line.setFocus()
        self._judge()

    def contexts(self) -> tuple[ProposedContext, ...]:
        """One for each SOP class selected."""
        role = self.role.value()
        chosen = role if isinstance(role, Role) else Role.DEFAULT
        return tuple(ProposedContext(1, uid, self.syntaxes.uids(), chosen) for uid in self.picker.uids())

    def accept(self) -> None:
        contexts = self.contexts()
        if contexts:
            self.saved.emit(contexts)
            super().accept()

    def _judge(self) -> None:
        count = len(self.picker.uids())
        self.accept_button.setEnabled(count > 0)
        several = f"Add {count} contexts" if count > 1 else "Add context"
        self.accept_button.setText(several if self._adding else "Save")
        self.remark.setVisible(not self.syntaxes.uids())
