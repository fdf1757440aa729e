"""Which sub-operations of a C-GET or C-MOVE failed, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.model.association import Negotiated
from engine.model.notices import AnyNotice, AssociationNotice, Direction, MessageNotice, StatusNotice
from engine.standard.messages import message_name
from engine.standard.sop_classes import sop_class
from engine.trace.explain import PreviewError, data_set_of

FAILED_SOP_INSTANCES = 0x00080058
NAMED = 10
"""Instances named one by one."""
_RESPONSES = ("C-GET-RSP", "C-MOVE-RSP")


@dataclass(slots=True)
class Failures:
    """Watches a retrieve for what its end will have to explain."""

    negotiated: Negotiated | None = None
    instances: tuple[str, ...] = ()

    def see(self, notice: AnyNotice) -> None:
        """Take what concerns it from any notice."""
        if isinstance(notice, AssociationNotice) and notice.requestor:
            self.negotiated = self.negotiated or notice.negotiated
        elif isinstance(notice, MessageNotice) and notice.direction is Direction.RECEIVED:
            self._take_list(notice)

    def _take_list(self, notice: MessageNotice) -> None:
        """Failed SOP Instance UID List of the final response (PS3.4 C.4.2.1.4.2, C.4.3.1.3.2)."""
        if notice.data is None or message_name(notice.command.command_field) not in _RESPONSES:
            return
        try:
            found = data_set_of(notice.data, notice.transfer_syntax).texts(FAILED_SOP_INSTANCES)
        except PreviewError:
            return
        self.instances = tuple(filter(None, found)) or self.instances

    def sentences(self, status: StatusNotice, service: str) -> Iterator[str]:
        """How many failed, which, and what may be the reason."""
        counts = (status.completed, status.failed, status.warning, status.remaining)
        total = sum(filter(None, counts))
        which = f": {', '.join(self.instances[:NAMED])}" if self.instances else "; the peer does not say which"
        more = f" and {len(self.instances) - NAMED} more" if len(self.instances) > NAMED else ""
        yield f"{status.failed} of {total} sub-operations failed{which}{more}."
        if service == "C-GET" and self.negotiated is not None:
            yield from self._contexts(self.negotiated)

    def _contexts(self, negotiated: Negotiated) -> Iterator[str]:
        """That the peer could only send what a context was accepted for."""
        storage = [c for c in negotiated.contexts if _is_storage(c.abstract_syntax)]
        usable = sum(c.accepted and c.requestor_scp for c in storage)
        yield (
            "The peer can send an instance only where a context for its SOP class and transfer syntax was accepted, "
            f"with our SCP role: {usable} of the {len(storage)} proposed were. Name what is missing, such as "
            "--context CTImageStorage:JPEG2000Lossless."
        )


def _is_storage(uid: str) -> bool:
    row = sop_class(uid)
    return row is None or row.kind.startswith("composite storage")
