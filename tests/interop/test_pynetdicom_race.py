"""What is kept out of pynetdicom for our tests' sake."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import N_EVENT_REPORT

from tests.interop import peers

pytestmark = pytest.mark.interop
COMMITMENT, INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
VERIFICATION = "1.2.840.10008.1.1"


def test_an_event_report_lets_go_nobody_else_of_a_stopped_reactor(pynetdicom_scp: Callable[..., Any]) -> None:
    peer = pynetdicom_scp([VERIFICATION, COMMITMENT])
    ae = AE(ae_title="USER")
    ae.add_requested_context(COMMITMENT)
    ae.add_requested_context(VERIFICATION)
    served: list[int] = []

    def report(event: evt.Event) -> tuple[int, None]:
        served.append(event.event_type)
        return 0, None

    handlers = [(evt.EVT_N_EVENT_REPORT, report)]
    association = ae.associate(peer.host, peer.port, ae_title=peer.ae_title, evt_handlers=handlers)
    assert association.is_established
    # As a send_* call does: stop the reactor.
    association._reactor_checkpoint.clear()
    assert peers.wait_until(lambda: association._is_paused, 20)
    event = N_EVENT_REPORT()
    event.MessageID, event.EventTypeID = 1, 1
    event.AffectedSOPClassUID, event.AffectedSOPInstanceUID = COMMITMENT, INSTANCE
    answering = Thread(target=association._serve_request, args=(event, 1))
    answering.start()
    answering.join(20)
    assert served == [1]
    stands_still = association._is_paused
    association.abort()
    assert stands_still
