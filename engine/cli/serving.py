"""The commands that need no peer given: listen, demo."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import engine
from engine.model.association import VERIFICATION, LocalAE, Peer, Policy, Proposal, ProposedContext
from engine.model.commands import Listen, OneShot, Outgoing, PeerSettings, StopListening, echo_request
from engine.model.notices import ListenerNotice
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE
from engine.workspace.listening import DEFAULT_TITLE, LOOPBACK

from .driver import Driver, driving
from .exits import Exit
from .listener_options import listener_settings
from .options import open_workspace
from .output import Output

DEMO_CONTEXTS = (
    VERIFICATION,
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.2.2.1",
    "1.2.840.10008.5.1.4.31",
)
"""Verification, CT storage, study root query, modality worklist: one of each kind users ask about."""


def listen(args: argparse.Namespace) -> Exit:
    """The built-in peer, until Ctrl-C."""
    output = Output(json=args.json, redact=args.redact, judging=args.judging, verbosity=args.verbose, narrate=True)
    workspace = open_workspace()
    host, port, settings = listener_settings(args, workspace)
    stopped = False
    with driving(output) as driver:
        listener = driver.new_id()
        driver.submit(Listen(listener=listener, host=host, port=port, settings=settings))
        try:
            for notice in driver.notices():
                if isinstance(notice, ListenerNotice) and notice.listener == listener:
                    if not notice.listening:
                        stopped = True
                        break
                    output.line(f"Our AE title is {settings.policy.local.ae_title}. Ctrl-C ends.")
        except KeyboardInterrupt:
            driver.submit(StopListening(listener=listener))
    output.findings_hint()
    if driver.defect:
        return Exit.DEFECT
    return Exit.CONNECTION_FAILED if stopped else Exit.SUCCESS


def demo(args: argparse.Namespace) -> Exit:
    """The tour without a window: the built-in peer started, a C-ECHO sent to it, what was negotiated."""
    output = Output(json=args.json, redact=args.redact, judging=args.judging, verbosity=args.verbose, contexts=True)
    with driving(output) as driver:
        port = _start_peer(driver)
        if port is None:
            return Exit.CONNECTION_FAILED
        output.line(f"Sending a C-ECHO to {DEFAULT_TITLE} at {LOOPBACK}:{port}.\n")
        contexts = tuple(
            ProposedContext(1 + 2 * i, uid, (EXPLICIT_VR_LE, IMPLICIT_VR_LE)) for i, uid in enumerate(DEMO_CONTEXTS)
        )
        proposal = Proposal(peer=Peer(ae_title=DEFAULT_TITLE, host=LOOPBACK, port=port), contexts=contexts)
        operation = driver.new_id()
        shot = OneShot(
            association=driver.new_id(),
            operation=operation,
            proposal=proposal,
            messages=(Outgoing(command=echo_request()),),
        )
        status, code = driver.operate(shot, operation)
        output.finish(status)
    if code is Exit.SUCCESS and args.picture is not None:
        code = _picture(args.picture, output)
    return code


def _start_peer(driver: Driver) -> int | None:
    """The port of a built-in peer on loopback, None when it could not start."""
    settings = PeerSettings(policy=Policy(local=LocalAE(ae_title=DEFAULT_TITLE)))
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
    *_, why = ("no reason given", *made.stderr.strip().splitlines())
    output.error(f"No picture of the window could be made: {why}")
    return Exit.FAILURE
