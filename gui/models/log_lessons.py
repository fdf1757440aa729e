"""What redacted exports of the log learn from notices that have no text of their own in it: names, IDs, file names."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from pathlib import Path

from engine.model.dataset import DataSet, EncodedData
from engine.model.notices import MessageNotice, Notice, StoredNotice, StorePlanNotice
from engine.model.storing import FileState

REMEMBERED, SMALL = 4_096, 8_192
"""Lessons, and bytes of the data set of each message."""
_TOLD = frozenset({FileState.CANNOT_GO, FileState.PASSED_OVER, FileState.WARNING, FileState.FAILED})
LEARNED_FROM = frozenset({MessageNotice, StorePlanNotice, StoredNotice})
"""Notices that may have something to teach."""
Lesson = tuple[int, MessageNotice | Path]


class Lessons:
    """The latest, each with the last row of its time; they outlive the rows, as later rows may repeat them."""

    def __init__(self) -> None:
        self._kept: deque[Lesson] = deque(maxlen=REMEMBERED)
        self._taken = 0

    def _keep(self, lessons: Iterable[Lesson]) -> None:
        fresh = tuple(lessons)
        self._kept.extend(fresh)
        self._taken += len(fresh)

    def take(self, notice: Notice, row: int) -> None:
        """Messages with a small data set, and files of which a sentence may say what is the matter."""
        if isinstance(notice, MessageNotice):
            data = notice.data
            if data is None:
                return
            if isinstance(data, DataSet) or (isinstance(data, EncodedData) and len(data.data) <= SMALL):
                self._keep(((row, notice),))
        elif isinstance(notice, StorePlanNotice):
            self._keep((row, f.path) for f in notice.plan.files if f.why or f.note)
        elif isinstance(notice, StoredNotice):
            self._keep((row, r.path) for r in notice.results if r.state in _TOLD)

    @property
    def taken(self) -> int:
        """How many there have been."""
        return self._taken

    def all(self) -> tuple[Lesson, ...]:
        """Oldest first."""
        return tuple(self._kept)
