"""How much of a peer's is taken: beyond each limit it is refused the DICOM way, and said why."""

from __future__ import annotations

import contextlib
import struct
import threading
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.model.association import ProposedContext
from engine.model.commands import OneShot, Outgoing
from engine.model.dataset import DataElement, DataSet, EncodedData
from engine.model.limits import KIB, MIB, Limits
from engine.model.notices import AssociationNotice, ErrorNotice, ListenerNotice, MessageNotice, Outcome
from engine.runtime import files
from engine.runtime.context import Context
from engine.runtime.files import Spool, in_memory
from engine.runtime.room import disk_problem, size_text
from engine.services import peer
from engine.services.effects import Instance
from engine.services.instances import instance_from
from engine.services.responses import request_of
from engine.standard.messages import FIND, N_CREATE, STORE
from engine.wire import datasets
from engine.wire.commands import encode_command
from engine.wire.fragments import fragment
from engine.wire.pdus import decode_pdu
from tests.runtime.console import (
    CT,
    EXPLICIT,
    STUDY_FIND,
    VERIFICATION,
    Console,
    echo_rq,
    find_rq,
    policy,
    proposal,
    store_rq,
)
from tests.runtime.scripted import calling

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFLATED = "1.2.840.10008.1.2.1.99"


def limited(console: Console, folder: Path | None = None, **limits: int) -> ListenerNotice:
    return console.listen(folder, policy=policy(limits=Limits(**limits)))


def image(uid: str, size: int = 1000, syntax: str = EXPLICIT) -> EncodedData:
    ds = DataSet(
        (
            DataElement(0x00080016, "UI", (CT,)),
            DataElement(0x00080018, "UI", (uid,)),
            DataElement(0x00100010, "PN", ("Doe^Jane",)),
            DataElement(0x7FE00010, "OW", bytes(size)),
        )
    )
    return EncodedData(datasets.encode_dataset(ds, syntax), syntax)


def image_bytes(size: int = 1000, number: int = 1, syntax: str = EXPLICIT) -> bytes:
    """The data set of the instance with this number."""
    return image(f"1.2.{number}", size, syntax).data


def stored(console: Console, where: ListenerNotice, *data: EncodedData) -> list[int | None]:
    """Status of each C-STORE, all on one association."""
    syntax = data[0].transfer_syntax
    messages = [store_rq(CT, f"1.2.{n}", one) for n, one in enumerate(data, 1)]
    status = console.one_shot(proposal(where, (CT, syntax)), *messages)
    return [n.command.status for n in console.responses(status.operation)]


def said(console: Console, *words: str) -> None:
    """An error was told with these words in one sentence."""
    console.wait(ErrorNotice, lambda n: all(w in n.sentence for w in words))


@pytest.mark.parametrize(("kind", "length"), [(4, 5000), (1, 2 * MIB), (6, 2 * MIB)])
def test_a_pdu_beyond_the_limit_is_answered_with_an_abort(console: Console, kind: int, length: int) -> None:
    listener = limited(console, pdu_length=4096 if kind == 4 else 128 * MIB)
    with calling(listener.port, *([VERIFICATION] if kind == 4 else [])) as peer:
        peer.send(struct.pack(">BBI", kind, 0, length))
        assert peer.read_pdu()[0] == 7
    told = console.wait(AssociationNotice, lambda n: n.outcome is Outcome.ABORTED)
    assert f"PDU-length is {length} bytes; the limit is" in told.sentence


def test_a_command_set_beyond_the_limit_is_answered_with_an_abort(console: Console) -> None:
    command = encode_command(request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION))
    with calling(limited(console, command_set=1024).port, VERIFICATION) as peer:
        for pdu in fragment(1, command + bytes(2000), None, 256):
            peer.send(b"".join(bytes(part) for part in pdu))
        assert peer.read_pdu()[0] == 7
    told = console.wait(AssociationNotice, lambda n: n.outcome is Outcome.ABORTED)
    assert "is longer than 1024 bytes" in told.sentence


def test_a_pdu_with_data_is_not_waited_for_before_the_association_stands(console: Console) -> None:
    """Whoever has not been let in could fill the memory, 128 MiB a connection."""
    listener = limited(console)
    with calling(listener.port) as peer:
        peer.send(struct.pack(">BBI", 4, 0, 100 * MIB))
        assert peer.read_pdu()[0] == 7
    with calling(listener.port, VERIFICATION) as peer:
        peer.send(struct.pack(">BBIIBB", 4, 0, 2 * MIB, 2 * MIB - 4, 1, 1) + bytes(2 * MIB - 6))
        assert peer.read_pdu()[0] == 7
    assert console.wait(AssociationNotice, lambda n: "The command set" in n.sentence)


