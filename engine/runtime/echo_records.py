"""The notices of C-ECHOs that are like one before (`echoing`), judged by their form where nothing is wrong with it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from engine.conformance.echoes import Echo
from engine.model.command_set import CommandSet
from engine.model.notices import Direction, ProgressNotice
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
        context.record(partial(self._asked, form, pdu, command, number, operation, context.departure()))

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

    def answered(self, event: p.EchoAnswered, command: CommandSet, operation: int, duration: float, now: float) -> None:
        """The response to it arrived."""
        context = self._context
        context.record(partial(self._answered, event, command, operation, duration, (context.wall(), now)))

    def turned(
        self,
        event: p.EchoAnswered,
        operation: int,
        duration: float,
        came: Times,
        progress: ProgressNotice,
        sent: tuple[int, bytes],
        gone: Times,
    ) -> None:
        """The response arrived, and the same request has gone again since, as the same operation. sent: its Message ID
        and its P-DATA-TF."""
        recorder, context, form, (number, pdu) = self._recorder, self._context, event.form, sent
        context.tell_rest()
        if self._found or not recorder.echo_answer_passes(Direction.RECEIVED, form, event.number):
            self._answered(event, form.response(event.number), operation, duration, came)
        elif recorder.echo_passes(Echo(form, Direction.SENT, number, pdu, gone[0])):
            recorder.note_echoes(event, operation, duration, came, progress, sent, gone)
            return
        else:
            self._tell_answer(event, form.response(event.number), operation, duration, came)
        context.outbox.put(progress)
        self._asked(form, pdu, form.request(number)[1], number, operation, gone)

    def _answered(
        self, event: p.EchoAnswered, command: CommandSet, operation: int, duration: float, times: Times
    ) -> None:
        recorder, direction, form, data = self._recorder, Direction.RECEIVED, event.form, event.data
        before = self._found.pop(event.number, -1) if self._found else -1
        if recorder.echo_answer_passes(direction, form, event.number):
            self._tell_answer(event, command, operation, duration, times)
            return
        recorder.told_data(direction, (data,), data, *times)
        if before == recorder.found:
            recorder.note_clean_echo(form)
        recorder.told_command(direction, form.context, command, data[HEADERS:], operation, duration, times)

    def _tell_answer(
        self, event: p.EchoAnswered, command: CommandSet, operation: int, duration: float, times: Times
    ) -> None:
        """One with which nothing is wrong."""
        recorder, direction, data = self._recorder, Direction.RECEIVED, event.data
        recorder.note_data(direction, (data,), data, *times)
        recorder.told_command(direction, event.form.context, command, data[HEADERS:], operation, duration, times)
