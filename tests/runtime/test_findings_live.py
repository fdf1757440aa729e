"""What is found while it happens: of peers that misbehave on purpose, and of what we ourselves are made to send."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.model.commands import Outgoing, SendBytes
from engine.model.notices import Direction, FindingNotice, MessageNotice
from engine.services.responses import request_of, response_to
from engine.standard.pdus import AbortPdu, ReleaseRP, ReleaseRQ
from engine.wire.pdus import encode_pdu
from tests.runtime.console import VERIFICATION, Console, echo_rq, proposal
from tests.runtime.scripted import Conversation, scripted

Script = Callable[[Conversation], None]


def found(console: Console, rule: str) -> FindingNotice:
    return console.wait(FindingNotice, lambda n: n.rule == rule)


def released(conversation: Conversation) -> None:
    """Answer the A-RELEASE-RQ, whatever comes before it."""
    while (pdu := conversation.read_pdu()) and pdu[0] != ReleaseRQ.TYPE:
        pass
    conversation.send(encode_pdu(ReleaseRP()))


def answering(conversation: Conversation, **changes: object) -> None:
    """Accept, and answer one C-ECHO-RQ with these values changed."""
    conversation.accept()
    context_id, command = conversation.read_command()
    answer = response_to(command, 0).with_values(**changes)  # type: ignore[arg-type]
    conversation.send(conversation.message(context_id, answer))


def twice(conversation: Conversation) -> None:
    conversation.accept()
    context_id, command = conversation.read_command()
    conversation.send(conversation.message(context_id, response_to(command, 0)) * 2)
    released(conversation)


def on_another_class(conversation: Conversation) -> None:
    answering(conversation, AffectedSOPClassUID="1.2.840.10008.5.1.4.1.1.2")
    released(conversation)


def abort_of_nobody(conversation: Conversation) -> None:
    conversation.accept()
    conversation.send(encode_pdu(AbortPdu(source=1)))


def release_unasked(conversation: Conversation) -> None:
    conversation.accept()
    conversation.send(encode_pdu(ReleaseRP()))
    conversation.wait_closed()


def released_by_the_acceptor(conversation: Conversation) -> None:
    conversation.accept()
    conversation.send(encode_pdu(ReleaseRQ()))
    conversation.wait_closed()


def closed_without_answer(conversation: Conversation) -> None:
    conversation.read_pdu()


def garbage(conversation: Conversation) -> None:
    conversation.accept()
    conversation.send(b"HTTP/1.1 200 OK\r\n\r\n")
    conversation.wait_closed()


@pytest.mark.parametrize(
    ("rule", "script"),
    [
        ("exchange.after-final", twice),
        ("command.equal-to-request", on_another_class),
        ("association.abort-source", abort_of_nobody),
        ("pdu.release-unasked", release_unasked),
        ("pdu.release-by-acceptor", released_by_the_acceptor),
        ("pdu.request-unanswered", closed_without_answer),
        ("pdu.unreadable", garbage),
    ],
)
def test_a_peer_that_breaks_a_rule(rule: str, script: Script, console: Console) -> None:
    with scripted(script) as peer:
        console.one_shot(proposal(peer), echo_rq())
        finding = found(console, rule)
    assert finding.direction is Direction.RECEIVED
    assert finding.clause.startswith("PS3.")
    rules = [n.rule for n in console.of(FindingNotice)]
    assert rules.count(rule) == 1, rules
    assert "pdu.unexpected" not in rules, "what the watcher has told is not told again"


def test_a_finding_about_a_message_follows_it_with_its_operation(console: Console) -> None:
    with scripted(on_another_class) as peer:
        console.one_shot(proposal(peer), echo_rq())
        finding = found(console, "command.equal-to-request")
    answer = next(n for n in console.of(MessageNotice) if n.command.is_response)
    assert finding.operation == answer.operation is not None
    notices = console.drain()
    assert notices.index(finding) > notices.index(answer)
    start, end = finding.evidence.start, finding.evidence.end
    assert b"1.2.840.10008.5.1.4.1.1.2" in answer.command_bytes[start:end]


def test_what_we_are_made_to_send_is_ours(console: Console) -> None:
    listener = console.listen()
    association = console.open(proposal(listener))
    wrong = request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION).with_values(Priority=0)
    console.send(association, Outgoing(command=wrong))
    found(console, "command.undefined-field")
    sides = {(n.association, n.direction) for n in console.of(FindingNotice)}
    assert (association, Direction.SENT) in sides
    assert {d for a, d in sides if a != association} == {Direction.RECEIVED}, "the listener sees it come"


def test_bytes_sent_by_force_are_taken_for_the_pdus_they_are(console: Console) -> None:
    listener = console.listen()
    association = console.open(proposal(listener))
    two_pdus = b"\x06\x00\x00\x00\x00\x04\x00\x00\x00\x00\x09\x00\x00\x00\x00\x00"
    console.submit(SendBytes(association=association, data=two_pdus))
    ours = console.wait(FindingNotice, lambda n: n.rule == "pdu.release-unasked" and n.association == association)
    assert ours.direction is Direction.SENT
    theirs = console.wait(FindingNotice, lambda n: n.rule == "pdu.unreadable" and n.association == association)
    assert theirs.direction is Direction.SENT
    console.ended(association)
