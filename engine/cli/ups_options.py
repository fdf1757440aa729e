"""Arguments of the ups commands: unified procedure steps as their user."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.model.whole_numbers import whole_number
from engine.standard.ups import PRIORITIES, READINESS, STATES
from engine.workspace.listening import LOOPBACK
from engine.workspace.ups_steps import CODE_HINT

from . import ups, ups_watch
from .command_line import CommandLine, Handler
from .options import ae_title, free_port, times

Parser = argparse.ArgumentParser
_CODE = f"a code {CODE_HINT}"
_STEPS = f"SOP Instance UID of a step; {ups_watch.ALL}: every step there is and every step to come"


def _seconds(text: str) -> float:
    """An argparse type: seconds, 0 or more."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"“{text}” is not a number of seconds")
    return number


def _count(text: str) -> int:
    """An argparse type: a whole number, 1 or more."""
    number = whole_number(text)
    if not number:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number from 1")
    return number


class Commands:
    """Adds the commands."""

    def __init__(self, line: CommandLine) -> None:
        self._line = line

    def add(self) -> None:
        """All of them."""
        self._where = self._line.group("ups", "Unified procedure steps: push, pull, watch", _UPS)
        self._push()
        self._pull()
        self._cancel()
        self._watch()
        self._line.command(
            "claims", ups.claims, "The steps claimed here, with their Transaction UIDs", where=self._where
        )

    def _command(self, name: str, handler: Handler, summary: str, more: str = "") -> Parser:
        return self._line.calling(name, handler, summary, more, where=self._where)

    def _on_step(self, name: str, handler: Handler, summary: str, more: str = "") -> Parser:
        sub = self._command(name, handler, summary, more)
        sub.add_argument("step", metavar="UID", help="SOP Instance UID of the step")
        return sub

    def _push(self) -> None:
        sub = self._command("push", ups.push, "N-CREATE: a new step", _PUSH)
        sub.add_argument("--label", metavar="TEXT", default="", help="Procedure Step Label")
        sub.add_argument("--worklist", metavar="TEXT", default="", help="Worklist Label")
        sub.add_argument("--priority", choices=PRIORITIES, default="MEDIUM", help="default: MEDIUM")
        sub.add_argument("--readiness", choices=READINESS, default="READY", help="Input Readiness State")
        sub.add_argument("--start", metavar="DATETIME", default="", help="Scheduled Start DateTime; default: now")
        sub.add_argument("--station", metavar="CODE", default="", help=f"Scheduled Station Name, {_CODE}")
        sub.add_argument("--workitem", metavar="CODE", default="", help=f"what is to be done, {_CODE}")
        sub.add_argument("--performer", metavar="CODE", default="", help=f"who is to do it, {_CODE}")
        sub.add_argument("--performer-name", metavar="NAME", default="", help="Human Performer's Name")
        sub.add_argument("--performer-organization", metavar="TEXT", default="", help="and organization")
        sub.add_argument("--patient-name", metavar="NAME", default="")
        sub.add_argument("--patient-id", metavar="ID", default="")
        sub.add_argument("--comments", metavar="TEXT", default="", help="Comments on the Scheduled Procedure Step")
        _files(sub, "--input", "what it works on")
        uid = sub.add_mutually_exclusive_group()
        uid.add_argument("--uid", metavar="UID", default="", help="SOP Instance UID; default: a new one")
        uid.add_argument("--uid-by-peer", action="store_true", help="leave the SOP Instance UID to the provider")
        _keys(sub, "another attribute")
        sub.add_argument("--anyway", action="store_true", help="send it even if Table CC.2.5-3 asks for more")

    def _pull(self) -> None:
        sub = self._command("find", ups.find, "C-FIND: steps of the worklist", _FIND)
        sub.add_argument("--state", choices=(*STATES, "any"), default="SCHEDULED", help="default: SCHEDULED")
        sub.add_argument("--date", metavar="DATETIME", default="", help="Scheduled Start: 20260131, or a range 2026-")
        sub.add_argument("--priority", choices=PRIORITIES)
        sub.add_argument("--station", metavar="VALUE", default="", help="Code Value of the scheduled station")
        sub.add_argument("--worklist", metavar="TEXT", default="", help="Worklist Label, * and ? are wildcards")
        sub.add_argument("--through", choices=tuple(ups.MODELS), default="pull", help="the class asked; default: pull")
        sub.add_argument("--cancel-after", metavar="N", type=times, help="send C-CANCEL after N pending responses")
        sub.add_argument("--full", action="store_true", help="show whole data sets instead of a table")
        sub.set_defaults(format="table")
        _keys(sub, "a key")
        sub = self._on_step("claim", ups.claim, "N-ACTION: the step is IN PROGRESS and ours", _CLAIM)
        sub.add_argument("--transaction", metavar="UID", default="", help="Transaction UID; default: a new one")
        sub = self._on_step("progress", ups.progress, "N-SET: how far the step is, and anything else of it", _KEY)
        sub.add_argument("--percent", metavar="NUMBER", default="", help="Procedure Step Progress, 0 to 100")
        sub.add_argument("--description", metavar="TEXT", default="", help="Procedure Step Progress Description")
        _contact(sub)
        _keys(sub, "another attribute to set")
        key = _transaction(sub)
        key.add_argument("--unclaimed", action="store_true", help="without one: the step is still SCHEDULED")
        sub = self._on_step("complete", ups.complete, "N-SET of what was done, N-ACTION to COMPLETED", _KEY)
        sub.add_argument("--station", metavar="CODE", default="", help=f"who did it, {_CODE}; default: our AE title")
        sub.add_argument("--workitem", metavar="CODE", default=ups.WORKITEM, help=f"what was done; {ups.WORKITEM}")
        sub.add_argument("--start", metavar="DATETIME", default="", help="default: when it was claimed")
        sub.add_argument("--end", metavar="DATETIME", default="", help="default: now")
        sub.add_argument("--description", metavar="TEXT", default="", help="Performed Procedure Step Description")
        _files(sub, "--output", "what it made")
        _final(sub)
        _transaction(sub)

    def _cancel(self) -> None:
        sub = self._on_step("cancel", ups.cancel, "N-SET of the reason, N-ACTION to CANCELED: a step of ours", _KEY)
        sub.add_argument("--code", metavar="CODE", default=ups.REASON, help=f"why, {_CODE}; default: {ups.REASON}")
        sub.add_argument("--reason", metavar="TEXT", default="", help="Reason For Cancellation")
        _final(sub)
        _transaction(sub)
        sub = self._on_step(
            "request-cancel", ups.request_cancel, "N-ACTION: ask for the cancellation of somebody else's step"
        )
        sub.add_argument("--reason", metavar="TEXT", default="", help="Reason For Cancellation")
        sub.add_argument("--code", metavar="CODE", default="", help=f"why, {_CODE}")
        _contact(sub)

    def _watch(self) -> None:
        sub = self._on_step("get", ups_watch.get, "N-GET: a step as it is")
        sub.add_argument("-a", "--attribute", metavar="ATTRIBUTE", action="append", default=[], help="default: all")
        sub.add_argument("--through", metavar="CLASS", help="abstract syntax of the context: Push, Pull or Watch")
        for name, handler, text in (
            ("subscribe", ups_watch.subscribe, "N-ACTION: have event reports sent"),
            ("unsubscribe", ups_watch.unsubscribe, "N-ACTION: no event reports any more"),
            ("suspend", ups_watch.suspend, "N-ACTION: no event reports of steps to come"),
            ("watch", ups_watch.watch, "Subscribe, show event reports as they come until Ctrl-C, unsubscribe"),
        ):
            sub = self._command(name, handler, text, _WATCH if name == "watch" else "")
            if name != "suspend":
                sub.add_argument("step", metavar=f"UID|{ups_watch.ALL}", help=_STEPS)
            sub.add_argument("--receiver", metavar="AE", type=ae_title, help="who is to be told; default: we")
            if name in ("subscribe", "watch"):
                sub.add_argument("--lock", action="store_true", help="Deletion Lock: keep finished steps until we know")
                _keys(sub, "with all: only steps that match (Filtered Global Subscription)")
        sub.add_argument("--for", dest="seconds", metavar="SECONDS", type=_seconds, help="end by itself")
        sub.add_argument("--events", metavar="N", type=_count, help="end after N events")
        sub.add_argument("--keep", action="store_true", help="do not unsubscribe at the end")
        sub.add_argument(
            "--reopen", metavar="N", type=_count, default=0, help="open the association again up to N times"
        )
        sub.add_argument("--listen", metavar="PORT", type=free_port, help="take event reports on this port too")
        sub.add_argument("--listen-host", metavar="ADDRESS", help=f"with --listen: the address; default {LOOPBACK}")


