"""Recorded conversations: what each side sent, portion by portion, as one small file; and the seeds cut from them.

A file is a row of portions: one byte (1 from the requestor, 0 from the acceptor), four bytes of length, the bytes.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import dpkt

from engine.standard.pdus import PDataTF
from engine.wire.commands import decode_command
from engine.wire.framer import Framer
from engine.wire.pdus import PduError, iter_pdvs
from engine.wire.reassembly import FragmentError, Reassembler

SEEDS = Path(__file__).parent / "seeds"
_HEAD = struct.Struct(">BI")
Talk = list[tuple[bool, bytes]]


def packed(talk: Iterable[tuple[bool, bytes]]) -> bytes:
    return b"".join(_HEAD.pack(asked, len(data)) + data for asked, data in talk)


def unpacked(data: bytes) -> Talk:
    """Lenient, since fuzzed bytes come here too: a portion that is cut off ends with the bytes."""
    talk: Talk = []
    place = 0
    while place + _HEAD.size <= len(data):
        asked, count = _HEAD.unpack_from(data, place)
        place += _HEAD.size
        talk.append((bool(asked & 1), data[place : place + count]))
        place += count
    return talk


def talks() -> list[Talk]:
    """Those of the repository, in the order of their names."""
    return [unpacked(path.read_bytes()) for path in sorted(SEEDS.glob("*.talk"))]


def pdus_of(talk: Talk) -> Iterator[tuple[bool, bytes]]:
    framers = {True: Framer(), False: Framer()}
    for asked, data in talk:
        try:
            for view in framers[asked].feed(data):
                yield asked, bytes(view)
        except PduError:
            return


def messages_of(talk: Talk) -> Iterator[tuple[bytes, bytes | None]]:
    """Command set and data set of each message."""
    sides = {True: Reassembler(), False: Reassembler()}
    for asked, pdu in pdus_of(talk):
        if pdu[0] == PDataTF.TYPE:
            try:
                for message in sides[asked].feed(iter_pdvs(pdu)):
                    yield message.command_bytes, message.data
            except (PduError, FragmentError):
                return


def commands() -> list[bytes]:
    found = {c for talk in talks() for c, _ in messages_of(talk) if decode_command(c).elements}
    return sorted(found, key=lambda c: (len(c), c))


def data_sets() -> list[bytes]:
    return sorted({d for talk in talks() for _, d in messages_of(talk) if d}, key=lambda d: (len(d), d))


def pdus() -> list[bytes]:
    return sorted({p for talk in talks() for _, p in pdus_of(talk)}, key=lambda p: (len(p), p))


def capture_of(talk: Talk, *, next_generation: bool = False) -> bytes:
    """The conversation as a capture file of Ethernet frames."""
    out = io.BytesIO()
    writer = dpkt.pcapng.Writer(out) if next_generation else dpkt.pcap.Writer(out)
    numbers = {True: 1000, False: 5000}
    frames = [(True, b"", dpkt.tcp.TH_SYN), (False, b"", dpkt.tcp.TH_SYN | dpkt.tcp.TH_ACK)]
    frames += [(asked, data[i : i + 1400], 0) for asked, data in talk for i in range(0, len(data), 1400)]
    frames += [(True, b"", dpkt.tcp.TH_FIN), (False, b"", dpkt.tcp.TH_FIN)]
    for time, (asked, data, flags) in enumerate(frames):
        ours, theirs = (40000, 104) if asked else (104, 40000)
        tcp = dpkt.tcp.TCP(
            sport=ours, dport=theirs, seq=numbers[asked], ack=numbers[not asked],
            flags=flags or dpkt.tcp.TH_ACK | dpkt.tcp.TH_PUSH, data=data,
        )  # fmt: skip
        numbers[asked] += len(data) + bool(flags)
        ends = (b"\x0a\0\0\x01", b"\x0a\0\0\x02")
        ip = dpkt.ip.IP(src=ends[not asked], dst=ends[asked], p=6, data=tcp)
        ip.len = len(ip)
        frame = dpkt.ethernet.Ethernet(src=b"\2\0\0\0\0\1", dst=b"\2\0\0\0\0\2", data=ip)
        writer.writepkt(bytes(frame), ts=float(time))
    return out.getvalue()
