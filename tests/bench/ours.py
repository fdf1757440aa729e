"""The engine at work as in the product (its own thread, notices fetched by the main thread), in a process of its own.

`python -m tests.bench.ours WORK ...` prints one JSON line: seconds, CPU seconds and the largest resident size.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path

from engine.model.association import AsyncWindow, LocalAE, Peer, Policy, Proposal, ProposedContext
from engine.model.commands import (
    Command,
    Listen,
    OneShot,
    OpenAssociation,
    Outgoing,
    PeerSettings,
    Release,
    Retrieve,
    StoreFiles,
)
from engine.model.dataset import DataElement, DataSet
from engine.model.notices import (
    AnyNotice,
    AssociationNotice,
    AssociationPhase,
    ErrorNotice,
    FindingNotice,
    ListenerNotice,
    Outcome,
    StatusNotice,
)
from engine.model.storing import StoreOptions
from engine.model.tls import TlsSettings
from engine.runtime import noting
from engine.runtime.engine import Engine
from engine.services.responses import request_of

from .measure import largest_resident

VERIFICATION, STUDY_ROOT = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.2.2.1"
IMPLICIT = "1.2.840.10008.1.2"
WORKERS = 8
KEYS = (
    (0x00080020, "DA"),
    (0x00080050, "SH"),
    (0x00080061, "CS"),
    (0x00081030, "LO"),
    (0x00100010, "PN"),
    (0x00100020, "LO"),
    (0x00100030, "DA"),
    (0x0020000D, "UI"),
    (0x00200010, "SH"),
)


class Bench:
    """One engine and what is measured of it."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.engine = Engine()
        self.engine.start()
        self.notices = 0
        self.findings: set[str] = set()
        tls = None
        if args.tls:
            tls = TlsSettings(ca_file=args.tls)
        self.peer = Peer(port=args.port)
        self.tls = tls

    def proposal(self, abstract_syntax: str = VERIFICATION, window: int = 1) -> Proposal:
        return Proposal(
            peer=self.peer,
            local=LocalAE(maximum_length=self.args.pdu),
            contexts=(ProposedContext(1, abstract_syntax, (IMPLICIT,)),),
            async_window=AsyncWindow(window, 1) if window > 1 else None,
            tls=self.tls,
        )

    def take(self) -> list[AnyNotice]:
        got = self.engine.drain_wait(5.0)
        self.notices += len(got)
        for notice in got:
            if isinstance(notice, FindingNotice):
                self.findings.add(notice.rule)
            elif isinstance(notice, ErrorNotice):
                raise SystemExit(notice.sentence)
        return got

    def operate(self, commands: Iterable[Command]) -> None:
        """Submit and wait until each operation has ended well."""
        waiting = set()
        for command in commands:
            waiting.add(command.operation)  # type: ignore[attr-defined]
            self.engine.submit(command)
        while waiting:
            for notice in self.take():
                if isinstance(notice, StatusNotice):
                    waiting.discard(notice.operation)
                    if notice.outcome is not Outcome.SUCCESS:
                        raise SystemExit(notice.sentence)

    # -- the work

    def open(self) -> None:
        proposal = self.proposal()
        for _ in range(self.args.count):
            number = self.engine.new_id()
            self.engine.submit(OpenAssociation(association=number, proposal=proposal))
            self._until(number, AssociationPhase.ESTABLISHED)
            self.engine.submit(Release(association=number))
            self._until(number, AssociationPhase.RELEASED)

    def _until(self, number: int, phase: AssociationPhase) -> None:
        while not any(isinstance(n, AssociationNotice) and n.phase is phase for n in self.take()):
            pass

    def _echoes(self, count: int) -> OneShot:
        message = Outgoing(command=request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION))
        new_id = self.engine.new_id
        proposal = self.proposal(window=self.args.window)
        return OneShot(association=new_id(), operation=new_id(), proposal=proposal, messages=(message,) * count)

    def _store(self) -> StoreFiles:
        new_id = self.engine.new_id
        proposal = self.proposal()
        options = StoreOptions(parallel=self.args.parallel)
        return StoreFiles(
            operation=new_id(), association=new_id(), proposal=proposal, paths=self.args.paths, options=options
        )

    def echo(self) -> None:
        self.operate([self._echoes(self.args.count)])

    def store(self) -> None:
        self.operate([self._store()])

    def find(self) -> None:
        asked = [DataElement(tag, vr) for tag, vr in KEYS]
        identifier = DataSet((*asked[:2], DataElement(0x00080052, "CS", ("STUDY",)), *asked[2:]))
        new_id = self.engine.new_id
        self.operate(
            [
                Retrieve(
                    operation=new_id(),
                    association=new_id(),
                    proposal=self.proposal(STUDY_ROOT),
                    service="C-FIND",
                    sop_class_uid=STUDY_ROOT,
                    identifier=identifier,
                )
            ]
        )

    def _mixed(self) -> list[Command]:
        return [self._store() if n % 2 else self._echoes(self.args.count) for n in range(WORKERS)]

    def mixed(self) -> None:
        """Eight associations at once, store and echo."""
        self.operate(self._mixed())

    def mixed_in_turn(self) -> None:
        """The same, one after the other."""
        for command in self._mixed():
            self.operate([command])

    def serve(self) -> None:
        """The built-in peer: prints its port, and a line for each association that ends."""
        number = self.engine.new_id()
        tls = None
        if self.args.tls:
            tls = TlsSettings(certificate=self.args.tls)
        policy = Policy(local=LocalAE(maximum_length=self.args.pdu))
        folder = self.args.paths[0] if self.args.paths else None
        settings = PeerSettings(policy=policy, folder=folder, tls=tls)
        self.engine.submit(Listen(listener=number, settings=settings))
        listening: ListenerNotice | None = None
        while listening is None:
            listening = next((n for n in self.take() if isinstance(n, ListenerNotice)), None)
        print(listening.port, flush=True)  # from here on until the process is ended
        while True:
            for notice in self.take():
                if isinstance(notice, AssociationNotice) and notice.phase is AssociationPhase.RELEASED:
                    report(self, 0.0, time.process_time())


