"""The commands that run a procedure of several steps: nget and its kin."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

from engine.model.commands import Listen, RunProcedure
from engine.model.notices import AnyNotice, Direction, MessageNotice, StatusNotice
from engine.model.procedures.base import Procedure
from engine.model.procedures.instance import ReadInstance
from engine.standard.messages import message_name
from engine.workspace.names import attribute_tag, resolve_uid

from .driver import Watch, driving
from .exits import Exit
from .options import proposal
from .output import Output

Show = Callable[[Output, AnyNotice], None]


def run_procedure(
    args: argparse.Namespace, procedure: Procedure, show: Show | None = None, listen: Listen | None = None
) -> Exit:
    """Run it with the peer and options of the command line; each step is printed as it ends.

    show: what else is shown of the notices.
    """
    output = Output(json=args.json, judging=args.judging, verbosity=args.verbose)

    def watch(notice: AnyNotice) -> None:
        if show is not None and not args.json:
            show(output, notice)

    status, code = play(args, output, procedure, watch, listen)
    output.finish(status)
    return code


def play(
    args: argparse.Namespace,
    output: Output,
    procedure: Procedure,
    watch: Watch | None = None,
    listen: Listen | None = None,
) -> tuple[StatusNotice, Exit]:
    """Run it to its end; the caller says the last word. The listener's number is given here."""
    asked = proposal(args)
    with driving(output) as driver:
        operation = driver.new_id()
        command = RunProcedure(
            operation=operation,
            association=driver.new_id(),
            proposal=asked,
            procedure=procedure,
            listen=replace(listen, listener=driver.new_id()) if listen is not None else None,
        )
        return driver.operate(command, operation, watch)


def shows_data(message: str) -> Show:
    """Shows the data sets of the messages of this name that arrive, which -vv would show anyway."""

    def show(output: Output, notice: AnyNotice) -> None:
        if not isinstance(notice, MessageNotice) or notice.direction is not Direction.RECEIVED:
            return
        if message_name(notice.command.command_field) == message and output.verbosity < 2:
            output.message_data(notice)

    return show


def nget(args: argparse.Namespace) -> Exit:
    """N-GET of one instance; what came is shown as a data set."""
    uid = resolve_uid(args.sop_class)
    attributes = tuple(attribute_tag(text) for text in args.attribute)
    procedure = ReadInstance(
        sop_class_uid=uid,
        sop_instance_uid=resolve_uid(args.instance),
        attributes=attributes,
        context_uid=resolve_uid(args.through) if args.through else "",
    )
    return run_procedure(args, procedure, shows_data("N-GET-RSP"))
