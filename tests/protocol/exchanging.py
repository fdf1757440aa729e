"""Two sides of an exchange, and messages as they come from a peer that may send anything."""

from __future__ import annotations

from engine.model.association import AsyncWindow, ProposedContext, Role
from engine.model.command_set import CommandSet
from engine.protocol import exchange as dx
from engine.wire.commands import encode_command
from tests.protocol.conversing import EXPLICIT, IMPLICIT, Party, associated, message

VERIFICATION, CT = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.2"
FIND, GET = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.3"
JPEG = "1.2.840.10008.1.2.4.50"
ECHO = message("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION)
STORE = message("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID="1.2.3")
QUERY = message("C-FIND-RQ", AffectedSOPClassUID=FIND)
CONTEXTS = (
    ProposedContext(1, VERIFICATION, (IMPLICIT,)),
    ProposedContext(3, CT, (EXPLICIT,), Role.BOTH),
    ProposedContext(5, FIND, (IMPLICIT,)),
    ProposedContext(7, GET, (IMPLICIT,)),
)


def pair(window: AsyncWindow | None = AsyncWindow(0, 0), timeout: float = 60.0) -> tuple[Party, Party]:
    return associated(CONTEXTS, window=window, timeout=timeout)


def told(exchange: dx.Exchange) -> list[dx.Event]:
    return list(iter(exchange.next_event, None))


def comes(
    party: Party, command: CommandSet, context_id: int = 1, data: bytes | None = None, now: float = 0.0
) -> dx.Event:
    """A message as it comes from a peer that may send anything."""
    pdvs = [(context_id, 3, memoryview(encode_command(command)))]
    if data is not None:
        pdvs.append((context_id, 2, memoryview(data)))
    party.exchange.receive(pdvs, now)
    (event,) = told(party.exchange)
    return event


def reply(number: int | None, status: int | None = 0, name: str = "C-ECHO-RSP") -> CommandSet:
    return message(name, MessageIDBeingRespondedTo=number, CommandDataSetType=0x0101, Status=status)
