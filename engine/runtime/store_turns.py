"""C-STOREs of ours one after the other, as one record each turn: made into notices when they are fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.model.association import NegotiatedContext
from engine.model.dataset import EncodedData, FileData
from engine.model.limits import Limits
from engine.model.notices import AnyNotice, Direction, ProgressNotice, StoredNotice
from engine.model.quick import quick
from engine.model.storing import FileResult, FileState
from engine.standard.lean import dataclass

from .runs import MadeAtOnce, States, Times, message_notice, pdu_notices

if TYPE_CHECKING:
    from .sent_stores import StoreKind

_progress_notice, _stored_notice, _file_result = quick(ProgressNotice), quick(StoredNotice), quick(FileResult)


def moved(file: FileResult, state: FileState, sentence: str, status: int | None = None) -> FileResult:
    """The file in another state."""
    return _file_result(
        number=file.number,
        path=file.path,
        state=state,
        sentence=sentence,
        status=file.status if status is None else status,
        association=file.association,
        context_id=file.context_id,
        transfer_syntax=file.transfer_syntax,
    )


@dataclass(slots=True)
class Stored:
    """A file that was stored with success. operation, association, total: of all that is stored, as in
    `ProgressNotice`. sentence: the status in words. done, failed, warning, size: files and bytes with it."""

    file: FileResult
    operation: int
    association: int
    total: int | None
    sentence: str
    done: int
    failed: int
    warning: int
    size: int


@dataclass(slots=True)
class Turn(MadeAtOnce):
    """The response to a C-STORE of ours, what that makes of its file, and the request of the file after it.

    answer: what is kept of the response's P-DATA-TF; response: its command set, of a C-STORE of `kind`, with the
    Message ID and UID of `replied`; operation: that it ends, after `duration`. came: when it did. gone: when the
    request of `file` had gone, whose operation is `begun`; command: its command set, of `next_kind`, with this
    Message ID (number) and SOP Instance UID. pdus: what is kept of each of its P-DATA-TFs; command_size, sizes: bytes
    of the first, and how many of the others have how many. states: of what is received and of what is sent.
    """

    association: int
    limits: Limits
    answered: NegotiatedContext
    answer: bytes
    answer_size: int
    response: bytes
    kind: StoreKind
    replied: tuple[bytes, bytes]
    operation: int
    duration: float
    came: Times
    stored: Stored
    file: FileResult
    context: NegotiatedContext
    begun: int
    gone: Times
    next_kind: StoreKind
    number: int
    uid: str
    command: bytes
    data: EncodedData | FileData
    length: int
    pdus: list[bytes]
    command_size: int
    sizes: tuple[tuple[int, int], ...]
    states: tuple[States, States]
    held: int

    def _made(self) -> list[AnyNotice]:
        stored, came, gone = self.stored, self.came, self.gone
        time = came[0]
        end = moved(stored.file, FileState.STORED, stored.sentence, 0)
        begun = moved(self.file, FileState.SENDING, self.file.sentence)
        own, (number, uid) = (self.association, self.limits), self.replied
        reply = self.kind.reply(number, uid)
        request = self.next_kind.request.for_instance(self.uid, self.number)
        sizes = (self.command_size, *(size for count, size in self.sizes for _ in range(count)))
        return [
            *pdu_notices(
                self.association, Direction.RECEIVED, (self.answer,), (self.answer_size,), came, self.states[0]
            ),
            message_notice(
                *own,
                Direction.RECEIVED,
                self.answered,
                self.operation,
                came,
                reply,
                self.response,
                None,
                0,
                self.duration,
            ),
            _stored_notice(operation=stored.operation, association=end.association, time=time, results=(end,)),
            _progress_notice(
                operation=stored.operation,
                association=stored.association,
                time=time,
                done=stored.done,
                total=stored.total,
                failed=stored.failed,
                warning=stored.warning,
                bytes=stored.size,
                sentence=f"{end.path.name}: {stored.sentence}",
            ),
            _stored_notice(operation=stored.operation, association=self.association, time=time, results=(begun,)),
            *pdu_notices(self.association, Direction.SENT, self.pdus, sizes, gone, self.states[1]),
            message_notice(
                *own, Direction.SENT, self.context, self.begun, gone, request, self.command, self.data, self.length
            ),
        ]
