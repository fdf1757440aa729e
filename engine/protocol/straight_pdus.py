"""P-DATA-TFs received on an established association, told with what follows from them: the straight way past the state
machine, which they change nothing of (DT-2 in Sta6, PS3.8 Table 9-10)."""

from __future__ import annotations

from collections import deque

from engine.model.quick import quick
from engine.standard.pdus import PDataTF
from engine.standard.state_table import Evt, Sta, action
from engine.wire.echo_form import EchoForm
from engine.wire.fragments import RUN_HEADER, DataRun, run_of
from engine.wire.framer import Framer
from engine.wire.message_run import ALL_OF_COMMAND, may_repeat
from engine.wire.pdus import MOST_PDVS, PDU_HEADER, PDV_HEADER, PduError, iter_pdvs
from engine.wire.store_form import StoreForm

from . import primitives as p

INDICATED, REQUESTED = (
    p.Transition(Sta.Sta6, event, step.name, step.next_states[0])
    for event in (Evt.Evt10, Evt.Evt9)
    if (step := action(event, Sta.Sta6)) is not None
)
"""What a P-DATA-TF makes of Sta6, received and sent."""
MOST_WAITED = (1 << 23) - (1 << 16)
"""Bytes of a C-STORE's data set that are held while its rest is waited for: nearly all single images. Cut into what is
received at a time they take a third longer, much more than what is written at once."""
PASSED_OVER = 7
"""C-STOREs not waited for after one that was longer than that: what has come of it could have been written long ago."""
_CONTEXT = PDU_HEADER + PDV_HEADER - 2
"""Where a P-DATA-TF has the presentation context of its first PDV."""
_LENGTH = slice(PDU_HEADER, PDU_HEADER + 4)
"""Where it has the length of that PDV."""
_CONTROL = PDU_HEADER + PDV_HEADER - 1
"""Where it has the message control header."""
_answer_received, _data_received = quick(p.AnswerReceived), quick(p.DataReceived)
_store_received, _echo_answered = quick(p.StoreReceived), quick(p.EchoAnswered)


class StraightPdus:
    """Of one association: the machine's framer and events. `tests/protocol/test_runs.py` holds it against the machine.

    store_forms: by presentation context; C-STOREs like these are told by one event each when they are there as a whole.
    expected: the P-DATA-TF that answers the latest request where nothing is wrong: told by an event of its own, once.
    echo_form: a response to a C-ECHO that is like this is told by an event of its own.
    most_pdvs: taken in one P-DATA-TF.
    patient: the rest of such a C-STORE may come in a moment, and is waited for. waiting: it is.
    """

    def __init__(self, framer: Framer, events: deque[p.Event], most_pdvs: int = MOST_PDVS) -> None:
        self._framer, self._events, self._most_pdvs = framer, events, most_pdvs
        self.store_forms: dict[int, StoreForm] = {}
        self.expected = b""
        self.echo_form: EchoForm | None = None
        self.patient = self.waiting = False
        self._passed_over = 0
        """C-STOREs that are not waited for, as one was too long."""
        self._latest_command = b""
        """The P-DATA-TF with the latest command set; one that comes again begins a run of messages."""

    def takes(self, pdu: memoryview) -> bool:
        """Tell a PDU, with those behind it that go with it. False where it is no P-DATA-TF or cannot be read: nothing
        has happened then."""
        if pdu[0] != PDataTF.TYPE:
            return False
        if self.store_forms and len(pdu) > _CONTROL and pdu[_CONTROL] == ALL_OF_COMMAND:
            form = self.store_forms.get(pdu[_CONTEXT])
            if form is not None and self._takes_store(form, bytes(pdu)):
                return True
        if self.expected and pdu == self.expected:
            data, self.expected = self.expected, b""
            self._events.append(_answer_received(data, INDICATED))
            return True
        echo = self.echo_form
        if echo is not None and len(pdu) == echo.answered.size and (number := echo.number(data := bytes(pdu))) >= 0:
            self._events.append(_echo_answered(echo, data, number, INDICATED))
            return True
        run = self._run_of(pdu)
        if run is not None:
            self._events.append(p.RunReceived(run, INDICATED))
            return True
        data = bytes(pdu)
        if data == self._latest_command:
            messages = self._framer.repeats(data)
            if messages is not None:
                self._events.append(p.MessagesReceived(messages, INDICATED))
                return True
        elif may_repeat(data):
            self._latest_command = data
        try:
            pdvs = iter_pdvs(data, self._most_pdvs)
        except PduError:
            return False
        self._events.append(_data_received(data, pdvs, INDICATED))
        return True

    def _takes_store(self, form: StoreForm, data: bytes) -> bool:
        """Tell a C-STORE of this form by one event, where this is its command set and its data set is there."""
        own = form.own(data)
        pdus = self._framer.data_set(form.context_id) if own is not None else None
        if own is None or pdus is None:
            return False
        if not pdus:
            self.waiting = self.patient and self._is_waited_for()
            if self.waiting:
                self._framer.wait(len(data))
            return self.waiting
        self._events.append(_store_received(form, data, *own, pdus, INDICATED))
        return True

    def _is_waited_for(self) -> bool:
        """Whether the rest of the C-STORE that is coming is: not where those before it were too long."""
        if self._passed_over:
            self._passed_over -= 1
            return False
        if self._framer.pending <= MOST_WAITED:
            return True
        self._passed_over = PASSED_OVER
        return False

    def _run_of(self, pdu: memoryview) -> DataRun | None:
        """This P-DATA-TF with those behind it that are like it, where it is one of the bulk."""
        size = len(pdu)
        if size <= RUN_HEADER or pdu[_CONTROL]:
            return None
        header = bytes(pdu[:RUN_HEADER])
        if int.from_bytes(header[_LENGTH], "big") != size - PDU_HEADER - 4:
            return None
        more = self._framer.more(header, size)
        return run_of((pdu, *more)) if more else None
