"""The DICOM upper layer's state machine (PS3.8 9.2), without socket, thread or clock.

Table 9-10 says which action an event calls for, the action's effects are carried out one by one; that is all of the
machine. Bytes and the time go in; bytes to send, events and deadlines come out. A transition is itself an event. What
changes no state and is like what came before goes the straight way (`straight_pdus`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice

from engine.model.limits import USUAL, Limits
from engine.model.quick import quick
from engine.standard.pdus import (
    PDUS,
    AbortPdu,
    AssociateAC,
    AssociateRJ,
    AssociateRQ,
    PDataTF,
    ReleaseRP,
    ReleaseRQ,
)
from engine.standard.state_table import Action, Effect, Evt, Sta, action
from engine.wire.fragments import DataRun
from engine.wire.framer import Framer, Unfinished
from engine.wire.pdus import PduError, decode_pdu, encode_pdu, iter_pdvs
from engine.wire.secrets import behind_associate, breaks_off, without_strays

from . import primitives as p
from .effects import CLOSE, Effects, encoded
from .straight_pdus import REQUESTED, StraightPdus

PROVIDER = 2
"""A-ABORT source (PS3.8 9.3.8)."""
UNEXPECTED_PDU = 2
"""A-ABORT reason (PS3.8 9.3.8)."""
SHOWN = 64
"""Bytes of an offending PDU a `ProtocolError` carries."""
AT_ONCE = 64
"""PDUs taken from one read before others have their turn; those that travel together are one. Thousands of small
messages can come in one."""
_ASSOCIATING = (AssociateRQ.TYPE, AssociateAC.TYPE)
Judge = Callable[[AssociateRQ], AssociateRJ | None]
"""AE-6: whether the service provider itself turns an A-ASSOCIATE-RQ away."""

_RECEIVED = {
    AssociateAC.TYPE: Evt.Evt3,
    AssociateRJ.TYPE: Evt.Evt4,
    AssociateRQ.TYPE: Evt.Evt6,
    PDataTF.TYPE: Evt.Evt10,
    ReleaseRQ.TYPE: Evt.Evt12,
    ReleaseRP.TYPE: Evt.Evt13,
    AbortPdu.TYPE: Evt.Evt16,
}


class StateError(Exception):
    """The local user asked for something this state does not allow: our caller's error."""


