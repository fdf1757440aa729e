"""Recorded traffic decoded into notices: .pcap and .pcapng files, or the raw bytes of one direction.

The notices are those of a live association, so that whatever shows live traffic shows recorded traffic. "Sent" is what
the requestor sent. In raw byte streams times are 0.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator

from engine.model.association import Peer
from engine.model.limits import USUAL, Limits
from engine.model.notices import AnyNotice, ErrorNotice
from engine.model.whole_numbers import counted
from engine.standard.lean import dataclass
from engine.standard.pdus import AssociateAC, AssociateRJ, AssociateRQ, PDataTF
from engine.wire.recognise import recognise

from .capture_files import CaptureError, Packet, is_capture, other_format, read_packets
from .decoder import Decoder, plausible
from .hex_text import from_hex
from .packets import known_link
from .tcp import Connection, conversations

__all__ = ["decode", "decode_capture", "decode_stream", "from_hex", "is_dicom"]

_FROM_ACCEPTOR = (AssociateAC.TYPE, AssociateRJ.TYPE)
"""PDUs only an acceptor sends first: A-ASSOCIATE-AC and -RJ."""
_OPENING = (AssociateRQ.TYPE, *_FROM_ACCEPTOR)

_TLS = (b"\x16\x03", b"\x17\x03", b"\x15\x03")
"""How records of TLS begin: handshake, application data, alert."""
_UNREADABLE = "encrypted with TLS: what is said there cannot be read."
_HEADERS = "no data in it: packets were cut when they were captured."
_ENOUGH = 12
"""Bytes that tell what a stream is: a PDU's header, and that of the first presentation data value."""


def decode(data: bytes, name: str, limits: Limits = USUAL) -> Iterator[AnyNotice]:
    """The notices of a capture file or, when it is none, of a raw byte stream. Raises `CaptureError` at a fault,
    after the notices of what stands before it. limits: of what is read of PDUs and messages."""
    return decode_capture(data, name, limits) if is_capture(data) else decode_stream(data, name, limits)


def decode_stream(data: bytes, name: str, limits: Limits = USUAL) -> Iterator[AnyNotice]:
    """The notices of the bytes one side sent. Raises `CaptureError` when they do not begin with a PDU."""
    if not data:
        raise CaptureError(name, 0, "There are no bytes.")
    if not plausible(data):
        raise CaptureError(name, 0, _no_stream(data))
    decoder = Decoder(1, Peer(ae_title="", host="", port=0), itertools.count(1).__next__, limits=limits)
    decoder.watcher.incomplete()
    from_requestor = data[0] not in _FROM_ACCEPTOR
    yield from decoder.feed(data, from_requestor, 0.0)
    yield from decoder.end(0.0, "The bytes end", one_sided=True)


def _no_stream(data: bytes) -> str:
    """What these bytes are, which do not begin with a PDU."""
    if data[128:132] == b"DICM":
        return "This is a DICOM file, not recorded traffic: `store` sends it to a peer."
    if data[:2] in _TLS:
        return f"The bytes are {_UNREADABLE}"
    if other := other_format(data):
        return other
    seen = recognise(data)
    what = f"The bytes look like {seen}." if seen else "The bytes do not begin with a PDU."
    if data[:1].isascii() and re.fullmatch(rb"[\s0-9A-Fa-fxX:,\\{}\"]+", data[:64]):
        return f"{what} They look like hexadecimal text: try --hex."
    return f"{what} A raw stream is what one side sent, from the start of a PDU."


def decode_capture(data: bytes, name: str, limits: Limits = USUAL) -> Iterator[AnyNotice]:
    """The notices of every DICOM association in a capture file, one association after the other.

    Raises `CaptureError` when the file is damaged, after the associations of what stands before the damage.
    """
    source = _Packets(data, name)
    new_association, new_operation = itertools.count(1).__next__, itertools.count(1).__next__
    left = _LeftOut(name)
    for conversation in conversations(source):
        if not is_dicom(conversation):
            left.add(conversation)
            continue
        yield from _decode_conversation(conversation, new_association(), new_operation, limits)
    last = source.last_time
    for sentence in left.sentences():
        yield ErrorNotice(time=last, sentence=sentence)
    for link, count in sorted(source.unknown_links.items()):
        yield ErrorNotice(
            time=last, sentence=f"{count} packets of {name} have link-layer type {link}, which is not read."
        )
    if source.fault is not None:
        raise source.fault


