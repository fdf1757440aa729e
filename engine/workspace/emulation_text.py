"""What the emulators of the built-in peer are set up with, as a table of its settings file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.model.emulation import NAMES, CommitmentOptions, Emulation, PrinterOptions, ReportOn
from engine.standard.defined_terms import PRINTER_STATES

from .binary import beside
from .errors import ValueProblem
from .reader import Reader, between
from .toml_text import Table

MAXIMUM_DELAY = 3600
_MOST = 9999
MOST_RETRIES = 10
"""Each wait is twice the one before: the tenth is 512 times the first."""


def read_emulation(value: Any, folder: Path) -> Emulation:
    """The [emulators] table; paths are relative to `folder`. Raises `ValueProblem`."""
    reader = Reader(value)
    names = reader.get("on", list, list(NAMES))
    for index, name in enumerate(names):
        if name not in NAMES:
            raise ValueProblem(f"is one of {', '.join(NAMES)}", ("on", index))
    made = Emulation(
        on=frozenset(names),
        commitment=reader.inner("commitment", _read_commitment, CommitmentOptions()),
        printer=reader.inner("printer", _read_printer, PrinterOptions()),
        worklist=reader.inner("worklist", lambda name: beside(name, folder) if name != "" else None, None),
        samples=reader.get("samples", bool, False),
    )
    reader.refuse_unknown()
    return made


def _read_commitment(value: Any) -> CommitmentOptions:
    reader, usual = Reader(value), CommitmentOptions()
    routes = [r.value for r in ReportOn]
    route = reader.get("report", str, usual.report.value, lambda v: None if v in routes else f"is {', '.join(routes)}")
    made = CommitmentOptions(
        report=ReportOn(route),
        delay=reader.get("delay", float, usual.delay, between(0, MAXIMUM_DELAY, "a delay in seconds")),
        fail_every=reader.get("fail_every", int, usual.fail_every, between(0, _MOST, "a number of references")),
        reason=reader.get("reason", int, usual.reason, between(0, 0xFFFF, "a Failure Reason")),
        retries=reader.get("retries", int, usual.retries, between(0, MOST_RETRIES, "a number of retries")),
        retry_after=reader.get("retry_after", float, usual.retry_after, between(0, MAXIMUM_DELAY, "a wait in seconds")),
    )
    reader.refuse_unknown()
    return made


def _read_printer(value: Any) -> PrinterOptions:
    reader, usual = Reader(value), PrinterOptions()
    states = ", ".join(PRINTER_STATES)
    made = PrinterOptions(
        status=reader.get(
            "status", str, usual.status, lambda v: None if v in PRINTER_STATES else f"is one of {states}"
        ),
        info=reader.get("info", str, usual.info, lambda v: "has 16 characters at most" if len(v) > 16 else None),
    )
    reader.refuse_unknown()
    return made


def write_emulation(emulation: Emulation) -> Table | None:
    """The table, None when everything is as usual."""
    usual = Emulation()
    if emulation == usual:
        return None
    commitment, printer = emulation.commitment, emulation.printer
    return {
        "on": [name for name in NAMES if name in emulation.on] if emulation.on != usual.on else None,
        "worklist": str(emulation.worklist) if emulation.worklist else None,
        "samples": emulation.samples or None,
        "commitment": None
        if commitment == usual.commitment
        else {
            "report": commitment.report.value,
            "delay": commitment.delay,
            "fail_every": commitment.fail_every,
            "reason": commitment.reason,
            "retries": commitment.retries if commitment.retries != usual.commitment.retries else None,
            "retry_after": commitment.retry_after if commitment.retry_after != usual.commitment.retry_after else None,
        },
        "printer": None if printer == usual.printer else {"status": printer.status, "info": printer.info},
    }
