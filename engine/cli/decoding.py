"""decode: recorded traffic explained."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from engine.trace import capture
from engine.trace.capture_files import CaptureError, read_capture

from .exits import Exit
from .output import Output


def decode(args: argparse.Namespace) -> Exit:
    """A capture file with both directions, or the bytes one side sent. "-" is standard input."""
    output = Output(json=args.json, verbosity=args.verbose, narrate=True)
    name = args.file
    try:
        data = sys.stdin.buffer.read() if name == "-" else read_capture(Path(name))
        if args.hex:
            data = capture.from_hex(data.decode("latin-1"), name)
        read = capture.decode_stream if args.raw or args.hex else capture.decode
        for notice in read(data, name):
            output.notice(notice)
    except CaptureError as error:
        output.error(str(error))
        return Exit.FAILURE
    output.findings_hint()
    return Exit.SUCCESS
