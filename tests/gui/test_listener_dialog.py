"""The built-in peer's settings as a user fills them in, by mouse and by keyboard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidgetItem

from engine.model.association import (
    APPLICATION_CONTEXT,
    AcceptedSyntax,
    AsyncWindow,
    ExtendedNegotiation,
    LocalAE,
    Peer,
    Policy,
    Rejection,
    Timeouts,
)
from engine.model.commands import MoveDestination, PeerSettings
from engine.model.emulation import CommitmentOptions, Emulation, PrinterOptions, ReportOn
from engine.model.limits import Limits
from engine.model.tls import ClientCertificates, TlsProfile, TlsSettings
from engine.workspace.listening import ListenerSettings
from engine.workspace.settings import SavedPeer
from gui.forms.syntax_list import UID_ROLE
from gui.panels.listener_dialog import ListenerDialog
from tests.gui.test_tls_of_peers_in_the_window import Picks, choose

CT, FIND = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.2.2.1"
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
FULL = ListenerSettings(
    host="10.1.1.1",
    port=0,
    peer=PeerSettings(
        policy=Policy(
            ae_titles=("A", "B, C"),
            calling_ae_titles=("D",),
            accepted=(AcceptedSyntax(abstract_syntax=CT, transfer_syntaxes=(IMPLICIT, EXPLICIT), scp=False),),
            local=LocalAE(ae_title="X", maximum_length=0, implementation_version_name="OTHER"),
            timeouts=Timeouts(connect=1.0, acse=2.0, dimse=3.0, idle=4.0, artim=5.5),
            async_window=AsyncWindow(8, 2),
            reject=Rejection(9, 200, 255),
            require_identity=True,
            application_contexts=(APPLICATION_CONTEXT, "1.2.3"),
            max_associations=7,
            max_associations_per_peer=2,
            limits=Limits(pdu_length=70_001, depth=9, disk_left=1 << 30, files=12),
            extended=(ExtendedNegotiation(FIND, b"\1\0\1"), ExtendedNegotiation("1.2", b"")),
        ),
        folder=Path("/data"),
        synchronize=True,
        destinations=(MoveDestination(ae_title="ONE", host="h", port=104),),
        delays=(0.5, 0.0),
        emulation=Emulation(
            on=frozenset({"storage"}),
            commitment=CommitmentOptions(
                report=ReportOn.NEW, delay=1.5, fail_every=2, reason=0x4321, retries=3, retry_after=2.5
            ),
            printer=PrinterOptions(status="WARNING", info="SUPPLY LOW"),
            worklist=Path("/items"),
            samples=True,
        ),
    ),
)


@pytest.fixture
def questions():
    return Picks()


@pytest.fixture
def show(qtbot, questions):
    def shown(settings=None, peers=()):
        dialog = ListenerDialog(settings or ListenerSettings(), questions, peers=peers)
        qtbot.addWidget(dialog)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        dialog.show()
        with qtbot.waitActive(dialog):
            dialog.activateWindow()
        return dialog

    return shown


def saved(qtbot, dialog):
    with qtbot.waitSignal(dialog.saved) as told:
        qtbot.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)
    return told.args[0]


def retype(qtbot, field, text):
    line = field.line
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text) if text else qtbot.keyClick(line, Qt.Key.Key_Delete)


def marked(dialog):
    """Titles of the pages with a mistake."""
    role = Qt.ItemDataRole.AccessibleTextRole
    return [page.title for row, page in enumerate(dialog.pages) if "not right" in dialog.list.item(row).data(role)]


@pytest.mark.parametrize("settings", [ListenerSettings(), FULL], ids=["usual", "full"])
def test_what_nobody_touches_is_kept(settings, show, qtbot):
    assert saved(qtbot, show(settings)) == settings


def test_pages_are_walked_by_keyboard(show, qtbot):
    dialog = show()
    dialog.list.setFocus()
    for page in dialog.pages:
        assert page.isVisible()
        qtbot.keyClick(dialog.list, Qt.Key.Key_Down)
    qtbot.keyClick(dialog.list, Qt.Key.Key_Return)
    assert not dialog.isVisible()


def test_only_pages_that_were_looked_at_are_put_in_their_place(show, qtbot):
    """To have Qt style and lay out all of them at once held the window for a tenth of a second."""
    dialog = show()

    def placed():
        return [page.title for page in dialog.pages if dialog.stack.isAncestorOf(page)]

    assert placed() == [dialog.address.title]
    dialog.list.setCurrentRow(dialog.pages.index(dialog.times))
    qtbot.waitUntil(lambda: dialog.times.isVisible() and not dialog.address.isVisible())
    assert placed() == [dialog.address.title, dialog.times.title]
    assert dialog.times.width() > 300


def test_escape_keeps_nothing(show, qtbot):
    dialog = show()
    retype(qtbot, dialog.address.port, "1")
    with qtbot.assertNotEmitted(dialog.saved):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)


def test_the_address_is_set_and_leaving_loopback_warned_of(show, qtbot, questions, tmp_path):
    dialog = show()
    page = dialog.address
    retype(qtbot, page.ae_title, "SEVENTEEN LETTERS")
    assert "16 characters" in page.ae_title.note_text()
    assert (marked(dialog), dialog.accept_button.isEnabled()) == (["Address"], False)
    retype(qtbot, page.ae_title, "MY PEER")
    retype(qtbot, page.port, "104")
    assert not page.warning.isVisible()
    qtbot.keyClick(page.who.combo, Qt.Key.Key_Down)
    assert "not encrypted" in page.warning.text() and "Callers are not checked" in page.warning.text()
    choose(dialog.tls.form.profile, TlsProfile.BCP195)
    assert "not encrypted" not in page.warning.text()
    choose(dialog.tls.form.profile, None)
    assert not page.synchronize.isEnabled()  # memory is on no disk
    page._chosen((tmp_path,))
    qtbot.keyClick(page.synchronize.box, Qt.Key.Key_Space)
    made = saved(qtbot, dialog)
    assert (made.host, made.port, made.policy.local.ae_title) == ("", 104, "MY PEER")
    assert made.peer.folder == tmp_path
    assert made.peer.synchronize


def test_callers_and_limits(show, qtbot):
    dialog = show()
    page = dialog.callers
    dialog.show_page(page)
    for line in ("ONE", "", "TWO, AND"):
        qtbot.keyClicks(page.called.text, line)
        qtbot.keyClick(page.called.text, Qt.Key.Key_Return)
    qtbot.keyClicks(page.calling.text, "BAD\\TITLE")
    assert page.calling.note_text().startswith("✕ BAD\\TITLE: An AE title cannot contain")
    assert marked(dialog) == ["Callers"]
    page.calling.text.selectAll()
    qtbot.keyClicks(page.calling.text, "CT1")
    qtbot.keyClicks(page.contexts.text, "1.2.x")
    assert "digits and dots" in page.contexts.note_text()
    qtbot.keyClick(page.contexts.text, Qt.Key.Key_Backspace)
    qtbot.keyClicks(page.contexts.text, "3")
    retype(qtbot, page.at_once, "5")
    retype(qtbot, page.per_caller, "2")
    policy = saved(qtbot, dialog).policy
    assert (policy.ae_titles, policy.calling_ae_titles) == (("ONE", "TWO, AND"), ("CT1",))
    assert (policy.max_associations, policy.max_associations_per_peer) == (5, 2)
    assert policy.application_contexts == (APPLICATION_CONTEXT, "1.2.3")


def test_limits_are_typed_with_units_and_judged_beside_the_field(show, qtbot):
    dialog = show()
    page = dialog.limits
    dialog.show_page(page)
    assert page.fields["memory"].value() == "16 MiB"
    retype(qtbot, page.fields["memory"], "2 GiB")
    retype(qtbot, page.fields["files"], "5 GiB")
    assert "is not a whole number" in page.fields["files"].note_text()
    assert not dialog.accept_button.isEnabled()
    retype(qtbot, page.fields["files"], "500")
    retype(qtbot, page.fields["depth"], "0")
    assert "between 1 and 200" in page.fields["depth"].note_text()
    retype(qtbot, page.fields["depth"], "12")
    assert saved(qtbot, dialog).policy.limits == Limits(memory=2 << 30, files=500, depth=12)


def test_everybody_is_rejected_with_any_values(show, qtbot):
    dialog = show()
    page = dialog.callers
    dialog.show_page(page)
    assert not page.result.isVisible()
    choose(page.reject, (2, 3, 1))
    assert page.result.isVisible()
    assert [f.note_text() for f in (page.result, page.reason)] == ["rejected-transient", "temporary-congestion"]
    retype(qtbot, page.reason, "250")
    assert page.reason.note_text() == "unknown (250)"
    assert page.reject.value() == "other"
    retype(qtbot, page.source, "256")
    assert "between 0 and 255" in page.source.note_text()
    assert not dialog.accept_button.isEnabled()
    choose(page.reject, None)
    assert dialog.accept_button.isEnabled()
    choose(page.reject, "other")
    retype(qtbot, page.source, "1")
    retype(qtbot, page.reason, "3")
    assert page.reject.value() == (2, 1, 3)
    assert saved(qtbot, dialog).policy.reject == Rejection(2, 1, 3)


def test_users_are_told_as_the_file_has_them(show, qtbot, questions, tmp_path):
    file = tmp_path / "users.toml"
    file.write_text('[[user]]\ntype = 1\nname = "ann"\npasscode = "x"\n')
    dialog = show()
    page = dialog.users
    dialog.show_page(page)
    retype(qtbot, page.file, str(tmp_path / "none.toml"))
    assert "Cannot be read" in page.file.note_text()
    questions.path = file
    page._browse()
    assert page.file.note_text() == "✕ Line 4: user[1].passcode: is no key of this file."
    assert marked(dialog) == ["Users"]
    other = tmp_path / "good.toml"
    other.write_text('required = true\n[[user]]\ntype = 1\nname = "ann"\n')
    questions.path = other
    page._browse()
    assert page.file.note_text() == "ann (username); the file itself requires an identity."
    made = saved(qtbot, dialog)
    assert made.users == other
    assert made.policy.identities == ()


@pytest.mark.parametrize(
    ("page", "field"),
    [("address", "folder"), ("users", "file"), ("emulators", "worklist"), ("tls", "ca"), ("tls", "certificate")],
)
def test_a_name_no_file_can_have_is_said_beside_the_field(page, field, show, qtbot):
    dialog = show()
    shown = getattr(dialog, page)
    dialog.show_page(shown)
    holder = shown
    if page == "tls":
        holder = shown.form
        choose(holder.profile, TlsProfile.BCP195)
    typed = getattr(holder, field)
    retype(qtbot, typed, "~nobody-of-that-name/x")
    assert typed.note_text() == "✕ The home folder that ~nobody-of-that-name stands for is not known."
    assert typed.path() is None and marked(dialog) == [shown.title] and not dialog.accept_button.isEnabled()
    retype(qtbot, typed, "~/x")
    assert typed.path() == Path.home() / "x"


def row_of(syntaxes, uid) -> QListWidgetItem:
    return next(item for item in syntaxes._items() if item.data(UID_ROLE) == uid)


def test_sop_classes_are_accepted_in_order_of_preference_and_role(show, qtbot):
    dialog = show()
    view = dialog.classes.accepted
    dialog.show_page(dialog.classes)
    view.list.setFocus()
    view.list.select_row(0)
    qtbot.keyClick(view.list, Qt.Key.Key_Delete)
    assert view.list.empty.isVisible()
    qtbot.mouseClick(view.add_button, Qt.MouseButton.LeftButton)
    form = view.dialog
    qtbot.keyClicks(form.picker.line, "ct image storage")
    for uid in (EXPLICIT, IMPLICIT):
        row_of(form.syntaxes, uid).setCheckState(Qt.CheckState.Checked)
    assert row_of(form.syntaxes, IMPLICIT).text().startswith("2.  Implicit")
    form.syntaxes.list.setFocus()
    qtbot.waitUntil(form.syntaxes.list.hasFocus)
    form.syntaxes.list.setCurrentItem(row_of(form.syntaxes, IMPLICIT))
    qtbot.keyClick(form.syntaxes.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert row_of(form.syntaxes, IMPLICIT).text().startswith("1.  Implicit")
    choose(form.role, (True, False))
    qtbot.mouseClick(form.accept_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(view.add_button, Qt.MouseButton.LeftButton)
    form = view.dialog
    form.any.box.click()
    assert form.remark.isVisible() and not form.picker.isEnabled()
    qtbot.mouseClick(form.accept_button, Qt.MouseButton.LeftButton)
    assert saved(qtbot, dialog).policy.accepted == (
        AcceptedSyntax(abstract_syntax=CT, transfer_syntaxes=(IMPLICIT, EXPLICIT), scp=False),
        AcceptedSyntax(abstract_syntax="*"),
    )


def test_nothing_listed_is_everything(show, qtbot):
    dialog = show()
    dialog.classes.accepted.set_items(())
    assert saved(qtbot, dialog).policy.accepted == (AcceptedSyntax(abstract_syntax="*"),)


def test_an_accepted_class_is_edited(show, qtbot):
    dialog = show(FULL)
    view = dialog.classes.accepted
    dialog.show_page(dialog.classes)
    view.list.setFocus()
    view.list.select_row(0)
    qtbot.keyClick(view.list, Qt.Key.Key_F2)
    form = view.dialog
    assert form.syntaxes.uids() == (IMPLICIT, EXPLICIT)
    form.syntaxes.none()
    qtbot.mouseClick(form.accept_button, Qt.MouseButton.LeftButton)
    assert view.items() == (AcceptedSyntax(abstract_syntax=CT, scp=False),)


def test_window_length_and_answers(show, qtbot):
    dialog = show()
    page = dialog.negotiation
    dialog.show_page(page)
    for field, text in ((page.maximum, "16384"), (page.invoked, "5"), (page.performed, "70000")):
        retype(qtbot, field, text)
    assert marked(dialog) == ["Negotiation"]
    retype(qtbot, page.performed, "3")
    qtbot.mouseClick(page.answers.add_button, Qt.MouseButton.LeftButton)
    form = page.answers.dialog
    qtbot.keyClicks(form.picker.line, FIND)
    assert "not answered" in form.options.bytes.note_text()
    form.options.fields["fuzzy"].box.click()
    assert form.options.bytes.value() == "00 00 01"
    qtbot.mouseClick(form.accept_button, Qt.MouseButton.LeftButton)
    policy = saved(qtbot, dialog).policy
    assert policy.local.maximum_length == 16384
    assert policy.async_window == AsyncWindow(5, 3)
    assert policy.extended == (ExtendedNegotiation(FIND, b"\0\0\1"),)


def test_tls_of_the_listener(show, qtbot, tmp_path):
    certificate, key = tmp_path / "own.pem", tmp_path / "own.key"
    certificate.write_text("-----BEGIN CERTIFICATE-----\n")
    key.write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    dialog = show()
    form = dialog.tls.form
    dialog.show_page(dialog.tls)
    choose(form.profile, TlsProfile.MODIFIED)
    assert "needs a certificate" in form.certificate.note_text()
    assert marked(dialog) == ["TLS"]
    retype(qtbot, form.certificate, str(tmp_path / "none.pem"))
    assert "cannot be read" in form.certificate.note_text()
    retype(qtbot, form.certificate, str(certificate))
    retype(qtbot, form.key, str(certificate))
    assert "no private key in it" in form.key.note_text()
    retype(qtbot, form.key, str(key))
    assert "needs its passphrase" in form.passphrase.note_text()
    retype(qtbot, form.passphrase, "sesame")
    choose(form.clients, ClientCertificates.REQUIRE)
    assert not form.verify.isVisible() and not form.server_name.isVisible()
    assert saved(qtbot, dialog).peer.tls == TlsSettings(
        profile=TlsProfile.MODIFIED,
        certificate=certificate,
        key=key,
        passphrase="sesame",
        client_certificates=ClientCertificates.REQUIRE,
    )


def test_destinations_are_typed_or_taken_from_the_peers(show, qtbot):
    tls = TlsSettings(ca_file=Path("/ca.pem"))
    peer = SavedPeer(peer=Peer(name="Archive", ae_title="PACS", host="pacs", port=2762), tls=tls)
    dialog = show(peers=(peer,))
    page = dialog.destinations
    dialog.show_page(page)
    qtbot.mouseClick(page.destinations.add_button, Qt.MouseButton.LeftButton)
    form = page.destinations.dialog
    assert not form.accept_button.isEnabled()
    qtbot.keyClicks(form.ae_title.line, "STORE")
    qtbot.keyClicks(form.host.line, "there:104")
    assert "field of its own" in form.host.note_text()
    retype(qtbot, form.host, "there")
    qtbot.keyClick(form, Qt.Key.Key_Return)
    page.from_peers.menu().actions()[0].trigger()
    made = saved(qtbot, dialog)
    assert made.peer.destinations == (
        MoveDestination(ae_title="STORE", host="there", port=104),
        MoveDestination(ae_title="PACS", host="pacs", port=2762, tls=tls),
    )


def test_times_and_delays(show, qtbot):
    dialog = show()
    page = dialog.times
    dialog.show_page(page)
    retype(qtbot, page.timeouts["artim"], "2.5")
    retype(qtbot, page.delays, "1, soon")
    assert "soon is not a number" in page.delays.note_text()
    retype(qtbot, page.delays, "1, 9999")
    assert "between 0 and 3600" in page.delays.note_text()
    retype(qtbot, page.delays, "1, 0")
    made = saved(qtbot, dialog)
    assert made.policy.timeouts == replace(Timeouts(), artim=2.5)
    assert made.peer.delays == (1.0, 0.0)
