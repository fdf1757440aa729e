"""Notices make records; wishes make commands."""

from __future__ import annotations

import pytest

from engine.model.association import Peer, Policy, Proposal, ProposedContext
from engine.model.command_set import CommandSet
from engine.model.commands import (
    Abort,
    Cancel,
    Listen,
    OneShot,
    OpenAssociation,
    Outgoing,
    PeerSettings,
    Release,
    Send,
    StoreFiles,
    echo_request,
)
from engine.model.notices import AssociationPhase, ErrorNotice, Outcome
from gui.session import KEPT_RECORDS, Session
from gui.state_pill import state_parts

CT = "1.2.840.10008.5.1.4.1.1.2"
PROPOSAL = Proposal(
    peer=Peer(name="Orthanc", ae_title="ORTHANC", port=4242),
    contexts=(ProposedContext(1, CT, ("1.2.840.10008.1.2",)),),
)


@pytest.fixture
def session(bridge):
    return Session(bridge, bridge)


def establish(session, qtbot, proposal=PROPOSAL):
    association = session.associate(proposal)
    qtbot.waitUntil(lambda: session.record(association).established)
    return association


def test_an_echo_is_a_one_shot_that_proposes_verification_only(session, fake, qtbot):
    with qtbot.waitSignal(session.echo_finished) as told:
        session.echo(PROPOSAL)
    (command,) = fake.sent(OneShot)
    assert [c.abstract_syntax for c in command.proposal.contexts] == ["1.2.840.10008.1.1"]
    assert command.proposal.peer == PROPOSAL.peer
    report = told.args[0]
    assert (report.outcome, report.round_trip) == (Outcome.SUCCESS, 0.0019)
    assert session.current is None
    assert not session.running_operations


def test_an_echo_that_is_rejected_has_no_round_trip(session, fake, qtbot):
    fake.refuse_ports.add(4242)
    with qtbot.waitSignal(session.echo_finished) as told:
        session.echo(PROPOSAL)
    assert (told.args[0].outcome, told.args[0].round_trip) == (Outcome.REJECTED, None)


def test_an_association_is_followed_from_connecting_to_released(session, fake, qtbot):
    association = session.associate(PROPOSAL)
    assert session.current.phase is AssociationPhase.CONNECTING
    qtbot.waitUntil(lambda: session.current.established)
    assert session.current.state == "Sta6"
    assert session.current.negotiated.contexts[0].accepted
    assert state_parts(session.current)[0] == ["Sta6 Association established", "1 of 1 context", "12.4 ms"]
    session.release()
    qtbot.waitUntil(lambda: session.current.finished)
    assert fake.sent(Release) == [Release(association=association)]
    assert session.current.state == "Sta1"
    assert session.open_records() == ()


def test_an_association_that_is_held_is_said_to_be_established(session, fake, qtbot):
    told = []
    session.said.connect(lambda sentence, role: told.append((sentence, role)))
    session.echo(PROPOSAL)
    qtbot.waitUntil(lambda: not session.running_operations)
    assert not any("established" in sentence for sentence, _ in told)
    answer = "Association established, 1 of 1 presentation contexts accepted."
    usual, fake.phase = fake.phase, lambda n, phase, **more: usual(n, phase, **{"sentence": answer, **more})
    session.associate(PROPOSAL)
    qtbot.waitUntil(lambda: (answer, "ok") in told)


def test_what_came_of_an_echo_is_said_last_and_of_a_release_where_one_held_it(session, fake, qtbot):
    told = []
    session.said.connect(lambda sentence, role: told.append((sentence, role)))
    session.echo(PROPOSAL)
    qtbot.waitUntil(lambda: session.open_records() == () and not session.running_operations)
    assert told == [("0000H Success", "ok")]
    establish(session, qtbot)
    session.release()
    qtbot.waitUntil(lambda: ("Released.", "text") in told)


