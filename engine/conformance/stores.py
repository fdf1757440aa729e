"""C-STOREs of a form in which nothing was found before: passed with their responses, without being read."""

from __future__ import annotations

from engine.model.notices import Direction
from engine.standard.lean import dataclass
from engine.standard.messages import RESPONSE_BIT, STORE
from engine.wire.pdus import PDU_HEADER
from engine.wire.store_form import StoreForm

from .conversation import Conversation
from .instances import instance_at

IDENTITY = 2048
"""Bytes of an instance that hold its SOP Class and Instance UID. That it is not cut is known already: of one received
by `file_front.is_plain_instance`, of a file to send by its plan."""


@dataclass(slots=True)
class StoreSeen:
    """A C-STORE-RQ with its data set and its response. number, uid: its own Message ID and SOP Instance UID, as they
    stand there. front: the beginning of the data set. longest: bytes of its largest PDU; answer: of the response's."""

    form: StoreForm
    number: bytes
    uid: bytes
    front: bytes
    longest: int
    answer: int

    @property
    def message_id(self) -> int:
        return int.from_bytes(self.number, "little")


class Stores:
    """Of one association. clean: forms in which nothing was found."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self.clean: set[StoreForm] = set()
        self.steady: tuple[Direction, StoreForm] | None = None
        """In which direction what was found to be clean last went, while nothing else has passed since."""
        self._before_uid = b""
        """What of its data set stands before its SOP Instance UID."""

    def turned(self, direction: Direction, answered: StoreSeen, seen: StoreSeen) -> bool:
        """The response to the one passed, and then the other one, a request: whether nothing is wrong with that.

        Of what is in the usual course only that is looked at in which it can differ from the one before it.
        """
        self.passed(direction, answered)
        if self.steady != (direction, seen.form):
            return self.is_clean(direction, seen)
        talk, before, uid, sent = self._talk, self._before_uid, seen.uid, direction is Direction.SENT
        most, most_back = talk.maximum[sent], talk.maximum[not sent]
        return (
            seen.front.startswith(before)
            and seen.front.startswith(uid, len(before))
            and len(uid) == len(answered.uid)
            and not (most and seen.longest - PDU_HEADER > most)
            and not (most_back and seen.answer - PDU_HEADER > most_back)
            and talk.exchanges.passes(sent is talk.requestor, seen.message_id)
        ) or self.is_clean(direction, seen)

    def is_clean(self, direction: Direction, seen: StoreSeen) -> bool:
        """Whether nothing is wrong with the request, its data set, and its response."""
        self.steady = None
        if not self._is_in_place(direction, seen):
            return False
        syntax = self._talk.contexts[seen.form.context_id].transfer_syntax
        at = instance_at(seen.front, syntax, seen.form.sop_class, seen.uid)
        if at > 0:
            self.steady, self._before_uid = (direction, seen.form), seen.front[:at]
        return at >= 0

    def _is_in_place(self, direction: Direction, seen: StoreSeen) -> bool:
        """Whether nothing is wrong with it but for what its data set says."""
        talk, form, sent = self._talk, seen.form, direction is Direction.SENT
        asking, most, most_back = sent is talk.requestor, talk.maximum[sent], talk.maximum[not sent]
        asked, answered = talk.assemblies[asking], talk.assemblies[not asking]
        context = talk.contexts.get(form.context_id)
        return not (
            form not in self.clean
            or context is None
            or (most and seen.longest - PDU_HEADER > most)
            or (most_back and seen.answer - PDU_HEADER > most_back)
            or not (asked.rests and answered.rests and talk.exchanges.passes(asking, seen.message_id))
            or not (talk.sequence.takes_data(asking) and talk.sequence.takes_data(not asking))
        )

    def passes(self, direction: Direction, seen: StoreSeen, named: bool) -> bool:
        """`is_clean`; then both have `passed`. named: the data set is known to begin with its UIDs."""
        if named:
            self.steady = None
        if not (self._is_in_place(direction, seen) if named else self.is_clean(direction, seen)):
            return False
        self.passed(direction, seen)
        if named:
            self.steady, self._before_uid = (direction, seen.form), b""
        return True

    def goes_on(self, direction: Direction, form: StoreForm, number: int, longest: int, answer: int) -> bool:
        """The quick twin of `passes` for one that is named, where the one before it was such too and nothing else has
        passed since; False says nothing. number: the Message ID; the rest as of `StoreSeen`."""
        if self.steady != (direction, form):
            return False
        talk, sent = self._talk, direction is Direction.SENT
        asking, most, most_back = sent is talk.requestor, talk.maximum[sent], talk.maximum[not sent]
        if (most and longest - PDU_HEADER > most) or (most_back and answer - PDU_HEADER > most_back):
            return False
        return talk.exchanges.goes_by(asking, number)  # all else is as the one before it has left it

    def passed(self, direction: Direction, seen: StoreSeen) -> None:
        """Such a request and its response passed."""
        talk, context_id = self._talk, seen.form.context_id
        asking = talk.by_requestor(direction)
        talk.exchanges.passed(asking, seen.message_id)
        talk.assemblies[asking].passed(context_id, STORE)
        talk.assemblies[not asking].passed(context_id, STORE | RESPONSE_BIT, has_data=False)
