"""Which presentation context a message travels in, and which messages its SOP class allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QPaintEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter, QWidget

from engine.model.association import MAX_CONTEXTS, Negotiated, NegotiatedContext, Proposal, ProposedContext, Role
from engine.standard.codes import explain_code
from engine.standard.lean import dataclass
from engine.standard.messages import MESSAGES, MessageRow
from engine.standard.sop_classes import services_of, sop_class
from engine.standard.transfer_syntaxes import transfer_syntax as standard_syntax
from engine.workspace.message_files import DEFAULT_SYNTAXES, MessageContext
from gui.models.command_values import plain_name
from gui.models.contexts import abstract_name, syntax_name
from gui.sound import sound
from gui.theme import theme
from gui.tips import plain_tip

_SHORTER = {"Little Endian": "LE", "Big Endian": "BE", "Transfer Syntax": "", ": Default": "", " for DICOM": ""}


Row = tuple[object, str, str]
"""Value, text and tooltip of what a list offers."""


@dataclass(frozen=True, slots=True)
class ContextChoice:
    """One presentation context offered. id None: the engine takes an accepted one of the abstract syntax."""

    id: int | None = None
    abstract_syntax: str = ""
    transfer_syntax: str = ""
    state: str = ""
    usable: bool = True

    @property
    def text(self) -> str:
        """`3 · Storage Commitment Push Model · Explicit VR LE · accepted`."""
        name = plain_name(abstract_name(self.abstract_syntax)) if self.abstract_syntax else "Any accepted context"
        parts = ("" if self.id is None else str(self.id), name, short_syntax(self.transfer_syntax), self.state)
        return " · ".join(filter(None, parts))

    @property
    def tooltip(self) -> str:
        if not self.abstract_syntax:
            return "The engine takes the accepted context of the command set's SOP class."
        syntax = f"\n{syntax_name(self.transfer_syntax)} ({self.transfer_syntax})" if self.transfer_syntax else ""
        return f"{abstract_name(self.abstract_syntax)} ({self.abstract_syntax}){syntax}\n{self.state}"


def short_syntax(uid: str) -> str:
    """`Explicit VR LE`."""
    name = syntax_name(uid) if uid else ""
    name = name.split(" (")[0] if len(name) > 40 else name
    for long, short in _SHORTER.items():
        name = name.replace(long, short)
    return " ".join(name.split())


def choices(negotiated: Negotiated | None, proposal: Proposal | None) -> list[ContextChoice]:
    """The contexts of the open association, else those the proposal would propose."""
    if negotiated is not None:
        return [
            ContextChoice(
                c.id,
                c.abstract_syntax,
                c.transfer_syntax,
                _result(c),
                c.accepted,
            )
            for c in negotiated.contexts
        ]
    contexts = proposal.contexts if proposal is not None else ()
    return [
        ContextChoice(c.id, c.abstract_syntax, c.transfer_syntaxes[0] if c.transfer_syntaxes else "", "proposed")
        for c in contexts
    ]


def suits(context: ProposedContext, abstract_syntax: str, wanted: MessageContext | None) -> bool:
    """Whether a proposed context is one a message can travel in, the syntaxes its file asks for among its own."""
    syntaxes = wanted.transfer_syntaxes if wanted is not None else ()
    return context.abstract_syntax == abstract_syntax and (
        not syntaxes or any(s in syntaxes for s in context.transfer_syntaxes)
    )


def with_context(proposal: Proposal, abstract_syntax: str, wanted: MessageContext | None) -> Proposal:
    """The proposal with the context and role a message needs, where there is room for it."""
    role = wanted.role if wanted is not None else Role.DEFAULT
    contexts = tuple(
        replace(c, role=_both(c.role, role)) if c.abstract_syntax == abstract_syntax else c for c in proposal.contexts
    )
    number = free_id(proposal)
    if abstract_syntax and number is not None and not any(suits(c, abstract_syntax, wanted) for c in contexts):
        syntaxes = (wanted.transfer_syntaxes if wanted is not None else ()) or DEFAULT_SYNTAXES
        same = next((c.role for c in contexts if c.abstract_syntax == abstract_syntax), role)
        contexts = (*contexts, ProposedContext(number, abstract_syntax, syntaxes, same))
    return replace(proposal, contexts=contexts)


def _both(proposed: Role, needed: Role) -> Role:
    """One role that allows both: roles are proposed once for a SOP class (PS3.7 D.3.3.4)."""
    if needed in (Role.DEFAULT, proposed):
        return proposed
    return needed if proposed is Role.DEFAULT else Role.BOTH


def chosen_instead(wanted: MessageContext | None, before: ContextChoice, after: ContextChoice) -> MessageContext | None:
    """What a file asks of its context, after another one was picked: all of it but the ID while the SOP class stays."""
    if wanted is None or after.abstract_syntax != before.abstract_syntax:
        return None
    return wanted if wanted.id is None else replace(wanted, id=after.id)


def same_context(context: ContextChoice, offered: list[ContextChoice], wanted: MessageContext | None) -> ContextChoice:
    """The context chosen among what is offered now: by ID, by the syntaxes a file asks for, by abstract syntax."""
    same = [c for c in offered if c.abstract_syntax == context.abstract_syntax]
    usable = [c for c in same if c.usable]
    syntaxes = wanted.transfer_syntaxes if wanted is not None else ()
    asked_for = [c for c in usable if c.transfer_syntax in syntaxes]
    best = [c for c in usable if c.id == context.id] or asked_for or usable or same
    return best[0] if best else replace(context, id=None, transfer_syntax="", state="not proposed")


def context_of_data(
    offered: list[ContextChoice], abstract_syntax: str, transfer_syntax: str
) -> tuple[ContextChoice, MessageContext]:
    """Where a data set of this SOP class travels, and what a one shot proposes for it: its own transfer syntax, and the
    plain ones unless its pixels are compressed."""
    row = standard_syntax(transfer_syntax)
    plain = () if row is not None and row.encapsulated else DEFAULT_SYNTAXES
    syntaxes = tuple(dict.fromkeys((*((transfer_syntax,) if transfer_syntax else ()), *plain)))
    same = [c for c in offered if c.abstract_syntax == abstract_syntax and c.usable]
    fitting = [c for c in same if c.transfer_syntax in syntaxes[:1]] or same
    choice = fitting[0] if fitting else ContextChoice(None, abstract_syntax, "", "not proposed")
    asked = MessageContext(abstract_syntax=abstract_syntax, transfer_syntaxes=syntaxes if transfer_syntax else ())
    return choice, asked


def free_id(proposal: Proposal) -> int | None:
    """An odd presentation-context-ID not in use, None when all 128 are (PS3.8 9.3.2.2)."""
    used = {c.id for c in proposal.contexts}
    return next((number for number in range(1, 2 * MAX_CONTEXTS, 2) if number not in used), None)


def _result(context: NegotiatedContext) -> str:
    if context.accepted:
        return "accepted"
    return "not answered" if context.result < 0 else explain_code("context_result", context.result).split(" (")[0]


def allowed(message: MessageRow, abstract_syntax: str) -> bool:
    """Whether the SOP class has the message's service. C-STORE as a sub-operation of C-GET is the SCP's, not ours."""
    service, sop = message.service, sop_class(abstract_syntax)
    if service.startswith("C-") and sop is not None and service in sop.scp_invokes:
        return service in sop.scu_invokes
    return service in services_of(abstract_syntax)


def ordered(offered: list[ContextChoice], message: MessageRow) -> tuple[list[ContextChoice], list[ContextChoice]]:
    """(what the SOP class allows and was not rejected, everything else)."""
    first = [c for c in offered if c.usable and allowed(message, c.abstract_syntax)]
    return first, [c for c in offered if c not in first]


class GroupedBox(QComboBox):
    """A list with a rule between what is allowed and the rest; `picked` carries the value of what the user chose."""

    picked = Signal(object)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items = QStandardItemModel(self)
        self._made: object = None
        """The groups the list was made of."""
        self.setModel(self._items)
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMaxVisibleItems(32)
        self.activated.connect(self._activated)
        self.currentIndexChanged.connect(self._current_changed)
        theme().changed.connect(self._dress)

    def _dress(self) -> None:
        for row in range(self._items.rowCount()):
            item = self._items.item(row)
            if item.flags() == Qt.ItemFlag.NoItemFlags:
                item.setForeground(theme().color("muted"))

    def set_groups(self, groups: Sequence[tuple[str, Sequence[Row]]]) -> None:
        """(heading, (value, text, tooltip)...) groups; the value stays chosen where it is still there."""
        made = [(heading, list(rows)) for heading, rows in groups]
        if made == self._made:
            return
        self._made = made
        before = self.value()
        self._items.clear()
        for heading, rows in groups:
            if not rows:
                continue
            if heading:
                self._items.appendRow(_heading(heading))
            for value, text, tooltip in rows:
                item = QStandardItem(text)
                item.setData(value, Qt.ItemDataRole.UserRole)
                item.setToolTip(plain_tip(tooltip))
                self._items.appendRow(item)
        self.set_value(before)

    def value(self) -> object:
        return self.currentData(Qt.ItemDataRole.UserRole)

    def values(self) -> list[object]:
        """Everything offered, in order."""
        found = (self.itemData(i, Qt.ItemDataRole.UserRole) for i in range(self.count()))
        return [value for value in found if value is not None]

    def set_value(self, value: object) -> bool:
        """Choose a value; False (nothing chosen) when it is not offered."""
        for row in range(self.count()):
            if value is not None and self.itemData(row, Qt.ItemDataRole.UserRole) == value:
                self.setCurrentIndex(row)
                return True
        self.setCurrentIndex(-1)
        return False

    @sound
    def paintEvent(self, event: QPaintEvent) -> None:
        """Shortened in the middle where there is no room: number and state stay readable."""
        painter = QStylePainter(self)
        with painter:
            option = QStyleOptionComboBox()
            self.initStyleOption(option)
            style = self.style()
            field = style.subControlRect(
                QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
            )
            option.currentText = option.fontMetrics.elidedText(
                self.currentText(), Qt.TextElideMode.ElideMiddle, field.width() - 4
            )
            painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
            painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def _activated(self, _row: int) -> None:
        if self.value() is not None:
            self.picked.emit(self.value())

    def _current_changed(self, row: int) -> None:
        self.setToolTip(str(self.itemData(row, Qt.ItemDataRole.ToolTipRole) or "") if row >= 0 else "")


def _heading(text: str) -> QStandardItem:
    item = QStandardItem(text)
    item.setFlags(Qt.ItemFlag.NoItemFlags)
    item.setForeground(theme().color("muted"))
    return item


class Pickers(QObject):
    """The two lists of a page: message and context. `message_picked` and `context_picked` carry the user's choice."""

    message_picked = Signal(object)
    context_picked = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.message_box = GroupedBox("Message", parent)
        self.message_box.setMinimumContentsLength(14)
        self.context_box = GroupedBox("Presentation context", parent)
        self.context_box.setMinimumContentsLength(24)
        self.message_box.picked.connect(self._message_picked)
        self.context_box.picked.connect(self.context_picked)

    def show(self, offered: list[ContextChoice], message: MessageRow, context: ContextChoice) -> None:
        """Fill both lists for what is chosen: what fits first, everything else after it."""
        first, rest = ordered(offered, message)
        extra = [] if context in offered or not context.abstract_syntax else [context]
        service = message.service
        self.context_box.set_groups(
            [
                (f"For {service}", _rows([*extra, *first])),
                ("Other contexts" if first or extra else "", _rows(rest)),
                ("", _rows([ContextChoice()])),
            ]
        )
        self.context_box.set_value(context)
        uid = context.abstract_syntax
        fitting = [m for m in MESSAGES.values() if allowed(m, uid)]
        name = plain_name(abstract_name(uid)) if uid else ""
        others = [m for m in MESSAGES.values() if m not in fitting]
        groups = [
            (name, fitting),
            ("DIMSE-C", [m for m in others if m.name.startswith("C")]),
            ("DIMSE-N", [m for m in others if m.name.startswith("N")]),
        ]
        self.message_box.set_groups([(t, [(m.name, m.name, m.service_clause) for m in rows]) for t, rows in groups])
        self.message_box.set_value(message.name)

    def _message_picked(self, name: object) -> None:
        self.message_picked.emit(MESSAGES[str(name)])


def _rows(offered: list[ContextChoice]) -> list[Row]:
    return [(c, c.text, c.tooltip) for c in offered]
