"""The engine for one test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.runtime.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def console() -> Iterator[Console]:
    """A running engine; stopped at the end."""
    console = Console()
    yield console
    console.close()
