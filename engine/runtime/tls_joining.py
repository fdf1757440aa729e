"""TLS and associations: the layer of a connection, and what the association tells about it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from engine.model.association import Peer
from engine.model.notices import AssociationPhase, Cause, Outcome
from engine.model.tls import TlsSettings, TlsVerdict

from .tls import Secure, secure
from .tls_layer import TlsLayer

if TYPE_CHECKING:
    from .association import Association


async def ready(settings: TlsSettings | None, *, server: bool) -> Secure | None:
    """The settings with their files read, None without TLS. Raises TlsProblem."""
    return None if settings is None else await asyncio.to_thread(secure, settings, server=server)


def layered(association: Association, made: Secure, seconds: float) -> TlsLayer:
    """The protocol to give a connection instead of the association's link.

    seconds: for the handshake, 0 for ever. ValueError when the server name is none.
    """

    def identify() -> None:
        if not association.requestor:
            host, port = association.link.remote_address()
            association.peer = Peer(host=host, port=port)

    def on_secured(verdict: TlsVerdict, sentence: str) -> None:
        identify()
        association.tls = verdict
        association.notice(AssociationPhase.CONNECTING, sentence)
        association.recorder.tls(verdict)

    def on_failed(verdict: TlsVerdict, outcome: Outcome, sentence: str, cause: Cause) -> None:
        association.link.take_pieces()  # they came before
        if association.end is not None:
            return
        if association.negotiated is None:
            identify()
            outcome = Outcome.CONNECTION_FAILED if outcome is Outcome.ABORTED else outcome
        first = association.tls is None  # what goes wrong later is no handshake
        association.tls = verdict
        if first:
            association.recorder.tls(verdict)
        association.finish(AssociationPhase.FAILED, outcome, sentence, cause=cause)

    return TlsLayer(
        association.context,
        association.link,
        made,
        host=association.peer.host,
        port=association.peer.port,
        seconds=seconds,
        on_secured=on_secured,
        on_failed=on_failed,
    )
