"""Records the seeds anew: `python -m tests.fuzz.record`. Needs DCMTK and Orthanc.

Clients of DCMTK, pynetdicom and ours talk to DCMTK's, Orthanc's, pynetdicom's and the built-in provider through a
relay on the loopback interface that keeps what each side sent.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.sop_class import (
    CTImageStorage,
    ModalityPerformedProcedureStep,
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

from tests.interop import peers, samples

from .talks import SEEDS, Talk, packed

ROOT = Path(__file__).parents[2]
LARGEST = 24_000
"""Bytes of a conversation worth keeping: fuzzing long ones is slow and finds nothing more."""


class Relay:
    """Passes connections on to a port and keeps what went through, a conversation for each connection."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.talks: list[Talk] = []
        self._server = socket.create_server((peers.HOST, 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                server = socket.create_connection((peers.HOST, self.target))
                talk: Talk = []
                self.talks.append(talk)
                for source, sink, asked in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._pump, args=(source, sink, talk, asked), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket, talk: Talk, asked: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                talk.append((asked, data))
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._server.close()


@contextlib.contextmanager
def relay(name: str, port: int) -> Iterator[int]:
    made = Relay(port)
    try:
        yield made.port
    finally:
        made.close()
        keep(name, made.talks)


def keep(name: str, talks: list[Talk]) -> None:
    for number, talk in enumerate(talks, 1):
        data = packed(talk)
        if talk and len(data) <= LARGEST:
            (SEEDS / f"{name}-{number}.talk").write_bytes(data)
            print(f"{name}-{number}: {len(talk)} portions, {len(data)} bytes")


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise SystemExit(f"{name} is not installed; the README tells how to install the peers.")
    return found


def dcmtk_clients(port: int, title: str, folder: Path, files: list[Path], *, query: bool) -> None:
    to = ("-aec", title, peers.HOST, port)
    run = [("echoscu", to), ("storescu", (*to, files[0])), ("storescu", ("-xi", *to, files[1]))]
    if query:
        study = ("-S", "-k", "QueryRetrieveLevel=STUDY")
        run += [
            ("findscu", (*study, "-k", "PatientName=*", "-k", "StudyInstanceUID", *to)),
            ("getscu", ("-S", "-k", "QueryRetrieveLevel=PATIENT", "-k", "PatientID=NONE", *to)),
            ("movescu", ("-aem", "NOWHERE", *study, "-k", "StudyInstanceUID=1.2", *to)),
        ]
    for name, arguments in run:
        peers.run_client(tool(name), *arguments, cwd=folder)


def pynetdicom_client(port: int, title: str) -> None:
    ae = AE("PYNETSCU")
    ae.add_requested_context(Verification)
    for syntax in (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian):
        ae.add_requested_context(CTImageStorage, syntax)
    ae.add_requested_context(StudyRootQueryRetrieveInformationModelFind)
    ae.add_requested_context(ModalityPerformedProcedureStep)
    association = ae.associate(peers.HOST, port, ae_title=title)
    accepted = {c.abstract_syntax for c in association.accepted_contexts}
    association.send_c_echo()
    if CTImageStorage in accepted:
        sample = samples.dataset("CT", size=4)
        with tempfile.TemporaryDirectory() as folder:
            association.send_c_store(samples.write(Path(folder) / "a.dcm", sample).path)
    query = Dataset()
    query.QueryRetrieveLevel, query.PatientName = "STUDY", "*"
    if StudyRootQueryRetrieveInformationModelFind in accepted:
        list(association.send_c_find(query, StudyRootQueryRetrieveInformationModelFind))
    if ModalityPerformedProcedureStep in accepted:
        step = Dataset()
        step.PerformedProcedureStepStatus = "IN PROGRESS"
        association.send_n_create(step, ModalityPerformedProcedureStep, "1.2.3.4")
    association.release()


def our_clients(port: int, title: str, folder: Path, files: list[Path]) -> None:
    to = (peers.HOST, str(port), "--called", title)
    messages = sorted((ROOT / "resources/messages").glob("*.toml"))
    for arguments in (
        ("echo", *to),
        ("store", *to, str(files[0])),
        ("find", *to, "--level", "STUDY", "PatientName=*"),
        *(("send", *to, str(path)) for path in messages[::4]),
    ):
        subprocess.run(
            [sys.executable, "-m", "dimse_console", *arguments], cwd=folder, check=False, capture_output=True
        )


@contextlib.contextmanager
def built_in() -> Iterator[int]:
    port = peers.free_port()
    program = [sys.executable, "-m", "dimse_console", "listen", "--port", str(port)]
    process = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        peers.wait_for_port(port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def main() -> None:
    SEEDS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        files = [samples.write(folder / f"{n}.dcm", samples.dataset("CT", instance=n, size=4)).path for n in (1, 2)]
        for part in ("a", "b"):
            (folder / part).mkdir()
        started = {
            "storescp": (stack.enter_context(peers.storescp(tool("storescp"), folder / "a")).port, "STORESCP"),
            "dcmqrscp": (stack.enter_context(peers.dcmqrscp(tool("dcmqrscp"), folder / "b")).port, "QRSCP"),
            "orthanc": (stack.enter_context(peers.orthanc(tool("Orthanc"), folder)).port, "ORTHANC"),
            "built-in": (stack.enter_context(built_in()), "DIMSE_CONSOLE"),
        }
        for peer, (port, title) in started.items():
            query = peer != "storescp"
            with relay(f"dcmtk-to-{peer}", port) as way:
                dcmtk_clients(way, title, folder, files, query=query)
            with relay(f"pynetdicom-to-{peer}", port) as way:
                pynetdicom_client(way, title)
            with relay(f"ours-to-{peer}", port) as way:
                our_clients(way, title, folder, files)


if __name__ == "__main__":
    main()
