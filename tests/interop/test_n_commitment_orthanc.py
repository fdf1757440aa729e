"""Storage Commitment with Orthanc, whose result comes on an association of its own, in both directions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.model.commands import MoveDestination
from engine.model.notices import Direction, MessageNotice
from tests.interop import peers, samples
from tests.interop.normalized_peers import COMMITMENT, COMMITMENT_INSTANCE, CT, made, reference
from tests.interop.operating import Operator, data_of

pytestmark = pytest.mark.interop

N_EVENT_REPORT_RQ = 0x0100


def test_orthanc_calls_back_with_its_result(
    operator: Operator, orthanc: Callable[..., Any], archive: list[samples.Sample]
) -> None:
    home = operator.listen()
    peer = orthanc(modalities={"console": ("CONSOLE", home.port)})
    ct = [s for s in archive if s.modality == "CT"][:2]
    for sample in ct:
        peer.rest("POST", "/instances", sample.path.read_bytes())
    held = operator.open(peer, COMMITMENT)
    wanted = [reference(CT, s.sop_instance_uid) for s in ct] + [reference(CT, "1.9")]
    answered = held.send(
        "N-ACTION-RQ",
        made(TransactionUID="1.2.3.77", ReferencedSOPSequence=wanted),
        RequestedSOPClassUID=COMMITMENT,
        RequestedSOPInstanceUID=COMMITMENT_INSTANCE,
        ActionTypeID=1,
    )
    assert answered.code == 0x0000
    report = operator.wait(
        MessageNotice,
        lambda m: m.command.command_field == N_EVENT_REPORT_RQ and m.direction is Direction.RECEIVED,
        seconds=30.0,
    )
    assert report.association != held.number
    told = data_of(report)
    assert (report.command.number("EventTypeID"), told.TransactionUID) == (2, "1.2.3.77")
    assert {i.ReferencedSOPInstanceUID for i in told.ReferencedSOPSequence} == {s.sop_instance_uid for s in ct}
    assert [i.ReferencedSOPInstanceUID for i in told.FailedSOPSequence] == ["1.9"]
    ours = operator.wait(
        MessageNotice, lambda m: m.association == report.association and m.command.command_field == 0x8100
    )
    assert ours.command.status == 0x0000


def test_orthanc_hears_of_its_request(
    operator: Operator, orthanc: Callable[..., Any], archive: list[samples.Sample]
) -> None:
    """It releases as soon as the request is taken, so the peer has to call it: it is a destination."""
    ct = next(s for s in archive if s.modality == "CT")
    port = peers.free_port()
    peer = orthanc(modalities={"console": ("CONSOLE", port)})
    operator.listen(port, destinations=(MoveDestination(ae_title=peer.ae_title, host=peer.host, port=peer.port),))
    instance = peer.rest("POST", "/instances", ct.path.read_bytes())["ID"]
    peer.rest("POST", "/modalities/console/store", instance)
    asked = peer.rest(
        "POST",
        "/modalities/console/storage-commitment",
        {"Resources": [instance], "DicomInstances": [{"SOPClassUID": CT, "SOPInstanceUID": "1.9"}]},
    )
    transaction = asked["ID"]

    def done() -> bool:
        return bool(peer.rest("GET", f"/storage-commitment/{transaction}")["Status"] != "Pending")

    assert peers.wait_until(done, 30.0)
    result = peer.rest("GET", f"/storage-commitment/{transaction}")
    assert result["Status"] == "Failure"
    assert [i["SOPInstanceUID"] for i in result["Success"]] == [ct.sop_instance_uid]
    assert [i["SOPInstanceUID"] for i in result["Failures"]] == ["1.9"]
    assert operator.errors == []