def test_a_command_set_of_many_elements_is_not_read(console: Console) -> None:
    """A hundred thousand fit into a MiB, and held up everybody for seconds."""
    command = encode_command(request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION))
    command += b"".join(struct.pack("<HHI", 0, 0x5000 + n, 0) for n in range(40_000))
    with calling(console.listen().port, VERIFICATION) as peer:
        for pdu in fragment(1, command, None, 0):
            peer.send(b"".join(bytes(part) for part in pdu))
        assert peer.read_pdu()[0] == 7
    said = console.wait(AssociationNotice, lambda n: n.outcome is Outcome.ABORTED).sentence
    assert f"longer than {256 * KIB} bytes" in said


def test_a_data_set_beyond_the_limit_is_answered_with_an_abort(console: Console) -> None:
    listener = limited(console, data_set=10_000)
    shot = console.one_shot(proposal(listener, (CT, EXPLICIT)), store_rq(CT, "1.2.1", image("1.2.1", 100_000)))
    assert shot.outcome is Outcome.ABORTED
    assert console.of(AssociationNotice, lambda n: "is longer than 10000 bytes" in n.sentence)


@pytest.mark.parametrize("name", ["contexts", "items"])
def test_too_many_contexts_or_items_are_rejected(console: Console, name: str) -> None:
    limits = Limits(contexts=8) if name == "contexts" else Limits(items=8)
    listener = console.listen(policy=policy(limits=limits))
    asked = [ProposedContext(2 * n + 1, VERIFICATION, (EXPLICIT,)) for n in range(9)]
    assert console.echo(listener).outcome is Outcome.SUCCESS or name == "items"
    number = console.open(proposal(listener, *asked))
    ended = console.ended(number)
    assert (ended.outcome, ended.rejection) == (Outcome.REJECTED, (1, 3, 2))
    assert console.of(AssociationNotice, lambda n: "8 is the limit" in n.sentence)


def deep(levels: int) -> DataSet:
    inner = DataSet((DataElement(0x00100020, "LO", ("X",)),))
    for _ in range(levels):
        inner = DataSet((DataElement(0x00081140, "SQ", (inner,)),))
    return inner


def test_sequences_too_deep_are_refused(console: Console) -> None:
    listener = limited(console, depth=5)
    for levels, fits in ((5, True), (6, False)):
        status = console.one_shot(proposal(listener, (STUDY_FIND, EXPLICIT)), find_rq(STUDY_FIND, deep(levels)))
        (answer,) = console.responses(status.operation)
        comment = answer.command.text("ErrorComment")
        assert ("cannot be read" in comment) is not fits, comment


def test_what_inflates_too_far_is_refused(console: Console) -> None:
    listener = limited(console, inflated=100_000)
    small, large = (image(f"1.2.{n}", size, DEFLATED) for n, size in ((1, 1000), (2, 5_000_000)))
    assert len(large.data) < 10_000
    assert stored(console, listener, small, large) == [0, 0xA700]
    bomb = zlib.compressobj(wbits=-15)
    packed = bomb.compress(bytes(1 << 24)) + bomb.flush()
    with pytest.raises(datasets.DataSetError, match="more than 1024 bytes"):
        datasets.decode_dataset(packed, DEFLATED, limits=Limits(inflated=1024))


@pytest.mark.parametrize(("more", "status"), [(0, 0), (2, 0xA700), (4, 0xA700)])
def test_the_limit_of_what_inflates_is_exact(more: int, status: int, console: Console) -> None:
    fits = len(image("1.2.3", 1000).data)
    listener = limited(console, inflated=fits)
    shot = console.one_shot(
        proposal(listener, (CT, DEFLATED)), store_rq(CT, "1.2.3", image("1.2.3", 1000 + more, DEFLATED))
    )
    (answer,) = console.responses(shot.operation)
    assert answer.command.status == status
    assert bool(status) is (f"has more than {fits} bytes" in answer.command.text("ErrorComment"))


def query(size: int = 0) -> EncodedData:
    """A deflated Identifier, with a text of so many characters."""
    ds = DataSet((DataElement(0x00080052, "CS", ("STUDY",)), DataElement(0x00104000, "LT", (" " * size,))))
    return EncodedData(datasets.encode_dataset(ds, DEFLATED), DEFLATED)


FILM = "1.2.840.10008.5.1.1.1"
INFLATED = {
    STORE: store_rq(CT, "1.2.3", image("1.2.3", 1000, DEFLATED)),
    FIND: find_rq(STUDY_FIND, query()),
    N_CREATE: Outgoing(command=request_of("N-CREATE-RQ", AffectedSOPClassUID=FILM), data=query()),
}


