"""The one object both threads touch."""

from __future__ import annotations

import threading
from collections import deque

from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication

from engine.model.commands import Cancel
from engine.model.notices import ErrorNotice
from gui.bridge import BATCH, LEAST_BATCH, Bridge


class ThreadedEngine:
    """Rings from a thread of its own, as the real one does."""

    def __init__(self, bell, count=0):
        self.bell = bell
        self.out = deque()
        self.count = count
        self.thread = None
        self.commands = []
        self.rings_after_stop = 0

    def start(self):
        self.thread = threading.Thread(target=self._run, name="engine-under-test")
        self.thread.start()

    def _run(self):
        for number in range(self.count):
            self.out.append(ErrorNotice(time=float(number), sentence=str(number)))
            self.bell()

    def stop(self):
        if self.thread is not None:
            self.thread.join()
        self.bell()

    def submit(self, command):
        self.commands.append(command)

    def new_id(self):
        return 1

    def drain(self, limit=10_000):
        return [self.out.popleft() for _ in range(min(limit, len(self.out)))]


def test_five_thousand_rings_from_another_thread_arrive_whole_in_order_in_the_gui_thread(qtbot):
    """A PySide6 release once lost a reference at each emit and ended the process after some 600 of them."""
    bridge = Bridge(lambda bell: ThreadedEngine(bell, 5_000))
    taken, threads = [], set()

    def take(batch):
        taken.extend(batch)
        threads.add(QThread.currentThread())

    bridge.notices.connect(take)
    bridge.start()
    qtbot.waitUntil(lambda: len(taken) == 5_000)
    assert [n.time for n in taken] == [float(i) for i in range(5_000)]
    assert threads == {QApplication.instance().thread()}
    bridge.close()


def test_a_flood_arrives_in_few_batches(qtbot):
    bridge = Bridge(lambda bell: ThreadedEngine(bell, 6_000))
    sizes = []
    bridge.notices.connect(lambda batch: sizes.append(len(batch)))
    bridge.start()
    qtbot.waitUntil(lambda: sum(sizes) == 6_000)
    assert len(sizes) < 200
    assert max(sizes) <= BATCH
    bridge.close()


def test_more_than_a_batch_is_fetched_without_another_ring(qtbot):
    engines = []

    def make(bell):
        engines.append(ThreadedEngine(bell))
        return engines[0]

    bridge = Bridge(make)
    engines[0].out.extend(ErrorNotice(time=0.0, sentence="x") for _ in range(2 * BATCH + 10))
    sizes = []
    bridge.notices.connect(lambda batch: sizes.append(len(batch)))
    engines[0].bell()
    qtbot.waitUntil(lambda: sum(sizes) == 2 * BATCH + 10)
    bridge.close()


def test_closing_delivers_what_waits_and_takes_no_more_commands(qtbot):
    engines = []

    def make(bell):
        engines.append(ThreadedEngine(bell, 3))
        return engines[0]

    bridge = Bridge(make)
    taken = []
    bridge.notices.connect(taken.extend)
    bridge.start()
    bridge.close()
    assert len(taken) == 3
    bridge.submit(Cancel(operation=1))
    assert engines[0].commands == []
    bridge.close()


def test_closing_later_joins_the_engine_away_from_the_gui_thread(qtbot, bridge, fake):
    with qtbot.waitSignal(bridge.closed):
        bridge.close_later()
    assert fake.running is False
    assert fake.stopped_in != threading.main_thread().name


def test_a_fetch_that_fails_is_not_the_last(qtbot):
    """The bell does not ring again for what waits already."""

    class Failing(ThreadedEngine):
        failures = 3

        def drain(self, limit=10_000):
            if self.failures:
                self.failures -= 1
                raise KeyError
            return super().drain(limit)

    bridge = Bridge(lambda bell: Failing(bell, 1))
    taken = []
    bridge.notices.connect(taken.extend)
    with qtbot.captureExceptions() as raised:
        bridge.start()
        qtbot.waitUntil(lambda: len(taken) == 1)
    assert [kind for kind, _, _ in raised] == [KeyError] * 3
    bridge.close()


def test_a_bell_that_was_heard_by_halves_is_not_rung_in_vain(qtbot, monkeypatch):
    """The engine rings no more before what waits is fetched."""
    heard = []

    def fail(_self):
        heard.append(True)
        raise KeyError("Vogelbeer^Adelheid")

    monkeypatch.setattr(Bridge, "_heard", fail)
    bridge = Bridge(lambda bell: ThreadedEngine(bell, 1))
    taken = []
    bridge.notices.connect(taken.extend)
    with qtbot.capture_exceptions() as raised:
        bridge.start()
        qtbot.waitUntil(lambda: len(taken) == 1)
    assert heard and [kind for kind, *_ in raised] == [KeyError]
    bridge.close()


class Clock:
    """In place of the bridge's: goes on when it is told to."""

    def __init__(self):
        self.now, self.since = 0.0, None

    def start(self):
        self.since = self.now

    def isValid(self):
        return self.since is not None

    def elapsed(self):
        return int(self.now - self.since)

    def nsecsElapsed(self):
        return int((self.now - self.since) * 1e6)


def test_a_turn_ends_after_its_time_however_slow_those_who_take_are(qtbot):
    """Notices that cost little come first: what they taught is not believed of those that cost a millisecond each."""
    engines = []

    def make(bell):
        engines.append(ThreadedEngine(bell))
        return engines[0]

    bridge = Bridge(make)
    clock = bridge._since = Clock()
    engines[0].out.extend(ErrorNotice(time=0.0, sentence="x") for _ in range(3_000))
    engines[0].out.extend(ErrorNotice(time=1.0, sentence="x") for _ in range(1_000))
    turns, taken = {}, []

    def take(batch):
        taken.extend(batch)
        spent = sum(n.time for n in batch)
        clock.now += spent
        turns[clock.since] = turns.get(clock.since, 0.0) + spent

    bridge.notices.connect(take)
    bridge._fetch()
    while len(taken) < 4_000:
        clock.now += 100
        bridge._fetch()
    slow = [spent for spent in turns.values() if spent]
    assert max(slow) <= BATCH
    assert max(slow[1:]) < 2 * LEAST_BATCH  # two pieces at most: the clock is looked at between them
    assert len(taken) == 4_000
    bridge.close()


def test_many_cheap_notices_are_taken_in_one_turn(qtbot):
    engines = []

    def make(bell):
        engines.append(ThreadedEngine(bell))
        return engines[0]

    bridge = Bridge(make)
    bridge._since = Clock()
    engines[0].out.extend(ErrorNotice(time=0.0, sentence="x") for _ in range(5_000))
    taken = []
    bridge.notices.connect(taken.extend)
    bridge._fetch()
    assert len(taken) == 5_000
    bridge.close()
