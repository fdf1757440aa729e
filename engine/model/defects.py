"""A defect of the program itself, as a report one can pass on: no value in it, for it may be a patient's."""

from __future__ import annotations

from itertools import dropwhile, groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType


def report_of(error: BaseException) -> str:
    """What was raised and where."""
    import traceback  # takes a while to load, and is rarely needed

    frames = (f"  {_module(f.filename)}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__))
    return "\n".join([f"Unexpected {type(error).__name__} at", *_once(frames)])


def report_of_place(what: str, frame: FrameType) -> str:
    """What happens, and where a thread is; how threads begin is left out."""
    import traceback

    stack = dropwhile(lambda f: _module(f.filename).endswith("/threading.py"), traceback.extract_stack(frame))
    frames = (f"  {_module(f.filename)}:{f.lineno} {f.name}" for f in stack)
    return "\n".join([f"{what} at", *frames])


def _once(frames: Iterable[str]) -> Iterator[str]:
    """A function that calls itself without end is told once, however deep it was."""
    for frame, same in groupby(frames):
        yield frame
        if len(list(same)) > 2:
            yield "  ... again and again"


def _module(filename: str) -> str:
    """The last parts of a path: the first ones name the user."""
    return "/".join(filename.replace("\\", "/").split("/")[-3:])
