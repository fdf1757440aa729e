"""One DIMSE message on the wire as the watcher sees it, and the operation it belongs to.

Numbers come from the bytes without decoding the whole command set: most messages need nothing more.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from functools import cached_property

from engine.model.association import NegotiatedContext
from engine.model.command_set import COMMAND_FIELD, NO_DATA_SET, CommandSet
from engine.model.dataset import DataSet
from engine.model.notices import Evidence
from engine.standard.elements import BY_KEYWORD
from engine.standard.messages import MessageRow, message_for, message_name
from engine.standard.status import StatusClass, status_class
from engine.wire.commands import decode_command_spans
from engine.wire.datasets import DataSetError, decode_dataset
from engine.wire.issues import Issue

from .findings import Finding, found
from .subject import DATA_SET_TYPE, MESSAGE_ID, STATUS

RESPONDED_TO = BY_KEYWORD["MessageIDBeingRespondedTo"].tag
_PENDING = StatusClass.PENDING
_header = struct.Struct("<HHI").unpack_from


def walk(data: bytes) -> tuple[tuple[int, bytes], ...]:
    """Tag and value bytes of each element; what does not add up is left to the decoder: () then."""
    elements = []
    start, end = 0, len(data)
    while start + 8 <= end:
        group, number, length = _header(data, start)
        start += 8
        stop = start + length
        if stop > end:
            return ()
        elements.append((group << 16 | number, data[start:stop]))
        start = stop
    return tuple(elements) if start == end else ()


@dataclass(eq=False)
class Message:
    """One message. from_requestor: who sent it. data: its command set's bytes.

    body: the data set as far as it was kept; body_length: how long it is on the wire. has_data: whether it came, None
    while it is still coming. operation: what it opens, answers or cancels, as far as known.
    """

    from_requestor: bool
    context_id: int
    context: NegotiatedContext | None
    data: bytes
    time: float
    body: bytearray = field(default_factory=bytearray)
    body_length: int = 0
    has_data: bool | None = None
    operation: Operation | None = None
    findings: list[Finding] = field(default_factory=list)

    @cached_property
    def elements(self) -> tuple[tuple[int, bytes], ...]:
        return walk(self.data)

    @cached_property
    def _raw(self) -> dict[int, bytes]:
        return dict(reversed(self.elements or tuple((e.tag, e.raw or b"") for e in self.command)))

    @cached_property
    def decoded(self) -> tuple[CommandSet, tuple[tuple[int, int], ...]]:
        """The command set and the byte range of each element."""
        command, spans, _ = decode_command_spans(self.data)
        return command, spans

    @property
    def command(self) -> CommandSet:
        return self.decoded[0]

    def number(self, tag: int) -> int | None:
        """The first number of an element of VR US."""
        raw = self._raw.get(tag)
        return int.from_bytes(raw[:2], "little") if raw and not len(raw) % 2 else None

    def text(self, tag: int) -> str:
        """The first value of a text element, without padding; "" when absent."""
        raw = self._raw.get(tag)
        return raw.partition(b"\\")[0].decode("latin-1").rstrip(" \0") if raw else ""

    def raw(self, tag: int) -> bytes | None:
        return self._raw.get(tag)

    @cached_property
    def field(self) -> int | None:
        return self.number(COMMAND_FIELD)

    @cached_property
    def row(self) -> MessageRow | None:
        return None if self.field is None else message_for(self.field)

    @cached_property
    def kind(self) -> str:
        """ "request", "response", "cancel", or "" for a command field the Standard does not have."""
        return self.row.kind if self.row else ""

    @cached_property
    def service(self) -> str:
        return self.row.service if self.row else ""

    @property
    def name(self) -> str:
        return message_name(self.field)

    @property
    def message_id(self) -> int | None:
        return self.number(MESSAGE_ID)

    @property
    def responded_to(self) -> int | None:
        return self.number(RESPONDED_TO)

    @cached_property
    def status(self) -> int | None:
        return self.number(STATUS)

    @cached_property
    def status_class(self) -> StatusClass:
        """UNKNOWN without a status."""
        return StatusClass.UNKNOWN if self.status is None else status_class(self.status)

    @property
    def is_final(self) -> bool:
        """A response without a status is the last: nobody could tell what to wait for."""
        return self.status_class is not _PENDING

    @cached_property
    def announced(self) -> bool:
        kind = self.number(DATA_SET_TYPE)
        return kind is not None and kind != NO_DATA_SET

    @property
    def abstract_syntax(self) -> str:
        return self.context.abstract_syntax if self.context else ""

    @property
    def transfer_syntax(self) -> str:
        return self.context.transfer_syntax if self.context else ""

    @property
    def kept_whole(self) -> bool:
        """Whether all of the data set is in `body`."""
        return bool(self.body_length) and len(self.body) == self.body_length

    @cached_property
    def _read(self) -> tuple[DataSet | None, str]:
        if not self.kept_whole or not self.transfer_syntax:
            return None, ""
        issues: list[Issue] = []
        try:
            data = decode_dataset(bytes(self.body), self.transfer_syntax, issues)
        except DataSetError as error:
            return None, str(error)
        return (None, issues[0].text) if issues else (data, "")

    @property
    def data_set(self) -> DataSet | None:
        """The data set; None when there is none, it was too long to keep, or it cannot be read."""
        return self._read[0]

    @property
    def unreadable(self) -> str:
        """Why the data set cannot be read, "" when it can or was not kept."""
        return self._read[1]

    def about(self, rule: str, sentence: str, tag: int | None = None, *, clause: str = "") -> Finding:
        """A finding about this message, or one element of its command set."""
        if tag is None:
            return found(rule, sentence, clause=clause, evidence=Evidence(text=self.name))
        command, spans = self.decoded
        for index, (element, span) in enumerate(zip(command, spans, strict=True)):
            if element.tag == tag:
                evidence = Evidence(text=element.keyword, start=span[0], end=span[1])
                return found(rule, sentence, clause=clause, evidence=evidence, tag=tag, index=index)
        return found(rule, sentence, clause=clause, evidence=Evidence(text=self.name), tag=tag)


@dataclass(slots=True)
class Counts:
    """Sub-operations as a response tells them; None where it does not."""

    remaining: int | None = None
    completed: int | None = None
    failed: int | None = None
    warning: int | None = None

    @property
    def done(self) -> int:
        return (self.completed or 0) + (self.failed or 0) + (self.warning or 0)


@dataclass(slots=True, eq=False)
class Operation:
    """A request and what became of it. whole: all its fragments have come.

    counts: of the last response that told sub-operations; total: their first sum. stores: C-STORE sub-operations seen
    on the association, open ones and by the status class of their response.
    """

    request: Message
    whole: bool = False
    responses: int = 0
    cancelled: bool = False
    final: bool = False
    counts: Counts | None = None
    total: int | None = None
    open_stores: int = 0
    stores: dict[StatusClass, int] = field(default_factory=dict)
    shape: object = None

    @property
    def by_requestor(self) -> bool:
        """Who invoked it."""
        return self.request.from_requestor
