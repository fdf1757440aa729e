"""Notices into log rows: one row for a request and its responses, one for each event of an association.

Pending responses are counted in their operation's row, so that a query with ten thousand matches stays one line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from engine.model.association import Peer
from engine.model.command_set import tag_of
from engine.model.notices import (
    AssociationNotice,
    Direction,
    EngineNotice,
    ErrorNotice,
    FindingNotice,
    ListenerNotice,
    MessageNotice,
    Notice,
    Outcome,
    ScriptNotice,
    StatusNotice,
)
from engine.standard.elements import ELEMENTS, tag_text
from engine.standard.lean import dataclass
from engine.standard.messages import message_for, message_name
from engine.standard.status import StatusClass, lookup, status_text
from gui.report import tell_defect

from .log_associations import AssociationRows
from .log_lessons import LEARNED_FROM, Lessons
from .log_links import REMEMBERED, Links, Origin
from .log_store import Class, Kind, LogStore, Shape, SubOperations

_CLASSES = {
    StatusClass.SUCCESS: Class.SUCCESS,
    StatusClass.PENDING: Class.PENDING,
    StatusClass.WARNING: Class.WARNING,
    StatusClass.FAILURE: Class.FAILURE,
    StatusClass.CANCEL: Class.CANCEL,
    StatusClass.UNKNOWN: Class.UNKNOWN,
}
_OUTCOMES = {
    Outcome.SUCCESS: Class.SUCCESS,
    Outcome.WARNING: Class.WARNING,
    Outcome.CANCELLED: Class.CANCEL,
}
_SEVERITIES = {"error": Class.FAILURE, "warning": Class.WARNING}
_COUNTS = (
    "NumberOfRemainingSuboperations",
    "NumberOfCompletedSuboperations",
    "NumberOfFailedSuboperations",
    "NumberOfWarningSuboperations",
)
_OF_MESSAGES = frozenset({"command", "data", "exchange", "retrieve", "query", "workflow"})
"""What rules about whole messages begin with; their findings follow the message."""
WAITING_WORD = "waiting"

_Key = tuple[int, bool, int]
"""Association, sent, Message ID of a request."""


_RETRIEVE = ("C-GET", "C-MOVE")
_COMMENT, _OFFENDING, _ERROR_ID = tag_of("ErrorComment"), tag_of("OffendingElement"), tag_of("ErrorID")


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a status makes of a row. pending: it is counted. last: no other response follows."""

    shape: Shape
    pending: bool
    last: bool


def _answered(store: LogStore, shape: Shape, status: int, sop_class_uid: str) -> _Answer:
    klass = _CLASSES[lookup(status, shape.service, sop_class_uid).klass]
    pending = klass is Class.PENDING
    if pending:
        changed = replace(shape, klass=klass, pending=status, word="", meaning="")
    else:
        changed = replace(shape, klass=klass, status=status, word="", meaning="")
    last = lookup(status).klass is not StatusClass.PENDING
    return _Answer(store.shared(changed), pending, last)


@lru_cache(maxsize=256)
def _waiting(service: str, sent: bool, sop_class_uid: str) -> Shape:
    """The shape of a request's row: the same one again, which is found sooner."""
    return Shape(Kind.MESSAGE, Class.WAITING, service, sent, sop_class_uid, word=WAITING_WORD)


