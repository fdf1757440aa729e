"""The fragments of one direction: do they make messages, one after the other (PS3.8 Annex E)?

More lenient than the reassembler that serves the exchange: it goes on after everything, and keeps little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.model.association import NegotiatedContext
from engine.model.notices import Evidence

from .findings import Finding, found
from .message import Message
from .pdvs import PdvSeen

COMMAND_LIMIT = 1 << 20
"""Bytes of a command set looked at; real ones have a few hundred."""
BODY_LIMIT = 64 * 1024
"""Bytes of a data set kept: identifiers and attribute lists are shorter."""
INSTANCE_LIMIT = 2048
"""Bytes of an instance kept: SOP Class and Instance UID stand at its beginning."""
_STORE = 0x0001


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

    def __init__(self, from_requestor: bool, on_command: Callable[[Message], None]) -> None:
        self._from_requestor = from_requestor
        self._on_command = on_command
        self.contexts: dict[int, NegotiatedContext] = {}
        self._partial: dict[int, _Partial] = {}
        self._astray: set[int] = set()
        self._ended: dict[int, str] = {}

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

    def feed(self, pdv: PdvSeen, now: float) -> tuple[list[Finding], list[Message]]:
        """One PDV: what is wrong about its place, and the messages that are whole now."""
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
        done = self._take(partial, pdv, now, findings)
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
        return self._end(partial, bool(message.body_length))

    def _stray(self, pdv: PdvSeen) -> Iterator[Finding]:
        if pdv.context_id in self._astray:
            return  # told with its first fragment
        self._astray.add(pdv.context_id)
        why = self._ended.get(pdv.context_id, "no command set came before them")
        sentence = f"Data Set fragments come on context {pdv.context_id}, but {why}."
        yield found("pdata.data-first", sentence, evidence=_where(pdv))

    def _take(self, partial: _Partial, pdv: PdvSeen, now: float, findings: list[Finding]) -> Message | None:
        """The message when it is whole with this fragment."""
        if pdv.is_command:
            partial.command += pdv.head(COMMAND_LIMIT - len(partial.command))
            return self._command(partial, now) if pdv.is_last else None
        if partial.message is None:
            sentence = f"Data Set fragments come on context {pdv.context_id} before the last command fragment."
            findings.append(found("pdata.command-unended", sentence, evidence=_where(pdv)))
            done = self._command(partial, now)
            if done is not None:
                self._astray.add(pdv.context_id)
                return done
        message = partial.message
        assert message is not None
        message.body_length += pdv.length
        if len(message.body) < partial.limit:
            message.body += pdv.head(partial.limit - len(message.body))
        return self._end(partial, True) if pdv.is_last else None

    def _command(self, partial: _Partial, now: float) -> Message | None:
        """The command set is whole; the message too when it announces no data set."""
        context = self.contexts.get(partial.context_id)
        message = Message(self._from_requestor, partial.context_id, context, bytes(partial.command), now)
        partial.message = message
        partial.limit = INSTANCE_LIMIT if message.field == _STORE else BODY_LIMIT
        self._on_command(message)
        return None if message.announced else self._end(partial, False)

    def _end(self, partial: _Partial, has_data: bool) -> Message:
        del self._partial[partial.context_id]
        message = partial.message
        assert message is not None
        message.has_data = has_data
        why = f"the Data Set of {message.name} had ended" if has_data else f"{message.name} announces none"
        self._ended[partial.context_id] = why
        return message


def _where(pdv: PdvSeen) -> Evidence:
    return Evidence(text="PDV", start=pdv.start, end=pdv.start + 6 + pdv.length)