def sent_beside(console: Console, listener: ListenerNotice, command: int) -> int:
    """The operation that sends this request with a deflated data set of some bytes."""
    sent, operation = INFLATED[command], console.new_id()
    asked = proposal(listener, (sent.command.text("AffectedSOPClassUID"), DEFLATED))
    console.submit(OneShot(association=console.new_id(), operation=operation, proposal=asked, messages=(sent,)))
    return operation


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Deflated data sets are not inflated before the second event is set; the first says that one is to be."""
    begun, goes_on = threading.Event(), threading.Event()
    decode = datasets.decode_dataset

    def wait() -> None:
        begun.set()
        assert goes_on.wait(20)

    def slow(*given: Any, **named: Any) -> Instance:
        wait()
        return instance_from(*given, **named)

    def slow_decode(data: bytes, syntax: str, *given: Any, **named: Any) -> DataSet:
        if syntax == DEFLATED:
            wait()
        return decode(data, syntax, *given, **named)

    monkeypatch.setattr(peer, "instance_from", slow)
    monkeypatch.setattr(datasets, "decode_dataset", slow_decode)
    yield begun, goes_on
    goes_on.set()


@pytest.mark.parametrize("command", INFLATED)
def test_others_are_served_while_a_data_set_is_inflated(
    command: int, console: Console, held: tuple[threading.Event, threading.Event]
) -> None:
    """However few its bytes are, and whatever is asked with it."""
    begun, goes_on = held
    listener = console.listen()
    number = console.open(proposal(listener))
    operation = sent_beside(console, listener, command)
    assert begun.wait(20)
    assert console.send(number, echo_rq()).outcome is Outcome.SUCCESS
    goes_on.set()
    assert console.status(operation).status in (0, 0x0122)
    console.release(number)


@pytest.mark.parametrize("command", INFLATED)
def test_an_engine_that_ends_while_a_data_set_is_inflated_tells_no_defect(
    command: int,
    console: Console,
    held: tuple[threading.Event, threading.Event],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, goes_on = held
    close_links = Context.close_links

    async def tasks_finished(context: Context) -> None:
        goes_on.set()
        await close_links(context)

    monkeypatch.setattr(Context, "close_links", tasks_finished)
    sent_beside(console, console.listen(), command)
    assert begun.wait(20)
    console.close()
    assert goes_on.is_set()
    assert not [n.sentence for n in console.of(ErrorNotice) if "unexpectedly" in n.sentence]


@pytest.mark.parametrize(("command", "status"), [(FIND, 0xA700), (N_CREATE, 0x0213)])
def test_what_is_no_instance_inflates_to_less(command: int, status: int, console: Console) -> None:
    listener = console.listen()
    sent = replace(INFLATED[command], data=query(files.LARGEST_INFLATED))
    asked = proposal(listener, (sent.command.text("AffectedSOPClassUID"), DEFLATED))
    (answer,) = console.responses(console.one_shot(asked, sent).operation)
    assert answer.command.status == status
    said(console, f"refused: The deflated data set has more than {files.LARGEST_INFLATED} bytes")


def test_the_sender_of_bad_data_is_not_told_our_folders(console: Console, tmp_path: Path) -> None:
    """Data sets so large that they were spooled to a file have its name in what is said about them here."""
    listener = limited(console, tmp_path / "in", memory=100, depth=5)
    data = EncodedData(datasets.encode_dataset(deep(6), EXPLICIT), EXPLICIT)
    text = DataSet((DataElement(0x00104000, "LT", ("x" * 500,)),))
    broken = EncodedData(datasets.encode_dataset(text, EXPLICIT)[:-10], EXPLICIT)
    for sent, status in ((data, 0xA700), (broken, 0xC000)):
        shot = console.one_shot(proposal(listener, (CT, EXPLICIT)), store_rq(CT, "1.2.3", sent))
        (answer,) = console.responses(shot.operation)
        assert answer.command.status == status
        assert answer.command.text("ErrorComment").startswith("The data set cannot be read from byte")


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"files": 2}, "limit reached: 2 instances taken"),
        ({"received": 50_000}, "limit reached"),
        ({"disk_left": 1 << 60}, "disk full"),
    ],
)
def test_beyond_files_bytes_and_disk_instances_are_refused(
    console: Console, tmp_path: Path, limits: dict[str, int], words: str
) -> None:
    listener = limited(console, tmp_path / "in", **limits)
    answers = stored(console, listener, *(image(f"1.2.{n}", 20_000) for n in (1, 2, 3)))
    kept = 0 if "disk_left" in limits else 2
    assert answers == [0] * kept + [0xA700] * (3 - kept)
    assert len(list((tmp_path / "in").glob("*.dcm"))) == kept
    said(console, words, "1.2.3", "was not stored")
    assert console.echo(listener).outcome is Outcome.SUCCESS


def test_memory_without_a_folder_has_an_end(console: Console) -> None:
    listener = limited(console, without_folder=50_000)
    assert stored(console, listener, *(image(f"1.2.{n}", 20_000) for n in (1, 2, 3))) == [0, 0, 0xA700]
    said(console, "taken of 49 KiB")


def test_a_large_data_set_is_answered_although_the_disk_has_no_room(console: Console, tmp_path: Path) -> None:
    listener = limited(console, tmp_path / "in", memory=10_000, disk_left=1 << 60)
    assert stored(console, listener, image("1.2.1", 300_000), image("1.2.2", 300_000)) == [0xA700, 0xA700]
    said(console, "C-STORE-RQ was not kept", "disk full")
    status = console.one_shot(
        proposal(listener, (STUDY_FIND, EXPLICIT)),
        find_rq(STUDY_FIND, DataSet((DataElement(0x00104000, "LT", ("x" * 20_000,)),))),
    )
    assert [n.command.status for n in console.responses(status.operation)] == [0xA700]
    console.close()
    assert not list(tmp_path.rglob("*.part"))


@contextlib.contextmanager
def small_files(size: int) -> Iterator[None]:
    """Files of this process end at a size, as on a disk that is full. Not over a test's end: pytest writes there."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("memory", [10_000, 16 * MIB])
