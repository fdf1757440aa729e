"""Fields for how much is taken of a peer: those of the built-in peer, and those of our own associations."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QWidget

from engine.model.limits import LIMITS, LimitRow, Limits, limit_text, read_limit

from .fields import TextField

HEADINGS = (
    ("Of an association", ("pdu_length", "pdvs", "command_set", "contexts", "items", "waiting", "unasked")),
    ("Of a message", ("data_set", "memory", "depth", "inflated", "decoded")),
    ("Of all associations", ("unfinished",)),
    ("Of all that is stored", ("files", "received", "disk_left", "without_folder", "objects", "objects_size")),
)


def _problem(row: LimitRow, text: str) -> str | None:
    try:
        read_limit(row, text)
    except ValueError as error:
        return str(error)
    return None


class LimitFields(dict[str, TextField]):
    """A field for each limit, by its name."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__()
        rows = {row.name: row for row in LIMITS}
        for name in (name for _, names in HEADINGS for name in names):  # made as they are shown: so does Tab go
            row = rows[name]
            self[name] = TextField(row.label, partial(_problem, row), parent=parent, hint=row.hint)

    def set_limits(self, limits: Limits) -> None:
        for row in LIMITS:
            self[row.name].set_value(limit_text(row, getattr(limits, row.name)))

    def limits(self) -> Limits:
        """As they stand; one that does not read is as usual."""
        valid = {row.name: read_limit(row, self[row.name].value()) for row in LIMITS if self[row.name].is_valid()}
        return Limits(**valid)
