"""The modality worklist and the performed procedure steps made from it (PS3.4 Annexes K and F)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QSizePolicy, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from engine.model.commands import Retrieve, RunProcedure
from engine.model.dataset import DataSet
from engine.model.notices import Direction, MessageNotice, Notice, Outcome, StatusNotice
from engine.model.procedures.modality import ChangePerformedStep, CreatePerformedStep
from engine.model.whole_numbers import counted
from engine.standard.performed_steps import COMPLETED, DISCONTINUED, IN_PROGRESS
from engine.standard.status import status_text
from engine.trace.explain import PreviewError, data_set_of
from engine.workspace.errors import ValueProblem
from engine.workspace.modality_records import StepRecord
from engine.workspace.placeholders import new_uid
from engine.workspace.worklist import WORKLIST, WorklistItem
from gui.forms.entry_list import EntryList
from gui.forms.header import icon_button, text_button
from gui.forms.query_form import QueryForm
from gui.models import redacted_rows
from gui.models.lists import EntryModel
from gui.models.modality_rows import describe_item, describe_performed
from gui.services_host import Runnable, ServicesHost
from gui.theme import SPACING

from .service_page import NOTHING_CAME, ServicePage
from .step_dialogs import BeginStepDialog, EndStepDialog, ItemDialog

_EMPTY = "Nothing was asked yet.<br>Press <b>Return</b> in a field, or <b>Find</b>; leave all fields empty to see all."
_NONE = "The worklist has no such item.<br>Other days, or fewer values, match more."
_NO_STEPS = "No step was begun from here.<br>Begin one from a worklist item, or one that was not scheduled."
_KEPT = "services/mpps/keys"
_ASKED_ONLY = ("PatientID", "AccessionNumber")
"""Usual keys that are asked for and seldom matched by."""
MOST_ITEMS = 5_000
"""Items listed: more than anybody picks from; a narrower query shows the others."""
_ANSWERED = (Outcome.SUCCESS, Outcome.WARNING)
_UNANSWERED = (Outcome.ABORTED, Outcome.TIMED_OUT)


class StepsPage(ServicePage):
    """Two views, switched at the top: the worklist with its query, and the steps in work."""

    verb = "Fin&d"

    def __init__(self, host: ServicesHost, parent: QWidget | None = None) -> None:
        super().__init__(host, parent)
        self._pending: StepRecord | None = None
        """The step as it is when the request under way succeeds."""
        self._found: list[WorklistItem] = []
        self.dialog: QDialog | None = None
        self.tabs = QTabBar(self)
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName("Worklist or performed steps")
        for title in ("Worklist", "Performed steps"):
            self.tabs.addTab(title)
        self.form = QueryForm(self)
        self.form.start(WORKLIST)
        for path in _ASKED_ONLY:
            self.form.remove(path, keep=True)
        self._restore()
        self.form.edited.connect(self._keep)
        self.form.run_wanted.connect(self.start)
        self.body.addWidget(self.tabs)
        self.body.addWidget(self.form)
        self.stack = QStackedWidget(self)
        self.stack.setMinimumHeight(160)
        self.stack.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # takes what is left
        self.stack.addWidget(self._make_worklist())
        self.stack.addWidget(self._make_steps())
        self.finish_layout(self.stack)
        self.tabs.currentChanged.connect(self._switched)
        host.desk.steps_changed.connect(self.show_steps)
        self.show_steps()

    # -- the parts ----------------------------------------------------------------------------------------------

    def _make_worklist(self) -> QWidget:
        self.items = EntryModel[WorklistItem](describe_item, self)
        self.worklist = EntryList(self.items, self, name="Worklist items", lead_sample="MMM", many=False, movable=False)
        self.worklist.set_empty(_EMPTY)
        self.worklist.opened.connect(self.begin_from)
        self.worklist.chosen.connect(self._allow)
        self.begin_button = text_button(
            "Be&gin…", self.begin_selected, self, tip="N-CREATE from the selected item (Return)"
        )
        self.unscheduled_button = text_button(
            "Un&scheduled…", self.begin_unscheduled, self, tip="N-CREATE of a step that is in no worklist"
        )
        self.item_button = text_button("Item…", self.show_item, self, tip="Every attribute of the selected item")
        return _with_buttons(self.worklist, self.item_button, None, self.unscheduled_button, self.begin_button)

    def _make_steps(self) -> QWidget:
        self.model = EntryModel[StepRecord](describe_performed, self, redact=redacted_rows.own_uid)
        self.list = EntryList(self.model, self, name="Performed steps", many=False, movable=False)
        self.list.set_empty(_NO_STEPS)
        self.list.opened.connect(self.complete)
        self.list.chosen.connect(self._allow)
        self.complete_button = text_button(
            "Complete &step…", self.complete, self, tip="N-SET to COMPLETED, with what was acquired (Return)"
        )
        self.discontinue_button = text_button(
            "&Discontinue…", self.discontinue, self, tip="N-SET to DISCONTINUED, with the reason"
        )
        self.forget_button = icon_button("delete", "Forget the step here; nothing is sent", self.forget, self)
        self.list.add_action("&Forget", "Del", self.forget)
        return _with_buttons(self.list, self.forget_button, None, self.discontinue_button, self.complete_button)

    def _switched(self, place: int) -> None:
        self.stack.setCurrentIndex(place)
        self.form.setVisible(place == 0)
        self.run_bar.run_button.setVisible(place == 0)

    def _keep(self) -> None:
        """Remember what is matched by."""
        typed = [f"{path}={value}" for path, value in self.form.values().items() if value]
        self.host.store.setValue(_KEPT, typed)

    def _restore(self) -> None:
        kept = self.host.store.value(_KEPT, [])
        for text in [kept] if isinstance(kept, str) else kept if isinstance(kept, list) else []:
            path, _, value = str(text).partition("=")
            with suppress(ValueProblem):
                self.form.set_value(path, value)

    def first_focus(self) -> QWidget:
        return self.form.first_field() if self.tabs.currentIndex() == 0 else self.list

    # -- the worklist -------------------------------------------------------------------------------------------

    def command(self) -> Runnable | None:
        self._pending = None
        return Retrieve(
            operation=0,
            association=0,
            proposal=self.host.proposal(),
            service="C-FIND",
            sop_class_uid=WORKLIST,
            identifier=self.form.identifier(),
        )

    def begun(self) -> None:
        if self._pending is None:
            self._found = []
            self.items.set_records((), reset=True)
            self.worklist.set_empty("")
        self._allow()

    def take(self, notices: tuple[Notice, ...]) -> None:
        if self._pending is not None or self.operation is None:
            return
        found = [item for notice in notices if (item := self._item_of(notice)) is not None]
        if found and len(self._found) < MOST_ITEMS:
            self._found = [*self._found, *found][:MOST_ITEMS]
            self.items.set_records(self._found, reset=True)
            self.worklist.select_row(0)

    def _item_of(self, notice: Notice) -> WorklistItem | None:
        """The item of a pending C-FIND-RSP of this page's query."""
        if not isinstance(notice, MessageNotice) or notice.operation != self.operation or notice.data is None:
            return None
        if notice.direction is not Direction.RECEIVED or notice.abstract_syntax != WORKLIST:
            return None
        try:
            return WorklistItem(data_set_of(notice.data, notice.transfer_syntax, notice.limits))
        except PreviewError as error:
            self.host.say(f"A worklist item cannot be read: {error}", "warning")
            return None

    def show_item(self) -> None:
        """Every attribute of the selected item."""
        item = self.worklist.current_record()
        if isinstance(item, WorklistItem):
            self._show(ItemDialog(item.data, self.window()))

    # -- beginning ----------------------------------------------------------------------------------------------

    def begin_selected(self) -> None:
        item = self.worklist.current_record()
        if isinstance(item, WorklistItem):
            self.begin_from(item)

    def begin_unscheduled(self) -> None:
        self.begin_from(None)

    def begin_from(self, item: object) -> None:
        """Show what a step from this WorklistItem (None: of no worklist) will say, and begin it on a word."""
        if self.running or self.problem():
            return
        title = self.host.proposal().local.ae_title
        found = item.data if isinstance(item, WorklistItem) else None
        dialog = BeginStepDialog(found, title, self.window())
        dialog.saved.connect(self._begin)
        self._show(dialog)

    def _begin(self, attributes: object) -> None:
        assert isinstance(attributes, DataSet)
        proposal, uid = self.host.proposal(), new_uid()
        procedure = CreatePerformedStep(sop_instance_uid=uid, attributes=attributes)
        self._pending = StepRecord(uid=uid, peer=proposal.peer, attributes=attributes, changed=_now())
        self.submit(RunProcedure(operation=0, association=0, proposal=proposal, procedure=procedure))

    # -- ending -------------------------------------------------------------------------------------------------

    def complete(self, _record: object = None) -> None:
        self._ask_end(COMPLETED)

    def discontinue(self) -> None:
        self._ask_end(DISCONTINUED)

    def _ask_end(self, state: str) -> None:
        step = self.list.current_record()
        if isinstance(step, StepRecord) and not self.running:
            dialog = EndStepDialog(step, state, self.host, self.window())
            dialog.saved.connect(partial(self._end, step, state))
            self._show(dialog)

    def _end(self, step: StepRecord, state: str, changes: object) -> None:
        assert isinstance(changes, DataSet)
        merged = step.attributes.merged(changes)
        self._pending = replace(step, state=state, attributes=merged, changed=_now())
        procedure = ChangePerformedStep(sop_instance_uid=step.uid, changes=changes)
        proposal = self.host.proposal_to(step.peer)
        self.submit(RunProcedure(operation=0, association=0, proposal=proposal, procedure=procedure))

    def forget(self) -> None:
        step = self.list.current_record()
        if isinstance(step, StepRecord) and not self.running:
            self.host.desk.forget_step(step.uid)

    # -- what came ----------------------------------------------------------------------------------------------

    def ended(self, status: StatusNotice) -> None:
        if self._pending is None:
            self.worklist.set_empty(_NONE if status.outcome is Outcome.SUCCESS else NOTHING_CAME)
            self._say_found(status)
        else:
            self._settle(self._pending, status)
            self._pending = None
        self._allow()

    def _say_found(self, status: StatusNotice) -> None:
        if status.outcome in _ANSWERED:
            count = len(self._found)
            beyond = status.responses - count
            more = f", {beyond:,} more not shown" if beyond > 0 else ""
            words = status_text(status.status or 0, status.service, status.sop_class_uid)
            self.run_bar.show_end(replace(status, sentence=f"{counted(count, 'item')}{more} · {words}."))

    def _settle(self, step: StepRecord, status: StatusNotice) -> None:
        """Keep the step as far as the outcome tells; what was refused or never sent changes nothing."""
        if status.outcome in _ANSWERED:
            self.host.desk.keep_step(replace(step, doubt=""))
        elif status.outcome in _UNANSWERED:
            self.host.desk.keep_step(replace(step, doubt="No answer came."))
        else:
            return
        self.tabs.setCurrentIndex(1)
        places = [n for n, known in enumerate(self.model.records) if known.uid == step.uid]
        self.list.select_row(places[0] if places else 0)
        self.list.setFocus()

    def show_steps(self) -> None:
        """The steps of the workspace."""
        current = self.list.current_record()
        steps = self.host.desk.steps()
        self.model.set_records(steps, reset=True)
        going = sum(step.state == IN_PROGRESS for step in steps)
        self.tabs.setTabText(1, f"Performed steps ({going} in progress)" if going else "Performed steps")
        uid = current.uid if isinstance(current, StepRecord) else ""
        self.list.select_row(next((n for n, step in enumerate(steps) if step.uid == uid), 0))
        self._allow()

    def refresh(self) -> None:
        super().refresh()
        self._allow()

    def _allow(self, *_changed: object) -> None:
        if not hasattr(self, "list"):
            return  # the base asks while the page is being made
        free = not self.running and not self.problem()
        chosen = self.worklist.current_record() is not None
        self.begin_button.setEnabled(free and chosen)
        self.unscheduled_button.setEnabled(free)
        self.item_button.setEnabled(chosen)
        step = self.list.current_record()
        for button in (self.complete_button, self.discontinue_button, self.forget_button):
            button.setEnabled(not self.running and isinstance(step, StepRecord))

    def _show(self, dialog: QDialog) -> None:
        self.dialog = dialog
        dialog.finished.connect(self._closed)
        dialog.open()

    def _closed(self) -> None:
        self.dialog = None


def _with_buttons(view: QWidget, *buttons: QWidget | None) -> QWidget:
    """A view with a row of buttons below; None is the space between those at the left and those at the right."""
    whole = QWidget()
    row = QHBoxLayout()
    row.setSpacing(SPACING.small)
    for button in buttons:
        if button is None:
            row.addStretch(1)
        else:
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, SPACING.small, 0, 0)
    column.setSpacing(SPACING.normal)
    column.addWidget(view, 1)
    column.addLayout(row)
    return whole


def _now() -> float:
    return datetime.now().astimezone().timestamp()