def test_a_disk_that_gets_full_while_receiving_loses_nothing_acknowledged(
    console: Console, tmp_path: Path, memory: int
) -> None:
    listener = limited(console, tmp_path / "in", memory=memory)
    with small_files(200_000):
        answers = stored(console, listener, image("1.2.1", 100_000), image("1.2.2", 900_000), image("1.2.3", 100_000))
    assert answers == [0, 0xA700, 0]
    assert sorted(p.name for p in (tmp_path / "in").glob("*.dcm")) == ["1.2.1.dcm", "1.2.3.dcm"]
    said(console, "File too large")
    console.close()
    assert not list(tmp_path.rglob("*.part"))


def test_what_is_buffered_when_the_disk_gets_full_is_not_taken_for_kept(tmp_path: Path) -> None:
    spool = Spool(EXPLICIT, tmp_path, Limits(memory=10))
    with small_files(50):
        spool.write(bytes(100))  # fits Python's buffer: only closing writes it
        left = spool.close()
    with pytest.raises(datasets.DataSetError, match="was not kept: File too large"):
        in_memory(left, MIB)
    assert not list(tmp_path.iterdir())


def test_the_disk_is_told_for_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not disk_problem(tmp_path / "not" / "there" / "yet", 1, 1)
    assert "are free, 1024 TiB are to stay so" in disk_problem(tmp_path, 0, 1 << 50)
    assert [size_text(n) for n in (5, 2048, 1 << 21, 3 << 40)] == ["5 bytes", "2.0 KiB", "2.0 MiB", "3.0 TiB"]

    def gone(_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("engine.runtime.room.shutil.disk_usage", gone)
    assert "cannot be looked at: Input/output error" in disk_problem(tmp_path, 0, 1)


def test_a_release_is_no_reason_to_take_a_megabyte(console: Console) -> None:
    with calling(limited(console).port, VERIFICATION) as peer:
        peer.send(struct.pack(">BBI", 5, 0, 64 * MIB))
        assert decode_pdu(peer.read_pdu()).TYPE == 7
    assert console.of(MessageNotice) == []


@pytest.mark.parametrize(("name", "status"), [("C-FIND-RQ", 0xA700), ("N-CREATE-RQ", 0x0213)])
def test_a_data_set_too_large_to_be_decoded_is_refused(
    name: str, status: int, console: Console, tmp_path: Path
) -> None:
    """Spooled to a file as an instance is, but never loaded."""
    listener = limited(console, tmp_path / "in", memory=1000, decoded=50_000)
    sop_class = STUDY_FIND if name == "C-FIND-RQ" else "1.2.840.10008.3.1.2.3.3"
    for size, fits in ((40_000, True), (60_000, False)):
        sent = Outgoing(
            command=request_of(name, AffectedSOPClassUID=sop_class),
            data=EncodedData(image("1.2.3", size).data, EXPLICIT),
        )
        shot = console.one_shot(proposal(listener, (sop_class, EXPLICIT)), sent)
        answer = console.responses(shot.operation)[-1]
        assert (answer.command.status == status) is not fits
    said(console, f"{name} refused: The data set has", "50000 are decoded at most")
    assert not list(tmp_path.rglob("*.part"))
