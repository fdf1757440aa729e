"""send: message files in order on one association, each made just before it goes out.

So a message can use what the responses to the ones before it told. With an asynchronous operations window the next goes
out before the response, unless it uses one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import field
from pathlib import Path

from engine.model.association import Negotiated, Proposal
from engine.model.commands import Abort, Cancel, OpenAssociation, Release, Send
from engine.model.notices import (
    FINAL_PHASES,
    AnyNotice,
    AssociationNotice,
    Direction,
    MessageNotice,
    Outcome,
    StatusNotice,
)
from engine.standard.lean import dataclass
from engine.trace.explain import PreviewError, data_set_of
from engine.trace.plain_text import message_text
from engine.workspace.errors import ValueProblem
from engine.workspace.message_files import MessageFile
from engine.workspace.placeholders import Filler, waits_for

from .driver import PATIENCE, Driver
from .exits import OF_OUTCOME, Exit
from .output import Output

SEVERITY = (Outcome.SUCCESS, Outcome.WARNING, Outcome.CANCELLED, Outcome.FAILURE, Outcome.NOT_SENT, *Outcome)
"""Of what became of the messages, the worst is what became of all."""


@dataclass(slots=True)
class Sending:
    """One run of `send`. show: given every message notice."""

    driver: Driver
    proposal: Proposal
    files: tuple[tuple[Path, MessageFile], ...]
    show: Callable[[MessageNotice], None]
    association: int = 0
    operation: int = 0
    interrupted: bool = False
    _filler: Filler = field(default_factory=Filler)
    _negotiated: Negotiated | None = None
    _end: AssociationNotice | None = None
    _status: StatusNotice | None = None
    _outstanding: dict[int, MessageFile] = field(default_factory=dict)
    _outcomes: Counter[Outcome] = field(default_factory=Counter)
    _first: AssociationNotice | None = None

    def run(self, linger: float = 0.0) -> tuple[StatusNotice, Exit]:
        """Open, send, wait `linger` seconds for what may follow, release. The status is that of the only message, or of
        all together; Ctrl-C stops after what is under way."""
        self.association, self.operation = self.driver.new_id(), self.driver.new_id()
        self.driver.submit(OpenAssociation(association=self.association, proposal=self.proposal))
        if not self._wait(lambda: self._negotiated is not None or self._end is not None):
            self._abort()
        for path, message in self.files:
            if self._over:
                break
            self._send(path, message)
        self._settle()
        if linger and not self._over:
            self._wait(lambda: self._end is not None, linger)
        self._release()
        status = self._whole()
        return status, Exit.INTERRUPTED if self.interrupted else OF_OUTCOME[status.outcome]

    @property
    def _over(self) -> bool:
        return self._end is not None or self.interrupted

    def _send(self, path: Path, message: MessageFile) -> None:
        """Send one message when its turn has come; one that cannot be made is said so, and the next has its turn."""
        if not self._wait(lambda: self._end is not None or self._has_room(message)) or self._end is not None:
            return
        try:
            ready = self._filler.ready(message)
        except ValueProblem as problem:
            self.driver.output.error(f"{path}: not sent: {problem.reason}.")
            self._outcomes[Outcome.NOT_SENT] += 1
            return
        contexts = self._negotiated.contexts if self._negotiated else ()
        operation = self.operation if len(self.files) == 1 else self.driver.new_id()
        self._outstanding[operation] = message
        outgoing = ready.outgoing(contexts)
        self.driver.submit(Send(association=self.association, operation=operation, message=outgoing))

    def _has_room(self, message: MessageFile) -> bool:
        """Whether the window has room, and what the message is made of is there."""
        limit = self._negotiated.window.invoked if self._negotiated else 1
        if limit and len(self._outstanding) >= limit:
            return False
        return not self._outstanding or not waits_for(message, self._outstanding.values())

    def _settle(self) -> None:
        """Wait for the responses outstanding; after Ctrl-C they are cancelled, and the association aborted when they
        do not come."""
        if not self.interrupted and self._wait(lambda: not self._outstanding):
            return
        for operation in tuple(self._outstanding):
            self.driver.submit(Cancel(operation=operation))
        if not self._wait(lambda: not self._outstanding, PATIENCE):
            self._abort()

    def _release(self) -> None:
        if self._end is None:
            self.driver.submit(Release(association=self.association))
            self._wait(lambda: self._end is not None)

    def _abort(self) -> None:
        self.driver.submit(Abort(association=self.association))
        self._wait(lambda: self._end is not None, PATIENCE)

    def _wait(self, done: Callable[[], bool], patience: float | None = None) -> bool:
        """Print until `done`, for `patience` seconds at most; False when Ctrl-C came first, which a second time ends
        at once."""
        try:
            self.driver.until(done, self._see, patience)
        except KeyboardInterrupt:
            if self.interrupted:
                raise
            self.interrupted = True
            self.driver.output.error("Interrupted; cancelling.")
            return False
        return done()

    # -- what comes back

    def _see(self, notice: AnyNotice) -> None:
        if isinstance(notice, AssociationNotice) and notice.association == self.association:
            self._first = notice if self._first is None else self._first
            self._negotiated = notice.negotiated or self._negotiated
            self._end = notice if notice.phase in FINAL_PHASES else self._end
        elif isinstance(notice, StatusNotice) and self._outstanding.pop(notice.operation, None) is not None:
            self._status = notice
            self._outcomes[notice.outcome] += 1
        elif isinstance(notice, MessageNotice):
            self.show(notice)
            self._hear(notice)

    def _hear(self, notice: MessageNotice) -> None:
        """What a response tells is kept for the messages after it."""
        response = notice.direction is Direction.RECEIVED and notice.command.is_response
        asked = self._outstanding.get(notice.operation) if notice.operation is not None else None
        if not response or asked is None:
            return
        try:
            data = data_set_of(notice.data, notice.transfer_syntax, notice.limits) if notice.data is not None else None
        except PreviewError:
            data = None
        self._filler.heard(asked, notice.command, data)

    # -- the end

    def _whole(self) -> StatusNotice:
        """The end of all: the only message's own status, or one made of all."""
        if len(self.files) == 1 and self._status is not None:
            return self._status
        outcome, sentence = self._verdict()
        first, last = self._first, self._end
        start, time, clock = (first.clock, last.time, last.clock) if first and last else (0.0, 0.0, 0.0)
        status = StatusNotice(
            operation=self.operation,
            association=self.association,
            time=time,
            clock=clock,
            outcome=outcome,
            service="",
            sentence=sentence,
            duration=clock - start,
        )
        self.driver.tell(status)
        return status

    def _verdict(self) -> tuple[Outcome, str]:
        """Outcome and sentence of all messages together."""
        sent = self._outcomes.total() - self._outcomes[Outcome.NOT_SENT]
        count = f"{sent} of {len(self.files)} messages sent"
        ended = self._end.outcome if self._end is not None else None
        if self.interrupted:
            return Outcome.CANCELLED, f"{count}; interrupted."
        if self._end is not None and ended is not None and ended is not Outcome.SUCCESS:
            return ended, f"{count}. {self._end.sentence}" if sent else self._end.sentence
        worst = max(self._outcomes, key=SEVERITY.index, default=Outcome.NOT_SENT)
        return worst, f"{count}; {worst.value}."


def shower(output: Output) -> Callable[[MessageNotice], None]:
    """Shows messages for people, without -v too, with the data sets that came."""

    def show(notice: MessageNotice) -> None:
        if not output.verbosity:
            output.told_line(message_text(output.told(notice)))
        if output.verbosity < 2 and notice.direction is Direction.RECEIVED:
            output.message_data(notice)

    return show
