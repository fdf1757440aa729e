"""Arguments about the emulators of the built-in peer."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from engine.model.emulation import EMULATORS, NAMES, Emulation, ReportOn
from engine.model.whole_numbers import whole_number
from engine.standard.defined_terms import PRINTER_STATES
from engine.standard.failure_reasons import FAILURE_REASONS
from engine.workspace.emulation_text import MOST_RETRIES

from .options import delays

ALL = "all"


def emulators(text: str) -> frozenset[str]:
    """An argparse type: names of emulators with commas between, or "all"; "-NAME" takes one away from all."""
    words = [w.strip() for w in text.split(",") if w.strip()]
    unknown = [w for w in words if w.removeprefix("-") not in (*NAMES, ALL)]
    if unknown or not words:
        said = f"{', '.join(unknown)} is no emulator" if unknown else "no emulator is named"
        raise argparse.ArgumentTypeError(f"{said}; there are {', '.join(NAMES)} and {ALL}")
    on = set(NAMES) if ALL in words or all(w.startswith("-") for w in words) else set()
    on |= {w for w in words if w in NAMES}
    return frozenset(on - {w[1:] for w in words if w.startswith("-")})


def failing(text: str) -> tuple[int, int]:
    """An argparse type: none, all, or N for every Nth reference; a Failure Reason may follow, as all:0112."""
    share, _, reason = text.partition(":")
    number = {"none": 0, "all": 1}.get(share, whole_number(share, 9999))
    try:
        code = int(reason, 16) if reason else 0x0110
    except ValueError:
        code = -1
    if number is None or not 0 <= code <= 0xFFFF:
        raise argparse.ArgumentTypeError(
            f"“{text}” is not none, all or a number, with a Failure Reason in hexadecimal behind it as all:0112"
        )
    return number, code


def printer(text: str) -> tuple[str, str]:
    """An argparse type: STATUS[:INFO], as WARNING:SUPPLY LOW."""
    status, _, info = text.partition(":")
    if status.upper() not in PRINTER_STATES or len(info) > 16:
        raise argparse.ArgumentTypeError(f"“{text}” is not STATUS[:INFO], STATUS of {', '.join(PRINTER_STATES)}")
    return status.upper(), info.upper() or "NORMAL"


def retries(text: str) -> tuple[int, float | None]:
    """An argparse type: COUNT[:SECONDS], as 3:5. SECONDS is None when it is not said."""
    count, _, seconds = text.partition(":")
    number = whole_number(count, MOST_RETRIES)
    if number is None:
        raise argparse.ArgumentTypeError(f"“{text}” is not COUNT[:SECONDS], COUNT from 0 to {MOST_RETRIES}")
    return number, one_delay(seconds) if seconds else None


def one_delay(text: str) -> float:
    """An argparse type: seconds."""
    values = delays(text)
    if len(values) != 1:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number of seconds")
    return values[0]


def add_emulation(parser: argparse.ArgumentParser) -> None:
    """The arguments of what the built-in peer emulates."""
    names = "; ".join(f"{e.name}: {e.title}" for e in EMULATORS)
    group = parser.add_argument_group("emulators", "What the built-in peer is. Without these: everything.")
    group.add_argument(
        "--emulate",
        metavar="NAME[,NAME]",
        type=emulators,
        help=f"only these; -NAME: all but this one; the SOP classes of the others are not accepted. {names}",
    )
    group.add_argument("--samples", action="store_true", help="start with the sample studies and worklist items")
    group.add_argument(
        "--worklist",
        metavar="FOLDER",
        type=Path,
        help="offer the worklist items of this folder (TOML, DICOM JSON, DICOM files), looked at again at each query",
    )
    group.add_argument(
        "--commitment-report",
        choices=[r.value for r in ReportOn],
        help="which association takes a storage commitment report (default either)",
    )
    group.add_argument("--commitment-delay", metavar="SECONDS", type=one_delay, help="hold that report back so long")
    reasons = ", ".join(f"{code:04X}" for code in sorted(FAILURE_REASONS))
    group.add_argument(
        "--commitment-fail",
        metavar="none|all|N[:REASON]",
        type=failing,
        help=f"fail every Nth reference of a request whatever is held; REASON such as {reasons}",
    )
    group.add_argument(
        "--commitment-retries",
        metavar="COUNT[:SECONDS]",
        type=retries,
        help="try a report that could not be delivered again so often, the first time after SECONDS, then twice as long"
        " each (default 5:10)",
    )
    group.add_argument(
        "--printer",
        metavar="STATUS[:INFO]",
        type=printer,
        help="printer status NORMAL, WARNING or FAILURE with its information, as WARNING:SUPPLY LOW",
    )


def emulation(args: argparse.Namespace, base: Emulation) -> Emulation:
    """What the arguments say, over `base`."""
    commitment, made = base.commitment, base
    if args.commitment_report is not None:
        commitment = replace(commitment, report=ReportOn(args.commitment_report))
    if args.commitment_delay is not None:
        commitment = replace(commitment, delay=args.commitment_delay)
    if args.commitment_fail is not None:
        every, reason = args.commitment_fail
        commitment = replace(commitment, fail_every=every, reason=reason)
    if args.commitment_retries is not None:
        count, seconds = args.commitment_retries
        after = commitment.retry_after if seconds is None else seconds
        commitment = replace(commitment, retries=count, retry_after=after)
    if args.printer is not None:
        status, info = args.printer
        made = replace(made, printer=replace(base.printer, status=status, info=info))
    return replace(
        made,
        on=args.emulate or base.on,
        commitment=commitment,
        worklist=args.worklist or base.worklist,
        samples=args.samples or base.samples,
    )
