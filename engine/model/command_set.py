"""A DIMSE command set as a value: any element, in any order, any number of times (PS3.7 6.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from engine.standard.command_fields import NO_DATA_SET, RESPONSE_BIT
from engine.standard.elements import BY_KEYWORD, ELEMENTS, tag_text
from engine.standard.lean import dataclass

Value = int | str | bytes | tuple[int, ...] | tuple[str, ...] | None

GROUP_LENGTH = 0x00000000
COMMAND_FIELD = 0x00000100
MESSAGE_ID = BY_KEYWORD["MessageID"].tag
RESPONDED_TO = BY_KEYWORD["MessageIDBeingRespondedTo"].tag
DATA_SET_TYPE = BY_KEYWORD["CommandDataSetType"].tag
PRIORITY = BY_KEYWORD["Priority"].tag
STATUS = BY_KEYWORD["Status"].tag
AFFECTED_INSTANCE = BY_KEYWORD["AffectedSOPInstanceUID"].tag
_AFFECTED_CLASS = BY_KEYWORD["AffectedSOPClassUID"].tag
_REQUESTED_CLASS = BY_KEYWORD["RequestedSOPClassUID"].tag
_REQUESTED_INSTANCE = BY_KEYWORD["RequestedSOPInstanceUID"].tag


@dataclass(frozen=True, slots=True)
class Element:
    """One command element (PS3.7 6.3.1).

    value: by the VR of the element dictionary: US/UL int (or a tuple of ints), UI/AE/LO... str without
        padding (or a tuple), AT int (gggg<<16|eeee) or a tuple; bytes when the element is unknown or its
        bytes do not fit the VR; None for an empty value, and for (0000,0000) "compute it when encoding".
    raw: the exact bytes of the value field. Set by the decoder always; when set by a user it wins over
        `value` at encoding (deliberate deviations).
    length: a Value Length to write instead of the true one.
    """

    tag: int
    value: Value = None
    raw: bytes | None = None
    length: int | None = None

    @property
    def keyword(self) -> str:
        """Keyword of the dictionary, or ``(gggg,eeee)`` for an element it does not have."""
        row = ELEMENTS.get(self.tag)
        return row.keyword if row else tag_text(self.tag)


def tag_of(key: str | int) -> int:
    """Tag of a command element keyword (or a tag, returned as it is). KeyError when unknown."""
    return key if isinstance(key, int) else BY_KEYWORD[key].tag


@dataclass(frozen=True, slots=True)
class CommandSet:
    """The elements in wire order. Look-ups give the first element with the tag.

    places: where that is for each tag; who makes many that are alike may give it, to save the search.
    """

    elements: tuple[Element, ...] = ()
    places: Mapping[int, int] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, **values: Value) -> CommandSet:
        """A command set from keywords, in tag order, with the group length left to the encoder."""
        items = {tag_of(k): v for k, v in values.items()}
        items.setdefault(GROUP_LENGTH, None)
        return cls(tuple(Element(t, items[t]) for t in sorted(items)))

    def __iter__(self) -> Iterator[Element]:
        return iter(self.elements)

    def find(self, key: str | int) -> Element | None:
        """The first element of a keyword or tag, or None. KeyError for a keyword that no command element has."""
        tag = key if isinstance(key, int) else BY_KEYWORD[key].tag
        for element in self.elements:
            if element.tag == tag:
                return element
        return None

    def get(self, key: str | int) -> Value:
        """The value of an element, by tag or keyword; of several the first, None where there is none."""
        tag = key if isinstance(key, int) else BY_KEYWORD[key].tag
        if self.places is not None:
            place = self.places.get(tag)
            return None if place is None else self.elements[place].value
        for element in self.elements:  # not by `find`: asked more often than anything else
            if element.tag == tag:
                return element.value
        return None

    def number(self, key: str | int) -> int | None:
        """The value as an int (the first of several), or None when absent, empty or not a number."""
        if self.places is not None and type(key) is int:
            place = self.places.get(key)
            value = None if place is None else self.elements[place].value
        else:
            value = self.get(key)
        if value is None or isinstance(value, int):
            return value
        first = value[0] if isinstance(value, tuple) and value else None
        return first if isinstance(first, int) else None

    def text(self, key: str | int) -> str:
        """The value as text (the first of several), or "" when absent, empty or not text."""
        if self.places is not None and type(key) is int:
            place = self.places.get(key)
            if place is None:
                return ""
            value = self.elements[place].value
        else:
            value = self.get(key)
        if isinstance(value, str):
            return value
        first = value[0] if isinstance(value, tuple) and value else None
        return first if isinstance(first, str) else ""

    def with_values(self, **values: Value) -> CommandSet:
        """A copy with these elements replaced (first occurrence) or inserted in tag order."""
        result = self
        for key, value in values.items():
            result = result._with(Element(tag_of(key), value))
        return result

    def _with(self, new: Element) -> CommandSet:
        for index, element in enumerate(self.elements):
            if element.tag == new.tag:
                return CommandSet((*self.elements[:index], new, *self.elements[index + 1 :]))
        position = next((i for i, e in enumerate(self.elements) if e.tag > new.tag), len(self.elements))
        return CommandSet((*self.elements[:position], new, *self.elements[position:]))

    def without(self, keys: Iterable[str | int]) -> CommandSet:
        tags = {tag_of(k) for k in keys}
        return CommandSet(tuple(e for e in self.elements if e.tag not in tags))

    @property
    def command_field(self) -> int | None:
        """Command Field (0000,0100) where it is a number, else None."""
        if self.places is not None:  # `number` by itself: several ask it of each message
            place = self.places.get(COMMAND_FIELD)
            if place is not None and type(value := self.elements[place].value) is int:
                return value
        return self.number(COMMAND_FIELD)

    @property
    def is_response(self) -> bool:
        field = self.command_field
        return field is not None and bool(field & RESPONSE_BIT)

    @property
    def message_id(self) -> int | None:
        """Message ID of a request."""
        return self.number(MESSAGE_ID)

    @property
    def responded_to(self) -> int | None:
        """Message ID Being Responded To, of a response or a C-CANCEL-RQ."""
        return self.number(RESPONDED_TO)

    @property
    def status(self) -> int | None:
        return self.number(STATUS)

    @property
    def sop_class_uid(self) -> str:
        """Affected SOP Class UID, else Requested SOP Class UID, else ""."""
        return self.text(_AFFECTED_CLASS) or self.text(_REQUESTED_CLASS)

    @property
    def sop_instance_uid(self) -> str:
        """Affected SOP Instance UID, else Requested SOP Instance UID, else ""."""
        return self.text(AFFECTED_INSTANCE) or self.text(_REQUESTED_INSTANCE)

    @property
    def has_data_set(self) -> bool:
        """Whether a Data Set follows: Command Data Set Type is present and not 0101H (PS3.7 E.1)."""
        kind = self.number(DATA_SET_TYPE)
        return kind is not None and kind != NO_DATA_SET
