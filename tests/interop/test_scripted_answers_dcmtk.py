"""Faults of the built-in peer against DCMTK's programs: each ends, in time, with the message it has for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.model.notices import ErrorNotice
from engine.workspace.scripts import Profile, quirk_profiles
from tests.interop import peers, samples
from tests.runtime.console import Console
from tests.runtime.deviating import Stage, script, when_for
from tests.runtime.deviating_cases import CASES, Case

pytestmark = pytest.mark.interop
WITHIN = 20.0
"""Seconds after which a program counts as hanging."""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> list[samples.Sample]:
    return samples.archive(tmp_path_factory.mktemp("shelf"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_dcmtk_ends_well(
    case: Case,
    console: Console,
    shelf: list[samples.Sample],
    client: Callable[..., peers.Completed],
    tmp_path: Path,
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    stage = Stage(console, shelf, tmp_path / "held")
    when = when_for(case.fault, case.operation, case.phase)
    stage.stocked(script(case.fault, phase=case.phase, when=when, **case.values))
    program, arguments = stage.dcmtk(case.operation, ends=not case.dcmtk_ok)
    completed = client(program, *arguments, cwd=own, seconds=WITHIN)
    assert (completed.code == 0) is case.dcmtk_ok, completed.output
    assert case.dcmtk_said in completed.output
    assert stage.fired(), "the rule never applied"
    assert not [n.sentence for n in console.of(ErrorNotice)]


@pytest.mark.parametrize("profile", quirk_profiles(), ids=lambda profile: profile.name)
@pytest.mark.parametrize("operation", ["find", "store", "get", "move"])
def test_dcmtk_copes_with_the_habits_of_real_peers(
    profile: Profile,
    operation: str,
    console: Console,
    shelf: list[samples.Sample],
    client: Callable[..., peers.Completed],
    tmp_path: Path,
) -> None:
    """Whatever it makes of them, it ends in time, and the built-in peer with it."""
    own = tmp_path / "own"
    own.mkdir()
    stage = Stage(console, shelf, tmp_path / "held")
    stage.stocked(profile.script)
    program, arguments = stage.dcmtk(operation)
    client(program, *arguments, cwd=own, seconds=WITHIN)
    assert not [n.sentence for n in console.of(ErrorNotice)]
