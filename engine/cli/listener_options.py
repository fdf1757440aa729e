"""Arguments of `listen`: where, with which settings file, and what the arguments say instead."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from engine.model.commands import PeerSettings
from engine.workspace.errors import ValueProblem
from engine.workspace.listening import ANYWHERE, DEFAULT_PORT, LOOPBACK, ListenerSettings, load_listener, ready
from engine.workspace.workspace import Workspace

from .emulation_options import add_emulation, emulation
from .options import ae_title, delays, destination, free_port, length, local_ae, seconds, timeouts
from .policy_options import add_policy, policy
from .script_options import add_script, script
from .tls_options import add_tls, tls_settings


def add_listener(sub: argparse.ArgumentParser) -> None:
    """The arguments of listen."""
    sub.add_argument(
        "--settings",
        metavar="FILE",
        nargs="?",
        const="",
        help="the settings of a file, as the window keeps them; without FILE the window's own. The other arguments say "
        "what is to be otherwise",
    )
    sub.add_argument("--port", metavar="PORT", type=free_port, help=f"default {DEFAULT_PORT}; 0: any free one")
    sub.add_argument("--ae", metavar="TITLE", type=ae_title, help="our AE title")
    sub.add_argument(
        "--folder",
        metavar="FOLDER",
        type=Path,
        help="keep received instances and all other state there; default: in memory",
    )
    sub.add_argument(
        "--synchronize",
        action="store_true",
        help="acknowledge an instance only when it is on the disk, so that it outlives a power failure; slow. Without "
        "this it outlives the program, and is on the disk when its safekeeping is confirmed (storage commitment)",
    )
    sub.add_argument(
        "--destination",
        metavar="AE=HOST:PORT",
        type=destination,
        action="append",
        default=[],
        help="where a C-MOVE to this AE title goes; repeatable",
    )
    sub.add_argument("--destination-tls", action="store_true", help="go there over TLS, with the same files")
    where = sub.add_mutually_exclusive_group()
    where.add_argument("--host", metavar="ADDRESS", help=f"address to listen on (default {LOOPBACK})")
    where.add_argument("--any-host", action="store_true", help="listen on every address, for other computers to reach")
    sub.add_argument("--max-pdu", metavar="BYTES", type=length, help="maximum length we announce; 0: unlimited")
    sub.add_argument("--timeout", metavar="SECONDS", type=seconds, default={}, help="as for the other commands")
    sub.add_argument(
        "--delay",
        metavar="SECONDS[,SECONDS]",
        type=delays,
        help="hold each request back so long before it is served; several in turn, so that responses overtake",
    )
    add_emulation(sub)
    add_policy(sub)
    add_script(sub)
    add_tls(sub, acceptor=True)


def listener_settings(args: argparse.Namespace, workspace: Workspace) -> tuple[str, int, PeerSettings]:
    """Host, port and the rest: of the settings file if one is named, and what the arguments say instead."""
    saved, local, waits = ListenerSettings(), local_ae(args, workspace), timeouts(args, workspace)
    if args.settings is not None:
        saved = load_listener(Path(args.settings)) if args.settings else workspace.listener
        local, waits = local_ae(args, saved.policy), timeouts(args, saved.policy)
    if args.ae is not None:
        local = replace(local, ae_title=args.ae)
    own = replace(saved.peer, tls=tls_settings(args, workspace, saved.peer.tls))
    base = ready(replace(saved, peer=own, users=None if args.users is not None else saved.users), workspace.secrets)
    if args.destination_tls and base.tls is None:
        raise ValueProblem("--destination-tls needs --tls and its files")
    named = tuple(replace(d, tls=base.tls) if args.destination_tls else d for d in args.destination)
    settings = replace(
        base,
        policy=policy(args, local, waits, base.policy),
        folder=args.folder or base.folder,
        synchronize=args.synchronize or base.synchronize,
        destinations=(*base.destinations, *named),
        delays=args.delay or base.delays,
        script=script(args) or base.script,
        emulation=emulation(args, base.emulation),
    )
    host = ANYWHERE if args.any_host else saved.host if args.host is None else args.host
    return host, saved.port if args.port is None else args.port, settings
