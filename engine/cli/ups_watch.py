"""The ups commands that watch: read a step, subscriptions, events as they come."""

from __future__ import annotations

import argparse

from engine.model.association import Policy
from engine.model.commands import Listen, PeerSettings
from engine.model.dataset import DataSet
from engine.model.notices import AnyNotice, StepNotice, StepState
from engine.model.procedures.ups import ChangeSubscription, ReadStep, WatchSteps
from engine.standard.ups import SUBSCRIBE, SUSPEND, UNSUBSCRIBE, UPS_FILTERED_GLOBAL, UPS_GLOBAL
from engine.trace.plain_text import time_text
from engine.workspace.errors import ValueProblem
from engine.workspace.keys import with_keys
from engine.workspace.listening import LOOPBACK
from engine.workspace.names import attribute_tag, resolve_uid

from .exits import Exit
from .options import proposal
from .output import Output
from .procedures import run_procedure, shows_data

ALL = "all"
INITIAL_EVENT = 5.0
"""Seconds the initial event of a subscribed step is waited for: providers send it at once."""


def get(args: argparse.Namespace) -> Exit:
    """N-GET of a step; what came is shown as a data set."""
    procedure = ReadStep(
        sop_instance_uid=resolve_uid(args.step),
        attributes=tuple(attribute_tag(text) for text in args.attribute),
        context_uid=resolve_uid(args.through) if args.through else "",
    )
    return run_procedure(args, procedure, shows_data("N-GET-RSP"))


def subscribe(args: argparse.Namespace) -> Exit:
    """N-ACTION; where we are the receiver of a single step's events, the first one is waited for."""
    uid, keys = _what(args)
    procedure = ChangeSubscription(
        action=SUBSCRIBE,
        receiving_ae=_receiver(args),
        sop_instance_uid=uid,
        deletion_lock=args.lock,
        keys=keys,
        seconds=0.0 if args.receiver else INITIAL_EVENT,
    )
    return run_procedure(args, procedure, _events)


def unsubscribe(args: argparse.Namespace) -> Exit:
    uid = UPS_GLOBAL if args.step == ALL else resolve_uid(args.step)
    return run_procedure(
        args, ChangeSubscription(action=UNSUBSCRIBE, receiving_ae=_receiver(args), sop_instance_uid=uid)
    )


def suspend(args: argparse.Namespace) -> Exit:
    return run_procedure(args, ChangeSubscription(action=SUSPEND, receiving_ae=_receiver(args)))


def watch(args: argparse.Namespace) -> Exit:
    """Events as they come, each as a line."""
    uid, keys = _what(args)
    procedure = WatchSteps(
        receiving_ae=_receiver(args),
        sop_instance_uid=uid,
        deletion_lock=args.lock,
        keys=keys,
        seconds=args.seconds,
        most=args.events,
        tries=args.reopen,
        elsewhere=args.listen is not None,
        keep=args.keep,
    )
    return run_procedure(args, procedure, _events, _listener(args))


def _what(args: argparse.Namespace) -> tuple[str, DataSet]:
    """(SOP Instance UID, matching keys) of a subscription."""
    if args.key and args.step != ALL:
        raise ValueProblem(f"keys (-k) choose among {ALL} steps, not within one")
    if args.step != ALL:
        return resolve_uid(args.step), DataSet()
    return (UPS_FILTERED_GLOBAL, with_keys(DataSet(), args.key)) if args.key else (UPS_GLOBAL, DataSet())


def _receiver(args: argparse.Namespace) -> str:
    return args.receiver or proposal(args).local.ae_title


def _listener(args: argparse.Namespace) -> Listen | None:
    """Ours, for the associations the provider opens; it answers to the receiver's name."""
    if args.listen is None:
        if args.listen_host is not None:
            raise ValueProblem("--listen-host needs --listen PORT")
        return None
    asked = proposal(args)
    policy = Policy(ae_titles=(_receiver(args),), local=asked.local, timeouts=asked.timeouts)
    return Listen(listener=0, host=args.listen_host or LOOPBACK, port=args.listen, settings=PeerSettings(policy=policy))


def _events(output: Output, notice: AnyNotice) -> None:
    """What is told while a step goes on."""
    if isinstance(notice, StepNotice) and notice.state is StepState.RUNNING and notice.sentence:
        output.told_line(f"{time_text(notice.time)}  {output.told(notice).sentence}")
