"""Real peers on the loopback interface: DCMTK, Orthanc and pynetdicom, each started for one test and ended with it.

Every starter is a context manager that gives a `Peer` once it accepts connections and ends its own process (and the
children it forked), nobody else's. tests/interop/conftest.py wraps them as fixtures.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pynetdicom import AE, evt

from tests.interop import pynetdicom_race

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

HOST = "127.0.0.1"
START_SECONDS = 30.0
CLIENT_SECONDS = 60.0
VERIFICATION = "1.2.840.10008.1.1"
# Debian's DCMTK leaves the Nagle algorithm on, which stalls some 40 ms a small message; this is DCMTK's own switch.
ENVIRONMENT = {"TCP_NODELAY": "1"}

_POLL_SECONDS = 0.02
_STOP_SECONDS = 10.0
_START_ATTEMPTS = 3

pynetdicom_race.keep_out()


class PeerError(AssertionError):
    """A peer did not start, or did not do what the test set-up asked of it; the message ends with its own output."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One running peer: where it listens, its AE title, the folder it writes to and the file with its output."""

    name: str
    ae_title: str
    port: int
    folder: Path
    log: Path | None = None
    host: str = HOST
    pid: int = 0

    @property
    def address(self) -> tuple[str, int]:
        return self.host, self.port

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log else ""


@dataclass(frozen=True, slots=True)
class Orthanc(Peer):
    """An Orthanc with its REST interface."""

    http_port: int = 0

    def rest(self, method: str, path: str, body: Any = None, *, raw: bool = False) -> Any:
        """Call `path` ("/modalities/X/echo") and give the answer's JSON (bytes when `raw`); PeerError on an error."""
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{self.host}:{self.http_port}{path}", data=data, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=CLIENT_SECONDS) as answer:
                content = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                told = error.read().decode(errors="replace")
            raise PeerError(f"Orthanc answered {error.code} to {method} {path}: {told}\n{self.output()}") from error
        return content if raw else json.loads(content or b"null")


_PORTS = random.Random().sample(range(20_000, 32_000), 12_000)


def free_port() -> int:
    """A TCP port nobody listens on at this moment; another one each time.

    Below those the system gives to whoever asks for any: a connection of somebody else may not take it meanwhile.
    """
    while True:
        port = _PORTS.pop()
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((HOST, port))
            return port


def wait_for_port(port: int, alive: Callable[[], bool] = lambda: True, seconds: float = START_SECONDS) -> bool:
    """Wait until something accepts connections at `port`; False when `alive` says no or the time is over."""
    deadline = time.monotonic() + seconds
    while alive() and time.monotonic() < deadline:
        try:
            socket.create_connection((HOST, port), timeout=1.0).close()
        except OSError:
            time.sleep(_POLL_SECONDS)
        else:
            return True
    return False


def wait_until(condition: Callable[[], object], seconds: float = START_SECONDS) -> bool:
    """Poll until `condition` holds; for what a peer does after its answer (moving a file into place, a callback)."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _end(process: subprocess.Popen[bytes], *, at_once: bool = False) -> None:
    """End the process and the children it forked: it leads a process group of its own."""

    def tell(number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, number)
            else:
                process.terminate()

    kill = getattr(signal, "SIGKILL", signal.SIGTERM)
    tell(kill if at_once else signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        tell(kill)
        process.wait(_STOP_SECONDS)


@contextlib.contextmanager
def _server(
    name: str, folder: Path, ports: int, command: Callable[..., Sequence[str | Path]], *, end_at_once: bool = False
) -> Iterator[tuple[list[int], Path, int]]:
    """Run the command made by `command(*ports)` until the block ends; gives the ports, the file of its output and its
    process, which leads a session of its own.

    Another program may take a free port before the peer does, so a peer that ends at once gets other ports.
    """
    log = folder / f"{name}.log"
    for attempt in range(_START_ATTEMPTS):
        chosen = [free_port() for _ in range(ports)]
        with log.open("ab") as output:
            process = subprocess.Popen(
                [str(part) for part in command(*chosen)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={**os.environ, **ENVIRONMENT},
                start_new_session=True,
            )
        try:
            if all(wait_for_port(port, lambda process=process: process.poll() is None) for port in chosen):
                yield chosen, log, process.pid
                return
            if process.poll() is None or attempt == _START_ATTEMPTS - 1:
                raise PeerError(f"{name} does not accept connections:\n{log.read_text(errors='replace')}")
        finally:
            _end(process, at_once=end_at_once)


@contextlib.contextmanager
def storescp(program: str, folder: Path, *options: str, ae_title: str = "STORESCP") -> Iterator[Peer]:
    """DCMTK's storage provider (C-ECHO, C-STORE); what it receives lies in `peer.folder`, bit by bit as sent."""
    received = folder / "received"
    received.mkdir(parents=True, exist_ok=True)

    def command(port: int) -> list[str | Path]:
        given = [*options, "-aet", ae_title, "-od", received]
        return [program, "--fork", "+B", "-pdu", "131072", "-pm", "+xa", *given, str(port)]

    with _server("storescp", folder, 1, command) as ((port,), log, pid):
        yield Peer("storescp", ae_title, port, received, log, pid=pid)


