"""The commands that print: print and printer-status."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.model.procedures.printing import PrintFilms, PrintImage, ReadPrinter
from engine.model.reading import is_file, is_folder
from engine.standard.print_attributes import FILM, IMAGE, LUT_SHAPES, PRINT_ATTRIBUTES, SESSION
from engine.trace.pictures import PreviewError, facts_of
from engine.workspace.errors import ValueProblem
from engine.workspace.print_settings import frame_numbers, print_data_set, window_of

from .exits import Exit, NothingToSend
from .options import how_many, interval
from .output import Output
from .procedures import run_procedure, shows_data
from .telling import named


def print_films(args: argparse.Namespace) -> Exit:
    """Print files or the test pattern; each step is printed as it ends."""
    images = (PrintImage(),) * args.test_pattern + tuple(
        _images(args.files, args.frames, Output(json=args.json, redact=args.redact).error)
    )
    if not images and not args.empty:
        raise NothingToSend("no DICOM image was found to print; --empty prints a film without any")
    values = {row.keyword: getattr(args, _place(row.option)) for row in PRINT_ATTRIBUTES}
    procedure = PrintFilms(
        images=images,
        color=args.color,
        single_classes=args.single_classes,
        session=print_data_set(SESSION, values),
        film=print_data_set(FILM, values),
        image=print_data_set(IMAGE, values),
        bits=args.bits,
        window=window_of(args.voi_window),
        lut_shape=args.lut or "",
        annotations=tuple(args.annotate),
        whole_session=args.whole_session,
        despite_printer=args.despite_printer,
        peer_uids=args.peer_uids,
        keep=args.keep,
        job_seconds=args.job_timeout,
    )
    return run_procedure(args, procedure)


def printer_status(args: argparse.Namespace) -> Exit:
    """What the printer says of itself."""
    return run_procedure(args, ReadPrinter(configuration=args.configuration), shows_data("N-GET-RSP"))


def _images(paths: list[Path], frames: str, tell: Callable[[str], None]) -> Iterator[PrintImage]:
    """Each frame wanted of each file; of folders, of every DICOM image in them. NothingToSend for a file that cannot
    be printed; what is left out of a folder is said."""
    for path in paths:
        if not is_folder(path):
            yield from _frames(path, frames)
            continue
        for file in sorted(f for f in path.rglob("*") if is_file(f)):
            try:
                yield from _frames(file, frames)
            except ValueProblem as problem:
                named((file,))
                tell(f"Left out: {problem.reason}.")


def _frames(file: Path, frames: str) -> Iterator[PrintImage]:
    try:
        facts = facts_of(file)
    except PreviewError as error:
        raise NothingToSend(str(error).rstrip(".")) from None
    if facts.problem:
        raise NothingToSend(f"{file}: {facts.problem.rstrip('.')}")
    for number in frame_numbers(frames, facts.frames):
        yield PrintImage(path=file, frame=number)


class _InsteadOfFiles(argparse.Action):
    """An option with which no files are needed. (`nargs="*"` would take none as soon as an option follows the port.)"""

    def __init__(self, *args: Any, files: argparse.Action, **values: Any) -> None:
        super().__init__(*args, **values)
        self._files = files

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        self._files.required = False
        setattr(namespace, self.dest, self.const if values is None or values == [] else values)


def _place(option: str) -> str:
    return "set_" + option.replace("-", "_")


def add_print(sub: argparse.ArgumentParser) -> None:
    """The arguments of print; those of film session, film box and image boxes by their rows."""
    files = sub.add_argument(
        "files", metavar="FILE|FOLDER", nargs="+", type=Path, default=[], help="DICOM images, in the order of places"
    )
    sub.add_argument(
        "--test-pattern",
        action=_InsteadOfFiles,
        files=files,
        metavar="N",
        nargs="?",
        type=how_many,
        const=1,
        default=0,
        help="print our own test pattern, N times; files are not needed then",
    )
    sub.add_argument(
        "--empty", action=_InsteadOfFiles, files=files, nargs=0, const=True, help="print a film without images"
    )
    sub.add_argument(
        "--frames", metavar="LIST", default="1", help="of multi-frame images: 1, 2,5-7 or all (default: 1)"
    )
    kind = sub.add_mutually_exclusive_group()
    kind.add_argument("--color", action="store_true", help="Basic Color Print Management, images as RGB")
    kind.add_argument("--grayscale", action="store_true", help="Basic Grayscale Print Management (the default)")
    sub.add_argument("--bits", type=int, choices=(8, 12), default=8, help="of grayscale images (default: 8)")
    sub.add_argument(
        "--window",
        dest="voi_window",
        metavar="C,W",
        default="",
        help="window center and width instead of the images' own",
    )
    sub.add_argument("--lut", choices=LUT_SHAPES, help="create a presentation LUT of this shape")
    sub.add_argument(
        "--annotate", metavar="TEXT", action="append", default=[], help="an annotation box's text, repeatable"
    )
    sub.add_argument("--whole-session", action="store_true", help="print the session at the end, not each film box")
    sub.add_argument(
        "--single-classes", action="store_true", help="propose each SOP class instead of the meta SOP class"
    )
    sub.add_argument("--peer-uids", action="store_true", help="leave SOP Instance UIDs to the peer")
    sub.add_argument("--despite-printer", action="store_true", help="go on when the printer's status is FAILURE")
    sub.add_argument("--keep", action="store_true", help="delete nothing at the end")
    sub.add_argument(
        "--job-timeout",
        metavar="SECONDS",
        type=interval,
        default=60.0,
        help="how long the print job is followed (default: 60)",
    )
    _add_attributes(sub)


def _add_attributes(sub: argparse.ArgumentParser) -> None:
    """An argument for each attribute of film session, film box and image boxes, by its row."""
    for level in (SESSION, FILM, IMAGE):
        group = sub.add_argument_group({SESSION: "film session", FILM: "film box", IMAGE: "image boxes"}[level])
        for row in (r for r in PRINT_ATTRIBUTES if r.level == level):
            terms = f": {', '.join(row.terms)}" if row.terms and row.keyword != "ImageDisplayFormat" else ""
            usual = f" (default: {row.default})" if row.default else ""
            group.add_argument(
                f"--{row.option}",
                dest=_place(row.option),
                metavar="VALUE",
                default=row.default,
                help=f"{row.label}, {row.about}{terms}{usual}".replace("%", "%%"),
            )


def add_printer_status(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--configuration", action="store_true", help="read the printer's configuration too (PS3.4 H.4.11)")
