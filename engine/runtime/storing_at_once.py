"""A C-STORE like one before it, kept and answered in the turn in which it came: the straight way of what `serving` does
for any request. `tests/runtime/test_storing_at_once.py` holds one against the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.model.command_set import CommandSet
from engine.model.dataset import EncodedData
from engine.model.defects import report_of
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.protocol.straight import FORMS
from engine.services.responses import SUCCESS
from engine.standard.state_table import Sta
from engine.wire import datasets
from engine.wire.commands import CommandError, encode_command
from engine.wire.message_run import HEADERS
from engine.wire.store_form import store_form

if TYPE_CHECKING:
    from .association import Association
    from .serving import Server


def learn(server: Server, association: Association, request: dx.Received, response: CommandSet) -> None:
    """A C-STORE has been served: others like it can go the straight way from now on."""
    machine, negotiated = association.machine, association.negotiated
    if response.status != SUCCESS or not server.straight or association.script is not None or negotiated is None:
        return
    if association.forms_learned >= FORMS or request.command.sop_class_uid != request.abstract_syntax:
        return
    known = machine.straight.store_forms.get(request.context_id)
    if known is not None and known.covers(request.command_bytes):
        return
    association.forms_learned += 1
    try:
        answer = encode_command(response)
    except CommandError:
        return
    form = store_form(request.context_id, request.command_bytes, answer, negotiated.send_maximum)
    if form is not None:
        machine.straight.store_forms[request.context_id] = form


def stored_at_once(server: Server, association: Association, event: p.StoreReceived) -> bool:
    """Keep the instance and answer with success. False where it is refused, fails or has to wait for anything: then
    nothing has happened, and the long way does and tells what is to be done.

    The file is safe before the answer; what the instance holds is read after it, and found by whatever comes next.
    """
    exchange, peer, link, form = association.exchange, server.peer, association.link, event.form
    if exchange is None or association.machine.state is not Sta.Sta6 or peer.state.journal or not link.at_ease:
        return False
    fragments = [pdu[HEADERS:] for pdu in event.pdus]
    size = sum(map(len, fragments))
    context = exchange.straight.passes(form.context_id, len(event.command) - HEADERS, size)
    if context is None or not association.messages.at_rest or association.context.retrievals.any:
        return False
    if peer.emulation.withheld(context.abstract_syntax):
        return False
    uids, syntax = (context.abstract_syntax, event.uid.rstrip(b"\0").decode()), context.transfer_syntax
    if server.storing and uids[1] in server.storing:
        return False
    front = bytes(fragments[0][: datasets.FRONT])
    attributes = datasets.plain_instance(front, size, syntax, uids, (form.sop_class, event.uid), fragments)
    if attributes is None and not datasets.is_plain_instance(front, size, syntax, uids, peer.limits.depth, fragments):
        return False
    arrived = association.context.arrival()
    if not server.room.take_at_once(size):
        return False
    find_it = server.keeper.keep_at_once(uids, syntax, fragments, size)
    if find_it is None:
        server.room.give_back(size)
        return False
    answer = form.answer(event.number, event.uid)
    association.machine.send_quietly(answer)
    link.flush()  # the peer sends the next one while we finish this one
    link.expects_next = True
    exchange.straight.passed(context.id)
    stores = association.recorder.stores
    stores.received(event, context, size, attributes is not None, arrived)
    try:
        if attributes is None:
            attributes = datasets.read_attributes(EncodedData(front, syntax), limits=peer.limits)
        find_it(attributes)
        if server.on_kept is not None:
            server.on_kept(uids[1])
    except Exception as error:  # noqa: BLE001 - the peer has its answer, and is to go on
        sentence = f"Answering C-STORE-RQ failed unexpectedly: {type(error).__name__}."
        association.context.error(sentence, association.number, report=report_of(error))
    stores.answered(answer)
    return True
