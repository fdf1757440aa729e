"""A tinted card that says why something failed and what to change; folded it is a few lines, unfolded it has all."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.trace.diagnosis.model import Diagnosis, Mend, Proof
from engine.trace.diagnosis.text import proof_text
from gui.sound import sound
from gui.theme import SPACING, theme

from .header import icon_button, text_button
from .wrapping_label import SelectableLabel

_RADIUS = 4
LEAST_HEIGHT = 76
"""Pixels the card keeps where there is little room: its title and the first lines."""
_PROOF = "proof"
"""Name of the labels that lead to what shows the cause."""
_MILD = ("peer.", "data.", "transport.idle", "connect.silent-caller")
"""Rules about what only costs time or is nobody's fault: told as a warning."""


def role_of(diagnosis: Diagnosis) -> str:
    """Theme role: "failure" or "warning"."""
    return "warning" if diagnosis.rule.startswith(_MILD) else "failure"


class DiagnosisCard(QWidget):
    """Hidden until it has something to say: a plain sentence (`say`) or diagnoses (`show_diagnoses`)."""

    mend_wanted = Signal(object, object)
    """A Mend and its Diagnosis."""
    changed = Signal()
    """It shows something else, perhaps nothing."""
    proof_wanted = Signal(object)
    """A Proof to be shown in the trace."""

    def __init__(self, can_mend: Callable[[Mend], bool] = lambda _mend: False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._can_mend = can_mend
        self._plain = ("", "", "failure")
        self._diagnoses: tuple[Diagnosis, ...] = ()
        self._place = 0
        self._open = False
        self._role = "failure"
        self._sign = QLabel(self)
        self.title = _label(self, "title")
        self.sentence = _label(self)
        self.earlier = icon_button("chevron-left", "Earlier diagnosis", partial(self._step, -1), self)
        self.later = icon_button("chevron-right", "Next diagnosis", partial(self._step, 1), self)
        self.count = _label(self, "muted", wrap=False)
        self.fold = QToolButton(self)
        self.fold.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.fold.setProperty("link", "true")
        self.fold.clicked.connect(self._toggle)
        self._rows = QGridLayout()
        self._rows.setHorizontalSpacing(SPACING.large)
        self._rows.setVerticalSpacing(SPACING.small)
        self._rows.setColumnStretch(1, 1)
        self._mends = QVBoxLayout()
        self._mends.setSpacing(SPACING.small)
        self._lay_out()
        theme().changed.connect(self._dress)
        self.hide()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACING.small)
        top.addWidget(self.title, 1)
        beside = QHBoxLayout()
        beside.setSpacing(SPACING.small)
        for widget in (self.earlier, self.count, self.later, self.fold):
            beside.addWidget(widget)
        top.addLayout(beside)
        top.setAlignment(beside, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(SPACING.small)
        words.addLayout(top)
        words.addWidget(self.sentence)
        words.addLayout(self._rows)
        words.addLayout(self._mends)
        row = QHBoxLayout(self)
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        row.setContentsMargins(SPACING.large, SPACING.normal, SPACING.normal, SPACING.normal)
        row.setSpacing(SPACING.normal)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)

    # -- what is shown ------------------------------------------------------------------------------------------

    def say(self, title: str, sentence: str = "", role: str = "failure") -> None:
        """What to say while there is no diagnosis; an empty title says nothing."""
        if (title, sentence, role) != self._plain:
            self._plain, self._place = (title, sentence, role), 0
            self._write()

    def show_diagnoses(self, diagnoses: tuple[Diagnosis, ...]) -> None:
        """Show these, the first of them now."""
        ordered = tuple(sorted(diagnoses, key=role_of))  # "failure" before "warning", else as they were made
        if ordered != self._diagnoses:
            self._diagnoses, self._place = ordered, 0
            self._write()

    def turn_to(self, time: float) -> None:
        """Show the diagnosis with a proof of this time (seconds since the epoch), when there is one."""
        for place, diagnosis in enumerate(self._pages()):
            if diagnosis is not None and any(proof.time == time for proof in diagnosis.proofs):
                self._place = place
                self._write()
                return

    def show_one(self, diagnosis: Diagnosis) -> None:
        """Turn to this one, when it is among those shown."""
        pages = self._pages()
        if diagnosis in pages:
            self._place = pages.index(diagnosis)
            self._write()

    def _pages(self) -> tuple[Diagnosis | None, ...]:
        """What there is to leaf through. None is the plain sentence: it leads where no diagnosis explains a failure,
        and where nothing failed."""
        title, _sentence, role = self._plain
        roles = [role_of(d) for d in self._diagnoses]
        if not title or role in roles:
            return self._diagnoses
        return (*self._diagnoses, None) if "failure" in roles else (None, *self._diagnoses)

    @property
    def diagnosis(self) -> Diagnosis | None:
        """The one shown; None while it is the plain sentence or nothing."""
        pages = self._pages()
        return pages[min(self._place, len(pages) - 1)] if pages else None

    def unfold(self, opened: bool) -> None:
        """Show all of it, or the essentials."""
        self._open = opened
        self._write()

    def _toggle(self) -> None:
        self.unfold(not self._open)

    def _step(self, by: int) -> None:
        self._place = max(0, min(self._place + by, len(self._pages()) - 1))
        self._write()

    def _write(self) -> None:
        _clear(self._rows)
        _clear(self._mends)
        shown = self.diagnosis
        title, sentence, self._role = self._plain
        if shown is not None:
            title, sentence, self._role = shown.title, shown.happened, role_of(shown)
            self._write_diagnosis(shown)
        self.title.setText(title)
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))
        pages = len(self._pages())
        several = pages > 1
        for widget in (self.earlier, self.later, self.count):
            widget.setVisible(several)
        self.count.setText(f"{self._place + 1} of {pages}")
        self.earlier.setEnabled(self._place > 0)
        self.later.setEnabled(self._place + 1 < pages)
        self.fold.setVisible(shown is not None)
        self.fold.setText("Less" if self._open else "Explain")
        self.setAccessibleName(f"{title}. {sentence}")
        self.setVisible(bool(title))
        self._dress()
        self.changed.emit()

    def _write_diagnosis(self, shown: Diagnosis) -> None:
        self._stop: QWidget = self.fold
        if self._open:
            self._row("Cause", shown.cause)
        self._row("Change", shown.change)
        if self._open:
            if shown.peer:
                self._row("Peer", shown.peer)
            self._row("Clause", shown.clause)
            for place, proof in enumerate(p for p in shown.proofs if p.time is not None):
                self._proof("" if place else "Seen in", proof)
        for mend in filter(self._can_mend, shown.mends):
            words = mend.words.replace("&", "&&")  # of a title
            button = text_button(words, partial(self.mend_wanted.emit, mend, shown), self)
            self._mends.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
            self._tab_to(button)

    def _tab_to(self, made: QWidget) -> None:
        """Tab comes here from what stands above, not where what is made late would have its turn."""
        self.setTabOrder(self._stop, made)
        self._stop = made

    def _row(self, label: str, text: str) -> None:
        row = self._rows.rowCount()
        caption, words = _label(self, "muted", wrap=False), _label(self)
        caption.setText(label)
        words.setText(text)
        self._rows.addWidget(caption, row, 0, Qt.AlignmentFlag.AlignTop)
        self._rows.addWidget(words, row, 1)

    def _proof(self, label: str, proof: Proof) -> None:
        row = self._rows.rowCount()
        caption = _label(self, "muted", wrap=False)
        caption.setText(label)
        link = QLabel(self)
        link.setObjectName(_PROOF)
        link.setWordWrap(True)
        link.setTextFormat(Qt.TextFormat.RichText)
        where, _, what = proof_text(proof).partition(": ")
        bytes_of = f" ({where.split(', ')[-1]})" if proof.start is not None else ""
        link.setText(f"<a href='#'>{escape(what.rstrip('.'))}</a>{bytes_of}")
        link.setToolTip(where)
        link.setTextInteractionFlags(Qt.TextInteractionFlag.LinksAccessibleByMouse)
        link.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        link.linkActivated.connect(partial(self._proof_opened, proof))
        self._rows.addWidget(caption, row, 0, Qt.AlignmentFlag.AlignTop)
        self._rows.addWidget(link, row, 1)
        self._tab_to(link)

    def _proof_opened(self, proof: Proof, _link: str) -> None:
        self.proof_wanted.emit(proof)

    def _dress(self) -> None:
        self._sign.setPixmap(theme().pixmap(self._role, self._role))
        for link in self.findChildren(QLabel, _PROOF):
            text = link.text()
            link.clear()  # Qt keeps for links the colour of the moment in which the text was set
            link.setText(text)
        self.update()

    @sound
    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color(f"{self._role}_tint"))
            painter.drawRoundedRect(QRectF(self.rect()), _RADIUS, _RADIUS)


