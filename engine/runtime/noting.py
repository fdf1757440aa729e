"""The notices of what passes on one association, and how much of it is kept with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.model.association import NegotiatedContext
from engine.model.command_set import CommandSet
from engine.model.dataset import EncodedData, FileData
from engine.model.limits import Limits
from engine.model.notices import Direction, MessageNotice, PduNotice, ProgressNotice
from engine.model.quick import quick
from engine.model.remembering import by_its_identity
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.protocol.straight_pdus import INDICATED, REQUESTED
from engine.standard.pdus import PDataTF
from engine.wire.commands import decode_command
from engine.wire.fragments import RUN_HEADER, DataRun
from engine.wire.message_run import HEADERS, MessageRun

from .context import Context
from .echo_turns import EchoTurn
from .runs import PduRun, ResponseRun, StoreRun, Times, message_notice
from .store_turns import Stored, Turn

if TYPE_CHECKING:
    from engine.model.storing import FileResult

    from .sent_stores import StoreSent

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
_HEAD_OF_FRAGMENT = HEAD - RUN_HEADER
pdu_notice, _message_notice, _encoded = quick(PduNotice), quick(MessageNotice), quick(EncodedData)


@by_its_identity
def names(t: p.Transition | None) -> tuple[str, str, str, str]:
    """State, event, action and state of a transition, as notices have them."""
    return (t.before.name, t.event.name, t.action, t.after.name) if t else ("", "", "", "")


SENDING, RECEIVING = names(REQUESTED), names(INDICATED)


class Notes:
    """Of one association. limits: of its data sets, for whoever looks at them."""

    def __init__(self, context: Context, association: int, limits: Limits) -> None:
        self._context = context
        self._association = association
        self._limits = limits
        self._kept = 0
        self._kept_data = 0

    def note_data(
        self, direction: Direction, buffers: Sequence[p.Buffer], whole: bytes | None, time: float, clock: float
    ) -> None:
        """A P-DATA-TF of an established association; the rest as `Recorder.data`."""
        size = sum(map(len, buffers)) if whole is None else len(whole)
        context = self._context
        kept = self._kept + size
        if kept > KEPT_PDU_BYTES or not context.outbox.has_room:
            data = head(buffers)
        else:
            self._kept = kept
            data = b"".join(buffers) if whole is None else whole
        before, event, action, after = SENDING if direction is Direction.SENT else RECEIVING
        context.outbox.put(
            pdu_notice(
                association=self._association,
                time=time,
                clock=clock,
                direction=direction,
                type=PDataTF.TYPE,
                data=data,
                size=size,
                state_before=before,
                event=event,
                action=action,
                state_after=after,
            )
        )

    def note_run(self, direction: Direction, run: DataRun, t: p.Transition, time: float, clock: float) -> None:
        """Those that are alike: one record, which becomes a notice for each."""
        size = run.pdu_size
        whole = min(len(run), max(0, KEPT_PDU_BYTES - self._kept) // size) if self._context.outbox.has_room else 0
        self._kept += whole * size
        fragments, header, rest = run.fragments, run.header, HEAD - len(run.header)
        data = [b"".join((header, f)) for f in fragments[:whole]]
        data += [header + f[:rest] for f in fragments[whole:]]
        self._context.outbox.put(
            PduRun(
                data=data,
                association=self._association,
                when=(time, clock),
                direction=direction,
                size=size,
                states=names(t),
            )
        )

    def note_responses(
        self, run: MessageRun, first: int, end: int, invoked: dx.Invoked, context: NegotiatedContext, came: Times
    ) -> None:
        """Matches that are told together arrived, from `first` to before `end`."""
        held = run.ends[end] - run.ends[first]
        self._kept += held
        self._context.outbox.put(
            ResponseRun(
                limits=self._limits,
                run=run,
                next=first,
                end=end,
                association=self._association,
                operation=invoked.operation,
                when=came,
                duration=max(0.0, came[1] - invoked.sent),
                context=context,
                command=decode_command(run.command_bytes),
                states=RECEIVING,
                held=held,
            )
        )

    def note_message(
        self,
        direction: Direction,
        ready: dx.Ready,
        data: EncodedData | FileData | None,
        length: int,
        operation: int | None,
        within: int | None,
        times: Times,
    ) -> None:
        """A message was sent."""
        kept = None if data is None else self._keep_data(data)
        self._context.outbox.put(
            message_notice(
                self._association,
                self._limits,
                direction,
                ready.context,
                operation,
                times,
                ready.command,
                ready.command_bytes,
                kept,
                length,
                within=within,
            )
        )

    def note_command(
        self,
        direction: Direction,
        context: NegotiatedContext,
        command: CommandSet,
        command_bytes: bytes,
        operation: int,
        duration: float | None,
        times: Times,
    ) -> None:
        """A message without data set passed, in either direction."""
        own = self._association, self._limits
        self._context.outbox.put(
            message_notice(*own, direction, context, operation, times, command, command_bytes, duration=duration)
        )

    def note_received(
        self,
        message: dx.Received,
        operation: int | None,
        duration: float | None,
        unsolicited: bool,
        within: int | None,
        times: Times,
    ) -> None:
        """A message arrived."""
        data = message.data
        self._context.outbox.put(
            _message_notice(
                association=self._association,
                limits=self._limits,
                operation=operation,
                time=times[0],
                clock=times[1],
                direction=Direction.RECEIVED,
                context_id=message.context_id,
                abstract_syntax=message.abstract_syntax,
                transfer_syntax=message.transfer_syntax,
                command=message.command,
                command_bytes=message.command_bytes,
                data=None if data is None else self._keep_data(data),
                data_length=message.data_length,
                duration=duration,
                unsolicited=unsolicited,
                within=within,
            )
        )

    def note_store(
        self,
        event: p.StoreReceived,
        size: int,
        answer: bytes,
        context: NegotiatedContext,
        arrived: Times,
        answered: Times,
    ) -> None:
        """A C-STORE like one before it, with a data set of `size` bytes, and its response, with which nothing is wrong:
        one record for all of them."""
        outbox, kept = self._context.outbox, self._kept
        most = KEPT_PDU_BYTES if outbox.has_room else 0
        pdus: list[tuple[bytes, int]] = []
        for pdu in (event.command, *event.pdus, answer):
            length = len(pdu)
            if kept + length <= most:
                kept += length
                pdus.append((bytes(pdu), length))
            else:
                pdus.append((bytes(pdu[:HEAD]), length))
        data = None
        if self.keeps_data(size):
            self._kept_data += size if size > SMALL else 0
            data = _encoded(b"".join([pdu[HEADERS:] for pdu in event.pdus]), context.transfer_syntax)
        outbox.put(
            StoreRun(
                association=self._association,
                limits=self._limits,
                context=context,
                pdus=pdus,
                form=event.form,
                number=event.number,
                uid=event.uid,
                command=event.command,
                answer=answer,
                data=data,
                data_length=size,
                arrived=arrived,
                answered=answered,
                states=(RECEIVING, SENDING),
                held=kept - self._kept,
            )
        )
        self._kept = kept

    def note_turn(
        self,
        answered: StoreSent,
        duration: float,
        came: Times,
        stored: Stored,
        sent: StoreSent,
        file: FileResult,
        gone: Times,
    ) -> None:
        """The response to a C-STORE and the next request, of `file`, with which nothing is wrong: one record for all of
        them and for what they make of the files. stored: what becomes of the one before."""
        outbox, kept, has_room = self._context.outbox, self._kept, self._context.outbox.has_room
        most = KEPT_PDU_BYTES if has_room else 0
        answer, command, cut, buffers = answered.answer, sent.command, sent.cut, sent.buffers
        if kept + len(answer) <= most:
            kept += len(answer)
        else:
            answer = answer[:HEAD]
        if kept + len(command) <= most:
            kept += len(command)
        else:
            command = command[:HEAD]
        pdus, at = [command], 1
        for count, size in cut.sizes:
            whole = min(count, max(0, most - kept) // size)
            kept += whole * size
            middle, stop = at + 2 * whole, at + 2 * count
            pdus += [b"".join(buffers[n : n + 2]) for n in range(at, middle, 2)]
            header = buffers[at]
            pdus += [b"".join((header, fragment[:_HEAD_OF_FRAGMENT])) for fragment in buffers[middle + 1 : stop : 2]]
            at = stop
        outbox.put(
            Turn(
                association=self._association,
                limits=self._limits,
                answered=answered.kind.context,
                answer=answer,
                answer_size=len(answered.answer),
                command_size=len(sent.command),
                response=answered.answer[HEADERS:],
                kind=answered.kind,
                replied=(answered.seen.number, answered.seen.uid),
                operation=answered.operation,
                duration=duration,
                came=came,
                stored=stored,
                file=file,
                context=sent.kind.context,
                begun=sent.operation,
                gone=gone,
                next_kind=sent.kind,
                number=sent.message_id,
                uid=sent.instance,
                command=sent.command[HEADERS:],
                data=sent.shown,
                length=len(sent.loaded),
                pdus=pdus,
                sizes=cut.sizes,
                states=(RECEIVING, SENDING),
                held=kept - self._kept,
            )
        )
        self._kept = kept

    def note_echoes(
        self,
        event: p.EchoAnswered,
        operation: int,
        duration: float,
        came: Times,
        progress: ProgressNotice,
        sent: tuple[int, bytes],
        gone: Times,
    ) -> None:
        """The response to a C-ECHO and the same request once more, with which nothing is wrong: one record for both
        and for what they make of the operation. sent: its Message ID and its P-DATA-TF."""
        outbox, answer, (number, asked) = self._context.outbox, event.data, sent
        held = len(answer) + len(asked)
        kept = (answer, asked) if self._keep(held) else (answer[:HEAD], asked[:HEAD])
        own = self._association, self._limits
        outbox.put(
            EchoTurn(
                *own, event.form, operation, answer, event.number, came, duration, progress, asked, number, gone,
                kept, (RECEIVING, SENDING), held,
            )
        )  # fmt: skip

    def _has_room(self, size: int) -> bool:
        """Whether so many bytes of P-DATA-TFs may be kept too."""
        return self._kept + size <= KEPT_PDU_BYTES and self._context.outbox.has_room

    def _keep(self, size: int) -> bool:
        """Keep them, where there is room."""
        if not self._has_room(size):
            return False
        self._kept += size
        return True

    def keeps_data(self, size: int) -> bool:
        """Whether a data set of so many bytes would be given with its notice."""
        return size <= SMALL or self._kept_data + size <= KEPT_DATA_BYTES

    def _keep_data(self, data: EncodedData | FileData | None) -> EncodedData | FileData | None:
        if not isinstance(data, EncodedData) or len(data.data) <= SMALL:
            return data
        if self._kept_data + len(data.data) > KEPT_DATA_BYTES:
            return None
        self._kept_data += len(data.data)
        return data


def head(buffers: Sequence[p.Buffer]) -> bytes:
    """The first bytes of a P-DATA-TF of which no more is kept."""
    out = b""
    for buffer in buffers:
        out += bytes(memoryview(buffer)[: HEAD - len(out)])
        if len(out) >= HEAD:
            break
    return out
