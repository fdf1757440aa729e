"""What a service user does, as values: a procedure is a generator of effects and gets the answer to each one back.

It holds no socket, thread or clock; `engine.runtime.procedures` carries the effects out, tests play them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from engine.model.command_set import CommandSet
from engine.model.commands import Outgoing
from engine.model.dataset import DataSet
from engine.model.notices import Outcome


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps there will be, by name, before the first is done; its answer is None. A later Plan replaces the steps
    that have not begun. What is left of it when the procedure is cut off is told as not done."""

    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoke:
    """One DIMSE operation, its answer an `Answered`.

    context: abstract syntax of the presentation context it goes through; "" leaves the choice to the engine.
    closing: tidies up (unsubscribes, deletes), so it is done even after the user has cancelled.
    """

    step: str
    message: Outgoing
    context: str = ""
    closing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came of an Invoke: the final response, or why there is none."""

    command: CommandSet
    """Of the response; empty when there is none."""
    data: DataSet | None = None
    """Of the final response, decoded."""
    matches: tuple[DataSet, ...] = ()
    """Data sets of the pending responses."""
    outcome: Outcome = Outcome.SUCCESS
    sentence: str = ""
    """The status in words, with the Error Comment; or why nothing was sent."""

    @property
    def ok(self) -> bool:
        """Performed, be it with a warning."""
        return self.outcome in (Outcome.SUCCESS, Outcome.WARNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An N-EVENT-REPORT-RQ that arrived, on whatever association."""

    association: int
    command: CommandSet
    data: DataSet | None = None
    sender: str = ""
    """AE title of the other side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Await:
    """Wait for an event report on any association of this engine; its answer is the Report, or None after `seconds` or
    when the user cancels. Reports that came since the procedure began, and that no Await took, count."""

    step: str
    wanted: Callable[[Report], bool]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Tell of each event report as it comes, on any association of this engine, until the user cancels; its answer is a
    `Watched`. Reports that came since the procedure began, and that nothing took, count.

    words: a report in a sentence. seconds, most: an end before that. bound: the end of the association ends it too.
    """

    step: str
    wanted: Callable[[Report], bool]
    words: Callable[[Report], str]
    seconds: float | None = None
    most: int | None = None
    bound: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What came of a Watch. seconds: how long it was watched. lost: why the association has ended, "" while it stands.
    by_user: the user has ended it by hand."""

    reports: int
    seconds: float = 0.0
    lost: str = ""
    by_user: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen:
    """Open the association again, with the proposal it had; its answer is an `Answered` without a command set. Nothing
    happens while the association stands.

    tries: with `pause` seconds between them. closing: as for `Invoke`.
    """

    step: str
    tries: int = 1
    pause: float = 5.0
    closing: bool = False


Effect = Plan | Invoke | Await | Watch | Reopen
Reply = Answered | Report | Watched | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the procedure ended, in one sentence."""

    outcome: Outcome
    sentence: str


Playing = Generator[Effect, Reply, Verdict]


def invoke(effect: Invoke) -> Generator[Effect, Reply, Answered]:
    """`answered = yield from invoke(...)`: the answer with its type."""
    answer = yield effect
    assert isinstance(answer, Answered)
    return answer


def await_report(effect: Await) -> Generator[Effect, Reply, Report | None]:
    """`report = yield from await_report(...)`: the answer with its type."""
    answer = yield effect
    assert answer is None or isinstance(answer, Report)
    return answer


def watch(effect: Watch) -> Generator[Effect, Reply, Watched]:
    """`watched = yield from watch(...)`: the answer with its type."""
    answer = yield effect
    assert isinstance(answer, Watched)
    return answer


def reopen(effect: Reopen) -> Generator[Effect, Reply, Answered]:
    """`answered = yield from reopen(...)`: the answer with its type."""
    answer = yield effect
    assert isinstance(answer, Answered)
    return answer
