"""Command sets filled in and encoded; those that are like one before in fewer steps (`forms`)."""

from __future__ import annotations

from collections.abc import Callable

from engine.model.association import NegotiatedContext
from engine.model.command_set import CommandSet
from engine.standard.lean import dataclass
from engine.wire.commands import decode_command

from .exchange_events import is_pending
from .forms import Alter, AnswerForm, Form, Ready, answer_form_of, fill, form_of, instance_of, is_plain, make_ready


@dataclass(slots=True)
class Composing:
    """What one association sends. Each method: `CommandError` when the command set cannot be encoded; alter: what a
    deliberate deviation makes of the filled command set; next_id: gives a Message ID where one is to be filled in."""

    _latest: CommandSet | None = None
    form: Form | None = None
    """Of the latest request that was sent again."""
    _answer_form: AnswerForm | None = None
    """Of the latest kind of response that was given twice."""
    _latest_answer: tuple[int | None, int | None, str] = None, None, ""

    def request(
        self,
        command: CommandSet,
        context: NegotiatedContext,
        has_data: bool,
        next_id: Callable[[], int],
        alter: Alter | None = None,
    ) -> tuple[Ready, int, int | None]:
        """A request, its Message ID and its Command Field, as the peer will see them."""
        form = self.form
        if form is not None and form.has_data == has_data and alter is None and form.fits(command):
            number = next_id()
            return form.filled(command, number, context), number, form.command_field
        ready = make_ready(context, fill(command, has_data, next_id), alter)
        seen = ready.command if is_plain(ready.command) else decode_command(ready.command_bytes)
        if alter is None:
            self._learn(command, has_data, ready)
        self._latest = command
        return ready, seen.message_id or 0, seen.command_field

    def _learn(self, command: CommandSet, has_data: bool, ready: Ready) -> None:
        """A request that is sent again, as it is or for another instance, is made in fewer steps from now on."""
        latest = self._latest
        if latest is command:
            self.form = form_of(command, has_data, ready)
        elif latest is not None and (instance := instance_of(command, latest)) >= 0:
            self.form = form_of(command, has_data, ready, instance)

    def response(
        self,
        command: CommandSet,
        context: NegotiatedContext,
        has_data: bool,
        next_id: Callable[[], int],
        answered: int | None,
        alter: Alter | None = None,
    ) -> tuple[Ready, bool]:
        """A response, and whether more are to follow it. answered: the Message ID of the request, where that is
        known."""
        form = self._answer_form
        if form is not None and alter is None and form.alike(command):
            quickly = form.filled(command, context)
            if quickly is not None:
                return quickly, form.pending
        filled = fill(command, has_data, next_id, answered)
        ready = make_ready(context, filled, alter)
        pending = is_pending(decode_command(ready.command_bytes))
        if alter is None and filled.elements == command.elements:
            kind = command.command_field, command.status, command.sop_class_uid
            if kind == self._latest_answer:
                self._answer_form = answer_form_of(ready, pending)
            self._latest_answer = kind
        return ready, pending

    @property
    def sent_again(self) -> CommandSet | None:
        """The latest request that was sent again as it was."""
        return self.form.command if self.form is not None and self.form.instance < 0 else None
