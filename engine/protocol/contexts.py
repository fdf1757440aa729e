"""Through which accepted presentation context a message goes (PS3.7 10.1, PS3.4 CC.3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.model.association import NegotiatedContext
from engine.model.command_set import CommandSet, tag_of
from engine.standard.messages import RESPONSE_BIT, SERVICES, message_for
from engine.standard.sop_classes import sop_class

REMEMBERED = 256
"""Choices that are remembered: an association has no more contexts, and few kinds of message."""
_TYPES = (tag_of("ActionTypeID"), tag_of("EventTypeID"))


class Contexts:
    """Those of one association. by_id: the accepted ones; of an ID used twice the first counts."""

    def __init__(self, contexts: Sequence[NegotiatedContext], *, requestor: bool) -> None:
        self._all, self._requestor = contexts, requestor
        self.by_id = {c.id: c for c in reversed(contexts) if c.accepted}
        self._best: dict[tuple[object, ...], NegotiatedContext] = {}

    def best(self, command: CommandSet, transfer_syntax: str = "") -> NegotiatedContext | None:
        """As `best_context`, which depends on nothing else of the command set."""
        asked = (command.command_field, command.sop_class_uid, transfer_syntax, *map(command.number, _TYPES))
        context = self._best.get(asked)
        if context is None:
            context = best_context(self._all, command, requestor=self._requestor, transfer_syntax=transfer_syntax)
            if context is not None and len(self._best) < REMEMBERED:
                self._best[asked] = context
        return context


def best_context(
    contexts: Iterable[NegotiatedContext], command: CommandSet, *, requestor: bool, transfer_syntax: str = ""
) -> NegotiatedContext | None:
    """The context that suits a request best; None when none carries its SOP class.

    contexts: the accepted ones. requestor: our side of the association. transfer_syntax: how the data set is encoded
    already, "" when it is not. A context suits when its SOP class is the command's, has it as a member (meta SOP
    classes) or uses it in its messages (UPS); of several the one whose SOP class has the service, then that has the
    action or event type too, then the SOP class itself, then one in which we have the role, then one in the transfer
    syntax, then the first. A command set without a SOP class may go anywhere.
    """
    usable = [c for c in contexts if c.usable]
    uid = command.sop_class_uid
    row = message_for((command.command_field or 0) & ~RESPONSE_BIT)
    service = row.service if row else ""

    def suits(c: NegotiatedContext) -> tuple[bool, bool, bool, bool, bool]:
        return (
            _has_service(c.abstract_syntax, service),
            _has_type(c.abstract_syntax, command),
            c.abstract_syntax == uid,
            has_role(c, service, requestor=requestor),
            c.transfer_syntax == transfer_syntax,
        )

    return max((c for c in usable if not uid or _carries(c.abstract_syntax, uid)), key=suits, default=None)


def has_role(context: NegotiatedContext, service: str, *, requestor: bool) -> bool:
    """Whether our side has the role on this context that invokes the service: operations the SCU's, notifications the
    SCP's (PS3.7 7.5)."""
    scu, scp = context.requestor_scu, context.requestor_scp
    if not requestor:
        scu, scp = scp, scu
    row = SERVICES.get(service)
    return scp if row and row.type == "notification" else scu


def _carries(abstract_syntax: str, uid: str) -> bool:
    """Whether messages of SOP class `uid` may go through a context of this abstract syntax."""
    if abstract_syntax == uid:
        return True
    row = sop_class(abstract_syntax)
    return row is not None and (uid in row.members or uid == row.message_sop_class)


def _has_service(abstract_syntax: str, service: str) -> bool:
    """Whether the SOP class has the service; those that tell none (private, meta, retired) may have any."""
    row = sop_class(abstract_syntax)
    services = (*row.scu_invokes, *row.scp_invokes) if row else ()
    return not services or service in services


def _has_type(abstract_syntax: str, command: CommandSet) -> bool:
    """Whether the SOP class has the message's Action or Event Type: those of UPS differ in these alone (PS3.4 CC.2)."""
    row = sop_class(abstract_syntax)
    if row is None:
        return True
    asked = (
        (command.number("ActionTypeID"), row.action_types),
        (command.number("EventTypeID"), row.event_types),
    )
    return all(number is None or not known or number in known for number, known in asked)
