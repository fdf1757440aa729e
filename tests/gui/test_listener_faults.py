"""Faults on purpose in the window: the page of rules, the dialog of one, what the log and the toolbar tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton

from engine.model.faults import FAULTS, Phase
from engine.model.notices import ScriptNotice
from engine.model.scripting import Deviation, Rule, Script, ValueTest, When
from engine.workspace.listening import ListenerSettings, load_listener, save_listener
from engine.workspace.scripts import load_script, quirk_profiles
from engine.workspace.workspace import Workspace
from gui.built_in_peer import reach_sentence
from gui.models.log_feed import LogFeed
from gui.models.log_store import Kind, LogStore
from gui.models.script_rows import describe_rule
from gui.panels.ae_panel import AEPanel
from gui.panels.listener_dialog import ListenerDialog
from gui.panels.listener_rule import RuleDialog
from gui.records import ListenerState
from tests.gui.test_tls_of_peers_in_the_window import Picks

LATE = Rule(phase=Phase.RESPONSE, then=(Deviation.of("delay", seconds=2.0),), title="late")
FULL = Rule(
    phase=Phase.RESPONSE,
    then=(Deviation.of("status", status=0xA700, comment="full"), Deviation("duplicate")),
    when=When(
        services=("C-STORE", "C-FIND"),
        sop_classes=("1.2.840.10008.5.1.4.1.1.2",),
        calling="MR*",
        called="ME",
        nth=(1, 3),
        every=5,
        values=(ValueTest(0x00100020, "X*"), ValueTest(0x00000900, "0xFE00")),
    ),
    enabled=False,
)


@pytest.fixture
def questions():
    return Picks()


@pytest.fixture
def page(qtbot, questions):
    """The page, of settings with these rules."""

    def shown(*rules):
        settings = ListenerSettings()
        script = Script(title="T", rules=rules) if rules else None
        settings = replace(settings, peer=replace(settings.peer, script=script))
        dialog = ListenerDialog(settings, questions)
        qtbot.addWidget(dialog)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        dialog.show()
        dialog.show_page(dialog.faults)
        return dialog

    return shown


@pytest.fixture
def rule_dialog(qtbot):
    def shown(rule=None):
        dialog = RuleDialog(rule)
        qtbot.addWidget(dialog)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        dialog.show()
        return dialog

    return shown


def saved(qtbot, dialog):
    with qtbot.waitSignal(dialog.saved) as told:
        qtbot.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)
    return told.args[0]


# -- the page


def test_without_rules_it_keeps_to_the_standard(qtbot, page):
    dialog = page()
    assert "keeps to the Standard" in dialog.faults.rules.list.empty.text()
    assert saved(qtbot, dialog).peer.script is None


def test_what_was_set_is_kept(qtbot, page):
    settings = saved(qtbot, page(LATE, FULL))
    assert settings.peer.script == Script(title="T", rules=(LATE, FULL))


def test_rules_are_switched_off_and_on_with_the_keyboard(qtbot, page):
    dialog = page(LATE, FULL)
    dialog.faults.rules.list.select_row(0)
    dialog.faults.rules.list.setFocus()
    dialog.faults.rules.toggle()
    assert [r.enabled for r in dialog.faults.rules.items()] == [False, False]
    assert "All rules are switched off" in dialog.faults.about.text()
    dialog.faults.rules.list.selectAll()
    dialog.faults.rules.toggle()
    assert [r.enabled for r in saved(qtbot, dialog).peer.script.rules] == [True, True]


def test_what_needs_a_rule_is_off_without_one(qtbot, page):
    dialog = page()
    rules = dialog.faults.rules
    needing = [b for b in rules.findChildren(QToolButton) if b is not dialog.faults.more]
    assert len(needing) == 5 and not any(b.isEnabled() for b in needing)
    rules.put(LATE, FULL)
    assert all(b.isEnabled() for b in needing)
    rules.list.selectAll()
    rules.remove()
    assert not any(b.isEnabled() for b in needing)


def test_the_keyboard_begins_at_the_first_rule(qtbot, page):
    dialog = page(LATE, FULL)
    rules = dialog.faults.rules
    rules.list.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(lambda: rules.list.selected_rows() == [0])
    qtbot.keyClick(rules.list, Qt.Key.Key_Delete)
    assert rules.items() == (FULL,)


def test_rules_change_places(qtbot, page):
    dialog = page(LATE, FULL)
    dialog.faults.rules.list.select_row(1)
    dialog.faults.rules.list.move_up()
    assert saved(qtbot, dialog).peer.script.rules == (FULL, LATE)


def test_the_habits_of_a_real_peer_are_taken_from_the_menu(qtbot, page):
    dialog = page()
    menu = dialog.faults.more.menu()
    profile = next(p for p in quirk_profiles() if p.name == "terse-store")
    action = next(a for a in menu.actions() if a.text() == profile.script.title)
    assert profile.script.source in action.toolTip()
    action.trigger()
    script = saved(qtbot, dialog).peer.script
    assert script.title == profile.script.title
    assert [r.then for r in script.rules] == [r.then for r in profile.script.rules]
    assert len([a for a in menu.actions() if a.toolTip().find("Met in:") > 0]) == len(quirk_profiles())


def test_a_script_file_is_opened_and_saved(qtbot, page, questions, tmp_path):
    source, target = tmp_path / "in.toml", tmp_path / "out.toml"
    source.write_text('title = "Mine"\n[[rule]]\nthen = ["drop"]\n')
    dialog = page()
    dialog.faults._opened((source,))
    dialog.faults._saved((target,))
    assert load_script(target).rules == (Rule(phase=Phase.RESPONSE, then=(Deviation("drop"),), title="Mine"),)
    source.write_text('[[rule]]\nthen = ["dorp"]\n')
    dialog.faults._opened((source,))
    assert "line 2" in dialog.faults.failure.text()
    assert dialog.faults.failure.isVisible()


def test_the_settings_file_keeps_the_script(tmp_path: Path):
    settings = ListenerSettings()
    settings = replace(settings, peer=replace(settings.peer, script=Script(title="T", rules=(LATE, FULL))))
    save_listener(tmp_path / "listener.toml", settings)
    assert load_listener(tmp_path / "listener.toml") == settings


def test_what_a_rule_does_is_read_in_two_lines():
    entry = describe_rule(FULL)
    assert entry.title == "status 0xA700 full, duplicate"
    for part in ("C-STORE, C-FIND", "CTImageStorage", "from MR*", "PatientID = X*", "every 5"):
        assert part in entry.detail
    assert entry.note == "response · off"
    assert describe_rule(LATE).detail == "delay 2"


# -- the dialog of a rule


def test_a_rule_survives_its_dialog(qtbot, rule_dialog):
    assert saved(qtbot, rule_dialog(FULL)) == FULL
    assert saved(qtbot, rule_dialog(LATE)) == LATE


def test_a_rule_made_with_the_keyboard(qtbot, rule_dialog):
    dialog = rule_dialog()
    assert not dialog.accept_button.isEnabled()
    QTest.keyClicks(dialog.search, "status related")
    QTest.keyClick(dialog.search, Qt.Key.Key_Return)
    assert dialog.isVisible(), "Return in the search adds the fault and leaves the dialog open"
    assert [d.fault for d in dialog.chosen.records] == ["status"]
    field = dialog.form.fields["status"]
    field.line.selectAll()
    QTest.keyClicks(field.line, "0xC001")
    QTest.keyClicks(dialog.services.line, "C-STORE")
    rule = saved(qtbot, dialog)
    assert rule == Rule(
        phase=Phase.RESPONSE,
        then=(Deviation.of("status", status=0xC001),),
        when=When(services=("C-STORE",)),
    )


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("services", "C-STOR", "did you mean C-STORE"),
        ("classes", "CTImage", "neither a UID nor a keyword"),
        ("nth", "0", "Must be a number from 1"),
        ("every", "often", "is not a number"),
    ],
)
def test_what_is_wrong_is_told_beside_the_field(rule_dialog, field, text, words):
    dialog = rule_dialog(LATE)
    line = getattr(dialog, field).line
    line.clear()
    QTest.keyClicks(line, text)
    assert words in getattr(dialog, field).note_text()
    assert not dialog.accept_button.isEnabled()


def test_a_value_out_of_range_is_told(rule_dialog):
    dialog = rule_dialog(FULL)
    field = dialog.form.fields["status"]
    field.line.selectAll()
    QTest.keyClicks(field.line, "0x10000")
    assert "0 to 65535" in field.note_text()
    assert not dialog.accept_button.isEnabled()


def test_faults_of_another_moment_are_told(qtbot, rule_dialog):
    dialog = rule_dialog(FULL)
    dialog.phase.set_value(Phase.RELEASE)
    dialog.phase.edited.emit(Phase.RELEASE)
    assert "status, duplicate" in dialog.remark.text()
    assert not dialog.accept_button.isEnabled()
    assert all(Phase.RELEASE in f.phases for f in dialog.faults.records)


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_can_be_chosen_and_shows_its_values(qtbot, rule_dialog, name):
    row = FAULTS[name]
    dialog = rule_dialog(Rule(phase=row.phases[0], then=(Deviation(name),)))
    assert set(dialog.form.fields) == {p.name for p in row.parameters}
    assert row.expected in dialog.form.about.text()
    assert saved(qtbot, dialog).then == (Deviation(name),)


def test_faults_are_put_in_order_and_removed(qtbot, rule_dialog):
    dialog = rule_dialog(FULL)
    dialog.then.select_row(1)
    dialog.then.move_up()
    dialog.then.select_row(1)
    dialog.remove()
    assert [d.fault for d in saved(qtbot, dialog).then] == ["duplicate"]


# -- the window


def test_it_is_said_wherever_the_peer_is_shown():
    state = ListenerState(listening=True, port=104, ae_title="X", faults=2)
    assert "departs from the Standard on purpose: 2 rules switched on" in reach_sentence(state)
    assert "purpose" not in reach_sentence(replace(state, faults=0))


def test_settings_that_were_taken_away_do_not_come_back(tmp_path: Path):
    """Unknown keys of a file stay when it is written; what a rule no longer says must not."""
    workspace = Workspace(tmp_path)

    def kept(*rules):
        peer = replace(workspace.listener.peer, script=Script(title="T", rules=rules))
        workspace.save_listener(replace(workspace.listener, peer=peer))
        workspace.save_faults(Script(title="T", rules=rules) if rules else None)
        again = Workspace(tmp_path)
        assert not again.problems
        return again.listener.peer.script, again.faults

    for rules in ((LATE, FULL), (replace(FULL, when=When(calling="MR*")),), (Rule(phase=LATE.phase, then=LATE.then),)):
        expected = Script(title="T", rules=rules)
        assert kept(*rules) == (expected, expected)
    assert kept()[1] is None


# -- our own side


def test_our_own_faults_go_with_every_proposal_and_are_kept(qtbot, tmp_path: Path):
    workspace = Workspace(tmp_path)
    panel = AEPanel(workspace)
    qtbot.addWidget(panel)
    place = panel.tabs.indexOf(panel.negotiation)
    assert panel.proposal().script is None
    assert panel.tabs.tabIcon(place).isNull()
    rule = Rule(phase=Phase.REQUEST, then=(Deviation("duplicate"),))
    panel.negotiation.faults.put(rule)
    assert panel.proposal().script == Script(rules=(rule,))
    assert not panel.tabs.tabIcon(place).isNull()
    assert "departs from the Standard" in panel.tabs.tabToolTip(place)
    assert Workspace(tmp_path).faults == Script(rules=(rule,))
    panel.negotiation.faults.list.select_row(0)
    panel.negotiation.faults.toggle()
    assert panel.tabs.tabIcon(place).isNull()
    panel.negotiation.faults.list.select_row(0)
    panel.negotiation.faults.remove()
    assert panel.proposal().script is None
    assert Workspace(tmp_path).faults is None


def test_a_rule_of_ours_is_about_our_requests(qtbot):
    dialog = RuleDialog(ours=True)
    qtbot.addWidget(dialog)
    assert dialog.phase.value() is Phase.REQUEST
    assert Phase.CONNECT not in [dialog.phase._values[i] for i in range(dialog.phase.combo.count())]


def test_an_echo_with_a_fault_of_ours_says_so(qtbot, live_window):
    window = live_window
    window.ae.negotiation.faults.put(Rule(phase=Phase.REQUEST, then=(Deviation("group-length-off"),)))

    def told(batch):
        return any(isinstance(n, ScriptNotice) and n.faults == ("group-length-off",) for n in batch)

    with qtbot.waitSignal(window.session.notices, check_params_cb=told, timeout=30_000):
        window.echo()


def test_the_log_has_a_row_for_a_rule_that_applies():
    store = LogStore()
    notice = ScriptNotice(
        association=4, time=1.0, rule=0, title="late", phase=Phase.RESPONSE, service="C-ECHO", faults=("delay",)
    )
    (number,) = LogFeed(store).take([notice])
    assert store.shape(number).kind is Kind.SCRIPT
    assert store.shape(number).meaning == "late"
    assert "Script rule 1 applies to the C-ECHO response: late (delay)." in store.detail(number)


def test_what_can_be_done_with_the_faults_of_a_rule_is_enabled(qtbot):
    dialog = RuleDialog()
    qtbot.addWidget(dialog)

    def free() -> list[bool]:
        return [button.isEnabled() for button in dialog.placing]

    assert free() == [False, False, False]
    dialog.search.setText("no fault has these words")
    assert not dialog.add_button.isEnabled()
    dialog.search.clear()
    dialog.add()
    assert free() == [True, False, False]
    dialog.add()
    assert free() == [True, True, True]
    dialog.remove()
    dialog.remove()
    assert free() == [False, False, False]
