"""What the peer invokes on an association that we opened: the C-STOREs of a C-GET, an N-EVENT-REPORT."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.model.association import NegotiatedContext
from engine.model.limits import Limits
from engine.protocol import exchange as dx
from engine.wire.reassembly import Sink

from .association import Association
from .context import Context

if TYPE_CHECKING:
    from engine.services.instances import InstanceStore

    from .serving import Server


def own_side(context: Context, association: Association, store: InstanceStore | None = None) -> None:
    """Serve it. store: where instances go; by default nowhere, the notices have shown them."""
    side = _OwnSide(context, association.limits, store)
    association.on_request = side.on_request
    association.sink_for = side.sink


def by_hand(context: Context, association: Association) -> None:
    """Leave its requests to the user; large data sets go to files all the same."""
    association.sink_for = _OwnSide(context, association.limits, None).sink


class _OwnSide:
    """The provider is made when the first request comes, which on most associations none does."""

    __slots__ = ("_context", "_limits", "_store")

    def __init__(self, context: Context, limits: Limits, store: InstanceStore | None) -> None:
        self._context = context
        self._limits = limits
        self._store = store

    def on_request(self, asked: Association, event: dx.RequestReceived) -> None:
        """The first; those that follow go to the provider itself."""
        self._server().attach(asked)
        assert asked.on_request is not None
        asked.on_request(asked, event)

    def _server(self) -> Server:
        from engine.services.peer import BuiltInPeer

        from .files import Discarding, FolderStore
        from .keeping import Volatile
        from .listener import new_uid
        from .room import Room
        from .serving import Server

        kept, limits = self._store or Discarding(), self._limits
        folder = kept.folder if isinstance(kept, FolderStore) else None
        # what is not kept needs no room
        room = Room(limits if self._store else replace(limits, without_folder=0), folder)
        peer = BuiltInPeer(new_uid, lambda _title: False, kept, limits=limits)
        return Server(self._context, peer, Volatile(kept), room=room)

    def sink(self, negotiated: NegotiatedContext, _: bytes) -> Sink | None:
        """Where a data set that arrives goes."""
        from .files import FolderStore, Spool
        from .places import quick_or_none

        folder = self._store.folder if isinstance(self._store, FolderStore) else None
        return Spool(negotiated.transfer_syntax, quick_or_none(folder), self._limits, held=self._context.held)
