"""What an association does, told as notices."""

from __future__ import annotations

from engine.conformance.commands import check_command
from engine.model.command_set import CommandSet
from engine.model.dataset import EncodedData, FileData
from engine.model.notices import Direction, Evidence, FindingNotice, MessageNotice, PduNotice
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.standard.messages import CANCEL
from engine.standard.pdus import PDataTF

from .context import Context

KEPT_PDU_BYTES = 64 * 1024 * 1024
"""P-DATA-TF bytes copied into notices for one association. Beyond it only the first bytes of each are kept: a long
store session would fill the memory with pixels nobody looks at."""
KEPT_DATA_BYTES = 64 * 1024 * 1024
"""Bytes of data sets in memory given with the notices of one association. Beyond it those larger than `SMALL` are left
out, for the same reason; `data_length` still tells their size."""
SMALL = 64 * 1024
"""Bytes of a data set somebody may look at (an Identifier, an attribute list): always kept."""
HEAD = 256
"""Bytes of a P-DATA-TF kept after that: its header, the PDV's, and the beginning of the command set."""


class Recorder:
    """Makes the notices of one association."""

    def __init__(self, context: Context, association: int) -> None:
        self._context = context
        self._association = association
        self._kept = 0
        self._kept_data = 0
        self._requests: dict[int, CommandSet] = {}

    def pdu(self, event: p.PduReceived | p.PduSent) -> None:
        if isinstance(event, p.PduReceived):
            direction, data, size = Direction.RECEIVED, event.data, len(event.data)
            if event.type == PDataTF.TYPE and not self._keep(size):
                data = data[:HEAD]
        else:
            direction, size = Direction.SENT, sum(map(len, event.data))
            whole = event.type != PDataTF.TYPE or self._keep(size)
            data = b"".join(event.data) if whole else _head(event.data)
        t = event.transition
        self._context.notify(
            PduNotice(
                association=self._association,
                time=self._context.wall(),
                clock=self._context.now(),
                direction=direction,
                type=event.type,
                data=data,
                size=size,
                state_before=t.before.name if t else "",
                event=t.event.name if t else "",
                action=t.action if t else "",
                state_after=t.after.name if t else "",
            )
        )

    def _keep(self, size: int) -> bool:
        if self._kept + size > KEPT_PDU_BYTES or not self._context.outbox.has_room:
            return False
        self._kept += size
        return True

    def message(
        self,
        direction: Direction,
        ready: dx.Ready,
        data: EncodedData | FileData | None,
        length: int,
        operation: int | None,
    ) -> None:
        """A message was sent."""
        context = ready.context
        self._notify_message(
            direction,
            context.id,
            context.abstract_syntax,
            context.transfer_syntax,
            ready.command,
            ready.command_bytes,
            data,
            length,
            operation,
        )
        if operation is not None and not ready.command.is_response and ready.command.command_field != CANCEL:
            self._requests[operation] = ready.command
        self._judge(direction, ready.command, None, data is not None, operation)

    def received(
        self,
        message: dx.Received,
        operation: int | None,
        *,
        duration: float | None = None,
        unsolicited: bool = False,
    ) -> None:
        """A message arrived."""
        self._notify_message(
            Direction.RECEIVED,
            message.context_id,
            message.abstract_syntax,
            message.transfer_syntax,
            message.command,
            message.command_bytes,
            message.data,
            message.data_length,
            operation,
            duration,
            unsolicited,
        )
        for issue in message.issues:
            self.finding("exchange.fragments", "warning", issue.text, issue.clause, Direction.RECEIVED, operation)
        request = self._requests.get(operation) if operation is not None else None
        self._judge(Direction.RECEIVED, message.command, request, message.data is not None, operation)

    def _notify_message(
        self,
        direction: Direction,
        context_id: int,
        abstract_syntax: str,
        transfer_syntax: str,
        command: CommandSet,
        command_bytes: bytes,
        data: EncodedData | FileData | None,
        length: int,
        operation: int | None,
        duration: float | None = None,
        unsolicited: bool = False,
    ) -> None:
        self._context.notify(
            MessageNotice(
                association=self._association,
                operation=operation,
                time=self._context.wall(),
                clock=self._context.now(),
                direction=direction,
                context_id=context_id,
                abstract_syntax=abstract_syntax,
                transfer_syntax=transfer_syntax,
                command=command,
                command_bytes=command_bytes,
                data=self._keep_data(data),
                data_length=length,
                duration=duration,
                unsolicited=unsolicited,
            )
        )

    def _keep_data(self, data: EncodedData | FileData | None) -> EncodedData | FileData | None:
        if not isinstance(data, EncodedData) or len(data.data) <= SMALL:
            return data
        if self._kept_data + len(data.data) > KEPT_DATA_BYTES:
            return None
        self._kept_data += len(data.data)
        return data

    def _judge(
        self,
        direction: Direction,
        command: CommandSet,
        request: CommandSet | None,
        has_data: bool,
        operation: int | None,
    ) -> None:
        for f in check_command(command, request, has_data):
            self.finding(f.rule, f.severity, f.sentence, f.clause, direction, operation, f.evidence)

    def finding(
        self,
        rule: str,
        severity: str,
        sentence: str,
        clause: str,
        direction: Direction,
        operation: int | None = None,
        evidence: Evidence = Evidence(),  # noqa: B008 - frozen
    ) -> None:
        self._context.notify(
            FindingNotice(
                association=self._association,
                time=self._context.wall(),
                direction=direction,
                rule=rule,
                severity=severity,
                sentence=sentence,
                clause=clause,
                evidence=evidence,
                operation=operation,
            )
        )

    def forget(self, operation: int) -> None:
        """The operation is over: its request need not be kept for comparing."""
        self._requests.pop(operation, None)


def _head(buffers: tuple[p.Buffer, ...]) -> bytes:
    out = b""
    for buffer in buffers:
        out += bytes(memoryview(buffer)[: HEAD - len(out)])
        if len(out) >= HEAD:
            break
    return out
