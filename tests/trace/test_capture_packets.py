"""Captures as they come from real networks: fragments, tunnels, cut packets, copies, and packets made to do harm."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterable

import dpkt
import pytest

from engine.model.notices import AnyNotice, AssociationNotice, ErrorNotice, MessageNotice, PduNotice
from engine.standard.pdus import AbortPdu, ReleaseRQ
from engine.trace import tcp
from engine.trace.capture import decode
from engine.wire.pdus import encode_pdu

from .test_captures import Wire, check_whole, conversation, ethernet, pcap, talk, vlan

IPV6_ENDS = {"client": ("2001:db8::1", 40000), "server": ("2001:db8::2", 104)}


def ip4(payload: bytes, protocol: int, place: int = 0, ident: int = 1) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, min(20 + len(payload), 65535), ident, place, 64, protocol, 0)
    return head + b"\x0a\0\0\x01\x0a\0\0\x02" + payload


def fragments4(packet: bytes, ident: int, size: int = 120) -> list[bytes]:
    """An IPv4 packet in fragments."""
    head, body = packet[:20], packet[20:]
    parts = [(at, body[at : at + size]) for at in range(0, len(body), size)]
    result = []
    for at, part in parts:
        more = 0x2000 if at + size < len(body) else 0
        middle = struct.pack(">HHH", 20 + len(part), ident, at // 8 | more)
        result.append(head[:2] + middle + head[8:] + part)
    return result


def fragments6(packet: bytes, ident: int, size: int = 120) -> list[bytes]:
    head, body = packet[:40], packet[40:]
    result = []
    for at in range(0, len(body), size):
        part = body[at : at + size]
        extension = struct.pack(">BBHI", head[6], 0, at | (at + size < len(body)), ident)
        result.append(head[:4] + struct.pack(">HB", len(part) + 8, 44) + head[7:] + extension + part)
    return result


def errors(notices: Iterable[AnyNotice]) -> list[str]:
    return [n.sentence for n in notices if isinstance(n, ErrorNotice)]


@pytest.mark.parametrize("order", [list, lambda parts: parts[::-1], lambda parts: parts + parts])
def test_fragments_of_ip_are_put_together(order: Callable[[list[bytes]], list[bytes]]) -> None:
    four = [part for i, p in enumerate(conversation()) for part in order(fragments4(p, i))]
    check_whole(list(decode(pcap(four), "x")))
    six = [part for i, p in enumerate(conversation(**IPV6_ENDS)) for part in order(fragments6(p, i))]
    check_whole(list(decode(pcap(six), "x")))


def test_identifications_of_fragments_come_again_later() -> None:
    stale, *_ = fragments4(ip4(b"\xee" * 200, 6), 7)
    packets = [fragments4(p, i) for i, p in enumerate(conversation())]
    data = bytearray(pcap([stale, *(part for parts in packets for part in parts)]))
    struct.pack_into("<I", data, 24, 1_600_000_000)  # the stale one is of years before
    check_whole(list(decode(bytes(data), "x")))


def double(p: bytes) -> bytes:
    return b"\1" * 12 + b"\x88\xa8\0\5\x81\x00\0\7\x08\x00" + p


def udp(port: int, payload: bytes) -> bytes:
    return ip4(struct.pack(">HHHH", 50000, port, 8 + len(payload), 0) + payload, 17)


TUNNELS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "QinQ": (1, double),
    "MPLS": (1, lambda p: b"\1" * 12 + b"\x88\x47" + b"\0\1\0\x40" + b"\0\2\x01\x40" + p),
    "MPLS pseudowire": (1, lambda p: b"\1" * 12 + b"\x88\x47" + b"\0\2\x01\x40" + b"\0\0\0\0" + ethernet(p)),
    "PPPoE": (1, lambda p: b"\1" * 12 + b"\x88\x64\x11\0\0\1" + struct.pack(">H", len(p) + 2) + b"\0\x21" + p),
    "SNAP": (1, lambda p: b"\1" * 12 + struct.pack(">H", 8 + len(p)) + b"\xaa\xaa\3\0\0\0\x08\0" + p),
    "PPP": (9, lambda p: b"\xff\3\0\x21" + p),
    "cooked, tagged": (113, lambda p: b"\0\0\0\1\0\6" + b"\1" * 8 + b"\x81\0\0\7\x08\0" + p),
    "cooked 2, tagged": (276, lambda p: b"\x81\0\0\0\0\0\0\1\0\1\0\6" + b"\1" * 8 + b"\0\7\x08\0" + p),
    "IP in IP": (101, lambda p: ip4(p, 4)),
    "GRE with a key": (101, lambda p: ip4(b"\x20\0\x08\0\0\0\0\1" + p, 47)),
    "NVGRE": (101, lambda p: ip4(b"\x20\0\x65\x58\0\0\0\1" + ethernet(p), 47)),
    "ERSPAN": (101, lambda p: ip4(b"\x10\0\x88\xbe\0\0\0\1" + b"\x10" * 8 + ethernet(p), 47)),
    "ERSPAN III": (101, lambda p: ip4(b"\x10\0\x22\xeb\0\0\0\1" + b"\x20" * 12 + ethernet(p), 47)),
    "VXLAN": (101, lambda p: udp(4789, b"\x08\0\0\0\0\0\1\0" + vlan(p))),
    "Geneve": (101, lambda p: udp(6081, b"\x01\0\x65\x58\0\0\1\0" + b"\0" * 4 + ethernet(p))),
}


@pytest.mark.parametrize("name", TUNNELS)
def test_tags_and_tunnels_are_taken_off(name: str) -> None:
    link, wrapped = TUNNELS[name]
    check_whole(list(decode(pcap([wrapped(p) for p in conversation()], link), "x")))


def nested() -> dict[str, tuple[int, bytes]]:
    """Packets of thousands of layers."""
    inside = {"IP": b"", "GRE": b"", "VLAN": b"", "MPLS": b"", "Ethernet": b"", "IPv6": b""}
    for _ in range(3000):
        inside["IP"] = ip4(inside["IP"], 4)
        inside["GRE"] = ip4(b"\0\0\x08\0" + inside["GRE"], 47)
        inside["VLAN"] = b"\x81\0\0\1" + inside["VLAN"]
        inside["MPLS"] = b"\x88\x47\0\0\1\x40\0\0\0\0" + b"\2" * 12 + inside["MPLS"]
        inside["Ethernet"] = b"\x65\x58" + b"\2" * 12 + inside["Ethernet"]
        inside["IPv6"] = b"\0\0" + b"\0" * 6 + inside["IPv6"]
    ip6 = struct.pack(">IHBB", 0x60000000, 24000, 0, 64) + b"\1" * 32
    return {
        "IP": (101, inside["IP"]),
        "GRE": (101, inside["GRE"]),
        "VLAN": (1, b"\2" * 12 + inside["VLAN"]),
        "MPLS": (1, b"\2" * 12 + inside["MPLS"]),
        "Ethernet": (1, b"\2" * 12 + inside["Ethernet"]),
        "IPv6": (101, ip6 + inside["IPv6"]),
    }


@pytest.mark.parametrize("name", nested())
def test_packets_of_thousands_of_layers_break_nothing(name: str) -> None:
    link, packet = nested()[name]
    good = [ethernet(p) if link == 1 else p for p in conversation()]
    check_whole(list(decode(pcap([packet, *good, packet], link), "x")))


def cut(packets: list[bytes], size: int) -> bytes:
    out = pcap([])
    for i, packet in enumerate(packets):
        kept = packet[:size]
        out += struct.pack("<IIII", 1_700_000_000, i * 1000, len(kept), len(packet)) + kept
    return out


def test_what_a_snap_length_cut_off_is_missing_once_however_often_it_was_sent() -> None:
    wire = Wire()
    wire.handshake()
    for from_client, data in talk():
        start = wire.next[0 if from_client else 1]
        wire.tcp(from_client, data)
        wire.tcp(from_client, data, sequence=start)
    notices = list(decode(cut(wire.packets, 40 + 150), "x"))
    long = sum(len(data) > 150 for _, data in talk())
    assert sum("are missing in the capture" in sentence for sentence in errors(notices)) == long
    assert [n.phase.name for n in notices if isinstance(n, AssociationNotice)][-1] == "RELEASED"
    assert len([n for n in notices if isinstance(n, MessageNotice)]) == 4


def test_cut_packets_out_of_order_are_missing_where_they_belong() -> None:
    wire = Wire()
    wire.handshake()
    rq = talk()[0][1]
    wire.tcp(True, rq)
    start = wire.next[1]
    answers = [data for from_client, data in talk() if not from_client]
    wire.tcp(False, answers[1], sequence=start + len(answers[0]))
    wire.tcp(False, answers[0], sequence=start)
    notices = list(decode(cut(wire.packets, 40 + 100), "x"))
    (sentence,) = [s for s in errors(notices) if f"{len(answers[1]) - 100} bytes from the acceptor" in s]
    assert "missing" in sentence


def test_headers_alone_are_told_as_that() -> None:
    notices = list(decode(cut(conversation(), 40), "x.pcap"))
    assert errors(notices) == [
        "1 TCP connection in x.pcap has no data in it: packets were cut when they were captured."
    ]


def test_what_is_encrypted_is_told_as_that() -> None:
    wire = Wire()
    wire.handshake()
    wire.tcp(True, b"\x16\x03\x01\x02\x00\x01\x00")
    (sentence,) = errors(decode(pcap(wire.packets), "x.pcap"))
    assert sentence == "1 TCP connection in x.pcap is encrypted with TLS: what is said there cannot be read."


def test_bytes_that_come_one_by_one_are_dicom_too() -> None:
    wire = Wire()
    wire.handshake()
    wire.say(talk(), mss=1)
    wire.close()
    check_whole(list(decode(pcap(wire.packets), "x")))


def test_a_capture_with_each_packet_twice_and_late_is_one_association() -> None:
    packets = conversation()
    late = [p for pair in zip([*packets, *packets[:6]], [b""] * 6 + packets, strict=True) for p in pair if p]
    notices = list(decode(pcap(late), "x"))
    check_whole(notices)


def test_a_second_attempt_on_the_same_ports_counts_from_its_own_start() -> None:
    first = Wire(first=77)
    first.tcp(True, flags=dpkt.tcp.TH_SYN)
    check_whole(list(decode(pcap(first.packets + conversation(first=9_000_000)), "x")))


def test_packets_made_to_wait_take_no_time() -> None:
    wire = Wire()
    wire.handshake()
    base = wire.next[0]
    wire.packets += [_tcp_behind(wire, base + 2 + 2 * i) for i in range(4000)]
    pieces = [ip4(b"\0" * 8, 6, place=0x2000 | (i % 8191), ident=i // 8191) for i in range(1, 4000)]
    capture = pcap(wire.packets + pieces)
    begin = time.process_time()
    notices = list(decode(capture, "x"))
    assert time.process_time() - begin < 2
    assert not [n for n in notices if isinstance(n, AssociationNotice)]


def _tcp_behind(wire: Wire, sequence: int) -> bytes:
    before = len(wire.packets)
    wire.tcp(True, b"\1", sequence=sequence)
    return wire.packets.pop(before)


def simple_blocks(packets: list[bytes], snap: int) -> bytes:
    """A .pcapng of simple packet blocks, which do not say how much of a packet they have."""

    def block(kind: int, body: bytes) -> bytes:
        size = 12 + len(body) + -len(body) % 4
        return struct.pack("<II", kind, size) + body.ljust(size - 12, b"\xee") + struct.pack("<I", size)

    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block(1, struct.pack("<HHI", 101, 0, snap))
    return out + b"".join(block(3, struct.pack("<I", len(p)) + (p[:snap] if snap else p)) for p in packets)


def test_simple_packets_have_what_their_interface_lets_through() -> None:
    check_whole(list(decode(simple_blocks(conversation(), 0), "x")))
    wire = Wire()
    wire.handshake()
    rq = talk()[0][1]
    wire.tcp(True, rq)
    notices = list(decode(simple_blocks(wire.packets, 40 + 101), "x"))
    assert f"{len(rq) - 101} bytes from the requestor are missing in the capture." in errors(notices)


def test_all_that_is_not_read_is_counted() -> None:
    _, answer = talk()[:2]
    for cut_up in ((1, 300), (301,), (100, 100, 101)):
        wire = Wire()
        wire.handshake()
        wire.say(talk()[:2], mss=100_000)
        noise, begin = b"\xff" * 301, 0
        for size in cut_up:
            wire.tcp(False, noise[begin : begin + size])
            begin += size
        assert "301 bytes from the acceptor at the end could not be read." in errors(decode(pcap(wire.packets), "x"))
        wire.tcp(False, answer[1])
        skipped = "301 bytes from the acceptor were skipped up to the next whole PDU."
        assert skipped in errors(decode(pcap(wire.packets), "x"))
    wire = Wire()
    wire.handshake()
    wire.tcp(True, talk()[0][1][:90])
    wire.next[0] += 10
    wire.tcp(True, b"\xff" * 20)
    assert "110 bytes from the requestor at the end could not be read." in errors(decode(pcap(wire.packets), "x"))


@pytest.mark.parametrize("first", [talk()[2][1], encode_pdu(ReleaseRQ()), encode_pdu(AbortPdu(source=0, reason=0))])
def test_who_begins_with_another_pdu_speaks_dicom_too(first: bytes) -> None:
    wire = Wire()
    wire.handshake()
    wire.tcp(True, first)
    wire.close()
    notices = list(decode(pcap(wire.packets), "x"))
    assert [n.type for n in notices if isinstance(n, PduNotice)]
    assert not [s for s in errors(notices) if "not DICOM" in s]


def test_what_only_begins_like_a_pdu_is_something_else() -> None:
    wire = Wire()
    wire.handshake()
    wire.tcp(True, b"\4\0\0\0\0\x20" + b"0123456789" * 4)
    assert errors(decode(pcap(wire.packets), "x.pcap")) == ["1 other TCP connection in x.pcap is not DICOM, left out."]


def test_of_millions_of_connections_the_longest_silent_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "MOST_CONNECTIONS", 3)
    packets: list[bytes] = []
    for i, packet in enumerate(conversation()):
        scan = Wire(client=("10.0.0.9", 2000 + i))
        scan.tcp(True, flags=dpkt.tcp.TH_SYN)
        packets += [packet, *scan.packets]
    late = Wire(client=("10.0.0.8", 4000))
    late.tcp(True, b"GET / HTTP/1.1\r\n\r\n")
    notices = list(decode(pcap(packets + late.packets), "x.pcap"))
    assert errors(notices) == ["1 other TCP connection in x.pcap is not DICOM, left out."]
    check_whole([n for n in notices if not isinstance(n, ErrorNotice)])
