"""A message made ready to be sent: the context it goes through, its data set encoded, what a script makes of both."""

from __future__ import annotations

import asyncio
from functools import partial

from engine.model.association import NegotiatedContext
from engine.model.commands import Outgoing
from engine.model.dataset import DataSet, EncodedData, FileData
from engine.model.limits import MIB, Limits
from engine.model.notices import Outcome
from engine.protocol import exchange as dx
from engine.protocol.deviating.plan import HONEST, Speak
from engine.protocol.forms import Alter
from engine.standard.dictionary import uid_text
from engine.wire.datasets import DataSetError
from engine.wire.replaced_text import replaced

from . import sentences
from .beside import beside
from .invocation import Ended
from .outgoing import Encoded, encode, is_far, is_large, locate
from .places import is_quick_file

LARGE = 4 * MIB
"""Bytes of a data set in another transfer syntax than that of its context, from which on encoding takes several
milliseconds."""
Prepared = tuple[NegotiatedContext, Encoded | None]
"""The context a message goes through, and its data set."""


def prepare(message: Outgoing, exchange: dx.Exchange, limits: Limits) -> Prepared:
    """Choose its context and encode its data set. limits: of what is read for that. Raises Ended."""
    try:
        data = locate(message.data) if isinstance(message.data, FileData) else message.data
        stored = "" if data is None or isinstance(data, DataSet) else data.transfer_syntax
        context = exchange.choose_context(message.command, message.context_id, stored)
        most = exchange.negotiated.send_maximum
        if data is None:
            return context, None
        try:
            return context, encode(data, context, limits, most)
        except DataSetError:
            if not message.replacing or not isinstance(data, DataSet):
                raise
            return context, encode(replaced(data), context, limits, most)
    except DataSetError as error:
        raise Ended(Outcome.NOT_SENT, f"The data set could not be encoded: {error}") from None
    except dx.ExchangeError as error:
        uid = message.command.sop_class_uid
        sentence = str(error)
        if message.context_id is None and uid:
            sentence = sentences.no_context(uid_text(uid), uid, exchange.negotiated)
        raise Ended(Outcome.NOT_SENT, sentence) from None


def takes_long(message: Outgoing, exchange: dx.Exchange) -> bool:
    """Whether its data set is to be encoded in another thread: the other associations would wait for it."""
    data = message.data
    if data is None or not is_large(data, LARGE):
        return False
    if isinstance(data, DataSet):
        return True
    try:
        context = exchange.choose_context(message.command, message.context_id, data.transfer_syntax)
    except dx.ExchangeError:
        return False  # which `prepare` tells
    return context.transfer_syntax != data.transfer_syntax


async def prepare_wherever(message: Outgoing, exchange: dx.Exchange, limits: Limits) -> Prepared:
    """As `prepare`, beside the loop where a disk has to be asked that may never answer, or encoding takes long."""
    data = message.data
    if isinstance(data, FileData) and is_far(data) and not await beside(is_quick_file, data.path):
        return await beside(prepare, message, exchange, limits)
    if takes_long(message, exchange):
        return await asyncio.to_thread(prepare, message, exchange, limits)
    return prepare(message, exchange, limits)


def altered(prepared: Prepared, step: Speak, limits: Limits) -> tuple[NegotiatedContext, Encoded | None, bool]:
    """What a step of a script makes of it: context, data set as it is to be sent, and whether it is announced."""
    context, encoded = prepared
    if not step.data:
        return context, encoded, encoded is not None
    try:
        before = None if encoded is None else b"".join(encoded.chunks)
    except DataSetError as error:
        raise Ended(Outcome.NOT_SENT, str(error)) from None
    data, announced = step.alter_data(before, context.transfer_syntax)
    if data is None:
        return context, None, announced
    other = EncodedData(data, context.transfer_syntax)
    return context, encode(other, context, limits), announced


def altering(step: Speak, announced: bool) -> Alter | None:
    """What a step of a script makes of the command set; None: nothing."""
    return None if step is HONEST else partial(step.alter, announced=announced)
