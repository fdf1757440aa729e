"""How peers are shown: name, address, and what the last echo gave, when and how fast."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QObject

from engine.model.association import Peer
from engine.model.notices import Outcome
from engine.workspace.settings import EchoResult, SavedPeer

from .lists import Entry, EntryModel

if TYPE_CHECKING:
    from engine.trace.redaction.redaction import Redaction

BUILT_IN_NAME = "Built-in peer"

_SHORT_OUTCOMES = {Outcome.CONNECTION_FAILED.value: "no connection"}
_AGES = ((86400 * 2, 86400, "{} days ago"), (3600 * 2, 3600, "{} h ago"), (60, 60, "{} min ago"))


def now() -> float:
    """Seconds since the epoch."""
    return QDateTime.currentMSecsSinceEpoch() / 1000


def age_text(seconds: float) -> str:
    """How long ago, roughly."""
    for least, unit, text in _AGES:
        if seconds >= least:
            return text.format(int(seconds // unit))
    return "just now"


def duration_text(seconds: float) -> str:
    """A duration with three figures: 1.94 ms, 12.4 ms, 1.20 s."""
    value, unit = (seconds, "s") if seconds >= 1 else (seconds * 1000, "ms")
    decimals = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{decimals}f} {unit}"


def address_text(peer: Peer) -> str:
    """AE title, host and port; an IPv6 address stands in brackets."""
    host = f"[{peer.host}]" if ":" in peer.host else peer.host
    return f"{peer.ae_title} @ {host}:{peer.port}"


def peer_name(peer: Peer) -> str:
    return peer.name or peer.ae_title


def echo_text(echo: EchoResult | None, at: float) -> str:
    """What the last echo gave and how long ago, in a few words."""
    if echo is None:
        return "not echoed yet"
    good = echo.outcome == Outcome.SUCCESS.value
    words = _SHORT_OUTCOMES.get(echo.outcome, echo.outcome)
    result = duration_text(echo.round_trip) if good and echo.round_trip is not None else words
    return f"{result} · {age_text(at - echo.time)}"


def echo_sign(echo: EchoResult | None) -> tuple[str, str]:
    """(icon, theme role) of an echo result."""
    if echo is None:
        return ("never", "muted")
    return ("ok", "ok") if echo.outcome == Outcome.SUCCESS.value else ("failure", "failure")


def describe_peer(saved: SavedPeer) -> Entry:
    """The entry of a peer."""
    text = echo_text(saved.echo, now())
    sign = echo_sign(saved.echo)
    sentence = f"\n{saved.echo.sentence}" if saved.echo and saved.echo.sentence else ""
    return Entry(
        title=peer_name(saved.peer),
        detail=address_text(saved.peer) + (" · TLS" if saved.tls is not None else ""),
        note=text,
        note_role=sign[1],
        icon=sign,
        tooltip=f"{peer_name(saved.peer)}\n{address_text(saved.peer)}\nLast echo: {text}{sentence}",
        copy=address_text(saved.peer),
    )


def same_address(first: Peer, second: Peer) -> bool:
    return (first.ae_title, first.host, first.port) == (second.ae_title, second.host, second.port)


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or `wanted 2`, `wanted 3`, ... - the first that nobody has."""
    names = set(taken)
    if wanted not in names:
        return wanted
    return next(f"{wanted} {n}" for n in range(2, len(names) + 3) if f"{wanted} {n}" not in names)


def redacted_peer(saved: SavedPeer, redaction: Redaction) -> str:
    """What Copy has of a peer, of what may leave the program."""
    peer = redaction.peer(saved.peer)
    return f"{peer.ae_title}\t{peer.host}:{peer.port}"


class PeersModel(EntryModel[SavedPeer]):
    """The list of peers."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(self._entry, parent, redact=redacted_peer)
        self._waiting: list[Peer] = []

    def _entry(self, saved: SavedPeer) -> Entry:
        entry = describe_peer(saved)
        if any(same_address(saved.peer, peer) for peer in self._waiting):
            return replace(entry, note="echo …", note_role="muted", icon=("refresh", "muted"))
        return entry

    def set_waiting(self, peer: Peer) -> None:
        """An Echo to this address is on its way."""
        self._waiting.append(peer)
        self.refresh()

    def set_answered(self, peer: Peer) -> None:
        """An Echo to this address has ended."""
        for waiting in self._waiting:
            if same_address(waiting, peer):
                self._waiting.remove(waiting)
                break
        self.refresh()

    def row_named(self, name: str) -> int:
        """The row of the peer with this name, -1 when there is none."""
        return next((i for i, saved in enumerate(self.records) if peer_name(saved.peer) == name), -1)

    def with_echo(self, peer: Peer, echo: EchoResult) -> tuple[SavedPeer, ...]:
        """The peers, those with this address and title remembering the echo."""
        return tuple(replace(s, echo=echo) if same_address(s.peer, peer) else s for s in self.records)