def _keys(sub: Parser, what: str) -> None:
    sub.add_argument("-k", "--key", metavar="KEY", action="append", default=[], help=f"{what}, keyword=value")


def _transaction(sub: Parser) -> argparse._MutuallyExclusiveGroup:
    group = sub.add_mutually_exclusive_group()
    group.add_argument("--transaction", metavar="UID", default="", help="Transaction UID; default: of our claim")
    return group


def _contact(sub: Parser) -> None:
    sub.add_argument("--contact-name", metavar="NAME", default="", help="Contact Display Name")
    sub.add_argument("--contact-uri", metavar="URI", default="", help="Contact URI, such as tel:+43-1-234")


def _files(sub: Parser, option: str, what: str) -> None:
    told = f"{what}: DICOM files or folders, repeatable"
    sub.add_argument(option, metavar="PATH", type=Path, action="append", default=[], help=told)
    sub.add_argument("--retrieve-ae", metavar="AE", type=ae_title, help="from whom they can be had; default: the peer")


def _final(sub: Parser) -> None:
    _keys(sub, "another attribute to set before")
    sub.add_argument("--bare", action="store_true", help="set nothing before")
    sub.add_argument("--anyway", action="store_true", help="do not look first whether the step has all it needs")


_UPS = """
Claimed steps are remembered with their Transaction UID, so that a later command can finish them."""
_PUSH = """
What Table CC.2.5-3 of PS3.4 asks for and is not given is sent empty where that is allowed."""
_FIND = """
Keys (-k, repeatable) are written keyword=value, (gggg,eeee)=value or Sequence[0].keyword=value."""
_CLAIM = """
The Transaction UID is the key to the step from then on; it is remembered until the step is finished."""
_KEY = """
The Transaction UID of a step claimed here is known; give it for another."""
_WATCH = """
Event reports come on the same association, or with --listen on one that the provider opens to us."""
