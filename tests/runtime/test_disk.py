"""A disk that is full, turns read-only, or loses what is to be sent: told in words, nothing acknowledged is lost."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.model.commands import Listen, PeerSettings, StoreFiles
from engine.model.limits import Limits
from engine.model.notices import AssociationNotice, ErrorNotice, ListenerNotice, Outcome, StoredNotice
from engine.model.storing import FileState
from engine.services.responses import response_to
from engine.wire import datasets
from tests.services.whole_steps import whole_step

from .console import CT, EXPLICIT, HOST, Console, keys, n_message, policy, proposal
from .scripted import Conversation, scripted
from .test_limits import image, stored

MPPS = "1.2.840.10008.3.1.2.3.3"
SIZE = 1 << 20


class Disk:
    """A small file system of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def turn_read_only(self) -> None:
        """By a mount of itself above it: the files that are open there forbid to remount the first."""
        where = str(self.folder / "in")
        for how in (["--bind", where, where], ["-o", "remount,bind,ro", where]):
            subprocess.run(["mount", *how], check=True, capture_output=True)

    def turn_back(self) -> None:
        subprocess.run(["umount", "-l", str(self.folder / "in")], check=True, capture_output=True)

    def fill(self) -> None:
        """To the last byte."""
        with (self.folder / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(512))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    try:
        made = subprocess.run(mount, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if made.returncode:
        pytest.skip("mounting a small file system needs rights that are not there")
    yield Disk(folder)
    subprocess.run(["umount", "-l", str(folder)], check=True, capture_output=True)


@pytest.fixture
def listener(console: Console, disk: Disk) -> Iterator[ListenerNotice]:
    yield console.listen(disk.folder / "in", policy=policy(limits=Limits(disk_left=0)))
    console.close()  # before the file system goes


def kept(disk: Disk) -> dict[str, int]:
    """SOP Instance UID and bytes of each instance there, each read as a DICOM file."""
    found = {}
    for path in (disk.folder / "in").rglob("*.dcm"):
        header = datasets.open_file(path)
        found[header.sop_instance_uid] = len(datasets.load_file(header.data).data)
    return found


def test_a_full_disk_keeps_what_was_acknowledged(console: Console, disk: Disk, listener: ListenerNotice) -> None:
    images = [image(f"1.2.{n}", 200_000) for n in range(1, 9)]
    answers = stored(console, listener, *images)
    good = answers.count(0)
    assert 1 <= good < 8
    assert set(answers) == {0, 0xA700}
    acknowledged = {f"1.2.{n}": len(i.data) for n, (i, s) in enumerate(zip(images, answers, strict=True), 1) if s == 0}
    assert kept(disk) == acknowledged
    assert not list(disk.folder.rglob("*.part"))
    console.wait(ErrorNotice, lambda n: "No space left on device" in n.sentence or "disk full" in n.sentence)
    assert console.echo(listener).outcome is Outcome.SUCCESS


def test_a_full_disk_where_listening_begins_is_said_once(console: Console, disk: Disk) -> None:
    disk.fill()
    folder = disk.folder / "in"
    console.submit(Listen(listener=1, host=HOST, settings=PeerSettings(folder=folder)))
    told = console.wait(ListenerNotice, lambda n: n.listener == 1)
    assert not told.listening
    assert told.sentence.startswith(f"The folder {folder} cannot be used: the disk is full")
    assert told.sentence.count("cannot be used") == 1


@pytest.mark.parametrize("size", [1000, 300_000], ids=["in memory", "through a file"])
def test_a_folder_that_turns_read_only(size: int, console: Console, disk: Disk, listener: ListenerNotice) -> None:
    first = image("1.2.1", size)
    assert stored(console, listener, first) == [0]
    disk.turn_read_only()
    assert stored(console, listener, image("1.2.1", size + 2)) == [0xA700]  # replaces nothing either
    told = console.wait(ErrorNotice, lambda n: "Read-only file system" in n.sentence)
    assert not told.report, told.report
    assert console.echo(listener).outcome is Outcome.SUCCESS
    disk.turn_back()
    assert kept(disk) == {"1.2.1": len(first.data)}
    again = image("1.2.1", size + 4)
    assert stored(console, listener, again) == [0]
    assert kept(disk) == {"1.2.1": len(again.data)}


def test_a_large_one_on_its_way_when_the_folder_turns_read_only(console: Console, disk: Disk, tmp_path: Path) -> None:
    listener = console.listen(disk.folder / "in", policy=policy(limits=Limits(disk_left=0, memory=1000)))
    assert stored(console, listener, image("1.2.1", 50_000)) == [0]
    disk.turn_read_only()
    assert stored(console, listener, image("1.2.2", 50_000), image("1.2.3", 50_000)) == [0xA700, 0xA700]
    assert console.echo(listener).outcome is Outcome.SUCCESS
    assert not console.of(ErrorNotice, lambda n: n.report)
    disk.turn_back()
    again = image("1.2.1", 60_000)
    assert stored(console, listener, again) == [0]
    assert kept(disk) == {"1.2.1": len(again.data)}
    console.close()


def test_a_normalized_instance_that_cannot_be_kept_is_answered_0213(
    console: Console, disk: Disk, listener: ListenerNotice
) -> None:
    """PS3.7 C.5.22, with a database that cannot be written."""
    create = n_message("N-CREATE-RQ", whole_step(), AffectedSOPClassUID=MPPS, AffectedSOPInstanceUID="1.5")
    number = console.open(proposal(listener, MPPS))
    disk.fill()
    refused = console.send(number, create)
    assert (refused.outcome, refused.status) == (Outcome.FAILURE, 0x0213)
    told = console.wait(ErrorNotice, lambda n: "could not be kept" in n.sentence)
    assert not told.report
    (disk.folder / "filler").unlink()
    assert console.send(number, create).outcome is Outcome.SUCCESS  # nothing of the first stayed
    console.release(number)


# --- sending --------------------------------------------------------------------------------------------------------


def files(folder: Path, count: int, size: int = 100) -> list[Path]:
    made = []
    for number in range(1, count + 1):
        uid = f"1.2.3.{number}"
        data = datasets.encode_dataset(keys(SOPClassUID=CT, SOPInstanceUID=uid, PatientID="P"), EXPLICIT)
        pixels = bytes.fromhex("e07f1000 4f570000") + size.to_bytes(4, "little") + bytes(size)
        path = folder / f"{number}.dcm"
        datasets.write_file(path, data + pixels, EXPLICIT, CT, uid)
        made.append(path)
    return made


def send(console: Console, paths: list[Path], after_first: Callable[[], object]) -> tuple[str, dict[str, FileState]]:
    """Store them at a peer that does something before it answers the first; the sentence, and each one's end."""

    done = threading.Event()

    def peer(talk: Conversation) -> None:
        talk.accept()
        while True:
            try:
                context, request = talk.read_command()
            except AssertionError:  # the release, or the end
                talk.send(bytes.fromhex("06000000000400000000"))
                talk.wait_closed()
                return
            if not done.is_set():
                done.set()
                after_first()
            talk.send(talk.message(context, response_to(request, 0)))

    with scripted(peer) as where:
        status = console.run(
            StoreFiles(
                operation=console.new_id(), association=console.new_id(), proposal=proposal(where), paths=tuple(paths)
            )
        )
    ends = {r.path.name: r.state for n in console.of(StoredNotice) for r in n.results}
    return status.sentence, ends


def test_a_file_that_vanishes_before_its_turn(console: Console, tmp_path: Path) -> None:
    paths = files(tmp_path, 9)  # the one that follows is read ahead
    sentence, ends = send(console, paths, paths[5].unlink)
    assert "8 of 9 files stored" in sentence
    assert {n: s for n, s in ends.items() if s is not FileState.STORED} == {"6.dcm": FileState.CANNOT_GO}
    assert "6.dcm: The data set could not be read, so nothing of it was sent" in sentence
    assert len({n.association for n in console.of(AssociationNotice)}) == 1  # it costs no association


def test_a_file_cut_short_before_its_turn(console: Console, tmp_path: Path) -> None:
    paths = files(tmp_path, 3, 3_000_000)

    def cut() -> None:
        with paths[1].open("r+b") as file:
            file.truncate(1_500_000)

    sentence, ends = send(console, paths, cut)
    assert ends[paths[0].name] is FileState.STORED and ends[paths[1].name] is not FileState.STORED
    assert "3 of 3" not in sentence
