"""What the diagnosis remembers of associations and operations has an end, data sets above all."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

from engine.model.command_set import CommandSet
from engine.model.dataset import Data, EncodedData, FileData
from engine.model.notices import Direction, MessageNotice
from engine.standard.messages import MESSAGES
from engine.trace.diagnosis.story import KEPT_DATA, KEPT_MESSAGES, Stories

EXPLICIT = "1.2.840.10008.1.2.1"
COMMAND = CommandSet.of(CommandField=MESSAGES["C-STORE-RQ"].command_field)


class Owner:
    """Of a temporary file."""


def stored(data: Data, length: int, *, operation: int | None = None) -> MessageNotice:
    """A C-STORE-RQ that came on association 1."""
    return MessageNotice(
        association=1,
        operation=operation,
        time=1.0,
        clock=1.0,
        direction=Direction.RECEIVED,
        context_id=1,
        abstract_syntax="1.2.840.10008.5.1.4.1.1.2",
        transfer_syntax=EXPLICIT,
        command=COMMAND,
        data=data,
        data_length=length,
    )


def test_of_an_association_no_data_set_is_kept() -> None:
    stories = Stories()
    owners = []
    for _ in range(KEPT_MESSAGES):
        owner = Owner()
        owners.append(weakref.ref(owner))
        stories.take(stored(FileData(Path("spooled"), owner=owner), 1))
        stories.take(stored(EncodedData(b"x" * 1000, EXPLICIT), 1000))
    del owner
    gc.collect()
    assert not any(ref() for ref in owners)
    story = stories.association(1)
    assert len(story.received("C-STORE-RQ")) == KEPT_MESSAGES == len(story.messages)
    assert not any(
        isinstance(o, MessageNotice | EncodedData | FileData) for m in story.messages for o in gc.get_referents(m)
    )


def test_of_an_operation_under_way_so_many_bytes_are_kept() -> None:
    stories = Stories()
    half = EncodedData(b"", EXPLICIT)
    for _ in range(5):
        stories.take(stored(half, KEPT_DATA // 2, operation=7))
    stories.take(stored(FileData(Path("spooled"), owner=Owner()), 1, operation=7))
    own = FileData(Path("own"))
    stories.take(stored(own, 1, operation=7))
    assert [m.data for m in stories.operation(7).messages] == [half, half, None, None, None, None, own]
