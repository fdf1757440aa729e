"""The pages of the built-in peer's settings: each fills in its part of a `ListenerSettings`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from engine.conformance.names import check_ae_title, check_uid
from engine.model.association import APPLICATION_CONTEXT, AcceptedSyntax, AsyncWindow, Rejection, Timeouts
from engine.standard.codes import REJECT_REASONS, explain_code, reject_reason
from engine.workspace.listening import ANYWHERE, LOOPBACK, ListenerSettings
from gui.dialogs import Questions
from gui.forms.choices import CheckField, ChoiceField
from gui.forms.fields import Field, NumberField, TextField
from gui.forms.header import icon_button
from gui.forms.items_view import ItemsView
from gui.forms.lines_field import LinesField
from gui.forms.path_field import PathField
from gui.theme import SPACING

from .ae_extended_dialog import ExtendedDialog
from .ae_negotiation import describe_extended
from .listener_items import ANY, AcceptedDialog, describe_accepted

WHO = (
    (True, "Only programs on this computer"),
    (False, "Every computer that reaches this one"),
)
_TOP = Qt.AlignmentFlag.AlignTop


class Page(QWidget):
    """One page. `edited` after every change by the user."""

    edited = Signal()
    title: ClassVar[str] = ""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, SPACING.large, 0)
        self.column.setSpacing(SPACING.large)
        self._fields: list[Field] = []

    def applied(self, settings: ListenerSettings) -> ListenerSettings:
        """The settings with what stands on this page."""
        raise NotImplementedError

    def is_valid(self) -> bool:
        return all(field.is_valid() for field in self._fields if field.isEnabled())

    def watch(self, *fields: Field) -> None:
        """Take part in what is valid and edited."""
        self._fields += fields
        for field in fields:
            field.edited.connect(self.edited)

    def heading(self, text: str, note: str = "") -> None:
        label = QLabel(text, self)
        label.setProperty("role", "title")
        column = QVBoxLayout()
        column.setSpacing(SPACING.hair)
        column.addWidget(label)
        if note:
            column.addWidget(muted(note, self))
        self.column.addLayout(column)

    def pairs(self, *rows: tuple[QWidget, QWidget | None], stretch: tuple[int, int] = (1, 1)) -> None:
        """Widgets side by side in two columns."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACING.panel)
        grid.setVerticalSpacing(SPACING.large)
        for row, (left, right) in enumerate(rows):
            grid.addWidget(left, row, 0, _TOP)
            grid.addWidget(right or QWidget(self), row, 1, _TOP)  # an empty column would have no gap before it
        grid.setColumnStretch(0, stretch[0])
        grid.setColumnStretch(1, stretch[1])
        self.column.addLayout(grid)


