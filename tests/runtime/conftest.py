"""The engine for one test, and what several kinds of tests share."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING

import pytest

from tests.runtime.console import Console
from tests.runtime.tls_files import Files, make_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def console() -> Iterator[Console]:
    """A running engine; stopped at the end."""
    console = Console()
    yield console
    console.close()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Certificates."""
    return make_files(tmp_path / "tls")


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """No thread outlives the test, and no socket is left to the garbage collector (its warning would be an error)."""
    before = set(threading.enumerate())
    yield
    gc.collect()
    left = [t for t in threading.enumerate() if t not in before and t.name.startswith(("dimse", "asyncio"))]
    assert not left
