"""What single messages of an operation of many were answered is explained as if each had been alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.model.commands import RunProcedure, StoreFiles
from engine.model.commitment import STORAGE_COMMITMENT
from engine.model.dataset import EncodedData
from engine.model.procedures.modality import CreatePerformedStep, RequestCommitment
from engine.trace.diagnosis.story import Stories
from engine.wire.datasets import encode_dataset, write_file

from .console import CT, IMPLICIT, Console, keys, proposal, store_rq
from .diagnosing import LONG, answering, check, diagnoses, shot

MPPS = "1.2.840.10008.3.1.2.3.3"


@pytest.mark.parametrize(
    ("status", "rule"), [(0xA700, "store.out-of-resources"), (0xC123, "store.cannot-understand"), (0xB000, None)]
)
def test_what_a_store_of_files_was_answered_is_explained(
    status: int, rule: str | None, console: Console, tmp_path: Path
) -> None:
    for number in range(2):
        uid = f"2.25.{number}"
        data = keys(SOPClassUID=CT, SOPInstanceUID=uid, StudyInstanceUID="2.25.1")
        write_file(tmp_path / f"{number}.dcm", encode_dataset(data, IMPLICIT), IMPLICIT, CT, uid)
    with answering(status, comment="why") as peer:
        association = console.new_id()
        console.run(
            StoreFiles(
                operation=console.new_id(),
                association=association,
                proposal=proposal(peer, timeouts=LONG),
                paths=(tmp_path,),
            )
        )
        console.ended(association)
    found = diagnoses(console)
    assert set(found) == ({rule} if rule else set())
    if rule:
        made = check(found, rule)
        assert f"{status:04X}H" in made.happened and len(made.proofs) == 2


@pytest.mark.parametrize(
    ("status", "rule"),
    [
        (0x0111, "status.duplicate-instance"),
        (0x0110, "status.processing-failure"),
        (0x0211, "status.unrecognized-operation"),
    ],
)
def test_what_a_step_of_a_procedure_was_answered_is_explained(status: int, rule: str, console: Console) -> None:
    with answering(status) as peer:
        association = console.new_id()
        console.run(
            RunProcedure(
                operation=console.new_id(),
                association=association,
                proposal=proposal(peer, MPPS, timeouts=LONG),
                procedure=CreatePerformedStep(sop_instance_uid="2.25.3", attributes=keys(PatientID="P")),
            )
        )
        console.ended(association)
    made = check(diagnoses(console), rule)
    assert "N-CREATE of Modality Performed Procedure Step" in made.happened


@pytest.mark.parametrize("taken", [True, False])
def test_a_commitment_of_which_nothing_is_heard_is_explained(taken: bool, console: Console) -> None:
    asked = ((CT, "2.25.9"),)
    with answering(0 if taken else 0x0213) as peer:
        association = console.new_id()
        console.run(
            RunProcedure(
                operation=console.new_id(),
                association=association,
                proposal=proposal(peer, STORAGE_COMMITMENT, timeouts=LONG),
                procedure=RequestCommitment(transaction_uid="2.25.8", asked=asked, seconds=0.1),
            )
        )
        console.ended(association)
    found = diagnoses(console)
    assert set(found) == {"commitment.no-report" if taken else "status.resource-limitation"}
    if taken:
        assert "“CONSOLE”" in check(found, "commitment.no-report").change


def test_what_is_remembered_of_a_refusal_holds_no_data_set(console: Console) -> None:
    with answering(0xA700) as peer:
        shot(console, peer, store_rq(CT, "2.25.9", EncodedData(b"\x08\x00\x60\x00\x02\x00\x00\x00CT", IMPLICIT)))
    stories = Stories()
    for notice in console.drain():
        stories.take(notice)
    (story,) = [s for s in stories.associations.values() if s.requestor]
    ((request, response),) = story.refused.values()
    assert request is not None and request.command.message_id == response.command.responded_to
    assert request.data is None and response.data is None
