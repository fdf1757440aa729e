"""The dialogs and entries of what the built-in peer has lists of: accepted SOP classes and move destinations."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QWidget

from engine.conformance.names import check_ae_title
from engine.model.association import AcceptedSyntax
from engine.model.commands import MoveDestination
from gui.dialogs import FormDialog, Questions, give_size
from gui.forms.choices import CheckField, ChoiceField
from gui.forms.fields import NumberField, TextField
from gui.forms.header import titled_column
from gui.forms.sop_class_picker import SopClassPicker
from gui.forms.syntax_list import SyntaxList
from gui.models.contexts import abstract_name, short_abstract_name, syntax_name, syntaxes_text
from gui.models.lists import Entry
from gui.theme import SPACING

from .ae_peer_dialog import check_host
from .ae_peer_tls import TlsForm

ANY = "*"
ROLES = (
    ((True, True), "SCU, and SCP when it asks for that role"),
    ((True, False), "SCU only"),
    ((False, True), "SCP only, by role selection"),
)
_ROLE_NOTES = {(True, True): "", (True, False): "SCU only", (False, True): "SCP only"}


def describe_accepted(row: AcceptedSyntax) -> Entry:
    """The entry of an accepted abstract syntax."""
    whole = "Any abstract syntax" if row.abstract_syntax == ANY else abstract_name(row.abstract_syntax)
    title = whole if row.abstract_syntax == ANY else short_abstract_name(row.abstract_syntax)
    syntaxes = syntaxes_text(row.transfer_syntaxes) if row.transfer_syntaxes else "any transfer syntax"
    names = "\n".join(f"  {n}. {syntax_name(u)}" for n, u in enumerate(row.transfer_syntaxes, 1)) or f"  {syntaxes}"
    tooltip = f"{whole}\n{row.abstract_syntax}\nTransfer syntaxes in order of preference:\n{names}"
    return Entry(title=title, detail=syntaxes, note=_ROLE_NOTES.get((row.scu, row.scp), ""), tooltip=tooltip)


def describe_destination(destination: MoveDestination) -> Entry:
    """The entry of a move destination."""
    return Entry(
        title=destination.ae_title,
        detail=f"{destination.host}:{destination.port}",
        note="TLS" if destination.tls else "",
    )


class AcceptedDialog(FormDialog):
    """`saved` carries a tuple of AcceptedSyntax: editing gives exactly one."""

    saved = Signal(object)

    def __init__(self, row: AcceptedSyntax | None = None, parent: QWidget | None = None) -> None:
        adding = row is None
        super().__init__("Accept SOP classes" if adding else "Accepted SOP class", "Add" if adding else "Save", parent)
        base = row or AcceptedSyntax(abstract_syntax="")
        self._adding = adding
        self.any = CheckField("&Any abstract syntax not listed above it", self)
        self.picker = SopClassPicker(
            self, many=adding, current="" if base.abstract_syntax == ANY else base.abstract_syntax
        )
        self.syntaxes = SyntaxList(base.transfer_syntaxes, self, ordered=True)
        self.role = ChoiceField("The &requestor may be", ROLES, self)
        self.any.set_value(base.abstract_syntax == ANY)
        self.role.set_value((base.scu, base.scp) if (base.scu, base.scp) in dict(ROLES) else (True, True))
        self.remark = QLabel("None chosen: the first one proposed is taken, whatever it is.", self)
        self.remark.setProperty("role", "muted")
        self.remark.setWordWrap(True)
        columns = QHBoxLayout()
        columns.setSpacing(SPACING.panel)
        left = titled_column(self, "Abstract syntax: SOP class", self.any, self.picker, grows=self.picker)
        right = titled_column(
            self, "Transfer syntaxes, the preferred first", self.syntaxes, self.remark, self.role, grows=self.syntaxes
        )
        columns.addLayout(left, 5)
        columns.addLayout(right, 5)
        self.body.addLayout(columns, 1)
        give_size(self, 920, 580)
        self.picker.changed.connect(self._judge)
        self.picker.picked.connect(self.accept)
        self.syntaxes.changed.connect(self._judge)
        self.any.edited.connect(self._judge)
        self.picker.line.setFocus()
        self._judge()

    def rows(self) -> tuple[AcceptedSyntax, ...]:
        """One for each SOP class selected."""
        role = self.role.value()
        scu, scp = role if isinstance(role, tuple) else (True, True)
        uids = (ANY,) if self.any.value() else self.picker.uids()
        syntaxes = self.syntaxes.uids()
        return tuple(AcceptedSyntax(abstract_syntax=uid, transfer_syntaxes=syntaxes, scu=scu, scp=scp) for uid in uids)

    def accept(self) -> None:
        rows = self.rows()
        if rows:
            self.saved.emit(rows)
            super().accept()

    def _judge(self) -> None:
        rows = self.rows()
        self.picker.setEnabled(not self.any.value())
        self.remark.setVisible(not self.syntaxes.uids())
        self.accept_button.setEnabled(bool(rows))
        if self._adding:
            self.accept_button.setText(f"Add {len(rows)} SOP classes" if len(rows) > 1 else "Add")


class DestinationDialog(FormDialog):
    """`saved` carries a MoveDestination; the passphrase of its key is with it."""

    saved = Signal(object)

    def __init__(
        self, questions: Questions, destination: MoveDestination | None = None, parent: QWidget | None = None
    ) -> None:
        adding = destination is None
        super().__init__("Move destination", "Add" if adding else "Save", parent, width=440)
        base = destination or MoveDestination(ae_title="", host="", port=104)
        hint = "A C-MOVE to this title sends to the address below."
        self.ae_title = TextField("&AE title", check_ae_title, "", self, hint=hint)
        self.host = TextField("&Host", check_host, "name, IPv4 or IPv6 address", self)
        self.port = NumberField("&Port", 1, 65535, self)
        passphrase = base.tls.passphrase if base.tls else ""
        self.tls = TlsForm(base.tls, passphrase, questions, self)
        form = QGridLayout()
        form.setHorizontalSpacing(SPACING.large)
        form.setVerticalSpacing(SPACING.large)
        top = Qt.AlignmentFlag.AlignTop
        form.addWidget(self.ae_title, 0, 0, 1, 2, top)
        form.addWidget(self.host, 1, 0, top)
        form.addWidget(self.port, 1, 1, top)
        form.setColumnStretch(0, 3)
        form.setColumnStretch(1, 2)
        self.body.addLayout(form)
        self.body.addWidget(self.tls)
        self.body.addStretch(1)
        self.ae_title.set_value(base.ae_title)
        self.host.set_value(base.host)
        self.port.set_value(base.port)
        for field in (self.ae_title, self.host, self.port, self.tls):
            field.edited.connect(self._judge)
        self.ae_title.line.setFocus()
        self._judge()

    def destination(self) -> MoveDestination:
        return MoveDestination(
            ae_title=self.ae_title.value().strip(),
            host=self.host.value().strip().removeprefix("[").removesuffix("]"),
            port=int(self.port.value() or 0),
            tls=self.tls.settings(),
        )

    def accept(self) -> None:
        if self._valid():
            self.saved.emit(self.destination())
            super().accept()

    def _valid(self) -> bool:
        return all(part.is_valid() for part in (self.ae_title, self.host, self.port, self.tls))

    def _judge(self) -> None:
        self.accept_button.setEnabled(self._valid())
