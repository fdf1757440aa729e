"""Every fault, and how it ends: for our own user side and for DCMTK's programs. Read from tests/data/faults.txt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.model.faults import FAULTS, Phase, Value
from engine.model.notices import Outcome
from engine.workspace.scripts import parameter_value

TABLE = Path(__file__).parents[1] / "data" / "faults.txt"


@dataclass(frozen=True, slots=True)
class Case:
    """One fault in one operation.

    said: words of our sentences. findings: rules that must be told. dcmtk_ok: whether its exit code is 0; dcmtk_said:
    words of its output.
    """

    fault: str
    operation: str
    phase: Phase | None
    values: dict[str, Value]
    outcome: Outcome
    said: str
    findings: tuple[str, ...]
    dcmtk_ok: bool
    dcmtk_said: str

    @property
    def name(self) -> str:
        phase = [self.phase.value] if self.phase else []
        return "-".join([self.fault, self.operation, *phase, *map(str, self.values.values())])


def _case(line: str) -> Case:
    fault, operation, phase, values, outcome, said, findings, dcmtk, dcmtk_said = (
        p.strip() for p in f"{line} ".split(" | ")
    )
    given: dict[str, Value] = {}
    for text in values.split():
        key, _, value = text.partition("=")
        parameter = FAULTS[fault].parameter(key)
        assert parameter is not None, line
        given[key] = parameter_value(parameter, value)
    return Case(
        fault=fault,
        operation=operation,
        phase=Phase(phase) if phase else None,
        values=given,
        outcome=Outcome(outcome),
        said=said,
        findings=tuple(findings.split()),
        dcmtk_ok=dcmtk == "ok",
        dcmtk_said=dcmtk_said,
    )


CASES = tuple(_case(line) for line in TABLE.read_text(encoding="utf-8").splitlines()[2:])