class LogFeed:
    """Keeps what is needed to bring an answer to its row: open requests, operations, earlier findings."""

    def __init__(self, store: LogStore) -> None:
        self.store = store
        self.peers: dict[int, Peer] = {}
        """Peers of the latest associations, for the filter and the tooltips."""
        self.lessons = Lessons()
        """For redacted exports."""
        self._links = Links()
        self._open: dict[_Key, tuple[int, float]] = {}
        self._answers: dict[tuple[int, int, str], _Answer] = {}
        """What statuses make of rows that came before: by the identity of their shape, which the store keeps, by status
        and by SOP class."""
        self._operations: dict[int, tuple[int, int]] = {}
        """First row and number of requests of the operations that have not ended."""
        self._retrievals: dict[int, Origin] = {}
        """C-GETs and C-MOVEs that have not ended, for the C-STOREs within them."""
        self._findings: dict[tuple[int, str, bool], int] = {}
        self._latest: dict[tuple[int, bool], int] = {}
        """Row of the latest message of an association in each direction (sent)."""
        self._associations = AssociationRows(store)
        self._changed: set[int] = set()
        self._take: dict[type[Notice], Callable[[Any], None]] = {
            AssociationNotice: self._association,
            MessageNotice: self._message,
            StatusNotice: self._status,
            FindingNotice: self._finding,
            ListenerNotice: self._listener,
            ScriptNotice: self._script,
            EngineNotice: self._engine,
            ErrorNotice: self._error,
        }

    def take(self, notices: Iterable[Notice]) -> set[int]:
        """Add and change rows; returns the numbers of the rows changed (new ones among them)."""
        self._changed = set()
        for notice in notices:
            kind = type(notice)
            take = self._take.get(kind)
            if kind in LEARNED_FROM:
                self.lessons.take(notice, self.store.end - 1)
            if take is None:
                continue
            try:
                take(notice)
            except Exception:  # noqa: BLE001 - the rows of the others are to come all the same
                tell_defect()
        return self._changed

    def forget(self) -> None:
        """After the store was cleared: open requests have no row any more, their answers make new ones."""
        self._findings.clear()

    # -- messages -----------------------------------------------------------------------------------------------

    def _message(self, notice: MessageNotice) -> None:
        self.store.see_clocks(notice.time, notice.clock)
        field = notice.command.command_field
        row = message_for(field or 0)
        kind = row.kind if row is not None else ("response" if notice.command.is_response else "request")
        name = row.service if row is not None else message_name(field)
        if kind == "response":
            self._response(name, notice)
        elif kind == "cancel":
            self._cancel(notice)
        else:
            self._request(name, notice)

    def _request(self, service: str, notice: MessageNotice) -> None:
        command = notice.command
        sent = notice.direction is Direction.SENT
        origin = self._retrievals.get(notice.within or 0) or self._links.find(service, notice)
        self._links.remember(service, notice)
        message_id = command.message_id
        number = self.store.add(
            _waiting(service, sent, command.sop_class_uid),
            notice.time,
            notice.association,
            message_id,
            detail=_belongs(origin, notice.association),
            instance=command.sop_instance_uid,
        )
        self._changed.add(number)
        self._latest[notice.association, sent] = number
        if message_id is not None:
            self._open[notice.association, sent, message_id] = (number, notice.clock)
        if notice.operation is not None:
            if service in _RETRIEVE and message_id is not None:
                self._retrievals[notice.operation] = Origin(notice.association, message_id, service)
            first, count = self._operations.get(notice.operation, (number, 0))
            self._operations[notice.operation] = (first, count + 1)

    def _cancel(self, notice: MessageNotice) -> None:
        target = notice.command.responded_to
        sent = notice.direction is Direction.SENT
        shape = Shape(Kind.MESSAGE, Class.INFO, "C-CANCEL", sent, word="sent" if sent else "received")
        detail = f"cancels message {target}" if target is not None else "names no message to cancel"
        self._changed.add(self.store.add(shape, notice.time, notice.association, target, detail=detail))

    def _response(self, service: str, notice: MessageNotice) -> None:
        command = notice.command
        sent = notice.direction is Direction.SENT
        responded_to = command.responded_to
        key = (notice.association, not sent, -1 if responded_to is None else responded_to)
        number, clock = self._open.get(key, (-1, 0.0))
        if number not in self.store:
            number = self._unasked(service, sent, notice)
        elif notice.duration is not None or clock:
            self.store.set_duration(number, notice.clock - clock if notice.duration is None else notice.duration)
        self._changed.add(number)
        self._latest[notice.association, sent] = number
        if self._answer(number, notice):
            self._open.pop(key, None)

    def _unasked(self, service: str, sent: bool, notice: MessageNotice) -> int:
        """A row for a response without a request in the log."""
        shape = Shape(Kind.MESSAGE, Class.UNKNOWN, service, sent, notice.command.sop_class_uid)
        detail = "answers no outstanding request" if notice.unsolicited or not sent else ""
        target = notice.command.responded_to
        number = self.store.add(shape, notice.time, notice.association, target, detail=detail)
        if notice.duration is not None:
            self.store.set_duration(number, notice.duration)
        return number

    def _answer(self, number: int, notice: MessageNotice) -> bool:
        """Write a response's status, counts and explanations into its row; whether it is the last one."""
        store, command = self.store, notice.command
        shape, status = store.shape(number), command.status
        if status is None:
            store.set_shape(number, replace(shape, klass=Class.UNKNOWN, word="no status", meaning=""))
            return True
        key = id(shape), status, shape.sop_class_uid or command.sop_class_uid
        answer = self._answers.get(key)
        if answer is None:
            if len(self._answers) >= REMEMBERED:
                self._answers.clear()
            answer = self._answers[key] = _answered(store, shape, *key[1:])
        if answer.pending:
            store.repeat(number)
        if answer.shape is not shape:
            store.set_shape(number, answer.shape)
        if shape.service in _RETRIEVE:
            counts = SubOperations(*(command.number(k) for k in _COUNTS))
            if counts != SubOperations():
                store.set_sub_operations(number, counts)
        if told := explanation(notice):
            self._explain(number, told)
        return answer.last

    def _explain(self, number: int, *sentences: str) -> None:
        """Put sentences after what the row's detail says, none twice."""
        parts = [p for p in (self.store.detail(number),) if p]
        for sentence in sentences:
            if sentence and not any(sentence in part for part in parts):
                parts.append(sentence)
        self.store.set_detail(number, " · ".join(parts))

    # -- everything else ----------------------------------------------------------------------------------------

    def _association(self, notice: AssociationNotice) -> None:
        self.store.see_clocks(notice.time, notice.clock)
        self.peers[notice.association] = notice.peer
        if len(self.peers) > REMEMBERED:
            del self.peers[next(iter(self.peers))]
        self._changed |= self._associations.take(notice)
        if notice.outcome is not None:
            self._close(notice)

    def _close(self, notice: AssociationNotice) -> None:
        """No response can come on an ended association."""
        for key in [k for k in self._open if k[0] == notice.association]:
            number, _ = self._open.pop(key)
            if number in self.store:
                shape = self.store.shape(number)
                ended = f"association {notice.phase.value}"
                self.store.set_shape(number, replace(shape, klass=Class.FAILURE, word="no response", meaning=ended))
                self._changed.add(number)
        for finding in [k for k in self._findings if k[0] == notice.association]:
            del self._findings[finding]
        for sent in (True, False):
            self._latest.pop((notice.association, sent), None)

    def _status(self, notice: StatusNotice) -> None:
        self._retrievals.pop(notice.operation, None)
        number, requests = self._operations.pop(notice.operation, (-1, 0))
        if requests == 1 and number in self.store:
            self._finish(number, notice)
        elif requests or not self._associations.tells(notice.association, notice.sentence):
            self._summary(notice, requests)

    def _finish(self, number: int, notice: StatusNotice) -> None:
        """The operation was one exchange: its end belongs into that row."""
        shape = self.store.shape(number)
        if shape.klass in (Class.WAITING, Class.PENDING) or shape.word == "no response":
            klass = _OUTCOMES.get(notice.outcome, Class.FAILURE)
            self.store.set_shape(number, replace(shape, klass=klass, word=notice.outcome.value, meaning=""))
            self.store.set_duration(number, notice.duration)
        if not self._says(self.store.shape(number), notice):
            self._explain(number, notice.sentence)
        self._explain(number, notice.verdict)
        self._changed.add(number)

    def _says(self, shape: Shape, notice: StatusNotice) -> bool:
        """Whether the log already says what the sentence says: the row's status, or the association's end."""
        if shape.status >= 0 and status_text(shape.status, shape.service, shape.sop_class_uid) in notice.sentence:
            return True
        return self._associations.tells(notice.association, notice.sentence)

    def _summary(self, notice: StatusNotice, requests: int) -> None:
        """A row of its own for the end of what was several exchanges, or none."""
        klass = _OUTCOMES.get(notice.outcome, Class.FAILURE)
        shape = Shape(Kind.OPERATION, klass, notice.service or "Operation", None, notice.sop_class_uid)
        shape = replace(shape, word=notice.outcome.value, meaning=f"{requests:,} requests" if requests > 1 else "")
        number = self.store.add(
            shape,
            notice.time,
            notice.association if notice.association in self.peers else None,  # not opened: a store only planned
            notice.message_id,
            duration=notice.duration,
            detail=notice.sentence,
        )
        self._explain(
            number,
            notice.verdict,
            notice.error_comment,
            _offending(notice.offending_elements),
            _error_id(notice.error_id),
        )
        counts = SubOperations(notice.remaining, notice.completed, notice.failed, notice.warning)
        told = counts.remaining or counts.completed or counts.failed or counts.warning
        if told or (notice.service in _RETRIEVE and counts != SubOperations()):  # else a store that was only planned
            self.store.set_sub_operations(number, counts)
        self._changed.add(number)

    def _finding(self, notice: FindingNotice) -> None:
        """The same sentence again about the same association is counted, not repeated."""
        sent = notice.direction is Direction.SENT
        message = self._latest.get((notice.association, sent), -1)
        if notice.rule.partition(".")[0] in _OF_MESSAGES and message in self.store:
            self.store.find(message, notice.rule)
            self._changed.add(message)
        key = (notice.association, notice.sentence, sent)
        number = self._findings.get(key, -1)
        if number not in self.store:
            klass = _SEVERITIES.get(notice.severity, Class.INFO)
            shape = Shape(Kind.FINDING, klass, "Finding", sent, word=notice.severity, meaning=notice.rule)
            detail = f"{notice.sentence} ({notice.clause})" if notice.clause else notice.sentence
            number = self.store.add(shape, notice.time, notice.association or None, detail=detail)
            self._findings[key] = number
        self.store.repeat(number)
        self._changed.add(number)

    def _listener(self, notice: ListenerNotice) -> None:
        where = f"{notice.ae_title} on {notice.host} port {notice.port}".strip()
        klass, word = (Class.SUCCESS, "listening") if notice.listening else (Class.INFO, "stopped")
        shape = Shape(Kind.LISTENER, klass, "Listener", word=word, meaning=where)
        self._changed.add(self.store.add(shape, notice.time, detail=notice.sentence))

    def _script(self, notice: ScriptNotice) -> None:
        shape = Shape(Kind.SCRIPT, Class.INFO, "Script", True, word=notice.phase.value, meaning=notice.title)
        self._changed.add(self.store.add(shape, notice.time, notice.association, detail=notice.sentence))

    def _engine(self, notice: EngineNotice) -> None:
        klass, word = (Class.INFO, "answers") if notice.answers else (Class.FAILURE, "silent")
        shape = Shape(Kind.ERROR, klass, "Engine", word=word)
        self._changed.add(self.store.add(shape, notice.time, detail=notice.sentence))

    def _error(self, notice: ErrorNotice) -> None:
        shape = Shape(Kind.ERROR, Class.FAILURE, "Error", word="error")
        self._changed.add(self.store.add(shape, notice.time, notice.association, detail=notice.sentence))


