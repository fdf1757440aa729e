"""What is under way and makes no headway, with the time as an argument."""

from __future__ import annotations

import pytest

from engine.protocol.pace import SLOWEST, Pace


def looks(*seen: tuple[float, object, int], seconds: float = 30.0) -> float | None:
    """When it was found too slow; None for never. Each: time, what, bytes so far."""
    pace = Pace()
    return next((now for now, what, count in seen if pace.too_slow(what, count, now, seconds)), None)


def test_a_byte_a_second_is_no_headway() -> None:
    assert looks(*((float(t), "message", 1 + t) for t in range(100))) == 30.0


def test_a_slow_line_has_all_the_time_it_needs() -> None:
    assert looks(*((float(t), "message", 1 + 2 * SLOWEST * t) for t in range(10_000))) is None


def test_bursts_between_pauses_shorter_than_the_time_are_headway() -> None:
    assert looks(*((float(t), "message", 1 + 65_536 * (t // 20)) for t in range(1_000))) is None


def test_a_fast_beginning_excuses_no_dribble() -> None:
    fast = [(float(t), "message", 10_000_000 * t) for t in range(10)]
    slow = [(10.0 + t, "message", 90_000_000 + t) for t in range(100)]
    assert looks(*fast, *slow) == pytest.approx(39.0)


def test_each_message_that_becomes_whole_is_headway() -> None:
    assert looks(*((float(t), t // 10, t % 10) for t in range(1_000))) is None


def test_nothing_under_way_is_not_slow_nor_is_anything_without_a_time() -> None:
    assert looks(*((float(t), None, 0) for t in range(1_000))) is None
    assert looks(*((float(t), "message", 1) for t in range(1_000)), seconds=0.0) is None
