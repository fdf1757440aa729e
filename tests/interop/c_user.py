"""What the console does as SCU of the composite services."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydicom import dcmread

from engine.model.commands import Retrieve, StoreFiles
from engine.model.dataset import DataSet
from engine.model.notices import (
    Direction,
    FindingNotice,
)
from tests.interop import peers
from tests.runtime.console import (
    Console,
    proposal,
)

Start = Callable[..., Any]


def no_errors(console: Console) -> None:
    """What we sent breaks no rule."""
    found = console.of(FindingNotice, lambda n: n.severity == "error" and n.direction is Direction.SENT)
    assert not found, [n.sentence for n in found]


def store(console: Console, where: Any, *paths: Path, **changes: Any) -> Any:
    command = StoreFiles(
        operation=console.new_id(), association=console.new_id(), proposal=proposal(where, **changes), paths=paths
    )
    return console.run(command)


def retrieve(console: Console, where: Any, service: str, sop_class: str, identifier: DataSet, **more: Any) -> Any:
    changes = more.pop("changes", {})
    made = proposal(where, **changes)
    command = Retrieve(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=made if more.pop("own_contexts", False) else bare(made),
        service=service,
        sop_class_uid=sop_class,
        identifier=identifier,
        **more,
    )
    return console.run(command)


def bare(made: Any) -> Any:
    from dataclasses import replace

    return replace(made, contexts=())


def whole(folder: Path, count: int) -> list[Path]:
    """The files of a folder once there are so many."""
    assert peers.wait_until(lambda: len([p for p in folder.rglob("*") if p.is_file()]) >= count, 10)
    return [p for p in folder.rglob("*") if p.is_file()]


def by_uid(paths: list[Path]) -> dict[str, Path]:
    return {str(dcmread(path, stop_before_pixels=True, force=True).SOPInstanceUID): path for path in paths}
