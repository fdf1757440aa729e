"""The log's rows, kept small: what rows have in common is a shared shape, what is their own stands in arrays.

A million rows stay under 300 MB, and a filter looks at each distinct shape once instead of at each row's text.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter
from enum import Enum
from math import isnan, nan

from engine.standard.lean import dataclass

from .log_texts import TextColumn

MAXIMUM_ROWS = 1_000_000
"""Rows kept; two days of ten operations a second. Beyond it the oldest go, and the log says so."""
_TRIM = 10
"""One in so many rows goes at once, so that trimming is rare."""


SET = 0.05
"""Seconds: the time of day and the monotonic clock drift apart by less between two looks at both, unless it was set."""


class Kind(Enum):
    """What a row tells of."""

    MESSAGE = "message"
    ASSOCIATION = "association"
    OPERATION = "operation"
    FINDING = "finding"
    LISTENER = "listener"
    ERROR = "error"
    SCRIPT = "script"


class Class(Enum):
    """The class of a row: a status's class (PS3.7 Annex C), or what comes nearest to it for an event."""

    WAITING = "waiting"
    SUCCESS = "success"
    PENDING = "pending"
    WARNING = "warning"
    FAILURE = "failure"
    CANCEL = "cancel"
    UNKNOWN = "unknown"
    INFO = "information"


