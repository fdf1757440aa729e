"""What a draft looks like on the wire and what the Standard says of it: computed whole after every change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from engine.conformance.commands import check_command
from engine.conformance.findings import Finding
from engine.model.command_set import GROUP_LENGTH, CommandSet
from engine.standard.lean import dataclass
from engine.trace.explain import PreviewError, preview_command
from gui.models.command_draft import Draft

SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Preview:
    """spans: (row of the form, start, end) of each element's bytes. problem: why it cannot be encoded."""

    data: bytes = b""
    spans: tuple[tuple[int, int, int], ...] = ()
    findings: tuple[Finding, ...] = ()
    by_row: Mapping[int, Sequence[Finding]] = field(default_factory=dict)
    group_length: int = 0
    problem: str = ""
    clause: str = ""

    @property
    def sign(self) -> tuple[str, str]:
        """(sign, colour role) of the worst finding."""
        if self.problem:
            return "✕", "failure"
        worst = next((s for s in SEVERITIES if any(f.severity == s for f in self.findings)), "")
        return {"error": ("✕", "failure"), "warning": ("▲", "warning")}.get(worst, ("✓", "ok"))

    @property
    def summary(self) -> str:
        """One line: `No departure from PS3.7 10.3.4.1`, or how many and the first."""
        if self.problem:
            return self.problem
        departures = [f for f in self.findings if f.severity != "info"]
        if not departures:
            notes = len(self.findings)
            return f"No departure from {self.clause}" + (f", {notes} to know" if notes else "")
        count = "1 departure" if len(departures) == 1 else f"{len(departures)} departures"
        return f"{count}: {departures[0].sentence}"

    @property
    def details(self) -> str:
        """Every finding with its clause, a line each."""
        return "\n".join(f"{f.severity}: {f.sentence} ({f.clause})" for f in self.findings)

    def span_of(self, row: int) -> tuple[int, int]:
        return next(((start, end) for r, start, end in self.spans if r == row), (0, 0))

    def row_at(self, offset: int) -> int:
        return next((r for r, start, end in self.spans if start <= offset < end), -1)


def preview(draft: Draft, command: CommandSet) -> Preview:
    """`command` is the draft's, placeholders filled in."""
    rows = [i for i, line in enumerate(draft.lines) if draft.includes(line)]
    found = _findings(draft, command)
    by_row: dict[int, list[Finding]] = {}
    for finding in found:
        row = _row_of(finding, draft, rows)
        if row is not None:
            by_row.setdefault(row, []).append(finding)
    try:
        data = preview_command(command)[0]
        sizes = [len(preview_command(CommandSet((element,)))[0]) for element in command]
    except PreviewError as error:
        return Preview(findings=found, by_row=by_row, problem=str(error), clause=draft.message.clause)
    spans, at = [], 0
    for row, size in zip(rows, sizes, strict=True):
        spans.append((row, at, at + size))
        at += size
    tags = [element.tag for element in command]
    group_length = sum(sizes[tags.index(GROUP_LENGTH) + 1 :]) if GROUP_LENGTH in tags else 0
    return Preview(data, tuple(spans), found, by_row, group_length, "", draft.message.clause)


def _findings(draft: Draft, command: CommandSet) -> tuple[Finding, ...]:
    request = draft.around.request if draft.message.kind == "response" else None
    found = check_command(command, request, draft.has_data_set, abstract_syntax=draft.around.abstract_syntax)
    return tuple(sorted(found, key=lambda f: SEVERITIES.index(f.severity)))


def _row_of(finding: Finding, draft: Draft, rows: list[int]) -> int | None:
    """The row a finding is about: its element's, else the row of its tag that is left out."""
    if finding.index is not None and 0 <= finding.index < len(rows):
        return rows[finding.index]
    return next((i for i, line in enumerate(draft.lines) if line.tag == finding.tag), None)
