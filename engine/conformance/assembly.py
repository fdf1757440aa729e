"""The fragments of one direction: do they make messages, one after the other (PS3.8 Annex E)?

More lenient than the reassembler that serves the exchange: it goes on after everything, and keeps little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from engine.model.association import NegotiatedContext
from engine.model.limits import Limits
from engine.model.notices import Evidence
from engine.standard.messages import STORE, message_name
from engine.wire.file_front import FRONT
from engine.wire.message_run import ALL_OF_COMMAND
from engine.wire.pdus import Buffer

from .findings import Finding, found
from .message import BODY_LIMIT, Message
from .pdvs import PdvSeen
from .templates import Templates

INSTANCE_LIMIT = FRONT
"""Bytes of an instance kept: SOP Class and Instance UID stand at its beginning, and the usual image's pixel data begin
in them."""
TOGETHER = 16 * 1024
"""Bytes of data sets that have ended in a PDU beyond which further ones in it are not looked at. It is to be of one
message (PS3.8 E.1); one that is not is judged in one turn all the same."""
_NOTHING: tuple[()] = ()


class _Partial:
    """A message under way on one context. message: None until its command set is whole."""

    def __init__(self, context_id: int) -> None:
        self.context_id = context_id
        self.command = bytearray()
        self.message: Message | None = None
        self.limit = BODY_LIMIT
        self.mixed = False


class Assembly:
    """Puts the messages of one side together.

    on_command: called when a command set is whole, before its data set comes.
    """

    def __init__(
        self, from_requestor: bool, templates: Templates, on_command: Callable[[Message], None], limits: Limits
    ) -> None:
        self._limits = limits
        self._from_requestor = from_requestor
        self._templates = templates
        self._on_command = on_command
        self.contexts: dict[int, NegotiatedContext] = {}
        self._partial: dict[int, _Partial] = {}
        self._astray: set[int] = set()
        self._ended: dict[int, tuple[int | None, bool]] = {}

        self.time = 0.0
        """Of the PDU under way; the watcher keeps it."""
        self.together = 1
        """PDVs in it."""
        self.looked_at = 0
        """Bytes of data sets that have ended in it; a deflated one, which becomes more, counts as beyond `TOGETHER`."""

    def unfinished(self) -> Iterator[Finding]:
        """The side has sent its last: what is not whole never will be."""
        for partial in self._partial.values():
            where, message = f"on presentation context {partial.context_id}", partial.message
            if message is None:
                sentence = f"A message {where} ends after {len(partial.command)} bytes of its command set."
            else:
                came = f"only {message.body_length} bytes of it came" if message.body_length else "none came"
                sentence = f"{message.name} {where} announces a Data Set, but {came}."
            yield found("pdata.unfinished", sentence)
        self._partial.clear()

    def forget(self) -> None:
        """What is under way will not be seen to its end."""
        self._partial.clear()

    def more(self, context_id: int, fragments: Sequence[Buffer], start: int, length: int) -> bool:
        """`feed` of the fragments from `start` on, `length` bytes each, where they are the middle of a data set under
        way; else False."""
        partial = self._partial.get(context_id)
        message = partial.message if partial is not None and len(self._partial) == 1 else None
        if partial is None or message is None:
            return False
        message.body_length += (len(fragments) - start) * length
        for index in range(start, len(fragments)):
            if message.walk is not None:
                message.walk.feed_alike(fragments, index, length)
                break
            message.kept(fragments[index], partial.limit)
        return True

    def takes_whole(self, context_id: int, control: int) -> bool:
        """Whether `whole` may be used for a fragment that is not longer than `BODY_LIMIT`: a command set comes between
        two messages, or the end of a data set after what came before it, with nothing in between."""
        if control == ALL_OF_COMMAND:
            return not self._partial
        partial = self._partial.get(context_id)
        return partial is not None and partial.message is not None and len(self._partial) == 1

    def whole(self, context_id: int, control: int, data: bytes) -> Message | None:
        """`feed` of a whole command set or the last of a data set, alone in its PDU, where `takes_whole` allows: the
        message, if that is whole too."""
        if control == ALL_OF_COMMAND:
            self._astray.discard(context_id)
            message = self._begin(context_id, data)
            return None if message.announced else self._end(message, False)
        partial = self._partial[context_id]
        assert partial.message is not None
        partial.message.body_length += len(data)
        partial.message.kept(data, partial.limit)
        return self._end(partial.message, True)

    def seen(self, context_id: int, data: bytes) -> Message | None:
        """The message this command set would begin, between two messages; nothing has happened."""
        if self._partial:
            return None
        template, own = self._templates.of(data)
        return Message(
            self._from_requestor,
            context_id,
            self.contexts.get(context_id),
            data,
            template,
            own,
            self.time,
            self._limits,
        )

    @property
    def rests(self) -> bool:
        """Whether no message is under way."""
        return not self._partial

    def passed(self, context_id: int, field: int | None, has_data: bool = True) -> None:
        """A whole message with this Command Field came and went."""
        self._astray.discard(context_id)
        self._ended[context_id] = (field, has_data)

    def feed(self, pdv: PdvSeen) -> tuple[Sequence[Finding], Sequence[Message]]:
        """One PDV: what is wrong about its place, and the messages that are whole now."""
        if pdv.control == ALL_OF_COMMAND and not self._partial:  # the many
            message = self.whole(pdv.context_id, pdv.control, pdv.head(self._limits.command_set))
            return _NOTHING, _NOTHING if message is None else (message,)
        findings: list[Finding] = []
        whole: list[Message] = []
        partial = self._partial.get(pdv.context_id)
        if partial is not None and pdv.is_command and partial.message is not None:
            whole.append(self._cut_short(partial, pdv, findings))
            partial = None
        if partial is None:
            if not pdv.is_command:
                findings += self._stray(pdv)
                return findings, whole
            partial = self._partial[pdv.context_id] = _Partial(pdv.context_id)
            self._astray.discard(pdv.context_id)
        if len(self._partial) > 1 and not partial.mixed:
            partial.mixed = True
            others = ", ".join(str(c) for c in self._partial if c != pdv.context_id)
            sentence = f"A fragment on context {pdv.context_id} comes before the message on context {others} ended."
            findings.append(found("pdata.interleaved", sentence, evidence=_where(pdv)))
        done = self._take(partial, pdv, findings)
        if done is not None:
            whole.append(done)
        return findings, whole

    def _cut_short(self, partial: _Partial, pdv: PdvSeen, findings: list[Finding]) -> Message:
        """A command fragment while a data set is due: the old message ends without it, or without the rest of it."""
        message = partial.message
        assert message is not None
        if message.body_length:
            sentence = f"A command fragment comes before the Data Set of {message.name} ended."
            findings.append(found("pdata.interleaved", sentence, evidence=_where(pdv)))
        message.interrupted = True
        return self._end(message, bool(message.body_length))

    def _stray(self, pdv: PdvSeen) -> Iterator[Finding]:
        if pdv.context_id in self._astray:
            return  # told with its first fragment
        self._astray.add(pdv.context_id)
        why = "no command set came before them"
        if pdv.context_id in self._ended:
            command_field, had_data = self._ended[pdv.context_id]
            name = message_name(command_field)
            why = f"the Data Set of {name} had ended" if had_data else f"{name} announces none"
        sentence = f"Data Set fragments come on context {pdv.context_id}, but {why}."
        yield found("pdata.data-first", sentence, evidence=_where(pdv))

    def _take(self, partial: _Partial, pdv: PdvSeen, findings: list[Finding]) -> Message | None:
        """The message when it is whole with this fragment."""
        if pdv.is_command:
            partial.command += pdv.head(self._limits.command_set - len(partial.command))
            return self._command(partial) if pdv.is_last else None
        if partial.message is None:
            sentence = f"Data Set fragments come on context {pdv.context_id} before the last command fragment."
            findings.append(found("pdata.command-unended", sentence, evidence=_where(pdv)))
            done = self._command(partial)
            if done is not None:
                self._astray.add(pdv.context_id)
                return done
        message = partial.message
        assert message is not None
        message.body_length += pdv.length
        if self.looked_at > TOGETHER:
            message.passed_over, message.walk = True, None
        elif not message.passes_by(pdv.length):
            message.kept(pdv.head(pdv.length), partial.limit, self.together)
        if not pdv.is_last:
            return None
        self.looked_at += TOGETHER + 1 if message.is_deflated else message.body_length
        return self._end(message, True)

    def _command(self, partial: _Partial) -> Message | None:
        """The command set is whole; the message too when it announces no data set."""
        message = self._begin(partial.context_id, bytes(partial.command))
        return None if message.announced else self._end(message, False)

    def _begin(self, context_id: int, data: bytes) -> Message:
        """A command set is whole."""
        template, own = self._templates.of(data)
        context = self.contexts.get(context_id)
        message = Message(self._from_requestor, context_id, context, data, template, own, self.time, self._limits)
        if message.announced:
            partial = self._partial.get(context_id) or _Partial(context_id)
            self._partial[context_id] = partial
            partial.message = message
            partial.limit = INSTANCE_LIMIT if message.field == STORE else BODY_LIMIT
        self._on_command(message)
        return message

    def _end(self, message: Message, has_data: bool) -> Message:
        self._partial.pop(message.context_id, None)
        message.has_data = has_data
        self._ended[message.context_id] = (message.field, has_data)
        return message


def _where(pdv: PdvSeen) -> Evidence:
    return Evidence(text="PDV", start=pdv.start, end=pdv.start + 6 + pdv.length)
