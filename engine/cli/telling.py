"""The redaction of one run of the command line, and what is said on standard error before there is an `Output`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from engine.model.file_names import OF_WORKSPACE
from engine.workspace.errors import WorkspaceError

if TYPE_CHECKING:
    from engine.trace.redaction.redaction import Redaction

OPTION = "--redact"
_LIKE_A_PATH = re.compile(r"\w[./\\]|[./\\]\w")
"""Other names of files may be words or signs of a sentence."""
_SHORTEST = 3
"""Characters of it that argparse may take for the whole."""


class OutputFailed(Exception):
    """Standard output takes nothing more: the disk is full, or its reader has gone. The text is a sentence."""

    def __init__(self, error: OSError) -> None:
        gone = isinstance(error, BrokenPipeError)
        why = "its reader has gone" if gone else f"{error.strerror or error}"
        super().__init__(f"Standard output cannot be written any more: {why}.")


class _Run(NamedTuple):
    redaction: Redaction
    files: dict[str, str]
    """What stands for the paths that the command was given."""


_of_this_run: ContextVar[_Run | None] = ContextVar("the redaction of this run", default=None)


@contextmanager
def redacting(given: Sequence[str]) -> Iterator[None]:
    """What is told inside is redacted where these arguments ask for it: looked for here, since they may not be fit to
    be parsed, and what is wrong with them must not be told either."""
    options = (text.partition("=")[0] for text in given)
    asked = any(len(option) >= _SHORTEST and OPTION.startswith(option) for option in options)
    token = _of_this_run.set(_Run(_made(), {}) if asked else None)
    try:
        yield
    finally:
        _of_this_run.reset(token)


def _made() -> Redaction:
    """Read when it is asked for, which is seldom."""
    from engine.trace.redaction.redaction import Redaction

    return Redaction()


def redaction() -> Redaction:
    """That of this run, so that the same has the same stand-in all over it; outside of one a new one."""
    run = _of_this_run.get()
    return _made() if run is None else run.redaction


def named(paths: Iterable[Path | str]) -> None:
    """Files that are going to be spoken of: they get their stand-ins before they appear in a sentence."""
    run = _of_this_run.get()
    if run is not None:
        told = {str(path): _stand_in(run.redaction, Path(path)) for path in paths}
        run.files.update({name: stand_in for name, stand_in in told.items() if _LIKE_A_PATH.search(name)})


def _stand_in(known: Redaction, path: Path) -> str:
    """Files of the workspace have names of ours."""
    return path.name if path.name in OF_WORKSPACE else str(known.stand_ins.path(path))


def file_name(path: str) -> str:
    """How a file is called in this run."""
    run = _of_this_run.get()
    return path if run is None else str(run.redaction.stand_ins.path(path))


def redacted(text: str) -> str:
    """The text as it may be told in this run."""
    run = _of_this_run.get()
    return text if run is None else lines(text, run.redaction)


def lines(text: str, known: Redaction) -> str:
    """Lines as they may be told, each as a sentence; files that were `named` read as their stand-ins."""
    run = _of_this_run.get()
    files = {} if run is None else {name: stand_in for name, stand_in in run.files.items() if name in text}
    return "\n".join(known.sentence(line, files) if line.strip() else line for line in text.split("\n"))


def tell(text: object) -> None:
    """A line on standard error. A file of the workspace that is wrong is told by its name, or what stands for that."""
    if isinstance(text, WorkspaceError):
        named((text.file,))
    with suppress(OSError):  # the exit code says it too
        print(shown(str(text)), file=sys.stderr)


def shown(text: str) -> str:
    """The text as it may be told in this run, on one line: a name of a file must not steer the terminal."""
    from engine.trace.plain_text import visible

    return visible(redacted(text))
