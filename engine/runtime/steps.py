"""The steps of a procedure under way, told one by one; and what was done and what was not when it is cut off."""

from __future__ import annotations

from engine.model.command_set import CommandSet
from engine.model.notices import StepNotice, StepState
from engine.standard.lean import dataclass

from .invocation import service_name
from .operations import Operation

NAMED = 4
"""Steps named in a sentence that counts more."""
_OPEN = (StepState.PLANNED, StepState.RUNNING)
_DONE = (StepState.DONE, StepState.WARNING)


@dataclass(slots=True)
class Step:
    """A step of a procedure. command: the request it sent. started: when, in seconds of the monotonic clock."""

    number: int
    name: str
    state: StepState = StepState.PLANNED
    command: CommandSet | None = None
    started: float = 0.0


class Steps:
    """In the order they are told; a step that nobody planned is put after the last one begun."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._steps: list[Step] = []

    def plan(self, names: tuple[str, ...]) -> None:
        """What there will be; replaces what has not begun."""
        begun = [s for s in self._steps if s.state is not StepState.PLANNED]
        kept = len(begun)
        dropped = self._steps[kept + len(names) :]
        self._steps = [*begun, *(Step(kept + n, name) for n, name in enumerate(names))]
        for step in self._steps[kept:]:
            self._tell(step)
        for step in dropped:
            step.state = StepState.SKIPPED
            self._tell(step, "Not needed.")
            self._steps.append(step)

    def begin(self, name: str, command: CommandSet | None = None, *, again: bool = False) -> Step:
        """The next planned step of this name, or one of its own. again: the last of this name that has begun."""
        step = next((s for s in self._steps if s.name == name and s.state is StepState.PLANNED), None)
        begun = [s for s in self._steps if s.name == name and s.state is not StepState.PLANNED]
        if again and begun:
            step = begun[-1]
        if step is None:
            step = Step(len(self._steps), name)
            self._steps.append(step)
        step.state, step.command, step.started = StepState.RUNNING, command, self._operation.context.now()
        self._tell(step)
        self._operation.total = len(self._steps)
        return step

    def end(
        self, step: Step, state: StepState, sentence: str, status: int | None = None, message_id: int | None = None
    ) -> None:
        """A step has ended like this. status, message_id: of the response that ended it, where there was one."""
        step.state = state
        self._tell(step, sentence, status, message_id)
        done = sum(s.state not in _OPEN for s in self._steps)
        failed = sum(s.state is StepState.FAILED for s in self._steps)
        self._operation.progress(done, failed=failed, sentence=step.name)

    def say(self, step: Step, sentence: str, message_id: int | None = None) -> None:
        """Something happened within a step, which goes on."""
        self._tell(step, sentence, message_id=message_id)

    def give_up(self, why: str) -> None:
        """What has not been done will not be."""
        for step in self._steps:
            if step.state in _OPEN:
                running = step.state is StepState.RUNNING
                step.state = StepState.FAILED if running else StepState.SKIPPED
                self._tell(step, why if running else "Not done.")

    def told(self, sentence: str) -> str:
        """The sentence of the end, with what was done and what was not."""
        if not self._steps:
            return sentence
        done = [s.name for s in self._steps if s.state in _DONE]
        left = [s.name for s in self._steps if s.state not in _DONE]
        parts = [sentence, f"Done: {_names(done) or 'nothing'}."]
        if left:
            parts.append(f"Not done: {_names(left)}.")
        return " ".join(parts)

    def _tell(self, step: Step, sentence: str = "", status: int | None = None, message_id: int | None = None) -> None:
        operation, command = self._operation, step.command
        ended = step.state not in _OPEN and step.started > 0
        operation.context.notify(
            StepNotice(
                operation=operation.number,
                association=operation.association,
                time=operation.context.wall(),
                step=step.number,
                name=step.name,
                state=step.state,
                sentence=sentence,
                service=service_name(command) if command is not None else "",
                message_id=message_id,
                status=status,
                sop_class_uid=command.sop_class_uid if command is not None else "",
                sop_instance_uid=command.sop_instance_uid if command is not None else "",
                duration=operation.context.now() - step.started if ended else None,
            )
        )


def _names(names: list[str]) -> str:
    """Some of the names, and how many more."""
    shown = ", ".join(names[:NAMED])
    more = len(names) - NAMED
    return f"{shown} and {more} more" if more > 0 else shown
