"""What the log's columns say of a row; made when a row is looked at, copied or saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from engine.standard.dictionary import uid_text
from engine.standard.lean import dataclass
from engine.standard.status import lookup

from .log_store import Class, Kind, LogRow, Shape, SubOperations
from .rows import Column

ARROWS = {True: "→", False: "←", None: ""}
DIRECTIONS = {True: "sent", False: "received", None: ""}

SHOWN_SIGN = "◂"
"""Beside the association the trace shows."""
SUB_OPERATIONS = "Sub-operations"


@dataclass(slots=True)
class View:
    """What the columns' texts depend on besides the row."""

    peer: Callable[[int], str]
    """The peer of an association in words."""
    association: int | None = None
    """The one the trace shows."""
    counts_in_detail: bool = False
    """Whether sub-operation counts have no column of their own."""
    waived: Callable[[LogRow], str] = lambda _row: ""
    """Why a finding is waived, "" when it is not."""
    found: Callable[[LogRow], str] = lambda _row: ""
    """How much was found in a row's messages, in words."""
    why: Callable[[LogRow], str] = lambda _row: ""
    """Why what the row tells failed, in a few words; "" when nobody knows or nothing did."""


_LOOKS: dict[Class, tuple[str, str, str]] = {
    # class: icon, theme role of icon and text, sign in plain text
    Class.WAITING: ("never", "muted", "…"),
    Class.SUCCESS: ("ok", "ok", "✓"),
    Class.PENDING: ("never", "accent", "…"),
    Class.WARNING: ("warning", "warning", "!"),
    Class.FAILURE: ("failure", "failure", "✕"),
    Class.CANCEL: ("stop", "warning", "■"),
    Class.UNKNOWN: ("help", "warning", "?"),
    Class.INFO: ("info", "muted", "i"),
}
_SUB_OPERATIONS = (("completed", "✓"), ("failed", "✕"), ("warning", "!"), ("remaining", "left"))


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).astimezone().strftime("%H:%M:%S")


def clock_text(time: float) -> str:
    """Time of day with milliseconds, in the zone of this computer."""
    milliseconds = round(time * 1000)
    return f"{_second(milliseconds // 1000)}.{milliseconds % 1000:03d}"


def full_time(time: float) -> str:
    """Date and time with the zone's offset."""
    return datetime.fromtimestamp(time, tz=UTC).astimezone().isoformat(" ", "milliseconds")


def duration_text(seconds: float | None) -> str:
    """Seconds in the unit that suits them: "840 µs", "12.4 ms", "3.21 s", "2 min 5 s"."""
    if seconds is None:
        return ""
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 60:
        return f"{seconds:.2f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def status_text(row: LogRow) -> str:
    """The code, pending responses counted: "FF00H ×14, 0000H"; a word for rows without one."""
    shape = row.shape
    if shape.kind is Kind.FINDING and row.repeats > 1:
        return f"{shape.word} ×{row.repeats:,}"
    parts = []
    if shape.pending >= 0:
        parts.append(f"{shape.pending:04X}H ×{row.repeats:,}")
    if shape.status >= 0:
        parts.append(f"{shape.status:04X}H")
    if shape.word:
        parts.append(shape.word)
    return ", ".join(parts)


@lru_cache(maxsize=4096)
def meaning_text(shape: Shape) -> str:
    """What the status says, by the table of the row's service class."""
    codes = [code for code in (shape.pending, shape.status) if code >= 0]
    if not codes:
        return shape.meaning
    last = lookup(codes[-1], shape.service, shape.sop_class_uid).meaning
    return last if shape.status >= 0 or not shape.word else f"{last}, then {shape.word}"


def status_tooltip(row: LogRow) -> str:
    """Class, meaning and clause."""
    lines = [f"{row.shape.klass.value.capitalize()}: {status_text(row)} {meaning_text(row.shape)}".strip()]
    for code in (row.shape.pending, row.shape.status):
        if code >= 0:
            found = lookup(code, row.shape.service, row.shape.sop_class_uid)
            lines.append(f"{code:04X}H {found.meaning} ({found.clause})")
    return "\n".join(lines)


def sub_operations_text(counts: SubOperations | None) -> str:
    """Signs and numbers: "12 ✓  1 ✕  3 left"; what is zero is left out."""
    if counts is None:
        return ""
    parts = [f"{getattr(counts, name)} {sign}" for name, sign in _SUB_OPERATIONS if getattr(counts, name)]
    return "  ".join(parts) or "none"


def sub_operations_words(counts: SubOperations | None) -> str:
    if counts is None:
        return ""
    values = [(name, getattr(counts, name)) for name, _ in _SUB_OPERATIONS]
    return ", ".join(f"{value} {name}" for name, value in values if value) or "no sub-operations"


@lru_cache(maxsize=4096)
def sop_class_name(uid: str) -> str:
    return uid_text(uid)


def detail_text(row: LogRow) -> str:
    """The sentence of the row; beside it the SOP class, and of what could not be done the instance."""
    name = sop_class_name(row.shape.sop_class_uid) if row.shape.sop_class_uid else ""
    instance = row.instance if row.shape.service in _INSTANCE_SERVICES else ""
    return " · ".join(p for p in (row.detail, name, instance) if p)


_INSTANCE_SERVICES = frozenset({"C-STORE", "N-CREATE", "N-SET", "N-GET", "N-DELETE"})
"""Services whose SOP instance tells one row from the next."""