class UpperLayer(Effects):
    """One association's machine.

    requestor: whether this side opens the association. artim: seconds of the ARTIM timer, 0 for none (PS3.8 9.1.5).
    limits: of its P-DATA-TFs. unfinished: those under way of all machines that share it.
    judge: rejects on behalf of the service provider; by default every A-ASSOCIATE-RQ goes to the user, who may reject.

    Of a received PDU the events come in this order: PduReceived, ProtocolError where it breaks the protocol,
    Transition, what the action brings. A Transition stands before what its action does.
    """

    def __init__(
        self,
        requestor: bool,
        artim: float = 30.0,
        judge: Judge | None = None,
        limits: Limits = USUAL,
        unfinished: Unfinished | None = None,
    ) -> None:
        super().__init__(artim)
        self.requestor = requestor
        self.state = Sta.Sta1
        self._judge = judge
        self._framer = Framer(limits.pdu_length, unfinished, limits.unfinished)
        self._framer.associated = False
        self._most_pdvs = limits.pdvs
        self.straight = StraightPdus(self._framer, self._events, limits.pdvs)
        self._dead = False
        self.behind = False
        """More PDUs have come than were taken at once: `received`, of no bytes, takes the next ones."""
        self._behind_associate = False
        """The PDU received last was an A-ASSOCIATE-RQ or -AC that breaks off."""
        self.in_runs = False
        """Tell P-DATA-TFs of an established association by one event each, those received that are alike by one; and
        of the transitions, which stand in the events of their PDUs too, only that of an accepted connection."""

    # -- bytes, time, primitives in

    def receive_data(self, data: p.Buffer, now: float) -> None:
        """Bytes from the peer, in any portions. After bytes that are not DICOM everything is dropped unread."""
        if not self._dead:
            self._receive(self._framer.feed(data), now)

    def receive_buffer(self, sizehint: int = -1) -> memoryview:
        """Room to receive into; `received` says how much of it was filled. Saves the copy of `receive_data`."""
        return self._framer.buffer(sizehint)

    def received(self, count: int, now: float, most: int | None = AT_ONCE) -> None:
        """`count` bytes were put into `receive_buffer()`; `behind` says whether this has to be called once more. most:
        PDUs that are taken; None for all."""
        if not self._dead:
            self._receive(islice(self._framer.filled(count), most), now)
            self.behind = most is not None and len(self._events) >= most and self._framer.pending > 0

    def wait_no_more(self, now: float, most: int | None = AT_ONCE) -> None:
        """Where the rest of a C-STORE is waited for: tell what has come of it, PDU by PDU; most: as in `received`."""
        if self.straight.waiting:
            self.straight.patient = False
            try:
                self.received(0, now, most)
            finally:
                self.straight.patient = True

    def rest(self) -> bool:
        """Nothing may come for long: memory is given back. False where there is none to speak of."""
        return self._framer.rest()

    def transport_connected(self, now: float) -> None:
        """The connection stands: Evt2 for the requestor, Evt5 for the acceptor. One nobody wants any more is closed."""
        event = Evt.Evt2 if self.requestor else Evt.Evt5
        step = action(event, self.state)
        if step is None:
            self._emit(CLOSE)
        else:
            self._happen(event, step, now)

    def transport_closed(self, now: float) -> None:
        """The connection is gone (Evt17). After the association's end, in Sta1, that is the expected end of it all."""
        before, pending = self.state, self.pending
        self._why = "the connection was closed" + (f" {pending} bytes into a PDU" if pending else "")
        self._abort = AbortPdu(source=PROVIDER)
        self._framer.close()
        self._emit(p.TransportEnded(before, pending))
        step = action(Evt.Evt17, before)
        if step is not None:
            self._happen(Evt.Evt17, step, now)

    def request(self, primitive: p.Primitive, now: float) -> None:
        """A primitive of the local user.

        StateError when Table 9-10 has no action for it in this state, FieldProblem when its PDU cannot be encoded;
        nothing has happened then.
        """
        if self.in_runs and self.state is Sta.Sta6 and type(primitive) is p.PDataRequest:
            self._send_quickly(primitive.pdus)
            return
        event = _event_of(primitive)
        step = action(event, self.state)
        if step is None:
            raise StateError(f"{_named(event)} is not possible in {self._state_in_words()}.")
        if isinstance(primitive, p.PDataRequest):
            self._buffers = primitive.pdus
        elif isinstance(primitive, p.AAssociateRequest | p.AAssociateResponse):
            self._encoded = encoded(primitive.pdu)
            self._pdu = primitive.pdu
        elif isinstance(primitive, p.AAbortRequest):
            self._abort = AbortPdu(source=primitive.source, reason=primitive.reason)
            encode_pdu(self._abort)
        self.wait_no_more(now, None)  # what came before it is told before it, as of this state
        self._happen(event, step, now)

    def can(self, primitive: p.Primitive) -> bool:
        """Whether `request` would take this primitive now."""
        return action(_event_of(primitive), self.state) is not None

    def send_raw(self, data: bytes) -> None:
        """Put these bytes on the wire as they are, whatever the state; the state does not change."""
        self._out.append(data)
        self._emit(p.PduSent(data[0] if data else 0, (data,), None))

    def next_timeout(self) -> float | None:
        """When `handle_timeout` is due, in the caller's clock; None for never."""
        return self._artim_at

    def handle_timeout(self, now: float) -> None:
        """The time has come (Evt18), or not yet."""
        if self._artim_at is None or now < self._artim_at:
            return
        self._artim_at = None
        self._emit(p.ArtimExpired(self.state))
        step = action(Evt.Evt18, self.state)
        if step is not None:
            self._happen(Evt.Evt18, step, now)

    @property
    def pending(self) -> int:
        """Bytes received of a PDU that is not whole; 0 while PDUs before it wait for their turn (`behind`)."""
        return 0 if self._dead or self.behind else self._framer.pending

    # -- events and bytes out

    def next_event(self) -> p.Event | None:
        """The oldest event not yet taken, or None."""
        return self._events.popleft() if self._events else None

    @property
    def told_all(self) -> bool:
        """Whether every event has been taken: nothing came behind what was told last."""
        return not self._events

    def tell_next(self, *events: p.Event) -> None:
        """Tell these next: what the event just taken stands for, in smaller pieces."""
        self._events.extendleft(reversed(events))

    def data_to_send(self) -> list[p.Buffer]:
        """Buffers to write now, in order; each is given once."""
        out, self._out = self._out, []
        return out

    # -- the machine

    def _happen(self, event: Evt, step: Action, now: float, transition: p.Transition | None = None) -> None:
        """Carry out one cell of Table 9-10."""
        self._now = now
        self._transition = transition or self._transition_for(event, step)
        self.state = self._transition.after
        if self.state is Sta.Sta6:
            self._framer.associated = True
        if not self.in_runs or event is Evt.Evt5:
            self._events.append(self._transition)
        for effect in step.effects:
            self._EFFECTS[effect](self)
        self._transition = None

    def _transition_for(self, event: Evt, step: Action) -> p.Transition:
        """What the cell will make of the state; two actions decide themselves (AE-6, AR-8)."""
        second = False
        if step.name == "AR-8":
            second = not self.requestor
        elif step.name == "AE-6" and isinstance(self._pdu, AssociateRQ):
            self._rejection = self._judge(self._pdu) if self._judge else None
            second = self._rejection is not None
        return _transition(self.state, event, step.name, step.next_states[second])

    def _receive(self, pdus: Iterator[memoryview], now: float) -> None:
        self.straight.waiting = False
        try:
            for pdu in pdus:
                if not self.in_runs or self.state is not Sta.Sta6 or not self.straight.takes(pdu):
                    self._receive_pdu(bytes(pdu), now)
        except PduError as error:  # the stream itself is broken: nothing after it can be read
            self._dead = True
            shown = self._framer.peek(SHOWN)
            self._framer.close()
            self._invalid(error, behind_associate(shown) if self._behind_associate else shown, now)

    def send_quietly(self, *pdus: p.Buffer) -> None:
        """P-DATA-TFs that whoever sends them tells himself. StateError as `request`."""
        if self.state is not Sta.Sta6:
            raise StateError(f"{_named(Evt.Evt9)} is not possible in {self._state_in_words()}.")
        self._out += pdus

    def _send_quickly(self, pdus: tuple[list[p.Buffer] | DataRun, ...]) -> None:
        """The fast twin of `_send_pdata`: DT-1 changes nothing."""
        for buffers in pdus:
            if isinstance(buffers, DataRun):
                self._out.extend(buffers.buffers)
                self._events.append(p.RunSent(buffers, REQUESTED))
            else:
                self._out.extend(buffers)
                self._events.append(_data_sent(buffers, REQUESTED))

    def _receive_pdu(self, data: bytes, now: float) -> None:
        kind = data[0]
        self._pdu = None
        self._behind_associate = kind in _ASSOCIATING and breaks_off(data)
        try:
            if kind == PDataTF.TYPE:
                self._pdvs = iter_pdvs(data, self._most_pdvs)
            else:
                self._pdu = decode_pdu(without_strays(data))
        except PduError as error:
            self._invalid(error, data, now)
            return
        event = _RECEIVED[kind]
        step = action(event, self.state)
        if step is None:
            self._emit(p.PduReceived(kind, data, self._pdu, None))
            return
        transition = self._transition_for(event, step)
        self._emit(_pdu_received(kind, data, self._pdu, transition))
        if _ABORTING & set(step.effects):
            sentence = f"{PDUS[kind].NAME} is not expected in {self._state_in_words()}"
            self._prepare_abort(f"{sentence}.", "PS3.8 9.2.3, Table 9-10", UNEXPECTED_PDU, data)
        self._happen(event, step, now, transition)

    def _invalid(self, error: PduError, data: bytes, now: float) -> None:
        """Evt19: the abort's reason is what is wrong (PS3.8 9.3.8)."""
        step = action(Evt.Evt19, self.state)
        transition = self._transition_for(Evt.Evt19, step) if step else None
        self._emit(p.PduReceived(data[0], data, None, transition))
        self._prepare_abort(error.reason, "PS3.8 9.3", error.abort_reason, data)
        if step is not None:
            self._happen(Evt.Evt19, step, now, transition)

    def _prepare_abort(self, sentence: str, clause: str, reason: int, data: bytes) -> None:
        """In Sta2 it comes from the user's side, which gives no reason (AA-1)."""
        user = self.state is Sta.Sta2
        self._why = sentence.removesuffix(".")
        self._abort = AbortPdu(source=0, reason=0) if user else AbortPdu(source=PROVIDER, reason=reason)
        self._emit(p.ProtocolError(sentence, clause, reason, data[:SHOWN]))

    def _state_in_words(self) -> str:
        return f"{self.state.name} ({self.state.definition})"


_data_sent = quick(p.DataSent)
_pdu_received = quick(p.PduReceived)
_transition = lru_cache(None)(p.Transition)  # there are as many as cells in the table
_ABORTING = frozenset({Effect.SEND_ABORT, Effect.SEND_ABORT_USER, Effect.SEND_ABORT_PROVIDER})
_PRIMITIVES: dict[type, Evt] = {
    p.AAssociateRequest: Evt.Evt1,
    p.PDataRequest: Evt.Evt9,
    p.AReleaseRequest: Evt.Evt11,
    p.AReleaseResponse: Evt.Evt14,
    p.AAbortRequest: Evt.Evt15,
}


def _named(event: Evt) -> str:
    """A primitive as Table 9-10 calls it, but for who gives it and with what answer."""
    name = event.definition.partition(" (")[0].partition(",")[0]
    return f"An {name}" if name.startswith("A-") else f"A {name}"


def _event_of(primitive: p.Primitive) -> Evt:
    if isinstance(primitive, p.AAssociateResponse):
        return Evt.Evt7 if isinstance(primitive.pdu, AssociateAC) else Evt.Evt8
    return _PRIMITIVES[type(primitive)]
