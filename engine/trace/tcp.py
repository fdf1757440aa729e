"""TCP conversations out of captured packets (RFC 9293): order restored, repeats dropped, holes reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from typing import Any

import dpkt

from engine.standard.lean import dataclass

from .capture_files import Packet

Endpoint = tuple[str, int]
"""(address, port)."""
LARGEST_WAIT = 4 << 20
"""Bytes kept waiting for a missing segment before it is given up: far beyond any window lost packets leave behind."""
_WRAP = 1 << 32
_HALF = 1 << 31


@dataclass(frozen=True, slots=True)
class Segment:
    """What TCP adds up from. sequence: of the first payload byte (of the SYN, when it is one)."""

    time: float
    source: Endpoint
    destination: Endpoint
    sequence: int
    syn: bool
    ack: bool
    fin: bool
    rst: bool
    payload: bytes
    missing: int = 0
    """Bytes of the payload that were not captured (a snap length)."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of one direction in order. missing: how many bytes are lost in front of `data`."""

    time: float
    from_first: bool
    data: bytes
    missing: int = 0


@dataclass(slots=True)
class _Direction:
    """One direction. expected: next sequence number, once anything was seen."""

    expected: int = 0
    seen: bool = False
    waiting: dict[int, tuple[float, bytes]] = field(default_factory=dict)
    held: int = 0
    finished: bool = False


@dataclass(slots=True)
class Connection:
    """One TCP connection.

    first: who opened it (sent the SYN; the sender of the first packet when the SYN is not in the capture).
    chunks: in the order they became readable. reset: by whom it was reset.
    """

    number: int
    first: Endpoint
    second: Endpoint
    start: float
    chunks: list[Chunk] = field(default_factory=list)
    complete_start: bool = False
    end: float = 0.0
    closed: bool = False
    reset: bool = False
    _sides: tuple[_Direction, _Direction] = field(default_factory=lambda: (_Direction(), _Direction()))

    def add(self, segment: Segment) -> None:
        """Take a segment of either direction."""
        from_first = segment.source == self.first
        side = self._sides[0 if from_first else 1]
        self.end = segment.time
        sequence = segment.sequence
        if segment.syn:
            sequence = (sequence + 1) % _WRAP
        if not side.seen:
            side.expected, side.seen = sequence, True
        if segment.payload:
            self._keep(side, segment.time, sequence, segment.payload)
        self._deliver(side, from_first)
        if segment.missing:
            self._skip(side, from_first, segment.time, segment.missing)
        self.reset = self.reset or segment.rst
        side.finished = side.finished or segment.fin
        self.closed = self.reset or all(s.finished for s in self._sides)

    def _keep(self, side: _Direction, time: float, sequence: int, payload: bytes) -> None:
        old = side.waiting.get(sequence)
        if old is None or len(old[1]) < len(payload):
            side.held += len(payload) - (len(old[1]) if old else 0)
            side.waiting[sequence] = (time, payload)

    def _deliver(self, side: _Direction, from_first: bool) -> None:
        """Everything that follows without a hole; past holes when too much waits behind them."""
        self._flow(side, from_first)
        while side.held > LARGEST_WAIT and side.waiting:
            self._jump(side, from_first)

    def _flow(self, side: _Direction, from_first: bool) -> None:
        while side.waiting:
            sequence = min(side.waiting, key=lambda s: _ahead(s, side.expected))
            ahead = _ahead(sequence, side.expected)
            if ahead > 0:
                return
            time, payload = side.waiting.pop(sequence)
            side.held -= len(payload)
            fresh = payload[-ahead:]
            if fresh:
                self.chunks.append(Chunk(time, from_first, fresh))
                side.expected = (side.expected + len(fresh)) % _WRAP

    def _jump(self, side: _Direction, from_first: bool) -> None:
        """Give the hole in front of the next waiting segment up."""
        sequence = min(side.waiting, key=lambda s: _ahead(s, side.expected))
        missing = _ahead(sequence, side.expected)
        time, _ = side.waiting[sequence]
        self.chunks.append(Chunk(time, from_first, b"", missing))
        side.expected = sequence
        self._flow(side, from_first)

    def _skip(self, side: _Direction, from_first: bool, time: float, missing: int) -> None:
        self.chunks.append(Chunk(time, from_first, b"", missing))
        side.expected = (side.expected + missing) % _WRAP

    def finish(self) -> None:
        """No more segments come: what waits behind holes is readable now."""
        for index, side in enumerate(self._sides):
            while side.waiting:
                self._jump(side, index == 0)


