"""One DIMSE message on the wire as the watcher sees it, and the operation it belongs to.

Numbers come from the bytes without decoding the whole command set: most messages need nothing more.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import field, replace
from functools import cache
from typing import TYPE_CHECKING

from engine.model.association import NegotiatedContext
from engine.model.command_set import AFFECTED_INSTANCE, MESSAGE_ID, RESPONDED_TO, CommandSet
from engine.model.dataset import DataSet
from engine.model.limits import USUAL, Limits
from engine.model.notices import Evidence
from engine.standard.lean import dataclass
from engine.standard.messages import message_name
from engine.standard.status import StatusClass
from engine.standard.transfer_syntaxes import is_deflated
from engine.wire.commands import decode_command, decode_command_spans
from engine.wire.datasets import DataSetError, LimitError, TooManyElements, decode_dataset
from engine.wire.element_walk import AnyWalk, walk_of
from engine.wire.issues import Issue
from engine.wire.pdus import Buffer

from .findings import Finding, found
from .templates import Template, number_in

if TYPE_CHECKING:
    from .matches import Walk

BODY_LIMIT = 1024 * 1024
"""Bytes of a data set kept to be read: identifiers and attribute lists are shorter, but for the images of a film.
Reading so many takes a tenth of a second where there are ten thousand references in them."""
MOST_READ = 30_000
"""Elements and items read of one: ten thousand references. Where there are more, all may be made of elements without a
value, and reading them would hold up everybody for a second."""
INFLATED_LIMIT = 64 * 1024
"""Bytes read of one that is deflated: a kilobyte can become so many that it would hold us up."""


class Message:
    """One message. What most judgements need is read at once, the rest when it is asked for.

    from_requestor: who sent it. data: its command set's bytes; template and own: the same taken apart (`Templates`).
    time: of the PDU with which that was whole. body: the data set as far as it was kept; body_length: how long it is
    on the wire; walk: where its elements end, once it is longer than what is kept. has_data: whether it came, None
    while it is still coming. interrupted: another message began before it ended. operation: what it opens, answers or
    cancels, as far as known. The rest is the template's.
    """

    __slots__ = (
        "_data_set", "_decoded", "_own", "announced", "body", "body_length", "context", "context_id", "data", "field",
        "findings", "from_requestor", "has_data", "interrupted", "kind", "limits", "message_id", "operation",
        "passed_over", "responded_to", "service", "status", "status_class", "template", "time", "unread", "walk",
    )  # fmt: skip

    def __init__(
        self,
        from_requestor: bool,
        context_id: int,
        context: NegotiatedContext | None,
        data: bytes,
        template: Template,
        own: dict[int, bytes],
        time: float,
        limits: Limits = USUAL,
    ) -> None:
        self.from_requestor = from_requestor
        self.context_id = context_id
        self.context = context
        self.data = data
        self.time = time
        self.limits = limits
        self.body: bytes | bytearray = b""
        self.body_length = 0
        self.has_data: bool | None = None
        self.walk: AnyWalk | None = None
        self.unread = ""
        """Why the elements of its data set are not read, all of which was kept; that shows when it is asked for."""
        self.interrupted = False
        self.passed_over = False
        """Its data set is not looked at."""
        self.operation: Operation | None = None
        self.findings: list[Finding] = []
        self._decoded: tuple[CommandSet, tuple[tuple[int, int], ...]] | None = None
        self._data_set: tuple[DataSet | None, str] | None = None
        self.template = template
        self._own = own
        self.field = template.command_field
        self.kind = template.kind
        self.service = template.service
        self.status = template.status
        self.status_class = template.status_class
        self.announced = template.announced
        asking, answering = own.get(MESSAGE_ID), own.get(RESPONDED_TO)
        self.message_id = template.message_id if asking is None else asking[0] | asking[1] << 8
        self.responded_to = template.responded_to if answering is None else answering[0] | answering[1] << 8

    @property
    def decoded(self) -> tuple[CommandSet, tuple[tuple[int, int], ...]]:
        """The command set and the byte range of each element."""
        if self._decoded is None:
            command, spans, _ = decode_command_spans(self.data)
            self._decoded = command, spans
        return self._decoded

    @property
    def command(self) -> CommandSet:
        return self._decoded[0] if self._decoded is not None else decode_command(self.data)

    def raw(self, tag: int) -> bytes | None:
        """The value bytes of an element."""
        value = self._own.get(tag)
        return self.template.raw.get(tag) if value is None else value

    def number(self, tag: int) -> int | None:
        """The first number of an element of VR US."""
        return number_in(self.raw(tag))

    def text(self, tag: int) -> str:
        """The first value of a text element, without padding; "" when absent."""
        raw = self.raw(tag)
        return raw.partition(b"\\")[0].decode("latin-1").rstrip(" \0") if raw else ""

    @property
    def name(self) -> str:
        return message_name(self.field)

    @property
    def is_final(self) -> bool:
        """A response without a status is the last: nobody could tell what to wait for."""
        return self.status_class is not StatusClass.PENDING

    @property
    def abstract_syntax(self) -> str:
        return self.context.abstract_syntax if self.context else ""

    @property
    def transfer_syntax(self) -> str:
        return self.context.transfer_syntax if self.context else ""

    @property
    def is_deflated(self) -> bool:
        """Whether its data set is, by the context's transfer syntax."""
        return is_deflated(self.transfer_syntax)

    @property
    def data_set(self) -> DataSet | None:
        """The data set; None when there is none, it was too long to keep or to read, or it cannot be read."""
        return self._read()[0]

    def kept(self, data: Buffer, limit: int, together: int = 1) -> None:
        """The next bytes of its data set, of which so many are kept in all. What comes behind them is looked at for
        where its elements end. together: pieces that have to be looked at in one turn."""
        if self.passed_over:
            return
        have = len(self.body)
        if not have:
            self.body = bytes(data[:limit])
        elif have < limit:
            self.body = bytearray(self.body) if isinstance(self.body, bytes) else self.body
            self.body += data[: limit - have]
        if have + len(data) > limit:
            walk = self._walks()
            if walk is not None:
                walk.feed(memoryview(data)[max(0, limit - have) :], together)

    def passes_by(self, length: int) -> bool:
        """Take so many bytes, where they are not kept and lie within a value; else False."""
        return self.walk is not None and self.walk.skips(length)

    def _walks(self) -> AnyWalk | None:
        if self.walk is None and not self.passed_over:
            self.walk = walk_of(self.transfer_syntax)
            if self.walk is not None:
                self.walk.feed(self.body)
        return self.walk

    def walked(self) -> AnyWalk | None:
        """Where the elements of its data set end, all of which has come; None where its encoding is not known."""
        return self._walks()

    @property
    def unreadable(self) -> str:
        """Why the data set cannot be read, "" when it can, was not kept or is too long."""
        return self._read()[1]

    def _read(self) -> tuple[DataSet | None, str]:
        if self._data_set is None:
            whole = self.body_length and len(self.body) == self.body_length
            self._data_set = (None, "")
            try:
                if whole:
                    self._data_set = _decode(bytes(self.body), self.transfer_syntax, self.limits)
            except TooManyElements:
                self.unread = f"there are more than {MOST_READ} with its items"
            except LimitError:
                self.unread = f"inflated it is longer than {INFLATED_LIMIT} bytes"
        return self._data_set

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


