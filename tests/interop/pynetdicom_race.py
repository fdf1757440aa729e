"""Races inside pynetdicom 3.0 kept out of our tests: its users now and then lost a response to their own reactor, or
waited for it for ever.

An association of pynetdicom has a reactor thread, which a `send_*` call stops before it sends and lets go after its
response. Let go, the reactor looks for requests once, and the flag that says it stands still is not yet taken back:
a second call right after the first believes it stopped, sends, and when the answer is quicker than the reactor gets
its turn (a peer on the same loaded machine), the reactor takes the response, has no use for it and drops it. The call
then waits for its whole time limit and gives an empty status.

For the same reason a provider that reports an event while the reactor answers a request may send a fragment of one
message between those of the other.

A thread that answers an event report takes back, when it has, the flag that the reactor stands still. Where a call has
just stopped the reactor, it then waits without end for a flag that nobody will set.
"""

from __future__ import annotations

from threading import Lock, current_thread
from typing import Any

from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider

_get_msg, _send_msg = DIMSEServiceProvider.get_msg, DIMSEServiceProvider.send_msg
_sending = Lock()


def _given_back(self: Any, block: bool = False) -> Any:
    """`DIMSEServiceProvider.get_msg`, but a response that the reactor took from a waiting call goes back."""
    found = _get_msg(self, block)
    if block or getattr(found[1], "MessageIDBeingRespondedTo", None) is None:
        return found
    if self.assoc._reactor_checkpoint.is_set():
        return found  # nobody waits for it
    with self.msg_queue.mutex:
        self.msg_queue.queue.appendleft(found)
        self.msg_queue.not_empty.notify()
    return None, None


def _whole(self: Any, primitive: Any, context_id: int) -> None:
    """`DIMSEServiceProvider.send_msg`, all fragments of a message before those of another."""
    with _sending:
        _send_msg(self, primitive, context_id)


class _OfTheReactor:
    """`Association._is_paused`, of which the reactor alone tells (the association is its thread), or who ended it."""

    def __get__(self, association: Any, _: type | None = None) -> bool:
        return bool(association.__dict__.get("_is_paused"))

    def __set__(self, association: Any, paused: bool) -> None:
        if current_thread() is association or association.__dict__.get("_kill"):
            association.__dict__["_is_paused"] = paused


def keep_out() -> None:
    """Mend them in this process, for all associations."""
    Association._is_paused = _OfTheReactor()  # type: ignore[assignment]
    DIMSEServiceProvider.get_msg = _given_back  # type: ignore[method-assign]
    DIMSEServiceProvider.send_msg = _whole  # type: ignore[method-assign]
