"""Large data sets that arrive stand in temporary files as long as somebody has them, and no longer."""

from __future__ import annotations

import errno
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, NoReturn

import pytest

from engine.cli.main import main
from engine.model.commands import Abort
from engine.model.dataset import FileData
from engine.model.limits import Limits
from engine.model.notices import ErrorNotice, MessageNotice, Outcome
from engine.runtime.files import FolderStore, Spool
from engine.runtime.temporary_files import processes, sweep_left
from engine.services.instances import instance_from
from engine.services.responses import request_of, response_to
from engine.wire import datasets
from engine.wire.datasets import encode_dataset
from tests.runtime.console import CT, EXPLICIT, STUDY_FIND, Console, decoded, find_rq, keys, policy, proposal, store_rq
from tests.runtime.scripted import Conversation, calling, scripted
from tests.runtime.test_limits import image, stored

LIMITS = Limits(memory=50)
LARGE = encode_dataset(keys(QueryRetrieveLevel="STUDY", StudyDescription="x" * 60, StudyInstanceUID="1.2.3"), EXPLICIT)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    made = tmp_path / "temporary"
    made.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    return made


def matches(talk: Conversation) -> None:
    """Answers a C-FIND with three large identifiers."""
    talk.accept()
    context, request = talk.read_command()
    for _ in range(3):
        talk.send(talk.message(context, response_to(request, 0xFF00, has_data=True), LARGE))
    talk.send(talk.message(context, response_to(request, 0)))
    talk.read_pdu()
    talk.send(bytes.fromhex("06000000000400000000"))


def forgotten(console: Console) -> None:
    """Nobody looks at what was told any more."""
    console.notices.clear()
    gc.collect()


def test_those_of_responses_go_with_the_last_who_shows_them(console: Console, folder: Path) -> None:
    with scripted(matches) as peer:
        asked = proposal(peer, (STUDY_FIND, EXPLICIT), limits=LIMITS)
        status = console.one_shot(asked, find_rq(STUDY_FIND, keys(QueryRetrieveLevel="STUDY")))
    assert status.outcome is Outcome.SUCCESS
    shown = [n for n in console.responses(status.operation) if n.data is not None]
    assert [type(n.data) for n in shown] == [FileData] * 3 and len(list(folder.iterdir())) == 3
    last = shown.pop()
    shown.clear()
    forgotten(console)
    assert len(list(folder.iterdir())) == 1
    assert decoded(last).text(0x0020000D) == "1.2.3"
    del last
    assert not list(folder.iterdir())


def test_those_of_requests_answered_by_hand_go_too(console: Console, folder: Path) -> None:
    def script(talk: Conversation) -> None:
        talk.accept()
        store = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID="1.2.3")
        request = store.with_values(MessageID=1, Priority=0, CommandDataSetType=1)
        talk.send(talk.message(1, request, image("1.2.3").data))
        talk.wait_closed()

    with scripted(script) as peer:
        number = console.open(proposal(peer, (CT, EXPLICIT), limits=LIMITS), auto_answer=False)
        asked = console.wait(MessageNotice, lambda n: n.association == number)
        assert isinstance(asked.data, FileData) and asked.data.path.exists()
        console.submit(Abort(association=number))
        console.ended(number)
    del asked
    forgotten(console)
    assert not list(folder.iterdir())


def test_what_the_built_in_peer_holds_stays(console: Console, folder: Path) -> None:
    listener = console.listen(policy=policy(limits=LIMITS))
    for uid in ("1.2.1", "1.2.2"):
        stored = console.one_shot(proposal(listener, (CT, EXPLICIT)), store_rq(CT, uid, image(uid)))
        assert stored.outcome is Outcome.SUCCESS
    forgotten(console)
    assert len(list(folder.iterdir())) == 2
    console.close()
    forgotten(console)
    assert not list(folder.iterdir())


def test_a_command_leaves_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with scripted(matches) as peer:
        asked = ["find", "127.0.0.1", str(peer.port), "-k", "StudyInstanceUID", "--limit", "memory=50"]
        assert main(asked) == 0
    assert capsys.readouterr().out.count("1.2.3") == 3
    gc.collect()
    assert not list(folder.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="which processes live cannot be asked there")
