"""Opening the TCP connection of an association: names, IPv4 and IPv6, its own time-out, the failure in words."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from engine.model.notices import AssociationPhase, Outcome
from engine.protocol import primitives as p
from engine.protocol.negotiation import propose

from . import sentences

if TYPE_CHECKING:
    from .association import Association


async def connect(association: Association) -> None:
    """Connect and let the machine send the A-ASSOCIATE-RQ. On failure the association is finished and Ended raised."""
    assert association.proposal is not None
    peer, seconds = association.peer, association.timeouts.connect
    try:
        rq = propose(association.proposal)
        association.request(p.AAssociateRequest(rq))
    except ValueError as error:
        _fail(association, Outcome.NOT_SENT, f"The A-ASSOCIATE-RQ cannot be made: {error}")
    loop = association.context.loop
    try:
        await asyncio.wait_for(loop.create_connection(lambda: association.link, peer.host, peer.port), seconds or None)
    except TimeoutError:
        _fail(association, Outcome.TIMED_OUT, sentences.connect_timed_out(peer, seconds))
    except OSError as error:
        _fail(association, Outcome.CONNECTION_FAILED, sentences.connect_failed(_first(error), peer))
    except (UnicodeError, OverflowError) as error:
        sentence = f"'{peer.host}' port {peer.port} is not an address that can be connected to: {error}."
        _fail(association, Outcome.CONNECTION_FAILED, sentence)


def _first(error: OSError) -> OSError:
    """asyncio gathers the failures of several addresses into one OSError without a number: the first tells most."""
    inner = getattr(error, "exceptions", None)
    if inner and isinstance(inner[0], OSError):
        return inner[0]
    return error


def _fail(association: Association, outcome: Outcome, sentence: str) -> None:
    association.finish(AssociationPhase.FAILED, outcome, sentence)
    assert association.end is not None
    raise association.end
