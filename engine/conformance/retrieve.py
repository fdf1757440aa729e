"""C-GET and C-MOVE over their responses: sub-operation counts, the list of failed instances, C-STORE sub-operations.

PS3.4 C.4.2 and C.4.3, PS3.7 9.1.3 and 9.1.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.model.command_set import STATUS
from engine.standard.elements import BY_KEYWORD, tag_text
from engine.standard.status import StatusClass

from .findings import Finding
from .message import Counts, Message, Operation

_NUMBERS = {
    "remaining": BY_KEYWORD["NumberOfRemainingSuboperations"].tag,
    "completed": BY_KEYWORD["NumberOfCompletedSuboperations"].tag,
    "failed": BY_KEYWORD["NumberOfFailedSuboperations"].tag,
    "warning": BY_KEYWORD["NumberOfWarningSuboperations"].tag,
}
_FINISHED = ("completed", "failed", "warning")
_PRIORITY = BY_KEYWORD["Priority"].tag
_ORIGINATOR = BY_KEYWORD["MoveOriginatorApplicationEntityTitle"].tag
_ORIGINATOR_ID = BY_KEYWORD["MoveOriginatorMessageID"].tag
_FAILED_LIST = 0x00080058
_SUCCESS, _WARNING, _FAILURE = StatusClass.SUCCESS, StatusClass.WARNING, StatusClass.FAILURE
_LISTING = (StatusClass.CANCEL, _WARNING, _FAILURE)
_CLAUSES = {"C-GET": "PS3.4 C.4.3.1.3.2"}
_Check = Callable[[Message, Operation, Counts], Iterator[Finding]]


def judge_response(m: Message) -> list[Finding]:
    """A C-GET-RSP or C-MOVE-RSP that answers an operation; the operation remembers its counts."""
    operation = m.operation
    if operation is None or m.status is None:
        return []
    counts = Counts(*(m.number(tag) for tag in _NUMBERS.values()))
    checks = _OF_FINAL if m.is_final else _OF_PENDING
    findings = [finding for check in checks for finding in check(m, operation, counts)]
    if not m.is_final and counts.remaining is not None:
        operation.counts = counts
        if operation.total is None:
            operation.total = counts.remaining + counts.done
    return findings


# Pending responses


def _remaining(m: Message, operation: Operation, now: Counts) -> Iterator[Finding]:
    before = operation.counts.remaining if operation.counts else None
    if before is not None and now.remaining is not None and now.remaining > before:
        sentence = f"{now.remaining} sub-operations remain; in the response before it were {before}."
        yield m.about("retrieve.remaining-increases", sentence, _NUMBERS["remaining"])


def _decrease(m: Message, operation: Operation, now: Counts) -> Iterator[Finding]:
    for name in _FINISHED if operation.counts else ():
        before, count = getattr(operation.counts, name), getattr(now, name)
        if before is not None and count is not None and count < before:
            sentence = f"The {name} sub-operations became less: {before} before, {count} now."
            yield m.about("retrieve.counts-decrease", sentence, _NUMBERS[name])


def _total(m: Message, operation: Operation, now: Counts) -> Iterator[Finding]:
    if operation.total is None or now.remaining is None:
        return
    total = now.remaining + now.done
    if total != operation.total:
        sentence = f"The counts add up to {total} sub-operations; at first it was {operation.total}."
        yield m.about("retrieve.total-changes", sentence, _NUMBERS["remaining"])


def _stored(m: Message, operation: Operation, now: Counts) -> Iterator[Finding]:
    """Of a C-GET the sub-operations are seen: no more can have completed than were answered."""
    if m.service != "C-GET" or now.completed is None or operation.shared:
        return
    told = now.completed + (now.warning or 0)
    seen = operation.stores.get(_SUCCESS, 0) + operation.stores.get(_WARNING, 0)
    if told > seen or (m.is_final and told < seen):
        sentence = f"{told} sub-operations are told as completed, but {seen} C-STORE-RQ were answered so."
        yield m.about("retrieve.get-counts", sentence, _NUMBERS["completed"])


# Final responses


def _final_total(m: Message, operation: Operation, now: Counts) -> Iterator[Finding]:
    """Failures may come before all sub-operations were tried."""
    if operation.total is None or m.status_class is _FAILURE or now.completed is None:
        return
    total = now.done + (now.remaining or 0)
    if total != operation.total and not (m.status_class is StatusClass.CANCEL and now.remaining is None):
        sentence = f"The final counts are of {total} sub-operations; there were {operation.total}."
        yield m.about("retrieve.final-total", sentence, _NUMBERS["completed"])


def _failed_list(m: Message, _: Operation, now: Counts) -> Iterator[Finding]:
    if m.status_class not in _LISTING or now.failed is None:
        return
    clause = _CLAUSES.get(m.service, "")
    if now.failed and not m.has_data:
        sentence = f"{now.failed} sub-operations failed, but no Identifier lists their instances."
        yield m.about("retrieve.failed-list", sentence, _NUMBERS["failed"], clause=clause)
    elif not now.failed and m.has_data:
        sentence = "No sub-operation failed, yet an Identifier comes with the response."
        yield m.about("retrieve.failed-list-unfounded", sentence, _NUMBERS["failed"], clause=clause)
    elif now.failed and m.data_set is not None:
        yield from _list_content(m, now.failed, clause)


def _list_content(m: Message, failed: int, clause: str) -> Iterator[Finding]:
    assert m.data_set is not None
    if m.data_set.find(_FAILED_LIST) is None:
        sentence = "The Identifier has no Failed SOP Instance UID List (0008,0058)."
        yield m.about("retrieve.failed-list", sentence, clause=clause)
        return
    listed = len([uid for uid in m.data_set.texts(_FAILED_LIST) if uid])
    if listed != failed:
        sentence = f"{failed} sub-operations failed, but {listed} instances are listed."
        yield m.about("retrieve.failed-list-count", sentence, _NUMBERS["failed"], clause=clause)
    others = [e.tag for e in m.data_set if e.tag != _FAILED_LIST]
    if others:
        names = ", ".join(map(tag_text, others))
        sentence = f"Beside the list of failed instances the Identifier holds {names}."
        yield m.about("retrieve.failed-list-only", sentence, clause=clause)


def _early(m: Message, operation: Operation, _: Counts) -> Iterator[Finding]:
    if m.service == "C-GET" and operation.open_stores and not operation.shared:
        sentence = f"The C-GET ends while {operation.open_stores} C-STORE-RQ of it are not answered."
        yield m.about("retrieve.final-early", sentence, STATUS)


_OF_PENDING: tuple[_Check, ...] = (_remaining, _decrease, _total, _stored)
_OF_FINAL: tuple[_Check, ...] = (_stored, _final_total, _failed_list, _early)


# C-STORE sub-operations


def judge_store(m: Message, gets: list[Operation]) -> list[Finding]:
    """A C-STORE-RQ or -RSP. gets: the C-GETs under way that the other side (of the request) has invoked."""
    get = gets[0] if len(gets) == 1 else None  # of several nobody can tell which
    for each in gets if get is None else ():
        each.shared = True
    if m.kind == "response":
        if get is not None and m.operation is not None:
            get.open_stores = max(0, get.open_stores - 1)
            get.stores[m.status_class] = get.stores.get(m.status_class, 0) + 1
        return []
    findings = [*_pair(m)]
    if get is not None:
        get.open_stores += 1
        findings += [*_priority(m, get), *_get_originator(m)]
    return findings


def _pair(m: Message) -> Iterator[Finding]:
    title, number = m.raw(_ORIGINATOR), m.raw(_ORIGINATOR_ID)
    if (title is None) is not (number is None):
        there, missing = ("AE Title", "Message ID") if number is None else ("Message ID", "AE Title")
        tag = _ORIGINATOR if number is None else _ORIGINATOR_ID
        sentence = f"C-STORE-RQ has the Move Originator's {there}, but not its {missing}."
        yield m.about("retrieve.originator-pair", sentence, tag)


def _priority(m: Message, get: Operation) -> Iterator[Finding]:
    asked, used = get.request.number(_PRIORITY), m.number(_PRIORITY)
    if asked is not None and used is not None and asked != used:
        yield m.about("retrieve.priority", f"The priority is {used}; the C-GET has {asked}.", _PRIORITY)


def _get_originator(m: Message) -> Iterator[Finding]:
    if m.raw(_ORIGINATOR) is not None:
        sentence = f"The Move Originator is {m.text(_ORIGINATOR)}, but the sub-operation belongs to a C-GET."
        yield m.about("retrieve.get-originator", sentence, _ORIGINATOR)
