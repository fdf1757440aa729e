"""Placeholders in messages: ``{uid}``, ``{uid NAME}``, ``{date}``, ``{time}``, ``{datetime}``.

They let one file be sent again and again, and several files of one send speak of the same instance.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from engine.model.command_set import CommandSet, Element, Value
from engine.model.dataset import DataElement, DataSet

from .message_files import MessageFile

_PLACEHOLDER = re.compile(r"\{(uid(?: [^{}]*)?|date|time|datetime)\}")


def new_uid() -> str:
    """A UID nobody else has (PS3.5 B.2: 2.25 and a UUID as a decimal number)."""
    return f"2.25.{uuid.uuid4().int}"


class Filler:
    """Fills placeholders in; the same name gives the same UID for as long as the filler lives."""

    def __init__(self, now: datetime | None = None, make_uid: Callable[[], str] = new_uid) -> None:
        self._now = now if now is not None else datetime.now().astimezone()
        self._make_uid = make_uid
        self._uids: dict[str, str] = {}

    def text(self, text: str) -> str:
        """The text with every placeholder replaced."""
        return _PLACEHOLDER.sub(lambda match: self._value(match[1]), text) if "{" in text else text

    def _value(self, name: str) -> str:
        formats = {"date": "%Y%m%d", "time": "%H%M%S", "datetime": "%Y%m%d%H%M%S"}
        if name in formats:
            return self._now.strftime(formats[name])
        name = name[3:].strip()
        return self._uids.setdefault(name, self._make_uid()) if name else self._make_uid()

    def message(self, message: MessageFile) -> MessageFile:
        """The message with every placeholder of its command set and data set replaced."""
        data = self.dataset(message.data) if isinstance(message.data, DataSet) else message.data
        return replace(message, command=self.command(message.command), data=data)

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
