"""Notices as lines of text for people: the status log's text form and the command line's."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime

from engine.model.association import Negotiated, NegotiatedContext
from engine.model.notices import (
    AnyNotice,
    AssociationNotice,
    Direction,
    EngineNotice,
    ErrorNotice,
    FindingNotice,
    ListenerNotice,
    MessageNotice,
    ObjectsNotice,
    PduNotice,
    ProgressNotice,
    ReferencesNotice,
    ScriptNotice,
    StatusNotice,
    StepNotice,
    StepState,
    StoredNotice,
    StorePlanNotice,
)
from engine.standard.codes import explain_code
from engine.standard.dictionary import uid_text
from engine.standard.elements import tag_text
from engine.standard.messages import message_for, message_name
from engine.standard.status import status_text

from .json_pdu import pdu_name
from .store_text import plan_summary

_ARROWS = {Direction.SENT: "->", Direction.RECEIVED: "<-"}


def visible(text: str, keep: str = "") -> str:
    """The text with control characters written out (\\x1b, \\r, \\u202e): what a peer says must not steer a terminal or
    fake a line. keep: control characters let through, such as the line ends of our own."""
    return _CONTROLS.sub(lambda m: m[0] if m[0] in keep else m[0].encode("unicode_escape").decode(), text)


_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns aligned to their widest cell, a rule under the headers; "" without rows."""
    cells = [[visible(" ".join(cell.split())) for cell in row] for row in rows]
    if not cells:
        return ""
    widths = [max(display_width(row[i]) for row in [list(headers), *cells]) for i in range(len(headers))]
    lines = [headers, ["-" * w for w in widths], *cells]
    return "\n".join("  ".join(map(_padded, line, widths)).rstrip() for line in lines) + "\n"


def display_width(text: str) -> int:
    """Columns of a terminal the text takes: two for wide characters (Unicode UAX #11), none for combining marks."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(c) in _NO_WIDTH else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


_NO_WIDTH = ("Mn", "Me", "Cf")


def _padded(text: str, width: int) -> str:
    return text + " " * (width - display_width(text))


def contexts_table(negotiated: Negotiated) -> str:
    """One row a presentation context: ID, abstract syntax, result, transfer syntax, requestor's roles."""
    headers = ("ID", "Abstract syntax", "Result", "Transfer syntax", "Requestor is")
    return table(headers, (_context_row(c) for c in negotiated.contexts))


def contexts_summary(negotiated: Negotiated) -> list[str]:
    """Many presentation contexts in a line a result: how many, and which were refused."""
    contexts = negotiated.contexts
    accepted = sum(c.accepted for c in contexts)
    lines = [f"{accepted} of {len(contexts)} presentation contexts accepted (-v lists them)."]
    by_result: dict[int, list[str]] = {}
    for c in contexts:
        if not c.accepted:
            by_result.setdefault(c.result, []).append(uid_text(c.abstract_syntax))
    for result, refused in by_result.items():
        names = list(dict.fromkeys(refused))
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        why = explain_code("context_result", result) if result >= 0 else "not answered"
        lines.append(f"    {len(refused)} {why}: {', '.join(names[:3])}{more}")
    return lines


def _context_row(c: NegotiatedContext) -> tuple[str, str, str, str, str]:
    result = explain_code("context_result", c.result) if c.result >= 0 else "not answered"
    roles = " and ".join(r for r, on in (("SCU", c.requestor_scu), ("SCP", c.requestor_scp)) if on)
    return str(c.id), uid_text(c.abstract_syntax), result, uid_text(c.transfer_syntax), roles


