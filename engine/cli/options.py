"""Arguments of the command line as the engine's values."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from dataclasses import replace

from engine.conformance.names import check_ae_title
from engine.model.association import MAX_CONTEXTS, LocalAE, Peer, Policy, Proposal, ProposedContext, Role, Timeouts
from engine.model.commands import MoveDestination
from engine.model.file_names import WAIVERS
from engine.model.whole_numbers import whole_number
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE
from engine.workspace.errors import ValueProblem
from engine.workspace.listening import MAXIMUM_DELAY
from engine.workspace.message_files import read_role
from engine.workspace.names import resolve_uid
from engine.workspace.settings import number_contexts
from engine.workspace.workspace import Workspace

from .judging import add_judging
from .limit_options import add_limits, limited
from .negotiation_options import add_negotiation, with_negotiation
from .script_options import add_deviation, deviation
from .telling import tell
from .tls_options import add_tls, tls_settings

PHASES = ("connect", "acse", "dimse", "idle", "artim")
MAXIMUM_TIMES = 100_000
"""Of one message: a minute of work, and no more memory than its notices need."""
_AT_ONCE = ("connect", "acse", "dimse")
"""What a single number given to --timeout sets."""


def port(text: str) -> int:
    """An argparse type: a port that can be connected to."""
    return _port(text, 1)


def free_port(text: str) -> int:
    """An argparse type: a port to listen on, 0 for any free one."""
    return _port(text, 0)


def _port(text: str, low: int) -> int:
    number = whole_number(text, 65535)
    if number is None or number < low:
        raise argparse.ArgumentTypeError(f"“{text}” is not a port ({low} to 65535)")
    return number


def host(text: str) -> str:
    """An argparse type: a host name or address; the brackets IPv6 addresses wear in URLs are taken off."""
    return text[1:-1] if text.startswith("[") and text.endswith("]") and ":" in text else text


def ae_title(text: str) -> str:
    """An argparse type: an AE title that fits its field; what departs from the rules is said but not forbidden."""
    try:
        encoded = text.encode("latin-1")
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError(f"“{text}” has characters an AE title field cannot hold") from None
    if len(encoded) > 16:
        raise argparse.ArgumentTypeError(f"“{text}” is longer than 16 characters")
    problem = check_ae_title(text)
    if problem:
        tell(f"AE title “{text}”: {problem}")
    return text


def length(text: str) -> int:
    """An argparse type: a maximum length, 0 for unlimited."""
    number = whole_number(text)
    if number is None:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number of bytes (0 to 4294967295)")
    return number


def interval(text: str) -> float:
    """An argparse type: a number of seconds."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 86_400:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number of seconds (0 to 86400)")
    return number


def days(text: str) -> int:
    """An argparse type: a number of days from today, which every calendar has."""
    number = whole_number(text, 36_500)
    if number is None:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number of days (0 to 36500)")
    return number


def how_many(text: str) -> int:
    """An argparse type: how many."""
    return _from_one(text, 1000)


def _from_one(text: str, most: int) -> int:
    number = whole_number(text, most)
    if not number:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number from 1 to {most}")
    return number


def seconds(text: str) -> dict[str, float]:
    """An argparse type: "30", or "connect=5,acse=10,dimse=60,idle=0,artim=10"."""
    result: dict[str, float] = {}
    for part in text.split(","):
        name, equals, number = part.rpartition("=")
        names = (name.strip(),) if equals else _AT_ONCE
        if names[0] not in PHASES or not re.fullmatch(r"\s*\d+(\.\d*)?\s*", number):
            raise argparse.ArgumentTypeError(f"“{part}” is not seconds, or {', '.join(PHASES)}=seconds")
        result |= dict.fromkeys(names, float(number))
    return result


def times(text: str) -> int:
    """An argparse type: how often something is done, from 1."""
    return _from_one(text, MAXIMUM_TIMES)


def delays(text: str) -> tuple[float, ...]:
    """An argparse type: seconds, several apart by commas."""
    parts = text.split(",")
    if not all(re.fullmatch(r"\s*\d+(\.\d*)?\s*", part, re.ASCII) for part in parts):
        raise argparse.ArgumentTypeError(f"“{text}” is not SECONDS[,SECONDS]")
    numbers = tuple(float(part) for part in parts)
    if max(numbers) > MAXIMUM_DELAY:
        raise argparse.ArgumentTypeError(f"“{text}” is more than {MAXIMUM_DELAY} seconds")
    return numbers


