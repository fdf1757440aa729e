"""What becomes of a message that a rule applies to: steps, in order, for the runtime to carry out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from engine.model.command_set import CommandSet
from engine.model.faults import Seam
from engine.model.scripting import Deviation
from engine.protocol.forms import Alter
from engine.standard.lean import dataclass
from engine.standard.messages import DATA_SET_FOLLOWS, NO_DATA_SET

from . import association_faults, command_faults, data_faults, fragment_faults, pdu_faults
from .pieces import Change, Piece

PDU_CHANGES: dict[str, Change] = {**pdu_faults.CHANGES, **association_faults.CHANGES, **fragment_faults.CHANGES}
UNLIMITED = 0


@dataclass(frozen=True, slots=True)
class Speak:
    """Send the message, altered in these ways. sent: False does everything but put it on the wire.

    maximum: the receiver's maximum length to cut it by, instead of the one it announced.
    """

    commands: tuple[Deviation, ...] = ()
    also: tuple[Alter, ...] = ()
    data: tuple[Deviation, ...] = ()
    pdus: tuple[Deviation, ...] = ()
    maximum: int | None = None
    sent: bool = True

    def alter(self, command: CommandSet, announced: bool) -> CommandSet:
        """The filled command set as it is to be sent. announced: whether a data set is, where that was changed."""
        if self.data:
            command = command.with_values(CommandDataSetType=DATA_SET_FOLLOWS if announced else NO_DATA_SET)
        for deviation in self.commands:
            command = command_faults.CHANGES[deviation.fault](command, deviation)
        for change in self.also:
            command = change(command)
        return command

    def alter_data(self, data: bytes | None, transfer_syntax: str) -> data_faults.Changed:
        """The data set's bytes as they are to be sent, and whether they are announced."""
        announced = data is not None
        for deviation in self.data:
            data, announced = data_faults.CHANGES[deviation.fault](data, transfer_syntax, deviation)
        return data, announced


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is said for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Finish:
    """End the association: "abort", "close", "reset" or "release"."""

    how: str
    source: int = 0
    reason: int = 0


Step = Speak | Pause | Finish
HONEST = Speak()


def plan(deviations: tuple[Deviation, ...]) -> tuple[Step, ...]:
    """The steps in which these deviations send a message, in the order of the deviations."""
    said = _speak(deviations)
    steps: list[Step] = [said]
    for deviation in deviations:
        steps = _SEQUENCES.get(deviation.fault, _unchanged)(steps, said, deviation)
    return tuple(steps)


def _speak(deviations: tuple[Deviation, ...]) -> Speak:
    said = Speak(
        commands=tuple(d for d in deviations if d.row.seam is Seam.COMMAND),
        data=tuple(d for d in deviations if d.row.seam is Seam.DATA),
        pdus=tuple(
            d for d in deviations if d.row.seam is Seam.PDU and d.fault in PDU_CHANGES and d.fault not in _SEQUENCES
        ),
        sent=not any(d.fault == "drop" for d in deviations),
    )
    for d in deviations:
        if d.fault == "small-fragments":
            said = replace(said, maximum=d.number("bytes") + 6)
        elif d.fault == "maximum-ignored":
            said = replace(said, maximum=UNLIMITED, also=(partial(command_faults.filled, count=d.number("bytes")),))
    return said


Sequence = Callable[[list[Step], Speak, Deviation], list[Step]]


def _unchanged(steps: list[Step], _said: Speak, _d: Deviation) -> list[Step]:
    return steps


def _pending(steps: list[Step], said: Speak, d: Deviation) -> list[Step]:
    change = partial(command_faults.pending, status=d.number("status"))
    return [replace(said, also=(*said.also, change))] * d.number("count") + steps


def _unsolicited(steps: list[Step], said: Speak, d: Deviation) -> list[Step]:
    change = partial(command_faults.answering, number=d.number("id"))
    return [replace(said, also=(*said.also, change)), *steps]


def _abort(d: Deviation) -> Finish:
    return Finish("abort", d.number("source"), d.number("reason"))


_SEQUENCES: dict[str, Sequence] = {
    "delay": lambda steps, _, d: [Pause(d.seconds()), *steps],
    "duplicate": lambda steps, said, _: [*steps, said],
    "pending-first": _pending,
    "unsolicited-first": _unsolicited,
    "abort-after": lambda steps, _, d: [*steps, _abort(d)],
    "close-after": lambda steps, _said, _d: [*steps, Finish("close")],
    "reset-after": lambda steps, _said, _d: [*steps, Finish("reset")],
    "release-early": lambda _steps, said, _d: [replace(said, sent=False), Finish("release")],
    "abort-instead": lambda _steps, said, d: [replace(said, sent=False), _abort(d)],
    "close": lambda _steps, said, _d: [replace(said, sent=False), Finish("close")],
    "reset": lambda _steps, said, _d: [replace(said, sent=False), Finish("reset")],
}


def changed(pieces: list[Piece], deviations: tuple[Deviation, ...]) -> list[Piece]:
    """What these deviations make of what was to be sent, one after the other."""
    for deviation in deviations:
        change = PDU_CHANGES.get(deviation.fault)
        if change is not None:
            pieces = change(pieces, deviation)
    return pieces
