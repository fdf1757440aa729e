"""Events of unified procedure steps as they come, and the subscription that brings them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QVBoxLayout, QWidget

from engine.conformance.names import check_ae_title
from engine.model.association import LocalAE, Policy
from engine.model.commands import Listen, PeerSettings, RunProcedure
from engine.model.dataset import DataSet
from engine.model.notices import MessageNotice, Notice, Outcome, StatusNotice, StepNotice, StepState
from engine.model.procedures.ups import WatchSteps
from engine.model.whole_numbers import whole_number
from engine.standard.lean import dataclass
from engine.standard.ups import SUSPEND, UNSUBSCRIBE, UPS_FILTERED_GLOBAL, UPS_GLOBAL
from gui.dialogs import FormDialog
from gui.models import redacted_rows
from gui.models.lists import EntryModel
from gui.models.ups_rows import EventRow, describe_event, event_of
from gui.services_host import ServicesHost
from gui.theme import SPACING, restyle, theme

from .choices import CheckField
from .entry_list import EntryList
from .fields import NumberField, TextField
from .header import menu_button, text_button

KEPT = 1_000
"""Events shown, the newest: more than anybody scrolls through; the log has all."""
REOPENINGS = 10
"""Times an association that ends is opened again in one watch."""
_STORE = "services/ups/watch/"
_EMPTY = "No event has come.<br><b>Watch every step</b> subscribes to all there are and all to come."
_WATCHING = "No event has come yet.<br>Events appear here as the provider tells of them."


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """receiver "": our own AE title. port: a listener of our own for the events, None: none."""

    receiver: str = ""
    lock: bool = False
    reopen: bool = True
    filtered: bool = False
    port: int | None = None


def load_options(store: QSettings) -> WatchOptions:
    """What was chosen last."""
    return WatchOptions(
        receiver=str(store.value(_STORE + "receiver", "")),
        lock=store.value(_STORE + "lock", "false") in (True, "true"),
        reopen=store.value(_STORE + "reopen", "true") in (True, "true"),
        filtered=store.value(_STORE + "filtered", "false") in (True, "true"),
        port=whole_number(str(store.value(_STORE + "port", "")), 65535),
    )


def save_options(store: QSettings, options: WatchOptions) -> None:
    for name in ("receiver", "lock", "reopen", "filtered"):
        value = getattr(options, name)
        store.setValue(_STORE + name, str(value).lower() if isinstance(value, bool) else value)
    store.setValue(_STORE + "port", "" if options.port is None else str(options.port))


class WatchDialog(FormDialog):
    """`saved` carries the WatchOptions."""

    saved = Signal(object)

    def __init__(self, options: WatchOptions, own_title: str, listening: str, parent: QWidget | None = None) -> None:
        super().__init__("How to watch", "Apply", parent, width=460)
        self.receiver = TextField("&Receiving AE title", _title_or_nothing, own_title, self)
        self.receiver.set_hint("Who is told. The provider must know where that is, unless it is us.")
        self.port = NumberField("Listen on &port", 1, 65535, self, optional=True)
        self.port.set_hint(listening or "Empty: events come on the association we open only.")
        self.lock = CheckField("Deletion &lock: the provider keeps finished steps until we unsubscribe", self)
        self.filtered = CheckField("Watch &only the steps that match the keys of the query", self)
        self.reopen = CheckField("Open the association &again when it ends meanwhile", self)
        for field in (self.receiver, self.port, self.lock, self.filtered, self.reopen):
            self.body.addWidget(field)
        self.receiver.set_value(options.receiver)
        self.port.set_value(options.port)
        self.lock.set_value(options.lock)
        self.filtered.set_value(options.filtered)
        self.reopen.set_value(options.reopen)
        for text in (self.receiver, self.port):
            text.edited.connect(self._judge)

    def options(self) -> WatchOptions:
        port = self.port.value()
        return WatchOptions(
            receiver=self.receiver.value().strip(),
            lock=self.lock.value(),
            reopen=self.reopen.value(),
            filtered=self.filtered.value(),
            port=None if port is None else int(port),
        )

    def accept(self) -> None:
        if self.receiver.is_valid() and self.port.is_valid():
            self.saved.emit(self.options())
            super().accept()

    def _judge(self, _value: object) -> None:
        self.accept_button.setEnabled(self.receiver.is_valid() and self.port.is_valid())


def _title_or_nothing(text: str) -> str | None:
    return check_ae_title(text) if text.strip() else None


class UpsEvents(QWidget):
    """`happened` carries the EventRow of each event, `changed` when watching begins or ends.

    keys: gives the matching keys of a filtered watch. label_of: a step's label by its UID.
    """

    happened = Signal(object)
    changed = Signal()
    opened = Signal(object)
    """The EventRow on Return or double click."""
    subscription_wanted = Signal(object, object)
    """(Action Type ID, SOP Instance UID; "" the current step)."""

    def __init__(
        self,
        host: ServicesHost,
        keys: Callable[[], DataSet],
        label_of: Callable[[str], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.host, self._keys, self._label_of = host, keys, label_of
        self.options = load_options(host.store)
        self.operation: int | None = None
        self.watching = False
        self._what = ""
        self.sign = QLabel(self)
        self.sign.setFixedWidth(SPACING.icon)
        self.state = QLabel(self)
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.state.setWordWrap(True)
        self.watch_button = text_button("", self.toggle, self)
        self.more_button = menu_button(
            "More", self._make_menu(), self, tip="How to watch, and subscriptions made before"
        )
        self.model = EntryModel[EventRow](describe_event, self, redact=redacted_rows.event)
        self.list = EntryList(self.model, self, name="Events", many=True, movable=False)
        self.list.setMinimumHeight(60)
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # takes what is left
        self.list.opened.connect(self.opened)
        row = QHBoxLayout()
        row.setSpacing(SPACING.small)
        row.addWidget(self.sign)
        row.addWidget(self.state, 1)
        row.addWidget(self.watch_button)
        row.addWidget(self.more_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACING.small, 0, 0)
        column.setSpacing(SPACING.normal)
        column.addLayout(row)
        column.addWidget(self.list, 1)
        host.notices.connect(self._notices)
        host.operation_ended.connect(self._ended)
        host.changed.connect(self.refresh)
        theme().changed.connect(self.refresh)
        self._said = ("never", "muted", "Not subscribed.")
        self.refresh()

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        self.options_action = menu.addAction("&How to watch…", self.ask_options)
        menu.addSeparator()
        self.subscriptions = (
            menu.addAction("&Unsubscribe from this step", partial(self.subscription_wanted.emit, UNSUBSCRIBE, "")),
            menu.addAction(
                "Unsubscribe from &all steps", partial(self.subscription_wanted.emit, UNSUBSCRIBE, UPS_GLOBAL)
            ),
            menu.addAction(
                "&Suspend the global subscription", partial(self.subscription_wanted.emit, SUSPEND, UPS_GLOBAL)
            ),
        )
        menu.addSeparator()
        self.clear_action = menu.addAction("&Clear the list", self.clear)
        return menu

    def say_subscription(self, sentence: str) -> None:
        """What has become of a subscription without watching."""
        if not self.watching:
            self._say("message", "text", sentence)

    # -- watching

    def toggle(self) -> None:
        """Watch all steps, or stop what is watched."""
        if self.watching and self.operation is not None:
            self.host.cancel(self.operation)
            self._say("play", "muted", "Unsubscribing …")
        elif self.options.filtered:
            self.watch(UPS_FILTERED_GLOBAL, "the steps that match")
        else:
            self.watch(UPS_GLOBAL, "all steps")

    def watch(self, uid: str, what: str) -> None:
        """Subscribe and show the events. Does nothing while something is watched, or nobody can be called."""
        if self.watching or not self.host.has_peer():
            return
        self._what, self.watching = what, True
        self.operation = self.host.run(self.command(uid))
        self._say("play", "muted", "Subscribing …")
        self.changed.emit()

    def command(self, uid: str) -> RunProcedure:
        """What is submitted."""
        options, proposal = self.options, self.host.proposal()
        receiver = options.receiver or proposal.local.ae_title
        procedure = WatchSteps(
            receiving_ae=receiver,
            sop_instance_uid=uid,
            deletion_lock=options.lock,
            keys=self._keys() if uid == UPS_FILTERED_GLOBAL else DataSet(),
            tries=REOPENINGS if options.reopen else 0,
            elsewhere=options.port is not None or self._built_in_takes(receiver),
        )
        listen = None
        if options.port is not None:
            policy = Policy(
                ae_titles=(receiver,), local=replace(LocalAE(), ae_title=receiver), timeouts=proposal.timeouts
            )
            listen = Listen(listener=0, port=options.port, settings=PeerSettings(policy=policy))
        return RunProcedure(operation=0, association=0, proposal=proposal, procedure=procedure, listen=listen)

    def _built_in_takes(self, receiver: str) -> bool:
        """Whether the built-in peer runs under the receiver's name, and is not the provider itself."""
        listener, peer = self.host.session.listener, self.host.proposal().peer
        return listener.listening and listener.ae_title == receiver and peer.port != listener.port

    def ask_options(self) -> None:
        own, listener = self.host.proposal().local.ae_title, self.host.session.listener
        told = (
            f"Empty: none of our own. The built-in peer listens on port {listener.port} as {listener.ae_title}."
            if listener.listening
            else ""
        )
        dialog = WatchDialog(self.options, own, told, self.window())
        dialog.saved.connect(self._set_options)
        dialog.open()

    def _set_options(self, options: object) -> None:
        if isinstance(options, WatchOptions):
            self.options = options
            save_options(self.host.store, options)

    # -- what comes

    def clear(self) -> None:
        self.model.set_records((), reset=True)
        self.refresh()

    def _notices(self, batch: tuple[Notice, ...]) -> None:
        new: list[EventRow] = []
        for notice in batch:
            if isinstance(notice, MessageNotice) and (event := event_of(notice)) is not None:
                label = self._label_of(event.sop_instance_uid)
                new.append(EventRow(event=event, time=notice.time, association=notice.association, label=label))
            elif isinstance(notice, StepNotice) and notice.operation == self.operation and self.watching:
                self._step(notice)
        if not new:
            return
        self.model.set_records([*reversed(new), *self.model.records][:KEPT])
        for row in new:
            self.happened.emit(row)
        self.refresh()

    def _step(self, notice: StepNotice) -> None:
        """Where the subscription is."""
        if notice.state is not StepState.RUNNING or notice.sentence:
            return
        if notice.name.startswith("Watch"):
            self._say("ok", "ok", f"Subscribed to {self._what}.")
        elif notice.name.startswith("Open"):
            self._say("warning", "warning", "The association has ended; opening it again …")

    def _ended(self, status: StatusNotice) -> None:
        if status.operation != self.operation or not self.watching:
            return
        self.watching = False
        good = status.outcome is Outcome.SUCCESS
        mild = status.outcome in (Outcome.WARNING, Outcome.CANCELLED)
        icon, role = ("never", "muted") if good else ("warning", "warning") if mild else ("failure", "failure")
        self._say(icon, role, status.sentence)
        self.changed.emit()

    def _say(self, icon: str, role: str, sentence: str) -> None:
        self._said = (icon, role, sentence)
        self.refresh()

    def refresh(self) -> None:
        icon, role, sentence = self._said
        self.sign.setPixmap(theme().pixmap(icon, role))
        self.state.setText(sentence)
        restyle(self.state, "role", "text" if role == "ok" else role)
        self.list.set_empty(_WATCHING if self.watching else _EMPTY)
        self.watch_button.setText("Stop" if self.watching else "Watch ever&y step")
        self.watch_button.setToolTip(
            "Unsubscribe" if self.watching else "Subscribe to the steps there are and those to come"
        )
        self.watch_button.setEnabled(self.watching or self.host.has_peer())
        self.options_action.setEnabled(not self.watching)
        for action in self.subscriptions:
            action.setEnabled(not self.watching and self.host.has_peer())
        self.clear_action.setEnabled(bool(self.model.records))
