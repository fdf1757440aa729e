"""The same faults as user: our own side deviates, and the built-in peer ends well and serves the next one."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.model.faults import FAULTS, Phase
from engine.model.notices import Direction, ErrorNotice, FindingNotice, Outcome
from tests.interop import samples
from tests.runtime.console import Console
from tests.runtime.deviating import LONG, Stage, script, waits

OURS = (Phase.REQUEST, Phase.ASSOCIATION, Phase.RELEASE)
DEVIATIONS = [
    (name, phase) for name, row in FAULTS.items() for phase in OURS if phase in row.phases and name != "reject"
]
REFUSED = {
    # what the built-in peer must not let pass: how our side's operation ends then
    ("drop", Phase.REQUEST): Outcome.TIMED_OUT,
    ("half-then-silence", Phase.REQUEST): Outcome.TIMED_OUT,
    ("pdu-length-short", Phase.REQUEST): Outcome.ABORTED,
    ("unknown-pdu-first", Phase.REQUEST): Outcome.ABORTED,
    ("unknown-pdu-first", Phase.ASSOCIATION): Outcome.ABORTED,
    ("other-application-context", Phase.ASSOCIATION): Outcome.REJECTED,
    ("protocol-version", Phase.ASSOCIATION): Outcome.REJECTED,
    ("wrong-context", Phase.REQUEST): Outcome.ABORTED,
    ("explicit-command", Phase.REQUEST): Outcome.ABORTED,
    ("marked-as-data", Phase.REQUEST): Outcome.ABORTED,
    ("data-random", Phase.REQUEST): Outcome.FAILURE,
    ("data-missing", Phase.REQUEST): Outcome.FAILURE,
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> list[samples.Sample]:
    return samples.archive(tmp_path_factory.mktemp("archive"))


@pytest.mark.parametrize(("fault", "phase"), DEVIATIONS, ids=lambda value: getattr(value, "value", value))
def test_the_built_in_peer_ends_well_and_serves_the_next(
    fault: str, phase: Phase, console: Console, archive: list[samples.Sample], tmp_path: Path
) -> None:
    stage = Stage(console, archive, tmp_path / "held")
    expected = REFUSED.get((fault, phase))
    stage.listen(None)
    status = stage.ours("store", script(fault, phase=phase), timeouts=waits(expected, phase))
    stage.end_of(status.association)
    assert [n.faults for n in stage.fired()] == [(fault,)]
    assert expected is None or status.outcome is expected, status.sentence
    assert stage.ours("echo", timeouts=LONG).outcome is Outcome.SUCCESS
    assert not [n.sentence for n in console.of(ErrorNotice)]


def test_what_we_send_on_purpose_is_shown_as_it_was_sent(
    console: Console, archive: list[samples.Sample], tmp_path: Path
) -> None:
    stage = Stage(console, archive, tmp_path / "held")
    stage.listen(None)
    status = stage.ours("store", script("group-length-off", phase=Phase.REQUEST))
    told = console.of(FindingNotice, lambda n: n.association == status.association and n.direction is Direction.SENT)
    assert "command.group-length" in [n.rule for n in told]
