"""Arguments of `listen` about emulators."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from engine.cli.emulation_options import emulation, emulators, failing, printer, retries
from engine.cli.main import build_parser
from engine.model.emulation import NAMES, CommitmentOptions, Emulation, PrinterOptions, ReportOn


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("all", set(NAMES)),
        ("worklist", {"worklist"}),
        ("worklist, mpps", {"worklist", "mpps"}),
        ("-print", set(NAMES) - {"print"}),
        ("all,-print,-ups", set(NAMES) - {"print", "ups"}),
    ],
)
def test_which(text: str, on: set[str]) -> None:
    assert emulators(text) == on


@pytest.mark.parametrize("text", ["", "nothing", "worklist,mops", "-nothing"])
def test_what_is_no_emulator_is_said(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="there are verification, storage"):
        emulators(text)


def test_failures_and_printer() -> None:
    assert failing("none") == (0, 0x0110)
    assert failing("all:0112") == (1, 0x0112)
    assert failing("3") == (3, 0x0110)
    assert printer("warning:supply low") == ("WARNING", "SUPPLY LOW")
    for bad in ("some", "-1", "all:xyz", ""):
        with pytest.raises(argparse.ArgumentTypeError, match="Failure Reason"):
            failing(bad)
    for bad in ("", "x", "11", "3:x"):
        with pytest.raises(argparse.ArgumentTypeError, match=r"COUNT|SECONDS"):
            retries(bad)
    with pytest.raises(argparse.ArgumentTypeError, match="NORMAL, WARNING, FAILURE"):
        printer("broken")


def test_all_of_them_together() -> None:
    words = (
        "listen --emulate=-print --samples --worklist items --commitment-report new --commitment-delay 2.5 "
        "--commitment-fail all:0213 --commitment-retries 3:0.5 --printer FAILURE:FILM JAM"
    )
    args = build_parser().parse_args(words.replace("FILM JAM", "FILM_JAM").split())
    assert emulation(args, Emulation()) == Emulation(
        on=frozenset(NAMES) - {"print"},
        commitment=CommitmentOptions(
            report=ReportOn.NEW, delay=2.5, fail_every=1, reason=0x0213, retries=3, retry_after=0.5
        ),
        printer=PrinterOptions(status="FAILURE", info="FILM_JAM"),
        worklist=Path("items"),
        samples=True,
    )
    assert emulation(build_parser().parse_args(["listen"]), Emulation(samples=True)) == Emulation(samples=True)
