"""What the peer invokes on an association that we opened: the C-STOREs of a C-GET, an N-EVENT-REPORT."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from engine.model.association import NegotiatedContext
from engine.protocol import exchange as dx
from engine.wire.fragments import Sink

from .association import Association
from .context import Context

if TYPE_CHECKING:
    from engine.services.instances import InstanceStore

    from .serving import Server


def own_side(context: Context, association: Association, store: InstanceStore | None = None) -> None:
    """Serve it. store: where instances go; by default nowhere, the notices have shown them.

    The provider is made when the first request comes, which on most associations none does.
    """

    @cache
    def server() -> Server:
        from engine.services.peer import BuiltInPeer

        from .files import Discarding, FolderStore
        from .keeping import Volatile
        from .listener import new_uid
        from .room import Room
        from .serving import Server

        kept, limits = store or Discarding(), association.limits
        folder = kept.folder if isinstance(kept, FolderStore) else None
        room = Room(limits if store else replace(limits, without_folder=0), folder)  # what is not kept needs none
        peer = BuiltInPeer(new_uid, lambda _title: False, kept, limits=limits)
        return Server(context, peer, Volatile(kept), room=room)

    def on_request(asked: Association, event: dx.RequestReceived) -> None:
        server().attach(asked)
        assert asked.on_request is not None
        asked.on_request(asked, event)

    def sink(negotiated: NegotiatedContext, _: bytes) -> Sink:
        from .files import FolderStore, Spool

        folder = store.folder if isinstance(store, FolderStore) else None
        return Spool(negotiated.transfer_syntax, folder, association.limits)

    association.on_request = on_request
    association.sink_for = sink
