"""What a listener holds, told to a face that watches it, and changed by it."""

from __future__ import annotations

from collections.abc import Iterable

from engine.model.commands import ChangeObject, WatchObjects
from engine.model.notices import ObjectsNotice
from engine.model.objects import STORED, HeldObject
from engine.services.effects import Instance
from engine.services.peer import BuiltInPeer
from engine.services.state import Change, Record

from .context import Context
from .serving import Server


class Objects:
    """Of one listener. Nothing is made of changes while nobody watches."""

    def __init__(self, context: Context, listener: int, peer: BuiltInPeer, server: Server) -> None:
        self._context, self._listener, self._peer, self._server = context, listener, peer, server
        self.watched = False
        """Whether a face wants to be told."""
        server.on_changed = self.changed
        server.on_kept = self.kept

    def watch(self, command: WatchObjects) -> None:
        self.watched = command.on
        if command.on:
            self._tell((*self._all(),), whole=True)

    def told_anew(self) -> None:
        """Listening has begun; who watched the one before it is told all."""
        if self.watched:
            self._tell((*self._all(),), whole=True)

    def switched(self) -> None:
        """Emulators were switched on or off."""
        if self.watched:
            self._tell(())

    def changed(self, changes: Iterable[Change]) -> None:
        if self.watched:
            there = {(c.shelf, c.key): c.after for c in changes}
            held = tuple(_held(shelf, key, record) for (shelf, key), record in there.items() if record is not None)
            self._tell(held, tuple(place for place, record in there.items() if record is None))

    def kept(self, sop_instance_uid: str) -> None:
        if self.watched:
            held = self._peer.store.find(sop_instance_uid)
            self._tell((_stored(held),) if held else ())

    async def change(self, command: ChangeObject) -> None:
        """Do what the user wants; what is not possible is told as an error."""
        problem = await (self._forget(command.key) if command.shelf == STORED else self._put(command))
        if problem:
            self._context.error(f"The object was not changed: {problem}")

    async def _forget(self, uid: str) -> str:
        problem = await self._server.keeper.forget(uid)
        if not problem and self.watched:
            self._tell((), ((STORED, uid),))
        return problem

    async def _put(self, command: ChangeObject) -> str:
        shelf = self._peer.state.shelves.get(command.shelf)
        if shelf is None:
            return f"there is no shelf {command.shelf}."
        before = shelf.get(command.key)
        if command.attributes is None:
            after = None
            if why := self._peer.removing(command.shelf, before):
                return why
            shelf.remove(command.key)
        else:
            made = Record(command.sop_class_uid, command.key)
            after = Record(*_names(before or made), command.attributes)
            shelf.put(command.key, after)
        problem = await self._server.save()
        if not problem:
            for event in self._peer.edited(command.shelf, before, after):
                self._server.reporter.report(event)
        return problem

    def _all(self) -> Iterable[HeldObject]:
        for name, shelf in self._peer.state.shelves.items():
            yield from (_held(name, key, record) for key, record in shelf.items())
        yield from map(_stored, self._peer.store.instances())

    def _tell(
        self, held: tuple[HeldObject, ...], gone: tuple[tuple[str, str], ...] = (), *, whole: bool = False
    ) -> None:
        self._context.notify(
            ObjectsNotice(
                listener=self._listener,
                time=self._context.wall(),
                whole=whole,
                held=held,
                gone=gone,
                on=self._peer.emulation.on,
            )
        )


def _names(record: Record) -> tuple[str, str]:
    return record.sop_class_uid, record.sop_instance_uid


def _held(shelf: str, key: str, record: Record) -> HeldObject:
    return HeldObject(
        shelf=shelf,
        key=key,
        sop_class_uid=record.sop_class_uid,
        sop_instance_uid=record.sop_instance_uid,
        attributes=record.attributes,
    )


def _stored(instance: Instance) -> HeldObject:
    return HeldObject(
        shelf=STORED,
        key=instance.sop_instance_uid,
        sop_class_uid=instance.sop_class_uid,
        sop_instance_uid=instance.sop_instance_uid,
        attributes=instance.attributes,
        data=instance.data,
    )
