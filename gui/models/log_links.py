"""Which earlier message a message belongs to: an event report, a sub-operation, a cancel.

The link is made of identifiers both carry; nothing is guessed from time.
"""

from __future__ import annotations

from collections import OrderedDict

from engine.model.command_set import CommandSet
from engine.model.dataset import DataSet, EncodedData
from engine.model.notices import Direction, MessageNotice
from engine.standard.lean import dataclass
from engine.standard.sop_classes import sop_class

TRANSACTION_UID = 0x00081195
REMEMBERED = 10_000
"""Requests an answer may still come for: storage commitments of a day."""

_TAG = b"\x08\x00\x95\x11"
_LONGEST_UID = 64
_BELONG = frozenset({"C-STORE", "N-EVENT-REPORT"})
"""Services whose requests may belong to an earlier one."""
_ANSWERED_LATER = frozenset({"C-MOVE", "N-ACTION", "N-CREATE"})
"""Services whose requests they may belong to."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The earlier message."""

    association: int
    message_id: int
    service: str


class Links:
    """Remembers what requests may be answered later, by another message or on another association.

    What we sent is answered by what we receive and the other way round, so a built-in peer that sees both sides of a
    conversation tells them apart.
    """

    def __init__(self) -> None:
        self._origins: OrderedDict[tuple[str, str, Direction], Origin] = OrderedDict()

    def find(self, service: str, notice: MessageNotice) -> Origin | None:
        """The message this request belongs to, None for one that stands alone."""
        if service not in _BELONG:
            return None
        other = Direction.RECEIVED if notice.direction is Direction.SENT else Direction.SENT
        for kind, value in _belongs_to(service, notice):
            found = self._origins.get((kind, value, other))
            if found is not None:
                return found
        return None

    def remember(self, service: str, notice: MessageNotice) -> None:
        message_id = notice.command.message_id if service in _ANSWERED_LATER else None
        if message_id is None:
            return
        for kind, value in _answered_by(service, notice):
            key = (kind, value, notice.direction)
            self._origins[key] = Origin(notice.association, message_id, service)
            self._origins.move_to_end(key)
        while len(self._origins) > REMEMBERED:
            self._origins.popitem(last=False)


def _answered_by(service: str, notice: MessageNotice) -> list[tuple[str, str]]:
    """Keys under which a later message will ask for this request."""
    if service == "C-MOVE":
        return [("move", str(notice.command.message_id))]
    keys = [("transaction", uid) for uid in (transaction_uid(notice),) if uid]
    return keys + [("instance", uid) for uid in (_own_instance(notice.command),) if uid]


def _belongs_to(service: str, notice: MessageNotice) -> list[tuple[str, str]]:
    """Keys of the request this one may belong to, the surest first."""
    if service == "C-STORE":
        originator = notice.command.number("MoveOriginatorMessageID")
        return [] if originator is None else [("move", str(originator))]
    keys = [("transaction", uid) for uid in (transaction_uid(notice),) if uid]
    return keys + [("instance", uid) for uid in (_own_instance(notice.command),) if uid]


def _own_instance(command: CommandSet) -> str:
    """The SOP instance, unless it is one all share (PS3.4 well-known instances)."""
    row = sop_class(command.sop_class_uid)
    uid = command.sop_instance_uid
    return "" if row is not None and uid == row.well_known_instance else uid


def transaction_uid(notice: MessageNotice) -> str:
    """Transaction UID (0008,1195) of the data set (PS3.4 J.3), "" when there is none to be seen."""
    data = notice.data
    if isinstance(data, DataSet):
        return data.text(TRANSACTION_UID)
    return _encoded_uid(data.data) if isinstance(data, EncodedData) else ""


def _encoded_uid(data: bytes) -> str:
    """The value after the tag, in either little endian syntax: it is only compared, so a wrong one links nothing."""
    at = data.find(_TAG)
    if at < 0:
        return ""
    explicit = data[at + 4 : at + 6] == b"UI"
    length = int.from_bytes(data[at + 6 : at + 8] if explicit else data[at + 4 : at + 8], "little")
    value = data[at + 8 : at + 8 + length] if length <= _LONGEST_UID else b""
    return value.decode("latin-1").rstrip(" \0")
