"""The window: four panels, a toolbar that reads as the work goes, and the wires between panels and session."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

from engine.model.association import Peer, Proposal
from engine.model.commands import Outgoing
from engine.model.notices import EngineNotice, MessageNotice, Notice, StatusNotice
from engine.workspace.workspace import Workspace

from .abilities import abilities
from .answering import Answering
from .arrangement import PANELS, Arrangement, settings_file
from .bridge import Bridge
from .built_in_peer import BuiltInPeer
from .closing import Closing
from .copying import Copying
from .dialogs import Questions
from .finding import Finder
from .forms.tab_order import first_stop, in_order, step_focus
from .handlers import handlers
from .judging import Judging
from .mending import Mending
from .models.peers import peer_name
from .models.waiver_book import WaiverBook
from .opening import Opening
from .panels.ae_panel import AEPanel
from .panels.builder_drafts import Drafts
from .panels.builder_panel import BuilderPanel
from .panels.log_panel import LogPanel
from .panels.services_panel import ServicesPanel
from .panels.trace_panel import TracePanel
from .report import tell_defect
from .services_host import ServicesHost
from .session import AssociationRecord, EchoReport, Session
from .shortcuts import Actions
from .silence import Silence
from .sound import sound
from .status_line import StatusLine
from .theme import SPACING, theme
from .theme_choice import ThemeChoice
from .toolbar import ToolBar
from .workbench import Workbench

if TYPE_CHECKING:
    from engine.trace.redaction.redaction import Redaction
_TAKEN = (MessageNotice, EngineNotice)


class MainWindow(QMainWindow):
    """Builds the panels over a workspace and a bridge. `ended` when the engine has stopped and all is closed."""

    ended = Signal()

    def __init__(self, workspace: Workspace, bridge: Bridge, questions: Questions | None = None) -> None:
        super().__init__()
        self.setWindowTitle("DIMSE Console")
        self.setWindowIcon(theme().icon("app"))
        self.workspace, self.bridge = workspace, bridge
        self.questions = questions or Questions(self)
        self.session = Session(bridge, self)
        self.store = settings_file(str(workspace.folder))
        self._closing: Closing | None = None
        self._closed = self._lose_unsaved = False
        self._make_panels(workspace)
        self._make_helpers(workspace)
        self._lay_out()
        self.actions_by_name.fill(self.menuBar())
        self.theme_choice.follow(self.actions_by_name)
        self.answering.follow(self.actions_by_name["auto_answer"])
        self.actions_by_name.connect_all(handlers(self))
        self._connect()
        self.arrangement.restore()
        self._show_which_panels()
        self._peer_changed(self.ae.current_peer)
        self._current_changed(None)
        self._proposal_changed()
        for problem in (*workspace.problems, *self.drafts.restore()):
            self.say(str(problem), "warning")

    # -- building -----------------------------------------------------------------------------------------------

    def _make_panels(self, workspace: Workspace) -> None:
        """The panels, and the actions that show them and are shown by them."""
        self.ae = AEPanel(workspace, self.questions, self)
        self.silence = Silence(self.bridge, self.questions, self)
        self.builder = BuilderPanel(self, questions=self.questions, store=self.store, limits=lambda: workspace.limits)
        self.waivers = WaiverBook(workspace, self)
        self.mending = Mending(self.ae, self.session, self)
        self.trace = TracePanel(self, book=self.waivers, can_mend=self.mending.can)
        self.log = LogPanel(self)
        self.log.model.set_diagnoses(self.trace.diagnoses)
        self.actions_by_name = Actions(self, self.builder.commands())

    def _make_helpers(self, workspace: Workspace) -> None:
        """What works between the panels, and what stands around them."""
        self.answering = Answering(self.session, self.builder, self.log, self.store, self)
        reveal = partial(self.actions_by_name["show_trace"].setChecked, True)
        self.judging = Judging(self.waivers, self.trace, self.log, self.questions, reveal, self)
        self.theme_choice = ThemeChoice(self.store, self)
        self.copying = Copying(self)
        self.toolbar = ToolBar(self.ae.peers_model, self.actions_by_name, self)
        self.built_in = BuiltInPeer(self.session, self.ae, workspace, self.questions, self)
        self.host = ServicesHost(self.session, self.ae, workspace, self.questions, self.store, self)
        self.services = ServicesPanel(self.host)
        self.workbench = Workbench(self.builder, self.services, self.store)
        panels: dict[str, QWidget] = {"ae": self.ae, "builder": self.workbench, "trace": self.trace, "log": self.log}
        self.arrangement = Arrangement(panels, {"ae": self.ae.splitter}, self, self.store)
        self.opening = Opening(self)
        self.finder = Finder(
            self.actions_by_name,
            self.ae,
            workspace,
            self.opening.open_message,
            self.opening.take_message,
            self.opening.start_message,
            self,
        )
        self.drafts = Drafts(self.builder, workspace.folder, self.store, self)

    def _lay_out(self) -> None:
        inner = QWidget(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.toolbar)
        body = QVBoxLayout()
        body.setContentsMargins(SPACING.large, 0, SPACING.large, SPACING.small)
        body.addWidget(self.arrangement.outer)
        column.addLayout(body, 1)
        self.setCentralWidget(inner)
        self.status = StatusLine(self)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().setContentsMargins(SPACING.large, 0, SPACING.large, SPACING.hair)
        self.statusBar().addWidget(self.status, 1)

    def _connect(self) -> None:
        session, ae = self.session, self.ae
        session.notices.connect(self._notices)
        session.current_changed.connect(self._current_changed)
        session.echo_started.connect(self._echo_started)
        session.echo_finished.connect(self._echo_finished)
        session.listener_changed.connect(self._listener_changed)
        session.operation_started.connect(self._operation_started)
        session.operation_ended.connect(self._operation_ended)
        session.said.connect(self.say)
        ae.echo_requested.connect(session.echo)
        ae.associate_requested.connect(session.associate)
        ae.peer_changed.connect(self._peer_changed)
        ae.proposal_changed.connect(self._proposal_changed)
        ae.failed.connect(self._failed)
        self.toolbar.peer_chosen.connect(ae.peers.list.select_row)
        self.toolbar.associations_wanted.connect(self._list_associations)
        self.toolbar.association_chosen.connect(session.make_current)
        self.builder.send_requested.connect(self._send_requested)
        self.builder.said.connect(self.say)
        self.builder.cancel_requested.connect(session.cancel)
        self.log.cancel_requested.connect(session.cancel)
        self.log.echo_requested.connect(self.first_echo)
        self.log.row_selected.connect(self.trace.show_target)
        self.log.said.connect(self.say)
        self.trace.association_shown.connect(self.log.set_shown_association)
        self.trace.banner.mend_wanted.connect(self.mending.apply)
        self.mending.said.connect(self.say)
        self.mending.service_wanted.connect(self.show_service)
        self.mending.listen_wanted.connect(self.built_in.listen_at)
        self.answering.said.connect(self.say)
        self.host.said.connect(self.say)
        self.host.target_chosen.connect(self.trace.show_target)
        self.judging.said.connect(self.say)
        self.builder.association_wanted.connect(self._answering)
        theme().changed.connect(self._theme_changed)

    # -- what the user asks for ---------------------------------------------------------------------------------

    def echo(self) -> None:
        """C-ECHO at the selected peer."""
        if self.ae.current_peer is None:
            self.say("No peer is selected: add one first.", "warning")
            return
        self.session.echo(self.ae.proposal())

    def first_echo(self) -> None:
        """Select the built-in peer, start it if it does not run, and echo it."""
        if self.session.listener.listening:
            self.built_in.start(introduce=True)
            self.echo()
            return
        self.built_in.ready.connect(self.echo, Qt.ConnectionType.SingleShotConnection)
        self.built_in.start(introduce=True)

    def focus_echo(self) -> None:
        """Put the keyboard on Echo: the first thing to do."""
        self.toolbar.buttons["echo"].setFocus(Qt.FocusReason.OtherFocusReason)
        # After what is still to be said of the listener that has just started.
        ready = "Ready: press Echo (F5). The built-in peer runs on this computer and answers at once."
        QTimer.singleShot(0, self, partial(self.say, ready, "text"))

    def associate(self) -> None:
        """Open an association with the selected peer and hold it."""
        if self.ae.current_peer is None:
            self.say("No peer is selected: add one first.", "warning")
        elif not self.ae.contexts.model.records:
            self.say("No presentation context is chosen: an association needs at least one.", "warning")
        else:
            self.ae.associate()

    def cancel(self) -> None:
        """Stop the operation started last."""
        running = self.session.running_operations
        if running:
            self.session.cancel(max(running))

    def teach(self, redaction: Redaction) -> None:
        """The names, IDs, files and peers that have been seen here, so that sentences do not tell them."""
        from .models.log_redaction import teach

        teach(redaction, self.log.model.feed)

    def show_service(self, name: str) -> None:
        """Show a page of the services and put the keyboard into it."""
        self.services.show_page(name)
        self.focus_panel("services")

    def focus_panel(self, name: str) -> None:
        """Show a panel and put the keyboard into it."""
        if name in ("builder", "services"):
            self.workbench.show_panel(name)
        self.actions_by_name["show_builder" if name == "services" else f"show_{name}"].setChecked(True)
        places = {
            "ae": self.ae.peers.list if self.ae.tabs.currentWidget() is self.ae.peers else self.ae.tabs.currentWidget(),
            "builder": self.builder,
            "services": self.services.page.first_focus(),
            "trace": self.trace,
            "log": self.log.table,
        }
        first_stop(places[name]).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def filter_log(self) -> None:
        self.actions_by_name["show_log"].setChecked(True)
        self.log.filter_line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.log.filter_line.selectAll()

    def restore_panels(self) -> None:
        self.arrangement.usual()
        self._show_which_panels()

    def show_report(self, text: str, words: str = "") -> None:
        """Something in the program itself went wrong. words: what, where it is known."""
        self.questions.report(self, text, words)

    def follow_report(self, text: str, words: str) -> None:
        """What became of what a report that is still open tells of."""
        self.questions.follow_report(self, text, words)

    def say(self, sentence: str, role: str) -> None:
        """A line in the status bar, in the colour of a theme role."""
        self.status.say(sentence, role)

    # -- what happens -------------------------------------------------------------------------------------------

    def _notices(self, batch: tuple[Notice, ...]) -> None:
        for add_notices in (self.log.add_notices, self.trace.add_notices):
            try:
                add_notices(batch)
            except Exception:  # noqa: BLE001 - the others are to have them all the same
                tell_defect()
        for notice in batch:
            if isinstance(notice, _TAKEN):
                try:
                    self._notice(notice)
                except Exception:  # noqa: BLE001 - as above
                    tell_defect()

    def _notice(self, notice: MessageNotice | EngineNotice) -> None:
        if isinstance(notice, MessageNotice):
            self.builder.add_response(notice)
            self.answering.take(notice)
        else:
            self.silence.take(notice)

    def _theme_changed(self) -> None:
        self.setWindowIcon(theme().icon("app"))

    def _answering(self, _association: object) -> None:
        self.workbench.show_panel("builder")
        self.actions_by_name["show_builder"].setChecked(True)

    def _current_changed(self, record: AssociationRecord | None) -> None:
        self.toolbar.pill.show_record(record)
        established = record is not None and record.established
        negotiated = record.negotiated if record is not None and established else None
        self.builder.set_negotiated(negotiated, record.association if record is not None and negotiated else None)
        self._enable()

    def _list_associations(self) -> None:
        self.toolbar.list_associations(self.session.current, self.session.open_records())

    def _echo_started(self, proposal: Proposal) -> None:
        self.say(f"Echo to {peer_name(proposal.peer)} …", "muted")
        self.ae.echo_started(proposal.peer)

    def _echo_finished(self, report: EchoReport) -> None:
        self.ae.echo_reported(report)
        self._enable()

    def _listener_changed(self, _state: object) -> None:
        self.toolbar.show_listener(self.session.listener)
        if self.opening.emulators is not None:
            self.opening.emulators.set_place(self.built_in.settings.peer.folder)
        self._enable()

    def _send_requested(self, message: Outgoing, one_shot: bool) -> None:
        proposal = self.builder.proposal_for(self.ae.proposal()) if one_shot else None
        operation = self.session.send(message, proposal)
        if operation is not None:
            self.builder.operation_started(operation)

    def _operation_started(self, _operation: int) -> None:
        self._enable()

    def _operation_ended(self, notice: StatusNotice) -> None:
        self.builder.operation_ended(notice)
        self._enable()

    def _peer_changed(self, peer: Peer | None) -> None:
        self.toolbar.show_peer(self.ae.peers_model.row_named(peer_name(peer)) if peer is not None else -1)
        self._enable()

    def _proposal_changed(self) -> None:
        self.builder.set_proposal(self.ae.proposal())

    def _failed(self, sentence: str) -> None:
        self.say(sentence, "failure")

    def _enable(self) -> None:
        """What can be done now, and what comes next: the first echo of a peer, then sending."""
        peer = self.ae.current_peer is not None
        for name, on in abilities(self.session, peer=peer).items():
            self.actions_by_name[name].setEnabled(on)
        row, records = self.toolbar.peer.currentIndex(), self.ae.peers_model.records
        first = 0 <= row < len(records) and records[row].echo is None and self.session.current is None
        self.toolbar.buttons["echo"].set_next(first)
        self.builder.set_next(not first)

    def _show_which_panels(self) -> None:
        for name in PANELS:
            self.actions_by_name[f"show_{name}"].setChecked(self.arrangement.is_shown(name))

    @sound
    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes as the window is laid out, not as its parts were made: some are made late."""
        inner = self.centralWidget()
        stops = () if inner is None else tuple(in_order(inner))
        return step_focus(stops, forward, around=True) or super().focusNextPrevChild(forward)

    # -- the end ------------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close in steps: release what is open, abort what does not answer, stop the engine, then go."""
        if self._closed:
            super().closeEvent(event)
            return
        event.ignore()
        if self._closing is not None:
            return
        lost = self._not_kept()
        if lost and not self._lose_unsaved:
            names = ", ".join(f"“{name}”" for name in lost)
            were = "was" if len(lost) == 1 else "were"
            text = f"{names} {were} changed and not saved, and cannot be kept for the next time."
            self.questions.ask(self, "Close the window?", text, "Close without saving", self._close_anyway)
            return
        for last in (self.ae.flush, self.ae.show_peers, self.arrangement.save):
            try:
                last()
            except Exception:  # noqa: BLE001 - it would keep the window open for ever
                tell_defect()
        self._closing = Closing(self.session, self.bridge, self)
        self._closing.done.connect(self._finish)
        self._closing.begin()

    def _not_kept(self) -> list[str]:
        """Names of the messages that the next start will not have."""
        try:
            return self.drafts.save()
        except Exception:  # noqa: BLE001 - as above; the user decides
            tell_defect()
            return [] if self._lose_unsaved else ["The messages of the builder"]

    def _close_anyway(self) -> None:
        self._lose_unsaved = True
        # Not from within the event that asked: a window that is closing does not close.
        QTimer.singleShot(0, self.close)

    def _finish(self) -> None:
        self._closed = True
        self.close()
        self.drafts.leave()
        self.ended.emit()
