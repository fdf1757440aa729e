"""C-FIND, C-GET and C-MOVE with peers that are wrong: what came of each is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from engine.model.commands import Outgoing
from engine.model.notices import ListenerNotice, Outcome, StatusNotice
from engine.protocol.negotiation import answer
from engine.services.responses import request_of, response_to
from engine.standard.pdus import AssociateAC, AssociateRQ, ReleaseRQ, RoleSelection, UserInformation
from engine.trace.diagnosis.diagnoser import Diagnoser
from engine.wire.pdus import decode_pdu, encode_pdu
from tests.runtime.console import (
    CT,
    STUDY_FIND,
    STUDY_GET,
    STUDY_MOVE,
    Console,
    keys,
    policy,
    proposal,
)
from tests.runtime.retrieving import Provider, ask, counts, end, free_port, inside, moved
from tests.runtime.scripted import Conversation, association_rq, calling, scripted


def test_success_that_moved_nothing_is_a_warning_with_the_likely_reasons(console: Console):
    status = moved(console, Provider({"status": 0, **counts(0)}))
    assert (status.outcome, status.status) == (Outcome.WARNING, 0)
    assert "Success, but nothing was moved: 0 sub-operations." in status.verdict
    assert "knows MINE by another host or port" in status.verdict


def test_what_the_peer_says_is_compared_with_what_arrived(console: Console):
    status = moved(console, Provider({"status": 0, **counts(2)}))
    assert status.outcome is Outcome.FAILURE
    assert "The peer says 2 completed, but 0 arrived here." in status.verdict
    assert "another host or port for MINE than 127.0.0.1" in status.verdict


@pytest.mark.parametrize(
    ("originator", "said"),
    [({}, "name no Move Originator"), ({"MoveOriginatorApplicationEntityTitle": "X", "MoveOriginatorMessageID": 99},
      "name X and Message ID 99 as Move Originator instead of CONSOLE")],
)  # fmt: skip
def test_a_wrong_move_originator_is_made_good_and_told(console: Console, originator: dict[str, Any], said: str):
    operation, status = moving(console, 1, lambda ours: store(console, ours, calling="SCRIPTED", **originator))
    assert (status.outcome, status.received) == (Outcome.SUCCESS, 1)
    assert len(inside(console, operation)) == 2
    assert said in status.verdict


def test_of_many_wrong_move_originators_a_few_are_told(console: Console):
    """A peer may number each of its thousands of instances otherwise."""

    def numbered_otherwise(ours: ListenerNotice) -> None:
        for number in range(100, 109):
            store(console, ours, calling="SCRIPTED", MoveOriginatorMessageID=number)

    _, status = moving(console, 9, numbered_otherwise)
    assert status.verdict.count("as Move Originator") == 4
    assert "name others yet as Move Originator (6 of them)" in status.verdict


def test_what_was_moved_elsewhere_without_counts_is_not_known(console: Console):
    with scripted(Provider({"status": 0})) as peer:
        status = end(console, ask(console, peer, "C-MOVE", STUDY_MOVE, move_destination="OTHER"))
    assert status.outcome is Outcome.SUCCESS
    assert "how much was moved is not known" in status.verdict
    status = moved(console, Provider({"status": 0}))
    assert status.outcome is Outcome.WARNING
    assert "nothing arrived here, and the peer gave no sub-operation counts" in status.verdict


def test_a_move_that_failed_and_never_reached_us_says_where_we_are(console: Console):
    status = moved(console, Provider({"status": 0xA702, **counts(0, 3)}))
    assert status.outcome is Outcome.FAILURE
    assert "Nothing reached us at 127.0.0.1:" in status.verdict


def test_a_move_that_reached_us_without_an_instance_does_not_blame_the_way(console: Console):
    port = free_port()

    def reach() -> None:
        with calling(port) as talk:
            talk.send(encode_pdu(replace(decode_pdu(association_rq(CT)), called_ae_title="MINE")))
            assert talk.read_pdu()[0] == AssociateAC.TYPE
            talk.send(encode_pdu(ReleaseRQ()))
            talk.read_pdu()

    with scripted(Provider({"status": 0xB000, **counts(1, 2)}, between=reach)) as peer:
        command = ask(console, peer, "C-MOVE", STUDY_MOVE, move_destination="MINE", listen_port=port)
        status = end(console, command)
    assert "Nothing reached us" not in status.verdict
    assert "Somebody connected to us at 127.0.0.1:" in status.verdict
    found = {d.rule: d for d in Diagnoser().take(console.drain())}
    assert "move.elsewhere" not in found
    assert found["move.sub-operations-failed"].cause.startswith("Somebody reached this console")


def test_what_somebody_else_stores_meanwhile_is_not_taken_for_a_part_of_it(console: Console):
    operation, status = moving(console, 0, lambda ours: store(console, ours, calling="MODALITY"))
    assert status.received == 0
    assert not inside(console, operation)


def moving(console: Console, completed: int, meanwhile: Callable[[ListenerNotice], None]) -> tuple[int, StatusNotice]:
    """A C-MOVE to us while something else is done where it arrives; its operation and its end.

    completed: sub-operations, as the peer says.
    """
    ours = console.listen(policy=policy(ae_titles=("MINE",)))
    provider = Provider({"status": 0, **counts(completed)})
    provider.between = lambda: provider.go.wait(10) and None
    with scripted(provider) as peer:
        command = ask(console, peer, "C-MOVE", STUDY_MOVE, move_destination="MINE")
        assert provider.asked.wait(10)
        meanwhile(ours)
        provider.go.set()
        return command.operation, end(console, command)


def store(console: Console, where: ListenerNotice, calling: str, **originator: Any) -> None:
    ds = keys(SOPClassUID=CT, SOPInstanceUID="1.2.3.4", StudyInstanceUID="1.2.9")
    command = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID="1.2.3.4", **originator)
    asked = proposal(where, CT, called="MINE", calling=calling)
    assert console.one_shot(asked, Outgoing(command=command, data=ds)).outcome is Outcome.SUCCESS


def test_failed_instances_are_listed(console: Console):
    failed = keys(FailedSOPInstanceUIDList="1.2.3.1\\1.2.3.2")
    status = moved(console, Provider({"status": 0xA702, "data": failed, **counts(0, 2)}))
    assert status.failed_instances == ("1.2.3.1", "1.2.3.2")
    assert "2 of 2 sub-operations failed: 1.2.3.1, 1.2.3.2." in status.verdict


def test_a_move_that_is_cut_off_tells_what_was_done_and_what_was_not(console: Console):
    pending = {"status": 0xFF00, **counts(1, NumberOfRemainingSuboperations=4)}
    status = moved(console, Provider(pending, hang_up=True))
    assert status.outcome is Outcome.ABORTED
    assert (status.completed, status.remaining, status.received) == (1, 4, 0)
    assert "cut off before its final response. Done: 0 instances arrived here." in status.verdict
    assert "The peer's last counts: 1 completed, 4 not done." in status.verdict


def without_roles(item: Any) -> Any:
    """A user information item without its role selections."""
    if not isinstance(item, UserInformation):
        return item
    return replace(item, items=tuple(i for i in item.items if not isinstance(i, RoleSelection)))


def test_optional_keys_that_are_not_supported_and_data_in_the_final_response_are_told(console: Console):
    match = {"status": 0xFF01, "data": keys(PatientID="1")}
    with scripted(Provider(match, match, {"status": 0, "data": keys(PatientID="1")})) as peer:
        status = end(console, ask(console, peer, "C-FIND", STUDY_FIND))
    assert status.responses == 2
    assert "In 2 of 2 matches the peer says (FF01H) that it does not support some optional keys" in status.verdict
    assert "final response has a data set" in status.verdict


def test_a_peer_that_does_not_give_us_the_scp_role_is_named(console: Console):
    def script(talk: Conversation) -> None:
        rq = decode_pdu(talk.read_pdu())
        assert isinstance(rq, AssociateRQ)
        ac = answer(rq, policy()).pdu
        assert isinstance(ac, AssociateAC)
        talk.send(encode_pdu(replace(ac, items=tuple(without_roles(item) for item in ac.items))))
        context, command = talk.read_command()
        talk.send(talk.message(context, response_to(command, 0xA702, extra=counts(0, 3))))
        talk.wait_closed()

    with scripted(script) as peer:
        status = end(console, ask(console, peer, "C-GET", STUDY_GET, sop_classes=(CT,)))
    assert "The peer accepted CT Image Storage but not our SCP role for it" in status.verdict
    assert "3 of 3 sub-operations failed; the peer does not say which." in status.verdict
