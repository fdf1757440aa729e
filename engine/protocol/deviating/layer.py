"""The upper layer's machine with a deviation between it and the wire; the machine itself stays honest.

Everything the machine sends it tells by a `PduSent`. Those are taken here, changed where a deviation is armed for their
PDU-type, and told again as what really went out, when it went out.
"""

from __future__ import annotations

from collections import deque

from engine.model.limits import USUAL, Limits
from engine.model.scripting import Deviation
from engine.protocol import primitives as p
from engine.protocol.upper_layer import UpperLayer
from engine.standard.lean import dataclass
from engine.wire.framer import Unfinished

from .pieces import End, Hold, Mute, Piece, Put, Wait
from .plan import changed

LONGEST_SILENCE = 600.0
"""Seconds after which a connection we are to stay silent on is closed after all: longer than anybody's timers, and
still an end."""


@dataclass(frozen=True, slots=True)
class _Rest:
    """What is left of paced bytes."""

    data: bytes
    pace: tuple[int, float]


@dataclass(frozen=True, slots=True)
class _Sent:
    """A piece with the event it was made of."""

    piece: Put
    type: int
    transition: p.Transition | None


class DeviantLayer(UpperLayer):
    """`arm` says what becomes of the next PDUs of a type; see `UpperLayer` for the rest."""

    def __init__(
        self, requestor: bool, artim: float = 30.0, limits: Limits = USUAL, unfinished: Unfinished | None = None
    ) -> None:
        super().__init__(requestor, artim, limits=limits, unfinished=unfinished)
        self._armed: dict[int, tuple[Deviation, ...]] = {}
        self._waiting: deque[_Sent | _Rest | Wait | Mute | Hold | End | p.CloseTransport] = deque()
        self._told: deque[p.Event] = deque()
        self._wire: list[p.Buffer] = []
        self._until: float | None = None
        self._muted = self._held = False
        self._silent_until: float | None = None

    def arm(self, kind: int, deviations: tuple[Deviation, ...]) -> None:
        """Carry these out on the PDUs of this type, until others (or none) are armed for it."""
        self._armed[kind] = deviations

    def begin(self, deviations: tuple[Deviation, ...]) -> None:
        """Carry these out now, before anything was said."""
        self._enqueue(changed([], deviations), 0, None)

    # -- as the machine's user sees it

    def next_event(self) -> p.Event | None:
        """The oldest event, once its PDUs have been changed as the script wants them."""
        while not self._told:
            event = super().next_event()
            super().data_to_send()  # the events carry the same bytes
            if event is None:
                return None
            if isinstance(event, p.PduSent):
                self._take(event)
            elif isinstance(event, p.CloseTransport):
                self._waiting.append(event)
                self._flow(self._now)
            else:
                return event
        return self._told.popleft()

    def data_to_send(self) -> list[p.Buffer]:
        wire, self._wire = self._wire, []
        return wire

    def next_timeout(self) -> float | None:
        own = None if self._quiet else super().next_timeout()
        times = [t for t in (self._until, self._silent_until, own) if t is not None]
        return min(times, default=None)

    def handle_timeout(self, now: float) -> None:
        """The machine's time has come, or that of bytes that wait."""
        self._now = now
        if self._silent_until is not None and now >= self._silent_until:
            self._silent_until = None
            self._told.append(p.ScriptEnded(reset=False))
        if self._until is not None and now >= self._until:
            self._until = None
            self._flow(now)
        if not self._quiet:
            super().handle_timeout(now)

    @property
    def _quiet(self) -> bool:
        """No timer of ours closes the connection."""
        return self._muted or self._held

    # -- inner

    def _take(self, event: p.PduSent) -> None:
        deviations = self._armed.get(event.type, ()) if event.transition is not None else ()
        if not deviations and not self._waiting and not self._muted:
            self._wire.extend(event.data)
            self._told.append(event)
            return
        put = Put(b"".join(event.data), own=True)
        self._enqueue(changed([put], deviations), event.type, event.transition)

    def _enqueue(self, pieces: list[Piece], kind: int, transition: p.Transition | None) -> None:
        for piece in pieces:
            if isinstance(piece, Put):
                own_kind = kind if piece.own or not piece.data else piece.data[0]
                self._waiting.append(_Sent(piece, own_kind, transition if piece.own else None))
                transition = None if piece.own else transition  # a PDU in several pieces makes its transition once
            else:
                self._waiting.append(piece)
        self._flow(self._now)

    def _flow(self, now: float) -> None:
        while self._waiting and self._until is None:
            item = self._waiting.popleft()
            match item:
                case _Sent():
                    self._send_piece(item)
                case _Rest():
                    self._drip(item.data, item.pace)
                case Wait():
                    self._until = now + item.seconds
                case Mute():
                    self._muted = True
                    self._silent_until = now + LONGEST_SILENCE
                case Hold():
                    self._held = True
                    self._silent_until = now + LONGEST_SILENCE
                case End():
                    self._waiting.clear()
                    self._muted = True
                    self._told.append(p.ScriptEnded(item.reset))
                case p.CloseTransport() if not self._held:
                    self._told.append(item)

    def _send_piece(self, sent: _Sent) -> None:
        if self._muted:
            return
        piece = sent.piece
        self._told.append(p.PduSent(sent.type, (piece.data,), sent.transition))
        if piece.pace is None:
            self._wire.append(piece.data)
        else:
            self._drip(piece.data, piece.pace)

    def _drip(self, data: bytes, pace: tuple[int, float]) -> None:
        count, seconds = pace
        self._wire.append(data[:count])
        if len(data) > count:
            self._waiting.appendleft(_Rest(data[count:], pace))
            self._waiting.appendleft(Wait(seconds))
