"""What a C-FIND, C-GET or C-MOVE came to, beyond its status: what the peer tells against what was seen, in words.

Pure: facts in, outcome and sentences out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from engine.model.association import Negotiated
from engine.model.notices import Outcome
from engine.model.whole_numbers import counted
from engine.standard.dictionary import uid_text
from engine.standard.lean import dataclass
from engine.standard.sop_classes import sop_class
from engine.standard.status import StatusClass, status_class

DESTINATION_UNKNOWN = 0xA801
CANCELLED = 0xFE00
NAMED = 10
"""Instances or SOP classes named one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """completed, failed, warning, remaining: as the peer tells them in the final response, None where it does not.

    stored, refused: C-STORE-RQs that arrived here, by how they
    were answered; None when what is moved goes elsewhere. here: where our listener listens, for the peer's settings.
    cancelled_after: pending responses when our C-CANCEL-RQ went out, None when none did.
    """

    service: str
    status: int
    responses: int = 0
    completed: int | None = None
    failed: int | None = None
    warning: int | None = None
    remaining: int | None = None
    stored: int | None = None
    refused: int = 0
    destination: str = ""
    here: str = ""
    reached: bool = False
    """Whether somebody connected to our listener meanwhile."""
    originators: dict[str, int] = field(default_factory=dict)
    not_kept: tuple[str, ...] = ()
    failed_instances: tuple[str, ...] = ()
    has_data: bool = False
    cancelled_after: int | None = None
    unsupported_keys: int = 0
    """Pending responses with FF01H."""
    negotiated: Negotiated | None = None

    @property
    def done(self) -> int | None:
        """Sub-operations that went well, as the peer tells it."""
        if self.completed is None and self.warning is None:
            return None
        return (self.completed or 0) + (self.warning or 0)


@dataclass(frozen=True, slots=True)
class Judgement:
    """outcome: other than the status says, None when it is right. sentence: "" when there is nothing to add."""

    outcome: Outcome | None
    sentence: str


def judge(facts: Facts) -> Judgement:
    """The verdict over a final response."""
    parts = [*_cancel(facts)]
    outcome: Outcome | None = None
    if facts.service == "C-FIND":
        parts += _find(facts)
        return Judgement(None, " ".join(parts))
    success = status_class(facts.status) is StatusClass.SUCCESS
    if success and _moved_nothing(facts):
        outcome = Outcome.WARNING
        parts += _nothing(facts)
    elif success and facts.stored is not None and facts.done is not None and facts.stored < facts.done:
        outcome = Outcome.FAILURE
        parts += _missing(facts)
    else:
        parts += _arrived(facts)
    if facts.status == DESTINATION_UNKNOWN:
        parts += _unknown_destination(facts)
    parts += _failures(facts)
    cut_short = facts.status == CANCELLED and not facts.failed
    ours = bool(facts.refused) and (facts.failed or 0) <= facts.refused  # what failed was refused here
    doubtful = not (success or cut_short) or outcome is not None or bool(facts.failed)
    parts += _contexts(facts, doubtful=doubtful and not ours)
    parts += [f"The C-STORE-RQs {words} ({count} of them)." for words, count in facts.originators.items()]
    parts += [f"Not kept in the folder: {problem}." for problem in facts.not_kept]
    return Judgement(outcome, " ".join(parts))


def _moved_nothing(f: Facts) -> bool:
    """Whether a success did nothing; of what goes elsewhere without counts that is not known."""
    if f.failed or f.stored:
        return False
    return f.done == 0 or (f.done is None and f.stored == 0)


def cut_off(service: str, stored: int | None, refused: int, told: str) -> str:
    """What was done and what was not when the association ended before the final response. told: the peer's last
    counters in words."""
    parts = [f"{service} was cut off before its final response."]
    if stored is not None:
        parts.append(f"Done: {_instances(stored)} arrived here{f', {refused} refused' if refused else ''}.")
    if told:
        parts.append(f"The peer's last counts: {told}.")
    elif service != "C-FIND":
        parts.append("The peer had told no counts, so what is missing is not known.")
    return " ".join(parts)


def counts_text(completed: int, failed: int, warning: int, remaining: int) -> str:
    """Sub-operation counters in words."""
    numbers = ((completed, "completed"), (failed, "failed"), (warning, "with warning"), (remaining, "not done"))
    return ", ".join(f"{number} {word}" for number, word in numbers if number or word == "completed")


def _instances(count: int) -> str:
    return counted(count, "instance")


def _cancel(f: Facts) -> Iterator[str]:
    if f.cancelled_after is None:
        return
    late = f.responses - f.cancelled_after
    if f.status != CANCELLED:
        more = f"{late} more pending response{'' if late == 1 else 's'}" if late else "no more pending response"
        known = status_class(f.status)
        if f.status == 0xB000:
            yield "The peer answered the C-CANCEL-RQ with B000H instead of FE00H."
        elif known is StatusClass.SUCCESS:
            yield (
                f"C-CANCEL-RQ was sent after {f.cancelled_after}; the peer sent {more} and ended with success: it "
                "ignored the cancel, or had finished already."
            )
        else:
            yield "The peer answered the C-CANCEL-RQ with another status than FE00H."
    elif late > 1:
        yield f"{late} more pending responses came after the C-CANCEL-RQ."


