"""A defect of the program itself, as a report one can pass on: no value in it, for it may be a patient's."""

from __future__ import annotations


def report_of(error: BaseException) -> str:
    """What was raised and where."""
    import traceback  # takes a while to load, and is rarely needed

    frames = (f"  {_module(f.filename)}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__))
    return "\n".join([f"Unexpected {type(error).__name__} at", *frames])


def _module(filename: str) -> str:
    """The last parts of a path: the first ones name the user."""
    return "/".join(filename.replace("\\", "/").split("/")[-3:])
