"""Our own side deviates against DCMTK's storage provider: our operation ends, and it serves the next one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.model.association import Policy
from engine.model.faults import FAULTS, Phase
from engine.model.notices import ErrorNotice, Outcome
from tests.interop import samples
from tests.runtime.console import Console
from tests.runtime.deviating import LONG, Stage, script, waits

pytestmark = pytest.mark.interop
OURS = (Phase.REQUEST, Phase.ASSOCIATION)
DEVIATIONS = [
    (name, phase) for name, row in FAULTS.items() for phase in OURS if phase in row.phases and name != "reject"
]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> list[samples.Sample]:
    return samples.archive(tmp_path_factory.mktemp("shelf"))


@pytest.mark.parametrize(("fault", "phase"), DEVIATIONS, ids=lambda value: getattr(value, "value", value))
def test_storescp_ends_well_and_serves_the_next(
    fault: str,
    phase: Phase,
    console: Console,
    shelf: list[samples.Sample],
    storescp: Callable[..., Any],
    tmp_path: Path,
) -> None:
    peer = storescp()
    stage = Stage(console, shelf, tmp_path / "held")
    stage.peer = console.listen(policy=Policy(timeouts=LONG))
    status = stage.ours("store", script(fault, phase=phase), port=peer.port, timeouts=waits(None, phase))
    stage.end_of(status.association)
    assert [n.faults for n in stage.fired()] == [(fault,)]
    assert stage.ours("echo", port=peer.port).outcome is Outcome.SUCCESS
    assert not [n.sentence for n in console.of(ErrorNotice)]
