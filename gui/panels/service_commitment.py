"""Storage commitment: which instances, the request, the report whenever it comes, all transactions (PS3.4 Annex J)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSplitter, QTabBar, QVBoxLayout, QWidget

from engine.model.association import Policy
from engine.model.commands import Listen, PeerSettings, RunProcedure
from engine.model.commitment import InstanceFate
from engine.model.notices import Outcome, StatusNotice
from engine.model.procedures.modality import AwaitCommitment, RequestCommitment
from engine.workspace.modality_records import Transaction, asked_for
from engine.workspace.placeholders import new_uid
from gui.forms.choices import CheckField
from gui.forms.entry_list import EntryList
from gui.forms.fields import NumberField
from gui.forms.header import icon_button, text_button
from gui.forms.references_form import ReferencesForm
from gui.models import redacted_rows
from gui.models.lists import EntryModel
from gui.models.modality_rows import FATE_COLUMNS, describe_transaction
from gui.models.rows import RowTableModel
from gui.models.tables import PlainTable
from gui.services_host import Runnable, ServicesHost
from gui.theme import SPACING

from .service_page import ServicePage

_PROMPT = "Drop files, a folder or a DICOMDIR here, or choose above: their instances are asked for."
_NO_TRANSACTIONS = "No commitment was asked for from here.<br>What is asked for is kept, also over a restart."
_OPEN = (Outcome.SUCCESS, Outcome.WARNING, Outcome.TIMED_OUT, Outcome.CANCELLED)
"""Outcomes after which the report may still come."""
_PORT, _SECONDS = 11115, 10
_LEAST = 130
"""Pixels of a list that can be read."""
_KEPT_WAIT, _KEPT_LISTEN, _KEPT_PORT = (
    "services/commitment/wait",
    "services/commitment/listen",
    "services/commitment/port",
)


class CommitmentPage(ServicePage):
    """Two views, switched at the top: asking, with its instances, and all transactions with theirs."""

    verb = "A&sk for commitment"

    def __init__(self, host: ServicesHost, parent: QWidget | None = None) -> None:
        super().__init__(host, parent)
        self._pending: Transaction | None = None
        self._last = ""
        """Transaction UID of what was asked for last from this page."""
        self.tabs = QTabBar(self)
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName("Ask, or what was asked for")
        for title in ("Ask", "Transactions"):
            self.tabs.addTab(title)
        self.sources = ReferencesForm(host, _PROMPT, self)
        self.sources.changed.connect(self._sources_changed)
        self.body.addWidget(self.tabs)
        self.body.addWidget(self.sources)
        self._make_waiting()
        self.finish_layout(self._make_results())
        self.tabs.currentChanged.connect(self._switched)
        host.desk.transactions_changed.connect(self._changed)
        host.session.listener_changed.connect(self._show_listening)
        self._show_listening()
        self.show_transactions()
        self._switched(0)

    def _make_waiting(self) -> None:
        store = self.host.store
        self.wait = NumberField("Wait for the report", 0, 7 * 86_400, self, unit="s")
        self.wait.set_value(_number(store.value(_KEPT_WAIT), _SECONDS))
        self.listen = CheckField("Listen for it on port", self)
        self.listen.set_value(str(store.value(_KEPT_LISTEN, "false")) == "true")
        self.port = NumberField("", 1, 65535, self)
        self.port.line.setAccessibleName("Port to listen on")
        self.port.set_value(_number(store.value(_KEPT_PORT), _PORT))
        self.listening = QLabel(self)
        self.listening.setProperty("role", "muted")
        self.listening.setWordWrap(True)
        own = QVBoxLayout()
        own.setSpacing(SPACING.small)
        own.addWidget(self.listen)
        own.addWidget(self.port)
        own.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(SPACING.large)
        row.addWidget(self.wait, 1, Qt.AlignmentFlag.AlignTop)
        row.addLayout(own, 1)
        self.body.addLayout(row)
        self.body.addWidget(self.listening)
        for field in (self.wait, self.listen, self.port):
            field.edited.connect(self._keep)

    def _make_results(self) -> QWidget:
        self.model = EntryModel[Transaction](describe_transaction, self, redact=redacted_rows.own_uid)
        self.list = EntryList(self.model, self, name="Transactions", many=False, movable=False)
        self.list.set_empty(_NO_TRANSACTIONS)
        self.list.chosen.connect(self._show_instances)
        self.list.add_action("&Forget", "Del", self.forget)
        self.list.setMinimumHeight(90)
        self.later_button = text_button(
            "Wait on a new a&ssociation",
            self.await_later,
            self,
            tip="Some providers report on the next association: open one and wait there",
        )
        self.forget_button = icon_button("delete", "Forget it: its report will be unknown", self.forget, self)
        self.instances = RowTableModel(FATE_COLUMNS, self, redact=redacted_rows.fate)
        self.table = PlainTable(self.instances, self, name="Instances of the transaction")
        self.table.set_empty("The instances and what becomes of each are listed here.")
        self.table.setMinimumHeight(90)
        self.buttons = QWidget(self)
        foot = QHBoxLayout(self.buttons)
        foot.setContentsMargins(0, 0, 0, 0)
        foot.setSpacing(SPACING.small)
        foot.addWidget(self.forget_button)
        foot.addStretch(1)
        foot.addWidget(self.later_button)
        splitter = QSplitter(Qt.Orientation.Vertical, self)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.list)
        splitter.addWidget(self.table)
        self.below = below = QWidget(self)
        below.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # takes what is left
        column = QVBoxLayout(below)
        column.setContentsMargins(0, SPACING.small, 0, 0)
        column.setSpacing(SPACING.normal)
        column.addWidget(splitter, 1)
        column.addWidget(self.buttons)
        return below

    def _switched(self, place: int) -> None:
        asking = place == 0
        parts: tuple[tuple[QWidget, bool], ...] = (
            (self.sources, asking),
            (self.wait, asking),
            (self.run_bar.run_button, asking),
            (self.steps, asking and bool(self.steps.model.records)),  # elsewhere only while one waits there
            (self.list, not asking),
            (self.buttons, not asking),
        )
        for part, shown in parts:
            part.setVisible(shown)
        self.below.setMinimumHeight(_LEAST if asking else 2 * _LEAST)
        self._show_listening()
        self._show_instances()

    def first_focus(self) -> QWidget:
        return self.sources.files_button if self.tabs.currentIndex() == 0 else self.list

    def _sources_changed(self) -> None:
        self._last = ""
        self._show_instances()
        self.refresh()

    # -- asking -------------------------------------------------------------------------------------------------

    def problem(self) -> str:
        if not hasattr(self, "table"):
            return ""  # the base asks while the page is being made
        if not self.sources.references:
            return "Say first which instances." if not self.sources.reading else "The files are being looked at."
        if not self.wait.is_valid() or (self.port.isEnabled() and not self.port.is_valid()):
            return "Mend what is marked first."
        return super().problem()

    def command(self) -> Runnable | None:
        proposal = self.host.proposal()
        found = tuple((r.sop_class_uid, r.sop_instance_uid) for r in self.sources.references)
        made = Transaction(uid=new_uid(), peer=proposal.peer, instances=asked_for(found), changed=_now())
        self._pending = made
        self.host.desk.keep_transaction(made)  # before it is sent: its report must find it
        self._last = made.uid
        self._select(made.uid)
        procedure = RequestCommitment(
            transaction_uid=made.uid, asked=made.asked, seconds=self._seconds(), listening=self._listens()
        )
        return RunProcedure(
            operation=0, association=0, proposal=proposal, procedure=procedure, listen=self._own_listener()
        )

    def await_later(self) -> None:
        """Open an association to the peer of the chosen transaction and wait for its report there."""
        chosen = self.list.current_record()
        if not isinstance(chosen, Transaction) or self.running:
            return
        self._pending = chosen
        procedure = AwaitCommitment(
            transaction_uid=chosen.uid,
            asked=chosen.asked,
            seconds=self._seconds() or _SECONDS,
            listening=self._listens(),
        )
        proposal = self.host.proposal_to(chosen.peer)
        self.submit(
            RunProcedure(
                operation=0, association=0, proposal=proposal, procedure=procedure, listen=self._own_listener()
            )
        )

    def _seconds(self) -> float:
        return float(self.wait.value() or 0)

    def _listens(self) -> bool:
        """Whether a report on a new association finds somebody here."""
        return self.host.session.listener.listening or self.listen.value()

    def _own_listener(self) -> Listen | None:
        """A listener while it runs, unless the built-in peer takes reports already."""
        if self.host.session.listener.listening or not self.listen.value():
            return None
        settings = PeerSettings(policy=Policy(local=self.host.proposal().local))
        return Listen(listener=0, port=int(self.port.value() or _PORT), settings=settings)

    # -- what came ----------------------------------------------------------------------------------------------

    def begun(self) -> None:
        self._allow()

    def ended(self, status: StatusNotice) -> None:
        made = self._pending
        known = self.host.desk.transaction(made.uid) if made is not None else None
        if known is not None and not known.reported and status.outcome not in _OPEN:
            self.host.desk.keep_transaction(replace(known, doubt=status.sentence))
        self._pending = None
        self.refresh()

    def _changed(self, told: object) -> None:
        self.show_transactions()
        if isinstance(told, Transaction) and told.reported:
            self._select(told.uid)

    def show_transactions(self) -> None:
        """The transactions of the workspace."""
        current = self.list.current_record()
        found = self.host.desk.transactions()
        self.model.set_records(found, reset=True)
        waiting = sum(not t.reported for t in found)
        self.tabs.setTabText(1, f"Transactions ({waiting} without a report)" if waiting else "Transactions")
        self._select(current.uid if isinstance(current, Transaction) else "")

    def _select(self, uid: str) -> None:
        places = [n for n, known in enumerate(self.model.records) if known.uid == uid]
        self.list.select_row(places[0] if places else 0)
        self._show_instances()

    def _show_instances(self, *_chosen: object) -> None:
        """Of the transaction chosen; while one asks, of what is or was asked for."""
        shown = self.list.current_record()
        fates: tuple[InstanceFate, ...] = ()
        if self.tabs.currentIndex() == 0:
            shown = next((t for t in self.model.records if t.uid == self._last), None)
            fates = asked_for((r.sop_class_uid, r.sop_instance_uid) for r in self.sources.references)
        self.instances.set_records(shown.instances if isinstance(shown, Transaction) else fates)
        self._allow()

    def forget(self) -> None:
        chosen = self.list.current_record()
        if isinstance(chosen, Transaction) and not self.running:
            self.host.desk.forget_transaction(chosen.uid)

    # -- what can be done now -----------------------------------------------------------------------------------

    def refresh(self) -> None:
        super().refresh()
        self._allow()

    def _allow(self) -> None:
        if not hasattr(self, "table"):
            return
        chosen = self.list.current_record()
        there = isinstance(chosen, Transaction) and not self.running
        self.forget_button.setEnabled(there)
        self.later_button.setEnabled(there and isinstance(chosen, Transaction) and not chosen.reported)

    def _show_listening(self, *_state: object) -> None:
        state, asking = self.host.session.listener, self.tabs.currentIndex() == 0
        for field in (self.listen, self.port):
            field.setVisible(asking and not state.listening)
        self.port.setEnabled(self.listen.value())
        self.listening.setText(f"A report on a new association finds the built-in peer on port {state.port}.")
        self.listening.setVisible(asking and state.listening)
        self.refresh()

    def _keep(self, *_value: object) -> None:
        store = self.host.store
        if self.wait.value() is not None:
            store.setValue(_KEPT_WAIT, self.wait.value())
        store.setValue(_KEPT_LISTEN, "true" if self.listen.value() else "false")
        if self.port.value() is not None:
            store.setValue(_KEPT_PORT, self.port.value())
        self._show_listening()


def _number(kept: object, usual: int) -> float:
    try:
        return float(str(kept))
    except ValueError:
        return usual


def _now() -> float:
    return datetime.now().astimezone().timestamp()