def detail_tooltip(row: LogRow) -> str:
    """The whole detail of a row, the findings on its messages, and the UIDs it is about."""
    uid = row.shape.sop_class_uid
    lines = [
        row.detail,
        *(f"Found: {rule}{f' ×{count:,}' if count > 1 else ''}" for rule, count in row.findings),
        f"SOP class: {sop_class_name(uid)} ({uid})" if uid else "",
        f"SOP instance: {row.instance}" if row.instance else "",
        f"Sub-operations: {sub_operations_words(row.sub_operations)}" if row.sub_operations else "",
    ]
    return "\n".join(line for line in lines if line)


def association_text(row: LogRow) -> str:
    return f"#{row.association}" if row.association is not None else ""


def message_id_text(row: LogRow) -> str:
    return str(row.message_id) if row.message_id is not None else ""


def _look(row: LogRow) -> tuple[str, str]:
    return _LOOKS[row.shape.klass][:2]


def _color(row: LogRow) -> str:
    return _LOOKS[row.shape.klass][1]


def _failure_color(row: LogRow) -> str:
    return _color(row) if row.shape.klass in (Class.FAILURE, Class.WARNING, Class.UNKNOWN) else ""


def _direction_tip(row: LogRow) -> str:
    direction = DIRECTIONS[row.shape.sent]
    return f"{row.shape.service} {direction}" if direction else ""


def columns(view: View) -> tuple[Column[LogRow], ...]:
    """The log's columns."""

    def association(row: LogRow) -> str:
        text = association_text(row)
        return f"{text} {SHOWN_SIGN}" if text and row.association == view.association else text

    def association_color(row: LogRow) -> str:
        return "accent" if row.association is not None and row.association == view.association else ""

    def association_tip(row: LogRow) -> str:
        if row.association is None:
            return ""
        mark = "\nThe trace shows this association." if row.association == view.association else ""
        return f"Association {row.association}, {view.peer(row.association)}{mark}"

    def status(row: LogRow) -> str:
        text = status_text(row)
        return f"{text}, waived" if view.waived(row) else text

    def look(row: LogRow) -> tuple[str, str]:
        return ("check", "muted") if view.waived(row) else _look(row)

    def meaning_color(row: LogRow) -> str:
        return "muted" if view.waived(row) else _failure_color(row)

    def detail(row: LogRow) -> str:
        reason = view.waived(row)
        if reason:
            return f"Waived: {reason} · {detail_text(row)}"
        counts = sub_operations_words(row.sub_operations) if view.counts_in_detail else ""
        return " · ".join(p for p in (why(row), view.found(row), counts, detail_text(row)) if p)

    def why(row: LogRow) -> str:
        cause = view.why(row)
        return f"Why: {cause}" if cause else ""

    def copied_detail(row: LogRow) -> str:
        said = (why(row), view.found(row), detail_text(row))
        return detail(row) if view.waived(row) else " · ".join(p for p in said if p)

    return (
        Column("Time", lambda r: clock_text(r.time), lambda r: full_time(r.time), copy=lambda r: full_time(r.time),
               sample="00:00:00.000"),
        Column("Association", association, association_tip, association_color, copy=association_text,
               sample=f"#12345 {SHOWN_SIGN}"),
        Column("", lambda r: ARROWS[r.shape.sent], _direction_tip, copy=lambda r: DIRECTIONS[r.shape.sent], sample="→",
               title_tooltip="Direction: → sent, ← received"),
        Column("Service", lambda r: r.shape.service, sample="N-EVENT-REPORT"),
        Column("Message", message_id_text, sample="65535", align_right=True, priority=-1,
               title_tooltip="Message ID (0000,0110)"),
        Column("Status", status, status_tooltip, lambda r: look(r)[1], look, sample="FF00H ×14, 0000H"),
        Column("Meaning", lambda r: meaning_text(r.shape), status_tooltip, meaning_color,
               sample="Refused: Move Destination unknown", weight=2),
        Column("Duration", lambda r: duration_text(r.duration), sample="000.0 ms", align_right=True),
        Column(SUB_OPERATIONS, lambda r: sub_operations_text(r.sub_operations),
               lambda r: sub_operations_words(r.sub_operations), sample="120 ✓  10 ✕", priority=2,
               copy=lambda r: sub_operations_words(r.sub_operations)),
        Column("Detail", detail, detail_tooltip, sample="n" * 46, weight=5,
               copy=copied_detail),
    )  # fmt: skip


def text_lines(rows: Iterable[LogRow], view: View | None = None) -> Iterable[str]:
    """Each row as one line, columns apart by tabs, with a sign for the class."""
    for row, cells in _cells(rows, view):
        yield "\t".join((cells[0], _LOOKS[row.shape.klass][2], *cells[1:]))


def copied_lines(rows: Iterable[LogRow], view: View) -> Iterable[str]:
    """Each row as the table copies it, columns apart by tabs."""
    return ("\t".join(cells) for _, cells in _cells(rows, view))


def _cells(rows: Iterable[LogRow], view: View | None) -> Iterator[tuple[LogRow, list[str]]]:
    made = columns(replace(view, association=None) if view is not None else View(lambda _association: ""))
    return ((row, [str((column.copy or column.text)(row)) for column in made]) for row in rows)


def spoken(row: LogRow) -> str:
    """A row in one sentence, for screen readers."""
    parts = (
        clock_text(row.time),
        f"association {row.association}" if row.association is not None else "",
        row.shape.service,
        DIRECTIONS[row.shape.sent],
        f"message {row.message_id}" if row.message_id is not None else "",
        f"{row.shape.klass.value} {status_text(row)} {meaning_text(row.shape)}",
        sub_operations_words(row.sub_operations),
        detail_text(row),
    )
    return ", ".join(p for p in parts if p)
