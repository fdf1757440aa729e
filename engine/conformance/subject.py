"""One message as the checks look at it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from engine.model.command_set import DATA_SET_TYPE, GROUP_LENGTH, MESSAGE_ID, CommandSet, Element
from engine.model.notices import Evidence
from engine.standard.lean import dataclass
from engine.standard.messages import CANCEL, SERVICES, MessageRow, ServiceRow, message_for
from engine.standard.sop_classes import SopClass, sop_class
from engine.standard.status import StatusClass, status_class
from engine.wire.commands import decode_value

from .findings import NOWHERE, Finding, found

FILLED_IN = frozenset({GROUP_LENGTH, MESSAGE_ID, DATA_SET_TYPE})
"""Elements without value that the engine fills in when it sends (`engine.model.commands.Outgoing`)."""


@dataclass(frozen=True)
class Subject:
    """A message and what is known around it. See `engine.conformance.commands.check_command` for the arguments."""

    command: CommandSet
    request: CommandSet | None = None
    has_data: bool | None = None
    spans: Sequence[tuple[int, int]] = ()
    size: int | None = None
    abstract_syntax: str = ""

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        """The elements; raw bytes win over the value, which then is what those bytes say. Empty values are None."""
        return tuple(map(_plain, self.command.elements))

    @cached_property
    def plain(self) -> CommandSet:
        """The command set of these elements."""
        return CommandSet(self.elements)

    @cached_property
    def field(self) -> int | None:
        return self.plain.command_field

    @cached_property
    def row(self) -> MessageRow | None:
        """The Standard's message; a cancel's by its request when that is known."""
        if self.field is None:
            return None
        row = message_for(self.field)
        if self.field == CANCEL and self.request is not None:
            service = next((s for s in SERVICES.values() if s.cancel and self._requests(s)), None)
            row = message_for(CANCEL) if service is None else row
        return row

    def _requests(self, service: ServiceRow) -> bool:
        request = message_for(self.request.command_field or 0) if self.request else None
        return request is not None and request.name == service.request

    @cached_property
    def service(self) -> str:
        return self.row.service if self.row else ""

    @cached_property
    def is_response(self) -> bool:
        return self.row is not None and self.row.kind == "response"

    @cached_property
    def status(self) -> int | None:
        """Status of a response."""
        return self.plain.status if self.is_response else None

    @cached_property
    def status_class(self) -> StatusClass | None:
        return None if self.status is None else status_class(self.status)

    @cached_property
    def sop_class_uid(self) -> str:
        """The SOP class, from the request when the response does not repeat it."""
        return self.plain.sop_class_uid or (self.request.sop_class_uid if self.request else "")

    @cached_property
    def sop_class(self) -> SopClass | None:
        return sop_class(self.sop_class_uid)

    @cached_property
    def announced(self) -> bool | None:
        """What Command Data Set Type says; None when it says nothing (yet)."""
        return None if self.plain.number(DATA_SET_TYPE) is None else self.plain.has_data_set

    @cached_property
    def with_data(self) -> bool | None:
        """Whether a Data Set goes with the message, as far as known."""
        return self.has_data if self.has_data is not None else self.announced

    def is_filled_in(self, element: Element) -> bool:
        """Whether the engine will supply the value."""
        return element.tag in FILLED_IN and element.value is None and element.raw is None

    def position(self, tag: int) -> int | None:
        """Index of the first element with the tag."""
        return next((i for i, e in enumerate(self.elements) if e.tag == tag), None)

    def at(self, rule: str, index: int, sentence: str, *, clause: str = "", severity: str = "") -> Finding:
        """A finding about the element at this index."""
        element = self.elements[index]
        start, end = self.spans[index] if index < len(self.spans) else (None, None)
        evidence = Evidence(text=element.keyword, start=start, end=end)
        return found(rule, sentence, clause=clause, evidence=evidence, tag=element.tag, index=index, severity=severity)

    def about(self, rule: str, tag: int, sentence: str, *, clause: str = "", severity: str = "") -> Finding:
        """A finding about an element by its tag, there or not."""
        index = self.position(tag)
        if index is not None:
            return self.at(rule, index, sentence, clause=clause, severity=severity)
        return found(rule, sentence, clause=clause, evidence=NOWHERE, tag=tag, severity=severity)

    def present(self) -> Iterator[tuple[int, Element]]:
        """Index and element of every element that has a value of its own."""
        return ((i, e) for i, e in enumerate(self.elements) if not self.is_filled_in(e))


def _plain(element: Element) -> Element:
    if element.raw is not None:
        return replace(element, value=decode_value(element.tag, element.raw))
    return replace(element, value=None) if element.value in ("", (), b"") else element
