"""What a row of the message tables says: fields, their usage, the Data Set rule (PS3.7 9.3, 10.3)."""

from __future__ import annotations

from enum import Enum

from .elements import ELEMENTS, CommandElement
from .lean import dataclass
from .status import StatusClass


class When(Enum):
    """What makes a conditional field required."""

    PENDING = "the status is Pending"
    DATA_SET = "a Data Set follows"
    UID_ASSIGNED = "the operation succeeded and the request left the SOP Instance UID to the performer"


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of one message.

    usage: "M", "U", "C", "M(=)", "U(=)", "C(=)"; fields the protocol itself needs (group length, Command Field, Command
        Data Set Type) are "M".
    required: None when it depends; `when` then says on what, as far as a program can tell.
    not_with: status classes in whose responses PS3.4 forbids the field.
    fixed, allowed: the only value, the only values.
    request_tag: the element of the request whose value this one repeats, when present.
    """

    tag: int
    usage: str
    required: bool | None
    condition: str = ""
    condition_clause: str = ""
    fixed: int | None = None
    allowed: tuple[int, ...] = ()
    request_tag: int | None = None
    when: When | None = None
    not_with: tuple[StatusClass, ...] = ()

    @property
    def element(self) -> CommandElement:
        return ELEMENTS[self.tag]

    @property
    def must_equal_request(self) -> bool:
        return self.request_tag is not None


@dataclass(frozen=True, slots=True)
class DataSetRule:
    """Whether a Data Set follows the command set.

    presence: "always", "never", "conditional" (on the status) or "optional". name: what the service calls it.
    must_with, not_with: status classes that require and that forbid it.
    """

    presence: str
    name: str = ""
    condition: str = ""
    condition_clause: str = ""
    must_with: tuple[StatusClass, ...] = ()
    not_with: tuple[StatusClass, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message. kind: "request", "response" or "cancel"; fields in tag order."""

    name: str
    service: str
    kind: str
    command_field: int
    clause: str
    service_clause: str
    data_set: DataSetRule
    fields: tuple[FieldRow, ...]

    def field(self, tag: int) -> FieldRow | None:
        """The row of this element, or None when the message does not have it."""
        return next((f for f in self.fields if f.tag == tag), None)
