"""What is found in one whole message: in its command set, in its data set, and in what it means where it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from engine.model.notices import Evidence
from engine.standard.messages import SERVICES

from . import query, retrieve
from .commands import check_command
from .conversation import Conversation
from .data import check_data
from .findings import Finding, condensed, found
from .instances import cut_short, encoding_fault, has_uids, instance_uids
from .matches import match_shape, note_clean
from .message import Message, circumstances

_CLASS_TOLD, _INSTANCE_TOLD = 0x00000002, 0x00001000


class MessageJudge:
    """Of one association."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk

    def judge(self, m: Message) -> list[Finding]:
        """All that is found in a message, with what was found of its place (`Exchanges.command`); it has passed
        then."""
        findings = m.findings + _judge_command(m)
        judge = self._JUDGES.get(m.service)
        if judge is not None:
            findings += judge(self, m)
        if m.has_data and not m.interrupted and (why := _unjudged(m)):
            findings += [found("data.unjudged", why, evidence=Evidence(text=m.name))]
        if m.operation is not None:
            self._talk.exchanges.whole(m)
        return condensed(findings, "message") if len(findings) > 1 else findings

    def _judge_store(self, m: Message) -> list[Finding]:
        by_invoker = m.from_requestor if m.kind == "response" else not m.from_requestor
        gets = [o for o in self._talk.exchanges.outstanding(by_invoker) if o.request.service == "C-GET"]
        findings = retrieve.judge_store(m, gets)
        if m.kind == "request" and m.body:
            findings += _judge_instance(m)
        return findings

    def _judge_find(self, m: Message) -> list[Finding]:
        if m.kind == "request":
            return [*_judge_data(m), *self._identifier(m)]
        shape = match_shape(m)
        if m.operation is None or shape is None:
            return [*_judge_data(m), *query.judge_match(m)]
        if shape in m.operation.clean:
            return []
        findings = [*_judge_data(m), *query.judge_match(m)]
        if not findings:
            note_clean(m, shape)
        return findings

    def _judge_retrieval(self, m: Message) -> list[Finding]:
        if m.kind == "request":
            return [*_judge_data(m), *self._identifier(m)]
        return [*_judge_data(m), *(retrieve.judge_response(m) if m.kind == "response" else ())]

    def _identifier(self, m: Message) -> list[Finding]:
        return query.judge_identifier(m, self._talk.negotiated)

    def _judge_normalized(self, m: Message) -> list[Finding]:
        return [*_judge_data(m), *self._talk.workflow.judge(m)]

    _JUDGES: ClassVar[dict[str, Callable[[MessageJudge, Message], Iterable[Finding]]]] = {
        "C-STORE": _judge_store,
        "C-FIND": _judge_find,
        "C-GET": _judge_retrieval,
        "C-MOVE": _judge_retrieval,
        **dict.fromkeys((name for name, row in SERVICES.items() if row.group == "N"), _judge_normalized),
    }


def _judge_command(m: Message) -> list[Finding]:
    """Its command set, which is looked at once where others are like it."""
    asked = m.operation.request if m.operation is not None and m.kind != "request" else None
    around = circumstances(m, asked)
    if around in m.template.clean:
        return []
    command, spans = m.decoded
    request = asked.command if asked is not None else None
    findings = check_command(
        command, request, m.has_data, spans=spans, size=len(m.data), abstract_syntax=m.abstract_syntax
    )
    if around is not None and not findings:
        m.template.clean.add(around)
    return findings


def _judge_data(m: Message) -> list[Finding]:
    """A data set that was kept whole."""
    if not m.has_data:
        return []
    fault = encoding_fault(bytes(m.body[:8]), m.body_length, m.transfer_syntax) or m.unreadable
    too_long = len(m.body) < m.body_length or (m.unread and not m.is_deflated)
    if not fault and too_long and not m.interrupted and (walk := m.walked()) is not None:
        fault = cut_short(walk)
    if fault:
        return [found("data.unreadable", fault, evidence=Evidence(text=m.name))]
    return check_data(m.command, m.data_set) if m.data_set is not None else []


def _unjudged(m: Message) -> str:
    """Why its data set was not looked at to its end, in words; "" where it was, or was too long to be read."""
    if m.passed_over:
        return "The Data Set is not judged: in its P-DATA-TF others ended before it."
    if m.unread:
        return f"The elements of the Data Set are not judged: {m.unread}."
    walk = m.walk
    return f"Whether the Data Set is cut was not judged: {walk.given_up}." if walk is not None and walk.given_up else ""


def _judge_instance(m: Message) -> list[Finding]:
    """An instance by its first elements, and by where all of them end; no value behind the former is looked at."""
    head = bytes(m.body)
    known = has_uids(head, m.transfer_syntax, m.raw(_CLASS_TOLD), m.raw(_INSTANCE_TOLD))
    fault = "" if known else encoding_fault(head, m.body_length, m.transfer_syntax)
    if not fault and not m.interrupted:  # else that has been told
        fault = cut_short(walk) if (walk := m.walked()) is not None else ""
    findings = [found("data.unreadable", fault, evidence=Evidence(text=m.name))] if fault else []
    data = None if known or fault else instance_uids(head, m.transfer_syntax)
    return findings if data is None else check_data(m.command, data)
