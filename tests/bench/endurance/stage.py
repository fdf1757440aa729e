"""Everybody who takes part in the mixed traffic, and the sentences of what went wrong."""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.model.association import LocalAE, Policy, Timeouts
from engine.model.commands import MoveDestination
from engine.model.notices import ListenerNotice, Outcome, StatusNotice
from engine.model.tls import TlsSettings
from tests.bench.files import write_file
from tests.bench.measure import ROOT
from tests.conftest import tool_path
from tests.interop import peers, samples
from tests.runtime.console import HOST
from tests.runtime.tls_files import make_files

from .desk import Desk

SHORT = Timeouts(connect=5.0, acse=0.5, dimse=0.5, idle=0.5, artim=0.5)
"""For callers that misbehave: how long they may keep an association."""
PATIENT = Timeouts(connect=60.0, acse=60.0, dimse=60.0, artim=60.0)
"""For those that do not: a loaded machine is no fault."""
OWN_TITLE, QR_TITLE, TARGET = "ENDURE", "QRSCP", "TARGET"


class Pynetdicom:
    """The process of pynet.py; one question at a time."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.bench.endurance.pynet"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert self._process.stdout is not None
        self._lock = threading.Lock()
        self.port = int(self._process.stdout.readline())
        self.host, self.ae_title = HOST, "PYNETDICOM"

    def ask(self, **asked: Any) -> tuple[Counter[str], Counter[str]]:
        """(sent, received) as it counts."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        with self._lock:
            stdin.write(json.dumps(asked) + "\n")
            stdin.flush()
            told = json.loads(stdout.readline())
        return Counter(told["sent"]), Counter(told["received"])

    def close(self) -> None:
        self._process.communicate()


@dataclass(slots=True)
class Stage:
    desk: Desk
    folder: Path
    peer: ListenerNotice
    """Ours, with sample objects and a folder."""
    target: ListenerNotice
    """Ours, where C-MOVEs go."""
    strict: ListenerNotice
    """Ours, with short time-outs, for callers that misbehave."""
    secure: ListenerNotice
    """Ours, over TLS."""
    trusting: TlsSettings
    """Of a user that calls it."""
    archive: list[samples.Sample]
    """On the built-in peer and on dcmqrscp."""
    storescp: peers.Peer | None
    qr: peers.Peer | None
    pynetdicom: Pynetdicom
    tools: dict[str, str]
    ledger: dict[str, Counter[str]] = field(default_factory=dict)
    """By real provider: what our side counts of what it sent and received."""
    jobs: Counter[str] = field(default_factory=Counter)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _instances: Iterator[int] = field(default_factory=lambda: itertools.count(1_000_000))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def title(self) -> str:
        """A calling AE title for one job."""
        return f"J{next(self._numbers)}"

    def wrong(self, what: str) -> None:
        self.desk.errors.append(what)

    def expect(self, status: StatusNotice, what: str, *outcomes: Outcome) -> None:
        if status.outcome not in (outcomes or (Outcome.SUCCESS,)):
            self.wrong(f"{what}: {status.outcome.value}: {status.sentence} {status.verdict}")

    def enter(self, peer: str, counts: Counter[tuple[bool, Any, str]]) -> None:
        """What our side counted with a real provider."""
        with self._lock:
            book = self.ledger.setdefault(peer, Counter())
            for (_, direction, message), n in counts.items():
                book[f"{direction.value} {message}"] += n

    @contextlib.contextmanager
    def new_files(self, chance: random.Random) -> Iterator[tuple[Path, list[str]]]:
        """A folder with some files nobody has had yet, and their SOP Instance UIDs."""
        folder = self.folder / "new" / str(next(self._numbers))
        folder.mkdir(parents=True)
        sizes = [chance.choice((2048, 20_000, 300_000)) for _ in range(chance.randint(1, 6))]
        uids = [write_file(folder / f"{n}.dcm", next(self._instances), size) for n, size in enumerate(sizes)]
        try:
            yield folder, uids
        finally:
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()


def policy(title: str, **more: Any) -> Policy:
    return Policy(local=LocalAE(ae_title=title), **{"timeouts": PATIENT, **more})


@contextlib.contextmanager
def staged(desk: Desk, folder: Path) -> Iterator[Stage]:
    """Start everybody; peers that are not installed are left out."""
    archive = samples.archive(folder / "archive")
    certificates = make_files(folder / "certificates")
    tools = {name: path for name in TOOLS if (path := tool_path(name))}
    with contextlib.ExitStack() as stack:
        target = desk.listen(folder / "target", policy=policy("SINK"))
        place = MoveDestination(ae_title=TARGET, host=HOST, port=target.port)
        storescp = qr = None
        for name in ("storescp", "dcmqrscp"):
            (folder / name).mkdir(parents=True)
        if "storescp" in tools:
            storescp = stack.enter_context(peers.storescp(tools["storescp"], folder / "storescp", "-v"))
        if "dcmqrscp" in tools:
            made = peers.dcmqrscp(
                tools["dcmqrscp"], folder / "dcmqrscp", "-v", ae_title=QR_TITLE, movers={TARGET: target.port}
            )
            qr = stack.enter_context(made)
        pynetdicom = Pynetdicom()
        stack.callback(pynetdicom.close)
        stage = Stage(
            desk=desk,
            folder=folder,
            peer=desk.listen(folder / "peer", policy=policy(OWN_TITLE), destinations=(place,)),
            target=target,
            strict=desk.listen(folder / "strict", policy=policy("STRICT", timeouts=SHORT), delays=(0.0, 0.1)),
            secure=desk.listen(policy=policy("SECURE"), tls=certificates.acceptor()),
            trusting=certificates.requestor(),
            archive=archive,
            storescp=storescp,
            qr=qr,
            pynetdicom=pynetdicom,
            tools=tools,
        )
        yield stage


TOOLS = ("storescp", "dcmqrscp", "echoscu", "storescu", "findscu", "getscu", "movescu")
