"""What fuzzing found in the quick way of judging a command set."""

from __future__ import annotations

import pytest

from engine.conformance.message import Message
from engine.conformance.templates import Templates
from engine.model.command_set import MESSAGE_ID, RESPONDED_TO, CommandSet
from engine.wire.commands import encode_command

ANSWER = encode_command(
    CommandSet.of(CommandField=0x8030, MessageIDBeingRespondedTo=7, CommandDataSetType=0x0101, Status=0)
)
HEADS = {MESSAGE_ID: bytes.fromhex("0000100102000000"), RESPONDED_TO: bytes.fromhex("0000200102000000")}


def seen(data: bytes) -> Message:
    template, own = Templates().of(data)
    return Message(True, 1, None, data, template, own, 0.0)


@pytest.mark.parametrize("tag", HEADS)
@pytest.mark.parametrize("rest", [b"", b"\1"])
def test_a_command_set_cut_in_its_message_id_has_none(tag: int, rest: bytes) -> None:
    message = seen(bytes.fromhex("00000000040000000a000000") + HEADS[tag] + rest)
    assert message.message_id is None and message.responded_to is None


def test_bytes_within_another_value_are_no_message_id() -> None:
    before = encode_command(CommandSet.of(CommandField=0x8030, MessageIDBeingRespondedTo=7))
    hidden = bytes.fromhex("00000000") + (8 + 10).to_bytes(4, "little") + HEADS[MESSAGE_ID] + b"\x63\0" + bytes(8)
    message = seen(hidden + before[12:])
    assert (message.message_id, message.responded_to) == (None, 7)
