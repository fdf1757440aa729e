"""The local AE: who we say we are, what we take, how long we wait."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from engine.conformance.names import check_ae_title, check_uid
from engine.model.association import LocalAE, Timeouts
from engine.model.limits import Limits
from gui.forms.fields import Field, NumberField, TextField
from gui.forms.limit_fields import HEADINGS, LimitFields
from gui.sound import sound
from gui.theme import SPACING

MAXIMUM_SECONDS = 7 * 86400
_TIMEOUTS = (
    ("connect", "&Connect", "Name look-up and TCP connection"),
    ("acse", "ACSE", "Answer to A-ASSOCIATE-RQ or A-RELEASE-RQ"),
    ("dimse", "DIMSE", "Next response of an operation"),
    ("idle", "&Idle", "Nothing sent or received on an association"),
    ("artim", "ARTIM", "Association Request/Reject/Release Timer (PS3.8 9.1.5)"),
)


def check_version_name(text: str) -> str | None:
    """Implementation Version Name: at most 16 characters of ISO 646 (PS3.7 D.3.3.2.3)."""
    if len(text) > 16:
        return f"{len(text)} characters; at most 16 are allowed (PS3.7 D.3.3.2.3)."
    if not all(" " <= c <= "~" for c in text):
        return "Only characters of ISO 646 (no accents) are allowed (PS3.7 D.3.3.2.3)."
    return None


class _Section:
    """Fields below a heading, in two columns where they have room."""

    def __init__(self, column: QVBoxLayout, fields: Sequence[Field]) -> None:
        self._fields, self._columns = fields, 0
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(SPACING.large)
        self._grid.setVerticalSpacing(SPACING.large)
        column.addLayout(self._grid)
        self._lay_out(2)

    def fit(self, width: int) -> None:
        """Keep to so many pixels."""
        sides = (max(f.minimumSizeHint().width() for f in self._fields[side::2]) for side in (0, 1))
        self._lay_out(2 if sum(sides) + self._grid.horizontalSpacing() <= width else 1)

    def _lay_out(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for place, field in enumerate(self._fields):
            self._grid.addWidget(field, place // columns, place % columns, Qt.AlignmentFlag.AlignTop)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, columns - 1)


def _section(column: QVBoxLayout, title: str, about: str, fields: Sequence[Field]) -> _Section:
    """A heading, what it is about, and fields below."""
    heading, note = QLabel(title), QLabel(about)
    heading.setProperty("role", "title")
    note.setProperty("role", "muted")
    note.setWordWrap(True)
    column.addSpacing(SPACING.small)
    column.addWidget(heading)
    column.addWidget(note)
    return _Section(column, fields)


class LocalForm(QScrollArea):
    """`changed` carries (LocalAE, Timeouts, Limits) when all is valid and the user is done with a field."""

    changed = Signal(object)
    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Local AE")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.ae_title = TextField("AE &title", check_ae_title, "", self, hint="Calling AE title of our requests.")
        self.class_uid = TextField("Implementation class &UID", check_uid, "", self, mono=True)
        self.version = TextField("Implementati&on version name", check_version_name, "", self)
        self.maximum = NumberField(
            "Maximum length", 0, 0xFFFFFFFF, self, unit="bytes", hint="Of a P-DATA-TF we take; 0 is unlimited."
        )
        self.timeouts = {
            name: NumberField(label, 0, MAXIMUM_SECONDS, self, unit="s", decimals=True) for name, label, _ in _TIMEOUTS
        }
        for name, _, tip in _TIMEOUTS:
            self.timeouts[name].setToolTip(tip)
            self.timeouts[name].editor.setToolTip(tip)
        self.limits = LimitFields(self)
        self._written: tuple[LocalAE, Timeouts, Limits] | None = None
        inner = QWidget(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, SPACING.large, SPACING.large, SPACING.large)
        column.setSpacing(SPACING.large)
        for field in (self.ae_title, self.class_uid, self.version, self.maximum):
            column.addWidget(field)
        waits = _section(column, "Timeouts", "Seconds; 0 switches one off.", list(self.timeouts.values()))
        about = "What is taken of peers we call; beyond it we abort, or refuse what they send."
        limits = _section(column, "Limits", about, [self.limits[name] for _, names in HEADINGS for name in names])
        self._sections = (waits, limits)
        column.addStretch(1)
        self.setWidget(inner)
        plain = (self.ae_title, self.class_uid, self.version, self.maximum)
        for any_field in (*plain, *self.timeouts.values(), *self.limits.values()):
            any_field.edited.connect(self._edited)
            any_field.finished.connect(self.flush)

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        for section in self._sections:
            section.fit(self.viewport().width() - SPACING.large)
        super().resizeEvent(event)

    def set_values(self, local: LocalAE, timeouts: Timeouts, limits: Limits) -> None:
        self.ae_title.set_value(local.ae_title)
        self.class_uid.set_value(local.implementation_class_uid)
        self.version.set_value(local.implementation_version_name)
        self.maximum.set_value(local.maximum_length)
        for name, field in self.timeouts.items():
            field.set_value(float(getattr(timeouts, name)))
        self.limits.set_limits(limits)
        self._written = (self.local(), self.waits(), self.limits.limits())

    def is_valid(self) -> bool:
        """Whether everything may be kept."""
        plain = (self.ae_title, self.class_uid, self.version, self.maximum)
        return all(f.is_valid() for f in (*plain, *self.timeouts.values(), *self.limits.values()))

    def local(self) -> LocalAE:
        """As the fields stand, departures from the Standard included: they may be what is to be tested."""
        maximum = self.maximum.value()
        usual = LocalAE()
        return LocalAE(
            ae_title=self.ae_title.value(),
            implementation_class_uid=self.class_uid.value(),
            implementation_version_name=self.version.value(),
            maximum_length=usual.maximum_length if maximum is None else int(maximum),
        )

    def waits(self) -> Timeouts:
        """The timeouts; one that does not read keeps its usual value."""
        usual = Timeouts()
        values = {}
        for name, field in self.timeouts.items():
            value = field.value()
            values[name] = getattr(usual, name) if value is None else float(value)
        return Timeouts(**values)

    def flush(self) -> None:
        """Have it kept now, if it differs and is right."""
        now = (self.local(), self.waits(), self.limits.limits())
        if self.is_valid() and now != self._written:
            self._written = now
            self.changed.emit(now)

    def _edited(self) -> None:
        self.edited.emit()
