"""The redaction of one run of the command line, and what is said on standard error before there is an `Output`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.trace.redaction.redaction import Redaction

OPTION = "--redact"
_SHORTEST = 3
"""Characters of it that argparse may take for the whole."""
_of_this_run: ContextVar[Redaction | None] = ContextVar("the redaction of this run", default=None)


@contextmanager
def redacting(given: Sequence[str]) -> Iterator[None]:
    """What is told inside is redacted where these arguments ask for it: looked for here, since they may not be fit to
    be parsed, and what is wrong with them must not be told either."""
    asked = any(len(text) >= _SHORTEST and OPTION.startswith(text) for text in given)
    token = _of_this_run.set(_made() if asked else None)
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
    return _of_this_run.get() or _made()


def named(paths: Iterable[Path | str]) -> None:
    """Files that are going to be spoken of: they get their stand-ins before they appear in a sentence."""
    known = _of_this_run.get()
    if known is not None:
        for path in paths:
            known.stand_ins.path(path)


def redacted(text: str) -> str:
    """The text as it may be told in this run."""
    known = _of_this_run.get()
    return text if known is None else known.lines(text)


def tell(text: object) -> None:
    """A line on standard error."""
    print(redacted(str(text)), file=sys.stderr)
