"""The notices of C-ECHOs that are like one before (`echoing`), judged by their form where nothing is wrong with it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from engine.conformance.echoes import Echo
from engine.model.command_set import CommandSet
from engine.model.notices import Direction
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.wire.echo_form import EchoForm
from engine.wire.message_run import HEADERS

from .context import Context
from .runs import Times

if TYPE_CHECKING:
    from .recorder import Recorder


class EchoRecords:
    """Of one association."""

    def __init__(self, recorder: Recorder, context: Context) -> None:
        self._recorder, self._context = recorder, context
        self._found: dict[int, int] = {}
        """Of requests that were judged by themselves, by Message ID: how much had been found before."""

    def asked(self, form: EchoForm, pdu: bytes, command: CommandSet, number: int, operation: int) -> None:
        """A request like one before it was sent in this P-DATA-TF."""
        context = self._context
        context.record(partial(self._asked, form, pdu, command, number, operation, (context.wall(), context.now())))

    def _asked(
        self, form: EchoForm, pdu: bytes, command: CommandSet, number: int, operation: int, times: Times
    ) -> None:
        recorder, direction = self._recorder, Direction.SENT
        if recorder.echo_passes(Echo(form, direction, number, pdu, times[0])):
            recorder.note_data(direction, (pdu,), pdu, *times)
        else:
            self._found[number] = recorder.found
            recorder.told_data(direction, (pdu,), pdu, *times)
        recorder.told_command(direction, form.context, command, pdu[HEADERS:], operation, None, times)

    def answered(self, event: p.EchoAnswered, command: CommandSet, invoked: dx.Invoked, now: float) -> None:
        """The response to it arrived."""
        context = self._context
        context.record(partial(self._answered, event, command, invoked, (context.wall(), now)))

    def _answered(self, event: p.EchoAnswered, command: CommandSet, invoked: dx.Invoked, times: Times) -> None:
        recorder, direction, form, data = self._recorder, Direction.RECEIVED, event.form, event.data
        before = self._found.pop(event.number, -1) if self._found else -1
        if recorder.echo_answer_passes(direction, form, event.number):
            recorder.note_data(direction, (data,), data, *times)
        else:
            recorder.told_data(direction, (data,), data, *times)
            if before == recorder.found:
                recorder.note_clean_echo(form)
        duration = times[1] - invoked.sent
        recorder.told_command(direction, form.context, command, data[HEADERS:], invoked.operation, duration, times)
