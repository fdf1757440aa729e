"""Our side as service provider, writing to disk."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.interop import peers

from .files import CT_IMAGE, EXPLICIT, need_room, on_disk
from .measure import Result, Run, Server, charged, largest_resident, ours, serving, timed
from .table import BARE, HALF_MEGABYTE, LARGE, OURS, QUICK, Bench, Goal, Row, as_shipped, part_of, row

RECEIVER = "of the provider that receives"


def _into_nothing(go: Run, folder: Path) -> Run:
    """The same with what was received deleted at once: each run receives instances that are new, none pays for what it
    replaces, and there is room for what one contender receives only."""

    def made() -> Result:
        try:
            return go()
        finally:
            for path in folder.rglob("*"):
                if path.is_file() and "1.2.826" in path.name:
                    path.unlink()

    return made


def _part(go: Run, of: float) -> Result:
    return part_of(go(), of)


@contextmanager
def _receivers(b: Bench, pdu: int, *, huge: bool) -> Iterator[dict[str, Server | peers.Peer]]:
    """All receivers, ours among them, each writing to a folder of its own. huge: pynetdicom receives into a file, as it
    offers: that takes half of its processor time then, and twice of it would not always fit into memory. With small
    files it is the slower way."""
    most = ("--pdu", pdu)
    with contextlib.ExitStack() as stack:
        receivers: dict[str, Server | peers.Peer] = {}
        chunked = ("--chunked",) if huge else ()
        receivers[OURS] = stack.enter_context(serving("ours", b.scratch("ours"), *most))
        receivers["pynetdicom"] = stack.enter_context(serving("pynet", b.scratch("pynetdicom"), *most, *chunked))
        receivers[BARE] = stack.enter_context(serving("bare", b.scratch(BARE), *most))
        if program := b.tool("storescp"):
            given = peers.storescp(program, b.scratch("storescp"), "-pdu", str(pdu))
            receivers["storescp"] = stack.enter_context(given)
        if program := b.tool("dcmrecv"):
            peer = peers.dcmrecv(program, b.scratch("dcmrecv"), [CT_IMAGE], [EXPLICIT], "-pdu", str(pdu))
            receivers["dcmrecv"] = stack.enter_context(peer)
        yield receivers


def _receive(
    b: Bench,
    name: str,
    count: int,
    size: int,
    largest: float = 0.0,
    pdu: int = 131072,
    note: str = "",
    by_dcmsend: bool = False,
) -> Iterator[Row]:
    """One and the same user sends to each: the C program, without it ours; or dcmsend."""
    from_memory = b.program is not None and not by_dcmsend  # the C program has it there
    need_room(b.folder, (not from_memory) * count * size + 2 * count * size)  # received once, or held twice while it is
    with _receivers(b, pdu, huge=size >= LARGE) as receivers:
        files = None if from_memory else b.files(count, size)
        one = b.files(1, 2048) if by_dcmsend else None

        def sent_to(port: int) -> Run:
            if by_dcmsend:
                options = ("-q", "--scan-directories", peers.HOST, port)
                return b.dcmtk("dcmsend", (*options, files), (*options, one), QUICK)["dcmsend"]
            if from_memory:
                return timed(b.program, "store", peers.HOST, port, pdu, count, size)
            return ours("store", files, "--port", port, "--pdu", pdu)

        unit, amount = ("1/s", float(count)) if size < 10_000 else ("MB/s", count * size / 1e6)
        contenders = {
            who: _into_nothing(charged(sent_to(r.port), r.pid), b.folder / who) for who, r in receivers.items()
        }
        own = receivers[OURS].pid
        goals = (Goal("storescp", 1, 1.5), Goal("dcmrecv", 1, 1.5), Goal("pynetdicom", 5))
        yield Row(
            name,
            unit,
            amount,
            contenders,
            goals,
            memory=lambda: largest_resident(own),
            largest=largest,
            spender=RECEIVER,
            note=note,
        )


@row("receive")
def receive(b: Bench) -> Iterator[Row]:
    yield from _receive(b, "C-STORE receive to disk, 0.5 MB files", b.count(1000), HALF_MEGABYTE)


@row("receive16k")
def receive_16384(b: Bench) -> Iterator[Row]:
    name = "C-STORE receive to disk, 0.5 MB files, PDU 16384"
    yield from _receive(b, name, b.count(1000), HALF_MEGABYTE, pdu=16384)


@row("receive3m")
def receive_middling(b: Bench) -> Iterator[Row]:
    yield from _receive(b, "C-STORE receive to disk, 3 MB files", b.count(200), 3_000_000)


@row("receive-dcmsend")
def receive_from_dcmsend(b: Bench) -> Iterator[Row]:
    b.needed("dcmsend")
    name = "C-STORE receive to disk from dcmsend, 0.5 MB files"
    yield from _receive(b, name, b.count(1000), HALF_MEGABYTE, by_dcmsend=True)


@row("receive2k")
def receive_small(b: Bench) -> Iterator[Row]:
    yield from _receive(b, "C-STORE receive to disk, 2 KB files", b.count(2000), 2048)


@row("receive1g")
def receive_large(b: Bench) -> Iterator[Row]:
    size = b.count(1024) * 1024 * 1024
    yield from _receive(b, f"C-STORE receive to disk, one file of {size / 2**30:.2g} GB", 1, size, 150)


@row("receive5g")
def receive_huge(b: Bench) -> Iterator[Row]:
    size = b.count(4095) * 1024 * 1024  # the C program sends pixel data as one element, which 4 GB fit in
    yield from _receive(b, f"C-STORE receive to disk, one file of {size / 2**30:.2g} GB", 1, size, 150)


@row("receive-disk")
def receive_on_disk(b: Bench) -> Iterator[Row]:
    with _on_disk(b) as at:
        name = "C-STORE receive to a real disk, 0.5 MB files"
        yield from _receive(at, name, b.count(500), HALF_MEGABYTE)


@row("receive1g-disk")
def receive_large_on_disk(b: Bench) -> Iterator[Row]:
    size = b.count(1024) * 1024 * 1024
    with _on_disk(b) as at:
        name = f"C-STORE receive to a real disk, one file of {size / 2**30:.2g} GB"
        yield from _receive(at, name, 1, size, 150)


@contextmanager
def _on_disk(b: Bench) -> Iterator[Bench]:
    """The same with what is received on a disk."""
    with tempfile.TemporaryDirectory(prefix="dimse-bench-", dir=on_disk()) as folder:
        yield replace(b, folder=Path(folder))


@row("from-dcmsend")
def from_dcmsend(b: Bench) -> Iterator[Row]:
    count = b.count(1000)
    few = max(2, count // 10)  # between the two it stalls at each
    files, part, one = b.files(count, HALF_MEGABYTE), b.files(few, HALF_MEGABYTE), b.files(1, 2048)
    program = b.needed("storescp")
    own = serving("ours", b.scratch("ours"))
    with as_shipped(), own as server, peers.storescp(program, b.scratch("storescp")) as peer:

        def options(port: int) -> tuple[object, ...]:
            return ("-q", "--scan-directories", peers.HOST, port)

        contenders: dict[str, Run] = {}
        at = options(server.port)
        for go in b.dcmtk("dcmsend", (*at, files), (*at, one)).values():
            contenders[OURS] = charged(go, server.pid)
        at = options(peer.port)
        for go in b.dcmtk("dcmsend", (*at, part), (*at, one)).values():
            contenders["storescp"] = partial(_part, charged(go, peer.pid), few / count)
        amount = count * HALF_MEGABYTE / 1e6
        goals = (Goal("storescp", 20),)
        name = "receive from dcmsend as shipped"
        yield Row(name, "MB/s", amount, contenders, goals, memory=lambda: server.rss, spender=RECEIVER)
