"""The base of all procedures."""

from __future__ import annotations


class Procedure:
    """Base of all procedures."""

    __slots__ = ()
