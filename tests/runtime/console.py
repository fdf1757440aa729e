"""Drives the engine headless as a face does: commands in, notices awaited. Shared by the runtime and interop tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from engine.model.association import (
    AcceptedSyntax,
    LocalAE,
    Peer,
    Policy,
    Proposal,
    ProposedContext,
    Role,
    Timeouts,
)
from engine.model.command_set import CommandSet
from engine.model.commands import Command, Listen, OneShot, OpenAssociation, Outgoing, PeerSettings, Release, Send
from engine.model.dataset import DataElement, DataSet, EncodedData, FileData
from engine.model.notices import (
    AnyNotice,
    AssociationNotice,
    AssociationPhase,
    ListenerNotice,
    MessageNotice,
    StatusNotice,
)
from engine.runtime.engine import Engine
from engine.services.responses import request_of
from engine.standard.dictionary import attribute_by_keyword
from engine.wire import datasets

HOST = "127.0.0.1"
VERIFICATION = "1.2.840.10008.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
STUDY_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
STUDY_GET = "1.2.840.10008.5.1.4.1.2.2.3"
PATIENT_FIND = "1.2.840.10008.5.1.4.1.2.1.1"
PATIENT_GET = "1.2.840.10008.5.1.4.1.2.1.3"
WORKLIST = "1.2.840.10008.5.1.4.31"
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
SECONDS = 30.0
N = TypeVar("N")


class Console:
    """An engine and every notice it gave, in order."""

    def __init__(self, **options: Any) -> None:
        """options: of the engine."""
        self.engine = Engine(**options)
        self.engine.start()
        self.notices: list[AnyNotice] = []

    def close(self) -> None:
        self.engine.stop()
        self.drain()

    def drain(self) -> list[AnyNotice]:
        while new := self.engine.drain():
            self.notices += new
        return self.notices

    def submit(self, command: Command) -> None:
        self.engine.submit(command)

    def taken(self) -> None:
        """Wait until the engine has taken every command handed over so far; from any thread."""
        done = threading.Event()
        self.engine._context.loop.call_soon_threadsafe(done.set)
        assert done.wait(SECONDS)

    def new_id(self) -> int:
        return self.engine.new_id()

    def wait(self, kind: type[N], condition: Callable[[N], object] = lambda _: True, seconds: float = SECONDS) -> N:
        """The first notice of this kind that meets the condition, old ones included."""
        deadline = time.monotonic() + seconds
        seen = 0
        while True:
            for notice in self.notices[seen:]:
                if isinstance(notice, kind) and condition(notice):
                    return notice
            seen = len(self.notices)
            left = deadline - time.monotonic()
            if left <= 0:
                told = "\n".join(map(_short, self.notices))
                raise AssertionError(f"no {kind.__name__} came within {seconds} s; there were:\n{told}")
            self.notices += self.engine.drain_wait(left)

    def of(self, kind: type[N], condition: Callable[[N], object] = lambda _: True) -> list[N]:
        return [n for n in self.drain() if isinstance(n, kind) and condition(n)]

    # -- the usual commands

    def status(self, operation: int, seconds: float = SECONDS) -> StatusNotice:
        return self.wait(StatusNotice, lambda n: n.operation == operation, seconds)

    def ended(self, association: int, seconds: float = SECONDS) -> AssociationNotice:
        return self.wait(AssociationNotice, lambda n: n.association == association and n.outcome is not None, seconds)

    def run(self, command: Any, seconds: float = SECONDS) -> StatusNotice:
        """Submit an operation and wait for its end."""
        self.submit(command)
        return self.status(command.operation, seconds)

    def one_shot(self, proposal: Proposal, *messages: Outgoing, linger: float = 0.0) -> StatusNotice:
        shot = OneShot(
            association=self.new_id(), operation=self.new_id(), proposal=proposal, messages=messages, linger=linger
        )
        status = self.run(shot)
        self.ended(shot.association)
        return status

    def echo(self, where: Any, **changes: Any) -> StatusNotice:
        return self.one_shot(proposal(where, **changes), echo_rq())

    def open(self, proposal: Proposal, *, auto_answer: bool = True) -> int:
        """Open an association and wait until it stands."""
        number = self.new_id()
        self.submit(OpenAssociation(association=number, proposal=proposal, auto_answer=auto_answer))
        self.wait(
            AssociationNotice,
            lambda n: n.association == number and (n.phase is AssociationPhase.ESTABLISHED or n.outcome is not None),
        )
        return number

    def send(self, association: int, message: Outgoing) -> StatusNotice:
        return self.run(Send(association=association, operation=self.new_id(), message=message))

    def release(self, association: int) -> AssociationNotice:
        self.submit(Release(association=association))
        return self.ended(association)

    def listen(self, folder: Path | None = None, **settings: Any) -> ListenerNotice:
        """Start the built-in peer on loopback at any port."""
        host = settings.pop("host", HOST)
        port = settings.pop("port", 0)
        number = self.new_id()
        self.submit(Listen(listener=number, host=host, port=port, settings=PeerSettings(folder=folder, **settings)))
        notice = self.wait(ListenerNotice, lambda n: n.listener == number)
        assert notice.listening, notice.sentence
        return notice

    # -- what happened

    def phases(self, association: int) -> list[AssociationPhase]:
        return [n.phase for n in self.of(AssociationNotice, lambda n: n.association == association)]

    def responses(self, operation: int) -> list[MessageNotice]:
        return self.of(MessageNotice, lambda n: n.operation == operation and n.command.is_response)

    def found(self, operation: int) -> list[DataSet]:
        """Identifiers of the pending responses of a C-FIND, decoded."""
        return [decoded(n) for n in self.responses(operation) if n.data is not None]


def decoded(message: MessageNotice) -> DataSet:
    """The data set of a message."""
    data = message.data
    if isinstance(data, DataSet):
        return data
    if isinstance(data, FileData):
        data = datasets.load_file(data)
    assert isinstance(data, EncodedData)
    return datasets.decode_dataset(data.data, data.transfer_syntax)


def _short(notice: AnyNotice) -> str:
    text = repr(notice)
    return text if len(text) < 400 else text[:400] + " ..."


def contexts(
    *wanted: str | tuple[str, ...] | ProposedContext, role: Role = Role.DEFAULT
) -> tuple[ProposedContext, ...]:
    """Contexts of abstract syntaxes, each alone or with its transfer syntaxes."""
    made = []
    for number, item in enumerate(wanted):
        if isinstance(item, ProposedContext):
            made.append(item)
            continue
        uid, *syntaxes = (item,) if isinstance(item, str) else item
        made.append(ProposedContext(2 * number + 1, uid, tuple(syntaxes) or (EXPLICIT, IMPLICIT), role))
    return tuple(made)


def proposal(
    where: Any,
    *wanted: str | tuple[str, ...] | ProposedContext,
    called: str | None = None,
    calling: str = "CONSOLE",
    host: str | None = None,
    maximum_length: int = 131072,
    timeouts: Timeouts = Timeouts(connect=5.0, acse=10.0, dimse=20.0),
    **others: Any,
) -> Proposal:
    """A proposal to a peer (anything with a port, and ae_title and host where it has them)."""
    title = called or getattr(where, "ae_title", "") or "ANY-SCP"
    return Proposal(
        local=LocalAE(ae_title=calling, maximum_length=maximum_length),
        peer=Peer(ae_title=title, host=host or getattr(where, "host", HOST), port=where.port),
        contexts=contexts(*(wanted or (VERIFICATION,))),
        timeouts=timeouts,
        **others,
    )


def policy(*accepted: str, **others: Any) -> Policy:
    """A policy that accepts these abstract syntaxes (any when none is named)."""
    if accepted:
        others["accepted"] = tuple(AcceptedSyntax(abstract_syntax=uid) for uid in accepted)
    return Policy(**others)


def echo_rq() -> Outgoing:
    return Outgoing(command=request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION))


def store_rq(sop_class_uid: str, sop_instance_uid: str, data: Any) -> Outgoing:
    command = request_of("C-STORE-RQ", AffectedSOPClassUID=sop_class_uid, AffectedSOPInstanceUID=sop_instance_uid)
    return Outgoing(command=command, data=data)


def find_rq(sop_class_uid: str, identifier: DataSet) -> Outgoing:
    return Outgoing(command=request_of("C-FIND-RQ", AffectedSOPClassUID=sop_class_uid), data=identifier)


def n_message(name: str, data: DataSet | None = None, **values: Any) -> Outgoing:
    """A DIMSE-N request by its name, its command elements by keyword."""
    return Outgoing(command=request_of(name, **values), data=data)


def response(keyword_values: dict[str, Any]) -> CommandSet:
    return CommandSet.of(**keyword_values)


def keys(**values: str | Iterable[DataSet]) -> DataSet:
    """A data set from keywords."""
    elements = []
    for keyword, value in values.items():
        row = attribute_by_keyword(keyword)
        assert row is not None, keyword
        if not isinstance(value, str):
            elements.append(DataElement(row.tag, "SQ", tuple(value)))
        else:
            vr = row.vr.split(" or ")[0]
            elements.append(DataElement(row.tag, vr, tuple(value.split("\\")) if value else ()))
    return DataSet(tuple(sorted(elements, key=lambda e: e.tag)))


def tag(keyword: str) -> int:
    row = attribute_by_keyword(keyword)
    assert row is not None, keyword
    return row.tag


def data_set_bytes(path: Path) -> bytes:
    """The data-set bytes of a DICOM file, exactly."""
    return datasets.load_file(datasets.open_file(path).data).data


def write_instances(folder: Path, count: int, size: int = 100) -> list[Path]:
    """Instances of one study in `folder`, of about `size` bytes each."""
    folder.mkdir(exist_ok=True)
    paths = []
    for number in range(count):
        ds = keys(SOPClassUID=CT, SOPInstanceUID=f"1.2.3.{number}", PatientID="P1", StudyInstanceUID="1.2.9")
        data = datasets.encode_dataset(ds, EXPLICIT)
        data += b"\xe0\x7f\x10\x00OW\0\0" + size.to_bytes(4, "little") + bytes(size)
        path = folder / f"{number:05}.dcm"
        datasets.write_file(path, data, EXPLICIT, CT, f"1.2.3.{number}")
        paths.append(path)
    return paths