@dataclass(frozen=True, slots=True)
class Shape:
    """What many rows share. `word` and `meaning` are for rows without a status code.

    sent: True sent, False received, None neither. status, pending: codes, -1 none.
    """

    kind: Kind
    klass: Class
    service: str
    sent: bool | None = None
    sop_class_uid: str = ""
    status: int = -1
    pending: int = -1
    word: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class SubOperations:
    """Counts of C-GET and C-MOVE (PS3.7 9.1.3, 9.1.4); None where the response has no such element."""

    remaining: int | None = None
    completed: int | None = None
    failed: int | None = None
    warning: int | None = None


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row as it is looked at."""

    number: int
    """Counts from 0 over the life of the log; does not change when older rows go."""
    shape: Shape
    time: float
    association: int | None
    message_id: int | None
    duration: float | None
    repeats: int
    """Pending responses folded into the row, or how often a finding was made."""
    detail: str
    instance: str
    """Affected or Requested SOP Instance UID."""
    sub_operations: SubOperations | None
    findings: tuple[tuple[str, int], ...] = ()
    """What was found in its messages: each rule, and how often."""


_NOTHING: Counter[str] = Counter()


class LogStore:
    """Append, change, read and trim rows by their number."""

    def __init__(self, maximum: int = MAXIMUM_ROWS) -> None:
        self.maximum = maximum
        self.first = 0
        """Number of the oldest row kept."""
        self._shapes: list[Shape] = []
        self._shape_numbers: dict[Shape, int] = {}
        self._by_identity: dict[int, int] = {}
        """The same by the identity of those in `_shapes`, which stay: to hash one costs more than all else of a row."""
        self._shape = array("I")
        self._time = array("d")
        self._association = array("Q")
        self._message_id = array("i")
        self._duration = array("f")
        self._repeats = array("I")
        self._detail = TextColumn()
        self._instance = TextColumn()
        self._sub_operations: dict[int, SubOperations] = {}
        self._findings: dict[int, Counter[str]] = {}
        self._set_at = [0]
        self._ahead = [0.0]
        """From which rows on the time of day was how far ahead of the monotonic clock, in seconds."""

    @property
    def end(self) -> int:
        """Number the next row will have."""
        return self.first + len(self._time)

    @property
    def shapes(self) -> list[Shape]:
        """All shapes there ever were, in order. Not to be changed from outside."""
        return self._shapes

    def __contains__(self, number: int) -> bool:
        return self.first <= number < self.first + len(self._time)

    def add(
        self,
        shape: Shape,
        time: float,
        association: int | None = None,
        message_id: int | None = None,
        *,
        duration: float | None = None,
        detail: str = "",
        instance: str = "",
    ) -> int:
        """A new row at the end; returns its number."""
        try:
            self._shape.append(self._number_of(shape))
            self._association.append(association or 0)
            self._message_id.append(-1 if message_id is None else message_id)
            self._duration.append(nan if duration is None else duration)
            self._repeats.append(0)
            self._detail.append(detail)
            self._instance.append(instance)
            self._time.append(time)
        except BaseException:  # a row that stands in some columns only would move those behind it
            self._drop_from(len(self._time))
            raise
        return self.first + len(self._time) - 1

    def see_clocks(self, time: float, clock: float) -> None:
        """Both clocks at the moment the next row tells of, in seconds: whether the time of day was set."""
        ahead = time - clock
        if not -SET < ahead - self._ahead[-1] < SET:
            self._set_at.append(self.first + len(self._time))
            self._ahead.append(ahead)

    def ahead(self, number: int) -> float:
        """Seconds by which the time of day was ahead of the monotonic clock at a row."""
        return self._ahead[bisect_right(self._set_at, number) - 1]

    def shared(self, shape: Shape) -> Shape:
        """The one that rows have, which is equal: it is found sooner, and stays."""
        return self._shapes[self._number_of(shape)]

    def _drop_from(self, count: int) -> None:
        """All columns have so many rows again."""
        for column in (self._shape, self._association, self._message_id, self._duration, self._repeats):
            del column[count:]
        self._detail.keep(count)
        self._instance.keep(count)

    def _number_of(self, shape: Shape) -> int:
        number = self._by_identity.get(id(shape))
        if number is None:
            number = self._shape_numbers.get(shape)
        if number is None:
            number = self._shape_numbers[shape] = self._by_identity[id(shape)] = len(self._shapes)
            self._shapes.append(shape)
        return number

    # -- one row ------------------------------------------------------------------------------------------------

    def row(self, number: int) -> LogRow:
        """IndexError when the row is not kept (any more)."""
        i = self._at(number)
        message_id, duration = self._message_id[i], self._duration[i]
        return LogRow(
            number=number,
            shape=self._shapes[self._shape[i]],
            time=self._time[i],
            association=self._association[i] or None,
            message_id=None if message_id < 0 else message_id,
            duration=None if isnan(duration) else duration,
            repeats=self._repeats[i],
            detail=self._detail[number],
            instance=self._instance[number],
            sub_operations=self._sub_operations.get(number),
            findings=tuple(self._findings.get(number, _NOTHING).items()),
        )

    def _at(self, number: int) -> int:
        place = number - self.first
        if not 0 <= place < len(self._time):
            raise IndexError(number)
        return place

    def shape(self, number: int) -> Shape:
        return self._shapes[self._shape[self._at(number)]]

    def set_shape(self, number: int, shape: Shape) -> None:
        self._shape[self._at(number)] = self._number_of(shape)

    def set_duration(self, number: int, seconds: float) -> None:
        self._duration[self._at(number)] = seconds

    def set_detail(self, number: int, detail: str) -> None:
        self._at(number)
        self._detail[number] = detail

    def detail(self, number: int) -> str:
        self._at(number)
        return self._detail[number]

    def set_sub_operations(self, number: int, counts: SubOperations) -> None:
        self._at(number)
        self._sub_operations[number] = counts

    def find(self, number: int, rule: str) -> None:
        """Something was found in a message of the row."""
        self._at(number)
        self._findings.setdefault(number, Counter())[rule] += 1

    def repeat(self, number: int) -> None:
        """Count once more."""
        self._repeats[self._at(number)] += 1

    # -- many rows ----------------------------------------------------------------------------------------------

    @property
    def details(self) -> TextColumn:
        """To be read only."""
        return self._detail

    @property
    def instances(self) -> TextColumn:
        """To be read only."""
        return self._instance

    def numbers(self, start: int, end: int) -> tuple[array[int], array[int], array[int]]:
        """Shape numbers, associations, message IDs (-1 none) of the rows from start to end (not included)."""
        part = slice(start - self.first, end - self.first)
        return self._shape[part], self._association[part], self._message_id[part]

    def excess(self) -> int:
        """How many of the oldest rows should go now: none, or a tenth of all."""
        over = len(self._time) - self.maximum
        return max(over, self.maximum // _TRIM) if over > 0 else 0

    def forget(self, count: int) -> None:
        """Drop the oldest rows."""
        count = min(count, len(self._time))
        for column in (self._shape, self._time, self._association, self._message_id, self._duration, self._repeats):
            del column[:count]
        self._detail.forget(count)
        self._instance.forget(count)
        self.first += count
        past = bisect_right(self._set_at, self.first) - 1
        del self._set_at[:past], self._ahead[:past]
        if self._sub_operations:
            self._sub_operations = {n: c for n, c in self._sub_operations.items() if n >= self.first}
        if self._findings:
            self._findings = {n: c for n, c in self._findings.items() if n >= self.first}

    def clear(self) -> None:
        """Drop all rows; numbers go on."""
        self.forget(len(self._time))
