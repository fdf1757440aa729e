"""Disks that may never answer: they hold up nobody but who asked for what is on them."""

from __future__ import annotations

import ntpath
import os
import posixpath
import threading
from dataclasses import replace
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any

import pytest

from engine.model.commands import Cancel, MoveDestination, Retrieve, StoreFiles
from engine.model.limits import Limits
from engine.model.notices import EngineNotice, Outcome
from engine.runtime import places
from engine.runtime.places import folder_of, is_quick, kind_of, known_quick, known_quick_file
from tests.runtime.console import (
    CT,
    EXPLICIT,
    HOST,
    STUDY_GET,
    STUDY_MOVE,
    Console,
    policy,
    proposal,
    store_rq,
    write_instances,
)
from tests.runtime.retrieving import STUDY, free_port, same_files, stock
from tests.runtime.test_limits import image
from tests.runtime.test_storing import plan_of

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:30 / /mnt/share rw - nfs4 server:/share rw
31 22 0:31 / /mnt/my\\040share rw - cifs //server/share rw
32 22 0:32 / /home rw master:2 - btrfs /dev/sdb rw
33 32 0:33 / /home/jane/remote rw - fuse.sshfs jane@server rw
34 22 0:34 / /net rw - autofs systemd-1 rw
35 22 0:35 / /net rw - nfs server:/ rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/mnt", "ext4"),
        ("/mnt/share", "nfs4"),
        ("/mnt/share/a", "nfs4"),
        ("/mnt/shared", "ext4"),
        ("/mnt/my share/a", "cifs"),
        ("/home/jane/images", "btrfs"),
        ("/home/jane/remote/images", "fuse.sshfs"),
        ("/net/x", "nfs"),
    ],
)
def test_what_a_folder_is_on(path: str, kind: str) -> None:
    assert kind_of(path, MOUNTS) == kind
    assert kind_of(path, "") == ""


def test_what_is_known_of_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder, file in ((tmp_path, tmp_path / "a"), (Path(), Path("a")), (Path("/"), Path("/a"))):
        places.forget()
        assert known_quick(folder) is None and not known_quick_file(file)
        assert is_quick(folder) is known_quick(folder) is known_quick_file(file)


@pytest.mark.parametrize(
    "path",
    [
        *map(PurePosixPath, ("/a.dcm", "/x/a.dcm", "x/a.dcm", "a.dcm")),
        *map(PureWindowsPath, (r"C:\a.dcm", r"C:\x\a.dcm", "C:a.dcm", r"x\a.dcm", "a.dcm", r"\\server\share\a.dcm")),
    ],
    ids=str,
)
def test_the_folder_of_a_file_is_named_as_whoever_found_it_asked(path: PurePath) -> None:
    dirname = ntpath.dirname if isinstance(path, PureWindowsPath) else posixpath.dirname
    assert folder_of(str(path), dirname) == str(path.parent)


