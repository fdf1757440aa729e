"""The rows of the table: what is done, by whom, and what is to be reached."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import tool_path
from tests.interop import peers

from .files import CT_IMAGE, EXPLICIT, make_files
from .limit import sink
from .measure import Result, Run, Server, median, ours, pynetdicom, run, serving, timed, told_by, whole

LIMIT = "C"
OURS = "ours"
QUICK = {"TCP_NODELAY": "1"}
"""DCMTK's own switch: without it Debian's build stalls 40 ms a small message."""
HALF_MEGABYTE = 512 * 1024


@dataclass(frozen=True, slots=True)
class Goal:
    """Our rate divided by that of `who`."""

    who: str
    must: float = 0.0
    aim: float = 0.0


@dataclass(slots=True)
class Row:
    """amount / seconds is the rate. contenders: by name, "ours" among them."""

    name: str
    unit: str
    amount: float
    contenders: dict[str, Run]
    goals: tuple[Goal, ...] = ()
    note: str | Callable[[], str] = ""
    memory: Callable[[], float] | None = None
    """MB of our process, where it is not the contender's own."""
    largest: float = 0.0
    """MB that ours may have at most."""


@dataclass(slots=True)
class Bench:
    """Where files are, how much work there is, and which peers there are."""

    folder: Path
    program: Path | None
    scale: float = 1.0
    huge: bool = False
    missing: set[str] = field(default_factory=set)

    def count(self, wanted: int) -> int:
        return max(2, round(wanted * self.scale))

    def files(self, count: int, size: int) -> Path:
        return make_files(self.folder, count, size)

    def tool(self, name: str) -> str | None:
        found = tool_path(name)
        if found is None:
            self.missing.add(name)
        return found

    @contextmanager
    def sink(self, pdu: int = 131072, matches: int = 0) -> Iterator[int]:
        """The provider all users are measured against."""
        if self.program is not None:
            with sink(self.program, pdu, matches) as port:
                yield port
            return
        with serving("ours", "--pdu", pdu) as server:
            yield server.port

    def scratch(self, name: str) -> Path:
        """An empty folder of that name."""
        made = self.folder / name
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        return made

    def limit(self, *arguments: object) -> dict[str, Run]:
        return {LIMIT: timed(self.program, *arguments)} if self.program else {}

    def dcmtk(
        self, name: str, many: tuple[object, ...], one: tuple[object, ...], env: dict[str, str] | None = None
    ) -> dict[str, Run]:
        """A user of DCMTK: the time of its work is that of the whole process less that of one with next to nothing
        to do."""
        program = self.tool(name)
        if program is None:
            return {}
        start: list[Result] = []

        def go() -> Result:
            if not start:
                start.append(median([run(program, *one, env=env)[0] for _ in range(3)]))
            made = run(program, *many, env=env)[0]
            return Result(max(1e-6, made.seconds - start[0].seconds), max(1e-6, made.cpu - start[0].cpu), 0.0)

        return {name: go}


Make = Callable[[Bench], "contextlib.AbstractContextManager[Row]"]
ROWS: dict[str, Make] = {}


def row(name: str) -> Callable[[Callable[[Bench], Iterator[Row]]], Make]:
    """Registers the row: a generator that yields it while its servers run."""

    def register(function: Callable[[Bench], Iterator[Row]]) -> Make:
        made = contextmanager(function)
        ROWS[name] = made
        return made

    return register


@contextmanager
def as_shipped() -> Iterator[None]:
    """Peers started inside have Nagle's algorithm on, as they are shipped."""
    kept = dict(peers.ENVIRONMENT)
    peers.ENVIRONMENT.clear()
    try:
        yield
    finally:
        peers.ENVIRONMENT.update(kept)


# -- as user


