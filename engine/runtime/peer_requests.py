"""The requests of the peer on one association, from their arrival to their answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.model.command_set import CommandSet
from engine.protocol import exchange as dx
from engine.standard.messages import EVENT_REPORT
from engine.wire.pdus import INVALID_PARAMETER_VALUE

from . import sentences
from .retrievals import Retrieval

if TYPE_CHECKING:
    from .association import Association


class PeerRequests:
    """Hands them to the association's server, event reports to the board, and C-STOREs to what they are part of."""

    def __init__(self, association: Association) -> None:
        self._association = association
        self.within: dict[int | None, Retrieval] = {}
        """Of the C-STORE-RQs that are not answered yet, by their Message ID: what they are sub-operations of."""
        self._reports: dict[int | None, dx.Received] = {}
        """Event reports not answered yet, by the key of their request."""
        self._told_back = False
        """Whether it was told that nothing is read for a while; once is enough."""

    def take(self, event: dx.RequestReceived, exchange: dx.Exchange) -> bool:
        """A request came. False where it ends the association."""
        association, message = self._association, event.message
        association.recorder.received(message, None, within=self._part_of(message.command))
        if association.script is not None:
            association.script.remember(event)
        if not self.is_usable(message):
            return False
        self._note_report(event, answered=association.on_request is None)
        if association.on_request is not None:
            association.on_request(association, event)
        if exchange.held > association.limits.waiting:
            self._hold_back(exchange)
        return True

    def is_usable(self, message: dx.Received) -> bool:
        """A message that cannot be answered at all ends the association: nothing is left hanging in silence."""
        if not message.abstract_syntax:
            why = f"a message came on presentation context {message.context_id}, which was not accepted"
        elif message.command.command_field is None:
            why = f"a command set without Command Field (0000,0100) came on presentation context {message.context_id}"
        else:
            return True
        self._association.give_up(why, INVALID_PARAMETER_VALUE)
        return False

    def answering(self, command: CommandSet) -> Retrieval | None:
        """This is about to be sent: the operation whose sub-operation it answers."""
        if self._association.link.held_back:
            self._go_on()
        return self.within.pop(command.responded_to, None) if command.is_response else None

    def answered(self, key: int | None) -> None:
        """The response to the request with this key is out."""
        report = self._reports.pop(key, None)
        if report is not None:
            self._post(report)

    def end(self) -> None:
        """The association is over."""
        for report in self._reports.values():
            self._post(report)
        self._reports.clear()

    # -- more than is answered

    def _hold_back(self, exchange: dx.Exchange) -> None:
        """The peer asks for more than is answered: it may send on when half of that is."""
        association = self._association
        if association.link.hold_back(self) and not self._told_back:
            self._told_back = True
            sentence = sentences.held_back(association.peer, exchange.serving)
            association.context.error(sentence, association.number)

    def _go_on(self) -> None:
        association = self._association
        exchange = association.exchange
        if exchange is None or exchange.held <= association.limits.waiting // 2:
            association.link.read_on(self)

    # -- event reports

    def _note_report(self, event: dx.RequestReceived, *, answered: bool) -> None:
        """Event reports go to the board too: at once where the user answers by hand, else after the response, so that
        whoever awaits one does not send its next request before. Some stacks take that for the response."""
        if event.message.command.command_field == EVENT_REPORT:
            if answered:
                self._post(event.message)
            else:
                self._reports[event.key] = event.message

    def _post(self, message: dx.Received) -> None:
        association, negotiated = self._association, self._association.negotiated
        if negotiated is not None:
            sender = negotiated.called_ae_title if association.requestor else negotiated.calling_ae_title
            association.context.reports.post(association.number, message, sender, association.limits)

    # -- sub-operations

    def _part_of(self, command: CommandSet) -> int | None:
        """The operation whose sub-operation a request is."""
        found = self._association.context.retrievals.meant_by(self._association, command)
        if found is None:
            return None
        self.within[command.message_id] = found
        self._keep_waiting(found)
        return found.operation

    def _keep_waiting(self, retrieval: Retrieval) -> None:
        """Some peers send no Pending responses: as long as instances arrive, the final response is not overdue."""
        context = self._association.context
        asking = context.associations.get(retrieval.association)
        if asking is not None and asking.exchange is not None:
            asking.exchange.progress_made(retrieval.operation, context.now())
