"""Files that are no longer what was planned when their turn comes: nothing of them goes out, nothing waits for them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.model.association import ProposedContext, Role
from engine.model.command_set import CommandSet
from engine.model.commands import Outgoing
from engine.model.dataset import EncodedData, FileData
from engine.model.notices import ErrorNotice, ListenerNotice
from engine.model.storing import FileState
from engine.protocol.negotiation import propose
from engine.services.responses import request_of, response_to
from engine.wire import datasets
from engine.wire.commands import decode_command
from engine.wire.pdus import encode_pdu, iter_pdvs

from .console import CT, EXPLICIT, STUDY_GET, Console, keys, proposal, store_rq, write_instances
from .scripted import Conversation, calling
from .test_disk import files, send


def _grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(bytes(8))


def _other(path: Path) -> None:
    size = path.stat().st_size
    path.unlink()
    path.write_bytes(b"Q" * size)


def _larger(path: Path) -> None:
    size = path.stat().st_size
    path.unlink()
    path.write_bytes(b"Q" * (size + 100))


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


POSIX = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files here")
CHANGED, IRREGULAR = "the file has changed since it was looked at", "it is no regular file"


@pytest.mark.parametrize("size", [100, 200_000, 3_000_000])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_grow, CHANGED),
        (_other, CHANGED),
        (_larger, CHANGED),
        pytest.param(_pipe, IRREGULAR, marks=POSIX),
        pytest.param(_device, IRREGULAR, marks=POSIX),
    ],
)
def test_a_file_that_is_another_when_its_turn_comes(
    change: Callable[[Path], None], words: str, size: int, console: Console, tmp_path: Path
) -> None:
    paths = files(tmp_path, 6, size)
    for path in paths:
        os.utime(path, (1_000_000_000, 1_000_000_000))
    sentence, ends = send(console, paths, lambda: change(paths[4]))
    assert "5 of 6 files stored" in sentence and words in sentence
    assert {n: s for n, s in ends.items() if s is not FileState.STORED} == {"5.dcm": FileState.CANNOT_GO}


def test_a_file_that_changes_while_it_is_read_is_not_read_to_its_end(tmp_path: Path) -> None:
    (path,) = files(tmp_path, 1, 3_000_000)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    header = datasets.examined(path)
    data = FileData(path, header.data_offset, header.length, EXPLICIT, modified=header.modified)
    chunks = datasets.file_chunks(data)
    read = len(next(chunks))
    with path.open("r+b") as file:
        file.seek(2_000_000)
        file.write(b"changed")
    rest: list[bytes] = []
    with pytest.raises(datasets.DataSetError, match=CHANGED):
        rest.extend(chunks)
    assert read + sum(map(len, rest)) < header.length


@POSIX
def test_a_pipe_among_instances_is_told_of_and_not_waited_for(console: Console, tmp_path: Path) -> None:
    """In the folder of the built-in peer, which is read when it starts."""
    os.mkfifo(tmp_path / "pipe.dcm")
    with pytest.raises(datasets.DataSetError, match=IRREGULAR):
        datasets.open_file(tmp_path / "pipe.dcm")
    listener = console.listen(tmp_path)
    assert console.echo(listener).status == 0


@pytest.mark.parametrize("size", [1000, 20 << 20])
def test_an_instance_whose_file_was_cut_fails_alone_in_a_retrieval(size: int, console: Console, tmp_path: Path) -> None:
    """A large one was sent to where its file ends, and the association aborted with all others."""
    folder = tmp_path / "in"
    paths = write_instances(folder, 3, size)
    listener = console.listen(folder)
    os.truncate(paths[1], paths[1].stat().st_size - 100)
    asked = Outgoing(
        command=request_of("C-GET-RQ", AffectedSOPClassUID=STUDY_GET),
        data=keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.9"),
    )
    contexts = (ProposedContext(1, STUDY_GET, (EXPLICIT,)), ProposedContext(3, CT, (EXPLICIT,), Role.SCP))
    status = console.one_shot(proposal(listener, *contexts), asked)
    final = console.responses(status.operation)[-1].command
    assert final.status == 0xB000
    assert final.number("NumberOfCompletedSuboperations") == 2
    told = console.wait(ErrorNotice).sentence
    assert "nothing of it was sent" in told and "the file ends 100 bytes before its data set does" in told


def store_request(talk: Conversation) -> tuple[int, CommandSet, bytes]:
    """Context ID, command set and data set of the next message."""
    while True:
        for message in talk._messages.feed(iter_pdvs(talk.read_pdu())):
            return message.context_id, decode_command(message.command_bytes), bytes(message.data or b"")


def retrieve_while(
    console: Console, folder: Path, change: Callable[[ListenerNotice, Path], None]
) -> tuple[CommandSet, bytes]:
    """Retrieve two instances, of which the file of the second is changed while the first is under way: what comes after
    that."""
    listener = console.listen(folder)
    both = ProposedContext(3, CT, (EXPLICIT,), Role.BOTH)
    rq = encode_pdu(propose(proposal(listener, ProposedContext(1, STUDY_GET, (EXPLICIT,)), both)))
    asked = request_of("C-GET-RQ", AffectedSOPClassUID=STUDY_GET).with_values(
        MessageID=1, CommandDataSetType=1, Priority=0
    )
    identifier = datasets.encode_dataset(keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.9"), EXPLICIT)
    with calling(listener.port) as talk:
        talk.send(rq)
        assert talk.read_pdu()[0] == 2
        talk.send(talk.message(1, asked, identifier))
        context, first, _ = store_request(talk)
        number = {"1.2.3.0": 1, "1.2.3.1": 0}[first.text("AffectedSOPInstanceUID")]
        change(listener, folder / f"{number:05}.dcm")
        talk.send(talk.message(context, response_to(first, 0)))
        _, command, sent = store_request(talk)
        while command.is_response and command.status == 0xFF00:
            _, command, sent = store_request(talk)
        return command, sent


def test_an_instance_that_is_replaced_while_a_retrieval_goes_on_is_sent_as_it_is_now(
    console: Console, tmp_path: Path
) -> None:
    """As many bytes of the new file as the old one had were sent, and counted as a success."""

    new: list[bytes] = []

    def replace(listener: ListenerNotice, path: Path) -> None:
        uid = datasets.open_file(path).sop_instance_uid
        ds = keys(SOPClassUID=CT, SOPInstanceUID=uid, PatientID="P1" * 200, StudyInstanceUID="1.2.9")
        new.append(datasets.encode_dataset(ds, EXPLICIT))
        stored = console.one_shot(proposal(listener, (CT, EXPLICIT)), store_rq(CT, uid, EncodedData(new[0], EXPLICIT)))
        assert stored.status == 0

    write_instances(tmp_path / "in", 2)
    command, sent = retrieve_while(console, tmp_path / "in", replace)
    assert not command.is_response
    assert [sent] == new


def test_an_instance_whose_file_another_program_replaced_is_not_sent(console: Console, tmp_path: Path) -> None:
    write_instances(tmp_path / "in", 2)
    command, _ = retrieve_while(console, tmp_path / "in", lambda _, path: _larger(path))
    assert command.is_response and command.status == 0xB000
    assert CHANGED in console.wait(ErrorNotice).sentence
