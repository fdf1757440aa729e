"""What else an A-ASSOCIATE-RQ may carry: user identity, asynchronous window, extended negotiation."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from engine.model.association import AsyncWindow, CommonExtendedNegotiation, ExtendedNegotiation
from engine.trace.negotiation_text import extended_summary, extended_words
from engine.workspace.extended_text import options_text
from engine.workspace.settings import IdentitySettings
from gui.forms.choices import CheckField, ChoiceField
from gui.forms.fields import Field, NumberField, TextField
from gui.forms.items_view import ItemsView
from gui.forms.rules_view import RulesView
from gui.models.contexts import abstract_name, short_abstract_name
from gui.models.lists import Entry
from gui.theme import SPACING

from .ae_extended_dialog import CommonExtendedDialog, ExtendedDialog
from .listener_rule import RuleDialog

IDENTITY_CHOICES = (
    (0, "None"),
    (1, "1: username"),
    (2, "2: username and passcode"),
    (3, "3: Kerberos service ticket"),
    (4, "4: SAML assertion"),
    (5, "5: JSON Web Token (JWT)"),
)
"""User-Identity-Type (PS3.7 D.3.3.7.1)."""
_SECRETS = {2: "Passcode", 3: "Service ticket", 4: "SAML assertion", 5: "JSON Web Token"}
MAXIMUM_IDENTITY = 0xFFFF
"""Bytes: the item's length fields are two bytes wide (PS3.7 D.3.3.7.1)."""


def check_identity(text: str) -> str | None:
    size = len(text.encode())
    return f"{size} bytes; the field holds {MAXIMUM_IDENTITY}." if size > MAXIMUM_IDENTITY else None


def check_username(text: str) -> str | None:
    return "A username is needed for this type." if not text else check_identity(text)