class Share:
    """A folder on a disk that answers when it is let, and who asked it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answers = threading.Event()
        self.asked = threading.Event()
        self.who: set[str] = set()

    def filled(self, count: int, size: int) -> list[Path]:
        """With files, while it answers."""
        self.answers.set()
        files = write_instances(self.folder, count, size)
        self.hangs()
        return files

    def hangs(self) -> None:
        self.answers.clear()
        self.asked.clear()
        self.who.clear()

    def open(self, path: Any, *args: Any, **options: Any) -> int:
        if os.path.realpath(path).startswith(str(self.folder)):
            self.who.add(threading.current_thread().name)
            self.asked.set()
            self.answers.wait(60)
        return _open(path, *args, **options)


_open = os.open


@pytest.fixture
def share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    made = Share(tmp_path / "share")
    whole = places._is_quick
    monkeypatch.setattr(places, "_is_quick", lambda path: not path.startswith(str(made.folder)) and whole(path))
    monkeypatch.setattr(os, "open", made.open)
    places.forget()
    yield made
    made.answers.set()
    places.forget()


def store(console: Console, listener: Any, *paths: Path) -> StoreFiles:
    return StoreFiles(
        association=console.new_id(),
        operation=console.new_id(),
        proposal=proposal(listener, (CT, EXPLICIT)),
        paths=paths,
    )


@pytest.mark.parametrize("size", [100, 3_000_000])
def test_files_on_it_are_found_and_sent_beside_the_loop(size: int, share: Share, console: Console) -> None:
    share.filled(6, size)
    listener = console.listen()
    command = store(console, listener, share.folder)
    console.submit(command)
    assert share.asked.wait(30)
    assert console.echo(listener).outcome is Outcome.SUCCESS  # the loop serves others
    share.answers.set()
    status = console.status(command.operation)
    assert (status.outcome, status.completed) == (Outcome.SUCCESS, 6)
    assert share.who and not {name for name in share.who if name.startswith("dimse-engine")}
    assert not console.of(EngineNotice)


@pytest.mark.parametrize("how", ["in a folder", "named", "by a pattern"])
def test_links_that_lead_to_it_are_followed_beside_the_loop(
    how: str, share: Share, console: Console, tmp_path: Path
) -> None:
    links = tmp_path / "links"
    links.mkdir()
    for number, file in enumerate(share.filled(6, 100)):
        (links / f"{number}.dcm").symlink_to(file)
    is_quick(links)
    listener = console.listen()
    paths = {"in a folder": [links], "named": sorted(links.iterdir()), "by a pattern": [links / "*.dcm"]}
    command = store(console, listener, *paths[how])
    console.submit(command)
    assert share.asked.wait(30)
    assert console.echo(listener).outcome is Outcome.SUCCESS
    share.answers.set()
    status = console.status(command.operation)
    assert (status.outcome, status.completed) == (Outcome.SUCCESS, 6)
    assert share.who and not {name for name in share.who if name.startswith("dimse-engine")}


@pytest.mark.parametrize("size", [100, 3_000_000])
def test_a_disk_that_hangs_while_files_are_sent(size: int, share: Share, console: Console) -> None:
    files = share.filled(3, size)
    listener = console.listen()
    share.answers.set()
    plan, _ = plan_of(console, *files)
    share.hangs()
    command = replace(store(console, listener), plan=plan)
    console.submit(command)
    assert share.asked.wait(30)
    assert console.echo(listener).outcome is Outcome.SUCCESS
    share.answers.set()
    status = console.status(command.operation)
    assert (status.outcome, status.completed) == (Outcome.SUCCESS, 3)
    assert not {name for name in share.who if name.startswith("dimse-engine")}


def test_looking_for_files_on_it_can_be_cancelled(share: Share, console: Console) -> None:
    share.filled(2, 100)
    command = store(console, console.listen(), share.folder)
    console.submit(command)
    assert share.asked.wait(30)
    console.submit(Cancel(operation=command.operation))
    assert console.status(command.operation).outcome in (Outcome.CANCELLED, Outcome.NOT_SENT)


@pytest.mark.parametrize("memory", [1 << 20, 1000])
def test_what_is_received_onto_it_is_written_beside_the_loop(memory: int, share: Share, console: Console) -> None:
    share.answers.set()
    listener = console.listen(share.folder, policy=policy(limits=Limits(memory=memory)))
    for uid in ("1.2.1", "1.2.2"):
        shot = console.one_shot(proposal(listener, (CT, EXPLICIT)), store_rq(CT, uid, image(uid, 5000)))
        assert shot.outcome is Outcome.SUCCESS
    assert sorted(path.name for path in share.folder.glob("*.dcm")) == ["1.2.1.dcm", "1.2.2.dcm"]
    assert share.who and not {name for name in share.who if name.startswith("dimse-engine")}


@pytest.mark.parametrize("memory", [1 << 20, 10])
@pytest.mark.parametrize("how", ["C-GET", "C-MOVE", "C-MOVE to the built-in peer"])
def test_what_is_retrieved_onto_it_is_written_beside_the_loop(
    how: str, memory: int, share: Share, console: Console, tmp_path: Path
) -> None:
    port, limits = free_port(), Limits(memory=memory)
    more: dict[str, Any] = {"move_destination": "MINE", "listen_port": port}
    if how == "C-GET":
        more = {"sop_classes": (CT,)}
    elif how != "C-MOVE":
        own = console.listen(tmp_path / "own", policy=policy(ae_titles=("MINE",), limits=limits))
        port, more["listen_port"] = own.port, None
    there = MoveDestination(ae_title="MINE", host=HOST, port=port)
    archive = console.listen(stock(tmp_path / "stock"), destinations=(there,))
    command = Retrieve(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=replace(proposal(archive, limits=limits), contexts=()),
        service=how[:6].rstrip(),
        sop_class_uid=STUDY_GET if how == "C-GET" else STUDY_MOVE,
        identifier=STUDY,
        folder=share.folder,
        **more,
    )
    console.submit(command)
    assert share.asked.wait(30)
    assert console.echo(archive).outcome is Outcome.SUCCESS  # the loop serves others
    share.answers.set()
    assert console.status(command.operation).outcome is Outcome.SUCCESS
    assert same_files(share.folder, tmp_path / "stock")
    assert share.who and not {name for name in share.who if name.startswith("dimse-engine")}