def context(text: str) -> ProposedContext:
    """An argparse type: ABSTRACT[:SYNTAX[,SYNTAX]][:scu|scp|both], keywords, names or UIDs."""
    parts = text.split(":")
    role = parts.pop().lower() if len(parts) > 1 and parts[-1].lower() in {r.value for r in Role} else "default"
    if not parts[0] or len(parts) > 2:
        raise argparse.ArgumentTypeError(f"“{text}” is not ABSTRACT[:SYNTAX[,SYNTAX]][:scu|scp|both]")
    names = parts[1].split(",") if len(parts) == 2 and parts[1] else []
    try:
        syntaxes = tuple(resolve_uid(s) for s in names) or (EXPLICIT_VR_LE, IMPLICIT_VR_LE)
        return ProposedContext(1, resolve_uid(parts[0]), syntaxes, read_role(role))
    except ValueProblem as problem:
        raise argparse.ArgumentTypeError(problem.reason) from None


def destination(text: str) -> MoveDestination:
    """An argparse type: AE=HOST:PORT, an IPv6 address in brackets."""
    match = re.fullmatch(r"([^=]+)=(?:\[([^\]]+)\]|([^:\[\]]+)):(\d+)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"“{text}” is not AE=HOST:PORT")
    return MoveDestination(ae_title=ae_title(match[1]), host=match[2] or match[3], port=port(match[4]))


def add_peer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("host", metavar="HOST", type=host, help="name or address, IPv4 or IPv6")
    parser.add_argument("port", metavar="PORT", type=port, help="TCP port")


def add_output(parser: argparse.ArgumentParser, *, findings: bool = True) -> None:
    """How and what is printed. findings: whether the command has any to tell."""
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="JSON lines on standard output")
    group.add_argument(
        "--redact", action="store_true", help="leave out patients' data, AE titles and addresses, in whatever form"
    )
    group.add_argument("-v", "--verbose", action="count", default=0, help="PDUs, messages and findings; -vv: trees too")
    if findings:
        add_judging(group)


def add_association(parser: argparse.ArgumentParser) -> None:
    """The arguments of how an association is proposed, for every command that opens one."""
    group = parser.add_argument_group("association")
    group.add_argument("--calling", metavar="TITLE", type=ae_title, help="our AE title")
    group.add_argument("--called", metavar="TITLE", type=ae_title, default="ANY-SCP", help="the peer's AE title")
    group.add_argument(
        "--context",
        metavar="ABSTRACT[:SYNTAX[,SYNTAX]][:scu|scp|both]",
        type=context,
        action="append",
        default=[],
        help="a presentation context to propose, by keyword, name or UID; repeat for more",
    )
    group.add_argument("--max-pdu", metavar="BYTES", type=length, help="maximum length we announce; 0: unlimited")
    group.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=seconds,
        default={},
        help=f"for connecting, associating and each response; or {', '.join(f'{p}=S' for p in PHASES)}; 0: none",
    )
    add_limits(group)
    add_negotiation(parser)
    add_tls(parser)
    add_deviation(parser)


def local_ae(args: argparse.Namespace, saved: Workspace | Policy) -> LocalAE:
    """Who we are: as saved, and what the arguments say instead."""
    local = saved.local
    if getattr(args, "calling", None) is not None:
        local = replace(local, ae_title=args.calling)
    return replace(local, maximum_length=args.max_pdu) if args.max_pdu is not None else local


def timeouts(args: argparse.Namespace, saved: Workspace | Policy) -> Timeouts:
    return replace(saved.timeouts, **args.timeout)


def open_workspace(quiet: bool = False) -> Workspace:
    """The user's workspace; what is wrong with it is said on standard error."""
    workspace = Workspace()
    if not quiet:
        # What is wrong with the waivers has been said when they were read, by commands without a workspace too.
        for problem in (p for p in workspace.problems if p.file.name != WAIVERS):
            tell(problem)
    return workspace


def proposal(args: argparse.Namespace, contexts: Iterable[ProposedContext] = ()) -> Proposal:
    """The proposal the arguments describe; `contexts` when --context names none. ValueProblem for too many."""
    if len(args.context) > MAX_CONTEXTS:
        raise ValueProblem(
            f"--context is given {len(args.context)} times; one association has {MAX_CONTEXTS} presentation contexts "
            "at most: their IDs are the odd numbers up to 255"
        )
    workspace = open_workspace()
    asked = Proposal(
        local=local_ae(args, workspace),
        peer=Peer(name="", ae_title=args.called, host=args.host, port=args.port),
        contexts=number_contexts(tuple(args.context)) or tuple(contexts),
        timeouts=timeouts(args, workspace),
        tls=tls_settings(args, workspace),
        script=deviation(args),
        limits=limited(args, workspace.limits),
    )
    return with_negotiation(asked, args)