def explanation(notice: MessageNotice) -> str:
    """What a response says about its status: Error Comment, Offending Element by name, Error ID (PS3.7 C)."""
    command = notice.command
    comment, tags, error = command.text(_COMMENT), command.get(_OFFENDING), command.number(_ERROR_ID)
    if not comment and tags is None and error is None:
        return ""
    offending = tags if isinstance(tags, tuple) else () if tags is None else (tags,)
    told = (comment, _offending([t for t in offending if isinstance(t, int)]), _error_id(error))
    return " · ".join(p for p in told if p)


def _error_id(number: int | None) -> str:
    return "" if number is None else f"Error ID: {number:04X}H"


def _offending(tags: Sequence[int]) -> str:
    plural = "s" if len(tags) > 1 else ""
    return f"Offending Element{plural}: {', '.join(map(element_text, tags))}" if tags else ""


def element_text(tag: int) -> str:
    """A tag with its name from the command or the data dictionary."""
    from engine.standard.dictionary import attribute

    number = tag_text(tag)
    found = ELEMENTS.get(tag) if tag >> 16 == 0 else attribute(tag)
    return f"{number} {found.name}" if found is not None else number


def _belongs(origin: Origin | None, association: int) -> str:
    if origin is None:
        return ""
    where = "" if origin.association == association else f"#{origin.association} "
    verb = "part of" if origin.service in _RETRIEVE else "answers"
    return f"{verb} {where}message {origin.message_id} ({origin.service})"