@contextlib.contextmanager
def dcmrecv(
    program: str,
    folder: Path,
    classes: Sequence[str],
    syntaxes: Sequence[str],
    *options: str,
    ae_title: str = "DCMRECV",
) -> Iterator[Peer]:
    """DCMTK's other storage provider, told by a file what to take: these SOP classes, each in these transfer syntaxes.

    It takes no more than 128 classes, Verification among them. What it receives lies in `peer.folder`, bit by bit.
    """
    received = folder / "received"
    received.mkdir(parents=True, exist_ok=True)
    configuration = folder / "dcmrecv.cfg"
    accepted = "".join(f"PresentationContext{n} = {uid}\\Any\n" for n, uid in enumerate((VERIFICATION, *classes), 1))
    configuration.write_text(
        "[[TransferSyntaxes]]\n[Any]\n"
        + "".join(f"TransferSyntax{n} = {uid}\n" for n, uid in enumerate(syntaxes, 1))
        + f"[[PresentationContexts]]\n[All]\n{accepted}[[Profiles]]\n[Everything]\nPresentationContexts = All\n"
    )

    def command(port: int) -> list[str | Path]:
        return [
            program,
            *options,
            "-aet",
            ae_title,
            "-od",
            received,
            "+B",
            "-xf",
            configuration,
            "Everything",
            str(port),
        ]

    with _server("dcmrecv", folder, 1, command) as ((port,), log, pid):
        yield Peer("dcmrecv", ae_title, port, received, log, pid=pid)


@contextlib.contextmanager
def dcmqrscp(
    program: str, folder: Path, *options: str, ae_title: str = "QRSCP", movers: Mapping[str, int] | None = None
) -> Iterator[Peer]:
    """DCMTK's archive (C-ECHO, C-STORE, C-FIND, C-MOVE, C-GET); `movers` maps AE titles to ports it may move to."""
    database = folder / "database"
    database.mkdir(parents=True, exist_ok=True)
    hosts = "".join(f"mover{n} = ({title}, {HOST}, {port})\n" for n, (title, port) in enumerate((movers or {}).items()))

    def command(port: int) -> list[str | Path]:
        configuration = folder / "dcmqrscp.cfg"
        # Without UserName and GroupName: started by root it would change to them and could not write here.
        configuration.write_text(
            f"NetworkTCPPort = {port}\nMaxPDUSize = 131072\nMaxAssociations = 16\n"
            f"HostTable BEGIN\n{hosts}HostTable END\nVendorTable BEGIN\nVendorTable END\n"
            f"AETable BEGIN\n{ae_title} {database} RW (200, 1024mb) ANY\nAETable END\n"
        )
        return [program, *options, "-c", configuration]

    with _server("dcmqrscp", folder, 1, command) as ((port,), log, pid):
        yield Peer("dcmqrscp", ae_title, port, database, log, pid=pid)


@contextlib.contextmanager
def wlmscpfs(program: str, folder: Path, *options: str, ae_title: str = "WORKLIST") -> Iterator[Peer]:
    """DCMTK's worklist provider (C-ECHO, C-FIND) over the *.wl files in `peer.folder`."""
    items = folder / "worklists" / ae_title
    items.mkdir(parents=True, exist_ok=True)
    (items / "lockfile").touch()

    def command(port: int) -> list[str | Path]:
        return [program, *options, "-dfp", items.parent, str(port)]

    with _server("wlmscpfs", folder, 1, command) as ((port,), log, pid):
        yield Peer("wlmscpfs", ae_title, port, items, log, pid=pid)


@contextlib.contextmanager
def dcmprscp(program: str, folder: Path, *options: str, ae_title: str = "IHEFULL") -> Iterator[Peer]:
    """DCMTK's print provider (Basic Grayscale Print Management, Presentation LUT): the N- services."""
    for part in ("spool", "database", "lut", "log"):
        (folder / part).mkdir(parents=True, exist_ok=True)

    def command(port: int) -> list[str | Path]:
        configuration = folder / "dcmpstat.cfg"
        configuration.write_text(
            f"[[GENERAL]]\n[APPLICATION]\nLogDirectory = {folder / 'log'}\nLogFile = general.log\nLogLevel = INFO\n"
            f"[PRINT]\nDirectory = {folder / 'spool'}\nDetailedLog = false\nBinaryLog = false\n"
            f"[DATABASE]\nDirectory = {folder / 'database'}\n[LUT]\nDirectory = {folder / 'lut'}\n"
            f"[[COMMUNICATION]]\n[PRINTER]\nAetitle = {ae_title}\nDescription = Printer\nHostname = localhost\n"
            f"Port = {port}\nType = LOCALPRINTER\nDisableNewVRs = false\nImplicitOnly = false\nMaxPDU = 32768\n"
            "BorderDensity = 150\\20\\BLACK\\WHITE\nDisplayFormat = 1,1\\2,2\nEmptyImageDensity = 20\\BLACK\\WHITE\n"
            "FilmDestination = MAGAZINE\\PROCESSOR\nFilmSizeID = 8INX10IN\\14INX17IN\n"
            "MagnificationType = REPLICATE\\BILINEAR\\CUBIC\\NONE\nMaxDensity = 320\nMinDensity = 20\n"
            "MediumType = PAPER\\CLEAR FILM\\BLUE FILM\nResolutionID = STANDARD\\HIGH\nSmoothingType = NONE\n"
            "PresentationLUTMatchRequired = false\nPresentationLUTinFilmSession = false\n"
            "OmitSOPClassUIDFromCreateResponse = false\nSupports12Bit = true\nSupportsDecimateCrop = true\n"
            "SupportsImageSize = true\nSupportsPresentationLUT = true\nSupportsTrim = true\n"
        )
        return [program, *options, "-c", configuration, "-p", "PRINTER"]

    with _server("dcmprscp", folder, 1, command) as ((port,), log, pid):
        yield Peer("dcmprscp", ae_title, port, folder / "spool", log, pid=pid)