@dataclass(slots=True)
class _LeftOut:
    """How many connections of a capture show no DICOM, by why that is."""

    name: str
    others: int = 0
    encrypted: int = 0
    cut: int = 0

    def add(self, conversation: Connection) -> None:
        heads = [_head(conversation, from_first) for from_first in (True, False)]
        if any(head[:2] in _TLS for head in heads):
            self.encrypted += 1
        elif any(heads):
            self.others += 1
        else:
            self.cut += bool(conversation.chunks)

    def sentences(self) -> Iterator[str]:
        for count, which, one, more in (
            (self.others, "other TCP connection", "is not DICOM, left out.", "are not DICOM, left out."),
            (self.encrypted, "TCP connection", f"is {_UNREADABLE}", f"are {_UNREADABLE}"),
            (self.cut, "TCP connection", f"has {_HEADERS}", f"have {_HEADERS}"),
        ):
            if count:
                yield f"{counted(count, which)} in {self.name} {one if count == 1 else more}"


class _Packets:
    """The packets of a file up to its end or its first fault; counts what cannot be read."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data, self._name = data, name
        self.fault: CaptureError | None = None
        self.unknown_links: dict[int, int] = {}
        self.last_time = 0.0

    def __iter__(self) -> Iterator[Packet]:
        try:
            for packet in read_packets(self._data, self._name):
                self.last_time = packet.time
                if not known_link(packet.link):
                    self.unknown_links[packet.link] = self.unknown_links.get(packet.link, 0) + 1
                yield packet
        except CaptureError as error:
            self.fault = error


def is_dicom(conversation: Connection) -> bool:
    """Whether a direction of a connection begins with an A-ASSOCIATE PDU, with what cannot be anything else than a PDU,
    or with what may be one when its start is missing."""
    for from_first in (True, False):
        head = _head(conversation, from_first)
        if plausible(head) and (head[0] in _OPENING or not conversation.complete_start or _beyond_doubt(head)):
            return True
    return False


def _beyond_doubt(head: bytes) -> bool:
    """Whether a PDU that begins no association, and that begins a connection all the same, is one: `plausible` has
    looked at all of a short one; of a P-DATA-TF the first presentation data value must be one too (PS3.8 9.3.5.1)."""
    if head[0] != PDataTF.TYPE:
        return True
    length, inside = int.from_bytes(head[2:6], "big"), int.from_bytes(head[6:10], "big")
    return len(head) == _ENOUGH and 2 <= inside <= length - 4 and head[10] % 2 == 1 and head[11] < 4


def _head(conversation: Connection, from_first: bool) -> bytes:
    """The first bytes of a direction, enough to tell a PDU: they may come one by one."""
    head = b""
    for chunk in conversation.chunks:
        if chunk.from_first == from_first:
            head += chunk.data[:_ENOUGH]
            if len(head) >= _ENOUGH:
                break
    return head


def _decode_conversation(
    conversation: Connection, number: int, new_operation: Callable[[], int], limits: Limits
) -> Iterator[AnyNotice]:
    first_asks = _first_is_requestor(conversation)
    host, port = conversation.second if first_asks else conversation.first
    decoder = Decoder(number, Peer(host=host, port=port), new_operation, start=conversation.start, limits=limits)
    if len({chunk.from_first for chunk in conversation.chunks}) == 1:
        decoder.watcher.incomplete()  # one direction was recorded
    for chunk in conversation.chunks:
        yield from decoder.feed(chunk.data, chunk.from_first == first_asks, chunk.time, chunk.missing)
    how = "The connection was reset" if conversation.reset else "The connection was closed"
    if not conversation.closed:
        how = "The capture ends"
    yield from decoder.end(conversation.end, how)


def _first_is_requestor(conversation: Connection) -> bool:
    """Who sent the A-ASSOCIATE-RQ; who opened the connection when none is seen."""
    for chunk in conversation.chunks:
        if chunk.data and plausible(chunk.data):
            if chunk.data[0] == 1:
                return chunk.from_first
            if chunk.data[0] in _FROM_ACCEPTOR:
                return not chunk.from_first
    return True
