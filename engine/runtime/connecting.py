"""Opening the TCP connection of an association: names, IPv4 and IPv6, its own time-out, the failure in words."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, NoReturn, cast

from engine.model.association import Peer
from engine.model.notices import AssociationPhase, Cause, Outcome
from engine.model.reading import hindrance
from engine.protocol import primitives as p
from engine.protocol.negotiation import propose
from engine.wire.pdu_encoding import FieldProblem

from . import sentences
from .context import go_on
from .resolving import AddressInfo, literal, resolve
from .transport import SUPPORTED, SocketTransport

if TYPE_CHECKING:
    from .association import Association
    from .tls_layer import TlsLayer

STAGGER = 0.25
"""Seconds an address of several has before the next one is tried beside it (RFC 8305 recommends 250 ms)."""
_OWN_FAULT = frozenset({errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
"""This computer has no such network: says nothing about the peer when another address of it was reached."""
_NONBLOCKING = getattr(socket, "SOCK_NONBLOCK", 0)
"""Where the system has it, a socket is made non-blocking in the same call."""
_UNDER_WAY = frozenset({errno.EINPROGRESS, errno.EALREADY, errno.EINTR, errno.EAGAIN})


async def connect(association: Association) -> None:
    """Connect and let the machine send the A-ASSOCIATE-RQ. On failure the association is finished and Ended raised."""
    assert association.proposal is not None
    peer, seconds = association.peer, association.timeouts.connect
    if association.context.closing:
        _fail(association, Outcome.NOT_SENT, "The engine is being stopped, so no association was opened.")
    try:
        rq = propose(association.proposal)
        association.request(p.AAssociateRequest(rq))
    except FieldProblem as error:
        _fail(association, Outcome.NOT_SENT, f"The A-ASSOCIATE-RQ cannot be made: {error}")
    layer = await _layer(association) if association.proposal.tls is not None else None
    try:
        begun = _begin(peer)
        sock = begun if isinstance(begun, socket.socket) else await _unless_over(association, begun, seconds)
        if SUPPORTED:
            SocketTransport(association.context.loop, sock, layer or association.link).start()
        else:
            await association.context.loop.create_connection(lambda: layer or association.link, sock=sock)
    except TimeoutError:
        _fail(association, Outcome.TIMED_OUT, sentences.connect_timed_out(peer, seconds), Cause.CONNECT_TIMED_OUT)
    except OSError as error:
        _fail(association, Outcome.CONNECTION_FAILED, sentences.connect_failed(error, peer), _cause(error))
    except (OverflowError, ValueError) as error:
        sentence = f"'{peer.host}' port {peer.port} is not an address that can be connected to: {hindrance(error)}."
        _fail(association, Outcome.CONNECTION_FAILED, sentence, Cause.ADDRESS_UNKNOWN)
    if association.end is not None and (layer is None or not layer.done.done()):
        # aborted while the connection came about
        association.link.kill()
        raise association.end
    if layer is not None:
        await layer.done
        if association.end is not None:
            raise association.end


async def _layer(association: Association) -> TlsLayer | None:
    """TLS for the connection to be made; None where its settings say to go without."""
    assert association.proposal is not None and association.proposal.tls is not None
    from .tls import TlsProblem
    from .tls_joining import layered, ready

    try:
        made = await ready(association.proposal.tls, server=False)
        return layered(association, made, association.timeouts.connect) if made else None
    except TlsProblem as problem:
        _fail(association, Outcome.NOT_SENT, str(problem))
    except ValueError as error:
        name = association.proposal.tls.server_name
        sentence = f"'{name or association.peer.host}' cannot be used as a TLS server name: {hindrance(error)}."
        _fail(association, Outcome.NOT_SENT, sentence)


def _begin(peer: Peer) -> socket.socket | Coroutine[Any, Any, socket.socket]:
    """A socket that is connected, where the peer has one address and that is reached at once, else what brings one.
    OSError when it failed at once."""
    known = literal(peer.host, peer.port)
    if known is None or len(known) != 1:
        return _connected(peer)
    sock, stands = _begun(known[0])
    return sock if stands else _completed(sock, known[0])


async def _unless_over(association: Association, work: Any, seconds: float) -> socket.socket:
    """The connection; TimeoutError after `seconds`, Ended when the association is aborted meanwhile."""
    loop = association.context.loop
    try:
        waits_for = work.send(None)
    except StopIteration as done:  # it came about at once
        return cast(socket.socket, done.value)
    attempt: asyncio.Task[socket.socket] = loop.create_task(go_on(work, waits_for))
    over = loop.create_task(association.ended.wait())
    wanted = False
    try:
        await asyncio.wait({attempt, over}, timeout=seconds or None, return_when=asyncio.FIRST_COMPLETED)
        if attempt.done():
            wanted = True
            return attempt.result()
        if association.end is not None:
            raise association.end
        raise TimeoutError
    finally:
        over.cancel()
        if not attempt.done():
            attempt.cancel()
            await asyncio.wait({attempt})
        if not wanted and not attempt.cancelled() and attempt.exception() is None:
            attempt.result().close()  # connected in the moment nobody wanted it any more


async def _connected(peer: Peer) -> socket.socket:
    """A socket connected to the first address that answers; OSError of the most telling failure."""
    waiting = await resolve(peer.host, peer.port)
    running: set[asyncio.Task[socket.socket]] = set()
    errors: list[OSError] = []
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.get_running_loop().create_task(_connect_to(waiting.pop(0))))
            pause = STAGGER if waiting else None
            done, running = await asyncio.wait(running, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            made = []
            for task in done:
                try:
                    made.append(task.result())
                except OSError as error:
                    errors.append(error)
            for spare in made[1:]:
                spare.close()
            if made:
                return made[0]
    finally:
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
        for task in running:
            if not task.cancelled() and task.exception() is None:
                task.result().close()  # connected in the moment nobody wanted it any more
    raise next((e for e in errors if e.errno not in _OWN_FAULT), errors[0])


async def _connect_to(info: AddressInfo) -> socket.socket:
    sock, stands = _begun(info)
    return sock if stands else await _completed(sock, info)


def _begun(info: AddressInfo) -> tuple[socket.socket, bool]:
    """A socket that is being connected, and whether it is already. OSError when it failed at once."""
    family, kind, protocol, _, address = info
    sock = socket.socket(family, kind | _NONBLOCKING, protocol)
    try:
        if not _NONBLOCKING:
            sock.setblocking(False)
        return sock, _stands(sock, address)
    except BaseException:
        sock.close()
        raise


async def _completed(sock: socket.socket, info: AddressInfo) -> socket.socket:
    """It when it is connected. OSError."""
    try:
        await asyncio.get_running_loop().sock_connect(sock, info[4])
    except BaseException:
        sock.close()
        raise
    return sock


def _stands(sock: socket.socket, address: Any) -> bool:
    """Begin to connect: whether the connection stands at once, as one within this computer does, and nothing needs to
    be waited for. OSError when it failed at once."""
    if sys.platform == "win32":
        return False  # its loop connects in its own way
    for _ in range(2):  # the second call only asks
        code = sock.connect_ex(address)
        if code in (0, errno.EISCONN):
            return True
        if code not in _UNDER_WAY:
            raise OSError(code, os.strerror(code))
    return False


def _cause(error: OSError) -> Cause:
    if isinstance(error, socket.gaierror):
        return Cause.ADDRESS_UNKNOWN
    known = {
        errno.ECONNREFUSED: Cause.REFUSED,
        errno.EHOSTUNREACH: Cause.UNREACHABLE,
        errno.ENETUNREACH: Cause.UNREACHABLE,
        errno.ETIMEDOUT: Cause.CONNECT_TIMED_OUT,
    }
    return known.get(error.errno or 0, Cause.CONNECT_FAILED)


def _fail(association: Association, outcome: Outcome, sentence: str, cause: Cause = Cause.SETTINGS) -> NoReturn:
    association.finish(AssociationPhase.FAILED, outcome, sentence, cause=cause)
    assert association.end is not None
    raise association.end
