"""What the built-in peer of a listener has when it begins, and where what is sent to it goes meanwhile: its folder, the
sample data set, a folder of worklist items."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from engine.model.association import NegotiatedContext
from engine.model.commands import PeerSettings
from engine.services.commitment import report_of, unreported
from engine.services.peer import WORKLIST
from engine.services.state import Record
from engine.services.ups import RESTARTED, scp_status
from engine.standard.messages import STORE
from engine.wire import datasets
from engine.wire.commands import decode_command
from engine.wire.errors import DataSetError
from engine.wire.reassembly import Sink
from engine.workspace.worklist_folder import WorklistFolder

from .database import DatabaseError
from .files import Spool
from .keeping import Durable
from .places import quick_or_none
from .serving import Server
from .sources import SAMPLES, WorklistSource, sample_instances, sample_worklist_folder, scheduled_on


class Contents:
    """Of the peer of `server`. durable: its folder, where it has one that was not given as a store."""

    def __init__(self, settings: PeerSettings, server: Server, durable: Durable | None) -> None:
        self._settings, self._server, self._durable = settings, server, durable
        self._context, self._peer = server.context, server.peer
        source = settings.emulation.worklist
        self._worklist = WorklistSource(source, self._peer.state.worklist) if source else None
        server.before = self._before

    async def load(self, stopped: Callable[[], bool]) -> str:
        """Bring back what the folder holds, fill in what was asked for; "" or why that is not possible. stopped: asked
        now and then whether there is no need any more."""
        folder, emulation = self._durable.folder if self._durable else None, self._settings.emulation
        try:
            if self._durable is not None:
                for problem in await asyncio.to_thread(self._durable.load, self._peer.state, stopped):
                    self._context.error(problem)
                self._peer.set_up()
            if emulation.samples:
                await self._fill()
            if self._worklist is not None:
                folder = emulation.worklist
                await self._refresh(self._worklist)
        except (OSError, DatabaseError, DataSetError) as error:
            why = f"{error.strerror or error}." if isinstance(error, OSError) else str(error)
            return f"The folder {folder or SAMPLES} cannot be used: {why}"
        return ""

    async def _fill(self) -> None:
        """Put the sample data set there, but for what is held already."""
        for instance in await asyncio.to_thread(sample_instances):
            if self._peer.store.find(instance.sop_instance_uid) is None:
                await self._server.keeper.keep(instance)
        items, _ = await asyncio.to_thread(WorklistFolder(sample_worklist_folder()).items)
        for name, item in items.items():
            key = f"sample {name}"
            if key not in self._peer.state.worklist:
                self._peer.state.worklist.put(key, Record(WORKLIST, key, scheduled_on(item, self._peer.today)))
        await self._server.save()

    async def _before(self, sop_class_uid: str) -> None:
        """What a request is to find is looked at first: the folder of worklist items."""
        if sop_class_uid == WORKLIST and self._worklist is not None:
            try:
                await self._refresh(self._worklist)
            except OSError as error:
                self._context.error(f"The worklist folder cannot be read: {error.strerror or error}.")

    async def _refresh(self, source: WorklistSource) -> None:
        for problem in await source.refresh():
            self._context.error(problem)
        await self._server.save()

    def report_left(self) -> None:
        """What is owed since the peer was stopped: storage commitment reports, that unified steps are served again."""
        for event in scp_status(self._peer.state, RESTARTED):
            self._server.reporter.report(event)
        for record in unreported(self._peer.state):
            self._server.reporter.report(report_of(record, self._peer.emulation.commitment))

    def sink(self, context: NegotiatedContext, command: bytes) -> Sink | None:
        """Where the data set of a message that arrives is put: beside the stored instances where there is a folder."""
        folder = self._durable.incoming if self._durable else self._settings.folder
        limits = self._settings.policy.limits
        if self._durable is None:
            return Spool(context.transfer_syntax, quick_or_none(folder), limits, held=self._context.held)
        if not self._durable.archive.quick:  # the loop writes it: to a disk of this computer, and it is copied then
            return Spool(context.transfer_syntax, None, limits, held=self._context.held)
        head = partial(_file_head, context.transfer_syntax, command)
        beside = partial(self._context.loop.run_in_executor, None) if self._durable.archive.durable else None
        return Spool(context.transfer_syntax, folder, limits, head, beside, self._context.held)


def _file_head(transfer_syntax: str, command_bytes: bytes) -> bytes:
    """What a stored file of this C-STORE-RQ begins with; b"" where it cannot be stored or is none."""
    command = decode_command(command_bytes)
    if command.command_field != STORE:
        return b""
    try:
        return datasets.file_meta(transfer_syntax, command.sop_class_uid, command.sop_instance_uid)
    except DataSetError:
        return b""