def circumstances(m: Message, asked: Message | None) -> Hashable:
    """What the check of a command set depends on beside its template; None when that is of this message alone. asked:
    the request it answers or cancels, None where that is not known."""
    if not m.template.number:
        return None
    if asked is None:
        return (m.has_data, m.abstract_syntax)
    if not asked.template.number:
        return None
    # Its Message ID is the request's: by that the request was found.
    return (
        m.has_data,
        m.abstract_syntax,
        asked.template.number,
        m.raw(AFFECTED_INSTANCE) == asked.raw(AFFECTED_INSTANCE),
    )


@cache
def _bounded(limits: Limits) -> Limits:
    return replace(limits, inflated=min(limits.inflated, INFLATED_LIMIT))


def _decode(data: bytes, transfer_syntax: str, limits: Limits) -> tuple[DataSet | None, str]:
    if not transfer_syntax:
        return None, ""
    issues: list[Issue] = []
    try:
        read = decode_dataset(data, transfer_syntax, issues, _bounded(limits), MOST_READ)
    except TooManyElements:
        raise
    except LimitError as error:  # it inflates too far: with a list of issues, no other limit is told so
        if limits.inflated > INFLATED_LIMIT:
            raise
        return None, str(error)
    except DataSetError as error:
        return None, str(error)
    return (None, issues[0].text) if issues else (read, "")


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
    on the association, open ones and by the status class of their response. shared: some of them may as well belong to
    another C-GET under way, so that nothing can be said of their number. clean: the shapes of matches found correct,
    and the way through each (`matches.Walk`); latest: the one of those taken last.
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
    shared: bool = False
    clean: dict[Hashable, Walk] = field(default_factory=dict)
    latest: Walk | None = None

    @property
    def by_requestor(self) -> bool:
        """Who invoked it."""
        return self.request.from_requestor
