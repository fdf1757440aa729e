"""All rows, in the order in which they are told: each module registers its own when it is loaded."""

from __future__ import annotations

from . import rows_sending  # noqa: F401

# isort: split
from . import rows_receiving  # noqa: F401

# isort: split
from . import rows_others  # noqa: F401
from .table import OURS, ROWS, Bench, Row

__all__ = ["OURS", "ROWS", "Bench", "Row"]
