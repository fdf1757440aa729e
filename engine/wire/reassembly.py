"""P-DATA-TF PDUs to messages (PS3.8 9.3.5 and Annex E); `fragments` has the way there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from io import BytesIO
from typing import Protocol

from engine.model.command_set import CommandSet
from engine.model.limits import Limits, named
from engine.model.quick import quick
from engine.standard.lean import dataclass

from .commands import decode_command
from .fragments import COMMAND, LAST, DataRun
from .issues import Issue
from .pdus import INVALID_PARAMETER_VALUE, UNEXPECTED_PARAMETER, Buffer

COMMAND_LIMIT = Limits().command_set
MESSAGE_LIMIT = Limits().data_set
MOST_AT_ONCE = 4
"""Messages under way at once on an association, each on a context of its own. One is allowed (PS3.8 E.1); on 128
contexts each would have its own room in memory."""
MOST_ISSUES = 64
"""Departures noted of one message: each of its fragments, of which there may be millions, can have some."""
_CLAUSE = "PS3.8 E.1"


class FragmentError(Exception):
    """Fragments no message can be made of.

    reason: a sentence. abort_reason: the A-ABORT reason that answers it. completed: messages of the same PDU that were
    whole before.
    """

    def __init__(self, reason: str, abort_reason: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.abort_reason = abort_reason
        self.completed: tuple[Assembled, ...] = ()


class Sink(Protocol):
    """Takes the bytes of one data set as they come."""

    def write(self, data: memoryview, /) -> object:
        """These bytes next; valid during the call only."""

    def write_all(self, pieces: Sequence[Buffer], /) -> object:
        """The same of several pieces, one after the other."""

    def close(self) -> object:
        """The data set is whole: what it has become (`Assembled.sunk`)."""

    def discard(self) -> object:
        """The data set will never be whole."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """One whole message.

    data: the data set's bytes; None when there is none, or when a sink took it: then `sunk` is what the sink's `close`
        returned.
    issues: departures from PS3.8 Annex E; their offsets count the message's bytes, command set first.
    """

    context_id: int
    command_bytes: bytes
    command: CommandSet
    data: bytes | None = None
    sunk: object = None
    data_length: int = 0
    issues: tuple[Issue, ...] = ()


_assembled = quick(Assembled)
_DATA_ENDED = "the data set before it had ended"
_ANNOUNCED_NONE = "the command set before it announces none"


@dataclass(slots=True)
class _Memory:
    """The sink of those who give none."""

    held: BytesIO = field(default_factory=BytesIO)

    def write(self, data: memoryview, /) -> None:
        self.held.write(data)

    def write_all(self, pieces: Sequence[Buffer], /) -> None:
        self.held.writelines(pieces)

    def close(self) -> bytes:
        return self.held.getvalue()

    def discard(self) -> None:
        self.held = BytesIO()


@dataclass(slots=True)
class _Message:
    """A message under way. `command` is None until its last command fragment came."""

    context_id: int
    parts: list[bytes] = field(default_factory=list)
    command_length: int = 0
    command_bytes: bytes = b""
    command: CommandSet | None = None
    sink: Sink | None = None
    data_length: int = 0
    issues: list[Issue] = field(default_factory=list)

    def note(self, text: str, count: int) -> None:
        if len(self.issues) < MOST_ISSUES:
            start = self.command_length + self.data_length
            self.issues.append(Issue(text, start, start + count, _CLAUSE))


class Reassembler:
    """Puts the fragments of one direction of an association together, one message for each presentation context, of
    `MOST_AT_ONCE`.

    sink_for: asked when a command set that announces a data set is whole (context ID, command set's bytes) where the
        data set is to go; None: to memory.
    """

    def __init__(
        self,
        sink_for: Callable[[int, bytes], Sink | None] | None = None,
        *,
        command_limit: int = COMMAND_LIMIT,
        message_limit: int = MESSAGE_LIMIT,
    ) -> None:
        self._sink_for = sink_for
        self._command_limit = command_limit
        self._message_limit = message_limit
        self._messages: dict[int, _Message] = {}
        self._ended: dict[int, str] = {}

    @property
    def pending(self) -> tuple[tuple[int, int, int], ...]:
        """(context ID, command bytes, data bytes) received of each message that is not whole."""
        return tuple((m.context_id, m.command_length, m.data_length) for m in self._messages.values())

    def command_of(self, context_id: int) -> CommandSet | None:
        """The command set of the message under way on this context, once it is whole."""
        message = self._messages.get(context_id)
        return message.command if message is not None else None

    @property
    def rests(self) -> bool:
        """Whether no message is under way."""
        return not self._messages

    def passed(self, context_id: int, *, has_data: bool = True) -> None:
        """A whole message came on this context and was taken without being fed."""
        self._ended[context_id] = _DATA_ENDED if has_data else _ANNOUNCED_NONE

    def discard(self) -> None:
        """Forget every message under way; sinks are told. There are to be no more."""
        for message in self._messages.values():
            if message.sink is not None:
                message.sink.discard()
        self._messages.clear()
        self._sink_for = None

    def feed(self, pdvs: Iterable[tuple[int, int, Buffer]]) -> list[Assembled]:
        """(context ID, message control header, fragment) of one P-DATA-TF: the messages that are whole now.

        FragmentError when the fragments cannot belong to any message; nothing sensible can be fed after that.
        """
        done: list[Assembled] = []
        for context_id, control, data in pdvs:
            if not control and self._takes_more(context_id, data):
                continue  # the many
            if control == COMMAND | LAST and not self._messages and not done and self._is_plain_command(data):
                done += self._take_whole(context_id, bytes(data))
                continue
            if control == LAST and not done and self._takes_whole_data(context_id, data):
                done.append(self._finish(self._messages[context_id]))
                continue
            view = memoryview(data)
            try:
                message = self._message(context_id, bool(control & COMMAND), len(view), done)
                self._note_oddities(message, view, bool(done))
                take = self._take_command if control & COMMAND else self._take_data
                whole = take(message, view, bool(control & LAST))
            except FragmentError as error:
                error.completed = tuple(done)
                raise
            if whole:
                done.append(self._finish(message))
        return done

    def _is_plain_command(self, data: Buffer) -> bool:
        return 0 < len(data) <= self._command_limit and not len(data) % 2

    def _take_whole(self, context_id: int, data: bytes) -> tuple[Assembled, ...]:
        """A command set in one fragment, between two messages: the message, when no data set follows it."""
        command = decode_command(data)
        if command.has_data_set:
            message = self._messages[context_id] = _Message(context_id)
            message.command_length, message.command_bytes, message.command = len(data), data, command
            self._open_sink(message)
            return ()
        self._ended[context_id] = _ANNOUNCED_NONE
        return (_assembled(context_id, data, command),)

    def _takes_whole_data(self, context_id: int, data: Buffer) -> bool:
        """Take a data set in one fragment with which nothing can be wrong; False for every other."""
        message = self._messages.get(context_id)
        count = len(data)
        if message is None or message.sink is None or message.data_length or len(self._messages) > 1:
            return False
        if not count or count % 2 or count > self._message_limit:
            return False
        message.data_length = count
        message.sink.write(data if isinstance(data, memoryview) else memoryview(data))
        return True

    def _takes_more(self, context_id: int, data: Buffer) -> bool:
        """Take a fragment in the middle of a data set with which nothing can be wrong; False for every other."""
        message = self._messages.get(context_id)
        count = len(data)
        if message is None or message.command is None or message.sink is None or not count or count % 2:
            return False
        if len(self._messages) > 1 or not message.data_length or message.data_length + count > self._message_limit:
            return False
        message.data_length += count
        message.sink.write(data if isinstance(data, memoryview) else memoryview(data))
        return True

    def takes_run(self, run: DataRun) -> bool:
        """Take fragments in the middle of a data set with which nothing can be wrong; False for every other, which are
        to be fed."""
        message, length = self._messages.get(run.context_id), len(run.buffers[1])
        count = len(run) * length
        if message is None or message.command is None or message.sink is None or not length or length % 2:
            return False
        if len(self._messages) > 1 or message.data_length + count > self._message_limit:
            return False
        message.data_length += count
        message.sink.write_all(run.fragments)
        return True

    def _message(self, context_id: int, is_command: bool, count: int, done: list[Assembled]) -> _Message:
        """The message this fragment belongs to."""
        message = self._messages.get(context_id)
        if message is not None and is_command and message.command is not None:
            if message.data_length:
                reason = (
                    f"A command fragment came on context {context_id} before the data set of the last message ended."
                )
                raise FragmentError(reason, UNEXPECTED_PARAMETER)
            message.note("The data set that the command set announces did not come.", count)
            done.append(self._finish(message, without_data=True))
            message = None
        if message is None:
            if not is_command:
                why = self._ended.get(context_id, "no command set came before it")
                reason = f"A data fragment came on context {context_id}, but {why}."
                raise FragmentError(reason, UNEXPECTED_PARAMETER)
            if len(self._messages) == MOST_AT_ONCE:
                others = ", ".join(map(str, self._messages))
                reason = f"A message begins on context {context_id} while those on contexts {others} have not ended."
                raise FragmentError(reason, UNEXPECTED_PARAMETER)
            message = self._messages[context_id] = _Message(context_id)
        return message

    def _note_oddities(self, message: _Message, data: memoryview, follows: bool) -> None:
        count = len(data)
        if not count:
            message.note("A PDV holds nothing but its message control header.", 0)
        elif count % 2:
            message.note(f"A fragment has {count} bytes, an odd number.", count)
        if len(self._messages) > 1:
            others = ", ".join(str(c) for c in self._messages if c != message.context_id)
            message.note(f"Its fragments are mixed with those of a message on context {others}.", count)
        if follows:
            message.note("Its first PDU holds the end of another message too.", count)

    def _take_command(self, message: _Message, data: memoryview, last: bool) -> bool:
        if data:
            message.parts.append(bytes(data))
        message.command_length += len(data)
        if message.command_length > self._command_limit:
            reason = f"The command set on context {message.context_id} is longer than {self._command_limit} bytes"
            reason += f"{named('command_set', self._command_limit)}."
            raise FragmentError(reason, INVALID_PARAMETER_VALUE)
        return last and not self._end_command(message)

    def _end_command(self, message: _Message) -> bool:
        """The command set is whole; whether a data set follows."""
        message.command_bytes = b"".join(message.parts)
        message.command = decode_command(message.command_bytes)
        if not message.command.has_data_set:
            return False
        self._open_sink(message)
        return True

    def _open_sink(self, message: _Message) -> None:
        sink = self._sink_for(message.context_id, message.command_bytes) if self._sink_for else None
        message.sink = _Memory() if sink is None else sink

    def _take_data(self, message: _Message, data: memoryview, last: bool) -> bool:
        if message.command is None:
            message.note("No command fragment was marked as the last one.", 0)
            if not self._end_command(message):
                reason = f"A data fragment came on context {message.context_id} before the command set ended."
                raise FragmentError(reason, UNEXPECTED_PARAMETER)
        message.data_length += len(data)
        if message.data_length > self._message_limit:
            reason = f"The data set on context {message.context_id} is longer than {self._message_limit} bytes"
            reason += f"{named('data_set', self._message_limit)}."
            raise FragmentError(reason, INVALID_PARAMETER_VALUE)
        if message.sink is not None:
            message.sink.write(data)
        return last

    def _finish(self, message: _Message, without_data: bool = False) -> Assembled:
        del self._messages[message.context_id]
        command = message.command or CommandSet()
        data: bytes | None = None
        sunk: object = None
        if message.sink is not None and without_data:
            message.sink.discard()
        elif isinstance(message.sink, _Memory):
            data = message.sink.close()
        elif message.sink is not None:
            sunk = message.sink.close()
        self._ended[message.context_id] = _DATA_ENDED if command.has_data_set else _ANNOUNCED_NONE
        return _assembled(
            message.context_id,
            message.command_bytes,
            command,
            data,
            sunk,
            message.data_length,
            tuple(message.issues),
        )