WORK: dict[str, Callable[[Bench], None]] = {
    name: getattr(Bench, name) for name in ("open", "echo", "store", "find", "mixed", "mixed_in_turn", "serve")
}


def report(bench: Bench, seconds: float, cpu: float) -> None:
    told = {
        "seconds": seconds,
        "cpu": cpu,
        "rss": largest_resident(os.getpid()),
        "notices": bench.notices,
        "findings": sorted(bench.findings),
    }
    print(json.dumps(told), flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.bench.ours")
    parser.add_argument("work", choices=WORK)
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--window", type=int, default=1)
    parser.add_argument("--parallel", type=int, default=1, help="associations a store goes over at a time")
    parser.add_argument("--pdu", type=int, default=131072)
    parser.add_argument("--tls", type=Path)
    parser.add_argument("--keep", type=int, help="bytes of P-DATA-TF copied into notices; default: the product's")
    args = parser.parse_args()
    args.paths = tuple(args.paths)
    return args


def main() -> None:
    args = arguments()
    if args.keep is not None:
        noting.KEPT_PDU_BYTES = args.keep
    bench = Bench(args)
    for part in ("storing", "retrieving", *(("tls_joining",) if args.tls else ())):  # the others' start counts neither
        import_module(f"engine.runtime.{part}")
    gc.freeze()  # as the window and the command line do when they are loaded
    begun, used = time.perf_counter(), time.process_time()
    try:
        WORK[args.work](bench)
        seconds, used = time.perf_counter() - begun, time.process_time() - used
    finally:
        bench.engine.stop()
    report(bench, seconds, used)


if __name__ == "__main__":
    sys.exit(main())
