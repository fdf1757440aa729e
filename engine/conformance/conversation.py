"""One association as far as it was seen: what both sides agreed on, and what each has under way."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from engine.model.association import Negotiated, NegotiatedContext
from engine.model.limits import Limits
from engine.model.notices import Direction

from .assembly import Assembly
from .exchanges import Exchanges
from .findings import Finding
from .sequence import Sequence
from .templates import Templates
from .workflow import Workflow


class Conversation:
    """What the parts of the watcher share. Sides go by whether they are the association's requestor.

    requestor: whether what counts as sent comes from it. limits: of the data sets that are read. negotiated: None until
    both sides agreed; contexts and accepted: those accepted then, by their ID, and their IDs, None before. maximum:
    bytes of a PDU, by whether it counts as sent; 0 for no limit. exchanges: the operations of both sides. sequence: of
    the PDUs.
    """

    def __init__(self, requestor: bool, limits: Limits) -> None:
        self.requestor = requestor
        self.limits = limits
        self.negotiated: Negotiated | None = None
        self.contexts: dict[int, NegotiatedContext] = {}
        self.accepted: frozenset[int] | None = None
        self.maximum = {True: 0, False: 0}
        self.exchanges = Exchanges()
        self.sequence = Sequence(self.exchanges.names)

    # What many associations never need is made when it is asked for.

    @cached_property
    def assemblies(self) -> dict[bool, Assembly]:
        """The messages of either side."""
        templates, command = Templates(), self.exchanges.command
        assemblies = {side: Assembly(side, templates, command, self.limits) for side in (True, False)}
        for assembly in assemblies.values():
            assembly.contexts = self.contexts
        return assemblies

    @cached_property
    def workflow(self) -> Workflow:
        """What is known of instances that services follow from message to message."""
        workflow = Workflow()
        workflow.negotiated = self.negotiated
        return workflow

    def established(self, negotiated: Negotiated) -> None:
        """What both sides agreed on; `send_maximum` is that of what counts as sent."""
        self.negotiated = negotiated
        self.contexts = accepted = {c.id: c for c in reversed(negotiated.contexts) if c.accepted}
        self.accepted = frozenset(accepted)
        self.maximum = {True: negotiated.send_maximum, False: negotiated.receive_maximum}
        if "assemblies" in vars(self):
            for assembly in self.assemblies.values():
                assembly.contexts = accepted
        self.exchanges.established(negotiated)
        if "workflow" in vars(self):
            self.workflow.negotiated = negotiated

    def by_requestor(self, direction: Direction) -> bool:
        """Whose is what passes in this direction."""
        return (direction is Direction.SENT) is self.requestor

    def has_accepted(self, context_id: int) -> bool:
        """Whether this context may be used, as far as is known."""
        return self.accepted is None or context_id in self.accepted

    def unfinished(self, by_requestor: bool) -> Iterable[Finding]:
        """This side has sent its last: what it left unfinished."""
        return self.assemblies[by_requestor].unfinished() if "assemblies" in vars(self) else ()

    def forget(self) -> None:
        """What is under way will not be seen to its end."""
        if "assemblies" in vars(self):
            for assembly in self.assemblies.values():
                assembly.forget()
