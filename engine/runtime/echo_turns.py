"""C-ECHOs of ours one after the other, as one record each turn: made into notices when they are fetched."""

from __future__ import annotations

from engine.model.limits import Limits
from engine.model.notices import AnyNotice, Direction, ProgressNotice
from engine.standard.lean import dataclass
from engine.wire.echo_form import EchoForm
from engine.wire.message_run import HEADERS

from .runs import MadeAtOnce, States, Times, message_notice, pdu_notices


@dataclass(slots=True)
class EchoTurn(MadeAtOnce):
    """The response to a C-ECHO of ours, and the same request once more, as the same operation.

    answer, asked: the P-DATA-TFs; kept: what is kept of each. replied, number: the Message IDs. came, gone: when the
    first did and the other had. duration: of the first, in seconds. progress: what that makes of the operation.
    states: of what is received and of what is sent.
    """

    association: int
    limits: Limits
    form: EchoForm
    operation: int
    answer: bytes
    replied: int
    came: Times
    duration: float
    progress: ProgressNotice
    asked: bytes
    number: int
    gone: Times
    kept: tuple[bytes, bytes]
    states: tuple[States, States]
    held: int

    def _made(self) -> list[AnyNotice]:
        form, answer, asked, (received, sent) = self.form, self.answer, self.asked, self.states
        own, context, operation = (self.association, self.limits), form.context, self.operation
        response, request = form.response(self.replied), form.request(self.number)[1]
        back, out = Direction.RECEIVED, Direction.SENT
        reply = message_notice(
            *own, back, context, operation, self.came, response, answer[HEADERS:], duration=self.duration
        )
        return [
            *pdu_notices(self.association, back, self.kept[:1], (len(answer),), self.came, received),
            reply,
            self.progress,
            *pdu_notices(self.association, out, self.kept[1:], (len(asked),), self.gone, sent),
            message_notice(*own, out, context, operation, self.gone, request, asked[HEADERS:]),
        ]
