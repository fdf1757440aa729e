"""What the built-in peer holds, as a face sees it."""

from __future__ import annotations

from engine.standard.lean import dataclass

from .dataset import DataSet, EncodedData, FileData

STORED = "stored"
"""The shelf of stored composite instances."""
NORMALIZED, WORKLIST_ITEMS, SUBSCRIPTIONS = "normalized", "worklist", "subscription"
WATCHES, COMMITMENTS, FILMS = "global subscription", "commitment", "film"
SHELVES = (NORMALIZED, WORKLIST_ITEMS, SUBSCRIPTIONS, WATCHES, COMMITMENTS, FILMS)

FROM_FILE = "file "
"""What the key of a worklist item begins with that is a file of a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldObject:
    """One object. attributes: of a stored instance those before the pixel data, all of `data`."""

    shelf: str
    key: str
    sop_class_uid: str
    sop_instance_uid: str
    attributes: DataSet
    data: EncodedData | FileData | None = None