class CardArea(QScrollArea):
    """The card in as much height as it needs and the place above gives; more is scrolled to."""

    def __init__(self, card: DiagnosisCard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._card = card
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Maximum)
        hidden = card.isHidden()
        self.setWidget(card)
        card.setHidden(hidden)  # the area has shown it
        card.changed.connect(self._changed)
        card.installEventFilter(self)
        self._changed()

    def _changed(self) -> None:
        self.setVisible(not self._card.isHidden())
        self.verticalScrollBar().setValue(0)
        self._fit()

    @sound
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Rows just made count only when Qt has shown them, which it does with the card's next layout."""
        handled = super().eventFilter(watched, event)
        if watched is self._card and event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return handled

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """The card as wide as the view. Not the area's own way, which would leave it the height of narrow text."""
        width = self.viewport().width()
        self._card.resize(width, self._height(width))
        self.updateGeometry()

    def _height(self, width: int) -> int:
        layout = self._card.layout()
        return max(layout.heightForWidth(width), 0) if layout is not None else 0

    @sound
    def sizeHint(self) -> QSize:
        width = self.viewport().width()
        return QSize(width, self._height(width))

    @sound
    def minimumSizeHint(self) -> QSize:
        return QSize(0, min(LEAST_HEIGHT, self._height(self.viewport().width())))


def _label(parent: QWidget, role: str = "", *, wrap: bool = True) -> QLabel:
    label = SelectableLabel(parent=parent)
    label.setWordWrap(wrap)
    if role:
        label.setProperty("role", role)
    if wrap:
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label


def _clear(layout: QGridLayout | QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
