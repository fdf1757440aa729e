"""The acceptor: a listening socket, and one association for each connection."""

from __future__ import annotations

import asyncio
import socket
import time
import uuid
from collections import deque
from contextlib import suppress
from dataclasses import replace
from functools import partial
from weakref import ref

from engine.model.association import Peer
from engine.model.commands import Listen, MoveDestination
from engine.model.limits import to_raise
from engine.model.notices import AssociationPhase, Cause, ListenerNotice, Outcome
from engine.model.reading import hindrance
from engine.protocol import primitives as p
from engine.protocol.acceptance import Answer, answer
from engine.protocol.deviating.run import ScriptRun
from engine.protocol.upper_layer import StateError
from engine.services.instances import InstanceStore, MemoryStore
from engine.services.peer import BuiltInPeer
from engine.services.ups import GOING_DOWN, scp_status
from engine.standard.dictionary import load_pydicom
from engine.standard.pdus import AssociateAC, AssociateRQ
from engine.wire.pdus import strip

from . import sentences
from .association import LEAVING, Association, end_all
from .binding import bind
from .contents import Contents
from .context import Context, settled
from .freed_memory import bound_areas
from .keeping import Durable, Volatile
from .link import Link
from .objects import Objects
from .room import Room
from .serving import Server
from .temporary_files import drop_spooled
from .tls import Secure, TlsProblem
from .tls_joining import layered, ready
from .tls_layer import TlsLayer

LOOPBACK = "127.0.0.1"
BACKLOG = 128
"""Connections the system holds for us before we accept them: a burst of clients must not be refused."""
JUDGED_AT_ONCE = 2
"""User identities compared with what is known at a time: each keeps a processor busy for a twentieth of a second."""
LOADED_AFTER = 0.5
"""Seconds until what data sets need is loaded, which takes 0.3 s and the interpreter from whoever speaks meanwhile: who
listens in order to be echoed at once is not held up by it."""


def _load_ahead() -> None:
    with suppress(OSError):  # of too many open files: it is loaded when it is needed
        load_pydicom()


def new_uid() -> str:
    """A UID from a UUID (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid4().int}"


class NotTaken(asyncio.Protocol):
    """Of a connection for which a defect left no association: it is closed at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


