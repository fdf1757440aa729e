"""The findings waived, as every part of the window sees them; kept in the workspace with each change."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from engine.conformance.rules import RULES
from engine.conformance.waivers import Waiver, waiver_for
from engine.workspace.errors import WorkspaceError
from engine.workspace.workspace import Workspace

from .lists import Entry


class WaiverBook(QObject):
    """Who waives what. Without a workspace nothing is kept."""

    changed = Signal()
    failed = Signal(object)
    """A sentence: the change holds for this session, but could not be written."""

    def __init__(self, workspace: Workspace | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.waivers: tuple[Waiver, ...] = ()
        self._by_rule: dict[str, list[Waiver]] = {}
        self._take(workspace.waivers if workspace is not None else ())

    def waiver(self, rule: str, peer: str) -> Waiver | None:
        """What waives a finding of this rule on an association with this AE title; None: nothing does."""
        of_rule = self._by_rule.get(rule)
        return waiver_for(rule, peer, of_rule) if of_rule else None

    def add(self, waiver: Waiver, instead_of: Waiver | None = None) -> None:
        """Put a waiver in the place of another, and of one for the same rule and peer; else at the end."""
        replaced = [w for w in self.waivers if w is instead_of or _same(w, waiver)]
        kept = [waiver if replaced and w is replaced[0] else w for w in self.waivers if w not in replaced[1:]]
        self._set(kept if replaced else (*kept, waiver))

    def remove(self, *gone: Waiver) -> None:
        self._set(w for w in self.waivers if w not in gone)

    def _set(self, waivers: Iterable[Waiver]) -> None:
        self._take(waivers)
        try:
            if self._workspace is not None:
                self._workspace.save_waivers(self.waivers)
        except (WorkspaceError, OSError) as error:
            self.failed.emit(f"The waivers could not be saved: {error}")
        self.changed.emit()

    def _take(self, waivers: Iterable[Waiver]) -> None:
        self.waivers = tuple(waivers)
        self._by_rule = {}
        for waiver in self.waivers:
            self._by_rule.setdefault(waiver.rule, []).append(waiver)


def _same(one: Waiver, other: Waiver) -> bool:
    return one.rule == other.rule and one.peer.strip(" ") == other.peer.strip(" ")


def whose(waiver: Waiver) -> str:
    """ "for every peer", "for ARCHIVE"."""
    return f"for {waiver.peer.strip(' ')}" if waiver.peer.strip(" ") else "for every peer"


def waiver_entry(waiver: Waiver) -> Entry:
    """A waiver in a list."""
    rule = RULES.get(waiver.rule)
    return Entry(
        title=rule.title if rule is not None else waiver.rule,
        detail=f"{waiver.reason} · {waiver.rule}",
        note=whose(waiver),
        icon=("check", "muted"),
        tooltip=f"{waiver.rule}\n{rule.clause if rule is not None else ''}\nWaived {whose(waiver)}: {waiver.reason}",
        copy=f"{waiver.rule}\t{waiver.peer.strip(' ')}\t{waiver.reason}",
    )
