"""N-GET of one instance by a pick list of attributes (PS3.7 10.1.2), once or as a watch."""

from __future__ import annotations

from collections.abc import Callable, Generator

from engine.model.commands import Outgoing
from engine.model.dataset import DataSet
from engine.model.notices import Outcome
from engine.model.procedures.instance import ReadInstance
from engine.services.responses import request_of
from engine.standard.readable import contexts_for, spoken_class

from .effects import Answered, Cancelled, Effect, Invoke, Pause, Playing, Reply, Verdict, accepted, invoke

STEP = "Read the instance"


def classes(asked: ReadInstance) -> tuple[str, ...]:
    return (asked.context_uid,) if asked.context_uid else contexts_for(asked.sop_class_uid)


def play(asked: ReadInstance, _new_uid: Callable[[], str]) -> Playing:
    """The verdict says how many of the attributes asked for came; of a watch, what changed last."""
    context = yield from _context(asked)
    answered = yield from _read(asked, context)
    if asked.every is None or not answered.ok:
        return _verdict(asked, answered)
    count, changes = 1, 0
    try:
        while asked.times is None or count < asked.times:
            yield Pause(asked.every)
            again = yield from _read(asked, context)
            count += 1
            if not again.ok:
                return Verdict(again.outcome, f"{again.sentence}. It was reading {count}.")
            changes += again.data != answered.data
            answered = again
    except Cancelled:
        pass  # how a watch ends
    changed = f"changed {changes} time{'' if changes == 1 else 's'}" if changes else "unchanged"
    last = _verdict(asked, answered)
    return Verdict(last.outcome, f"Read {count} time{'' if count == 1 else 's'}, {changed}. Last: {last.sentence}")


def _context(asked: ReadInstance) -> Generator[Effect, Reply, str]:
    """The first context that was accepted; the one asked for where none was, so that it is said why."""
    wanted = classes(asked)
    uids = yield from accepted()
    return next((uid for uid in wanted if uid in uids), wanted[0])


def _read(asked: ReadInstance, context: str) -> Generator[Effect, Reply, Answered]:
    command = request_of(
        "N-GET-RQ",
        RequestedSOPClassUID=spoken_class(asked.sop_class_uid),
        RequestedSOPInstanceUID=asked.sop_instance_uid,
        AttributeIdentifierList=asked.attributes or None,
    )
    return (yield from invoke(Invoke(step=STEP, message=Outgoing(command=command), context=context, again=True)))


def _verdict(asked: ReadInstance, answered: Answered) -> Verdict:
    if not answered.ok:
        return Verdict(answered.outcome, answered.sentence)
    came = {e.tag for e in answered.data or DataSet()}
    missing = [tag for tag in asked.attributes if tag not in came]
    count = f"{len(came)} attribute{'' if len(came) == 1 else 's'} read"
    left = f"; {len(missing)} of those asked for did not come" if missing else ""
    outcome = Outcome.WARNING if missing else answered.outcome
    return Verdict(outcome, f"{answered.sentence}: {count}{left}.")