def muted(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setProperty("role", "muted")
    label.setWordWrap(True)
    return label


class AddressPage(Page):
    """Who it is, where it listens, where received instances go."""

    title = "Address"

    def __init__(self, settings: ListenerSettings, questions: Questions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._questions, self._host = questions, settings.host
        self.ae_title = TextField("&AE title", check_ae_title, "", self)
        self.port = NumberField("&Port", 0, 65535, self, hint="0 takes any free port.")
        self.who = ChoiceField("&Who may connect", WHO, self)
        self.warning = QLabel(self)
        self.warning.setProperty("role", "warning")
        self.warning.setWordWrap(True)
        self.folder = PathField("&Folder for received instances", placeholder="empty: kept in memory", parent=self)
        self.folder.add_beside(icon_button("open", "Choose the folder for received instances", self._browse, self))
        self.synchronize = CheckField(
            "&Have each on the disk before it is acknowledged",
            self,
            hint="Slow: for what has to outlive a power failure. What a storage commitment confirms does in any case.",
        )
        self.pairs((self.ae_title, self.port), stretch=(3, 2))
        for widget in (self.who, self.warning, self.folder, self.synchronize):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        self.ae_title.set_value(settings.policy.local.ae_title)
        self.port.set_value(settings.port)
        self.who.set_value(settings.host in (LOOPBACK, "::1", "localhost"))
        self.folder.set_value(str(settings.peer.folder or ""))
        self.synchronize.set_value(settings.peer.synchronize)
        self.watch(self.ae_title, self.port, self.who, self.folder, self.synchronize)
        self.folder.edited.connect(self._folder_edited)
        self._folder_edited()

    def _folder_edited(self) -> None:
        """What is kept in memory is on no disk."""
        self.synchronize.setEnabled(self.folder.path() is not None)

    def warn(self, *, secure: bool, checked: bool) -> None:
        """Say what leaving loopback means with this TLS and these users."""
        self.warning.setVisible(not self.who.value())
        over = "" if secure else " The connection is not encrypted."
        callers = "" if checked else " Callers are not checked."
        self.warning.setText(
            "⚠ It leaves loopback: every computer on your network can connect, store to it and read from it."
            f"{over}{callers}"
        )

    def applied(self, settings: ListenerSettings) -> ListenerSettings:
        was_loopback = self._host in (LOOPBACK, "::1", "localhost")
        host = self._host if bool(self.who.value()) is was_loopback else LOOPBACK if self.who.value() else ANYWHERE
        local = replace(settings.policy.local, ae_title=self.ae_title.value())
        policy = replace(settings.policy, local=local)
        folder, synchronize = self.folder.path(), self.synchronize.value()
        peer = replace(settings.peer, policy=policy, folder=folder, synchronize=synchronize)
        return replace(settings, host=host, port=int(self.port.value() or 0), peer=peer)

    def _browse(self) -> None:
        self._questions.open_folder(self, "Folder for received instances", self._chosen)

    def _chosen(self, folders: tuple[Path, ...]) -> None:
        self.folder.set_value(str(folders[0]))
        self._folder_edited()
        self.edited.emit()


_REJECTIONS: tuple[tuple[object, str], ...] = (
    (None, "Nobody is rejected"),
    *(
        ((result, source, reason), f"{result}/{source}/{reason}: {'permanent' if result == 1 else 'transient'}, {name}")
        for result in (1, 2)
        for source, reasons in REJECT_REASONS.items()
        for reason, name in sorted(reasons.items())
        if name != "reserved"
    ),
    ("other", "Other values"),
)


class CallersPage(Page):
    """Titles, limits, application contexts, and rejecting everybody."""

    title = "Callers"

    def __init__(self, settings: ListenerSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        policy = settings.policy
        self.called = LinesField(
            "Ca&lled AE titles answered to", check_ae_title, "any", self, hint="One a line.", lines=3
        )
        self.calling = LinesField("Callin&g AE titles let in", check_ae_title, "any", self, hint="One a line.", lines=3)
        self.at_once = NumberField("Associations at &once", 0, 99999, self)
        self.per_caller = NumberField("With o&ne calling AE title", 0, 99999, self, hint="0 is no limit of its own.")
        self.contexts = LinesField(
            "Private application conte&xts", check_uid, "only DICOM's", self, hint="UIDs answered to besides.", lines=2
        )
        self.reject = ChoiceField("&Reject every association", _REJECTIONS, self)
        self.result = NumberField("Result", 0, 255, self)
        self.source = NumberField("Source", 0, 255, self)
        self.reason = NumberField("Reason", 0, 255, self)
        self.pairs((self.called, self.calling), (self.at_once, self.per_caller))
        self.column.addWidget(self.contexts)
        self.column.addWidget(self.reject)
        self._values = QWidget(self)
        row = QGridLayout(self._values)
        row.setContentsMargins(0, 0, 0, 0)
        row.setHorizontalSpacing(SPACING.large)
        for place, field in enumerate(self._numbers):
            row.addWidget(field, 0, place, _TOP)
            row.setColumnStretch(place, 1)
        self.column.addWidget(self._values)
        self.column.addStretch(1)
        self.called.set_value(policy.ae_titles)
        self.calling.set_value(policy.calling_ae_titles)
        self.at_once.set_value(policy.max_associations)
        self.per_caller.set_value(policy.max_associations_per_peer)
        self.contexts.set_value(tuple(u for u in policy.application_contexts if u != APPLICATION_CONTEXT))
        self._show_rejection(policy.reject)
        self.watch(self.called, self.calling, self.at_once, self.per_caller, self.contexts, self.reject, *self._numbers)
        self.reject.edited.connect(self._usual_chosen)
        for field in self._numbers:
            field.edited.connect(self._number_edited)

    @property
    def _numbers(self) -> tuple[NumberField, NumberField, NumberField]:
        return (self.result, self.source, self.reason)

    def rejection(self) -> Rejection | None:
        if self.reject.value() is None:
            return None
        return Rejection(*(int(field.value() or 0) for field in self._numbers))

    def applied(self, settings: ListenerSettings) -> ListenerSettings:
        policy = replace(
            settings.policy,
            ae_titles=self.called.value(),
            calling_ae_titles=self.calling.value(),
            max_associations=int(self.at_once.value() or 0),
            max_associations_per_peer=int(self.per_caller.value() or 0),
            application_contexts=(APPLICATION_CONTEXT, *self.contexts.value()),
            reject=self.rejection(),
        )
        return replace(settings, peer=replace(settings.peer, policy=policy))

    def is_valid(self) -> bool:
        numbers = all(field.is_valid() for field in self._numbers) or self.reject.value() is None
        return numbers and all(f.is_valid() for f in self._fields if f not in self._numbers)

    def _show_rejection(self, reject: Rejection | None) -> None:
        values = (reject.result, reject.source, reject.reason) if reject else (1, 1, 1)
        usual = values if values in [choice for choice, _ in _REJECTIONS] else "other"
        self.reject.set_value(usual if reject else None)
        for field, value in zip(self._numbers, values, strict=True):
            field.set_value(value)
        self._say()

    def _usual_chosen(self, chosen: object) -> None:
        if isinstance(chosen, tuple):
            for field, value in zip(self._numbers, chosen, strict=True):
                field.set_value(value)
        self._say()

    def _say(self) -> None:
        """What the numbers mean, beside each."""
        self._values.setVisible(self.reject.value() is not None)
        result, source, reason = (field.value() for field in self._numbers)
        self.result.set_hint("" if result is None else explain_code("reject_result", int(result)))
        self.source.set_hint("" if source is None else explain_code("reject_source", int(source)))
        known = source is not None and reason is not None
        self.reason.set_hint(reject_reason(int(source or 0), int(reason or 0)) if known else "")

    def _number_edited(self) -> None:
        now: object = tuple(field.value() for field in self._numbers)
        self.reject.set_value(now if now in [choice for choice, _ in _REJECTIONS] else "other")
        self._say()


class ClassesPage(Page):
    """What is accepted: SOP classes, transfer syntaxes in order of preference, roles."""

    title = "SOP classes"

    def __init__(self, settings: ListenerSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.accepted = ItemsView(
            "Accepted abstract syntaxes",
            describe_accepted,
            AcceptedDialog,
            self,
            empty="Nothing is listed: any abstract syntax is accepted.",
            rows=7,
            add="&Add…",
        )
        self.column.addWidget(self.accepted, 1)
        note = "A row for the SOP class itself counts before one for any. What no row fits is refused with result 3."
        self.column.addWidget(muted(note, self))
        self.accepted.set_items(settings.policy.accepted)
        self.accepted.changed.connect(self.edited)

    def applied(self, settings: ListenerSettings) -> ListenerSettings:
        accepted = self.accepted.items() or (AcceptedSyntax(abstract_syntax=ANY),)
        return replace(settings, peer=replace(settings.peer, policy=replace(settings.policy, accepted=accepted)))


class NegotiationPage(Page):
    """Maximum length, window granted, answers to extended negotiation."""

    title = "Negotiation"

    def __init__(self, settings: ListenerSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        policy = settings.policy
        self.maximum = NumberField(
            "&Maximum length announced", 0, 0xFFFFFFFF, self, unit="bytes", hint="0 is unlimited."
        )
        self.invoked = NumberField("&Invoked", 0, 0xFFFF, self)
        self.performed = NumberField("&Performed", 0, 0xFFFF, self)
        self.answers = ItemsView(
            "Answers to SOP class extended negotiation",
            describe_extended,
            partial(ExtendedDialog, answer=True),
            self,
            empty="Of what is asked for, granted is what the built-in peer does:<br>relational queries and retrieval, "
            "date-time, fuzzy and empty value matching.<br>Add a SOP class to answer it otherwise.",
            rows=4,
            add="&Add…",
        )
        self.column.addWidget(self.maximum)
        self.heading(
            "Largest asynchronous operations window granted",
            "As the requestor sees it: what it may invoke and perform at once; 0 is whatever it asks for.",
        )
        self.pairs((self.invoked, self.performed))
        self.column.addWidget(self.answers, 1)
        self.maximum.set_value(policy.local.maximum_length)
        self.invoked.set_value(policy.async_window.invoked)
        self.performed.set_value(policy.async_window.performed)
        self.answers.set_items(policy.extended)
        self.watch(self.maximum, self.invoked, self.performed)
        self.answers.changed.connect(self.edited)

    def applied(self, settings: ListenerSettings) -> ListenerSettings:
        policy = replace(
            settings.policy,
            local=replace(settings.policy.local, maximum_length=int(self.maximum.value() or 0)),
            async_window=AsyncWindow(int(self.invoked.value() or 0), int(self.performed.value() or 0)),
            extended=self.answers.items(),
        )
        return replace(settings, peer=replace(settings.peer, policy=policy))


_TIMEOUTS = (
    ("artim", "A&RTIM", "An A-ASSOCIATE-RQ, or the end of the connection (PS3.8 9.1.5)."),
    ("idle", "&Idle", "Nothing sent or received."),
    ("acse", "A&CSE", "Answer to an A-RELEASE-RQ, or to an A-ASSOCIATE-RQ of ours."),
    ("dimse", "&DIMSE", "Next response to what it invokes."),
    ("connect", "C&onnect", "To a move destination."),
)


class TimesPage(Page):
    """How long it waits, and how long it lets others wait."""

    title = "Times"

    def __init__(
        self, settings: ListenerSettings, check_delays: Callable[[str], str | None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        waits = settings.policy.timeouts
        self.timeouts = {
            name: NumberField(label, 0, 7 * 86400, self, unit="s", decimals=True, hint=hint)
            for name, label, hint in _TIMEOUTS
        }
        self.delays = TextField("Hold each re&quest back, seconds", check_delays, "not at all", self)
        self.delays.set_hint("Several, apart by commas, in turn: with 1, 0 every second response overtakes the first.")
        self.heading("Time-outs", "Seconds; 0 switches one off.")
        fields: Iterable[NumberField] = self.timeouts.values()
        listed: list[NumberField | None] = [*fields, None]
        self.pairs(*((left, right) for left, right in zip(listed[::2], listed[1::2], strict=True) if left))
        self.heading("Delays")
        self.column.addWidget(self.delays)
        self.column.addStretch(1)
        for name, field in self.timeouts.items():
            field.set_value(float(getattr(waits, name)))
        self.delays.set_value(", ".join(f"{d:g}" for d in settings.peer.delays))
        self.watch(*self.timeouts.values(), self.delays)

    def applied(self, settings: ListenerSettings) -> ListenerSettings:
        waits = Timeouts(**{name: float(field.value() or 0) for name, field in self.timeouts.items()})
        delays = tuple(float(part) for part in self.delays.value().replace(" ", "").split(",") if part)
        policy = replace(settings.policy, timeouts=waits)
        return replace(settings, peer=replace(settings.peer, policy=policy, delays=delays))
