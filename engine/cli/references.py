"""Instances that commands speak of: from files, folders, DICOMDIRs and lists."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from engine.model.commands import ReadReferences
from engine.model.notices import AnyNotice, ReferencesNotice
from engine.model.reading import LIST, hindrance, read_text_whole
from engine.model.references import Found, Reference, unique
from engine.workspace.errors import ValueProblem
from engine.workspace.reference_text import parse_references

from .driver import driving
from .exits import NothingToSend
from .output import Output

NO_INSTANCE = "no DICOM instance was found in the files"


def add_references(sub: argparse.ArgumentParser) -> None:
    """Arguments that name instances."""
    sub.add_argument(
        "paths", metavar="PATH", nargs="*", type=Path, help="DICOM files, folders (walked), patterns, DICOMDIRs"
    )
    sub.set_defaults(paths_anywhere=True)
    sub.add_argument(
        "--references",
        metavar="FILE|-",
        help="a list of instances, a SOP class and a SOP Instance UID on each line; -: standard input",
    )


def gathered(args: argparse.Namespace, output: Output) -> tuple[Reference, ...]:
    """What the arguments name. `ValueProblem` when it is nothing, `NothingToSend` when the files given hold none; those
    are told."""
    found: list[Reference] = []
    if args.paths:
        found += of_files(tuple(args.paths), output)
    if args.references:
        found += _of_list(args.references)
    if not found and args.paths:
        raise NothingToSend(NO_INSTANCE)
    if not found:
        raise ValueProblem("no instance is named: give DICOM files or folders, or --references")
    return unique(found)


def of_files(paths: tuple[Path, ...], output: Output) -> tuple[Reference, ...]:
    """The instances in files, folders and DICOMDIRs; files that give none are told."""
    told = Found()

    def watch(notice: AnyNotice) -> None:
        nonlocal told
        if isinstance(notice, ReferencesNotice):
            told = notice.found

    quiet = Output(out=io.StringIO())  # its notices are no answer to what the user asked
    with driving(quiet) as driver:
        operation = driver.new_id()
        driver.operate(ReadReferences(operation=operation, paths=paths), operation, watch)
    for problem in told.problems:
        output.error(problem)
    return told.references


def _of_list(name: str) -> tuple[Reference, ...]:
    try:
        content = read_text_whole(None if name == "-" else Path(name), LIST, pipes=True)
    except (OSError, UnicodeDecodeError) as error:
        raise ValueProblem(f"{name} cannot be read: {hindrance(error)}") from None
    try:
        return parse_references(content)
    except ValueProblem as problem:
        raise ValueProblem(f"{name}, {problem.reason}") from None
