"""Who has time does a work itself; who has none leaves it to the system."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.runtime import leisure


def test_work_is_left_to_the_system_only_where_the_thread_has_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    spent = [0.0]
    monkeypatch.setattr(leisure, "_spent", lambda: spent[0])
    series, now = leisure.Leisure(0.5, 0.55), [0.0]
    series.takes = 0.001

    def instances(count: int, work: float, idle: float) -> None:
        for _ in range(count):
            now[0] += work + idle
            spent[0] += work
            series.look(now[0])

    series.begin(0.0)
    instances(6 * leisure.EVERY, 0.002, 0.001)
    assert series.has  # it finds the space and has time left
    instances(10 * leisure.EVERY, 0.003, 0.0001)
    assert not series.has
    instances(60 * leisure.EVERY, 0.002, 0.0004)
    assert not series.has  # what is left would not be enough
    instances(leisure.EVERY, 0.002, 0.0009)
    assert not series.has  # it waited once
    instances(leisure.EVERY, 0.002, 0.0015)
    assert series.has
    instances(leisure.EVERY * (leisure.AGAIN - 1), 0.003, 0.0)
    assert series.has  # not tried again at once
    instances(leisure.EVERY, 0.003, 0.0)
    assert not series.has


@pytest.mark.skipif(not Path("/proc/thread-self/schedstat").exists(), reason="the system does not tell it")
def test_waiting_for_a_processor_is_no_leisure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leisure, "thread_time", lambda: 0.0)
    before = leisure._spent()
    told = int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    assert before <= told <= leisure._spent()


def test_where_that_is_not_told_only_work_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leisure, "thread_time", lambda: 2.5)
    monkeypatch.setattr(leisure, "_TOLD", Path("/nowhere"))
    assert leisure._spent() == 2.5
