"""A failure in the window: why, what to change, the button that changes it, the bytes that show it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from engine.model.association import AcceptedSyntax, AsyncWindow, Peer, Policy, ProposedContext, Rejection
from engine.model.commands import Outgoing, PeerSettings
from engine.model.notices import Notice
from engine.services.responses import request_of
from engine.trace.diagnosis.model import Mend, Setting
from gui.models.diagnosis_book import DiagnosisBook
from gui.models.trace_target import TraceTarget
from gui.panels.trace_panel import PDUS


def _button(qtbot, card, text):
    """The button with this text, once the layout has shown it."""

    def there():
        return [b for b in card.findChildren(QPushButton) if b.text() == text and b.isVisible()]

    qtbot.waitUntil(lambda: bool(there()))
    return there()[0]


@pytest.fixture
def strict(live_window, qtbot):
    """The built-in peer started anew with another policy; gives a function that does it and selects it as “Strict”."""

    def start(**policy) -> None:
        window = live_window
        with qtbot.waitSignal(window.session.listener_changed):
            window.session.stop_listening()
        qtbot.waitUntil(lambda: not window.session.listener.listening)
        local = replace(window.ae.proposal().local, ae_title="ARCHIVE")
        window.session.listen(PeerSettings(policy=Policy(local=local, **policy)), "127.0.0.1", 0)
        qtbot.waitUntil(lambda: window.session.listener.listening)
        port = window.session.listener.port
        window.ae.peers.put(Peer(name="Strict", ae_title="archive", host="127.0.0.1", port=port))
        window.ae.peers.select("Strict")

    return start


def _echo(window, qtbot):
    with qtbot.waitSignal(window.session.echo_finished):
        window.echo()
    qtbot.waitUntil(lambda: not window.trace.waits)


def test_a_wrong_title_is_mended_with_one_button(live_window, strict, qtbot):
    strict(ae_titles=("ARCHIVE",))
    _echo(live_window, qtbot)
    card = live_window.trace.banner
    assert card.isVisible()
    assert card.title.text() == "The peer has another AE title"
    button = _button(qtbot, card, "Try “ARCHIVE”")
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert live_window.ae.current_peer.ae_title == "ARCHIVE"
    assert "Called AE title" in live_window.status.sentence.whole() or "called AE title" in (
        live_window.status.sentence.whole()
    )
    _echo(live_window, qtbot)
    assert not card.isVisible()


def test_explain_shows_cause_clause_and_the_bytes(live_window, strict, qtbot):
    strict(reject=Rejection(1, 1, 3))
    _echo(live_window, qtbot)
    card = live_window.trace.banner
    assert not any("PS3.8" in label.text() for label in card.findChildren(QLabel) if not label.isHidden())
    qtbot.mouseClick(card.fold, Qt.MouseButton.LeftButton)
    shown = lambda: [label.text() for label in card.findChildren(QLabel) if label.isVisible()]  # noqa: E731
    qtbot.waitUntil(lambda: "PS3.8 9.3.4" in shown())
    assert any(text.startswith("Our AE title is not in the peer's list") for text in shown())
    card.proof_wanted.emit(card.diagnosis.proofs[0])
    assert live_window.trace.tabs.currentIndex() == PDUS
    assert live_window.trace.pdus.current_pdu().type == 3
    qtbot.mouseClick(card.fold, Qt.MouseButton.LeftButton)
    assert card.fold.text() == "Explain"


def test_tab_goes_from_explain_through_the_bytes_to_the_button_that_mends(live_window, strict, qtbot):
    strict(ae_titles=("ARCHIVE",))
    _echo(live_window, qtbot)
    card = live_window.trace.banner
    card.unfold(True)
    button = _button(qtbot, card, "Try “ARCHIVE”")
    card.fold.setFocus()
    reached = []
    while not reached or reached[-1] is not button:
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        reached.append(QApplication.focusWidget())
        assert card.isAncestorOf(reached[-1])
    assert any(isinstance(stop, QLabel) for stop in reached)


def test_what_old_peers_reject_is_left_out_by_its_button(live_window, strict, qtbot):
    strict(reject=Rejection(1, 1, 1))
    live_window.ae.negotiation.window_on.set_value(True)
    live_window.ae.negotiation.invoked.set_value(8)
    assert live_window.ae.proposal().async_window == AsyncWindow(8, 1)
    _echo(live_window, qtbot)
    _button(qtbot, live_window.trace.banner, "Propose no asynchronous operations window").click()
    assert live_window.ae.proposal().async_window is None


def test_a_time_out_is_raised_and_tls_switched_on(live_window, qtbot):
    """Every mend with a place in the window does what its button says."""
    window = live_window
    window.ae.peers.put(Peer(name="Away", ae_title="AWAY", host="127.0.0.1", port=9))
    window.ae.peers.select("Away")
    _echo(window, qtbot)
    diagnosis = window.trace.banner.diagnosis
    assert diagnosis.rule == "connect.refused"
    window.mending.apply(Mend(Setting.DIMSE_TIMEOUT, 180.0, ""), diagnosis)
    assert window.ae.proposal().timeouts.dimse == 180
    window.mending.apply(Mend(Setting.TLS, True, ""), diagnosis)
    assert window.ae.proposal().tls is not None
    window.mending.apply(Mend(Setting.TLS_CHECK_HOST_NAME, False, ""), diagnosis)
    assert window.ae.proposal().tls.check_host_name is False
    window.mending.apply(Mend(Setting.TLS, False, ""), diagnosis)
    assert window.ae.proposal().tls is None
    window.mending.apply(Mend(Setting.PORT, 2762, ""), diagnosis)
    assert window.ae.current_peer.port == 2762
    window.mending.apply(Mend(Setting.HOST, "localhost", ""), diagnosis)
    assert window.ae.current_peer.host == "localhost"
    window.mending.apply(Mend(Setting.MAXIMUM_LENGTH, 0, ""), diagnosis)
    assert window.ae.proposal().local.maximum_length == 0
    window.mending.apply(Mend(Setting.USER_IDENTITY, None, ""), diagnosis)
    assert window.ae.proposal().user_identity is None
    ct, implicit = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2"
    window.mending.apply(Mend(Setting.SYNTAXES, (ct, (implicit,)), ""), diagnosis)
    assert ct in {c.abstract_syntax for c in window.ae.proposal().contexts}
    window.mending.apply(Mend(Setting.SCP_ROLE, (ct,), ""), diagnosis)
    assert {c.role.value for c in window.ae.proposal().contexts if c.abstract_syntax == ct} == {"scp"}


def test_the_built_in_peer_is_started_where_nobody_listens(live_window, qtbot):
    window = live_window
    port = window.session.listener.port
    window.ae.peers.put(Peer(name="Away", ae_title="DIMSEPEER", host="127.0.0.1", port=port))
    window.ae.peers.select("Away")
    window.session.stop_listening()
    qtbot.waitUntil(lambda: not window.session.listener.listening)
    _echo(window, qtbot)
    _button(qtbot, window.trace.banner, f"Start the built-in peer on port {port}").click()
    qtbot.waitUntil(lambda: window.session.listener.listening)
    assert window.session.listener.port == port
    _echo(window, qtbot)
    assert not window.trace.banner.isVisible()


def test_an_unknown_destination_leads_to_where_it_is_chosen(live_window, qtbot):
    window = live_window
    window.ae.peers.put(Peer(name="Away", ae_title="AWAY", host="127.0.0.1", port=9))
    window.ae.peers.select("Away")
    _echo(window, qtbot)
    window.mending.apply(Mend(Setting.MOVE_DESTINATION, "", ""), window.trace.banner.diagnosis)
    assert window.workbench.shown == "services"
    assert window.services.choice.currentData() == "query"


def test_a_mend_for_a_peer_that_is_gone_says_so(live_window, qtbot):
    window = live_window
    window.ae.peers.put(Peer(name="Away", ae_title="AWAY", host="127.0.0.1", port=9))
    window.ae.peers.select("Away")
    _echo(window, qtbot)
    diagnosis = window.trace.banner.diagnosis
    window.ae.peers._delete_current()
    window.mending.apply(Mend(Setting.PORT, 104, ""), diagnosis)
    assert "not in the list any more" in window.status.sentence.whole()


def test_what_failed_comes_before_what_was_only_odd_and_each_is_counted(live_window, qtbot):
    """A query where no context is accepted."""
    window = live_window
    policy = Policy(accepted=(AcceptedSyntax(abstract_syntax="1.2.3"),))
    with qtbot.waitSignal(window.session.listener_changed):
        window.session.stop_listening()
    qtbot.waitUntil(lambda: not window.session.listener.listening)
    window.session.listen(PeerSettings(policy=policy), "127.0.0.1", 0)
    qtbot.waitUntil(lambda: window.session.listener.listening)
    window.ae.peers.put(Peer(name="Picky", ae_title="X", host="127.0.0.1", port=window.session.listener.port))
    window.ae.peers.select("Picky")
    window.show_service("query")
    page = window.services.page
    told: list[Notice] = []
    window.session.notices.connect(told.extend)
    page.start()
    qtbot.waitUntil(lambda: not page.running)
    assert "turned down: abstract-syntax" in page.run_bar.sentence.text()
    card = window.trace.banner
    qtbot.waitUntil(lambda: card.count.text() == "1 of 3")
    assert card.diagnosis is not None and card.title.text() != "Accepted without any presentation context"
    assert card.count.isVisible() and card.count.width() >= card.count.sizeHint().width()
    assert card.count.heightForWidth(card.count.width()) <= card.later.height(), "it stands in one line"
    for _ in range(2):
        qtbot.mouseClick(card.later, Qt.MouseButton.LeftButton)
    assert (card.title.text(), card.count.text()) == ("Accepted without any presentation context", "3 of 3")
    orders = []
    for batches in ([told], [[notice] for notice in told]):
        book = DiagnosisBook()
        for batch in batches:
            book.take(batch)
        orders.append([diagnosis.rule for diagnosis in book.of(window.trace.shown_association)])
    assert orders[0] == orders[1] == ["contexts.abstract-syntax", "associate.nothing-accepted"]


def test_a_row_of_the_log_leads_to_the_diagnosis_of_its_request(live_window, qtbot):
    """Two requests fail on one association; the newest is explained first, the row chosen afterwards."""
    window = live_window
    printer = "1.2.840.10008.5.1.1.16"
    window.ae.contexts.replace_with((ProposedContext(1, printer, ("1.2.840.10008.1.2",)),))
    window.associate()
    qtbot.waitUntil(lambda: window.session.current is not None and window.session.current.established)
    for uid in ("1.2.3", "1.2.4"):
        command = request_of("N-GET-RQ", RequestedSOPClassUID=printer, RequestedSOPInstanceUID=uid)
        with qtbot.waitSignal(window.session.operation_ended):
            window.session.send(Outgoing(command=command))
    card = window.trace.banner
    assert card.diagnosis.rule == "status.no-such-instance"
    newest = card.diagnosis.operation
    (other,) = [d for d in window.trace.diagnoses.of(window.session.current.association) if d.operation != newest]
    first = next(p for p in other.proofs if p.sent)
    window.trace.show_target(TraceTarget(association=first.association, time=first.time, sent=True))
    assert card.diagnosis.operation == other.operation


def test_the_card_does_not_push_the_window_larger(live_window, strict, qtbot):
    strict(reject=Rejection(1, 1, 1))
    size = live_window.size()
    _echo(live_window, qtbot)
    live_window.trace.banner.unfold(True)
    QApplication.processEvents()
    assert live_window.size() == size