def test_what_a_killed_process_left_is_deleted(folder: Path) -> None:
    """Patients' data may be in it."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    here = processes()
    left = folder / f"dimse-console-{ended.pid}-{here}-abc_1.part"
    own = folder / f"dimse-console-{os.getpid()}-{here}-abc_1.part"
    another = folder / f"dimse-console-{ended.pid}-{'0' * 8}-abc_1.part"  # of a computer that shares the folder
    for path in (left, own, another):
        path.touch()
    spool = Spool(EXPLICIT, limits=LIMITS)
    spool.write(bytes(100))
    spool.discard()
    for thread in threading.enumerate():
        if thread.name == "dimse-sweeping":
            thread.join()
    assert sorted(folder.iterdir()) == sorted((own, another))


@pytest.mark.skipif(os.name == "nt", reason="what is open cannot be deleted there")
@pytest.mark.parametrize("kept", [True, False], ids=["to be kept", "in a temporary file"])
def test_one_that_is_deleted_while_it_comes_is_ours_to_tell_of(
    kept: bool, console: Console, folder: Path, tmp_path: Path
) -> None:
    """The peer has done nothing wrong, and those that follow are taken as ever."""
    to, why = tmp_path / "in", "its file was deleted, or its folder moved, while it came"
    here = console.listen(to if kept else None, policy=policy(limits=Limits(memory=4096, disk_left=0)))
    incoming = to / ".dimse-console" / "incoming" if kept else folder
    with calling(here.port, (CT, EXPLICIT)) as talk:

        def ask(number: int) -> bytes:
            store = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID=f"1.2.{number}")
            store = store.with_values(MessageID=number, CommandDataSetType=1)
            return talk.message(1, store, image(f"1.2.{number}", 50_000).data)

        def answer() -> tuple[int | None, str]:
            _, response = talk.read_command()
            return response.status, response.text("ErrorComment")

        talk.send(ask(1)[:-100])
        while not any(path.stat().st_size > 4096 for path in incoming.iterdir()):
            console.taken()
        shutil.rmtree(incoming)
        if not kept:
            folder.mkdir()
        talk.send(ask(1)[-100:])
        status, comment = answer()
        assert (status, comment) == (0xA700, why)
        talk.send(ask(2))
        assert answer() == (0, "")
    told = f"The data set of a C-STORE-RQ was not kept: {why}."
    console.wait(ErrorNotice, lambda n: n.sentence == told)


@pytest.mark.parametrize("size", [100, 50_000], ids=["small", "large"])
def test_why_it_cannot_be_kept_is_said_alike(size: int, console: Console, tmp_path: Path) -> None:
    """Of small ones, which are written when they have come, and of large ones, which are written meanwhile."""
    here = console.listen(tmp_path / "in", policy=policy(limits=Limits(memory=4096, disk_left=0)))
    incoming = tmp_path / "in" / ".dimse-console" / "incoming"
    incoming.rmdir()
    incoming.write_bytes(b"")
    assert stored(console, here, image("1.2.1", size)) == [0xA700]
    console.wait(ErrorNotice, lambda n: n.sentence.endswith("a file has the folder's name."))


def test_one_that_cannot_be_deleted_stops_nobody(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder's permissions were changed meanwhile; the next start deletes it."""
    here = console.listen(tmp_path / "in", policy=policy(limits=Limits(memory=4096, disk_left=0)))

    def unlink(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", unlink)
        assert stored(console, here, image("1.2.1", 50_000)) == [0]
        console.taken()
    console.close()
    assert not console.of(ErrorNotice)


@pytest.mark.skipif(os.name == "nt", reason="which processes live cannot be asked there")
def test_what_a_killed_retrieval_left_is_deleted_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the instances, in the folder the user named."""
    instance = instance_from(CT, "1.2.1", image("1.2.1"))
    write = datasets.write_instance

    def killed(*given: Any, **more: Any) -> NoReturn:
        write(*given, **more)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(datasets, "write_instance", killed)
        with pytest.raises(KeyboardInterrupt):
            FolderStore(tmp_path).add(instance)
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    (left,) = tmp_path.iterdir()
    left.rename(tmp_path / left.name.replace(str(os.getpid()), str(ended.pid)))
    sweep_left.cache_clear()
    assert FolderStore(tmp_path).add(instance_from(CT, "1.2.2", image("1.2.2"))) == ""
    for thread in threading.enumerate():
        if thread.name == "dimse-sweeping":
            thread.join()
    assert [path.name for path in tmp_path.iterdir()] == ["1.2.2.dcm"]


def test_two_who_write_one_instance_do_not_write_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As two commands into one folder do."""
    write, parts = datasets.write_instance, list[Path]()

    def noted(part: Path, *given: Any, **more: Any) -> FileData:
        parts.append(part)
        if len(parts) == 1:
            assert FolderStore(tmp_path).add(instance_from(CT, "1.2.1", image("1.2.1", 5000))) == ""
        return write(part, *given, **more)

    monkeypatch.setattr(datasets, "write_instance", noted)
    assert FolderStore(tmp_path).add(instance_from(CT, "1.2.1", image("1.2.1", 100))) == ""
    assert len(set(parts)) == 2
    (kept,) = tmp_path.iterdir()
    assert datasets.load_file(datasets.open_file(kept).data).data == image("1.2.1", 100).data
