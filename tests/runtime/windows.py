"""What the tests of the asynchronous operations window share: files to store, a peer that grants one, and how many
operations were outstanding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.model.association import AsyncWindow, Policy
from engine.model.commands import StoreFiles
from engine.model.notices import (
    Direction,
    MessageNotice,
    StatusNotice,
)
from engine.protocol.negotiation import answer
from engine.standard.pdus import AssociateRQ, AsyncOperationsWindow, UserInformation
from engine.wire import datasets
from engine.wire.pdus import decode_pdu, encode_pdu
from tests.runtime.console import (
    CT,
    EXPLICIT,
    Console,
    keys,
    proposal,
)
from tests.runtime.scripted import SECONDS, Conversation

STORE, GET, FIND, ECHO = 0x0001, 0x0010, 0x0020, 0x0030
RELEASED = b"\x06\0\0\0\0\4\0\0\0\0"


def files(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(1, count + 1):
        uid = f"1.2.3.{number}"
        data = keys(SOPClassUID=CT, SOPInstanceUID=uid, PatientID="P", StudyInstanceUID="1.2", SeriesInstanceUID="1.3")
        encoded = datasets.encode_dataset(data, EXPLICIT)
        datasets.write_file(folder / f"{number:03}.dcm", encoded, EXPLICIT, CT, uid)
    return folder


def store(console: Console, where: Any, folder: Path, window: AsyncWindow | None) -> tuple[StatusNotice, int]:
    """A StoreFiles run to its end, and its association."""
    number = console.new_id()
    asked = proposal(where, async_window=window)
    done = console.run(StoreFiles(operation=console.new_id(), association=number, proposal=asked, paths=(folder,)))
    console.ended(number)
    return done, number


def outstanding(console: Console, association: int, requests: Direction, field: int) -> Iterator[int]:
    """How many requests of one side were outstanding, after each message the notices tell of."""
    count = 0
    for notice in console.of(MessageNotice, lambda n: n.association == association):
        if notice.command.command_field == field and notice.direction is requests:
            count += 1
        elif notice.command.command_field == field | 0x8000 and notice.direction is not requests:
            count -= (notice.command.status or 0) not in (0xFF00, 0xFF01)
        yield count


def accept(c: Conversation, window: AsyncWindow | None) -> None:
    """Accept everything with this window; None: as a peer that does not know the item."""
    rq = decode_pdu(c.read_pdu())
    assert isinstance(rq, AssociateRQ)
    ac = answer(rq, Policy(async_window=window or AsyncWindow())).pdu
    if window is None:
        kept = [i for i in ac.items if not isinstance(i, UserInformation)]  # type: ignore[union-attr]
        (info,) = [i for i in ac.items if isinstance(i, UserInformation)]  # type: ignore[union-attr]
        without = replace(info, items=tuple(i for i in info.items if not isinstance(i, AsyncOperationsWindow)))
        ac = replace(ac, items=(*kept, without))  # type: ignore[call-arg]
    c.send(encode_pdu(ac))


def nothing_comes(c: Conversation) -> bool:
    """Whether the other side keeps silent for a while."""
    c.sock.settimeout(0.15)
    try:
        return not c.sock.recv(1)
    except TimeoutError:
        return True
    finally:
        c.sock.settimeout(SECONDS)


def release(c: Conversation) -> None:
    assert c.read_pdu()[0] == 5
    c.send(RELEASED)
    c.wait_closed()
