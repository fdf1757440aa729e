"""The exceptions of data sets and files."""

from __future__ import annotations


class DataSetError(Exception):
    """A data set or file that cannot be read or written: a sentence with the file, the element and the place."""


class LimitError(DataSetError):
    """A data set that may be right, but takes more than it may (`engine.model.limits`)."""


class TooManyElements(LimitError):
    """One with more elements than whoever reads it wished to be held up by."""
