"""Instance Availability Notification as user (PS3.4 Annex R): one N-CREATE for each study."""

from __future__ import annotations

from collections.abc import Callable

from engine.model.commands import Outgoing
from engine.model.dataset import DataSet
from engine.model.notices import Outcome
from engine.model.procedures.modality import NotifyAvailability
from engine.services.availability import AVAILABILITY
from engine.services.responses import request_of

from .effects import Invoke, Plan, Playing, Verdict, invoke

_STUDY = 0x0020000D


def classes(_asked: NotifyAvailability) -> tuple[str, ...]:
    return (AVAILABILITY,)


def play(asked: NotifyAvailability, _new_uid: Callable[[], str]) -> Playing:
    """Every study is notified, also after one was refused; the verdict counts."""
    steps = [_step(data) for _, data in asked.notifications]
    yield Plan(tuple(steps))
    done, last = 0, Verdict(Outcome.NOT_SENT, "There is no study to notify of.")
    worst = Outcome.SUCCESS
    for step, (uid, data) in zip(steps, asked.notifications, strict=True):
        command = request_of("N-CREATE-RQ", AffectedSOPClassUID=AVAILABILITY, AffectedSOPInstanceUID=uid)
        message = Outgoing(command=command, data=data)
        answered = yield from invoke(Invoke(step=step, message=message, context=AVAILABILITY))
        done += answered.ok
        last = Verdict(answered.outcome, answered.sentence)
        if worst in (Outcome.SUCCESS, Outcome.WARNING) and answered.outcome is not Outcome.SUCCESS:
            worst = answered.outcome
    count = len(asked.notifications)
    if count <= 1 or done == 0:
        return last
    return Verdict(worst, f"{done} of {count} studies notified.")


def _step(data: DataSet) -> str:
    return f"Notify of study {data.text(_STUDY)}"
