"""Every deliberate deviation a script can name, as rows (resources/docs/scripted-faults.md)."""

from __future__ import annotations

from . import association, connection, fragments, messages
from .base import Fault, Kind, Parameter, Phase, Seam, Value

FAULTS: dict[str, Fault] = {
    row.name: row for module in (connection, association, messages, fragments) for row in module.ROWS
}
"""By name, in the order of the documentation."""

__all__ = ["FAULTS", "Fault", "Kind", "Parameter", "Phase", "Seam", "Value"]
