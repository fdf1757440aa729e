"""The page of the built-in peer's settings about how much it takes."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest

from PySide6.QtWidgets import QWidget

from engine.workspace.listening import ListenerSettings
from gui.forms.limit_fields import HEADINGS, LimitFields

from .listener_pages import Page


class LimitsPage(Page):
    """What is taken of a peer at most, so that none fills memory or disk."""

    title = "Limits"

    def __init__(self, settings: ListenerSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields = LimitFields(self)
        self.fields.set_limits(settings.policy.limits)
        for heading, names in HEADINGS:
            self.heading(heading)
            made = [self.fields[name] for name in names]
            self.pairs(*zip_longest(made[::2], made[1::2]))
        self.column.addStretch(1)
        self.watch(*self.fields.values())

    def applied(self, settings: ListenerSettings) -> ListenerSettings:
        policy = replace(settings.policy, limits=self.fields.limits())
        return replace(settings, peer=replace(settings.peer, policy=policy))