def _ahead(sequence: int, expected: int) -> int:
    """How far a sequence number is ahead of the expected one, negative when behind, across the wrap."""
    return (sequence - expected + _HALF) % _WRAP - _HALF


def conversations(packets: Iterable[Packet]) -> Iterator[Connection]:
    """The TCP connections of a capture, each once it is over or the capture ends; numbered by their first packet."""
    live: dict[frozenset[Endpoint], Connection] = {}
    count = 0
    for packet in packets:
        segment = read_segment(packet)
        if segment is None:
            continue
        key = frozenset((segment.source, segment.destination))
        current = live.get(key)
        opens = segment.syn and not segment.ack
        if current is not None and opens and (current.closed or current.chunks):
            current.finish()
            yield live.pop(key)
            current = None
        if current is None:
            if not (opens or segment.syn or segment.payload):
                continue
            count += 1
            turned = segment.syn and segment.ack
            first, second = segment.source, segment.destination
            if turned:
                first, second = second, first
            current = live[key] = Connection(count, first, second, segment.time, complete_start=segment.syn)
        current.add(segment)
    for conversation in live.values():
        conversation.finish()
        yield conversation


# --- link and network layers ----------------------------------------------------------------------------------------


def read_segment(packet: Packet) -> Segment | None:
    """The TCP segment of a packet; None when it holds none (ARP, UDP, a fragment that does not start one, ...)."""
    read = _LINKS.get(packet.link)
    if read is None:
        return None
    try:
        network = read(packet.data)
        return _segment(packet, network) if network is not None else None
    except (dpkt.Error, IndexError, ValueError, TypeError, AttributeError):
        return None


def known_link(link: int) -> bool:
    """Whether packets of this link-layer type can be read."""
    return link in _LINKS


def _segment(packet: Packet, network: Any) -> Segment | None:
    tcp = network.data
    if not isinstance(tcp, dpkt.tcp.TCP):
        return None
    source, destination = _address(network.src), _address(network.dst)
    payload = bytes(tcp.data)
    whole = _payload_length(network, tcp)
    if whole is not None and len(payload) > whole:
        payload = payload[:whole]  # Ethernet padding
    return Segment(
        time=packet.time,
        source=(source, tcp.sport),
        destination=(destination, tcp.dport),
        sequence=tcp.seq,
        syn=bool(tcp.flags & dpkt.tcp.TH_SYN),
        ack=bool(tcp.flags & dpkt.tcp.TH_ACK),
        fin=bool(tcp.flags & dpkt.tcp.TH_FIN),
        rst=bool(tcp.flags & dpkt.tcp.TH_RST),
        payload=payload,
        missing=max(0, whole - len(payload)) if whole is not None and packet.length > len(packet.data) else 0,
    )


def _payload_length(network: Any, tcp: Any) -> int | None:
    """Bytes of TCP payload the IP header promises; None when it promises none (0: segmentation offload)."""
    header = tcp.off * 4
    if isinstance(network, dpkt.ip.IP):
        return int(network.len) - network.hl * 4 - int(header) if network.len else None
    if not network.plen:
        return None
    extensions = sum(len(h) for h in getattr(network, "all_extension_headers", ()) or ())
    return int(network.plen) - extensions - int(header)


def _address(raw: bytes) -> str:
    import ipaddress

    return str(ipaddress.ip_address(raw))


def _network(data: bytes) -> Any:
    """IPv4 or IPv6 by the version in the first nibble."""
    version = data[0] >> 4
    return dpkt.ip.IP(data) if version == 4 else dpkt.ip6.IP6(data) if version == 6 else None


def _ethernet(data: bytes) -> Any:
    inner = dpkt.ethernet.Ethernet(data).data
    return inner if isinstance(inner, dpkt.ip.IP | dpkt.ip6.IP6) else None


_LINKS: dict[int, Callable[[bytes], Any]] = {
    0: lambda data: _network(data[4:]),  # NULL: BSD loopback, address family in front
    1: _ethernet,
    12: _network,
    14: _network,
    101: _network,  # RAW
    108: lambda data: _network(data[4:]),  # LOOP
    113: lambda data: _network(data[16:]),  # LINUX_SLL
    228: _network,
    229: _network,
    276: lambda data: _network(data[20:]),  # LINUX_SLL2
}
"""Link-layer types by number (https://www.tcpdump.org/linktypes.html)."""
