"""How to store many: what is proposed, in which order, over how many associations, what after a failure."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from engine.model.storing import Order, ProposalStyle, StoreOptions
from gui.dialogs import FormDialog
from gui.forms.choices import CheckField, ChoiceField
from gui.forms.fields import NumberField
from gui.theme import SPACING

STYLES = (
    (ProposalStyle.SEPARATE, "One for each transfer syntax, one for conversion"),
    (ProposalStyle.EXACT, "One for each transfer syntax, no conversion"),
    (ProposalStyle.TOGETHER, "One for each SOP class, all its transfer syntaxes"),
)
ORDERS = (
    (Order.FOUND, "As found"),
    (Order.GROUPED, "By SOP class and transfer syntax"),
    (Order.SMALLEST, "Smallest first"),
    (Order.SHUFFLED, "Shuffled"),
)
_MOST_PARALLEL = 64
"""The built-in peer's own limit; no archive takes more from one."""


class StoreOptionsDialog(FormDialog):
    """`saved` carries the StoreOptions."""

    saved = Signal(object)

    def __init__(self, options: StoreOptions, parent: QWidget | None = None) -> None:
        super().__init__("How to store", "Apply", parent, width=460)
        self.style_choice = ChoiceField("&Presentation contexts", STYLES, self)
        self.order = ChoiceField("Or&der", ORDERS, self)
        self.parallel = NumberField("Associations at &once", 1, _MOST_PARALLEL, self)
        self.limit = NumberField(
            "&Files on one association", 1, 1_000_000, self, optional=True, hint="Empty: no limit."
        )
        self.repeat = NumberField("&Rounds", 1, 1_000_000, self)
        self.stop = CheckField("&Stop at the first failure status", self)
        self.resume = CheckField("After an &abort by the peer, go on with the rest on another association", self)
        self.duplicates = CheckField("Send also what has a SOP Instance &UID already there", self)
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACING.large)
        grid.setVerticalSpacing(SPACING.large)
        grid.addWidget(self.parallel, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.limit, 0, 1, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.repeat, 0, 2, Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self.style_choice)
        self.body.addWidget(self.order)
        self.body.addLayout(grid)
        for field in (self.stop, self.resume, self.duplicates):
            self.body.addWidget(field)
        self._show(options)
        for number in (self.parallel, self.limit, self.repeat):
            number.edited.connect(self._judge)

    def options(self) -> StoreOptions:
        """What the form says; numbers that are wrong count as not given."""
        style, order = self.style_choice.value(), self.order.value()
        assert isinstance(style, ProposalStyle)
        assert isinstance(order, Order)
        return StoreOptions(
            style=style,
            order=order,
            parallel=int(self.parallel.value() or 1),
            files_per_association=int(self.limit.value() or 0),
            repeat=int(self.repeat.value() or 1),
            stop_at_failure=self.stop.value(),
            resume=self.resume.value(),
            duplicates=self.duplicates.value(),
        )

    def accept(self) -> None:
        if self._valid():
            self.saved.emit(self.options())
            super().accept()

    def _show(self, options: StoreOptions) -> None:
        self.style_choice.set_value(options.style)
        self.order.set_value(options.order)
        self.parallel.set_value(options.parallel)
        self.limit.set_value(options.files_per_association or None)
        self.repeat.set_value(options.repeat)
        self.stop.set_value(options.stop_at_failure)
        self.resume.set_value(options.resume)
        self.duplicates.set_value(options.duplicates)

    def _valid(self) -> bool:
        return all(field.is_valid() for field in (self.parallel, self.limit, self.repeat))

    def _judge(self, _value: object) -> None:
        self.accept_button.setEnabled(self._valid())


def told(options: StoreOptions) -> str:
    """What is other than usual, in words; "" when nothing is."""
    usual = StoreOptions()
    parts = [
        _small(dict(STYLES)[options.style]) if options.style is not usual.style else "",
        _small(dict(ORDERS)[options.order]) if options.order is not usual.order else "",
        f"{options.parallel} associations at once" if options.parallel > 1 else "",
        f"at most {options.files_per_association:,} files on one" if options.files_per_association else "",
        f"{options.repeat:,} rounds" if options.repeat > 1 else "",
        "stopping at a failure" if options.stop_at_failure else "",
        "going on after an abort" if options.resume else "",
        "duplicates too" if options.duplicates else "",
    ]
    words = ", ".join(filter(None, parts))
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]