@row("open")
def opened(b: Bench) -> Iterator[Row]:
    count = b.count(500)
    with b.sink() as port:
        arguments = ("open", "--port", port, "--count", count)
        yield Row(
            "association open + release",
            "1/s",
            count,
            {OURS: ours(*arguments), "pynetdicom": pynetdicom(*arguments), **b.limit("open", peers.HOST, port, count)},
            (Goal("pynetdicom", 15),),
            note="C stands for a C++ loop of DCMTK's, which its tools do not offer",
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
            contenders[LIMIT] = lambda: _part(five(), 5)
        if window == 1:
            few = max(2, count // 4)
            slow = pynetdicom("echo", "--port", port, "--count", few)
            contenders["pynetdicom"] = lambda: _part(slow(), few / count)
        goals = (Goal("pynetdicom", 12), Goal("echoscu", 0, 0.5)) if window == 1 else (Goal("echoscu", 1, 1),)
        name = "C-ECHO on one association" + (f", window of {window}" if window > 1 else "")
        yield Row(name, "1/s", count, contenders, goals)


def _part(result: Result, times: float) -> Result:
    return Result(result.seconds / times, result.cpu / times, result.rss)


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
    yield from _store(b, f"C-STORE send, one file of {size / 2**30:.2g} GB", b.files(1, size), 131072, goals, 150)


@row("store5g")
def store_huge(b: Bench) -> Iterator[Row]:
    """One file of 4 GB: the lengths of PS3.5 have 32 bits, so a larger data set has no valid form."""
    size = b.count(4095) * 1024 * 1024
    goals = (Goal("dcmsend", 1), Goal(LIMIT, 0, 0.8))
    name = f"C-STORE send, one file of {size / 2**30:.2g} GB"
    yield from _store(b, name, b.files(1, size), 131072, goals, 150)


@row("storescp")
def to_storescp(b: Bench) -> Iterator[Row]:
    """Nagle left on at the peer's side and at the users'."""
    program = b.tool("storescp")
    if program is None:
        return
    files, one = b.files(b.count(200), HALF_MEGABYTE), b.files(1, 2048)
    with as_shipped(), peers.storescp(program, b.scratch("storescp"), "--ignore") as peer:
        options = ("-q", "--scan-directories", peers.HOST, peer.port)
        yield Row(
            "C-STORE send to storescp as shipped",
            "MB/s",
            len(list(files.iterdir())) * HALF_MEGABYTE / 1e6,
            {
                OURS: ours("store", files, "--port", peer.port),
                **b.dcmtk("dcmsend", (*options, files), (*options, one)),
            },
            (Goal("dcmsend", 20),),
        )


@row("echo-storescp")
def echo_storescp(b: Bench) -> Iterator[Row]:
    program = b.tool("storescp")
    if program is None:
        return
    with as_shipped(), peers.storescp(program, b.scratch("storescp"), "--ignore") as peer:
        yield _echoes_as_shipped(b, "C-ECHO to storescp as shipped", peer.port)


def _echoes_as_shipped(b: Bench, name: str, port: int) -> Row:
    count = b.count(500)
    few = max(2, count // 10)  # 44 ms each
    contenders = {OURS: ours("echo", "--port", port, "--count", count)}
    for who, go in b.dcmtk("echoscu", ("--repeat", few, peers.HOST, port), (peers.HOST, port)).items():
        contenders[who] = lambda go=go: _part(go(), few / count)
    return Row(name, "1/s", count, contenders, (Goal("echoscu", 20),))


@row("orthanc")
def to_orthanc(b: Bench) -> Iterator[Row]:
    program = b.tool("Orthanc")
    if program is None:
        return
    files, one = b.files(b.count(100), HALF_MEGABYTE), b.files(1, 2048)
    with as_shipped(), peers.orthanc(program, b.scratch("orthanc")) as peer:
        options = ("-q", "--scan-directories", peers.HOST, peer.port)
        yield Row(
            "C-STORE send to Orthanc as shipped",
            "MB/s",
            len(list(files.iterdir())) * HALF_MEGABYTE / 1e6,
            {
                OURS: ours("store", files, "--port", peer.port),
                **b.dcmtk("dcmsend", (*options, files), (*options, one)),
            },
            (Goal("dcmsend", 20),),
            note="Orthanc itself indexes each instance",
        )


@row("echo-orthanc")
def echo_orthanc(b: Bench) -> Iterator[Row]:
    program = b.tool("Orthanc")
    if program is None:
        return
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


# -- as provider


@contextmanager
def _receivers(b: Bench, ours_options: tuple[object, ...] = ()) -> Iterator[tuple[dict[str, int], Server]]:
    """Ports of all receivers, ours among them, each writing to a folder of its own."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(serving("ours", b.scratch("ours"), *ours_options))
        ports = {OURS: server.port}
        ports["pynetdicom"] = stack.enter_context(serving("pynet", b.scratch("pynetdicom"))).port
        if program := b.tool("storescp"):
            ports["storescp"] = stack.enter_context(peers.storescp(program, b.scratch("storescp"))).port
        if program := b.tool("dcmrecv"):
            peer = peers.dcmrecv(program, b.scratch("dcmrecv"), [CT_IMAGE], [EXPLICIT], "-pdu", "131072")
            ports["dcmrecv"] = stack.enter_context(peer).port
        yield ports, server


def _receive(b: Bench, name: str, count: int, size: int, largest: float = 0.0) -> Iterator[Row]:
    """One and the same user sends to each: the C program, without it ours."""
    with _receivers(b) as (ports, server):
        files = None if b.program else b.files(count, size)

        def sent_to(port: int) -> Run:
            if b.program:
                return timed(b.program, "store", peers.HOST, port, 131072, count, size)
            return ours("store", files, "--port", port)

        unit, amount = ("1/s", float(count)) if size < 10_000 else ("MB/s", count * size / 1e6)
        contenders = {who: sent_to(port) for who, port in ports.items()}
        goals = (Goal("storescp", 1, 1.5), Goal("dcmrecv", 1, 1.5), Goal("pynetdicom", 5))
        yield Row(name, unit, amount, contenders, goals, memory=lambda: server.rss, largest=largest)


@row("receive")
def receive(b: Bench) -> Iterator[Row]:
    yield from _receive(b, "C-STORE receive to disk, 0.5 MB files", b.count(1000), HALF_MEGABYTE)


@row("receive2k")
def receive_small(b: Bench) -> Iterator[Row]:
    yield from _receive(b, "C-STORE receive to disk, 2 KB files", b.count(2000), 2048)


@row("receive1g")
def receive_large(b: Bench) -> Iterator[Row]:
    size = b.count(1024) * 1024 * 1024
    yield from _receive(b, f"C-STORE receive to disk, one file of {size / 2**30:.2g} GB", 1, size, 150)


@row("from-dcmsend")
def from_dcmsend(b: Bench) -> Iterator[Row]:
    files, one = b.files(b.count(200), HALF_MEGABYTE), b.files(1, 2048)
    program = b.tool("storescp")
    if program is None:
        return
    own = serving("ours", b.scratch("ours"))
    with as_shipped(), own as server, peers.storescp(program, b.scratch("storescp")) as peer:
        contenders: dict[str, Run] = {}
        for who, port in ((OURS, server.port), ("storescp", peer.port)):
            options = ("-q", "--scan-directories", peers.HOST, port)
            for sent in b.dcmtk("dcmsend", (*options, files), (*options, one)).values():
                contenders[who] = sent
        amount = len(list(files.iterdir())) * HALF_MEGABYTE / 1e6
        yield Row("receive from dcmsend as shipped", "MB/s", amount, contenders, (Goal("storescp", 20),))


# -- many at once, trace, TLS, start


@row("eight")
def eight(b: Bench) -> Iterator[Row]:
    count, files = b.count(1000), b.files(b.count(200), HALF_MEGABYTE)
    with b.sink() as port:
        arguments = (files, "--port", port, "--count", count)
        yield Row(
            "eight associations at once, store and echo",
            "jobs/s",
            8,
            {OURS: ours("mixed", *arguments), "in turn": ours("mixed_in_turn", *arguments)},
            (Goal("in turn", 1),),
        )


def _growth(name: str, amounts: tuple[int, int, int], work: Callable[[int], Run]) -> Row:
    """The same with a tenth and a hundredth of the work: the rate stays, and so does the memory."""
    largest = amounts[-1]
    memory: dict[int, float] = {}

    def measured(amount: int) -> Run:
        def go() -> Result:
            made = work(amount)()
            memory[amount] = made.rss
            return _part(made, amount / largest)

        return go

    return Row(
        f"{name}: {', '.join(map(str, amounts))} of them",
        "1/s",
        largest,
        {OURS: measured(largest), "a tenth": measured(amounts[1]), "a hundredth": measured(amounts[0])},
        (Goal("a tenth", 0.8), Goal("a hundredth", 0.8)),
        note=lambda: "resident " + ", ".join(f"{memory[a]:.0f} MB for {a}" for a in amounts),
    )


@row("growth-echo")
def growth_echo(b: Bench) -> Iterator[Row]:
    most = max(200, b.count(20_000))
    with b.sink() as port:
        yield _growth("C-ECHO", (most // 100, most // 10, most), lambda n: ours("echo", "--port", port, "--count", n))


@row("growth-store")
def growth_store(b: Bench) -> Iterator[Row]:
    most = max(200, b.count(10_000))
    with b.sink() as port:
        yield _growth(
            "C-STORE send, 2 KB files",
            (most // 100, most // 10, most),
            lambda n: ours("store", b.files(n, 2048), "--port", port),
        )


@row("trace")
def trace(b: Bench) -> Iterator[Row]:
    files = b.files(b.count(500), HALF_MEGABYTE)
    amount = len(list(files.iterdir())) * HALF_MEGABYTE / 1e6
    with b.sink() as port:
        yield Row(
            "C-STORE send, every PDU's payload kept",
            "MB/s",
            amount,
            {
                OURS: ours("store", files, "--port", port, "--keep", 1 << 40),
                "none kept": ours("store", files, "--port", port, "--keep", 0),
            },
            (Goal("none kept", 0.85, 0.95),),
            note="notices are produced both times; at most 256 MB of copies wait to be fetched",
        )


@row("tls-store")
def tls_store(b: Bench) -> Iterator[Row]:
    yield from _tls(b, echoes=False)


@row("tls-echo")
def tls_echo(b: Bench) -> Iterator[Row]:
    yield from _tls(b, echoes=True)


def _tls(b: Bench, *, echoes: bool) -> Iterator[Row]:
    from tests.runtime.tls_files import make_files as make_certificates

    program = b.tool("storescp")
    if program is None:
        return
    certificates = make_certificates(b.scratch("certificates"))
    certificate, key = certificates.apart("peer")
    folder = b.scratch("storescp")
    tls = ("+tls", key, certificate, "+cf", certificates.ca)
    with peers.storescp(program, folder, "--ignore", "+tls", str(key), str(certificate), "-ic") as peer:
        port = peer.port
        if echoes:
            count = b.count(2000)
            user = b.dcmtk("echoscu", (*tls, "--repeat", count, peers.HOST, port), (*tls, peers.HOST, port), QUICK)
            mine = ours("echo", "--port", port, "--count", count, "--tls", certificates.ca)
            yield Row("TLS: C-ECHO", "1/s", count, {OURS: mine, **user}, (Goal("echoscu", 1),))
            return
        files, one = b.files(b.count(500), HALF_MEGABYTE), b.files(1, 2048)
        amount = len(list(files.iterdir())) * HALF_MEGABYTE / 1e6
        options = ("-q", *tls, "-xe", "+sd", peers.HOST, port)
        user = b.dcmtk("storescu", (*options, files), (*options, one), QUICK)
        mine = ours("store", files, "--port", port, "--tls", certificates.ca)
        yield Row("TLS: C-STORE send, 0.5 MB files", "MB/s", amount, {OURS: mine, **user}, (Goal("storescu", 1),))


@row("cli")
def command_line(b: Bench) -> Iterator[Row]:
    with b.sink() as port:
        yield Row(
            "dimse-console echo, whole process",
            "1/s",
            1,
            {
                OURS: whole(sys.executable, "-c", "from dimse_console import main; main()", "echo", peers.HOST, port),
                "pynetdicom": whole(sys.executable, "-m", "pynetdicom", "echoscu", peers.HOST, port),
                "echoscu": whole(b.tool("echoscu") or "true", peers.HOST, port),
            },
            (Goal("pynetdicom", 1),),
            note="aim: under 150 ms",
        )


@row("window")
def window(b: Bench) -> Iterator[Row]:
    yield Row(
        "window from start to usable, off screen",
        "1/s",
        1,
        {OURS: timed(sys.executable, "-m", "tests.bench.window", "start")},
        note="must: 1.5 s, aim: 0.8 s",
    )


@row("window-busy")
def window_busy(b: Bench) -> Iterator[Row]:
    count = b.count(3000)
    held: list[dict[str, float]] = []

    def echoed() -> Result:
        told = told_by(sys.executable, "-m", "tests.bench.window", "busy", count)
        held.append(told)
        return Result(told["seconds"], told["cpu"], told["rss"])

    with serving("ours") as server:
        yield Row(
            "C-ECHO with the window open, its built-in peer in the same process",
            "1/s",
            count,
            {OURS: echoed, "headless": ours("echo", "--port", server.port, "--count", count)},
            note=lambda: (
                "Qt's loop was held {median_ms:.0f} ms (median), {p99_ms:.0f} ms (p99), {longest_ms:.0f} ms at most; "
                "must: 16 ms p99, 50 ms at most. The window's process plays both sides, headless has one each"
            ).format_map(held[-1]),
        )


@row("window-log")
def window_log(b: Bench) -> Iterator[Row]:
    count = max(2000, b.count(1_000_000))
    told: list[dict[str, float]] = []

    def filled() -> Result:
        told.append(told_by(sys.executable, "-m", "tests.bench.window", "log", count))
        return Result(told[-1]["seconds"], told[-1]["cpu"], told[-1]["rss"])

    yield Row(
        "rows of the status log",
        "1/s",
        count,
        {OURS: filled},
        note=lambda: f"filtered in {told[-1]['filter_s']:.2f} s; must: 0.3 s",
        largest=300,
    )
