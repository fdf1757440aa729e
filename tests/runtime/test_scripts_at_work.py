"""Rules with conditions at work, cancels that are not heard, profiles that ship, and scripts on the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from engine.model.association import Policy
from engine.model.commands import StopListening
from engine.model.faults import Phase
from engine.model.notices import (
    AssociationNotice,
    ErrorNotice,
    FindingNotice,
    ListenerNotice,
    MessageNotice,
    Outcome,
    ScriptNotice,
)
from engine.model.scripting import Script, script_of
from engine.workspace.scripts import Profile, parse_script, quirk_profiles
from tests.interop import samples
from tests.runtime.console import Console, echo_rq, proposal
from tests.runtime.deviating import LONG, Stage, script, waits
from tests.runtime.tls_files import Files

Staged = Callable[[Script | None], Stage]


def written(text: str) -> Script:
    return parse_script(text, Path("script.toml"))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> list[samples.Sample]:
    return samples.archive(tmp_path_factory.mktemp("archive"))


@pytest.fixture
def staged(console: Console, archive: list[samples.Sample], tmp_path: Path) -> Staged:
    def start(script: Script | None) -> Stage:
        stage = Stage(console, archive, tmp_path / "held")
        stage.stocked(script)
        return stage

    return start


def test_rules_count_over_all_associations_of_a_listener(staged: Staged) -> None:
    stage = staged(
        written(
            '[[rule]]\ntitle = "the second"\nwhen = { service = "C-ECHO", nth = 2 }\n'
            'then = [{ fault = "status", status = 0x0122, comment = "not today" }]'
        )
    )
    outcomes = [stage.ours("echo").outcome for _ in range(3)]
    assert outcomes == [Outcome.SUCCESS, Outcome.FAILURE, Outcome.SUCCESS]
    (told,) = stage.fired()
    assert told.sentence == "Script rule 1 applies to the C-ECHO response: the second (status)."


def test_a_value_of_the_stored_data_set_decides(staged: Staged, archive: list[samples.Sample]) -> None:
    patient = archive[0].patient_id
    text = (
        '[[rule]]\nwhen = { service = "C-STORE", value = { PatientID = "%s" } }\n'
        'then = [{ fault = "status", status = 0xA900 }]'
    )
    assert staged(written(text % patient)).ours("store").status == 0xA900


def test_a_value_that_does_not_match_changes_nothing(staged: Staged) -> None:
    text = '[[rule]]\nwhen = { value = { PatientID = "NOBODY" } }\nthen = ["drop"]'
    stage = staged(written(text))
    assert stage.ours("store").outcome is Outcome.SUCCESS
    assert not stage.fired()


def test_only_one_caller_is_turned_away(staged: Staged) -> None:
    text = (
        '[[rule]]\nphase = "association"\nwhen = { calling = "CONS*" }\n'
        'then = [{ fault = "reject", result = 2, source = 3, reason = 1 }]'
    )
    status = staged(written(text)).ours("echo")
    assert status.outcome is Outcome.REJECTED
    assert "temporary-congestion" in status.sentence


@pytest.mark.parametrize(("heard", "outcome"), [(True, Outcome.CANCELLED), (False, Outcome.SUCCESS)])
def test_a_cancel_that_is_not_heard(staged: Staged, heard: bool, outcome: Outcome) -> None:
    slow = '[[rule]]\nphase = "sub-operation"\nthen = [{ fault = "delay", seconds = 0.3 }]\n'
    deaf = '[[rule]]\nphase = "cancel"\nthen = ["ignore-cancel"]\n'
    stage = staged(written(slow if heard else slow + deaf))
    command = replace(stage._command("get", stage.peer, None), cancel_after=1)
    status = stage.console.run(command)
    assert status.outcome is outcome, status.sentence
    assert ("ignore-cancel",) in [n.faults for n in stage.fired()] or heard


def test_a_silent_listener_can_be_stopped(console: Console, archive: list[samples.Sample], tmp_path: Path) -> None:
    stage = Stage(console, archive, tmp_path)
    number = stage.listen(script("silence")).listener
    stage.ours("echo", timeouts=waits(Outcome.TIMED_OUT, None))
    console.submit(StopListening(listener=number))
    console.wait(ListenerNotice, lambda n: n.listener == number and not n.listening)


def test_scripts_of_two_listeners_do_not_mix(console: Console, archive: list[samples.Sample], tmp_path: Path) -> None:
    stage = Stage(console, archive, tmp_path)
    stage.listen(script("abort-instead"))
    honest = console.listen(policy=Policy(timeouts=LONG))
    assert stage.ours("echo", port=honest.port).outcome is Outcome.SUCCESS
    assert stage.ours("echo").outcome is Outcome.ABORTED


HABITS = {
    # profile: (operation, how it ends for us, words of the sentences, a finding)
    "always-comments": ("store", Outcome.SUCCESS, "", "command.undefined-field"),
    "deaf-to-cancel": ("find", Outcome.SUCCESS, "", ""),
    "empty-acceptance": ("echo", Outcome.NOT_SENT, "turned down", "association.nothing-accepted"),
    "hangs-up": ("store", Outcome.SUCCESS, "closed the connection", "pdu.release-unanswered"),
    "nul-ae-titles": ("echo", Outcome.SUCCESS, "", "association.ae-title-copy"),
    "nul-padded-uids": ("echo", Outcome.SUCCESS, "", "association.uid"),
    "odd-rejection": ("echo", Outcome.REJECTED, "reserved (8)", "association.reject-code"),
    "optimistic-archive": ("get", Outcome.FAILURE, "but 0 arrived here", "retrieve.get-counts"),
    "packed-fragments": ("find", Outcome.SUCCESS, "", "pdata.split"),
    "roleless-get": ("get", Outcome.SUCCESS, "", "exchange.role"),
    "space-padded-uids": ("store", Outcome.SUCCESS, "", "command.padding"),
    "synchronous-archive": ("window", Outcome.SUCCESS, "", "association.window"),
    "talkative-move": ("move", Outcome.SUCCESS, "", "command.data-set-with-status"),
    "terse-store": ("store", Outcome.SUCCESS, "", ""),
    "vendor-status": ("move", Outcome.FAILURE, "move destination unreachable", ""),
}


@pytest.mark.parametrize("profile", quirk_profiles(), ids=lambda profile: profile.name)
def test_our_user_side_copes_with_the_habits_of_real_peers(profile: Profile, staged: Staged) -> None:
    stage = staged(profile.script)
    operation, outcome, words, finding = HABITS.get(profile.name, ("find", Outcome.SUCCESS, "", ""))
    status = stage.ours(operation)
    end = stage.end_of(status.association)
    assert status.outcome is outcome, status.sentence
    assert words in f"{status.sentence} {status.verdict} {end.sentence}"
    assert not finding or finding in stage.findings(status)
    assert not stage.console.of(ErrorNotice)


def test_nothing_is_told_or_changed_without_a_script(staged: Staged) -> None:
    stage = staged(None)
    assert stage.ours("find").outcome is Outcome.SUCCESS
    assert not stage.console.of(ScriptNotice)
    assert not stage.console.of(FindingNotice, lambda n: n.severity == "error")
    assert all(n.outcome is Outcome.SUCCESS for n in stage.console.of(AssociationNotice) if n.outcome)


@pytest.mark.parametrize(
    ("fault", "outcome", "words"),
    [
        ("half-then-close", Outcome.ABORTED, "in the middle of a PDU"),
        ("half-then-reset", Outcome.ABORTED, "in the middle of a PDU"),
        ("half-then-silence", Outcome.TIMED_OUT, "in the middle of a PDU"),
        ("dribble", Outcome.SUCCESS, ""),
        ("close", Outcome.ABORTED, "closed the connection"),
        ("reset", Outcome.ABORTED, "the connection"),
    ],
)
def test_the_same_over_tls(
    fault: str, outcome: Outcome, words: str, console: Console, archive: list[samples.Sample], tmp_path: Path
) -> None:
    files = Files(tmp_path, trustme.CA())
    stage = Stage(console, archive, tmp_path / "held")
    timeouts = waits(outcome, None)
    stage.peer = console.listen(policy=Policy(timeouts=timeouts), script=script(fault), tls=files.acceptor())
    command = stage._command("echo", stage.peer, None, timeouts)
    status = console.run(replace(command, proposal=replace(command.proposal, tls=files.requestor())))
    assert status.outcome is outcome, status.sentence
    assert words in status.sentence
    assert not console.of(ErrorNotice)


def test_nothing_is_told_of_an_association_after_its_end(staged: Staged, console: Console) -> None:
    """The script cuts the A-ASSOCIATE-AC; found by counting what is open in an hour of traffic."""
    stage = staged(script("half-then-close", phase=Phase.ASSOCIATION))
    stage.ours("echo")
    console.wait(AssociationNotice, lambda n: n.listener == stage.peer.listener and n.outcome is not None)
    console.submit(StopListening(listener=stage.peer.listener))
    console.wait(ListenerNotice, lambda n: n.listener == stage.peer.listener and not n.listening)
    told = console.of(AssociationNotice, lambda n: n.listener == stage.peer.listener)
    assert [n.outcome is not None for n in told] == [False] * (len(told) - 1) + [True]


def test_what_came_with_the_cause_of_an_abort_is_not_told_after_it(console: Console) -> None:
    """A command set marked whole too early: its second half comes as another message, in the same PDUs."""
    listener = console.listen(policy=Policy(timeouts=LONG))
    made = script_of("last-early", user=True)
    console.one_shot(proposal(listener, timeouts=LONG, script=made), echo_rq())
    ended = console.wait(AssociationNotice, lambda n: n.listener == listener.listener and n.outcome is not None)
    assert ended.outcome is Outcome.ABORTED
    console.submit(StopListening(listener=listener.listener))
    console.wait(ListenerNotice, lambda n: n.listener == listener.listener and not n.listening)
    told = console.of(MessageNotice, lambda n: n.association == ended.association)
    assert [console.notices.index(n) < console.notices.index(ended) for n in told] == [True]
