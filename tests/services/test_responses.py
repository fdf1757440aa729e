"""Responses made on the short way are those the rows make."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.command_set import CommandSet, Value
from engine.services import responses
from engine.services.responses import request_of, response_to

CT = "1.2.840.10008.5.1.4.1.1.2"


@given(
    st.sampled_from([0x0001, 0x0010, 0x0020, 0x0021, 0x0030, 0x0150, 0x0999]),
    st.sampled_from([0x0000, 0xA700, 0xA900, 0xB000, 0xC000, 0xFE00, 0xFF00, 0xFF01, 0x0122]),
    st.sampled_from([None, 0, 1, 65535]),
    st.sampled_from([None, "", CT, "1.2.3"]),
    st.sampled_from([None, "", "1.2.3", "1.2.3.4"]),
    st.booleans(),
)
def test_both_ways_make_the_same(
    field: int, status: int, number: int | None, sop_class: str | None, instance: str | None, has_data: bool
) -> None:
    values: dict[str, Value] = {
        "CommandField": field,
        "MessageID": number,
        "AffectedSOPClassUID": sop_class,
        "AffectedSOPInstanceUID": instance,
    }
    request = CommandSet.of(**{name: value for name, value in values.items() if value is not None})
    made = response_to(request, status, has_data=has_data)
    assert made == responses._made(request, status, "", has_data, None)


@pytest.mark.parametrize("uid", ["1.2.3", "1.2.4"])
def test_each_response_names_its_own_request(uid: str) -> None:
    request = CommandSet.of(CommandField=1, MessageID=7, AffectedSOPClassUID=CT, AffectedSOPInstanceUID=uid)
    made = response_to(request, 0)
    assert (made.responded_to, made.sop_instance_uid, made.status) == (7, uid, 0)


def test_a_comment_is_one_value_of_plain_text_whatever_it_tells() -> None:
    command = response_to(request_of("C-MOVE-RQ", AffectedSOPClassUID="1.2"), 0xA801, comment="A\\B\nC\0é unknown")
    assert command.text("ErrorComment") == "A?B?C?? unknown"
