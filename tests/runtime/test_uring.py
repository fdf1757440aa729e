"""Work that the system does beside us: its results come, and nothing of it is left."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from engine.runtime import uring

RING = uring.ring()
if RING is not None:
    RING.close()
pytestmark = pytest.mark.skipif(RING is None, reason="the system does no work beside us (io_uring)")

MIB = 1 << 20


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208


def opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT)


def test_space_is_found_and_told_once(tmp_path: Path) -> None:
    ring, file = uring.Ring(), opened(tmp_path / "one")
    number = ring.find_space(file, MIB)
    ring.wait()
    assert ring.under_way == 0
    assert ring.result(number) == 0
    assert ring.result(number) is None
    assert os.fstat(file).st_size == MIB
    assert os.fstat(file).st_blocks * 512 >= MIB
    ring.close()
    os.close(file)


def test_what_the_system_refuses_is_told_as_its_number(tmp_path: Path) -> None:
    (tmp_path / "one").touch()
    ring, file = uring.Ring(), os.open(tmp_path / "one", os.O_RDONLY)
    number = ring.find_space(file, MIB)
    ring.wait()
    assert ring.result(number) == -errno.EBADF
    ring.close()
    os.close(file)


def test_many_more_than_it_has_room_for_go_through_in_turn(tmp_path: Path) -> None:
    ring, file = uring.Ring(), opened(tmp_path / "one")
    for size in range(1, 200):
        number = ring.find_space(file, size * 4096)
        ring.wait()
        assert ring.result(number) == 0
        assert os.fstat(file).st_size == size * 4096
    ring.close()
    os.close(file)


def test_more_at_once_than_it_has_room_for_is_refused_until_there_is_some(tmp_path: Path) -> None:
    ring, file = uring.Ring(), opened(tmp_path / "one")
    numbers, refused = [], 0
    for size in range(1, 100):
        try:
            numbers.append(ring.find_space(file, size * 4096))
        except BlockingIOError:
            refused += 1
            ring.wait()
    ring.wait()
    assert len(numbers) + refused == 99
    assert [ring.result(number) for number in numbers] == [0] * len(numbers)
    ring.close()
    os.close(file)


def test_closed_it_leaves_nothing_though_work_was_under_way(tmp_path: Path) -> None:
    file, before = opened(tmp_path / "one"), descriptors()
    for _ in range(20):
        ring = uring.Ring()
        ring.find_space(file, 4 * MIB)
        ring.close()
    assert not descriptors() - before
    assert os.fstat(file).st_size == 4 * MIB
    os.close(file)


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM])
def test_where_it_is_forbidden_it_is_asked_for_once(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    import ctypes

    asked = []

    def refuse(*arguments: object) -> int:
        asked.append(arguments)
        ctypes.set_errno(number)
        return -1

    monkeypatch.setattr(uring, "_forbidden", [])
    monkeypatch.setattr(uring, "_system_call", lambda _: refuse)
    assert uring.ring() is None
    assert uring.ring() is None
    assert len(asked) == 1


def test_too_few_descriptors_for_it_are_no_lasting_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    import ctypes

    def full(*_: object) -> int:
        ctypes.set_errno(errno.EMFILE)
        return -1

    monkeypatch.setattr(uring, "_forbidden", [])
    with monkeypatch.context() as patch:
        patch.setattr(uring, "_system_call", lambda _: full)
        assert uring.ring() is None
    found = uring.ring()
    assert found is not None
    found.close()


def test_half_made_it_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    before = descriptors()
    monkeypatch.setattr(uring.mmap, "mmap", broken)
    assert uring.ring() is None
    assert not descriptors() - before
