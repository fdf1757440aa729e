"""The asynchronous operations window as a user sees it: asked for, granted, and kept full; over TCP."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt

from engine.model.association import AsyncWindow
from engine.model.notices import Direction, MessageNotice
from gui.models.trace_information import information_rows


def retype(qtbot, field, text):
    field.line.setFocus()
    field.line.selectAll()
    qtbot.keyClicks(field.line, text)


def test_times_to_send_are_outstanding_as_far_as_was_granted(live_window, qtbot):
    """Send × 8 on an association with a window of 3, to a peer that holds every second request back."""
    window = live_window
    settings = window.workspace.listener
    policy = replace(settings.policy, async_window=AsyncWindow(3, 3))
    with qtbot.waitSignal(window.built_in.ready):
        window.built_in.set_settings(replace(settings, peer=replace(settings.peer, policy=policy, delays=(0.1, 0.0))))
    form = window.ae.negotiation
    window.ae.tabs.setCurrentWidget(form)
    form.window_on.box.setFocus()
    qtbot.keyClick(form.window_on.box, Qt.Key.Key_Space)
    retype(qtbot, form.invoked, "5")
    form.flush()
    messages = []

    def keep(batch):
        current = window.session.current.association
        messages.extend(n for n in batch if isinstance(n, MessageNotice) and n.association == current)

    window.session.notices.connect(keep)
    window.associate()
    qtbot.waitUntil(lambda: window.session.current is not None and window.session.current.established)
    window.builder.page.top.times.setValue(8)
    window.builder.page.top.send_held()
    qtbot.waitUntil(lambda: len(messages) == 16)
    outstanding = most = 0
    for message in messages:
        outstanding += 1 if message.direction is Direction.SENT else -1
        most = max(most, outstanding)
    assert most == 3
    answered = [m.command.responded_to for m in messages if m.direction is Direction.RECEIVED]
    assert sorted(answered) == list(range(1, 9)) and answered != sorted(answered)
    record = window.trace.store.get(window.session.current.association)
    rows = {row.label: row for row in information_rows(record)}
    assert (rows["Operations window"].proposed, rows["Operations window"].answered) == ("5 / 1", "3 / 1")
    window.session.notices.disconnect(keep)
