"""Each cause of a failed connection or association, made for real, is named; without it, it is not."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from engine.model.association import Policy, Timeouts
from engine.model.command_set import CommandSet
from engine.model.commands import OpenAssociation
from engine.model.dataset import EncodedData
from engine.model.notices import AssociationNotice, AssociationPhase, Outcome
from engine.model.tls import ClientCertificates
from engine.runtime import connecting
from engine.services.responses import response_to
from engine.standard.pdus import AbortPdu, ReleaseRQ
from engine.trace.diagnosis.diagnoser import RULES, Diagnoser
from engine.trace.diagnosis.model import Setting
from engine.trace.diagnosis.operations import _ROWS
from engine.wire.pdus import encode_pdu

from .console import CT, HOST, IMPLICIT, VERIFICATION, Console, echo_rq, proposal, store_rq
from .diagnosing import LONG, SHORT, check, diagnoses, shot
from .failing import Nowhere
from .scripted import Conversation, calling, scripted
from .tls_files import Files

JPEG = "1.2.840.10008.1.2.4.50"
ECHO_RSP = 0x8030


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("tls"), trustme.CA())


def test_nothing_is_diagnosed_when_nothing_is_wrong(console: Console) -> None:
    peer = console.listen()
    assert shot(console, peer).outcome is Outcome.SUCCESS
    association = console.open(proposal(peer, VERIFICATION, CT))
    console.send(association, echo_rq())
    console.release(association)
    assert not diagnoses(console)


# --- connecting -------------------------------------------------------------------------------------------------------


def test_an_unknown_host(console: Console) -> None:
    shot(console, Nowhere(), host="no-such-host.invalid", timeouts=Timeouts(connect=3.0))
    found = diagnoses(console)
    check(found, "connect.unknown-host")
    assert "connect.refused" not in found


def test_a_closed_port(console: Console) -> None:
    shot(console, Nowhere())
    found = diagnoses(console)
    check(found, "connect.refused")
    assert "connect.unknown-host" not in found


def test_an_attempt_nobody_answers(console: Console) -> None:
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        listening.listen(0)
        where = Nowhere()
        where.port = listening.getsockname()[1]
        with socket.create_connection((HOST, where.port)), socket.socket() as second:
            second.setblocking(False)
            second.connect_ex((HOST, where.port))
            shot(console, where, timeouts=replace(LONG, connect=1.0))
    made = check(diagnoses(console), "connect.timed-out")
    assert made.mends[0].setting is Setting.CONNECT_TIMEOUT
    assert made.mends[0].value == 3.0


UNANSWERED = {"associate.no-answer": replace(LONG, acse=SHORT), "dimse.no-response": replace(LONG, dimse=SHORT)}
UNANSWERED["associate.half-answer"] = UNANSWERED["associate.no-answer"]
UNANSWERED["dimse.other-message-id"] = UNANSWERED["dimse.no-response"]
UNANSWERED["transport.breaks-off"] = UNANSWERED["dimse.no-response"]
"""Where a time-out has to come it is the short one, and no other may come before it."""


def _http(talk: Conversation) -> None:
    talk.read_pdu()
    talk.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    talk.wait_closed()


def _silent(talk: Conversation) -> None:
    talk.read_pdu()
    talk.wait_closed()


def _half_an_answer(talk: Conversation) -> None:
    talk.read_pdu()
    talk.send(b"\x02\x00\x00\x00\x00\xb8\x00\x01\x00\x00ANY-SCP")
    talk.wait_closed()


def _hangs_up(talk: Conversation) -> None:
    talk.read_pdu()


def _no_response(talk: Conversation) -> None:
    talk.accept()
    talk.wait_closed()


def _aborts_at_once(talk: Conversation) -> None:
    talk.accept()
    talk.read_command()
    talk.send(encode_pdu(AbortPdu(source=0, reason=0)))


def _aborts_instead(talk: Conversation) -> None:
    talk.read_pdu()
    talk.send(encode_pdu(AbortPdu(source=0, reason=0)))


def _closes_later(talk: Conversation) -> None:
    talk.accept()
    talk.read_command()


def _another_id(talk: Conversation) -> None:
    talk.accept()
    context_id, request = talk.read_command()
    talk.send(talk.message(context_id, response_to(request, 0).with_values(MessageIDBeingRespondedTo=77)))
    talk.wait_closed()


def _half_a_response(talk: Conversation) -> None:
    talk.accept()
    context_id, request = talk.read_command()
    talk.send(talk.message(context_id, response_to(request, 0))[:50])
    talk.wait_closed()


def _garbage(talk: Conversation) -> None:
    talk.accept()
    talk.read_command()
    talk.send(b"\x02\x00\x00\x00\x00\x02\x00\x01")
    talk.wait_closed()


def _too_much(talk: Conversation) -> None:
    talk.accept()
    talk.read_command()
    talk.send(b"\x04\x00\x10\x00\x00\x00")
    talk.wait_closed()


SCRIPTS: dict[str, tuple[Callable[[Conversation], None], str]] = {
    "connect.not-dicom": (_http, "port"),
    "associate.no-answer": (_silent, "0.4 s"),
    "associate.half-answer": (_half_an_answer, "no more than 17 bytes"),
    "associate.closed": (_hangs_up, "closed the connection"),
    "dimse.no-response": (_no_response, "0.4 s"),
    "dimse.other-message-id": (_another_id, "answers message 77; asked was message 1"),
    "transport.breaks-off": (_half_a_response, "0.4 s"),
    "associate.aborted-instead": (_aborts_instead, "answered the A-ASSOCIATE-RQ with an A-ABORT"),
    "associate.aborted-after-accept": (_aborts_at_once, "A-ABORT"),
    "transport.closed": (_closes_later, "closed the connection"),
    "association.protocol": (_garbage, "broke the protocol"),
    "association.limit": (_too_much, "--limit pdu_length"),
}


@pytest.mark.parametrize("rule", SCRIPTS)
def test_what_a_peer_does_wrong_is_told_apart(rule: str, console: Console) -> None:
    script, words = SCRIPTS[rule]
    with scripted(script) as peer:
        shot(console, peer, timeouts=UNANSWERED.get(rule, LONG))
    found = diagnoses(console)
    made = check(found, rule)
    assert words in f"{made.happened} {made.cause} {made.change}"
    assert not {r for r in SCRIPTS if r in found and r != rule}


def test_a_time_out_offers_to_wait_longer_and_tls(console: Console) -> None:
    with scripted(_silent) as peer:
        shot(console, peer, timeouts=UNANSWERED["associate.no-answer"])
    made = diagnoses(console)["associate.no-answer"]
    assert {m.setting for m in made.mends} == {Setting.ACSE_TIMEOUT, Setting.TLS}


def test_a_release_that_is_not_answered(console: Console) -> None:
    def script(talk: Conversation) -> None:
        talk.accept()
        talk.wait_closed()

    with scripted(script) as peer:
        association = console.open(proposal(peer, timeouts=replace(LONG, acse=2.0)))  # it has to open too
        console.release(association)
    check(diagnoses(console), "release.no-answer")


def test_an_idle_association(console: Console) -> None:
    peer = console.listen()
    association = console.open(proposal(peer, timeouts=Timeouts(idle=0.2)))
    console.ended(association)
    check(diagnoses(console), "transport.idle")


def test_a_caller_that_asks_for_nothing(console: Console) -> None:
    peer = console.listen(policy=Policy(timeouts=LONG))
    with socket.create_connection((HOST, peer.port)):
        console.wait(AssociationNotice, lambda n: n.outcome is not None)
    check(diagnoses(console), "connect.silent-caller")


def test_an_abort_long_after_the_acceptance_is_explained_too(console: Console) -> None:
    with scripted(_aborts_at_once) as peer:
        shot(console, peer)
    notices = [
        replace(n, clock=n.clock + 30) if isinstance(n, AssociationNotice) and n.outcome else n for n in console.drain()
    ]
    assert "peer.aborts-midway" in {d.rule for d in Diagnoser().take(notices)}


def test_an_answer_that_breaks_off_with_the_connection(console: Console) -> None:
    def script(talk: Conversation) -> None:
        talk.read_pdu()
        talk.send(b"\x02\x00\x00\x00\x00\xb8\x00\x01")

    with scripted(script) as peer:
        status = shot(console, peer)
    found = diagnoses(console)
    check(found, "associate.half-answer")
    assert "associate.closed" not in found
    assert "had begun to answer" in status.sentence and "may not speak DICOM" not in status.sentence


@pytest.mark.parametrize("closes", [False, True])
def test_a_request_that_breaks_off(closes: bool, console: Console) -> None:
    peer = console.listen(policy=Policy(timeouts=LONG))
    with socket.create_connection((HOST, peer.port)) as sock:
        sock.sendall(b"\x01\x00\x00\x00\x00\xb8\x00\x01")
        if closes:
            sock.shutdown(socket.SHUT_WR)
        ended = console.wait(AssociationNotice, lambda n: n.outcome is not None)
    assert "8 bytes of" in ended.sentence and "port scan" not in ended.sentence
    found = diagnoses(console)
    check(found, "associate.half-request")
    assert "connect.silent-caller" not in found


def test_a_message_that_breaks_off_is_no_idle_association(console: Console) -> None:
    peer = console.listen(policy=Policy(timeouts=replace(LONG, idle=0.3)))
    with calling(peer.port, VERIFICATION) as talk:
        talk.send(b"\x04\x00\x00\x00\x00\x20\x00")
        console.wait(AssociationNotice, lambda n: n.outcome is not None)
    found = diagnoses(console)
    assert "0.3 s" in check(found, "transport.breaks-off").happened
    assert "transport.idle" not in found


def test_the_built_in_peer_tells_its_own_time_outs(console: Console) -> None:
    peer = console.listen(policy=Policy(timeouts=replace(LONG, idle=0.3)))
    with calling(peer.port, VERIFICATION):
        console.wait(AssociationNotice, lambda n: n.outcome is not None)
    assert "0.3 s" in check(diagnoses(console), "transport.idle").happened


def test_a_response_that_ends_nothing(console: Console) -> None:
    def script(talk: Conversation) -> None:
        talk.accept()
        context_id, request = talk.read_command()
        talk.send(talk.message(context_id, response_to(request, 0xFF00)))
        talk.wait_closed()

    with scripted(script) as peer:
        shot(console, peer, timeouts=UNANSWERED["dimse.no-response"])
    made = check(diagnoses(console), "dimse.no-response")
    assert "Pending" in made.happened and not made.mends


def test_a_response_without_the_message_id_it_answers(console: Console) -> None:
    def script(talk: Conversation) -> None:
        talk.accept()
        context_id, _ = talk.read_command()
        talk.send(talk.message(context_id, CommandSet.of(CommandField=ECHO_RSP, CommandDataSetType=0x101, Status=0)))
        talk.wait_closed()

    with scripted(script) as peer:
        status = shot(console, peer, timeouts=UNANSWERED["dimse.no-response"])
    made = check(diagnoses(console), "dimse.other-message-id")
    assert "answers no message" in made.happened and "None" not in made.happened
    assert "the Message ID it answers is missing" in status.sentence


def test_a_foreign_protocol_within_an_association_is_no_wrong_port(console: Console) -> None:
    def script(talk: Conversation) -> None:
        talk.accept()
        talk.read_command()
        talk.send(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
        talk.wait_closed()

    with scripted(script) as peer:
        shot(console, peer)
    found = diagnoses(console)
    assert "HTTP response" in check(found, "association.protocol").happened
    assert "connect.not-dicom" not in found


# --- TLS --------------------------------------------------------------------------------------------------------------

TLS: dict[str, tuple[Callable[[Files], Any], Callable[[Files], Any]]] = {
    "tls.peer-is-plain": (lambda f: None, lambda f: f.requestor()),
    "tls.peer-wants-tls": (lambda f: f.acceptor(), lambda f: None),
    "tls.certificate-expired": (lambda f: f.acceptor(certificate=f.expired()), lambda f: f.requestor()),
    "tls.host-name": (lambda f: f.acceptor(), lambda f: f.requestor(server_name="archive.example.org")),
    "tls.not-trusted": (lambda f: f.acceptor(certificate=f.of_another_ca()), lambda f: f.requestor()),
    "tls.client-certificate": (
        lambda f: f.acceptor(client_certificates=ClientCertificates.REQUIRE),
        lambda f: f.requestor(),
    ),
    "tls.our-certificate": (
        lambda f: f.acceptor(client_certificates=ClientCertificates.REQUIRE),
        lambda f: f.requestor(certificate=f.of_another_ca()),
    ),
    "tls.no-common-ground": (
        lambda f: f.acceptor(minimum_version="1.3"),
        lambda f: f.requestor(maximum_version="1.2"),
    ),
}
OTHER_SIDE = {"tls.peer-is-plain": "tls.caller-wants-tls", "tls.peer-wants-tls": "tls.caller-is-plain"}


@pytest.mark.parametrize("rule", TLS)
def test_each_tls_failure_is_explained(rule: str, console: Console, files: Files) -> None:
    acceptor, requestor = TLS[rule]
    peer = console.listen(tls=acceptor(files), policy=Policy(timeouts=replace(LONG, artim=5.0)))
    shot(console, peer, tls=requestor(files))
    console.wait(AssociationNotice, lambda n: not n.requestor and n.outcome is not None)
    found = {r: d for r, d in diagnoses(console).items() if r.startswith("tls.")}
    check(found, rule)
    ours = next(n.association for n in console.of(AssociationNotice) if n.requestor)
    assert [r for r, d in found.items() if d.association == ours] == [rule]
    if rule in OTHER_SIDE:
        check(found, OTHER_SIDE[rule])


def test_nothing_is_diagnosed_when_tls_works(console: Console, files: Files) -> None:
    peer = console.listen(tls=files.acceptor())
    assert shot(console, peer, tls=files.requestor()).outcome is Outcome.SUCCESS
    assert not diagnoses(console)


def test_the_session_in_the_middle_of_which_a_peer_aborts(console: Console) -> None:
    def script(talk: Conversation) -> None:
        talk.accept()
        context_id, command = talk.read_command()
        talk.send(talk.message(context_id, response_to(command, 0)))
        talk.read_command()
        talk.send(encode_pdu(AbortPdu(source=2, reason=6)))

    with scripted(script) as peer:
        association = console.new_id()
        console.submit(OpenAssociation(association=association, proposal=proposal(peer)))
        console.wait(AssociationNotice, lambda n: n.phase is AssociationPhase.ESTABLISHED)
        console.send(association, echo_rq())
        console.send(association, echo_rq())
        console.ended(association)
    found = diagnoses(console)
    check(found, "peer.aborts-midway")
    assert "associate.aborted-after-accept" not in found


def test_a_network_without_a_way_there(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_route(_info: Any) -> tuple[socket.socket, bool]:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(connecting, "_begun", no_route)
    shot(console, Nowhere())
    found = diagnoses(console)
    check(found, "connect.unreachable")
    assert "connect.refused" not in found


def test_a_peer_that_does_not_read(console: Console) -> None:
    def script(talk: Conversation) -> None:
        talk.accept()
        talk.over.wait(10)

    data = EncodedData(bytes(32 * 1024 * 1024), IMPLICIT)
    with scripted(script) as peer:
        waits = replace(LONG, dimse=1.5)  # all of it would have to pass unseen between two pieces of what is sent
        shot(console, peer, store_rq(CT, "2.25.9", data), contexts=((CT, IMPLICIT),), timeouts=waits)
    found = diagnoses(console)
    check(found, "transport.peer-stopped-reading")
    assert "dimse.no-response" not in found


def test_an_acceptor_that_releases(console: Console) -> None:
    def script(talk: Conversation) -> None:
        talk.accept()
        talk.send(encode_pdu(ReleaseRQ()))
        talk.read_pdu()

    with scripted(script) as peer:
        association = console.new_id()
        console.submit(OpenAssociation(association=association, proposal=proposal(peer)))
        console.ended(association)
    check(diagnoses(console), "peer.no-release")


def test_every_rule_is_shown_by_a_scene() -> None:
    """By name here or beside, or as a row of the statuses, each of which is tried."""
    told = "".join(path.read_text() for path in Path(__file__).parent.glob("test_diagnosis_*.py"))
    rows = {row.name for row in _ROWS}
    assert not [name for name in RULES if f'"{name}"' not in told and name not in rows]


@pytest.mark.parametrize("answered", [0, 1])
def test_an_abort_that_is_none_is_not_told_as_the_peers(answered: int, console: Console) -> None:
    """It ends in ours, with our reason, which the peer did not give."""

    def script(talk: Conversation) -> None:
        talk.accept()
        for _ in range(answered):
            context_id, command = talk.read_command()
            talk.send(talk.message(context_id, response_to(command, 0)))
        talk.read_command()
        talk.send(bytes.fromhex("0700000000020000"))  # without source and reason
        talk.wait_closed()

    with scripted(script) as peer:
        shot(console, peer, echo_rq(), echo_rq())
    found = diagnoses(console)
    check(found, "association.protocol")
    assert not found.keys() & {"peer.aborts-midway", "associate.aborted-after-accept"}
