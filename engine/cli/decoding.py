"""decode: recorded traffic explained."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from engine.model.notices import AnyNotice, AssociationNotice, ErrorNotice, PduNotice
from engine.trace import capture
from engine.trace.capture_files import CaptureError, read_all, read_capture, unpacked

from .exits import Exit
from .limit_options import limited
from .loading import loaded
from .options import open_workspace
from .output import Output
from .telling import file_name, named

STANDARD_INPUT = "standard input"
"""What is read is called so where no file is given."""


def decode(args: argparse.Namespace) -> Exit:
    """A capture file with both directions, or the bytes one side sent. "-" is standard input. What is read of it is
    bounded as what is taken of a peer.

    SUCCESS when everything could be read to its end, FAILURE when something broke off, is missing or is no DICOM.
    """
    loaded()
    limits = limited(args, open_workspace().limits)
    output = Output(
        json=args.json, redact=args.redact, judging=args.judging, verbosity=args.verbose + 1, narrate=True, explain=True
    )
    given = args.file != "-"
    name = shown = args.file if given else STANDARD_INPUT
    if given:
        named((name,))
        shown = file_name(name)
    complete, found = True, False
    try:
        data = read_capture(Path(name)) if given else unpacked(read_all(sys.stdin.buffer, name), name)
        if args.hex:
            data = capture.from_hex(data.decode("latin-1"), name)
        read = capture.decode_stream if args.raw or args.hex else capture.decode
        for notice in read(data, shown, limits):
            output.tell(notice)
            complete = complete and not _broken(notice)
            found = found or isinstance(notice, PduNotice | AssociationNotice)
    except CaptureError as error:
        output.unreadable(str(error))
        return Exit.FAILURE
    if complete and not found:
        output.unreadable(f"{name}: no DICOM association was found in it.")
    return Exit.SUCCESS if complete and found else Exit.FAILURE


def _broken(notice: AnyNotice) -> bool:
    """Whether it says that an association's bytes could not be read to their end."""
    return isinstance(notice, ErrorNotice) and notice.association is not None
