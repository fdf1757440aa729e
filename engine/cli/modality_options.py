"""Arguments of the modality's commands: worklist, mpps, commit, commitments, ian."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.workspace.availability import AVAILABILITIES
from engine.workspace.listening import LOOPBACK

from . import commitment, modality
from .command_line import CommandLine
from .options import ae_title, days, free_port, times
from .references import add_references

Parser = argparse.ArgumentParser
_KEYS = "an attribute to set, keyword=value or Sequence[0].keyword=value; repeatable"


class Commands:
    """Adds the commands."""

    def __init__(self, line: CommandLine) -> None:
        self._line = line

    def add(self) -> None:
        self._worklist()
        self._mpps()
        self._commit()
        self._ian()

    def _worklist(self) -> None:
        sub = self._line.calling(
            "worklist", modality.worklist, "C-FIND: what is scheduled (modality worklist)", _WORKLIST
        )
        when = sub.add_mutually_exclusive_group()
        when.add_argument("--today", action="store_true", help="scheduled for today")
        when.add_argument("--days", metavar="N", type=days, help="scheduled from today for N days")
        when.add_argument("--date", metavar="DATE", default="", help="20260131, a range, yesterday, last 7 days, ...")
        sub.add_argument("--station", metavar="AE", default="", help="Scheduled Station AE Title")
        sub.add_argument("--modality", metavar="M", default="", help="CT, MR, ...")
        sub.add_argument("--patient", metavar="NAME", default="", help="Patient's Name, * and ? are wildcards")
        sub.add_argument("-k", "--key", metavar="KEY", action="append", default=[], help="another key, repeatable")
        sub.add_argument("--pick", metavar="N", type=times, help="show item N in full, or write it with --to")
        sub.add_argument("--to", metavar="FILE", type=Path, help="with --pick: write the item there, for mpps create")

    def _mpps(self) -> None:
        group = self._line.group(
            "mpps", "Report a performed procedure step: create, complete, discontinue, show, list", _MPPS
        )
        sub = self._line.calling("create", modality.create, "N-CREATE: a step begins", where=group)
        sub.add_argument("--item", metavar="FILE", type=Path, help="the worklist item (worklist --pick N --to FILE)")
        for name, text in _OWN.items():
            sub.add_argument(f"--{name}", metavar="TEXT", default="", help=text)
        sub.add_argument("--study", metavar="UID", default="", help="Study Instance UID of a step not scheduled")
        sub.add_argument("--uid", metavar="UID", default="", help="SOP Instance UID of the step; default: a new one")
        _common(sub)
        for name, handler, text in (
            ("complete", modality.complete, "N-SET: the step is COMPLETED"),
            ("discontinue", modality.discontinue, "N-SET: the step is DISCONTINUED"),
        ):
            sub = self._line.calling(name, handler, text, where=group)
            sub.add_argument("step", metavar="STEP", help="SOP Instance UID, or last: the latest in progress")
            add_references(sub)
            sub.add_argument("--retrieve-ae", metavar="AE", type=ae_title, help="Retrieve AE Title")
            sub.add_argument("--protocol", metavar="TEXT", default="", help="Protocol Name; default: the files'")
            if name == "discontinue":
                sub.add_argument(
                    "--reason",
                    metavar="CODE|WORDS",
                    default="110513",
                    help="a code of CID 9300, or words of its meaning (110513, discontinued for unspecified reason)",
                )
            _common(sub)
        sub = self._line.calling("show", modality.show, "N-GET: what the peer has of a step", where=group)
        sub.add_argument("step", metavar="STEP", help="SOP Instance UID, or last: the latest known here")
        self._line.command("list", modality.show_steps, "The steps known here, with their state", where=group)

    def _commit(self) -> None:
        sub = self._line.calling("commit", commitment.commit, "Storage commitment: are these instances safe?", _COMMIT)
        add_references(sub)
        sub.add_argument(
            "--wait", metavar="SECONDS", type=_wait, default=10.0, help="how long the report is waited for (10); 0: not"
        )
        sub.add_argument(
            "--listen",
            metavar="PORT",
            type=free_port,
            help="listen meanwhile: the peer may open an association to report",
        )
        sub.add_argument("--listen-host", metavar="ADDRESS", help=f"with --listen: the address; default {LOOPBACK}")
        sub.add_argument("--listen-tls", action="store_true", help="with --listen: over TLS, with the same files")
        sub.add_argument("--transaction", metavar="UID", default="", help="Transaction UID; default: a new one")
        sub.add_argument(
            "--await",
            metavar="UID|last",
            dest="later",
            help="ask for nothing: open an association and wait for the report of an earlier transaction",
        )
        sub = self._line.command(
            "commitments", commitment.show_transactions, "Storage commitments asked for, with results"
        )
        sub.add_argument("transaction", metavar="UID|last", nargs="?", help="one of them, instance by instance")

    def _ian(self) -> None:
        sub = self._line.calling("ian", commitment.ian, "Instance availability notification, one for each study")
        add_references(sub)
        sub.add_argument(
            "--availability",
            choices=[a.lower() for a in AVAILABILITIES],
            default="online",
            help="Instance Availability (online)",
        )
        sub.add_argument("--retrieve-ae", metavar="AE", type=ae_title, help="Retrieve AE Title (ours)")
        sub.add_argument("--step", metavar="UID", default="", help="the performed procedure step they come from")


def _common(sub: Parser) -> None:
    sub.add_argument("-k", "--key", metavar="KEY", action="append", default=[], help=_KEYS)
    sub.add_argument("--preview", action="store_true", help="show what would be sent, and send nothing")


def _wait(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 7 * 86_400:
        raise argparse.ArgumentTypeError(f"“{text}” is no number of seconds from 0 to a week")
    return seconds


_OWN = {
    "modality": "Modality; default: the item's",
    "description": "Performed Procedure Step Description; default: the item's",
    "step-id": "Performed Procedure Step ID; default: one made of the time",
    "station-name": "Performed Station Name; default: the item's",
    "location": "Performed Location; default: the item's",
    "patient-name": "Patient's Name; default: the item's",
    "patient-id": "Patient ID; default: the item's",
}
_WORKLIST = """
Without a date all items are asked for. --pick N --to FILE keeps an item for mpps create --item FILE."""
_MPPS = """
Steps created here are remembered in the workspace, so that they can be completed in a later session."""
_COMMIT = """
The report comes on the same association, on a later one, or on one the peer opens to a port of ours, as the peer likes:
--wait and --listen leave it the choice. Transactions are remembered in the workspace; --await waits for the report of
an earlier one, and any command that receives a report matches it. Exit code 0: all committed; 1: not all, or refused;
6: no report came in time."""
