"""Recorded traffic: raw streams and capture files become the notices of a live association."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import dpkt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.association import LocalAE, Peer, Policy, Proposal, ProposedContext, UserIdentity
from engine.model.command_set import CommandSet
from engine.model.dataset import EncodedData
from engine.model.notices import (
    AnyNotice,
    AssociationNotice,
    AssociationPhase,
    Direction,
    ErrorNotice,
    FindingNotice,
    MessageNotice,
    Outcome,
    PduNotice,
    StatusNotice,
)
from engine.protocol.negotiation import answer, propose
from engine.standard.pdus import AbortPdu, ReleaseRP, ReleaseRQ
from engine.trace.capture import decode, decode_capture, decode_stream
from engine.trace.capture_files import CaptureError, read_capture
from engine.trace.json_lines import json_line
from engine.wire.commands import encode_command
from engine.wire.fragments import fragment
from engine.wire.pdus import encode_pdu

FIND = "1.2.840.10008.5.1.4.1.2.2.1"
IMPLICIT = "1.2.840.10008.1.2"
IDENTIFIER = b"\x10\x00\x10\x00\x08\x00\x00\x00Doe^Jane"
PROPOSAL = Proposal(
    local=LocalAE(ae_title="ME"),
    peer=Peer(ae_title="PACS"),
    contexts=(ProposedContext(1, FIND, (IMPLICIT,)), ProposedContext(3, "1.2.3", (IMPLICIT,))),
    user_identity=UserIdentity(2, b"jane", b"s3cret-passcode"),
)


def message(data: bytes | None, size: int = 16384, **values: object) -> bytes:
    kind = 0x0101 if data is None else 0
    command = encode_command(CommandSet.of(CommandDataSetType=kind, **values))  # type: ignore[arg-type]
    pdus = fragment(1, command, None if data is None else (data,), size)
    return b"".join(bytes(b) for buffers in pdus for b in buffers)


def talk() -> list[tuple[bool, bytes]]:
    """(from the requestor, bytes) of a whole association with one query."""
    rq = propose(PROPOSAL)
    answered = answer(rq, Policy())
    response = {"AffectedSOPClassUID": FIND, "CommandField": 0x8020, "MessageIDBeingRespondedTo": 5}
    return [
        (True, encode_pdu(rq)),
        (False, encode_pdu(answered.pdu)),
        (True, message(IDENTIFIER, 64, AffectedSOPClassUID=FIND, CommandField=0x20, MessageID=5, Priority=0)),
        (False, message(IDENTIFIER, Status=0xFF00, **response)),
        (False, message(IDENTIFIER, Status=0xFF00, **response)),
        (False, message(None, Status=0xA700, ErrorComment="full", **response)),
        (True, encode_pdu(ReleaseRQ())),
        (False, encode_pdu(ReleaseRP())),
    ]


# --- capture files made here ----------------------------------------------------------------------------------------

CLIENT, SERVER = ("10.0.0.1", 40000), ("10.0.0.2", 11112)


def ip_bytes(address: str) -> bytes:
    import ipaddress

    return ipaddress.ip_address(address).packed


class Wire:
    """A TCP connection written as packets."""

    def __init__(self, client: tuple[str, int] = CLIENT, server: tuple[str, int] = SERVER, first: int = 1000) -> None:
        self.ends = (client, server)
        self.next = [first, (first * 7) % 2**32]
        self.packets: list[bytes] = []

    def tcp(
        self, from_client: bool, payload: bytes = b"", flags: int = dpkt.tcp.TH_ACK, sequence: int | None = None
    ) -> None:
        source, destination = self.ends if from_client else self.ends[::-1]
        side = 0 if from_client else 1
        seq = self.next[side] if sequence is None else sequence % 2**32
        segment = dpkt.tcp.TCP(
            sport=source[1], dport=destination[1], seq=seq, ack=self.next[1 - side], flags=flags, data=payload
        )
        if sequence is None:
            self.next[side] = (seq + len(payload) + bool(flags & (dpkt.tcp.TH_SYN | dpkt.tcp.TH_FIN))) % 2**32
        if ":" in source[0]:
            packet = dpkt.ip6.IP6(
                src=ip_bytes(source[0]), dst=ip_bytes(destination[0]), nxt=6, hlim=64, data=segment, plen=len(segment)
            )
            packet.extension_hdrs = {}
        else:
            packet = dpkt.ip.IP(src=ip_bytes(source[0]), dst=ip_bytes(destination[0]), p=6, data=segment)
            packet.len = len(packet)
        self.packets.append(bytes(packet))

    def handshake(self) -> None:
        self.tcp(True, flags=dpkt.tcp.TH_SYN)
        self.tcp(False, flags=dpkt.tcp.TH_SYN | dpkt.tcp.TH_ACK)
        self.tcp(True)

    def close(self) -> None:
        self.tcp(True, flags=dpkt.tcp.TH_FIN | dpkt.tcp.TH_ACK)
        self.tcp(False, flags=dpkt.tcp.TH_FIN | dpkt.tcp.TH_ACK)

    def say(self, pieces: list[tuple[bool, bytes]], mss: int = 1400) -> None:
        for from_client, data in pieces:
            for start in range(0, len(data), mss):
                self.tcp(from_client, data[start : start + mss])


def conversation(first: int = 1000, **ends: tuple[str, int]) -> list[bytes]:
    wire = Wire(first=first, **ends)
    wire.handshake()
    wire.say(talk())
    wire.close()
    return wire.packets


def pcap(packets: list[bytes], link: int = 101, magic: bytes = b"\xd4\xc3\xb2\xa1") -> bytes:
    order = "<" if magic[0] in (0xD4, 0x4D) else ">"
    out = magic + struct.pack(order + "HHiIII", 2, 4, 0, 0, 65535, link)
    for i, packet in enumerate(packets):
        out += struct.pack(order + "IIII", 1_700_000_000, i * 1000, len(packet), len(packet)) + packet
    return out


def pcapng(packets: list[bytes], link: int = 101) -> bytes:
    stream = io.BytesIO()
    writer = dpkt.pcapng.Writer(stream, linktype=link)
    for i, packet in enumerate(packets):
        writer.writepkt(packet, ts=1_700_000_000 + i * 0.001)
    return stream.getvalue()


def ethernet(packet: bytes) -> bytes:
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    frame = b"\1" * 12 + struct.pack(">H", kind) + packet
    return frame.ljust(60, b"\0")


def vlan(packet: bytes) -> bytes:
    return b"\1" * 12 + b"\x81\x00\x00\x07\x08\x00" + packet


LINKS: dict[int, Callable[[bytes], bytes]] = {
    1: ethernet,
    101: bytes,
    0: lambda p: b"\2\0\0\0" + p,
    108: lambda p: b"\0\0\0\2" + p,
    113: lambda p: b"\0\0\0\1\0\6" + b"\1" * 8 + b"\x08\x00" + p,
    276: lambda p: b"\x08\x00\0\0\0\0\0\1\0\1\0\6" + b"\1" * 8 + p,
}


def check_whole(notices: list[AnyNotice]) -> None:
    """The query of `talk`, in full."""
    phases = [n.phase for n in notices if isinstance(n, AssociationNotice)]
    assert phases == [
        AssociationPhase.NEGOTIATING,
        AssociationPhase.ESTABLISHED,
        AssociationPhase.RELEASING,
        AssociationPhase.RELEASED,
    ]
    messages = [n for n in notices if isinstance(n, MessageNotice)]
    assert [m.direction for m in messages] == [Direction.SENT, *[Direction.RECEIVED] * 3]
    assert messages[0].data == EncodedData(IDENTIFIER, IMPLICIT)
    assert len({m.operation for m in messages}) == 1
    (status,) = [n for n in notices if isinstance(n, StatusNotice)]
    assert (status.outcome, status.status, status.responses) == (Outcome.FAILURE, 0xA700, 2)
    assert status.error_comment == "full"
    assert not [n for n in notices if isinstance(n, ErrorNotice)]
    assert "s3cret" not in "".join(map(json_line, notices))


@pytest.mark.parametrize("link", sorted(LINKS))
@pytest.mark.parametrize("make", [pcap, pcapng])
def test_a_capture_is_read_on_every_link_layer(link: int, make: Callable[[list[bytes], int], bytes]) -> None:
    notices = list(decode(make([LINKS[link](p) for p in conversation()], link), "x.pcap"))
    check_whole(notices)
    first = next(n for n in notices if isinstance(n, AssociationNotice))
    assert (first.peer.host, first.peer.port) == SERVER
    assert first.proposal is not None
    assert (first.proposal.local.ae_title, first.peer.ae_title) == ("ME", "PACS")
    assert first.time >= 1_700_000_000


def test_vlan_tags_and_ipv6_are_read() -> None:
    check_whole(list(decode(pcap([vlan(p) for p in conversation()], 1), "x")))
    packets = conversation(client=("2001:db8::1", 40000), server=("2001:db8::2", 104))
    notices = list(decode(pcap([ethernet(p) for p in packets], 1), "x"))
    check_whole(notices)
    assert next(n for n in notices if isinstance(n, AssociationNotice)).peer.host == "2001:db8::2"


@pytest.mark.parametrize("magic", [b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1"])
def test_all_byte_orders_and_clocks_of_pcap_are_read(magic: bytes) -> None:
    check_whole(list(decode(pcap(conversation(), magic=magic), "x")))


def test_sequence_numbers_wrap() -> None:
    check_whole(list(decode(pcap(conversation(first=2**32 - 150)), "x")))


def test_retransmitted_and_overlapping_segments_count_once() -> None:
    wire = Wire()
    wire.handshake()
    for from_client, data in talk():
        start = wire.next[0 if from_client else 1]
        wire.tcp(from_client, data)
        wire.tcp(from_client, data, sequence=start)
        half = len(data) // 2
        wire.tcp(from_client, data[half:], sequence=start + half)
        wire.tcp(from_client, b"\0", sequence=start - 1)  # keep-alive
    check_whole(list(decode(pcap(wire.packets), "x")))


def test_segments_out_of_order_are_put_in_order() -> None:
    wire = Wire()
    wire.handshake()
    for from_client, data in talk():
        side = 0 if from_client else 1
        start, third = wire.next[side], max(1, len(data) // 3)
        parts = [(at, data[at : at + third]) for at in range(0, len(data), third)]
        for at, part in reversed(parts):
            wire.tcp(from_client, part, sequence=start + at)
        wire.next[side] = (start + len(data)) % 2**32
    check_whole(list(decode(pcap(wire.packets), "x")))


def test_a_missing_segment_is_reported_and_the_rest_still_read() -> None:
    wire = Wire()
    wire.handshake()
    for index, (from_client, data) in enumerate(talk()):
        if index == 3:
            wire.next[1] += len(data)
        else:
            wire.tcp(from_client, data)
    wire.close()
    notices = list(decode(pcap(wire.packets), "x"))
    missing = len(talk()[3][1])
    assert any(
        isinstance(n, ErrorNotice) and f"{missing} bytes from the acceptor are missing" in n.sentence for n in notices
    )
    messages = [n for n in notices if isinstance(n, MessageNotice)]
    assert len(messages) == 3
    assert [n.phase for n in notices if isinstance(n, AssociationNotice)][-1] is AssociationPhase.RELEASED


def test_a_capture_that_begins_in_the_middle_shows_what_it_can() -> None:
    wire = Wire()
    wire.say(talk()[2:])
    notices = list(decode(pcap(wire.packets), "x"))
    messages = [n for n in notices if isinstance(n, MessageNotice)]
    assert [m.command.command_field for m in messages] == [0x20, 0x8020, 0x8020, 0x8020]
    assert messages[0].data == EncodedData(IDENTIFIER, IMPLICIT)
    assert any(isinstance(n, FindingNotice) and n.rule == "trace.guess" for n in notices)


def test_packets_cut_by_the_snap_length_are_reported() -> None:
    wire = Wire()
    wire.handshake()
    rq = talk()[0][1]
    wire.tcp(True, rq)
    whole = wire.packets[-1]
    data = pcap(wire.packets[:-1]) + struct.pack("<IIII", 1_700_000_001, 0, 60, len(whole)) + whole[:60]
    notices = list(decode(data, "x"))
    assert any(isinstance(n, ErrorNotice) and "missing" in n.sentence for n in notices)


def test_two_associations_on_the_same_ports_are_two() -> None:
    notices = list(decode(pcap(conversation() + conversation(first=5_000_000)), "x"))
    assert {n.association for n in notices if isinstance(n, AssociationNotice)} == {1, 2}
    check_whole([n for n in notices if n.association == 1])
    check_whole([n for n in notices if n.association == 2])


def test_other_traffic_is_left_out_and_said_so() -> None:
    web = Wire(client=("10.0.0.9", 5), server=("10.0.0.2", 80))
    web.handshake()
    web.tcp(True, b"GET / HTTP/1.1\r\n\r\n")
    arp = b"\1" * 12 + b"\x08\x06" + b"\0" * 28
    packets = [ethernet(p) for p in web.packets + conversation()]
    notices = list(decode(pcap([arp, *packets, b"short"], 1), "x.pcap"))
    assert [n.sentence for n in notices if isinstance(n, ErrorNotice)] == [
        "1 other TCP connection in x.pcap is not DICOM, left out."
    ]
    check_whole([n for n in notices if not isinstance(n, ErrorNotice)])


def test_an_unknown_link_layer_is_said_so() -> None:
    (notice,) = decode(pcap([b"x" * 40], 147), "x.pcap")
    assert isinstance(notice, ErrorNotice)
    assert "link-layer type 147" in notice.sentence


def test_a_reset_or_cut_association_is_said_so() -> None:
    wire = Wire()
    wire.handshake()
    wire.say(talk()[:2])
    wire.tcp(False, talk()[3][1][:20])
    wire.tcp(False, flags=dpkt.tcp.TH_RST)
    notices = list(decode(pcap(wire.packets), "x"))
    last = [n for n in notices if isinstance(n, AssociationNotice)][-1]
    assert (last.phase, last.outcome) == (AssociationPhase.FAILED, Outcome.ABORTED)
    assert "reset" in last.sentence
    assert any(isinstance(n, ErrorNotice) and "middle of a PDU" in n.sentence for n in notices)


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_a_damaged_file_gives_what_is_before_the_damage_and_its_place(make: Callable[[list[bytes]], bytes]) -> None:
    data = make(conversation())
    notices: list[AnyNotice] = []
    with pytest.raises(CaptureError) as caught:
        notices.extend(decode(data[:-5], "broken.pcap"))
    assert caught.value.name == "broken.pcap"
    assert 0 < caught.value.offset < len(data)
    assert caught.value.reason
    assert [n for n in notices if isinstance(n, MessageNotice)]


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="cannot be read"):
        read_capture(tmp_path / "no.pcap")


# --- raw streams ----------------------------------------------------------------------------------------------------


def one_side(requestor: bool) -> bytes:
    return b"".join(data for from_requestor, data in talk() if from_requestor == requestor)


def test_the_requestors_side_alone_is_decoded() -> None:
    notices = list(decode(one_side(True), "rq.bin"))
    (asked,) = [n for n in notices if isinstance(n, MessageNotice)]
    assert asked.direction is Direction.SENT
    assert asked.abstract_syntax == FIND
    assert asked.data == EncodedData(IDENTIFIER, IMPLICIT)
    assert {n.direction for n in notices if isinstance(n, PduNotice)} == {Direction.SENT}


def test_the_acceptors_side_alone_is_decoded() -> None:
    notices = list(decode(one_side(False), "ac.bin"))
    messages = [n for n in notices if isinstance(n, MessageNotice)]
    assert [m.direction for m in messages] == [Direction.RECEIVED] * 3
    assert messages[0].transfer_syntax == IMPLICIT
    assert [n.phase for n in notices if isinstance(n, AssociationNotice)] == [
        AssociationPhase.ESTABLISHED,
        AssociationPhase.RELEASED,
    ]


def test_a_raw_stream_that_ends_early_or_turns_bad_is_said_so() -> None:
    notices = list(decode_stream(one_side(True)[:-3], "x"))
    assert any(isinstance(n, ErrorNotice) and "middle of a PDU" in n.sentence for n in notices)
    notices = list(decode_stream(one_side(True) + b"\xff" * 20, "x"))
    assert any(isinstance(n, ErrorNotice) and "stop being DICOM" in n.sentence for n in notices)
    notices = list(decode_stream(encode_pdu(AbortPdu(source=2, reason=1)), "x"))
    assert isinstance(notices[1], AssociationNotice) and notices[1].abort == (2, 1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no bytes"),
        (b"GET / HTTP", "HTTP"),
        (b"\x16\x03\x01\x02\x00", "are encrypted with TLS"),
        (b"hello", "PDU"),
        (b"snoop\0\0\0\0\0\0\2", "a capture of snoop"),
        (b"GMBU\0\2", "editcap"),
        (b"PK\x03\x04\x14", "packed with zip"),
        (b"\xfd7zXZ\0", "unpack it first"),
    ],
)
def test_a_raw_stream_that_is_no_dicom_is_refused_by_name(data: bytes, words: str) -> None:
    with pytest.raises(CaptureError) as caught:
        list(decode_stream(data, "x.bin"))
    assert words in caught.value.reason
    assert str(caught.value).startswith("x.bin, byte 0: ")


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=300), st.integers(0, 2000))
def test_no_bytes_break_the_decoder(noise: bytes, at: int) -> None:
    stream = one_side(True)
    at %= len(stream)
    for data in (noise, stream[:at] + noise + stream[at:], pcap(conversation())[:at] + noise, pcapng([noise, noise])):
        for notice in quietly(decode(data, "x")):
            json_line(notice)
    for notice in quietly(decode_capture(b"\xd4\xc3\xb2\xa1" + noise, "x")):
        json_line(notice)


def quietly(notices: Iterator[AnyNotice]) -> Iterator[AnyNotice]:
    try:
        yield from notices
    except CaptureError as error:
        assert error.reason
