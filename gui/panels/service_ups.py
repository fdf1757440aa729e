"""Unified procedure steps: the worklist, what can be done with a step, our claims, events (PS3.4 Annex CC)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from PySide6.QtWidgets import QSizePolicy, QTabWidget, QVBoxLayout, QWidget

from engine.model.commands import Retrieve, RunProcedure
from engine.model.dataset import DataSet
from engine.model.notice_words import commented
from engine.model.notices import MessageNotice, Notice, Outcome, StatusNotice
from engine.model.procedures import ups as p
from engine.model.procedures.base import Procedure
from engine.standard.messages import message_name
from engine.standard.status import status_text
from engine.standard.ups import CANCELED, COMPLETED, IN_PROGRESS, SCHEDULED, SUBSCRIBE
from engine.workspace.errors import WorkspaceError
from engine.workspace.placeholders import new_uid
from engine.workspace.ups_claims import Claim
from engine.workspace.ups_steps import now_text
from gui.forms.header import text_button
from gui.forms.ups_actions import StepActions
from gui.forms.ups_claimed import ClaimedList
from gui.forms.ups_dialogs import (
    AskCancelDialog,
    CancelDialog,
    CompleteDialog,
    NewStepDialog,
    ProgressDialog,
    StepDialog,
)
from gui.forms.ups_events import UpsEvents
from gui.forms.ups_list import StepList
from gui.forms.ups_question import UpsQuestion
from gui.models.ups_rows import LEARNT, EventRow, StepRow, received, step_row
from gui.services_host import Runnable, ServicesHost
from gui.theme import SPACING

from .service_page import NOTHING_CAME, ServicePage
from .step_dialogs import ItemDialog

INITIAL_EVENT = 5.0
"""Seconds the initial event of a subscribed step is waited for."""
_EMPTY = "Nothing was asked yet.<br><b>Find</b> asks for the worklist, <b>New step</b> puts something into it."
_NONE = "The provider has no such step.<br>Ask for another state, or create one with <b>New step</b>."


class UpsPage(ServicePage):
    """Find above; steps, claims and events below; what can be done with the current step at the bottom."""

    verb = "F&ind"

    def __init__(self, host: ServicesHost, parent: QWidget | None = None) -> None:
        super().__init__(host, parent)
        self._doing = ""
        self._about: StepRow | None = None
        self._asked: tuple[Claim, Claim | None] | None = None
        self._shown_data: DataSet | None = None
        self._new_uid = ""
        self._doers: dict[str, Callable[[StepRow], None]] = {
            "claim": self._claim,
            "progress": self._progress,
            "complete": self._complete,
            "cancel_step": self._cancel_step,
            "read": self._read,
            "subscribe": self._subscribe,
            "ask_cancel": self._ask_cancel,
            "watch": self._watch,
        }
        self._make_question()
        self.finish_layout(self._make_results())
        self.step_actions = StepActions(self.act, self)
        self.column.addWidget(self.step_actions)
        self._show_claims()

    # -- the parts ----------------------------------------------------------------------------------------------

    def _make_question(self) -> None:
        self.question = UpsQuestion(self.host.store, self)
        self.question.run_wanted.connect(self.start)
        self.new_button = text_button("New &step…", self.ask_new, self, icon="add", tip="Create a step (N-CREATE)")
        self.question.row.addWidget(self.new_button)
        self.body.addWidget(self.question)

    def _make_results(self) -> QWidget:
        self.list = StepList(self._own, self)
        self.list.counted.connect(self._counted)
        self.list.set_empty(_EMPTY)
        self.list.opened.connect(self._opened)
        self.claimed = ClaimedList(self.host.workspace.folder, self.host.questions, self)
        self.claimed.opened.connect(self._opened)
        self.claimed.forgotten.connect(self._show_claims)
        self.events = UpsEvents(self.host, self.question.matching, self.list.label_of, self)
        self.events.happened.connect(self._happened)
        self.events.changed.connect(self._allow)
        self.events.subscription_wanted.connect(self.change_subscription)
        self.events.opened.connect(self._go_to_step)
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setAccessibleName("Steps, those claimed, and events")
        for widget, title in (
            (self._padded(self.list), "Steps"),
            (self._padded(self.claimed), "Claimed"),
            (self.events, "Events"),
        ):
            self.tabs.addTab(widget, title)
        self.tabs.setMinimumHeight(150)
        self.tabs.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # takes what is left
        self.tabs.currentChanged.connect(self._allow)
        self.list.chosen.connect(self._allow)
        self.claimed.chosen.connect(self._allow)
        self.events.list.chosen.connect(self._allow)
        return self.tabs

    def _padded(self, inner: QWidget) -> QWidget:
        outer = QWidget(self)
        column = QVBoxLayout(outer)
        column.setContentsMargins(0, SPACING.small, 0, 0)
        column.addWidget(inner)
        return outer

    # -- finding ------------------------------------------------------------------------------------------------

    def command(self) -> Runnable | None:
        """C-FIND."""
        self._doing, self._about = "find", None
        return Retrieve(
            operation=0,
            association=0,
            proposal=self.host.proposal(),
            service="C-FIND",
            sop_class_uid=self.question.sop_class_uid,
            identifier=self.question.identifier(),
        )

    def begun(self) -> None:
        if self._doing == "find":
            self.list.clear_all()
            self.list.set_empty("")
            self.tabs.setCurrentIndex(0)
        self._shown_data = None
        self._allow()

    def _counted(self, number: object) -> None:
        self.tabs.setTabText(0, f"Steps ({number:,})" if number else "Steps")

    # -- acting -------------------------------------------------------------------------------------------------

    def current(self) -> StepRow | None:
        """The step the actions are about."""
        if self.tabs.currentIndex() == 1:
            claim = self.claimed.current()
            return self._row_of(claim.sop_instance_uid, claim.label) if claim is not None else None
        event = self.events.list.current_record() if self.tabs.currentIndex() == 2 else None
        if isinstance(event, EventRow) and not event.event.of_provider:
            return self._row_of(event.event.sop_instance_uid, event.label)
        return self.list.current()

    def act(self, name: str) -> None:
        """Do something with the current step."""
        row = self.current()
        if row is None or self.running or not self.step_actions.buttons[name].isEnabled():
            return
        self._about = row
        self._doers[name](row)

    def ask_new(self) -> None:
        if not self.new_button.isEnabled():
            return
        dialog = NewStepDialog(self.host, new_uid(), self._station(), self.window())
        dialog.made.connect(self._create)
        dialog.open()

    def _create(self, made: tuple[DataSet, str]) -> None:
        attributes, uid = made
        self._about, self._new_uid = replace(step_row(attributes, uid), state=SCHEDULED), uid
        self._run("create", p.CreateStep(attributes=attributes, sop_instance_uid=uid))

    def _claim(self, row: StepRow) -> None:
        peer, now = self.host.proposal().peer, datetime.now().astimezone().timestamp()
        claim = Claim(sop_instance_uid=row.uid, transaction_uid=new_uid(), peer=peer, label=row.label, claimed=now)
        try:
            before = self.claimed.claims.begin(claim)
        except WorkspaceError as error:
            self._say_problem(f"Nothing was sent: {error}")
            return
        self._asked = claim, before
        self._run("claim", p.ClaimStep(sop_instance_uid=row.uid, transaction_uid=claim.transaction_uid))

    def _progress(self, row: StepRow) -> None:
        self._ask(ProgressDialog(self.window()), self._set_progress)

    def _set_progress(self, changes: DataSet) -> None:
        row = self._about
        if row is not None:
            key = self._key(row)
            self._run("progress", p.SetStep(sop_instance_uid=row.uid, changes=changes, transaction_uid=key))

    def _complete(self, row: StepRow) -> None:
        claim = self._claim_of(row)
        since = datetime.fromtimestamp(claim.claimed).astimezone() if claim is not None and claim.claimed else None
        self._ask(CompleteDialog(self.host, self._station(), now_text(since), self.window()), self._set_completed)

    def _cancel_step(self, row: StepRow) -> None:
        self._ask(CancelDialog(self.window()), self._set_canceled)

    def _set_completed(self, made: tuple[DataSet, bool]) -> None:
        self._finish("complete", COMPLETED, made)

    def _set_canceled(self, made: tuple[DataSet, bool]) -> None:
        self._finish("cancel_step", CANCELED, made)

    def _finish(self, doing: str, state: str, made: tuple[DataSet, bool]) -> None:
        row = self._about
        if row is not None:
            attributes, check = made
            self._run(
                doing,
                p.FinishStep(
                    sop_instance_uid=row.uid,
                    transaction_uid=self._key(row),
                    state=state,
                    attributes=attributes,
                    check=check,
                ),
            )

    def _read(self, row: StepRow) -> None:
        self._run("read", p.ReadStep(sop_instance_uid=row.uid))

    def _ask_cancel(self, row: StepRow) -> None:
        self._ask(AskCancelDialog(self.window()), self._request_cancel)

    def _request_cancel(self, information: DataSet) -> None:
        if self._about is not None:
            self._run("ask_cancel", p.RequestCancel(sop_instance_uid=self._about.uid, information=information))

    def _subscribe(self, row: StepRow) -> None:
        self.change_subscription(SUBSCRIBE, row.uid)

    def change_subscription(self, action: int, uid: str = "") -> None:
        """Subscribe, unsubscribe or suspend. uid "": the current step."""
        row = self.current() if not uid else StepRow(uid=uid)
        if row is None or self.running or self.problem():
            return
        options, own = self.events.options, self.host.proposal().local.ae_title
        asked = p.ChangeSubscription(
            action=action,
            receiving_ae=options.receiver or own,
            sop_instance_uid=row.uid,
            deletion_lock=options.lock,
            seconds=0.0 if options.receiver and options.receiver != own else INITIAL_EVENT,
        )
        self._about = row
        self._run("subscription", asked)

    def _watch(self, row: StepRow) -> None:
        self.tabs.setCurrentWidget(self.events)
        self.events.watch(row.uid, row.title)

    def _ask(self, dialog: StepDialog, then: object) -> None:
        dialog.made.connect(then)
        dialog.open()

    def _run(self, doing: str, procedure: Procedure) -> None:
        if self.running or self.problem():
            return
        self._doing = doing
        self.submit(RunProcedure(operation=0, association=0, proposal=self.host.proposal(), procedure=procedure))

    # -- what came ----------------------------------------------------------------------------------------------

    def take(self, notices: tuple[Notice, ...]) -> None:
        if self.operation is None or not self.running:
            return
        found: list[DataSet] = []
        for notice in notices:
            if isinstance(notice, MessageNotice) and notice.operation == self.operation:
                data = received(notice)
                name = message_name(notice.command.command_field)
                if data is not None and name == "C-FIND-RSP":
                    found.append(data)
                elif data is not None and name == "N-GET-RSP":
                    self._shown_data = data
                if name == "N-CREATE-RSP" and notice.command.sop_instance_uid:
                    self._new_uid = notice.command.sop_instance_uid
        if found:
            self.list.add(found)
        self.steps.setVisible(len(self.steps.model.records) > 1)

    def ended(self, status: StatusNotice) -> None:
        good = status.outcome in (Outcome.SUCCESS, Outcome.WARNING)
        if self._doing == "find":
            self._find_ended(status)
        elif self._about is not None:
            try:
                self._step_ended(self._about, status.outcome, good)
            except WorkspaceError as error:
                self._say_problem(str(error))
        self._show_claims()

    def _find_ended(self, status: StatusNotice) -> None:
        number = self.list.rows.rowCount()
        self.list.set_empty(_NONE if status.status is not None else NOTHING_CAME)
        if status.status is not None:
            words = status_text(status.status, status.service, status.sop_class_uid)
            told = f"{number:,} step{'' if number == 1 else 's'} · {words}{commented(status.error_comment)}."
            self.run_bar.show_end(replace(status, sentence=told, verdict=""))
        if number:
            self.list.setFocus()

    def _step_ended(self, row: StepRow, outcome: Outcome, good: bool) -> None:
        doing = self._doing
        self._note_end(row, outcome, good)
        state = {"claim": IN_PROGRESS, "complete": COMPLETED, "cancel_step": CANCELED}.get(doing, "") if good else ""
        status = next((s for s in LEARNT if f"{s:04X}H" in self.run_bar.sentence.text()), None)
        if status is not None:
            state = LEARNT[status]
        changed = row.with_state(state)
        if doing == "create" and good and self._new_uid:
            self.tabs.setCurrentIndex(0)
            self.list.put_first(replace(row, uid=self._new_uid))
            return
        if self._shown_data is not None:
            changed = step_row(self._shown_data, row.uid).with_state(state)
        self.list.update_row(changed)
        if doing == "read" and good and self._shown_data is not None:
            ItemDialog(self._shown_data, self.window(), row.title).open()

    def _note_end(self, row: StepRow, outcome: Outcome, good: bool) -> None:
        """What it changes of our claims and our subscription."""
        if self._doing == "claim" and self._asked is not None:
            self.claimed.claims.conclude(self._asked[0], outcome, self._asked[1])
            self._asked = None
        elif self._doing == "subscription" and good:
            self.events.say_subscription(self.run_bar.sentence.text())
        elif self._doing in ("complete", "cancel_step") and good:
            self.claimed.claims.forget(row.uid, self.host.proposal().peer)

    def _happened(self, row: object) -> None:
        """An event tells of a step: its row follows."""
        if isinstance(row, EventRow) and row.event.state:
            self.list.update_row(StepRow(uid=row.event.sop_instance_uid, state=row.event.state))
            self._allow()
        number = len(self.events.model.records)
        self.tabs.setTabText(2, f"Events ({number:,})")

    # -- our claims ---------------------------------------------------------------------------------------------

    def _show_claims(self) -> None:
        """The claims as the file has them, and which steps are ours."""
        self.claimed.load()
        number = len(self.claimed.known)
        self.tabs.setTabText(1, f"Claimed ({number})" if number else "Claimed")
        self.list.look_again()
        self._allow()

    def _claim_of(self, row: StepRow) -> Claim | None:
        return self.claimed.of(row.uid, self.host.proposal().peer.ae_title) if self.host.has_peer() else None

    def _key(self, row: StepRow) -> str:
        claim = self._claim_of(row)
        return claim.transaction_uid if claim is not None else ""

    def _own(self, row: StepRow) -> StepRow:
        return replace(row, ours=self._claim_of(row) is not None)

    def _row_of(self, uid: str, label: str) -> StepRow:
        """The row of a step: that of the list where it is in it."""
        row = self._own(StepRow(uid=uid, label=label))
        return self.list.find_row(uid) or row.with_state(IN_PROGRESS if row.ours else "")

    # -- the rest -----------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        super().refresh()
        if hasattr(self, "step_actions"):
            self._show_claims()  # of another provider perhaps

    def _allow(self, *_changed: object) -> None:
        """Grey what cannot be done now."""
        if not hasattr(self, "step_actions"):
            return
        hindrance = "Wait for the end of what is under way." if self.running else self.problem()
        taken = {"watch": "Something is watched already: stop that first."} if self.events.watching else {}
        self.step_actions.show_row(self.current(), hindrance, taken)
        self.new_button.setEnabled(not hindrance)

    def _opened(self, _record: object) -> None:
        """Return on a step: claim what is free, else its details."""
        row = self.current()
        self.act("claim" if row is not None and row.state == SCHEDULED else "read")

    def _go_to_step(self, event: object) -> None:
        """Return on an event: its step in the list."""
        if isinstance(event, EventRow) and self.list.select(event.event.sop_instance_uid):
            self.tabs.setCurrentIndex(0)
            self.list.setFocus()

    def _station(self) -> str:
        title = self.host.proposal().local.ae_title
        return f"{title}^99DIMSECONSOLE^{title}"

    def _say_problem(self, sentence: str) -> None:
        self.run_bar.show_verdict(sentence, "failure", "failure")
