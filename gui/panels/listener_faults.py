"""The page of the built-in peer's settings on which it is told to depart from the Standard on purpose."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMenu, QWidget

from engine.model.scripting import Rule, Script
from engine.workspace.errors import WorkspaceError
from engine.workspace.listening import ListenerSettings
from engine.workspace.scripts import Profile, load_script, quirk_profiles, save_script
from gui.dialogs import Questions
from gui.forms.header import menu_button
from gui.forms.rules_view import RulesView
from gui.models.script_rows import rules_text

from .listener_pages import Page
from .listener_rule import RuleDialog

PATTERN = "Scripts (*.toml);;All files (*)"


class FaultsPage(Page):
    """Rules in order, profiles of real peers' habits, script files."""

    title = "Faults"

    def __init__(self, settings: ListenerSettings, questions: Questions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._questions = questions
        self._script = settings.peer.script or Script()
        self.rules = RulesView(
            "Rules, the first that holds applies",
            RuleDialog,
            self,
            empty="No rule: it keeps to the Standard.<br>Add one to have it answer late, wrongly or not at all,<br>"
            "or take the habits of a real peer.",
        )
        self.more = menu_button("&Habits of real peers", self._menu(), self, tip="Rules that ship, and script files")
        self.rules.row.insertWidget(1, self.more)
        self.about = QLabel(self)
        self.about.setProperty("role", "muted")
        self.about.setWordWrap(True)
        self.failure = QLabel(self)
        self.failure.setTextFormat(Qt.TextFormat.PlainText)
        self.failure.setProperty("role", "error")
        self.failure.setWordWrap(True)
        self.failure.hide()
        self.column.addWidget(self.rules, 1)
        self.column.addWidget(self.failure)
        self.column.addWidget(self.about)
        self.rules.set_items(self._script.rules)
        self.rules.changed.connect(self._changed)
        self._say()

    def applied(self, settings: ListenerSettings) -> ListenerSettings:
        rules = self.rules.items()
        script = replace(self._script, rules=rules) if rules else None
        return replace(settings, peer=replace(settings.peer, script=script))

    def take(self, script: Script) -> None:
        """Put a script's rules after those that stand here; alone, it is taken as a whole."""
        if not self.rules.items():
            self._script = script
        titled = tuple(_named(rule, script.title) for rule in script.rules)
        self.failure.hide()
        self.rules.put(*titled)

    # -- the menu

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for profile in sorted(quirk_profiles(), key=lambda p: p.script.title):
            self._add_profile(menu, profile)
        menu.addSeparator()
        menu.addAction("From a &file…", self._open)
        menu.addAction("&Save as a file…", self._save)
        return menu

    def _add_profile(self, menu: QMenu, profile: Profile) -> None:
        action = menu.addAction(profile.script.title.replace("&", "&&"), partial(self.take, profile.script))
        action.setToolTip(f"{profile.script.note}\nMet in: {profile.script.source}")

    def _open(self) -> None:
        self._questions.open_files(self, "Script", PATTERN, self._opened)

    def _opened(self, files: tuple[Path, ...]) -> None:
        for path in files:
            try:
                self.take(load_script(path))
            except WorkspaceError as error:
                self._fail(str(error))

    def _save(self) -> None:
        self._questions.save_file(self, "Save the script", PATTERN, "script.toml", self._saved)

    def _saved(self, files: tuple[Path, ...]) -> None:
        try:
            save_script(replace(self._script, rules=self.rules.items()), files[0])
        except WorkspaceError as error:
            self._fail(str(error))

    def _fail(self, sentence: str) -> None:
        self.failure.setText(f"⚠ {sentence}")
        self.failure.show()

    def _changed(self) -> None:
        self._say()
        self.edited.emit()

    def _say(self) -> None:
        rules = self.rules.items()
        told = "Each rule that applies is told in the log."
        self.about.setText(f"{rules_text(rules)} {told}" if rules else told)


def _named(rule: Rule, title: str) -> Rule:
    """With the script's title where it has none of its own: the log names it."""
    return rule if rule.title else replace(rule, title=title)
