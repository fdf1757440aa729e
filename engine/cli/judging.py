"""Findings on the command line: which are waived, and which make a script fail."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from engine.conformance.waivers import Waiver, Waiving
from engine.model.file_names import WAIVERS
from engine.model.notices import AnyNotice, FindingNotice
from engine.workspace.errors import WorkspaceError
from engine.workspace.waivers import load_waivers
from engine.workspace.workspace import default_folder

from .telling import tell

LEVELS = {"error": ("error",), "warning": ("error", "warning")}
"""What --fail-on takes, and the severities it means."""


def add_judging(group: argparse._ArgumentGroup) -> None:
    """Options of commands that tell findings."""
    group.add_argument(
        "--waivers",
        metavar="FILE",
        type=Path,
        help="findings to live with (TOML); default: the workspace's waivers.toml",
    )
    group.add_argument(
        "--fail-on",
        metavar="SEVERITY",
        choices=tuple(LEVELS),
        help="exit code 8 when all went well but for a finding that is not waived: error, or warning (errors too)",
    )


class Judging:
    """Waives and counts the findings of one run. failing: severities that make it fail."""

    def __init__(
        self, waivers: tuple[Waiver, ...] = (), failing: tuple[str, ...] = (), *, neutral: bool = False
    ) -> None:
        self._waiving = Waiving(waivers, neutral=neutral)
        self._failing = failing
        self.departures = 0
        """Errors and warnings that are not waived."""
        self.waived = 0
        """Errors and warnings that are."""
        self.failures = 0
        """Findings that make the run fail."""
        self.untold = False
        """Something could not be told, for a defect of the program itself."""

    def see(self, notice: AnyNotice) -> AnyNotice:
        """The notice, a finding with its waiver."""
        if not isinstance(notice, FindingNotice):
            self._waiving.see(notice)
            return notice
        waiver = self._waiving.waiver(notice)
        departs = notice.severity != "info"
        if waiver is not None:
            self.waived += departs
            return replace(notice, waived=waiver.reason)
        self.departures += departs
        self.failures += self.fails(notice)
        return notice

    def fails(self, notice: FindingNotice) -> bool:
        """Whether this finding makes the run fail."""
        return not notice.waived and notice.severity in self._failing

    def hint(self) -> str:
        """How much departed from the Standard, in a sentence; "" for nothing."""
        waived = f"{self.waived} waived" if self.waived else ""
        if not self.departures:
            return f"No departure from the Standard but {waived}; -v shows them." if waived else ""
        them = "them" if self.departures + self.waived > 1 else "it"
        count = f"{self.departures} departures" if self.departures > 1 else "One departure"
        return f"{count} from the Standard seen{f', {waived}' if waived else ''}; -v shows {them}."


def judging(args: argparse.Namespace, *, neutral: bool = False) -> Judging:
    """What the arguments say. Raises `WorkspaceError` for a broken --waivers; the workspace's own is only told of."""
    if not hasattr(args, "fail_on"):
        return Judging()
    failing = LEVELS[args.fail_on] if args.fail_on else ()
    return Judging(_waivers(args.waivers), failing, neutral=neutral)


def _waivers(named: Path | None) -> tuple[Waiver, ...]:
    if named is not None:
        return load_waivers(named)
    usual = default_folder() / WAIVERS
    try:
        return load_waivers(usual) if usual.exists() else ()
    except WorkspaceError as error:
        tell(f"{error}. Nothing is waived.")
        return ()
