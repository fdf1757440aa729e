"""What fuzzing found in the reading of captures, so that it stays mended."""

from __future__ import annotations

import io

import dpkt
import pytest

from engine.model.notices import AssociationNotice
from engine.trace.capture import decode
from engine.trace.json_lines import json_line
from engine.trace.plain_text import notice_text
from tests.fuzz.talks import capture_of, talks


@pytest.mark.parametrize("shift", [253_402_300_799, 10**13])
def test_times_that_no_calendar_has_are_not_known(shift: int) -> None:
    """A .pcapng file counts up to 64 bits of microseconds; printing such a time raised ValueError."""
    out = io.BytesIO()
    writer = dpkt.pcapng.Writer(out)
    for time, packet in dpkt.pcap.Reader(io.BytesIO(capture_of(talks()[0]))):
        writer.writepkt(packet, ts=time + shift)
    notices = list(decode(out.getvalue(), "strange.pcapng"))
    assert any(isinstance(n, AssociationNotice) and n.outcome is not None for n in notices)
    for notice in notices:
        assert notice.time == 0
        assert json_line(notice)
        assert isinstance(notice_text(notice), str)
