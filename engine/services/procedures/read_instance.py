"""N-GET of one instance by a pick list of attributes (PS3.7 10.1.2)."""

from __future__ import annotations

from collections.abc import Callable

from engine.model.commands import Outgoing
from engine.model.procedures.instance import ReadInstance
from engine.services.responses import request_of

from .effects import Invoke, Playing, Verdict, invoke


def classes(asked: ReadInstance) -> tuple[str, ...]:
    return (asked.context_uid or asked.sop_class_uid,)


def play(asked: ReadInstance, _new_uid: Callable[[], str]) -> Playing:
    """One N-GET; the verdict says how many of the attributes asked for came."""
    command = request_of(
        "N-GET-RQ",
        RequestedSOPClassUID=asked.sop_class_uid,
        RequestedSOPInstanceUID=asked.sop_instance_uid,
        AttributeIdentifierList=asked.attributes or None,
    )
    message = Outgoing(command=command)
    answered = yield from invoke(Invoke(step="Read the instance", message=message, context=asked.context_uid))
    if not answered.ok:
        return Verdict(answered.outcome, answered.sentence)
    came = {e.tag for e in answered.data or ()}
    missing = [tag for tag in asked.attributes if tag not in came]
    count = f"{len(came)} attribute{'' if len(came) == 1 else 's'} read"
    left = f"; {len(missing)} of those asked for did not come" if missing else ""
    return Verdict(answered.outcome, f"{answered.sentence}: {count}{left}.")
