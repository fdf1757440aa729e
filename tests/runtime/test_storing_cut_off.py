"""A peer that ends a store of many in the middle of a file, of any size: never a success, and each file is told of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.model.commands import StoreFiles
from engine.model.notices import Outcome, StoredNotice
from engine.model.storing import FileState
from engine.services.responses import response_to
from engine.standard.pdus import ReleaseRQ
from engine.wire.pdus import encode_pdu

from .console import CT, EXPLICIT, Console, proposal
from .scripted import Conversation, scripted
from .test_disk import files


def _releases(talk: Conversation) -> None:
    talk.send(encode_pdu(ReleaseRQ()))
    talk.wait_closed()


def _aborts(talk: Conversation) -> None:
    talk.send(bytes.fromhex("07000000000400000000"))
    talk.wait_closed()


def _resets(talk: Conversation) -> None:
    talk.reset()


@pytest.mark.parametrize("size", [1000, 300_000, 3_000_000])
@pytest.mark.parametrize("fault", [_releases, _aborts, _resets])
def test_it_is_no_success(fault: Callable[[Conversation], None], size: int, console: Console, tmp_path: Path) -> None:
    paths = files(tmp_path, 5, size)

    def peer(talk: Conversation) -> None:
        talk.accept()
        for _ in range(2):
            context, request = talk.read_command()
            talk.send(talk.message(context, response_to(request, 0)))
        talk.sock.recv(500)  # the third has begun
        fault(talk)

    with scripted(peer) as where:
        status = console.run(
            StoreFiles(
                operation=console.new_id(),
                association=console.new_id(),
                proposal=proposal(where, (CT, EXPLICIT)),
                paths=tuple(paths),
            )
        )
    assert status.outcome is Outcome.ABORTED
    assert status.sentence.startswith("2 of 5 files stored, 1 sent without a response, 2 not sent.")
    ends = {r.path.name: r.state for n in console.of(StoredNotice) for r in n.results}
    states = [FileState.STORED] * 2 + [FileState.UNKNOWN] + [FileState.NOT_SENT] * 2
    assert [ends[path.name] for path in paths] == states