def time_text(seconds: float) -> str:
    """Local time of day with milliseconds; "" when the time is not known (0)."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%H:%M:%S.%f")[:-3] if seconds else ""


def seconds_text(seconds: float) -> str:
    """A duration a person reads at a glance: "850 µs", "4.2 ms", "1.3 s"."""
    for limit, factor, unit in ((1e-3, 1e6, "µs"), (1.0, 1e3, "ms")):
        if seconds < limit:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds:.1f} s"


def notice_text(notice: AnyNotice) -> str:
    """What a notice says, on one line, without its time; "" when there is nothing to say."""
    return visible(_notice_text(notice))


def _notice_text(notice: AnyNotice) -> str:
    match notice:
        case AssociationNotice():
            return f"Association {notice.association}: {notice.sentence or notice.phase.value + '.'}"
        case PduNotice():
            return _pdu_text(notice)
        case MessageNotice():
            return message_text(notice)
        case StatusNotice():
            return status_line(notice)
        case ProgressNotice():
            return progress_text(notice)
        case StepNotice():
            return step_text(notice)
        case StorePlanNotice():
            return plan_summary(notice.plan)
        case ReferencesNotice():
            return f"{len(notice.found.references)} instances in files"
        case StoredNotice():
            return "; ".join(f"{r.path.name}: {r.state.value}" for r in notice.results[:3])
        case FindingNotice():
            clause = f" ({notice.clause})" if notice.clause else ""
            waived = f", waived ({notice.waived})" if notice.waived else ""
            return f"{notice.severity.capitalize()}{waived}: {notice.sentence}{clause}"
        case ObjectsNotice():
            return f"{len(notice.held)} objects held, {len(notice.gone)} gone"
        case ListenerNotice() | ScriptNotice() | EngineNotice() | ErrorNotice():
            return notice.sentence


def _pdu_text(n: PduNotice) -> str:
    states = f", {n.state_before} {n.event} {n.action} {n.state_after}" if n.state_before else ""
    return f"{_ARROWS[n.direction]} {pdu_name(n.type)}, {n.size} bytes{states}"


def message_text(n: MessageNotice) -> str:
    """Direction, name, message ID, SOP class, status, duration."""
    command = n.command
    row = message_for(command.command_field) if command.command_field is not None else None
    number = command.responded_to if command.is_response else command.message_id
    parts = [f"{_ARROWS[n.direction]} {message_name(command.command_field)}"]
    if number is not None:
        parts.append(f"message {number}")
    if command.sop_class_uid:
        parts.append(uid_text(command.sop_class_uid))
    if command.status is not None:
        parts.append(status_text(command.status, row.service if row else "", command.sop_class_uid))
    if n.data_length:
        parts.append(f"data set of {n.data_length} bytes")
    if n.duration is not None:
        parts.append(seconds_text(n.duration))
    if n.unsolicited:
        parts.append("nobody asked for it")
    if n.within is not None:
        parts.append(f"within operation {n.within}")
    return ", ".join(parts)


def status_line(n: StatusNotice) -> str:
    """How an operation ended, with what its response added."""
    parts = [n.sentence or f"{n.service} {n.outcome.value}."]
    if parts[0][-1] not in ".!?":
        parts[0] += "."
    if n.verdict:
        parts.append(n.verdict)
    if n.error_comment and n.error_comment not in n.sentence:
        parts.append(f"Error Comment: {n.error_comment}.")
    if n.offending_elements:
        listed = ", ".join(map(tag_text, n.offending_elements))
        parts.append(f"Offending Element: {listed}.")
    if n.error_id is not None:
        parts.append(f"Error ID: {n.error_id:04X}H.")
    counts = [(n.completed, "completed"), (n.failed, "failed"), (n.warning, "with warning"), (n.remaining, "remaining")]
    if n.service == "C-STORE":  # its sentence has told them, as files
        counts = []
    told = ", ".join(f"{value} {word}" for value, word in counts if value is not None)
    if told:
        parts.append(f"Sub-operations: {told}.")
    return " ".join(parts)


def progress_text(n: ProgressNotice) -> str:
    """ "12 of 40, 1 failed"."""
    done = f"{n.done} of {n.total}" if n.total is not None else str(n.done)
    failed = f", {n.failed} failed" if n.failed else ""
    warned = f", {n.warning} with warning" if n.warning else ""
    return f"{done}{failed}{warned}. {n.sentence}".rstrip()


_STEP_SIGNS = {
    StepState.PLANNED: "·",
    StepState.RUNNING: "…",
    StepState.DONE: "✓",
    StepState.WARNING: "!",
    StepState.FAILED: "✗",
    StepState.SKIPPED: "–",
}


def step_text(n: StepNotice) -> str:
    """ "✓ Film session: N-CREATE ...: 0000H Success"."""
    took = f" ({seconds_text(n.duration)})" if n.duration is not None else ""
    said = f": {n.sentence}" if n.sentence else f": {n.state.value}"
    return f"{_STEP_SIGNS[n.state]} {n.name}{said}{took}"
