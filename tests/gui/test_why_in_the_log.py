"""A failed row of the log says why and leads to the diagnosis; what is known of its operation stands in it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QLabel

from engine.model.association import Peer, ProposedContext
from engine.model.commands import Outgoing
from engine.model.dataset import DataSet
from engine.model.notices import Direction
from engine.services.responses import request_of
from gui.models.log_store import Class

VERIFICATION, IMPLICIT = "1.2.840.10008.1.1", "1.2.840.10008.1.2"
MOVE = "1.2.840.10008.5.1.4.1.2.2.2"


def rows(window):
    return [window.log.model.record(n) for n in range(window.log.model.rowCount())]


def detail(window, row) -> str:
    place = window.log.model.row_of(row.number)
    column = len(window.log.model.columns) - 1
    return str(window.log.model.index(place, column).data())


@pytest.fixture
def refused(live_window, qtbot):
    """An echo to a port where nobody listens; gives its row."""
    window = live_window
    with qtbot.waitSignal(window.session.echo_finished):
        window.session.echo(replace(window.ae.proposal(), peer=Peer(name="Nobody", host="127.0.0.1", port=9)))
    qtbot.waitUntil(lambda: any(r.shape.klass is Class.FAILURE for r in rows(window)))
    return next(r for r in rows(window) if r.shape.klass is Class.FAILURE)


def test_a_failed_row_says_why_before_anything_else(live_window, refused):
    assert detail(live_window, refused).startswith("Why: Nothing listens at the port · ")


def test_choosing_it_shows_the_diagnosis(live_window, refused, qtbot):
    window = live_window
    with qtbot.waitSignal(window.session.echo_finished):
        window.echo()
    table = window.log.table
    table.setFocus()
    table.selectRow(window.log.model.row_of(refused.number))
    assert window.trace.shown_association == refused.association
    assert window.trace.banner.title.text() == "Nothing listens at the port"


def test_what_went_well_has_no_why(live_window, qtbot):
    with qtbot.waitSignal(live_window.session.echo_finished):
        live_window.echo()
    assert not [r for r in rows(live_window) if "Why:" in detail(live_window, r)]


def test_a_failed_message_says_why_and_the_others_of_its_association_do_not(live_window, qtbot):
    window = live_window
    window.ae.contexts.replace_with(
        (ProposedContext(1, VERIFICATION, (IMPLICIT,)), ProposedContext(3, MOVE, (IMPLICIT,)))
    )
    window.associate()
    qtbot.waitUntil(lambda: window.session.current is not None and window.session.current.established)
    study = DataSet().put(0x00080052, "CS", "STUDY").put(0x0020000D, "UI", "1.2.3")
    echo = Outgoing(command=request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION))
    asked = request_of("C-MOVE-RQ", AffectedSOPClassUID=MOVE, MoveDestination="NOWHERE")
    for message in (echo, Outgoing(command=asked, data=study)):
        with qtbot.waitSignal(window.session.operation_ended):
            window.session.send(message)

    def told() -> dict[str, str]:
        sent = [r for r in rows(window) if r.shape.sent and r.message_id is not None]
        return {r.shape.service: detail(window, r) for r in sent}

    qtbot.waitUntil(lambda: told().get("C-MOVE", "").startswith("Why: "))
    assert "estination" in told()["C-MOVE"]
    assert not told()["C-ECHO"].startswith("Why: ")


def test_the_card_shows_its_sentences_whole_as_it_appears(live_window, refused, qtbot):
    card = live_window.trace.banner

    def whole() -> bool:
        shown = [w for w in card.findChildren(QLabel) if w.isVisible() and w.wordWrap()]
        return len(shown) == 3 and all(w.height() >= w.heightForWidth(w.width()) for w in shown)

    qtbot.waitUntil(whole)


def test_a_row_leads_to_the_pdu_that_carried_its_message_in_both_directions(live_window, qtbot):
    window = live_window
    with qtbot.waitSignal(window.session.echo_finished):
        window.echo()
    qtbot.waitUntil(lambda: sum(r.shape.service == "C-ECHO" for r in rows(window)) == 2)
    for row in [r for r in rows(window) if r.shape.service == "C-ECHO"]:
        window.log.table.selectRow(window.log.model.row_of(row.number))
        pdu = window.trace.pdus.current_pdu()
        assert pdu is not None and pdu.association == row.association
        assert pdu.type == 4 and (pdu.direction is Direction.SENT) is row.shape.sent
