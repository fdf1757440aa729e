"""Five hundred files of every kind to real archives: each arrives bit for bit, or the plan said before why not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from engine.model.association import MAX_CONTEXTS
from engine.model.commands import StoreFiles
from engine.model.notices import (
    AssociationNotice,
    Direction,
    ErrorNotice,
    FindingNotice,
    MessageNotice,
    Outcome,
    StatusNotice,
    StoredNotice,
    StorePlanNotice,
)
from engine.model.storing import FileResult, FileState, StoreOptions, StorePlan
from engine.standard.transfer_syntaxes import DEFLATED_LE
from tests.interop.mixed_samples import COUNT, Mixed, classes, mixed, plain, syntaxes
from tests.runtime.console import Console, data_set_bytes, proposal

pytestmark = pytest.mark.interop
Start = Callable[..., Any]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Mixed]:
    return mixed(tmp_path_factory.mktemp("mixed"))


@dataclass(frozen=True)
class Sent:
    """One store of all files, as it was told."""

    plan: StorePlan
    status: StatusNotice
    ends: dict[str, FileResult]
    """The end of each file, by SOP Instance UID."""

    def of(self, state: FileState) -> dict[str, FileResult]:
        return {uid: r for uid, r in self.ends.items() if r.state is state}


def send(console: Console, where: Any, files: list[Mixed], **options: Any) -> Sent:
    command = StoreFiles(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=proposal(where),
        paths=(files[0].path.parent,),
        options=StoreOptions(**options),
    )
    console.submit(command)
    status = console.status(command.operation, 300)
    plan = console.wait(StorePlanNotice).plan
    uids = {f.number: f.sop_instance_uid for f in plan.files}
    told = console.of(StoredNotice)
    return Sent(plan, status, {uids[r.number]: r for n in told for r in n.results})


def said_before(console: Console, sent: Sent) -> None:
    """What cannot go was told, each with its reason, before the first file of its association was sent."""
    asked: set[int] = set()
    for notice in console.notices:
        if isinstance(notice, MessageNotice):
            asked.add(notice.association)
        elif isinstance(notice, StoredNotice):
            for result in notice.results:
                if result.state is FileState.CANNOT_GO:
                    assert result.association not in asked
                    assert "was accepted: " in result.sentence


def arrived_as_sent(
    sent: Sent, files: list[Mixed], arrived: dict[str, bytes], compressed_anew: Collection[str] = ()
) -> None:
    """Each stored file is there: the same bytes, or the same content where another uncompressed syntax was agreed on or
    the peer deflates again."""
    assert set(arrived) == set(sent.of(FileState.STORED))
    for file in files:
        if file.sop_instance_uid not in arrived:
            continue
        got, syntax = arrived[file.sop_instance_uid], sent.ends[file.sop_instance_uid].transfer_syntax
        if syntax == file.transfer_syntax and syntax not in compressed_anew:
            assert got == file.data, file
        else:
            assert plain(got, syntax) == plain(file.data, file.transfer_syntax), file


def test_the_files_are_of_every_kind(files: list[Mixed]) -> None:
    kinds = {(f.sop_class_uid, f.transfer_syntax) for f in files}
    assert len(files) == COUNT == 500
    assert len(kinds) > 2 * MAX_CONTEXTS
    assert {f.transfer_syntax for f in files} == {row.uid for row in syntaxes()}
    assert {f.sop_class_uid for f in files} == set(classes())


def in_folder(folder: Path) -> dict[str, bytes]:
    """Data sets by SOP Instance UID, exactly as they lie there."""
    found = {}
    for path in folder.iterdir():
        meta = dcmread(path, stop_before_pixels=True, specific_tags=["SOPInstanceUID"]).file_meta
        found[str(meta.MediaStorageSOPInstanceUID)] = data_set_bytes(path)
    return found


def with_syntax(files: Iterable[Mixed], *uids: str) -> set[str]:
    return {f.sop_instance_uid for f in files if f.transfer_syntax in uids}


def test_all_to_storescp(storescp: Start, console: Console, files: list[Mixed]) -> None:
    """It takes any SOP class, and the transfer syntaxes its option +xa has; the other files the plan turns down."""
    peer = storescp()
    sent = send(console, peer, files)
    said_before(console, sent)
    arrived_as_sent(sent, files, in_folder(peer.folder))
    assert len(sent.plan.associations) > 2
    stored = set(sent.of(FileState.STORED))
    assert stored | set(sent.of(FileState.CANNOT_GO)) == {f.sop_instance_uid for f in files}
    assert with_syntax(files, *(row.uid for row in syntaxes() if row.uncompressed), *TAKEN_BY_STORESCP) <= stored
    no_finding_on_us(console)


TAKEN_BY_STORESCP = [
    f"1.2.840.10008.1.2.{end}" for end in ("4.50", "4.51", "4.70", "4.80", "4.81", "4.90", "4.91", "5")
]
"""JPEG, JPEG-LS, JPEG 2000, RLE, for whatever SOP class; MPEG for some."""


def test_all_to_dcmrecv(dcmrecv: Start, console: Console, files: list[Mixed]) -> None:
    """Told to take the first 127 storage SOP classes in every transfer syntax DCMTK knows, it takes just these."""
    taken = classes()[: MAX_CONTEXTS - 1]
    known = [row.uid for row in syntaxes() if row.uid not in UNKNOWN_TO_DCMTK]
    peer = dcmrecv(taken, known)
    sent = send(console, peer, files)
    said_before(console, sent)
    arrived_as_sent(sent, files, in_folder(peer.folder))
    stored = set(sent.of(FileState.STORED))
    assert stored >= with_syntax((f for f in files if f.sop_class_uid in taken), *known)
    assert stored | set(sent.of(FileState.CANNOT_GO)) == {f.sop_instance_uid for f in files}
    no_finding_on_us(console)


UNKNOWN_TO_DCMTK = {
    "1.2.840.10008.1.20",
    *(f"1.2.840.10008.1.2.{end}" for end in ("1.98", "4.94", "4.95", "4.110", "4.111", "4.112", "8.1")),
    *(f"1.2.840.10008.1.2.4.{number}.1" for number in range(100, 107)),
    *(f"1.2.840.10008.1.2.4.{number}" for number in range(201, 206)),
}
"""Release 3.6.7: what is newer (fragmentable video, JPEG XL, HTJ2K), and what it does not receive (Papyrus, JPIP)."""


def no_finding_on_us(console: Console) -> None:
    found = console.of(FindingNotice, lambda n: n.severity == "error" and n.direction is Direction.SENT)
    assert not found, {n.sentence for n in found}


def test_all_to_orthanc(orthanc: Start, console: Console, files: list[Mixed]) -> None:
    """Orthanc 1.10 takes the JPIP Referenced syntaxes in negotiation and aborts when such a file comes: that is said
    before the first is sent, they go last, and end without a response. It deflates anew what came deflated.
    """
    peer = orthanc()
    sent = send(console, peer, files, resume=True)
    said_before(console, sent)
    assert sent.status.outcome is Outcome.FAILURE
    assert set(sent.of(FileState.UNKNOWN)) == with_syntax(files, *JPIP) - set(sent.of(FileState.CANNOT_GO))
    assert not {*sent.of(FileState.FAILED), *sent.of(FileState.NOT_SENT)}
    warned = console.of(ErrorNotice, lambda n: "accept the JPIP Referenced transfer syntaxes" in n.sentence)
    first_abort = console.wait(AssociationNotice, lambda n: n.outcome is Outcome.ABORTED)
    assert warned and warned[0].time < first_abort.time
    assert len(sent.of(FileState.STORED)) > COUNT * 0.7
    arrived = {}
    for number in peer.rest("GET", "/instances"):
        path = peer.folder / "got.dcm"
        path.write_bytes(peer.rest("GET", f"/instances/{number}/file", raw=True))
        arrived[str(dcmread(path, stop_before_pixels=True).file_meta.MediaStorageSOPInstanceUID)] = data_set_bytes(path)
    arrived_as_sent(sent, files, arrived, compressed_anew={DEFLATED_LE})
    no_finding_on_us(console)


JPIP = {"1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.95"}
