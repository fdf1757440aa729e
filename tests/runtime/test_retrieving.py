"""C-FIND, C-GET and C-MOVE as the user: what arrives is seen inside the operation, and the end is judged."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from engine.model.association import Peer
from engine.model.commands import MoveDestination, Outgoing, Retrieve
from engine.model.notices import (
    Direction,
    ErrorNotice,
    ListenerNotice,
    MessageNotice,
    Outcome,
    ProgressNotice,
    StatusNotice,
)
from engine.protocol.exchange import Exchange
from engine.protocol.negotiation import answer
from engine.runtime import messages, sentences
from engine.services.plan import query_contexts
from engine.services.responses import request_of, response_to
from engine.standard.pdus import AssociateAC, AssociateRQ, ReleaseRQ, RoleSelection, UserInformation
from engine.trace.diagnosis.diagnoser import Diagnoser
from engine.wire import datasets
from engine.wire.pdus import decode_pdu, encode_pdu
from tests.runtime.console import (
    CT,
    EXPLICIT,
    HOST,
    STUDY_FIND,
    STUDY_GET,
    STUDY_MOVE,
    Console,
    data_set_bytes,
    keys,
    policy,
    proposal,
)
from tests.runtime.scripted import Conversation, association_rq, calling, scripted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STUDY = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.9")


def free_port() -> int:
    with socket.create_server((HOST, 0)) as taken:
        return int(taken.getsockname()[1])


def stock(folder: Path, count: int = 3) -> Path:
    folder.mkdir()
    for number in range(count):
        uid = f"1.2.3.{number}"
        ds = keys(SOPClassUID=CT, SOPInstanceUID=uid, PatientID="P1", StudyInstanceUID="1.2.9")
        datasets.write_file(folder / f"{number:05}.dcm", datasets.encode_dataset(ds, EXPLICIT), EXPLICIT, CT, uid)
    return folder


def ask(console: Console, where: Any, service: str, uid: str, **more: Any) -> Retrieve:
    command = Retrieve(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=replace(proposal(where), contexts=()),
        service=service,
        sop_class_uid=uid,
        identifier=more.pop("identifier", STUDY),
        **more,
    )
    console.submit(command)
    return command


def end(console: Console, command: Retrieve) -> StatusNotice:
    return console.status(command.operation)


def inside(console: Console, operation: int) -> list[MessageNotice]:
    return console.of(MessageNotice, lambda n: n.within == operation)


def same_files(a: Path, b: Path) -> bool:
    return sorted(map(data_set_bytes, a.glob("*.dcm"))) == sorted(map(data_set_bytes, b.glob("*.dcm")))


# --- between two of our own -----------------------------------------------------------------------------------------


def test_a_move_to_ourselves_goes_to_the_built_in_peer_that_runs_and_is_seen_inside(console: Console, tmp_path: Path):
    ours = console.listen(tmp_path / "own", policy=policy(ae_titles=("CONSOLE",)))
    destination = MoveDestination(ae_title="CONSOLE", host=HOST, port=ours.port)
    archive = console.listen(stock(tmp_path / "stock"), destinations=(destination,))
    command = ask(console, archive, "C-MOVE", STUDY_MOVE, move_destination="CONSOLE", folder=tmp_path / "asked")
    status = end(console, command)
    assert (status.outcome, status.completed, status.received) == (Outcome.SUCCESS, 3, 3)
    assert "3 instances arrived here." in status.verdict
    assert "C-STORE-RQs" not in status.verdict
    sides = [(n.direction, n.command.is_response) for n in inside(console, command.operation)]
    assert sides.count((Direction.RECEIVED, False)) == sides.count((Direction.SENT, True)) == 3
    assert same_files(tmp_path / "asked", tmp_path / "stock")
    assert same_files(tmp_path / "own", tmp_path / "stock")
    assert len(console.of(ListenerNotice, lambda n: n.listening)) == 2  # none of its own


def test_a_move_to_ourselves_arms_a_listener_where_none_runs(console: Console, tmp_path: Path):
    port = free_port()
    destination = MoveDestination(ae_title="MINE", host=HOST, port=port)
    archive = console.listen(stock(tmp_path / "stock"), destinations=(destination,))
    command = ask(
        console, archive, "C-MOVE", STUDY_MOVE, move_destination="MINE", listen_port=port, folder=tmp_path / "asked"
    )
    status = end(console, command)
    assert (status.outcome, status.received) == (Outcome.SUCCESS, 3)
    assert len(inside(console, command.operation)) == 6
    assert same_files(tmp_path / "asked", tmp_path / "stock")
    console.wait(ListenerNotice, lambda n: n.port == port and not n.listening)
    last = console.of(ProgressNotice, lambda n: n.operation == command.operation)[-1]
    assert (last.done, last.total) == (2, 3)


def test_a_port_that_the_built_in_peer_has_under_another_title_is_told(console: Console):
    ours = console.listen(policy=policy(ae_titles=("OTHER",)))
    command = ask(console, ours, "C-MOVE", STUDY_MOVE, move_destination="MINE", listen_port=ours.port)
    status = end(console, command)
    assert status.outcome is Outcome.NOT_SENT
    assert "answers to OTHER only" in status.sentence


def test_a_get_is_seen_inside_and_only_known_classes_are_proposed(console: Console, tmp_path: Path):
    archive = console.listen(stock(tmp_path / "stock"))
    command = ask(console, archive, "C-GET", STUDY_GET, sop_classes=(CT,), folder=tmp_path / "got")
    status = end(console, command)
    assert (status.outcome, status.received) == (Outcome.SUCCESS, 3)
    assert len(inside(console, command.operation)) == 6
    assert same_files(tmp_path / "got", tmp_path / "stock")
    proposed = query_contexts(STUDY_GET, with_storage=True, classes=(CT,))
    assert {c.abstract_syntax for c in proposed[1:]} == {CT}
    assert len({c.transfer_syntaxes for c in proposed}) > 10  # a context for each compression


def test_a_get_into_a_folder_that_is_a_file_says_so(console: Console, tmp_path: Path):
    (tmp_path / "got").write_text("mine")
    archive = console.listen(stock(tmp_path / "stock", 1))
    command = ask(console, archive, "C-GET", STUDY_GET, sop_classes=(CT,), folder=tmp_path / "got")
    assert end(console, command).outcome is Outcome.FAILURE
    (told,) = console.of(ErrorNotice)
    assert told.sentence == "Instance 1.2.3.0 was not stored: cannot store: a file has the folder's name."
    assert (tmp_path / "got").read_text() == "mine"


def test_what_is_moved_to_a_third_ae_is_told_from_the_responses_only(console: Console, tmp_path: Path):
    target = console.listen(tmp_path / "target")
    destination = MoveDestination(ae_title="TARGET", host=HOST, port=target.port)
    archive = console.listen(stock(tmp_path / "stock"), destinations=(destination,))
    status = end(console, ask(console, archive, "C-MOVE", STUDY_MOVE, move_destination="TARGET"))
    assert (status.outcome, status.completed, status.received) == (Outcome.SUCCESS, 3, None)
    assert "went to TARGET; what arrived there cannot be seen from here" in status.verdict


def test_a_destination_the_peer_does_not_know_is_told_with_what_to_enter_there(console: Console, tmp_path: Path):
    ours = console.listen(policy=policy(ae_titles=("MINE",)))
    archive = console.listen(stock(tmp_path / "stock"))
    status = end(console, ask(console, archive, "C-MOVE", STUDY_MOVE, move_destination="MINE"))
    assert (status.outcome, status.status) == (Outcome.FAILURE, 0xA801)
    assert f"“MINE”: enter this AE title with host and port 127.0.0.1:{ours.port}" in status.verdict


def test_a_get_that_finds_nothing_says_so(console: Console, tmp_path: Path):
    archive = console.listen(stock(tmp_path / "stock"))
    other = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.77")
    status = end(console, ask(console, archive, "C-GET", STUDY_GET, identifier=other))
    assert (status.outcome, status.status, status.received) == (Outcome.WARNING, 0, 0)
    assert "Success, but nothing was sent: 0 sub-operations. Likely: nothing matches" in status.verdict


# --- peers that are wrong -------------------------------------------------------------------------------------------


class Provider:
    """A scripted C-MOVE, C-GET or C-FIND provider: answers with these statuses and counts; `between` runs before the
    last response, `asked` is set when the request came."""

    def __init__(self, *responses: dict[str, Any], between: Callable[[], None] | None = None, hang_up: bool = False):
        self.responses, self.between, self.hang_up = responses, between, hang_up
        self.number = 0
        self.asked = threading.Event()
        self.go = threading.Event()

    def __call__(self, talk: Conversation) -> None:
        talk.accept()
        context, command = talk.read_command()
        self.number = command.message_id or 0
        self.asked.set()
        for place, values in enumerate(self.responses):
            if place == len(self.responses) - 1 and self.between is not None:
                self.between()
            extra = {k: v for k, v in values.items() if k not in ("status", "data")}
            status, data = values["status"], values.get("data")
            made = response_to(command, status, has_data=data is not None, extra=extra)
            encoded = None if data is None else datasets.encode_dataset(data, EXPLICIT)
            talk.send(talk.message(context, made, encoded))
        if self.hang_up:
            talk.reset()
        talk.wait_closed()


def counts(completed: int, failed: int = 0, warning: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "NumberOfCompletedSuboperations": completed,
        "NumberOfFailedSuboperations": failed,
        "NumberOfWarningSuboperations": warning,
        **more,
    }


def moved(console: Console, provider: Provider, **more: Any) -> StatusNotice:
    with scripted(provider) as peer:
        command = ask(console, peer, "C-MOVE", STUDY_MOVE, move_destination="MINE", listen_port=free_port(), **more)
        return end(console, command)


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
    ours = console.listen(policy=policy(ae_titles=("MINE",)))
    provider = Provider({"status": 0, **counts(1)})
    provider.between = lambda: provider.go.wait(10) and None
    with scripted(provider) as peer:
        command = ask(console, peer, "C-MOVE", STUDY_MOVE, move_destination="MINE")
        assert provider.asked.wait(10)
        store(console, ours, calling="SCRIPTED", **originator)
        provider.go.set()
        status = end(console, command)
    assert (status.outcome, status.received) == (Outcome.SUCCESS, 1)
    assert len(inside(console, command.operation)) == 2
    assert said in status.verdict


def test_of_many_wrong_move_originators_a_few_are_told(console: Console):
    """A peer may number each of its thousands of instances otherwise."""
    ours = console.listen(policy=policy(ae_titles=("MINE",)))
    provider = Provider({"status": 0, **counts(9)})
    provider.between = lambda: provider.go.wait(10) and None
    with scripted(provider) as peer:
        command = ask(console, peer, "C-MOVE", STUDY_MOVE, move_destination="MINE")
        assert provider.asked.wait(10)
        for number in range(100, 109):
            store(console, ours, calling="SCRIPTED", MoveOriginatorMessageID=number)
        provider.go.set()
        status = end(console, command)
    assert status.verdict.count("as Move Originator") == 4
    assert "name others yet as Move Originator (6 of them)" in status.verdict


def test_arriving_instances_keep_the_final_response_from_being_overdue(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Some peers send no Pending responses."""
    moved_on: list[int] = []
    monkeypatch.setattr(Exchange, "progress_made", lambda _self, operation, _now: moved_on.append(operation))
    archive = console.listen(stock(tmp_path / "stock"))
    command = ask(console, archive, "C-GET", STUDY_GET)
    assert end(console, command).received == 3
    assert moved_on.count(command.operation) >= 3  # each instance


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
    ours = console.listen(policy=policy(ae_titles=("MINE",)))
    provider = Provider({"status": 0, **counts(0)})
    provider.between = lambda: provider.go.wait(10) and None
    with scripted(provider) as peer:
        command = ask(console, peer, "C-MOVE", STUDY_MOVE, move_destination="MINE")
        assert provider.asked.wait(10)
        store(console, ours, calling="MODALITY")
        provider.go.set()
        status = end(console, command)
    assert status.received == 0
    assert not inside(console, command.operation)


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


