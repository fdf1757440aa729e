"""Arguments about what is negotiated besides contexts: windows, extended negotiation, identities, private contexts."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path

from engine.conformance.names import check_uid
from engine.model.association import (
    APPLICATION_CONTEXT,
    AsyncWindow,
    CommonExtendedNegotiation,
    ExtendedNegotiation,
    Proposal,
    UserIdentity,
)
from engine.model.identity import JWT, KERBEROS, PASSCODE, SAML, USERNAME
from engine.model.reading import hindrance
from engine.workspace.errors import ValueProblem
from engine.workspace.extended_text import read_extended
from engine.workspace.names import resolve_uid
from engine.workspace.users import secret_of

from .secret_files import read_secret

_TOKENS = {"kerberos_file": KERBEROS, "saml_file": SAML, "jwt_file": JWT}


def window(text: str) -> AsyncWindow:
    """An argparse type: INVOKED[,PERFORMED], 0 for unlimited; as the requestor sees it."""
    match = re.fullmatch(r"(\d{1,5})(?:,(\d{1,5}))?", text, re.ASCII)
    numbers = [int(n) for n in match.groups(default="1")] if match else [0x10000]
    if max(numbers) > 0xFFFF:
        raise argparse.ArgumentTypeError(f"“{text}” is not INVOKED[,PERFORMED] (0 to 65535, 0: unlimited)")
    return AsyncWindow(*numbers)


def extended(text: str) -> ExtendedNegotiation:
    """An argparse type: SOPCLASS:OPTION[,OPTION] or SOPCLASS=HEX."""
    try:
        return read_extended(text)
    except ValueProblem as problem:
        raise argparse.ArgumentTypeError(problem.reason) from None


def common_extended(text: str) -> CommonExtendedNegotiation:
    """An argparse type: SOPCLASS=SERVICECLASS[:RELATED[,RELATED]]."""
    match = re.fullmatch(r"([^=:]+)=([^=:]+)(?::([^=:]*))?", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"“{text}” is not SOPCLASS=SERVICECLASS[:RELATED[,RELATED]]")
    related = [name for name in (match[3] or "").split(",") if name]
    try:
        return CommonExtendedNegotiation(
            resolve_uid(match[1]), resolve_uid(match[2]), tuple(resolve_uid(name) for name in related)
        )
    except ValueProblem as problem:
        raise argparse.ArgumentTypeError(problem.reason) from None


def uid(text: str) -> str:
    """An argparse type: a UID."""
    problem = check_uid(text)
    if problem or not text:
        raise argparse.ArgumentTypeError(f"“{text}” is not a UID: {problem}")
    return text


def add_negotiation(parser: argparse.ArgumentParser) -> None:
    """The arguments of a requestor."""
    group = parser.add_argument_group("negotiation")
    group.add_argument(
        "--async",
        dest="window",
        metavar="INVOKED[,PERFORMED]",
        type=window,
        help="asynchronous operations window to propose: operations outstanding at once; 0: unlimited",
    )
    group.add_argument(
        "--extended",
        metavar="SOPCLASS:OPTION[,OPTION]|SOPCLASS=HEX",
        type=extended,
        action="append",
        default=[],
        help="SOP class extended negotiation: options by name (relational, datetime, fuzzy, timezone, multiframe; "
        "storage: level=N, signature=N, coercion=N), or bytes in hexadecimal; repeatable",
    )
    group.add_argument(
        "--common-extended",
        metavar="SOPCLASS=SERVICECLASS[:RELATED[,RELATED]]",
        type=common_extended,
        action="append",
        default=[],
        help="SOP class common extended negotiation; repeatable",
    )
    group.add_argument(
        "--application-context", metavar="UID", type=uid, default=APPLICATION_CONTEXT, help="default: DICOM's"
    )
    group.add_argument("--user", metavar="NAME", help="user identity: a user name")
    group.add_argument(
        "--passcode-file", metavar="FILE", type=Path, help="user identity: its passcode is the first line of this file"
    )
    for name, what in (("kerberos", "a Kerberos service ticket"), ("saml", "a SAML assertion"), ("jwt", "a JWT")):
        group.add_argument(f"--{name}-file", metavar="FILE", type=Path, help=f"user identity: {what}, in this file")
    group.add_argument("--positive-response", action="store_true", help="ask the peer to confirm the user identity")


def with_negotiation(proposal: Proposal, args: argparse.Namespace) -> Proposal:
    """The proposal, with what these arguments ask for."""
    return replace(
        proposal,
        async_window=args.window,
        extended=tuple(args.extended),
        common_extended=tuple(args.common_extended),
        application_context=args.application_context,
        user_identity=_identity(args),
    )


def _identity(args: argparse.Namespace) -> UserIdentity | None:
    tokens = [
        (kind, path, f"--{name.replace('_', '-')}")
        for name, kind in _TOKENS.items()
        if (path := getattr(args, name)) is not None
    ]
    if args.passcode_file is not None and args.user is None:
        raise ValueProblem("--passcode-file needs --user")
    if len(tokens) + (args.user is not None) > 1:
        raise ValueProblem("there is one user identity: --user, --kerberos-file, --saml-file or --jwt-file")
    asked = args.positive_response
    if tokens:
        kind, path, argument = tokens[0]
        return UserIdentity(kind, secret_of(read_secret(path, argument), kind), b"", asked)
    if args.user is None:
        if asked:
            raise ValueProblem("--positive-response needs a user identity")
        return None
    try:
        user = args.user.encode("utf-8", "surrogateescape")  # bytes typed that are no UTF-8 go out as they are
    except UnicodeEncodeError as error:
        raise ValueProblem(f"--user: {hindrance(error)}") from None
    if args.passcode_file is None:
        return UserIdentity(USERNAME, user, b"", asked)
    return UserIdentity(PASSCODE, user, secret_of(read_secret(args.passcode_file, "--passcode-file"), PASSCODE), asked)
