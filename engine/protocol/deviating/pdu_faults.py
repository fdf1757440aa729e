"""Faults of the bytes of any PDU, and of the connection under it."""

from __future__ import annotations

from engine.model.association import VERIFICATION
from engine.model.command_set import CommandSet
from engine.model.scripting import Deviation
from engine.standard.messages import ECHO, NO_DATA_SET, RESPONSE_BIT
from engine.standard.pdus import AbortPdu, PDataTF, Pdv, ReleaseRP
from engine.wire.commands import encode_command
from engine.wire.pdus import PDU_HEADER, encode_pdu

from .pieces import Change, End, Hold, Mute, Piece, Put, Wait, on_bytes, own

HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_ECHO_RSP = encode_command(
    CommandSet.of(
        AffectedSOPClassUID=VERIFICATION,
        CommandField=ECHO | RESPONSE_BIT,
        MessageIDBeingRespondedTo=1,
        CommandDataSetType=NO_DATA_SET,
        Status=0,
    )
)
"""A C-ECHO-RSP, for the P-DATA-TF that comes too early."""


def _half(rest: Piece) -> Change:
    return on_bytes(lambda data, _: [own(data[: len(data) // 2]), rest])


def _instead(*pieces: Piece) -> Change:
    return lambda _given, _deviation: list(pieces)


def _first(pieces: list[Piece], data: bytes) -> list[Piece]:
    return [Put(data), *pieces]


def _abort(_pieces: list[Piece], d: Deviation) -> list[Piece]:
    return [Put(encode_pdu(AbortPdu(source=d.number("source"), reason=d.number("reason")))), End()]


def _with_length(data: bytes, length: int) -> bytes:
    return data[:2] + max(0, min(length, 0xFFFFFFFF)).to_bytes(4, "big") + data[PDU_HEADER:]


def _dribble(pieces: list[Piece], d: Deviation) -> list[Piece]:
    pace = (d.number("bytes"), d.seconds())
    return [Put(p.data, p.own, pace) if isinstance(p, Put) else p for p in pieces]


def _early_data(pieces: list[Piece], _d: Deviation) -> list[Piece]:
    pdv = Pdv(context_id=1, control=3, fragment=_ECHO_RSP)
    return _first(pieces, encode_pdu(PDataTF(pdvs=(pdv,))))


CHANGES: dict[str, Change] = {
    "delay": lambda pieces, d: [Wait(d.seconds()), *pieces],
    "silence": _instead(Mute()),
    "close": _instead(End()),
    "reset": _instead(End(reset=True)),
    "abort-instead": _abort,
    "half-then-silence": _half(Mute()),
    "half-then-close": _half(End()),
    "half-then-reset": _half(End(reset=True)),
    "dribble": _dribble,
    "pdu-length-long": on_bytes(
        lambda data, d: [own(_with_length(data, len(data) - PDU_HEADER + d.number("by"))), Mute()]
    ),
    "pdu-length-short": on_bytes(lambda data, d: _with_length(data, len(data) - PDU_HEADER - d.number("by"))),
    "pdu-length-huge": on_bytes(lambda data, _: _with_length(data, 0xFFFFFFF0)),
    "unknown-pdu-first": lambda pieces, d: _first(pieces, bytes([d.number("type"), 0, 0, 0, 0, 4, 0, 0, 0, 0])),
    "data-first": _early_data,
    "release-rp-first": lambda pieces, _: _first(pieces, encode_pdu(ReleaseRP())),
    "other-protocol": _instead(Put(HTTP), End()),
    "twice": on_bytes(lambda data, _: [own(data), Put(data)]),
    "reserved-set": on_bytes(lambda data, _: data[:1] + b"\xff" + data[2:]),
    "hold-open": lambda pieces, _: [Hold(), *pieces],
}
