"""Data sets under way on many connections: together they have so much memory, what is more goes to files."""

from __future__ import annotations

import gc
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from engine.model.limits import KIB, MIB, Limits
from engine.runtime import files
from engine.runtime.files import Spool
from engine.services.responses import request_of
from engine.wire.commands import encode_command
from engine.wire.fragments import fragment
from engine.wire.framer import Unfinished
from tests.runtime.console import CT, EXPLICIT, Console, policy
from tests.runtime.scripted import Conversation, calling
from tests.runtime.test_limits import image

SIZE = 300 * KIB
LIMITS = Limits(memory=512 * KIB)
MANY = 8


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go; a MiB is held together."""
    made = tmp_path / "temporary"
    made.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    monkeypatch.setattr(files, "TOGETHER", MIB)
    return made


def instance(talk: Conversation, number: int) -> list[bytes]:
    """The P-DATA-TFs of a C-STORE-RQ."""
    uid = f"1.2.{number}"
    command = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID=uid, Priority=0)
    asked = encode_command(command.with_values(MessageID=1, CommandDataSetType=1))
    return [b"".join(map(bytes, pdu)) for pdu in fragment(1, asked, [image(uid, SIZE).data], 16 * KIB)]


def test_what_is_more_goes_to_files(console: Console, folder: Path) -> None:
    listener = console.listen(policy=policy(limits=LIMITS))
    held = console.engine._context.held
    with ExitStack() as open_ones:
        talks = [open_ones.enter_context(calling(listener.port, (CT, EXPLICIT))) for _ in range(MANY)]
        messages = [instance(talk, number) for number, talk in enumerate(talks, 1)]
        for talk, pdus in zip(talks, messages, strict=True):
            talk.send(b"".join(pdus[:-1]))
        while len(list(folder.iterdir())) < MANY - 3:
            console.taken()
        assert 2 * SIZE < held.size <= MIB + 64 * KIB
        for talk, pdus in zip(talks, messages, strict=True):
            talk.send(pdus[-1])
            _, answer = talk.read_command()
            assert answer.status == 0
    assert not held.size


def test_the_next_ones_are_in_memory_again(console: Console, folder: Path) -> None:
    listener = console.listen(policy=policy(limits=LIMITS))
    held = console.engine._context.held
    with ExitStack() as open_ones:
        for number in range(1, 4):
            talk = open_ones.enter_context(calling(listener.port, (CT, EXPLICIT)))
            talk.send(b"".join(instance(talk, number)[:-1]))
        while held.size < 2 * SIZE:
            console.taken()
    while held.size:  # the connections are gone
        console.taken()
    assert not list(folder.iterdir())


def test_what_nobody_ends_is_held_no_more() -> None:
    held = Unfinished()
    spool = Spool(EXPLICIT, limits=LIMITS, held=held)
    spool.write(bytes(SIZE))
    assert held.size == SIZE
    del spool
    gc.collect()
    assert not held.size


def test_one_may_have_as_much_as_the_limit_says(folder: Path) -> None:
    spool = Spool(EXPLICIT, limits=Limits(memory=3 * MIB), held=Unfinished())
    spool.write(bytes(2 * MIB))
    assert not list(folder.iterdir())
