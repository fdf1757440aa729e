"""The whole window over an engine that answers from a script: clicks, keys, and a clean end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QTabBar, QWidget

from engine.model.association import Peer
from engine.model.command_set import CommandSet
from engine.model.commands import (
    Abort,
    Cancel,
    Listen,
    OneShot,
    OpenAssociation,
    PlanStore,
    Release,
    RunProcedure,
    Send,
)
from engine.model.notices import AssociationPhase, Direction, ErrorNotice, MessageNotice, Outcome
from engine.model.procedures.ups import WatchSteps
from engine.standard.messages import MESSAGES
from engine.workspace.listening import ListenerSettings
from engine.workspace.secrets import Secrets
from engine.workspace.settings import SavedPeer
from engine.workspace.workspace import Workspace
from gui.built_in_peer import reach_sentence
from gui.closing import PATIENCE
from gui.dialogs import Questions
from gui.main_window import MainWindow
from gui.report import Reporter
from gui.session import ListenerState
from gui.shortcuts import COMMANDS, keys_table
from gui.theme import theme

COMMITMENT = "1.2.840.10008.1.20.1"
ORTHANC = Peer(name="Orthanc", ae_title="ORTHANC", host="127.0.0.1", port=4242)
RIS = Peer(name="RIS", ae_title="WLM", host="ris.example.org", port=2104)


class Answers(Questions):
    """Answers file dialogs with `files`, remembers what was told."""

    def __init__(self):
        super().__init__()
        self.files: tuple[Path, ...] = ()
        self.told = []

    def ask(self, parent, title, text, yes, on_yes):
        self.told.append(text)
        on_yes()

    def tell(self, parent, title, text, details=""):
        self.told.append(text)

    def show(self, parent, title, html):
        self.told.append(html)

    def open_files(self, parent, title, pattern, on_files):
        on_files(self.files)

    def open_folder(self, parent, title, on_files):
        on_files(self.files)

    def save_file(self, parent, title, pattern, name, on_files):
        on_files(self.files)


@pytest.fixture(autouse=True)
def undress(qapp):
    before = (qapp.styleSheet(), qapp.palette(), qapp.font())
    yield
    qapp.setStyleSheet(before[0])
    qapp.setPalette(before[1])
    qapp.setFont(before[2])


@pytest.fixture
def workspace(tmp_path):
    class NoKeyring:
        def get_password(self, service, name):
            return None

        def set_password(self, service, name, secret):
            raise AssertionError

        def delete_password(self, service, name):
            raise AssertionError

    made = Workspace(tmp_path / "workspace", Secrets(NoKeyring()))
    made.save_peers((SavedPeer(peer=ORTHANC), SavedPeer(peer=RIS)))
    return made


@pytest.fixture
def questions():
    return Answers()


@pytest.fixture
def window(qtbot, workspace, bridge, fake, questions):
    made = MainWindow(workspace, bridge, questions)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    yield made
    made._closed = True


def click(qtbot, window, name):
    qtbot.mouseClick(window.toolbar.buttons[name], Qt.MouseButton.LeftButton)


def said(window):
    return window.status.sentence.whole()


# -- the way of the work ----------------------------------------------------------------------------------------


def test_echo_associate_send_release_by_mouse(window, qtbot, fake):
    click(qtbot, window, "echo")
    qtbot.waitUntil(lambda: window.ae.peers_model.records[0].echo is not None)
    assert "Success" in said(window)
    click(qtbot, window, "associate")
    qtbot.waitUntil(lambda: "Sta6 Association established" in window.toolbar.pill.text_shown())
    assert "1 of 1 context" in window.toolbar.pill.toolTip()
    assert "12.4 ms" in window.toolbar.pill.toolTip()
    assert "ready for data transfer" in window.toolbar.pill.toolTip()
    click(qtbot, window, "send")
    qtbot.waitUntil(lambda: len(fake.sent(Send)) == 1)
    click(qtbot, window, "release")
    qtbot.waitUntil(lambda: "Released" in window.toolbar.pill.text_shown())
    assert not window.toolbar.buttons["release"].isEnabled()


def test_the_same_by_keyboard(window, qtbot, fake):
    qtbot.keyClick(window, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: window.session.current is not None and window.session.current.established)
    qtbot.keyClick(window, Qt.Key.Key_F7)
    qtbot.waitUntil(lambda: len(fake.sent(Send)) == 1)
    qtbot.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(fake.sent(Send)) == 2)
    qtbot.keyClick(window, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: fake.sent(Abort) != [])


def test_a_one_shot_needs_no_association(window, qtbot, fake):
    qtbot.keyClick(window, Qt.Key.Key_F7, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: len(fake.sent(OneShot)) == 1)
    assert fake.sent(OneShot)[0].proposal.peer == ORTHANC
    assert fake.sent(OpenAssociation) == []


def test_the_toolbars_peer_is_the_lists_peer(window, qtbot, fake):
    window.toolbar.peer.setFocus()
    qtbot.keyClick(window.toolbar.peer, Qt.Key.Key_Down)
    assert window.ae.current_peer == RIS
    window.ae.peers.list.select_row(0)
    assert window.toolbar.peer.currentText() == "Orthanc"
    qtbot.keyClick(window, Qt.Key.Key_F5)
    assert fake.sent(OneShot)[0].proposal.peer == ORTHANC


def test_a_rejection_is_seen_in_the_pill_and_told(window, qtbot, fake):
    fake.refuse_ports.add(4242)
    click(qtbot, window, "associate")
    qtbot.waitUntil(lambda: "Rejected" in window.toolbar.pill.text_shown())
    assert "called-AE-title-not-recognized" in said(window)
    assert window.status.sentence.property("role") == "error"


def test_what_cannot_be_done_now_is_greyed(window, qtbot):
    for name in ("release", "abort", "cancel"):
        assert not window.actions_by_name[name].isEnabled()
    assert window.actions_by_name["echo"].isEnabled()


def test_associating_without_contexts_says_what_is_missing(window, qtbot, fake):
    window.ae.contexts.list.selectAll()
    window.ae.contexts.remove()
    click(qtbot, window, "associate")
    assert "at least one" in said(window)
    assert fake.sent(OpenAssociation) == []


def test_the_menu_of_the_pill_switches_between_open_associations(window, qtbot, fake):
    first = window.session.associate(window.ae.proposal())
    second = window.session.associate(window.ae.proposal())
    qtbot.waitUntil(lambda: all(r.established for r in window.session.open_records()))
    assert window.session.current.association == second
    window.toolbar.pill.menu().aboutToShow.emit()
    actions = window.toolbar.pill.menu().actions()
    assert len(actions) == 2
    actions[0].trigger()
    assert window.session.current.association == first


def test_folders_are_planned_for_the_selected_peer_and_that_can_be_cancelled(window, qtbot, fake, questions, tmp_path):
    questions.files = (tmp_path,)
    fake.silent = True
    window.actions_by_name["store_folder"].trigger()
    assert window.workbench.shown == "services"
    (command,) = fake.sent(PlanStore)
    assert command.paths == (tmp_path,)
    qtbot.keyClick(window, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    assert fake.sent(Cancel) == [Cancel(operation=command.operation)]


def test_the_association_is_copied_as_text(window, qtbot):
    window.actions_by_name["copy_association"].trigger()
    assert "no association" in said(window)
    click(qtbot, window, "associate")
    qtbot.waitUntil(lambda: window.session.current.established)
    qtbot.waitUntil(lambda: window.trace.text() != "")
    window.actions_by_name["copy_association"].trigger()
    assert "ORTHANC" in QGuiApplication.clipboard().text()


# -- the built-in peer ------------------------------------------------------------------------------------------


def test_a_first_start_has_the_built_in_peer_selected_and_one_press_echoes_it(qtbot, tmp_path, bridge, fake):
    window = MainWindow(Workspace(tmp_path / "new"), bridge, Answers())
    qtbot.addWidget(window)
    window.resize(1520, 950)
    window.show()
    assert window.log.table.empty.isVisible()
    assert "Echo" in window.log.table.empty.text()
    window.built_in.start(introduce=True)
    qtbot.waitUntil(lambda: window.ae.current_peer is not None)
    assert window.ae.current_peer.name == "Built-in peer"
    assert window.ae.current_peer.port == 11112
    assert [c.abstract_syntax for c in window.ae.proposal().contexts] == ["1.2.840.10008.1.1"]
    assert window.toolbar.listener.text() == "Built-in peer · 11112"
    click(qtbot, window, "echo")
    qtbot.waitUntil(lambda: window.ae.peers_model.records[0].echo is not None)
    assert not window.log.table.empty.isVisible()
    window._closed = True


def test_following_the_empty_logs_advice_echoes_the_built_in_peer(window, qtbot, fake):
    window.log.table.empty.linkActivated.emit("echo")
    qtbot.waitUntil(lambda: len(fake.sent(OneShot)) == 1)
    assert fake.sent(OneShot)[0].proposal.peer.name == "Built-in peer"


def test_its_entry_is_not_forced_on_those_who_removed_it(window, qtbot, fake):
    window.built_in.start()
    qtbot.waitUntil(lambda: window.session.listener.listening)
    assert [s.peer.name for s in window.ae.peers_model.records] == ["Orthanc", "RIS"]


def test_settings_are_kept_and_a_running_peer_starts_anew(window, qtbot, fake, workspace):
    window.built_in.start()
    qtbot.waitUntil(lambda: window.session.listener.listening)
    window.actions_by_name["listener_settings"].trigger()
    dialog = window.built_in.dialog
    page = dialog.address
    assert not page.warning.isVisible()
    page.port.line.selectAll()
    qtbot.keyClicks(page.port.line, "11200")
    qtbot.keyClick(page.who.combo, Qt.Key.Key_Down)
    assert page.warning.isVisible()
    qtbot.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.listener.listening and window.session.listener.port == 11200)
    assert [(c.host, c.port) for c in fake.sent(Listen)] == [("127.0.0.1", 11112), ("", 11200)]
    assert "open to the network" in window.toolbar.listener.text()
    again = MainWindow(workspace, window.bridge, Answers())
    qtbot.addWidget(again)
    assert again.built_in.settings == ListenerSettings(host="", port=11200)
    again._closed = True


def test_stopping_it_is_shown(window, qtbot):
    window.built_in.start()
    qtbot.waitUntil(lambda: window.session.listener.listening)
    window.actions_by_name["stop_listening"].trigger()
    qtbot.waitUntil(lambda: window.toolbar.listener.text() == "Built-in peer off")
    assert window.actions_by_name["listen"].isEnabled()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (ListenerState(listening=True, port=104, ae_title="X"), "Only programs on this computer"),
        (ListenerState(listening=True, host="", port=104, ae_title="X"), "Every computer on your network"),
        (ListenerState(), "stopped"),
        (ListenerState(sentence="The port is taken."), "taken"),
    ],
)
def test_who_can_reach_it_is_said_plainly(state, words):
    assert words in reach_sentence(state)


# -- Ctrl+K -----------------------------------------------------------------------------------------------------


@pytest.fixture
def palette(window, qtbot):
    window.open_palette()
    yield window.palette_dialog
    window.palette_dialog.reject()


def found(palette):
    return [(f.kind, f.title) for f in palette.model.records]


def test_the_palette_finds_and_gives_commands(window, palette, qtbot):
    qtbot.keyClicks(palette.line, "dark theme")
    assert palette.model.records[0].title == "Dark theme"
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert theme().choice == "dark"
    assert not palette.isVisible()


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("nget", "Read an instance (N-GET)"),
        ("n-get", "Read an instance (N-GET)"),
        ("mpps", "Worklist and performed steps (MPPS)"),
        ("mwl", "Worklist and performed steps (MPPS)"),
        ("cfind", "Query and retrieve (C-FIND, C-GET, C-MOVE)"),
        ("workitem", "Unified procedure steps (UPS)"),
    ],
)
def test_the_palette_knows_services_by_their_other_names(window, palette, qtbot, typed, title):
    qtbot.keyClicks(palette.line, typed)
    assert ("", title) in found(palette)


def test_the_palette_finds_peers_by_host(window, palette, qtbot):
    qtbot.keyClicks(palette.line, "example.org")
    assert found(palette)[0] == ("peer", "RIS")
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert window.ae.current_peer == RIS


def test_the_palette_adds_sop_classes(window, palette, qtbot):
    qtbot.keyClicks(palette.line, "CT Image Storage")
    assert ("SOP class", "CT Image Storage") in found(palette)
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert window.ae.proposal().contexts[-1].abstract_syntax == "1.2.840.10008.5.1.4.1.1.2"


def test_the_palette_starts_any_message(window, palette, qtbot):
    qtbot.keyClicks(palette.line, "N-ACTION-RQ")
    assert ("message", "N-ACTION-RQ") in found(palette)
    row = found(palette).index(("message", "N-ACTION-RQ"))
    for _ in range(row):
        qtbot.keyClick(palette.line, Qt.Key.Key_Down)
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert window.builder.message_file().message == "N-ACTION-RQ"


def test_the_palette_teaches_the_keys(palette):
    assert {f.title: f.keys for f in palette.model.records}["Echo"] == "F5"


def test_nothing_found_is_said(palette, qtbot):
    qtbot.keyClicks(palette.line, "qqqq")
    assert palette.list.empty.isVisible()
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    qtbot.keyClick(palette.line, Qt.Key.Key_Escape)
    assert not palette.isVisible()


# -- arrangement and theme --------------------------------------------------------------------------------------


def test_panels_hide_come_back_and_are_remembered(window, qtbot, workspace, bridge):
    trace = window.arrangement.frames["trace"]
    assert trace.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert not trace.isVisible()
    window.arrangement.upper.setSizes([300, 980, 0])
    window.arrangement.save()
    again = MainWindow(workspace, bridge, Answers())
    qtbot.addWidget(again)
    again.show()
    assert not again.arrangement.frames["trace"].isVisible()
    assert again.arrangement.upper.sizes()[0] == 300
    assert not again.actions_by_name["show_trace"].isChecked()
    again.actions_by_name["restore_panels"].trigger()
    assert again.arrangement.frames["trace"].isVisible()
    assert again.actions_by_name["show_trace"].isChecked()
    again._closed = True


def test_the_log_takes_the_whole_window_when_the_others_are_hidden(window):
    for name in ("ae", "builder", "trace"):
        window.actions_by_name[f"show_{name}"].trigger()
    assert not window.arrangement.upper.isVisible()
    assert window.log.isVisible()
    window.focus_panel("builder")
    assert window.builder.isVisible()


def test_the_keyboard_goes_to_any_panel(window, qtbot):
    window.activateWindow()
    for name, panel in (("ae", window.ae), ("builder", window.builder), ("trace", window.trace), ("log", window.log)):
        window.focus_panel(name)
        focus = QApplication.focusWidget()
        assert focus is not None
        assert panel.isAncestorOf(focus), name


def test_a_broken_settings_file_gives_the_usual_arrangement(qtbot, workspace, bridge):
    (workspace.folder / "window.ini").write_bytes(b"\x00[window]\ngeometry=@ByteArray(nonsense)\nhidden=5\nupper=x\n")
    window = MainWindow(workspace, bridge, Answers())
    qtbot.addWidget(window)
    window.show()
    assert all(frame.isVisible() for frame in window.arrangement.frames.values())
    window._closed = True


def test_the_theme_is_chosen_in_the_menu_and_remembered(window, workspace):
    window.actions_by_name["theme_dark"].trigger()
    assert theme().name == "dark"
    assert window.actions_by_name["theme_dark"].isChecked()
    window.actions_by_name["theme_light"].trigger()
    assert not window.actions_by_name["theme_dark"].isChecked()
    window.store.sync()
    kept = QSettings(str(workspace.folder / "window.ini"), QSettings.Format.IniFormat)
    assert kept.value("window/theme") == "light"


def test_everything_fits_1280_by_800(window, qtbot):
    assert window.width() == 1280
    assert window.height() == 800
    bar = window.toolbar
    for child in (bar.peer, *bar.buttons.values(), bar.pill, bar.listener, bar.find_button):
        assert child.geometry().right() <= bar.width()
        assert child.width() >= child.minimumSizeHint().width()


# -- commands ---------------------------------------------------------------------------------------------------


def test_no_shortcut_is_given_twice(window):
    keys = [k for row in COMMANDS for k in row.keys.split()]
    assert len(keys) == len(set(keys))
    window_wide = [
        s.toString()
        for action in window.findChildren(type(window.actions_by_name["echo"]))
        if action.shortcutContext() is Qt.ShortcutContext.WindowShortcut
        for s in action.shortcuts()
    ]
    assert len(window_wide) == len(set(window_wide))


def test_every_command_is_in_a_menu_and_has_a_mnemonic(window):
    assert all("&" in row.text for row in COMMANDS)
    shown = {a for menu in window.menuBar().actions() for a in menu.menu().actions()}
    assert {window.actions_by_name[row.name] for row in COMMANDS} <= shown


def test_mnemonics_of_a_menu_differ():
    for menu in {row.menu for row in COMMANDS}:
        letters = [row.text[row.text.index("&") + 1].lower() for row in COMMANDS if row.menu == menu]
        assert len(letters) == len(set(letters)), menu


@pytest.mark.parametrize("tab", [0, 1, 2])
def test_no_mnemonic_shown_at_once_is_ambiguous(window, qtbot, tab):
    window.ae.tabs.setCurrentIndex(tab)
    texts = [a.text() for a in window.menuBar().actions()]
    for widget in window.findChildren(QWidget):
        if not widget.isVisible():
            continue
        if isinstance(widget, QAbstractButton) or (isinstance(widget, QLabel) and widget.buddy() is not None):
            texts.append(widget.text())
        elif isinstance(widget, QTabBar):
            texts += [widget.tabText(i) for i in range(widget.count())]
    letters = [found.group(1).lower() for t in texts if (found := re.search(r"&([^&\s])", t.replace("&&", "")))]
    assert sorted(letters) == sorted(set(letters))


def test_keys_and_about_are_shown(window, questions):
    window.actions_by_name["keys"].trigger()
    window.actions_by_name["about"].trigger()
    assert questions.told[0] == keys_table()
    assert "MIT" in questions.told[1]


def test_messages_are_opened_and_saved(window, questions, tmp_path, qtbot):
    file = tmp_path / "mine.toml"
    questions.files = (file,)
    window.actions_by_name["save_message"].trigger()
    assert "C-ECHO-RQ" in file.read_text(encoding="utf-8")
    window.open_message(file)
    assert window.builder.message_file().message == "C-ECHO-RQ"
    file.write_text("message = [", encoding="utf-8")
    window.open_message(file)
    assert "mine.toml" in said(window)


# -- the end ----------------------------------------------------------------------------------------------------


def test_closing_with_associations_open_releases_them_then_stops_the_engine(window, qtbot, fake):
    window.session.associate(window.ae.proposal())
    qtbot.waitUntil(lambda: window.session.current.established)
    with qtbot.waitSignal(window.ended):
        window.close()
    assert len(fake.sent(Release)) == 1
    assert not fake.running
    assert not window.isVisible()


def test_a_peer_that_does_not_answer_is_waited_for_and_then_aborted(window, qtbot, fake):
    window.session.associate(window.ae.proposal())
    qtbot.waitUntil(lambda: window.session.current.established)
    fake.silent = True
    window.close()
    assert window.isVisible()
    assert fake.running
    qtbot.waitUntil(lambda: window._closing.dialog is not None, timeout=PATIENCE * 10)
    assert window._closing.dialog.text.text() == "Releasing 1 association …"
    fake.silent = False
    with qtbot.waitSignal(window.ended):
        qtbot.mouseClick(window._closing.dialog.abort_button, Qt.MouseButton.LeftButton)
    assert len(fake.sent(Abort)) == 1
    assert not fake.running


def test_closing_lets_a_procedure_take_back_what_it_set_up_before_anything_is_released(window, qtbot, fake):
    window.session.associate(window.ae.proposal())
    qtbot.waitUntil(lambda: window.session.current.established)
    held = window.session.current.association
    asked = WatchSteps(receiving_ae="CONSOLE")
    watch = RunProcedure(operation=0, association=0, proposal=window.ae.proposal(), procedure=asked)
    operation = window.session.run(watch, held)
    window.close()
    assert [c.operation for c in fake.sent(Cancel)] == [operation]
    qtbot.waitUntil(lambda: window._closing.dialog is not None, timeout=PATIENCE * 10)
    assert window._closing.dialog.text.text() == "Ending the procedures that run …"
    assert not fake.sent(Release)
    with qtbot.waitSignal(window.ended):
        fake._status(held, operation, Outcome.SUCCESS, None, "Unsubscribed.")
    assert len(fake.sent(Release)) == 1


def test_a_procedure_that_does_not_end_does_not_hold_the_window(window, qtbot, fake, monkeypatch):
    monkeypatch.setattr("gui.closing.TIDY_TIME", 50)
    asked = WatchSteps(receiving_ae="CONSOLE")
    window.session.run(RunProcedure(operation=0, association=0, proposal=window.ae.proposal(), procedure=asked))
    with qtbot.waitSignal(window.ended):
        window.close()
    assert not fake.running


def test_a_peer_that_ignores_even_that_does_not_hold_the_window(window, qtbot, fake, monkeypatch):
    monkeypatch.setattr("gui.closing.RELEASE_TIME", 50)
    monkeypatch.setattr("gui.closing.ABORT_TIME", 50)
    window.session.associate(window.ae.proposal())
    qtbot.waitUntil(lambda: window.session.current.established)
    fake.silent = True
    with qtbot.waitSignal(window.ended):
        window.close()
        window.close()
    assert not fake.running


def test_the_fields_being_typed_in_are_kept_when_the_window_closes(window, qtbot, workspace):
    window.ae.tabs.setCurrentWidget(window.ae.local)
    window.ae.local.ae_title.line.selectAll()
    qtbot.keyClicks(window.ae.local.ae_title.line, "LATE")
    with qtbot.waitSignal(window.ended):
        window.close()
    assert Workspace(workspace.folder).local.ae_title == "LATE"


# -- our own errors ---------------------------------------------------------------------------------------------


def test_an_unexpected_error_gives_a_report_without_values(qtbot, tmp_path, window):
    reporter = Reporter()
    window.questions.files = (tmp_path / "report.txt",)
    told = []
    reporter.reported.connect(told.append)
    try:
        raise ValueError("DOE^JOHN is not a date")
    except ValueError as error:
        reporter.hook(type(error), error, error.__traceback__)
        reporter.hook(type(error), error, error.__traceback__)
    assert len(told) == 1
    assert "ValueError" in told[0]
    assert "test_shell_window.py" in told[0]
    assert "DOE" not in told[0]
    assert str(Path.home()) not in told[0]


def test_a_defect_of_the_engine_gives_the_same_report(qtbot, window, bridge):
    reporter = Reporter()
    told = []
    reporter.reported.connect(told.append)
    bridge.notices.connect(reporter.take)
    before = window.session.open_records()
    for sentence in ("once", "twice"):
        bridge.notices.emit((ErrorNotice(time=0.0, sentence=sentence, report="Unexpected KeyError at\n  a/b.py:1 f"),))
    bridge.notices.emit((ErrorNotice(time=0.0, sentence="no defect"),))
    assert len(told) == 1
    assert told[0].startswith("DIMSE Console") and "Unexpected KeyError at" in told[0]
    assert window.session.open_records() == before


def test_the_report_can_be_saved(qtbot, window, questions, tmp_path):
    questions.files = (tmp_path / "report.txt",)
    window.show_report("what happened")
    from gui.dialogs import ReportDialog

    dialog = window.findChild(ReportDialog)
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    assert (tmp_path / "report.txt").read_text(encoding="utf-8") == "what happened\n"
    dialog.reject()


def test_problems_of_the_workspace_are_said_at_the_start(qtbot, tmp_path, bridge):
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "peers.toml").write_text("[[peer]\n", encoding="utf-8")
    window = MainWindow(Workspace(folder), bridge, Answers())
    qtbot.addWidget(window)
    assert "peers.toml" in said(window)
    window._closed = True


def test_incoming_associations_show_in_the_menu_of_the_pill(window, qtbot, fake):
    fake.phase(90, AssociationPhase.ESTABLISHED, requestor=False)
    qtbot.waitUntil(lambda: window.session.record(90) is not None)
    window.toolbar.pill.menu().aboutToShow.emit()
    assert "called us" in window.toolbar.pill.menu().actions()[0].text()


# -- requests from the peer -------------------------------------------------------------------------------------


def request_from_peer(fake, association, message_id=5):
    command = CommandSet.of(
        AffectedSOPClassUID=COMMITMENT,
        CommandField=0x0100,
        MessageID=message_id,
        CommandDataSetType=1,
        AffectedSOPInstanceUID=f"{COMMITMENT}.1",
        EventTypeID=1,
    )
    fake.emit(
        MessageNotice(
            association=association,
            operation=None,
            time=1.0,
            clock=1.0,
            direction=Direction.RECEIVED,
            context_id=1,
            abstract_syntax=COMMITMENT,
            transfer_syntax="1.2.840.10008.1.2",
            command=command,
        )
    )


def hold(window, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: window.session.current is not None and window.session.current.established)
    return window.session.current.association


def test_requests_are_answered_by_hand_when_the_user_wants_it(window, qtbot, fake):
    actions = window.actions_by_name
    assert actions["auto_answer"].isChecked() and not actions["answer"].isEnabled()
    actions["auto_answer"].trigger()
    association = hold(window, qtbot)
    assert fake.sent(OpenAssociation)[-1].auto_answer is False
    request_from_peer(fake, association)
    qtbot.waitUntil(actions["answer"].isEnabled)
    assert "waits for your answer" in said(window)
    qtbot.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    message = window.builder.page.draft.preview()
    assert window.builder.page.draft.message.name == "N-EVENT-REPORT-RSP"
    assert message.responded_to == 5 and message.sop_class_uid == COMMITMENT
    window.builder.send()
    qtbot.waitUntil(lambda: len(fake.sent(Send)) == 1)
    assert fake.sent(Send)[0].association == association


def test_a_row_of_the_log_is_answered_while_it_waits(window, qtbot, fake):
    association = hold(window, qtbot)
    request_from_peer(fake, association, 5)
    request_from_peer(fake, association, 6)
    model = window.log.model
    qtbot.waitUntil(lambda: any(model.record(r).message_id == 6 for r in range(model.rowCount())))
    rows = [r for r in range(model.rowCount()) if model.record(r).message_id == 5]
    window.log.table.selectRow(rows[-1])
    qtbot.waitUntil(window.log.answer_action.isEnabled)  # the log and the requests that wait come at their own pace
    window.log.answer_action.trigger()
    assert window.builder.page.draft.preview().responded_to == 5
    opened = next(r for r in range(model.rowCount()) if model.record(r).message_id is None)
    window.log.table.selectRow(opened)
    assert not window.log.answer_action.isEnabled()
    window.log.table.selectRow(rows[-1])
    fake.phase(association, AssociationPhase.RELEASED, sentence="Released.")
    qtbot.waitUntil(lambda: not window.log.answer_action.isEnabled())
    assert not window.actions_by_name["answer"].isEnabled()


def test_the_choice_to_answer_by_hand_is_remembered(window, workspace, bridge, questions, qtbot):
    window.actions_by_name["auto_answer"].trigger()
    again = MainWindow(workspace, bridge, questions)
    qtbot.addWidget(again)
    assert not again.actions_by_name["auto_answer"].isChecked() and again.session.auto_answer is False
    again._closed = True


# -- what comes next --------------------------------------------------------------------------------------------


def test_the_first_echo_has_the_accent_and_then_send(window, qtbot):
    echo, send = window.toolbar.buttons["echo"], window.builder.page.top.send_button
    assert echo.property("primary") == "true" and send.property("primary") == "false"
    window.focus_echo()
    qtbot.waitUntil(lambda: "press Echo" in said(window))
    qtbot.keyClick(echo, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: echo.property("primary") == "false")
    assert send.property("primary") == "true"


def test_nothing_is_sent_without_a_peer(window):
    for _ in range(2):
        window.ae.peers.list.select_row(0)
        window.ae.peers.delete()
    assert not window.actions_by_name["send"].isEnabled()
    assert not window.builder.page.top.send_button.isEnabled()
    assert not window.builder.new_message().top.send_button.isEnabled()


def closed(window, qtbot):
    with qtbot.waitSignal(window.ended):
        window.close()


def opened_again(qtbot, workspace, bridge, questions):
    again = MainWindow(workspace, bridge, questions)
    qtbot.addWidget(again)
    again._closed = True
    return again


def test_the_tabs_of_the_builder_are_there_again_after_a_restart(window, qtbot, workspace, bridge, questions, tmp_path):
    first = window.builder.page
    first.set_message(MESSAGES["C-FIND-RQ"])
    first.rename("Looking for Jane")
    window.builder.new_message().set_message(MESSAGES["N-GET-RQ"])
    path = tmp_path / "kept.toml"
    window.builder.save(path)
    window.builder.new_message()
    window.builder.show_page(first)
    closed(window, qtbot)
    assert not any("not saved" in str(text) for text in questions.told)
    again = opened_again(qtbot, workspace, bridge, questions).builder
    assert [p.tab_text for p in again.pages] == ["Looking for Jane ●", "kept"]
    assert [p.draft.message.name for p in again.pages] == ["C-FIND-RQ", "N-GET-RQ"]
    assert again.page is again.pages[0]
    assert again.file_of(again.pages[1]) == path


def test_a_file_that_has_gone_leaves_its_message_marked_as_changed(
    window, qtbot, workspace, bridge, questions, tmp_path
):
    path = tmp_path / "gone.toml"
    window.builder.page.set_message(MESSAGES["N-GET-RQ"])
    window.builder.save(path)
    closed(window, qtbot)
    path.unlink()
    again = opened_again(qtbot, workspace, bridge, questions).builder
    assert again.page.changed and again.file_of(again.page) is None


def test_a_draft_that_does_not_read_is_said_and_set_aside(window, qtbot, workspace, bridge, questions):
    window.builder.page.set_message(MESSAGES["C-FIND-RQ"])
    closed(window, qtbot)
    draft = workspace.folder / "drafts" / "1.toml"
    draft.write_text("message = ", encoding="utf-8")
    again = opened_again(qtbot, workspace, bridge, questions)
    assert "1.toml" in said(again)
    assert not draft.exists() and draft.with_name("1.toml.unreadable").exists()
    assert again.builder.page.untouched


def test_messages_that_cannot_be_kept_are_asked_about_before_the_window_closes(window, qtbot, questions, workspace):
    window.builder.page.set_message(MESSAGES["C-FIND-RQ"])
    workspace.folder.mkdir(parents=True, exist_ok=True)
    (workspace.folder / "drafts").write_text("in the way", encoding="utf-8")
    closed(window, qtbot)
    assert any("changed and not saved" in str(text) for text in questions.told)


def test_an_association_that_ends_while_closing_is_no_error(window, qtbot, fake):
    association = hold(window, qtbot)
    before = window.log.model.total
    fake.silent = True
    window.close()
    fake.emit(ErrorNotice(time=1.0, sentence=f"Release was not possible: #{association}", association=association))
    fake.phase(association, AssociationPhase.RELEASED, sentence="Released.")
    with qtbot.waitSignal(window.ended):
        pass
    assert "not possible" not in said(window)
    assert window.log.model.total == before + 1


@pytest.mark.parametrize(
    ("size", "least"),
    [((1280, 800), (286, 560, 360)), ((1520, 950), (286, 570, 580)), ((1920, 1080), (320, 760, 700))],
)
def test_each_panel_gets_the_room_it_needs(window, qtbot, size, least):
    window.resize(*size)
    window.restore_panels()
    qtbot.waitUntil(lambda: all(w >= n for w, n in zip(window.arrangement.upper.sizes(), least, strict=True)))
    assert window.trace.contexts.stack.currentIndex() == (0 if size[0] == 1280 else 1)


def test_tab_goes_through_the_whole_window_and_back(window, qtbot):
    window.focus_echo()
    start = QApplication.focusWidget()
    seen = [start]
    for _ in range(100):
        qtbot.keyClick(seen[-1], Qt.Key.Key_Tab)
        if QApplication.focusWidget() is start:
            break
        seen.append(QApplication.focusWidget())
    assert len(set(map(id, seen))) == len(seen) < 100
    for panel in (window.toolbar, window.ae, window.builder, window.trace, window.log):
        assert any(panel.isAncestorOf(widget) for widget in seen)
    assert all(w.accessibleName() or (isinstance(w, QAbstractButton) and w.text()) for w in seen)
