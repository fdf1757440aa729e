"""A message file without what others have named: what may leave the program of a message that was built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.model.dataset import Data, DataSet
from engine.trace.explain import PreviewError, data_set_of
from engine.workspace.message_files import MessageContext, MessageFile
from gui.redacted import WITHOUT

if TYPE_CHECKING:
    from engine.trace.redaction.redaction import Redaction

SAVED = f"Saved {WITHOUT}: their elements are there, their values are left out."
UNREAD = "Its data set could not be read, so that nothing of it was saved."


def redacted_message(message: MessageFile, redaction: Redaction) -> MessageFile:
    """The same message with stand-ins and without values; its note says so."""
    data, note = _data_set(message.data, message.context, redaction)
    uid = redaction.stand_ins.uid
    context = message.context
    return MessageFile(
        message=message.message,
        command=redaction.command_set(message.command),
        context=MessageContext(
            abstract_syntax=uid(context.abstract_syntax),
            transfer_syntaxes=tuple(map(uid, context.transfer_syntaxes)),
            role=context.role,
            id=context.id,
        ),
        data=data,
        title=redaction.sentence(message.title, numbers=False) if message.title else "",
        note=note,
    )


def _data_set(data: Data | None, context: MessageContext, redaction: Redaction) -> tuple[DataSet | None, str]:
    if data is None:
        return None, SAVED
    try:
        found = data_set_of(data, next(iter(context.transfer_syntaxes), ""))
    except PreviewError:
        return None, f"{SAVED} {UNREAD}"
    return redaction.data_set(found), SAVED