def asked_to_stop(console: Console, service: str, uid: str, *responses: dict[str, Any]) -> StatusNotice:
    with scripted(Provider(*responses)) as peer:
        return end(console, ask(console, peer, service, uid, cancel_after=1))


@pytest.mark.parametrize("heeds", [False, True])
def test_a_peer_that_goes_on_after_the_cancel_is_told_of(
    heeds: bool, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it does, so that the user need not wait for ever without a word."""
    monkeypatch.setattr(messages, "HEEDED_WITHIN", 0.2)
    told = threading.Event()

    def script(talk: Conversation) -> None:
        talk.accept()
        context, request = talk.read_command()
        pending, identifier = (
            response_to(request, 0xFF00).with_values(CommandDataSetType=1),
            datasets.encode_dataset(STUDY, EXPLICIT),
        )
        talk.send(talk.message(context, pending, identifier))
        talk.read_command()
        while not heeds and not told.wait(0.01):
            talk.send(talk.message(context, pending, identifier))
        talk.send(talk.message(context, response_to(request, 0xFE00)))
        talk.wait_closed()

    with scripted(script) as peer:
        command = ask(console, peer, "C-FIND", STUDY_FIND, cancel_after=1)
        if not heeds:
            error = console.wait(ErrorNotice)
            assert (error.association, error.operation) == (command.association, command.operation)
            assert "goes on with the C-FIND: " in error.sentence
            assert "come in the 0.2 s since the C-CANCEL-RQ was sent" in error.sentence
            told.set()
        end(console, command)
    assert len(console.of(ErrorNotice)) == (0 if heeds else 1)


@pytest.mark.parametrize(("service", "clause"), [("C-FIND", "9.3.2.3"), ("C-GET", "9.3.3.3"), ("C-MOVE", "9.3.4.3")])
def test_a_cancel_passed_over_is_told_with_the_clause_of_its_own_service(service: str, clause: str) -> None:
    peer = Peer(host="127.0.0.1", port=104, ae_title="ANY")
    assert f"(PS3.7 {clause})" in sentences.cancel_passed_over(peer, service, 1, 5.0)


def test_a_peer_that_ignores_the_cancel_is_named(console: Console):
    match = {"status": 0xFF00, "data": keys(PatientID="1")}
    status = asked_to_stop(console, "C-FIND", STUDY_FIND, match, match, match, {"status": 0})
    assert status.outcome is Outcome.SUCCESS
    assert "C-CANCEL-RQ was sent after 1; the peer sent 2 more pending responses" in status.verdict


def test_a_cancel_answered_with_a_warning_is_named(console: Console):
    pending = {"status": 0xFF00, **counts(1, NumberOfRemainingSuboperations=4)}
    status = asked_to_stop(console, "C-GET", STUDY_GET, pending, {"status": 0xB000, **counts(1)})
    assert "answered the C-CANCEL-RQ with B000H instead of FE00H" in status.verdict


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
