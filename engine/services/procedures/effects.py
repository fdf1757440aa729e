"""What a service user does, as values: a procedure is a generator of effects and gets the answer to each one back.

It holds no socket, thread or clock; `engine.runtime.procedures` carries the effects out, tests play them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from engine.model.command_set import CommandSet
from engine.model.commands import Outgoing
from engine.model.dataset import DataSet
from engine.model.notices import Outcome
from engine.standard.lean import dataclass

Judged = tuple[Outcome, str]
"""What an answer comes to, in the words of its content, where that says more than its status."""


class Cancelled(Exception):
    """Thrown into a procedure in place of an answer once the user has cancelled, before an operation that is not
    `closing`. What has something to tidy up catches it, goes on with that, and returns its verdict."""


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
    again: goes on with the last step of this name instead of beginning one.
    read: what a response that was performed says by its data set; None: nothing more than its status.
    """

    step: str
    message: Outgoing
    context: str = ""
    closing: bool = False
    again: bool = False
    read: Callable[[Answered], Judged | None] | None = None


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
    when the user cancels. Reports that came since the procedure began, and that no Await took, count.

    again: goes on with the last step of this name. patient: that nothing came is not told, the step stays open.
    read: what a report says. only_here: nothing on this side listens, so that the wait, and with it the procedure, ends
    with its association.
    """

    step: str
    wanted: Callable[[Report], bool]
    seconds: float
    again: bool = False
    patient: bool = False
    read: Callable[[Report], Judged] | None = None
    only_here: bool = False


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Something that takes a while and needs no peer, such as reading files; done beside the network. Its answer is a
    `Worked`. step "": not told as a step. `do` gives a value and what to say; what it raises as ValueError, OSError or
    DataSetError is its failure."""

    do: Callable[[], tuple[object, str]]
    step: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """What came of a Work. problem: why there is no value, "" when there is one."""

    value: object = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """So many seconds nothing is done; its answer is None. The user's cancel ends it."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Accepted:
    """Which abstract syntaxes the peer has accepted: its answer is a frozenset of their UIDs."""


Effect = Plan | Invoke | Await | Watch | Reopen | Work | Pause | Accepted
Reply = Answered | Report | Watched | Worked | frozenset[str] | None


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


V = TypeVar("V")


def work(effect: Work, kind: type[V]) -> Generator[Effect, Reply, V | str]:
    """`value = yield from work(..., Picture)`: the value, or as a str the sentence why there is none."""
    answer = yield effect
    assert isinstance(answer, Worked)
    if answer.problem:
        return answer.problem
    assert isinstance(answer.value, kind)
    return answer.value


def accepted() -> Generator[Effect, Reply, frozenset[str]]:
    """`uids = yield from accepted()`: the abstract syntaxes accepted."""
    answer = yield Accepted()
    assert isinstance(answer, frozenset)
    return answer
