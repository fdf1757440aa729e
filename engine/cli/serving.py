"""The commands that need no peer given: listen, demo."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

import engine
from engine.model.association import LocalAE, Peer, Policy, Proposal, ProposedContext
from engine.model.commands import Listen, OneShot, PeerSettings, StopListening
from engine.model.notices import ListenerNotice
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE
from engine.workspace.errors import ValueProblem

from .driver import Driver, driving
from .exits import Exit
from .operations import echo_message
from .options import local_ae, open_workspace, timeouts
from .output import Output
from .policy_options import policy
from .tls_options import tls_settings

LOOPBACK = "127.0.0.1"
DEMO_TITLE = "DIMSEPEER"
DEMO_CONTEXTS = (
    "1.2.840.10008.1.1",
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.2.2.1",
    "1.2.840.10008.5.1.4.31",
)
"""Verification, CT storage, study root query, modality worklist: one of each kind users ask about."""


def listen(args: argparse.Namespace) -> Exit:
    """The built-in peer, until Ctrl-C."""
    output = Output(json=args.json, judging=args.judging, verbosity=args.verbose, narrate=True)
    workspace = open_workspace()
    local = local_ae(args, workspace)
    if args.ae is not None:
        local = replace(local, ae_title=args.ae)
    tls = tls_settings(args, workspace)
    if args.destination_tls and tls is None:
        raise ValueProblem("--destination-tls needs --tls and its files")
    destinations = tuple(replace(d, tls=tls) if args.destination_tls else d for d in args.destination)
    settings = PeerSettings(
        policy=policy(args, local, timeouts(args, workspace)), folder=args.folder, destinations=destinations, tls=tls
    )
    host = "" if args.any_host else args.host
    with driving(output) as driver, interruptible():
        listener = driver.new_id()
        driver.submit(Listen(listener=listener, host=host, port=args.port, settings=settings))
        try:
            for notice in driver.notices():
                if isinstance(notice, ListenerNotice) and notice.listener == listener:
                    if not notice.listening:
                        return Exit.CONNECTION_FAILED
                    output.line(f"Our AE title is {local.ae_title}. Ctrl-C ends.")
        except KeyboardInterrupt:
            driver.submit(StopListening(listener=listener))
    return Exit.SUCCESS


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM ends what runs inside as Ctrl-C does, so that a service manager's stop releases associations."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        previous = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread, which alone may set handlers
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def demo(args: argparse.Namespace) -> Exit:
    """The tour without a window: the built-in peer started, a C-ECHO sent to it, what was negotiated."""
    output = Output(json=args.json, judging=args.judging, verbosity=args.verbose, contexts=True)
    with driving(output) as driver:
        port = _start_peer(driver)
        if port is None:
            return Exit.CONNECTION_FAILED
        output.line(f"Sending a C-ECHO to {DEMO_TITLE} at {LOOPBACK}:{port}.\n")
        contexts = tuple(
            ProposedContext(1 + 2 * i, uid, (EXPLICIT_VR_LE, IMPLICIT_VR_LE)) for i, uid in enumerate(DEMO_CONTEXTS)
        )
        proposal = Proposal(peer=Peer(ae_title=DEMO_TITLE, host=LOOPBACK, port=port), contexts=contexts)
        operation = driver.new_id()
        shot = OneShot(association=driver.new_id(), operation=operation, proposal=proposal, messages=(echo_message(),))
        status, code = driver.operate(shot, operation)
        output.finish(status)
    if code is Exit.SUCCESS and args.picture is not None:
        code = _picture(args.picture, output)
    return code


def _start_peer(driver: Driver) -> int | None:
    """The port of a built-in peer on loopback, None when it could not start."""
    settings = PeerSettings(policy=Policy(local=LocalAE(ae_title=DEMO_TITLE)))
    driver.submit(Listen(listener=driver.new_id(), host=LOOPBACK, port=0, settings=settings))
    for notice in driver.notices():
        if isinstance(notice, ListenerNotice):
            return notice.port if notice.listening else None
    return None


def _picture(path: Path, output: Output) -> Exit:
    """A picture of the window, made by a process of its own: this one never loads Qt."""
    root = Path(engine.__file__).parents[1]
    code = "import sys; sys.path.insert(0, sys.argv[1]); from gui.app import main; sys.exit(main(sys.argv[2:]))"
    command = [sys.executable, "-c", code, str(root), "--tour", "--picture", str(path)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own code
    if made.returncode == 0 and path.exists():
        output.line(f"A picture of the window: {path}")
        return Exit.SUCCESS
    output.error(
        f"No picture of the window could be made: {made.stderr.strip().splitlines()[-1:] or ['no reason given']}"
    )
    return Exit.FAILURE
