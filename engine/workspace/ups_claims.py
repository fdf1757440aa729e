"""The steps this side has claimed, with their Transaction UIDs: who forgets one can never finish its step (PS3.4 CC.1).

One text file of the workspace, read anew before each change: the window and the command line both write it. No patient
is named in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.model.association import Peer
from engine.model.notices import Outcome
from engine.model.reading import may_be_there
from engine.standard.lean import dataclass

from .errors import ValueProblem
from .reader import Reader
from .settings import SavedPeer, read_peer, write_peer
from .toml_text import Table, dumps, parse, placed, read_text, write_atomically

FILE = "claimed-steps.toml"
UNSURE = "no answer came to the claim"
_NOT_OURS = (Outcome.WARNING, Outcome.FAILURE, Outcome.REJECTED, Outcome.CONNECTION_FAILED, Outcome.NOT_SENT)
"""The provider has said no, or nothing was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One step. peer: its provider. claimed: seconds since the epoch. doubt: why it may not be ours, "" when the
    provider has said so."""

    sop_instance_uid: str
    transaction_uid: str
    peer: Peer
    label: str = ""
    claimed: float = 0.0
    doubt: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.sop_instance_uid, self.peer.ae_title


class Claims:
    """The claims of a workspace folder. Every method raises `WorkspaceError` when the file cannot be read or written;
    nothing is overwritten then."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def all(self) -> tuple[Claim, ...]:
        """Newest first."""
        if not may_be_there(self.path):
            return ()
        text = read_text(self.path)
        try:
            found = Reader(parse(text, self.path)).each("step", _read)
        except ValueProblem as problem:
            raise placed(problem, text, self.path) from None
        return tuple(sorted(found, key=lambda c: c.claimed, reverse=True))

    def find(self, uid: str, peer: Peer) -> Claim | None:
        """The claim of a step: of this provider, else of any (one whose title has changed)."""
        ours = [c for c in self.all() if c.sop_instance_uid == uid]
        return next((c for c in ours if c.peer.ae_title == peer.ae_title), ours[0] if ours else None)

    def put(self, claim: Claim) -> None:
        """Keep a claim, or its newer state."""
        self._write(lambda others: (claim, *others), claim.sop_instance_uid, claim.peer)

    def forget(self, uid: str, peer: Peer) -> None:
        """The step is finished, or was never ours."""
        self._write(lambda others: others, uid, peer)

    def begin(self, claim: Claim) -> Claim | None:
        """Keep a claim that is about to be asked for, since a lost answer must not lose its key; returns the claim
        there was, for `conclude`."""
        before = next((c for c in self.all() if c.key == claim.key), None)
        self.put(replace(claim, doubt=UNSURE))
        return before

    def conclude(self, claim: Claim, outcome: Outcome, before: Claim | None) -> None:
        """What came of it: ours, or what was before; when nothing is known the doubt stays."""
        if outcome is Outcome.SUCCESS:
            self.put(replace(claim, doubt=""))
        elif outcome in _NOT_OURS:
            self.forget(claim.sop_instance_uid, claim.peer)
            if before is not None:
                self.put(before)

    def _write(self, change: Callable[[tuple[Claim, ...]], tuple[Claim, ...]], uid: str, peer: Peer) -> None:
        others = tuple(c for c in self.all() if c.key != (uid, peer.ae_title))
        write_atomically(self.path, dumps({"step": [_table(c) for c in change(others)]}))


def _table(claim: Claim) -> Table:
    return {
        "sop_instance_uid": claim.sop_instance_uid,
        "transaction_uid": claim.transaction_uid,
        "label": claim.label or None,
        "claimed": datetime.fromtimestamp(claim.claimed, UTC),
        "doubt": claim.doubt or None,
        "peer": write_peer(SavedPeer(peer=claim.peer)),
    }


def _read(value: Any) -> Claim:
    reader = Reader(value)
    return Claim(
        sop_instance_uid=reader.get("sop_instance_uid", str, "", _needed),
        transaction_uid=reader.get("transaction_uid", str, "", _needed),
        label=reader.get("label", str, ""),
        claimed=reader.moment("claimed"),
        doubt=reader.get("doubt", str, ""),
        peer=reader.inner("peer", read_peer, SavedPeer(peer=Peer())).peer,
    )


def _needed(value: str) -> str | None:
    return None if value else "must not be empty"