def _find(f: Facts) -> Iterator[str]:
    if f.unsupported_keys:
        yield (
            f"In {f.unsupported_keys} of {f.responses} matches the peer says (FF01H) that it does not support some "
            "optional keys: it has not matched by them."
        )
    if f.has_data:
        yield "The final response has a data set, which none should have."


def _nothing(f: Facts) -> Iterator[str]:
    what = "moved" if f.service == "C-MOVE" else "sent"
    if f.done is None:
        yield "Success, but nothing arrived here, and the peer gave no sub-operation counts."
    else:
        yield f"Success, but nothing was {what}: 0 sub-operations."
    reasons = ["nothing matches these unique keys at this level"]
    if f.service == "C-MOVE":
        if not f.reached:
            reasons.append(f"the peer knows {f.destination or 'the destination'} by another host or port and gave up")
    else:
        reasons.append("no storage context for what is there was accepted with our SCP role")
    yield f"Likely: {', or '.join(reasons)}."


def _missing(f: Facts) -> Iterator[str]:
    yield f"The peer says {f.done} completed, but {f.stored} arrived here."
    if f.refused:
        yield f"{f.refused} were refused here."
    elif f.service == "C-MOVE" and f.reached:
        yield f"Somebody connected to us at {f.here}: see the associations accepted."
    elif f.service == "C-MOVE":
        where = f" than {f.here}" if f.here else ""
        yield f"It may have sent to another host or port for {f.destination}{where}, or stopped without saying so."


def _arrived(f: Facts) -> Iterator[str]:
    if f.stored is None:
        if f.done is None and status_class(f.status) is StatusClass.SUCCESS:
            yield "The peer gave no sub-operation counts, so how much was moved is not known."
        elif f.done:
            yield (
                f"As the peer tells it, {_instances(f.done)} went to {f.destination}; what arrived there cannot be "
                "seen from here."
            )
        return
    if f.stored or f.done:
        yield f"{_instances(f.stored)} arrived here."
    if f.done is None and f.stored:
        yield "The peer gave no sub-operation counts."
    elif f.done is not None and f.stored != f.done:
        yield f"The peer counts {f.done}."
    if f.refused:
        yield f"{f.refused} were refused here."


def _unknown_destination(f: Facts) -> Iterator[str]:
    where = f" with host and port {f.here}" if f.here else " with its host and port"
    yield f"The peer does not know “{f.destination}”: enter this AE title{where} in its settings."


def _failures(f: Facts) -> Iterator[str]:
    if not f.failed and not f.failed_instances:
        return
    total = sum(n or 0 for n in (f.completed, f.failed, f.warning, f.remaining))
    listed = f.failed_instances
    which = f": {', '.join(listed[:NAMED])}" if listed else "; the peer does not say which"
    more = f" and {len(listed) - NAMED} more" if len(listed) > NAMED else ""
    yield f"{f.failed if f.failed is not None else len(listed)} of {total} sub-operations failed{which}{more}."
    if f.service == "C-MOVE" and f.stored == 0 and not f.refused:
        if f.reached:
            yield f"Somebody connected to us at {f.here}, but no instance came whole: see the associations accepted."
        else:
            yield f"Nothing reached us at {f.here}: the peer may know {f.destination} by another host or port."


def _contexts(f: Facts, *, doubtful: bool) -> Iterator[str]:
    """Of a C-GET: what the peer cannot send because of the negotiation."""
    if f.service != "C-GET" or f.negotiated is None or not doubtful:
        return
    storage = [c for c in f.negotiated.contexts if _is_storage(c.abstract_syntax)]
    if not storage:
        yield "No storage context was proposed, so the peer could send nothing."
        return
    usable = {c.abstract_syntax for c in storage if c.accepted and c.requestor_scp}
    no_role = {c.abstract_syntax for c in storage if c.accepted and not c.requestor_scp} - usable
    refused = {c.abstract_syntax for c in storage} - usable - no_role
    if no_role:
        yield f"The peer accepted {_names(no_role)} but not our SCP role for it, so it cannot send it (PS3.7 D.3.3.4)."
    if refused:
        yield f"It refused the contexts of {_names(refused)}."
    yield (
        f"It can send an instance only where a context for its SOP class and transfer syntax was accepted with our SCP "
        f"role: {len(usable)} of {len(usable | no_role | refused)} SOP classes were."
    )


def _names(uids: set[str]) -> str:
    names = sorted(uid_text(uid) for uid in uids)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _is_storage(uid: str) -> bool:
    row = sop_class(uid)
    return row is None or row.kind.startswith("composite storage")