class Listener:
    """One listening address with its built-in peer.

    store: where instances go; by default the folder of the settings, with what it holds already, or memory.
    """

    def __init__(self, context: Context, command: Listen, store: InstanceStore | None = None) -> None:
        self.context = context
        self.command = command
        self.number = command.listener
        self.associations: set[Association] = set()
        self.came = 0
        """Connections that were taken."""
        self._judging = asyncio.Semaphore(JUDGED_AT_ONCE)
        self._ended_last: deque[ref[Link]] = deque()
        """Those whose associations have ended, and that wait for the peer to close (Sta13), or did so of late."""
        settings = command.settings
        destinations = {d.ae_title: d for d in settings.destinations}
        self._durable = (
            Durable(settings.folder, context.error, settings.policy.limits, synchronize=settings.synchronize)
            if settings.folder and store is None
            else None
        )
        self.store: InstanceStore = store or (self._durable.archive if self._durable else MemoryStore())
        self.own_title = (settings.policy.ae_titles or (settings.policy.local.ae_title,))[0]
        today = time.strftime("%Y%m%d")
        self.peer = BuiltInPeer(
            new_uid, self._knows, self.store, emulation=settings.emulation, today=today, limits=settings.policy.limits
        )
        self.server = Server(
            context,
            self.peer,
            self._durable or Volatile(self.store),
            local=settings.policy.local,
            timeouts=settings.policy.timeouts,
            destinations=destinations,
            delays=settings.delays,
            room=Room(settings.policy.limits, settings.folder),
        )
        self._contents = Contents(settings, self.server, self._durable)
        self.server.reporter.listener = self.number
        self.objects = Objects(context, self.number, self.peer, self.server)
        self._script = ScriptRun(settings.script) if settings.script is not None and settings.script.active else None
        self._destinations = destinations
        self._servers: list[asyncio.Server] = []
        self._sockets: list[socket.socket] = []
        self._secure: Secure | None = None
        self._refusing = False
        """It was stopped, perhaps before it listened."""
        self._begun = asyncio.Event()
        """It listens, or never will."""
        self.port = command.port

    async def start(self) -> bool:
        """Listen. False, with a notice that says why, when that is not possible; without one when it was stopped
        before."""
        try:
            return await self._start()
        finally:
            self._begun.set()

    async def _start(self) -> bool:
        bound_areas()
        problem = await self._contents.load(lambda: self.context.closing or self._refusing)
        if problem:
            await self._close(problem)
            return False
        tls = self.command.settings.tls
        try:
            self._secure = await ready(tls, server=True)
        except TlsProblem as problem:
            await self._close(str(problem))
            return False
        host = self.command.host
        try:
            self._sockets = await bind(host, self.command.port)
            self.port = int(self._sockets[0].getsockname()[1])
            await self._serve()
        except (OSError, UnicodeError, OverflowError) as error:
            self.refuse()
            reason = error if isinstance(error, OSError) else OSError(None, hindrance(error))
            await self._close(sentences.listen_failed(reason, host, self.command.port))
            return False
        if self._refusing:
            self.refuse()
            return False
        spoken = f" Only TLS is spoken here: {tls.profile.title}." if tls else ""
        self.context.listeners[self.number] = self
        self.context.loop.call_later(LOADED_AFTER, self.context.loop.run_in_executor, None, _load_ahead)
        self.server.itself = MoveDestination(ae_title=self.own_title, host=host or LOOPBACK, port=self.port)
        self.tell(True, sentences.listening(host, self.port) + spoken)
        self._contents.report_left()
        self.objects.told_anew()
        return True

    async def _serve(self) -> None:
        """Take connections, at every socket; none waits before all of them have who closes them."""
        for sock in self._sockets:
            self._servers.append(
                await self.context.loop.create_server(self._connection, sock=sock, backlog=BACKLOG, start_serving=False)
            )
        for server in tuple(self._servers):
            if not self._refusing:
                await server.start_serving()

    def _knows(self, title: str) -> bool:
        """Whether a C-MOVE can be sent to this AE title: a destination that was set, or this listener itself."""
        return title in self._destinations or (title == self.own_title and self.command.settings.tls is None)

    async def _close(self, sentence: str) -> None:
        """The folder is free for another one before anybody is told that this one does not listen."""
        if self._durable is not None:
            await asyncio.to_thread(self._durable.close)
        self.tell(False, sentence)

    def tell(self, listening: bool, sentence: str) -> None:
        """A ListenerNotice: whether it listens, and what happened."""
        titles = self.command.settings.policy.ae_titles
        self.context.notify(
            ListenerNotice(
                listener=self.number,
                time=self.context.wall(),
                listening=listening,
                host=self.command.host,
                port=self.port,
                ae_title=titles[0] if titles else self.command.settings.policy.local.ae_title,
                sentence=sentence,
            )
        )

    def _connection(self) -> Link | TlsLayer | NotTaken:
        """asyncio asks for the protocol of a connection it has accepted. What is raised it tells nobody."""
        try:
            return self._taken_in()
        except Exception as error:  # noqa: BLE001 - as said
            self.context.failed(error, "Taking a connection")
            return NotTaken()

    def _taken_in(self) -> Link | TlsLayer:
        association = Association(
            self.context,
            self.context.new_id(),
            requestor=False,
            peer=Peer(host="", port=0),
            timeouts=self.command.settings.policy.timeouts,
            listener=self.number,
            script=self._script,
            limits=self.command.settings.policy.limits,
        )
        association.on_indication = self._indicated
        association.on_end = self._ended
        association.sink_for = self._contents.sink
        self._make_room()
        self.server.attach(association)
        secure, artim = self._secure, association.timeouts.artim
        taken = association.link if secure is None else layered(association, secure, artim)
        self.associations.add(association)
        self.came += 1
        return taken

    def _make_room(self) -> None:
        """Who connects and asks for nothing keeps nobody out: the one that has waited longest goes."""
        most = self.command.settings.policy.limits.unasked
        if len(self.associations) < most:
            return
        silent = [a for a in self.associations if not a.asked and a.link in self.context.links]
        for oldest in sorted(silent, key=lambda a: a.number)[: max(0, len(silent) - most + 1)]:
            host, port = oldest.link.remote_address()
            oldest.peer = Peer(host=host, port=port)  # a TLS handshake has told none yet
            sentence = sentences.crowded_out(oldest.peer, most)
            oldest.finish(AssociationPhase.FAILED, Outcome.ABORTED, sentence, cause=Cause.NO_REQUEST)
            oldest.link.kill()

    def _ended(self, association: Association) -> None:
        self.associations.discard(association)
        self.server.reporter.detach(association)
        self.peer.ended(association.number)
        self._ended_last.append(ref(association.link))
        most = self.command.settings.policy.limits.unasked
        if len(self._ended_last) > most:  # those that have closed count no more
            waiting = [link for r in self._ended_last if (link := r()) is not None and not link.lost]
            for link in waiting[: max(0, len(waiting) - most)]:  # who has not closed by now keeps nobody out either
                link.kill()
            self._ended_last = deque(ref(link) for link in waiting[-most:])

    def _indicated(self, association: Association, rq: AssociateRQ) -> None:
        """Answer an A-ASSOCIATE-RQ by the policy."""
        host, port = association.link.remote_address()
        title = strip(rq.calling_ae_title)
        association.peer = Peer(name=title, ae_title=title, host=host, port=port)
        association.notice(AssociationPhase.NEGOTIATING, f"{title} at {host} asks for an association.")
        policy = self.command.settings.policy
        if association.script is not None:
            policy = association.script.asked(rq, policy)
        others = [a for a in self.associations if a.asked and a is not association]
        same = sum(a.peer.name == title for a in others)
        withheld = self.peer.emulation.withheld
        decide = partial(answer, rq, policy, association_count=len(others), peer_count=same, withheld=withheld)
        if not policy.identities:
            self._answer(association, decide())
            return

        async def judged() -> None:  # comparing with salted hashes takes its time
            async with self._judging:
                if association.end is None:  # who guesses and goes is not judged
                    self._answer(association, await asyncio.to_thread(decide))

        self.context.spawn(judged(), "Judging a user identity")

    def _answer(self, association: Association, made: Answer) -> None:
        title, host = association.peer.ae_title, association.peer.host
        if association.script is not None and not association.script.answers():
            return
        try:
            association.request(p.AAssociateResponse(made.pdu))
        except StateError:
            return  # it was aborted while we decided
        if association.end is not None:
            return  # a script ended it in place of the answer
        if isinstance(made.pdu, AssociateAC) and made.negotiated is not None:
            association.established(made.negotiated)
            return
        rj = made.pdu
        assert not isinstance(rj, AssociateAC)
        why = " ".join(made.reasons)
        why = " ".join(filter(None, (why, to_raise(why))))
        values = (rj.result, rj.source, rj.reason)
        sentence = f"The association asked for by {title} at {host} was rejected: {why}"
        association.finish(AssociationPhase.REJECTED, Outcome.REJECTED, sentence, rejection=values)

    async def stop(self, timeout: float) -> None:
        """Stop listening; associations still open are released, then aborted. timeout: seconds for what else it is in
        the middle of."""
        self.refuse()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._begun.wait(), timeout)
        self.server.reporter.closed = True
        await settled()
        await self.server.reporter.tell(scp_status(self.peer.state, GOING_DOWN), timeout)
        links = [a.link for a in self.associations if a.script is not None]
        await end_all(self.context, self.associations, min(LEAVING, timeout))
        for link in links:  # a script may keep them open
            link.kill()
        for instance in self.store.instances():
            drop_spooled(instance.data)
        await self._close("Stopped listening.")

    def sever(self) -> None:
        """Stop listening without the loop, which is broken: port and folder are free for the next."""
        for sock in self._sockets:
            sock.close()
        if self._durable is not None:
            self._durable.close()

    def heir(self, context: Context) -> Listener:
        """One to take its place after the engine broke: the same number, settings and port, and what it held."""
        settings = replace(self.command.settings, emulation=self.peer.emulation)
        command = replace(self.command, port=self.port, settings=settings)
        made = Listener(context, command, None if self._durable else self.store)
        if self._durable is None:
            made.peer.state.take_over(self.peer.state)
        made.objects.watched = self.objects.watched
        return made

    def takes(self, title: str, port: int | None) -> bool:
        """Whether a peer that sends to this AE title (and port, where it is known) reaches this listener."""
        titles = self.command.settings.policy.ae_titles
        if port is not None and port == self.port:
            return not titles or title in titles
        return port in (None, 0) and title in (titles or (self.command.settings.policy.local.ae_title,))

    def switch(self, on: frozenset[str]) -> None:
        """These emulators serve from now on, associations that are open too."""
        self.peer.emulation = replace(self.peer.emulation, on=on)
        self.objects.switched()

    def refuse(self) -> None:
        """Take no more connections, now or when it would come to listen."""
        self._refusing = True
        self.context.listeners.pop(self.number, None)
        for sock in self._sockets:
            if sock.fileno() >= 0:
                with suppress(NotImplementedError):  # Windows: its loop accepts in another way
                    self.context.loop.remove_reader(sock)
        self.context.loop.call_soon(self._leave)

    def _leave(self) -> None:
        """Close what listens, a turn after the last connection was accepted: asyncio makes no transport, and closes
        nothing, for a connection whose server has been closed meanwhile."""
        for server in self._servers:
            with suppress(ValueError):  # its socket is closed already
                server.close()
        self._servers.clear()
        for sock in self._sockets:  # of no server yet
            sock.close()

    async def quiet(self, timeout: float) -> None:
        """Wait until no association is open, `timeout` seconds at most."""
        waiting = [self.context.loop.create_task(a.ended.wait()) for a in self.associations]
        if waiting:
            _, late = await asyncio.wait(waiting, timeout=timeout)
            for task in late:
                task.cancel()
