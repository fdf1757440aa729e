"""Arguments about whom and what `listen` takes."""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import replace
from pathlib import Path

from engine.model.association import (
    AcceptedSyntax,
    LocalAE,
    Policy,
    Rejection,
    Timeouts,
)
from engine.model.identity import PASSCODE, TYPES, SecretHash
from engine.model.whole_numbers import whole_number
from engine.workspace.errors import ValueProblem
from engine.workspace.listening import ROLES
from engine.workspace.names import resolve_uid
from engine.workspace.users import load_users, secret_of

from .exits import Exit
from .limit_options import add_limits, limited
from .negotiation_options import extended, uid, window
from .options import ae_title
from .secret_files import read_secret
from .telling import OutputFailed


def accepted(text: str) -> AcceptedSyntax:
    """An argparse type: ABSTRACT[:SYNTAX[,SYNTAX]][:scu|scp|both]; "*" is any abstract syntax."""
    parts = text.split(":")
    role = parts.pop().lower() if len(parts) > 1 and parts[-1].lower() in ROLES else "both"
    if not parts[0] or len(parts) > 2:
        raise argparse.ArgumentTypeError(f"“{text}” is not ABSTRACT[:SYNTAX[,SYNTAX]][:scu|scp|both]")
    names = parts[1].split(",") if len(parts) == 2 and parts[1] else []
    scu, scp = ROLES[role]
    try:
        abstract = "*" if parts[0] == "*" else resolve_uid(parts[0])
        syntaxes = tuple(resolve_uid(name) for name in names)
    except ValueProblem as problem:
        raise argparse.ArgumentTypeError(problem.reason) from None
    return AcceptedSyntax(abstract_syntax=abstract, transfer_syntaxes=syntaxes, scu=scu, scp=scp)


def rejection(text: str) -> Rejection:
    """An argparse type: RESULT/SOURCE/REASON, whatever fits a byte."""
    match = re.fullmatch(r"(\d{1,3})/(\d{1,3})/(\d{1,3})", text, re.ASCII)
    numbers = [int(n) for n in match.groups()] if match else [256]
    if max(numbers) > 0xFF:
        raise argparse.ArgumentTypeError(f"“{text}” is not RESULT/SOURCE/REASON, three numbers up to 255, as 1/1/3")
    return Rejection(*numbers)


def count(text: str) -> int:
    """An argparse type: a number of associations."""
    number = whole_number(text, 99_999)
    if number is None:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number of associations (0 to 99999)")
    return number


def add_policy(parser: argparse.ArgumentParser) -> None:
    """The arguments that say who is let in; `policy` reads them."""
    group = parser.add_argument_group("policy", "Who is let in, and with what. Without these: anybody, anything.")
    group.add_argument(
        "--accept",
        metavar="ABSTRACT[:SYNTAX[,SYNTAX]][:scu|scp|both]",
        type=accepted,
        action="append",
        default=[],
        help="accept only this abstract syntax (*: any), its transfer syntaxes in order of preference, "
        "the requestor in this role; repeatable",
    )
    group.add_argument("--strict", action="store_true", help="reject calls to another AE title")
    group.add_argument(
        "--called-allowed",
        metavar="TITLE",
        type=ae_title,
        action="append",
        default=[],
        help="reject calls to another AE title than these; repeatable",
    )
    group.add_argument(
        "--calling-allowed",
        metavar="TITLE",
        type=ae_title,
        action="append",
        default=[],
        help="reject every other calling AE title; repeatable",
    )
    group.add_argument("--max-associations", metavar="N", type=count, help="reject more at once (default 64)")
    group.add_argument(
        "--max-per-caller", metavar="N", type=count, help="reject more at once with one calling AE title (default: any)"
    )
    add_limits(group)
    _add_answers(group)
    group.add_argument("--users", metavar="FILE", type=Path, help="user identities let in (see command-line.md)")
    group.add_argument("--require-identity", action="store_true", help="reject who gives no user identity")


def _add_answers(group: argparse._ArgumentGroup) -> None:
    """What is answered to an A-ASSOCIATE-RQ beside its contexts."""
    group.add_argument(
        "--grant",
        metavar="SOPCLASS:OPTION[,OPTION]|SOPCLASS=HEX",
        type=extended,
        action="append",
        default=[],
        help="answer exactly this to its SOP class extended negotiation, nothing when empty; default: what is asked "
        "for and supported; repeatable",
    )
    group.add_argument(
        "--reject", metavar="RESULT/SOURCE/REASON", type=rejection, help="reject every association with these values"
    )
    group.add_argument(
        "--async",
        dest="window",
        metavar="INVOKED[,PERFORMED]",
        type=window,
        help="the largest asynchronous operations window granted (default: any)",
    )
    group.add_argument(
        "--application-context",
        metavar="UID",
        type=uid,
        action="append",
        default=[],
        help="answer to this application context too; repeatable",
    )


def policy(args: argparse.Namespace, local: LocalAE, timeouts: Timeouts, base: Policy | None = None) -> Policy:
    """The policy the arguments describe, over `base`: what they do not say stays as it is there."""
    base = base or Policy()
    made = replace(
        base,
        local=local,
        timeouts=timeouts,
        accepted=tuple(args.accept) or base.accepted,
        calling_ae_titles=tuple(args.calling_allowed) or base.calling_ae_titles,
        application_contexts=(*base.application_contexts, *args.application_context),
        extended=(*args.grant, *base.extended),  # of two for one class the first counts
        async_window=args.window or base.async_window,
        reject=args.reject or base.reject,
    )
    if args.strict or args.called_allowed:
        own = (local.ae_title,) if args.strict else ()
        made = replace(made, ae_titles=(*own, *args.called_allowed))
    if args.max_associations is not None:
        made = replace(made, max_associations=args.max_associations)
    if args.max_per_caller is not None:
        made = replace(made, max_associations_per_peer=args.max_per_caller)
    made = replace(made, limits=limited(args, made.limits))
    if args.users is not None:
        users = load_users(args.users)
        made = replace(made, identities=users.identities, require_identity=users.required)
    return replace(made, require_identity=made.require_identity or args.require_identity)


def add_hash(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="the passcode or token, as --passcode-file has it")
    parser.add_argument(
        "--type", type=int, choices=[t for t in TYPES if t >= PASSCODE], default=PASSCODE, help="of the user identity"
    )


def hash_secret(args: argparse.Namespace) -> Exit:
    """Print what a users file keeps instead of the secret."""
    secret = secret_of(read_secret(args.file, "FILE"), args.type)
    if not secret:
        raise ValueProblem(f"{args.file} is empty")
    made = SecretHash.of(secret).text
    try:
        print(json.dumps({"kind": "hash", "type": args.type, "hash": made}) if args.json else made, flush=True)
    except OSError as error:
        raise OutputFailed(error) from None
    return Exit.SUCCESS
