"""TCP segments out of captured packets: link layers, tags and tunnels taken off, fragments of IP put together.

Link-layer types: https://www.tcpdump.org/linktypes.html. Nothing raises here: what cannot be read holds no segment.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable
from dataclasses import field
from functools import lru_cache

from engine.standard.lean import dataclass

from .capture_files import Packet

Endpoint = tuple[str, int]
"""(address, port)."""
DEEPEST = 24
"""Layers taken off at most: real captures have two tags and a tunnel; a packet can be made of thousands."""
LARGEST_FRAGMENTED = 4 << 20
"""Bytes of fragments kept waiting for others of theirs, far beyond what a capture has under way."""
MOST_FRAGMENTS = 2048
"""Of one datagram: 64 KiB over the smallest link that IPv4 knows (68 bytes, RFC 791) are 1,365."""
_FRAGMENT_COST = 100
"""What a fragment is counted besides its bytes, so that empty ones have an end too."""
_FRAGMENT_SECONDS = 60.0
"""A fragment waits no longer for the others (RFC 8200 4.5): identifications come again."""

_IPV4, _IPV6, _ETHERNET = 0x0800, 0x86DD, 0x6558
_VLAN = (0x8100, 0x88A8, 0x9100, 0x9200)
_MPLS = (0x8847, 0x8848)
_PPPOE = 0x8864
_ERSPAN = {0x88BE: 8, 0x22EB: 12}
_PPP = {0x0021: _IPV4, 0x0057: _IPV6}
_TUNNELS = {4: _IPV4, 41: _IPV6}
_TCP, _UDP, _GRE, _AH, _FRAGMENT = 6, 17, 47, 51, 44
_EXTENSIONS = (0, 43, 60, 135)
"""IPv6 extension headers of one form: hop-by-hop, routing, destination options, mobility (RFC 8200)."""
_VXLAN_PORT, _GENEVE_PORT = 4789, 6081
_FIN, _SYN, _RST, _ACK = 1, 2, 4, 16


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
    """Bytes of the payload, at its end, that were not captured (a snap length)."""


@dataclass(frozen=True, slots=True)
class _Datagram:
    """What IP carries. length: of the data as its header has it, more than there is where a packet was cut."""

    source: bytes
    destination: bytes
    protocol: int
    data: bytes
    length: int


@dataclass(slots=True)
class _Parts:
    """The fragments of a datagram. time: of the first. end: its length, known from the last one. held: their bytes."""

    time: float
    data: dict[int, bytes] = field(default_factory=dict)
    end: int = -1
    held: int = 0

    def add(self, start: int, body: bytes, more: bool) -> None:
        self.held += len(body) - len(self.data.get(start, b""))
        self.data[start] = body
        if not more:
            self.end = start + len(body)

    def cost(self) -> int:
        return self.held + len(self.data) * _FRAGMENT_COST

    def whole(self) -> bytes | None:
        """All of it; None while something is missing."""
        if not 0 <= self.end <= self.held:
            return None
        result = bytearray()
        for start in sorted(self.data):
            if start > len(result):
                return None
            result += self.data[start][len(result) - start :]
        return bytes(result[: self.end]) if self.end <= len(result) else None


@dataclass(slots=True)
class Segments:
    """The segments of the packets of one capture, one after the other."""

    _fragments: dict[object, _Parts] = field(default_factory=dict)
    _held: int = 0
    _now: float = 0.0

    def read(self, packet: Packet) -> Segment | None:
        """The TCP segment of a packet; None when it holds none (ARP, UDP, a fragment that others are missing of)."""
        begin = _LINKS.get(packet.link)
        if begin is None:
            return None
        self._now = packet.time
        try:
            kind, data = begin(packet.data)
            for _ in range(DEEPEST):
                if kind in (_IPV4, _IPV6):
                    datagram = (self._ipv4 if kind == _IPV4 else self._ipv6)(data)
                    if datagram is None:
                        return None
                    if datagram.protocol == _TCP:
                        return _segment(packet, datagram)
                    kind, data = _tunnelled(datagram)
                else:
                    kind, data = _without_tag(kind, data)
                if not kind:
                    return None
        except (struct.error, IndexError):  # it ends within a header
            pass
        return None

    def _ipv4(self, data: bytes) -> _Datagram | None:
        first, length, ident, place, protocol = struct.unpack_from(">BxHHHxB", data)
        header = (first & 15) * 4
        if first >> 4 != 4 or header < 20:
            return None
        source, destination = data[12:16], data[16:20]
        length = (length or len(data)) - header  # 0: segmentation offload
        if length < 0:
            return None
        body = data[header : header + length]
        if place & 0x3FFF:
            key = (source, destination, protocol, ident)
            whole = self._put_together(key, (place & 0x1FFF) * 8, body, bool(place & 0x2000), length)
            if whole is None:
                return None
            body, length = whole, len(whole)
        return _Datagram(source, destination, protocol, body, length)

    def _ipv6(self, data: bytes) -> _Datagram | None:
        first, length, protocol = struct.unpack_from(">B3xHB", data)
        if first >> 4 != 6:
            return None
        source, destination = data[8:24], data[24:40]
        length = length or len(data) - 40
        body = data[40 : 40 + length]
        for _ in range(DEEPEST):
            if protocol == _FRAGMENT:
                following, place, ident = struct.unpack_from(">BxHI", body)
                whole = body[8:]
                if place & 0xFFF9:
                    key = (source, destination, ident)
                    joined = self._put_together(key, place & 0xFFF8, whole, bool(place & 1), length - 8)
                    if joined is None:
                        return None
                    whole, length = joined, len(joined) + 8
                size, protocol, body = 8, following, body[:8] + whole
            elif protocol in _EXTENSIONS:
                size, protocol = (body[1] + 1) * 8, body[0]
            elif protocol == _AH:
                size, protocol = (body[1] + 2) * 4, body[0]
            else:
                return _Datagram(source, destination, protocol, body, length)
            body, length = body[size:], length - size
        return None

    def _put_together(self, key: object, start: int, body: bytes, more: bool, length: int) -> bytes | None:
        """The datagram once all its fragments have come. Beyond `LARGEST_FRAGMENTED` the oldest are given up."""
        if len(body) < length:  # cut by a snap length: it will never be whole
            return None
        parts = self._fragments.get(key)
        if parts is not None and not 0 <= self._now - parts.time <= _FRAGMENT_SECONDS:
            self._forget(key)
            parts = None
        if parts is None:
            parts = self._fragments[key] = _Parts(self._now)
        before = parts.cost()
        parts.add(start, body, more)
        self._held += parts.cost() - before
        whole = parts.whole()
        if whole is not None or len(parts.data) > MOST_FRAGMENTS:
            self._forget(key)
        while self._held > LARGEST_FRAGMENTED:
            self._forget(next(iter(self._fragments)))
        return whole

    def _forget(self, key: object) -> None:
        self._held -= self._fragments.pop(key).cost()


def known_link(link: int) -> bool:
    """Whether packets of this link-layer type can be read."""
    return link in _LINKS


def _segment(packet: Packet, datagram: _Datagram) -> Segment | None:
    data = datagram.data
    source, destination, sequence, offset, flags = struct.unpack_from(">HHI4xBB", data)
    header = (offset >> 4) * 4
    if header < 20:
        return None
    payload = data[header:]
    return Segment(
        time=packet.time,
        source=(_address(datagram.source), source),
        destination=(_address(datagram.destination), destination),
        sequence=sequence,
        syn=bool(flags & _SYN),
        ack=bool(flags & _ACK),
        fin=bool(flags & _FIN),
        rst=bool(flags & _RST),
        payload=payload,
        missing=max(0, datagram.length - header - len(payload)) if packet.length > len(packet.data) else 0,
    )


@lru_cache(1024)
def _address(raw: bytes) -> str:
    return str(ipaddress.ip_address(raw))


# --- layers: (EtherType of what follows, what follows); an EtherType of 0 is nothing that is read --------------------

_Layer = tuple[int, bytes]
_NOTHING: _Layer = (0, b"")


def _ethernet(data: bytes) -> _Layer:
    kind = int.from_bytes(data[12:14], "big")
    if kind >= 0x0600:
        return kind, data[14:]
    if data[14:17] == b"\xaa\xaa\x03":  # a length, then LLC and SNAP
        return int.from_bytes(data[20:22], "big"), data[22:]
    return _NOTHING


def _by_version(data: bytes) -> _Layer:
    """IPv4 or IPv6 by the first nibble."""
    return {4: _IPV4, 6: _IPV6}.get(data[0] >> 4, 0), data


def _without_tag(kind: int, data: bytes) -> _Layer:
    """What is behind a tag, a label or the header of a tunnel."""
    if kind == _ETHERNET:
        return _ethernet(data)
    if kind in _VLAN:
        return int.from_bytes(data[2:4], "big"), data[4:]
    if kind == _PPPOE:
        return _ppp(data[6:])
    if kind in _ERSPAN:
        return _ETHERNET, data[_ERSPAN[kind] :]
    if kind in _MPLS:
        if not data[2] & 1:  # not the bottom of the stack
            return kind, data[4:]
        inside = data[4:]
        if inside[0] >> 4 in (4, 6):
            return _by_version(inside)
        return _ETHERNET, inside[0 if inside[0] >> 4 else 4 :]  # a pseudowire, with a control word or without
    return _NOTHING


def _ppp(data: bytes) -> _Layer:
    if data[:2] == b"\xff\x03":
        data = data[2:]
    return _PPP.get(int.from_bytes(data[:2], "big"), 0), data[2:]


def _tunnelled(datagram: _Datagram) -> _Layer:
    data = datagram.data
    if datagram.protocol in _TUNNELS:
        return _TUNNELS[datagram.protocol], data
    if datagram.protocol == _GRE:
        flags, kind = struct.unpack_from(">HH", data)
        size = 4 + 4 * sum(bool(flags & bit) for bit in (0x8000, 0x2000, 0x1000))  # checksum, key, sequence number
        if kind == 0x88BE and not flags & 0x1000:  # ERSPAN type I has no header of its own
            kind = _ETHERNET
        return kind, data[size:]
    if datagram.protocol == _UDP:
        port = int.from_bytes(data[2:4], "big")
        if port == _VXLAN_PORT:
            return _ETHERNET, data[16:]
        if port == _GENEVE_PORT:
            return int.from_bytes(data[10:12], "big"), data[16 + (data[8] & 0x3F) * 4 :]
    return _NOTHING


_LINKS: dict[int, Callable[[bytes], _Layer]] = {
    0: lambda data: _by_version(data[4:]),  # NULL: BSD loopback, address family in front
    1: _ethernet,
    9: _ppp,
    12: _by_version,
    14: _by_version,
    50: _ppp,
    101: _by_version,  # RAW
    108: lambda data: _by_version(data[4:]),  # LOOP
    113: lambda data: (int.from_bytes(data[14:16], "big"), data[16:]),  # LINUX_SLL
    228: _by_version,
    229: _by_version,
    276: lambda data: (int.from_bytes(data[:2], "big"), data[20:]),  # LINUX_SLL2
}
"""How packets begin, by the number of their link-layer type."""
