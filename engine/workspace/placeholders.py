"""Placeholders in messages: ``{uid}``, ``{uid NAME}``, ``{response PATH}``, ``{date}``, ``{time}``, ``{datetime}``.

They let one file be sent again and again, and several files of one send speak of the same instances, also of those the
peer has named.
"""

from __future__ import annotations

import re
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from engine.model.command_set import CommandSet, Element, Value
from engine.model.dataset import DataElement, DataSet
from engine.standard.elements import BY_KEYWORD
from engine.standard.status import StatusClass, status_class

from .errors import ValueProblem
from .message_files import MessageFile
from .names import attribute_path

_PLACEHOLDER = re.compile(r"\{(uid(?: [^{}]*)?|response [^{}]*|date|time|datetime)\}")
_NAMED = re.compile(r"\{uid ([^{}]*)\}")
_FORMATS = {"date": "%Y%m%d", "time": "%H%M%S", "datetime": "%Y%m%d%H%M%S"}
_DONE = (StatusClass.SUCCESS, StatusClass.WARNING)
KEPT_RESPONSES = 1000
"""Responses looked through for a value: more than any sequence of messages refers back to."""


def new_uid() -> str:
    """A UID nobody else has (PS3.5 B.2: 2.25 and a UUID as a decimal number)."""
    return f"2.25.{uuid.uuid4().int}"


class Filler:
    """Fills placeholders in; the same name gives the same UID for as long as the filler lives.

    `missing`: the paths of ``{response PATH}`` for which nothing was found; those placeholders stay as they are.
    """

    def __init__(self, now: datetime | None = None, make_uid: Callable[[], str] = new_uid) -> None:
        self._now = now if now is not None else datetime.now().astimezone()
        self._make_uid = make_uid
        self._uids: dict[str, str] = {}
        self._responses: deque[tuple[CommandSet, DataSet]] = deque(maxlen=KEPT_RESPONSES)
        self.missing: list[str] = []

    def heard(self, request: MessageFile, response: CommandSet, data: DataSet | None) -> None:
        """Remember a response to a message of which `request` is the form with placeholders.

        Where the peer gave a new instance another UID than the one proposed, the name stands for the peer's from now
        on (PS3.7 10.1.5.1.4: the performing user may assign it).
        """
        self._responses.appendleft((response, data or DataSet()))
        name = _NAMED.fullmatch(request.command.sop_instance_uid)
        created = request.message == "N-CREATE-RQ" and status_class(response.status or 0) in _DONE
        if name and created and response.sop_instance_uid:
            self._uids[name[1].strip()] = response.sop_instance_uid

    def text(self, text: str) -> str:
        """The text with every placeholder replaced."""
        return _PLACEHOLDER.sub(self._value, text) if "{" in text else text

    def _value(self, match: re.Match[str]) -> str:
        word, _, name = match[1].partition(" ")
        name = name.strip()
        if word in _FORMATS:
            return self._now.strftime(_FORMATS[word])
        if word == "uid":
            return self._uids.setdefault(name, self._make_uid()) if name else self._make_uid()
        found = self._told(name)
        if not found:
            self.missing.append(name)
        return found or match[0]

    def _told(self, path: str) -> str:
        """The value the last response that has one gives; "" when none does."""
        try:
            tags = _response_path(path)
        except ValueProblem:
            return ""
        values = (_value_at(command, data, tags) for command, data in self._responses)
        return next(filter(None, values), "")

    def message(self, message: MessageFile) -> MessageFile:
        """The message with every placeholder of its command set and data set replaced."""
        data = self.dataset(message.data) if isinstance(message.data, DataSet) else message.data
        return replace(message, command=self.command(message.command), data=data)

    def ready(self, message: MessageFile) -> MessageFile:
        """The message to be sent now. Raises `ValueProblem` when it speaks of a response there has not been."""
        self.missing = []
        filled = self.message(message)
        if self.missing:
            paths = " and ".join(dict.fromkeys(self.missing))
            raise ValueProblem(f"no response so far has {paths}; the message it comes from goes before it, in one send")
        return filled

    def command(self, command: CommandSet) -> CommandSet:
        return CommandSet(tuple(self._element(e) for e in command))

    def _element(self, element: Element) -> Element:
        value = self._command_value(element.value)
        return element if value == element.value else replace(element, value=value)

    def _command_value(self, value: Value) -> Value:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, tuple):
            texts = tuple(self.text(v) for v in value if isinstance(v, str))
            return texts if len(texts) == len(value) else value
        return value

    def dataset(self, dataset: DataSet) -> DataSet:
        return DataSet(tuple(self._data_element(e) for e in dataset))

    def _data_element(self, element: DataElement) -> DataElement:
        if element.items:
            return replace(element, value=tuple(self.dataset(item) for item in element.items))
        if element.texts:
            return replace(element, value=tuple(self.text(t) for t in element.texts))
        return element


class _Listing(Filler):
    """Fills nothing in; remembers what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def _value(self, match: re.Match[str]) -> str:
        self.asked.add(" ".join(match[1].split()))
        return match[0]


def waits_for(message: MessageFile, before: Iterable[MessageFile]) -> bool:
    """Whether a message can only be made when the responses to those before it are here: it speaks of a response, or
    of an instance that one of them creates and whose UID the peer may change."""
    listing = _Listing()
    listing.message(message)
    created = {
        f"uid {name[1].strip()}"
        for b in before
        if b.message == "N-CREATE-RQ" and (name := _NAMED.fullmatch(b.command.sop_instance_uid))
    }
    return any(asked.startswith("response ") or asked in created for asked in listing.asked)


def check_placeholders(message: MessageFile) -> None:
    """Raises `ValueProblem` for a ``{response PATH}`` whose path names no attribute or command element."""
    trial = Filler()
    trial.message(message)
    for path in trial.missing:
        _response_path(path)


def _response_path(path: str) -> tuple[tuple[int, int], ...]:
    element = BY_KEYWORD.get(path)
    return ((element.tag, 0),) if element is not None else attribute_path(path)


def _value_at(command: CommandSet, data: DataSet, path: tuple[tuple[int, int], ...]) -> str:
    tag, item = path[0]
    if tag >> 16 == 0:
        value = next((e.value for e in command if e.tag == tag), None)
        return "" if value is None or isinstance(value, bytes | tuple) else str(value)
    if len(path) == 1:
        return "\\".join(data.texts(tag))
    items = data.items(tag)
    return _value_at(command, items[item], path[1:]) if item < len(items) else ""
