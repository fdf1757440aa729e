"""Responses: against their request, and their status (PS3.7 9.1, 10.1, Annex C)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.model.command_set import AFFECTED_INSTANCE, COMMAND_FIELD, STATUS, Value
from engine.standard.elements import BY_KEYWORD, tag_text
from engine.standard.messages import RESPONSE_BIT, SERVICES, STATUS_ELEMENTS, message_name
from engine.standard.status import StatusClass, is_known, lookup, status_class, status_text

from .findings import Finding
from .subject import Subject

_OWN_CODES = 0xA000
"""From here on service classes and implementations assign codes (PS3.7 Annex C)."""
_COMMENTS = frozenset(BY_KEYWORD[k].tag for k in ("OffendingElement", "ErrorComment"))


def allowed_with_status(s: Subject, tag: int) -> bool:
    """Whether a response's status lets it carry this element besides its own fields."""
    if s.status is None or tag not in STATUS_ELEMENTS:
        return False
    row = lookup(s.status, s.service, s.sop_class_uid)
    if tag in row.related:
        return True
    # Annex C lets any warning or failure of a service class (C.4.1, C.5.1 to C.5.5) say where and why.
    return tag in _COMMENTS and s.status >= _OWN_CODES and row.klass in (StatusClass.WARNING, StatusClass.FAILURE)


def _of_request(s: Subject) -> Iterator[Finding]:
    if not s.is_response or s.request is None or s.field is None:
        return
    asked = s.request.command_field
    if asked is not None and s.field != asked | RESPONSE_BIT:
        sentence = f"{message_name(s.field)} answers {message_name(asked)}."
        yield s.about("command.response-to-request", COMMAND_FIELD, sentence)


def _equal(s: Subject) -> Iterator[Finding]:
    if s.row is None or s.request is None:
        return
    for field in s.row.fields:
        if field.request_tag is None:
            continue
        ours, theirs = s.plain.get(field.tag), s.request.get(field.request_tag)
        if ours is not None and theirs is not None and ours != theirs:
            sentence = (
                f"{field.element.name} {tag_text(field.tag)} is {_shown(ours)}; the request has {_shown(theirs)}."
            )
            yield s.about("command.equal-to-request", field.tag, sentence, clause=field.condition_clause)


def _shown(value: Value) -> str:
    return "\\".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _status(s: Subject) -> Iterator[Finding]:
    if s.status is None:
        return
    klass = status_class(s.status)
    if klass is StatusClass.UNKNOWN:
        sentence = f"{s.status:04X}H is not a status the Standard allows."
        yield s.about("command.status-undefined", STATUS, sentence)
    elif klass is StatusClass.PENDING and not SERVICES[s.service].multiple_responses:
        sentence = f"{s.service} is answered once; the status {s.status:04X}H (Pending) is not for it."
        yield s.about("command.single-response", STATUS, sentence)
    elif not is_known(s.status, s.service, s.sop_class_uid) and not _is_own_code(s):
        text = status_text(s.status, s.service, s.sop_class_uid)
        sentence = f"The status {text} is not one that the Standard lists for {s.service}{_of_class(s)}."
        yield s.about("command.status-unlisted", STATUS, sentence)


def _is_own_code(s: Subject) -> bool:
    """A code that a SOP class we do not know may have assigned."""
    known = s.sop_class is not None and bool(s.sop_class.service_class)
    return not known and s.status is not None and s.status >= _OWN_CODES


def _of_class(s: Subject) -> str:
    return f" and {s.sop_class.name}" if s.sop_class else ""


def _echo(s: Subject) -> Iterator[Finding]:
    if s.service == "C-ECHO" and s.status:
        yield s.about("command.echo-status", STATUS, f"C-ECHO was answered with {status_text(s.status, s.service)}.")


def _counts(s: Subject) -> Iterator[Finding]:
    if s.status_class is None or not SERVICES[s.service].sub_operations:
        return
    completed = s.plain.number("NumberOfCompletedSuboperations")
    failed = s.plain.number("NumberOfFailedSuboperations")
    warned = s.plain.number("NumberOfWarningSuboperations")
    if s.status_class is StatusClass.SUCCESS and (failed or warned):
        sentence = f"The status is Success, but {failed or 0} sub-operations failed and {warned or 0} had warnings."
        yield s.about("command.sub-operation-counts", STATUS, sentence)
    elif s.status_class is StatusClass.FAILURE and completed:
        sentence = f"The status is Failure, but {completed} sub-operations succeeded."
        yield s.about("command.sub-operation-counts", STATUS, sentence, severity="warning")
    elif s.status_class is StatusClass.WARNING and failed and completed == 0 and not warned:
        sentence = "The status is Warning, but every sub-operation failed."
        yield s.about("command.sub-operation-counts", STATUS, sentence, severity="warning")


def _failed_create(s: Subject) -> Iterator[Finding]:
    if s.service != "N-CREATE" or s.status is None or s.status_class is not StatusClass.FAILURE:
        return
    if (
        s.position(AFFECTED_INSTANCE) is not None
        and AFFECTED_INSTANCE not in lookup(s.status, s.service, s.sop_class_uid).related
    ):
        sentence = "The N-CREATE failed, yet its response names an Affected SOP Instance UID."
        yield s.about("command.failed-create", AFFECTED_INSTANCE, sentence)


RESPONSE_CHECKS = (_of_request, _equal, _status, _echo, _counts, _failed_create)
