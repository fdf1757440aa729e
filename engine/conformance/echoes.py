"""C-ECHOs of a form in which nothing was found before: passed by their bytes, without being read."""

from __future__ import annotations

from engine.model.notices import Direction
from engine.standard.lean import dataclass
from engine.standard.messages import ECHO, RESPONSE_BIT
from engine.wire.echo_form import EchoForm
from engine.wire.pdus import PDU_HEADER

from .conversation import Conversation


@dataclass(slots=True)
class Echo:
    """A C-ECHO-RQ of a form, in its P-DATA-TF. time: as the watcher is given it with others."""

    form: EchoForm
    direction: Direction
    number: int
    pdu: bytes
    time: float


class Echoes(dict[int, Echo]):
    """Requests that have passed and wait for their response, by Message ID. Nothing is wrong with them, and they are
    read only when anything but a response of their form follows; so they are younger than whatever has been read.

    clean: forms in which nothing was found.
    """

    def __init__(self, talk: Conversation) -> None:
        super().__init__()
        self._talk = talk
        self.clean: set[EchoForm] = set()

    def asked(self, echo: Echo) -> bool:
        """Whether nothing is wrong with a request; it waits then."""
        talk, number, sent = self._talk, echo.number, echo.direction is Direction.SENT
        maximum, asking = talk.maximum[sent], sent is talk.requestor
        if (
            echo.form not in self.clean
            or number in self
            or (maximum and len(echo.pdu) - PDU_HEADER > maximum)
            or not talk.assemblies[asking].rests
            or not talk.exchanges.has_place(asking, number, len(self))
            or not talk.sequence.takes_data(asking)
        ):
            return False
        self[number] = echo
        return True

    def answered(self, direction: Direction, form: EchoForm, number: int) -> bool:
        """Whether nothing is wrong with a response of this form; the two have passed then."""
        talk, sent, context_id = self._talk, direction is Direction.SENT, form.context.id
        maximum, asking = talk.maximum[sent], sent is not talk.requestor
        asked, answered = talk.assemblies[asking], talk.assemblies[not asking]
        if (maximum and form.answered.size - PDU_HEADER > maximum) or form not in self.clean:
            return False
        if not answered.rests or not talk.sequence.takes_data(not asking):
            return False
        echo = self.get(number)
        if echo is not None and echo.form is form:
            del self[number]
            talk.exchanges.passed(asking, number)
        elif echo is not None or not talk.exchanges.ended_plainly(asking, number, context_id, form.command(number)):
            return False
        else:  # its request was read before the form was known to be clean
            answered.passed(context_id, ECHO | RESPONSE_BIT, has_data=False)
            return True
        asked.passed(context_id, ECHO, has_data=False)
        answered.passed(context_id, ECHO | RESPONSE_BIT, has_data=False)
        return True
