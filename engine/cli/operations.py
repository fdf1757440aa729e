"""The commands that call a peer with messages: echo, send."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.model.association import VERIFICATION, ProposedContext
from engine.model.commands import OneShot, Outgoing, echo_request
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE
from engine.workspace.errors import ValueProblem

from .driver import driving
from .exits import Exit
from .options import proposal
from .output import Output

if TYPE_CHECKING:
    from engine.workspace.message_files import MessageFile

SYNTAXES = (EXPLICIT_VR_LE, IMPLICIT_VR_LE)


def echo(args: argparse.Namespace) -> Exit:
    """C-ECHO, with what was negotiated."""
    output = Output(json=args.json, redact=args.redact, judging=args.judging, verbosity=args.verbose, contexts=True)
    asked = proposal(args, (ProposedContext(1, VERIFICATION, SYNTAXES),))
    if not any(c.abstract_syntax == VERIFICATION for c in asked.contexts):
        asked = replace(asked, contexts=(*asked.contexts, _next(asked.contexts, VERIFICATION)))

    with driving(output) as driver:
        operation = driver.new_id()
        messages = (Outgoing(command=echo_request()),) * args.count
        shot = OneShot(association=driver.new_id(), operation=operation, proposal=asked, messages=messages)
        status, code = driver.operate(shot, operation)
    output.finish(status)
    return code


def _next(contexts: tuple[ProposedContext, ...], abstract_syntax: str) -> ProposedContext:
    return ProposedContext(max((c.id for c in contexts), default=-1) + 2, abstract_syntax, SYNTAXES)


def send(args: argparse.Namespace) -> Exit:
    """Message files, one after the other on one association."""
    from engine.workspace.sendable import load_to_send

    from .sending import Sending, shower

    output = Output(json=args.json, redact=args.redact, judging=args.judging, verbosity=args.verbose)
    files = tuple((path, load_to_send(path)) for path in args.files)
    asked = proposal(args, contexts_for([message for _, message in files]))
    if not asked.contexts:
        raise ValueProblem("the messages name no SOP class; say with --context what to propose")
    with driving(output) as driver:
        status, code = Sending(driver, asked, files, shower(output)).run(args.linger)
    output.finish(status)
    return code


def contexts_for(messages: list[MessageFile]) -> tuple[ProposedContext, ...]:
    """One context for each different wish of the messages; IDs they ask for are kept, others count up from 1."""
    taken = {m.context.id for m in messages if m.context.id is not None}
    contexts: dict[tuple[object, ...], ProposedContext] = {}
    free = (number for number in range(1, 1 << 16, 2) if number not in taken)
    for message in messages:
        wish = message.proposed(0)
        if not wish.abstract_syntax:
            continue
        key = (wish.abstract_syntax, wish.transfer_syntaxes, wish.role, message.context.id)
        if key not in contexts:
            number = message.context.id if message.context.id is not None else next(free)
            contexts[key] = replace(wish, id=number)
    return tuple(sorted(contexts.values(), key=lambda c: c.id))