class NegotiationForm(QScrollArea):
    """`changed` when something valid is to be kept, `secret_changed` carries (secret name, secret)."""

    changed = Signal()
    secret_changed = Signal(object)
    secret_wanted = Signal(object)
    """The IdentitySettings whose secret is to be looked up: `set_secret` answers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Negotiation")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self._secret_name = ""
        self._secret_typed = False
        """Typed and not yet kept."""
        self._secret_known = False
        """What stands in the field belongs to `_secret_name`: a late look-up must not replace it."""
        self.identity_type = ChoiceField("User identity &type (PS3.7 D.3.3.7)", IDENTITY_CHOICES, self)
        self.username = TextField("&Username", check_username, "", self)
        self.secret = TextField("Passcode", check_identity, "", self, secret=True)
        self.positive = CheckField("Ask for a positive response", self)
        self.window_on = CheckField("As&k for a window", self)
        self.invoked = NumberField("&Invoked", 0, 0xFFFF, self)
        self.performed = NumberField("Performed", 0, 0xFFFF, self)
        self.extended = ItemsView("SOP class extended negotiation", describe_extended, ExtendedDialog, self)
        self.common = ItemsView("Common extended negotiation", _describe_common, CommonExtendedDialog, self)
        self.faults = RulesView("Faults on purpose", partial(RuleDialog, ours=True), self)
        inner = QWidget(self)
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, SPACING.large, SPACING.large, SPACING.large)
        self._column.setSpacing(SPACING.large)
        self._heading("User identity")
        for field in (self.identity_type, self.username, self.secret, self.positive):
            self._column.addWidget(field)
        self._heading("Asynchronous operations window")
        self._column.addWidget(self.window_on)
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACING.large)
        grid.addWidget(self.invoked, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.performed, 0, 1, Qt.AlignmentFlag.AlignTop)
        self._column.addLayout(grid)
        note = QLabel("0 is unlimited. Without it, one operation at a time (PS3.7 D.3.3.3).", inner)
        note.setProperty("role", "muted")
        note.setWordWrap(True)
        self._column.addWidget(note)
        self._column.addWidget(self.extended)
        self._column.addWidget(self.common)
        self._column.addWidget(self.faults)
        self._column.addStretch(1)
        self.setWidget(inner)
        self.identity_type.edited.connect(self._type_chosen)
        self.username.edited.connect(self._username_edited)
        self.secret.edited.connect(self._secret_edited)
        self.window_on.edited.connect(self._show_what_applies)
        kept = (self.identity_type, self.username, self.positive, self.window_on, self.invoked, self.performed)
        for any_field in kept:
            any_field.finished.connect(self.flush)
        self.username.finished.connect(self._look_up_secret)
        self.secret.finished.connect(self._secret_finished)
        self.extended.changed.connect(self.changed)
        self.common.changed.connect(self.changed)
        self._show_what_applies()

    def _heading(self, text: str) -> None:
        label = QLabel(text, self)
        label.setProperty("role", "title")
        label.setWordWrap(True)
        self._column.addWidget(label)

    # -- values -------------------------------------------------------------------------------------------------

    def set_values(
        self,
        identity: IdentitySettings,
        window: AsyncWindow | None,
        extended: tuple[ExtendedNegotiation, ...],
        common: tuple[CommonExtendedNegotiation, ...],
    ) -> None:
        self.identity_type.set_value(identity.type if identity.type in dict(IDENTITY_CHOICES) else 0)
        self.username.set_value(identity.username)
        self.positive.set_value(identity.positive_response_requested)
        self.window_on.set_value(window is not None)
        shown = window or AsyncWindow()
        self.invoked.set_value(shown.invoked)
        self.performed.set_value(shown.performed)
        self.extended.set_items(extended)
        self.common.set_items(common)
        self._show_what_applies()
        self._look_up_secret()

    def identity(self) -> IdentitySettings:
        kind = self.identity_type.value()
        return IdentitySettings(
            type=kind if isinstance(kind, int) else 0,
            username=self.username.value(),
            positive_response_requested=self.positive.value(),
        )

    def secret_text(self) -> str:
        return self.secret.value()

    def set_secret(self, secret: str) -> None:
        """The secret found; what the user typed meanwhile stays."""
        if not self._secret_known:
            self._secret_known = True
            self.secret.set_value(secret)

    def window_value(self) -> AsyncWindow | None:
        if not self.window_on.value():
            return None
        invoked, performed = self.invoked.value(), self.performed.value()
        return AsyncWindow(1 if invoked is None else int(invoked), 1 if performed is None else int(performed))

    def is_valid(self) -> bool:
        return all(f.is_valid() for f in self._applying())

    def flush(self) -> None:
        """Have it kept now, if it is right."""
        if self.is_valid():
            self.changed.emit()

    # -- what the user does -------------------------------------------------------------------------------------

    def _applying(self) -> tuple[Field, ...]:
        kind = self.identity().type
        return (
            *((self.username,) if kind in (1, 2) else ()),
            *((self.secret,) if kind in _SECRETS else ()),
            *((self.invoked, self.performed) if self.window_on.value() else ()),
        )

    def _show_what_applies(self) -> None:
        kind = self.identity().type
        applying = self._applying()
        self.username.setVisible(self.username in applying)
        self.secret.setVisible(self.secret in applying)
        self.secret.caption.setText(_SECRETS.get(kind, "Passcode"))
        self.positive.setVisible(bool(kind))
        for field in (self.invoked, self.performed):
            field.setEnabled(field in applying)

    def _type_chosen(self) -> None:
        self._show_what_applies()
        self._look_up_secret()

    def _username_edited(self) -> None:
        # Another user has another passcode; the one of the first must not travel with the second.
        if not self._secret_typed:
            self._secret_known = False
            self.secret.set_value("")

    def _look_up_secret(self) -> None:
        name = self.identity().secret_name
        if self._secret_typed or (self._secret_known and name == self._secret_name):
            return
        self._secret_name, self._secret_known = name, False
        self.secret.set_value("")
        if self.identity().type in _SECRETS:
            self.secret_wanted.emit(self.identity())

    def _secret_edited(self) -> None:
        self._secret_typed = self._secret_known = True

    def _secret_finished(self) -> None:
        if self._secret_typed and self.secret.is_valid():
            self._secret_typed = False
            self._secret_name = self.identity().secret_name
            self.secret_changed.emit((self._secret_name, self.secret.value()))


def describe_extended(item: ExtendedNegotiation) -> Entry:
    """The entry of an item: its options in words where the Standard has them, its bytes."""
    name, whole = abstract_name(item.sop_class_uid), extended_summary(item.sop_class_uid, item.information)
    words = options_text(item) if item.information else None
    detail = whole if words is None else words.replace(",", ", ") or "no option"
    tooltip = "\n".join((name, item.sop_class_uid, *extended_words(item.sop_class_uid, item.information), whole))
    return Entry(title=short_abstract_name(item.sop_class_uid), detail=detail, tooltip=tooltip)


def _describe_common(item: CommonExtendedNegotiation) -> Entry:
    name = abstract_name(item.sop_class_uid)
    service = abstract_name(item.service_class_uid)
    related = ", ".join(abstract_name(u) for u in item.related_general) or "no related general SOP class"
    tooltip = f"{name}\n{item.sop_class_uid}\n{service}\n{item.service_class_uid}\n{related}"
    return Entry(title=name, detail=f"{service} · {related}", tooltip=tooltip)
