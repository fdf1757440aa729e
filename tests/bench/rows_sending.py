"""Our side as service user."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.interop import peers

from .measure import Result, Run, bare, ours, pynetdicom, spent_in, timed
from .table import BARE, HALF_MEGABYTE, LARGE, LIMIT, OURS, QUICK, Bench, Goal, Row, as_shipped, part_of, row


@row("open")
def opened(b: Bench) -> Iterator[Row]:
    count = b.count(500)
    with b.sink() as port:
        arguments = ("open", "--port", port, "--count", count)
        yield Row(
            "association open + release",
            "1/s",
            count,
            {
                OURS: ours(*arguments),
                "pynetdicom": pynetdicom(*arguments),
                **({"DCMTK": timed(b.loop, peers.HOST, port, count, env=QUICK)} if b.loop else {}),
                **b.limit("open", peers.HOST, port, count),
            },
            (Goal("pynetdicom", 15), Goal("DCMTK", 0, 0.4)),
            note="" if b.loop else "DCMTK's loop needs a C++ compiler and DCMTK's headers (libdcmtk-dev)",
        )


def _echo(b: Bench, window: int) -> Iterator[Row]:
    count = b.count(4000)
    with b.sink() as port:
        contenders = {
            OURS: ours("echo", "--port", port, "--count", count, "--window", window),
            **b.dcmtk("echoscu", ("--repeat", count, peers.HOST, port), (peers.HOST, port), QUICK),
            **b.limit("echo", peers.HOST, port, count * 5, window),
        }
        if b.program:
            five = contenders[LIMIT]
            contenders[LIMIT] = lambda: part_of(five(), 5)
        if window == 1:
            few = max(2, count // 4)
            slow = pynetdicom("echo", "--port", port, "--count", few)
            contenders["pynetdicom"] = lambda: part_of(slow(), few / count)
        goals = (Goal("pynetdicom", 12), Goal("echoscu", 0, 0.5)) if window == 1 else (Goal("echoscu", 1, 1),)
        name = "C-ECHO on one association" + (f", window of {window}" if window > 1 else "")
        yield Row(name, "1/s", count, contenders, goals)


@row("echo")
def echo(b: Bench) -> Iterator[Row]:
    yield from _echo(b, 1)


@row("echo16")
def echo_window(b: Bench) -> Iterator[Row]:
    yield from _echo(b, 16)


def _store(b: Bench, name: str, files: Path, pdu: int, goals: tuple[Goal, ...], largest: float = 0.0) -> Iterator[Row]:
    sizes = [p.stat().st_size for p in files.iterdir()]
    count, size = len(sizes), sum(sizes) / len(sizes)
    one = b.files(1, 2048)
    with b.sink(pdu) as port:
        options = ("--max-send-pdu", pdu, "--scan-directories", peers.HOST, port)
        contenders = {
            OURS: ours("store", files, "--port", port, "--pdu", pdu),
            **b.dcmtk("dcmsend", ("-q", *options, files), ("-q", *options, one), QUICK),
            **b.limit("store", peers.HOST, port, pdu, count, int(size)),
            "pynetdicom": pynetdicom("store", files, "--port", port, "--pdu", pdu),
        }
        if size < LARGE:
            contenders[BARE] = bare("store", files, "--port", port, "--pdu", pdu)
        small = size < 10_000
        unit, amount = ("1/s", float(count)) if small else ("MB/s", count * size / 1e6)
        yield Row(name, unit, amount, contenders, goals, largest=largest)


@row("store16k")
def store_16384(b: Bench) -> Iterator[Row]:
    files = b.files(b.count(1000), HALF_MEGABYTE)
    goals = (Goal("dcmsend", 1.3), Goal("pynetdicom", 9), Goal(LIMIT, 0, 0.7))
    yield from _store(b, "C-STORE send, 0.5 MB files, PDU 16384", files, 16384, goals)


@row("store128k")
def store_131072(b: Bench) -> Iterator[Row]:
    files = b.files(b.count(1000), HALF_MEGABYTE)
    goals = (Goal("dcmsend", 1.3), Goal("pynetdicom", 9), Goal(LIMIT, 0, 0.8))
    yield from _store(b, "C-STORE send, 0.5 MB files, PDU 131072", files, 131072, goals)


@row("store2k")
def store_small(b: Bench) -> Iterator[Row]:
    goals = (Goal("pynetdicom", 5), Goal("dcmsend", 0.5, 1))
    yield from _store(b, "C-STORE send, 2 KB files", b.files(b.count(2000), 2048), 131072, goals)


@row("store1g")
def store_large(b: Bench) -> Iterator[Row]:
    size = b.count(1024) * 1024 * 1024
    goals = (Goal("dcmsend", 1), Goal(LIMIT, 0, 0.8))
    with b.large(size) as files:
        yield from _store(b, f"C-STORE send, one file of {size / 2**30:.2g} GB", files, 131072, goals, 150)


@row("store5g")
def store_huge(b: Bench) -> Iterator[Row]:
    """One file of 5 GB, its pixel data in fragments: a length of 32 bits holds no more than 4 GB (PS3.5 A.4)."""
    size = b.count(5120) * 1024 * 1024
    goals = (Goal("dcmsend", 1), Goal(LIMIT, 0, 0.8))
    name = f"C-STORE send, one file of {size / 2**30:.2g} GB"
    with b.large(size) as files:
        yield from _store(b, name, files, 131072, goals, 150)


@row("storescp")
def to_storescp(b: Bench) -> Iterator[Row]:
    """Nagle left on at the peer's side and at the users'."""
    program = b.needed("storescp")
    with as_shipped(), peers.storescp(program, b.scratch("storescp"), "--ignore") as peer:
        yield _stores_as_shipped(b, "C-STORE send to storescp as shipped", peer.port)


def _stores_as_shipped(b: Bench, name: str, port: int, note: str = "", parallel: int = 1) -> Row:
    count = b.count(1000)
    few = max(2, count // 10)  # they stall at each
    files, part, one = b.files(count, HALF_MEGABYTE), b.files(few, HALF_MEGABYTE), b.files(1, 2048)
    options = ("-q", "--scan-directories", peers.HOST, port)
    contenders = {OURS: ours("store", files, "--port", port, "--parallel", parallel)}
    for who, go in b.dcmtk("dcmsend", (*options, part), (*options, one)).items():
        contenders[who] = lambda go=go: part_of(go(), few / count)
    return Row(name, "MB/s", count * HALF_MEGABYTE / 1e6, contenders, (Goal("dcmsend", 20),), note=note)


@row("echo-storescp")
def echo_storescp(b: Bench) -> Iterator[Row]:
    program = b.needed("storescp")
    with as_shipped(), peers.storescp(program, b.scratch("storescp"), "--ignore") as peer:
        yield _echoes_as_shipped(b, "C-ECHO to storescp as shipped", peer.port)


def _echoes_as_shipped(b: Bench, name: str, port: int) -> Row:
    count = b.count(500)
    few = max(2, count // 10)  # 44 ms each
    contenders = {OURS: ours("echo", "--port", port, "--count", count)}
    for who, go in b.dcmtk("echoscu", ("--repeat", few, peers.HOST, port), (peers.HOST, port)).items():
        contenders[who] = lambda go=go: part_of(go(), few / count)
    return Row(name, "1/s", count, contenders, (Goal("echoscu", 20),))


def _to_orthanc(b: Bench, parallel: int, note: str) -> Iterator[Row]:
    program = b.needed("Orthanc")
    with as_shipped(), peers.orthanc(program, b.scratch("orthanc")) as peer:
        name = "C-STORE send to Orthanc as shipped" + (f", {parallel} associations at a time" if parallel > 1 else "")
        row = _stores_as_shipped(b, name, peer.port, note, parallel)
        files = b.files(b.count(1000), HALF_MEGABYTE)
        row.contenders[REST] = timed(sys.executable, "-m", "tests.bench.rest", files, peer.http_port)
        spent: dict[str, float] = {}
        row.contenders = {who: _to_empty(peer, who, go, spent) for who, go in row.contenders.items()}
        count = b.count(1000)
        row.note = lambda: (
            f"{note}; Orthanc's own processor time of an instance: {1e3 * spent[OURS] / count:.1f} ms by C-STORE, "
            f"{1e3 * spent[REST] / count:.1f} ms by REST"
        )
        yield row


REST = "REST upload"


def _to_empty(peer: peers.Orthanc, who: str, go: Run, spent: dict[str, float]) -> Run:
    """Before each run it forgets what it holds: an instance it has already costs it something else. spent: gets its
    own processor seconds of the last run."""

    def emptied() -> Result:
        for patient in peer.rest("GET", "/patients"):
            peer.rest("DELETE", f"/patients/{patient}")
        before = spent_in(peer.pid)
        made = go()
        spent[who] = spent_in(peer.pid) - before
        return made

    return emptied


@row("orthanc")
def to_orthanc(b: Bench) -> Iterator[Row]:
    yield from _to_orthanc(b, 1, "Orthanc itself writes and indexes each instance, and waits for its disk")


@row("orthanc4")
def to_orthanc_at_once(b: Bench) -> Iterator[Row]:
    yield from _to_orthanc(b, 4, "our associations at a time, as a user can choose; dcmsend has one")


@row("echo-orthanc")
def echo_orthanc(b: Bench) -> Iterator[Row]:
    program = b.needed("Orthanc")
    with as_shipped(), peers.orthanc(program, b.scratch("orthanc")) as peer:
        yield _echoes_as_shipped(b, "C-ECHO to Orthanc as shipped", peer.port)


@row("find")
def find(b: Bench) -> Iterator[Row]:
    count = b.count(5000)
    with b.sink(matches=count) as port:
        keys = ("QueryRetrieveLevel=STUDY", "PatientName", "StudyInstanceUID", "StudyDate", "PatientID")
        asked = [part for key in keys for part in ("-k", key)]
        yield Row(
            "C-FIND responses",
            "1/s",
            count,
            {
                OURS: ours("find", "--port", port),
                "pynetdicom": pynetdicom("find", "--port", port, "--count", count),
                **b.dcmtk("findscu", ("-q", "-S", *asked, peers.HOST, port), ("--version",), QUICK),
            },
            (Goal("pynetdicom", 10), Goal("findscu", 0, 1)),
        )