@contextlib.contextmanager
def orthanc(
    program: str,
    folder: Path,
    *,
    ae_title: str = "ORTHANC",
    modalities: Mapping[str, tuple[str, int]] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Iterator[Orthanc]:
    """Orthanc as provider and, by `peer.rest`, as user; `modalities` maps its names to (AE title, port)."""
    storage = folder / "orthanc-storage"
    storage.mkdir(parents=True, exist_ok=True)

    def command(dicom_port: int, http_port: int) -> list[str | Path]:
        configuration = {
            "Name": "Interop",
            "StorageDirectory": str(storage),
            "IndexDirectory": str(storage),
            "HttpPort": http_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomPort": dicom_port,
            "DicomAet": ae_title,
            "DicomCheckCalledAet": False,
            **{f"DicomAlwaysAllow{operation}": True for operation in ("Echo", "Store", "Find", "Get", "Move")},
            "DicomModalities": {name: [title, HOST, port] for name, (title, port) in (modalities or {}).items()},
            "UnknownSopClassAccepted": True,
            "Plugins": [],
            **(settings or {}),
        }
        path = folder / "orthanc.json"
        path.write_text(json.dumps(configuration, indent=1))
        return [program, path]

    # Asked politely, Orthanc takes more than three seconds to end, and what it would write by then nobody reads.
    with _server("Orthanc", folder, 2, command, end_at_once=True) as ((dicom_port, http_port), log, pid):
        yield Orthanc("orthanc", ae_title, dicom_port, storage, log, pid=pid, http_port=http_port)


Context = str | tuple[str, "Sequence[str]"]


@contextlib.contextmanager
def pynetdicom_scp(
    folder: Path,
    contexts: Iterable[Context],
    handlers: Iterable[tuple[Any, ...]] = (),
    *,
    ae_title: str = "PYNETDICOM",
    configure: Callable[[AE], None] | None = None,
    tls: Any = None,
) -> Iterator[Peer]:
    """A provider written with pynetdicom in this process: `handlers` are its (event, function[, arguments]) tuples.

    A context is an abstract syntax, or one with its transfer syntaxes. SCP and SCU roles are both accepted.
    tls: an `ssl.SSLContext`.
    """
    ae = AE(ae_title=ae_title)
    for timeout in ("acse_timeout", "dimse_timeout", "network_timeout"):
        setattr(ae, timeout, CLIENT_SECONDS)
    for context in contexts:
        syntax, transfer = (context, None) if isinstance(context, str) else context
        ae.add_supported_context(syntax, list(transfer) if transfer else None, scu_role=True, scp_role=True)
    if configure:
        configure(ae)
    # Port 0 lets the system choose: nobody can take the port in between.
    server = ae.start_server((HOST, 0), block=False, evt_handlers=list(handlers), ssl_context=tls)
    try:
        yield Peer("pynetdicom", ae_title, server.server_address[1], folder)
    finally:
        server.shutdown()
        ae.shutdown()


@dataclass(frozen=True, slots=True)
class Completed:
    """A client that ended: its arguments, exit code and output (both streams in the order written)."""

    arguments: tuple[str, ...]
    code: int
    output: str = field(repr=False)

    def succeeded(self) -> Completed:
        """Itself when the exit code was 0; else PeerError with what the program printed."""
        if self.code:
            raise PeerError(f"{' '.join(self.arguments)} ended with {self.code}:\n{self.output}")
        return self


def run_client(program: str, *arguments: object, cwd: Path, seconds: float = CLIENT_SECONDS) -> Completed:
    """Run a client (a full path) to its end; past `seconds` it is ended and PeerError raised."""
    given = (program, *(str(argument) for argument in arguments))
    process = subprocess.Popen(
        given,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env={**os.environ, **ENVIRONMENT},
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        output, _ = process.communicate()
        told = output.decode(errors="replace")
        raise PeerError(f"{' '.join(given)} had not ended after {seconds:g} s:\n{told}") from None
    return Completed(given, process.returncode, output.decode(errors="replace"))


def answer_success(event: evt.Event) -> int:
    """A pynetdicom handler that answers 0000H."""
    return 0x0000
