"""Storage commitment as user: the request, and its report on the same, a later or a new association (PS3.4 J.3)."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import field

from engine.model.commands import Outgoing
from engine.model.commitment import (
    STORAGE_COMMITMENT,
    STORAGE_COMMITMENT_INSTANCE,
    all_committed,
    judge,
    request_data,
    transaction_of,
    verdict,
)
from engine.model.dataset import DataSet
from engine.model.notices import Outcome
from engine.model.procedures.modality import AwaitCommitment, RequestCommitment
from engine.services.responses import request_of
from engine.standard.lean import dataclass

from .effects import Await, Effect, Invoke, Judged, Plan, Playing, Reply, Report, Verdict, await_report, invoke

REQUEST_STORAGE_COMMITMENT = 1
"""Action Type ID (PS3.4 J.3.2)."""
_ASK, _AWAIT = "Ask for the commitment", "Await its report"


def classes(_asked: RequestCommitment | AwaitCommitment) -> tuple[str, ...]:
    return (STORAGE_COMMITMENT,)


def request(asked: RequestCommitment, _new_uid: Callable[[], str]) -> Playing:
    """The N-ACTION, then the report."""
    yield Plan((_ASK, _AWAIT) if asked.seconds else (_ASK,))
    command = request_of(
        "N-ACTION-RQ",
        RequestedSOPClassUID=STORAGE_COMMITMENT,
        RequestedSOPInstanceUID=STORAGE_COMMITMENT_INSTANCE,
        ActionTypeID=REQUEST_STORAGE_COMMITMENT,
    )
    message = Outgoing(command=command, data=request_data(asked.transaction_uid, asked.asked))
    answered = yield from invoke(Invoke(step=_ASK, message=message, context=STORAGE_COMMITMENT))
    if not answered.ok:
        how = "" if answered.command.status is None else "The request was refused: "
        return Verdict(answered.outcome, f"{how}{answered.sentence}")
    if not asked.seconds:
        return Verdict(answered.outcome, "The request is taken; its report is not waited for.")
    return (yield from _reported(asked))


def await_later(asked: AwaitCommitment, _new_uid: Callable[[], str]) -> Playing:
    """The report of an earlier request on an association opened for it."""
    yield Plan((_AWAIT,))
    return (yield from _reported(asked))


def _reported(asked: RequestCommitment | AwaitCommitment) -> Generator[Effect, Reply, Verdict]:
    wanted = _Wanted(asked.transaction_uid)

    def read(report: Report) -> Judged:
        fates = judge(asked.asked, report.data or DataSet())
        outcome = Outcome.SUCCESS if all_committed(fates) else Outcome.FAILURE
        return outcome, verdict(fates, report.command.number("EventTypeID"))

    wait = Await(step=_AWAIT, wanted=wanted.is_it, seconds=asked.seconds, read=read, only_here=not asked.listening)
    report = yield from await_report(wait)
    if report is None:
        where = "on this association or a new one" if asked.listening else "on this association"
        later = "" if asked.listening else " It may come on a new one: listen, and wait for it there."
        said = f"The commitment is still open: no report came {where} within {asked.seconds:g} s.{later}"
        return Verdict(Outcome.TIMED_OUT, said + wanted.told())
    outcome, said = read(report)
    return Verdict(outcome, said + wanted.told())


@dataclass(slots=True)
class _Wanted:
    """The report of one transaction; remembers the commitment reports that are of others."""

    transaction_uid: str
    others: dict[str, str] = field(default_factory=dict)

    def is_it(self, report: Report) -> bool:
        if report.command.sop_class_uid != STORAGE_COMMITMENT:
            return False
        transaction = transaction_of(report.data)
        if transaction == self.transaction_uid:
            return True
        self.others[transaction] = report.sender
        return False

    def told(self) -> str:
        """What came besides."""
        told = ""
        for transaction, sender in self.others.items():
            what = f"about another transaction, {transaction}," if transaction else "without a Transaction UID"
            told += f" A report {what} came" + (f" from {sender}." if sender else ".")
        return told
