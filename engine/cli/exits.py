"""Exit codes of the command line."""

from __future__ import annotations

from enum import IntEnum

from engine.model.notices import Outcome
from engine.workspace.errors import ValueProblem


class Exit(IntEnum):
    """What a command's end means to a script."""

    SUCCESS = 0
    FAILURE = 1
    USAGE = 2
    CONNECTION_FAILED = 3
    REJECTED = 4
    ABORTED = 5
    TIMED_OUT = 6
    NOT_SENT = 7
    FINDINGS = 8
    DEFECT = 9
    INTERRUPTED = 130


class NothingToSend(ValueProblem):
    """The DICOM files that were given hold nothing that the command could send: `Exit.NOT_SENT`."""


MEANINGS: dict[Exit, str] = {
    Exit.SUCCESS: "all successful (warnings included)",
    Exit.FAILURE: "a failure status, failed sub-operations, or bytes that cannot be decoded to their end",
    Exit.USAGE: "wrong arguments, or a message file or list with a mistake or unreadable",
    Exit.CONNECTION_FAILED: "the connection failed, or the port or the folder of a listener cannot be used",
    Exit.REJECTED: "the association was rejected",
    Exit.ABORTED: "the association was aborted or broke off",
    Exit.TIMED_OUT: "timed out",
    Exit.NOT_SENT: "nothing could be sent: no accepted context, unreadable DICOM file, bad data",
    Exit.FINDINGS: "all successful, but there is a finding that --fail-on names",
    Exit.DEFECT: "a defect of the program itself, told with a report that holds no value",
    Exit.INTERRUPTED: "interrupted with Ctrl-C",
}

OF_OUTCOME: dict[Outcome, Exit] = {
    Outcome.SUCCESS: Exit.SUCCESS,
    Outcome.WARNING: Exit.SUCCESS,
    Outcome.FAILURE: Exit.FAILURE,
    Outcome.CANCELLED: Exit.FAILURE,
    Outcome.REJECTED: Exit.REJECTED,
    Outcome.ABORTED: Exit.ABORTED,
    Outcome.TIMED_OUT: Exit.TIMED_OUT,
    Outcome.CONNECTION_FAILED: Exit.CONNECTION_FAILED,
    Outcome.NOT_SENT: Exit.NOT_SENT,
}


def help_text() -> str:
    """The table for --help."""
    return "exit codes:\n" + "\n".join(f"  {int(code):>3}  {meaning}" for code, meaning in MEANINGS.items())
