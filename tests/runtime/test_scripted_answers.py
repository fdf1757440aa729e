"""Faults of the built-in peer against our own user side: each ends, in time, with the right sentence and findings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.model.faults import FAULTS
from engine.model.notices import ErrorNotice
from engine.model.scripting import Script
from tests.interop import samples
from tests.runtime.console import Console
from tests.runtime.deviating import Stage, script, waits, when_for
from tests.runtime.deviating_cases import CASES, Case

Staged = Callable[[Script | None], Stage]
NOT_HERE = {"ignore-cancel"}
"""Has tests of its own."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> list[samples.Sample]:
    return samples.archive(tmp_path_factory.mktemp("archive"))


@pytest.fixture
def staged(console: Console, archive: list[samples.Sample], tmp_path: Path) -> Staged:
    """Starts the built-in peer with a script and a few instances."""

    def start(script: Script | None) -> Stage:
        stage = Stage(console, archive, tmp_path / "held")
        stage.stocked(script)
        return stage

    return start


def test_every_fault_has_a_case() -> None:
    assert set(FAULTS) - {case.fault for case in CASES} <= NOT_HERE


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_our_user_side_ends_well(case: Case, staged: Staged) -> None:
    when = when_for(case.fault, case.operation, case.phase)
    stage = staged(script(case.fault, phase=case.phase, when=when, **case.values))
    status = stage.ours(case.operation, timeouts=waits(case.outcome, case.phase))
    end = stage.end_of(status.association)
    assert stage.fired(), "the rule never applied"
    assert status.outcome is case.outcome, status.sentence
    assert case.said in f"{status.sentence} {status.verdict} {end.sentence}"
    assert set(case.findings) <= set(stage.findings(status))
    assert not [n.sentence for n in stage.console.of(ErrorNotice)]
