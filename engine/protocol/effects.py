"""What the actions of the upper layer's state machine do (PS3.8 9.2.1): send PDUs, tell events, set the ARTIM timer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import Any, ClassVar

from engine.model.quick import quick
from engine.model.remembering import by_its_identity
from engine.standard.codes import abort_text
from engine.standard.pdus import AbortPdu, AssociateAC, AssociateRJ, AssociateRQ, PDataTF, Pdu, ReleaseRP, ReleaseRQ
from engine.standard.state_table import Effect, Evt
from engine.wire.fragments import DataRun
from engine.wire.pdus import encode_pdu

from . import primitives as p

RELEASE_RQ, RELEASE_RP = ReleaseRQ(), ReleaseRP()
OPEN, CLOSE, RELEASED = p.OpenTransport(), p.CloseTransport(), p.ReleaseConfirmation()
"""Those that are always the same."""
_pdu_sent = quick(p.PduSent)
encoded = by_its_identity(lru_cache(64)(encode_pdu))
"""One association after the other says the same."""


class Effects:
    """Of one machine. artim: seconds of the ARTIM timer, 0 for none."""

    def __init__(self, artim: float) -> None:
        self._artim = artim
        self._artim_at: float | None = None
        self._events: deque[p.Event] = deque()
        self._out: list[p.Buffer] = []
        # What the effects of the event under way work on:
        self._now = 0.0
        self._pdu: Pdu | None = None
        self._encoded = b""
        self._buffers: tuple[list[p.Buffer] | DataRun, ...] = ()
        self._pdvs: list[p.Pdv] = []
        self._abort = AbortPdu()
        self._rejection: AssociateRJ | None = None
        self._why = ""
        self._transition: p.Transition | None = None

    def _emit(self, event: p.Event) -> None:
        self._events.append(event)

    def _send(self, pdu: Pdu) -> None:
        self._put(pdu.TYPE, encoded(pdu))

    def _send_pdu(self) -> None:
        """The PDU of the user's primitive, encoded when it was given."""
        self._put(self._encoded[0], self._encoded)

    def _put(self, kind: int, data: bytes) -> None:
        self._out.append(data)
        self._events.append(_pdu_sent(kind, (data,), self._transition))

    def _send_pdata(self) -> None:
        for buffers in self._buffers:
            if isinstance(buffers, DataRun):
                self._out.extend(buffers.buffers)
                assert self._transition is not None
                self._emit(p.RunSent(buffers, self._transition))
                continue
            self._out.extend(buffers)
            self._emit(p.PduSent(PDataTF.TYPE, tuple(buffers), self._transition))
        self._buffers = ()

    def _confirm_association(self) -> None:
        if isinstance(self._pdu, AssociateAC | AssociateRJ):
            self._emit(p.AssociateConfirmation(self._pdu))

    def _indicate_or_reject(self) -> None:
        """AE-6."""
        if self._rejection is not None:
            self._send(self._rejection)
            self._start_artim()
        elif isinstance(self._pdu, AssociateRQ):
            self._emit(p.AssociateIndication(self._pdu))

    def _indicate_abort(self) -> None:
        if isinstance(self._pdu, AbortPdu):
            self._emit(p.AbortIndication(self._pdu.source, self._pdu.reason))

    def _indicate_provider_abort(self) -> None:
        lost = self._transition is not None and self._transition.event is Evt.Evt17
        sentence = self._why if lost else f"{self._why}: {abort_text(self._abort.source, self._abort.reason)}"
        self._emit(p.ProviderAbortIndication(self._abort.reason, sentence, lost))

    def _start_artim(self) -> None:
        self._artim_at = self._now + self._artim if self._artim > 0 else None

    def _stop_artim(self) -> None:
        self._artim_at = None

    _EFFECTS: ClassVar[dict[Effect, Callable[[Any], None]]] = {
        Effect.CONNECT: lambda self: self._emit(OPEN),
        Effect.ACCEPT_TRANSPORT: lambda _: None,
        Effect.SEND_RQ: _send_pdu,
        Effect.SEND_AC: _send_pdu,
        Effect.SEND_RJ: _send_pdu,
        Effect.SEND_PDATA: _send_pdata,
        Effect.SEND_RELEASE_RQ: lambda self: self._send(RELEASE_RQ),
        Effect.SEND_RELEASE_RP: lambda self: self._send(RELEASE_RP),
        Effect.SEND_ABORT: lambda self: self._send(self._abort),
        Effect.SEND_ABORT_USER: lambda self: self._send(self._abort),
        Effect.SEND_ABORT_PROVIDER: lambda self: self._send(self._abort),
        Effect.CONFIRM_ACCEPT: _confirm_association,
        Effect.CONFIRM_REJECT: _confirm_association,
        Effect.JUDGE_RQ: _indicate_or_reject,
        Effect.INDICATE_PDATA: lambda self: self._emit(p.PDataIndication(self._pdvs)),
        Effect.INDICATE_RELEASE: lambda self: self._emit(p.ReleaseIndication()),
        Effect.INDICATE_COLLISION: lambda self: self._emit(p.ReleaseIndication(collision=True)),
        Effect.CONFIRM_RELEASE: lambda self: self._emit(RELEASED),
        Effect.INDICATE_ABORT: _indicate_abort,
        Effect.INDICATE_P_ABORT: _indicate_provider_abort,
        Effect.START_ARTIM: _start_artim,
        Effect.STOP_ARTIM: _stop_artim,
        Effect.CLOSE_TRANSPORT: lambda self: self._emit(CLOSE),
        Effect.IGNORE: lambda _: None,
    }
