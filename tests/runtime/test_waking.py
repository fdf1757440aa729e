"""A thread that waits is woken once, in each of the ways there are."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.model.commands import Release
from engine.model.notices import ErrorNotice
from engine.runtime import life, waking
from engine.runtime.engine import Engine
from engine.runtime.waking import Waking

KINDS: list[Callable[[], Waking]] = [waking._Queued]
if sys.platform == "linux":
    KINDS.append(waking.Counted)


@pytest.mark.parametrize("kind", KINDS)
def test_what_woke_before_is_waited_for_no_more(kind: Callable[[], Waking]) -> None:
    it = kind()
    for _ in range(3):
        it.wake()
    it.wait(None)
    it.wait(0.0)
    it.wait(0.001)
    it.wake()
    it.calm()
    it.calm()
    it.wait(0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_another_thread_wakes(kind: Callable[[], Waking]) -> None:
    it, seen = kind(), []

    def wait() -> None:
        it.wait(None)
        seen.append("woken")

    thread = threading.Thread(target=wait)
    thread.start()
    it.wake()
    thread.join(10.0)
    assert seen == ["woken"]


def test_without_descriptors_it_is_done_with_a_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: int) -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "eventfd", none_left, raising=False)
    assert isinstance(waking.waking(), waking._Queued)


@pytest.mark.skipif(sys.platform != "linux", reason="there only")
def test_its_descriptor_goes_with_it() -> None:
    it = waking.Counted()
    number = it.number
    del it
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)


@pytest.mark.parametrize("counted", [True, False])
def test_an_engine_is_woken_for_each_command(monkeypatch: pytest.MonkeyPatch, counted: bool) -> None:
    if not counted:
        monkeypatch.setattr(life, "knock", lambda: None)
    with Engine() as engine:
        for number in range(1, 4):
            engine.submit(Release(association=number))
            told = engine.drain_wait(10.0)
            assert [n.association for n in told if isinstance(n, ErrorNotice)] == [number]


@pytest.mark.skipif(sys.platform != "linux", reason="there only")
def test_an_engine_that_is_stopped_keeps_no_descriptor() -> None:
    def opened() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    with Engine() as engine:
        engine.submit(Release(association=1))
    gc.collect()
    before = opened()
    for _ in range(5):
        with Engine() as engine:
            engine.submit(Release(association=1))
    gc.collect()
    assert opened() <= before
