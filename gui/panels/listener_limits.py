"""The page of the built-in peer's settings about how much it takes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtWidgets import QWidget

from engine.model.limits import LIMITS, LimitRow, Limits, limit_text, read_limit
from engine.workspace.listening import ListenerSettings
from gui.forms.fields import Field, TextField

from .listener_pages import Page

_HEADINGS = (
    ("Of an association", ("pdu_length", "command_set", "contexts", "items")),
    ("Of a message", ("data_set", "memory", "depth", "inflated")),
    ("Of all that is stored", ("files", "received", "disk_left", "without_folder")),
)


def _problem(row: LimitRow, text: str) -> str | None:
    try:
        read_limit(row, text)
    except ValueError as error:
        return str(error)
    return None


class LimitsPage(Page):
    """What is taken of a peer at most, so that none fills memory or disk."""

    title = "Limits"

    def __init__(self, settings: ListenerSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        rows = {row.name: row for row in LIMITS}
        self.fields: dict[str, TextField] = {}
        for heading, names in _HEADINGS:
            self.heading(heading)
            made = [self._field(rows[name], settings.policy.limits) for name in names]
            self.pairs(*zip(made[::2], made[1::2], strict=True))
        self.column.addStretch(1)
        fields: list[Field] = list(self.fields.values())
        self.watch(*fields)

    def _field(self, row: LimitRow, limits: Limits) -> TextField:
        field = TextField(row.label, partial(_problem, row), parent=self, hint=row.hint)
        field.set_value(limit_text(row, getattr(limits, row.name)))
        self.fields[row.name] = field
        return field

    def applied(self, settings: ListenerSettings) -> ListenerSettings:
        limits = Limits(**{row.name: read_limit(row, self.fields[row.name].value()) for row in LIMITS})
        return replace(settings, peer=replace(settings.peer, policy=replace(settings.policy, limits=limits)))
