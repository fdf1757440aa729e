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
from engine.standard.readable import readable_attributes
from engine.standard.sop_classes import sop_class
from engine.workspace.errors import ValueProblem
from engine.workspace.names import attribute_tag, resolve_uid

from .driver import Watch, driving
from .exits import Exit
from .options import how_many, interval, proposal
from .output import Output

LEAST_PAUSE = 0.01
"""Seconds between two readings: less is an attack on the peer."""
Show = Callable[[Output, AnyNotice], None]


def run_procedure(
    args: argparse.Namespace, procedure: Procedure, show: Show | None = None, listen: Listen | None = None
) -> Exit:
    """Run it with the peer and options of the command line; each step is printed as it ends.

    show: what else is shown of the notices.
    """
    output = Output(json=args.json, redact=args.redact, judging=args.judging, verbosity=args.verbose)

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
    """N-GET of one instance, once or again and again; what came is shown as a data set."""
    uid = resolve_uid(args.sop_class)
    if args.times is not None and args.every is None:
        raise ValueProblem("--times goes with --every")
    if args.every is not None and args.every < LEAST_PAUSE:
        raise ValueProblem(f"--every is at least {LEAST_PAUSE:g} seconds")
    attributes = tuple(attribute_tag(text) for text in args.attribute)
    procedure = ReadInstance(
        sop_class_uid=uid,
        sop_instance_uid=resolve_uid(args.instance) if args.instance else _well_known(uid, args.sop_class),
        attributes=attributes or (readable_attributes(uid) if args.known else ()),
        context_uid=resolve_uid(args.through) if args.through else "",
        every=args.every,
        times=args.times,
    )
    return run_procedure(args, procedure, shows_data("N-GET-RSP"))


def _well_known(uid: str, written: str) -> str:
    """The one instance of a SOP class that has one. ValueProblem for any other class."""
    row = sop_class(uid)
    if row is None or not row.well_known_instance or row.message_sop_class:
        raise ValueProblem(f"{written} has no well-known instance: give the SOP Instance UID")
    return row.well_known_instance


def add_nget(sub: argparse.ArgumentParser) -> None:
    """The arguments of nget."""
    sub.add_argument("sop_class", metavar="CLASS", help="SOP class")
    sub.add_argument(
        "instance",
        metavar="INSTANCE",
        nargs="?",
        default="",
        help="SOP Instance UID; not needed where the class has a well-known instance",
    )
    what = sub.add_mutually_exclusive_group()
    what.add_argument(
        "-a",
        "--attribute",
        metavar="ATTRIBUTE",
        action="append",
        default=[],
        help="one to read, repeatable; default: all the peer has",
    )
    what.add_argument("--known", action="store_true", help="read those the Standard's table of the class has")
    sub.add_argument("--through", metavar="CLASS", help="abstract syntax of the context; default: what is accepted")
    sub.add_argument("--every", metavar="SECONDS", type=interval, help="read again so often, until Ctrl-C")
    sub.add_argument("--times", metavar="N", type=how_many, help="with --every: stop after N readings")
