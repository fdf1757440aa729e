"""Garbage in cycles is looked for thoroughly when nothing happens, and not while there is work."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject

from gui import collecting
from gui.collecting import Collector


class _Cycle:
    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def settled() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)
    gc.enable()


def _old_cycle() -> weakref.ref[_Cycle]:
    """A cycle nobody holds that the quick looks have passed by, and so many of them that a thorough one is due."""
    cycle = _Cycle()
    gone = weakref.ref(cycle)
    gc.collect(1)
    del cycle
    for _ in range(collecting._WORTH):
        gc.collect(1)
    return gone


def test_it_waits_for_a_quiet_moment(settled: None, qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    collecting.settle()
    parent = QObject()
    collector = Collector(parent)
    monkeypatch.setattr(collecting, "_QUIET", 1 << 40)
    gone = _old_cycle()
    collector.stir(())
    assert not collector.look()
    assert gone() is not None
    monkeypatch.setattr(collecting, "_QUIET", 0)
    assert collector.look()
    assert gone() is None
    assert not collector.look()  # nothing new is worth it
    parent.deleteLater()


def test_it_does_not_wait_for_ever(settled: None, qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    collecting.settle()
    parent = QObject()
    collector = Collector(parent)
    monkeypatch.setattr(collecting, "_QUIET", 1 << 40)
    monkeypatch.setattr(collecting, "_LONGEST", collecting._WORTH)
    gone = _old_cycle()
    assert collector.look()
    assert gone() is None
    parent.deleteLater()