def test_a_rejection_is_said(session, fake, qtbot):
    fake.refuse_ports.add(4242)
    with qtbot.waitSignal(session.said) as told:
        session.associate(PROPOSAL)
    assert "called-AE-title-not-recognized" in told.args[0]
    assert told.args[1] == "failure"
    assert state_parts(session.current)[1] == "failure"


def test_sending_needs_an_established_association(session, fake, qtbot):
    message = Outgoing(command=echo_request())
    with qtbot.waitSignal(session.said) as told:
        assert session.send(message) is None
    assert "Associate" in told.args[0]
    establish(session, qtbot)
    with qtbot.waitSignal(session.operation_ended):
        operation = session.send(message)
    assert [c.operation for c in fake.sent(Send)] == [operation]


def test_a_one_shot_needs_none(session, fake, qtbot):
    message = Outgoing(command=CommandSet.of(CommandField=0x0030))
    with qtbot.waitSignal(session.operation_ended):
        session.send(message, PROPOSAL)
    assert fake.sent(OneShot)[0].messages == (message,)


def test_cancel_names_the_operation(session, fake, tmp_path):
    fake.silent = True
    operation = session.run(StoreFiles(operation=0, association=0, proposal=PROPOSAL, paths=(tmp_path,)))
    assert session.running_operations == {operation}
    session.cancel(operation)
    assert fake.sent(Cancel) == [Cancel(operation=operation)]
    assert fake.sent(StoreFiles)[0].paths == (tmp_path,)


def test_several_associations_and_the_one_the_toolbar_acts_on(session, fake, qtbot):
    first = establish(session, qtbot)
    second = establish(session, qtbot)
    assert session.current.association == second
    with qtbot.waitSignal(session.current_changed):
        session.make_current(first)
    session.abort()
    assert fake.sent(Abort) == [Abort(association=first)]
    qtbot.waitUntil(lambda: len(session.open_records()) == 1)


def test_ending_releases_the_established_and_aborts_the_others(session, fake, qtbot):
    established = establish(session, qtbot)
    fake.silent = True
    opening = session.associate(PROPOSAL)
    assert session.release_all() == 2
    assert fake.sent(Release) == [Release(association=established)]
    assert fake.sent(Abort) == [Abort(association=opening)]


def test_the_built_in_peer_takes_another_port_when_its_own_is_taken(session, fake, qtbot):
    fake.taken_ports.add(11112)
    session.listen(PeerSettings(policy=Policy()), "127.0.0.1", 11112, any_port=True)
    qtbot.waitUntil(lambda: session.listener.listening)
    assert [c.port for c in fake.sent(Listen)] == [11112, 0]
    assert session.listener.port == 50104
    assert session.listener.loopback


def test_without_a_second_choice_the_sentence_says_why_it_does_not_listen(session, fake, qtbot):
    fake.taken_ports.add(11112)
    with qtbot.waitSignal(session.said) as told:
        session.listen(PeerSettings(policy=Policy()), "", 11112)
    assert told.args[0] == "The port is taken."
    assert not session.listener.listening


def test_an_association_the_peer_opened_is_known_but_not_taken(session, fake, qtbot):
    fake.phase(77, AssociationPhase.ESTABLISHED, requestor=False)
    qtbot.waitUntil(lambda: session.record(77) is not None)
    assert session.current is None
    assert [r.association for r in session.open_records()] == [77]


def test_our_own_errors_are_said(session, fake, qtbot):
    with qtbot.waitSignal(session.said) as told:
        fake.emit(ErrorNotice(time=0.0, sentence="The engine met an unexpected error."))
    assert told.args == ["The engine met an unexpected error.", "failure"]


def test_finished_associations_are_forgotten_above_a_bound(session, fake, qtbot):
    for number in range(KEPT_RECORDS + 50):
        fake.phase(number + 1, AssociationPhase.RELEASED, requestor=False)
    qtbot.waitUntil(lambda: session.record(KEPT_RECORDS + 50) is not None)
    assert session.record(1) is None


def test_an_association_command_is_what_the_panel_proposed(session, fake):
    session.associate(PROPOSAL)
    assert fake.sent(OpenAssociation)[0].proposal is PROPOSAL
